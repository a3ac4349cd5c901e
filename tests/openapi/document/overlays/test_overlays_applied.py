"""A document is loaded with its overlays applied, and every place of it is still found where it was written."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from dynacli.environment import Environment
from dynacli.errors import DocumentError
from dynacli.features.check.learn_overlay import ObservedResponse, learn_overlay, overlay_text
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.json_trees import MISSING, follow, join, split
from dynacli.openapi.document.limits import MAX_NODES
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.overlay import Overlay, TrackedOrigins, actions_between
from dynacli.openapi.document.parse import parse_file
from dynacli.openapi.document.positions import positions_of
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.registry.open_by_name import open_named_api
from dynacli.secrets import Masker
from tests.documents import places_in
from tests.real_documents import own_and_real
from tests.sampling import examples

OK = {"200": {"description": "d"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "tags": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "list",
                "parameters": [
                    {"name": "one", "in": "query", "schema": {"type": "int"}},
                    {"name": "two", "in": "query", "schema": {"type": "str"}},
                    {"name": "three", "in": "query", "schema": {"type": "bool"}},
                ],
                "responses": OK,
            },
            "post": {"operationId": "create", "responses": OK},
        }
    },
    "components": {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}},
}


def _overlay(*actions: dict[str, Any], name: str = "o.yaml", version: str = "1.0.0") -> Overlay:
    made = {"overlay": version, "info": {"title": "o", "version": "1"}, "actions": list(actions)}
    return Overlay(overlay_text(made, name), name, f"file:///overlays/{name}")


def _text(document: Any) -> bytes:
    return json.dumps(document, indent=2).encode()


def _loaded(*overlays: Overlay, document: Any = DOCUMENT, uri: str = "file:///pets.json") -> Document:
    return load(_text(document), "pets.json", uri, overlays=overlays)


def _assert_is_where_it_says(document: Document) -> None:
    """Every plain value of the tree is in the file that its place names, at the pointer that it names."""
    trees = [parse_file(file.content, name="file").tree for file in document.files]
    for pointer in map(join, places_in(document.tree)):
        value = follow(document.tree, split(pointer))
        place = document.origins.locate(pointer)
        written = follow(trees[place.file], split(place.pointer))
        assert written is not MISSING, pointer
        if not isinstance(value, dict | list):
            assert value == written, pointer


def _line(document: Document, pointer: str) -> tuple[int, str]:
    """The number of the file that a place is in, and the line as it is written there."""
    place = document.origins.locate(pointer)
    content = document.files[place.file].content
    spot = positions_of(content, [place.pointer])[place.pointer]
    return place.file, content.decode().splitlines()[spot.line - 1].strip()


def test_overlays_are_applied_in_their_order() -> None:
    """What one adds, the next one finds; the bytes that were fetched stay what they are."""
    first = _overlay(
        {"target": "$.paths['/pets']", "update": {"delete": {"operationId": "x"}}}, name="a.json"
    )
    second = _overlay({"target": "$.paths.*.delete", "update": {"responses": OK, "deprecated": True}})
    document = _loaded(first, second)
    made = document.tree["paths"]["/pets"]["delete"]
    assert {"operationId": "x", "responses": OK, "deprecated": True} == made
    assert _text(DOCUMENT) == document.content
    assert ["file:///pets.json", first.uri, second.uri] == [file.uri for file in document.files]
    assert () == document.warnings[3:]  # of the three types that are misspelled


def test_places_keep_their_origins() -> None:
    """A value is found in its own file, the document or the overlay, even if an item before it was removed."""
    document = _loaded(
        _overlay(
            {"target": "$..parameters[?@.name == 'one']", "remove": True},
            {"target": "$.paths['/pets'].get.parameters", "update": {"name": "four", "in": "query"}},
            {"target": "$", "update": {"tags": [{"name": "d"}], "info": {"x-added": True}}},
            {"target": "$.tags[0,1]", "remove": True},
        )
    )
    parameters = "/paths/~1pets/get/parameters"
    assert ["two", "three", "four"] == [
        parameter["name"] for parameter in follow(document.tree, split(parameters))
    ]
    assert PlaceInFile(0, f"{parameters}/1/name") == document.origins.locate(f"{parameters}/0/name")
    assert (0, '"name": "two",') == _line(document, f"{parameters}/0/name")
    assert (0, '"name": "three",') == _line(document, f"{parameters}/1/name")
    assert PlaceInFile(1, "/actions/1/update/name") == document.origins.locate(f"{parameters}/2/name")
    assert (0, '"name": "c"') == _line(document, "/tags/0/name")
    assert PlaceInFile(1, "/actions/2/update/tags/0") == document.origins.locate("/tags/1")
    assert PlaceInFile(1, "/actions/2/update/info/x-added") == document.origins.locate("/info/x-added")
    assert (0, '"version": "1"') == _line(document, "/info/version")
    # The types that are misspelled are warned of where they are written.
    reported = [f"{parameters}/{index}/schema/type" for index in (1, 2)]
    assert reported == [place.pointer for _, place in document.warnings]


def test_warnings_of_the_compiler_have_lines_of_the_right_file() -> None:
    """What an overlay gets wrong is told with the overlay's line, what the document gets wrong with its own."""
    overlay = _overlay({"target": "$.paths['/pets'].get", "update": {"servers": [{"description": "none"}]}})
    broken = copy.deepcopy(DOCUMENT)
    broken["servers"] = [{"description": "none"}]
    document = _loaded(overlay, document=broken)
    found = [
        warning for warning in compile_document(document).warnings if "without a `url`" in warning.message
    ]
    assert [(0, "/servers/0"), (1, "/actions/0/update/servers/0")] == sorted(
        (finding.file, finding.pointer) for finding in found
    )
    lines = {finding.file: document.files[finding.file].content.decode().splitlines() for finding in found}
    assert all(
        finding.line and "description" in "".join(lines[finding.file][finding.line - 1 :][:2])
        for finding in found
    )


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"target": "$.paths['/gone']", "remove": True}, "its target `$.paths['/gone']` finds nothing"),
        ({"target": "$.paths['/gone'].get", "update": {}}, "its target `$.paths['/gone'].get` finds nothing"),
        ({"target": "$.info"}, "it has neither `update` nor `remove`"),
        ({"target": "$.info", "remove": False}, "it has neither `update` nor `remove`"),
    ],
    ids=["remove", "update", "nothing", "not-removed"],
)
def test_an_action_that_changes_nothing_is_told(action: dict[str, Any], reason: str) -> None:
    """An overlay that has become stale is noticed: which one, which action, and where it stands."""
    document = _loaded(
        _overlay({"target": "$.info", "update": {"x-a": 1}}), _overlay(action, name="old.json")
    )
    plain = _loaded(_overlay({"target": "$.info", "update": {"x-a": 1}}))
    assert plain.tree == document.tree
    expected = f"Action 1 of the overlay `old.json` changes nothing: {reason}", PlaceInFile(2, "/actions/0")
    assert [expected] == [warning for warning in document.warnings if warning not in plain.warnings]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "`o.yaml` is empty", id="empty"),
        pytest.param(b"{", "`o.yaml` cannot be read at line 1", id="not-json"),
        pytest.param(b"<html>", "`o.yaml` is an HTML page", id="a-page"),
        pytest.param(b"openapi: 3.1.0", "`o.yaml` is not an OpenAPI overlay", id="a-document"),
        pytest.param(
            b"overlay: 3.0.0\nactions: []", "`o.yaml` has the unsupported version `3.0.0`", id="version"
        ),
        pytest.param(
            b"overlay: 1.0.0\nactions: [{target: $.info.title, update: {}}]",
            "Action 1 of `o.yaml` cannot be carried out at `$['info']['title']`",
            id="a-plain-value",
        ),
        pytest.param(
            b"overlay: 1.0.0\nactions: [{target: $.info.., update: {}}]",
            "Action 1 of `o.yaml` has a `target` that is not a JSONPath",
            id="no-path",
        ),
        pytest.param(
            b"overlay: 1.0.0\nactions: [{target: $.openapi, remove: true}]",
            "`pets.json` is not an OpenAPI document",
            id="nothing-is-left",
        ),
    ],
)
def test_a_broken_overlay_is_refused(content: bytes, message: str) -> None:
    """The message names the overlay, and the action if one is to blame."""
    with pytest.raises(DocumentError) as caught:
        load(_text(DOCUMENT), "pets.json", overlays=[Overlay(content, "o.yaml")])
    assert caught.value.message.startswith(message)


