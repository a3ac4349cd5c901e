"""An API that can be called: its current catalog, and the files that it was compiled from."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.errors import DynacliError, FileError
from dynacli.library.configuration.configuration import is_name
from dynacli.library.revisions.open_request import BACKGROUND
from dynacli.library.revisions.revisions import NEWS, PENDING, Revisions

if TYPE_CHECKING:
    from dynacli.document.load import Document
    from dynacli.library.document_locations import Location
    from dynacli.library.revisions.open_request import OpenRequest
    from dynacli.library.revisions.referenced_files import ReferencedFiles

__all__ = ["OpenedApi", "what_is_left_out"]

MOST_NAMED = 5
"""Operations that a warning names, before it leaves the rest to `api show`."""


class OpenedApi:
    """An API that can be called.

    Attributes:
        name: How it is called: a registered name, or the word that was given for its document.
        catalog: Its operations.
        uri: The base of relative servers: the document's own URI.
        prefix: Of the variables that hold its credentials.
        entry: What stands of it in the configuration; empty where it is not registered.
        warning: Why the document could not be read again, so that an earlier revision is used.
        objections: Why a new document did not take the place of this one by itself.
        open_request: What was asked for when it was opened; None where nothing was.
        is_due: Whether it is time to ask the server for the document again.
        is_new: Whether the document has just been compiled.
        failure: Why what was compiled could not be kept.

    Args:
        content: The bytes of the file that was named, where they are at hand.
        parts: The other files, where they are at hand.
    """

    def __init__(
        self,
        name: str,
        revisions: Revisions,
        catalog: Catalog,
        pointer: dict[str, Any],
        content: bytes | None = None,
        parts: "ReferencedFiles | None" = None,
        open_request: "OpenRequest | None" = None,
    ) -> None:
        self.name = name
        self.revisions = revisions
        self.catalog = catalog
        self.pointer = pointer
        self.uri: str = pointer["uri"]
        self.prefix = "DYNACLI"
        self._origins: tuple[str, ...] | None = None
        self.entry: Mapping[str, Any] = {}
        self.warning: DynacliError | None = None
        self.objections: tuple[str, ...] = ()
        self.open_request = open_request
        self.is_due = False
        self.is_new = False
        self.failure: FileError | None = None
        self._content = content
        self._parts = parts

    @property
    def origins(self) -> tuple[str, ...]:
        """Where its credentials may go, as far as that was accepted before: the person named the document's own."""
        if self._origins is None:
            self._origins = ()
            if "://" in self.location:
                from dynacli.urls import origin_of

                self._origins = (origin_of(self.location),)
        return self._origins

    @origins.setter
    def origins(self, origins: tuple[str, ...]) -> None:
        self._origins = origins

    @property
    def location(self) -> str:
        """The absolute path or the URL of the document."""
        return self.revisions.location

    def content(self) -> bytes | None:
        """Return the bytes of the file that was named as they came; None when the cache has lost them."""
        return self._content or self.revisions.content(self.pointer)

    def document(self, content: bytes | None = None) -> "Document | None":
        """Return the document, read again from the files that it was compiled from; None when they are lost.

        Args:
            content: What is read in the place of the file that was named.

        Raises:
            DocumentError: It cannot be read any more.
        """
        from dynacli.document.fetched import Fetched
        from dynacli.library.compose_document import Layers, compose
        from dynacli.library.read_sources import SourceReader

        content = content or self.content()
        parts = self._parts or self.revisions.parts(self.pointer)
        if content is None or parts is None:
            return None
        fetched = Fetched(content, uri=self.uri)
        return compose(fetched, self.name, SourceReader(None, parts), Layers.of(self.pointer))

    def places(self, pointers: Iterable[str]) -> dict[str, "Location"]:
        """Return where places of the document stand in its files.

        Args:
            pointers: JSON pointers into the document as it was put together.
        """
        from dynacli.library.document_locations import find_locations

        wanted = list(dict.fromkeys(pointers))
        places = map(self.catalog.place, wanted)
        return dict(zip(wanted, find_locations(self.catalog.files(), self._file, places), strict=True))

    def problems(self) -> list[dict[str, Any]]:
        """Return what is not valid OpenAPI in the document, and where in which file: as the warnings are."""
        from dynacli.library.document_locations import find_locations

        rows = self.catalog.problems()
        places = find_locations(
            self.catalog.files(), self._file, [(file, pointer) for _, file, pointer in rows]
        )
        return [{"message": row[0], **place._asdict()} for row, place in zip(rows, places, strict=True)]

    def _file(self, number: int) -> bytes | None:
        """Return the bytes of a file of the document, counted from 0 for the one that was named; None when lost."""
        if not number:
            return self.content()
        from dynacli.library.revisions.referenced_files import read_part

        uri = self.catalog.files()[number][0]
        if self._parts is not None:
            return next((one.content for at, one in self._parts.found.items() if uri in (at, one.uri)), None)
        return read_part(self.revisions.parts_path(self.pointer["revision"]), uri)

    @property
    def needs_freshness_notes(self) -> bool:
        """Whether there is anything to say of how old the document is, or of what was kept aside or set wrong."""
        open_request = self.open_request
        if open_request is not None and (open_request.pin or open_request.wrong_settings):
            return True
        return self.is_due or self.warning is not None or bool(self.objections) or self.has_pending

    @property
    def is_refresh_wanted(self) -> bool:
        """Whether the document is due, and is to be refreshed in the background."""
        asked = self.open_request
        if not self.is_due or asked is None or self.failure is not None:
            return False
        return asked.mode == BACKGROUND and not (asked.offline or asked.refresh or asked.pin)

    @property
    def has_pending(self) -> bool:
        """Whether a refresh left something for a person to know or to decide."""
        return os.path.lexists(os.path.join(self.revisions.directory, PENDING))

    @property
    def has_news(self) -> bool:
        """Whether something has changed since a person was last told."""
        return os.path.lexists(os.path.join(self.revisions.directory, NEWS))

    def note_use(self) -> None:
        """Remember the day of this use: at the end of a run, because opening writes nothing."""
        if not self.revisions.was_used_today:
            from dynacli.library.revisions.housekeeping import begin_day

            begin_day(self.revisions)

    @property
    def notes(self) -> list[str]:
        """What a person should know once, when the document has just been compiled."""
        notes = []
        left_out = what_is_left_out(self.catalog) if self.is_new else ""
        if left_out:
            import shlex

            head = f"{left_out}; `dynacli api show {shlex.quote(self.name)}` tells more"
            notes.append("\n".join([head, *_named(self.catalog)]))
        if self.failure is not None:
            notes.append(f"{self.failure.what}, so the document is compiled for this run alone")
        return notes

    @property
    def is_registered(self) -> bool:
        """Whether the name stands in the configuration."""
        return is_name(self.name)


def _named(catalog: Catalog) -> list[str]:
    """Return a line for each of the first operations that were left out, with its place in the files."""
    from dynacli.document.file_names import shown_file
    from dynacli.library.document_locations import line_of

    rows = [row for row in catalog.warnings() if " is left out: " in row["message"]]
    is_one_file = len(catalog.files()) < 2
    lines = []
    for row in rows[:MOST_NAMED]:
        file = "" if is_one_file else f"{shown_file(row['file'])} "
        place = f" ({file}{line_of(row['line'], row['column'])})" if row["line"] else ""
        lines.append(row["message"] + place)
    return lines


def what_is_left_out(catalog: Catalog) -> str:
    """Return in a few words how much of a document could not be used; empty where all of it could."""
    messages = [row["message"] for row in catalog.warnings()]
    operations = sum(" is left out: " in message for message in messages)
    places = len(messages) - operations
    parts = []
    if operations:
        parts.append(f"{operations} operation{'s are' if operations > 1 else ' is'} left out")
    if places:
        of_them = "places are not used as they stand" if places > 1 else "place is not used as it stands"
        parts.append(f"{places} {of_them}")
    return " and ".join(parts)
