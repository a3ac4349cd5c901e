"""Objects of OpenAPI 3.0 and of 3.2 → 3.1."""

from typing import Any

from dynacli.export.versions._conversion_walk import Here, leave_out, leave_out_components
from dynacli.openapi.document.objects import WEBHOOKS
from dynacli.openapi.document.references.scan import follow_references
from dynacli.openapi.schema.normal_form import normal_keywords
from dynacli.openapi.schema.read_schema import list_of

__all__ = [
    "document_in_3_1",
    "document_of_3_2_in_3_1",
    "encoding_in_3_1",
    "example_in_3_1",
    "header_in_3_1",
    "media_type_in_3_1",
    "operation_in_3_1",
    "parameter_in_3_1",
    "path_item_in_3_1",
    "reference_in_3_1",
    "response_in_3_1",
    "schema_in_3_1",
    "schema_of_3_2_in_3_1",
    "security_scheme_in_3_1",
]

_VERSION = "3.1.1"
_DIALECT_OF_3_2 = "https://spec.openapis.org/oas/3.2/"
_BESIDE_REFERENCE = frozenset({"$ref", "summary", "description"})


def document_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a document of 3.0 in 3.1: its version, and webhooks that an extension held."""
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key == WEBHOOKS[1] and isinstance(value, dict) and WEBHOOKS[0] not in node:
            here.move([key], [WEBHOOKS[0]])
            made[WEBHOOKS[0]] = value
        else:
            made[key] = value
    return {**made, "openapi": _VERSION}


def reference_in_3_1(node: dict[str, Any], _here: Here) -> dict[str, Any]:
    """Return an object without what stands beside its reference, which 3.0 ignores, except a description."""
    if not isinstance(node.get("$ref"), str):
        return node
    return {key: value for key, value in node.items() if key in _BESIDE_REFERENCE}


def parameter_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a parameter in 3.1, which has `allowReserved` and `allowEmptyValue` in a query alone."""
    made = dict(node)
    if made.get("in") != "query":
        for key in ("allowReserved", "allowEmptyValue"):
            if made.pop(key, False):
                here.lose(f"`{key}` of a parameter that is not in the query", key)
    if made.get("style") == "cookie":
        leave_out(made, here, "a parameter", "style", "explode")
    return made


def header_in_3_1(node: dict[str, Any], _here: Here) -> dict[str, Any]:
    """Return a header without the fields that mean something for parameters alone."""
    return {key: value for key, value in node.items() if key not in {"allowReserved", "allowEmptyValue"}}


def document_of_3_2_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a document of 3.2 in 3.1."""
    made = {key: value for key, value in node.items() if key != "$self"}
    if str(made.get("jsonSchemaDialect")).startswith(_DIALECT_OF_3_2):
        del made["jsonSchemaDialect"]  # that of 3.1 says the same of schemas
    made["openapi"] = _VERSION
    _servers(made, here)
    _leave_out_of_items(made, here, "tags", "a tag", "summary", "parent", "kind")
    leave_out_components(made, here, "mediaTypes", "a media type")
    return made


def path_item_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a path item of 3.2 in 3.1, which has no methods but its own."""
    made = dict(node)
    _servers(made, here)
    if "query" in made:
        here.lose("an operation of the method QUERY", "query")
        del made["query"]
    more = made.pop("additionalOperations", None)
    for method in more if isinstance(more, dict) else ():
        here.lose(f"an operation of the method {method}", "additionalOperations", method)
    _parameters(made, here)
    return made


def operation_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return an operation of 3.2 in 3.1."""
    made = dict(node)
    _servers(made, here)
    _parameters(made, here)
    return made


def _parameters(made: dict[str, Any], here: Here) -> None:
    parameters = made.get("parameters")
    if not isinstance(parameters, list):
        return
    kept: list[Any] = []
    for index, parameter in enumerate(parameters):
        target = follow_references(here.tree, parameter)
        if isinstance(target, dict) and target.get("in") == "querystring":
            here.lose("a parameter that is the whole query", "parameters", index)
        else:
            if len(kept) < index:
                here.move(["parameters", index], ["parameters", len(kept)])
            kept.append(parameter)
    made["parameters"] = kept


def _servers(made: dict[str, Any], here: Here) -> None:
    _leave_out_of_items(made, here, "servers", "a server", "name")


def _leave_out_of_items(made: dict[str, Any], here: Here, key: str, owner: str, *fields: str) -> None:
    """Leave fields out of each object of a list."""
    items = made.get(key)
    if isinstance(items, list):
        made[key] = [
            leave_out(dict(item), here, owner, *fields, at=(key, index)) if isinstance(item, dict) else item
            for index, item in enumerate(items)
        ]


def media_type_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a media type of 3.2 in 3.1; one that is a reference is brought here."""
    made = here.bring(node, "a media type") if isinstance(node.get("$ref"), str) else dict(node)
    return leave_out(
        made, here, "a media type", "description", "itemSchema", "prefixEncoding", "itemEncoding"
    )


