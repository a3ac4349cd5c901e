"""References inside a document are followed, all others never, and data is not taken for references."""

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.positions import positions_of
from dynacli.openapi.document.references.resolve import resolve
from dynacli.openapi.document.references.scan import lookup, scan
from tests.real_documents import OWN
from tests.rooted_document import PET, REF, rooted


def _resolved_root(schema: Any, version: str = "3.1.0", **schemas: Any) -> Any:
    return resolve(rooted(schema, version, **schemas))["components"]["schemas"]["Root"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (REF, ["/components/schemas/Root"]),
        ({"properties": {"a": REF}}, ["/components/schemas/Root/properties/a"]),
        ({"items": [REF, 1, REF]}, ["/components/schemas/Root/items/0", "/components/schemas/Root/items/2"]),
        ({"properties": {"example": REF}}, ["/components/schemas/Root/properties/example"]),
        ({"properties": {"default": REF}}, ["/components/schemas/Root/properties/default"]),
        ({"properties": {"enum": REF}}, ["/components/schemas/Root/properties/enum"]),
        ({"properties": {"x-y": REF}}, ["/components/schemas/Root/properties/x-y"]),
        (
            {"properties": {"properties": {"properties": {"const": REF}}}},
            ["/components/schemas/Root/properties/properties/properties/const"],
        ),
        ({"properties": {"$ref": {"type": "string"}}}, []),
        ({"$defs": {"examples": REF}}, ["/components/schemas/Root/$defs/examples"]),
        ({"patternProperties": {"x-": REF}}, ["/components/schemas/Root/patternProperties/x-"]),
        ({"example": REF}, []),
        ({"examples": [REF]}, []),
        ({"default": {"a": [REF]}}, []),
        ({"enum": [REF]}, []),
        ({"const": REF}, []),
        ({"x-anything": {"properties": {"a": REF}}}, []),
        ({"discriminator": {"propertyName": "p", "mapping": {"a": "Pet"}}}, [_MAPPING := "/mapping"]),
        (
            {"discriminator": {"propertyName": "p", "mapping": {"a": "#/components/schemas/Pet"}}},
            [_MAPPING],
        ),
    ],
    ids=[
        "itself",
        "property",
        "items",
        "property named example",
        "property named default",
        "property named enum",
        "property named x-",
        "properties named properties",
        "property named $ref",
        "definition named examples",
        "pattern x-",
        "in example",
        "in examples",
        "in default",
        "in enum",
        "in const",
        "in extension",
        "mapping by name",
        "mapping by reference",
    ],
)
def test_keywords_and_names_are_told_apart(schema: Any, expected: list[str]) -> None:
    """A value of any kind holds no references, unless its key is a name and not a keyword."""
    found = [reference.pointer for reference in scan(rooted(schema)).references]
    expected = [
        pointer.replace("/mapping", "/components/schemas/Root/discriminator/mapping")
        if pointer == _MAPPING
        else pointer
        for pointer in expected
    ]
    assert expected == found


def test_responses_and_components_may_be_named_like_keywords() -> None:
    """`default` is a response, `x-error` a component; in an operation's responses `x-` is an extension."""
    response = {"$ref": "#/components/responses/x-error"}
    tree = rooted({})
    tree["paths"] = {
        "/a": {"get": {"responses": {"default": response, "x-data": response}}},
        "x-paths": {"get": {"responses": {"default": response}}},
    }
    tree["components"]["responses"] = {"x-error": {"content": {"a/b": {"schema": REF}}}}
    assert [
        "/paths/~1a/get/responses/default",
        "/components/responses/x-error/content/a~1b/schema",
    ] == [reference.pointer for reference in scan(tree).references]


