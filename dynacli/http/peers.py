"""Connections to private addresses, refused after a connection to a public address."""

import ipaddress
import socket

from dynacli.errors import RefusedError

__all__ = ["Peers"]

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a NAT64 translator makes of IPv4 addresses (RFC 6052, section 2.1)."""


class Peers:
    """The servers at the other end of several connections.

    A host name may resolve to a public address first and to a private one a moment later, which leads a program into
    the network that it runs in ("DNS rebinding"). So after a connection to a public address, none to a private address
    is used. Where the first connection leads to a private address, the person named a host of their own network.

    Where a proxy is configured, it is the peer of every connection and resolves names itself: then nothing is checked.
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
                reason="Its name was looked up again and had another address; programs can be misled that way",
                hint="If the API is in your own network, give its address there",
            )
            raise self.refused


def _is_public(connection: socket.socket) -> bool:
    try:
        # A link-local address has its scope behind a `%`.
        address = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
    except (OSError, ValueError, IndexError):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        else:
            address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast
