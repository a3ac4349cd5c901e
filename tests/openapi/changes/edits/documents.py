"""What is about no single operation."""

from tests.openapi.changes.edits.base import HEALTH, MODERN, PETS, SCHEMAS
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

EDITS = [
    edit(
        "the version of the API is another one",
        PETS,
        {"/info/version": "1.1.0"},
        expected("version-changed", "/info/version", "1.0.0", "1.1.0", breaking=False),
    ),
    edit(
        "the title is another one",
        PETS,
        {"/info/title": "All pets"},
        expected("title-changed", "/info/title", "Pets", "All pets", breaking=False),
    ),
    edit(
        "the licence is written down",
        PETS,
        {"/info/license": {"name": "MIT"}},
        expected("info-changed", "/info/license", None, {"name": "MIT"}, breaking=False),
    ),
    edit(
        "a server is new",
        PETS,
        {"/servers/1": {"url": "https://test.example.com/v1"}},
        expected("server-added", "/servers/1", None, "https://test.example.com/v1", breaking=False),
    ),
    edit(
        "a server is another one",
        PETS,
        {"/servers/0/url": "https://api.example.com/v2"},
        expected("server-added", "/servers/0", None, "https://api.example.com/v2", breaking=False),
        expected("server-removed", "/servers/0", "https://api.example.com/v1"),
    ),
    edit(
        "a server ends with a slash",
        PETS,
        {"/servers/0/url": "https://api.example.com/v1/"},
    ),
    edit(
        "a variable of a server has other values",
        PETS,
        {"/servers/0/variables/region/enum/1": "ap"},
        expected(
            "server-changed",
            "/servers/0/variables",
            {"region": {"default": "eu", "enum": ["eu", "us"]}},
            {"region": {"default": "eu", "enum": ["eu", "ap"]}},
        ),
        before={
            "/servers/0": {
                "url": "https://{region}.example.com",
                "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}},
            }
        },
    ),
    edit(
        "an operation has a server of its own",
        PETS,
        {f"{HEALTH}/servers": [{"url": "https://status.example.com"}]},
        expected("server-added", f"{HEALTH}/servers/0", None, "https://status.example.com", breaking=False),
        expected("server-removed", "/servers/0", "https://api.example.com/v1"),
    ),
    edit(
        "a tag is new",
        PETS,
        {"/tags/1": {"name": "owners"}},
        expected("tag-added", "/tags/1", None, "owners", breaking=False),
    ),
    edit(
        "a tag is described",
        PETS,
        {"/tags/0/description": "All of them"},
        expected("description-changed", "/tags/0/description", None, "All of them", breaking=False),
    ),
    edit(
        "a webhook is gone",
        MODERN,
        {"/webhooks/thingMade": GONE},
        expected("webhook-removed", "/webhooks/thingMade/post", "POST thingMade", None, breaking=True),
        oasdiff=("webhook-removed ERR",),
    ),
    edit(
        "a webhook is new",
        MODERN,
        {"/webhooks/thingGone": Of("/webhooks/thingMade")},
        expected("webhook-added", "/webhooks/thingGone/post", None, "POST thingGone"),
        oasdiff=("webhook-added INFO",),
    ),
    edit(
        "a webhook sends less",
        MODERN,
        {f"{SCHEMAS}/Event/required": GONE},
        expected("property-optional", f"{SCHEMAS}/Event/properties/id", True, False, breaking=True),
        oasdiff=("request-property-became-optional INFO",),
        why="A client gets what a webhook sends, and misses what it always had.",
    ),
    edit(
        "a webhook sends more",
        MODERN,
        {f"{SCHEMAS}/Event/properties/at": {"type": "string"}},
        expected(
            "property-added", f"{SCHEMAS}/Event/properties/at", None, {"type": "string"}, breaking=False
        ),
        oasdiff=("new-optional-request-property INFO",),
    ),
    edit(
        "a webhook accepts another answer",
        MODERN,
        {"/webhooks/thingMade/post/responses/204": {"description": "Heard"}},
        expected("answer-added", "/webhooks/thingMade/post/responses/204", None, "204"),
        oasdiff=("response-success-status-added INFO",),
    ),
    edit(
        "a tag is gone",
        PETS,
        {"/tags/0": GONE},
        expected("tag-removed", "/tags/0", "pets", None, breaking=False),
    ),
]
