"""The surroundings of a run: streams, terminal, variables and directories.

A run takes everything from one `Environment`, so that tests can run the whole program in their own process.
An `Environment` takes the streams of the process when it is made, not at import.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import IO, Any, BinaryIO, TextIO

from dynacli.record import record

DISTRIBUTION = "dynacli-openapi"
"""The name of the package for installers: `dynacli` is another project with the same import package and executable."""

_AGENT_VARIABLES = frozenset(
    {
        "AGENT",
        "AI_AGENT",
        "AMP_CURRENT_THREAD_ID",
        "ANTIGRAVITY_AGENT",
        "AUGMENT_AGENT",
        "CLAUDECODE",
        "CLAUDE_CODE",
        "CLINE_ACTIVE",
        "CRUSH",
        "CURSOR_AGENT",
        "GEMINI_CLI",
        "GOOSE_TERMINAL",
        "OPENCODE",
        "OPENCODE_CLIENT",
        "PI_CODING_AGENT",
        "QWEN_CODE",
        "ROO_ACTIVE",
        "TRAE_AI_SHELL_ID",
    }
)
"""Variables that agents set for the commands that they run. Users and the terminals of editors do not set them."""
_AGENT_PREFIXES = ("CODEX_", "COPILOT_")
_OF_PEOPLE = ("_HOME", "_TOKEN")
"""Ends of the variables with these prefixes by which users configure an agent. On a terminal they do not count."""

PROJECT_FILE = ".dynacli.toml"
"""The name of the file with the APIs of a project."""

_BELOW_HOME = {"cache": ".cache", "config": ".config", "state": os.path.join(".local", "state")}
"""Kind of directory → its default below the home directory (XDG specification)."""


@record
class Program:
    """The running program: dynacli, or a tool made by `dynacli bake` for one API.

    Its name appears in help, messages, completion, suggested commands, variables, directories and stored credentials.

    Args:
        name: Name of the command.
        api: The API of a tool, which its commands do not name; empty for dynacli.
        version: Version of the tool; empty for the version of dynacli.
        entry: Default settings of its API. The configuration overrides them.
        inside: Path of the archive that has its compiled document; empty if there is none.
        code: The Python code that runs it; empty for dynacli.
        hooks: `before` and `after` → the function, as `MODULE:FUNCTION`, to run around each call.
        only: The tags and operations that the tool has; empty for all.
        without: The tags and operations that the tool leaves out.
        is_short: Whether names of operations drop their leading tag if they stay unique.
        fetched_at: Time at which the document in the archive was fetched or read, in seconds since 1970.
    """

    name: str = "dynacli"
    api: str = ""
    version: str = ""
    entry: Mapping[str, Any] = MappingProxyType({})
    inside: str = ""
    code: str = ""
    hooks: Mapping[str, str] = MappingProxyType({})
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    is_short: bool = False
    fetched_at: float = 0.0

    @cached_property
    def prefix(self) -> str:
        """Prefix of the names of its environment variables."""
        return _as_variable(self.name)


_program = [Program()]


def program() -> Program:
    """Return the running program."""
    return _program[0]


def become(new: Program) -> Program:
    """Make this process run as another program from now on, and return the previous one."""
    old, _program[0] = _program[0], new
    return old


def invocation_words(verb: str = "", api: str = "") -> list[str]:
    """Return the first arguments of a command of the program.

    Args:
        verb: `describe`, or a command with its subcommand such as `auth login`; empty for a call.
        api: The API as the user named it. A tool of one API leaves it out.
    """
    runs = _program[0]
    return [runs.name, *verb.split(), *([api] if api and not runs.api else [])]


def invocation(verb: str = "", api: str = "") -> str:
    """Return the beginning of a command of the program, as text.

    Args:
        verb: As for `invocation_words`.
        api: As for `invocation_words`. The text quotes it for a shell if necessary.
    """
    if api and not api.replace("-", "").replace("_", "").isalnum():
        from shlex import quote  # most APIs have a plain name

        api = quote(api)
    return " ".join(invocation_words(verb, api))


def variable(setting: str) -> str:
    """Return the name of an environment variable of the program: `DYNACLI_CACHE_DIR` for `CACHE_DIR`."""
    return f"{_program[0].prefix}_{setting}"


def how_to_install(extra: str = "") -> str:
    """Return the command that installs dynacli from its checkout, in backticks within a phrase.

    The command does not name the distribution: the name is not registered on the public index, so anyone could take it.

    Args:
        extra: An extra of dynacli to install; empty for none.
    """
    source = f"'.[{extra}]'" if extra else "."
    return f"`pip install {source}` in the checkout of dynacli"


def prefix_of(api: str) -> str:
    """Return the prefix of the variables of an API: `DYNACLI_GIT_HUB` for `git-hub`.

    The API of a tool made by `bake` has the prefix of the tool.
    """
    runs = _program[0]
    return runs.prefix if api == runs.api else f"{runs.prefix}_{_as_variable(api)}"


def _as_variable(name: str) -> str:
    import re

    return re.sub(r"[^A-Z0-9]", "_", name.upper())


class StandardInput:
    """Standard input as a stream that can take back bytes that were read.

    Args:
        stream: A byte stream, or a text stream with which a caller replaced it.
    """

    def __init__(self, stream: Any) -> None:
        # The raw stream: a thread waiting in the buffer would still hold its lock when the interpreter ends.
        self._stream = getattr(stream, "raw", stream)
        self._put_back = b""

    def read(self, size: int) -> bytes | None:
        """Return at most `size` bytes, `b""` at the end; None if a non-blocking stream has nothing yet.

        Raises:
            OSError: The stream cannot be read.
            ValueError: The stream is closed.
        """
        if self._put_back:
            content, self._put_back = self._put_back, b""
            return content
        chunk = self._stream.read(size)
        return chunk.encode() if isinstance(chunk, str) else chunk

    def seekable(self) -> bool:
        """Return whether the input is a file, so that it can be read twice."""
        return bool(self._stream.seekable())

    def tell(self) -> int:
        """Return the position in the file of the next byte to read."""
        return int(self._stream.tell()) - len(self._put_back)

    def seek(self, position: int) -> None:
        """Let the next `read` start at a position of the file."""
        self._put_back = b""
        self._stream.seek(position)

    def put_back(self, content: bytes) -> None:
        """Let the next `read` return these bytes."""
        self._put_back = content


class Environment:
    """The surroundings of one run.

    Args:
        stdin: Standard input.
        stdout: Standard output, for data only. Bytes go to its `buffer`.
        stderr: Standard error, for everything that is not data.
        variables: The environment variables.

    Attributes:
        stdout_bytes: The byte stream under standard output; None if a caller replaced it with a text stream.
        stdin_is_terminal: Whether standard input is a terminal, so that questions can be asked.
        stdout_is_terminal: Whether standard output is a terminal.
        stderr_is_terminal: Whether standard error is a terminal.
        stdout_size: Number of bytes written to standard output.
        is_quiet: Whether notes are left out. Warnings and errors are not.
        copies: Name → copy of an input that can be read only once, for a run that starts again.
    """

    def __init__(
        self,
        *,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.stdin = stdin or sys.stdin or _closed_stream()
        self.stdout = stdout or sys.stdout or _closed_stream()
        self.stderr = stderr or sys.stderr
        self.stdout_bytes: BinaryIO | None = getattr(self.stdout, "buffer", None)
        self.stdin_is_terminal = _is_terminal(self.stdin)
        self.stdout_is_terminal = _is_terminal(self.stdout)
        self.stderr_is_terminal = _is_terminal(self.stderr)
        self.variables: Mapping[str, str] = os.environ if variables is None else variables
        self.stdout_size = 0
        self.is_quiet = False
        self.copies: dict[str, IO[bytes]] = {}
        self._stdin_content: tuple[str, bytes] | None = None
        self._stdin: tuple[str, StandardInput] | None = None

    def read_stdin(self, use: str, limit: int = -1) -> bytes:
        """Return all of standard input. It is read once, and serves one use.

        Args:
            use: The use of the input, as messages name it: `read as the password`.
            limit: Maximum number of bytes to read; -1 for all.

        Raises:
            UsageError: Standard input already serves another use in this run.
            OSError: Standard input cannot be read.
            ValueError: Standard input is closed, or its text is not Unicode.
        """
        if self._stdin is not None:
            self._check_use(self._stdin[0], use)
        if self._stdin_content is None:
            buffer = getattr(self.stdin, "buffer", None)
            content = buffer.read(limit) if buffer is not None else self.stdin.read(limit).encode()
            self._stdin_content = (use, content)
        self._check_use(self._stdin_content[0], use)
        return self._stdin_content[1]

    def open_stdin(self, use: str) -> StandardInput:
        """Return standard input as a stream, for one use.

        Raises:
            UsageError: Standard input already serves another use in this run.
        """
        if self._stdin_content is not None:
            import io

            return StandardInput(io.BytesIO(self.read_stdin(use)))
        if self._stdin is None:
            self._stdin = (use, StandardInput(getattr(self.stdin, "buffer", self.stdin)))
        self._check_use(self._stdin[0], use)
        return self._stdin[1]

    def _check_use(self, first_use: str, use: str) -> None:
        if first_use != use:
            from dynacli.errors import UsageError

            raise UsageError(
                f"Standard input cannot be {first_use} and {use} at once", hint="Give one of them as a file"
            )

    @cached_property
    def is_agent(self) -> bool:
        """Whether the environment variables show that an agent runs the program, so questions are not asked."""
        has_person = self.stdin_is_terminal and self.stderr_is_terminal
        return any(
            value
            and (
                name in _AGENT_VARIABLES
                or (name.startswith(_AGENT_PREFIXES) and not (has_person and name.endswith(_OF_PEOPLE)))
            )
            for name, value in self.variables.items()
        )

    @property
    def allows_colour(self) -> bool:
        """Whether terminals may get colour: not with `NO_COLOR` (no-color.org) or `TERM=dumb`, and not for an agent."""
        is_plain = self.variables.get("NO_COLOR") or self.variables.get("TERM") == "dumb"
        return not is_plain and not self.is_agent

    def setting(self, name: str) -> str:
        """Return the value of an environment variable of the program, such as `CACHE_DIR`; empty if it is not set."""
        return self.variables.get(variable(name)) or ""

    @cached_property
    def cache_dir(self) -> str:
        """The directory of compiled documents: `DYNACLI_CACHE_DIR`, else the platform's directory."""
        return self.setting("CACHE_DIR") or self._user_dir("cache")

    @property
    def responses_dir(self) -> str:
        """The directory of stored responses, which exists only if the user stores some."""
        return os.path.join(self.cache_dir, "responses")

    @cached_property
    def config_dir(self) -> str:
        """The directory of the configuration: `DYNACLI_CONFIG_DIR`, else the platform's directory."""
        return self.setting("CONFIG_DIR") or self._user_dir("config")

    @cached_property
    def state_dir(self) -> str:
        """The directory of the history: `DYNACLI_STATE_DIR`, else the platform's directory."""
        return self.setting("STATE_DIR") or self._user_dir("state")

    @cached_property
    def project_file(self) -> str:
        """The path of the nearest `.dynacli.toml`, not yet checked; empty if there is none.

        The search starts in the working directory and goes up to the directory with `.git`. It leaves out the home
        directory and all directories above it. A tool of one API has no project file.
        """
        if _program[0].api:
            return ""
        try:
            directory = os.getcwd()
        except OSError:  # it was removed
            return ""
        below: list[str] = []
        home = os.path.expanduser("~")
        while directory != home:
            path = os.path.join(directory, PROJECT_FILE)
            if os.path.lexists(path):  # the slower checks run only if there is such a file
                is_beyond = any(os.path.lexists(os.path.join(item, ".git")) for item in below)
                return path if not is_beyond and self.may_hold_project(directory) else ""
            below.append(directory)
            above = os.path.dirname(directory)
            if above == directory:
                break
            directory = above
        return ""

    @staticmethod
    def may_hold_project(directory: str) -> bool:
        """Return whether a directory may have a project file: not the home directory or one above it.

        Args:
            directory: Path of the directory, with symbolic links resolved.
        """
        home = os.path.realpath(os.path.expanduser("~"))
        return not f"{home}/".startswith(f"{directory.rstrip('/')}/")

    def _home(self) -> str:
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            # Some containers have no HOME and no entry for the user: `~` would become a directory here.
            from dynacli.errors import FileError

            raise FileError(
                "There is no home directory for files",
                hint=f"Name directories in `{variable('CACHE_DIR')}` and `{variable('CONFIG_DIR')}`",
            )
        return home

    def _user_dir(self, kind: str) -> str:
        # XDG's two rules are written out for Linux: importing platformdirs would take a third of the time of a help
        # page.
        if os.name == "posix" and sys.platform not in {"darwin", "ios"}:
            base = self.variables.get(f"XDG_{kind.upper()}_HOME", "")
            if not os.path.isabs(base):  # the XDG specification: a relative path is ignored
                base = os.path.join(self._home(), _BELOW_HOME[kind])
            return os.path.join(base, _program[0].name)
        import platformdirs

        find = {
            "cache": platformdirs.user_cache_dir,
            "config": platformdirs.user_config_dir,
            "state": platformdirs.user_state_dir,
        }
        return find[kind](_program[0].name, appauthor=False)


