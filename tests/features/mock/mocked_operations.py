"""Asks a mock in the test's process for an operation, with the request that `--example --dry-run json` prints."""

import base64
from typing import Any

from dynacli.auth.credentials import kind_of
from dynacli.features.mock.mock_server import MockServer
from dynacli.openapi.model.operation import Operation
from dynacli.traffic.recorded_request import RecordedExchange, RecordedRequest


def fault_of(mock: MockServer, operation: Operation, sent: dict[str, Any]) -> str:
    """Return why the response to an example is none that the document wants; empty if it is one.

    Args:
        sent: The request as `--dry-run json` prints it, without credentials.
    """
    headers, query = _credentials(operation)
    url = sent["url"]
    if query:
        url += ("&" if "?" in url else "?") + "&".join(query)
    body = base64.b64decode(sent["body_base64"]) if sent["body_base64"] else (sent["body"] or "").encode()
    request = RecordedRequest(sent["method"], url, (*map(tuple, sent["headers"]), *headers))
    exchange = mock.respond(RecordedExchange(request, body or None))
    response, validation = exchange.recorded.response, exchange.validation
    if validation is not None and validation.findings:
        finding = validation.findings[0]
        return f"{finding.where} {finding.pointer}: {finding.message}"
    if exchange.match is None or response is None or response.status >= 400:
        return f"{response and response.status} {exchange.source}"
    return ""


def _credentials(operation: Operation) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the headers and the pairs of the query that the first alternative of an operation wants."""
    headers, query = [], []
    for scheme in operation.security[0] if operation.security else ():
        kind = kind_of(scheme)
        if kind != "apiKey":
            headers.append(("Authorization", f"{kind} x"))
        elif scheme.location == "query":
            query.append(f"{scheme.parameter}=x")
        else:
            is_cookie = scheme.location == "cookie"
            headers.append(("Cookie", f"{scheme.parameter}=x") if is_cookie else (scheme.parameter, "x"))
    return headers, query