@pytest.mark.parametrize(
    "keyword",
    ["$ref", "$dynamicRef", "$recursiveRef"],
)
@pytest.mark.parametrize(
    "ref",
    [
        "file:///etc/passwd",
        "pets.yaml#/Pet",
        "../pets.yaml",
        "python://os/path.yaml",
        "http://169.254.169.254/latest",
        "//example.com/a",
        "https://[broken/a",
        "https://api.example.com/other.json#/a",
    ],
)
def test_references_out_of_the_document_are_listed(keyword: str, ref: str) -> None:
    """A reference to another document is listed, and stays as it was written."""
    schema = {keyword: ref, "type": "object"}
    found = scan(rooted(schema), "https://api.example.com/openapi.json")
    assert [("/components/schemas/Root", keyword, ref)] == [entry[:3] for entry in found.external]
    assert schema == _resolved_root(schema)


@pytest.mark.parametrize(
    ("ref", "shown"),
    [
        ("#/components/schemas/Nowhere", "#/components/schemas/Nowhere"),
        (
            "#/components/schemas/Pet/properties/name/type/x",
            "#/components/schemas/Pet/properties/name/type/x",
        ),
        ("#nowhere", "#nowhere"),
        ("", ""),
        ("#components/schemas/Pet", "#components/schemas/Pet"),
        (42, "42"),
        (None, "None"),
        ({"a": 1}, "{'a': 1}"),
    ],
    ids=str,
)
def test_references_to_nothing_are_listed(ref: Any, shown: str) -> None:
    """A reference to nothing, or one that is not text, is listed and breaks nothing else."""
    tree = rooted({"$ref": ref}, Other=REF)
    assert [("/components/schemas/Root", "$ref", shown)] == [entry[:3] for entry in scan(tree).dangling]
    resolved = resolve(tree)["components"]["schemas"]
    assert {"$ref": ref} == resolved["Root"]
    assert PET == resolved["Other"]


def test_identifiers_that_a_validator_would_use_are_listed() -> None:
    """An absolute `$id` or an unknown dialect is listed; the dialects of JSON Schema and OpenAPI are not."""
    tree = rooted({"$id": "https://example.com/a", "$schema": "https://example.com/dialect"})
    tree["components"]["schemas"]["Pet"] = {
        "$id": "#pet",
        "$schema": "http://json-schema.org/draft-07/schema#",
    }
    tree["jsonSchemaDialect"] = "https://spec.openapis.org/oas/3.1/dialect/base"
    found = scan(tree)
    assert {("$id", "https://example.com/a"), ("$schema", "https://example.com/dialect")} == {
        entry[1:3] for entry in found.identifiers
    }
    assert () == found.external


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("#/components/schemas/Pet", PET),
        ("#/components/schemas/a~1b", {"const": "slash"}),
        ("#/components/schemas/a~0b", {"const": "tilde"}),
        ("#/components/schemas/a~01b", {"const": "tilde one"}),
        ("#/components/schemas/%7Bid%7D", {"const": "braces"}),
        ("#/components/schemas/{id}", {"const": "braces"}),
        ("#/components/schemas/100%25", {"const": "percent"}),
        ("#/components/schemas/caf%C3%A9", {"const": "accent"}),
        ("#/components/schemas/café", {"const": "accent"}),
        ("#/components/schemas/List/anyOf/1", {"const": "second"}),
        ("#/components/schemas/Alias/properties/name", {"type": "string"}),
        ("#/components/schemas/AliasOfAlias/properties/name", {"type": "string"}),
        ("#pet-anchor", {"$anchor": "pet-anchor"}),
        ("https://example.com/schemas/id", {"$id": "https://example.com/schemas/id"}),
        ("https://api.example.com/v1/openapi.json#/components/schemas/Pet", PET),
        ("openapi.json#/components/schemas/Pet", PET),
    ],
)
def test_targets_are_found(ref: str, expected: Any) -> None:
    """Pointers are decoded as RFC 6901 says; anchors, own addresses and aliases are understood."""
    others: dict[str, Any] = {
        "a/b": {"const": "slash"},
        "a~b": {"const": "tilde"},
        "a~1b": {"const": "tilde one"},
        "{id}": {"const": "braces"},
        "100%": {"const": "percent"},
        "café": {"const": "accent"},
        "List": {"anyOf": [{"const": "first"}, {"const": "second"}]},
        "Alias": REF,
        "AliasOfAlias": {"$ref": "#/components/schemas/Alias"},
        "Anchored": {"$anchor": "pet-anchor"},
        "Identified": {"$id": "https://example.com/schemas/id"},
    }
    tree = rooted({"items": {"$ref": ref}}, **others)
    resolved = resolve(tree, uri="https://api.example.com/v1/openapi.json")
    assert {"items": expected} == resolved["components"]["schemas"]["Root"]


