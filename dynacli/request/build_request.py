"""Builds the request of an operation from its values, without reading or sending anything."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote, unquote_plus

from dynacli.environment import program
from dynacli.errors import UsageError
from dynacli.http.built_request import Pair, Request, RequestParts
from dynacli.http.semantics import is_form, is_json
from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.request.parameter_serialization import (
    WrittenParameter,
    is_undefined,
    join_inner_lists,
    serialize_cookie,
    serialize_header,
    serialize_path,
    serialize_query,
)

if TYPE_CHECKING:
    from dynacli.http.payload import Payload

MANAGED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers of the connection, which users cannot set."""

_TEMPLATE = re.compile(r"\{([^{}]*)\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_ANY = frozenset({"*", "*/*"})
_SAFE_IN_PATH = "!$&'()*+,;=:@/%"
_SAFE_IN_QUERY = "!$'()*+,;=:@/?%"


def build_request(
    operation: Operation,
    base_url: str,
    values: Mapping[tuple[str, str], Any],
    body: bytes | Payload | None = None,
    media_type: str = "",
    headers: Sequence[tuple[str, str]] = (),
    *,
    query_pairs: Sequence[tuple[str, Any]] = (),
    is_strict: bool = True,
) -> Request:
    """Build the request of an operation.

    Args:
        operation: The operation.
        base_url: URL of the server, without a slash at its end.
        values: (location, name) → JSON value of each given parameter.
        body: The encoded body; None for no body.
        media_type: Media type of the body.
        headers: Headers of the user, which override headers of the document.
        query_pairs: (name, JSON value) of query pairs that are not parameters.
        is_strict: Whether to refuse a value that servers would misread, such as a member with a comma.

    Raises:
        UsageError: A value cannot be written as the document prescribes.
    """
    path: dict[str, str] = {}
    query: list[Pair] = []
    described: dict[str, str] = {}
    cookies: list[Pair] = []
    querystring: tuple[str, str] | None = None
    for parameter in operation.parameters:
        key = (parameter.location, parameter.name)
        if key not in values:
            continue
        value, style_of = values[key], parameter
        if parameter.item_formats:
            written = WrittenParameter(*key, parameter.style, parameter.explode, is_strict)
            value = join_inner_lists(written, value, parameter.item_formats)
        if parameter.media_type:
            value, style_of = _in_media_type(parameter, value)
        elif parameter.location != "path" and is_undefined(value):
            _check_may_be_left_out(parameter)
            continue
        name, style, explode = parameter.name, style_of.style, style_of.explode
        serialization: dict[str, Any] = {
            "style": style,
            "explode": explode,
            "allow_reserved": style_of.allow_reserved,
            "is_strict": is_strict,
        }
        match parameter.location:
            case "path":
                path[name] = serialize_path(name, value, **serialization)
            case "query":
                query.extend(serialize_query(name, value, **serialization))
            case "querystring":
                is_form = parameter.media_type.lower().startswith("application/x-www-form-urlencoded")
                querystring = name, value if is_form else quote(value, safe="", errors="surrogatepass")
            case "header":
                described[name] = serialize_header(
                    name, value, style=style, explode=explode, is_strict=is_strict
                )
            case "cookie":
                is_reserved = style_of.allow_reserved
                cookies.extend(
                    serialize_cookie(name, value, style=style, explode=explode, allow_reserved=is_reserved)
                )
    if "?" in operation.path:
        query = [*_query_of_path(operation, path, {pair.name for pair in query}), *query]
    for name, value in query_pairs:
        query.extend(serialize_query(name, value))
    added = frozenset(dict(query_pairs))
    parts = RequestParts(path, tuple(query), described, tuple(cookies), querystring, added)
    url = base_url + _filled_path(operation.path, path)
    written_query = [pair.encoded for pair in query] + ([querystring[1]] if querystring else [])
    if any(written_query):
        url += "?" + "&".join(filter(None, written_query))
    return Request(
        operation.method, url, _request_headers(operation, parts, body, media_type, headers), body, parts
    )


def _in_media_type(parameter: Parameter, value: Any) -> tuple[str, Parameter]:
    """Return the text of a parameter with `content`, and a parameter with the style for that text."""
    text = _parameter_text(parameter, value)
    style = "simple" if parameter.location in {"path", "header"} else "form"
    if parameter.location == "cookie" and parameter.media_type.lower().startswith("text/"):
        # OpenAPI 3.0.4 recommends plain text for cookies that must not be percent-encoded.
        style = "cookie"
    return text, Parameter(parameter.name, parameter.location, parameter.option, parameter.value, style=style)


def _check_may_be_left_out(parameter: Parameter) -> None:
    """Refuse null and empty values for a required parameter, because they would be left out.

    Raises:
        UsageError: The document requires the parameter.
    """
    if parameter.is_required:
        raise UsageError(
            f"The {parameter.location} parameter `{parameter.name}` needs a value",
            reason=f"The document requires it, and a {parameter.location} cannot hold null, [] or {{}}",
            hint=f"To send an empty string: `--{parameter.option} ''`",
        )


def kept_slashes(operation: Operation, parts: RequestParts) -> int:
    """Return the number of slashes in the URL's path from values that may contain slashes (`allowReserved`)."""
    return sum(
        parts.path.get(parameter.name, "").count("/")
        for parameter in operation.parameters
        if parameter.location == "path" and parameter.allow_reserved
    )


def _filled_path(template: str, encoded: Mapping[str, str]) -> str:
    # Some documents distinguish operations with the same path by a fragment, which is not sent, or by a query, which is
    # sent with the other pairs.
    plain = template.partition("#")[0].partition("?")[0]
    try:
        path = _filled(plain, encoded, _SAFE_IN_PATH)
    except KeyError as missing:
        raise UsageError(f"The path needs a value for `{missing.args[0]}`") from None
    return path if path.startswith("/") else "/" + path


def path_text(template: str, encoded: Mapping[str, str]) -> str:
    """Return a path as it appears in a URL. Placeholders without a value stay.

    Args:
        template: The path of the document, or a part of it.
        encoded: Name of a placeholder → its percent-encoded value.
    """
    pieces = _pieces(template, _SAFE_IN_PATH)
    left = {name: f"{{{quote(name, safe='', errors='surrogatepass')}}}" for name in pieces[1::2]}
    return _filled(template, {**left, **encoded}, _SAFE_IN_PATH)


def _filled(template: str, encoded: Mapping[str, str], safe: str) -> str:
    """Return a template with its placeholders replaced, and the text between them percent-encoded.

    Raises:
        KeyError: A placeholder has no value. The argument of the error is its name.
    """
    pieces = list(_pieces(template, safe))
    pieces[1::2] = map(encoded.__getitem__, pieces[1::2])
    return "".join(pieces)


@lru_cache(maxsize=256)
def _pieces(template: str, safe: str) -> tuple[str, ...]:
    """Return the percent-encoded texts of a template at even positions, and the names between them at odd ones."""
    return tuple(
        piece if index % 2 else quote(piece, safe=safe, errors="surrogatepass")
        for index, piece in enumerate(_TEMPLATE.split(template))
    )


def _query_of_path(
    operation: Operation, encoded: Mapping[str, str], given_names: Container[str]
) -> Iterator[Pair]:
    """Yield the query pairs in the document's path.

    A given query parameter replaces a pair with the same name. A pair whose placeholder has no value is left out.

    Args:
        operation: The operation.
        encoded: Name of a path parameter → its percent-encoded value.
        given_names: Names of the given query parameters.

    Raises:
        UsageError: A placeholder is a path parameter, which always needs a value.
    """
    _, _, query = operation.path.partition("#")[0].partition("?")
    required = {parameter.name for parameter in operation.parameters if parameter.location == "path"}
    for piece in query.split("&") if query else ():
        key, equals, template = piece.partition("=")
        name = unquote_plus(key)
        missing = [placeholder for placeholder in _TEMPLATE.findall(template) if placeholder not in encoded]
        if name in given_names:
            continue
        if required.intersection(missing):
            raise UsageError(f"The path needs a value for `{missing[0]}`")
        if not name or missing:
            continue
        text = _filled(template, encoded, _SAFE_IN_QUERY)
        key = quote(key, safe=_SAFE_IN_QUERY, errors="surrogatepass")
        yield Pair(name, unquote_plus(text), f"{key}{equals}{text}")


def _request_headers(
    operation: Operation,
    parts: RequestParts,
    body: bytes | Payload | None,
    media_type: str,
    given_headers: Sequence[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    required = operation.media_headers or {}
    headers = {"accept": ("Accept", required.get("Accept") or _accept(operation))}
    content_type = required.get("Content-Type", "")
    if body is not None and not (is_json(content_type) and is_json(media_type)):
        content_type = media_type  # the format of the body
    if content_type:
        check_header("Content-Type", content_type)
        headers["content-type"] = ("Content-Type", content_type)
    for name, value in parts.headers.items():
        check_header(name, value)
        headers[name.lower()] = (name, value)
    if parts.cookies:
        header_parameter = [headers["cookie"][1]] if "cookie" in headers else []
        cookies = [*header_parameter, *(pair.encoded for pair in parts.cookies)]
        headers["cookie"] = ("Cookie", "; ".join(cookies))
    for name, value in given_headers:
        check_header(name, value)
        headers[name.lower()] = (name, value)
        if name.lower() in {described.lower() for described in parts.headers}:
            parts.headers[name] = value
    return tuple(headers.values())


@lru_cache(maxsize=256)
def _accept(operation: Operation) -> str:
    """Return an `Accept` header with the media types of the documented successes, JSON first, then `*/*`.

    `default` usually describes errors, so its media types are used only if no success has content.
    """
    for start in ("2", "default"):
        is_other: dict[str, bool] = {}
        for response in operation.responses:
            for name in map(str.strip, response.media_types if response.status.startswith(start) else ()):
                main, slash, _ = name.partition("/")
                is_plain = slash and name.isascii() and name.isprintable() and "," not in name
                if is_plain and _TOKEN.fullmatch(main.strip()):
                    is_other[name] = not is_json(name)
        if is_other:
            break
    ordered = [name for name in sorted(is_other, key=is_other.__getitem__) if name not in _ANY][:4]
    return ", ".join([*(ordered or ["application/json"]), "*/*;q=0.1"])


def check_header(name: str, value: str) -> None:
    """Check a header before the HTTP library does, because messages of the library contain the value.

    Raises:
        UsageError: The name or the value cannot be sent. The message does not contain the value.
    """
    if not _TOKEN.fullmatch(name):
        raise UsageError(
            "A header's name can only have letters, digits and ``!#$%&'*+-.^_`|~``",
            hint="Write `-H NAME:VALUE`",
        )
    if name.lower() in MANAGED_HEADERS:
        raise UsageError(
            f"The header `{name}` belongs to the connection and cannot be set", hint="Leave it out"
        )
    if not value.isprintable() and any((char < " " and char != "\t") or char == "\x7f" for char in value):
        raise UsageError(f"The value of the header `{name}` holds a line break or a control character")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError(
            f"The value of the header `{name}` holds characters that a header cannot carry",
            reason="Headers are Latin-1 (RFC 9110, section 5.5)",
        ) from None


