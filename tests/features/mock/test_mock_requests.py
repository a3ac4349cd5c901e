"""A mock finds the operation of a request, validates it as a call, and refuses what does not match the document."""

import base64
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from dynacli.features.mock import mock_server
from dynacli.features.mock.mock_server import FINDINGS_HEADER
from tests.documents import API_KEY, BASIC, BEARER, document, operation, parameter
from tests.features.mock.mocked import Mocked, mocked

_PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
_PROBLEM = "application/problem+json"
_SCHEMES = {
    "bearer": BEARER,
    "basic": BASIC,
    "digest": {"type": "http", "scheme": "digest"},
    "key": API_KEY,
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "oauth": {"type": "oauth2", "flows": {}},
    "tls": {"type": "mutualTLS"},
}


def _wrong(status: str, text: str) -> dict[str, Any]:
    """Return the responses of an operation that documents a refusal."""
    content = {"application/json": {"example": {"error": text}}}
    return {"201": {"description": ""}, status: {"description": "", "content": content}}


def _document() -> dict[str, Any]:
    limit = parameter("limit", {"type": "integer"})
    paths: dict[str, Any] = {
        "/pets": {
            "get": operation("listPets", limit, parameter("q", {"type": "string"})),
            "post": operation("addPet", body=_PET),
        },
        "/pets/mine": {"get": operation("myPets", responses=_wrong("201", "mine"))},
        "/pets/{id}": {"get": operation("getPet", parameter("id", {"type": "integer"}, "path"))},
        "/pets/{name}": {"get": operation("namedPet", parameter("name", {"pattern": "^[a-z]+$"}, "path"))},
        "/files/{sha}": {"get": operation("getFile", parameter("sha", {"type": "string"}, "path"))},
        "/files/{sha}.{kind}": {
            "get": operation(
                "getDiff", *(parameter(item, {"type": "string"}, "path") for item in ("sha", "kind"))
            )
        },
        "/own": {"get": operation("own", servers=[{"url": "https://other.example.com/o"}])},
        **{
            f"/with-{status}": {
                "post": operation(f"with{status}", body=_PET, responses=_wrong(status, status))
            }
            for status in ("400", "422", "415", "4XX", "default")
        },
    }
    for name in _SCHEMES:
        paths[f"/{name}"] = {"get": operation(name, security=[{name: []}])}
    paths["/either"] = {"get": operation("either", security=[{"key": []}, {"basic": [], "query": []}])}
    paths["/free"] = {"get": operation("free", security=[{"key": []}, {}])}
    paths["/refusing"] = {
        "get": operation("refusing", security=[{"key": []}], responses=_wrong("401", "who"))
    }
    variables = {"version": {"default": "v1"}, "base": {"default": "a/b"}}
    servers = [
        {"url": "https://{region}.example.com/{version}/", "variables": variables},
        {"url": "/{base}", "variables": variables},
    ]
    return {**document(paths, schemes=_SCHEMES, version="3.1.0"), "servers": servers}


@pytest.fixture(scope="module")
def mock() -> Iterator[Mocked]:
    """The mock of a document with inputs, refusals and security schemes."""
    with mocked(_document()) as running:
        yield running


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("method", "target", "status", "operation_name"),
    [
        ("GET", "/pets", 200, "list-pets"),
        ("GET", "/v1/pets", 200, "list-pets"),
        ("GET", "/v2/pets", 200, "list-pets"),
        ("GET", "/a/b/pets", 200, "list-pets"),
        ("GET", "/c/pets", 200, "list-pets"),
        ("GET", "/b/c/pets", 404, ""),
        ("GET", "/pets/mine", 201, "my-pets"),
        ("GET", "/pets/7", 200, "get-pet"),
        ("GET", "/pets/tom", 200, "named-pet"),
        ("GET", "/pets/TOM", 422, "get-pet"),
        ("GET", "/p%65ts/7", 200, "get-pet"),
        ("GET", "/files/a1.diff", 200, "get-diff"),
        ("GET", "/files/a1", 200, "get-file"),
        ("GET", "/pets/7/", 404, ""),
        ("GET", "/o/own", 200, "own"),
        ("GET", "/v1/own", 200, "own"),
        ("HEAD", "/pets/7", 200, "get-pet"),
        ("OPTIONS", "/pets", 204, ""),
        ("PUT", "/pets", 405, ""),
        ("BREW", "/pets", 405, ""),
        ("GET", "/", 404, ""),
        ("GET", "/pets?limit=3&q=", 200, "list-pets"),
        ("GET", "/pets?limit=many", 422, "list-pets"),
        ("GET", "/pets?limit=1&limit=2", 200, "list-pets"),
    ],
)
def test_the_operation_of_a_request(
    mock: Mocked, method: str, target: str, status: int, operation_name: str
) -> None:
    """It is found after the path of a server and at the root, the literal path before the template."""
    response = mock.ask(target, method)
    match = mock.reported[-1].match
    assert (status, operation_name) == (response.status_code, match.operation.name if match else "")
    assert ("HEAD" in response.headers.get("Allow", "")) == (status in {204, 405})
    assert (method == "HEAD" or status == 204) == (not response.content)