@pytest.mark.parametrize(
    ("version", "beside", "expected"),
    [
        ("3.0.3", {"description": "Mine"}, {"description": "Mine", "title": "Theirs", "type": "string"}),
        ("3.1.0", {"description": "Mine"}, {"description": "Mine", "title": "Theirs", "type": "string"}),
        ("3.1.0", {"title": "Mine"}, {"title": "Mine", "type": "string"}),
        ("3.1.0", {"x-a": 1}, {"x-a": 1, "title": "Theirs", "type": "string"}),
        ("3.0.3", {"maxLength": 3, "title": "Mine"}, {"title": "Mine", "type": "string"}),
        (
            "3.1.0",
            {"maxLength": 3, "title": "Mine"},
            {"maxLength": 3, "title": "Mine", "allOf": [{"title": "Theirs", "type": "string"}]},
        ),
        (
            "3.1.0",
            {"allOf": [{"minLength": 1}]},
            {"allOf": [{"minLength": 1}, {"title": "Theirs", "type": "string"}]},
        ),
    ],
    ids=["description 3.0", "description", "title", "extension", "restriction 3.0", "restriction", "allOf"],
)
def test_keywords_beside_a_reference_count(version: str, beside: Any, expected: Any) -> None:
    """Annotations win over the target's; restrictions are joined in 3.1 and dropped in 3.0."""
    text = {"title": "Theirs", "type": "string"}
    root = {"$ref": "#/components/schemas/Text", **beside}
    tree = rooted(root, version, Text=text, Plain={"$ref": "#/components/schemas/Text"})
    resolved = resolve(tree)["components"]["schemas"]
    assert expected == resolved["Root"]
    assert text == resolved["Plain"]


def test_references_beside_a_reference_leave_the_target_alone() -> None:
    """What a place adds beside a `$ref` never shows up at another place with the same target."""
    tree = rooted(
        {"$ref": "#/components/schemas/Pet", "properties": {"name": {"$ref": "#/components/schemas/Number"}}},
        Number={"type": "number"},
        Other=REF,
    )
    resolved = resolve(tree)["components"]["schemas"]
    assert PET == resolved["Other"]
    assert {"properties": {"name": {"type": "number"}}, "allOf": [PET]} == resolved["Root"]


def test_places_beside_a_reference_can_be_referred_to() -> None:
    """A pointer to a keyword beside a `$ref` still leads there after resolving."""
    root = {"$ref": "#/components/schemas/Pet", "properties": {"age": {"type": "integer"}}}
    tree = rooted(root, Age={"$ref": "#/components/schemas/Root/properties/age"})
    assert {"type": "integer"} == resolve(tree)["components"]["schemas"]["Age"]


