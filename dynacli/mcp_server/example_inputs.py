"""The example call of an operation as a client of the protocol gives it: inputs by name, and not words."""

import json
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.model.media_types import is_built
from dynacli.model.operation import ANY, ValueType
from dynacli.schema.example_call import body_example, option_text
from dynacli.schema.example_value import NoExampleError

__all__ = ["example_inputs"]


def example_inputs(described: DescribedOperation) -> dict[str, Any]:
    """Return input → value of a call that the document allows.

    Args:
        described: The operation, with the media type that is sent.
    """
    inputs: dict[str, Any] = {}
    values = _values(described)
    in_path = iter([each.option for each in described.operation.parameters if each.location == "path"])
    words = iter(described.operation.example)
    for word in words:
        if word == "--example":
            inputs["body"] = _whole_body(described)
            continue
        name, equals, text = (
            word.removeprefix("--").partition("=") if word.startswith("--") else ("", "=", word)
        )
        text = text if equals else next(words, "")
        if not name:
            name = next((each for each in in_path if each not in inputs), "")
        value = _value(text, values.get(name, ValueType()))
        if name in inputs:
            before = inputs[name]
            inputs[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            inputs[name] = value
    return inputs


def _values(described: DescribedOperation) -> dict[str, ValueType]:
    values = {each.option: each.value for each in described.operation.parameters}
    if described.media_type is not None:
        for field in described.media_type.fields:
            values.setdefault(field.option, field.value)
        values.setdefault("body", ValueType("object" if is_built(described.media_type.name) else "string"))
    return values


def _value(text: str, value: ValueType) -> Any:
    """Return what a word of the command line means, as JSON has it."""
    value = value.items if value.type == "array" and value.items is not None and text[:1] != "[" else value
    if value.type in {"string", ANY}:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _whole_body(described: DescribedOperation) -> Any:
    try:
        value = body_example(described.raw_media_type(), described.resolve)
    except NoExampleError:
        value = {}
    is_text = described.media_type is not None and not is_built(described.media_type.name)
    return option_text(value) if is_text else value
