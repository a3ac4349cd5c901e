"""Compiled schemas are freed with the last reference: the compiler works without the garbage collector."""

import gc
from typing import Any
from weakref import ref

from dynacli.openapi.schema.document_schemas import DocumentSchemas

_NODE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "next": {"$ref": "#/components/schemas/Node"},
        "name": {"type": "string", "pattern": "^a"},
        "other": {"$ref": "#/components/schemas/Nothing"},
    },
}


def _resolved(reference: str) -> Any:
    if reference.endswith("/Node"):
        return _NODE
    raise LookupError(reference)


def test_schemas_are_freed_without_the_collector() -> None:
    """Also those that lead back to themselves, have patterns, and a reference that leads nowhere."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        schemas = DocumentSchemas(_resolved)
        assert schemas.fits({"next": {"name": "ab"}}, _NODE)
        assert not schemas.fits({"next": {"name": "b"}}, _NODE)
        compiled = ref(schemas._compiled.compiled(_NODE))
        known = ref(schemas)
        del schemas
        assert (None, None) == (compiled(), known())
    finally:
        if was_enabled:
            gc.enable()
