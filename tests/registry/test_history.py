"""`api history`, `rollback`, `pin` and `unpin`: which revisions there are, and which one is held."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, run_cli
from tests.served_document import DAY, Served, age, state_of

KEYS = ["revision", "since", "title", "version", "operations", "current", "pinned", "held_back"]


def _document(version: int) -> dict[str, Any]:
    """Return the document of a version: each has an operation of its own."""
    return pets(str(version), **{f"/v{version}": {"get": operation(f"onlyIn{version}")}})


@pytest.fixture
def served(server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A registered document that had three versions, and is asked for by each run that finds it to be due."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, _document(1))
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    for version in (2, 3):
        age(home, 2 * DAY)
        served.has(_document(version))
        assert 0 == dry_run("shop").exit_code
    return served


def _rows(api: str = "shop") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run_cli("api", "history", api, "-o", "json").json
    return rows


def _revisions() -> list[str]:
    """Return the names of versions 3, 2 and 1."""
    return [row["revision"] for row in _rows()]


def _in_use() -> str:
    """Return the version whose operation there is."""
    (version,) = [
        number for number in "123" if dry_run("shop", f"only-in{number}", "--offline").exit_code == 0
    ]
    return version


def test_history_has_the_latest_first(served: Served) -> None:
    """Each revision has its name, its time, what it is, and whether it is in use."""
    rows = _rows()
    assert [KEYS] * 3 == [list(row) for row in rows]
    assert [("3", 4, True, False), ("2", 4, False, False), ("1", 4, False, False)] == [
        (row["version"], row["operations"], row["current"], row["pinned"]) for row in rows
    ]
    assert sorted((row["since"] for row in rows), reverse=True) == [row["since"] for row in rows]
    assert {20} == {len(row["revision"]) for row in rows}
    asked = len(served.asked)
    text = run_cli("api", "history", "shop", "-o", "text").stdout.splitlines()
    assert [
        f'{mark} {row["revision"][:12]}  {row["since"]}  "Pets {row["version"]}", 4 operations'
        for mark, row in zip("*  ", rows, strict=True)
    ] == text
    assert asked == len(served.asked), "looking back asks nobody"


def test_history_of_a_document_without_a_name(served: Served) -> None:
    """A URL and a file have a history too; what was never read says how it is."""
    url = f"{served.url}?v"
    assert 0 == dry_run(url).exit_code
    assert ["3"] == [row["version"] for row in _rows(url)]
    save(pets("7"))
    assert 0 == dry_run("./api.json").exit_code
    assert [("7", True)] == [(row["version"], row["current"]) for row in _rows("./api.json")]
    result = run_cli("api", "history", "./absent.json", "--error-format", "json")
    assert (8, "The cache has no revision of `./absent.json`") == (
        result.exit_code,
        result.error["message"],
    )


@pytest.mark.usefixtures("served")
def test_rollback_goes_back_one_and_holds_it() -> None:
    """`api rollback` uses the revision before and says how to go on; again goes back one more."""
    revisions = _revisions()
    first = run_cli("api", "rollback", "shop")
    since = _rows()[1]["since"]
    expected = (
        f"shop: the revision {revisions[1][:12]} of {since} is pinned and not refreshed; "
        "`dynacli api unpin shop` follows the latest again\n"
    )
    assert (0, "", expected, "2") == (first.exit_code, first.stdout, first.stderr, _in_use())
    assert (0, "1") == (run_cli("api", "rollback", "shop").exit_code, _in_use())
    assert [(False, False), (False, False), (True, True)] == [
        (row["current"], row["pinned"]) for row in _rows()
    ]
    end = run_cli("api", "rollback", "shop", "--error-format", "json")
    assert (2, f"`shop` has no revision before `{revisions[2][:12]}`") == (
        end.exit_code,
        end.error["message"],
    )
    assert "1" == _in_use()


@pytest.mark.usefixtures("served")
def test_rollback_goes_back_to_one_that_is_named() -> None:
    """The first digits of a revision name it, in any case."""
    assert 0 == run_cli("api", "rollback", "shop", _revisions()[2][:4].upper()).exit_code
    assert "1" == _in_use()


def test_what_is_held_is_used_whatever_the_server_has(served: Served, home: Path) -> None:
    """A held revision is not refreshed by any run, by `--refresh` only with a word of it, by the verb not at all."""
    revision = _revisions()[1]
    assert 0 == run_cli("api", "pin", "shop", revision).exit_code
    served.has(_document(9))
    age(home, 30 * DAY)
    asked = len(served.asked)
    for words in ((), ("--offline",)):
        result = dry_run("shop", "only-in2", *words)
        assert (0, "") == (result.exit_code, result.stderr)
    result = dry_run("shop", "only-in2", "--refresh")
    expected = (
        f"warning: shop: the revision {revision[:12]} is pinned and not refreshed; "
        "`dynacli api unpin shop` follows the latest again\n"
    )
    assert (0, expected) == (result.exit_code, result.stderr)
    assert 2 == dry_run("shop", "only-in9").exit_code
    refused = run_cli("api", "refresh", "shop", "--error-format", "json")
    assert (
        2,
        "`shop` is pinned to a revision, so it cannot be refreshed",
        "Unpin it: `dynacli api unpin shop`",
    ) == (
        refused.exit_code,
        refused.error["message"],
        refused.error["hint"],
    )
    assert asked == len(served.asked)
    listed = run_cli("api", "list", "-o", "json").json[0]
    assert (revision, "2", False) == (listed["revision"], listed["version"], listed["fresh"])


def test_unpin_goes_on_with_the_latest(served: Served, home: Path) -> None:
    """After `api unpin` the latest revision is used, and refreshed as ever."""
    run_cli("api", "rollback", "shop")
    latest = _rows()[0]
    result = run_cli("api", "unpin", "shop")
    assert (0, f"shop: goes on with the revision {latest['revision'][:12]} of {latest['since']}\n") == (
        result.exit_code,
        result.stderr,
    )
    assert "3" == _in_use()
    assert "shop: no revision is pinned\n" == run_cli("api", "unpin", "shop").stderr
    served.has(_document(4))
    age(home, 2 * DAY)
    assert 0 == dry_run("shop", "only-in4").exit_code
    assert ["4", "3", "2", "1"] == [row["version"] for row in _rows()]
    assert "pin" not in (home / "config" / "config.toml").read_text()


@pytest.mark.usefixtures("served")
def test_pin_holds_what_is_in_use() -> None:
    """`api pin` without a revision holds the one of today, or the one that is held already."""
    assert 0 == run_cli("api", "pin", "shop").exit_code
    assert ["3"] == [row["version"] for row in _rows() if row["pinned"]]
    run_cli("api", "rollback", "shop")
    assert 0 == run_cli("api", "pin", "shop").exit_code
    assert ["2"] == [row["version"] for row in _rows() if row["pinned"]]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("verb", ["pin", "rollback"])
@pytest.mark.parametrize("word", ["ffffffff", "abc", "zzzz", "-", "../../etc"])
@pytest.mark.usefixtures("served")
def test_a_revision_that_there_is_not_is_named(verb: str, word: str) -> None:
    """A word that is not a beginning of a revision, or too short a one, gets those that there are."""
    result = run_cli("api", verb, "shop", "--error-format", "json", "--", word)
    latest = ", ".join(f"`{revision[:12]}`" for revision in _revisions())
    assert (2, f"`shop` has no revision `{word}`", f"The latest are {latest}") == (
        result.exit_code,
        result.error["message"],
        result.error["reason"],
    )
    assert "3" == _in_use()


@pytest.mark.usefixtures("served")
def test_a_beginning_that_several_have_is_too_short(home: Path) -> None:
    """A word that means several revisions means none of them, and the error names them."""
    first, other = _revisions()[1:]
    (directory,) = (home / "cache" / "documents").iterdir()
    pointer = json.loads((directory / f"{other}.json").read_text())
    twin = first[:6] + ("0" * 14 if first[6:] != "0" * 14 else "1" * 14)
    (directory / f"{twin}.json").write_text(json.dumps({**pointer, "revision": twin}))
    result = run_cli("api", "pin", "shop", first[:6], "--error-format", "json")
    assert (2, f"`shop` has several revisions `{first[:6]}`", {first, twin}) == (
        result.exit_code,
        result.error["message"],
        {*result.error["near"]},
    )
    assert 0 == run_cli("api", "pin", "shop", first[:7] if first[6] != twin[6] else first).exit_code


@pytest.mark.parametrize("verb", ["pin", "unpin", "rollback"])
def test_only_a_registered_api_is_held(verb: str) -> None:
    """Documents without a name, and the demo API, cannot be held: there is no entry that would say so."""
    save(pets())
    for name in ("./api.json", "demo", "nobody"):
        assert 2 == run_cli("api", verb, name).exit_code


def test_a_file_is_held_although_it_was_edited(home: Path) -> None:
    """A held file is not looked at: what is used is the revision, until it is let go."""
    save(_document(1))
    run_cli("api", "add", "shop", "./api.json")
    assert 0 == run_cli("api", "pin", "shop").exit_code
    save(_document(2))
    result = dry_run("shop", "only-in1")
    assert (0, "") == (result.exit_code, result.stderr)
    Path("api.json").unlink()
    assert 0 == dry_run("shop", "only-in1").exit_code
    save(_document(2))
    assert 0 == run_cli("api", "unpin", "shop").exit_code
    assert "2" == _in_use()
    assert 0 == run_cli("api", "rollback", "shop").exit_code
    assert "1" == _in_use()
    assert (home / "config" / "config.toml").read_text().count("pin = ") == 1


@pytest.mark.parametrize("lost", ["catalog", "all"])
def test_what_is_held_survives_a_lost_catalog_and_says_when_it_is_gone(
    lost: str, served: Served, home: Path
) -> None:
    """A lost catalog is compiled again; if the document is lost too, the latest is used with a warning."""
    revision = _revisions()[2]
    assert 0 == run_cli("api", "pin", "shop", revision).exit_code
    for path in (home / "cache").rglob(f"{revision}.*"):
        if lost == "all" or path.suffix == ".sqlite":
            path.unlink()
    asked = len(served.asked)
    if lost == "catalog":
        assert (0, "") == (dry_run("shop", "only-in1").exit_code, dry_run("shop", "only-in1").stderr)
        return
    expected = (
        f"warning: shop: the revision {revision[:12]} is pinned, but no longer in the cache, "
        "so dynacli uses the latest; `dynacli api unpin shop` unpins it\n"
    )
    for _ in range(2):
        result = dry_run("shop", "only-in3")
        assert (0, expected, asked) == (result.exit_code, result.stderr, len(served.asked))


@pytest.mark.usefixtures("served")
def test_what_is_held_outlives_the_cache_where_the_server_still_has_it() -> None:
    """After `cache clear` the document is fetched again; the same content is the same revision."""
    run_cli("api", "pin", "shop")
    assert 0 == run_cli("cache", "clear").exit_code
    result = dry_run("shop", "only-in3")
    assert (0, "") == (result.exit_code, result.stderr)
    assert [True] == [row["pinned"] for row in _rows()]


@pytest.mark.usefixtures("served")
def test_rename_keeps_what_is_held() -> None:
    """A renamed API is held where it was; a removed one leaves nothing held."""
    run_cli("api", "rollback", "shop")
    assert 0 == run_cli("api", "rename", "shop", "store").exit_code
    assert (0, "") == (dry_run("store", "only-in2").exit_code, dry_run("store", "only-in2").stderr)
    assert ["2"] == [row["version"] for row in _rows("store") if row["pinned"]]
    assert 0 == run_cli("api", "unpin", "store").exit_code
    assert 0 == dry_run("store", "only-in3").exit_code


def test_a_content_that_comes_back_is_the_latest(served: Served, home: Path) -> None:
    """A server that goes back to an earlier document makes that revision the current one again."""
    before = _revisions()
    age(home, 2 * DAY)
    served.has(_document(2))
    assert 0 == dry_run("shop", "only-in2").exit_code
    assert [before[1], before[0], before[2]] == _revisions()
    assert (before[1], True) == (_rows()[0]["revision"], _rows()[0]["current"])
    assert 0 == run_cli("api", "rollback", "shop").exit_code
    assert "3" == _in_use()


@pytest.mark.usefixtures("served")
def test_revisions_are_completed() -> None:
    """After the name of an API, `pin` and `rollback` offer its revisions; `pin` offers the names before that."""
    revisions = [revision[:12] for revision in _revisions()]
    for verb in ("pin", "rollback"):
        for shell in ("bash", "zsh", "fish"):
            offered = run_cli("__complete", shell, "api", verb, "shop", "").stdout.splitlines()
            assert revisions == [line.split("\t")[0] for line in offered]
        first, *_ = run_cli("__complete", "bash", "api", verb, "shop", revisions[0][:8]).stdout.split()
        assert revisions[0] == first
        assert "shop" in run_cli("__complete", "bash", "api", verb, "").stdout.split()
    assert "" == run_cli("__complete", "bash", "api", "unpin", "shop", "").stdout


def test_unused_names_of_the_past_are_few(served: Served, home: Path) -> None:
    """`cache clear --history` leaves the current revision and the one that is held."""
    run_cli("api", "rollback", "shop", _revisions()[2][:8])
    assert 0 == run_cli("cache", "clear", "shop", "--history").exit_code
    assert ["3", "1"] == [row["version"] for row in _rows()]
    assert "1" == _in_use()
    assert 0 == run_cli("api", "unpin", "shop").exit_code
    assert ("3", state_of(home).revision) == (_in_use(), _revisions()[0])
    assert served.asked
