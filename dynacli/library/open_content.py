"""Opens documents that have no place to be read from again: on standard input, or at hand. Their content names them."""

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.document.fetched import Fetched
from dynacli.document.fetching.fetch import fetch
from dynacli.document.source import Source
from dynacli.environment import Environment
from dynacli.library.install_revision import install
from dynacli.library.opened_api import OpenedApi
from dynacli.library.read_sources import SourceReader
from dynacli.library.revise import adopt, open_installed
from dynacli.library.revisions.open_request import OpenRequest
from dynacli.library.revisions.revisions import Revisions, is_compiled_as_asked, revision_of

__all__ = ["open_content", "open_stdin"]


def open_stdin(open_request: OpenRequest, source: Source) -> OpenedApi:
    """Return the API of the document on standard input.

    Raises:
        DocumentError: The document cannot be used.
    """
    fetched = fetch(source, open_request.env)
    revisions, api = _open_compiled(open_request, fetched)
    if api is not None:
        return api
    return adopt(open_request, revisions, revisions.current(), source, fetched, {"source": "-"})


def open_content(name: str, fetched: Fetched, label: str, env: Environment) -> OpenedApi:
    """Return the API of a document that is at hand.

    Args:
        name: How the API is called.
        fetched: The document's bytes.
        label: How messages call the document.

    Raises:
        DocumentError: The document cannot be used.
    """
    open_request = OpenRequest(name, env)
    revisions, api = _open_compiled(open_request, fetched)
    if api is not None:
        return api
    installed = install(revisions, fetched, label, {"source": "-"}, SourceReader(None))
    return open_installed(open_request, revisions, fetched, installed)


def _open_compiled(open_request: OpenRequest, fetched: Fetched) -> tuple[Revisions, OpenedApi | None]:
    """Return the revisions of a document of that content, and its API where it was compiled before."""
    revisions = Revisions(open_request.env.cache_dir, f"-{revision_of(fetched.content)}")
    pointer = revisions.current()
    if pointer is None or open_request.refresh or not is_compiled_as_asked(open_request, pointer):
        return revisions, None
    catalog = revisions.open_catalog(pointer)
    if catalog is None:
        return revisions, None
    try:
        # Damage that is found later could not be mended: standard input is read only once.
        catalog.check(whole=True)
    except DamagedCatalogError:
        catalog.close()
        revisions.drop_catalog(pointer)
        return revisions, None
    return revisions, OpenedApi(open_request, revisions, catalog, pointer, fetched.content)
