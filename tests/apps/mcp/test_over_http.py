"""`dynacli mcp --http`: who gets in, and what the SDK's own client does there."""

import asyncio
import http.client
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from dynacli.apps.mcp.http_place import kept_token
from dynacli.environment import Environment
from tests.apps.mcp.clients import HELLO
from tests.harness import run_cli

pytestmark = pytest.mark.exhaustive


@contextmanager
def _listening(*words: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a server, and yield its URL."""
    command = [sys.executable, "-m", "dynacli", "mcp", "demo", "--http", "0", *words]
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
        assert 421 == _post(url, {"Host": f"evil.example:{port}", **bearer})[0]
        assert 403 == _post(url, {"Origin": "http://evil.example", **bearer})[0]
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
        pytest.param(["--http", "0.0.0.0:0", "--token", "none"], 11, "without a token", id="open-to-all"),
        pytest.param(["--token", "none"], 2, "needs `--http`", id="no-http"),
        pytest.param(["--max-bytes", "10"], 2, "--max-bytes", id="few-bytes"),
    ],
)
def test_what_cannot_be_served(words: list[str], code: int, reported: str) -> None:
    """Wrong words end it before it listens."""
    result = run_cli("mcp", "demo", *words)
    assert (code, "") == (result.exit_code, result.stdout)
    assert reported in result.stderr
