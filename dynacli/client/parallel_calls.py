"""Parallel calls, and Ctrl-C that lets calls in progress finish."""

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Dispatcher(Generic[_T]):
    """Runs functions in threads, and returns their results.

    The threads are daemons, so a thread that waits for a response does not delay the end of the program.

    Attributes:
        running: Number of functions that run or whose result was not taken yet.

    Args:
        parallel: Maximum number of functions at a time.
    """

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._results: queue.SimpleQueue[tuple[_T | None, BaseException | None]] = queue.SimpleQueue()
        self.running = 0

    @property
    def is_free(self) -> bool:
        """True if another function may start now."""
        return self.running < self._parallel

    def start(self, work: Callable[[], _T]) -> None:
        """Run a function in a thread."""
        self.running += 1

        def run() -> None:
            try:
                self._results.put((work(), None))
            except BaseException as error:  # noqa: BLE001  - raised again when the result is taken
                self._results.put((None, error))

        threading.Thread(target=run, name="dynacli-call", daemon=True).start()

    def take(self, seconds: float) -> _T | None:
        """Return the result of a function; None if none finishes within the given time.

        Raises:
            BaseException: The function raised it.
        """
        try:
            result, error = self._results.get(timeout=seconds)
        except queue.Empty:
            return None
        self.running -= 1
        if error is not None:
            raise error
        return result


@contextmanager
def noting_interrupt(note: Callable[[], None]) -> Iterator[None]:
    """Note the first Ctrl-C of the block without interrupting it. The second one interrupts.

    An exception could arise between a change and the record of it. Signals stay as they are in other threads
    than the
    main one, and if they have another handler.

    Args:
        note: Called at the first Ctrl-C.
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
