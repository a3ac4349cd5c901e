"""What a compiled document cannot do: the warnings, and the operations that cannot be called."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.openapi.catalog.compiler._operation_inputs import SkippedOperationError
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.pointer import join, split
from dynacli.openapi.document.reading.positions import positions_of
from dynacli.openapi.document.references.place_origins import Place
from dynacli.openapi.document.references.scan import follow_references, lookup, past_references
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.lenient_reading import dict_or_empty, text_or_empty
from dynacli.text.terminal import visible

__all__ = ["CompileWarnings", "LeftOut", "check_is_readable", "path_fault", "why_unread"]


@dataclass(frozen=True)
class _CompileWarning:
    """A mistake of the document, and what dynacli makes of it.

    Args:
        pointer: JSON pointer into the file.
        line: 1-based line of the file's text, None where it is not known.
        column: 1-based column in characters, None where it is not known.
        file: The number of the file; 0 is the document itself.
    """

    message: str
    pointer: str
    line: int | None = None
    column: int | None = None
    file: int = 0


@dataclass
class CompileWarnings:
    """The warnings of a compilation, in the order in which they were found.

    Args:
        items: Messages, each with the JSON pointer into the tree that it is about.
    """

    items: list[tuple[str, str]] = field(default_factory=list)

    def add(self, message: str, *steps: str) -> None:
        """Add a warning about the place that the steps lead to."""
        self.items.append((message, join(steps)))

    def locate(self, document: Document) -> tuple[_CompileWarning, ...]:
        """Return the warnings with their places in the files; those of reading the document come first."""
        own = (
            (message, document.origins.locate(_past_references(document, pointer)))
            for message, pointer in self.items
        )
        return _locate(document, [*document.warnings, *own])


def _past_references(document: Document, pointer: str) -> str:
    """Return the pointer to a place with the references on the way followed."""
    steps = past_references(document.tree, split(pointer))
    return pointer if steps is None else join(steps)


def _locate(document: Document, messages: Iterable[tuple[str, Place]]) -> tuple[_CompileWarning, ...]:
    """Return a warning for each message and place; every file is searched at most once."""
    messages = list(dict.fromkeys(messages))
    pointers: dict[int, list[str]] = {}
    for _, place in messages:
        if place.pointer:  # a message about the whole file has no line
            pointers.setdefault(place.file, []).append(place.pointer)
    positions = {
        file: positions_of(document.files[file].content, wanted) for file, wanted in pointers.items()
    }
    warnings = []
    for message, place in messages:
        line, column = positions.get(place.file, {}).get(place.pointer) or (None, None)
        warnings.append(_CompileWarning(message, place.pointer, line, column, place.file))
    return tuple(warnings)


_MAX_HOPS = 50
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, and what else ends a line."""


@dataclass
class LeftOut:
    """The operations that are left out of a catalog.

    Args:
        warn: Called with a message and the steps of a pointer.
        rows: For each operation its `names`, by any of which a person may call it, and the `reason` it is left out.
    """

    warn: Callable[..., None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, method: str, path: str, operation: Any, reason: str, where: tuple[str, ...]) -> None:
        """Leave an operation out, with a warning."""
        path = visible(path, keep="")
        self.warn(f"`{method} {path}` is left out: {reason}", *where)
        own = dict_or_empty(operation)
        texts = (*map(text_or_empty, (own.get("x-cli-name"), own.get("operationId"))), f"{method} {path}")
        names = [name for text in texts if (name := kebab(text))]
        self.rows.append({"names": names, "reason": f"`{method} {path}`: {reason}"})


def path_fault(path: str) -> str:
    """Return why no operation of a path can be called; empty if they can."""
    return "the path has a line break or another control character" if _CONTROLS.search(path) else ""


def check_is_readable(document: Document, operation: Mapping[str, Any]) -> None:
    """Check that an operation and its body are in no file that cannot be read; without a parameter it can be called.

    Args:
        operation: The operation, with its references in place.

    Raises:
        SkippedOperationError: The operation or the body is in such a file.
    """
    if not document.unread:
        return
    body = operation.get("requestBody")
    followed = follow_references(document.tree, body)
    for part in (operation, body, followed.get("content") if isinstance(followed, Mapping) else None):
        if reason := why_unread(document, part):
            raise SkippedOperationError(reason)


def why_unread(document: Document, value: Any) -> str:
    """Return why an object's reference to another file cannot be followed; empty where it can, or has none."""
    for _ in range(_MAX_HOPS):
        ref = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(ref, str):
            return ""
        if ref in document.unread:
            return f"`{ref}` cannot be followed: {document.unread[ref]}"
        try:
            value = lookup(document.tree, ref)
        except LookupError:
            return ""
    return ""
