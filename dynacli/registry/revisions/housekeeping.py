"""Keeps the cache small: removes unfinished files, old revisions, and the least used documents above the limit.

Anything removed is read, fetched or compiled again when it is needed.
The documents of registered APIs and the revisions that the user pinned stay.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from dynacli.environment import Environment
from dynacli.errors import FileError, UsageError
from dynacli.files import LOCK_SECONDS, hold_lock, regular_file, sweep, write_file
from dynacli.openapi.catalog.catalog_file import FORMAT
from dynacli.openapi.document.source import parse_source
from dynacli.registry.configuration import Configuration
from dynacli.registry.news import find_pending
from dynacli.registry.revisions.revisions import DAY, USED, Revisions, is_revision

_DEFAULT_LIMIT = 1 << 30
"""Bytes that all documents together may take by default."""

_MOST_REVISIONS = 50
"""Most revisions of one document, beside the pinned ones."""

_CATALOGS = 3
"""Number of the latest revisions that keep their catalogs; others are compiled again when needed."""

_FOREIGN_DAYS = 30
"""After so many days without use a catalog in another format goes: that version of dynacli is not used any more."""

_CATALOG = re.compile(r"([0-9a-f]{20})\.(\d+)\.sqlite")
_SIZE = re.compile(r"(\d{1,12})\s*([KMG]?)(i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class CachedDocument(NamedTuple):
    """A document in the cache.

    Args:
        directory: Its directory in the cache.
        location: Its absolute path or URL; empty if that is not known any more.
        size: Bytes, all revisions together.
        used: The day of the last use, in seconds since 1970.
        revisions: How many revisions there are.
    """

    directory: str
    location: str
    size: int
    used: float
    revisions: int


def begin_day(revisions: Revisions) -> None:
    """Remember that a document is used today, and remove the files that no process can be using any more.

    Unfinished files go from all of the cache: their documents may never be used again.
    """
    try:
        write_file(os.path.join(revisions.directory, USED), b"", is_lasting=False)
        for directory in _directories(revisions.cache_dir):
            sweep(directory)
    except OSError:
        return  # a cache that cannot be written stays as it is
    for path, status in _files(revisions.directory):
        name = _CATALOG.fullmatch(os.path.basename(path))
        last = max(status.st_atime, status.st_mtime)
        if name and int(name[2]) != FORMAT and time.time() - last > _FOREIGN_DAYS * DAY:
            _remove(path)
    _remove_unknown(revisions)


def _remove_unknown(revisions: Revisions) -> None:
    """Remove the files of revisions that never became current: their process died, or a later one was held back."""
    with _alone_in(revisions.directory, 0) as is_alone:
        current = revisions.current()
        if current is None or not is_alone:
            return
        known = {pointer["revision"] for pointer in revisions.history()} | _in_use(revisions, current)
        for path, status in _files(revisions.directory):
            name = os.path.basename(path).partition(".")[0]
            if is_revision(name) and name not in known and time.time() - status.st_mtime > DAY:
                _remove(path)


def _alone_in(directory: str, seconds: float) -> AbstractContextManager[bool]:
    """Keep writers from a document for as long as the block lasts; a directory without locks cannot be written."""
    return hold_lock(os.path.join(directory, "lock"), seconds, is_needed=False)


def thin_out(revisions: Revisions, current: dict[str, Any]) -> None:
    """Remove old revisions of a document, and the catalogs of all but the latest; the caller holds its lock.

    The other revisions stay, for comparing and for going back.
    """
    history = revisions.history()
    in_use = _in_use(revisions, current)
    for pointer in history[_MOST_REVISIONS:]:
        if pointer["revision"] not in in_use:
            _remove_revision(revisions, pointer["revision"])
    for pointer in history[_CATALOGS:_MOST_REVISIONS]:
        if pointer["revision"] not in in_use:
            revisions.drop_catalog(pointer)


def forget_history(revisions: Revisions) -> None:
    """Remove all revisions but the current one, the pinned ones, and one that was held back."""
    current = revisions.current()
    if current is None:
        return
    with _alone_in(revisions.directory, LOCK_SECONDS):
        for name in _revisions_in(revisions.directory) - _in_use(revisions, current):
            _remove_revision(revisions, name)


def _in_use(revisions: Revisions, current: dict[str, Any]) -> set[str]:
    pending = find_pending(revisions)
    names = {pointer["revision"] for pointer in revisions.history() if pointer.get("is_pinned")}
    names.add(current["revision"])
    if pending is not None:
        names.add(pending.pointer["revision"])
    return names


def _revisions_in(directory: str) -> set[str]:
    names = (os.path.basename(path).partition(".")[0] for path, _ in _files(directory))
    return {name for name in names if is_revision(name)}


def _remove_revision(revisions: Revisions, revision: str) -> int:
    paths = [
        path for path, _ in _files(revisions.directory) if os.path.basename(path).startswith(f"{revision}.")
    ]
    # The pointer goes first: files without a pointer count for nothing.
    return sum(_remove(path) for path in sorted(paths, key=_turn))


def remove_document(directory: str, patience: float = LOCK_SECONDS) -> int:
    """Remove a document from the cache, and return how many bytes that were.

    Args:
        patience: For how many seconds a process that writes it is waited for; after that the document stays.
    """
    with _alone_in(directory, patience) as is_alone:
        if not is_alone:
            return 0
        size = sum(_remove(path) for path in sorted((path for path, _ in _files(directory)), key=_turn))
        with suppress(OSError):  # another process has begun to use it again
            os.rmdir(directory)
    if os.name == "nt":  # Windows cannot remove an open lock: this one is closed now, another may be open
        with suppress(OSError):
            os.unlink(os.path.join(directory, "lock"))
            os.rmdir(directory)
    return size


def _turn(path: str) -> int:
    """Return the position of a file in the order of removal of a document or revision: 0 for first.

    A reader follows the current pointer, else the pointer of the latest revision. So the current pointer goes last
    of all pointers, and no earlier revision becomes current meanwhile.
    """
    name = os.path.basename(path)
    if name in {"lock", "refresh.lock"}:
        return 3
    return (1 if name == "current.json" else 0) if name.endswith(".json") else 2


def cached_documents(cache_dir: str) -> list[CachedDocument]:
    """Return the documents in the cache, the least used first."""
    documents = []
    for directory in _directories(cache_dir):
        files = list(_files(directory))
        if not files:
            continue
        times = {os.path.basename(path): status.st_mtime for path, status in files}
        documents.append(
            CachedDocument(
                directory,
                _location_in(directory),
                sum(status.st_size for _, status in files),
                times.get(USED) or max(times.values()),
                len(_revisions_in(directory)),
            )
        )
    return sorted(documents, key=lambda document: (document.used, document.directory))


def _directories(cache_dir: str) -> list[str]:
    try:
        with os.scandir(os.path.join(cache_dir, "documents")) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _location_in(directory: str) -> str:
    """Return the location of the document in a directory of the cache; empty if it is not known any more."""
    import json

    try:
        with open(os.path.join(directory, "current.json"), encoding="utf-8", opener=regular_file) as file:
            location = json.load(file).get("location")
    except (OSError, ValueError, RecursionError, AttributeError):
        return ""
    return location if isinstance(location, str) else ""


def _shrink_cache(cache_dir: str, limit: int, registered: Collection[str], spared: str = "") -> int:
    """Remove what is least used until the cache is within a limit, and return how many bytes that were.

    First go earlier revisions, then documents that are not registered, then the catalogs of those that are:
    they can be compiled again without a network.

    Args:
        limit: Bytes.
        registered: The directories of registered APIs.
        spared: A directory that is in use right now.
    """
    documents = cached_documents(cache_dir)
    excess = sum(document.size for document in documents) - limit
    removed = 0
    for remove in _removals(documents, registered, spared):
        if removed >= excess:
            break
        removed += remove()
    return removed


def _removals(
    documents: list[CachedDocument], registered: Collection[str], spared: str
) -> Iterator[Callable[[], int]]:
    """Yield functions, in the order in which they are called, that remove something and return how many bytes."""
    for document in documents:
        revisions = Revisions.in_directory(document.directory, document.location)
        current = revisions.current()
        if current is None:
            continue
        in_use = _in_use(revisions, current)
        for pointer in reversed(revisions.history()):
            if pointer["revision"] not in in_use:
                yield partial(_remove_revision, revisions, pointer["revision"])
    directories = [document.directory for document in documents if document.directory != spared]
    for directory in directories:
        if directory not in registered:
            yield partial(remove_document, directory, 0)
    for directory in directories:
        if directory in registered:
            yield partial(_remove_catalogs, directory)


def _remove_catalogs(directory: str) -> int:
    return sum(_remove(path) for path, _ in _files(directory) if path.endswith(".sqlite"))


def _files(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        with os.scandir(directory) as entries:
            found = list(entries)
    except OSError:
        return
    for entry in found:
        try:
            status = entry.stat(follow_symlinks=False)
            if entry.is_file(follow_symlinks=False):
                yield entry.path, status
        except OSError:
            continue  # another process has just removed it


def _remove(path: str) -> int:
    """Remove a file, and return how many bytes that were; a file that cannot be removed stays."""
    try:
        size = os.lstat(path).st_size
        os.unlink(path)
    except OSError:
        return 0
    return size


def limit_of(env: Environment) -> int:
    """Return the limit in bytes; a value that cannot be understood counts for nothing."""
    limit = bytes_of(env.setting("CACHE_LIMIT"))
    if limit is None:
        try:
            limit = bytes_of(Configuration(env).cache().get("limit"))
        except FileError:
            limit = None  # a run that needs the configuration says what is wrong with it
    return _DEFAULT_LIMIT if limit is None else limit


def bytes_of(value: Any) -> int | None:
    """Return the bytes of a size such as `"500 MiB"` or a number; None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    size = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(size[1]) * _UNITS[size[2].upper()] if size else None


def registered_directories(env: Environment) -> dict[str, list[str]]:
    """Return directory in the cache → names of the registered APIs that have their document there."""
    configuration = Configuration(env)
    names: dict[str, list[str]] = {}
    for name, entry in configuration.apis().items():
        more, overlays = configuration.locations(entry, "more"), configuration.locations(entry, "overlays")
        try:
            location = parse_source(entry["source"], Path.cwd()).location
        except UsageError:
            continue  # a run that needs the entry says what is wrong with it
        names.setdefault(Revisions(env.cache_dir, location, more, overlays).directory, []).append(name)
    return names


def keep_within_limit(env: Environment, revisions: Revisions) -> int:
    """Remove the least used documents if the cache has become too large, and return how many bytes that were.

    Args:
        revisions: Those of the document that is in use right now, which stays.
    """
    try:
        registered = registered_directories(env)
    except FileError:
        return 0  # it is unknown which documents the user needs
    return _shrink_cache(env.cache_dir, limit_of(env), registered, revisions.directory)
