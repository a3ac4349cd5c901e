"""The keywords of a Schema Object → those of plain JSON Schema 2020-12, with the meaning that this room gives them."""

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple, Protocol

from dynacli.model.patterns import MAX_PATTERN
from dynacli.validation.bodies.plain_values import LIMIT
from dynacli.validation.discriminator import discriminator_of, named_branch
from dynacli.validation.schemas.formats import RANGES

__all__ = ["INSIDE", "MULTIPLE", "TRANSLATIONS", "WHOLE", "DoubtError", "Part", "Way"]

MULTIPLE = "decimalMultipleOf"
"""The keyword that stands for `multipleOf`."""

WHOLE = "urn:whole"
"""An integer of OpenAPI 3.0, where 1.0 is none: that is how JSON Schema was up to draft 4."""

Part = dict[str, Any]
"""Keywords of a plain schema."""

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_START = "#/components/schemas/"


def _words(text: str) -> list[str]:
    return text.split()


class DoubtError(Exception):
    """A keyword has no plain form."""


class Way(NamedTuple):
    """How a schema is reached from the one that a reference, or the whole, begins with.

    Args:
        is_same_value: Whether it is about the same value.
        steps: How many branches lead here from the nearest one that is about the same value.
    """

    is_same_value: bool = True
    steps: int = 0

    def on(self, steps: int = 1) -> "Way":
        """Return the way some branches further on."""
        return Way(self.is_same_value, self.steps + steps)


INSIDE = Way(is_same_value=False)
"""To a schema of what is inside of the value."""


class Whole(Protocol):
    """The schema that a keyword is part of, as its translation asks it."""

    is_3_0: bool
    text_formats: Mapping[str, Any]

    def plain(self, schema: Any, way: Way) -> Any:
        """Return the plain form of a schema below."""

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""

    def is_integer(self, value: Any) -> bool:
        """Return whether a number is an integer in this dialect."""

    def pattern_format(self, pattern: str) -> str:
        """Return the name of the format that stands for a pattern."""


Translation = Callable[[Whole, Any, Any, Way], Part]
"""(whole, the keyword's value, the schema, the way to the schema) → keywords."""


