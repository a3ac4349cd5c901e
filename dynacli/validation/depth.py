"""How deep schemas may lead into each other before nobody follows them any more."""

from typing import Any

__all__ = ["keep_room", "looked_up"]

_ROOM = 30


def keep_room(levels: int = _ROOM) -> None:
    """Fail here where a call of some levels more would fail.

    The registry of `referencing` is written in Rust: where Python's stack ends inside of it, it panics, prints
    a backtrace, and raises what is no `Exception`.
    https://github.com/crate-py/rpds/blob/main/src/lib.rs

    Raises:
        RecursionError: There is no room left.
    """
    if levels:
        keep_room(levels - 1)


def looked_up(resolver: Any, ref: str) -> Any:
    """Return what a reference leads to, as the resolver finds it.

    Raises:
        RecursionError: There is no room left to look.
    """
    keep_room()
    return resolver.lookup(ref)
