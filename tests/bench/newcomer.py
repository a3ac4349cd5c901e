"""Four tasks as agents do them that know neither dynacli nor the API: `python -m tests.bench.newcomer [--show]`.

The tasks are about the demo API of Armature, registered as `armature`, and are done in three ways. Each command may
only have words that stand in the task or in what earlier commands have printed, but for the guesses, which are wrong
as guesses are; so a word that the tool does not show in time breaks the bench. What is read are the bytes of standard
output and standard error. The exit code is 1 if a limit is broken.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dynacli.__main__ import main
from dynacli.environment import Environment
from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import API_KEYS

MOST_COMMANDS = 12
MOST_BYTES = 15_000

_WORD = re.compile(r"[A-Za-z0-9_]+")
_FIRST = "dynacli armature --help"
"""What the newcomer was told: the program and the API. Every program has `--help`."""


class UnknownWordError(AssertionError):
    """A command has a word that the newcomer cannot know."""


@dataclass
class Task:
    """A task, and what it took.

    Args:
        text: What is asked for.

    Attributes:
        commands: The command lines.
        read: The bytes that they printed.
        response: What the newcomer responses.
    """

    text: str
    commands: list[str] = field(default_factory=list)
    read: int = 0
    response: str = ""


class Newcomer:
    """Someone who does tasks by commands, and knows what was read.

    Args:
        variables: The environment of the commands.
        shows: Whether commands and what they print are shown.
    """

    def __init__(self, variables: Mapping[str, str], *, shows: bool = False) -> None:
        self.tasks: list[Task] = []
        self._variables, self._shows = variables, shows
        self._known = _FIRST

    def begin(self, text: str) -> Task:
        """Begin a task."""
        self.tasks.append(Task(text))
        self._known += f"\n{text}"
        return self.tasks[-1]

    def run(self, line: str, *, is_read: bool = True) -> str:
        """Run a command and return what it printed, on both streams.

        Args:
            is_read: Whether all of that is read; a file or another program may get it instead.

        Raises:
            UnknownWordError: It has words that stand nowhere yet.
        """
        unknown = [word for word in _WORD.findall(line) if not self._knows(word)]
        if unknown:
            raise UnknownWordError(f"`{line}`: how should anybody know {unknown}?")
        return self.guess(line, is_read=is_read)

    def guess(self, line: str, *, is_read: bool = True) -> str:
        """Run a command that may have words which nothing has shown, as `run` does."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        main(
            shlex.split(line)[1:], Environment(stdin=stdin, stdout=out, stderr=err, variables=self._variables)
        )
        printed = "".join(map(_content, (out, err)))
        task = self.tasks[-1]
        task.commands.append(line)
        task.read += len(printed.encode()) if is_read else 0
        self._known += f"\n{printed}\n{line}"
        if self._shows:
            sys.stdout.write(f"$ {line}\n{printed}\n")
        return printed

    def _knows(self, word: str) -> bool:
        pattern = rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])"
        return re.search(pattern, self._known, re.IGNORECASE) is not None

    @property
    def commands(self) -> int:
        """How many commands all tasks took."""
        return sum(len(task.commands) for task in self.tasks)

    @property
    def read(self) -> int:
        """How many bytes were read for all tasks."""
        return sum(task.read for task in self.tasks)


def _content(stream: io.TextIOWrapper) -> str:
    stream.flush()
    content: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]
    return content.decode()


@contextlib.contextmanager
def visiting(*, shows: bool = False) -> Iterator[Newcomer]:
    """Enter with a newcomer, for whom someone has registered the API and set its credential."""
    with tempfile.TemporaryDirectory() as name, running(with_next=False, misbehave={}) as server:
        places = {
            f"DYNACLI_{kind}_DIR": str(Path(name, kind.lower())) for kind in ("CACHE", "CONFIG", "STATE")
        }
        variables = {
            **{key: value for key, value in os.environ.items() if not key.startswith("DYNACLI_")},
            **places,
            "HOME": name,
            "AI_AGENT": "newcomer",
            "DYNACLI_ARMATURE_TOKEN": API_KEYS["editor"],
        }
        silent = Environment(stdout=io.StringIO(), stderr=io.StringIO(), variables=variables)
        if main(["api", "add", "armature", server.document_url, "--yes"], silent):
            raise RuntimeError("the API cannot be registered")
        yield Newcomer(variables, shows=shows)


def _json(printed: str) -> Any:
    """Return the JSON value that a text begins with; what is for an agent stands after it."""
    return json.JSONDecoder().raw_decode(printed)[0]


def _next(printed: str) -> str:
    """Return the command that comes next, by what a call has printed."""
    return str(re.findall(r"next: (.+)", printed)[0])


