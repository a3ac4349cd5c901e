"""Compares the texts that describe two objects, and their deprecation."""

from typing import Any

from dynacli.changes.comparing.compared_document import Place, child, present
from dynacli.changes.comparing.comparison import Pair

__all__ = ["compare_deprecation", "compare_text", "compare_texts"]

_SAME = "same-on-the-wire"
_SUNSET = "x-sunset"


def compare_texts(pair: Pair, old: Place, new: Place, fields: tuple[str, ...]) -> None:
    """Compare the texts of two objects in some fields, such as `summary` and `description`."""
    for field in fields:
        before, after = child(old, field), child(new, field)
        place = present(before, after)
        compare_text(pair, f"{field}-changed", place, before.node, after.node)


def compare_text(pair: Pair, kind: str, place: Place, old: Any, new: Any) -> None:
    """Compare two texts by their words: other line breaks and spaces are no change."""
    before, after = (" ".join(text.split()) if isinstance(text, str) else None for text in (old, new))
    if (before or None) != (after or None):
        pair.add_change(kind, place, before, after, rule=_SAME)


def compare_deprecation(
    pair: Pair, old: Place, new: Place, flags: tuple[Place | None, Place | None] | None = None
) -> None:
    """Compare whether two objects are deprecated, and their dates of removal (`x-sunset`).

    Args:
        flags: Where each is said to be deprecated, for schemas, which may say it in a part; by default
            `deprecated` is looked up in the objects.
    """
    if flags is None:
        found = child(old, "deprecated"), child(new, "deprecated")
        flags = found[0] if found[0].node is True else None, found[1] if found[1].node is True else None
    pair.add_flag_change(("deprecated", "deprecation-lifted"), *flags, rules=(_SAME, _SAME))
    old_date, new_date = child(old, _SUNSET), child(new, _SUNSET)
    before, after = (date.node if isinstance(date.node, str) else None for date in (old_date, new_date))
    if before != after:
        place = new_date if after is not None else old_date
        pair.add_change("sunset-changed", place, before, after)
