"""Parameters: where they go, how they are written, what they may be."""

from tests.openapi.changes.edits.base import CREATE, LIST, PETS
from tests.openapi.changes.edits.model import GONE, edit, expected

__all__ = ["EDITS"]

_DEFAULT = (
    "Servers take the default for what is missing (OpenAPI 3.0.4, Schema Object), or refuse the request."
)

EDITS = [
    edit(
        "an optional parameter is new",
        PETS,
        {f"{LIST}/parameters/6": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        expected(
            "parameter-added",
            f"{LIST}/parameters/6",
            None,
            {"name": "page", "in": "query", "schema": {"type": "integer"}},
            breaking=False,
        ),
        oasdiff=("new-optional-request-parameter INFO",),
    ),
    edit(
        "a required parameter is new",
        PETS,
        {
            f"{LIST}/parameters/6": {
                "name": "page",
                "in": "query",
                "required": True,
                "schema": {"type": "integer"},
            }
        },
        expected(
            "parameter-added",
            f"{LIST}/parameters/6",
            None,
            {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}},
            breaking=True,
        ),
        oasdiff=("new-required-request-parameter ERR",),
    ),
    edit(
        "a required parameter with a default is new",
        PETS,
        {
            f"{LIST}/parameters/6": {
                "name": "page",
                "in": "query",
                "required": True,
                "schema": {"type": "integer", "default": 1},
            }
        },
        expected(
            "parameter-added",
            f"{LIST}/parameters/6",
            None,
            {"name": "page", "in": "query", "required": True, "schema": {"type": "integer", "default": 1}},
        ),
        oasdiff=("new-required-request-parameter ERR",),
        why=_DEFAULT,
    ),
    edit(
        "a parameter is gone",
        PETS,
        {f"{LIST}/parameters/1": GONE},
        expected(
            "parameter-removed",
            f"{LIST}/parameters/1",
            {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["name", "age"]}},
        ),
        oasdiff=("request-parameter-removed WARN",),
    ),
    edit(
        "a parameter becomes required",
        PETS,
        {f"{LIST}/parameters/0/required": True},
        expected("parameter-required", f"{LIST}/parameters/0/required", False, True, breaking=True),
        oasdiff=("request-parameter-became-required ERR",),
    ),
    edit(
        "a parameter is required no more",
        PETS,
        {f"{LIST}/parameters/3/required": GONE},
        expected("parameter-optional", f"{LIST}/parameters/3/required", True, False, breaking=False),
        oasdiff=("request-parameter-became-optional INFO",),
    ),
    edit(
        "a parameter of the path says that it is required",
        PETS,
        {"/components/parameters/petId/required": True},
        before={"/components/parameters/petId/required": GONE},
    ),
    edit(
        "a parameter moves into the header",
        PETS,
        {f"{LIST}/parameters/1/in": "header"},
        expected("parameter-moved", f"{LIST}/parameters/1/in", "query", "header", breaking=True),
        oasdiff=("new-optional-request-parameter INFO", "request-parameter-removed WARN"),
        why="What a client sends in the query is not read there any more, and what it sent is lost.",
    ),
    edit(
        "a parameter is spelled in other cases in the header",
        PETS,
        {f"{LIST}/parameters/4/name": "x-trace"},
    ),
    edit(
        "a parameter moves to its path",
        PETS,
        {
            "/paths/~1pets/parameters": [
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
            ],
            f"{LIST}/parameters/0": GONE,
            f"{CREATE}/parameters": [
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
            ],
        },
        expected(
            "parameter-added",
            f"{CREATE}/parameters/0",
            None,
            {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
            breaking=False,
        ),
        oasdiff=(
            "new-optional-request-default-parameter-to-existing-path INFO",
            "new-optional-request-parameter INFO",
            "request-parameter-removed WARN",
        ),
        why="The parameters of a path are those of all its operations; it goes where it went.",
    ),
    edit(
        "a query is made of other types",
        PETS,
        {f"{LIST}/parameters/0/schema/type": "boolean"},
        expected("type-changed", f"{LIST}/parameters/0/schema/type", "integer", "boolean", breaking=True),
        oasdiff=("request-parameter-type-changed ERR",),
    ),
    edit(
        "a number of the query becomes a text",
        PETS,
        {f"{LIST}/parameters/0/schema": {"type": "string"}},
        expected("type-changed", f"{LIST}/parameters/0/schema/type", "integer", "string", breaking=False),
        oasdiff=("request-parameter-max-unset INFO", "request-parameter-type-generalized INFO"),
    ),
    edit(
        "a text of the query becomes a number",
        PETS,
        {f"{LIST}/parameters/3/schema/type": "integer"},
        expected("type-changed", f"{LIST}/parameters/3/schema/type", "string", "integer", breaking=True),
        oasdiff=("request-parameter-type-changed ERR",),
    ),
    edit(
        "a text of the query becomes a list",
        PETS,
        {f"{LIST}/parameters/3/schema": {"type": "array", "items": {"type": "string"}}},
        expected("type-changed", f"{LIST}/parameters/3/schema/type", "string", "array"),
        oasdiff=("request-parameter-type-generalized INFO",),
    ),
    edit(
        "a list of the query is not exploded",
        PETS,
        {f"{LIST}/parameters/2/explode": False},
        expected(
            "style-changed",
            f"{LIST}/parameters/2/explode",
            {"explode": True},
            {"explode": False},
            breaking=True,
        ),
    ),
    edit(
        "a text of the query is not exploded",
        PETS,
        {f"{LIST}/parameters/3/explode": False},
    ),
    edit(
        "an object of the query has another style",
        PETS,
        {f"{LIST}/parameters/5/style": "form"},
        expected(
            "style-changed",
            f"{LIST}/parameters/5/style",
            {"style": "deepObject"},
            {"style": "form"},
            breaking=True,
        ),
    ),
    edit(
        "the default style is written down",
        PETS,
        {f"{LIST}/parameters/2/style": "form", f"{LIST}/parameters/2/explode": True},
    ),
    edit(
        "reserved characters are sent as they are",
        PETS,
        {f"{LIST}/parameters/3/allowReserved": True},
        expected(
            "style-changed",
            f"{LIST}/parameters/3/allowReserved",
            {"allowReserved": False},
            {"allowReserved": True},
        ),
    ),
    edit(
        "a parameter becomes JSON",
        PETS,
        {
            f"{LIST}/parameters/5": {
                "name": "filter",
                "in": "query",
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": {"age": {"type": "integer"}}}
                    }
                },
            }
        },
        expected(
            "style-changed",
            f"{LIST}/parameters/5/content",
            {"style": "deepObject"},
            {"content": "application/json"},
            breaking=True,
        ),
    ),
    edit(
        "a listed value of the query is gone",
        PETS,
        {f"{LIST}/parameters/1/schema/enum/1": GONE},
        expected("enum-value-removed", f"{LIST}/parameters/1/schema/enum/1", "age", None, breaking=True),
        oasdiff=("request-parameter-enum-value-removed ERR",),
    ),
    edit(
        "a listed value of the query is new",
        PETS,
        {f"{LIST}/parameters/1/schema/enum/2": "kind"},
        expected("enum-value-added", f"{LIST}/parameters/1/schema/enum/2", None, "kind", breaking=False),
        oasdiff=("request-parameter-enum-value-added INFO",),
    ),
    edit(
        "the values of the query are listed",
        PETS,
        {f"{LIST}/parameters/3/schema/enum": ["today"]},
        expected("enum-added", f"{LIST}/parameters/3/schema/enum", None, ["today"], breaking=True),
        oasdiff=("request-parameter-became-enum ERR",),
    ),
    edit(
        "a limit of the query is tighter",
        PETS,
        {f"{LIST}/parameters/0/schema/maximum": 50},
        expected("limit-tightened", f"{LIST}/parameters/0/schema/maximum", 100, 50, breaking=True),
        oasdiff=("request-parameter-max-decreased ERR",),
    ),
    edit(
        "a limit of the query is looser",
        PETS,
        {f"{LIST}/parameters/0/schema/maximum": 500},
        expected("limit-loosened", f"{LIST}/parameters/0/schema/maximum", 100, 500, breaking=False),
        oasdiff=("request-parameter-max-increased INFO",),
    ),
    edit(
        "a limit of the query is new",
        PETS,
        {f"{LIST}/parameters/0/schema/minimum": 1},
        expected("limit-added", f"{LIST}/parameters/0/schema/minimum", None, 1, breaking=True),
        oasdiff=("request-parameter-min-set ERR",),
    ),
    edit(
        "a default of the query is new",
        PETS,
        {f"{LIST}/parameters/0/schema/default": 20},
        expected("default-added", f"{LIST}/parameters/0/schema/default", None, 20),
        oasdiff=("request-parameter-default-value-added INFO",),
    ),
    edit(
        "a pattern of the query is new",
        PETS,
        {f"{LIST}/parameters/3/schema/pattern": "^[0-9-]+$"},
        expected("pattern-added", f"{LIST}/parameters/3/schema/pattern", None, "^[0-9-]+$", breaking=True),
        oasdiff=("request-parameter-pattern-added ERR",),
    ),
    edit(
        "a parameter is deprecated",
        PETS,
        {f"{LIST}/parameters/1/deprecated": True},
        expected("deprecated", f"{LIST}/parameters/1/deprecated", False, True, breaking=False),
        oasdiff=("request-parameter-deprecated INFO",),
    ),
    edit(
        "an object of the query has a property more",
        PETS,
        {f"{LIST}/parameters/5/schema/properties/size": {"type": "string"}},
        expected(
            "property-added",
            f"{LIST}/parameters/5/schema/properties/size",
            None,
            {"type": "string"},
            breaking=False,
        ),
    ),
    edit(
        "an object of the query has another type inside",
        PETS,
        {f"{LIST}/parameters/5/schema/properties/age/type": "boolean"},
        expected(
            "type-changed",
            f"{LIST}/parameters/5/schema/properties/age/type",
            "integer",
            "boolean",
            breaking=True,
        ),
        oasdiff=("request-parameter-property-type-specialized ERR",),
    ),
    edit(
        "a parameter of the path has a limit",
        PETS,
        {"/components/parameters/petId/schema/minimum": 1},
        expected("limit-added", "/components/parameters/petId/schema/minimum", None, 1, breaking=True),
    ),
    edit(
        "a header that is ignored is new",
        PETS,
        {
            f"{LIST}/parameters/6": {
                "name": "Accept",
                "in": "header",
                "required": True,
                "schema": {"type": "string"},
            }
        },
        oasdiff=("new-required-request-parameter ERR",),
        why="OpenAPI 3.0.4, Parameter Object: a header parameter called Accept is ignored.",
    ),
    edit(
        "a parameter is described",
        PETS,
        {f"{LIST}/parameters/0/description": "How many"},
        expected("description-changed", f"{LIST}/parameters/0/description", None, "How many", breaking=False),
    ),
]
