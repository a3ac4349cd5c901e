"""A request that a server has received, in the form of recorded traffic."""

import time
from collections.abc import AsyncIterable, Mapping

from starlette.requests import Request

from dynacli.http.encodings import TooLargeError, decode_whole
from dynacli.traffic.recorded_request import RecordedExchange, RecordedRequest

__all__ = ["read_exchange", "url_of"]

_HOST = "http://localhost"


async def read_exchange(request: Request, limit: int) -> RecordedExchange:
    """Return a request with its whole body, without the body's content encoding, and without an answer.

    Args:
        limit: The most bytes of a body, as it comes and decoded.

    Raises:
        TooLargeError: The body has more.
        BadEncodingError: The body is not in the encoding that its headers name.
        ClientDisconnect: The client is gone before the body is whole.
    """
    started = time.time()
    content = await _whole(request.stream(), limit)
    if content:
        content = decode_whole(content, request.headers.getlist("content-encoding"), limit)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return RecordedExchange(
        RecordedRequest(request.method, url_of(request.scope), headers),
        content or None,
        started=started,
    )


def url_of(scope: Mapping[str, object]) -> str:
    """Return the URL of a request as it was sent, percent-encoded, with a host of our own."""
    raw, query = scope["raw_path"], scope["query_string"]
    path = raw.decode("latin-1") if isinstance(raw, bytes) else ""
    if not path.startswith("/"):  # a proxy is asked by whole URLs (RFC 9112, section 3.2.2)
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    text = query.decode("latin-1") if isinstance(query, bytes) else ""
    return f"{_HOST}{path}?{text}" if text else f"{_HOST}{path}"


async def _whole(pieces: AsyncIterable[bytes], limit: int) -> bytes:
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) > limit:
            raise TooLargeError
    return bytes(found)
