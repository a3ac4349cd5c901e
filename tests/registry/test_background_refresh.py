"""A document that is due is refreshed after the command: no one waits for it, and nothing is left of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dynacli.registry.background_refresh import RETRY_SECONDS, take_refresh_claim
from tests.documents import operation, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, json_response, run_cli
from tests.served_document import DAY, Served, age, holding, state_of, until

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc"
)

NEW = {"/new": {"get": operation("newOne")}}


class _Process(NamedTuple):
    number: int
    words: list[str]

    @property
    def files(self) -> dict[int, str]:
        """Number → what its open files are."""
        folder = Path(f"/proc/{self.number}/fd")
        return {int(path.name): os.readlink(path) for path in folder.iterdir()}


def _refreshes(home: Path) -> list[_Process]:
    """Return the processes that refresh a document of this test."""
    found = []
    mark = f"DYNACLI_CACHE_DIR={home / 'cache'}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"__refresh" in words and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(_Process(int(folder.name), [word.decode() for word in words]))
        except OSError:
            continue  # it has just ended, or is someone else's
    return found


def _has_claim(home: Path) -> bool:
    return any((home / "cache").rglob("refresh.claim"))


def _ended(home: Path) -> None:
    until(lambda: not _refreshes(home), "the refresh has ended")


def _has_died(number: int) -> bool:
    """Return whether a process of this one can be waited for: it has no command line any more a moment earlier."""
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def served(server: Recorder, home: Path) -> Iterator[Served]:
    """A document that is due."""
    served = Served(server, pets())
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    age(home, 3 * DAY)
    served.has(pets(**NEW))
    yield served
    _ended(home)


def test_nobody_waits_for_the_refresh(served: Served, home: Path) -> None:
    """The run ends, and whoever reads its output sees the end of it, while the server still holds its response back."""
    ours, theirs = os.pipe()
    with holding(served) as release:
        process = subprocess.Popen(
            [sys.executable, "-m", "dynacli", "shop", "list-pets", "--dry-run", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs],
        )
        os.close(theirs)
        out, err = process.communicate(timeout=60)
        with os.fdopen(ours, "rb") as third:
            assert b"" == third.read()
        assert (0, "http://127.0.0.1:9/pets", b"") == (process.returncode, json.loads(out)["url"], err)
        until(lambda: len(served.asked) == 2, "the server was asked")
        (refresh,) = _refreshes(home)
        # A process of its own session gets no signal from the terminal, and none when that is closed.
        assert refresh.number == os.getsid(refresh.number) != os.getsid(0)
        assert {os.devnull} == {refresh.files[number] for number in (0, 1, 2)}
        assert not [value for value in refresh.files.values() if value.startswith("pipe:")]
        release.set()
        _ended(home)
    assert not _has_claim(home)
    result = dry_run("shop", "new-one")
    assert (0, "", 2) == (result.exit_code, result.stderr, len(served.asked))


@pytest.mark.exhaustive
def test_the_refresh_is_begun_by_whatever_looks_at_the_api(served: Served, home: Path) -> None:
    """Help and lists begin a refresh as calls do, even if the run ends with an error."""
    for words in (("shop", "--help"), ("operations", "shop"), ("shop", "list-pets", "--absent")):
        before = len(served.asked)
        run_cli(*words)
        until(lambda: len(served.asked) > before, f"`{' '.join(words)}` begins a refresh")  # noqa: B023
        _ended(home)
        age(home, 3 * DAY)


def test_completion_begins_none(served: Served, home: Path) -> None:
    """Whoever presses the tabulator starts no process."""
    assert "list-pets" in run_cli("__complete", "bash", "shop", "").stdout
    assert (False, 1) == (_has_claim(home), len(served.asked))


def test_there_is_one_for_an_api_at_a_time(served: Served, home: Path) -> None:
    """Runs while a refresh is at it begin no second one; another API has its own."""
    with holding(served):
        for _ in range(3):
            assert 0 == dry_run("shop").exit_code
        until(lambda: len(served.asked) == 2, "the server was asked")
        assert 0 == dry_run("shop").exit_code
        assert 1 == len(_refreshes(home))
        served.recorder.responses["/other.json"] = json_response(pets())
        run_cli("api", "add", "other", f"{served.recorder.origin}/other.json")
        age(home, 60)
        (path,) = [
            current for current in (home / "cache").rglob("current.json") if "other" in current.read_text()
        ]
        pointer = json.loads(path.read_text())
        path.write_text(json.dumps({**pointer, "fetched_at": 0}))
        assert 0 == dry_run("other").exit_code
        until(lambda: len(_refreshes(home)) == 2, "the other current is refreshed too")
    _ended(home)
    assert 2 == len(served.asked)


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("words", "mode"),
    [
        (("--offline",), ""),
        ((), "never"),
        ((), "blocking"),
        (("--refresh",), ""),
    ],
    ids=["offline", "never", "blocking", "refresh"],
)
def test_there_is_none_where_nobody_wants_it(
    words: tuple[str, ...], mode: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--offline`, `never`, and whoever has just waited for the document begin nothing after the command."""
    monkeypatch.setenv("DYNACLI_REFRESH", mode or "background")
    assert 0 == dry_run("shop", "list-pets", *words).exit_code
    assert not _has_claim(home)


