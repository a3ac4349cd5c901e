"""References: the reference of an object, and the value at the end of a chain of references.

A Reference Object, a schema and a Path Item Object may have a `$ref` (OpenAPI 3.1.1, "Reference Object"). In a map
such as `properties`, `$ref` is the name of a member. A `$ref` that is not a string is not a reference.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

REFERENCE = "$ref"
_KEYWORDS = (REFERENCE, "$dynamicRef")
MOST_HOPS = 100
"""Maximum length of a chain of references; a longer chain counts as a cycle."""

_Node = TypeVar("_Node")


class DanglingReferenceError(LookupError):
    """A chain of references has a cycle or a missing target.

    Args:
        ref: The last reference that was read.
    """

    def __init__(self, ref: str) -> None:
        super().__init__(ref)
        self.ref = ref


def reference_of(value: Any) -> str | None:
    """Return the `$ref` of an object; None if it has none."""
    ref = value.get(REFERENCE) if isinstance(value, Mapping) else None
    return ref if isinstance(ref, str) else None


def references_of(schema: Mapping[str, Any]) -> list[str]:
    """Return the `$ref` and the `$dynamicRef` of a schema, if it has them."""
    return [ref for keyword in _KEYWORDS if isinstance(ref := schema.get(keyword), str)]


def reference_to(target: str) -> dict[str, Any]:
    """Return an object that refers to a target."""
    return {REFERENCE: target}


def beside_reference(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an object except its reference."""
    return {key: member for key, member in value.items() if key != REFERENCE}


def _itself(value: Any) -> Any:
    return value


def reference_chain(
    start: _Node, resolve: Callable[[str], _Node], value_of: Callable[[_Node], Any] = _itself
) -> Iterator[_Node]:
    """Yield a value, and then each value along its chain of references.

    Args:
        start: A value, or a record that holds one.
        resolve: Returns the target of a reference, as a record if `start` is one; raises LookupError if there is
            no target.
        value_of: Returns the value of a record. If it returns None, the chain ends there.

    Raises:
        LookupError: The chain has a cycle or a missing target.
    """
    node, ref = start, ""
    for _ in range(MOST_HOPS):
        yield node
        target = reference_of(value_of(node))
        if target is None:
            return
        node, ref = resolve(target), target
    raise DanglingReferenceError(ref)


def end_of_references(
    start: _Node, resolve: Callable[[str], _Node], value_of: Callable[[_Node], Any] = _itself
) -> _Node:
    """Return the last value of a `reference_chain`.

    Raises:
        LookupError: The chain has a cycle or a missing target.
    """
    *_, end = reference_chain(start, resolve, value_of)
    return end


def last_of_references(
    start: _Node, resolve: Callable[[str], _Node], value_of: Callable[[_Node], Any] = _itself
) -> _Node:
    """Return the last value that a `reference_chain` reaches; if its target is missing, this is a reference."""
    end = start
    with suppress(LookupError):
        for node in reference_chain(start, resolve, value_of):
            end = node
    return end


def follow_reference(value: Any, resolve: Callable[[str], Any]) -> Any:
    """Return the value at the end of a chain of references; None for a cycle or a missing target.

    Args:
        resolve: Returns the target of a reference; raises LookupError if there is none.
    """
    try:
        return end_of_references(value, resolve)
    except LookupError:
        return None
