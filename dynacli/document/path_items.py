"""Which operations a Path Item has, and where in it each stands."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["PathOperation", "operations_of"]

_FIXED = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"))
"""The fields of a Path Item that are operations (OpenAPI 3.2.0, "Path Item Object").

`query` came with 3.2; in a document of an earlier version it can mean nothing else.
"""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


class PathOperation(NamedTuple):
    """One operation of a Path Item, as far as the Path Item tells.

    Args:
        method: As it is sent.
        steps: The keys that lead from the Path Item to the operation.
        operation: What stands there.
        fault: Why it cannot be called; empty where nothing speaks against it.
    """

    method: str
    steps: tuple[str, ...]
    operation: Any
    fault: str = ""


def operations_of(item: Mapping[str, Any]) -> Iterator[PathOperation]:
    """Yield the operations of a Path Item in the order of the document.

    The name of a fixed field is the method in lower case. In `additionalOperations` the key is the method
    "with the same capitalization that is to be sent" (OpenAPI 3.2.0, "Path Item Object").
    """
    seen: set[str] = set()
    for key, value in item.items():
        method = str(key).upper()
        if method.lower() in _FIXED:
            # `GET` as the name of the field: an error of the document, and as clear as can be.
            fault = f"the path has another `{method}`" if method in seen or _has_plain(item, key) else ""
            seen.add(method)
            yield PathOperation(method, (key,), value, fault)
    more = item.get("additionalOperations")
    for key, value in more.items() if isinstance(more, Mapping) else ():
        method = str(key)
        if not method.startswith("x-"):
            yield PathOperation(method, ("additionalOperations", key), value, _fault(method, seen))
            seen.add(method)


def _has_plain(item: Mapping[str, Any], key: str) -> bool:
    return key != key.lower() and key.lower() in item


def _fault(method: str, seen: set[str]) -> str:
    if method in seen:
        return f"the path has another `{method}`"
    if not _TOKEN.fullmatch(method):
        return "a method is a word of letters, digits and some symbols (RFC 9110, section 9.1)"
    if method.upper() == "CONNECT":
        return "`CONNECT` asks a proxy for a tunnel, which is no call of an API (RFC 9110, section 9.3.6)"
    return ""
