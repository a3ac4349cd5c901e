"""Lists of words as messages write them: `a, b and c`."""

from collections.abc import Sequence

__all__ = ["enumerated"]


def enumerated(words: Sequence[str], conjunction: str = "and", most: int = 0) -> str:
    """Return words as a message lists them: `a, b and c`.

    Args:
        conjunction: The word before the last item.
        most: How many words to name; the others are counted ("and 3 more"). 0 names all.
    """
    if most and len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most} more"
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
