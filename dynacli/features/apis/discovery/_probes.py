"""Probes: requests to one origin that find a document, or references to documents.

Several run in parallel, each over a connection that stays open for the next.
"""

from __future__ import annotations

import math
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import DocumentError, DynacliError
from dynacli.features.apis.discovery._leads import (
    MAX_CHARACTERS,
    has_document_inside,
    is_linkset,
    is_viewer,
    leads_in_query,
    leads_of,
    read_config,
    read_index,
    read_linkset,
    read_neighbours,
    read_page,
)
from dynacli.features.apis.discovery.discovered import FoundDocument, Lead, Way
from dynacli.http.connections import Peers
from dynacli.http.failures import timed_out
from dynacli.http.link_values import parse_links
from dynacli.openapi.document.download import Downloads, Head
from dynacli.openapi.document.fetched import DocumentLogin, Fetched
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.document.parse import parse_file
from dynacli.openapi.document.plain_json import check_is_openapi, check_version, is_sign_in_page
from dynacli.openapi.document.references.scan import follow_references
from dynacli.urls import join_url, split_url, without_query

if TYPE_CHECKING:
    import ssl

_MAX_CONNECTIONS = 6
"""Maximum number of parallel connections. Small servers queue only five, and the next one waits a second
(`socketserver.TCPServer.request_queue_size`)."""
SLOW_CONNECTIONS = 16
"""Number of connections to a slow server; with fewer, it could not respond about the likeliest paths in time."""

_GRACE_SECONDS = 1.0
"""Time to wait for requests that were cut. Only the look-up of a host name and connecting take longer."""

_ACCEPT = (
    "application/vnd.oai.openapi+json, application/vnd.oai.openapi, application/openapi+json, "
    "application/vnd.openapi+json, application/json, application/linkset+json;q=0.9, application/yaml;q=0.9, "
    "application/x-yaml;q=0.9, text/yaml;q=0.9, text/html;q=0.6, text/plain;q=0.5, */*;q=0.1"
)
MAX_CALLS = 2
"""Maximum number of trial calls of a document."""
_HARMFUL = re.compile(
    r"delet|remov|destroy|drop|clear|purg|flush|reset|restart|reboot|shut|stop|kill|cancel|abort|revok|log-?_?out"
    r"|sign-?_?out|disabl|trigger|execut|run(?![a-z])|sync|import|export|download|stream|event|watch|subscri|tail",
    re.IGNORECASE,
)
"""Names of `GET` operations that are not called: they may change something, or respond with a large or endless body."""
_EASY = re.compile(r"health|version|status|ping|ready|info", re.IGNORECASE)
_UNKNOWN = frozenset((404, 405, 410, 501))
_MAX_PARTS = 5_000
INSIDE_SCRIPT = "a script that has the document in it"
SIGN_IN_PAGE = "a sign-in page"
_MAX_TITLE = 80
_SCRIPT_TYPES = frozenset({"application/javascript", "text/javascript", "application/x-javascript"})
_SIGNS = (b"openapi", b"swagger", b"linkset", b"url")
"""Each document, catalog and configuration contains one of these. Any other text is not parsed as YAML."""


class ProbeResponse(NamedTuple):
    """The response to a probe, or its error.

    Args:
        fetched: The content, if the request succeeded.
        error: The error, if the request failed.
        head: The status and headers of the response; None if there was no response.
        error_page: The content of an error response, if the probe keeps it.
    """

    fetched: Fetched | None = None
    error: DynacliError | None = None
    head: Head | None = None
    error_page: Fetched | None = None


_Result = tuple[int, ProbeResponse | BaseException]


