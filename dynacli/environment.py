"""The surroundings of a run: streams, terminal, variables and directories.

Everything that a run takes from its surroundings goes through one `Environment`,
so that tests drive the whole program in-process.
Streams are looked up when the `Environment` is made, never at import.
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
"""What package installers call dynacli: `dynacli` is another project, with the same import package and executable."""

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
"""What agents set for the commands that they run; variables that people set, and editors in any terminal, are none."""
_AGENT_PREFIXES = ("CODEX_", "COPILOT_")
_OF_PEOPLE = ("_HOME", "_TOKEN")
"""The ends of variables with such a prefix by which people set an agent up: on a terminal they mean nothing."""

PROJECT_FILE = ".dynacli.toml"
"""The name of the file in which a project has APIs of its own."""

_BELOW_HOME = {"cache": ".cache", "config": ".config", "state": os.path.join(".local", "state")}
"""Kind of directory → where the XDG specification has it where its variable is not set."""


@record
class Program:
    """What runs: dynacli, or a tool that `dynacli bake` has made, which is bound to one API.

    Help, messages, completion, suggested lines, variables, directories and stored credentials take its name from here.

    Args:
        name: How it is called.
        api: The API that it is bound to, which its command lines do not name; empty for dynacli.
        version: Its version; empty for that of dynacli.
        entry: What it knows of its API, beneath what its configuration says.
        inside: The path of the archive with the compiled document that came with it; empty if none did.
        code: The Python code that runs it; empty for dynacli.
        hooks: `before` and `after` → the function, as `MODULE:FUNCTION`, that is called around each call.
        only: The tags and operations of the document that it has; without any, all.
        without: The tags and operations of the document that it does not have.
        is_short: Whether the names of operations lose the tag in front if they stay unique.
        fetched_at: When the document inside was fetched or read, in seconds since 1970.
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
        """The beginning of the names of its variables."""
        return _as_variable(self.name)


_program = [Program()]


def program() -> Program:
    """Return what runs."""
    return _program[0]


def become(new: Program) -> Program:
    """Let another program run from now on, in this process, and return the one that ran before."""
    old, _program[0] = _program[0], new
    return old


def invocation_words(verb: str = "", api: str = "") -> list[str]:
    """Return the first words of a command line of the program.

    Args:
        verb: `describe`, or several words such as `auth login`; empty for a call.
        api: The API as it was named; a program that is bound to one does not name it.
    """
    runs = _program[0]
    return [runs.name, *verb.split(), *([api] if api and not runs.api else [])]


def invocation(verb: str = "", api: str = "") -> str:
    """Return the beginning of a command line of the program, as text.

    Args:
        verb: As for `invocation_words`.
        api: As for `invocation_words`; it gets the quotes that a shell wants.
    """
    if api and not api.replace("-", "").replace("_", "").isalnum():
        from shlex import quote  # most APIs have a plain name

        api = quote(api)
    return " ".join(invocation_words(verb, api))


def variable(setting: str) -> str:
    """Return the name of a variable of the program: `DYNACLI_CACHE_DIR` for `CACHE_DIR`."""
    return f"{_program[0].prefix}_{setting}"


def how_to_install(extra: str = "") -> str:
    """Return how dynacli is installed from its checkout, with one of its extras; the command is in backticks.

    No command names the distribution: no one has registered it on the public index yet, so anyone could.
    """
    source = f"'.[{extra}]'" if extra else "."
    return f"`pip install {source}` in the checkout of dynacli"


def prefix_of(api: str) -> str:
    """Return the prefix of the variables of an API: `DYNACLI_GIT_HUB` for `git-hub`.

    Those of the API that the program is bound to have the prefix of the program.
    """
    runs = _program[0]
    return runs.prefix if api == runs.api else f"{runs.prefix}_{_as_variable(api)}"


def _as_variable(name: str) -> str:
    import re

    return re.sub(r"[^A-Z0-9]", "_", name.upper())


