"""Translating a Schema Object into JSON Schema 2020-12 as jsonschema-rs evaluates it, and its errors back into places.

The plain form has each schema at the place that it has in the document, so that the path of an error leads through
the document, too. What the translation adds is noted as its *origin*.
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
"""The largest number of references and branches between schemas of the same value."""

_MAX_UNCOUNTED = 100_000
"""The most steps of an evaluation for one part of a value if schemas do not count how often they are entered."""

_MAX_WALK = 1_000_000
"""The most steps of all looks at the schemas beside `unevaluatedProperties`, which grow faster than the schemas."""

# In the normal form, if exclusive bounds are numbers.
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
"""Version → the keywords that validator, in the normal form; a test holds them against those of openapi-core."""

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
    """A schema leads back to itself for the same value, or is too deep or too large."""


class SchemaSource(NamedTuple):
    """What a schema means beside its own text.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the message.
        follow: Follows references; it raises `LookupError` if one leads nowhere, or out of the document.
        dialect: The document's `jsonSchemaDialect`; empty if it has none.
        undefined_formats: The formats that the document's version does not define.
        refuses_hidden: Whether properties that the direction leaves out are wrong; None if the version decides.
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
    """The plain form of a schema and of all schemas that its references lead to.

    Args:
        schema: The schema in the normal form.
        source: Its version, direction and references.
        max_schemas: The largest number of schemas that are translated.
        most_at_once: After so many schemas, references of members become `LATER`: in a densely connected document
            a schema reaches most of the others, and most values reach few of them.

    Attributes:
        is_3_0: Whether the version is 3.0.
        is_strict: Whether 1.0 is not an integer in the schema that is being translated.
        direction: The direction of the message.
        refuses_hidden: Whether properties that the direction leaves out are wrong.
        may_overlap: As in `SchemaSource`.
        longest: More than the largest length of a text that makes a difference.
        patterns: The names of the formats that stand for patterns.
        is_whole: Whether no reference is left for later.
        has_hidden: Whether the direction leaves out a property, which another schema may require.
        undefined_formats: As in `SchemaSource`.
        root: The plain form.
        size: The number of schemas that were translated.
        steps: The most steps of an evaluation for one part of a value, or more.
        definitions: The plain form of the targets of references, by numbers.
        inline: The numbers of those that the document has instead of the reference.
        written: Identity of a plain schema → the schema that it was made of.
        origins: Identity of a part that the document does not have → what it stands for.
        spellings: Pattern as jsonschema-rs reads it → as the document has it.

    Raises:
        TooDeepError: The schema has no plain form.
    """

    def __init__(self, schema: Any, source: SchemaSource, max_schemas: int, most_at_once: int) -> None:
        self._source = source
        self._max_schemas, self._most_at_once = max_schemas, most_at_once
        self.is_3_0 = self.is_strict = self._has_strict = source.version == "3.0"
        self.direction, self.undefined_formats = source.direction, source.undefined_formats
        # OpenAPI 3.0.4, "Schema Object": the direction leaves these properties out. Since 3.1 the marks
        # are annotations: a server may ignore a property that should not be sent, but it sends no secret.
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
        # Number → number of a schema that it refers to for the same value → the most steps between them.
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
        """The most steps of an evaluation for one part of a value."""
        return self._most_steps(self.root)

    @property
    def is_by_item(self) -> bool:
        """Whether an item of a list is evaluated without those beside it."""
        return self._keywords_seen.isdisjoint({"unevaluatedItems", "prefixItems"})

    @property
    def limits_lists(self) -> bool:
        """Whether there are keywords about a list as a whole."""
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
        while self._waiting:  # the nearest first
            self._current, target, self._dialect = self._waiting.popleft()
            self.definitions[str(self._current)] = self.plain(target, Nesting())
        if self.definitions:  # none, most often
            self._limit_chains()
            self._counted = self._on_circles()
        if self._with_walks:
            self._leave_out_walks()
        # On how many ways references lead to a schema; most refer to those that come after them.
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
        if self.definitions:  # to look for references in an empty object takes a third of compiling
            root["$defs"] = self.definitions
        return root

    def _on_circles(self) -> set[int]:
        """Return the numbers of the schemas that are on a circle of references, or between two."""
        following = self._references
        while following:
            # A schema that none of the rest refers to, or that refers to none of it, is on no circle of the rest.
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
        """Return the most steps that an evaluation takes for one part of a value, between two counted schemas."""
        # Imported for those schemas alone that could take long.
        from graphlib import TopologicalSorter

        from dynacli.openapi.schema.evaluation._evaluation_cost import EvaluationCost

        cost = EvaluationCost(self.definitions, self._counted)
        # Each after those that it refers to, so that a long chain needs no deep stack.
        sorter = TopologicalSorter(
            {number: self._references.get(number, set()) - self._counted for number in self._numbers.values()}
        )
        ordered = [self.definitions[str(number)] for number in sorter.static_order()]
        return max(map(cost.most, [*ordered, root]))

    def _leave_out_walks(self) -> None:
        """Replace `unevaluatedProperties` and `unevaluatedItems` by a note if they have too many schemas to look at."""
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
        """Refuse schemas that lead back to themselves for the same value, or through too many others.

        Raises:
            TooDeepError: There are such schemas.
        """
        known: dict[int, int] = {}
        for number in self._entered:
            if self._chain_from(number, (), known) > _MAX_STEPS:
                raise TooDeepError

    def _chain_from(self, number: int, path: tuple[int, ...], known: dict[int, int]) -> int:
        """Return the most steps from a schema through others for the same value.

        Args:
            path: The schemas before it.
            known: Schema → what was returned for it.
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
            # A discriminator makes a few conditions of each branch.
            self._weight += 4 + 4 * len(part) if isinstance(part, list | dict) else 4
            if name in _VALUES:
                self._weight += CONTAINER * (len(part) if name == "enum" else 1)
        self.written[id(plain)] = schema
        self._dialect, self.is_strict = before
        return plain

    def _normal(self, schema: dict[str, Any], plain: Plain) -> dict[str, Any]:
        """Return the keywords of a schema in 2020-12; its plain form gets a note if its dialect is unknown."""
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
            return False  # evaluating the schema notes that the reference leads nowhere
        self.has_hidden |= is_hidden
        return is_hidden

    def applied(self, schema: Any) -> list[Mapping[str, Any]]:
        """Return a schema, the schemas that it refers to, and those of its `allOf`."""
        parts: list[Mapping[str, Any]] = []
        with suppress(LookupError):  # evaluating the schema notes that a reference leads nowhere
            # A chain of more is too deep anyway; to look at all of it from each of its links would take long.
            parts.extend(islice(applied_schemas(schema, self._source.follow), _MAX_STEPS))
        return parts

    def spelled(self, pattern: str) -> str | None:
        """Return a pattern as jsonschema-rs reads it; None if it cannot."""
        found = engine_spelling(pattern)
        if found is not None:
            self.spellings[found] = pattern
        return found

    def gated(self, part: Plain) -> Plain:
        """Return a part that is evaluated only as long as its schema is not entered too often."""
        refused: Plain = {"not": {}}
        gate = {"if": {ENTRY: True}, "then": part, "else": refused}
        self.origins[id(refused)] = Origin(keyword=ENTRY)
        self.origins[id(gate)] = Origin(is_condition=True)
        self.origins.setdefault(id(part), Origin())
        return gate

    def standing_for(self, keyword: str, part: Plain) -> Plain:
        """Return a part that says what a keyword of the document says, in other keywords."""
        self.origins[id(part)] = Origin(keyword=keyword)
        return {"allOf": [part]}


def _draft_of(dialect: str) -> int:
    """Return the number of the draft that a dialect is, 8 for 2019-09; 0 for 2020-12 and unknown ones."""
    return _DRAFTS.get(dialect.rstrip("#"), 0)


def _is_known_dialect(dialect: str) -> bool:
    """Return whether the schemas of a dialect can be evaluated as it means them."""
    return dialect.rstrip("#") in _MODERN or _draft_of(dialect) > 0


def _modern_keywords(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """Return the keywords of a schema of an older draft as 2020-12 has them.

    Args:
        schema: The schema; those below it are taken as they are.
        draft: The number of the draft.
    """
    if draft < 8 and isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # keywords beside it are ignored (draft 7, section 8.3)
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
