"""Places of a conversion: where a part is in the Swagger document, and where in the OpenAPI document."""

from functools import lru_cache

from dynacli.document.pointer import join

__all__ = ["ConvertedPlace"]

# The same few steps come again and again: `schema`, `properties`, `0`.
_joined = lru_cache(maxsize=1024)(join)


class ConvertedPlace:
    """The place of a part that is converted.

    Args:
        old: Its JSON pointer in the Swagger document.
        new: Its JSON pointer in the OpenAPI document.
    """

    __slots__ = ("new", "old")

    def __init__(self, old: str = "", new: str = "") -> None:
        self.old = old
        self.new = new

    def below(self, *steps: str | int) -> "ConvertedPlace":
        """Return a place inside of this one, at the same steps in both documents."""
        piece = _joined(steps)
        return ConvertedPlace(self.old + piece, self.new + piece)

    def relocated(self, old: tuple[str | int, ...], new: tuple[str | int, ...]) -> "ConvertedPlace":
        """Return a place inside of this one, at other steps in the new document."""
        return ConvertedPlace(self.old + _joined(old), self.new + _joined(new))
