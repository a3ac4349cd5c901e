"""Values in the document for a location in a body: from examples, and from the schema of the location."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.openapi.references import follow_reference
from dynacli.openapi.schema.flatten_schema import flatten
from dynacli.openapi.schema.read_schema import Resolve

_MAX_SCHEMAS = 50


def walk_value(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """Yield the value at a path in a JSON value, unless it is null or missing."""
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return
    if value is not None:
        yield value


def example_values_of(holder: Mapping[str, Any], resolve: Resolve) -> Iterator[Any]:
    """Yield the examples of a Parameter, Header or Media Type Object."""
    if "example" in holder:
        yield holder["example"]
    examples = holder.get("examples")
    for entry in examples.values() if isinstance(examples, Mapping) else ():
        example = follow_reference(entry, resolve)
        for key in ("dataValue", "value"):  # OpenAPI 3.2.0 and earlier, "Example Object"
            if isinstance(example, Mapping) and key in example:
                yield example[key]


def documented_values_at(schema: Any, steps: tuple[str, ...], resolve: Resolve) -> Iterator[Any]:
    """Yield the values in a schema for a location in its values: first from examples, then from keywords.

    Args:
        steps: The decoded steps of a JSON pointer to the location.
    """
    yield from _in_examples(schema, steps, resolve, set())
    if not steps:
        yield from _in_keywords(follow_reference(schema, resolve))
        return
    flat = flatten(schema, resolve)
    step, rest = steps[0], steps[1:]
    if step in flat.properties:
        yield from documented_values_at(flat.properties[step], rest, resolve)
    elif step.isdecimal() and flat.items is not None:
        yield from documented_values_at(flat.items, rest, resolve)


def _in_examples(schema: Any, steps: tuple[str, ...], resolve: Resolve, known: set[int]) -> Iterator[Any]:
    """Yield the values at a path in the examples of a schema and of its `allOf`, `anyOf` and `oneOf`."""
    target = follow_reference(schema, resolve)
    if not isinstance(target, Mapping) or id(target) in known or len(known) > _MAX_SCHEMAS:
        return
    known.add(id(target))
    examples = target.get("examples")
    whole = [target["example"]] if "example" in target else []
    for value in [*whole, *(examples if isinstance(examples, list) else ())]:
        yield from walk_value(value, steps)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = target.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            yield from _in_examples(branch, steps, resolve, known)


def _in_keywords(schema: Any) -> Iterator[Any]:
    if not isinstance(schema, Mapping):
        return
    for keyword in ("const", "default"):
        if schema.get(keyword) is not None:
            yield schema[keyword]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices and choices[0] is not None:
        yield choices[0]
