"""The operations of a mock, found by the method and the path of a request."""

import re
from urllib.parse import urljoin, urlsplit

from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, Server
from dynacli.traffic.operation_finder import MatchedOperation, OperationFinder

__all__ = ["MockRoutes", "base_path"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_ORIGIN = re.compile(r"[^/]*://[^/]*")


class MockRoutes:
    """Finds operations behind the path of a server of the document, and at the root."""

    def __init__(self, api: OpenedApi) -> None:
        self._api = api
        self._finder = OperationFinder(api)
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, method: str, url: str) -> list[MatchedOperation]:
        """Return the operations that a request can be for, the likeliest first; HEAD is asked of a GET, too."""
        matches = self._finder.find_behind(method, url, self._is_base)
        if not matches and method == "HEAD":
            matches = self._finder.find_behind("GET", url, self._is_base)
        return matches

    def allowed(self, url: str) -> list[str]:
        """Return the methods that the path of a URL has; none where the document has no such path."""
        found = {method for method in self._finder.methods if self.find(method, url)}
        if not found:
            return []
        return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))

    def _is_base(self, operation: Operation, base: str) -> bool:
        path = urlsplit(base).path
        if not path:
            return True
        key = operation.name if operation.servers else ""
        if key not in self._patterns:
            # A client that is told of one server in the place of all sends everything there.
            servers = (*operation.servers, *self._api.servers)
            self._patterns[key] = re.compile(
                "|".join(_path_pattern(server, self._api.uri) for server in servers) or "(?!)"
            )
        return self._patterns[key].fullmatch(path) is not None


def base_path(api: OpenedApi) -> str:
    """Return the path of the document's first server, with the defaults of its variables; empty where it has none."""
    if not api.servers:
        return ""
    server = api.servers[0]
    return _path_of(_VARIABLE.sub(lambda match: _default(server, match[1]), server.url), api.uri)


def _path_pattern(server: Server, uri: str) -> str:
    """Return a regular expression for the path of a server, in which variables take any value."""
    names: list[str] = []

    def mark(match: re.Match[str]) -> str:
        default = _default(server, match[1])
        if "://" in default:
            return default  # `{baseUrl}/v2`
        names.append(default)
        return "\0"

    marked = _path_of(_VARIABLE.sub(mark, server.url), uri)
    # Variables of the host are not in the path, and stand before those that are.
    defaults = iter(names[len(names) - marked.count("\0") :])
    pieces = (re.escape(piece) for piece in marked.split("\0"))
    pattern = next(pieces)
    for piece in pieces:
        # A default may have slashes: `api/v2`.
        pattern += f"(?:[^/]+|{re.escape(next(defaults))}){piece}"
    return f"(?:{pattern})"


def _path_of(url: str, uri: str) -> str:
    """Return the path of a URL that may be relative or have marks in it, without a slash at its end."""
    origin = _ORIGIN.match(url)
    if origin is not None:
        path = url[origin.end() :]
    elif uri.startswith(("http://", "https://")):
        path = urlsplit(urljoin(uri, url)).path
    else:
        path = f"/{url.lstrip('./')}"
    return path.partition("?")[0].partition("#")[0].rstrip("/")


def _default(server: Server, name: str) -> str:
    variable = (server.variables or {}).get(name)
    default = variable.get("default") if isinstance(variable, dict) else None
    return default if isinstance(default, str) else name
