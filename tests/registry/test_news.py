"""What changed is told once, in one line, to whoever sits at a terminal."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, pets
from tests.dry_runs import dry_run
from tests.harness import Recorder, Result, run_cli
from tests.served_document import DAY, Served, age, state_of

NEW: dict[str, Any] = {"/new": {"get": operation("newOne")}}
NEWER: dict[str, Any] = {**NEW, "/newer": {"get": operation("newerOne")}}


@pytest.fixture
def served(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A registered document that each run asks for that finds it to be due."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    served = Served(server, pets())
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    return served


def _seen(*words: str) -> Result:
    """Run at a terminal."""
    return run_cli(*(words or ("operations", "shop")), terminal=("stderr",))


def _plain(result: Result) -> str:
    return result.stderr.replace("\x1b[2m", "").replace("\x1b[22m", "")


def _refreshed(served: Served, home: Path, document: dict[str, Any]) -> None:
    """Let the document change, and a run notice it that no one sees."""
    served.has(document)
    age(home, 2 * DAY)
    result = run_cli("operations", "shop")
    assert (0, "") == (result.exit_code, result.stderr)


def _edited(**edits: Any) -> dict[str, Any]:
    document = copy.deepcopy(pets())
    document["paths"]["/pets"]["get"] |= edits
    return document


def _without(path: str) -> dict[str, Any]:
    document = pets()
    del document["paths"][path]
    return document


LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
KEY = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("document", "reported"),
    [
        (pets(**NEW), "1 new operation"),
        (pets(**NEWER), "2 new operations"),
        (_edited(parameters=[LIMIT]), "1 changed"),
        (_edited(deprecated=True), "1 changed"),
        (_without("/pets/{petId}"), "1 removed"),
        (_without("/pets"), "2 removed"),
        (
            {
                **_edited(parameters=[LIMIT]),
                "paths": {**NEWER, "/pets": _edited(parameters=[LIMIT])["paths"]["/pets"]},
            },
            "2 new operations, 1 changed, 1 removed",
        ),
        ({**pets(), "components": {**pets()["components"], "securitySchemes": KEY}}, "its document changed"),
    ],
)
def test_the_counts_are_right(document: dict[str, Any], reported: str, served: Served, home: Path) -> None:
    """What is new, changed and removed is counted, one of a kind in the singular."""
    _refreshed(served, home, document)
    assert f"shop: {reported} (dynacli changes shop)\n" == _plain(_seen())


@pytest.mark.parametrize(
    "document",
    [
        _edited(summary="List them all"),
        _edited(description="Lists."),
        {**pets(), "info": {"title": "Pets and more", "version": "1", "description": "All of them"}},
        {**pets(), "x-generated": "today"},
    ],
    ids=["summary", "description", "info", "extension"],
)
def test_words_alone_are_no_news(document: dict[str, Any], served: Served, home: Path) -> None:
    """A document in which only texts for people changed is taken, and nothing is said of it."""
    before = state_of(home).revision
    _refreshed(served, home, document)
    assert before != state_of(home).revision
    assert ("", False) == (_seen().stderr, state_of(home).has_news)


def test_it_is_told_once_at_the_end(served: Served, home: Path) -> None:
    """The line comes after all else that the run has to say, dimmed, and never again."""
    _refreshed(served, home, pets(**NEW))
    first = _seen("shop", "absent-operation")
    assert 2 == first.exit_code
    assert first.stderr.startswith("\x1b[1m\x1b[31merror:")
    assert first.stderr.endswith("\n\x1b[2mshop: 1 new operation (dynacli changes shop)\x1b[22m\n")
    assert "" == _seen().stderr


def test_the_run_that_finds_it_tells_it(served: Served, home: Path) -> None:
    """Who waits for a refresh at a terminal is told at once, and the operation is there."""
    served.has(pets(**NEW))
    age(home, 2 * DAY)
    result = _seen("shop", "new-one", "--dry-run")
    assert (0, "shop: 1 new operation (dynacli changes shop)\n") == (result.exit_code, _plain(result))
    assert "" == _seen().stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "terminal"),
    [
        (("operations", "shop"), ()),
        (("operations", "shop"), ("stdout",)),
        (("operations", "shop", "--error-format", "json"), ("stderr",)),
        (("--error-format=json", "operations", "shop"), ("stderr",)),
        (("__complete", "bash", "shop", ""), ("stderr",)),
        (("api", "list"), ("stderr",)),
    ],
    ids=["piped", "stdout-alone", "json", "json-in-front", "completion", "another-thing"],
)
def test_it_waits_for_somebody_who_reads_it(
    words: tuple[str, ...], terminal: tuple[str, ...], served: Served, home: Path
) -> None:
    """Scripts, completion, and runs that are about all APIs are told nothing, and use nothing up."""
    _refreshed(served, home, pets(**NEW))
    result = run_cli(*words, terminal=terminal)
    assert (0, "") == (result.exit_code, result.stderr)
    assert "shop: 1 new operation (dynacli changes shop)\n" == _plain(_seen())


def test_it_is_told_in_json_to_nobody(served: Served, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`DYNACLI_ERROR_FORMAT` counts as the option does."""
    _refreshed(served, home, pets(**NEW))
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "json")
    assert "" == _seen().stderr
    assert state_of(home).has_news


