"""Turns the bytes of a document into a tree of plain JSON values."""

from dataclasses import dataclass
from typing import Any

from dynacli.document.other_formats import check_is_not_markup, check_is_openapi
from dynacli.document.reading.json_reader import read_json
from dynacli.document.reading.source_text import to_utf8
from dynacli.document.reading.yaml_reader import read_yaml
from dynacli.errors import DocumentError

__all__ = ["Parsed", "parse", "read", "read_part"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text holds.

    Args:
        tree: Plain JSON values: string keys, finite numbers, valid Unicode.
        content: The text in UTF-8, without a byte order mark; positions count in it.
        warnings: What a person should know of: a sentence, and the JSON pointer of its place.
    """

    tree: Any
    content: bytes
    warnings: tuple[tuple[str, str], ...] = ()


def parse(content: bytes, *, name: str) -> dict[str, Any]:
    """Return the tree of an OpenAPI document of any version, JSON or YAML, judged by its content.

    Args:
        content: The bytes of the document.
        name: What messages call it: its path or URL.

    Raises:
        DocumentError: It is empty, cannot be read, is over a limit, or is not an OpenAPI document.
    """
    tree: dict[str, Any] = read(content, name=name).tree
    return tree


def read(content: bytes, *, name: str) -> Parsed:
    """Return the tree of an OpenAPI document with its text and what to warn of.

    Args:
        content: The bytes of the document.
        name: What messages call it: its path or URL.

    Raises:
        DocumentError: As for `parse`.
    """
    parsed = read_part(content, name=name)
    check_is_openapi(parsed.tree, name)
    return parsed


def read_part(content: bytes, *, name: str) -> Parsed:
    """Return the tree of any JSON or YAML, such as a file that a document is split into.

    Args:
        content: The bytes of the file.
        name: What messages call it: its path or URL.

    Raises:
        DocumentError: It is empty, cannot be read, or is over a limit.
    """
    text = to_utf8(content, name)
    if not text.strip():
        raise DocumentError(f"`{name}` is empty")
    check_is_not_markup(text, name)
    tree, warnings = read_json(text, name) if is_json(text) else read_yaml(text, name)
    return Parsed(tree, text, warnings)


def is_json(content: bytes) -> bool:
    """Tell whether a text is meant as JSON: `{` with a quoted key or a comment, or a list.

    `{openapi: 3.0.0}` is YAML in flow style.
    """
    start = content[:4000].lstrip()
    if start.startswith(b"["):
        return True
    return start.startswith(b"{") and (start[1:].lstrip()[:1] or b'"') in b'"}/'
