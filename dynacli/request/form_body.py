"""Encodes forms: `application/x-www-form-urlencoded`, `multipart/form-data` and other multipart types.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "Encoding the `x-www-form-urlencoded` Media Type" and "Encoding `multipart` Media
Types". RFC 7578 and RFC 2046, section 5.1. Names and file names are escaped as in the HTML standard ("Multipart form
data"). httpx's own encoder does not check the `Content-Type` of a part, which comes from the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.http.built_request import Pair
from dynacli.http.payload import ByteSource, Payload
from dynacli.http.semantics import essence, is_json
from dynacli.openapi.schema.form_encoding import Encodings, PartHeader, PropertyEncoding
from dynacli.record import replace
from dynacli.request.assemble_body import json_text
from dynacli.request.parameter_serialization import (
    WrittenParameter,
    join_inner_lists,
    serialize_header,
    serialize_query,
)

_NO_ENCODING = PropertyEncoding()
_BINARY = "application/octet-stream"
JSON = "application/json"
PREVIEW_BOUNDARY = "dynacli-boundary"
"""The constant boundary of requests that are only shown."""
_BOUNDARY = r"[0-9A-Za-z'()+_,./:=?-]{1,70}"  # RFC 2046, section 5.1.1, without the space
_CONTROL = re.compile(r'[\x00-\x1f\x7f"]')
_SAFE_BOUNDARY = re.compile(r"[0-9A-Za-z'+_.-]+")


def encode_form(
    body: Any,
    media_type: str,
    encoding_of: Callable[[str], PropertyEncoding],
    write_json: Callable[[Any], str],
    *,
    is_strict: bool = True,
) -> bytes:
    """Return the bytes of a form.

    Args:
        body: An object. Properties that are null are left out, because forms have no null.
        media_type: Media type of the form, for messages.
        encoding_of: Returns the encoding of a property, by its name.
        write_json: Returns a value as JSON.
        is_strict: Whether to refuse a member that contains the delimiter of its list.

    Raises:
        UsageError: The body is not an object, or a property cannot be written as the document prescribes.
    """
    if not isinstance(body, Mapping):
        raise UsageError(
            f"A body of `{media_type}` must consist of named values",
            hint="Give a JSON object, or the text of the form as it is",
        )
    pairs = [
        pair
        for name, value in body.items()
        for pair in _property_pairs(name, value, encoding_of(name), write_json, is_strict=is_strict)
    ]
    return "&".join(pair.encoded for pair in pairs).encode()


def _property_pairs(
    name: str,
    value: Any,
    encoding: PropertyEncoding,
    write_json: Callable[[Any], str],
    *,
    is_strict: bool,
) -> tuple[Pair, ...]:
    """Return the pairs of a property.

    A property with a style is written like a query parameter. Without a style the media type decides. By default an
    object is written as JSON, and an array as one pair for each item.
    """
    if value is None:
        return ()
    if encoding.style:
        return _styled_pairs(name, value, encoding, is_strict=is_strict)
    declared = encoding.media_types[0] if encoding.media_types else ""
    if declared and is_json(declared):
        return _styled_pairs(name, write_json(value), _NO_ENCODING)
    pairs: list[Pair] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping | list):
            if declared:
                raise UsageError(
                    f"The property `{name}` of the form cannot be sent",
                    reason=f"The document wants it as `{declared}`, which cannot be made from JSON values",
                    hint="Give the text as a string, or the whole form: `--body @FILE`",
                )
            item = write_json(item)  # noqa: PLW2901
        pairs.extend(_styled_pairs(name, item, _NO_ENCODING))
    return tuple(pairs)


def _styled_pairs(
    name: str, value: Any, encoding: PropertyEncoding, *, is_strict: bool = True
) -> tuple[Pair, ...]:
    """Return the pairs of a property that is written like a query parameter.

    The style applies only to arrays and objects, and a scalar is always written as `name=value`. Documents give the
    same style to all properties, although some styles do not define scalars.

    Raises:
        UsageError: The style is not defined for this value.
    """
    is_scalar = not isinstance(value, Mapping | list)
    style = "form" if is_scalar or not encoding.style else encoding.style
    explode = encoding.explode if encoding.style else True
    try:
        if encoding.item_formats:
            written = WrittenParameter("query", name, style, explode, is_strict)
            value = join_inner_lists(written, value, encoding.item_formats)
        return serialize_query(
            name,
            value,
            style=style,
            explode=explode,
            allow_reserved=encoding.allow_reserved,
            is_strict=is_strict,
        )
    except UsageError as error:
        raise UsageError(
            f"The property `{name}` of the body cannot be sent", reason=error.reason, hint=error.hint
        ) from None


class Part(NamedTuple):
    """A part of a multipart body.

    Args:
        name: Name of the property; None for an item of an array.
        content: The content, in memory or as a source.
        media_type: The media type; empty for plain text, which needs none.
        file_name: The file name; None if the content is not a file.
        headers: Further headers.
    """

    name: str | None
    content: bytes | ByteSource
    media_type: str = ""
    file_name: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Multipart(Payload):
    """A multipart body.

    Args:
        parts: The parts in order.
        media_type: A multipart media type such as `multipart/form-data`, without a boundary.
        boundary: The text that separates the parts.
    """

    def __init__(self, parts: Sequence[Part], media_type: str, boundary: str) -> None:
        self.parts = tuple(parts)
        self.boundary = _free_boundary(boundary, parts)
        self.media_type = f"{media_type}; boundary={_boundary_value(self.boundary)}"
        super().__init__(list(self._pieces()))

    def changed(self, change: Callable[[bytes | ByteSource], bytes | ByteSource]) -> Multipart:
        """Return a body with the contents of its parts changed."""
        parts = [part._replace(content=change(part.content)) for part in self.parts]
        return Multipart(parts, self.media_type.partition(";")[0], self.boundary)

    def _pieces(self) -> Iterator[bytes | ByteSource]:
        boundary = self.boundary.encode()
        head = b"--" + boundary
        for part in self.parts:
            yield head + b"\r\n" + _head(part)
            yield part.content
            head = b"\r\n--" + boundary
        yield head + b"--\r\n"


def boundary_in(media_type: str) -> str:
    """Return the boundary in a media type; empty if it has no valid one."""
    found = re.search(rf'boundary=("?)({_BOUNDARY})\1\s*(;|$)', media_type, re.IGNORECASE)
    return found[2] if found else ""


def _free_boundary(boundary: str, parts: Sequence[Part]) -> str:
    """Return the boundary, extended until no part in memory contains it.

    A boundary is random, so files do not contain it.
    """
    texts = [part.content for part in parts if isinstance(part.content, bytes)]
    free, number = boundary, 0
    while any(free.encode() in text for text in texts):
        number += 1
        free = f"{boundary}-{number}"
    return free


def _boundary_value(boundary: str) -> str:
    return boundary if _SAFE_BOUNDARY.fullmatch(boundary) else f'"{boundary}"'


def _head(part: Part) -> bytes:
    lines = []
    if part.name is not None:
        line = f'Content-Disposition: form-data; name="{_escaped_name(part.name)}"'
        if part.file_name is not None:
            line += f'; filename="{_escaped_name(part.file_name)}"'
        lines.append(line)
    if part.media_type:
        lines.append(f"Content-Type: {part.media_type}")
    lines.extend(f"{name}: {value}" for name, value in part.headers)
    # Names are UTF-8 (RFC 7578, section 5.1). Other bytes of a file name are replaced.
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "replace")


def _escaped_name(text: str) -> str:
    """Return a name escaped for quotes: CR, LF and `"` as in the HTML standard, and also other control characters."""
    return _CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", text)


def make_parts(
    body: Any,
    encodings: Encodings,
    given_headers: Mapping[tuple[str, str], str],
    *,
    is_strict: bool = True,
) -> list[Part]:
    """Return the parts of a body.

    A property that is null has no part. An array has a part for each item (RFC 7578, section 4.3).
    The parts are in the document's order, with files last: servers that read a body as a stream need the properties of
    a file before the file, which some documents only mention in descriptions.

    Args:
        body: An object with named parts as properties, or an array of parts.
        encodings: The encodings of the properties.
        given_headers: (property, header in lower case) → value that the user gave.
        is_strict: Whether to refuse a member that contains the delimiter of its list.

    Raises:
        UsageError: The body is not an object or array, or a part cannot be written as the document prescribes.
    """
    if isinstance(body, list):
        return [
            _encoded_part(None, f"item {index}", item, encodings.of_item(index), {})
            for index, item in enumerate(body)
        ]
    if not isinstance(body, Mapping):
        raise UsageError(
            "A multipart body must consist of named values",
            hint="Give options, files (`--file NAME=@FILE`), or a JSON object: `--body '{\"name\": ...}'`",
        )
    parts: list[Part] = []
    order = {name: index for index, name in enumerate(encodings.names())}
    properties = [(name, value, encodings.of(name)) for name, value in body.items() if value is not None]
    properties.sort(key=lambda entry: (_holds_file(entry[1], entry[2]), order.get(entry[0], len(order))))
    for name, value, encoding in properties:
        headers = {header: text for (part_name, header), text in given_headers.items() if part_name == name}
        if encoding.style and not encoding.takes_file:
            # Not percent-encoded as in RFC 6570, because servers do not decode the content of a part.
            if encoding.style == "form" and not encoding.explode:
                encoding = replace(encoding, style="csv")  # noqa: PLW2901
            pairs = _styled_pairs(name, value, encoding, is_strict=is_strict)
            parts.extend(Part(pair.name, pair.value.encode()) for pair in pairs)
            continue
        items = value if isinstance(value, list) else [value]
        parts.extend(_encoded_part(name, f"`{name}`", item, encoding, headers) for item in items)
    return parts


def _holds_file(value: Any, encoding: PropertyEncoding) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(_is_source(item) or _is_file_content(item, encoding) for item in items)


def _is_source(value: Any) -> bool:
    return not isinstance(value, str | int | float | Mapping | list | None)


def _is_file_content(value: Any, encoding: PropertyEncoding) -> bool:
    """Return whether a string is the content of a file."""
    return isinstance(value, str) and encoding.takes_file and not encoding.takes_text


def _encoded_part(
    name: str | None,
    shown_name: str,
    value: Any,
    encoding: PropertyEncoding,
    given_headers: Mapping[str, str],
) -> Part:
    headers = tuple(_part_headers(shown_name, encoding.headers, given_headers))
    declared = encoding.media_types
    if _is_file_content(value, encoding):
        # Servers recognize a file by its file name.
        media_type = _media_type_of_part(declared, "", _BINARY)
        return Part(name, value.encode("utf-8", "surrogateescape"), media_type, name or "file", headers)
    if _is_source(value):
        source: ByteSource = value
        guessed = media_type_of_file(source.name)
        return Part(
            name, source, _media_type_of_part(declared, guessed, _BINARY), _base_name(source.name), headers
        )
    if isinstance(value, Mapping | list):
        media_type = _media_type_of_part(declared, "", JSON)
        if not is_json(media_type):
            raise UsageError(
                f"The part {shown_name} cannot be sent",
                reason=f"The document wants it as `{media_type}`, which cannot be made from JSON values",
                hint="Give its content as a string: `--set NAME='\"...\"'`",
            )
        return Part(name, json_text(value).encode(), media_type, None, headers)
    media_type = _media_type_of_part(declared, "", "")
    text = value if isinstance(value, str) and not is_json(media_type) else json_text(value)
    return Part(name, text.encode("utf-8", "surrogateescape"), media_type, None, headers)


def _media_type_of_part(declared: Sequence[str], guessed: str, default: str) -> str:
    """Return the media type of a part: the guessed one if the document declares it, else the first declared one."""
    for media_range in declared:
        if guessed and _is_in_range(guessed, media_range):
            return media_range if "*" not in media_range else guessed
    return next((media_range for media_range in declared if "*" not in media_range), guessed or default)


def _is_in_range(media_type: str, media_range: str) -> bool:
    name = essence(media_range)
    return name in {"*/*", media_type} or (
        name.endswith("/*") and media_type.startswith(name.removesuffix("*"))
    )


def media_type_of_file(name: str) -> str:
    """Return the media type for the suffix of a file's name; empty if it is unknown."""
    import mimetypes

    # Without the system's tables, so that a file has the same type on every machine.
    found, compression = mimetypes.MimeTypes().guess_type(name, strict=False)
    compressed = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
    return compressed.get(compression, "") if compression else found or ""


def _base_name(name: str) -> str:
    """Return the name of a file without its directory, which the server need not know."""
    return "stdin" if name == "-" else name.replace("\\", "/").rpartition("/")[2]


def _part_headers(
    shown_name: str, described: Sequence[PartHeader], given_headers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    undescribed = dict(given_headers)
    for header in described:
        value = undescribed.pop(header.name.lower(), header.value)
        if value is None and header.is_required:
            raise UsageError(
                f"The part {shown_name} needs the header `{header.name}`",
                hint=f"Give it: `--part-header {shown_name.strip('`')}:{header.name}:VALUE`",
            )
        if value is not None:
            yield header.name, serialize_header(header.name, value)
    for name, value in undescribed.items():
        yield name, serialize_header(name, value)
