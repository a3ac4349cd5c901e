"""A call of the history as text: as a curl command, as HTTP, or as an HTTP archive."""

import json
from base64 import b64decode
from typing import Any

from dynacli.http.built_request import Request
from dynacli.library.history.history_file import HistoryRow
from dynacli.output.reports.har import HarCall, har_of
from dynacli.request import preview

__all__ = ["as_text", "har_call"]


def as_text(row: HistoryRow, form: str) -> str:
    """Return a call in a form; what the history does not keep of it is left out.

    Args:
        form: `curl`, `http` or `har`.
    """
    if form == "har":
        return har_of([har_call(row)])
    messages: dict[str, Any] = json.loads(row.call.messages or "{}")
    sent = messages["request"]
    request = Request(sent["method"], sent["url"], _headers(sent), _body(sent))
    return preview.as_curl(request) + "\n" if form == "curl" else preview.as_http(request)


def har_call(row: HistoryRow) -> HarCall:
    """Return a call as an archive has it; what the history does not keep of it is left out."""
    call = row.call
    messages: dict[str, Any] = json.loads(call.messages or "{}")
    sent, got = messages.get("request") or {}, messages.get("answer") or {}
    size = sent.get("size")
    return HarCall(
        call.operation,
        call.at,
        call.seconds,
        call.method,
        call.url,
        _headers(sent),
        body=_body(sent),
        body_size=-1 if size is None else size,
        final_url=call.url,
        status=call.status or 0,
        reason=got.get("reason", ""),
        http_version=got.get("http_version", ""),
        answer_headers=_headers(got),
        answer_body=_body(got) or b"",
    )


def _headers(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in message.get("headers", ()))


def _body(message: dict[str, Any]) -> bytes | None:
    if message.get("body_base64"):
        return b64decode(message["body_base64"])
    text: str | None = message.get("body")
    return None if text is None else text.encode()
