"""The operations of a document that cannot be called, so that a call of one can say why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.catalog.compiler.operation_inputs import SkippedOperationError
from dynacli.document.load import Document
from dynacli.document.references.scan import follow_references, lookup
from dynacli.model.kebab_names import kebab
from dynacli.model.lenient_reading import text_or_empty

__all__ = ["LeftOut", "check_is_readable", "why_unread"]

_MAX_HOPS = 50


@dataclass
class LeftOut:
    """The operations that are left out of one catalog.

    Args:
        warn: Called with a message and the steps of a pointer.
        rows: What the catalog keeps of each: `names`, any of which a person may call it by, and `why`.
    """

    warn: Callable[..., None]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, method: str, path: str, operation: Any, why: str, where: tuple[str, ...]) -> None:
        """Leave an operation out, with a warning."""
        self.warn(f"`{method} {path}` is left out: {why}", *where)
        wanted = (
            [text_or_empty(operation.get(key)) for key in ("x-cli-name", "operationId")]
            if isinstance(operation, Mapping)
            else []
        )
        names = [name for each in (*wanted, f"{method} {path}") if (name := kebab(each))]
        self.rows.append({"names": names, "why": f"`{method} {path}`: {why}"})


def check_is_readable(document: Document, item: Mapping[str, Any], operation: Mapping[str, Any]) -> None:
    """Raise where what an operation consists of is in a file that cannot be read.

    Args:
        document: The document.
        item: The path item, as it stands.
        operation: The operation, as it stands.

    Raises:
        SkippedOperationError: The operation, its parameters or its body are.
    """
    if not document.unread:
        return
    body = operation.get("requestBody")
    followed = follow_references(document.tree, body)
    parts = [operation, body, followed.get("content") if isinstance(followed, Mapping) else None]
    for holder in (item, operation):
        parameters = holder.get("parameters")
        parts.extend(parameters if isinstance(parameters, list) else (parameters,))
    for part in parts:
        why = why_unread(document, part)
        if why:
            raise SkippedOperationError(why)


def why_unread(document: Document, value: Any) -> str:
    """Return why an object that refers to another file stands for nothing; empty where it does not."""
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
