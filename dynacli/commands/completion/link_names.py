"""The names of the links of an operation's answers, for completion, which opens nothing but the catalog."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.client.links.linked_operation import linked_operation, links_in
from dynacli.schema.documented_values import follow_reference

__all__ = ["link_names"]

_FLAG = "--follow"


def link_names(catalog: Catalog, name: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each link that can be followed next: its name, and what it leads to.

    Args:
        name: The name of the operation.
        words: The words behind it, in which links may be followed already.
    """
    operations = [name]
    for followed in _followed(words):
        found = [link for each in operations for key, link in _links(catalog, each) if key == followed]
        targets = (linked_operation(catalog, link, "") for link in found)
        operations = list(dict.fromkeys(each for each in targets if each is not None))
    for operation in operations:
        for key, link in _links(catalog, operation):
            yield key, str(link.get("description") or link.get("operationId") or "")


def _followed(words: Sequence[str]) -> Iterator[str]:
    for word, value in zip(words, (*words[1:], ""), strict=False):
        if word.startswith(f"{_FLAG}="):
            yield word.partition("=")[2]
        elif word == _FLAG and value:
            yield value


def _links(catalog: Catalog, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the links of an operation's answers by name."""
    follow = partial(follow_reference, resolve=catalog.resolve)
    for _, _, key, link in links_in(follow(catalog.part(name)["operation"].get("responses")), follow):
        yield key, link
