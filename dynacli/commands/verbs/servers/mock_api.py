"""`dynacli mock`: a server that answers every operation of an API from its document."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation_words
from dynacli.errors import DynacliError

if TYPE_CHECKING:
    from dynacli.library.opened_api import OpenedApi

__all__ = ["mock_api"]

"""That of Prism, so that whoever is set up for its mocks finds this one."""


@click.pass_obj
def mock_api(
    run: Run, api: str, host: str, port: int, dynamic: bool, ignore_examples: bool, no_cors: bool
) -> None:
    """Run `mock`."""
    from dynacli.client.call_settings import settings_of
    from dynacli.commands.verbs.servers.told_exchanges import told_exchanges
    from dynacli.mock.mock_application import mock_application
    from dynacli.mock.mock_server import MockServer
    from dynacli.mock.told_mock import ToldMock
    from dynacli.output.standard_error import write_stderr
    from dynacli.serving.http_server import serve_until_signal
    from dynacli.serving.listening_socket import listening_socket, origin_at

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    with listening_socket(host, port) as sock, told_exchanges(run) as tell:
        stops: list[Callable[[], None]] = []
        failures: list[Exception] = []

        def on_ready(stop: Callable[[], None]) -> None:
            stops.append(stop)
            write_stderr(run.env, _where(opened, origin_at(sock, host)))

        def tell_failure(error: Exception) -> None:
            if isinstance(error, DynacliError | OSError):  # nobody reads what is told, or the disk is full
                failures.append(error)
                stops[0]()
            else:
                run.warn_of_defect(error)

        application = mock_application(
            MockServer(opened, settings, is_dynamic=dynamic, has_examples=not ignore_examples),
            lambda exchange: tell(ToldMock(opened, exchange)),
            has_cors=not no_cors,
        )
        number = serve_until_signal(application, sock, on_ready, tell_failure)
        if failures:
            raise failures[0]
    if number is not None:
        # The signal has only ended the server so far; now it ends the program.
        signal.raise_signal(number)


def _where(api: "OpenedApi", origin: str) -> str:
    """Return where the mock runs, and how it is called."""
    from dynacli.mock.mock_server import base_path
    from dynacli.model.command_words import shell_line

    base = f"{origin}{base_path(api)}"
    first = next((summary for summary in api.catalog.each_summary() if not summary.is_hidden), None)
    lines = [f"The mock of {api.name} runs on {base}; Ctrl-C stops it"]
    if first is not None and api.location != "-":
        operation = api.catalog.operation(first.name)
        words = (*invocation_words(api=api.name), operation.name, *operation.example)
        lines.append(f"Try: {shell_line(words)} --server {base}")
    return "\n".join(lines)
