"""Reads the exchanges of a HAR file (http://www.softwareishard.com/blog/har-12-spec/).

Programs extend the format: they write pseudo-headers of HTTP/2 (`:path`) as headers, and add `encoding` to `postData`.
A request that was blocked or interrupted has the status 0, and the reason in `_error`.
"""

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dynacli.environment import invocation
from dynacli.errors import FileError, UsageError
from dynacli.http.payload import Readable
from dynacli.http.sockets import parse_socket
from dynacli.openapi.model.operation import WITHOUT_BODY
from dynacli.record import replace
from dynacli.traffic.recorded_request import (
    NOT_RECORDED,
    RecordedExchange,
    RecordedPart,
    RecordedRequest,
    RecordedResponse,
    file_beside,
)
from dynacli.urls import join_url

_PIECE = 256 * 1024
_SEPARATORS = " \t\r\n,"
_LONGEST_WORD = 12
"""Length of the longest literal or escape that the end of a piece may split: `\\ud83d\\ude00`."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
"""A string, the beginning of an incomplete string, or a bracket."""
_NO_ENTRIES = "It has no `log.entries` of requests"
_FORM = "application/x-www-form-urlencoded"


def har_entries(file: Readable) -> Iterator[Any]:
    """Yield the items of `log.entries`, without checking the text after them.

    Raises:
        UnicodeDecodeError: The file is not text.
        ValueError: The file is not JSON, or is incomplete.
        RecursionError: An entry is nested too deeply.
        OSError: The file cannot be read.
    """
    text = _Text(file)
    if not _skip_to_entries(text):
        return
    decode = json.JSONDecoder().raw_decode
    while True:
        text.rest = text.rest.lstrip(_SEPARATORS)
        if text.rest.startswith("]"):
            return
        try:
            entry, end = decode(text.rest)
        except json.JSONDecodeError as error:
            is_cut = error.pos >= len(text.rest) - _LONGEST_WORD or error.msg.startswith("Unterminated")
            if not is_cut or not text.read_more():
                raise
            continue
        yield entry
        text.skip(end)


class _Text:
    """A file as text, with only the unprocessed part in memory."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.rest = ""

    def read_more(self) -> bool:
        """Read the next piece, and return whether there was one.

        An incomplete entry is parsed again from its start. So the pieces grow with it, and each character is parsed at
        most twice on average.
        """
        piece = self._file.read(max(_PIECE, len(self.rest)))
        self.rest += self._decode(piece or b"", final=not piece)
        return bool(piece)

    def skip(self, end: int) -> None:
        self.rest = self.rest[end:]


def _skip_to_entries(text: _Text) -> bool:
    """Skip the text before `log.entries`, and return whether the file has it."""
    depth, names, is_log = 0, ["", "", ""], False
    while text.read_more():
        text.rest = text.rest if depth else text.rest.lstrip()
        if depth == 0 and text.rest and not text.rest.startswith("{"):
            raise ValueError("no object")
        end = 0
        for match in _TOKEN.finditer(text.rest):
            word = match[0]
            if word == '"':
                break  # an incomplete string
            end = match.end()
            if word in "{[":
                if depth == 1:
                    is_log = word == "{" and names[1] == '"log"'
                elif depth == 2 and is_log and word == "[" and names[2] == '"entries"':
                    text.skip(end)
                    return True
                depth += 1
            elif word in "}]":
                depth -= 1
            elif depth < len(names):
                names[depth] = word
        text.skip(end)
    if depth:
        raise ValueError("it ends too early")
    return False


def read_har(file: Readable) -> Iterator[RecordedExchange]:
    """Yield the exchanges in the order of the file, with one entry at a time in memory.

    Raises:
        UsageError: The file is not a HAR file.
        FileError: The file is not text.
        OSError: The file cannot be read.
    """
    is_empty = True
    for entry in _har_entries(file):
        is_empty = False
        try:
            exchange = _exchange(entry)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
            raise _no_har(_NO_ENTRIES) from None
        yield exchange
    if is_empty:
        raise _no_har(_NO_ENTRIES)


def read_usable_har(file: Readable) -> Iterator[RecordedExchange | None]:
    """Yield the exchanges like `read_har`, and None for each entry that cannot be read. A truncated file ends early.

    Raises:
        UsageError: The file is not a HAR file.
        OSError: The file cannot be read.
    """
    has_entries = False
    try:
        for entry in _har_entries(file):
            has_entries = True
            try:
                exchange = _exchange(entry)
            except (KeyError, TypeError, AttributeError, ValueError, OverflowError, UsageError):
                yield None
                continue
            yield exchange
    except (UsageError, FileError) as error:
        if not has_entries:
            raise _no_har(error.reason) from error
        yield None
        return
    if not has_entries:
        raise _no_har(_NO_ENTRIES)


def _har_entries(file: Readable) -> Iterator[Any]:
    try:
        yield from har_entries(file)
    except UnicodeDecodeError:
        raise FileError("The file is not text", reason="It is not UTF-8") from None
    except (ValueError, RecursionError):
        raise _no_har("It is not JSON, or not all of it is there") from None


