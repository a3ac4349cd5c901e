"""The webhooks of a document: requests that its server sends, which nobody calls from here."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.document.path_items import operations_of
from dynacli.document.pointer import join
from dynacli.document.references.scan import follow_references
from dynacli.model.lenient_reading import text_or_empty
from dynacli.model.operation import WEBHOOKS

__all__ = ["webhook_components"]

_KEYS = ("webhooks", "x-webhooks")
"""OpenAPI 3.1 and later, and how documents of 3.0 say it."""


def webhook_components(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield pointer → Path Item of the webhooks, references in place, and `WEBHOOKS` → the list of them.

    The list has `name`, `pointer`, `methods` and `summary` of each.
    """
    rows = _rows(tree)
    if rows:
        yield WEBHOOKS, rows
    for pointer, _, raw in _each(tree):
        yield pointer, raw


def _rows(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for pointer, name, raw in _each(tree):
        item = follow_references(tree, raw)
        if not isinstance(item, Mapping):
            continue
        entries = [one for one in operations_of(item) if isinstance(one.operation, Mapping)]
        told = [text_or_empty(one.operation.get("summary")) for one in entries]
        rows.append(
            {
                "name": name,
                "pointer": pointer,
                "methods": [one.method for one in entries],
                "summary": next((one for one in [*told, text_or_empty(item.get("summary"))] if one), ""),
            }
        )
    return rows


def _each(tree: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key in _KEYS:
        webhooks = tree.get(key)
        for name, raw in webhooks.items() if isinstance(webhooks, Mapping) else ():
            if not name.startswith("x-"):
                yield join((key, name)), name, raw
