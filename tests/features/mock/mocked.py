"""Runs the mock of a document in the test's process, and asks it over HTTP."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import httpx

from dynacli.client.call_settings import settings_of
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.features.mock.mock_server import (
    MockExchange,
    MockServer,
    base_path,
    mock_application,
    serve_until_signal,
)
from dynacli.http.serving import listening_socket, origin_at
from dynacli.openapi.document.fetched import Fetched
from dynacli.options.standard_options import Options
from dynacli.registry.revise import open_content

_HOST = "127.0.0.1"


@dataclass
class Mocked:
    """A mock that runs.

    Attributes:
        port: Where it listens.
        base_path: The path of the document's first server.
        reported: The exchanges that it has reported.
    """

    client: httpx.Client
    port: int
    base_path: str
    reported: list[MockExchange] = field(default_factory=list)

    def ask(self, target: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Send a request; `prefer`, `accept` and similar ones stand for headers."""
        headers = {**more.pop("headers", {})}
        for name in ("prefer", "accept"):
            if name in more:
                headers[name] = more.pop(name)
        return self.client.request(method, target, headers=headers, **more)


@contextmanager
def mocked(
    document: Mapping[str, Any] | str,
    *,
    level: str = "",
    has_cors: bool = True,
    has_control: bool = True,
    **options: bool,
) -> Iterator[Mocked]:
    """Run the mock of a document until the end of the block.

    Args:
        document: The document, or the path of one.
        level: The level of validation; empty for the mock's own.
        options: Those of `MockServer`.
    """
    env = Environment()
    run, failures = Run(env), list[Exception]()
    if isinstance(document, str):
        api = run.api(document)
    else:
        api = open_content("api", Fetched(json.dumps(document).encode()), "the document", env)
    settings = settings_of(env, api, Options(validate=level), default_level="strict")
    sock = listening_socket(_HOST, 0)
    # Accepts anything and asks for nothing, as curl does.
    plain = {"accept": "*/*"}
    with httpx.Client(base_url=origin_at(sock, _HOST), headers=plain, trust_env=False, timeout=60) as client:
        running = Mocked(client, sock.getsockname()[1], base_path(api))
        server = MockServer(api, settings, **options)
        application = mock_application(
            server, running.reported.append, has_cors=has_cors, has_control=has_control
        )
        ready: Future[Callable[[], None]] = Future()
        thread = Thread(
            target=serve_until_signal, args=(application, sock, ready.set_result, failures.append)
        )
        thread.start()
        stop = ready.result(timeout=60)
        try:
            yield running
        finally:
            stop()
            thread.join()
    assert [] == failures
    api.catalog.close()
    run.close()
