"""URLs: parsing, origins, and display in messages.

Besides `http` and `https` URLs, dynacli has URLs of a Unix socket: `unix:/run/app.sock:/v1/pets?limit=3`.
A `:` separates the path of the socket from the path of the request. `http.sockets.parse_socket` refuses characters in
the path of a socket that would make this ambiguous.
"""

from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from dynacli.files import is_url

DEFAULT_PORTS = {"http": 80, "https": 443}
_SOCKET = "unix:"
_ORIGIN_ON_SOCKETS = "http://localhost"
"""Origin of a server on a socket, as the header `Host` tells it; curl sends the same."""
_LOCAL_NAMES = frozenset(
    ("ip6-localhost", "ip6-loopback", "localhost4", "localhost6", "localhost.localdomain", "localhost")
)
_WIDE_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    from ipaddress import ip_address

    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Return the origin of a URL: scheme, host, and the port if it is not the default.

    The origin of a URL of a socket is `unix:` and the path of the socket.

    Source: RFC 6454, section 4.

    Raises:
        ValueError: The URL is malformed.
    """
    if socket := socket_of(url):
        return _SOCKET + socket
    parts = urlsplit(url)
    return f"{parts.scheme}://{authority(parts.scheme, parts.hostname or '', parts.port)}"


class _SocketUrl(SplitResult):
    """The parts of a URL of a socket. `netloc` is the path of the socket, and the host is `localhost`."""

    __slots__ = ()

    @property
    def hostname(self) -> str:
        return "localhost"

    @property
    def port(self) -> None:
        return None

    def geturl(self) -> str:
        path = f":{self.path or '/'}" if self.path or self.query or self.fragment else ""
        return f"{_SOCKET}{self.netloc}{path}{self.query and '?'}{self.query}{self.fragment and '#'}{self.fragment}"


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL, which may be the URL of a socket.

    Raises:
        ValueError: The URL is malformed.
    """
    if not url.startswith(_SOCKET):
        return urlsplit(url)
    return _SocketUrl("unix", socket_of(url), *urlsplit(url_on_the_wire(url))[2:])


def socket_of(url: str) -> str:
    """Return the path of the socket in a URL; empty if the URL is not the URL of a socket."""
    return url.removeprefix(_SOCKET).partition(":/")[0].removesuffix(":") if url.startswith(_SOCKET) else ""


def url_at(origin: str, path: str) -> str:
    """Return the URL of a path at an origin. A caller may pass an empty path and append the real one later."""
    return f"{origin}{':' * origin.startswith(_SOCKET)}{path}"


def join_url(base: str, reference: str) -> str:
    """Return the URL of a reference, resolved against a base URL (RFC 3986, section 5).

    If the base is on a socket, references to `http://localhost` stay on the socket: the server sees that as its origin.

    Raises:
        ValueError: The reference is malformed.
    """
    if not base.startswith(_SOCKET):
        return urljoin(base, reference)
    joined = urlsplit(urljoin(url_on_the_wire(base), reference))
    if (joined.scheme, joined.netloc) != tuple(_ORIGIN_ON_SOCKETS.split("://")):
        return joined.geturl()
    return _SocketUrl("unix", socket_of(base), *joined[2:]).geturl()


def url_on_the_wire(url: str) -> str:
    """Return a URL as it is sent over HTTP: for a socket, the host is `localhost`."""
    if not url.startswith(_SOCKET):
        return url
    return _ORIGIN_ON_SOCKETS + url.removeprefix(_SOCKET + socket_of(url)).removeprefix(":")


def server_of(url: str) -> tuple[str, int]:
    """Return the host and the port of a URL, equal for all spellings of the same server.

    All names and addresses of this machine that need no DNS query become `localhost`. Port 80 becomes 443. All paths
    of the same socket give the same result.

    Raises:
        ValueError: The URL is malformed.
    """
    if socket := socket_of(url):
        return _socket_file(socket), 0
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return _plain_host(unquote(parts.hostname or "")), 443 if port == 80 else port


def _socket_file(path: str) -> str:
    import os

    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return _SOCKET + os.path.realpath(path)
    return f"{_SOCKET}{found.st_dev}:{found.st_ino}"


def _plain_host(host: str) -> str:
    import ipaddress
    import socket

    name = host.translate(_WIDE_DOTS).rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    if name in _LOCAL_NAMES or name.endswith(".localhost") or name == socket.gethostname().lower():
        return "localhost"
    try:
        # The system also reads these as addresses: `127.1`, `0x7f.1`, `2130706433` (inet_aton(3)).
        address: Any = ipaddress.ip_address(socket.inet_aton(name))
    except (OSError, ValueError):
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return name
        # IPv4 in IPv6: mapped, compatible or translated (RFC 4291, section 2.5.5; RFC 2765; RFC 6052).
        if (
            address.version == 6
            and int(address) >> 32 in {0, 0xFFFF, 0xFFFF0000, 0x64FF9B << 64}
            and int(address) > 1
        ):
            address = ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return "localhost" if address.is_loopback or address.is_unspecified else str(address)


def authority(scheme: str, host: str, port: int | None) -> str:
    """Return the host of a URL, with the port if it is not the default of the scheme."""
    name = bracketed(host)
    return name if port in (None, DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"


def bracketed(host: str) -> str:
    """Return a host as URLs write it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def is_served(url: str) -> bool:
    """Return whether requests can be sent to a URL: its scheme is `http`, `https` or `unix`."""
    return url.startswith(("http://", "https://", _SOCKET))


def is_whole_url(word: str) -> bool:
    """Return whether an argument is a URL or a path, instead of the name of an operation."""
    return is_url(word) or word.startswith("/")


def without_query(url: str) -> str:
    """Return a URL without userinfo, query and fragment, for messages."""
    try:
        parts = split_url(url)
    except ValueError:
        return "the URL"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
