"""Reads the files of a document from their sources or from the cache, and makes one document of them.

An API is described by a document, further documents that are joined to it, and overlays. Each document has its own
files and its own rules for references. The key of a file of a further document is its URI with the number of the
document as fragment, because URIs of files have no fragment.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import DocumentError, DynacliError, FileError, NetworkError, RefusedError, TimedOutError
from dynacli.files import is_url
from dynacli.openapi.document.fetch import allowed_files, read_file
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.source import Source, directories_of, file_name, parse_source
from dynacli.options.command_table import feature
from dynacli.registry.revisions.referenced_files import INSIDE, MissingFile, ReferencedFiles, read_inside
from dynacli.registry.revisions.revisions import Facts, facts_of, is_due

if TYPE_CHECKING:
    from dynacli.openapi.document.fetch import AllowedOpener
    from dynacli.openapi.document.load import Document
    from dynacli.registry.revisions.revisions import OpenRequest, Revisions

_OVERLAY = "#overlay"


class DocumentAccess(NamedTuple):
    """Access to the files of one document.

    Args:
        opener: Reads a file if the document may refer to it.
        folders: Local folders with files that the document may refer to, each with a final slash.
    """

    opener: AllowedOpener
    folders: tuple[str, ...] = ()


@dataclass
class SourceReader:
    """An `Opener` that remembers the requested files.

    Local files are read from their folders. Remote files come from the cache, except in a refresh.

    Args:
        access: Access to the files of the document; None to read only the cache.
        cached: The cached files of the previous revision that may still be read.
        may_fetch: True if files may be fetched over the network.
        is_refresh: True if remote files are fetched again.
        further: Access to the files of the further documents of the API.
    """

    access: DocumentAccess | None
    cached: ReferencedFiles = field(default_factory=lambda: ReferencedFiles({}))
    may_fetch: bool = True
    is_refresh: bool = False
    further: Sequence[DocumentAccess] = ()
    _found: dict[str, Fetched] = field(default_factory=dict)
    _errors: dict[str, DynacliError] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _asked: dict[str, None] = field(default_factory=dict)

    def __call__(self, uri: str) -> Fetched:
        """Return the file at an absolute URI.

        Raises:
            DynacliError: The file cannot be read, or must not be read.
        """
        return self._get(uri)

    def opener_of(self, number: int) -> Callable[[str], Fetched]:
        """Return the opener of a further document, counted from 1."""
        return lambda uri: self._get(f"{uri}#{number}")

    def read_document(self, location: str, number: int) -> Fetched:
        """Return a further document itself.

        Raises:
            DynacliError: The document cannot be read.
        """
        return self._get(f"{_uri_of(location)}#{number}")

    def read_overlay(self, path: str) -> Fetched:
        """Return an overlay.

        Raises:
            DynacliError: The overlay cannot be read.
        """
        return self._get(_uri_of(path) + _OVERLAY)

    def _get(self, key: str) -> Fetched:
        self._asked[key] = None
        if key in self._errors:
            raise self._errors[key]
        if key not in self._found:
            try:
                self._found[key] = self._read(key)
            except DynacliError as error:
                self._errors[key] = error
                raise
        return self._found[key]

    def _read(self, key: str) -> Fetched:
        uri, _, owner = key.partition("#")
        cached = self.cached.found.get(key)
        asks_again = self.is_refresh and self.may_fetch
        if self.access is None or (cached is not None and not _is_local(uri) and not asks_again):
            if cached is None:
                raise self.cached.missing[key].error() if key in self.cached.missing else _not_cached(uri)
            return cached
        if uri.startswith(INSIDE):
            return read_inside(uri)
        if owner and key.endswith(_OVERLAY):
            path = file_name(uri)
            self._facts[path] = facts_of(path)
            return Fetched(read_file(path), uri=uri)
        access = self.further[int(owner) - 1] if owner else self.access
        if _is_local(uri):
            path = file_name(uri)
            # Outside of the folders nothing is read, so nothing is looked at either.
            if path.startswith(access.folders) or os.path.realpath(path).startswith(access.folders):
                # Before the file is read: a change from here on has a later time.
                self._facts[path] = facts_of(path)
            return access.opener(uri)
        # The opener also refuses what may not be read at all, for that reason and not for want of a network.
        return access.opener(uri, cached, may_fetch=self.may_fetch)

    def read_again(self) -> ReferencedFiles:
        """Return what is there now of the files that the revision before was made of."""
        self._asked = dict.fromkeys((*self.cached.found, *self.cached.missing))
        for key in self._asked:
            try:
                self._get(key)
            except DynacliError:
                continue  # it counts as missing
        return self.files

    def start_again(self) -> None:
        """Forget which files were requested, but keep their content."""
        self._asked = {}

    @property
    def files(self) -> ReferencedFiles:
        """The requested files, with the missing ones."""
        found = {key: self._found[key] for key in self._asked if key in self._found}
        missing = {key: _missing_file(self._errors[key]) for key in self._asked if key in self._errors}
        return ReferencedFiles(found, missing)

    @property
    def facts(self) -> Mapping[str, Facts]:
        """Path → facts from before the file was read, for the requested local files."""
        names = {file_name(key.partition("#")[0]) for key in self._asked if _is_local(key)}
        return {name: facts for name, facts in self._facts.items() if name in names}

    def check_nothing_lost(self) -> None:
        """Check that no remote file of the previous revision is temporarily unavailable.

        Raises:
            DynacliError: Such a file is unavailable; the revision that was compiled with it must stay.
        """
        for key in self._asked:
            error = self._errors.get(key)
            if error is None or key not in self.cached.found or _is_local(key):
                continue
            status = error.details.get("status", 0)
            if isinstance(error, NetworkError | TimedOutError) or (isinstance(status, int) and status >= 500):
                raise error


def _uri_of(location: str) -> str:
    return location if is_url(location) else Path(location).as_uri()


def _is_local(uri: str) -> bool:
    return uri.startswith("file:")


def _missing_file(error: DynacliError) -> MissingFile:
    return MissingFile(isinstance(error, RefusedError), error.message, error.reason, error.hint)


def _not_cached(uri: str) -> DocumentError:
    return DocumentError(
        f"`{file_name(uri)}` is not in the cache",
        hint="Fetch it once: with `--refresh`, and without `--offline`",
    )


def make_reader(
    open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any] | None, source: Source
) -> SourceReader:
    """Return the reader for a document, which follows the rules for its references.

    Raises:
        FileError: The configuration allows an origin that is malformed.
    """
    cached = None
    # Files that were read when more was allowed must not be used.
    if pointer is not None and {*pointer.get("allow_refs", ())} <= {*open_request.allow_refs}:
        cached = revisions.read_referenced_files(pointer)
    further = [
        Source("url", location, location)
        if location.startswith(INSIDE)
        else parse_source(location, Path.cwd())
        for location in open_request.more
    ]
    if cached is not None:
        overlays = {_uri_of(path) + _OVERLAY for path in open_request.overlays}
        owners = {"", *map(str, range(1, len(further) + 1))}
        if any(key.partition("#")[2] not in owners for key in {*cached.found, *cached.missing} - overlays):
            cached = None  # dynacli did not write this archive, so its list of files does not count
    return SourceReader(
        _access(open_request, source, source),
        cached or ReferencedFiles({}),
        may_fetch=not open_request.offline,
        is_refresh=open_request.refresh or (pointer is not None and is_due(pointer, open_request.lifetime)),
        further=[_access(open_request, document, source) for document in further],
    )


def _access(open_request: OpenRequest, source: Source, first: Source) -> DocumentAccess:
    """Return how the files of a document are read.

    Args:
        first: The document whose origin the credentials are for.
    """
    folders: tuple[str, ...] = ()
    if source.kind == "file":
        own = [os.path.dirname(source.location)] if open_request.follows_files else []
        folders = (
            *(os.path.join(place, "") for place in own),
            *directories_of((*own, *open_request.allow_refs)),
        )
    login = open_request.login()
    if source.origin != first.origin:
        login = login.elsewhere()
    try:
        opener = allowed_files(
            source, open_request.allow_refs, follows_files=open_request.follows_files, login=login
        )
        return DocumentAccess(opener, folders)
    except ValueError as error:
        from dynacli.registry.configuration import Configuration

        # The origins of the command line were checked as they were parsed.
        raise FileError(
            f"An allowed origin of the references of `{open_request.name}` is malformed",
            hint=f"Fix `allow_refs` in `{Configuration(open_request.env).path}`: "
            "an origin looks like `https://api.example.com`",
        ) from error


class Layers(NamedTuple):
    """The documents that are joined to a document, and the overlays.

    Args:
        more: The locations of further documents.
        overlays: The absolute paths of overlays, in the order in which they are applied.
    """

    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()

    @classmethod
    def of(cls, pointer: Mapping[str, Any]) -> Layers:
        """Return the layers that a pointer remembers."""
        return cls(tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ())))


def compose(fetched: Fetched, name: str, reader: SourceReader, layers: Layers) -> Document:
    """Return one document made of all layers; each overlay is applied to each of the documents.

    Args:
        fetched: The document that was named.
        name: How messages call it.
        reader: Reads all the other files.

    Raises:
        DocumentError: A document or an overlay cannot be used.
        DynacliError: A document or an overlay cannot be read.
    """
    # A document with a new time and the same content is not parsed, so these imports are late.
    from dynacli.openapi.document.load import load

    if not layers.more and not layers.overlays:
        return load(fetched, name, opener=reader)
    from dynacli.openapi.document.overlay import Overlay

    files = [(path, reader.read_overlay(path)) for path in layers.overlays]
    overlays = [Overlay(file.content, path, file.uri) for path, file in files]
    documents = [load(fetched, name, opener=reader, overlays=overlays)]
    for number, location in enumerate(layers.more, 1):
        further, opener = reader.read_document(location, number), reader.opener_of(number)
        documents.append(load(further, label_of(location), opener=opener, overlays=overlays))
    merged: Document = feature("merging.merge").merge(_without_idle_warnings(documents, len(overlays)), name)
    return merged


def _without_idle_warnings(documents: list[Document], overlays: int) -> list[Document]:
    """Return the documents, warning of an idle action of an overlay only if it is idle in all of them, and once.

    Args:
        overlays: The number of overlays, which are the files after the first one of each document.
    """

    def idle_actions(document: Document) -> set[str]:
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


def read_cached_document(revisions: Revisions, pointer: dict[str, Any], name: str) -> Document | None:
    """Return the document of a revision, read again from the cache; None if a file of it is lost.

    Raises:
        DocumentError: The document can no longer be read.
    """
    content, files = revisions.read_document(pointer), revisions.read_referenced_files(pointer)
    if content is None or files is None:
        return None
    return compose(Fetched(content, uri=pointer["uri"]), name, SourceReader(None, files), Layers.of(pointer))


def label_of(location: str) -> str:
    """Return how messages call the document at a location."""
    if not is_url(location):
        return location
    from dynacli.urls import without_query

    return without_query(location)


@contextmanager
def without_collector() -> Iterator[None]:
    """Switch the garbage collector off: it would take up to 40 % of the time, and nothing becomes garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
