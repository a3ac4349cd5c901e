"""A call that no one waits for any more is ended from another thread, wherever it stands."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dynacli.client.api_client import Api
from dynacli.environment import Environment
from dynacli.errors import NetworkError
from dynacli.http.exchange import EndableClients
from dynacli.options.standard_options import Options
from tests.auth.tls_server import Certificates
from tests.documents import get, save_api

_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class _Server:
    """A server that responds to so many requests and is silent then.

    Attributes:
        asked: Set when a request came that gets no response.
        left: Set when the client has closed a connection without one.
    """

    def __init__(self) -> None:
        self.asked, self.left = threading.Event(), threading.Event()
        self.origin = ""


@contextmanager
def _silent_after(count: int, context: ssl.SSLContext | None = None) -> Iterator[_Server]:
    server = _Server()

    def run() -> None:
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) if context else plain as connection:
            for _ in range(count):
                connection.recv(65536)
                connection.sendall(_RESPONSE)
            connection.recv(65536)
            server.asked.set()
            connection.settimeout(20)
            if connection.recv(1) == b"":
                server.left.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.origin = f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server
        thread.join(20)


def _end(server: _Server, act: Callable[[Api], object]) -> BaseException:
    """Return the error of a call that is ended while the server is silent."""
    found: list[BaseException] = []
    clients = EndableClients()
    api = save_api(get("/a", "get-a"), server=server.origin)

    def call() -> None:
        try:
            with Api(api, Environment(), Options(), clients=clients) as opened:
                act(opened)
        except NetworkError as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert server.asked.wait(20)
    began = time.monotonic()
    clients.end()
    assert server.left.wait(20)
    thread.join(20)
    assert time.monotonic() - began < 10
    return found[0]


def _once(api: Api) -> None:
    api.call("get-a")


def _twice(api: Api) -> None:
    api.call("get-a")
    api.call("get-a")


@pytest.mark.parametrize(("count", "act"), [(0, _once), (1, _twice)], ids=["new", "kept"])
def test_the_connection_is_cut(count: int, act: Callable[[Api], object]) -> None:
    """The server sees at once that no one waits, also over a connection that an earlier call has opened."""
    with _silent_after(count) as server:
        assert isinstance(_end(server, act), NetworkError)


def test_an_encrypted_connection_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the response has begun, the socket that TLS has put instead of the first one is known."""
    certificates = Certificates(tmp_path)
    certificates.sign("server")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with _silent_after(0, context) as server:
        assert isinstance(_end(server, _once), NetworkError)


def test_nothing_is_sent_behind_the_end() -> None:
    """A call that begins when the end has come, as that of a next page, sends nothing."""
    clients = EndableClients()
    clients.end()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api = save_api(get("/a", "get-a"), server=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with Api(api, Environment(), Options(), clients=clients) as opened, pytest.raises(NetworkError):
            opened.call("get-a")
        connection, _ = listener.accept()
        with connection:
            assert b"" == connection.recv(1)
