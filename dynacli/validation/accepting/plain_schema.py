"""Translating a Schema Object into plain JSON Schema 2020-12, with the meaning that the judge's keywords have.

A keyword that has no plain form, or that the document misuses, becomes a doubt: a keyword that says, when it is
asked about a value, that the compiled schema cannot judge that value.
"""

from collections import deque
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from dynacli.model.operation import Dialect
from dynacli.schema.read_schema import LEFT_OUT, Direction, Follow, applied_schemas, is_marked
from dynacli.validation.accepting.plain_keywords import (
    INTEGER_3_0,
    TRANSLATIONS,
    DoubtError,
    Nesting,
    Part,
    refuse_marks_elsewhere,
)

__all__ = [
    "DOUBT",
    "ENTRY",
    "JUDGING_KEYWORDS",
    "LATER",
    "PlainSchema",
    "SchemaSource",
    "UntranslatableError",
    "is_dialect_of",
]

DOUBT = "doubt"
"""The name of the keyword for a doubt."""

ENTRY = "entry"
"""The name of the keyword that counts how often a schema on a circle of references is entered.

Alternatives that lead to themselves are tried at each level of a value: ten levels of four make a million.
"""

LATER = "later"
"""The name of the keyword for a reference whose target is translated when a value reaches it."""

_DOUBT: Any = {DOUBT: True}
_MAX_STEPS = 64
"""The largest number of references and branches between schemas of the same value."""

_MAX_WAYS = 10_000
"""The largest number of ways between schemas of the same value that are not counted."""

_INTEGER_3_0 = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "id": INTEGER_3_0,
    "$id": INTEGER_3_0,
    "type": "integer",
}

