"""Converts between XML documents and JSON values by the `xml` objects of a schema (OpenAPI 3.2.0, "XML Object").

| in XML | in the value |
|---|---|
| an element, or an attribute with `attribute` or `nodeType` | the property with this name or `xml.name` |
| repeated elements, or elements in a `wrapped` element | an array |
| text in an element that is an object | the property with `nodeType: text`, else `#text` |
| an attribute that the document does not describe | `@NAME` |
| an element that the document does not describe | its name; an array if it is repeated |
| `xsi:nil="true"` | null |

Namespaces distinguish elements if the document names them. Prefixes are ignored.
A document type is refused, and so are entities: https://pypi.org/project/defusedxml/ lists attacks with them.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import escape
from typing import Any, Final, NamedTuple

from dynacli.media.text_values import schemas_of, text_types, typed_text
from dynacli.openapi.document.json_trees import string_or_empty
from dynacli.openapi.references import REFERENCE, reference_of
from dynacli.openapi.schema.read_schema import (
    Follow,
    Resolve,
    applied_schemas,
    following,
    properties_of,
    value_types_of,
)
from dynacli.record import record

_ROOT: Final = "root"
_MAX_DEPTH: Final = 200
_MOST_PARTS: Final = 500_000
"""Maximum number of elements and attributes, which take more memory than JSON values."""
_LONGEST_NAMESPACE: Final = 1000
"""Maximum length of a namespace URI, because the parser repeats it in the name of each element."""
_PIECE: Final = 4096
_NO_NAME: Final = re.compile(r"[^\w.-]")
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_TEXT_NODES: Final = frozenset({"text", "cdata"})
_ATTRIBUTE: Final = "@"
_OWN_TEXT: Final = "#text"
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow (section 2.2, "Char")."""


_Place = tuple[int, str]
"""The number and the name of a property, which sort the values in the order of the document."""


class XmlError(ValueError):
    """A text cannot be read as XML; the message has the reason."""


