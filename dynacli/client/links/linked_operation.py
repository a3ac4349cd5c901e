"""The operations that links of responses refer to (OpenAPI 3.2.0, "Link Object")."""

from collections.abc import Mapping
from typing import Any

from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.links import path_and_method_of


def linked_operation(catalog: Catalog, link: Mapping[str, Any], uri: str) -> str | None:
    """Return the name of the operation that a link refers to; None if the document does not have it.

    Args:
        link: The Link Object.
        uri: URI of the document.
    """
    wanted, ref = link.get("operationId"), link.get("operationRef")
    if isinstance(wanted, str):
        return _first_name(catalog, "operation_id = ?", wanted)
    path_and_method = path_and_method_of(ref, uri) if isinstance(ref, str) else None
    return (
        _first_name(catalog, "path = ? AND lower(method) = ?", *path_and_method)
        if path_and_method is not None
        else None
    )


def _first_name(catalog: Catalog, condition: str, *values: str) -> str | None:
    """Return the name of the first operation for which an SQL condition is true."""
    rows = catalog.rows(f"SELECT name FROM operations WHERE {condition} ORDER BY id LIMIT 1", *values)  # noqa: S608
    return str(rows[0][0]) if rows else None


def leads_elsewhere(ref: str, uri: str) -> bool:
    """Return whether an `operationRef` refers to another document than the one at `uri`."""
    return path_and_method_of(ref, uri) is None