class Probes:
    """Sends requests over a few connections, without cookies, and without a credential unless one is given.

    Args:
        peers: Addresses of earlier connections.
    """

    def __init__(self, peers: Peers | None = None) -> None:
        self.peers = peers or Peers()
        self._idle = [self._new_downloads() for _ in range(_MAX_CONNECTIONS)]
        self._busy: dict[int, Downloads] = {}
        self._results: queue.SimpleQueue[_Result] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def _new_downloads(self) -> Downloads:
        return Downloads(accept=_ACCEPT, peers=self.peers)

    def ask_first(
        self,
        url: str,
        *,
        silence: float,
        patience: float,
        login: DocumentLogin | None = None,
    ) -> ProbeResponse | None:
        """Request the URL that you gave, as number 0; return its response, or None if it has not finished.

        Args:
            silence: Maximum time to wait for a connected server, unless it is sending a possible document.
            patience: Maximum time to wait for a connection.
            login: Signs in, as for any download.
        """
        # Without a time limit, because the URL may be a large document.
        self.start(0, url, None, login, keeps_error_page=True)
        end = time.monotonic() + patience
        while True:
            response = self.next_response(min(silence, end - time.monotonic()))
            if response is not None:
                return response[1]
            if self.is_sending(0):
                silence = patience = end = math.inf
            elif self.peers.is_connected:
                return None
            elif time.monotonic() >= end:
                return ProbeResponse(None, timed_out(url, patience))

    def is_sending(self, number: int) -> bool:
        """Return whether a response has begun to arrive and may be a document."""
        head = self._busy[number].head
        return (
            head is not None
            and head.status == 200
            and head.media_type not in {"text/html", "text/event-stream"}
        )

    def widen(self, connections: int = SLOW_CONNECTIONS) -> None:
        """Open up to the given number of connections."""
        count = connections - len(self._idle) - len(self._busy)
        self._idle += [self._new_downloads() for _ in range(count)]

    @property
    def is_free(self) -> bool:
        """Whether one more request can be sent."""
        return bool(self._idle)

    def start(
        self,
        number: int,
        url: str,
        timeout: float | None,
        login: DocumentLogin | None = None,
        *,
        keeps_error_page: bool = False,
    ) -> None:
        """Send a request over a free connection.

        Args:
            number: Number of the request; `next_response` returns it.
            timeout: A time limit in seconds.
            login: Signs in, as for any download.
            keeps_error_page: Whether to keep the content of an error response.
        """
        downloads = self._busy[number] = self._idle.pop(0)
        results = self._results

        def ask() -> None:
            results.put((number, _caught(downloads, url, timeout, login, keeps_error_page)))

        # No executor: the interpreter would wait for its threads at exit, and the look-up of a host name can hang.
        thread = threading.Thread(target=ask, name="dynacli-discovery", daemon=True)
        self._threads = [running for running in self._threads if running.is_alive()] + [thread]
        thread.start()

    def next_response(self, seconds: float) -> tuple[int, ProbeResponse] | None:
        """Return the number and the response of the next finished request; None if none finishes in time.

        Args:
            seconds: Maximum time to wait; infinity for no limit.
        """
        try:
            number, response = self._results.get(timeout=None if seconds == math.inf else max(seconds, 0.001))
        except queue.Empty:
            return None
        self._idle.insert(0, self._busy.pop(number))
        if isinstance(response, BaseException):
            raise response
        return number, response

    def close(self) -> None:
        """Cut all requests and close the connections."""
        everything = [*self._idle, *self._busy.values()]
        for downloads in everything:
            downloads.cut()
        end = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        for downloads in everything:
            downloads.close()


class UnaskedLogin(DocumentLogin):
    """Sends the same headers with each request, whatever challenge the server sends."""

    def __init__(self, login: DocumentLogin, headers: Mapping[str, str]) -> None:
        self._login, self._headers = login, headers

    def headers(self, url: str, challenge: str | None = None) -> Mapping[str, str]:  # noqa: ARG002
        """Return the same headers for any request."""
        return self._headers

    def context(self) -> ssl.SSLContext | None:
        """Return the certificates of the login that signs in at the given URL."""
        return self._login.context()


