"""Writing a sequence of JSON values or events item by item, as its bytes come."""

from collections.abc import Iterator
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.errors import FormError
from dynacli.output.formats.written_items import written_items
from dynacli.output.output_form import OutputForm
from dynacli.output.stream_body import Write
from dynacli.transport.item_reader import ItemReader

__all__ = ["written_sequence"]


@contextmanager
def written_sequence(env: Environment, media_type: str, form: OutputForm) -> Iterator[Write]:
    """Write the items of a body in the format of a form, as the body comes.

    Args:
        media_type: The value of `Content-Type`, of a sequence.

    Yields:
        A function that writes a piece of the body.

    Raises:
        FormError: An item cannot be read, filtered or written; those that could be read were written.
        FileError: The file or standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    reader = ItemReader(media_type)
    with written_items(env, form) as write_item:

        def write(piece: bytes) -> None:
            for item in reader.feed(piece):
                write_item(item)

        yield write
        for item in reader.end():
            write_item(item)
    if reader.unread:
        raise FormError(
            f"{reader.unread:,} of the answer's items could not be read",
            why="they are not JSON, or too large, and were left out",
            hint="`-o raw` writes the answer as it comes",
        )
