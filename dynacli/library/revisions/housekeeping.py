"""Keeps the cache from growing: what was left behind, what is old, and what is over the limit, the least used first.

Nothing of it is needed: what is removed is read, fetched or compiled again.
What a person would miss stays: the documents of registered APIs, and the revisions that they hold.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any, NamedTuple

from dynacli.catalog.store.catalog_file import FORMAT
from dynacli.files import LOCK_SECONDS, hold_lock, sweep, write_file
from dynacli.library.revisions.freshness import DAY
from dynacli.library.revisions.pending_document import find_pending
from dynacli.library.revisions.revisions import USED, Revisions, is_revision

__all__ = [
    "DEFAULT_LIMIT",
    "MOST_REVISIONS",
    "CachedDocument",
    "begin_day",
    "cached_documents",
    "forget_history",
    "remove_document",
    "shrink_cache",
    "thin_out",
]

DEFAULT_LIMIT = 1 << 30
"""Bytes that all documents together may take where nobody says otherwise."""

MOST_REVISIONS = 50
"""Revisions of one document that are kept, beside those that a person holds."""

_CATALOGS = 3
"""How many of the latest revisions keep their catalogs, which are compiled again where they are needed."""

_FOREIGN_DAYS = 30
"""After so many days without use a catalog in another format goes: the version of dynacli that wrote it is gone."""

_CATALOG = re.compile(r"([0-9a-f]{20})\.(\d+)\.sqlite")


class CachedDocument(NamedTuple):
    """What is kept of one document.

    Args:
        directory: Where.
        location: The source's absolute path or URL; empty where that is not known any more.
        size: Bytes, all revisions together.
        used: The day of the last use, in seconds since 1970.
        revisions: How many there are.
    """

    directory: str
    location: str
    size: int
    used: float
    revisions: int


def begin_day(revisions: Revisions) -> None:
    """Remember that a document is used today, and remove what nobody can be using any more.

    Half-made files go from all of the cache: whoever was killed may never come to that document again.
    """
    try:
        write_file(os.path.join(revisions.directory, USED), b"", is_lasting=False)
        for directory in _directories(revisions.cache_dir):
            sweep(directory)
    except OSError:
        return  # a cache that cannot be written stays as it is
    for path, status in _files(revisions.directory):
        found = _CATALOG.fullmatch(os.path.basename(path))
        last = max(status.st_atime, status.st_mtime)
        if found and int(found[2]) != FORMAT and time.time() - last > _FOREIGN_DAYS * DAY:
            _remove(path)
    _remove_unknown(revisions)


def _remove_unknown(revisions: Revisions) -> None:
    """Remove the files of revisions that never became current: whoever made them died, or kept another one aside."""
    with _alone_in(revisions.directory, 0) as is_alone:
        current = revisions.current()
        if current is None or not is_alone:
            return
        known = {one["revision"] for one in revisions.history()} | _in_use(revisions, current)
        for path, status in _files(revisions.directory):
            name = os.path.basename(path).partition(".")[0]
            if is_revision(name) and name not in known and time.time() - status.st_mtime > DAY:
                _remove(path)


def _alone_in(directory: str, seconds: float) -> AbstractContextManager[bool]:
    """Keep writers from a document for as long as the block lasts; what cannot be locked is written by nobody."""
    return hold_lock(os.path.join(directory, "lock"), seconds, is_needed=False)


def thin_out(revisions: Revisions, current: dict[str, Any]) -> None:
    """Remove what a document does not need of its earlier revisions; for whoever holds its lock.

    The latest ones stay, for comparing and for going back; of their catalogs only the last few do.
    """
    history = revisions.history()
    held = _in_use(revisions, current)
    for pointer in history[MOST_REVISIONS:]:
        if pointer["revision"] not in held:
            _remove_revision(revisions, pointer["revision"])
    for pointer in history[_CATALOGS:MOST_REVISIONS]:
        if pointer["revision"] not in held:
            revisions.drop(pointer)


def forget_history(revisions: Revisions) -> None:
    """Remove all revisions but the current one, those that a person holds, and one that was kept aside."""
    current = revisions.current()
    if current is None:
        return
    with _alone_in(revisions.directory, LOCK_SECONDS):
        held = _in_use(revisions, current)
        for name in _revisions_in(revisions.directory):
            if name not in held:
                _remove_revision(revisions, name)


def _in_use(revisions: Revisions, current: dict[str, Any]) -> set[str]:
    held = find_pending(revisions)
    names = {one["revision"] for one in revisions.history() if one.get("is_pinned")}
    names.add(current["revision"])
    if held is not None:
        names.add(held.pointer["revision"])
    return names


def _revisions_in(directory: str) -> set[str]:
    names = (os.path.basename(path).partition(".")[0] for path, _ in _files(directory))
    return {name for name in names if is_revision(name)}


def _remove_revision(revisions: Revisions, revision: str) -> int:
    # What is known of it goes first: what is left without that is nobody's.
    return sum(_remove(path) for path in sorted(_of_revision(revisions.directory, revision), key=_turn))


def remove_document(directory: str, patience: float = LOCK_SECONDS) -> int:
    """Remove all that is kept of a document, and return how many bytes that were.

    Args:
        patience: For how many seconds somebody who writes it is waited for; after that it stays.
    """
    with _alone_in(directory, patience) as is_alone:
        if not is_alone:
            return 0
        size = sum(_remove(path) for path in sorted((path for path, _ in _files(directory)), key=_turn))
        with suppress(OSError):  # somebody has begun to use it again
            os.rmdir(directory)
    return size


def _turn(path: str) -> int:
    """Return when a file of a document goes that is removed.

    A reader is led by the pointers: by the current one, else by that of the latest revision that has one.
    So the current one is the last of them, and no earlier revision takes its place meanwhile.
    """
    name = os.path.basename(path)
    if name in {"lock", "refresh.lock"}:
        return 3
    return (1 if name == "current.json" else 0) if name.endswith(".json") else 2


def cached_documents(cache_dir: str) -> list[CachedDocument]:
    """Return what is kept of each document, the least used first."""
    found = []
    for directory in _directories(cache_dir):
        files = list(_files(directory))
        if not files:
            continue
        times = {os.path.basename(path): status.st_mtime for path, status in files}
        found.append(
            CachedDocument(
                directory,
                location_in(directory),
                sum(status.st_size for _, status in files),
                times.get(USED) or max(times.values()),
                len(_revisions_in(directory)),
            )
        )
    return sorted(found, key=lambda one: (one.used, one.directory))


def _directories(cache_dir: str) -> list[str]:
    try:
        with os.scandir(os.path.join(cache_dir, "documents")) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def location_in(directory: str) -> str:
    """Return the source of what is kept in a directory; empty where it does not say."""
    import json

    try:
        with open(os.path.join(directory, "current.json"), encoding="utf-8") as file:
            location = json.load(file).get("location")
    except (OSError, ValueError, RecursionError, AttributeError):
        return ""
    return location if isinstance(location, str) else ""


def shrink_cache(cache_dir: str, limit: int, registered: Collection[str], spared: str = "") -> int:
    """Remove what is least used until the cache is within a limit, and return how many bytes that were.

    First go earlier revisions, then documents that are not registered, then the catalogs of those that are:
    they can be compiled again without a network.

    Args:
        limit: Bytes.
        registered: The directories of registered APIs.
        spared: A directory that is in use right now.
    """
    documents = cached_documents(cache_dir)
    over = sum(one.size for one in documents) - limit
    start = over
    for remove in _removable(documents, registered, spared):
        if over <= 0:
            break
        over -= remove()
    return max(start - over, 0)


def _removable(
    documents: list[CachedDocument], registered: Collection[str], spared: str
) -> Iterator[Callable[[], int]]:
    """Return what may go, each as a function that removes it and returns how many bytes that were."""
    for one in documents:
        revisions = Revisions.in_directory(one.directory, one.location)
        current = revisions.current()
        if current is None:
            continue
        held = _in_use(revisions, current)
        old = [pointer["revision"] for pointer in reversed(revisions.history())]
        for revision in old:
            if revision not in held:
                yield partial(_remove_revision, revisions, revision)
    others = [one for one in documents if one.directory != spared]
    for one in others:
        if one.directory not in registered:
            yield partial(remove_document, one.directory, 0)
    for one in others:
        if one.directory in registered:
            yield partial(_remove_catalogs, one.directory)


def _remove_catalogs(directory: str) -> int:
    return sum(_remove(path) for path, _ in _files(directory) if path.endswith(".sqlite"))


def _of_revision(directory: str, revision: str) -> list[str]:
    return [path for path, _ in _files(directory) if os.path.basename(path).startswith(f"{revision}.")]


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
    """Remove a file, and return how many bytes that were; one that cannot be removed stays."""
    try:
        size = os.lstat(path).st_size
        os.unlink(path)
    except OSError:
        return 0
    return size
