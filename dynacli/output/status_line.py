"""The line of progress on standard error, which each new state overwrites: while a call waits, sends or receives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from dynacli.environment import Environment
from dynacli.text.terminal import cell_width, terminal_width, visible

_PAUSE = 0.1
"""The least number of seconds between two states: faster changes could not be read."""
_PATIENCE_SECONDS = 1.0
_CELLS = 24
_PATIENCE = 0.5
"""Seconds before anything is shown: most files are there by then."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class StatusLine:
    """A line that is overwritten; if standard error is not a terminal, or an agent reads it, nothing is written.

    Args:
        env: The surroundings of the run.
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
        # One column stays free: a full line would wrap, and then could not be overwritten.
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
    """Show a line on standard error, which is a terminal, once the block has lasted for a second, until it ends.

    Args:
        text: What is being done.
    """
    line = StatusLine(env)
    timer = Timer(_PATIENCE_SECONDS, line.show, (text,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be writing just now
        line.clear()


def _bar(done: int, total: int) -> str:
    """Return the percentage and a bar of fixed width: ` 50 % [############............]`."""
    filled = done * _CELLS // total
    return f"{done * 100 // total:3} % [{'#' * filled + '.' * (_CELLS - filled)}]"


def _calls_text(done: int, total: int, failed: int, rate: float) -> str:
    """Return what the line says of many calls.

    Args:
        done: How many are done.
        total: How many there are.
        failed: How many of those that are done failed.
        rate: Calls in a second.
    """
    failures = f", {failed:,} failed" if failed else ""
    speed = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{_bar(done, total)} {done:,} of {total:,} rows{failures}, {speed}/s"


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
        self._line.show(_calls_text(done, self._total, failed, rate))

    def clear(self) -> None:
        """Empty the line before something else is written."""
        self._line.clear()


class TransferLine:
    """The line of one transfer.

    Args:
        clock: Returns seconds that only go up.
    """

    def __init__(self, env: Environment, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._clock = StatusLine(env), clock
        self.begin(None)

    def begin(self, total: int | None, done: int = 0) -> None:
        """Begin a transfer, or begin it again.

        Args:
            total: How many bytes there are; None if no one knows.
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
def shown_transfer(env: Environment, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Report during the block how far a transfer is.

    Args:
        total: How many bytes there are; None if no one knows.
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
        total: How many there are; None if no one knows.
        rate: Bytes in a second, above 0.
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
