"""`--set PATH=JSON`: a value for any place of the body that the schema has."""

from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.request.assemble_body import Assignment
from dynacli.request.convert_words import json_value
from dynacli.schema.flatten_schema import FlatSchema, flatten
from dynacli.schema.option_fields import find_field, option_words, parse_steps, part_of

__all__ = ["set_assignments"]


def set_assignments(words: Any, described: DescribedOperation, *, is_strict: bool) -> list[Assignment]:
    """Return the assignments of `--set`.

    Args:
        words: What was given, `PATH=JSON` each.
        is_strict: Whether a place that the schema does not have is an error.

    Raises:
        UsageError: A word cannot be read, or the schema has no such place.
    """
    assignments = []
    for text in words:
        place, equals, value = text.partition("=")
        steps = parse_steps(place)
        schema, resolve = described.body_schema(), described.resolve
        known = find_field(schema, resolve, place) if equals and place else None
        if not equals or not (steps or known):
            raise UsageError(
                f"`--set {text}` cannot be read",
                hint="Write `--set PATH=JSON`, for example `--set 'name=\"x\"'` or `--set tags[0]=null`",
            )
        if known is None and is_strict:
            raise _no_such_place(place, steps, schema, described)
        path = known.path if known is not None else steps
        assignments.append(Assignment(path, json_value(value, f"--set {place}"), f"--set {place}"))
    return assignments


def _no_such_place(
    place: str, steps: tuple[str, ...], schema: Any, described: DescribedOperation
) -> UsageError:
    """Return the error for a path that leads nowhere, with those that come near."""
    from difflib import get_close_matches

    resolve = described.resolve
    here, reached, missing = flatten(schema, resolve), "", steps[0] if steps else place
    for step in steps:
        missing = step
        following = _below(here, step)
        if following is None:
            break
        here = flatten(following, resolve)
        reached = f"{reached}{step}" if step.startswith("[") else f"{reached}.{step}".lstrip(".")
    where = f"`{reached}`" if reached else "the body"
    names = [*here.properties, *option_words(here.properties).values()]
    near = get_close_matches(missing, names, 3, 0.6)
    prefix = f"{reached}." if reached else ""
    near = list(dict.fromkeys(f"{prefix}{name}" for name in near))
    if near:
        hint = f"Did you mean {' or '.join(f'`--set {one}=...`' for one in near)}?"
    elif here.properties:
        listed = ", ".join(f"`{name}`" for name in list(here.properties)[:8])
        hint = f"{where[0].upper()}{where[1:]} has {listed}" + (", ..." if len(here.properties) > 8 else "")
    else:
        hint = f"See what it takes: `dynacli describe {described.api.name} {described.operation.name}`"
    what = f"{where} has no `{missing}`" if not missing.startswith("[") else f"{where} is no array"
    return UsageError(
        f"`--set {place}` leads to no place in the body",
        why=what[0].upper() + what[1:],
        hint=f"{hint}; `--validate off` sends it all the same",
        near=near,
    )


def _below(here: FlatSchema, step: str) -> Any:
    if step.startswith("["):
        return here.items
    words = {word: name for name, word in option_words(here.properties).items()}
    name = step if step in here.properties else words.get(step)
    if name is not None:
        return here.properties[name]
    part = part_of(here, step)
    return None if part is False else part
