"""Writing a list row by row as it is read, so that a list of any length takes no memory and begins at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dynacli.environment import Environment
from dynacli.output.render import check_format
from dynacli.output.stream_body import write_bytes
from dynacli.text.terminal import Painter, terminal_width, visible, visible_painted

__all__ = ["write_rows"]

_BLOCK = 1 << 15
"""How many characters are written at a time, after the first row."""


def write_rows(
    env: Environment,
    rows: Iterable[Mapping[str, Any]],
    output_format: str,
    lines: Callable[[Painter, int], Iterable[str]],
) -> None:
    """Write the rows that one of dynacli's own verbs lists, as `write_data` would write the list of them.

    Args:
        env: The surroundings of the run.
        rows: JSON objects.
        output_format: One of the formats of `write_data`.
        lines: Makes the lines for a person, in the place of the rows, from a painter and a width in columns.

    Raises:
        UsageError: The format is unknown.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    check_format(output_format)
    is_shown = env.stdout_is_terminal and output_format[0] != "@"
    if output_format == "text" or (output_format == "auto" and env.stdout_is_terminal):
        made = lines(Painter.for_stdout(env), terminal_width(env, env.stdout))
        pieces = _text_pieces(made, visible_painted if is_shown else str)
    elif output_format == "yaml":
        pieces = _yaml_pieces(rows, _visible_text if is_shown else str)
    else:
        pieces = _json_pieces(rows, _coloured(env) if is_shown else str)
    with _opened(env, output_format) as write:
        for block in _blocks(pieces):
            write(block)


def _text_pieces(lines: Iterable[str], shown: Callable[[str], str]) -> Iterator[str]:
    line = None
    for line in lines:
        yield f"{shown(line)}\n"
    if line is None:
        yield "\n"


def _yaml_pieces(rows: Iterable[Mapping[str, Any]], shown: Callable[[str], str]) -> Iterator[str]:
    from dynacli.text.yaml_text import yaml_of

    row = None
    for row in rows:
        # A sequence in block style is nothing but its entries.
        yield shown(yaml_of([row]))
    if row is None:
        yield "[]\n"


def _json_pieces(rows: Iterable[Mapping[str, Any]], shown: Callable[[str], str]) -> Iterator[str]:
    import json

    before = "[\n"
    for row in rows:
        yield before + shown(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _visible_text(text: str) -> str:
    return visible(text.replace("\r\n", "\n"))


def _coloured(env: Environment) -> Callable[[str], str]:
    from dynacli.text.json_text import colourise, escape_unsafe

    painter = Painter.for_stdout(env)
    return lambda text: colourise(escape_unsafe(text), painter)


def _blocks(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the first piece at once, and the others together, as many as make a block."""
    waiting: list[str] = []
    size = _BLOCK
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


@contextmanager
def _opened(env: Environment, output_format: str) -> Iterator[Callable[[str], None]]:
    if output_format[0] != "@":
        # JSON and YAML are always UTF-8; only a terminal has an encoding of its own.
        encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"
        yield lambda text: write_bytes(env, text.encode(encoding, "backslashreplace"))
        return
    from dynacli.files import replace_named_file

    with replace_named_file(output_format[1:]) as write:
        yield lambda text: write(text.encode("utf-8", "backslashreplace"))
