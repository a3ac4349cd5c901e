"""OpenAPI 3.2: what it has and 3.1 has not, through the whole program."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.documents import SERVER, document, save
from tests.harness import RecordedRequest, Recorder, Response, Result, run_cli
from tests.real_documents import own_and_real

_THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "kind": {"type": "string"}},
    "discriminator": {"propertyName": "kind", "defaultMapping": "Thing"},
    "xml": {"nodeType": "element"},
}
_DONE = {"204": {"description": "Done."}}


def _document(item: dict[str, Any], path: str = "/things", **more: Any) -> dict[str, Any]:
    made = document({path: item}, version="3.2.0", components={"schemas": {"Thing": _THING}})
    return {**made, "servers": [{"url": SERVER, "name": "here"}], **more}


def _listed(item: dict[str, Any]) -> list[tuple[str, str]]:
    save(_document(item), "things.json")
    rows = run_cli("operations", "./things.json", "-o", "json").json
    return [(row["method"], row["name"]) for row in rows]


def _call(item: dict[str, Any], *words: str, server: Recorder | None = None, **more: Any) -> Result:
    save(_document(item, **more), "things.json")
    target = ["--server", server.origin] if server else ["--dry-run", "json"]
    return run_cli("./things.json", *words, *target, "--yes")


def _warnings(item: dict[str, Any]) -> list[str]:
    save(_document(item), "things.json")
    return [
        warning["message"]
        for warning in run_cli("api", "show", "./things.json", "-o", "json").json["warnings"]
    ]


# Methods


_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}
        }
    },
}
_METHODS = {
    "query": {"operationId": "searchThings", "requestBody": _BODY, "responses": _DONE},
    "additionalOperations": {
        "PURGE": {"operationId": "purgeThings", "responses": _DONE},
        "link": {"responses": _DONE},
        "M-SEARCH": {"responses": _DONE},
    },
}


def test_every_method_of_a_path_is_an_operation() -> None:
    """`query` and each of `additionalOperations` are operations like all others, in the document's order."""
    expected = [
        ("QUERY", "search-things"),
        ("PURGE", "purge-things"),
        ("link", "link-things"),
        ("M-SEARCH", "m-search-things"),
    ]
    assert expected == _listed(_METHODS)


def test_each_of_them_has_help_and_a_description() -> None:
    """Help and `describe` know them by their method, as it is written."""
    save(_document(_METHODS), "things.json")
    for name, line in (("search-things", "QUERY /things"), ("link-things", "link /things")):
        assert f"  {line}" in run_cli("./things.json", name, "--help").stdout
        described = run_cli("describe", "./things.json", name, "-o", "json").json
        assert line == f"{described['method']} {described['path']}"


