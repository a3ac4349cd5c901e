"""Small mistakes of a schema mended: keywords get the type that they should have, where the meaning is plain."""

import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any

from dynacli.document.references.scan import Link, steps_of

__all__ = ["each_schema", "meant_boolean", "mend_boolean", "mend_schema", "rename_members"]

Steps = tuple[str | int, ...]
Warn = Callable[..., None]
Move = Callable[[Steps, str, str], None]

_SCHEMAS = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_BELOW = frozenset((*_SCHEMAS, *_LISTS, *_MAPS))

_BOOLEANS = ("nullable", "readOnly", "writeOnly", "deprecated", "uniqueItems")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "multipleOf")
_RIGHT_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_BOOLEANS, bool),
    **dict.fromkeys((*_COUNTS, *_NUMBERS), (int, float)),
    **dict.fromkeys(("enum", "required"), list),
    "type": (str, list),
}
"""Keyword → the types of its value; most schemas have these, so that no further check is needed."""

_TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})
# The name of a type in other languages → type and format in JSON Schema; the format may be empty.
_MEANT_TYPES = {
    "str": ("string", ""),
    "text": ("string", ""),
    "char": ("string", ""),
    "date": ("string", "date"),
    "datetime": ("string", "date-time"),
    "date-time": ("string", "date-time"),
    "time": ("string", ""),
    "timestamp": ("string", ""),
    "uuid": ("string", "uuid"),
    "uri": ("string", "uri"),
    "url": ("string", "uri"),
    "email": ("string", "email"),
    "password": ("string", "password"),
    "file": ("string", "binary"),
    "binary": ("string", "binary"),
    "byte": ("string", "byte"),
    "enum": ("string", ""),
    "int": ("integer", ""),
    "int32": ("integer", "int32"),
    "int64": ("integer", "int64"),
    "long": ("integer", "int64"),
    "short": ("integer", ""),
    "float": ("number", "float"),
    "double": ("number", "double"),
    "decimal": ("number", ""),
    "numeric": ("number", ""),
    "bool": ("boolean", ""),
    "list": ("array", ""),
    "map": ("object", ""),
    "dict": ("object", ""),
    "hash": ("object", ""),
}

# `/^[a-z]+$/i`: a slash before the beginning or behind the end of a text can never be found.
_REGEX_LITERAL = re.compile(r"/(\^.*|.*(?<!\\)\$)/([dgimsuvy]*)", re.DOTALL)

_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def mend_schema(schema: Any, steps: Steps, warn: Warn, move: Move) -> None:
    """Mend a schema and all below it in place.

    Args:
        warn: Called with a sentence and the steps to the place for each mistake.
        move: Called with the steps to an object, the key of a member that gets another key, and that key.
    """
    for node, link in each_schema(schema):
        if not _is_right(node):
            _mend(node, (*steps, *steps_of(link)), warn, move)


def each_schema(schema: Any) -> Iterator[tuple[dict[str, Any], Link]]:
    """Yield a schema and all below it, each with the steps to it, in the order of the document.

    Those below a schema are looked up after it was yielded, so that it may be changed before.
    """
    stack: list[tuple[Any, Link]] = [(schema, None)]
    while stack:
        node, link = stack.pop()
        if isinstance(node, dict):
            yield node, link
            if not _BELOW.isdisjoint(node):
                _add_below(node, link, stack)


def _is_right(node: dict[str, Any]) -> bool:
    """Return whether a quick check finds no mistake in a schema; most schemas have none."""
    if any(key in _RIGHT_TYPES and not isinstance(value, _RIGHT_TYPES[key]) for key, value in node.items()):
        return False
    if str(node.get("pattern", ""))[:1] == "/" or "patternProperties" in node:
        return False
    kind = node.get("type", "object")
    if kind not in _TYPES if isinstance(kind, str) else not _TYPES.issuperset(map(str, kind)):
        return False
    return not _is_text(node) or not any(map(_is_scalar, (*node.get("enum", ()), node.get("default"))))


def meant_boolean(value: Any) -> bool | None:
    """Return the boolean that a value means; None where the meaning is not plain."""
    if isinstance(value, bool):
        return value
    return _WORDS.get(str(value).strip().lower()) if isinstance(value, (str, int)) else None


def _add_below(node: dict[str, Any], link: Link, stack: list[tuple[Any, Link]]) -> None:
    below: list[tuple[Any, Link]] = []
    for keyword, value in node.items():
        if keyword not in _BELOW:
            continue
        if isinstance(value, list):
            if keyword in _LISTS:
                below.extend((item, ((link, keyword), index)) for index, item in enumerate(value))
        elif isinstance(value, dict):
            if keyword in _MAPS:
                below.extend((item, ((link, keyword), name)) for name, item in value.items())
            elif keyword in _SCHEMAS:
                below.append((value, (link, keyword)))
    stack.extend(reversed(below))


def _mend(node: dict[str, Any], steps: Steps, warn: Warn, move: Move) -> None:
    for keyword in _BOOLEANS:
        mend_boolean(node, keyword, steps, warn)
    for keyword in _COUNTS + _NUMBERS:
        if isinstance(node.get(keyword), str):
            _mend_number(node, keyword, steps, warn)
    if "required" in node and not isinstance(node["required"], list):
        _mend_required(node, steps, warn)
    if isinstance(node.get("pattern"), str):
        _mend_pattern(node, steps, warn)
    if isinstance(node.get("patternProperties"), dict):
        _mend_patterns_of_names(node["patternProperties"], (*steps, "patternProperties"), warn, move)
    if "type" in node:
        _mend_type(node, steps, warn)
    if "enum" in node:
        _mend_enum(node, steps, warn)
    if _is_text(node) and _is_scalar(default := node.get("default")):
        warn("`default` is no string, which it should be; it is read as one", *steps, "default")
        node["default"] = _as_text(default)


