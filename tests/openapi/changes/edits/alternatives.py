"""Alternatives, and components that are called otherwise."""

from tests.openapi.changes.edits.base import (
    CREATE,
    GET,
    JSON_SCHEMA,
    LIST,
    NEW_PET,
    OWNER,
    PET,
    PETS,
    REPLACE,
    SCHEMAS,
)
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

_NAME = "What a component is called is not sent."
_NEW_VALUE = "What a client does with a value that it has no case for, the document does not tell."
_SAME = "What is allowed is the same, in other words."

EDITS = [
    edit(
        "an alternative of an answer is new",
        PETS,
        {f"{PET}/home/oneOf/2": {"$ref": "#/components/schemas/Den"}},
        expected("alternative-added", f"{PET}/home/oneOf/2", None, {"$ref": "#/components/schemas/Den"}),
        oasdiff=("response-property-one-of-added ERR",),
        why=_NEW_VALUE,
    ),
    edit(
        "an alternative of an answer is gone",
        PETS,
        {f"{PET}/home/oneOf/0": GONE},
        expected(
            "alternative-removed",
            f"{PET}/home/oneOf/0",
            {"$ref": "#/components/schemas/House"},
            None,
            breaking=False,
        ),
        oasdiff=("response-property-one-of-removed INFO",),
    ),
    edit(
        "an alternative of a request is new",
        PETS,
        {f"{NEW_PET}/home/anyOf/2": {"$ref": "#/components/schemas/Zoo"}},
        expected(
            "alternative-added",
            f"{NEW_PET}/home/anyOf/2",
            None,
            {"$ref": "#/components/schemas/Zoo"},
            breaking=False,
        ),
        oasdiff=("request-property-any-of-added INFO",),
    ),
    edit(
        "an alternative of a request is gone",
        PETS,
        {f"{NEW_PET}/home/anyOf/0": GONE},
        expected(
            "alternative-removed",
            f"{NEW_PET}/home/anyOf/0",
            {"$ref": "#/components/schemas/Den"},
            None,
            breaking=True,
        ),
        oasdiff=("request-property-any-of-removed ERR",),
    ),
    edit(
        "alternatives are in another order",
        PETS,
        {f"{PET}/home/oneOf": [{"$ref": "#/components/schemas/Zoo"}, {"$ref": "#/components/schemas/House"}]},
    ),
    edit(
        "an alternative is called otherwise",
        PETS,
        {
            f"{SCHEMAS}/Hut": Of(f"{SCHEMAS}/House"),
            f"{SCHEMAS}/House": GONE,
            f"{PET}/home/oneOf/0/$ref": "#/components/schemas/Hut",
        },
        oasdiff=(
            "api-schema-removed INFO",
            "response-property-one-of-added ERR",
            "response-property-one-of-removed INFO",
        ),
        why=_NAME,
    ),
    edit(
        "an alternative is written in place",
        PETS,
        {f"{PET}/home/oneOf/0": Of(f"{SCHEMAS}/House")},
    ),
    edit(
        "an alternative changes inside",
        PETS,
        {f"{SCHEMAS}/House/properties/floor": {"type": "integer"}},
        expected(
            "property-added", f"{SCHEMAS}/House/properties/floor", None, {"type": "integer"}, breaking=False
        ),
        oasdiff=("response-optional-property-added INFO",),
    ),
    edit(
        "an answer becomes one of several",
        PETS,
        {
            f"{PET}/owner": {
                "oneOf": [{"$ref": "#/components/schemas/Owner"}, {"$ref": "#/components/schemas/Zoo"}]
            }
        },
        expected("alternative-added", f"{PET}/owner/oneOf/1", None, {"$ref": "#/components/schemas/Zoo"}),
        oasdiff=("response-property-one-of-added ERR",),
        why=_NEW_VALUE,
    ),
    edit(
        "a request becomes one of several",
        PETS,
        {
            f"{NEW_PET}/extra": {
                "oneOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "string"}]
            }
        },
        expected("alternative-added", f"{NEW_PET}/extra/oneOf/1", None, {"type": "string"}, breaking=False),
        oasdiff=("request-property-list-of-types-widened INFO",),
    ),
    edit(
        "one of several can be any of them",
        PETS,
        {f"{PET}/home/anyOf": Of(f"{PET}/home/oneOf"), f"{PET}/home/oneOf": GONE},
        expected("alternatives-changed", f"{PET}/home/anyOf", "oneOf", "anyOf"),
        oasdiff=("response-property-any-of-added ERR", "response-property-one-of-removed INFO"),
        why=_NEW_VALUE,
    ),
    edit(
        "a discriminator is new",
        PETS,
        {f"{PET}/home/discriminator": {"propertyName": "what"}},
        expected("discriminator-changed", f"{PET}/home/discriminator", None, {"propertyName": "what"}),
        oasdiff=("response-property-discriminator-added INFO",),
    ),
    edit(
        "alternatives ask for one of two properties",
        PETS,
        {f"{SCHEMAS}/NewPet/anyOf": [{"required": ["age"]}, {"required": ["born"]}]},
        expected(
            "alternatives-added",
            f"{SCHEMAS}/NewPet/anyOf",
            None,
            [{"required": ["age"]}, {"required": ["born"]}],
        ),
        oasdiff=("request-body-any-of-added INFO",),
    ),
    edit(
        "a component is called otherwise",
        PETS,
        {
            f"{SCHEMAS}/Person": Of(f"{SCHEMAS}/Owner"),
            f"{SCHEMAS}/Owner": GONE,
            f"{PET}/owner/$ref": "#/components/schemas/Person",
            f"{REPLACE}/requestBody/{JSON_SCHEMA}/$ref": "#/components/schemas/Person",
            f"{REPLACE}/responses/200/{JSON_SCHEMA}/$ref": "#/components/schemas/Person",
        },
        oasdiff=("api-schema-removed INFO",),
        why=_NAME,
    ),
    edit(
        "a recursive component is called otherwise",
        PETS,
        {
            f"{SCHEMAS}/Animal": Of(f"{SCHEMAS}/Pet"),
            f"{SCHEMAS}/Animal/properties/parent/$ref": "#/components/schemas/Animal",
            f"{SCHEMAS}/Pet": GONE,
            f"{LIST}/responses/200/{JSON_SCHEMA}/items/$ref": "#/components/schemas/Animal",
            f"{CREATE}/responses/201/{JSON_SCHEMA}/$ref": "#/components/schemas/Animal",
            f"{GET}/responses/200/{JSON_SCHEMA}/$ref": "#/components/schemas/Animal",
        },
        oasdiff=("api-schema-removed INFO",),
        why=_NAME,
    ),
    edit(
        "a component that nothing uses is new",
        PETS,
        {f"{SCHEMAS}/Lonely": {"type": "string"}},
    ),
    edit(
        "alternatives ask for nothing any more",
        PETS,
        {f"{SCHEMAS}/NewPet/anyOf": GONE},
        expected(
            "alternatives-removed",
            f"{SCHEMAS}/NewPet/anyOf",
            [{"required": ["age"]}, {"required": ["born"]}],
            None,
            breaking=False,
        ),
        before={f"{SCHEMAS}/NewPet/anyOf": [{"required": ["age"]}, {"required": ["born"]}]},
        oasdiff=("request-body-any-of-removed ERR",),
        why="Nothing is asked for in their place, so that all that was sent is still taken.",
    ),
    edit(
        "an alternative of a request is gone that another one includes",
        PETS,
        {f"{NEW_PET}/weight/anyOf/0": GONE},
        expected(
            "alternative-removed", f"{NEW_PET}/weight/anyOf/0", {"type": "integer"}, None, breaking=False
        ),
        before={
            f"{NEW_PET}/weight": {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]}
        },
        oasdiff=("request-property-list-of-types-narrowed ERR",),
        why="Each integer is a number, and numbers are still taken.",
    ),
    edit(
        "an alternative of an answer is new that another one includes",
        PETS,
        {f"{PET}/weight/oneOf/2": {"type": "integer"}},
        expected("alternative-added", f"{PET}/weight/oneOf/2", None, {"type": "integer"}, breaking=False),
        before={f"{PET}/weight": {"oneOf": [{"type": "number"}, {"type": "string"}]}},
        oasdiff=("response-property-list-of-types-widened ERR",),
        why="Each integer is a number, and numbers could come before.",
    ),
    edit(
        "one of several is the only one",
        PETS,
        {f"{PET}/home": {"$ref": "#/components/schemas/Zoo"}},
        expected(
            "alternative-removed",
            f"{PET}/home/oneOf/0",
            {"$ref": "#/components/schemas/House"},
            None,
            breaking=False,
        ),
        oasdiff=(
            "response-property-one-of-removed INFO",
            "response-property-type-specialized INFO",
            "response-required-property-added INFO",
        ),
    ),
    edit(
        "a discriminator tells one more",
        PETS,
        {f"{PET}/home/discriminator/mapping/z": "Zoo"},
        expected(
            "discriminator-changed",
            f"{PET}/home/discriminator",
            {"propertyName": "what", "mapping": {"h": "#/components/schemas/House"}},
            {
                "propertyName": "what",
                "mapping": {"h": "#/components/schemas/House", "z": "#/components/schemas/Zoo"},
            },
        ),
        before={f"{PET}/home/discriminator": {"propertyName": "what", "mapping": {"h": "House"}}},
        oasdiff=("response-property-discriminator-mapping-added INFO",),
    ),
    edit(
        "a type stands in the alternatives",
        PETS,
        {
            f"{PET}/home": {
                "type": "object",
                "oneOf": [{"$ref": "#/components/schemas/House"}, {"$ref": "#/components/schemas/Zoo"}],
            }
        },
        oasdiff=("response-property-type-specialized INFO",),
        why=_SAME,
    ),
    edit(
        "a choice becomes one of text or object",
        PETS,
        {
            f"{NEW_PET}/size": {
                "nullable": True,
                "oneOf": [{"type": "string", "default": "small"}, {"type": "object"}],
            }
        },
        expected("alternative-added", f"{NEW_PET}/size/oneOf/1", None, {"type": "object"}, breaking=False),
        before={f"{NEW_PET}/size/nullable": True},
        oasdiff=(
            "request-property-default-value-removed INFO",
            "request-property-list-of-types-widened INFO",
        ),
    ),
    edit(
        "a reference leads to another component",
        PETS,
        {f"{PET}/owner": {"$ref": "#/components/schemas/Zoo"}},
        expected(
            "property-added", f"{SCHEMAS}/Zoo/properties/city", None, {"type": "string"}, breaking=False
        ),
        expected("property-removed", f"{OWNER}/email", {"type": "string"}, None, breaking=True),
        expected("property-removed", f"{OWNER}/rank", {"type": "string", "enum": ["low", "high"]}),
        oasdiff=(
            "response-optional-property-removed INFO",
            "response-optional-write-only-property-removed INFO",
            "response-required-property-added INFO",
            "response-required-property-removed ERR",
        ),
    ),
]
