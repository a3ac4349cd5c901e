"""A document that would lose what works or lead elsewhere is held back, and a person decides."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, run_cli
from tests.served_document import DAY, HOUR, Served, age, state_of

MOVED = "its servers moved to another origin: from `http://127.0.0.1:9` to `https://evil.example`"
LOST = "it has lost its paths: 3 operations were there, and none is left"


def _moved(version: str = "2", host: str = "evil.example") -> dict[str, Any]:
    document = pets(version, **{"/new": {"get": operation("newOne")}})
    document["servers"] = [{"url": f"https://{host}"}]
    return document


def _empty() -> dict[str, Any]:
    return {**pets("2"), "paths": {}}


@pytest.fixture
def served(server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A registered document that is due, and asked for by each run that finds it so."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, pets())
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    age(home, 2 * DAY)
    return served


def test_each_run_says_why_and_what_takes_it(served: Served, home: Path) -> None:
    """The run that finds it warns, and each one after that with the time since then; nothing else is different."""
    served.has(_moved())
    head = "warning: shop: a new document was held back"
    tail = (
        f", and the one before is used: {MOVED}.\n         Take it with `dynacli api refresh shop --accept`\n"
    )
    first = dry_run("shop")
    assert (0, f"{head}{tail}", "http://127.0.0.1:9/pets") == (
        first.exit_code,
        first.stderr,
        first.json["url"],
    )
    age(home, 3 * HOUR)
    for words in (("shop", "--help"), ("operations", "shop")):
        assert f"{head} (3 hours ago){tail}" == run_cli(*words).stderr
    assert 2 == dry_run("shop", "new-one").exit_code
    warning = run_cli("operations", "shop", "--error-format", "json").stderr
    assert json.loads(warning)["warning"]["message"].startswith("shop: a new document was held back")


@pytest.mark.parametrize("document", [_moved(), _empty()], ids=["moved", "empty"])
def test_a_refresh_that_was_asked_for_is_refused(
    document: dict[str, Any], served: Served, home: Path
) -> None:
    """`api refresh` and `--refresh` end with 11, say why, and change nothing."""
    served.has(document)
    before = state_of(home).revision
    reason = LOST if document["paths"] == {} else MOVED
    for words in (("api", "refresh", "shop"), ("shop", "list-pets", "--refresh", "--dry-run")):
        result = run_cli(*words, "--error-format", "json")
        assert (11, "refused", reason, [reason]) == (
            result.exit_code,
            result.error["kind"],
            result.error["reason"],
            result.error["held_back"],
        )
        assert "If you trust it: `dynacli api refresh shop --accept`" == result.error["hint"]
        assert before == state_of(home).revision


def test_accept_takes_what_was_held_back(served: Served, home: Path) -> None:
    """What the person was told of is taken, although the server has yet another document by now."""
    served.has(_moved("2"))
    dry_run("shop")
    asked = len(served.asked)
    served.has(_moved("3", "worse.example"))
    result = run_cli("api", "refresh", "shop", "--accept")
    revision = state_of(home).revision
    assert (0, f"shop: 4 operations, revision {revision}\n  new: new-one\n") == (
        result.exit_code,
        result.stderr,
    )
    assert (asked, ()) == (len(served.asked), state_of(home).held)
    after = dry_run("shop", "new-one")
    assert (0, "https://evil.example/new", "") == (after.exit_code, after.json["url"], after.stderr)
    assert "2" == run_cli("api", "list", "-o", "json").json[0]["version"]
    assert json.dumps(_moved("2")) == run_cli("document", "shop").stdout


def test_accept_takes_what_is_there_where_nothing_was_held_back(served: Served, home: Path) -> None:
    """Who knows of the move beforehand gets it at once."""
    served.has(_moved())
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "https://evil.example/new" == dry_run("shop", "new-one").json["url"]
    assert () == state_of(home).held


def test_a_move_alone_is_told(served: Served) -> None:
    """If no operation changed, taking a document says that the document did."""
    document = pets()
    document["servers"] = [{"url": "https://evil.example"}]
    served.has(document)
    result = run_cli("api", "refresh", "shop", "--accept")
    assert "  changed: the document itself (dynacli changes shop)" == result.stderr.splitlines()[-1]


def test_accept_opens_no_origin_to_credentials(
    served: Served, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking a document lets its operations lead elsewhere; a credential does not go there for that."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    document = _moved()
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"bearer": []}]
    served.has(document)
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert 11 == run_cli("shop", "list-pets", "--no-input").exit_code


def test_a_server_that_goes_back_clears_it(served: Served, home: Path) -> None:
    """As soon as the document is again the one in use, nothing is left to decide."""
    served.has(_moved())
    dry_run("shop")
    served.has(pets())
    age(home, 2 * DAY)
    result = dry_run("shop")
    assert (0, "", ()) == (result.exit_code, result.stderr, state_of(home).held)
    assert 1 == len(run_cli("api", "history", "shop", "-o", "json").json)


def test_a_good_document_after_it_is_taken(served: Served, home: Path) -> None:
    """A later document that changes nothing of the kind takes the place of both."""
    served.has(_moved())
    dry_run("shop")
    served.has(pets("3", **{"/new": {"get": operation("newOne")}}))
    age(home, 2 * DAY)
    result = dry_run("shop", "new-one")
    assert (0, "", ()) == (result.exit_code, result.stderr, state_of(home).held)
    assert "http://127.0.0.1:9/new" == result.json["url"]


def test_the_latest_one_is_held_back(served: Served, home: Path) -> None:
    """A second document of the kind takes the place of the first one, and it is the one that is accepted."""
    served.has(_moved("2"))
    dry_run("shop")
    served.has(_moved("3", "worse.example"))
    age(home, 2 * DAY)
    assert "to `https://worse.example`" in dry_run("shop").stderr
    run_cli("api", "refresh", "shop", "--accept")
    assert "https://worse.example/new" == dry_run("shop", "new-one").json["url"]


def test_a_failure_in_between_forgets_nothing(served: Served, home: Path) -> None:
    """A server that is down for a day does not undo what waits for a decision."""
    served.has(_moved("2"))
    dry_run("shop")
    served.has(b"", 503)
    age(home, 2 * DAY)
    assert 0 == dry_run("shop").exit_code
    assert (MOVED,) == state_of(home).held
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "https://evil.example/new" == dry_run("shop", "new-one").json["url"]


def test_history_shows_it(served: Served) -> None:
    """`api history` has it on top with the reason, beside the one in use."""
    served.has(_moved())
    dry_run("shop")
    rows = run_cli("api", "history", "shop", "-o", "json").json
    assert [([MOVED], False, "2", 4), ([], True, "1", 3)] == [
        (row["held_back"], row["current"], row["version"], row["operations"]) for row in rows
    ]
    lines = run_cli("api", "history", "shop", "-o", "text").stdout.splitlines()
    assert [f"! {rows[0]['revision'][:12]}", f"* {rows[1]['revision'][:12]}"] == [line[:14] for line in lines]
    assert lines[0].endswith(f"held back: {MOVED}")


def test_what_was_held_back_can_be_looked_at(served: Served) -> None:
    """`changes` compares it with the one in use before anybody takes it."""
    served.has(_moved())
    dry_run("shop")
    revision = run_cli("api", "history", "shop", "-o", "json").json[0]["revision"]
    result = run_cli("changes", "shop", "--until", revision[:8], "-o", "json")
    assert (0, revision, ["new-one"]) == (
        result.exit_code,
        result.json["to"],
        [operation["name"] for operation in result.json["added"]],
    )


@pytest.mark.parametrize("edit", [Path.unlink, lambda path: path.write_bytes(b"x")], ids=["lost", "torn"])
def test_what_was_held_back_and_lost_is_asked_for_again(
    edit: Callable[[Path], Any], served: Served, home: Path
) -> None:
    """If the cache has lost what was held back, `--accept` takes what the server has."""
    served.has(_moved())
    dry_run("shop")
    before = state_of(home).revision
    for path in (home / "cache").rglob("*"):
        if path.suffix in {".sqlite", ".document"} and not path.name.startswith(before):
            edit(path)
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "https://evil.example/new" == dry_run("shop", "new-one").json["url"]


def test_a_url_is_held_to_the_same(server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document without a name is held back too when no one asked for it; who asks by `--refresh` gets it."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, pets())
    url = f"{served.url}?token=hunter2"
    assert 0 == dry_run(url).exit_code
    served.has(_moved())
    age(home, 2 * DAY)
    result = dry_run(url)
    shown = f"{served.url}?token=***"
    expected = (
        f"warning: {shown}: a new document was held back, and the one before is used: {MOVED}.\n"
        f"         Take it with `dynacli '{shown}' --refresh`\n"
    )
    assert (0, expected) == (result.exit_code, result.stderr)
    taken = dry_run(url, "new-one", "--refresh")
    assert (0, "", "https://evil.example/new") == (taken.exit_code, taken.stderr, taken.json["url"])
    assert ("", ()) == (dry_run(url).stderr, state_of(home).held)


def test_a_file_is_held_back_only_where_all_is_lost() -> None:
    """Who writes a person's files needs no document to mislead them: a file may move its servers."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    save(_moved())
    result = dry_run("shop", "new-one")
    assert (0, "", "https://evil.example/new") == (result.exit_code, result.stderr, result.json["url"])
    save(_empty())
    for _ in range(2):
        result = dry_run("shop", "new-one")
        assert (0, 1) == (result.exit_code, result.stderr.count("a new document was held back"))
        assert "it has lost its paths: 4 operations were there, and none is left" in result.stderr
    assert 11 == run_cli("api", "refresh", "shop").exit_code
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert 2 == dry_run("shop", "new-one").exit_code


