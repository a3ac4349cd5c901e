"""JSON values of two documents: told apart, and shortened for a report."""

from typing import Any

from dynacli.import_orjson import orjson

__all__ = ["canonical", "canonical_without", "index_by_value", "shortened", "with_integers"]

_MOST_MEMBERS = 20
_DEEPEST = 3
_LONGEST = 300
_CUT = "…"


def shortened(value: Any, depth: int = _DEEPEST) -> Any:
    """Return a value for a report, without long texts, many members and deep nesting.

    `…` replaces everything that is left out; in an object, that key holds the number of further members.
    """
    if isinstance(value, str):
        # A lone surrogate is replaced, because other programs cannot read it in JSON.
        text = value if len(value) <= _LONGEST else value[:_LONGEST] + _CUT
        return text.encode("utf-8", "replace").decode() if not text.isascii() else text
    if isinstance(value, dict):
        if depth == 0 and value:
            return _CUT
        kept = {
            shortened(str(key)): shortened(member, depth - 1)
            for key, member in list(value.items())[:_MOST_MEMBERS]
        }
        if len(value) > _MOST_MEMBERS:
            kept[_CUT] = len(value) - _MOST_MEMBERS
        return kept
    if isinstance(value, list):
        if depth == 0 and value:
            return _CUT
        kept_items = [shortened(item, depth - 1) for item in value[:_MOST_MEMBERS]]
        return [*kept_items, _CUT] if len(value) > _MOST_MEMBERS else kept_items
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return float(value) if abs(value) < 2**1000 else str(value)[:_LONGEST]
    return value


def index_by_value(values: list[Any]) -> dict[bytes, int]:
    """Return canonical form → index of each distinct value; in JSON 1 equals 1.0, and differs from true."""
    found: dict[bytes, int] = {}
    for index, value in enumerate(values):
        found.setdefault(canonical(value), index)
    return found


def canonical(value: Any) -> bytes:
    """Return bytes that are the same for equal JSON values only, whatever the order of their keys."""
    plain = with_integers(value)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # orjson refuses integers of many digits and lone surrogates, which the standard library writes.
        import json

        return json.dumps(plain, sort_keys=True).encode()


def canonical_without(value: Any, key: str) -> bytes:
    """Return the canonical form of an object without one member and without specification extensions (`x-`)."""
    if not isinstance(value, dict):
        return canonical(value)
    return canonical(
        {name: member for name, member in value.items() if name != key and not str(name).startswith("x-")}
    )


def with_integers(value: Any) -> Any:
    """Return a value in which whole numbers are integers: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: with_integers(member) for key, member in value.items()}
    return [with_integers(item) for item in value] if isinstance(value, list) else value
