"""Functions for JSON trees, such as documents and bodies: pointers (RFC 6901), copies, comparison, lenient reading.

Lenient reading means that a value of the wrong type counts as absent.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

MISSING: Any = object()
"""The result of `follow` if there is no value; None would be the JSON value `null`."""
_FOR_COMMAND_LINES = "x-cli-description"


IndexedSteps = tuple[str | int, ...]
"""The steps to a value: a string for a member of an object, a number for an item of a list."""


def copy_json(value: Any) -> Any:
    """Return a copy of a JSON value that shares no object or list with it."""
    if isinstance(value, Mapping):
        return {key: copy_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def count_values(value: Any) -> int:
    """Return the number of values in a JSON value, including itself."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        count += 1
        waiting.extend(node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ())
    return count


def leaves(
    value: Any, steps: tuple[str, ...] = (), *, deepest: int = sys.maxsize, enters_arrays: bool = False
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the steps to each leaf of an object, and its value; a leaf is any value but an object with members.

    Args:
        steps: The steps to the value itself.
        deepest: Objects with more steps than this count as leaves.
        enters_arrays: Whether to enter arrays, too; the step to an item is its index in brackets.
    """
    members: Iterable[tuple[str, Any]]
    if isinstance(value, Mapping) and (value or not steps) and len(steps) <= deepest:
        members = value.items()
    elif enters_arrays and isinstance(value, list):
        members = ((f"[{number}]", item) for number, item in enumerate(value))
    else:
        yield steps, value
        return
    for name, member in members:
        yield from leaves(member, (*steps, name), deepest=deepest, enters_arrays=enters_arrays)


def is_same_json(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; `true` does not equal 1."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            is_same_json(member, right[key]) for key, member in left.items()
        )
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same_json, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, float) and isinstance(right, float) and left == right:
        return _is_same_number(repr(left), repr(right))
    return bool(left == right)


def _is_same_number(left: str, right: str) -> bool:
    """Return whether two numbers with the same float are equal: `1e400` and `1e401` are both infinite floats.

    Args:
        left: The first number, as it was received if the number records this.
        right: The second number.
    """
    if left == right:
        return True
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:  # an exponent is too large
        return False


def split(pointer: str) -> tuple[str, ...]:
    """Return the unescaped steps of a pointer such as `/paths/~1pets/get`; the empty pointer has no steps."""
    if not pointer:
        return ()
    return tuple(unescaped(step) for step in pointer[1:].split("/"))


def join(steps: Iterable[str | int]) -> str:
    """Return the pointer of some steps."""
    return "".join(f"/{escaped(str(step))}" for step in steps)


def from_fragment(reference: str) -> tuple[str, ...] | None:
    """Return the steps of a reference within the same document, such as `#/components/schemas/Pet`.

    Returns:
        The steps, or None if the reference leaves the document or names an anchor.
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
    """Return the reference to a location in the same document (RFC 6901, section 6; RFC 3986, section 3.5)."""
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
    """Follow the steps while values exist, and return the last value and the number of steps to it."""
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
    # Nine digits are enough for any list, and converting very long numbers takes time.
    if isinstance(node, list) and step.isascii() and step.isdigit() and len(step) < 10:
        index = int(step)
        if index < len(node) and str(index) == step:
            return node[index]
    return MISSING


def escaped(step: str) -> str:
    """Return a step with the escapes of JSON pointers: `~0` for `~`, `~1` for `/`."""
    if "~" in step or "/" in step:
        return step.replace("~", "~0").replace("/", "~1")
    return step


def unescaped(step: str) -> str:
    """Return a step of a pointer without escapes."""
    return step.replace("~1", "/").replace("~0", "~") if "~" in step else step


def text_or_empty(value: Any) -> str:
    """Return a string, or a number as a string; the empty string for any other value."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def string_or_empty(value: Any) -> str:
    """Return a string; the empty string for any other value."""
    return value if isinstance(value, str) else ""


def list_or_empty(value: Any) -> list[Any]:
    """Return a list; an empty list for any other value."""
    return value if isinstance(value, list) else []


def dict_or_empty(value: Any) -> dict[str, Any]:
    """Return an object; an empty object for any other value."""
    return value if isinstance(value, dict) else {}


def operation_description(operation: Mapping[str, Any], path_item: Mapping[str, Any]) -> str:
    """Return the description of an operation, or of its path; empty if neither has one."""
    return _first_text(operation, path_item)


def parameter_description(parameter: Mapping[str, Any]) -> str:
    """Return the description of a Parameter Object, without its schema's; empty if it has none."""
    return _first_text(parameter)


def _first_text(*holders: Mapping[str, Any]) -> str:
    texts = (
        text_or_empty(holder.get(key)) for holder in holders for key in (_FOR_COMMAND_LINES, "description")
    )
    return next(filter(None, texts), "")
