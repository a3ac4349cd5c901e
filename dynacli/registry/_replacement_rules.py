"""Rules for a document that replaces another without a question: it may not lose operations or move servers.

An objection is a clause of a message for the user. `dynacli help refreshing` has the rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.files import is_url
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.kebab_names import is_tag_meant
from dynacli.openapi.model.operation import Server
from dynacli.openapi.model.server_objects import named_servers, server_row
from dynacli.registry.configuration import profiles_in, texts
from dynacli.urls import join_url, origin_of

if TYPE_CHECKING:
    from dynacli.openapi.document.source import Source
    from dynacli.registry.revisions.revisions import OpenRequest

ReplacementRules = Callable[[Catalog, Catalog], Sequence[str]]
"""Returns the objections to replacing an earlier catalog by a new one."""

_MOST_NAMED = 3
_MOST_SHOWN = 200
_MOST_ORIGINS = 100_000
"""Most origins for which the variables of servers are filled in; after that, a URL is compared as it is written."""
_MOST_COMPARISONS = 4_000_000
_SHARED = ("", "")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_BEFORE_PATH = re.compile(r"[^/?#\\]*://[^/?#\\]*")
_TOKEN_URLS = ("authorizationUrl", "deviceAuthorizationUrl", "refreshUrl", "tokenUrl")


def rules_for(
    open_request: OpenRequest,
    source: Source,
    pointer: dict[str, Any] | None,
    *,
    owner: str,
    is_own_edit: bool,
) -> ReplacementRules | None:
    """Return the rules by which a document may replace the current revision; None if it may do so in any case.

    Args:
        pointer: To the current revision.
        owner: The name of the registered API whose document it is; empty if it is that of none.
        is_own_edit: Whether it was a file of this machine that changed, as an overlay, and not what a server sends.
    """
    if open_request.is_accepted or pointer is None or pointer.get("is_shipped"):
        return None
    if not owner and (open_request.is_asked or source.kind != "url"):
        return None  # the person named this very document just now
    # An attacker who can write the user's files does not need a document to get the credentials.
    if source.kind != "url" or is_own_edit:
        return partial(_lost_hold, open_request.entry)
    tables = (open_request.entry, *profiles_in(open_request.entry).values())
    kept_servers = [str(table["server"]) for table in tables if "server" in table]
    return partial(_objections, open_request.entry, kept_servers)


def _objections(
    entry: Mapping[str, Any], kept_servers: Sequence[str], old: Catalog, new: Catalog
) -> list[str]:
    """Return the objections to a document.

    Args:
        entry: That of the API in the configuration.
        kept_servers: What the configuration says of the server: a URL, or what names one of the document's.
    """
    if lost := _lost_hold(entry, old, new):
        return lost
    before, after = _Document(old), _Document(new)
    known = {origin for calls in before.calls.values() for origin in before.reach_of(calls.servers)}
    known.add(_origin_or_url("", before.base))
    return [
        *_moved_servers(before, after),
        *(_added_servers(before, after, known) or _renamed_servers(before, after, kept_servers)),
        *_moved_tokens(old, new, known),
        *_moved_credentials(before, after),
    ]


class _Calls(NamedTuple):
    """The servers and the security of an operation.

    Args:
        servers: The servers of the operation, else of the document.
        security: For each alternative, the locations of its credentials in a request.
    """

    servers: tuple[Server, ...]
    security: tuple[frozenset[str], ...] = ()


class _Document:
    """The targets of calls and credentials according to a document.

    Attributes:
        base: The base URL of relative servers.
        calls: (method, path) → the servers and the security of the operation; `_SHARED` → those of the document.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.base: str = catalog.meta["uri"]
        shared = tuple(Server(**row) for row in catalog.meta["servers"]) or (Server("/"),)
        self.calls = {_SHARED: _Calls(shared)}
        for summary in catalog.summaries():
            operation = catalog.operation(summary.name)
            security = tuple(
                frozenset(
                    _credential_place(scheme.type, scheme.scheme, scheme.location, scheme.parameter)
                    for scheme in schemes
                )
                for schemes in operation.security
            )
            self.calls[summary.method, summary.path] = _Calls(operation.servers or shared, security)
        self._reaches: dict[str, frozenset[str]] = {}
        self._left = _MOST_ORIGINS

    def key_of(self, servers: Sequence[Server]) -> str:
        """Return what is equal for equal servers."""
        return repr([server_row(server) for server in servers])

    def default_origin(self, server: Server) -> str:
        """Return the origin of a server with the defaults of its variables."""
        described = (server.variables or {}).items()
        values = {name: str(variable.get("default") or "") for name, variable in described}
        return _origin_or_url(_expanded(server.url, values), self.base)

    def reach_of(self, servers: Iterable[Server]) -> set[str]:
        """Return the origins that any of some servers may have."""
        return {origin for server in servers for origin in self.reach(server)}

    def reach(self, server: Server) -> frozenset[str]:
        """Return the origins that a server may have by the values of its variables.

        A variable that takes any value stays as it is written.
        """
        key = self.key_of([server])
        if key not in self._reaches:
            self._reaches[key] = self._find_reach(server)
        return self._reaches[key]

    def _find_reach(self, server: Server) -> frozenset[str]:
        found = _BEFORE_PATH.match(server.url)
        template = found[0] if found else server.url
        names = list(dict.fromkeys(_VARIABLE.findall(template)))
        values = []
        for name in names:
            variable = (server.variables or {}).get(name, {})
            listed = [*(variable.get("enum") or [f"{{{name}}}"]), variable.get("default")]
            values.append(list(dict.fromkeys(str(value) for value in listed if value is not None)))
        count = math.prod(map(len, values))
        if count > self._left:  # too many to be distinguished: as the document writes them
            return frozenset({f"{template} {values}", self.default_origin(server)})
        self._left -= count
        chosen = (dict(zip(names, item, strict=True)) for item in product(*values))
        return frozenset(_origin_or_url(_expanded(template, entry), self.base) for entry in chosen)


