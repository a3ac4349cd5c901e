"""The fields of an answer that may be about its pages: from the schema of the document, or from an answer that came."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dynacli.model.find_items import ID_NAMES, choose_array
from dynacli.record import record
from dynacli.schema.possible_schemas import possible_schemas, properties_of, value_types_of
from dynacli.schema.read_schema import json_type, types_of

__all__ = [
    "AnswerField",
    "fields_of_schema",
    "fields_of_value",
    "item_field",
]

_DEPTH = 4
_MOST_FIELDS = 400


@record
class AnswerField:
    """A field of an answer.

    Args:
        steps: The names that lead to it; none for the answer itself.
        types: The types that it may have, without null; empty where that is not known.
        facts: The keywords of its schema that tell what it means: `format`, `description`, `example`, `title`.
        is_shown: Whether it was found in an answer.
        item_names: The properties of the items of an array.
        item_types: The types of the items of an array; empty where that is not known.
    """

    steps: tuple[str, ...]
    types: frozenset[str]
    facts: Mapping[str, Any]
    is_shown: bool = False
    item_names: tuple[str, ...] = ()
    item_types: frozenset[str] = frozenset()

    @property
    def has_ids(self) -> bool:
        """Whether the items of an array have an id."""
        return not ID_NAMES.isdisjoint(name.lower() for name in self.item_names)

    @property
    def may_hold_objects(self) -> bool:
        """Whether the items of an array may be objects."""
        return not self.item_types or "object" in self.item_types


def fields_of_schema(schema: Any, resolve: Callable[[str], Any]) -> list[AnswerField]:
    """Return the fields of the answers that a schema describes, the outermost first."""
    found: list[AnswerField] = []
    waiting: deque[tuple[tuple[str, ...], Any, tuple[int, ...]]] = deque([((), schema, ())])
    while waiting and len(found) < _MOST_FIELDS:
        steps, part, above = waiting.popleft()
        if any(id(part) == each for each in above):
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
) -> AnswerField:
    facts: dict[str, Any] = {}
    item_names: tuple[str, ...] = ()
    item_types: frozenset[str] = frozenset()
    for schema in schemas:
        for keyword in ("format", "description", "example", "title", "default"):
            if keyword in schema:
                facts.setdefault(keyword, schema[keyword])
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            facts.setdefault("example", examples[0])
        if "items" in schema and not item_names:
            items = list(possible_schemas(schema["items"], resolve))
            item_names = tuple(properties_of(items))
            item_types = frozenset(name for item in items for name in types_of(item))
            item_types = item_types or frozenset({"object"} if item_names else ())
    return AnswerField(steps, frozenset(value_types_of(schemas)), facts, False, item_names, item_types)


def fields_of_value(value: Any) -> list[AnswerField]:
    """Return the fields of an answer that came, the outermost first."""
    found: list[AnswerField] = []
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), value)])
    while waiting and len(found) < _MOST_FIELDS:
        steps, part = waiting.popleft()
        names: tuple[str, ...] = ()
        item_types: frozenset[str] = frozenset()
        if isinstance(part, list) and part:
            names = tuple(part[0]) if isinstance(part[0], dict) else ()
            item_types = frozenset({json_type(part[0])}) - {"null"}
        types = frozenset({json_type(part)}) - {"null"}
        found.append(AnswerField(steps, types, {"example": part}, True, names, item_types))
        if isinstance(part, dict) and len(steps) < _DEPTH:
            waiting.extend(((*steps, name), below) for name, below in part.items())
    return found


def item_field(fields: Sequence[AnswerField], path: str) -> AnswerField | tuple[AnswerField, ...]:
    """Return the array that holds the items; else all that may be it, which are none where there is no array.

    Args:
        fields: The fields of the answer, by its schema.
        path: The path of the operation.
    """
    arrays = [field for field in fields if "array" in field.types and "object" not in field.types]
    return choose_array(arrays, path)
