"""Whether a document is still what it was when it was compiled.

Files are looked at: a `stat` for each, nothing is read.
What is known of the file that was named stands in the pointer to the current revision. A document of
several files has a list of the others beside it, which is sealed by the pointer.
A document at a URL is fresh for a time, and after that it is used all the same while it is asked for again.
"""

import json
import os
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dynacli.files import write_file

if TYPE_CHECKING:
    from dynacli.library.revisions.open_request import OpenRequest
    from dynacli.library.revisions.revisions import Revisions

__all__ = [
    "DAY",
    "MINUTE",
    "Facts",
    "age_of",
    "are_parts_unchanged",
    "facts_of",
    "is_as_compiled",
    "is_due",
    "is_unchanged",
    "write_parts_list",
]

MINUTE, DAY = 60.0, 86_400.0
_SHORTEST, _LONGEST = MINUTE, 7 * DAY
"""The bounds of what a server says; a person may say what they like."""

Facts = tuple[int, int, int]
"""Size in bytes, time of modification, time of any change, both in nanoseconds; zeros where there is no file."""

_SETTLED_NS = 2_000_000_000
"""A file changed within two seconds before it was read may change again without its time showing it."""

_LIST = "current.parts.json"


def age_of(pointer: dict[str, Any], now: float) -> float:
    """Return for how many seconds nobody has asked whether a document is still the same.

    Args:
        now: Seconds since 1970. Where that is before the document came, one of the two clocks is wrong,
            and the document counts as very old.
    """
    age = now - float(pointer.get("fetched_at", 0))
    return age if age >= 0 else float("inf")


def is_due(pointer: dict[str, Any], now: float, own: float | None = None) -> bool:
    """Tell whether it is time to ask a server whether it has another document.

    Args:
        now: Seconds since 1970.
        own: For how many seconds a document is fresh by the person's word; else the server says it within
            bounds, else it is a day.
    """
    if own is None:
        told = pointer.get("max_age")
        own = DAY if told is None else min(max(told, _SHORTEST), _LONGEST)
    asked = float(pointer.get("asked_at", 0))
    # Who asked and got what may not be used need not ask again at once.
    return age_of(pointer, now) >= own and not 0 <= now - asked < own


def facts_of(path: str) -> Facts:
    """Return what tells that a file has changed."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return 0, 0, 0
    # The last one changes with anything, also where a tool sets the second one back.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_unchanged(pointer: dict[str, Any], facts: Facts) -> bool:
    """Tell whether the file that was named is what it was when it was last looked at."""
    known = pointer.get("size"), pointer.get("mtime_ns"), pointer.get("ctime_ns")
    return any(facts) and known == facts and _is_settled(facts[1], pointer)


def _is_settled(modified_ns: int, pointer: dict[str, Any]) -> bool:
    return modified_ns + _SETTLED_NS < int(pointer.get("checked_ns", 0))


def are_parts_unchanged(directory: str, pointer: dict[str, Any]) -> bool:
    """Tell whether the other files of a document are what they were, and those that were missing still are.

    Args:
        directory: What is kept of the document.
        pointer: To its current revision.
    """
    if "parts" not in pointer:
        return True  # it is one file
    try:
        with open(os.path.join(directory, _LIST), "rb") as file:
            content = file.read()
        if pointer["parts"] != _seal_of(content):
            return False
        found = json.loads(content)
        paths, known = found["paths"], [tuple(one) for one in found["facts"]]
        newest = max((modified for _, modified, _ in known), default=0)
        return _is_settled(newest, pointer) and known == [facts_of(path) for path in paths]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return False  # torn or foreign: the files are read again


def is_as_compiled(open_request: "OpenRequest", revisions: "Revisions", pointer: dict[str, Any]) -> bool:
    """Tell whether what a person lays over the document of a URL, or joins to it, is what it was.

    An overlay is a file of this machine, which may be edited at any time.
    """
    if not open_request.is_met_by(pointer):
        return False
    return not open_request.layers or are_parts_unchanged(revisions.directory, pointer)


def write_parts_list(directory: str, parts: Mapping[str, Facts]) -> str:
    """Write the list of a document's other files, and return the seal for the pointer.

    Args:
        directory: What is kept of the document.
        parts: Absolute path → what was known before the file was read.

    Raises:
        OSError: It cannot be written.
    """
    content = json.dumps({"paths": list(parts), "facts": list(parts.values())}).encode()
    write_file(os.path.join(directory, _LIST), content)
    return _seal_of(content)


def _seal_of(content: bytes) -> str:
    return f"{zlib.crc32(content):08x}"
