"""Decoding the content encodings of a response in small pieces, so that its size can be limited.

The standard library decodes gzip and deflate. Optional packages decode Brotli and Zstandard.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

_ZSTD_WINDOW = 8 * 1024 * 1024
"""The largest window of Zstandard as a content encoding (RFC 9659, section 3)."""
_INSTALL = {"br": "brotli", "zstd": "zstandard"}
_ZSTD_SLICE = 128
"""Number of bytes decoded at once, because 4 bytes can be a block of 128 KiB (RFC 8878, section 3.1.1.2)."""
_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_BITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_STEP = 1024 * 1024


class BadEncodingError(Exception):
    """Encoded data cannot be decoded; the message gives the reason.

    Args:
        message: The reason.
        is_cut: Whether the data ends too early, as after a broken connection.
    """

    def __init__(self, message: str, *, is_cut: bool = False) -> None:
        super().__init__(message)
        self.is_cut = is_cut


class TooLargeError(Exception):
    """A body is larger than the limit."""


def decode_whole(content: bytes, encodings: Iterable[str], limit: int) -> bytes:
    """Return the decoded body of a complete response.

    Args:
        content: The whole body as it was sent.
        encodings: As for `decode_chunks`.
        limit: Maximum number of decoded bytes.

    Raises:
        BadEncodingError: As for `decode_chunks`.
        TooLargeError: The body has more decoded bytes.
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
        encodings: Values of `Content-Encoding`, each a list of encodings. At most one may differ from `identity`.
        check: Called after each piece with the number of decoded bytes so far.
            It raises if the body is too large or the time is up.

    Raises:
        BadEncodingError: The encoding is unknown or not the only one, or the data does not match it.
    """
    applied = [name.strip().lower() for value in encodings for name in value.split(",")]
    applied = [value for value in applied if value not in ("", "identity")]
    if len(applied) > 1:
        # With several encodings, 253 bytes can become 50 MiB.
        raise BadEncodingError(
            f"it is compressed {len(applied)} times over, and at most one encoding is accepted"
        )
    size = 0
    decoder = _decoder(applied[0]) if applied else None
    for chunk in chunks:
        for piece in decoder.feed(chunk) if decoder else (chunk,):
            size += len(piece)
            check(size)
            yield piece
    if decoder:
        yield decoder.finish()


class _Decoder(Protocol):
    """A decompressor whose pieces of output are limited in size."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode further data, and yield the output."""

    def finish(self) -> bytes:
        """Return the rest of the output after the last data."""


def _decoder(encoding: str) -> _Decoder:
    if encoding in _WINDOW_BITS:
        return _Inflater(encoding)
    from dynacli.http.import_httpx import decoding_packages

    packages = decoding_packages()
    if encoding not in packages:
        known = ["gzip", "deflate", *packages]
        listed = f"{', '.join(f'`{name}`' for name in known[:-1])} and `{known[-1]}`"
        more = f"; `pip install {_INSTALL[encoding]}` adds `{encoding}`" if encoding in _INSTALL else ""
        raise BadEncodingError(
            f"it has a content encoding that was not asked for; {listed} are understood{more}"
        )
    return _Brotli(packages[encoding]) if encoding == "br" else _Zstandard()


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self, package: str) -> None:
        from importlib import import_module

        module: Any = import_module(package)
        self._error, self._decompressor = module.error, module.Decompressor()
        self._is_empty = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._is_empty = self._is_empty and not data
        try:
            yield self._decompressor.process(data, output_buffer_limit=_STEP)
            while not self._decompressor.can_accept_more_data():
                yield self._decompressor.process(b"", output_buffer_limit=_STEP)
        except self._error:
            raise BadEncodingError("it is not `br` as its server says") from None

    def finish(self) -> bytes:
        if not self._is_empty and not self._decompressor.is_finished():
            raise BadEncodingError("the compressed data has no end", is_cut=True)
        return b""


class _Zstandard:
    """Zstandard (RFC 8878). A body may have several frames in sequence."""

    def __init__(self) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            self._frame = self._frame or self._frames.decompressobj()
            try:
                yield self._frame.decompress(data[:_ZSTD_SLICE])
            except self._error:
                raise BadEncodingError("it is not `zstd` as its server says") from None
            data = data[_ZSTD_SLICE:]
            if self._frame.eof:
                data, self._frame = self._frame.unused_data + data, None

    def finish(self) -> bytes:
        if self._frame is not None:
            raise BadEncodingError("the compressed data has no end", is_cut=True)
        return b""


class _Inflater:
    """Gzip (RFC 1952) and deflate (RFC 1950)."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.is_empty = True
        self.inflater = zlib.decompressobj(_WINDOW_BITS[encoding])

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not data:
            return
        if self.is_empty and self.encoding == "deflate" and not _has_zlib_header(data):
            # Some servers send raw deflate data, without the zlib wrapper that RFC 9110 requires.
            self.inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.is_empty = False
        while data:
            if self.inflater.eof:
                if self.encoding == "deflate":
                    return
                # A gzip file may have several members in sequence (RFC 1952, section 2.2).
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
    """Return whether data starts with a zlib header, or with its first byte (RFC 1950, section 2.2)."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
