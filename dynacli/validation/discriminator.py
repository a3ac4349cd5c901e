"""Discriminators: which branch of `oneOf` or `anyOf` a value names."""

from collections.abc import Mapping
from typing import Any

__all__ = ["discriminator_of", "named_branch", "named_values", "references_to"]

_SCHEMAS = "#/components/schemas/"


def discriminator_of(schema: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Return (name of the property, Discriminator Object) of a schema; None where it has no discriminator."""
    discriminator = schema.get("discriminator") if isinstance(schema, Mapping) else None
    if not isinstance(discriminator, Mapping) or not isinstance(discriminator.get("propertyName"), str):
        return None
    return discriminator["propertyName"], discriminator


def references_to(discriminator: Mapping[str, Any], value: Any) -> list[str]:
    """Return the references to the schema that a value may name, the likeliest first.

    A value names a schema by the mapping, else by the schema's own name (OpenAPI 3.1.1, "Discriminator Object").
    Since 3.2 `defaultMapping` is the schema of a value that names none.
    """
    mapping = discriminator.get("mapping")
    target = mapping.get(value, value) if isinstance(mapping, Mapping) and isinstance(value, str) else value
    names = [name for name in (target, discriminator.get("defaultMapping")) if isinstance(name, str)]
    return [ref for name in names for ref in (name, f"{_SCHEMAS}{name}")]


def named_branch(branches: Any, value: Any, schema: Any) -> tuple[int, str] | None:
    """Return (index of the branch that the discriminator names, its property); None where it names none."""
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
    mapped = {ref for target in mapping.values() for ref in (str(target), f"{_SCHEMAS}{target}")}
    names = [ref.rpartition("/")[2] for _, ref in _references(branches) if ref not in mapped]
    return [*map(str, mapping), *names]


def _references(branches: list[Any]) -> list[tuple[int, str]]:
    return [
        (index, branch["$ref"])
        for index, branch in enumerate(branches)
        if isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str)
    ]
