"""null, and what goes in one direction alone."""

from typing import Any

from tests.validation.in_process_judge import JSON
from tests.validation.pairs.model import V30, V31, request, value

_TEXT = {"type": "string"}
_READ_ONLY = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "name": _TEXT},
}
_WRITE_ONLY = {
    "type": "object",
    "required": ["password"],
    "properties": {"password": {"type": "string", "writeOnly": True}},
}


def _post(name: str, schema: Any, body: bytes, *expected: str, **more: Any) -> Any:
    operation = {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}
    return request(name, operation, {"media_type": JSON, "body": body}, *expected, **more)


PAIRS = [
    value("null where it is nullable", {"type": "string", "nullable": True}, None, versions=V30),
    value("null where it is not", {"type": "string", "nullable": False}, None, "- type", versions=V30),
    value(
        "nullable without a type",
        {"nullable": True, "enum": ["a"]},
        None,
        "~ - enum",
        versions=V30,
        source="OpenAPI 3.0.4, Schema Object, nullable: it is about the type beside it, an enum has null itself",
    ),
    value(
        "a nullable enum with null",
        {"type": "string", "nullable": True, "enum": ["a", None]},
        None,
        versions=V30,
    ),
    value(
        "a nullable enum without null",
        {"type": "string", "nullable": True, "enum": ["a"]},
        None,
        "~ - enum",
        versions=V30,
        source="OpenAPI Proposal 003, Clarify Nullable: nullable does not add null to an enum",
    ),
    value(
        "a nullable type below allOf",
        {"allOf": [{"type": "string", "nullable": True}], "nullable": True},
        None,
        versions=V30,
    ),
    value(
        "nullable does not reach into allOf",
        {"allOf": [{"type": "string"}], "nullable": True},
        None,
        "~ - type",
        versions=V30,
        source="OpenAPI Proposal 003, Clarify Nullable: the type in allOf still refuses null",
    ),
    value(
        "nullable makes a branch fit",
        {"properties": {"a": {"oneOf": [{"allOf": [_TEXT], "nullable": True}, {"type": "integer"}]}}},
        {"a": None},
        "~ /a type",
        versions=V30,
    ),
    value(
        "nullable beside an object that is wrong",
        {"allOf": [{"required": ["id"]}], "nullable": True},
        {},
        "- required",
        versions=V30,
    ),
    value("no type refuses no null", {}, None),
    value("no type refuses no null inside", {"properties": {"a": {"minLength": 1}}}, {"a": None}),
    value(
        "3.1 has no nullable",
        {"type": "string", "nullable": True},
        None,
        "- type",
        versions=V31,
        source="OpenAPI 3.1.0 took it away for the type null",
    ),
    value("null by an alternative", {"anyOf": [_TEXT, {"type": "null"}]}, None, versions=V31),
    value(
        "null by an alternative beside a reference", {"oneOf": [{"type": "null"}, _TEXT]}, None, versions=V31
    ),
    value("what is read-only comes back", _READ_ONLY, {"id": 1, "name": "x"}),
    value("what is read-only is required of answers", _READ_ONLY, {"name": "x"}, "- required"),
    value(
        "what is write-only is not required of answers",
        _WRITE_ONLY,
        {},
        source="OpenAPI 3.0.4, Schema Object, writeOnly: required takes effect on the request only",
    ),
    value(
        "what is write-only in an answer of 3.0",
        _WRITE_ONLY,
        {"password": "x"},
        "/password writeOnly",
        versions=V30,
    ),
    value(
        "what is write-only in an answer of 3.1",
        _WRITE_ONLY,
        {"password": "x"},
        "/password writeOnly",
        versions=V31,
        source="JSON Schema Validation 2020-12, 9.4: the value is never present when it is retrieved",
    ),
    value(
        "write-only in the branch that fits",
        {"oneOf": [{"type": "string"}, _WRITE_ONLY]},
        {"password": "x"},
        "/password writeOnly",
    ),
    value(
        "write-only behind a reference",
        {"required": ["p"], "properties": {"p": {"$ref": "#/components/schemas/Secret"}}},
        {},
        schemas={"Secret": {"type": "string", "writeOnly": True}},
    ),
    value(
        "write-only items mean nothing in 3.0",
        {"type": "array", "items": {"type": "integer", "writeOnly": True}},
        [1],
        versions=V30,
        source='OpenAPI 3.0.4, Schema Object, writeOnly: relevant only for "properties" definitions',
    ),
    _post("what is read-only is not required of requests", _READ_ONLY, b'{"name": "x"}'),
    _post("what is read-only in a request of 3.0", _READ_ONLY, b'{"id": 1}', "~ /id readOnly", versions=V30),
    _post(
        "what is read-only in a branch of a request",
        {"oneOf": [{"type": "string"}, _READ_ONLY]},
        b'{"id": 1}',
        "~ /id readOnly",
        versions=V30,
    ),
    _post(
        "what is read-only and wrong besides",
        _READ_ONLY,
        b'{"id": "x"}',
        "/id type",
        "~ /id readOnly",
        versions=V30,
    ),
    _post(
        "required by one schema and read-only by another",
        {"allOf": [{"required": ["id", "name"]}, {"properties": {"id": {"readOnly": True}}}]},
        b"{}",
        "- required",
    ),
    _post(
        "required beside allOf and read-only inside",
        {"required": ["id"], "allOf": [{"allOf": [{"properties": {"id": {"readOnly": True}}}]}]},
        b"{}",
    ),
    _post(
        "required in a branch and read-only in another schema",
        {"oneOf": [{"type": "integer"}, {"allOf": [{"required": ["id"]}, _READ_ONLY]}]},
        b"{}",
    ),
    _post("a request by two alternatives", {"oneOf": [{"enum": ["ADMIN"]}, _TEXT]}, b'"ADMIN"', "~ - oneOf"),
    _post(
        "a request with a member by two alternatives, in one of two",
        {"oneOf": [{"properties": {"a": {"oneOf": [_TEXT, {"maxLength": 9}]}}, "required": ["a"]}, _TEXT]},
        b'{"a": "x"}',
        "~ /a oneOf",
    ),
    _post("what is write-only is required of requests", _WRITE_ONLY, b"{}", "- required"),
    _post("what is write-only in a request", _WRITE_ONLY, b'{"password": "x"}'),
    _post("a property of a request", _READ_ONLY, b'{"name": 5}', "/name type"),
    _post("null in a request", {"type": "string", "nullable": True}, b"null", versions=V30),
]
