"""A schema merged for making an example: its references and `allOf` in one set of keywords."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dynacli.openapi.schema.discriminators import Discriminator, discriminator_of, reference_name
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.read_schema import common_types, is_number, list_of, names_in, types_of

__all__ = ["ExampleSchema"]

# Keywords that `ExampleSchema.add` merges by their own rules.
_LEAST = {"minimum", "minLength", "minItems", "minProperties", "multipleOf"}
_MOST = {"maximum", "maxLength", "maxItems", "maxProperties"}
_COUNTS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
_NUMBERS = {"minimum", "maximum", "multipleOf"}
_KEYWORDS_OF_TYPES = (
    ("object", ("properties", "required", "additionalProperties", "minProperties", "maxProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "contains")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)


@dataclass
class ExampleSchema:
    """All that schemas say about a place in a value, their `$ref` and `allOf` merged.

    Attributes:
        refs: The references that were followed, in order.
        keywords: The merged keywords.
        offers: The values that the schemas offer, each with its rank; 0 is the best.
        choices: The branches of each `anyOf`, `oneOf` and `if`, from which one is still to be chosen.
        discriminators: Each with the part of `refs` in which the chosen schema is.
        branch: How many references had been followed when the last branch was chosen.
    """

    refs: list[str] = field(default_factory=list)
    keywords: dict[str, Any] = field(default_factory=dict)
    offers: list[tuple[int, Any]] = field(default_factory=list)
    choices: list[list[Any]] = field(default_factory=list)
    discriminators: list[tuple[Discriminator, slice]] = field(default_factory=list)
    branch: int = 0

    def copy(self) -> "ExampleSchema":
        """Return a copy without offers, to which a branch can be added."""
        return ExampleSchema(
            [*self.refs], {**self.keywords}, [], [*self.choices], [*self.discriminators], len(self.refs)
        )

    def add(self, schema: Any, schemas: DocumentSchemas, above: frozenset[str]) -> None:
        """Merge a schema into this one.

        Args:
            above: The references that are being followed above this place.

        Raises:
            NoExampleError: The schema contains itself, or no value can match both schemas.
        """
        schemas.spend()
        if schema is False:
            raise NoExampleError("The schema allows no value")
        if not isinstance(schema, dict):
            return
        if isinstance(ref := schema.get("$ref"), str):
            if ref in above:
                raise NoExampleError("The schema contains itself")
            if ref not in self.refs:
                self.refs.append(ref)
                self.add(schemas.target(schema), schemas, above)
            if len(schema) == 1:
                return
        self._add_offers(schema)
        self._add_keywords(schema, above)
        for part in list_of(schema, "allOf"):
            self.add(part, schemas, above)
        for keyword in ("oneOf", "anyOf"):
            if branches := list_of(schema, keyword):
                self.choices.append(branches)
        if "if" in schema:
            then = {"allOf": [schema["if"], schema.get("then", True)]}
            self.choices.append([then, schema.get("else", True)])

    def _add_offers(self, schema: dict[str, Any]) -> None:
        kinds = [
            [schema["const"]] if "const" in schema else [],
            [schema["example"]] if "example" in schema else [],
            list_of(schema, "examples")[:1],
            [schema["default"]] if "default" in schema else [],
            list_of(schema, "enum"),
        ]
        self.offers.extend((rank, value) for rank, values in enumerate(kinds) for value in values)

    def _add_keywords(self, schema: dict[str, Any], above: frozenset[str]) -> None:
        merged = self.keywords
        if types := types_of(schema):
            known = merged.get("type")
            merged["type"] = types if known is None else common_types(known, types)
            if not merged["type"]:
                raise NoExampleError("The schema asks for two types at once")
        discriminator = discriminator_of(schema)
        if discriminator is not None:
            # If branches stand beside the discriminator, one of them is chosen next;
            # otherwise the chosen schema led here by its `allOf`.
            depth = len(self.refs)
            has_branches = bool(schema.get("oneOf") or schema.get("anyOf"))
            if not has_branches and discriminator.mapping:
                # Subtypes that the mapping alone names: one is chosen, unless a schema that inherits led here.
                branches = discriminator.branches()
                is_direct = depth - self.branch <= 1
                has_branches = is_direct and above.isdisjoint(branch["$ref"] for branch in branches)
                self.choices.extend([branches] * has_branches)
            chosen = slice(depth, None) if has_branches else slice(self.branch, max(depth - 1, 0))
            self.discriminators.append((discriminator, chosen))
        self._add_prefix_items(schema)
        for keyword, value in schema.items():
            if not _is_mergeable(keyword, value):
                continue
            if keyword == "required":
                merged[keyword] = list(dict.fromkeys([*merged.get(keyword, []), *names_in(value)]))
            elif keyword == "properties":
                properties = dict(merged.get(keyword, {}))
                for name, part in value.items():
                    properties[name] = {"allOf": [properties[name], part]} if name in properties else part
                merged[keyword] = properties
            elif keyword not in merged:
                merged[keyword] = value
            elif keyword in _LEAST:
                merged[keyword] = max(merged[keyword], value)
            elif keyword in _MOST:
                merged[keyword] = min(merged[keyword], value)
            elif keyword in {"items", "additionalProperties"}:
                merged[keyword] = _both(merged[keyword], value)

    def _add_prefix_items(self, schema: dict[str, Any]) -> None:
        """Merge `prefixItems`; if one list is shorter, the `items` beside it apply to the further items."""
        own = list_of(self.keywords, "prefixItems")
        added = list_of(schema, "prefixItems")
        if own or added:
            own_rest, added_rest = (_schema(keywords.get("items")) for keywords in (self.keywords, schema))
            self.keywords["prefixItems"] = [
                _both(
                    own[index] if index < len(own) else own_rest,
                    added[index] if index < len(added) else added_rest,
                )
                for index in range(max(len(own), len(added)))
            ]

    def types_to_try(self) -> list[str]:
        """Return the types to make a value of, null last; guessed from the other keywords if none is named."""
        types: list[str] = self.keywords.get("type", [])
        if types:
            return sorted(types, key=lambda name: name == "null")
        for name, keywords in _KEYWORDS_OF_TYPES:
            if any(keyword in self.keywords for keyword in keywords):
                return [name]
        return ["string", "object", "array", "number", "boolean", "null"]

    def discriminator_values(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each discriminating property with its possible values, the likeliest first.

        The value is the mapping's key for the chosen schema, or the schema's name
        (OpenAPI 3.1.1, "Discriminator Object").
        """
        for discriminator, part in self.discriminators:
            chosen = self.refs[part]
            values = [value for ref in chosen for value in discriminator.values_for([ref], "", ())]
            yield discriminator.property, [*values, *map(reference_name, chosen), *discriminator.mapping]


def _is_mergeable(keyword: str, value: Any) -> bool:
    """Whether a keyword is merged by its value, and the value is of the type that it must have."""
    if keyword in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if keyword in _NUMBERS:
        return is_number(value)
    if keyword in {"properties", "patternProperties", "dependentRequired"}:
        return isinstance(value, dict)
    if keyword in {"required", "prefixItems", "enum"}:
        return isinstance(value, list)
    return keyword not in {"type", "discriminator", "allOf", "anyOf", "oneOf", "$ref"}


def _both(schema: Any, other: Any) -> Any:
    """Return the schema of values that match both of two schemas."""
    if False in (schema, other):
        return False
    parts = [part for part in (schema, other) if part is not True]
    return {"allOf": parts} if len(parts) > 1 else next(iter(parts), True)


def _schema(value: Any) -> Any:
    return value if isinstance(value, dict | bool) else True
