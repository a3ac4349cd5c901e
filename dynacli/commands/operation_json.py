"""An operation as an entry of the lists that verbs write as JSON."""

from typing import Any

from dynacli.model.operation import OperationSummary

__all__ = ["operation_row"]


def operation_row(api: str, operation: OperationSummary) -> dict[str, Any]:
    """Return the entry of an operation.

    Args:
        api: The name of the API.
    """
    return {
        "api": api,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "tags": list(operation.tags),
        "summary": operation.summary,
        "deprecated": operation.is_deprecated,
    }
