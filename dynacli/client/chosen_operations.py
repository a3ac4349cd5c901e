"""The operations that `--only` chooses: words name operations and tags."""

from collections.abc import Iterable, Iterator

from dynacli.client.unknown_operation import unknown_operation
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import OperationSummary

__all__ = ["chosen_operations"]


def chosen_operations(api: OpenedApi, words: Iterable[str]) -> Iterator[OperationSummary]:
    """Yield the operations that words name, in the order of the document; without words all that are not hidden.

    Raises:
        UsageError: A word names neither an operation nor a tag.
    """
    catalog = api.catalog
    names: set[str] = set()
    for word in words:
        name, tag = catalog.find(word), catalog.tag(word)
        if name is not None:
            names.add(name)
        elif tag:
            names.update(each.name for each in catalog.each_summary(tag))
        else:
            raise unknown_operation(api, word)
    for summary in catalog.each_summary():
        if summary.name in names if words else not summary.is_hidden:
            yield summary
