"""An example of a body that no options build, written as its media type wants it: as text or as XML."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

from dynacli.errors import UsageError
from dynacli.http.semantics import essence
from dynacli.openapi.model.media_types import is_object_of_bytes
from dynacli.openapi.schema.document_schemas import DocumentSchemas
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.example_value import ExampleSchema, NoExampleError
from dynacli.openapi.schema.read_schema import applied_schemas
from dynacli.request.assemble_body import json_text

__all__ = ["text_body", "xml_text"]

_ROOT = "root"
_MAX_DEPTH = 50
_NO_NAME = re.compile(r"[^\w.-]")


def _is_xml(media_type: str) -> bool:
    """Return whether a media type is XML (RFC 7303)."""
    return essence(media_type).endswith(("/xml", "+xml"))


def xml_text(value: Any, schema: Any, schemas: DocumentSchemas) -> str:
    """Return a value as an XML document without a declaration.

    The root element has the name in `xml.name`, else that of the component that the schema refers to, else `root`.

    Raises:
        NoExampleError: A `$ref` leads nowhere.
        RecursionError: The value is nested too deeply.
    """
    return "".join(_elements(value, schema, schemas, _component(schema) or _ROOT, _MAX_DEPTH))


def _elements(value: Any, schema: Any, schemas: DocumentSchemas, name: str, depth: int) -> list[str]:
    """Return a value as elements: one, or one for each item of an array.

    Args:
        name: The name of the elements if `xml.name` gives none.
        depth: How many levels may still follow.
    """
    if depth < 0:
        raise RecursionError
    merged = ExampleSchema()
    merged.add(schema, schemas, frozenset())
    xml = _xml_object(schema, schemas)
    own_name = _text(xml.get("name"))
    if isinstance(value, list):
        items = merged.keywords.get("items", True)
        # "The name of the array is ignored unless it is wrapped"; an item without a name has that of the array.
        item_name = _text(_xml_object(items, schemas).get("name")) or name
        elements = [
            element for item in value for element in _elements(item, items, schemas, item_name, depth - 1)
        ]
        is_wrapped = xml.get("wrapped") is True or xml.get("nodeType") == "element"
        return [_element(own_name or name, xml, [], elements)] if is_wrapped or name == _ROOT else elements
    if not isinstance(value, Mapping):
        return [_element(own_name or name, xml, [], [] if value is None else [_escaped(value)])]
    properties = merged.keywords.get("properties", {})
    attributes, content = [], []
    for key, member in value.items():
        part = properties.get(key, merged.keywords.get("additionalProperties", True))
        inner_xml = _xml_object(part, schemas)
        if inner_xml.get("attribute") is True or inner_xml.get("nodeType") == "attribute":
            attribute_name = _qualified(_text(inner_xml.get("name")) or key, inner_xml)
            attributes.append(_attribute(attribute_name, _scalar(member)))
        elif inner_xml.get("nodeType") in {"text", "cdata"}:
            content.append(_escaped(member))
        else:
            content.extend(_elements(member, part, schemas, key, depth - 1))
    return [_element(own_name or name, xml, attributes, content)]


def _element(name: str, xml: Mapping[str, Any], attributes: list[str], content: list[str]) -> str:
    tag = _qualified(name, xml)
    if namespace := _text(xml.get("namespace")):
        prefix = _text(xml.get("prefix"))
        declared = f"xmlns:{_name(prefix)}" if prefix else "xmlns"
        attributes = [_attribute(declared, namespace), *attributes]
    start = " ".join([tag, *attributes])
    return f"<{start}>{''.join(content)}</{tag}>" if content else f"<{start}/>"


def _qualified(name: str, xml: Mapping[str, Any]) -> str:
    prefix = _text(xml.get("prefix"))
    return ":".join(_name(part) for part in (prefix, name) if part)


def _name(text: str) -> str:
    """Return a text as an XML name (Namespaces in XML 1.0, section 3): the name of a property may be none."""
    safe = _NO_NAME.sub("_", text)
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


def _xml_object(schema: Any, schemas: DocumentSchemas) -> Mapping[str, Any]:
    """Return the `xml` of a schema, of the target of its reference, or of a part of its `allOf`."""
    found = (
        part["xml"]
        for part in applied_schemas(schema, schemas.follow)
        if isinstance(part.get("xml"), Mapping)
    )
    return next(found, {})


def _component(schema: Any) -> str:
    ref = schema.get("$ref") if isinstance(schema, Mapping) else None
    return ref.rpartition("/")[2] if isinstance(ref, str) and ref.startswith("#/components/schemas/") else ""


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _attribute(name: str, text: str) -> str:
    return f'{name}="{escape(text)}"'


def _escaped(value: Any) -> str:
    return escape(_scalar(value), quote=False)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def text_body(example: Any, media_type: str, schema: Any, resolve: Callable[[str], Any]) -> bytes:
    """Return an example of a body: a text as it is, any other value as XML or YAML.

    Args:
        schema: The schema of the body in the normal form; None if it has none.
        resolve: Returns the target of an internal `$ref`.

    Raises:
        UsageError: The value has no form in the media type.
    """
    if isinstance(example, str | int | float):
        return option_text(example).encode()
    if essence(media_type) == "application/jwt":
        return _unsecured_token(example)
    if is_object_of_bytes(schema or {}):
        return b"string"
    if _is_xml(media_type):
        with suppress(NoExampleError, RecursionError):  # said below
            return xml_text(example, schema, DocumentSchemas(resolve, "request")).encode()
    if essence(media_type).endswith(("yaml", "yml")):
        return option_text(example).encode()  # JSON is YAML (YAML 1.2.2, section 1.2)
    raise UsageError(
        f"No example of a body of `{media_type}` can be made", hint="Give it whole: `--body @FILE`"
    )


def _unsecured_token(claims: Any) -> bytes:
    """Return a token of some claims without a signature (RFC 7519, section 6)."""
    parts = (urlsafe_b64encode(json_text(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, claims))
    return b".".join([*parts, b""])
