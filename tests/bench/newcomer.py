"""Four tasks as someone does them who knows neither dynacli nor the API: `python -m tests.bench.newcomer [--show]`.

The tasks are about the demo API of Armature, registered as `armature`. Each command may only have words that stand in
the task or in what earlier commands have printed; so a word that the tool does not show in time breaks the bench.
What is read are the bytes of standard output and standard error. The exit code is 1 if a limit is broken.
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
from dynacli.demo.demo_facts import API_KEYS
from dynacli.demo.demo_server import running
from dynacli.environment import Environment

__all__ = ["MOST_BYTES", "MOST_COMMANDS", "Newcomer", "Task", "UnknownWordError", "do_all", "visiting"]

MOST_COMMANDS = 12
MOST_BYTES = 12_000

_WORD = re.compile(r"[A-Za-z0-9_]+")
_FIRST = "dynacli armature"
"""What the newcomer was told: the command to begin with."""


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

    def run(self, line: str) -> str:
        """Run a command and return what it printed, on both streams.

        Raises:
            UnknownWordError: It has words that stand nowhere yet.
        """
        unknown = [word for word in _WORD.findall(line) if not self._knows(word)]
        if unknown:
            raise UnknownWordError(f"`{line}`: how should anybody know {unknown}?")
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        main(
            shlex.split(line)[1:], Environment(stdin=stdin, stdout=out, stderr=err, variables=self._variables)
        )
        printed = "".join(map(_content, (out, err)))
        task = self.tasks[-1]
        task.commands.append(line)
        task.read += len(printed.encode())
        self._known += f"\n{printed}"
        if self._shows:
            sys.stdout.write(f"$ {line}\n{printed}\n")
        return printed

    def _knows(self, word: str) -> bool:
        return re.search(rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])", self._known) is not None

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
            "COLUMNS": "100",
            "DYNACLI_ARMATURE_TOKEN": API_KEYS["editor"],
        }
        silent = Environment(stdout=io.StringIO(), stderr=io.StringIO(), variables=variables)
        if main(["api", "add", "armature", server.document_url, "--yes"], silent):
            raise RuntimeError("the API cannot be registered")
        yield Newcomer(variables, shows=shows)


def _json(printed: str) -> Any:
    return json.loads(printed[min(printed.find(mark) for mark in "[{" if mark in printed) :])


def do_all(newcomer: Newcomer) -> None:
    """Do the four tasks."""
    run_id = _count_runs(newcomer)
    _name_tool(newcomer, run_id)
    workflow_id = _create_workflow(newcomer)
    _start_run(newcomer, workflow_id)


def _count_runs(newcomer: Newcomer) -> str:
    task = newcomer.begin(
        "Count the runs of the last 7 days that failed with the classification wrong_answer, and name the dearest."
    )
    newcomer.run("dynacli armature")
    newcomer.run("dynacli search armature runs that failed with the classification wrong_answer")
    page = _json(
        newcomer.run(
            "dynacli armature search-runs --range 7d --classification wrong_answer --sort=-costUsd --page-size 1"
        )
    )
    task.response = f"{page['total']} runs; the dearest is {page['rows'][0]['id']}"
    return str(page["rows"][0]["id"])


def _name_tool(newcomer: Newcomer, run_id: str) -> None:
    task = newcomer.begin("Say which tool that run called most.")
    calls = _json(newcomer.run(f"dynacli armature list-run-tool-calls {run_id}"))
    counts = Counter(call["toolName"] for call in calls["rows"])
    task.response = counts.most_common(1)[0][0]


def _create_workflow(newcomer: Newcomer) -> str:
    task = newcomer.begin(
        "Create a workflow called Nightly that is told to List the overdue invoices of the Billing server, with two "
        "criteria, It names each customer and It gives the sum, and a schedule, 0 3 * * *; then pause it."
    )
    newcomer.run("dynacli search armature create a workflow with criteria and a schedule")
    servers = _json(newcomer.run("dynacli armature list-mcp-servers -f 'rows[].[id, name]'"))
    server_id = next(identity for identity, name in servers if "Billing" in name)
    made = _json(
        newcomer.run(
            f"dynacli armature create-workflow --name Nightly --mcp-server-id {server_id} "
            "--tester-prompt 'List the overdue invoices' --criteria.0.criterion-text 'It names each customer' "
            "--criteria.1.criterion-text 'It gives the sum' --schedule.cron '0 3 * * *'"
        )
    )
    paused = _json(
        newcomer.run(
            f"dynacli armature update-workflow {made['id']} --schedule.cron '0 3 * * *' --schedule.enabled false"
        )
    )
    task.response = (
        f"{paused['id']} is {paused['status']}, {len(paused['currentVersion']['criteria'])} criteria"
    )
    return str(made["id"])


def _start_run(newcomer: Newcomer, workflow_id: str) -> None:
    task = newcomer.begin("Now start a run of that workflow, and wait for its end.")
    newcomer.run("dynacli search armature start a run of a workflow")
    started = _json(newcomer.run(f"dynacli armature dispatch-workflow-run {workflow_id}"))
    run = _json(newcomer.run(f"dynacli armature get-run {started['runId']} --wait finishedAt"))
    task.response = f"{run['id']}: {run['status']}"


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="show the commands and what they print")
    chosen = parser.parse_args()
    with visiting(shows=chosen.show) as newcomer:
        do_all(newcomer)
    for task in newcomer.tasks:
        sys.stdout.write(
            f"{len(task.commands):3} commands {task.read:6,} bytes  {task.text[:60]}...  {task.response}\n"
        )
    sys.stdout.write(f"{newcomer.commands:3} commands {newcomer.read:6,} bytes\n")
    return 0 if newcomer.commands <= MOST_COMMANDS and newcomer.read <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(_main())
