"""The same in another version of OpenAPI."""

from tests.openapi.changes.edits.base import ADMIN, HEALTH, MODERN, NEW_PET, PET, PETS
from tests.openapi.changes.edits.model import edit, expected

__all__ = ["EDITS"]

_DIALECT = "The two versions say the same in different words."

EDITS = [
    edit(
        "null is written as a type in 3.1",
        PETS,
        {
            "/openapi": "3.1.1",
            f"{PET}/note": {"type": ["string", "null"]},
            f"{NEW_PET}/note": {"type": ["string", "null"]},
        },
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        oasdiff=("request-property-became-not-nullable ERR", "response-property-became-not-nullable INFO"),
        why=_DIALECT,
    ),
    edit(
        "a flag beside a minimum is a number in 3.1",
        PETS,
        {"/openapi": "3.1.1", f"{NEW_PET}/age": {"type": "integer", "exclusiveMinimum": 0}},
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        before={f"{NEW_PET}/age/exclusiveMinimum": True},
        oasdiff=("request-property-min-unset INFO",),
    ),
    edit(
        "null beside a reference is an alternative in 3.1",
        PETS,
        {
            "/openapi": "3.1.1",
            f"{PET}/owner": {"anyOf": [{"$ref": "#/components/schemas/Owner"}, {"type": "null"}]},
        },
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        before={f"{PET}/owner": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Owner"}]}},
        oasdiff=(
            "response-property-all-of-removed WARN",
            "response-property-any-of-added WARN",
            "response-property-became-not-nullable INFO",
        ),
        why=_DIALECT,
    ),
    edit(
        "a file of a form is a media type in 3.1",
        PETS,
        {
            "/openapi": "3.1.1",
            f"{ADMIN}/requestBody/content/multipart~1form-data/schema/properties/file": {
                "type": "string",
                "contentMediaType": "application/octet-stream",
            },
        },
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        oasdiff=("request-property-content-media-type-changed ERR", "request-property-type-generalized INFO"),
        why=_DIALECT,
    ),
    edit(
        "bytes in a text are encoded in 3.1",
        PETS,
        {"/openapi": "3.1.1", f"{NEW_PET}/code": {"type": "string", "contentEncoding": "base64"}},
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        before={f"{NEW_PET}/code": {"type": "string", "format": "byte"}},
        oasdiff=("request-property-content-encoding-changed ERR", "request-property-type-generalized INFO"),
        why=_DIALECT,
    ),
    edit(
        "a body of bytes has no schema in 3.1",
        PETS,
        {"/openapi": "3.1.1", f"{HEALTH}/responses/200/content/image~1png": {}},
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        before={
            f"{HEALTH}/responses/200/content/image~1png": {"schema": {"type": "string", "format": "binary"}}
        },
        oasdiff=("response-body-media-type-schema-removed ERR",),
        why=_DIALECT,
    ),
    edit(
        "nullable stays as it is in 3.1",
        PETS,
        {"/openapi": "3.1.1"},
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
    ),
    edit(
        "what stands beside a reference counts in 3.1",
        PETS,
        {"/openapi": "3.1.1"},
        expected("limit-added", f"{PET}/owner/minProperties", None, 1, breaking=False),
        expected("specification-changed", "/openapi", "3.0.4", "3.1.1", breaking=False),
        before={f"{PET}/owner/minProperties": 1},
        oasdiff=("response-property-all-of-added INFO",),
    ),
    edit(
        "3.2 for 3.1",
        MODERN,
        {"/openapi": "3.2.0"},
        expected("specification-changed", "/openapi", "3.1.1", "3.2.0", breaking=False),
    ),
]
