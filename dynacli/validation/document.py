"""The one-operation document that openapi-core judges by, its components read when they are asked for."""

from typing import Any
from urllib.parse import unquote

from dynacli.catalog.model import Operation
from dynacli.catalog.store import Catalog

__all__ = ["locate", "operation_document"]

_MAX_HOPS = 50


def operation_document(catalog: Catalog, operation: Operation) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a document that holds one operation, whose references are read from the catalog.

    In a densely connected document an operation reaches nearly every component;
    a judged call reads only those that its answer leads to.

    Returns:
        The document, and the steps that lead from its path item to the operation.
    """
    part = catalog.part(operation.name)
    steps = tuple(part.get("steps") or (operation.method.lower(),))
    placed = part["operation"]
    for step in reversed(steps):
        placed = {step: placed}
    path_item = {**part["path_item"], **placed}
    document: dict[str, Any] = _Lazy(catalog, "")
    document["openapi"] = f"{catalog.meta['dialect']}.0"
    document["info"] = {"title": catalog.meta["title"], "version": catalog.meta["version"]}
    if catalog.meta["json_schema_dialect"]:
        document["jsonSchemaDialect"] = catalog.meta["json_schema_dialect"]
    paths = _Lazy(catalog, "/paths")
    paths[operation.path] = path_item
    document["paths"] = paths
    return document, steps


class _Lazy(dict[str, Any]):
    """A part of the document whose members are read from the catalog at the first look."""

    def __init__(self, catalog: Catalog, pointer: str) -> None:
        super().__init__()
        self._catalog = catalog
        self._pointer = pointer

    def __missing__(self, key: str) -> Any:
        pointer = _pointer(self._pointer, key)
        found, value = self._catalog.component(pointer)
        if not found:
            if not self._catalog.has_below(pointer):
                raise KeyError(key)
            value = _Lazy(self._catalog, pointer)
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
