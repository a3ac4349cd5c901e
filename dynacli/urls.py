"""URLs: their origins, and how messages show them.

Besides `http` and `https` URLs there are those of a socket of this machine: `unix:/run/app.sock:/v1/pets?limit=3`.
They end the path of the socket with `:`, and go on with the path of the request. The path of a socket has none of the
characters that could be read in two ways (`http.sockets.parse_socket`).
"""

from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from dynacli.files import is_url

DEFAULT_PORTS = {"http": 80, "https": 443}
_SOCKET = "unix:"
_ORIGIN_ON_SOCKETS = "http://localhost"
"""What a server on a socket takes for its own origin, by the header `Host`; curl sends the same."""
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
    """Return the origin of a URL: scheme, host and port, the port only if it is not the default.

    That of a socket is `unix:` and its path.

    Source: RFC 6454, section 4.

    Raises:
        ValueError: The URL is malformed.
    """
    if socket := socket_of(url):
        return _SOCKET + socket
    parts = urlsplit(url)
    return f"{parts.scheme}://{authority(parts.scheme, parts.hostname or '', parts.port)}"


class _SocketUrl(SplitResult):
    """The parts of a URL of a socket: its path is the network location, and its host is this machine."""

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
    """Return the parts of a URL, which may be that of a socket.

    Raises:
        ValueError: The URL is malformed.
    """
    if not url.startswith(_SOCKET):
        return urlsplit(url)
    return _SocketUrl("unix", socket_of(url), *urlsplit(url_on_the_wire(url))[2:])


def socket_of(url: str) -> str:
    """Return the path of the socket that a URL leads to; empty for the other URLs."""
    return url.removeprefix(_SOCKET).partition(":/")[0].removesuffix(":") if url.startswith(_SOCKET) else ""


def url_at(origin: str, path: str) -> str:
    """Return the URL of a path at an origin; the path may be empty, and be put after it later."""
    return f"{origin}{':' * origin.startswith(_SOCKET)}{path}"


def join_url(base: str, reference: str) -> str:
    """Return the URL that a reference means (RFC 3986, section 5).

    A server on a socket calls itself `http://localhost`, as the header `Host` does.

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
    """Return a URL as HTTP has it: on a socket, the host is `localhost`."""
    if not url.startswith(_SOCKET):
        return url
    return _ORIGIN_ON_SOCKETS + url.removeprefix(_SOCKET + socket_of(url)).removeprefix(":")


def server_of(url: str) -> tuple[str, int]:
    """Return the host and the port of a URL in one form for all spellings of the same server.

    Every name and address of this machine that needs no look-up is `localhost`, and the default ports of HTTP and HTTPS
    are one server. A socket is the same one under each name that leads to it.

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
        # As the system reads an address: `127.1`, `0x7f.1`, `2130706433` (inet_aton(3)).
        address: Any = ipaddress.ip_address(socket.inet_aton(name))
    except (OSError, ValueError):
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return name
        # IPv4 within IPv6: mapped, compatible, translated (RFC 4291, section 2.5.5; RFC 2765; RFC 6052).
        if (
            address.version == 6
            and int(address) >> 32 in {0, 0xFFFF, 0xFFFF0000, 0x64FF9B << 64}
            and int(address) > 1
        ):
            address = ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return "localhost" if address.is_loopback or address.is_unspecified else str(address)


def authority(scheme: str, host: str, port: int | None) -> str:
    """Return the host and the port of a URL, the port only if it is not the scheme's default."""
    name = bracketed(host)
    return name if port in (None, DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def is_served(url: str) -> bool:
    """Return whether requests can be sent to a URL: one of `http`, of `https`, or of a socket."""
    return url.startswith(("http://", "https://", _SOCKET))


def is_whole_url(word: str) -> bool:
    """Return whether a person wrote a URL, or a path, which need not be one of the document's."""
    return is_url(word) or word.startswith("/")


def without_query(url: str) -> str:
    """Return a URL as messages may show it: no userinfo, no query, no fragment."""
    try:
        parts = split_url(url)
    except ValueError:
        return "the URL"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
