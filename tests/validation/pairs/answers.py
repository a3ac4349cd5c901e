"""Statuses and media types."""

from typing import Any

from tests.validation.in_process_judge import JSON, answered
from tests.validation.pairs.model import BOTH, V30, V31, V32, Pair, answer, body

_OK: dict[str, Any] = {"description": ""}
_INT = {"type": "integer"}
_WRONG = b'"x"'
_CONTENT_TYPE = "header/Content-Type undocumented-media-type"


def _statuses(name: str, keys: list[str], status: int, *expected: str, source: str = "", **more: Any) -> Pair:
    responses = {key: {**_OK, "content": {JSON: {"schema": _INT}}} for key in keys}
    return answer(name, responses, answered(_WRONG, status), *expected, source=source, **more)


def _media(name: str, keys: list[str], came: str, *expected: str, source: str = "", **more: Any) -> Pair:
    responses = {"200": {**_OK, "content": {key: {"schema": _INT} for key in keys}}}
    return answer(name, responses, answered(_WRONG, media_type=came), *expected, source=source, **more)


def _head(name: str, response: dict[str, Any], *expected: str) -> Pair:
    document = {
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"head": {"operationId": "a", "responses": {"200": response}}}},
    }
    return Pair(name, document, answered(b""), expected)


PAIRS = [
    _statuses("the status itself", ["200"], 200, "- type"),
    _statuses("the status before its range", ["2XX", "200"], 200, "- type"),
    _statuses("a range", ["2XX"], 201, "- type", source="OpenAPI 3.1.1, Responses Object: an uppercase X"),
    _statuses("a range in small letters", ["4xx"], 404, "- type"),
    _statuses("a range that is another", ["4XX", "default"], 500, "- type"),
    _statuses("the default for an error", ["200", "default"], 503, "- type"),
    _statuses("the default for a success", ["default"], 200, "- type"),
    answer(
        "an error by its own schema",
        {
            "200": {**_OK, "content": {JSON: {"schema": _INT}}},
            "404": {**_OK, "content": {JSON: {"schema": {}}}},
        },
        answered(b'{"message": "no"}', 404),
    ),
    answer(
        "a status is judged by its own schema and not by its range",
        {
            "4XX": {**_OK, "content": {JSON: {"schema": _INT}}},
            "404": {**_OK, "content": {JSON: {"schema": {}}}},
        },
        answered(_WRONG, 404),
    ),
    _statuses("another success", ["200"], 201, "status undocumented-status"),
    _statuses(
        "another error",
        ["200"],
        404,
        "status undocumented-status",
        source="OpenAPI 3.1.1, Responses Object: to cover any known errors",
    ),
    _statuses("another error at exact", ["200"], 404, "status undocumented-status", is_exact=True),
    _statuses("a redirect that is not documented", ["200"], 302, "status undocumented-status"),
    _media("a media type", [JSON], JSON, "- type"),
    _media("a charset", [JSON], "application/json; charset=utf-8", "- type", source="RFC 9110, 8.3.1"),
    _media("another case", [JSON], "Application/JSON", "- type", source="RFC 9110, 8.3.1: case-insensitive"),
    _media("another case in the document", ["Application/Json"], JSON, "- type"),
    _media("a parameter in the document alone", ["application/json; charset=utf-8"], JSON, "- type"),
    _media("no space before a parameter", ["application/json;v=1"], "application/json; v=1", "- type"),
    _media("a suffix", ["application/vnd.api+json"], "application/vnd.api+json", "- type"),
    _media("a suffix is another media type", [JSON], "application/vnd.api+json", _CONTENT_TYPE),
    _media("a range of all", ["*/*"], JSON, "- type", source="OpenAPI 3.1.1, Response Object, content"),
    _media("a range of applications", ["application/*"], JSON, "- type"),
    _media("a range of others", ["text/*"], JSON, _CONTENT_TYPE),
    _media("another media type", [JSON], "text/html", _CONTENT_TYPE),
    _media("no media type", [JSON], "", _CONTENT_TYPE),
    _media("what is no media type", [JSON], "json", _CONTENT_TYPE),
    answer(
        "the closest of several",
        {
            "200": {
                **_OK,
                "content": {
                    "*/*": {"schema": {"enum": [1]}},
                    "application/*": {"schema": {"enum": [2]}},
                    JSON: {"schema": {"enum": ["x"]}},
                },
            }
        },
        answered(_WRONG),
        source="OpenAPI 3.1.1, Response Object, content: only the most specific key is applicable",
    ),
    answer(
        "a closer range of several",
        {"200": {**_OK, "content": {"*/*": {"schema": {"enum": [1]}}, "application/*": {"schema": {}}}}},
        answered(_WRONG),
    ),
    body("a media type without a schema", JSON, None, b'{"a": 1}', "? no schema"),
    body(
        "a media type without a schema that is not JSON", JSON, None, b"{", "- unreadable-body", "? no schema"
    ),
    answer(
        "a body that is missing", {"200": {**_OK, "content": {JSON: {}}}}, answered(b""), "- missing-body"
    ),
    answer(
        "no body with 204",
        {"204": {**_OK, "content": {JSON: {"schema": _INT}}}},
        answered(b"", 204, ""),
        source="RFC 9110, 15.3.5: a 204 is terminated by the end of the header section",
    ),
    answer(
        "no body with 304",
        {"304": {**_OK, "content": {JSON: {"schema": _INT}}}},
        answered(b"", 304, ""),
        source="RFC 9110, 15.4.5",
    ),
    answer("no body and none described", {"200": _OK}, answered(b"", media_type="")),
    answer("no body, and a media type all the same", {"200": _OK}, answered(b"")),
    answer("a body and none described", {"200": _OK}, answered(b"{}"), "? describes no body"),
    answer(
        "a body and none described at exact",
        {"200": _OK},
        answered(b"{}"),
        "- undocumented-body",
        is_exact=True,
    ),
    _head("an answer to HEAD", {**_OK, "content": {JSON: {"schema": _INT}}}),
    _head(
        "an answer to HEAD without a header",
        {**_OK, "headers": {"X-A": {"required": True, "schema": {}}}},
        "header/X-A missing-header",
    ),
    answer(
        "a response by reference",
        {"200": {"$ref": "#/components/schemas/x-response"}},
        answered(_WRONG),
        "- type",
        schemas={"x-response": {**_OK, "content": {JSON: {"schema": _INT}}}},
        versions=BOTH,
    ),
    _statuses("all of it in 3.2", ["2XX"], 201, "- type", versions=(*V30, *V31, *V32)),
]
