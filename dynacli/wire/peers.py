"""Holds all connections of several exchanges to the kind of network that the first one led to."""

import ipaddress
import socket

from dynacli.errors import RefusedError

__all__ = ["Peers"]

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as a translator writes them (RFC 6052, section 2.1)."""


class Peers:
    """The addresses at the other end.

    A name may answer with a public address first and with a private one a moment later, so that a program which
    was sent to the one asks the other ("DNS rebinding"). After a connection to a public address, none to a private one
    is used. Where the first one is private, the person named a host of their own network.

    Where a proxy is configured, it is the peer of every connection, and looks names up itself: nothing is known here.
    """

    def __init__(self) -> None:
        self.is_connected = False
        self.refused: RefusedError | None = None
        self._is_public = False

    def check(self, connection: socket.socket) -> None:
        """Take note of a connection; nothing has been sent over it yet.

        Raises:
            RefusedError: It leads to a private address after a public one; it is closed.
        """
        is_public = _is_public(connection)
        if not self.is_connected:
            self.is_connected, self._is_public = True, is_public
        elif self._is_public and not is_public:
            connection.close()
            self.refused = RefusedError(
                "A public host leads to a private address now",
                why="Its name was looked up again and had another address; programs can be misled that way",
                hint="If the API is in your own network, give its address there",
            )
            raise self.refused


def _is_public(connection: socket.socket) -> bool:
    try:
        # The scope of a link-local address stands behind a `%`.
        address = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0])
    except (OSError, ValueError, IndexError):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        else:
            address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast
