"""Flatten schemas for options: follow references, merge `allOf`, and unite branches.

All functions are pure, and accept invalid schemas, too: a keyword of the wrong type counts as absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from dynacli.openapi.model.media_types import is_binary
from dynacli.openapi.model.operation import ANY, ValueType
from dynacli.openapi.schema.read_schema import (
    Discriminator,
    Resolve,
    applied_schemas,
    discriminator_of,
    following,
    is_only_null,
    list_of,
    mapping_of,
    names_in,
    reference_name,
    types_of,
)

_NO_NAMES: frozenset[str] = frozenset()
"""A shared empty set: since Python 3.10 each `frozenset()` is a new object, and large documents need many thousands."""
_LIMITS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *(
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    ),
)
_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})
_MAX_HOPS = 100
_MAX_STEPS = 5000
_MAX_HEIRS = 100
"""Maximum number of branches of a discriminator that are searched for heirs of one of them."""
_MOST_KNOWN = 2_000
"""Maximum number of stored flattened schemas; neighbouring operations mostly share schemas."""


class BranchGroup(NamedTuple):
    """The branches of a `oneOf` or `anyOf`, or of a discriminator's mapping.

    Args:
        keyword: `oneOf`, `anyOf`, or `discriminator` if only the mapping names the branches.
        branches: The schemas as written, without a schema that allows only null.
        names: The names of the branches in messages.
        flat_branches: The same schemas, flattened.
        discriminator: The property that picks a branch; None if there is no such property.
        tags: The values of that property that pick each branch, the best value to send first.
    """

    keyword: str
    branches: tuple[Any, ...]
    names: tuple[str, ...]
    flat_branches: tuple[FlatSchema, ...]
    discriminator: Discriminator | None
    tags: tuple[tuple[str, ...], ...]

    @property
    def tag_name(self) -> str:
        """The name of the discriminating property; empty if there is none."""
        return self.discriminator.property if self.discriminator is not None else ""

    def united(self) -> FlatSchema:
        """Return a schema that accepts the properties of any branch."""
        united = FlatSchema()
        branches = self.flat_branches
        if not branches:
            return united
        united.is_nullable = any(branch.is_nullable for branch in branches)
        united.is_read_only = all(branch.is_read_only for branch in branches)
        united.is_deprecated = all(branch.is_deprecated for branch in branches)
        types = {branch.type for branch in branches}
        if len(types) == 1 and not any(branch.is_union for branch in branches):
            united.type = types.pop()
        elif types == {"integer", "number"}:
            united.type = "number"
        united.is_union = united.type == ANY
        if all(branch.enum for branch in branches):
            united.enum = tuple(
                dict.fromkeys(value for branch in branches for value in branch.enum if _is_scalar(value))
            )
        formats = {branch.format for branch in branches}
        united.format = formats.pop() if len(formats) == 1 else ""
        united.required = frozenset.intersection(*(branch.required for branch in branches))
        variants: dict[str, list[Any]] = {}
        items: list[Any] = []
        additional: list[Any] = []
        holders: dict[str, list[tuple[str, ...]]] = {}
        optional: set[str] = set()
        for branch, branch_name in zip(branches, self.names, strict=True):
            for name, schema in branch.properties.items():
                if not any(schema is known for known in variants.setdefault(name, [])):
                    variants[name].append(schema)
                holders.setdefault(name, []).append(branch.branches.get(name) or (branch_name,))
                if name not in branch.required and name not in branch.required_in_branches:
                    optional.add(name)
            # An heir that adds no properties is as open as its base schema.
            is_heir = self.keyword == "discriminator"
            is_anything = not branch.properties and branch.type in {"object", ANY} and not is_heir
            united.is_open |= branch.is_open or is_anything
            if branch.items is not None:
                items.append(branch.items)
            if branch.additional is not None:
                additional.append(branch.additional)
            united.patterns.update(branch.patterns)
            united.refs |= branch.refs
        united.properties = {name: _any_of(schemas) for name, schemas in variants.items()}
        united.items = _any_of(items) if items else None
        allowed = [schema for schema in additional if schema is not False]
        if allowed:
            united.additional = _any_of(allowed)
        else:
            united.additional = False if len(additional) == len(branches) else None
        for name, named in holders.items():
            if len(named) < len(branches) or any(name in branch.branches for branch in branches):
                united.branches[name] = tuple(dict.fromkeys(chain.from_iterable(named)))
        united.required_in_branches = frozenset(holders) - optional - united.required
        united.groups = (self,) if len(branches) > 1 or self.keyword == "discriminator" else ()
        return united


class FlatSchema:
    """A schema with its references, `allOf` and branches merged into a single level.

    Attributes:
        type: A JSON type, or `any`.
        is_union: Whether `type` is `any` because several types are named.
        properties: Name → schema; if several branches have a property, an `anyOf` of their schemas.
        outside_branches: The names of the properties outside all branches.
        required: The properties that every value must have.
        required_in_branches: Properties of some branches, required by all of these branches.
        branches: Property → names of the branches that have it, for properties that not all branches have.
        groups: The groups of branches to choose from, in the order of the schema.
        patterns: The `patternProperties`.
        additional: The `additionalProperties`, None if there are none.
        is_open: Whether the schema explicitly allows other properties.
        refs: The references that were followed to get here.
        entries: The references to this whole schema, which show a recursion.
        branch_entries: The references to its whole branches.
    """

    __slots__ = (
        "additional", "branch_entries", "branches", "default", "description", "discriminator", "entries", "enum",
        "format", "groups", "has_default", "is_deprecated", "is_nullable", "is_open", "is_read_only", "is_union",
        "items", "limits", "outside_branches", "patterns", "properties", "refs", "required",
        "required_in_branches", "type",
    )  # fmt: skip

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
        self.outside_branches = _NO_NAMES
        self.patterns: dict[str, Any] = {}
        self.required = _NO_NAMES
        self.required_in_branches = _NO_NAMES
        self.branches: dict[str, tuple[str, ...]] = {}
        self.groups: tuple[BranchGroup, ...] = ()
        self.discriminator: Discriminator | None = None
        self.items: Any = None
        self.additional: Any = None
        self.refs = _NO_NAMES
        self.entries = _NO_NAMES
        self.branch_entries = _NO_NAMES

    def add(self, other: FlatSchema) -> None:
        """Merge another schema that applies to the same value; this schema has priority."""
        if self.type == ANY and not self.is_union:
            self.type = other.type
            self.is_union = other.is_union
        elif self.is_union and other.type != ANY:
            self.type, self.is_union = other.type, False
        elif self.type == "number" and other.type == "integer":
            self.type = "integer"
        self.format = self.format or other.format
        self.enum = self.enum or other.enum
        if other.has_default and not self.has_default:
            self.has_default, self.default = True, other.default
        self.limits = {**other.limits, **self.limits}
        self.is_nullable = self.is_nullable or other.is_nullable
        self.is_read_only = self.is_read_only or other.is_read_only
        self.is_open = self.is_open or other.is_open
        self.is_deprecated = self.is_deprecated or other.is_deprecated
        self.description = self.description or other.description
        for name, names in other.branches.items():
            if name not in self.properties:
                self.branches[name] = names
        for name in other.outside_branches:
            self.branches.pop(name, None)
        for name, schema in other.properties.items():
            own = self.properties.get(name)
            self.properties[name] = schema if own is None or own is schema else {"allOf": [own, schema]}
        self.patterns = {**other.patterns, **self.patterns}
        # A union makes a new set, so skip empty sets.
        for sets in ("outside_branches", "required", "required_in_branches", "branch_entries", "refs"):
            if getattr(other, sets):
                setattr(self, sets, getattr(self, sets) | getattr(other, sets))
        self.groups += other.groups
        self.discriminator = self.discriminator or other.discriminator
        if self.items is None:
            self.items = other.items
        if self.additional is None:
            self.additional = other.additional


def _any_of(schemas: list[Any]) -> Any:
    """Return a schema that matches if one of several schemas matches."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def flatten(schema: Any, resolve: Resolve) -> FlatSchema:
    """Flatten a schema; a value that is not a schema counts as `true`."""
    return _flatten(schema, _Context(resolve, FlatSchema().refs, 0, [_MAX_STEPS], {}))


