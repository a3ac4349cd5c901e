"""Decides what the quick run leaves out: cases of large tables, and most of Hypothesis' examples.

`pytest` alone makes the quick run, `pytest -m exhaustive` makes the rest, and `pytest -m ""` makes both at once.
A test is left out of the quick run by the marker `exhaustive`, or, but for so many of its cases, by `sampled(count)`.
The exhaustive run takes six further cases, or as many as `sampled(count, most)` says. It leaves out what takes many
seconds, by the marker `long`. `DYNACLI_TEST_ALL=1` adds these tests and all cases.
A test of Hypothesis runs in both, each time with as many examples as `examples` says. They are the same in each run,
so that a change is not blamed for what another change did; `--hypothesis-seed=N` looks for new ones.
"""

import os
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import is_hypothesis_test, settings

_QUICK = "not exhaustive"
"""The expression of markers that the quick run has, from `pyproject.toml`."""

_FROM_OUTSIDE = ("corpus", "outside", "servers", "bench")
"""Markers of tests that need what a clone does not bring, so the quick run is the same on every machine."""

_MOST = 6
"""Cases of a table that the exhaustive run takes if the marker does not say it."""

_EXAMPLES = {"quick": 10, "exhaustive": 50}
"""Profile of Hypothesis → how many examples it makes up if a test does not say it."""


def choose_profile(config: pytest.Config) -> None:
    """Choose how many examples Hypothesis makes up, and whether they are the same as in other runs."""
    name = "quick" if config.getoption("markexpr") == _QUICK else "exhaustive"
    is_repeatable = config.getoption("hypothesis_seed", None) is None
    settings.register_profile(name, max_examples=_EXAMPLES[name], deadline=None, derandomize=is_repeatable)
    settings.load_profile(name)


def examples(count: int) -> int:
    """Return how many examples a test of Hypothesis takes: so many, in the quick run a tenth of them."""
    return count if settings.get_current_profile_name() == "exhaustive" else max(5, count // 10)


def mark_exhaustive(items: list[pytest.Item]) -> None:
    """Mark the tests that the quick run leaves out, and take out those that no run is to make.

    The expression that selects the tests is applied afterwards.
    """
    left_out: set[str] = set()
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sampled"):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
        if item.get_closest_marker("long"):
            left_out.add(item.nodeid)
        if item.get_closest_marker("long") or _is_about_others(item) or _has_all_examples(item):
            item.add_marker("exhaustive")
    for table in tables.values():
        sampled = table[0].get_closest_marker("sampled")
        count, most = (*sampled.args, _MOST)[:2] if sampled else (0, 0)
        sample = {item.nodeid for item in _sample(table, count)}
        rest = [item for item in _shuffled(table) if item.nodeid not in sample]
        for item in rest:
            item.add_marker("exhaustive")
        left_out |= {item.nodeid for item in rest[most:]}
    if left_out and not os.environ.get("DYNACLI_TEST_ALL"):
        items[:] = [item for item in items if item.nodeid not in left_out]


def _is_about_others(item: pytest.Item) -> bool:
    return "corpus" in getattr(item, "fixturenames", ()) or any(map(item.get_closest_marker, _FROM_OUTSIDE))


def _has_all_examples(item: pytest.Item) -> bool:
    return (
        is_hypothesis_test(getattr(item, "obj", None)) and settings.get_current_profile_name() == "exhaustive"
    )


def _sample(table: Sequence[pytest.Item], count: int) -> list[pytest.Item]:
    """Return so many cases, with as many different values of each parameter as they can have.

    A case that is added to the table or removed from it changes little of the sample.
    """
    left = _shuffled(table)
    sample: list[pytest.Item] = []
    seen: set[tuple[str, Any]] = set()
    while left and len(sample) < count:
        case = max(left, key=lambda item: len(_values(item) - seen))
        left.remove(case)
        sample.append(case)
        seen |= _values(case)
    return sample


def _shuffled(table: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the cases in an order that has nothing to do with what they are about, and is always the same."""
    return sorted(table, key=lambda item: zlib.crc32(item.nodeid.partition("[")[2].encode()))


def _values(item: pytest.Item) -> set[tuple[str, int]]:
    """Return the parameters of a case, each with the number of its value."""
    return set(getattr(item, "callspec").indices.items())  # noqa: B009 - only functions have one
