"""Documents made portable: other tools can read them from any folder.

A `$ref` in an extension (`x-*`) or an `example` is data, not a reference (OpenAPI 3.1.1, "Specification Extensions").
So the file that it names does not become part of the document. Some tools follow it anyway, and from another folder
they do not find the file.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dynacli.openapi.document.objects import DATA, DOCUMENT, ObjectKind, kind_at, kind_in_list
from dynacli.openapi.document.pointer import MISSING, follow, from_fragment

__all__ = ["Portable", "make_portable"]

_LEFT_OUT = object()


class Portable(NamedTuple):
    """A portable document.

    Args:
        tree: The document; unchanged parts are shared with the document that it was made from.
        left_out: `example` or the key of an extension → how many such references were left out of it.
    """

    tree: dict[str, Any]
    left_out: dict[str, int]


def make_portable(tree: dict[str, Any]) -> Portable:
    """Return a document without the `$ref`s in extensions and examples that lead nowhere in it.

    An example is left out only where it is nothing but a `$ref`: a `$ref` within it may be meant as data.
    """
    walk = _Walk(tree)
    return Portable(walk.described(tree, DOCUMENT), walk.left_out)


class _Walk:
    """A walk through a document."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self.left_out: dict[str, int] = {}

    def described(self, node: Any, kind: ObjectKind) -> Any:
        """Return a part of the document without the references that lead nowhere."""
        if isinstance(node, list):
            items = [self.described(item, kind) if isinstance(item, dict | list) else item for item in node]
            return _same_or(node, items)
        changed: dict[str, Any] = {}
        for key, value in node.items():
            if not isinstance(value, dict | list):
                continue
            inner = kind_at(kind, key)
            if inner is not DATA:
                inner = kind_in_list(inner, key) if isinstance(value, list) else inner
                made = self.described(value, inner) if inner is not DATA else value
            elif key.startswith("x-") or (key == "example" and list(value) == ["$ref"]):
                made = self._data(value, key)
            else:
                continue
            if made is not value:
                changed[key] = made
        return _with(node, changed)

    def _data(self, node: Any, extension: str) -> Any:
        """Return a part of an extension or example without the references that lead nowhere."""
        if isinstance(node, list):
            items = [self._data(item, extension) for item in node]
            kept = [item for item in items if item is not _LEFT_OUT]
            return _LEFT_OUT if node and not kept else _same_or(node, kept)
        if not isinstance(node, dict):
            return node
        if self._leads_nowhere(node.get("$ref")):
            self.left_out[extension] = self.left_out.get(extension, 0) + 1
            return _LEFT_OUT
        members = {key: self._data(value, extension) for key, value in node.items()}
        return _with(node, {key: value for key, value in members.items() if value is not node[key]})

    def _leads_nowhere(self, ref: Any) -> bool:
        if not isinstance(ref, str):
            return False
        if not ref.startswith("#"):
            try:
                return not urlsplit(ref).scheme
            except ValueError:
                return True
        steps = from_fragment(ref)
        return steps is None or follow(self.tree, steps) is MISSING


def _same_or(node: list[Any], items: list[Any]) -> list[Any]:
    is_same = len(node) == len(items) and all(old is new for old, new in zip(node, items, strict=True))
    return node if is_same else items


def _with(node: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    if not changed:
        return node
    merged = {**node, **changed}
    return {key: value for key, value in merged.items() if value is not _LEFT_OUT}
