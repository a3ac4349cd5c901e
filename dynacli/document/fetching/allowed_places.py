"""The places that a person lets the references of a document lead to, beside its own directory or origin.

A place is an origin, where it has a scheme, or else a directory of this machine.
"""

import os
from collections.abc import Iterable

__all__ = ["allowed_directory", "allowed_place", "directories_of"]


def allowed_directory(word: str, start: str) -> str | None:
    """Return the absolute path of an allowed directory, which need not exist; None for an origin.

    Args:
        word: The origin or directory as a person writes it; `~` is the home directory.
        start: The directory that a relative path starts from.
    """
    if "://" in word:
        return None
    return os.path.normpath(os.path.join(start, os.path.expanduser(word)))


def allowed_place(word: str, start: str) -> str:
    """Return an allowed origin as it was written, or the absolute path of an allowed directory."""
    return allowed_directory(word, start) or word


def directories_of(places: Iterable[str]) -> tuple[str, ...]:
    """Return the directories among allowed places, symbolic links resolved, each with a slash at its end."""
    return tuple(os.path.join(os.path.realpath(place), "") for place in places if os.path.isabs(place))
