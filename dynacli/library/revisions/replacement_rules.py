"""What a new document may not do if it is to replace another by itself: lose what worked, or lead elsewhere.

An objection says in a clause for a person what it does. The rules are those of `dynacli help refreshing`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.document.source import Source
    from dynacli.library.revisions.open_request import OpenRequest

__all__ = ["Rules", "rules_for"]

Rules = Callable[[Catalog, Catalog], Sequence[str]]
"""Returns the objections to replacing an earlier catalog by a new one."""

_MOST_NAMED = 3
_TOKEN_URLS = ("authorizationUrl", "deviceAuthorizationUrl", "refreshUrl", "tokenUrl")


def rules_for(
    open_request: "OpenRequest",
    source: "Source",
    pointer: dict[str, Any] | None,
    *,
    owner: str,
    is_own_edit: bool,
) -> Rules | None:
    """Return the rules by which a document may replace the current revision; None where it may do so in any case.

    Args:
        pointer: To the current revision.
        owner: The name of the registered API whose document it is; empty where it is that of none.
        is_own_edit: Whether it was a file of this machine that changed, as an overlay, and not what a server sends.
    """
    if open_request.is_accepted or pointer is None or pointer.get("is_shipped"):
        return None
    if not owner and (open_request.is_asked or source.kind != "url"):
        return None  # the person named this very document just now
    # Whoever can write a person's files needs no document to get at their credentials.
    return _objections if source.kind == "url" and not is_own_edit else _lost_operations


def _objections(old: Catalog, new: Catalog) -> list[str]:
    return _lost_operations(old, new) or [*_moved_servers(old, new), *_moved_tokens(old, new)]


def _lost_operations(old: Catalog, new: Catalog) -> list[str]:
    """Return the objection to a document that has no operations any more."""
    had = old.meta["operations"]
    if new.meta["operations"] or not had:
        return []
    return [
        f"it has lost its paths: {had:,} operation{' was' if had == 1 else 's were'} there, and none is left"
    ]


def _moved_servers(old: Catalog, new: Catalog) -> list[str]:
    """Compare the origins that the operations are called at by default."""
    before, after = _origins(old), _origins(new)
    moves = dict.fromkeys(
        (before[key], after[key]) for key in before if key in after and before[key] != after[key]
    )
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
    for summary in catalog.summaries():
        own = catalog.operation(summary.name).servers
        origins[(summary.method, summary.path)] = (
            _origin(own[0].url, own[0].variables, uri) if own else default
        )
    return origins


def _origin(url: str, variables: Mapping[str, Any] | None, base: str) -> str:
    """Return the origin of a server with the defaults of its variables; its URL where that has none."""
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
    old_urls = _token_urls(before)
    added = sorted(_token_urls(after) - old_urls)
    if old_urls and added:
        listed = ", ".join(f"`{url}`" for url in added[:_MOST_NAMED])
        objections.append(f"it changed where tokens go: {listed}")
    for name, scheme in before.items():
        old_place, new_place = _place(scheme), _place(after.get(name, {}))
        if old_place and new_place and old_place != new_place:
            objections.append(f"it changed where the key of `{name}` goes: from {old_place} to {new_place}")
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
