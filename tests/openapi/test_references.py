"""What an object refers to, and where a chain of references ends."""

from operator import itemgetter
from typing import Any

import pytest

from dynacli.openapi.references import (
    MOST_HOPS,
    DanglingReferenceError,
    beside_reference,
    end_of_references,
    follow_reference,
    last_of_references,
    reference_chain,
    reference_of,
    reference_to,
    references_of,
)

_TARGETS: dict[str, Any] = {
    "#/end": {"type": "string"},
    "#/one": {"$ref": "#/end"},
    "#/two": {"$ref": "#/one", "title": "Two"},
    "#/lost": {"$ref": "#/nowhere"},
    "#/circle": {"$ref": "#/other"},
    "#/other": {"$ref": "#/circle"},
    "#/itself": {"$ref": "#/itself"},
    "#/null": None,
    **{f"#/long/{number}": {"$ref": f"#/long/{number + 1}"} for number in range(MOST_HOPS - 2)},
    f"#/long/{MOST_HOPS - 2}": {"type": "number"},
}


@pytest.mark.parametrize(
    ("value", "ref"),
    [
        ({"$ref": "#/end"}, "#/end"),
        ({"$ref": "", "title": "Empty"}, ""),
        ({"$ref": {"type": "string"}}, None),
        ({"$ref": 7}, None),
        ({"$ref": None}, None),
        ({"$dynamicRef": "#end"}, None),
        ({}, None),
        ("$ref", None),
        (["$ref"], None),
        (True, None),
        (None, None),
    ],
)
def test_a_reference_is_a_string_in_an_object(value: Any, ref: str | None) -> None:
    """A `$ref` that is not a string is no reference: in a map of properties it is a property's schema."""
    assert ref == reference_of(value)


def test_a_schema_may_refer_twice() -> None:
    """`$ref` and `$dynamicRef` may stand beside each other; values that are not strings do not count."""
    assert ["#/a", "#b"] == references_of({"$dynamicRef": "#b", "title": "Both", "$ref": "#/a"})
    assert [] == references_of({"$dynamicRef": 1, "$ref": []})


def test_what_is_beside_a_reference_stays() -> None:
    """The members beside a reference are the object without it."""
    assert {"title": "Two"} == beside_reference({"title": "Two", **reference_to("#/end")})


@pytest.mark.parametrize(
    ("ref", "end"),
    [
        ("#/end", {"type": "string"}),
        ("#/one", {"type": "string"}),
        ("#/two", {"type": "string"}),
        ("#/null", None),
        ("#/long/0", {"type": "number"}),
        ("#/lost", None),
        ("#/nowhere", None),
        ("#/circle", None),
        ("#/itself", None),
        ("other.json#/end", None),
    ],
)
def test_a_chain_of_references_is_followed_to_its_end(ref: str, end: Any) -> None:
    """A chain that leads nowhere, into another document or in a circle ends with nothing."""
    assert end == follow_reference({"$ref": ref}, _TARGETS.__getitem__)


@pytest.mark.parametrize("value", [{"type": "string"}, {"$ref": 7}, "text", None, [{"$ref": "#/end"}]])
def test_a_value_that_does_not_refer_is_its_own_end(value: Any) -> None:
    """Nothing is resolved for a value without a reference."""
    assert value is end_of_references(value, _TARGETS.__getitem__)


@pytest.mark.parametrize("ref", ["#/circle", "#/itself"])
def test_a_circle_is_an_error_that_names_a_reference(ref: str) -> None:
    """A chain without an end raises the error of references, which names one of the circle."""
    with pytest.raises(DanglingReferenceError) as caught:
        end_of_references({"$ref": ref}, _TARGETS.__getitem__)
    assert reference_of(_TARGETS[caught.value.ref])


def test_a_chain_one_longer_than_the_limit_is_taken_for_a_circle() -> None:
    """The limit is the same for everybody who follows references."""
    longer = {**_TARGETS, "#/start": {"$ref": "#/long/0"}}
    assert follow_reference({"$ref": "#/long/0"}, longer.__getitem__)
    assert follow_reference({"$ref": "#/start"}, longer.__getitem__) is None


def test_a_chain_may_be_one_of_records() -> None:
    """The value of a record is read by a function, and the record of the end is returned."""
    numbered = {ref: (number, value) for number, (ref, value) in enumerate(_TARGETS.items())}
    start = (-1, {"$ref": "#/two"})
    assert (0, {"type": "string"}) == end_of_references(start, numbered.__getitem__, itemgetter(1))
    assert [-1, 2, 1, 0] == [
        number for number, _ in reference_chain(start, numbered.__getitem__, itemgetter(1))
    ]


def test_a_chain_that_breaks_ends_at_the_last_value_that_is_there() -> None:
    """What a broken chain reaches is still a reference."""
    assert {"$ref": "#/nowhere"} == last_of_references({"$ref": "#/lost"}, _TARGETS.__getitem__)
