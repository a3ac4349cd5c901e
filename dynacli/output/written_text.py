"""Where text goes: standard output, a pager before it, or a file."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.output.output_form import OutputForm
from dynacli.output.stream_body import write_bytes

__all__ = ["blocks", "written_text"]

_BLOCK = 1 << 15
"""How many characters are written at a time, after the first piece."""


@contextmanager
def written_text(env: Environment, form: OutputForm) -> Iterator[Callable[[str], None]]:
    """Write text piece by piece: into the file of a form, which is replaced whole, else to standard output.

    On a terminal a pager shows what does not fit, where the form allows that.

    Yields:
        A function that writes a piece; for a terminal the piece was made visible before.

    Raises:
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    if form.file:
        from dynacli.files import replace_named_file

        with replace_named_file(form.file) as write:
            yield lambda text: write(text.encode("utf-8", "backslashreplace"))
        return
    # JSON and YAML are always UTF-8; only a terminal has an encoding of its own.
    encoding = (env.stdout_is_terminal and env.stdout.encoding) or "utf-8"

    def write_text(text: str) -> None:
        write_bytes(env, text.encode(encoding, "backslashreplace"))

    if form.may_page and env.stdout_is_terminal:
        from dynacli.output._pager import paged, pager_command

        command = pager_command(env)
        if command:
            with paged(env, command, write_text) as write_page:
                yield write_page
            return
    yield write_text


def blocks(pieces: Iterable[str]) -> Iterator[str]:
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
