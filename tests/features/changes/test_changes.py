"""What is reported of an edit of a document: nothing is missed or made up, and the results are right."""

import copy
import time
from collections import Counter
from typing import Any

import pytest

from dynacli.features.changes.change_records import KINDS, Change, OperationKey
from dynacli.features.changes.compare import compare
from dynacli.features.changes.comparison import CHANGE_RULES
from dynacli.guide.pages import page
from tests.documents import api_of, document, get, operation, parameter, post
from tests.features.changes.edits import EDITS
from tests.features.changes.edits.base import LIST, PETS, SCHEMAS
from tests.features.changes.edits.model import Of, edit, found, loaded, severity
from tests.features.changes.edits.oasdiff import ask, differs


@pytest.mark.exhaustive
def test_an_edit() -> None:
    """Each edit of the table gives the changes that the table lists, and no others."""
    reported = {}
    for item in EDITS:
        keys = [[" ".join(key) for key in part] for part in (item.changes.added, item.changes.removed)]
        reported[item.name] = (sorted(found(item.changes), key=repr), *keys)
    expected = {
        edit.name: (sorted(edit.expected, key=repr), list(edit.added), list(edit.removed)) for edit in EDITS
    }
    assert expected == reported


@pytest.mark.exhaustive
def test_the_table_is_one() -> None:
    """No two edits have the same name, and there are enough of each result, and of none."""
    names = [edit.name for edit in EDITS]
    assert sorted(set(names)) == sorted(names)
    assert len(EDITS) >= 250
    severities = [severity(edit.changes) for edit in EDITS if edit.expected or edit.removed]
    assert min(severities.count(item) for item in (True, None, False)) >= 50
    assert sum(not edit.expected and not edit.added and not edit.removed for edit in EDITS) >= 30


def test_each_kind_and_each_rule_has_an_edit() -> None:
    """Every kind of change and every rule is in the table of edits."""
    reported = {expectation[0] for edit in EDITS for expectation in edit.expected}
    assert set(KINDS) - {"not-compared"} == reported
    rules = {change.rule for edit in EDITS for change in edit.changes} - {""}
    assert set(CHANGE_RULES) == rules


def test_a_validation_is_that_of_its_rule() -> None:
    """A change has the result of its rule, and none without a rule."""
    for item in EDITS:
        for change in item.changes:
            assert change.breaking == (CHANGE_RULES[change.rule].is_breaking if change.rule else None)


def test_a_disagreement_has_its_reason() -> None:
    """If oasdiff has another result it is written down why, and only there."""
    disagreeing = [
        edit.name
        for edit in EDITS
        if differs(severity(edit.changes), edit.oasdiff, is_change=bool(edit.changes))
    ]
    assert disagreeing == [edit.name for edit in EDITS if edit.why]


@pytest.mark.long
@pytest.mark.outside
def test_what_is_written_down_is_what_oasdiff_says(tmp_path: Any) -> None:
    """The program is asked, with what we compare."""
    said = {edit.name: ask(*edit.trees, tmp_path) for edit in EDITS}
    assert {edit.name: edit.oasdiff for edit in EDITS} == said


def test_the_manual_has_every_rule_and_every_kind() -> None:
    """In the words of the tables, once each."""
    rules, kinds = page("changes") or "", page("change-kinds") or ""
    assert [] == [
        name for name, rule in CHANGE_RULES.items() if 1 != rules.count(f"| `{name}` | {rule.sentence} |")
    ]
    assert [] == [name for name, kind in KINDS.items() if 1 != kinds.count(f"| `{name}` | {kind.meaning} |")]
    assert "<!--" not in rules + kinds


def _where(name: str) -> list[tuple[str, str, bool | None]]:
    edited = next(edit for edit in EDITS if edit.name == name)
    return sorted(
        {
            (" ".join(changed.new), change.where, change.breaking)
            for changed in compare(*edited.trees).changed
            for change in changed.changes
        },
        key=repr,
    )


def test_a_component_is_validated_for_each_use() -> None:
    """An edit may break requests and be harmless in responses; an operation has the changes of parts that it uses."""
    expected = [
        ("GET /pets", "response", False),
        ("GET /pets/{petId}", "response", False),
        ("POST /pets", "response", False),
        ("PUT /pets/{petId}", "request", True),
        ("PUT /pets/{petId}", "response", False),
    ]
    assert expected == _where("a listed value of both is gone")


