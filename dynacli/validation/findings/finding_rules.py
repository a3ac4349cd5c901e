"""The rules that findings are about, and switching findings off.

| rule | subject |
|---|---|
| a keyword of JSON Schema or of OpenAPI's Schema Object | a value in a body, a parameter or a header |
| any other | a status, a media type, a header, a credential, or something that is missing |
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.record import record
from dynacli.validation.findings.finding import Finding, Verdict

__all__ = ["RULES", "BadIgnoreError", "Ignore", "ignores_of", "suppress"]

RULES: Mapping[str, str] = {
    # Any value
    "type": "The value has a type that the document allows",
    "enum": "The value is one of those that the document lists",
    "const": "The value is the one that the document names",
    "nullable": "Null stands only where the document allows it",
    "not": "The value is not what the document excludes",
    "false": "Nothing stands where the document allows nothing",
    "format": "The text or number has the format that the document names",
    "discriminator": "The property that tells alternatives apart names one of them",
    # Numbers
    "multipleOf": "The number is a multiple of the document's",
    "minimum": "The number is not less than the document's minimum",
    "exclusiveMinimum": "The number is more than the document's bound",
    "maximum": "The number is not more than the document's maximum",
    "exclusiveMaximum": "The number is less than the document's bound",
    # Texts
    "minLength": "The text has at least as many characters as the document asks for",
    "maxLength": "The text has at most as many characters as the document allows",
    "pattern": "The text matches the document's regular expression",
    "contentEncoding": "The text is encoded as the document says",
    "contentMediaType": "The text has content of the document's media type",
    "contentSchema": "The content of the text is as the document describes it",
    # Arrays
    "items": "Each item is as the document describes it",
    "prefixItems": "The first items are as the document describes them, one by one",
    "additionalItems": "The items after the first ones are as the document describes them",
    "unevaluatedItems": "There are no items but those that the document describes",
    "contains": "The array has items of the kind that the document asks for",
    "minContains": "The array has enough items of the kind that the document asks for",
    "maxContains": "The array has not too many items of the kind that the document asks for",
    "minItems": "The array has at least as many items as the document asks for",
    "maxItems": "The array has at most as many items as the document allows",
    "uniqueItems": "No two items are the same",
    # Objects
    "required": "The object has each property that the document requires",
    "properties": "Each property is as the document describes it",
    "patternProperties": "Properties whose names match a pattern are as the document describes them",
    "additionalProperties": "The object has no property that the document does not allow",
    "unevaluatedProperties": "The object has no property that the document does not describe",
    "propertyNames": "The names of properties are as the document describes them",
    "minProperties": "The object has at least as many properties as the document asks for",
    "maxProperties": "The object has at most as many properties as the document allows",
    "dependencies": "With one property come those that belong to it",
    "dependentRequired": "With one property come those that belong to it",
    "dependentSchemas": "With one property the object is as the document describes it then",
    "readOnly": "A property that only answers have is not sent",
    "writeOnly": "A property that only requests have is in no answer",
    # Several schemas together
    "allOf": "The value fits all of the document's schemas",
    "anyOf": "The value fits one of the document's alternatives at least",
    "oneOf": "The value fits exactly one of the document's alternatives",
    "if": "The value fits the document's condition",
    "then": "The value is as the document describes it where its condition holds",
    "else": "The value is as the document describes it where its condition does not hold",
    "$ref": "The value fits the schema that is referred to",
    "$dynamicRef": "The value fits the schema that is referred to",
    # Around values
    "undocumented-status": "The answer's status is one that the document has",
    "undocumented-method": "The document has each method that the server has for a path",
    "missing-allow": "A method that is not allowed is refused with the methods that are",
    "ignored-security": "What needs a credential is refused without one",
    "accepted-invalid-request": "A request that the document does not allow is refused",
    "no-answer": "The server answers what the document allows to be asked",
    "undocumented-media-type": "The body has a media type that the document has",
    "undocumented-body": "There is no body where the document describes none",
    "undocumented-property": "The document mentions each property of the answer",
    "undocumented-header": "The document mentions each header of the answer",
    "unreadable-body": "The body is what its media type says",
    "missing-body": "There is a body where the document describes one",
    "missing-header": "There is each header that the document requires",
    "missing-parameter": "There is each parameter that the document requires",
    "missing-security": "The request has the credentials that the document asks for",
    "empty-value": "A parameter has a value, unless the document allows an empty one",
}
"""Rule → the sentence that is true where the rule is kept."""

_KEYS = frozenset({"rule", "operation", "pointer", "status", "where", "reason"})


class BadIgnoreError(ValueError):
    """An entry that switches findings off is malformed; the text says how."""


@record
class Ignore:
    """An entry of the configuration that switches findings off. A finding must match all of it.

    Args:
        rule: The name of the rule; `*` for all.
        reason: Why the findings do not count, as reports show it.
        operation: The name or operationId of the operation; empty for all.
        pointer: The place of the findings, or of something around them, with `*` for any step; empty for all.
        status: The status of the answer: `404`, or `4XX` for the whole class; empty for all, and for requests.
        where: `request` or `response`; empty for both.
    """

    rule: str
    reason: str
    operation: str = ""
    pointer: str = ""
    status: str = ""
    where: str = ""

    def matches(self, finding: Finding, status: int | None) -> bool:
        """Return whether the entry switches off a finding of its operation.

        Args:
            finding: The finding.
            status: The status of the answer; None for a request.
        """
        if self.rule not in {"*", finding.rule} or self.where not in {"", finding.where}:
            return False
        if self.status and not _is_of_class(status, self.status):
            return False
        return not self.pointer or _is_inside(finding.pointer, self.pointer)


def ignores_of(entries: Any) -> tuple[Ignore, ...]:
    """Return the entries of a configuration's `ignore`.

    Raises:
        BadIgnoreError: An entry is malformed, so that none is used.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadIgnoreError("it is a list of tables, each written `[[...]]`")
    return tuple(
        _ignore(entry, f"of its entry {number}, " * (len(entries) > 1))
        for number, entry in enumerate(entries, 1)
    )


