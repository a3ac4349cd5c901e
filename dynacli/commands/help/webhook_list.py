"""The webhooks of a document as a list: apart from what they are, so that a page of many names needs no schemas."""

from typing import Any

from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import WEBHOOKS
from dynacli.text.markdown.markdown import first_sentence
from dynacli.text.terminal import Painter, visible

__all__ = ["find_webhook", "webhook_lines", "webhooks_of"]


def webhooks_of(api: OpenedApi) -> list[dict[str, Any]]:
    """Return the webhooks of a document: `name`, `pointer`, `methods` and `summary` of each."""
    found, rows = api.catalog.component(WEBHOOKS)
    return list(rows) if found else []


def webhook_lines(webhooks: list[dict[str, Any]], width: int, paint: Painter) -> list[str]:
    """Return a line for each webhook: its name and its summary, cut to the width."""
    column = min(max((len(one["name"]) for one in webhooks), default=0), 44) + 2
    lines = []
    for one in webhooks:
        told = first_sentence(one["summary"], max(width - max(column, len(one["name"]) + 2) - 4, 20))
        lines.append(f"  {visible(one['name'], keep='').ljust(column)}{paint.dim(told)}".rstrip())
    return lines


def find_webhook(webhooks: list[dict[str, Any]], word: str) -> dict[str, Any] | None:
    """Return the webhook that a word means: its name, also in kebab case; None where there is none."""
    from dynacli.model.kebab_names import kebab

    for one in webhooks:
        if one["name"] == word:
            return one
    return next((one for one in webhooks if kebab(one["name"]) == kebab(word) != ""), None)
