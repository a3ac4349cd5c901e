"""Gives the harmless fields of a document the type that they should have, where it is plain what is meant.

Real documents say `required: "true"`, `tags: pets`, `parameters: {limit: {...}}`, `type: int`.
All that reads a document after this sees one form of it; what was mended is told with its place.
What may mean anything is left as it is, and whoever reads it takes it for absent.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from dynacli.document.mend_schema import meant_boolean, mend_schema
from dynacli.document.origins import Move
from dynacli.document.pointer import join

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


_NONE: Mapping[str, str] = MappingProxyType({})


class _Kind(NamedTuple):
    """What an object of the specification has in it.

    Args:
        one: Field → kind of the object in it.
        several: Field → kind of the objects in its list.
        named: Field → kind of the objects in its map.
        booleans: Fields that are true or false.
        texts: Fields that are lists of strings.
    """

    one: Mapping[str, str] = _NONE
    several: Mapping[str, str] = _NONE
    named: Mapping[str, str] = _NONE
    booleans: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


_LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_PARAMETER = _Kind(
    one={"schema": "schema"},
    named={"content": "media type"},
    booleans=("required", "deprecated", "allowEmptyValue", "explode", "allowReserved"),
)
_KINDS = {
    "document": _Kind(
        one={"components": "components"},
        several={"servers": "server"},
        named={"paths": "path item", "webhooks": "path item"},
    ),
    "components": _Kind(
        named={
            "schemas": "schema",
            "responses": "response",
            "parameters": "parameter",
            "requestBodies": "body",
            "headers": "header",
            "callbacks": "callback",
            "pathItems": "path item",
            "mediaTypes": "media type",
        }
    ),
    "path item": _Kind(
        one=dict.fromkeys(_METHODS, "operation"),
        several={"parameters": "parameter", "servers": "server"},
        named={"additionalOperations": "operation"},
    ),
    "operation": _Kind(
        one={"requestBody": "body"},
        several={"parameters": "parameter", "servers": "server"},
        named={"responses": "response", "callbacks": "callback"},
        booleans=("deprecated",),
        texts=("tags",),
    ),
    "callback": _Kind(),
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "body": _Kind(named={"content": "media type"}, booleans=("required",)),
    "media type": _Kind(one={"schema": "schema", "itemSchema": "schema"}, named={"encoding": "encoding"}),
    "encoding": _Kind(named={"headers": "header"}, booleans=("explode", "allowReserved")),
    "response": _Kind(named={"headers": "header", "content": "media type"}),
    "server": _Kind(),
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
        # What the walk has still to look at: an object, its kind, and where it stands.
        self.stack: list[tuple[Any, str, Steps]] = []

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
        self.stack.append((tree, "document", ()))
        while self.stack:
            node, kind, steps = self.stack.pop()
            if not isinstance(node, dict):
                continue
            if kind == "schema":
                mend_schema(node, steps, self.tell)
                continue
            if kind == "callback":
                self.stack.extend(
                    reversed([(item, "path item", (*steps, key)) for key, item in node.items()])
                )
                continue
            self.fields(node, kind, steps)
            # In document order, so that the warnings are.
            self.stack.extend(reversed(list(_below(node, _KINDS[kind], steps))))

    def fields(self, node: dict[str, Any], kind: str, steps: Steps) -> None:
        known = _KINDS[kind]
        for field in known.booleans:
            if field in node and not isinstance(node[field], bool):
                self.boolean(node, field, steps)
        for field in known.texts:
            if field in node:
                self.texts(node, field, steps)
        for field, below in known.several.items():
            if isinstance(node.get(field), (dict, str)):
                self.list_of(node, field, below, steps)
        if kind == "parameter" and isinstance(node.get("in"), str):
            word = node["in"].strip().lower()
            if word != node["in"] and word in _LOCATIONS:
                self.tell(f"`in` is `{node['in'][:40]}`; it is read as `{word}`", *steps, "in")
                node["in"] = word

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

    def list_of(self, node: dict[str, Any], field: str, kind: str, steps: Steps) -> None:
        """Make a list of what is one object, or an object with a name for each."""
        value, pointer = node[field], join((*steps, field))
        if kind == "server":
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


def _below(node: dict[str, Any], kind: _Kind, steps: Steps) -> Iterator[tuple[Any, str, Steps]]:
    for field, value in node.items():
        if field in kind.one:
            yield value, kind.one[field], (*steps, field)
        elif field in kind.several and isinstance(value, list):
            below = kind.several[field]
            yield from ((item, below, (*steps, field, index)) for index, item in enumerate(value))
        elif field in kind.named and isinstance(value, dict):
            below = kind.named[field]
            yield from (
                (item, below, (*steps, field, key))
                for key, item in value.items()
                if not (field in {"paths", "responses"} and key.startswith("x-"))
            )