def test_what_a_callback_sends_comes() -> None:
    """The directions of a callback are those of its receiver."""
    assert [("POST /admin", "response", True)] == _where("a callback sends another type")


def test_what_many_operations_see_is_one_change() -> None:
    """A change that many operations see is the same object in all of them, so that a report can show it once."""
    edited = next(edit for edit in EDITS if edit.name == "a property of a response may be missing")
    changes = compare(*edited.trees)
    assert 3 == len(changes.changed)
    assert 1 == len({id(change) for changed in changes.changed for change in changed.changes})


def test_texts_are_told_apart() -> None:
    """An operation of which only texts changed is changed, and no one can notice it."""
    edited = next(edit for edit in EDITS if edit.name == "a summary is another one")
    changes = compare(*edited.trees)
    assert [OperationKey("GET", "/pets")] == [changed.new for changed in changes.changed]
    assert () == changes.noticed
    assert not any(change.breaking for change in changes)


def test_both_places_of_an_operation_that_moved() -> None:
    """Old and new key are there."""
    edited = next(edit for edit in EDITS if edit.name == "a path names its parameter anew")
    pairs = [(changed.old, changed.new) for changed in compare(*edited.trees).changed]
    assert (OperationKey("GET", "/pets/{petId}"), OperationKey("GET", "/pets/{id}")) == pairs[0]


def test_equal_documents_are_nothing() -> None:
    """A copy of a document has no change."""
    tree = loaded(PETS)
    changes = compare(tree, copy.deepcopy(tree))
    assert not changes


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (0, False), (True, 1), ([1], [True]), ({"a": 1}, {"a": True})], ids=repr
)
def test_true_is_not_one(old: Any, new: Any) -> None:
    """Values that are equal in Python and differ in JSON are a change."""
    place = f"{SCHEMAS}/NewPet/properties/age/default"
    edited = edit("a default", PETS, {place: new}, before={place: old})
    assert ["default-changed"] == [change.kind for change in compare(*edited.trees)]


@pytest.mark.parametrize(
    ("old", "new"), [(1, 1.0), ([1], [1.0]), ({"a": 1, "b": 2}, {"b": 2, "a": 1})], ids=repr
)
def test_equal_in_json_is_equal(old: Any, new: Any) -> None:
    """How a number is written and the order of keys are no change."""
    place = f"{SCHEMAS}/NewPet/properties/age/default"
    edited = edit("a default", PETS, {place: new}, before={place: old})
    assert not compare(*edited.trees)


def test_large_values_are_cut() -> None:
    """A report has the value, and not a subtree of hundreds of lines."""
    many = {f"p{index}": {"type": "object", "properties": {"a": {"type": "string"}}} for index in range(300)}
    edited = edit("much", PETS, {f"{SCHEMAS}/Pet/properties/much": {"type": "object", "properties": many}})
    (change,) = compare(*edited.trees).changed[0].changes
    assert {"type", "properties"} == set(change.to)
    assert 280 == change.to["properties"]["…"]
    assert len(str(change.to)) < 2000


def _ring(size: int) -> dict[str, Any]:
    """Return a document of components that refer to each other in a circle."""
    schemas = {
        f"R{index}": {
            "type": "object",
            "properties": {"next": {"$ref": f"#/components/schemas/R{(index + 1) % size}"}},
        }
        for index in range(size)
    }
    return edit(
        "ring",
        PETS,
        {
            SCHEMAS: schemas,
            f"{LIST}/responses/200/content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/R0"}}
            },
            "/paths/~1pets/post": Of("/paths/~1health/get"),
            "/paths/~1pets~1{petId}": {},
        },
    ).documents[1]


def test_circles_of_other_lengths_are_the_same() -> None:
    """Two recursive schemas that unfold to the same are the same, and comparing them ends."""
    old, new = _ring(7), _ring(11)
    del old["components"]["responses"], new["components"]["responses"]
    for tree in (old, new):
        del tree["paths"]["/pets"]["get"]["responses"]["default"]
        tree["paths"]["/pets"]["post"]["operationId"] = "other"
    assert not compare(loaded(old), loaded(new))


