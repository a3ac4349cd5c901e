"""Reading schemas: references followed, `allOf` merged, branches united, into one flat view.

Everything here is pure and works on schemas as they stand in documents, wrong ones included:
a keyword of the wrong type counts as absent.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.catalog.model import ANY, ValueType

__all__ = ["Resolve", "View", "value_type", "view"]

Resolve = Callable[[str], Any]
"""Returns the target of an internal `$ref`; raises LookupError when there is none."""

LIMITS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})
_MAX_HOPS = 100


class View:
    """A schema with its references, `allOf` and branches merged into one level.

    Attributes:
        type: One of the JSON types, or `any`.
        properties: Name → schema; a property of several branches is an `anyOf` of theirs.
        required: The properties that every value must have.
        is_open: Whether the schema says itself that other properties may be there.
        refs: The references that were followed to get here; they tell a recursion.
    """

    __slots__ = (
        "additional",
        "default",
        "description",
        "enum",
        "format",
        "has_default",
        "is_deprecated",
        "is_nullable",
        "is_open",
        "is_read_only",
        "is_union",
        "items",
        "limits",
        "properties",
        "refs",
        "required",
        "type",
    )

    def __init__(self) -> None:
        self.type = ANY
        self.format = ""
        self.enum: tuple[Any, ...] = ()
        self.has_default = False
        self.default: Any = None
        self.limits: dict[str, Any] = {}
        self.is_nullable = False
        self.is_read_only = False
        self.is_open = False
        self.is_deprecated = False
        self.is_union = False
        self.description = ""
        self.properties: dict[str, Any] = {}
        self.required: frozenset[str] = frozenset()
        self.items: Any = None
        self.additional: Any = None
        self.refs: frozenset[str] = frozenset()


def view(schema: Any, resolve: Resolve) -> View:
    """Return the flat view of a schema; anything that is no schema gives the view of `true`."""
    return _view(schema, resolve, frozenset(), 0)


def value_type(seen: View, resolve: Resolve) -> ValueType:
    """Return what an option takes that stands for a value of this view."""
    items = None
    held = seen.items if seen.type == "array" else seen.additional
    if seen.type == "array" or (seen.type == "object" and held is not None and held is not False):
        inner = view(held, resolve)
        # One level: an array inside an array is given as JSON.
        items = ValueType(inner.type, inner.format, inner.enum, limits=inner.limits or None)
    return ValueType(
        seen.type,
        seen.format,
        seen.enum,
        seen.has_default,
        seen.default,
        seen.limits or None,
        seen.is_nullable,
        items,
    )


def _view(schema: Any, resolve: Resolve, refs: frozenset[str], hops: int) -> View:
    if not isinstance(schema, Mapping) or hops > _MAX_HOPS:
        found = View()
        found.refs = refs
        return found
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return _through_reference(schema, ref, resolve, refs, hops)
    found = _own_keywords(schema)
    found.refs = refs
    for branch in _list(schema, "allOf"):
        _add(found, _view(branch, resolve, refs, hops + 1))
    for keyword in ("oneOf", "anyOf"):
        branches = _list(schema, keyword)
        if branches:
            _add(found, _union([_view(branch, resolve, refs, hops + 1) for branch in branches], branches))
    _settle(found)
    return found


def _through_reference(
    schema: Mapping[str, Any], ref: str, resolve: Resolve, refs: frozenset[str], hops: int
) -> View:
    if ref in refs:  # a schema that is made of itself says nothing more
        found = View()
    else:
        try:
            target = resolve(ref)
        except LookupError:
            target = None
        found = _view(target, resolve, refs | {ref}, hops + 1)
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    if not siblings:
        found.refs |= {ref}
        return found
    # Keywords beside `$ref` count in 3.1 and are ignored in 3.0, where a description is what people put there.
    beside = _view(siblings, resolve, refs, hops + 1)
    _add(beside, found)
    beside.refs |= {ref}
    _settle(beside)
    return beside


def _own_keywords(schema: Mapping[str, Any]) -> View:
    found = View()
    kind = schema.get("type")
    if isinstance(kind, list):  # 3.1
        found.is_nullable = "null" in kind
        named = [item for item in kind if item in _TYPES]
        if len(named) == 1:
            found.type = named[0]
    elif isinstance(kind, str) and kind in _TYPES:
        found.type = kind
    if schema.get("nullable") is True or kind == "null":  # 3.0
        found.is_nullable = True
    if isinstance(schema.get("format"), str):
        found.format = schema["format"]
    if "const" in schema:
        found.enum = (schema["const"],)
    elif isinstance(schema.get("enum"), list):
        found.enum = tuple(schema["enum"])
    if "default" in schema:
        found.has_default, found.default = True, schema["default"]
    found.limits = {key: schema[key] for key in LIMITS if key in schema}
    found.is_read_only = schema.get("readOnly") is True
    found.is_deprecated = schema.get("deprecated") is True
    description = schema.get("description") or schema.get("title")
    if isinstance(description, str):
        found.description = description
    if isinstance(schema.get("properties"), Mapping):
        found.properties = dict(schema["properties"])
    found.required = frozenset(item for item in _list(schema, "required") if isinstance(item, str))
    found.items = schema.get("items")
    found.additional = schema.get("additionalProperties")
    others = schema.get("unevaluatedProperties", found.additional)
    found.is_open = "patternProperties" in schema or others is True or isinstance(others, Mapping)
    return found


def _settle(found: View) -> None:
    """Fill in what follows from the rest: the type, and null as one of the values."""
    if None in found.enum:
        found.is_nullable = True
        found.enum = tuple(value for value in found.enum if value is not None)
    if found.type != ANY:
        return
    if found.properties or isinstance(found.additional, Mapping):
        found.type = "object" if not found.is_union else ANY
    elif found.items is not None and not found.is_union:
        found.type = "array"
    elif found.enum and all(isinstance(value, str) for value in found.enum):
        found.type = "string"


def _add(found: View, other: View) -> None:
    """Merge what must hold as well; what `found` says itself comes first."""
    if found.type == ANY and not found.is_union:
        found.type = other.type
        found.is_union = other.is_union
    elif found.type == "number" and other.type == "integer":
        found.type = "integer"
    found.format = found.format or other.format
    found.enum = found.enum or other.enum
    if other.has_default and not found.has_default:
        found.has_default, found.default = True, other.default
    found.limits = {**other.limits, **found.limits}
    found.is_nullable = found.is_nullable or other.is_nullable
    found.is_read_only = found.is_read_only or other.is_read_only
    found.is_open = found.is_open or other.is_open
    found.is_deprecated = found.is_deprecated or other.is_deprecated
    found.description = found.description or other.description
    for name, schema in other.properties.items():
        mine = found.properties.get(name)
        found.properties[name] = schema if mine is None or mine is schema else {"allOf": [mine, schema]}
    found.required |= other.required
    if found.items is None:
        found.items = other.items
    if found.additional is None:
        found.additional = other.additional
    found.refs |= other.refs


def _union(views: list[View], branches: list[Any]) -> View:
    """Unite branches of which one holds: everything that any of them takes."""
    real = [one for one, branch in zip(views, branches, strict=True) if not _is_null(branch)]
    if len(real) == 1:
        real[0].is_nullable = real[0].is_nullable or len(views) > 1
        return real[0]
    united = View()
    united.is_nullable = len(real) < len(views) or any(one.is_nullable for one in real)
    if not real:
        return united
    types = {one.type for one in real}
    if len(types) == 1:
        united.type = types.pop()
    elif types == {"integer", "number"}:
        united.type = "number"
    united.is_union = united.type == ANY
    if all(one.enum for one in real):
        united.enum = tuple(dict.fromkeys(value for one in real for value in one.enum if _is_plain(value)))
    formats = {one.format for one in real}
    united.format = formats.pop() if len(formats) == 1 else ""
    united.required = frozenset.intersection(*(one.required for one in real))
    variants: dict[str, list[Any]] = {}
    for one in real:
        for name, schema in one.properties.items():
            if not any(schema is known for known in variants.setdefault(name, [])):
                variants[name].append(schema)
        united.is_open |= one.is_open or (not one.properties and one.type in {"object", ANY})
        united.items = one.items if united.items is None else united.items
        united.additional = one.additional if united.additional is None else united.additional
        united.refs |= one.refs
    united.properties = {
        name: schemas[0] if len(schemas) == 1 else {"anyOf": schemas} for name, schemas in variants.items()
    }
    return united


def _is_null(branch: Any) -> bool:
    return isinstance(branch, Mapping) and (
        branch.get("type") == "null"
        or branch.get("enum") == [None]
        or ("const" in branch and branch["const"] is None)
    )


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _list(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
