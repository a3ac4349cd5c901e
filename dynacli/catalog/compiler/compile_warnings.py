"""What of a document could not be used as it stands, and where in which file a person finds it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dynacli.document.load import Document
from dynacli.document.pointer import join, split
from dynacli.document.reading.positions import positions_of
from dynacli.document.references.place_origins import Place
from dynacli.document.references.scan import past_references

__all__ = ["CompileWarning", "CompileWarnings", "located"]


@dataclass(frozen=True)
class CompileWarning:
    """Something in the document that dynacli could not use as it stands.

    Args:
        pointer: JSON pointer into the file.
        line: 1-based line of the file's text, None where it is not known.
        column: 1-based column in characters, None where it is not known.
        file: Which of the document's files; 0 is the one that was named.
    """

    message: str
    pointer: str
    line: int | None = None
    column: int | None = None
    file: int = 0


@dataclass
class CompileWarnings:
    """The warnings of one compilation, in the order that they were found in.

    Args:
        items: A message each, and the JSON pointer into the tree that it is about.
    """

    items: list[tuple[str, str]] = field(default_factory=list)

    def add(self, message: str, *steps: str) -> None:
        """Add a warning about the place that the steps lead to."""
        self.items.append((message, join(steps)))

    def located(self, document: Document) -> tuple[CompileWarning, ...]:
        """Return the warnings with their places in the files; those of the reading come first."""
        own = (
            (message, document.origins.locate(_past_references(document, at))) for message, at in self.items
        )
        return located(document, [*document.warnings, *own])


def _past_references(document: Document, pointer: str) -> str:
    """Return the pointer to what stands at a place, where the way there leads through a reference."""
    steps = past_references(document.tree, split(pointer))
    return pointer if steps is None else join(steps)


def located(document: Document, found: Iterable[tuple[str, Place]]) -> tuple[CompileWarning, ...]:
    """Return the warning of each message and place; every file is gone through once at most."""
    found = list(dict.fromkeys(found))
    pointers: dict[int, list[str]] = {}
    for _, place in found:
        if not place.pointer:
            continue  # it is about the file as a whole, which no line is
        pointers.setdefault(place.file, []).append(place.pointer)
    positions = {
        file: positions_of(document.files[file].content, wanted) for file, wanted in pointers.items()
    }
    warnings = []
    for message, place in found:
        position = positions.get(place.file, {}).get(place.pointer)
        line, column = position or (None, None)
        warnings.append(CompileWarning(message, place.pointer, line, column, place.file))
    return tuple(warnings)
