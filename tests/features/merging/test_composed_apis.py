"""An API of several documents, or with overlays: it is one, now and after each refresh."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documents import PETS, document, operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, assert_ended, recording, run_cli
from tests.served_document import DAY, Served, age, state_of

TOYS = {"/toys": {"get": operation("listToys")}}


def _toys(version: str = "1", **paths: Any) -> dict[str, Any]:
    info = {"title": "Toys", "version": version}
    return document({**TOYS, **paths}, ["https://toys.example/v1"], info=info)


def _overlay(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"overlay": "1.0.0", "info": {"title": "Mine", "version": "1"}, "actions": list(actions)}


def _titled(summary: str) -> dict[str, Any]:
    return _overlay({"target": "$.paths['/pets'].get", "update": {"summary": summary}})


def _names(api: str = "shop") -> list[str]:
    return [row["name"] for row in run_cli("operations", api, "-o", "json").json]


def _summary() -> str:
    summary: str = run_cli("describe", "shop", "list-pets", "-o", "json").json["summary"]
    return summary


@pytest.fixture(autouse=True)
def blocking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each run wait that finds a document to be due."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")


def test_several_files_are_one_api(home: Path) -> None:
    """All operations of all documents are there under one name, each with its own server."""
    save(pets())
    save(_toys(), "toys.json")
    result = run_cli("api", "add", "shop", "./api.json", "./toys.json")
    assert (0, 'shop: "Pets 1", 4 operations\nTry: dynacli shop --help\n') == (
        result.exit_code,
        result.stderr,
    )
    assert [*PETS, "list-toys"] == _names()
    assert "http://127.0.0.1:9/pets" == dry_run("shop").json["url"]
    assert "https://toys.example/v1/toys" == dry_run("shop", "list-toys").json["url"]
    assert 2 == run_cli("api", "show", "shop", "-o", "json").json["files"]
    assert f'more = ["{Path("toys.json").absolute()}"]' in (home / "config" / "config.toml").read_text()


@pytest.mark.parametrize("file", ["api.json", "toys.json"])
def test_each_file_is_watched(file: str) -> None:
    """An edit of any of the documents is noticed by the next run."""
    save(pets())
    save(_toys(), "toys.json")
    run_cli("api", "add", "shop", "./api.json", "./toys.json")
    assert 0 == dry_run("shop").exit_code
    new: dict[str, Any] = {"/new": {"get": operation("newOne")}}
    save(pets(**new) if file == "api.json" else _toys(**new), file)
    result = dry_run("shop", "new-one")
    assert (0, "") == (result.exit_code, result.stderr)
    assert 0 == dry_run("shop", "list-toys").exit_code


def test_a_refresh_asks_for_all_of_them(server: Recorder, other_server: Recorder, home: Path) -> None:
    """Documents at URLs are fetched again together, and stay one API."""
    first, second = Served(server, pets()), Served(other_server, _toys())
    assert 0 == run_cli("api", "add", "shop", first.url, second.url).exit_code
    second.has(_toys("2", **{"/new": {"get": operation("newOne")}}))
    assert 2 == dry_run("shop", "new-one", "--offline").exit_code
    result = run_cli("api", "refresh", "shop")
    assert (0, "  new: new-one") == (result.exit_code, result.stderr.splitlines()[-1])
    assert (2, 2) == (len(first.asked), len(second.asked))
    first.has(pets(**{"/newer": {"get": operation("newerOne")}}))
    age(home, 2 * DAY)
    assert 0 == dry_run("shop", "newer-one").exit_code
    assert [*PETS, "newer-one", "list-toys", "new-one"] == _names()


def test_a_failed_document_leaves_all_as_they_were(
    server: Recorder, other_server: Recorder, home: Path
) -> None:
    """If one of the documents cannot be had, no other is updated."""
    first, second = Served(server, pets()), Served(other_server, _toys())
    run_cli("api", "add", "shop", first.url, second.url)
    first.has(pets(**{"/new": {"get": operation("newOne")}}))
    for response in (Response(503), Response(404), Response(200, b"{")):
        second.responses(response)
        age(home, 2 * DAY)
        before = state_of(home).revision
        result = dry_run("shop", "list-toys")
        assert (0, before) == (result.exit_code, state_of(home).revision)
        assert result.stderr.startswith("warning: ")
        assert 8 == run_cli("api", "refresh", "shop").exit_code
    second.has(_toys())
    age(home, 2 * DAY)
    assert (0, "") == (dry_run("shop", "new-one").exit_code, dry_run("shop", "new-one").stderr)


def test_moved_servers_of_any_document_are_held_back(
    server: Recorder, other_server: Recorder, home: Path
) -> None:
    """A further document may no more move its servers by itself than the first one."""
    first, second = Served(server, pets()), Served(other_server, _toys())
    run_cli("api", "add", "shop", first.url, second.url)
    second.has({**_toys(), "servers": [{"url": "https://evil.example"}]})
    age(home, 2 * DAY)
    result = dry_run("shop", "list-toys")
    assert (0, "https://toys.example/v1/toys") == (result.exit_code, result.json["url"])
    assert "from `https://toys.example` to `https://evil.example`" in result.stderr
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "https://evil.example/toys" == dry_run("shop", "list-toys").json["url"]


def test_adding_an_api_again_replaces_its_documents(home: Path) -> None:
    """Documents that are not named any more are left out."""
    save(pets())
    save(_toys(), "toys.json")
    run_cli("api", "add", "shop", "./api.json", "./toys.json")
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    assert PETS == _names()
    assert "more" not in (home / "config" / "config.toml").read_text()


@pytest.mark.parametrize(
    ("further", "code"),
    [("./absent.json", 8), ("./broken.json", 8), ("toys", 2), ("-", 2), ("http://127.0.0.1:9/toys.json", 6)],
)
def test_a_further_document_that_cannot_be_used_registers_nothing(
    further: str, code: int, home: Path
) -> None:
    """An API is added with all its documents or not at all."""
    save(pets())
    Path("broken.json").write_text("{")
    assert code == run_cli("api", "add", "shop", "./api.json", further).exit_code
    assert not (home / "config" / "config.toml").exists()


def test_an_overlay_is_laid_over(home: Path) -> None:
    """What an overlay says counts in help, lists and calls; the document itself is shown as it came."""
    save(pets())
    save(_titled("All the pets"), "mine.json")
    result = run_cli("api", "add", "shop", "./api.json", "--overlay", "./mine.json")
    assert (0, "") == (result.exit_code, result.stdout)
    assert "All the pets" == _summary()
    assert json.dumps(pets()) == run_cli("document", "shop").stdout
    assert "All the pets" in run_cli("document", "shop", "--bundled").stdout
    assert f'overlays = ["{Path("mine.json").absolute()}"]' in (home / "config" / "config.toml").read_text()


def test_overlays_are_laid_on_in_their_order() -> None:
    """The later one has the last word."""
    save(pets())
    save(_titled("First"), "1.json")
    save(_titled("Second"), "2.json")
    run_cli("api", "add", "shop", "./api.json", "--overlay", "1.json", "--overlay", "2.json")
    assert "Second" == _summary()


@pytest.mark.parametrize("mode", ["background", "blocking", "never"])
def test_an_overlay_that_was_edited_is_noticed(
    mode: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overlay is a file of this machine: its edit counts at once, and no server is asked for that."""
    monkeypatch.setenv("DYNACLI_REFRESH", mode)
    served = Served(server, pets())
    save(_titled("First"), "mine.json")
    run_cli("api", "add", "shop", served.url, "--overlay", "mine.json")
    assert "First" == _summary()
    save(_titled("Second"), "mine.json")
    assert "Second" == _summary()
    assert 1 == len(served.asked)


