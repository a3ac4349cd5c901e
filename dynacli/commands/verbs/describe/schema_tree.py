"""A schema as a tree of lines, limited in depth and length; a recursive schema is shown once."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from dynacli.model.value_words import MAY_BE_REPEATED, constraints
from dynacli.schema.flatten_schema import FlatSchema, FlatSchemas, Resolve, value_type
from dynacli.text.markdown import first_sentence
from dynacli.text.terminal import Painter
from dynacli.text.wrapping import quoted, word_or_quoted

__all__ = ["MAX_DEPTH", "SchemaField", "TreeLimits", "fields_below", "schema_lines", "type_text"]

MAX_DEPTH = 8
MAX_LINES = 300
_ANY_NAME = "<any name>"
_MOST_COUNTED = 1_000
_INDENT = 4
"""Fields that are left out are counted up to here."""


class TreeLimits(NamedTuple):
    """How much of a tree is shown.

    Args:
        depth: The levels of fields.
        lines: The most lines.
        sentence: The most characters of what the document says of a field; 0 for what the width allows.
    """

    depth: int = MAX_DEPTH
    lines: int = MAX_LINES
    sentence: int = 0


class SchemaField(NamedTuple):
    """A field in a tree.

    Args:
        level: 0 for the fields of the schema itself.
        name: As the document spells it; `<any name>` for all others.
        steps: The names that lead to it, its own at the end.
        is_recursive: Whether its schema is that of something around it.
    """

    level: int
    name: str
    steps: tuple[str, ...]
    flat: FlatSchema
    is_required: bool = False
    is_recursive: bool = False


def schema_lines(
    schema: Any,
    flat_schemas: FlatSchemas,
    paint: Painter,
    width: int,
    limits: TreeLimits | None = None,
) -> list[str]:
    """Return the tree: a line for each property, with type, constraints and the first sentence of its description.

    What is left out is counted in a last line.
    """
    limits = limits or TreeLimits()
    flat, resolve = flat_schemas(schema), flat_schemas.resolve
    lines = [" " * _INDENT + type_text(flat, resolve)] if not flat.properties else []
    fields = list(islice(fields_below(flat, flat_schemas), max(limits.lines, _MOST_COUNTED)))
    depth = limits.depth
    # A level is shown whole or not at all, unless there is but one.
    while depth > 1 and sum(field.level < depth for field in fields) > limits.lines:
        depth -= 1
    shown = [field for field in fields if field.level < depth]
    deeper, more = len(fields) - len(shown), max(len(shown) - limits.lines, 0)
    lines += [
        _line(field, resolve, paint, width, _INDENT + 2 * field.level, limits.sentence)
        for field in shown[: limits.lines]
    ]
    left_out = [f"{_count(more)} more fields"] if more else []
    left_out += [f"{_count(deeper)} fields deeper"] if deeper else []
    if left_out:
        way = "`--all`" if more else f"`--depth {depth + 1}` or `--all`"
        lines.append(f"{' ' * _INDENT}and {' and '.join(left_out)}: {way}")
    return lines


def _count(number: int) -> str:
    return f"{number:,}" + (" or more" if number >= _MOST_COUNTED else "")


def fields_below(flat: FlatSchema, flat_schemas: FlatSchemas) -> Iterator[SchemaField]:
    """Yield the fields of a schema and of what is in them, at any depth, in the order of the document."""
    yield from _fields(flat, flat_schemas, (), flat.refs)


def _fields(
    flat: FlatSchema, flat_schemas: FlatSchemas, steps: tuple[str, ...], refs: frozenset[str]
) -> Iterator[SchemaField]:
    while flat.type == "array" and flat.items is not None:
        flat = flat_schemas(flat.items)
        if flat.refs & refs and refs:
            return
        refs |= flat.refs
    found = [(name, schema, name in flat.required) for name, schema in flat.properties.items()]
    if isinstance(flat.additional, dict) and flat.additional:
        found.append((_ANY_NAME, flat.additional, False))
    for name, schema, is_required in found:
        inner = flat_schemas(schema)
        is_recursive = bool(_refs_of(inner, flat_schemas) & refs)
        path = (*steps, name)
        yield SchemaField(len(steps), name, path, inner, is_required, is_recursive)
        if not is_recursive:
            yield from _fields(inner, flat_schemas, path, refs | inner.refs)


def _line(field: SchemaField, resolve: Resolve, paint: Painter, width: int, indent: int, limit: int) -> str:
    mark = "*" if field.is_required else ""
    name = field.name if field.name == _ANY_NAME else word_or_quoted(field.name)
    left = f"{' ' * indent}{paint.bold(name)}{mark}  {type_text(field.flat, resolve)}"
    if field.is_recursive:
        return f"{left}  (recursive)"
    room = max(width - indent - len(field.name) - 30, 20)
    about = first_sentence(field.flat.description, min(room, limit) if limit else room)
    return f"{left}  {paint.dim(quoted(about))}" if about else left


def _refs_of(flat: FlatSchema, flat_schemas: FlatSchemas) -> frozenset[str]:
    """Return the references that lead to a schema, or to the items of an array."""
    return flat.refs | flat_schemas(flat.items).refs if flat.type == "array" else flat.refs


def type_text(flat: FlatSchema, resolve: Resolve) -> str:
    """Return the type of a value with its constraints, as text."""
    value = value_type(flat, resolve)
    kind = value.type_words
    if flat.format:
        kind += f" ({word_or_quoted(flat.format)})"
    facts = [fact for fact in constraints(value) if fact != MAY_BE_REPEATED]
    return kind + (f" [{'; '.join(facts)}]" if facts else "")
