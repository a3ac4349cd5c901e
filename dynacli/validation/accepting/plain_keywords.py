"""Translating the keywords of a Schema Object into those of plain JSON Schema 2020-12, with this room's meaning."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from dynacli.model.patterns import MAX_PATTERN
from dynacli.schema.discriminators import Discriminator, discriminator_of
from dynacli.schema.read_schema import is_number, mapping_of, names_in
from dynacli.validation.accepting.plain_values import LIMIT
from dynacli.validation.formats import RANGES, TEXT_FORMATS

__all__ = [
    "INTEGER_3_0",
    "MEMBER",
    "MULTIPLE",
    "TRANSLATIONS",
    "DoubtError",
    "Nesting",
    "Part",
    "refuse_marks_elsewhere",
]

MULTIPLE = "decimalMultipleOf"
"""The name of the keyword that replaces `multipleOf`."""

INTEGER_3_0 = "urn:openapi:integer"
"""The reference to a schema for integers of OpenAPI 3.0, where 1.0 is no integer (as in JSON Schema up to draft 4)."""

Part = dict[str, Any]
"""Keywords of a plain schema."""

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_SCHEMAS = "#/components/schemas/"


class DoubtError(Exception):
    """A keyword has no plain form."""


class Nesting(NamedTuple):
    """The distance of a schema from the root schema, or from the target of the last reference.

    Args:
        is_same_value: Whether both schemas describe the same value.
        steps: The number of branches between them that describe the same value.
    """

    is_same_value: bool = True
    steps: int = 0

    def deeper(self, steps: int = 1) -> "Nesting":
        """Return the distance of a branch."""
        return Nesting(self.is_same_value, self.steps + steps)


MEMBER = Nesting(is_same_value=False)
"""The distance of a schema that describes a member of the value."""


class Translator(Protocol):
    """The translation of a whole schema, as the translations of its keywords use it."""

    is_3_0: bool
    refuses_hidden: bool

    def plain(self, schema: Any, nesting: Nesting) -> Any:
        """Return the plain form of a subschema."""

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""

    def applied(self, schema: Any) -> list[Mapping[str, Any]]:
        """Return a schema, the schemas that it refers to, and those of its `allOf`."""

    def pattern_format(self, pattern: str) -> str:
        """Return the name of the format that stands for a pattern."""


Translation = Callable[[Translator, Any, Any, Nesting], Part]
"""(translator, value of the keyword, its schema, the schema's nesting) → plain keywords."""


def _type(translator: Translator, value: Any, _: Any, __: Nesting) -> Part:
    kinds = list(value) if isinstance(value, list) else [value]
    if not kinds or not all(isinstance(kind, str) and kind in _TYPES for kind in kinds):
        raise DoubtError
    kinds = list(dict.fromkeys(kinds))
    if "integer" not in kinds:
        return {"type": kinds}
    kinds.remove("integer")
    if "number" in kinds:
        return {"type": kinds}
    if not translator.is_3_0:
        return {"type": [*kinds, "integer"]}
    return {"anyOf": [{"$ref": INTEGER_3_0}, *([{"type": kinds}] if kinds else [])]}


def _enum(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    if not isinstance(value, list) or not value or not all(map(_is_plain, value)):
        raise DoubtError
    return {"enum": value}


def _const(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    if not _is_plain(value):
        raise DoubtError
    return {"const": value}


def _limit(keyword: str) -> Translation:
    return lambda _, value, __, ___: _bound(keyword, value)


def _multiple_of(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    if not is_number(value) or value == 0:
        raise DoubtError
    return {MULTIPLE: value}


def _pattern(translator: Translator, value: Any, _: Any, __: Nesting) -> Part:
    if not isinstance(value, str) or len(value) > MAX_PATTERN:
        raise DoubtError
    return {"format": translator.pattern_format(value)}


def _format(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    if not isinstance(value, str):
        raise DoubtError
    if value in RANGES:
        least, most = RANGES[value]
        return {**_bound("minimum", least), **_bound("maximum", most)}
    return {"format": value} if value in TEXT_FORMATS else {}


def _items(translator: Translator, value: Any, schema: Any, _: Nesting) -> Part:
    if "prefixItems" in schema and not isinstance(schema["prefixItems"], list):
        raise DoubtError
    return {"items": translator.plain(value, MEMBER)}


def _prefix_items(translator: Translator, value: Any, _: Any, __: Nesting) -> Part:
    return {"prefixItems": [translator.plain(item, MEMBER) for item in _list(value)]} if value != [] else {}


def _contains(translator: Translator, value: Any, schema: Any, _: Nesting) -> Part:
    counts = {name: _count(schema[name]) for name in ("minContains", "maxContains") if name in schema}
    return {"contains": translator.plain(value, MEMBER), **counts}


def _unique_items(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    return {"uniqueItems": True} if value is True else {}


def _properties(translator: Translator, value: Any, _: Any, __: Nesting) -> Part:
    return {"properties": {name: _property(translator, below) for name, below in _mapping(value).items()}}


def _property(translator: Translator, schema: Any) -> Any:
    try:
        is_refused = translator.refuses_hidden and translator.is_hidden(schema)
        return False if is_refused else translator.plain(schema, MEMBER)
    except DoubtError:
        # A doubt for this property only, because `additionalProperties` needs to know the others.
        return translator.plain(None, MEMBER)


def _required(translator: Translator, value: Any, schema: Any, _: Nesting) -> Part:
    if isinstance(value, bool):
        return {}
    _mapping(schema.get("properties", {}))
    names = dict.fromkeys(_texts(value))
    parts = [mapping_of(part, "properties") for part in translator.applied(schema)]
    return {
        "required": [
            name for name in names if not any(translator.is_hidden(part.get(name)) for part in parts)
        ]
    }


def _additional_properties(translator: Translator, value: Any, schema: Any, _: Nesting) -> Part:
    _mapping(schema.get("properties", {}))
    if value is not False and not isinstance(value, dict):
        return {}
    if "patternProperties" in schema:
        raise DoubtError
    return {"additionalProperties": translator.plain(value, MEMBER)}


def _property_names(translator: Translator, value: Any, _: Any, __: Nesting) -> Part:
    return {"propertyNames": translator.plain(value, MEMBER)}


def _dependent_required(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    required = {name: list(dict.fromkeys(_texts(names))) for name, names in _mapping(value).items()}
    return {"dependentRequired": required}


def _dependent_schemas(translator: Translator, value: Any, _: Any, nesting: Nesting) -> Part:
    branches = {name: translator.plain(branch, nesting.deeper()) for name, branch in _mapping(value).items()}
    return {"dependentSchemas": branches}


def _not(translator: Translator, value: Any, _: Any, nesting: Nesting) -> Part:
    return {"not": translator.plain(value, nesting.deeper())}


def _if(translator: Translator, value: Any, schema: Any, nesting: Nesting) -> Part:
    branches = {
        name: translator.plain(schema[name], nesting.deeper()) for name in ("then", "else") if name in schema
    }
    return {"if": translator.plain(value, nesting.deeper()), **branches}


def _all_of(translator: Translator, value: Any, schema: Any, nesting: Nesting) -> Part:
    refuse_marks_elsewhere(translator, schema)
    branches = [translator.plain(branch, nesting.deeper()) for branch in _list(value)]
    return {"allOf": branches} if branches else {}


def refuse_marks_elsewhere(translator: Translator, schema: Any) -> None:
    """Refuse schemas of which one requires a property that another one marks as left out in this direction.

    Raises:
        DoubtError: There are such schemas among those that apply together.
    """
    parts = translator.applied(schema)
    for part in parts:
        own = mapping_of(part, "properties")
        for name in names_in(part.get("required")):
            others = [mapping_of(other, "properties").get(name) for other in parts if other is not part]
            if any(map(translator.is_hidden, others)) and not translator.is_hidden(own.get(name)):
                raise DoubtError


def _alternatives(keyword: str) -> Translation:
    def translated(translator: Translator, value: Any, schema: Any, nesting: Nesting) -> Part:
        branches = [translator.plain(branch, nesting.deeper(2)) for branch in _list(value)]
        if not branches:
            raise DoubtError
        found = discriminator_of(schema)
        plain = {keyword: branches}
        return plain if found is None else _discriminated(plain, found, branches, value)

    return translated


def _discriminated(plain: Part, discriminator: Discriminator, branches: list[Any], value: list[Any]) -> Part:
    """Return the plain form of branches that a property of the value chooses among.

    Args:
        plain: The plain form without the discriminator.
        branches: The plain form of each branch.
        value: The branches as they are written.
    """
    name = discriminator.property
    # The values that name a branch: those of the mapping, and each branch's reference and name.
    refs = [
        branch["$ref"] for branch in value if isinstance(branch, dict) and isinstance(branch.get("$ref"), str)
    ]
    values = [*discriminator.mapping, *refs]
    values.extend(ref.removeprefix(_SCHEMAS) for ref in refs)
    chosen: dict[int, list[str]] = {}
    for tag in dict.fromkeys(values):
        index = discriminator.branch_of({name: tag}, value)
        if index is not None:
            chosen.setdefault(index, []).append(tag)
    default = discriminator.branch_of({}, value)
    picked = [*chosen, *([] if default is None else [default])]
    if any(branches[index].keys() != {"$ref"} for index in picked):
        raise DoubtError  # each branch is written twice, and so nested branches four times, and so on
    known = [tag for tags in chosen.values() for tag in tags]
    otherwise: Part = plain
    if default is not None:
        otherwise = {"if": {"type": "object"}, "then": branches[default], "else": plain}
    return {
        "allOf": [
            {"if": _is_one_of(name, known), "else": otherwise},
            *({"if": _is_one_of(name, tags), "then": branches[index]} for index, tags in chosen.items()),
        ]
    }


def _is_one_of(name: str, values: list[str]) -> Any:
    if not values:
        return False
    return {"type": "object", "required": [name], "properties": {name: {"enum": values}}}


def _unevaluated(_: Translator, value: Any, __: Any, ___: Nesting) -> Part:
    if value is not True:
        raise DoubtError
    return {}


def _ignored(*_: Any) -> Part:
    return {}


def _size(keyword: str) -> Translation:
    return lambda _, value, __, ___: {keyword: _count(value)}


def _bound(keyword: str, value: Any) -> Part:
    if not is_number(value):
        raise DoubtError
    if abs(value) <= LIMIT:
        return {keyword: value}
    if (value > 0) == keyword.lower().endswith("maximum"):
        return {}  # no plain value is beyond it
    raise DoubtError


def _count(value: Any) -> int:
    if not is_number(value) or value != int(value) or not 0 <= value <= LIMIT:
        raise DoubtError
    return int(value)


def _is_plain(value: Any) -> bool:
    """Return whether jsonschema-rs compares a constant in the same way as the keywords of this room."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(name, str) for name in value) and all(map(_is_plain, value.values()))
    return value is None or isinstance(value, bool | str) or (is_number(value) and abs(value) <= LIMIT)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DoubtError
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise DoubtError
    return value


def _texts(value: Any) -> Iterator[str]:
    for text in _list(value):
        if not isinstance(text, str):
            raise DoubtError
        yield text


TRANSLATIONS: Mapping[str, Translation] = {
    **{
        name: _size(name)
        for name in ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]
    },
    **dict.fromkeys(["discriminator", "xml", "externalDocs"], _ignored),
    **dict.fromkeys(["unevaluatedProperties", "unevaluatedItems"], _unevaluated),
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _limit("minimum"),
    "maximum": _limit("maximum"),
    "exclusiveMinimum": _limit("exclusiveMinimum"),
    "exclusiveMaximum": _limit("exclusiveMaximum"),
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
"""Keyword → its translation. Any other keyword of the dialect becomes a doubt."""
