"""Chooses the server of a call (OpenAPI 3.2.0 and 3.0.4, "Server Object"; relative URLs: RFC 3986, section 5).

Some servers in documents are placeholders, such as `localhost:5000` or `yourdomain.com`: many applications ship a
document with the server of a developer. If a server serves the document, it probably serves the API, too, below the
same path.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, quote

from dynacli.environment import invocation
from dynacli.errors import RefusedError, UsageError
from dynacli.openapi.model.operation import Server
from dynacli.urls import (
    DEFAULT_PORTS,
    is_loopback,
    is_served,
    is_whole_url,
    join_url,
    origin_of,
    socket_of,
    split_url,
    url_at,
)

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_PLACEHOLDER = re.compile(r"\{.*\}|<.*>")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Only characters that all URL parsers treat the same. Hosts in other scripts are written in Punycode.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_DOTS = re.compile(r"(?:\.|%2[Ee]){1,2}")  # a segment that clients and servers resolve away
# Strings, compiled on use, because few calls need them.
_RESERVED = r"(?:.+\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)"
"""Reserved names, which real servers do not have: RFC 2606, RFC 6761."""
_WORDS = (
    r"(?:www\.|api\.)?(?:(?:your|my)[-_]?)?(?:domain|host|hostname|server|instance|company|site|website|app)"
    r"(?:[-_]?name)?(?:\.(?:com|org|net|io|tld|local|xyz))?"
    r"|(?:.*\.)?(?:your[-_].*|your(?:own|domain|host|server|instance|company|api|app|site|org|name).*"
    r"|(?:change|replace)[-_]?me.*|placeholder.*)"
)
"""Names that are placeholders for the real name."""
_ANY_VARIABLE = r"\{([^{}]*)\}"
_UNKNOWN = r"[{}<>\s]"


def choose_server(
    servers: Sequence[Server],
    document_uri: str,
    wanted: str = "",
    variables: Mapping[str, str] | Sequence[tuple[str, str]] = (),
) -> str:
    """Return the base URL of a call, without a slash at its end. The URL of a socket without a path ends with `:`.

    A document cannot choose a Unix socket unless it came from the same socket: its other `unix:` servers are ignored.

    Args:
        servers: The servers of the operation, else of its path, else of the document.
        document_uri: The URI from which the document was fetched, the base of relative server URLs. URIs of files and
            `$self` do not serve as a base (OpenAPI 3.2.0, "Examples of API Base URL Determination"). With them, a
            server with a host and no scheme gets `https`.
        wanted: A URL, a relative URL, a 0-based index, or a unique part of a name or description, ignoring case; empty
            for the first server. A URL is only compared with URLs, so that a document cannot redirect it by a
            description.
        variables: Values of server variables, or (name, value) of each, which override the document's defaults.

    Raises:
        UsageError: The server does not exist, a variable has no value, or the result is not the URL of a server.
    """
    values, wanted = dict(variables), wanted.strip()
    # OpenAPI: "if the servers property is not provided, or is an empty array, the default is `/`".
    candidates = servers or (Server("/"),)
    own_socket = socket_of(document_uri)
    usable = (candidate for candidate in candidates if socket_of(candidate.url) in ("", own_socket))
    server = _find_server(candidates, wanted) if wanted else next(usable, Server("/"))
    # An empty relative URL would mean the document itself (RFC 3986, section 4.4), which cannot be a base for paths.
    url = _expand(server, values, candidates) or "/"
    is_fetched = is_served(document_uri)
    if url.startswith("//") and not is_fetched:
        url = f"https:{url}"  # a host without a scheme, in a local document
    if not _SCHEME.match(url):
        if not is_fetched:
            raise UsageError(
                f"The server `{server.url}` is relative"
                if wanted
                else f"The document names no server to send to, only `{server.url}`",
                reason="It was not fetched from a URL that a relative server could start from",
                hint="Name one: `--server https://api.example.com`",
                missing=["--server"],
            )
        try:
            url = join_url(document_uri, url) if url.isprintable() else ""
        except ValueError:
            url = ""  # refused below, like other text that is not a URL
    checked = _checked(url)
    if socket_of(checked) not in ("", own_socket) and written_origin(wanted, values) != origin_of(checked):
        raise UsageError(
            "The document chooses a socket of this machine as its server",
            reason="Only you can choose one, unless the document came from that socket",
            hint="If you trust it, write it whole: `--server unix:/run/app.sock`",
        )
    return checked


def _find_server(servers: Sequence[Server], wanted: str) -> Server:
    """Return the server that the user named.

    Raises:
        UsageError: No server, or more than one, matches.
    """
    if is_whole_url(wanted):
        return next((server for server in servers if server.url == wanted), Server(wanted))
    from dynacli.openapi.model.server_objects import named_servers

    named = named_servers(servers, wanted)
    if len(named) == 1:
        return named[0]
    shown = named or servers
    raise UsageError(
        f"There is no server `{wanted}`" if shown is servers else f"`{wanted}` is a part of several servers",
        reason="Servers of the document: "
        + "; ".join(f"`{servers.index(server)}` is {_server_text(server)}" for server in shown),
        hint="Give an index, a name, a description or a whole URL",
    )


def _server_text(server: Server) -> str:
    description = ", ".join(text for text in (server.name, server.description) if text)
    return f"`{server.url}`" + (f" ({description})" if description else "")


def _expand(server: Server, values: Mapping[str, str], servers: Sequence[Server]) -> str:
    """Return the URL of a server with the values of its variables.

    Args:
        server: The server.
        values: Variable → given value.
        servers: All servers, for messages.
    """
    described = server.variables or {}

    def value(found: re.Match[str]) -> str:
        name = found[1]
        variable = described.get(name, {})
        choices = variable.get("enum") or []
        listed = ", ".join(f"`{choice}`" for choice in choices)
        default = variable.get("default")
        # Some documents have a placeholder such as `{your-host}` or `<your-host>` as a default. It is not used.
        if name not in values and (default is None or _PLACEHOLDER.fullmatch(default)):
            raise UsageError(
                f"The server variable `{name}` has no value",
                reason=f"It takes one of {listed}" if choices else "",
                hint=f"Give one: `--server-var {name}=VALUE`",
                server_variable=name,
                allowed=list(choices),
            )
        chosen = str(values.get(name, default))
        if name in values and choices and chosen not in choices:
            raise UsageError(
                f"The server variable `{name}` cannot be `{chosen}`",
                reason=f"It takes one of {listed}",
                server_variable=name,
                allowed=list(choices),
            )
        return chosen

    for name in values:
        if f"{{{name}}}" not in server.url:
            raise _no_variable(server, name, servers)
    return _VARIABLE.sub(value, server.url)


def _no_variable(server: Server, name: str, servers: Sequence[Server]) -> UsageError:
    indexes = [index for index, other in enumerate(servers) if f"{{{name}}}" in other.url]
    names = _VARIABLE.findall(server.url)
    own = ", ".join(f"`{variable}`" for variable in names) or "none"
    others = " and ".join(f"`--server {index}`" for index in indexes)
    return UsageError(
        f"The server `{server.url}` has no variable `{name}`",
        reason=f"It has {own}",
        hint=f"{others} {'has' if len(indexes) == 1 else 'have'} it"
        if indexes
        else "Leave it out" * (not names),
        server_variable=name,
        near=names,
    )


def _checked(url: str) -> str:
    if url.startswith("unix:"):
        from dynacli.http.sockets import parse_socket

        parse_socket(url)
        return _with_plain_path(split_url(url), origin_of(url))
    try:
        parts = split_url(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(
            "The server's address holds a user name or a password",
            hint="Leave out what is before the `@`: `--server https://api.example.com`",
        )
    if (
        not _HOST.fullmatch(host)
        or parts.scheme not in DEFAULT_PORTS
        or not url.isprintable()
        or " " in url
        or "\\" in url
    ):
        raise UsageError(
            "The server's address is not a URL that can be sent to",
            reason="It must start with `http://` or `https://` and name a host in ASCII",
            hint="Give one: `--server https://api.example.com`",
        )
    return _with_plain_path(parts, f"{parts.scheme}://{parts.netloc}")


def _with_plain_path(parts: SplitResult, origin: str) -> str:
    path = quote(parts.path, safe="!$&'()*+,;=:@/%", errors="surrogatepass")
    return url_at(origin, path.rstrip("/"))


def check_path(url: str, base_url: str, template: str, slashes: int = 0) -> None:
    """Check that the path of a URL has the same number of segments as the document's path, and no `.` or `..`.

    Args:
        url: The URL as it was built.
        base_url: The base URL that `choose_server` returned.
        template: The document's path.
        slashes: Number of slashes from values that may contain slashes.

    Raises:
        RefusedError: The URL has another path, or a client or server could change its path.
    """
    segments = split_url(url).path.split("/")
    described = template.partition("#")[0].partition("?")[0].removeprefix("/")
    expected = len((split_url(base_url).path + "/" + described).split("/")) + slashes
    if len(segments) != expected or any(map(_DOTS.fullmatch, segments)):
        raise RefusedError(
            "Refused: the request would leave the path of the operation",
            reason="A segment of the server's path or of the operation's is `.` or `..`, or a value adds one",
            hint="Give the server's address without them: `--server https://api.example.com/base`",
        )


def written_origin(wanted: str, variables: Mapping[str, str]) -> str:
    """Return the origin of the server that the user wrote; empty if it is not a whole URL.

    Args:
        wanted: As in `choose_server`.
        variables: The values that the user gave. If a variable of the origin has no value here, the result is empty.
    """
    url = _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), wanted.strip())
    try:
        return origin_of(_checked(url))
    except UsageError:
        return ""


def parse_origin(text: str, option: str = "--accept-origin") -> str:
    """Return the origin that the user wrote.

    Args:
        text: The text.
        option: Name of the option, for messages.

    Raises:
        UsageError: The text is not an origin.
    """
    try:
        if text.startswith("unix:"):
            from dynacli.http.sockets import parse_socket

            parse_socket(text)
            return origin_of(text)
        parts = split_url(text)
        if parts.scheme in DEFAULT_PORTS and _HOST.fullmatch(parts.hostname or "") and "@" not in text:
            return origin_of(text)
    except ValueError:
        pass  # the error follows
    raise UsageError(
        f"The value of `{option}` is not an origin",
        hint="Write it like `https://api.example.com` or `unix:/run/app.sock`",
    )


def server_at_document(servers: Sequence[Server], document_uri: str) -> str:
    """Return the base URL at the origin of the document, if the first server is probably a placeholder; else empty.

    The URL has the path of the first server. It is empty if the document has no origin, or if the first server is at
    this origin already or looks real.

    Args:
        servers: The servers of the operation, else of its path, else of the document.
        document_uri: The URI from which the document was fetched.
    """
    if not servers or not is_served(document_uri):
        return ""
    own = origin_of(document_uri)
    try:
        url = choose_server(servers, document_uri)
    except UsageError:
        url = ""
    if url and (origin_of(url) == own or not _is_placeholder(url, own)):
        return ""
    try:
        return choose_server((), document_uri, url_at(own, _path_of_server(servers[0])))
    except UsageError:
        return own


def hint_at_document(servers: Sequence[Server], document_uri: str, registered: str = "") -> str:
    """Return a hint to call the API at the origin of its document; empty if its first server is not a placeholder.

    Args:
        servers: The servers of the operation, else of its path, else of the document.
        document_uri: The URI from which the document was fetched.
        registered: Name of the API; empty if it is not registered.
    """
    from shlex import quote

    instead = server_at_document(servers, document_uri)
    if not instead:
        return ""
    kept = (
        f", or for all calls `{invocation('api set', registered)} {quote(f'server={instead}')}`"
        if registered
        else ""
    )
    return f"If the API is at the origin of its document: `--server {quote(instead)}`{kept}"


def _path_of_server(server: Server) -> str:
    """Return the path of a server up to the first unknown segment."""
    described = server.variables or {}

    def value(found: re.Match[str]) -> str:
        default = described.get(found[1], {}).get("default")
        return found[0] if default is None else str(default)

    text = re.sub(_ANY_VARIABLE, value, server.url).partition("?")[0].partition("#")[0]
    path = "/" + text.rpartition("//")[2].partition("/")[2]
    segments: list[str] = []
    for segment in path.split("/"):
        if re.search(_UNKNOWN, segment) or segment in {".", ".."}:
            break
        segments.append(segment)
    return "/".join(segments).rstrip("/")


def _is_placeholder(url: str, own: str) -> bool:
    """Return whether a server is probably a placeholder, so that the API is at the origin of its document.

    Every server counts as a placeholder if this machine serves the document.

    Args:
        url: URL of the server.
        own: The origin of the document.
    """
    host = (split_url(url).hostname or "").rstrip(".").lower()
    if is_loopback(host) or host == "0.0.0.0":  # noqa: S104  - it is only compared
        return True
    document_host = split_url(own).hostname or ""
    if is_loopback(document_host) or ("." not in host and host != document_host):
        return True
    return any(re.fullmatch(pattern, host) for pattern in (_RESERVED, _WORDS))
