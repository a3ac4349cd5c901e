"""The revisions of one document on disk, and which of them is current.

Each source has a directory of its own in the cache::

    <cache>/documents/<source>/current.json              which revision, and how to tell that it is stale
    <cache>/documents/<source>/<revision>.document       the bytes as they came
    <cache>/documents/<source>/<revision>.<format>.sqlite  the catalog compiled from them

Everything here can be deleted, cut or overwritten at any time: it is then read, fetched or compiled again.
Where nothing can be written, the catalog is made in memory for this run alone.
"""

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.catalog.files import locked, make_directory, sweep, write_atomically
from dynacli.catalog.store import FORMAT, Catalog, DamagedCatalogError
from dynacli.errors import DocumentError, FileError

if TYPE_CHECKING:
    from dynacli.catalog.compiler import Compiled
    from dynacli.document.fetch import Fetched
    from dynacli.document.load import Document

__all__ = ["Installed", "Revisions", "revision_of"]

_END_OF_TIME = 253_402_300_800
"""The year 10000, which no date can show."""

# What a pointer remembers, and the kind of each; whatever else stands there is not ours.
_REMEMBERED: dict[str, type | tuple[type, ...]] = {
    "location": str,
    "revision": str,
    "uri": str,
    "source": str,
    "etag": str,
    "last_modified": str,
    "fetched_at": (int, float),
    "checked_ns": int,
    "size": int,
    "mtime_ns": int,
    "ctime_ns": int,
}


class Installed(NamedTuple):
    """A document that was compiled just now.

    Args:
        catalog: Its catalog.
        pointer: What is remembered of it.
        failure: Why it could not be kept; the catalog is then in memory alone.
    """

    catalog: Catalog
    pointer: dict[str, Any]
    failure: FileError | None = None


