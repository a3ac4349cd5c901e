"""`dynacli mcp --http`: who gets in, and what the SDK's own client does there."""

import asyncio
import http.client
import json
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp_types import ListToolsResult, PaginatedRequestParams

from dynacli.environment import Environment
from dynacli.features.mcp.http_place import http_application, kept_token, listening_at
from dynacli.secrets import Secret
from tests.documents import get, save_api
from tests.features.mcp.clients import HELLO
from tests.harness import RecordedRequest, Recorder, Response, run_cli

pytestmark = pytest.mark.exhaustive

_READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


@contextmanager
def _listening(*words: str, demo: bool = True) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a server, and yield its URL."""
    command = [sys.executable, "-m", "dynacli", "mcp", *["demo"][: int(demo)], "--http", "0", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            yield process.stderr.readline().decode().split()[4].rstrip(";"), process
        finally:
            process.kill()


def _post(url: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    try:
        connection.request("POST", parts.path, body or json.dumps(HELLO).encode(), {**given, **headers})
        response = connection.getresponse()
        return response.status, response.read(2000).decode() if response.status != 200 else ""
    finally:
        connection.close()


def _token(home: Path) -> str:
    path = home / "state" / "mcp-token"
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    return path.read_text()


def test_who_gets_in(home: Path) -> None:
    """A request needs the token, this server as its host, and no page of elsewhere as its origin."""
    with _listening() as (url, process):
        token = _token(home)
        port = urlsplit(url).port
        bearer = {"Authorization": f"Bearer {token}"}
        assert 200 == _post(url, bearer)[0]
        assert 401 == _post(url, {})[0]
        assert 401 == _post(url, {"Authorization": f"Bearer {token[:-1]}"})[0]
        assert 401 == _post(url, {"Authorization": "Bearer \xe9"})[0]
        for host in (f"evil.example:{port}", "localhost:.evil.example", f"evil:{port}"):
            assert 421 == _post(url, {"Host": host, **bearer})[0]
            assert 403 == _post(url, {"Origin": f"http://{host}", **bearer})[0]
        assert 403 == _post(url, {"Origin": "null", **bearer})[0]
        assert 200 == _post(url, {"Host": "localhost:9000", **bearer})[0]
        assert 200 == _post(url, {"Origin": f"http://localhost:{port}", **bearer})[0]
        assert 413 == _post(url, bearer, b"x" * 5_000_000)[0]
        assert 400 == _post(url, bearer, b"nonsense")[0]
        for status, text in (_post(url, {}), _post(url, bearer, b"nonsense")):
            assert status >= 400
            assert token not in text
            assert "Traceback" not in text
        process.send_signal(signal.SIGTERM)
        assert -signal.SIGTERM == process.wait(20)
        assert b"" == (process.stdout.read() if process.stdout else b"")


def test_sessions_lock_no_one_out(home: Path) -> None:  # noqa: ARG001
    """Above the limit, the session ends that was used the longest time ago; one with a call under way stays."""
    place = listening_at("0", Secret("a token of mine"))
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def list_tools(_context: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        if params is not None and params.cursor:
            inside.set()
            await go_on.wait()
        return ListToolsResult(tools=[])

    server = Server("test", on_list_tools=list_tools)
    application = http_application(server, place, most=3)

    async def post(client: httpx2.AsyncClient, message: object, session: str = "") -> httpx2.Response:
        given = {"Accept": "application/json, text/event-stream", "Authorization": "Bearer a token of mine"}
        return await client.post(
            "/mcp", json=message, headers={**given, "Mcp-Session-Id": session} if session else given
        )

    async def listed(client: httpx2.AsyncClient, session: str, cursor: str = "") -> int:
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {"cursor": cursor}}
        return (await post(client, listing, session)).status_code

    async def act(client: httpx2.AsyncClient) -> None:
        async def opened() -> str:
            session = (await post(client, HELLO)).headers["mcp-session-id"]
            assert 202 == (await post(client, _READY, session)).status_code
            return session

        busy, second, third = [await opened() for _ in range(3)]
        call = asyncio.create_task(listed(client, busy, "wait"))
        await inside.wait()
        assert 200 == await listed(client, second)
        fourth = await opened()
        assert [200, 404, 200] == [await listed(client, name) for name in (second, third, fourth)]
        assert 6 == len({busy, second, third, fourth, await opened(), await opened()})
        go_on.set()
        assert 200 == await call

    asyncio.run(_with_application(application, act))
    place.socket.close()


async def _with_application(application: Any, act: Callable[[httpx2.AsyncClient], Awaitable[None]]) -> None:
    """Call a function with a client of an application that runs in this process."""
    messages: list[dict[str, Any]] = [{"type": "lifespan.startup"}]
    started, ended = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await ended.wait()
        return {"type": "lifespan.shutdown"}

    async def send(_message: object) -> None:
        started.set()

    running = asyncio.create_task(application({"type": "lifespan", "state": {}}, receive, send))
    await started.wait()
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", timeout=20) as client:
        await act(client)
    ended.set()
    await running


def test_a_slow_api_holds_up_no_one_else(home: Path, server: Recorder) -> None:
    """While calls of one API fill all its threads, lists, other APIs and other clients get their responses."""
    full, go_on = threading.Event(), threading.Event()

    def slow(_request: RecordedRequest) -> Response:
        if len(server.requests) == 16:
            full.set()
        go_on.wait(60)
        return Response(body=b"{}")

    server.responses.update({"/slow": slow, "/fast": Response(body=b"{}")})
    for name in ("slow", "fast"):
        save_api(get(f"/{name}", name), server=server, file=f"{name}.json")
        assert 0 == run_cli("api", "add", name, f"{name}.json").exit_code

    async def call(url: str, name: str, count: int) -> list[Any]:
        headers = {"Authorization": f"Bearer {_token(home)}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http_client,
            Client(streamable_http_client(url, http_client=http_client)) as client,
        ):
            calls = [client.call_tool("call", {"api": name, "operation": name}) for _ in range(count)]
            waiting = [asyncio.create_task(each) for each in calls]
            if name == "slow":
                assert await asyncio.to_thread(full.wait, 30)
                async with asyncio.timeout(20):
                    assert 4 == len((await client.list_tools()).tools)
                    fast = await client.call_tool("call", {"api": "fast", "operation": "fast"})
                    assert 200 == fast.structured_content["status"]
                    assert [200] == [each.structured_content["status"] for each in await call(url, "fast", 1)]
                go_on.set()
            return list(await asyncio.gather(*waiting))

    with _listening("slow", "fast", demo=False) as (url, _):
        assert 18 == len(asyncio.run(call(url, "slow", 18)))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_large_response_is_read_by_its_client_alone(home: Path, mode: str) -> None:
    """A second client with the token does not get at the result by its number; the first one does."""

    async def act(url: str) -> None:
        headers = {"Authorization": f"Bearer {_token(home)}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http_client:
            transports = [streamable_http_client(url, http_client=http_client) for _ in range(2)]
            async with Client(transports[0], mode=mode) as mine, Client(transports[1], mode=mode) as other:
                arguments = {"operation": "search-runs", "inputs": {"range": "30d"}, "max_items": 100}
                called = await mine.call_tool("call", arguments)
                handle = called.structured_content["stored"]["result"]
                asked = {"result": handle, "sql": "select count(*) as n from rows"}
                found = await mine.call_tool("result", asked)
                assert [{"n": 100}] == found.structured_content["data"]
                guess = {"result": "result:1", "from": 0}
                assert (await other.call_tool("result", guess)).is_error
                assert (handle == "result:1") == (mode == "legacy")

    with _listening("--max-bytes", "4000") as (url, _):
        asyncio.run(act(url))


def test_the_token_stays(home: Path) -> None:
    """Clients are told once; a token that others could read, or that is none, is made again."""
    first = kept_token(Environment()).reveal()
    assert (first, first) == (kept_token(Environment()).reveal(), _token(home))
    (home / "state" / "mcp-token").chmod(0o644)
    second = kept_token(Environment()).reveal()
    assert (second, True) == (_token(home), first != second)
    (home / "state" / "mcp-token").write_bytes(b"\xff")
    assert second != kept_token(Environment()).reveal()


def test_a_client_uses_the_tools(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's client does over HTTP what it does over standard input and output."""
    monkeypatch.setenv("MY_TOKEN", "a token of mine")

    async def use(url: str) -> int:
        async with (
            httpx2.AsyncClient(headers={"Authorization": "Bearer a token of mine"}) as http_client,
            Client(streamable_http_client(url, http_client=http_client)) as client,
        ):
            found = await client.call_tool("search", {"query": "search runs"})
            result = await client.call_tool("call", found.structured_content["best"]["call"])
            return int(result.structured_content["status"])

    with _listening("--token", "env:MY_TOKEN") as (url, _):
        assert 200 == asyncio.run(use(url))
        assert not (home / "state" / "mcp-token").exists()


@pytest.mark.parametrize(
    ("words", "code", "reported"),
    [
        pytest.param(["--http", "x"], 2, "names no port", id="no-port"),
        pytest.param(["--http", "99999"], 2, "names no port", id="large-port"),
        pytest.param(["--http", "no.such.host.invalid:0"], 2, "Cannot listen", id="no-host"),
        pytest.param(["--http", "0", "--token", "secret"], 2, "takes a reference", id="secret"),
        pytest.param(["--http", "0", "--token", "env:NOT_SET"], 10, "gives nothing", id="no-token"),
        pytest.param(["--http", "0", "--token", "none"], 2, "The server requires a token", id="none"),
        pytest.param(["--token", "none"], 2, "needs `--http`", id="no-http"),
        pytest.param(["--max-bytes", "10"], 2, "--max-bytes", id="few-bytes"),
    ],
)
def test_what_cannot_be_served(words: list[str], code: int, reported: str) -> None:
    """Wrong words end it before it listens."""
    result = run_cli("mcp", "demo", *words)
    assert (code, "") == (result.exit_code, result.stdout)
    assert reported in result.stderr
