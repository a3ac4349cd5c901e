"""Calls side by side: how many at once, how Ctrl-C ends them after those that are under way."""

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class Dispatcher(Generic[_T]):
    """Runs functions in threads of their own, and hands over what they return.

    The threads are daemons: a thread that waits for a response does not keep the program from ending.

    Attributes:
        running: How many functions are running, or have a result that was not taken yet.

    Args:
        parallel: How many run at once.
    """

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._results: queue.SimpleQueue[tuple[_T | None, BaseException | None]] = queue.SimpleQueue()
        self.running = 0

    @property
    def is_free(self) -> bool:
        """Whether the next function may begin, or another one has to end first."""
        return self.running < self._parallel

    def start(self, work: Callable[[], _T]) -> None:
        """Begin a function."""
        self.running += 1

        def run() -> None:
            try:
                self._results.put((work(), None))
            except BaseException as error:  # noqa: BLE001  - raised again where the result is taken
                self._results.put((None, error))

        threading.Thread(target=run, name="dynacli-call", daemon=True).start()

    def take(self, seconds: float) -> _T | None:
        """Return what a function returned; None if none ended in that time.

        Raises:
            BaseException: Whatever the function raised.
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
    """Let the first Ctrl-C of the block be noted alone, and the second one end it.

    An exception could come between a call that changes something and the note that it was made. If someone else
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
