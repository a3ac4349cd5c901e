"""Why OpenAPI 3.0 allows no null where a document seems to: `nullable` says less than many authors think."""

from collections.abc import Mapping
from typing import Any

from dynacli.validation.operation_document import locate, target_of

__all__ = ["why_no_null"]

_RULES = frozenset({"type", "enum", "const", "oneOf", "anyOf"})
_BELOW = frozenset({"items", "additionalProperties"})
"""Keywords whose schema is about another value."""
_BELOW_BY_NAME = frozenset({"properties", "patternProperties"})


def why_no_null(document: dict[str, Any], steps: list[str | int], rule: str) -> str:
    """Return why a schema that says `nullable` does not allow null; empty where none does on the way to a finding.

    OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the allowed type "only if `type` is explicitly defined
    within the same Schema Object", and says nothing of other keywords.

    Args:
        steps: From the document to the keyword that null breaks.
        rule: The keyword.
    """
    if rule not in _RULES:
        return ""
    for length in range(_start(steps), len(steps)):
        schema = target_of(document, locate(document, steps[:length]).pointer)
        if not isinstance(schema, Mapping) or schema.get("nullable") is not True:
            continue
        if "type" not in schema or "$ref" in schema:
            return "`nullable` counts only beside a `type` (OpenAPI 3.0.4)"
        if rule in {"enum", "const"}:
            return f"`nullable` adds no null to `{rule}` (OpenAPI 3.0.4)"
    return ""


def _start(steps: list[str | int]) -> int:
    """Return how many of the steps lead to the outermost schema that is about the same value as the last."""
    start = at = 0
    while at < len(steps):
        if steps[at] == "schema":
            start = at + 1  # of the body or of a parameter, from where on there are keywords
            break
        at += 1
    at = start
    while at < len(steps):
        if steps[at] in _BELOW_BY_NAME:
            at += 2
            start = at
        elif steps[at] in _BELOW:
            at += 1
            start = at
        elif steps[at] in {"allOf", "anyOf", "oneOf"}:
            at += 2
        else:
            at += 1
    return min(start, len(steps))
