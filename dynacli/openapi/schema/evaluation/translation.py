"""Translate a Schema Object into a plain schema: JSON Schema 2020-12 for jsonschema-rs.

Schemas have the same locations in the plain schema as in the document, so that paths of errors fit the document, too.
For each part that the translation adds, an *origin* records its location in the document.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from dynacli.openapi.model.operation import Dialect
from dynacli.openapi.model.patterns import engine_spelling
from dynacli.openapi.schema.evaluation._keyword_translations import (
    CONTAINER,
    ENTRY,
    INTEGER_3_0,
    LATER,
    TRANSLATIONS,
    UNEVALUATED,
    UNUSABLE,
    Nesting,
    Origin,
    Plain,
    UnusableError,
    unusable,
    unusable_text,
)
from dynacli.openapi.schema.read_schema import LEFT_OUT, Direction, Follow, applied_schemas, is_marked

_MAX_STEPS = 128
"""Maximum number of references and branches between schemas of the same value."""

_MAX_UNCOUNTED = 100_000
"""Maximum number of steps for one part of a value without counting how often schemas are entered."""

_MAX_WALK = 1_000_000
"""Maximum number of steps through the schemas beside `unevaluatedProperties`, which grow faster than the schemas."""

# The keywords of 3.0 in the normal form, which has numbers as exclusive bounds.
_KEYWORDS_3_0 = frozenset(
    {"$ref", "additionalProperties", "allOf", "anyOf", "enum", "format"}
    | {"exclusiveMinimum", "exclusiveMaximum"}
    | {"items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength"}
    | {"minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern", "properties", "required", "type"}
    | {"uniqueItems"}
)
_KEYWORDS_3_1 = frozenset({*TRANSLATIONS, "$ref", "$dynamicRef"})
VALIDATING_KEYWORDS: Mapping[str, frozenset[str]] = {
    "3.0": _KEYWORDS_3_0,
    "3.1": _KEYWORDS_3_1,
    "3.2": _KEYWORDS_3_1,
}
"""Version → the keywords that can make a value invalid, in the normal form; a test compares them with openapi-core."""

_LAST_STRICT = 4
"""The last draft in which 1.0 is not an integer."""

_VALUES = frozenset({"enum", "const"})
"""Keywords whose value is not a schema."""
_INTEGER_3_0 = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "id": INTEGER_3_0,
    "$id": INTEGER_3_0,
    "type": "integer",
}
_DRAFTS = {
    "http://json-schema.org/draft-03/schema": 3,
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
    "http://json-schema.org/draft-07/schema": 7,
    "https://json-schema.org/draft/2019-09/schema": 8,
}
_MODERN = frozenset(
    {"https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.1/dialect/base"}
    | {
        "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
        "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    }
)


class TooDeepError(Exception):
    """A schema refers to itself for the same value, or is too deep or too large."""


class SchemaSource(NamedTuple):
    """The context of a schema, which its meaning depends on.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the message.
        follow: Follows references; it raises `LookupError` if the document has no such target.
        dialect: The document's `jsonSchemaDialect`; empty if it has none.
        undefined_formats: The formats that the document's version does not define.
        refuses_hidden: Whether to refuse properties that the direction leaves out; None if the version decides.
        may_overlap: Whether a value may match several branches of a `oneOf`.
    """

    version: Dialect
    direction: Direction
    follow: Follow
    dialect: str = ""
    undefined_formats: frozenset[str] = frozenset()
    refuses_hidden: bool | None = None
    may_overlap: bool = False


class PlainSchema:
    """The plain form of a schema and of all schemas that it refers to.

    Args:
        schema: The schema in the normal form.
        source: Its version, direction and references.
        max_schemas: Maximum number of schemas to translate.
        most_at_once: The number of schemas after which references of members become `LATER`. In a densely connected
            document a schema refers to most others, but most values need few of them.

    Attributes:
        is_3_0: Whether the version is 3.0.
        is_strict: Whether 1.0 is not an integer in the schema that is being translated.
        direction: The direction of the message.
        refuses_hidden: Whether to refuse properties that the direction leaves out.
        may_overlap: Whether a value may match several branches of a `oneOf`.
        longest: A length of texts that is greater than all limits.
        patterns: The names of the formats that match patterns.
        is_whole: Whether no reference is left for later.
        has_hidden: Whether the direction leaves out a property, which another schema may require.
        undefined_formats: The formats that the document's version does not define.
        root: The plain form.
        size: The number of translated schemas.
        steps: An upper bound of the steps to evaluate one part of a value.
        definitions: The plain form of the targets of references, by numbers.
        inline: The numbers of definitions that are inline schemas in the document.
        written: Identity of a plain schema → the schema that it was made from.
        origins: Identity of an added part → its origin in the document.
        spellings: Pattern in the syntax of jsonschema-rs → the pattern in the document.

    Raises:
        TooDeepError: The schema has no plain form.
    """

    def __init__(self, schema: Any, source: SchemaSource, max_schemas: int, most_at_once: int) -> None:
        self._source = source
        self._max_schemas, self._most_at_once = max_schemas, most_at_once
        self.is_3_0 = self.is_strict = self._has_strict = source.version == "3.0"
        self.direction, self.undefined_formats = source.direction, source.undefined_formats
        # OpenAPI 3.0.4, "Schema Object": the direction leaves these properties out. Since 3.1 the marks are
        # annotations: a server may ignore `readOnly` properties in requests, but must not send `writeOnly` ones.
        is_refused = self.is_3_0 or source.direction == "response"
        self.refuses_hidden = is_refused if source.refuses_hidden is None else source.refuses_hidden
        self.may_overlap = source.may_overlap
        self.longest = 0
        self.patterns: set[str] = set()
        self.is_whole, self.has_hidden = True, False
        self._keywords_seen: set[str] = set()
        self._keywords = VALIDATING_KEYWORDS[source.version]
        self._numbers: dict[tuple[str, str, int], int] = {}
        self.definitions: dict[str, Any] = {}
        self._waiting: deque[tuple[int, Any, str]] = deque()
        # Number → number of a schema that it refers to for the same value → the maximum of steps between them.
        self._entered: dict[int, dict[int, int]] = {}
        self._references: dict[int, set[int]] = {}
        self._times: dict[tuple[int, int], int] = {}
        self._current, self._dialect = -1, source.dialect
        self._with_walks: list[Plain] = []
        self._counted: set[int] = set()
        self.size = self.steps = self._weight = 0
        self.written: dict[int, Any] = {}
        self.origins: dict[int, Origin] = {}
        self.spellings: dict[str, str] = {}
        self.inline: set[str] = set()
        self.root = self._translated(schema)

    @cached_property
    def most_steps(self) -> int:
        """Maximum number of steps to evaluate one part of a value."""
        return self._most_steps(self.root)

    @property
    def is_by_item(self) -> bool:
        """Whether each item of a list is evaluated independently of the other items."""
        return self._keywords_seen.isdisjoint({"unevaluatedItems", "prefixItems"})

    @property
    def limits_lists(self) -> bool:
        """Whether there are keywords that restrict a whole list."""
        return not self._keywords_seen.isdisjoint({"minItems", "maxItems", "uniqueItems", "contains"})

    def without_items(self) -> Any:
        """Return the plain form without the schemas of items."""

        def without(part: Any) -> Any:
            if isinstance(part, list):
                return list(map(without, part))
            if not isinstance(part, dict):
                return part
            return {
                name: below if name in _VALUES else without(below)
                for name, below in part.items()
                if name != "items" or not isinstance(below, dict)
            }

        return without(self.root)

    def whole(self, schema: Any) -> PlainSchema:
        """Return the plain form of a schema of the same document, without parts left for later."""
        return PlainSchema(schema, self._source, self._max_schemas, self._max_schemas)

    def _translated(self, schema: Any) -> Any:
        root = self.plain(schema, Nesting())
        while self._waiting:  # the nearest schemas first
            self._current, target, self._dialect = self._waiting.popleft()
            self.definitions[str(self._current)] = self.plain(target, Nesting())
        if self.definitions:  # most schemas have none
            self._limit_chains()
            self._counted = self._on_circles()
        if self._with_walks:
            self._leave_out_walks()
        # The number of ways through the references below each schema. Most references have a larger number as target.
        ways: dict[int, int] = {-1: 1}
        for number in sorted(self._references, reverse=True):
            ways[number] = 1
            for other in self._references[number]:
                is_single = other in self._counted or other not in self._references
                ways[number] += self._times[number, other] * (
                    1 if is_single else ways.get(other, _MAX_UNCOUNTED)
                )
        self.steps = self._weight * max(ways.values())
        if self._with_walks or self.steps > _MAX_UNCOUNTED:
            self.steps = self._most_steps(root)
        if self.steps > _MAX_UNCOUNTED and self.definitions:
            self._counted = set(self._numbers.values())
            self.steps = self._most_steps(root)
        for number in self._counted:
            definition = self.definitions[str(number)]
            if isinstance(definition, dict):
                self.definitions[str(number)] = self.gated(definition)
        if not isinstance(root, dict):
            return root
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        if self._has_strict:
            self.definitions["integer"] = _INTEGER_3_0
        if self.definitions:  # searching an empty object for references takes a third of compiling
            root["$defs"] = self.definitions
        return root

    def _on_circles(self) -> set[int]:
        """Return the numbers of the schemas in a cycle of references, or between two cycles."""
        following = self._references
        while following:
            # Remove schemas without a reference to them, or without a target: they are in no cycle.
            referred = set().union(*following.values())
            kept = {
                number: others & following.keys()
                for number, others in following.items()
                if number in referred and not others.isdisjoint(following)
            }
            if len(kept) == len(following):
                break
            following = kept
        return set(following)

    def _most_steps(self, root: Any) -> int:
        """Return the maximum number of steps for one part of a value, between two counted schemas."""
        # Import these only for schemas that may take long.
        from graphlib import TopologicalSorter

        from dynacli.openapi.schema.evaluation._evaluation_cost import EvaluationCost

        cost = EvaluationCost(self.definitions, self._counted)
        # Each schema comes after its targets, so that a long chain needs no deep stack.
        sorter = TopologicalSorter(
            {number: self._references.get(number, set()) - self._counted for number in self._numbers.values()}
        )
        ordered = [self.definitions[str(number)] for number in sorter.static_order()]
        return max(map(cost.most, [*ordered, root]))

    def _leave_out_walks(self) -> None:
        """Replace `unevaluatedProperties` and `unevaluatedItems` by a note if they depend on too many schemas."""
        from dynacli.openapi.schema.evaluation._evaluation_cost import EvaluationCost

        cost = EvaluationCost(self.definitions, with_members=False)
        if sum(map(cost.walk, self._with_walks)) <= _MAX_WALK:
            return
        for part in self._with_walks:
            for name in UNEVALUATED & part.keys():
                del part[name]
                text = f"`{name}`, because it depends on too many schemas"
                part.setdefault(UNUSABLE, unusable(text, name, is_fault=False)[UNUSABLE])

    def _limit_chains(self) -> None:
        """Refuse schemas that refer to themselves for the same value, and chains of too many schemas.

        Raises:
            TooDeepError: A schema refers to itself, or a chain is too long.
        """
        known: dict[int, int] = {}
        for number in self._entered:
            if self._chain_from(number, (), known) > _MAX_STEPS:
                raise TooDeepError

    def _chain_from(self, number: int, path: tuple[int, ...], known: dict[int, int]) -> int:
        """Return the length of the longest chain of schemas for the same value.

        Args:
            path: The schemas before it.
            known: Schema → the length of its longest chain.
        """
        if number in path or len(path) > _MAX_STEPS:
            raise TooDeepError
        if number not in known:
            known[number] = 0
            for other, steps in self._entered.get(number, {}).items():
                length = steps + self._chain_from(other, (*path, number), known)
                known[number] = max(known[number], length)
        return known[number]

    def plain(self, schema: Any, nesting: Nesting) -> Any:
        """Return the plain form of a schema.

        Args:
            schema: The schema, an object or a boolean.
            nesting: Its distance from the root schema, or from the target of the last reference.
        """
        self.size += 1
        if self.size > self._max_schemas or nesting.steps > _MAX_STEPS:
            raise TooDeepError
        if not isinstance(schema, dict):
            return (
                schema
                if isinstance(schema, bool)
                else unusable("a schema is neither an object nor a boolean")
            )
        before, plain = (self._dialect, self.is_strict), dict[str, Any]()
        normal = self._normal(schema, plain) if self._dialect or "$schema" in schema else schema
        others: list[Plain] = []
        for name, value in normal.items():
            if name not in self._keywords:
                continue
            try:
                if name in {"$ref", "$dynamicRef"}:
                    part = self._reference(value, nesting)
                else:
                    part = TRANSLATIONS[name](self, value, normal, nesting, name)
            except UnusableError:
                part = unusable(unusable_text(name, value), name)
            self._keywords_seen.update(part)
            if name == "pattern" and "format" in part:
                self.patterns.add(part["format"])
            if name == "$dynamicRef" and "$ref" in normal and "$ref" in part:
                self.origins[id(part)] = Origin(("$dynamicRef",), is_inline=True)
                others.append(part)
            elif part.keys().isdisjoint(plain):
                plain.update(part)
            else:
                self.origins[id(part)] = Origin()
                others.append(part)
        if others:
            plain["allOf"] = [*plain.get("allOf", ()), *others]
        if not UNEVALUATED.isdisjoint(plain):
            self._with_walks.append(plain)
        for name, part in plain.items():
            # The translation of a discriminator has a few conditions for each branch.
            self._weight += 4 + 4 * len(part) if isinstance(part, list | dict) else 4
            if name in _VALUES:
                self._weight += CONTAINER * (len(part) if name == "enum" else 1)
        self.written[id(plain)] = schema
        self._dialect, self.is_strict = before
        return plain

    def _normal(self, schema: dict[str, Any], plain: Plain) -> dict[str, Any]:
        """Return the keywords of a schema in 2020-12, and add a note to its plain form if its dialect is unknown."""
        if not self.is_3_0 and "$schema" in schema:
            self._dialect = schema["$schema"] if isinstance(schema["$schema"], str) else ""
        if self._dialect:
            if not _is_known_dialect(self._dialect):
                text = (
                    f"the dialect `{self._dialect}` is not known, its schemas are read as JSON Schema 2020-12"
                )
                plain.update(unusable(text, is_fault=False))
            draft = _draft_of(self._dialect)
            self.is_strict = self.is_3_0 or 0 < draft <= _LAST_STRICT
            self._has_strict |= self.is_strict
            return _modern_keywords(schema, draft) if draft else schema
        return schema

    def _reference(self, value: Any, nesting: Nesting) -> Plain:
        try:
            if not isinstance(value, str):
                raise LookupError(value)  # noqa: TRY004, TRY301  - it leads nowhere, like one that is text
            target, _ = self._source.follow(value)
        except LookupError:
            return unusable(f"the document's reference `{value}` leads nowhere")
        key = value, self._dialect, id(target)
        if key not in self._numbers and self.size > self._most_at_once and not nesting.is_same_value:
            self.is_whole = False
            return {LATER: value}
        return {"$ref": f"#/$defs/{self._number(key, target, nesting)}"}

    def definition(self, schema: Any, nesting: Nesting) -> Plain:
        """Return a reference to the plain form of a subschema, which is translated once."""
        if isinstance(schema, dict) and schema.keys() == {"$ref"}:
            return self.plain(schema, nesting)  # type: ignore[no-any-return]
        if not isinstance(schema, dict | bool):
            raise UnusableError
        number = self._number(("", self._dialect, id(schema)), schema, nesting)
        self.inline.add(str(number))
        return {"$ref": f"#/$defs/{number}"}

    def _number(self, key: tuple[str, str, int], target: Any, nesting: Nesting) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers)
            self._waiting.append((number, target, self._dialect))
        self._references.setdefault(self._current, set()).add(number)
        link = self._current, number
        self._times[link] = self._times.get(link, 0) + 1
        if nesting.is_same_value:
            entered = self._entered.setdefault(self._current, {})
            entered[number] = max(entered.get(number, 0), nesting.steps + 1)
        return number

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""
        try:
            is_hidden = is_marked(schema, LEFT_OUT[self.direction], self._source.follow)
        except LookupError:
            return False  # evaluating the schema records the dangling reference
        self.has_hidden |= is_hidden
        return is_hidden

    def applied(self, schema: Any) -> list[Mapping[str, Any]]:
        """Return a schema, the targets of its references, and the schemas of its `allOf`."""
        parts: list[Mapping[str, Any]] = []
        with suppress(LookupError):  # evaluating the schema records the dangling reference
            # A longer chain is too deep anyway, and following it from each of its schemas would take long.
            parts.extend(islice(applied_schemas(schema, self._source.follow), _MAX_STEPS))
        return parts

    def spelled(self, pattern: str) -> str | None:
        """Return a pattern in the syntax of jsonschema-rs; None if this is not possible."""
        spelling = engine_spelling(pattern)
        if spelling is not None:
            self.spellings[spelling] = pattern
        return spelling

    def gated(self, part: Plain) -> Plain:
        """Return a part that is evaluated only until its schema was entered too often."""
        refused: Plain = {"not": {}}
        gate = {"if": {ENTRY: True}, "then": part, "else": refused}
        self.origins[id(refused)] = Origin(keyword=ENTRY)
        self.origins[id(gate)] = Origin(is_condition=True)
        self.origins.setdefault(id(part), Origin())
        return gate

    def standing_for(self, keyword: str, part: Plain) -> Plain:
        """Mark a part as the translation of a keyword of the document, and return it in an `allOf`."""
        self.origins[id(part)] = Origin(keyword=keyword)
        return {"allOf": [part]}


def _draft_of(dialect: str) -> int:
    """Return the draft number of a dialect, 8 for 2019-09; 0 for 2020-12 and unknown dialects."""
    return _DRAFTS.get(dialect.rstrip("#"), 0)


def _is_known_dialect(dialect: str) -> bool:
    """Return whether dynacli can evaluate the schemas of a dialect."""
    return dialect.rstrip("#") in _MODERN or _draft_of(dialect) > 0


def _modern_keywords(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """Return the keywords of a schema of an older draft in 2020-12.

    Args:
        schema: The schema; the schemas below it are not changed.
        draft: The number of the draft.
    """
    if draft < 8 and isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # ignore keywords beside it (draft 7, section 8.3)
    modern = dict(schema)
    additional = modern.pop("additionalItems", None)
    if isinstance(modern.get("items"), list):
        modern["prefixItems"] = modern.pop("items")
        if additional is not None:
            modern["items"] = additional
    if isinstance(dependencies := modern.pop("dependencies", None), dict):
        required = {name: names for name, names in dependencies.items() if isinstance(names, list)}
        schemas = {name: below for name, below in dependencies.items() if name not in required}
        modern.update({"dependentRequired": required} if required else {})
        modern.update({"dependentSchemas": schemas} if schemas else {})
    if draft == 3 and "divisibleBy" in modern:
        modern["multipleOf"] = modern.pop("divisibleBy")
    return modern
