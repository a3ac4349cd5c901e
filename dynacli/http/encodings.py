"""The content encodings of a response, decoded piece by piece so that its size can be limited on the way."""

import zlib
from collections.abc import Callable, Iterable, Iterator

__all__ = ["ACCEPTED", "BadEncodingError", "TooLargeError", "decode_chunks", "decode_whole"]

ACCEPTED = "gzip, deflate"
"""The value of `Accept-Encoding`: the encodings that the standard library decodes in pieces of limited size."""

_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_STEP = 1024 * 1024


class BadEncodingError(Exception):
    """The encoded data cannot be decoded; the text says why.

    Args:
        is_cut: Whether the data ends too early, as it does when a connection breaks.
    """

    def __init__(self, message: str, *, is_cut: bool = False) -> None:
        super().__init__(message)
        self.is_cut = is_cut


class TooLargeError(Exception):
    """A body has more bytes than are taken."""


def decode_whole(content: bytes, encodings: Iterable[str], limit: int) -> bytes:
    """Return the decoded body of a complete response.

    Args:
        encodings: The same as for `decode_chunks`.
        limit: The most bytes that it may have.

    Raises:
        BadEncodingError: The same as for `decode_chunks`.
        TooLargeError: It has more bytes.
    """

    def check(size: int) -> None:
        if size > limit:
            raise TooLargeError

    return b"".join(decode_chunks([content], encodings, check))


def decode_chunks(
    chunks: Iterable[bytes], encodings: Iterable[str], check: Callable[[int], None]
) -> Iterator[bytes]:
    """Yield the decoded body (RFC 9110, section 8.4).

    Args:
        chunks: The body as it arrives.
        encodings: The values of `Content-Encoding`, each a list; at most one encoding that is not `identity`.
        check: Called with the number of decoded bytes so far, for every piece;
            raises when they are too many or the time is up.

    Raises:
        BadEncodingError: The encoding is unknown, there is more than one, or the data is not encoded in it.
    """
    applied = [name.strip().lower() for value in encodings for name in value.split(",")]
    applied = [value for value in applied if value not in ("", "identity")]
    if len(applied) > 1:
        # With several, 253 bytes can become 50 MiB.
        raise BadEncodingError(
            f"it is compressed {len(applied)} times over, and at most one encoding is accepted"
        )
    if applied and applied[0] not in _WINDOW_BITS:
        raise BadEncodingError(
            "it has a content encoding that was not asked for; `gzip` and `deflate` are understood"
        )
    size = 0
    decoder = _Decoder(applied[0]) if applied else None
    for chunk in chunks:
        for piece in decoder.feed(chunk) if decoder else (chunk,):
            size += len(piece)
            check(size)
            yield piece
    if decoder:
        yield decoder.finish()


class _Decoder:
    """A decompressor whose pieces of output are at most `_STEP` bytes."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.is_empty = True
        self.inflater = zlib.decompressobj(_WINDOW_BITS[encoding])

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self.is_empty and self.encoding == "deflate" and not _has_zlib_header(data):
            # Some servers send raw deflate data, without the zlib wrapper that RFC 9110 asks for.
            self.inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.is_empty = False
        while data:
            if self.inflater.eof:
                if self.encoding == "deflate":
                    return
                # A gzip file may have several members, one after the other (RFC 1952, section 2.2).
                self.inflater = zlib.decompressobj(_GZIP)
            try:
                yield self.inflater.decompress(data, _STEP)
            except zlib.error:
                raise BadEncodingError(f"it is not `{self.encoding}` as its server says") from None
            data = self.inflater.unconsumed_tail or self.inflater.unused_data

    def finish(self) -> bytes:
        if self.is_empty:
            return b""
        rest = self.inflater.flush()
        if not self.inflater.eof:
            raise BadEncodingError("the compressed data has no end", is_cut=True)
        return rest


def _has_zlib_header(data: bytes) -> bool:
    """Return whether data starts with a zlib header (RFC 1950, section 2.2), validated by the bytes that are there."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
