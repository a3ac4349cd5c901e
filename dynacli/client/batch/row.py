r"""The rows of a batch: each a call to make, or what is wrong with it; its result, and references to earlier responses.

A placeholder is `{{NAME.PATH}}` in the inputs of a row: a part of the response that an earlier row of that name had.

PATH is a dotted path (`items.0.id`) or, if it is none, an expression of JMESPath over the response. A text that is
nothing but one placeholder becomes the part itself, with its type; in a longer text the part is written as text.
A backslash before it (`\{{`) makes it plain text.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.errors import DynacliError, FormatError, UsageError
from dynacli.record import record

__all__ = ["NAME", "Placeholder", "Row", "WrongRow", "filled", "placeholders_in", "row_place"]


@record
class Row:
    """A row that was read.

    Args:
        number: Its number, counted from 1; it is that of the file, even if only some rows are called.
        line: The line of the file that it begins in; 0 if it is from no file.
        operation: The operation that it calls, as it is named there.
        inputs: Input → value.
        name: The name by which later rows may use its response; empty for none.
        are_words: Whether the values are texts that are read as words of the command line are.
        may_refer: Whether `{{NAME.PATH}}` in a text stands for a part of an earlier response.
    """

    number: int
    line: int
    operation: str
    inputs: Mapping[str, Any]
    name: str = ""
    are_words: bool = False
    may_refer: bool = False


@record
class WrongRow:
    """A row that cannot be called.

    Args:
        number: As in `Row`.
        line: As in `Row`.
        error: What is wrong with it.
    """

    number: int
    line: int
    error: DynacliError


def row_place(row: Row | WrongRow) -> str:
    """Return what messages call a row: its number, and its line, which differs from it where there is a header."""
    return f"row {row.number}" + (f" (line {row.line})" if row.line not in {0, row.number} else "")


@record
class RowResult:
    """What came of a row.

    Args:
        row: Its number in the file, counted from 1.
        status: That of the response; None if none came.
        exit_code: That of the call, if it had been made alone.
        data: The value of the response: of JSON its value, of JSON lines a list, of other text the text; None if
            there is none. Of a response that is not text it is an object whose only member is `base64`.
        findings: What does not match the document, in the request and the response, as in the validation report.
        error: Why no response came, as `--error-format json` has it; None if one came.
    """

    row: int
    status: int | None
    exit_code: int
    data: Any = None
    findings: tuple[Any, ...] = ()
    error: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the line of the result."""
        line = {
            "row": self.row,
            "status": self.status,
            "exit_code": self.exit_code,
            "data": self.data,
            "findings": list(self.findings),
        }
        return line if self.error is None else {**line, "error": dict(self.error)}


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"(\\?)\{\{\s*(.+?)\s*\}\}(?!\})", re.DOTALL)
_PATH = re.compile(r"(?:\.[\w-]+|\[\d+\])*")
_STEP = re.compile(r"[\w-]+")
_HINT = r"Write `{{NAME.PATH}}` with the name of an earlier row, or `\{{` for plain text"


@record
class Placeholder:
    """A part of a response that stands in the inputs of a row.

    Args:
        name: That of the row whose response it is.
        path: What follows the name.
    """

    name: str
    path: str

    def __str__(self) -> str:
        """Return the placeholder as messages show it."""
        return f"`{{{{{self.name}{self.path[:60]}}}}}`"

    def find(self, response: Any) -> Any:
        """Return the part of a response.

        Raises:
            UsageError: The response has no such part.
        """
        if _PATH.fullmatch(self.path):
            for step in _STEP.findall(self.path):
                response = self._child(response, step)
            return response
        from dynacli.text.filter_value import filtered

        try:
            found = filtered({self.name: response}, f"{self.name}{self.path}")
        except FormatError as error:
            raise UsageError(f"{self} fails on the response", reason=error.reason) from None
        if found is None:
            raise self._missing("the expression finds nothing in it")
        return found

    def _child(self, response: Any, step: str) -> Any:
        if isinstance(response, Mapping) and step in response:
            return response[step]
        if isinstance(response, list) and step.isdecimal() and int(step[:9]) < len(response):
            return response[int(step[:9])]
        keys = ", ".join(f"`{key}`" for key in [*response][:8]) if isinstance(response, Mapping) else ""
        raise self._missing(f"there is no `{step[:60]}`" + (f" beside {keys}" if keys else " in it"))

    def _missing(self, reason: str) -> UsageError:
        return UsageError(f"The response has nothing for {self}", reason=reason)


def _parsed(text: str) -> Placeholder:
    """Return the placeholder that the text between the braces means.

    Raises:
        UsageError: It means none.
    """
    name = NAME.match(text)
    if name is None:
        raise UsageError(f"`{{{{{text[:60]}}}}}` is not a placeholder", hint=_HINT)
    found = Placeholder(name[0], text[name.end() :].rstrip())
    if _PATH.fullmatch(found.path):
        return found
    from dynacli.text.filter_value import check_filter

    try:
        check_filter(text)
    except UsageError as error:
        raise UsageError(f"{found} is neither a path nor JMESPath", reason=error.reason, hint=_HINT) from None
    return found


def placeholders_in(value: Any) -> Iterator[Placeholder]:
    """Yield the placeholders in a JSON value.

    Raises:
        UsageError: One of them cannot be read.
    """
    if isinstance(value, str):
        for slash, text in _PLACEHOLDER.findall(value) if "{{" in value else ():
            if not slash:
                yield _parsed(text)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from placeholders_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from placeholders_in(item)


def filled(value: Any, response_of: Callable[[str], Any]) -> Any:
    """Return a JSON value with the parts of responses instead of its placeholders.

    Args:
        response_of: Returns the response of the row of a name.

    Raises:
        UsageError: A response has no such part.
    """
    if isinstance(value, str):
        if "{{" not in value:
            return value
        whole = _PLACEHOLDER.fullmatch(value)
        if whole is not None and not whole[1] and len(_PLACEHOLDER.findall(value)) == 1:
            return _part(whole[2], response_of)
        return _PLACEHOLDER.sub(lambda found: _text(found, response_of), value)
    if isinstance(value, Mapping):
        return {key: filled(item, response_of) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, response_of) for item in value]
    return value


def _part(text: str, response_of: Callable[[str], Any]) -> Any:
    placeholder = _parsed(text)
    return placeholder.find(response_of(placeholder.name))


def _text(found: re.Match[str], response_of: Callable[[str], Any]) -> str:
    if found[1]:
        return found[0][1:]
    part = _part(found[2], response_of)
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False, separators=(",", ":"))
