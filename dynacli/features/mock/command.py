"""`dynacli mock`: a server that responds as the document says."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dynacli.client.call_settings import settings_of
from dynacli.commands.exchange_reports import shown_exchanges
from dynacli.commands.run import Run
from dynacli.environment import invocation_words
from dynacli.errors import DynacliError, UsageError
from dynacli.features.mock.entry import IN_MEMORY
from dynacli.http.semantics import SAFE_METHODS
from dynacli.output.standard_error import write_stderr
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.features.mock.mock_server import MockServer
    from dynacli.openapi.model.operation import Operation

_MOST_TRIED = 30
"""Maximum number of operations among which the simplest is chosen."""


@click.pass_obj
def mock_api(
    run: Run,
    api: str,
    host: str,
    port: int,
    dynamic: bool,
    ignore_examples: bool,
    no_cors: bool,
    state: str | None,
    seed: str | None,
    empty: bool,
    no_control: bool,
) -> None:
    """Run `mock`."""
    if empty and seed is not None:
        raise UsageError("`--empty` and `--seed` exclude each other", hint="Give one of them")
    from dynacli.features.mock.mock_server import MockServer, ShownMock, mock_application, serve_until_signal
    from dynacli.http.serving import listening_socket, origin_at

    opened = run.api(api)
    settings = settings_of(run.env, opened, run.call_options, default_level="strict")
    with listening_socket(host, port) as sock, shown_exchanges(run) as announce:
        path = state if state not in (None, IN_MEMORY) else None
        stops: list[Callable[[], None]] = []
        failures: list[Exception] = []

        def on_ready(stop: Callable[[], None]) -> None:
            stops.append(stop)
            write_stderr(run.env, _where(opened, origin_at(sock, host)))
            if path is not None:
                write_stderr(run.env, f"The state is in `{path}`")

        def report_failure(error: Exception) -> None:
            if isinstance(error, DynacliError | OSError):  # the output is closed, or the disk is full
                failures.append(error)
                stops[0]()
            else:
                run.warn_of_defect(error)

        server = MockServer(
            opened,
            settings,
            is_dynamic=dynamic,
            has_examples=not ignore_examples,
            is_stateful=state is not None or seed is not None or empty,
            is_empty=empty,
        )
        application = mock_application(
            server,
            lambda exchange: announce(ShownMock(opened, exchange)),
            has_cors=not no_cors,
            has_control=not no_control,
        )
        with _kept_state(run, opened, server, path, seed):
            number = serve_until_signal(application, sock, on_ready, report_failure)
        if failures:
            raise failures[0]
    if number is not None:
        # The signal has only ended the server so far; now it ends the program.
        signal.raise_signal(number)


@contextmanager
def _kept_state(
    run: Run, api: OpenedApi, server: MockServer, path: str | None, seed: str | None
) -> Iterator[None]:
    """Begin with the state in a file, and write it during the block and at its end.

    Args:
        path: The file to write; None for none.
        seed: The file to begin with if the other one does not exist; None for none.

    Raises:
        FileError: A file cannot be read or written, or is not the state of a mock.
    """
    from dynacli.features.mock._state_file import StateFile, begin_with

    if server.state is None:
        yield
        return
    if not api.catalog.resources():
        run.note("The document has no resources, so the mock remembers nothing")
    if path is not None:
        StateFile.check(path)
    first = path if path is not None and os.path.lexists(path) else seed
    for message in begin_with(server.state, first) if first is not None else ():
        run.warn(message)
    if path is None:
        yield
        return
    file = StateFile(path, server.state, run.warn)
    file.start()
    try:
        yield
    finally:
        file.end()


def _where(api: OpenedApi, origin: str) -> str:
    """Return the message with the URL of the mock, and with an example of a call."""
    from dynacli.auth.missing_credential import needed_variables
    from dynacli.features.mock.mock_server import base_path
    from dynacli.openapi.model.wording import shell_line

    base = f"{origin}{base_path(api)}"
    lines = [f"The mock of {api.name} runs on {base}; Ctrl-C stops it"]
    operation = _simplest(api) if api.location != "-" else None
    if operation is not None:
        words = (*invocation_words(api=api.name), operation.name, *operation.example)
        # The mock accepts any value of a credential. Other users cannot see it in a variable.
        ways = [needed_variables(alternative, api.prefix) for alternative in operation.security]
        is_open = not ways or () in operation.security
        variables = [] if is_open else [f"{name}=mock" for name in next(filter(None, ways), ())]
        lines.append(f"Try: {' '.join([*variables, shell_line(words)])} --server {base}")
    return "\n".join(lines)


def _simplest(api: OpenedApi) -> Operation | None:
    """Return the operation with the shortest command, preferably a safe one; None if there is none."""
    shown = [summary for summary in api.catalog.each_summary() if not summary.is_hidden]
    shown.sort(key=lambda summary: (summary.method not in SAFE_METHODS, summary.path.count("{")))
    found = [api.catalog.operation(summary.name) for summary in shown[:_MOST_TRIED]]
    return min(
        found,
        key=lambda operation: (operation.method not in SAFE_METHODS, len(operation.example)),
        default=None,
    )
