"""What a value may be, in the words of help pages and summaries: its placeholder and its constraints."""

import json
import re

from dynacli.openapi.model.operation import ValueType
from dynacli.text.terminal import visible
from dynacli.text.wrapping import short_sentence, word_or_quoted

__all__ = ["MAY_BE_NULL", "MAY_BE_REPEATED", "NOT_EMPTY", "constraints", "file_or_value", "placeholder"]

NOT_EMPTY = "not empty"
MAY_BE_NULL = "may be null"
MAY_BE_REPEATED = "may be repeated"
_MAX_VALUES = 12
_LONGEST_VALUE = 80
"""Characters of a value that are shown."""


def placeholder(value: ValueType) -> str:
    """Return the placeholder of an option's value, such as `INTEGER`."""
    if value.type == "boolean":
        return "[true|false]"
    if value.type == "array":
        inner = "VALUE" if value.items is None else placeholder(value.items)
        return f"{inner.strip('[]')} ..."
    names = {"integer": "INTEGER", "number": "NUMBER", "object": "JSON", "string": "TEXT"}
    if value.type == "string" and value.format and re.fullmatch(r"[A-Za-z][\w.-]*", value.format):
        return value.format.upper()[:24]
    return names.get(value.type, "VALUE")


def file_or_value(value: ValueType) -> str:
    """Return the placeholder of a part of a multipart body, which is `@FILE` where its content is a file's."""
    inner = value.items if value.type == "array" and value.items is not None else value
    if inner.format != "binary":
        return placeholder(value)
    return "@FILE" if inner is value else "@FILE ..."


def constraints(value: ValueType) -> list[str]:
    """Return the constraints of a value, in words."""
    facts = []
    source = value.items if value.type == "array" and value.items is not None else value
    if source.enum:
        words = [_word(member) for member in source.enum]
        more = f", ... {len(words) - _MAX_VALUES} more" if len(words) > _MAX_VALUES else ""
        facts.append("one of " + ", ".join(words[:_MAX_VALUES]) + more)
    facts.extend(_limits(source.limits or {}))
    if source is not value:
        facts.extend(_limits({key: limit for key, limit in (value.limits or {}).items() if "Items" in key}))
        facts.append(MAY_BE_REPEATED)
    if value.is_nullable:
        facts.append(MAY_BE_NULL)
    if value.has_default and value.default is not None:
        facts.append("empty by default" if value.default == "" else f"default {_word(value.default)}")
    return [visible(fact, keep="") for fact in facts]


def _limits(limits: object) -> list[str]:
    known = limits if isinstance(limits, dict) else {}
    facts = []
    low, high = known.get("minimum"), known.get("maximum")
    # These are booleans in OpenAPI 3.0, and numbers in 3.1.
    above, below = known.get("exclusiveMinimum"), known.get("exclusiveMaximum")
    if low is not None and high is not None and not above and not below:
        facts.append(f"{low} to {high}")
    else:
        if low is not None:
            facts.append(f"{'more than' if above is True else 'at least'} {low}")
        if high is not None:
            facts.append(f"{'less than' if below is True else 'at most'} {high}")
    if above is not None and not isinstance(above, bool):
        facts.append(f"more than {above}")
    if below is not None and not isinstance(below, bool):
        facts.append(f"less than {below}")
    if "multipleOf" in known:
        facts.append(f"a multiple of {known['multipleOf']}")
    for few, many, units in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "items")):
        if few in known and many in known:
            is_exact = known[few] == known[many]
            facts.append(f"{known[few]} {units}" if is_exact else f"{known[few]} to {known[many]} {units}")
        elif known.get(few) == 1:
            facts.append(NOT_EMPTY)
        elif known.get(few):
            facts.append(f"at least {known[few]} {units}")
        elif many in known:
            facts.append(f"at most {known[many]} {units}")
    if "pattern" in known:
        facts.append(f"like {word_or_quoted(short_sentence(str(known['pattern']), _LONGEST_VALUE))}")
    return facts


def _word(value: object) -> str:
    if isinstance(value, str):
        return word_or_quoted(short_sentence(value, _LONGEST_VALUE))
    return json.dumps(value, ensure_ascii=False)
