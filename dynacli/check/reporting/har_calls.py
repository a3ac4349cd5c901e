"""The calls of a check for an HTTP Archive: what was sent and what came, without secrets."""

from collections.abc import Iterable
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.check.check_records import Exchange
from dynacli.output.har import HarCall

__all__ = ["har_calls"]


def har_calls(exchanges: Iterable[Exchange]) -> list[HarCall]:
    """Return calls as the archive takes them; secrets are masked also in what the server sent back."""
    return [_har_call(exchange) for exchange in exchanges]


def _har_call(exchange: Exchange) -> HarCall:
    masker, shown, body = exchange.masker, exchange.shown, exchange.shown.body
    content = body if isinstance(body, bytes | None) else None
    size = len(content or b"") if isinstance(body, bytes | None) else body.length
    request: dict[str, Any] = {
        "operation": exchange.operation_name,
        "started": exchange.started,
        "seconds": exchange.seconds,
        "method": shown.method,
        "url": masker.mask(shown.url),
        "headers": _masked_headers(shown.headers, masker),
        "body": _masked_bytes(content, masker) if content is not None else None,
        "body_size": -1 if size is None else size,
    }
    answer = exchange.answer
    if answer is None:
        return HarCall(**request, error=masker.mask(exchange.error_text))
    return HarCall(
        **request,
        hops=tuple((status, masker.mask(url)) for status, url in answer.hops),
        # Without a redirect it is the URL of the request, of which `shown` masks more than the masker knows.
        final_url=masker.mask(answer.url if answer.hops else shown.url),
        status=answer.status,
        reason=masker.mask(answer.reason),
        http_version=answer.http_version,
        answer_headers=_masked_headers(answer.headers, masker),
        answer_body=_masked_bytes(answer.body, masker),
    )


def _masked_headers(headers: Iterable[tuple[str, str]], masker: Masker) -> tuple[tuple[str, str], ...]:
    return tuple((name, masker.mask(value)) for name, value in headers)


def _masked_bytes(content: bytes, masker: Masker) -> bytes:
    """Return bytes without secrets; all else in them, text or not, stays as it is."""
    return masker.mask(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
