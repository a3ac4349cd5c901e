"""A server that does not respond is left in time, wherever it stops."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from dynacli.http import exchange, send
from tests.documents import get, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@contextlib.contextmanager
def _behaving(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Run a server that reads a request and then does what it wants; yields its origin."""
    done = threading.Event()

    def run() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                with contextlib.suppress(OSError):
                    behave(connection, done)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


def _drip(start: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def behave(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(start)
        while not done.wait(0.02):
            connection.sendall(b" ")

    return behave


def _silence(connection: socket.socket, done: threading.Event) -> None:  # noqa: ARG001
    done.wait(30)


def _api(origin: str) -> str:
    return save_api(get("/a", "get-a"), server=origin)


@pytest.mark.parametrize(
    "behave",
    [_silence, _drip(b"HTTP/1.1 200 OK\r\nX-Drip: "), _drip(HEAD)],
    ids=["silent", "dripping head", "dripping body"],
)
def test_a_slow_server_is_left(behave: Callable[[socket.socket, threading.Event], None]) -> None:
    """`--timeout` is for the whole call, however the server spends it: exit 7, and nothing is printed."""
    before = set(threading.enumerate())
    with _behaving(behave) as origin:
        started = time.monotonic()
        result = run_cli(_api(origin), "get-a", "--timeout", "0.2", "--error-format", "json")
        assert time.monotonic() - started < 20
        left = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("dynacli")}
        assert set() == left
    assert (7, "", "timeout") == (result.exit_code, result.stdout, result.error["kind"])
    assert f"`{origin}/a` did not respond within 0.2 s" == result.error["message"]
    assert "--timeout" in result.error["hint"]


def test_a_server_that_does_not_accept_is_left() -> None:
    """A connection that is never accepted is a timeout, too."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):  # fills the queue of connections that no one accepts
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        result = run_cli(_api(origin), "get-a", "--timeout", "0.2")
    assert (7, "") == (result.exit_code, result.stdout)


def test_there_is_a_limit_without_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--timeout` a server may be silent for so long and no longer."""
    assert send.READ_SECONDS <= 60
    assert exchange.CONNECT_SECONDS <= 10
    monkeypatch.setattr(send, "READ_SECONDS", 0.1)
    with _behaving(_silence) as origin:
        result = run_cli(_api(origin), "get-a")
    assert 7 == result.exit_code
    assert f"`{origin}/a` stopped sending" in result.stderr


def test_redirects_share_the_time(server: Recorder) -> None:
    """The budget is for the way through all redirects."""

    def slow(request: RecordedRequest) -> Response:  # noqa: ARG001
        time.sleep(0.1)
        return Response(302, b"", {"Location": "/a"})

    server.responses["/a"] = slow
    result = run_cli(_api(server.origin), "get-a", "--timeout", "0.25")
    assert 7 == result.exit_code
    assert len(server.requests) < 5


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", "", "1e9"])
def test_a_time_limit_is_a_number_of_seconds(server: Recorder, text: str) -> None:
    """`--timeout` takes a positive number; anything else is a usage error before anything is sent."""
    result = run_cli(_api(server.origin), "get-a", f"--timeout={text}")
    assert (2, []) == (result.exit_code, server.requests)
    assert f"`{text}` is not a time limit" in result.stderr
