"""Many processes at once: one fetches, all succeed, and one valid revision is left."""

import contextlib
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dynacli import files
from dynacli.files import hold_lock
from tests.documents import PETS, SERVER, operation, pets, save
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli
from tests.registry.crash_points import damaged, left_behind
from tests.registry.forked_runs import Forks, run, run_times, run_until, vanish_when_opened
from tests.served_document import DAY, Served, age, holding, state_of, until

MANY = pytest.mark.parametrize("many", [10, pytest.param(30, marks=pytest.mark.exhaustive)])
SLOW_SECONDS = 0.3
NEW = {"/new": {"get": operation("newOne")}}
NEW_NAMES = [*PETS, "new-one"]
LIST = ("operations", "shop", "-o", "json")
OLD, CURRENT = pets("1", f"{SERVER}/v1"), pets("2", f"{SERVER}/v2", **NEW)


@pytest.fixture
def served(server: Recorder) -> Served:
    """A document that is registered as `shop`, was fetched two days ago, and has changed since."""
    served = Served(server, OLD)
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.has(CURRENT)
    server.requests.clear()
    return served


def _slow(served: Served) -> None:
    """Let the server take its time from now on."""
    response = served.recorder.responses["/openapi.json"]

    def later(request: RecordedRequest) -> Response:
        time.sleep(SLOW_SECONDS)
        return response(request) if callable(response) else response

    served.responses(later)


def _names(given: list[Any]) -> list[str]:
    """Return the operations that a run listed, which succeeded and had nothing to complain about."""
    assert [0, ""] == [given[0], given[2]]
    return [row["name"] for row in json.loads(given[1])]


def _one_valid_revision(home: Path, *, revisions: int) -> None:
    places = str(home / "cache"), str(home / "config")
    assert [] == damaged(*places)
    assert [] == left_behind(*places)
    (directory,) = (home / "cache" / "documents").iterdir()
    assert revisions == len(list(directory.glob("*.document")))
    current = json.loads((directory / "current.json").read_text())
    assert (directory / f"{current['revision']}.document").exists()


def _refreshes(home: Path) -> list[str]:
    """Return the processes that refresh a document of this test."""
    mark = f"DYNACLI_CACHE_DIR={home / 'cache'}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended, or is someone else's
            if (
                b"__refresh" in (folder / "cmdline").read_bytes()
                and mark in (folder / "environ").read_bytes()
            ):
                found.append(folder.name)
    return found


