"""The sentence that says how a value breaks a keyword, for each keyword."""

import json
from collections.abc import Mapping
from typing import Any

from dynacli.openapi.schema.evaluation.schema_error import BinaryText, shortened
from dynacli.openapi.schema.read_schema import json_type

__all__ = ["kind_and_value", "listed", "sentence", "shown", "shown_all"]

_MAX_LISTED = 10
_MAX_SHOWN = 60


def sentence(rule: str, error: Any, names: tuple[str, ...]) -> str:
    """Return the sentence for an error, without a final period.

    Args:
        rule: The keyword.
        error: A `jsonschema.exceptions.ValidationError`.
        names: The properties, items or branches that the error is about.
    """
    value, got = error.validator_value, error.instance
    match rule:
        case "type" if value != []:
            wanted = value if isinstance(value, list) else [value]
            return f"expected {listed([str(kind) for kind in wanted], 'or')}, got {kind_and_value(got)}"
        case "enum" if isinstance(value, list):
            if len(value) == 1:
                return f"expected {_literal(value[0])}, got {_literal(got)}"
            return f"{_literal(got)} is none of {shown_all(value)}"
        case "const":
            return f"expected {_literal(value)}, got {_literal(got)}"
        case "format" if error.is_minor and not error.is_example:
            return f"{shown(got)} is a {value} of ISO 8601 and none of RFC 3339, which is stricter"
        case "format":
            return f"{shown(got)} is not a valid {value}"
        case "pattern" if error.message == "the pattern takes too long":
            return f"it takes too long to tell whether the text matches the pattern `{value}`"
        case "pattern":
            return f"{shown(got)} does not match the pattern `{value}`"
        case "oneOf" if names:
            fitting = listed(list(names), "and")
            return f"fits {fitting}, of which only one may fit; that is likely a fault of the document"
        case "oneOf" | "anyOf":
            return "fits none of the alternatives"
        case "not":
            return _excluded(value, got)
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return f"{shown(got)} is {_bound(rule)} {shown(value)}"
        case "multipleOf" | "divisibleBy":
            return f"{shown(got)} is not a multiple of {shown(value)}"
        case "readOnly":
            return "the document marks this as read-only, so it should not be sent"
        case "writeOnly":
            return "the document marks this as write-only, so no response has it"
        case "false" | "type":
            return "the document allows nothing here"
        case "unreadable-body":  # an item of a sequence
            return str(error.message)
    return _of_size(rule, error, names) or _of_members(rule, error) or f"does not meet `{rule}`"


def _of_size(rule: str, error: Any, names: tuple[str, ...]) -> str:
    value, got = error.validator_value, error.instance
    match rule:
        case "minLength" | "maxLength" if isinstance(got, BinaryText):
            return f"the content has {_counted(len(got), 'byte')}, {_most(rule)} {value}"
        case "minLength" | "maxLength":
            return f"the text has {_counted(len(got), 'character')}, {_most(rule)} {value}"
        case "minItems" | "maxItems":
            return f"the array has {_counted(len(got), 'item')}, {_most(rule)} {value}"
        case "minProperties" | "maxProperties":
            return f"the object has {_counted(len(got), 'property')}, {_most(rule)} {value}"
        case "uniqueItems" if len(names) > 1:
            return f"the items {' and '.join(names)} are the same, and all must differ"
        case "uniqueItems":
            return "two items are the same, and all must differ"
    return ""


def _of_members(rule: str, error: Any) -> str:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    match rule:
        case "contains":
            return f"none of the items is {_described(schema.get('contains'))}"
        case "minContains":
            described = _described(schema.get("contains"))
            return f"at least {error.validator_value} of the items must be {described}"
        case "maxContains":
            described = _described(schema.get("contains"))
            return f"at most {error.validator_value} of the items may be {described}"
        case "items" | "additionalItems":
            known, got = schema.get("prefixItems", schema.get("items")), error.instance
            if isinstance(known, list) and isinstance(got, list) and len(got) > len(known):
                came = _counted(len(got), "item")
                return f"the array has {came}, and the document describes {len(known)} and allows no others"
            return "the document does not describe this item, and allows no others"
        case "unevaluatedItems":
            return "the document does not describe this item, and allows no others"
        case "additionalProperties" | "unevaluatedProperties":
            return "the object has properties that are not in the document, which allows no others"
    return ""


def _described(schema: Any) -> str:
    """Return a few words for the values that a schema allows."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            return f"a `{schema['$ref'].rpartition('/')[2]}`"
        if "const" in schema:
            return _literal(schema["const"])
        if isinstance(schema.get("enum"), list):
            return listed([_literal(value) for value in schema["enum"][:_MAX_LISTED]], "or")
        if isinstance(schema.get("type"), str):
            kind = schema["type"]
            return f"{'an' if kind[:1] in {'i', 'o', 'a'} else 'a'} {kind}" + (
                " as the document asks for" if len(schema) > 1 else ""
            )
    return "what the document asks for"


def _excluded(schema: Any, got: Any) -> str:
    """Return the sentence for a value that fits the schema of `not`."""
    if isinstance(schema, Mapping):
        required = schema.get("required")
        if isinstance(required, list) and isinstance(got, Mapping) and schema.keys() <= {"required", "type"}:
            names = listed([f"`{name}`" for name in required], "and")
            return f"the object has {names}, which the document excludes"
        if schema.keys() == {"type"}:
            return f"{kind_and_value(got)} is a type that the document excludes here"
    return f"{shown(got)} is what the document excludes"


def _bound(rule: str) -> str:
    is_exclusive = rule.startswith("exclusive")
    if rule.lower().endswith("minimum"):
        return "not more than" if is_exclusive else "less than the minimum of"
    return "not less than" if is_exclusive else "more than the maximum of"


def _most(rule: str) -> str:
    return "and must have at least" if rule.startswith("min") else "and may have at most"


def _counted(number: int, noun: str) -> str:
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun}"


def listed(words: list[str], conjunction: str) -> str:
    """Return words as a sentence lists them."""
    # Imported only by calls with findings.
    from dynacli.openapi.model.wording import enumerated

    return enumerated(words, conjunction)


def shown_all(values: list[Any]) -> str:
    """Return values as a message lists them; of many only the first."""
    more = f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else ""
    return ", ".join(map(_literal, values[:_MAX_LISTED])) + more


def shown(value: Any) -> str:
    """Return a value as a message shows it: texts and numbers in backticks, and cut where they are long."""
    if isinstance(value, Mapping):
        return "the object"
    if isinstance(value, list):
        return "the array"
    if isinstance(value, bool) or value is None:
        return f"`{'null' if value is None else str(value).lower()}`"
    text = _cut(str(shortened(value)))
    return f"`{text}`" if text else "an empty text"


def _literal(value: Any) -> str:
    """Return a value like `shown`, but an object or array as JSON, because the message compares it with another."""
    if not isinstance(value, Mapping | list):
        return shown(value)
    short = shortened(value)
    return f"`{_cut(short if isinstance(short, str) else json.dumps(short, ensure_ascii=False))}`"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def kind_and_value(value: Any) -> str:
    """Return the type of a value, followed by the value unless it is an object, an array or null."""
    kind = json_type(value)
    if value is None or isinstance(value, Mapping | list):
        return kind
    return f"{kind} {shown(value)}"
