"""Runs whole processes and measures them."""

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple


class FailedRunError(Exception):
    """A process that is measured did not end with 0: what it says about speed means nothing."""


class Cost(NamedTuple):
    """What a process took.

    Args:
        seconds: From its start until it was waited for.
        peak_mib: The most memory that it held at once.
    """

    seconds: float
    peak_mib: float


class Comparison(NamedTuple):
    """A run held against a base.

    Args:
        base_ms: Median of the base.
        run_ms: Median of the run.
        ratio: Median of the ratios, pair by pair.
    """

    base_ms: float
    run_ms: float
    ratio: float


def run(command: Sequence[str], variables: Mapping[str, str]) -> Cost:
    """Run a command to its end.

    Args:
        command: The program's absolute path and its words.
        variables: The whole environment.

    Raises:
        FailedRunError: It did not end with 0.
    """
    with open(os.devnull, "r+b") as null, tempfile.TemporaryFile() as complaints:
        actions = [
            (os.POSIX_SPAWN_DUP2, null.fileno(), 0),
            (os.POSIX_SPAWN_DUP2, null.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, complaints.fileno(), 2),
        ]
        start = time.perf_counter()
        process = os.posix_spawn(command[0], list(command), dict(variables), file_actions=actions)
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            complaints.seek(0)
            reported = complaints.read().decode("utf-8", "backslashreplace")
            code = os.waitstatus_to_exitcode(status)
            raise FailedRunError(f"exit code {code} from: {' '.join(command)}\n{reported}")
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024  # getrusage(2) of macOS counts bytes
    return Cost(seconds, usage.ru_maxrss / unit)


def compare(
    base: Sequence[str], command: Sequence[str], variables: Mapping[str, str], pairs: int
) -> Comparison:
    """Run two commands in turns and compare them; a first pair, which fills every cache, does not count."""
    bases, runs = [], []
    for number in range(pairs + 1):
        costs = run(base, variables).seconds, run(command, variables).seconds
        if number:
            bases.append(costs[0])
            runs.append(costs[1])
    return compared(bases, runs)


def compared(bases: Sequence[float], runs: Sequence[float]) -> Comparison:
    """Compare the seconds of runs with those of their bases, pair by pair."""
    ratios = [mine / other for mine, other in zip(runs, bases, strict=True)]
    return Comparison(median(bases) * 1000, median(runs) * 1000, median(ratios))
