"""The calls of a check for an HTTP Archive: what was sent and what came, without secrets."""

from collections.abc import Iterable
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.check.check_records import Exchange
from dynacli.output.reports.har import HarCall

__all__ = ["har_calls"]


def har_calls(exchanges: Iterable[Exchange]) -> list[HarCall]:
    """Return calls as they are written; secrets are masked wherever they occur, also in what the server sent back."""
    return [_call(one) for one in exchanges]


def _call(one: Exchange) -> HarCall:
    mask, shown, body = one.masker.mask, one.shown, one.shown.body
    content = body if isinstance(body, bytes | None) else None
    size = len(content or b"") if isinstance(body, bytes | None) else body.length
    sent: dict[str, Any] = {
        "operation": one.operation_name,
        "started": one.started,
        "seconds": one.seconds,
        "method": shown.method,
        "url": mask(shown.url),
        "headers": _headers(shown.headers, one.masker),
        "body": _bytes(content, one.masker) if content is not None else None,
        "body_size": -1 if size is None else size,
    }
    answer = one.answer
    if answer is None:
        error = one.error
        text = f"{error.what}: {error.why}" if error is not None and error.why else getattr(error, "what", "")
        return HarCall(**sent, error=mask(text))
    return HarCall(
        **sent,
        hops=tuple((status, mask(url)) for status, url in answer.hops),
        # The URL of the answer as it was asked for is the one that may be shown.
        final_url=mask(answer.url) if answer.hops else mask(shown.url),
        status=answer.status,
        reason=mask(answer.reason),
        http_version=answer.http_version,
        answer_headers=_headers(answer.headers, one.masker),
        answer_body=_bytes(answer.body, one.masker),
    )


def _headers(headers: Iterable[tuple[str, str]], masker: Masker) -> tuple[tuple[str, str], ...]:
    return tuple((name, masker.mask(value)) for name, value in headers)


def _bytes(content: bytes, masker: Masker) -> bytes:
    """Return bytes without secrets; all else in them, text or not, stays as it is."""
    return masker.mask(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
