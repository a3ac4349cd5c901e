"""Work around small mistakes in a document: correct the type of a field if its meaning is clear.

Real documents have `required: "true"`, `tags: pets`, `parameters: {limit: {...}}`, `type: int`.
Later code sees only the correct type. Each correction causes a warning with its location.
Other values of the wrong type are removed with a warning, or stay and count as absent later.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

from dynacli.openapi.document.json_trees import IndexedSteps, join
from dynacli.openapi.document.objects import (
    CONTENT,
    DATA,
    DOCUMENT,
    ENCODING,
    EXAMPLE,
    HEADER,
    OPERATION,
    PARAMETER,
    PATH_ITEM,
    REQUEST_BODY,
    SCHEMA,
    ObjectKind,
    kind_at,
    kind_in_list,
)
from dynacli.openapi.document.references.place_origins import Move
from dynacli.openapi.document.references.scan import StepLink, steps_of
from dynacli.openapi.references import reference_of

Warn = Callable[..., None]
Rename = Callable[[IndexedSteps, str, str], None]

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
_SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_BELOW = frozenset((*_SCHEMAS, *_SCHEMA_LISTS, *_MAPS))

_SCHEMA_BOOLEANS = ("nullable", "readOnly", "writeOnly", "deprecated", "uniqueItems")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_NUMBERS = ("minimum", "maximum", "multipleOf")
_RIGHT_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_SCHEMA_BOOLEANS, bool),
    **dict.fromkeys((*_COUNTS, *_NUMBERS), (int, float)),
    **dict.fromkeys(("enum", "required"), list),
    "type": (str, list),
}
"""Keyword → the types of its value; most schemas have these types, and need no other check."""

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

# Such as `/^[a-z]+$/i`. As a pattern it matches nothing, because no slash is before the start or after the end.
_REGEX_LITERAL = re.compile(r"/(\^.*|.*(?<!\\)\$)/([dgimsuvy]*)", re.DOTALL)

_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_USUAL = (
    *("application/json", "application/problem+json", "application/hal+json", "application/vnd.api+json"),
    *("application/merge-patch+json", "application/json-patch+json", "application/x-ndjson"),
    *("application/xml", "application/octet-stream", "application/pdf", "application/zip"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "text/event-stream"),
    *("text/plain", "text/html", "text/csv", "text/xml", "image/png", "image/jpeg"),
)
_RIGHT = re.compile(
    r"(application|audio|example|font|haptics|image|message|model|multipart|text|video|x-[a-z0-9-]+|\*)"
    r"/[!#$%&'*+.^_`|~0-9a-z-]+"
)
"""A valid media type: a registered type (RFC 9110, section 8.3.1) and any subtype.

