"""What a server leaves after: nothing."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Callable

import pytest

from dynacli.features.mock import mock_server


async def _nothing(scope: object, receive: object, send: object) -> None:
    """Response nothing; no request is sent here."""


@pytest.mark.exhaustive
@pytest.mark.sampled(2)
@pytest.mark.parametrize("turns", range(8))
def test_a_connection_that_is_accepted_at_the_end_is_closed(turns: int) -> None:
    """However many turns of the loop lie between a connection and the end of the server."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def is_ready(stop: Callable[[], None]) -> None:
        clients.append(socket.create_connection(listener.getsockname()))
        loop = asyncio.get_running_loop()

        def end_after(left: int) -> None:
            if left:
                loop.call_soon(end_after, left - 1)
            else:
                stop()

        end_after(turns)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        mock_server._run(_nothing, listener, is_ready)
        gc.collect()
    with clients[0] as client:
        client.settimeout(5)
        assert b"" == client.recv(1)
