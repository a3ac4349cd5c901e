"""Redirects: followed for safe methods, never with a secret to another origin, never out of encryption."""

from typing import Any

import pytest

from dynacli.errors import RefusedError
from dynacli.http._redirects import redirected
from dynacli.http.built_request import Request, RequestParts
from tests.documents import API_KEY, BEARER, api_of, get, operation, parameter, save, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli

OPEN = {"/a": {method: operation(f"{method}-a") for method in ("get", "head", "post", "put", "delete")}}


def _to(location: str, status: int = 302, body: bytes = b"") -> Response:
    return Response(status, body, {"Location": location, "Content-Type": "text/plain"})


@pytest.fixture
def api(server: Recorder) -> str:
    """A document with one path and several methods, called at the recording server."""
    return save_api(OPEN, server=server)


def _targets(server: Recorder) -> list[str]:
    return [f"{request.method} {request.target}" for request in server.requests]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["get", "head"])
def test_safe_methods_follow_within_the_origin(api: str, server: Recorder, status: int, method: str) -> None:
    """A redirect of GET or HEAD within the origin is followed with the same method."""
    server.responses["/a"] = _to("/b?c=d#e", status)
    server.responses["/b"] = Response()
    result = run_cli(api, f"{method}-a")
    assert (0, "{}" if method == "get" else "") == (result.exit_code, result.stdout)
    assert [f"{method.upper()} /a", f"{method.upper()} /b?c=d"] == _targets(server)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_unsafe_methods_do_not_follow(api: str, server: Recorder, status: int, method: str) -> None:
    """A redirect of an unsafe method is the final response: exit 3, with its body printed."""
    server.responses["/a"] = _to("/b", status, b"see /b")
    result = run_cli(api, f"{method}-a", "--validate", "off")
    assert (3, "see /b", [f"{method.upper()} /a"]) == (result.exit_code, result.stdout, _targets(server))
    assert "requests are not followed" in result.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("responses", "final", "expected"),
    [
        (("302",), 200, (0, "")),
        (("3XX",), 200, (0, "")),
        (("302", "default"), 200, (0, "")),
        (("302",), 404, (4, "Not Found")),
        (("302", "200"), 200, (0, "")),
        (("302", "2XX"), 200, (0, "")),
        (("3XX", "200"), 200, (0, "")),
        (("200",), 200, (9, "expected integer, got string")),
        (("default",), 200, (9, "expected integer, got string")),
        (("204",), 200, (9, "no response with status 200")),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_what_a_documented_redirect_leads_to_is_not_validated(
    server: Recorder, responses: tuple[str, ...], final: int, expected: tuple[int, str]
) -> None:
    """The redirect is the response that is validated; what is at a place outside of the document is not."""
    described = {"description": "", "content": {"application/json": {"schema": {"type": "integer"}}}}
    documented = {
        response: described if response[0] in "2d" else {"description": ""} for response in responses
    }
    api = save_api(get("/a", "get-a", responses=documented), server=server)
    server.responses["/a"] = _to("/b")
    server.responses["/b"] = Response(final, b'"text"')
    result = run_cli(api, "get-a", "--validate", "exact")
    assert expected[0] == result.exit_code
    assert expected[1] in result.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("location", "is_inside"),
    [
        ("/base/b/1", True),
        ("/base/a/", True),
        ("/b/1", False),
        ("/base/c", False),
        ("/base", False),
        ("http://127.0.0.1:9/base/b/1", False),
    ],
)
@pytest.mark.parametrize("status", [301, 307])
def test_a_documented_redirect_out_of_the_document_is_what_is_validated(
    server: Recorder, location: str, is_inside: bool, status: int
) -> None:
    """By a call, which follows it, and by a check, which does not; its headers count."""
    schema = {"content": {"application/json": {"schema": {"type": "integer"}}}}
    headers = {"X-Count": {"required": True, "schema": {"type": "integer"}}}
    documented = {"200": {"description": "", **schema}, str(status): {"description": "", "headers": headers}}
    api = save_api(
        get("/a", "get-a", responses=documented),
        get("/b/{id}", "get-b", parameter("id", {"type": "integer"}, "path")),
        server=f"{server.origin}/base",
    )
    for path in ("/b/1", "/base/b/1", "/base/a/", "/base/c", "/base"):
        server.responses[path] = Response(200, b'"text"')
    server.responses["/base/a"] = Response(status, b"", {"Location": location, "X-Count": "many"})
    called = run_cli(api, "get-a", "--validate", "exact")
    if "127.0.0.1:9" not in location:
        rule = "body: expected integer" if is_inside else "X-Count"
        assert_ended(called, 9, rule)
    server.requests.clear()
    report = run_cli("check", api, "--only", "get-a", "-o", "json").json
    row = next(row for row in report if row["operation"] == "get-a")
    assert [200 if is_inside else status] == row["statuses"]
    assert (["GET /base/a", f"GET {location}"] if is_inside else ["GET /base/a"]) == _targets(server)


def test_a_chain_ends_after_ten(api: str, server: Recorder) -> None:
    """Ten redirects are followed, the eleventh ends the call with exit 6."""
    for number in range(12):
        server.responses[f"/{number}"] = _to(f"/{number + 1}")
    server.responses["/a"] = _to("/3")
    server.responses["/12"] = Response()
    assert 0 == run_cli(api, "get-a").exit_code
    server.responses["/a"] = _to("/2")
    server.requests.clear()
    result = run_cli(api, "get-a")
    assert (6, "", 11) == (result.exit_code, result.stdout, len(server.requests))
    assert "redirects more than 10 times" in result.stderr


