"""What a person lets the references of a document lead to, beside its own directory or origin.

That is an origin, or a directory of this machine: what has a scheme is the one, all else is the other.
"""

import os
from collections.abc import Iterable

__all__ = ["allowed_directory", "allowed_place", "directories_of"]


def allowed_directory(word: str, start: str) -> str | None:
    """Return the absolute path of the directory that a person's word names; None where it names an origin.

    Whether the directory is there is not looked at.

    Args:
        word: As a shell would take it, `~` included.
        start: The directory that a relative path starts from.
    """
    if "://" in word:
        return None
    return os.path.normpath(os.path.join(start, os.path.expanduser(word)))


def allowed_place(word: str, start: str) -> str:
    """Return an allowed origin as it was written, or an allowed directory's absolute path."""
    return allowed_directory(word, start) or word


def directories_of(places: Iterable[str]) -> tuple[str, ...]:
    """Return the directories among allowed places, symbolic links resolved, each with its last slash."""
    return tuple(os.path.join(os.path.realpath(one), "") for one in places if os.path.isabs(one))
