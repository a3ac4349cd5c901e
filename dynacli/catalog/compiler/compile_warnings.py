"""Warnings of the compiler: mistakes of a document that dynacli works around, each with its file and line."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dynacli.document.load import Document
from dynacli.document.pointer import join, split
from dynacli.document.reading.positions import positions_of
from dynacli.document.references.place_origins import Place
from dynacli.document.references.scan import past_references

__all__ = ["CompileWarning", "CompileWarnings"]


@dataclass(frozen=True)
class CompileWarning:
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

    def locate(self, document: Document) -> tuple[CompileWarning, ...]:
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


def _locate(document: Document, messages: Iterable[tuple[str, Place]]) -> tuple[CompileWarning, ...]:
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
        warnings.append(CompileWarning(message, place.pointer, line, column, place.file))
    return tuple(warnings)
