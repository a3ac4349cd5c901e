"""Finds properties of a body that the document does not mention, at the level `exact`.

A property must be mentioned by a schema that applies to the value. In `anyOf` and `oneOf`, these are the branches that
the value matches.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from dynacli.openapi.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.references import reference_of, references_of
from dynacli.openapi.schema.evaluation.compiled_schema import MAX_ERRORS, TOO_LONG
from dynacli.openapi.schema.evaluation.schema_error import shortened_value
from dynacli.openapi.schema.read_schema import discriminator_of, list_of, mapping_of
from dynacli.validation._finding_sentences import branch_name, explain
from dynacli.validation.finding import Finding
from dynacli.validation.operation_document import pointer_below
from dynacli.validation.read_body import ValidatedValue

_MAX_HOPS = 100
_CONDITIONS = ("anyOf", "oneOf", "if", "dependentSchemas", "dependencies", "discriminator")
_CONSTRAINTS = frozenset({"required", "not", "enum", "const", "items", "prefixItems", "dependentRequired"})

_ANYTHING: Mapping[str, Any] = {"additionalProperties": True}

_MOST_SECONDS = 2.0
"""Time limit for one value in seconds, because each part of it is validated by all branches of its schema."""
_MOST_EXPLAINED = 20
"""Maximum number of findings that explain the alternatives, because each explanation validates the value again."""
_MOST_REASONS = 3


class _ApplicableSchemas:
    """The schemas that apply to a value together.

    Attributes:
        own: Identity → schema, including the schemas of references and `allOf`.
        conditional: The schemas with branches that apply depending on the value.
        is_open: Whether unknown schemas may apply, too.
    """

    def __init__(self) -> None:
        self.own: dict[int, Mapping[str, Any]] = {}
        self.conditional: list[Mapping[str, Any]] = []
        self.is_open = False

    @property
    def key(self) -> tuple[Any, ...]:
        """A key that is equal for equal sets of schemas."""
        return (self.is_open, *self.own)

    def add(self, other: _ApplicableSchemas) -> None:
        """Add schemas that also apply."""
        known = self.own.keys() & other.own.keys()
        self.own.update(other.own)
        self.conditional.extend(schema for schema in other.conditional if id(schema) not in known)
        self.is_open |= other.is_open


class _SchemaSelector:
    """Selects the schemas that apply to values, by the rules of `unevaluatedProperties`.

    If a value matches no branch of `anyOf` or `oneOf`, all branches count, because there is already a finding.

    Args:
        validators: The evaluator of the document's schemas.
    """

    def __init__(self, validators: Any) -> None:
        self._validators = validators
        self._known: dict[tuple[Any, ...], tuple[list[Any], _ApplicableSchemas]] = {}

    def select(self, schemas: list[Any], value: Any) -> _ApplicableSchemas:
        """Return all schemas that apply to an object or an array, starting from its validating schemas."""
        kind = "array" if isinstance(value, list) else "object"
        fixed = self._fixed(schemas, kind)
        if not fixed.conditional:
            return fixed
        found = _ApplicableSchemas()
        found.add(fixed)
        # The list grows during the loop, because a branch may have conditions itself.
        for schema in found.conditional:
            for branch, is_alternative in self._branches(schema, value):
                more = self._fixed([branch], kind)
                found.add(more)
                found.is_open |= is_alternative and _is_free(more)
        return found

    def is_valid(self, schema: Any, value: Any) -> bool:
        """Return whether a value has no errors by a schema, except minor ones."""
        return next(self.errors(schema, value), None) is None

    def errors(self, schema: Any, value: Any) -> Iterator[Any]:
        """Yield the errors of a value by a schema, without minor ones."""
        found = self._validators.errors(schema, value)
        return (error for error in found if not error.is_minor)

    def choices(self, schemas: _ApplicableSchemas, value: Any) -> Iterator[tuple[list[Any], list[int]]]:
        """Yield the branches of each `oneOf` and `anyOf`, and the numbers of the branches that apply."""
        kind = "array" if isinstance(value, list) else "object"
        for schema in schemas.own.values():
            for keyword in ("oneOf", "anyOf"):
                branches = list_of(schema, keyword)
                taken = self._fitting(branches, schema, value, kind)
                applying = [
                    number
                    for number, branch in enumerate(branches)
                    if any(branch is other for other in taken)
                ]
                yield branches, applying

    def _fixed(self, schemas: list[Any], kind: str) -> _ApplicableSchemas:
        """Return the schemas that apply to every object, or to every array.

        Args:
            kind: `object` or `array`.
        """
        key = (kind, *map(id, schemas))
        known = self._known.get(key)
        if known is None:
            found = _ApplicableSchemas()
            for schema in schemas:
                self._add(found, schema, kind, 0)
            # The entry keeps the schemas, so that no other object can get the same identity.
            known = self._known[key] = (schemas, found)
        return known[1]

    def _add(self, found: _ApplicableSchemas, schema: Any, kind: str, hops: int) -> None:
        if not isinstance(schema, Mapping) or id(schema) in found.own:
            return
        if hops > _MAX_HOPS:
            found.is_open = True
            return
        refs = references_of(schema)
        for ref in refs:
            target = self._target(ref)
            if target is None:
                found.is_open = True  # the missing schema may mention more properties
            else:
                self._add(found, target, kind, hops + 1)
        if refs and self._validators.version == "3.0":
            return  # OpenAPI 3.0.4, "Reference Object": keywords beside a `$ref` are ignored
        found.own[id(schema)] = schema
        for branch in list_of(schema, "allOf"):
            self._add(found, branch, kind, hops + 1)
        if self._is_conditional(found, schema, kind, hops):
            found.conditional.append(schema)

    def _is_conditional(
        self, found: _ApplicableSchemas, schema: Mapping[str, Any], kind: str, hops: int
    ) -> bool:
        """Return whether the value decides which branches of a schema apply.

        If `anyOf` or `oneOf` has only one branch for the kind, the branch always applies and is added.
        """
        keywords = [keyword for keyword in _CONDITIONS if keyword in schema]
        if "discriminator" in keywords or any(keyword not in {"anyOf", "oneOf"} for keyword in keywords):
            return True
        choices = [self._of_kind(list_of(schema, keyword), kind) for keyword in keywords]
        if any(len(branches) > 1 for branches in choices):
            return True
        for branch in (branch for branches in choices for branch in branches):
            more = _ApplicableSchemas()
            more.own.update(found.own)  # ends a circle of references
            self._add(more, branch, kind, hops + 1)
            for known in found.own:
                del more.own[known]
            found.add(more)
            found.is_open |= bool(more.own) and _is_free(more)
        return False

    def _of_kind(self, branches: list[Any], kind: str) -> list[Any]:
        """Return the branches that may describe an object or array; all of them if none does."""
        return [branch for branch in branches if self._may_be(branch, kind, 0)] or branches

    def _may_be(self, schema: Any, kind: str, hops: int) -> bool:
        if not isinstance(schema, Mapping) or hops > _MAX_HOPS:
            return schema is not False
        kinds = schema.get("type")
        if kinds is not None and kind not in (kinds if isinstance(kinds, list) else [kinds]):
            return False
        if (ref := reference_of(schema)) is not None:
            return self._may_be(self._target(ref), kind, hops + 1)
        return True

    def _target(self, ref: str) -> Any:
        try:
            return self._validators.resolve(ref)
        except LookupError:
            return None

    def _branches(self, schema: Mapping[str, Any], value: Any) -> Iterator[tuple[Any, bool]]:
        """Yield (branch, whether it is in `anyOf` or `oneOf`) for each branch of a schema that applies to a value."""
        kind = "array" if isinstance(value, list) else "object"
        for keyword in ("anyOf", "oneOf"):
            for branch in self._fitting(list_of(schema, keyword), schema, value, kind):
                yield branch, True
        if "if" in schema:
            fits = self.is_valid(schema["if"], value)
            yield from ((schema.get(name), False) for name in (("if", "then") if fits else ("else",)))
        for keyword in ("dependentSchemas", "dependencies") if kind == "object" else ():
            for name, branch in mapping_of(schema, keyword).items():
                if name in value:
                    yield branch, False
        if "anyOf" not in schema and "oneOf" not in schema:
            yield from ((child, False) for child in self._child(schema, value))

    def _fitting(self, branches: list[Any], schema: Any, value: Any, kind: str) -> list[Any]:
        discriminator = discriminator_of(schema)
        named = discriminator.branch_of(value, branches) if discriminator is not None else None
        if named is not None:
            return [branches[named]]
        branches = self._of_kind(branches, kind)
        if len(branches) < 2:
            return branches
        return [branch for branch in branches if self.is_valid(branch, value)] or branches

    def _child(self, schema: Mapping[str, Any], value: Any) -> list[Any]:
        """Return the schema named by a parent's discriminator, a child that refers to the parent in `allOf`."""
        discriminator = discriminator_of(schema)
        if discriminator is None or not isinstance(value, Mapping):
            return []
        for ref in discriminator.references_to(value.get(discriminator.property)):
            # Without a mapping, the value may be a name or a reference.
            target = self._target(ref) if ref.startswith("#/") else None
            if target is not None:
                return [target]
        return [_ANYTHING]  # a child that the document does not have


