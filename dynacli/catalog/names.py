"""Names of operations and options: kebab case, without clashes, and never moving.

Only ASCII letters, digits and hyphens reach a name, so that no control, bidirectional or look-alike
character of a document ever stands in a command.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["NameBook", "kebab"]

MAX_LENGTH = 120
"""Characters of a name; longer ones are cut and told apart by a number."""

_BOUNDARIES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHERS = re.compile(r"[^A-Za-z0-9]+")


def kebab(text: str) -> str:
    """Return `text` in kebab case, or an empty string when nothing of it can stand in a name.

    `listRuns` → `list-runs`, `Get_HTTPThing2` → `get-http-thing2`, `issues/list-for-repo` →
    `issues-list-for-repo`, `Überblick` → `uberblick`.
    """
    if not text.isascii():
        # Letters with marks lose the marks; what has no ASCII form separates words.
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return "-".join(_OTHERS.sub(" ", _BOUNDARIES.sub(" ", text)).split()).lower()


class NameBook:
    """Gives each operation of a document its name.

    Args:
        lock: (method, path) → name, as given by earlier revisions of the document.
            Such a name stays with its method and path, and is not given to another one
            even when the operation is gone.
    """

    def __init__(self, lock: Mapping[tuple[str, str], str] | None = None) -> None:
        self.lock = dict(lock or {})
        self._taken = set(self.lock.values())

    def name(self, method: str, path: str, wanted: Iterable[str]) -> str:
        """Return the name of the operation at `method` and `path`, and remember it.

        Args:
            wanted: Texts to make the name from, the best first: `x-cli-name`, operationId.
        """
        key = (method, path)
        known = self.lock.get(key)
        if known is not None:
            return known
        candidates = [name for name in (kebab(text) for text in wanted) if name]
        by_path = kebab(f"{method} {path}") or method.lower()
        first = candidates[0] if candidates else by_path
        name = self._free(first[:MAX_LENGTH].rstrip("-"), f"{first}-{by_path}")
        self.lock[key] = name
        self._taken.add(name)
        return name

    def _free(self, plain: str, qualified: str) -> str:
        if plain not in self._taken:
            return plain
        qualified = qualified[:MAX_LENGTH].rstrip("-")
        name, number = qualified, 2
        while name in self._taken:  # two paths that differ only in their symbols
            name, number = f"{qualified}-{number}", number + 1
        return name
