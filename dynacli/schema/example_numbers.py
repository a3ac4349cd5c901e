"""Makes numbers that match a schema: its bounds, `multipleOf` and `format`."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import ceil, floor, isfinite
from typing import Any

from dynacli.schema.read_schema import is_number
from dynacli.schema.schema_matcher import number_matches

__all__ = ["number_value"]


def number_value(keywords: Mapping[str, Any], *, is_integer: bool) -> float | None:
    """Return a number near 1 that matches the bounds, `multipleOf` and `format` of a schema.

    Args:
        keywords: The keywords of a schema; `exclusiveMinimum` and `exclusiveMaximum` may be those
            of OpenAPI 3.0 or of 3.1.
        is_integer: Whether the number must be an integer.

    Returns:
        The same number for the same keywords, or None where none is found.
    """
    with suppress(
        OverflowError
    ):  # a number of the schema, or what is calculated of it, is beyond those of floats
        for number in _candidates(keywords):
            if isinstance(number, float) and not isfinite(number):
                continue
            if is_integer and number != int(number):
                continue
            whole = int(number) if number == int(number) else number
            if number_matches(whole, keywords):
                return whole
    return None


def _candidates(keywords: Mapping[str, Any]) -> Iterator[float]:
    yield from (1, 0)
    names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [keywords[name] for name in names if is_number(keywords.get(name))]
    step = keywords.get("multipleOf")
    step = step if is_number(step) and step > 0 else None
    if step is not None:
        yield step
    for bound in bounds:
        unit = 1 if step is None else step
        yield bound
        for nearest in (floor(bound / unit), ceil(bound / unit)):
            for count in (nearest, nearest + 1, nearest - 1):
                yield _times(count, unit)
    if bounds:
        yield sum(bounds) / len(bounds)
        yield from (bound + change for bound in bounds for change in (0.5, -0.5, 0.01, -0.01))


def _times(count: int, unit: float) -> float:
    # 3 * 0.1 is 0.30000000000000004; rounded, it is 0.3.
    return count * unit if isinstance(unit, int) else round(float(count) * unit, 12)
