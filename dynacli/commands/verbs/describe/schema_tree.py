"""A schema as a tree of lines, bounded: recursive schemas are named and not gone into."""

from collections.abc import Iterator
from typing import Any

from dynacli.schema.flatten_schema import FlatSchema, Resolve, flatten, value_type
from dynacli.text.markdown.markdown import first_sentence
from dynacli.text.terminal import Painter, visible

__all__ = ["schema_lines"]

MAX_DEPTH = 8
MAX_LINES = 300


def schema_lines(schema: Any, resolve: Resolve, paint: Painter, width: int, indent: int = 4) -> list[str]:
    """Return the tree: a line for each property, with type, constraints and the first sentence about it."""
    seen = flatten(schema, resolve)
    lines = [" " * indent + _kind(seen, resolve)] if not seen.properties else []
    for line in _inside(seen, resolve, paint, width, indent, seen.refs):
        lines.append(line)
        if len(lines) >= MAX_LINES:
            lines.append(" " * indent + "...")
            break
    return lines


def _inside(
    seen: FlatSchema, resolve: Resolve, paint: Painter, width: int, indent: int, refs: frozenset[str]
) -> Iterator[str]:
    while seen.type == "array" and seen.items is not None:
        seen = flatten(seen.items, resolve)
        if seen.refs & refs and refs:
            return
        refs |= seen.refs
    for name, schema in seen.properties.items():
        inner = flatten(schema, resolve)
        mark = "*" if name in seen.required else ""
        left = f"{' ' * indent}{paint.bold(visible(name, keep=''))}{mark}  {_kind(inner, resolve)}"
        told = first_sentence(inner.description, max(width - indent - len(name) - 30, 20))
        recurs = bool(_refs_below(inner, resolve) & refs)
        note = "  (recursive)" if recurs else f"  {paint.dim(told)}" if told else ""
        yield left + note
        if not recurs and indent < 4 + 2 * MAX_DEPTH:
            yield from _inside(inner, resolve, paint, width, indent + 2, refs | inner.refs)
    if isinstance(seen.additional, dict) and seen.additional:
        inner = flatten(seen.additional, resolve)
        yield f"{' ' * indent}{paint.bold('<any name>')}  {_kind(inner, resolve)}"
        if not inner.refs & refs:
            yield from _inside(inner, resolve, paint, width, indent + 2, refs | inner.refs)


def _refs_below(seen: FlatSchema, resolve: Resolve) -> frozenset[str]:
    return seen.refs | flatten(seen.items, resolve).refs if seen.type == "array" else seen.refs


def _kind(seen: FlatSchema, resolve: Resolve) -> str:
    from dynacli.commands.help.operation_help import constraints

    value = value_type(seen, resolve)
    kind = value.type
    if kind == "array" and value.items is not None:
        kind = f"array of {value.items.type}"
    if seen.format:
        kind += f" ({visible(seen.format, keep='')})"
    facts = [fact for fact in constraints(value) if fact != "may be repeated"]
    return kind + (f" [{'; '.join(facts)}]" if facts else "")
