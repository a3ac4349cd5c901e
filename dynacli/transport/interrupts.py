"""Ctrl-C that ends a run of many calls after those that are under way."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["noting_interrupt"]


@contextmanager
def noting_interrupt(note: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C of the block be noted alone, and the second one end it.

    An exception could come between a call that changes something and the note that it was made. Where somebody else
    handles the signal, or the block runs in another thread than the first one, nothing is changed.

    Args:
        note: Called at the first one.
    """
    is_own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_own or threading.current_thread() is not threading.main_thread():
        yield
        return
    is_noted = False

    def handle(*_: Any) -> None:
        nonlocal is_noted
        if is_noted:
            raise KeyboardInterrupt
        is_noted = True
        note()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
