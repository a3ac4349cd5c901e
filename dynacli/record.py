"""`@record`: a frozen dataclass that takes almost no time to define.

`@dataclass(frozen=True)` writes and compiles three functions for each class at every start of the program. Importing
`dataclasses` alone takes longer than defining all records of dynacli.
`@record` gives all classes the same functions, which look up the names of the fields.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """Return the class as a frozen dataclass with `__init__`, `__eq__`, `__hash__` by identity, and `__repr__`.

    A record can extend another record. It inherits its fields, which must have defaults if it adds fields.
    """
    made = cast("Any", cls)
    names = tuple({**dict.fromkeys(getattr(made, "__match_args__", ())), **cls.__annotations__})
    made.__init__ = _make_init(names, {name: getattr(made, name) for name in names if hasattr(made, name)})
    setattr(made, "__match_args__", names)  # noqa: B010  - mypy takes the attribute for the one of dataclasses
    made.__dataclass_fields__ = _DataclassFields()
    made.__setattr__ = _refuse_change
    made.__delattr__ = _refuse_change
    made.__eq__ = _is_equal
    made.__hash__ = object.__hash__
    made.__repr__ = _repr
    return cls


def replace(original: _T, **changes: Any) -> _T:
    """Return a copy of a record with other values in some fields, three times as fast as `dataclasses.replace`.

    Raises:
        TypeError: The record does not have one of the fields.
    """
    before = original.__dict__
    state = before | changes
    if len(state) > len(before):
        raise TypeError(f"{type(original).__name__}: unexpected: {', '.join(sorted(state.keys() - before))}")
    # Only the fields, in their order: `__dict__` may also hold cached properties.
    made: _T = type(original)(*map(state.__getitem__, cast("Any", original).__match_args__))
    return made


@cache
def defaults_of(kind: type) -> dict[str, Any]:
    """Return the fields of a class of records that have a default, each with its default."""
    return {name: getattr(kind, name) for name in cast("Any", kind).__match_args__ if hasattr(kind, name)}


class _DataclassFields:
    """The fields of a record for the module `dataclasses`, made when it first reads them."""

    def __get__(self, instance: object, owner: type) -> dict[str, Any]:
        from dataclasses import make_dataclass

        made = cast("Any", owner)
        kinds = {
            name: kind
            for item in reversed(made.__mro__)
            for name, kind in getattr(item, "__annotations__", {}).items()
        }
        fields = [
            (name, kinds[name], *((getattr(made, name),) if hasattr(made, name) else ()))
            for name in made.__match_args__
        ]
        made.__dataclass_fields__ = cast("Any", make_dataclass(owner.__name__, fields)).__dataclass_fields__
        return cast("dict[str, Any]", made.__dataclass_fields__)


def _make_init(names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    # Set one by one, the fields of all records of a class share one table of names, which halves the memory.
    put = object.__setattr__
    last = tuple(defaults.values())
    required = len(names) - len(last)

    def init(self: Any, *args: Any, **values: Any) -> None:
        if not values and required <= len(args) <= len(names):
            # The usual case, in less than half the time of the general code below; defaults come last.
            for name, value in zip(names, args + last[len(args) - required :], strict=True):
                put(self, name, value)
            return
        state = {**defaults, **dict(zip(names, args, strict=False)), **values}
        if len(state) != len(names) or len(args) > len(names):
            wrong = set(names) ^ set(state) or {f"{len(args)} positional values"}
            raise TypeError(f"{type(self).__name__}: missing or unexpected: {', '.join(sorted(wrong))}")
        for name in names:
            put(self, name, state[name])

    return init


def _refuse_change(self: Any, name: str, *value: Any) -> None:  # noqa: ARG001  - serves setting and deleting
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed")


def _is_equal(self: Any, other: object) -> Any:
    return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
