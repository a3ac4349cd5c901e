"""The values of forms and multipart bodies: those that a request was written from, or those read from bytes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.http.semantics import is_json, split_media_type
from dynacli.model.media_types import is_object_of_bytes
from dynacli.schema.evaluation.shown_values import BinaryText
from dynacli.validation.bodies.read_body import UncheckedError, UnreadableError, read_json, read_text

__all__ = [
    "FormValue",
    "ReceivedPart",
    "RedirectBody",
    "UnreadBody",
    "is_about_bytes",
    "read_fields",
    "split_parts",
]

_MAX_PARTS = 10_000


class UnreadBody:
    """A body that is not in memory, because it is read only while it is sent.

    Attributes:
        reason: Why its content is not judged.

    Args:
        size: The size in bytes; None where it is unknown.
    """

    reason = "a body that is read only while it is sent cannot be judged"

    def __init__(self, size: int | None) -> None:
        self.size = size

    def __len__(self) -> int:
        return 1 if self.size is None else self.size

    def __bool__(self) -> bool:
        return True


class RedirectBody(UnreadBody):
    """The body of a redirect that was followed, so that nobody read it."""

    reason = "the body of a redirect is not read"

    def __init__(self) -> None:
        super().__init__(None)


class FormValue(NamedTuple):
    """The value that a form or multipart body was written from.

    openapi-core cannot read back every encoding: it takes nested values of `deepObject` as absent,
    so that wrong values would pass, and it changes the bytes of parts.

    Args:
        value: An object, or an array of parts; the content of a file is a `BinaryText`.
    """

    value: Any


def is_about_bytes(error: Any) -> bool:
    """Return whether an error must be ignored because it is about the text, or unknown length, of bytes."""
    value = error.instance
    if not isinstance(value, BinaryText):
        return False
    is_length = error.validator in {"minLength", "maxLength"}
    # In a `oneOf` of a file and a text both branches fit, because the file is a string to both schemas.
    is_about_text = error.validator in {"pattern", "format", "enum", "const", "oneOf"} or (
        error.validator == "type" and isinstance(error.schema, Mapping) and is_object_of_bytes(error.schema)
    )
    return is_about_text or (is_length and value.size is None)


class ReceivedPart(NamedTuple):
    """A part of a multipart body.

    Args:
        name: The `name` of its `Content-Disposition`; empty where it has none.
        file_name: The name of a file; None where it has none.
        media_type: Its `Content-Type`; empty where it has none.
        content: Its bytes, unchanged.
    """

    name: str
    file_name: str | None
    media_type: str
    content: bytes

    @property
    def is_file(self) -> bool:
        """Whether it has a file name."""
        return self.file_name is not None


def split_parts(content: bytes, parameters: Mapping[str, str]) -> list[ReceivedPart]:
    """Return the parts of a multipart body (RFC 2046, section 5.1.1).

    openapi-core uses the standard library's parser for mails, which reads text and changes other bytes.

    Args:
        content: The body.
        parameters: The parameters of its media type.

    Raises:
        UnreadableError: The media type has no boundary, or the body does not end with it.
        UncheckedError: The body has too many parts.
    """
    boundary = parameters.get("boundary")
    if not boundary:
        raise UnreadableError("the media type names no `boundary` between the parts")
    mark = b"\r\n--" + boundary.encode("utf-8", "replace")
    _, *pieces = (b"\r\n" + content).split(mark, _MAX_PARTS)
    if len(pieces) >= _MAX_PARTS:
        raise UncheckedError(f"the body has over {_MAX_PARTS} parts")
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
        parts.append(_part(head, body))
    raise UnreadableError("the body does not end with the boundary of its parts")


def _part(head: bytes, content: bytes) -> ReceivedPart:
    from email.message import Message

    headers = Message()
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    # A name in the form of RFC 2231 is a tuple of charset, language and text.
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
        UnreadableError: The body or a part is not of its media type.
        UncheckedError: The body or a part cannot be read here.
    """
    for part in split_parts(content, parameters):
        name, own = split_media_type(part.media_type)
        if not part.name:
            continue  # a part without a name is no property of the form
        if is_json(name):
            yield part.name, read_json(part.content, own)
        elif part.is_file or (name and not name.startswith("text/")):
            yield part.name, BinaryText(len(part.content))
        else:
            yield part.name, read_text(part.content, own)
