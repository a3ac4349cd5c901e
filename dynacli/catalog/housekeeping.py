"""Keeps the cache from growing: what was left behind, what is old, and what is over the limit, the least used first.

Nothing of it is needed: what is removed is read, fetched or compiled again.
What a person would miss stays: the documents of registered APIs, and the revisions that they hold.
"""

import os
import re
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from dynacli.catalog.files import sweep
from dynacli.catalog.freshness import DAY
from dynacli.catalog.pending import held_of
from dynacli.catalog.revisions import Revisions, is_revision
from dynacli.catalog.store import FORMAT

__all__ = [
    "DEFAULT_LIMIT",
    "MOST_REVISIONS",
    "Kept",
    "begin_day",
    "bound",
    "forget_history",
    "kept_documents",
    "remove_document",
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


class Kept(NamedTuple):
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


def begin_day(directory: str, stamp: str) -> None:
    """Remember that a document is used today, and remove what nobody can be using any more.

    Args:
        directory: What is kept of the document.
        stamp: The file whose time is the day of the last use.
    """
    try:
        os.close(os.open(stamp, os.O_CREAT | os.O_WRONLY, 0o600))
        os.utime(stamp)
        sweep(directory)
        for path, status in _files(directory):
            found = _CATALOG.fullmatch(os.path.basename(path))
            last = max(status.st_atime, status.st_mtime)
            if found and int(found[2]) != FORMAT and time.time() - last > _FOREIGN_DAYS * DAY:
                os.unlink(path)
    except OSError:
        return  # a cache that cannot be written stays as it is


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
    held = _in_use(revisions, current)
    for name in _revisions_in(revisions.directory):
        if name not in held:
            _remove_revision(revisions, name)


def _in_use(revisions: Revisions, current: dict[str, Any]) -> set[str]:
    held = held_of(revisions)
    names = {one["revision"] for one in revisions.history() if one.get("is_pinned")}
    names.add(current["revision"])
    if held is not None:
        names.add(held.pointer["revision"])
    return names


def _revisions_in(directory: str) -> set[str]:
    names = (os.path.basename(path).partition(".")[0] for path, _ in _files(directory))
    return {name for name in names if is_revision(name)}


def _remove_revision(revisions: Revisions, revision: str) -> None:
    # What is known of it goes first: what is left without that is nobody's.
    own = _of_revision(revisions.directory, revision)
    for path in sorted(own, key=lambda one: not one.endswith(".json")):
        _remove(path)


def remove_document(directory: str) -> None:
    """Remove all that is kept of a document."""
    # The pointer goes first, so that no reader is led to what is about to go.
    paths = sorted((path for path, _ in _files(directory)), key=lambda one: not one.endswith("current.json"))
    for path in paths:
        _remove(path)
    try:
        os.rmdir(directory)
    except OSError:
        return  # somebody has begun to use it again


def kept_documents(cache_dir: str) -> list[Kept]:
    """Return what is kept of each document, the least used first."""
    found = []
    try:
        with os.scandir(os.path.join(cache_dir, "documents")) as entries:
            directories = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    for directory in directories:
        files = list(_files(directory))
        if not files:
            continue
        times = {os.path.basename(path): status.st_mtime for path, status in files}
        found.append(
            Kept(
                directory,
                location_in(directory),
                sum(status.st_size for _, status in files),
                times.get("used") or max(times.values()),
                len(_revisions_in(directory)),
            )
        )
    return sorted(found, key=lambda one: (one.used, one.directory))


def location_in(directory: str) -> str:
    """Return the source of what is kept in a directory; empty where it does not say."""
    import json

    try:
        with open(os.path.join(directory, "current.json"), encoding="utf-8") as file:
            location = json.load(file).get("location")
    except (OSError, ValueError, RecursionError, AttributeError):
        return ""
    return location if isinstance(location, str) else ""


def bound(cache_dir: str, limit: int, registered: Collection[str], spared: str = "") -> int:
    """Remove what is least used until the cache is within a limit, and return how many bytes that were.

    First go earlier revisions, then documents that are not registered, then the catalogs of those that are:
    they can be compiled again without a network.

    Args:
        limit: Bytes.
        registered: The directories of registered APIs.
        spared: A directory that is in use right now.
    """
    documents = kept_documents(cache_dir)
    over = sum(one.size for one in documents) - limit
    start = over
    for paths in _removable(documents, registered, spared):
        if over <= 0:
            break
        over -= sum(_remove(path) for path in paths)
    return max(start - over, 0)


def _removable(documents: list[Kept], registered: Collection[str], spared: str) -> Iterator[Iterable[str]]:
    for one in documents:
        revisions = Revisions.in_directory(one.directory, one.location)
        current = revisions.current()
        if current is None:
            continue
        held = _in_use(revisions, current)
        old = [pointer["revision"] for pointer in reversed(revisions.history())]
        for revision in old:
            if revision not in held:
                yield _of_revision(one.directory, revision)
    others = [one for one in documents if one.directory != spared]
    for one in others:
        if one.directory not in registered:
            yield [path for path, _ in _files(one.directory)]
    for one in others:
        if one.directory in registered:
            yield [path for path, _ in _files(one.directory) if path.endswith(".sqlite")]


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
