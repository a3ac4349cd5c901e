"""Writing bytes or text to standard output, to a pager if text does not fit on the terminal, or to a file."""

import errno
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from dynacli.environment import Environment, variable
from dynacli.errors import FileError
from dynacli.output.output_format import OutputFormat
from dynacli.text.terminal import terminal_width, visible

if TYPE_CHECKING:
    import subprocess

Write = Callable[[bytes], None]
_BLOCK = 1 << 15
"""Number of characters to write at once, after the first piece."""
_WIDEST = 1000
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}
"""Options of pagers: less exits if the text fits, shows colours and leaves the text on the screen; lv shows colours."""


def writes_unchanged(env: Environment, form: OutputFormat) -> bool:
    """Return whether the bytes are written unchanged, so that writing need not wait for the whole body."""
    if form.filter or form.columns:
        return False
    is_pipe = bool(form.file) or not env.stdout_is_terminal
    return form.format == "raw" or (form.format == "auto" and is_pipe)


def write_bytes(env: Environment, data: bytes) -> None:
    """Write bytes to standard output, unbuffered.

    Raises:
        FileError: Standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    env.stdout_size += len(data)
    try:
        buffer = env.stdout_bytes
        if buffer is None:
            env.stdout.write(data.decode("utf-8", "backslashreplace"))
        else:
            env.stdout.flush()
            buffer.flush()
            # Without the buffer, because the interpreter would try to write leftover bytes again at its exit, and
            # print an error.
            _write_all(getattr(buffer, "raw", buffer).write, data)
        env.stdout.flush()
    except BrokenPipeError:
        raise
    except (OSError, ValueError, AttributeError) as error:  # a closed or missing stream
        raise output_error(error) from error


def _write_all(write: Callable[[memoryview], int | None], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = write(rest)
        if written is None:  # the descriptor is non-blocking, and its reader is slow
            from time import sleep

            sleep(0.005)
        rest = rest[written or 0 :]


def output_error(error: Exception) -> FileError:
    """Return the error for a failed write to standard output.

    Raises:
        BrokenPipeError: The reader is gone. Windows reports this as "invalid argument".
            https://github.com/python/cpython/issues/79935
    """
    number = error.errno if isinstance(error, OSError) else None
    if os.name == "nt" and number == errno.EINVAL:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) from error
    if number in {errno.ENOSPC, errno.EDQUOT}:
        reason, hint = "no space is left on the disk", "Free some space, or use another disk"
    else:
        reason = (getattr(error, "strerror", None) or "it is closed").lower()
        hint = "Redirect it to a file: `> FILE`"
    return FileError("Standard output cannot be written", reason=reason, hint=hint)


@contextmanager
def written_body(env: Environment, media_type: str, form: OutputFormat) -> Iterator[Write]:
    """Write a body piece by piece, unbuffered.

    Args:
        env: The environment of the run.
        media_type: The value of `Content-Type`, for the charset of text.
        form: Output settings with the format `auto`, `raw` or `text`. A file is complete at the end of the block. If
            the block fails, the file does not change.

    Yields:
        A function that writes a piece.

    Raises:
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.file:
        from pathlib import Path

        from dynacli.files import replace_named_file

        with replace_named_file(Path(form.file)) as write:
            yield write
    elif writes_unchanged(env, form) and env.stdout_bytes is not None:
        last = b""

        def write_piece(piece: bytes) -> None:
            nonlocal last
            last = piece[-1:] or last
            write_bytes(env, piece)

        yield write_piece
        if env.stdout_is_terminal and last in {b"}", b"]"}:
            write_bytes(env, b"\n")  # so that the shell prints its prompt on a new line
    else:
        text = _Text(env, media_type, is_unchanged=writes_unchanged(env, form))
        try:
            yield text.write
        finally:
            text.end()


