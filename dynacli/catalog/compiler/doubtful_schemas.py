"""Schemas whose keywords are right, each by itself, and that mean nothing all the same."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from dynacli.document.references.scan import Link, lookup, steps_of
from dynacli.schema.read_schema import applied_schemas, common_types, following, types_of

__all__ = ["DoubtfulSchemas"]

_SCHEMAS = "#/components/schemas/"
_MOST_PARTS = 20
"""Of a longer chain of `allOf` each link is looked at by itself."""
_TELLING = frozenset({"enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "not"})
"""Keywords that can tell the numbers of two branches apart."""


class DoubtfulSchemas:
    """Warns of references that lead to no schema, and of schemas that ask for two types at once or cannot choose.

    Such schemas are kept as they are written.

    Args:
        tree: The document.
        warn: Called with a message and the steps of a pointer.
    """

    def __init__(self, tree: Any, warn: Callable[..., None]) -> None:
        self._tree = tree
        self._warn = warn
        self._refs: set[str] = set()
        self._follow = following(partial(lookup, tree))

    def look(self, schema: dict[str, Any], steps: tuple[str | int, ...], link: Link) -> None:
        """Look at a schema; what is below it is not looked at.

        Args:
            steps: To the schema that is around it, and below no other.
            link: The steps from there.
        """
        ref = schema.get("$ref")
        messages = []
        if isinstance(ref, str) and ref not in self._refs:
            self._refs.add(ref)
            if not self._leads_to_schema(ref):
                messages.append(("$ref", f"`{ref[:100]}` leads to no schema; it stands for anything"))
        if "allOf" in schema:
            messages.append(("allOf", self._two_types(schema)))
        if isinstance(schema.get("oneOf"), list):
            messages.append(("oneOf", self._two_numbers(schema["oneOf"])))
        for keyword, message in messages:
            if message:
                self._warn(message, *steps, *steps_of(link), keyword)

    def _leads_to_schema(self, ref: str) -> bool:
        try:
            target = lookup(self._tree, ref)
        except LookupError:
            return True  # to nothing, of which is told elsewhere
        is_other_component = (
            ref.startswith("#/components/") and not ref.startswith(_SCHEMAS) and ref.count("/") == 3
        )
        return isinstance(target, dict | bool) and not is_other_component

    def _two_types(self, schema: dict[str, Any]) -> str:
        """Return the message for a schema that asks for two types at once, else an empty text."""
        types: list[str] = []
        for part in islice(applied_schemas(schema, self._follow), _MOST_PARTS):
            named = types_of(part)
            common = common_types(types, named) if types and named else types or named
            if not common and named:
                asked = f"`{'|'.join(types)}` and `{'|'.join(named)}`"
                return f"No value is right, because it would be {asked} at once"
            types = common
        return ""

    def _two_numbers(self, branches: list[Any]) -> str:
        """Return the message for a choice between integers and numbers, as an integer is both, else an empty text."""
        kinds: set[str] = set()
        for branch in branches[:_MOST_PARTS]:
            parts = list(islice(applied_schemas(branch, self._follow), _MOST_PARTS))
            if not any(_TELLING.intersection(part) for part in parts):
                kinds.update(kind for part in parts for kind in types_of(part))
        if {"integer", "number"} <= kinds:
            return "An integer is a number too, so that it fits two branches; `anyOf` takes it"
        return ""
