"""Which server a request goes to (OpenAPI 3.0.4, "Server Object"; relative ones: RFC 3986, section 5)."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from dynacli.catalog.model import Server
from dynacli.errors import RefusedError, UsageError

__all__ = ["check_path", "choose_server", "origin_of", "parse_origin"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
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
        document_uri: What relative servers start from; a file's URI gives none.
        wanted: A URL, a 0-based index or a description; empty takes the first server.
        variables: Values of server variables, over the document's defaults.

    Raises:
        UsageError: There is no such server, a variable has no value, or the result is no URL to send to.
    """
    given = dict(variables or {})
    # OpenAPI: "if the servers property is not provided, or is an empty array, the default is `/`".
    candidates = list(servers) or [Server("/")]
    if wanted and "://" in wanted:
        server = Server(wanted)
    elif wanted:
        server = _named(candidates, wanted)
    else:
        server = candidates[0]
    url = _expand(server, given)
    if not _SCHEME.match(url):
        if not document_uri.startswith(("http://", "https://")):
            raise UsageError(
                f"The document names no server to send to, only `{server.url}`",
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
        if wanted in (server.description, server.url):
            return server
    listed = "; ".join(
        f"{index}: {server.url}" + (f" ({server.description})" if server.description else "")
        for index, server in enumerate(servers)
    )
    raise UsageError(
        f"There is no server `{wanted}`",
        why=f"The document has {listed}",
        hint="Give an index, a description or a whole URL",
    )


def _expand(server: Server, given: Mapping[str, str]) -> str:
    described = server.variables or {}

    def value(found: re.Match[str]) -> str:
        name = found[1]
        variable = described.get(name, {})
        chosen = given.get(name, variable.get("default", ""))
        if not chosen:
            raise UsageError(
                f"The server variable `{name}` has no value",
                hint=f"Give one: `--server-var {name}=VALUE`",
            )
        if name in given and variable.get("enum") and chosen not in variable["enum"]:
            raise UsageError(
                f"The server variable `{name}` cannot be `{chosen}`",
                why="It takes one of " + ", ".join(f"`{one}`" for one in variable["enum"]),
            )
        return str(chosen)

    for name in given:
        if f"{{{name}}}" not in server.url:
            raise UsageError(
                f"The server `{server.url}` has no variable `{name}`",
                hint="It has " + (", ".join(f"`{one}`" for one in _VARIABLE.findall(server.url)) or "none"),
            )
    return _VARIABLE.sub(value, server.url)


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


def check_path(url: str, base_url: str, template: str) -> None:
    """Check that a built URL leads where the document says: below its server, as deep as its template.

    Args:
        url: As it was built.
        base_url: As `choose_server` returned it.
        template: The document's path.

    Raises:
        RefusedError: It leads elsewhere, or a client or server on the way would make it lead elsewhere.
    """
    segments = urlsplit(url).path.split("/")
    described = template.partition("#")[0].partition("?")[0].lstrip("/")
    expected = (urlsplit(base_url).path + "/" + described).split("/")
    if len(segments) != len(expected) or any(unquote(one) in {".", ".."} for one in segments):
        raise RefusedError(
            "The request would go to another path than the document's",
            why="A segment of the server's path or of the operation's is `.` or `..`, or a value adds one",
            hint="Give the server's address without them: `--server https://api.example.com/base`",
        )


def parse_origin(text: str) -> str:
    """Return the origin that a person wrote.

    Raises:
        UsageError: It is none.
    """
    try:
        parts = urlsplit(text)
        if parts.scheme in _DEFAULT_PORTS and _HOST.fullmatch(parts.hostname or "") and "@" not in text:
            return origin_of(text)
    except ValueError:
        pass  # said below
    raise UsageError(
        "The value of `--accept-origin` is no origin", hint="Write it like `https://api.example.com`"
    )


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
