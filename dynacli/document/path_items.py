"""The operations of a Path Item."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["METHODS", "PathOperation", "operations_of"]

METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace", "query"))
"""The fixed fields of a Path Item that are operations (OpenAPI 3.2.0, "Path Item Object").

`query` came with 3.2; in a document of an earlier version it can mean nothing else.
"""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


class PathOperation(NamedTuple):
    """An operation in a Path Item.

    Args:
        method: The method, as it is sent.
        steps: The keys that lead from the Path Item to the operation.
        operation: The value there; in a faulty document it may be no object.
        fault: Why the operation cannot be called; empty where it can.
    """

    method: str
    steps: tuple[str, ...]
    operation: Any
    fault: str = ""


def operations_of(item: Mapping[str, Any]) -> Iterator[PathOperation]:
    """Yield the operations of a Path Item, in the order of the document.

    A fixed field is named by its method in lower case. In `additionalOperations` the key is the method
    "with the same capitalization that is to be sent" (OpenAPI 3.2.0, "Path Item Object").
    """
    seen: set[str] = set()
    for key, value in item.items():
        method = str(key).upper()
        if method.lower() in METHODS:
            # A field `GET` is an error of the document, and its meaning is plain.
            has_lower_case = key != key.lower() and key.lower() in item
            fault = f"the path has another `{method}`" if method in seen or has_lower_case else ""
            seen.add(method)
            yield PathOperation(method, (key,), value, fault)
    additional = item.get("additionalOperations")
    for key, value in additional.items() if isinstance(additional, Mapping) else ():
        method = str(key)
        if not method.startswith("x-"):
            yield PathOperation(method, ("additionalOperations", key), value, _fault(method, seen))
            seen.add(method)


def _fault(method: str, seen: set[str]) -> str:
    if method in seen:
        return f"the path has another `{method}`"
    if not _TOKEN.fullmatch(method):
        return "a method is a word of letters, digits and some symbols (RFC 9110, section 9.1)"
    if method.upper() == "CONNECT":
        return "`CONNECT` asks a proxy for a tunnel, which is no call of an API (RFC 9110, section 9.3.6)"
    return ""