class _Element:
    """An element.

    Attributes:
        name: Name without a prefix.
        namespace: URI of the namespace; empty for none.
        attributes: The attributes by their names without prefixes.
        texts: The pieces of text in the element.
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
        """The text in the element; empty if it is only white space between child elements."""
        text = "".join(self.texts)
        return text if text.strip() or not self.children else ""


class _Parser:
    """Parses a document into a limited number of elements.

    Raises:
        XmlError: The text is not XML, has a document type, or exceeds a limit.
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
        parser.StartNamespaceDeclHandler = self._check_namespace
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

    def _check_namespace(self, _: str | None, uri: str | None) -> None:
        if len(uri or "") > _LONGEST_NAMESPACE:
            raise XmlError("it has a namespace whose URI is too long")

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
        encoding: The charset of the media type (RFC 7303, section 3.2); None to use the charset in the document.
        is_text_first: Whether a text that may be a string or another type is read as a string.

    Raises:
        XmlError: The text is not XML, has a document type, or exceeds a limit.
    """
    return _Reader(resolve, is_text_first=is_text_first).value(_Parser().parse(content, encoding), schema)


@record
class XmlRoot:
    """The root element of a document, and the root element in its schema.

    Args:
        found: Name of the root element, or `{NAMESPACE}NAME` if the schema names a namespace.
        expected: Name in the schema, in the same format; equal to `found` if the schema names none.
        steps: Path of the name in the schema.
        is_inferred: Whether the name is the name of a component, because there is no `xml.name`.
    """

    found: str
    expected: str
    steps: tuple[str, ...]
    is_inferred: bool


def root_of(content: bytes, schema: Any, resolve: Resolve) -> XmlRoot:
    """Return the root element of a readable document, and the root element in its schema."""
    from xml.parsers import expat

    names: list[str] = []
    parser = expat.ParserCreate(None, " ")
    parser.StartElementHandler = lambda name, _: names.append(name)
    with suppress(expat.ExpatError, LookupError, ValueError):  # text after the name may need the charset
        for start in range(0, len(content), _PIECE):
            parser.Parse(content[start : start + _PIECE])
            if names:
                break
    if not names:
        return XmlRoot("", "", (), is_inferred=True)
    namespace, _, name = names[0].rpartition(" ")
    xml, component = _xml_object(schema, following(resolve)), _component(schema)
    own_name, own_namespace = string_or_empty(xml.get("name")), string_or_empty(xml.get("namespace"))
    steps = (REFERENCE,) if component else ()
    if own_name or own_namespace:
        steps = (*steps, "xml")
    expected = own_name or component or name
    if not own_namespace:
        return XmlRoot(name, expected, steps, is_inferred=not own_name)
    is_inferred = not own_name and own_namespace == namespace
    return XmlRoot(f"{{{namespace}}}{name}", f"{{{own_namespace}}}{expected}", steps, is_inferred=is_inferred)


class _Property(NamedTuple):
    """A property of an object, and its representation in XML.

    Args:
        number: Number of the property in the object.
        name: Name of the property.
        schema: Schema of the value, or of the items.
        text_types: The types that its text may have.
        is_list: Whether each element is an item of an array.
    """

    number: int
    name: str
    schema: Any
    text_types: set[str]
    is_list: bool = False


class _Shape:
    """The facts about elements in a schema, collected once for all elements.

    Attributes:
        types: The types of their values; empty for all types.
        text_types: The types that a text may have.
        items: The schema of items.
        attributes: Name of an attribute → its property.
        text: The property for the text; None if there is none.
        elements: Name of an element → its namespace, empty for any → its property.
    """

    def __init__(self, schema: Any, resolve: Resolve) -> None:
        follow, schemas = following(resolve), schemas_of(schema, resolve)
        self.types, self.text_types = set(value_types_of(schemas)), text_types(schemas)
        self.items = _items_of(schemas)
        self.attributes: dict[str, _Property] = {}
        self.text: _Property | None = None
        self.elements: dict[str, dict[str, _Property]] = {}
        for number, (name, part) in enumerate(properties_of(schemas).items()):
            xml, described = _xml_object(part, follow), schemas_of(part, resolve)
            found = _Property(number, name, part, text_types(described))
            if _is_attribute(xml):
                self.attributes.setdefault(string_or_empty(xml.get("name")) or name, found)
            elif xml.get("nodeType") in _TEXT_NODES:
                self.text = self.text or found
            else:
                if "array" in value_types_of(described) and not _is_wrapped(xml):
                    # "The name of the array is ignored unless it is wrapped", so items without a name use the name of
                    # the property.
                    found = found._replace(schema=_items_of(described), is_list=True)
                    xml = _xml_object(found.schema, follow)
                named = self.elements.setdefault(string_or_empty(xml.get("name")) or name, {})
                named.setdefault(string_or_empty(xml.get("namespace")), found)

    def property_of(self, element: _Element) -> _Property | None:
        """Return the first property for an element; None if there is none."""
        named = self.elements.get(element.name, {})
        found = [named[space] for space in {"", element.namespace} if space in named]
        return min(found, key=lambda property_: property_.number, default=None)


class _Reader:
    """Reads the values of elements by their schemas."""

    def __init__(self, resolve: Resolve, *, is_text_first: bool) -> None:
        self._resolve, self._is_text_first = resolve, is_text_first
        self._shapes: dict[int, tuple[Any, _Shape]] = {}

    def _shape(self, schema: Any) -> _Shape:
        """Return the facts of a schema, cached by its `id`; the cache keeps the schema, so that the id stays unique."""
        known = self._shapes.get(id(schema))
        if known is None:
            known = self._shapes[id(schema)] = schema, _Shape(schema, self._resolve)
        return known[1]

    def value(self, element: _Element, schema: Any) -> Any:
        """Return the value of an element. The element of an array contains its items."""
        if element.is_nil:
            return None
        shape = self._shape(schema)
        if "array" in shape.types and (element.children or not element.text):
            return [self.value(child, shape.items) for child in element.children]
        is_object = shape.types == {"object"} or (element.attributes and shape.types <= {"object"})
        if element.children or is_object:
            return self._object(element, shape)
        # The value of a number or a text cannot include its attributes.
        return self._typed(element.text, shape.text_types)

    def _typed(self, text: str, types: set[str]) -> Any:
        return typed_text(text, types, is_text_first=self._is_text_first)

    def _object(self, element: _Element, shape: _Shape) -> dict[str, Any]:
        found: dict[_Place, Any] = {}
        attributes, text = dict(element.attributes), element.text
        for key in element.attributes.keys() & shape.attributes.keys():
            number, name, _, types, _ = shape.attributes[key]
            found[number, name] = self._typed(attributes.pop(key), types)
        if shape.text is not None:
            number, name, _, types, _ = shape.text
            found[number, name], text = self._typed(text, types), ""
        taken: dict[_Place, tuple[_Property, list[_Element]]] = {}
        left: dict[str, list[_Element]] = {}
        for child in element.children:
            owner = shape.property_of(child)
            if owner is None:
                left.setdefault(child.name, []).append(child)
            else:
                taken.setdefault(owner[:2], (owner, []))[1].append(child)
        for place, (owner, children) in taken.items():
            values = [self.value(child, owner.schema) for child in children]
            found[place] = values if owner.is_list or len(values) > 1 else values[0]
        known = {name: value for (_, name), value in sorted(found.items(), key=lambda entry: entry[0])}
        return known | self._rest(known, left, attributes, text)

    def _rest(
        self,
        known: Mapping[str, Any],
        left: Mapping[str, list[_Element]],
        attributes: Mapping[str, str],
        text: str,
    ) -> dict[str, Any]:
        """Return the attributes, elements and text that the document does not describe."""
        rest: dict[str, Any] = {f"{_ATTRIBUTE}{name}": value for name, value in attributes.items()}
        for name, children in left.items():
            values = [self.value(child, True) for child in children]
            rest[f"#{name}" if name in known else name] = values if len(values) > 1 else values[0]
        return {**rest, _OWN_TEXT: text} if text else rest


def _items_of(schemas: Iterable[Mapping[str, Any]]) -> Any:
    return next((schema["items"] for schema in schemas if "items" in schema), True)


def _is_attribute(xml: Mapping[str, Any]) -> bool:
    return xml.get("attribute") is True or xml.get("nodeType") == "attribute"


def _is_wrapped(xml: Mapping[str, Any]) -> bool:
    return xml.get("wrapped") is True or xml.get("nodeType") == "element"


class NoXmlError(ValueError):
    """A value cannot be written as XML; the message has the reason."""


def xml_text(value: Any, schema: Any, resolve: Resolve) -> str:
    """Return a value as an XML document without a declaration.

    The name of the root element is `xml.name`, else the name of the component in the schema's `$ref`, else `root`.

    Raises:
        NoXmlError: The value is nested too deeply, or has characters that XML does not allow.
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
            return _element(string_or_empty(xml.get("name")) or name, xml, [], content)
        return "".join(self._elements(value, schema, name, _MAX_DEPTH))

    def _elements(self, value: Any, schema: Any, name: str, depth: int) -> list[str]:
        """Return a value as an element, or an array as one element for each item.

        Args:
            value: The value.
            schema: The schema of the value.
            name: Name of the elements if there is no `xml.name`.
            depth: Number of further levels that are allowed.
        """
        if depth < 0:
            raise NoXmlError("It is nested too deeply")
        schemas = schemas_of(schema, self._resolve)
        xml = _xml_object(schema, self._follow)
        own_name = string_or_empty(xml.get("name")) or name
        if isinstance(value, list):
            items = _items_of(schemas)
            # "The name of the array is ignored unless it is wrapped", so items without a name use the array's name.
            item_name = string_or_empty(_xml_object(items, self._follow).get("name")) or name
            elements = [
                element for item in value for element in self._elements(item, items, item_name, depth - 1)
            ]
            return [_element(own_name, xml, [], elements)] if _is_wrapped(xml) else elements
        if not isinstance(value, Mapping):
            return [_element(own_name, xml, [], [] if value is None else [_escaped_text(value)])]
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
                attribute_name = _qualified(string_or_empty(inner_xml.get("name")) or key, inner_xml)
                attributes.append(_attribute(attribute_name, _xml_text(member)))
            elif inner_xml.get("nodeType") in _TEXT_NODES or (key == _OWN_TEXT and not is_described):
                content.append(_escaped_text(member))
            elif key.startswith(_ATTRIBUTE) and not is_described:
                attributes.append(_attribute(_xml_name(key.removeprefix(_ATTRIBUTE)), _xml_text(member)))
            else:
                content.extend(self._elements(member, part, key, depth - 1))
        return [_element(own_name, xml, attributes, content)]


