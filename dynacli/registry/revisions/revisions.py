"""The revisions of one document on disk, and which of them is current.

Each document has a directory in the cache::

    <cache>/documents/<source>/current.json                the current revision, and how to tell that it is stale
    <cache>/documents/<source>/current.parts.json          how to tell that a file that it refers to is stale
    <cache>/documents/<source>/<revision>.json             `current.json` as it was when that revision became current
    <cache>/documents/<source>/<revision>.document         the document as it was read or fetched
    <cache>/documents/<source>/<revision>.parts.zip        the files that it refers to
    <cache>/documents/<source>/<revision>.<format>.sqlite  the catalog that was compiled from them
    <cache>/documents/<source>/pending.json                notes and decisions that wait for the user
    <cache>/documents/<source>/news.json                   changes that no run has reported yet
    <cache>/documents/<source>/used                        its time is the day of the last use
    <cache>/documents/<source>/refresh.claim               its time is when a refresh in the background began

The code calls the content of `current.json` or `<revision>.json` a pointer.
A revision is named by its content. `current.json` is written last, so a reader finds the old revision or the new
one, whole, and never waits.
Every file here can be deleted, cut or overwritten at any time: its content is then read, fetched or compiled again.

A document at a URL is fresh for a time; after that it is due: it is used anyway while it is fetched again.
Local files are not read to detect changes. A `stat` of the document is compared with the pointer to the current
revision, and a `stat` of each file that it refers to with a list beside the pointer.
"""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment, program
from dynacli.files import make_directory, regular_file, remove_file, write_file
from dynacli.openapi.catalog.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.openapi.document.fetched import DocumentLogin, Fetched
    from dynacli.registry.revisions.referenced_files import ReferencedFiles

MINUTE, DAY = 60.0, 86_400.0
_SHORTEST, _LONGEST = MINUTE, 7 * DAY
"""The bounds of a lifetime from a server; the user may set any."""

Facts = tuple[int, int, int]
"""Size in bytes, time of modification, time of any change, both in nanoseconds; zeros if there is no file."""

_SETTLED_NS = 2_000_000_000
"""A file changed within two seconds before it was read may change again without its time showing it."""

_LIST = "current.parts.json"
NEWS, PENDING = "news.json", "pending.json"
"""The small files beside the pointer that most documents do not have."""

USED = "used"
"""The file whose time is the day of the last use."""

_DIGITS, _CRC_DIGITS = 20, 8
_END_OF_TIME = 253_402_300_800
"""The year 10000, which no date can show."""

RESOURCES_KEY = "resources"
"""Key of an API's entry, and of a pointer, with the given facts of resources by name."""

_SECONDS = (int, float)
# The members of a pointer with their types; any other member is ignored. The members of lists are strings.
_MEMBERS: dict[str, type | tuple[type, ...]] = {
    "location": str,
    "revision": str,
    "uri": str,
    "source": str,
    "etag": str,
    "last_modified": str,
    "fetched_at": _SECONDS,
    "asked_at": _SECONDS,
    "checked_ns": int,
    "size": int,
    "mtime_ns": int,
    "ctime_ns": int,
    "root": str,
    "parts": str,
    "allow_refs": list,
    "follows_files": bool,
    "max_age": _SECONDS,
    "is_shipped": bool,
    "depends_on_who_asks": bool,
    "more": list,
    "overlays": list,
    RESOURCES_KEY: dict,
    "bytes": int,
    "installed_at": _SECONDS,
    "number": int,
    "title": str,
    "version": str,
    "operations": int,
    "is_pinned": bool,
    "is_renamed": bool,
}
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = r"(\d{1,9})\s*([smhd]?)"


MODES = NEVER, BACKGROUND, BLOCKING = "never", "background", "blocking"
"""When a document that is due is fetched again: not at all, after the command, or before it."""


