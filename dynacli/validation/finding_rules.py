"""The rules of findings, and suppressing findings.

| rule | subject |
|---|---|
| a keyword of JSON Schema or of OpenAPI's Schema Object | a value in a body, a parameter or a header |
| any other | a status, a media type, a header, a credential, or a missing part |
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.openapi.model.wording import in_backticks
from dynacli.record import record
from dynacli.validation.finding import Finding, ValidationResult

RULE_GROUPS: Mapping[str, Mapping[str, str]] = {
    "Any value": {
        "type": "The value has an allowed type",
        "enum": "The value is one of the listed values",
        "const": "The value equals the only allowed value",
        "nullable": "The value is null only if the schema allows null",
        "not": "The value does not match the excluded schema",
        "false": "There is no value if the schema is `false`",
        "format": "The string or number has the declared format",
        "discriminator": "The discriminator property names one of the alternatives",
        "xml": "The root element of an XML response has the name and namespace of its `xml` object",
    },
    "Numbers": {
        "multipleOf": "The number is a multiple of `multipleOf`",
        "minimum": "The number is not below the minimum",
        "exclusiveMinimum": "The number is above the exclusive minimum",
        "maximum": "The number is not above the maximum",
        "exclusiveMaximum": "The number is below the exclusive maximum",
    },
    "Strings": {
        "minLength": "The string is not shorter than `minLength`",
        "maxLength": "The string is not longer than `maxLength`",
        "pattern": "The string matches the regular expression",
        "contentEncoding": "The string is encoded as declared",
        "contentMediaType": "The content of the string has the declared media type",
        "contentSchema": "The content of the string matches its schema",
    },
    "Arrays": {
        "items": "Each item matches the schema of the items",
        "prefixItems": "Each of the first items matches the schema of its position",
        "additionalItems": "Each item after the first ones matches the schema of further items",
        "unevaluatedItems": "The array has only items that the schema describes",
        "contains": "The array has an item that matches `contains`",
        "minContains": "The array has at least `minContains` items that match `contains`",
        "maxContains": "The array has at most `maxContains` items that match `contains`",
        "minItems": "The array has at least `minItems` items",
        "maxItems": "The array has at most `maxItems` items",
        "uniqueItems": "No two items are equal",
    },
    "Objects": {
        "required": "The object has every required property",
        "properties": "Each property matches its schema",
        "patternProperties": "Each property whose name matches a pattern matches the schema of the pattern",
        "additionalProperties": "Each property of the object is allowed",
        "unevaluatedProperties": "The object has only properties that the schema describes",
        "propertyNames": "Each name of a property matches its schema",
        "minProperties": "The object has at least `minProperties` properties",
        "maxProperties": "The object has at most `maxProperties` properties",
        "dependencies": "If a property is there, what depends on it is there, too",
        "dependentRequired": "If a property is there, the properties that depend on it are there, too",
        "dependentSchemas": "If a property is there, the object matches the schema that depends on it",
        "readOnly": "No request has a read-only property",
        "writeOnly": "No response has a write-only property",
    },
    "Combined schemas": {
        "allOf": "The value matches all schemas",
        "anyOf": "The value matches at least one alternative",
        "oneOf": "The value matches exactly one alternative",
        "if": "The value matches the condition",
        "then": "If the value matches the condition, it also matches `then`",
        "else": "If the value does not match the condition, it matches `else`",
        "$ref": "The value matches the referenced schema",
        "$dynamicRef": "The value matches the referenced schema",
    },
    "Requests and responses": {
        "undocumented-status": "The status is in the document",
        "undocumented-method": "Every method that the server accepts for a path is in the document",
        "missing-allow": "A 405 response has the header `Allow`",
        "ignored-security": "An operation that needs a credential refuses a call without one",
        "accepted-invalid-request": "The server refuses a request that the document does not allow",
        "no-response": "The server responds to a request that the document allows",
        "undocumented-media-type": "The media type of the body is in the document",
        "undocumented-body": "A body is present only if the document describes one",
        "undocumented-property": "Every property of the response is in the document",
        "undocumented-header": "Every header of the response is in the document",
        "undocumented-parameter": "Every name in the query of the request is in the document",
        "unreadable-body": "The body can be read as its media type",
        "missing-body": "There is a body if the document describes one",
        "missing-header": "Every required header is there",
        "missing-parameter": "Every required parameter is there",
        "missing-security": "The request has the credentials that the document requires",
        "empty-value": "A parameter has a value, unless the document allows an empty one",
    },
}
"""Subject → its rules, each with the sentence that states it."""

DIFFERS = "differs"
"""The rule in reports that a response must be the same as the first server's."""
FINDING_RULES: Mapping[str, str] = {
    rule: sentence for rules in RULE_GROUPS.values() for rule, sentence in rules.items()
}
"""Rule → its sentence."""

