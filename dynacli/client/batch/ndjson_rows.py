"""Rows of NDJSON: a JSON object in each line, with the inputs of a call or with its operation, too."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from dynacli.client.batch.placeholders import NAME
from dynacli.client.batch.row import Row, WrongRow
from dynacli.client.batch.text_lines import LineError, line_text, read_line
from dynacli.errors import UsageError

__all__ = ["ndjson_rows", "row_of", "rows_of"]

_OWN_KEYS = ("operation", "inputs", "as")
_EXAMPLE = '{"operation": "get-pet", "inputs": {"pet-id": 7}}'


def ndjson_rows(file: IO[bytes], operation: str) -> Iterator[Row | WrongRow]:
    """Yield the rows of a file; lines of white space alone are none.

    Args:
        operation: The operation that all rows call; empty where each names its own.

    Raises:
        OSError: The file cannot be read.
    """
    number = line = 0
    while True:
        line += 1
        try:
            raw = read_line(file)
        except LineError as error:
            number += 1
            yield WrongRow(number, line, error)
            continue
        if not raw:
            return
        if not raw.strip():
            continue
        number += 1
        try:
            yield row_of(_value(line_text(raw, line)), operation, number, line)
        except UsageError as error:
            yield WrongRow(number, line, error)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        why = error.msg if isinstance(error, json.JSONDecodeError) else "it is not a JSON value"
        raise UsageError("The line is not JSON", why=f"{why}{place}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is not JSON")


def rows_of(values: Iterable[Any], operation: str) -> Iterator[Row | WrongRow]:
    """Yield the rows that values mean, as those of a file do."""
    for number, value in enumerate(values, 1):
        try:
            yield row_of(value, operation, number)
        except UsageError as error:
            yield WrongRow(number, 0, error)


def row_of(value: Any, operation: str, number: int, line: int = 0) -> Row:
    """Return the row that an object of JSON means.

    Raises:
        UsageError: It means none.
    """
    if not isinstance(value, Mapping):
        raise UsageError("The row is no JSON object", hint='Its members are inputs: `{"limit": 3}`')
    if operation:
        return Row(number, line, operation, value)
    own, inputs, name = value.get("operation"), value.get("inputs", {}), value.get("as", "")
    unknown = [key for key in value if key not in _OWN_KEYS]
    if not isinstance(own, str) or not own:
        raise UsageError(
            "The row names no operation",
            hint=f"Name one for all rows before the file, or in each row: `{_EXAMPLE}`",
        )
    if unknown:
        raise UsageError(
            f"`{str(unknown[0])[:60]}` is no member of a row that names its operation",
            why="There are `operation`, `inputs` and `as`",
            hint=f"Inputs stand in `inputs`: `{_EXAMPLE}`",
        )
    if not isinstance(inputs, Mapping):
        raise UsageError("`inputs` of the row is no JSON object", hint=f"For example: `{_EXAMPLE}`")
    if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
        raise UsageError(
            "`as` of the row is no name",
            hint="A name has letters, digits and `_`, and begins with no digit",
        )
    return Row(number, line, own, inputs, name, may_refer=True)
