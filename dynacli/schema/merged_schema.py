"""A schema with its references and `allOf`s merged into one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dynacli.model.lenient_reading import list_or_empty
from dynacli.schema.schema_matcher import NoExampleError, SchemaMatcher, is_number, names_in, types_of

__all__ = ["MergedSchema"]

# Keywords that `MergedSchema.add` merges by their own rules.
_LEAST = {"minimum", "minLength", "minItems", "minProperties", "multipleOf"}
_MOST = {"maximum", "maxLength", "maxItems", "maxProperties"}
_COUNTS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
_NUMBERS = {"minimum", "maximum", "multipleOf"}
_OBJECT_WORDS = ("properties", "required", "additionalProperties", "minProperties", "maxProperties")
_ARRAY_WORDS = ("items", "prefixItems", "minItems", "maxItems", "contains")
_NUMBER_WORDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


@dataclass
class MergedSchema:
    """A schema with its `$ref`s and `allOf`s merged: what holds for one place in a value.

    Attributes:
        refs: The references that were followed, in order.
        keywords: The merged keywords.
        offers: The values that the schemas offer, best kind first.
        choices: What is still to be chosen: the branches of each `anyOf`, `oneOf` and `if`.
        discriminators: For each, the name of the property, its mapping,
            and the part of `refs` among which the chosen schema is.
        branch: How many references had been followed when the last branch was chosen.
    """

    refs: list[str] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    offers: list[tuple[int, Any]] = field(default_factory=list)
    choices: list[list[Any]] = field(default_factory=list)
    discriminators: list[tuple[str, dict[str, Any], slice]] = field(default_factory=list)
    branch: int = 0

    def copy(self) -> "MergedSchema":
        """Return a copy that a branch can be added to; its values are offered afresh."""
        return MergedSchema(
            [*self.refs], {**self.keywords}, [], [*self.choices], [*self.discriminators], len(self.refs)
        )

    def add(self, schema: Any, matcher: SchemaMatcher, above: frozenset[str]) -> None:
        """Merge a schema into this one.

        Raises:
            NoExampleError: It contains itself above this place, or no value can satisfy both.
        """
        matcher.spend()
        if schema is False:
            raise NoExampleError("The schema allows no value")
        if not isinstance(schema, dict):
            return
        if isinstance(ref := schema.get("$ref"), str):
            if ref in above:
                raise NoExampleError("The schema contains itself")
            if ref not in self.refs:
                self.refs.append(ref)
                self.add(matcher.target(schema), matcher, above)
            if not matcher.has_siblings(schema):
                return
        self._add_offers(schema)
        self._add_keywords(schema, matcher)
        for part in list_or_empty(schema.get("allOf")):
            self.add(part, matcher, above)
        for word in ("oneOf", "anyOf"):
            if branches := list_or_empty(schema.get(word)):
                self.choices.append(branches)
        if "if" in schema:
            self.choices.append(
                [{"allOf": [schema["if"], schema.get("then", True)]}, schema.get("else", True)]
            )

    def _add_offers(self, schema: dict[str, Any]) -> None:
        kinds = [
            [schema["const"]] if "const" in schema else [],
            [schema["example"]] if "example" in schema else [],
            list_or_empty(schema.get("examples"))[:1],
            [schema["default"]] if "default" in schema else [],
            list_or_empty(schema.get("enum")),
        ]
        self.offers.extend((rank, value) for rank, values in enumerate(kinds) for value in values)

    def _add_keywords(self, schema: dict[str, Any], matcher: SchemaMatcher) -> None:
        mine = self.keywords
        if types := types_of(schema, matcher.dialect):
            known = mine.get("type")
            mine["type"] = types if known is None else _both_types(known, types)
            if not mine["type"]:
                raise NoExampleError("The schema asks for two types at once")
        discriminator = schema.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(name := discriminator.get("propertyName"), str):
            mapping = discriminator.get("mapping")
            # Where branches stand beside it, one of them is chosen next;
            # otherwise the schema that was chosen has come here by `allOf`.
            depth = len(self.refs)
            has_branches = bool(schema.get("oneOf") or schema.get("anyOf"))
            chosen = slice(depth, None) if has_branches else slice(self.branch, max(depth - 1, 0))
            self.discriminators.append((name, mapping if isinstance(mapping, dict) else {}, chosen))
        self._add_prefix(schema)
        for word, value in schema.items():
            if not _is_well_formed(word, value):
                continue
            if word == "required":
                mine[word] = list(dict.fromkeys([*mine.get(word, []), *names_in(value)]))
            elif word == "properties":
                merged = dict(mine.get(word, {}))
                for name, part in value.items():
                    merged[name] = {"allOf": [merged[name], part]} if name in merged else part
                mine[word] = merged
            elif word not in mine:
                mine[word] = value
            elif word in _LEAST:
                mine[word] = max(mine[word], value)
            elif word in _MOST:
                mine[word] = min(mine[word], value)
            elif word in {"items", "additionalProperties"}:
                mine[word] = _both(mine[word], value)

    def _add_prefix(self, schema: dict[str, Any]) -> None:
        """Merge `prefixItems`: where only one of the schemas has one more, the `items` of the other hold for it too."""
        mine = self.keywords
        known, more = list_or_empty(mine.get("prefixItems")), list_or_empty(schema.get("prefixItems"))
        if known or more:
            rest, other_rest = (_schema(one.get("items")) for one in (mine, schema))
            mine["prefixItems"] = [
                _both(
                    known[index] if index < len(known) else rest,
                    more[index] if index < len(more) else other_rest,
                )
                for index in range(max(len(known), len(more)))
            ]

    def wanted_type_names(self) -> list[str]:
        """Return the types to try, null last; guessed from the other keywords where none is named."""
        types: list[str] = self.keywords.get("type", [])
        if types:
            return sorted(types, key=lambda name: name == "null")
        for name, words in (("object", _OBJECT_WORDS), ("array", _ARRAY_WORDS), ("number", _NUMBER_WORDS)):
            if any(word in self.keywords for word in words):
                return [name]
        return ["string", "object", "array", "number", "boolean", "null"]

    def discriminator_values(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each discriminating property with its possible values, the likeliest first.

        The value is the mapping's key for the schema that was chosen, or the schema's name
        (OpenAPI 3.1.1, "Discriminator Object").
        """
        for name, mapping, part in self.discriminators:
            chosen = self.refs[part]
            keys = [key for ref in chosen for key, target in mapping.items() if _leads_to(target, ref)]
            names = [ref.rpartition("/")[2] for ref in chosen]
            yield name, [*keys, *names, *mapping]


