"""A document of many files becomes one tree that means the same, whatever its files refer to."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.openapi.document.json_trees import follow, split
from dynacli.openapi.document.load import Document, load
from tests.documents import document, load_file, save_files
from tests.harness import Response, recording
from tests.openapi.document.references.files_as_written import differences
from tests.real_documents import own_and_real
from tests.sampling import examples

PET = {"type": "object", "properties": {"name": {"type": "string"}}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
FINE = {"description": "Fine"}
LIST = {"operationId": "listPets", "responses": {"200": FINE}}
PART = {"$ref": "PART"}

KINDS: dict[str, tuple[dict[str, Any], Any, str]] = {
    # id: the root document, the part, and where in the one document the part stands
    "schema": (
        document({"/a": {"get": {"responses": {"200": {"content": {"a/b": {"schema": PART}}}}}}}, None),
        PET,
        "/components/schemas/part",
    ),
    "schema in a schema": (
        document({}, None, components={"schemas": {"Pets": {"items": PART}}}),
        PET,
        "/components/schemas/part",
    ),
    "component": (document({}, None, components={"schemas": {"Pet": PART}}), PET, "/components/schemas/Pet"),
    "parameter": (document({"/a": {"parameters": [PART]}}, None), LIMIT, "/components/parameters/part"),
    "response": (
        document({"/a": {"get": {"responses": {"default": PART}}}}, None),
        FINE,
        "/components/responses/part",
    ),
    "request body": (
        document({"/a": {"post": {"requestBody": PART}}}, None),
        {"content": {"text/plain": {}}},
        "/components/requestBodies/part",
    ),
    "header": (
        document({"/a": {"get": {"responses": {"200": {"headers": {"X-Rate": PART}}}}}}, None),
        {"schema": {"type": "integer"}},
        "/components/headers/part",
    ),
    "example": (
        document({"/a": {"parameters": [{**LIMIT, "examples": {"few": PART}}]}}, None),
        {"value": 3},
        "/components/examples/part",
    ),
    "link": (
        document({"/a": {"get": {"responses": {"200": {**FINE, "links": {"next": PART}}}}}}, None),
        {"operationId": "listPets"},
        "/components/links/part",
    ),
    "callback": (
        document({"/a": {"post": {"callbacks": {"done": PART}}}}, None),
        {"{$request.body#/url}": {"post": LIST}},
        "/components/callbacks/part",
    ),
    "security scheme": (
        document({}, None, components={"securitySchemes": {"key": PART}}),
        {"type": "http", "scheme": "basic"},
        "/components/securitySchemes/key",
    ),
    "path item": (document({"/a": PART}, None), {"get": LIST}, "/paths/~1a"),
    "path item 3.1": (document({"/a": PART}, None, version="3.1.0"), {"get": LIST}, "/paths/~1a"),
    "webhook": (document({}, None, version="3.1.0", webhooks={"new": PART}), {"post": LIST}, "/webhooks/new"),
    "operation": (document({"/a": {"get": PART}}, None), LIST, "/paths/~1a/get"),
    "additional operation": (
        document({"/a": {"additionalOperations": {"COPY": PART}}}, None, version="3.2.0"),
        LIST,
        "/paths/~1a/additionalOperations/COPY",
    ),
    "paths": (document(PART, None), {"/a": {"get": LIST}}, "/paths"),
    "media type": (
        document({"/a": {"post": {"requestBody": {"content": {"a/b": PART}}}}}, None),
        {"schema": PET},
        "/paths/~1a/post/requestBody/content/a~1b",
    ),
    "all schemas": (document({}, None, components={"schemas": PART}), {"Pet": PET}, "/components/schemas"),
    "all components": (document({}, None, components=PART), {"schemas": {"Pet": PET}}, "/components"),
    "properties": (
        document({}, None, components={"schemas": {"Pet": {"properties": PART}}}),
        PET["properties"],
        "/components/schemas/Pet/properties",
    ),
    "list of parameters": (document({"/a": {"parameters": PART}}, None), [LIMIT], "/paths/~1a/parameters"),
    "servers": ({**document({}), "servers": PART}, [{"url": "/v1"}], "/servers"),
    "description": (document({"/a": {"description": PART}}, None), "All of it", "/paths/~1a/description"),
    "definition 2.0": (
        {
            "swagger": "2.0",
            "info": {},
            "paths": {},
            "definitions": {"Pets": {"type": "array", "items": PART}},
        },
        PET,
        "/components/schemas/part",
    ),
    "parameter 2.0": (
        {"swagger": "2.0", "info": {}, "paths": {"/a": {"get": {"parameters": [PART]}}}},
        {"name": "limit", "in": "query", "type": "integer"},
        "/components/parameters/part",
    ),
    "response 2.0": (
        {"swagger": "2.0", "info": {}, "paths": {"/a": {"get": {"responses": {"200": PART}}}}},
        FINE,
        "/components/responses/part",
    ),
}


def _with_part(tree: Any, ref: str) -> Any:
    """Return a document whose `PART` is a reference."""
    return json.loads(json.dumps(tree).replace('"PART"', json.dumps(ref)))


def _at(document: Document, pointer: str) -> Any:
    return follow(document.tree, split(pointer))


@pytest.mark.sampled(24)
@pytest.mark.parametrize("kind", KINDS, ids=KINDS)
@pytest.mark.parametrize(
    ("name", "part", "fragment", "steps", "called"),
    [
        ("api.yaml", "parts/part.yaml", "", (), "part"),
        ("api.json", "parts/part.json", "#", (), "part"),
        ("api.json", "part.yaml", "#/", ("",), "part"),
        ("api.yaml", "part.json", "#/a~1b/c%20d", ("a/b", "c d"), "c_d"),
    ],
    ids=["YAML", "JSON", "YAML from JSON", "JSON from YAML"],
)
def test_each_kind_of_part_has_a_place_in_the_document(
    kind: str, name: str, part: str, fragment: str, steps: tuple[str, ...], called: str
) -> None:
    """A part becomes a component if its kind has a section; otherwise it replaces the reference to it."""
    tree, value, expected = KINDS[kind]
    if not steps and not isinstance(value, dict):  # the whole of a file is an object
        fragment, steps = "#/part", ("part",)
    whole = value
    for step in reversed(steps):
        whole = {step: whole}
    loaded = load_file(save_files({name: _with_part(tree, part + fragment), part: whole}))
    assert () == loaded.warnings
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert loaded.scan.internal or "$ref" not in json.dumps(loaded.tree)
    found = _at(loaded, expected.replace("/part", f"/{called}"))
    if "2.0" in kind:  # converted afterwards
        assert isinstance(found, dict)
    else:
        assert value == found
        assert [] == differences(loaded)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("kind", KINDS, ids=KINDS)
def test_parts_are_read_from_urls_too(kind: str) -> None:
    """Files at URLs are put together like files of this machine."""
    from dynacli.openapi.document.fetch import allowed_files
    from dynacli.openapi.document.fetched import Fetched
    from dynacli.openapi.document.source import parse_source

    tree, value, expected = KINDS[kind]
    with recording() as server:
        text = json.dumps(_with_part(tree, "../parts/part.yaml#/a"))
        server.responses["/parts/part.yaml"] = Response(body=yaml.safe_dump({"a": value}).encode())
        source = parse_source(f"{server.origin}/v1/openapi.json", Path.cwd())
        loaded = load(Fetched(text.encode(), uri=source.uri), "pets", opener=allowed_files(source))
    assert () == loaded.warnings
    assert () == loaded.scan.external
    assert ["/parts/part.yaml"] == [request.target for request in server.requests]
    assert all("authorization" not in request.headers for request in server.requests)
    assert [f"{server.origin}/v1/openapi.json", f"{server.origin}/parts/part.yaml"] == [
        file.uri for file in loaded.files
    ]
    if "2.0" not in kind:
        assert value == _at(loaded, expected.replace("/part", "/a"))


def _schemas(document: Document) -> dict[str, Any]:
    schemas: dict[str, Any] = document.tree["components"]["schemas"]
    return schemas


def _loaded(files: dict[str, Any]) -> Document:
    """Return a document of several files that nothing is wrong with, checked against an independent reading."""
    loaded = load_file(save_files(files))
    assert () == loaded.warnings
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert [] == differences(loaded)
    return loaded


def _with_schemas(schemas: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    return document({}, None, version=version, components={"schemas": schemas}, **more)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"api.json": _with_schemas({"A": {"items": {"$ref": "Pet.json"}}}), "Pet.json": PET},
            {"A": {"items": {"$ref": "#/components/schemas/Pet"}}, "Pet": PET},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"items": {"$ref": "x.json#/defs/Pet"}}}),
                "x.json": {"defs": {"Pet": PET}},
            },
            {"A": {"items": {"$ref": "#/components/schemas/Pet"}}, "Pet": PET},
        ),
        (
            {
                "api.json": _with_schemas({"Pet": {"items": {"$ref": "Pet.json"}}}),
                "Pet.json": PET,
            },
            {"Pet": {"items": {"$ref": "#/components/schemas/Pet_2"}}, "Pet_2": PET},
        ),
        (
            {
                "api.json": _with_schemas(
                    {"A": {"anyOf": [{"$ref": "b/Pet.json"}, {"$ref": "a/Pet.json"}]}, "Pet_2": {}}
                ),
                "a/Pet.json": {"title": "a"},
                "b/Pet.json": {"title": "b"},
            },
            {
                "A": {
                    "anyOf": [{"$ref": "#/components/schemas/Pet"}, {"$ref": "#/components/schemas/Pet_3"}]
                },
                "Pet_2": {},
                "Pet": {"title": "b"},
                "Pet_3": {"title": "a"},
            },
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "a%20b/my%20pet%21.json"}}}),
                "a b/my pet!.json": PET,
            },
            {"A": {"not": {"$ref": "#/components/schemas/my_pet"}}, "my_pet": PET},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "x.json#/anyOf/1"}}}),
                "x.json": {"anyOf": [{}, PET]},
            },
            {"A": {"not": {"$ref": "#/components/schemas/anyOf-1"}}, "anyOf-1": PET},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "\u540d.json#/%E5%90%8D"}}}),
                "\u540d.json": {"\u540d": PET},
            },
            {"A": {"not": {"$ref": "#/components/schemas/schemas"}}, "schemas": PET},
        ),
        (
            {
                "api.json": _with_schemas(
                    {
                        "A": {
                            "anyOf": [
                                {"$ref": ref}
                                for ref in ("x/Pet.json", "./x/Pet.json", "y/../x/Pet.json#", "x/%50et.json#")
                            ]
                        }
                    }
                ),
                "x/Pet.json": PET,
            },
            {"A": {"anyOf": [{"$ref": "#/components/schemas/Pet"}] * 4}, "Pet": PET},
        ),
        (
            {
                "api.json": _with_schemas(
                    {"A": {"anyOf": [{"$ref": "x.json#/Alias"}, {"$ref": "x.json#/Pet"}]}}
                ),
                "x.json": {
                    "Alias": {"$ref": "#/Other"},
                    "Other": {"$ref": "y.json"},
                    "Pet": {"$ref": "y.json#"},
                },
                "y.json": PET,
            },
            {"A": {"anyOf": [{"$ref": "#/components/schemas/y"}] * 2}, "y": PET},
        ),
        (
            {
                "api.json": _with_schemas(
                    {"A": {"anyOf": [{"$ref": "x.json"}, {"$ref": "x.json#/properties/name"}]}}
                ),
                "x.json": PET,
            },
            {
                "A": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/x"},
                        {"$ref": "#/components/schemas/x/properties/name"},
                    ]
                },
                "x": PET,
            },
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "x.json#/a/properties/name"}}}),
                "x.json": {"a": {"$ref": "y.json"}},
                "y.json": PET,
            },
            {"A": {"not": {"$ref": "#/components/schemas/name"}}, "name": {"type": "string"}},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "x.json"}}, "B": {"title": "mine"}}),
                "x.json": {"items": {"$ref": "api.json#/components/schemas/B"}},
            },
            {
                "A": {"not": {"$ref": "#/components/schemas/x"}},
                "B": {"title": "mine"},
                "x": {"items": {"$ref": "#/components/schemas/B"}},
            },
        ),
        (
            {"api.json": _with_schemas({"A": {"not": {"$ref": "api.json#/components/schemas/B"}}, "B": {}})},
            {"A": {"not": {"$ref": "#/components/schemas/B"}}, "B": {}},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"$ref": "x.json"}, "B": {"items": {"$ref": "x.json"}}}),
                "x.json": {"properties": {"me": {"$ref": "#"}, "you": {"$ref": "y.json"}}},
                "y.json": {
                    "properties": {"them": {"$ref": "x.json"}, "us": {"$ref": "./y.json#/properties"}}
                },
            },
            {
                "A": {
                    "properties": {
                        "me": {"$ref": "#/components/schemas/A"},
                        "you": {"$ref": "#/components/schemas/y"},
                    }
                },
                "B": {"items": {"$ref": "#/components/schemas/A"}},
                "y": {
                    "properties": {
                        "them": {"$ref": "#/components/schemas/A"},
                        "us": {"$ref": "#/components/schemas/y/properties"},
                    }
                },
            },
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "x.json", "description": "Mine"}}}),
                "x.json": PET,
            },
            {"A": {"not": {"$ref": "#/components/schemas/x", "description": "Mine"}}, "x": PET},
        ),
        (
            {
                "api.json": _with_schemas({"A": {"not": {"$ref": "other.json#/components/schemas/Pets"}}}),
                "other.json": _with_schemas(
                    {"Pets": {"items": {"$ref": "#/components/schemas/Pet"}}, "Pet": PET}
                ),
            },
            {
                "A": {"not": {"$ref": "#/components/schemas/Pets"}},
                "Pets": {"items": {"$ref": "#/components/schemas/Pet"}},
                "Pet": PET,
            },
        ),
        (
            {
                "api.json": _with_schemas(
                    {
                        "A": {
                            "not": {"$ref": "x.json"},
                            "example": {"$ref": "nowhere.json"},
                            "x-a": [{"$ref": "no.json"}],
                        }
                    }
                ),
                "x.json": {
                    "default": {"$ref": "#/no"},
                    "enum": [{"$ref": "no.json"}],
                    "properties": {"default": {"$ref": "#"}, "x-b": {"const": {"$ref": "#"}}},
                },
            },
            {
                "A": {
                    "not": {"$ref": "#/components/schemas/x"},
                    "example": {"$ref": "nowhere.json"},
                    "x-a": [{"$ref": "no.json"}],
                },
                "x": {
                    "default": {"$ref": "#/no"},
                    "enum": [{"$ref": "no.json"}],
                    "properties": {
                        "default": {"$ref": "#/components/schemas/x"},
                        "x-b": {"const": {"$ref": "#"}},
                    },
                },
            },
        ),
        (
            {
                "api.json": {
                    **_with_schemas({"A": {"$ref": "#/x-mine/B"}}),
                    "x-mine": {"B": {"items": {"$ref": "x.json"}}},
                },
                "x.json": PET,
            },
            {"A": {"$ref": "#/x-mine/B"}, "x": PET},
        ),
        (
            {
                "api.json": _with_schemas(
                    {
                        "A": {
                            "discriminator": {
                                "propertyName": "kind",
                                "mapping": {"c": "Cat.json", "d": "dogs.json#/Dog", "p": "Pet", "o": "B"},
                            }
                        },
                        "Pet": PET,
                        "B": {},
                    }
                ),
                "Cat.json": {"title": "cat"},
                "dogs.json": {"Dog": {"title": "dog"}},
            },
            {
                "A": {
                    "discriminator": {
                        "propertyName": "kind",
                        "mapping": {
                            "c": "#/components/schemas/Cat",
                            "d": "#/components/schemas/Dog",
                            "p": "Pet",
                            "o": "B",
                        },
                    }
                },
                "Pet": PET,
                "B": {},
                "Cat": {"title": "cat"},
                "Dog": {"title": "dog"},
            },
        ),
        (
            {
                "api.json": _with_schemas({"$ref": "x.json", "Pet": {"title": "mine"}}, "3.0.3"),
                "x.json": {"Pet": {"title": "theirs"}, "Pets": {"items": {"$ref": "y.json#/Pet"}}},
                "y.json": {"Pet": {"title": "another"}},
            },
            {
                "Pet": {"title": "mine"},
                "Pets": {"items": {"$ref": "#/components/schemas/Pet_2"}},
                "Pet_2": {"title": "another"},
            },
        ),
        (
            {
                "api.json": _with_schemas({"A": {"items": {"$ref": "x.json"}}}, "3.0.3"),
                "x.json": {
                    "$schema": "http://json-schema.org/draft-07/schema#",
                    "$id": "https://example.com/x",
                    "items": {"$ref": "#/definitions/Pet"},
                    "definitions": {"Pet": PET, "Unused": {}},
                },
            },
            {
                "A": {"items": {"$ref": "#/components/schemas/x"}},
                "x": {"items": {"$ref": "#/components/schemas/Pet"}},
                "Pet": PET,
            },
        ),
    ],
    ids=[
        "named after the file",
        "named after the key",
        "an existing name is kept",
        "clashes get numbers in document order",
        "names of allowed characters",
        "numbers are no names",
        "no allowed character",
        "spellings of one file",
        "aliases",
        "inside another part",
        "through a reference",
        "back to the first file",
        "its own name",
        "around and around",
        "what stands beside",
        "another document",
        "data",
        "in an extension",
        "discriminator",
        "beside a whole section",
        "definitions of JSON Schema in 3.0",
    ],
)
def test_references_become_pointers_into_the_document(
    files: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Every reference points to its part; new components are named after their files and rename no others."""
    loaded = load_file(save_files(files))
    assert () == loaded.warnings
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert expected == _schemas(loaded)
    assert list(expected) == list(_schemas(loaded)) or "$ref" in files["api.json"]["components"]["schemas"]


