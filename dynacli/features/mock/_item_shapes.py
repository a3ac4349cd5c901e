"""The place of an item in requests and responses: bare, or in a wrapper such as `{"data": {...}}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any

from dynacli.features.mock._complete_value import completed_value
from dynacli.openapi.document.json_trees import MISSING, follow, is_same_json, split
from dynacli.openapi.model.field_names import plain_name, singular
from dynacli.openapi.model.find_items import ENVELOPES
from dynacli.openapi.model.resources import Resource
from dynacli.openapi.schema.document_schemas import DocumentSchemas
from dynacli.openapi.schema.example_value import example_value
from dynacli.openapi.schema.read_schema import (
    other_properties,
    possible_schemas,
    properties_of,
    value_types_of,
)

_DEEPEST = 3
_EMPTY = (None, MISSING, "", 0, False)
"""The values of a member that refers to no further page, the clearest first."""


class ItemShape:
    """An item in a body with a schema.

    Attributes:
        steps: The keys on the path to the item, or to the array of items.
        schema: Schema of the whole body.
        item: Schema of the item; True if it is unknown.
        resolve: Returns the target of an internal `$ref`.
        schemas: Evaluates the schemas of responses.

    Args:
        steps: None to find the item of the resource.
    """

    def __init__(
        self,
        schema: Any,
        resolve: Callable[[str], Any],
        resource: Resource,
        *,
        steps: tuple[str, ...] | None = None,
    ) -> None:
        self.schema, self.resolve = schema, resolve
        self.is_list = steps is not None
        self._resource = resource
        self.steps = self._found_steps() if steps is None else steps
        self.item = self._item_schema()
        self.schemas = DocumentSchemas(resolve, "response")
        self._made: dict[str, Any] = {}

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        """Name → schema of the properties of an item."""
        return properties_of(possible_schemas(self.item, self.resolve))

    @cached_property
    def is_open(self) -> bool:
        """Whether an item may have members that the document does not name."""
        parts = possible_schemas(self.item, self.resolve)
        return not self.properties or any(other_properties(part) for part in parts)

    @property
    def is_array_of_one(self) -> bool:
        """Whether a body for created items is an array."""
        return not self.is_list and "array" in self._types(self.schema_at(self.steps))

    def projected(self, value: Any) -> Any:
        """Return an item without the members that the document does not name."""
        if self.is_open or not isinstance(value, dict):
            return value
        return {name: member for name, member in value.items() if name in self.properties}

    def body(
        self,
        value: Any,
        beside: Mapping[tuple[str, ...], Any] | None = None,
        absent: tuple[str, ...] | None = None,
        items: Sequence[Any] = (),
    ) -> Any:
        """Return the body with an item, or with a list of items, completed to match the schema.

        Args:
            value: The item or the items.
            beside: Steps → value of further members of the body.
            absent: Steps of a member that is null or missing, or else empty.
            items: Several items that one request created.

        Raises:
            NoExampleError: No such body matches the schema.
        """
        if self.is_list:
            inner: Any = [self.projected(item) for item in value]
        else:
            inner = self.projected(value)
            if self.is_array_of_one:
                inner = [self.projected(item) for item in items] or [inner]
        body = _in_wrapper(self.steps, inner)
        for steps, member in (beside or {}).items():
            put_in(body, steps, member)
        if absent is None:
            return self.completed(body)
        completed = MISSING
        is_nullable = self.schemas.fits(None, self.schema_at(absent))
        for empty in _EMPTY if is_nullable else _EMPTY[1:]:
            tried = deepcopy(body) if empty is not MISSING else body
            if empty is not MISSING:
                put_in(tried, absent, empty)
            completed = self.completed(tried)
            if is_same_json(follow(completed, absent), empty) or follow(completed, absent) is empty:
                break
        return completed

    def completed(self, body: Any) -> Any:
        """Return a body with all members that the schema requires.

        Raises:
            NoExampleError: No such body matches the schema.
        """
        if self.schema is None or self.schemas.fits(body, self.schema):
            return body
        return completed_value(body, self.schema, self.resolve)

    def completed_item(self, value: Any) -> Any:
        """Return an item with all members that its schema requires.

        Raises:
            NoExampleError: No such item matches the schema.
        """
        value = self.projected(value)
        is_whole = isinstance(self.item, dict) and self.schemas.fits(value, self.item)
        return value if is_whole else completed_value(value, self.item, self.resolve)

    def made_member(self, name: str) -> Any:
        """Return a value for a property of an item, the same each time.

        Raises:
            NoExampleError: No value can be made.
        """
        if name not in self._made:
            self._made[name] = example_value(self.properties[name], self.resolve, direction="response")
        return deepcopy(self._made[name])

    def fits(self, body: Any) -> bool:
        """Return whether a whole body matches the schema."""
        return self.schema is None or self.schemas.fits(body, self.schema)

    def item_of(self, body: Any) -> Any:
        """Return the item or the items of a body; `MISSING` if it has none."""
        return follow(body, self.steps)

    def _found_steps(self) -> tuple[str, ...]:
        identity = self._resource.identity
        wanted = split(identity.field)[:1] if identity is not None else ()
        noun = singular(self._resource.name.rpartition("-")[2])
        best: tuple[int, tuple[str, ...]] | None = None
        waiting: list[tuple[tuple[str, ...], Any]] = [((), self.schema)]
        while waiting:
            steps, schema = waiting.pop(0)
            properties = properties_of(possible_schemas(schema, self.resolve))
            has_id = bool(wanted) and wanted[0] in properties
            if has_id and all(self._is_wrapper(step, noun) for step in steps):
                return steps
            is_wrapper = bool(steps) and self._is_wrapper(steps[-1], noun)
            rank = 0 if has_id else 1 if is_wrapper and not wanted else 2 if not steps else 3
            if rank < 3 and (best is None or rank < best[0]):
                best = rank, steps
            if len(steps) < _DEEPEST and (len(steps) == 0 or is_wrapper):
                waiting += [
                    ((*steps, name), inner)
                    for name, inner in properties.items()
                    if "object" in self._types(inner)
                ]
        return best[1] if best is not None else ()

    @staticmethod
    def _is_wrapper(name: str, noun: str) -> bool:
        return plain_name(name) in ENVELOPES or singular(name) == noun

    def _types(self, schema: Any) -> list[str]:
        return value_types_of(possible_schemas(schema, self.resolve))

    def schema_at(self, steps: Sequence[str]) -> Any:
        """Return the schema at the end of some steps into the body."""
        schema = self.schema
        for step in steps:
            schema = properties_of(possible_schemas(schema, self.resolve)).get(step, True)
        return schema

    def _item_schema(self) -> Any:
        schema = self.schema_at(self.steps)
        if self.is_list or "array" in self._types(schema):
            parts = possible_schemas(schema, self.resolve)
            return next((part["items"] for part in parts if "items" in part), True)
        return True if schema is None else schema


def _in_wrapper(steps: Sequence[str], value: Any) -> Any:
    """Return a value in objects with the given keys."""
    for step in reversed(steps):
        value = {step: value}
    return value


def put_in(tree: Any, steps: Sequence[str], value: Any) -> None:
    """Set a member of nested objects, and make the objects that are missing. Other values on the way stay."""
    for step in steps[:-1]:
        if not isinstance(tree, dict):
            return
        tree = tree.setdefault(step, {})
    if isinstance(tree, dict):
        tree[steps[-1]] = value


def unwrapped(body: Any, resource: Resource, names: Mapping[str, Any], steps: Sequence[str]) -> Any:
    """Return the item in the body of a request.

    Args:
        body: The JSON value of the body.
        resource: Its resource.
        names: The properties of an item in responses.
        steps: The wrapper of an item in responses.
    """
    noun = singular(resource.name.rpartition("-")[2])
    for _ in range(_DEEPEST):
        if not isinstance(body, dict) or len(body) != 1:
            return body
        key, inner = next(iter(body.items()))
        is_wrapper = key in steps or plain_name(key) in ENVELOPES or singular(key) == noun
        if key in names or not is_wrapper or not isinstance(inner, dict):
            return body
        body = inner
    return body