def _is_free(schemas: _ApplicableSchemas) -> bool:
    """Return whether an alternative allows any object, because the document describes none of its properties."""
    return not schemas.conditional and all(
        not mapping_of(schema, "properties") and _CONSTRAINTS.isdisjoint(schema)
        for schema in schemas.own.values()
    )


class UndocumentedProperties:
    """Finds properties that no applicable schema mentions, as `unevaluatedProperties: false` would.

    An object may have any property if its schemas list no properties, are maps, or allow other properties.

    Args:
        validators: The evaluator of the document's schemas.
        where: `request` or `response`.

    Attributes:
        not_validated: The unchecked part of the last value with the reason; empty if the whole value was checked.
    """

    def __init__(self, validators: Any, where: str) -> None:
        self._selector = _SchemaSelector(validators)
        self._notes = validators.notes
        self._where = where
        self._known: dict[tuple[Any, ...], _Mentioned] = {}
        self._explained = 0
        self._end = 0.0
        self.not_validated = ""

    def findings(self, validated: ValidatedValue) -> Iterator[Finding]:
        """Yield a finding for each property that the document does not mention."""
        self.not_validated = ""
        self._end = min(time.perf_counter() + _MOST_SECONDS, self._notes.end)
        found = self._findings([validated.schema], validated.value, validated.pointer)
        yield from islice(found, MAX_ERRORS)
        if time.perf_counter() > self._end:
            self.not_validated = TOO_LONG
        elif next(found, None) is not None:
            self.not_validated = (
                f"properties that the document does not mention, after the first {MAX_ERRORS:,}"
            )

    def _findings(self, schemas: list[Any], value: Any, pointer: str) -> Iterator[Finding]:
        if not isinstance(value, dict | list) or not value or not schemas or time.perf_counter() > self._end:
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
                yield Finding(self._where, "undocumented-property", here, text, got=shortened_value(item))
            elif isinstance(item, dict | list):
                yield from self._findings(below, item, pointer_below(pointer, name))

    def _alternatives(self, schemas: list[Any], value: Any, name: str) -> str:
        """Return the end of a sentence about the alternatives that apply, and about others that mention a property."""
        if not isinstance(value, dict) or self._explained >= _MOST_EXPLAINED:
            return ""
        applicable = self._selector.select(schemas, value)
        self._explained += bool(applicable.conditional)
        for branches, taken in self._selector.choices(applicable, value):
            others = [
                number
                for number, branch in enumerate(branches)
                if number not in taken
                and name in self._mentioned(self._selector.select([branch], value)).properties
            ]
            if taken and others:
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

    def _mentioned(self, schemas: _ApplicableSchemas) -> _Mentioned:
        key = schemas.key
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Mentioned(schemas, self._notes.patterns)
        return known


