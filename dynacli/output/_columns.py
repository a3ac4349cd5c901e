"""The columns of items: finding, ranking and choosing them."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from dynacli.errors import FormatError
from dynacli.openapi.model.field_names import IDENTIFYING, NAMING, OWN_ID
from dynacli.text.exact_json import compact_json
from dynacli.text.wrapping import COLUMN_GAP

_ABSENT: Any = object()
_MOST_CELLS = 1_000_000
"""Number of cells from which a table must not be almost empty, as with many items without common keys."""
_LEAST_FILLED = 20
"""In a larger table, at least one of this number of cells must have a value."""
_KINDS = (
    IDENTIFYING,
    NAMING,
    re.compile(r"status|state|phase|result|conclusion|kind|type|severity|level"),
    re.compile(
        r".*(?:date|time|timestamp)|(?:created|updated|started|finished|modified|published|due)(?:at|on)?"
    ),
    re.compile(r"description|message"),
)
"""Patterns of the names of columns, without separators and in lower case: what identifies an item comes first."""
_NAMING = (_KINDS[1], _KINDS[0], _KINDS[2])
"""Patterns of the fields that represent an object in a cell, in order of preference."""
_OWN = (OWN_ID, re.compile(r"[a-z0-9](?:[_-]name|Name|[_-]title|Title)$"))
"""Patterns of the names of columns that may serve as id and name."""
_OTHER_ID = re.compile(r".*id")
_URL = re.compile(r".*(?:url|uri|href|links?)")
ID, NAME, STATE, DATE, _DESCRIPTION, PLAIN, REFERENCE, _ADDRESS, NESTED, EMPTY = range(10)
"""Ranks of columns. `_KINDS` has the patterns of the first five."""


def cell_text(value: Any) -> str:
    """Return a value as a cell: a string unchanged, null as empty, everything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else compact_json(value)


def _value_at(item: Any, path: str) -> Any:
    """Return the value at a path such as `owner.login` or `steps.0.name`; `_ABSENT` if there is none.

    The path may contain keys with dots.
    """
    if isinstance(item, list):
        word, _, rest = path.partition(".")
        index = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else len(item)
        found = item[index] if index < len(item) else _ABSENT
        return _value_at(found, rest) if rest and found is not _ABSENT else found
    if not isinstance(item, dict):
        return _ABSENT
    if path in item:
        return item[path]
    end = path.find(".")
    while end >= 0:
        if path[:end] in item:
            found = _value_at(item[path[:end]], path[end + 1 :])
            if found is not _ABSENT:
                return found
        end = path.find(".", end + 1)
    return _ABSENT


def _value_in_item(item: Any, path: str) -> Any:
    """Return the value in a column of an item; `_ABSENT` if there is none. The columns of an array start at 1."""
    if not isinstance(item, list):
        return _value_at(item, path)
    number, dot, rest = path.partition(".")
    is_number = number.isascii() and number.isdigit() and number.strip("0")
    return _value_at(item, f"{int(number[:9]) - 1}{dot}{rest}") if is_number else _ABSENT


