"""Undoes the content encoding of an answer, with the decoded size capped while it is read."""

import zlib
from collections.abc import Callable, Iterable

from dynacli.document.limits import MAX_BYTES, in_mebibytes
from dynacli.errors import DocumentError, NetworkError

__all__ = ["decode_body"]

_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_STEP = 1024 * 1024


def decode_body(
    chunks: Iterable[bytes], encodings: Iterable[str], name: str, check_time: Callable[[], None]
) -> bytes:
    """Return the decoded body (RFC 9110, section 8.4).

    Args:
        chunks: The body as it arrives.
        encodings: The values of `Content-Encoding`; at most one that is not `identity`.
        name: What messages call the document.
        check_time: Called for every chunk; raises when the time is up.

    Raises:
        DocumentError: An unknown encoding, more than one, data that is not so encoded, or too much of it.
        NetworkError: The encoded data ends too early.
    """
    applied = [value.strip().lower() for value in encodings]
    applied = [value for value in applied if value not in ("", "identity")]
    if len(applied) > 1:
        raise DocumentError(
            f"`{name}` is compressed {len(applied)} times over",
            why="At most one content encoding is accepted",
        )
    if applied and applied[0] not in _WINDOW_BITS:
        raise DocumentError(
            f"`{name}` has a content encoding that was not asked for",
            why="`gzip` and `deflate` are understood",
        )
    body = bytearray()
    decoder = _Decoder(applied[0], name) if applied else None
    for chunk in chunks:
        check_time()
        if decoder:
            decoder.feed(chunk, body)
        else:
            body += chunk
            check_size(body, name)
    if decoder:
        decoder.finish(body)
    return bytes(body)


def check_size(body: bytearray, name: str) -> None:
    """Raise a `DocumentError` where a body has grown over the limit."""
    if len(body) > MAX_BYTES:
        raise DocumentError(f"`{name}` is larger than {in_mebibytes(MAX_BYTES)}")


class _Decoder:
    """A decompressor that never holds more than one step over the limit."""

    def __init__(self, encoding: str, name: str) -> None:
        self.encoding = encoding
        self.name = name
        self.is_empty = True
        self.inflater = zlib.decompressobj(_WINDOW_BITS[encoding])

    def feed(self, data: bytes, body: bytearray) -> None:
        if not data:
            return
        if self.is_empty and self.encoding == "deflate" and not _has_zlib_header(data):
            # Some servers send the raw format, without the zlib wrapper that RFC 9110 asks for.
            self.inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.is_empty = False
        while data:
            if self.inflater.eof:
                if self.encoding == "deflate":
                    return
                # A gzip file may be several, one after the other (RFC 1952, section 2.2).
                self.inflater = zlib.decompressobj(_GZIP)
            try:
                body += self.inflater.decompress(data, _STEP)
            except zlib.error as error:
                raise DocumentError(f"`{self.name}` is not `{self.encoding}` as its server says") from error
            check_size(body, self.name)
            data = self.inflater.unconsumed_tail or self.inflater.unused_data

    def finish(self, body: bytearray) -> None:
        if self.is_empty:
            return
        body += self.inflater.flush()
        check_size(body, self.name)
        if not self.inflater.eof:
            raise NetworkError(
                f"The download of `{self.name}` broke off", why="The compressed data has no end"
            )


def _has_zlib_header(data: bytes) -> bool:
    """Tell whether data starts as RFC 1950, section 2.2 says, as far as its first byte tells."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
