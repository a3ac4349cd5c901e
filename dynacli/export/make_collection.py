"""The operations of an API → a collection with folders by tag, servers and profiles."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.export.collection import (
    BASE_URL,
    Collection,
    ExportedRequest,
    Folder,
    Surroundings,
    distinct_name,
)
from dynacli.export.example_request import example_request
from dynacli.library.configuration.configuration import profiles_in
from dynacli.library.opened_api import OpenedApi
from dynacli.model.lenient_reading import dict_or_empty, list_or_empty, text_or_empty
from dynacli.model.operation import OperationSummary, Server
from dynacli.record import replace
from dynacli.request.choose_server import choose_server
from dynacli.urls import authority

__all__ = ["make_collection"]


def make_collection(
    api: OpenedApi, operations: Iterable[OperationSummary], settings: CallSettings
) -> Collection:
    """Return the collection of some operations of an API.

    Args:
        settings: How calls are made and judged: the server that is used first, and the headers of all requests.

    Raises:
        UsageError: The server that is asked for is none.
    """
    maker = _Maker(api, settings)
    by_tag: dict[str, list[ExportedRequest]] = {}
    for summary in operations:
        request = maker.request(DescribedOperation(api, api.catalog.operation(summary.name)))
        by_tag.setdefault(summary.tags[0] if summary.tags else "", []).append(request)
    document = api.document()
    tree = document.tree if document is not None else {}
    info = dict_or_empty(tree.get("info"))
    described = {
        tag["name"]: text_or_empty(tag.get("description"))
        for tag in list_or_empty(tree.get("tags"))
        if isinstance(tag, dict) and isinstance(tag.get("name"), str)
    }
    folders = tuple(
        Folder(tag, described.get(tag, ""), tuple(_with_distinct_titles(requests)))
        for tag, requests in by_tag.items()
    )
    made = Collection(
        text_or_empty(info.get("title")) or api.catalog.meta["title"] or api.name,
        api.catalog.meta["version"],
        text_or_empty(info.get("description")),
        folders,
        tuple(maker.surroundings()),
    )
    secrets = dict.fromkeys(name for request in made.requests() for name in _secrets_of(request))
    return replace(made, secrets=tuple(secrets))


def _secrets_of(request: ExportedRequest) -> Iterator[str]:
    for authorization in request.authorizations:
        yield from authorization.variables
    yield from (entry.variable for entry in request.headers if entry.variable)


def _with_distinct_titles(requests: list[ExportedRequest]) -> Iterator[ExportedRequest]:
    """Yield requests of which none is called like another one, whatever the case of letters.

    The first of several keeps its title, so that an operation that is added behind it changes nothing but itself.
    """
    taken: set[str] = set()
    for request in requests:
        title = request.title.casefold()
        yield replace(request, title=f"{request.title} ({request.name})") if title in taken else request
        taken.add(title)


class _Maker:
    """Makes the requests of one API, and the variables of their servers."""

    def __init__(self, api: OpenedApi, settings: CallSettings) -> None:
        self._api, self._settings = api, settings
        self._first = self._url(api.servers, settings.server, dict(settings.server_variables), may_fail=False)
        self._own: dict[tuple[Server, ...], tuple[str, str]] = {}

    def _url(
        self, servers: tuple[Server, ...], wanted: str, variables: dict[str, str], *, may_fail: bool = True
    ) -> str:
        """Return the URL of a server; empty where the document says none that can be sent to.

        Raises:
            UsageError: There is no such server as the person wants.
        """
        try:
            return choose_server(servers, self._api.uri, wanted, variables)
        except UsageError:
            if wanted and not may_fail:
                raise
            return ""

    def request(self, described: DescribedOperation) -> ExportedRequest:
        """Return the request of an operation."""
        variable, url = BASE_URL, self._first
        servers = described.operation.servers
        if servers and servers != self._api.servers and not self._settings.server:
            if servers not in self._own:
                self._own[servers] = f"{BASE_URL}{len(self._own) + 2}", self._url(servers, "", {})
            variable, url = self._own[servers]
        return example_request(described, self._settings, variable, url)

    def surroundings(self) -> Iterator[Surroundings]:
        """Yield the servers of the document and the profiles; the server that is used comes first."""
        own = dict(self._own.values())
        taken: set[str] = set()
        for name, url in self._named_urls():
            yield Surroundings(distinct_name(name, taken), {BASE_URL: url, **own})

    def _named_urls(self) -> Iterator[tuple[str, str]]:
        servers = self._api.servers or (Server("/"),)
        found = []
        for index, server in enumerate(servers):
            url = self._url(servers, str(index), {})
            found.append((_name_of(server, url), url))
        first = next((pair for pair in found if pair[1] == self._first), None)
        if first is None:
            yield self._settings.profile or _host_of(self._first) or self._api.name, self._first
        else:
            found.remove(first)
            yield first
        yield from found
        for name, profile in profiles_in(self._api.entry).items():
            wanted = profile.get("server")
            if wanted is not None and name != self._settings.profile:
                variables = {
                    key: str(value) for key, value in dict_or_empty(profile.get("server_vars")).items()
                }
                yield name, self._url(servers, str(wanted), variables)


def _name_of(server: Server, url: str) -> str:
    text = server.name or server.description.strip().partition("\n")[0]
    return text[:80].strip() or _host_of(url) or server.url


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    return authority(parts.scheme, parts.hostname or "", parts.port)