def test_an_overlay_stays_after_a_refresh(server: Recorder, home: Path) -> None:
    """What the server has again is seen through the overlay as well."""
    served = Served(server, pets())
    save(_titled("Mine"), "mine.json")
    run_cli("api", "add", "shop", served.url, "--overlay", "mine.json")
    served.has(pets(**{"/new": {"get": operation("newOne")}}))
    age(home, 2 * DAY)
    assert 0 == dry_run("shop", "new-one").exit_code
    assert "Mine" == _summary()
    served.has(pets("3"))
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert ("Mine", PETS) == (_summary(), _names())


def test_an_overlay_may_move_the_servers(server: Recorder, home: Path) -> None:
    """What a person writes themselves is not held against them; what the server does is, after the overlay too."""
    served = Served(server, pets())
    save(_overlay(), "mine.json")
    save(_titled("Mine"), "mine.json")
    run_cli("api", "add", "shop", served.url, "--overlay", "mine.json")
    save(_overlay({"target": "$", "update": {"servers": [{"url": "https://mine.example"}]}}), "mine.json")
    result = dry_run("shop")
    # Lists are joined by an overlay, so that the server of the document stays the first one.
    assert (0, "", "http://127.0.0.1:9/pets") == (result.exit_code, result.stderr, result.json["url"])
    move = (
        {"target": "$.servers", "remove": True},
        {"target": "$", "update": {"servers": [{"url": "https://mine.example"}]}},
    )
    save(_overlay(*move), "mine.json")
    result = dry_run("shop")
    assert (0, "", "https://mine.example/pets") == (result.exit_code, result.stderr, result.json["url"])
    save(_titled("Mine"), "mine.json")
    assert "http://127.0.0.1:9/pets" == dry_run("shop").json["url"]
    served.has({**pets(), "servers": [{"url": "https://evil.example"}]})
    age(home, 2 * DAY)
    for _ in range(2):
        result = dry_run("shop")
        assert "http://127.0.0.1:9/pets" == result.json["url"]
        assert "held back" in result.stderr
        Path("mine.json").touch()  # it is looked at again, and decides nothing


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"overlay": "9.0.0"}', None], ids=["cut", "list", "version", "lost"]
)
def test_an_overlay_that_breaks_is_used_as_it_was(content: str | None, server: Recorder) -> None:
    """A registered API goes on with its last good revision, and a warning says so."""
    served = Served(server, pets())
    path = Path(save(_titled("Mine"), "mine.json"))
    run_cli("api", "add", "shop", served.url, "--overlay", "mine.json")
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    result = dry_run("shop")
    assert (0, 1) == (result.exit_code, result.stderr.count("warning: "))
    assert "mine.json" in result.stderr
    assert 0 == run_cli("shop", "list-pets", "--help").exit_code
    path.write_text(json.dumps(_titled("Fixed")))
    assert ("Fixed", "") == (_summary(), dry_run("shop").stderr)