def _element(name: str, xml: Mapping[str, Any], attributes: list[str], content: list[str]) -> str:
    tag = _qualified(name, xml)
    if namespace := string_or_empty(xml.get("namespace")):
        prefix = string_or_empty(xml.get("prefix"))
        declared = f"xmlns:{_xml_name(prefix)}" if prefix else "xmlns"
        attributes = [_attribute(declared, namespace), *attributes]
    start = " ".join([tag, *attributes])
    return f"<{start}>{''.join(content)}</{tag}>" if content else f"<{start}/>"


def _qualified(name: str, xml: Mapping[str, Any]) -> str:
    prefix = string_or_empty(xml.get("prefix"))
    return ":".join(_xml_name(part) for part in (prefix, name) if part)


def _xml_name(text: str) -> str:
    """Return the name of a property as a valid XML name (Namespaces in XML 1.0, section 3)."""
    safe = _NO_NAME.sub("_", text)
    return safe if safe[:1].isalpha() or safe[:1] == "_" else f"_{safe}"


def _xml_object(schema: Any, follow: Follow) -> Mapping[str, Any]:
    """Return the `xml` of a schema, of the target of its reference, or of a part of its `allOf`."""
    found = (part["xml"] for part in applied_schemas(schema, follow) if isinstance(part.get("xml"), Mapping))
    return next(found, {})


def _component(schema: Any) -> str:
    ref = reference_of(schema) or ""
    return ref.rpartition("/")[2] if ref.startswith("#/components/schemas/") else ""


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _attribute(name: str, text: str) -> str:
    return f'{name}="{escape(text)}"'


def _escaped_text(value: Any) -> str:
    return escape(_xml_text(value), quote=False)
