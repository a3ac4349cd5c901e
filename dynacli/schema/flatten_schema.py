"""Reading schemas: references followed, `allOf` merged, branches united, into one flat view.

Everything here is pure and works on schemas as they stand in documents, wrong ones included:
a keyword of the wrong type counts as absent.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dynacli.model.media_types import is_binary
from dynacli.model.operation import ANY, ValueType
from dynacli.schema.branches import Discriminator, branch_name, discriminator_of, is_null
from dynacli.schema.flat_schema import BranchGroup, FlatSchema, any_of

__all__ = ["BranchGroup", "FlatSchema", "FlatSchemas", "Resolve", "flatten", "value_type"]

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
_MAX_STEPS = 5000


def flatten(schema: Any, resolve: Resolve) -> FlatSchema:
    """Return the flat view of a schema; anything that is no schema gives the view of `true`."""
    return _flatten(schema, _Reading(resolve, frozenset(), 0, [_MAX_STEPS], {}))


class FlatSchemas:
    """The views of schemas, each made once; the schemas must not change meanwhile.

    Args:
        resolve: Returns the target of an internal `$ref`.
    """

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        # The schema is kept so that its id stays its own.
        self._known: dict[int, tuple[Any, FlatSchema]] = {}

    def __call__(self, schema: Any) -> FlatSchema:
        """Return the view of a schema, which nobody may change."""
        known = self._known.get(id(schema))
        if known is None:
            known = self._known[id(schema)] = (schema, flatten(schema, self.resolve))
        return known[1]


def value_type(seen: FlatSchema, resolve: Resolve, views: FlatSchemas | None = None) -> ValueType:
    """Return what an option takes that stands for a value of this view."""
    items = None
    is_array = seen.type == "array" or (seen.is_union and seen.items is not None)
    held = seen.items if is_array else seen.additional
    if seen.type == "object" and held in (None, False) and seen.patterns:
        held = next(iter(seen.patterns.values()))
    if is_array or (seen.type == "object" and held is not None and held is not False):
        inner = flatten(held, resolve) if views is None else views(held)
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


class _Reading(NamedTuple):
    """Where a schema is read from.

    Args:
        refs: The references that were followed on the way.
        hops: How many schemas are around it.
        left: How many schemas may still be read for one view: branches of branches that refer to each other
            would be more than anyone can wait for. When half of them were read, what is known is not read again.
        known: Reference → what it leads to.
        own: The reference that led to the schema itself; empty where it stands in another.
    """

    resolve: Resolve
    refs: frozenset[str]
    hops: int
    left: list[int]
    known: dict[str, FlatSchema]
    own: str = ""

    def inside(self) -> "_Reading":
        return self._replace(hops=self.hops + 1, own="")


def _flatten(schema: Any, reading: _Reading) -> FlatSchema:
    reading.left[0] -= 1
    if not isinstance(schema, Mapping) or reading.hops > _MAX_HOPS or reading.left[0] < 0:
        found = FlatSchema()
        found.refs = reading.refs
        return found
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return _through_reference(schema, ref, reading)
    found = _own_keywords(schema)
    found.refs = reading.refs
    is_base = found.discriminator is not None
    parts = _list(schema, "allOf")
    for part in parts:
        seen = _flatten(part, reading.inside())
        found.add(seen)
        if len(parts) == 1 and not schema.get("properties"):
            found.entries = seen.entries  # how 3.0 puts a description beside a reference
    for keyword in ("oneOf", "anyOf"):
        branches = _list(schema, keyword)
        if branches:
            _add_group(found, keyword, branches, reading)
    discriminator = found.discriminator
    if discriminator is not None and not found.groups and discriminator.mapping:
        branches = discriminator.branches()
        # Inside one of the branches, which refers back to what they share, the branch is chosen already.
        # A base may be one of its own branches; what inherits from it is that branch and no other.
        refs = reading.refs - {reading.own} if is_base else reading.refs
        if refs.isdisjoint(branch["$ref"] for branch in branches):
            _add_group(found, "discriminator", branches, reading)
    _offer_conditional(found, schema, reading)
    _settle(found)
    return found


def _through_reference(schema: Mapping[str, Any], ref: str, reading: _Reading) -> FlatSchema:
    if ref in reading.refs:  # a schema that is made of itself says nothing more
        found = FlatSchema()
    elif ref in reading.known and reading.left[0] < _MAX_STEPS // 2:
        found = reading.known[ref]
    else:
        try:
            target = reading.resolve(ref)
        except LookupError:
            target = None
        found = _flatten(target, reading.inside()._replace(refs=reading.refs | {ref}, own=ref))
        reading.known[ref] = found
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    if siblings:
        # Keywords beside `$ref` count in 3.1 and are ignored in 3.0, where a description is what people put there.
        beside = _flatten(siblings, reading.inside())
        beside.add(found)
        beside.entries |= found.entries
        _settle(beside)
        found = beside
    found.refs |= {ref}
    found.entries |= {ref}
    return found


def _own_keywords(schema: Mapping[str, Any]) -> FlatSchema:
    found = FlatSchema()
    kind = schema.get("type")
    if isinstance(kind, list):  # 3.1
        found.is_nullable = "null" in kind
        named = [item for item in kind if item in _TYPES]
        if len(named) == 1:
            found.type = named[0]
        found.is_union = len(named) > 1
    elif isinstance(kind, str) and kind in _TYPES:
        found.type = kind
    if schema.get("nullable") is True or kind == "null":  # 3.0
        found.is_nullable = True
    if isinstance(schema.get("format"), str):
        found.format = schema["format"]
    elif is_binary(schema):  # 3.1 says so in another way; an option takes the same
        found.format = "binary"
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
        found.own = frozenset(found.properties)
    if isinstance(schema.get("patternProperties"), Mapping):
        found.patterns = dict(schema["patternProperties"])
    found.required = frozenset(item for item in _list(schema, "required") if isinstance(item, str))
    found.items = schema.get("items")
    found.additional = schema.get("additionalProperties")
    others = schema.get("unevaluatedProperties", found.additional)
    found.is_open = bool(found.patterns) or others is True or isinstance(others, Mapping)
    found.discriminator = discriminator_of(schema)
    if found.type == ANY and not found.is_union and found.properties:
        found.type = "object"
    return found


def _settle(found: FlatSchema) -> None:
    """Fill in what follows from the rest: the type, and null as one of the values."""
    if None in found.enum:
        found.is_nullable = True
        found.enum = tuple(value for value in found.enum if value is not None)
    if found.type != ANY or found.is_union:
        return
    if found.properties or found.patterns or found.required or isinstance(found.additional, Mapping):
        found.type = "object"
    elif found.items is not None:
        found.type = "array"
    elif found.enum and all(isinstance(value, str) for value in found.enum):
        found.type = "string"


def _offer_conditional(found: FlatSchema, schema: Mapping[str, Any], reading: _Reading) -> None:
    """Offer the properties that are described only for some values, or only to be excluded, as well."""
    dependent = schema.get("dependentSchemas")
    parts = [schema[keyword] for keyword in ("then", "else") if keyword in schema]
    parts.extend(dependent.values() if isinstance(dependent, Mapping) else ())
    # What a condition or an exclusion says of a property is not what the property may be.
    offered: dict[str, list[Any]] = {
        name: []
        for keyword in ("if", "not")
        if keyword in schema
        for name in _flatten(schema[keyword], reading.inside()).properties
    }
    for part in parts:
        for name, described in _flatten(part, reading.inside()).properties.items():
            offered.setdefault(name, []).append(described)
    for name, schemas in offered.items():
        if name not in found.properties:
            found.properties[name] = any_of(schemas) if schemas else True
            found.own |= {name}


def _add_group(found: FlatSchema, keyword: str, branches: list[Any], reading: _Reading) -> None:
    """Merge branches of which one holds."""
    views = [_flatten(branch, reading.inside()) for branch in branches]
    real = [index for index, branch in enumerate(branches) if not is_null(branch)]
    if len(real) == 1 and keyword != "discriminator":
        # One of one, or one or null: there is nothing to choose.
        found.entries |= views[real[0]].entries
        found.add(views[real[0]])
        found.is_nullable = found.is_nullable or len(views) > 1
        return
    names = [branch_name(branch, index) for index, branch in enumerate(branches)]
    is_nullable = len(real) < len(views)
    views = [views[index] for index in real]
    names = [names[index] for index in real]
    discriminator, tags = _tags(found, views, names, reading.resolve)
    kept = tuple(branches[index] for index in real)
    group = BranchGroup(keyword, kept, tuple(names), tuple(views), discriminator, tags)
    united = group.united()
    united.is_nullable = united.is_nullable or is_nullable
    found.add(united)
    found.branch_entries |= frozenset().union(*(one.entries | one.branch_entries for one in views))
    if discriminator is not None and not discriminator.is_implied:
        _show_tags(found, group, discriminator)


def _tags(
    found: FlatSchema, views: list[FlatSchema], names: list[str], resolve: Resolve
) -> tuple[Discriminator | None, tuple[tuple[str, ...], ...]]:
    """Return the property that picks a branch, if there is one, and for each branch its values of it."""
    none = tuple(() for _ in views)
    if not views or any(one.type not in {"object", ANY} for one in views):
        return None, none
    discriminator = found.discriminator or _shared_discriminator(views)
    if discriminator is not None and not any(
        discriminator.property in one.properties for one in (found, *views)
    ):
        discriminator = None  # it means a property that stands elsewhere
    if discriminator is None:
        # Many documents have none, but give one property other values in each branch.
        for name in views[0].properties if len(views) > 1 else ():
            if not _values_of(views[0], name, resolve):
                continue
            tags = tuple(_values_of(one, name, resolve) for one in views)
            count = sum(map(len, tags))
            if all(tags) and count == len({value for one in tags for value in one}):
                return Discriminator(name, {}, is_implied=True), tags
        return None, none
    return discriminator, tuple(
        discriminator.values_for(
            one.entries, name if one.entries else "", _values_of(one, discriminator.property, resolve)
        )
        for one, name in zip(views, names, strict=True)
    )


def _shared_discriminator(views: list[FlatSchema]) -> Discriminator | None:
    """Return the discriminator that stands in what all branches share, by `allOf`."""
    first = views[0].discriminator
    for one in views:
        if first is None or one.discriminator is None or one.discriminator.property != first.property:
            return None
        if any(group.discriminator is one.discriminator for group in one.groups):
            return None  # it is about the branches of a branch
    return first


def _values_of(one: FlatSchema, name: str, resolve: Resolve) -> tuple[str, ...]:
    """Return the strings that a branch allows for a property, its default first; none where it allows all."""
    # Without a view of it, which may be of any size.
    waiting, hops = [one.properties.get(name)], 0
    while waiting and hops < _MAX_HOPS:
        schema, hops = waiting.pop(0), hops + 1
        if not isinstance(schema, Mapping):
            continue
        if "const" in schema:
            return (schema["const"],) if isinstance(schema["const"], str) else ()
        if isinstance(schema.get("enum"), list):
            values = [value for value in schema["enum"] if isinstance(value, str)]
            return tuple(sorted(values, key=lambda value: value != schema.get("default")))
        waiting.extend(_list(schema, "allOf"))
        if isinstance(schema.get("$ref"), str):
            try:
                waiting.append(resolve(schema["$ref"]))
            except LookupError:
                continue
    return ()


def _show_tags(found: FlatSchema, group: BranchGroup, discriminator: Discriminator) -> None:
    """Let the discriminating property take the values that pick a branch."""
    name = discriminator.property
    values = list(dict.fromkeys(value for one in group.tags for value in one))
    has_every = all(group.tags) and not discriminator.default and group.keyword != "discriminator"
    described = found.properties.get(name)
    choices: dict[str, Any] = {"type": "string", **({"enum": values} if has_every and values else {})}
    found.properties[name] = choices if described is None else {"allOf": [described, choices]}
    found.branches.pop(name, None)


def _list(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
