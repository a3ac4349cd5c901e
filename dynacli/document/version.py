"""The OpenAPI version of a document."""

import re
from typing import Any, Literal

from dynacli.errors import DocumentError

__all__ = ["Version", "check_version"]

Version = Literal["2.0", "3.0", "3.1", "3.2"]
"""A supported version; a Swagger 2.0 document is converted to 3.0."""

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.|-|$)")

_HINTS = {
    "2": "Where it is Swagger 2.0, set its field `swagger` to `2.0`",
    "3": "Where the document uses nothing new, set its field `openapi` to `3.2.0`",
}


def check_version(tree: Any) -> Version:
    """Return the version of a document, without its patch (OpenAPI 3.1.1, "Versions").

    YAML makes `openapi: 3.0` a number; that is accepted.

    Raises:
        DocumentError: The document has no version, or its version is not supported.
    """
    value = tree.get("openapi", tree.get("swagger")) if isinstance(tree, dict) else None
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    version = _VERSION.match(text)
    if not version:
        raise DocumentError(
            "The document has no OpenAPI version", why="Its field `openapi` is a version such as `3.1.1`"
        )
    match version[1], version[2] or "0":
        case "3", "0":
            return "3.0"
        case "3", "1":
            return "3.1"
        case "3", "2":
            return "3.2"
        case "2", "0":
            return "2.0"
        case major, _:
            name = "OpenAPI" if "openapi" in tree else "Swagger"
            raise DocumentError(
                f"{name} {text[:20]} documents are not supported",
                why="Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are",
                hint=_HINTS.get(major, "Convert it to OpenAPI 3 first"),
            )