class Columns:
    """The columns of a table, collected from its items one by one.

    An object has a column for each key, and an array has the columns `1`, `2`, ... Any other item is a single cell.

    Args:
        wanted: The requested paths; empty for the columns of the items.
        known: Names of columns in the order of the document, used if an item has them.
        states: Names of columns that have one of a few values.
        identity: The column that identifies an item by the document; empty if it is unknown.
        of_first_page: Whether the columns are those of the document and of the first page, after which `end_page` is
            called. Other columns of later pages are left out.
    """

    def __init__(
        self,
        wanted: Sequence[str] = (),
        known: Sequence[str] = (),
        states: Collection[str] = (),
        identity: str = "",
        *,
        of_first_page: bool = False,
    ) -> None:
        self.states = states
        self.identity = identity
        self._wanted = tuple(wanted)
        self._missing = dict.fromkeys(self._wanted)
        self._known = known
        self._found: dict[str, None] = {}
        self._later: dict[str, None] = {}
        self._of_first_page, self._is_later = of_first_page, False
        self._kinds: set[type] = set()
        self._rows = self._values = 0

    @property
    def is_chosen(self) -> bool:
        """Whether the user chose the columns."""
        return bool(self._wanted)

    def note(self, item: Any) -> None:
        """Add the columns of an item."""
        kind = type(item) if isinstance(item, dict | list) else object
        self._kinds.add(kind)
        self._rows += 1
        self._values += len(item) if kind is not object else 1
        if kind is dict:
            if not item.keys() <= self._found.keys():
                (self._later if self._is_later else self._found).update(dict.fromkeys(item))
        elif kind is list:
            for number in range(len(self._found) + 1, len(item) + 1):
                (self._later if self._is_later else self._found)[str(number)] = None
        if self._missing:
            for path in [path for path in self._missing if _value_in_item(item, path) is not _ABSENT]:
                del self._missing[path]

    def names(self) -> list[str]:
        """Return the names of the columns.

        Raises:
            FormatError: The items do not form a table, or lack a requested column.
        """
        if len(self._kinds) > 1:
            raise FormatError(
                "The response is not a table",
                reason="its items are of several kinds: objects, arrays or plain values",
                hint="It is printed as JSON; `-f` can choose some of its items",
            )
        if self._wanted:
            unknown = [path for path in self._missing if not self._is_documented(path)]
            if self._kinds and unknown:
                raise self._unknown(unknown[0])
            return list(self._wanted)
        if object in self._kinds:
            return ["value"]
        cells = self._rows * len(self._found)
        if cells > max(_MOST_CELLS, self._values * _LEAST_FILLED):
            raise FormatError(
                "The response makes a table that is almost empty",
                reason=f"it has {self._rows:,} rows and {len(self._found):,} columns, and {self._values:,} values",
                hint="It is printed as JSON; `--columns` chooses some",
            )
        if not self._kinds:
            return list(self._known)  # an empty list has a header anyway
        return [
            *(name for name in self._known if name in self._found or self._of_first_page),
            *(name for name in self._found if name not in self._known),
        ]

    def end_page(self) -> None:
        """End a page: the columns of later items are left out if those of the first page count."""
        self._is_later = self._of_first_page

    def left_out(self) -> list[str]:
        """Return the names of the columns that only later pages have, if these are left out."""
        return [] if self._wanted else [name for name in self._later if name not in self.names()]

    def _is_documented(self, path: str) -> bool:
        """Return whether the document describes a column that no item has, by its path or by its first step."""
        first = path.partition(".")[0]
        return path in self._known or (first in self._known and first not in self._found)

    def _unknown(self, path: str) -> FormatError:
        from difflib import get_close_matches

        near = get_close_matches(path, self._found, 3, 0.6) or list(self._found)[:8]
        listed = ", ".join(f"`{name}`" for name in near)
        meant = {name: get_close_matches(name, self._found, 1, 0.6) for name in self._missing}
        corrected = [next(iter(meant[name]), "") if name in meant else name for name in self._wanted]
        return FormatError(
            f"The response has no column `{path}`",
            reason=f"its items have {listed}" if listed else "its items are not objects",
            hint="It is printed as JSON; name columns that it has",
            near=near,
            instead={"columns": ",".join(dict.fromkeys(corrected))} if all(corrected) else {},
        )

    def rows(self, items: Iterable[Any]) -> Iterator[list[Any]]:
        """Yield the values of each item, with None for absent values."""
        names = self.names()
        if self._wanted or self._kinds == {list}:
            for item in items:
                found = (_value_in_item(item, name) for name in names)
                yield [None if value is _ABSENT else value for value in found]
        elif object in self._kinds:
            yield from ([item] for item in items)
        else:
            for item in items:
                yield [item.get(name) for name in names]


def show_names(names: list[str], rows: Sequence[list[Any]]) -> None:
    """Replace the objects of a column with the field that names them: `owner` becomes `owner.login`."""
    for column, name in enumerate(names):
        objects = [row[column] for row in rows if row[column] is not None]
        field = _naming_field(objects) if all(isinstance(value, dict) for value in objects) else ""
        if field:
            names[column] = f"{name}.{field}"
            for row in rows:
                row[column] = row[column][field] if row[column] is not None else None


def _naming_field(objects: Sequence[dict[str, Any]]) -> str:
    """Return the field that names all objects, with a plain value in each; empty if there is none."""
    for pattern in _NAMING:
        for field in objects[0] if objects else ():
            values = [value.get(field, {}) for value in objects]
            is_plain = not any(isinstance(value, dict | list) for value in values)
            if (
                pattern.fullmatch(column_key(field))
                and is_plain
                and any(value is not None for value in values)
            ):
                return field
    return ""


def column_key(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).lower()


def ranks_of(names: Sequence[str], rows: Sequence[Sequence[Any]], identity: str = "") -> list[int]:
    """Return the ranks of the columns; columns that identify an item have the lowest.

    Args:
        identity: The column that identifies an item by the document; empty if it is unknown.
    """
    ranks = [_column_rank(name, [row[column] for row in rows]) for column, name in enumerate(names)]
    ranks = [
        ID if name == identity and rank in {PLAIN, REFERENCE} else rank
        for name, rank in zip(names, ranks, strict=True)
    ]
    for rank, pattern in enumerate(_OWN):
        # Without a column `id` or `name`, the first column with this ending identifies the item: `runId` of a run.
        own = next(
            (i for i, name in enumerate(names) if ranks[i] in {PLAIN, REFERENCE} and pattern.search(name)),
            None,
        )
        if rank not in ranks and own is not None:
            ranks[own] = rank
    return ranks


def _column_rank(name: str, values: Sequence[Any]) -> int:
    present = [value for value in values if value not in (None, "", [], {})]
    if values and not present:
        return EMPTY
    if any(isinstance(value, dict | list) for value in present):
        return NESTED
    word = column_key(name)
    for rank, pattern in enumerate(_KINDS):
        if pattern.fullmatch(word):
            return rank
    if _URL.fullmatch(word):
        return _ADDRESS
    return REFERENCE if _OTHER_ID.fullmatch(word) else PLAIN


def fitting(sizes: Sequence[int], width: int) -> list[int]:
    """Return the numbers of the columns that fit into a width, always with the first.

    Args:
        sizes: The width of each column, in order of preference.
        width: The available width.
    """
    kept: list[int] = []
    room = width + len(COLUMN_GAP)
    for column, size in enumerate(sizes):
        if size + len(COLUMN_GAP) <= room or not kept:
            kept.append(column)
            room -= min(size, width) + len(COLUMN_GAP)
    return kept
