"""A file that is not OpenAPI document is called by the name of its own format."""

from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.document.plain_json import check_is_openapi


@pytest.mark.parametrize(
    ("tree", "reported"),
    [
        (None, "is empty"),
        ("Hello", "is plain text"),
        (7, "is a single value"),
        ([], "is a list"),
        ({"asyncapi": "3.0.0"}, "an AsyncAPI document"),
        ({"info": {"_postman_id": "1"}, "item": []}, "a Postman collection"),
        ({"swaggerVersion": "1.2", "apis": []}, "a Swagger 1 document"),
        ({"log": {"entries": []}}, "a HAR log"),
        ({"_type": "export", "resources": []}, "an Insomnia export"),
        ({"overlay": "1.0.0", "actions": []}, "an OpenAPI overlay"),
        ({"arazzo": "1.0.1"}, "an Arazzo description"),
        ({"data": {"__schema": {}}}, "a GraphQL schema"),
        ({"kind": "discovery#restDescription"}, "a Google API discovery document"),
        ({"type": "object", "properties": {}}, "a JSON Schema"),
        ({"info": {}, "paths": {}}, "Add `openapi: 3.0.3`"),
        ({"openapi": "https://host.example/openapi.json"}, "names one"),
        ({"openapi": True}, "has no version in its field `openapi`"),
        ({}, "is not an OpenAPI document"),
    ],
)
def test_a_format_is_named(tree: Any, reported: str) -> None:
    """The error says what the file is, and what to do with it."""
    with pytest.raises(DocumentError) as raised:
        check_is_openapi(tree, "given.json")
    error = raised.value
    assert error.message.startswith("`given.json` ")
    assert reported in f"{error.message} {error.reason} {error.hint}"
