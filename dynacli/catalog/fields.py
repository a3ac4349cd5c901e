"""Schemas → options: which places inside a body or an object parameter have an option, and what it takes.

The compiler lists them once per operation; the runner finds deeper ones, and those with an index
or a key of a map in them, by walking the same schemas along the words that were given.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.catalog.model import EACH, Field, ValueType
from dynacli.catalog.names import kebab
from dynacli.catalog.schema import Resolve, View, value_type, view

__all__ = ["find_field", "is_map", "list_fields", "parse_steps"]

MAX_FIELDS = 250
"""Options listed for one media type; where a schema has more, fewer levels are listed."""
MAX_DEPTH = 5


class _TooMany(Exception):  # noqa: N818  - a signal inside this module
    pass


def list_fields(schema: Any, resolve: Resolve) -> tuple[ValueType, tuple[Field, ...], bool]:
    """Return what a value of the schema is, its options, and whether deeper ones were left out.

    As many levels are listed as give at most `MAX_FIELDS` options; the first level is always whole.
    """
    root = view(schema, resolve)
    for depth in range(MAX_DEPTH, 0, -1):
        walk = _Walk(resolve, depth)
        try:
            fields = tuple(walk.inside(root, (), "", root.refs, 1, is_needed=True))
        except _TooMany:
            continue
        return value_type(root, resolve), fields, walk.is_cut
    return value_type(root, resolve), (), True  # not reached: depth 1 never gives up


class _Walk:
    def __init__(self, resolve: Resolve, depth: int) -> None:
        self.resolve = resolve
        self.depth = depth
        self.count = 0
        self.is_cut = False

    def inside(
        self,
        parent: View,
        path: tuple[str, ...],
        option: str,
        refs: frozenset[str],
        level: int,
        *,
        is_needed: bool,
    ) -> Iterator[Field]:
        if parent.type == "array":
            item = view(parent.items, self.resolve)
            yield from self.inside(
                item, (*path, EACH), f"{option}{EACH}", refs | item.refs, level, is_needed=False
            )
            return
        words = _option_words(parent.properties)
        for name, schema in parent.properties.items():
            seen = view(schema, self.resolve)
            if seen.is_read_only:
                continue
            here = (*path, name)
            word = f"{option}.{words[name]}" if option else words[name]
            below = (
                item if seen.type == "array" and (item := view(seen.items, self.resolve)).properties else seen
            )
            recurs = bool((seen.refs | below.refs) & refs)
            goes_deeper = bool(below.properties)
            listed_below = goes_deeper and not recurs and level < self.depth
            self.is_cut |= goes_deeper and not listed_below
            is_required = name in parent.required
            if seen.type == "array" or not listed_below:
                yield self.field(
                    seen, here, word, is_required=is_required, is_needed=is_required and is_needed
                )
            if listed_below:
                yield from self.inside(
                    seen,
                    here,
                    word,
                    refs | seen.refs | below.refs,
                    level + 1,
                    is_needed=is_required and is_needed,
                )

    def field(
        self, seen: View, path: tuple[str, ...], option: str, *, is_required: bool, is_needed: bool
    ) -> Field:
        self.count += 1
        if self.count > MAX_FIELDS and self.depth > 1:
            raise _TooMany
        return Field(
            path,
            option,
            value_type(seen, self.resolve),
            is_required=is_required,
            is_deprecated=seen.is_deprecated,
            description=seen.description,
            is_needed=is_needed,
        )


def find_field(schema: Any, resolve: Resolve, option: str, *, allows_any_name: bool = True) -> Field | None:
    """Return the field that an option's name leads to, along the schema, or None.

    Steps are property names in kebab case or in the document's spelling, `[0]` for an item
    of an array, and any key where the schema describes a map.

    Args:
        option: For example `criteria[0].criterion-text`.
        allows_any_name: Whether the first step may be a key that the schema does not name: a map as a whole
            would otherwise take every mistyped option for one of its keys.
    """
    steps = parse_steps(option)
    if not steps:
        return None
    here = view(schema, resolve)
    path: list[str] = []
    parent, name = here, ""
    for step in steps:
        parent, name = here, step
        if step.startswith("[") and here.items is not None:
            following = here.items
        elif step in here.properties:
            following = here.properties[step]
        else:
            words = {word: known for known, word in _option_words(here.properties).items()}
            if step in words:
                name = words[step]
                following = here.properties[name]
            elif is_map(here) and (path or allows_any_name):
                following = here.additional
            else:
                return None
        path.append(name)
        here = view(following, resolve)
    return Field(
        tuple(path),
        option,
        value_type(here, resolve),
        is_required=name in parent.required,
        is_deprecated=here.is_deprecated,
        description=here.description,
    )


def is_map(seen: View) -> bool:
    """Return whether an object may have properties of any name: it says so, or it names none itself."""
    if seen.type != "object":
        return False
    return (
        isinstance(seen.additional, Mapping)
        or seen.additional is True
        or (seen.additional is None and not seen.properties)
    )


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


def _option_words(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return property name → the word for it in an option; the first of two that clash has the kebab form."""
    taken: set[str] = set()
    words: dict[str, str] = {}
    for name in properties:
        word = kebab(name)
        if not word or word in taken:
            word = name
        taken.add(word)
        words[name] = word
    return words