def test_several_refreshes_are_told_together(served: Served, home: Path) -> None:
    """What came in several steps is counted from what the person knows, and the command shows just that."""
    since = state_of(home).revision
    _refreshed(served, home, pets(**NEW))
    _refreshed(served, home, pets(**NEWER))
    line = _plain(_seen())
    assert f"shop: 2 new operations (dynacli changes shop --since {since})\n" == line
    words = line.partition("(dynacli ")[2].partition(")")[0].split()
    changes = run_cli(*words, "-o", "json").json
    assert (since, ["new-one", "newer-one"]) == (
        changes["from"],
        [operation["name"] for operation in changes["added"]],
    )


def test_what_came_and_went_is_no_news(served: Served, home: Path) -> None:
    """A document that is again as the person knows it has nothing to tell."""
    _refreshed(served, home, pets(**NEW))
    _refreshed(served, home, pets())
    assert ("", False) == (_seen().stderr, state_of(home).has_news)


def test_after_it_was_told_counting_begins_anew(served: Served, home: Path) -> None:
    """What was reported is known."""
    _refreshed(served, home, pets(**NEW))
    assert "1 new operation (dynacli changes shop)" in _seen().stderr
    _refreshed(served, home, pets(**NEWER))
    assert "shop: 1 new operation (dynacli changes shop)\n" == _plain(_seen())


@pytest.mark.parametrize("words", [("changes", "shop"), ("api", "refresh", "shop")], ids=" ".join)
def test_what_was_seen_in_full_is_told(words: tuple[str, ...], served: Served, home: Path) -> None:
    """`changes` and `api refresh` show it themselves; the line does not come after them."""
    _refreshed(served, home, pets(**NEW))
    assert 0 == run_cli(*words).exit_code
    assert ("", False) == (_seen().stderr, state_of(home).has_news)


def test_api_refresh_tells_right_there(served: Served) -> None:
    """`api refresh` names what is new and gone, and counts what changed."""
    document = _edited(parameters=[LIMIT])
    del document["paths"]["/pets/{petId}"]
    served.has({**document, "paths": {**document["paths"], **NEW}})
    lines = _plain(_seen("api", "refresh", "shop")).splitlines()
    assert ["  new: new-one", "  gone: get-pet", "  changed: 1 operation (dynacli changes shop)"] == lines[1:]
    assert "" == _seen().stderr


def test_a_file_has_news_too(home: Path) -> None:
    """A registered file that was edited is reported like any other; one that was named just now is not."""
    path = Path("api.json")
    path.write_text(json.dumps(pets()))
    run_cli("api", "add", "shop", "./api.json")
    path.write_text(json.dumps(pets(**NEW)))
    assert "shop: 1 new operation (dynacli changes shop)\n" == _plain(_seen())
    other = Path("other.json")
    other.write_text(json.dumps(pets()))
    assert "" == _seen("operations", "./other.json").stderr
    other.write_text(json.dumps(pets(**NEW)))
    assert "" == _seen("operations", "./other.json").stderr
    assert not list((home / "cache").rglob("news.json"))


def test_the_first_document_is_no_news(served: Served) -> None:
    """An API that has just been added has nothing new."""
    assert "" == _seen().stderr
    assert "" == _seen("operations", f"{served.url}?x").stderr


def test_the_secret_of_a_url_is_masked(served: Served, home: Path) -> None:
    """A document without a name is called by its URL, without the values of its query."""
    url = f"{served.url}?key=hunter2&v=1"
    assert 0 == dry_run(url).exit_code
    served.has(pets(**NEW))
    age(home, 2 * DAY)
    shown = f"{served.url}?key=***&v=***"
    assert f"{shown}: 1 new operation (dynacli changes '{shown}')\n" == _plain(_seen("operations", url))


@pytest.mark.parametrize(
    "news",
    [
        "{",
        "[]",
        "{}",
        '{"since": "x"}',
        '{"since": 5, "to": 5, "added": 1, "changed": 1, "removed": 1, "document": 1}',
    ],
)
def test_torn_news_are_none(news: str, served: Served, home: Path) -> None:
    """What was cut or overwritten in the cache is not told, and breaks nothing."""
    (pointer,) = (home / "cache").rglob("current.json")
    path = pointer.with_name("news.json")
    path.write_text(news)
    result = _seen()
    assert (0, "", False) == (result.exit_code, result.stderr, path.exists())
    path.write_text(news)
    _refreshed(served, home, pets(**NEW))
    assert "1 new operation" in _seen().stderr


def test_negative_counts_are_none(served: Served, home: Path) -> None:
    """Counts that cannot be are not told."""
    _refreshed(served, home, pets(**NEW))
    (path,) = (home / "cache").rglob("news.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "added": -1}))
    assert "" == _seen().stderr
