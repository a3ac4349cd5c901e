"""The conversion of a document to another version of OpenAPI."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from dynacli.export.versions import _to_3_0 as in_3_0
from dynacli.export.versions import _to_3_1 as in_3_1
from dynacli.export.versions._conversion_walk import Loss, Rule, walk
from dynacli.export.versions._to_3_0 import BOOLEANS_IN_3_0, schema_in_3_0
from dynacli.export.versions._to_3_1 import schema_in_3_1
from dynacli.openapi.document.objects import (
    CONTENT,
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
)
from dynacli.openapi.document.references.cut_operations import without_lost_links

__all__ = ["VERSIONS", "Converted", "convert_version"]

VERSIONS: tuple[Literal["3.0", "3.1"], ...] = ("3.0", "3.1")
"""The versions that a document can be written in."""


class Converted(NamedTuple):
    """A converted document.

    Args:
        tree: The document; what did not change is shared with the document that it was made from.
        losses: What could not be carried over.
    """

    tree: dict[str, Any]
    losses: Sequence[Loss]


def _named(section: str) -> ObjectKind:
    """Return the kind of the components of a section."""
    section_kind = kind_at(kind_at(DOCUMENT, "components"), section)
    return section_kind.members or section_kind


_SECURITY_SCHEMES = kind_at(kind_at(DOCUMENT, "components"), "securitySchemes")
_RESPONSE, _SECURITY_SCHEME = _named("responses"), _named("securitySchemes")
_MEDIA_TYPE = CONTENT.members or CONTENT
_REFERRING = (PARAMETER, HEADER, REQUEST_BODY, EXAMPLE, _RESPONSE, _SECURITY_SCHEME, _named("links"))

_UP: dict[ObjectKind, Rule] = {
    DOCUMENT: in_3_1.document_in_3_1,
    SCHEMA: schema_in_3_1,
    PARAMETER: in_3_1.parameter_in_3_1,
    HEADER: in_3_1.header_in_3_1,
}
_FROM_3_2: dict[ObjectKind, Rule] = {
    DOCUMENT: in_3_1.document_of_3_2_in_3_1,
    PATH_ITEM: in_3_1.path_item_in_3_1,
    OPERATION: in_3_1.operation_in_3_1,
    PARAMETER: in_3_1.parameter_in_3_1,
    HEADER: in_3_1.header_in_3_1,
    _MEDIA_TYPE: in_3_1.media_type_in_3_1,
    ENCODING: in_3_1.encoding_in_3_1,
    _RESPONSE: in_3_1.response_in_3_1,
    EXAMPLE: in_3_1.example_in_3_1,
    _SECURITY_SCHEME: in_3_1.security_scheme_in_3_1,
    SCHEMA: in_3_1.schema_of_3_2_in_3_1,
}
_DOWN: dict[ObjectKind, Rule] = {
    DOCUMENT: in_3_0.document_in_3_0,
    PATH_ITEM: in_3_0.path_item_in_3_0,
    OPERATION: in_3_0.operation_in_3_0,
    _SECURITY_SCHEMES: in_3_0.security_schemes_in_3_0,
    SCHEMA: schema_in_3_0,
}
_REFERENCES_IN_3_1 = dict.fromkeys(_REFERRING, in_3_1.reference_in_3_1)
_REFERENCES_IN_3_0 = dict.fromkeys(_REFERRING, in_3_0.reference_in_3_0)
_STEPS: Mapping[tuple[str, str], tuple[Mapping[ObjectKind, Rule], ...]] = {
    ("3.0", "3.1"): (_REFERENCES_IN_3_1, _UP),
    ("3.1", "3.0"): (_REFERENCES_IN_3_0, _DOWN),
    ("3.2", "3.1"): (_REFERENCES_IN_3_1, _FROM_3_2),
    # A path item is brought here before anything is left out of it.
    ("3.2", "3.0"): (_REFERENCES_IN_3_0, {PATH_ITEM: in_3_0.path_item_in_3_0}, _FROM_3_2, _DOWN),
}
"""The version of a document, and that it is to have → the rules, which are applied in turn."""


def convert_version(tree: dict[str, Any], version: str, wanted: str) -> Converted:
    """Return a document in another version of OpenAPI; one that has it already stays as it is.

    Args:
        tree: The document, in which every reference is a pointer; it is not changed.
        version: The version of the tree: `3.0`, `3.1` or `3.2`.
        wanted: `3.0` or `3.1`.
    """
    steps = _STEPS.get((version, wanted))
    if not steps:
        return Converted(tree, ())
    kinds = dict.fromkeys(kind for step in steps for kind in step)
    rules = {kind: [step[kind] for step in steps if kind in step] for kind in kinds}
    made, losses = walk(tree, rules, BOOLEANS_IN_3_0 if wanted == "3.0" else None)
    if version == "3.2":
        made = without_lost_links(made)
    return Converted(made, losses)
