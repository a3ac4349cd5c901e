"""JSON values as a report of changes holds them."""

from typing import Any

import orjson

__all__ = ["by_value", "identity", "shortened"]

_MOST_MEMBERS = 20
_DEEPEST = 3
_LONGEST = 300
_CUT = "…"


def shortened(value: Any, depth: int = _DEEPEST) -> Any:
    """Return a value without what nobody would read: long texts, many members, what is far inside.

    What is left out is `…`; of an object, the number of its other members stands under that key.
    """
    if isinstance(value, str):
        # A lone surrogate is no text in JSON that other programs read.
        text = value if len(value) <= _LONGEST else value[:_LONGEST] + _CUT
        return text.encode("utf-8", "replace").decode() if not text.isascii() else text
    if isinstance(value, dict):
        if depth == 0 and value:
            return _CUT
        kept = {
            shortened(str(key)): shortened(one, depth - 1) for key, one in list(value.items())[:_MOST_MEMBERS]
        }
        if len(value) > _MOST_MEMBERS:
            kept[_CUT] = len(value) - _MOST_MEMBERS
        return kept
    if isinstance(value, list):
        if depth == 0 and value:
            return _CUT
        kept_items = [shortened(one, depth - 1) for one in value[:_MOST_MEMBERS]]
        return [*kept_items, _CUT] if len(value) > _MOST_MEMBERS else kept_items
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return float(value) if abs(value) < 2**1000 else str(value)[:_LONGEST]
    return value


def by_value(values: list[Any]) -> dict[bytes, int]:
    """Return the index of each value by what tells it from others in JSON: 1 is 1.0, and is not true."""
    found: dict[bytes, int] = {}
    for index, value in enumerate(values):
        found.setdefault(identity(value), index)
    return found


def identity(value: Any) -> bytes:
    """Return what is the same of equal JSON values alone, whatever the order of their keys."""
    plain = _with_integers(value)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # An integer of many digits or a lone surrogate, which the other writer takes.
        import json

        return json.dumps(plain, sort_keys=True).encode()


def _with_integers(value: Any) -> Any:
    """Return a value with its numbers in one form: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _with_integers(one) for key, one in value.items()}
    return [_with_integers(one) for one in value] if isinstance(value, list) else value
