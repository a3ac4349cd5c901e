"""Running the demo API, in threads for the duration of a block, or in the foreground."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dynacli.demo._application import Application
from dynacli.demo._misbehaviour import check_misbehaviours
from dynacli.demo._operations.insight_operations import INSIGHT_OPERATIONS
from dynacli.demo._operations.run_operations import RUN_OPERATIONS
from dynacli.demo._operations.server_operations import SERVER_OPERATIONS
from dynacli.demo._operations.workflow_operations import NEXT_OPERATION, WORKFLOW_OPERATIONS
from dynacli.demo._threaded_server import serving, wait_for_signal
from dynacli.demo.demo_document import served_document
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH, DemoServer
from dynacli.http.serving import listening_socket, origin_at

__all__ = ["running", "serve_forever"]

_HOST = "127.0.0.1"
_OPERATIONS = (*SERVER_OPERATIONS, *WORKFLOW_OPERATIONS, *RUN_OPERATIONS, *INSIGHT_OPERATIONS)
"""In the order of the document."""
_NO_MISBEHAVIOUR: Mapping[str, str] = {}


@contextmanager
def running(
    *,
    port: int = 0,
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
    tell: Callable[[Exception], None] = lambda _: None,
) -> Iterator[DemoServer]:
    """Run a demo API in daemon threads for the duration of a block.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        with_next: Whether there is the operation `listWorkflowVersions`, in the document and on the server,
            as in a later revision of the API.
        misbehave: operationId → the misbehaviour of its good answers, one of `MISBEHAVIOURS`.
        tell: Called with an exception of an exchange, which is answered with 500.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    offered = (*_OPERATIONS, NEXT_OPERATION) if with_next else _OPERATIONS
    check_misbehaviours(misbehave, {operation.id: operation for operation in offered})
    application = Application(offered, served_document(with_next=with_next), misbehave)
    listener = listening_socket(_HOST, port)
    origin = origin_at(listener, _HOST)
    with serving(listener, application.answer, tell):
        yield DemoServer(origin, f"{origin}{BASE_PATH}/openapi", API_KEYS)


def serve_forever(
    *,
    port: int,
    on_ready: Callable[[DemoServer], None],
    tell: Callable[[Exception], None] = lambda _: None,
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
) -> int:
    """Run a demo API in the foreground, until SIGINT or SIGTERM.

    Outside of the main thread signals cannot be handled, so only the end of the process stops it there.

    Args:
        port: The same as for `running`, as are `tell`, `with_next` and `misbehave`.
        on_ready: Called once when connections are accepted.

    Returns:
        The number of the signal, which has only ended the server so far.

    Raises:
        UsageError: The port cannot be had, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    with running(port=port, with_next=with_next, misbehave=misbehave, tell=tell) as server:
        return wait_for_signal(lambda: on_ready(server))
