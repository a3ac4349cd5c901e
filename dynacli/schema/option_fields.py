"""Schemas → options: which places inside a body or an object parameter have an option, and what it takes.

The compiler lists them once per operation; the runner finds deeper ones, and those with an index
or a key of a map in them, by walking the same schemas along the words that were given.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dynacli.model.kebab_names import kebab, spelled_out
from dynacli.model.operation import AGAIN, ANY, EACH, MORE, Choice, Field, ValueType
from dynacli.schema.flatten_schema import FlatSchema, FlatSchemas, Resolve, flatten, value_type

__all__ = ["Listing", "find_field", "is_map", "list_fields", "option_words", "parse_steps", "part_of"]

_PLAIN = re.compile(r"[A-Za-z0-9$@_:<>-]+")

MAX_FIELDS = 160
"""Options listed for one media type; where a schema has more, some objects are not gone into."""
MAX_DEPTH = 5
MAX_CHOICES = 40
"""Places with branches that are listed for one media type."""
MAX_BRANCHES = 60
"""Branches that are listed for one place."""


class Listing:
    """The options of a schema.

    Attributes:
        value: What a value of the schema is as a whole.
        fields: The options, in document order.
        choices: The places where one of several branches holds.
        is_cut: Whether deeper ones were left out.
    """

    __slots__ = ("choices", "fields", "is_cut", "value")

    def __init__(
        self, value: ValueType, fields: tuple[Field, ...], choices: tuple[Choice, ...], *, is_cut: bool
    ) -> None:
        self.value = value
        self.fields = fields
        self.choices = choices
        self.is_cut = is_cut


class _Node:
    """A place that has an option, with the places below it once they are listed."""

    __slots__ = ("below", "children", "entries", "field", "path", "prefix", "seen")

    def __init__(self, field: Field, seen: FlatSchema, below: FlatSchema, entries: frozenset[str]) -> None:
        self.field = field
        self.seen = seen
        self.below = below
        self.entries = entries
        self.children: list[_Node] = []
        is_array = seen.items is not None and below is not seen
        self.path = (*field.path, EACH) if is_array else field.path
        self.prefix = f"{field.option}{EACH}" if is_array else field.option


def list_fields(schema: Any, flat_schemas: FlatSchemas) -> Listing:
    """Return the options of a schema.

    The first level is always whole. Below, objects are gone into level by level as long as there are
    at most `MAX_FIELDS` options: first those that are needed, and the small ones before the large ones.
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
    fields = tuple(_flat(nodes))
    choices = [*_choices_of(top, prefix), *_choices_below(nodes)][:MAX_CHOICES]
    is_cut = any(one.below for one in fields)
    return Listing(
        value_type(root, flat_schemas.resolve, flat_schemas), fields, tuple(choices), is_cut=is_cut
    )


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
    for name, schema in parent.properties.items():
        seen = flat_schemas(schema)
        if seen.is_read_only:
            continue
        below = seen
        if seen.items is not None and not seen.properties:
            item = flat_schemas(seen.items)
            below = item if item.properties else seen
        holds_itself = _is_known(seen, entries) or _is_known(below, entries)
        is_required = name in parent.required
        field = Field(
            (*path, name),
            f"{prefix}.{words[name]}" if prefix else words[name],
            value_type(seen, flat_schemas.resolve, flat_schemas),
            is_required=is_required or name in parent.required_where_had,
            is_deprecated=seen.is_deprecated,
            description=seen.description,
            is_needed=is_required and is_needed,
            branch=_named(parent.branches.get(name, ())) or branch,
            below=(AGAIN if holds_itself else MORE) if below.properties else "",
        )
        nodes.append(_Node(field, seen, below, entries | _entries(seen) | _entries(below)))
    return nodes


def _is_known(seen: FlatSchema, entries: frozenset[str]) -> bool:
    """Return whether a schema was gone into above: itself, or each of its branches."""
    return bool(seen.entries & entries) or (
        not seen.entries and bool(seen.branch_entries) and seen.branch_entries <= entries
    )


def _entries(seen: FlatSchema) -> frozenset[str]:
    return seen.entries | seen.branch_entries


def _flat(nodes: Sequence[_Node]) -> Iterator[Field]:
    for node in nodes:
        if not node.children:
            yield node.field
            continue
        if node.seen.type != "object":  # an array, or an object or something else: given as a whole too
            yield replace(node.field, below="")
        yield from _flat(node.children)


