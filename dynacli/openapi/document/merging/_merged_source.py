"""A document that is merged with others, made independent of its URI and of its own servers."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from dynacli.openapi.document.json_trees import copy_json
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.merging.object_walk import WalkedObject, all_sites, objects_of
from dynacli.openapi.document.objects import PATH_ITEM
from dynacli.openapi.document.pointer import follow, join
from dynacli.openapi.document.references.place_origins import Move, Origins, Place
from dynacli.openapi.document.references.scan import REFERENCES, Locator, Site, Steps
from dynacli.openapi.document.source import file_name

__all__ = ["SourceDocument", "is_reference", "path_items_of"]

_URLS = (
    *("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl", "openIdConnectUrl"),
    "oauth2MetadataUrl",
)
"""The URLs of security schemes and their flows (OpenAPI 3.2.0, "Security Scheme Object", "OAuth Flow Object")."""


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
        """Note that a part of the tree was made of another part."""
        start = pointer = join(origin)
        while start and start not in self._made:
            start = start.rpartition("/")[0]
        if start:
            pointer = self._made[start].origin + pointer[len(start) :]
        self._made[join(steps)] = Move(join(steps), 0, pointer)

    def note_copy(self, steps: Steps, origin: Steps, value: Any) -> None:
        """Note that a part of the tree is a copy of another part, in which places may have other origins already."""
        self.note_origin(steps, origin)
        waiting: list[tuple[Steps, Any]] = [((), value)]
        while waiting:
            inside, node = waiting.pop()
            if inside and join((*origin, *inside)) in self._made:
                self.note_origin((*steps, *inside), (*origin, *inside))
            waiting.extend(((*inside, str(key)), item) for key, item in _members_of(node))

    def note_made(self, steps: Steps, value: Any, origin: Steps) -> None:
        """Note that a part of the tree, with all in it, was made of another part as a whole."""
        self.note_origin(steps, origin)
        for key, item in _members_of(value):
            self.note_made((*steps, str(key)), item, origin)

    def origins(self) -> Origins:
        """Return the origins of the parts of the tree in the files of this document."""
        return Origins(self._made.values()).after(self.document.origins)

    def place(self, pointer: str) -> Place:
        """Return the origin of a part of the document in the files of all documents."""
        place = self.document.origins.locate(pointer)
        return place._replace(file=place.file + self.first_file)

    def _make_independent(self) -> None:
        """Make references and URLs keep their meaning when they are relative to the first document."""
        sites = [site for site in all_sites(self.tree) if is_reference(site)]
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
        """Return a reference as it has to be in the first document: unchanged where it means the same there."""
        try:
            uri = urljoin(self.document.uri, ref)
            return ref if uri == urljoin(self._lead_uri, ref) else uri
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
        """Return a URL as it has to be in the first document, where this document has an HTTP URL as its base."""
        # A URL that starts with a variable is taken to be absolute.
        is_whole = url.startswith("{") or not urlsplit(self.document.uri).scheme.startswith("http")
        return url if is_whole else self.as_seen_from_lead(url)

    def _push_servers(self, lead_servers: list[Any], lead_uri: str) -> None:
        """Give each path the servers of the document, unless the first document has the same servers."""
        own = copy_json(_servers_of(self.tree))
        if not isinstance(self.tree.get("servers"), list) or not self.tree["servers"]:
            own = [{"url": self._absolute(own[0]["url"])}]
        if _with_bases(own, self.document.uri) == _with_bases(lead_servers, lead_uri):
            return
        for steps, item in path_items_of(self.tree):
            if not item.get("servers") and "$ref" not in item:
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
    """Yield each path item of a document but those of callbacks, and those that a path item refers to."""
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
        target = locator.locate_ref(item["$ref"]) if isinstance(item.get("$ref"), str) else None
        value = None if target is None else follow(tree, target)
        if target is not None and isinstance(value, dict):
            waiting.append((target, value))


def _servers_of(tree: dict[str, Any]) -> list[Any]:
    # Without servers, the server is `/` (OpenAPI 3.1.1, "OpenAPI Object").
    servers = tree.get("servers")
    return servers if isinstance(servers, list) and servers else [{"url": "/"}]


def _with_bases(servers: list[Any], uri: str) -> list[Any]:
    """Return servers with URLs made absolute where the document has an HTTP URL as its base."""
    base = uri if urlsplit(uri).scheme.startswith("http") else ""
    return [
        {**server, "url": urljoin(base, server["url"])}
        if isinstance(server, dict) and isinstance(server.get("url"), str) and server["url"][:1] != "{"
        else server
        for server in servers
    ]


def is_reference(site: Site) -> bool:
    """Return whether a site is a reference rather than an identifier."""
    return (site.keyword in REFERENCES or site.keyword == "mapping") and isinstance(site.ref, str)
