"""Gives the harmless fields of a document the type that they should have, where it is plain what is meant.

Real documents say `required: "true"`, `tags: pets`, `parameters: {limit: {...}}`, `type: int`.
All that reads a document after this sees one form of it; what was mended is told with its place.
What may mean anything is left as it is, and whoever reads it takes it for absent.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.document.mending.mend_schema import meant_boolean, mend_schema
from dynacli.document.objects import (
    DATA,
    DOCUMENT,
    ENCODING,
    EXAMPLE,
    HEADER,
    OPERATION,
    PARAMETER,
    PATH_ITEM,
    REQUEST_BODY,
    SCHEMA,
    ObjectKind,
    kind_at,
    kind_in_list,
)
from dynacli.document.pointer import join
from dynacli.document.references.place_origins import Move

__all__ = ["Mended", "mend"]

Steps = tuple[str | int, ...]
Tell = Callable[..., None]


class Mended(NamedTuple):
    """What was mended.

    Args:
        warnings: A sentence, and the JSON pointer in the document as it was before.
        moves: Which parts stand elsewhere in it now.
    """

    warnings: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]


_LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_OF_PARAMETERS = ("required", "deprecated", "allowEmptyValue", "explode", "allowReserved")

# What is true or false, and what is a list, in the objects of the specification that have such fields.
_BOOLEANS: Mapping[ObjectKind, tuple[str, ...]] = {
    PARAMETER: _OF_PARAMETERS,
    HEADER: _OF_PARAMETERS,
    OPERATION: ("deprecated",),
    REQUEST_BODY: ("required",),
    ENCODING: ("explode", "allowReserved"),
}
_LISTS: Mapping[ObjectKind, tuple[str, ...]] = {
    DOCUMENT: ("servers",),
    PATH_ITEM: ("parameters", "servers"),
    OPERATION: ("parameters", "servers"),
}


def mend(tree: dict[str, Any]) -> Mended:
    """Mend a document in place, and return what was done.

    Args:
        tree: A document of OpenAPI 3, plain JSON.
    """
    work = _Mending()
    work.walk(tree)
    return Mended(tuple(work.warnings), tuple(work.moves.values()))


class _Mending:
    def __init__(self) -> None:
        self.warnings: list[tuple[str, str]] = []
        self.moves: dict[str, Move] = {}
        # What the walk has still to look at: an object or a list, its kind, and where it stands.
        self.stack: list[tuple[Any, ObjectKind, Steps]] = []

    def tell(self, message: str, *steps: str | int) -> None:
        self.warnings.append((message, self.before(join(steps))))

    def before(self, pointer: str) -> str:
        """Return where a place stood before the lists around it were made."""
        start = pointer
        while start and self.moves:
            if start in self.moves:
                return self.moves[start].origin + pointer[len(start) :]
            start = start.rpartition("/")[0]
        return pointer

    def walk(self, tree: dict[str, Any]) -> None:
        self.stack.append((tree, DOCUMENT, ()))
        while self.stack:
            node, kind, steps = self.stack.pop()
            if isinstance(node, dict):
                if kind is SCHEMA:
                    mend_schema(node, steps, self.tell)
                    continue
                self.fields(node, kind, steps)
            # In document order, so that the warnings are.
            self.stack.extend(reversed(list(_below(node, kind, steps))))

    def fields(self, node: dict[str, Any], kind: ObjectKind, steps: Steps) -> None:
        for field in _BOOLEANS.get(kind, ()):
            if field in node and not isinstance(node[field], bool):
                self.boolean(node, field, steps)
        for field in _LISTS.get(kind, ()):
            if isinstance(node.get(field), (dict, str)):
                self.list_of(node, field, steps)
            if field == "servers" and isinstance(node.get(field), list):
                self.urls(node[field], (*steps, field))
        if kind is DOCUMENT and isinstance(node.get("paths"), dict):
            self.paths(node["paths"], steps)
        if kind is OPERATION and "tags" in node:
            self.texts(node, "tags", steps)
        if kind is PARAMETER and isinstance(node.get("in"), str):
            word = node["in"].strip().lower()
            if word != node["in"] and word in _LOCATIONS:
                self.tell(f"`in` is `{node['in'][:40]}`; it is read as `{word}`", *steps, "in")
                node["in"] = word

    def paths(self, paths: dict[str, Any], steps: Steps) -> None:
        """Tell of paths without leading slash: they stay in the document, and a request adds the slash."""
        for path, item in paths.items():
            if isinstance(item, dict) and not path.startswith(("/", "x-")):
                self.tell(
                    f"A path should begin with a slash; it is read as `/{path[:100]}`", *steps, "paths", path
                )

    def boolean(self, node: dict[str, Any], field: str, steps: Steps) -> None:
        meant = meant_boolean(node[field])
        if meant is None:
            self.tell(f"`{field}` is neither true nor false; it is ignored", *steps, field)
            del node[field]
        else:
            shown = "true" if meant else "false"
            self.tell(f"`{field}` should be true or false; it is read as {shown}", *steps, field)
            node[field] = meant

    def texts(self, node: dict[str, Any], field: str, steps: Steps) -> None:
        value = node[field]
        if isinstance(value, str):
            self.tell(f"`{field}` should be a list; it is read as a list of one", *steps, field)
            node[field] = [value]
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            # Tags are written out in full in some documents, as objects with a name.
            texts = [item.get("name") if isinstance(item, dict) else item for item in value]
            self.tell(f"`{field}` should be a list of strings; it is read as one", *steps, field)
            node[field] = [
                item if isinstance(item, str) else str(item)
                for item in texts
                if isinstance(item, (str, int, float)) and not isinstance(item, bool)
            ]

    def urls(self, servers: list[Any], steps: Steps) -> None:
        """Make an object of each server that is only its URL."""
        for index, value in enumerate(servers):
            if isinstance(value, str):
                self.tell("A server should be an object; it is read as its `url`", *steps, index)
                servers[index] = {"url": value}

    def list_of(self, node: dict[str, Any], field: str, steps: Steps) -> None:
        """Make a list of what is one object, or an object with a name for each."""
        value, pointer = node[field], join((*steps, field))
        if field == "servers":
            if isinstance(value, dict) and "url" not in value:
                return
            items, origins = [{"url": value} if isinstance(value, str) else value], [pointer]
        elif not isinstance(value, dict) or not value:
            return
        elif "$ref" in value or isinstance(value.get("in"), str):
            items, origins = [value], [pointer]
        else:
            named = [(key, item) for key, item in value.items() if isinstance(item, dict)]
            items = [item if "$ref" in item else {"name": key, **item} for key, item in named]
            origins = [join((*steps, field, key)) for key, _ in named]
        self.tell(f"`{field}` should be a list; it is read as one", *steps, field)
        made = [Move(f"{pointer}/{index}", 0, self.before(origin)) for index, origin in enumerate(origins)]
        self.moves.update((move.pointer, move) for move in made)
        node[field] = items


def _below(node: Any, kind: ObjectKind, steps: Steps) -> Iterator[tuple[Any, ObjectKind, Steps]]:
    """Yield the objects and lists in an object or a list, without those that are data."""
    if isinstance(node, list):
        yield from (
            (item, kind, (*steps, index)) for index, item in enumerate(node) if isinstance(item, (dict, list))
        )
        return
    for key, value in node.items():
        if isinstance(value, (dict, list)):
            inner = kind_at(kind, key)
            if isinstance(value, list):
                inner = kind_in_list(inner, key)
            if inner is not DATA and inner is not EXAMPLE:
                yield value, inner, (*steps, key)
