"""Lists and spans of time as messages write them: `a, b and c`, `3 days`."""

from collections.abc import Iterable, Sequence

__all__ = ["age_text", "counted", "did_you_mean", "enumerated", "listed_near", "near_names"]

_YEAR = 365.2425 * 86_400
_MOST_NEAR, _MOST_LISTED = 3, 20
"""Names that a message has, if they are near, and if they are all that there are."""


def enumerated(words: Sequence[str], conjunction: str = "and", most: int = 0) -> str:
    """Return words as a message lists them: `a, b and c`.

    Args:
        conjunction: The word before the last item.
        most: How many words to name; the others are counted ("and 3 more"). 0 names all.
    """
    if most and len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most} more"
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def near_names(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that a word comes near, in any case: mistyped, or a part of one; the nearest first."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.casefold(), name)
    key = word.casefold()
    parts = [each for each in folded if len(key) > 2 and key in each]
    near = [*get_close_matches(key, folded, _MOST_NEAR, 0.6), *parts]
    return [folded[each] for each in dict.fromkeys(near)][:_MOST_NEAR]


def listed_near(word: str, names: Iterable[str]) -> str:
    """Return names as a message lists them, those that a word comes near first, and how many more there are."""
    names = list(names)
    listed = [f"`{name}`" for name in dict.fromkeys([*near_names(word, names), *names])]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def did_you_mean(near: Sequence[str], otherwise: str = "") -> str:
    """Return the question whether one of some names was meant; where there are none, what is said instead."""
    return f"Did you mean {enumerated([f'`{name}`' for name in near], 'or')}?" if near else otherwise


def age_text(seconds: float) -> str:
    """Return a span of time in its largest unit, for example `3 days`; years from two on."""
    if seconds == float("inf"):
        return "an unknown time"
    if seconds >= 2 * _YEAR:  # files of npm's archives are of 1985
        return f"{int(seconds // _YEAR)} years"
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return "less than a minute"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, whose plural ends in `s`: `1,223 operations`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
