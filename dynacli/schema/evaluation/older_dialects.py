"""Schemas of older dialects of JSON Schema, whose `$schema` names them, as 2020-12 would write them."""

from typing import Any

__all__ = ["draft_of", "is_known_dialect", "modern_keywords"]

_DRAFTS = {
    **{f"http://json-schema.org/draft-0{draft}/schema": draft for draft in (3, 4, 6, 7)},
    "https://json-schema.org/draft/2019-09/schema": 8,
}
_MODERN = frozenset(
    {"https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.1/dialect/base"}
    | {
        "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
        "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    }
)


def draft_of(dialect: str) -> int:
    """Return the number of the draft that a dialect is, 8 for 2019-09; 0 for 2020-12 and unknown ones."""
    return _DRAFTS.get(dialect.rstrip("#"), 0)


def is_known_dialect(dialect: str) -> bool:
    """Return whether the schemas of a dialect can be evaluated as it means them."""
    return dialect.rstrip("#") in _MODERN or draft_of(dialect) > 0


def modern_keywords(schema: dict[str, Any], draft: int) -> dict[str, Any]:
    """Return the keywords of a schema of an older draft as 2020-12 has them.

    Args:
        schema: The schema; those below it are taken as they are.
        draft: The number of the draft.
    """
    if draft < 8 and isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # keywords beside it are ignored (draft 7, section 8.3)
    modern = dict(schema)
    additional = modern.pop("additionalItems", None)
    if isinstance(modern.get("items"), list):
        modern["prefixItems"] = modern.pop("items")
        if additional is not None:
            modern["items"] = additional
    if isinstance(dependencies := modern.pop("dependencies", None), dict):
        required = {name: names for name, names in dependencies.items() if isinstance(names, list)}
        schemas = {name: below for name, below in dependencies.items() if name not in required}
        modern.update({"dependentRequired": required} if required else {})
        modern.update({"dependentSchemas": schemas} if schemas else {})
    if draft == 3 and "divisibleBy" in modern:
        modern["multipleOf"] = modern.pop("divisibleBy")
    return modern
