"""Messages about places in a document, for a person: each message once, however many places it is about."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["by_message", "more_places", "place_parts"]


def by_message(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Yield the first row of each message, and the number of further rows that have the same message."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["message"], []).append(row)
    for group in groups.values():
        yield group[0], len(group) - 1


def place_parts(row: Mapping[str, Any]) -> list[str]:
    """Return the place of a message: file, line and column in the form that editors open, and the JSON pointer."""
    from dynacli.document.file_names import shown_file

    line_and_column = f":{row['line']}:{row['column']}" if row["line"] else ""
    return [part for part in (f"{shown_file(row['file'])}{line_and_column}", row["pointer"]) if part]


def more_places(count: int) -> str:
    """Return the end of a line that says in how many further places a message holds; empty for none."""
    return f", and {count:,} more place{'s' if count > 1 else ''}" if count else ""