def _type(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
    kinds = list(value) if isinstance(value, list) else [value]
    if not kinds or not all(isinstance(one, str) and one in _TYPES for one in kinds):
        raise DoubtError
    if whole.is_3_0 and schema.get("nullable") is True:
        kinds.append("null")
    kinds = list(dict.fromkeys(kinds))
    if "integer" not in kinds:
        return {"type": kinds}
    kinds.remove("integer")
    if "number" in kinds:
        return {"type": kinds}
    if whole.is_integer(1.0):
        return {"type": [*kinds, "integer"]}
    return {"anyOf": [{"$ref": WHOLE}, *([{"type": kinds}] if kinds else [])]}


def _enum(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    if not isinstance(value, list) or not value or not all(map(_is_plain, value)):
        raise DoubtError
    return {"enum": value}


def _const(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    if not _is_plain(value):
        raise DoubtError
    return {"const": value}


def _limit(keyword: str) -> Translation:
    def translated(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
        flag = f"exclusive{keyword[0].upper()}{keyword[1:]}"
        return _bound(flag if whole.is_3_0 and schema.get(flag) else keyword, value)

    return translated


def _exclusive_limit(bound: str, keyword: str) -> Translation:
    def translated(_: Whole, value: Any, schema: Any, __: Way) -> Part:
        if value is True:
            value = schema.get(bound)
        return {} if value is False or value is None else _bound(keyword, value)

    return translated


def _multiple_of(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    if not _is_number(value) or value == 0:
        raise DoubtError
    return {MULTIPLE: value}


def _pattern(whole: Whole, value: Any, _: Any, __: Way) -> Part:
    if not isinstance(value, str) or len(value) > MAX_PATTERN:
        raise DoubtError
    return {"format": whole.pattern_format(value)}


def _format(whole: Whole, value: Any, _: Any, __: Way) -> Part:
    if not isinstance(value, str):
        raise DoubtError
    if value in RANGES:
        least, most = RANGES[value]
        return {**_bound("minimum", least), **_bound("maximum", most)}
    return {"format": value} if value in whole.text_formats else {}


def _items(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
    if "prefixItems" in schema and not isinstance(schema["prefixItems"], list):
        raise DoubtError
    return {"items": whole.plain(value, INSIDE)}


def _prefix_items(whole: Whole, value: Any, _: Any, __: Way) -> Part:
    return {"prefixItems": [whole.plain(one, INSIDE) for one in _list(value)]} if value != [] else {}


def _contains(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
    counts = {name: _count(schema[name]) for name in ("minContains", "maxContains") if name in schema}
    return {"contains": whole.plain(value, INSIDE), **counts}


def _unique_items(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    return {"uniqueItems": True} if value is True else {}


def _properties(whole: Whole, value: Any, _: Any, __: Way) -> Part:
    return {"properties": {name: _property(whole, one) for name, one in _mapping(value).items()}}


def _property(whole: Whole, schema: Any) -> Any:
    try:
        # In 3.0 what this direction leaves out may not come at all.
        return False if whole.is_3_0 and whole.is_hidden(schema) else whole.plain(schema, INSIDE)
    except DoubtError:
        return whole.plain(None, INSIDE)  # of this one alone: `additionalProperties` has to know the others


def _required(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
    if isinstance(value, bool):
        return {}
    properties = _mapping(schema.get("properties", {}))
    names = dict.fromkeys(_texts(value))
    return {
        "required": [one for one in names if one not in properties or not whole.is_hidden(properties[one])]
    }


def _additional_properties(whole: Whole, value: Any, schema: Any, _: Way) -> Part:
    _mapping(schema.get("properties", {}))
    if value is not False and not isinstance(value, dict):
        return {}
    if "patternProperties" in schema:
        raise DoubtError
    return {"additionalProperties": whole.plain(value, INSIDE)}


def _property_names(whole: Whole, value: Any, _: Any, __: Way) -> Part:
    return {"propertyNames": whole.plain(value, INSIDE)}


def _dependent_required(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    asked = {name: list(dict.fromkeys(_texts(names))) for name, names in _mapping(value).items()}
    return {"dependentRequired": asked}


def _dependent_schemas(whole: Whole, value: Any, _: Any, way: Way) -> Part:
    return {"dependentSchemas": {name: whole.plain(one, way.on()) for name, one in _mapping(value).items()}}


def _not(whole: Whole, value: Any, _: Any, way: Way) -> Part:
    return {"not": whole.plain(value, way.on())}


def _if(whole: Whole, value: Any, schema: Any, way: Way) -> Part:
    branches = {name: whole.plain(schema[name], way.on()) for name in ("then", "else") if name in schema}
    return {"if": whole.plain(value, way.on()), **branches}


def _all_of(whole: Whole, value: Any, _: Any, way: Way) -> Part:
    return {"allOf": [whole.plain(one, way.on()) for one in _list(value)]} if value != [] else {}


def _alternatives(keyword: str) -> Translation:
    def translated(whole: Whole, value: Any, schema: Any, way: Way) -> Part:
        branches = [whole.plain(one, way.on(2)) for one in _list(value)]
        if not branches:
            raise DoubtError
        found = discriminator_of(schema)
        plain = {keyword: branches}
        return plain if found is None else _discriminated(plain, found, branches, value, schema)

    return translated


def _discriminated(
    plain: Part, discriminator: tuple[str, Mapping[str, Any]], branches: list[Any], value: Any, schema: Any
) -> Part:
    """Return alternatives of which a property's value names one."""
    name, mapping = discriminator[0], discriminator[1].get("mapping")
    # The values that name a branch: those that are mapped, and those that are a branch's reference or name.
    refs = [one["$ref"] for one in value if isinstance(one, dict) and isinstance(one.get("$ref"), str)]
    values = [*(mapping if isinstance(mapping, Mapping) else ()), *refs]
    values.extend(ref.removeprefix(_START) for ref in refs)
    chosen: dict[int, list[str]] = {}
    for one in dict.fromkeys(values):
        meant = named_branch(value, {name: one}, schema) if isinstance(one, str) else None
        if meant is not None:
            chosen.setdefault(meant[0], []).append(one)
    default = named_branch(value, {}, schema)
    if any(branches[index].keys() != {"$ref"} for index in (*chosen, *(default or ())[:1])):
        raise DoubtError  # each is written down twice, which what is nested in it would double again
    known = [one for some in chosen.values() for one in some]
    otherwise: Part = plain
    if default is not None:
        otherwise = {"if": {"type": "object"}, "then": branches[default[0]], "else": plain}
    return {
        "allOf": [
            {"if": _is_one_of(name, known), "else": otherwise},
            *({"if": _is_one_of(name, some), "then": branches[index]} for index, some in chosen.items()),
        ]
    }


def _is_one_of(name: str, values: list[str]) -> Any:
    if not values:
        return False
    return {"type": "object", "required": [name], "properties": {name: {"enum": values}}}


def _unevaluated(_: Whole, value: Any, __: Any, ___: Way) -> Part:
    if value is not True:
        raise DoubtError
    return {}


def _nothing(*_: Any) -> Part:
    return {}


def _size(keyword: str) -> Translation:
    return lambda _, value, __, ___: {keyword: _count(value)}


def _bound(keyword: str, value: Any) -> Part:
    if not _is_number(value):
        raise DoubtError
    if abs(value) <= LIMIT:
        return {keyword: value}
    if (value > 0) == keyword.lower().endswith("maximum"):
        return {}  # no number that is looked at is beyond it
    raise DoubtError


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _count(value: Any) -> int:
    if not _is_number(value) or value != int(value) or not 0 <= value <= LIMIT:
        raise DoubtError
    return int(value)


def _is_plain(value: Any) -> bool:
    """Return whether a constant is one that jsonschema-rs compares as this room does."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) for name in value) and all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool | str) or (_is_number(value) and abs(value) <= LIMIT)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DoubtError
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise DoubtError
    return value


def _texts(value: Any) -> Iterator[str]:
    for one in _list(value):
        if not isinstance(one, str):
            raise DoubtError
        yield one


TRANSLATIONS: Mapping[str, Translation] = {
    **{
        name: _size(name)
        for name in _words("minLength maxLength minItems maxItems minProperties maxProperties")
    },
    **dict.fromkeys(_words("discriminator xml externalDocs example deprecated description"), _nothing),
    **dict.fromkeys(_words("unevaluatedProperties unevaluatedItems"), _unevaluated),
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _limit("minimum"),
    "maximum": _limit("maximum"),
    "exclusiveMinimum": _exclusive_limit("minimum", "exclusiveMinimum"),
    "exclusiveMaximum": _exclusive_limit("maximum", "exclusiveMaximum"),
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "format": _format,
    "items": _items,
    "prefixItems": _prefix_items,
    "contains": _contains,
    "uniqueItems": _unique_items,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional_properties,
    "propertyNames": _property_names,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "not": _not,
    "if": _if,
    "allOf": _all_of,
    "anyOf": _alternatives("anyOf"),
    "oneOf": _alternatives("oneOf"),
}
"""Those that can be translated. Any other that the dialect judges by is a doubt."""
