"""Drives the whole program in-process, and a server that records what it is asked."""

import contextlib
import io
import json
import os
import re
import selectors
import shlex
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dynacli.__main__ import main
from dynacli.environment import Environment

REFUSES_NO_PROXY = pytest.mark.skipif(
    os.environ.get("DYNACLI_HTTP") == "httpx2",
    reason="httpx2 passes over hosts of NO_PROXY that it cannot read, as curl does",
)


@dataclass(frozen=True)
class Result:
    """What a run gave.

    `str` of it is its standard output, so that asserts read like the terminal.
    """

    exit_code: int
    stdout_bytes: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode("utf-8", "backslashreplace")

    @property
    def json(self) -> Any:
        return json.loads(self.stdout_bytes)

    @property
    def error(self) -> dict[str, Any]:
        """The error of a run with `--error-format json`."""
        lines = [line for line in self.stderr.splitlines() if line.startswith('{"error"')]
        error: dict[str, Any] = json.loads(lines[-1])["error"]
        return error

    def __str__(self) -> str:
        return self.stdout


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def run_cli(*words: str, stdin: bytes = b"", terminal: tuple[str, ...] = ()) -> Result:
    """Run the program in this process.

    Args:
        words: The words after `dynacli`.
        stdin: What is piped into it.
        terminal: Which of `stdin`, `stdout`, `stderr` say that they are a terminal.
    """
    raw = {"stdin": io.BytesIO(stdin), "stdout": io.BytesIO(), "stderr": io.BytesIO()}
    streams: dict[str, Any] = {
        name: (_Terminal if name in terminal else io.TextIOWrapper)(
            buffer, "utf-8", errors="backslashreplace" if name == "stderr" else "strict", newline="\n"
        )
        for name, buffer in raw.items()
    }
    code = main(list(words), Environment(**streams))
    for name in ("stdout", "stderr"):
        streams[name].flush()
    result = Result(
        code, raw["stdout"].getvalue(), raw["stderr"].getvalue().decode("utf-8", "backslashreplace")
    )
    for stream in streams.values():
        stream.detach()
    _results.append(result)
    return result


_results: list[Result] = []
"""Every result of the current test, for the canary."""


def assert_ended(result: Result, exit_code: int, *texts: str, without: Sequence[str] = ()) -> None:
    """Assert how a run ended, and show all that it printed if it ended otherwise.

    Args:
        texts: What its standard error has, each somewhere.
        without: What its standard error does not have.
    """
    __tracebackhide__ = True
    wrong = [f"exit code {result.exit_code} instead of {exit_code}"] if result.exit_code != exit_code else []
    wrong += [f"no {text!r}" for text in texts if text not in result.stderr]
    wrong += [f"has {text!r}" for text in without if text in result.stderr]
    if wrong:
        pytest.fail(f"{', '.join(wrong)}\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}")


@dataclass(frozen=True)
class RecordedRequest:
    """A request as a server got it.

    Args:
        target: Path and query, as on the wire.
        headers: Name in lower case → values, in order.
    """

    method: str
    target: str
    headers: Mapping[str, list[str]]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What a recording server responds."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


def examples_of(page: str) -> list[list[str]]:
    """Return the words of each example of an operation's help page."""
    block = re.search(r"(?m)^Examples?\n((?:  .*\n)+)", page)
    assert block is not None, page
    return [shlex.split(line) for line in block[1].replace("\\\n", " ").splitlines()]


def json_response(value: Any, status: int = 200, /, **headers: str) -> Response:
    """Return a response with a JSON value."""
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def free_port() -> int:
    """Return a port of this machine at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """Give the URL of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@dataclass
class Recorder:
    """A server on loopback: what it was asked, and how it responds.

    Attributes:
        responses: Path without its query → response, or a function of the request; others get 404.
    """

    origin: str
    requests: list[RecordedRequest] = field(default_factory=list)
    responses: dict[str, Response | Callable[[RecordedRequest], Response]] = field(default_factory=dict)

    @property
    def last(self) -> RecordedRequest:
        return self.requests[-1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # with five, the sixth connection at a time waits for a second

    def __init__(self, address: Any, handler: type[BaseHTTPRequestHandler]) -> None:
        is_path = isinstance(address, str)
        # Python has no sockets for paths on Windows.
        of_path = getattr(socket, "AF_UNIX", socket.AF_INET)
        self.address_family = of_path if is_path else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # that of HTTP looks up the name of the host

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that leaves, or does not trust us
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serving(
    handler: type[BaseHTTPRequestHandler], host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Run a server until the end of the block, and give its origin.

    Args:
        handler: Responds to the requests; nothing is logged.
        host: An address of loopback, whose port is a free one, or the path of a socket.
        tls: What it speaks TLS with.
    """
    is_path = host.startswith("/")
    quiet = type(handler.__name__, (handler,), {"log_message": lambda *_: None})
    server = _Server(host if is_path else (host, 0), quiet)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    ending, end = socket.socketpair()

    def serve() -> None:
        # Unlike `serve_forever`, this looks up only when something comes, and the end comes at once.
        with selectors.DefaultSelector() as selector:
            selector.register(server, selectors.EVENT_READ)
            selector.register(end, selectors.EVENT_READ)
            while not any(key.fileobj is end for key, _ in selector.select()):
                server.handle_request()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if tls is None else "https"
    try:
        yield f"unix:{host}" if is_path else f"{scheme}://{shown}:{server.server_address[1]}"
    finally:
        ending.send(b"\0")
        thread.join()
        server.server_close()
        ending.close()
        end.close()


@contextlib.contextmanager
def recording(path: str = "") -> Iterator[Recorder]:
    """Run a recording server until the end of the block.

    Args:
        path: That of the socket that it listens on; empty for a port of loopback.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def response(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers: dict[str, list[str]] = {}
            for name, value in self.headers.items():
                headers.setdefault(name.lower(), []).append(value)
            is_chunked = "chunked" in headers.get("transfer-encoding", [])
            body = b"".join(self.chunks()) if is_chunked else self.rfile.read(length)
            request = RecordedRequest(self.command, self.path, headers, body)
            recorder.requests.append(request)
            response = recorder.responses.get(
                self.path.partition("?")[0], Response(404, b'{"error":"no such path"}')
            )
            if callable(response):
                response = response(request)
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.response  # whatever the method is

    recorder = Recorder("")
    with serving(Handler, path or "127.0.0.1") as recorder.origin:
        yield recorder
