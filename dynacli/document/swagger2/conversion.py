"""The conversion of a whole Swagger 2.0 document to OpenAPI 3.0."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.document.references.place_origins import Origins
from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_components import convert_components
from dynacli.document.swagger2.convert_media_types import MediaTypes, read_media_types
from dynacli.document.swagger2.convert_operations import DocumentContext, convert_paths
from dynacli.document.swagger2.convert_references import convert_references
from dynacli.document.swagger2.convert_security import convert_requirements
from dynacli.document.swagger2.convert_servers import read_address
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Conversion", "convert"]

_VERSION = "3.0.3"
_IN_COMPONENTS = frozenset({"definitions", "parameters", "responses", "securityDefinitions"})
_READ_ELSEWHERE = frozenset({"swagger", "host", "basePath", "schemes", "consumes", "produces"})
_NOT_OF_SWAGGER = ("openapi", "servers", "components")


class Conversion(NamedTuple):
    """A converted document.

    Args:
        tree: The document in OpenAPI 3.0.
        origins: Where its parts are in the Swagger document.
        warnings: A message and a JSON pointer in the Swagger document, for all that could not be carried over.
    """

    tree: dict[str, Any]
    origins: Origins
    warnings: Sequence[tuple[str, str]]


def convert(source: dict[str, Any], uri: str = "") -> Conversion:
    """Return a Swagger 2.0 document converted to OpenAPI 3.0; the argument is not changed.

    Parts that cannot be converted are left out with a warning. Unchanged values, such as examples, are shared with
    the argument.

    Args:
        source: The document, plain JSON, with all its files in the same tree.
        uri: Where it was fetched from; its scheme counts where the document names none.
    """
    ledger = Ledger(source)
    root = ConvertedPlace(ledger)
    consumes = read_media_types(source, "consumes", root) or MediaTypes()
    produces = read_media_types(source, "produces", root) or MediaTypes()
    address = read_address(source, uri, root)
    components = convert_components(source, consumes, produces, root)
    context = DocumentContext(consumes, produces, address, components.fields, components.schemes)
    old = "/swagger" if "swagger" in source else ""
    tree: dict[str, Any] = {"openapi": root.at("", "/openapi").note_made(_VERSION, old)}
    if "info" in source:
        tree["info"] = source["info"]
    tree["servers"] = address.servers(source.get("schemes"), root.below("schemes"), root.at("", "/servers"))
    for key, value in source.items():
        if key == "paths":
            tree[key] = convert_paths(value, context, root.below(key))
        elif key == "security":
            tree[key] = convert_requirements(value, components.schemes, root.below(key))
        elif key in _NOT_OF_SWAGGER:
            root.below(key).warn(f"`{key}` is not of Swagger 2.0 and is ignored")
        elif key not in _IN_COMPONENTS and key not in _READ_ELSEWHERE:
            tree[key] = value
    convert_references(components.sections, components.names, produces, root)
    if components.sections:
        root.at("", "/components").note_origin()
        tree["components"] = components.sections
    return Conversion(tree, Origins(ledger.moves), tuple(dict.fromkeys(ledger.warnings)))