def _lost_hold(entry: Mapping[str, Any], old: Catalog, new: Catalog) -> list[str]:
    """Return the objections to a document that has lost its operations, or the tags by which a policy holds them."""
    if lost := _lost_operations(old, new):
        return lost
    policies = [table.get("policy") for table in (entry, *profiles_in(entry).values())]
    words = {
        word.removeprefix("tag:")
        for policy in policies
        if isinstance(policy, dict)
        for key in ("confirm", "deny")
        for word in texts(policy, key)
    }
    if not words:
        return []
    had = {(summary.method, summary.path): summary.tags for summary in old.each_summary()}
    lost = [
        f"`{summary.method} {summary.path}` has no tag `{tag[:_MOST_SHOWN]}` any more, which the policy is about"
        for summary in new.each_summary()
        for tag in had.get((summary.method, summary.path), ())
        if tag not in summary.tags and any(is_tag_meant(word, tag) for word in words)
    ]
    return [
        *lost[:_MOST_NAMED],
        *([f"and {len(lost) - _MOST_NAMED:,} more"] if len(lost) > _MOST_NAMED else []),
    ]


def _lost_operations(old: Catalog, new: Catalog) -> list[str]:
    """Return the objection to a document that has no operations any more."""
    had = old.meta["operations"]
    if new.meta["operations"] or not had:
        return []
    return [
        f"it has lost its paths: {had:,} operation{' was' if had == 1 else 's were'} there, and none is left"
    ]


def _moved_servers(before: _Document, after: _Document) -> list[str]:
    """Compare the origins that the operations are called at by default."""
    moves = dict.fromkeys(
        (before.default_origin(before.calls[key].servers[0]), after.default_origin(calls.servers[0]))
        for key, calls in after.calls.items()
        if key in before.calls and key != _SHARED
    )
    return [
        f"its servers moved to another origin: from `{was[:_MOST_SHOWN]}` to `{now[:_MOST_SHOWN]}`"
        for was, now in [move for move in moves if move[0] != move[1]][:_MOST_NAMED]
    ]


def _added_servers(before: _Document, after: _Document, known: set[str]) -> list[str]:
    """Compare the origins of all servers that the user can choose for an existing operation."""
    kept = {key: calls for key, calls in after.calls.items() if key in before.calls}
    added = {origin for calls in kept.values() for origin in after.reach_of(calls.servers)} - known
    moved = {after.default_origin(calls.servers[0]) for key, calls in kept.items() if key != _SHARED}
    listed = ", ".join(f"`{origin[:_MOST_SHOWN]}`" for origin in sorted(added - moved)[:_MOST_NAMED])
    return [f"it added servers of another origin: {listed}"] if listed else []


def _renamed_servers(before: _Document, after: _Document, kept_servers: Sequence[str]) -> list[str]:
    """Compare the servers that the user may have chosen by index, name or description."""
    # Most operations share their servers.
    pairs = {
        (before.key_of(before.calls[key].servers), after.key_of(calls.servers)): (
            before.calls[key].servers,
            calls.servers,
        )
        for key, calls in after.calls.items()
        if key in before.calls
    }
    if sum((len(was) + len(now)) ** 2 for was, now in pairs.values()) > _MOST_COMPARISONS:
        same = before.base == after.base and all(was == now for was, now in pairs)
        return [] if same else ["it has more servers than can be compared, and changed some"]
    objections = {}
    for was, now in pairs.values():
        named = [text for server in (*was, *now) for text in (server.name, server.description) if text]
        for word in (*map(str, range(1, len(was))), *kept_servers, *named):
            first, second = named_servers(was, word), named_servers(now, word)
            if len(first) == len(second) == 1 and not after.reach(second[0]) <= before.reach(first[0]):
                urls = first[0].url[:_MOST_SHOWN], second[0].url[:_MOST_SHOWN]
                objections[word] = (
                    f"it calls another server `{word[:_MOST_SHOWN]}`: `{urls[1]}`, before `{urls[0]}`"
                )
    return list(objections.values())[:_MOST_NAMED]


