"""A share of the rows of a batch, or of the operations of a check: every N-th one, beginning with the I-th."""

import re

from dynacli.errors import UsageError
from dynacli.record import record

__all__ = ["Shard", "shard_of"]

_SHARD = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


@record
class Shard:
    """A share; by default it is the whole.

    Args:
        index: Which one, counted from 1.
        count: How many there are.
    """

    index: int = 1
    count: int = 1

    def has(self, number: int) -> bool:
        """Return whether something belongs to the share, by its number, counted from 1."""
        return (number - self.index) % self.count == 0


def shard_of(text: str) -> Shard:
    """Return the share that `I/N` means.

    Raises:
        UsageError: It means none.
    """
    found = _SHARD.fullmatch(text.strip())
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 1 <= shard.index <= shard.count:
        raise UsageError(
            f"`{text}` is not a shard", hint="Give which one of how many, counted from 1: `--shard 2/5`"
        )
    return shard
