"""The stand-in of Armature's API as an API that can be called, for as long as a block lasts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dynacli.demo.demo_facts import API_KEYS, DemoServer
from dynacli.demo.stand_in import running
from dynacli.document.fetching.fetch import fetch
from dynacli.document.source import parse_source
from dynacli.environment import Environment
from dynacli.library.configuration.configuration import DEMO
from dynacli.library.open_content import open_content
from dynacli.library.opened_api import OpenedApi
from dynacli.library.revisions.revisions import revision_of

__all__ = ["live_demo"]

_ROLE = "editor"


@contextmanager
def live_demo(
    env: Environment,
    shipped: OpenedApi,
    *,
    role: str = "",
    with_next: bool = False,
    misbehave: Mapping[str, str] | None = None,
) -> Iterator[tuple[OpenedApi, DemoServer]]:
    """Run the stand-in until the end of the block.

    Args:
        env: It gets the key of a role in the variable that the credential of `demo` comes from.
        shipped: The API of the document that ships with dynacli.
        role: Who signs in: `viewer`, `editor`, `admin` or `owner`; empty for an editor, or for the key that
            the environment has.
        with_next: Whether the stand-in has an operation more, as a later revision of the API would.
        misbehave: OperationId → what its answers do wrong.

    Yields:
        The API as the stand-in serves it, and where it runs.
    """
    with running(with_next=with_next, misbehave=misbehave or {}) as server:
        api = _served(env, shipped, server)
        # A role that was asked for is more than a variable that is there anyway.
        if role or not env.variables.get(f"{api.prefix}_TOKEN"):
            # A well-known key, which opens nothing but the stand-in in this very process.
            env.variables = {**env.variables, f"{api.prefix}_TOKEN": API_KEYS[role or _ROLE]}
        try:
            yield api, server
        finally:
            if api.catalog is not shipped.catalog:  # that one belongs to who has opened it
                api.catalog.close()


def _served(env: Environment, shipped: OpenedApi, server: DemoServer) -> OpenedApi:
    """Return the API of the document that a stand-in serves, compiled only where it is not the shipped one."""
    fetched = fetch(parse_source(server.document_url, Path.cwd()), env)
    if shipped.pointer["revision"] == revision_of(fetched.content):
        api = OpenedApi(shipped.open_request, shipped.revisions, shipped.catalog, shipped.pointer)
    else:
        api = open_content(DEMO, fetched, "the stand-in's document", env)
    api.uri = server.document_url
    api.prefix = shipped.prefix
    api.origins = (server.origin,)
    return api