def _choices_below(nodes: Sequence[_Node]) -> Iterator[Choice]:
    for node in nodes:
        yield from _choices_of(node.below, node.prefix)
        yield from _choices_below(node.children)


def _choices_of(seen: FlatSchema, prefix: str) -> Iterator[Choice]:
    """Yield what is to be chosen at one place, as help shows it."""
    for group in seen.groups:
        if sum(bool(one.properties) for one in group.flat_branches) < 2:
            continue
        by = ""
        if group.discriminator is not None:
            name = group.discriminator.property
            by = option_words(seen.properties).get(name, name)
        shown = zip(group.names[:MAX_BRANCHES], group.tags, strict=False)
        yield Choice(
            option=prefix,
            by=by,
            branches=tuple((name, tags[0] if tags else "") for name, tags in shown),
            more=max(len(group.names) - MAX_BRANCHES, 0),
        )


def _named(names: tuple[str, ...]) -> str:
    if len(names) > 2:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " or ".join(names)


def find_field(schema: Any, resolve: Resolve, option: str, *, allows_any_name: bool = True) -> Field | None:
    """Return the field that an option's name leads to, along the schema, or None.

    Steps are property names in kebab case or in the document's spelling, `[0]` for an item
    of an array, and any key where the schema describes a map.

    Args:
        option: For example `criteria[0].criterion-text`.
        allows_any_name: Whether the first step may be a key that the schema does not name: a map as a whole
            would otherwise take every mistyped option for one of its keys.
    """
    here = flatten(schema, resolve)
    path: list[str] = []
    parent, name, rest = here, "", option
    while rest or not path:
        parent = here
        found = _step(here, rest, is_any_allowed=bool(path) or allows_any_name)
        if found is None:
            return None
        name, following, rest = found
        path.append(name)
        here = flatten(following, resolve)
        if rest.startswith("."):
            rest = rest[1:]
            if not rest or rest.startswith("["):
                return None
    return Field(
        tuple(path),
        option,
        value_type(here, resolve),
        is_required=name in parent.required,
        is_deprecated=here.is_deprecated,
        description=here.description,
    )


def _step(here: FlatSchema, rest: str, *, is_any_allowed: bool) -> tuple[str, Any, str] | None:
    """Return the first step of an option's name, the schema behind it, and what follows in the name."""
    if rest.startswith("["):
        index, closing, following = rest[1:].partition("]")
        if not closing or not index.isdecimal() or not index.isascii() or following[:1] not in {"", ".", "["}:
            return None
        if here.items is None and not _is_anything(here) and here.type != "array":
            return None
        return f"[{int(index)}]", here.items, following
    known = {word: name for name, word in option_words(here.properties).items()}
    known.update({name: name for name in here.properties})
    end = min((at for mark in ".[" if (at := rest.find(mark)) >= 0), default=len(rest))
    token = rest[:end]
    if token in known:
        return known[token], here.properties[known[token]], rest[end:]
    # A name that has a dot or a bracket itself, in the document's spelling.
    longer = [
        word for word in known if word and rest.startswith(word) and rest[len(word) :][:1] in {"", ".", "["}
    ]
    if longer:
        word = max(longer, key=len)
        return known[word], here.properties[known[word]], rest[len(word) :]
    if not token or not is_any_allowed:
        return None
    described = part_of(here, token)
    return None if described is False else (token, described, rest[end:])


def part_of(here: FlatSchema, name: str) -> Any:
    """Return the schema of a property that an object does not name; False where it can have no such property."""
    for pattern, schema in here.patterns.items():
        from dynacli.schema.example_strings import matches_pattern

        if matches_pattern(name, pattern) is not False:
            return schema
    if not is_map(here):
        return False
    return True if here.additional is None else here.additional


def is_map(seen: FlatSchema) -> bool:
    """Return whether an object may have properties of any name: it says so, or it names none itself."""
    if seen.type != "object" and not seen.is_union:
        return _is_anything(seen)
    return (
        isinstance(seen.additional, Mapping)
        or seen.additional is True
        or (seen.type == "object" and seen.additional is None and not seen.properties and not seen.patterns)
    )


def _is_anything(seen: FlatSchema) -> bool:
    """Return whether a schema says nothing of its values, so that they may be of any type."""
    return seen.type == ANY and not seen.is_union and not seen.enum


def parse_steps(option: str) -> tuple[str, ...]:
    """Split `a.b[0].c` into its steps `("a", "b", "[0]", "c")`; empty when it cannot be read so."""
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
    """Return property name → the word for it in an option; the first of two that clash has the kebab form."""
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