_TREE: dict[str, Any] = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}}
_LIST: dict[str, Any] = {"type": "array", "items": {"$ref": "#/components/schemas/List"}}
_CHAIN = {
    f"C{index}": {"properties": {"next": {"$ref": f"#/components/schemas/C{(index + 1) % 5}"}}}
    for index in range(5)
}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"type": "object"}, {"$ref": "#/components/schemas/Tree"}, {"type-changed": 8}),
        ({"type": "array"}, {"$ref": "#/components/schemas/List"}, {"type-changed": 8}),
        (
            {"$ref": "#/components/schemas/Tree"},
            {"$ref": "#/components/schemas/C0"},
            {"type-changed": 9, "property-added": 1},
        ),
        ({"$ref": "#/components/schemas/C0"}, {"$ref": "#/components/schemas/C3"}, {}),
        (
            {"$ref": "#/components/schemas/C0"},
            {"allOf": [{"$ref": "#/components/schemas/C1"}, _TREE]},
            {"type-changed": 9},
        ),
    ],
    ids=["a tree", "a list", "another tree", "another start", "of two parts"],
)
def test_recursive_schemas_end(old: Any, new: Any, expected: dict[str, int]) -> None:
    """Comparing recursive schemas ends after a few changes, the same ones in both directions."""
    place = f"{SCHEMAS}/Pet/properties/tree"
    before = {f"{SCHEMAS}/Tree": _TREE, f"{SCHEMAS}/List": _LIST, place: old}
    before.update({f"{SCHEMAS}/{name}": schema for name, schema in _CHAIN.items()})
    edited = edit("a circle", PETS, {place: new}, before=before)
    forth, back = (
        Counter(kind for kind, _ in {(change.kind, change.subject) for change in changes})
        for changes in (compare(*edited.trees), compare(*reversed(edited.trees)))
    )
    assert expected == forth
    assert {kind.replace("-added", "-removed"): count for kind, count in expected.items()} == back


_GONE = {"$ref": "#/components/schemas/Gone"}
_OF_SCHEMAS: list[tuple[Any, Any, set[str]]] = [
    ({}, {"multipleOf": 2}, {"limit-added request-allows-less", "limit-added response-values-removed"}),
    (
        {"multipleOf": 0.1},
        {"multipleOf": 0.3},
        {"limit-tightened request-allows-less", "limit-tightened response-values-removed"},
    ),
    ({"multipleOf": 2.5}, {"multipleOf": 4}, {"limit-changed request-allows-less", "limit-changed"}),
    ({"multipleOf": 0.1}, {"multipleOf": 1e300}, {"limit-changed request-allows-less", "limit-changed"}),
    ({"multipleOf": "x"}, {}, set()),
    ({"minimum": 1.0}, {"minimum": 1}, set()),
    (
        {"required": ["x"]},
        {"required": ["y"]},
        {
            "property-optional request-needs-less",
            "property-optional response-guarantee-removed",
            "property-required request-needs-more",
            "property-required response-guarantee-added",
        },
    ),
    (_GONE, {"type": "string"}, {"constraint-changed"}),
    ({"type": "string"}, _GONE, {"constraint-changed"}),
    (
        {"dependentSchemas": {"a": {"required": ["b"]}}},
        {"dependentSchemas": {"a": {"required": ["c"]}}},
        {"constraint-changed"},
    ),
    (
        {"dependentRequired": {"a": ["b"]}},
        {"dependentRequired": {"a": ["b", "c"]}},
        {"constraint-changed request-needs-more", "constraint-changed response-guarantee-added"},
    ),
    ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["b"], "c": []}}, set()),
    ({}, {"not": {"type": "string"}}, {"constraint-changed"}),
    ({"not": {"type": "string"}}, {"not": {"type": "integer"}}, {"type-changed"}),
    ({"enum": ["a", "b"]}, {"type": "string"}, {"enum-removed request-allows-more", "enum-removed"}),
    (
        {"enum": ["a", 1]},
        {"type": "string"},
        {
            "enum-removed request-allows-more",
            "enum-removed",
            "type-changed request-allows-less",
            "type-changed response-values-removed",
        },
    ),
    ({"x-a": 1}, {"x-a": 2}, set()),
]
"""A schema before and after → the kind of each change, with its rule if it has one."""

