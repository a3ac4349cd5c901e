"""Whom a connection reaches: the proxy that the environment names, and no private address after a public one."""

import base64
import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from dynacli.errors import RefusedError, UsageError
from dynacli.urls import socket_of

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a NAT64 translator makes of IPv4 addresses (RFC 6052, section 2.1)."""


class Peers:
    """The servers at the other end of several connections.

    A host name may resolve to a public address first and to a private one a moment later, which leads a program into
    the network that it runs in ("DNS rebinding"). So after a connection to a public address, none to a private address
    is used. If the first connection leads to a private address, the person named a host of their own network.

    If a proxy is configured, it is the peer of every connection and resolves names itself: then nothing is checked.
    """

    def __init__(self) -> None:
        self.is_connected = False
        self.refused: RefusedError | None = None
        self._is_public = False

    def check(self, connection: socket.socket) -> None:
        """Check a new connection, over which nothing has been sent yet.

        Raises:
            RefusedError: The address is private after a public address; the connection is closed.
        """
        is_public = _is_public(connection)
        if not self.is_connected:
            self.is_connected, self._is_public = True, is_public
        elif self._is_public and not is_public:
            connection.close()
            self.refused = RefusedError(
                "A public host leads to a private address now",
                reason="Its name has another address than before, as in an attack by DNS rebinding",
                hint="If the API is in your own network, give its address there",
            )
            raise self.refused


def _is_public(connection: socket.socket) -> bool:
    try:
        # A link-local address has its scope after a `%`.
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
        name: Its host and port, for messages.
        authorization: The value of `Proxy-Authorization`; empty for none.
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
        UsageError: It is none that speaks plain HTTP.
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
