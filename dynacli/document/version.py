"""Which OpenAPI version a document is, of those that can be used."""

import re
from typing import Any, Literal

from dynacli.errors import DocumentError

__all__ = ["Version", "check_version"]

Version = Literal["3.0", "3.1"]

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.|-|$)")


def check_version(tree: Any) -> Version:
    """Return `3.0` or `3.1` for a document (OpenAPI 3.1.1, "Versions").

    YAML makes `openapi: 3.0` a number; that is accepted.

    Raises:
        DocumentError: It has no version, or one that is not supported.
    """
    value = tree.get("openapi", tree.get("swagger")) if isinstance(tree, dict) else None
    given = str(value).strip() if isinstance(value, (str, int, float)) else ""
    found = _VERSION.match(given)
    if not found:
        raise DocumentError(
            "The document has no OpenAPI version", why="Its field `openapi` is a version such as `3.1.1`"
        )
    match found[1], found[2] or "0":
        case "3", "0":
            return "3.0"
        case "3", "1":
            return "3.1"
        case "2", _:
            raise DocumentError(
                f"Swagger {given} documents are not supported yet",
                why="OpenAPI 3.0 and 3.1 are",
                hint="Convert it to OpenAPI 3: `npx swagger2openapi FILE`, or https://converter.swagger.io",
            )
        case major, _:
            raise DocumentError(
                f"OpenAPI {given[:20]} documents are not supported yet",
                why="OpenAPI 3.0 and 3.1 are",
                hint="Where the document uses nothing new, set its field `openapi` to `3.1.1`"
                if major == "3"
                else "",
            )
