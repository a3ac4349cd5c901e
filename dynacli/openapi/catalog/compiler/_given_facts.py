"""Facts about resources that the configuration or the document gives; they override derived facts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.resources import OVERRIDE, what_is_wrong_with_override


class GivenFact(NamedTuple):
    """A fact that overrides a derived one.

    Args:
        reason: A sentence with its origin.
    """

    value: str
    reason: str


class GivenFacts:
    """The given facts of one resource. An invalid fact is a warning, and the next one counts.

    Args:
        warn: Called with a message and the steps of the pointer to its location.
    """

    def __init__(self, warn: Callable[..., None]) -> None:
        self._warn = warn
        self._tables: list[tuple[Mapping[str, Any], str, str, tuple[str, ...]]] = []

    def add_configured(self, name: str, table: Any) -> None:
        """Add the facts of the configuration, which have priority.

        Args:
            name: The name of the resource there.
        """
        label = f"`resources.{name}` in the configuration"
        self._add(0, table, label, "The configuration says so", ())

    def add_documented(self, operation: str, value: Any, steps: tuple[str, ...]) -> None:
        """Add the facts that the extension of an operation gives.

        Args:
            steps: The steps of the pointer to the extension.
        """
        reason = f"The document says so (`{OVERRIDE}`)"
        self._add(len(self._tables), value, f"`{OVERRIDE}` of `{operation}`", reason, steps)

    def _add(self, index: int, table: Any, label: str, reason: str, steps: tuple[str, ...]) -> None:
        if not isinstance(table, Mapping):
            self._warn(f"{label} is ignored: it must be an object", *steps)
            return
        usable = {}
        for key, value in table.items():
            wrong = what_is_wrong_with_override(key, value)
            if wrong:
                self._warn(f"{label}: {wrong}, so the fact is derived", *steps)
            else:
                usable[key] = value
        self._tables.insert(index, (usable, label, reason, steps))

    def find(self, key: str, wrong: Callable[[str], str]) -> GivenFact | None:
        """Return the first valid fact of a key.

        Args:
            wrong: Returns why the document does not allow a value, as a clause; empty if it does.
        """
        for table, label, reason, steps in self._tables:
            if key not in table:
                continue
            why = wrong(table[key])
            if not why:
                return GivenFact(table[key], reason)
            self._warn(f"{label}: `{key}` is ignored, because {why}", *steps)
        return None


def wrong_name(name: str, taken: Iterable[str]) -> str:
    """Return why a name cannot be the name of a resource, as a clause; empty if it can."""
    return f"`{kebab(name)}` is the name of another resource" if kebab(name) in taken else ""
