"""Documents of Swagger 2.0, which are brought to 3.0."""

from typing import Any

from tests.validation.in_process_judge import JSON, answered
from tests.validation.pairs.model import Pair

_PET = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "format": "int64"}}}


def _answer(
    name: str, response: dict[str, Any], message: Any, *expected: str, produces: str = JSON, **more: Any
) -> Pair:
    document = {
        "info": {"title": "t", "version": "1"},
        "produces": [produces],
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"description": "", **response}}}}},
        "definitions": {"Pet": _PET},
    }
    return Pair(name, document, message, expected, ("2.0",), **more)


_PICTURE = answered(b"\0\xff", media_type="image/png")
_REF = {"schema": {"$ref": "#/definitions/Pet"}}

PAIRS = [
    _answer("2.0: a body", _REF, answered(b'{"id": 1}')),
    _answer("2.0: a property", _REF, answered(b'{"id": "1"}'), "/id type"),
    _answer("2.0: what is missing", _REF, answered(b"{}"), "- required"),
    _answer("2.0: a format", _REF, answered(b'{"id": 9223372036854775808}'), "/id format"),
    _answer(
        "2.0: another media type",
        _REF,
        answered(b"1", media_type="text/html"),
        "header/Content-Type undocumented-media-type",
    ),
    _answer("2.0: another success", _REF, answered(b"{}", 201), "status undocumented-status"),
    _answer("2.0: no schema", {}, answered(b"{}"), "? no schema"),
    _answer("2.0: no schema, and no body", {}, answered(b"", media_type="")),
    _answer("2.0: no schema, and a picture", {}, _PICTURE, "? no schema", produces="image/png"),
    _answer("2.0: no schema, and no JSON", {}, answered(b"{"), "- unreadable-body", "? no schema"),
    _answer(
        "2.0: no schema, and another media type",
        {},
        _PICTURE,
        "header/Content-Type undocumented-media-type",
        source="OpenAPI 2.0, Operation Object, produces: what the operation can produce",
    ),
    _answer("2.0: no schema, at exact", {}, answered(b"{}"), "- undocumented-body", is_exact=True),
    _answer("2.0: no schema, no JSON, at exact", {}, answered(b"{"), "- unreadable-body", is_exact=True),
    _answer(
        "2.0: no schema, another media type, at exact",
        {},
        _PICTURE,
        "header/Content-Type undocumented-media-type",
        is_exact=True,
    ),
    _answer("2.0: nothing produced, no schema", {}, answered(b"{}"), "? no body", produces=""),
    _answer(
        "2.0: null by x-nullable",
        {"schema": {"type": "string", "x-nullable": True}},
        answered(b"null"),
        source="an extension that generators of 2.0 write, read as nullable",
    ),
    _answer(
        "2.0: a file",
        {"schema": {"type": "file"}},
        answered(b"\0\xff", media_type="image/png"),
        produces="image/png",
        source="OpenAPI 2.0, Response Object, schema: the type file",
    ),
    _answer(
        "2.0: a header",
        {"headers": {"X-Rate": {"type": "integer", "maximum": 5}}},
        answered(b"", media_type="", headers={"x-rate": "6"}),
        "header/X-Rate maximum",
    ),
    _answer(
        "2.0: a header that is an array",
        {"headers": {"X-Rate": {"type": "array", "items": {"type": "integer"}, "collectionFormat": "csv"}}},
        answered(b"", media_type="", headers={"x-rate": "1,2"}),
    ),
    _answer(
        "2.0: not mentioned", _REF, answered(b'{"id": 1, "x": 1}'), "/x undocumented-property", is_exact=True
    ),
]