def test_a_file_without_a_name_is_what_it_is() -> None:
    """A file that was named on the command line is the one that is meant, also when it is empty."""
    save(pets())
    assert 0 == dry_run().exit_code
    save(_empty())
    assert 2 == dry_run().exit_code


def test_a_file_that_goes_back_clears_it(home: Path) -> None:
    """A file that has its operations again needs no decision."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    save(_empty())
    dry_run("shop")
    save(pets())
    assert ("", ()) == (dry_run("shop").stderr, state_of(home).held)


def test_reasons_are_named_together(served: Served) -> None:
    """A document that moves several things at once is told all of them, a document full of moves the first three."""
    document = copy.deepcopy(_moved())
    for number in range(9):
        document["paths"][f"/n{number}"] = {"get": operation(f"n{number}")}
    served.has({**document, "servers": pets()["servers"]})
    run_cli("api", "refresh", "shop")
    for number in range(9):
        document["paths"][f"/n{number}"]["get"]["servers"] = [{"url": f"https://n{number}.example"}]
    served.has(document)
    reason = run_cli("api", "refresh", "shop", "--error-format", "json").error["reason"]
    assert 3 == len(reason.split("; "))
    assert MOVED == reason.split("; ")[0]


def test_what_a_document_says_does_not_drive_the_terminal(served: Served) -> None:
    """Control characters of a server's URL are made visible if a reason shows them."""
    document = pets()
    document["components"]["securitySchemes"] = {
        "a\u001b[31m": {"type": "apiKey", "in": "header", "name": "X"}
    }
    served.has(document)
    run_cli("api", "refresh", "shop")
    moved = copy.deepcopy(document)
    moved["components"]["securitySchemes"]["a\u001b[31m"]["name"] = "Y\u001b]0;owned\u0007"
    served.has(moved)
    for words in (
        ("api", "refresh", "shop"),
        ("operations", "shop"),
        ("api", "history", "shop", "-o", "text"),
    ):
        result = run_cli(*words, terminal=("stdout", "stderr"))
        shown = result.stdout + result.stderr
        assert "held back" in shown
        assert "\u001b]0" not in shown
        assert "\u0007" not in shown


def test_the_url_of_a_registered_document_goes_around_nothing(served: Served, home: Path) -> None:
    """Whoever names the URL of a registered document asks for what the name stands for, too."""
    served.has(_moved())
    before = state_of(home).revision
    result = run_cli(served.url, "list-pets", "--refresh", "--dry-run", "--error-format", "json")
    hint = "If you trust it: `dynacli api refresh shop --accept`"
    assert (11, [MOVED], hint) == (result.exit_code, result.error["held_back"], result.error["hint"])
    assert before == state_of(home).revision
    assert 0 == run_cli("api", "remove", "shop").exit_code
    assert 0 == run_cli(served.url, "list-pets", "--refresh", "--dry-run").exit_code
    assert before != state_of(home).revision
