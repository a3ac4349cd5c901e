"""The server of a mock: finds the operation of a request, checks the request, responses, and tells of it."""

import json
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from dynacli.apps.mock._mock_responses import (
    MadeResponse,
    MockResponses,
    PreferenceError,
    ProblemError,
    preferences_of,
    response_of,
)
from dynacli.auth.credentials import WITH_TOKEN, kind_of
from dynacli.check.recordings import ExchangeValidator, ToldExchange
from dynacli.client.call_settings import CallSettings
from dynacli.errors import InternalError
from dynacli.openapi.model.operation import Operation, SecurityScheme, Server
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter
from dynacli.traffic.operation_finder import MatchedOperation, OperationFinder
from dynacli.traffic.recorded_request import RecordedExchange, RecordedResponse
from dynacli.validation.finding import Finding, ValidationResult

__all__ = ["FINDINGS_HEADER", "MockExchange", "MockRoutes", "MockServer", "ToldMock", "base_path"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_ORIGIN = re.compile(r"[^/]*://[^/]*")


class MockRoutes:
    """Finds operations after the path of a server of the document, and at the root."""

    def __init__(self, api: OpenedApi) -> None:
        self._api = api
        self._finder = OperationFinder(api)
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, method: str, url: str) -> list[MatchedOperation]:
        """Return the operations that a request can be for, the likeliest first; HEAD is asked of a GET, too."""
        matches = self._finder.find_behind(method, url, self._is_base)
        if not matches and method == "HEAD":
            matches = self._finder.find_behind("GET", url, self._is_base)
        return matches

    def allowed(self, url: str) -> list[str]:
        """Return the methods that the path of a URL has; none if the document has no such path."""
        found = {method for method in self._finder.methods if self.find(method, url)}
        if not found:
            return []
        return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))

    def _is_base(self, operation: Operation, base: str) -> bool:
        path = urlsplit(base).path
        if not path:
            return True
        key = operation.name if operation.servers else ""
        if key not in self._patterns:
            # A client that learns of one server instead of all sends everything there.
            servers = (*operation.servers, *self._api.servers)
            self._patterns[key] = re.compile(
                "|".join(_path_pattern(server, self._api.uri) for server in servers) or "(?!)"
            )
        return self._patterns[key].fullmatch(path) is not None


def base_path(api: OpenedApi) -> str:
    """Return the path of the document's first server, with the defaults of its variables; empty if it has none."""
    if not api.servers:
        return ""
    server = api.servers[0]
    return _path_of(_VARIABLE.sub(lambda match: _default(server, match[1]), server.url), api.uri)


def _path_pattern(server: Server, uri: str) -> str:
    """Return a regular expression for the path of a server, in which variables take any value."""
    names: list[str] = []

    def mark(match: re.Match[str]) -> str:
        default = _default(server, match[1])
        if "://" in default:
            return default  # `{baseUrl}/v2`
        names.append(default)
        return "\0"

    marked = _path_of(_VARIABLE.sub(mark, server.url), uri)
    # Variables of the host are not in the path, and stand before those that are.
    defaults = iter(names[len(names) - marked.count("\0") :])
    pieces = (re.escape(piece) for piece in marked.split("\0"))
    pattern = next(pieces)
    for piece in pieces:
        # A default may have slashes: `api/v2`.
        pattern += f"(?:[^/]+|{re.escape(next(defaults))}){piece}"
    return f"(?:{pattern})"


def _path_of(url: str, uri: str) -> str:
    """Return the path of a URL that may be relative or have marks in it, without a slash at its end."""
    origin = _ORIGIN.match(url)
    if origin is not None:
        path = url[origin.end() :]
    elif uri.startswith(("http://", "https://")):
        path = urlsplit(urljoin(uri, url)).path
    else:
        path = f"/{url.lstrip('./')}"
    return path.partition("?")[0].partition("#")[0].rstrip("/")


