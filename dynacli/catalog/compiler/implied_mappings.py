"""Discriminators of schemas that others inherit from: the mapping that is implied where none is written.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Discriminator Object": a value names the schema that inherits, by its name among the
components. Where branches stand beside the discriminator, they alone are meant.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from dynacli.document.pointer import join
from dynacli.model.lenient_reading import dict_or_empty
from dynacli.schema.discriminators import discriminator_of, reference_name
from dynacli.schema.read_schema import list_of

__all__ = ["with_implied_mappings"]

_SCHEMAS = ("components", "schemas")
_MOST_HEIRS = 1000
"""A schema with more heirs is read without them: some of them would be offered for all."""
_MOST_LOOKED_FOR = 100_000
"""How many heirs are looked for in all."""


def with_implied_mappings(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose discriminators name the schemas that inherit; all else is shared with the argument.

    The schema with the discriminator comes last: most servers take no value that names it, but no document can say so.
    """
    components = dict_or_empty(tree.get("components"))
    schemas = dict_or_empty(components.get("schemas"))
    implying = [name for name, schema in schemas.items() if _implies_a_mapping(schema)]
    children = _children(schemas) if implying else {}
    # An heir with a discriminator of its own is told by that of the schema that it inherits from.
    below = set(_heirs(implying, children))
    bases = [name for name in implying if name not in below]
    changed = {}
    left = _MOST_LOOKED_FOR
    for base in bases:
        heirs = list(islice(_heirs([base], children), min(_MOST_HEIRS + 1, left)))
        left -= len(heirs)
        if 0 < len(heirs) <= _MOST_HEIRS and left > 0:
            mapping = {name: f"#{join((*_SCHEMAS, name))}" for name in (*heirs, base)}
            discriminator = {**schemas[base]["discriminator"], "mapping": mapping}
            changed[base] = {**schemas[base], "discriminator": discriminator}
    if not changed:
        return tree
    return {**tree, "components": {**components, "schemas": {**schemas, **changed}}}


def _implies_a_mapping(schema: Any) -> bool:
    found = discriminator_of(schema)
    return found is not None and not found.mapping and schema.keys().isdisjoint({"oneOf", "anyOf"})


def _children(schemas: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return schema → the schemas that refer to it in their `allOf`."""
    children: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for part in list_of(schema, "allOf") if isinstance(schema, Mapping) else ():
            ref = part.get("$ref") if isinstance(part, Mapping) else None
            if isinstance(ref, str) and ref.startswith("#/components/schemas/"):
                children.setdefault(reference_name(ref), []).append(name)
    return children


def _heirs(bases: list[str], children: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the schemas that inherit from any of several, at any depth, those nearest to them first."""
    seen: set[str] = set()
    waiting = list(bases)
    for name in waiting:
        for child in children.get(name, ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child
