"""Bodies of requests."""

from tests.openapi.changes.edits.base import ADMIN, CREATE, JSON_SCHEMA, PETS, REPLACE, SCHEMAS
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

EDITS = [
    edit(
        "an optional body is new",
        PETS,
        {
            "/paths/~1pets~1{petId}/delete/requestBody": {
                "content": {"application/json": {"schema": {"type": "object"}}}
            }
        },
        expected(
            "body-added",
            "/paths/~1pets~1{petId}/delete/requestBody",
            None,
            {"content": {"application/json": {"schema": "…"}}},
            breaking=False,
        ),
        oasdiff=("request-body-added-optional INFO",),
    ),
    edit(
        "a required body is new",
        PETS,
        {
            "/paths/~1pets~1{petId}/delete/requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
        expected(
            "body-added",
            "/paths/~1pets~1{petId}/delete/requestBody",
            None,
            {"required": True, "content": {"application/json": {"schema": "…"}}},
            breaking=True,
        ),
        oasdiff=("request-body-added-required ERR",),
    ),
    edit(
        "a body is gone",
        PETS,
        {f"{REPLACE}/requestBody": GONE},
        expected(
            "body-removed", f"{REPLACE}/requestBody", {"content": {"application/json": {"schema": "…"}}}
        ),
        oasdiff=("request-body-removed ERR",),
        why="Most servers ignore a body that they do not ask for, as they ignore a parameter.",
    ),
    edit(
        "a body becomes required",
        PETS,
        {f"{ADMIN}/requestBody/required": True},
        expected("body-required", f"{ADMIN}/requestBody/required", False, True, breaking=True),
        oasdiff=("request-body-became-required ERR",),
    ),
    edit(
        "a body is required no more",
        PETS,
        {f"{CREATE}/requestBody/required": False},
        expected("body-optional", f"{CREATE}/requestBody/required", True, False, breaking=False),
        oasdiff=("request-body-became-optional INFO",),
    ),
    edit(
        "a media type of a request is new",
        PETS,
        {
            f"{CREATE}/requestBody/content/application~1xml": {
                "schema": {"$ref": "#/components/schemas/NewPet"}
            }
        },
        expected(
            "media-type-added",
            f"{CREATE}/requestBody/content/application~1xml",
            None,
            "application/xml",
            breaking=False,
        ),
        oasdiff=("request-body-media-type-added INFO",),
    ),
    edit(
        "a media type of a request is gone",
        PETS,
        {f"{CREATE}/requestBody/content/application~1x-www-form-urlencoded": GONE},
        expected(
            "media-type-removed",
            f"{CREATE}/requestBody/content/application~1x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
            None,
            breaking=True,
        ),
        oasdiff=("request-body-media-type-removed ERR",),
    ),
    edit(
        "a media type of a request is taken in by a range",
        PETS,
        {
            f"{CREATE}/requestBody/content/application~1x-www-form-urlencoded": GONE,
            f"{CREATE}/requestBody/content/application~1*": {},
        },
        expected(
            "media-type-added",
            f"{CREATE}/requestBody/content/application~1*",
            None,
            "application/*",
            breaking=False,
        ),
        expected(
            "media-type-removed",
            f"{CREATE}/requestBody/content/application~1x-www-form-urlencoded",
            "application/x-www-form-urlencoded",
        ),
        oasdiff=("request-body-media-type-added INFO", "request-body-media-type-removed ERR"),
        why="The range that is new has the media type in it.",
    ),
    edit(
        "a media type is spelled otherwise",
        PETS,
        {
            f"{CREATE}/requestBody/content/application~1json": GONE,
            f"{CREATE}/requestBody/content/Application~1JSON": {
                "schema": {"$ref": "#/components/schemas/NewPet"}
            },
        },
    ),
    edit(
        "a media type has a charset",
        PETS,
        {
            f"{CREATE}/requestBody/content/application~1json": GONE,
            f"{CREATE}/requestBody/content/application~1json; charset=utf-8": {
                "schema": {"$ref": "#/components/schemas/NewPet"}
            },
        },
        expected(
            "media-type-changed",
            f"{CREATE}/requestBody/content/application~1json; charset=utf-8",
            "application/json",
            "application/json; charset=utf-8",
        ),
    ),
    edit(
        "a number of a form becomes a text",
        PETS,
        {f"{SCHEMAS}/Form/properties/count/type": "string"},
        expected(
            "type-changed", f"{SCHEMAS}/Form/properties/count/type", "integer", "string", breaking=False
        ),
        oasdiff=("request-property-type-compatible INFO",),
    ),
    edit(
        "a part of a form is of another media type",
        PETS,
        {f"{ADMIN}/requestBody/content/multipart~1form-data/encoding/file/contentType": "image/jpeg"},
        expected(
            "encoding-changed",
            f"{ADMIN}/requestBody/content/multipart~1form-data/encoding/file",
            {"contentType": "image/png"},
            {"contentType": "image/jpeg"},
        ),
    ),
    edit(
        "a part of a form is new and required",
        PETS,
        {
            f"{ADMIN}/requestBody/content/multipart~1form-data/schema/properties/name": {"type": "string"},
            f"{ADMIN}/requestBody/content/multipart~1form-data/schema/required": ["name"],
        },
        expected(
            "property-added",
            f"{ADMIN}/requestBody/content/multipart~1form-data/schema/properties/name",
            None,
            {"type": "string"},
            breaking=True,
        ),
        oasdiff=("new-required-request-property ERR",),
    ),
    edit(
        "a body moves to the components",
        PETS,
        {
            "/components/requestBodies/Pet": Of(f"{CREATE}/requestBody"),
            f"{CREATE}/requestBody": {"$ref": "#/components/requestBodies/Pet"},
        },
    ),
    edit(
        "a body has no schema any more",
        PETS,
        {f"{REPLACE}/requestBody/{JSON_SCHEMA}": GONE},
        expected(
            "schema-removed", f"{REPLACE}/requestBody/{JSON_SCHEMA}", {"$ref": "#/components/schemas/Owner"}
        ),
        oasdiff=("request-body-media-type-schema-removed INFO",),
    ),
    edit(
        "a body has a schema now",
        PETS,
        {f"{ADMIN}/requestBody/{JSON_SCHEMA}": {"$ref": "#/components/schemas/Owner"}},
        expected(
            "schema-added", f"{ADMIN}/requestBody/{JSON_SCHEMA}", None, {"$ref": "#/components/schemas/Owner"}
        ),
        before={f"{ADMIN}/requestBody/content/application~1json": {}},
        oasdiff=("request-body-media-type-schema-added ERR",),
        why="What was sent before is not described: perhaps just that.",
    ),
]
