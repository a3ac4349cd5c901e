"""What `check` finds with calls of its own is found through the proxy with another client, and over TLS as well."""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from dynacli.registry.demo_facts import API_KEYS, BASE_PATH, MISBEHAVIOURS
from tests.auth.headless_browser import chromium
from tests.auth.tls_server import Certificates, tls_server
from tests.documents import get, save_api
from tests.features.proxy.through_proxy import exchanged, raw_server, through_proxy
from tests.harness import run_cli
from tests.npm_programs import package, run_program

pytestmark = pytest.mark.exhaustive


def _found(rows: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (row["operation"], finding["rule"], finding["pointer"]) for row in rows for finding in row["findings"]
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_misbehaviours_that_check_finds_are_found_through_the_proxy_with_curl() -> None:
    """Each kind of misbehaviour but silence, spread over the operations that only read."""
    kinds = [kind for kind in MISBEHAVIOURS if kind != "hang"]
    names = [row["operation"] for row in run_cli("check", "demo", "-o", "json").json if row["calls"]]
    words = ["demo", "--validate", "exact"]
    for number, name in enumerate(names):
        words += ["--misbehave", f"{name}={kinds[number % len(kinds)]}"]
    rows = run_cli("check", *words, "-o", "json").json
    paths = [call["url"].partition(BASE_PATH)[2] for row in rows for call in row["calls"]]

    def client(port: int) -> None:
        urls = [word for path in paths for word in ("-o", "/dev/null", f"http://127.0.0.1:{port}{path}")]
        key = f"Authorization: Bearer {API_KEYS['editor']}"
        subprocess.run(("curl", "-s", "--compressed", "-H", key, *urls), check=True)

    result = through_proxy(client, *words, "-o", "json")
    reported = [json.loads(line) for line in result.stdout.splitlines()]
    assert (9, len(paths)) == (result.exit_code, len(reported))
    assert len(kinds) <= len(_found(rows))
    assert _found(rows) == _found(reported)


_SENT_BY_A_PAGE = """
const { chromium } = require(process.argv[1]);
const [browser, origin, file, key] = process.argv.slice(2);
(async () => {
  const running = await chromium.launch({ executablePath: browser, args: ['--no-sandbox', '--no-proxy-server'] });
  const context = await running.newContext({ recordHar: { path: file, content: 'embed' } });
  const page = await context.newPage();
  await page.goto(origin + '/org');
  await page.evaluate(async key => {
    const send = async (method, path, body, type) => {
      const headers = { Authorization: 'Bearer ' + key, ...(type && { 'Content-Type': type }) };
      await (await fetch(path, { method, body, headers })).text();
    };
    const form = new FormData();
    form.append('name', 'ü');
    form.append('file', new Blob(['a']), 'a.bin');
    await send('GET', '/org');
    await send('GET', '/workflows?limit=2&limit=%C3%BC&other=%2F+');
    await send('GET', '/nowhere');
    await send('HEAD', '/org');
    await send('POST', '/mcp-servers', '{"name": "Jürgen", "url": 1}', 'application/json');
    await send('POST', '/mcp-servers', '{"name":', 'application/json');
    await send('POST', '/mcp-servers', new URLSearchParams({ name: 'a b&c' }));
    await send('POST', '/workflows', new Blob(['{}']), 'application/json');
    await send('POST', '/workflows', new Uint8Array([0, 255, 254]), 'application/json');
    await send('POST', '/workflows', form);
  }, key);
  await context.close();
  await running.close();
})();
"""
"""Opens a page in Chromium, lets it send requests, and saves what the browser has recorded of them."""


def test_what_a_browser_has_recorded_is_validated_as_what_has_passed() -> None:
    """It keeps no credentials, and of some bodies nothing; that is not a finding."""
    library, browser, har = package("playwright-core"), chromium(), str(Path("recorded.har").resolve())
    ports: list[int] = []

    def client(port: int) -> None:
        ports.append(port)
        words = (browser, f"http://127.0.0.1:{port}", har, API_KEYS["editor"])
        result = run_program("node", "-e", _SENT_BY_A_PAGE, str(library), *words)
        assert "" == result.stderr

    words = ("demo", "--misbehave", "get-org=wrong-type", "--validate", "exact")
    result = through_proxy(client, *words, "-o", "json")
    reported = [json.loads(line) for line in result.stdout.splitlines()]
    validated = run_cli(
        "validate",
        "demo",
        har,
        "--validate",
        "exact",
        "--server",
        f"http://127.0.0.1:{ports[0]}",
        "-o",
        "json",
    ).json
    unkept = "create-workflow", "required"
    expected = {found for found in _found(reported) if found[1] != "missing-security" and found[:2] != unkept}
    assert expected == _found(validated)
    assert {"type", "additionalProperties", "unreadable-body", "undocumented-media-type"} <= {
        rule for _, rule, _ in expected
    }


def test_an_upstream_with_a_certificate_of_its_own_authority(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The authority of the configuration is trusted; without it the client is told why nothing is passed on."""
    certificates = Certificates(tmp_path_factory.mktemp("certificates"))
    certificates.sign("server")
    folder = certificates.folder
    responses: list[bytes] = []

    def client(port: int) -> None:
        responses.append(exchanged(port, b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    with tls_server(folder, "server", ssl.CERT_OPTIONAL, ssl.TLSVersion.TLSv1_3) as server:
        api = save_api(get("/a", "get-a"), server=server.origin)
        assert 0 == run_cli("api", "add", "corp", api).exit_code
        through_proxy(client, "corp", "--upstream", server.origin, "--no-fail")
        with Path(run_cli("config", "path").stdout.strip()).open("a", encoding="utf-8") as file:
            file.write(f'[apis.corp.profiles.inside]\nca = "{folder}/ca.pem"\n')
        through_proxy(client, "corp", "--upstream", server.origin, "--profile", "inside", "--no-fail")
    assert b" 502 " in responses[0]
    assert b"is not trusted" in responses[0]
    assert responses[1].startswith(b"HTTP/1.1 200 OK\r\n")
    assert responses[1].endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_of_the_environment_is_passed_through(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, canary: str, scheme: str
) -> None:
    """It gets its own credential, and not the upstream."""
    monkeypatch.setenv("no_proxy", "")

    def talk(sock: socket.socket, head: bytes) -> bytes:
        if not head.startswith(b"CONNECT "):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            return b""
        _connect_through(sock, head, b"HTTP/1.1 200 Connected\r\n\r\n")
        return b""

    responses: list[bytes] = []

    def client(port: int) -> None:
        responses.append(exchanged(port, b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    certificates = Certificates(tmp_path_factory.mktemp("certificates"))
    certificates.sign("server")
    folder = certificates.folder
    with (
        tls_server(folder, "server", ssl.CERT_NONE, ssl.TLSVersion.TLSv1_3) as far,
        raw_server(talk) as near,
    ):
        origin = far.origin if scheme == "https" else "http://far.invalid:81"
        api = save_api(get("/a", "get-a"), server=origin)
        assert 0 == run_cli("api", "add", "corp", api).exit_code
        with Path(run_cli("config", "path").stdout.strip()).open("a", encoding="utf-8") as file:
            file.write(f'[apis.corp.profiles.inside]\nca = "{folder}/ca.pem"\n')
        monkeypatch.setenv(f"{scheme}_proxy", near.origin.replace("://", f"://me:{canary}@"))
        through_proxy(client, "corp", "--upstream", origin, "--profile", "inside", "--no-fail")
    assert responses[0].startswith(b"HTTP/1.1 200 OK\r\n")
    expected = b"Proxy-Authorization: Basic " + b64encode(f"me:{canary}".encode())
    assert expected.lower() in near.got[0].lower()
    line = b"GET http://far.invalid:81/a " if scheme == "http" else b"CONNECT " + origin.encode()[8:] + b" "
    assert near.got[0].startswith(line)


def test_a_proxy_of_the_environment_responses_for_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it sends before the server has shown who it is, is not a response of the server."""
    monkeypatch.setenv("no_proxy", "")
    responses: list[bytes] = []

    def talk(sock: socket.socket, head: bytes) -> bytes:
        forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        _connect_through(sock, head, b"HTTP/1.1 200 Connected\r\n\r\n" + forged)
        return b""

    def client(port: int) -> None:
        responses.append(exchanged(port, b"GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    Certificates(tmp_path).sign("server")
    with (
        tls_server(tmp_path, "server", ssl.CERT_NONE, ssl.TLSVersion.TLSv1_3) as far,
        raw_server(talk) as near,
    ):
        api = save_api(get("/a", "get-a"), server=far.origin)
        assert 0 == run_cli("api", "add", "corp", api).exit_code
        with Path(run_cli("config", "path").stdout.strip()).open("a", encoding="utf-8") as file:
            file.write(f'[apis.corp.profiles.inside]\nca = "{tmp_path}/ca.pem"\n')
        monkeypatch.setenv("https_proxy", near.origin)
        through_proxy(client, "corp", "--upstream", far.origin, "--profile", "inside", "--no-fail")
    assert responses[0].startswith(b"HTTP/1.1 502 ")
    assert b"did not let us through" in responses[0]


def _connect_through(sock: socket.socket, head: bytes, response: bytes) -> None:
    """Do what a proxy does that is asked to connect through to a server, after a response of its own."""
    with socket.create_connection(("127.0.0.1", int(head.split()[1].rpartition(b":")[2]))) as far:
        sock.sendall(response)
        thread = threading.Thread(target=_copy, args=(far, sock))
        thread.start()
        _copy(sock, far)
        thread.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
