"""A line on a terminal's standard error that is written over until it is done."""

import time

from dynacli.environment import Environment
from dynacli.text.terminal import cell_width, terminal_width, visible

__all__ = ["StatusLine"]

_PAUSE = 0.1
"""Seconds between two states that are shown: more often nobody could read them."""


class StatusLine:
    """The line; without a terminal nothing is ever written.

    Args:
        env: The surroundings of the run.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._is_shown = env.stderr_is_terminal and env.variables.get("TERM") != "dumb"
        self._last = 0.0
        self._size = 0

    def show(self, text: str) -> None:
        """Show a state, unless the one before was shown a moment ago."""
        now = time.monotonic()
        if not self._is_shown or now - self._last < _PAUSE:
            return
        self._last = now
        # One column stays free: a full line would wrap, and what wraps cannot be written over.
        room = terminal_width(self._env, self._env.stderr) - 1
        text = visible(text, keep="")
        while cell_width(text) > room:
            text = text[:-1]
        self._write(text)

    def clear(self) -> None:
        """Leave the line empty, for what is written next."""
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
        except (OSError, ValueError, UnicodeError):  # nobody reads it, and it is no part of the outcome
            self._is_shown = False
