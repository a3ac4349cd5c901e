"""Completing a value so that it matches the schema of a response.

The value that a client sent keeps all members that the schema allows. The rest is made as for an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.example_value import ExampleMaker, ExampleSchema
from dynacli.openapi.schema.read_schema import json_type

_NOTHING: Any = object()
"""Marks a location without a value to keep."""


def completed_value(value: Any, schema: Any, resolve: Callable[[str], Any]) -> Any:
    """Return a value that matches the schema of a response and has as much of the given value as possible.

    Args:
        value: A JSON value.
        schema: A Schema Object in the normal form, whose `$ref`s are not resolved, or a boolean.
        resolve: Returns the target of an internal `$ref`.

    Raises:
        NoExampleError: The schema allows no value, or none that can be made by simple rules.
    """
    strict = DocumentSchemas(resolve, "response")
    failure = NoExampleError("No value found for this schema")
    try:
        yet_to_try: Iterator[DocumentSchemas] = iter((strict,))
        for schemas in (*yet_to_try, *strict.lenient()):
            try:
                return _KeepingMaker(schemas).completed(value, schema)
            except NoExampleError as error:
                failure = error
    except RecursionError as error:
        raise NoExampleError("The schema is nested too deeply") from error
    raise failure


class _KeepingMaker(ExampleMaker):
    """Makes values that keep the parts of a given value."""

    def __init__(self, schemas: DocumentSchemas) -> None:
        super().__init__(schemas, required_only=True)
        self._here = self._next = _NOTHING

    def completed(self, value: Any, schema: Any, above: frozenset[str] = frozenset()) -> Any:
        """Return a value for a schema that keeps what it can of the given value."""
        self._next = value
        return self.make(schema, above)

    def make(self, schema: Any, above: frozenset[str] = frozenset()) -> Any:
        """Return a value for a schema."""
        outer, self._here, self._next = self._here, self._next, _NOTHING
        try:
            return super().make(schema, above)
        finally:
            self._here = outer

    def offers(self, merged: ExampleSchema) -> list[Any]:
        """Return the value to keep, then those of the schema. An example of an object would replace all its members."""
        kept = self._here
        if kept is _NOTHING:
            return super().offers(merged)
        return [kept] if isinstance(kept, dict | list) else [kept, *super().offers(merged)]

    def branches(self, branches: list[Any]) -> list[Any]:
        """Return the alternatives, those first that allow most members of the value to keep."""
        if not isinstance(self._here, dict):
            return sorted(branches, key=lambda branch: not self._allows(branch))
        return sorted(branches, key=self._rank)

    def values(self, type_name: str, merged: ExampleSchema, below: frozenset[str]) -> Iterator[Any]:
        """Yield values of a type, those with parts of the value to keep first."""
        kept = self._here
        if type_name == "object" and isinstance(kept, dict):
            value = self._kept_object(kept, merged, below)
            yield value
            yield from self._discriminated(value, merged)
        elif type_name == "array" and isinstance(kept, list):
            part = merged.keywords.get("items", True)
            prefix = merged.keywords.get("prefixItems") or []
            parts = [*prefix, *[part] * len(kept)]
            yield [self.completed(item, parts[index], below) for index, item in enumerate(kept)]
        yield from super().values(type_name, merged, below)

    def _build(self, merged: ExampleSchema, schema: Any, above: frozenset[str]) -> Any:
        types = merged.keywords.get("type")
        if types and self._here is not _NOTHING:
            wanted = json_type(self._here)
            merged.keywords["type"] = sorted(types, key=lambda name: name != wanted)
        return super()._build(merged, schema, above)

    def _kept_object(
        self, kept: Mapping[str, Any], merged: ExampleSchema, below: frozenset[str]
    ) -> dict[str, Any]:
        keywords = merged.keywords
        properties = dict_or_empty(keywords.get("properties"))
        required = keywords.get("required", [])
        value: dict[str, Any] = {}
        for name, member in kept.items():
            part = properties[name] if name in properties else self._additional_schema(keywords, name)
            if part is False or self.schemas.is_hidden(part):
                continue
            with suppress(NoExampleError):
                value[name] = self.completed(member, part, below)
        for name in required:
            part = properties.get(name, True)
            if name not in value and not self.schemas.is_hidden(part):
                value[name] = self.make(
                    part if name in properties else self._additional_schema(keywords, name), below
                )
        visible = {name: part for name, part in properties.items() if not self.schemas.is_hidden(part)}
        self._add_dependent(value, keywords, visible, below)
        for name, part in visible.items():
            if len(value) >= keywords.get("minProperties", 0):
                break
            if name not in value:
                with suppress(NoExampleError):
                    value[name] = self.make(part, below)
        return value

    def _allows(self, branch: Any) -> bool:
        return self._here is _NOTHING or self.schemas.fits(self._here, branch)

    def _rank(self, branch: Any) -> tuple[bool, int, int]:
        if self._allows(branch):
            return False, 0, 0
        merged = ExampleSchema()
        try:
            merged.add(branch, self.schemas, frozenset())
        except NoExampleError:
            return True, len(self._here) + 1, 0
        properties = dict_or_empty(merged.keywords.get("properties"))
        known = [name for name in self._here if name in properties]
        wrong = [name for name in known if not self.schemas.fits(self._here[name], properties[name])]
        return True, len(wrong), len(wrong) - len(known)
