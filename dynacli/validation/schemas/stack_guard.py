"""Guards against schemas that refer to each other more deeply than Python's stack allows."""

from typing import Any

__all__ = ["check_stack", "look_up"]

_FRAMES = 30


def check_stack(frames: int = _FRAMES) -> None:
    """Fail here where a call some frames deeper would fail.

    The registry of `referencing` is written in Rust. Where Python's stack ends inside of it, it panics, prints
    a backtrace, and raises something that is no `Exception`.
    https://github.com/crate-py/rpds/blob/main/src/lib.rs

    Raises:
        RecursionError: The stack has fewer frames left.
    """
    if frames:
        check_stack(frames - 1)


def look_up(resolver: Any, reference: str) -> Any:
    """Return what a resolver of `referencing` finds for a reference.

    Raises:
        RecursionError: The stack is too deep to look.
    """
    check_stack()
    return resolver.lookup(reference)
