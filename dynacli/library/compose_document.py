"""Makes one document of all that an API is described by: the document that was named, further ones, and overlays."""

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
    """The documents that are joined to a document, and the overlays.

    Args:
        more: The locations of further documents.
        overlays: The absolute paths of overlays, in the order in which they are applied.
    """

    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()

    @classmethod
    def of(cls, pointer: Mapping[str, Any]) -> "Layers":
        """Return the layers that a pointer remembers."""
        return cls(tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ())))


def compose(fetched: Fetched, name: str, reader: SourceReader, layers: Layers) -> "Document":
    """Return one document made of all layers; each overlay is applied to each of the documents.

    Args:
        fetched: The document that was named.
        name: How messages call it.
        reader: Reads all the other files.

    Raises:
        DocumentError: A document or an overlay cannot be used.
        DynacliError: A document or an overlay cannot be read.
    """
    # A document of which only the time has changed is read, but not parsed: it needs none of this.
    from dynacli.document.load import load

    if not layers.more and not layers.overlays:
        return load(fetched, name, opener=reader)
    from dynacli.document.merging.merge import merge
    from dynacli.document.overlays.overlay import Overlay

    files = [(path, reader.read_overlay(path)) for path in layers.overlays]
    overlays = [Overlay(file.content, path, file.uri) for path, file in files]
    documents = [load(fetched, name, opener=reader, overlays=overlays)]
    for number, location in enumerate(layers.more, 1):
        further, opener = reader.read_document(location, number), reader.opener_of(number)
        documents.append(load(further, label_of(location), opener=opener, overlays=overlays))
    return merge(_without_idle_warnings(documents, len(overlays)), name)


def _without_idle_warnings(documents: "list[Document]", overlays: int) -> "list[Document]":
    """Return the documents, warning of an idle action of an overlay only where it is idle in all of them, and once.

    Args:
        overlays: How many overlays there are; they are the files behind the first one of each document.
    """

    def idle_actions(document: "Document") -> set[str]:
        return {
            message
            for message, place in document.warnings
            if 0 < place.file <= overlays and place.pointer.startswith("/actions/")
        }

    idle = [idle_actions(document) for document in documents]
    idle_in_all = set.intersection(*idle)
    found = []
    for number, document in enumerate(documents):
        dropped = idle[number] - (idle_in_all if number == 0 else set())
        warnings = tuple(warning for warning in document.warnings if warning[0] not in dropped)
        found.append(replace(document, warnings=warnings))
    return found


def read_cached_document(revisions: "Revisions", pointer: dict[str, Any], name: str) -> "Document | None":
    """Return the document of a revision, read again from the cache; None where a file of it is lost.

    Raises:
        DocumentError: It cannot be read any more.
    """
    content, files = revisions.read_document(pointer), revisions.read_referenced_files(pointer)
    if content is None or files is None:
        return None
    return compose(Fetched(content, uri=pointer["uri"]), name, SourceReader(None, files), Layers.of(pointer))


def label_of(location: str) -> str:
    """Return how messages call the document at a location."""
    if "://" not in location:
        return location
    from dynacli.urls import without_query

    return without_query(location)
