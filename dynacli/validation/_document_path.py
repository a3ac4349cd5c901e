"""Adapts jsonschema-path to documents with internal references only, for openapi-core."""

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Self

import jsonschema_path

from dynacli.openapi.references import end_of_references
from dynacli.validation.operation_document import resolve_reference


class SchemaPath(jsonschema_path.SchemaPath):
    """A location in a document with internal references only.

    jsonschema-path resolves references with `referencing`, which takes a tenth of the time of a call to import, and
    can fetch other documents. This class cannot fetch anything.
    https://github.com/p1c2u/jsonschema-path/blob/master/jsonschema_path/accessors.py
    """

    @classmethod
    def from_dict(cls, data: Any, *args: Any, **_: Any) -> Self:
        """Return the root of a document."""
        return cls(_DocumentAccessor(data), *args)


class _DocumentAccessor(jsonschema_path.SchemaAccessor):
    def __init__(self, document: dict[str, Any]) -> None:
        no_resolver: Any = None
        super().__init__(document, no_resolver)
        self._document = document
        self._found: dict[tuple[Any, ...], Any] = {}

    def get_resolved(self, parts: Sequence[Any]) -> Any:
        """Return the value at a location, following references."""
        steps = tuple(parts)
        if steps not in self._found:
            here: Any = self._document
            if steps:
                here = self._get_subnode(self.get_resolved(steps[:-1]).contents, steps[-1])
                if steps[-1] == "type" and isinstance(here, list):
                    here = _one_type(here)
            self._found[steps] = SimpleNamespace(contents=self._followed(here), resolver=None)
        return self._found[steps]

    def _followed(self, value: Any) -> Any:
        return end_of_references(value, partial(resolve_reference, self._document))


def _one_type(types: list[Any]) -> Any:
    """Return the type besides null, because openapi-core cannot read a parameter with several types.

    https://github.com/python-openapi/openapi-core/blob/master/openapi_core/deserializing/styles/factories.py
    """
    others = [name for name in types if name != "null"]
    return others[0] if len(others) == 1 else types
