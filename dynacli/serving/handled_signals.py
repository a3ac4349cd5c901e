"""What is done about the signals that end a server."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["handle_signals", "kept_handlers"]

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def handle_signals(handle: Callable[[int], None]) -> None:
    """Let SIGINT and SIGTERM be handled in the running event loop; does nothing outside the main thread.

    A handler of `signal.signal` alone would come too late where the signal arrives just before the loop begins to wait.

    Args:
        handle: Called with the number of the signal.
    """
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in _NUMBERS:
            loop.add_signal_handler(number, handle, number)


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Put the handlers back at the end of a block that were there at its beginning."""
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _NUMBERS if is_main}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