_GOOD, _BAD = json.dumps({"name": "Tom"}), json.dumps({"name": 7})


@pytest.mark.parametrize(
    ("target", "body", "media_type", "status", "responded"),
    [
        ("/pets", _GOOD, "application/json", 200, ""),
        ("/pets", _BAD, "application/json", 422, _PROBLEM),
        ("/pets", "{", "application/json", 422, _PROBLEM),
        ("/pets", "", "application/json", 422, _PROBLEM),
        ("/pets", _GOOD, "text/plain", 415, _PROBLEM),
        ("/with-400", _BAD, "application/json", 400, "400"),
        ("/with-422", _BAD, "application/json", 422, "422"),
        ("/with-415", _BAD, "application/json", 422, _PROBLEM),
        ("/with-415", _GOOD, "text/plain", 415, "415"),
        ("/with-400", _GOOD, "text/plain", 400, "400"),
        ("/with-4XX", _BAD, "application/json", 422, "4XX"),
        ("/with-default", _GOOD, "text/plain", 415, "default"),
    ],
)
def test_a_body_that_the_document_does_not_allow(
    mock: Mocked, target: str, body: str, media_type: str, status: int, responded: str
) -> None:
    """The documented refusal responses, with a header that tells what is wrong; else a problem with the findings."""
    response = mock.ask(
        target, "POST", content=body, headers={"content-type": media_type, "accept": "text/csv, */*;q=0.1"}
    )
    assert status == response.status_code
    if responded == _PROBLEM:
        assert _PROBLEM == response.headers["content-type"]
        findings = response.json()["findings"]
        assert {"request"} == {finding["where"] for finding in findings}
    elif responded:
        assert {"error": responded} == response.json()
        assert json.loads(response.headers[FINDINGS_HEADER])


_PAIR = f"Basic {base64.b64encode(b'a:b').decode()}"


@pytest.mark.parametrize(
    ("target", "headers", "status", "challenge"),
    [
        ("/bearer", {}, 401, 'Bearer realm="mock"'),
        ("/bearer", {"Authorization": "Bearer x"}, 200, ""),
        ("/bearer", {"Authorization": "bearer x"}, 200, ""),
        ("/bearer", {"Authorization": _PAIR}, 401, 'Bearer realm="mock"'),
        ("/basic", {}, 401, 'Basic realm="mock"'),
        ("/basic", {"Authorization": _PAIR}, 200, ""),
        ("/digest", {}, 401, 'Digest realm="mock", qop="auth", nonce="mock"'),
        ("/oauth", {}, 401, 'Bearer realm="mock"'),
        ("/key", {}, 401, ""),
        ("/key", {"X-Api-Key": "x"}, 200, ""),
        ("/query?key=", {}, 401, ""),
        ("/query?key=x", {}, 200, ""),
        ("/cookie", {"Cookie": "other=x"}, 401, ""),
        ("/cookie", {"Cookie": "other=x; session=y"}, 200, ""),
        ("/tls", {}, 200, ""),
        ("/either", {"Authorization": _PAIR}, 401, 'Basic realm="mock"'),
        ("/either?key=x", {"Authorization": _PAIR}, 200, ""),
        ("/free", {}, 200, ""),
        ("/refusing", {}, 401, ""),
    ],
)
def test_a_credential_is_wanted_where_the_document_wants_one(
    mock: Mocked, target: str, headers: dict[str, str], status: int, challenge: str
) -> None:
    """Any credential of the right kind in the right place will do; none is 401 with the challenge of HTTP."""
    response = mock.ask(target, headers=headers)
    assert (status, challenge) == (response.status_code, response.headers.get("WWW-Authenticate", ""))


