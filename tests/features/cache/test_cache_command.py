"""`dynacli cache`: what is kept of documents, and getting rid of it."""

import json
import os
from pathlib import Path

import pytest

from tests.documents import operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, assert_ended, run_cli
from tests.served_document import DAY, Served, age


def _files(home: Path) -> list[Path]:
    return [path for path in (home / "cache").rglob("*") if path.is_file()]


def _size(home: Path) -> int:
    """Return the size of all documents; a slow run has written the compiled form of the configuration beside them."""
    return sum(path.stat().st_size for path in _files(home) if path.name != "configuration.json")


@pytest.fixture
def served(server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A registered document with two revisions, and a file without a name."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, pets("1"))
    run_cli("api", "add", "shop", served.url)
    age(home, 2 * DAY)
    served.has(pets("2"))
    dry_run("shop")
    save(pets())
    dry_run("./api.json")
    return served


def test_info_has_each_document(served: Served, home: Path) -> None:
    """`cache info` has the directory, its size and bound, and for each document what it is and takes."""
    size = _size(home)
    data = run_cli("cache", "info", "-o", "json").json
    assert ["directory", "bytes", "limit", "documents"] == list(data)
    assert (str(home / "cache"), size, 1 << 30) == (data["directory"], data["bytes"], data["limit"])
    assert [["apis", "source", "bytes", "revisions", "used"]] * 2 == [
        list(document) for document in data["documents"]
    ]
    found = {document["source"]: (document["apis"], document["revisions"]) for document in data["documents"]}
    assert {served.url: (["shop"], 2), str(Path("api.json").absolute()): ([], 1)} == found
    assert data["bytes"] == sum(document["bytes"] for document in data["documents"])


def test_info_is_readable(served: Served, home: Path) -> None:
    """On a terminal each document has a line, called by its names if it has some."""
    lines = run_cli("cache", "info", "-o", "text").stdout.splitlines()
    assert f"{home / 'cache'}: {_size(home) / 1024:.1f} KiB of 1.0 GiB" == lines[0]
    assert sorted(
        (" shop  2 revisions, used ", f" {Path('api.json').absolute()}  1 revision, used ")
    ) == sorted(line.partition("KiB ")[2].rstrip("0123456789-") for line in lines[1:])
    assert served.asked


def test_an_empty_cache_has_nothing(home: Path) -> None:
    """If nothing was read yet, nothing is kept, and clearing it is not an error."""
    assert [] == run_cli("cache", "info", "-o", "json").json["documents"]
    result = run_cli("cache", "clear")
    assert (0, "0.0 KiB freed\n") == (result.exit_code, result.stderr)
    assert not (home / "cache").exists()


def test_the_secret_of_a_url_is_masked(server: Recorder) -> None:
    """The query of a URL is shown without its values."""
    served = Served(server, pets())
    dry_run(f"{served.url}?key=hunter2")
    for form in ("json", "text"):
        shown = run_cli("cache", "info", "-o", form).stdout
        assert f"{served.url}?key=***" in shown
        assert "hunter2" not in shown


def test_clear_removes_all_and_all_comes_back(served: Served, home: Path) -> None:
    """After `cache clear` nothing is left, the registered APIs are still there, and the next run reads again."""
    before = _size(home)
    result = run_cli("cache", "clear")
    assert (0, "", f"{before / 1024:.1f} KiB freed\n") == (result.exit_code, result.stdout, result.stderr)
    assert [] == _files(home)
    assert ["shop"] == [row["name"] for row in run_cli("api", "list", "-o", "json").json]
    asked = len(served.asked)
    assert (0, 0, asked + 1) == (
        dry_run("shop").exit_code,
        dry_run("./api.json").exit_code,
        len(served.asked),
    )


def test_clear_of_one_leaves_the_others(served: Served, home: Path) -> None:
    """`cache clear API` removes what is kept of that one, by its name or by its source."""
    assert 0 == run_cli("cache", "clear", "shop").exit_code
    assert [str(Path("api.json").absolute())] == [
        document["source"] for document in run_cli("cache", "info", "-o", "json").json["documents"]
    ]
    dry_run("shop")
    assert 0 == run_cli("cache", "clear", "./api.json").exit_code
    assert [["shop"]] == [
        document["apis"] for document in run_cli("cache", "info", "-o", "json").json["documents"]
    ]
    assert 2 == run_cli("cache", "clear", "nobody").exit_code
    assert (True, True) == (bool(served.asked), bool(_files(home)))


def test_clear_of_the_past_leaves_the_present(served: Served, home: Path) -> None:
    """`cache clear --history` removes earlier revisions alone."""
    assert 0 == run_cli("cache", "clear", "--history").exit_code
    assert ["2"] == [row["version"] for row in run_cli("api", "history", "shop", "-o", "json").json]
    asked = len(served.asked)
    assert (0, asked) == (dry_run("shop", "list-pets", "--offline").exit_code, len(served.asked))
    assert (0, "") == (dry_run("./api.json").exit_code, dry_run("./api.json").stderr)
    assert {1} == {
        document["revisions"] for document in run_cli("cache", "info", "-o", "json").json["documents"]
    }
    assert home.exists()


def test_what_was_held_back_is_not_the_past(served: Served, home: Path) -> None:
    """A document that waits for a decision survives `--history`."""
    served.has({**pets("3"), "servers": [{"url": "https://moved.example"}]})
    age(home, 2 * DAY)
    dry_run("shop")
    assert 0 == run_cli("cache", "clear", "shop", "--history").exit_code
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "https://moved.example/pets" == dry_run("shop").json["url"]


@pytest.mark.parametrize(
    ("variable", "written", "limit"),
    [
        ("", "", 1 << 30),
        ("5M", "", 5 << 20),
        ("", "2 GiB", 2 << 30),
        ("1000", "2 GiB", 1000),
        ("much", "", 1 << 30),
        ("0", "", 0),
    ],
)
def test_the_bound_is_told(
    variable: str, written: str, limit: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`DYNACLI_CACHE_LIMIT` counts before `limit` of `[cache]`; what means nothing is not said."""
    if variable:
        monkeypatch.setenv("DYNACLI_CACHE_LIMIT", variable)
    if written:
        (home / "config").mkdir()
        (home / "config" / "config.toml").write_text(f'[cache]\nlimit = "{written}"\n')
    assert limit == run_cli("cache", "info", "-o", "json").json["limit"]


def test_a_bound_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its bound the cache loses what was used least; what is registered or in use just now stays."""
    for number in range(3):
        save(pets(**{f"/n{number}": {"get": operation(f"n{number}")}}), f"{number}.json")
        dry_run(f"./{number}.json")
        for path in (home / "cache" / "documents").glob(f"*_{number}_json-*/used"):
            os.utime(path, (number, number))
    size = _size(home) // 3
    run_cli("api", "add", "first", "./0.json")
    monkeypatch.setenv("DYNACLI_CACHE_LIMIT", str(int(3.5 * size)))
    save(pets(), "new.json")
    dry_run("./new.json")
    sources = {Path(kept["source"]).name for kept in run_cli("cache", "info", "-o", "json").json["documents"]}
    assert {"0.json", "2.json", "new.json"} == sources
    assert 0 == dry_run("first", "n0").exit_code


def test_what_is_foreign_in_the_cache_is_told(home: Path) -> None:
    """A directory whose pointer is torn is listed as one that no one knows, and goes with the rest."""
    save(pets())
    dry_run("./api.json")
    (pointer,) = (home / "cache").rglob("current.json")
    pointer.write_text("{")
    assert [None] == [
        document["source"] for document in run_cli("cache", "info", "-o", "json").json["documents"]
    ]
    assert "not known any more" in run_cli("cache", "info", "-o", "text").stdout
    assert 0 == run_cli("cache", "clear").exit_code
    assert [] == _files(home)


def test_a_broken_configuration_hides_nothing(served: Served, home: Path) -> None:
    """If no one knows the names, the sources are told, with a warning."""
    (home / "config" / "config.toml").write_text("[")
    result = run_cli("cache", "info", "-o", "json")
    assert (0, 2) == (result.exit_code, len(result.json["documents"]))
    assert result.stderr.startswith("warning: The configuration ")
    assert json.dumps(served.url) in result.stdout


def test_clear_is_not_tried_out(served: Served, home: Path) -> None:
    """`cache clear --dry-run` clears nothing: the option is about calls, and is refused."""
    before = sorted(_files(home))
    result = run_cli("cache", "clear", "--dry-run")
    assert_ended(result, 2, "`cache clear` does not accept `--dry-run`")
    assert (before, True) == (sorted(_files(home)), bool(served.asked))
