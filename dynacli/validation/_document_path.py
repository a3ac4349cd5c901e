"""openapi-core's view of a document whose references all lead into itself."""

from collections.abc import Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Self

import jsonschema_path

from dynacli.openapi.references import end_of_references
from dynacli.validation.operation_document import resolve_reference


class SchemaPath(jsonschema_path.SchemaPath):
    """A place in such a document.

    jsonschema-path resolves references by `referencing`, whose import takes a tenth of a call, and asks handlers for
    what is not in the document. Here nothing is ever fetched, should a reference get by the compiler.
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
        """Return what is at a place, with references followed on the way, and at its end."""
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
    """Return the type beside null: openapi-core reads no text of a parameter that has several types.

    https://github.com/python-openapi/openapi-core/blob/master/openapi_core/deserializing/styles/factories.py
    """
    others = [name for name in types if name != "null"]
    return others[0] if len(others) == 1 else types
