"""The names of the fields that an operation's answer has."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["AnswerNames"]

_DEPTH = 2
"""Objects within objects whose fields are named; arrays do not count."""

_MOST_NESTED = 40
"""Schemas within schemas, references and branches included, that are looked at."""

_BRANCHES = ("allOf", "oneOf", "anyOf")


class AnswerNames:
    """Finds the names of fields; the fields of a component are found once.

    Args:
        components: Pointer → value.
    """

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._known: dict[tuple[str, int], tuple[str, ...]] = {}
        self._nesting = 0

    def of_operation(self, part: Mapping[str, Any]) -> Iterator[str]:
        """Yield the names of the fields of the answers with status 2xx."""
        responses = part["operation"].get("responses")
        for status, response in responses.items() if isinstance(responses, Mapping) else ():
            if str(status)[:1] == "2":
                content = self._followed(response).get("content")
                for media in content.values() if isinstance(content, Mapping) else ():
                    yield from self._names(self._followed(media).get("schema"), _DEPTH)

    def _followed(self, value: Any) -> Mapping[str, Any]:
        for _ in range(20):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                break
            value = self._components.get(value["$ref"][1:])
        return value if isinstance(value, Mapping) else {}

    def _names(self, schema: Any, depth: int) -> tuple[str, ...]:
        """Return the names of the fields of a schema, and of the schemas within it."""
        if not isinstance(schema, Mapping) or self._nesting > _MOST_NESTED:
            return ()
        self._nesting += 1
        reference = schema.get("$ref")
        if isinstance(reference, str):
            names = self._names_behind(reference, depth)
        else:
            names = tuple(dict.fromkeys(self._own_names(schema, depth)))
        self._nesting -= 1
        return names

    def _names_behind(self, reference: str, depth: int) -> tuple[str, ...]:
        key = reference, depth
        if key not in self._known:
            self._known[key] = ()  # for a schema that refers to itself
            self._known[key] = self._names(self._components.get(reference[1:]), depth)
        return self._known[key]

    def _own_names(self, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from map(str, properties)
            for value in properties.values() if depth > 1 else ():
                yield from self._names(value, depth - 1)
        yield from self._names(schema.get("items"), depth)
        for keyword in _BRANCHES:
            branches = schema.get(keyword)
            for branch in branches if isinstance(branches, list) else ():
                yield from self._names(branch, depth)
