"""How many modules and functions of dynacli one plain call enters: `python -m tests.bench.call_way [--list]`.

The call is `search-runs --range 7d` of an API that is registered by its URL, the catalog being there already; the
demo's server responds to it from another process. The call is counted twice: validated, and with `--validate off`.

A module is entered when a function of it runs, in any thread; bodies of modules and classes, which run while the
module is imported, do not count. A move is a call into another module than that of the call before it, thread by
thread. Generators count as called each time that they go on.

CPython keeps the frames of a thread in chunks of 16 KiB, and maps a second one when a call does not fit into the
first, until that call returns. A loop in this place, such as the import of httpx once made, maps memory a thousand
times, which takes a tenth of the CPU time of a call. So these calls are counted as chunks. They have no limit: a frame
more or less before the import moves the place. With hundreds of them, look for a way with fewer frames.

`--checkout DIR` counts in another checkout, with `--python PROGRAM` as its interpreter. The exit code is 1 when a
limit is broken, 2 when nothing could be counted.
"""

import argparse
import contextlib
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

_ROOT = Path(__file__).resolve().parents[2]
_WORDS = ("shop", "search-runs", "--range", "7d")
_DOCUMENT = "/api/armature/v1/openapi"
_TOKEN = "amt_demoviewer_opens-only-the-stand-in"
CALLS = {"validated": _WORDS, "unvalidated": (*_WORDS, "--validate", "off")}
_SETTLED_SECONDS = 1.1


class Way(NamedTuple):
    """The way of one call.

    Args:
        modules: The modules that it enters, in the order of their first function, with the number of their functions.
        moves: How often it goes from one module to another.
        chunks: How often a second chunk of frames is mapped.
    """

    modules: dict[str, int]
    moves: int
    chunks: int

    @property
    def functions(self) -> int:
        """How many different functions run; a comprehension, a generator expression and a lambda are one, too."""
        return sum(self.modules.values())

    def excess(self, call: str) -> str:
        """Return what of the way is above the limits of a call; empty if nothing is."""
        modules, functions = LIMITS[call]
        found = {"modules": len(self.modules) - modules, "functions": self.functions - functions}
        return ", ".join(f"{count} {kind} too many" for kind, count in found.items() if count > 0)


LIMITS = {"validated": (45, 500), "unvalidated": (37, 412)}
"""Call → the most modules that it may enter, and the most functions."""

_CHUNK, _OWN_WORDS = 2045, 9
"""The words of a chunk, and those of a frame beside its variables and its stack (CPython 3.11, `pycore_frame.h`)."""
_APART = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
"""Kinds of functions whose frames are kept elsewhere."""


def follow_calls(checkout: Path = _ROOT, python: str = sys.executable) -> dict[str, Way]:
    """Make each of `CALLS` in a process of its own and return its way.

    Raises:
        RuntimeError: A call did not end with 0, or the server did not start.
    """
    with tempfile.TemporaryDirectory() as home:
        # Of the surroundings nothing counts: an agent, for example, gets a note about a list that is cut.
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "PYTHONPATH": str(checkout),
            "DYNACLI_CACHE_DIR": f"{home}/cache",
            "DYNACLI_CONFIG_DIR": f"{home}/config",
            "DYNACLI_STATE_DIR": f"{home}/state",
            "DYNACLI_SHOP_TOKEN": _TOKEN,
        }
        program = [python, "-P", "-m", "dynacli"]
        with _serving([*program, "demo", "serve", "--port", "0"], variables, home) as origin:
            _run([*program, "api", "add", "shop", f"{origin}{_DOCUMENT}"], variables, home)
            time.sleep(
                _SETTLED_SECONDS
            )  # so that the first call, and not the one that counts, compiles the configuration
            _run([*program, *_WORDS], variables, home)
            return {
                name: _counted([python, "-P", __file__, f"{home}/way.json", *words], variables, home)
                for name, words in CALLS.items()
            }


