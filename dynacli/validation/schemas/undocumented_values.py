"""What a body holds and the document does not mention: the part of `--validate exact`."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from dynacli.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.validation.findings.finding import Finding, shortened
from dynacli.validation.findings.schema_error import MAX_ERRORS
from dynacli.validation.judging_session import TooLongError
from dynacli.validation.operation_document import pointer_below
from dynacli.validation.schemas.applicable_schemas import Applying, Schemas, list_of, mapping_of

__all__ = ["Exact"]


class Exact:
    """Finds properties that no schema mentions which applies, as `unevaluatedProperties: false` would.

    An object whose schemas list no properties, a map, and a schema that says itself
    that more may come are free: nothing in them is undocumented.

    Args:
        validator: A validator of the dialect, whose resolver knows the document.
        where: `request` or `response`.

    Attributes:
        left: What of the last value was not looked at, and why; empty where all of it was.
    """

    def __init__(self, validator: Any, where: str) -> None:
        self._applying = Applying(validator)
        self._patterns = validator.format_checker.session.patterns
        self._where = where
        self._known: dict[tuple[Any, ...], _Mentioned] = {}
        self.left = ""

    def undocumented(self, schema: Any, value: Any, pointer: str = "") -> Iterator[Finding]:
        """Yield a finding for each property that is not mentioned.

        Args:
            schema: A Schema Object with its references in place.
            value: The JSON value.
            pointer: Where the value stands.
        """
        self.left = ""
        found = self._undocumented([schema], value, pointer)
        try:
            yield from islice(found, MAX_ERRORS)
            if next(found, None) is not None:
                self.left = "what else the document does not mention, after so much of it"
        except TooLongError:
            self.left = "what else the document does not mention: it takes too long to judge all of the value"

    def _undocumented(self, schemas: list[Any], value: Any, pointer: str) -> Iterator[Finding]:
        if not isinstance(value, dict | list) or not value or not schemas:
            return
        mentioned = self._mentioned(self._applying.to(schemas, value))
        if isinstance(value, list):
            if mentioned.has_items:
                for index, item in enumerate(value):
                    if isinstance(item, dict | list):
                        inside = mentioned.of_item(index)
                        yield from self._undocumented(inside, item, f"{pointer}/{index}")
            return
        for name, item in value.items():
            below = mentioned.of_property(name)
            if below is None:
                text = f"the document does not mention `{name}`"
                here = pointer_below(pointer, name)
                yield Finding(self._where, "undocumented-property", here, text, got=shortened(item))
            elif isinstance(item, dict | list):
                yield from self._undocumented(below, item, pointer_below(pointer, name))

    def _mentioned(self, schemas: Schemas) -> "_Mentioned":
        key = schemas.key
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Mentioned(schemas, self._patterns)
        return known


class _Mentioned:
    """What schemas that apply to one value together say of what is inside of it."""

    def __init__(self, schemas: Schemas, patterns: Any) -> None:
        self._schemas = list(schemas.own.values())
        self._patterns = patterns
        self._properties: dict[str, list[Any]] = {}
        names = {name for one in self._schemas for name in mapping_of(one, "properties")}
        # Where more is forbidden, whatever is not mentioned is another finding already.
        is_free = not names or schemas.is_open or any(map(_says_of_others, self._schemas))
        self._unmentioned: list[Any] | None = [] if is_free else None
        self._has_others = any(
            one in schema for schema in self._schemas for one in ("additionalProperties", "patternProperties")
        )
        self._items: dict[int, list[Any]] = {}
        self._last = max((_positions(one) for one in self._schemas), default=0)
        self.has_items = any(
            one in schema
            for schema in self._schemas
            for one in ("items", "prefixItems", "additionalItems", "unevaluatedItems")
        )

    def of_property(self, name: str) -> list[Any] | None:
        """Return the schemas of a property; None where it is not mentioned."""
        known = self._properties.get(name)
        if known is not None:
            return known
        found: list[Any] = []
        is_listed = False
        for schema in self._schemas:
            properties = mapping_of(schema, "properties")
            if name in properties:
                found.append(properties[name])
                is_listed = True
            elif self._has_others:
                matching = [
                    one
                    for pattern, one in mapping_of(schema, "patternProperties").items()
                    if self._is_found(pattern, name)
                ]
                others = [] if matching else [schema.get("additionalProperties")]
                found.extend([*matching, *(one for one in others if isinstance(one, Mapping) or one is True)])
        if not found:
            others = [schema.get("unevaluatedProperties") for schema in self._schemas]
            found = [one for one in others if isinstance(one, Mapping)]
        if is_listed:
            self._properties[name] = found
        return found or self._unmentioned

    def _is_found(self, pattern: str, name: str) -> bool:
        try:
            return bool(self._patterns.is_found(pattern, name))
        except (PatternTimeoutError, UnsupportedPatternError):
            return True  # nobody knows, and then nothing is held against it

    def of_item(self, index: int) -> list[Any]:
        """Return the schemas of an item of an array; `contains` describes none in particular."""
        index = min(index, self._last)
        known = self._items.get(index)
        if known is None:
            known = self._items[index] = [
                one for schema in self._schemas for one in _of_position(schema, index)
            ]
        return known


def _says_of_others(schema: Mapping[str, Any]) -> bool:
    return any(
        isinstance(schema.get(one), bool | Mapping)
        for one in ("additionalProperties", "unevaluatedProperties")
    )


def _positions(schema: Mapping[str, Any]) -> int:
    """Return how many items have schemas of their own; in drafts before 2020-12 `items` is their list."""
    return max(len(list_of(schema, "prefixItems")), len(list_of(schema, "items")))


def _of_position(schema: Mapping[str, Any], index: int) -> list[Any]:
    own = list_of(schema, "prefixItems") or list_of(schema, "items")
    if index < len(own):
        return [own[index]]
    rest = schema.get("additionalItems") if isinstance(schema.get("items"), list) else schema.get("items")
    rest = schema.get("unevaluatedItems") if rest is None else rest
    return [rest] if isinstance(rest, Mapping) else []
