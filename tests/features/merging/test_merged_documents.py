"""Several documents under one name are one: all operations, each as it was, and every place where it was written."""

import copy
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.errors import DocumentError
from dynacli.features.merging.merge import merge
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.json_trees import MISSING, follow, from_fragment, join, split
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.overlay import Overlay
from dynacli.openapi.document.parse import parse_file
from dynacli.openapi.document.references.place_origins import PlaceInFile
from tests.features.merging.same_meaning import differences, operations
from tests.real_documents import OWN, own_and_real
from tests.sampling import examples

_REWRITTEN = frozenset({"$ref", "mapping", "defaultMapping", "operationRef", "url", "tokenUrl"})

OK = {"200": {"description": "d"}}
PET = {"type": "object", "properties": {"name": {"type": "string"}}}


def _ref(name: str, section: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}


def _response(schema: Any, **more: Any) -> dict[str, Any]:
    return {"200": {"description": "d", "content": {"application/json": {"schema": schema}}, **more}}


def _operation(operation_id: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"operationId": operation_id, "responses": OK if schema is None else _response(schema), **more}


def _document(paths: Any, name: str = "a", version: str = "3.1.0", **more: Any) -> Document:
    tree = {"openapi": version, "info": {"title": name, "version": "1"}, "paths": paths, **more}
    return load(json.dumps(tree, indent=1).encode(), f"{name}.json", f"https://{name}.example/v1/{name}.json")


def _schemas(**schemas: Any) -> dict[str, Any]:
    return {"components": {"schemas": schemas}}


def _merged(*documents: Document) -> Document:
    """The documents as one, after a look at what holds for any: none is changed, and each operation is what it was."""
    before = [json.dumps(document.tree) for document in documents]
    merged = merge(documents, "all")
    assert before == [json.dumps(document.tree) for document in documents]
    seen: set[tuple[str, str]] = set()
    for source in documents:
        wanted = [operation for operation in operations(source) if operation not in seen]
        assert [] == differences(source, merged, wanted)
        seen.update(wanted)
    assert seen == set(operations(merged))
    assert sum(len(document.scan.dangling) for document in documents) >= len(merged.scan.dangling)
    _assert_places(merged)
    return merged


def _assert_places(document: Document) -> None:
    """Every plain value is in the file that its place names; references and URLs may be written otherwise there."""
    trees = [parse_file(file.content, name="file").tree for file in document.files]
    waiting: list[tuple[Any, tuple[str, ...]]] = [(document.tree, ())]
    while waiting:
        node, steps = waiting.pop()
        place = document.origins.locate(join(steps))
        written = follow(trees[place.file], split(place.pointer))
        assert written is not MISSING, (steps, place)
        if isinstance(node, dict | list):
            below = node.items() if isinstance(node, dict) else enumerate(node)
            waiting.extend((value, (*steps, str(key))) for key, value in below)
        elif steps != ("openapi",) and _REWRITTEN.isdisjoint(steps[-2:]):
            assert node == written, (steps, place)


def test_a_single_document_is_not_changed() -> None:
    """Merging a single document returns that document."""
    first = _document({"/a": {"get": _operation("a")}})
    assert first is merge([first], "all")


@pytest.mark.parametrize("count", [2, 3])
def test_copies_of_a_document_merge_into_the_document(count: int) -> None:
    """Equal parts are taken once, under their names, with a warning for each copy."""
    security: dict[str, Any] = {"components": {"schemas": {"Pet": PET}, "securitySchemes": {"key": _KEY}}}
    first = _document(
        {"/a": {"get": _operation("a", _ref("Pet"))}},
        security=[{"key": []}],
        tags=[{"name": "t"}],
        **security,
    )
    merged = _merged(*[first] * count)
    assert first.tree == merged.tree
    assert list(first.origins) == list(merged.origins)
    said = "1 path of `https://a.example/v1/a.json` is the same as in `https://a.example/v1/a.json`"
    assert [(said, PlaceInFile(number, "/paths")) for number in range(1, count)] == list(merged.warnings)


def test_the_first_document_leads() -> None:
    """It gives title, version, address and content; the others add their paths, tags and webhooks."""
    extension: dict[str, Any] = {"x-b": {"c": 1}}
    first = _document(
        {"/a": {"get": _operation("a")}},
        tags=[{"name": "s"}, {"name": "t", "description": "of a"}],
        webhooks={"new": {"post": _operation("new")}},
    )
    other = _document(
        {"/b": {"get": _operation("b")}},
        "b",
        tags=[{"name": "t", "description": "of b"}, {"name": "s", "description": "of b"}, {"name": "u"}],
        webhooks={"new": {"post": _operation("other")}, "old": {"post": _operation("old")}},
        externalDocs={"url": "https://b.example/"},
        **extension,
    )
    merged = _merged(first, other)
    assert (first.uri, first.content, first.written_in) == (merged.uri, merged.content, merged.written_in)
    assert first.tree["info"] == merged.tree["info"]
    assert ["/a", "/b"] == list(merged.tree["paths"])
    expected = [{"name": "s", "description": "of b"}, {"name": "t", "description": "of a"}, {"name": "u"}]
    assert expected == merged.tree["tags"]
    assert ["new", "new-2", "old"] == list(merged.tree["webhooks"])
    assert PlaceInFile(1, "/webhooks/new/post") == merged.origins.locate("/webhooks/new-2/post")
    assert PlaceInFile(1, "/tags/1/description") == merged.origins.locate("/tags/0/description")
    assert "externalDocs" not in merged.tree
    assert {"c": 1} == merged.tree["x-b"]


