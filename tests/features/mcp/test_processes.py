"""`dynacli mcp` as a process of its own: what stands on its streams, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.documents import get, save_api
from tests.features.mcp.clients import HELLO
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

pytestmark = pytest.mark.exhaustive

_READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def _call(number: int, **arguments: Any) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": "call", "arguments": arguments},
    }


class _Process:
    """A server, and the lines that go to it and come from it."""

    def __init__(self, words: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dynacli", "mcp", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, *messages: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        for message in messages:
            line = message if isinstance(message, bytes) else json.dumps(message).encode()
            self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def read(self, number: int) -> dict[str, Any]:
        """Return the response to a request; every line before it is a message of the protocol, too."""
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            assert line, (self.process.stderr.read() if self.process.stderr else b"").decode()
            message: dict[str, Any] = json.loads(line)
            assert "2.0" == message["jsonrpc"]
            if message.get("id") == number:
                return message

    def end(self) -> tuple[int, bytes]:
        """Close standard input, and return the exit code and what standard error had."""
        rest, errors = self.process.communicate(timeout=30)
        assert all("2.0" == json.loads(line)["jsonrpc"] for line in rest.splitlines())
        return self.process.returncode, errors


@contextmanager
def _started(*words: str) -> Iterator[_Process]:
    process = _Process(list(words))
    try:
        process.send(HELLO, _READY)
        process.read(1)
        yield process
    finally:
        process.process.kill()
        with process.process:  # which closes its streams
            pass


def test_nonsense_does_not_end_the_conversation() -> None:
    """Whatever a client writes, the next request gets a response, and standard error stays empty."""
    with _started("demo") as server:
        server.send(
            b"this is no JSON",
            b"",
            b"[" * 5000,
            b'{"jsonrpc": "2.0", "id": {}, "method": 7}',
            b'{"jsonrpc": "2.0", "id": 7, "method": "no/such/method"}',
            b'{"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": {"name": 1}}',
            b'{"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "call", "arguments": []}}',
            b"\xff\xfe\x00" * 10,
            b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}}',
            _call(2, operation="get-org"),
        )
        assert 200 == server.read(2)["result"]["structuredContent"]["status"]
        assert (0, b"") == server.end()


def test_a_message_without_end_takes_no_memory() -> None:
    """A line of many megabytes is passed over as it comes, and the next one is read."""
    with _started("demo") as server:
        before = _memory(server.process.pid)
        for _ in range(20):
            assert server.process.stdin is not None
            server.process.stdin.write(b" " * 8 * 1024 * 1024)
        server.send(b"", _call(2, operation="get-org"))
        assert 200 == server.read(2)["result"]["structuredContent"]["status"]
        assert _memory(server.process.pid) - before < 100 * 1024 * 1024


def _memory(pid: int) -> int:
    """Return the most bytes of memory that a process has had so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    pytest.skip("this system does not tell")


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_nobody_waits_for_a_call_any_more(end: str) -> None:
    """A cancelled call closes its connection to the API, and so does a client that leaves."""
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                asked.set()
                connection.settimeout(20)
                if connection.recv(1) == b"":
                    left.set()

        asked = threading.Event()
        threading.Thread(target=serve, daemon=True).start()
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api = save_api(get("/a", "get-a"), server=origin)
        with _started(api) as process:
            process.send(_call(2, operation="get-a"))
            assert asked.wait(20)
            if end == "cancel":
                cancelled = {"method": "notifications/cancelled", "params": {"requestId": 2}}
                process.send({"jsonrpc": "2.0", **cancelled})
                assert left.wait(20)
            assert (0, b"") == process.end()
            assert left.wait(20)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_signal_ends_it_at_once(number: int, code: int) -> None:
    """A server that waits for the next message ends as every program does by a signal, without a word."""
    with _started("demo") as server:
        os.kill(server.process.pid, number)
        assert (code, b"") == (
            server.process.wait(15),
            server.process.stderr.read() if server.process.stderr else b"",
        )


def test_a_client_that_reads_no_more_ends_it() -> None:
    """A closed standard output is a broken pipe, as it is for every program."""
    with _started("demo") as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        server.send(_call(2, operation="get-org"))
        assert -signal.SIGPIPE == server.process.wait(20)
        assert b"" == (server.process.stderr.read() if server.process.stderr else b"")


def test_what_others_print_is_no_message(server: Recorder) -> None:
    """A child's output cannot stand among the messages, and no child reads them."""
    save_api(
        get("/a", "get-a", security=[{"auth": []}]),
        server=server,
        schemes={"auth": {"type": "http", "scheme": "bearer"}},
    )
    server.responses["/a"] = Response(body=b"{}")
    run_cli("api", "add", "things", "./api.json", "--accept-origin", server.origin)
    program = Path("print_token.py")
    program.write_text("import os, sys; os.write(1, b'tok-1234\\n'); os.write(2, b'noise'); sys.stdin.read()")
    config = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    line = f"command:{sys.executable} {program.absolute()}"
    with config.open("a") as file:
        file.write(f'[apis.things.auth.auth]\ntoken = "{line}"\n')
    with _started("things") as process:
        process.send(_call(2, operation="get-a"))
        assert 200 == process.read(2)["result"]["structuredContent"]["status"]
        assert ["Bearer tok-1234"] == server.last.headers["authorization"]
        assert 0 == process.end()[0]


def test_many_calls_are_answered_at_once(server: Recorder) -> None:
    """They do not wait for each other, and each response has its number."""
    together = threading.Barrier(8)

    def wait(request: RecordedRequest) -> Response:
        together.wait(20)
        return json_response({"q": request.target.partition("q=")[2]})

    server.responses["/a"] = wait
    query = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
    api = save_api(get("/a", "get-a", parameters=query), server=server)
    with _started(api) as process:
        process.send(
            *(_call(number, operation="get-a", inputs={"q": str(number)}) for number in range(2, 10))
        )
        found: dict[int, str] = {}
        while len(found) < 8:
            assert process.process.stdout is not None
            message = json.loads(process.process.stdout.readline())
            found[message["id"]] = message["result"]["structuredContent"]["data"]["q"]
        assert {number: str(number) for number in range(2, 10)} == found
