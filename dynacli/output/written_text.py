"""Where text goes: standard output, a pager on a terminal where it does not fit, or a file."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from dynacli.environment import Environment, variable
from dynacli.output.output_form import OutputForm
from dynacli.output.stream_body import write_bytes
from dynacli.text.terminal import terminal_width

if TYPE_CHECKING:
    import subprocess

__all__ = ["blocks", "written_text"]

_BLOCK = 1 << 15
"""How many characters are written at a time, after the first piece."""


@contextmanager
def written_text(env: Environment, form: OutputForm) -> Iterator[Callable[[str], None]]:
    """Write text piece by piece: into the file of a form, which is replaced whole, else to standard output.

    On a terminal a pager shows what does not fit, where the form allows that.

    Yields:
        A function that writes a piece; for a terminal the piece was made visible before.

    Raises:
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.file:
        from dynacli.files import replace_named_file

        with replace_named_file(form.file) as write:
            yield lambda text: write(text.encode("utf-8", "backslashreplace"))
        return
    # JSON and YAML are always UTF-8; only a terminal has an encoding of its own.
    encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"

    def write_text(text: str) -> None:
        write_bytes(env, text.encode(encoding, "backslashreplace"))

    if form.may_page and env.stdout_is_terminal:
        command = _pager_command(env)
        if command:
            with _paged(env, command, write_text) as write_page:
                yield write_page
            return
    yield write_text


def blocks(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the first piece at once, and the others together, as many as make a block."""
    waiting: list[str] = []
    size = _BLOCK
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


_WIDEST = 1000
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}
"""less ends where all fits after all, shows colours, and leaves the text on the screen; lv shows colours."""


def _pager_command(env: Environment) -> list[str]:
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
def _paged(
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
