"""Whether a document is due to be fetched again, and whether a file is what it was when it was compiled.

A document at a URL is fresh for a time; after that it is due: it is used all the same while it is fetched again.
Files of this machine are not read to tell that they changed: one `stat` each is compared with what the pointer to the
current revision says of the document, and a list beside it of the files that the document refers to.
"""

import json
import os
import time
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.files import write_file
from dynacli.library.revisions.open_request import BLOCKING
from dynacli.regular_files import regular_file

if TYPE_CHECKING:
    from dynacli.library.revisions.open_request import OpenRequest
    from dynacli.library.revisions.revisions import Revisions

__all__ = [
    "DAY",
    "MINUTE",
    "Facts",
    "age_of",
    "are_referenced_files_unchanged",
    "facts_of",
    "is_as_compiled",
    "is_compiled_as_asked",
    "is_due",
    "is_due_now",
    "is_unchanged",
    "must_fetch_first",
    "write_file_list",
]

MINUTE, DAY = 60.0, 86_400.0
_SHORTEST, _LONGEST = MINUTE, 7 * DAY
"""The bounds of the lifetime that a server gives; a person may set any."""

Facts = tuple[int, int, int]
"""Size in bytes, time of modification, time of any change, both in nanoseconds; zeros where there is no file."""

_SETTLED_NS = 2_000_000_000
"""A file changed within two seconds before it was read may change again without its time showing it."""

_LIST = "current.parts.json"


def is_due_now(open_request: "OpenRequest", pointer: dict[str, Any]) -> bool:
    """Tell whether it is time to ask the server for a document again."""
    return is_due(pointer, time.time(), open_request.lifetime)


def must_fetch_first(open_request: "OpenRequest", pointer: dict[str, Any]) -> bool:
    """Tell whether a document is due, and the command has to wait for the new one."""
    return open_request.mode == BLOCKING and not open_request.offline and is_due_now(open_request, pointer)


def is_due(pointer: dict[str, Any], now: float, lifetime: float | None = None) -> bool:
    """Tell whether it is time to ask the server for a document again.

    Args:
        now: Seconds since 1970.
        lifetime: For how many seconds a document is fresh, where the person says so; else the server says it within
            bounds, else it is a day.
    """
    if lifetime is None:
        max_age = pointer.get("max_age")
        lifetime = DAY if max_age is None else min(max(max_age, _SHORTEST), _LONGEST)
    # After an answer that could not be used the server is not asked again at once either.
    asked_at = float(pointer.get("asked_at", 0))
    return age_of(pointer, now) >= lifetime and not 0 <= now - asked_at < lifetime


def age_of(pointer: dict[str, Any], now: float) -> float:
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
    """Tell whether the file of a document is what it was when it was compiled."""
    known = pointer.get("size"), pointer.get("mtime_ns"), pointer.get("ctime_ns")
    return any(facts) and known == facts and _is_settled(facts[1], pointer)


def _is_settled(modified_ns: int, pointer: dict[str, Any]) -> bool:
    return modified_ns + _SETTLED_NS < int(pointer.get("checked_ns", 0))


def are_referenced_files_unchanged(directory: str, pointer: dict[str, Any]) -> bool:
    """Tell whether the files that a document refers to are what they were, and missing files are still missing.

    Args:
        directory: The document's directory in the cache.
        pointer: To its current revision.
    """
    if "parts" not in pointer:
        return True  # it refers to none
    try:
        with open(os.path.join(directory, _LIST), "rb", opener=regular_file) as file:
            content = file.read()
        if pointer["parts"] != _checksum_of(content):
            return False
        found = json.loads(content)
        paths, known = found["paths"], [tuple(facts) for facts in found["facts"]]
        newest = max((modified for _, modified, _ in known), default=0)
        return _is_settled(newest, pointer) and known == [facts_of(path) for path in paths]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return False  # the list is damaged: the files are read again


def is_compiled_as_asked(open_request: "OpenRequest", pointer: dict[str, Any]) -> bool:
    """Tell whether a revision was compiled with the same further documents, overlays and allowed references.

    What is allowed matters only to a document that refers to other files.
    """
    more, overlays = tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ()))
    if (more, overlays) != (open_request.more, open_request.overlays):
        return False
    return "parts" not in pointer or tuple(pointer.get("allow_refs", ())) == open_request.allow_refs


def is_as_compiled(open_request: "OpenRequest", revisions: "Revisions", pointer: dict[str, Any]) -> bool:
    """Tell whether the overlays of a document at a URL, and the documents joined to it, are what they were.

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
        OSError: It cannot be written.
    """
    content = json.dumps({"paths": list(files), "facts": list(files.values())}).encode()
    write_file(os.path.join(directory, _LIST), content)
    return _checksum_of(content)


def _checksum_of(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"
