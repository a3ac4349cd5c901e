"""What every server of dynacli begins and ends with: the socket that it listens at, and the signals that end it.

The socket is bound before anything else is done, so that a port in use is reported at once.
"""

import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from dynacli.errors import UsageError
from dynacli.urls import bracketed

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts at which only this machine reaches a server."""
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  - recognised, and never the default
"""Hosts at which a server is reached by every address of the machine."""

_MOST_PORT = 65_535
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:@/]*)(?::[0-9]{1,5})?")
# Names that no one can register (RFC 6761, ICANN). Any machine of a local network can take a name without a dot, or
# one that ends with `.local` (RFC 6762).
_PRIVATE_NAMES = (".localhost", ".test", ".internal")
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@lru_cache(maxsize=100)
def is_own_host(host: str, names: frozenset[str]) -> bool:
    """Return whether the `Host` of a request names a server of this machine, so that no foreign page has sent it.

    A page of any site can reach a server under a name of its own that leads here (DNS rebinding). Its name is never an
    address.

    Args:
        host: The value, with the port if it has one.
        names: The hosts that the server listens at, an IPv6 address without brackets.
    """
    from ipaddress import ip_address

    match = _AUTHORITY.fullmatch(host)
    if match is None:
        return False
    name = match[1].lower().removeprefix("[").removesuffix("]")
    if name == "localhost" or name in names or name.endswith(_PRIVATE_NAMES):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a TCP socket that listens already: another process could bind the address until it does.

    Args:
        host: A name or an address, an IPv6 address without brackets.
        port: 0 takes a free one.

    Raises:
        UsageError: The port cannot be had, or the host is none of this machine.
    """
    if not 0 <= port <= _MOST_PORT:
        raise _cannot_listen(host, port, f"A port is a number from 0 to {_MOST_PORT}")
    sock = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        # asyncio turns Nagle's algorithm off only if the protocol is named; else every second response waits 40 ms.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # The port of a server that has just ended can be used again.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen()
    except (OSError, UnicodeError) as error:
        if sock is not None:
            sock.close()
        reason = getattr(error, "strerror", None) or "The name of the host is invalid"
        raise _cannot_listen(host, port, reason) from error
    return sock


def _cannot_listen(host: str, port: int, reason: str) -> UsageError:
    return UsageError(
        f"Cannot listen on port {port} of {host}",
        reason=reason,
        hint="Give another port, or 0 for a free one",
    )


def origin_at(sock: socket.socket, host: str) -> str:
    """Return the origin by which a client on this machine reaches a server.

    Args:
        host: The host as it was given.
    """
    shown = LOOPBACK[0] if host in ANYWHERE else host
    return f"http://{bracketed(shown)}:{sock.getsockname()[1]}"


def handle_signals(handle: Callable[[int], None]) -> None:
    """Let SIGINT and SIGTERM be handled in the running event loop; does nothing outside the main thread.

    Args:
        handle: Called with the number of the signal.
    """
    if threading.current_thread() is threading.main_thread():
        import asyncio  # the loop runs already; other servers do without it

        from dynacli.system import handle_signal

        loop = asyncio.get_running_loop()
        for number in _NUMBERS:
            handle_signal(loop, number, handle)


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Put the handlers back at the end of a block that were there at its beginning."""
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _NUMBERS if is_main}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