def test_two_paths_that_share_a_file_have_a_path_item_each() -> None:
    """Each copy of the path item knows its place in the shared file."""
    loaded = _loaded(
        {
            "api.yaml": document(
                {"/a": {"$ref": "item.yaml"}, "/b": {"$ref": "item.yaml", "summary": "B"}}, None
            ),
            "item.yaml": {"get": {"$ref": "get.yaml"}, "summary": "A", "x-fine": FINE},
            "get.yaml": {"operationId": "x", "responses": {"200": {"$ref": "item.yaml#/x-fine"}}},
        }
    )
    paths = loaded.tree["paths"]
    assert {"200": {"$ref": "#/paths/~1a/x-fine"}} == paths["/a"]["get"]["responses"]
    assert ("A", "B") == (paths["/a"]["summary"], paths["/b"]["summary"])
    assert paths["/a"]["get"] == paths["/b"]["get"]
    assert paths["/a"]["get"] is not paths["/b"]["get"]
    assert [(1, "/summary"), (0, "/paths/~1b/summary")] == [
        loaded.origins.locate(f"/paths/~1{path}/summary") for path in "ab"
    ]
    assert (2, "/responses/200") == loaded.origins.locate("/paths/~1b/get/responses/200")


@pytest.mark.parametrize(
    ("pointer", "file", "origin"),
    [
        ("", "api.yaml", ""),
        ("/paths/~1a", "a.yaml", "/items/a"),
        ("/paths/~1a/get/parameters/0", "a.yaml", "/items/a/get/parameters/0"),
        ("/paths/~1a/get/x-more/deep", "a.yaml", "/items/a/get/x-more/deep"),
        ("/components/schemas/Pet/properties/name", "pet.json", "/Pet/properties/name"),
        ("/components/schemas/Own", "api.yaml", "/components/schemas/Own"),
        ("/components/schemas/Taken/title", "pet.json", "/Taken/title"),
        ("/info", "api.yaml", "/info"),
    ],
)
def test_every_moved_part_knows_its_place_in_its_file(pointer: str, file: str, origin: str) -> None:
    """The origin of a moved part is the file that it came from, and its pointer there."""
    loaded = _loaded(
        {
            "api.yaml": document(
                {"/a": {"$ref": "a.yaml#/items/a"}},
                None,
                components={"schemas": {"Own": {}, "Taken": {"$ref": "pet.json#/Taken"}}},
            ),
            "a.yaml": {
                "items": {
                    "a": {
                        "get": {
                            **LIST,
                            "parameters": [{**LIMIT, "schema": {"$ref": "pet.json#/Pet"}}],
                        }
                    }
                }
            },
            "pet.json": {"Pet": PET, "Taken": {"title": "T"}},
        }
    )
    place = loaded.origins.locate(pointer)
    assert (file, origin) == (loaded.files[place.file].uri.rpartition("/")[2], place.pointer)


