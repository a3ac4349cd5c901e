"""Running the stand-in, in a thread for the duration of a block, or in the foreground.

Starlette and uvicorn are imported only when a server starts.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dynacli.demo.demo_facts import DemoServer

__all__ = ["running", "serve_forever"]


@contextmanager
def running(
    *, port: int = 0, with_next: bool = False, misbehave: Mapping[str, str] | None = None
) -> Iterator[DemoServer]:
    """Run a stand-in in a daemon thread for the duration of a block.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        with_next: Whether there is the operation `listWorkflowVersions`, in the document and on the server,
            as in a later revision of the API.
        misbehave: operationId → the misbehaviour of its good answers, one of `MISBEHAVIOURS`.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    from dynacli.demo.demo_server import background_server

    with background_server(port=port, with_next=with_next, misbehave=misbehave or {}) as server:
        yield server


def serve_forever(
    *,
    port: int,
    on_ready: Callable[[DemoServer], None],
    tell: Callable[[Exception], None] = lambda _: None,
    with_next: bool = False,
    misbehave: Mapping[str, str] | None = None,
) -> int | None:
    """Run a stand-in in the foreground, until SIGINT or SIGTERM.

    Outside of the main thread signals cannot be handled, so only the end of the process stops it there.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        on_ready: Called once when connections are accepted.
        tell: Called with an exception of an exchange, which is answered with 500.
        with_next: The same as for `running`.
        misbehave: The same as for `running`.

    Returns:
        The number of the signal, which has only ended the server so far.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    from dynacli.demo.demo_server import serve

    return serve(port=port, with_next=with_next, misbehave=misbehave or {}, on_ready=on_ready, tell=tell)
