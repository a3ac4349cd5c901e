"""The paths of a merged document: which document each operation is taken from."""

from collections.abc import Iterable, Sequence
from typing import Any

from dynacli.document.json_trees import copy_json
from dynacli.document.merging.merged_source import SourceDocument
from dynacli.document.merging.shared_units import Unit, Units, digest_of, unit_of
from dynacli.document.objects import PATH_ITEM
from dynacli.document.path_items import PathOperation, operations_of
from dynacli.document.pointer import follow
from dynacli.document.references.scan import Steps, follow_references, sites_of

__all__ = ["MergedPath", "plan_paths"]

_MAX_HOPS = 100
_OF_ONE_OPERATION = frozenset({"x-cli-name", "x-cli-aliases"})


class MergedPath:
    """A path of the merged document.

    Attributes:
        taken: Document that the path is made of → the steps from the path to the operations that are taken from it.
            The path of a single document is taken as a whole.
        same: Document whose path is the same as that of an earlier document → the earlier document.
        methods: Method → the document that its operation is taken from.
        left_out: The operations that an earlier document has already, each with its document.
        is_pushed: Whether the fields that a path has for all its operations are put into each operation instead.
    """

    def __init__(self) -> None:
        self.taken: dict[int, list[Steps]] = {}
        self.same: dict[int, int] = {}
        self.methods: dict[str, int] = {}
        self.left_out: list[tuple[int, PathOperation]] = []
        self.is_pushed = False

    @property
    def is_joined(self) -> bool:
        """Whether the path is made of several documents."""
        return len(self.taken) > 1

    def keeps(self, number: int, rest: Steps) -> bool:
        """Return whether a place in a document's path is at the same place in the merged document.

        Args:
            rest: The steps from the path to the place.
        """
        number = self.same.get(number, number)
        if not self.is_joined:
            return number in self.taken
        return any(rest[: len(steps)] == steps for steps in self.taken.get(number, ()))


def plan_paths(
    sources: Sequence[SourceDocument], units: Sequence[Units], shared: dict[tuple[int, int], set[Unit]]
) -> dict[str, MergedPath]:
    """Return how each path is made; the trees of documents that share a path are prepared for that.

    Args:
        shared: Numbers of two documents, the earlier first → the units that are the same in both.
    """
    paths = [source.tree.get("paths") for source in sources]
    holders = {number: value for number, value in enumerate(paths) if isinstance(value, dict)}
    plan = {path: MergedPath() for value in holders.values() for path in value}
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
    path: MergedPath, name: str, number: int, tree: dict[str, Any], shared: dict[tuple[int, int], set[Unit]]
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
    # A value that is no operation must not keep out the operation of another document.
    entries = [entry for entry in entries if isinstance(entry.operation, dict)]
    new = [entry for entry in entries if entry.method not in path.methods]
    path.left_out.extend((number, entry) for entry in entries if entry.method in path.methods)
    if new or not path.taken:
        path.taken[number] = [entry.steps for entry in new]
        path.methods.update((entry.method, number) for entry in new)


def _own_item(source: SourceDocument, units: Units, name: str) -> dict[str, Any]:
    """Return the path item of a document; where it is a reference, its target takes its place."""
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
        own = {key: member for key, member in item.items() if key != "$ref"}
        beside |= own.keys()
        paths[name] = {**copy_json(value), **own}
        source.note_copy(here, target, value)
    for key in beside:
        source.note_origin((*here, key), (*here, key))
    item = paths[name]
    return item if isinstance(item, dict) else {}


def _rest_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a path item that are for all its operations."""
    fields = {entry.steps[0] for entry in operations_of(item)} | {"additionalOperations"}
    return {key: value for key, value in item.items() if key not in fields}


def _needs_of(rest: dict[str, Any], units: Units) -> set[Unit]:
    targets = (units.locator.locate(site) for site in sites_of(rest, PATH_ITEM))
    return {unit_of(target) for target in targets if target is not None}


def _push(
    source: SourceDocument, name: str, item: dict[str, Any], rest: dict[str, Any], taken: Iterable[Steps]
) -> None:
    """Put the fields that a path has for all its operations into each operation."""
    is_only_operation = len(list(operations_of(item))) == 1
    for steps in taken:
        operation = follow(item, steps)
        if not isinstance(operation, dict):
            continue
        here = ("paths", name, *steps)
        for key, value in rest.items():
            if key == "parameters" and isinstance(value, list):
                _push_parameters(source, ("paths", name, key), value, here, operation)
            elif not operation.get(key) and (is_only_operation or key not in _OF_ONE_OPERATION):
                operation[key] = copy_json(value)
                source.note_copy((*here, key), ("paths", name, key), value)


def _push_parameters(
    source: SourceDocument, origin: Steps, parameters: list[Any], here: Steps, operation: dict[str, Any]
) -> None:
    own = operation.get("parameters")
    own = own if isinstance(own, list) else []
    known = {_identity_of(source.tree, parameter) for parameter in own}
    # Appended, because references may lead to the operation's own parameters by their index.
    if "parameters" not in operation:
        source.note_origin((*here, "parameters"), origin)
    operation["parameters"] = own
    for index, parameter in enumerate(parameters):
        if _identity_of(source.tree, parameter) not in known:
            source.note_copy((*here, "parameters", str(len(own))), (*origin, str(index)), parameter)
            own.append(copy_json(parameter))


def _identity_of(tree: dict[str, Any], parameter: Any) -> Any:
    """Return location and name of a parameter, by which a parameter of an operation replaces that of its path."""
    target = follow_references(tree, parameter)
    if not isinstance(target, dict):
        return id(parameter)
    return str(target.get("in")), str(target.get("name"))
