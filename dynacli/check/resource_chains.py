"""Chains: the operations that create, read, change and delete one kind of resource, if paths or links show it.

    POST /things                  creates
    GET /things/{id}              reads
    PATCH, PUT /things/{id}       change
    DELETE /things/{id}           deletes; without it `POST /things/{id}/delete`, `/remove` or `/archive`

The path of the created resource lies below that of the POST, or is where links of the POST's responses lead. Or it is
that of its own collection without what it is created in: `POST /teams/{id}/things`, `GET` and `DELETE /things/{id}`.
If no POST creates, PUT does, under a name of our own, if GET can first show that the name is free.
If several POSTs create the same kind of resource, each has a chain.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dynacli.check.check_records import Exchange, InputValue
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.describe_links import describe_links
from dynacli.client.links.follow_link import AnsweredCall, link_value
from dynacli.openapi.model.operation import Operation, OperationSummary, documented_status
from dynacli.openapi.model.path_templates import path_template
from dynacli.record import record

__all__ = ["ResourceChain", "ResponseLinks", "find_chains"]

_UPDATES = ("PATCH", "PUT")
_DELETING_ENDS = ("delete", "remove", "archive")
_HOLDER = re.compile(r"/[^/{}]+/\{\}(?=/[^/{}]+$)")
"""The resource that the items of the collection at the end of a path are in."""


@record
class ResourceChain:
    """The operations on one kind of resource, by their names.

    Args:
        create: Creates a resource.
        item_path: The path of a resource, a template whose parameters have no names: `/things/{}`.
        read: Returns it; empty if nothing does.
        updates: Change it.
        delete: Deletes it; empty if nothing does.
        parent_path: The `item_path` of the chain whose resource it is a part of; empty if it is part of none.
        is_created_by_put: Whether the creation says what the resource is to be called.
    """

    create: str
    item_path: str
    read: str = ""
    updates: tuple[str, ...] = ()
    delete: str = ""
    parent_path: str = ""
    is_created_by_put: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """All operations, in the order in which they are called."""
        return tuple(name for name in (self.create, self.read, *self.updates, self.delete) if name)

    @property
    def changing(self) -> tuple[str, ...]:
        """The operations that change something."""
        return tuple(name for name in self.steps if name != self.read)

    @property
    def on_item(self) -> tuple[str, ...]:
        """The operations on a resource that is there."""
        return tuple(name for name in (self.read, *self.updates, self.delete) if name)


_ByPlace = Mapping[tuple[str, str], str]
"""(method, path template) → the operation's name."""


def find_chains(
    operations: Sequence[OperationSummary | Operation], linked_to: Mapping[str, Iterable[str]] | None = None
) -> list[ResourceChain]:
    """Return the chains of a document, in its order.

    Args:
        linked_to: Operation → the operations that the links of its responses lead to.
    """
    by_place: dict[tuple[str, str], str] = {}
    for operation in operations:
        by_place.setdefault((operation.method, _template(operation.path)), operation.name)
    paths = {operation.name: _template(operation.path) for operation in operations}
    chains: list[ResourceChain] = []
    for operation in operations:
        name, path = operation.name, paths[operation.name]
        if operation.method != "POST" or path.endswith("}") or by_place["POST", path] != name:
            continue
        targets = [paths[target] for target in (linked_to or {}).get(name, ()) if target in paths]
        item_paths = (
            f"{path}/{{}}",
            *(each for each in targets if each.endswith("}") and each.count("{") == path.count("{") + 1),
        )
        found = (_chain_of_post(name, item_path, by_place) for item_path in item_paths)
        chain = next(filter(None, found), None) or _chain_of_shallow_post(name, path, by_place)
        if chain is not None:
            chains.append(chain)
    created = dict.fromkeys(chain.item_path for chain in chains)
    for path in dict.fromkeys(paths.values()):
        chain = _chain_of_put(path, by_place) if path.endswith("}") and path not in created else None
        if chain is not None:
            chains.append(chain)
            created[path] = None
    # A resource at a path of its own is part of what it is created in, unless that is at a path of its own, too.
    plain = [chain.item_path for chain in chains if chain.item_path.startswith(paths[chain.create])]
    return [_with_parent(chain, created, paths[chain.create], plain) for chain in chains]


def _template(path: str) -> str:
    return path_template(path).removesuffix("/")


def _chain_of_post(create: str, item_path: str, by_place: _ByPlace) -> ResourceChain | None:
    read = by_place.get(("GET", item_path), "")
    updates = tuple(by_place[method, item_path] for method in _UPDATES if (method, item_path) in by_place)
    deleting = [("DELETE", item_path), *(("POST", f"{item_path}/{end}") for end in _DELETING_ENDS)]
    delete = next((by_place[place] for place in deleting if place in by_place), "")
    return ResourceChain(create, item_path, read, updates, delete) if read or updates or delete else None


def _chain_of_shallow_post(create: str, path: str, by_place: _ByPlace) -> ResourceChain | None:
    """Return the chain of a POST in a resource whose items are at a path without that; they can be read and deleted."""
    collection = _HOLDER.sub("", path)
    if collection == path or ("POST", collection) in by_place:
        return None
    chain = _chain_of_post(create, f"{collection}/{{}}", by_place)
    return chain if chain is not None and chain.read and chain.delete else None


def _chain_of_put(item_path: str, by_place: _ByPlace) -> ResourceChain | None:
    create, read, patch, delete = (
        by_place.get((method, item_path), "") for method in ("PUT", "GET", "PATCH", "DELETE")
    )
    if not (create and read and delete):
        return None
    updates = (patch,) if patch else ()
    return ResourceChain(create, item_path, read, updates, delete, is_created_by_put=True)


def _with_parent(
    chain: ResourceChain, item_paths: Iterable[str], create_path: str, plain_paths: Iterable[str]
) -> ResourceChain:
    from dataclasses import replace

    parents = [path for path in item_paths if chain.item_path.startswith(f"{path}/")]
    parents += [path for path in plain_paths if create_path.startswith(f"{path}/")]
    return replace(chain, parent_path=max(parents, key=len, default=""))


class ResponseLinks:
    """The links of one operation's responses, read once."""

    def __init__(self, described: DescribedOperation) -> None:
        self._documented = [response.status for response in described.operation.responses]
        self._links = describe_links(described)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the operations that the links lead to."""
        return tuple(dict.fromkeys(link["operation"] for link in self._links.values() if link["operation"]))

    def values(self, exchange: Exchange) -> Iterator[tuple[str, tuple[InputValue, ...]]]:
        """Yield for each link of this very response the name of the linked operation, and values for it."""
        if exchange.response is None:
            return
        status = documented_status(exchange.response.status, self._documented)
        sent = {value.key: value.value for value in exchange.planned.values}
        call = AnsweredCall(
            exchange.request, sent, exchange.sent_json, exchange.response, exchange.response_json
        )
        for link in self._links.values():
            if link["operation"] is None or link["status"] != status:
                continue
            values = []
            for fill in link["fills"]:
                value = link_value(fill["from"], call)
                if value is not None and fill["in"] != "body":
                    values.append(
                        InputValue(fill["in"], fill["name"], value, "link", exchange.operation_name)
                    )
            if values:
                yield link["operation"], tuple(values)
