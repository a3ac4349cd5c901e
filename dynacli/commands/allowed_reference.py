"""The value of `--allow-ref`: an origin or a directory that references of a document may lead to."""

import os

from dynacli.document.fetching.allowed_places import allowed_directory
from dynacli.errors import UsageError
from dynacli.request.choose_server import parse_origin

__all__ = ["parse_allowed_reference"]

_HINT = "Give an origin such as `https://api.example.com`, or a directory such as `../common`"


def parse_allowed_reference(word: str, option: str = "--allow-ref") -> str:
    """Return the origin, or the absolute path of the directory, that a word names.

    Args:
        option: The option whose value the word is, for messages.

    Raises:
        UsageError: The word names neither.
    """
    path = allowed_directory(word, os.getcwd()) if word.strip() else ""
    if path is None:
        return parse_origin(word, option)
    summary = f"The value of `{option}` is neither an origin nor a directory"
    if not path or "\0" in path:
        raise UsageError(summary, hint=_HINT)
    if os.path.isdir(path):
        return path
    if os.path.exists(path):
        raise UsageError(
            summary, why=f"`{path}` is a file", hint=f"Give its directory, `{os.path.dirname(path)}`"
        )
    raise UsageError(summary, why=f"There is no directory `{path}`", hint=_HINT)
