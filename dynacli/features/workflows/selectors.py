"""Selectors into values: JSON Pointer, JSONPath and XPath (Arazzo 1.1.0, "Expression Type Object")."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from dynacli.features.workflows.expressions import SelectorError
from dynacli.openapi.document.json_trees import MISSING, follow, split
from dynacli.openapi.document.limits import MAX_NODES

VERSIONS: Mapping[str, tuple[str, ...]] = {
    "jsonpath": ("rfc9535", "draft-goessner-dispatch-jsonpath-00"),
    "xpath": ("xpath-31", "xpath-30", "xpath-20", "xpath-10"),
    "jsonpointer": ("rfc6901",),
}
"""Type of a selector → its versions, the default first."""
_MAX_DEPTH = 100


def selector_type(given: Any) -> str:
    """Return the type and version of a selector, such as `jsonpath rfc9535`.

    Args:
        given: The type as a string, or an Expression Type Object.
    """
    if isinstance(given, Mapping):
        return f"{given['type']} {given['version']}"
    return f"{given} {VERSIONS[given][0]}" if given in VERSIONS else str(given)


def selected_values(value: Any, selector: str, kind: str) -> list[Any]:
    """Return the values that a selector finds in a value.

    Args:
        kind: As `selector_type` returns it.

    Raises:
        SelectorError: The selector is invalid, cannot be applied to the value, or needs another package.
    """
    name, _, version = kind.partition(" ")
    if name == "jsonpointer":
        found = follow(value, split(selector))
        return [] if found is MISSING else [found]
    if name == "xpath":
        from dynacli.features.workflows.xpath import xpath_values

        return xpath_values(value, selector, version)
    return [node for _, node in json_nodes(value, selector, version)]


def json_nodes(
    value: Any, path: str, version: str = VERSIONS["jsonpath"][0]
) -> list[tuple[tuple[str | int, ...], Any]]:
    """Return the location and the value of each node that a JSONPath finds.

    Raises:
        SelectorError: The path is not a JSONPath (RFC 9535), finds too much, or the value is text.
    """
    if version != VERSIONS["jsonpath"][0]:
        raise SelectorError(f"JSONPath of the version `{version}` is not supported; write one of RFC 9535")
    if isinstance(value, str):
        raise SelectorError("JSONPath applies to JSON, and the value is text")
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    class Paths(JSONPathEnvironment):
        max_recursion_depth = _MAX_DEPTH

    try:
        nodes = list(islice(Paths().finditer(path, value), MAX_NODES + 1))
    except (JSONPathError, RecursionError) as error:
        raise SelectorError(f"`{path}` is not a JSONPath: {str(error).partition(chr(10))[0]}") from error
    if len(nodes) > MAX_NODES:
        raise SelectorError(f"`{path}` finds too much")
    return [(node.location, node.value) for node in nodes]
