"""A cheap check whether a JSON value matches a schema, by which examples are made and chosen.

It does not replace the validator, openapi-core, which takes most of a second to load.
It knows the assertions of JSON Schema that OpenAPI 3 documents use, ignores unknown keywords,
and says yes where it cannot decide.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dynacli.document.json_trees import is_same_json
from dynacli.model.multiples import is_multiple
from dynacli.schema.discriminators import discriminator_of
from dynacli.schema.example_strings import has_format, matches_pattern
from dynacli.schema.read_schema import (
    LEFT_OUT,
    Direction,
    applied_schemas,
    is_marked,
    is_number,
    list_of,
    mapping_of,
    names_in,
    types_of,
)

__all__ = [
    "NoExampleError",
    "SchemaMatcher",
    "integer_range",
    "number_matches",
]

_MOST_STEPS = 50_000
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "array": list,
    "object": dict,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}


class NoExampleError(ValueError):
    """No value for a schema is found: it allows none, or none that can be made by simple rules."""


@dataclass(frozen=True)
class SchemaMatcher:
    """Matches values against schemas.

    Args:
        resolve: Returns the target of an internal `$ref`.
        direction: Whether values are sent, without `readOnly` properties, or received, without
            `writeOnly` properties.
        may_overlap: Whether a value may match several branches of a `oneOf`.
        keeps_hidden: Whether properties that the direction leaves out are like all others.
    """

    resolve: Callable[[str], Any]
    direction: Direction = "request"
    may_overlap: bool = False
    keeps_hidden: bool = False
    _steps: list[int] = field(default_factory=lambda: [_MOST_STEPS])
    _hidden: list[Any] = field(default_factory=list)

    def lenient(self) -> "Iterator[SchemaMatcher]":
        """Yield matchers that allow ever more, and count their steps anew.

        The first keeps the properties that the direction leaves out, where there are any; those that follow take
        overlapping branches, too.
        """
        for may_overlap in (False, True):
            for keeps_hidden in (False, True)[: 1 + bool(self._hidden)]:
                if may_overlap or keeps_hidden:
                    yield replace(
                        self, may_overlap=may_overlap, keeps_hidden=keeps_hidden, _steps=[_MOST_STEPS]
                    )

    def spend(self) -> None:
        """Count a step.

        Raises:
            NoExampleError: There were 50,000 steps; some documents would take too long.
        """
        self._steps[0] -= 1
        if self._steps[0] < 0:
            raise NoExampleError("The schema has too many cases to try")

    def target(self, schema: Mapping[str, Any]) -> Any:
        """Return the target of a schema's `$ref`; any value is right where it leads nowhere."""
        return self.follow(schema["$ref"])[0]

    def follow(self, ref: str) -> tuple[Any, Any]:
        """Follow a reference, as `Follow` does; any value is right where it leads nowhere."""
        try:
            return self.resolve(ref), self.follow
        except (LookupError, ValueError, TypeError):
            return True, self.follow

    def is_hidden(self, schema: Any) -> bool:
        """Whether a property is left out in this direction, because it is `readOnly` or `writeOnly`."""
        if self.keeps_hidden or not is_marked(schema, LEFT_OUT[self.direction], self.follow):
            return False
        self._hidden[:] = [schema]
        return True

    def matches(
        self, value: Any, schema: Any, seen: frozenset[tuple[str, int]] = frozenset(), outer: Any = None
    ) -> bool:
        """Whether a value matches a schema.

        Args:
            schema: A Schema Object, or a boolean.
            seen: (reference, id of the value) of the matches that are under way.
            outer: The schema that applies this one to the same value, by a reference or `allOf`.

        Raises:
            NoExampleError: There are too many cases.
        """
        self.spend()
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return True
        outer = schema if outer is None else outer
        if isinstance(ref := schema.get("$ref"), str):
            step = (ref, id(value))
            # A schema that refers back to itself adds nothing for the same value.
            if step not in seen and not self.matches(value, self.target(schema), seen | {step}, outer):
                return False
            if len(schema) == 1:
                return True
        types, allowed = types_of(schema), list_of(schema, "enum")
        return (
            (not types or any(_is_of_type(value, type_name) for type_name in types))
            and ("const" not in schema or is_same_json(value, schema["const"]))
            and ("enum" not in schema or any(is_same_json(value, choice) for choice in allowed))
            and self._content_matches(value, schema, outer)
            and self._branches_matches(value, schema, seen, outer)
        )

    def _content_matches(self, value: Any, schema: dict[str, Any], outer: Any) -> bool:
        """Whether a value matches the keywords for its type."""
        if isinstance(value, str):
            return _string_matches(value, schema)
        if isinstance(value, bool) or value is None:
            return True
        if isinstance(value, int | float):
            return number_matches(value, schema)
        if isinstance(value, list):
            return self._array_matches(value, schema)
        return self._object_matches(value, schema, outer)

    def _branches_matches(
        self, value: Any, schema: dict[str, Any], seen: frozenset[tuple[str, int]], outer: Any
    ) -> bool:
        if not all(self.matches(value, branch, seen, outer) for branch in list_of(schema, "allOf")):
            return False
        any_of, one_of = list_of(schema, "anyOf"), list_of(schema, "oneOf")
        is_named = self._named_branch_matches(value, schema, seen) if "discriminator" in schema else None
        if is_named is False:
            return False
        if is_named is None and any_of and not any(self.matches(value, branch, seen) for branch in any_of):
            return False
        if one_of and not (is_named and self.may_overlap):
            # Also where a branch is named: servers that know no discriminators take such a value, too.
            matching = sum(self.matches(value, branch, seen) for branch in one_of)
            if matching == 0 or (matching > 1 and not self.may_overlap):
                return False
        if "not" in schema and self.matches(value, schema["not"], seen):
            return False
        if "if" in schema:
            then = "then" if self.matches(value, schema["if"], seen) else "else"
            return self.matches(value, schema.get(then, True), seen)
        return True

    def _named_branch_matches(
        self, value: Any, schema: dict[str, Any], seen: frozenset[tuple[str, int]]
    ) -> bool | None:
        """Whether an object matches the branch that its discriminating property names; None where it names none."""
        discriminator = discriminator_of(schema)
        branches = list_of(schema, "oneOf") or list_of(schema, "anyOf")
        index = discriminator.branch_of(value, branches) if discriminator is not None else None
        return self.matches(value, branches[index], seen) if index is not None else None

    def _is_left_out(self, name: str, schema: Any) -> bool:
        parts = applied_schemas(schema, self.follow)
        return any(self.is_hidden(mapping_of(part, "properties").get(name)) for part in parts)

    def _array_matches(self, value: Sequence[Any], schema: dict[str, Any]) -> bool:
        if not _is_between(len(value), schema, "minItems", "maxItems"):
            return False
        if schema.get("uniqueItems") is True and any(
            is_same_json(item, other) for index, item in enumerate(value) for other in value[:index]
        ):
            return False
        prefix = list_of(schema, "prefixItems")
        if not all(self.matches(item, part) for item, part in zip(value, prefix, strict=False)):
            return False
        if not all(self.matches(item, schema.get("items", True)) for item in value[len(prefix) :]):
            return False
        return "contains" not in schema or any(self.matches(item, schema["contains"]) for item in value)

    def _object_matches(self, value: Mapping[str, Any], schema: dict[str, Any], outer: Any) -> bool:
        properties = mapping_of(schema, "properties")
        if not _is_between(len(value), schema, "minProperties", "maxProperties"):
            return False
        for name in names_in(schema.get("required")):
            if name not in value and not self._is_left_out(name, outer):
                return False
        for name, needed in mapping_of(schema, "dependentRequired").items():
            if name in value and not set(names_in(needed)) <= set(value):
                return False
        patterns = mapping_of(schema, "patternProperties").items()
        for name, member in value.items():
            parts = [part for pattern, part in patterns if matches_pattern(name, pattern) is not False]
            if name in properties:
                if self.is_hidden(properties[name]):
                    return False
                parts.append(properties[name])
            if not parts:
                parts.append(schema.get("additionalProperties", True))
            if not all(self.matches(member, part) for part in parts):
                return False
        return all(self.matches(name, schema.get("propertyNames", True)) for name in value)


