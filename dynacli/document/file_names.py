"""The names of a document's files in messages: a path, a URL without query, or `-`."""

import os
from urllib.parse import urlsplit

from dynacli.urls import without_query

__all__ = ["file_name", "shown_file"]


def file_name(uri: str) -> str:
    """Return the name of the file at a URI.

    Args:
        uri: Absolute, without fragment; empty for standard input.
    """
    if not uri:
        return "-"
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return without_query(uri)
    from urllib.request import url2pathname

    return url2pathname(parts.path)


def shown_file(name: str) -> str:
    """Return the path of a file as a person here would write it: relative, where it is below this directory."""
    if not os.path.isabs(name):
        return name
    try:
        relative = os.path.relpath(name)
    except (OSError, ValueError):  # this directory was removed, or the file is on another drive
        return name
    return name if relative.startswith("..") else relative
