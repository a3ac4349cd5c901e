"""Calls as an HTTP Archive: http://www.softwareishard.com/blog/har-12-spec/ (HAR 1.2)."""

from __future__ import annotations

import base64
import json
from base64 import b64decode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dynacli import __version__
from dynacli.http.built_request import Request
from dynacli.http.semantics import essence
from dynacli.record import record
from dynacli.registry.call_history import HistoryRow
from dynacli.request import preview
from dynacli.secrets import MASK, Masker, mask_header
from dynacli.text.body_text import decoded
from dynacli.urls import socket_of, split_url, url_on_the_wire

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse

_FORM = "application/x-www-form-urlencoded"


@record
class HarCall:
    """A call for the archive. Only secrets in headers are masked here.

    Args:
        operation: Name of the operation.
        started: Time of sending, in seconds since 1970.
        seconds: Time from sending to the last byte, or to the failure.
        method: Method of the request.
        url: URL of the request.
        headers: Headers of the request.
        body: Body of the request; None if there is none.
        body_size: Size of the body in bytes; -1 if it is unknown or the body was not stored.
        hops: (status, URL) of each redirect.
        final_url: URL of the last request.
        status: Status of the response; 0 if there is none.
        reason: Reason phrase of the response.
        http_version: HTTP version of the response, for example `HTTP/1.1`.
        response_headers: Headers of the response, in order.
        response_body: Decoded body of the response.
        error: The reason for a missing response; empty if there is a response.
    """

    operation: str
    started: float
    seconds: float
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    body_size: int = 0
    hops: tuple[tuple[int, str], ...] = ()
    final_url: str = ""
    status: int = 0
    reason: str = ""
    http_version: str = ""
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: bytes = b""
    error: str = ""


def masked_har_call(
    operation: str,
    shown: Request,
    masker: Masker,
    response: WireResponse | None,
    *,
    started: float,
    seconds: float,
    error: str = "",
) -> HarCall:
    """Return a call for the archive, with masked secrets in its request and its response.

    Args:
        operation: Name of the operation.
        shown: The request with masked secrets.
        masker: Masks the secrets of the call.
        response: The response; None if `error` ended the call.
        started: Time of sending, in seconds since 1970.
        seconds: Time from sending to the last byte, or to the failure.
        error: The reason for a missing response.
    """
    body = shown.body
    content = body if isinstance(body, bytes | None) else None
    size = len(content or b"") if isinstance(body, bytes | None) else body.length
    request: dict[str, Any] = {
        "operation": operation,
        "started": started,
        "seconds": seconds,
        "method": shown.method,
        "url": masker.mask(shown.url),
        "headers": masker.mask_headers(shown.headers),
        "body": masker.mask_bytes(content) if content is not None else None,
        "body_size": -1 if size is None else size,
    }
    if response is None:
        return HarCall(**request, error=masker.mask(error))
    return HarCall(
        **request,
        hops=tuple((status, masker.mask(url)) for status, url in response.hops),
        # Without a redirect it is the URL of the request, and `shown` masks more of it than the masker.
        final_url=masker.mask(response.url if response.hops else shown.url),
        status=response.status,
        reason=masker.mask(response.reason),
        http_version=response.http_version,
        response_headers=masker.mask_headers(response.headers),
        response_body=masker.mask_bytes(response.body),
    )


def har_of(calls: Iterable[HarCall]) -> str:
    """Return the archive, with an entry for each call and each redirect, in the order of sending.

    The values of cookies, and of headers with the name of a secret, are masked.
    """
    ordered = sorted(calls, key=lambda call: call.started)
    log = {
        "version": "1.2",
        "creator": {"name": "dynacli", "version": __version__},
        "entries": [entry for call in ordered for entry in _har_exchanges(call)],
    }
    return json.dumps({"log": log}, indent=2) + "\n"


def _har_exchanges(call: HarCall) -> Iterator[dict[str, Any]]:
    urls = [url for _, url in call.hops]
    for index, (status, url) in enumerate(call.hops):
        following = urls[index + 1] if index + 1 < len(urls) else call.final_url
        response = _har_response(status, "", call.http_version, (), None, following)
        # The time of a single redirect is unknown, and only the first request is known completely.
        yield _entry(call, 0.0, _har_request(call, url, is_whole=index == 0), response)
    request = _har_request(call, call.final_url or call.url, is_whole=not call.hops)
    location = next((value for name, value in call.response_headers if name.lower() == "location"), "")
    response = _har_response(
        call.status, call.reason, call.http_version, call.response_headers, call.response_body, location
    )
    entry = _entry(call, call.seconds, request, response)
    yield {**entry, "_error": call.error} if call.error else entry


def _entry(
    call: HarCall, seconds: float, request: dict[str, Any], response: dict[str, Any]
) -> dict[str, Any]:
    time = round(seconds * 1000, 3)
    started = datetime.fromtimestamp(call.started, UTC).isoformat(timespec="milliseconds")
    return {
        "startedDateTime": started.replace("+00:00", "Z"),
        "time": time,
        "request": request,
        "response": response,
        "cache": {},
        # Only the total time is measured, not its parts.
        "timings": {"send": 0, "wait": time, "receive": 0},
        "comment": call.operation,
    }


