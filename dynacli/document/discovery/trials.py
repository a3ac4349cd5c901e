"""The trial of documents that disagree: which operations are safe to call, and what their answers say.

A call needs no input and no credential. It tells only whether the servers of a document are those of the API.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from dynacli.document.fetching.download import Head
from dynacli.document.references.scan import follow_references

__all__ = ["MAX_CALLS", "TrialCall", "base_url", "calls_of", "is_unknown_there"]

MAX_CALLS = 2
"""How many operations of a document are called at most."""

_HARMFUL = re.compile(
    r"delet|remov|destroy|drop|clear|purg|flush|reset|restart|reboot|shut|stop|kill|cancel|abort|revok|log-?_?out"
    r"|sign-?_?out|disabl|trigger|execut|run(?![a-z])|sync|import|export|download|stream|event|watch|subscri|tail",
    re.IGNORECASE,
)
"""What a `GET` is not called for: it may do more than read, or its answer may be large or never end."""
_EASY = re.compile(r"health|version|status|ping|ready|info", re.IGNORECASE)
_UNKNOWN = frozenset((404, 405, 410, 501))
_MAX_PARTS = 5_000


class TrialCall(NamedTuple):
    """A safe call that needs no input.

    Args:
        path: The path as the document has it.
        url: The URL that the document says it is at.
        may_be_page: Whether the document lets the answer be HTML.
    """

    path: str
    url: str
    may_be_page: bool


def is_unknown_there(call: TrialCall, head: Head | None) -> bool:
    """Return whether an answer says that there is no such operation: 404, or the page of an application instead.

    A slow server, an error of it, or a demand for a credential says nothing of that kind.
    """
    if head is None:
        return False
    is_page = head.status < 300 and head.media_type == "text/html" and not call.may_be_page
    return head.status in _UNKNOWN or is_page


def base_url(tree: Mapping[str, Any], uri: str) -> str:
    """Return the URL that the paths of a document start from, without a slash at its end; empty where it is malformed.

    Args:
        tree: A document of OpenAPI 3 or Swagger 2.0.
        uri: The URL that it was fetched from.
    """
    try:
        if "swagger" in tree:
            own = urlsplit(uri)
            schemes, host, path = tree.get("schemes"), tree.get("host"), tree.get("basePath")
            scheme = (
                schemes[0]
                if isinstance(schemes, list) and schemes and own.scheme not in schemes
                else own.scheme
            )
            return f"{scheme}://{host or own.netloc}{path or ''}".rstrip("/")
        servers = tree.get("servers")
        server = servers[0] if isinstance(servers, list) and servers else {}
        url = str(server.get("url") or "/")
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        return urljoin(uri, url).rstrip("/")
    except (ValueError, AttributeError, TypeError):
        return ""


def calls_of(tree: Mapping[str, Any], uri: str) -> tuple[TrialCall, ...]:
    """Return the calls that try a document: operations that sound harmless, the plainest first.

    Args:
        tree: The document.
        uri: The URL that it was fetched from.
    """
    base = base_url(tree, uri)
    if not base:
        return ()
    found = sorted(_callable(tree), key=lambda each: (not _EASY.search(each[0]), each[0].count("/"), each[0]))
    return tuple(TrialCall(path, base + path, may_be_page) for path, may_be_page in found[:MAX_CALLS])


def _callable(tree: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the path of each `GET` that needs no input, and whether its answer may be HTML."""
    paths = tree.get("paths")
    for path, item in list(paths.items())[:_MAX_PARTS] if isinstance(paths, Mapping) else ():
        operation = item.get("get") if isinstance(item, Mapping) else None
        if (
            not isinstance(operation, Mapping)
            or not str(path).startswith("/")
            or re.search(r"[{}?#\s]", path)
        ):
            continue
        names = f"{path} {operation.get('operationId', '')}"
        has_own_server = "servers" in item or "servers" in operation
        media_types = set(_media_types(tree, operation))
        is_endless = "text/event-stream" in media_types
        if has_own_server or is_endless or _HARMFUL.search(names) or _needs_input(tree, item, operation):
            continue
        yield path, "text/html" in media_types


def _media_types(tree: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    produces = operation.get("produces", tree.get("produces"))
    yield from (str(each) for each in produces) if isinstance(produces, list) else ()
    responses = operation.get("responses")
    for response in responses.values() if isinstance(responses, Mapping) else ():
        content = response.get("content") if isinstance(response, Mapping) else None
        yield from (str(each) for each in content) if isinstance(content, Mapping) else ()


def _needs_input(tree: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    for parameters in (item.get("parameters", []), operation.get("parameters", [])):
        if not isinstance(parameters, list):
            return True
        for parameter in parameters:
            found = follow_references(tree, parameter)
            if not isinstance(found, Mapping) or found.get("required"):
                return True
    body = follow_references(tree, operation.get("requestBody", {}))
    return not isinstance(body, Mapping) or bool(body.get("required"))
