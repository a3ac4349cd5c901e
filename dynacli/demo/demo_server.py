"""Serving the stand-in, in a thread or in the foreground."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from starlette.applications import Starlette

from dynacli.demo.application import application
from dynacli.demo.demo_document import served_document
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH, DemoServer
from dynacli.demo.misbehaviour import check_misbehaviours
from dynacli.demo.operations.operation_table import operations
from dynacli.serving.http_server import serve_in_background, serve_until_signal
from dynacli.serving.listening_socket import listening_socket, origin_at

__all__ = ["background_server", "serve"]

_HOST = "127.0.0.1"


def _prepared(
    *, port: int, with_next: bool, misbehave: Mapping[str, str]
) -> tuple[Starlette, socket.socket, DemoServer]:
    """Return the application, the socket and the description: everything that can fail before the server runs."""
    offered = operations(with_next=with_next)
    check_misbehaviours(misbehave, {operation.id: operation for operation in offered})
    served = application(offered, served_document(with_next=with_next), misbehave)
    sock = listening_socket(_HOST, port)
    origin = origin_at(sock, _HOST)
    return served, sock, DemoServer(origin, f"{origin}{BASE_PATH}/openapi", API_KEYS)


@contextmanager
def background_server(*, port: int, with_next: bool, misbehave: Mapping[str, str]) -> Iterator[DemoServer]:
    """Run the stand-in in a daemon thread for the duration of a block.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    served, sock, description = _prepared(port=port, with_next=with_next, misbehave=misbehave)
    with serve_in_background(served, sock):
        yield description


def serve(
    *,
    port: int,
    with_next: bool,
    misbehave: Mapping[str, str],
    on_ready: Callable[[DemoServer], None],
    tell: Callable[[Exception], None],
) -> int | None:
    """Run the stand-in until SIGINT or SIGTERM, and return the number of the signal.

    Args:
        tell: Called with an exception of an exchange, which is answered with 500.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    served, sock, description = _prepared(port=port, with_next=with_next, misbehave=misbehave)
    return serve_until_signal(served, sock, lambda _: on_ready(description), tell)
