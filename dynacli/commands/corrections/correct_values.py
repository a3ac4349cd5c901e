"""Values that an input does not take, and the nearest ones that it takes."""

import json
import os
import re
from difflib import get_close_matches
from typing import Any

from dynacli.commands.corrections.call_line import CallLine, Piece
from dynacli.errors import UsageError
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import ValueType
from dynacli.output.output_form import FORMATS
from dynacli.record import replace
from dynacli.request.convert_words import convert, convert_all, is_given_as_text
from dynacli.schema.example_call import option_text

__all__ = ["corrected_words", "nearest", "with_fitting_values", "within_limits"]

_TRUE = frozenset({"1", "on", "t", "y", "yes"})
_FALSE = frozenset({"0", "f", "n", "no", "off"})
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def with_fitting_values(line: CallLine) -> CallLine:
    """Return the line with each value that does not fit replaced by the nearest one that does, or a placeholder."""
    media_type = line.command.described.media_type
    is_parted = media_type is not None and is_multipart(media_type.name)
    pieces = []
    for piece in line.pieces:
        pieces += _fitting(piece, is_parted=is_parted) if piece.is_input else [_fitting_standard(piece)]
    return line.with_before(map(_fitting_standard, line.before)).with_pieces(pieces)


def _fitting(piece: Piece, *, is_parted: bool) -> list[Piece]:
    """Return an input with a value that it takes, or a placeholder.

    Args:
        is_parted: Whether the body has parts, which may be files.
    """
    if piece.value is None or piece.is_placeholder or piece.value.startswith("@"):
        return [piece]
    if not piece.value and piece.key[0] == "path":
        return [piece.unfilled()]
    if (
        piece.parameter is not None
        and piece.field is None
        and is_given_as_text(piece.parameter, [piece.value])
    ):
        return [piece]
    value = piece.value_type.items or piece.value_type
    if piece.field is not None and value.format == "binary" and is_parted and os.path.isfile(piece.value):
        return [replace(piece, value=f"@{piece.value}")]
    words = corrected_words(piece.value, piece.value_type)
    return [piece.unfilled()] if words is None else [replace(piece, value=word) for word in words]


def _fitting_standard(piece: Piece) -> Piece:
    """Return a standard option with a value that it takes."""
    option, value = piece.standard, piece.value
    if option is None or value is None or piece.is_placeholder:
        return piece
    if not option.metavar:
        return replace(piece, value=None)
    if option.choices:
        if value in option.choices:
            return piece
        near = nearest(value, option.choices)
        return replace(piece, value=near) if near is not None else piece.unfilled()
    if option.name == "body" and value[:1] not in {"@", "-"}:
        whole = value if _is_json(value) else _as_json_object(value)
        return replace(piece, value=whole) if whole is not None else piece.unfilled()
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
        if option.convert is not None:
            option.convert(value, option.flags[0])
    except UsageError:
        near = nearest(value, FORMATS) if option.name == "output" else None
        return replace(piece, value=near) if near is not None else piece.unfilled()
    return piece


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def corrected_words(text: str, value: ValueType) -> list[str] | None:
    """Return the words for a value of a type: the text where it fits, else what it may have been meant for, or None.

    There are several for a list whose items were given in one word.
    """
    if value.type == "array":
        if _converts([text], value) and text.lstrip()[:1] == "[":
            return [text]
        items = value.items or ValueType()
        parts = [text]
        if not _converts([text], items) and "," in text:
            parts = [part.strip() for part in text.strip("[]").split(",")]
        words = [_corrected(part, items) for part in parts]
        return None if None in words else [word for word in words if word is not None]
    word = _corrected(text, value)
    return None if word is None else [word]


def _converts(words: list[str], value: ValueType) -> bool:
    try:
        convert_all(words, value, "it")
    except UsageError:
        return False
    return True


def _corrected(text: str, value: ValueType) -> str | None:
    """Return a word for a value of a type that is no array; None where nothing near is known."""
    try:
        converted = convert(text, value, "it")
    except UsageError:
        found = _repaired(text, value)
        if found is None:
            return None
        try:
            converted = convert(found, value, "it")
        except UsageError:
            return None
        text = found
    limited = within_limits(converted, value.limits or {})
    if isinstance(converted, str) and value.format == "date-time" and _DATE.fullmatch(converted):
        return f"{converted}T00:00:00Z"
    return text if limited == converted else option_text(limited)


def _repaired(text: str, value: ValueType) -> str | None:
    if value.enum:
        return nearest(text, [option_text(each) for each in value.enum])
    plain = text.strip().lower()
    match value.type:
        case "boolean":
            return "true" if plain in _TRUE else "false" if plain in _FALSE else None
        case "integer" | "number":
            found = _NUMBER.match(plain.replace(",", "").replace("_", ""))
            if found is None:
                return None
            return _INTEGER.match(found[0])[0] if value.type == "integer" else found[0]  # type: ignore[index]
        case "object":
            return _as_json_object(text)
    return None


def _as_json_object(text: str) -> str | None:
    """Return an object in YAML or in Python's spelling as JSON, as it is left where the shell took the quotes."""
    import yaml

    try:
        value = yaml.safe_load(text if ": " in text else text.replace(":", ": "))
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else None
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return None


def nearest(text: str, words: Any) -> str | None:
    """Return the word that is nearest to a text; None where none is near."""
    listed = list(words)
    same = [word for word in listed if word.lower() == text.lower()]
    starting = [word for word in listed if len(text) > 2 and word.lower().startswith(text.lower())]
    near = same or get_close_matches(text.lower(), [word.lower() for word in listed], 1, 0.6) or starting[:1]
    return next((word for word in listed if near and word.lower() == near[0].lower()), None)


def within_limits(value: Any, limits: Any) -> Any:
    """Return a number moved to the nearest one that the limits of a schema allow; any other value as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    step = 1 if isinstance(value, int) else 1e-6
    lowest, highest = limits.get("minimum"), limits.get("maximum")
    above, below = limits.get("exclusiveMinimum"), limits.get("exclusiveMaximum")
    bounds = [lowest, above + step if _is_number(above) else None]
    value = max([value, *(each for each in bounds if _is_number(each))])
    bounds = [highest, below - step if _is_number(below) else None]
    value = min([value, *(each for each in bounds if _is_number(each))])
    factor = limits.get("multipleOf")
    if _is_number(factor) and factor > 0 and value % factor:
        lower = value - value % factor
        value = lower if not _is_number(lowest) or lower >= lowest else lower + factor
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
