"""What the document says of the items of an answer: where they are, and which fields they have in which order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.answer_fields import (
    AnswerField,
    fields_of_schema,
    item_field,
)
from dynacli.model.field_names import plain_name
from dynacli.model.find_items import WRAPPERS, KnownItems
from dynacli.schema.possible_schemas import possible_schemas, properties_of, value_types_of
from dynacli.schema.read_schema import mapping_of
from dynacli.schema.success_answer import success_response, success_schema

__all__ = ["known_items"]


def known_items(described: DescribedOperation) -> KnownItems | None:
    """Return what the document says of the items of an operation's answer; None if it does not describe the answer.

    An object without named properties, whose other properties are objects or arrays, is a list by its keys; so is one
    in a property that is called like the path, or as such properties usually are. An array of something that has an
    `id` of its own is a property of that something, unless it is called as arrays of items are.
    """
    response, resolve = success_response(described.raw_responses, described.follow), described.resolve
    schema, path = success_schema(response, described.follow), described.operation.path
    schemas = list(possible_schemas(schema, resolve))
    properties = properties_of(schemas)
    if not properties:
        keyed = _keyed_items((), schemas, resolve)
        if keyed is not None:
            return keyed
    segments = {plain_name(segment) for segment in path.split("/")[-2:] if "{" not in segment}
    below = {} if "id" in properties else properties
    found = {
        name: _keyed_items((name,), possible_schemas(part, resolve), resolve)
        for name, part in below.items()
        if name in WRAPPERS or plain_name(name) in segments
    }
    keyed = next((items for name, items in found.items() if items and plain_name(name) in segments), None)
    if keyed is not None:
        return keyed
    fields = fields_of_schema(schema, resolve)
    array = item_field(fields, path)
    if isinstance(array, AnswerField):
        if not _is_property(array, fields):
            return KnownItems(array.steps, array.item_names)
        if _has_text_beside(array, fields):
            return KnownItems(holder="none")
    return next(filter(None, found.values()), KnownItems(holder="") if properties else None)


def _is_property(array: AnswerField, fields: Sequence[AnswerField]) -> bool:
    """Return whether an array is a property of one thing instead of its items."""
    if not array.steps or array.steps[-1] in WRAPPERS:
        return False
    owners = {array.steps[:depth] for depth in range(len(array.steps))}
    has_id = any(field.steps[-1:] == ("id",) and field.steps[:-1] in owners for field in fields)
    return has_id or not array.item_names


def _has_text_beside(array: AnswerField, fields: Sequence[AnswerField]) -> bool:
    """Return whether an array that is a property stands beside texts, so that its owner is surely one thing."""
    owner = array.steps[:-1]
    return any(field.steps[:-1] == owner and "string" in field.types for field in fields if field.steps)


def _keyed_items(
    steps: tuple[str, ...], schemas: Iterable[Mapping[str, Any]], resolve: Callable[[str], Any]
) -> KnownItems | None:
    """Return the items of an object that schemas describe as a list by its keys; None if they do not."""
    schemas = list(schemas)
    if properties_of(schemas):
        return None
    parts = [part for schema in schemas for part in mapping_of(schema, "patternProperties").values()]
    parts += [schema.get("additionalProperties") for schema in schemas]
    members = [found for part in parts for found in possible_schemas(part, resolve)]
    types = value_types_of(members)
    if not types or not {"object", "array"}.issuperset(types):
        return None
    names = (name for name in properties_of(members) if name != "key")
    return KnownItems(steps, ("key", *names), "object")
