"""Applies overlays to the file that was named, as it was written: before its references and its version matter.

A target is meant for the document that a person sees, so the tree of that file is what it is looked for in:
a Swagger 2.0 document has its `definitions` then, and a reference to another file is a reference still.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.document.other_formats import check_is_openapi
from dynacli.document.overlays.overlay import apply_tracked
from dynacli.document.reading.parse import parse_file
from dynacli.document.reading.plain_json import check_limits
from dynacli.document.references.document_files import File
from dynacli.document.references.place_origins import Origins, Place
from dynacli.document.references.tracks import Tracks

__all__ = ["Overlaid", "Overlay", "lay_over"]


class Overlay(NamedTuple):
    """An overlay as it was fetched (Overlay Specification 1.0.0).

    Args:
        content: Its bytes, JSON or YAML.
        name: What messages call it: its path or URL.
        uri: Where it is.
    """

    content: bytes
    name: str
    uri: str = ""


class Overlaid(NamedTuple):
    """A document with its overlays applied.

    Args:
        tree: Of the file that was named.
        origins: Where its parts stand: 0 is that file, each overlay has the number of its place in the order.
        files: The overlays.
        warnings: What they do not do.
    """

    tree: dict[str, Any]
    origins: Origins = Origins()
    files: tuple[File, ...] = ()
    warnings: tuple[tuple[str, Place], ...] = ()

    def place(self, place: Place) -> Place:
        """Return where a place came from; those of files other than the one that was named stay."""
        return place if place.file else self.origins.locate(place.pointer)


def lay_over(tree: dict[str, Any], overlays: Sequence[Overlay], name: str) -> Overlaid:
    """Return a document with overlays applied to it, one after the other.

    Args:
        tree: The document, plain JSON values; it is used up.
        overlays: In their order.
        name: What messages call the document.

    Raises:
        DocumentError: An overlay cannot be read or applied, or what comes out is no document or over a limit.
    """
    tracks = Tracks()
    files: list[File] = []
    warnings: list[tuple[str, Place]] = []
    for number, overlay in enumerate(overlays, 1):
        parsed = parse_file(overlay.content, name=overlay.name)
        files.append(File(overlay.uri, parsed.content, Fetched(overlay.content, uri=overlay.uri)))
        warnings.extend((message, Place(number, pointer)) for message, pointer in parsed.warnings)
        for action, why in apply_tracked(tree, parsed.tree, f"`{overlay.name}`", tracks, number):
            message = f"Action {action} of the overlay `{overlay.name}` changes nothing: {why}"
            warnings.append((message, Place(number, f"/actions/{action - 1}")))
    check_is_openapi(tree, name)
    check_limits(tree, name)
    return Overlaid(tree, tracks.origins(), tuple(files), tuple(warnings))
