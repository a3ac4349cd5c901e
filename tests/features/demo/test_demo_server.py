"""The demo API starts fast and quietly on loopback, says what is wrong with a port, and stops at once."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import httpx
import pytest

from dynacli.errors import UsageError
from dynacli.features.demo import demo_server
from dynacli.features.demo._requests import DemoRequest, DemoResponse, json_response
from dynacli.features.demo.demo_server import Application, running, serving
from dynacli.http.serving import listening_socket, origin_at
from dynacli.registry.demo_facts import API_KEYS, ROLES, DemoServer
from tests.harness import run_cli

_SERVE = """
from dynacli.features.demo.demo_server import serve_forever
serve_forever(port=0, on_ready=lambda server: print(server.document_url, flush=True))
print("returned", flush=True)
"""


def test_the_import_loads_no_server() -> None:
    """Importing the package and finding the document loads neither Starlette, uvicorn nor asyncio."""
    program = """
import sys
from dynacli.registry.demo_facts import document_path
import os
assert os.path.exists(document_path())
print(sorted({"starlette", "uvicorn", "asyncio", "json", "httpx"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_call_sends_one_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of `demo` takes its operations from the document that ships, and asks the server only for the response."""
    assert 0 == run_cli("demo", "get-org").exit_code  # the first call of all compiles the document
    asked: list[str] = []
    response = Application.response

    def noting(application: Application, request: DemoRequest) -> DemoResponse:
        asked.append(f"{request.method} {request.path}")
        return response(application, request)

    monkeypatch.setattr(Application, "response", noting)
    assert 0 == run_cli("demo", "get-org").exit_code
    assert ["GET /api/armature/v1/org"] == asked


def test_data_is_read_for_a_response_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document and refusals need no data, so none is read for them."""

    def read() -> None:
        pytest.fail("the data was read")

    monkeypatch.setattr(demo_server, "Store", read)
    with running() as server:
        assert 200 == httpx.get(server.document_url).status_code
        assert 401 == httpx.get(f"{server.origin}/api/armature/v1/org").status_code


def test_a_defect_is_told_and_ends_no_server() -> None:
    """An exception of an exchange is told, its client gets 500, and the next one a response."""
    reported: list[Exception] = []
    sock = listening_socket("127.0.0.1", 0)
    origin = origin_at(sock, "127.0.0.1")

    def response(request: DemoRequest) -> DemoResponse:
        if request.path == "/wrong":
            raise LookupError(request.path)
        return json_response(200, request.path)

    with serving(sock, response, reported.append), httpx.Client(base_url=origin) as client:
        assert 500 == client.get("/wrong").status_code
        assert "/right" == client.get("/right").json()
    assert ["/wrong"] == list(map(str, reported))


def test_a_large_body_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body above the limit is not kept, and the next connection gets a response."""
    monkeypatch.setattr(demo_server, "_MOST_BODY", 10)
    with running() as server:
        body = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
        with socket.create_connection(("127.0.0.1", _port(server)), timeout=5) as raw:
            raw.sendall(body)
            assert raw.recv(100).startswith(b"HTTP/1.1 413")
        assert 200 == httpx.get(server.document_url).status_code


def test_connections_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection above the limit is closed, and one is taken again when another has ended."""
    monkeypatch.setattr(demo_server, "_MOST_CONNECTIONS", 1)
    with running() as server:
        with socket.create_connection(("127.0.0.1", _port(server)), timeout=5) as first:
            first.sendall(b"NONSENSE")
            with socket.create_connection(("127.0.0.1", _port(server)), timeout=5) as further:
                assert b"" == further.recv(1)
            first.sendall(b"\r\n\r\n")
            while first.recv(100):
                pass
        for _ in range(100):
            with suppress(httpx.TransportError):
                assert 200 == httpx.get(server.document_url).status_code
                return
            time.sleep(0.05)
        pytest.fail("the connection that has ended still counts")


def _port(server: DemoServer) -> int:
    return int(server.origin.rpartition(":")[2])


def test_it_says_where_it_is() -> None:
    """The description names a loopback origin, the document under it, and a key for each role."""
    with running() as server:
        assert server.origin.startswith("http://127.0.0.1:")
        assert f"{server.origin}/api/armature/v1/openapi" == server.document_url
        assert set(ROLES) == set(server.api_keys)
        assert all(key.startswith(f"amt_demo{role}_") for role, key in API_KEYS.items())


def test_only_loopback_is_bound() -> None:
    """The server does not listen on another address of this machine."""
    with running() as server:
        port = int(server.origin.rpartition(":")[2])
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):  # noqa: PT011
            pass


@pytest.mark.no_cover
def test_responses_on_one_connection_do_not_wait() -> None:
    """Requests on a kept connection take no 40 ms each, as they would with Nagle's algorithm on."""
    times = []
    with running() as server, httpx.Client() as client:
        for _ in range(20):
            started = time.perf_counter()
            client.get(server.document_url)
            times.append(time.perf_counter() - started)
    assert min(times[10:]) < 0.04  # the quickest, because a busy machine makes any other wait


def test_two_run_side_by_side() -> None:
    """Two demo APIs have ports and data of their own."""
    with running() as first, running() as two:
        assert first.origin != two.origin
        headers = {"Authorization": f"Bearer {API_KEYS['owner']}"}
        httpx.post(f"{first.origin}/api/armature/v1/mcp-servers", json={"name": "x"}, headers=headers)
        counts = [
            len(httpx.get(f"{server.origin}/api/armature/v1/mcp-servers", headers=headers).json()["rows"])
            for server in (first, two)
        ]
    assert counts == [7, 6]


def test_a_chosen_port_can_be_had_again() -> None:
    """A port that a demo API has left is free at once, connections or not."""
    with running() as server, httpx.Client() as client:
        client.get(server.document_url)
        port = int(server.origin.rpartition(":")[2])
    with running(port=port) as again:
        assert server.origin == again.origin
        assert httpx.get(again.document_url).status_code == 200


def test_a_port_in_use_is_a_usage_error() -> None:
    """A port that someone else listens on is refused before anything starts, and the error says why."""
    with running() as server:
        port = int(server.origin.rpartition(":")[2])
        with pytest.raises(UsageError) as caught, running(port=port):
            pass
    assert f"Cannot listen on port {port} of 127.0.0.1" == caught.value.message
    assert caught.value.reason == os.strerror(98)
    assert caught.value.hint == "Give another port, or 0 for a free one"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_is_a_usage_error(port: int) -> None:
    """A number that is not a port is refused."""
    with pytest.raises(UsageError) as caught, running(port=port):
        pass
    assert caught.value.reason == "A port is a number from 0 to 65535"


def test_it_stops_at_once() -> None:
    """The end waits for no client, though one keeps a connection and another waits for a response."""
    outcome: list[str] = []
    waiting = threading.Event()

    def wait_for_ever(origin: str) -> None:
        headers = {"Authorization": f"Bearer {API_KEYS['viewer']}"}
        with httpx.Client(event_hooks={"request": [lambda _: waiting.set()]}) as client:
            try:
                client.get(f"{origin}/api/armature/v1/org", headers=headers, timeout=120)
            except httpx.TransportError as error:
                outcome.append("late" if isinstance(error, httpx.TimeoutException) else "ended")

    with httpx.Client() as idle, running(misbehave={"getOrg": "hang"}) as server:
        idle.get(server.document_url)
        thread = threading.Thread(target=wait_for_ever, args=(server.origin,))
        thread.start()
        assert waiting.wait(60)
        time.sleep(0.1)
    thread.join()
    assert outcome == ["ended"]


def test_an_error_in_the_block_comes_out() -> None:
    """The server ends with the block, however the block ends."""
    with pytest.raises(ZeroDivisionError), running() as server:
        raise ZeroDivisionError
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.document_url)


def test_it_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither good nor broken requests leave anything on the standard streams."""
    with running() as server:
        httpx.get(server.document_url)
        httpx.get(f"{server.origin}/nothing")
        port = int(server.origin.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            raw.sendall(b"NONSENSE\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_foreground_ends_with_a_signal(number: signal.Signals) -> None:
    """`serve_forever` responds until SIGINT or SIGTERM, then returns, with nothing on standard error."""
    arguments = [sys.executable, "-W", "error", "-c", _SERVE]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(url).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("returned\n", "", 0)


def test_the_foreground_gives_the_handlers_back() -> None:
    """After `serve_forever` the signals do what they did before, even if its caller's callback failed."""
    program = """
import signal
from dynacli.features.demo.demo_server import serve_forever
before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
def fail(server):
    raise LookupError("no")
try:
    serve_forever(port=0, on_ready=fail)
except LookupError:
    print(before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)])
"""
    arguments = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=20)
    assert (done.stdout, done.stderr) == ("True\n", "")