def test_there_is_none_for_what_is_held_fresh_or_a_file(served: Served, home: Path) -> None:
    """What is held is not refreshed, what is fresh need not be, and files are looked at on each run."""
    assert 0 == run_cli("api", "pin", "shop").exit_code
    assert 0 == dry_run("shop").exit_code
    assert (False, 1) == (_has_claim(home), len(served.asked))
    run_cli("api", "unpin", "shop")
    run_cli("api", "refresh", "shop")
    assert 0 == dry_run("shop").exit_code
    save(pets())
    assert 0 == dry_run("./api.json").exit_code
    age(home, 3 * DAY)
    assert 0 == dry_run("./api.json").exit_code
    assert (False, 2) == (_has_claim(home), len(served.asked))


def test_one_that_failed_is_not_tried_again_at_once(served: Served, home: Path) -> None:
    """After a failure the next try is made five minutes later, and each run warns meanwhile."""
    served.has(b"oops", 500)
    result = dry_run("shop")
    assert (0, "") == (result.exit_code, result.stderr)
    until(lambda: state_of(home).failure, "the failure is noted")
    _ended(home)
    expected = (
        "warning: shop: the document is 3 days old, and refreshing it failed: "
        f"`{served.url}` responded with 500 instead of a document (Internal Server Error)\n"
    )
    age(home, RETRY_SECONDS - 30)
    for _ in range(2):
        result = dry_run("shop")
        assert (0, expected) == (result.exit_code, result.stderr)
    assert ([], 2) == (_refreshes(home), len(served.asked))
    served.has(pets(**NEW))
    age(home, 60)
    assert 0 == dry_run("shop").exit_code
    until(lambda: len(served.asked) == 3, "it is tried again")
    _ended(home)
    result = dry_run("shop", "new-one")
    assert (0, "", "") == (result.exit_code, result.stderr, state_of(home).failure)


def test_a_document_without_a_name_is_refreshed_too(server: Recorder, home: Path) -> None:
    """A URL is used as it is and refreshed after the command; what its query holds is not one else's business."""
    served = Served(server, pets())
    url = f"{served.url}?token=hunter2-{home.name}"
    assert 0 == dry_run(url).exit_code
    age(home, 3 * DAY)
    served.has(pets(**NEW))
    with holding(served):
        assert 0 == dry_run(url).exit_code
        until(lambda: len(served.asked) == 2, "the server was asked")
        (refresh,) = _refreshes(home)
        assert "hunter2" not in " ".join(refresh.words)
    _ended(home)
    assert 0 == dry_run(url, "new-one").exit_code
    assert {f"/openapi.json?token=hunter2-{home.name}"} == {request.target for request in served.asked}


