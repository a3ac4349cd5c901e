"""The webhooks of a document: requests that the API's server sends, so that they are no commands."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.document.path_items import operations_of
from dynacli.document.pointer import join
from dynacli.document.references.scan import follow_references
from dynacli.model.lenient_reading import text_or_empty
from dynacli.model.operation import WEBHOOKS

__all__ = ["webhook_components"]

_KEYS = ("webhooks", "x-webhooks")
"""The keyword of OpenAPI 3.1 and later, and the extension that documents of 3.0 use."""


def webhook_components(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield pointer → Path Item of each webhook, references in place, and `WEBHOOKS` → a list of rows for all."""
    rows = _rows(tree)
    if rows:
        yield WEBHOOKS, rows
    for pointer, _, raw in _webhooks(tree):
        yield pointer, raw


def _rows(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for pointer, name, raw in _webhooks(tree):
        item = follow_references(tree, raw)
        if not isinstance(item, Mapping):
            continue
        entries = [entry for entry in operations_of(item) if isinstance(entry.operation, Mapping)]
        holders = [*(entry.operation for entry in entries), item]
        summaries = [text_or_empty(holder.get("summary")) for holder in holders]
        rows.append(
            {
                "name": name,
                "pointer": pointer,
                "methods": [entry.method for entry in entries],
                "summary": next(filter(None, summaries), ""),
            }
        )
    return rows


def _webhooks(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key in _KEYS:
        webhooks = tree.get(key)
        for name, raw in webhooks.items() if isinstance(webhooks, Mapping) else ():
            if not name.startswith("x-"):
                yield join((key, name)), name, raw