def test_a_loop_ends(api: str, server: Recorder) -> None:
    """A redirect to itself ends like a chain that is too long."""
    server.responses["/a"] = _to("/a")
    assert (6, 11) == (run_cli(api, "get-a").exit_code, len(server.requests))


@pytest.mark.parametrize("headers", [{}, {"Location": ""}], ids=["none", "empty"])
def test_a_redirect_without_target_is_final(api: str, server: Recorder, headers: dict[str, str]) -> None:
    """A 3xx that names no place to go is the final response: exit 3, its body printed."""
    server.responses["/a"] = Response(302, b"nowhere", headers)
    result = run_cli(api, "get-a", "--validate", "off")
    assert (3, "nowhere", 1) == (result.exit_code, result.stdout, len(server.requests))


@pytest.mark.parametrize("status", [300, 304])
def test_other_responses_of_the_class_are_final(api: str, server: Recorder, status: int) -> None:
    """300 and 304 are not redirects, even with a `Location`."""
    server.responses["/a"] = _to("/b", status)
    result = run_cli(api, "get-a", "--validate", "off")
    assert (3, ["GET /a"]) == (result.exit_code, _targets(server))


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("javascript:alert(1)", 11),
        ("file:///etc/passwd", 11),
        ("ftp://127.0.0.1/", 11),
        ("http://me:hunter2@127.0.0.1/", 11),
        ("//hunter2@127.0.0.1/", 11),
        ("http://[::1", 6),
        ("http://127.0.0.1:99999/", 6),
        ("http://", 6),
        ("//", 6),
    ],
)
def test_strange_targets_are_not_followed(api: str, server: Recorder, location: str, code: int) -> None:
    """A `Location` with a password, of another scheme or that is not an URL ends the call, and is not repeated."""
    server.responses["/a"] = _to(location)
    result = run_cli(api, "get-a", "--validate", "off")
    assert (code, "") == (result.exit_code, result.stdout)
    assert "hunter2" not in result.stderr


def test_encryption_is_never_lost() -> None:
    """A redirect from `https` to `http` is refused, even to the same host."""
    request = Request("GET", "https://api.example.com/a", (), None, RequestParts({}, (), {}, ()))
    for target in ("http://api.example.com/a", "http://other.example.com/", "http://api.example.com:443/"):
        with pytest.raises(RefusedError, match="not encrypted"):
            redirected(request, 302, target)


def test_encryption_may_be_gained() -> None:
    """A redirect from `http` to `https` is followed, without the headers of the call."""
    headers = (("Authorization", "Bearer abc"), ("Accept", "text/plain"))
    request = Request("GET", "http://api.example.com/a", headers, b"body", RequestParts({}, (), {}, ()))
    followed = redirected(request, 302, "https://api.example.com/a")
    assert followed is not None
    assert ("https://api.example.com/a", (("Accept", "text/plain"),), None) == followed[1:4]


SCHEMES: dict[str, Any] = {
    "bearer": BEARER,
    "header": API_KEY,
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize("status", [302, 307])
def test_another_origin_gets_no_secret(
    server: Recorder,
    other_server: Recorder,
    canary: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    status: int,
) -> None:
    """To another origin goes no credential, no header of the call and no body, also not on the way back."""
    parameters = [{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}]
    api = save_api(
        get("/a", "get-a", security=[{name: []}], parameters=parameters), server=server, schemes=SCHEMES
    )
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_KEY", canary)
    server.responses["/a"] = _to(f"{other_server.origin}/b", status)
    other_server.responses["/b"] = _to(f"{server.origin}/c", status)
    server.responses["/c"] = Response()
    words = ("--accept-origin", server.origin, "--x-trace", canary, "-H", f"Proxy-Authorization: {canary}")
    result = run_cli(api, "get-a", *words)
    assert (0, "{}") == (result.exit_code, result.stdout)
    assert canary in repr(server.requests[0])
    assert canary not in repr(other_server.requests) + repr(server.requests[1:])
    assert {"host", "accept", "accept-encoding", "connection", "user-agent"} == set(other_server.last.headers)


def test_the_same_origin_keeps_the_credential(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the origin the credential goes along."""
    made = api_of(get("/a", "get-a", security=[{"b": []}]), server=server, schemes={"b": BEARER})
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.responses["/a"] = _to("/b")
    server.responses["/b"] = Response()
    assert 0 == run_cli(save(made), "get-a", "--accept-origin", server.origin).exit_code
    assert [[f"Bearer {canary}"]] * 2 == [request.headers["authorization"] for request in server.requests]


def test_a_lost_credential_is_explained(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 401 of another origin says that no credential went there, instead of blaming the credential."""
    made = api_of(get("/a", "get-a", security=[{"b": []}]), server=server, schemes={"b": BEARER})
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.responses["/a"] = _to(f"{other_server.origin}/a")
    other_server.responses["/a"] = Response(401)
    result = run_cli(save(made), "get-a", "--accept-origin", server.origin)
    assert 4 == result.exit_code
    assert f"`{other_server.origin}`, to which no credential is sent" in result.stderr


def test_redirects_are_shown(api: str, server: Recorder) -> None:
    """`-v` shows the way that the response took."""
    server.responses["/a"] = _to("/b")
    server.responses["/b"] = Response()
    assert f"< 302 {server.origin}/a\n" in run_cli(api, "get-a", "-v").stderr
