"""Values by chance are such as their schemas allow, and differ from one to the next."""

import datetime as dt
import ipaddress
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from dynacli.features.mock._mock_responses import random_value

_SEEDS = range(20)


def _values(schema: Any) -> list[Any]:
    targets: dict[str, Any] = {}
    return [random_value(schema, targets.__getitem__, Random(seed)) for seed in _SEEDS]  # noqa: S311  - no secrets


def _is_day_and_time(text: str) -> bool:
    return dt.datetime.fromisoformat(text).tzinfo == dt.UTC


@pytest.mark.parametrize(
    ("form", "is_one"),
    [
        ("date", dt.date.fromisoformat),
        ("date-time", _is_day_and_time),
        ("time", dt.time.fromisoformat),
        ("uuid", uuid.UUID),
        ("email", lambda text: text.endswith("@example.com")),
        ("uri", lambda text: text.startswith("https://example.com/")),
        ("hostname", lambda text: text.endswith(".example.com")),
        ("ipv4", ipaddress.IPv4Address),
    ],
)
def test_a_text_has_its_format(form: str, is_one: Callable[[str], Any]) -> None:
    """Whoever reads the format reads each value; several values differ."""
    texts = _values({"type": "string", "format": form})
    assert all(map(is_one, texts))
    assert len(set(texts)) > 1


@pytest.mark.parametrize(
    ("keywords", "lowest", "highest", "step"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 9}, 3, 9, 1),
        ({"type": "integer", "exclusiveMaximum": 0}, -10_001, -1, 1),
        ({"type": "integer", "minimum": 10, "maximum": 100, "multipleOf": 10}, 10, 100, 10),
        ({"type": "number", "exclusiveMinimum": 1, "maximum": 2}, 1, 2, 0.01),
    ],
)
def test_a_number_is_within_its_limits(
    keywords: dict[str, Any], lowest: float, highest: float, step: float
) -> None:
    """Limits and steps hold, and several numbers differ."""
    numbers = _values(keywords)
    assert all(lowest <= number <= highest for number in numbers)
    assert [round(number / step) for number in numbers] == pytest.approx(
        [number / step for number in numbers]
    )
    assert len(set(numbers)) > 1