def _caught(
    downloads: Downloads, url: str, timeout: float | None, login: DocumentLogin | None, keeps_error_page: bool
) -> ProbeResponse | BaseException:
    """Return the response of a download, or its exception, for the thread that waits for it."""
    try:
        fetched = downloads.download(url, timeout=timeout, login=login, keeps_error_page=keeps_error_page)
        return ProbeResponse(fetched, None, downloads.head)
    except DynacliError as error:
        return ProbeResponse(None, error, downloads.head, downloads.error_page)
    except BaseException as error:  # noqa: BLE001  - raised again in the thread that waits
        return error


class TrialCall(NamedTuple):
    """A safe call that needs no input.

    Args:
        path: The path, as in the document.
        url: The URL, according to the document.
        may_be_page: Whether the document allows an HTML response.
    """

    path: str
    url: str
    may_be_page: bool


def is_unknown_there(call: TrialCall, head: Head | None) -> bool:
    """Return whether the server does not know the operation: it responds with 404, or with an unexpected HTML page.

    A slow response, a server error or a challenge does not show this.
    """
    if head is None:
        return False
    is_page = head.status < 300 and head.media_type == "text/html" and not call.may_be_page
    return head.status in _UNKNOWN or is_page


def _base_url(tree: Mapping[str, Any], uri: str) -> str:
    """Return the base URL of the paths of a document, without a trailing slash; empty if it is malformed.

    Args:
        tree: A document of OpenAPI 3 or Swagger 2.0.
        uri: The URL that it was fetched from.
    """
    try:
        if "swagger" in tree:
            own = split_url(uri)
            schemes, host, path = tree.get("schemes"), tree.get("host"), tree.get("basePath")
            scheme = (
                schemes[0]
                if isinstance(schemes, list) and schemes and own.scheme not in schemes
                else own.scheme
            )
            return f"{scheme}://{host or own.netloc}{path or ''}".rstrip("/")
        servers = tree.get("servers")
        server = servers[0] if isinstance(servers, list) and servers else {}
        url = str(server.get("url") or "/")
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        return join_url(uri, url).rstrip("/")
    except (ValueError, AttributeError, TypeError):
        return ""


def calls_of(tree: Mapping[str, Any], uri: str) -> tuple[TrialCall, ...]:
    """Return the trial calls of a document: operations with harmless names, the simplest first.

    Args:
        tree: The document.
        uri: The URL that it was fetched from.
    """
    base = _base_url(tree, uri)
    if not base:
        return ()
    found = sorted(_callable(tree), key=lambda call: (not _EASY.search(call[0]), call[0].count("/"), call[0]))
    return tuple(TrialCall(path, base + path, may_be_page) for path, may_be_page in found[:MAX_CALLS])