class FlatSchemas:
    """Flattens schemas, and stores the results; the schemas must not change meanwhile."""

    def __init__(self, resolve: Resolve) -> None:
        self.resolve = resolve
        # Store the schemas, too, so that no other object gets their ids.
        self._known: dict[int, tuple[Any, FlatSchema]] = {}

    def __call__(self, schema: Any) -> FlatSchema:
        """Flatten a schema; the result is shared, and must not be changed."""
        if id(schema) not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[id(schema)] = schema, flatten(schema, self.resolve)
        return self._known[id(schema)][1]


def value_type(flat: FlatSchema, resolve: Resolve, flat_schemas: FlatSchemas | None = None) -> ValueType:
    """Return the type of the option for a value of a schema."""
    items = None
    is_array = flat.type == "array" or (flat.is_union and flat.items is not None)
    item_schema = flat.items if is_array else flat.additional
    if flat.type == "object" and item_schema in (None, False) and flat.patterns:
        item_schema = next(iter(flat.patterns.values()))
    elif flat.type == "object" and item_schema is None and not flat.properties:
        item_schema = True  # an object without a description may have any keys
    if is_array or (flat.type == "object" and item_schema is not None and item_schema is not False):
        item = flatten(item_schema, resolve) if flat_schemas is None else flat_schemas(item_schema)
        # One level is enough: an array inside an array is given as JSON.
        if item.enum or item.limits:
            items = ValueType(item.type, item.format, item.enum, limits=item.limits or None)
        else:
            items = _simple_type(item.type, item.format, False, None)
    elif flat.type == ANY and not flat.is_union and not flat.enum:
        items = _simple_type(ANY, "", False, None)  # without a type, the value may be an array
    if not (flat.enum or flat.has_default or flat.limits):
        return _simple_type(flat.type, flat.format, flat.is_nullable, items)
    return ValueType(
        flat.type,
        flat.format,
        flat.enum,
        flat.has_default,
        flat.default,
        flat.limits or None,
        flat.is_nullable,
        items,
    )