def _try(printed: str) -> str:
    """Return the corrected command of an error."""
    return str(_json(printed)["error"]["try"])


WAYS = ("search", "pages", "guesses")
"""What newcomers begin with: a search by the task, the pages of help, or names and filters as other tools have them."""

_COUNT = "Count the runs of the last 30d with the status fail, by the workflowName of each."
_CREATE = (
    "Create a workflow named Nightly that lists issues on the GitHub server, with the criterion Issues are listed, and "
    "a schedule, 0 3 * * *."
)
_START = "Start a run of that workflow, wait for its end, and report its status."
_EXPORT = "Write the runs of the last 30d into month.csv."
_INPUTS = "--schedule.cron '0 3 * * *' --criteria.0.criterion-text 'Issues are listed' --tester-prompt 'lists issues'"
_FAILED = "dynacli armature search-runs --status fail --range 30d --all -o lines -f"


def do_all(newcomer: Newcomer, way: str) -> None:
    """Do the four tasks.

    Args:
        way: One of `WAYS`.
    """
    _count_runs(newcomer, way)
    workflow = _create_workflow(newcomer, way)
    _start_run(newcomer, way, workflow)
    newcomer.begin(_EXPORT)
    # A shell writes the file, and nothing is read.
    rows = newcomer.run("dynacli armature search-runs --range 30d --all -o csv", is_read=False)
    newcomer.tasks[-1].response = f"{len(rows.splitlines()) - 1} rows"


def _count_runs(newcomer: Newcomer, way: str) -> None:
    task = newcomer.begin(_COUNT)
    if way == "search":
        newcomer.run("dynacli --help")
        newcomer.run("dynacli search armature count the runs with the status fail by workflowName")
    elif way == "pages":
        newcomer.run("dynacli")
        newcomer.run("dynacli armature")
        newcomer.run("dynacli armature search-runs --help")
    else:
        newcomer.guess("dynacli armature list-runs --status failed")
        newcomer.guess("dynacli armature search-runs --status failed --last 30d")
        newcomer.guess(f"{_FAILED} '[].workflow_name'")
    counts = Counter(newcomer.run(f"{_FAILED} 'rows[].workflowName'", is_read=False).splitlines())
    task.read += len("".join(f"{count:7} {name}\n" for name, count in counts.items()))  # sort | uniq -c
    task.response = f"{counts.total()} runs of {len(counts)} workflows"


def _create_workflow(newcomer: Newcomer, way: str) -> str:
    task = newcomer.begin(_CREATE)
    line = "dynacli armature create-workflow --name Nightly"
    if way == "search":
        newcomer.run("dynacli search armature create a workflow with the criterion and a schedule")
    elif way == "pages":
        newcomer.run("dynacli armature create-workflow --help")
    else:
        wrong = f"{line} --schedule '0 3 * * *' --criterion 'Issues are listed'"
        line = _try(newcomer.guess(wrong))
    list_servers = newcomer.guess if way == "guesses" else newcomer.run
    servers = _json(list_servers("dynacli armature list-mcp-servers -f 'rows[].[id, name]'"))
    server = next(identity for identity, name in servers if "GitHub" in name)
    if way == "guesses":
        line = line.replace("UUID", server).replace("TEXT", "'lists issues'")
    else:
        line += f" --mcp-server-id {server} {_INPUTS}"
    printed = newcomer.run(line)
    made = _json(printed)
    task.response = f"{made['schedule']['cron']}, {len(made['currentVersion']['criteria'])} criterion"
    return shlex.split(_next(printed))[-1]


def _start_run(newcomer: Newcomer, way: str, workflow: str) -> None:
    task = newcomer.begin(_START)
    if way == "search":
        newcomer.run("dynacli search armature start a run of that workflow")
    elif way == "pages":
        newcomer.run("dynacli armature dispatch-workflow-run --help")
    else:
        newcomer.guess(f"dynacli armature start-run {workflow}")
    started = newcomer.run(f"dynacli armature dispatch-workflow-run {workflow}")
    task.response = _json(newcomer.run(_next(started)))["status"]


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="show the commands and what they print")
    chosen = parser.parse_args()
    is_right = True
    for way in WAYS:
        with visiting(shows=chosen.show) as newcomer:
            do_all(newcomer, way)
        for task in newcomer.tasks:
            sys.stdout.write(
                f"{len(task.commands):3} commands {task.read:6,} bytes  {task.text[:60]}...  {task.response}\n"
            )
        sys.stdout.write(f"{newcomer.commands:3} commands {newcomer.read:6,} bytes  {way} first\n\n")
        is_right &= newcomer.commands <= MOST_COMMANDS and newcomer.read <= MOST_BYTES
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(_main())
