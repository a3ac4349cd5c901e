"""How many requests are sent in a time: those of one API, whichever thread sends them."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from dynacli.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:/\s*(?:(s)(?:ec(?:ond)?)?|(m)(?:in(?:ute)?)?|(h)(?:our)?))?")


class RateLimit:
    """Lets requests begin one after the other, evenly spaced, from several threads.

    Args:
        per_second: How many begin in a second.
        clock: Returns seconds that only go up.
        sleep: Waits for so many seconds.
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
        """Return a limit of the same rate that waits in another way."""
        return RateLimit(1 / self._interval, self._clock, sleep)

    def divided(self, count: int) -> RateLimit:
        """Return the limit of one of several processes that share this limit."""
        return RateLimit(1 / self._interval / count, self._clock, self._sleep)

    def take(self) -> float:
        """Return the seconds after which a request may begin; its place is taken."""
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
    """Return how many requests a second a rate means: `5/s`, `100/m`, `1000/h`; a plain number is one a second.

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
