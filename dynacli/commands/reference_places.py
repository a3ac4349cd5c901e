"""Places that a person lets references of a document lead to: origins and directories."""

import os

from dynacli.document.fetching.allowed_places import allowed_directory
from dynacli.errors import UsageError
from dynacli.request.choose_server import parse_origin

__all__ = ["parse_place"]

_HINT = "Give an origin such as `https://api.example.com`, or a directory such as `../common`"


def parse_place(word: str, option: str = "--allow-ref") -> str:
    """Return the origin, or the absolute path of the directory, that a word names.

    Args:
        option: What it was given to.

    Raises:
        UsageError: It names neither.
    """
    path = allowed_directory(word, os.getcwd()) if word.strip() else ""
    if path is None:
        return parse_origin(word, option)
    what = f"The value of `{option}` is neither an origin nor a directory"
    if not path or "\0" in path:
        raise UsageError(what, hint=_HINT)
    if os.path.isdir(path):
        return path
    if os.path.exists(path):
        raise UsageError(
            what, why=f"`{path}` is a file", hint=f"Give its directory, `{os.path.dirname(path)}`"
        )
    raise UsageError(what, why=f"There is no directory `{path}`", hint=_HINT)
