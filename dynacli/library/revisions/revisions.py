"""The revisions of one document on disk, and which of them is current.

Each source has a directory of its own in the cache::

    <cache>/documents/<source>/current.json                which revision, and how to tell that it is stale
    <cache>/documents/<source>/current.parts.json          the same of the other files of a document of several
    <cache>/documents/<source>/<revision>.json             what `current.json` said when that revision became current
    <cache>/documents/<source>/<revision>.document         the bytes as they came
    <cache>/documents/<source>/<revision>.parts.zip        those of the other files
    <cache>/documents/<source>/<revision>.<format>.sqlite  the catalog compiled from them
    <cache>/documents/<source>/pending.json                what a person has to know or to decide
    <cache>/documents/<source>/news.json                   what a person has not been told yet
    <cache>/documents/<source>/used                        its time is the day of the last use
    <cache>/documents/<source>/refresh.claim               its time is when a refresh in the background began

A file is named by its content, written aside and moved into place. `current.json` comes last, so a reader
finds the old revision or the new one, whole, and never waits.
Everything here can be deleted, cut or overwritten at any time: it is then read, fetched or compiled again.
"""

import json
import os
import time
import zlib
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.files import remove_file, write_file

if TYPE_CHECKING:
    from dynacli.library.revisions.referenced_files import ReferencedFiles

__all__ = ["NEWS", "PENDING", "USED", "Revisions", "is_revision", "revision_of"]

NEWS, PENDING = "news.json", "pending.json"
"""The small files beside the pointer that most documents do not have."""

USED = "used"
"""The file whose time is the day of the last use."""

_DAY = 86_400
_DIGITS = 20
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
    "asked_at": (int, float),
    "checked_ns": int,
    "size": int,
    "mtime_ns": int,
    "ctime_ns": int,
    "root": str,
    "parts": str,
    "allow_refs": list,
    "max_age": (int, float),
    "is_shipped": bool,
    "more": list,
    "overlays": list,
    "bytes": int,
    "installed_at": (int, float),
    "number": int,
    "title": str,
    "version": str,
    "operations": int,
    "is_pinned": bool,
}
_LISTS = ("allow_refs", "more", "overlays")


