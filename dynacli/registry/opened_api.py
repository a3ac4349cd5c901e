"""An API whose operations can be read: its catalog, and the files that this was compiled from."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynacli.environment import invocation, prefix_of, program
from dynacli.errors import DynacliError, FileError
from dynacli.files import is_url
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import Server
from dynacli.registry.configuration import DEMO, Configuration, is_name, texts
from dynacli.registry.revisions.revisions import (
    BACKGROUND,
    MINUTE,
    NEVER,
    NEWS,
    PENDING,
    OpenRequest,
    Revisions,
    is_due,
)

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document
    from dynacli.openapi.document.positions import Location
    from dynacli.registry.revisions.referenced_files import ReferencedFiles

_MOST_NAMED = 5
"""Most operations that a note names; `api show` lists all."""


class OpenedApi:
    """An API that was opened.

    Attributes:
        open_request: The request to open it.
        name: The registered name of the API, or the argument that names its document.
        is_registered: True if the name can be a registered name.
        revisions: Its document in the cache.
        catalog: Its operations.
        pointer: To the revision that the catalog was compiled from.
        location: The absolute path or the URL of the document.
        uri: The base of relative servers: the document's own URI.
        prefix: The beginning of the names of the variables that hold its credentials.
        entry: Its entry in the configuration; empty if it is not registered.
        warning: The reason why the document could not be read again and an earlier revision is used.
        objections: The reasons why a new document was held back and this one is still used.
        is_due: True if it is time to ask the server for the document again.
        is_new: True if the document has just been compiled.
        failure: The reason why the catalog is in memory only and not in the cache.

    Args:
        content: The bytes of the document, if the caller has them.
        files: The files that it refers to, if the caller has them.
    """

    def __init__(
        self,
        open_request: OpenRequest,
        revisions: Revisions,
        catalog: Catalog,
        pointer: dict[str, Any],
        content: bytes | None = None,
        files: ReferencedFiles | None = None,
    ) -> None:
        self.open_request = open_request
        self.name = open_request.name
        self.is_registered = is_name(open_request.name)
        self.revisions = revisions
        self.catalog = catalog
        self.pointer = pointer
        self.location = revisions.location
        self.uri: str = pointer["uri"]
        has_name = open_request.is_registered or self.name == DEMO
        self.prefix = prefix_of(self.name) if has_name else program().prefix
        self.entry = open_request.entry
        self.warning: DynacliError | None = None
        self.objections: tuple[str, ...] = ()
        self.is_due = False
        self.is_new = False
        self.failure: FileError | None = None
        self._content = content
        self._files = files
        self._places: dict[str, Location] = {}

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """The origins that its credentials may go to: the document's own, and those that the user accepted before."""
        from dynacli.urls import origin_of

        own = [origin_of(self.location)] if is_url(self.location) else []
        return tuple(dict.fromkeys([*own, *texts(self.entry, "origins")]))

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """The servers of the document."""
        return tuple(Server(**raw) for raw in self.catalog.meta["servers"])

    def content(self) -> bytes | None:
        """Return the bytes of the document as they came; None if the cache has lost them."""
        return self._content or self.revisions.read_document(self.pointer)

    def referenced_files(self) -> ReferencedFiles | None:
        """Return the other files of the document; None if one is lost."""
        return self._files or self.revisions.read_referenced_files(self.pointer)

    def document(self, content: bytes | None = None) -> Document | None:
        """Return the document, read again from the files that it was compiled from; None if a file is lost.

        Args:
            content: Bytes that are read instead of the document's own.

        Raises:
            DocumentError: The document can no longer be read.
        """
        from dynacli.openapi.document.fetched import Fetched
        from dynacli.registry.read_sources import Layers, SourceReader, compose

        content, files = content or self.content(), self.referenced_files()
        if content is None or files is None:
            return None
        fetched = Fetched(content, uri=self.uri)
        return compose(fetched, self.name, SourceReader(None, files), Layers.of(self.pointer))

    def places(self, pointers: Iterable[str]) -> dict[str, Location]:
        """Return JSON pointer into the composed document → location in the document's files."""
        wanted = list(dict.fromkeys(pointers))
        # For others the files are read again, so that what a server finds over and over is located once.
        unknown = [pointer for pointer in wanted if pointer not in self._places]
        if unknown:
            found = self._locate(map(self.catalog.place, unknown))
            self._places.update(zip(unknown, found, strict=True))
        return {pointer: self._places[pointer] for pointer in wanted}

    def problems(self) -> list[dict[str, Any]]:
        """Return what is not valid OpenAPI in the document, and where in which file: in the form of its warnings."""
        rows = self.catalog.problems()
        locations = self._locate((file, pointer) for _, file, pointer in rows)
        return [{"message": row[0], **place._asdict()} for row, place in zip(rows, locations, strict=True)]

    def _locate(self, places: Iterable[tuple[int, str]]) -> list[Location]:
        from dynacli.openapi.document.positions import find_locations

        return find_locations(self.catalog.files(), self._read_file, places)

    def _read_file(self, number: int) -> bytes | None:
        """Return the bytes of a file of the document, 0 being the document itself; None if they are lost."""
        if not number:
            return self.content()
        from dynacli.registry.revisions.referenced_files import read_archived_file

        uri = self.catalog.files()[number][0]
        if self._files is None:
            return read_archived_file(self.revisions.archive_path(self.pointer["revision"]), uri)
        found = self._files.found.items()
        return next((file.content for reference, file in found if uri in (reference, file.uri)), None)

    @property
    def has_notes(self) -> bool:
        """Whether there is anything to say of the document: its age, what was changed, held back or set wrong."""
        return (
            self.is_due
            or self.is_new
            or self.failure is not None
            or self.warning is not None
            or bool(self.objections)
            or bool(self.open_request.pin)
            or bool(self.open_request.wrong_settings)
            or os.path.lexists(os.path.join(self.revisions.directory, PENDING))
        )

    @property
    def is_refresh_wanted(self) -> bool:
        """True if the document is due and must be refreshed in the background."""
        asked = self.open_request
        if not self.is_due or self.failure is not None or asked.mode != BACKGROUND:
            return False
        return not (asked.offline or asked.refresh or asked.pin)

    @property
    def may_be_outdated(self) -> bool:
        """Whether the server may have a document with what this one lacks, so that it is worth asking.

        It is not if the document is on this machine, pinned, or was asked for within the last minute.
        """
        from dynacli.registry.news import last_failure

        if (
            not is_url(self.location)
            or self.is_new
            or self.open_request.mode == NEVER
            or self.open_request.pin
        ):
            return False
        failure, now = last_failure(self.revisions), time.time()
        has_just_failed = failure is not None and 0 <= now - failure.at < MINUTE
        return not has_just_failed and is_due(self.pointer, MINUTE, now)

    @property
    def has_news(self) -> bool:
        """True if something has changed since the last note to the user."""
        return os.path.lexists(os.path.join(self.revisions.directory, NEWS))

    @property
    def notes(self) -> list[str]:
        """Notes for the user that appear once, when the document has just been compiled."""
        notes = []
        left_out = _left_out_text(self.catalog) if self.is_new else ""
        if left_out:
            head = f"{left_out}; details: `{invocation('api show', self.name)}`"
            notes.append("\n".join([head, *_left_out_lines(self.catalog)]))
        if self.failure is not None:
            notes.append(f"{self.failure.message}, so the document is compiled for this run alone")
        return notes

    def note_use(self) -> None:
        """Remember the day of this use, and tidy up once a day: at the end of a run, because opening writes nothing."""
        if not self.revisions.was_used_today:
            from dynacli.registry.revisions.housekeeping import begin_day

            begin_day(self.revisions)
            Configuration(self.open_request.env).sweep()


def _left_out_lines(catalog: Catalog) -> list[str]:
    """Return a line for each of the first omitted operations, with its location in the files."""
    from dynacli.openapi.document.positions import named_line
    from dynacli.openapi.document.source import shown_file

    rows = [row for row in catalog.warnings() if " is left out: " in row["message"]]
    is_single_file = len(catalog.files()) < 2
    lines = []
    for row in rows[:_MOST_NAMED]:
        file = "" if is_single_file else f"{shown_file(row['file'])} "
        place = f" ({file}{named_line(row['line'], row['column'])})" if row["line"] else ""
        lines.append(row["message"] + place)
    return lines


def _left_out_text(catalog: Catalog) -> str:
    """Return a short text on the unusable parts of a document; empty if all of it is usable."""
    messages = [row["message"] for row in catalog.warnings()]
    operations = sum(" is left out: " in message for message in messages)
    places = len(messages) - operations
    parts = []
    if operations:
        parts.append(f"{operations} operation{'s are' if operations > 1 else ' is'} left out")
    if places:
        parts.append(f"{places} problem{'s are' if places > 1 else ' is'} worked around")
    return " and ".join(parts)
