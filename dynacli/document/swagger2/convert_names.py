"""Names of components: Swagger 2.0 allows any, OpenAPI 3.0 letters, digits, `.`, `-` and `_` only."""

import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["Names", "to_fragment"]

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.0.4, "Components Object"
_SAFE = "/~!$&'()*+,;=:@-._?"  # RFC 3986, section 3.5


class Names:
    """Gives components their names.

    Attributes:
        given: (section of `components`, JSON pointer in the Swagger document) → name.
    """

    def __init__(self) -> None:
        self.given: dict[tuple[str, str], str] = {}
        self._taken: dict[str, set[str]] = {}

    def reserve(self, kind: str, names: Iterable[str]) -> None:
        """Keep the names that are allowed as they are for those that have them."""
        self._taken.setdefault(kind, set()).update(name for name in names if not _OTHER.search(name) and name)

    def give(self, kind: str, old: str, wanted: str, *, is_reserved: bool = False) -> str:
        """Return the name of a component.

        Args:
            kind: The section of `components`.
            old: The JSON pointer in the Swagger document.
            wanted: Its name there.
            is_reserved: Whether it was reserved, if it is allowed.
        """
        base = _OTHER.sub("_", wanted).strip("_") if _OTHER.search(wanted) else wanted
        base = base or kind.removesuffix("s")
        taken = self._taken.setdefault(kind, set())
        name, number = base, 2
        if not (is_reserved and base == wanted):
            while name in taken:
                name, number = f"{base}_{number}", number + 1
        taken.add(name)
        self.given[kind, old] = name
        return name


def to_fragment(pointer: str) -> str:
    """Return a reference to a place of the same document (RFC 6901, section 6)."""
    return "#" + quote(pointer, safe=_SAFE)
