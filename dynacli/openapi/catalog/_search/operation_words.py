"""The words by which an operation is known, how the catalog keeps them, and how much they tell operations apart."""

from math import log

from dynacli.openapi.catalog._search.thesaurus import ACTING
from dynacli.record import record

__all__ = ["OperationWords", "rarity"]

_ACTIONS = {done[0]: done for done in ("list", "get", "search", "create", "update", "delete", ACTING)}
_ZERO, _STEPS = ord("A"), 20
"""In a text, an action is its first letter, and how surely it is done, from `A` to `U`."""


@record
class OperationWords:
    """The stems by which an operation is known.

    Args:
        target: Of the last step of its path that is neither a parameter nor a verb: what it is about.
        context: Of the steps before that.
        rest: Of its name, that its path does not have; verbs that say no more than what it does are left out.
        actions: What it does → how surely.
        is_mine: Whether it is about who calls it.
        is_many: Whether it is about several things.
        is_post: Whether its method is POST.
        is_deprecated: Whether the document says so.
        length: Of its path, in characters.
        told: How much all stems of `target`, of `context` and of `rest` together tell operations apart.
    """

    target: tuple[str, ...]
    context: tuple[str, ...]
    rest: tuple[str, ...]
    actions: dict[str, float]
    is_mine: bool
    is_many: bool
    is_post: bool
    is_deprecated: bool
    length: int
    told: tuple[float, ...] = (0.0, 0.0, 0.0)

    @property
    def stems(self) -> tuple[tuple[str, ...], ...]:
        """The stems of `target`, of `context` and of `rest`."""
        return self.target, self.context, self.rest

    def as_text(self) -> str:
        """Return the text that `from_text` reads, which is short, for each operation has one."""
        actions = "".join(
            f"{done[0]}{chr(_ZERO + round(_STEPS * surely))}" for done, surely in self.actions.items()
        )
        flags = (self.is_mine, self.is_many, self.is_post, self.is_deprecated)
        bits = sum(1 << bit for bit, flag in enumerate(flags) if flag)
        numbers = (bits, self.length, *(round(100 * part) for part in self.told))
        return "|".join((*map(" ".join, self.stems), actions, " ".join(map(str, numbers))))

    @classmethod
    def from_text(cls, text: str) -> "OperationWords":
        """Return the words that `as_text` made the text of."""
        # Stems have neither spaces nor bars.
        target, context, rest, actions, numbers = text.split("|")
        bits, length, *told = map(int, numbers.split())
        return cls(
            tuple(target.split()),
            tuple(context.split()),
            tuple(rest.split()),
            {
                _ACTIONS[done]: (ord(surely) - _ZERO) / _STEPS
                for done, surely in zip(actions[::2], actions[1::2], strict=True)
            },
            bool(bits & 1),
            bool(bits & 2),
            bool(bits & 4),
            bool(bits & 8),
            length,
            tuple(part / 100 for part in told),
        )


_UNKNOWN = 0.5


def rarity(count: int | None, operations: int) -> float:
    """Return from 0 to 1, how much a stem tells operations apart; the rarer, the more.

    Args:
        count: The operations that have it; None where the index does not know it.
        operations: All that there are.
    """
    return _UNKNOWN if count is None else log((operations + 1) / (count + 0.5)) / log(operations + 2)
