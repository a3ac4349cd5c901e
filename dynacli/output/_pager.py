"""`$PAGER` on a terminal, for text that does not fit on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from dynacli.environment import Environment, variable
from dynacli.text.terminal import terminal_width

if TYPE_CHECKING:
    import subprocess

__all__ = ["paged", "pager_command"]

_WIDEST = 1000
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}
"""less ends where all fits after all, shows colours, and leaves the text on the screen; lv shows colours."""


def pager_command(env: Environment) -> list[str]:
    """Return the words of the pager: of `DYNACLI_PAGER`, else `PAGER`, else less where it is installed.

    It is empty where standard output is no terminal that can be moved about in, where an agent reads it, and where a
    variable is empty or says `cat`.
    """
    if not env.stdout_is_terminal or env.variables.get("TERM", "dumb") == "dumb" or env.is_agent:
        return []
    import shlex
    import shutil

    chosen = env.variables.get(variable("PAGER"), env.variables.get("PAGER", "less"))
    try:
        words = shlex.split(chosen)
        env.stdout.fileno()
    except (ValueError, OSError, AttributeError):  # an open quote; a stream in memory
        return []
    return (
        words if words and words != ["cat"] and shutil.which(words[0], path=env.variables.get("PATH")) else []
    )


@contextmanager
def paged(
    env: Environment, command: list[str], write: Callable[[str], None]
) -> Iterator[Callable[[str], None]]:
    """Show text in a pager, or write it where it fits on the terminal.

    Args:
        command: The words of the pager.
        write: Writes text that fits.

    Yields:
        A function that takes a piece of text; what comes after the person has left the pager is dropped.
    """
    screen = _Screen(env, command)
    try:
        yield screen.add
    finally:
        for text in screen.kept:
            write(text)
        screen.leave()


class _Screen:
    """Text that is kept as long as it fits on the terminal, and goes to a pager from then on.

    Attributes:
        kept: The text that fits.
    """

    def __init__(self, env: Environment, command: list[str]) -> None:
        self._env, self._command = env, command
        self._columns = terminal_width(env, env.stdout, widest=_WIDEST)
        self._lines = os.get_terminal_size(env.stdout.fileno()).lines or 24
        self._used = 1  # the line of the prompt
        self._process: subprocess.Popen[bytes] | None = None
        self.kept: list[str] = []

    def add(self, text: str) -> None:
        if self._process is not None:
            self._send(text)
            return
        self.kept.append(text)
        self._used += sum(1 + max(len(line) - 1, 0) // self._columns for line in text.split("\n")) - 1
        if self._used > self._lines and self._start():
            self._send("".join(self.kept))
            self.kept.clear()

    def _start(self) -> bool:
        import subprocess

        self._env.stdout.flush()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=self._env.stdout,
                env={**_DEFAULTS, **self._env.variables},
            )
        except OSError:
            self._lines = 1 << 60  # it cannot be started: all is written to the terminal
        return self._process is not None

    def _send(self, text: str) -> None:
        pipe = self._pipe
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write(text.encode(self._env.stdout.encoding or "utf-8", "backslashreplace"))
            pipe.flush()
        except (BrokenPipeError, ConnectionError):
            with suppress(OSError):
                pipe.close()

    @property
    def _pipe(self) -> IO[bytes] | None:
        return None if self._process is None else self._process.stdin

    def leave(self) -> None:
        """Wait until the person has left the pager."""
        pipe = self._pipe
        if self._process is None or pipe is None:
            return
        with suppress(OSError):
            pipe.close()
        while True:
            try:
                self._process.wait()
            except KeyboardInterrupt:
                continue  # Ctrl-C is the pager's
            return
