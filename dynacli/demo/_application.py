"""What the demo API answers: routing, keys, roles, checks, and the error shape."""

from collections.abc import Iterable, Mapping
from threading import Lock
from urllib.parse import parse_qsl

from dynacli.demo._data.demo_store import Store
from dynacli.demo._demo_exchange import Answer, Request, json_answer
from dynacli.demo._error_answers import FieldError, Problem, forbidden, invalid, unauthenticated
from dynacli.demo._misbehaviour import misbehaving_answer
from dynacli.demo._operations.demo_operation import DemoCall, DemoOperation
from dynacli.demo._query_parameters import read_query
from dynacli.demo._request_body import read_body
from dynacli.demo.demo_document import ServedDocument
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH

__all__ = ["Application"]

_ROLES_BY_KEY = {key: role for role, key in API_KEYS.items()}
_DOCUMENT_PATH = f"{BASE_PATH}/openapi"
_NO_RESPONSE_BODY = 304


class Application:
    """The demo API, with new data; threads may call it.

    Args:
        operations: The operations that it answers.
        document: The OpenAPI document that it serves.
        misbehave: operationId → the misbehaviour of its good answers, one of `MISBEHAVIOURS`; already checked.
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

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request."""
        try:
            if request.path == _DOCUMENT_PATH:
                return self._served_document(request)
            methods, identity = self._found(request.path)
            with self._lock:
                return self._answer(request, methods, identity)
        except Problem as problem:
            return json_answer(problem.status, problem.as_json(), tuple(problem.headers.items()))

    def _served_document(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise _not_allowed("The request cannot be answered", ["GET", "HEAD"])
        headers = (("etag", self._document.etag), ("cache-control", "no-cache"))
        if self._document.is_known_to(next(iter(request.values_of("if-none-match")), None)):
            return Answer(_NO_RESPONSE_BODY, headers, b"")
        return Answer(200, (*headers, ("content-type", "application/json")), self._document.content)

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

    def _answer(self, request: Request, methods: Mapping[str, DemoOperation], identity: str) -> Answer:
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
            return misbehaving_answer(kind, operation.id, good)
        return json_answer(good.status, good.body)


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
