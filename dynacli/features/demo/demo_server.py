"""The running demo API and its document: in threads for the duration of a block, or in the foreground.

The application has routing, keys, roles, validation, error responses, and responses that are wrong on purpose.
Its HTTP server is h11 with a thread for each connection. Importing uvicorn, asyncio and Starlette would take longer
than the rest of a call. h11 is installed anyway: httpx uses it for HTTP/1.1.
"""

import json
import selectors
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, unquote

from dynacli.environment import how_to_install
from dynacli.errors import FileError, UsageError
from dynacli.features.demo._data import Store, shipped_data
from dynacli.features.demo._operations import RESPONDERS, DemoCall
from dynacli.features.demo._requests import (
    DemoRequest,
    DemoResponse,
    FieldError,
    ProblemResponse,
    Schemas,
    forbidden,
    invalid,
    json_response,
    read_body,
    read_query,
    unauthenticated,
)
from dynacli.http.import_httpx import h11
from dynacli.http.serving import kept_handlers, listening_socket, origin_at
from dynacli.record import record
from dynacli.registry.demo_facts import (
    API_KEYS,
    BASE_PATH,
    MISBEHAVIOURS,
    DemoServer,
    demo_at,
    document_path,
)

_UNDOCUMENTED_STATUS = 203
# operationId → the path to the required field that a misbehaviour spoils in the response.
_SPOILED_FIELDS: Mapping[str, tuple[str | int, ...]] = {
    "getOrg": ("organization", "slug"),
    "listMcpServers": ("rows", 0, "name"),
    "createMcpServer": ("name",),
    "getMcpServer": ("categories",),
    "listWorkflows": ("rows", 0, "categories"),
    "createWorkflow": ("currentVersion", "version"),
    "getWorkflow": ("currentVersion", "version"),
    "updateWorkflow": ("currentVersion", "version"),
    "archiveWorkflow": ("ok",),
    "dispatchWorkflowRun": ("deduplicated",),
    "searchRuns": ("rows", 0, "workflowName"),
    "getRun": ("modelId",),
    "getRunTrace": ("spans", 0, "durationMs"),
    "getRunEvaluation": ("criteria", 0, "position"),
    "listRunToolCalls": ("rows", 0, "toolName"),
    "getInsightsOverview": ("kpis", "sessions"),
    "listInsightTopics": ("topics", 0, "volume"),
    "getInsightTopic": ("topic", "label"),
    "updateInsightTopic": ("archived",),
    "listInsightSearches": ("searches", 0, "count"),
    "getInsightSearch": ("sample_queries",),
    "listInsightSessions": ("sessions", 0, "event_count"),
    "getInsightSessionTrace": ("session", "session_key"),
    "listWorkflowVersions": ("rows", 0, "version"),
}
_ROLES_BY_KEY = {key: role for role, key in API_KEYS.items()}
_DOCUMENT_PATH = f"{BASE_PATH}/openapi"
_NEXT_OPERATION = "listWorkflowVersions"
"""The operation that only the next revision has."""
_NO_RESPONSE_BODY = 304
_PIECE = 64 * 1024
"""Maximum bytes of one read, and of the request line and headers."""
_MOST_BODY = 16 * 1024 * 1024
_MOST_CONNECTIONS = 200
"""Maximum number of open connections, with a thread each. The server closes further ones."""
_SILENCE = 30.0
"""Seconds to wait for the next piece of a request."""
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PLAIN = ("content-type", "text/plain; charset=utf-8")
_BAD_REQUEST = DemoResponse(400, (("connection", "close"), _PLAIN), b"Invalid HTTP request received.")
_TOO_LARGE = DemoResponse(413, (("connection", "close"), _PLAIN), b"The body is too large.")
_DEFECT = DemoResponse(500, (_PLAIN,), b"Internal Server Error")
_HOST = "127.0.0.1"
_NO_MISBEHAVIOUR: Mapping[str, str] = {}


