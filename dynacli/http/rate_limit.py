"""A limit on the rate of requests to one API, shared by all threads."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from dynacli.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(?:(s)(?:ec(?:ond)?)?|(m)(?:in(?:ute)?)?|(h)(?:our)?))?")


class RateLimit:
    """Spaces the requests of several threads evenly.

    Args:
        per_second: Number of requests per second.
        clock: Returns the time of a clock that never goes back, in seconds.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._interval, self._clock, self._sleep = 1 / per_second, clock, sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def sleeping_by(self, sleep: Callable[[float], object]) -> RateLimit:
        """Return a limit with the same rate and another function for waiting."""
        return RateLimit(1 / self._interval, self._clock, sleep)

    def divided(self, count: int) -> RateLimit:
        """Return the limit for each of several processes that share this limit."""
        return RateLimit(1 / self._interval / count, self._clock, self._sleep)

    def take(self) -> float:
        """Reserve the next time slot for a request, and return the seconds until it."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._next)
            self._next = begin + self._interval
        return begin - now

    def wait(self) -> None:
        """Wait until a request may begin."""
        seconds = self.take()
        if seconds > 0:
            self._sleep(seconds)


def rate_of(text: str) -> float:
    """Return a rate in requests per second: `5/s`, `100/m`, `1000/h`, or a plain number for requests per second.

    Raises:
        UsageError: The text is not a rate.
    """
    found = _RATE.fullmatch(text.strip().lower())
    rate = float(found[1]) / _UNITS[found[2] or found[3] or found[4] or "s"] if found else 0.0
    if not 1e-6 <= rate <= 1e6:
        raise UsageError(
            f"`{text}` is not a rate", hint="Give requests in a time: `5/s`, `100/m` or `1000/h`"
        )
    return rate
