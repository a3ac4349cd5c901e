"""Reads the other files of a document for one compilation: from where they are, or from what the cache has of them.

Where several documents make one API, each has its own rules of what it may refer to, and files of its own: they are
told apart by a fragment, which the URI of a file does not have.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dynacli.document.fetched import Fetched
from dynacli.document.fetching.fetch import read_file
from dynacli.document.file_names import file_name
from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError, TimedOutError
from dynacli.library.revisions.freshness import Facts, facts_of
from dynacli.library.revisions.referenced_files import MissingFile, ReferencedFiles

if TYPE_CHECKING:
    from dynacli.document.fetching.file_opener import AllowedOpener

__all__ = ["DocumentAccess", "SourceReader"]

_OVERLAY = "#overlay"


class DocumentAccess(NamedTuple):
    """How the files of one more document are read.

    Args:
        opener: Reads a file under the policy of that document's references.
        folders: Those of this machine that its files may be read from, each with its last slash.
    """

    opener: "AllowedOpener"
    folders: tuple[str, ...] = ()


@dataclass
class SourceReader:
    """An `Opener` that remembers what it was asked for.

    Files of this machine are read from where they are; what came over the network is taken from the cache,
    unless it is asked for anew.

    Args:
        opener: Reads a file under the policy of references; without one, what is kept is all there is.
        kept: What the cache has of the revision before, as far as its origins are still allowed.
        may_fetch: Whether anything may come over the network.
        is_again: Whether what came over the network is asked for anew.
        folders: Those of this machine that files may be read from, each with its last slash.
        further: How those of the other documents are read that make one API with the first.
    """

    opener: "AllowedOpener | None"
    kept: ReferencedFiles = field(default_factory=lambda: ReferencedFiles({}))
    may_fetch: bool = True
    is_again: bool = False
    folders: tuple[str, ...] = ()
    further: Sequence[DocumentAccess] = ()
    _found: dict[str, Fetched] = field(default_factory=dict)
    _errors: dict[str, DynacliError] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _used: dict[str, None] = field(default_factory=dict)

    def __call__(self, uri: str) -> Fetched:
        """Return what is at an absolute URI.

        Raises:
            DynacliError: It cannot be read, or may not be.
        """
        return self._get(uri)

    def of(self, number: int) -> Callable[[str], Fetched]:
        """Return the opener of a further document, counted from 1."""
        return lambda uri: self._get(f"{uri}#{number}")

    def document(self, location: str, number: int) -> Fetched:
        """Return a further document itself.

        Raises:
            DynacliError: It cannot be read.
        """
        return self._get(f"{_uri_of(location)}#{number}")

    def overlay(self, path: str) -> Fetched:
        """Return an overlay.

        Raises:
            DynacliError: It cannot be read.
        """
        return self._get(_uri_of(path) + _OVERLAY)

    @property
    def looks(self) -> bool:
        """Whether files are looked at where they are, and not only in the cache."""
        return self.opener is not None

    def _get(self, key: str) -> Fetched:
        self._used[key] = None
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
        kept = self.kept.found.get(key)
        if self.opener is None or (kept is not None and not _is_local(uri) and not self._asks_again):
            if kept is None:
                raise self.kept.missing[key].error() if key in self.kept.missing else _not_kept(uri)
            return kept
        if owner and key.endswith(_OVERLAY):
            path = file_name(uri)
            self._facts[path] = facts_of(path)
            return Fetched(read_file(path), uri=uri)
        opener, folders = self.further[int(owner) - 1] if owner else (self.opener, self.folders)
        if _is_local(uri):
            path = file_name(uri)
            # Outside of them nothing is read, so nothing is looked at either.
            if path.startswith(folders) or os.path.realpath(path).startswith(folders):
                # Before it is read: what changes from here on has a later time.
                self._facts[path] = facts_of(path)
            return opener(uri)
        # What may not be read at all is refused as such, and not for want of a network.
        return opener(uri, kept, may_fetch=self.may_fetch)

    @property
    def _asks_again(self) -> bool:
        return self.is_again and self.may_fetch

    def look_again(self) -> ReferencedFiles:
        """Return what is there now of the files that are kept, and of those that were missing."""
        self._used = dict.fromkeys((*self.kept.found, *self.kept.missing))
        for key in self._used:
            try:
                self._get(key)
            except DynacliError:
                continue  # it counts as missing
        return self.parts

    def forget(self) -> None:
        """Forget what was asked for, and keep what was read."""
        self._used = {}

    @property
    def parts(self) -> ReferencedFiles:
        """What was asked for: the files that were there, and those that were not."""
        found = {uri: self._found[uri] for uri in self._used if uri in self._found}
        missing = {uri: _failure(self._errors[uri]) for uri in self._used if uri in self._errors}
        return ReferencedFiles(found, missing)

    @property
    def facts(self) -> Mapping[str, Facts]:
        """Path → what was known before it was read, of the files of this machine that were asked for."""
        names = {file_name(key.partition("#")[0]) for key in self._used if _is_local(key)}
        return {name: facts for name, facts in self._facts.items() if name in names}

    def check_nothing_lost(self) -> None:
        """Refuse to go on without a file that the network had before and fails to give now.

        Raises:
            DynacliError: There is one; what was compiled with it shall stay.
        """
        for uri in self._used:
            error = self._errors.get(uri)
            if error is None or uri not in self.kept.found or _is_local(uri):
                continue
            status = error.details.get("status", 0)
            if isinstance(error, NetworkError | TimedOutError) or (isinstance(status, int) and status >= 500):
                raise error


def _uri_of(location: str) -> str:
    if "://" in location:
        return location
    from pathlib import Path

    return Path(location).as_uri()


def _is_local(uri: str) -> bool:
    return uri.startswith("file:")


def _failure(error: DynacliError) -> MissingFile:
    return MissingFile(isinstance(error, RefusedError), error.what, error.why, error.hint)


def _not_kept(uri: str) -> DocumentError:
    return DocumentError(
        f"`{file_name(uri)}` is not in the cache",
        hint="Fetch it once: with `--refresh`, and without `--offline`",
    )
