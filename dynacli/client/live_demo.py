"""The demo API, served for the duration of a block."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dynacli.environment import Environment
from dynacli.lean_imports import import_jsonschema_rs
from dynacli.options.command import DEMO_PORT
from dynacli.options.command_table import feature
from dynacli.registry.demo_facts import API_KEYS, DemoServer, demo_at
from dynacli.registry.opened_api import OpenedApi

_ROLE = "editor"
_SERVED = f"http://127.0.0.1:{DEMO_PORT}"
_NO_MISBEHAVIOUR: Mapping[str, str] = {}


@contextmanager
def live_demo(
    env: Environment,
    api: OpenedApi,
    *,
    role: str = "",
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
    is_sent: bool = True,
) -> Iterator[tuple[OpenedApi, DemoServer]]:
    """Serve the demo API until the end of the block.

    Args:
        env: Receives the key of a role in the variable for the credential of `demo`.
        api: The API of the document that the demo API serves. The caller closes it.
        role: Role that signs in: `viewer`, `editor`, `admin` or `owner`; empty for the key in the
            environment, or
            else for an editor.
        with_next: True to serve one more operation, as a later revision of the API would.
        misbehave: OperationId → kind of invalid responses.
        is_sent: False if no request is sent. Then nothing is served, and the origin is the one of `demo
            serve`.

    Yields:
        The served API, and its server.

    Raises:
        UsageError: `misbehave` names an unknown operation or kind.
    """
    # Imported here, because a dry run without misbehaviour does not need the server.
    if not is_sent:
        if misbehave:
            feature("demo.demo_server").check_misbehaviours(misbehave, with_next=with_next)
        server = demo_at(_SERVED)
        yield _signed_in(env, api, server, role), server
        return
    # Imported before the server starts threads, because a lean import is not safe with threads. Nearly every call
    # needs it.
    import_jsonschema_rs()
    with feature("demo.demo_server").running(with_next=with_next, misbehave=misbehave) as server:
        yield _signed_in(env, api, server, role), server


def _signed_in(env: Environment, api: OpenedApi, server: DemoServer, role: str) -> OpenedApi:
    """Return a copy of an API with the URLs of a demo server, and set the key of a role in the environment."""
    served = OpenedApi(api.open_request, api.revisions, api.catalog, api.pointer)
    served.uri = server.document_url
    served.origins = (server.origin,)
    # A requested role overrides the variable.
    if role or not env.variables.get(f"{served.prefix}_TOKEN"):
        # A well-known key, which works only for the demo API.
        env.variables = {**env.variables, f"{served.prefix}_TOKEN": API_KEYS[role or _ROLE]}
    return served
