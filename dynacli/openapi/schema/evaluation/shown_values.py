"""JSON values, and what stands for bytes among them, as reports show them."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, Self

__all__ = ["BinaryText", "shortened"]

_SHOWN = 80
_MAX_BITS = 10_000


class BinaryText(str):
    """A string that stands for bytes in JSON Schema: its length is their number, and its text is unknown.

    OpenAPI 3.1.1, "Working With Binary Data": `maxLength` may limit the number of bytes.

    Args:
        size: The number of bytes; None where it is unknown.
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


def shortened(value: Any) -> Any:
    """Return a JSON value as a report shows it: a small value as it is, a large one as a text that is cut."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # `1e400`, which a report could not hold as a number
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        # Python refuses to write integers of over 4,300 digits.
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BinaryText):
        return "bytes" if value.size is None else f"{value.size} bytes"
    if isinstance(value, str):
        return _writable(value) if len(value) <= _SHOWN else _writable(value[:_SHOWN]) + "..."
    if isinstance(value, Mapping | list):
        # Piece by piece, because only the beginning of a large or deep value is shown.
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
    """Return a text with its lone surrogates escaped: JSON may hold them, but no encoding can write them."""
    return text.encode("utf-8", "backslashreplace").decode()
