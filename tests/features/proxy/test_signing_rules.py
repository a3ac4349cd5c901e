"""What `dynacli proxy --sign` refuses, removes and limits."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shlex
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.auth.digest_server import DigestServer
from tests.documents import get, put, register_api
from tests.features.proxy.signing_proxy import SigningProxy, signing
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

pytestmark = pytest.mark.exhaustive
"""Each test starts a proxy in a process of its own."""

_BEARER: dict[str, Any] = {
    "schemes": {"token": {"type": "http", "scheme": "bearer"}},
    "security": [{"token": []}],
}


def _register(server: Recorder, *paths: Any, **more: Any) -> None:
    register_api("shop", *(paths or (get("/org", "getOrg"),)), server=server, **(more or _BEARER))
    assert 0 == run_cli("api", "set", "shop", f"origins={server.origin}").exit_code


def _echo(request: RecordedRequest) -> Response:
    return json_response({"headers": dict(request.headers), "url": request.target})


@pytest.fixture
def shop(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A server of the registered API `shop`, which repeats each request, and whose credential is the canary."""
    _register(server, get("/org", "getOrg"), put("/org", "setOrg", body={}), get("/big", "getBig"))
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/org"] = _echo
    return server


_KINDS = {
    "bearer": ({"type": "http", "scheme": "bearer"}, "TOKEN"),
    "basic": ({"type": "http", "scheme": "basic"}, "PASSWORD"),
    "oauth2": ({"type": "oauth2", "flows": {}}, "TOKEN"),
    "header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, "KEY"),
    "query": ({"type": "apiKey", "in": "query", "name": "api_key"}, "KEY"),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, "KEY"),
}


