"""The values of a call → its request, by the standard options and the servers of the document."""

from typing import Any

from dynacli.commands.call.collect_values import Values
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.run import Run
from dynacli.errors import UsageError
from dynacli.model.operation import Server
from dynacli.request.build_request import build_request, check_header, kept_slashes
from dynacli.request.built_request import Request
from dynacli.request.choose_server import check_path, choose_server

__all__ = ["base_url_of", "pairs_of", "request_of"]


def base_url_of(run: Run, command: OperationCommand) -> str:
    """Return the URL that an operation's path is put behind.

    Raises:
        UsageError: There is none, or another one is asked for than there is.
    """
    operation, api = command.operation, command.api
    servers = operation.servers or tuple(Server(**one) for one in api.catalog.meta["servers"])
    return choose_server(
        servers,
        api.uri,
        str(run.option("server", "")),
        pairs_of(run.option("server_var", ()), "=", "--server-var"),
    )


def request_of(run: Run, command: OperationCommand, values: Values) -> Request:
    """Return the request of a call, without credentials.

    Raises:
        UsageError: A header, server or value cannot be sent.
        RefusedError: The path would leave the operation's.
    """
    operation, base_url = command.operation, base_url_of(run, command)
    headers = list(pairs_of(run.option("header", ()), ":", "--header").items())
    for name, value in headers:
        check_header(name, value)
    request = build_request(operation, base_url, values.parameters, values.body, values.media_type, headers)
    check_path(request.url, base_url, operation.path, kept_slashes(operation, request.parts))
    return request


def pairs_of(words: Any, separator: str, option: str) -> dict[str, str]:
    """Return name → value of words such as `NAME=VALUE`.

    Raises:
        UsageError: A word has no separator.
    """
    pairs = {}
    for word in words:
        name, found, value = word.partition(separator)
        if not found or not name.strip():
            # The word may hold a secret: it is not repeated.
            raise UsageError(
                f"A value of {option} has no `{separator}`", hint=f"Write `{option} NAME{separator}VALUE`"
            )
        pairs[name.strip()] = value.strip()
    return pairs
