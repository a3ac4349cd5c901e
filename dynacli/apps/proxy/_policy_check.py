"""The policy of an API, held against the requests that pass: it binds every way to the API's server."""

from collections.abc import Iterable

from dynacli.apps.proxy._own_answers import OwnAnswer
from dynacli.apps.proxy._passed_exchange import PassedExchange
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.operation_at import UndocumentedOperation
from dynacli.client.policy.permit_request import permit_request
from dynacli.errors import RefusedError
from dynacli.http.built_request import Request
from dynacli.openapi.model.operation import Operation
from dynacli.registry.opened_api import OpenedApi
from dynacli.traffic.operation_finder import OperationFinder
from dynacli.traffic.recorded_request import RecordedRequest

__all__ = ["PolicyCheck"]


class PolicyCheck:
    """Lets requests pass if the policy does.

    Args:
        settings: Nobody is asked about what a policy wants confirmed, since nobody waits at a terminal.
        base: The base URL that requests are passed on to.
        servers: The base URLs of the operations.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, base: str, servers: Iterable[str]) -> None:
        self._api, self._settings, self._base = api, settings, base
        self._finder = OperationFinder(api, servers)

    def __call__(self, passed: PassedExchange, body: bytes | None) -> OwnAnswer | None:
        """Return the answer to a request that may not pass; None if it may.

        Args:
            body: None if it is too large to be looked at.
        """
        method = passed.method.upper()  # as many servers read it
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in passed.headers)
        request = Request(method, passed.url, headers, body)
        match = self._finder.find_request(RecordedRequest(method, passed.url, headers))
        base = self._base if match is None else match.base
        try:
            described = (
                self._described(passed, method)
                if match is None
                else DescribedOperation(self._api, match.operation)
            )
            self._settings.permit(described)
            permit_request(described, self._settings, request, base, is_whole=body is not None)
        except RefusedError as error:
            return OwnAnswer(403, "http_request_denied", error.message, error.reason, error.hint)
        return None

    def _described(self, passed: PassedExchange, method: str) -> DescribedOperation:
        # What is denied of any operation is denied of a path that may be another spelling of its path.
        path = passed.target.partition("?")[0]
        return UndocumentedOperation(self._api, Operation(f"{method} {path}", "", method, path))
