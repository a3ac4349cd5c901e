"""What a discriminator says: which branch of `oneOf` or `anyOf` a value is meant for."""

from collections.abc import Mapping
from typing import Any

__all__ = ["discriminator_of", "named_branch", "named_values", "references_to"]

_START = "#/components/schemas/"


def discriminator_of(schema: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name of the property that a discriminator reads, and the discriminator; None where there is none."""
    discriminator = schema.get("discriminator") if isinstance(schema, Mapping) else None
    if not isinstance(discriminator, Mapping) or not isinstance(discriminator.get("propertyName"), str):
        return None
    return discriminator["propertyName"], discriminator


def references_to(discriminator: Mapping[str, Any], value: Any) -> list[str]:
    """Return the references that a value may mean, the likeliest first.

    A value names a schema by its mapping, else by the schema's own name (OpenAPI 3.1.1, "Discriminator Object").
    Since 3.2 `defaultMapping` names the schema of a value that names none.
    """
    mapping = discriminator.get("mapping")
    target = mapping.get(value, value) if isinstance(mapping, Mapping) and isinstance(value, str) else value
    named = [one for one in (target, discriminator.get("defaultMapping")) if isinstance(one, str)]
    return [ref for one in named for ref in (one, f"{_START}{one}")]


def named_branch(branches: Any, value: Any, schema: Any) -> tuple[int, str] | None:
    """Return which branch the discriminator names, and the property that names it; None where it names none."""
    found = discriminator_of(schema)
    if found is None or not isinstance(value, Mapping) or not isinstance(branches, list):
        return None
    name, discriminator = found
    numbers = {ref: index for index, ref in _references(branches)}
    for ref in references_to(discriminator, value.get(name)):
        if ref in numbers:
            return numbers[ref], name
    return None


def named_values(branches: Any, schema: Any) -> list[str]:
    """Return the values of the discriminator's property that name a branch, as the document writes them."""
    found = discriminator_of(schema)
    if found is None or not isinstance(branches, list):
        return []
    mapping = found[1].get("mapping")
    mapping = mapping if isinstance(mapping, Mapping) else {}
    mapped = {ref for one in mapping.values() for ref in (str(one), f"{_START}{one}")}
    names = [ref.rpartition("/")[2] for _, ref in _references(branches) if ref not in mapped]
    return [*map(str, mapping), *names]


def _references(branches: list[Any]) -> list[tuple[int, str]]:
    return [
        (index, one["$ref"])
        for index, one in enumerate(branches)
        if isinstance(one, Mapping) and isinstance(one.get("$ref"), str)
    ]
