"""Requests."""

from typing import Any

from tests.validation.in_process_judge import JSON
from tests.validation.pairs.model import V32, Pair, request

_INT = {"type": "integer", "maximum": 9}


def _query(
    name: str, schema: Any, text: str, given: Any, *expected: str, place: str = "query", **more: Any
) -> Pair:
    operation = {"parameters": [{"name": "p", "in": place, "schema": schema, **more}]}
    texts: dict[str, Any] = {
        "query": {"query": [("p", text)]},
        "header": {"headers": {"p": text}},
        "cookie": {"cookies": [("p", text)]},
        "path": {"path": {"p": text}},
    }
    path = "/a/{p}" if place == "path" else "/a"
    return request(name, operation, {**texts[place], "values": {(place, "p"): given}}, *expected, path=path)


def _body(
    name: str,
    media_type: str,
    schema: Any,
    content: bytes | None,
    *expected: str,
    came: str = "",
    is_required: bool = True,
) -> Pair:
    operation = {"requestBody": {"required": is_required, "content": {media_type: {"schema": schema}}}}
    given = {"media_type": came or (media_type if content is not None else ""), "body": content}
    return request(name, operation, given, *expected)


def _secured(name: str, security: list[Any], given: set[str], *expected: str, source: str = "") -> Pair:
    pair = request(name, {"security": security}, {"credentials": frozenset(given)}, *expected, source=source)
    schemes = {scheme: {"type": "apiKey", "name": scheme, "in": "header"} for scheme in ("key", "token")}
    pair.document["components"]["securitySchemes"] = schemes
    return pair


_REQUIRED = {"parameters": [{"name": "p", "in": "query", "required": True, "schema": {"type": "string"}}]}

PAIRS = [
    _query("request: a parameter", _INT, "5", 5),
    _query("request: a parameter out of bounds", _INT, "10", 10, "query/p maximum"),
    _query("request: a parameter of another type", _INT, "x", "x", "query/p type"),
    _query(
        "request: an item of a parameter", {"type": "array", "items": _INT}, "10", [10], "query/p/0 maximum"
    ),
    _query(
        "request: a parameter with a pattern",
        {"type": "string", "pattern": "^a"},
        "b",
        "b",
        "query/p pattern",
    ),
    _query(
        "request: a parameter with a format", {"type": "string", "format": "uuid"}, "b", "b", "query/p format"
    ),
    _query("request: a parameter of an enum", {"type": "string", "enum": ["a"]}, "b", "b", "query/p enum"),
    _query("request: a header", _INT, "10", 10, "header/p maximum", place="header"),
    _query("request: a cookie", _INT, "10", 10, "cookie/p maximum", place="cookie"),
    _query("request: a part of the path", _INT, "10", 10, "path/p maximum", place="path", required=True),
    _query("request: an empty text", {"type": "string"}, "", ""),
    _query(
        "request: an empty text that is too short",
        {"type": "string", "minLength": 1},
        "",
        "",
        "query/p minLength",
    ),
    request("request: a parameter that is required", _REQUIRED, {}, "query/p missing-parameter"),
    request(
        "request: a parameter that is not required",
        {"parameters": [{"name": "p", "in": "query", "schema": _INT}]},
        {},
    ),
    _body("request: a body", JSON, {"type": "array", "items": _INT}, b"[1]"),
    _body(
        "request: a body that does not fit",
        JSON,
        {"type": "array", "items": _INT},
        b"[10, 1, 11]",
        "/0 maximum",
        "/2 maximum",
    ),
    _body("request: a body that is required", JSON, {}, None, "- missing-body"),
    _body("request: a body that is not required", JSON, {}, None, is_required=False),
    _body("request: a body that is not JSON", JSON, {}, b"{", "- unreadable-body"),
    _body(
        "request: a body of another media type",
        JSON,
        {},
        b"a",
        "header/Content-Type undocumented-media-type",
        came="text/plain",
    ),
    _body("request: a text", "text/plain", {"type": "string", "maxLength": 2}, b"abc", "- maxLength"),
    _body("request: bytes", "application/octet-stream", {"type": "string", "format": "binary"}, b"\xff"),
    request(
        "request: a query that is one value",
        {
            "parameters": [
                {
                    "name": "q",
                    "in": "querystring",
                    "content": {"application/x-www-form-urlencoded": {"schema": {"properties": {"a": _INT}}}},
                }
            ]
        },
        {"querystring": ("q", "a=10")},
        "querystring/q/a maximum",
        versions=V32,
        source="OpenAPI 3.2.0, Parameter Object, querystring",
    ),
    request(
        "request: an empty value for a number",
        {"parameters": [{"name": "p", "in": "query", "schema": _INT}]},
        {"query": [("p", "")]},
        "query/p type",
    ),
    _secured("request: credentials that are required", [{"key": []}], set(), "security missing-security"),
    _secured("request: credentials of one of two", [{"key": []}, {"token": []}], {"token"}),
    _secured(
        "request: credentials of which both are required",
        [{"key": [], "token": []}],
        {"key"},
        "security missing-security",
        source="OpenAPI 3.1.1, Security Requirement Object: all schemes of one object",
    ),
    _secured("request: credentials that are not required", [{"key": []}, {}], set()),
]
