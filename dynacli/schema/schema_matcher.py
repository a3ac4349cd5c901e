"""Whether a JSON value has the shape that a schema asks for.

This is not the validator: that is openapi-core, and it takes most of a second to load.
It is the cheap check that examples are made and chosen by: it knows the assertions of JSON Schema that
documents of OpenAPI 3 use, ignores what it does not know, and says yes where it cannot say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal, TypeGuard

from dynacli.model.lenient_reading import list_or_empty
from dynacli.schema.example_strings import has_format, matches_pattern

__all__ = [
    "NoExampleError",
    "SchemaMatcher",
    "integer_range",
    "is_number",
    "is_same",
    "names_in",
    "number_matches",
    "types_of",
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
    """No value for a schema is found: it allows none, or none that is simply made."""


@dataclass(frozen=True)
class SchemaMatcher:
    """How schemas are read.

    Args:
        resolve: Returns the target of an internal `$ref`.
        direction: Whether values are sent, and have no `readOnly` properties, or received, and have
            no `writeOnly` ones.
        dialect: The version of OpenAPI whose Schema Object is meant.
        may_overlap: Whether a value may match several branches of a `oneOf`.
    """

    resolve: Callable[[str], Any]
    direction: Literal["request", "response"] = "request"
    dialect: Literal["3.0", "3.1", "3.2"] = "3.1"
    may_overlap: bool = False
    _steps: list[int] = field(default_factory=lambda: [_MOST_STEPS])

    def overlapping(self) -> "SchemaMatcher":
        """Return the same matcher with overlapping branches allowed, and its steps counted anew."""
        return replace(self, may_overlap=True, _steps=[_MOST_STEPS])

    def spend(self) -> None:
        """Count one step.

        Raises:
            NoExampleError: There were 50,000; some documents would have more than anyone can wait for.
        """
        self._steps[0] -= 1
        if self._steps[0] < 0:
            raise NoExampleError("The schema has too many cases to try")

    def target(self, schema: Mapping[str, Any]) -> Any:
        """Return what the `$ref` of a schema leads to.

        Raises:
            NoExampleError: It leads nowhere.
        """
        try:
            return self.resolve(schema["$ref"])
        except (LookupError, ValueError, TypeError) as error:
            raise NoExampleError("A `$ref` leads nowhere") from error

    def has_siblings(self, schema: Mapping[str, Any]) -> bool:
        """Whether keywords beside `$ref` count; in OpenAPI 3.0 they are ignored ("Reference Object")."""
        return self.dialect != "3.0" and len(schema) > 1

    def is_hidden(self, schema: Any) -> bool:
        """Whether a property is left out in this direction: `readOnly` or `writeOnly`."""
        word = "readOnly" if self.direction == "request" else "writeOnly"
        waiting, seen = [schema], set()
        while waiting:
            one = waiting.pop()
            if not isinstance(one, dict):
                continue
            if isinstance(ref := one.get("$ref"), str):
                if ref not in seen:
                    seen.add(ref)
                    waiting.append(self.target(one))
                if not self.has_siblings(one):
                    continue
            if one.get(word) is True:
                return True
            waiting.extend(list_or_empty(one.get("allOf")))
        return False

    def matches(self, value: Any, schema: Any, seen: frozenset[tuple[str, int]] = frozenset()) -> bool:
        """Whether a value has the shape of a schema.

        Args:
            value: A JSON value.
            schema: A Schema Object, or a boolean.
            seen: The references that this very value is already being held against.

        Raises:
            NoExampleError: A `$ref` leads nowhere, or there are too many cases.
        """
        self.spend()
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            return True
        if isinstance(ref := schema.get("$ref"), str):
            step = (ref, id(value))
            # Held against itself, a schema adds nothing.
            if step not in seen and not self.matches(value, self.target(schema), seen | {step}):
                return False
            if not self.has_siblings(schema):
                return True
        if value is None and self.dialect == "3.0":
            return self._null_matches_30(schema, seen)
        return (
            _type_matches(value, types_of(schema, self.dialect))
            and ("const" not in schema or is_same(value, schema["const"]))
            and ("enum" not in schema or any(is_same(value, one) for one in list_or_empty(schema["enum"])))
            and self._kind_matches(value, schema)
            and self._branches_matches(value, schema, seen)
        )

    def _null_matches_30(self, schema: dict[str, Any], seen: frozenset[tuple[str, int]]) -> bool:
        """Whether null fits: only `nullable` beside `type` allows it (OpenAPI 3.0.4, "Schema Object")."""
        if "type" in schema and schema.get("nullable") is not True:
            return False
        if "enum" in schema and None not in list_or_empty(schema["enum"]):
            return False
        return self._branches_matches(None, schema, seen)

    def _kind_matches(self, value: Any, schema: dict[str, Any]) -> bool:
        if isinstance(value, str):
            return _string_matches(value, schema)
        if isinstance(value, bool) or value is None:
            return True
        if isinstance(value, int | float):
            return number_matches(value, schema)
        if isinstance(value, list):
            return self._array_matches(value, schema)
        return self._object_matches(value, schema)

    def _branches_matches(self, value: Any, schema: dict[str, Any], seen: frozenset[tuple[str, int]]) -> bool:
        if not all(self.matches(value, branch, seen) for branch in list_or_empty(schema.get("allOf"))):
            return False
        if schema.get("anyOf") and not any(
            self.matches(value, branch, seen) for branch in list_or_empty(schema["anyOf"])
        ):
            return False
        if schema.get("oneOf"):
            matching = sum(self.matches(value, branch, seen) for branch in list_or_empty(schema["oneOf"]))
            if matching == 0 or (matching > 1 and not self.may_overlap):
                return False
        if "not" in schema and self.matches(value, schema["not"], seen):
            return False
        if "if" in schema:
            then = "then" if self.matches(value, schema["if"], seen) else "else"
            return self.matches(value, schema.get(then, True), seen)
        return True

    def _array_matches(self, value: Sequence[Any], schema: dict[str, Any]) -> bool:
        if not _is_between(len(value), schema, "minItems", "maxItems"):
            return False
        if schema.get("uniqueItems") is True and any(
            is_same(one, other) for index, one in enumerate(value) for other in value[:index]
        ):
            return False
        prefix = list_or_empty(schema.get("prefixItems"))
        if not all(self.matches(one, part) for one, part in zip(value, prefix, strict=False)):
            return False
        if not all(self.matches(one, schema.get("items", True)) for one in value[len(prefix) :]):
            return False
        return "contains" not in schema or any(self.matches(one, schema["contains"]) for one in value)

    def _object_matches(self, value: Mapping[str, Any], schema: dict[str, Any]) -> bool:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        if not _is_between(len(value), schema, "minProperties", "maxProperties"):
            return False
        for name in names_in(schema.get("required")):
            if name not in value and not self.is_hidden(properties.get(name)):
                return False
        for name, needed in _items(schema.get("dependentRequired")):
            if name in value and not set(names_in(needed)) <= set(value):
                return False
        patterns = _items(schema.get("patternProperties"))
        for name, one in value.items():
            parts = [part for pattern, part in patterns if matches_pattern(name, pattern) is not False]
            if name in properties:
                if self.is_hidden(properties[name]):
                    return False
                parts.append(properties[name])
            if not parts:
                parts.append(schema.get("additionalProperties", True))
            if not all(self.matches(one, part) for part in parts):
                return False
        return all(self.matches(name, schema.get("propertyNames", True)) for name in value)


def types_of(schema: Mapping[str, Any], dialect: str) -> list[str]:
    """Return the types that a schema names, none where it names none."""
    named = schema.get("type")
    types = (
        [named] if isinstance(named, str) else [one for one in list_or_empty(named) if isinstance(one, str)]
    )
    if types and dialect == "3.0" and schema.get("nullable") is True:
        types.append("null")
    return types


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; in JSON, unlike Python, `true` is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def integer_range(name: Any) -> tuple[int, int] | None:
    """Return the least and greatest integer of a `format`; None for one that has no bounds."""
    bits = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}.get(str(name))
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if bits else None


def is_number(value: Any) -> TypeGuard[float]:
    """Whether a value is a JSON number; one as large as `1e400` is read as infinite, and is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def names_in(value: Any) -> list[str]:
    """Return the names in a list such as `required`, none where there is no list."""
    return [name for name in list_or_empty(value) if isinstance(name, str)]


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _type_matches(value: Any, types: list[str]) -> bool:
    return not types or any(_is_of(value, one) for one in types)