def encoding_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return an encoding of 3.2 in 3.1."""
    return leave_out(dict(node), here, "an encoding", "encoding", "prefixEncoding", "itemEncoding")


def response_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a response of 3.2 in 3.1, which has to have a description."""
    if "$ref" in node:
        return node
    made = dict(node)
    if not isinstance(made.get("description"), str):
        made["description"] = made.pop("summary", "")
    return leave_out(made, here, "a response", "summary")


def example_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return an example of 3.2 in 3.1, whose only value is the one before it is written."""
    made = {"value" if key == "dataValue" else key: value for key, value in node.items()}
    return leave_out(made, here, "an example", "serializedValue")


def security_scheme_in_3_1(node: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a security scheme of 3.2 in 3.1."""
    made = leave_out(dict(node), here, "a security scheme", "deprecated", "oauth2MetadataUrl")
    flows = made.get("flows")
    if isinstance(flows, dict):
        made["flows"] = leave_out(
            dict(flows), here, "a security scheme", "deviceAuthorization", at=("flows",)
        )
    return made


def schema_of_3_2_in_3_1(schema: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a schema of 3.2 in 3.1, which differ in discriminators and in what they say of XML."""
    made = dict(schema)
    if isinstance(made.get("discriminator"), dict):
        made["discriminator"] = leave_out(
            dict(made["discriminator"]), here, "a discriminator", "defaultMapping", at=("discriminator",)
        )
    xml = made.get("xml")
    if isinstance(xml, dict) and "nodeType" in xml:
        made["xml"] = _xml(dict(xml), schema, here)
    return made


def _xml(xml: dict[str, Any], schema: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return what is said of XML with `attribute` and `wrapped` in the place of `nodeType`."""
    is_list = "array" in str(schema.get("type"))
    match xml["nodeType"]:
        case "attribute":
            added = {"attribute": True}
        case "element":
            added = {"wrapped": True} if is_list else {}
        case "none" if is_list:
            added = {}
        case _:
            return leave_out(xml, here, "XML", "nodeType", at=("xml",))
    del xml["nodeType"]
    return {**xml, **added}


_CONTENT = {
    "byte": {"contentEncoding": "base64"},
    "base64": {"contentEncoding": "base64"},
    "binary": {"contentMediaType": "application/octet-stream"},
}
"""Format in 3.0 → the keywords for it in 3.1."""
_NEWER = frozenset(
    {"const", "patternProperties", "propertyNames", "if", "then", "else", "contains", "minContains"}
    | {"maxContains", "prefixItems", "additionalItems", "dependencies", "dependentSchemas"}
    | {"dependentRequired", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$schema"}
)
"""Keywords that restrict nothing in 3.0, which does not know them, and would in 3.1."""
_RESTRICT = ("$ref", "enum", "allOf", "oneOf", "anyOf", "not", "discriminator")


def schema_in_3_1(schema: dict[str, Any], here: Here) -> dict[str, Any]:
    """Return a schema of 3.0 with the keywords of 3.1."""
    normal = dict(normal_keywords(schema, "3.0") or schema)
    newer = [key for key in normal if key in _NEWER]
    leave_out(normal, here, "a schema, which means nothing in 3.0", *newer)
    made: dict[str, Any] = {}
    # An exclusive bound stands where its flag stood.
    for key in dict.fromkeys((*schema, *normal)):
        if key not in normal or key == "nullable":
            continue
        value = schema[key] if key == "discriminator" else normal[key]
        if key == "example":
            made.setdefault("examples", [value])
        elif key == "format" and isinstance(value, str) and value in _CONTENT and _is_text(normal):
            made |= _CONTENT[value]
        else:
            made[key] = value
    return _with_null(made, here) if schema.get("nullable") is True else made


def _is_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") in ("string", ["string", "null"])


def _with_null(made: dict[str, Any], here: Here) -> dict[str, Any]:
    """Let a schema allow null as whoever wrote `nullable` means it.

    Strictly, it adds null to the `type` beside it alone (OpenAPI 3.0.4, "Schema Object"). Yet many documents have it
    beside a reference, and no judge refuses their nulls for it at any but the strictest level.
    """
    if "type" in made:
        values = list_of(made, "enum")
        return {**made, "enum": [*values, None]} if values and None not in values else made
    inner = {key: made[key] for key in _RESTRICT if key in made}
    if not inner:
        return made
    if inner.keys() == {"anyOf"}:
        return {**made, "anyOf": [*list_of(made, "anyOf"), {"type": "null"}]}
    if inner.keys() == {"allOf"} and len(list_of(made, "allOf")) == 1:
        here.move(("allOf", 0), ("anyOf", 0))
        inner = made["allOf"][0]
    else:
        for key in inner:
            here.move((key,), ("anyOf", 0, key))
    outer = {key: value for key, value in made.items() if key not in _RESTRICT}
    return {**outer, "anyOf": [inner, {"type": "null"}]}
