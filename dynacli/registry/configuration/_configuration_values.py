"""Single values in the text of `config.toml`: they are set and removed, and every other line stays as it is.

Pure: text in, text out.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

__all__ = ["MANY_LINES", "says", "with_values"]

MANY_LINES = ('"""', "'''")
"""What begins and ends a text of several lines."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNCHANGEABLE = "It is written in a way that only a person can change safely"


def with_values(text: str, values: Sequence[tuple[tuple[str, ...], Any]]) -> tuple[str, dict[str, Any]]:
    """Return the configuration with values set, or removed where they are None, and what it says then.

    Args:
        values: (path of the key, value).

    Raises:
        ValueError: The text is not TOML, or has something else than a table where a key belongs.
    """
    for path, value in values:
        wanted = tomllib.loads(text)
        _put(wanted, path, value)
        results = (edit(text, path, value) for edit in (_by_lines, _by_tomlkit))
        found = next((each for each in results if each is not None and says(each, wanted)), None)
        if found is None:
            raise ValueError(_UNCHANGEABLE)
        text = found
    return text, tomllib.loads(text)


def _put(tables: Any, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        if value is None and name not in tables:
            return
        tables = tables.setdefault(name, {})
        if not isinstance(tables, dict):
            raise ValueError(f"`{name}` is no table")  # noqa: TRY004  - it is the text that is wrong
    if value is None:
        tables.pop(path[-1], None)
    else:
        tables[path[-1]] = value


def says(text: str, wanted: dict[str, Any]) -> bool:
    """Return whether a text is TOML that says what is wanted; a table that is empty says nothing."""
    try:
        return bool(_without_empty(tomllib.loads(text)) == _without_empty(wanted))
    except tomllib.TOMLDecodeError:
        return False


def _without_empty(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    return {key: _without_empty(value) for key, value in table.items() if value != {}}


def _by_lines(text: str, path: tuple[str, ...], value: Any) -> str | None:
    """Set a value by the lines of its table, which is made where it has none; None where that cannot be."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    section = _section(lines, path[:-1])
    if section is None:
        if value is None:
            return text
        header = f"[{'.'.join(_written(name) for name in path[:-1])}]{end}"
        gap = [end] if lines and lines[-1].strip() else []
        return "".join([*lines, *gap, header, *_assignment(path[-1], value, end)])
    first, last = section
    for index in range(first, last):
        stop = _end_of_assignment(lines, index, last, path[-1])
        if stop:
            kept = [] if value is None else _changed("".join(lines[index:stop]), path[-1], value)
            return "".join([*lines[:index], *kept, *lines[stop:]])
    if value is None:
        return text
    # Comments between the last value and the next table belong to the next table.
    while last > first and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    gap = [end] if not first and lines[last:] and not lines[last - 1 : last] else []
    return "".join([*lines[:last], *_assignment(path[-1], value, end), *gap, *lines[last:]])


def _section(lines: list[str], path: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the lines between the header of a table and the next one; None where the table has no header."""
    first = 0 if not path else None
    is_in_string = False
    for index, line in enumerate(lines):
        is_header = not is_in_string and line.lstrip().startswith("[")
        is_in_string ^= (line.count(MANY_LINES[0]) + line.count(MANY_LINES[1])) % 2 == 1
        name = _name_in(line) if is_header else None
        if name is None:
            continue
        if first is not None:
            return first, index
        if name == path:
            first = index + 1
    return None if first is None else (first, len(lines))


def _name_in(line: str) -> tuple[str, ...] | None:
    """Return the path of the table whose header a line is; empty for that of a list, None for another line."""
    try:
        found: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    names = []
    while isinstance(found, dict) and found:
        (name, found), *_ = found.items()
        names.append(name)
    return tuple(names) if isinstance(found, dict) else ("",)


def _end_of_assignment(lines: list[str], index: int, last: int, name: str) -> int:
    """Return the line behind the assignment of a key that begins in a line; 0 where none begins there."""
    if not re.match(rf"\s*(?:{re.escape(name)}|\"{re.escape(name)}\"|'{re.escape(name)}')\s*=", lines[index]):
        return 0
    for stop in range(index + 1, last + 1):
        try:
            if tomllib.loads("".join(lines[index:stop])).keys() == {name}:
                return stop
        except tomllib.TOMLDecodeError:
            continue
    return 0


def _changed(assignment: str, name: str, value: Any) -> list[str]:
    document: Any = tomlkit.parse(assignment)
    document[name] = value
    return [tomlkit.dumps(document)]


def _assignment(name: str, value: Any, end: str) -> list[str]:
    return [tomlkit.dumps({name: value}).rstrip("\n") + end]


def _written(name: str) -> str:
    return name if _BARE.fullmatch(name) else str(tomlkit.item(name).as_string())


def _by_tomlkit(text: str, path: tuple[str, ...], value: Any) -> str | None:
    try:
        document: Any = tomlkit.parse(text)
        _put(document, path, value)
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
        return None  # an arrangement of tables that tomlkit cannot change