@pytest.mark.parametrize(
    ("overlay", "phrase"),
    [("./absent.json", "There is no file"), ("./cut.json", "cut.json"), ("./api.json", "overlay")],
)
def test_an_overlay_that_cannot_be_used_registers_nothing(overlay: str, phrase: str, home: Path) -> None:
    """A broken overlay is said when the API is added."""
    save(pets())
    Path("cut.json").write_text("{")
    result = run_cli("api", "add", "shop", "./api.json", "--overlay", overlay)
    assert_ended(result, 8, phrase)
    assert not (home / "config" / "config.toml").exists()


def test_an_overlay_counts_for_all_documents() -> None:
    """Each document of an API is seen through each overlay."""
    save(pets())
    save(_toys(), "toys.json")
    save(_overlay({"target": "$.paths.*.get", "update": {"tags": ["mine"]}}), "mine.json")
    run_cli("api", "add", "shop", "./api.json", "./toys.json", "--overlay", "mine.json")
    rows = run_cli("operations", "shop", "--tag", "mine", "-o", "json").json
    assert ["list-pets", "get-pet", "list-toys"] == [row["name"] for row in rows]


def test_the_same_document_without_a_name_is_another(server: Recorder) -> None:
    """Overlays belong to the registered name; the URL alone is the document as it is."""
    served = Served(server, pets())
    save(_titled("Mine"), "mine.json")
    run_cli("api", "add", "shop", served.url, "--overlay", "mine.json")
    plain = run_cli("describe", served.url, "list-pets", "-o", "json").json["summary"]
    assert ("List pets", "Mine") == (plain, _summary())


@pytest.mark.parametrize("words", [("--offline",), ()], ids=["offline", "refused"])
def test_a_composed_api_works_without_its_servers(words: tuple[str, ...], home: Path) -> None:
    """Several documents and overlays are all kept: everything works without any of the servers."""
    save(_titled("Mine"), "mine.json")
    with recording() as server, recording() as other:
        first, second = Served(server, pets()), Served(other, _toys())
        run_cli("api", "add", "shop", first.url, second.url, "--overlay", "mine.json")
    age(home, 2 * DAY)
    for api_words in (("list-pets",), ("list-toys",)):
        result = dry_run("shop", *api_words, *words)
        assert (0, 1) == (result.exit_code, result.stderr.count("warning: "))
    assert "Mine" == run_cli("describe", "shop", "list-pets", "-o", "json", *words).json["summary"]