def test_an_operation_that_several_have_is_the_first_one() -> None:
    """The other one is left out with a warning that has its place."""
    first = _document({"/a": {"get": _operation("a"), "post": _operation("b")}})
    other = _document({"/a": {"get": _operation("c"), "put": _operation("d")}}, "b")
    merged = _merged(first, other)
    assert ["a", "b", "d"] == [
        value["operationId"] for value in merged.tree["paths"]["/a"].values() if "responses" in value
    ]
    said = (
        "`GET /a` of `https://b.example/v1/b.json` is left out: `https://a.example/v1/a.json` has it already"
    )
    assert ((said, PlaceInFile(1, "/paths/~1a/get")),) == merged.warnings


def _limit(kind: str) -> dict[str, Any]:
    return {"name": "limit", "in": "query", "schema": {"type": kind}}


def test_paths_with_equal_shared_fields_are_joined() -> None:
    """Fields that both documents give a path for all its operations stay fields of the path."""
    shared = {"parameters": [_limit("integer")], "summary": "All", "servers": [{"url": "https://c.example"}]}
    merged = _merged(
        _document({"/a": {**shared, "get": _operation("a")}}),
        _document({"/a": {**shared, "put": _operation("b")}}, "b"),
    )
    assert {*shared, "get", "put"} == set(merged.tree["paths"]["/a"])
    assert "parameters" not in merged.tree["paths"]["/a"]["put"]


def test_different_shared_fields_of_a_path_go_into_its_operations() -> None:
    """Parameters, servers and texts of a path hold for the operations of its document; an operation's own ones win."""
    first = _document(
        {
            "/a": {
                "parameters": [_limit("integer"), _ref("Token", "parameters")],
                "summary": "Of a",
                "x-cli-name": "no",
                "get": _operation("a"),
                "post": _operation("b", parameters=[_limit("string")], summary="Own"),
            }
        },
        components={"parameters": {"Token": {"name": "token", "in": "header", "schema": {"type": "string"}}}},
    )
    other = _document(
        {"/a": {"servers": [{"url": "../v2"}], "x-cli-name": "only", "put": _operation("c")}}, "b"
    )
    item = _merged(first, other).tree["paths"]["/a"]
    assert {"get", "post", "put"} == set(item)
    assert [_limit("integer"), _ref("Token", "parameters")] == item["get"]["parameters"]
    assert [_limit("string"), _ref("Token", "parameters")] == item["post"]["parameters"]
    assert ("Of a", "Own", None) == tuple(item[method].get("summary") for method in ("get", "post", "put"))
    assert [{"url": "https://b.example/v2"}] == item["put"]["servers"]
    assert (None, None, "only") == tuple(item[method].get("x-cli-name") for method in ("get", "post", "put"))


def test_a_path_that_is_a_reference_is_joined_too() -> None:
    """The path that it leads to does not get the operations of another document."""
    item = {"get": _operation("a"), "parameters": [_limit("integer")]}
    first = _document({"/a": item, "/b": {"$ref": "#/paths/~1a"}})
    other = _document(
        {"/b": {"put": _operation("c")}, "/c": {"$ref": "#/components/pathItems/C"}},
        "b",
        components={"pathItems": {"C": {"get": _operation("d")}}},
    )
    merged = _merged(first, other)
    assert {("/a", "GET"), ("/b", "GET"), ("/b", "PUT"), ("/c", "GET")} == set(operations(merged))
    assert 4 == len(compile_document(merged).operations)


def test_a_reference_to_a_path_that_is_joined_leads_to_the_path_as_it_was() -> None:
    """A reference to a whole path gets no operation of another document."""
    first = _document({"/a": {"get": _operation("a")}, "/b": {"$ref": "#/paths/~1a"}})
    other = _document({"/a": {"put": _operation("c")}}, "b")
    merged = _merged(first, other)
    assert {("/a", "GET"), ("/a", "PUT"), ("/b", "GET")} == set(operations(merged))
    assert {("GET", "/a"), ("PUT", "/a"), ("GET", "/b")} == {
        (operation.operation.method, operation.operation.path)
        for operation in compile_document(merged).operations
    }


_SERVERS = [
    pytest.param(["/v1"], ["/v1"], ["https://b.example/v1"], id="relative to each"),
    pytest.param(["https://x.example"], ["https://x.example"], None, id="the same"),
    pytest.param(["https://b.example/v1"], ["/v1"], None, id="the same once absolute"),
    pytest.param(["https://x.example"], None, ["https://b.example/"], id="none in the second"),
    pytest.param(None, ["https://x.example"], ["https://x.example"], id="none in the first"),
    pytest.param(None, None, ["https://b.example/"], id="none at all"),
    pytest.param(["/"], ["{scheme}://x"], ["{scheme}://x"], id="a variable for the scheme"),
]


