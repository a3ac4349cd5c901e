"""Requests of other programs with their responses, and finding the operation of a request.

The operation is found by server, method and path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from urllib.parse import parse_qsl

from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Operation, OperationSummary, Server
from dynacli.openapi.model.path_templates import path_values
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.urls import is_served, join_url, origin_of, split_url, url_at

NOT_RECORDED = "the recording does not have the body"
"""The reason for a missing body: browsers do not record large ones, and bodies before a redirect."""
_MOST_BASES = 1_000
_VARIABLE = re.compile(r"\{([^{}]+)\}")


@record
class RecordedPart:
    """A field of a multipart body.

    Args:
        name: Name of the field.
        text: Content of the field; empty if it is a file.
        file: Name of the file; empty for none.
    """

    name: str
    text: str = ""
    file: str = ""


def file_beside(name: str) -> str:
    """Return the plain name of a file in a recording, without its directory, for a command of the user."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return base if re.fullmatch(r"\w[^\x00-\x1f\x7f]*", base) else "FILE"


@record
class RecordedRequest:
    """A request of another program.

    Args:
        method: The method in capitals.
        url: The whole URL, with its query.
        headers: Names and values, in order.
        body: The body as text; empty for none.
        file: The file that is the body; empty for none.
        parts: The fields of a multipart body.
        timeout: Time limit in seconds; empty for none.
        output: The file for the response; empty for standard output.
        remarks: Notes on options of the other program that dynacli replaces or lacks.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    file: str = ""
    parts: tuple[RecordedPart, ...] = ()
    timeout: str = ""
    output: str = ""
    remarks: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the value of a header; empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@record
class RecordedResponse:
    """A response in a recording.

    Args:
        status: The status code.
        headers: Names and values, in order.
        body: The decoded body; None if it is missing.
        size: Size of the body in bytes; None if unknown.
        loss: The reason for a missing or incomplete body; empty if it is complete.
    """

    status: int
    reason: str
    http_version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    size: int | None
    loss: str = ""


@record
class RecordedExchange:
    """A request with its response or failure.

    Args:
        request: The request.
        content: Bytes of the request's body; None if there is none, or it is missing in the recording.
        content_loss: The reason for a missing body of the request; empty if it is complete or there is none.
        response: The response; None if there is none.
        error: The reason for a missing or incomplete response, from the recording.
        started: Time of sending, in seconds since 1970; 0 if unknown.
        seconds: Duration of the exchange.
        is_broken_off: Whether the server is known to have closed the connection before its response was complete.
    """

    request: RecordedRequest
    content: bytes | None = None
    content_loss: str = ""
    response: RecordedResponse | None = None
    error: str = ""
    started: float = 0.0
    seconds: float = 0.0
    is_broken_off: bool = False


@record
class MatchedOperation:
    """The operation of a request.

    Args:
        base: URL of the server, without a slash at its end.
        path_values: Name of a path parameter → its percent-encoded text.
        server_options: The options that choose its server; empty for the default server, None if the document does not
            have the server.
    """

    api: OpenedApi
    operation: Operation
    base: str
    path_values: dict[str, str]
    server_options: tuple[str, ...] | None

    @property
    def generality(self) -> tuple[int, int, bool]:
        """A sort key for the operations of one path, first the one with the most literal text in its path."""
        return sum(self.steps), -self.literal_length, "#" in self.operation.path

    @property
    def steps(self) -> tuple[bool, ...]:
        """For each segment of the path, whether it has a parameter."""
        return tuple("{" in step for step in self.operation.path.partition("#")[0].split("/"))

    @property
    def literal_length(self) -> int:
        """Number of characters in the path outside of parameters."""
        return len(_VARIABLE.sub("", self.operation.path.partition("#")[0]))


def find_operation(
    finders: Iterable[OperationFinder], request: RecordedRequest, *, is_any_server: bool
) -> MatchedOperation | None:
    """Return the operation with the server, method and path of a request; of several, the most literal one.

    Args:
        request: The request.
        finders: A finder for each API.
        is_any_server: Whether the server may differ from the servers in the document.

    Raises:
        UsageError: The URL of the request is invalid.
    """
    try:
        origin_of(request.url)
    except ValueError:
        raise UsageError("The request has no URL that could be read") from None
    finders = list(finders)
    found = [match for finder in finders if (match := finder.find_request(request)) is not None]
    if not found and is_any_server:
        others = (finder.find_request_anywhere(request) for finder in finders)
        found = [match for match in others if match is not None]
    # Of equal operations, `max` returns the first.
    return max(found, key=lambda match: match.literal_length, default=None)


class OperationFinder:
    """Finds operations of an API, and caches its servers and paths.

    Args:
        servers: The base URLs to use instead of the servers of the document; empty to use the document's.
    """

    def __init__(self, api: OpenedApi, servers: Iterable[str] = ()) -> None:
        self._api, self._servers = api, frozenset(server.rstrip("/") for server in servers)
        self._summaries: dict[tuple[str, int], list[OperationSummary]] = {}
        for summary in api.catalog.each_summary():
            steps = summary.path.partition("#")[0].partition("?")[0].count("/")
            self._summaries.setdefault((summary.method, steps), []).append(summary)
        self._most_steps = max((steps for _, steps in self._summaries), default=0)
        self._operations: dict[str, Operation] = {}
        self._server_options: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def find_request(self, request: RecordedRequest) -> MatchedOperation | None:
        """Return the operation of a request to a server of the document.

        Some documents have `/#Action=A` and `/#Action=B`, each with a required parameter of one value. So of equally
        literal operations, the one whose required query and headers are in the request is returned.
        """
        matches = self._matches(request.method, request.url)
        return self._best((match for match in matches if self._is_known_server(match)), _Sent(request))

    def find_request_anywhere(self, request: RecordedRequest) -> MatchedOperation | None:
        """Return the operation of a request to any server."""
        return self._best(self._matches(request.method, request.url), _Sent(request))

    def find_behind(
        self, method: str, url: str, is_base: Callable[[Operation, str], bool]
    ) -> list[MatchedOperation]:
        """Return the operations of a request to a server that replaces the document's servers.

        Args:
            method: Method of the request.
            url: URL of the request.
            is_base: Returns whether a URL is the base URL of an operation on this server.

        Returns:
            The most literal operation, and then operations that only the values of the request distinguish: documents
            have `/quotes/{id}` beside `/quotes/{number}`, and operations with the same path and different bodies.
        """
        matches = [match for match in self._matches(method, url) if is_base(match.operation, match.base)]
        best = self._best(matches)
        if best is None:
            return []
        shape = best.base, best.steps
        alike = [match for match in matches if match is not best and (match.base, match.steps) == shape]
        # `/{sha}.{diffType}` is more specific than `/{sha}`.
        return sorted([best, *alike], key=lambda match: -match.literal_length)

    @property
    def methods(self) -> list[str]:
        """The methods of the document's operations."""
        return sorted({method for method, _ in self._summaries})

    def _best(
        self, matches: Iterable[MatchedOperation], sent: _Sent | None = None
    ) -> MatchedOperation | None:
        by_base: dict[str, list[MatchedOperation]] = {}
        for match in matches:
            by_base.setdefault(match.base, []).append(match)

        def key(match: MatchedOperation) -> tuple[object, ...]:
            count, *fixed = match.generality
            return count, *(sent.distance(match.operation) if sent is not None else ()), *fixed

        # Most paths have only one operation, so there is nothing to compare.
        best = (min(alike, key=key) if len(alike) > 1 else alike[0] for alike in by_base.values())
        # Of equal operations, `max` returns the first, with the shortest base.
        return max(best, key=lambda match: match.literal_length, default=None)

    def _matches(self, method: str, url: str) -> Iterator[MatchedOperation]:
        try:
            origin, parts = origin_of(url), split_url(url)
        except ValueError:
            return
        steps = (parts.path or "/").split("/")
        sent = set(parse_qsl(parts.query, keep_blank_values=True))
        # At most as many segments as a template has, because a path may have thousands.
        for count in range(min(self._most_steps, len(steps) - 1), 0, -1):
            summaries = self._summaries.get((method, count))
            if not summaries:
                continue
            cut = len(steps) - count
            rest = "/" + "/".join(steps[cut:])
            for summary in summaries:
                template, _, fixed = summary.path.partition("#")[0].partition("?")
                values = path_values(template, rest)
                # Some documents distinguish operations by a query pair: `/messages?action=send`.
                if values is not None and sent.issuperset(parse_qsl(fixed, keep_blank_values=True)):
                    operation, base = self.operation(summary.name), url_at(origin, "/".join(steps[:cut]))
                    yield MatchedOperation(
                        self._api, operation, base, values, self._options_of(operation, base)
                    )

    def operation(self, name: str) -> Operation:
        """Return the operation with a name."""
        if name not in self._operations:
            self._operations[name] = self._api.catalog.operation(name)
        return self._operations[name]

    def _is_known_server(self, match: MatchedOperation) -> bool:
        return match.base in self._servers if self._servers else match.server_options is not None

    def _options_of(self, operation: Operation, base: str) -> tuple[str, ...] | None:
        key = (operation.name if operation.servers else "", base)
        if len(self._server_options) >= _MOST_BASES:
            self._server_options.clear()  # limits the memory, because clients choose the paths
        if key not in self._server_options:
            servers = operation.servers or self._api.servers
            self._server_options[key] = _server_options(servers, self._api.uri, base)
        return self._server_options[key]