@pytest.mark.parametrize(
    ("words", "method", "body"),
    [
        (["search-things", "--q", "x"], "QUERY", b'{"q":"x"}'),
        (["purge-things"], "PURGE", b""),
        (["link-things"], "link", b""),
        (["m-search-things"], "M-SEARCH", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_method_is_sent_as_it_is_written(
    server: Recorder, words: list[str], method: str, body: bytes
) -> None:
    """Upper and lower case reach the server as they stand in the document."""
    server.responses["/things"] = Response(204, b"", {})
    result = _call(_METHODS, *words, server=server)
    assert (0, "") == (result.exit_code, result.stderr)
    assert (method, body) == (server.last.method, server.last.body)


def test_a_query_is_validated() -> None:
    """The body of a QUERY is refused if it does not fit, with the place in the document."""
    result = _call(_METHODS, "search-things", "--body", '{"q": 5}', "--error-format", "json")
    assert 2 == result.exit_code
    (finding,) = result.error["findings"]
    assert ("/q", "type") == (finding["pointer"], finding["rule"])
    pointer = "/paths/~1things/query/requestBody/content/application~1json/schema/properties/q/type"
    assert pointer == finding["schema_pointer"]


def test_an_additional_operation_is_validated(server: Recorder) -> None:
    """Its responses are validated, and a finding names the place below `additionalOperations`."""
    schema = {"type": "integer"}
    content = {"application/json": {"schema": schema}}
    item = {"additionalOperations": {"COUNT": {"responses": {"200": {"content": content}}}}}
    server.responses["/things"] = Response(200, b'"3"')
    result = _call(item, "count-things", "--validate", "strict", "--error-format", "json", server=server)
    assert 9 == result.exit_code
    (finding,) = result.error["findings"]
    start = "/paths/~1things/additionalOperations/COUNT/responses/200"
    assert f"{start}/content/application~1json/schema/type" == finding["schema_pointer"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"additionalOperations": {"BAD METHOD": {}}},
            "a method must consist of letters, digits and some symbols (RFC 9110, section 9.1)",
        ),
        (
            {"additionalOperations": {"CONNECT": {}}},
            "`CONNECT` asks a proxy for a tunnel, which is not a call of an API (RFC 9110, section 9.3.6)",
        ),
        (
            {"get": {}, "additionalOperations": {"GET": {}}},
            "the path has another `GET`",
        ),
        (
            {"additionalOperations": {"PURGE": 5}},
            "it is not an object",
        ),
    ],
    ids=["no-token", "connect", "twice", "no-object"],
)
def test_what_is_no_method_is_left_out(item: dict[str, Any], expected: str) -> None:
    """A key that cannot be a method, or is one that the path has already, is left out with a warning."""
    (warning,) = _warnings({**item, "put": {"operationId": "fine"}})
    assert expected == warning.partition(" /things` is left out: ")[2]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"additionalOperations": {"GET": {"operationId": "a"}}}, [("GET", "a")]),
        ({"GET": {"operationId": "a"}}, [("GET", "a")]),
        ({"additionalOperations": [], "get": {"operationId": "a"}}, [("GET", "a")]),
        ({"additionalOperations": {"x-note": {}, "LOCK": {"operationId": "a"}}}, [("LOCK", "a")]),
        (
            {"additionalOperations": {"LOCK": {}, "lock": {}}},
            [("LOCK", "lock-things"), ("lock", "lock-things-2")],
        ),
    ],
    ids=["fixed-method-as-additional", "field-in-upper-case", "no-object", "extension", "case-alone"],
)
def test_methods_are_read_leniently(item: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """A method at a place where 3.2 does not want it is an operation anyway."""
    assert expected == _listed(item)


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        (301, "QUERY", b'{"q":"x"}'),
        (303, "GET", b""),
        (307, "QUERY", b'{"q":"x"}'),
        (308, "QUERY", b'{"q":"x"}'),
    ],
)
def test_a_query_follows_redirects(server: Recorder, status: int, method: str, body: bytes) -> None:
    """QUERY is safe: it is sent again with its body, and as a GET without one if the server says so (303)."""
    server.responses["/things"] = Response(status, b"", {"Location": "/other"})
    server.responses["/other"] = Response(204, b"", {})
    result = _call(_METHODS, "search-things", "--q", "x", server=server)
    assert 0 == result.exit_code
    assert ("/other", method, body) == (server.last.target, server.last.method, server.last.body)
    assert bool(body) == ("content-type" in server.last.headers), server.last.headers


def test_a_query_does_not_take_its_body_to_another_origin(server: Recorder, other_server: Recorder) -> None:
    """A body is never sent to another origin, and a QUERY without it would be another question."""
    server.responses["/things"] = Response(307, b"", {"Location": f"{other_server.origin}/things"})
    result = _call(_METHODS, "search-things", "--q", "x", server=server)
    assert 3 == result.exit_code
    assert "it would send the body to another origin" in result.stderr
    assert [] == other_server.requests


# `in: querystring`


_FORM = "application/x-www-form-urlencoded"
_CRITERIA = {
    "type": "object",
    "required": ["from"],
    "properties": {
        "from": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "page": {"type": "integer", "minimum": 1},
    },
}
_SELECTOR = {
    "type": "object",
    "properties": {
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "flag": {"type": ["boolean", "null"]},
    },
}


def _whole_query(media_type: str, media: dict[str, Any], *others: Any, **more: Any) -> dict[str, Any]:
    parameter = {"name": "all", "in": "querystring", "content": {media_type: media}, **more}
    return {"get": {"operationId": "find", "parameters": [parameter, *others], "responses": _DONE}}


_TAGS = {"tags": {"style": "form", "explode": False}}

_QUERIES = {
    "form": (
        _FORM,
        {"schema": _CRITERIA},
        ["--all.from", "2026-01-01", "--all.page", "2"],
        "from=2026-01-01&page=2",
    ),
    "form-repeats": (
        _FORM,
        {"schema": _CRITERIA},
        ["--all.from", "2026-01-01", "--all.tags", "a b", "--all.tags", "c&d"],
        "from=2026-01-01&tags=a%20b&tags=c%26d",
    ),
    "form-encoding": (
        _FORM,
        {"schema": _CRITERIA, "encoding": _TAGS},
        ["--all.from", "2026-01-01", "--all.tags", "a", "--all.tags", "b"],
        "from=2026-01-01&tags=a,b",
    ),
    "form-as-it-is": (_FORM, {"schema": _CRITERIA}, ["--all", '{"from": "2026-01-01"}'], "from=2026-01-01"),
    "json": (
        "application/json",
        {"schema": _SELECTOR},
        ["--all", '{"numbers": [1, 2], "flag": null}'],
        "%7B%22numbers%22%3A%5B1%2C2%5D%2C%22flag%22%3Anull%7D",
    ),
    "json-options": (
        "application/json",
        {"schema": _SELECTOR},
        ["--all.numbers", "1"],
        "%7B%22numbers%22%3A%5B1%5D%7D",
    ),
    "text": (
        "text/plain",
        {"schema": {"type": "string", "pattern": r"^\$"}},
        ["--all", "$.a[?(@.b=='ü')]"],
        "%24.a%5B%3F%28%40.b%3D%3D%27%C3%BC%27%29%5D",
    ),
}


