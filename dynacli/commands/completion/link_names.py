"""The names of the links of an operation's answers, for completion, which opens nothing but the catalog."""

from collections.abc import Iterator, Mapping

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.model.operation import Operation
from dynacli.schema.documented_values import follow_reference

__all__ = ["link_names"]


def link_names(catalog: Catalog, operation: Operation) -> Iterator[tuple[str, str]]:
    """Yield each link of an operation's answers: its name, and what it leads to."""
    resolve = catalog.resolve
    responses = follow_reference(catalog.part(operation.name)["operation"].get("responses"), resolve)
    for raw in responses.values() if isinstance(responses, Mapping) else ():
        response = follow_reference(raw, resolve)
        links = follow_reference(response.get("links"), resolve) if isinstance(response, Mapping) else None
        for name, value in links.items() if isinstance(links, Mapping) else ():
            link = follow_reference(value, resolve)
            if isinstance(link, Mapping):
                yield name, str(link.get("description") or link.get("operationId") or "")
