"""The builder: an operation and its values become a request. Pure; nothing is read, nothing is sent."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dynacli.catalog.model import Operation, Parameter
from dynacli.errors import UsageError
from dynacli.request.body import encode, is_json
from dynacli.request.model import Parts, Request
from dynacli.request.styles import (
    Pair,
    serialize_cookie,
    serialize_header,
    serialize_path,
    serialize_query,
)

__all__ = ["MANAGED_HEADERS", "build_request", "check_header"]

MANAGED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that belong to the connection; nobody sets them."""

_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_UNENCODED = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]")


def build_request(
    operation: Operation,
    base_url: str,
    values: Mapping[tuple[str, str], Any],
    body: bytes | None = None,
    media_type: str = "",
    headers: Sequence[tuple[str, str]] = (),
) -> Request:
    """Build the request of an operation.

    Args:
        operation: What the document says of it.
        base_url: The server, without a slash at its end.
        values: (location, name) → JSON value, for the parameters that were given.
        body: The encoded body, None for none.
        media_type: The body's media type.
        headers: Headers given by the person; they win over those of the document.

    Raises:
        UsageError: A value cannot be written the way the document asks for.
        RefusedError: A path value would lead to another path than the document's.
    """
    parts = Parts({}, (), {}, {})
    query: list[Pair] = []
    for parameter in operation.parameters:
        key = (parameter.location, parameter.name)
        if key in values:
            _place(parameter, values[key], parts, query)
    parts = Parts(parts.path, tuple(query), parts.headers, parts.cookies)
    url = base_url + _path(operation.path, parts.path)
    if query:
        url += "?" + "&".join(pair.encoded for pair in query)
    return Request(operation.method, url, _headers(operation, parts, body, media_type, headers), body, parts)


def _place(parameter: Parameter, value: Any, parts: Parts, query: list[Pair]) -> None:
    name, style, explode = parameter.name, parameter.style, parameter.explode
    if parameter.media_type:
        if not is_json(parameter.media_type):
            raise UsageError(
                f"The {parameter.location} parameter `{name}` cannot be sent",
                why=f"It is written as `{parameter.media_type}`, which is not supported yet",
            )
        # A parameter with `content` is the serialised text as one string, whatever its type.
        value = (
            value
            if isinstance(value, str) and parameter.value.type != "string"
            else encode(value, "text/json").decode()
        )
        style, explode = ("form" if parameter.location in {"query", "cookie"} else "simple"), False
    match parameter.location:
        case "path":
            parts.path[name] = serialize_path(name, value, style=style, explode=explode)
        case "query":
            query.extend(
                serialize_query(
                    name, value, style=style, explode=explode, allow_reserved=parameter.allow_reserved
                )
            )
        case "header":
            parts.headers[name] = serialize_header(name, value, style=style, explode=explode)
        case "cookie":
            parts.cookies.update(serialize_cookie(name, value, style=style, explode=explode))


def _path(template: str, encoded: Mapping[str, str]) -> str:
    # Some documents tell two operations of one URL apart by a fragment; a fragment is never sent.
    template = template.partition("#")[0]
    plain, _, in_path_query = template.partition("?")
    missing = [name for name in _TEMPLATE.findall(plain) if name not in encoded]
    if missing:
        raise UsageError(f"The path needs a value for `{missing[0]}`")
    pieces = _TEMPLATE.split(plain)
    # `split` gives text and names in turns.
    path = "".join(
        encoded[piece] if index % 2 else _UNENCODED.sub(_percent_encoded, piece)
        for index, piece in enumerate(pieces)
    )
    if not path.startswith("/"):
        path = "/" + path
    return f"{path}?{in_path_query}" if in_path_query else path


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _headers(
    operation: Operation,
    parts: Parts,
    body: bytes | None,
    media_type: str,
    given: Sequence[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    described = dict(parts.headers)
    headers = {"accept": ("Accept", _accept(operation))}
    if body is not None and media_type:
        headers["content-type"] = ("Content-Type", media_type)
    for name, value in described.items():
        check_header(name, value)
        headers[name.lower()] = (name, value)
    if parts.cookies:
        headers["cookie"] = ("Cookie", "; ".join(f"{name}={value}" for name, value in parts.cookies.items()))
    for name, value in given:
        check_header(name, value)
        headers[name.lower()] = (name, value)
        if name.lower() in {one.lower() for one in parts.headers}:
            parts.headers[name] = value
    return tuple(headers.values())


def _accept(operation: Operation) -> str:
    """Return what the documented answers can be, JSON first, and anything else with less weight."""
    names = dict.fromkeys(
        name
        for response in operation.responses
        for name in response.media_types
        if response.status.startswith(("2", "default")) and _TOKEN.fullmatch(name.partition("/")[0])
    )
    plain = [name for name in names if name.isascii() and name.isprintable() and "," not in name]
    ordered = sorted(plain, key=lambda name: not is_json(name))[:4]
    return ", ".join([*ordered, "*/*;q=0.1"]) if ordered else "application/json, */*;q=0.1"


def check_header(name: str, value: str) -> None:
    """Check a header where it enters, because the layers below put its value into their messages.

    Raises:
        UsageError: Name or value cannot be sent; the message never holds the value.
    """
    if not _TOKEN.fullmatch(name):
        raise UsageError("A header's name can only have letters, digits and ``!#$%&'*+-.^_`|~``")
    if name.lower() in MANAGED_HEADERS:
        raise UsageError(f"The header `{name}` belongs to the connection and cannot be set")
    if any((char < " " and char != "\t") or char == "\x7f" for char in value):
        raise UsageError(f"The value of the header `{name}` holds a line break or a control character")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError(
            f"The value of the header `{name}` holds characters that a header cannot carry",
            why="Headers are Latin-1 (RFC 9110, section 5.5)",
        ) from None
