"""A JSON value as the text of XML, as the `xml` keyword of its schema says.

OpenAPI 3.0.4, 3.1.1 and 3.2.0, "XML Object". Examples alone are written so; a body that is given is sent as it is.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from dynacli.model.media_types import essence
from dynacli.schema.merged_schema import MergedSchema
from dynacli.schema.schema_matcher import SchemaMatcher

__all__ = ["is_xml", "xml_text"]

_ROOT = "root"
_MAX_DEPTH = 50
_NO_NAME = re.compile(r"[^\w.-]")


def is_xml(media_type: str) -> bool:
    """Return whether a media type is XML (RFC 7303)."""
    return essence(media_type).endswith(("/xml", "+xml"))


def xml_text(value: Any, schema: Any, reading: SchemaMatcher) -> str:
    """Return a value as an XML document without a declaration.

    The root is called as `xml.name` says, else as the component that the schema leads to, else `root`.

    Raises:
        NoExampleError: A `$ref` leads nowhere.
        RecursionError: The value is nested too deeply.
    """
    return "".join(_elements(value, schema, reading, _component(schema) or _ROOT, _MAX_DEPTH))


def _elements(value: Any, schema: Any, reading: SchemaMatcher, name: str, depth: int) -> list[str]:
    """Return the elements that a value is written as: one, or one for each item of an array."""
    if depth < 0:
        raise RecursionError
    flat = MergedSchema()
    flat.add(schema, reading, frozenset())
    about = _xml(schema, reading)
    named = _text(about.get("name"))
    if isinstance(value, list):
        items = flat.keywords.get("items", True)
        # "The name of the array is ignored unless it is wrapped"; items are called as they say, or as the array.
        inner = _text(_xml(items, reading).get("name")) or name
        written = [each for item in value for each in _elements(item, items, reading, inner, depth - 1)]
        is_wrapped = about.get("wrapped") is True or about.get("nodeType") == "element"
        return [_element(named or name, about, [], written)] if is_wrapped or name == _ROOT else written
    if not isinstance(value, Mapping):
        return [_element(named or name, about, [], [] if value is None else [_escaped(value)])]
    properties = flat.keywords.get("properties", {})
    attributes, content = [], []
    for key, item in value.items():
        part = properties.get(key, flat.keywords.get("additionalProperties", True))
        inside = _xml(part, reading)
        if inside.get("attribute") is True or inside.get("nodeType") == "attribute":
            attributes.append(_attribute(_qualified(_text(inside.get("name")) or key, inside), _scalar(item)))
        elif inside.get("nodeType") in {"text", "cdata"}:
            content.append(_escaped(item))
        else:
            content.extend(_elements(item, part, reading, key, depth - 1))
    return [_element(named or name, about, attributes, content)]


def _element(name: str, about: Mapping[str, Any], attributes: list[str], content: list[str]) -> str:
    tag = _qualified(name, about)
    if namespace := _text(about.get("namespace")):
        prefix = _text(about.get("prefix"))
        declared = f"xmlns:{_name(prefix)}" if prefix else "xmlns"
        attributes = [_attribute(declared, namespace), *attributes]
    start = " ".join([tag, *attributes])
    return f"<{start}>{''.join(content)}</{tag}>" if content else f"<{start}/>"


def _qualified(name: str, about: Mapping[str, Any]) -> str:
    prefix = _text(about.get("prefix"))
    return ":".join(_name(part) for part in (prefix, name) if part)


def _name(text: str) -> str:
    """Return a text as a name (Namespaces in XML 1.0, section 3), which a property's need not be."""
    safe = _NO_NAME.sub("_", text)
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


def _xml(schema: Any, reading: SchemaMatcher) -> Mapping[str, Any]:
    """Return the `xml` of a schema, also of what it leads to or is made of."""
    waiting, seen = [schema], set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, Mapping):
            continue
        if isinstance(one.get("xml"), Mapping):
            found: Mapping[str, Any] = one["xml"]
            return found
        ref = one.get("$ref")
        if isinstance(ref, str) and ref not in seen:
            seen.add(ref)
            waiting.append(reading.target(one))
        parts = one.get("allOf")
        waiting.extend(parts if isinstance(parts, list) else [])
    return {}


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
