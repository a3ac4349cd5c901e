"""Which operations belong together from the creation of a thing to its end, as far as that is plain.

    POST /things                  creates
    GET /things/{id}              reads
    PATCH, PUT /things/{id}       change
    DELETE /things/{id}           removes; without it `POST /things/{id}/delete`, `/remove` or `/archive`

What a creation makes is found by its path, or where there is nothing below it by the links of its answers.
Where no POST creates, PUT does, under a name of our own, if it can be seen first that nothing has it.
"""

from collections.abc import Iterable, Mapping, Sequence

from dynacli.check.planning.call_order import template
from dynacli.model.operation import Operation, OperationSummary
from dynacli.record import record

__all__ = ["Chain", "chains_of"]

_UPDATES = ("PATCH", "PUT")
_ENDS = ("delete", "remove", "archive")


@record
class Chain:
    """The operations on one kind of thing, by what dynacli calls them.

    Args:
        create: Makes one.
        item: The path of one, a template whose parameters have no names: `/things/{}`.
        read: Returns it; empty where nothing does.
        updates: Change it.
        delete: Removes it; empty where nothing does.
        inside: The `item` of the chain whose thing it is a part of; empty where it is part of none.
        is_named: Whether the creation is told what the thing is to be called, as by PUT.
    """

    create: str
    item: str
    read: str = ""
    updates: tuple[str, ...] = ()
    delete: str = ""
    inside: str = ""
    is_named: bool = False

    @property
    def writes(self) -> tuple[str, ...]:
        """The operations that change something."""
        return tuple(one for one in (self.create, *self.updates, self.delete) if one)

    @property
    def on_item(self) -> tuple[str, ...]:
        """The operations on one thing."""
        return tuple(one for one in (self.read, *self.updates, self.delete) if one)


def chains_of(
    operations: Sequence[OperationSummary | Operation], linked: Mapping[str, Iterable[str]] | None = None
) -> list[Chain]:
    """Return the chains of a document, in its order.

    Args:
        linked: Operation → those that the links of its answers lead to.
    """
    by_place: dict[tuple[str, str], str] = {}
    for one in operations:
        by_place.setdefault((one.method, _place(one.path)), one.name)
    paths = {one.name: _place(one.path) for one in operations}
    found: list[Chain] = []
    for one in operations:
        place = _place(one.path)
        if one.method != "POST" or place.endswith("}") or by_place["POST", place] != one.name:
            continue
        targets = [paths[name] for name in (linked or {}).get(one.name, ()) if name in paths]
        candidates = (
            f"{place}/{{}}",
            *(path for path in targets if path.endswith("}") and path.count("{") == place.count("{") + 1),
        )
        chain = next(filter(None, (_chain(one.name, item, by_place) for item in candidates)), None)
        if chain is not None and chain.item not in {other.item for other in found}:
            found.append(chain)
    made = {one.item for one in found}
    for item in dict.fromkeys(paths.values()):
        chain = _chain_of_put(item, by_place) if item.endswith("}") and item not in made else None
        if chain is not None:
            found.append(chain)
    return [_placed(one, found) for one in found]


def _place(path: str) -> str:
    return template(path).removesuffix("/")


def _chain(create: str, item: str, by_place: Mapping[tuple[str, str], str]) -> Chain | None:
    read = by_place.get(("GET", item), "")
    updates = tuple(by_place[method, item] for method in _UPDATES if (method, item) in by_place)
    delete = by_place.get(("DELETE", item), "")
    if not delete:
        delete = next(
            (by_place["POST", f"{item}/{end}"] for end in _ENDS if ("POST", f"{item}/{end}") in by_place), ""
        )
    return Chain(create, item, read, updates, delete) if read or updates or delete else None


def _chain_of_put(item: str, by_place: Mapping[tuple[str, str], str]) -> Chain | None:
    create, read, delete = (by_place.get((method, item), "") for method in ("PUT", "GET", "DELETE"))
    if not (create and read and delete):
        return None
    updates = tuple(by_place[method, item] for method in ("PATCH",) if (method, item) in by_place)
    return Chain(create, item, read, updates, delete, is_named=True)


def _placed(chain: Chain, chains: Iterable[Chain]) -> Chain:
    from dataclasses import replace

    around = [one.item for one in chains if chain.item.startswith(f"{one.item}/")]
    return replace(chain, inside=max(around, key=len, default=""))
