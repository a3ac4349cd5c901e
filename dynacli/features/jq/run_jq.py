"""Filters in the language of jq (https://jqlang.org/manual/), run by the package `jq`.

jq runs in a separate process, because a program may run forever in C, and jq's `env` shows all environment variables.
This process has an empty environment and limits of time and memory, and Ctrl-C ends it.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import sys
from typing import IO, TYPE_CHECKING, Any, Final, cast

from dynacli.environment import how_to_install
from dynacli.errors import FormatError, UsageError
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.jq_syntax import jmespath_of_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 30
_MOST_MEMORY: Final = 4 * 1024**3
_MOST_CHARACTERS: Final = 64 * 1024 * 1024
"""Maximum number of characters of the results: the size of the largest response."""
_CODE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from dynacli.features.jq import run_jq; run_jq.serve_program(sys.argv[2], int(sys.argv[3]))"
)
_READY, _RESULT, _FAILURE = "ready", "=", "!"
"""The last line that the process writes for a value, and the prefixes of lines with a result or a failure."""
_LOCATION: Final = re.compile(r" at <top-level>.*| at line \d+, column \d+.*", re.DOTALL)


_running: list[_Process] = []
"""The process of the last program, which is reused for all items of a stream."""


class _Process:
    """The process that runs one program.

    Raises:
        ValueError: jq cannot read the program.
    """

    def __init__(self, program: str) -> None:
        import subprocess  # slow, and only needed to run a program

        self._pipe = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CODE, json.dumps(sys.path), program, str(_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Python does not start on Windows without this variable.
            env={name: value for name, value in os.environ.items() if name == "SYSTEMROOT"},
        )
        self.program = program
        atexit.register(self.end)
        try:
            list(self._results())
        except ValueError:
            self.end()
            raise

    @property
    def is_running(self) -> bool:
        return self._pipe.poll() is None

    def results(self, value: Any) -> Iterator[Any]:
        """Yield the results of a value; ValueError if the program fails on it."""
        stdin = cast("IO[bytes]", self._pipe.stdin)
        try:
            stdin.write(compact_json(value).encode("utf-8", "surrogatepass") + b"\n")
            stdin.flush()
        except OSError:
            self.end()
            raise ValueError("its process ended") from None
        yield from self._results()

    def _results(self) -> Iterator[Any]:
        left, failure, is_complete = _MOST_CHARACTERS, "", False
        try:
            for line in cast("IO[bytes]", self._pipe.stdout):
                text = line.decode("utf-8", "replace").rstrip("\n")
                left -= len(line)
                if text == _READY:
                    is_complete = True
                    break
                if text.startswith(_FAILURE):
                    failure = json.loads(text[1:])
                elif left < 0:
                    raise ValueError("its results are too long")
                else:
                    yield read_json(text[1:])
            if not is_complete:
                raise ValueError(f"it takes more than {_SECONDS} seconds, or too much memory")
        finally:
            if not is_complete:
                self.end()
        if failure:
            raise ValueError(failure)

    def end(self) -> None:
        """Kill the process."""
        atexit.unregister(self.end)
        self._pipe.kill()
        with self._pipe:  # closes the pipes and waits
            pass


def serve_program(program: str, seconds: int) -> None:
    """Run a program on each line of standard input, and write its results; called in the process of jq.

    Args:
        program: The jq program.
        seconds: Time limit for each line.
    """
    import faulthandler
    import signal

    import jq

    from dynacli.system import limit_memory

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    limit_memory(_MOST_MEMORY)
    write = sys.stdout.buffer.write
    try:
        # `tojson` keeps the digits of each number. Within parentheses, a program cannot `import` a file.
        compiled = jq.compile(f"({program}\n) | tojson")
    except ValueError as error:
        write(_failure_line(error))
        return
    finally:
        write(f"{_READY}\n".encode())
        sys.stdout.flush()
    for line in sys.stdin.buffer:
        faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            for result in compiled.input_text(line.decode("utf-8", "replace")):
                write(f"{_RESULT}{result}\n".encode())
        except ValueError as error:
            write(_failure_line(error))
        write(f"{_READY}\n".encode())
        sys.stdout.flush()
        faulthandler.cancel_dump_traceback_later()


def _failure_line(error: Exception) -> bytes:
    reason = _LOCATION.sub("", str(error)).removeprefix("jq: error: ").strip()
    return f"{_FAILURE}{json.dumps(f'jq: {reason}')}\n".encode()


def _process_of(program: str) -> _Process:
    if _running and (_running[0].program != program or not _running[0].is_running):
        _running.pop().end()
    if not _running:
        _running.append(_Process(program))
    return _running[0]


def check_program(program: str) -> None:
    """Check a program before anything is sent.

    Raises:
        UsageError: jq cannot read the program, or the extra `jq` is not installed.
    """
    from importlib.machinery import PathFinder

    if PathFinder.find_spec("jq") is None:
        hint = f"Install it: {how_to_install('jq')}"
        if path := jmespath_of_path(program):
            hint += f", or give the same as a JMESPath expression: `-f '{path}'`"
        raise UsageError("`--jq` needs the package `jq`, which is not installed", hint=hint)
    try:
        _process_of(program)
    except (OSError, ValueError) as error:
        raise UsageError(
            "The value of `--jq` is not a jq program",
            reason=str(error),
            hint="https://jqlang.org/manual/ has the language",
        ) from error


def jq_results(value: Any, program: str) -> list[Any]:
    """Return the results of a program.

    Args:
        value: A value of `dynacli.text.exact_json`.
        program: The jq program.

    Raises:
        FormatError: The program fails on this value, or takes too long.
    """
    try:
        return list(_process_of(program).results(value))
    except (OSError, ValueError) as error:
        hint = "The response is printed as JSON; fix the program"
        raise FormatError("The jq program fails on this response", reason=str(error), hint=hint) from error
