"""Overlays applied to the file that was named, as it was written.

A target is written for the file that a person sees. So overlays come before references are followed and before
Swagger 2.0 is converted: the file still has its `definitions` and its references to other files.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.document.other_formats import check_is_openapi
from dynacli.document.overlays.overlay import apply_tracked
from dynacli.document.overlays.tracked_origins import TrackedOrigins
from dynacli.document.reading.parse import parse_file
from dynacli.document.reading.plain_json import check_limits
from dynacli.document.references.document_files import File
from dynacli.document.references.place_origins import Origins, Place

__all__ = ["Overlaid", "Overlay", "lay_over"]


class Overlay(NamedTuple):
    """An overlay as it was fetched (Overlay Specification 1.0.0).

    Args:
        content: Its bytes, JSON or YAML.
        name: Its name in messages: its path or URL.
        uri: Where it is.
    """

    content: bytes
    name: str
    uri: str = ""


class Overlaid(NamedTuple):
    """A document with its overlays applied.

    Args:
        tree: The tree of the file that was named.
        origins: Where its parts came from: file 0 is that file, the overlays are numbered from 1.
        files: The overlays.
        warnings: A message and a place, for each action that changes nothing and each warning of parsing.
    """

    tree: dict[str, Any]
    origins: Origins = Origins()
    files: tuple[File, ...] = ()
    warnings: tuple[tuple[str, Place], ...] = ()

    def place(self, place: Place) -> Place:
        """Return the origin of a place in the file that was named; places in other files stay."""
        return place if place.file else self.origins.locate(place.pointer)


def lay_over(tree: dict[str, Any], overlays: Sequence[Overlay], name: str) -> Overlaid:
    """Return a document with overlays applied to it in their order.

    Args:
        tree: The document, plain JSON values, which is changed.
        name: The name of the document in messages.

    Raises:
        DocumentError: An overlay cannot be read or applied, or the result is no document or over a limit.
    """
    origins = TrackedOrigins()
    files: list[File] = []
    warnings: list[tuple[str, Place]] = []
    for number, overlay in enumerate(overlays, 1):
        parsed = parse_file(overlay.content, name=overlay.name)
        files.append(File(overlay.uri, parsed.content, Fetched(overlay.content, uri=overlay.uri)))
        warnings.extend((message, Place(number, pointer)) for message, pointer in parsed.warnings)
        for action, why in apply_tracked(tree, parsed.tree, f"`{overlay.name}`", origins, number):
            message = f"Action {action} of the overlay `{overlay.name}` changes nothing: {why}"
            warnings.append((message, Place(number, f"/actions/{action - 1}")))
    check_is_openapi(tree, name)
    check_limits(tree, name)
    return Overlaid(tree, origins.origins(), tuple(files), tuple(warnings))
