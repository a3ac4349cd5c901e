"""Which server a request goes to (OpenAPI 3.2.0 and 3.0.4, "Server Object"; relative ones: RFC 3986, section 5)."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from dynacli.errors import RefusedError, UsageError
from dynacli.model.operation import Server

__all__ = ["check_path", "choose_server", "origin_of", "parse_origin"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_PLACEHOLDER = re.compile(r"\{.*\}|<.*>")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Nothing that two parsers of URLs could read differently; a host in other scripts is written in Punycode.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def choose_server(
    servers: Sequence[Server], document_uri: str, wanted: str = "", variables: Mapping[str, str] | None = None
) -> str:
    """Return the base URL of a call, without a slash at its end.

    Args:
        servers: Of the operation, its path or the document, whichever comes first.
        document_uri: Where the document was fetched from, which is what relative servers start from; its
            `$self` is not (OpenAPI 3.2.0, "Examples of API Base URL Determination"). A file's URI gives none.
        wanted: A URL, a relative one, a 0-based index, a name or a description, of which a part is enough
            when no other server has it, in any case of letters; empty takes the first server.
        variables: Values of server variables, over the document's defaults.

    Raises:
        UsageError: There is no such server, a variable has no value, or the result is no URL to send to.
    """
    given = dict(variables or {})
    # OpenAPI: "if the servers property is not provided, or is an empty array, the default is `/`".
    candidates = list(servers) or [Server("/")]
    server = _named(candidates, wanted) if wanted else candidates[0]
    # An empty reference is the document itself (RFC 3986, section 4.4), whose name no path can start with.
    url = _expand(server, given, candidates) or "/"
    if not _SCHEME.match(url):
        if not document_uri.startswith(("http://", "https://")):
            raise UsageError(
                f"The server `{server.url}` is relative"
                if wanted
                else f"The document names no server to send to, only `{server.url}`",
                why="It was not fetched from a URL that a relative server could start from",
                hint="Name one: `--server https://api.example.com`",
            )
        try:
            url = urljoin(document_uri, url)
        except ValueError:
            url = ""  # which is refused like any other that is none
    return _checked(url)


def _named(servers: Sequence[Server], wanted: str) -> Server:
    if wanted.isdecimal() and int(wanted) < len(servers):
        return servers[int(wanted)]
    for server in servers:
        if wanted in _words(server):
            return server
    if "://" in wanted or wanted.startswith("/"):
        return Server(wanted)
    part = wanted.casefold()
    whole = [one for one in servers if part in (word.casefold() for word in _words(one))]
    near = whole or [one for one in servers if any(part in word.casefold() for word in _words(one))]
    if len(near) == 1 and not wanted.isdecimal():
        return near[0]
    shown = near if near and not wanted.isdecimal() else servers
    raise UsageError(
        f"There is no server `{wanted}`" if shown is servers else f"`{wanted}` is a part of several servers",
        why="The document has " + "; ".join(f"{servers.index(one)}: {_shown(one)}" for one in shown),
        hint="Give an index, a name, a description or a whole URL",
    )


def _words(server: Server) -> list[str]:
    return [word for word in (server.name, server.description, server.url) if word]


def _shown(server: Server) -> str:
    told = ", ".join(word for word in (server.name, server.description) if word)
    return f"`{server.url}`" + (f" ({told})" if told else "")


def _expand(server: Server, given: Mapping[str, str], servers: Sequence[Server]) -> str:
    described = server.variables or {}

    def value(found: re.Match[str]) -> str:
        name = found[1]
        variable = described.get(name, {})
        choices = variable.get("enum") or []
        listed = ", ".join(f"`{one}`" for one in choices)
        default = variable.get("default")
        # Some documents have `{your-host}` or `<your-host>` as a default: there is none, and a person fills it in.
        if name not in given and (default is None or _PLACEHOLDER.fullmatch(default)):
            raise UsageError(
                f"The server variable `{name}` has no value",
                why=f"It takes one of {listed}" if choices else "",
                hint=f"Give one: `--server-var {name}=VALUE`",
            )
        chosen = str(given.get(name, default))
        if name in given and choices and chosen not in choices:
            raise UsageError(
                f"The server variable `{name}` cannot be `{chosen}`", why=f"It takes one of {listed}"
            )
        return chosen

    for name in given:
        if f"{{{name}}}" not in server.url:
            raise _no_variable(server, name, servers)
    return _VARIABLE.sub(value, server.url)


def _no_variable(server: Server, name: str, servers: Sequence[Server]) -> UsageError:
    having = [index for index, one in enumerate(servers) if f"{{{name}}}" in one.url]
    own = ", ".join(f"`{one}`" for one in _VARIABLE.findall(server.url)) or "none"
    others = " and ".join(f"`--server {index}`" for index in having)
    return UsageError(
        f"The server `{server.url}` has no variable `{name}`",
        why=f"It has {own}",
        hint=f"{others} {'has' if len(having) == 1 else 'have'} it" if having else "",
    )


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(
            "The server's address holds a user name or a password", hint="Leave out what is before the `@`"
        )
    if (
        not _HOST.fullmatch(host)
        or parts.scheme not in _DEFAULT_PORTS
        or not url.isprintable()
        or " " in url
        or "\\" in url
    ):
        raise UsageError(
            "The server's address is no URL that can be sent to",
            why="It must start with `http://` or `https://` and name a host in ASCII",
            hint="Give one: `--server https://api.example.com`",
        )
    return f"{parts.scheme}://{parts.netloc}{_encoded(parts.path).rstrip('/')}"


def _encoded(path: str) -> str:
    return re.sub(
        r"[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]",
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass")),
        path,
    )


def check_path(url: str, base_url: str, template: str, slashes: int = 0) -> None:
    """Check that a built URL leads where the document says: below its server, as deep as its template.

    Args:
        url: As it was built.
        base_url: As `choose_server` returned it.
        template: The document's path.
        slashes: How many came with values that may have some.

    Raises:
        RefusedError: It leads elsewhere, or a client or server on the way would make it lead elsewhere.
    """
    segments = urlsplit(url).path.split("/")
    described = template.partition("#")[0].partition("?")[0].removeprefix("/")
    expected = len((urlsplit(base_url).path + "/" + described).split("/")) + slashes
    if len(segments) != expected or any(unquote(one) in {".", ".."} for one in segments):
        raise RefusedError(
            "The request would go to another path than the document's",
            why="A segment of the server's path or of the operation's is `.` or `..`, or a value adds one",
            hint="Give the server's address without them: `--server https://api.example.com/base`",
        )


def parse_origin(text: str, option: str = "--accept-origin") -> str:
    """Return the origin that a person wrote.

    Args:
        option: What it was given to.

    Raises:
        UsageError: It is none.
    """
    try:
        parts = urlsplit(text)
        if parts.scheme in _DEFAULT_PORTS and _HOST.fullmatch(parts.hostname or "") and "@" not in text:
            return origin_of(text)
    except ValueError:
        pass  # said below
    raise UsageError(f"The value of `{option}` is no origin", hint="Write it like `https://api.example.com`")


def origin_of(url: str) -> str:
    """Return a URL's origin (RFC 6454): scheme, host and port, the port only where it is not the default.

    Raises:
        ValueError: The URL has no valid port.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    shown = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{host}{shown}"
