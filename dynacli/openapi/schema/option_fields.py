"""The options of a body or an object parameter: which of its places have an option, and what each takes.

The compiler lists the options of each operation once. A run finds deeper options, and those with an array index
or a map key in their names, by walking the same schemas along the name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.openapi.model.kebab_names import kebab, spelled_out
from dynacli.openapi.model.operation import AGAIN, ANY, EACH, MORE, Choice, Field, ValueType
from dynacli.openapi.schema.flatten_schema import FlatSchema, FlatSchemas, Resolve, flatten, value_type
from dynacli.record import replace

__all__ = ["Listing", "find_field", "list_fields", "option_words", "parse_steps", "part_of"]

_PLAIN = re.compile(r"[A-Za-z0-9$@_:<>-]+")

MAX_FIELDS = 160
"""How many options are listed for a media type; of a larger schema, some objects are not expanded."""
MAX_DEPTH = 5
MAX_CHOICES = 40
"""How many places with branches are listed for a media type."""
MAX_BRANCHES = 60
"""How many branches are listed for a place."""


class Listing(NamedTuple):
    """The options of a schema.

    Args:
        value: The type of a value of the schema as a whole.
        fields: The options, in document order.
        choices: The places where one of several branches applies.
        is_cut: Whether deeper options were left out.
    """

    value: ValueType
    fields: tuple[Field, ...]
    choices: tuple[Choice, ...]
    is_cut: bool


class _Node:
    """A place that has an option, with the places below it once they are listed.

    Args:
        field: The option.
        schema: The schema of the place.
        below: The schema whose properties are below the place: that of the items, or `schema` itself.
        entries: The references that lead to this schema and to those around it.
    """

    __slots__ = ("below", "children", "entries", "field", "path", "prefix", "schema")

    def __init__(self, field: Field, schema: FlatSchema, below: FlatSchema, entries: frozenset[str]) -> None:
        self.field = field
        self.schema = schema
        self.below = below
        self.entries = entries
        self.children: list[_Node] = []
        is_array = schema.items is not None and below is not schema
        self.path = (*field.path, EACH) if is_array else field.path
        self.prefix = f"{field.option}{EACH}" if is_array else field.option


def list_fields(schema: Any, flat_schemas: FlatSchemas) -> Listing:
    """Return the options of a schema.

    The first level is always whole. Below, objects are expanded level by level as long as there are
    at most `MAX_FIELDS` options: needed objects first, and small ones before large ones.
    """
    root = flat_schemas(schema)
    path: tuple[str, ...] = ()
    prefix = ""
    entries, top = _entries(root), root
    while top.items is not None and not top.properties and len(path) < MAX_DEPTH:
        top = flat_schemas(top.items)
        path, prefix, entries = (*path, EACH), f"{prefix}{EACH}", entries | _entries(top)
    nodes = _children(top, path, prefix, entries, flat_schemas, is_needed=not path)
    count = len(nodes)
    level = nodes
    for _ in range(MAX_DEPTH - 1):
        expandable = [node for node in level if node.field.below == MORE]
        expandable.sort(key=lambda node: (not node.field.is_needed, len(node.below.properties)))
        for node in expandable:
            if count + len(node.below.properties) > MAX_FIELDS:
                continue
            node.children = _children(
                node.below,
                node.path,
                node.prefix,
                node.entries,
                flat_schemas,
                is_needed=node.field.is_needed and node.path == node.field.path,
                branch=node.field.branch,
            )
            count += len(node.children)
        level = [child for node in level for child in node.children]
    fields = tuple(_fields(nodes))
    choices = (*_choices_of(top, prefix), *_choices_below(nodes))[:MAX_CHOICES]
    value = value_type(root, flat_schemas.resolve, flat_schemas)
    return Listing(value, fields, choices, is_cut=any(field.below for field in fields))


def _children(
    parent: FlatSchema,
    path: tuple[str, ...],
    prefix: str,
    entries: frozenset[str],
    flat_schemas: FlatSchemas,
    *,
    is_needed: bool,
    branch: str = "",
) -> list[_Node]:
    words = option_words(parent.properties)
    nodes = []
    for name, described in parent.properties.items():
        schema = flat_schemas(described)
        if schema.is_read_only:
            continue
        below = schema
        if schema.items is not None and not schema.properties:
            item = flat_schemas(schema.items)
            below = item if item.properties else schema
        is_recursive = _is_expanded(schema, entries) or _is_expanded(below, entries)
        is_required = name in parent.required
        field = Field(
            (*path, name),
            f"{prefix}.{words[name]}" if prefix else words[name],
            value_type(schema, flat_schemas.resolve, flat_schemas),
            is_required=is_required or name in parent.required_in_branches,
            is_deprecated=schema.is_deprecated,
            description=schema.description,
            is_needed=is_required and is_needed,
            branch=_branch_names(parent.branches.get(name, ())) or branch,
            below=(AGAIN if is_recursive else MORE) if below.properties else "",
        )
        nodes.append(_Node(field, schema, below, entries | _entries(schema) | _entries(below)))
    return nodes


def _is_expanded(schema: FlatSchema, entries: frozenset[str]) -> bool:
    """Return whether a schema, or each of its branches, was already expanded above."""
    return bool(schema.entries & entries) or (
        not schema.entries and bool(schema.branch_entries) and schema.branch_entries <= entries
    )


def _entries(schema: FlatSchema) -> frozenset[str]:
    return schema.entries | schema.branch_entries


def _fields(nodes: Sequence[_Node]) -> Iterator[Field]:
    for node in nodes:
        if not node.children:
            yield node.field
            continue
        if node.schema.type != "object":  # an array, or one of several types, can be given as a whole as well
            yield replace(node.field, below="")
        yield from _fields(node.children)


def _choices_below(nodes: Sequence[_Node]) -> Iterator[Choice]:
    for node in nodes:
        yield from _choices_of(node.below, node.prefix)
        yield from _choices_below(node.children)


def _choices_of(schema: FlatSchema, prefix: str) -> Iterator[Choice]:
    """Yield the branches to choose from at a place, for help."""
    for group in schema.groups:
        # The schema that the others inherit from is not flattened again among them.
        fewest = 1 if group.keyword == "discriminator" else 2
        if sum(bool(branch.properties) for branch in group.flat_branches) < fewest:
            continue
        by = group.tag_name and option_words(schema.properties).get(group.tag_name, group.tag_name)
        shown = zip(group.names[:MAX_BRANCHES], group.tags, strict=False)
        yield Choice(
            option=prefix,
            by=by,
            branches=tuple((name, tags[0] if tags else "") for name, tags in shown),
            more=max(len(group.names) - MAX_BRANCHES, 0),
        )


def _branch_names(names: tuple[str, ...]) -> str:
    if len(names) > 2:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " or ".join(names)


def find_field(schema: Any, resolve: Resolve, option: str, *, allows_any_name: bool = True) -> Field | None:
    """Return the field that the name of an option leads to in a schema, or None.

    Its steps are property names in kebab case or in the document's spelling, `[0]` or `0` for an item of an array, and
    any key if the schema describes a map.

    Args:
        option: The name without dashes, for example `criteria[0].criterion-text`.
        allows_any_name: Whether the first step may be a key that the schema does not name; a body that is a map
            would take every mistyped option for a key.
    """
    current = flatten(schema, resolve)
    path: list[str] = []
    parent, name, rest = current, "", option
    while rest or not path:
        parent = current
        found = _step(current, rest, is_any_allowed=bool(path) or allows_any_name)
        if found is None:
            return None
        name, following, rest = found
        path.append(name)
        current = flatten(following, resolve)
        if rest.startswith("."):
            rest = rest[1:]
            if not rest or rest.startswith("["):
                return None
    return Field(
        tuple(path),
        option,
        value_type(current, resolve),
        is_required=name in parent.required,
        is_deprecated=current.is_deprecated,
        description=current.description,
    )


def _step(schema: FlatSchema, rest: str, *, is_any_allowed: bool) -> tuple[str, Any, str] | None:
    """Return the first step of an option's name, the schema it leads to, and the rest of the name."""
    if rest.startswith("["):
        index, closing, following = rest[1:].partition("]")
        if not closing or not index.isdecimal() or not index.isascii() or following[:1] not in {"", ".", "["}:
            return None
        if schema.items is None and not _allows_any_type(schema) and schema.type != "array":
            return None
        return f"[{int(index)}]", schema.items, following
    known = {word: name for name, word in option_words(schema.properties).items()}
    known.update({name: name for name in schema.properties})
    end = min((at for mark in ".[" if (at := rest.find(mark)) >= 0), default=len(rest))
    token = rest[:end]
    if token in known:
        return known[token], schema.properties[known[token]], rest[end:]
    # A property whose name in the document contains a dot or a bracket.
    longer = (word for word in known if rest.startswith(word) and rest[len(word) :][:1] in {"", ".", "["})
    if word := max(longer, key=len, default=""):
        return known[word], schema.properties[known[word]], rest[len(word) :]
    if token.isdecimal() and token.isascii() and (schema.items is not None or schema.type == "array"):
        return f"[{int(token)}]", schema.items, rest[end:]  # `criteria.0`, which no shell takes for a pattern
    if not token or not is_any_allowed:
        return None
    described = part_of(schema, token)
    return None if described is False else (token, described, rest[end:])


