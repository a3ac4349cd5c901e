"""`dynacli proxy` with many clients, large bodies, and partners that hang or die."""

import asyncio
import hashlib
import json
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.documents import get, operation, parameter, save_api
from tests.features.proxy.through_proxy import exchanged, own_process, raw_server, through_proxy

pytestmark = pytest.mark.exhaustive

_LARGE = 100 * 1024 * 1024
_PIECE = bytes(range(256)) * 256
_GROWTH = 24 * 1024
"""KiB that the process may grow while large bodies pass: a copy of 8 MiB to be validated, and buffers."""


def _document() -> str:
    """A document whose operation takes and gives any bytes."""
    binary: dict[str, Any] = {"application/octet-stream": {}}
    responses = {"200": {"description": "", "content": binary}}
    post = operation("echo", parameter("n", {"type": "integer"}), responses=responses)
    post["requestBody"] = {"content": binary}
    return save_api({"/echo": {"post": post}}, get("/large", responses=responses))


class _Echo(asyncio.Protocol):
    """Responds to each request with its body, and the hash of its head."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.waiting = transport, b""

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            head, _, rest = self.waiting.partition(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(rest) < size:
                return
            self.waiting = rest[size:]
            seen = hashlib.sha256(b"\r\n".join(_end_to_end(head))).hexdigest().encode()
            response = (
                b"HTTP/1.1 200 OK\r\nX-Seen: %b\r\nContent-Type: application/octet-stream\r\n"
                b"Content-Length: %d\r\n\r\n"
            )
            self.transport.write(response % (seen, size) + rest[:size])


def _end_to_end(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.startswith(b"Host:")]


async def _echoes(port: int, count: int, at_once: int) -> list[bool]:
    """Send requests over as many connections, and return whether each came back as it was sent."""
    made = random.Random(17)  # noqa: S311  - sizes and bytes, the same in each run
    sizes = [made.choice((1, 100, 5_000, 100_000)) for _ in range(count)]
    good: list[bool] = []

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while sizes:
            number, body = len(sizes), made.randbytes(sizes.pop())
            head = (
                b"POST /echo?n=%d&x=%%2F+ HTTP/1.1\r\nHost: localhost\r\nX-Number: %d\r\nx-number: b\r\n"
                b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
            ) % (number, number, len(body))
            writer.write(head + body)
            response = await reader.readuntil(b"\r\n\r\n")
            content = await reader.readexactly(len(body))
            seen = hashlib.sha256(b"\r\n".join(_end_to_end(head.removesuffix(b"\r\n\r\n")))).hexdigest()
            good.append(f"X-Seen: {seen}\r\n".encode() in response and content == body)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(send() for _ in range(at_once)))
    return good


@contextmanager
def _echo_server() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(_Echo, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def test_two_thousand_requests_of_fifty_clients_are_not_altered() -> None:
    """Each head and body arrives as it was sent, both ways, and every exchange is told."""
    good: list[bool] = []
    with _echo_server() as origin:
        result = through_proxy(
            lambda port: good.extend(asyncio.run(_echoes(port, 2_000, 50))),
            *(
                _document(),
                "--upstream",
                origin,
                "-o",
                "ndjson",
                "-f",
                "[operation, findings, not_validated[?contains(@, 'too many')]]",
            ),
        )
    assert [True] * 2_000 == good
    assert (0, {'["echo",[],[]]'}, 2_000) == (
        result.exit_code,
        {line.replace(" ", "") for line in result.stdout.splitlines()},
        len(result.stdout.splitlines()),
    )


def _peak(process: subprocess.Popen[bytes]) -> int:
    """Return the most memory that a process has taken, in KiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="only Linux tells the peak of memory")
def test_large_bodies_pass_in_constant_memory() -> None:
    """100 MiB to the server, and 100 MiB from it, even if the client is slow."""
    hashes: list[str] = []

    def talk(sock: socket.socket, head: bytes) -> bytes:
        if head.startswith(b"GET"):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _LARGE)
            for _ in range(_LARGE // len(_PIECE)):
                sock.sendall(_PIECE)
            return b""
        found, left = hashlib.sha256(), _LARGE
        while left:
            piece = sock.recv(min(left, 1 << 16))
            left -= len(piece)
            found.update(piece)
        hashes.append(found.hexdigest())
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return b""

    expected = hashlib.sha256(_PIECE * (_LARGE // len(_PIECE))).hexdigest()
    with (
        raw_server(talk) as server,
        own_process(_document(), "--upstream", server.origin) as (port, process),
    ):
        before = _peak(process)
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % _LARGE)
            for _ in range(_LARGE // len(_PIECE)):
                sock.sendall(_PIECE)
            assert sock.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.5)  # no one reads
            file = sock.makefile("rb")
            while file.readline() != b"\r\n":
                pass
            found = hashlib.sha256()
            for _ in range(_LARGE // len(_PIECE)):
                found.update(file.read(len(_PIECE)))
        hashes.append(found.hexdigest())
        assert [expected, expected] == hashes
        assert _peak(process) - before < _GROWTH


@pytest.mark.long
def test_the_time_for_a_response_begins_when_all_was_sent() -> None:
    """A client may take longer for its request than the server may for the response."""
    responses: list[bytes] = []

    def talk(sock: socket.socket, _: bytes) -> bytes:
        body = sock.recv(1) + sock.recv(1)
        if b"c" not in body:
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            time.sleep(4)
        return body

    def client(port: int) -> None:
        for body in (b"ab", b"bc"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                sock.sendall(
                    b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n" + body[:1]
                )
                time.sleep(1)
                sock.sendall(body[1:])
                responses.append(sock.recv(1000))

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin, "--timeout", "0.5", "--no-fail")
    assert [b"HTTP/1.1 200 OK", b"HTTP/1.1 504 Gateway Timeout"] == [
        response.split(b"\r\n")[0] for response in responses
    ]


def test_partners_that_hang_or_die_hold_up_nobody() -> None:
    """A client that sends half a request, one that leaves a stream, and a server that dies in a response."""
    ended = threading.Event()

    def talk(sock: socket.socket, head: bytes) -> bytes:
        if b"/dies" in head:
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            return b""
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {}\n\ndata: {")
        while sock.recv(100):
            pass
        ended.set()
        return b""

    responses: list[bytes] = []

    def client(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as hanging:
            hanging.sendall(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as leaving:
                leaving.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while not leaving.recv(1000).endswith(b"data: {\r\n"):
                    pass
            assert ended.wait(10), "the upstream is not told that the client has left"
            responses.append(exchanged(port, b"GET /dies HTTP/1.1\r\nHost: localhost\r\n\r\n"))

    events = {"200": {"description": "", "content": {"text/event-stream": {}}}}
    paths = {name: {"get": operation(name[1:], responses=events)} for name in ("/stream", "/dies")}
    with raw_server(talk) as raw:
        words = (
            save_api(paths),
            "--upstream",
            raw.origin,
            "-o",
            "ndjson",
            "-f",
            "[path, error, findings[].rule]",
        )
        result = through_proxy(client, *words)
    rows = {path: (error, rules) for path, error, rules in map(json.loads, result.stdout.splitlines())}
    assert responses[0].endswith(b"\r\n\r\nabc")
    assert ("the client ended it early", []) == rows["/stream"]
    assert "no-response" in rows["/dies"][1]
    assert "the client ended it early" == rows["/echo"][0]
    assert 9 == result.exit_code
