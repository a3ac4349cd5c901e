"""The names of a document's files: the path in a URL, and in messages a path, a URL without query, or `-`."""

import os
from urllib.parse import unquote, urlsplit

from dynacli.urls import without_query

__all__ = ["file_name", "local_path", "shown_file"]


def file_name(uri: str) -> str:
    """Return the name of the file at a URI.

    Args:
        uri: Absolute, without fragment; empty for standard input.
    """
    if not uri:
        return "-"
    parts = urlsplit(uri)
    return local_path(parts.path) if parts.scheme == "file" else without_query(uri)


def local_path(path: str) -> str:
    """Return the path of a `file:` URL as the operating system writes it.

    Only Windows asks `urllib.request`, whose import takes a tenth of the time in which a small document is compiled.
    """
    if os.name != "nt":
        return unquote(path)
    from urllib.request import url2pathname

    return url2pathname(path)


def shown_file(name: str) -> str:
    """Return the path of a file as a person here would write it: relative, where it is below this directory."""
    if not os.path.isabs(name):
        return name
    try:
        relative = os.path.relpath(name)
    except (OSError, ValueError):  # this directory was removed, or the file is on another drive
        return name
    return name if relative.startswith("..") else relative