def _is_of(value: Any, name: str) -> bool:
    if name == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    if isinstance(value, bool) and name != "boolean":
        return False
    known = _TYPES.get(name)
    return known is not None and isinstance(value, known)


def _is_between(count: int, schema: dict[str, Any], least: str, most: str) -> bool:
    low, high = schema.get(least), schema.get(most)
    return (not isinstance(low, int) or low <= count) and (not isinstance(high, int) or count <= high)


def _string_matches(value: str, schema: dict[str, Any]) -> bool:
    pattern, name = schema.get("pattern"), schema.get("format")
    return (
        _is_between(len(value), schema, "minLength", "maxLength")
        and (not isinstance(pattern, str) or matches_pattern(value, pattern) is not False)
        and (not isinstance(name, str) or has_format(value, name))
    )


def number_matches(value: float, schema: Mapping[str, Any]) -> bool:
    """Whether a number is within bounds, `format` and `multipleOf` of a schema, of either version."""
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    # In OpenAPI 3.0 they are booleans beside `minimum` and `maximum`, in 3.1 bounds of their own.
    above = low if above is True else above
    below = high if below is True else below
    limits = integer_range(schema.get("format"))
    step = schema.get("multipleOf")
    return (
        (not is_number(low) or value >= low)
        and (not is_number(high) or value <= high)
        and (not is_number(above) or value > above)
        and (not is_number(below) or value < below)
        and (limits is None or limits[0] <= value <= limits[1])
        and (not is_number(step) or step <= 0 or _is_multiple(value, step))
    )


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    from fractions import Fraction

    # By their decimal digits, as people mean them: 0.3 is a multiple of 0.1.
    return (Fraction(str(value)) / Fraction(str(step))).denominator == 1