@pytest.mark.parametrize(("first", "second", "expected"), _SERVERS)
def test_servers_stay_those_of_the_document(
    first: list[str] | None, second: list[str] | None, expected: list[str] | None
) -> None:
    """Requests go to the same servers as before merging: later documents put theirs into each path, absolute."""
    ours, other = (
        dict[str, Any]() if urls is None else {"servers": [{"url": url} for url in urls]}
        for urls in (first, second)
    )
    own = [{"url": "own"}]
    merged = _merged(
        _document({"/a": {"get": _operation("a")}}, **ours),
        _document(
            {"/b": {"get": _operation("b")}, "/c": {"get": _operation("c", servers=own)}}, "b", **other
        ),
    )
    found = merged.tree["paths"]["/b"].get("servers")
    assert expected == (None if found is None else [server["url"] for server in found])
    assert [{"url": "https://b.example/v1/own"}] == merged.tree["paths"]["/c"]["get"]["servers"]
    assert ours.get("servers") == merged.tree.get("servers")


def test_servers_of_a_file_stay_relative() -> None:
    """A relative server of a document without an HTTP URL stays as it is written."""
    content = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {},
            "paths": {"/b": {"get": _operation("b")}},
            "servers": [{"url": "/v2"}],
        }
    ).encode()
    merged = merge([_document({}), load(content, "b.json", "file:///d/b.json")], "all")
    assert [{"url": "/v2"}] == merged.tree["paths"]["/b"]["servers"]


_KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}
_OTHER = {"type": "apiKey", "in": "query", "name": "key"}
_SECURITY = [
    pytest.param(([{"key": []}], _KEY), ([{"key": []}], _KEY), None, id="the same"),
    pytest.param(([{"key": []}], _KEY), ([{"key": []}], _OTHER), [{"key-2": []}], id="another scheme"),
    pytest.param(([{"key": []}], _KEY), (None, None), [], id="none in the second"),
    pytest.param((None, None), ([{"key": []}], _KEY), [{"key": []}], id="none in the first"),
    pytest.param((None, _KEY), ([], _KEY), None, id="none and an empty one"),
    pytest.param(([{"key": []}], _KEY), ([{"key": []}], None), [{"key-2": []}], id="not defined"),
    pytest.param(
        ([{"key": []}], None), ([{"key": []}], _KEY), [{"key-2": []}], id="not defined in the first"
    ),
    pytest.param(([{"key": []}], None), ([{"key": []}], None), None, id="not defined in both"),
    pytest.param(([{"key": ["r"]}], _KEY), ([{}, {"key": ["w"]}], _KEY), [{}, {"key": ["w"]}], id="scopes"),
]


@pytest.mark.parametrize(("first", "second", "expected"), _SECURITY)
def test_security_stays_that_of_the_document(first: Any, second: Any, expected: Any) -> None:
    """Credentials go if they went: no operation gets one more or one less, and no scheme is taken for another."""
    ours, other = (
        {
            **({} if required is None else {"security": required}),
            **({} if scheme is None else {"components": {"securitySchemes": {"key": scheme}}}),
        }
        for required, scheme in (first, second)
    )
    own = [{"key": ["own"]}]
    merged = _merged(
        _document({"/a": {"get": _operation("a")}}, **ours),
        _document(
            {"/b": {"get": _operation("b")}, "/c": {"get": _operation("c", security=own)}}, "b", **other
        ),
    )
    assert expected == merged.tree["paths"]["/b"]["get"].get("security")
    assert ours.get("security") == merged.tree.get("security")
    name = next(iter(merged.tree["paths"]["/c"]["get"]["security"][0]))
    assert second[1] == merged.tree.get("components", {}).get("securitySchemes", {}).get(name)


def test_addresses_of_schemes_stay_those_of_the_document() -> None:
    """A relative URL that a token is asked for at means the same place as before."""
    scheme = {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}}
    merged = _merged(
        _document({}, components={"securitySchemes": {"o": scheme}}),
        _document(
            {"/b": {"get": _operation("b", security=[{"o": []}])}},
            "b",
            components={"securitySchemes": {"o": scheme}},
        ),
    )
    flows = merged.tree["components"]["securitySchemes"]["o-2"]["flows"]
    assert "https://b.example/token" == flows["clientCredentials"]["tokenUrl"]
    assert [{"o-2": []}] == merged.tree["paths"]["/b"]["get"]["security"]