class Revisions:
    """The directory of one document in the cache.

    Args:
        cache_dir: The root of the cache.
        location: The absolute path or the URL of the document.
        more: The locations of further documents that are joined to it; with others it is another document.
        overlays: The paths of overlays that override it; with others it is another document.
    """

    def __init__(
        self, cache_dir: str, location: str, more: tuple[str, ...] = (), overlays: tuple[str, ...] = ()
    ) -> None:
        self.location = location
        self.cache_dir = cache_dir
        readable = re.sub("[^A-Za-z0-9]", "_", location)[-80:]
        layers = "\n~".join(("\n+".join((location, *more)), *overlays))
        runs = program()
        if runs.only or runs.without or runs.is_short:
            # The catalogs of a tool that was made again have other operations.
            layers += f"\n{(runs.only, runs.without, runs.is_short)!r}"
        # A file's name need not be text; Python keeps such bytes as surrogates.
        crc = zlib.crc32(layers.encode("utf-8", "surrogatepass"))
        self.directory = os.path.join(cache_dir, "documents", f"{readable}-{crc:08x}")

    @classmethod
    def in_directory(cls, directory: str, location: str) -> Revisions:
        """Return the revisions in a directory that was found in the cache."""
        revisions = cls(os.path.dirname(os.path.dirname(directory)), location)
        revisions.directory = directory
        return revisions

    def current(self) -> dict[str, Any] | None:
        """Return the pointer to the current revision, or to the latest if `current.json` is lost; else None."""
        pointer = self._read_pointer("current.json") or next(iter(self.history()), None)
        runs = program()
        if runs.inside and (pointer is None or pointer.get("fetched_at", 0) < runs.fetched_at):
            from dynacli.registry.revisions.referenced_files import unpack_document

            # A tool that was made again, and installed over an older one, has a document that the cache may not have.
            unpacked = unpack_document(runs.inside, self.location)
            if unpacked is not None:
                self._take_along(*unpacked)
            pointer = self._read_pointer("current.json")
        return pointer

    def _take_along(self, pointer: dict[str, Any], files: Mapping[str, bytes]) -> None:
        """Write a document that came with the tool into the cache; into a directory of this run if that cannot be.

        Raises:
            OSError: Nothing can be written anywhere.
        """
        try:
            self._write_files(pointer, files)
        except OSError:
            import atexit
            import shutil
            import tempfile

            # A temporary directory for this run saves fetching and compiling the document for each call.
            self.directory = tempfile.mkdtemp()
            atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
            self._write_files(pointer, files)

    def _write_files(self, pointer: dict[str, Any], files: Mapping[str, bytes]) -> None:
        make_directory(self.directory)
        number = 1 + max((known.get("number", 0) for known in self.history()), default=0)
        for name, content in files.items():
            write_file(os.path.join(self.directory, name), content, is_lasting=False)
        pointer = {**pointer, "location": self.location, "number": number}
        self.write_state(f"{pointer['revision']}.json", pointer)
        self.point_to(pointer)

    def with_other_layers(self) -> tuple[Revisions, dict[str, Any]] | None:
        """Return the latest copy of the same document that has other layers, with its pointer; None if none is."""
        root, own = os.path.split(self.directory)
        found = []
        for name in os.listdir(root) if os.path.isdir(root) else ():
            if name != own and name[:-_CRC_DIGITS] == own[:-_CRC_DIGITS]:
                other = Revisions.in_directory(os.path.join(root, name), self.location)
                pointer = other.check_pointer(other.read_state("current.json"))
                if pointer is not None and not pointer.get("is_shipped"):
                    found.append((other, pointer))
        return max(found, key=lambda pair: pair[1].get("fetched_at", 0), default=None)

    def pointer_to(self, revision: str) -> dict[str, Any] | None:
        """Return the pointer to a revision as it was when that became current; None if it is not known."""
        pointer = self._read_pointer(f"{revision}.json")
        return pointer if pointer is not None and pointer["revision"] == revision else None

    def history(self) -> list[dict[str, Any]]:
        """Return the pointers to all revisions that were once current, the latest first."""
        try:
            names = os.listdir(self.directory)
        except OSError:
            return []
        pointers = [
            self.pointer_to(stem)
            for name in names
            if is_revision(stem := name.removesuffix(".json")) and stem != name
        ]
        return sorted((pointer for pointer in pointers if pointer is not None), key=_latest_first)

    def _read_pointer(self, name: str) -> dict[str, Any] | None:
        return self.check_pointer(self.read_state(name))

    def check_pointer(self, found: Any) -> dict[str, Any] | None:
        """Return the usable members of a pointer that was read; None if it is none, or another document's."""
        if not isinstance(found, dict) or found.get("location") != self.location:
            return None
        pointer: dict[str, Any] = {}
        for key, kind in _MEMBERS.items():
            value: Any = found.get(key)
            is_usable = type_fits(value, kind)
            if is_usable and kind is list:
                is_usable = {str}.issuperset(map(type, value))
            elif is_usable and kind is _SECONDS:
                is_usable = 0 <= value < _END_OF_TIME
            if is_usable:
                pointer[key] = value
        revision, uri = pointer.get("revision", ""), pointer.get("uri")
        if not (revision.isascii() and revision.isalnum()) or uri is None or not uri.isascii():
            return None
        return pointer

    def read_state(self, name: str) -> dict[str, Any]:
        """Return the object in a JSON file of this directory; an empty one if the file is lost or damaged."""
        try:
            with open(os.path.join(self.directory, name), encoding="utf-8", opener=regular_file) as file:
                found = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_state(self, name: str, state: dict[str, Any], *, is_lasting: bool = True) -> None:
        """Write a JSON file of this directory; an empty object removes the file.

        Args:
            is_lasting: Whether the file has to survive a loss of power.

        Raises:
            OSError: The file cannot be written.
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
            return abs(time.time() - os.stat(os.path.join(self.directory, USED)).st_mtime) < DAY
        except OSError:
            return False

    def open_catalog(self, pointer: dict[str, Any]) -> Catalog | None:
        """Open the catalog of a revision; None if it has to be compiled again."""
        path = self.catalog_path(pointer["revision"])
        if not os.path.isfile(path):
            return None
        catalog = None
        try:
            catalog = Catalog(path)
            catalog.check()
            # The file may have come from another directory, or from a backup.
            if catalog.meta.get("revision") == pointer["revision"]:
                return catalog
        except DamagedCatalogError:
            pass
        if catalog is not None:
            catalog.close()
        return None

    def catalog_path(self, revision: str) -> str:
        """Return the path of a revision's catalog."""
        return os.path.join(self.directory, f"{revision}.{FORMAT}.sqlite")

    def document_path(self, revision: str) -> str:
        """Return the path of a revision's document."""
        return os.path.join(self.directory, f"{revision}.document")

    def archive_path(self, revision: str) -> str:
        """Return the path of the archive of the files that a revision's document refers to."""
        return os.path.join(self.directory, f"{revision}.parts.zip")

    def read_document(self, pointer: dict[str, Any]) -> bytes | None:
        """Return the bytes of a revision's document; None if they are lost or were changed."""
        try:
            with open(self.document_path(pointer["revision"]), "rb", opener=regular_file) as file:
                content = file.read()
        except OSError:
            return None
        return content if revision_of(content) == pointer.get("root", pointer["revision"]) else None

    def read_referenced_files(self, pointer: dict[str, Any]) -> ReferencedFiles | None:
        """Return the files that a revision's document refers to; None if they are lost or were changed."""
        from dynacli.registry.revisions.referenced_files import ReferencedFiles, read_archive

        if "parts" not in pointer:
            return ReferencedFiles({})
        content, files = self.read_document(pointer), read_archive(self.archive_path(pointer["revision"]))
        if content is None or files is None:
            return None
        return files if revision_of(content, files, pointer["uri"]) == pointer["revision"] else None

    def drop_catalog(self, pointer: dict[str, Any]) -> None:
        """Remove the catalog of a revision, which can be compiled again; one that cannot be removed stays."""
        try:
            remove_file(self.catalog_path(pointer["revision"]))
        except OSError:
            return

    def update_pointer(self, pointer: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Write the pointer to the current revision with changes, and return it; if it cannot be written, too."""
        changed = {**pointer, **changes}
        try:
            self.point_to(changed)
        except OSError:
            return changed
        return changed

    def point_to(self, pointer: dict[str, Any]) -> None:
        """Make a revision the current one: the last step of every change.

        Raises:
            OSError: The pointer cannot be written; the revision before stays current.
        """
        self.write_state("current.json", {**pointer, "location": self.location})


def _latest_first(pointer: dict[str, Any]) -> tuple[Any, ...]:
    # Clocks are set back; a later revision has a higher number anyway.
    return -pointer.get("number", 0), -pointer.get("installed_at", 0), pointer["revision"]


def is_revision(word: str) -> bool:
    """Return whether a text looks like the name of a revision."""
    return len(word) == _DIGITS and not word.strip("0123456789abcdef")


def type_fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    """Return whether a value of a JSON file is of a type; unlike in Python, true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def revision_of(content: bytes, files: ReferencedFiles | None = None, uri: str = "") -> str:
    """Return the name of a document's content: the first 20 hex digits of a SHA-256.

    Args:
        content: The document's bytes; if it refers to no files, the digits are those of its bytes.
        files: The files that it refers to.
        uri: The document's base URI. What stands below its folder is named relative to it, so that the folder may be
            renamed.
    """
    import hashlib

    digest = hashlib.sha256(content)
    if files is not None and not files.is_empty:
        folder = uri[: uri.rfind("/") + 1]
        digests = {part: hashlib.sha256(file.content).hexdigest() for part, file in files.found.items()}
        digests.update(dict.fromkeys(files.missing, ""))
        named = sorted((part.removeprefix(folder), hexdigest) for part, hexdigest in digests.items())
        digest.update(json.dumps(named).encode())
    return digest.hexdigest()[:_DIGITS]


def is_due(pointer: dict[str, Any], lifetime: float | None, now: float | None = None) -> bool:
    """Return whether it is time to ask the server for a document again.

    Args:
        lifetime: For how many seconds a document is fresh, if the person says so; None if the server says it within
            bounds, else it is a day.
        now: Seconds since 1970; None for the present.
    """
    if now is None:
        now = time.time()
    if lifetime is None:
        max_age = pointer.get("max_age")
        lifetime = DAY if max_age is None else min(max(max_age, _SHORTEST), _LONGEST)
    # An unusable response counts, too, so that the server is not asked again at once.
    asked_at = float(pointer.get("asked_at", 0))
    return age_of_document(pointer, now) >= lifetime and not 0 <= now - asked_at < lifetime


def age_of_document(pointer: dict[str, Any], now: float) -> float:
    """Return how many seconds ago the server sent or confirmed a document.

    Args:
        now: Seconds since 1970. A document from the future comes from a wrong clock, and counts as very old.
    """
    age = now - float(pointer.get("fetched_at", 0))
    return age if age >= 0 else float("inf")


def facts_of(path: str) -> Facts:
    """Return the facts by which a change of a file is noticed."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return 0, 0, 0
    # The time of any change also tells where a tool sets the time of modification back.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_unchanged(pointer: dict[str, Any], facts: Facts) -> bool:
    """Return whether the file of a document is what it was when it was compiled."""
    known = pointer.get("size"), pointer.get("mtime_ns"), pointer.get("ctime_ns")
    return any(facts) and known == facts and _is_settled(facts[1], pointer)


def _is_settled(modified_ns: int, pointer: dict[str, Any]) -> bool:
    return modified_ns + _SETTLED_NS < int(pointer.get("checked_ns", 0))


def are_referenced_files_unchanged(directory: str, pointer: dict[str, Any]) -> bool:
    """Return whether the files that a document refers to are what they were, and missing files are still missing.

    Args:
        directory: The document's directory in the cache.
        pointer: To its current revision.
    """
    if "parts" not in pointer:
        return True  # it refers to none
    known = referenced_files(directory, pointer)
    if known is None:
        return False
    newest = max((modified for _, modified, _ in known.values()), default=0)
    return _is_settled(newest, pointer) and all(facts_of(path) == facts for path, facts in known.items())


def referenced_files(directory: str, pointer: dict[str, Any]) -> dict[str, Facts] | None:
    """Return path → facts of the files that a document refers to, missing ones too; None if the list is damaged.

    The arguments have the same meaning as in `are_referenced_files_unchanged`.
    """
    if "parts" not in pointer:
        return {}
    try:
        with open(os.path.join(directory, _LIST), "rb", opener=regular_file) as file:
            content = file.read()
        if pointer["parts"] != _checksum_of(content):
            return None
        found = json.loads(content)
        known = {
            path: (size, modified, changed)
            for path, (size, modified, changed) in zip(found["paths"], found["facts"], strict=True)
        }
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return None
    return known


def is_compiled_as_asked(open_request: OpenRequest, pointer: dict[str, Any]) -> bool:
    """Return whether a revision was compiled with the same layers, allowed references and facts of resources.

    Allowed references matter only for a document that refers to other files.
    """
    more, overlays = tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ()))
    if (more, overlays) != (open_request.more, open_request.overlays):
        return False
    # A path or URL that is not registered takes the catalog as it is: it has no entry.
    has_resources = RESOURCES_KEY in open_request.entry or RESOURCES_KEY in pointer
    if (
        has_resources
        and open_request.is_registered
        and given_resources(open_request.entry) != pointer.get(RESOURCES_KEY, {})
    ):
        return False
    if "parts" not in pointer:
        return True
    allowed = tuple(pointer.get("allow_refs", ())), pointer.get("follows_files", True)
    return allowed == (open_request.allow_refs, open_request.follows_files)


def given_resources(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return name → the facts of a resource that an API's entry gives, as JSON."""
    found = entry.get(RESOURCES_KEY)
    if not found or not isinstance(found, dict):
        return {}
    as_json: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return as_json


def is_as_compiled(open_request: OpenRequest, revisions: Revisions, pointer: dict[str, Any]) -> bool:
    """Return whether the overlays of a document at a URL, and the documents joined to it, are what they were.

    An overlay is a file of this machine, which may be edited at any time.
    """
    if not is_compiled_as_asked(open_request, pointer):
        return False
    has_layers = open_request.more or open_request.overlays
    return not has_layers or are_referenced_files_unchanged(revisions.directory, pointer)


def write_file_list(directory: str, files: Mapping[str, Facts]) -> str:
    """Write the list of the files that a document refers to, and return its checksum for the pointer.

    Args:
        directory: The document's directory in the cache.
        files: Absolute path → the facts of the file from before it was read.

    Raises:
        OSError: The list cannot be written.
    """
    content = json.dumps({"paths": list(files), "facts": list(files.values())}).encode()
    write_file(os.path.join(directory, _LIST), content)
    return _checksum_of(content)


def _checksum_of(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"


def _no_login() -> DocumentLogin:
    from dynacli.openapi.document.fetched import DocumentLogin

    return DocumentLogin()


@record
class OpenRequest:
    """A request to open an API.

    Args:
        name: The registered name of the API, or the argument that names its document.
        refresh: True if the document is read or fetched again first.
        is_asked: True if the user asked for that refresh.
        seconds: A limit for fetching below the built-in one; None for that one.
        offline: Whether nothing may be fetched.
        allow_refs: The origins and absolute directories, beside its own, that the document may refer to.
        follows_files: True if the document may also refer to files in its own directory.
        more: The locations of further documents that make one API together with the first.
        overlays: The absolute paths of the overlays that override them.
        mode: The time at which a due document is fetched again.
        lifetime: Seconds for which a document is fresh, if the user set them; else None.
        pin: The revision that the user pinned; empty for the current one.
        is_registered: True if the API is in the configuration, so that its name can refresh it.
        entry: The API's entry in the configuration.
        is_accepted: True if the new document replaces the current one without objections.
        login: Returns the sign-in for the document's origin, if the server wants one; called when a document is
            fetched.
        at_hand: The document if it was just fetched; None if it must still be fetched.
        wrong_settings: A clause for each invalid setting of the environment and the entry, which a default replaces.
    """

    name: str
    env: Environment
    refresh: bool = False
    is_asked: bool = False
    seconds: float | None = None
    offline: bool = False
    allow_refs: tuple[str, ...] = ()
    follows_files: bool = True
    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    mode: str = BACKGROUND
    lifetime: float | None = None
    pin: str = ""
    is_registered: bool = False
    entry: Mapping[str, Any] = MappingProxyType({})
    is_accepted: bool = False
    login: Callable[[], DocumentLogin] = _no_login
    at_hand: Fetched | None = None
    wrong_settings: tuple[str, ...] = ()


def lifetime_of(entry: Mapping[str, Any]) -> float | None:
    """Return for how many seconds a document is fresh by an API's entry; None if it does not say."""
    return duration_of(entry.get("refresh_after"))


def duration_of(value: Any) -> float | None:
    """Return the seconds of a length of time such as `"12h"`, `"7d"` or a number; None if it is none."""
    if isinstance(value, str):
        found = re.fullmatch(_DURATION, value.strip())
        return float(found[1]) * _UNITS[found[2]] if found else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None
