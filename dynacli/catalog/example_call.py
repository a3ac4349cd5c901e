"""The words of a call that runs as it stands: what the help of an operation ends with."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dynacli.catalog.example import NoExampleError, example_value, operation_value_for_parameter
from dynacli.catalog.model import Body, Parameter
from dynacli.catalog.schema import Resolve

__all__ = ["body_example", "example_words", "option_text"]

MAX_WORDS = 12
"""Options and values of a body in an example; a longer one is written as `--example`."""

Dialect = Literal["3.0", "3.1"]


def example_words(
    operation: Mapping[str, Any],
    parameters: tuple[Parameter, ...],
    body: Body | None,
    resolve: Resolve,
    dialect: Dialect,
) -> tuple[str, ...]:
    """Return the words after the operation's name.

    Args:
        operation: The resolved operation object.
    """
    raw = {
        (one.get("in"), one.get("name")): one
        for one in operation.get("parameters") or []
        if isinstance(one, dict)
    }
    words: list[str] = []
    for parameter in parameters:
        if not parameter.is_required:
            continue
        described = raw.get(
            (parameter.location, parameter.name), {"name": parameter.name, "in": parameter.location}
        )
        try:
            value = operation_value_for_parameter(described, resolve, dialect)
        except NoExampleError:
            value = parameter.name.upper()
        text = option_text(value)
        if parameter.location == "path":
            words.append(text or parameter.name)
        else:
            words.extend([f"--{parameter.option}", text])
    if body is not None and body.is_required:
        words.extend(_body_words(operation, body, resolve, dialect))
    return tuple(words)


def _body_words(
    operation: Mapping[str, Any], body: Body, resolve: Resolve, dialect: Dialect
) -> tuple[str, ...]:
    media_type = body.content[0]
    content = operation["requestBody"]["content"].get(media_type.name)
    schema = content.get("schema") if isinstance(content, Mapping) else None
    if not media_type.fields:
        return ("--example",)
    try:
        value = example_value(schema, resolve, dialect=dialect)
    except NoExampleError:
        return ("--body", "{}")
    if not isinstance(value, Mapping):
        return ("--example",)
    options = {one.path: one.option for one in media_type.fields}
    words: list[str] = []
    for path, leaf in _leaves(value, ()):
        option = options.get(path)
        if option is None or isinstance(leaf, Mapping) or leaf is None or leaf == "":
            return ("--example",)
        for item in leaf if isinstance(leaf, list) else [leaf]:
            if isinstance(item, Mapping | list):
                return ("--example",)
            words.extend([f"--{option}", option_text(item)])
    if len(words) > MAX_WORDS or not words:
        return ("--example",)
    return tuple(words)


def _leaves(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _leaves(item, (*path, name))
        else:
            yield (*path, name), item


def body_example(media: Mapping[str, Any], resolve: Resolve, dialect: Dialect) -> Any:
    """Return an example of a body: the document's own, else one made from the schema.

    Args:
        media: The media type object.

    Raises:
        NoExampleError: No value can be made.
    """
    if "example" in media:
        return media["example"]
    examples = media.get("examples")
    if isinstance(examples, Mapping):
        for entry in examples.values():
            named = resolve(entry["$ref"]) if isinstance(entry, Mapping) and "$ref" in entry else entry
            if isinstance(named, Mapping) and "value" in named:
                return named["value"]
    return example_value(media.get("schema"), resolve, dialect=dialect)


def option_text(value: Any) -> str:
    """Return a JSON value as the text of an option: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
