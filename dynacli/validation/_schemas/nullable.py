"""Why OpenAPI 3.0 does not allow null where a schema says `nullable`, which means less than many authors think."""

from typing import Any

from dynacli.openapi.schema.read_schema import says_nullable
from dynacli.validation.operation_document import locate, target_of

__all__ = ["why_no_null"]

_RULES = frozenset({"type", "enum", "const", "oneOf", "anyOf"})
_BELOW = frozenset({"items", "additionalProperties"})
"""Keywords whose schema describes another value."""
_BELOW_BY_NAME = frozenset({"properties", "patternProperties"})


def why_no_null(document: dict[str, Any], steps: list[str | int], rule: str) -> str:
    """Return why a schema that says `nullable` does not allow null; empty where no schema on the way says it.

    OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the allowed type "only if `type` is explicitly defined
    within the same Schema Object", and changes no other keyword.

    Args:
        document: The document of the operation.
        steps: The steps from the root of the document to the keyword that null breaks.
        rule: The name of that keyword.
    """
    if rule not in _RULES:
        return ""
    for length in range(_start(steps), len(steps)):
        schema = target_of(document, locate(document, steps[:length]).pointer)
        if not says_nullable(schema):
            continue
        if "type" not in schema or "$ref" in schema:
            return "`nullable` counts only beside a `type` (OpenAPI 3.0.4)"
        if rule in {"enum", "const"}:
            return f"`nullable` adds no null to `{rule}` (OpenAPI 3.0.4)"
    return ""


def _start(steps: list[str | int]) -> int:
    """Return how many of the steps lead to the outermost schema that describes the same value as the last step."""
    # Behind the first `schema`, which is that of the body or parameter, the steps are keywords.
    start = index = steps.index("schema") + 1 if "schema" in steps else 0
    while index < len(steps):
        step = steps[index]
        index += 2 if step in _BELOW_BY_NAME or step in {"allOf", "anyOf", "oneOf"} else 1
        if step in _BELOW_BY_NAME or step in _BELOW:
            start = index
    return min(start, len(steps))
