"""The revisions of one document on disk, and which of them is current.

Each source has a directory of its own in the cache::

    <cache>/documents/<source>/current.json                which revision, and how to tell that it is stale
    <cache>/documents/<source>/current.parts.json          the same of the other files of a document of several
    <cache>/documents/<source>/<revision>.document         the bytes as they came
    <cache>/documents/<source>/<revision>.parts.zip        those of the other files
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
    from dynacli.catalog.parts import Parts
    from dynacli.catalog.reading import Reading
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
    "root": str,
    "parts": str,
    "allow_refs": list,
}


class Installed(NamedTuple):
    """A document that was compiled just now.

    Args:
        catalog: Its catalog.
        pointer: What is remembered of it.
        parts: The other files of the document.
        failure: Why it could not be kept; the catalog is then in memory alone.
    """

    catalog: Catalog
    pointer: dict[str, Any]
    parts: "Parts"
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
        revision, uri = pointer.get("revision", ""), pointer.get("uri")
        if not (revision.isascii() and revision.isalnum()) or uri is None or not uri.isascii():
            return None
        if not 0 <= pointer.get("fetched_at", 0) < _END_OF_TIME:
            del pointer["fetched_at"]
        if not all(isinstance(one, str) for one in pointer.get("allow_refs", ())):
            del pointer["allow_refs"]
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
        content, parts = self.content(pointer), self.parts(pointer)
        if content is None or parts is None:
            return None
        from dynacli.catalog.reading import Reading
        from dynacli.document.fetch import Fetched

        fetched = Fetched(content, uri=pointer["uri"])
        try:
            return self.install(fetched, name, pointer, Reading(None, parts))
        except DocumentError:
            return None  # an older dynacli read it, this one does not

    def catalog_path(self, revision: str) -> str:
        """Return where the catalog of a revision stands."""
        return os.path.join(self.directory, f"{revision}.{FORMAT}.sqlite")

    def document_path(self, revision: str) -> str:
        """Return where the bytes of a revision's document stand."""
        return os.path.join(self.directory, f"{revision}.document")

    def parts_path(self, revision: str) -> str:
        """Return where the other files of a revision's document stand."""
        return os.path.join(self.directory, f"{revision}.parts.zip")

    def content(self, pointer: dict[str, Any]) -> bytes | None:
        """Return the bytes of the file that was named; None when they are not there or not those bytes."""
        try:
            with open(self.document_path(pointer["revision"]), "rb") as file:
                content = file.read()
        except OSError:
            return None
        return content if revision_of(content) == pointer.get("root", pointer["revision"]) else None

    def parts(self, pointer: dict[str, Any]) -> "Parts | None":
        """Return the other files of a document; None when they are not there or not those of that revision."""
        from dynacli.catalog.parts import Parts, read_parts

        if "parts" not in pointer:
            return Parts({})
        content, parts = self.content(pointer), read_parts(self.parts_path(pointer["revision"]))
        if content is None or parts is None:
            return None
        return parts if revision_of(content, parts, pointer["uri"]) == pointer["revision"] else None

    def keep(self, pointer: dict[str, Any], content: bytes, parts: "Parts") -> None:
        """Write the files of a revision where they were lost; a cache that cannot be written stays."""
        try:
            self._keep(pointer["revision"], content, parts)
        except OSError:
            return

    def _keep(self, revision: str, content: bytes, parts: "Parts") -> None:
        from dynacli.catalog.parts import read_parts, write_parts

        path = self.document_path(revision)
        if not os.path.isfile(path) or os.stat(path).st_size != len(content):
            write_atomically(path, content)
        path = self.parts_path(revision)
        if (parts.found or parts.missing) and read_parts(path) != parts:
            write_parts(path, parts)

    def drop(self, pointer: dict[str, Any]) -> None:
        """Forget the catalog of a revision, because it is damaged."""
        try:
            os.unlink(self.catalog_path(pointer["revision"]))
        except OSError:
            return

    def touch(
        self, pointer: dict[str, Any], reading: "Reading | None" = None, **changes: Any
    ) -> dict[str, Any]:
        """Write the pointer with changes, and return it; a cache that cannot be written stays as it was.

        Args:
            reading: Has looked at the other files of the document again.
        """
        changed = {**pointer, **changes}
        try:
            if reading is not None and "parts" in pointer:
                changed.update(self._part_facts(reading))
            self._write_pointer(changed)
        except OSError:
            return changed
        return changed

    def install(self, fetched: "Fetched", name: str, facts: dict[str, Any], reading: "Reading") -> Installed:
        """Compile a document and make it the current revision.

        Only a document that was compiled whole takes the place of an earlier one.

        Args:
            fetched: The document's bytes, and the base of its relative servers.
            name: How messages call it.
            facts: What the pointer remembers beside the revision: size, time, ETag, ...
            reading: Reads the other files of the document.

        Raises:
            DocumentError: The bytes are no document that dynacli can use; the earlier revision stays.
            FileError: Another process has been compiling it for too long.
        """
        with _without_collector():
            return self._install(fetched, name, facts, reading)

    def _install(self, fetched: "Fetched", name: str, facts: dict[str, Any], reading: "Reading") -> Installed:
        from dynacli.catalog.writer import catalog_in_memory, write_catalog
        from dynacli.document.load import load

        reading.forget()
        document = load(fetched, name, opener=reading)
        reading.check_nothing_lost()
        parts = reading.parts
        revision = revision_of(fetched.content, parts, fetched.uri)
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
                catalog = self._made_meanwhile(pointer)
                if catalog is None:
                    compiled = _compile(document, self._names_so_far())
                    path = self.catalog_path(revision)
                    write_catalog(path, compiled, document.problems)
                    catalog = Catalog(path)
                write_atomically(self.document_path(revision), fetched.content)
                self._keep(revision, fetched.content, parts)
                if parts.found or parts.missing:
                    pointer.update(self._part_facts(reading), root=revision_of(fetched.content))
                self._write_pointer(pointer)
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or str(error)
            failure = FileError(
                f"The cache `{self.cache_dir}` cannot be written ({why})",
                hint="Free some space, or name another directory in `DYNACLI_CACHE_DIR`",
            )
            compiled = compiled or _compile(document, self._names_so_far())
            return Installed(catalog_in_memory(compiled, document.problems), pointer, parts, failure)
        return Installed(catalog, pointer, parts)

    def _part_facts(self, reading: "Reading") -> dict[str, str]:
        from dynacli.catalog.freshness import write_parts_list

        if reading.opener is None:
            return {}  # nothing was looked at: what is known of them holds
        return {"parts": write_parts_list(self.directory, reading.facts)}

    def _made_meanwhile(self, wanted: dict[str, Any]) -> Catalog | None:
        """Return the catalog of a revision that another process has made current while this one waited."""
        pointer = self.current()
        # What may be referred to decides what a catalog says of the references that were not followed.
        same = ("revision", "uri", "allow_refs")
        if pointer is None or any(pointer.get(key) != wanted.get(key) for key in same):
            return None
        return self.catalog(pointer)

    def _names_so_far(self) -> dict[tuple[str, str], str]:
        """Return the names that the current revision gave, or where it is lost, the latest that can be read.

        Those of a catalog that another version of dynacli wrote too: names outlive its format.
        """
        for path in self._latest_first():
            catalog = None
            try:
                catalog = Catalog(path)
                return catalog.lock()
            except DamagedCatalogError:
                continue
            finally:
                if catalog is not None:
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
                    if entry.name.endswith(".sqlite")
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
    from dynacli.catalog.compiler import compile_document

    return compile_document(document, names)


def type_fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Tell whether a value of a JSON file is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and not isinstance(value, bool)


def revision_of(content: bytes, parts: "Parts | None" = None, uri: str = "") -> str:
    """Return the name of a document's content: the first 20 hex digits of a SHA-256.

    Args:
        content: The file that was named; of a document of one file, the digits are those of its bytes.
        parts: The other files.
        uri: The base URI of the document, so that its folder may have another name elsewhere.
    """
    import hashlib

    digest = hashlib.sha256(content)
    if parts is not None and (parts.found or parts.missing):
        folder = uri[: uri.rfind("/") + 1]
        rows = {part: hashlib.sha256(one.content).hexdigest() for part, one in parts.found.items()}
        rows.update(dict.fromkeys(parts.missing, ""))
        named = sorted((part.removeprefix(folder), row) for part, row in rows.items())
        digest.update(json.dumps(named).encode())
    return digest.hexdigest()[:20]


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