class StandardInput:
    """Standard input as a stream whose beginning can be looked at and put back.

    Args:
        stream: A byte stream, or a text stream that a caller has put in its place.
    """

    def __init__(self, stream: Any) -> None:
        # The raw stream: a thread that waits in the buffer would hold its lock when the interpreter ends.
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
        """Return whether the input is a file, which can be read again."""
        return bool(self._stream.seekable())

    def tell(self) -> int:
        """Return the position of the next byte that is read from the file."""
        return int(self._stream.tell()) - len(self._put_back)

    def seek(self, position: int) -> None:
        """Let the next `read` begin at a position of the file."""
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
        stdout_bytes: The byte stream under standard output; None if a caller replaced it by a text stream.
        stdin_is_terminal: Whether a person can be asked.
        stdout_is_terminal: Whether a person reads standard output.
        stderr_is_terminal: Whether a person reads standard error.
        stdout_size: How many bytes were written to standard output.
        copies: Name → the copy of an input that can be read only once, kept for a run that begins again.
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
        self.copies: dict[str, IO[bytes]] = {}
        self._stdin_content: tuple[str, bytes] | None = None
        self._stdin: tuple[str, StandardInput] | None = None

    def read_stdin(self, use: str, limit: int = -1) -> bytes:
        """Return all of standard input, which is read once and for one use.

        Args:
            use: What the input is taken for, as messages say it.
            limit: Bytes to read at most.

        Raises:
            UsageError: Standard input was taken for another use in this run.
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

    def open_stdin(self, use: str) -> StandardInput:
        """Return standard input to be read piece by piece, for one use.

        Raises:
            UsageError: Standard input was taken for another use in this run.
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
        """Whether an agent runs the program, as its variables say, so that no one reads questions on a terminal."""
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
        """Whether colour may be used on a terminal: `NO_COLOR` (no-color.org), `TERM=dumb` and an agent say no."""
        is_plain = self.variables.get("NO_COLOR") or self.variables.get("TERM") == "dumb"
        return not is_plain and not self.is_agent

    def setting(self, name: str) -> str:
        """Return the value of a variable of the program, such as `CACHE_DIR`; empty if it is not set."""
        return self.variables.get(variable(name)) or ""

    @cached_property
    def cache_dir(self) -> str:
        """Where compiled documents are kept: `DYNACLI_CACHE_DIR`, else the platform's directory."""
        return self.setting("CACHE_DIR") or self._user_dir("cache")

    @property
    def responses_dir(self) -> str:
        """Where responses are stored, if someone asks for that; the directory need not be there."""
        return os.path.join(self.cache_dir, "responses")

    @cached_property
    def config_dir(self) -> str:
        """Where the configuration is: `DYNACLI_CONFIG_DIR`, else the platform's directory."""
        return self.setting("CONFIG_DIR") or self._user_dir("config")

    @cached_property
    def state_dir(self) -> str:
        """Where the history is kept: `DYNACLI_STATE_DIR`, else the platform's directory."""
        return self.setting("STATE_DIR") or self._user_dir("state")

    @cached_property
    def project_file(self) -> str:
        """The nearest `.dynacli.toml`, which need not be a file or be trusted; empty if there is none.

        It is looked for in the working directory and those above it, up to the one that holds `.git`, and never in the
        home directory or above it. A tool of one API has none.
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
            if os.path.lexists(path):  # all else is looked at only then
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
        """Return whether a directory is neither the home directory nor above it.

        Args:
            directory: Its path, symbolic links resolved.
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
        # On Linux, XDG's two rules are written out, because importing platformdirs takes a third of the time
        # that a help page has.
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
    """Return a stream for one that the program was started without (`>&-`), so that using it is an error."""
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
    """Whether a person agrees to calls that are to be confirmed.

    Attributes:
        is_given: Whether the person has agreed to all of them, or nothing is sent.
        ask: Asks the person, with a question; None if no one can be asked.
        is_required: Whether nothing that removes something is called without it, if no one can be asked.
        agreed: The names of the operations that the person has agreed to.
        waiting: Ask the questions that wait until the call can be sent, by the consent to it; None if none waits.
        hint: How a person agrees if no one can be asked.
        hint_on_reading: How `{operation}` is called, by the line that begins with `{line}`, if only operations are
            that read.
    """

    hint = "Give `--yes` if a person has agreed"
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