_ALIKE: list[tuple[Any, Any, set[str]]] = [
    (  # told apart by the property that has another value in each
        [{"properties": {"k": {"const": name}, "x": {}}} for name in "ab"],
        [{"properties": {"k": {"const": name}, "x": {"type": "string"}}} for name in "ba"],
        {"type-changed request-allows-less", "type-changed response-values-removed"},
    ),
    (  # by the values that both list
        [{"enum": ["a"]}, {"enum": ["b", "c"]}],
        [{"enum": ["b", "d"]}, {"enum": ["a", "e"]}],
        {
            "enum-value-added request-allows-more",
            "enum-value-added",
            "enum-value-removed request-allows-less",
            "enum-value-removed response-values-removed",
        },
    ),
    (  # by their titles
        [{"title": "A", "maxLength": 3}, {"title": "B", "maxLength": 7}],
        [{"title": "B", "maxLength": 8}, {"title": "A", "maxLength": 4}],
        {"limit-loosened request-allows-more", "limit-loosened"},
    ),
    (  # an array has no likeness with a text
        [{"type": "object", "properties": {"k": {"enum": ["a", "b"]}}}, {"type": "array"}],
        [{"type": "object", "properties": {"k": {"enum": ["a", "b"]}}}, {"type": "string"}],
        {
            "alternative-added request-allows-more",
            "alternative-added",
            "alternative-removed request-allows-less",
            "alternative-removed response-values-removed",
        },
    ),
]
"""The alternatives before and after, each changed a little."""


def _shown(old: Any, new: Any) -> set[str]:
    """Return the kinds and rules of the changes between two schemas of a request and its response."""
    trees = []
    for schema in (old, new):
        sent = {"content": {"application/json": {"schema": schema}}}
        post = operation("a", requestBody=sent, responses={"200": {"description": "", **sent}})
        trees.append(loaded(document({"/a": {"post": post}}, version="3.1.0")))
    return {f"{change.kind} {change.rule}".strip() for change in compare(*trees)}


@pytest.mark.parametrize(("old", "new", "expected"), _OF_SCHEMAS, ids=[str(item[:2]) for item in _OF_SCHEMAS])
def test_a_keyword_of_a_schema_changes(old: Any, new: Any, expected: set[str]) -> None:
    """Each keyword is compared by what it means in a request and in a response."""
    assert expected == _shown(old, new)


@pytest.mark.parametrize(("old", "new", "expected"), _ALIKE, ids=["tags", "values", "titles", "types"])
def test_the_most_similar_alternatives_are_compared(old: Any, new: Any, expected: set[str]) -> None:
    """Alternatives that moved and changed are told as changed, not as removed and added."""
    assert expected == _shown({"oneOf": old}, {"oneOf": new})


def test_too_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If there are too many pairs the report says that it is not whole."""
    monkeypatch.setattr("dynacli.features.changes.comparison._MOST_PAIRS", 3)
    edited = next(edit for edit in EDITS if edit.name == "a property of both is gone")
    assert "not-compared" in [change.kind for change in compare(*edited.trees).document]


def test_a_change_as_json() -> None:
    """The shape of the output."""
    change = Change("limit-added", "/a", None, 1, True, "request-allows-less", "request", "Pet.age")
    expected = {
        "kind": "limit-added",
        "pointer": "/a",
        "from": None,
        "to": 1,
        "breaking": True,
        "where": "request",
        "subject": "Pet.age",
        "rule": "request-allows-less",
    }
    assert expected == change.as_json()


def test_changes_have_an_order_of_their_own() -> None:
    """The same comparison is told in the same words each time: limits come in the order of the code."""
    limits = ["minLength", "minItems", "minProperties", "maxLength", "maxItems", "maxProperties"]
    trees = [
        api_of(post("/a", body=dict.fromkeys(reversed(limits), limit)), version="3.1.0") for limit in (5, 6)
    ]
    (changed,) = compare(*trees).changed
    assert limits == [change.pointer.rpartition("/")[2] for change in changed.changes]


@pytest.mark.exhaustive
@pytest.mark.no_cover
@pytest.mark.parametrize("names", [("a", "b"), ("x", "x")], ids=["other-names", "names-of-one-spelling"])
def test_many_parameters_are_compared_in_linear_time(names: tuple[str, str]) -> None:
    """Also if none is at its old location, and if their names differ only by their case."""
    trees = []
    for name, location in zip(names, ("query", "cookie"), strict=True):
        spellings = (
            "".join(name.upper() if number >> bit & 1 else name for bit in range(14))
            + str(number * (name != "x"))
            for number in range(10_000)
        )
        listed = [parameter(spelling, {}) | {"in": location} for spelling in spellings]
        trees.append(api_of(get("/a", "a", *listed)))
    started = time.monotonic()
    (changed,) = compare(*trees).changed
    assert 10_000 <= len(changed.changes)
    assert 10 > time.monotonic() - started