_KEYS = frozenset({"rule", "operation", "pointer", "status", "where", "reason"})


class BadIgnoreError(ValueError):
    """An entry that suppresses findings is malformed; the message has the reason."""


@record
class Ignore:
    """An entry of the configuration that suppresses findings which match all its fields.

    Args:
        rule: Name of the rule; `*` for all.
        reason: The reason for suppressing, which reports show.
        operation: Name or operationId of the operation; empty for all.
        pointer: Location of the findings or of an enclosing value, with `*` for any step; empty for all.
        status: Status of the response: `404`, or `4XX` for the whole class; empty for all, and for requests.
        where: `request` or `response`; empty for both.
    """

    rule: str
    reason: str
    operation: str = ""
    pointer: str = ""
    status: str = ""
    where: str = ""

    def matches(self, finding: Finding, status: int | None) -> bool:
        """Return whether the entry suppresses a finding of its operation.

        Args:
            finding: The finding.
            status: The status of the response; None for a request.
        """
        if self.rule not in {"*", finding.rule} or self.where not in {"", finding.where}:
            return False
        if self.status and not _is_of_class(status, self.status):
            return False
        return not self.pointer or _is_inside(finding.pointer, self.pointer)


def ignores_of(entries: Any) -> tuple[Ignore, ...]:
    """Return the entries of a configuration's `ignore`.

    Raises:
        BadIgnoreError: An entry is malformed. No entry is used.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadIgnoreError("it must be a list of tables, each written `[[...]]`")
    return tuple(
        _ignore(entry, f"of its entry {number}, " * (len(entries) > 1))
        for number, entry in enumerate(entries, 1)
    )


def _ignore(entry: Mapping[str, Any], place: str) -> Ignore:
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise BadIgnoreError(
            f"{place}`{unknown[0]}` is not a known key. Known keys: {in_backticks(sorted(_KEYS))}"
        )
    values = {key: _string_member(entry, key, place) for key in _KEYS}
    for key in ("rule", "reason"):
        if not values[key].strip():
            raise BadIgnoreError(f"{place}`{key}` is missing")
    if values["rule"] != "*" and values["rule"] not in FINDING_RULES:
        raise BadIgnoreError(
            f"{place}`{values['rule']}` is not a rule; those are `*` and {in_backticks(sorted(FINDING_RULES))}"
        )
    if values["where"] not in {"", "request", "response"}:
        raise BadIgnoreError(f"{place}`where` is `request` or `response`")
    values["status"] = values["status"].upper()
    if values["status"] and not _is_status(values["status"]):
        raise BadIgnoreError(f"{place}`status` must be one like `404`, or a class of them like `4XX`")
    return Ignore(**values)


def _string_member(entry: Mapping[str, Any], key: str, place: str) -> str:
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


def suppress(
    validation: ValidationResult, ignores: Iterable[Ignore], names: Iterable[str], status: int | None = None
) -> None:
    """Move suppressed findings to the result's `suppressed`, each with its reason.

    Args:
        validation: The result, which is changed.
        ignores: The entries that suppress findings.
        names: Name and operationId of the operation.
        status: Status of the response; None for a request.
    """
    folded = {name.casefold() for name in names if name}
    relevant = [entry for entry in ignores if not entry.operation or entry.operation.casefold() in folded]
    if not relevant:
        return
    for findings in (validation.findings, validation.tolerated):
        kept = []
        for finding in findings:
            ignore = next((entry for entry in relevant if entry.matches(finding, status)), None)
            if ignore is None:
                kept.append(finding)
            else:
                validation.suppressed.append((finding, ignore.reason))
        findings[:] = kept


def _is_of_class(status: int | None, wanted: str) -> bool:
    text = str(status)
    return text == wanted or (wanted.endswith("XX") and text[:1] == wanted[:1])


def _is_inside(pointer: str, wanted: str) -> bool:
    # Names of headers are case-insensitive (RFC 9110, section 5.1).
    if wanted.lower().startswith("header/"):
        pointer, wanted = pointer.lower(), wanted.lower()
    steps, asked = pointer.split("/"), wanted.split("/")
    return len(steps) >= len(asked) and all(
        pattern in ("*", step) for step, pattern in zip(steps, asked, strict=False)
    )