def test_cycles_stay_references() -> None:
    """A reference that closes a cycle stays a `$ref` that `lookup` can follow."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    resolved = resolve(rooted({"$ref": "#/components/schemas/Node"}, Node=node))
    inner = resolved["components"]["schemas"]["Root"]["properties"]["next"]
    assert {"$ref": "#/components/schemas/Node"} == inner
    assert "object" == lookup(resolved, inner["$ref"])["type"]


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/A/b"}},
        {"A": {"$ref": "#/components/schemas/B/x"}, "B": {"$ref": "#/components/schemas/A/x"}},
        {"A": {"$ref": "#"}},
        {"A": {"$ref": "#/components"}},
        {"A": {"$ref": "#/components/schemas/A", "title": "a"}},
        {
            "A": {
                "allOf": [{"oneOf": [{"$ref": "#/components/schemas/B", "additionalProperties": False}]}],
                "oneOf": [{"properties": {"": {"$ref": "#/components/schemas/B"}}}],
            },
            "B": {"$ref": "#/components/schemas/A"},
        },
        {
            "A": {"$ref": "#/components/schemas/B", "title": "a"},
            "B": {"$ref": "#/components/schemas/A", "title": "b"},
        },
    ],
    ids=[
        "itself",
        "pair",
        "into itself",
        "through each other",
        "root",
        "around",
        "beside",
        "joined",
        "pair beside",
    ],
)
def test_loops_of_references_end(schemas: Any) -> None:
    """A loop of references neither hangs nor raises, and is still a loop after resolving."""
    resolved = resolve(rooted(REF, **schemas))
    assert PET == resolved["components"]["schemas"]["Root"]
    assert isinstance(resolved["components"]["schemas"]["A"], dict)


def test_targets_are_shared() -> None:
    """All places with the same target hold the same object, so that resolving stays linear."""
    fan: dict[str, Any] = {
        f"L{i}": {"properties": {name: {"$ref": f"#/components/schemas/L{i + 1}"} for name in "abcd"}}
        for i in range(60)
    }
    properties = _resolved_root({"$ref": "#/components/schemas/L0"}, **fan, L60={})["properties"]
    assert properties["a"] is properties["b"]


def test_targets_inside_targets_do_not_multiply() -> None:
    """Of a chain of targets, each inside of the one before, the document is copied a few times at most."""
    deep: dict[str, Any] = {"enum": list(range(20_000))}
    for _ in range(150):
        deep = {"not": deep}
    refs = [{"$ref": "#/components/schemas/Deep" + "/not" * i} for i in range(150)]
    resolved = resolve(rooted({"anyOf": refs}, Deep=deep))
    targets = {
        id(branch) for branch in resolved["components"]["schemas"]["Root"]["anyOf"] if "$ref" not in branch
    }
    assert len(targets) <= 10


def test_examples_may_be_references() -> None:
    """An entry of an `examples` map is an Example Object, which may refer to another one."""
    tree = rooted({})
    tree["components"]["examples"] = {"cat": {"value": {"$ref": "#/data"}}}
    tree["components"]["parameters"] = {"p": {"examples": {"a": {"$ref": "#/components/examples/cat"}}}}
    assert {"a": {"value": {"$ref": "#/data"}}} == resolve(tree)["components"]["parameters"]["p"]["examples"]


@pytest.mark.parametrize("ref", ["#/nowhere", "#nowhere", "pets.yaml#/a", "http://example.com/", ""])
def test_lookup_raises_where_there_is_nothing(ref: str) -> None:
    """`lookup` raises a LookupError for a reference that leads to nothing in the document."""
    with pytest.raises(LookupError):
        lookup(rooted({}), ref)


@pytest.mark.parametrize(
    ("content", "pointer", "expected"),
    [
        (b'{"a": 1,\n"b": [1,\n{"c": 2}]}', "/b/1/c", 3),
        (b'{"a": {"b": "}{[\\""},\n"c": 1}', "/c", 2),
        (b'{\n"a/b~c": 1}', "/a~1b~0c", 2),
        (b'{"\\u0061": 1,\n"b": 2}', "/a", 1),
        (b'{"a": 1,\n"a": 2}', "/a", 2),
        (b'\n{"a": 1}', "", 2),
        (b'{"a": 1}', "/b", None),
        (b'{"a": 1}', "/a/b", None),
        (b"a: 1\nb:\n- x\n- c: 2\n", "/b/1/c", 4),
        (b"'200': 1\n201: 2\n", "/201", 2),
        (b"a: &x\n  b: 1\nc: *x\n", "/c/b", 2),
        (b"a: [1\n", "/a", None),
    ],
)
def test_pointers_have_lines(content: bytes, pointer: str, expected: int | None) -> None:
    """The line of a pointer is that of its key or item, in JSON and in YAML."""
    found = positions_of(content, [pointer]).get(pointer)
    assert expected == (None if found is None else found.line)


def _files(folder: Path) -> list[Path]:
    endings = (".json", ".yaml", ".yml")
    return sorted(path for path in folder.glob("*") if path.suffix in endings and path.stem.isascii())


def _load_or_none(path: Path) -> Document | None:
    try:
        return load(Fetched(path.read_bytes(), uri=path.as_uri()), str(path))
    except DocumentError as error:
        # Versions that are not supported, and the folder's own list of features.
        assert "not supported" in error.message or "is not an OpenAPI document" in error.message  # noqa: PT017
        return None


@pytest.mark.long
def test_whole_documents_are_resolved_right(folder: Path) -> None:
    """In whole documents, everywhere the resolved tree says what following each reference by hand says."""
    documents = 0
    for path in _files(folder):
        document = _load_or_none(path)
        if document is None:
            continue
        documents += 1
        assert () == document.scan.dangling, path
        found = {entry.pointer for entry in document.problems}
        assert found == set(positions_of(document.content, found)), path
        followed = {entry.pointer for entry in document.scan.references if entry.keyword == "$ref"}
        _compare(document, followed)
    assert documents > (4 if folder == OWN else 10)


def _compare(document: Document, followed: set[str]) -> None:
    """Walk the raw and the resolved tree side by side, each pair of objects once."""
    ids = {id(lookup(document.tree, f"#{pointer}")) for pointer in followed}
    seen: set[tuple[int, int]] = set()
    stack: list[tuple[Any, Any]] = [(document.tree, document.resolved)]
    while stack:
        raw, resolved = stack.pop()
        if (id(raw), id(resolved)) in seen:
            continue
        seen.add((id(raw), id(resolved)))
        while id(raw) in ids and not (isinstance(resolved, dict) and "$ref" in resolved):
            if len(raw) > 1:
                break
            raw = lookup(document.tree, raw["$ref"])
        if id(raw) in ids:
            continue  # a cycle, or keywords beside the reference
        if isinstance(raw, dict):
            assert raw.keys() == resolved.keys()
            stack.extend((raw[key], resolved[key]) for key in raw)
        elif isinstance(raw, list):
            assert len(raw) == len(resolved)
            stack.extend(zip(raw, resolved, strict=True))
        else:
            assert raw == resolved


def test_a_property_may_be_named_as_a_reference() -> None:
    """A property named `$ref` is resolved like any other, and can be referred to."""
    tree = rooted({"properties": {"$ref": REF, "b": {"$ref": "#/components/schemas/Root/properties/$ref"}}})
    assert {"properties": {"$ref": PET, "b": PET}} == resolve(tree)["components"]["schemas"]["Root"]


def test_the_document_stays_as_it_is() -> None:
    """Resolving changes nothing of the tree that it is given, identifiers beside references included."""
    schemas = {
        "Named": {
            "$anchor": "named",
            "$ref": "#inner",
            "$defs": {"A": {"$anchor": "inner", "type": "integer"}},
        },
        "Lost": {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": "#/nowhere"},
    }
    tree = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": schemas}}
    before = copy.deepcopy(tree)
    resolve(tree)
    assert before == tree


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_a_chain_of_references_is_followed_once() -> None:
    """Each object on the way learns its end: following each of 20,000 to the end again would take an hour."""
    count = 20_000
    chain: dict[str, Any] = {
        f"C{number}": {"$ref": f"#/components/schemas/C{number + 1}"} for number in range(count)
    }
    content = json.dumps(rooted(REF, "3.1.0", **chain, **{f"C{count}": {"type": "string"}})).encode()
    began = time.monotonic()
    load(Fetched(content), "chain")
    assert time.monotonic() - began < 60
