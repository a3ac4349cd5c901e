"""Values of a path, written in the style of their parameter, read back into options."""

import json
from collections.abc import Iterable
from urllib.parse import unquote

from dynacli.model.operation import Parameter

__all__ = ["styled_options"]

_STARTS = {"label": ".", "matrix": ";"}


def styled_options(parameter: Parameter, text: str) -> list[str]:
    """Return the options that stand for the percent-encoded text of a path parameter.

    OpenAPI 3.0.4, "Style Values" and "Style Examples". A text that is not in the parameter's style is a value as it
    stands.
    """
    start = _STARTS.get(parameter.style, "")
    plain = text.removeprefix(start)
    if parameter.value.type == "object" and (pairs := _pairs(parameter, plain)) is not None:
        return _object_options(parameter, pairs)
    if start and plain == text:
        return [f"--{parameter.option}={unquote(text)}"]
    if parameter.style == "matrix":
        # Each item has the name where they are exploded, else all items have it together.
        mark = f"{parameter.name}="
        texts = [each.removeprefix(mark) for each in plain.split(f";{mark}")]
    else:
        texts = [plain]
    if parameter.value.type == "array":
        delimiter = "." if parameter.style == "label" and parameter.explode else ","
        texts = [item for each in texts for item in each.split(delimiter)]
    return [f"--{parameter.option}={unquote(each)}" for each in texts]


def _pairs(parameter: Parameter, text: str) -> list[tuple[str, str]] | None:
    """Return the names and values of an object; None where the text has none."""
    delimiter = ","
    if parameter.explode:
        delimiter = {"label": ".", "matrix": ";"}.get(parameter.style, ",")
    elif parameter.style == "matrix":
        text = text.removeprefix(f"{parameter.name}=")
    pieces = text.split(delimiter)
    if parameter.explode:
        found = [piece.partition("=") for piece in pieces]
        return [(name, value) for name, _, value in found] if all(each[1] for each in found) else None
    return list(zip(pieces[::2], pieces[1::2], strict=True)) if len(pieces) % 2 == 0 else None


def _object_options(parameter: Parameter, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return an option for each property, or one with the whole object where a property has none."""
    options = {field.path: field.option for field in parameter.fields}
    members = {unquote(name): unquote(value) for name, value in pairs}
    if all((name,) in options for name in members):
        return [f"--{options[name,]}={value}" for name, value in members.items()]
    return [f"--{parameter.option}={json.dumps(members, ensure_ascii=False)}"]
