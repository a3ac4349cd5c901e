"""A file that a verb reads, or standard input in its place."""

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dynacli.commands.run import Run
from dynacli.errors import FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynacli.traffic.read_har import Readable

__all__ = ["opened_input"]


@contextmanager
def opened_input(run: Run, word: str, use: str) -> "Iterator[Readable]":
    """Open a file, or standard input for `-`, until the end of the block.

    Args:
        use: What standard input is taken for, as messages say it.

    Raises:
        UsageError: Nothing is piped in.
        FileError: It cannot be read.
    """
    if word == "-" and run.env.stdin_is_terminal:
        raise UsageError("`-` reads standard input, and nothing is piped into it")
    try:
        if word == "-":
            yield run.env.open_stdin(use)
        else:
            with open(os.path.expanduser(word), "rb") as file:
                yield file
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no file name"
        raise FileError(f"`{word}` cannot be read", why=why) from error
