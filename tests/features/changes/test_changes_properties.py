"""What holds for any two documents: nothing for copies, the mirror image for the way back, and never an exception."""

import copy
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynacli.features.changes.compare import compare
from tests.documents import load_file, places_in
from tests.features.changes.edits import EDITS, Edit
from tests.features.changes.edits.base import MODERN, PETS, SWAGGER
from tests.features.changes.edits.model import loaded
from tests.real_documents import OWN, documents
from tests.sampling import examples

_SMALL = [loaded(document) for document in (PETS, MODERN, SWAGGER)]
_RENAMED = (
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "links",
    "callbacks",
)

_QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck))


@cache
def _trees(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    paths = [*documents(folder)]
    for path in paths if folder == OWN else paths[::4]:
        found[str(path.relative_to(folder))] = load_file(path).tree
    return found


def _reversed(value: Any) -> Any:
    """Return a value with the keys of all its objects in the other order."""
    if isinstance(value, dict):
        return {key: _reversed(child) for key, child in reversed(value.items())}
    return [_reversed(child) for child in value] if isinstance(value, list) else value


def _renamed(value: Any) -> Any:
    """Return a value with its references to components leading to other names."""
    if isinstance(value, dict):
        return {key: _other(child) if key == "$ref" else _renamed(child) for key, child in value.items()}
    return [_renamed(child) for child in value] if isinstance(value, list) else value


def _other(ref: Any) -> Any:
    if not isinstance(ref, str) or not ref.startswith("#/components/"):
        return ref
    steps = ref.split("/")
    if steps[2] in _RENAMED and len(steps) > 3:
        steps[3] += "Z"
    return "/".join(steps)


def _with_other_names(tree: dict[str, Any]) -> dict[str, Any]:
    made = _renamed(tree)
    components = made.get("components")
    for section in _RENAMED if isinstance(components, dict) else ():
        if isinstance(components.get(section), dict):
            components[section] = {f"{name}Z": value for name, value in components[section].items()}
    return dict(made)


def test_copies_of_whole_documents_have_no_change(folder: Path) -> None:
    """Nor have they with the keys in another order, or with other names for all components."""
    trees = _trees(folder)
    assert len(trees) > (5 if folder == OWN else 25)
    for name, tree in trees.items():
        assert not compare(tree, copy.deepcopy(tree)), name
        assert not compare(tree, _reversed(tree)), name
        assert [] == [change.as_json() for change in compare(tree, _with_other_names(tree))], name


@given(data=st.data())
@settings(_QUIET, max_examples=examples(30))
def test_any_two_whole_documents(folder: Path, data: st.DataObject) -> None:
    """Comparing two whole documents in both directions swaps additions and removals."""
    trees = _trees(folder)
    old, new = (trees[data.draw(st.sampled_from(sorted(trees)))] for _ in range(2))
    forth, back = compare(old, new), compare(new, old)
    assert set(forth.added) == set(back.removed)
    assert set(forth.removed) == set(back.added)
    assert {(operation.old, operation.new) for operation in forth.changed} == {
        (moved.new, moved.old) for moved in back.changed
    }


_WORDS = [
    ("-added", "-removed"),
    ("-required", "-optional"),
    ("-set", "-lifted"),
    ("-tightened", "-loosened"),
    ("-refused", "-allowed"),
]
_OTHERS = {"deprecated": "deprecation-lifted", "secured": "made-public"}


def _mirrored(kind: str) -> str:
    others = {**_OTHERS, **{other: value for value, other in _OTHERS.items()}}
    if kind in others:
        return others[kind]
    for word, other in _WORDS:
        for ending, opposite in ((word, other), (other, word)):
            if kind.endswith(ending):
                return kind.removesuffix(ending) + opposite
    return kind


@pytest.mark.parametrize(
    "edits", [EDITS[::20], pytest.param(EDITS, marks=pytest.mark.exhaustive)], ids=["some", "all"]
)
def test_the_way_back_is_the_mirror_image(edits: Sequence[Edit]) -> None:
    """Undoing an edit is reported as the opposite change."""
    for edited in edits:
        old, new = edited.trees
        forth, back = compare(old, new), compare(new, old)
        reported = sorted({repr((change.kind, change.from_, change.to, change.where)) for change in forth})
        undone = sorted(
            {repr((_mirrored(change.kind), change.to, change.from_, change.where)) for change in back}
        )
        assert reported == undone, edited.name
        assert forth.added == back.removed, edited.name


_PLACES = [(index, place) for index, tree in enumerate(_SMALL) for place in places_in(tree) if place]
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_REFS = st.sampled_from(
    ["#/components/schemas/Pet", "#", "#/paths", "#nowhere", "other.json", "#/components"]
)
_GARBAGE = st.recursive(
    _SCALARS | _REFS.map(lambda ref: {"$ref": ref}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "allOf", "oneOf", "schema", "in", "name", "x", "$ref", "enum"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def _with(tree: Any, place: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(tree)
    node = made
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value
    return made


@given(place=st.sampled_from(_PLACES), value=_GARBAGE)
@settings(_QUIET, max_examples=examples(200))
def test_anything_anywhere(place: tuple[int, tuple[Any, ...]], value: Any) -> None:
    """Comparing a document that has any JSON value in any place raises nothing."""
    index, steps = place
    tree = _SMALL[index]
    broken = _with(tree, steps, value)
    compare(tree, broken)
    compare(broken, tree)
    assert not compare(broken, copy.deepcopy(broken)) or _has_no_equal(broken)


def _has_no_equal(value: Any) -> bool:
    """Return whether a value has something that is not equal to itself."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value != value or any(_has_no_equal(node) for node in inner)  # noqa: PLR0124 - not a number


@given(old=_GARBAGE, new=_GARBAGE)
@settings(_QUIET, max_examples=examples(60))
def test_no_documents_at_all(old: Any, new: Any) -> None:
    """Comparing values that are no documents raises nothing."""
    compare(old, new)
