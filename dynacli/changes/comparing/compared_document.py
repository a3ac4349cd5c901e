"""One of the two documents that are compared: its places, and what its references mean."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dynacli.document.pointer import follow, from_fragment, join
from dynacli.document.references.scan import Locator, sites_of

__all__ = ["Place", "Side", "anything", "below", "escaped", "members"]

_MAX_HOPS = 100


class Place(NamedTuple):
    """A value of a document, and where it stands.

    Args:
        pointer: The JSON pointer to it.
        subject: What a person calls it.
    """

    node: Any
    pointer: str
    subject: str


class Side:
    """One of the two documents.

    Args:
        tree: As loaded, in OpenAPI 3.

    Attributes:
        views: What schemas say, by their pointers and what they are called: each is read once.
    """

    def __init__(self, tree: Any) -> None:
        self.tree: dict[str, Any] = tree if isinstance(tree, dict) else {}
        self.version = str(self.tree.get("openapi", ""))
        self.is_3_0 = self.version.startswith("3.0")
        self.views: dict[tuple[str, ...], Any] = {}
        self._targets: dict[str, Place | None] = {}
        self._plain = Locator(self.tree, "", [])
        self._whole: Locator | None = None

    def target(self, ref: str) -> Place | None:
        """Return what a reference means, past references on the way; None where it leads nowhere."""
        if ref not in self._targets:
            steps = from_fragment(ref)
            found = self._walk(steps, ref)
            self._targets[ref] = found
        return self._targets[ref]

    def _walk(self, steps: tuple[str, ...] | None, ref: str) -> Place | None:
        located = None if steps is None else self._plain.walk(steps)
        if located is None and not ref.startswith("#/"):
            # Anchors and identifiers are looked for where something refers to one, which is seldom.
            if self._whole is None:
                self._whole = Locator(self.tree, "", list(sites_of(self.tree)))
            located = self._whole.locate_ref(ref)
        if located is None:
            return None
        return Place(follow(self.tree, located), join(located), located[-1] if located else "document")

    def followed(self, place: Place) -> Place:
        """Return what stands at the end of a chain of references; None as the value where it leads nowhere."""
        for _ in range(_MAX_HOPS):
            node = place.node
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return place
            target = self.target(node["$ref"])
            if target is None:
                return place._replace(node=None)
            place = target
        return place._replace(node=None)

    def at(self, *steps: str) -> Place:
        """Return a place of the document by its steps; None as the value where nothing stands there."""
        node: Any = self.tree
        for step in steps:
            node = node.get(step) if isinstance(node, dict) else None
        return Place(node, join(steps), steps[-1] if steps else "document")


def anything(other: Place) -> Place:
    """Return the schema that stands for one that is missing: it says nothing.

    Args:
        other: The one that it is compared with.
    """
    # All of them are one: what is missing in what is missing is no further place.
    return Place(node=True, pointer="", subject=other.subject)


def below(place: Place, key: str | int, subject: str = "") -> Place:
    """Return the place under a key; None as the value where nothing stands there."""
    node = place.node
    if isinstance(node, dict):
        node = node.get(key)
    elif isinstance(node, list) and isinstance(key, int) and key < len(node):
        node = node[key]
    else:
        node = None
    return Place(node, f"{place.pointer}/{escaped(str(key))}", subject or place.subject)


def escaped(step: str) -> str:
    """Return a step as a pointer has it (RFC 6901, section 3)."""
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step


def members(place: Place) -> Iterator[tuple[str, Place]]:
    """Yield key and place of an object's members, extensions left out."""
    if isinstance(place.node, dict):
        for key, value in place.node.items():
            name = str(key)
            if not name.startswith("x-"):
                yield name, Place(value, f"{place.pointer}/{escaped(name)}", name)
