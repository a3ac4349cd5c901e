"""Which requests are not passed on: what no proxy can, what leads in a circle, and what a policy denies.

The policy of an API binds every way to the API's server.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from dynacli.apps.proxy._messages import OwnResponse, RequestHead
from dynacli.apps.proxy._validation_thread import PassedExchange
from dynacli.apps.proxy.upstream_server import UpstreamServer
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

__all__ = ["PolicyCheck", "RequestGate", "path_of"]


class PolicyCheck:
    """Lets requests pass if the policy does.

    Args:
        settings: No one is asked about what a policy wants confirmed, since no one waits at a terminal.
        base: The base URL that requests are passed on to.
        servers: The base URLs of the operations.
    """

    def __init__(self, api: OpenedApi, settings: CallSettings, base: str, servers: Iterable[str]) -> None:
        self._api, self._settings, self._base = api, settings, base
        self._finder = OperationFinder(api, servers)

    def __call__(self, passed: PassedExchange, body: bytes | None) -> OwnResponse | None:
        """Return the response to a request that may not pass; None if it may.

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
            return OwnResponse(403, "http_request_denied", error.message, error.reason, error.hint)
        return None

    def _described(self, passed: PassedExchange, method: str) -> DescribedOperation:
        # What is denied of any operation is denied of a path that may be another spelling of its path.
        path = passed.target.partition("?")[0]
        return UndocumentedOperation(self._api, Operation(f"{method} {path}", "", method, path))


_MOST_LOOKED_AT = 1024 * 1024
# Names that no one can register, so that no page of another site is at home there (RFC 6761, RFC 6762, ICANN).
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".test", ".home.arpa")


class RequestGate:
    """Says which requests are not passed on, and why.

    Attributes:
        most_looked_at: Bytes of a body that the policy wants to see.

    Args:
        own_names: The hosts that the proxy listens at, besides all addresses and private names; None if a request
            may name any host.
        policy: None if there is none.
    """

    most_looked_at = _MOST_LOOKED_AT

    def __init__(
        self,
        own_names: frozenset[str] | None,
        upstream: UpstreamServer,
        policy: PolicyCheck | None,
    ) -> None:
        self._own_names, self._upstream, self._policy = own_names, upstream, policy

    def refusal(self, request: RequestHead, ends: tuple[object, object]) -> OwnResponse | None:
        """Return the response to a request that cannot be passed on, as its head tells; None if it can.

        Args:
            ends: The address of the client, and the one that it has connected to.
        """
        if self._upstream.is_own(*ends):
            return OwnResponse(
                508,
                "proxy_loop_detected",
                "The upstream is this proxy itself",
                "Its own request came back to it",
                "Start it with the URL of another server: `--upstream URL`",
            )
        if request.method == b"CONNECT":
            return OwnResponse(
                501,
                "http_request_error",
                "This proxy makes no tunnels",
                "It replaces one server",
                "Give the client its URL as the server's, not as that of a proxy",
            )
        if request.has_token(b"upgrade", b"websocket"):
            return OwnResponse(
                501,
                "http_upgrade_failed",
                "WebSocket connections are not passed on",
                "What is sent over them is not HTTP, and no OpenAPI document describes it",
                "Give the client the server's own URL for them",
            )
        if b"#" in request.target:
            return OwnResponse(
                400,
                "http_request_error",
                "The target of the request has a `#`",
                "Servers differ in whether they take what follows for a part of the path",
                "Write it as `%23`",
            )
        if not path_of(request.target):
            return OwnResponse(400, "http_request_error", "The target of the request is not a path")
        return self._misdirected(request)

    def _misdirected(self, request: RequestHead) -> OwnResponse | None:
        """Return the response to a request that is meant for another host.

        A page of any site can reach a server on loopback under a name of its own (DNS rebinding), and the upstream
        could not tell, because it sees another `Host`.
        """
        host = (_authority(request.target) or request.values.get(b"host", b"")).decode("latin-1")
        name = _host_name(host)
        if self._own_names is None or not host or host == self._upstream.authority or self._is_known(name):
            return None
        return OwnResponse(
            421,
            "http_request_denied",
            "The request names another host than this proxy",
            "A page of another site may have sent it, under a name that leads here",
            "Name 127.0.0.1 or localhost, or start the proxy with `--preserve-host`",
        )

    def _is_known(self, name: str) -> bool:
        if "." not in name or name in (self._own_names or ()) or name.endswith(_PRIVATE_NAMES):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    @property
    def wants_body(self) -> bool:
        """Whether bodies are looked at before a request is passed on: their fields may ask for another method."""
        return self._policy is not None

    def policy_refusal(self, passed: PassedExchange, *, is_whole: bool) -> OwnResponse | None:
        """Return the response to a request that the policy does not let through; None if it does.

        Args:
            is_whole: Whether all of the body has come.
        """
        if self._policy is None:
            return None
        return self._policy(passed, passed.body.content if is_whole else None)


def path_of(target: bytes) -> bytes:
    """Return the path and the query of a request's target; empty if it has none (RFC 9112, section 3.2)."""
    if target.startswith(b"/") or target == b"*":
        return target
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() not in {b"http", b"https"}:
        return b""
    path = rest[len(_authority(target)) :]
    return path if path.startswith(b"/") else b"/" + path


def _authority(target: bytes) -> bytes:
    """Return the host in a request's target; empty if it has none."""
    _, _, rest = target.partition(b"://")
    return re.split(rb"[/?]", rest, maxsplit=1)[0] if not target.startswith(b"/") else b""


@lru_cache(maxsize=100)
def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "?."  # no name, so that it is refused
