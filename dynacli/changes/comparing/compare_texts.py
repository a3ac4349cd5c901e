"""Words for people, and what is said of the end of something."""

from typing import Any

from dynacli.changes.comparing.compared_document import Place, below
from dynacli.changes.comparing.comparison import Comparison, Pair, Use

__all__ = ["compare_deprecation", "compare_text", "compare_texts"]

_SAME = "same-on-the-wire"
_SUNSET = "x-sunset"


def compare_texts(
    run: Comparison, pair: Pair, old: Place, new: Place, words: tuple[str, ...], use: Use | None = None
) -> None:
    """Compare the texts of two objects under some keywords."""
    for word in words:
        was, now = below(old, word), below(new, word)
        compare_text(
            run, pair, f"{word}-changed", now if now.node is not None else was, was.node, now.node, use=use
        )


def compare_text(
    run: Comparison, pair: Pair, kind: str, place: Place, was: Any, now: Any, use: Use | None = None
) -> None:
    """Compare two texts; how their words are spread over lines is no difference."""
    before, after = (" ".join(one.split()) if isinstance(one, str) else None for one in (was, now))
    if (before or None) != (after or None):
        run.tell(pair, kind, place, before, after, rule=_SAME, use=use)


def compare_deprecation(
    run: Comparison,
    pair: Pair,
    old: Place,
    new: Place,
    flags: tuple[Any, Any] | None = None,
    use: Use | None = None,
) -> None:
    """Compare whether two objects are deprecated, and until when they are to be there.

    Args:
        flags: Where each says so, for schemas, which may say it in a part; else it is looked for.
    """
    sides = (old, new)
    if flags is None:
        told = [below(one, "deprecated") for one in sides]
        was, now = (one if one.node is True else None for one in told)
    else:
        was, now = (None if one is None else one.place for one in flags)
    if was is None and now is not None:
        run.tell(pair, "deprecated", now, from_=False, to=True, rule=_SAME, use=use)
    elif was is not None and now is None:
        run.tell(pair, "deprecation-lifted", was, from_=True, to=False, rule=_SAME, use=use)
    dates = [below(one, _SUNSET) for one in sides]
    before, after = (one.node if isinstance(one.node, str) else None for one in dates)
    if before != after:
        place = dates[1] if after is not None else dates[0]
        run.tell(pair, "sunset-changed", place, before, after, use=use)
