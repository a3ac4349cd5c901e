"""Values as jsonschema-rs takes them, and parts of large ones, which are explained one after another.

Plain values, which all JSON libraries read and compare alike, are not too deep and have no numbers beyond 64 bits.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from math import isinf
from typing import Any, NamedTuple

from dynacli.openapi.schema.evaluation._keyword_translations import NAMELESS
from dynacli.openapi.schema.evaluation.schema_error import BinaryText

LIMIT = 9_000_000_000_000_000_000
"""The largest absolute value of a plain number: orjson reads integers of more than 64 bits as floats."""

MAX_LEVELS = 100
"""The largest depth of a value: compiled code walks a value on a stack without a limit of its own."""

_USUAL_LEVELS = 16
"""The depth of most values: what checks so few levels takes a fifth of the time and the memory to compile."""


def is_plain(value: Any) -> bool:
    """Return whether all JSON libraries read and compare a value alike: it is not deep, and has no huge number."""
    try:
        return bool(_plain_values(_USUAL_LEVELS).is_valid(value) or _plain_values(MAX_LEVELS).is_valid(value))
    except ValueError:
        return False  # a text that stands for bytes


@lru_cache
def _plain_values(depth: int) -> Any:
    """Return what accepts plain values up to a depth."""
    from jsonschema_rs import Draft202012Validator

    # jsonschema-rs takes an infinite number (`1e400`) as one of no type.
    limits = {"minimum": -LIMIT, "maximum": LIMIT}
    kinds = ["null", "boolean", "number", "string"]
    levels: dict[str, Any] = {
        str(level): {
            **limits,
            "type": [*kinds, "array", "object"],
            "propertyNames": {"minLength": 1},
            "items": {"$ref": f"#/$defs/{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(depth)
    }
    levels[str(depth)] = {**limits, "type": kinds}
    return Draft202012Validator({"$ref": "#/$defs/0", "$defs": levels})


_MAX_LENGTH = 1 << 24
"""The largest text that is made to stand for bytes."""

_WINDOW = 20
"""How many items of a long list are explained at once: jsonschema-rs makes all errors before it gives the first."""


class Prepared(NamedTuple):
    """A JSON value that jsonschema-rs can evaluate.

    Args:
        value: The value.
        binary: The texts in it that stand for bytes.
        names: Name of a property → the name that it stands for.
        is_cut: Whether what is deeper than `MAX_LEVELS` is missing.
    """

    value: Any
    binary: frozenset[str] = frozenset()
    names: Mapping[str, str] = {NAMELESS: ""}
    is_cut: bool = False


def prepared_value(value: Any, longest: int) -> Prepared:
    """Return a JSON value that jsonschema-rs can evaluate, unless it has a text with a lone surrogate.

    Args:
        value: The value.
        longest: The length of a text beyond which the length makes no difference.
    """
    return Prepared(value) if is_plain(value) else copied_value(value, longest)


def copied_value(value: Any, longest: int) -> Prepared:
    """Return a copy of a JSON value that jsonschema-rs can evaluate; the arguments are those of `prepared_value`."""
    copy = _Copy(longest)
    return Prepared(copy.of(value, 0), frozenset(copy.binary), copy.names, copy.is_cut)


class _Copy:
    def __init__(self, longest: int) -> None:
        self.binary: set[str] = set()
        self.names = {NAMELESS: ""}
        self.is_cut = False
        self._longest = longest

    def of(self, value: Any, level: int) -> Any:
        if isinstance(value, BinaryText):
            text = "\0" * min(len(value), self._longest, _MAX_LENGTH)
            self.binary.add(text)
            return text
        if isinstance(value, str):
            # jsonschema-rs takes no lone surrogates; the replacement character is as invalid in formats as they are.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, float) and isinf(value):
            return Decimal("1e400").copy_sign(
                Decimal(value)
            )  # a number of JSON that Python reads as infinite
        if isinstance(value, dict | list) and level >= MAX_LEVELS:
            self.is_cut = True
            return None
        if isinstance(value, dict):
            return {self._name(name): self.of(below, level + 1) for name, below in value.items()}
        if isinstance(value, list):
            return [self.of(item, level + 1) for item in value]
        return float(value) if isinstance(value, float) else value

    def _name(self, name: str) -> str:
        """Return a name that is not empty, as jsonschema-rs leaves empty ones out of paths."""
        changed: str = self.of(name, 0) or NAMELESS
        if changed != name:
            self.names[changed] = name
        return changed


class Window(NamedTuple):
    """The part of a value that is explained at once.

    Args:
        lists: The paths of the long lists of the value, which has only some of their items.
        start: The index of the first of these items.
        is_whole: Whether it has all of them, and only errors of the lists themselves are asked for.
    """

    lists: tuple[list[str | int], ...] = ()
    start: int = 0
    is_whole: bool = False


def windows_of(value: Any) -> Iterator[tuple[Any, Window]]:
    """Yield the parts of a value: the value itself if it has no long lists, else some of their items at a time."""
    lists = tuple(_long_lists(value, []))
    most = max((len(value_at(value, path)) for path in lists), default=1)
    for start in range(0, most, _WINDOW):
        part = value
        for path in lists:
            part = _replaced(part, path, value_at(value, path)[start : start + _WINDOW])
        yield part, Window(lists, start)


def _long_lists(value: Any, path: list[str | int]) -> Iterator[list[str | int]]:
    if isinstance(value, list) and len(value) > _WINDOW:
        yield path
    elif isinstance(value, dict | list):
        for step, below in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(below, dict | list):
                yield from _long_lists(below, [*path, step])


def _replaced(value: Any, path: list[str | int], by: Any) -> Any:
    """Return a value that has another one at a path."""
    if not path:
        return by
    step, *rest = path
    copy = value.copy()
    copy[step] = _replaced(value[step], rest, by)
    return copy


def value_at(value: Any, path: list[str | int]) -> Any:
    """Return the part of a value that a path of names and indexes leads to."""
    for step in path:
        value = value[step]
    return value
