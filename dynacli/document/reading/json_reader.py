"""The reader of JSON, which says where and why a text is not JSON."""

import json
from typing import Any, NoReturn

from dynacli.document.reading.duplicate_keys import KeyWarning, json_duplicates
from dynacli.document.reading.plain_json import check_limits, to_plain, too_deep, too_many_nodes
from dynacli.document.reading.source_text import fail_at, offset_of
from dynacli.text.json_budget import TooManyValuesError, check_values

__all__ = ["read_json"]


def read_json(content: bytes, name: str) -> tuple[Any, tuple[KeyWarning, ...]]:
    """Return the value of a JSON text (RFC 8259) in UTF-8, and warnings.

    Of a key that is given twice the last counts, with a warning.

    Raises:
        DocumentError: The text is not JSON, or over a limit.
    """
    from dynacli.import_orjson import orjson

    try:
        check_values(content)
    except TooManyValuesError:
        raise too_many_nodes(name) from None
    try:
        tree = orjson.loads(content)
    except orjson.JSONDecodeError as refusal:
        tree = _read_leniently(content, name, refusal)
    keys = check_limits(tree, name)
    return tree, json_duplicates(content, keys)


def _read_leniently(content: bytes, name: str, refusal: json.JSONDecodeError) -> Any:
    """Parse with the standard library, which accepts JSON that orjson refuses; otherwise explain the mistake."""
    text = content.decode()
    try:
        tree = json.loads(text, parse_int=_to_number, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise too_deep(name) from error
    except ValueError:  # a mistake, or a constant such as `NaN`, which is no JSON
        _explain(text, offset_of(text, refusal.lineno, refusal.colno), name)
    return to_plain(tree, name)


def _to_number(word: str) -> int | float:
    # Python refuses to convert integers of thousands of digits, because that takes quadratic time.
    return int(word) if len(word) < 400 else float(word)


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _explain(text: str, position: int, name: str) -> NoReturn:
    rest = text[position:].lstrip(" \t\r\n")
    before = text[:position].rstrip(" \t\r\n")
    # orjson and the standard library differ in whether they point at the comma or behind it.
    after_comma = rest[1:].lstrip() if rest.startswith(",") else rest
    has_comma = rest.startswith(",") or before.endswith(",")
    if not rest:
        fail_at(text, len(before), name, "The text ends before the JSON does; it may be cut off")
    if has_comma and after_comma.startswith(("}", "]")):
        fail_at(text, position, name, f"JSON has no comma before `{after_comma[0]}`", hint="Remove the comma")
    for start, why in _FOREIGN:
        if rest.startswith(start):
            fail_at(text, position, name, why)
    if rest[0] < " " or text[position] < " ":
        fail_at(text, position, name, "A control character in a string must be escaped, as `\\n` or `\\t`")
    if before.endswith(("}", "]")) and _is_complete(before):
        fail_at(text, position, name, "The JSON has ended before this")
    fail_at(text, position, name, "This is not JSON")


_FOREIGN = (
    ("//", "JSON has no comments"),
    ("/*", "JSON has no comments"),
    ("#", "JSON has no comments"),
    ("'", "JSON strings have double quotes"),
    ("NaN", "`NaN` is not a JSON number"),
    ("Infinity", "`Infinity` is not a JSON number"),
    ("-Infinity", "`-Infinity` is not a JSON number"),
    ("True", "JSON has `true`, in lower case"),
    ("False", "JSON has `false`, in lower case"),
    ("None", "JSON has `null`"),
    ("undefined", "`undefined` is not a JSON value"),
)


def _is_complete(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
