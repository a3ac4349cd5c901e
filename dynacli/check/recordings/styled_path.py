"""The value that the text of a path parameter stands for, in each of its styles."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from dynacli.errors import UsageError
from dynacli.model.operation import Parameter, ValueType
from dynacli.request.convert_words import convert, convert_all
from dynacli.request.parameter_serialization import DELIMITERS

__all__ = ["path_value"]


def path_value(parameter: Parameter, encoded: str) -> Any:
    """Return a value as `serialize_path` would write it; the text itself where it does not stand for one.

    Args:
        encoded: The percent-encoded text in the path.
    """
    members = _members(parameter, encoded)
    try:
        if parameter.value.type == "object":
            if parameter.explode:
                members = [text for each in members for text in each.partition("=")[::2]]
            return _object(parameter, zip(members[::2], members[1::2], strict=True))
        return convert_all([*map(unquote, members)], parameter.value, parameter.option, is_strict=False)
    except (UsageError, ValueError):
        return unquote(encoded)


def _members(parameter: Parameter, encoded: str) -> list[str]:
    """Return the percent-encoded members of an array or object, or a single text."""
    style, text, name = parameter.style, encoded, f"{parameter.name}="
    is_single = parameter.value.type not in {"array", "object"}
    if style == "label":
        text = text.removeprefix(".")
        delimiter = "." if parameter.explode else ","
    elif style == "matrix":
        is_named = not parameter.explode or parameter.value.type != "object"
        pieces = text.removeprefix(";").split(";")
        text = ";".join(piece.removeprefix(name) if is_named else piece for piece in pieces)
        delimiter = ";" if parameter.explode else ","
    else:
        delimiter = DELIMITERS.get(style, (",", ""))[0]
        text = text if delimiter == "," else unquote(text)
    return [text] if is_single else text.split(delimiter)


def _object(parameter: Parameter, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    types = {field.path[0]: field.value for field in parameter.fields if len(field.path) == 1}
    return {
        unquote(name): convert(
            unquote(text), types.get(unquote(name), ValueType()), parameter.option, is_strict=False
        )
        for name, text in pairs
    }
