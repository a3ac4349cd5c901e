"""Finding the properties of a body that the document does not mention, at the level `exact`."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from dynacli.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.model.wording import enumerated
from dynacli.schema.evaluation.compiled_schema import MAX_ERRORS
from dynacli.schema.evaluation.shown_values import shortened
from dynacli.schema.read_schema import list_of, mapping_of
from dynacli.validation.bodies.read_body import JudgedValue
from dynacli.validation.findings.explain_error import explain
from dynacli.validation.findings.finding import Finding
from dynacli.validation.findings.meant_branch import branch_name
from dynacli.validation.operation_document import pointer_below
from dynacli.validation.schemas.applicable_schemas import (
    ApplicableSchemas,
    SchemaSelector,
)

__all__ = ["UndocumentedProperties"]

_MOST_EXPLAINED = 20
"""Findings that tell of the alternatives; each validates the value by them."""
_MOST_REASONS = 3


class UndocumentedProperties:
    """Finds properties that no applicable schema mentions, as `unevaluatedProperties: false` would.

    Objects are free, so that nothing in them is undocumented, where their schemas list no properties, are maps,
    or say that there may be others.

    Args:
        validators: Evaluate the schemas of the document.
        where: `request` or `response`.

    Attributes:
        unchecked: The part of the last value that was not looked at, with the reason; empty where all of it was.
    """

    def __init__(self, validators: Any, where: str) -> None:
        self._selector = SchemaSelector(validators)
        self._patterns = validators.notes.patterns
        self._where = where
        self._known: dict[tuple[Any, ...], _Mentioned] = {}
        self._explained = 0
        self.unchecked = ""

    def findings(self, judged: JudgedValue) -> Iterator[Finding]:
        """Yield a finding for each property that is not mentioned."""
        self.unchecked = ""
        found = self._findings([judged.schema], judged.value, judged.pointer)
        yield from islice(found, MAX_ERRORS)
        if next(found, None) is not None:
            self.unchecked = f"properties that the document does not mention, after the first {MAX_ERRORS:,}"

    def _findings(self, schemas: list[Any], value: Any, pointer: str) -> Iterator[Finding]:
        if not isinstance(value, dict | list) or not value or not schemas:
            return
        mentioned = self._mentioned(self._selector.select(schemas, value))
        if isinstance(value, list):
            if mentioned.has_items:
                for index, item in enumerate(value):
                    if isinstance(item, dict | list):
                        yield from self._findings(mentioned.of_item(index), item, f"{pointer}/{index}")
            return
        for name, item in value.items():
            below = mentioned.of_property(name)
            if below is None:
                text = f"the document does not mention `{name}`{self._alternatives(schemas, value, name)}"
                here = pointer_below(pointer, name)
                yield Finding(self._where, "undocumented-property", here, text, got=shortened(item))
            elif isinstance(item, dict | list):
                yield from self._findings(below, item, pointer_below(pointer, name))

    def _alternatives(self, schemas: list[Any], value: Any, name: str) -> str:
        """Return which alternatives apply, and why those do not that mention a property, as the end of a sentence."""
        if not isinstance(value, dict) or self._explained >= _MOST_EXPLAINED:
            return ""
        for branches, taken in self._selector.choices(self._selector.select(schemas, value), value):
            others = [
                number
                for number, branch in enumerate(branches)
                if number not in taken
                and name in self._mentioned(self._selector.select([branch], value)).properties
            ]
            if taken and others:
                self._explained += 1
                applying = enumerated([branch_name(branches, number) for number in taken], "and")
                reasons = [
                    f"{branch_name(branches, number)} does, but {self._why_not(branches[number], value)}"
                    for number in others[:_MOST_REASONS]
                ]
                return "; ".join([f" in {applying}, which the value fits", *reasons])
        return ""

    def _why_not(self, branch: Any, value: Any) -> str:
        error = next(iter(self._selector.errors(branch, value)), None)
        if error is None:
            return "the discriminator names another one"
        explanation = next(explain(error, lambda schema: set(mapping_of(schema, "properties"))))
        return f"{explanation.pointer}: {explanation.message}".removeprefix(": ")

    def _mentioned(self, schemas: ApplicableSchemas) -> "_Mentioned":
        key = schemas.key
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Mentioned(schemas, self._patterns)
        return known


class _Mentioned:
    """The properties and items that the schemas of a value mention, together."""

    def __init__(self, schemas: ApplicableSchemas, patterns: Any) -> None:
        self._schemas = list(schemas.own.values())
        self._patterns = patterns
        self._properties: dict[str, list[Any]] = {}
        names = {name for schema in self._schemas for name in mapping_of(schema, "properties")}
        self.properties = frozenset(names)
        # Where other properties are forbidden, each of them is another finding already.
        is_free = not names or schemas.is_open or any(map(_is_about_others, self._schemas))
        self._unmentioned: list[Any] | None = [] if is_free else None
        self._has_others = any(
            keyword in schema
            for schema in self._schemas
            for keyword in ("additionalProperties", "patternProperties")
        )
        self._items: dict[int, list[Any]] = {}
        self._last = max((_positions(schema) for schema in self._schemas), default=0)
        self.has_items = any(
            keyword in schema
            for schema in self._schemas
            for keyword in ("items", "prefixItems", "additionalItems", "unevaluatedItems")
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
                    below
                    for pattern, below in mapping_of(schema, "patternProperties").items()
                    if self._is_found(pattern, name)
                ]
                others = [] if matching else [schema.get("additionalProperties")]
                found.extend(
                    [*matching, *(below for below in others if isinstance(below, Mapping) or below is True)]
                )
        if not found:
            others = [schema.get("unevaluatedProperties") for schema in self._schemas]
            found = [below for below in others if isinstance(below, Mapping)]
        if is_listed:
            self._properties[name] = found
        return found or self._unmentioned

    def _is_found(self, pattern: str, name: str) -> bool:
        try:
            return bool(self._patterns.is_found(pattern, name))
        except (PatternTimeoutError, UnsupportedPatternError):
            return True  # in doubt a property counts as mentioned

    def of_item(self, index: int) -> list[Any]:
        """Return the schemas of an item of an array; `contains` is not among them, as it describes any item."""
        index = min(index, self._last)
        known = self._items.get(index)
        if known is None:
            known = self._items[index] = [
                below for schema in self._schemas for below in _of_position(schema, index)
            ]
        return known


def _is_about_others(schema: Mapping[str, Any]) -> bool:
    return any(
        isinstance(schema.get(keyword), bool | Mapping)
        for keyword in ("additionalProperties", "unevaluatedProperties")
    )


def _positions(schema: Mapping[str, Any]) -> int:
    """Return how many items have schemas of their own; drafts before 2020-12 list these under `items`."""
    return max(len(list_of(schema, "prefixItems")), len(list_of(schema, "items")))


def _of_position(schema: Mapping[str, Any], index: int) -> list[Any]:
    own = list_of(schema, "prefixItems") or list_of(schema, "items")
    if index < len(own):
        return [own[index]]
    rest = schema.get("additionalItems") if isinstance(schema.get("items"), list) else schema.get("items")
    rest = schema.get("unevaluatedItems") if rest is None else rest
    return [rest] if isinstance(rest, Mapping) else []
