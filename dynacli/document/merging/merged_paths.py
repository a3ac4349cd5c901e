"""Says which document each operation is taken from, where several have the same path."""

from collections.abc import Iterable, Sequence
from typing import Any

from dynacli.document.json_trees import copy_json
from dynacli.document.merging.merged_source import Source
from dynacli.document.merging.shared_units import Unit, Units, digest_of, unit_of
from dynacli.document.objects import PATH_ITEM
from dynacli.document.path_items import PathOperation, operations_of
from dynacli.document.pointer import follow
from dynacli.document.references.scan import Steps, follow_references, sites_of

__all__ = ["Path", "plan_paths"]

_MAX_HOPS = 100
_OF_ONE_OPERATION = frozenset({"x-cli-name", "x-cli-aliases"})


class Path:
    """One path of the one document.

    Attributes:
        taken: The documents that it is made of, each with the steps from the path to the operations
            that are taken from it; one alone is taken whole.
        same: The documents that have the path just like an earlier one → that one.
        methods: Which document each operation is taken from, by its method.
        left_out: The operations that an earlier document has already: the document, and the operation.
        is_pushed: Whether what the documents say of the path as a whole is said in each operation instead.
    """

    def __init__(self) -> None:
        self.taken: dict[int, list[Steps]] = {}
        self.same: dict[int, int] = {}
        self.methods: dict[str, int] = {}
        self.left_out: list[tuple[int, PathOperation]] = []
        self.is_pushed = False

    @property
    def is_joined(self) -> bool:
        """Whether it is made of several documents."""
        return len(self.taken) > 1

    def keeps(self, number: int, rest: Steps) -> bool:
        """Tell whether a place of a document's path is at the same place in the one document.

        Args:
            number: The document.
            rest: The steps from the path to the place.
        """
        number = self.same.get(number, number)
        if not self.is_joined:
            return number in self.taken
        return any(rest[: len(steps)] == steps for steps in self.taken.get(number, ()))


def plan_paths(
    sources: Sequence[Source], units: Sequence[Units], shared: dict[tuple[int, int], set[Unit]]
) -> dict[str, Path]:
    """Return how each path is made; where it is of several documents, their trees are prepared for that.

    Args:
        sources: The documents.
        units: Of each.
        shared: For two documents, the earlier one first, what is the same in both.
    """
    paths = [source.tree.get("paths") for source in sources]
    holders = {number: value for number, value in enumerate(paths) if isinstance(value, dict)}
    plan = {path: Path() for value in holders.values() for path in value}
    for name, path in plan.items():
        for number in (number for number, value in holders.items() if name in value):
            _take(path, name, number, sources[number].tree, shared)
        if path.is_joined:
            items = {number: _own_item(sources[number], units[number], name) for number in path.taken}
            rests = {number: _rest_of(item) for number, item in items.items()}
            first, *others = path.taken
            path.is_pushed = not all(
                digest_of(rests[first]) == digest_of(rests[number])
                and _needs_of(rests[number], units[number]) <= shared[first, number]
                for number in others
            )
            for number in path.taken if path.is_pushed else ():
                _push(sources[number], name, items[number], rests[number], path.taken[number])
    return plan


def _take(
    path: Path,
    name: str,
    number: int,
    tree: dict[str, Any],
    shared: dict[tuple[int, int], set[Unit]],
) -> None:
    for earlier in range(number):
        if ("paths", name) in shared[earlier, number]:
            path.same[number] = path.same.get(earlier, earlier)
            return
    if name.startswith("x-"):
        path.taken = path.taken or {number: []}
        return
    item = follow_references(tree, tree["paths"][name])
    entries = list(operations_of(item)) if isinstance(item, dict) else []
    # What is no operation in one document is in the way of none in another.
    entries = [entry for entry in entries if isinstance(entry.operation, dict)]
    new = [entry for entry in entries if entry.method not in path.methods]
    path.left_out.extend((number, entry) for entry in entries if entry.method in path.methods)
    if new or not path.taken:
        path.taken[number] = [entry.steps for entry in new]
        path.methods.update((entry.method, number) for entry in new)


def _own_item(source: Source, units: Units, name: str) -> dict[str, Any]:
    """Return the path item of a document, in place of the reference to it where it is one."""
    paths = source.tree["paths"]
    here = ("paths", name)
    beside: set[str] = set()
    for _ in range(_MAX_HOPS):
        item = paths[name]
        if not isinstance(item, dict) or not isinstance(item.get("$ref"), str):
            break
        target = units.locator.locate_ref(item["$ref"])
        value = None if target is None else follow(source.tree, target)
        if target is None or not isinstance(value, dict):
            break
        own = {key: one for key, one in item.items() if key != "$ref"}
        beside |= own.keys()
        paths[name] = {**copy_json(value), **own}
        source.carried(here, target, value)
    for key in beside:
        source.made((*here, key), (*here, key))
    item = paths[name]
    return item if isinstance(item, dict) else {}


def _rest_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return what a path item says of all its operations."""
    fields = {entry.steps[0] for entry in operations_of(item)} | {"additionalOperations"}
    return {key: value for key, value in item.items() if key not in fields}


def _needs_of(rest: dict[str, Any], units: Units) -> set[Unit]:
    targets = (units.locator.locate(site) for site in sites_of(rest, PATH_ITEM))
    return {unit_of(target) for target in targets if target is not None}


def _push(
    source: Source, name: str, item: dict[str, Any], rest: dict[str, Any], taken: Iterable[Steps]
) -> None:
    """Say in each operation what the path says of all of them."""
    is_one = len(list(operations_of(item))) == 1
    for steps in taken:
        operation = follow(item, steps)
        if not isinstance(operation, dict):
            continue
        here = ("paths", name, *steps)
        for key, value in rest.items():
            if key == "parameters" and isinstance(value, list):
                _push_parameters(source, ("paths", name, key), value, here, operation)
            elif not operation.get(key) and (is_one or key not in _OF_ONE_OPERATION):
                operation[key] = copy_json(value)
                source.carried((*here, key), ("paths", name, key), value)


def _push_parameters(
    source: Source, origin: Steps, parameters: list[Any], here: Steps, operation: dict[str, Any]
) -> None:
    own = operation.get("parameters")
    own = own if isinstance(own, list) else []
    known = {_name_of(source.tree, one) for one in own}
    # After its own, so that those stay where references may lead to.
    if "parameters" not in operation:
        source.made((*here, "parameters"), origin)
    operation["parameters"] = own
    for index, parameter in enumerate(parameters):
        if _name_of(source.tree, parameter) not in known:
            source.carried((*here, "parameters", str(len(own))), (*origin, str(index)), parameter)
            own.append(copy_json(parameter))


def _name_of(tree: dict[str, Any], parameter: Any) -> Any:
    """Return what is the same for two parameters of which the operation's replaces the path's."""
    found = follow_references(tree, parameter)
    if not isinstance(found, dict):
        return id(parameter)
    return str(found.get("in")), str(found.get("name"))