class Revisions:
    """What is kept of one source.

    Args:
        cache_dir: The root of the cache.
        location: The source's absolute path or URL.
    """

    def __init__(self, cache_dir: str, location: str) -> None:
        self.location = location
        self.cache_dir = cache_dir
        readable = "".join(char if char.isalnum() and char.isascii() else "_" for char in location)[-80:]
        # A file's name need not be text; Python keeps such bytes as surrogates.
        crc = zlib.crc32(location.encode("utf-8", "surrogatepass"))
        self.directory = os.path.join(cache_dir, "documents", f"{readable}-{crc:08x}")

    def current(self) -> dict[str, Any] | None:
        """Return the pointer to the current revision; None when there is none, or it is torn or foreign."""
        try:
            with open(os.path.join(self.directory, "current.json"), encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(found, dict) or found.get("location") != self.location:
            return None
        pointer = {
            key: found[key]
            for key, kind in _REMEMBERED.items()
            if key in found and type_fits(found[key], kind)
        }
        revision = pointer.get("revision", "")
        if not (revision.isascii() and revision.isalnum()) or "uri" not in pointer:
            return None
        if not 0 <= pointer.get("fetched_at", 0) < _END_OF_TIME:
            del pointer["fetched_at"]
        return pointer

    def catalog(self, pointer: dict[str, Any]) -> Catalog | None:
        """Open the catalog that a pointer leads to; None when it is not there or cannot be read."""
        return _opened(self.catalog_path(pointer["revision"]))

    def rebuilt(self, pointer: dict[str, Any], name: str) -> Installed | None:
        """Compile a lost catalog again from the bytes that were kept; None when they are lost too.

        Args:
            pointer: To the revision.
            name: How messages call the document.
        """
        content = self.content(pointer["revision"])
        if content is None:
            return None
        from dynacli.document.fetch import Fetched

        try:
            return self.install(Fetched(content, uri=pointer["uri"]), name, pointer)
        except DocumentError:
            return None  # an older dynacli read it, this one does not

    def catalog_path(self, revision: str) -> str:
        """Return where the catalog of a revision stands."""
        return os.path.join(self.directory, f"{revision}.{FORMAT}.sqlite")

    def document_path(self, revision: str) -> str:
        """Return where the bytes of a revision's document stand."""
        return os.path.join(self.directory, f"{revision}.document")

    def content(self, revision: str) -> bytes | None:
        """Return the bytes of a revision's document; None when they are not there or not those bytes."""
        try:
            with open(self.document_path(revision), "rb") as file:
                content = file.read()
        except OSError:
            return None
        return content if revision_of(content) == revision else None

    def keep(self, content: bytes) -> None:
        """Write the bytes of a revision's document where they were lost; a cache that cannot be written stays."""
        path = self.document_path(revision_of(content))
        try:
            if not os.path.isfile(path) or os.stat(path).st_size != len(content):
                write_atomically(path, content)
        except OSError:
            return

    def drop(self, pointer: dict[str, Any]) -> None:
        """Forget the catalog of a revision, because it is damaged."""
        try:
            os.unlink(self.catalog_path(pointer["revision"]))
        except OSError:
            return

    def touch(self, pointer: dict[str, Any], **changes: Any) -> None:
        """Write the pointer with changes; a cache that cannot be written stays as it was."""
        try:
            self._write_pointer({**pointer, **changes})
        except OSError:
            return

    def install(self, fetched: "Fetched", name: str, facts: dict[str, Any]) -> Installed:
        """Compile a document and make it the current revision.

        Only a document that was compiled whole takes the place of an earlier one.

        Args:
            fetched: The document's bytes, and the base of its relative servers.
            name: How messages call it.
            facts: What the pointer remembers beside the revision: size, time, ETag, ...

        Raises:
            DocumentError: The bytes are no document that dynacli can use; the earlier revision stays.
            FileError: Another process has been compiling it for too long.
        """
        with _without_collector():
            return self._install(fetched, name, facts)

    def _install(self, fetched: "Fetched", name: str, facts: dict[str, Any]) -> Installed:
        from dynacli.catalog.store import catalog_in_memory, write_catalog
        from dynacli.document.load import load

        document = load(fetched, name)
        revision = revision_of(fetched.content)
        pointer = {
            "fetched_at": time.time(),
            **facts,
            "location": self.location,
            "revision": revision,
            "uri": fetched.uri,
        }
        compiled = None
        try:
            make_directory(self.directory)
            with locked(self.directory, "compiling this document"):
                sweep(self.directory)
                catalog = self._made_meanwhile(revision, fetched.uri)
                if catalog is None:
                    compiled = _compile(document, self._names_so_far())
                    path = self.catalog_path(revision)
                    write_catalog(path, compiled, document.problems)
                    catalog = Catalog(path)
                write_atomically(self.document_path(revision), fetched.content)
                self._write_pointer(pointer)
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or str(error)
            failure = FileError(
                f"The cache `{self.cache_dir}` cannot be written ({why})",
                hint="Free some space, or name another directory in `DYNACLI_CACHE_DIR`",
            )
            compiled = compiled or _compile(document, self._names_so_far())
            return Installed(catalog_in_memory(compiled, document.problems), pointer, failure)
        return Installed(catalog, pointer)

    def _made_meanwhile(self, revision: str, uri: str) -> Catalog | None:
        """Return the catalog of a revision that another process has made current while this one waited."""
        pointer = self.current()
        if pointer is None or pointer["revision"] != revision or pointer["uri"] != uri:
            return None
        return self.catalog(pointer)

    def _names_so_far(self) -> dict[tuple[str, str], str]:
        """Return the names that the current revision gave, or where it is lost, the latest that can be read."""
        for path in self._latest_first():
            catalog = _opened(path)
            if catalog is None:
                continue
            try:
                return catalog.lock()
            except DamagedCatalogError:
                continue
            finally:
                catalog.close()
        return {}

    def _latest_first(self) -> Iterator[str]:
        pointer = self.current()
        if pointer is not None:
            yield self.catalog_path(pointer["revision"])
        try:
            with os.scandir(self.directory) as entries:
                found = [
                    (entry.stat().st_mtime_ns, entry.path)
                    for entry in entries
                    if entry.name.endswith(f".{FORMAT}.sqlite")
                ]
        except OSError:
            return
        yield from (path for _, path in sorted(found, reverse=True))

    def _write_pointer(self, pointer: dict[str, Any]) -> None:
        text = json.dumps({**pointer, "location": self.location}, indent=1)
        write_atomically(os.path.join(self.directory, "current.json"), text.encode())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from going through a document that grows: up to 40 % of the time, for nothing.

    All that is made stays in use until the end.
    """
    import gc

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _compile(document: "Document", names: dict[tuple[str, str], str]) -> "Compiled":
    from dataclasses import replace

    from dynacli.catalog.compiler import CompileWarning, compile_document

    compiled = compile_document(document, names)
    read = (CompileWarning(message, place.pointer) for message, place in document.warnings)
    return replace(compiled, warnings=(*read, *compiled.warnings))


def type_fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Tell whether a value of a JSON file is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and not isinstance(value, bool)


def revision_of(content: bytes) -> str:
    """Return the name of a document's content: the first 20 hex digits of its SHA-256."""
    import hashlib

    return hashlib.sha256(content).hexdigest()[:20]


def _opened(path: str) -> Catalog | None:
    if not os.path.isfile(path):
        return None
    catalog = None
    try:
        catalog = Catalog(path)
        catalog.check()
    except DamagedCatalogError:
        if catalog is not None:
            catalog.close()
        return None  # a damaged catalog counts as absent, and is compiled again
    return catalog