def _items(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


_TAG, _OTHER_TAG = {"type": "string"}, {"type": "integer"}
_COMPONENTS = [
    pytest.param({"Pet": PET}, {"Pet": dict(reversed(PET.items()))}, ["Pet"], id="the same"),
    pytest.param({"Pet": PET}, {"Pet": _TAG}, ["Pet", "Pet-2"], id="another"),
    pytest.param({"Dog": PET}, {"Pet": _TAG}, ["Dog", "Pet"], id="other names"),
    pytest.param(
        {"Pet": _items("Tag"), "Tag": _TAG},
        {"Pet": _items("Tag"), "Tag": _OTHER_TAG},
        ["Pet", "Pet-2", "Tag", "Tag-2"],
        id="the same words that lead to another",
    ),
    pytest.param(
        {"Pet": _items("Tag"), "Tag": {"anyOf": [_ref("Pet"), _TAG]}},
        {"Pet": _items("Tag"), "Tag": {"anyOf": [_ref("Pet"), _TAG]}},
        ["Pet", "Tag"],
        id="the same in a circle",
    ),
    pytest.param(
        {"Pet": _items("Tag"), "Tag": {"anyOf": [_ref("Pet"), _TAG]}},
        {"Pet": _items("Tag"), "Tag": {"anyOf": [_ref("Pet"), _OTHER_TAG]}},
        ["Pet", "Pet-2", "Tag", "Tag-2"],
        id="another in a circle",
    ),
    pytest.param(
        {"Pet": PET, "Pet-2": _TAG},
        {"Pet": _TAG},
        ["Pet", "Pet-2", "Pet-3"],
        id="a name of the first is taken",
    ),
    pytest.param(
        {"Pet": PET},
        {"Pet": _TAG, "Pet-2": PET},
        ["Pet", "Pet-2", "Pet-3"],
        id="a name of the second is taken",
    ),
    pytest.param(
        {"Pet": PET},
        {"Pet": {"$ref": "#/components/schemas/Dog/properties/a"}, "Dog": {"properties": {"a": _TAG}}},
        ["Dog", "Pet", "Pet-2"],
        id="a reference into a component",
    ),
]


@pytest.mark.parametrize(("first", "second", "expected"), _COMPONENTS)
def test_equal_components_are_shared_and_different_ones_renamed(
    first: Any, second: Any, expected: list[str]
) -> None:
    """A different component of the same name gets a number, and all references to it follow."""
    merged = _merged(
        _document({"/a": {"get": _operation("a", _ref(next(iter(first))))}}, **_schemas(**first)),
        _document({"/b": {"get": _operation("b", _ref("Pet"))}}, "b", **_schemas(**second)),
    )
    assert expected == sorted(merged.tree["components"]["schemas"])
    if "Pet-2" in expected and "Pet-3" not in expected:
        assert PlaceInFile(1, "/components/schemas/Pet/type") == merged.origins.locate(
            "/components/schemas/Pet-2/type"
        )


def test_a_third_document_may_share_with_the_second_alone() -> None:
    """Components of the third document are shared with the second if they differ from the first."""
    documents = [
        _document({f"/{name}": {"get": _operation(name, _ref("Pet"))}}, name, **_schemas(Pet=schema))
        for name, schema in (("a", PET), ("b", _TAG), ("c", _TAG), ("d", _OTHER_TAG))
    ]
    merged = _merged(*documents)
    assert {"Pet": PET, "Pet-2": _TAG, "Pet-3": _OTHER_TAG} == merged.tree["components"]["schemas"]
    assert [document.uri for document in documents] == [file.uri for file in merged.files]
    assert PlaceInFile(3, "/components/schemas/Pet/type") == merged.origins.locate(
        "/components/schemas/Pet-3/type"
    )


def test_a_document_twice_after_another_leaves_nothing_over() -> None:
    """Components that only the second copy of a document would need are not in the result."""
    first = _document({"/a": {"get": _operation("a", _ref("Pet"))}}, **_schemas(Pet=PET))
    other = _document({"/b": {"get": _operation("b", _ref("Pet"))}}, "b", **_schemas(Pet=_TAG))
    assert _merged(first, other).tree == _merged(first, other, other).tree


def test_what_a_left_out_operation_needs_is_left_out() -> None:
    """A component under a new name that nothing leads to is not added."""
    first = _document({"/a": {"get": _operation("a", _ref("Pet"))}}, **_schemas(Pet=PET))
    other = _document({"/a": {"get": _operation("a", _ref("Pet"))}}, "b", **_schemas(Pet=_TAG))
    assert first.tree == merge([first, other], "all").tree


def _animals(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "Cat": {"type": "object", "properties": {"kind": {"type": "string"}, "a": {"type": kind}}},
        "Dog": {"type": "object", "properties": {"kind": {"type": "string"}}},
        "Animal": {"oneOf": [_ref("Cat"), _ref("Dog")], "discriminator": {"propertyName": "kind", **more}},
    }


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({}, {"Cat": "Cat-2"}),
        ({"mapping": {"cat": "Cat"}}, {"cat": "Cat-2"}),
        ({"mapping": {"cat": "#/components/schemas/Cat", "dog": "Dog"}}, {"cat": "Cat-2", "dog": "Dog"}),
        ({"mapping": {"dog": "Dog"}}, {"dog": "Dog", "Cat": "Cat-2"}),
    ],
    ids=["by name alone", "name", "reference", "one of two"],
)
def test_discriminators_name_the_same_schemas(mapping: Any, expected: dict[str, str]) -> None:
    """Whatever value picked a schema picks it still, though its name is another."""
    merged = _merged(
        _document(
            {"/a": {"get": _operation("a", _ref("Animal"))}}, **_schemas(**_animals("string", **mapping))
        ),
        _document(
            {"/b": {"get": _operation("b", _ref("Animal"))}},
            "b",
            **_schemas(**_animals("integer", **mapping)),
        ),
    )
    found = merged.tree["components"]["schemas"]["Animal-2"]["discriminator"]["mapping"]
    assert expected == {value: ref.rpartition("/")[2] for value, ref in found.items()}


