"""The listening socket of dynacli's servers, and the signals that end a server.

A server binds its socket first, so that a used port is reported at once.
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
"""Hosts on which only programs of this machine can reach a server."""
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  - recognised, and never the default
"""Hosts that make a server listen on every address of the machine."""

_MOST_PORT = 65_535
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:@/]*)(?::[0-9]{1,5})?")
# Reserved names, which cannot be registered (RFC 6761, ICANN). Names without a dot or with `.local` (RFC 6762) are not
# safe: any machine of a local network can claim them.
_PRIVATE_NAMES = (".localhost", ".test", ".internal")
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@lru_cache(maxsize=100)
def is_own_host(host: str, names: frozenset[str]) -> bool:
    """Return whether the `Host` of a request names this server, so that the request is not from a foreign web page.

    By DNS rebinding, a web page can reach the server under a host name of its site, which is never an IP address.

    Args:
        host: Value of the header, with the port if it has one.
        names: The hosts on which the server listens, with IPv6 addresses without brackets.
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
    """Return a listening TCP socket. It listens at once, so that no other process can take the address.

    Args:
        host: A name or an address, an IPv6 address without brackets.
        port: The port; 0 for any free port.

    Raises:
        UsageError: The port is in use or not allowed, or the host is not an address of this machine.
    """
    if not 0 <= port <= _MOST_PORT:
        raise _cannot_listen(host, port, f"A port is a number from 0 to {_MOST_PORT}")
    sock = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        # asyncio disables Nagle's algorithm only if the protocol is named; else every second response is 40 ms late.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # Allows the port of a server that has just ended.
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
    """Return the origin under which a client on this machine reaches a server.

    Args:
        sock: The listening socket.
        host: The host as the user gave it.
    """
    shown = LOOPBACK[0] if host in ANYWHERE else host
    return f"http://{bracketed(shown)}:{sock.getsockname()[1]}"


def handle_signals(handle: Callable[[int], None]) -> None:
    """Handle SIGINT and SIGTERM in the running event loop; do nothing outside the main thread.

    Args:
        handle: Called with the number of the signal.
    """
    if threading.current_thread() is threading.main_thread():
        import asyncio  # a running loop has imported it; other servers do not need it

        from dynacli.system import handle_signal

        loop = asyncio.get_running_loop()
        for number in _NUMBERS:
            handle_signal(loop, number, handle)


@contextmanager
def kept_handlers() -> Iterator[None]:
    """Restore the signal handlers at the end of a block."""
    is_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in _NUMBERS if is_main}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ignored_signals() -> Iterator[None]:
    """Ignore SIGINT and SIGTERM during a block, so that a second Ctrl-C does not interrupt it."""
    with kept_handlers():
        for number in _NUMBERS if threading.current_thread() is threading.main_thread() else ():
            signal.signal(number, signal.SIG_IGN)
        yield