def test_the_secret_of_a_login_is_in_nobodys_words(
    served: Served, home: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refresh signs in with the variable of the API, which its command line does not show."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    whole = json.dumps(pets(**NEW)).encode()

    def behind_a_login(request: object) -> Response:
        given = request.headers.get("authorization")  # type: ignore[attr-defined]
        return Response(body=whole) if given == [f"Bearer {canary}"] else Response(401)

    served.responses(behind_a_login)
    with holding(served):
        assert 0 == dry_run("shop").exit_code
        until(lambda: len(served.asked) == 2, "the server was asked")
        (refresh,) = _refreshes(home)
        assert canary not in " ".join(refresh.words)
    until(lambda: not _has_claim(home), "the document is refreshed")
    assert 0 == dry_run("shop", "new-one").exit_code


def test_modules_of_the_directory_are_not_imported(served: Served, home: Path) -> None:
    """What lies around if the person happens to be is never run by the refresh."""
    for name in ("json", "click", "httpx", "dynacli"):
        Path(f"{name}.py").write_text("open('caught', 'w').close()\n")
    words = [sys.executable, "-P", "-m", "dynacli", "shop", "list-pets", "--dry-run", "json"]
    process = subprocess.run(words, capture_output=True, timeout=60, check=False)
    assert (0, b"") == (process.returncode, process.stderr)
    until(lambda: len(served.asked) == 2, "the server was asked")
    _ended(home)
    assert (False, False) == (Path("caught").exists(), _has_claim(home))


def test_a_program_that_lives_long_keeps_no_dead_processes(served: Served, home: Path) -> None:
    """`main` may be called many times in one process: the next refresh releases those that have ended."""
    numbers = []
    for _ in range(2):
        with holding(served):
            assert 0 == dry_run("shop").exit_code
            until(lambda: _refreshes(home), "a refresh has begun")
            numbers.append(_refreshes(home)[0].number)
        until(lambda: not _has_claim(home), "the document is refreshed")
        until(lambda: _has_died(numbers[-1]), "the refresh has ended")
        age(home, 3 * DAY)
    assert not Path(f"/proc/{numbers[0]}").exists()


def _in_this_process(word: str) -> tuple[int, str, str]:
    """Refresh as the process after a run does, and return its exit code and what it writes."""
    result = run_cli("__refresh", word)
    return result.exit_code, result.stdout, result.stderr


def _claim(home: Path) -> None:
    (directory,) = (home / "cache" / "documents").iterdir()
    assert take_refresh_claim(str(directory))


def test_a_document_that_was_pinned_meanwhile_is_not_refreshed(served: Served, home: Path) -> None:
    """Nothing is asked, and the next refresh may begin as soon as one is due."""
    revision = run_cli("api", "list", "-o", "json").json[0]["revision"]
    assert 0 == run_cli("api", "pin", "shop", revision).exit_code
    _claim(home)
    before = len(served.asked)
    assert (0, "", "") == _in_this_process("shop")
    assert (before, False) == (len(served.asked), _has_claim(home))


def test_one_that_fails_leaves_its_claim(served: Served, home: Path) -> None:
    """No one sees it fail, whether the server fails or sends no document, and the claim holds the next one back."""
    _claim(home)
    for content, status in ((b"", 500), (b"no document", 200)):
        served.has(content, status)
        before = len(served.asked)
        assert ("", "") == _in_this_process("shop")[1:]
        assert (True, True) == (len(served.asked) > before, _has_claim(home))


def test_a_refresh_of_nothing_is_silent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API was removed meanwhile; each run reads a file anyway; no claim can be written in a missing directory."""
    assert (2, "", "") == _in_this_process("nothing")
    monkeypatch.setenv("_DYNACLI_REFRESH", save(pets()))
    assert (0, "", "") == _in_this_process("-")
    assert not take_refresh_claim(str(home / "nowhere"))
