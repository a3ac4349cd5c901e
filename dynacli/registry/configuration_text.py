"""The text of `config.toml`, which people write by hand, and the changes that commands such as `api add` make to it.

A change touches the lines of its entry or of its single value and no others. Pure: text in, text out.
"""

import re
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

_MANY_LINES = ('"""', "'''")
"""Delimiters of strings of several lines."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNCHANGEABLE_VALUE = "Its syntax is too unusual to change it safely; edit the file"
_UNCHANGEABLE_TABLES = "The syntax of the APIs is too unusual to change it safely; edit the file"
_HEADER = re.compile(r"\s*\[")
_SECONDS = 1.0
"""Time limit of the search for a line. A value of thousands of lines would take minutes, and may be hostile."""


def with_values(text: str, values: Sequence[tuple[tuple[str, ...], Any]]) -> tuple[str, dict[str, Any]]:
    """Return the configuration with values set, or removed if they are None, and what it says then.

    Args:
        values: (path of the key, value).

    Raises:
        ValueError: The text is not TOML, or has something else than a table if a key belongs.
    """
    for path, value in values:
        wanted = tomllib.loads(text)
        _put(wanted, path, value)
        results = (edit(text, path, value) for edit in (_value_by_lines, _value_by_tomlkit))
        found = next((result for result in results if result is not None and _says(result, wanted)), None)
        if found is None:
            raise ValueError(_UNCHANGEABLE_VALUE)
        text = found
    return text, tomllib.loads(text)


def _put(tables: Any, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        if value is None and name not in tables:
            return
        tables = tables.setdefault(name, {})
        if not isinstance(tables, dict):
            raise ValueError(f"`{name}` is not a table")  # noqa: TRY004  - it is the text that is wrong
    if value is None:
        tables.pop(path[-1], None)
    else:
        tables[path[-1]] = value


def _says(text: str, wanted: dict[str, Any]) -> bool:
    """Return whether a text is TOML with the wanted values; empty tables do not count."""
    try:
        return bool(_without_empty(tomllib.loads(text)) == _without_empty(wanted))
    except tomllib.TOMLDecodeError:
        return False


def _without_empty(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    return {key: _without_empty(value) for key, value in table.items() if value != {}}


def _value_by_lines(text: str, path: tuple[str, ...], value: Any) -> str | None:
    """Set a value by the lines of its table, which is made if it has none; None if that cannot be."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    section = _lines_of_table(lines, path[:-1])
    if section is None:
        if value is None:
            return text
        header = f"[{'.'.join(_toml_key(name) for name in path[:-1])}]{end}"
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


