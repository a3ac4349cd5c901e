"""The normal form of schemas, keyword by keyword."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.schema.normal_form import normal_keywords, normal_tree
from tests.documents import api_of, load_file, post
from tests.real_documents import documents

_PET = {"$ref": "#/components/schemas/Pet"}


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": ["string", "null"], "nullable": True}, {"type": ["string", "null"]}),
        ({"nullable": True, "enum": ["a"]}, None),
        ({"type": "string", "nullable": False}, None),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9}),
        ({"exclusiveMinimum": True}, {}),
        ({"exclusiveMinimum": 5}, {}),
        (_PET, None),
        ({**_PET, "description": "A pet", "x-a": 1}, None),
        ({**_PET, "type": "object", "title": "A"}, {**_PET, "title": "A"}),
        ({**_PET, "allOf": [{"readOnly": True}]}, {**_PET, "readOnly": True}),
        (
            {"discriminator": {"propertyName": "a", "mapping": {"dog": "Dog"}}},
            {"discriminator": {"propertyName": "a", "mapping": {"dog": "#/components/schemas/Dog"}}},
        ),
        ({"discriminator": {"propertyName": "a", "mapping": {"dog": "#/components/schemas/Dog"}}}, None),
        ({"discriminator": "a"}, None),
        ({"type": "integer", "minimum": 1}, None),
    ],
)
def test_a_keyword_of_3_0_gets_its_normal_form(
    written: dict[str, Any], normal: dict[str, Any] | None
) -> None:
    """OpenAPI 3.0 says in words of its own what JSON Schema 2020-12 says, too."""
    before = copy.deepcopy(written)
    assert normal == normal_keywords(written, "3.0")
    assert before == written


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ({"type": "string", "nullable": True}, None),
        ({"exclusiveMinimum": 5, "minimum": 1}, None),
        ({"exclusiveMinimum": True, "minimum": 1}, {"exclusiveMinimum": 1}),
        ({**_PET, "type": "object"}, None),
    ],
)
def test_what_is_of_3_1_stays(written: dict[str, Any], normal: dict[str, Any] | None) -> None:
    """Since 3.1 a schema has the normal form but for mistakes."""
    assert normal == normal_keywords(written, "3.1")


def test_no_schema_changes_its_place() -> None:
    """Schemas of all places get the normal form, and what has it already is shared with the document."""
    written = api_of(
        post("/a", body={"type": "object", "properties": {"b": _nullable("string")}}),
        components={
            "schemas": {"Plain": {"type": "string"}, "Array": {"items": {"allOf": [_nullable("integer")]}}},
            "parameters": {"p": {"name": "p", "in": "query", "schema": _nullable("boolean")}},
            "examples": {"e": {"value": {"type": "string", "nullable": True}}},
        },
    )
    before = copy.deepcopy(written)
    normal = normal_tree(written, "3.0")
    assert before == written
    body = normal["paths"]["/a"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"type": ["string", "null"]} == body["properties"]["b"]
    components = normal["components"]
    assert {"type": ["integer", "null"]} == components["schemas"]["Array"]["items"]["allOf"][0]
    assert {"type": ["boolean", "null"]} == components["parameters"]["p"]["schema"]
    assert components["examples"] is written["components"]["examples"]
    assert components["schemas"]["Plain"] is written["components"]["schemas"]["Plain"]


def _nullable(kind: str) -> dict[str, Any]:
    return {"type": kind, "nullable": True}


@pytest.mark.exhaustive
def test_the_normal_form_has_the_normal_form(folder: Path) -> None:
    """The normal form of whole documents of 3.0 is one of 3.1, and the documents stay as they are written."""
    count = 0
    for path in documents(folder):
        try:
            loaded = load_file(path, str(path.parent.parent))
        except DocumentError:
            continue
        written = json.dumps(loaded.tree)
        normal = normal_tree(loaded.tree, loaded.version)
        assert written == json.dumps(loaded.tree)
        assert json.dumps(normal) == json.dumps(normal_tree(normal, "3.1")), path
        count += normal is not loaded.tree
    assert count
