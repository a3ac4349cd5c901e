"""The operations of one API for the many requests of a recording: found by server, method and path."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from dynacli.client.operation_at import path_values
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, OperationSummary
from dynacli.record import record
from dynacli.traffic.find_operation import server_options
from dynacli.urls import origin_of

__all__ = ["MatchedOperation", "OperationFinder"]


@record
class MatchedOperation:
    """The operation of a request.

    Args:
        base: The URL of the server, without a slash at its end.
        path_values: Name of a path parameter → its percent-encoded text.
    """

    operation: Operation
    base: str
    path_values: dict[str, str]


class OperationFinder:
    """Finds operations; what the document says of servers and paths is read once.

    Args:
        server: The base URL that takes the place of all servers of the document; empty for those.
    """

    def __init__(self, api: OpenedApi, server: str = "") -> None:
        self._api, self._server = api, server.rstrip("/")
        self._summaries: dict[tuple[str, int], list[OperationSummary]] = {}
        for summary in api.catalog.each_summary():
            steps = summary.path.partition("#")[0].partition("?")[0].count("/")
            self._summaries.setdefault((summary.method, steps), []).append(summary)
        self._operations: dict[str, Operation] = {}
        self._documented: dict[tuple[str, str], bool] = {}

    def find(self, method: str, url: str) -> MatchedOperation | None:
        """Return the operation of a request to a server of the document; of several, the most literal."""
        return self._best(match for match in self._matches(method, url) if self._is_known_server(match))

    def find_anywhere(self, method: str, url: str) -> MatchedOperation | None:
        """Return the operation that a request would belong to if its server were one of the document."""
        return self._best(self._matches(method, url))

    def _best(self, matches: Iterator[MatchedOperation]) -> MatchedOperation | None:
        # `min` keeps the first of those that are as good: the one with the shortest base.
        return min(
            matches,
            key=lambda match: (len(match.path_values), "?" not in match.operation.path),
            default=None,
        )

    def _matches(self, method: str, url: str) -> Iterator[MatchedOperation]:
        try:
            origin, parts = origin_of(url), urlsplit(url)
        except ValueError:
            return
        steps = (parts.path or "/").split("/")
        sent = set(parse_qsl(parts.query, keep_blank_values=True))
        for cut in range(1, len(steps)):
            rest = "/" + "/".join(steps[cut:])
            for summary in self._summaries.get((method, rest.count("/")), ()):
                template, _, fixed = summary.path.partition("#")[0].partition("?")
                values = path_values(template, rest)
                # `/messages?action=send`: documents tell operations apart by a part of the query.
                if values is not None and sent.issuperset(parse_qsl(fixed, keep_blank_values=True)):
                    yield MatchedOperation(
                        self.operation(summary.name), origin + "/".join(steps[:cut]), values
                    )

    def operation(self, name: str) -> Operation:
        """Return the operation of a name."""
        if name not in self._operations:
            self._operations[name] = self._api.catalog.operation(name)
        return self._operations[name]

    def _is_known_server(self, match: MatchedOperation) -> bool:
        if self._server:
            return match.base == self._server
        key = (match.operation.name if match.operation.servers else "", match.base)
        if key not in self._documented:
            servers = match.operation.servers or self._api.servers
            self._documented[key] = server_options(servers, self._api.uri, match.base) is not None
        return self._documented[key]
