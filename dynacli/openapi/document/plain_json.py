"""The first checks of a parsed document: plain JSON, limits of depth and size, and a supported version."""

import re
import sys
from collections.abc import Callable
from itertools import chain
from typing import Any, Literal

from dynacli.environment import invocation
from dynacli.errors import DocumentError
from dynacli.openapi.document.limits import MAX_DEPTH, MAX_NODES

_MERGE = "<<"
_LONGEST_WORD = 40
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.|-|$)")
_HINTS = {
    "2": "If it is Swagger 2.0, set its field `swagger` to `2.0`",
    "3": "If the document uses nothing new, set its field `openapi` to `3.2.0`",
}
_PASSWORD = re.compile(rb"""<input\b[^>]{0,500}\btype\s*=\s*["']?password""", re.IGNORECASE)
_MOST_OF_PAGE = 1 << 18


Version = Literal["2.0", "3.0", "3.1", "3.2"]
"""A supported version; a Swagger 2.0 document is converted to 3.0."""


def check_limits(tree: Any, name: str) -> int:
    """Check that a tree is within the limits, and return the number of keys in its objects.

    Raises:
        DocumentError: The tree is nested too deeply or has too many values.
    """
    count, keys, level = 1, 0, [tree]
    for _ in range(MAX_DEPTH + 1):
        objects = [value for value in level if isinstance(value, dict)]
        lists = [value for value in level if isinstance(value, list)]
        if not objects and not lists:
            return keys
        members = sum(map(len, objects))
        keys += members
        count += members + sum(map(len, lists))
        if count > MAX_NODES:
            raise too_many_nodes(name)
        level = list(chain(*map(dict.values, objects), *lists))
    raise too_deep(name)


def too_deep(name: str) -> DocumentError:
    """Return the error for a document that is nested too deeply."""
    return DocumentError(f"`{name}` is nested deeper than {MAX_DEPTH} levels")


def too_many_nodes(name: str) -> DocumentError:
    """Return the error for a document that has too many values."""
    reason = "YAML aliases count as often as they are used"
    return DocumentError(f"`{name}` has more than {MAX_NODES:,} values", reason=reason)


def to_plain(
    tree: Any,
    name: str,
    clashes: list[str] | None = None,
    *,
    is_consumed: bool = False,
    scalar: Callable[[Any], Any] | None = None,
) -> Any:
    """Return a copy of a tree as plain JSON: string keys, finite numbers of 64 bits, valid Unicode, nothing shared.

    - A key such as `200` or `true` becomes a string.
    - A YAML merge key (`<<`) is applied: YAML 1.2 has none, but documents use it.
    - An infinite number becomes the largest finite number, and not-a-number becomes null, because JSON lacks them.
    - An integer over 64 bits becomes a float, because some serialisers cannot write it.
    - A lone surrogate becomes U+FFFD.

    Args:
        tree: The parsed values.
        name: The name of the document in messages.
        clashes: Gets keys that are equal as strings, such as `200` and `"200"`; the last one counts.
        is_consumed: Whether to empty the tree meanwhile, to save memory; nothing in it may be shared.
        scalar: Makes a plain value from a parsed scalar; None for the rules above.

    Raises:
        DocumentError: The copy would be too deep or too large, or a key is a list or an object.
    """
    top: list[Any] = [tree]
    count = 1
    # Equal keys and short strings become one object, because documents repeat them many times.
    words: dict[str, str] = {}
    make = scalar or _json_scalar
    # The copies whose members are not copied yet, each with the depth of its members.
    stack: list[tuple[Any, int]] = [(top, 0)]
    while stack:
        copy, depth = stack.pop()
        for place, value in copy.items() if isinstance(copy, dict) else enumerate(copy):
            if isinstance(value, (dict, list, tuple, set, frozenset)):
                if depth >= MAX_DEPTH:
                    raise too_deep(name)
                is_object = isinstance(value, dict)
                inner: Any = _with_words(value, words, name, clashes) if is_object else list(value)
                count += len(inner)
                if count > MAX_NODES:
                    raise too_many_nodes(name)
                copy[place] = inner
                stack.append((inner, depth + 1))
                if is_consumed and isinstance(value, (dict, list)):
                    value.clear()
            else:
                made = make(value)
                is_word = isinstance(made, str) and len(made) <= _LONGEST_WORD
                copy[place] = words.setdefault(made, made) if is_word else made
    return top[0]


def _with_words(node: Any, words: dict[str, str], name: str, clashes: list[str] | None) -> dict[str, Any]:
    """Return an object with strings as keys, and with its merge key applied.

    Args:
        words: Each known string → itself; gets the new ones.
    """
    if _MERGE in node:
        node = _merge(node)
    copy = {}
    for key, value in node.items():
        word = _string_key(key, name)
        copy[words.setdefault(word, word)] = value
    if clashes is not None and len(copy) < len(node):
        clashes.extend(str(key) for key in node if not isinstance(key, str))
    return copy


