"""Numbers that satisfy a schema: its bounds, `multipleOf` and `format`."""

from collections.abc import Iterator, Mapping
from math import ceil, floor
from typing import Any

from dynacli.schema.schema_matcher import is_number, number_matches

__all__ = ["number_value"]


def number_value(keywords: Mapping[str, Any], *, is_integer: bool) -> float | None:
    """Return a number that fits the bounds, `multipleOf` and `format` of a schema, near to 1.

    Args:
        keywords: The keywords of one schema; `exclusiveMinimum` and `exclusiveMaximum` may be those
            of OpenAPI 3.0 or of 3.1.
        is_integer: Whether only whole numbers are wanted.

    Returns:
        The same number for the same keywords, or None where none is found.
    """
    for number in _candidates(keywords):
        if is_integer and number != int(number):
            continue
        whole = int(number) if number == int(number) else number
        if number_matches(whole, keywords):
            return whole
    return None


def _candidates(keywords: Mapping[str, Any]) -> Iterator[float]:
    yield from (1, 0)
    words = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [keywords[word] for word in words if is_number(keywords.get(word))]
    step = keywords.get("multipleOf")
    step = step if is_number(step) and step > 0 else None
    if step is not None:
        yield step
    for bound in bounds:
        unit = 1 if step is None else step
        yield bound
        for near in (floor(bound / unit), ceil(bound / unit)):
            for count in (near, near + 1, near - 1):
                yield _times(count, unit)
    if bounds:
        yield sum(bounds) / len(bounds)
        yield from (bound + change for bound in bounds for change in (0.5, -0.5, 0.01, -0.01))


def _times(count: int, unit: float) -> float:
    # 3 * 0.1 is 0.30000000000000004; rounded, it is the number that a person means.
    return count * unit if isinstance(unit, int) else round(count * unit, 12)