def _is_well_formed(word: str, value: Any) -> bool:
    """Whether a keyword is one to merge, with a value of the kind it must have; others are passed over."""
    if word in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if word in _NUMBERS:
        return is_number(value)
    if word in {"properties", "patternProperties", "dependentRequired"}:
        return isinstance(value, dict)
    if word in {"required", "prefixItems", "enum"}:
        return isinstance(value, list)
    return word not in {"type", "discriminator", "allOf", "anyOf", "oneOf", "$ref"}


def _leads_to(target: Any, ref: str) -> bool:
    """Whether a mapping's value, a reference or the bare name of a schema, is a reference."""
    return isinstance(target, str) and (target == ref or ref.endswith(f"/{target}"))


def _both_types(one: list[str], other: list[str]) -> list[str]:
    both = [name for name in one if name in other]
    if "integer" not in both and "integer" in {*one, *other} and "number" in {*one, *other}:
        both.append("integer")
    return both


def _both(one: Any, other: Any) -> Any:
    """Return the schema that asks for what two of them ask for."""
    if False in (one, other):
        return False
    plain = [each for each in (one, other) if each is not True]
    return {"allOf": plain} if len(plain) > 1 else next(iter(plain), True)


def _schema(value: Any) -> Any:
    return value if isinstance(value, dict | bool) else True