def _ignore(entry: Mapping[str, Any], place: str) -> Ignore:
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise BadIgnoreError(f"{place}`{unknown[0]}` is not known, only {_listed(sorted(_KEYS))}")
    values = {key: _text(entry, key, place) for key in _KEYS}
    for key in ("rule", "reason"):
        if not values[key].strip():
            raise BadIgnoreError(f"{place}`{key}` is missing")
    if values["rule"] != "*" and values["rule"] not in RULES:
        raise BadIgnoreError(
            f"{place}`{values['rule']}` is not a rule; those are `*` and {_listed(sorted(RULES))}"
        )
    if values["where"] not in {"", "request", "response"}:
        raise BadIgnoreError(f"{place}`where` is `request` or `response`")
    values["status"] = values["status"].upper()
    if values["status"] and not _is_status(values["status"]):
        raise BadIgnoreError(f"{place}`status` is one like `404`, or a class of them like `4XX`")
    return Ignore(**values)


def _text(entry: Mapping[str, Any], key: str, place: str) -> str:
    value = entry.get(key, "")
    if key == "status" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadIgnoreError(f"{place}`{key}` is a text")
    return value


def _is_status(text: str) -> bool:
    return (
        len(text) == 3 and text.isascii() and text[0] in "12345" and (text[1:] == "XX" or text[1:].isdigit())
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def suppress(
    verdict: Verdict, ignores: Iterable[Ignore], names: Iterable[str], status: int | None = None
) -> None:
    """Move the findings that are switched off to the verdict's `suppressed`, each with its reason.

    Args:
        verdict: The verdict, which is changed.
        ignores: The entries that switch findings off.
        names: The operation's name and its operationId.
        status: The status of the answer; None for a request.
    """
    folded = {name.casefold() for name in names if name}
    relevant = [entry for entry in ignores if not entry.operation or entry.operation.casefold() in folded]
    if not relevant:
        return
    for findings in (verdict.findings, verdict.tolerated):
        kept = []
        for finding in findings:
            ignore = next((entry for entry in relevant if entry.matches(finding, status)), None)
            if ignore is None:
                kept.append(finding)
            else:
                verdict.suppressed.append((finding, ignore.reason))
        findings[:] = kept


def _is_of_class(status: int | None, wanted: str) -> bool:
    text = str(status)
    return text == wanted or (wanted.endswith("XX") and text[:1] == wanted[:1])


def _is_inside(pointer: str, wanted: str) -> bool:
    # The names of headers have no case (RFC 9110, section 5.1).
    if wanted.lower().startswith("header/"):
        pointer, wanted = pointer.lower(), wanted.lower()
    steps, asked = pointer.split("/"), wanted.split("/")
    return len(steps) >= len(asked) and all(
        pattern in ("*", step) for step, pattern in zip(steps, asked, strict=False)
    )
