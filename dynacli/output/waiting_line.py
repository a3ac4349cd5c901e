"""A line on a terminal that tells why nothing is seen yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from dynacli.environment import Environment
from dynacli.output.status_line import StatusLine

__all__ = ["pause_line", "waiting_line"]

_PATIENCE_SECONDS = 1.0


@contextmanager
def pause_line(env: Environment, text: str) -> Iterator[None]:
    """Show a line on standard error, which is a terminal, until the block ends, which is known to take a while.

    Args:
        text: What is waited for.
    """
    line = StatusLine(env)
    line.show(text)
    try:
        yield
    finally:
        line.clear()


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
