"""Items as rows: the columns that they have, and the text of each cell."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynacli.errors import FormError
from dynacli.text.exact_json import compact_json

__all__ = ["Columns", "cell_text", "value_at"]

_ABSENT: Any = object()
_MOST_CELLS = 1_000_000
"""Cells of a table that is almost empty: items that share no keys make a table as large as the square of the answer."""
_LEAST_FILLED = 20
"""Of so many cells of a larger table, one has a value at least."""


def cell_text(value: Any) -> str:
    """Return a value as a cell: text as it is, null as nothing, everything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else compact_json(value)


def value_at(item: Any, path: str) -> Any:
    """Return the value at a path such as `owner.login` or `steps.0.name`; `_ABSENT` where there is none.

    A key that has a dot itself is found, too.
    """
    if isinstance(item, list):
        word, _, rest = path.partition(".")
        index = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else len(item)
        found = item[index] if index < len(item) else _ABSENT
        return value_at(found, rest) if rest and found is not _ABSENT else found
    if not isinstance(item, dict):
        return _ABSENT
    if path in item:
        return item[path]
    end = path.find(".")
    while end >= 0:
        if path[:end] in item:
            found = value_at(item[path[:end]], path[end + 1 :])
            if found is not _ABSENT:
                return found
        end = path.find(".", end + 1)
    return _ABSENT


class Columns:
    """The columns of a table, found while its items are noted one by one.

    An object has a column for each of its keys, an array one for each of its places, and anything else is a single
    cell.

    Args:
        wanted: The paths that are asked for; none for the columns that the items have.
        known: The names of columns whose order is known, and that count where an item has them.
    """

    def __init__(self, wanted: Sequence[str] = (), known: Sequence[str] = ()) -> None:
        self._wanted = tuple(path.replace("[", ".").replace("]", "") for path in wanted)
        self._missing = dict.fromkeys(self._wanted)
        self._known = known
        self._found: dict[str, None] = {}
        self._kinds: set[type] = set()
        self._rows = self._values = 0

    @property
    def is_chosen(self) -> bool:
        """Whether the columns are those that were asked for."""
        return bool(self._wanted)

    def note(self, item: Any) -> None:
        """Note the columns of an item."""
        kind = type(item) if isinstance(item, dict | list) else object
        self._kinds.add(kind)
        self._rows += 1
        self._values += len(item) if kind is not object else 1
        if kind is dict:
            if not item.keys() <= self._found.keys():
                self._found.update(dict.fromkeys(item))
        elif kind is list:
            for index in range(len(self._found), len(item)):
                self._found[str(index)] = None
        if self._missing:
            for path in [path for path in self._missing if value_at(item, path) is not _ABSENT]:
                del self._missing[path]

    def names(self) -> list[str]:
        """Return the names of the columns.

        Raises:
            FormError: The items make no table, or do not have what is asked for.
        """
        if len(self._kinds) > 1:
            raise FormError(
                "The answer is no table",
                why="its items are of several kinds: objects, arrays or plain values",
                hint="It is printed as JSON; `-f` can choose some of its items",
            )
        if self._wanted:
            if self._kinds and self._missing:
                raise self._unknown()
            return list(self._wanted)
        if object in self._kinds:
            return ["value"]
        cells = self._rows * len(self._found)
        if cells > max(_MOST_CELLS, self._values * _LEAST_FILLED):
            raise FormError(
                "The answer makes a table that is almost empty",
                why=f"it has {self._rows:,} rows and {len(self._found):,} columns, and {self._values:,} values",
                hint="It is printed as JSON; `--columns` chooses some",
            )
        if not self._kinds:
            return list(self._known)  # an empty list has a header all the same
        return [
            *(name for name in self._known if name in self._found),
            *(name for name in self._found if name not in self._known),
        ]

    def _unknown(self) -> FormError:
        from difflib import get_close_matches

        path = next(iter(self._missing))
        near = get_close_matches(path, self._found, 3, 0.6) or list(self._found)[:8]
        listed = ", ".join(f"`{name}`" for name in near)
        return FormError(
            f"The answer has no column `{path}`",
            why=f"its items have {listed}" if listed else "its items are no objects",
            hint="It is printed as JSON; name columns that it has",
            near=near,
        )

    def rows(self, items: Iterable[Any]) -> Iterator[list[Any]]:
        """Yield the values of each item, None in the place of one that is absent."""
        names = self.names()
        if self._wanted or self._kinds == {list}:
            for item in items:
                found = (value_at(item, name) for name in names)
                yield [None if value is _ABSENT else value for value in found]
        elif object in self._kinds:
            yield from ([item] for item in items)
        else:
            for item in items:
                yield [item.get(name) for name in names]
