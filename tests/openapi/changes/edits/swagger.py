"""Swagger 2.0, as it is read."""

from tests.openapi.changes.edits.base import SWAGGER
from tests.openapi.changes.edits.model import GONE, edit, expected

__all__ = ["EDITS"]

_NEW_VALUE = "What a client does with a value that it has no case for, the document does not tell."

EDITS = [
    edit(
        "a parameter of 2.0 has a lower limit",
        SWAGGER,
        {"/paths/~1pets/get/parameters/0/maximum": 20},
        expected("limit-tightened", "/paths/~1pets/get/parameters/0/schema/maximum", 50, 20, breaking=True),
        oasdiff=("request-parameter-max-decreased ERR",),
    ),
    edit(
        "a list of 2.0 is separated otherwise",
        SWAGGER,
        {"/paths/~1pets/get/parameters/1/collectionFormat": "multi"},
        expected(
            "style-changed",
            "/paths/~1pets/get/parameters/1/explode",
            {"explode": False},
            {"explode": True},
            breaking=True,
        ),
    ),
    edit(
        "a body of 2.0 is required no more",
        SWAGGER,
        {"/paths/~1pets/post/parameters/0/required": False},
        expected("body-optional", "/paths/~1pets/post/requestBody/required", True, False, breaking=False),
        oasdiff=("request-body-became-optional INFO",),
    ),
    edit(
        "a property of 2.0 becomes required",
        SWAGGER,
        {"/definitions/NewPet/required/1": "kind"},
        expected(
            "property-required", "/components/schemas/NewPet/properties/kind", False, True, breaking=True
        ),
        oasdiff=("request-property-became-required ERR",),
    ),
    edit(
        "a listed value of 2.0 is new",
        SWAGGER,
        {"/definitions/Pet/properties/kind/enum/2": "fish"},
        expected("enum-value-added", "/components/schemas/Pet/properties/kind/enum/2", None, "fish"),
        oasdiff=("response-property-enum-value-added ERR",),
        why=_NEW_VALUE,
    ),
    edit(
        "a header of 2.0 has another type",
        SWAGGER,
        {"/paths/~1pets/get/responses/200/headers/X-Total/type": "string"},
        expected(
            "type-changed",
            "/paths/~1pets/get/responses/200/headers/X-Total/schema/type",
            "integer",
            "string",
            breaking=True,
        ),
        oasdiff=("response-header-type-changed ERR",),
    ),
    edit(
        "a host of 2.0 is another one",
        SWAGGER,
        {"/host": "www.example.com"},
        expected("server-added", "/servers/0", None, "https://www.example.com/v1", breaking=False),
        expected("server-removed", "/servers/0", "https://api.example.com/v1"),
    ),
    edit(
        "a file of 2.0 becomes required",
        SWAGGER,
        {"/paths/~1upload/post/parameters/0/required": True},
        expected("body-required", "/paths/~1upload/post/requestBody/required", False, True, breaking=True),
        expected(
            "property-required",
            "/paths/~1upload/post/requestBody/content/multipart~1form-data/schema/properties/file",
            False,
            True,
            breaking=True,
        ),
        oasdiff=("request-body-became-required ERR", "request-property-became-required ERR"),
    ),
    edit(
        "what 2.0 produces is less",
        SWAGGER,
        {"/produces/1": GONE},
        expected(
            "media-type-removed",
            "/paths/~1pets/get/responses/200/content/application~1xml",
            "application/xml",
            None,
            breaking=True,
        ),
        expected(
            "media-type-removed",
            "/paths/~1pets/post/responses/201/content/application~1xml",
            "application/xml",
            None,
            breaking=True,
        ),
        expected(
            "media-type-removed",
            "/paths/~1upload/post/responses/200/content/application~1xml",
            "application/xml",
            None,
            breaking=True,
        ),
        before={"/produces/1": "application/xml"},
        oasdiff=("response-media-type-removed ERR",),
    ),
    edit(
        "a key of 2.0 goes into the header",
        SWAGGER,
        {"/securityDefinitions/key/in": "header"},
        expected(
            "security-scheme-changed", "/components/securitySchemes/key/in", "query", "header", breaking=True
        ),
        oasdiff=("api-security-component-api-key-in-changed ERR",),
    ),
]
