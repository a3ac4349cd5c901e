"""The objects of OpenAPI and of JSON Schema: the kinds of their fields, and the locations of references.

One table serves all versions, because the meaning of a field hardly ever differs between them.
It separates data from descriptions: the keywords `example`, `examples`, `default`, `enum`, `const` and `x-*` hold data.
A property, a component or a response with such a *name* is a description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"))
"""The fixed fields of a Path Item that are operations (OpenAPI 3.2.0, "Path Item Object").

`query` is new in 3.2, and has no other meaning in documents of earlier versions.
"""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
WEBHOOKS = ("webhooks", "x-webhooks")
"""The field for webhooks in OpenAPI 3.1 and later, and the extension that documents of 3.0 use."""


class PathOperation(NamedTuple):
    """An operation in a Path Item.

    Args:
        method: The method, as it is sent.
        steps: The keys from the Path Item to the operation.
        operation: The value there; in an invalid document it may be no object.
        fault: The reason, if the operation cannot be called; else empty.
    """

    method: str
    steps: tuple[str, ...]
    operation: Any
    fault: str = ""


def operations_of(item: Mapping[str, Any]) -> Iterator[PathOperation]:
    """Yield the operations of a Path Item, in the order of the document.

    A fixed field is named by its method in lower case. In `additionalOperations` the key is the method
    "with the same capitalization that is to be sent" (OpenAPI 3.2.0, "Path Item Object").
    """
    seen: set[str] = set()
    for key, value in item.items():
        method = str(key).upper()
        if method.lower() in METHODS:
            # A field `GET` is an error of the document, but its meaning is clear.
            has_lower_case = key != key.lower() and key.lower() in item
            fault = f"the path has another `{method}`" if method in seen or has_lower_case else ""
            seen.add(method)
            yield PathOperation(method, (key,), value, fault)
    additional = item.get("additionalOperations")
    for key, value in additional.items() if isinstance(additional, Mapping) else ():
        method = str(key)
        if not method.startswith("x-"):
            yield PathOperation(method, ("additionalOperations", key), value, _fault(method, seen))
            seen.add(method)


def _fault(method: str, seen: set[str]) -> str:
    if method in seen:
        return f"the path has another `{method}`"
    if not _TOKEN.fullmatch(method):
        return "a method must consist of letters, digits and some symbols (RFC 9110, section 9.1)"
    if method.upper() == "CONNECT":
        return "`CONNECT` asks a proxy for a tunnel, which is not a call of an API (RFC 9110, section 9.3.6)"
    return ""


@dataclass(slots=True, eq=False)
class ObjectKind:
    """A kind of object, such as a schema or a map of parameters.

    Args:
        section: The field of `components` for such objects; empty if there is none.
        members: The kind of each member of a map, whose keys are names; None if the keys are keywords.
        has_extensions: Whether the keys of a map that start with `x-` are extensions rather than names.
        fields: Keyword → the kind of its value, for keywords with a special meaning in this kind of object.
        is_known: Whether the specification describes the object, so that a `$ref` there must refer to such an object.
    """

    section: str = ""
    members: ObjectKind | None = None
    has_extensions: bool = False
    fields: dict[str, ObjectKind] = field(default_factory=dict)
    is_known: bool = True

    def __repr__(self) -> str:
        return f"ObjectKind({self.section!r})"


def _map_of(members: ObjectKind, *, has_extensions: bool = False) -> ObjectKind:
    return ObjectKind(members=members, has_extensions=has_extensions)


_ANYTHING = ObjectKind(is_known=False)
"""An object that the specification does not describe; its keywords have their usual meaning."""

DATA = ObjectKind(is_known=False)
"""A value of any kind, in which nothing is a reference or a description."""

EXAMPLE = ObjectKind("examples", is_known=True)
SCHEMA = ObjectKind("schemas")
DOCUMENT = ObjectKind()
_FIELD = ObjectKind()
PARAMETER = ObjectKind("parameters")
_RESPONSE = ObjectKind("responses")
REQUEST_BODY = ObjectKind("requestBodies")
HEADER = ObjectKind("headers")
_LINK = ObjectKind("links")
_SECURITY_SCHEME = ObjectKind("securitySchemes")
_MEDIA_TYPE = ObjectKind()
CONTENT = _map_of(_MEDIA_TYPE)
ENCODING = ObjectKind()
OPERATION = ObjectKind()
PATH_ITEM = ObjectKind()
_CALLBACK = ObjectKind("callbacks", members=PATH_ITEM, has_extensions=True)
_SCHEMAS = _map_of(SCHEMA)
_RESPONSES = _map_of(_RESPONSE, has_extensions=True)

# Keyword → the usual kind of its value, or of each item if the value is a list.
_USUAL: dict[str, ObjectKind] = {
    **dict.fromkeys(("example", "default", "enum", "const"), DATA),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "dependencies"), _SCHEMAS),
    **dict.fromkeys(("$defs", "definitions", "schemas"), _SCHEMAS),
    **dict.fromkeys(("schema", "itemSchema", "items", "prefixItems", "additionalItems", "contains"), SCHEMA),
    **dict.fromkeys(("additionalProperties", "propertyNames", "contentSchema", "not"), SCHEMA),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "if", "then", "else"), SCHEMA),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), SCHEMA),
    "parameters": _map_of(PARAMETER),
    "responses": _RESPONSES,
    "requestBody": REQUEST_BODY,
    "requestBodies": _map_of(REQUEST_BODY),
    "headers": _map_of(HEADER),
    "links": _map_of(_LINK),
    "securitySchemes": _map_of(_SECURITY_SCHEME),
    "securityDefinitions": _map_of(_SECURITY_SCHEME),
    "callbacks": _map_of(_CALLBACK),
    "pathItems": _map_of(PATH_ITEM),
    "webhooks": _map_of(PATH_ITEM),
    "paths": _map_of(PATH_ITEM, has_extensions=True),
    "content": CONTENT,
    "mediaTypes": _map_of(_MEDIA_TYPE),
    "encoding": _map_of(ENCODING),
    **dict.fromkeys(("prefixEncoding", "itemEncoding"), ENCODING),
    "variables": _map_of(_ANYTHING),
    "examples": _map_of(EXAMPLE),
    # Some documents have references to other files here, although no version of OpenAPI allows them.
    **dict.fromkeys(("description", "summary", "title", "operationId", "info", "components"), _FIELD),
    **dict.fromkeys(("servers", "server", "tags", "security", "externalDocs", "required"), _FIELD),
}

_COMPONENTS = ObjectKind(fields={"responses": _map_of(_RESPONSE)})
"""The `components`, whose responses have only names as keys, even if a key starts with `x-`."""

DOCUMENT.fields = {"components": _COMPONENTS, "responses": _map_of(_RESPONSE)}
PATH_ITEM.fields = {
    **dict.fromkeys(METHODS, OPERATION),
    "additionalOperations": _map_of(OPERATION),
}
_LINK.fields = {"parameters": DATA, "requestBody": DATA}


def kind_at(kind: ObjectKind, key: str) -> ObjectKind:
    """Return the kind of the value of a key, which is a keyword or a name."""
    if kind.members is not None:
        return DATA if kind.has_extensions and key.startswith("x-") else kind.members
    inner = kind.fields.get(key) or _USUAL.get(key)
    if inner is not None:
        return inner
    return DATA if key.startswith("x-") else _ANYTHING


def kind_in_list(kind: ObjectKind, key: str) -> ObjectKind:
    """Return the kind of the items of a list, given its key and the kind of an object at this key."""
    if key == "examples" and kind.members is EXAMPLE:
        return DATA
    return kind.members if kind.members is not None else kind


def kind_below(kind: ObjectKind, key: str, value: Any) -> ObjectKind:
    """Return the kind of a member of an object, or of its items if it is a list; `x-webhooks` are webhooks."""
    inner = kind_at(kind, WEBHOOKS[0] if kind is DOCUMENT and key in WEBHOOKS else key)
    return kind_in_list(inner, key) if isinstance(value, list) else inner


def sections_of(version: str) -> dict[str, tuple[str, ...]]:
    """Return a map from each section of `components` to the steps to it, in a document of a version."""
    if version == "2.0":
        return {"schemas": ("definitions",), "parameters": ("parameters",), "responses": ("responses",)}
    names = ("schemas", "responses", "parameters", "examples", "requestBodies", "headers")
    return {name: ("components", name) for name in (*names, "securitySchemes", "links", "callbacks")}
