"""The body of an HTTP answer, written as it comes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.output.render import write_bytes

__all__ = ["is_unchanged", "watched_reader", "written_body"]

Write = Callable[[bytes], None]


def is_unchanged(env: Environment, output_format: str) -> bool:
    """Return whether an output format is the bytes as they came, which need no look at the whole."""
    is_piped = output_format == "auto" and not env.stdout_is_terminal
    return output_format[0] == "@" or output_format == "raw" or is_piped


@contextmanager
def written_body(env: Environment, media_type: str, output_format: str) -> Iterator[Write]:
    """Write a body piece by piece, each at once.

    Args:
        env: The surroundings of the run.
        media_type: The value of `Content-Type`, for the charset of text.
        output_format: `auto`, `raw`, `text` or `@FILE`. A file is complete at the end of the block,
            and untouched where an exception ends it.

    Yields:
        What writes a piece.

    Raises:
        FileError: The file or standard output cannot be written.
        BrokenPipeError: Nobody reads standard output any more.
    """
    if output_format[0] == "@":
        from pathlib import Path

        from dynacli.files import replace_named_file

        with replace_named_file(Path(output_format[1:])) as write:
            yield write
    elif is_unchanged(env, output_format) and env.stdout_bytes is not None:
        yield lambda piece: write_bytes(env, piece)
    else:
        text = _Text(env, media_type, is_unchanged=is_unchanged(env, output_format))
        try:
            yield text.write
        finally:
            text.end()


class _Text:
    """Writes text, on a terminal without anything that could drive it.

    Args:
        is_unchanged: Whether it stays as it is, where standard output is a stream of text that a caller made.
    """

    def __init__(self, env: Environment, media_type: str, *, is_unchanged: bool) -> None:
        import codecs

        from dynacli.output.content_kind import charset_of

        self._env, self._is_unchanged = env, is_unchanged
        charset = "utf-8" if is_unchanged else charset_of(media_type)
        self._decoder = codecs.getincrementaldecoder(charset)("backslashreplace")
        # JSON is UTF-8 wherever it goes; only a terminal has an encoding of its own.
        self._encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"
        self._is_begun = False
        self._rest = ""
        self._last = "\n"

    def write(self, piece: bytes) -> None:
        """Write a piece, up to what cannot be told without the next one."""
        self._write(self._decoder.decode(piece))

    def end(self) -> None:
        """Write what is left, and end the last line."""
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
            from dynacli.text.terminal import visible

            text = self._rest + text
            # Half of a pair that ends a line, or something that is shown.
            self._rest = "\r" if text.endswith("\r") and not is_end else ""
            text = visible(text.removesuffix(self._rest).replace("\r\n", "\n"))
        if text:
            self._last = text[-1]
            write_bytes(self._env, text.encode(self._encoding, "backslashreplace"))


@contextmanager
def watched_reader(
    env: Environment, output_format: str, tell: Callable[[], None]
) -> Iterator[Callable[[], bool]]:
    """Watch, during the block, whether somebody reads the pipe that standard output is.

    A stream may be quiet for long, and writing is the only other way to learn that nobody waits for it any more.

    Args:
        env: The surroundings of the run.
        output_format: The one in which the block writes.
        tell: Called, in another thread, when the reader has gone.

    Yields:
        What tells whether it has gone.
    """
    descriptor = None if output_format[0] == "@" or env.stdout_is_terminal else _descriptor(env)
    if descriptor is None:
        yield lambda: False
        return
    import os

    reading, writing = os.pipe()
    watch = _Watch(descriptor, reading, tell)
    watch.start()
    try:
        yield lambda: watch.is_gone
    finally:
        os.close(writing)
        watch.join()
        os.close(reading)


def _descriptor(env: Environment) -> int | None:
    import select

    try:
        return env.stdout.fileno() if hasattr(select, "poll") else None
    except (OSError, ValueError, AttributeError):  # closed, or replaced by something in memory
        return None


class _Watch(threading.Thread):
    def __init__(self, descriptor: int, end: int, tell: Callable[[], None]) -> None:
        super().__init__(name="dynacli-reader", daemon=True)
        self._descriptor, self._end, self._tell = descriptor, end, tell
        self.is_gone = False

    def run(self) -> None:
        import select

        poll = select.poll()
        # Of a pipe whose reader has gone an error is reported, whatever was asked for (POSIX, `poll`).
        poll.register(self._descriptor, 0)
        poll.register(self._end, 0)
        gone = dict(poll.poll()).get(self._descriptor, 0)
        if gone & select.POLLERR:
            self.is_gone = True
            self._tell()
