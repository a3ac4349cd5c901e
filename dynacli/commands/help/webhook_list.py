"""The list of a document's webhooks, apart from their descriptions, which take reading schemas."""

from typing import Any

from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import WEBHOOKS
from dynacli.text.terminal import Painter
from dynacli.text.text_blocks import short_sentence
from dynacli.text.wrapping import quoted_within, word_or_quoted

__all__ = ["find_webhook", "webhook_lines", "webhooks_of"]


def webhooks_of(api: OpenedApi) -> list[dict[str, Any]]:
    """Return the webhooks of a document: `name`, `pointer`, `methods` and `summary` of each."""
    is_found, rows = api.catalog.component(WEBHOOKS)
    return list(rows) if is_found else []


def webhook_lines(webhooks: list[dict[str, Any]], width: int, paint: Painter) -> list[str]:
    """Return a line for each webhook: its name and its summary, cut to the width."""
    column = min(max((len(webhook["name"]) for webhook in webhooks), default=0), 44) + 2
    lines = []
    for webhook in webhooks:
        name, summary = webhook["name"], " ".join(webhook["summary"].split())
        room = max(width - max(column, len(name) + 2) - 6, 20)
        about = quoted_within(short_sentence(summary, room), room + 2)
        lines.append(f"  {word_or_quoted(name).ljust(column)}{paint.dim(about)}".rstrip())
    return lines


def find_webhook(webhooks: list[dict[str, Any]], word: str) -> dict[str, Any] | None:
    """Return the webhook that a word names, exactly or in kebab case; None where there is none."""
    from dynacli.model.kebab_names import kebab

    for webhook in webhooks:
        if webhook["name"] == word:
            return webhook
    return next((webhook for webhook in webhooks if kebab(webhook["name"]) == kebab(word) != ""), None)
