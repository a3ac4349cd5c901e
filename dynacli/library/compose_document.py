"""Puts together the document of an API: of the source that was named, further ones, and overlays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.library.read_sources import SourceReader

if TYPE_CHECKING:
    from dynacli.document.load import Document
    from dynacli.library.revisions.revisions import Revisions

__all__ = ["Layers", "compose", "label_of", "read_cached_document"]


class Layers(NamedTuple):
    """What is joined to a document, and laid over it.

    Args:
        more: The locations of further documents.
        overlays: The absolute paths of overlays, in the order in which they are applied.
    """

    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()

    @classmethod
    def of(cls, pointer: Mapping[str, Any]) -> "Layers":
        """Return those that a pointer remembers."""
        return cls(tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ())))


def compose(fetched: Fetched, name: str, reader: SourceReader, layers: Layers) -> "Document":
    """Return one document made of all layers.

    Each overlay is laid over each of the documents.

    Args:
        fetched: The document that was named.
        name: How messages call it.
        reader: Reads all the other files.

    Raises:
        DocumentError: One of the documents or overlays cannot be used.
        DynacliError: One of them cannot be read.
    """
    # A file that was only touched is read and not parsed.
    from dynacli.document.load import load

    if not layers.more and not layers.overlays:
        return load(fetched, name, opener=reader)
    from dynacli.document.merging.merge import merge
    from dynacli.document.overlays.overlaid_file import Overlay

    found = [(path, reader.overlay(path)) for path in layers.overlays]
    overlays = [Overlay(one.content, path, one.uri) for path, one in found]
    documents = [load(fetched, name, opener=reader, overlays=overlays)]
    for number, location in enumerate(layers.more, 1):
        further, opener = reader.document(location, number), reader.of(number)
        documents.append(load(further, label_of(location), opener=opener, overlays=overlays))
    return merge(_with_fair_warnings(documents, len(overlays)), name)


def _with_fair_warnings(documents: "list[Document]", overlays: int) -> "list[Document]":
    """Return documents in which an action of an overlay counts as idle only where it is in all of them.

    Args:
        overlays: How many there are; they are the files behind the first one of each document.
    """

    def idle(document: "Document") -> set[str]:
        return {
            message
            for message, place in document.warnings
            if 0 < place.file <= overlays and place.pointer.startswith("/actions/")
        }

    each = [idle(one) for one in documents]
    everywhere = set.intersection(*each)
    fair = []
    for number, document in enumerate(documents):
        unfair = each[number] - (everywhere if number == 0 else set())
        kept = tuple(one for one in document.warnings if one[0] not in unfair)
        fair.append(replace(document, warnings=kept))
    return fair


def read_cached_document(revisions: "Revisions", pointer: dict[str, Any], name: str) -> "Document | None":
    """Return the document of a revision, read again from what is kept of it; None where that is lost.

    Raises:
        DocumentError: It cannot be read any more.
    """
    content, parts = revisions.content(pointer), revisions.parts(pointer)
    if content is None or parts is None:
        return None
    return compose(Fetched(content, uri=pointer["uri"]), name, SourceReader(None, parts), Layers.of(pointer))


def label_of(location: str) -> str:
    """Return how messages call the document at a location."""
    if "://" not in location:
        return location
    from dynacli.urls import without_query

    return without_query(location)