@pytest.mark.parametrize("is_object", [True, False])
@pytest.mark.parametrize("name", ["intro.md", "intro.txt", "intro", "intro.yaml", "intro.json"])
def test_a_text_can_be_in_an_object_of_another_file(name: str, *, is_object: bool) -> None:
    """A file that is itself a text, or a list, may be anything, so only JSON and YAML objects are read."""
    text = "# Pets: all of them\n\n- [x] {a: b}"
    info = {"title": "a", "description": {"$ref": f"{name}#/0" if is_object else name}}
    files = {
        "api.yaml": {**document({}, None), "info": info},
        name: json.dumps({"0": text} if is_object else text),
    }
    loaded = load_file(save_files(files))
    assert is_object is (text == loaded.tree["info"]["description"])
    assert ([] if is_object else ["is not a JSON or YAML object"]) == [
        message.partition("` ")[2].partition("` ")[2] for message, _ in loaded.warnings
    ]
    Path(name).write_text(json.dumps([text]))
    assert "is not a JSON or YAML object" in load_file("api.yaml").warnings[0][0]


@pytest.mark.parametrize("keyword", ["properties", "patternProperties", "$defs"])
@pytest.mark.parametrize(
    ("value", "is_followed"),
    [
        ({"a": {"type": "string"}, "b": True}, True),
        ({"$ref": "#/other"}, True),
        ({"a": {"type": "string"}, "b": "secret"}, False),
        ({"a": None}, False),
        ({"a": ["secret"]}, False),
    ],
)
def test_only_a_map_of_schemas_replaces_one(keyword: str, value: Any, *, is_followed: bool) -> None:
    """The settings of another program are none; and a property can be called `$ref`."""
    schemas = {
        "Split": {keyword: {"$ref": "parts.json#/it"}},
        "Named": {keyword: {"$ref": {"type": "string"}}},
    }
    made = document({}, None, components={"schemas": schemas})
    parts = {"it": value, "other": {"c": {"type": "integer"}}}
    loaded = load_file(save_files({"api.json": made, "parts.json": parts}))
    found = loaded.tree["components"]["schemas"]
    assert {keyword: {"$ref": {"type": "string"}}} == found["Named"]
    assert is_followed is (() == loaded.warnings)
    assert is_followed is ("parts.json" not in json.dumps(loaded.tree))
    assert "secret" not in json.dumps([loaded.tree, loaded.warnings])


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        (
            {
                "A": {"$ref": "https://example.com/schemas/pet"},
                "P": {"$id": "https://example.com/schemas/pet"},
            },
            {"A": {"$ref": "#/components/schemas/P"}, "P": {}},
        ),
        (
            {
                "A": {"$id": "https://example.com/schemas/a", "items": {"$ref": "pet"}},
                "P": {"$id": "https://example.com/schemas/pet"},
            },
            {"A": {"items": {"$ref": "#/components/schemas/P"}}, "P": {}},
        ),
        (
            {
                "A": {
                    "$id": "https://example.com/a",
                    "items": {"$ref": "#/$defs/B"},
                    "$defs": {"B": {"title": "b"}},
                }
            },
            {"A": {"items": {"$ref": "#/components/schemas/A/$defs/B"}, "$defs": {"B": {"title": "b"}}}},
        ),
        (
            {"A": {"$id": "https://example.com/a", "items": {"$ref": "#/components/schemas/B"}}, "B": {}},
            {"A": {"items": {"$ref": "#/components/schemas/B"}}, "B": {}},
        ),
        (
            {"A": {"$ref": "#pet"}, "P": {"properties": {"x": {"$anchor": "pet", "title": "t"}}}},
            {
                "A": {"$ref": "#/components/schemas/P/properties/x"},
                "P": {"properties": {"x": {"title": "t"}}},
            },
        ),
        (
            {
                "A": {
                    "$id": "https://example.com/a",
                    "not": {"$ref": "#x"},
                    "$defs": {"y": {"$anchor": "x"}},
                },
                "B": {
                    "$id": "https://example.com/b",
                    "not": {"$ref": "a#x"},
                    "$defs": {"z": {"$anchor": "x"}},
                },
            },
            {
                "A": {"not": {"$ref": "#/components/schemas/A/$defs/y"}, "$defs": {"y": {}}},
                "B": {"not": {"$ref": "#/components/schemas/A/$defs/y"}, "$defs": {"z": {}}},
            },
        ),
        (
            {"A": {"$dynamicAnchor": "node", "properties": {"next": {"$dynamicRef": "#node"}}}},
            {"A": {"properties": {"next": {"$ref": "#/components/schemas/A"}}}},
        ),
        (
            {
                "A": {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
                "B": {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
            },
            {
                "A": {"items": {"$ref": "#/components/schemas/A"}},
                "B": {"items": {"$ref": "#/components/schemas/B"}},
            },
        ),
        (
            {"A": {"$recursiveAnchor": True, "properties": {"next": {"items": {"$recursiveRef": "#"}}}}},
            {
                "A": {
                    "$recursiveAnchor": True,
                    "properties": {"next": {"items": {"$ref": "#/components/schemas/A"}}},
                }
            },
        ),
        (
            {
                "A": {"not": {"$ref": "#/$defs/B"}, "$defs": {"B": {}}, "$id": "a"},
                "C": {"$ref": "a#/$defs/B"},
            },
            {
                "A": {"not": {"$ref": "#/components/schemas/A/$defs/B"}, "$defs": {"B": {}}},
                "C": {"$ref": "#/components/schemas/A/$defs/B"},
            },
        ),
        (
            {
                "A": {
                    "properties": {"$id": {"type": "string"}, "$anchor": {"$ref": "#/components/schemas/B"}}
                },
                "B": {},
            },
            {
                "A": {
                    "properties": {"$id": {"type": "string"}, "$anchor": {"$ref": "#/components/schemas/B"}}
                },
                "B": {},
            },
        ),
    ],
    ids=[
        "absolute $id",
        "relative to an $id",
        "pointer from an $id",
        "pointer from the document all the same",
        "anchor in another component",
        "anchor of its own schema first",
        "dynamic anchor",
        "dynamic anchors of the same name",
        "recursive",
        "relative $id",
        "properties of such names",
    ],
)
def test_identifiers_become_pointers(schemas: dict[str, Any], expected: dict[str, Any]) -> None:
    """References by `$id` and by anchor become pointers, and the identifiers are removed."""
    loaded = load(json.dumps(_with_schemas(schemas)).encode(), "pets")
    assert () == loaded.warnings
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert expected == _schemas(loaded)


