"""XPath in XML: by elementpath of the extra `xpath`, else the paths of elements that the standard library knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dynacli.environment import how_to_install
from dynacli.features.workflows.expressions import SelectorError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PLAIN = re.compile(r"(?:/{1,2}(?:[A-Za-z_][\w.-]*|\*)(?:\[(?:[0-9]+|@?[A-Za-z_][\w.-]*(?:='[^']*')?)\])?)+")
"""A path of elements, with positions and comparisons that the standard library evaluates as XPath does."""
_LARGEST = 10 * 1024 * 1024


def xpath_values(value: Any, path: str, version: str) -> list[Any]:
    """Return the values that an XPath finds: the text of elements and attributes, or an atomic value.

    Raises:
        SelectorError: The value is not XML, the path is invalid, or it needs the extra.
    """
    root = _parse_xml(value)
    try:
        import elementpath  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        elements = _found_elements(root, path)
        return ["".join(element.itertext()) for element in elements]
    parsers = elementpath.__dict__
    names = {"xpath-10": "XPath1Parser", "xpath-20": "XPath2Parser"}
    if version in names:
        parser = parsers[names[version]]
    else:
        from elementpath import xpath3

        parser = xpath3.XPath30Parser if version == "xpath-30" else xpath3.XPath31Parser
    from xml.etree.ElementTree import ElementTree

    try:
        found = elementpath.select(ElementTree(root), path, parser=parser)
    except (elementpath.ElementPathError, RecursionError, ArithmeticError) as error:
        raise SelectorError(f"`{path}` cannot be evaluated: {str(error).partition(chr(10))[0]}") from error
    nodes = found if isinstance(found, list) else [found]
    return ["".join(node.itertext()) if hasattr(node, "itertext") else node for node in nodes]


def _found_elements(root: Element, path: str) -> list[Element]:
    """Return the elements at a path, without the extra.

    Raises:
        SelectorError: The path needs the extra.
    """
    if not _PLAIN.fullmatch(path):
        raise SelectorError(f"`{path}` needs the extra `xpath`: {how_to_install('xpath')}")
    from xml.etree.ElementTree import Element

    above = Element("above")
    above.append(root)
    return above.findall(f".{path}")


def _parse_xml(value: Any) -> Element:
    """Return the root of an XML text. A document type is refused, because its entities can grow without limit.

    Raises:
        SelectorError: The value is not XML.
    """
    from xml.etree.ElementTree import ParseError, fromstring

    if not isinstance(value, str):
        raise SelectorError("XPath applies to XML, and the value is not text")
    if "<!DOCTYPE" in value or "<!ENTITY" in value or len(value) > _LARGEST:
        raise SelectorError("The XML has a document type, or is too large")
    try:
        return fromstring(value)  # noqa: S314  - without a document type there are no entities
    except ParseError as error:
        raise SelectorError(f"The value is not XML: {error}") from error


def with_text(value: Any, path: str, text: str) -> str:
    """Return XML with another text in the elements at a path.

    Raises:
        SelectorError: The value is not XML, or has no such element.
    """
    from xml.etree.ElementTree import tostring

    root = _parse_xml(value)
    elements = _found_elements(root, path)
    if not elements:
        raise SelectorError(f"The target `{path}` is not in the payload")
    for element in elements:
        for child in list(element):
            element.remove(child)
        element.text = text
    return tostring(root, encoding="unicode")
