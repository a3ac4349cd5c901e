"""A value is cut to a number of bytes by whole items, and what it lost is told."""

import json
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.features.mcp._byte_budget import fitted, json_line, size_of

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=60,
)


@given(_VALUES)
def test_a_size_is_that_of_the_json(value: Any) -> None:
    """It counts the bytes that are written."""
    assert len(json_line(value).encode()) == size_of(value)


@given(_VALUES)
def test_what_fits_stays_as_it_is(value: Any) -> None:
    """Nothing is cut if there is room for all of it; only numbers that JSON lacks become text."""
    kept, cuts = fitted(value, 10**6)
    assert [] == cuts
    assert json_line(json.loads(json_line(value), parse_constant=lambda text: str(float(text)))) == json_line(
        kept
    )


@given(_VALUES, st.integers(0, 200))
def test_what_does_not_fit_is_told(value: Any, room: int) -> None:
    """A value that differs from the whole one has a cut for it, and each cut keeps less than there was."""
    whole, _ = fitted(value, 10**6)
    kept, cuts = fitted(value, room)
    assert bool(cuts) == (json_line(whole) != json_line(kept))
    assert all(cut.kept < cut.of for cut in cuts)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param([{"id": number, "text": "x" * 40} for number in range(500)], id="list"),
        pytest.param({"rows": list(range(5000)), "total": 5000}, id="wrapped"),
        pytest.param({"a": ["x" * 99] * 99, "b": {"c": ["y" * 99] * 99}}, id="two-lists"),
        pytest.param({f"key{number}": number for number in range(5000)}, id="map"),
        pytest.param("x" * 10**6, id="text"),
        pytest.param([["é" * 5000], "é" * 5000], id="not-ascii"),
        pytest.param([{"a": {"b": [list(range(100))] * 100}}] * 100, id="nested"),
    ],
)
@pytest.mark.parametrize("room", [500, 2000, 20_000])
def test_a_large_value_takes_the_room_and_no_more(value: Any, room: int) -> None:
    """Most of the room is used."""
    kept, _ = fitted(value, room)
    assert room / 3 < size_of(kept) <= room


@pytest.mark.parametrize("steps", [(), ("rows",), ("a b", "rows")])
def test_the_rest_of_a_list_is_named(steps: tuple[str, ...]) -> None:
    """The expression gives exactly the items that were lost."""
    items = [{"id": number} for number in range(100)]
    value: Any = items
    for step in reversed(steps):
        value = {step: value, "other": 1}
    _, [cut] = fitted(value, 300)
    assert items[cut.kept :] == jmespath.search(cut.as_json()["rest"], value)
