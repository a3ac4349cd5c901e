"""A call to a path that the document does not have: its servers and credentials hold, and nothing is judged."""

from functools import cached_property
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_at import no_operation_at
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Body, MediaType, Operation, ValueType

__all__ = ["UndocumentedOperation", "undocumented_note", "undocumented_operation"]

_ANY_BODY = Body((MediaType("application/json", ValueType()), MediaType("*/*", ValueType())))
_WITHOUT_BODY = frozenset({"GET", "HEAD", "TRACE"})


class UndocumentedOperation(DescribedOperation):
    """An operation that is made of a method and a path alone."""

    is_documented = False

    @cached_property
    def part(self) -> dict[str, Any]:
        """Return what a document that allows anything would say of it."""
        content: dict[str, Any] = {media_type.name: {} for media_type in _ANY_BODY.content}
        return {"operation": {"requestBody": {"content": content}}, "path_item": {}}


def undocumented_operation(api: OpenedApi, method: str, path: str) -> UndocumentedOperation:
    """Return the operation of a method and a path that the document does not have.

    Its credentials are those of most operations that there are, where they are at hand.

    Args:
        method: A word of letters is sent in upper case.
        path: With its query.

    Raises:
        UsageError: The path has placeholders, or the method is none.
    """
    method = method.upper() if method.isalpha() else method
    if "{" in path or not (method.isascii() and method.replace("-", "").isalnum()):
        raise no_operation_at(api, method, path)
    security = (*(sign_in.schemes for sign_in in api.catalog.overview().sign_ins), ())
    operation = Operation(
        f"{method} {path}",
        "",
        method,
        path,
        "A path that the document does not have",
        body=None if method in _WITHOUT_BODY else _ANY_BODY,
        security=security,
    )
    return UndocumentedOperation(api, operation)


def undocumented_note(described: DescribedOperation) -> str:
    """Return the note that nothing is judged, and why."""
    operation = described.operation
    missing = no_operation_at(described.api, operation.method, operation.path)
    near = f". {missing.hint}" if missing.details["near"] else ""
    return f"Not judged: {missing.message}. {missing.why}{near}"
