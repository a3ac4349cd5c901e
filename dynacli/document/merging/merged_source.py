"""One of the documents that become one, made independent of where it was and of what it says once for all."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from dynacli.document.file_names import file_name
from dynacli.document.json_trees import copy_json
from dynacli.document.load import Document
from dynacli.document.merging.object_walk import Found, all_sites, objects_of
from dynacli.document.objects import PATH_ITEM
from dynacli.document.pointer import follow, join
from dynacli.document.references.place_origins import Move, Origins, Place
from dynacli.document.references.scan import REFERENCES, Locator, Site, Steps

__all__ = ["Source", "is_reference", "path_items_of"]

_URLS = (
    "authorizationUrl",
    "tokenUrl",
    "refreshUrl",
    "deviceAuthorizationUrl",
    "openIdConnectUrl",
    "oauth2MetadataUrl",
)
"""Of security schemes and their flows (OpenAPI 3.2.0, "Security Scheme Object", "OAuth Flow Object")."""


class Source:
    """A document on its way into one with others.

    Attributes:
        number: Its place in their order.
        name: What messages call it.
        tree: A copy of its tree, which is changed.
        unread: As in `Document`, for that tree.
        first_file: The number of its first file among those of all.

    Args:
        document: It is not changed.
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
            self._leave_home()
            self._push_servers(_servers_of(lead.tree), lead.uri)

    def made(self, steps: Steps, origin: Steps) -> None:
        """Note that a part of the tree was made of another part of it."""
        start = pointer = join(origin)
        while start and start not in self._made:
            start = start.rpartition("/")[0]
        if start:
            pointer = self._made[start].origin + pointer[len(start) :]
        self._made[join(steps)] = Move(join(steps), 0, pointer)

    def carried(self, steps: Steps, origin: Steps, value: Any) -> None:
        """Note that a part of the tree is a copy of another, in which something may be of elsewhere already."""
        self.made(steps, origin)
        waiting: list[tuple[Steps, Any]] = [((), value)]
        while waiting:
            inside, node = waiting.pop()
            if inside and join((*origin, *inside)) in self._made:
                self.made((*steps, *inside), (*origin, *inside))
            below = (
                node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
            )
            waiting.extend(((*inside, str(key)), item) for key, item in below)

    def invented(self, steps: Steps, value: Any, origin: Steps) -> None:
        """Note that a part of the tree is of another part as a whole, with all that is in it."""
        self.made(steps, origin)
        below = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, item in below:
            self.invented((*steps, str(key)), item, origin)

    def origins(self) -> Origins:
        """Return where the parts of the tree stand in the files of this document."""
        return Origins(self._made.values()).after(self.document.origins)

    def place(self, pointer: str) -> Place:
        """Return where a part of the document stands in the files of all documents."""
        place = self.document.origins.locate(pointer)
        return place._replace(file=place.file + self.first_file)

    def _leave_home(self) -> None:
        """Let references and URLs mean away from the document's own address what they mean there."""
        sites = [site for site in all_sites(self.tree) if is_reference(site)]
        locator = Locator(self.tree, self.document.uri, sites)
        for site in sites:
            if site.ref.startswith("#") or (site.keyword == "mapping" and not locator.is_external(site)):
                continue
            shown = self.away(site.ref)
            if shown != site.ref:
                if locator.locate(site) is not None:
                    shown = "#" + site.ref.partition("#")[2]
                elif site.ref in self.unread:
                    self.unread[shown] = self.unread[site.ref]
                site.node[site.name if site.keyword == "mapping" else site.keyword] = shown
        for found in objects_of(self.tree):
            self._make_absolute(found)

    def away(self, ref: str) -> str:
        """Return a reference as the first document has to have it, unchanged where it means the same there."""
        try:
            meant = urljoin(self.document.uri, ref)
            return ref if meant == urljoin(self._lead_uri, ref) else meant
        except ValueError:  # for instance an unclosed `[` in the host
            return ref

    def _make_absolute(self, found: Found) -> None:
        node = found.node
        servers = node.get("servers")
        servers = [*servers] if isinstance(servers, list) else []
        if found.kind.section == "links":
            servers.append(node.get("server"))
        for server in servers:
            if isinstance(server, dict) and isinstance(server.get("url"), str):
                server["url"] = self._absolute(server["url"])
        if found.kind.section == "securitySchemes":
            flows = node.get("flows")
            for holder in (node, *(flows.values() if isinstance(flows, dict) else ())):
                for name in _URLS if isinstance(holder, dict) else ():
                    if isinstance(holder.get(name), str):
                        holder[name] = self._absolute(holder[name])

    def _absolute(self, url: str) -> str:
        """Return a URL as `away` does, if the document came from where a relative one can start."""
        # What starts with a variable is a whole URL for all that is known.
        is_whole = url.startswith("{") or not urlsplit(self.document.uri).scheme.startswith("http")
        return url if is_whole else self.away(url)

    def _push_servers(self, of_lead: list[Any], lead_uri: str) -> None:
        """Let each path have the servers of the document, if those of the first document are others."""
        mine = copy_json(_servers_of(self.tree))
        if not isinstance(self.tree.get("servers"), list) or not self.tree["servers"]:
            mine = [{"url": self._absolute(mine[0]["url"])}]
        if _with_bases(mine, self.document.uri) == _with_bases(of_lead, lead_uri):
            return
        for steps, item in path_items_of(self.tree):
            if not item.get("servers") and "$ref" not in item:
                item["servers"] = copy_json(mine)
                if "servers" in self.tree:
                    self.made((*steps, "servers"), ("servers",))
                else:
                    self.invented((*steps, "servers"), mine, steps)


def path_items_of(tree: dict[str, Any]) -> Iterator[tuple[Steps, dict[str, Any]]]:
    """Yield each path item of a document that requests are sent by, those that a path refers to included."""
    seen: set[int] = set()
    objects = objects_of(tree, with_callbacks=False)
    waiting = [(found.steps, found.node) for found in objects if found.kind is PATH_ITEM]
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
    # OpenAPI 3.1.1, "OpenAPI Object": without any, the server is `/`.
    servers = tree.get("servers")
    return servers if isinstance(servers, list) and servers else [{"url": "/"}]


def _with_bases(servers: list[Any], uri: str) -> list[Any]:
    """Return servers with their URLs as a request sees them, where the document's address tells."""
    base = uri if urlsplit(uri).scheme.startswith("http") else ""
    return [
        {**server, "url": urljoin(base, server["url"])}
        if isinstance(server, dict) and isinstance(server.get("url"), str) and server["url"][:1] != "{"
        else server
        for server in servers
    ]


def is_reference(site: Site) -> bool:
    """Tell whether a site refers to something, and does not name it."""
    return (site.keyword in REFERENCES or site.keyword == "mapping") and isinstance(site.ref, str)
