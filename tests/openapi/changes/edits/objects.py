"""Properties, of requests, of answers and of both."""

from tests.openapi.changes.edits.base import NEW_PET, OWNER, PET, PETS, SCHEMAS
from tests.openapi.changes.edits.model import GONE, edit, expected

__all__ = ["EDITS"]

_DEFAULT = (
    "Servers take the default for what is missing (OpenAPI 3.0.4, Schema Object), or refuse the request."
)

EDITS = [
    edit(
        "an optional property of a request is new",
        PETS,
        {f"{NEW_PET}/color": {"type": "string"}},
        expected("property-added", f"{NEW_PET}/color", None, {"type": "string"}, breaking=False),
        oasdiff=("new-optional-request-property INFO",),
    ),
    edit(
        "a required property of a request is new",
        PETS,
        {f"{NEW_PET}/color": {"type": "string"}, f"{SCHEMAS}/NewPet/required/1": "color"},
        expected("property-added", f"{NEW_PET}/color", None, {"type": "string"}, breaking=True),
        oasdiff=("new-required-request-property ERR",),
    ),
    edit(
        "a required property of a request with a default is new",
        PETS,
        {f"{NEW_PET}/color": {"type": "string", "default": "red"}, f"{SCHEMAS}/NewPet/required/1": "color"},
        expected("property-added", f"{NEW_PET}/color", None, {"type": "string", "default": "red"}),
        oasdiff=("new-required-request-property-with-default ERR",),
        why=_DEFAULT,
    ),
    edit(
        "a required property of a request is new and read-only",
        PETS,
        {f"{NEW_PET}/made": {"type": "string", "readOnly": True}, f"{SCHEMAS}/NewPet/required/1": "made"},
    ),
    edit(
        "a property of a request becomes required",
        PETS,
        {f"{SCHEMAS}/NewPet/required/1": "age"},
        expected("property-required", f"{NEW_PET}/age", False, True, breaking=True),
        oasdiff=("request-property-became-required ERR",),
    ),
    edit(
        "a property of a request with a default becomes required",
        PETS,
        {f"{SCHEMAS}/NewPet/required/1": "size"},
        expected("property-required", f"{NEW_PET}/size", False, True),
        oasdiff=("request-property-became-required-with-default ERR",),
        why=_DEFAULT,
    ),
    edit(
        "a read-only property becomes required",
        PETS,
        {f"{SCHEMAS}/NewPet/required/1": "id"},
    ),
    edit(
        "a property of a request is required no more",
        PETS,
        {f"{SCHEMAS}/NewPet/required": GONE},
        expected("property-optional", f"{NEW_PET}/name", True, False, breaking=False),
        oasdiff=("request-property-became-optional INFO",),
    ),
    edit(
        "a property of a request is gone",
        PETS,
        {f"{NEW_PET}/born": GONE},
        expected("property-removed", f"{NEW_PET}/born", {"type": "string", "format": "date"}),
        oasdiff=("request-property-removed WARN",),
    ),
    edit(
        "a read-only property of a request is gone",
        PETS,
        {f"{NEW_PET}/id": GONE},
    ),
    edit(
        "a read-only property of a request has another type",
        PETS,
        {f"{NEW_PET}/id/type": "string"},
        oasdiff=("request-property-type-changed INFO",),
        why="A read-only property is no part of a request (OpenAPI 3.0.4, Schema Object).",
    ),
    edit(
        "a property of a request becomes read-only",
        PETS,
        {f"{NEW_PET}/born/readOnly": True},
        expected("read-only-set", f"{NEW_PET}/born/readOnly", False, True),
        oasdiff=("request-optional-property-became-read-only WARN",),
    ),
    edit(
        "a property of a request is read-only no more",
        PETS,
        {f"{NEW_PET}/id/readOnly": GONE},
        expected("read-only-lifted", f"{NEW_PET}/id/readOnly", True, False, breaking=False),
        oasdiff=("request-optional-property-became-not-read-only INFO",),
    ),
    edit(
        "a required property of a request is read-only no more",
        PETS,
        {f"{NEW_PET}/id/readOnly": GONE},
        expected("read-only-lifted", f"{NEW_PET}/id/readOnly", True, False, breaking=True),
        before={f"{SCHEMAS}/NewPet/required/1": "id"},
        oasdiff=("request-required-property-became-not-read-only ERR",),
    ),
    edit(
        "an optional property of an answer is new",
        PETS,
        {f"{PET}/color": {"type": "string"}},
        expected("property-added", f"{PET}/color", None, {"type": "string"}, breaking=False),
        oasdiff=("response-optional-property-added INFO",),
    ),
    edit(
        "a required property of an answer is new",
        PETS,
        {f"{PET}/color": {"type": "string"}, f"{SCHEMAS}/Pet/required/2": "color"},
        expected("property-added", f"{PET}/color", None, {"type": "string"}, breaking=False),
        oasdiff=("response-required-property-added INFO",),
    ),
    edit(
        "a required property of an answer is gone",
        PETS,
        {f"{PET}/name": GONE, f"{SCHEMAS}/Pet/required": ["id"]},
        expected("property-removed", f"{PET}/name", {"type": "string", "maxLength": 40}, None, breaking=True),
        oasdiff=("response-required-property-removed ERR",),
    ),
    edit(
        "an optional property of an answer is gone",
        PETS,
        {f"{PET}/weight": GONE},
        expected("property-removed", f"{PET}/weight", {"type": "number"}),
        oasdiff=("response-optional-property-removed INFO",),
    ),
    edit(
        "a property of an answer may be missing",
        PETS,
        {f"{SCHEMAS}/Pet/required": ["id"]},
        expected("property-optional", f"{PET}/name", True, False, breaking=True),
        oasdiff=("response-property-became-optional ERR",),
    ),
    edit(
        "a property of an answer always comes",
        PETS,
        {f"{SCHEMAS}/Pet/required/2": "kind"},
        expected("property-required", f"{PET}/kind", False, True, breaking=False),
        oasdiff=("response-property-became-required INFO",),
    ),
    edit(
        "a property of an answer becomes write-only",
        PETS,
        {f"{PET}/name/writeOnly": True},
        expected("write-only-set", f"{PET}/name/writeOnly", False, True, breaking=True),
        oasdiff=("response-required-property-became-write-only ERR",),
    ),
    edit(
        "a property of both is gone",
        PETS,
        {f"{OWNER}/email": GONE, f"{SCHEMAS}/Owner/required": GONE},
        expected("property-removed", f"{OWNER}/email", {"type": "string"}),
        expected("property-removed", f"{OWNER}/email", {"type": "string"}, None, breaking=True),
        oasdiff=("request-property-removed WARN", "response-required-property-removed ERR"),
    ),
    edit(
        "a property of both becomes required",
        PETS,
        {f"{SCHEMAS}/Owner/required/1": "rank"},
        expected("property-required", f"{OWNER}/rank", False, True, breaking=False),
        expected("property-required", f"{OWNER}/rank", False, True, breaking=True),
        oasdiff=("request-property-became-required ERR", "response-property-became-required INFO"),
    ),
    edit(
        "a listed value of both is gone",
        PETS,
        {f"{OWNER}/rank/enum/1": GONE},
        expected("enum-value-removed", f"{OWNER}/rank/enum/1", "high", None, breaking=False),
        expected("enum-value-removed", f"{OWNER}/rank/enum/1", "high", None, breaking=True),
        oasdiff=("request-property-enum-value-removed ERR", "response-property-enum-value-removed INFO"),
    ),
    edit(
        "a write-only property of both becomes required",
        PETS,
        {f"{SCHEMAS}/Owner/required/1": "secret"},
        expected("property-required", f"{OWNER}/secret", False, True, breaking=True),
        oasdiff=("request-property-became-required ERR", "response-write-only-property-became-required INFO"),
    ),
    edit(
        "a request may have nothing that is not described",
        PETS,
        {f"{SCHEMAS}/NewPet/additionalProperties": False},
        expected(
            "additional-properties-refused",
            f"{SCHEMAS}/NewPet/additionalProperties",
            True,
            False,
            breaking=True,
        ),
    ),
    edit(
        "a property of a closed request is gone",
        PETS,
        {f"{SCHEMAS}/Den/properties": {}, f"{SCHEMAS}/Den/required": GONE},
        expected(
            "property-removed", f"{SCHEMAS}/Den/properties/depth", {"type": "integer"}, None, breaking=True
        ),
        before={f"{SCHEMAS}/Den/additionalProperties": False},
        oasdiff=("request-property-removed WARN",),
        why="Without it, additionalProperties refuses what has it.",
    ),
    edit(
        "an answer has nothing that is not described",
        PETS,
        {f"{SCHEMAS}/Error/additionalProperties": False},
        expected(
            "additional-properties-refused",
            f"{SCHEMAS}/Error/additionalProperties",
            True,
            False,
            breaking=False,
        ),
    ),
    edit(
        "a closed answer has a property more",
        PETS,
        {f"{SCHEMAS}/Error/properties/more": {"type": "string"}},
        expected("property-added", f"{SCHEMAS}/Error/properties/more", None, {"type": "string"}),
        before={f"{SCHEMAS}/Error/additionalProperties": False},
        oasdiff=("response-optional-property-added INFO",),
    ),
    edit(
        "what is not described is of another type",
        PETS,
        {f"{NEW_PET}/extra/additionalProperties/type": "integer"},
        expected(
            "type-changed", f"{NEW_PET}/extra/additionalProperties/type", "string", "integer", breaking=True
        ),
        oasdiff=("request-property-type-changed ERR",),
    ),
    edit(
        "what is not described may be anything",
        PETS,
        {f"{NEW_PET}/extra/additionalProperties": True},
        expected(
            "type-changed", f"{NEW_PET}/extra/additionalProperties/type", "string", None, breaking=False
        ),
    ),
    edit(
        "a property far inside of an answer changes",
        PETS,
        {f"{OWNER}/address": {"type": "object", "properties": {"city": {"type": "string"}}}},
        expected(
            "property-added",
            f"{OWNER}/address",
            None,
            {"type": "object", "properties": {"city": {"type": "string"}}},
            breaking=False,
        ),
        oasdiff=("new-optional-request-property INFO", "response-optional-property-added INFO"),
    ),
    edit(
        "properties move into a part of the schema",
        PETS,
        {
            f"{SCHEMAS}/Base": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "maxLength": 40}},
            },
            f"{PET}/name": GONE,
            f"{SCHEMAS}/Pet/required": ["id"],
            f"{SCHEMAS}/Pet/allOf": [{"$ref": "#/components/schemas/Base"}],
        },
        oasdiff=(
            "response-body-all-of-added INFO",
            "response-property-all-of-added INFO",
            "response-required-property-removed ERR",
            "response-required-property-removed WARN",
        ),
        why="Schemas of allOf hold together, so that the answer has the same properties.",
    ),
    edit(
        "a part of the schema adds a limit",
        PETS,
        {
            f"{SCHEMAS}/Short": {"properties": {"name": {"maxLength": 5}}},
            f"{SCHEMAS}/NewPet/allOf": [{"$ref": "#/components/schemas/Short"}],
        },
        expected("limit-tightened", f"{SCHEMAS}/Short/properties/name/maxLength", 40, 5, breaking=True),
        oasdiff=("request-body-all-of-added ERR",),
    ),
    edit(
        "a request may have more than is described",
        PETS,
        {f"{SCHEMAS}/NewPet/additionalProperties": True},
        expected(
            "additional-properties-allowed",
            f"{SCHEMAS}/NewPet/additionalProperties",
            False,
            True,
            breaking=False,
        ),
        before={f"{SCHEMAS}/NewPet/additionalProperties": False},
    ),
    edit(
        "an answer may have more than is described",
        PETS,
        {f"{SCHEMAS}/Error/additionalProperties": GONE},
        expected("additional-properties-allowed", f"{SCHEMAS}/Error/additionalProperties", False, True),
        before={f"{SCHEMAS}/Error/additionalProperties": False},
    ),
    edit(
        "a property of both is write-only no more",
        PETS,
        {f"{OWNER}/secret/writeOnly": GONE},
        expected("write-only-lifted", f"{OWNER}/secret/writeOnly", True, False, breaking=False),
        oasdiff=(
            "request-optional-property-became-not-write-only INFO",
            "response-optional-property-became-not-write-only INFO",
        ),
    ),
    edit(
        "a required property is asked for in alternatives",
        PETS,
        {
            f"{SCHEMAS}/NewPet/required": GONE,
            f"{SCHEMAS}/NewPet/oneOf": [{"required": ["name"]}, {"required": ["code"]}],
        },
        expected(
            "alternatives-added",
            f"{SCHEMAS}/NewPet/oneOf",
            None,
            [{"required": ["name"]}, {"required": ["code"]}],
        ),
        expected("property-optional", f"{NEW_PET}/name", True, False, breaking=False),
        oasdiff=("request-body-one-of-added INFO", "request-property-became-optional INFO"),
    ),
]
