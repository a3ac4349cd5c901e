"""XML documents and their values, as the `xml` objects of a schema describe them (OpenAPI 3.2.0, "XML Object").

| in XML | in the value |
|---|---|
| an element, or an attribute with `attribute` or `nodeType` | the property of that name, or of that `xml.name` |
| repeated elements, or those in a `wrapped` element | an array |
| text in an element that is an object | the property with `nodeType: text`, else `#text` |
| an attribute that the document does not describe | `@NAME` |
| an element that the document does not describe | its name; an array if it is repeated |
| `xsi:nil="true"` | null |

Namespaces tell elements apart if the document names them; prefixes mean nothing by themselves.
A document type is refused, and with it every entity: https://pypi.org/project/defusedxml/ lists the attacks by them.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import escape
from typing import Any, Final

from dynacli.media.text_values import Resolve, schemas_of, text_types, typed_text
from dynacli.openapi.schema.read_schema import (
    Follow,
    applied_schemas,
    following,
    properties_of,
    value_types_of,
)
from dynacli.record import record

_ROOT: Final = "root"
_MAX_DEPTH: Final = 200
_MOST_PARTS: Final = 500_000
"""Elements and attributes: each takes more memory than a value of JSON."""
_PIECE: Final = 4096
_NO_NAME: Final = re.compile(r"[^\w.-]")
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TEXT_NODES: Final = frozenset({"text", "cdata"})
_ATTRIBUTE: Final = "@"
_OWN_TEXT: Final = "#text"
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, section 2.2, "Char"."""


class XmlError(ValueError):
    """A text cannot be read as XML; the text of the exception says why."""


class _Element:
    """An element.

    Attributes:
        name: Without a prefix.
        namespace: Its URI; empty for none.
        attributes: By their names without prefixes.
        texts: The pieces of text in it.
    """

    __slots__ = ("attributes", "children", "is_nil", "name", "namespace", "texts")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.namespace, _, self.name = name.rpartition(" ")
        self.attributes: dict[str, str] = {}
        self.is_nil = False
        for key, value in attributes.items():
            namespace, _, local = key.rpartition(" ")
            if namespace != _INSTANCE:
                self.attributes[local] = value
            elif local == "nil":
                self.is_nil = value.strip() in {"true", "1"}
        self.children: list[_Element] = []
        self.texts: list[str] = []

    @property
    def text(self) -> str:
        """The text in it, which counts only if it is not all white space between elements."""
        text = "".join(self.texts)
        return text if text.strip() or not self.children else ""


