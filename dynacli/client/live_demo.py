"""The demo API as an API that can be called, for as long as a block lasts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dynacli.demo.demo_facts import API_KEYS, DemoServer
from dynacli.demo.demo_server import running
from dynacli.environment import Environment
from dynacli.lean_imports import import_jsonschema_rs
from dynacli.registry.opened_api import OpenedApi

_ROLE = "editor"
_NO_MISBEHAVIOUR: Mapping[str, str] = {}


@contextmanager
def live_demo(
    env: Environment,
    api: OpenedApi,
    *,
    role: str = "",
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
) -> Iterator[tuple[OpenedApi, DemoServer]]:
    """Run the demo API until the end of the block.

    Args:
        env: It gets the key of a role in the variable that the credential of `demo` comes from.
        api: The API of the document that the demo API serves; it belongs to who has opened it.
        role: Who signs in: `viewer`, `editor`, `admin` or `owner`; empty for an editor, or for the key that
            the environment has.
        with_next: Whether the demo API has an operation more, as a later revision of the API would.
        misbehave: OperationId → what its responses do wrong.

    Yields:
        The API as the demo API serves it, and where it runs.
    """
    # Beside the threads of a server nothing is imported lean any more, and nearly every call is validated.
    import_jsonschema_rs()
    with running(with_next=with_next, misbehave=misbehave) as server:
        served = _served(api, server)
        # A role that was asked for is more than a variable that is there anyway.
        if role or not env.variables.get(f"{served.prefix}_TOKEN"):
            # A well-known key, which opens nothing but the demo API in this very process.
            env.variables = {**env.variables, f"{served.prefix}_TOKEN": API_KEYS[role or _ROLE]}
        yield served, server


def _served(api: OpenedApi, server: DemoServer) -> OpenedApi:
    """Return an API of its own whose servers are those of a demo API."""
    served = OpenedApi(api.open_request, api.revisions, api.catalog, api.pointer)
    served.uri = server.document_url
    served.origins = (server.origin,)
    return served
