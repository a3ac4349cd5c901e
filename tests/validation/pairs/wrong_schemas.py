"""Schemas that are themselves wrong: it is said, and the rest is judged."""

from typing import Any

from tests.validation.pairs.model import BOTH, Pair, value


def _wrong(name: str, schema: Any, given: Any, *expected: str, versions: tuple[str, ...] = BOTH) -> Pair:
    whole = {"allOf": [schema, {"required": ["z"]}]}
    return value(name, whole, given, "- required", *expected, is_mended=False, versions=versions)


PAIRS = [
    _wrong("a type that is none", {"type": "strnig"}, {"a": 1}, "? `type`"),
    _wrong("a type that is a number", {"type": 12}, {"a": 1}, "? `type`"),
    _wrong("a number of properties that is a text", {"minProperties": "a"}, {"a": 1}, "? `minProperties`"),
    _wrong("a number that is true", {"maxProperties": True}, {"a": 1}, "? `maxProperties`"),
    _wrong("an enum that is no list", {"enum": 5}, {"a": 1}, "? `enum`"),
    _wrong("properties that are a list", {"properties": []}, {"a": 1}, "? `properties`"),
    _wrong("a property that is a number", {"properties": {"a": 7}}, {"a": 1}, "? `properties`"),
    _wrong("a division by zero", {"properties": {"a": {"multipleOf": 0}}}, {"a": 1}, "? `multipleOf`"),
    _wrong("a pattern that is none", {"properties": {"a": {"pattern": "(["}}}, {"a": "1"}, "? `(["),
    _wrong("an alternative that is wrong", {"anyOf": [{"type": "strnig"}]}, {"a": 1}, "? `type`"),
    _wrong(
        "one of two that is wrong", {"oneOf": [{"type": "strnig"}, {"type": "object"}]}, {"a": 1}, "? `type`"
    ),
    _wrong("not what is wrong", {"not": {"type": "strnig"}}, {"a": 1}, "? `type`"),
    _wrong(
        "a reference to nowhere beside others", {"allOf": [{"$ref": "#/a/b"}]}, {"a": 1}, "? leads nowhere"
    ),
]
