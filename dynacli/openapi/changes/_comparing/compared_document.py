"""One of the two documents that are compared: its places, and the targets of its references."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dynacli.import_orjson import orjson
from dynacli.openapi.catalog.compiler.normal_tree import normal_tree
from dynacli.openapi.document.pointer import escaped, follow, from_fragment, join
from dynacli.openapi.document.references.scan import Locator, sites_of

__all__ = [
    "ComparedDocument",
    "Place",
    "canonical",
    "canonical_without",
    "child",
    "child_of_either",
    "empty_schema",
    "index_by_value",
    "members",
    "present",
    "shortened",
    "with_integers",
]

_MAX_HOPS = 100


class Place(NamedTuple):
    """A place in a document with the value that stands there.

    Args:
        node: The value; None where nothing stands there.
        pointer: The JSON pointer to the value.
        subject: The value's name for people.
    """

    node: Any
    pointer: str
    subject: str


class ComparedDocument:
    """One of the two documents.

    Args:
        tree: The document as loaded, in OpenAPI 3.

    Attributes:
        tree: The same with its schemas in the normal form, so that the versions of OpenAPI make no difference.
        schemas: Pointers and subject → schema; a cache for `compared_schema`.
    """

    def __init__(self, tree: Any) -> None:
        written = tree if isinstance(tree, dict) else {}
        self.tree = normal_tree(written, str(written.get("openapi", ""))[:3])
        self.schemas: dict[tuple[str, ...], Any] = {}
        self._targets: dict[str, Place | None] = {}
        self._plain = Locator(self.tree, "", [])
        self._whole: Locator | None = None

    def target(self, ref: str) -> Place | None:
        """Return the place that a reference leads to, through further references; None where it leads nowhere."""
        if ref not in self._targets:
            self._targets[ref] = self._find_target(ref)
        return self._targets[ref]

    def _find_target(self, ref: str) -> Place | None:
        steps = from_fragment(ref)
        located = None if steps is None else self._plain.walk(steps)
        if located is None and not ref.startswith("#/"):
            # The whole document is searched for anchors and identifiers only when a reference needs one.
            if self._whole is None:
                self._whole = Locator(self.tree, "", list(sites_of(self.tree)))
            located = self._whole.locate_ref(ref)
        if located is None:
            return None
        return Place(follow(self.tree, located), join(located), located[-1] if located else "document")

    def resolve(self, place: Place) -> Place:
        """Return the end of a chain of references; its value is None where the chain leads nowhere."""
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
        """Return the place at a path of keys; its value is None where nothing stands there."""
        node: Any = self.tree
        for step in steps:
            node = node.get(step) if isinstance(node, dict) else None
        return Place(node, join(steps), steps[-1] if steps else "document")


def empty_schema(counterpart: Place) -> Place:
    """Return the schema that replaces a missing one, and allows everything.

    Args:
        counterpart: The schema that it is compared with.
    """
    # All replacements share a pointer, so that comparing below two of them makes no new pairs.
    return Place(node=True, pointer="", subject=counterpart.subject)


def child(place: Place, key: str | int, subject: str = "") -> Place:
    """Return the place under a key; its value is None where nothing stands there."""
    node = place.node
    if isinstance(node, dict):
        node = node.get(key)
    elif isinstance(node, list) and isinstance(key, int) and key < len(node):
        node = node[key]
    else:
        node = None
    return Place(node, f"{place.pointer}/{escaped(str(key))}", subject or place.subject)


def child_of_either(old: Place, new: Place, key: str) -> Place:
    """Return the place under a key of the new object, or of the old object where only that has the key."""
    return child(new, key) if key in new.node else child(old, key)


def present(old: Place, new: Place) -> Place:
    """Return the new place, or the old one where nothing stands at the new one."""
    return new if new.node is not None else old


def members(place: Place) -> Iterator[tuple[str, Place]]:
    """Yield key and place of each member of an object, without specification extensions (`x-`)."""
    if isinstance(place.node, dict):
        for key, value in place.node.items():
            name = str(key)
            if not name.startswith("x-"):
                yield name, Place(value, f"{place.pointer}/{escaped(name)}", name)


_MOST_MEMBERS = 20
_DEEPEST = 3
_LONGEST = 300
_CUT = "…"


def shortened(value: Any, depth: int = _DEEPEST) -> Any:
    """Return a value for a report, without long texts, many members and deep nesting.

    `…` replaces everything that is left out; in an object, that key holds the number of further members.
    """
    if isinstance(value, str):
        # A lone surrogate is replaced, because other programs cannot read it in JSON.
        text = value if len(value) <= _LONGEST else value[:_LONGEST] + _CUT
        return text.encode("utf-8", "replace").decode() if not text.isascii() else text
    if isinstance(value, dict):
        if depth == 0 and value:
            return _CUT
        kept = {
            shortened(str(key)): shortened(member, depth - 1)
            for key, member in list(value.items())[:_MOST_MEMBERS]
        }
        if len(value) > _MOST_MEMBERS:
            kept[_CUT] = len(value) - _MOST_MEMBERS
        return kept
    if isinstance(value, list):
        if depth == 0 and value:
            return _CUT
        kept_items = [shortened(item, depth - 1) for item in value[:_MOST_MEMBERS]]
        return [*kept_items, _CUT] if len(value) > _MOST_MEMBERS else kept_items
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return float(value) if abs(value) < 2**1000 else str(value)[:_LONGEST]
    return value


def index_by_value(values: list[Any]) -> dict[bytes, int]:
    """Return canonical form → index of each distinct value; in JSON 1 equals 1.0, and differs from true."""
    found: dict[bytes, int] = {}
    for index, value in enumerate(values):
        found.setdefault(canonical(value), index)
    return found


def canonical(value: Any) -> bytes:
    """Return bytes that are the same for equal JSON values only, whatever the order of their keys."""
    plain = with_integers(value)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # orjson refuses integers of many digits and lone surrogates, which the standard library writes.
        import json

        return json.dumps(plain, sort_keys=True).encode()


def canonical_without(value: Any, key: str) -> bytes:
    """Return the canonical form of an object without one member and without specification extensions (`x-`)."""
    if not isinstance(value, dict):
        return canonical(value)
    return canonical(
        {name: member for name, member in value.items() if name != key and not str(name).startswith("x-")}
    )


def with_integers(value: Any) -> Any:
    """Return a value in which whole numbers are integers: 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: with_integers(member) for key, member in value.items()}
    return [with_integers(item) for item in value] if isinstance(value, list) else value