def _default(server: Server, name: str) -> str:
    variable = (server.variables or {}).get(name)
    default = variable.get("default") if isinstance(variable, dict) else None
    return default if isinstance(default, str) else name


FINDINGS_HEADER = "Dynacli-Findings"
"""The header of a response that says what is wrong with the request, if a documented body cannot."""
_LONGEST_HEADER = 4_000
_UNAUTHORIZED, _UNSUPPORTED, _INVALID = "missing-security", "undocumented-media-type", ""
_STATUSES = {_UNAUTHORIZED: (401,), _UNSUPPORTED: (415, 422, 400), _INVALID: (422, 400)}
"""Rule → the statuses by which a request is refused that breaks it, the best first; those of Prism."""


@record
class MockExchange:
    """A request and its response.

    Args:
        match: The operation of the request; None if the document has none.
        validation: On the request and on the response; None if nothing was validated.
        source: What the body of the response was made of, or why the document has none; empty if there is no body.
    """

    recorded: RecordedExchange
    match: MatchedOperation | None = None
    validation: ValidationResult | None = None
    source: str = ""


class MockServer:
    """Responds to the requests to an API, one at a time.

    Args:
        settings: At `strict` and `exact` a request is refused that the document does not allow; at `warn` it is
            responded like a right one; at `off` nothing is validated.
        is_dynamic: Whether values are made up again for each response, if the client does not say.
        has_examples: Whether the examples of responses are given if the client names none.
    """

    def __init__(
        self, api: OpenedApi, settings: CallSettings, *, is_dynamic: bool = False, has_examples: bool = True
    ) -> None:
        self._level = settings.level
        self._routes = MockRoutes(api)
        self._validator = ExchangeValidator(api, settings)
        self._responses = MockResponses(
            api, self._validator, is_dynamic=is_dynamic, has_examples=has_examples
        )

    def respond(self, received: RecordedExchange) -> MockExchange:
        """Return the exchange of a request, with its response; no exception of one exchange ends the mock."""
        start = time.monotonic()
        try:
            exchange = self._answered(received)
        except ProblemError as problem:
            exchange = _with_response(MockExchange(received), problem.response, problem.detail)
        except Exception as error:  # noqa: BLE001  - it is reported with the exchange
            told = ProblemError(500, InternalError.caused_by(error).line)
            exchange = _with_response(MockExchange(received), told.response, told.detail)
        recorded = replace(exchange.recorded, seconds=time.monotonic() - start)
        return replace(exchange, recorded=recorded)

    def _answered(self, received: RecordedExchange) -> MockExchange:
        try:
            preferences, request = preferences_of(received.request)
        except PreferenceError as error:
            raise ProblemError(400, str(error)) from error
        matches = self._routes.find(request.method, request.url)
        if not matches:
            return self._without_operation(received)
        match, validation = self._validated(replace(received, request=request), matches)
        exchange = MockExchange(received, match, validation if self._level != "off" else None)
        accept = [value for name, value in request.headers if name.lower() == "accept"]
        try:
            if validation.findings and self._level in {"strict", "exact"}:
                return self._refused(exchange, match, validation, accept)
            made = self._responses.success(match, preferences, accept)
        except ProblemError as problem:
            return _with_response(exchange, problem.response, problem.detail)
        return _with_made(exchange, made, validation.findings)

    def _validated(
        self, received: RecordedExchange, matches: Sequence[MatchedOperation]
    ) -> tuple[MatchedOperation, ValidationResult]:
        """Return the first operation that allows a request with its result, else the first of all with its own."""
        if self._level == "off":
            return matches[0], ValidationResult()
        validated = []
        for match in matches:
            validated.append((match, self._validator.request(received, match, is_whole=True)))
            if validated[-1][1].is_valid:
                return validated[-1]
        return validated[0]

    def _without_operation(self, received: RecordedExchange) -> MockExchange:
        """Return the response if the path has no such method, or if there is no such path."""
        request = received.request
        allowed = self._routes.allowed(request.url)
        if not allowed:
            raise ProblemError(404, "The document has no such path")
        listed = ", ".join(allowed)
        headers = [("Allow", listed)]
        if request.method == "OPTIONS":
            return _with_response(MockExchange(received), response_of(204, headers, b""), "")
        raise ProblemError(405, f"This path has {listed}, and not {request.method}", headers=headers)

    def _refused(
        self,
        exchange: MockExchange,
        match: MatchedOperation,
        validation: ValidationResult,
        accept: Sequence[str],
    ) -> MockExchange:
        """Return the response to a request that the document does not allow: a documented one, else a problem."""
        rules = {finding.rule for finding in validation.findings}
        rule = next((each for each in (_UNAUTHORIZED, _UNSUPPORTED) if each in rules), _INVALID)
        headers = _challenges(match.operation) if rule == _UNAUTHORIZED else ()
        made = self._responses.failure(match, _STATUSES[rule], accept)
        if made is None:
            raise ProblemError(
                _STATUSES[rule][0],
                "The document does not allow this request, and has no response that says so",
                headers=headers,
                findings=[finding.as_json() for finding in validation.findings],
            )
        # A challenge that the document makes up would be none that a client understands.
        kept = made.response.headers
        if headers:
            kept = tuple(header for header in kept if header[0].lower() != "www-authenticate")
        response = replace(made.response, headers=(*kept, *headers))
        return _with_made(exchange, replace(made, response=response), validation.findings)