# In the normal form, where exclusive bounds are numbers.
_KEYWORDS_3_0 = frozenset(
    {"$ref", "additionalProperties", "allOf", "anyOf", "discriminator", "enum", "externalDocs", "format"}
    | {"exclusiveMinimum", "exclusiveMaximum"}
    | {"items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength"}
    | {"minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "properties", "required", "type"}
    | {"uniqueItems", "xml"}
)
_KEYWORDS_3_1 = _KEYWORDS_3_0 | {
    *("$dynamicRef", "const", "contains", "dependentRequired", "dependentSchemas", "if", "patternProperties"),
    *("prefixItems", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
}
JUDGING_KEYWORDS: Mapping[str, frozenset[str]] = {
    "3.0": _KEYWORDS_3_0,
    "3.1": _KEYWORDS_3_1,
    "3.2": _KEYWORDS_3_1,
}
"""Version → the keywords that judge, in the normal form; a test holds them against those of openapi-core."""

_DIALECTS = {
    "3.1": (
        "https://spec.openapis.org/oas/3.1/dialect/base",
        "https://json-schema.org/draft/2020-12/schema",
    ),
    "3.2": ("https://spec.openapis.org/oas/3.2/dialect/2025-09-17",),
}


class UntranslatableError(Exception):
    """The schema as a whole has no plain form; the text says why."""


class SchemaSource(NamedTuple):
    """What a schema means beside its own text.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the message.
        follow: Follows references; it raises `LookupError` where one leads nowhere, or out of the document.
        is_normal: Whether the schemas are in the normal form; else they are as the document has them.
    """

    version: Dialect
    direction: Direction
    follow: Follow
    is_normal: bool = True


def is_dialect_of(version: str, name: Any) -> bool:
    """Return whether `$schema` or `jsonSchemaDialect` names the dialect that a version of OpenAPI has anyway."""
    return isinstance(name, str) and name.rstrip("#") in _DIALECTS.get(version, ())


class PlainSchema:
    """The plain form of a schema and of all schemas that its references lead to.

    Args:
        schema: The schema as it is written.
        source: Its version, direction and references.
        max_schemas: The largest number of schemas that are translated.
        most_at_once: After so many schemas, references of members become `LATER`: in a densely connected document
            a schema reaches most of the others, and most values reach few of them.

    Attributes:
        is_3_0: Whether the version is 3.0.
        refuses_hidden: Whether a property that this direction leaves out is an error.
        root: The plain form.
        patterns: Pattern → the name of the format that stands for it.
        size: The number of schemas that were translated.

    Raises:
        UntranslatableError: The schema has no plain form.
    """

    def __init__(
        self, schema: Any, source: SchemaSource, max_schemas: int, most_at_once: int | None = None
    ) -> None:
        self._source = source
        self._max_schemas = max_schemas
        self._most_at_once = max_schemas if most_at_once is None else most_at_once
        self.is_3_0 = source.version == "3.0"
        self.refuses_hidden = self.is_3_0 or source.direction == "response"
        self._keywords = JUDGING_KEYWORDS[source.version]
        self._names: dict[str, int] = {}
        self._waiting: deque[tuple[int, Any]] = deque()
        self._steps: dict[int, dict[int, int]] = {}
        self._times: dict[int, dict[int, int]] = {}
        self._references: dict[int, set[int]] = {}
        self._current = -1
        self.size = 0
        self.patterns: dict[str, str] = {}
        self.root = self._translated(schema)

    def _translated(self, schema: Any) -> Part:
        definitions: Part = {"integer": _INTEGER_3_0}
        root = self.plain(schema, Nesting())
        while self._waiting:  # the nearest first
            self._current, target = self._waiting.popleft()
            definitions[str(self._current)] = self.plain(target, Nesting())
        self._refuse_circles()
        for number in self._on_circles() | self._on_many_ways():
            definitions[str(number)] = {"allOf": [{ENTRY: True}, definitions[str(number)]]}
        dialect = "https://json-schema.org/draft/2020-12/schema"
        return {"$schema": dialect, "$defs": definitions, "allOf": [root]}

    def _refuse_circles(self) -> None:
        """Refuse schemas that lead back to themselves for the same value, or through too many others."""
        longest: dict[int, int] = {}

        def follow(number: int, path: tuple[int, ...]) -> int:
            if number in path:
                raise UntranslatableError("it leads back to itself")
            if len(path) > _MAX_STEPS:
                raise UntranslatableError("it is too deep")
            if number not in longest:
                following = self._steps.get(number, {})
                lengths = (steps + follow(other, (*path, number)) for other, steps in following.items())
                longest[number] = max(lengths, default=0)
            return longest[number]

        if any(follow(number, ()) > _MAX_STEPS for number in list(self._steps)):
            raise UntranslatableError("it is too deep")

    def _on_circles(self) -> set[int]:
        """Return the numbers of the schemas that are on a circle of references, or between two."""
        following = {number: set(others) for number, others in self._references.items()}
        while True:
            # A schema that none of the rest refers to, or that refers to none of it, is on no circle of the rest.
            referred = set().union(*following.values()) if following else set()
            kept = {
                number: others & following.keys()
                for number, others in following.items()
                if number in referred and not others.isdisjoint(following)
            }
            if len(kept) == len(following):
                return set(kept)
            following = kept

    def _on_many_ways(self) -> set[int]:
        """Return the numbers of the schemas that one value enters on several ways, where there are too many ways.

        Of thirty schemas that each refer twice to the next, the last is entered a thousand million times.
        """
        ways: dict[int, int] = {}

        def count(number: int) -> int:
            if number not in ways:
                following = self._times.get(number, {})
                ways[number] = 1 + sum(times * count(other) for other, times in following.items())
            return ways[number]

        if all(count(number) <= _MAX_WAYS for number in list(self._times)):
            return set()
        return {
            other for following in self._times.values() for other, times in following.items() if times > 1
        }

    def plain(self, schema: Any, nesting: Nesting) -> Any:
        """Return the plain form of a schema.

        Args:
            schema: The schema.
            nesting: Its distance from the root schema, or from the target of the last reference.
        """
        self.size += 1
        if self.size > self._max_schemas:
            raise UntranslatableError("it is too large")
        if nesting.steps > _MAX_STEPS:
            raise UntranslatableError("it is too deep")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return _DOUBT
        if not self._source.is_normal:
            # Imported where openapi-core judges large values.
            from dynacli.schema.normal_form import normal_keywords

            normal = normal_keywords(schema, self._source.version)
            schema = schema if normal is None else normal
        if (
            not self.is_3_0
            and "$schema" in schema
            and not is_dialect_of(self._source.version, schema["$schema"])
        ):
            return _DOUBT
        plain: Part = {}
        others: list[Part] = []
        for name, value in schema.items():
            if name not in self._keywords:
                continue
            part = self._part(name, value, schema, nesting)
            if part.keys() & plain.keys():
                others.append(part)
            else:
                plain.update(part)
        if others:
            plain["allOf"] = [*plain.get("allOf", ()), *others]
        return plain

    def _part(self, name: str, value: Any, schema: Any, nesting: Nesting) -> Part:
        if name in {"$ref", "$dynamicRef"}:
            return _safely(lambda: self._reference(value, schema, nesting, is_dynamic=name != "$ref"))
        translation = TRANSLATIONS.get(name)
        if translation is None:
            return {"allOf": [_DOUBT]}
        return _safely(lambda: translation(self, value, schema, nesting))

    def _reference(self, value: Any, schema: Any, nesting: Nesting, *, is_dynamic: bool = False) -> Part:
        if not isinstance(value, str):
            raise DoubtError
        if "properties" in schema or "required" in schema:
            refuse_marks_elsewhere(self, schema)
        if is_dynamic and not value.startswith("#/"):
            raise DoubtError  # an anchor, whose meaning depends on the way to this schema
        if value not in self._names:
            if self.size > self._most_at_once and not nesting.is_same_value:
                return {LATER: value}
            contents = self._target(value)
            self._names[value] = len(self._names)
            self._waiting.append((self._names[value], contents))
        number = self._names[value]
        self._references.setdefault(self._current, set()).add(number)
        if nesting.is_same_value:
            known = self._steps.setdefault(self._current, {})
            known[number] = max(known.get(number, 0), nesting.steps + 1)
            times = self._times.setdefault(self._current, {})
            times[number] = times.get(number, 0) + 1
        return {"$ref": f"#/$defs/{number}"}

    def _target(self, ref: str) -> Any:
        try:
            return self._source.follow(ref)[0]
        except LookupError:  # judging itself notes that the reference leads nowhere
            raise DoubtError from None

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""
        try:
            return is_marked(schema, LEFT_OUT[self._source.direction], self._source.follow)
        except LookupError:
            raise DoubtError from None

    def applied(self, schema: Any) -> list[Mapping[str, Any]]:
        """Return a schema, the schemas that it refers to, and those of its `allOf`."""
        try:
            # A chain of more is too deep anyway; to look at all of it from each of its links would take long.
            parts = list(islice(applied_schemas(schema, self._source.follow), _MAX_STEPS + 1))
        except LookupError:
            raise DoubtError from None
        if len(parts) > _MAX_STEPS:
            raise DoubtError
        return parts

    def pattern_format(self, pattern: str) -> str:
        """Return the name of the format that stands for a pattern."""
        return self.patterns.setdefault(pattern, f"pattern {len(self.patterns)}")


def _safely(translated: Callable[[], Part]) -> Part:
    try:
        return translated()
    except DoubtError:
        return {"allOf": [_DOUBT]}