def test_an_undecided_dynamic_reference_takes_any_value() -> None:
    """If the users of a template differ in what its dynamic reference means, no value is refused because of it."""
    loaded = load(
        json.dumps(
            _with_schemas(
                {
                    "List": {
                        "$id": "https://example.com/list",
                        "items": {"$dynamicRef": "#T", "title": "t"},
                        "$defs": {"T": {"$dynamicAnchor": "T", "not": {}}},
                    },
                    "Pets": {
                        "$id": "https://example.com/pets",
                        "$ref": "list",
                        "$defs": {"T": {"$dynamicAnchor": "T", "type": "string"}},
                    },
                }
            )
        ).encode(),
        "pets",
    )
    assert {"title": "t"} == _schemas(loaded)["List"]["items"]
    assert [("`#T` accepts any value: its meaning depends on the schema that refers to it")] == [
        message for message, _ in loaded.warnings
    ]


def test_an_identifier_in_a_file_that_is_read_later_is_found() -> None:
    """A schema is found by its `$id` once any file with it is known, in whatever order."""
    loaded = load_file(
        save_files(
            {
                "api.json": _with_schemas(
                    {"A": {"$ref": "https://example.com/pet"}, "B": {"$ref": "all.json#/$defs/x"}}
                ),
                "all.json": {"$defs": {"x": {}, "Pet": {"$id": "https://example.com/pet", "title": "P"}}},
            }
        )
    )
    assert () == loaded.warnings
    assert {"title": "P"} == _schemas(loaded)["A"]