@pytest.mark.parametrize(("media_type", "media", "words", "query"), _QUERIES.values(), ids=_QUERIES)
def test_a_parameter_is_the_whole_query(
    server: Recorder, media_type: str, media: dict[str, Any], words: list[str], query: str
) -> None:
    """`in: querystring` is written in its media type, and its name is in no request."""
    server.responses["/things"] = Response(204, b"", {})
    result = _call(_whole_query(media_type, media), "find", *words, server=server)
    assert (0, "") == (result.exit_code, result.stderr)
    assert f"/things?{query}" == server.last.target


@pytest.mark.parametrize(
    ("media_type", "schema", "words", "expected"),
    [
        (_FORM, _CRITERIA, ["--all.from", "2026-01-01", "--all.page", "0"], "querystring/all/page minimum"),
        (_FORM, _CRITERIA, ["--all.page", "1"], "querystring/all required"),
        (_FORM, _CRITERIA, ["--all.from", "soon"], "querystring/all/from format"),
        ("application/json", _SELECTOR, ["--all", '{"numbers": ["a"]}'], "querystring/all/numbers/0 type"),
        ("text/plain", {"type": "string", "pattern": "^[$]"}, ["--all", "a"], "querystring/all pattern"),
    ],
    ids=["form-minimum", "form-required", "form-format", "json", "text"],
)
def test_the_whole_query_is_validated(media_type: str, schema: Any, words: list[str], expected: str) -> None:
    """What does not fit its schema is refused before it is sent."""
    item = _whole_query(media_type, {"schema": schema})
    result = _call(item, "find", *words, "--error-format", "json")
    assert 2 == result.exit_code
    assert [expected] == [f"{finding['pointer']} {finding['rule']}" for finding in result.error["findings"]]


def test_a_required_whole_query_is_asked_for() -> None:
    """One that is required and not given is named; `--example` makes one that is accepted."""
    item = _whole_query(_FORM, {"schema": _CRITERIA}, required=True)
    assert "--all" in _call(item, "find").stderr
    made = _call(item, "find", "--example")
    assert (0, "http://127.0.0.1:9/things?from=2025-01-01") == (made.exit_code, made.json["url"])


def test_a_whole_query_beside_others_is_lenient() -> None:
    """3.2 allows neither a second one nor query parameters beside it: both are warnings, and one query is made."""
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    second = {"name": "more", "in": "querystring", "content": {"text/plain": {"schema": {"type": "string"}}}}
    item = _whole_query(_FORM, {"schema": _CRITERIA}, page, second)
    assert [
        "querystring parameter `more` is a second one; it is ignored",
        "`all` is the whole query, and there are query parameters too; both are sent",
    ] == _warnings(item)
    made = _call(item, "find", "--page", "5", "--all.from", "2026-01-01")
    assert "http://127.0.0.1:9/things?page=5&from=2026-01-01" == made.json["url"]


def test_a_whole_query_without_content_is_a_form() -> None:
    """`content` is missing, `schema` is there: only a form can be meant."""
    parameter = {"name": "all", "in": "querystring", "schema": _CRITERIA}
    item = {"get": {"operationId": "find", "parameters": [parameter], "responses": _DONE}}
    made = _call(item, "find", "--all.from", "2026-01-01")
    assert (0, "http://127.0.0.1:9/things?from=2026-01-01") == (made.exit_code, made.json["url"])


# Everything else must not be in the way


def _answering(body: bytes, media_type: str = "application/json") -> Callable[[RecordedRequest], Response]:
    return lambda _: Response(200, body, {"Content-Type": media_type})


