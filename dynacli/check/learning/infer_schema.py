"""The narrowest schema that allows some values, as far as a few values can tell.

Nothing is required and nothing is an enumeration: a few answers do not say what all others will have.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal

from dynacli.schema.read_schema import json_type

__all__ = ["MAX_NAMES", "Dialect", "infer_schema", "json_types"]

Dialect = Literal["2.0", "3.0", "3.1", "3.2"]

_MAX_DEPTH = 20
MAX_NAMES = 100
"""An object with more names is a map, whose names are data."""

_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?\d*(?:Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PCHARS = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"  # RFC 3986, section 3.3, with `/` and `?`
_URI = re.compile(rf"https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:[/?]{_PCHARS})?(?:#{_PCHARS})?")


def infer_schema(values: Iterable[Any], dialect: Dialect) -> dict[str, Any]:
    """Return the schema of JSON values; an empty schema where nothing can be said.

    Args:
        dialect: The version of OpenAPI that the schema is written for.
    """
    return _schema(list(values), dialect, 0)


def json_types(values: Iterable[Any]) -> list[str]:
    """Return the types of values in a fixed order; `number` includes `integer`."""
    types = {json_type(value) for value in values}
    if "number" in types:
        types.discard("integer")
    return [name for name in _TYPES if name in types]


def _schema(values: list[Any], dialect: Dialect, depth: int) -> dict[str, Any]:
    types = json_types(values)
    if not types or depth > _MAX_DEPTH:
        return {}
    keywords = {name: _keywords(name, values, dialect, depth) for name in types if name != "null"}
    if dialect >= "3.1":
        schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
        for of_type in keywords.values():
            schema.update(of_type)
        return schema
    # Earlier versions have a single type for a schema, and say with another keyword that it may be null.
    nullable = {"x-nullable" if dialect == "2.0" else "nullable": True} if "null" in types else {}
    if not keywords:
        return nullable
    branches = [{"type": name, **of_type, **nullable} for name, of_type in keywords.items()]
    if len(branches) == 1:
        return branches[0]
    return {} if dialect == "2.0" else {"anyOf": branches}


def _keywords(type_name: str, values: list[Any], dialect: Dialect, depth: int) -> dict[str, Any]:
    """Return the keywords beside `type` that describe the values of a type."""
    match type_name:
        case "string":
            name = _format([value for value in values if isinstance(value, str)])
            return {"format": name} if name else {}
        case "array":
            items = [item for value in values if isinstance(value, list) for item in value]
            return {"items": _schema(items, dialect, depth + 1)}
        case "object":
            return _properties([value for value in values if isinstance(value, Mapping)], dialect, depth)
    return {}


def _properties(values: list[Mapping[str, Any]], dialect: Dialect, depth: int) -> dict[str, Any]:
    by_name: dict[str, list[Any]] = {}
    for value in values:
        for name, member in value.items():
            by_name.setdefault(name, []).append(member)
    if not by_name:
        return {}
    if len(by_name) > MAX_NAMES:
        all_members = [member for members in by_name.values() for member in members]
        return {"additionalProperties": _schema(all_members, dialect, depth + 1)}
    return {"properties": {name: _schema(members, dialect, depth + 1) for name, members in by_name.items()}}


def _format(texts: list[str]) -> str:
    """Return the format that all texts have, of those formats that leave no doubt; empty where there is none."""
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
