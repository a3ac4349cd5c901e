"""What a child does that is killed in the middle of a run: a step of `tests.registry.forked_runs`."""

import signal
from typing import Any

from tests.registry.forked_runs import run


def run_killed(seconds: float, *words: str) -> list[Any]:
    """Run the program in a process that ends at once after some time, as if it was killed."""
    # No handler is set, so that the kernel ends the process wherever it is.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    return run(*words)
