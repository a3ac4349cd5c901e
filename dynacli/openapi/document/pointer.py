"""JSON pointers (RFC 6901), also in their URI fragment form (section 6)."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, unquote

__all__ = [
    "MISSING",
    "escaped",
    "follow",
    "follow_partly",
    "fragment_of",
    "from_fragment",
    "join",
    "split",
    "step_into",
    "unescaped",
]

MISSING: Any = object()
"""The result of `follow` where there is no value; None would be the JSON value `null`."""


def split(pointer: str) -> tuple[str, ...]:
    """Return the unescaped steps of a pointer such as `/paths/~1pets/get`; the empty pointer has none."""
    if not pointer:
        return ()
    return tuple(unescaped(step) for step in pointer[1:].split("/"))


def join(steps: Iterable[str | int]) -> str:
    """Return the pointer of some steps."""
    return "".join(f"/{escaped(str(step))}" for step in steps)


def from_fragment(reference: str) -> tuple[str, ...] | None:
    """Return the steps of a reference within the same document, such as `#/components/schemas/Pet`.

    Returns:
        The steps, or None where the reference leaves the document or names an anchor.
    """
    if not reference.startswith("#"):
        return None
    pointer = reference[1:]
    if "%" in pointer:
        pointer = unquote(pointer)
    if pointer and not pointer.startswith("/"):
        return None
    return split(pointer)


def fragment_of(steps: Iterable[str | int]) -> str:
    """Return the reference to a place in the same document (RFC 6901, section 6; RFC 3986, section 3.5)."""
    return "#" + quote(join(steps), safe="/~!$&'()*+,;=:@?-._")


def follow(tree: Any, steps: Iterable[str]) -> Any:
    """Return the value at the end of the steps, or `MISSING`.

    A step into a list is a decimal index without leading zeros (RFC 6901, section 4).
    """
    node = tree
    for step in steps:
        node = step_into(node, step)
        if node is MISSING:
            return MISSING
    return node


def follow_partly(tree: Any, steps: Sequence[str]) -> tuple[Any, int]:
    """Return the last value along the steps that is there, and how many of the steps lead to it."""
    node = tree
    for index, step in enumerate(steps):
        child = step_into(node, step)
        if child is MISSING:
            return node, index
        node = child
    return node, len(steps)


def step_into(node: Any, step: str) -> Any:
    """Return a member of an object or an item of a list, or `MISSING`."""
    if isinstance(node, dict):
        return node.get(step, MISSING)
    # At most nine digits: no list is longer, and converting very long numbers takes time.
    if isinstance(node, list) and step.isascii() and step.isdigit() and len(step) < 10:
        index = int(step)
        if index < len(node) and str(index) == step:
            return node[index]
    return MISSING


def escaped(step: str) -> str:
    """Return a step as a pointer has it."""
    if "~" in step or "/" in step:
        return step.replace("~", "~0").replace("/", "~1")
    return step


def unescaped(step: str) -> str:
    """Return the step that a part of a pointer means."""
    return step.replace("~1", "/").replace("~0", "~") if "~" in step else step
