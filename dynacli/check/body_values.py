"""Values that a check puts into a body in place of invented ones: ids that responses gave, and names of its own."""

import secrets
from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

from dynacli.check._call_planner import ResponseValues
from dynacli.check.check_records import INVENTED, InputValue
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import example_body
from dynacli.errors import UsageError
from dynacli.openapi.model.field_names import (
    GENERAL_NAMES,
    ID_ENDINGS,
    names_another_thing,
    plain_name,
    singular,
)
from dynacli.openapi.model.operation import EACH, Field
from dynacli.openapi.model.path_templates import nouns_of_paths, path_template
from dynacli.openapi.schema.document_schemas import DocumentSchemas
from dynacli.openapi.schema.example_value import NoExampleError

__all__ = ["OWN_PREFIX", "fields_of_other_ids", "known_ids_for_body", "own_names_for_body", "unused_name"]

OWN_PREFIX = "dynacli-check-"
"""The beginning of names that a check gives to what it creates."""


def known_ids_for_body(described: DescribedOperation, responses: ResponseValues) -> list[InputValue]:
    """Return values of earlier responses for the fields of a body that are named like an id of something else."""
    body = _ExampleBody.of(described)
    if body is None:
        return []
    values = []
    for field in _fields_of_other_ids(described, body):
        name = plain_name(field.path[-1])
        fitting = (found for found in responses.fields_called(name) if body.fits(field, found[0]))
        for value, source in islice(fitting, 1):
            values.append(InputValue("body", field.option, value, "response", source))
    return values


def fields_of_other_ids(described: DescribedOperation) -> list[str]:
    """Return the fields of a body, as `--set` names them, that may get the id of something that is there."""
    body = _ExampleBody.of(described)
    return [field.option for field in _fields_of_other_ids(described, body)] if body is not None else []


def _fields_of_other_ids(described: DescribedOperation, body: "_ExampleBody") -> Iterator[Field]:
    """Yield the fields of a body that are named like an id of something else.

    A field that names what the operation itself creates is left alone: the id of a thing that is there would change it.
    """
    template = path_template(described.operation.path).rstrip("/")
    noun = singular(template.rpartition("/")[2])
    own = {noun, *(noun + ending for ending in ID_ENDINGS)}
    nouns = nouns_of_paths(summary.path for summary in described.api.catalog.summaries())
    for field in body.fields():
        name = plain_name(field.path[-1])
        is_own = name in own or name in GENERAL_NAMES
        if not is_own and names_another_thing(field.path[-1], nouns):
            yield field


def own_names_for_body(described: DescribedOperation, names: Iterable[str]) -> list[InputValue]:
    """Return names that nothing has yet, for fields at the top of the body of a creation.

    Args:
        names: The plain names of the fields.
    """
    body, wanted = _ExampleBody.of(described), set(names)
    if body is None:
        return []
    own = unused_name()
    return [
        InputValue("body", field.option, own, INVENTED)
        for field in body.fields()
        if len(field.path) == 1 and plain_name(field.path[0]) in wanted and body.fits(field, own)
    ]


def unused_name() -> str:
    """Return a random name that hardly anything has yet, and that says who made it."""
    return f"{OWN_PREFIX}{secrets.token_hex(4)}"


class _ExampleBody:
    """The body that an operation would be sent with.

    Args:
        described: With the media type of the body.
        value: The body's example.
    """

    def __init__(self, described: DescribedOperation, value: Any) -> None:
        self._described, self._value = described, value
        self._schemas = DocumentSchemas(described.resolve, "request")

    @classmethod
    def of(cls, described: DescribedOperation) -> "_ExampleBody | None":
        """Return the body of an operation; None if it has none, or none can be made up."""
        if described.operation.body is None:
            return None
        try:
            described = described.sending("")
            return cls(described, example_body(described, True))
        except UsageError:
            return None

    def fields(self) -> Iterator[Field]:
        """Yield the fields that the body has or must have; those inside of lists are left out."""
        media_type = self._described.media_type
        for field in media_type.fields if media_type is not None else ():
            if EACH not in field.path and (field.is_needed or self._at(field.path) is not None):
                yield field

    def fits(self, field: Field, value: Any) -> bool:
        """Return whether the body would be allowed with another value of a field."""
        body = deepcopy(self._value)
        holder = body
        for step in field.path[:-1]:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or field.value.items is not None:
            return False
        holder[field.path[-1]] = value
        try:
            return self._schemas.fits(body, self._described.body_schema())
        except (NoExampleError, RecursionError):
            return False

    def _at(self, path: tuple[str, ...]) -> Any:
        value = self._value
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value