def _parameter_text(parameter: Parameter, value: Any) -> str:
    """Return the value of a parameter as text in the parameter's media type.

    If the schema is not a string, a string is sent unchanged, because it is already in the media type. In this way
    users give values that options cannot express.

    Args:
        parameter: A parameter with a media type: JSON (also `+json`), a form or `text/*`.
        value: A JSON value. Null is written if the media type allows it.

    Returns:
        The text, not yet encoded for its location in the request.

    Raises:
        UsageError: The media type cannot be written, or cannot hold such a value.
    """
    name = parameter.media_type
    is_text = name.lower().startswith("text/") and not is_json(name)
    if isinstance(value, str) and (parameter.value.type != "string" or not is_json(name)):
        return value
    if is_json(name):
        try:
            # Headers are Latin-1, and JSON can escape all other characters.
            return json.dumps(
                value, ensure_ascii=parameter.location == "header", separators=(",", ":"), allow_nan=False
            )
        except ValueError:
            _refuse_parameter(parameter, "It holds a number that JSON cannot write")
    if is_form(name) and isinstance(value, Mapping):
        return _form_text(parameter, value)
    if is_text and not isinstance(value, Mapping | list) and value is not None:
        return value if isinstance(value, str) else json.dumps(value)
    if is_form(name) or is_text:
        reason, hint = f"`{name}` cannot hold {'null' if value is None else 'such a value'}", ""
    else:
        reason = f"The document wants it as `{name}`, which {program().name} cannot write"
        hint = "Give text in this media type"
    return _refuse_parameter(parameter, reason, hint)


def _form_text(parameter: Parameter, value: Mapping[str, Any]) -> str:
    from dynacli.openapi.schema.form_encoding import Encodings
    from dynacli.request.form_body import encode_form

    media = {"encoding": parameter.encoding or {}}
    encodings = Encodings(media, _resolve_nothing, "3.2", is_multipart=False)
    return encode_form(value, parameter.media_type, encodings.of, _json_text).decode()


def _resolve_nothing(ref: str) -> Any:
    raise LookupError(ref)


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse_parameter(parameter: Parameter, reason: str, hint: str = "") -> NoReturn:
    raise UsageError(
        f"The {parameter.location} parameter `{parameter.name}` cannot be sent", reason=reason, hint=hint
    )
