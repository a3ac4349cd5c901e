"""The text of `config.toml`, which people write by hand, and the changes that commands such as `api add` make to it.

A change touches the lines of its entry and no others. Pure: text in, text out.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from dynacli.registry.configuration._configuration_values import MANY_LINES, says, with_values

__all__ = ["edited", "with_table"]

_UNCHANGEABLE = "The APIs are written in a way that only a person can change safely"


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
    if entry is not None:
        try:
            return with_values(text, list(_values_in(entry, ("apis", name))))[0]
        except ValueError as error:
            raise ValueError(_UNCHANGEABLE) from error
    if new_name:
        apis[new_name] = apis.pop(name)
    else:
        apis.pop(name, None)
    # tomlkit takes the comment above a table for the end of the table before, and moves or drops it with that table;
    # line by line, the comment stays where it is. Each result is compared with what it should say.
    for edit in (_by_lines, _by_tomlkit):
        result = edit(text, name, new_name)
        if result is not None and says(result, wanted):
            return result
    raise ValueError(_UNCHANGEABLE)


def _values_in(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the value of each key of a table, and of those of the tables in it."""
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
        ValueError: The text is not TOML, or has something else where the list belongs.
    """
    wanted = tomllib.loads(text)
    known = wanted["apis"][name].setdefault(key, [])
    if not isinstance(known, list):
        raise ValueError(f"What stands under `{key}` of `{name}` is no list")  # noqa: TRY004 - as above
    known.append(table)
    end = "" if not text or text.endswith("\n") else "\n"
    result = f"{text}{end}\n[[apis.{name}.{key}]]\n{tomlkit.dumps(table)}"
    if not says(result, wanted):
        # The list, or one of the tables around it, is written on one line, `{...}`.
        document: Any = tomlkit.parse(text)
        item = tomlkit.inline_table()
        item.update(table)
        document["apis"][name].setdefault(key, tomlkit.array()).append(item)
        result = tomlkit.dumps(document)
    if not says(result, wanted):
        raise ValueError(_UNCHANGEABLE)
    return result


_HEADER = re.compile(r"\s*\[")


def _by_lines(text: str, name: str, new_name: str) -> str:
    """Rename a table by its lines, or remove it where it gets no new name."""
    quoted = "|".join(re.escape(form) for form in (name, f'"{name}"', f"'{name}'"))
    own = re.compile(rf"(\s*\[{{1,2}}\s*apis\s*\.\s*)({quoted})(\s*[\].].*)", re.DOTALL)
    kept: list[str] = []
    removed: list[str] = []
    is_inside = is_in_string = False
    for line in text.splitlines(keepends=True):
        header = None if is_in_string else own.fullmatch(line)
        # A text of several lines may have a line that looks like the header of a table.
        is_in_string ^= (line.count(MANY_LINES[0]) + line.count(MANY_LINES[1])) % 2 == 1
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


def _by_tomlkit(text: str, name: str, new_name: str) -> str | None:
    try:
        document: Any = tomlkit.parse(text)
        apis = document["apis"]
        table = apis.pop(name)
        if new_name:
            apis[new_name] = table
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, ValueError, AttributeError):
        return None  # an arrangement of tables that tomlkit cannot change
