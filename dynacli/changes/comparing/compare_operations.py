"""Which operations of two documents are the same, and what changed in each."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dynacli.changes.change_records import OperationKey
from dynacli.changes.comparing.compare_answers import compare_answers
from dynacli.changes.comparing.compare_content import compare_body
from dynacli.changes.comparing.compare_parameters import compare_parameters, parameters
from dynacli.changes.comparing.compare_security import Credentials, compare_security
from dynacli.changes.comparing.compare_servers import compare_servers
from dynacli.changes.comparing.compare_texts import compare_deprecation, compare_texts
from dynacli.changes.comparing.compared_document import Place, Side, below, members
from dynacli.changes.comparing.comparison import REQUEST, RESPONSE, Comparison, Pair, Use
from dynacli.document.path_items import operations_of

__all__ = [
    "Operation",
    "compare_operations",
    "compare_path_items",
    "matched",
    "operations",
    "operations_of_item",
]


class Operation(NamedTuple):
    """An operation where it stands.

    Args:
        item: Its Path Item.
        place: The Operation Object.
    """

    key: OperationKey
    item: Place
    place: Place


def operations(side: Side) -> dict[OperationKey, Operation]:
    """Return the operations of a document in its order."""
    found: dict[OperationKey, Operation] = {}
    for path, raw in members(side.followed(side.at("paths"))):
        for one in operations_of_item(side, path, raw):
            found.setdefault(one.key, one)
    return found


def operations_of_item(side: Side, path: str, raw: Place) -> Iterator[Operation]:
    """Yield the operations of a Path Item.

    Args:
        path: What it is called: a path, the name of a webhook.
        raw: The item, which may be a reference.
    """
    # Fields beside a `$ref` are those of the path, too (OpenAPI 3.1.1, "Path Item Object").
    items = [raw] if isinstance(raw.node, Mapping) and "$ref" in raw.node and len(raw.node) > 1 else []
    for item in (*items, side.followed(raw)):
        for entry in operations_of(item.node) if isinstance(item.node, Mapping) else ():
            place = item
            for step in entry.steps:
                place = below(place, step, "operation")
            if isinstance(place.node, dict) and not entry.fault:
                yield Operation(OperationKey(entry.method, path), item, place)


def matched(
    old: Mapping[OperationKey, Operation], new: Mapping[OperationKey, Operation]
) -> list[tuple[OperationKey, OperationKey]]:
    """Return old key and new key of the operations that both have, in the order of the new document.

    By method and path, then with other names for the path's parameters, then by operationId.
    """
    found = {key: key for key in new if key in old}
    left = {key: one for key, one in old.items() if key not in found}
    right = {key: one for key, one in new.items() if key not in found}
    for tell in (_shape, _operation_id):
        before, after = _unique(left, tell), _unique(right, tell)
        for word, key in after.items():
            if word in before:
                found[key] = before[word]
                del left[before[word]], right[key]
    return [(found[key], key) for key in new if key in found]


def _unique(some: Mapping[OperationKey, Operation], tell: "type[str] | object") -> dict[str, OperationKey]:
    """Return by what tells it apart each operation that nothing else is mistaken for."""
    found: dict[str, OperationKey] = {}
    double: set[str] = set()
    for key, one in some.items():
        word = tell(one)  # type: ignore[operator]
        if word in found:
            double.add(word)
        if word:
            found[word] = key
    return {word: key for word, key in found.items() if word not in double}


def _shape(one: Operation) -> str:
    return f"{one.key.method} {re.sub(r'[{][^{}]*[}]', '{}', one.key.path)}"


def _operation_id(one: Operation) -> str:
    found = one.place.node.get("operationId")
    return found if isinstance(found, str) else ""


def compare_operations(run: Comparison, credentials: Credentials, old: Operation, new: Operation) -> Pair:
    """Return the pair of two operations."""
    pair = Pair()
    if _shape(old) != _shape(new):
        was, now = (f"{one.key.method} {one.key.path}" for one in (old, new))
        run.tell(pair, "operation-moved", new.place, was, now, rule="operation-gone")
    was_called, is_called = below(old.place, "operationId"), below(new.place, "operationId")
    if was_called.node != is_called.node:
        place = is_called if is_called.node is not None else was_called
        run.tell(pair, "operation-renamed", place, was_called.node, is_called.node)
    compare_security(run, pair, credentials, old.place, new.place)
    was_at, is_at = (_servers(side, one) for side, one in ((run.old, old), (run.new, new)))
    if was_at[1] or is_at[1]:
        compare_servers(run, pair, was_at[0], is_at[0])
    if old.key == new.key and _is_same(run, old, new):
        return pair
    _compare_words(run, pair, old.place, new.place)
    if old.key != new.key or not _is_same(run, old, new, "parameters"):
        before = parameters(run.old, old.item, old.place)
        after = parameters(run.new, new.item, new.place)
        compare_parameters(run, pair, before, after, (old.key.path, new.key.path))
    _compare_messages(run, pair, old.place, new.place, REQUEST)
    return pair


def _is_same(run: Comparison, old: Operation, new: Operation, word: str = "") -> bool:
    """Return whether two operations are plainly the same, or what they have under a keyword."""
    shared = (one.item.node.get("parameters") for one in (old, new))
    own = (one.place.node.get(word) if word else one.place.node for one in (old, new))
    return run.touched.is_same(*own) and run.touched.is_same(*shared)


def _servers(side: Side, one: Operation) -> tuple[Place, bool]:
    """Return the servers of an operation, and whether they are of its own or of its path."""
    for holder in (one.place, one.item):
        place = below(holder, "servers")
        if isinstance(place.node, list) and place.node:
            return place, True
    return side.at("servers"), False


def _compare_words(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    compare_deprecation(run, pair, old, new)
    compare_texts(run, pair, old, new, ("summary", "description"))
    was, now = below(old, "tags"), below(new, "tags")
    before, after = (
        [one for one in each.node if isinstance(one, str)] if isinstance(each.node, list) else []
        for each in (was, now)
    )
    if set(before) != set(after):
        run.tell(
            pair, "tags-changed", now if now.node is not None else was, before, after, rule="same-on-the-wire"
        )


def _compare_messages(run: Comparison, pair: Pair, old: Place, new: Place, use: Use) -> None:
    """Compare body, answers and callbacks.

    Args:
        use: Of the body; the answers go the other way.
    """
    was, now = (below(one, "requestBody", "body") for one in (old, new))
    if was.node is not None or now.node is not None:
        compare_body(run, pair, was, now, use)
    compare_answers(run, pair, below(old, "responses"), below(new, "responses"), use.reversed())
    if use.is_request:
        _compare_callbacks(run, pair, old, new)


def _compare_callbacks(run: Comparison, pair: Pair, old: Place, new: Place) -> None:
    was, now = (_callbacks(side, one) for side, one in ((run.old, old), (run.new, new)))
    for key, (item, place) in now.items():
        if key in was:
            compare_path_items(run, pair, was[key][0], was[key][1], item, place)
        else:
            run.tell(pair, "callback-added", place, None, key)
    for key, (_, place) in was.items():
        if key not in now:
            run.tell(pair, "callback-removed", place, key, None, rule="webhook-gone")


def _callbacks(side: Side, operation: Place) -> dict[str, tuple[Place, Place]]:
    """Return Path Item and operation of each request that a server sends on behalf of an operation."""
    found = {}
    for name, raw in members(below(operation, "callbacks")):
        for expression, item in members(side.followed(raw)):
            for one in operations_of_item(side, expression, item):
                key = f"{name} {one.key.method} {expression}"
                found[key] = one.item, one.place._replace(subject=f"callback {name}")
    return found


def compare_path_items(
    run: Comparison, pair: Pair, old_item: Place, old: Place, new_item: Place, new: Place
) -> None:
    """Compare two operations that the server calls: the client gets what is sent, and sends the answer."""
    if run.touched.is_same(old.node, new.node) and run.touched.is_same(old_item.node, new_item.node):
        return
    compare_deprecation(run, pair, old, new)
    compare_texts(run, pair, old, new, ("summary", "description"))
    _compare_messages(run, pair, old, new, RESPONSE)
