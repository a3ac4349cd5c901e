"""How far something is that takes long, as a bar; and the line on a terminal that tells how far many calls are."""

import time
from collections.abc import Callable

from dynacli.environment import Environment
from dynacli.output.status_line import StatusLine

__all__ = ["CallsLine", "bar", "calls_text"]

_CELLS = 24


def bar(done: int, total: int) -> str:
    """Return the percentage and a bar of fixed width: ` 50 % [############............]`."""
    filled = done * _CELLS // total
    return f"{done * 100 // total:3} % [{'#' * filled + '.' * (_CELLS - filled)}]"


def calls_text(done: int, total: int, failed: int, rate: float) -> str:
    """Return what the line says of many calls.

    Args:
        done: How many are done.
        total: How many there are.
        failed: How many of those that are done failed.
        rate: Calls in a second.
    """
    failures = f", {failed:,} failed" if failed else ""
    speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{bar(done, total)} {done:,} of {total:,} rows{failures}, {speed}/s"


class CallsLine:
    """The line of a batch.

    Args:
        total: How many rows there are.
        before: How many of them were done before.
        clock: Returns seconds that only go up.
    """

    def __init__(
        self, env: Environment, total: int, before: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line, self._total, self._before = StatusLine(env), total, before
        self._clock, self._start = clock, clock()

    def show(self, done: int, failed: int) -> None:
        """Show how many rows are done, and failed."""
        seconds = self._clock() - self._start
        rate = max(done - self._before, 0) / seconds if seconds > 0 else 0.0
        self._line.show(calls_text(done, self._total, failed, rate))

    def clear(self) -> None:
        """Empty the line before something else is written."""
        self._line.clear()
