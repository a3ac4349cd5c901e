"""The inputs of an operation: its parameters, the properties of those, and the fields of its body."""

from collections.abc import Iterator
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import Field, Parameter, ValueType, of_first_items
from dynacli.model.value_words import constraints, file_or_value, placeholder
from dynacli.record import record
from dynacli.text.terminal import visible

__all__ = ["DescribedInput", "inputs_of"]

_MOST_VALUES = 20
"""Values of an enumeration that a card as JSON has; `describe -o json` has all."""


@record
class DescribedInput:
    """An input of an operation.

    Args:
        name: The document's name of it; a field's with a `.` between the steps of its path.
        option: Its option without dashes, with the first item in the place of each array.
        location: `path`, `query`, `querystring`, `header`, `cookie` or `body`.
        origin: What the catalog has of it.
        is_needed: Whether the parameter or body that it is, or is a part of, is invalid without it.
        is_required: Whether a call cannot do without it.
        is_part: Whether it is a part of a multipart body, which may be a file.
        fields: The properties of its value that have an option each.
        source: Where its values come from, such as `list-runs rows[].id`; empty where that is not known.
    """

    name: str
    option: str
    location: str
    origin: Parameter | Field
    is_needed: bool
    is_required: bool
    is_part: bool = False
    fields: tuple["DescribedInput", ...] = ()
    source: str = ""

    @property
    def value(self) -> ValueType:
        """What it takes."""
        return self.origin.value

    @property
    def description(self) -> str:
        """The first sentence of its description, as plain text."""
        return self.origin.description

    @property
    def takes(self) -> str:
        """What it takes, in words: `string (date); at most 10 characters`."""
        value = self.value
        kind = f"{value.type_words} ({value.format})" if value.format else value.type_words
        return "; ".join([kind, *constraints(value)])

    @property
    def flag(self) -> str:
        """The option with the placeholder of its value, cleaned for a terminal: `--limit INTEGER`."""
        taken = (file_or_value if self.is_part else placeholder)(self.value)
        return f"--{visible(self.option, keep='')} {taken}".rstrip()

    @property
    def usage(self) -> str:
        """What stands for it in a command line, cleaned for a terminal: `OWNER` for one in the path, else the flag."""
        if isinstance(self.origin, Parameter) and self.location == "path":
            return visible(self.origin.argument, keep="")
        return self.flag

    def as_json(self) -> dict[str, Any]:
        """Return the input as a card has it as JSON."""
        value = self.value
        enumeration = value.enum or (value.items.enum if value.items is not None else ())
        return {
            "name": self.option,
            "in": self.location,
            "required": self.is_required,
            "type": value.type_words,
            "enum": list(enumeration[:_MOST_VALUES]) or None,
            **({"more_values": len(enumeration) - _MOST_VALUES} if len(enumeration) > _MOST_VALUES else {}),
            "description": self.description,
            "from": self.source or None,
        }


def inputs_of(described: DescribedOperation) -> Iterator[DescribedInput]:
    """Yield the parameters of an operation, and behind them the fields of the body that is built."""
    operation, media_type = described.operation, described.media_type
    for parameter in operation.parameters:
        inside = (_field(field, parameter.location, is_whole_required=False) for field in parameter.fields)
        yield DescribedInput(
            parameter.name,
            parameter.option,
            parameter.location,
            parameter,
            is_needed=parameter.is_required,
            is_required=parameter.must_be_given,
            fields=tuple(inside),
        )
    if media_type is not None:
        is_whole_required = operation.body is not None and operation.body.is_required
        is_part = is_multipart(media_type.name)
        for field in media_type.fields:
            yield _field(field, "body", is_whole_required=is_whole_required, is_part=is_part)


def _field(field: Field, location: str, *, is_whole_required: bool, is_part: bool = False) -> DescribedInput:
    return DescribedInput(
        ".".join(field.path),
        of_first_items(field.option),
        location,
        field,
        is_needed=field.is_needed,
        is_required=is_whole_required and field.must_be_given,
        is_part=is_part,
    )