def _merge(node: dict[Any, Any]) -> dict[Any, Any]:
    """Return an object with its merge key applied (yaml.org/type/merge.html); its own keys have priority."""
    value = node[_MERGE]
    sources = value if isinstance(value, list) else [value]
    if not all(isinstance(source, dict) for source in sources):
        return node
    merged: dict[Any, Any] = {}
    for source in reversed(sources):
        merged.update(_merge(source) if _MERGE in source and source is not node else source)
    merged.update((key, value) for key, value in node.items() if key != _MERGE)
    return merged


def _string_key(key: Any, name: str) -> str:
    if isinstance(key, str):
        return _with_joined_surrogates(key)
    if isinstance(key, bool):
        return "true" if key else "false"
    if key is None:
        return "null"
    if isinstance(key, (int, float)):
        return str(key)
    reason = "The keys of a document are strings"
    raise DocumentError(f"`{name}` has a key that is a list or an object", reason=reason)


def _with_joined_surrogates(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _json_scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _with_joined_surrogates(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else _finite(_to_float(value))
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _finite(value: float) -> float | None:
    if value != value:  # noqa: PLR0124 - only not-a-number differs from itself
        return None
    return max(-sys.float_info.max, min(sys.float_info.max, value))


def check_version(tree: Any) -> Version:
    """Return the version of a document, without its patch (OpenAPI 3.1.1, "Versions").

    A number is accepted, because YAML reads `openapi: 3.0` as one.

    Raises:
        DocumentError: The document has no version, or its version is not supported.
    """
    value = tree.get("openapi", tree.get("swagger")) if isinstance(tree, dict) else None
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    version = _VERSION.match(text)
    if not version:
        raise DocumentError(
            "The document has no OpenAPI version",
            reason="Its field `openapi` must be a version such as `3.1.1`",
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
                reason="Supported are Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2",
                hint=_HINTS.get(major, "Convert it to OpenAPI 3 first"),
            )


def is_sign_in_page(content: bytes) -> bool:
    """Return whether an HTML page asks for a password; many servers send such a page instead of a 401."""
    return _PASSWORD.search(content, 0, _MOST_OF_PAGE) is not None


def sign_in_hint(url: str) -> str:
    """Return the hint for a URL that shows a sign-in page instead of a document."""
    from shlex import quote

    return f"Give a header that signs in: `{invocation('api add')} NAME {quote(url)} -H NAME:VALUE`"


def check_is_not_markup(content: bytes, name: str) -> None:
    """Check that a text is not HTML or XML.

    Raises:
        DocumentError: The text is HTML or XML; the message names the format.
    """
    start = content[:2000].lstrip().lower()
    if not start.startswith(b"<"):
        return
    if start.startswith(b"<?xml") and b"<html" not in start:
        kind = "a WSDL service" if b"wsdl" in start else "an XML file"
        raise DocumentError(f"`{name}` is {kind}, not an OpenAPI document")
    if start.startswith((b"<<:", b"<<\n")):
        return
    if is_sign_in_page(content):
        raise DocumentError(
            f"`{name}` is a sign-in page, not an OpenAPI document",
            hint=f"{sign_in_hint(name)}; or save the document to a file",
            is_sign_in=True,
        )
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
        DocumentError: The value is not a document; the message names its format if dynacli knows it.
    """
    if tree is None:
        raise DocumentError(f"`{name}` is empty")
    if not isinstance(tree, dict):
        scalar = "plain text" if isinstance(tree, str) else "a single value"
        kind = "a list" if isinstance(tree, list) else scalar
        raise DocumentError(
            f"`{name}` is {kind}, not an OpenAPI document",
            reason="A document must be an object with `openapi`, `info` and `paths`",
        )
    for field in ("openapi", "swagger"):
        if field in tree:
            _check_version_field(tree[field], field, name)
            return
    kind, hint = _recognise(tree)
    raise DocumentError(
        f"`{name}` is {kind}, not an OpenAPI document" if kind else f"`{name}` is not an OpenAPI document",
        reason="It has neither `openapi` nor `swagger` at its top level",
        hint=hint,
    )


def _check_version_field(value: Any, field: str, name: str) -> None:
    if isinstance(value, str) and value.startswith(("http://", "https://", "/", "./")):
        raise DocumentError(
            f"`{name}` is not an OpenAPI document but names one",
            hint="Give the URL in its field `openapi`",
        )
    is_version = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if not is_version or not str(value)[:1].isdigit():
        raise DocumentError(
            f"`{name}` has no version in its field `{field}`",
            reason="A version such as `3.1.1` is expected there",
        )


def _recognise(tree: dict[str, Any]) -> tuple[str, str]:
    """Return the format of an object that is not an OpenAPI document, and a hint; both may be empty."""
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
        return "", "Add `openapi: 3.0.3` if it is an OpenAPI 3.0 document"
    return "", ""
