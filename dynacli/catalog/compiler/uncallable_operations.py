"""The operations of a document that cannot be called, with the reasons that a call of them gives."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.catalog.compiler.operation_inputs import SkippedOperationError
from dynacli.document.load import Document
from dynacli.document.references.scan import follow_references, lookup
from dynacli.model.kebab_names import kebab
from dynacli.model.lenient_reading import dict_or_empty, text_or_empty
from dynacli.text.terminal import visible

__all__ = ["LeftOut", "check_is_readable", "path_fault", "why_unread"]

_MAX_HOPS = 50
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, and what else ends a line."""


@dataclass
class LeftOut:
    """The operations that are left out of a catalog.

    Args:
        warn: Called with a message and the steps of a pointer.
        rows: For each operation its `names`, by any of which a person may call it, and `why` it is left out.
    """

    warn: Callable[..., None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, method: str, path: str, operation: Any, why: str, where: tuple[str, ...]) -> None:
        """Leave an operation out, with a warning."""
        path = visible(path, keep="")
        self.warn(f"`{method} {path}` is left out: {why}", *where)
        own = dict_or_empty(operation)
        texts = (*map(text_or_empty, (own.get("x-cli-name"), own.get("operationId"))), f"{method} {path}")
        names = [name for text in texts if (name := kebab(text))]
        self.rows.append({"names": names, "why": f"`{method} {path}`: {why}"})


def path_fault(path: str) -> str:
    """Return why no operation of a path can be called; empty if they can."""
    return "the path has a line break or another control character" if _CONTROLS.search(path) else ""


def check_is_readable(document: Document, operation: Mapping[str, Any]) -> None:
    """Check that an operation and its body are in no file that cannot be read; without a parameter it can be called.

    Args:
        operation: The operation, with its references in place.

    Raises:
        SkippedOperationError: The operation or the body is in such a file.
    """
    if not document.unread:
        return
    body = operation.get("requestBody")
    followed = follow_references(document.tree, body)
    for part in (operation, body, followed.get("content") if isinstance(followed, Mapping) else None):
        if why := why_unread(document, part):
            raise SkippedOperationError(why)


def why_unread(document: Document, value: Any) -> str:
    """Return why an object's reference to another file cannot be followed; empty where it can, or has none."""
    for _ in range(_MAX_HOPS):
        ref = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(ref, str):
            return ""
        if ref in document.unread:
            return f"`{ref}` cannot be followed: {document.unread[ref]}"
        try:
            value = lookup(document.tree, ref)
        except LookupError:
            return ""
    return ""
