"""A body that is not held in memory: a sequence of pieces, of which files are read while they are sent."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

__all__ = ["Payload", "Source", "as_text"]


class Source(Protocol):
    """The bytes of a file or of standard input.

    Attributes:
        name: The path as the person wrote it; `-` is standard input.
        size: The size in bytes; None where it is only known at the end.
    """

    name: str
    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, `size` of them where that is known.

        Raises:
            FileError: The bytes cannot be read, or the file has changed.
        """

    def rewind(self) -> bool:
        """Return whether `chunks` can yield all bytes again, which it does from then on."""


class Payload:
    """A body made of bytes and of sources.

    Args:
        pieces: The pieces in order.
    """

    def __init__(self, pieces: Sequence[bytes | Source]) -> None:
        self.pieces = tuple(pieces)

    @property
    def length(self) -> int | None:
        """The number of bytes; None where that of a source is unknown."""
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

    def rewind(self) -> bool:
        """Return whether the body can be sent again from its beginning."""
        return all(isinstance(piece, bytes) or piece.rewind() for piece in self.pieces)

    def whole(self, limit: int) -> bytes | None:
        """Return the whole body, None where it has more than `limit` bytes; this uses up a stream.

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

    def changed(self, change: Callable[[bytes | Source], bytes | Source]) -> "Payload":
        """Return a payload with each of its pieces changed."""
        return Payload([change(piece) for piece in self.pieces])

    def abbreviated(self) -> str:
        """Return the body as text for people, with the names of sources instead of their contents."""
        return "".join(
            as_text(piece, f"[{len(piece)} bytes]")
            if isinstance(piece, bytes)
            else f"[contents of {_described(piece)}]"
            for piece in self.pieces
        )


def as_text(content: bytes, otherwise: str = "") -> str:
    """Return bytes as text, or another text where no word of a command line can hold them."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return otherwise
    return otherwise if "\0" in text else text


def _described(source: Source) -> str:
    if source.name == "-":
        return "standard input"
    return source.name if source.size is None else f"{source.name}, {source.size} bytes"