class _Mentioned:
    """The properties and items that all schemas of a value mention together."""

    def __init__(self, schemas: _ApplicableSchemas, patterns: Any) -> None:
        self._schemas = list(schemas.own.values())
        self._patterns = patterns
        self._properties: dict[str, list[Any]] = {}
        names = {name for schema in self._schemas for name in mapping_of(schema, "properties")}
        self.properties = frozenset(names)
        # If other properties are forbidden, there is already a finding for each.
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
        """Return the schemas of a property; None if it is not mentioned."""
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
            return True  # in doubt, a property counts as mentioned

    def of_item(self, index: int) -> list[Any]:
        """Return the schemas of an item of an array, without `contains`, which describes any item."""
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
    """Return the number of items with a separate schema; drafts before 2020-12 list these in `items`."""
    return max(len(list_of(schema, "prefixItems")), len(list_of(schema, "items")))


def _of_position(schema: Mapping[str, Any], index: int) -> list[Any]:
    own = list_of(schema, "prefixItems") or list_of(schema, "items")
    if index < len(own):
        return [own[index]]
    rest = schema.get("additionalItems") if isinstance(schema.get("items"), list) else schema.get("items")
    rest = schema.get("unevaluatedItems") if rest is None else rest
    return [rest] if isinstance(rest, Mapping) else []
