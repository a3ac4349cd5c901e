"""`check --probe` asks for what a server ought to refuse, and for nothing that could change anything."""

from collections.abc import Callable
from typing import Any

import pytest

from dynacli.features.check import probes
from tests.documents import API_KEY, BEARER, operation, save_api
from tests.harness import RecordedRequest, Recorder, Response, Result, run_cli

_OK: dict[str, Any] = {"200": {"description": "Good"}}
_LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}}
_REQUIRED = {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}, "example": "x"}
_ANY = {"name": "any", "in": "query", "schema": {}}


def _get(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"get": {"operationId": "read", "parameters": list(parameters), "responses": _OK, **more}}


def _check(server: Recorder, paths: dict[str, Any], *words: str, **more: Any) -> Result:
    api = save_api(paths, server=server, version="3.1.0", **more)
    return run_cli("check", api, "-o", "json", "--validate", "strict", *words)


def _findings(result: Result) -> list[tuple[str, str]]:
    return [(finding["rule"], finding["pointer"]) for row in result.json for finding in row["findings"]]


def _calls(server: Recorder) -> list[str]:
    return [f"{request.method} {request.target}" for request in server.requests]


def _by_method(**responses: Response) -> Callable[[RecordedRequest], Response]:
    return lambda request: responses.get(request.method, Response())


def _refusal(status: int = 405, allow: str | None = "GET") -> Response:
    return Response(status, b"", {} if allow is None else {"Allow": allow})


def test_nothing_is_probed_unless_asked_for(server: Recorder) -> None:
    """One call is made, and no more."""
    server.responses["/pets"] = Response()
    _check(server, {"/pets": _get(_LIMIT)})
    assert ["GET /pets"] == _calls(server)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(_refusal(), [], id="refused"),
        pytest.param(_refusal(allow="GET, HEAD, OPTIONS"), [], id="with-methods-that-servers-have"),
        pytest.param(_refusal(allow=None), [("missing-allow", "header/Allow")], id="without-allow"),
        pytest.param(
            _refusal(allow="get, delete"), [("undocumented-method", "header/Allow")], id="more-methods"
        ),
        pytest.param(_refusal(501, None), [], id="not-implemented"),
        pytest.param(_refusal(404, "DELETE"), [], id="not-found"),
        pytest.param(Response(), [("undocumented-method", "status")], id="answered"),
    ],
)
def test_a_method_that_the_document_does_not_have(
    server: Recorder, response: Response, expected: list[tuple[str, str]]
) -> None:
    """TRACE is refused, with the methods that there are."""
    server.responses["/pets"] = _by_method(TRACE=response)
    result = _check(server, {"/pets": _get()}, "--probe")
    assert (expected, 9 if expected else 0) == (_findings(result), result.exit_code)
    assert ["GET /pets", "TRACE /pets"] == _calls(server)


def test_a_path_is_asked_once_and_with_a_method_it_does_not_document(server: Recorder) -> None:
    """OPTIONS takes the place of a documented TRACE; its response is not a finding, and `Allow` in it counts."""
    paths = {"/pets": {**_get(), "trace": {"operationId": "trace", "responses": _OK}}}
    server.responses["/pets"] = _by_method(OPTIONS=Response(204, b"", {"Allow": "GET, TRACE, PUT"}))
    result = _check(server, paths, "--probe")
    assert [("undocumented-method", "header/Allow")] == _findings(result)
    assert ["GET /pets", "OPTIONS /pets"] == _calls(server)
    paths["/pets"]["options"] = {"operationId": "options", "responses": _OK}
    server.requests.clear()
    assert [] == _findings(_check(server, paths, "--probe"))
    assert ["GET /pets"] == _calls(server)


