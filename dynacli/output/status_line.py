"""The progress line on standard error, overwritten with each new state while a call waits, sends or receives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from dynacli.environment import Environment
from dynacli.text.terminal import cell_width, terminal_width, visible

_PAUSE = 0.1
"""Minimum time between two states in seconds, because faster changes are unreadable."""
_PATIENCE_SECONDS = 1.0
_CELLS = 24
_PATIENCE = 0.5
"""Time in seconds before the first state, because most transfers are faster."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class StatusLine:
    """A line that is overwritten. It shows nothing if standard error is not a terminal or an agent runs the program.

    Args:
        env: The environment of the run.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        is_movable = env.stderr_is_terminal and env.variables.get("TERM") != "dumb"
        self._is_shown = is_movable and not env.is_agent
        self._last = 0.0
        self._size = 0

    def show(self, text: str) -> None:
        """Show a state, unless the last one was shown a moment ago."""
        now = time.monotonic()
        if not self._is_shown or now - self._last < _PAUSE:
            return
        self._last = now
        # One column stays free, because a full line would wrap and could not be overwritten.
        room = terminal_width(self._env, self._env.stderr) - 1
        text = visible(text, keep="")
        while cell_width(text) > room:
            text = text[:-1]
        self._write(text)

    def clear(self) -> None:
        """Empty the line before something else is written."""
        if self._size:
            self._write("")

    def _write(self, text: str) -> None:
        size = cell_width(text)
        blank = " " * max(self._size - size, 0)
        self._size = size
        end = "" if text else "\r"
        try:
            self._env.stderr.write(f"\r{text}{blank}{end}")
            self._env.stderr.flush()
        except (OSError, ValueError):
            # Standard error is closed or broken; progress is not a part of the outcome.
            self._is_shown = False


@contextmanager
def waiting_line(env: Environment, text: str) -> Iterator[None]:
    """Show a line on standard error, which must be a terminal, if the block takes longer than a moment.

    Args:
        env: The environment of the run.
        text: The work of the block.
    """
    line = StatusLine(env)
    timer = Timer(_PATIENCE_SECONDS, line.show, (text,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # the timer may be writing at this moment
        line.clear()


def _bar(done: int, total: int) -> str:
    """Return the percentage and a bar of fixed width: ` 50 % [############............]`."""
    filled = done * _CELLS // total
    return f"{done * 100 // total:3} % [{'#' * filled + '.' * (_CELLS - filled)}]"


def _calls_text(done: int, total: int, failed: int, rate: float) -> str:
    """Return the text of the line for many calls.

    Args:
        done: Number of finished calls.
        total: Number of all calls.
        failed: Number of failed calls.
        rate: Calls per second.
    """
    failures = f", {failed:,} failed" if failed else ""
    speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{_bar(done, total)} {done:,} of {total:,} rows{failures}, {speed}/s"


class CallsLine:
    """The progress line of a batch.

    Args:
        env: The environment of the run.
        total: Number of all rows.
        before: Number of rows that an earlier run finished.
        clock: Returns the time of a clock that never goes back, in seconds.
    """

    def __init__(
        self, env: Environment, total: int, before: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._line, self._total, self._before = StatusLine(env), total, before
        self._clock, self._start = clock, clock()

    def show(self, done: int, failed: int) -> None:
        """Show the number of finished rows and of failed rows."""
        seconds = self._clock() - self._start
        rate = max(done - self._before, 0) / seconds if seconds > 0 else 0.0
        self._line.show(_calls_text(done, self._total, failed, rate))

    def clear(self) -> None:
        """Empty the line before something else is written."""
        self._line.clear()


class TransferLine:
    """The progress line of one transfer.

    Args:
        env: The environment of the run.
        clock: Returns the time of a clock that never goes back, in seconds.
    """

    def __init__(self, env: Environment, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = StatusLine(env), clock
        self.begin(None)

    def begin(self, total: int | None, done: int = 0) -> None:
        """Start a transfer, or restart it.

        Args:
            total: Number of all bytes; None if unknown.
            done: Number of bytes that were transferred earlier.
        """
        self._total, self._done, self._before = total, done, done
        self._start = self._clock()
        self._next = self._start + _PATIENCE

    def add(self, count: int) -> None:
        """Add a number of transferred bytes."""
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
def shown_transfer(env: Environment, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Report the progress of a transfer during the block.

    Args:
        env: The environment of the run.
        total: Number of all bytes; None if unknown.
        done: Number of bytes that were transferred earlier.

    Yields:
        A function that adds a number of transferred bytes.
    """
    line = TransferLine(env)
    line.begin(total, done)
    try:
        yield line.add
    finally:
        line.clear()


def transfer_text(done: int, total: int | None, rate: float) -> str:
    """Return the text of the line for a transfer.

    Args:
        done: Number of transferred bytes.
        total: Number of all bytes; None if unknown.
        rate: Bytes per second, above 0.
    """
    speed = f"{_amount(rate)}/s"
    if not total or done > total:
        return f"{_amount(done)}, {speed}"
    left = (total - done) / rate
    time_left = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min"
    return f"{_bar(done, total)} {_amount(done)} of {_amount(total)}, {speed}, {time_left} left"


def _amount(size: float) -> str:
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size:.0f} {_UNITS[0]}"