def test_an_overlay_cannot_make_a_document_without_bounds() -> None:
    """A large update for each of many places ends at the limit of a document."""
    document = {**DOCUMENT, "x-many": [{} for _ in range(3_000)]}
    large = {f"x-{number}": number for number in range(MAX_NODES // 3_000)}
    with pytest.raises(DocumentError, match="would add too much"):
        _loaded(_overlay({"target": "$['x-many'][*]", "update": large}), document=document)


def test_a_target_cannot_find_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that finds each place once for every way to it ends at the limit, too."""
    monkeypatch.setattr("dynacli.openapi.document.overlay.MAX_NODES", 10_000)
    nested: Any = {}
    for _ in range(30):
        nested = {"a": nested}
    document = {**DOCUMENT, "x-nested": nested}
    with pytest.raises(DocumentError, match="finds too much"):
        _loaded(_overlay({"target": "$..*..*..*..*..*", "update": {}}), document=document)


def test_a_swagger_document_is_changed_as_it_is_written() -> None:
    """Targets are those of Swagger 2.0; what comes of it is converted, with places in both files."""
    swagger = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "a.example",
        "paths": {"/pets": {"get": {"operationId": "list", "responses": OK}}},
        "definitions": {"Pet": {"type": "object"}},
    }
    response = {"200": {"description": "e", "schema": {"$ref": "#/definitions/Pet"}}}
    document = _loaded(
        _overlay(
            {"target": "$.definitions.Pet", "update": {"properties": {"name": {"type": "string"}}}},
            {"target": "$.paths['/pets'].get", "update": {"responses": response}},
        ),
        document=swagger,
    )
    pet = "/components/schemas/Pet"
    assert "3.0" == document.version
    assert {"type": "string"} == follow(document.tree, split(f"{pet}/properties/name"))
    assert PlaceInFile(0, "/definitions/Pet/type") == document.origins.locate(f"{pet}/type")
    added = PlaceInFile(1, "/actions/0/update/properties/name")
    assert added == document.origins.locate(f"{pet}/properties/name")
    responded = "/paths/~1pets/get/responses/200/description"
    assert PlaceInFile(1, "/actions/1/update/responses/200/description") == document.origins.locate(responded)
    assert () == document.scan.dangling


def test_a_reference_of_an_overlay_is_the_document_s() -> None:
    """Files that an overlay refers to are found from the document, and are files of it like any other."""
    pet = {"type": "object", "properties": {"tag": {"type": "string"}}}
    document = load(
        _text(DOCUMENT),
        "pets.json",
        "file:///d/pets.json",
        opener=lambda uri: Fetched(_text({"Cat": pet}), uri=uri),
        overlays=[
            _overlay({"target": "$.components.schemas", "update": {"Cat": {"$ref": "more.json#/Cat"}}}),
            _overlay({"target": "$.components.schemas.Pet", "update": {"$ref": "#tag"}}),
            _overlay({"target": "$.info", "update": {"x-a": "$anchor"}}),
        ],
    )
    assert pet == document.tree["components"]["schemas"]["Cat"]
    assert "file:///d/more.json" == document.files[4].uri
    assert PlaceInFile(4, "/Cat/type") == document.origins.locate("/components/schemas/Cat/type")


def test_an_anchor_of_an_overlay_is_found() -> None:
    """A name that a schema gets by an overlay is one that references may use."""
    document = _loaded(
        _overlay(
            {"target": "$.components.schemas.Pet", "update": {"$anchor": "pet"}},
            {"target": "$.components.schemas", "update": {"Pets": {"items": {"$ref": "#pet"}}}},
        )
    )
    assert {"items": {"$ref": "#/components/schemas/Pet"}} == document.tree["components"]["schemas"]["Pets"]


_names = st.sampled_from(["a", "b", "it's", "/{id}", "\\", "0", "ä", '"'])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "y"]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_names, inside, max_size=3),
    max_leaves=8,
)
_trees = st.dictionaries(_names, _values, max_size=4)


@given(_trees, _trees, st.sampled_from(["o.json", "o.yaml"]))
@settings(deadline=None, max_examples=examples(60))
def test_a_document_with_any_overlay_is_loaded(old: dict[str, Any], new: dict[str, Any], name: str) -> None:
    """It is the changed document, and each value has its origin."""
    before = {**DOCUMENT, "x-data": old, "components": {"examples": old}}
    after = {**DOCUMENT, "x-data": new, "components": {"examples": new}}
    actions = actions_between(before, after, {})
    document = _loaded(_overlay(*actions, name=name), document=before)
    expected = _loaded(document=after)
    assert json.dumps(expected.tree, sort_keys=True) == json.dumps(document.tree, sort_keys=True)
    assert expected.warnings == tuple(warning for warning in document.warnings if warning[1].file == 0)
    for key in ("x-data", "components"):
        _assert_is_where_it_says(_only(document, key))


def _only(document: Document, key: str) -> Document:
    """The document without what is fixed, and so is not what is written anywhere."""
    from dataclasses import replace

    return replace(document, tree={key: document.tree[key]} if key in document.tree else {})


_TARGETS = [
    "$.l",
    "$.l[0]",
    "$.l[1]",
    "$.l[-1]",
    "$.l[0,2]",
    "$.l[?@.a == 1]",
    "$.l[*].m",
    "$.l[*].m[0]",
    "$..m",
]
_actions = st.lists(
    st.tuples(st.sampled_from(_TARGETS), st.sampled_from(["remove", "a", "m", "l", "new"])), max_size=6
)


@given(_actions)
@settings(deadline=None, max_examples=examples(60))
def test_places_follow_any_actions(actions: list[tuple[str, str]]) -> None:
    """Whatever is removed, appended, merged and removed again, each value is where its place says."""
    updates: dict[str, Any] = {
        "a": {"a": 2},
        "m": {"m": [7, 8]},
        "l": {"m": {"a": 1}},
        "new": {"n": {"a": [9]}},
    }
    items = [{"a": number, "m": [number, {"a": number}]} for number in range(4)]
    made = [
        {"target": target.replace("$", "$['x-data']", 1) if target != "$..m" else "$['x-data']..m"}
        | ({"remove": True} if change == "remove" else {"update": updates[change]})
        for target, change in actions
    ]
    try:
        document = _loaded(_overlay(*made), document={**DOCUMENT, "x-data": {"l": items}})
    except DocumentError:
        reject()  # a plain value that nothing can be merged into
    _assert_is_where_it_says(_only(document, "x-data"))


_KINDS = {
    "objects": ["$['x-data'].a", "$['x-data'].b", "$['x-data'].a.c", "$['x-data'].l[1]", "$['x-data']..c"],
    "lists": ["$['x-data'].l", "$['x-data'].a.l", "$['x-data']..l"],
    "plain": ["$['x-data'].a.n", "$['x-data'].b.n", "$['x-data'].l[0]", "$['x-data']..n"],
}
_copies = st.sampled_from(sorted(_KINDS)).flatmap(
    lambda kind: st.tuples(
        st.sampled_from(_KINDS[kind]),
        st.sampled_from(["remove", "update", *(path for path in _KINDS[kind] if ".." not in path)]),
        st.just({"objects": {"c": {"n": 7}}, "lists": [8, {"n": 9}], "plain": 10}[kind]),
    )
)


@given(st.lists(_copies, min_size=1, max_size=5))
@settings(deadline=None, max_examples=examples(60))
def test_places_follow_copies(actions: list[tuple[str, str, Any]]) -> None:
    """A copied value is found where the value was written that it is a copy of, each part of it where that was."""
    made = [
        {"target": target}
        | ({"remove": True} if by == "remove" else {"update": update} if by == "update" else {"copy": by})
        for target, by, update in actions
    ]
    data = {"a": {"n": 1, "c": {"n": 2}, "l": [3]}, "b": {"n": 4}, "l": [5, {"n": 6}]}
    try:
        document = _loaded(_overlay(*made, version="1.1.0"), document={**DOCUMENT, "x-data": data})
    except DocumentError:
        reject()  # what is copied was removed before, or the values are of several kinds
    _assert_is_where_it_says(_only(document, "x-data"))


def test_a_copy_of_an_addition_has_the_origin_of_the_addition() -> None:
    """The location of a part that one overlay adds and another copies is in the first."""
    document = _loaded(
        _overlay({"target": "$.paths['/pets'].post", "update": {"summary": "Added"}}),
        _overlay(
            {"target": "$.paths", "update": {"/cats": {}}},
            {"target": "$.paths['/cats']", "copy": "$.paths['/pets']"},
            name="second.yaml",
            version="1.1.0",
        ),
    )
    assert "Added" == document.tree["paths"]["/cats"]["post"]["summary"]
    assert PlaceInFile(1, "/actions/0/update/summary") == document.origins.locate(
        "/paths/~1cats/post/summary"
    )
    assert PlaceInFile(0, "/paths/~1pets/post/operationId") == document.origins.locate(
        "/paths/~1cats/post/operationId"
    )


def test_untouched_places_have_no_moves() -> None:
    """A document without changes has no moves, and neither has an item that keeps its place."""
    tracks = TrackedOrigins()
    assert [] == list(tracks.origins())
    tracks.take(("a",), [2], 4)
    assert [Move("/a/2", 0, "/a/3")] == list(tracks.origins())
    tracks.take((), ["a"])
    assert [] == list(tracks.origins())


def test_origins_in_other_files_stay_through_later_steps() -> None:
    """A part that came from another file is not looked for in the document before the step."""
    step = Origins([Move("/a", 1, "/x"), Move("/b", 0, "/c")])
    earlier = Origins([Move("/x", 2, "/other"), Move("/c/d", 3, "/here")])
    found = step.after(earlier)
    assert PlaceInFile(1, "/x/y") == found.locate("/a/y")
    assert PlaceInFile(0, "/c/e") == found.locate("/b/e")
    assert PlaceInFile(3, "/here/z") == found.locate("/b/d/z")
    assert PlaceInFile(2, "/other") == found.locate("/x")


@pytest.mark.parametrize(
    "path",
    own_and_real(["bookshop.yaml", "observatory.json"], ["petstore3.yaml", "gitea.json", "museum.yaml"]),
)
def test_whole_documents_with_an_overlay(path: Path) -> None:
    """A field added to every operation of a document is there, and what was there is where it was."""
    name, content = path.name, path.read_bytes()
    overlay = _overlay(
        {"target": "$.paths.*[?@.responses]", "update": {"x-seen": True}},
        {"target": "$.tags[0]", "remove": True},
    )
    plain, document = load(content, name), load(content, name, overlays=[overlay])
    operations = [
        value for item in document.tree["paths"].values() for value in item.values() if "responses" in value
    ]
    assert all(operation["x-seen"] is True for operation in operations)
    assert operations
    was = [plain.origins.locate(join(("paths", path))) for path in plain.tree["paths"]]
    assert was == [document.origins.locate(join(("paths", path))) for path in document.tree["paths"]]
    source = yaml.safe_load(content) if name.endswith("yaml") else json.loads(content)
    for index, tag in enumerate(document.tree.get("tags", [])):
        place = document.origins.locate(f"/tags/{index}")
        assert (0, tag) == (place.file, follow(source, split(place.pointer)))


@pytest.mark.parametrize("version", ["2.0", "3.0.3", "3.1.0"])
def test_what_a_check_has_learned_is_applied(version: str) -> None:
    """The overlay that `check --learn` writes makes the document allow what got a response."""
    pointer = "#/definitions/Pet" if version == "2.0" else "#/components/schemas/Pet"
    schema = {"$ref": pointer}
    response: dict[str, Any] = {"description": "d", "schema": schema}
    if version != "2.0":
        response = {"description": "d", "content": {"application/json": {"schema": schema}}}
    pet = {"type": "object", "properties": {"name": {"type": "string"}}}
    document: dict[str, Any] = {
        "info": {"title": "t", "version": "1"},
        "paths": {"/pets/{id}": {"get": {"operationId": "read", "responses": {"200": response}}}},
    }
    if version == "2.0":
        document |= {"swagger": version, "produces": ["application/json"], "definitions": {"Pet": pet}}
    else:
        document |= {"openapi": version, "components": {"schemas": {"Pet": pet}}}
    Path("document.json").write_bytes(_text(document))
    api = open_named_api("./document.json", Environment())
    headers = (("Content-Type", "application/json"),)
    responded = b'{"name": null, "tag": "x"}'
    seen = ObservedResponse("read", "GET", "/pets/{id}", 200, headers, responded, Masker())
    try:
        found = learn_overlay(api, [seen])
    finally:
        api.catalog.close()
    assert found.overlay is not None
    overlay = Overlay(overlay_text(found.overlay, "learned.yaml"), "learned.yaml")
    made = load(_text(document), "pets.json", overlays=[overlay])
    properties = made.tree["components"]["schemas"]["Pet"]["properties"]
    assert {"name", "tag"} == set(properties)
    assert PlaceInFile(0, pointer[1:] + "/type") == made.origins.locate("/components/schemas/Pet/type")
    place = made.origins.locate("/components/schemas/Pet/properties/tag/type")
    assert "string" == follow(found.overlay if place.file else document, split(place.pointer))
    assert 1 == place.file