class _Parser:
    """Parses a document into elements, as many and as deep as are read.

    Raises:
        XmlError: The text is not XML, has a document type, or is over a limit.
    """

    def __init__(self) -> None:
        self._top: list[_Element] = []
        self._open: list[_Element] = []
        self._left = _MOST_PARTS

    def parse(self, content: bytes, encoding: str | None) -> _Element:
        from xml.parsers import expat

        parser = expat.ParserCreate(encoding, " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            said = expat.errors.messages.get(error.code, "it is malformed")
            raise XmlError(
                f"it is not XML: {said}, at line {error.lineno}, column {error.offset + 1}"
            ) from error
        except (LookupError, ValueError) as error:
            if isinstance(error, XmlError):
                raise
            raise XmlError("it is in an encoding that is unknown") from error
        return self._top[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = _Element(name, attributes)
        self._left -= 1 + len(attributes)
        if self._left < 0:
            raise XmlError(f"it has more than {_MOST_PARTS:,} elements and attributes")
        if len(self._open) == _MAX_DEPTH:
            raise XmlError("it is nested too deeply")
        (self._open[-1].children if self._open else self._top).append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def _refuse(self, *_: Any) -> None:
        raise XmlError("it has a document type (`<!DOCTYPE`), which is never read")


def xml_value(
    content: bytes, schema: Any, resolve: Resolve, *, encoding: str | None = None, is_text_first: bool = True
) -> Any:
    """Return the value of an XML document.

    Args:
        content: The document.
        schema: The schema of its value in the normal form; True if there is none.
        resolve: Returns the target of an internal `$ref`.
        encoding: The charset of the media type (RFC 7303, section 3.2); None for the one that the document names.
        is_text_first: Whether a text that may be a string or another type is read as a string.

    Raises:
        XmlError: It is not XML, has a document type, or is over a limit.
    """
    return _Reader(resolve, is_text_first=is_text_first).value(_Parser().parse(content, encoding), schema)


@record
class XmlRoot:
    """The root element of a document, and the one that its schema names.

    Args:
        found: Its name; `{NAMESPACE}NAME` if the schema names a namespace.
        expected: The same of the schema; what was found if the schema names nothing.
        steps: Where the schema names it.
        is_inferred: Whether the name is that of a component, because there is no `xml.name`.
    """

    found: str
    expected: str
    steps: tuple[str, ...]
    is_inferred: bool


def root_of(content: bytes, schema: Any, resolve: Resolve) -> XmlRoot:
    """Return the root element of a document that can be read, and the one that its schema names."""
    from xml.parsers import expat

    names: list[str] = []
    parser = expat.ParserCreate(None, " ")
    parser.StartElementHandler = lambda name, _: names.append(name)
    with suppress(expat.ExpatError, LookupError, ValueError):  # what follows the name may need the charset
        for start in range(0, len(content), _PIECE):
            parser.Parse(content[start : start + _PIECE])
            if names:
                break
    if not names:
        return XmlRoot("", "", (), is_inferred=True)
    namespace, _, name = names[0].rpartition(" ")
    xml, component = _xml_object(schema, following(resolve)), _component(schema)
    own_name, own_namespace = _text(xml.get("name")), _text(xml.get("namespace"))
    steps = ("$ref",) if component else ()
    if own_name or own_namespace:
        steps = (*steps, "xml")
    expected = own_name or component or name
    if not own_namespace:
        return XmlRoot(name, expected, steps, is_inferred=not own_name)
    is_inferred = not own_name and own_namespace == namespace
    return XmlRoot(f"{{{namespace}}}{name}", f"{{{own_namespace}}}{expected}", steps, is_inferred=is_inferred)


class _Reader:
    """Reads the values of elements by their schemas."""

    def __init__(self, resolve: Resolve, *, is_text_first: bool) -> None:
        self._resolve, self._is_text_first = resolve, is_text_first
        self._follow = following(resolve)

    def value(self, element: _Element, schema: Any) -> Any:
        """Return the value of an element; that of an array holds its items."""
        if element.is_nil:
            return None
        schemas = schemas_of(schema, self._resolve)
        types = set(value_types_of(schemas))
        if "array" in types and (element.children or not element.text):
            items = _items_of(schemas)
            return [self.value(child, items) for child in element.children]
        if element.children or types == {"object"} or (element.attributes and types <= {"object"}):
            return self._object(element, schemas)
        return self._typed(
            element.text, schemas
        )  # attributes of a number or a text have no place in its value

    def _typed(self, text: str, schemas: Iterable[Mapping[str, Any]]) -> Any:
        return typed_text(text, text_types(schemas), is_text_first=self._is_text_first)

    def _object(self, element: _Element, schemas: list[Mapping[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        attributes, text = dict(element.attributes), element.text
        left: dict[str, list[_Element]] = {}
        for child in element.children:
            left.setdefault(child.name, []).append(child)
        for name, schema in properties_of(schemas).items():
            xml = _xml_object(schema, self._follow)
            described = schemas_of(schema, self._resolve)
            if _is_attribute(xml):
                value = attributes.pop(_text(xml.get("name")) or name, None)
                if value is not None:
                    found[name] = self._typed(value, described)
            elif xml.get("nodeType") in _TEXT_NODES:
                found[name], text = self._typed(text, described), ""
            else:
                is_list = "array" in value_types_of(described) and not _is_wrapped(xml)
                # "The name of the array is ignored unless it is wrapped"; an item without one has the property's.
                part = _items_of(described) if is_list else schema
                taken = _taken(left, name, _xml_object(part, self._follow) if is_list else xml)
                values = [self.value(child, part) for child in taken]
                if values:
                    found[name] = values if is_list or len(values) > 1 else values[0]
        return found | self._rest(found, left, attributes, text)

    def _rest(
        self,
        known: Mapping[str, Any],
        left: Mapping[str, list[_Element]],
        attributes: Mapping[str, str],
        text: str,
    ) -> dict[str, Any]:
        """Return what the document does not describe."""
        rest: dict[str, Any] = {f"{_ATTRIBUTE}{name}": value for name, value in attributes.items()}
        for name, children in left.items():
            values = [self.value(child, True) for child in children]
            if values:
                rest[f"#{name}" if name in known else name] = values if len(values) > 1 else values[0]
        return {**rest, _OWN_TEXT: text} if text else rest


def _items_of(schemas: Iterable[Mapping[str, Any]]) -> Any:
    return next((schema["items"] for schema in schemas if "items" in schema), True)


def _taken(left: dict[str, list[_Element]], name: str, xml: Mapping[str, Any]) -> list[_Element]:
    """Take the elements of a property: those of its name, in the namespace of its `xml` object if it names one."""
    tag, namespace = _text(xml.get("name")) or name, _text(xml.get("namespace"))
    listed = left.get(tag, [])
    taken = [element for element in listed if namespace in {"", element.namespace}]
    if taken:
        left[tag] = [element for element in listed if namespace not in {"", element.namespace}]
    return taken


def _is_attribute(xml: Mapping[str, Any]) -> bool:
    return xml.get("attribute") is True or xml.get("nodeType") == "attribute"


def _is_wrapped(xml: Mapping[str, Any]) -> bool:
    return xml.get("wrapped") is True or xml.get("nodeType") == "element"


class NoXmlError(ValueError):
    """A value cannot be written as XML; the text of the exception says why."""


def xml_text(value: Any, schema: Any, resolve: Resolve) -> str:
    """Return a value as an XML document without a declaration.

    The root element has the name in `xml.name`, else that of the component that the schema refers to, else `root`.

    Raises:
        NoXmlError: It is nested too deeply, or has characters that XML has no way to write.
    """
    text = _Writer(resolve).root(value, schema)
    if found := _NO_CHARACTER.search(text):
        raise NoXmlError(f"XML cannot have the character U+{ord(found[0]):04X}")
    return text


class _Writer:
    """Writes values as elements by their schemas."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve, self._follow = resolve, following(resolve)

    def root(self, value: Any, schema: Any) -> str:
        name = _component(schema) or _ROOT
        xml = _xml_object(schema, self._follow)
        if isinstance(value, list) and not _is_wrapped(xml):
            content = self._elements(value, schema, name, _MAX_DEPTH)
            return _element(_text(xml.get("name")) or name, xml, [], content)
        return "".join(self._elements(value, schema, name, _MAX_DEPTH))

    def _elements(self, value: Any, schema: Any, name: str, depth: int) -> list[str]:
        """Return a value as elements: one, or one for each item of an array.

        Args:
            name: The name of the elements if `xml.name` gives none.
            depth: How many levels may still follow.
        """
        if depth < 0:
            raise NoXmlError("It is nested too deeply")
        schemas = schemas_of(schema, self._resolve)
        xml = _xml_object(schema, self._follow)
        own_name = _text(xml.get("name")) or name
        if isinstance(value, list):
            items = _items_of(schemas)
            # "The name of the array is ignored unless it is wrapped"; an item without one has that of the array.
            item_name = _text(_xml_object(items, self._follow).get("name")) or name
            elements = [
                element for item in value for element in self._elements(item, items, item_name, depth - 1)
            ]
            return [_element(own_name, xml, [], elements)] if _is_wrapped(xml) else elements
        if not isinstance(value, Mapping):
            return [_element(own_name, xml, [], [] if value is None else [_escaped(value)])]
        properties = properties_of(schemas)
        others = next(
            (schema["additionalProperties"] for schema in schemas if "additionalProperties" in schema), True
        )
        attributes, content = [], []
        for key, member in value.items():
            part = properties.get(key, others)
            inner_xml = _xml_object(part, self._follow)
            is_described = key in properties
            if _is_attribute(inner_xml):
                attribute_name = _qualified(_text(inner_xml.get("name")) or key, inner_xml)
                attributes.append(_attribute(attribute_name, _scalar(member)))
            elif inner_xml.get("nodeType") in _TEXT_NODES or (key == _OWN_TEXT and not is_described):
                content.append(_escaped(member))
            elif key.startswith(_ATTRIBUTE) and not is_described:
                attributes.append(_attribute(_name(key.removeprefix(_ATTRIBUTE)), _scalar(member)))
            else:
                content.extend(self._elements(member, part, key, depth - 1))
        return [_element(own_name, xml, attributes, content)]


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


def _xml_object(schema: Any, follow: Follow) -> Mapping[str, Any]:
    """Return the `xml` of a schema, of the target of its reference, or of a part of its `allOf`."""
    found = (part["xml"] for part in applied_schemas(schema, follow) if isinstance(part.get("xml"), Mapping))
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
