"""The errors of an evaluation, and shortened values for reports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Self

_SHOWN = 80
_MAX_BITS = 10_000


class SchemaError:
    """An error of a keyword.

    Args:
        validator: The keyword; empty for the schema `false`.
        validator_value: The value of the keyword, as written in the document.
        instance: The invalid value.
        schema: The schema that has the keyword.
        path: The steps from the evaluated value to the invalid value.
        schema_path: The steps from the schema to the keyword, with `$ref` for each reference.
        message: A special message; empty for most errors, whose sentences come from the other fields.
        names: The properties, items or branches that the error is about.
        is_minor: Whether a value with this error still fits its schema, as the schema's author means it.
        is_example: Whether the document has the value as an example for this location.
        tags: (property, branches, index) of the discriminators that chose a branch on the way.
        context: For `oneOf` and `anyOf` the errors of the branches; their paths start at this error's value and
            keyword.
        order: The position of the keyword in the document, by which errors are sorted.

    Attributes:
        parent: The error that has this error in its context; None if there is no such error.
    """

    def __init__(
        self,
        validator: str,
        validator_value: Any = None,
        instance: Any = None,
        *,
        schema: Any = None,
        path: Sequence[str | int] = (),
        schema_path: Sequence[str | int] = (),
        message: str = "",
        names: tuple[str, ...] = (),
        is_minor: bool = False,
        tags: tuple[tuple[str, list[Any], int], ...] = (),
        context: Sequence[SchemaError] = (),
        order: tuple[int, ...] = (),
    ) -> None:
        self.validator, self.validator_value = validator, validator_value
        self.instance, self.schema = instance, schema
        self.path, self.schema_path = list(path), list(schema_path)
        self.message, self.names, self.tags, self.order = message, names, tags, order
        self.is_minor, self.is_example = is_minor, False
        self.context = list(context)
        self.parent: SchemaError | None = None
        for error in self.context:
            error.parent = self

    @property
    def is_of_item(self) -> bool:
        """Whether the invalid value is in an item of a list."""
        return any(isinstance(step, int) for step in self.path)

    @property
    def absolute_path(self) -> list[str | int]:
        """The steps from the evaluated value to the invalid value."""
        return [*(self.parent.absolute_path if self.parent else ()), *self.path]

    @property
    def absolute_schema_path(self) -> list[str | int]:
        """The steps from the evaluated schema to the keyword."""
        return [*(self.parent.absolute_schema_path if self.parent else ()), *self.schema_path]

    def all_within(self) -> Iterator[SchemaError]:
        """Yield the error and all errors of its branches, at any depth."""
        yield self
        for error in self.context:
            yield from error.all_within()


class BinaryText(str):
    """A string that represents bytes in JSON Schema: its length is the number of bytes, and its text is unknown.

    OpenAPI 3.1.1, "Working With Binary Data": `maxLength` may limit the number of bytes.

    Args:
        size: The number of bytes; None if it is unknown.
    """

    __slots__ = ("size",)
    size: int | None

    def __new__(cls, size: int | None) -> Self:
        """Return the string."""
        made = super().__new__(cls)
        made.size = size
        return made

    def __len__(self) -> int:
        return 1 if self.size is None else self.size

    def __repr__(self) -> str:
        return "'...'" if self.size is None else f"'... ({self.size} bytes)'"

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


def shortened_value(value: Any) -> Any:
    """Return a JSON value for a report: a small value unchanged, and a large value as a shortened text."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # `1e400`, which is infinite in Python, so JSON output has no number for it
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        # Python refuses to print integers of over 4,300 digits.
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BinaryText):
        return "bytes" if value.size is None else f"{value.size} bytes"
    if isinstance(value, str):
        return _writable(value) if len(value) <= _SHOWN else _writable(value[:_SHOWN]) + "..."
    if isinstance(value, Mapping | list):
        # Encode piece by piece, because only the beginning of a large or deep value is needed.
        pieces, length = [], 0
        for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > _SHOWN:
                return _writable("".join(pieces)[:_SHOWN]) + "..."
        text = "".join(pieces).encode("utf-8", "replace").decode()
        return json.loads(text, parse_constant=str)
    return str(value)[:_SHOWN]


def _writable(text: str) -> str:
    """Escape the lone surrogates of a text: JSON may contain them, but they cannot be encoded."""
    return text.encode("utf-8", "backslashreplace").decode()