def _no_har(reason: str) -> UsageError:
    return UsageError(
        "This is not a HAR file",
        reason=reason,
        hint=f"Save one with the browser's developer tools, or with `{invocation('check')} --har FILE`",
    )


def _exchange(entry: Mapping[str, Any]) -> RecordedExchange:
    request, raw = entry["request"], entry.get("response") or {}
    content, has_lost_content = _sent(request)
    status = int(raw.get("status") or 0)
    response = _recorded_response(status, raw) if status else None
    error = str(entry.get("_error") or raw.get("_error") or "the recording has no response")
    milliseconds = entry.get("time")
    sent = _request_of_entry(request)
    if has_lost_content:
        sent = replace(
            sent, remarks=sent.remarks or ("The recording does not have the body of this request",)
        )
    return RecordedExchange(
        sent,
        content,
        NOT_RECORDED if has_lost_content else "",
        response,
        "" if response is not None else error,
        _seconds_since_1970(str(entry.get("startedDateTime") or "")),
        max(milliseconds, 0) / 1000 if isinstance(milliseconds, int | float) else 0.0,
    )


def _request_of_entry(request: Mapping[str, Any]) -> RecordedRequest:
    posted = request.get("postData") or {}
    headers = _recorded_headers(request)
    media_type = str(posted.get("mimeType") or "")
    if media_type and "content-type" not in {name.lower() for name, _ in headers}:
        headers = (*headers, ("Content-Type", media_type))
    parts: tuple[RecordedPart, ...] = ()
    if media_type.startswith("multipart/"):
        parts = tuple(map(_recorded_part, posted.get("params") or []))
    body = "" if parts else str(posted.get("text") or "")
    names = ", ".join(f"`{part.file}`" for part in parts if part.file)
    remarks = (
        (f"No content of a file is in a HAR: {names} is sent from the working directory",) if names else ()
    )
    return RecordedRequest(
        str(request["method"]).upper(), _requested_url(request), headers, body, parts=parts, remarks=remarks
    )


def _requested_url(request: Mapping[str, Any]) -> str:
    """Return the URL of a request, which dynacli may have sent to a Unix socket."""
    socket = str(request.get("_unixSocket") or "")
    if not socket:
        return str(request["url"])
    parse_socket(f"unix:{socket}")
    return join_url(f"unix:{socket}", str(request["url"]))


def _recorded_part(param: Mapping[str, Any]) -> RecordedPart:
    name = str(param["name"])
    if param.get("fileName"):
        return RecordedPart(name, file=file_beside(str(param["fileName"])))
    return RecordedPart(name, str(param.get("value") or ""))


def _recorded_headers(message: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the headers of a message without the pseudo-headers of HTTP/2 (RFC 9113, section 8.3)."""
    pairs = ((str(header["name"]), str(header["value"])) for header in message.get("headers") or [])
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def _sent(request: Mapping[str, Any]) -> tuple[bytes | None, bool]:
    """Return the body of a request, and whether the request had a body that is missing in the recording."""
    posted = request.get("postData")
    if posted:
        if posted.get("text"):
            return _bytes(posted), False
        params = posted.get("params")
        if params and str(posted.get("mimeType") or "").startswith(_FORM):
            return urlencode([(param["name"], param.get("value") or "") for param in params]).encode(), False
        return None, bool(params) or _recorded_size(request.get("bodySize")) != 0
    return None, (_recorded_size(request.get("bodySize")) or 0) > 0 or _announces_body(request)


def _announces_body(request: Mapping[str, Any]) -> bool:
    """Return whether headers announce a body. Chromium does not record a body that is a `Blob` or a form with files."""
    headers = {name.lower(): value.strip() for name, value in _recorded_headers(request)}
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        return True
    # Even a multipart body without parts has a boundary (RFC 2046, section 5.1.1).
    return headers.get("content-type", "").lower().startswith("multipart/")


def _recorded_response(status: int, response: Mapping[str, Any]) -> RecordedResponse:
    content = response.get("content") or {}
    size = _recorded_size(content.get("size"))
    body: bytes | None = None
    if content.get("text"):
        body = _bytes(content)
    elif (
        size == 0
        or (size is None and _recorded_size(response.get("bodySize")) == 0)
        or status in WITHOUT_BODY
    ):
        body = b""  # browsers leave out the text of an empty body, and of a body that they did not store
    headers = _recorded_headers(response)
    if content.get("mimeType") and body and "content-type" not in {name.lower() for name, _ in headers}:
        headers = (*headers, ("Content-Type", str(content["mimeType"])))
    return RecordedResponse(
        status,
        str(response.get("statusText") or ""),
        str(response.get("httpVersion") or ""),
        headers,
        body,
        len(body) if body is not None else size,
        NOT_RECORDED if body is None else "",
    )


def _bytes(content: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of a text, which may be in base64; None if the base64 is invalid."""
    text = str(content["text"])
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None


def _recorded_size(value: Any) -> int | None:
    """Return a size in bytes; None if it is unknown, so the recording has -1 or no size."""
    return int(value) if isinstance(value, int | float) and value >= 0 else None


def _seconds_since_1970(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0
