"""What the demo API responds: routing, keys, roles, checks, the error shape, and responses spoiled on purpose."""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from dynacli.demo._operations import DemoCall, DemoOperation, DemoResponse
from dynacli.demo._requests import (
    FieldError,
    Problem,
    Request,
    Response,
    forbidden,
    invalid,
    json_response,
    read_body,
    read_query,
    unauthenticated,
)
from dynacli.demo._store import Store
from dynacli.demo.demo_document import ServedDocument
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH, MISBEHAVIOURS
from dynacli.errors import UsageError

__all__ = ["Application", "check_misbehaviours"]

_UNDOCUMENTED_STATUS = 203

# operationId → the path to the required field that is spoiled in its response.
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


def check_misbehaviours(misbehave: Mapping[str, str], operations: Mapping[str, DemoOperation]) -> None:
    """Check that the operations and misbehaviours exist.

    Args:
        misbehave: operationId → misbehaviour.
        operations: operationId → operation, for all operations of the demo API.

    Raises:
        UsageError: An operation or a kind is unknown.
    """
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


def _misbehaving_response(kind: str, operation_id: str, good: DemoResponse) -> Response:
    """Return the spoiled response for a good one.

    Args:
        kind: One of `MISBEHAVIOURS`.
        operation_id: The operationId of the operation.
        good: The good response, which stays unchanged.
    """
    if kind == "hang":
        return Response(good.status, (), None)
    if kind == "undocumented-status":
        return json_response(_UNDOCUMENTED_STATUS, good.body)
    if kind == "wrong-media-type":
        page = b"<!doctype html>\n<title>Armature</title>\n<p>Please sign in.</p>\n"
        return Response(good.status, (("content-type", "text/html; charset=utf-8"),), page)
    if kind == "truncated-json":
        whole = json_response(good.status, good.body)
        return whole._replace(body=whole.body[: len(whole.body) // 2]) if whole.body else whole
    return json_response(good.status, _broken(kind, good.body, _SPOILED_FIELDS[operation_id]))


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


_ROLES_BY_KEY = {key: role for role, key in API_KEYS.items()}
_DOCUMENT_PATH = f"{BASE_PATH}/openapi"
_NO_RESPONSE_BODY = 304


class Application:
    """The demo API, with new data; threads may call it.

    Args:
        operations: The operations that it responds to.
        document: The OpenAPI document that it serves.
        misbehave: operationId → the misbehaviour of its good responses, one of `MISBEHAVIOURS`; already checked.
    """

    def __init__(
        self, operations: Iterable[DemoOperation], document: ServedDocument, misbehave: Mapping[str, str]
    ) -> None:
        self._document, self._misbehave = document, misbehave
        self._resources: dict[tuple[str, ...], dict[str, DemoOperation]] = {}
        for operation in operations:
            steps = tuple(f"{BASE_PATH}{operation.path}".split("/"))
            self._resources.setdefault(steps, {})[operation.method] = operation
        self._store, self._lock = Store(), Lock()

    def response(self, request: Request) -> Response:
        """Return the response to a request."""
        try:
            if request.path == _DOCUMENT_PATH:
                return self._served_document(request)
            methods, identity = self._found(request.path)
            with self._lock:
                return self._response(request, methods, identity)
        except Problem as problem:
            return json_response(problem.status, problem.as_json(), tuple(problem.headers.items()))

    def _served_document(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise _not_allowed("The request cannot be answered", ["GET", "HEAD"])
        headers = (("etag", self._document.etag), ("cache-control", "no-cache"))
        if self._document.is_known_to(next(iter(request.values_of("if-none-match")), None)):
            return Response(_NO_RESPONSE_BODY, headers, b"")
        return Response(200, (*headers, ("content-type", "application/json")), self._document.content)

    def _found(self, path: str) -> tuple[Mapping[str, DemoOperation], str]:
        """Return the operations of a path by method, and the `{id}` in it; empty where it has none."""
        steps = tuple(path.split("/"))
        for template, methods in self._resources.items():
            # `{id}` takes any step but an empty one.
            if len(template) == len(steps) and all(
                step == wanted or (step and wanted == "{id}")
                for step, wanted in zip(steps, template, strict=True)
            ):
                return methods, next(
                    (step for step, wanted in zip(steps, template, strict=True) if wanted == "{id}"), ""
                )
        raise Problem(404, "not_found", "There is no such route")

    def _response(self, request: Request, methods: Mapping[str, DemoOperation], identity: str) -> Response:
        # HEAD is answered like GET; the server drops the body.
        operation = methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
            raise _not_allowed(f"`{request.method}` is not possible here", allowed)
        role = _role(request.values_of("authorization"))
        if operation.writes and role == "viewer":
            raise forbidden(role)
        query = read_query(parse_qsl(request.query, keep_blank_values=True), operation.query)
        good = operation.handle(DemoCall(self._store, role, identity, query, _body(operation, request)))
        kind = self._misbehave.get(operation.id)
        if kind is not None:
            return _misbehaving_response(kind, operation.id, good)
        return json_response(good.status, good.body)


def _not_allowed(message: str, methods: list[str]) -> Problem:
    return Problem(405, "method_not_allowed", message, headers={"allow": ", ".join(sorted(methods))})


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


def _body(operation: DemoOperation, request: Request) -> object:
    if operation.body is not None:
        content_type = next(iter(request.values_of("content-type")), None)
        return read_body(request.body, content_type, operation.body, required=operation.needs_body)
    # A body of DELETE has no meaning and does no harm; a body of GET is a mistake of the client.
    if request.body and operation.method != "DELETE":
        raise invalid([FieldError("body", "is not taken by this operation")])
    return None
