"""A mock responds as the document describes each operation, whatever the media type, the status and the version."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import document, operation, parameter, swagger
from tests.features.mock.mocked import Mocked, mocked

_PET = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "name": {"type": "string", "example": "Tom"},
        "secret": {"type": "string", "writeOnly": True},
        "kind": {"enum": ["cat", "dog"]},
    },
    "xml": {"name": "pet"},
}
_TOM = {"id": 1, "name": "Tom", "kind": "cat"}


def _response(content: Any = None, **more: Any) -> dict[str, Any]:
    described = {"description": "", **more}
    return described if content is None else {**described, "content": content}


def _of(media_type: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    media = more if schema is None else {"schema": schema, **more}
    return {"200": _response({media_type: media})}


_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string"}, "id": {"const": "7"}},
}
_RESPONSES: dict[str, dict[str, Any]] = {
    "both": {"200": _response({"application/xml": {"schema": _PET}, "application/json": {"schema": _PET}})},
    "wrong-example": _of("application/json", _PET, example={"id": "one"}),
    "as-text": _of("application/json", _PET, example='{"id": 8}'),
    "text": _of("text/plain", {"type": "string", "minLength": 3}),
    "html": _of("text/html", {"type": "string"}, example="<p>Hi</p>"),
    "csv": _of("text/csv", {"type": "string"}, examples={"rows": {"value": "a,b\n1,2\n"}}),
    "bytes": _of("application/octet-stream", {"type": "string", "format": "binary"}),
    "image": _of("image/*", {"type": "string", "format": "binary"}),
    "form": _of("application/x-www-form-urlencoded", _PET),
    "parts": _of("multipart/form-data", _PET),
    "lines": _of("application/x-ndjson", {"type": "array", "items": _PET, "minItems": 2}),
    "events": _of("text/event-stream", itemSchema=_EVENT),
    "anything": _of("application/json"),
    "range": {"2XX": _response({"application/json": {"schema": _PET}}), "200": _response()},
    "only-range": {"2XX": _response({"application/json": {"schema": _PET}})},
    "default": {"default": _response({"application/json": {"schema": _PET}})},
    "created": {"201": _response({"application/json": {"schema": _PET}}), "400": _response()},
    "empty": {"204": _response(), "404": _response()},
    "redirect": {"302": _response(headers={"Location": {"schema": {"type": "string"}, "example": "/pets"}})},
    "errors": {"404": _response()},
    "nothing": {},
    "headers": {
        "200": _response(
            headers={
                "X-Rate": {"required": True, "schema": {"type": "integer", "minimum": 10}},
                "X-Tags": {"schema": {"type": "array", "items": {"type": "string"}}, "example": ["a", "b"]},
                "X-Object": {"content": {"application/json": {"schema": _PET}}},
                "Content-Length": {"schema": {"type": "integer"}},
                "Link": {"$ref": "#/components/headers/Next"},
            }
        )
    },
    "serialized": _of(
        "application/xml", examples={"x": {"dataValue": {"a": 1}, "serializedValue": "<a>1</a>"}}
    ),
    "shared": {"200": {"$ref": "#/components/responses/Shared"}},
    "impossible": _of("application/json", {"type": "integer", "minimum": 3, "maximum": 2}),
}


def _document() -> dict[str, Any]:
    paths = {f"/{name}": {"get": operation(name, responses=entry)} for name, entry in _RESPONSES.items()}
    paths["/old"] = {"get": operation("old", deprecated=True)}
    next_link = {"schema": {"type": "string"}, "example": "</x>; rel=next"}
    components = {
        "headers": {"Next": next_link},
        "responses": {"Shared": _response({"application/json": {"example": [1, 2]}})},
    }
    return document(paths, ["https://api.example.com/v1"], version="3.2.0", components=components)


@pytest.fixture(scope="module")
def mock() -> Iterator[Mocked]:
    """The mock of a document with an operation for each kind of response."""
    with mocked(_document()) as running:
        yield running


_EVENT_TEXT = "id: 7\ndata: string\n\n"
_LINES = '{"id":1,"name":"Tom","kind":"cat"}\n' * 2


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "accept", "status", "media_type", "body"),
    [
        pytest.param("both", "*/*", 200, "application/json", _TOM, id="JSON comes first"),
        pytest.param(
            "both", "application/xml", 200, "application/xml", '<pet id="1"><name>Tom</name>', id="XML"
        ),
        pytest.param(
            "both", "text/html, */xml;q=0.5, application/*;q=0.1", 200, "application/json", _TOM, id="q"
        ),
        pytest.param(
            "both", "application/json;q=0.2, application/xml", 200, "application/xml", "<pet", id="better"
        ),
        pytest.param("both", "application/json;q=0, */*", 200, "application/xml", "<pet", id="not that one"),
        pytest.param(
            "both", "text/csv", 406, "application/problem+json", "`application/xml`", id="none of them"
        ),
        pytest.param(
            "wrong-example", "*/*", 200, "application/json", _TOM, id="an example that breaks its schema"
        ),
        pytest.param(
            "as-text", "*/*", 200, "application/json", {"id": 8}, id="an example that is JSON as text"
        ),
        pytest.param("text", "*/*", 200, "text/plain; charset=utf-8", "string", id="text"),
        pytest.param("html", "text/*", 200, "text/html; charset=utf-8", "<p>Hi</p>", id="HTML"),
        pytest.param("csv", "*/*", 200, "text/csv; charset=utf-8", "a,b\n1,2\n", id="CSV"),
        pytest.param("bytes", "*/*", 200, "application/octet-stream", "string", id="bytes"),
        pytest.param("image", "*/*", 200, "image/png", "string", id="a range"),
        pytest.param("image", "image/webp", 200, "image/webp", "string", id="of which the client names one"),
        pytest.param(
            "form", "*/*", 200, "application/x-www-form-urlencoded", "id=1&name=Tom&kind=cat", id="a form"
        ),
        pytest.param(
            "parts", "*/*", 200, "multipart/form-data; boundary=", 'name="name"\r\n\r\nTom', id="parts"
        ),
        pytest.param("lines", "*/*", 200, "application/x-ndjson", _LINES, id="JSON Lines"),
        pytest.param("events", "*/*", 200, "text/event-stream", _EVENT_TEXT, id="events"),
        pytest.param("anything", "*/*", 200, "application/json", {}, id="without a schema"),
        pytest.param("range", "*/*", 200, "", "", id="a status before its range"),
        pytest.param("only-range", "*/*", 200, "application/json", _TOM, id="the first of a range"),
        pytest.param("default", "*/*", 200, "application/json", _TOM, id="default"),
        pytest.param("created", "*/*", 201, "application/json", _TOM, id="created"),
        pytest.param("empty", "*/*", 204, "", "", id="no content"),
        pytest.param("redirect", "*/*", 302, "", "", id="a redirect"),
        pytest.param("errors", "*/*", 200, "", "", id="errors alone are no response to a right request"),
        pytest.param("nothing", "*/*", 200, "", "", id="no responses"),
        pytest.param("serialized", "*/*", 200, "application/xml", "<a>1</a>", id="as it is sent"),
        pytest.param("shared", "*/*", 200, "application/json", [1, 2], id="behind a reference"),
    ],
)
def test_each_kind_of_response(
    mock: Mocked, name: str, accept: str, status: int, media_type: str, body: Any
) -> None:
    """Status, media type and body are those of the document, and the validator finds nothing."""
    response = mock.ask(f"/v1/{name}", accept=accept)
    assert (status, media_type) == (
        response.status_code,
        response.headers.get("content-type", "")[: len(media_type)],
    )
    assert bool(media_type) == ("content-type" in response.headers), response.headers
    if isinstance(body, str):
        assert body in response.text
        assert bool(body) == bool(response.text)
    else:
        assert body == response.json()
    validation = mock.reported[-1].validation
    assert validation is not None
    assert [] == validation.findings


def test_the_documented_headers_come_along(mock: Mocked) -> None:
    """They have an example or a value of their schema; how a body is sent is not theirs to say."""
    headers = mock.ask("/headers").headers
    assert ("10", "a,b", "</x>; rel=next", "0") == tuple(
        headers[name] for name in ("X-Rate", "X-Tags", "Link", "Content-Length")
    )
    assert headers["X-Object"].startswith('{"id":1')
    assert "true" == mock.ask("/old").headers["Deprecation"]


def test_what_no_value_fits_is_told(mock: Mocked) -> None:
    """A response that cannot be as the document wants it comes anyway, and its line has the finding."""
    response = mock.ask("/impossible")
    validation = mock.reported[-1].validation
    assert validation is not None
    assert (200, ["missing-body"]) == (
        response.status_code,
        [finding.rule for finding in validation.findings],
    )


def test_the_same_request_gets_the_same_response() -> None:
    """Two runs of a mock respond alike, byte for byte."""
    runs = []
    for _ in range(2):
        with mocked(_document()) as running:
            runs.append([running.ask(f"/{name}").content for name in ("both", "parts", "lines", "shared")])
    assert runs[0] == runs[1]


def test_the_responses_of_swagger_are_their_examples() -> None:
    """The `examples` of Swagger 2.0 are told apart by media type; a response without a schema has no body."""
    examples = {"application/json": {"a": 1}, "text/plain": "one"}
    paths = {
        "/a": {
            "get": {"produces": [*examples], "responses": {"200": {"description": "", "examples": examples}}}
        },
        "/b": {"get": {"produces": ["application/json"], "responses": {"200": {"description": ""}}}},
        "/c/{id}": {"get": operation("c", {"name": "id", "in": "path", "required": True, "type": "integer"})},
    }
    with mocked(swagger(paths, basePath="/base")) as running:
        assert {"a": 1} == running.ask("/base/a").json()
        assert "one" == running.ask("/a", accept="text/plain").text
        assert b"" == running.ask("/a/../b").content
        assert 422 == running.ask("/c/x").status_code


_STYLES = [
    ("simple", False, "array", "3,4", 200),
    ("label", False, "integer", ".5", 200),
    ("label", True, "array", ".3.4", 200),
    ("label", True, "object", ".R=100.G=200", 200),
    ("label", False, "object", ".R,100,G,200", 200),
    ("matrix", False, "array", ";id=3,4", 200),
    ("matrix", True, "array", ";id=3;id=4", 200),
    ("matrix", True, "object", ";R=100;G=200", 200),
    ("matrix", False, "integer", ";id=x", 422),
    ("label", True, "array", ".3.x", 422),
]


@pytest.mark.parametrize(("style", "explode", "kind", "text", "status"), _STYLES)
def test_path_parameters_are_read_in_each_style(
    styles: Mocked, style: str, explode: bool, kind: str, text: str, status: int
) -> None:
    """What another client writes in a path is validated by the style of its parameter."""
    assert status == styles.ask(f"/{style}/{explode}/{kind}/{text}").status_code


@pytest.fixture(scope="module")
def styles() -> Iterator[Mocked]:
    """The mock of a document with a path for each style."""
    schemas = {
        "integer": {"type": "integer"},
        "array": {"type": "array", "items": {"type": "integer"}},
        "object": {"type": "object", "properties": {name: {"type": "integer"} for name in "RG"}},
    }
    paths = {}
    for style, explode, kind, _, _ in _STYLES:
        described = parameter("id", schemas[kind], "path", style=style, explode=explode)
        path = f"/{style}/{explode}/{kind}/{{id}}"
        paths[path] = {"get": operation(f"{style}{explode}{kind}", described)}
    with mocked(document(paths)) as running:
        yield running


@pytest.mark.exhaustive
def test_a_resource_with_too_many_neighbours_is_whole_itself() -> None:
    """If a value with all properties of all resources is too large, the outermost resource has its properties.

    Payment APIs have such documents: each resource has a property for nearly each of the others.
    """
    names = [f"r{number}" for number in range(12)]
    schemas = {
        name: {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}, "label": {"type": "string"}}
            | {other: {"$ref": f"#/components/schemas/{other}"} for other in names if other != name},
        }
        for name in names
    }
    responses = _of("application/json", {"$ref": "#/components/schemas/r0"})
    paths = {"/r0": {"get": operation("get-r0", responses=responses)}}
    with mocked(document(paths, components={"schemas": schemas})) as running:
        body = running.ask("/r0", timeout=60).json()
    assert {"id": 1, "label": "string"} == {name: body[name] for name in ("id", "label")}
    assert {"id": 1} == body["r1"]
    assert names[1:] == [name for name in body if name in names]
