"""What is done about the signals that end a server."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["handled_signals"]


@contextmanager
def handled_signals(handle: Callable[[int], None]) -> Iterator[None]:
    """Handle SIGINT and SIGTERM for as long as the block lasts; does nothing outside the main thread.

    Args:
        handle: Called with the number of the signal.
    """
    # `asyncio.run` replaces Python's default handler by its own, but no other handler,
    # so these must be set before it starts and until it has ended.
    numbers = (signal.SIGINT, signal.SIGTERM)
    is_main = threading.current_thread() is threading.main_thread()
    before = {
        number: signal.signal(number, lambda number, _: handle(number)) for number in numbers if is_main
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
