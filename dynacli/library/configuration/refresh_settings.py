"""Lengths of time, as `refresh_after` in the configuration has one: for how long a document is fresh."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["duration_of", "lifetime_of"]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd]?)")


def lifetime_of(entry: Mapping[str, Any]) -> float | None:
    """Return for how many seconds a document is fresh by an API's entry; None where it does not say."""
    return duration_of(entry.get("refresh_after"))


def duration_of(value: Any) -> float | None:
    """Return the seconds of a length of time such as `"12h"`, `"7d"` or a number; None where it is none."""
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        return float(found[1]) * _UNITS[found[2]] if found else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None
