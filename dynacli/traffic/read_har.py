"""The requests of a HAR file (http://www.softwareishard.com/blog/har-12-spec/)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.errors import UsageError
from dynacli.traffic.recorded_request import RecordedRequest

__all__ = ["read_har"]


def read_har(text: str) -> Iterator[RecordedRequest]:
    """Yield the requests, in the order of the file.

    Raises:
        UsageError: The text is no HAR.
    """
    try:
        entries = json.loads(text)["log"]["entries"]
        requests = [entry["request"] for entry in entries]
        recorded = [_request(request) for request in requests]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        why = (
            "It is not JSON"
            if isinstance(error, ValueError | RecursionError)
            else "It has no `log.entries` of requests"
        )
        raise UsageError("This is no HAR file", why=why) from None
    yield from recorded


def _request(request: Mapping[str, Any]) -> RecordedRequest:
    posted = request.get("postData") or {}
    headers = tuple((str(each["name"]), str(each["value"])) for each in request.get("headers") or [])
    media_type = str(posted.get("mimeType", ""))
    if media_type and "content-type" not in {name.lower() for name, _ in headers}:
        headers = (*headers, ("Content-Type", media_type))
    parts: tuple[tuple[str, str], ...] = ()
    if media_type.startswith("multipart/"):
        parts = tuple(
            (
                str(each["name"]),
                f"@{each['fileName']}" if each.get("fileName") else str(each.get("value", "")),
            )
            for each in posted.get("params") or []
        )
    body = "" if parts else str(posted.get("text") or "")
    return RecordedRequest(str(request["method"]).upper(), str(request["url"]), headers, body, parts=parts)