def _har_request(call: HarCall, url: str, *, is_whole: bool) -> dict[str, Any]:
    headers = call.headers if is_whole else ()
    request: dict[str, Any] = {
        "method": call.method,
        "url": url_on_the_wire(url),
        "httpVersion": call.http_version or "HTTP/1.1",
        "cookies": list(_sent_cookies(headers)),
        "headers": _har_headers(headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(
                split_url(url).query, keep_blank_values=True, errors="backslashreplace"
            )
        ],
        "headersSize": -1,
        "bodySize": call.body_size if is_whole else 0,
    }
    if socket := socket_of(url):
        request["_unixSocket"] = socket
    if is_whole and (call.body or call.body_size):
        request["postData"] = _post_data(call)
    return request


def _post_data(call: HarCall) -> dict[str, Any]:
    media_type = next((value for name, value in call.headers if name.lower() == "content-type"), "")
    if call.body is None:
        return {"mimeType": media_type, "text": "", "comment": "the body was read while it was sent"}
    if essence(media_type) == _FORM:
        pairs = parse_qsl(
            call.body.decode("ascii", "replace"), keep_blank_values=True, errors="backslashreplace"
        )
        return {"mimeType": media_type, "params": [{"name": name, "value": value} for name, value in pairs]}
    text = decoded(call.body, media_type)
    if text is None:  # HAR defines no field for this; names with an underscore are extensions
        return {"mimeType": media_type, "text": base64.b64encode(call.body).decode(), "_encoding": "base64"}
    return {"mimeType": media_type, "text": text}


def _har_response(
    status: int,
    reason: str,
    http_version: str,
    headers: tuple[tuple[str, str], ...],
    body: bytes | None,
    location: str,
) -> dict[str, Any]:
    named = {name.lower(): value for name, value in headers}
    content: dict[str, Any] = {"size": len(body or b""), "mimeType": named.get("content-type", "")}
    if body:
        text = decoded(body, content["mimeType"])
        content["text"] = base64.b64encode(body).decode() if text is None else text
        if text is None:
            content["encoding"] = "base64"
    size = _size_on_the_wire(named, body)
    if size > 0 and "content-encoding" in named:
        content["compression"] = content["size"] - size
    return {
        "status": status,
        "statusText": reason,
        "httpVersion": http_version or "HTTP/1.1",
        "cookies": [_set_cookie(value) for name, value in headers if name.lower() == "set-cookie"],
        "headers": _har_headers(headers),
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": size,
    }


def _size_on_the_wire(named: dict[str, str], body: bytes | None) -> int:
    if body is None:
        return -1
    if "content-encoding" not in named:
        return len(body)
    length = named.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else -1


def _har_headers(headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": _masked_header(name.lower(), value)} for name, value in headers]


def _masked_header(name: str, value: str) -> str:
    if name == "cookie":
        return "; ".join(f"{cookie['name']}={MASK}" for cookie in _sent_cookies([(name, value)])) or MASK
    if name == "set-cookie":
        first, semicolon, rest = value.partition(";")
        cookie_name, equals, _ = first.partition("=")
        return f"{cookie_name}={MASK}{semicolon}{rest}" if equals else MASK
    return mask_header(name, value)


def _sent_cookies(headers: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    for name, value in headers:
        for pair in value.split(";") if name.lower() == "cookie" else ():
            cookie, equals, _ = pair.strip().partition("=")
            if equals:
                yield {"name": cookie, "value": MASK}


def _set_cookie(value: str) -> dict[str, Any]:
    """Return a cookie of a response, with the attributes that HAR defines."""
    first, *rest = value.split(";")
    cookie: dict[str, Any] = {"name": first.partition("=")[0].strip(), "value": MASK}
    for attribute in rest:
        key, _, text = attribute.strip().partition("=")
        match key.lower():
            case "httponly":
                cookie["httpOnly"] = True
            case "secure":
                cookie["secure"] = True
            case "path" | "domain":
                cookie[key.lower()] = text
            case "expires":
                expires = _date(text)
                if expires:
                    cookie["expires"] = expires
    return cookie


def _date(text: str) -> str:
    """Return an HTTP date in ISO 8601 format; empty if the text is not a date."""
    from email.utils import parsedate_to_datetime

    try:
        return (
            parsedate_to_datetime(text)
            .astimezone(UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
    except (ValueError, OverflowError):
        return ""


def history_text(row: HistoryRow, form: str) -> str:
    """Return a call of the history as text, without the parts that the history does not store.

    Args:
        row: The call.
        form: `curl`, `http` or `har`.
    """
    if form == "har":
        return har_of([har_call(row)])
    messages: dict[str, Any] = json.loads(row.call.messages or "{}")
    sent = messages["request"]
    request = Request(sent["method"], sent["url"], _kept_headers(sent), _kept_body(sent))
    return preview.as_curl(request) + "\n" if form == "curl" else preview.as_http(request)


def har_call(row: HistoryRow) -> HarCall:
    """Return a call of the history for an archive, without the parts that the history does not store."""
    call = row.call
    messages: dict[str, Any] = json.loads(call.messages or "{}")
    sent, got = messages.get("request") or {}, messages.get("response") or {}
    size = sent.get("size")
    return HarCall(
        call.operation,
        call.at,
        call.seconds,
        call.method,
        call.url,
        _kept_headers(sent),
        body=_kept_body(sent),
        body_size=-1 if size is None else size,
        final_url=call.url,
        status=call.status or 0,
        reason=got.get("reason", ""),
        http_version=got.get("http_version", ""),
        response_headers=_kept_headers(got),
        response_body=_kept_body(got) or b"",
    )


def _kept_headers(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in message.get("headers", ()))


def _kept_body(message: dict[str, Any]) -> bytes | None:
    if message.get("body_base64"):
        return b64decode(message["body_base64"])
    text: str | None = message.get("body")
    return None if text is None else text.encode()
