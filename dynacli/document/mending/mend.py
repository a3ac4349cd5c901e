"""Small mistakes of a document mended: fields get the type that they should have, where the meaning is plain.

Real documents have `required: "true"`, `tags: pets`, `parameters: {limit: {...}}`, `type: int`.
The code that reads a document after this finds the correct form only; each mending is a warning with its place.
A value whose meaning is not plain stays as it is, and later code takes it for absent.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.document.mending.mend_media_type import meant_media_type, told_typo
from dynacli.document.mending.mend_schema import mend_boolean, mend_schema, rename_members
from dynacli.document.objects import (
    CONTENT,
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

__all__ = ["Mended", "mend", "objects_below", "root_schemas"]

Steps = tuple[str | int, ...]


class Mended(NamedTuple):
    """The result of mending a document.

    Args:
        warnings: A sentence, and the JSON pointer of the place before mending.
        moves: The parts whose place has changed.
    """

    warnings: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]


_LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_PARAMETER_BOOLEANS = ("required", "deprecated", "allowEmptyValue", "explode", "allowReserved")

# Kind of object → its fields that are true or false, and its fields that are lists.
_BOOLEANS: Mapping[ObjectKind, tuple[str, ...]] = {
    PARAMETER: _PARAMETER_BOOLEANS,
    HEADER: _PARAMETER_BOOLEANS,
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
    """Mend a document in place."""
    mending = _Mending()
    mending.walk(tree)
    return Mended(tuple(mending.warnings), tuple(mending.moves.values()))


class _Mending:
    """The walk through a document that mends it."""

    def __init__(self) -> None:
        self.warnings: list[tuple[str, str]] = []
        self.moves: dict[str, Move] = {}
        # The objects and lists that are still to be mended, each with its kind and the steps to it.
        self.stack: list[tuple[Any, ObjectKind, Steps]] = []

    def warn(self, message: str, *steps: str | int) -> None:
        self.warnings.append((message, self.pointer_before(join(steps))))

    def pointer_before(self, pointer: str) -> str:
        """Return the pointer of a place before objects around it became lists."""
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
                    mend_schema(node, steps, self.warn, self.note_rename)
                    continue
                self.mend_fields(node, kind, steps)
            # Reversed, because the stack is read from its end and warnings should come in document order.
            self.stack.extend(reversed(list(objects_below(node, kind, steps))))

    def mend_fields(self, node: dict[str, Any], kind: ObjectKind, steps: Steps) -> None:
        for field in _BOOLEANS.get(kind, ()):
            mend_boolean(node, field, steps, self.warn)
        for field in _LISTS.get(kind, ()):
            if isinstance(node.get(field), (dict, str)):
                self.mend_list(node, field, steps)
            if field == "servers" and isinstance(node.get(field), list):
                self.mend_servers(node[field], (*steps, field))
        if kind is CONTENT:
            self.mend_media_types(node, steps)
        if kind is DOCUMENT and isinstance(node.get("paths"), dict):
            self.warn_of_paths(node["paths"], steps)
        if kind is OPERATION and "tags" in node:
            self.mend_tags(node, steps)
        if kind is PARAMETER and isinstance(node.get("in"), str):
            word = node["in"].strip().lower()
            if word != node["in"] and word in _LOCATIONS:
                self.warn(f"`in` is `{node['in'][:40]}`; it is read as `{word}`", *steps, "in")
                node["in"] = word

    def note_rename(self, steps: Steps, name: str, right: str) -> None:
        """Note that a member of an object gets another key."""
        place = join((*steps, right))
        self.moves[place] = Move(place, 0, self.pointer_before(join((*steps, name))))

    def mend_media_types(self, content: dict[str, Any], steps: Steps) -> None:
        """Give the objects under media types that there cannot be to those that are meant."""
        for name, right in rename_members(content, meant_media_type):
            self.warn(told_typo(name, right), *steps, name)
            self.note_rename(steps, name, right)

    def warn_of_paths(self, paths: dict[str, Any], steps: Steps) -> None:
        """Warn of paths without a leading slash: they stay in the document, and requests add the slash."""
        for path, item in paths.items():
            if isinstance(item, dict) and not path.startswith(("/", "x-")):
                self.warn(
                    f"A path should begin with a slash; it is read as `/{path[:100]}`", *steps, "paths", path
                )

    def mend_tags(self, node: dict[str, Any], steps: Steps) -> None:
        value = node["tags"]
        if isinstance(value, str):
            self.warn("`tags` should be a list; it is read as a list of one", *steps, "tags")
            node["tags"] = [value]
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            # Some documents have objects with a name as the tags of an operation.
            names = [item.get("name") if isinstance(item, dict) else item for item in value]
            self.warn("`tags` should be a list of strings; it is read as one", *steps, "tags")
            node["tags"] = [
                item if isinstance(item, str) else str(item)
                for item in names
                if isinstance(item, (str, int, float)) and not isinstance(item, bool)
            ]

    def mend_servers(self, servers: list[Any], steps: Steps) -> None:
        """Make an object of each server that is just a URL."""
        for index, value in enumerate(servers):
            if isinstance(value, str):
                self.warn("A server should be an object; it is read as its `url`", *steps, index)
                servers[index] = {"url": value}

    def mend_list(self, node: dict[str, Any], field: str, steps: Steps) -> None:
        """Make a list of a single object, or of an object that has the items under their names."""
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
        self.warn(f"`{field}` should be a list; it is read as one", *steps, field)
        before = [self.pointer_before(origin) for origin in origins]
        for index, origin in enumerate(before):
            self.moves[f"{pointer}/{index}"] = Move(f"{pointer}/{index}", 0, origin)
        node[field] = items


def root_schemas(tree: Any) -> Iterator[tuple[dict[str, Any], Steps]]:
    """Yield the schemas of a document that are below no other schema, each with the steps to it."""
    stack: list[tuple[Any, ObjectKind, Steps]] = [(tree, DOCUMENT, ())]
    while stack:
        node, kind, steps = stack.pop()
        if kind is SCHEMA and isinstance(node, dict):
            yield node, steps
        elif isinstance(node, dict | list):
            stack.extend(objects_below(node, kind, steps))


def objects_below(node: Any, kind: ObjectKind, steps: Steps) -> Iterator[tuple[Any, ObjectKind, Steps]]:
    """Yield the objects and lists in an object or a list, except data."""
    if isinstance(node, list):
        members = ((item, kind, (*steps, index)) for index, item in enumerate(node))
        yield from (member for member in members if isinstance(member[0], (dict, list)))
        return
    for key, value in node.items():
        if isinstance(value, (dict, list)):
            inner = kind_at(kind, key)
            if isinstance(value, list):
                inner = kind_in_list(inner, key)
            if inner is not DATA and inner is not EXAMPLE:
                yield value, inner, (*steps, key)