def test_a_discriminator_of_a_base_names_the_same_schemas() -> None:
    """A base whose heirs are found by their names alone keeps the names of its own document."""
    base = {"type": "object", "properties": {"kind": {}}, "discriminator": {"propertyName": "kind"}}

    def schemas(kind: str) -> dict[str, Any]:
        return _schemas(Base=base, Cat={"allOf": [_ref("Base"), {"properties": {"a": {"type": kind}}}]})

    merged = _merged(
        _document({"/a": {"get": _operation("a", _ref("Base"))}}, **schemas("string")),
        _document({"/b": {"get": _operation("b", _ref("Base"))}}, "b", **schemas("integer")),
    )
    found = merged.tree["components"]["schemas"]
    assert {"Base", "Base-2", "Cat", "Cat-2"} == set(found)
    assert {"Cat": "#/components/schemas/Cat-2"} == found["Base-2"]["discriminator"]["mapping"]
    assert _ref("Base-2") == found["Cat-2"]["allOf"][0]


def test_the_default_of_a_discriminator_is_the_same_schema() -> None:
    """The `defaultMapping` of 3.2 follows a renamed schema like the other references."""
    more = {"defaultMapping": "Cat", "mapping": {"d": "Dog"}}
    merged = _merged(
        _document(
            {"/a": {"get": _operation("a", _ref("Animal"))}},
            version="3.2.0",
            **_schemas(**_animals("string", **more)),
        ),
        _document(
            {"/b": {"get": _operation("b", _ref("Animal"))}},
            "b",
            "3.2.0",
            **_schemas(**_animals("integer", **more)),
        ),
    )
    found = merged.tree["components"]["schemas"]["Animal-2"]["discriminator"]
    assert "#/components/schemas/Cat-2" == found["defaultMapping"]


