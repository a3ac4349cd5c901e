"""An operation that may change something is called on what was named for it or made by the check, on nothing else."""

import json
from typing import Any

import pytest

from tests.documents import save_api
from tests.harness import RecordedRequest, Recorder, Response, Result, run_cli

_OK: dict[str, Any] = {"200": {"description": ""}, "201": {"description": ""}}
_BODY = {
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "example": {"name": "n"},
        }
    }
}


def _path(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, **more}


def _operation(name: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "parameters": list(parameters), "responses": _OK, **more}


def _paths(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A collection and what can be done with its items, all named by these parameters besides `id`."""
    own = (_path("id", **more), *parameters)
    return {
        "/things": {"get": _operation("list"), "post": _operation("create", requestBody=_BODY)},
        "/things/{id}": {
            "get": _operation("read", *own),
            "put": _operation("replace", *own, requestBody=_BODY),
            "patch": _operation("change", *own, requestBody=_BODY),
            "delete": _operation("remove", *own),
        },
        "/things/{id}/start": {"post": _operation("start", *own)},
    }


def _check(server: Recorder, paths: dict[str, Any], *words: str) -> Result:
    server.responses.setdefault("/things", _things)
    return run_cli(
        "check",
        save_api(paths, server=server, version="3.1.0"),
        "-o",
        "json",
        "--validate",
        "strict",
        *words,
    )


def _things(request: RecordedRequest) -> Response:
    if request.method == "POST":
        return Response(201, b'{"id": "new"}')
    return Response(200, b'[{"id": "theirs"}]')


def _changing(server: Recorder) -> list[str]:
    return [
        f"{request.method} {request.target}"
        for request in server.requests
        if request.method not in {"GET", "HEAD"}
    ]


def _skipped(result: Result, name: str) -> str:
    row = next(row for row in result.json if row["operation"] == name)
    return str(row["skipped"]["reason"]) if row["skipped"] else ""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("more", [{}, {"example": "theirs"}, {"schema": {"enum": ["theirs"]}}])
@pytest.mark.parametrize("name", ["replace", "change", "remove", "start"])
def test_a_thing_that_is_there_is_not_touched(server: Recorder, name: str, more: dict[str, Any]) -> None:
    """Neither a response, nor an example, nor a listed word says that it may be; the reason says what to give."""
    result = _check(server, _paths(**more), "--operation", name)
    assert [] == _changing(server)
    assert "`--set id=...`" in _skipped(result, name)


def test_a_link_does_not_say_it_either(server: Recorder) -> None:
    """What a response links to is there, too."""
    paths = _paths()
    link = {"remove": {"operationId": "remove", "parameters": {"id": "$response.body#/0/id"}}}
    paths["/things"]["get"]["responses"] = {"200": {"description": "", "links": link}}
    assert "--set id=..." in _skipped(_check(server, paths, "--operation", "remove"), "remove")
    assert [] == _changing(server)


@pytest.mark.parametrize(
    ("name", "method", "suffix"),
    [
        ("replace", "PUT", ""),
        ("change", "PATCH", ""),
        ("remove", "DELETE", ""),
        ("start", "POST", "/start"),
    ],
)
def test_what_the_person_gives_is_changed(server: Recorder, name: str, method: str, suffix: str) -> None:
    """Once for each value."""
    _check(server, _paths(), "--operation", name, "--set", f"{name}.id=a", "--set", f"{name}.id=b")
    assert [f"{method} /things/a{suffix}", f"{method} /things/b{suffix}"] == _changing(server)


def test_what_the_check_made_is_changed(server: Recorder) -> None:
    """An operation on it may be called, and one on a part of it; it is removed last."""
    words = [word for name in ("create", "remove", "change", "start") for word in ("--operation", name)]
    _check(server, _paths(), *words)
    made = ["POST /things", "PATCH /things/new", "POST /things/new/start", "DELETE /things/new"]
    assert made == _changing(server)


def test_what_a_creation_only_finds_is_not_changed(server: Recorder) -> None:
    """It responds with a thing that was listed before."""
    server.responses["/things"] = lambda request: Response(
        200, b'{"id": "theirs"}' if request.method == "POST" else b'[{"id": "theirs"}]'
    )
    result = _check(server, _paths(), "--operation", "create", "--operation", "remove")
    assert ["POST /things"] == _changing(server)
    assert "--set id=..." in _skipped(result, "remove")


def test_what_a_failed_creation_speaks_of_is_not_changed(server: Recorder) -> None:
    """A 409 may say which thing is in the way."""
    server.responses["/things"] = lambda request: (
        Response(409, b'{"id": "other"}') if request.method == "POST" else Response(200, b"[]")
    )
    _check(server, _paths(), "--operation", "create", "--operation", "remove")
    assert ["POST /things"] == _changing(server)


def test_each_value_that_is_missing_is_named(server: Recorder) -> None:
    """Those that were given are not."""
    paths = {"/a/{org}/b/{id}": {"delete": _operation("remove", _path("org"), _path("id"))}}
    assert "`--set org=... --set id=...`" in _skipped(
        _check(server, paths, "--operation", "remove"), "remove"
    )
    result = _check(server, paths, "--operation", "remove", "--set", "org=o")
    assert "`--set id=...`" in _skipped(result, "remove")
    assert [] == _changing(server)


@pytest.mark.parametrize(
    ("method", "more", "expected"),
    [
        pytest.param("delete", {"schema": {"type": "string"}}, [], id="deletion-by-a-query"),
        pytest.param(
            "delete", {"schema": {"type": "string"}, "example": "theirs"}, [], id="an-example-to-delete"
        ),
        pytest.param("delete", {"schema": {"enum": ["old"]}}, ["DELETE /things?id=old"], id="a-listed-word"),
        pytest.param(
            "delete",
            {"schema": {"type": "string", "default": "old"}},
            ["DELETE /things?id=old"],
            id="a-default",
        ),
        pytest.param(
            "post", {"schema": {"type": "string"}, "example": "x"}, ["POST /things?id=x"], id="creation"
        ),
    ],
)
def test_what_a_query_names(server: Recorder, method: str, more: dict[str, Any], expected: list[str]) -> None:
    """What changes things is given a value that names some by the person or the schema; what creates may make it up."""
    query = {"name": "id", "in": "query", "required": True, **more}
    paths = {"/things": {"get": _operation("list"), method: _operation("named", query)}}
    _check(server, paths, "--operation", "named")
    assert expected == _changing(server)


def test_examples_make_no_further_calls_that_change_something(server: Recorder) -> None:
    """A creation is called once, whatever may be left out has examples."""
    query = {"name": "note", "in": "query", "schema": {"type": "string"}, "examples": {"a": {"value": "x"}}}
    paths = {"/things": {"post": _operation("create", query, requestBody=_BODY)}}
    _check(server, paths, "--operation", "create")
    assert ["POST /things"] == _changing(server)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("required", [None, False, True])
@pytest.mark.parametrize("words", [("--operation", "create"), ("--write", "--yes")], ids=["named", "written"])
def test_a_body_is_sent_although_it_may_be_left_out(
    server: Recorder, words: tuple[str, ...], required: bool | None
) -> None:
    """Many documents forget to say that it is required."""
    body = _BODY if required is None else {**_BODY, "required": required}
    paths = _paths()
    paths["/things"]["post"]["requestBody"] = body
    _check(server, paths, *words)
    sent = next(request for request in server.requests if request.method == "POST")
    assert ["name"] == list(json.loads(sent.body))


def test_a_body_that_cannot_be_made_up_is_left_out(server: Recorder) -> None:
    """As far as it may be."""
    impossible = {"application/json": {"schema": {"type": "string", "pattern": "^(?=a)b$", "minLength": 9}}}
    paths = {"/things": {"post": _operation("create", requestBody={"content": impossible})}}
    _check(server, paths, "--operation", "create")
    assert [("POST", b"")] == [(request.method, request.body) for request in server.requests]


def test_the_plan_says_what_has_to_be_given(server: Recorder) -> None:
    """`--dry-run` shows it before anything is sent."""
    result = _check(server, _paths(), "--operation", "remove", "--dry-run")
    row = next(row for row in result.json if row["operation"] == "remove")
    assert [] == server.requests
    assert "`--set id=...`" in row["skipped"]


def test_a_shard_of_the_operations_is_called(server: Recorder) -> None:
    """Every N-th operation is called, with those that give it values; together the shares call all of them."""
    paths = {**_paths(), "/others": {"get": _operation("others")}, "/more": {"get": _operation("more")}}
    for path in ("/others", "/more", "/things/theirs"):
        server.responses[path] = Response(200, b"{}")
    called = []
    for shard in ("1/2", "2/2", "9/9"):
        server.requests.clear()
        assert 0 == _check(server, paths, "--validate", "warn", "--shard", shard).exit_code
        called.append({f"{request.method} {request.target}" for request in server.requests})
    assert [
        {"GET /things", "GET /others"},
        {"GET /things", "GET /things/theirs", "GET /more"},
        set(),
    ] == called
    assert 2 == _check(server, paths, "--shard", "0/2").exit_code


def test_a_shard_of_the_chains_is_run(server: Recorder) -> None:
    """What is created, changed and removed is of one share alone."""
    things = {path: item for path, item in _paths().items() if not path.endswith("/start")}
    called = []
    for shard in ("1/2", "2/2"):
        server.requests.clear()
        _check(server, things, "--write", "--yes", "--shard", shard)
        called.append("POST" in {request.method for request in server.requests})
    assert [True, False] == called