@record
class ServedDocument:
    """The document as the server sends it.

    Args:
        content: Its bytes.
        etag: Its strong entity tag, quoted (RFC 9110, section 8.8.3).
    """

    content: bytes
    etag: str

    def is_known_to(self, if_none_match: str | None) -> bool:
        """Return whether an `If-None-Match` header (RFC 9110, section 13.1.2) names this document."""
        tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
        return "*" in tags or self.etag in tags


def served_document(*, with_next: bool = False) -> ServedDocument:
    """Return the shipped document, byte for byte, or its next revision.

    Args:
        with_next: Whether to return the next revision, which has the operation `listWorkflowVersions`.

    Raises:
        FileError: The document cannot be read.
    """
    path = document_path()
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise FileError(
            f"Cannot read `{path}`",
            reason=error.strerror or "It is not readable",
            hint=f"Install it again: {how_to_install()}",
        ) from error
    if with_next:
        document = _with_versions(json.loads(content))
        content = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    return ServedDocument(content, f'"{sha256(content).hexdigest()[:32]}"')


def _with_versions(document: dict[str, Any]) -> dict[str, Any]:
    """Return the next revision of the document. Its new path follows the path of a workflow's runs."""
    added = shipped_data("next_revision.json")
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        paths[path] = item
        if path == "/workflows/{id}/runs":
            paths |= added["paths"]
    components = document["components"]
    schemas = components["schemas"] | added["schemas"]
    return document | {"paths": paths, "components": components | {"schemas": schemas}}


def check_misbehaviours(misbehave: Mapping[str, str], *, with_next: bool) -> None:
    """Check that the operations and misbehaviours exist.

    Args:
        misbehave: operationId → misbehaviour.
        with_next: Whether the demo API has the operation `listWorkflowVersions`.

    Raises:
        UsageError: An operation or a kind is unknown.
    """
    operations = [name for name in RESPONDERS if with_next or name != _NEXT_OPERATION]
    for operation_id, kind in misbehave.items():
        if operation_id not in operations:
            raise UsageError(
                f"`{operation_id}` cannot misbehave",
                reason="The demo API has no operation of that name",
                hint=f"Choose one of {', '.join(operations)}",
            )
        if kind not in MISBEHAVIOURS:
            raise UsageError(
                f"`{operation_id}` cannot misbehave by `{kind}`",
                reason="The demo API has no such way to misbehave",
                hint=f"Choose one of {', '.join(MISBEHAVIOURS)}",
            )


