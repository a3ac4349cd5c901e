"""What surrounds one run: streams, terminal, variables and directories.

Everything that a run takes from its surroundings goes through one `Environment`,
so that tests drive the whole program in-process.
Streams are looked up when it is made, never at import.
"""

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any, BinaryIO, TextIO

__all__ = ["Environment", "StandardInput"]


class StandardInput:
    """Standard input as a stream, of which a beginning can be looked at.

    Args:
        stream: A byte stream, or one of text that a caller has put in its place.
    """

    def __init__(self, stream: Any) -> None:
        # Below the buffer: a thread that waits in it would hold its lock when the interpreter ends.
        self._stream = getattr(stream, "raw", stream)
        self._before = b""

    def read(self, size: int) -> bytes | None:
        """Return at most so many bytes, none at the end; None where it is set not to wait and nothing is there.

        Raises:
            OSError: It cannot be read.
            ValueError: It is closed.
        """
        if self._before:
            before, self._before = self._before, b""
            return before
        chunk = self._stream.read(size)
        return chunk.encode() if isinstance(chunk, str) else chunk

    def put_back(self, content: bytes) -> None:
        """Let the next reading begin with this."""
        self._before = content


class Environment:
    """The surroundings of one run.

    Args:
        stdin: Standard input.
        stdout: Standard output; data only. Bytes go to its `buffer`.
        stderr: Standard error; everything that is not data.
        variables: The environment variables.
    """

    def __init__(
        self,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.stdin = sys.stdin if stdin is None else stdin
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = sys.stderr if stderr is None else stderr
        self.variables: Mapping[str, str] = os.environ if variables is None else variables
        self._stdin_content: tuple[str, bytes] | None = None
        self._stdin: tuple[str, StandardInput] | None = None

    @property
    def stdout_bytes(self) -> BinaryIO | None:
        """The byte stream under standard output; None where a caller replaced it by text only."""
        return getattr(self.stdout, "buffer", None)

    def read_stdin(self, use: str, limit: int = -1) -> bytes:
        """Return all of standard input, read once and for one use.

        Args:
            use: What it is taken for, as messages say it.
            limit: Bytes to read at most.

        Raises:
            UsageError: It was taken for something else in this run.
            OSError: It cannot be read.
            ValueError: It is closed, or holds text that is not Unicode.
        """
        if self._stdin is not None:
            self._check_use(self._stdin[0], use)
        if self._stdin_content is None:
            buffer = getattr(self.stdin, "buffer", None)
            content = buffer.read(limit) if buffer is not None else self.stdin.read(limit).encode()
            self._stdin_content = (use, content)
        self._check_use(self._stdin_content[0], use)
        return self._stdin_content[1]

    def open_stdin(self, use: str) -> "StandardInput":
        """Return standard input to be read piece by piece, for one use.

        Raises:
            UsageError: It was taken for something else in this run.
        """
        if self._stdin_content is not None:
            import io

            return StandardInput(io.BytesIO(self.read_stdin(use)))
        if self._stdin is None:
            self._stdin = (use, StandardInput(getattr(self.stdin, "buffer", self.stdin)))
        self._check_use(self._stdin[0], use)
        return self._stdin[1]

    def _check_use(self, taken: str, use: str) -> None:
        if taken != use:
            from dynacli.errors import UsageError

            raise UsageError(
                f"Standard input cannot be {taken} and {use} at once", hint="Give one of them as a file"
            )

    @cached_property
    def stdin_is_terminal(self) -> bool:
        """Whether a person can be asked something."""
        return _is_terminal(self.stdin)

    @cached_property
    def stdout_is_terminal(self) -> bool:
        """Whether standard output is looked at by a person."""
        return _is_terminal(self.stdout)

    @cached_property
    def stderr_is_terminal(self) -> bool:
        """Whether standard error is looked at by a person."""
        return _is_terminal(self.stderr)

    @property
    def allows_colour(self) -> bool:
        """Whether colour may be used on a terminal: `NO_COLOR` (no-color.org) and `TERM=dumb` say no."""
        return not self.variables.get("NO_COLOR") and self.variables.get("TERM") != "dumb"

    @cached_property
    def cache_dir(self) -> str:
        """Where compiled documents are kept: `DYNACLI_CACHE_DIR`, else the platform's directory."""
        return self.variables.get("DYNACLI_CACHE_DIR") or self._user_dir("cache")

    @cached_property
    def config_dir(self) -> str:
        """Where the configuration is: `DYNACLI_CONFIG_DIR`, else the platform's directory."""
        return self.variables.get("DYNACLI_CONFIG_DIR") or self._user_dir("config")

    def _home(self) -> str:
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            # No HOME and no entry in the list of users, as in some containers: `~` would become a directory here.
            from dynacli.errors import FileError

            raise FileError(
                "There is no home directory to keep things in",
                hint="Name directories in `DYNACLI_CACHE_DIR` and `DYNACLI_CONFIG_DIR`",
            )
        return home

    def _user_dir(self, kind: str) -> str:
        # XDG's two rules are written out because importing platformdirs takes a third of the time
        # that a help page has; elsewhere it decides.
        if os.name == "posix" and sys.platform not in {"darwin", "ios"}:
            base = self.variables.get(f"XDG_{kind.upper()}_HOME", "")
            if not os.path.isabs(base):  # the XDG specification: a relative path is ignored
                base = os.path.join(self._home(), f".{kind}")
            return os.path.join(base, "dynacli")
        import platformdirs

        find = platformdirs.user_cache_dir if kind == "cache" else platformdirs.user_config_dir
        return find("dynacli", appauthor=False)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # ValueError: the stream is closed
        return False
