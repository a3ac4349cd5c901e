"""Following redirects, without sending secrets to another origin and without leaving encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynacli.errors import NetworkError, RefusedError
from dynacli.http.built_request import Request
from dynacli.urls import join_url, origin_of, socket_of, split_url, url_on_the_wire, without_query

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse

_MAX_REDIRECTS = 10
_OF_THE_BODY = frozenset({"content-type", "content-encoding", "content-language", "content-length"})
_KEPT_ACROSS_ORIGINS = frozenset(
    ("accept", "accept-encoding", "accept-language", "if-range", "range", "user-agent")
)
"""Headers that describe the requested representation and say nothing about the user."""


def following_request(
    request: Request, response: WireResponse, hops: list[tuple[int, str]]
) -> Request | None:
    """Return the next request after the redirect of a safe method; None if the response is the final one.

    Args:
        hops: The redirects so far; the response is added if its redirect is followed.
    """
    location = response.header("location")
    if not location:
        return None
    if len(hops) >= _MAX_REDIRECTS:
        raise NetworkError(
            f"`{without_query(hops[0][1])}` redirects more than {_MAX_REDIRECTS} times",
            reason="It may be a loop",
            hint="Check the server's address, or give another one with `--server`",
        )
    if not isinstance(request.body, bytes | None):
        # A stream can be read only once, so the request cannot be sent again.
        return None
    following = redirected(request, response.status, location)
    if following is not None:
        hops.append((response.status, response.url))
    return following


def redirected(request: Request, status: int, location: str) -> Request | None:
    """Return the request that follows a redirect; None if it would send the body to another origin."""
    from dynacli.http.import_httpx import httpx

    try:
        socket, parts = socket_of(request.url), split_url(join_url(request.url, location))
        if socket and parts.netloc != socket:
            raise RefusedError(
                f"`{without_query(request.url)}` redirects away from its socket",
                reason="A redirect never leads from a socket to another server",
                hint="Give the right address with `--server`",
            )
        if not socket and (parts.scheme not in {"http", "https"} or "@" in parts.netloc):
            raise RefusedError(
                f"`{without_query(request.url)}` redirects to a URL that is not followed",
                reason="The URL contains credentials, or is neither `http` nor `https`",
                hint="Give the right address with `--server`",
            )
        # Parsed by the client, so that the compared origin is the origin that it will connect to.
        target = str(httpx.URL(url_on_the_wire(parts._replace(fragment="").geturl())))
        target = join_url(request.url, target) if socket else target
        here, there = origin_of(request.url), origin_of(target)
    except (ValueError, httpx.InvalidURL):
        raise NetworkError(
            f"`{without_query(request.url)}` redirects to an invalid URL",
            reason="Its header `Location` is malformed",
            hint="Give the right address with `--server`",
        ) from None
    if request.method == "QUERY" and status == 303:  # "use GET": RFC 9110, section 15.4.4
        headers = tuple(pair for pair in request.headers if pair[0].lower() not in _OF_THE_BODY)
        request = request._replace(method="GET", headers=headers, body=None)
    if here == there:
        return request._replace(url=target)
    if here.startswith("https:") and there.startswith("http:"):
        raise RefusedError(
            f"`{without_query(request.url)}` redirects to `{there}`, which is not encrypted",
            reason="A redirect from `https` to `http` is never followed",
            hint="Give the right address with `--server`",
        )
    if request.method == "QUERY" and request.body is not None:
        return None
    headers = tuple((name, value) for name, value in request.headers if name.lower() in _KEPT_ACROSS_ORIGINS)
    return request._replace(url=target, headers=headers, body=None)
