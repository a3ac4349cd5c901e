"""Files of JSON or YAML parsed into plain JSON values."""

from dataclasses import dataclass
from typing import Any

from dynacli.document.other_formats import check_is_not_markup, check_is_openapi
from dynacli.document.reading.json_reader import read_json
from dynacli.document.reading.source_text import to_utf8
from dynacli.document.reading.yaml_reader import read_yaml
from dynacli.errors import DocumentError

__all__ = ["Parsed", "is_json", "parse_document", "parse_file"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed file.

    Args:
        tree: Plain JSON values: string keys, finite numbers, valid Unicode.
        content: The text in UTF-8, without a byte order mark; positions count in it.
        warnings: A sentence for a person, and the JSON pointer of the place that it is about.
    """

    tree: Any
    content: bytes
    warnings: tuple[tuple[str, str], ...] = ()


def parse_document(content: bytes, *, name: str) -> Parsed:
    """Parse an OpenAPI document of any version.

    Args:
        content: The bytes of the document; they show whether it is JSON or YAML.
        name: The name of the document in messages: its path or URL.

    Raises:
        DocumentError: It is empty, cannot be read, is over a limit, or is not an OpenAPI document.
    """
    parsed = parse_file(content, name=name)
    check_is_openapi(parsed.tree, name)
    return parsed


def parse_file(content: bytes, *, name: str) -> Parsed:
    """Parse any JSON or YAML, such as a file that a document is split into.

    Args:
        content: The bytes of the file; they show whether it is JSON or YAML.
        name: The name of the file in messages: its path or URL.

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
    """Return whether a text is meant as JSON: a list, or `{` before a quoted key or a comment.

    `{openapi: 3.0.0}` is YAML in flow style.
    """
    start = content[:4000].lstrip()
    if start.startswith(b"["):
        return True
    return start.startswith(b"{") and (start[1:].lstrip()[:1] or b'"') in b'"}/'
