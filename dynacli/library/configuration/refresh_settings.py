"""`refresh_after` in the configuration: for how long a document is fresh."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["lifetime_of"]

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd]?)")


def lifetime_of(entry: Mapping[str, Any]) -> float | None:
    """Return for how many seconds a document is fresh by an API's entry; None where it does not say."""
    return _seconds(entry.get("refresh_after"))


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        return float(found[1]) * _UNITS[found[2]] if found else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None
