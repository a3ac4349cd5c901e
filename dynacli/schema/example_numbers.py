"""Makes numbers that may match a schema, by its bounds and `multipleOf`."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from math import ceil, floor, isfinite
from typing import Any

from dynacli.schema.read_schema import is_number

__all__ = ["numbers_for"]


def numbers_for(keywords: Mapping[str, Any], *, is_integer: bool) -> Iterator[float]:
    """Yield numbers near 1 and near the bounds of a schema, the plainest first; they need not match it.

    Args:
        keywords: The keywords of a schema in the normal form.
        is_integer: Whether the numbers must be integers.
    """
    with suppress(
        OverflowError
    ):  # a number of the schema, or one calculated from it, is beyond those of floats
        for number in _candidates(keywords):
            if isinstance(number, float) and not isfinite(number):
                continue
            if number == int(number):
                yield int(number)
            elif not is_integer:
                yield number


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
