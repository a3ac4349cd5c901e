"""Reads a body by its media type: JSON, text, or the values of a form or multipart body."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import dynacli
from dynacli.http.semantics import is_json, split_media_type
from dynacli.openapi.model.media_types import is_object_of_bytes
from dynacli.openapi.schema.evaluation.schema_error import BinaryText
from dynacli.text.json_budget import MAX_VALUES, TooManyValuesError, check_values

_MAX_DIGITS = 1_000
_SAMPLES = 10
_DIGITS = re.compile(f"[0-9]{{{_SAMPLES}}}")
_LARGE = 64 * 1024
"""Size of a body in bytes from which orjson is faster than json, including its import."""
_UNREAD: Any = object()
_MAX_PARTS = 10_000


class ValidatedValue(NamedTuple):
    """A value of a body that was validated by a schema.

    Args:
        schema: The Schema Object with unresolved references.
        value: The JSON value.
        pointer: JSON pointer into the body.
    """

    schema: Any
    value: Any
    pointer: str


class NotValidatedError(Exception):
    """A value cannot be validated; the message has the reason."""


class UnreadableError(Exception):
    """A body does not match its media type; the message has the reason."""


def read_text(value: bytes, parameters: Mapping[str, str]) -> str:
    """Return a body as text.

    Args:
        value: The body.
        parameters: The parameters of its media type.

    Raises:
        UnreadableError: The body is not text in its charset.
        NotValidatedError: The charset is unknown.
    """
    charset = parameters.get("charset") or "utf-8"
    try:
        if charset.lower() in {"utf-8", "utf8"}:
            return value.decode().removeprefix("\ufeff")  # like the codec `utf-8-sig`, but faster
        text = value.decode(charset)
    except UnicodeError:
        raise UnreadableError(f"the body is not text in {charset}") from None
    except (LookupError, ValueError):
        raise NotValidatedError(f"the body is text in `{charset}`, which is unknown") from None
    if not isinstance(text, str):  # `charset=hex` and similar names are codecs from bytes to bytes
        raise NotValidatedError(f"the body is text in `{charset}`, which is unknown")
    return text


def read_json_body(
    value: bytes,
    parameters: Mapping[str, str] | None = None,
    *,
    size_before: int = 0,
) -> Any:
    """Return the JSON value of a body.

    Args:
        value: The body.
        parameters: The parameters of its media type.
        size_before: Size of the bodies that were read earlier, for example the pages of a list.

    Raises:
        UnreadableError: The body is not JSON.
        NotValidatedError: The body is JSON that dynacli cannot read.
    """
    charset = (parameters or {}).get("charset") or "utf-8"
    if len(value) > MAX_VALUES:  # a smaller body has fewer values
        _check_values(value, "the body")
    # In a single call, reading a small body is faster than importing orjson.
    is_worth_it = size_before + len(value) >= _LARGE
    if (is_worth_it or not dynacli.is_own_process) and charset.lower() in {"utf-8", "utf8"}:
        found = _read_fast(value)
        if found is not _UNREAD:
            return found
    return read_json_text(read_text(value, parameters or {}))


def _read_fast(value: bytes) -> Any:
    """Return the JSON value of a body, read by orjson; `_UNREAD` if Python might return another value.

    orjson refuses more bodies than Python (`NaN`, `1e400`, lone surrogates, a byte order mark, text that is not UTF-8),
    so Python reads these again. orjson returns the same values, except for integers of over 64 bits, which become
    floats, and for values that are too deep for Python's stack.
    """
    from dynacli.import_orjson import orjson
    from dynacli.openapi.schema.evaluation.compiled_schema import is_plain

    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return _UNREAD
    except SystemError:  # orjson raises this if there is not enough memory for an object
        raise MemoryError from None
    return found if is_plain(found) else _UNREAD


def read_json_text(text: str, subject: str = "the body") -> Any:
    """Return the value of a JSON text.

    Args:
        text: The JSON text.
        subject: A phrase for the text in messages.

    Raises:
        UnreadableError: The text is not JSON.
        NotValidatedError: The text is JSON that dynacli cannot read.
    """
    if len(text) > MAX_VALUES:
        _check_values(text, subject)
    try:
        # A longer row of digits contains several of these samples.
        has_digits = len(text) > _MAX_DIGITS and _DIGITS.search(text[:: _MAX_DIGITS // _SAMPLES])
        return (_counting if has_digits else _usual).decode(text)
    except json.JSONDecodeError as error:
        if text[:200].lstrip().lower().startswith(("<!doctype", "<html")):
            raise UnreadableError(f"{subject} is an HTML page, not JSON") from None
        # For a single line of a body, the subject already contains its number.
        line = f"line {error.lineno}, " if subject == "the body" or "\n" in text else ""
        place = f"{line}column {error.colno}"
        reason = (
            f"{error.msg[0].lower()}{error.msg[1:]}".partition(" (")[0]
            .rstrip(":")
            .removesuffix(" at")
            .removesuffix(" starting")
        )
        if error.pos >= len(text.rstrip()):
            reason = "it ends too early"
        raise UnreadableError(f"{subject} is not JSON: {reason}, at {place}") from None
    except RecursionError:
        raise NotValidatedError(f"{subject} is nested too deeply") from None


def _check_values(text: str | bytes, subject: str) -> None:
    try:
        check_values(text)
    except TooManyValuesError:
        raise NotValidatedError(f"{subject} has more than {MAX_VALUES:,} values") from None


def _refuse_constant(constant: str) -> Any:
    raise UnreadableError(f"the body is not JSON, which has no `{constant}`")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise NotValidatedError(f"the body has a number of {len(text)} digits")
    return int(text)


# Made once, because `json.loads` would make a decoder for each item of a stream.
_usual = json.JSONDecoder(parse_constant=_refuse_constant)
_counting = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_integer)


class UnreadBody:
    """A body that is not in memory, for example because it is only read while it is sent.

    Attributes:
        reason: The reason for not validating its content.

    Args:
        size: The size in bytes; None if unknown.
    """

    reason = "a body that is read only while it is sent cannot be validated"

    def __init__(self, size: int | None) -> None:
        self.size = size

    def __len__(self) -> int:
        return 1 if self.size is None else self.size

    def __bool__(self) -> bool:
        return True


class RedirectBody(UnreadBody):
    """The unread body of a followed redirect."""

    reason = "the body of a redirect is not read"

    def __init__(self) -> None:
        super().__init__(None)


class FormValue(NamedTuple):
    """The original value of a form or multipart body.

    openapi-core cannot read every encoding: it treats nested values of `deepObject` as absent, so that wrong values
    would be accepted, and it changes the bytes of parts.

    Args:
        value: An object, or an array of parts. The content of a file is a `BinaryText`.
    """

    value: Any


def is_about_bytes(error: Any) -> bool:
    """Return whether to ignore an error because it concerns the text or the unknown length of bytes."""
    value = error.instance
    if not isinstance(value, BinaryText):
        return False
    is_length = error.validator in {"minLength", "maxLength"}
    # In a `oneOf` of a file and a text both branches match, because the file is a string for both schemas.
    is_about_text = error.validator in {"pattern", "format", "enum", "const", "oneOf"} or (
        error.validator == "type" and isinstance(error.schema, Mapping) and is_object_of_bytes(error.schema)
    )
    return is_about_text or (is_length and value.size is None)


class ReceivedPart(NamedTuple):
    """A part of a multipart body.

    Args:
        name: The `name` in `Content-Disposition`; empty if there is none.
        file_name: The name of a file; None if there is none.
        media_type: The `Content-Type`; empty if there is none.
        content: The unchanged bytes.
    """

    name: str
    file_name: str | None
    media_type: str
    content: bytes

    @property
    def is_file(self) -> bool:
        """Whether the part has a file name."""
        return self.file_name is not None


def split_parts(content: bytes, parameters: Mapping[str, str]) -> list[ReceivedPart]:
    """Return the parts of a multipart body (RFC 2046, section 5.1.1).

    openapi-core uses the standard library's parser for e-mail, which changes bytes that are not text.

    Args:
        content: The body.
        parameters: The parameters of its media type.

    Raises:
        UnreadableError: The media type has no boundary, or the body does not end with it.
        NotValidatedError: The body has too many parts.
    """
    boundary = parameters.get("boundary")
    if not boundary:
        raise UnreadableError("the media type names no `boundary` between the parts")
    mark = b"\r\n--" + boundary.encode("utf-8", "replace")
    _, *pieces = (b"\r\n" + content).split(mark, _MAX_PARTS)
    if len(pieces) >= _MAX_PARTS:
        raise NotValidatedError(f"the body has over {_MAX_PARTS} parts")
    parts: list[ReceivedPart] = []
    for piece in pieces:
        if piece.startswith(b"--"):
            return parts
        # White space may follow a boundary.
        rest = piece.lstrip(b" \t")
        if not rest.startswith(b"\r\n"):
            raise UnreadableError("a boundary between the parts does not end its line")
        head, blank, body = rest.partition(b"\r\n\r\n")
        if not blank:
            raise UnreadableError("a part has no empty line between its headers and its content")
        parts.append(_received_part(head, body))
    raise UnreadableError("the body does not end with the boundary of its parts")


def _received_part(head: bytes, content: bytes) -> ReceivedPart:
    from email.message import Message

    headers = Message()
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    # A name in the format of RFC 2231 is a tuple of charset, language and text.
    name_parameter: Any = headers.get_param("name", "", "content-disposition")
    return ReceivedPart(
        name_parameter if isinstance(name_parameter, str) else name_parameter[2],
        headers.get_filename(),
        str(headers.get("content-type", "")),
        content,
    )


def read_fields(content: bytes, parameters: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of the named parts of a form: text as a string, JSON as its value, bytes as `BinaryText`.

    Args:
        content: The body.
        parameters: The parameters of its media type.

    Raises:
        UnreadableError: The body or a part does not match its media type.
        NotValidatedError: The body or a part cannot be read by dynacli.
    """
    for part in split_parts(content, parameters):
        name, own = split_media_type(part.media_type)
        if not part.name:
            continue  # a part without a name is not a property of the form
        if is_json(name):
            yield part.name, read_json_body(part.content, own)
        elif part.is_file or (name and not name.startswith("text/")):
            yield part.name, BinaryText(len(part.content))
        else:
            yield part.name, read_text(part.content, own)
