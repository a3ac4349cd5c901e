"""The embedded stand-in of Armature's REST API: real HTTP on a real socket, on this machine only.

Importing the package finds the document and nothing more; Starlette and uvicorn are imported when a server
is started, because help and completion come by here and never start one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "API_KEYS",
    "BASE_PATH",
    "MISBEHAVIOURS",
    "ROLES",
    "DemoServer",
    "document_path",
    "running",
    "serve_forever",
]

BASE_PATH = "/api/armature/v1"

ROLES = ("viewer", "editor", "admin", "owner")

# Well-known on purpose: they have the form of Armature's keys and open nothing but the stand-in,
# which keeps its data in memory and listens on loopback only.
API_KEYS: Mapping[str, str] = MappingProxyType(
    {role: f"amt_demo{role}_opens-only-the-stand-in" for role in ROLES}
)

MISBEHAVIOURS = (
    "wrong-type",
    "missing-field",
    "undocumented-field",
    "undocumented-status",
    "wrong-media-type",
    "truncated-json",
    "hang",
)


# Without `__eq__` and `__repr__`, whose making would be felt in every completion.
@dataclass(frozen=True, eq=False, repr=False)
class DemoServer:
    """A stand-in that accepts connections.

    Args:
        origin: Scheme, host and port, e.g. `http://127.0.0.1:8901`.
        document_url: Where it serves its OpenAPI document, without authentication.
        api_keys: A key for each of `ROLES`.
    """

    origin: str
    document_url: str
    api_keys: Mapping[str, str]


def document_path() -> "Path":
    """Returns the path of the shipped OpenAPI document: inside the package, or beside it in a checkout."""
    from pathlib import Path

    package = Path(__file__).parent.parent
    shipped = package / "shipped" / "armature.json"
    return shipped if shipped.exists() else package.parent / "cache" / "armature.json"


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
    from dynacli.demo.server import BackgroundServer

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
    from dynacli.demo.server import serve

    serve(port=port, with_next=with_next, misbehave=misbehave or {}, on_ready=on_ready)
