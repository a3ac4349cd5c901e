"""Turns Swagger 2.0 documents into OpenAPI 3.0 ones."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.document.origins import Origins
from dynacli.errors import DocumentError

__all__ = ["Conversion", "convert"]


class Conversion(NamedTuple):
    """A Swagger 2.0 document as OpenAPI 3.0.

    Args:
        tree: The document in 3.0.
        origins: Where its parts stand in the Swagger document.
        warnings: (message, JSON pointer in the Swagger document) of what could not be carried over.
    """

    tree: dict[str, Any]
    origins: Origins
    warnings: Sequence[tuple[str, str]]


def convert(tree: dict[str, Any]) -> Conversion:
    """Return a Swagger 2.0 document as an OpenAPI 3.0 one; the argument is not changed.

    Args:
        tree: The document, plain JSON, all in one tree.
    """
    raise DocumentError(f"Swagger {tree.get('swagger')} documents are not supported yet")
