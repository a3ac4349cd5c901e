"""URLs: their origins, and how messages show them.

Besides `http` and `https` URLs there are those of a socket of this machine: `unix:/run/app.sock:/v1/pets?limit=3`.
They end the path of the socket with `:`, and go on with the path of the request. The path of a socket has none of the
characters that could be read in two ways (`http.sockets.parse_socket`).
"""

import re
from collections.abc import Container, Iterator
from functools import partial
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
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset(
    (
        *("accesstoken", "apikey", "auth", "authorization", "authtoken", "credential", "credentials", "jwt"),
        *("key", "passphrase", "passwd", "password", "pwd", "secret", "sig", "signature", "token"),
    )
)
"""The words in the name of a parameter or header whose value is a secret."""
_KINDS_OF_KEYS = frozenset(
    (
        *("access", "account", "api", "app", "auth", "client", "consumer", "encryption", "license", "master"),
        *("private", "secret", "service", "session", "shared", "signing", "subscription", "user"),
    )
)
"""The words before `key` with which it is a secret; an `issue key` is none."""
_OF_PAGES = frozenset(("continuation", "cursor", "next", "page", "previous", "sync"))
"""The words before `token` with which it is not secret."""
_ABOUT_SECRETS = frozenset(
    (
        *("count", "expiry", "expires", "id", "ids", "kind", "length", "limit", "method", "name", "policy"),
        *("provider", "scope", "size", "status", "type", "uri", "url", "version"),
    )
)
"""The words at the end of a name that is about a secret, and whose value is none: `token_type`."""

SECRET_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie"))
_MAY_BE_SECRET = frozenset(
    (
        *(
            "accesskey",
            "assertion",
            "bearer",
            "code",
            "connectsid",
            "cred",
            "creds",
            "hmac",
            "magic",
            "otp",
            "pass",
        ),
        *(
            "passcode",
            "pin",
            "psw",
            "pw",
            "samlrequest",
            "samlresponse",
            "sid",
            "sign",
            "ticket",
            "tok",
            "totp",
        ),
        *("verifier", "pat", "mac"),
    )
)
"""The names, besides those of headers, whose values may be secrets if no document describes them."""
_MAY_BE_WORDS = frozenset(("access", "digest", "hash", "invitation", "invite", "link", "nonce", "state"))
"""The names whose values may be secrets unless they are words: `state=open`."""
_CODES = tuple(
    f"{kind}code"
    for kind in (
        *(
            "access",
            "activation",
            "auth",
            "authorization",
            "backup",
            "confirm",
            "confirmation",
            "coupon",
            "device",
        ),
        *(
            "invitation",
            "invite",
            "login",
            "mfa",
            "otp",
            "pin",
            "recovery",
            "reset",
            "secret",
            "security",
            "sms",
        ),
        *("user", "verification", "verify", "voucher"),
    )
)
"""The ends of names such as `login_code`; a `country_code` does not count."""
_SHORTEST_NAME = 3
"""Characters; a shorter name says nothing, so the value decides."""
_PLAIN = re.compile(r"(?=.{1,30}\Z)[a-z]+(?:[A-Z_,-][a-z]+)*")
"""Words that are no secrets: `open`, `in_progress`, `versionId`."""
_RANDOM = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{12,}")
MAY_HOLD_SECRET = re.compile(
    "[%#@;]|auth|code|cookie|cred|jwt|key|pass|pwd|secret|sess|sid|sig|state|tick|token"
)
"""What is in lower case in each URL of a documented path, or word of its call, that names a secret."""
_PAIR = re.compile(r"([/?&#;])([^=/?&#;]*)(=?)")
"""The beginning of a pair: in the query, in the fragment, or in a segment of the path (RFC 3986, section 3.3)."""
_AFTER_NAME = re.compile(r"/([^/?#]+)(?=/([^/?#;=]+))")
"""A segment of a path, and the one after it."""


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


def with_masked_query(location: str) -> str:
    """Return the location of a document; the values of a URL's query, which may be secret, are masked."""
    head, mark, query = location.partition("?")
    if not mark or not is_url(head):
        return location
    pieces = (piece.partition("=") for piece in query.split("&"))
    return head + mark + "&".join(f"{name}=***" if is_pair else "***" for name, is_pair, _ in pieces)


