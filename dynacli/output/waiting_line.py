"""A line on a terminal that tells why nothing is seen yet, for what takes longer than a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from dynacli.environment import Environment
from dynacli.output.status_line import StatusLine

__all__ = ["waiting_line"]

_PATIENCE_SECONDS = 1.0


@contextmanager
def waiting_line(env: Environment, text: str) -> Iterator[None]:
    """Show a line on standard error, which is a terminal, once the block has lasted for a second, until it ends.

    Args:
        text: What is being done.
    """
    line = StatusLine(env)
    timer = Timer(_PATIENCE_SECONDS, line.show, (text,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # it may be writing just now
        line.clear()