`application/jose` is not a misspelled `application/json`.
"""
_LIKENESS = 0.93
_LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_PARAMETER_BOOLEANS = ("required", "deprecated", "allowEmptyValue", "explode", "allowReserved")
# Kind of object → its fields that are true or false, and its fields that are lists.
_BOOLEANS: Mapping[ObjectKind, tuple[str, ...]] = {
    PARAMETER: _PARAMETER_BOOLEANS,
    HEADER: _PARAMETER_BOOLEANS,
    OPERATION: ("deprecated",),
    REQUEST_BODY: ("required",),
    ENCODING: ("explode", "allowReserved"),
}
_LISTS: Mapping[ObjectKind, tuple[str, ...]] = {
    DOCUMENT: ("servers",),
    PATH_ITEM: ("parameters", "servers"),
    OPERATION: ("parameters", "servers"),
}


def _fix_schema(schema: Any, steps: IndexedSteps, warn: Warn, move: Rename) -> None:
    """Fix a schema and all schemas below it in place.

    Args:
        warn: Called with a sentence and the steps to the location, for each mistake.
        move: Called with the steps to an object, and the old and the new key of a member that was renamed.
    """
    for node, link in each_schema(schema):
        if not _is_right(node):
            _fix(node, (*steps, *steps_of(link)), warn, move)


def each_schema(schema: Any) -> Iterator[tuple[dict[str, Any], StepLink]]:
    """Yield a schema and all schemas below it, each with the steps to it, in the order of the document.

    The caller may change a schema before it asks for the next one.
    """
    stack: list[tuple[Any, StepLink]] = [(schema, None)]
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
    return not _is_string_type(node) or not any(map(_is_scalar, (*node.get("enum", ()), node.get("default"))))


def meant_boolean(value: Any) -> bool | None:
    """Return the boolean that a value such as `"yes"` means; None if the meaning is not clear."""
    if isinstance(value, bool):
        return value
    return _WORDS.get(str(value).strip().lower()) if isinstance(value, (str, int)) else None


def _add_below(node: dict[str, Any], link: StepLink, stack: list[tuple[Any, StepLink]]) -> None:
    below: list[tuple[Any, StepLink]] = []
    for keyword, value in node.items():
        if keyword not in _BELOW:
            continue
        if isinstance(value, list):
            if keyword in _SCHEMA_LISTS:
                below.extend((item, ((link, keyword), index)) for index, item in enumerate(value))
        elif isinstance(value, dict):
            if keyword in _MAPS:
                below.extend((item, ((link, keyword), name)) for name, item in value.items())
            elif keyword in _SCHEMAS:
                below.append((value, (link, keyword)))
    stack.extend(reversed(below))


def _fix(node: dict[str, Any], steps: IndexedSteps, warn: Warn, move: Rename) -> None:
    for keyword in _SCHEMA_BOOLEANS:
        _fix_boolean(node, keyword, steps, warn)
    for keyword in _COUNTS + _NUMBERS:
        if isinstance(node.get(keyword), str):
            _fix_number(node, keyword, steps, warn)
    if "required" in node and not isinstance(node["required"], list):
        _fix_required(node, steps, warn)
    if isinstance(node.get("pattern"), str):
        _fix_pattern(node, steps, warn)
    if isinstance(node.get("patternProperties"), dict):
        _fix_patterns_of_names(node["patternProperties"], (*steps, "patternProperties"), warn, move)
    if "type" in node:
        _fix_type(node, steps, warn)
    if "enum" in node:
        _fix_enum(node, steps, warn)
    if _is_string_type(node) and _is_scalar(default := node.get("default")):
        warn("`default` should be a string; it is read as one", *steps, "default")
        node["default"] = _as_text(default)


def _fix_boolean(node: dict[str, Any], keyword: str, steps: IndexedSteps, warn: Warn) -> None:
    """Make the value of a keyword true or false, or remove the keyword if its meaning is not clear."""
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


def _fix_number(node: dict[str, Any], keyword: str, steps: IndexedSteps, warn: Warn) -> None:
    text = node[keyword].strip()
    try:
        meant = float(text) if "." in text or "e" in text.lower() else int(text[:30])
    except ValueError:
        meant = None
    if meant is None or not isfinite(meant) or (keyword in _COUNTS and (meant < 0 or meant % 1)):
        warn(f"`{keyword}` is not a number; it is ignored", *steps, keyword)
        del node[keyword]
    else:
        warn(f"`{keyword}` should be a number; it is read as {meant}", *steps, keyword)
        node[keyword] = meant


def _fix_pattern(node: dict[str, Any], steps: IndexedSteps, warn: Warn) -> None:
    meant = _meant_pattern(node["pattern"])
    if meant != node["pattern"]:
        node["pattern"] = meant
        warn("`pattern` has slashes around it; it is read without them", *steps, "pattern")


def _fix_patterns_of_names(schemas: dict[str, Any], steps: IndexedSteps, warn: Warn, move: Rename) -> None:
    for pattern, meant in _rename_members(schemas, _meant_pattern):
        warn("A pattern of names has slashes around it; it is read without them", *steps, pattern)
        move(steps, pattern, meant)


def _rename_members(members: dict[str, Any], meant: Callable[[str], str]) -> list[tuple[str, str]]:
    """Rename the misspelled keys of an object, unless the correct key exists, and return the old and new keys."""
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
    """Return the regular expression in a JavaScript literal such as `/^a/i`; return any other pattern unchanged."""
    literal = _REGEX_LITERAL.fullmatch(pattern)
    if literal is None:
        return pattern
    flags = "".join(flag for flag in "ims" if flag in literal[2])
    return f"(?{flags}:{literal[1]})" if flags else literal[1]  # ECMA-262 (2025), "Modifiers"


def _fix_required(node: dict[str, Any], steps: IndexedSteps, warn: Warn) -> None:
    """Fix the `required` of a schema, which should be a list of names of properties."""
    value = node["required"]
    properties = node.get("properties")
    if isinstance(value, str) and isinstance(properties, dict) and value in properties:
        warn("`required` should be a list; it is read as a list of one", *steps, "required")
        node["required"] = [value]
    else:
        # Draft 3 of JSON Schema had `required: true` in a property.
        warn("`required` of a schema must be a list of names; it is ignored", *steps, "required")
        del node["required"]


def _fix_type(node: dict[str, Any], steps: IndexedSteps, warn: Warn) -> None:
    value = node["type"]
    if isinstance(value, str):
        if value in _TYPES:
            return
        word = value.strip().lower()
        if word == "any":
            warn("`type` is `any`, which means the same as no `type`", *steps, "type")
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
        warn("`type` must be the name of a type; it is ignored", *steps, "type")
        del node["type"]
    elif len(named) < len(value):
        warn("`type` names types that do not exist; they are ignored", *steps, "type")
        node["type"] = named


def _fix_enum(node: dict[str, Any], steps: IndexedSteps, warn: Warn) -> None:
    value = node["enum"]
    if value is None or isinstance(value, dict):
        warn("`enum` should be a list; it is ignored", *steps, "enum")
        del node["enum"]
        return
    if not isinstance(value, list):
        warn("`enum` should be a list; it is read as a list of one", *steps, "enum")
        node["enum"] = value = [value]
    if _is_string_type(node) and any(_is_scalar(item) for item in value):
        # `no` is false in YAML 1.1, and `1` is a number in every version of YAML.
        warn("`enum` of strings has other values; they are read as strings", *steps, "enum")
        node["enum"] = [_as_text(item) if _is_scalar(item) else item for item in value]


def _is_string_type(node: dict[str, Any]) -> bool:
    return node.get("type") in ("string", ["string"], ["string", "null"], ["null", "string"])


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=256)
def meant_media_type(name: str) -> str:
    r"""Return the media type that a misspelled name means; return any other name unchanged.

    The separator is wrong or missing (`applicationjson`, `application\\json`), or the type is misspelled
    (`aplication/json`). Parameters stay.
    """
    plain, semicolon, parameters = name.partition(";")
    essence = plain.strip().lower()
    if _RIGHT.fullmatch(essence):
        return name
    by_letters = {_letters(usual): usual for usual in _USUAL}
    near = get_close_matches(_letters(essence), by_letters, 1, _LIKENESS)
    return f"{by_letters[near[0]]}{semicolon}{parameters}" if near else name


def shown_typo(name: str, meant: str) -> str:
    """Return the warning about a misspelled media type."""
    return f"There is no media type `{name[:60]}`; it is read as `{meant}`"


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text)


class Fixed(NamedTuple):
    """The result of fixing a document.

    Args:
        warnings: Sentences, each with the JSON pointer of the location before fixing.
        moves: The parts whose location has changed.
    """

    warnings: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]


def work_around(tree: dict[str, Any]) -> Fixed:
    """Fix a document in place."""
    workarounds = _Workarounds()
    workarounds.walk(tree)
    return Fixed(tuple(workarounds.warnings), tuple(workarounds.moves.values()))


class _Workarounds:
    """The walk through a document that fixes it."""

    def __init__(self) -> None:
        self.warnings: list[tuple[str, str]] = []
        self.moves: dict[str, Move] = {}
        # The objects and lists that wait for fixing, each with its kind and the steps to it.
        self.stack: list[tuple[Any, ObjectKind, IndexedSteps]] = []

    def warn(self, message: str, *steps: str | int) -> None:
        self.warnings.append((message, self.pointer_before(join(steps))))

    def pointer_before(self, pointer: str) -> str:
        """Return the pointer that a location had before its parts were moved."""
        start = pointer
        while start and self.moves:
            if start in self.moves:
                return self.moves[start].origin + pointer[len(start) :]
            start = start.rpartition("/")[0]
        return pointer

    def walk(self, tree: dict[str, Any]) -> None:
        self.stack.append((tree, DOCUMENT, ()))
        while self.stack:
            node, kind, steps = self.stack.pop()
            if isinstance(node, dict):
                if kind is SCHEMA:
                    _fix_schema(node, steps, self.warn, self.note_rename)
                    continue
                self.fix_fields(node, kind, steps)
            # Reversed, because the stack is read from its end, and warnings come in document order.
            self.stack.extend(reversed(list(objects_below(node, kind, steps))))

    def fix_fields(self, node: dict[str, Any], kind: ObjectKind, steps: IndexedSteps) -> None:
        for field in _BOOLEANS.get(kind, ()):
            _fix_boolean(node, field, steps, self.warn)
        for field in _LISTS.get(kind, ()):
            if isinstance(node.get(field), (dict, str)):
                self.fix_list(node, field, steps)
            if field == "servers" and isinstance(node.get(field), list):
                self.fix_servers(node[field], (*steps, field))
        if kind is CONTENT:
            self.fix_media_types(node, steps)
        if kind is DOCUMENT and isinstance(node.get("paths"), dict):
            self.warn_of_paths(node["paths"], steps)
        if kind is OPERATION and "tags" in node:
            self.fix_tags(node, steps)
        if kind is PARAMETER and isinstance(node.get("in"), str):
            word = node["in"].strip().lower()
            if word != node["in"] and word in _LOCATIONS:
                self.warn(f"`in` is `{node['in'][:40]}`; it is read as `{word}`", *steps, "in")
                node["in"] = word

    def note_rename(self, steps: IndexedSteps, name: str, right: str) -> None:
        """Record that a member of an object got another key."""
        place = join((*steps, right))
        self.moves[place] = Move(place, 0, self.pointer_before(join((*steps, name))))

    def fix_media_types(self, content: dict[str, Any], steps: IndexedSteps) -> None:
        """Rename misspelled media types."""
        for name, right in _rename_members(content, meant_media_type):
            self.warn(shown_typo(name, right), *steps, name)
            self.note_rename(steps, name, right)

    def warn_of_paths(self, paths: dict[str, Any], steps: IndexedSteps) -> None:
        """Warn of paths without a leading slash; they stay unchanged, and requests add the slash."""
        for path, item in paths.items():
            if isinstance(item, dict) and not path.startswith(("/", "x-")):
                self.warn(
                    f"A path should begin with a slash; it is read as `/{path[:100]}`", *steps, "paths", path
                )

    def fix_tags(self, node: dict[str, Any], steps: IndexedSteps) -> None:
        value = node["tags"]
        if isinstance(value, str):
            self.warn("`tags` should be a list; it is read as a list of one", *steps, "tags")
            node["tags"] = [value]
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            # Some documents have objects with a name as the tags of an operation.
            names = [item.get("name") if isinstance(item, dict) else item for item in value]
            self.warn("`tags` should be a list of strings; it is read as one", *steps, "tags")
            node["tags"] = [
                item if isinstance(item, str) else str(item)
                for item in names
                if isinstance(item, (str, int, float)) and not isinstance(item, bool)
            ]

    def fix_servers(self, servers: list[Any], steps: IndexedSteps) -> None:
        """Turn each server that is just a URL into an object."""
        for index, value in enumerate(servers):
            if isinstance(value, str):
                self.warn("A server should be an object; it is read as its `url`", *steps, index)
                servers[index] = {"url": value}

    def fix_list(self, node: dict[str, Any], field: str, steps: IndexedSteps) -> None:
        """Turn a single item, or an object with the items under their names, into a list."""
        value, pointer = node[field], join((*steps, field))
        if field == "servers":
            if isinstance(value, dict) and "url" not in value:
                return
            items, origins = [{"url": value} if isinstance(value, str) else value], [pointer]
        elif not isinstance(value, dict) or not value:
            return
        elif reference_of(value) is not None or isinstance(value.get("in"), str):
            items, origins = [value], [pointer]
        else:
            named = [(key, item) for key, item in value.items() if isinstance(item, dict)]
            items = [item if reference_of(item) is not None else {"name": key, **item} for key, item in named]
            origins = [join((*steps, field, key)) for key, _ in named]
        self.warn(f"`{field}` should be a list; it is read as one", *steps, field)
        before = [self.pointer_before(origin) for origin in origins]
        for index, origin in enumerate(before):
            self.moves[f"{pointer}/{index}"] = Move(f"{pointer}/{index}", 0, origin)
        node[field] = items


def root_schemas(tree: Any) -> Iterator[tuple[dict[str, Any], IndexedSteps]]:
    """Yield the outermost schemas of a document, each with the steps to it."""
    stack: list[tuple[Any, ObjectKind, IndexedSteps]] = [(tree, DOCUMENT, ())]
    while stack:
        node, kind, steps = stack.pop()
        if kind is SCHEMA and isinstance(node, dict):
            yield node, steps
        elif isinstance(node, dict | list):
            stack.extend(objects_below(node, kind, steps))


def objects_below(
    node: Any, kind: ObjectKind, steps: IndexedSteps
) -> Iterator[tuple[Any, ObjectKind, IndexedSteps]]:
    """Yield the objects and lists in an object or a list, except data."""
    if isinstance(node, list):
        members = ((item, kind, (*steps, index)) for index, item in enumerate(node))
        yield from (member for member in members if isinstance(member[0], (dict, list)))
        return
    for key, value in node.items():
        if isinstance(value, (dict, list)):
            inner = kind_at(kind, key)
            if isinstance(value, list):
                inner = kind_in_list(inner, key)
            if inner is not DATA and inner is not EXAMPLE:
                yield value, inner, (*steps, key)