class Revisions:
    """What is kept of one source.

    Args:
        cache_dir: The root of the cache.
        location: The source's absolute path or URL.
        layers: What is laid over the document of that source, or joined to it: the same source with others is
            another document.
    """

    def __init__(self, cache_dir: str, location: str, layers: tuple[str, ...] = ()) -> None:
        self.location = location
        self.cache_dir = cache_dir
        readable = "".join(char if char.isalnum() and char.isascii() else "_" for char in location)[-80:]
        # A file's name need not be text; Python keeps such bytes as surrogates.
        crc = zlib.crc32("\n".join((location, *layers)).encode("utf-8", "surrogatepass"))
        self.directory = os.path.join(cache_dir, "documents", f"{readable}-{crc:08x}")

    @classmethod
    def in_directory(cls, directory: str, location: str) -> "Revisions":
        """Return what is kept in a directory that was found in the cache."""
        made = cls(os.path.dirname(os.path.dirname(directory)), location)
        made.directory = directory
        return made

    def current(self) -> dict[str, Any] | None:
        """Return the pointer to the current revision; None when there is none, or it is torn or foreign."""
        return self._read("current.json") or next(iter(self.history()), None)

    def pointer_to(self, revision: str) -> dict[str, Any] | None:
        """Return the pointer to a revision as it was when that became current; None where it is not known."""
        pointer = self._read(f"{revision}.json")
        return pointer if pointer is not None and pointer["revision"] == revision else None

    def history(self) -> list[dict[str, Any]]:
        """Return the pointers to all revisions that were once current, the latest first."""
        try:
            names = os.listdir(self.directory)
        except OSError:
            return []
        found = [
            self.pointer_to(stem)
            for name in names
            if is_revision(stem := name.removesuffix(".json")) and stem != name
        ]
        known = [one for one in found if one is not None]
        return sorted(known, key=_turn)

    def _read(self, name: str) -> dict[str, Any] | None:
        return self.checked(self.state(name))

    def checked(self, found: Any) -> dict[str, Any] | None:
        """Return what is usable of a pointer that was read; None where it is none, or that of another source."""
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
        for key in ("fetched_at", "asked_at", "installed_at", "max_age"):
            if not 0 <= pointer.get(key, 0) < _END_OF_TIME:
                del pointer[key]
        for key in _LISTS:
            if not all(isinstance(one, str) for one in pointer.get(key, ())):
                del pointer[key]
        return pointer

    def state(self, name: str) -> dict[str, Any]:
        """Return what a small file of this directory says; nothing where it is not there, torn or foreign."""
        try:
            with open(os.path.join(self.directory, name), encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_state(self, name: str, state: dict[str, Any], *, is_lasting: bool = True) -> None:
        """Write a small file of this directory, or remove it where there is nothing to say.

        Args:
            is_lasting: Whether it has to survive a loss of power, too.

        Raises:
            OSError: It cannot be written.
        """
        path = os.path.join(self.directory, name)
        if state:
            write_file(path, json.dumps(state, indent=1).encode(), is_lasting=is_lasting)
        elif os.path.lexists(path):
            remove_file(path)

    @property
    def was_used_today(self) -> bool:
        """Whether a run has noted within the last day that it used the document."""
        try:
            return abs(time.time() - os.stat(os.path.join(self.directory, USED)).st_mtime) < _DAY
        except OSError:
            return False

    def catalog(self, pointer: dict[str, Any]) -> Catalog | None:
        """Open the catalog that a pointer leads to; None when it is not there or cannot be read."""
        return _opened(self.catalog_path(pointer["revision"]), pointer["revision"])

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

    def parts(self, pointer: dict[str, Any]) -> "ReferencedFiles | None":
        """Return the other files of a document; None when they are not there or not those of that revision."""
        from dynacli.library.revisions.referenced_files import ReferencedFiles, read_parts

        if "parts" not in pointer:
            return ReferencedFiles({})
        content, parts = self.content(pointer), read_parts(self.parts_path(pointer["revision"]))
        if content is None or parts is None:
            return None
        return parts if revision_of(content, parts, pointer["uri"]) == pointer["revision"] else None

    def drop(self, pointer: dict[str, Any]) -> None:
        """Forget the catalog of a revision, because it is damaged."""
        try:
            remove_file(self.catalog_path(pointer["revision"]))
        except OSError:
            return

    def touch(self, pointer: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Write the pointer with changes, and return it; a cache that cannot be written stays as it was."""
        changed = {**pointer, **changes}
        try:
            self.point_to(changed)
        except OSError:
            return changed
        return changed

    def point_to(self, pointer: dict[str, Any]) -> None:
        """Make a revision the current one: the last step of every change.

        Raises:
            OSError: It cannot be written; the one before stays.
        """
        self.write_state("current.json", {**pointer, "location": self.location})


def _turn(pointer: dict[str, Any]) -> tuple[Any, ...]:
    # Clocks are set back; what comes later has a higher number all the same.
    return -pointer.get("number", 0), -pointer.get("installed_at", 0), pointer["revision"]


def is_revision(word: str) -> bool:
    """Tell whether a word looks like the name of a revision."""
    return len(word) == _DIGITS and not word.strip("0123456789abcdef")


def type_fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Tell whether a value of a JSON file is of a kind; true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def revision_of(content: bytes, parts: "ReferencedFiles | None" = None, uri: str = "") -> str:
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
    return digest.hexdigest()[:_DIGITS]


def _opened(path: str, revision: str) -> Catalog | None:
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
    if catalog.meta.get("revision") != revision:
        catalog.close()
        return None  # and so does that of another document, or of another day
    return catalog
