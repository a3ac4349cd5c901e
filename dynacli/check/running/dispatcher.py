"""Calls side by side: how many at once, and how many each second."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Dispatcher"]

T = TypeVar("T")


class Dispatcher(Generic[T]):
    """Runs functions in threads of their own, and hands over what they return.

    The threads are daemons: a thread that waits for an answer does not keep the program from ending.

    Attributes:
        running: How many functions are running, or have a result that was not taken yet.

    Args:
        parallel: How many run at once.
        rate: How many begin within a second; 0 for any number.
    """

    def __init__(self, parallel: int, rate: float) -> None:
        self._parallel, self._pause = parallel, 1 / rate if rate else 0.0
        self._results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
        self._next_start = 0.0
        self.running = 0

    @property
    def seconds_until_free(self) -> float | None:
        """The seconds until the next function may begin; None where another one has to end first."""
        return None if self.running >= self._parallel else max(0.0, self._next_start - time.monotonic())

    def start(self, work: Callable[[], T]) -> None:
        """Begin a function."""
        now = time.monotonic()
        self._next_start = max(now, self._next_start) + self._pause
        self.running += 1

        def run() -> None:
            try:
                self._results.put((work(), None))
            except BaseException as error:  # noqa: BLE001  - raised again where the result is taken
                self._results.put((None, error))

        threading.Thread(target=run, name="dynacli-check", daemon=True).start()

    def take(self, seconds: float) -> T | None:
        """Return what a function returned; None where none ended in that time.

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
