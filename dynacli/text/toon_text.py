r"""JSON values as TOON (Token-Oriented Object Notation, specification 3.3) with its default options.

| value | TOON |
|---|---|
| objects that have the same keys and no nested values | a header with length and keys, then a row for each |
| other items | a header with the length, then a line `- ...` for each |
| plain values of an array | one line |

Numbers keep their digits, although section 2 of the specification would write `1.0` as `1`.
Strings that begin with `#` or `+` are quoted, because version 4.0 of the specification treats some as comments.

Sections of the specification: https://github.com/toon-format/spec/blob/v3.3.2/SPEC.md
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynacli.text.exact_json import compact_json

MOST_LEVELS: Final = 100
"""Maximum number of levels of a value, because each level adds white space."""
_STEP: Final = "  "
_QUOTED: Final = r',:"\\\[\]{}\x00-\x1f\ud800-\udfff'
"""Characters that need quotes (section 7.2), and lone surrogates, which must be escaped."""
_PLAIN: Final = re.compile(
    r"(?!(?:true|false|null|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\Z)"
    rf"[^-+#\s{_QUOTED}](?:[^{_QUOTED}]*[^\s{_QUOTED}])?"
)
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in range(0x20)},
    **{ord(character): escape for character, escape in _SHORT.items()},
}
_NESTED: Final = (dict, list)


def toon_of(value: Any) -> str:
    """Return a value of `read_json` as a TOON document with a line feed at its end.

    Raises:
        RecursionError: The value has more than `MOST_LEVELS` levels.
    """
    lines: list[str] = []
    if isinstance(value, dict):  # an empty one has no lines (section 8)
        _add_members(lines, value, "", "")
    elif isinstance(value, list):
        _add_array(lines, "", value, _STEP)
    else:
        lines.append(_toon_scalar(value))
    return "\n".join(lines) + "\n"


def _toon_scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else f'"{value.translate(_ESCAPES)}"'
    return compact_json(value)


def _toon_key(key: str) -> str:
    """Return a key or the name of a field (section 7.3)."""
    return key if _PLAIN_KEY.fullmatch(key) else f'"{key.translate(_ESCAPES)}"'


def _toon_row(values: Iterable[Any]) -> str:
    return ",".join(map(_toon_scalar, values))


def _deeper(indent: str) -> str:
    """Return the white space of the next level.

    Raises:
        RecursionError: The level is too deep.
    """
    if len(indent) >= MOST_LEVELS * len(_STEP):
        raise RecursionError
    return indent + _STEP


def _add_members(lines: list[str], members: Mapping[str, Any], indent: str, first: str) -> None:
    """Add the members of an object.

    Args:
        lines: The lines to extend.
        members: The members.
        indent: The white space before all members except the first.
        first: The text before the first member.
    """
    before, below = first, _deeper(indent)
    for key, child in members.items():
        named = before + _toon_key(key)
        before = indent
        if isinstance(child, dict):
            lines.append(f"{named}:")
            _add_members(lines, child, below, below)
        elif isinstance(child, list):
            _add_array(lines, named, child, below)
        else:
            lines.append(f"{named}: {_toon_scalar(child)}")


def _add_array(lines: list[str], named: str, items: list[Any], below: str) -> None:
    """Add an array that is a member of an object, or the whole value.

    Args:
        lines: The lines to extend.
        named: White space and key before the array.
        items: The items.
        below: White space before the items.
    """
    fields = _table_fields(items)
    if not items:
        lines.append(f"{named}: []" if named else "[]")
    elif fields:
        lines.append(f"{named}[{len(items)}]{{{','.join(map(_toon_key, fields))}}}:")
        lines.extend([below + _toon_row([item[field] for field in fields]) for item in items])
    else:
        _add_list(lines, named, items, below)


def _table_fields(items: Sequence[Any]) -> tuple[str, ...]:
    """Return the fields of a table (section 9.3); empty if the items do not form a table."""
    first = items[0] if items else None
    if not isinstance(first, dict):
        return ()
    keys = first.keys()
    for item in items:
        if not isinstance(item, dict) or item.keys() != keys:
            return ()
        if any(isinstance(part, _NESTED) for part in item.values()):
            return ()
    return tuple(keys)


def _add_list(lines: list[str], named: str, items: list[Any], below: str) -> None:
    """Add an array that is not a table (section 9.4)."""
    if not any(isinstance(item, _NESTED) for item in items):
        lines.append(f"{named}[{len(items)}]: {_toon_row(items)}".rstrip())
        return
    lines.append(f"{named}[{len(items)}]:")
    further = _deeper(below)
    for item in items:
        if isinstance(item, dict):
            if item:
                _add_members(lines, item, further, f"{below}- ")
            else:
                lines.append(f"{below}-")
        elif isinstance(item, list):
            _add_list(lines, f"{below}- ", item, further)
        else:
            lines.append(f"{below}- {_toon_scalar(item)}")
