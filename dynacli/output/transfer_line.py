"""A bar on a terminal that tells how far a download or an upload is."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.output.progress_bar import bar
from dynacli.output.status_line import StatusLine

__all__ = ["TransferLine", "told_transfer", "transfer_text"]

_PATIENCE = 0.5
"""Seconds before anything is shown: most files are there by then."""
_PAUSE = 0.1
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class TransferLine:
    """The line of one transfer.

    Args:
        clock: Returns seconds that only go up.
    """

    def __init__(self, env: Environment, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = StatusLine(env), clock
        self.begin(None)

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin a transfer, or begin it anew.

        Args:
            total: How many bytes there are; None where nobody knows.
            done: How many of them are there already.
        """
        self._total, self._done, self._before = total, done, done
        self._start = self._clock()
        self._next = self._start + _PATIENCE

    def add(self, count: int) -> None:
        """Note that so many more bytes were transferred."""
        self._done += count
        now = self._clock()
        if now >= self._next:
            self._next = now + _PAUSE
            rate = (self._done - self._before) / (now - self._start)
            self._line.show(transfer_text(self._done, self._total, rate))

    def clear(self) -> None:
        """Empty the line."""
        self._line.clear()


@contextmanager
def told_transfer(env: Environment, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Tell during the block how far a transfer is.

    Args:
        total: How many bytes there are; None where nobody knows.
        done: How many of them are there already.

    Yields:
        A function that notes so many more bytes.
    """
    line = TransferLine(env)
    line.begin(total, done)
    try:
        yield line.add
    finally:
        line.clear()


def transfer_text(done: int, total: int | None, rate: float) -> str:
    """Return what the line says.

    Args:
        done: How many bytes are there.
        total: How many there are; None where nobody knows.
        rate: Bytes in a second, above 0.
    """
    speed = f"{_amount(rate)}/s"
    if not total or done > total:
        return f"{_amount(done)}, {speed}"
    left = (total - done) / rate
    time_left = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min"
    return f"{bar(done, total)} {_amount(done)} of {_amount(total)}, {speed}, {time_left} left"


def _amount(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[0]}"
