"""Collections of the operations of an API, or of recorded calls.

The collection of an API has folders by tag, servers, profiles, and an example of each operation. The collection of
calls has folders by API, and variables for masked values.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from dynacli.auth.credentials import is_supported, kind_of
from dynacli.auth.oauth_flows import flows_of
from dynacli.client.call_settings import CallSettings
from dynacli.client.call_validator import CallValidator
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, CallValues
from dynacli.client.inputs.collect_values import collect_values, is_idempotency_key
from dynacli.client.inputs.query_pairs import for_further_calls, with_pairs
from dynacli.client.operation_description import OperationDescription
from dynacli.errors import DynacliError, UsageError
from dynacli.features.export.collection import (
    BASE_URL,
    Authorization,
    Collection,
    Entry,
    ExportedBody,
    ExportedPart,
    ExportedRequest,
    Folder,
    Surroundings,
    distinct_name,
    file_stem,
    stable_id,
    variable_name,
)
from dynacli.http.built_request import Request
from dynacli.http.semantics import essence, is_form
from dynacli.openapi.document.json_trees import dict_or_empty, list_or_empty, text_or_empty
from dynacli.openapi.model.operation import OperationSummary, SecurityScheme, Server
from dynacli.openapi.model.tag_tree import tag_tree
from dynacli.output.har import HarCall
from dynacli.record import replace
from dynacli.registry.configuration import DEMO, profiles_in
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.build_request import MANAGED_HEADERS, build_request
from dynacli.request.choose_server import choose_server
from dynacli.request.form_body import PREVIEW_BOUNDARY, Multipart
from dynacli.secrets import MASK, is_secret_header
from dynacli.urls import authority, origin_of, split_url, url_at

_LARGEST = 1 << 20
_ANYWHERE = "http://localhost"


def _example_request(
    described: DescribedOperation, settings: CallSettings, server: str, base_url: str
) -> ExportedRequest:
    """Return the request of an operation's example, or a request with the reason why there is no example.

    Args:
        server: The variable with the URL of its server.
        base_url: The URL of the server; empty if it is unknown.
    """
    described = described.sending("")
    operation = described.operation
    raw = described.part["operation"]
    made = ExportedRequest(
        operation.name,
        operation.summary or operation.name,
        operation.method,
        operation.path.partition("#")[0].partition("?")[0],
        description=text_or_empty(raw.get("description")) or operation.summary,
        authorizations=_authorizations(described, base_url),
        server=server,
        is_deprecated=operation.is_deprecated,
        successes=tuple(
            response.status for response in operation.responses if response.status.startswith("2")
        ),
        inputs=OperationDescription(described).inputs,
        responses={response.status: response.description for response in operation.responses},
    )
    try:
        values = _example_values(described, settings)
        request = build_request(
            operation,
            base_url or _ANYWHERE,
            values.parameters,
            values.body,
            values.media_type,
            settings.headers,
            query_pairs=[(pair.name, pair.value) for pair in values.query],
        )
        validating = CallValidator(described, request, values, settings)
        validating.validate_request()
        validating.check()
        body = _exported_body(values)
    except DynacliError as error:
        return replace(made, lacking=" ".join(error.message.split()))
    return replace(
        made,
        path_values=request.parts.path,
        query=_query(request, made.authorizations),
        headers=tuple(_exported_headers(described, request, made.authorizations, settings)),
        body=body,
    )


def _example_values(described: DescribedOperation, settings: CallSettings) -> CallValues:
    """Return the values of the example, which are the same in each export, with the query pairs of all calls.

    Raises:
        UsageError: No example can be made.
    """
    keys = {
        (parameter.location, parameter.name): stable_id("idempotency-key", described.operation.name)
        for parameter in described.operation.parameters
        if is_idempotency_key(parameter) and parameter.value.type in {"string", "any"}
    }
    inputs = CallInputs(keys, wants_example=True, boundary=PREVIEW_BOUNDARY, has_examples=True)
    inputs = with_pairs(described, inputs, for_further_calls(settings))
    return collect_values(described, inputs, is_strict=True)


def _query(request: Request, authorizations: Sequence[Authorization]) -> tuple[Entry, ...]:
    keys = {
        authorization.scheme.parameter
        for authorization in authorizations
        if authorization.location == "query"
    }
    texts = [pair.encoded for pair in request.parts.query if pair.name not in keys]
    if request.parts.querystring:
        texts.extend(request.parts.querystring[1].split("&"))
    pairs = (text.partition("=") for text in texts if text)
    return tuple(Entry(name, value) for name, _, value in pairs)


def _exported_headers(
    described: DescribedOperation,
    request: Request,
    authorizations: Sequence[Authorization],
    settings: CallSettings,
) -> list[Entry]:
    """Return the headers. A credential becomes a variable."""
    keys = {
        authorization.scheme.parameter.lower()
        for authorization in authorizations
        if authorization.location == "header"
    }
    new = {
        parameter.name.lower()
        for parameter in described.operation.parameters
        if is_idempotency_key(parameter)
    }
    typed = {name.lower() for name, _ in settings.headers}
    headers = []
    for name, value in request.headers:
        lowered = name.lower()
        if lowered in keys:
            continue
        is_secret = lowered in typed and is_secret_header(name)
        if is_secret:
            headers.append(Entry(name, "", variable_name(name)))
        else:
            headers.append(Entry(name, value, is_new=lowered in new))
    return headers


def _exported_body(values: CallValues) -> ExportedBody | None:
    """Return the body.

    Raises:
        FileError: A file in the body cannot be read.
    """
    if values.body is None:
        return None
    content = values.body if isinstance(values.body, bytes) else values.body.whole(_LARGEST) or b""
    body = ExportedBody(values.media_type, content)
    if isinstance(values.body, Multipart) and essence(values.media_type) == "multipart/form-data":
        if not any(part.headers for part in values.body.parts):
            return replace(body, parts=tuple(map(_form_part, values.body.parts)))
    elif is_form(values.media_type):
        text = content.decode("ascii", "replace")
        with suppress(ValueError):
            pairs = tuple(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))
            return replace(body, form=pairs)
    return body


def _form_part(part: Any) -> ExportedPart:
    content = part.content if isinstance(part.content, bytes) else b"".join(part.content.chunks())
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = None
    # The programs read a file of this name, so it is never a path from the document, and has no dot.
    file_name = part.file_name if part.file_name is None else file_stem(part.file_name)
    return ExportedPart(part.name or "", text, part.media_type, file_name)


def _authorizations(described: DescribedOperation, base_url: str) -> tuple[Authorization, ...]:
    """Return the first alternative that can be exported; nothing if the operation needs no authorization."""
    for alternative in described.operation.security:
        if alternative and all(map(is_supported, alternative)):
            made = [_authorization(described, scheme, base_url) for scheme in alternative]
            return tuple(authorization for authorization in made if authorization.kind != "mutualTLS")
    return ()


def _variable(api: OpenedApi, name: str) -> str:
    """Return the name of the variable for a credential.

    It begins with the name of the API. Otherwise a document could choose the whole name, for example the name of
    another API's token in the same program.

    Args:
        name: The name of the security scheme.
    """
    parts = split_url(api.uri)
    document = f"{parts.hostname or ''} {parts.path if parts.hostname else parts.path.rpartition('/')[2]}"
    return variable_name(f"{api.name if api.is_registered or api.name == DEMO else document} {name}")


def _authorization(described: DescribedOperation, scheme: SecurityScheme, base_url: str) -> Authorization:
    kind, variable = kind_of(scheme), _variable(described.api, scheme.name)
    if scheme.type in {"oauth2", "openIdConnect"}:
        kind = "oauth2"
        key = scheme.name.replace("~", "~0").replace("/", "~1")
        found = described.follow(described.api.catalog.component(f"/components/securitySchemes/{key}")[1])
        flows = flows_of(found, f"{base_url}/") if isinstance(found, dict) else ()
        if flows:
            flow = flows[0]
            return Authorization(scheme, kind, variable, flow.authorization_url, flow.token_url, flow.kind)
    return Authorization(scheme, kind, variable)


def make_collection(
    api: OpenedApi, operations: Iterable[OperationSummary], settings: CallSettings
) -> Collection:
    """Return the collection of some operations of an API.

    Args:
        settings: The settings of calls, with the server to use first and the headers of all requests.

    Raises:
        UsageError: The requested server does not exist.
    """
    maker = _Maker(api, settings)
    tags = tag_tree(api.catalog.meta)
    by_tag: dict[str, list[ExportedRequest]] = {}
    for summary in operations:
        request = maker.request(DescribedOperation(api, api.catalog.operation(summary.name)))
        by_tag.setdefault(tags.main_tag(summary.tags), []).append(request)
    document = api.document()
    tree = document.tree if document is not None else {}
    info = dict_or_empty(tree.get("info"))
    described = {
        tag["name"]: text_or_empty(tag.get("description"))
        for tag in list_or_empty(tree.get("tags"))
        if isinstance(tag, dict) and isinstance(tag.get("name"), str)
    }
    folders = tuple(
        Folder(tag, described.get(tag, ""), tuple(_with_distinct_titles(by_tag[tag])), tags.path(tag)[:-1])
        for tag in tags.sorted(by_tag)
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
    """Yield requests with distinct titles, ignoring case.

    The first of equal titles stays, so that a new operation at the end changes no other one.
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
        """Return the URL of a server; empty if the document has no usable one.

        Raises:
            UsageError: The requested server does not exist.
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
        return _example_request(described, self._settings, variable, url)

    def surroundings(self) -> Iterator[Surroundings]:
        """Yield the servers of the document and the profiles. The server in use comes first."""
        own = dict(self._own.values())
        taken: dict[str, int] = {}
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
    parts = split_url(url)
    return authority(parts.scheme, parts.hostname or "", parts.port)


def calls_collection(calls: Sequence[HarCall], apis: Sequence[str]) -> Collection:
    """Return the collection of recorded calls.

    Args:
        calls: The calls in their order, without secrets.
        apis: The name of the API of each call.
    """
    servers: dict[str, str] = {}
    taken: dict[str, int] = {}
    folders: dict[str, list[ExportedRequest]] = {}
    for call, api in zip(calls, apis, strict=True):
        origin = origin_of(call.url)
        if origin not in servers:
            servers[origin] = f"{BASE_URL}{len(servers) + 1}" if servers else BASE_URL
        name = distinct_name(call.operation or call.method, taken)
        folders.setdefault(api, []).append(_recorded_request(call, api, name, servers[origin]))
    made = tuple(Folder(api, "", tuple(requests)) for api, requests in folders.items())
    secrets = dict.fromkeys(
        entry.variable
        for folder in made
        for request in folder.requests
        for entry in (*request.headers, *request.query)
        if entry.variable
    )
    values = {variable: url_at(origin, "") for origin, variable in servers.items()}
    return Collection(
        "History", folders=made, surroundings=(Surroundings("history", values),), secrets=tuple(secrets)
    )


def _recorded_request(call: HarCall, api: str, name: str, server: str) -> ExportedRequest:
    parts = split_url(call.url)
    media_type = next((value for key, value in call.headers if key.lower() == "content-type"), "")
    headers = [
        _entry(api, key, value)
        for key, value in call.headers
        if key.lower() not in MANAGED_HEADERS and key.lower() != "accept-encoding"
    ]
    body = None
    if call.body:
        form = None
        if is_form(media_type):
            form = tuple(parse_qsl(call.body.decode("ascii", "replace"), keep_blank_values=True))
        body = ExportedBody(media_type, call.body, form)
    pairs = (text.partition("=") for text in parts.query.split("&") if text)
    return ExportedRequest(
        name,
        name,
        call.method,
        parts.path,
        query=tuple(_entry(api, key, value) for key, _, value in pairs),
        headers=tuple(_cookies_apart(headers)),
        body=body,
        server=server,
        successes=(str(call.status),) if call.status else (),
    )


def _entry(api: str, name: str, value: str) -> Entry:
    """Return a pair. A masked value becomes a variable, after the text before the mask."""
    before, is_masked, _ = value.partition(MASK)
    return Entry(name, before, variable_name(f"{api} {name}")) if is_masked else Entry(name, value)


def _cookies_apart(headers: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the headers. A masked header of cookies becomes a single variable."""
    for header in headers:
        is_cookie = header.name.lower() == "cookie" and bool(header.variable)
        yield Entry(header.name, "", header.variable) if is_cookie else header
