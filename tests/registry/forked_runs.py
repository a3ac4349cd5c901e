"""Runs the program in children of one process that has imported everything: as real as processes, and many a second.

That process has no threads, so that it can be forked; what it is told to do comes over a pipe, as names of functions
with their arguments. A child does them in order, and sends back what each returned, until it ends or is killed.
"""

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.harness import Result, run_cli

ROOT = str(Path(__file__).resolve().parents[2])

Step = tuple[Any, ...]
"""A function of a module of the tests, and its arguments; both they and what it returns can be JSON."""


class Ended(NamedTuple):
    """How a child ended.

    Args:
        status: Its exit code; negative for the signal that killed it.
        values: What its steps returned, as many as were done.
    """

    status: int
    values: list[Any]


def run(*words: str) -> list[Any]:
    """Run the program, and return exit code, standard output and standard error."""
    result = run_cli(*words)
    return [result.exit_code, result.stdout, result.stderr]


def run_until(stop: str, *commands: list[str]) -> list[list[Any]]:
    """Run commands in turn until a file is there, and return what each run gave that differs from those before."""
    given: list[list[Any]] = []
    while not os.path.exists(stop):
        for number, words in enumerate(commands):
            found = [number, *run(*words)]
            if found not in given:
                given.append(found)
    return given


def run_times(count: int, stop: str, *commands: list[str]) -> list[list[Any]]:
    """Run commands in turn so many times, make a file, and return what each run gave that differs from those before."""
    given: list[list[Any]] = []
    for _ in range(count):
        for number, words in enumerate(commands):
            found = [number, *run(*words)]
            if found not in given:
                given.append(found)
    Path(stop).touch()
    return given


def vanish_when_opened(directory: str, ending: str = "") -> None:
    """Remove files of a directory at the moment at which the first catalog is opened, as another process might."""
    has_vanished = False

    def hook(event: str, args: tuple[Any, ...]) -> None:  # noqa: ARG001
        nonlocal has_vanished
        if event == "sqlite3.connect" and not has_vanished:
            has_vanished = True
            for path in Path(directory).iterdir():
                if path.name.endswith(ending):
                    path.unlink()

    sys.addaudithook(hook)


def result_of(value: list[Any]) -> Result:
    """Return what `run` gave."""
    code, out, err = value
    return Result(code, out.encode(), err)


class Forks:
    """The process whose children run the program.

    Args:
        preload: A library that is loaded before all others.
    """

    def __init__(self, preload: str = "") -> None:
        variables = {**os.environ, "PYTHONPATH": ROOT}
        if preload:
            variables["LD_PRELOAD"] = preload
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.registry.forked_runs"],
            env=variables,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def child(self, *steps: Step) -> Ended:
        """Do steps in a child of its own, in the directory and with the variables of this process."""
        return self.children([steps])[0]

    def at_once(self, count: int, *steps: Step) -> list[Ended]:
        """Do the same steps in so many children that begin at the same time."""
        return self.children([steps] * count)

    def children(self, steps: Sequence[Sequence[Step]]) -> list[Ended]:
        """Do steps in as many children, which begin at the same time."""
        named = [
            [[f"{function.__module__}:{function.__qualname__}", *more] for function, *more in child]
            for child in steps
        ]
        job = {"variables": dict(os.environ), "directory": os.getcwd(), "children": named}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        return [Ended(*ended) for ended in json.loads(self._server.stdout.readline())]

    def close(self) -> None:
        """End the process."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()


@contextlib.contextmanager
def forking(preload: str = "") -> Iterator[Forks]:
    """Give a process whose children run the program."""
    forks = Forks(preload)
    try:
        yield forks
    finally:
        forks.close()


def _serve() -> None:
    _import_all()
    gc.freeze()  # a child that collected garbage would copy all the memory that it shares
    for line in sys.stdin:
        job = json.loads(line)
        sys.stdout.write(json.dumps(_done(job["children"], job["variables"], job["directory"])) + "\n")
        sys.stdout.flush()


def _import_all() -> None:
    """Import what the program uses, by using it, so that a child has nothing to wait for."""
    import tempfile

    from tests.documents import pets

    with tempfile.TemporaryDirectory() as directory:
        names = ("CACHE", "CONFIG", "STATE")
        os.environ.update({f"DYNACLI_{name}_DIR": directory for name in names})
        path = Path(directory, "api.json")
        path.write_text(json.dumps(pets()))
        for words in (
            ("api", "add", "warm", "http://127.0.0.1:1/openapi.json"),  # no one responds
            ("api", "add", "warm", str(path)),
            ("api", "list", "-o", "json"),
            ("api", "history", "warm", "-o", "json"),
            ("api", "refresh", "warm"),
            ("changes", "warm", "-o", "json"),
            ("document", "warm"),
            ("operations", "warm", "-o", "json"),
            ("warm", "list-pets", "--dry-run", "json"),
            ("help", "errors"),
        ):
            run_cli(*words)


def _done(children: list[Any], variables: Mapping[str, str], directory: str) -> list[Ended]:
    for name in {step[0] for steps in children for step in steps}:
        _function(name)  # whatever that imports is imported once
    gate, opened = os.pipe()
    begun = []
    for steps in children:
        own, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(opened)
            _be_child(steps, variables, directory, gate, theirs)
        os.close(theirs)
        begun.append((child, own))
    os.close(gate)
    os.close(opened)  # now they begin
    return [_ended(child, own) for child, own in begun]


def _be_child(steps: Any, variables: Mapping[str, str], directory: str, gate: int, report: int) -> None:
    status = 99
    try:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(directory)
        os.read(gate, 1)
        for name, *arguments in steps:
            value = json.dumps(_function(name)(*arguments)).encode() + b"\n"
            while value:
                value = value[os.write(report, value) :]
        status = 0
    finally:
        os._exit(status)


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _ended(child: int, report: int) -> Ended:
    with open(report, "rb") as file:
        lines = file.read().splitlines()
    _, status = os.waitpid(child, 0)
    return Ended(os.waitstatus_to_exitcode(status), [json.loads(line) for line in lines])


if __name__ == "__main__":
    _serve()
