"""Items of a list in a response, and the fields around them, according to the document."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.find_items import ID_NAMES, WRAPPERS, KnownItems, choose_array
from dynacli.openapi.schema.read_schema import (
    json_type,
    other_properties,
    possible_schemas,
    properties_of,
    types_of,
    value_types_of,
)
from dynacli.record import record

_DEPTH = 4
_MOST_FIELDS = 400
_NO_PROPERTIES: Mapping[str, Any] = MappingProxyType({})


@record
class ResponseField:
    """A field of a response.

    Args:
        steps: Property names on the path to it; empty for the response itself.
        types: Possible types except null; empty if unknown.
        facts: Keywords of its schema that describe its meaning: `format`, `description`, `example`, `title`,
            `default`.
        is_shown: True if it was found in a response.
        item_properties: Name → schema of the properties of an array's items; True instead of an unknown schema.
        item_types: Types of the items of an array; empty if unknown.
    """

    steps: tuple[str, ...]
    types: frozenset[str]
    facts: Mapping[str, Any]
    is_shown: bool = False
    item_properties: Mapping[str, Any] = _NO_PROPERTIES
    item_types: frozenset[str] = frozenset()

    @property
    def item_names(self) -> tuple[str, ...]:
        """Names of the properties of an array's items."""
        return tuple(self.item_properties)

    @property
    def has_ids(self) -> bool:
        """True if the items of an array have an id."""
        return not ID_NAMES.isdisjoint(name.lower() for name in self.item_names)

    @property
    def may_hold_objects(self) -> bool:
        """True if the items of an array may be objects."""
        return not self.item_types or "object" in self.item_types


def fields_of_schema(schema: Any, resolve: Callable[[str], Any]) -> list[ResponseField]:
    """Return the fields of responses with a schema, outer fields first."""
    found: list[ResponseField] = []
    waiting: deque[tuple[tuple[str, ...], Any, tuple[int, ...]]] = deque([((), schema, ())])
    while waiting and len(found) < _MOST_FIELDS:
        steps, part, above = waiting.popleft()
        if any(id(part) == number for number in above):
            continue
        schemas = list(possible_schemas(part, resolve))
        field = _described_field(steps, schemas, resolve)
        found.append(field)
        if len(steps) == _DEPTH or "array" in field.types:
            continue
        for name, below in properties_of(schemas).items():
            waiting.append(((*steps, name), below, (*above, id(part))))
    return found


def _described_field(
    steps: tuple[str, ...], schemas: list[Mapping[str, Any]], resolve: Callable[[str], Any]
) -> ResponseField:
    facts: dict[str, Any] = {}
    item_properties: Mapping[str, Any] = _NO_PROPERTIES
    item_types: frozenset[str] = frozenset()
    for schema in schemas:
        for keyword in ("format", "description", "example", "title", "default"):
            if keyword in schema:
                facts.setdefault(keyword, schema[keyword])
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            facts.setdefault("example", examples[0])
        if "items" in schema and not item_properties:
            items = list(possible_schemas(schema["items"], resolve))
            item_properties = properties_of(items)
            item_types = frozenset(name for item in items for name in types_of(item))
            item_types = item_types or frozenset({"object"} if item_properties else ())
    return ResponseField(steps, frozenset(value_types_of(schemas)), facts, False, item_properties, item_types)


def fields_of_value(value: Any) -> list[ResponseField]:
    """Return the fields of a received response, outer fields first."""
    found: list[ResponseField] = []
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), value)])
    while waiting and len(found) < _MOST_FIELDS:
        steps, part = waiting.popleft()
        properties: Mapping[str, Any] = _NO_PROPERTIES
        item_types: frozenset[str] = frozenset()
        if isinstance(part, list) and part:
            properties = dict.fromkeys(part[0], True) if isinstance(part[0], dict) else properties
            item_types = frozenset({json_type(part[0])}) - {"null"}
        types = frozenset({json_type(part)}) - {"null"}
        found.append(ResponseField(steps, types, {"example": part}, True, properties, item_types))
        if isinstance(part, dict) and len(steps) < _DEPTH:
            waiting.extend(((*steps, name), below) for name, below in part.items())
    return found


def item_field(fields: Sequence[ResponseField], path: str) -> ResponseField | tuple[ResponseField, ...]:
    """Return the array with the items; if unclear, all candidates, and an empty tuple without arrays.

    Args:
        fields: Fields of the response, from its schema.
        path: Path of the operation.
    """
    arrays = [field for field in fields if "array" in field.types and "object" not in field.types]
    return choose_array(arrays, path)


def items_of_schema(schema: Any, resolve: Callable[[str], Any], path: str) -> KnownItems | None:
    """Return the items in responses with a schema; None if the schema does not describe the response.

    An object is a list by its keys if it has no named properties and its values are objects or arrays. So is such an
    object in a property with the name of the path's last segment or a usual name for items. An array in an object with
    an `id` is a property of that object, unless its name is a usual name for items.

    Args:
        path: Path of the operation.
    """
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
    if isinstance(array, ResponseField):
        if not _is_property(array, fields):
            states = _states_of(array.item_properties, resolve)
            return KnownItems(array.steps, array.item_names, states=states)
        if _has_text_beside(array, fields):
            return KnownItems(holder="none")
    return next(filter(None, found.values()), KnownItems(holder="") if properties else None)


def listed_items_of_schema(schema: Any, resolve: Callable[[str], Any], steps: tuple[str, ...]) -> KnownItems:
    """Return the items in responses with a schema, if the steps to them are known."""
    fields = fields_of_schema(schema, resolve)
    array = next((field for field in fields if field.steps == steps), None)
    if array is None:
        return KnownItems(steps)
    return KnownItems(steps, array.item_names, states=_states_of(array.item_properties, resolve))


def _is_property(array: ResponseField, fields: Sequence[ResponseField]) -> bool:
    """Return whether an array is a property of one resource, not the list of items."""
    if not array.steps or array.steps[-1] in WRAPPERS:
        return False
    owners = {array.steps[:depth] for depth in range(len(array.steps))}
    has_id = any(field.steps[-1:] == ("id",) and field.steps[:-1] in owners for field in fields)
    return has_id or not array.item_names


def _has_text_beside(array: ResponseField, fields: Sequence[ResponseField]) -> bool:
    """Return whether a string is next to the array. Then the object with both is one resource."""
    owner = array.steps[:-1]
    return any(field.steps[:-1] == owner and "string" in field.types for field in fields if field.steps)


def _keyed_items(
    steps: tuple[str, ...], schemas: Iterable[Mapping[str, Any]], resolve: Callable[[str], Any]
) -> KnownItems | None:
    """Return the items of an object whose schemas describe a list by its keys; None if they do not."""
    schemas = list(schemas)
    if properties_of(schemas):
        return None
    parts = (part for schema in schemas for part in other_properties(schema))
    members = [found for part in parts for found in possible_schemas(part, resolve)]
    types = value_types_of(members)
    if not types or not {"object", "array"}.issuperset(types):
        return None
    properties = properties_of(members)
    names = (name for name in properties if name != "key")
    return KnownItems(steps, ("key", *names), "object", _states_of(properties, resolve))


def _states_of(properties: Mapping[str, Any], resolve: Callable[[str], Any]) -> tuple[str, ...]:
    """Return the names of the properties whose schemas have `enum`."""
    return tuple(
        name
        for name, schema in properties.items()
        if any("enum" in part for part in possible_schemas(schema, resolve))
    )
