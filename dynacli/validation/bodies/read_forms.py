"""Forms and bodies of parts as values: what the builder wrote them from, or what is read out of their bytes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

from dynacli.validation.bodies.media_type_match import is_json, split
from dynacli.validation.bodies.read_body import UncheckedError, UnreadableError, read_json, read_text

__all__ = [
    "BinaryText",
    "FormValue",
    "ReceivedPart",
    "UnreadBody",
    "is_about_bytes",
    "read_fields",
    "split_parts",
]

_MAX_PARTS = 10_000


class UnreadBody:
    """A body that is read only while it is sent.

    Attributes:
        reason: Why its content is not judged.

    Args:
        size: In bytes, None where it is unknown.
    """

    reason = "a body that is read only while it is sent cannot be judged"

    def __init__(self, size: int | None) -> None:
        self.size = size

    def __len__(self) -> int:
        return 1 if self.size is None else self.size

    def __bool__(self) -> bool:
        return True


class FormValue(NamedTuple):
    """A form or a body of parts, as the value that it was built from.

    openapi-core cannot read back every encoding: of `deepObject` it takes what is nested for absent,
    so that wrong values would pass, and of parts it changes the bytes.

    Args:
        value: An object, or an array of parts; the content of a file is a `BinaryText`.
    """

    value: Any


class BinaryText(str):
    """A string of JSON Schema that stands for bytes: its length is their number, and nothing is known of its text.

    OpenAPI 3.1.1, "Working With Binary Data": `maxLength` may limit the number of bytes.

    Args:
        size: In bytes, None where it is unknown.
    """

    __slots__ = ("size",)
    size: int | None

    def __new__(cls, size: int | None) -> Self:
        """Return the string."""
        made = super().__new__(cls)
        made.size = size
        return made

    def __len__(self) -> int:
        return 1 if self.size is None else self.size

    def __repr__(self) -> str:
        return "'...'" if self.size is None else f"'... ({self.size} bytes)'"

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other


def is_about_bytes(error: Any) -> bool:
    """Return whether an error of a schema is about the text of what is none."""
    value = error.instance
    if not isinstance(value, BinaryText):
        return False
    is_length = error.validator in {"minLength", "maxLength"}
    # Of a `oneOf` of a file and a text both hold, for the file is a string to a schema, too.
    return (is_length and value.size is None) or error.validator in {
        "pattern",
        "format",
        "enum",
        "const",
        "oneOf",
    }


class ReceivedPart(NamedTuple):
    """A part as it stands in a body.

    Args:
        name: Of its `Content-Disposition`; empty where it has none.
        is_file: Whether it has a file name.
        media_type: Its `Content-Type`, empty where it has none.
    """

    name: str
    is_file: bool
    media_type: str
    content: bytes


def split_parts(content: bytes, parameters: Mapping[str, str]) -> list[ReceivedPart]:
    """Return the parts of a body (RFC 2046, section 5.1.1), their bytes as they are.

    The standard library's reader of mails, which openapi-core takes, reads text, and changes what is none.

    Args:
        parameters: Those of the media type.

    Raises:
        UnreadableError: It has no boundary, or does not end with one.
        UncheckedError: It has too many parts.
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
        # White space may stand behind a boundary.
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
    # One in the form of RFC 2231 comes as charset, language and text.
    found: Any = headers.get_param("name", "", "content-disposition")
    return ReceivedPart(
        found if isinstance(found, str) else found[2],
        headers.get_filename() is not None,
        str(headers.get("content-type", "")),
        content,
    )


def read_fields(content: bytes, parameters: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of the named parts: text as a string, JSON as what it is, bytes as a `BinaryText`.

    Args:
        parameters: Those of the media type.

    Raises:
        UnreadableError: It is not what its media type says.
        UncheckedError: It cannot be read here.
    """
    for part in split_parts(content, parameters):
        name, own = split(part.media_type)
        if not part.name:
            continue  # what has no name stands for no property
        if is_json(name):
            yield part.name, read_json(part.content, own)
        elif part.is_file or (name and not name.startswith("text/")):
            yield part.name, BinaryText(len(part.content))
        else:
            yield part.name, read_text(part.content, own)
