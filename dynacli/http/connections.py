"""Protection against DNS rebinding, and the proxy that the environment names."""

import base64
import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from dynacli.errors import RefusedError, UsageError
from dynacli.urls import socket_of

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""The IPv6 addresses into which NAT64 translates IPv4 addresses (RFC 6052, section 2.1)."""


class Peers:
    """The servers of several connections, checked against DNS rebinding.

    In such an attack, a host name resolves to a public address first and to a private one later, so that a program
    calls servers in the local network. So a connection to a private address is refused after one to a public address.
    If the first connection goes to a private address, the user named a host in the local network.

    A configured proxy is the peer of every connection and resolves the names itself, so the check does not apply.
    """

    def __init__(self) -> None:
        self.is_connected = False
        self.refused: RefusedError | None = None
        self._is_public = False

    def check(self, connection: socket.socket) -> None:
        """Check a new connection before anything is sent over it.

        Raises:
            RefusedError: The address is private, but an earlier one was public. The connection is closed.
        """
        is_public = _is_public(connection)
        if not self.is_connected:
            self.is_connected, self._is_public = True, is_public
        elif self._is_public and not is_public:
            connection.close()
            self.refused = RefusedError(
                "The host now resolves to a private address",
                reason="It had a public address before, as in a DNS rebinding attack",
                hint="If the API is in your network, give its private address with `--server`",
            )
            raise self.refused


def _is_public(connection: socket.socket) -> bool:
    try:
        # A link-local address may end with `%` and a scope, which `ip_address` need not know.
        address = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
    except (OSError, ValueError, IndexError):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        else:
            address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


class EnvironmentProxy(NamedTuple):
    """A proxy that requests pass through.

    Args:
        host: Host of the proxy.
        port: Port of the proxy.
        name: Host and port, for messages.
        authorization: Value of `Proxy-Authorization`; empty for none.
    """

    host: str
    port: int
    name: str
    authorization: bytes


def proxy_url_of(url: str) -> str:
    """Return the URL of the proxy that the environment names for a URL; empty for none."""
    if socket_of(url):
        return ""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def environment_proxy(url: str) -> EnvironmentProxy | None:
    """Return the proxy that the environment names for a URL; None if it names none.

    Raises:
        UsageError: The proxy is not an `http://` URL with a host.
    """
    proxy = proxy_url_of(url)
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        port = parts.port or 80
    except ValueError:
        port = 0
    if not port or parts.scheme != "http" or not parts.hostname:
        raise UsageError(
            "The proxy that the environment names cannot be used",
            reason="It is not an `http://` URL with a host",
            hint="Name another one in `HTTPS_PROXY` or `HTTP_PROXY`, or the upstream's host in `NO_PROXY`",
        )
    authorization = b""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = b"Basic " + base64.b64encode(pair)
    return EnvironmentProxy(parts.hostname, port, parts.netloc.rpartition("@")[2], authorization)
