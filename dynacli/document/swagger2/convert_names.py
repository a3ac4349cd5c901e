"""Names of components: Swagger 2.0 allows any, OpenAPI 3.0 only letters, digits, `.`, `-` and `_`."""

import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["ConvertedNames", "to_fragment"]

_OTHER = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.0.4, "Components Object"
_SAFE = "/~!$&'()*+,;=:@-._?"  # RFC 3986, section 3.5


class ConvertedNames:
    """The names of the components.

    Attributes:
        assigned: Section of `components` and JSON pointer in the Swagger document → name.
    """

    def __init__(self) -> None:
        self.assigned: dict[tuple[str, str], str] = {}
        self._taken: dict[str, set[str]] = {}

    def reserve(self, kind: str, names: Iterable[str]) -> None:
        """Keep allowed names free for the components that have them already."""
        self._taken.setdefault(kind, set()).update(name for name in names if not _OTHER.search(name) and name)

    def assign(self, kind: str, old: str, wanted: str, *, is_reserved: bool = False) -> str:
        """Return a name for a component that no other component has.

        Args:
            kind: The section of `components`.
            old: The JSON pointer of the part in the Swagger document.
            wanted: Its name there.
            is_reserved: Whether that name, if it is allowed, was reserved for the part.
        """
        base = _OTHER.sub("_", wanted).strip("_") if _OTHER.search(wanted) else wanted
        base = base or kind.removesuffix("s")
        taken_names = self._taken.setdefault(kind, set())
        name, number = base, 2
        if not (is_reserved and base == wanted):
            while name in taken_names:
                name, number = f"{base}_{number}", number + 1
        taken_names.add(name)
        self.assigned[kind, old] = name
        return name


def to_fragment(pointer: str) -> str:
    """Return a reference to a place of the same document (RFC 6901, section 6)."""
    return "#" + quote(pointer, safe=_SAFE)