@pytest.mark.parametrize("kind", _KINDS)
def test_the_token_stands_where_the_credential_would(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """For each kind of credential the server gets the credential, once, and never the token."""
    scheme, variable = _KINDS[kind]
    _register(server, schemes={"one": scheme}, security=[{"one": []}])
    server.responses["/org"] = _echo
    monkeypatch.setenv("DYNACLI_SHOP_ONE", f"me:{canary}" if kind == "basic" else canary)
    with signing("shop") as proxy:
        token = proxy.token
        pair = base64.b64encode(f"anyone:{token}".encode()).decode()
        headers = {
            "basic": {"Authorization": f"Basic {pair}"},
            "header": {"X-Key": token},
            "cookie": {"Cookie": f"a=b; sid={token}"},
            "query": {},
        }.get(kind, {"Authorization": f"Bearer {token}"})
        path = f"/org?a=1&api_key={token}" if kind == "query" else "/org"
        reply = proxy.send(path, token="", headers=headers)
        elsewhere = proxy.send("/org", token="", headers={"X-Other": token})
    assert f"SHOP_{variable}" in proxy.variables
    assert (200, 401) == (reply.status, elsewhere.status)
    sent = f"{server.last.target} {server.last.headers}"
    encoded = base64.b64encode(f"me:{canary}".encode()).decode() if kind == "basic" else canary
    assert 1 == sent.count(encoded)
    assert token not in sent
    assert canary not in reply.text
    assert encoded not in reply.text


def test_an_operation_without_security_wants_the_token(shop: Recorder) -> None:
    """Each request needs the token, also one for which the API wants no credential."""
    register_api("open", get("/org", "getOrg"), server=shop)
    with signing("open") as proxy:
        replies = [proxy.send("/org", token=""), proxy.send("/org")]
    assert ["OPEN_API_URL", "OPEN_TOKEN"] == list(proxy.variables)
    assert [401, 200] == [reply.status for reply in replies]
    assert "authorization" not in shop.last.headers


def test_credentials_of_the_program_are_removed(shop: Recorder, canary: str) -> None:
    """The server gets no cookie, no credential for a proxy, and no header about one connection of the program."""
    headers = {"Cookie": "a=b", "Proxy-Authorization": "Basic YTpi", "X-Hop": "1", "Connection": "X-Hop"}
    with signing("shop") as proxy:
        proxy.send("/org", headers=headers)
    assert {"cookie", "proxy-authorization", "x-hop"}.isdisjoint(shop.last.headers)
    assert [f"Bearer {canary}"] == shop.last.headers["authorization"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=lambda headers: next(iter(headers.items())),
)
def test_pages_of_other_sites_are_refused(shop: Recorder, headers: dict[str, str]) -> None:
    """A page in a browser cannot use the port, even if it has the token."""
    with signing("shop") as proxy:
        reply = proxy.send("/org", headers=headers)
    assert reply.status in {403, 421}
    assert not reply.header("Access-Control-Allow-Origin")
    assert [] == shop.requests


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/org", {"X-HTTP-Method-Override": "DELETE"}, None),
        ("GET", "/org?_method=delete", {}, None),
        ("PUT", "/org", {"X-Method-Override": "DELETE"}, b"{}"),
        ("PUT", "/org", {"Content-Type": "application/x-www-form-urlencoded"}, b"_method=DELETE"),
        ("PUT", "/org", {"Content-Type": "application/json"}, b'{"_method": "DELETE"}'),
    ],
)
def test_method_overrides_are_refused(
    shop: Recorder, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> None:
    """With `--write`, too: the server might do something else than the operation."""
    with signing("shop", "--write") as proxy:
        reply = proxy.send(path, method, body, headers=headers)
    assert (403, []) == (reply.status, shop.requests)
    assert "refused by method override" in proxy.output[1]


@pytest.mark.parametrize(
    "path", ["/", "/org/..", "/org/%2e%2e/x", "//org", "/ORG", "/org;x", "http://a/org", "*"]
)
def test_paths_outside_the_document_are_refused(shop: Recorder, path: str) -> None:
    """Nothing is sent for another spelling of a path."""
    with signing("shop") as proxy:
        reply = proxy.send(path)
    assert reply.status in {400, 404, 421}
    assert [] == shop.requests


def test_write_allows_changes(shop: Recorder) -> None:
    """With `--write` the body goes to the server as it is."""
    body = b'{"name": "A"}'
    with signing("shop", "--write") as proxy:
        reply = proxy.send("/org", "PUT", body, headers={"Content-Type": "application/json"})
    assert (200, "PUT", body) == (reply.status, shop.last.method, shop.last.body)
    assert "allowed by --write" in proxy.output[1]


@pytest.mark.parametrize(("words", "status"), [((), 403), (("--yes",), 200)])
@pytest.mark.usefixtures("shop")
def test_the_policy_holds(words: tuple[str, ...], status: int) -> None:
    """What it denies is refused; what it wants confirmed is refused without a terminal, unless `--yes` is given."""
    assert 0 == run_cli("api", "set", "shop", "policy.confirm=PUT", "policy.deny=getBig").exit_code
    with signing("shop", "--write", *words) as proxy:
        replies = [proxy.send("/big"), proxy.send("/org", "PUT", b"{}")]
    assert [403, status] == [reply.status for reply in replies]
    assert "refused by policy" in proxy.output[1]


def _encoded(text: str) -> dict[str, bytes]:
    plain = text.encode()
    return {
        "plain": plain,
        "base64": base64.b64encode(b"x" + plain),
        "urlsafe": base64.urlsafe_b64encode(b"xy" + plain + b"z"),
        "hex": plain.hex().encode(),
        "utf-16": text.encode("utf-16"),
        "escaped": "".join(f"\\u{ord(char):04x}" for char in text).encode(),
    }


@pytest.mark.parametrize("encoding", _encoded(""))
def test_the_credential_is_removed_from_responses(shop: Recorder, canary: str, encoding: str) -> None:
    """In headers and bodies, in each usual encoding."""
    content = _encoded(canary)[encoding]
    header = "x" if encoding == "utf-16" else content.decode()
    shop.responses["/org"] = Response(200, b"a" * 70_000 + content + b"b", {"X-Echo": header})
    with signing("shop") as proxy:
        reply = proxy.send("/org")
    assert 200 == reply.status
    assert content[4:-4] not in reply.body
    assert content[4:-4].decode("latin-1") not in reply.header("X-Echo")
    assert reply.body.startswith(b"a" * 70_000)
    assert reply.body.endswith(b"b")


def test_a_compressed_response_is_searched(shop: Recorder, canary: str) -> None:
    """Dynacli decodes it, and the program gets it without its encoding."""
    content = gzip.compress(f"[{canary}]".encode())
    shop.responses["/org"] = Response(200, content, {"Content-Encoding": "gzip"})
    with signing("shop") as proxy:
        reply = proxy.send("/org", headers={"Accept-Encoding": "weird"})
    assert (200, b"[***]", "") == (reply.status, reply.body, reply.header("Content-Encoding"))
    assert "weird" not in str(shop.last.headers["accept-encoding"])


@pytest.mark.parametrize(
    "response",
    [
        Response(200, b"CANARY", {"Content-Encoding": "rot13"}),
        Response(200, b"CANARY", {"Content-Encoding": "gzip, gzip"}),
        Response(200, b"CANARY", {"Content-Type": "text/plain; charset=utf-7"}),
        Response(200, b"CANARY", {"Content-Type": "text/plain; charset=cp037"}),
        Response(206, b"CANARY", {"Content-Range": "bytes 0-5/6"}),
    ],
    ids=str,
)
def test_a_response_that_cannot_be_searched_is_not_passed_on(shop: Recorder, response: Response) -> None:
    """The program gets 502, and nothing of the response."""
    shop.responses["/org"] = response
    with signing("shop") as proxy:
        reply = proxy.send("/org", headers={"Range": "bytes=0-5"})
    assert 502 == reply.status
    assert "CANARY" not in reply.text
    assert "range" not in shop.last.headers


@pytest.mark.parametrize("has_cookies", [False, True])
def test_cookies_pass_only_on_request(shop: Recorder, has_cookies: bool) -> None:
    """A session of the API is a credential, too."""
    shop.responses["/org"] = Response(200, b"s3ssion-id", {"Set-Cookie": "sid=s3ssion-id; Path=/"})
    with signing("shop", *["--cookies"] * has_cookies) as proxy:
        reply = proxy.send("/org", headers={"Cookie": "a=b"})
    assert has_cookies == bool(reply.header("Set-Cookie"))
    assert has_cookies == (b"s3ssion-id" in reply.body)
    assert has_cookies == ("cookie" in shop.last.headers)


def test_a_redirect_is_a_response(shop: Recorder, other_server: Recorder, canary: str) -> None:
    """A program follows it with a further request, which is checked like each one. No other host gets anything."""
    there = {"Location": f"{other_server.origin}/x?token={canary}"}
    back = {"Location": f"{shop.origin}/big?a=1"}
    with signing("shop") as proxy:
        locations = []
        for headers in (there, back, {"Location": "/big"}):
            shop.responses["/org"] = Response(302, b"", headers)
            reply = proxy.send("/org")
            assert 302 == reply.status
            locations.append(reply.header("Location"))
    assert [f"{other_server.origin}/x?token=***", "/big?a=1", "/big"] == locations
    assert [] == other_server.requests
    assert 3 == len(shop.requests)


def test_a_limit_on_requests_counts_what_is_passed_on(shop: Recorder) -> None:
    """Refused requests do not count, and the first one too many gets 429."""
    with signing("shop", "--max-requests", "2") as proxy:
        statuses = [
            proxy.send(path, token=token).status
            for path, token in [("/no", None), ("/org", ""), ("/org", None), ("/org", None), ("/org", None)]
        ]
    assert [404, 401, 200, 200, 429] == statuses
    assert 2 == len(shop.requests)


@pytest.mark.usefixtures("shop")
def test_the_token_expires() -> None:
    """After the time of `--expires` no request is passed on."""
    with signing("shop", "--expires", "2s") as proxy:
        first = proxy.send("/org")
        time.sleep(2.2)
        second = proxy.send("/org")
    assert (200, 401) == (first.status, second.status)
    assert "refused by expiry" in proxy.output[1]


@pytest.mark.usefixtures("shop")
def test_json_lines_and_history() -> None:
    """With `-o json` each request is an object on standard error; the history has the calls."""
    with signing("shop", "-o", "json") as proxy:
        proxy.send("/org?q=1")
        proxy.send("/no")
    rows = [json.loads(line) for line in proxy.log() if line.startswith("{")]
    shown = [(row["operation"], row["status"], row["decided_by"]) for row in rows]
    assert [("get-org", 200, "read-only"), (None, 404, "document")] == shown
    assert ["dynacli shop get-org -Qq=1"] == [row["command"] for row in run_cli("history", "-o", "json").json]


@pytest.mark.usefixtures("shop")
def test_a_socket_is_private_and_removed(tmp_path: Path) -> None:
    """It has mode 0600, and an existing path is refused."""
    path = tmp_path / "s"
    with signing("shop", "--socket", str(path)) as proxy:
        assert f"unix:{path}" == proxy.url
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        assert 200 == proxy.send("/org").status
        assert 12 == run_cli("proxy", "shop", "--sign", "--socket", str(path)).exit_code
    assert not path.exists()


def _program(code: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dynacli", "proxy", "shop", "--sign", "--port", "0", *words, "--"]
    return subprocess.run([*command, sys.executable, "-c", code], capture_output=True, check=False)


def test_a_program_gets_the_variables_and_no_credential(
    shop: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output is the program's, the exit code too, and its environment has no credential."""
    monkeypatch.setenv("MY_SECRET", canary)
    assert 0 == run_cli("api", "set", "shop", "auth.token.token=env:MY_SECRET").exit_code
    monkeypatch.delenv("DYNACLI_SHOP_TOKEN")
    code = (
        "import os, sys, urllib.request as u; e = os.environ;"
        "r = u.Request(e['SHOP_API_URL'] + '/org', headers={'Authorization': 'Bearer ' + e['SHOP_TOKEN']});"
        "print(u.urlopen(r).status, [n for n in e if n.startswith('DYNACLI') or n == 'MY_SECRET'], end='');"
        "print(sorted(e.values()), sys.argv, file=sys.stderr); sys.exit(7)"
    )
    result = _program(code)
    assert (7, b"200 []") == (result.returncode, result.stdout), result
    assert canary.encode() not in result.stderr
    assert [f"Bearer {canary}"] == shop.last.headers["authorization"]


@pytest.mark.usefixtures("shop")
def test_a_program_that_does_not_exist_is_an_error() -> None:
    """Nothing is served then."""
    result = run_cli("proxy", "shop", "--sign", "--port", "0", "--", "/no/such/program")
    assert 2 == result.exit_code
    assert "cannot be started" in result.stderr


@pytest.mark.usefixtures("shop")
def test_the_exit_code_of_a_killed_program_is_that_of_a_shell() -> None:
    """128 and the number of the signal."""
    assert 137 == _program("import os; os.kill(os.getpid(), 9)").returncode


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--sign", "--host", "0.0.0.0"), "does not listen at"),
        (("--sign", "--expires", "soon"), "is not a time"),
        (("--sign", "--report", "json=x"), "exclude each other"),
        (("--write",), "needs `--sign`"),
        (("--", "ls"), "needs `--sign`"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_wrong_options_are_refused(words: tuple[str, ...], text: str) -> None:
    """A usage error says which."""
    result = run_cli("proxy", "shop", *words)
    assert 2 == result.exit_code
    assert text in result.stderr


@pytest.mark.usefixtures("shop")
def test_clients_that_never_end_do_not_stop_others() -> None:
    """A thousand clients that send half a request, and others that send none, get nothing and block nobody for long."""
    with signing("shop") as proxy:
        idle = []
        for _ in range(390):
            sock = socket.create_connection(("127.0.0.1", proxy.port))
            sock.sendall(b"GET /org HTTP/1.1\r\nHost: localhost\r\nX:")
            idle.append(sock)
        assert 200 == proxy.send("/org").status
        further = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(610)]
        time.sleep(0.5)
        for sock in (*idle, *further):
            sock.close()
        end = time.monotonic() + 20
        while (status := proxy.send("/org").status) == 503 and time.monotonic() < end:
            time.sleep(0.1)
        assert 200 == status


@pytest.mark.usefixtures("shop")
def test_many_clients_at_once() -> None:
    """A hundred clients each get their own response."""
    bodies: list[str] = []

    def work(number: int) -> None:
        bodies.append(json.loads(proxy.send(f"/org?n={number}").body)["url"])

    with signing("shop") as proxy:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {f"/org?n={number}" for number in range(100)} == set(bodies)


def test_secrets_of_a_program_are_masked_in_the_history(shop: Recorder, home: Path) -> None:
    """A query pair that is called like a secret is in no file, and goes to the server."""
    with signing("shop") as proxy:
        assert 200 == proxy.send("/org?token=s3cret-of-program").status
    assert "/org?token=s3cret-of-program" == shop.last.target
    assert "s3cret-of-program" not in proxy.output[1]
    for path in home.rglob("*"):
        assert not path.is_file() or b"s3cret-of-program" not in path.read_bytes(), path


def test_digest(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The challenge of the server gets its response from dynacli; the program sends its token as bearer or password."""
    _register(server, schemes={"one": {"type": "http", "scheme": "digest"}}, security=[{"one": []}])
    monkeypatch.setenv("DYNACLI_SHOP_ONE", f"me:{canary}")
    digest = DigestServer("me", canary, lambda nonce, _: f'Digest realm="a", nonce="{nonce}", qop="auth"')
    server.responses["/org"] = digest
    with signing("shop") as proxy:
        pair = base64.b64encode(f"a:{proxy.token}".encode()).decode()
        replies = [
            proxy.send("/org"),
            proxy.send("/org", token="", headers={"Authorization": f"Basic {pair}"}),
        ]
    assert [200, 200] == [reply.status for reply in replies]
    assert 2 == len(digest.authorized)
    assert "SHOP_TOKEN" in proxy.variables


def test_a_command_signs_each_request(server: Recorder, home: Path, canary: str) -> None:
    """The program sends its token; the command of the configuration sees the request without it."""
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    _register(server, schemes={"one": scheme}, security=[{"one": []}])
    server.responses["/org"] = _echo
    log = home / "asked"
    code = (
        "import json, sys; asked = sys.stdin.read(); open(sys.argv[1], 'w').write(asked);"
        f"print(json.dumps({{'headers': {{'Authorization': 'Hmac ' + {canary[::-1]!r}[::-1]}}}}))"
    )
    line = shlex.join([sys.executable, "-S", "-c", code, str(log)])
    with (home / "config" / "config.toml").open("a") as configuration:
        configuration.write(f"\n[apis.shop.auth.one]\nsign = {json.dumps(line)}\n")
    with signing("shop") as proxy:
        reply = proxy.send("/org?a=1")
    assert (200, [f"Hmac {canary}"]) == (reply.status, server.last.headers["authorization"])
    assert canary not in reply.text
    assert proxy.token not in log.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
@pytest.mark.parametrize(("typed", "status"), [(b"y\n", 200), (b"n\n", 403)])
@pytest.mark.usefixtures("shop")
def test_a_person_confirms_each_request(typed: bytes, status: int) -> None:
    """At a terminal dynacli asks about what the policy wants confirmed, for each request again."""
    import pty

    assert 0 == run_cli("api", "set", "shop", "policy.confirm=PUT").exit_code
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "dynacli", "proxy", "shop", "--sign", "--write", "--port", "0"]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode().strip() for _ in range(2)]
        proxy = SigningProxy(process, dict(line.split("=", 1) for line in lines))
        os.write(controller, typed)
        first = proxy.send("/org", "PUT", b"{}")
        os.write(controller, typed)
        second = proxy.send("/org", "PUT", b"{}")
        process.terminate()
    shown = os.read(controller, 1 << 16).decode()
    assert [status, status] == [first.status, second.status]
    assert 2 == shown.count("A program wants PUT /org")
    os.close(controller)
    os.close(terminal)