@lru_cache(1_000)
def _simple_type(name: str, value_format: str, is_nullable: bool, items: ValueType | None) -> ValueType:
    """Return a type without limits, values or default; most options of a document share a few such types."""
    return ValueType(name, value_format, is_nullable=is_nullable, items=items)


class _Context(NamedTuple):
    """The way to a schema, and the remaining budget.

    Args:
        refs: The references that were followed on the way.
        hops: The number of schemas around it.
        left: The remaining number of schemas to flatten, because branches that refer to each other would take too
            long. When half of the budget is left, known targets of references are used again.
        known: Reference → its target, flattened.
        own: The reference to the schema itself; empty for a schema inside another schema.
    """

    resolve: Resolve
    refs: frozenset[str]
    hops: int
    left: list[int]
    known: dict[str, FlatSchema]
    own: str = ""

    def inside(self) -> _Context:
        return self._replace(hops=self.hops + 1, own="")


def _flatten(schema: Any, context: _Context) -> FlatSchema:
    context.left[0] -= 1
    if not isinstance(schema, Mapping) or context.hops > _MAX_HOPS or context.left[0] < 0:
        flat = FlatSchema()
        flat.refs = context.refs
        return flat
    ref = schema.get("$ref")
    if isinstance(ref, str):
        return _through_reference(schema, ref, context)
    flat = _own_keywords(schema)
    flat.refs = context.refs
    is_base = flat.discriminator is not None
    parts = list_of(schema, "allOf")
    for part in parts:
        flat_part = _flatten(part, context.inside())
        flat.add(flat_part)
        if len(parts) == 1 and not schema.get("properties"):
            flat.entries = flat_part.entries  # documents of 3.0 describe a reference this way
    for keyword in ("oneOf", "anyOf"):
        branches = list_of(schema, keyword)
        if branches:
            _add_group(flat, keyword, branches, context)
    discriminator = flat.discriminator
    if discriminator is not None and not flat.groups and discriminator.mapping:
        branches = discriminator.branches()
        # Inside a branch that refers back to the shared base schema, the branch is chosen already.
        # The base schema itself may be a branch. Inside a schema that inherits from it, it offers no other branch.
        refs = context.refs - {context.own} if is_base else context.refs
        if refs.isdisjoint(branch["$ref"] for branch in branches):
            _add_group(flat, "discriminator", branches, context)
        elif heirs := _heirs(context, branches):
            _add_group(flat, "discriminator", [{"$ref": context.own}, *heirs], context)
    _add_conditional_properties(flat, schema, context)
    _infer_type(flat)
    return flat


