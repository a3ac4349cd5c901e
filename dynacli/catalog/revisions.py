"""The revisions of one document on disk, and which of them is current.

Each source has a directory of its own in the cache::

    <cache>/documents/<source>/current.json              which revision, and how to tell that it is stale
    <cache>/documents/<source>/<revision>.document       the bytes as they came
    <cache>/documents/<source>/<revision>.<format>.sqlite  the catalog compiled from them

Everything here can be deleted, cut or overwritten at any time: it is then read, fetched or compiled again.
"""

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store import FORMAT, Catalog, DamagedCatalogError
from dynacli.errors import FileError

if TYPE_CHECKING:
    from dynacli.document.fetch import Fetched

__all__ = ["Revisions", "revision_of", "write_atomically"]

LOCK_SECONDS = 10.0


class Revisions:
    """What is kept of one source.

    Args:
        cache_dir: The root of the cache.
        location: The source's absolute path or URL.
    """

    def __init__(self, cache_dir: str, location: str) -> None:
        self.location = location
        readable = "".join(char if char.isalnum() and char.isascii() else "_" for char in location)[-80:]
        self.directory = os.path.join(
            cache_dir, "documents", f"{readable}-{zlib.crc32(location.encode()):08x}"
        )

    def current(self) -> dict[str, Any] | None:
        """Return the pointer to the current revision; None when there is none, or it is torn or foreign."""
        try:
            with open(os.path.join(self.directory, "current.json"), encoding="utf-8") as file:
                pointer = json.load(file)
        except (OSError, ValueError):
            return None
        if not isinstance(pointer, dict) or pointer.get("location") != self.location:
            return None
        revision = pointer.get("revision")
        if not isinstance(revision, str) or not revision.isalnum():
            return None
        return pointer

    def catalog(self, pointer: dict[str, Any]) -> Catalog | None:
        """Open the catalog that a pointer leads to; None when it is not there or cannot be read."""
        path = self.catalog_path(pointer["revision"])
        if not os.path.exists(path):
            return None
        try:
            catalog = Catalog(path)
            if catalog.meta.get("openapi"):
                return catalog
        except DamagedCatalogError:
            pass  # a damaged catalog counts as absent, and is compiled again
        return None

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

    def touch(self, pointer: dict[str, Any], **changes: Any) -> None:
        """Write the pointer with changes; a cache that cannot be written stays as it was."""
        try:
            self._write_pointer({**pointer, **changes})
        except OSError:
            return

    def install(self, fetched: "Fetched", name: str, facts: dict[str, Any]) -> Catalog:
        """Compile a document and make it the current revision.

        Only a document that was compiled whole takes the place of an earlier one.

        Args:
            fetched: The document's bytes, and the base of its relative servers.
            name: How messages call it.
            facts: What the pointer remembers beside the revision: size, time, ETag, ...

        Raises:
            DocumentError: The bytes are no document that dynacli can use; the earlier revision stays.
            FileError: The cache cannot be written.
        """
        from dynacli.catalog.compiler import compile_document
        from dynacli.catalog.store import write_catalog
        from dynacli.document.load import load

        document = load(fetched, name)
        revision = revision_of(fetched.content)
        problems = [(problem.message, problem.pointer) for problem in document.problems]
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            with self._lock():
                compiled = compile_document(document, self._names_so_far())
                write_catalog(self.catalog_path(revision), compiled, problems)
                write_atomically(self.document_path(revision), fetched.content)
                self._write_pointer(
                    {**facts, "revision": revision, "uri": fetched.uri, "fetched_at": time.time()}
                )
        except (OSError, sqlite3.Error) as error:
            raise FileError(
                f"The compiled document cannot be written to `{self.directory}`",
                why=getattr(error, "strerror", None) or str(error),
                hint="Free some space, or name another directory in `DYNACLI_CACHE_DIR`",
            ) from error
        return Catalog(self.catalog_path(revision))

    def _names_so_far(self) -> dict[tuple[str, str], str]:
        pointer = self.current()
        catalog = self.catalog(pointer) if pointer else None
        if catalog is None:
            return {}
        try:
            return catalog.lock()
        except DamagedCatalogError:
            return {}
        finally:
            catalog.close()

    def _write_pointer(self, pointer: dict[str, Any]) -> None:
        text = json.dumps({**pointer, "location": self.location}, indent=1)
        write_atomically(os.path.join(self.directory, "current.json"), text.encode())

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Keep other processes from giving names at the same time; readers are never kept."""
        try:
            import fcntl
        except ImportError:  # not on Windows; there the last one wins
            yield
            return
        descriptor = os.open(os.path.join(self.directory, "lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            end = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise FileError(
                            f"Another dynacli has been compiling this document for over {LOCK_SECONDS:.0f} seconds",
                            hint="Wait for it or end it, then try again",
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)


def revision_of(content: bytes) -> str:
    """Return the name of a document's content: the first 20 hex digits of its SHA-256."""
    import hashlib

    return hashlib.sha256(content).hexdigest()[:20]


def write_atomically(path: str, content: bytes) -> None:
    """Write a file of our own (mode 0600), complete or not at all.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    aside = f"{path}.{os.getpid()}.part"
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        if os.path.exists(aside):
            os.unlink(aside)
