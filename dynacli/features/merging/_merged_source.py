"""A document that is merged with others, made independent of its URI, and the units that it shares with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dynacli.openapi.document.json_trees import copy_json, follow, join
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.objects import PATH_ITEM, WEBHOOKS, operations_of
from dynacli.openapi.document.references.place_origins import Move, Origins, PlaceInFile
from dynacli.openapi.document.references.scan import (
    REFERENCE_KEYWORDS,
    Locator,
    Site,
    Steps,
    WalkedObject,
    all_sites,
    objects_of,
    requirements_of,
    steps_of,
)
from dynacli.openapi.document.source import file_name
from dynacli.openapi.references import reference_of
from dynacli.urls import is_served, join_url

_URLS = (
    *("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl", "openIdConnectUrl"),
    "oauth2MetadataUrl",
)
"""The URLs of security schemes and their flows (OpenAPI 3.2.0, "Security Scheme Object", "OAuth Flow Object")."""
_SECTIONS = frozenset({"paths", *WEBHOOKS})


Unit = Steps
"""The steps to a component, a path, a webhook, or another top-level field of a document."""


class SourceDocument:
    """A document that is merged with others.

    Attributes:
        number: Its index among the documents.
        name: Its name in messages.
        tree: A copy of its tree, which is changed.
        unread: The references of the tree that cannot be followed → why.
        first_file: The number of its first file among the files of all documents.

    Args:
        document: The loaded document, which is not changed.
        lead: The first of the documents.
    """

    def __init__(self, number: int, document: Document, lead: Document, first_file: int) -> None:
        self.number = number
        self.document = document
        self.first_file = first_file
        self.tree: dict[str, Any] = copy_json(document.tree)
        self.unread = dict(document.unread)
        self.name = f"`{file_name(document.uri)}`" if document.uri else f"document {number + 1}"
        self._made: dict[str, Move] = {}
        self._lead_uri = lead.uri
        if number:
            self._make_independent()
            self._push_servers(_servers_of(lead.tree), lead.uri)

    def note_origin(self, steps: Steps, origin: Steps) -> None:
        """Note that a part of the tree was made from another part."""
        start = pointer = join(origin)
        while start and start not in self._made:
            start = start.rpartition("/")[0]
        if start:
            pointer = self._made[start].origin + pointer[len(start) :]
        self._made[join(steps)] = Move(join(steps), 0, pointer)

    def note_copy(self, steps: Steps, origin: Steps, value: Any) -> None:
        """Note that a part of the tree is a copy of another part, and copy the noted origins inside it, too."""
        self.note_origin(steps, origin)
        waiting: list[tuple[Steps, Any]] = [((), value)]
        while waiting:
            inside, node = waiting.pop()
            if inside and join((*origin, *inside)) in self._made:
                self.note_origin((*steps, *inside), (*origin, *inside))
            waiting.extend(((*inside, str(key)), item) for key, item in _members_of(node))

    def note_made(self, steps: Steps, value: Any, origin: Steps) -> None:
        """Note that a part of the tree and all its contents were made from another part as a whole."""
        self.note_origin(steps, origin)
        for key, item in _members_of(value):
            self.note_made((*steps, str(key)), item, origin)

    def origins(self) -> Origins:
        """Return the origins of the parts of the tree in the files of this document."""
        return Origins(self._made.values()).after(self.document.origins)

    def place(self, pointer: str) -> PlaceInFile:
        """Return the origin of a part of the document in the files of all documents."""
        place = self.document.origins.locate(pointer)
        return place._replace(file=place.file + self.first_file)

    def _make_independent(self) -> None:
        """Rewrite relative references and URLs so that they keep their meaning in the first document."""
        sites = [site for site in all_sites(self.tree) if _is_reference(site)]
        locator = Locator(self.tree, self.document.uri, sites)
        for site in sites:
            if site.ref.startswith("#") or (site.keyword == "mapping" and not locator.is_external(site)):
                continue
            shown = self.as_seen_from_lead(site.ref)
            if shown != site.ref:
                if locator.locate(site) is not None:
                    shown = "#" + site.ref.partition("#")[2]
                elif site.ref in self.unread:
                    self.unread[shown] = self.unread[site.ref]
                site.node[site.name if site.keyword == "mapping" else site.keyword] = shown
        for walked in objects_of(self.tree):
            self._make_absolute(walked)

    def as_seen_from_lead(self, ref: str) -> str:
        """Return a reference for use in the first document; it is unchanged if it means the same there."""
        try:
            uri = join_url(self.document.uri, ref)
            return ref if uri == join_url(self._lead_uri, ref) else uri
        except ValueError:  # for instance an unclosed `[` in the host
            return ref

    def _make_absolute(self, walked: WalkedObject) -> None:
        node = walked.node
        servers = node.get("servers")
        servers = [*servers] if isinstance(servers, list) else []
        if walked.kind.section == "links":
            servers.append(node.get("server"))
        for server in servers:
            if isinstance(server, dict) and isinstance(server.get("url"), str):
                server["url"] = self._absolute(server["url"])
        if walked.kind.section == "securitySchemes":
            flows = node.get("flows")
            for holder in (node, *(flows.values() if isinstance(flows, dict) else ())):
                for name in _URLS if isinstance(holder, dict) else ():
                    if isinstance(holder.get(name), str):
                        holder[name] = self._absolute(holder[name])

    def _absolute(self, url: str) -> str:
        """Return a URL for use in the first document; it is unchanged if this document has no HTTP URL."""
        # A URL that starts with a variable is probably absolute.
        is_whole = url.startswith("{") or not is_served(self.document.uri)
        return url if is_whole else self.as_seen_from_lead(url)

    def _push_servers(self, lead_servers: list[Any], lead_uri: str) -> None:
        """Give each path the servers of the document, unless the first document has the same servers."""
        own = copy_json(_servers_of(self.tree))
        if not isinstance(self.tree.get("servers"), list) or not self.tree["servers"]:
            own = [{"url": self._absolute(own[0]["url"])}]
        if _with_bases(own, self.document.uri) == _with_bases(lead_servers, lead_uri):
            return
        for steps, item in path_items_of(self.tree):
            if not item.get("servers") and reference_of(item) is None:
                item["servers"] = copy_json(own)
                if "servers" in self.tree:
                    self.note_origin((*steps, "servers"), ("servers",))
                else:
                    self.note_made((*steps, "servers"), own, steps)


def _members_of(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def path_items_of(tree: dict[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """Yield each path item of a document except in callbacks; include the targets of references in path items."""
    seen: set[int] = set()
    objects = objects_of(tree, with_callbacks=False)
    waiting = [(walked.steps, walked.node) for walked in objects if walked.kind is PATH_ITEM]
    locator = Locator(tree, "", [])
    while waiting:
        steps, item = waiting.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield steps, item
        ref = reference_of(item)
        target = locator.locate_ref(ref) if ref is not None else None
        value = None if target is None else follow(tree, target)
        if target is not None and isinstance(value, dict):
            waiting.append((target, value))


def _servers_of(tree: dict[str, Any]) -> list[Any]:
    # Without servers, the server is `/` (OpenAPI 3.1.1, "OpenAPI Object").
    servers = tree.get("servers")
    return servers if isinstance(servers, list) and servers else [{"url": "/"}]


def _with_bases(servers: list[Any], uri: str) -> list[Any]:
    """Return servers with URLs made absolute if the document has an HTTP URL as its base."""
    base = uri if is_served(uri) else ""
    return [
        {**server, "url": join_url(base, server["url"])}
        if isinstance(server, dict) and isinstance(server.get("url"), str) and server["url"][:1] != "{"
        else server
        for server in servers
    ]


def _is_reference(site: Site) -> bool:
    """Return whether a site is a reference, and not an identifier."""
    return (site.keyword in REFERENCE_KEYWORDS or site.keyword == "mapping") and isinstance(site.ref, str)


class Units:
    """The units of a document.

    Attributes:
        locator: Finds the targets of references.
        sites: All references, each with the steps to its object and to its target; None for a missing target.
        texts: Unit → a digest; equal digests mean equal units, with the same text of references.
        needs: Unit → the units to which it refers, and the text of dangling references.
    """

    def __init__(self, tree: dict[str, Any]) -> None:
        sites = list(all_sites(tree))
        self.locator = Locator(tree, "", sites)
        self.sites: list[tuple[Site, Steps, Steps | None]] = [
            (site, steps_of(site.link), self.locator.locate(site)) for site in sites if _is_reference(site)
        ]
        self.texts = {unit: digest_of(follow(tree, unit)) for unit in _units_of(tree)}
        self.needs: dict[Unit, set[Unit]] = {unit: set() for unit in self.texts}
        for site, steps, target in self.sites:
            self._add(steps, unit_of(target) if target is not None else ("", site.ref))
            self._add_kin(tree, steps, target)
        by_id = operations_by_id(tree)
        for walked in objects_of(tree):
            if walked.kind.section == "links":
                self._add_link(walked.steps, walked.node, by_id)
            for requirement in requirements_of(walked.node):
                for name in requirement:
                    self._add(walked.steps, ("components", "securitySchemes", str(name)))

    def shared(self, other: Units) -> set[Unit]:
        """Return the units that are equal in another document, and refer only to units that are equal, too."""
        same = {unit for unit, text in self.texts.items() if other.texts.get(unit) == text}
        same -= {unit for unit in same if self.needs[unit] != other.needs[unit]}
        users: dict[Unit, list[Unit]] = {}
        for unit in same:
            for need in self.needs[unit]:
                users.setdefault(need, []).append(unit)
        # A reference that dangles in both documents counts as the same.
        different = [
            need for need in users if need not in same and (need in self.texts or need in other.texts)
        ]
        while different:
            for unit in users.get(different.pop(), ()):
                if unit in same:
                    same.discard(unit)
                    different.append(unit)
        return same

    def _add(self, steps: Steps, need: Unit) -> None:
        here = unit_of(steps)
        if here in self.needs and here != need:
            self.needs[here].add(need)

    def _add_kin(self, tree: dict[str, Any], steps: Steps, target: Steps | None) -> None:
        """Make a schema need the schemas that extend it, because its discriminator may name them."""
        if is_kin(steps) and target is not None and len(target) == 3:
            parent = follow(tree, target)
            if isinstance(parent, dict) and "discriminator" in parent:
                self._add(target, steps[:3])

    def _add_link(self, steps: Steps, link: dict[str, Any], by_id: dict[str, Steps]) -> None:
        operation_id, ref = link.get("operationId"), link.get("operationRef")
        target = by_id.get(operation_id) if isinstance(operation_id, str) else None
        if target is None and isinstance(ref, str):
            target = self.locator.locate_ref(ref)
        if target is not None:
            self._add(steps, unit_of(target))


def is_kin(steps: Steps) -> bool:
    """Return whether these are the steps to an item in the `allOf` of a component.

    A schema with such a reference takes part in its target's discriminator (OpenAPI 3.1.1, "Discriminator Object").
    """
    return len(steps) == 5 and steps[:2] == ("components", "schemas") and steps[3] == "allOf"


def unit_of(steps: Steps) -> Unit:
    """Return the unit that contains the part at these steps."""
    if steps[:1] == ("components",):
        return steps[:3]
    return steps[:2] if steps[:1] and steps[0] in _SECTIONS else steps[:1]


def digest_of(value: Any) -> bytes:
    """Return a digest that is equal for equal JSON values, in any order of their keys."""
    from dynacli.import_orjson import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        text = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(text).digest()


def operations_by_id(tree: dict[str, Any]) -> dict[str, Steps]:
    """Return operationId → the steps to the first operation that has it."""
    operations: dict[str, Steps] = {}
    paths = tree.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if isinstance(item, dict) and not path.startswith("x-"):
            for entry in operations_of(item):
                name = entry.operation.get("operationId") if isinstance(entry.operation, dict) else None
                if isinstance(name, str):
                    operations.setdefault(name, ("paths", path, *entry.steps))
    return operations


def _units_of(tree: dict[str, Any]) -> Iterator[Unit]:
    for key, value in tree.items():
        if key == "components" and isinstance(value, dict):
            for section, entries in value.items():
                if isinstance(entries, dict):
                    yield from ((key, section, name) for name in entries)
                else:
                    yield key, section
        elif key in _SECTIONS and isinstance(value, dict):
            yield from ((key, name) for name in value)
        else:
            yield (key,)


class UnitNames:
    """The names of the units of all documents.

    The first document that has a name keeps it. In a later document the same name for the same unit stays;
    for another unit it becomes `Name-2`, in the next document `Name-3`. No name depends on the order of the
    components in a document.

    Args:
        shared: Numbers of two documents, the earlier first → the units that are the same in both.
    """

    def __init__(
        self, documents: Iterable[Collection[Unit]], shared: dict[tuple[int, int], set[Unit]]
    ) -> None:
        self._units = [set(units) for units in documents]
        self._shared = shared
        self._taken = set().union(*self._units)
        self._new: list[dict[Unit, Unit]] = []
        self._owners: list[dict[Unit, int]] = []
        for number, units in enumerate(self._units):
            self._new.append({})
            self._owners.append({})
            for unit in sorted(units):
                if is_named(unit):
                    self._name(number, unit)

    def of(self, number: int, unit: Unit) -> Unit:
        """Return the unit of the merged document that a unit of a document becomes."""
        return self._new[number].get(unit, unit)

    def owner(self, number: int, unit: Unit) -> int:
        """Return the number of the document that a unit is taken from: the first that has the same unit."""
        return self._owners[number].get(unit, number)

    def is_new(self, number: int, unit: Unit) -> bool:
        """Return whether a unit gets another name than in its document."""
        return unit in self._new[number]

    def renamed(self, number: int) -> dict[Unit, Unit]:
        """Return the units of a document that get other names → the units that they become."""
        return self._new[number]

    def add(self, unit: Unit) -> Unit:
        """Return a new unit under a free name: its own, or its own with the first free number."""
        new, number = unit, 1
        while new in self._taken:
            number += 1
            new = (*unit[:-1], f"{unit[-1]}-{number}")
        self._taken.add(new)
        return new

    def _name(self, number: int, unit: Unit) -> None:
        for earlier in range(number):
            if unit in self._shared[earlier, number]:
                self._owners[number][unit] = self._owners[earlier].get(unit, earlier)
                if unit in self._new[earlier]:
                    self._new[number][unit] = self._new[earlier][unit]
                return
        if any(unit in units for units in self._units[:number]):
            self._new[number][unit] = self.add(unit)


def is_named(unit: Unit) -> bool:
    """Return whether a unit may be renamed."""
    in_components = len(unit) == 3 and unit[0] == "components" and not unit[1].startswith("x-")
    return in_components or (len(unit) == 2 and unit[0] in WEBHOOKS)
