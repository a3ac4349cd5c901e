"""The normal form of schemas: JSON Schema 2020-12, whatever version of OpenAPI they were written in.

Only keywords of a schema change, never the place of a schema below it, so that each JSON pointer into a document
leads to the same schema in both forms.

| written | normal form |
|---|---|
| `type: string, nullable: true` (3.0) | `type: [string, "null"]` |
| `minimum: 1, exclusiveMinimum: true` (3.0) | `exclusiveMinimum: 1` |
| keywords beside a `$ref` (3.0), which are ignored | annotations alone |
| `discriminator` whose `mapping` or `defaultMapping` has names | references |

Two things stay as they are, though 2020-12 does not know them: `nullable` without a `type`, which adds nothing
("Schema Object" of OpenAPI 3.0.4) but tells what the author means, and keywords that are not in 3.0.
"""

from collections.abc import Mapping
from typing import Any

from dynacli.openapi.schema.discriminators import as_reference

__all__ = ["normal_keywords"]

_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_MAY_DIFFER = frozenset({"exclusiveMinimum", "exclusiveMaximum", "discriminator"})
_MAY_DIFFER_3_0 = _MAY_DIFFER | {"nullable", "$ref"}
_ANNOTATIONS = frozenset(
    {"$ref", "description", "summary", "title", "deprecated", "readOnly", "writeOnly", "nullable"}
    | {"default", "example", "examples", "externalDocs", "xml"}
)


def normal_keywords(schema: dict[str, Any], version: str) -> dict[str, Any] | None:
    """Return the keywords of a schema in the normal form; None where they have it already.

    Args:
        schema: A Schema Object; the schemas below it are taken as they are.
        version: The version of OpenAPI that it is written in, such as `3.0`.
    """
    is_3_0 = version == "3.0"
    if schema.keys().isdisjoint(_MAY_DIFFER_3_0 if is_3_0 else _MAY_DIFFER):
        return None
    if is_3_0 and isinstance(schema.get("$ref"), str):
        # OpenAPI 3.0.4, "Reference Object": other properties "SHALL be ignored". People describe references all the
        # same, and what is only told makes no value wrong.
        kept = {name: value for name, value in schema.items() if name in _ANNOTATIONS or name[:2] == "x-"}
        if len(kept) == len(schema):
            return None
        for branch in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
            # How people mark a reference, since a mark beside it is ignored, too.
            marks = branch if isinstance(branch, dict) else {}
            kept.update({name: True for name in ("readOnly", "writeOnly") if marks.get(name) is True})
        return kept
    normal = dict(schema)
    if is_3_0 and schema.get("nullable") is True:
        _add_null(normal)
    for exclusive, bound in _BOUNDS:
        if exclusive in normal:
            _make_number(normal, exclusive, bound, is_flag=is_3_0 or isinstance(normal[exclusive], bool))
    if "discriminator" in normal:
        normal["discriminator"] = _with_references(normal["discriminator"])
    return normal if normal != schema or normal.keys() != schema.keys() else None


def _add_null(schema: dict[str, Any]) -> None:
    """Add null to the types of a schema that is `nullable`."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        kinds = [kinds]
    if isinstance(kinds, list) and kinds:
        schema["type"] = kinds if "null" in kinds else [*kinds, "null"]
        del schema["nullable"]


def _make_number(schema: dict[str, Any], exclusive: str, bound: str, *, is_flag: bool) -> None:
    """Let an exclusive bound be a number, where it is written as a flag beside the bound.

    Documents that became 3.1 only by their first line have the flags of 3.0 there, too.
    """
    if not is_flag:
        return
    is_excluded = bool(schema.pop(exclusive))
    if is_excluded and bound in schema:
        schema[exclusive] = schema.pop(bound)


def _with_references(discriminator: Any) -> Any:
    """Return a discriminator that has references where it may have names of components, too."""
    if not isinstance(discriminator, Mapping):
        return discriminator
    normal = dict(discriminator)
    if isinstance(mapping := normal.get("mapping"), Mapping):
        normal["mapping"] = {value: _reference(target) for value, target in mapping.items()}
    if "defaultMapping" in normal:
        normal["defaultMapping"] = _reference(normal["defaultMapping"])
    return normal


def _reference(target: Any) -> Any:
    return as_reference(target) if isinstance(target, str) else target
