"""The exchanges that say something about an API, and what is read of each.

Preflights, redirects, static files and HTML pages are left out, and so is what cannot be described: a body that is not
the JSON that its media type announces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from dynacli.http.semantics import is_form, is_json, is_multipart, is_sequence, split_media_type
from dynacli.openapi.document.json_trees import MISSING
from dynacli.record import record
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import origin_of, split_url

_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH")
"""The methods that are described. Browsers send OPTIONS as preflights."""
_STATIC = re.compile(
    r"\.(?:m?js|css|map|woff2?|ttf|otf|eot|ico|png|jpe?g|gif|svg|webp|avif|wasm|mp4|webm)\Z", re.IGNORECASE
)
_PAGES = frozenset(
    {"text/html", "application/xhtml+xml", "text/css", "text/javascript", "application/javascript"}
)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]+/[a-z0-9!#$%&'+.^_`|~-]+")
"""A media type in lower case without `*` (RFC 9110, sections 5.6.2 and 8.3.1)."""


class BrokenExchangeError(Exception):
    """An exchange that cannot be described; the message says why."""


@record
class ObservedBody:
    """A body.

    Args:
        media_type: Its media type in lower case, without parameters; empty for no body.
        value: The JSON value, the items of a sequence, or the fields of a form; `MISSING` for other media types.
    """

    media_type: str
    value: Any


_NO_BODY = ObservedBody("", MISSING)


class ObservedExchange:
    """An exchange that counts.

    Attributes:
        recorded: The exchange.
        method: The method in capitals.
        origin: The origin of its server.
        steps: The segments of the path, as they were sent.
        status: The status of the response.
    """

    def __init__(self, recorded: RecordedExchange, origin: str, steps: tuple[str, ...], status: int) -> None:
        self.recorded, self.origin, self.steps, self.status = recorded, origin, steps, status
        self.method = recorded.request.method

    @property
    def is_success(self) -> bool:
        """Whether the response is a 2xx."""
        return 200 <= self.status < 300

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query."""
        return parse_qsl(split_url(self.recorded.request.url).query, keep_blank_values=True)

    @cached_property
    def response_body(self) -> ObservedBody:
        """The body of the response.

        Raises:
            BrokenExchangeError: The body does not match its media type.
        """
        response = self.recorded.response
        if response is None or not response.body:
            return _NO_BODY
        types = [value for name, value in response.headers if name.lower() == "content-type"]
        return _body(response.body, ", ".join(types))

    @cached_property
    def request_body(self) -> ObservedBody:
        """The body of the request.

        Raises:
            BrokenExchangeError: The body does not match its media type.
        """
        request = self.recorded.request
        media_type = request.header("content-type")
        if request.parts:
            pairs = [(part.name, part.text) for part in request.parts]
            return ObservedBody(split_media_type(media_type)[0], _form_value(pairs))
        return _body(self.recorded.content, media_type) if self.recorded.content else _NO_BODY


def observed_exchange(recorded: RecordedExchange) -> ObservedExchange | None:
    """Return an exchange that counts; None if it is not a call of an API."""
    request, response = recorded.request, recorded.response
    if response is None or recorded.is_broken_off or request.method not in _METHODS:
        return None
    if not 200 <= response.status < 600 or 300 <= response.status < 400:
        return None
    try:
        origin, parts = origin_of(request.url), split_url(request.url)
    except ValueError:
        return None
    if not origin.startswith(("http:", "https:")) or _STATIC.search(parts.path):
        return None
    media_type = next((value for name, value in response.headers if name.lower() == "content-type"), "")
    if split_media_type(media_type)[0] in _PAGES:
        return None
    return ObservedExchange(recorded, origin, tuple((parts.path or "/").split("/")[1:]), response.status)


def _body(content: bytes, content_type: str) -> ObservedBody:
    from dynacli.validation.read_body import NotValidatedError, UnreadableError, read_fields, read_json_body
    from dynacli.validation.streamed_body import read_items

    name, parameters = split_media_type(content_type)
    if not _MEDIA_TYPE.fullmatch(name):
        raise BrokenExchangeError("a body has no media type")
    try:
        if is_sequence(name):
            return ObservedBody(name, read_items(name, parameters, content))
        if is_json(name):
            return ObservedBody(name, read_json_body(content, parameters))
        if is_form(name):
            pairs = parse_qsl(content.decode(), keep_blank_values=True)
            return ObservedBody(name, _form_value(pairs))
        if is_multipart(name):
            return ObservedBody(name, _form_value(read_fields(content, parameters)))
    except (UnreadableError, NotValidatedError, RecursionError, ValueError):
        raise BrokenExchangeError(f"a body is not `{name}`") from None
    return ObservedBody(name, MISSING)


def _form_value(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields of a form as an object; a repeated field is an array."""
    found: dict[str, list[Any]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in found.items()}
