"""What the configuration says of how long a document is fresh, and when it is asked for again."""

import re
from collections.abc import Mapping
from typing import Any

from dynacli.library.revisions.open_request import BACKGROUND, BLOCKING, NEVER

__all__ = ["MODES", "lifetime_of", "wrong_settings"]

MODES = (NEVER, BACKGROUND, BLOCKING)
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


def wrong_settings(entry: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """Return what cannot be used of an entry and of the environment, a clause each; the defaults count instead."""
    wrong = []
    listed = ", ".join(f"`{one}`" for one in MODES)
    given = variables.get("DYNACLI_REFRESH")
    if given and given not in MODES:
        wrong.append(f"`DYNACLI_REFRESH` is `{given}`, and means nothing: it is one of {listed}")
    if "refresh" in entry and entry["refresh"] not in MODES:
        wrong.append(f"`refresh` in the configuration is one of {listed}")
    if "refresh_after" in entry and lifetime_of(entry) is None:
        wrong.append('`refresh_after` in the configuration is a time such as `"12h"` or `"7d"`, or seconds')
    return wrong
