"""What does not fit on a terminal is shown by `$PAGER`."""

import contextlib
import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dynacli.environment import Environment
from dynacli.output.output_format import OutputFormat
from dynacli.output.render import write_data

KEEPS = "sh -c 'cat > paged; echo $LESS >> paged'"
"""A pager that keeps what it is given."""

Shown = Callable[[], str]


@contextlib.contextmanager
def terminal(**variables: str) -> Iterator[tuple[Environment, Shown]]:
    """Yield the surroundings of a run on a terminal of ten lines, and what returns the text on it."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    with open(follower, "w", encoding="utf-8") as stdout:

        def shown() -> str:
            stdout.flush()
            os.write(follower, b"\0")
            text = b""
            while not text.endswith(b"\0"):
                text += os.read(leader, 1024)
            return text[:-1].decode().replace("\r\n", "\n")

        known = {"TERM": "xterm", "NO_COLOR": "1", "PATH": os.environ["PATH"], **variables}
        yield Environment(stdout=stdout, stderr=io.StringIO(), variables=known), shown
    os.close(leader)


def lines(count: int) -> str:
    """Return numbered lines."""
    return "".join(f"{number}\n" for number in range(count))


def write(env: Environment, text: str, form: OutputFormat | None = None) -> None:
    """Write a text as a verb does."""
    write_data(env, None, form or OutputFormat(), lambda _, width: text)  # noqa: ARG005


@pytest.mark.parametrize(
    ("variables", "text", "less"),
    [
        ({"PAGER": KEEPS}, lines(30), "FRX"),
        ({"PAGER": "no-such-pager", "DYNACLI_PAGER": KEEPS}, lines(30), "FRX"),
        ({"PAGER": KEEPS, "LESS": "R"}, lines(30), "R"),
        ({"PAGER": KEEPS}, "x" * 400 + "\n", "FRX"),
    ],
    ids=["lines", "own-variable", "options-of-less", "long-line"],
)
def test_what_does_not_fit_goes_to_the_pager(variables: dict[str, str], text: str, less: str) -> None:
    """`DYNACLI_PAGER` goes before `PAGER`; less is told to end if all fits, unless `LESS` says something else."""
    with terminal(**variables) as (env, shown):
        write(env, text)
        assert "" == shown()
    assert f"{text}{less}\n" == Path("paged").read_text()


@pytest.mark.parametrize(
    ("variables", "count", "form"),
    [
        ({"PAGER": KEEPS}, 9, OutputFormat()),
        ({"PAGER": KEEPS}, 30, OutputFormat(may_page=False)),
        ({"PAGER": ""}, 30, OutputFormat()),
        ({"PAGER": "cat"}, 30, OutputFormat()),
        ({"PAGER": "'"}, 30, OutputFormat()),
        ({"PAGER": "no-such-pager"}, 30, OutputFormat()),
        ({"PAGER": KEEPS, "DYNACLI_PAGER": ""}, 30, OutputFormat()),
        ({"PAGER": KEEPS, "TERM": "dumb"}, 30, OutputFormat()),
    ],
    ids=["it-fits", "not-wanted", "empty", "cat", "malformed", "not-there", "own-is-empty", "dumb-terminal"],
)
def test_other_text_is_written_to_the_terminal(
    variables: dict[str, str], count: int, form: OutputFormat
) -> None:
    """What fits, and everything if there is no pager, is on the terminal as it was written."""
    with terminal(**variables) as (env, shown):
        write(env, lines(count), form)
        assert lines(count) == shown()
    assert not Path("paged").exists()


def test_a_pager_that_cannot_be_started_is_done_without() -> None:
    """A program that the system refuses to run costs nothing but the pager."""
    Path("pager").write_text("no program")
    Path("pager").chmod(0o755)
    with terminal(PAGER=str(Path("pager").absolute())) as (env, shown):
        write(env, lines(30))
        assert lines(30) == shown()


def test_who_leaves_the_pager_early_has_seen_enough() -> None:
    """The rest of the text is dropped, and the run goes on to its end."""
    with terminal(PAGER="true") as (env, shown):
        write(env, lines(200_000))
        assert "" == shown()