def test_a_method_of_another_template_for_the_same_path_is_documented(server: Recorder) -> None:
    """`/pets/mine` is a pet for `DELETE /pets/{id}`, too."""
    server.responses["/pets/mine"] = _by_method(TRACE=_refusal(allow="GET, DELETE"))
    remove = {"operationId": "remove", "responses": _OK}
    identifier = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {"/pets/mine": _get(), "/pets/{id}": {"parameters": [identifier], "delete": remove}}
    assert [] == _findings(_check(server, paths, "--probe"))


_SECURITY = {"components": {"securitySchemes": {"it": BEARER, "key": API_KEY}}}


@pytest.mark.parametrize(
    ("security", "checks", "expected"),
    [
        pytest.param([{"it": []}], False, [("ignored-security", "status")], id="ignored"),
        pytest.param([{"it": []}], True, [], id="refused"),
        pytest.param([{"it": []}, {}], False, [], id="optional"),
        pytest.param([], False, [], id="none"),
    ],
)
def test_a_read_without_its_credential(
    server: Recorder,
    canary: str,
    security: Any,
    checks: bool,
    expected: list[tuple[str, str]],
) -> None:
    """It is refused, and neither it nor TRACE takes a credential along."""

    def response(request: RecordedRequest) -> Response:
        if request.method == "TRACE":
            return _refusal()
        return Response(401, b"", {}) if checks and "authorization" not in request.headers else Response()

    server.responses["/pets"] = response
    words: tuple[str, ...] = ("--probe", "--accept-origin", server.origin)
    if security:
        words += ("-H", f"Authorization: Bearer {canary}")
    result = _check(server, {"/pets": _get(security=security)}, *words, **_SECURITY)
    assert expected == _findings(result)
    sent = [(request.method, "authorization" in request.headers) for request in server.requests]
    asked = [("GET", False)] if security and {} not in security else []
    assert sorted([("GET", bool(security)), ("TRACE", False), *asked]) == sorted(sent)


def test_a_read_whose_credential_is_missing_is_probed(server: Recorder) -> None:
    """It cannot be called, and that it gets a response anyway is a finding."""
    server.responses["/pets"] = Response()
    result = _check(server, {"/pets": _get(security=[{"it": []}]), "/x": {}}, "--probe", **_SECURITY)
    row = result.json[0]
    assert (["GET /pets"], "auth") == (_calls(server), row["skipped"]["kind"])
    assert ([("ignored-security", "status")], 9) == (_findings(result), result.exit_code)
    assert ["credentials"] == [call["probe"] for call in row["calls"]]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("parameters", "sent", "pointer"),
    [
        pytest.param([_LIMIT], "/pets?limit=dynacli-invalid", "query/limit", id="type"),
        pytest.param([_REQUIRED], "/pets", "query/q", id="left-out"),
        pytest.param(
            [_ANY, _LIMIT], "/pets?limit=dynacli-invalid", "query/limit", id="the-first-that-can-be"
        ),
        pytest.param(
            [{**_LIMIT, "schema": {"type": "string", "enum": ["a"]}}],
            "/pets?limit=dynacli-invalid",
            "query/limit",
            id="enumeration",
        ),
        pytest.param([_ANY], None, "", id="whatever-it-is"),
    ],
)
def test_a_request_that_the_document_does_not_allow(
    server: Recorder, parameters: list[Any], sent: str | None, pointer: str
) -> None:
    """A server that responds to it with success does not check what it is sent; one that refuses is right."""
    server.responses["/pets"] = _by_method(TRACE=_refusal())
    paths = {"/pets": _get(*parameters)}
    expected = [("accepted-invalid-request", pointer)] if sent else []
    result = _check(server, paths, "--probe")
    assert expected == _findings(result)
    assert [f"GET {sent}"] * bool(sent) == [
        call for call in _calls(server)[1:] if not call.startswith("TRACE")
    ]
    good = server.requests[0].target
    server.responses["/pets"] = lambda request: (
        Response() if (request.method, request.target) == ("GET", good) else _refusal()
    )
    assert [] == _findings(_check(server, paths, "--probe"))


