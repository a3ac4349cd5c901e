"""JSON trees, as documents and bodies are: read leniently, followed by pointers (RFC 6901), copied and compared.

Read leniently, a value of the wrong type counts as absent. Descriptions are such values.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

MISSING: Any = object()
"""The result of `follow` if there is no value; None would be the JSON value `null`."""
_FOR_COMMAND_LINES = "x-cli-description"


IndexedSteps = tuple[str | int, ...]
"""The steps to a value: a string into an object, a number into a list."""


def copy_json(value: Any) -> Any:
    """Return a copy of a JSON value, which shares no object or list with it."""
    if isinstance(value, Mapping):
        return {key: copy_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def count_values(value: Any) -> int:
    """Return how many values a JSON value is made of, itself included."""
    count, waiting = 0, [value]
    while waiting:
        node = waiting.pop()
        count += 1
        waiting.extend(node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ())
    return count


def leaves(
    value: Any, steps: tuple[str, ...] = (), *, deepest: int = sys.maxsize, enters_arrays: bool = False
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the steps to, and the value of, all in an object that is not an object with members.

    Args:
        steps: The steps to the value itself.
        deepest: Objects with more steps than this are yielded whole.
        enters_arrays: Whether arrays are entered, too; the step to an item is its index in brackets.
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
    """Return whether two numbers are equal that Python makes one float of: `1e400` and `1e401` are infinite there.

    Args:
        left: The number as it came, if it remembers that.
        right: The other one.
    """
    if left == right:
        return True
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:  # its exponent is too large
        return False


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


def text_or_empty(value: Any) -> str:
    """Return a string or number as text; anything else gives the empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def string_or_empty(value: Any) -> str:
    """Return a string; anything else gives the empty string."""
    return value if isinstance(value, str) else ""


def list_or_empty(value: Any) -> list[Any]:
    """Return a list; anything else gives an empty list."""
    return value if isinstance(value, list) else []


def dict_or_empty(value: Any) -> dict[str, Any]:
    """Return an object; anything else gives an empty object."""
    return value if isinstance(value, dict) else {}


def operation_description(operation: Mapping[str, Any], path_item: Mapping[str, Any]) -> str:
    """Return the description of an operation, else that of its path; empty if neither has one."""
    return _first_text(operation, path_item)


def parameter_description(parameter: Mapping[str, Any]) -> str:
    """Return the description of a Parameter Object; empty if its schema alone may have one."""
    return _first_text(parameter)


def _first_text(*holders: Mapping[str, Any]) -> str:
    texts = (
        text_or_empty(holder.get(key)) for holder in holders for key in (_FOR_COMMAND_LINES, "description")
    )
    return next(filter(None, texts), "")
