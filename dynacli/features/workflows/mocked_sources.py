"""Mocks of the sources of a workflow, in the same process, so that its calls reach no real server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dynacli.client.call_settings import CallSettings
from dynacli.features.workflows.sources import OpenApi
from dynacli.http.serving import listening_socket, origin_at
from dynacli.options.command_table import feature
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.commands.run import Run

_HOST = "127.0.0.1"
_SECONDS_TO_START = 30.0


class MockedSources:
    """Runs a mock that remembers created items for each source.

    Args:
        run: The run of the program.
        open_api: Opens an API. The mock needs its own, because it responds in another thread.
    """

    def __init__(self, run: Run, open_api: OpenApi) -> None:
        self._run, self._open_api = run, open_api
        self._stack = ExitStack()

    def close(self) -> None:
        """Stop the mocks."""
        self._stack.close()

    def settings(self, word: str, settings: CallSettings) -> CallSettings:
        """Start the mock of an API, and return the settings for calls to it, which carry no credential.

        Args:
            word: Name, URL or path of the API.

        Raises:
            DynacliError: The mock cannot listen at a port.
        """
        mock: Any = feature("mock.mock_server")
        api = self._stack.enter_context(self._open_api(word))
        sock = self._stack.enter_context(listening_socket(_HOST, 0))
        # Requests have no credentials, which the level `strict` would refuse.
        server = mock.MockServer(api, replace(settings, level="warn"), is_stateful=True)
        application = mock.mock_application(server, lambda exchange: None, has_cors=False)  # noqa: ARG005
        stops: list[Callable[[], None]] = []
        is_ready = threading.Event()

        def on_ready(stop: Callable[[], None]) -> None:
            stops.append(stop)
            is_ready.set()

        thread = threading.Thread(
            target=mock.serve_until_signal,
            args=(application, sock, on_ready, self._run.warn_of_defect),
            name="dynacli-mock-source",
            daemon=True,
        )
        thread.start()
        is_ready.wait(_SECONDS_TO_START)

        def stop() -> None:
            for end in stops:
                end()
            thread.join(_SECONDS_TO_START)

        self._stack.callback(stop)
        url = f"{origin_at(sock, _HOST)}{mock.base_path(api)}"
        return replace(
            settings,
            server=url,
            server_variables=(),
            auth="none",
            signs="never",
            cache=None,
            profile="",
        )
