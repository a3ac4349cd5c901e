"""Servers and security of Swagger 2.0 → Server Objects and Security Scheme Objects of OpenAPI 3.0."""

import re
from ipaddress import ip_address
from typing import Any, NamedTuple

from dynacli.features.swagger2.conversion_ledger import ConvertedPlace

_VARIABLE = re.compile(r"\{([^{}]+)\}")
_CALLABLE = ("https", "http")
_FLOWS = {
    "implicit": ("implicit", ("authorizationUrl",)),
    "password": ("password", ("tokenUrl",)),
    "application": ("clientCredentials", ("tokenUrl",)),
    "accessCode": ("authorizationCode", ("authorizationUrl", "tokenUrl")),
}
"""`flow` (2.0, "Security Scheme Object") → its name and its URLs in 3.0."""
_OF_FLOW = ("flow", "authorizationUrl", "tokenUrl", "scopes")


class ServerAddress(NamedTuple):
    """The common parts of the URLs of a document's servers.

    Args:
        host: Host and port; empty for those of the document's own URL.
        path: The base path: empty, or with a leading slash and no slash at its end.
        scheme: The scheme if the document names none.
        old: The JSON pointer of `host` or `basePath`; empty if the document has neither.
    """

    host: str
    path: str
    scheme: str
    old: str

    def servers(self, schemes: Any, place: ConvertedPlace, new: ConvertedPlace) -> list[dict[str, Any]]:
        """Return a server for each scheme, `https` first.

        Without host, the API is on the server of the document, with the same scheme: the URL is relative, and
        `schemes` is ignored.

        Args:
            place: The place of the schemes.
            new: The place of the servers in the new document.
        """
        if not self.host:
            urls = [(self.path or "/", self.old)]
        else:
            named = _usable_schemes(schemes, place) or [(self.scheme, self.old)]
            if not _is_loopback(self.host):
                named.sort(key=lambda scheme: _CALLABLE.index(scheme[0]))
            urls = [(f"{scheme}://{self.host}{self.path}", old) for scheme, old in named]
        servers: list[dict[str, Any]] = []
        new.note_made([], self.old)
        for url, old in urls:
            server: dict[str, Any] = {"url": url}
            names = dict.fromkeys(_VARIABLE.findall(url))
            if names:
                # Swagger 2.0 allows no variables in a host, but documents have them; the user must give values.
                server["variables"] = {name: {"default": ""} for name in names}
            servers.append(new.below(len(servers)).note_made(server, old))
        return servers


def _usable_schemes(schemes: Any, place: ConvertedPlace) -> list[tuple[str, str]]:
    """Return the schemes that can be called, each with its JSON pointer."""
    if isinstance(schemes, str):
        schemes, places = [schemes], [place]
    elif isinstance(schemes, list):
        places = [place.below(index) for index in range(len(schemes))]
    else:
        if schemes is not None:
            place.warn("`schemes` must be a list; it is ignored")
        return []
    by_scheme: dict[str, str] = {}
    for scheme, scheme_place in zip(schemes, places, strict=True):
        name = scheme.strip().lower() if isinstance(scheme, str) else ""
        if name in _CALLABLE:
            by_scheme.setdefault(name, scheme_place.old)
        elif name in ("ws", "wss"):
            scheme_place.warn("A WebSocket cannot be called; this scheme is left out")
        else:
            scheme_place.warn("This scheme is not one of `http`, `https`, `ws`, `wss` and is left out")
    return list(by_scheme.items())


def read_address(source: dict[str, Any], uri: str, root: ConvertedPlace) -> ServerAddress:
    """Return the address of a document's API.

    Args:
        uri: The URI of the document; its scheme counts if the document names none.
    """
    texts = {"host": "", "basePath": ""}
    for key in texts:
        value = source.get(key)
        if isinstance(value, str):
            texts[key] = value.strip()
        elif value is not None:
            root.below(key).warn(f"`{key}` is not a string and is ignored")
    host, path = texts["host"], texts["basePath"]
    key = "host" if host else "basePath"
    old = root.below(key).old if texts[key] else ""
    scheme = uri.partition(":")[0].lower()
    if not host and "://" in path:
        host, path = path, ""
    if "://" in host:
        root.at(old).warn(
            "`host` and `basePath` hold no scheme; this one is taken because `schemes` is missing"
        )
        scheme, _, host = host.partition("://")
    host = host.strip("/")
    if scheme not in _CALLABLE:
        scheme = "http" if _is_loopback(host) else "https"
        if host and "schemes" not in source:
            root.at(old).warn(f"The document names no scheme for its host; `{scheme}` is taken")
    path = path.strip("/")
    return ServerAddress(host, f"/{path}" if path else "", scheme, old)


def _is_loopback(host: str) -> bool:
    name = host.partition("/")[0]
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def convert_scheme(raw: Any, place: ConvertedPlace) -> Any:
    """Return a security scheme; a scheme as in OpenAPI 3.0, or a value that is not an object, is returned unchanged."""
    if not isinstance(raw, dict):
        return raw
    if raw.get("type") == "basic":
        converted = {**raw, "type": "http"}
        converted["scheme"] = place.below("scheme").note_made("basic", place.below("type").old)
        return converted
    if raw.get("type") == "oauth2" and "flows" not in raw:
        return _oauth2(raw, place)
    return dict(raw)


def _oauth2(raw: dict[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    converted: dict[str, Any] = {key: value for key, value in raw.items() if key not in _OF_FLOW}
    flow_name = raw.get("flow")
    origin = place.below("flow") if "flow" in raw else place
    old = origin.old
    place.below("flows").note_made({}, old)
    converted["flows"] = {}
    if not isinstance(flow_name, str) or flow_name not in _FLOWS:
        known = ", ".join(f"`{name}`" for name in _FLOWS)
        origin.warn(f"The `flow` of this security definition is none of {known}")
        return converted
    name, urls = _FLOWS[flow_name]
    flow = place.relocated((), ("flows", name))
    flow.note_made({}, old)
    converted["flows"][name] = {}
    for key in (*urls, "scopes"):
        if key in raw:
            flow.below(key).note_origin()
            converted["flows"][name][key] = raw[key]
    if not isinstance(raw.get("scopes"), dict):
        if "scopes" in raw:
            place.below("scopes").warn("The scopes must be an object; they are ignored")
        converted["flows"][name]["scopes"] = flow.below("scopes").note_made({}, old)
    return converted


def convert_requirements(raw: Any, schemes: dict[str, str], place: ConvertedPlace) -> Any:
    """Return security requirements with the new names of schemes; a value that is not a list is returned unchanged."""
    if not isinstance(raw, list):
        return raw
    converted: list[Any] = []
    for index, alternative in enumerate(raw):
        if not isinstance(alternative, dict):
            converted.append(alternative)
            continue
        converted.append({})
        for name, scopes in alternative.items():
            new = schemes.get(name) or str(name)
            converted[index][new] = scopes
            if new != name:
                place.relocated((index, name), (index, new)).note_origin()
    return converted
