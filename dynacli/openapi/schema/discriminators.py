"""Discriminators: the values of a property that tell which branch of a `oneOf` or `anyOf` applies.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Discriminator Object".
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

__all__ = ["Discriminator", "as_reference", "discriminator_of", "reference_name"]

_SCHEMAS = "#/components/schemas/"


class Discriminator(NamedTuple):
    """The property whose value tells which branch applies.

    Args:
        property: The property's name.
        mapping: Value → reference to a branch, as a URI fragment.
        default: The reference to the branch for all other values (3.2); empty if there is none.
        is_implied: Whether the document names no discriminator, but each branch allows other values.
    """

    property: str
    mapping: Mapping[str, str]
    default: str = ""
    is_implied: bool = False

    def values_for(self, refs: Iterable[str], name: str, allowed: tuple[Any, ...]) -> tuple[str, ...]:
        """Return the values that pick a branch, the one to send first.

        Args:
            refs: The references that lead to the branch.
            name: The branch's name; empty for an inline schema.
            allowed: The values that the branch's own schema allows for the property; empty for all.
        """
        names = {reference_name(ref) for ref in refs}
        values = [value for value, target in self.mapping.items() if reference_name(target) in names]
        values = values or ([name] if name else [])
        own = [value for value in allowed if isinstance(value, str)]
        # The branch's own schema decides, whatever the mapping says; many documents have no mapping then.
        return tuple([value for value in values if value in own] or own or values)

    def branches(self) -> list[dict[str, str]]:
        """Return the schemas that the mapping leads to, each once."""
        return [{"$ref": ref} for ref in dict.fromkeys(self.mapping.values())]

    def references_to(self, value: Any) -> list[str]:
        """Return the references to the schema that a value of the property may name, the likeliest first.

        A value names a schema by the mapping, else by the schema's own name.
        """
        found = []
        if isinstance(value, str):
            found = [self.mapping[value]] if value in self.mapping else [f"{_SCHEMAS}{value}", value]
        return [*found, self.default] if self.default else found

    def branch_of(self, value: Any, branches: Sequence[Any]) -> int | None:
        """Return the index of the branch that an object names; None if it names none, or is not an object."""
        if not isinstance(value, Mapping):
            return None
        numbers = {ref: index for index, ref in _references(branches)}
        refs = self.references_to(value.get(self.property))
        return next((numbers[ref] for ref in refs if ref in numbers), None)

    def values(self, branches: Sequence[Any]) -> list[str]:
        """Return the values of the property that name a branch: those of the mapping, then names of schemas."""
        mapped = set(self.mapping.values())
        names = [ref.rpartition("/")[2] for _, ref in _references(branches) if ref not in mapped]
        return [*self.mapping, *names]


def discriminator_of(schema: Any) -> Discriminator | None:
    """Return the discriminator of a schema; None if it has none that can be used."""
    found = schema.get("discriminator") if isinstance(schema, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(found.get("propertyName"), str):
        return None
    mapping = found.get("mapping")
    entries = mapping.items() if isinstance(mapping, Mapping) else ()
    default = found.get("defaultMapping")
    return Discriminator(
        found["propertyName"],
        {str(value): as_reference(target) for value, target in entries if isinstance(target, str)},
        as_reference(default) if isinstance(default, str) else "",
    )


def _references(branches: Sequence[Any]) -> list[tuple[int, str]]:
    return [
        (index, branch["$ref"])
        for index, branch in enumerate(branches)
        if isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str)
    ]


# Cached, because a base schema with hundreds of branches has its whole mapping read for each of them.
@lru_cache(maxsize=1 << 14)
def as_reference(target: str) -> str:
    """Return the reference that a value of a mapping is; it may be the bare name of a component, too."""
    is_name = not any(char in target for char in "/#") and not target.endswith((".json", ".yaml", ".yml"))
    return f"{_SCHEMAS}{target}" if is_name else target


@lru_cache(maxsize=1 << 14)
def reference_name(ref: str) -> str:
    """Return the last step of a reference, which is the name of a component."""
    return unquote(ref.rpartition("/")[2]).replace("~1", "/").replace("~0", "~")
