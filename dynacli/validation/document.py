"""The one-operation document that openapi-core judges by, its components read when they are asked for."""

from typing import Any
from urllib.parse import unquote

from dynacli.catalog.model import Operation
from dynacli.catalog.store import Catalog

__all__ = ["locate", "operation_document"]

_MAX_HOPS = 50


def operation_document(catalog: Catalog, operation: Operation) -> dict[str, Any]:
    """Return a document that holds one operation, whose references are read from the catalog.

    In a densely connected document an operation reaches nearly every component;
    a judged call reads only those that its answer leads to.
    """
    part = catalog.part(operation.name)
    has_anchors = catalog.meta["dialect"] != "3.0"
    if has_anchors:
        _point_at_anchors(part["operation"], _pointer("/paths", operation.path, operation.method.lower()))
    path_item = {**part["path_item"], operation.method.lower(): part["operation"]}
    document: dict[str, Any] = _Lazy(catalog, "", has_anchors)
    document["openapi"] = f"{catalog.meta['dialect']}.0"
    document["info"] = {"title": catalog.meta["title"], "version": catalog.meta["version"]}
    if catalog.meta["json_schema_dialect"]:
        document["jsonSchemaDialect"] = catalog.meta["json_schema_dialect"]
    paths = _Lazy(catalog, "/paths", has_anchors)
    paths[operation.path] = path_item
    document["paths"] = paths
    return document


class _Lazy(dict[str, Any]):
    """A part of the document whose members are read from the catalog at the first look."""

    def __init__(self, catalog: Catalog, pointer: str, has_anchors: bool) -> None:
        super().__init__()
        self._catalog = catalog
        self._has_anchors = has_anchors
        self._pointer = pointer

    def __missing__(self, key: str) -> Any:
        pointer = _pointer(self._pointer, key)
        found, value = self._catalog.component(pointer)
        if not found:
            if not self._catalog.has_below(pointer):
                raise KeyError(key)
            value = _Lazy(self._catalog, pointer, self._has_anchors)
        elif self._has_anchors:
            _point_at_anchors(value, pointer)
        self[key] = value
        return value

    def __contains__(self, key: object) -> bool:
        try:
            self[str(key)]
        except KeyError:
            return False
        return True

    def get(self, key: str, default: Any = None) -> Any:
        """Return the member, read from the catalog where that is needed."""
        try:
            return self[key]
        except KeyError:
            return default


def _pointer(start: str, *steps: str | int) -> str:
    return start + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _point_at_anchors(value: Any, pointer: str) -> None:
    """Replace the references by anchor (`#node`) of one part of the document by their pointers, in place.

    The library looks for anchors where JSON Schema has subschemas, and `components` is no such place.
    A `$dynamicRef` means the anchor of its own part: a document's parts are no resources of their own.
    """
    anchors: dict[str, str] = {}
    referring: list[tuple[dict[str, Any], str]] = []
    stack = [(value, pointer)]
    while stack:
        node, here = stack.pop()
        if isinstance(node, list):
            stack.extend((one, f"{here}/{index}") for index, one in enumerate(node))
        elif isinstance(node, dict):
            for keyword, one in node.items():
                if isinstance(one, str):
                    if keyword in {"$anchor", "$dynamicAnchor"}:
                        anchors[one] = here
                    elif (
                        keyword in {"$ref", "$dynamicRef"}
                        and len(one) > 1
                        and one[0] == "#"
                        and one[1] != "/"
                    ):
                        referring.append((node, keyword))
                elif isinstance(one, dict | list):
                    stack.append((one, _pointer(here, keyword)))
    for node, keyword in referring:
        name = node[keyword][1:]
        if name in anchors:
            node[keyword] = "#" + anchors[name]


def locate(document: dict[str, Any], steps: list[str | int]) -> str:
    """Return the JSON pointer that steps lead to when references are followed on the way.

    A step `$ref` is followed where it stands. References of the OpenAPI part (a parameter, a response)
    are not among the steps, so they are followed where a step is not there.
    """
    here: Any = document
    pointer = ""
    for step in steps:
        if step in {"$ref", "$dynamicRef"} and isinstance(here, dict) and isinstance(here.get(step), str):
            pointer = unquote(here[step].removeprefix("#"))
            here = _follow(document, pointer)
            continue
        for _ in range(_MAX_HOPS):
            is_there = (isinstance(here, dict) and step in here) or (
                isinstance(here, list) and isinstance(step, int)
            )
            if is_there or not isinstance(here, dict) or not isinstance(here.get("$ref"), str):
                break
            pointer = unquote(here["$ref"].removeprefix("#"))
            here = _follow(document, pointer)
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return pointer  # the nearest place that is known
        pointer = _pointer(pointer, step)
    return pointer


def _follow(document: dict[str, Any], pointer: str) -> Any:
    here: Any = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            here = here[int(key)] if isinstance(here, list) else here[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return here