def _closed_stream() -> TextIO:
    """Return a closed stream, for a program that was started without standard input or output (`>&-`)."""
    import io

    stream = io.StringIO()
    stream.close()
    return stream


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # ValueError: the stream is closed
        return False


class Consent:
    """The user's consent to calls that need confirmation.

    Attributes:
        is_given: Whether the user has agreed to all calls, or no request will be sent.
        ask: Function that asks the user a question; None if the user cannot be asked.
        is_required: Whether calls that delete something need consent even if the user cannot be asked.
        agreed: Names of the operations that the user has agreed to.
        waiting: Questions to ask when the call is ready to be sent; None if questions are asked at once.
        hint: Hint if the user cannot be asked.
        hint_on_reading: Hint if only read-only operations are allowed. `{line}` is the beginning of the command, and
            `{operation}` the name.
    """

    hint = "Give `--yes` if the user has agreed"
    hint_on_reading = "To call it anyway: `{line} {operation} ...`"

    def __init__(
        self,
        *,
        is_given: bool = False,
        ask: Callable[[str], bool] | None = None,
        is_required: bool = False,
    ) -> None:
        self.is_given, self.ask, self.is_required = is_given, ask, is_required
        self.agreed: set[str] = set()
        self.waiting: list[Callable[[Consent], None]] | None = None