def test_what_may_change_something_is_never_probed(server: Recorder) -> None:
    """Neither a POST that is named, nor a read that sounds dangerous and is named."""
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    paths = {
        "/pets": {"post": {"operationId": "create", "requestBody": body, "responses": _OK}},
        "/restart": {"get": {"operationId": "again", "parameters": [_LIMIT], "responses": _OK}},
    }
    server.responses.update({"/pets": Response(), "/restart": Response()})
    _check(server, paths, "--probe", "--operation", "create", "--operation", "again")
    assert ["GET /restart", "POST /pets"] == sorted(_calls(server))


def test_probes_are_bounded_and_counted_apart(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is said; a probe is not a call of its operation."""
    monkeypatch.setattr(probes, "MAX_PROBES", 2)
    paths = {f"/p{number}": {"get": {"operationId": f"p{number}", "responses": _OK}} for number in range(5)}
    server.responses.update(dict.fromkeys(paths, _by_method(TRACE=_refusal())))
    result = _check(server, paths, "--probe")
    assert 2 == sum(request.method == "TRACE" for request in server.requests)
    assert "3 probes were not sent" in result.stderr
    assert [[200]] * 5 == [row["statuses"] for row in result.json]
    api = save_api(paths, server=server, version="3.1.0")
    text = " ".join(run_cli("check", api, "--probe", "-o", "text", "--validate", "strict").stdout.split())
    assert "called with 5 requests" in text
    assert "2 probes; nothing found" in text


def test_a_finding_of_a_probe_is_shown_with_its_method(server: Recorder) -> None:
    """So that it can be distinguished from a call."""
    server.responses["/pets"] = Response()
    api = save_api({"/pets": _get()}, server=server, version="3.1.0")
    text = run_cli("check", api, "--probe", "-o", "text").stdout
    assert f"TRACE {server.origin}/pets responded with 200" in text


def test_a_plan_has_the_probes(server: Recorder) -> None:
    """`--dry-run` says which probes there may be, for each path or operation once, and sends none."""
    paths = {
        "/pets": {**_get(_LIMIT, security=[{"it": []}]), "head": operation("look"), "post": operation("add")},
        "/toys": _get(),
    }
    result = _check(server, paths, "--probe", "--dry-run", **_SECURITY)
    assert [["method", "credentials", "request"], [], ["method"]] == [row["probes"] for row in result.json]
    text = _check(server, paths, "--probe", "--dry-run", "-o", "text", **_SECURITY).stdout
    said = (
        "- probes: TRACE or OPTIONS for its path; the same without a credential; the same with a value that"
    )
    assert said in " ".join(text.split())
    assert "3 operations, and at most 4 probes; nothing was sent" in text
    plain = _check(server, paths, "--dry-run", "-o", "text", **_SECURITY).stdout
    assert [] == server.requests
    assert "TRACE" not in plain


def test_probes_need_a_validator(server: Recorder) -> None:
    """Otherwise they would be sent for nothing."""
    api = save_api({"/pets": _get()}, server=server, version="3.1.0")
    result = run_cli("check", api, "--probe", "--validate", "off")
    assert (2, []) == (result.exit_code, server.requests)
    assert "`--probe` finds nothing without validation" in result.stderr


def test_what_a_server_never_does_is_one_defect(server: Recorder) -> None:
    """It is shown for the first operation, with the names of the others."""
    paths = {f"/p{number}": {"get": {"operationId": f"p{number}", "responses": _OK}} for number in range(3)}
    server.responses.update(dict.fromkeys(paths, _by_method(TRACE=_refusal(allow=None))))
    api = save_api(paths, server=server, version="3.1.0")
    text = " ".join(run_cli("check", api, "--probe", "-o", "text", "--validate", "strict").stdout.split())
    assert 1 == text.count("[missing-allow]")
    assert "and the same in 2 more operations: p1, p2" in text
