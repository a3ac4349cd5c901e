"""Translate each keyword of a Schema Object into keywords of JSON Schema 2020-12 for jsonschema-rs.

| keyword | translation |
|---|---|
| `format` of a number | bounds, because jsonschema-rs knows only formats of strings |
| `type: integer` of 3.0 | the integer of JSON Schema draft 4, because 1.0 is not an integer in 3.0 |
| `pattern` | a format, because dynacli itself matches patterns within a time budget |
| `properties` of the other direction | a schema that accepts nothing, which causes a minor error |
| `oneOf` and `anyOf` with a `discriminator` | conditions that pick the branch that the value names |
| an unusable keyword (`minimum: "a"`) | `unusable`, which records a note if a value reaches it |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple, Protocol

from dynacli.openapi.schema.evaluation._formats import RANGES, TEXT_FORMATS
from dynacli.openapi.schema.read_schema import (
    LEFT_OUT,
    Direction,
    Discriminator,
    discriminator_of,
    is_number,
    mapping_of,
)

PATTERN = "pattern "
"""Prefix of the name of a format that matches a pattern; the pattern follows."""
INTEGER_3_0 = "urn:openapi:integer"
"""The reference to a schema for integers of OpenAPI 3.0: 1.0 is not an integer (as in JSON Schema up to draft 4)."""
NAMELESS = "\0"
"""Replacement of an empty name, because jsonschema-rs (0.61) leaves empty names out of paths."""
UNUSABLE = "unusable"
"""The keyword for unusable parts; its value is the note, whether the document has the error, and the type of values."""
ENTRY = "entry"
"""The keyword that counts the entries into a schema, because nested alternatives are tried at each level."""
LATER = "later"
"""The keyword for a reference whose target is translated when a value reaches it."""

UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})
"""Keywords that evaluate all schemas beside them again."""
CONTAINER = 40
"""The steps to compare a value with an array or object, because jsonschema-rs (0.61) allocates memory for it."""

Plain = dict[str, Any]
"""A plain schema: keywords of JSON Schema 2020-12 for jsonschema-rs."""

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_SCHEMAS = "#/components/schemas/"
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
KIND_OF = {
    **dict.fromkeys((*_BOUNDS, "multipleOf"), "number"),
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), "string"),
    **dict.fromkeys(
        ("items", "prefixItems", "contains", "minItems", "maxItems", "unevaluatedItems"), "array"
    ),
    **dict.fromkeys(("properties", "required", "additionalProperties", "patternProperties"), "object"),
    **dict.fromkeys(("propertyNames", "minProperties", "maxProperties"), "object"),
    **dict.fromkeys(("dependentRequired", "dependentSchemas", "unevaluatedProperties"), "object"),
}
"""Keyword → the type of the values that it restricts; other keywords restrict values of all types."""
_MANY = 6
"""Maximum depth of nested alternatives for the same value without counting how often they are entered."""


class UnusableError(Exception):
    """The value of a keyword in the document is unusable; the text is the note, empty for the usual note."""


class Nesting(NamedTuple):
    """The distance of a schema from the root schema, or from the target of the last reference.

    Args:
        steps: The number of branches between them that describe the same value.
        is_same_value: Whether both schemas describe the same value.
    """

    steps: int = 0
    is_same_value: bool = True

    def deeper(self, steps: int = 1) -> Nesting:
        """Return the distance of a branch."""
        return Nesting(self.steps + steps, self.is_same_value)


_MEMBER = Nesting(is_same_value=False)


class Origin(NamedTuple):
    """The origin in the document of a part that translation added.

    Args:
        steps: The steps in the document.
        tag: (property, branches, index) of the discriminator that chose a branch.
        is_condition: Whether the part is a condition about a discriminator.
        keyword: The keyword of the document that the part translates; empty if it has the keywords of the document.
        is_inline: Whether the reference of the part is not a step in the document.
    """

    steps: tuple[str | int, ...] = ()
    tag: tuple[str, list[Any], int] | None = None
    is_condition: bool = False
    keyword: str = ""
    is_inline: bool = False


class Translator(Protocol):
    """The translation of a whole schema, as the translations of its keywords use it."""

    is_3_0: bool
    is_strict: bool
    direction: Direction
    refuses_hidden: bool
    may_overlap: bool
    longest: int
    undefined_formats: frozenset[str]
    origins: dict[int, Origin]

    def plain(self, schema: Any, nesting: Nesting) -> Any:
        """Return the plain form of a subschema."""

    def definition(self, schema: Any, nesting: Nesting) -> Plain:
        """Return a reference to the plain form of a subschema, which is translated once."""

    def is_hidden(self, schema: Any) -> bool:
        """Return whether a property is left out in this direction."""

    def applied(self, schema: Any) -> list[Mapping[str, Any]]:
        """Return a schema, the targets of its references, and the schemas of its `allOf`."""

    def gated(self, part: Plain) -> Plain:
        """Return a part that is evaluated only until its schema was entered too often."""

    def standing_for(self, keyword: str, part: Plain) -> Plain:
        """Mark a part as the translation of a keyword of the document, and return it in an `allOf`."""

    def spelled(self, pattern: str) -> str | None:
        """Return a pattern in the syntax of jsonschema-rs; None if this is not possible."""


Translation = Callable[[Translator, Any, Any, Nesting, str], Plain]
"""(translator, value of the keyword, its schema, the schema's nesting, the keyword) → plain keywords."""


def unusable(text: str, keyword: str = "", *, is_fault: bool = True) -> Plain:
    """Return the plain schema for a part that cannot be evaluated.

    Args:
        text: The note.
        keyword: The unusable keyword; values of types that it does not restrict get no note.
        is_fault: Whether the document has an error.
    """
    return {UNUSABLE: [text, is_fault, KIND_OF.get(keyword, "")]}


def _unsatisfiable(translator: Translator, keyword: str) -> Plain:
    """Return the plain schema for a keyword that no value of its type satisfies."""
    kind = KIND_OF.get(keyword)
    return translator.standing_for(keyword, {"not": {"type": kind} if kind else {}})


def _type(translator: Translator, value: Any, *_: Any) -> Plain:
    kinds = value if isinstance(value, list) else [value]
    for kind in kinds:
        if not isinstance(kind, str) or kind not in _TYPES:
            raise UnusableError
    if not kinds:
        return _unsatisfiable(translator, "type")
    kinds = list(dict.fromkeys(kinds))
    if not translator.is_strict or "integer" not in kinds or "number" in kinds:
        return {"type": kinds}
    kinds.remove("integer")
    integer = {"$ref": INTEGER_3_0}
    return translator.standing_for("type", {"anyOf": [integer, {"type": kinds}]} if kinds else integer)


def _enum(_: Translator, value: Any, *__: Any) -> Plain:
    if not isinstance(value, list):
        raise UnusableError
    return {"enum": value}


def _const(_: Translator, value: Any, *__: Any) -> Plain:
    return {"const": value}


def _bound(translator: Translator, value: Any, _: Any, __: Nesting, keyword: str) -> Plain:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableError
    if not isfinite(value):  # `1e400`
        is_kept = (value > 0) == keyword.lower().endswith("maximum")
        return {} if is_kept else _unsatisfiable(translator, keyword)
    return {keyword: value}


def _multiple_of(_: Translator, value: Any, *__: Any) -> Plain:
    if not is_number(value) or value == 0:
        raise UnusableError
    return {"multipleOf": value}


def _pattern(_: Translator, value: Any, *__: Any) -> Plain:
    if not isinstance(value, str):
        return unusable("a pattern is not text", "pattern", is_fault=False)
    return {"format": PATTERN + value}


def _format(translator: Translator, value: Any, *_: Any) -> Plain:
    if not isinstance(value, str):
        raise UnusableError
    if value in RANGES:
        least, most = RANGES[value]
        return translator.standing_for("format", {"minimum": least, "maximum": most})
    return {"format": value} if value in TEXT_FORMATS and value not in translator.undefined_formats else {}


def _items_keyword(translator: Translator, value: Any, schema: Any, *_: Any) -> Plain:
    if not isinstance(schema.get("prefixItems", []), list):
        raise UnusableError
    return {"items": _member(translator, value)}


def _prefix_items(translator: Translator, value: Any, *_: Any) -> Plain:
    return {"prefixItems": [_member(translator, item) for item in _list(value)]} if value != [] else {}


def _contains(translator: Translator, value: Any, schema: Any, *_: Any) -> Plain:
    counts = {
        name: _natural_number(schema[name]) for name in ("minContains", "maxContains") if name in schema
    }
    return {"contains": _member(translator, value), **counts}


def _unique_items(_: Translator, value: Any, *__: Any) -> Plain:
    return {"uniqueItems": True} if value is True else {}


def _member(translator: Translator, schema: Any) -> Any:
    if not isinstance(schema, bool | dict):
        raise UnusableError
    return translator.plain(schema, _MEMBER)


def _properties_keyword(translator: Translator, value: Any, *_: Any) -> Plain:
    properties = _mapping_in(value).items()
    return {
        "properties": {name or NAMELESS: _property(translator, value, below) for name, below in properties}
    }


def _property(translator: Translator, properties: Any, schema: Any) -> Any:
    if not isinstance(schema, bool | dict):
        return unusable(unusable_text("properties", properties))
    plain = translator.plain(schema, _MEMBER)
    if translator.refuses_hidden and translator.is_hidden(schema):
        # OpenAPI 3.0.4, "Schema Object": relevant only for properties.
        mark = translator.standing_for(LEFT_OUT[translator.direction], {"not": {}})["allOf"]
        if not isinstance(plain, dict):
            return {"allOf": [plain, *mark]}
        plain["allOf"] = [*plain.get("allOf", ()), *mark]  # a new object, which no other schema shares
    return plain


def _required(translator: Translator, value: Any, schema: Any, *_: Any) -> Plain:
    """Return `required` without properties that this direction leaves out.

    OpenAPI 3.0.4 and 3.1.1, "Schema Object": a property that is `readOnly` is required only in responses,
    and a property that is `writeOnly` only in requests.
    """
    if isinstance(value, bool):
        return {}  # `required: true` on a property is from Swagger 1
    names = dict.fromkeys(_checked_strings(value))
    for part in translator.applied(schema):
        properties = mapping_of(part, "properties")
        for name in tuple(names):
            if name in properties and translator.is_hidden(properties[name]):
                del names[name]
    return {"required": [name or NAMELESS for name in names]} if names else {}


def _additional_properties(translator: Translator, value: Any, schema: Any, *_: Any) -> Plain:
    _mapping_in(schema.get("properties", {}))
    if not isinstance(value, bool | dict):
        return {}
    patterns = _mapping_in(schema.get("patternProperties", {}))
    if any(translator.spelled(pattern) is None for pattern in patterns):
        return {}  # unsupported patterns may match these properties; `patternProperties` has a note
    plain = {"additionalProperties": translator.plain(value, _MEMBER)}
    if translator.is_3_0 and patterns:
        # `patternProperties` is from 3.1, but documents that say 3.0 have it, too.
        plain["patternProperties"] = {translator.spelled(pattern): True for pattern in patterns}
    return plain


def _pattern_properties(translator: Translator, value: Any, *_: Any) -> Plain:
    plain: Plain = {}
    parts: Plain = {}
    for pattern, schema in _mapping_in(value).items():
        spelled = translator.spelled(pattern)
        if spelled is None:
            text = f"the pattern `{pattern}` is not a supported pattern of ECMA-262"
            parts = {"if": {"minProperties": 1, "type": "object"}, "then": unusable(text, is_fault=False)}
        else:
            plain[spelled] = _member(translator, schema)
    return {"patternProperties": plain, **({"allOf": [parts]} if parts else {})}


def _dependent_required(_: Translator, value: Any, *__: Any) -> Plain:
    required = {
        name or NAMELESS: [needed or NAMELESS for needed in dict.fromkeys(_checked_strings(names))]
        for name, names in _mapping_in(value).items()
    }
    return {"dependentRequired": required}


def _dependent_schemas(translator: Translator, value: Any, _: Any, nesting: Nesting, __: str) -> Plain:
    branches = {
        name: translator.plain(branch, nesting.deeper()) for name, branch in _mapping_in(value).items()
    }
    return {"dependentSchemas": branches}


def _not(translator: Translator, value: Any, _: Any, nesting: Nesting, __: str) -> Plain:
    return {"not": _branch(translator, value, nesting)}


def _if(translator: Translator, _: Any, schema: Any, nesting: Nesting, __: str) -> Plain:
    # An `if` without branches counts for `unevaluatedProperties`, too (JSON Schema Core 2020-12, 10.2.2.1).
    names = ("if", "then", "else")
    return {name: _branch(translator, schema[name], nesting) for name in names if name in schema}


def _branch(translator: Translator, schema: Any, nesting: Nesting, steps: int = 1) -> Any:
    if not isinstance(schema, bool | dict):
        raise UnusableError
    return translator.plain(schema, nesting.deeper(steps))


def _all_of(translator: Translator, value: Any, _: Any, nesting: Nesting, __: str) -> Plain:
    branches = [_branch(translator, branch, nesting) for branch in _list(value)]
    return {"allOf": branches} if branches else {}


def _alternatives(translator: Translator, value: Any, schema: Any, nesting: Nesting, keyword: str) -> Plain:
    if not isinstance(value, list) or not value:
        raise UnusableError
    if translator.may_overlap:
        keyword = "anyOf"
    discriminator = discriminator_of(schema)
    if discriminator is None:
        plain = {keyword: [_branch(translator, branch, nesting, 2) for branch in value]}
    else:
        plain = _discriminated(translator, keyword, discriminator, value, nesting)
    return {"allOf": [translator.gated(plain)]} if nesting.steps > _MANY else plain


def _discriminated(
    translator: Translator, keyword: str, discriminator: Discriminator, value: list[Any], nesting: Nesting
) -> Plain:
    """Return conditions that evaluate the branch that the value names, or all branches if it names none.

    A discriminator is a hint that makes no value invalid (OpenAPI 3.1.1, "Discriminator Object").
    """
    branches = [translator.definition(branch, nesting.deeper(2)) for branch in value]
    name = discriminator.property
    # The values that name a branch: the keys of the mapping, and each branch's reference and name.
    refs = [
        branch["$ref"] for branch in value if isinstance(branch, dict) and isinstance(branch.get("$ref"), str)
    ]
    values = [*discriminator.mapping, *refs, *(ref.removeprefix(_SCHEMAS) for ref in refs)]
    chosen: dict[int, list[str]] = {}
    for tag in dict.fromkeys(values):
        index = discriminator.branch_of({name: tag}, value)
        if index is not None:
            chosen.setdefault(index, []).append(tag)
    default = discriminator.branch_of({}, value)
    otherwise: Plain = {keyword: branches}
    translator.origins[id(otherwise)] = Origin()
    if default is not None:
        then = dict(branches[default])
        translator.origins[id(then)] = Origin((keyword, default), (name, value, default))
        otherwise = {"if": {"type": "object"}, "then": then, "else": otherwise}
        translator.origins[id(otherwise)] = Origin(is_condition=True)
    known = [tag for tags in chosen.values() for tag in tags]
    conditions: list[Plain] = [{"if": _is_one_of(name, known), "else": otherwise}]
    for index, tags in chosen.items():
        then = dict(branches[index])
        translator.origins[id(then)] = Origin((keyword, index), (name, value, index))
        conditions.append({"if": _is_one_of(name, tags), "then": then})
    for condition in conditions:
        translator.origins[id(condition)] = Origin(is_condition=True)
    return {"allOf": conditions}


def _is_one_of(name: str, values: list[str]) -> Any:
    if not values:
        return False
    return {"type": "object", "required": [name], "properties": {name: {"enum": values}}}


def _for_members(translator: Translator, value: Any, _: Any, __: Nesting, keyword: str) -> Plain:
    return {keyword: _member(translator, value)}


def _size_keyword(translator: Translator, value: Any, _: Any, __: Nesting, keyword: str) -> Plain:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UnusableError
    if value < 0:
        return {} if keyword.startswith("min") else _unsatisfiable(translator, keyword)
    translator.longest = max(translator.longest, int(value) + 1 if keyword.endswith("Length") else 0)
    return {keyword: int(value) if value == int(value) else int(value) + keyword.startswith("min")}


def _natural_number(value: Any) -> int:
    if not is_number(value) or value != int(value) or value < 0:
        raise UnusableError
    return int(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UnusableError
    return value


def _mapping_in(value: Any) -> dict[str, Any]:
    """Return the value of a keyword that must be an object.

    Raises:
        UnusableError: The value is not an object with strings as keys.
    """
    if not isinstance(value, dict):
        raise UnusableError
    for name in value:
        if not isinstance(name, str):
            raise UnusableError
    return value


def _checked_strings(value: Any) -> Iterator[str]:
    for text in _list(value):
        if not isinstance(text, str):
            raise UnusableError
        yield text


def unusable_text(name: str, value: Any) -> str:
    """Return the note about an unusable keyword of a document."""
    from dynacli.openapi.schema.evaluation.schema_error import shortened_value

    text = str(value).lower() if isinstance(value, bool) else shortened_value(value)
    return f"the document's `{name}` cannot be used: `{text}`"


TRANSLATIONS: Mapping[str, Translation] = {
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _size_keyword
    ),
    **dict.fromkeys(_BOUNDS, _bound),
    **dict.fromkeys(("propertyNames", "unevaluatedProperties", "unevaluatedItems"), _for_members),
    "type": _type,
    "enum": _enum,
    "const": _const,
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "format": _format,
    "items": _items_keyword,
    "prefixItems": _prefix_items,
    "contains": _contains,
    "uniqueItems": _unique_items,
    "properties": _properties_keyword,
    "patternProperties": _pattern_properties,
    "required": _required,
    "additionalProperties": _additional_properties,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_schemas,
    "not": _not,
    "if": _if,
    "allOf": _all_of,
    "anyOf": _alternatives,
    "oneOf": _alternatives,
}
"""Keyword → its translation, for keywords that can make a value invalid."""
