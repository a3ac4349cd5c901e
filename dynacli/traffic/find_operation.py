"""The operation that a recorded request belongs to."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from dynacli.client.operation_at import operation_at
from dynacli.errors import UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import Operation, Server
from dynacli.record import record
from dynacli.request.choose_server import choose_server
from dynacli.traffic.recorded_request import RecordedRequest
from dynacli.urls import origin_of

__all__ = ["FoundOperation", "find_operation", "server_options"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")


@record
class FoundOperation:
    """The operation of a request.

    Args:
        path_options: The options for the values of its path.
        server_options: The options that choose its server; none for the server that is called without any.
        is_documented_server: Whether the document has that server.
    """

    api: OpenedApi
    operation: Operation
    path_options: tuple[str, ...]
    server_options: tuple[str, ...]
    is_documented_server: bool


def find_operation(
    apis: Iterable[OpenedApi], request: RecordedRequest, *, is_any_server: bool
) -> FoundOperation | None:
    """Return the operation whose server, method and path a request has; of several, the most literal of the first API.

    Args:
        is_any_server: Whether an operation may be called at a server that its document does not have.

    Raises:
        UsageError: The request's URL is none.
    """
    try:
        origin, path = origin_of(request.url), urlsplit(request.url).path or "/"
    except ValueError:
        raise UsageError("The request has no URL that could be read") from None
    found = [each for api in apis for each in _found(api, request.method, origin, path)]
    if not is_any_server:
        found = [each for each in found if each.is_documented_server]
    # `max` keeps the first of those that are as good.
    return max(found, key=_literal_length, default=None)


def _literal_length(found: FoundOperation) -> tuple[bool, int]:
    return found.is_documented_server, len(_VARIABLE.sub("", found.operation.path))


def _found(api: OpenedApi, method: str, origin: str, path: str) -> Iterator[FoundOperation]:
    steps = path.split("/")
    for cut in range(1, len(steps)):
        base, rest = origin + "/".join(steps[:cut]), "/" + "/".join(steps[cut:])
        match = operation_at(api.catalog, method, rest)
        if match is not None:
            operation, options = match
            servers = server_options(operation.servers or api.servers, api.uri, base)
            is_known = servers is not None
            yield FoundOperation(
                api,
                operation,
                tuple(options),
                servers if servers is not None else (f"--server={base}",),
                is_known,
            )


def server_options(servers: tuple[Server, ...], uri: str, base: str) -> tuple[str, ...] | None:
    """Return the options that choose the server with a base URL; None where the document has no such server."""
    try:
        if choose_server(servers, uri).rstrip("/") == base:
            return ()
    except UsageError:
        pass  # the first server cannot be called without options
    for number, server in enumerate(servers):
        names = _VARIABLE.findall(server.url)
        template = _VARIABLE.sub("\0", server.url)
        if not template.startswith(("http:", "https:", "\0")) and uri.startswith(("http://", "https://")):
            template = urljoin(uri, template)
        pattern = re.escape(template.rstrip("/")).replace("\0", "([^/?#]+)").replace("\\\0", "([^/?#]+)")
        match = re.fullmatch(pattern, base)
        if match is not None:
            variables = zip(names, match.groups(), strict=True)
            return (f"--server={number}", *(f"--server-var={name}={value}" for name, value in variables))
    return None
