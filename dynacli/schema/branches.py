"""The branches of a `oneOf` or `anyOf`: their names, and the discriminator values that pick them.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Discriminator Object".
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

__all__ = ["Discriminator", "as_reference", "branch_name", "discriminator_of", "is_null"]

_SCHEMAS = "#/components/schemas/"


class Discriminator(NamedTuple):
    """The property whose value tells which branch applies.

    Args:
        property: The property's name.
        mapping: Value → reference to a branch, as a URI fragment.
        default: The reference to the branch for all other values (3.2); empty where there is none.
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
        names = {_last_step(ref) for ref in refs}
        values = [value for value, target in self.mapping.items() if _last_step(target) in names]
        own = [value for value in allowed if isinstance(value, str)]
        if own:
            # The branch's own schema decides, whatever the mapping says; many documents have no mapping then.
            return tuple([value for value in values if value in own] or own)
        return tuple(values or ([name] if name else []))

    def branches(self) -> list[dict[str, str]]:
        """Return the schemas that the mapping leads to, each once."""
        return [{"$ref": ref} for ref in dict.fromkeys(self.mapping.values())]


def discriminator_of(schema: Mapping[str, Any]) -> Discriminator | None:
    """Return the discriminator of a schema; None where it has none that can be used."""
    found = schema.get("discriminator")
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


def branch_name(branch: Any, index: int) -> str:
    """Return the name of a branch in messages: its component's name, else its title, else its number from 1."""
    if isinstance(branch, Mapping):
        if isinstance(branch.get("$ref"), str):
            return _last_step(branch["$ref"])
        if isinstance(branch.get("title"), str) and branch["title"].strip():
            return str(branch["title"]).strip()
    return f"branch {index + 1}"


def is_null(branch: Any) -> bool:
    """Return whether a branch allows null alone."""
    return isinstance(branch, Mapping) and (
        branch.get("type") == "null"
        # Generators for 3.0 write null this way, though such a schema allows everything.
        or (branch.get("nullable") is True and branch.keys() <= {"nullable", "description", "title"})
        or branch.get("enum") == [None]
        or ("const" in branch and branch["const"] is None)
    )


# Cached, because a base schema with hundreds of branches has its whole mapping read for each of them.
@lru_cache(maxsize=1 << 14)
def as_reference(target: str) -> str:
    """Return the reference that a value of a mapping is; it may be the bare name of a component, too."""
    is_name = not any(char in target for char in "/#") and not target.endswith((".json", ".yaml", ".yml"))
    return f"{_SCHEMAS}{target}" if is_name else target


@lru_cache(maxsize=1 << 14)
def _last_step(ref: str) -> str:
    return unquote(ref.rpartition("/")[2]).replace("~1", "/").replace("~0", "~")
