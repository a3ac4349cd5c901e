"""Places of a conversion: where a part is in the Swagger document, and where in the OpenAPI document."""

from functools import lru_cache
from typing import Any

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Ledger

__all__ = ["ConvertedPlace"]

# The same few steps come again and again: `schema`, `properties`, `0`.
_joined = lru_cache(maxsize=1024)(join)


class ConvertedPlace:
    """The place of a part that is converted.

    Args:
        old: Its JSON pointer in the Swagger document.
        new: Its JSON pointer in the OpenAPI document.
    """

    __slots__ = ("ledger", "new", "old")

    def __init__(self, ledger: Ledger, old: str = "", new: str = "") -> None:
        self.ledger = ledger
        self.old = old
        self.new = new

    def at(self, old: str, new: str = "") -> "ConvertedPlace":
        """Return another place of the same conversion."""
        return ConvertedPlace(self.ledger, old, new)

    def below(self, *steps: str | int) -> "ConvertedPlace":
        """Return a place inside of this one, at the same steps in both documents."""
        piece = _joined(steps)
        return self.at(self.old + piece, self.new + piece)

    def relocated(self, old: tuple[str | int, ...], new: tuple[str | int, ...]) -> "ConvertedPlace":
        """Return a place inside of this one, at other steps in the new document."""
        return self.at(self.old + _joined(old), self.new + _joined(new))

    def warn(self, message: str) -> None:
        """Note that something here could not be carried over."""
        self.ledger.warnings.append((message, self.old))

    def note_move(self) -> None:
        """Note that a part went here; if it goes to several places, references to it lead to the first."""
        self.ledger.note_move(self.old, self.new)

    def note_origin(self) -> None:
        """Note the origin of a part, without making references to the origin lead to the part."""
        self.ledger.note_origin(self.old, self.new)

    def note_made(self, value: Any, old: str) -> Any:
        """Note that the part here, with all in it, was made from a place in the Swagger document; return the part."""
        self.ledger.note_made(value, self.new, old)
        return value

    def may_copy(self, *values: Any) -> bool:
        """Return whether values may be copied to here; the first time that they may not, there is a warning."""
        return self.ledger.may_copy(values, self.old)