def _linked(operation_id: str, link: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": operation_id, "responses": {"200": {"description": "d", "links": {"next": link}}}}


def test_links_lead_to_the_operations_of_their_document() -> None:
    """If two documents have an operationId, links say by its place which one is meant."""
    first = _document(
        {"/a": {"get": _linked("first", {"operationId": "get"})}, "/g": {"get": _operation("get")}}
    )
    other = _document(
        {
            "/b": {"get": _linked("second", {"operationId": "get"})},
            "/c": {"get": _linked("third", {"operationRef": "#/paths/~1h/get"})},
            "/d": {"get": _linked("fourth", {"operationRef": "../v1/b.json#/paths/~1h/get"})},
            "/e": {"get": _linked("fifth", {"operationRef": "https://a.example/v1/a.json#/paths/~1g/get"})},
            "/f": {"get": _linked("sixth", {"operationRef": "other.json#/paths/~1x/get"})},
            "/i": {"get": _linked("seventh", {"operationId": "second"})},
            "/h": {"get": _operation("get")},
        },
        "b",
    )
    merged = merge([first, other], "all")
    found = {
        path: item["get"]["responses"]["200"]["links"]["next"]
        for path, item in merged.tree["paths"].items()
        if "links" in item["get"]["responses"]["200"]
    }
    assert {
        "/a": {"operationRef": "#/paths/~1g/get"},
        "/b": {"operationRef": "#/paths/~1h/get"},
        "/c": {"operationRef": "#/paths/~1h/get"},
        "/d": {"operationRef": "#/paths/~1h/get"},
        "/e": {"operationRef": "#/paths/~1g/get"},
        "/f": {"operationRef": "https://b.example/v1/other.json#/paths/~1x/get"},
        "/i": {"operationId": "second"},
    } == found
    _assert_places(merged)


def test_a_link_to_an_operation_that_is_left_out_leads_to_the_one_that_is_there() -> None:
    """It is the same method and path, whatever it is called."""
    first = _document({"/a": {"get": _operation("mine")}})
    other = _document(
        {"/a": {"get": _operation("theirs")}, "/b": {"get": _linked("b", {"operationId": "theirs"})}}, "b"
    )
    merged = merge([first, other], "all")
    link = merged.tree["paths"]["/b"]["get"]["responses"]["200"]["links"]["next"]
    assert {"operationRef": "#/paths/~1a/get"} == link


def test_referenced_parts_of_left_out_operations_become_components() -> None:
    """A part of an operation that is left out, or of a path that is joined, is kept for the references to it."""
    deep = "#/paths/~1a/get/responses/200/content/application~1json/schema"
    nested = {"type": "object", "properties": {"again": {"$ref": deep}, "pet": _ref("Pet")}}
    first = _document({"/a": {"get": _operation("a", {"type": "string"})}}, **_schemas(Pet=PET))
    other = _document(
        {
            "/a": {"get": _operation("a", nested), "parameters": [_limit("integer")], "put": _operation("p")},
            "/b": {"get": _operation("b", {"$ref": deep}, parameters=[{"$ref": "#/paths/~1a/parameters/0"}])},
        },
        "b",
        **_schemas(Pet=_TAG),
    )
    merged = _merged(first, other)
    kept = "paths__a_get_responses_200_content_application_json_schema"
    found = merged.tree["components"]["schemas"]
    assert {"Pet", "Pet-2", kept} == set(found)
    assert {"again": _ref(kept), "pet": _ref("Pet-2")} == found[kept]["properties"]
    assert [_limit("integer")] == list(merged.tree["components"]["parameters"].values())


def test_references_by_way_of_others_stay_with_their_document() -> None:
    """A reference that goes through a component of a shared name does not end in another document."""
    first = _document({"/a": {"get": _operation("a", _ref("Alias"))}}, **_schemas(Alias=PET, Real=PET))
    other = _document(
        {"/b": {"get": _operation("b", {"$ref": "#/components/schemas/Alias/properties/x"})}},
        "b",
        **_schemas(Alias=_ref("Real"), Real={"properties": {"x": _TAG}}),
    )
    merged = _merged(first, other)
    schema = merged.tree["paths"]["/b"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/Real-2/properties/x"} == schema


def test_unreadable_references_name_the_files_of_their_document() -> None:
    """References that cannot be followed keep their meaning and their reason."""

    def opener(uri: str) -> Fetched:
        if uri.endswith("good.json"):
            return Fetched(json.dumps({"Pet": PET}, indent=1).encode(), uri=uri)
        raise DocumentError(f"`{uri}` is not there")

    documents = []
    for name in ("a", "b"):
        good, gone = {"$ref": "good.json#/Pet"}, {"$ref": "gone.json"}
        tree = {
            "openapi": "3.1.0",
            "info": {},
            "paths": {f"/{name}": {"get": _operation(name, good)}, f"/{name}2": gone},
        }
        uri = f"https://{name}.example/{name}.json"
        documents.append(load(json.dumps(tree).encode(), f"{name}.json", uri, opener=opener))
    merged = merge(documents, "all")
    expected = [
        f"https://{host}.example/{file}.json" for host, file in ("aa", ("a", "good"), "bb", ("b", "good"))
    ]
    assert expected == [file.uri for file in merged.files]
    assert ("https://a.example/gone.json", "https://b.example/gone.json") == merged.missing
    assert {"gone.json", "https://b.example/gone.json"} == set(merged.unread)
    assert [0, 2] == [place.file for _, place in merged.warnings]
    assert PlaceInFile(1, "/Pet/type") == merged.origins.locate("/components/schemas/Pet/type")
    compiled = compile_document(merged)
    assert ["/a", "/b"] == [operation.operation.path for operation in compiled.operations]
    assert 2 == len([warning for warning in compiled.warnings if "is left out" in warning.message])


def test_parts_of_overlays_and_conversions_keep_their_origins() -> None:
    """A document of 2.0 with an overlay, after another document: each place is found in its own file."""
    swagger = {
        "swagger": "2.0",
        "info": {"title": "b", "version": "1"},
        "host": "b.example",
        "schemes": ["https"],
        "paths": {
            "/b": {
                "get": {
                    "operationId": "b",
                    "responses": {"200": {"description": "d", "schema": {"$ref": "#/definitions/Pet"}}},
                }
            }
        },
        "definitions": {"Pet": {"type": "integer"}},
    }
    overlay = {"overlay": "1.0.0", "actions": [{"target": "$.definitions.Pet", "update": {"minimum": 1}}]}
    other = load(
        json.dumps(swagger).encode(),
        "b.json",
        "https://b.example/b.json",
        overlays=[Overlay(json.dumps(overlay).encode(), "o.json")],
    )
    first = _document({"/a": {"get": _operation("a", _ref("Pet"))}}, version="3.0.3", **_schemas(Pet=PET))
    merged = merge([first, other], "all")
    pet = "/components/schemas/Pet-2"
    assert {"type": "integer", "minimum": 1} == follow(merged.tree, split(pet))
    assert PlaceInFile(1, "/definitions/Pet/type") == merged.origins.locate(f"{pet}/type")
    assert PlaceInFile(2, "/actions/0/update/minimum") == merged.origins.locate(f"{pet}/minimum")
    assert [] == differences(other, merged, operations(other))


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["3.0.0", "3.0.3"], "3.0"),
        (["3.1.0", "3.2.0"], "3.2"),
        (["3.2.0", "3.1.1"], "3.2"),
        (["3.1.0", "3.1.1"], "3.1"),
    ],
    ids="-".join,
)
def test_versions_that_go_together(versions: list[str], expected: str) -> None:
    """Documents of 3.1 and 3.2 become one of the newer version."""
    first, other = (
        _document({f"/{name}": {"get": _operation(name)}}, name, version)
        for name, version in zip("ab", versions, strict=True)
    )
    merged = _merged(first, other)
    assert expected == merged.version
    assert merged.tree["openapi"].startswith(expected)
    assert merged.written_in == versions[0]