def test_levels_of_validation() -> None:
    """At `warn` a wrong request gets a response, and told; at `off` nothing is validated."""
    for level, findings in (("warn", 1), ("off", None)):
        with mocked(_document(), level=level) as running:
            response = running.ask("/pets?limit=many")
            validation = running.reported[-1].validation
            assert (200, findings) == (
                response.status_code,
                None if validation is None else len(validation.findings),
            )
            assert bool(findings) == (FINDINGS_HEADER in response.headers), response.headers


def test_pages_of_other_origins(mock: Mocked) -> None:
    """Preflight requests get a response without the document, and browsers may read responses, unless switched off."""
    origin = {"Origin": "https://app.example.com"}
    asked = {**origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "prefer"}
    preflight = mock.ask("/nowhere", "OPTIONS", headers=asked)
    assert (200, "prefer") == (preflight.status_code, preflight.headers["Access-Control-Allow-Headers"])
    assert origin["Origin"] == mock.ask("/pets", headers=origin).headers["Access-Control-Allow-Origin"]
    with mocked(_document(), has_cors=False) as running:
        assert 404 == running.ask("/nowhere", "OPTIONS", headers=asked).status_code
        assert "Access-Control-Allow-Origin" not in running.ask("/pets", headers=origin).headers


@pytest.mark.exhaustive
def test_bodies_that_are_large_compressed_or_broken(mock: Mocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MB are validated; over the limit is 413, and what cannot be decoded 415; the next request gets a response."""
    headers = {"content-type": "application/json"}
    large = json.dumps({"name": "x" * 10_000_000}).encode()
    assert 200 == mock.ask("/pets", "POST", content=large, headers=headers).status_code
    for encoding, content, status in (
        ("gzip", gzip.compress(b"{}"), 422),
        ("gzip", b"{}", 415),
        ("br", b"{}", 415),
    ):
        packed = {**headers, "content-encoding": encoding}
        assert status == mock.ask("/pets", "POST", content=content, headers=packed).status_code
    monkeypatch.setattr(mock_server, "_LARGEST_BODY", 1_000)
    response = mock.ask("/pets", "POST", content=large[:2_000], headers=headers)
    assert (413, "close") == (response.status_code, response.headers["connection"])
    packed = {**headers, "content-encoding": "gzip"}
    assert 413 == mock.ask("/pets", "POST", content=gzip.compress(large[:2_000]), headers=packed).status_code
    assert 200 == mock.ask("/pets").status_code
    assert all(exchange.recorded.started for exchange in mock.reported)  # each is reported with its time


@pytest.mark.parametrize(
    ("sent", "responded"),
    [
        pytest.param(b"nonsense\r\n\r\n", b"HTTP/1.1 400", id="no HTTP"),
        pytest.param(
            b"GET http://api.example.com/pets HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200", id="a whole URL"
        ),
        pytest.param(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404", id="no path"),
        pytest.param(b"GET /pets?q=%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200", id="no UTF-8"),
        pytest.param(b"GET /%0d%0aX:1 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404", id="line breaks"),
        pytest.param(b"GET //pets HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404", id="two slashes"),
        pytest.param(b"GET /[ HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404", id="a bracket"),
        pytest.param(
            b"GET /pets HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
            b"HTTP/1.1 400",
            id="long",
        ),
    ],
)
def test_odd_requests_get_a_response(mock: Mocked, sent: bytes, responded: bytes) -> None:
    """Whatever comes gets a response, and the mock goes on."""
    with socket.create_connection(("127.0.0.1", mock.port), timeout=10) as client:
        client.sendall(sent)
        assert responded == client.recv(100)[: len(responded)]
    assert 200 == mock.ask("/pets").status_code


def test_a_client_that_hangs_keeps_nobody_waiting(mock: Mocked) -> None:
    """Others get a response while one sends no more of its head, its body or reads nothing; and the mock can end."""
    head = b"POST /pets HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
    hanging = [socket.create_connection(("127.0.0.1", mock.port)) for _ in range(3)]
    for client, sent in zip(
        hanging, (head[:9], head, b"GET /pets HTTP/1.1\r\nHost: x\r\n\r\n" * 100), strict=True
    ):
        client.sendall(sent)
    assert 200 == mock.ask("/pets").status_code
    hanging[0].close()
    assert 200 == mock.ask("/pets").status_code
    for client in hanging:
        client.close()


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that announced more than it sends is responded with 408 after a minute."""
    monkeypatch.setattr(mock_server, "_SECONDS_FOR_BODY", 0.05)
    with mocked(_document()) as running, socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(b"POST /pets HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        assert b"HTTP/1.1 408" == client.recv(100)[:12]