def _expanded(url: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), url)


def _origin_or_url(url: str, base: str) -> str:
    """Return the origin of a URL; the URL up to its path if that has none."""
    try:
        full = join_url(base, url)
        return origin_of(full) if is_url(full) and not full.startswith("file:") else ""
    except ValueError:  # a malformed host: it is not the origin that was there
        found = _BEFORE_PATH.match(url)
        return found[0] if found else url


def _moved_tokens(old: Catalog, new: Catalog, known: set[str]) -> list[str]:
    """Compare if tokens are fetched, and where in a request the credential of each scheme goes.

    Args:
        known: The origins of the document before.
    """
    before, after = _schemes(old), _schemes(new)
    objections = []
    old_urls, base = _token_urls(before.values()), new.meta["uri"]
    of_known = _token_urls(scheme for name, scheme in after.items() if name in before)
    added = _token_urls(after.values()) - old_urls
    if not old_urls:
        # A document usually names a token provider for the first time because the API has just got one.
        elsewhere = {url for url in added if before and _origin_or_url(url, base) not in known}
        added = (added & of_known) | elsewhere
    if added:
        listed = ", ".join(f"`{url}`" for url in sorted(added)[:_MOST_NAMED])
        objections.append(f"it changed where tokens go: {listed}")
    for name in before.keys() & after.keys():
        old_place, new_place = (
            _credential_place(*(str(entry.get(key) or "") for key in ("type", "scheme", "in", "name")))
            for entry in (before[name], after[name])
        )
        if old_place and new_place and _compared_place(old_place) != _compared_place(new_place):
            is_key = before[name].get("type") == after[name].get("type") == "apiKey"
            objections.append(
                f"it changed where the {'key' if is_key else 'credential'} of `{name}` goes: "
                f"from {old_place} to {new_place}"
            )
    return objections


def _moved_credentials(before: _Document, after: _Document) -> list[str]:
    """Compare if in their requests the credentials of the operations go, by whatever scheme.

    Alternatives after all that were there are fine: who has a credential for one of the former keeps using that.
    """
    moves: dict[str, str] = {}
    for key, calls in after.calls.items():
        earlier = before.calls[key].security if key in before.calls else ()
        had, has = (
            [frozenset(map(_compared_place, item)) for item in of] for of in (earlier, calls.security)
        )
        if any(had) and set(has[: len(had)]) != set(had):
            shown = {_compared_place(place): place for places in calls.security for place in places}
            moves.update(
                (plain, place)
                for plain, place in shown.items()
                if place and not any(plain in places for places in had)
            )
    listed = ", ".join(list(moves.values())[:_MOST_NAMED])
    return [f"it sends credentials in another part of the request: {listed}"] if listed else []


def _schemes(catalog: Catalog) -> dict[str, Mapping[str, Any]]:
    found = catalog.components("/components/securitySchemes")
    return {name: scheme for name, scheme in found.items() if isinstance(scheme, Mapping)}


def _token_urls(schemes: Iterable[Mapping[str, Any]]) -> set[str]:
    return {url for scheme in schemes for url in _urls_of(scheme)}


def _urls_of(scheme: Mapping[str, Any]) -> Iterator[str]:
    flows = scheme.get("flows")
    holders = [scheme, *(flows.values() if isinstance(flows, Mapping) else ())]
    for holder in holders:
        if isinstance(holder, Mapping):
            keys = ("openIdConnectUrl", "oauth2MetadataUrl") if holder is scheme else _TOKEN_URLS
            yield from (holder[key] for key in keys if isinstance(holder.get(key), str))


def _credential_place(kind: str, word: str, location: str, parameter: str) -> str:
    """Return the location of a credential in a request; empty if the document does not say.

    Args:
        kind: The type of its security scheme.
        word: The `scheme` of the type `http`.
        location: The location of an API key, and `parameter` its name there.
    """
    if kind == "apiKey":
        return f"{location} `{parameter[:100]}`"
    if kind == "mutualTLS":
        return "the connection"
    word = {"http": word.lower(), "oauth2": "bearer", "openIdConnect": "bearer"}.get(kind, "")
    return f"header `Authorization` as {word[:100]}" if word else ""


def _compared_place(place: str) -> str:
    """Return a location for comparison: names of headers are case-insensitive (RFC 9110, section 5.1)."""
    return place.lower() if place.startswith("header") else place
