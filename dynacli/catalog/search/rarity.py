"""How much a stem tells the operations of a document apart."""

from math import log

__all__ = ["rarity"]

_UNKNOWN = 0.5


def rarity(count: int | None, operations: int) -> float:
    """Return from 0 to 1, how much a stem tells operations apart; the rarer, the more.

    Args:
        count: The operations that have it; None where the index does not know it.
        operations: All that there are.
    """
    return _UNKNOWN if count is None else log((operations + 1) / (count + 0.5)) / log(operations + 2)
