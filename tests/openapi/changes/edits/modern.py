"""What OpenAPI 3.1 and 3.2 have."""

from tests.openapi.changes.edits.base import GOT, MODERN, SCHEMAS, SENT
from tests.openapi.changes.edits.model import GONE, edit, expected

__all__ = ["EDITS"]

_NEW_VALUE = "What a client does with a value that it has no case for, the document does not tell."
_SAME = "What is allowed is the same, in other words."

EDITS = [
    edit(
        "a constant of a request is another one",
        MODERN,
        {f"{SENT}/state/const": "fresh"},
        expected("const-changed", f"{SENT}/state/const", "new", "fresh", breaking=True),
        oasdiff=("request-property-const-changed ERR",),
    ),
    edit(
        "a constant of an answer is another one",
        MODERN,
        {f"{GOT}/state/const": "fresh"},
        expected("const-changed", f"{GOT}/state/const", "new", "fresh"),
        oasdiff=("response-property-const-changed ERR",),
        why=_NEW_VALUE,
    ),
    edit(
        "a constant becomes one of two values",
        MODERN,
        {f"{SENT}/state": {"enum": ["new", "old"]}},
        expected("enum-value-added", f"{SENT}/state/enum/1", None, "old", breaking=False),
        oasdiff=(
            "request-property-became-enum ERR",
            "request-property-const-removed INFO",
            "request-property-enum-value-added INFO",
        ),
        why="The value that was the only one is still listed.",
    ),
    edit(
        "a constant is written as a list of one",
        MODERN,
        {f"{SENT}/state": {"enum": ["new"]}, f"{GOT}/state": {"enum": ["new"]}},
        oasdiff=(
            "request-property-became-enum ERR",
            "request-property-const-removed INFO",
            "request-property-enum-value-added INFO",
            "response-property-const-removed ERR",
            "response-property-enum-value-added ERR",
        ),
        why=_SAME,
    ),
    edit(
        "a type of a request is null no more",
        MODERN,
        {f"{SENT}/name/type": "string"},
        expected("nullable-removed", f"{SENT}/name/type", True, False, breaking=True),
        oasdiff=("request-property-became-not-nullable ERR",),
    ),
    edit(
        "a type of an answer may be null",
        MODERN,
        {f"{SCHEMAS}/Link/properties/href/type": ["string", "null"]},
        expected("nullable-added", f"{SCHEMAS}/Link/properties/href/type", False, True, breaking=True),
        oasdiff=("response-property-became-nullable ERR",),
    ),
    edit(
        "a type of an answer is one of fewer",
        MODERN,
        {f"{GOT}/size/type": "integer"},
        expected("type-changed", f"{GOT}/size/type", ["integer", "string"], "integer", breaking=False),
        oasdiff=("response-property-type-specialized INFO",),
    ),
    edit(
        "a type of an answer is one of more",
        MODERN,
        {f"{GOT}/size/type": ["integer", "string", "boolean"]},
        expected(
            "type-changed",
            f"{GOT}/size/type",
            ["integer", "string"],
            ["boolean", "integer", "string"],
            breaking=True,
        ),
        oasdiff=("response-property-type-generalized ERR",),
    ),
    edit(
        "types are in another order",
        MODERN,
        {f"{GOT}/size/type": ["string", "integer"]},
    ),
    edit(
        "null as an alternative is gone",
        MODERN,
        {f"{GOT}/link": {"$ref": "#/components/schemas/Link"}},
        expected("nullable-removed", f"{GOT}/link/anyOf/1", True, False, breaking=False),
        oasdiff=(
            "response-optional-property-added INFO",
            "response-property-any-of-removed INFO",
            "response-property-type-specialized INFO",
        ),
    ),
    edit(
        "an exclusive minimum is written as a minimum of integers",
        MODERN,
        {f"{SENT}/size": {"type": "integer", "minimum": 1}},
        oasdiff=("request-property-exclusive-min-unset INFO", "request-property-min-set ERR"),
        why="No integer is between 0 and 1.",
    ),
    edit(
        "an exclusive minimum is higher",
        MODERN,
        {f"{SENT}/size/exclusiveMinimum": 10},
        expected(
            "limit-tightened",
            f"{SENT}/size/exclusiveMinimum",
            {"exclusive": 0},
            {"exclusive": 10},
            breaking=True,
        ),
        oasdiff=("request-property-exclusive-min-increased ERR",),
    ),
    edit(
        "an item at its place has another type",
        MODERN,
        {f"{SENT}/pair/prefixItems/1/type": "number"},
        expected("type-changed", f"{SENT}/pair/prefixItems/1/type", "integer", "number", breaking=False),
        oasdiff=("request-property-type-generalized INFO",),
    ),
    edit(
        "an item at its place is new",
        MODERN,
        {f"{SENT}/pair/prefixItems/2": {"type": "string"}},
        expected(
            "constraint-changed",
            f"{SENT}/pair/prefixItems",
            [{"type": "string"}, {"type": "integer"}],
            [{"type": "string"}, {"type": "integer"}, {"type": "string"}],
        ),
        oasdiff=("request-property-prefix-items-added WARN",),
    ),
    edit(
        "a property by its pattern has another type",
        MODERN,
        {f"{SENT}/map/patternProperties/^x/type": "integer"},
        expected("type-changed", f"{SENT}/map/patternProperties/^x/type", "string", "integer", breaking=True),
        oasdiff=("request-property-type-changed ERR",),
    ),
    edit(
        "a property by its pattern is new",
        MODERN,
        {f"{SENT}/map/patternProperties/^y": {"type": "integer"}},
        expected(
            "constraint-changed", f"{SENT}/map/patternProperties/^y", None, {"type": "integer"}, breaking=True
        ),
        oasdiff=("request-property-pattern-property-added ERR",),
    ),
    edit(
        "what a value must not be changes",
        MODERN,
        {f"{SENT}/other/not/type": "number"},
        expected("type-changed", f"{SENT}/other/not/type", "integer", "number"),
        oasdiff=("request-property-type-generalized INFO",),
    ),
    edit(
        "properties depend on each other",
        MODERN,
        {f"{SCHEMAS}/Sent/dependentRequired": {"name": ["size"]}},
        expected(
            "constraint-changed", f"{SCHEMAS}/Sent/dependentRequired", None, {"name": ["size"]}, breaking=True
        ),
        oasdiff=("request-body-dependent-required-added ERR",),
    ),
    edit(
        "a text is encoded otherwise",
        MODERN,
        {f"{SENT}/file/contentEncoding": "base32"},
        expected("constraint-changed", f"{SENT}/file/contentEncoding", None, "base32"),
        expected("format-removed", f"{SENT}/file/contentEncoding", "byte"),
        oasdiff=("request-property-content-encoding-changed ERR",),
        why="An encoding is a remark (JSON Schema Validation 2020-12, 8.1), as a format is.",
    ),
    edit(
        "a limit stands beside a reference",
        MODERN,
        {f"{GOT}/link/anyOf/0/minProperties": 1},
        expected("limit-added", f"{GOT}/link/anyOf/0/minProperties", None, 1, breaking=False),
        oasdiff=("response-property-all-of-added INFO",),
    ),
    edit(
        "no value fits any more",
        MODERN,
        {f"{SENT}/other": False},
        expected("type-changed", f"{SENT}/other", None, [], breaking=True),
        oasdiff=("request-property-schema-became-false ERR",),
    ),
    edit(
        "unevaluated properties are refused",
        MODERN,
        {f"{SCHEMAS}/Sent/unevaluatedProperties": False},
        expected(
            "additional-properties-refused",
            f"{SCHEMAS}/Sent/unevaluatedProperties",
            True,
            False,
            breaking=True,
        ),
    ),
    edit(
        "a method of its own is new in 3.2",
        MODERN,
        {
            "/paths/~1things/query": {
                "operationId": "queryThings",
                "responses": {"200": {"description": "They"}},
            }
        },
        before={"/openapi": "3.2.0"},
        added=("QUERY /things",),
        oasdiff=("endpoint-added INFO",),
    ),
    edit(
        "another method is gone in 3.2",
        MODERN,
        {"/paths/~1things/additionalOperations/COPY": GONE},
        before={
            "/openapi": "3.2.0",
            "/paths/~1things/additionalOperations/COPY": {
                "operationId": "copy",
                "responses": {"200": {"description": "It"}},
            },
        },
        removed=("COPY /things",),
        oasdiff=("api-removed-without-deprecation ERR",),
    ),
    edit(
        "items of a stream have a property more in 3.2",
        MODERN,
        {f"{SCHEMAS}/Event/properties/at": {"type": "string"}},
        expected(
            "property-added", f"{SCHEMAS}/Event/properties/at", None, {"type": "string"}, breaking=False
        ),
        before={
            "/openapi": "3.2.0",
            "/webhooks": GONE,
            "/paths/~1stream/get": {
                "operationId": "stream",
                "responses": {
                    "200": {
                        "description": "They",
                        "content": {
                            "application/jsonl": {"itemSchema": {"$ref": "#/components/schemas/Event"}}
                        },
                    }
                },
            },
        },
        oasdiff=("response-optional-property-added INFO",),
    ),
    edit(
        "a query string as a whole becomes required in 3.2",
        MODERN,
        {"/paths/~1search/get/parameters/0/required": True},
        expected(
            "parameter-required", "/paths/~1search/get/parameters/0/required", False, True, breaking=True
        ),
        before={
            "/openapi": "3.2.0",
            "/paths/~1search/get": {
                "operationId": "search",
                "parameters": [
                    {
                        "name": "q",
                        "in": "querystring",
                        "content": {
                            "application/x-www-form-urlencoded": {
                                "schema": {"type": "object", "properties": {"words": {"type": "string"}}}
                            }
                        },
                    }
                ],
                "responses": {"200": {"description": "They"}},
            },
        },
        oasdiff=("request-parameter-became-required ERR",),
    ),
    edit(
        "listed values are alternatives with words",
        MODERN,
        {
            f"{SENT}/mode": {
                "oneOf": [{"const": "on", "title": "Running"}, {"const": "off", "title": "Not running"}]
            }
        },
        before={f"{SENT}/mode": {"type": "string", "enum": ["on", "off"]}},
        oasdiff=(
            "request-property-enum-value-removed ERR",
            "request-property-one-of-added INFO",
            "request-property-type-generalized INFO",
        ),
        why=_SAME,
    ),
    edit(
        "an alternative with words is new",
        MODERN,
        {f"{GOT}/mode/oneOf/2": {"const": "off", "title": "Not running"}},
        expected("enum-value-added", f"{GOT}/mode/oneOf/2", None, "off"),
        before={
            f"{GOT}/mode": {
                "oneOf": [{"const": "on", "title": "Running"}, {"const": "idle", "title": "Waiting"}]
            }
        },
        oasdiff=("response-property-one-of-added ERR",),
        why=_NEW_VALUE,
    ),
    edit(
        "a text of a request is true for one",
        MODERN,
        {f"{SENT}/size/default": True},
        expected("default-changed", f"{SENT}/size/default", 1, True),
        before={f"{SENT}/size/default": 1},
        oasdiff=("request-property-default-value-changed INFO",),
    ),
]
