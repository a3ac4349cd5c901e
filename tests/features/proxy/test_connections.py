"""Connections on both sides of `dynacli proxy`: which are kept, which end, and how many there may be."""

import asyncio
import json
import socket
import threading
import time

import pytest

from dynacli.features.proxy import _passing_exchange as passing_exchange
from dynacli.features.proxy import _validation_thread as validating_thread
from dynacli.features.proxy import run_proxy as client_connection
from dynacli.features.proxy._validation_thread import CopyBudget, PassedExchange, ValidationThread
from dynacli.features.proxy.upstream_server import UpstreamConnection, UpstreamServer
from tests.documents import operation, save_api
from tests.features.proxy.through_proxy import exchanged, own_process, raw_server, through_proxy
from tests.harness import Recorder, free_port
from tests.served_document import until

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def _document() -> str:
    operations = {method: operation(f"{method}-all") for method in ("get", "post")}
    return save_api({"/a": operations})


def _request(method: bytes, *, closes: bool = False) -> bytes:
    connection = b"Connection: close\r\n" if closes else b""
    return b"%b /a HTTP/1.1\r\nHost: localhost\r\n%bContent-Length: 0\r\n\r\n" % (method, connection)


def _head(sock: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n") and (piece := sock.recv(1)):
        head += piece
    return head


def test_a_connection_that_the_upstream_closes_is_left() -> None:
    """What can be repeated is sent again, over a new one; what cannot gets a response by the proxy."""
    statuses: list[int] = []

    def talk(sock: socket.socket, _: bytes) -> bytes:
        sock.sendall(_OK)
        return _head(sock)  # and closes the connection without a response

    def client(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            for method in (b"GET", b"GET", b"POST"):
                sock.sendall(_request(method))
                head = _head(sock)
                statuses.append(int(head.split()[1]))
                sock.recv(int(head.partition(b"Content-Length: ")[2].split()[0]))

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin, "--no-fail")
    assert [200, 200, 502] == statuses
    assert [2, 2] == [got.count(b" /a HTTP/1.1\r\n") for got in server.got]


def test_what_an_upstream_sends_too_much_reaches_no_other_request() -> None:
    """A response that no one has asked for would be taken for that to the next one."""
    responses: list[bytes] = []

    def talk(sock: socket.socket, _: bytes) -> bytes:
        sock.sendall(_OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        return _head(sock)

    def client(port: int) -> None:
        responses.extend(exchanged(port, _request(b"GET", closes=True)) for _ in range(2))

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin, "--no-fail")
    assert [_OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")] * 2 == responses
    assert [1, 1] == [got.count(b" /a HTTP/1.1\r\n") for got in server.got]


@pytest.mark.parametrize("seconds", [0, 0.05], ids=["soon", "sooner-than-it-is-asked"])
def test_an_upstream_that_responds_at_once_is_heard(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Some servers say that they have no room before they are asked, or while the request is still coming."""
    responses: list[bytes] = []
    connect = UpstreamServer.connect

    async def connect_slowly(upstream: UpstreamServer) -> UpstreamConnection:
        connection = await connect(upstream)
        await asyncio.sleep(seconds)
        return connection

    monkeypatch.setattr(UpstreamServer, "connect", connect_slowly)
    full = b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def client(port: int) -> None:
        responses.append(exchanged(port, _request(b"POST", closes=True)))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc")
            responses.append(_head(sock))
            sock.sendall(b"defghi" + _request(b"POST"))
            responses.append(_head(sock))

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                sock, _ = listener.accept()
                with sock:
                    sock.sendall(full)
                    while sock.recv(1000):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        through_proxy(client, _document(), "--upstream", origin, "--no-fail")
        thread.join()
    plain = full.replace(b"Connection: close\r\n", b"")
    assert [full, plain, plain] == responses


@pytest.mark.exhaustive
def test_clients_that_hang_are_left(monkeypatch: pytest.MonkeyPatch, server: Recorder) -> None:
    """One that asks for nothing, or not to the end of its head, is closed; one that stops in a body is told why."""
    monkeypatch.setattr(client_connection, "_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(passing_exchange, "STALLED_SECONDS", 0.1)
    responses: list[bytes] = []

    def client(port: int) -> None:
        head = b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
        responses.extend(exchanged(port, sent) for sent in (b"", head, head + b"\r\nabc"))

    result = through_proxy(client, _document(), "--upstream", server.origin, "-o", "json", "-f", "refused")
    assert [b"", b""] == responses[:2]
    assert responses[2].startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert '"The client sent nothing more of its request"\n' == result.stdout


@pytest.mark.exhaustive
def test_requests_that_are_sent_ahead_wait_at_their_client() -> None:
    """One that sends faster than it gets a response does not fill the memory of the proxy."""
    ahead = _request(b"GET") * (20 * 1024 * 1024 // len(_request(b"GET")))

    def talk(sock: socket.socket, _: bytes) -> bytes:
        sock.sendall(_OK)
        while piece := sock.recv(1 << 16):
            sock.sendall(_OK * piece.count(b"\r\n\r\n"))
        return b""

    def client(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=1.5) as sock, pytest.raises(TimeoutError):
            sock.sendall(ahead)

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin, "--no-fail", "--validate", "off")


def test_a_body_that_is_sent_ahead_comes_whole() -> None:
    """The client is not read while much of it waits, and is again once that has passed on."""
    size, begun, sent = 400_000, threading.Event(), list[bytes]()

    def talk(sock: socket.socket, _: bytes) -> bytes:
        assert begun.wait(20)
        time.sleep(0.1)  # so that the proxy has stopped reading
        sock.sendall(_OK)
        got = _head(sock)
        while not got.endswith(b"!") and (piece := sock.recv(1 << 16)):
            got += piece
        sock.sendall(_OK)
        return got

    def client(port: int) -> None:
        ahead = _request(b"POST", closes=True).replace(b"Length: 0", b"Length: %d" % size)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(_request(b"GET") + ahead + b"x" * 200_000)
            begun.set()
            sock.sendall(b"x" * (size - 200_001) + b"!")
            sent.extend(iter(lambda: sock.recv(1 << 16), b""))

    with raw_server(talk) as server:
        through_proxy(client, _document(), "--upstream", server.origin, "--no-fail", "--validate", "off")
    assert 2 == b"".join(sent).count(b"HTTP/1.1 200 OK")
    assert server.got[0].endswith(b"x!")


@pytest.mark.exhaustive
def test_a_client_that_has_said_all_gets_its_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes its side and reads on; one that does not read on looks the same, and is waited for a while."""
    monkeypatch.setattr(passing_exchange, "LINGER_SECONDS", 1)
    responses, over = list[bytes](), threading.Event()

    def talk(sock: socket.socket, head: bytes) -> bytes:
        time.sleep(0.1)
        if head.startswith(b"POST"):
            over.wait(20)
        sock.sendall(_OK)
        return b""

    def client(port: int) -> None:
        # The POST comes first: after the GET it might get a connection that the server is just closing.
        for method in (b"POST", b"GET"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                sock.sendall(_request(method))
                sock.shutdown(socket.SHUT_WR)
                responses.append(b"".join(iter(lambda: sock.recv(1000), b"")))
            over.set()

    words = (_document(), "--no-fail", "-o", "ndjson", "-f", "[error]")
    with raw_server(talk) as server:
        result = through_proxy(client, *words, "--upstream", server.origin)
    assert [b"", _OK] == responses
    assert '["the client ended it early"]\n[null]\n' == result.stdout


@pytest.mark.parametrize("size", [0, 40 * 1024 * 1024], ids=["little-memory", "much-memory"])
def test_the_validator_waits_while_much_passes(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Beside it an exchange takes ten times as long; only if bodies take much memory it does not wait."""
    monkeypatch.setattr(validating_thread, "_WINDOW", 0.5)
    validated: list[PassedExchange] = []
    budget = CopyBudget()
    assert budget.take(size)
    thread = ValidationThread(validated.append, budget)
    thread.start_with(lambda: None)

    def is_validated() -> bool:
        thread.begin()  # meanwhile further exchanges begin
        return len(validated) == 50

    for _ in range(50):
        for _ in range(3):
            thread.begin()
        thread.put(PassedExchange("GET", "/", "http://127.0.0.1/", [], budget))
    if size:
        until(is_validated, "the judge")
    else:
        time.sleep(0.05)
    assert len(validated) == (50 if size else 0)
    thread.finish()
    assert 50 == len(validated)


@pytest.mark.exhaustive
def test_a_way_back_over_another_proxy_ends_where_there_is_no_room() -> None:
    """Each proxy passes on to the other one; with no header added, nothing tells a request from the one before it."""
    ports = free_port(), free_port()
    api = _document()
    origins = [f"http://127.0.0.1:{port}" for port in ports]
    words = api, "--no-fail", "--validate", "off"
    with (
        own_process(*words, "--upstream", origins[1], port=ports[0]),
        own_process(*words, "--upstream", origins[0], port=ports[1]),
    ):
        head, _, body = exchanged(ports[0], _request(b"GET", closes=True)).partition(b"\r\n\r\n")
        again = exchanged(ports[0], b"nonsense\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert "All 400 requests that pass ask for the same" in json.loads(body)["detail"]
    assert again.startswith(b"HTTP/1.1 400 ")  # there is room again
