"""A line of progress on standard error, which each new state overwrites."""

import time

from dynacli.environment import Environment
from dynacli.text.terminal import cell_width, terminal_width, visible

__all__ = ["StatusLine"]

_PAUSE = 0.1
"""The least number of seconds between two states: faster changes could not be read."""


class StatusLine:
    """A line that is overwritten; where standard error is no terminal, or an agent reads it, nothing is written.

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
            # Standard error is closed or broken; progress is no part of the outcome.
            self._is_shown = False
