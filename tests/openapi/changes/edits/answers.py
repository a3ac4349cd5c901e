"""Answers: statuses, media types, headers, links."""

from tests.openapi.changes.edits.base import CREATE, HEALTH, LIST, PETS, SCHEMAS
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

EDITS = [
    edit(
        "a status of success is gone",
        PETS,
        {f"{CREATE}/responses/201": GONE},
        expected("answer-removed", f"{CREATE}/responses/201", "201", None, breaking=True),
        oasdiff=("response-success-status-removed ERR",),
    ),
    edit(
        "a status of success becomes a range",
        PETS,
        {f"{CREATE}/responses/201": GONE, f"{CREATE}/responses/2XX": Of(f"{CREATE}/responses/201")},
        expected("answer-added", f"{CREATE}/responses/2XX", None, "2XX"),
        expected("answer-removed", f"{CREATE}/responses/201", "201"),
        oasdiff=("response-success-status-removed ERR",),
        why="The range that is new has the status in it.",
    ),
    edit(
        "a status of success is new",
        PETS,
        {f"{CREATE}/responses/202": {"description": "Later"}},
        expected("answer-added", f"{CREATE}/responses/202", None, "202"),
        oasdiff=("response-success-status-added INFO",),
    ),
    edit(
        "a status of success is another one",
        PETS,
        {f"{CREATE}/responses/201": GONE, f"{CREATE}/responses/200": Of(f"{CREATE}/responses/201")},
        expected("answer-added", f"{CREATE}/responses/200", None, "200"),
        expected("answer-removed", f"{CREATE}/responses/201", "201", None, breaking=True),
        oasdiff=("response-success-status-added INFO", "response-success-status-removed ERR"),
    ),
    edit(
        "a status of an error is gone",
        PETS,
        {f"{CREATE}/responses/422": GONE},
        expected("answer-removed", f"{CREATE}/responses/422", "422"),
        oasdiff=("response-non-success-status-removed INFO",),
    ),
    edit(
        "a status of an error is new",
        PETS,
        {f"{CREATE}/responses/409": {"$ref": "#/components/responses/Error"}},
        expected("answer-added", f"{CREATE}/responses/409", None, "409"),
        oasdiff=("response-non-success-status-added INFO",),
    ),
    edit(
        "a media type of an answer is gone",
        PETS,
        {f"{LIST}/responses/200/content/text~1csv": GONE},
        expected(
            "media-type-removed", f"{LIST}/responses/200/content/text~1csv", "text/csv", None, breaking=True
        ),
        oasdiff=("response-media-type-removed ERR",),
    ),
    edit(
        "a media type of an answer is new",
        PETS,
        {f"{LIST}/responses/200/content/application~1xml": {}},
        expected(
            "media-type-added", f"{LIST}/responses/200/content/application~1xml", None, "application/xml"
        ),
        oasdiff=("response-media-type-added INFO",),
    ),
    edit(
        "an answer has no content any more",
        PETS,
        {f"{HEALTH}/responses/200/content": GONE},
        expected(
            "media-type-removed",
            f"{HEALTH}/responses/200/content/application~1json",
            "application/json",
            None,
            breaking=True,
        ),
        oasdiff=("response-media-type-removed ERR",),
    ),
    edit(
        "a required header of an answer is gone",
        PETS,
        {f"{LIST}/responses/200/headers/X-Total": GONE},
        expected(
            "header-removed",
            f"{LIST}/responses/200/headers/X-Total",
            {"required": True, "schema": {"type": "integer"}},
            None,
            breaking=True,
        ),
        oasdiff=("required-response-header-removed ERR",),
    ),
    edit(
        "an optional header of an answer is gone",
        PETS,
        {f"{LIST}/responses/200/headers/X-Next": GONE},
        expected("header-removed", f"{LIST}/responses/200/headers/X-Next", {"schema": {"type": "string"}}),
        oasdiff=("optional-response-header-removed INFO",),
    ),
    edit(
        "a header of an answer is new",
        PETS,
        {f"{LIST}/responses/200/headers/X-Last": {"schema": {"type": "string"}}},
        expected(
            "header-added",
            f"{LIST}/responses/200/headers/X-Last",
            None,
            {"schema": {"type": "string"}},
            breaking=False,
        ),
        oasdiff=("response-header-added INFO",),
    ),
    edit(
        "a header of an answer may be missing",
        PETS,
        {f"{LIST}/responses/200/headers/X-Total/required": False},
        expected(
            "header-optional", f"{LIST}/responses/200/headers/X-Total/required", True, False, breaking=True
        ),
        oasdiff=("response-header-became-optional ERR",),
    ),
    edit(
        "a header of an answer always comes",
        PETS,
        {f"{LIST}/responses/200/headers/X-Next/required": True},
        expected(
            "header-required", f"{LIST}/responses/200/headers/X-Next/required", False, True, breaking=False
        ),
    ),
    edit(
        "a header of an answer has another type",
        PETS,
        {f"{LIST}/responses/200/headers/X-Total/schema/type": "string"},
        expected(
            "type-changed",
            f"{LIST}/responses/200/headers/X-Total/schema/type",
            "integer",
            "string",
            breaking=True,
        ),
        oasdiff=("response-header-type-changed ERR",),
    ),
    edit(
        "a link is new",
        PETS,
        {
            f"{CREATE}/responses/201/links": {
                "it": {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}}
            }
        },
        expected(
            "link-added",
            f"{CREATE}/responses/201/links/it",
            None,
            {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}},
            breaking=False,
        ),
    ),
    edit(
        "an answer is described otherwise",
        PETS,
        {f"{HEALTH}/responses/200/description": "Well"},
        expected(
            "description-changed",
            f"{HEALTH}/responses/200/description",
            "All is well",
            "Well",
            breaking=False,
        ),
    ),
    edit(
        "a component of the answers changes",
        PETS,
        {
            "/components/responses/Error/content/application~1json/schema": {
                "type": "object",
                "required": ["message"],
                "properties": {"message": {"type": "string"}},
            }
        },
        expected("property-removed", f"{SCHEMAS}/Error/properties/code", {"type": "string"}),
        oasdiff=("response-optional-property-removed INFO",),
    ),
    edit(
        "a link is gone",
        PETS,
        {f"{CREATE}/responses/201/links/it": GONE},
        expected(
            "link-removed",
            f"{CREATE}/responses/201/links/it",
            {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}},
        ),
        before={
            f"{CREATE}/responses/201/links": {
                "it": {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}}
            }
        },
    ),
    edit(
        "a link leads elsewhere",
        PETS,
        {f"{CREATE}/responses/201/links/it/operationId": "deletePet"},
        expected(
            "link-changed",
            f"{CREATE}/responses/201/links/it",
            {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}},
            {"operationId": "deletePet", "parameters": {"petId": "$response.body#/id"}},
        ),
        before={
            f"{CREATE}/responses/201/links": {
                "it": {"operationId": "getPet", "parameters": {"petId": "$response.body#/id"}}
            }
        },
    ),
]
