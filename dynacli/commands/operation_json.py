"""Operations in the shape in which lists of them are written as JSON."""

from typing import Any

from dynacli.model.operation import OperationSummary

__all__ = ["operation_row"]


def operation_row(api: str, one: OperationSummary) -> dict[str, Any]:
    """Return an operation as a row.

    Args:
        api: How the API is called.
    """
    return {
        "api": api,
        "name": one.name,
        "operation_id": one.operation_id or None,
        "method": one.method,
        "path": one.path,
        "tags": list(one.tags),
        "summary": one.summary,
        "deprecated": one.is_deprecated,
    }
