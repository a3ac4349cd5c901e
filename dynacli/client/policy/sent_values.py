"""The values in a request by which servers tell operations of one path apart, or take it for one of another path.

Documents have `/messages?action=send`, and `/#Action=A` beside `/#Action=B`. Servers differ in which of several values
counts, in whether the case of letters does, and many take a field of the body for one of the query.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dynacli.client.policy.method_overrides import body_fields
from dynacli.http.built_request import Request

__all__ = ["SentValues"]

_ROUTES = frozenset(("kohanauri", "r", "restroute", "url"))
"""Fields of the query by which front controllers take a request for one of another path, whatever its own is.

`kohana_uri`, `r` (Yii), `rest_route` (WordPress, which reads it in the body as well:
https://developer.wordpress.org/reference/classes/wp/parse_request/), and `_url` (Phalcon).
"""
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_ROUTE_OF_BODY = "restroute"


class SentValues:
    """What the query, the headers and the fields of a request say.

    Args:
        is_whole: Whether the body is there; false for one that is too large to be looked at.
    """

    def __init__(self, request: Request, *, is_whole: bool = True) -> None:
        self._request, self._is_whole = request, is_whole
        self._of_body: dict[str, list[str] | None] = {}

    def may_have(self, location: str, name: str, wanted: Iterable[Any]) -> bool:
        """Return whether a server may find one of some values.

        Args:
            location: `query` or `header`.
        """
        plain = {str(value).strip().casefold() for value in wanted}
        if location == "header":
            found = self._headers.get(_plain(name), [])
            return any(
                piece.strip().casefold() in plain for value in found for piece in (value, *value.split(","))
            )
        key = _plain(name)
        of_body = self._fields(key)
        values = [*self._query.get(key, []), *(of_body or [])]
        return of_body is None or any(value.strip().casefold() in plain for value in values)

    def routes(self) -> Iterator[str]:
        """Yield the paths that the query or the body names."""
        found = [value for name in _ROUTES for value in self._query.get(name, [])]
        found += self._fields(_ROUTE_OF_BODY) or []
        # `?url=page` is usually about something else.
        yield from dict.fromkeys(
            "/" + value.lstrip("/") for value in found if "/" in value and "://" not in value
        )

    @cached_property
    def _query(self) -> dict[str, list[str]]:
        query = urlsplit(self._request.url).query
        pairs = [
            pair
            for text in (query, query.replace(";", "&"))
            for pair in parse_qsl(text, keep_blank_values=True)
        ]
        return _grouped(pairs)

    @cached_property
    def _headers(self) -> dict[str, list[str]]:
        return _grouped(self._request.headers)

    def _fields(self, key: str) -> list[str] | None:
        """Return the values of a field of the body; None if that is not clear."""
        if not self._request.body:
            return []
        if key not in self._of_body:
            found = body_fields(
                self._request,
                lambda name: _plain(name) == key,
                lambda text: key in _NO_LETTERS.sub("", text),
                is_whole=self._is_whole,
            )
            values = [value for _, value in found]
            self._of_body[key] = None if None in values else [value for value in values if value is not None]
        return self._of_body[key]


def _plain(name: str) -> str:
    return _NO_LETTERS.sub("", name.partition("[")[0].casefold()) or name


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(_plain(name), []).append(value)
    return found