class _Text:
    """Writes text; on a terminal, without anything that could control it.

    Args:
        env: The surroundings of the run.
        media_type: The value of `Content-Type`, for the charset.
        is_unchanged: Whether to write the text unchanged, if a caller replaced standard output with a text stream.
    """

    def __init__(self, env: Environment, media_type: str, *, is_unchanged: bool) -> None:
        import codecs

        from dynacli.text.body_text import charset_of

        self._env, self._is_unchanged = env, is_unchanged
        charset = "utf-8" if is_unchanged else charset_of(media_type)
        self._decoder = codecs.getincrementaldecoder(charset)("backslashreplace")
        # JSON is always UTF-8; only a terminal has an encoding of its own.
        self._encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"
        self._is_begun = False
        self._rest = ""
        self._last = "\n"

    def write(self, piece: bytes) -> None:
        """Write a piece, but keep an incomplete character at its end for the next piece."""
        self._write(self._decoder.decode(piece))

    def end(self) -> None:
        """Write the rest, and end the last line."""
        text = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        self._write(text, is_end=True)
        if self._last != "\n" and not self._is_unchanged:
            self._write("\n")

    def _write(self, text: str, *, is_end: bool = False) -> None:
        if not self._is_begun and text:
            self._is_begun = True
            text = text if self._is_unchanged else text.removeprefix("\ufeff")
        if self._env.stdout_is_terminal and not self._is_unchanged:
            text = self._rest + text
            # A final CR is held back: it may be the first half of a CRLF, or a control character to make visible.
            self._rest = "\r" if text.endswith("\r") and not is_end else ""
            text = visible(text.removesuffix(self._rest).replace("\r\n", "\n"))
        if text:
            self._last = text[-1]
            write_bytes(self._env, text.encode(self._encoding, "backslashreplace"))


@contextmanager
def watched_reader(
    env: Environment, form: OutputFormat, on_gone: Callable[[], None]
) -> Iterator[Callable[[], bool]]:
    """Watch during the block whether the pipe of standard output still has a reader.

    Without this, only the next write would show that the reader is gone, and a stream may be silent for long.

    Args:
        env: The environment of the run.
        form: The output settings of the block.
        on_gone: Called, in another thread, when the reader is gone.

    Yields:
        A function that returns whether the reader is gone.
    """
    descriptor = None if form.file or env.stdout_is_terminal else _descriptor(env)
    if descriptor is None:
        yield lambda: False
        return
    import os

    reading, writing = os.pipe()
    watch = _Watch(descriptor, reading, on_gone)
    watch.start()
    try:
        yield lambda: watch.is_gone
    finally:
        os.close(writing)
        watch.join()
        os.close(reading)


def _descriptor(env: Environment) -> int | None:
    try:
        return env.stdout.fileno()
    except (OSError, ValueError, AttributeError):  # the stream is closed, or in memory
        return None


def is_redirected(env: Environment) -> bool:
    """Return whether standard output is a file (`> FILE`) that standard error does not share."""
    import stat

    descriptor = _descriptor(env)
    if descriptor is None:
        return False
    try:
        is_shared = os.path.sameopenfile(descriptor, env.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        is_shared = False
    return stat.S_ISREG(os.fstat(descriptor).st_mode) and not is_shared


class _Watch(threading.Thread):
    """A thread that waits until the reader of a pipe is gone.

    Args:
        descriptor: The writing end of the pipe.
        end: A descriptor that becomes readable when the thread must end.
        on_gone: Called when the reader is gone.
    """

    def __init__(self, descriptor: int, end: int, on_gone: Callable[[], None]) -> None:
        super().__init__(name="dynacli-reader", daemon=True)
        self._descriptor, self._end, self._on_gone = descriptor, end, on_gone
        self.is_gone = False

    def run(self) -> None:
        from dynacli.system import is_reader_gone

        if is_reader_gone(self._descriptor, self._end):
            self.is_gone = True
            self._on_gone()


@contextmanager
def written_text(env: Environment, form: OutputFormat) -> Iterator[Callable[[str], None]]:
    """Write text piece by piece: to the file in the settings, which is replaced as a whole, else to standard output.

    On a terminal, a pager shows text that does not fit, if the settings allow a pager.

    Yields:
        A function that writes a piece. For a terminal, the caller must make the piece `visible` first.

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
    """Yield the first piece at once, and join the next ones into blocks."""
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


def _pager_command(env: Environment) -> list[str]:
    """Return the command of the pager: `DYNACLI_PAGER`, else `PAGER`, else less if it is installed.

    It is empty if standard output is not a capable terminal, if an agent runs the program, or if the variable is empty
    or `cat`.
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
    """Show text in a pager, or write it if it fits on the terminal.

    Args:
        env: The environment of the run.
        command: The command of the pager.
        write: Writes text that fits.

    Yields:
        A function that takes a piece of text. It drops text after the user has left the pager.
    """
    screen = _Screen(env, command)
    try:
        yield screen.add
    finally:
        for text in screen.kept:
            write(text)
        screen.leave()


class _Screen:
    """Text that is collected while it fits on the terminal, and goes to a pager when it does not fit any more.

    Attributes:
        kept: The collected text.
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
            self._lines = 1 << 60  # the pager cannot be started, so the terminal gets all text
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
        """Wait until the user has left the pager."""
        pipe = self._pipe
        if self._process is None or pipe is None:
            return
        with suppress(OSError):
            pipe.close()
        while True:
            try:
                self._process.wait()
            except KeyboardInterrupt:
                continue  # the pager handles Ctrl-C
            return
