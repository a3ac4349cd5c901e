"""Values that an input does not take, and the nearest ones that it takes."""

import json
import os
from collections.abc import Iterable
from difflib import get_close_matches

from dynacli.commands.corrections.call_line import CallLine, Piece
from dynacli.commands.read_options import option_value
from dynacli.errors import UsageError
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import ValueType
from dynacli.output.output_form import FORMATS
from dynacli.record import replace
from dynacli.request.convert_words import convert_all, is_given_as_text
from dynacli.schema.example_call import option_text

__all__ = ["fitting_value", "nearest", "with_fitting_values"]

_TRUE = frozenset({"1", "on", "t", "y", "yes"})
_FALSE = frozenset({"0", "f", "n", "no", "off"})


def with_fitting_values(line: CallLine) -> CallLine:
    """Return the line with each value that does not fit replaced by the nearest one that does, or a placeholder."""
    media_type = line.command.described.media_type
    is_parted = media_type is not None and is_multipart(media_type.name)
    pieces = [
        _fitting(piece, is_parted=is_parted) if piece.is_input else _fitting_standard(piece)
        for piece in line.pieces
    ]
    return line.with_before(map(_fitting_standard, line.before)).with_pieces(pieces)


def _fitting(piece: Piece, *, is_parted: bool) -> Piece:
    """Return an input with a value that it takes, or a placeholder.

    Args:
        is_parted: Whether the body has parts, which may be files.
    """
    value, parameter = piece.value, piece.parameter
    if value is None or piece.is_placeholder or value.startswith("@"):
        return piece
    if parameter is not None and piece.field is None and is_given_as_text(parameter, [value]):
        return piece
    kind = piece.value_type.items or piece.value_type
    if piece.field is not None and kind.format == "binary" and is_parted and os.path.isfile(value):
        return replace(piece, value=f"@{value}")
    is_empty = not value and piece.key[0] == "path"
    return _with_value(piece, None if is_empty else fitting_value(value, piece.value_type))


def _with_value(piece: Piece, value: str | None) -> Piece:
    return piece.unfilled() if value is None else replace(piece, value=value)


def _fitting_standard(piece: Piece) -> Piece:
    """Return a standard option with a value that it takes."""
    option, value = piece.standard, piece.value
    if option is None or value is None or piece.is_placeholder:
        return piece
    if not option.takes_value:
        return replace(piece, value=None)
    if option.choices:
        return piece if value in option.choices else _with_value(piece, nearest(value, option.choices))
    if option.name == "body":
        return piece if value[:1] in {"@", "-"} or _is_json(value) else piece.unfilled()
    if option.name == "set":
        name, equals, text = value.partition("=")
        if not equals or not name:
            return replace(piece, value=f"{name or 'PATH'}=JSON", is_placeholder=True)
        return (
            piece
            if _is_json(text)
            else replace(piece, value=f"{name}={json.dumps(text, ensure_ascii=False)}")
        )
    try:
        option_value(option, value)
    except UsageError:
        return _with_value(piece, nearest(value, FORMATS) if option.name == "output" else None)
    return piece


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def fitting_value(text: str, value: ValueType) -> str | None:
    """Return a text if a type takes it, else the value of the type that it was meant for; None if nothing is near."""
    try:
        convert_all([text], value, "it")
    except UsageError:
        items = value.items or value
        if items.enum:
            return nearest(text, map(option_text, items.enum))
        plain = text.strip().lower() if items.type == "boolean" else ""
        return "true" if plain in _TRUE else "false" if plain in _FALSE else None
    return text


def nearest(text: str, words: Iterable[str]) -> str | None:
    """Return the word that is nearest to a text; None where none is near."""
    listed = list(words)
    same = [word for word in listed if word.lower() == text.lower()]
    starting = [word for word in listed if len(text) > 2 and word.lower().startswith(text.lower())]
    near = same or get_close_matches(text.lower(), [word.lower() for word in listed], 1, 0.6) or starting[:1]
    return next((word for word in listed if near and word.lower() == near[0].lower()), None)
