"""The policy of an API, held against the requests that pass: it binds every way to the API's server."""

from collections.abc import Iterable
from urllib.parse import unquote

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.policy.permit_request import ANY_METHOD, permit_request
from dynacli.client.undocumented_operation import UndocumentedOperation
from dynacli.errors import RefusedError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.media_types import essence, is_form, is_json, is_multipart
from dynacli.model.operation import Operation
from dynacli.proxy.own_answers import OwnAnswer
from dynacli.proxy.passed_exchange import PassedExchange
from dynacli.request.built_request import Request, RequestParts
from dynacli.traffic.operation_finder import OperationFinder
from dynacli.traffic.recorded_request import RecordedRequest

__all__ = ["PolicyCheck"]

_NO_PARTS = RequestParts({}, (), {}, ())
_UNSEEN = "its body is too large or encoded, and may have a field that"


class PolicyCheck:
    """Lets requests pass where the policy does.

    Args:
        settings: Nobody is asked about what a policy wants confirmed, since nobody waits at a terminal.
        servers: The base URLs of the operations.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, servers: Iterable[str]) -> None:
        self._api, self._settings = api, settings
        self._finder = OperationFinder(api, servers)

    def __call__(self, passed: PassedExchange, body: bytes | None) -> OwnAnswer | None:
        """Return the answer to a request that may not pass; None where it may.

        Args:
            body: None where it is too large to be looked at.
        """
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in passed.headers)
        request = Request(passed.method, passed.url, headers, body, _NO_PARTS)
        described = self._described(passed, headers)
        is_readable = body is not None and not request.header("content-encoding")
        may_hide = not is_readable and _has_fields(request.header("content-type") or "")
        asked = dict.fromkeys(ANY_METHOD, _UNSEEN) if may_hide else {}
        try:
            self._settings.permit(described, asked)
            permit_request(described, self._settings, request)
        except RefusedError as error:
            return OwnAnswer(403, "http_request_denied", error.message, error.why, error.hint)
        return None

    def _described(self, passed: PassedExchange, headers: tuple[tuple[str, str], ...]) -> DescribedOperation:
        match = self._finder.find_request(RecordedRequest(passed.method, passed.url, headers))
        if match is not None and all(map(_is_plain, match.path_values.values())):
            return DescribedOperation(self._api, match.operation)
        # What is denied of any operation is denied of a path that may be another spelling of its path.
        path = passed.target.partition("?")[0]
        operation = Operation(f"{passed.method} {path}", "", passed.method, path)
        return UndocumentedOperation(self._api, operation)


def _is_plain(value: str) -> bool:
    """Return whether no server takes a value of a path for several steps of it, or for a step back."""
    text = unquote(value)
    return text not in {".", ".."} and text.isprintable() and not {"/", "\\"}.intersection(text)


def _has_fields(media_type: str) -> bool:
    """Return whether servers read fields from a body of a media type."""
    kind = essence(media_type)
    return not kind or is_form(kind) or is_json(kind) or is_multipart(kind) or kind.startswith("text/")
