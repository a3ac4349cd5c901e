"""Items of a list as rows of a table.

| value in JSON | column |
|---|---|
| text, a number, null | the same |
| true, false | 1, 0 |
| a number with more digits than SQLite keeps | its text |
| an object | a column `name.field` for each field |
| a list, an object within an object | its JSON |

`_json` has the whole item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dynacli.import_orjson import orjson
from dynacli.openapi.schema.read_schema import possible_schemas, properties_of, types_of
from dynacli.text.exact_json import ExactNumber, compact_json

if TYPE_CHECKING:
    from dynacli.media.text_values import BodySchema

OWN_COLUMNS = ("_json", "_synced_at", "_deleted_at")
"""Columns besides the fields. A field with such a name is in `_json` alone."""
RESERVED = frozenset({*OWN_COLUMNS, "_rowid_"})
"""Names that are no fields, in lower case. `_rowid_` is the number that SQLite gives a row; a field may be `rowid`."""
_MOST_COLUMNS = 1_900
"""Maximum number of columns of a table; SQLite has a limit of 2,000 (https://www.sqlite.org/limits.html)."""
_LARGEST = 2**63


@lru_cache(4_000)
def sql_name(name: str) -> str:
    """Return a name as SQLite quotes it."""
    return '"' + name.replace('"', '""') + '"'


def table_columns(names: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Return the names that can be columns.

    SQLite ignores case, so of names that differ in case alone the first one counts. The fields of the other ones are in
    `_json` alone, and so are names with NUL, reserved names, and names above the limit of columns.

    Args:
        known: The columns that the table has already.
    """
    taken = {name.lower() for name in known}
    found = []
    for name in names:
        key = name.lower()
        if key not in taken and key not in RESERVED and "\0" not in name and len(taken) < _MOST_COLUMNS:
            taken.add(key)
            found.append(name)
    return found


def documented_columns(documented: BodySchema, steps: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the columns that the document describes.

    Args:
        documented: The schema of a response.
        steps: The keys on the path to the list whose items are the rows; None for the response without its lists.
    """
    resolve = documented.resolve
    parts = list(possible_schemas(documented.schema, resolve))
    for step in steps or ():
        below = properties_of(parts).get(step)
        parts = [] if below is None else list(possible_schemas(below, resolve))
    if steps is not None:
        parts = [
            item for part in parts if "items" in part for item in possible_schemas(part["items"], resolve)
        ]
    columns = []
    for name, schema in properties_of(parts).items():
        kinds = list(possible_schemas(schema, resolve))
        fields = properties_of(kinds)
        is_list = any("items" in kind or "array" in types_of(kind) for kind in kinds)
        if not (steps is None and is_list):
            columns += [f"{name}.{field}" for field in fields] if fields else [name]
    return tuple(columns)


def without_objects(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return documented columns without those of objects, which have a column for each field."""
    found = {name for row in rows for name, value in row.items() if value is not None}
    objects = {name.partition(".")[0] for name in found if "." in name} - found
    return [name for name in names if name not in objects]


def item_text(item: Any) -> str:
    """Return an item as JSON, with every digit."""
    try:
        return orjson.dumps(item).decode()
    except TypeError:  # it has half of a pair of surrogates, or a number that only dynacli writes exactly
        text = compact_json(item)
    return "".join(map(_escaped, text)) if _has_surrogates(text) else text


def item_columns(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return column → value of an item: its fields, and `a.b` for the fields of its objects."""
    row: dict[str, Any] = {}
    for name, value in item.items():
        kind = type(value)
        if (
            value is None
            or (kind is str and value.isascii())
            or (kind is int and -_LARGEST <= value < _LARGEST)
        ):
            row[name] = value  # most values are of these kinds
        elif isinstance(value, dict):
            for inner, below in value.items():
                row[f"{name}.{inner}"] = _sql_value(below)
        else:
            row[name] = _sql_value(value)
    return row


def _sql_value(value: Any) -> Any:
    """Return a JSON value as SQLite stores it. A number is text if SQLite's number has another value."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if _has_surrogates(value) else value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if isinstance(value, ExactNumber):
        is_same = Decimal(value.text) == Decimal(repr(float(value)))
        return float(value) if is_same else value.text
    return item_text(value) if isinstance(value, list | dict) else value


def _has_surrogates(text: str) -> bool:
    """Return whether a text has half of a pair of surrogates, which SQLite cannot store."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if "\ud800" <= character <= "\udfff" else character
