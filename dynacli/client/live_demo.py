"""The demo API as an API that can be called, for as long as a block lasts."""

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
    """Run the demo API until the end of the block.

    Args:
        env: It gets the key of a role in the variable that the credential of `demo` comes from.
        api: The API of the document that the demo API serves; it belongs to who has opened it.
        role: Who signs in: `viewer`, `editor`, `admin` or `owner`; empty for an editor, or for the key that
            the environment has.
        with_next: Whether the demo API has an operation more, as a later revision of the API would.
        misbehave: OperationId → what its responses do wrong.
        is_sent: Whether requests are sent. If they are not, nothing runs, and the origin is the one of `demo serve`.

    Yields:
        The API as the demo API serves it, and where it runs.

    Raises:
        UsageError: `misbehave` names an unknown operation or kind.
    """
    # The server is imported here, because a dry run that expects no misbehaviour does without it.
    if not is_sent:
        if misbehave:
            feature("demo.demo_server").check_misbehaviours(misbehave, with_next=with_next)
        server = demo_at(_SERVED)
        yield _signed_in(env, api, server, role), server
        return
    # Beside the threads of a server nothing is imported lean any more, and nearly every call is validated.
    import_jsonschema_rs()
    with feature("demo.demo_server").running(with_next=with_next, misbehave=misbehave) as server:
        yield _signed_in(env, api, server, role), server


def _signed_in(env: Environment, api: OpenedApi, server: DemoServer, role: str) -> OpenedApi:
    """Return a copy of an API that is served by a demo API, and put the key of a role in the environment."""
    served = OpenedApi(api.open_request, api.revisions, api.catalog, api.pointer)
    served.uri = server.document_url
    served.origins = (server.origin,)
    # A role that was asked for overrides the variable.
    if role or not env.variables.get(f"{served.prefix}_TOKEN"):
        # A well-known key, which opens nothing but the demo API.
        env.variables = {**env.variables, f"{served.prefix}_TOKEN": API_KEYS[role or _ROLE]}
    return served