def mend_boolean(node: dict[str, Any], keyword: str, steps: Steps, warn: Warn) -> None:
    """Make the value of a keyword true or false, or remove the keyword where the meaning is not plain."""
    if isinstance(node.get(keyword, False), bool):
        return
    meant = meant_boolean(node[keyword])
    if meant is None:
        warn(f"`{keyword}` is neither true nor false; it is ignored", *steps, keyword)
        del node[keyword]
    else:
        shown = "true" if meant else "false"
        warn(f"`{keyword}` should be true or false; it is read as {shown}", *steps, keyword)
        node[keyword] = meant


def _mend_number(node: dict[str, Any], keyword: str, steps: Steps, warn: Warn) -> None:
    word = node[keyword].strip()
    try:
        meant = float(word) if "." in word or "e" in word.lower() else int(word[:30])
    except ValueError:
        meant = None
    if meant is None or not isfinite(meant) or (keyword in _COUNTS and (meant < 0 or meant % 1)):
        warn(f"`{keyword}` is no number; it is ignored", *steps, keyword)
        del node[keyword]
    else:
        warn(f"`{keyword}` should be a number; it is read as {meant}", *steps, keyword)
        node[keyword] = meant


def _mend_pattern(node: dict[str, Any], steps: Steps, warn: Warn) -> None:
    meant = _meant_pattern(node["pattern"])
    if meant != node["pattern"]:
        node["pattern"] = meant
        warn("`pattern` has slashes around it; it is read without them", *steps, "pattern")


def _mend_patterns_of_names(schemas: dict[str, Any], steps: Steps, warn: Warn, move: Move) -> None:
    for pattern, meant in rename_members(schemas, _meant_pattern):
        warn("A pattern of names has slashes around it; it is read without them", *steps, pattern)
        move(steps, pattern, meant)


def rename_members(members: dict[str, Any], meant: Callable[[str], str]) -> list[tuple[str, str]]:
    """Give the members of an object the keys that are meant, unless there are such already; return old and new ones."""
    taken = set(members)
    renamed: dict[str, str] = {}
    for name in members:
        right = meant(name)
        if right not in taken:
            taken.add(right)
            renamed[name] = right
    if renamed:
        kept = {renamed.get(name, name): member for name, member in members.items()}
        members.clear()
        members.update(kept)
    return list(renamed.items())


def _meant_pattern(pattern: str) -> str:
    """Return the expression that a pattern is the literal of, as JavaScript has it; else the pattern."""
    found = _REGEX_LITERAL.fullmatch(pattern)
    if found is None:
        return pattern
    flags = "".join(flag for flag in "ims" if flag in found[2])
    return f"(?{flags}:{found[1]})" if flags else found[1]  # ECMA-262 (2025), "Modifiers"


def _mend_required(node: dict[str, Any], steps: Steps, warn: Warn) -> None:
    """Mend the `required` of a schema, which should be a list of names of properties."""
    value = node["required"]
    properties = node.get("properties")
    if isinstance(value, str) and isinstance(properties, dict) and value in properties:
        warn("`required` should be a list; it is read as a list of one", *steps, "required")
        node["required"] = [value]
    else:
        # Draft 3 of JSON Schema had `required: true` in a property.
        warn("`required` of a schema is a list of names; it is ignored", *steps, "required")
        del node["required"]


def _mend_type(node: dict[str, Any], steps: Steps, warn: Warn) -> None:
    value = node["type"]
    if isinstance(value, str):
        if value in _TYPES:
            return
        word = value.strip().lower()
        if word == "any":
            warn("`type` is `any`, which is said by leaving it out", *steps, "type")
            del node["type"]
            return
        meant, meant_format = (word, "") if word in _TYPES else _MEANT_TYPES.get(word, ("", ""))
        if meant:
            warn(f"There is no type `{value[:40]}`; it is read as `{meant}`", *steps, "type")
            node["type"] = meant
            if meant_format:
                node.setdefault("format", meant_format)
        else:
            warn(f"There is no type `{value[:40]}`; it is ignored", *steps, "type")
            del node["type"]
        return
    named = (
        [name for name in value if isinstance(name, str) and name in _TYPES]
        if isinstance(value, list)
        else []
    )
    if not named:
        warn("`type` is the name of no type; it is ignored", *steps, "type")
        del node["type"]
    elif len(named) < len(value):
        warn("`type` names types that there are not; they are ignored", *steps, "type")
        node["type"] = named


def _mend_enum(node: dict[str, Any], steps: Steps, warn: Warn) -> None:
    value = node["enum"]
    if value is None or isinstance(value, dict):
        warn("`enum` should be a list; it is ignored", *steps, "enum")
        del node["enum"]
        return
    if not isinstance(value, list):
        warn("`enum` should be a list; it is read as a list of one", *steps, "enum")
        node["enum"] = value = [value]
    if _is_text(node) and any(_is_scalar(item) for item in value):
        # `no` is false in YAML 1.1, and `1` is a number in every version of YAML.
        warn("`enum` of strings has values that are none; they are read as strings", *steps, "enum")
        node["enum"] = [_as_text(item) if _is_scalar(item) else item for item in value]


def _is_text(node: dict[str, Any]) -> bool:
    return node.get("type") in ("string", ["string"], ["string", "null"], ["null", "string"])


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