def _misbehaving_response(kind: str, name: str, status: int, value: dict[str, Any]) -> DemoResponse:
    """Return the misbehaving response that replaces a good one.

    Args:
        kind: One of `MISBEHAVIOURS`.
        name: The operationId.
        status: The status code of the good response.
        value: The JSON value of the good response, which stays unchanged.
    """
    if kind == "hang":
        return DemoResponse(status, (), None)
    if kind == "undocumented-status":
        return json_response(_UNDOCUMENTED_STATUS, value)
    if kind == "wrong-media-type":
        page = b"<!doctype html>\n<title>Armature</title>\n<p>Please sign in.</p>\n"
        return DemoResponse(status, (("content-type", "text/html; charset=utf-8"),), page)
    if kind == "truncated-json":
        whole = json_response(status, value)
        return whole._replace(body=whole.body[: len(whole.body) // 2]) if whole.body else whole
    return json_response(status, _broken(kind, value, _SPOILED_FIELDS[name]))


def _broken(kind: str, value: Any, path: tuple[str | int, ...]) -> Any:
    """Return a copy of a JSON value with the field at a path spoiled."""
    step, rest = path[0], path[1:]
    # An empty list has no first item to spoil, so the list itself is spoiled.
    if rest and value[step]:
        changed = value.copy()
        changed[step] = _broken(kind, value[step], rest)
        return changed
    changed = dict(value)
    if kind == "undocumented-field":
        changed["internalNote"] = "not in the document"
    elif kind == "missing-field":
        del changed[step]
    else:
        changed[step] = _of_another_type(changed[step])
    return changed


def _of_another_type(value: Any) -> Any:
    return 12345 if isinstance(value, str) else "of another type"


class Application:
    """The demo API with fresh data. Several threads may call it at once.

    Args:
        document: The OpenAPI document to serve, which also defines the operations and validates requests.
        misbehave: operationId → misbehaviour of its good responses, one of `MISBEHAVIOURS`; already checked.
    """

    def __init__(self, document: ServedDocument, misbehave: Mapping[str, str]) -> None:
        self._document, self._misbehave = document, misbehave
        tree = json.loads(document.content)
        self._schemas = Schemas(tree["components"])
        self._paths: dict[tuple[str, ...], dict[str, Any]] = {
            tuple(f"{BASE_PATH}{path}".split("/")): item for path, item in tree["paths"].items()
        }
        self._lock = Lock()

    @cached_property
    def _store(self) -> Store:
        # Made on first use: a refused request, or one for the document, needs no data.
        return Store()

    def response(self, request: DemoRequest) -> DemoResponse:
        """Return the response to a request."""
        try:
            if request.path == _DOCUMENT_PATH:
                return self._served_document(request)
            item, identity = self._found(request.path)
            with self._lock:
                return self._response(request, item, identity)
        except ProblemResponse as problem:
            return json_response(problem.status, problem.as_json(), tuple(problem.headers.items()))

    def _served_document(self, request: DemoRequest) -> DemoResponse:
        if request.method not in {"GET", "HEAD"}:
            raise _not_allowed("The request cannot be served", ["GET", "HEAD"])
        headers = (("etag", self._document.etag), ("cache-control", "no-cache"))
        if self._document.is_known_to(next(iter(request.values_of("if-none-match")), None)):
            return DemoResponse(_NO_RESPONSE_BODY, headers, b"")
        return DemoResponse(200, (*headers, ("content-type", "application/json")), self._document.content)

    def _found(self, path: str) -> tuple[Mapping[str, Any], str]:
        """Return the Path Item Object of a path, and its `{id}`; empty if the path has none."""
        steps = tuple(path.split("/"))
        for template, item in self._paths.items():
            # `{id}` takes any step but an empty one.
            if len(template) == len(steps) and all(
                step == wanted or (step and wanted == "{id}")
                for step, wanted in zip(steps, template, strict=True)
            ):
                return item, steps[template.index("{id}")] if "{id}" in template else ""
        raise ProblemResponse(404, "not_found", "There is no such route")

    def _response(self, request: DemoRequest, item: Mapping[str, Any], identity: str) -> DemoResponse:
        methods = {name.upper(): operation for name, operation in item.items() if name != "parameters"}
        # HEAD is handled like GET; the server drops the body.
        operation = methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
            raise _not_allowed(f"`{request.method}` is not possible here", allowed)
        role = _role(request.values_of("authorization"))
        if role == "viewer" and request.method not in {"GET", "HEAD"}:
            raise forbidden(role)
        query = read_query(
            parse_qsl(request.query, keep_blank_values=True), self._parameters(operation), self._schemas
        )
        call = DemoCall(self._store, role, identity, query, self._checked_body(operation, request))
        name, status = operation["operationId"], int(next(iter(operation["responses"])))
        value = RESPONDERS[name](call)
        if name in self._misbehave:
            return _misbehaving_response(self._misbehave[name], name, status, value)
        return json_response(status, value)

    def _parameters(self, operation: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return name → schema of the query parameters of an operation."""
        parameters = map(self._schemas.target, operation.get("parameters", ()))
        return {
            parameter["name"]: self._schemas.target(parameter["schema"])
            for parameter in parameters
            if parameter["in"] == "query"
        }

    def _checked_body(self, operation: Mapping[str, Any], request: DemoRequest) -> Any:
        described = operation.get("requestBody")
        if described is not None:
            content_type = next(iter(request.values_of("content-type")), None)
            schema = described["content"]["application/json"]["schema"]
            return read_body(
                request.body, content_type, schema, self._schemas, required=described["required"]
            )
        # A DELETE body has no meaning and does no harm. Any other unexpected body is a mistake of the client.
        if request.body and request.method != "DELETE":
            raise invalid([FieldError("body", "is not taken by this operation")])
        return None


def _not_allowed(message: str, methods: list[str]) -> ProblemResponse:
    return ProblemResponse(405, "method_not_allowed", message, headers={"allow": ", ".join(sorted(methods))})


def _role(authorization: list[str]) -> str:
    if not authorization:
        raise unauthenticated("The API key is missing")
    scheme, _, key = authorization[0].partition(" ")
    if len(authorization) > 1 or scheme.lower() != "bearer" or not key.startswith("amt_"):
        raise unauthenticated(
            "The API key is malformed; send `Authorization: Bearer amt_<key-id>_<secret>` once"
        )
    role = _ROLES_BY_KEY.get(key)
    if role is None:
        raise unauthenticated("The API key is unknown or revoked")
    return role


class _ThreadedServer:
    def __init__(
        self,
        listener: socket.socket,
        response: Callable[[DemoRequest], DemoResponse],
        announce: Callable[[Exception], None],
    ) -> None:
        self._listener, self._response, self._announce = listener, response, announce
        self._woken, self._waker = socket.socketpair()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, name="dynacli-server", daemon=True)

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        """Stop at once, even if clients still wait for a response."""
        self._waker.close()
        self._accepting.join()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join()

    def _accept(self) -> None:
        with self._listener, self._woken, selectors.DefaultSelector() as selector:
            # If the client has given up meanwhile, accepting must not block.
            self._listener.setblocking(False)
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                with suppress(OSError):
                    connection, _ = self._listener.accept()
                    self._converse_aside(connection)

    def _converse_aside(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
        with self._lock:
            if len(self._connections) >= _MOST_CONNECTIONS:
                connection.close()
                return
            self._connections[connection] = thread
        thread.start()

    def _converse(self, sock: socket.socket) -> None:
        """Respond to the requests of a connection, one after the other, until either side ends it."""
        state = h11.Connection(h11.SERVER, max_incomplete_event_size=_PIECE)
        try:
            # A connection that the client breaks is not a defect, so nothing is reported.
            with sock, suppress(OSError, h11.LocalProtocolError):
                try:
                    while self._exchange(state, sock):
                        state.start_next_cycle()
                except h11.RemoteProtocolError as error:
                    is_large = error.error_status_hint == _TOO_LARGE.status
                    _send(state, sock, _TOO_LARGE if is_large else _BAD_REQUEST, "GET")
        finally:
            with self._lock:
                del self._connections[sock]

    def _exchange(self, state: h11.Connection, sock: socket.socket) -> bool:
        """Respond to a request, and return whether another one may follow."""
        sock.settimeout(_SILENCE)
        request = _next_request(state, sock)
        if request is None:
            return False
        sock.settimeout(None)
        try:
            response = self._response(request)
        except Exception as error:  # noqa: BLE001  - one exchange never ends a server
            self._announce(error)
            response = _DEFECT
        if response.body is None:
            while sock.recv(_PIECE):  # until the client goes
                pass
            return False
        _send(state, sock, response, request.method)
        return state.our_state is h11.DONE and state.their_state is h11.DONE


def _next_request(state: h11.Connection, sock: socket.socket) -> DemoRequest | None:
    """Return the next request of a connection; None if the client ends it.

    Raises:
        h11.RemoteProtocolError: The request is not HTTP/1.1, or its body is too large.
        OSError: The connection broke, or the client was silent for too long.
    """
    head, body = None, bytearray()
    while True:
        event = state.next_event()
        if event is h11.NEED_DATA:
            if state.they_are_waiting_for_100_continue:
                sock.sendall(
                    state.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
                    or b""
                )
            state.receive_data(sock.recv(_PIECE))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BODY:
                raise h11.RemoteProtocolError("too large", error_status_hint=_TOO_LARGE.status)
        elif head is not None and isinstance(event, h11.EndOfMessage):
            path, _, query = head.target.partition(b"?")
            headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
            return DemoRequest(
                head.method.decode("ascii"),
                unquote(path.decode("ascii")),
                query.decode("ascii"),
                headers,
                bytes(body),
            )
        else:
            return None


def _send(state: h11.Connection, sock: socket.socket, response: DemoResponse, method: str) -> None:
    content = response.body or b""
    headers = list(response.headers)
    if response.status != HTTPStatus.NOT_MODIFIED:
        # In lower case and before the media type, as Starlette and uvicorn write it.
        headers.insert(-1, ("content-length", str(len(content))))
    reason = HTTPStatus(response.status).phrase
    parts = [state.send(h11.Response(status_code=response.status, headers=headers, reason=reason))]
    if method != "HEAD":
        parts.append(state.send(h11.Data(data=content)))
    parts.append(state.send(h11.EndOfMessage()))
    sock.sendall(b"".join(part for part in parts if part))


@contextmanager
def serving(
    listener: socket.socket,
    response: Callable[[DemoRequest], DemoResponse],
    announce: Callable[[Exception], None],
) -> Iterator[None]:
    """Serve for the duration of a block.

    Args:
        listener: A listening socket, which is closed at the end.
        response: Called in several threads at once.
        announce: Called with an exception of `response`; the client gets 500.
    """
    server = _ThreadedServer(listener, response, announce)
    server.start()
    try:
        yield
    finally:
        server.stop()


def _wait_for_signal(on_ready: Callable[[], None]) -> int:
    """Wait for SIGINT or SIGTERM, and return its number. Outside the main thread, wait for ever.

    A signal that arrives just before the wait would not end the wait for a lock. In a socket it leaves a byte
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).

    Args:
        on_ready: Called once when signals are handled.
    """
    woken, waker = socket.socketpair()
    with woken, waker:
        if threading.current_thread() is not threading.main_thread():
            on_ready()
            return woken.recv(1)[0]
        waker.setblocking(False)
        with kept_handlers():
            for ending in _ENDING_SIGNALS:
                signal.signal(ending, lambda *_: None)
            fd = signal.set_wakeup_fd(waker.fileno())
            try:
                on_ready()
                number = 0
                while number not in _ENDING_SIGNALS:
                    number = woken.recv(1)[0]
            finally:
                signal.set_wakeup_fd(fd)
    return number


@contextmanager
def running(
    *,
    port: int = 0,
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
    announce: Callable[[Exception], None] = lambda _: None,
) -> Iterator[DemoServer]:
    """Run a demo API in daemon threads for the duration of a block.

    Args:
        port: The TCP port on 127.0.0.1; 0 takes a free one.
        with_next: Whether the document and the server have the operation `listWorkflowVersions`, as in a later
            revision of the API.
        misbehave: operationId → the misbehaviour of its good responses, one of `MISBEHAVIOURS`.
        announce: Called with an exception of an exchange; the client gets 500.

    Raises:
        UsageError: The port is not available, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    check_misbehaviours(misbehave, with_next=with_next)
    application = Application(served_document(with_next=with_next), misbehave)
    listener = listening_socket(_HOST, port)
    origin = origin_at(listener, _HOST)
    with serving(listener, application.response, announce):
        yield demo_at(origin)


def serve_forever(
    *,
    port: int,
    on_ready: Callable[[DemoServer], None],
    announce: Callable[[Exception], None] = lambda _: None,
    with_next: bool = False,
    misbehave: Mapping[str, str] = _NO_MISBEHAVIOUR,
) -> int:
    """Run a demo API in the foreground, until SIGINT or SIGTERM.

    Outside the main thread, signals cannot be handled, so only the end of the process stops the server.

    Args:
        port: As for `running`, like `announce`, `with_next` and `misbehave`.
        on_ready: Called once when connections are accepted.

    Returns:
        The number of the signal that stopped the server. The process still runs.

    Raises:
        UsageError: The port is not available, or `misbehave` names an unknown operation or kind.
        FileError: The shipped document cannot be read.
    """
    with running(port=port, with_next=with_next, misbehave=misbehave, announce=announce) as server:
        return _wait_for_signal(lambda: on_ready(server))