@pytest.mark.parametrize(
    "own", ["https://example.com/apis/pets", "/apis/pets.json", "../other/pets.json"], ids=str
)
def test_a_document_may_name_its_own_address(own: str) -> None:
    """`$self` is the base of references alone (OpenAPI 3.2); a copy elsewhere still finds its files."""
    loaded = load_file(
        save_files(
            {
                "api.json": {
                    **_with_schemas(
                        {"A": {"$ref": "Pet.json"}, "B": {"$ref": f"{own}#/components/schemas/C"}, "C": {}},
                        "3.2.0",
                    ),
                    "$self": own,
                },
                "Pet.json": PET,
            }
        )
    )
    assert () == loaded.warnings
    assert {"A": PET, "B": {"$ref": "#/components/schemas/C"}, "C": {}} == _schemas(loaded)
    assert Path("api.json").absolute().as_uri() == loaded.uri


def test_a_document_of_one_file_stays_as_it_is() -> None:
    """A document without other files is not changed, not even in the spelling of its references."""
    tree = document(
        {"/a/{b c}": {"get": {"responses": {"200": {"$ref": "#/components/responses/a%20b"}}}}},
        None,
        components={
            "responses": {"a b": FINE},
            "schemas": {
                "A": {"$ref": "#/components/schemas/B"},
                "B": {"$ref": "#/components/schemas/Nowhere"},
            },
        },
    )
    loaded = load(json.dumps(tree).encode(), "pets")
    assert tree == loaded.tree
    assert [] == list(loaded.origins)
    assert 1 == len(loaded.files)