def _with_made(exchange: MockExchange, made: MadeResponse, findings: Iterable[Finding]) -> MockExchange:
    """Return the exchange with a response of the document, whose header tells what is wrong with the request."""
    if exchange.validation is not None:
        exchange.validation.extend(made.findings)
    messages = [f"{finding.pointer or 'body'}: {finding.message}" for finding in findings]
    told: tuple[tuple[str, str], ...] = ()
    if messages:
        # Escaped, so that a header can hold it (RFC 8941 has no text beyond ASCII either).
        text = json.dumps(messages)
        told = ((FINDINGS_HEADER, text if len(text) <= _LONGEST_HEADER else json.dumps([messages[0][:500]])),)
    response = replace(made.response, headers=(*made.response.headers, *told))
    return _with_response(exchange, response, made.source)


def _with_response(exchange: MockExchange, response: RecordedResponse, source: str) -> MockExchange:
    return replace(exchange, recorded=replace(exchange.recorded, response=response), source=source)


def _challenges(operation: Operation) -> tuple[tuple[str, str], ...]:
    """Return a `WWW-Authenticate` for each way of signing in that HTTP has a name for (RFC 9110, section 11.6.1)."""
    schemes = [scheme for alternative in operation.security for scheme in alternative]
    return tuple(("WWW-Authenticate", text) for text in dict.fromkeys(filter(None, map(_challenge, schemes))))


def _challenge(scheme: SecurityScheme) -> str:
    kind = kind_of(scheme)
    if scheme.type not in {"http", *WITH_TOKEN} or not kind.isalnum():
        return ""
    nonce = ', qop="auth", nonce="mock"' if kind == "digest" else ""
    return f'{kind.capitalize()} realm="mock"{nonce}'


class ToldMock(ToldExchange):
    """An exchange of a mock as it is reported: with what the body of the response was made of."""

    def __init__(self, api: OpenedApi, exchange: MockExchange) -> None:
        recorded = exchange.recorded
        parts = urlsplit(recorded.request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sizes = len(recorded.content or b""), len((recorded.response and recorded.response.body) or b"")
        super().__init__(api, recorded, exchange.match, exchange.validation, target, sizes)
        self._source = exchange.source

    def outcome(self, paint: Painter) -> str:
        """Return what the body was made of, or why the document has none."""
        return paint.dim(self.shown(self._source)) if self._source else ""

    def members(self) -> dict[str, Any]:
        """Return the same as data."""
        return {"from": self._source or None}
