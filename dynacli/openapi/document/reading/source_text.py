"""The text of a document: its character encoding, and places in it for messages."""

import codecs
from typing import Any, NoReturn

from dynacli.errors import DocumentError

__all__ = ["fail_at", "to_utf8"]

_MAX_EXCERPT = 100

# UTF-32 comes before UTF-16, because its mark starts with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"SQLite format 3", "an SQLite database"),
)


def to_utf8(content: bytes, name: str) -> bytes:
    """Return a text in UTF-8 without a byte order mark.

    JSON is UTF-8 (RFC 8259, section 8.1), YAML is UTF-8, -16 or -32 (YAML 1.2.2, section 5.2);
    files from Windows come with a byte order mark in either.

    Raises:
        DocumentError: The content is binary, or text in another encoding.
    """
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            raise DocumentError(f"`{name}` is {kind}, not an OpenAPI document")
    encoding = "utf-8"
    for mark, marked in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            while content.startswith(mark):  # the file was saved twice, or made of two files
                content = content[len(mark) :]
            break
    else:
        # A zero beside the first character, which is ASCII: UTF-16 without a mark (RFC 4627, section 3).
        if content[1:2] == b"\0":
            encoding = "utf-16-le"
        elif content[:1] == b"\0":
            encoding = "utf-16-be"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in content:
            raise DocumentError(f"`{name}` is binary data, not an OpenAPI document") from error
        fail_at(
            content.decode("utf-8", "replace"),
            len(content[: error.start].decode()),
            name,
            "This is not UTF-8",
            hint=f"If it is in an older encoding, convert it: `iconv -f WINDOWS-1252 -t UTF-8 {name}`",
        )
    if "\0" in text:
        raise DocumentError(f"`{name}` is binary data, not an OpenAPI document")
    return content if encoding == "utf-8" else text.encode()


def fail_at(text: str, position: int, name: str, reason: str, *, hint: str = "", **details: Any) -> NoReturn:
    """Raise an error for a place in a text, with the line shown and the place marked.

    Args:
        position: The index of the first character that is wrong.
        name: The name of the document in messages.
        hint: What to do about it; may be empty.
        details: Further fields of the error's JSON form.
    """
    position = min(position, len(text))
    line = text.count("\n", 0, position) + 1
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", start)
    column = position - start + 1
    raise DocumentError(
        f"`{name}` cannot be read at line {line}, column {column}",
        reason=f"{reason}\n{_excerpt(text[start : end if end >= 0 else len(text)], line, column)}",
        hint=hint,
        line=line,
        column=column,
        **details,
    )


def offset_of(text: str, line: int, column: int) -> int:
    """Return the index of a 1-based line and column."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    return min(start + max(column - 1, 0), len(text))


def _excerpt(line_text: str, line: int, column: int) -> str:
    """Return a line with a caret under a column; of a long line the part around it."""
    left = max(0, min(column - 1 - _MAX_EXCERPT // 2, len(line_text) - _MAX_EXCERPT))
    # Each character takes one column, so that the caret stands below the right one.
    shown = "".join(c if c.isprintable() else " " for c in line_text[left : left + _MAX_EXCERPT])
    gutter = f"  {line} | "
    return f"{gutter}{shown}\n{' ' * (len(gutter) + column - 1 - left)}^"
