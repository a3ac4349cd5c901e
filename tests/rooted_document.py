"""A document with one schema to look at, for tests of references and of the specification."""

from typing import Any

PET = {"type": "object", "properties": {"name": {"type": "string"}}}
REF = {"$ref": "#/components/schemas/Pet"}


def rooted(schema: Any, version: str = "3.1.0", **schemas: Any) -> dict[str, Any]:
    """Return a document whose schema `Root` is the given one, beside `Pet` and further schemas."""
    return {
        "openapi": version,
        "info": {"title": "Pets", "version": "1"},
        "paths": {},
        "components": {"schemas": {"Pet": PET, **schemas, "Root": schema}},
    }
