"""Makes a document that was put together fit to be taken elsewhere, by tools that follow more than they should.

What is in `x-*` refers to nothing (OpenAPI 3.1.1, "Specification Extensions"), nor does an `example`, so no file is
read for it. Some tools follow a `$ref` there all the same, and from another folder a relative one leads nowhere.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dynacli.document.objects import DATA, DOCUMENT, ObjectKind, kind_at, kind_in_list
from dynacli.document.pointer import MISSING, follow, from_fragment

__all__ = ["Portable", "portable"]

_LEFT_OUT = object()


class Portable(NamedTuple):
    """A document that means the same wherever it is.

    Args:
        tree: The document; it shares what is unchanged with the one that it was made of.
        left_out: `example` or the extension → how often something like a relative reference is not in there any more.
    """

    tree: dict[str, Any]
    left_out: dict[str, int]


def portable(tree: dict[str, Any]) -> Portable:
    """Return a document without what looks like a reference where there is none, and leads nowhere in it.

    Of an example only the whole can look like one: what is in it may be meant as it stands.
    """
    walk = _Walk(tree)
    return Portable(walk.described(tree, DOCUMENT), walk.left_out)


class _Walk:
    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self.left_out: dict[str, int] = {}

    def described(self, node: Any, kind: ObjectKind) -> Any:
        """Return a part of the document with its extensions looked through."""
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
                found = self.described(value, inner) if inner is not DATA else value
            elif key.startswith("x-") or (key == "example" and list(value) == ["$ref"]):
                found = self._data(value, key)
            else:
                continue
            if found is not value:
                changed[key] = found
        return _with(node, changed)

    def _data(self, node: Any, extension: str) -> Any:
        """Return a part of an extension's value."""
        if isinstance(node, list):
            items = [self._data(item, extension) for item in node]
            kept = [item for item in items if item is not _LEFT_OUT]
            return _LEFT_OUT if node and not kept else _same_or(node, kept)
        if not isinstance(node, dict):
            return node
        if self._leads_nowhere(node.get("$ref")):
            self.left_out[extension] = self.left_out.get(extension, 0) + 1
            return _LEFT_OUT
        found = {key: self._data(value, extension) for key, value in node.items()}
        return _with(node, {key: value for key, value in found.items() if value is not node[key]})

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
    is_same = len(node) == len(items) and all(a is b for a, b in zip(node, items, strict=True))
    return node if is_same else items


def _with(node: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    if not changed:
        return node
    merged = {**node, **changed}
    return {key: value for key, value in merged.items() if value is not _LEFT_OUT}
