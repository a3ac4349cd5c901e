"""Runs the stand-in: in a thread for as long as a block lasts, or in the foreground.

Starlette and uvicorn are imported when a server is started.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dynacli.demo.demo_facts import DemoServer

__all__ = ["running", "serve_forever"]


@contextmanager
def running(
    *, port: int = 0, with_next: bool = False, misbehave: Mapping[str, str] | None = None
) -> Iterator[DemoServer]:
    """Runs a stand-in in a daemon thread for as long as the block lasts.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        with_next: Adds the operation `listWorkflowVersions`, in the document and in the answers,
            as a later revision of the API would.
        misbehave: For an operationId, which of `MISBEHAVIOURS` its good answers show.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    from dynacli.demo.demo_server import BackgroundServer

    with BackgroundServer(port=port, with_next=with_next, misbehave=misbehave or {}) as server:
        yield server


def serve_forever(
    *,
    port: int,
    on_ready: Callable[[DemoServer], None],
    with_next: bool = False,
    misbehave: Mapping[str, str] | None = None,
) -> None:
    """Runs a stand-in in the foreground and returns after SIGINT or SIGTERM.

    Outside the main thread no signal can be caught, so there only the end of the process stops it.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        on_ready: Called once, when connections are accepted.
        with_next: As in `running`.
        misbehave: As in `running`.

    Raises:
        UsageError: As in `running`.
        FileError: As in `running`.
    """
    from dynacli.demo.demo_server import serve

    serve(port=port, with_next=with_next, misbehave=misbehave or {}, on_ready=on_ready)