def _callable(tree: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield the path of each `GET` that needs no input, and whether its response may be HTML."""
    paths = tree.get("paths")
    for path, item in list(paths.items())[:_MAX_PARTS] if isinstance(paths, Mapping) else ():
        operation = item.get("get") if isinstance(item, Mapping) else None
        if (
            not isinstance(operation, Mapping)
            or not str(path).startswith("/")
            or re.search(r"[{}?#\s]", path)
        ):
            continue
        names = f"{path} {operation.get('operationId', '')}"
        has_own_server = "servers" in item or "servers" in operation
        media_types = set(_produced_media_types(tree, operation))
        is_endless = "text/event-stream" in media_types
        if has_own_server or is_endless or _HARMFUL.search(names) or _needs_input(tree, item, operation):
            continue
        yield path, "text/html" in media_types


def _produced_media_types(tree: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    produces = operation.get("produces", tree.get("produces"))
    yield from (str(media_type) for media_type in produces) if isinstance(produces, list) else ()
    responses = operation.get("responses")
    for response in responses.values() if isinstance(responses, Mapping) else ():
        content = response.get("content") if isinstance(response, Mapping) else None
        yield from (str(item) for item in content) if isinstance(content, Mapping) else ()


def _needs_input(tree: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    for parameters in (item.get("parameters", []), operation.get("parameters", [])):
        if not isinstance(parameters, list):
            return True
        for parameter in parameters:
            found = follow_references(tree, parameter)
            if not isinstance(found, Mapping) or found.get("required"):
                return True
    body = follow_references(tree, operation.get("requestBody", {}))
    return not isinstance(body, Mapping) or bool(body.get("required"))


class DocumentResponse(NamedTuple):
    """A response that is a document, with its operations, which identify the API.

    Args:
        found: The document as the search reports it.
        is_json: Whether it is JSON and not YAML.
        shape: Its operations as `METHOD path`, where the path includes the path of the first server.
        trial_calls: Its trial calls.
    """

    found: FoundDocument
    is_json: bool
    shape: frozenset[str]
    trial_calls: tuple[TrialCall, ...]

    def is_same_api(self, other: DocumentResponse) -> bool:
        """Return whether both documents describe the same API, in two formats or two versions of OpenAPI."""
        mine, theirs = self.found, other.found
        is_same_name = (mine.title, mine.version) == (theirs.title, theirs.version)
        return is_same_name and self.shape == other.shape


class ReadResponse(NamedTuple):
    """A response after its content was parsed.

    Args:
        result: Short description of the response.
        document: The document, if the response is one.
        leads: The references in a response that is not a document.
        fault: The error, if the response is meant as a document but dynacli cannot use it.
        is_viewer: Whether it is a page that shows an API.
    """

    result: str
    document: DocumentResponse | None = None
    leads: tuple[Lead, ...] = ()
    fault: DocumentError | None = None
    is_viewer: bool = False


def read_response(
    url: str, fetched: Fetched, links: tuple[str, ...], way: Way, *, is_index: bool = False
) -> ReadResponse:
    """Parse the response to a probe.

    Args:
        links: The `Link` headers of the response.
        is_index: Whether it is the response of the given URL, or of the root of its origin. Then links also count if
            only their words suggest a document.
    """
    reading = _read_probe(url, fetched, way)
    if reading.document is not None:
        return reading
    leads = (*leads_of(parse_links(links)), *reading.leads)
    if is_index:
        named = {lead.reference for lead in leads}
        leads += tuple(lead for lead in read_index(fetched.content) if lead.reference not in named)
    return reading._replace(leads=leads)


def _read_probe(url: str, fetched: Fetched, way: Way) -> ReadResponse:
    content = fetched.content
    start = content[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if fetched.media_type == "application/linkset":
        leads = leads_of(parse_links([_decoded_beginning(content).replace("\n", " ")]))
        return ReadResponse(f"a catalog, {_count(len(leads), 'link')}", leads=tuple(leads))
    if start.startswith(b"<") or fetched.media_type in _SCRIPT_TYPES:
        return _read_page(fetched, is_script=not start.startswith(b"<"))
    # UTF-16 and UTF-32 have zeros between the letters, so the search for `_SIGNS` does not work there.
    if b"\0" not in start and not any(sign in content for sign in _SIGNS):
        return ReadResponse("empty" if not start else "not a document")
    return _read_tree(url, fetched, way)


def _read_page(fetched: Fetched, *, is_script: bool) -> ReadResponse:
    text = _decoded_beginning(fetched.content)
    leads = leads_in_query(fetched.uri) + read_page(text, is_script=is_script)
    if is_script:
        return ReadResponse(INSIDE_SCRIPT if has_document_inside(text) else "a script", leads=tuple(leads))
    if is_viewer(text):
        leads += read_neighbours(fetched.uri, text)
        return ReadResponse("not a document: a page that shows an API", leads=tuple(leads), is_viewer=True)
    if is_sign_in_page(fetched.content):
        # Its links are about signing in, not about the API.
        return ReadResponse(SIGN_IN_PAGE)
    kind = "XML" if text[:100].lstrip().startswith("<?xml") else "an HTML page"
    return ReadResponse(f"not a document: {kind}", leads=tuple(leads))


def _read_tree(url: str, fetched: Fetched, way: Way) -> ReadResponse:
    name = without_query(url)
    tree: Any = None
    try:
        tree = parse_file(fetched.content, name=name).tree
        check_is_openapi(tree, name)
        check_version(tree)
    except DocumentError as error:
        if is_linkset(tree):
            leads = read_linkset(tree)
            return ReadResponse(f"a catalog, {_count(len(leads), 'link')}", leads=tuple(leads))
        named = _named_documents(tree) or read_config(tree)
        if named:
            return ReadResponse("not a document, but names some", leads=tuple(named))
        leads = read_page(_decoded_beginning(fetched.content))
        is_meant = _is_versioned(tree) or (tree is None and _looks_versioned(fetched.content))
        return ReadResponse(_why(error, name), leads=tuple(leads), fault=error if is_meant else None)
    document = _document(url, fetched, tree, way)
    return ReadResponse(_document_summary(document.found), document)


def _named_documents(tree: Any) -> list[Lead]:
    """Return the documents that an object names instead of a version: `{"openapi": "/openapi.json"}`."""
    if not isinstance(tree, dict):
        return []
    values = [value for field in ("openapi", "swagger") if isinstance(value := tree.get(field), str)]
    return [Lead(value) for value in values if value.startswith(("http", "/", "./"))]


def _is_versioned(tree: Any) -> bool:
    return isinstance(tree, dict) and any(
        isinstance(tree.get(field), (str, int, float)) for field in ("openapi", "swagger", "swaggerVersion")
    )


def _looks_versioned(content: bytes) -> bool:
    """Return whether a text that cannot be parsed starts like a document."""
    start = content[:500].lstrip(b"\xef\xbb\xbf \t\r\n{\"'#-").lower()
    return start.startswith((b"openapi", b"swagger"))


def _why(error: DocumentError, name: str) -> str:
    message = error.message.removeprefix(f"`{name}` ").removeprefix("is ")
    message = message.removesuffix("not an OpenAPI document").rstrip(" ,")
    return on_one_line(f"not a document: {message}" if message else "not a document")


def _document(url: str, fetched: Fetched, tree: dict[str, Any], way: Way) -> DocumentResponse:
    info = tree.get("info")
    info = info if isinstance(info, dict) else {}
    uri = fetched.uri or url
    shape = _shape(tree, uri)
    found = FoundDocument(
        url,
        fetched,
        on_one_line(f"OpenAPI {tree['openapi']}" if "openapi" in tree else f"Swagger {tree['swagger']}"),
        on_one_line(info.get("title")),
        on_one_line(info.get("version")),
        len(shape),
        way,
    )
    is_json = fetched.content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return DocumentResponse(found, is_json, shape, calls_of(tree, uri))


def _shape(tree: dict[str, Any], uri: str) -> frozenset[str]:
    paths = tree.get("paths")
    base = split_url(_base_url(tree, uri)).path
    return frozenset(
        f"{entry.method} {base}{path}"
        for path, item in (paths.items() if isinstance(paths, Mapping) else ())
        if isinstance(item, Mapping)
        for entry in operations_of(item)
    )


def _document_summary(document: FoundDocument) -> str:
    name = f' "{document.title}"' if document.title else ""
    version = f" {document.version}" if document.version else ""
    return f"document, {document.openapi}{name}{version}, {_count(document.operations, 'operation')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def on_one_line(value: object) -> str:
    """Return text from outside for one line: shortened, and without unprintable characters."""
    text = " ".join(str("" if value is None else value)[: _MAX_TITLE * 4].split())
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= _MAX_TITLE else f"{text[: _MAX_TITLE - 1]}…"


def _decoded_beginning(content: bytes) -> str:
    # Cut before decoding, because decoding can make a page of 50 MiB four times as large.
    return content[:MAX_CHARACTERS].decode("utf-8", "replace")
