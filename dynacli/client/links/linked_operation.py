"""Links of responses, and the operations that they refer to (OpenAPI 3.2.0, "Link Object")."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.openapi.catalog.catalog_file import Catalog


def links_in(
    responses: Any, follow: Callable[[Any], Any]
) -> Iterator[tuple[str, Mapping[str, Any], str, Mapping[str, Any]]]:
    """Yield for each link the status and the Response Object with it, its name, and the Link Object.

    Args:
        responses: Responses Object of an operation.
        follow: Follows references.
    """
    for status, reference in responses.items() if isinstance(responses, Mapping) else ():
        response = follow(reference)
        links = response.get("links") if isinstance(response, Mapping) else None
        for name, raw in links.items() if isinstance(links, Mapping) else ():
            link = follow(raw)
            if isinstance(link, Mapping):
                yield str(status), response, name, link


def linked_operation(catalog: Catalog, link: Mapping[str, Any], uri: str) -> str | None:
    """Return the name of the operation that a link refers to; None if the document does not have it.

    Args:
        link: The Link Object.
        uri: URI of the document.
    """
    wanted, ref = link.get("operationId"), link.get("operationRef")
    if isinstance(wanted, str):
        return _first_name(catalog, "operation_id = ?", wanted)
    path_and_method = _method_and_path(ref, uri) if isinstance(ref, str) else None
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
    return _method_and_path(ref, uri) is None


def _method_and_path(ref: str, uri: str) -> tuple[str, str] | None:
    """Return the path and the method in an `operationRef`; None if it refers to another document."""
    from dynacli.openapi.document.json_trees import from_fragment

    document, _, fragment = ref.partition("#")
    if document and document != uri and not uri.endswith("/" + document.removeprefix("./")):
        return None
    steps = from_fragment("#" + fragment) or ()
    return (steps[1], steps[-1].lower()) if len(steps) > 2 and steps[0] == "paths" else ("", "")