class _Sent:
    """The query and the headers of a request, which distinguish operations of one path."""

    def __init__(self, request: RecordedRequest) -> None:
        self._request = request

    @cached_property
    def _values(self) -> dict[tuple[str, str], str]:
        query = parse_qsl(split_url(self._request.url).query, keep_blank_values=True)
        return {("query", name): value for name, value in query} | {
            ("header", name.lower()): value for name, value in self._request.headers
        }

    def distance(self, operation: Operation) -> tuple[int, int]:
        """Return a sort key: the number of required values that the request lacks, and minus the number that it has."""
        missing = present = 0
        for parameter in operation.parameters:
            if not parameter.is_required or parameter.location not in {"query", "header"}:
                continue
            is_header = parameter.location == "header"
            name = parameter.name.lower() if is_header else parameter.name
            value = self._values.get((parameter.location, name))
            words = parameter.value.enum if parameter.value.type == "string" else ()
            if value is None or (words and value not in words):
                missing += 1
            else:
                present += 1
        return missing, -present


def _server_options(servers: tuple[Server, ...], uri: str, base: str) -> tuple[str, ...] | None:
    """Return the options that choose the server with a base URL; None if the document has no such server."""
    try:
        if choose_server(servers, uri).rstrip("/") == base:
            return ()
    except UsageError:
        pass  # the first server needs options
    for number, server in enumerate(servers):
        template = server.url
        if not template.startswith(("http:", "https:", "{")) and is_served(uri):
            template = join_url(uri, template)
        values = path_values(template.rstrip("/"), base)
        if values is not None:
            return (f"--server={number}", *(f"--server-var={name}={value}" for name, value in values.items()))
    return None
