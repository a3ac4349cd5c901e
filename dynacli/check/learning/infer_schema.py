"""The schema that values speak for: as narrow as all of them allow, and never narrower than what is sure.

Nothing is required and nothing is an enumeration: a few answers do not say what all others will have.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal

__all__ = ["MAX_NAMES", "Dialect", "inferred_schema", "kind_of", "kinds_of"]

Dialect = Literal["2.0", "3.0", "3.1", "3.2"]

_MAX_DEPTH = 20
MAX_NAMES = 100
"""Names from which on an object is a map."""

_KINDS = ("string", "integer", "number", "boolean", "array", "object", "null")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?\d*(?:Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PCHARS = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"  # RFC 3986, section 3.3, with `/` and `?`
_URI = re.compile(rf"https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:[/?]{_PCHARS})?(?:#{_PCHARS})?")


def inferred_schema(values: Iterable[Any], dialect: Dialect) -> dict[str, Any]:
    """Return the schema of JSON values; the empty one where nothing can be said.

    Args:
        dialect: The version of OpenAPI that it is written for.
    """
    return _schema(list(values), dialect, 0)


def kind_of(value: Any) -> str:
    """Return the JSON Schema type of a value.

    `2.0` is a number: to OpenAPI 3.0 it is no integer, and who writes one so may well write 2.5 next.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def kinds_of(values: Iterable[Any]) -> list[str]:
    """Return the types of values, in an order of their own; `number` includes `integer`."""
    found = {kind_of(value) for value in values}
    if "number" in found:
        found.discard("integer")
    return [kind for kind in _KINDS if kind in found]


def _schema(values: list[Any], dialect: Dialect, depth: int) -> dict[str, Any]:
    kinds = kinds_of(values)
    plain = [kind for kind in kinds if kind != "null"]
    is_nullable = "null" in kinds
    if not kinds or depth > _MAX_DEPTH:
        return {}
    if dialect >= "3.1":
        keywords = {
            key: value for kind in plain for key, value in _of_kind(kind, values, dialect, depth).items()
        }
        return {"type": kinds[0] if len(kinds) == 1 else kinds, **keywords}
    # Older versions have one type for a schema, and say with another keyword that it may be null.
    nullable = {"x-nullable" if dialect == "2.0" else "nullable": True} if is_nullable else {}
    if not plain:
        return nullable
    branches = [{"type": kind, **_of_kind(kind, values, dialect, depth), **nullable} for kind in plain]
    if len(branches) == 1:
        return branches[0]
    return {} if dialect == "2.0" else {"anyOf": branches}


def _of_kind(kind: str, values: list[Any], dialect: Dialect, depth: int) -> dict[str, Any]:
    """Return what is said of the values of one type beside their type."""
    match kind:
        case "string":
            named = _format([value for value in values if isinstance(value, str)])
            return {"format": named} if named else {}
        case "array":
            items = [item for value in values if isinstance(value, list) for item in value]
            return {"items": _schema(items, dialect, depth + 1)}
        case "object":
            return _properties([value for value in values if isinstance(value, Mapping)], dialect, depth)
    return {}


def _properties(values: list[Mapping[str, Any]], dialect: Dialect, depth: int) -> dict[str, Any]:
    by_name: dict[str, list[Any]] = {}
    for value in values:
        for name, item in value.items():
            by_name.setdefault(name, []).append(item)
    if not by_name:
        return {}
    if len(by_name) > MAX_NAMES:
        every = [item for items in by_name.values() for item in items]
        return {"additionalProperties": _schema(every, dialect, depth + 1)}
    return {"properties": {name: _schema(items, dialect, depth + 1) for name, items in by_name.items()}}


def _format(texts: list[str]) -> str:
    """Return the format that all texts have, of those that leave no doubt."""
    for name, fits in (
        ("date-time", _is_date_time),
        ("date", _is_date),
        ("uuid", _is_uuid),
        ("uri", _is_uri),
    ):
        if texts and all(map(fits, texts)):
            return name
    return ""


def _is_date_time(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return False
    return text.endswith("Z") or (text[-5:-3] < "24" and text[-2:] < "60")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None
