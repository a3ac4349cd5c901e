"""Server Objects → the servers of a document, a path or an operation."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dynacli.openapi.document.json_trees import list_or_empty, text_or_empty
from dynacli.openapi.model.operation import Server
from dynacli.urls import is_whole_url, socket_of

_URL = re.compile(
    r"""
      .*:[/\\]                                                  # with a scheme
    | https?:
    | [/\\?#]                                                   # a path
    | (?:[^\s/\\]*@)?                                           # a host, perhaps with a port and a path
      (?:localhost | \[[0-9a-f:.]*\] | \d+(?:\.\d+){3} | (?:[\w-]+\.)+[^\W\d_][\w-]+\.? | [\w.-]+(?=:\d))
      (?::\d*)? (?:[/\\?#].*)? \Z
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""Pattern of text that looks like a URL, in any spelling."""


def read_servers(raw: Any, warn: Callable[..., None], *where: str) -> tuple[Server, ...]:
    """Return the servers of a `servers` array, without invalid entries.

    Args:
        warn: Function that takes a message and the steps of a JSON pointer.
        where: The steps of the JSON pointer to the array.
    """
    servers = []
    for index, item in enumerate(list_or_empty(raw)):
        if not isinstance(item, Mapping) or not isinstance(item.get("url"), str):
            warn("A server without a `url` is left out", *where, str(index))
            continue
        url = item["url"].strip()
        if "?" in url or "#" in url:
            # OpenAPI 3.2.0, "Server Object": "Query and fragment MUST NOT be part of this URL".
            warn("The query and the fragment of a server's URL are not sent", *where, str(index), "url")
        if socket_of(url):
            warn("A server on a socket is used only if the document came from it", *where, str(index), "url")
        variables = item.get("variables")
        servers.append(
            Server(
                url,
                text_or_empty(item.get("description")),
                _variables(variables) if isinstance(variables, Mapping) else None,
                text_or_empty(item.get("name")),
            )
        )
    return tuple(servers)


def _variables(raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    variables = {}
    for name, variable in raw.items():
        if isinstance(variable, Mapping):
            allowed = map(_variable_value, list_or_empty(variable.get("enum")))
            variables[name] = {
                "default": _variable_value(variable.get("default")),
                "enum": [text for text in allowed if text is not None],
            }
    return variables


def _variable_value(value: Any) -> str | None:
    """Return the value of a server variable as text, because ports are often numbers; None if there is no value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text_or_empty(value) if isinstance(value, str | int | float) else None


def server_row(server: Server) -> dict[str, Any]:
    """Return a server as a JSON object; `Server(**row)` reads it back."""
    row = {"url": server.url, "description": server.description, "variables": server.variables or {}}
    return {**row, "name": server.name} if server.name else row


def named_servers(servers: Sequence[Server], word: str) -> list[Server]:
    """Return the server with the given index, name, description or URL; else all servers that match in part.

    A whole URL is compared only with URLs, and a host only with hosts. Names, descriptions and paths are under the
    control of the document, so they must not imitate another host.

    Args:
        word: An index, a name, a description, a URL, or a part of one, ignoring case.
    """
    if word.isdecimal() and int(word) < len(servers):
        return [servers[int(word)]]
    if _looks_like_url(word) and not is_whole_url(word):
        # A document may name a server `api.example.com` that is at another host.
        at_host = re.compile(rf"(?:https?:)?//{re.escape(word.casefold())}(?:(?<=/)|(?=[:/])|\Z)")
        return [server for server in servers if at_host.match(server.url.casefold())]
    of_names = () if is_whole_url(word) else ("name", "description")
    texts = [[getattr(server, key) for key in (*of_names, "url")] for server in servers]
    exact = [server for server, of_it in zip(servers, texts, strict=True) if word in of_it]
    if exact or word.isdecimal() or is_whole_url(word):
        return exact[:1]
    part = word.casefold()
    folded = [[text.casefold() for text in of_it if text] for of_it in texts]
    equal = [server for server, of_it in zip(servers, folded, strict=True) if part in of_it]
    return equal or [
        server for server, of_it in zip(servers, folded, strict=True) if any(part in text for text in of_it)
    ]


def _looks_like_url(word: str) -> bool:
    if not word.isascii():
        import unicodedata

        word = unicodedata.normalize("NFKC", word).replace("\u3002", ".")  # as browsers read a host (UTS 46)
    return _URL.match(word) is not None
