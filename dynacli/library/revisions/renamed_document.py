"""Documents that are the same but for their title or version, in which some servers write the time or a build."""

from collections.abc import Mapping
from typing import Any

from dynacli.errors import DocumentError

__all__ = ["new_name"]

_FIELDS = ("title", "version")
_MOST_BYTES = 500
"""How much longer or shorter a document may become by another title and version."""


def new_name(old: bytes, new: bytes) -> dict[str, str] | None:
    """Return the title and the version of a document if nothing else is new in it; None if something is.

    Args:
        old: The document before.
        new: The document.
    """
    if old == new or abs(len(old) - len(new)) > _MOST_BYTES:
        return None
    before, after = _parsed(old), _parsed(new)
    if before is None or after is None or _without_name(before) != _without_name(after):
        return None
    name = {key: after["info"].get(key) for key in _FIELDS}
    return {key: value for key, value in name.items() if isinstance(value, str)}


def _parsed(content: bytes) -> dict[str, Any] | None:
    """Return a document with an object `info`; None where it is none."""
    from dynacli.document.reading.parse import parse_file

    try:
        tree = parse_file(content, name="the document").tree
    except DocumentError:
        return None
    return tree if isinstance(tree, dict) and isinstance(tree.get("info"), dict) else None


def _without_name(tree: Mapping[str, Any]) -> dict[str, Any]:
    info = {key: value for key, value in tree["info"].items() if key not in _FIELDS}
    return {**tree, "info": info}