def test_versions_that_do_not_go_together() -> None:
    """Schemas of 3.0 mean something else in 3.1: the message names both documents and their versions."""
    swagger = load(b'{"swagger": "2.0", "info": {}, "paths": {}}', "b.json", "https://b.example/b.json")
    with pytest.raises(DocumentError) as caught:
        merge([_document({}), swagger], "pets")
    assert "`pets` cannot be made of documents of OpenAPI 3.1 and 3.0" == caught.value.message
    assert (
        "`https://a.example/v1/a.json` is OpenAPI 3.1.0 and `https://b.example/b.json` is Swagger 2.0"
        in caught.value.reason
    )


@pytest.mark.parametrize(
    ("dialect", "is_fine"),
    [
        ("https://spec.openapis.org/oas/3.1/dialect/base", True),
        ("https://json-schema.org/draft/2020-12/schema", True),
        ("http://json-schema.org/draft-07/schema#", False),
    ],
)
def test_dialects_that_go_together(dialect: str, is_fine: bool) -> None:
    """A document has one dialect for all its schemas; without `jsonSchemaDialect` it is that of OpenAPI."""
    documents = [_document({}), _document({}, "b", jsonSchemaDialect=dialect)]
    if is_fine:
        assert "jsonSchemaDialect" not in _merged(*documents).tree
    else:
        with pytest.raises(DocumentError, match="of two dialects"):
            merge(documents, "all")


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    "odd",
    [
        {"paths": None},
        {"paths": []},
        {"paths": {"/a": None, "/b": [], "x-a": 1, "/c": {"get": None, "parameters": {}}}},
        {"paths": {"/a": {"$ref": "#/paths/~1a"}, "/c": {"$ref": "#/nowhere"}}},
        {"components": None, "tags": {}, "security": {"key": []}, "servers": "https://x.example"},
        {"components": {"schemas": [], "securitySchemes": [], "responses": {"a": None}}, "webhooks": []},
        {"security": ["key", None, {"key": None}], "tags": ["a", None, {"name": 1}]},
        {"x-webhooks": {"a": {"post": {"requestBody": {"$ref": "#/components/requestBodies/A"}}}}},
    ],
    ids=range(8),
)
@pytest.mark.parametrize("version", ["3.0.0", "3.1.0", "3.2.0"])
def test_any_values_in_a_document_can_be_merged(odd: dict[str, Any], version: str) -> None:
    """Values that are no OpenAPI do not keep the rest of the documents from being merged."""
    plain = _document(
        {
            "/a": {"get": _operation("a", _ref("Pet"))},
            "/b": {"put": _operation("b")},
            "/c": {"get": _operation("c")},
        },
        "p",
        version,
        security=[{"key": []}],
        **_schemas(Pet=PET),
    )
    strange = load(
        json.dumps({"openapi": version, "info": {}, "paths": {}, **odd}).encode(),
        "b.json",
        "https://b.example/b.json",
    )
    for documents in ([plain, strange], [strange, plain], [strange, strange], [strange, plain, strange]):
        merged = merge(documents, "all")
        compiled = compile_document(merged)
        expected = {("/a", "GET"), ("/b", "PUT"), ("/c", "GET")} if plain in documents else set()
        assert expected <= {
            (operation.operation.path, operation.operation.method) for operation in compiled.operations
        }


_NAMES = st.sampled_from(["A", "B", "C", "A-2"])
_SCHEMA = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {}]) | _NAMES.map(_ref),
    lambda inside: st.one_of(
        st.dictionaries(st.sampled_from("xy"), inside, min_size=1).map(lambda found: {"properties": found}),
        st.lists(inside, min_size=1, max_size=2).map(
            lambda found: {"oneOf": found, "discriminator": {"propertyName": "k"}}
        ),
        inside.map(lambda found: {"items": found}),
        st.sampled_from(
            [
                {"$ref": f"#/paths/~1{path}/{method}/responses/200/content/application~1json/schema"}
                for path in "pq"
                for method in ("get", "put")
            ]
        ),
    ),
    max_leaves=4,
)
_ITEMS = st.dictionaries(
    st.sampled_from(["get", "put"]),
    st.tuples(_SCHEMA, st.sampled_from([None, [], [{"key": []}]])).map(
        lambda found: {
            "responses": _response(found[0]),
            **({} if found[1] is None else {"security": found[1]}),
        }
    ),
    min_size=1,
).flatmap(
    lambda item: st.sampled_from(
        [item, {**item, "parameters": [_limit("integer")]}, {**item, "summary": "s"}]
    )
)


