"""Lists of words, as messages write them."""

from collections.abc import Sequence

__all__ = ["enumerated"]


def enumerated(words: Sequence[str], conjunction: str = "and", most: int = 0) -> str:
    """Return words as a message lists them: `a, b and c`.

    Args:
        conjunction: Before the last one.
        most: Of more than that, only so many are named, and the others counted; 0 for all.
    """
    if most and len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most} more"
    return f" {conjunction} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
