"""The OpenAPI version of a document."""

import re
from typing import Any, Literal

from dynacli.errors import DocumentError

__all__ = ["check_is_not_markup", "check_is_openapi", "check_version"]

_Version = Literal["2.0", "3.0", "3.1", "3.2"]
"""A supported version; a Swagger 2.0 document is converted to 3.0."""

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.|-|$)")

_HINTS = {
    "2": "If it is Swagger 2.0, set its field `swagger` to `2.0`",
    "3": "If the document uses nothing new, set its field `openapi` to `3.2.0`",
}


def check_version(tree: Any) -> _Version:
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
            "The document has no OpenAPI version", reason="Its field `openapi` is a version such as `3.1.1`"
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
                reason="Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are",
                hint=_HINTS.get(major, "Convert it to OpenAPI 3 first"),
            )


def check_is_not_markup(content: bytes, name: str) -> None:
    """Check that a text is not HTML or XML.

    Raises:
        DocumentError: The text is HTML or XML; the message says which.
    """
    start = content[:2000].lstrip().lower()
    if not start.startswith(b"<"):
        return
    if start.startswith(b"<?xml") and b"<html" not in start:
        kind = "a WSDL service" if b"wsdl" in start else "an XML file"
        raise DocumentError(f"`{name}` is {kind}, not an OpenAPI document")
    if start.startswith((b"<<:", b"<<\n")):
        return
    raise DocumentError(
        f"`{name}` is an HTML page, not an OpenAPI document",
        reason="Pages that show an API load its document from another address",
        hint="Give the URL of the document itself; the page's source or its network log has it",
    )


def check_is_openapi(tree: Any, name: str) -> None:
    """Check that a value is an OpenAPI document of any version.

    A document has its version at the top level (`openapi` in the "OpenAPI Object" of 3.x, `swagger` in 2.0).
    An object whose `openapi` is a URL only names a document.

    Raises:
        DocumentError: The value is not a document; the message names its format, if that is known.
    """
    if tree is None:
        raise DocumentError(f"`{name}` is empty")
    if not isinstance(tree, dict):
        scalar = "plain text" if isinstance(tree, str) else "a single value"
        kind = "a list" if isinstance(tree, list) else scalar
        raise DocumentError(
            f"`{name}` is {kind}, not an OpenAPI document",
            reason="A document is an object with `openapi`, `info` and `paths`",
        )
    for field in ("openapi", "swagger"):
        if field in tree:
            _check_version_field(tree[field], field, name)
            return
    kind, hint = _recognise(tree)
    raise DocumentError(
        f"`{name}` is {kind}, not an OpenAPI document" if kind else f"`{name}` is not an OpenAPI document",
        reason="At its top level is neither `openapi` nor `swagger`",
        hint=hint,
    )


def _check_version_field(value: Any, field: str, name: str) -> None:
    if isinstance(value, str) and value.startswith(("http://", "https://", "/", "./")):
        raise DocumentError(
            f"`{name}` is not an OpenAPI document but names one",
            hint="Give the address in its field `openapi`",
        )
    is_version = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if not is_version or not str(value)[:1].isdigit():
        raise DocumentError(
            f"`{name}` has no version in its field `{field}`",
            reason="A version such as `3.1.1` is expected there",
        )


def _recognise(tree: dict[str, Any]) -> tuple[str, str]:
    """Return the format of an object and a hint what to do with it; both may be empty."""
    info = tree.get("info")
    if "asyncapi" in tree:
        return "an AsyncAPI document", ""
    if isinstance(info, dict) and ("_postman_id" in info or "getpostman.com" in str(info.get("schema"))):
        return "a Postman collection", "Export the API's definition from Postman as OpenAPI"
    if "swaggerVersion" in tree:
        return "a Swagger 1 document", "Convert it to OpenAPI 3 first"
    if isinstance(tree.get("log"), dict) and "entries" in tree["log"]:
        return "a HAR log", ""
    if tree.get("_type") == "export" and "resources" in tree:
        return "an Insomnia export", "Export the API's design document instead"
    if "overlay" in tree and "actions" in tree:
        return "an OpenAPI overlay", "Apply it to its document first, and give the result"
    if "arazzo" in tree:
        return "an Arazzo description", ""
    if "__schema" in tree or ("data" in tree and "__schema" in str(tree["data"])[:100]):
        return "a GraphQL schema", ""
    if str(tree.get("kind", "")).startswith("discovery#"):
        return "a Google API discovery document", "Convert it to OpenAPI 3 first"
    if "$schema" in tree or ("type" in tree and "properties" in tree):
        return "a JSON Schema", ""
    if "paths" in tree and "info" in tree:
        return "", "Add `openapi: 3.0.3`, if that is what it is"
    return "", ""
