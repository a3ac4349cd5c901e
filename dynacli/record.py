"""`@record`: a frozen dataclass that costs nothing to define.

`@dataclass(frozen=True)` writes and compiles three functions for each class at every start of the program.
For the ten classes of the data model that is a tenth of the time that a help page may take.
`@record` gives all classes the same functions, which work by the names of the fields.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from typing import Any, TypeVar, cast, dataclass_transform

__all__ = ["record"]

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """Return the class as a frozen dataclass with `__init__`, `__eq__`, `__hash__` by identity, and `__repr__`."""
    made = cast("Any", dataclass(init=False, repr=False, eq=False)(cls))
    names = tuple(field.name for field in fields(made))
    defaults = {field.name: field.default for field in fields(made) if field.default is not MISSING}
    made.__init__ = _make_init(names, defaults)
    made.__setattr__ = _refuse
    made.__delattr__ = _refuse
    made.__eq__ = _is_equal
    made.__hash__ = object.__hash__
    made.__repr__ = _repr
    return cast("type[_T]", made)


def _make_init(names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    def init(self: Any, *args: Any, **values: Any) -> None:
        state = self.__dict__
        state.update(defaults)
        state.update(zip(names, args, strict=False))
        state.update(values)
        if len(state) != len(names) or len(args) > len(names):
            wrong = set(names) ^ set(state) or {f"{len(args)} positional values"}
            raise TypeError(f"{type(self).__name__}: missing or unexpected: {', '.join(sorted(wrong))}")

    return init


def _refuse(self: Any, name: str, *value: Any) -> None:  # noqa: ARG001  - serves setting and deleting
    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed")


def _is_equal(self: Any, other: object) -> Any:
    return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