def integer_range(format_name: Any) -> tuple[int, int] | None:
    """Return the least and greatest integer of a `format`; None for a format without bounds."""
    bits = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}.get(str(format_name))
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if bits else None


def _is_of_type(value: Any, type_name: str) -> bool:
    if type_name == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    if isinstance(value, bool) and type_name != "boolean":
        return False
    known = _TYPES.get(type_name)
    return known is not None and isinstance(value, known)


def _is_between(count: int, schema: dict[str, Any], least_keyword: str, most_keyword: str) -> bool:
    low, high = schema.get(least_keyword), schema.get(most_keyword)
    return (not isinstance(low, int) or low <= count) and (not isinstance(high, int) or count <= high)


def _string_matches(value: str, schema: dict[str, Any]) -> bool:
    pattern, name = schema.get("pattern"), schema.get("format")
    return (
        _is_between(len(value), schema, "minLength", "maxLength")
        and (not isinstance(pattern, str) or matches_pattern(value, pattern) is not False)
        and (not isinstance(name, str) or has_format(value, name))
    )


def number_matches(value: float, schema: Mapping[str, Any]) -> bool:
    """Whether a number matches the bounds, `format` and `multipleOf` of a schema."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    limits = integer_range(schema.get("format"))
    step = schema.get("multipleOf")
    return (
        (not is_number(low) or value >= low)
        and (not is_number(high) or value <= high)
        and (not is_number(above) or value > above)
        and (not is_number(below) or value < below)
        and (limits is None or limits[0] <= value <= limits[1])
        and (not is_number(step) or step <= 0 or is_multiple(value, step))
    )
