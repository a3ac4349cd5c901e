"""`host`, `basePath` and `schemes` of Swagger 2.0 → servers of OpenAPI 3.0."""

import re
from ipaddress import ip_address
from typing import Any, NamedTuple

from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["Address", "read_address"]

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_CALLABLE = ("https", "http")


class Address(NamedTuple):
    """What the URLs of a document's servers have in common.

    Args:
        host: Host and port; empty for those that the document came from.
        path: Empty, or with a slash at its start and none at its end.
        scheme: What is taken where the document names no scheme.
        old: The JSON pointer of what says so.
    """

    host: str
    path: str
    scheme: str
    old: str

    def servers(
        self, schemes: Any, spot: ConvertedPlace, new: ConvertedPlace, ledger: Ledger
    ) -> list[dict[str, Any]]:
        """Return a server for each scheme, `https` first.

        A document that has no host is served by the same server as the API, and with the same scheme:
        a relative URL says that, and `schemes` adds nothing to it.

        Args:
            schemes: Of the document or the operation.
            spot: Where they stand.
            new: Where the servers are in the new document.
            ledger: Takes warnings, and where it is from.
        """
        if not self.host:
            urls = [(self.path or "/", self.old)]
        else:
            named = _read(schemes, spot, ledger) or [(self.scheme, self.old)]
            if not _is_loopback(self.host):
                named.sort(key=lambda scheme: _CALLABLE.index(scheme[0]))
            urls = [(f"{scheme}://{self.host}{self.path}", old) for scheme, old in named]
        servers: list[dict[str, Any]] = []
        ledger.made([], new, self.old)
        for url, old in urls:
            server: dict[str, Any] = {"url": url}
            names = dict.fromkeys(_VARIABLE.findall(url))
            if names:
                # 2.0 has no variables in a host; documents have them, and the person has to say their values.
                server["variables"] = {name: {"default": ""} for name in names}
            servers.append(ledger.made(server, new.below(len(servers)), old))
        return servers


def _read(schemes: Any, spot: ConvertedPlace, ledger: Ledger) -> list[tuple[str, str]]:
    """Return the schemes that can be called, each with where it stands."""
    if isinstance(schemes, str):
        schemes, spots = [schemes], [spot]
    elif isinstance(schemes, list):
        spots = [spot.below(index) for index in range(len(schemes))]
    else:
        if schemes is not None:
            ledger.warn("`schemes` is a list; this is ignored", spot)
        return []
    found: dict[str, str] = {}
    for scheme, at in zip(schemes, spots, strict=True):
        name = scheme.strip().lower() if isinstance(scheme, str) else ""
        if name in _CALLABLE:
            found.setdefault(name, at.old)
        elif name in ("ws", "wss"):
            ledger.warn("A WebSocket cannot be called; this scheme is left out", at)
        else:
            ledger.warn("This scheme is none of `http`, `https`, `ws`, `wss` and is left out", at)
    return list(found.items())


def read_address(source: dict[str, Any], uri: str, ledger: Ledger) -> Address:
    """Return where the API of a document is.

    Args:
        source: The Swagger document.
        uri: Where it was fetched from: its scheme is the one where the document names none.
        ledger: Takes warnings.
    """
    texts = {"host": "", "basePath": ""}
    for key in texts:
        value = source.get(key)
        if isinstance(value, str):
            texts[key] = value.strip()
        elif value is not None:
            ledger.warn(f"`{key}` is no text and is ignored", ConvertedPlace().below(key))
    host, path = texts["host"], texts["basePath"]
    key = "host" if host else "basePath"
    old = ConvertedPlace().below(key).old if texts[key] else ""
    scheme = uri.partition(":")[0].lower()
    if not host and "://" in path:
        host, path = path, ""
    if "://" in host:
        ledger.warn(
            "`host` and `basePath` hold no scheme; this one is taken where `schemes` is missing",
            ConvertedPlace(old),
        )
        scheme, _, host = host.partition("://")
    host = host.strip("/")
    if scheme not in _CALLABLE:
        scheme = "http" if _is_loopback(host) else "https"
        if host and "schemes" not in source:
            ledger.warn(
                f"The document names no scheme for its host; `{scheme}` is taken", ConvertedPlace(old)
            )
    path = path.strip("/")
    return Address(host, f"/{path}" if path else "", scheme, old)


def _is_loopback(host: str) -> bool:
    name = host.partition("/")[0]
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