@contextlib.contextmanager
def _serving(command: list[str], variables: dict[str, str], directory: str) -> Iterator[str]:
    """Run the demo's server, and yield its origin."""
    with subprocess.Popen(command, env=variables, cwd=directory, stderr=subprocess.PIPE, text=True) as server:
        try:
            lines: list[str] = []
            for line in server.stderr or ():
                lines.append(line)
                origin = re.search(r" on (http:\S+);", line)
                if origin is not None:
                    break
            else:
                raise RuntimeError(f"{command} did not start: {''.join(lines)}")
            yield origin[1]
        finally:
            server.send_signal(signal.SIGTERM)


def _run(command: list[str], variables: dict[str, str], directory: str) -> None:
    done = subprocess.run(command, env=variables, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")


def _counted(command: list[str], variables: dict[str, str], directory: str) -> Way:
    _run(command, variables, directory)
    return Way(**json.loads(Path(command[3]).read_text(encoding="utf-8")))


class _Profile:
    """Notes each function of the package that is called."""

    def __init__(self, package: str) -> None:
        self._package = package + os.sep
        self._codes: dict[CodeType, None] = {}
        self._last: dict[int, str] = {}
        self._moves = self._chunks = 0
        self._words: dict[int, int] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG002
        code = frame.f_code
        if event in {"call", "return"} and not code.co_flags & _APART:
            self._note_frame(code, 1 if event == "call" else -1)
        # Bodies of modules and classes are no functions: the compiler does not optimize their variables.
        is_function = event == "call" and code.co_flags & inspect.CO_OPTIMIZED
        if not is_function or not code.co_filename.startswith(self._package):
            return
        self._codes[code] = None
        thread = threading.get_ident()
        self._moves += self._last.get(thread) != code.co_filename
        self._last[thread] = code.co_filename

    def _note_frame(self, code: CodeType, sign: int) -> None:
        variables = {*code.co_varnames, *code.co_cellvars}
        words = len(variables) + len(code.co_freevars) + code.co_stacksize + _OWN_WORDS
        thread = threading.get_ident()
        before = self._words.get(thread, 0)
        self._words[thread] = now = max(0, before + sign * words)  # the first frames were there before
        self._chunks += before <= _CHUNK < now

    def way(self) -> Way:
        modules: dict[str, int] = {}
        for code in self._codes:
            name = os.path.relpath(code.co_filename, self._package).removesuffix(".py").replace(os.sep, ".")
            modules[name] = modules.get(name, 0) + 1
        return Way(modules, self._moves, self._chunks)


def _call_with_profile(target: str, words: list[str]) -> int:
    """Run the program in this process and write its way to a file."""
    import dynacli
    from dynacli.__main__ import run

    profile = _Profile(os.path.dirname(str(dynacli.__file__)))
    sys.argv = ["dynacli", *words]
    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        run()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        Path(target).write_text(json.dumps(profile.way()._asdict()), encoding="utf-8")
    return 0


def _main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.call_way",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkout", type=Path, default=_ROOT, metavar="DIR", help="where `dynacli/` is")
    parser.add_argument("--python", default=sys.executable, metavar="PROGRAM", help="the interpreter")
    parser.add_argument("--list", action="store_true", help="name the modules, in the order of the way")
    options = parser.parse_args()
    try:
        ways = follow_calls(options.checkout.resolve(), options.python)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(
        f"{'':12}{'modules':>9}{'limit':>7}{'functions':>11}{'limit':>7}{'moves':>7}{'chunks':>8}\n"
    )
    for name, way in ways.items():
        modules, functions = LIMITS[name]
        counts = f"{len(way.modules):9}{modules:7}{way.functions:11}{functions:7}{way.moves:7}{way.chunks:8}"
        sys.stdout.write(f"{name:12}{counts}  {way.excess(name) or 'ok'}\n")
    if options.list:
        for name, way in ways.items():
            sys.stdout.write(f"\n{name}: functions, module\n")
            sys.stdout.writelines(f"{functions:4} {module}\n" for module, functions in way.modules.items())
    return 1 if any(way.excess(name) for name, way in ways.items()) else 0


if __name__ == "__main__":
    # `follow_calls` starts this file by its path; a person starts it as a module.
    sys.exit(_main() if __spec__ else _call_with_profile(sys.argv[1], sys.argv[2:]))