@pytest.mark.exhaustive
@MANY
def test_one_of_many_that_wait_fetches(
    many: int, served: Served, forks: Forks, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a due document is waited for, one process fetches it, and the others have what it fetched."""
    age(home, 2 * DAY)
    _slow(served)
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    for ended in forks.at_once(many, (run, *LIST)):
        assert NEW_NAMES == _names(ended.values[0])
    assert 1 == len(served.asked)
    _one_valid_revision(home, revisions=2)


@MANY
def test_nobody_of_many_waits_for_the_one_that_fetches(
    many: int, served: Served, forks: Forks, home: Path
) -> None:
    """After the commands one process fetches; all commands have ended by then, with what there was."""
    age(home, 2 * DAY)
    with holding(served):
        for ended in forks.at_once(many, (run, *LIST)):
            assert PETS == _names(ended.values[0])
        until(lambda: served.asked, "somebody fetches the document")
        before = state_of(home).revision
    until(lambda: state_of(home).revision != before, "the document has been refreshed")
    until(lambda: not list((home / "cache").rglob("refresh.claim")), "nobody is at it any more")
    until(lambda: not _refreshes(home), "the process has ended")
    assert 1 == len(served.asked)
    for ended in forks.at_once(4, (run, *LIST)):
        assert NEW_NAMES == _names(ended.values[0])
    assert 1 == len(served.asked)
    _one_valid_revision(home, revisions=2)


@pytest.mark.exhaustive
@MANY
def test_one_of_many_fetches_what_is_new(many: int, forks: Forks, home: Path, server: Recorder) -> None:
    """If nothing is in the cache yet, one process fetches the document and compiles it, and all have it."""
    served = Served(server, OLD)
    _slow(served)
    for ended in forks.at_once(many, (run, "operations", served.url, "-o", "json")):
        assert PETS == _names(ended.values[0])
    assert 1 == len(served.asked)
    _one_valid_revision(home, revisions=1)


@pytest.mark.exhaustive
def test_what_many_ask_for_at_the_same_time_is_fetched_once(served: Served, forks: Forks, home: Path) -> None:
    """Who asks for a refresh gets one that began no earlier than it was asked for, be it another's."""
    _slow(served)
    for ended in forks.at_once(10, (run, *LIST, "--refresh")):
        assert NEW_NAMES == _names(ended.values[0])
    assert len(served.asked) <= 5  # it is 2 if all of them begin before the first fetch does
    _one_valid_revision(home, revisions=2)


def test_many_fail_for_the_same_reason(forks: Forks, home: Path, server: Recorder) -> None:
    """If there is no document, each process says so, and nothing is left of it."""
    for ended in forks.at_once(10, (run, "operations", f"{server.origin}/none.json")):
        code, out, err = ended.values[0]
        assert (8, "") == (code, out), err
        assert "404" in err
    assert [] == list((home / "cache" / "documents").iterdir())


def test_many_register_at_the_same_time(forks: Forks, home: Path) -> None:
    """No name gets lost if many are written into the configuration at once."""
    path = str(Path(save(pets())).absolute())
    steps = [[(run, "api", "add", f"shop{number}", path)] for number in range(10)]
    for ended in forks.children(steps):
        assert 0 == ended.values[0][0], ended.values
    rows = run_cli("api", "list", "-o", "json").json
    assert {f"shop{number}" for number in range(10)} == {row["name"] for row in rows}
    _one_valid_revision(home, revisions=1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("swaps", [10, pytest.param(40, marks=pytest.mark.exhaustive)])
def test_readers_never_fail_while_the_document_changes(
    swaps: int, served: Served, forks: Forks, home: Path, tmp_path: Path
) -> None:
    """During many swaps every run has one revision or the other, whole."""
    documents = [OLD, CURRENT]

    def response(_: RecordedRequest) -> Response:
        return json_response(documents[len(served.asked) % 2])

    served.responses(response)
    stop = str(tmp_path / "stop")
    reading = (
        run_until,
        stop,
        [*LIST],
        ["shop", "list-pets", "--dry-run", "json"],
        ["document", "shop"],
        ["api", "show", "shop", "-o", "json"],
    )
    writing = (run_times, swaps, stop, ["api", "refresh", "shop"])
    written, *read = forks.children([[writing], [reading], [reading], [reading]])
    assert {0} == {given[1] for given in written.values[0]}
    assert swaps == len(served.asked)
    seen: dict[int, set[str]] = {}
    for number, code, out, err in (value for ended in read for value in ended.values[0]):
        assert (0, "") == (code, err)
        seen.setdefault(number, set()).add(_facts(out) if number == 3 else out)
    assert [2, 2, 2, 2] == [len(seen[number]) for number in range(4)]
    shown = {tuple(json.loads(line)) for line in seen[3]}
    assert {(3, "http://127.0.0.1:9/v1"), (4, "http://127.0.0.1:9/v2")} == shown
    assert {json.dumps(document) for document in documents} == seen[2]
    _one_valid_revision(home, revisions=2)


def _facts(shown: str) -> str:
    row = json.loads(shown)
    return json.dumps([row["operations"], row["servers"][0]["url"]])


@pytest.mark.parametrize("ending", ["", ".sqlite", ".json"])
def test_what_vanishes_under_a_reader_is_there_again(
    ending: str, served: Served, forks: Forks, home: Path
) -> None:
    """Between reading where a catalog is and opening it, it may be removed: what is lost is compiled or fetched."""
    served.has(OLD)
    (directory,) = (home / "cache" / "documents").iterdir()
    (ended,) = forks.children([[(vanish_when_opened, str(directory), ending), (run, *LIST)]])
    assert PETS == _names(ended.values[1])
    assert (1 if not ending else 0) == len(served.asked)
    (ended,) = forks.children([[(run, *LIST)]])
    assert PETS == _names(ended.values[0])


@pytest.mark.parametrize("limit", ["", "1"], ids=["cleared", "over-the-limit"])
def test_readers_never_fail_while_the_cache_is_cleared(
    limit: str, served: Served, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds nothing any more fetches it again, and is not told of it."""
    if limit:
        monkeypatch.setenv("DYNACLI_CACHE_LIMIT", limit)
    served.has(OLD)
    save(pets(), "other.json")
    stop = str(tmp_path / "stop")
    reading = (run_until, stop, [*LIST], ["operations", served.url, "-o", "json"])
    clearing = ["--refresh", "operations", "./other.json"] if limit else ["cache", "clear"]
    cleared, *read = forks.children([[(run_times, 10, stop, clearing)], [reading], [reading], [reading]])
    assert {0} == {given[1] for given in cleared.values[0]}, cleared
    for given in (value for ended in read for value in ended.values[0]):
        assert [0, ""] == [given[1], given[3]]
        assert PETS == [row["name"] for row in json.loads(given[2])]
    assert (0, "") == ((result := run_cli(*LIST)).exit_code, result.stderr)


def test_a_lock_that_was_removed_keeps_nobody_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the cache is cleared while someone opens a lock, it is the lock that is there now that counts."""
    path = tmp_path / "new" / "lock"  # its directory may have gone too
    open_lock_file = files._open_lock_file

    def open_before_another_takes_its_place(name: str) -> int:
        descriptor = open_lock_file(name)
        other.replace(path)
        first.close()
        return descriptor

    with ExitStack() as first, ExitStack() as second:
        assert first.enter_context(hold_lock(str(path), 0))
        with hold_lock(str(path), 0) as is_alone:
            assert not is_alone
        other = path.with_name("other")
        assert second.enter_context(hold_lock(str(other), 0))
        monkeypatch.setattr(files, "_open_lock_file", open_before_another_takes_its_place)
        with hold_lock(str(path), 0) as is_alone:
            assert not is_alone