def test_media_types_are_components(server: Recorder) -> None:
    """A `$ref` to `components.mediaTypes` is followed: for options, help and results alike."""
    reference = {"$ref": "#/components/mediaTypes/Thing"}
    content = {"application/json": reference}
    item = {
        "post": {
            "operationId": "make",
            "requestBody": {"required": True, "content": content},
            "responses": {"200": {"summary": "Made.", "content": content}},
        }
    }
    media = {
        "schema": {"$ref": "#/components/schemas/Thing"},
        "examples": {"one": {"dataValue": {"id": 7}, "serializedValue": '{"id":7}'}},
    }
    components = {"schemas": {"Thing": _THING}, "mediaTypes": {"Thing": media}}
    server.responses["/things"] = _answering(b'{"id": "7"}')
    words = ["make", "--id", "7", "--validate", "strict", "--error-format", "json"]
    result = _call(item, *words, server=server, components=components)
    assert b'{"id":7}' == server.last.body
    assert 9 == result.exit_code
    assert ["/id"] == [finding["pointer"] for finding in result.error["findings"]]
    assert '  200  "Made"\n       id' in run_cli("./things.json", "make", "--help").stdout
    assert {"id": 7} == json.loads(_call(item, "make", "--example", components=components).json["body"])
    described = run_cli("describe", "./things.json", "make", "-o", "json").json
    schema = {"$ref": "#/components/schemas/Thing"}
    assert schema == described["body"]["content"]["application/json"]["schema"]
    assert schema == described["responses"]["200"]["content"]["application/json"]["schema"]


def test_path_items_are_components() -> None:
    """A path that is a `$ref` into `components.pathItems` has the operations that stand there."""
    item = {"query": {"operationId": "ask", "responses": _DONE}}
    components = {"pathItems": {"Things": item}}
    made = _call({"$ref": "#/components/pathItems/Things"}, "ask", components=components)
    assert (0, "QUERY") == (made.exit_code, made.json["method"])


def test_the_rest_of_3_2_is_in_nobodys_way() -> None:
    """Nested tags, named servers, deprecated schemes, the device flow and bare responses are read without a word."""
    item = {"get": {"operationId": "list", "tags": ["logs"], "responses": {"200": {"summary": "Good."}}}}
    flow = {
        "deviceAuthorizationUrl": "https://a.example/device",
        "tokenUrl": "https://a.example/token",
        "scopes": {"read": "Read."},
    }
    oauth = {
        "type": "oauth2",
        "deprecated": True,
        "oauth2MetadataUrl": "https://a.example/.well-known/oauth-authorization-server",
        "flows": {"deviceAuthorization": flow},
    }
    more: dict[str, Any] = {
        "$self": "https://a.example/openapi.json",
        "tags": [
            {"name": "events", "summary": "Events", "kind": "nav"},
            {"name": "logs", "parent": "events", "kind": "nav"},
        ],
        "components": {"securitySchemes": {"o": oauth}, "schemas": {"Thing": _THING}},
        "security": [{}, {"o": ["read"]}],
    }
    made = _call(item, "list", **more)
    assert (0, "") == (made.exit_code, made.stderr)
    shown = run_cli("api", "show", "./things.json", "-o", "json").json
    assert ([], []) == (shown["warnings"], shown["problems"])
    described = run_cli("describe", "./things.json", "list", "-o", "json").json
    assert [{}, {"o": ["read"]}] == described["security"]


def test_problems_are_those_of_3_2() -> None:
    """`api show` holds a 3.2 document against the specification of 3.2."""
    item = {"additionalOperations": {"GET": {"operationId": "a"}}}
    save(_document(item), "things.json")
    problems = run_cli("api", "show", "./things.json", "-o", "json").json["problems"]
    place = "/paths/~1things/additionalOperations"
    assert ("The name `GET` is not allowed here", place) in [
        (problem["message"], problem["pointer"]) for problem in problems
    ]


@pytest.mark.parametrize("path", own_and_real(["ferries.yaml"], ["redocly-cafe-3.2.yaml"]))
def test_a_whole_3_2_document(path: Path) -> None:
    """A document of 3.2 is valid, and each of its operations has a command."""
    shown = run_cli("api", "show", str(path), "-o", "json").json
    assert [] == shown["problems"]
    assert (12 if "cafe" in path.name else 5) == shown["operations"]


@pytest.mark.parametrize("words", [(), ("--tag", "a", "--tag", "b")], ids=["not given", "given"])
def test_the_style_of_cookies_is_no_matter_for_a_warning(words: tuple[str, ...]) -> None:
    """The validator's engine does not know the style, which the person need not hear of; the values are validated."""
    schema = {"type": "array", "items": {"enum": ["a", "b"]}}
    tag = {"name": "tag", "in": "cookie", "style": "cookie", "schema": schema}
    item = {"get": {"operationId": "list", "parameters": [tag], "responses": _DONE}}
    result = _call(item, "list", *words)
    assert (0, "") == (result.exit_code, result.stderr)
    assert 2 == _call(item, "list", "--tag", "c").exit_code
