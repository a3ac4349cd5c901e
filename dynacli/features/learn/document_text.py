"""The text of a learned document, with its comments."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dynacli.errors import DocumentError
from dynacli.features.learn.make_document import LearnedDocument
from dynacli.openapi.document.json_trees import is_same_json, join
from dynacli.openapi.document.parse import parse_document
from dynacli.openapi.document.positions import positions_of
from dynacli.text.terminal import visible
from dynacli.text.yaml_edit import YamlEditError, edited_yaml, with_line_comments

_FIRST_INDENT = re.compile(r"\{\s*?\n([ \t]+)")


def document_text(document: LearnedDocument, file: str) -> bytes:
    """Return a document as the text of a file: JSON if the name ends with `.json`, else YAML with comments.

    If it contains characters that an editor or a terminal may not show, all characters except ASCII are escaped.
    """
    written = _text(document, file, is_ascii=False)
    text = written if visible(written) == written else _text(document, file, is_ascii=True)
    return text.encode("utf-8", "backslashreplace")


def _text(document: LearnedDocument, file: str, *, is_ascii: bool) -> str:
    from dynacli.text.yaml_text import yaml_of

    if file.lower().endswith(".json"):
        return json.dumps(document.tree, indent=2, ensure_ascii=is_ascii) + "\n"
    return _commented(yaml_of(document.tree, is_ascii=is_ascii), document.reviews)


def _commented(text: str, reviews: Mapping[tuple[str, ...], str]) -> str:
    """Return a YAML text with a comment for each part that a reader has to look at."""
    if not reviews:
        return text
    pointers = {join(steps): reason for steps, reason in reviews.items()}
    found = positions_of(text.encode("utf-8", "surrogatepass"), pointers)
    return with_line_comments(
        text, {position.line: f"review: {pointers[pointer]}" for pointer, position in found.items()}
    )


def merged_text(
    content: bytes, name: str, new: dict[str, Any], reviews: Mapping[tuple[str, ...], str]
) -> bytes:
    """Return the text of a document with another value. In YAML, comments and everything unchanged stay.

    Args:
        content: The text of the document.
        name: Its file, for messages.
        new: The value.
        reviews: Path of an added part → the reason to look at it.

    Raises:
        DocumentError: The text cannot be changed without changing other parts.
    """
    old = parse_document(content, name=name).tree
    if is_same_json(old, new):
        return content
    text = content.decode("utf-8-sig")
    if text.lstrip().startswith("{"):
        indent = _FIRST_INDENT.match(text.lstrip())
        return (json.dumps(new, indent=indent[1] if indent else None, ensure_ascii=False) + "\n").encode()
    try:
        edited = _commented(edited_yaml(text, old, new), reviews).encode()
        is_right = is_same_json(parse_document(edited, name=name).tree, new)
    except YamlEditError as error:
        raise _unchangeable(name, str(error)) from error
    except DocumentError:
        is_right = False
    if not is_right:
        raise _unchangeable(name, "its YAML has anchors, or a style that dynacli does not write")
    return edited


def _unchangeable(name: str, reason: str) -> DocumentError:
    return DocumentError(
        f"`{name}` cannot be changed without losing what you wrote",
        reason=reason,
        hint="Write a new document with `--out`, or replace the anchors by `$ref`",
    )
