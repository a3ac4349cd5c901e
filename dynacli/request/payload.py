"""A body that is not held in memory: pieces, some of which are read only while they are sent."""

from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Payload", "Source", "as_text"]


class Source(Protocol):
    """Bytes that stand outside: a file, or standard input.

    Attributes:
        name: As the person wrote it; `-` is standard input.
        size: In bytes; None where it is only known at the end.
    """

    name: str
    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, `size` of them where that is known.

        Raises:
            FileError: They cannot be read, or are not those that were there before.
        """


class Payload:
    """A body made of bytes and of sources.

    Args:
        pieces: In order.
    """

    def __init__(self, pieces: Sequence[bytes | Source]) -> None:
        self.pieces = tuple(pieces)

    @property
    def length(self) -> int | None:
        """The number of bytes; None where a source does not know its own."""
        total = 0
        for piece in self.pieces:
            size = len(piece) if isinstance(piece, bytes) else piece.size
            if size is None:
                return None
            total += size
        return total

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from piece.chunks()

    def whole(self, limit: int) -> bytes | None:
        """Return all of it, None where that is more than `limit` bytes; a stream is used up by this.

        Raises:
            FileError: A source cannot be read.
        """
        if (self.length or 0) > limit:
            return None
        read = bytearray()
        for chunk in self:
            read += chunk
            if len(read) > limit:
                return None
        return bytes(read)

    def abbreviated(self) -> str:
        """Return it as text for people: what a source holds is named instead of shown."""
        return "".join(
            as_text(piece, f"[{len(piece)} bytes]")
            if isinstance(piece, bytes)
            else f"[contents of {_called(piece)}]"
            for piece in self.pieces
        )


def as_text(content: bytes, otherwise: str = "") -> str:
    """Return bytes as text, or something else where they are none that a word of a command line can hold."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return otherwise
    return otherwise if "\0" in text else text


def _called(source: Source) -> str:
    if source.name == "-":
        return "standard input"
    return source.name if source.size is None else f"{source.name}, {source.size} bytes"
