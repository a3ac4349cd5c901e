"""Values of a path, written in the style of their parameter, read back into texts and options."""

import json
from urllib.parse import unquote

from dynacli.model.operation import Parameter
from dynacli.request.parameter_serialization import DELIMITERS

__all__ = ["delimiter_of", "styled_options", "styled_properties", "styled_texts"]

_STARTS = {"label": ".", "matrix": ";"}


def delimiter_of(style: str) -> str:
    """Return what stands between the items of a list in a style that has one text for all of them."""
    return DELIMITERS.get(style, DELIMITERS["csv"])[0]


def styled_texts(parameter: Parameter, text: str) -> list[str]:
    """Return the decoded texts that the percent-encoded text of a path parameter is made of, several for an array.

    OpenAPI 3.0.4, "Style Values" and "Style Examples". A text that is not in the parameter's style is a value as it
    stands.
    """
    start = _STARTS.get(parameter.style, "")
    plain = text.removeprefix(start)
    if start and plain == text:
        return [unquote(text)]
    if parameter.style == "matrix":
        # Each item has the name where they are exploded, else all items have it together.
        mark = f"{parameter.name}="
        texts = [each.removeprefix(mark) for each in plain.split(f";{mark}")]
    else:
        texts = [plain]
    if parameter.value.type == "array":
        delimiter = delimiter_of(parameter.style)
        if parameter.style == "label" and parameter.explode:
            delimiter = "."
        if delimiter not in ",.":  # those of Swagger 2.0, which are encoded themselves
            return unquote(plain).split(delimiter)
        texts = [item for each in texts for item in each.split(delimiter)]
    return [unquote(each) for each in texts]


def styled_properties(parameter: Parameter, text: str) -> dict[str, str] | None:
    """Return the decoded properties in the percent-encoded text of an object in a path; None where it has none."""
    text = text.removeprefix(_STARTS.get(parameter.style, ""))
    delimiter = ","
    if parameter.explode:
        delimiter = {"label": ".", "matrix": ";"}.get(parameter.style, ",")
    elif parameter.style == "matrix":
        text = text.removeprefix(f"{parameter.name}=")
    pieces = text.split(delimiter)
    if parameter.explode:
        found = [piece.partition("=") for piece in pieces]
        if not all(each[1] for each in found):
            return None
        pairs = [(name, value) for name, _, value in found]
    elif len(pieces) % 2:
        return None
    else:
        pairs = list(zip(pieces[::2], pieces[1::2], strict=True))
    return {unquote(name): unquote(value) for name, value in pairs}


def styled_options(parameter: Parameter, text: str) -> list[str]:
    """Return the options that stand for the percent-encoded text of a path parameter."""
    if parameter.value.type == "object":
        properties = styled_properties(parameter, text)
        if properties is not None:
            return _object_options(parameter, properties)
    return [f"--{parameter.option}={each}" for each in styled_texts(parameter, text)]


def _object_options(parameter: Parameter, properties: dict[str, str]) -> list[str]:
    """Return an option for each property, or one with the whole object where a property has none."""
    options = {field.path: field.option for field in parameter.fields}
    if all((name,) in options for name in properties):
        return [f"--{options[name,]}={value}" for name, value in properties.items()]
    return [f"--{parameter.option}={json.dumps(properties, ensure_ascii=False)}"]
