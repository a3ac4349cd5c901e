"""A whole document with its schemas in the normal form; whatever has that form already is shared with the document."""

from collections.abc import Callable
from typing import Any

from dynacli.catalog.compiler.doubtful_schemas import DoubtfulSchemas
from dynacli.document.mending.mend import each_schema, root_schemas
from dynacli.document.references.scan import steps_of
from dynacli.schema.normal_form import normal_keywords

__all__ = ["normal_tree"]

Steps = tuple[str | int, ...]


def normal_tree(
    tree: dict[str, Any], version: str, warn: Callable[..., None] | None = None
) -> dict[str, Any]:
    """Return a document with its schemas in the normal form.

    Args:
        tree: The document in OpenAPI 3, which is not changed.
        version: Its version, such as `3.0`.
        warn: Called with a message and the steps of a pointer for each schema that means nothing.
    """
    copies = _Copies(tree)
    doubtful = DoubtfulSchemas(tree, warn) if warn is not None else None
    for schema, steps in root_schemas(tree):
        for node, link in each_schema(schema):
            if doubtful is not None and ("$ref" in node or "allOf" in node or "oneOf" in node):
                doubtful.look(node, steps, link)
            keywords = normal_keywords(node, version)
            if keywords is not None:
                copies.replace((*steps, *steps_of(link)), keywords)
    return copies.tree


class _Copies:
    """A tree in which objects are replaced: those around them are copied, each once, and all others are shared."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self._copied: set[int] = set()

    def replace(self, steps: Steps, node: dict[str, Any]) -> None:
        """Replace an object; one around it must be replaced before it.

        Nothing is replaced where the way there is gone, with an object around it that was replaced.
        """
        self.tree = here = self._copy(self.tree)
        for step in steps[:-1]:
            key = int(step) if isinstance(here, list) else step
            if isinstance(here, dict) and key not in here:
                return
            here[key] = here = self._copy(here[key])
        if isinstance(here, list):
            here[int(steps[-1])] = node
        elif steps[-1] in here:
            here[steps[-1]] = node
        self._copied.add(id(node))

    def _copy(self, value: Any) -> Any:
        if id(value) in self._copied:
            return value
        copy = value.copy()
        self._copied.add(id(copy))
        return copy
