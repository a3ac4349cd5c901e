"""Calls that were made as a collection, in folders by API; what is masked of them becomes variables."""

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlsplit

from dynacli.export.collection import (
    BASE_URL,
    Body,
    Collection,
    Entry,
    ExportedRequest,
    Folder,
    Surroundings,
    distinct_name,
    variable_name,
)
from dynacli.http.semantics import is_form
from dynacli.output.reports.har import HarCall
from dynacli.request.build_request import MANAGED_HEADERS
from dynacli.urls import origin_of

__all__ = ["calls_collection"]

_MASK = "***"


def calls_collection(calls: Sequence[HarCall], apis: Sequence[str]) -> Collection:
    """Return the collection.

    Args:
        calls: The calls, without secrets, in their order.
        apis: For each call what its API is called.
    """
    servers: dict[str, str] = {}
    taken: set[str] = set()
    folders: dict[str, list[ExportedRequest]] = {}
    for call, api in zip(calls, apis, strict=True):
        origin = origin_of(call.url)
        if origin not in servers:
            servers[origin] = f"{BASE_URL}{len(servers) + 1}" if servers else BASE_URL
        name = distinct_name(call.operation or call.method, taken)
        folders.setdefault(api, []).append(_request(call, name, servers[origin]))
    made = tuple(Folder(api, "", tuple(requests)) for api, requests in folders.items())
    secrets = dict.fromkeys(
        entry.variable
        for folder in made
        for request in folder.requests
        for entry in (*request.headers, *request.query)
        if entry.variable
    )
    values = {variable: origin for origin, variable in servers.items()}
    return Collection(
        "History", folders=made, surroundings=(Surroundings("history", values),), secrets=tuple(secrets)
    )


def _request(call: HarCall, name: str, server: str) -> ExportedRequest:
    parts = urlsplit(call.url)
    media_type = next((value for key, value in call.headers if key.lower() == "content-type"), "")
    headers = [
        _entry(key, value)
        for key, value in call.headers
        if key.lower() not in MANAGED_HEADERS and key.lower() != "accept-encoding"
    ]
    body = None
    if call.body:
        form = None
        if is_form(media_type):
            form = tuple(parse_qsl(call.body.decode("ascii", "replace"), keep_blank_values=True))
        body = Body(media_type, call.body, form)
    pairs = (text.partition("=") for text in parts.query.split("&") if text)
    return ExportedRequest(
        name,
        name,
        call.method,
        parts.path,
        query=tuple(_entry(key, value) for key, _, value in pairs),
        headers=tuple(_cookies_apart(headers)),
        body=body,
        server=server,
        successes=(str(call.status),) if call.status else (),
    )


def _entry(name: str, value: str) -> Entry:
    """Return a pair; a masked value is the variable that is called as it, behind what stands before the mask."""
    before, is_masked, _ = value.partition(_MASK)
    return Entry(name, before, variable_name(name)) if is_masked else Entry(name, value)


def _cookies_apart(headers: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the headers; of cookies, whose values are all masked, one variable is the whole header."""
    for header in headers:
        is_cookie = header.name.lower() == "cookie" and bool(header.variable)
        yield Entry(header.name, "", header.variable) if is_cookie else header
