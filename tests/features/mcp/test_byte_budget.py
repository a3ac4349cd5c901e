"""A value is cut to a number of bytes by whole items, and what it lost is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.features.mcp._byte_budget import fitted, json_line, sendable, size_of, value_part

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=60,
)


@pytest.mark.exhaustive
@given(_VALUES)
def test_a_size_is_that_of_the_json(value: Any) -> None:
    """It counts the bytes that are written."""
    assert len(json_line(value).encode()) == size_of(value)


@pytest.mark.exhaustive
@given(_VALUES)
def test_a_value_that_fits_is_sent_whole(value: Any) -> None:
    """Nothing is lost if there is room for all of it; only numbers that JSON lacks become text."""
    sent = sendable(value)
    assert json_line(json.loads(json_line(value), parse_constant=lambda text: str(float(text)))) == json_line(
        sent
    )
    assert sent == fitted(value, 10**6)


@given(_VALUES, st.integers(0, 200))
def test_parts_together_are_the_whole_value(value: Any, room: int) -> None:
    """Each part has whole items; what is in none of them is named with its size."""
    first, seen, named = 0, [], 0
    while True:
        part = value_part(value, None, max(room, 10), first)
        items = part.items or value
        if isinstance(items, str):
            seen.append(part.value)
            assert part.value
        elif isinstance(items, list | dict) and not part.path:
            seen += list(part.value.items() if isinstance(part.value, dict) else part.value)
        named += len(part.left_out)
        if part.following is None:
            break
        assert part.following > first
        first = part.following
    if isinstance(value, str):
        assert sendable(value) == "".join(seen)
    elif isinstance(value, list) or (isinstance(value, dict) and not part.path):
        assert part.count == len(value) == len(seen) + named


def test_a_list_in_an_object_is_shortened_where_it_is() -> None:
    """The first part has the shape of the response, and later parts are items alone."""
    rows = [{"id": number} for number in range(100)]
    value = {"total": 100, "page": {"rows": rows}, "notes": "x" * 5000}
    part = value_part(value, None, 300)
    shown = part.value["page"]["rows"]
    assert {"total": 100, "page": {"rows": rows[: part.following]}} == part.value
    assert ("page.rows", 100, [{"at": "notes", "bytes": 5002}]) == (part.path, part.count, part.left_out)
    rest = value_part(value, None, 10_000, len(shown), 3)
    assert (rows[len(shown) : len(shown) + 3], len(shown) + 3) == (rest.value, rest.following)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param([{"id": number, "text": "x" * 40} for number in range(500)], 2, id="list"),
        pytest.param({"rows": list(range(5000)), "total": 5000}, 2, id="wrapped"),
        pytest.param({"a": ["x" * 99] * 99, "b": {"c": "y" * 9999}, "d": 1}, 0, id="large-members"),
        pytest.param({f"key{number}": number for number in range(5000)}, 2, id="map"),
        pytest.param("x" * 10**6, 2, id="text"),
        pytest.param("\x00é" * 10**5, 2, id="escaped-text"),
        pytest.param([["é" * 5000], "é"], 0, id="large-items"),
    ],
)
@pytest.mark.parametrize("room", [500, 2000, 9_000])
def test_a_part_takes_the_room_and_no_more(value: Any, kept: int, room: int) -> None:
    """Most of the room is used if whole items fit into it."""
    part = value_part(value, None, room)
    assert room / 3 * (kept > 0) < size_of(part.value) <= room


@given(_VALUES, st.integers(0, 200))
def test_a_report_is_shortened(value: Any, room: int) -> None:
    """It is as small as its shape lets it be, and JSON."""
    kept = fitted(value, room)
    assert size_of(kept) <= max(size_of(sendable(value)), room)
    json.dumps(kept, allow_nan=False)
