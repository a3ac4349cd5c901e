"""Runtime expressions of Arazzo (Arazzo 1.1.0, "Runtime Expressions"), and the values that they have in a run.

Expressions about a message, such as `$response.body#/id`, are shared with the links of OpenAPI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.runtime_expressions import Expression, parse_expression
from dynacli.text.exact_json import compact_json

_STRICT, _NAME = r"[A-Za-z0-9_-]+", r"[A-Za-z0-9._-]+"
_POINTER = r"(?:#(?P<pointer>(?:/(?:[^~/{}]|~[01])*)*))?"
_OWN = re.compile(
    rf"\$(?:(?P<self>self)|(?P<values>inputs|outputs)\.(?P<name>{_NAME}){_POINTER}"
    rf"|steps\.(?P<step>{_STRICT})\.outputs\.(?P<output>{_NAME}){_POINTER.replace('pointer', 'pointer2')}"
    rf"|workflows\.(?P<workflow>{_STRICT})\.(?P<field>inputs|outputs)\.(?P<value>{_NAME})"
    rf"{_POINTER.replace('pointer', 'pointer3')}"
    rf"|sourceDescriptions\.(?P<source>{_STRICT})\.(?P<reference>[^{{}}]+)"
    rf"|components\.(?P<component>[A-Za-z]+)\.(?P<key>{_NAME}))"
)
_MESSAGE = re.compile(
    r"\$(?:url|method|statusCode|(?:request|response)"
    r"\.(?:header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+|(?:query|path)\.[^{}]*|body(?:#(?:/(?:[^~/{}]|~[01])*)*)?))"
)
_ASYNC = re.compile(r"\$message\.(?:header|query|path|body|payload)\b.*")
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_SELECTOR = frozenset({"context", "selector", "type"})


class RuntimeExpression(NamedTuple):
    """A runtime expression of Arazzo.

    Args:
        text: The expression, as the document spells it.
        kind: `message`, `inputs`, `outputs`, `steps`, `workflows`, `sourceDescriptions`, `components` or `self`.
        names: The names in it, for example of the step and its output.
        steps: The decoded steps of the JSON pointer.
        message: The expression about a request or its response; None for other kinds.
    """

    text: str
    kind: str
    names: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    message: Expression | None = None


class SelectorError(ValueError):
    """A selector is invalid, cannot be applied to a value, or needs another package."""


def parse_reference(text: object) -> RuntimeExpression | None:
    """Return the expression that a text is; None if the text is a constant."""
    if not isinstance(text, str) or not text.startswith("$"):
        return None
    if _MESSAGE.fullmatch(text):
        message = parse_expression(text)
        return RuntimeExpression(text, "message", message=message) if message is not None else None
    if _ASYNC.fullmatch(text):
        return RuntimeExpression(text, "message")
    found = _OWN.fullmatch(text)
    if found is None:
        return None
    pointer = split(found["pointer"] or found["pointer2"] or found["pointer3"] or "")
    if found["self"]:
        return RuntimeExpression(text, "self")
    if found["values"]:
        return RuntimeExpression(text, found["values"], (found["name"],), pointer)
    if found["step"]:
        return RuntimeExpression(text, "steps", (found["step"], found["output"]), pointer)
    if found["workflow"]:
        return RuntimeExpression(
            text, "workflows", (found["workflow"], found["field"], found["value"]), pointer
        )
    if found["source"]:
        return RuntimeExpression(text, "sourceDescriptions", (found["source"], found["reference"]))
    return RuntimeExpression(text, "components", (found["component"], found["key"]))


def split_text(text: str) -> list[str | RuntimeExpression]:
    """Return the constant parts of a text and the expressions in braces between them, in order."""
    pieces: list[str | RuntimeExpression] = []
    for index, piece in enumerate(_EMBEDDED.split(text)):
        # `split` returns constants at even positions and expressions at odd ones.
        reference = parse_reference(piece) if index % 2 else None
        if reference is not None:
            pieces.append(reference)
        elif index % 2:
            pieces.append(f"{{{piece}}}")
        elif piece:
            pieces.append(piece)
    return pieces


def references_in(value: Any) -> Iterable[RuntimeExpression]:
    """Yield all expressions in a value: whole strings, and those in braces."""
    if isinstance(value, str):
        whole = parse_reference(value)
        if whole is not None:
            yield whole
        elif "{$" in value:
            yield from (piece for piece in split_text(value) if isinstance(piece, RuntimeExpression))
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from references_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from references_in(child)


def is_selector(value: Any) -> bool:
    """Return whether a value is a Selector Object (Arazzo 1.1.0, "Selector Object")."""
    return isinstance(value, Mapping) and value.keys() == _SELECTOR and isinstance(value["selector"], str)


def text_of(value: Any) -> str:
    """Return a value as the text that is embedded in a string."""
    if isinstance(value, str):
        return value
    return compact_json(value)


def json_piece(value: Any, before: str) -> str:
    """Return a value as a piece of JSON text: escaped inside quotes, as a JSON value outside.

    Args:
        before: The text before it.
    """
    is_inside = False
    escaped = False
    for character in before:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = is_inside
        elif character == '"':
            is_inside = not is_inside
    return json.dumps(text_of(value), ensure_ascii=False)[1:-1] if is_inside else compact_json(value)