@st.composite
def _documents(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {
        "paths": draw(st.dictionaries(st.sampled_from(["/p", "/q", "/r"]), _ITEMS, min_size=1))
    }
    schemas = draw(st.fixed_dictionaries(dict.fromkeys(["A", "B", "C"], _SCHEMA), optional={"A-2": _SCHEMA}))
    made["components"] = {"schemas": schemas}
    scheme = draw(st.sampled_from([None, _KEY, _OTHER]))
    if scheme is not None:
        made["components"]["securitySchemes"] = {"key": scheme}
    if draw(st.booleans()):
        made["security"] = [{"key": []}]
    if draw(st.booleans()):
        made["servers"] = [{"url": draw(st.sampled_from(["/", "https://x.example"]))}]
    document: dict[str, Any] = _without_dangling(made, made)
    return document


def _without_dangling(node: Any, tree: dict[str, Any]) -> Any:
    """The tree without references that lead nowhere, which may find something in another document.

    A branch that is not a component has no name that a discriminator would have to know.
    """
    if isinstance(node, list):
        return [_without_dangling(child, tree) for child in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and follow(tree, from_fragment(node["$ref"]) or ()) is MISSING:
        return {}
    if any(str(branch.get("$ref")).startswith("#/paths/") for branch in node.get("oneOf", ())):
        node = {"oneOf": node["oneOf"]}
    return {key: _without_dangling(child, tree) for key, child in node.items()}


@pytest.mark.exhaustive
@given(st.lists(_documents(), min_size=2, max_size=3))
@settings(deadline=None, max_examples=examples(100))
def test_each_operation_of_generated_documents_keeps_its_meaning(trees: list[dict[str, Any]]) -> None:
    """An operation is the same as in the first document that has it, whatever it refers to."""
    documents = [_document(name=name, **tree) for name, tree in zip("abc", trees, strict=False)]
    _merged(*documents)


@pytest.mark.exhaustive
@given(_documents(), _documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=examples(50))
def test_names_do_not_depend_on_the_order_of_components(first: Any, other: Any, random: Any) -> None:
    """Documents with their components in another order give the same names."""

    def shuffled(tree: dict[str, Any]) -> dict[str, Any]:
        schemas = list(tree["components"]["schemas"].items())
        random.shuffle(schemas)
        return {**tree, "components": {**tree["components"], "schemas": dict(schemas)}}

    merged = merge([_document(name="a", **first), _document(name="b", **other)], "all")
    again = merge([_document(name="a", **shuffled(first)), _document(name="b", **shuffled(other))], "all")
    assert merged.tree == again.tree


_OWN_PAIRS = [("bookshop.yaml", "warehouse.json"), ("observatory.json", "ferries.yaml")]
_PAIRS = [
    ("adyen-checkout-v71.json", "chromadb.json"),
    ("museum.yaml", "redocly-cafe-3.2.yaml"),
]


@pytest.mark.parametrize("pair", _OWN_PAIRS, ids=" and ".join)
def test_whole_documents_in_pairs(pair: tuple[str, str]) -> None:
    """Two documents as one have all the operations of both, none of them changed."""
    _hold_all([_read(OWN / name) for name in pair])


@pytest.mark.parametrize("pair", _PAIRS, ids=" and ".join)
def test_real_documents_in_pairs(corpus: Path, pair: tuple[str, str]) -> None:
    """So have real documents."""
    _hold_all([_read(corpus / name) for name in pair])


def _hold_all(documents: list[Document]) -> None:
    merged = merge(documents, "all")
    assert sum(len(operations(document)) for document in documents) == len(operations(merged))
    for source in documents:
        assert [] == differences(source, merged, operations(source))
    assert () == merged.scan.dangling
    assert len(operations(merged)) == len(compile_document(merged).operations)


def _read(path: Path) -> Document:
    return load(path.read_bytes(), path.name, f"https://{path.name}.example/{path.name}")


@pytest.mark.parametrize(
    "path",
    own_and_real(
        ["bookshop.yaml", "ferries.yaml"],
        ["scalar-galaxy-3.1.yaml", "qdrant.json"],
    ),
)
def test_a_whole_document_with_another_version_of_itself(path: Path) -> None:
    """If a quarter of the components differ and most paths are others, each operation has those of its own."""
    original = _read(path)
    changed = load(json.dumps(_changed(original.tree)).encode(), "b.json", original.uri)
    merged = merge([original, changed], "all")
    new = [operation for operation in operations(changed) if operation not in operations(original)]
    assert len(operations(original)) + len(new) == len(operations(merged))
    assert [] == differences(original, merged, operations(original))
    assert [] == differences(changed, merged, new)
    assert any(key.endswith("-2") for section in merged.tree["components"].values() for key in section)
    _assert_places(merged)


def _changed(tree: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(tree)
    made["paths"] = {
        f"/changed{path}" if zlib.crc32(path.encode()) % 3 else path: item
        for path, item in made["paths"].items()
    }
    for section in made["components"].values():
        for name, value in section.items():
            if "$ref" not in value and zlib.crc32(name.encode()) % 4 == 0:
                value["x-changed"] = True
    return made
