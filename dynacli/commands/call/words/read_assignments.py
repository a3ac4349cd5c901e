"""The words of `--set PATH=JSON`, each an assignment to a place of the body."""

from collections.abc import Iterable
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.request.assemble_body import Assignment
from dynacli.request.convert_words import json_value
from dynacli.schema.flatten_schema import FlatSchema, flatten
from dynacli.schema.option_fields import find_field, option_words, parse_steps, part_of

__all__ = ["read_assignments"]


def read_assignments(
    words: Iterable[str], described: DescribedOperation, *, is_strict: bool
) -> list[Assignment]:
    """Return the assignments that the values of `--set` make.

    Args:
        words: The values, `PATH=JSON` each.
        is_strict: Whether a place that the schema does not have is an error.

    Raises:
        UsageError: A word cannot be read, or the schema has no such place.
    """
    assignments = []
    for word in words:
        place, equals, value = word.partition("=")
        steps = parse_steps(place)
        schema, resolve = described.body_schema(), described.resolve
        field = find_field(schema, resolve, place) if equals and place else None
        if not equals or not (steps or field):
            raise UsageError(
                f"`--set {word}` cannot be read",
                hint="Write `--set PATH=JSON`, for example `--set 'name=\"x\"'` or `--set tags.0=null`",
            )
        if field is None and is_strict:
            raise _no_such_place(place, steps, schema, described)
        path = field.path if field is not None else steps
        assignments.append(Assignment(path, json_value(value, f"--set {place}"), f"--set {place}"))
    return assignments


def _no_such_place(
    place: str, steps: tuple[str, ...], schema: Any, described: DescribedOperation
) -> UsageError:
    """Return the error for a path that leads nowhere, with similar paths."""
    from difflib import get_close_matches

    from dynacli.model.wording import did_you_mean

    resolve = described.resolve
    flat, reached, missing = flatten(schema, resolve), "", steps[0] if steps else place
    for step in steps:
        missing = step
        inner = _schema_at(flat, step)
        if inner is None:
            break
        flat = flatten(inner, resolve)
        reached = f"{reached}{step}" if step.startswith("[") else f"{reached}.{step}".lstrip(".")
    parent = f"`{reached}`" if reached else "the body"
    names = [*flat.properties, *option_words(flat.properties).values()]
    prefix = f"{reached}." if reached else ""
    near = list(dict.fromkeys(f"{prefix}{name}" for name in get_close_matches(missing, names, 3, 0.6)))
    if near:
        hint = did_you_mean([f"--set {path}=..." for path in near])
    elif flat.properties:
        known = ", ".join(f"`{name}`" for name in list(flat.properties)[:8])
        hint = f"{parent[0].upper()}{parent[1:]} has {known}" + (", ..." if len(flat.properties) > 8 else "")
    else:
        hint = f"See what it takes: `{invocation('describe', described.api.name)} {described.operation.name}`"
    why = f"{parent} is no array" if missing.startswith("[") else f"{parent} has no `{missing}`"
    return UsageError(
        f"`--set {place}` leads to no place in the body",
        why=why[0].upper() + why[1:],
        hint=f"{hint}; `--validate off` sends it all the same",
        near=near,
    )


def _schema_at(flat: FlatSchema, step: str) -> Any:
    """Return the schema of a property, which may be named as in options, or of the items; None where there is none."""
    if step.startswith("["):
        return flat.items
    names = {word: name for name, word in option_words(flat.properties).items()}
    name = step if step in flat.properties else names.get(step)
    if name is not None:
        return flat.properties[name]
    part = part_of(flat, step)
    return None if part is False else part