_NAMES = st.sampled_from(["a.json", "b.yaml", "c/d.json", "c/e.yaml"])
_REFS = st.tuples(_NAMES, st.sampled_from(["", "#/x", "#/x/items", "#/y~1z", "#/y~1z/not", "#/x/anyOf/0"]))


@st.composite
def _part(draw: st.DrawFn) -> dict[str, Any]:
    """A file whose every place exists, so that every reference leads somewhere, perhaps around."""

    def schema() -> dict[str, Any]:
        ref = draw(_REFS)
        return draw(
            st.sampled_from([{"title": "t"}, {"properties": {"p": {"REF": ref}}}, {"REF": ref, "title": "u"}])
        )

    return {
        "x": {"items": schema(), "anyOf": [schema()], "description": draw(st.sampled_from(["1", "2"]))},
        "y/z": {"not": schema(), "enum": [{"$ref": "#/data"}]},
        "title": draw(st.sampled_from(["v", "w"])),
    }


def _spelled(value: Any, name: str) -> Any:
    """Return a file with its references written as seen from it."""
    if isinstance(value, list):
        return [_spelled(child, name) for child in value]
    if isinstance(value, dict):
        made = {key: _spelled(child, name) for key, child in value.items() if key != "REF"}
        if "REF" in value:
            target, fragment = value["REF"]
            up = "../" * name.count("/")
            made["$ref"] = (up + target if target != name or not fragment else "") + fragment
        return made
    return value