def _lines_of_table(lines: list[str], path: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the lines between the header of a table and the next one; None if the table has no header."""
    first = 0 if not path else None
    is_in_string = False
    for index, line in enumerate(lines):
        is_header = not is_in_string and line.lstrip().startswith("[")
        is_in_string ^= (line.count(_MANY_LINES[0]) + line.count(_MANY_LINES[1])) % 2 == 1
        name = _name_in(line) if is_header else None
        if name is None:
            continue
        if first is not None:
            return first, index
        if name == path:
            first = index + 1
    return None if first is None else (first, len(lines))


def _name_in(line: str) -> tuple[str, ...] | None:
    """Return the path of the table that a header line begins; empty for a list of tables, None for other lines."""
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
    """Return the line after the assignment of a key that begins in a line; 0 if none begins there."""
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


def _toml_key(name: str) -> str:
    return name if _BARE.fullmatch(name) else str(tomlkit.item(name).as_string())


def _value_by_tomlkit(text: str, path: tuple[str, ...], value: Any) -> str | None:
    try:
        document: Any = tomlkit.parse(text)
        _put(document, path, value)
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
        return None  # an arrangement of tables that tomlkit cannot change


def edited(text: str, name: str, entry: dict[str, Any] | None, new_name: str = "") -> str:
    """Return the configuration with the entry of one API written, removed (None) or renamed.

    Args:
        text: The file as it is.
        name: The API.
        entry: The keys to set, or to remove if the value is None; other keys of that API stay, and in
            a table such as `profiles` the other keys of that.
        new_name: The new name of the API, if it is renamed.

    Raises:
        ValueError: The text is not TOML, or has something else if the APIs belong.
    """
    wanted = tomllib.loads(text)
    apis = wanted.setdefault("apis", {})
    if not isinstance(apis, dict) or not isinstance(apis.get(name, {}), dict):
        raise ValueError("`apis` must hold a table for each API")  # noqa: TRY004 - it is the text that is wrong
    if entry is not None:
        try:
            return with_values(text, list(_values_in(entry, ("apis", name))))[0]
        except ValueError as error:
            raise ValueError(_UNCHANGEABLE_TABLES) from error
    if new_name:
        apis[new_name] = apis.pop(name)
    else:
        apis.pop(name, None)
    # tomlkit takes the comment above a table for the end of the table before, and moves or drops it with that table;
    # line by line, the comment stays where it is. Each result is compared with what it should say.
    for edit in (_table_by_lines, _table_by_tomlkit):
        result = edit(text, name, new_name)
        if result is not None and _says(result, wanted):
            return result
    raise ValueError(_UNCHANGEABLE_TABLES)


def _values_in(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the value of each key of a table and of the tables in it."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _values_in(value, (*path, key))
        else:
            yield (*path, key), value


def with_table(text: str, name: str, key: str, table: dict[str, str]) -> str:
    """Return the configuration with a table added to a list in the entry of one API: `[[apis.NAME.KEY]]`.

    Args:
        text: The file as it is.
        name: The API, which has an entry.
        key: The key of the list in that entry.
        table: The keys of the new table.

    Raises:
        ValueError: The text is not TOML, or has something else if the list belongs.
    """
    wanted = tomllib.loads(text)
    known = wanted["apis"][name].setdefault(key, [])
    if not isinstance(known, list):
        raise ValueError(f"`{key}` of `{name}` must be a list")  # noqa: TRY004 - as above
    known.append(table)
    end = "" if not text or text.endswith("\n") else "\n"
    result = f"{text}{end}\n[[apis.{name}.{key}]]\n{tomlkit.dumps(table)}"
    if not _says(result, wanted):
        # The list, or one of the tables around it, is written on one line, `{...}`.
        document: Any = tomlkit.parse(text)
        item = tomlkit.inline_table()
        item.update(table)
        document["apis"][name].setdefault(key, tomlkit.array()).append(item)
        result = tomlkit.dumps(document)
    if not _says(result, wanted):
        raise ValueError(_UNCHANGEABLE_TABLES)
    return result


def _table_by_lines(text: str, name: str, new_name: str) -> str:
    """Rename a table by its lines, or remove it if it gets no new name."""
    quoted = "|".join(re.escape(form) for form in (name, f'"{name}"', f"'{name}'"))
    own = re.compile(rf"(\s*\[{{1,2}}\s*apis\s*\.\s*)({quoted})(\s*[\].].*)", re.DOTALL)
    kept: list[str] = []
    removed: list[str] = []
    is_inside = is_in_string = False
    for line in text.splitlines(keepends=True):
        header = None if is_in_string else own.fullmatch(line)
        # A text of several lines may have a line that looks like the header of a table.
        is_in_string ^= (line.count(_MANY_LINES[0]) + line.count(_MANY_LINES[1])) % 2 == 1
        if header and new_name:
            kept.append(f"{header[1]}{new_name}{header[3]}")
            continue
        if header or (is_inside and not is_in_string and _HEADER.match(line)):
            # Comments between the last value and the next table belong to the next table.
            kept.extend(_tail(removed))
            removed = []
            is_inside = header is not None
        (removed if is_inside else kept).append(line)
    kept.extend(_tail(removed))
    return "".join(kept)


def _tail(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return lines[end:]


def _table_by_tomlkit(text: str, name: str, new_name: str) -> str | None:
    try:
        document: Any = tomlkit.parse(text)
        apis = document["apis"]
        table = apis.pop(name)
        if new_name:
            apis[new_name] = table
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
        return None  # an arrangement of tables that tomlkit cannot change


class _TooLongError(Exception):
    """To find the line would take too long."""


def nearest_line(text: str, path: Sequence[str]) -> int | None:
    """Return the line of a key, else of the innermost table around it that the text has."""
    lines = (line_of(text, path[:end]) for end in range(len(path), 0, -1))
    return next(filter(None, lines), None)


def line_of(text: str, path: Sequence[str], word: str = "") -> int | None:
    """Return the line of a key, from 1.

    It is None if the key is not there, the text is not TOML, or to find it would take too long.

    However the file is written (tables, dotted keys, inline tables), a key is there from the first beginning of the
    file on that has it, and a beginning can be read unless it ends within a value.

    Args:
        text: That of the file.
        path: The key, from the top of the file.
        word: A text in its value, whose line is wanted if the value has several.
    """
    try:
        return _line_of(text.splitlines(keepends=True), path, word)
    except _TooLongError:
        return None


def _line_of(lines: list[str], path: Sequence[str], word: str) -> int | None:
    end_of_search = time.monotonic() + _SECONDS

    def read(count: int) -> dict[str, Any] | None:
        if time.monotonic() > end_of_search:
            raise _TooLongError
        try:
            return tomllib.loads("".join(lines[:count]))
        except (ValueError, RecursionError):
            return None

    if not _has(read(len(lines)), path):
        return None
    low, end = 0, len(lines)
    high = end
    while low < high:
        middle = (low + high) // 2
        count, tables = next(
            (count, tables) for count in range(middle, end + 1) if (tables := read(count)) is not None
        )
        if _has(tables, path):
            end, high = min(end, count), middle
        else:
            low = count + 1
    begin = next(count for count in range(end - 1, -1, -1) if read(count) is not None)
    return next((number + 1 for number in range(begin, end) if word and word in lines[number]), begin + 1)


def _has(tables: Any, path: Sequence[str]) -> bool:
    for part in path:
        if not isinstance(tables, dict) or part not in tables:
            return False
        tables = tables[part]
    return True