def secret_in_query(url: str) -> str:
    """Return the name of the first parameter in a URL's query that holds a secret, as its name tells; else empty."""
    for piece in url.partition("#")[0].partition("?")[2].split("&"):
        name, _, value = piece.partition("=")
        if value and is_secret_name(unquote(name)):
            return unquote(name)
    return ""


def is_secret_name(name: str) -> bool:
    """Return whether the name of a parameter or header tells that its value is a secret: `api_key`, `X-Auth-Token`."""
    words = list(map(str.lower, _NAME_WORD.findall(name)))
    secret = _SECRET_WORDS.intersection(words)
    if not secret or words[-1] in _ABOUT_SECRETS:
        return False
    if secret == {"key"}:
        return len(words) == 1 or not _KINDS_OF_KEYS.isdisjoint(words)
    return secret != {"token"} or _OF_PAGES.isdisjoint(words)


def is_secret_header(name: str, names: Container[str] = ()) -> bool:
    """Return whether the value of a header, or of an input of that name, is a secret.

    Args:
        names: Further names of secrets, in lower case.
    """
    plain = name.strip().lower()
    return plain in SECRET_HEADERS or plain in names or "session" in plain or is_secret_name(name)


def holds_secret(url: str) -> bool:
    """Return whether a URL holds a password, or a secret in its query; no other text does."""
    if "://" not in url:
        return False
    user = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return ":" in user or with_masked_secrets(url) != url


def may_be_secret(name: str, value: str) -> bool:
    """Return whether a pair of a query may be a secret if no document describes it: `sid=...`, `code=...`.

    Args:
        name: Empty if the value stands alone.
    """
    plain = "".join(filter(str.isalnum, re.split(r"[.\[]", name)[-1])).lower()
    if is_secret_header(name) or plain in _MAY_BE_SECRET or "sess" in plain or plain.endswith(_CODES):
        return True
    if not plain or plain in _MAY_BE_WORDS:
        return _PLAIN.fullmatch(value) is None
    return len(plain) < _SHORTEST_NAME and _is_random(value)


def _is_random(text: str) -> bool:
    """Return whether a text has letters and digits, and is too long for a number or a version."""
    return _RANDOM.fullmatch(text) is not None


def with_masked_secrets(url: str, names: Container[str] = (), *, is_documented: bool = True) -> str:
    """Return a URL, or a path with a query, with the values masked that are secrets as their names tell.

    Args:
        names: The names of further parameters whose values are secrets.
        is_documented: Whether a document describes the path; else more names are those of secrets.
    """
    if is_documented and not names and MAY_HOLD_SECRET.search(url.lower()) is None:
        return url
    shown, end = "", 0
    for start, following in sorted(_spans(url, names, is_documented=is_documented)):
        shown += f"{url[end:start]}***"
        end = following
    return shown + url[end:]


def secret_values(url: str) -> list[str]:
    """Return the texts in a URL, or in a path with a query, that may be secrets if no document describes it."""
    return [unquote(url[start:end]) for start, end in _spans(url, is_documented=False)]


def _spans(url: str, names: Container[str] = (), *, is_documented: bool) -> Iterator[tuple[int, int]]:
    """Yield where each secret of a URL begins and ends."""
    path, end = re.split("[?#]", url, maxsplit=1)[0], 0
    for pair in _PAIR.finditer(url):
        is_alone = not pair[3]
        if pair.start() < end or (is_alone and (is_documented or pair[1] not in "?&#")):
            continue
        start = pair.start(2) if is_alone else pair.end()
        # A secret in a query may have any other character; in the path it ends earlier.
        value = re.split("[/;?#]" if start <= len(path) else "&", url[start:], maxsplit=1)[0]
        name = "" if is_alone else unquote(pair[2])
        is_secret = is_secret_name if is_documented else partial(_may_be_secret, value=value)
        if value and (name in names or is_secret(name)):
            end = start + len(value)
            yield start, end
    for segments in () if is_documented else _AFTER_NAME.finditer(path):
        if is_secret_name(unquote(segments[1]).removesuffix("s")) and _is_random(unquote(segments[2])):
            yield segments.span(2)


def _may_be_secret(name: str, value: str) -> bool:
    decoded = unquote(value)
    # A value may be an encoded URL, with a query.
    return may_be_secret(name, decoded) or (decoded != value and bool(secret_values(f"?{decoded}")))
