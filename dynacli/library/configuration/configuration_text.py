"""The text of `config.toml`, which people write by hand, and the changes that commands such as `api add` make to it.

A change touches the lines of its entry and no others. Pure: text in, text out.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

__all__ = ["edited", "with_table"]


def edited(text: str, name: str, entry: dict[str, Any] | None, new_name: str = "") -> str:
    """Return the configuration with the entry of one API written, removed (None) or renamed.

    Args:
        text: The file as it is.
        name: The API.
        entry: The keys to set, or to remove where the value is None; other keys of that API stay, and in
            a table such as `profiles` the other keys of that.
        new_name: The new name of the API, if it is renamed.

    Raises:
        ValueError: The text is not TOML, or has something else where the APIs belong.
    """
    wanted = tomllib.loads(text)
    apis = wanted.setdefault("apis", {})
    if not isinstance(apis, dict) or not isinstance(apis.get(name, {}), dict):
        raise ValueError("What stands under `apis` are not the tables of APIs")  # noqa: TRY004 - it is the text that is wrong
    if new_name:
        apis[new_name] = apis.pop(name)
    elif entry is None:
        apis.pop(name, None)
    else:
        _lay_over(apis.setdefault(name, {}), entry, dict)
    # tomlkit takes the comment above a table for the end of the table before, and moves or drops it with that table;
    # line by line, the comment stays where it is. Each result is compared with what it should say.
    for edit in (_by_lines, _by_tomlkit):
        result = edit(text, name, entry, new_name)
        if result is not None and _says(result, wanted):
            return result
    raise ValueError("The APIs are written in a way that only a person can change safely")


def _lay_over(table: Any, changes: Mapping[str, Any], new_table: Callable[[], Any]) -> None:
    """Set the keys of a table, and those of the tables in it."""
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(table.get(key), dict):
                table[key] = new_table()
            _lay_over(table[key], value, new_table)
        else:
            table[key] = value


def with_table(text: str, name: str, key: str, table: dict[str, str]) -> str:
    """Return the configuration with a table added to a list in the entry of one API: `[[apis.NAME.KEY]]`.

    Args:
        text: The file as it is.
        name: The API, which has an entry.
        key: The key of the list in that entry.
        table: The keys of the new table.

    Raises:
        ValueError: The text is not TOML, or has something else where the list belongs.
    """
    wanted = tomllib.loads(text)
    known = wanted["apis"][name].setdefault(key, [])
    if not isinstance(known, list):
        raise ValueError(f"What stands under `{key}` of `{name}` is no list")  # noqa: TRY004 - as above
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
        raise ValueError("The APIs are written in a way that only a person can change safely")
    return result


def _says(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return _without_empty(tomllib.loads(text)) == _without_empty(wanted)
    except tomllib.TOMLDecodeError:
        return False


def _without_empty(configuration: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in configuration.items() if key != "apis" or value}


_MANY_LINES = ('"""', "'''")
_HEADER = re.compile(r"\s*\[")


def _by_lines(text: str, name: str, entry: dict[str, Any] | None, new_name: str) -> str | None:
    """Rename or remove a table by its lines; None where keys are to be written instead."""
    if entry is not None:
        return None
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


def _by_tomlkit(text: str, name: str, entry: dict[str, Any] | None, new_name: str) -> str | None:
    try:
        document = tomlkit.parse(text)
        apis: Any = document.setdefault("apis", tomlkit.table(is_super_table=True))
        if new_name:
            apis[new_name] = apis.pop(name)
        elif entry is None:
            apis.pop(name, None)
        else:
            _lay_over(apis.setdefault(name, tomlkit.table()), entry, tomlkit.table)
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
        return None  # an arrangement of tables that tomlkit cannot change
