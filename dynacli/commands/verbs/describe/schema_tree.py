"""A schema as a tree of lines, limited in depth and length; a recursive schema is shown once."""

from collections.abc import Iterator
from typing import Any

from dynacli.schema.flatten_schema import FlatSchema, Resolve, flatten, value_type
from dynacli.text.markdown import first_sentence
from dynacli.text.terminal import Painter, visible

__all__ = ["schema_lines"]

MAX_DEPTH = 8
MAX_LINES = 300


def schema_lines(schema: Any, resolve: Resolve, paint: Painter, width: int, indent: int = 4) -> list[str]:
    """Return the tree: a line for each property, with type, constraints and the first sentence of its description."""
    flat = flatten(schema, resolve)
    lines = [" " * indent + _type_text(flat, resolve)] if not flat.properties else []
    for line in _property_lines(flat, resolve, paint, width, indent, flat.refs):
        lines.append(line)
        if len(lines) >= MAX_LINES:
            lines.append(" " * indent + "...")
            break
    return lines


def _property_lines(
    flat: FlatSchema, resolve: Resolve, paint: Painter, width: int, indent: int, refs: frozenset[str]
) -> Iterator[str]:
    while flat.type == "array" and flat.items is not None:
        flat = flatten(flat.items, resolve)
        if flat.refs & refs and refs:
            return
        refs |= flat.refs
    for name, schema in flat.properties.items():
        inner = flatten(schema, resolve)
        mark = "*" if name in flat.required else ""
        left = f"{' ' * indent}{paint.bold(visible(name, keep=''))}{mark}  {_type_text(inner, resolve)}"
        about = first_sentence(inner.description, max(width - indent - len(name) - 30, 20))
        is_recursive = bool(_refs_of(inner, resolve) & refs)
        note = "  (recursive)" if is_recursive else f"  {paint.dim(about)}" if about else ""
        yield left + note
        if not is_recursive and indent < 4 + 2 * MAX_DEPTH:
            yield from _property_lines(inner, resolve, paint, width, indent + 2, refs | inner.refs)
    if isinstance(flat.additional, dict) and flat.additional:
        inner = flatten(flat.additional, resolve)
        yield f"{' ' * indent}{paint.bold('<any name>')}  {_type_text(inner, resolve)}"
        if not inner.refs & refs:
            yield from _property_lines(inner, resolve, paint, width, indent + 2, refs | inner.refs)


def _refs_of(flat: FlatSchema, resolve: Resolve) -> frozenset[str]:
    """Return the references that lead to a schema, or to the items of an array."""
    return flat.refs | flatten(flat.items, resolve).refs if flat.type == "array" else flat.refs


def _type_text(flat: FlatSchema, resolve: Resolve) -> str:
    from dynacli.model.value_words import MAY_BE_REPEATED, constraints

    value = value_type(flat, resolve)
    kind = value.type
    if kind == "array" and value.items is not None:
        kind = f"array of {value.items.type}"
    if flat.format:
        kind += f" ({visible(flat.format, keep='')})"
    facts = [fact for fact in constraints(value) if fact != MAY_BE_REPEATED]
    return kind + (f" [{'; '.join(facts)}]" if facts else "")
