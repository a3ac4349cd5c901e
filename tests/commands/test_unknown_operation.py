"""An operation that appeared a moment ago simply works: before a name is unknown, the server is asked again."""

from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.document import download
from tests.documents import operation, pets, save, save_api
from tests.dry_runs import dry_run
from tests.harness import Recorder, Result, assert_ended, json_response, run_cli
from tests.served_document import DAY, MINUTE, Served, age, holding, state_of

NEW: dict[str, Any] = {"/new": {"get": operation("newOne", tags=["fresh"])}}


@pytest.fixture
def served(server: Recorder, home: Path) -> Served:
    """A registered document that was asked for two minutes ago, and has gained an operation since."""
    served = Served(server, pets())
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    age(home, 2 * MINUTE)
    served.has(pets(**NEW))
    return served


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words",
    [
        ("shop", "new-one", "--dry-run"),
        ("shop", "newOne", "--dry-run"),
        ("shop", "fresh", "new-one", "--dry-run"),
        ("shop", "fresh", "--help"),
        ("shop", "new-one", "--help"),
        ("describe", "shop", "new-one"),
    ],
    ids=" ".join,
)
def test_a_new_operation_simply_works(words: tuple[str, ...], served: Served) -> None:
    """Its name, its operationId, its tag: whatever names it is found, by one request for the document."""
    result = run_cli(*words)
    assert (0, "", 2) == (result.exit_code, result.stderr, len(served.asked))


def test_a_name_that_there_is_not_is_asked_for_once(served: Served) -> None:
    """A slip of the finger costs one request; the next one within a minute costs none, and gets the near names."""
    for _ in range(3):
        result = run_cli("shop", "list-pet", "--error-format", "json")
        assert (2, "`shop` has no operation `list-pet`", "Other near names: `get-pet`") == (
            result.exit_code,
            result.error["message"],
            result.error["hint"],
        )
        assert 2 == len(served.asked)


@pytest.mark.usefixtures("served")
def test_a_made_up_name_leads_to_a_search() -> None:
    """What is no slip of the finger is a question: `try` has the search for its words."""
    result = run_cli("shop", "get-all-my-pets", "--error-format", "json")
    assert "dynacli search shop 'get all my pets'" == result.error["try"]
    assert "" != run_cli("search", "shop", "get all my pets").stdout


def test_what_is_known_asks_nobody(served: Served) -> None:
    """A name that the document has is used at once."""
    assert 0 == dry_run("shop").exit_code
    assert 1 == len(served.asked)


def test_a_document_of_this_minute_is_not_asked_for(server: Recorder, home: Path) -> None:
    """What was fetched within the last minute lacks the operation for good."""
    served = Served(server, pets())
    run_cli("api", "add", "shop", served.url)
    served.has(pets(**NEW))
    age(home, MINUTE - 5)
    assert 2 == dry_run("shop", "new-one").exit_code
    age(home, 10)
    assert 0 == dry_run("shop", "new-one").exit_code
    assert 2 == len(served.asked)


