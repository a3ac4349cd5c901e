"""The stand-in as a Starlette application: routing, keys, roles, checks, and the error shape."""

from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dynacli.demo.data.demo_store import Store
from dynacli.demo.demo_document import ServedDocument
from dynacli.demo.demo_facts import API_KEYS, BASE_PATH
from dynacli.demo.error_answers import FieldError, Problem, forbidden, invalid, unauthenticated
from dynacli.demo.misbehaviour import misbehaving_response
from dynacli.demo.operations.demo_operation import DemoCall, DemoOperation
from dynacli.demo.query_parameters import read_query
from dynacli.demo.request_body import read_body

__all__ = ["application"]

_ROLES_BY_KEY = {key: role for role, key in API_KEYS.items()}


def application(
    operations: Iterable[DemoOperation], document: ServedDocument, misbehave: Mapping[str, str]
) -> Starlette:
    """Return the application, with new data.

    Args:
        operations: The operations that it answers.
        document: The OpenAPI document that it serves.
        misbehave: operationId → the misbehaviour of its good answers, one of `MISBEHAVIOURS`; already checked.
    """
    store = Store()
    resources: dict[str, dict[str, DemoOperation]] = {}
    for operation in operations:
        resources.setdefault(operation.path, {})[operation.method] = operation
    routes = [
        Route(f"{BASE_PATH}{path}", _Resource(methods, store, misbehave), name=path)
        for path, methods in resources.items()
    ]

    async def serve_document(request: Request) -> Response:
        headers = {"ETag": document.etag, "Cache-Control": "no-cache"}
        if document.is_known_to(request.headers.get("If-None-Match")):
            return Response(status_code=304, headers=headers)
        return Response(document.content, headers=headers, media_type="application/json")

    routes.append(Route(f"{BASE_PATH}/openapi", serve_document))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _http_error})
    # A path with a final slash is a wrong path, which a redirect would hide.
    app.router.redirect_slashes = False
    return app


class _Resource:
    """A path with its methods; an ASGI application, because Starlette's `Allow` lists the methods of a single route."""

    def __init__(
        self, methods: Mapping[str, DemoOperation], store: Store, misbehave: Mapping[str, str]
    ) -> None:
        self._methods = methods
        self._store = store
        self._misbehave = misbehave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        # The body is always read, so that the connection can be used again.
        raw = await request.body()
        try:
            response = self._answer(request, raw)
        except Problem as problem:
            response = JSONResponse(problem.as_json(), problem.status, headers=problem.headers)
        await response(scope, receive, send)

    def _answer(self, request: Request, raw: bytes) -> Response:
        # HEAD is answered like GET; uvicorn drops the body.
        operation = self._methods.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = [*self._methods, *(["HEAD"] if "GET" in self._methods else [])]
            raise Problem(
                405,
                "method_not_allowed",
                f"`{request.method}` is not possible here",
                headers={"Allow": ", ".join(sorted(allowed))},
            )
        role = _role(request.headers.getlist("Authorization"))
        if operation.writes and role == "viewer":
            raise forbidden(role)
        query = read_query(request.query_params.multi_items(), operation.query)
        answer = operation.handle(
            DemoCall(
                self._store, role, request.path_params.get("id", ""), query, _body(operation, request, raw)
            )
        )
        kind = self._misbehave.get(operation.id)
        if kind is not None:
            return misbehaving_response(kind, operation.id, answer)
        return JSONResponse(answer.body, answer.status)


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


def _body(operation: DemoOperation, request: Request, raw: bytes) -> object:
    if operation.body is not None:
        content_type = request.headers.get("Content-Type")
        return read_body(raw, content_type, operation.body, required=operation.needs_body)
    # A body of DELETE has no meaning and does no harm; a body of GET is a mistake of the client.
    if raw and operation.method != "DELETE":
        raise invalid([FieldError("body", "is not taken by this operation")])
    return None


async def _http_error(_request: Request, error: Exception) -> Response:
    """Return the answer to a request that Starlette itself refuses, such as one of an unknown route."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "http_error")
    message = "There is no such route" if status == 404 else "The request cannot be answered"
    return JSONResponse(Problem(status, code, message).as_json(), status, headers=headers)
