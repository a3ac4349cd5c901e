"""What a new document may not do by itself when it takes the place of another: lose what worked, or lead elsewhere.

Each objection is a clause for a person. The rules are those of `dynacli help refreshing`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.urls import origin_of

__all__ = ["lost_operations", "objections_of"]

_MOST_NAMED = 3
_TOKEN_URLS = ("authorizationUrl", "deviceAuthorizationUrl", "refreshUrl", "tokenUrl")


def objections_of(old: Catalog, new: Catalog) -> list[str]:
    """Return why a document from the network shall not take the place of another by itself."""
    lost = lost_operations(old, new)
    return lost or [*_moved_servers(old, new), *_moved_tokens(old, new)]


def lost_operations(old: Catalog, new: Catalog) -> list[str]:
    """Return the objection to a document that has no operations any more."""
    had = old.meta["operations"]
    if new.meta["operations"] or not had:
        return []
    return [
        f"it has lost its paths: {had:,} operation{' was' if had == 1 else 's were'} there, and none is left"
    ]


def _moved_servers(old: Catalog, new: Catalog) -> list[str]:
    """Compare the origin that a call of each operation goes to unless the person says otherwise."""
    before, after = _origins(old), _origins(new)
    moves = {(before[key], after[key]): None for key in before if key in after and before[key] != after[key]}
    return [
        f"its servers moved to another origin: from `{was}` to `{now}`"
        for was, now in list(moves)[:_MOST_NAMED]
    ]


def _origins(catalog: Catalog) -> dict[tuple[str, str], str]:
    uri = catalog.meta["uri"]
    servers = catalog.meta["servers"]
    default = _origin(
        servers[0]["url"] if servers else "", servers[0].get("variables") if servers else None, uri
    )
    origins = {}
    for one in catalog.summaries():
        own = catalog.operation(one.name).servers
        origins[(one.method, one.path)] = _origin(own[0].url, own[0].variables, uri) if own else default
    return origins


def _origin(url: str, variables: Mapping[str, Any] | None, base: str) -> str:
    """Return the origin of a server with the defaults of its variables; the URL itself where it has none."""
    from urllib.parse import urljoin

    for name, variable in (variables or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default") or ""))
    try:
        full = urljoin(base, url)
        return origin_of(full) if "://" in full and not full.startswith("file:") else ""
    except ValueError:  # a malformed host: it is not the origin that was there
        return url[:200]


def _moved_tokens(old: Catalog, new: Catalog) -> list[str]:
    """Compare where tokens are fetched, and where in a request API keys go."""
    before, after = _schemes(old), _schemes(new)
    objections = []
    was, now = _token_urls(before), _token_urls(after)
    added = sorted(now - was)
    if was and added:
        listed = ", ".join(f"`{one}`" for one in added[:_MOST_NAMED])
        objections.append(f"it changed where tokens go: {listed}")
    for name, scheme in before.items():
        there, here = _place(scheme), _place(after.get(name, {}))
        if there and here and there != here:
            objections.append(f"it changed where the key of `{name}` goes: from {there} to {here}")
    return objections


def _schemes(catalog: Catalog) -> dict[str, Mapping[str, Any]]:
    found = catalog.components("/components/securitySchemes")
    return {name: scheme for name, scheme in found.items() if isinstance(scheme, Mapping)}


def _token_urls(schemes: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {url for scheme in schemes.values() for url in _urls_of(scheme)}


def _urls_of(scheme: Mapping[str, Any]) -> Iterator[str]:
    flows = scheme.get("flows")
    holders = [scheme, *(flows.values() if isinstance(flows, Mapping) else ())]
    for holder in holders:
        if isinstance(holder, Mapping):
            keys = ("openIdConnectUrl", "oauth2MetadataUrl") if holder is scheme else _TOKEN_URLS
            yield from (holder[key] for key in keys if isinstance(holder.get(key), str))


def _place(scheme: Mapping[str, Any]) -> str:
    if scheme.get("type") != "apiKey":
        return ""
    return f"{scheme.get('in')} `{str(scheme.get('name'))[:100]}`"