@pytest.mark.parametrize("mode", ["--offline", "never", "pinned"])
def test_where_nobody_may_ask_nobody_does(mode: str, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--offline`, `never` and a held revision take the document at its word."""
    if mode == "never":
        monkeypatch.setenv("DYNACLI_REFRESH", "never")
    if mode == "pinned":
        run_cli("api", "pin", "shop")
    words = ("--offline",) if mode == "--offline" else ()
    assert 2 == dry_run("shop", "new-one", *words).exit_code
    assert 1 == len(served.asked)


def test_the_time_of_the_server_is_no_matter(served: Served, home: Path) -> None:
    """A document that is fresh for a week is asked for anyway."""
    served.has(pets(**NEW), Cache_Control="max-age=604800")
    run_cli("api", "refresh", "shop")
    served.has(pets(**NEW, **{"/newer": {"get": operation("newerOne")}}))
    age(home, DAY)
    assert 0 == dry_run("shop", "newer-one").exit_code


def test_a_document_without_a_name_is_asked_for_too(server: Recorder, home: Path) -> None:
    """A URL is as good as a name."""
    served = Served(server, pets())
    assert 0 == dry_run(served.url).exit_code
    served.has(pets(**NEW))
    age(home, 2 * MINUTE)
    assert (0, 2) == (dry_run(served.url, "new-one").exit_code, len(served.asked))


def test_a_file_is_looked_at_anyway(home: Path) -> None:
    """A file is as it is; an unknown name asks no one."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    age(home, 2 * MINUTE)
    assert 2 == dry_run("shop", "new-one").exit_code
    save(pets(**NEW))
    assert 0 == dry_run("shop", "new-one").exit_code


def _lines(result: Result) -> list[str]:
    return result.stderr.splitlines()


def test_a_server_that_fails_is_told_and_not_asked_again_at_once(served: Served, home: Path) -> None:
    """The name is unknown, the reason is reported once, and a minute later it is tried again."""
    served.has(b"", 503)
    first = dry_run("shop", "new-one")
    reported = (
        f"warning: Could not refresh the document: `{served.url}` responded with 503 instead of a document"
    )
    assert (2, reported, 2) == (first.exit_code, _lines(first)[0], len(served.asked))
    second = dry_run("shop", "new-one")
    assert (2, "error: ", 2) == (second.exit_code, _lines(second)[0][:7], len(served.asked))
    served.has(pets(**NEW))
    age(home, MINUTE + 1)
    assert (0, "") == (dry_run("shop", "new-one").exit_code, dry_run("shop", "new-one").stderr)


def test_a_stale_document_has_one_warning(
    served: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a refresh had failed before, the failure is not told twice in one run."""
    monkeypatch.setenv("DYNACLI_REFRESH", "background")
    monkeypatch.delattr("os.nice")
    served.has(b"", 503)
    age(home, 2 * DAY)
    run_cli("__refresh", "shop")
    age(home, 2 * MINUTE)
    result = dry_run("shop", "new-one")
    assert (2, 1) == (result.exit_code, result.stderr.count("warning: "))
    assert "refreshing it failed" in result.stderr


def test_a_server_that_hangs_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who mistyped a name does not wait for ever."""
    monkeypatch.setattr(download, "DOCUMENT_READ_SECONDS", 0.2)
    with holding(served):
        result = dry_run("shop", "new-one")
    assert_ended(result, 2, "Could not refresh the document: ")


def test_what_may_not_come_by_itself_is_held_back(served: Served, home: Path) -> None:
    """Typing a name is not a consent: a document that moved its servers is held back, and the name is unknown."""
    moved: dict[str, Any] = {**pets(**NEW), "servers": [{"url": "https://evil.example"}]}
    served.has(moved)
    result = dry_run("shop", "new-one")
    assert_ended(result, 2, "a new document was held back")
    assert state_of(home).held
    assert 2 == len(served.asked)
    assert 2 == dry_run("shop", "new-one").exit_code
    assert 2 == len(served.asked)


def test_the_refreshed_document_is_the_one_that_is_called(served: Served) -> None:
    """What is sent is built from the document that has the operation, even if it says more than before."""
    limit = {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}
    served.has(pets(**{"/new": {"get": operation("newOne", parameters=[limit])}}))
    result = dry_run("shop", "new-one", "--limit", "5")
    assert (0, "http://127.0.0.1:9/new?limit=5") == (result.exit_code, result.json["url"])


def test_the_call_is_made(served: Served, home: Path) -> None:
    """A call to an operation of this minute reaches the server and is validated by the new document."""
    served.has({**pets(**NEW), "servers": [{"url": served.recorder.origin}]})
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    served.recorder.responses["/newer"] = json_response([1])
    newer = {"/newer": {"get": operation("newerOne")}}
    served.has({**pets(**NEW, **newer), "servers": [{"url": served.recorder.origin}]})
    age(home, 2 * MINUTE)
    result = run_cli("shop", "newer-one")
    assert (0, [1]) == (result.exit_code, result.json)


def _of_tags(count: int) -> str:
    tags = ["pets", "orders", "invoices"]
    paths = {f"/t{n}": {"get": {**operation(f"op{n}"), "tags": [f"alpha{n:02}"]}} for n in range(count)}
    paths |= {f"/{tag}": {"get": {**operation(f"list{tag}"), "tags": [tag]}} for tag in tags}
    return save_api(paths)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "near"),
    [
        *(
            (("operations", "API", "--tag", word), "orders")
            for word in ("ordrs", "Orders-", "order", "ORDRES")
        ),
        (("check", "API", "--tag", "invoice", "--dry-run"), "invoices"),
        (("help", "polcy"), "policy"),
        (("help", "environmnt"), "environment"),
        (("auth", "lgin"), "login"),
        (("api", "ad"), "add"),
        (("config", "gett"), "get"),
        (("demoo", "x"), "demo"),
    ],
)
def test_what_comes_near_is_first(words: tuple[str, ...], near: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tags, topics, commands and APIs those come first that were meant, and a list says how many more there are."""
    api = _of_tags(40)
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "json")
    result = run_cli(*(api if word == "API" else word for word in words))
    error = result.error
    assert (2, near) == (result.exit_code, error["near"][0])
    assert error["hint"].startswith(f"Did you mean `{near}`")
    assert error["hint"].count("`") == len(set(error["hint"].split("`")[1::2])) * 2
    if "--tag" in words:
        assert error["reason"].startswith(f"The tags are `{near}`, ")
        assert error["reason"].endswith(" and 23 more")
        assert 20 == error["reason"].count("`") // 2


def test_a_word_that_comes_near_a_tag_names_it() -> None:
    """Where a tag was mistyped it is named before operations that have words of it."""
    result = run_cli(_of_tags(3), "ordesr", "--error-format", "json")
    assert (2, "orders") == (result.exit_code, result.error["near"][0])
    assert result.error["hint"].startswith("Did you mean the tag `orders`?")


def test_what_comes_near_nothing_leads_to_the_whole_list() -> None:
    """No name is guessed then."""
    result = run_cli("operations", _of_tags(1), "--tag", "zzz", "--error-format", "json")
    assert [] == result.error["near"]
    assert "dynacli operations" in result.error["hint"]
    assert "The tags are `alpha00`, `invoices`, `orders`, `pets`" == result.error["reason"]


@pytest.mark.parametrize("words", [("demo", "nope"), ("describe", "demo", "nope")], ids=" ".join)
def test_a_name_without_anything_alike_has_no_suggestions(words: tuple[str, ...]) -> None:
    """Operations that have nothing in common with a name are not suggested, only the list of all."""
    error = run_cli(*words, "--error-format", "json").error
    assert "See them all: `dynacli operations demo`" == error["hint"]
    assert [None, []] == [error["try"], error["near"]]
