"""A point in time that is moved with every message, and hardly ever comes."""

import asyncio
from collections.abc import Callable
from math import inf

__all__ = ["Deadline"]


class Deadline:
    """Calls a function when a time has come.

    Moving it on costs a comparison: the timer of the event loop stays where it is, and looks when it fires.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._at, self._on_time = inf, self.clear
        self._timer: asyncio.TimerHandle | None = None

    def move(self, seconds: float, on_time: Callable[[], None]) -> None:
        """Let it come so many seconds from now.

        Args:
            on_time: What is called then.
        """
        self._at, self._on_time = self._loop.time() + seconds, on_time
        if self._timer is None or self._timer.when() > self._at:
            self._start()

    def clear(self) -> None:
        """Let it not come."""
        self._at, self._on_time = inf, self.clear

    def end(self) -> None:
        """Let it not come, and leave no timer behind."""
        self.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._at == inf:
            return
        if self._at > self._loop.time():
            self._start()
            return
        on_time = self._on_time
        self.clear()
        on_time()
