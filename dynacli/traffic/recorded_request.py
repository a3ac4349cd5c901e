"""A request that another program made or would make, the response that it got, and the operations that it fits.

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
"""Why a body is not there that the recording left out, as browsers do with large ones and after a redirect."""
_MOST_BASES = 1_000
_VARIABLE = re.compile(r"\{([^{}]+)\}")


@record
class RecordedPart:
    """A field of a multipart body.

    Args:
        text: Its content; empty if that is a file's.
        file: The file whose content it is; empty for none.
    """

    name: str
    text: str = ""
    file: str = ""


def file_beside(name: str) -> str:
    """Return the name by which someone gives a file that a recording only names: never another place than this one."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return base if re.fullmatch(r"\w[^\x00-\x1f\x7f]*", base) else "FILE"


@record
class RecordedRequest:
    """A request.

    Args:
        method: In capitals.
        url: The whole URL, with its query.
        headers: Names and values, in their order.
        body: The body as text; empty for none.
        file: The file whose content is the body; empty for none.
        parts: The fields of a multipart body.
        timeout: Seconds; empty for none.
        output: The file that the response goes into; empty for standard output.
        remarks: What was reported besides that dynacli does in another way, or not at all.
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
    """A response.

    Args:
        headers: Names and values, in their order.
        body: The body without its content encoding; None if it is not there.
        size: The size of the body in bytes; None if it is unknown.
        loss: Why the body is not there, or only its beginning; empty if all of it is.
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
    """A request, and what became of it.

    Args:
        content: The bytes of the request's body; None if there is none, or where it is not there.
        content_loss: Why the request's body is not there; empty if it is, or if there is none.
        response: None if none came.
        error: Why none came, or not all of it, as the recording says.
        started: When the request was sent, in seconds since 1970; 0 if it is unknown.
        seconds: How long it took.
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
        base: The URL of the server, without a slash at its end.
        path_values: Name of a path parameter → its percent-encoded text.
        server_options: The options that choose its server, none for the server that is called without any; None if
            the document has no such server.
    """

    api: OpenedApi
    operation: Operation
    base: str
    path_values: dict[str, str]
    server_options: tuple[str, ...] | None

    @property
    def generality(self) -> tuple[int, int, bool]:
        """A key that sorts the operations of one path: first those with the most literal text in the document."""
        return sum(self.steps), -self.literal_length, "#" in self.operation.path

    @property
    def steps(self) -> tuple[bool, ...]:
        """Whether each step of the path has a parameter."""
        return tuple("{" in step for step in self.operation.path.partition("#")[0].split("/"))

    @property
    def literal_length(self) -> int:
        """How much of the path the document spells out."""
        return len(_VARIABLE.sub("", self.operation.path.partition("#")[0]))


def find_operation(
    finders: Iterable[OperationFinder], request: RecordedRequest, *, is_any_server: bool
) -> MatchedOperation | None:
    """Return the operation whose server, method and path a request has; of several, the most literal of the first API.

    Args:
        is_any_server: Whether an operation may be called at a server that its document does not have.

    Raises:
        UsageError: The request's URL is none.
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
    # `max` keeps the first of those that are as good.
    return max(found, key=lambda match: match.literal_length, default=None)


class OperationFinder:
    """Finds operations; what the document says of servers and paths is read once.

    Args:
        servers: The base URLs that take the place of all servers of the document; none for those.
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

        Documents have `/#Action=A` and `/#Action=B`, each with a parameter of one value: of operations that are as
        literal, it is the one whose required query and headers the request has.
        """
        matches = self._matches(request.method, request.url)
        return self._best((match for match in matches if self._is_known_server(match)), _Sent(request))

    def find_request_anywhere(self, request: RecordedRequest) -> MatchedOperation | None:
        """Return the operation that a request would belong to if its server were one of the document."""
        return self._best(self._matches(request.method, request.url), _Sent(request))

    def find_behind(
        self, method: str, url: str, is_base: Callable[[Operation, str], bool]
    ) -> list[MatchedOperation]:
        """Return the operations of a request to a server that stands instead of the document's.

        Args:
            is_base: Tells whether a URL is the base URL of an operation there.

        Returns:
            The most literal one, and after it those that only the values in the request tell from it: documents have
            `/quotes/{id}` beside `/quotes/{number}`, and operations of one path that differ in their body.
        """
        matches = [match for match in self._matches(method, url) if is_base(match.operation, match.base)]
        best = self._best(matches)
        if best is None:
            return []
        shape = best.base, best.steps
        alike = [match for match in matches if match is not best and (match.base, match.steps) == shape]
        # `/{sha}.{diffType}` says more than `/{sha}`.
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

        # Most paths have one operation, and nothing to compare.
        best = (min(alike, key=key) if len(alike) > 1 else alike[0] for alike in by_base.values())
        # `max` keeps the first of those that are as good: the one with the shortest base.
        return max(best, key=lambda match: match.literal_length, default=None)

    def _matches(self, method: str, url: str) -> Iterator[MatchedOperation]:
        try:
            origin, parts = origin_of(url), split_url(url)
        except ValueError:
            return
        steps = (parts.path or "/").split("/")
        sent = set(parse_qsl(parts.query, keep_blank_values=True))
        # Only as many last steps as a template has: a path may have thousands.
        for count in range(min(self._most_steps, len(steps) - 1), 0, -1):
            summaries = self._summaries.get((method, count))
            if not summaries:
                continue
            cut = len(steps) - count
            rest = "/" + "/".join(steps[cut:])
            for summary in summaries:
                template, _, fixed = summary.path.partition("#")[0].partition("?")
                values = path_values(template, rest)
                # `/messages?action=send`: documents tell operations apart by a part of the query.
                if values is not None and sent.issuperset(parse_qsl(fixed, keep_blank_values=True)):
                    operation, base = self.operation(summary.name), url_at(origin, "/".join(steps[:cut]))
                    yield MatchedOperation(
                        self._api, operation, base, values, self._options_of(operation, base)
                    )

    def operation(self, name: str) -> Operation:
        """Return the operation of a name."""
        if name not in self._operations:
            self._operations[name] = self._api.catalog.operation(name)
        return self._operations[name]

    def _is_known_server(self, match: MatchedOperation) -> bool:
        return match.base in self._servers if self._servers else match.server_options is not None

    def _options_of(self, operation: Operation, base: str) -> tuple[str, ...] | None:
        key = (operation.name if operation.servers else "", base)
        if len(self._server_options) >= _MOST_BASES:
            self._server_options.clear()  # clients choose the paths
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
        """Return how many values that the operation requires are missing or other ones, and less how many are there."""
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
        pass  # the first server cannot be called without options
    for number, server in enumerate(servers):
        template = server.url
        if not template.startswith(("http:", "https:", "{")) and is_served(uri):
            template = join_url(uri, template)
        values = path_values(template.rstrip("/"), base)
        if values is not None:
            return (f"--server={number}", *(f"--server-var={name}={value}" for name, value in values.items()))
    return None
