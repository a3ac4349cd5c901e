"""Bodies as sequences of pieces: files and streams are read while they are sent, not held in memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from dynacli.errors import FileError

CHUNK = 64 * 1024


class ByteSource(Protocol):
    """The bytes of a file or of standard input.

    Attributes:
        name: The path as the user wrote it, or `-` for standard input.
        size: The size in bytes; None if it is unknown before the end.
    """

    name: str
    size: int | None

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, exactly `size` of them if it is known.

        Raises:
            FileError: The bytes cannot be read, or the file has changed.
        """

    def rewind(self) -> bool:
        """Prepare `chunks` to yield all bytes again; return whether that is possible."""


class Payload:
    """A body made of bytes and of sources.

    Args:
        pieces: The pieces in order.
    """

    def __init__(self, pieces: Sequence[bytes | ByteSource]) -> None:
        self.pieces = tuple(pieces)

    @property
    def length(self) -> int | None:
        """The number of bytes; None if the size of a source is unknown."""
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
        """Prepare the body to be sent again; return whether that is possible."""
        return all(isinstance(piece, bytes) or piece.rewind() for piece in self.pieces)

    def whole(self, limit: int) -> bytes | None:
        """Return the whole body; None if it has more than `limit` bytes. Streams can be read only once.

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

    def changed(self, change: Callable[[bytes | ByteSource], bytes | ByteSource]) -> Payload:
        """Return a payload with each of its pieces changed."""
        return Payload([change(piece) for piece in self.pieces])

    def abbreviated(self) -> str:
        """Return the body as text for display, with the names of sources instead of their contents."""
        return "".join(
            as_text(piece, f"[{len(piece)} bytes]")
            if isinstance(piece, bytes)
            else f"[contents of {_source_text(piece)}]"
            for piece in self.pieces
        )


def as_text(content: bytes, otherwise: str = "") -> str:
    """Return bytes as text, or `otherwise` if they cannot be a command-line argument."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return otherwise
    return otherwise if "\0" in text else text


def _source_text(source: ByteSource) -> str:
    if source.name == "-":
        return "standard input"
    return source.name if source.size is None else f"{source.name}, {source.size} bytes"


class Readable(Protocol):
    """A byte stream."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most `size` bytes. An empty result means the end of the stream."""


class Peekable(Readable, Protocol):
    """A byte stream that can take back bytes that were read."""

    def put_back(self, content: bytes, /) -> None:
        """Let the next `read` return these bytes."""


def open_upload(path: str, name: str) -> FileUpload | StreamUpload:
    """Return a file to send.

    The file is opened at once, so that a missing or unreadable file ends the call before anything is sent.

    Args:
        path: Path of the file.
        name: The name for messages, as the user wrote it.

    Raises:
        FileError: The file does not exist or cannot be read.
    """
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115  - a pipe stays open until it is sent
        status = os.fstat(file.fileno())
        # Files in `/proc` report the size 0 even if they are not empty.
        if stat.S_ISREG(status.st_mode) and (status.st_size or not file.read(1)):
            file.close()
            return FileUpload(path, name, status)
        if stat.S_ISREG(status.st_mode):
            file.seek(0)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a file name"
        raise _unreadable_source(name, reason) from error
    return StreamUpload(file, name, close=file.close)


class FileUpload:
    """A regular file, whose size is known before sending."""

    def __init__(self, path: str, name: str, status: os.stat_result) -> None:
        self.name = name
        self.size: int | None = status.st_size
        self._path = path
        self._identity = _identity(status)

    def rewind(self) -> bool:
        """Return True: `chunks` opens the file again for each try."""
        return True

    def chunks(self) -> Iterator[bytes]:
        """Yield the content of the file.

        Raises:
            FileError: The file cannot be read, or has changed since it was opened first.
        """
        left = self.size or 0
        try:
            with open(self._path, "rb", buffering=0) as file:
                while True:
                    chunk = file.read(min(CHUNK, left))
                    left -= len(chunk)
                    # Checked before the last bytes are sent. Without them the request is incomplete, so a server cannot
                    # accept a mixture of old and new content.
                    if (left == 0 or not chunk) and (
                        left or _identity(os.fstat(file.fileno())) != self._identity
                    ):
                        raise FileError(
                            f"`{self.name}` was changed while it was sent",
                            reason="The server got only a part of the request",
                            hint="Send it again when nothing writes to it",
                        )
                    if chunk:
                        yield chunk
                    if left == 0:
                        return
        except OSError as error:
            raise _unreadable_source(self.name, error.strerror or "it cannot be read") from error


class StreamUpload:
    """A pipe, a device or standard input: the size is unknown before the end, and most can be sent only once."""

    def __init__(self, stream: Readable, name: str, close: Callable[[], None] | None = None) -> None:
        self.name = name
        self._close = close
        self.size: int | None = None
        self._stream: Any = stream
        self._start = _position(stream)
        self._is_begun = False

    def rewind(self) -> bool:
        """Move the stream back to its start if possible; return whether it is at its start."""
        if not self._is_begun:
            return True
        try:
            if self._start is not None:
                self._stream.seek(self._start)
                self._is_begun = False
        except (OSError, ValueError):
            pass  # the stream is closed
        return not self._is_begun

    def chunks(self) -> Iterator[bytes]:
        """Yield the content of the stream as it arrives.

        Raises:
            FileError: The stream cannot be read.
        """
        self._is_begun = True
        try:
            while chunk := self._stream.read(CHUNK):
                yield chunk
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is closed"
            raise _unreadable_source(self.name, reason) from error
        if chunk is None:
            raise _unreadable_source(self.name, "it is set not to wait for what is still to come")
        if self._close is not None:
            self._close()


class WatchedPayload(Payload):
    """A body that reports the progress of sending it.

    Args:
        payload: The body.
        watch: Makes a context manager that is active while the body is sent. Its value is a function that is called
            with the size of each piece.
    """

    def __init__(
        self, payload: Payload, watch: Callable[[], AbstractContextManager[Callable[[int], object]]]
    ) -> None:
        super().__init__(payload.pieces)
        self._watch = watch

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces."""
        with self._watch() as announce:
            for piece in super().__iter__():
                yield piece
                announce(len(piece))


def _position(stream: Any) -> int | None:
    """Return the position of a stream; None if it cannot be moved back to it."""
    try:
        return int(stream.tell()) if stream.seekable() else None
    except (OSError, ValueError, AttributeError):
        return None


def begins_with(stream: Peekable, name: str, limit: int) -> tuple[bytes, bool]:
    """Read the beginning of a stream and put it back. Return it, and whether it is the whole stream.

    Args:
        stream: The stream.
        name: Name of the stream for messages.
        limit: Number of bytes after which reading stops.

    Raises:
        FileError: The stream cannot be read.
    """
    read = bytearray()
    for chunk in StreamUpload(stream, name).chunks():
        read += chunk
        if len(read) > limit:
            break
    stream.put_back(bytes(read))
    return bytes(read), len(read) <= limit


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _unreadable_source(name: str, reason: str) -> FileError:
    if name == "-":
        return FileError("Standard input cannot be read", reason=reason)
    return FileError(
        f"The file `{name}` cannot be read", reason=reason, hint="Check the path; `@-` is standard input"
    )
