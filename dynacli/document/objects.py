"""The objects of OpenAPI and of JSON Schema: what their fields hold, and where a reference may stand.

One table serves all versions: their objects differ in fields, hardly ever in what a field means.
What is data is told apart from what is described: `example`, `examples`, `default`, `enum`, `const` and
`x-*` have values of any kind, while a property, a component or a response *named* like one of them is none.
"""

from dataclasses import dataclass, field

__all__ = [
    "ANYTHING",
    "DATA",
    "DOCUMENT",
    "ENCODING",
    "EXAMPLE",
    "HEADER",
    "OPERATION",
    "PARAMETER",
    "PATH_ITEM",
    "REQUEST_BODY",
    "SCHEMA",
    "ObjectKind",
    "kind_at",
    "kind_in_list",
    "sections_of",
]


@dataclass(slots=True, eq=False)
class ObjectKind:
    """What stands at a place of a document.

    Args:
        section: The part of `components` for such objects; empty where there is none.
        members: What is under each key where the keys are names; None where they are keywords.
        has_extensions: Whether, of such names, those that start with `x-` are extensions.
        fields: What is under each key where the keys are keywords and mean what they mean here alone.
        is_known: Whether the specification says what belongs here, so that a reference there stands for it.
    """

    section: str = ""
    members: "ObjectKind | None" = None
    has_extensions: bool = False
    fields: "dict[str, ObjectKind]" = field(default_factory=dict)
    is_known: bool = True

    def __repr__(self) -> str:
        return f"ObjectKind({self.section!r})"


def _names(members: ObjectKind, *, has_extensions: bool = False) -> ObjectKind:
    return ObjectKind(members=members, has_extensions=has_extensions)


ANYTHING = ObjectKind(is_known=False)
"""What the specification does not tell of; its keywords mean what they usually do."""

DATA = ObjectKind(is_known=False)
"""A value of any kind: nothing in it refers or describes."""

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
ENCODING = ObjectKind()
OPERATION = ObjectKind()
PATH_ITEM = ObjectKind()
_CALLBACK = ObjectKind("callbacks", members=PATH_ITEM, has_extensions=True)
_SCHEMAS = _names(SCHEMA)
_RESPONSES = _names(_RESPONSE, has_extensions=True)

# What a keyword holds wherever it stands. Under a list, each of its values is meant.
_USUAL: dict[str, ObjectKind] = {
    **dict.fromkeys(("example", "default", "enum", "const"), DATA),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "dependencies"), _SCHEMAS),
    **dict.fromkeys(("$defs", "definitions", "schemas"), _SCHEMAS),
    **dict.fromkeys(("schema", "itemSchema", "items", "prefixItems", "additionalItems", "contains"), SCHEMA),
    **dict.fromkeys(("additionalProperties", "propertyNames", "contentSchema", "not"), SCHEMA),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties", "if", "then", "else"), SCHEMA),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), SCHEMA),
    "parameters": _names(PARAMETER),
    "responses": _RESPONSES,
    "requestBody": REQUEST_BODY,
    "requestBodies": _names(REQUEST_BODY),
    "headers": _names(HEADER),
    "links": _names(_LINK),
    "securitySchemes": _names(_SECURITY_SCHEME),
    "securityDefinitions": _names(_SECURITY_SCHEME),
    "callbacks": _names(_CALLBACK),
    "pathItems": _names(PATH_ITEM),
    "webhooks": _names(PATH_ITEM),
    "paths": _names(PATH_ITEM, has_extensions=True),
    "content": _names(_MEDIA_TYPE),
    "mediaTypes": _names(_MEDIA_TYPE),
    "encoding": _names(ENCODING),
    **dict.fromkeys(("prefixEncoding", "itemEncoding"), ENCODING),
    "variables": _names(ANYTHING),
    "examples": _names(EXAMPLE),
    # What a document is split at although no version of OpenAPI has a reference there.
    **dict.fromkeys(("description", "summary", "title", "operationId", "info", "components"), _FIELD),
    **dict.fromkeys(("servers", "server", "tags", "security", "externalDocs", "required"), _FIELD),
}
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

_COMPONENTS = ObjectKind(fields={"responses": _names(_RESPONSE)})
"""In it, `x-error` is the name of a response like any other."""

DOCUMENT.fields = {"components": _COMPONENTS, "responses": _names(_RESPONSE)}
PATH_ITEM.fields = {
    **dict.fromkeys(_METHODS, OPERATION),
    "additionalOperations": _names(OPERATION),
}
_LINK.fields = {"parameters": DATA, "requestBody": DATA}


def kind_at(kind: ObjectKind, key: str) -> ObjectKind:
    """Return what stands under one key of an object of a kind.

    Args:
        kind: Of the object; for a list, the kind of its values is that of the list.
        key: A keyword or a name.
    """
    if kind.members is not None:
        return DATA if kind.has_extensions and key.startswith("x-") else kind.members
    found = kind.fields.get(key) or _USUAL.get(key)
    if found is not None:
        return found
    return DATA if key.startswith("x-") else ANYTHING


def kind_in_list(kind: ObjectKind, key: str) -> ObjectKind:
    """Return what the values of a list under a key are, of which an object under it would be of a kind."""
    if key == "examples" and kind.members is EXAMPLE:
        return DATA
    return kind.members if kind.members is not None else kind


def sections_of(version: str) -> "dict[str, tuple[str, ...]]":
    """Return the steps to where components of each section stand in a document of a version."""
    if version == "2.0":
        return {"schemas": ("definitions",), "parameters": ("parameters",), "responses": ("responses",)}
    names = ("schemas", "responses", "parameters", "examples", "requestBodies", "headers")
    return {name: ("components", name) for name in (*names, "securitySchemes", "links", "callbacks")}
