"""The names of the links of an operation's answers, for completion, which opens nothing but the catalog."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.client.links.linked_operation import linked_operation, links_in
from dynacli.options.parsed_words import ParsedWords
from dynacli.schema.documented_values import follow_reference

__all__ = ["link_names"]


def link_names(catalog: Catalog, name: str, line: ParsedWords) -> Iterator[tuple[str, str]]:
    """Yield each link that can be followed next: its name, and what it leads to.

    Args:
        name: The name of the operation.
        line: The words behind it, in which links may be followed already.
    """
    operations = [name]
    for followed in filter(None, line.values_of(("--follow",))):
        found = [link for each in operations for key, link in _links(catalog, each) if key == followed]
        targets = (linked_operation(catalog, link, "") for link in found)
        operations = list(dict.fromkeys(each for each in targets if each is not None))
    for operation in operations:
        for key, link in _links(catalog, operation):
            yield key, str(link.get("description") or link.get("operationId") or "")


def _links(catalog: Catalog, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the links of an operation's answers by name."""
    follow = partial(follow_reference, resolve=catalog.resolve)
    for _, _, key, link in links_in(follow(catalog.part(name)["operation"].get("responses")), follow):
        yield key, link
