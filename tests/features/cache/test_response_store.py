"""The store of responses with many processes at once, killed at each step, on a full disk and for another user."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.documents import document, operation, parameter, serve
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli
from tests.registry.crash_points import arm, changes_made, copied, left_behind
from tests.registry.forked_runs import Forks, run, run_times
from tests.registry.surroundings import become_nobody, limit_file_size

BODY = [{"id": number} for number in range(300)]
LIST = ("shop", "list-items", "--cache", "1h")
STORES, CHANGES = ["shop", "list-items", "--cache", "1h"], ["shop", "add-item"]


@pytest.fixture(autouse=True)
def shop(server: Recorder) -> None:
    """An API of the name `shop` whose list has an entity tag."""
    paths = {
        "/items": {"get": operation("listItems", parameter("q", {})), "post": operation("addItem")},
    }
    assert 0 == run_cli("api", "add", "shop", serve(server, document(paths, [server.origin]))).exit_code

    def respond(request: RecordedRequest) -> Response:
        if request.headers.get("if-none-match") == ['"1"']:
            return Response(304, b"", {"ETag": '"1"'})
        return json_response(BODY, ETag='"1"')

    server.responses["/items"] = respond
    server.requests.clear()


def _stored(home: Path) -> list[Path]:
    return list((home / "cache" / "responses").rglob("*.response"))


@pytest.mark.exhaustive
def test_twenty_processes_store_the_same_response(forks: Forks, home: Path) -> None:
    """All succeed with nothing to say, one file is left, and the next run uses it."""
    for ended in forks.at_once(20, (run, *LIST)):
        code, out, err = ended.values[0]
        assert (0, 300, "") == (code, out.count('"id"'), err)
    (path,) = _stored(home)
    assert [] == left_behind(str(home / "cache"), str(home / "state"))
    assert 0o600 == path.stat().st_mode & 0o777
    assert "cache: hit" in run_cli(*LIST, "-v").stderr


@pytest.mark.exhaustive
def test_processes_that_store_change_and_clear_do_not_disturb_each_other(forks: Forks, home: Path) -> None:
    """None fails or warns, whatever the others remove meanwhile; nothing unfinished is left."""
    config = home / "config" / "config.toml"
    config.write_text('cache_limit = "100 KiB"\n' + config.read_text(encoding="utf-8"), encoding="utf-8")
    kinds = [
        [[*STORES, "--q", str(number)] for number in range(12)],
        [STORES, CHANGES],
        [["cache", "clear", "--responses"], STORES],
        [["cache", "info", "--responses", "-o", "json"]],
    ]
    steps = [(run_times, 5, str(home / "done"), *kinds[number % 4]) for number in range(20)]
    for ended in forks.children([[step] for step in steps]):
        for number, code, _, err in ended.values[0]:
            assert 0 == code, (number, err)
            assert "cannot be used" not in err, err
    assert [] == left_behind(str(home / "cache"), str(home / "state"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("words", [LIST, (*LIST[:-1], "revalidate"), ("shop", "add-item")])
def test_a_process_is_killed_at_each_step(
    forks: Forks, home: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The next run gets the whole response, from the server or the store, and warns of nothing."""
    places = [str(home / "cache"), str(home / "state")]
    if words[1] == "add-item" or words[-1] == "revalidate":
        forks.child((run, *words[:1], "list-items", "--cache", "1h"))
    before, log = str(tmp_path / "before"), str(tmp_path / "log")
    copied(str(home), before)
    forks.child((arm, places, 0, False, log), (run, *words))
    count = len(changes_made(log))
    assert count > 3
    for number in range(1, count + 1):
        for is_half in (False, True):
            copied(before, str(home))
            ended = forks.child((arm, places, number, is_half, log), (run, *words))
            assert -signal.SIGKILL == ended.status, number
            for _ in range(2):
                code, out, err = forks.child((run, *LIST)).values[0]
                assert (0, 300, "") == (code, out.count('"id"'), err), number
            assert 1 == len(_stored(home)), number


def _become_another(home: str) -> None:
    """Go on as a user who can read all that is in a directory."""
    for directory, _, names in os.walk(home):
        os.chmod(directory, 0o755)  # noqa: S103  - another user has to see it
        for name in names:
            os.chmod(os.path.join(directory, name), 0o644)
    become_nobody()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("size", [0, 1000, 3000])
def test_a_full_disk_is_a_warning(forks: Forks, home: Path, size: int) -> None:
    """The response comes, one warning says why it is not stored, and no half of a file is left."""
    run_cli("shop", "list-items")  # so that the document is compiled
    code, out, err = forks.child((limit_file_size, size), (run, *LIST)).values[-1]
    assert (0, 300) == (code, out.count('"id"'))
    assert 1 == err.count("The response cache cannot be used: it would be larger than a file may be here"), (
        err
    )
    assert [] == _stored(home)
    assert [] == left_behind(str(home / "cache" / "responses"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_store_of_another_user_is_a_warning(
    forks: Forks, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither read nor written, and the call goes on."""
    with tempfile.TemporaryDirectory() as name:
        for kind in ("cache", "config", "state"):
            monkeypatch.setenv(f"DYNACLI_{kind.upper()}_DIR", os.path.join(name, kind))
        monkeypatch.chdir(name)
        assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
        assert 0 == run_cli(*LIST).exit_code
        (path,) = _stored(Path(name))
        before = path.stat().st_mtime_ns
        code, out, err = forks.child((_become_another, name), (run, *LIST)).values[-1]
        assert (0, 300) == (code, out.count('"id"'))
        assert 1 == err.count("The response cache cannot be used: other users can write"), err
        assert before == path.stat().st_mtime_ns