@settings(max_examples=examples(40), deadline=None)
@given(data=st.data())
def test_any_files_that_refer_to_each_other_keep_their_meaning(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The tree that is put together from generated files has at each reference the value that the files have there."""
    files = {
        name: _spelled(data.draw(_part()), name) for name in ("a.json", "b.yaml", "c/d.json", "c/e.yaml")
    }
    first, second = (_spelled({"REF": data.draw(_REFS)}, "api.json") for _ in range(2))
    tree = _with_schemas({"A": {"items": first}, "B": second, "C": {"properties": {"p": second}}})
    folder = tmp_path_factory.mktemp("files")
    loaded = load_file(save_files({"api.json": tree, **files}, folder))
    assert () == loaded.warnings
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert [] == differences(loaded)


_FILES = {"split/openapi.yaml": 6}
_REAL_FILES = {
    "digitalocean/DigitalOcean-public.v2.yaml": 1509,
    "refs-apidevtools/deep-circular/deep-circular.yaml": 3,
}


@pytest.mark.parametrize("path", own_and_real(_FILES, _REAL_FILES))
def test_whole_documents_of_many_files_are_put_together(path: Path) -> None:
    """Every reference of a document leads where its files say."""
    loaded = load_file(path)
    files = {**_FILES, **_REAL_FILES}
    assert [len(loaded.files)] == [files[name] for name in files if path.as_posix().endswith(name)]
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)
    assert () == loaded.missing
    if loaded.written_in.startswith("3"):
        assert [] == differences(loaded)