def _heirs(context: _Context, branches: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the branches that inherit from the schema itself, at any depth; empty if one of them is around it."""
    if not context.own or len(branches) > _MAX_HEIRS:
        return []
    bases: dict[str, set[str]] = {}
    for branch in branches:
        try:
            target = context.resolve(branch["$ref"])
        except LookupError:
            continue
        parts = list_of(target, "allOf") if isinstance(target, Mapping) else []
        refs = (part.get("$ref") for part in parts if isinstance(part, Mapping))
        bases[branch["$ref"]] = {ref for ref in refs if isinstance(ref, str)}
    heirs: dict[str, None] = {}
    while more := [ref for ref, above in bases.items() if ref not in heirs and above & {context.own, *heirs}]:
        heirs.update(dict.fromkeys(more))
    heirs.pop(context.own, None)
    return [{"$ref": ref} for ref in heirs] if context.refs.isdisjoint(heirs) else []


def _through_reference(schema: Mapping[str, Any], ref: str, context: _Context) -> FlatSchema:
    if ref in context.refs:  # a schema that includes itself adds nothing
        flat = FlatSchema()
    elif ref in context.known and context.left[0] < _MAX_STEPS // 2:
        flat = context.known[ref]
    else:
        try:
            target = context.resolve(ref)
        except LookupError:
            target = None
        flat = _flatten(target, context.inside()._replace(refs=context.refs | {ref}, own=ref))
        context.known[ref] = flat
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    if siblings:
        # Keywords beside `$ref` count in 3.1. 3.0 ignores them, but documents have descriptions there.
        beside = _flatten(siblings, context.inside())
        beside.add(flat)
        beside.entries |= flat.entries
        _infer_type(beside)
        flat = beside
    flat.refs |= {ref}
    flat.entries |= {ref}
    return flat


def _own_keywords(schema: Mapping[str, Any]) -> FlatSchema:
    """Return a schema flattened, without its references, `allOf` and branches."""
    flat = FlatSchema()
    types = types_of(schema)
    flat.is_nullable = "null" in types or schema.get("nullable") is True
    named = [name for name in types if name in _TYPES]
    if len(named) == 1:
        flat.type = named[0]
    flat.is_union = len(named) > 1
    if isinstance(schema.get("format"), str):
        flat.format = schema["format"]
    elif is_binary(schema):  # 3.1 has no `format` for bytes
        flat.format = "binary"
    if "const" in schema:
        flat.enum = (schema["const"],)
    elif isinstance(schema.get("enum"), list):
        flat.enum = tuple(schema["enum"])
    if "default" in schema:
        flat.has_default, flat.default = True, schema["default"]
    flat.limits = {key: schema[key] for key in _LIMITS if key in schema}
    flat.is_read_only = schema.get("readOnly") is True
    flat.is_deprecated = schema.get("deprecated") is True
    description = schema.get("description") or schema.get("title")
    if isinstance(description, str):
        flat.description = description
    flat.properties = dict(mapping_of(schema, "properties"))
    flat.outside_branches = frozenset(flat.properties) or flat.outside_branches
    flat.patterns = dict(mapping_of(schema, "patternProperties"))
    flat.required = frozenset(names_in(schema.get("required"))) or flat.required
    flat.items = schema.get("items")
    flat.additional = schema.get("additionalProperties")
    others = schema.get("unevaluatedProperties", flat.additional)
    flat.is_open = bool(flat.patterns) or others is True or isinstance(others, Mapping)
    flat.discriminator = discriminator_of(schema)
    if flat.type == ANY and not flat.is_union and flat.properties:
        flat.type = "object"
    return flat


def _infer_type(flat: FlatSchema) -> None:
    """Set the type if other keywords imply it, and turn null among the allowed values into `is_nullable`."""
    if None in flat.enum:
        flat.is_nullable = True
        flat.enum = tuple(value for value in flat.enum if value is not None)
    if flat.type != ANY or flat.is_union:
        return
    if flat.properties or flat.patterns or flat.required or isinstance(flat.additional, Mapping):
        flat.type = "object"
    elif flat.items is not None:
        flat.type = "array"
    elif flat.enum and all(isinstance(value, str) for value in flat.enum):
        flat.type = "string"


def _add_conditional_properties(flat: FlatSchema, schema: Mapping[str, Any], context: _Context) -> None:
    """Add the properties that only `then`, `else`, `dependentSchemas`, `if` or `not` have."""
    parts = [schema[keyword] for keyword in ("then", "else") if keyword in schema]
    parts.extend(mapping_of(schema, "dependentSchemas").values())
    # `if` and `not` name properties, but do not say which values they may have.
    conditional: dict[str, list[Any]] = {
        name: []
        for keyword in ("if", "not")
        if keyword in schema
        for name in _flatten(schema[keyword], context.inside()).properties
    }
    for part in parts:
        for name, described in _flatten(part, context.inside()).properties.items():
            conditional.setdefault(name, []).append(described)
    for name, schemas in conditional.items():
        if name not in flat.properties:
            flat.properties[name] = _any_of(schemas) if schemas else True
            flat.outside_branches |= {name}


def _branch_name(branch: Any, index: int) -> str:
    """Return the name of a branch in messages: the name of its component, its title, or its number."""
    if isinstance(branch, Mapping):
        if isinstance(branch.get("$ref"), str):
            return reference_name(branch["$ref"])
        if isinstance(branch.get("title"), str) and branch["title"].strip():
            return str(branch["title"]).strip()
    return f"branch {index + 1}"


def _add_group(flat: FlatSchema, keyword: str, schemas: list[Any], context: _Context) -> None:
    """Merge a group of branches into a flattened schema."""
    every = [_flatten(schema, context.inside()) for schema in schemas]
    not_null = [index for index, schema in enumerate(schemas) if not is_only_null(schema)]
    has_null = len(not_null) < len(every)
    if len(not_null) == 1 and keyword != "discriminator":
        # With a single branch, or a branch and null, there is nothing to choose.
        branch = every[not_null[0]]
        flat.entries |= branch.entries
        flat.add(branch)
        flat.is_nullable = flat.is_nullable or has_null
        return
    branches = [every[index] for index in not_null]
    names = [_branch_name(schemas[index], index) for index in not_null]
    discriminator, tags = _discriminator_of_branches(flat, branches, names, context.resolve)
    kept = tuple(schemas[index] for index in not_null)
    group = BranchGroup(keyword, kept, tuple(names), tuple(branches), discriminator, tags)
    united = group.united()
    united.is_nullable = united.is_nullable or has_null
    flat.add(united)
    flat.branch_entries |= frozenset().union(*(branch.entries | branch.branch_entries for branch in branches))
    if discriminator is not None and not discriminator.is_implied:
        _show_tags(flat, group, discriminator)


def _discriminator_of_branches(
    flat: FlatSchema, branches: list[FlatSchema], names: list[str], resolve: Resolve
) -> tuple[Discriminator | None, tuple[tuple[str, ...], ...]]:
    """Return the property that picks a branch, or None, and its values for each branch."""
    none = tuple(() for _ in branches)
    if not branches or any(branch.type not in {"object", ANY} for branch in branches):
        return None, none
    discriminator = flat.discriminator or _shared_discriminator(branches)
    if discriminator is not None and not any(
        discriminator.property in schema.properties for schema in (flat, *branches)
    ):
        discriminator = None  # its property is at another level
    if discriminator is None:
        # Many documents have no discriminator, but a property with different values in each branch.
        for name in branches[0].properties if len(branches) > 1 else ():
            if not _allowed_strings(branches[0], name, resolve):
                continue
            tags = tuple(_allowed_strings(branch, name, resolve) for branch in branches)
            count = sum(map(len, tags))
            if all(tags) and count == len({value for values in tags for value in values}):
                return Discriminator(name, {}, is_implied=True), tags
        return None, none
    # The allowed values of the schema around the branches. A branch that inherits from it may not list them.
    around = _allowed_strings(flat, discriminator.property, resolve)
    own_tags = [
        discriminator.values_for(
            branch.entries,
            name if branch.entries else "",
            _allowed_strings(branch, discriminator.property, resolve),
        )
        for branch, name in zip(branches, names, strict=True)
    ]
    # A value that several branches allow picks none of them. They may share the schema of the property.
    counts = Counter(chain.from_iterable(own_tags))
    return discriminator, tuple(
        tuple(
            value
            for value in (*values, *(value for value in _tags_of_heirs(branch) if value not in counts))
            if counts[value] < 2 and (not around or value in around)
        )
        for branch, values in zip(branches, own_tags, strict=True)
    )


def _tags_of_heirs(branch: FlatSchema) -> Iterator[str]:
    """Yield the values that pick an heir of a branch."""
    for group in branch.groups:
        if group.keyword == "discriminator" and group.discriminator is branch.discriminator:
            yield from chain.from_iterable(group.tags)


def _shared_discriminator(branches: list[FlatSchema]) -> Discriminator | None:
    """Return the discriminator of a schema that all branches share by `allOf`."""
    first = branches[0].discriminator
    for branch in branches:
        if first is None or branch.discriminator is None or branch.discriminator.property != first.property:
            return None
        if any(
            group.discriminator is branch.discriminator and group.keyword != "discriminator"
            for group in branch.groups
        ):
            return None  # the discriminator picks the branches of a branch
    return first


def _allowed_strings(branch: FlatSchema, name: str, resolve: Resolve) -> tuple[str, ...]:
    """Return the strings that a branch allows for a property, its default first; empty if it allows all."""
    # The schema of the property may be large, so do not flatten it.
    for schema in applied_schemas(branch.properties.get(name), following(resolve)):
        if "const" in schema:
            return (schema["const"],) if isinstance(schema["const"], str) else ()
        if "enum" in schema:
            values = names_in(schema["enum"])
            return tuple(sorted(values, key=lambda value: value != schema.get("default")))
    return ()


def _show_tags(flat: FlatSchema, group: BranchGroup, discriminator: Discriminator) -> None:
    """Add the values that pick a branch to the schema of the discriminating property."""
    name = discriminator.property
    values = list(dict.fromkeys(value for tags in group.tags for value in tags))
    has_every = all(group.tags) and not discriminator.default and group.keyword != "discriminator"
    described = flat.properties.get(name)
    choices: dict[str, Any] = {"type": "string", **({"enum": values} if has_every and values else {})}
    flat.properties[name] = choices if described is None else {"allOf": [described, choices]}
    flat.branches.pop(name, None)