def part_of(schema: FlatSchema, name: str) -> Any:
    """Return the schema of a property that an object schema does not name; False if it allows no such property."""
    for pattern, described in schema.patterns.items():
        from dynacli.openapi.schema.example_value import matches_pattern

        if matches_pattern(name, pattern) is not False:
            return described
    if not _is_map(schema):
        return False
    return True if schema.additional is None else schema.additional


def _is_map(schema: FlatSchema) -> bool:
    """Return whether a value may have properties of any name: the schema says so, or names no properties."""
    if schema.type != "object" and not schema.is_union:
        return _allows_any_type(schema)
    if schema.additional is not None:
        return isinstance(schema.additional, Mapping) or schema.additional is True
    return schema.type == "object" and not schema.properties and not schema.patterns


def _allows_any_type(schema: FlatSchema) -> bool:
    """Return whether a schema names no type and no values."""
    return schema.type == ANY and not schema.is_union and not schema.enum


def parse_steps(option: str) -> tuple[str, ...]:
    """Split `a.b[0].c` into its steps `("a", "b", "[0]", "c")`; empty if it is not such name."""
    steps: list[str] = []
    for part in option.split("."):
        name, bracket, rest = part.partition("[")
        if name:
            steps.append(name)
        elif not bracket or steps:  # `a..b`, `a.[0]`
            return ()
        while bracket:
            index, closing, rest = rest.partition("]")
            if not closing or not index.isdecimal() or not index.isascii():
                return ()
            steps.append(f"[{int(index)}]")
            if rest and not rest.startswith("["):
                return ()
            bracket, rest = rest[:1], rest[1:]
    return tuple(steps)


def option_words(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return property name → its word in an option; of two names that clash, the first has the kebab form."""
    taken: set[str] = set()
    words: dict[str, str] = {}
    for name in properties:
        word = kebab(name)
        if not word or word in taken:
            word = _other_word(name, taken)
        taken.add(word)
        words[name] = word
    return words


def _other_word(name: str, taken: set[str]) -> str:
    if name not in taken and _PLAIN.fullmatch(name):
        return name
    first = spelled_out(name) or spelled_out(name, is_whole=True) or "empty"
    word, number = first, 2
    while word in taken:
        word, number = f"{first}-{number}", number + 1
    return word
