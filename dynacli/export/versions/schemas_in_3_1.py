"""Schema Objects of OpenAPI 3.0 → 3.1, which are JSON Schema 2020-12.

"Migrating Binary Descriptions from OAS 3.0" (OpenAPI 3.1.1) says what became of `format: byte` and `binary`.
"""

from typing import Any

from dynacli.export.versions.conversion_walk import Here
from dynacli.export.versions.left_out import leave_out
from dynacli.schema.normal_form import normal_keywords
from dynacli.schema.read_schema import list_of

__all__ = ["schema_in_3_1"]

_CONTENT = {
    "byte": {"contentEncoding": "base64"},
    "base64": {"contentEncoding": "base64"},
    "binary": {"contentMediaType": "application/octet-stream"},
}
"""Format in 3.0 → the keywords for it in 3.1."""
_NEWER = frozenset(
    {"const", "patternProperties", "propertyNames", "if", "then", "else", "contains", "minContains"}
    | {"maxContains", "prefixItems", "additionalItems", "dependencies", "dependentSchemas"}
    | {"dependentRequired", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$schema"}
)
"""Keywords that restrict nothing in 3.0, which does not know them, and would in 3.1."""
_RESTRICT = ("$ref", "enum", "allOf", "oneOf", "anyOf", "not", "discriminator")


def schema_in_3_1(schema: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a schema of 3.0 with the keywords of 3.1."""
    normal = dict(normal_keywords(schema, "3.0") or schema)
    newer = [key for key in normal if key in _NEWER]
    leave_out(normal, here, "a schema, which means nothing in 3.0", *newer)
    made: dict[str, Any] = {}
    # An exclusive bound stands where its flag stood.
    for key in dict.fromkeys((*schema, *normal)):
        if key not in normal or key == "nullable":
            continue
        value = schema[key] if key == "discriminator" else normal[key]
        if key == "example":
            made.setdefault("examples", [value])
        elif key == "format" and isinstance(value, str) and value in _CONTENT and _is_text(normal):
            made |= _CONTENT[value]
        else:
            made[key] = value
    return _with_null(made, here) if schema.get("nullable") is True else made


def _is_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") in ("string", ["string", "null"])


def _with_null(made: dict[str, Any], here: Here) -> dict[str, Any]:
    """Let a schema allow null as whoever wrote `nullable` means it.

    Strictly, it adds null to the `type` beside it alone (OpenAPI 3.0.4, "Schema Object"). Yet many documents have it
    beside a reference, and no judge refuses their nulls for it at any but the strictest level.
    """
    if "type" in made:
        values = list_of(made, "enum")
        return {**made, "enum": [*values, None]} if values and None not in values else made
    inner = {key: made[key] for key in _RESTRICT if key in made}
    if not inner:
        return made
    if inner.keys() == {"anyOf"}:
        return {**made, "anyOf": [*list_of(made, "anyOf"), {"type": "null"}]}
    if inner.keys() == {"allOf"} and len(list_of(made, "allOf")) == 1:
        here.move(("allOf", 0), ("anyOf", 0))
        inner = made["allOf"][0]
    else:
        for key in inner:
            here.move((key,), ("anyOf", 0, key))
    outer = {key: value for key, value in made.items() if key not in _RESTRICT}
    return {**outer, "anyOf": [inner, {"type": "null"}]}
