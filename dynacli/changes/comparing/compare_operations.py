"""Matches the operations of two documents, and compares those that both have."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dynacli.changes.change_records import OperationKey
from dynacli.changes.comparing.compare_content import compare_body
from dynacli.changes.comparing.compare_parameters import compare_parameters, parameters
from dynacli.changes.comparing.compare_responses import compare_responses
from dynacli.changes.comparing.compare_security import Credentials, compare_security
from dynacli.changes.comparing.compare_servers import compare_servers
from dynacli.changes.comparing.compare_texts import compare_deprecation, compare_texts
from dynacli.changes.comparing.compared_document import ComparedDocument, Place, child, members, present
from dynacli.changes.comparing.comparison import REQUEST, RESPONSE, Comparison, Pair, Use
from dynacli.document.path_items import operations_of

__all__ = [
    "Operation",
    "compare_operations",
    "compare_received_requests",
    "match_operations",
    "operations",
    "operations_of_item",
]


class Operation(NamedTuple):
    """An operation with its place in the document.

    Args:
        item: Its Path Item Object.
        place: The Operation Object.
    """

    key: OperationKey
    item: Place
    place: Place


def operations(document: ComparedDocument) -> dict[OperationKey, Operation]:
    """Return the operations of a document in its order."""
    found: dict[OperationKey, Operation] = {}
    for path, item in members(document.resolve(document.at("paths"))):
        for operation in operations_of_item(document, path, item):
            found.setdefault(operation.key, operation)
    return found


def operations_of_item(document: ComparedDocument, path: str, place: Place) -> Iterator[Operation]:
    """Yield the operations of a Path Item Object.

    Args:
        path: The name of the item: a path, or the name of a webhook.
        place: The item, which may be a reference.
    """
    # Fields beside a `$ref` belong to the path, too (OpenAPI 3.1.1, "Path Item Object").
    node = place.node
    items = [place] if isinstance(node, Mapping) and "$ref" in node and len(node) > 1 else []
    for item in (*items, document.resolve(place)):
        for entry in operations_of(item.node) if isinstance(item.node, Mapping) else ():
            operation = item
            for step in entry.steps:
                operation = child(operation, step, "operation")
            if isinstance(operation.node, dict) and not entry.fault:
                yield Operation(OperationKey(entry.method, path), item, operation)


def match_operations(
    old: Mapping[OperationKey, Operation], new: Mapping[OperationKey, Operation]
) -> list[tuple[OperationKey, OperationKey]]:
    """Return old key and new key of the operations that both documents have, in the order of the new document.

    Operations match by method and path, else with other names for the path's parameters, else by operationId.
    """
    found = {key: key for key in new if key in old}
    only_old = {key: operation for key, operation in old.items() if key not in found}
    only_new = {key: operation for key, operation in new.items() if key not in found}
    for identify in (_path_pattern, _operation_id):
        before, after = _unique(only_old, identify), _unique(only_new, identify)
        for identity, key in after.items():
            if identity in before:
                found[key] = before[identity]
                del only_old[before[identity]], only_new[key]
    return [(found[key], key) for key in new if key in found]


def _unique(
    keyed: Mapping[OperationKey, Operation], identify: Callable[[Operation], str]
) -> dict[str, OperationKey]:
    """Return identity → key of the operations whose identity no other operation shares."""
    found: dict[str, OperationKey] = {}
    shared: set[str] = set()
    for key, operation in keyed.items():
        identity = identify(operation)
        if identity in found:
            shared.add(identity)
        if identity:
            found[identity] = key
    return {identity: key for identity, key in found.items() if identity not in shared}


def _path_pattern(operation: Operation) -> str:
    return f"{operation.key.method} {re.sub(r'[{][^{}]*[}]', '{}', operation.key.path)}"


def _operation_id(operation: Operation) -> str:
    found = operation.place.node.get("operationId")
    return found if isinstance(found, str) else ""


def compare_operations(
    comparison: Comparison, credentials: Credentials, old: Operation, new: Operation
) -> Pair:
    """Return the pair of two operations."""
    pair = Pair(comparison)
    if _path_pattern(old) != _path_pattern(new):
        keys = (f"{operation.key.method} {operation.key.path}" for operation in (old, new))
        pair.add_change("operation-moved", new.place, *keys, rule="operation-gone")
    old_id, new_id = child(old.place, "operationId"), child(new.place, "operationId")
    if old_id.node != new_id.node:
        pair.add_change("operation-renamed", present(old_id, new_id), old_id.node, new_id.node)
    compare_security(pair, credentials, old.place, new.place)
    old_servers, new_servers = _own_servers(old), _own_servers(new)
    if old_servers is not None or new_servers is not None:
        compare_servers(
            pair, old_servers or comparison.old.at("servers"), new_servers or comparison.new.at("servers")
        )
    if old.key == new.key and _is_same(comparison, old, new):
        return pair
    _compare_descriptions(pair, old.place, new.place)
    if old.key != new.key or not _is_same(comparison, old, new, "parameters"):
        before = parameters(comparison.old, old.item, old.place)
        after = parameters(comparison.new, new.item, new.place)
        compare_parameters(pair.with_use(REQUEST), before, after, (old.key.path, new.key.path))
    _compare_messages(pair, old.place, new.place, REQUEST)
    return pair


def _is_same(comparison: Comparison, old: Operation, new: Operation, keyword: str = "") -> bool:
    """Return whether two operations, or their values of a keyword, are surely the same."""
    shared = (operation.item.node.get("parameters") for operation in (old, new))
    own = (operation.place.node.get(keyword) if keyword else operation.place.node for operation in (old, new))
    return comparison.unchanged.is_same(*own) and comparison.unchanged.is_same(*shared)


def _own_servers(operation: Operation) -> Place | None:
    """Return the servers of an operation or of its path; None where the document's servers apply."""
    for holder in (operation.place, operation.item):
        place = child(holder, "servers")
        if isinstance(place.node, list) and place.node:
            return place
    return None


def _compare_descriptions(pair: Pair, old: Place, new: Place) -> None:
    """Compare deprecation, texts and tags."""
    compare_deprecation(pair, old, new)
    compare_texts(pair, old, new, ("summary", "description"))
    old_tags, new_tags = child(old, "tags"), child(new, "tags")
    before, after = (
        [tag for tag in tags.node if isinstance(tag, str)] if isinstance(tags.node, list) else []
        for tags in (old_tags, new_tags)
    )
    if set(before) != set(after):
        place = present(old_tags, new_tags)
        pair.add_change("tags-changed", place, before, after, rule="same-on-the-wire")


def _compare_messages(pair: Pair, old: Place, new: Place, use: Use) -> None:
    """Compare body, responses and callbacks.

    Args:
        use: The use of the body; the responses go in the other direction.
    """
    old_body, new_body = (child(operation, "requestBody", "body") for operation in (old, new))
    if old_body.node is not None or new_body.node is not None:
        compare_body(pair.with_use(use), old_body, new_body)
    received = pair.with_use(use.reversed())
    compare_responses(received, child(old, "responses"), child(new, "responses"))
    if use.is_request:
        before, after = _callbacks(pair.comparison.old, old), _callbacks(pair.comparison.new, new)
        compare_received_requests(pair, "callback", before, after)


def _callbacks(document: ComparedDocument, operation: Place) -> dict[str, Operation]:
    """Return the requests that a server sends because of an operation, by name, method and expression."""
    found = {}
    for name, callback in members(child(operation, "callbacks")):
        for expression, item in members(document.resolve(callback)):
            for request in operations_of_item(document, expression, item):
                place = request.place._replace(subject=f"callback {name}")
                found[f"{name} {request.key.method} {expression}"] = request._replace(place=place)
    return found


def compare_received_requests(
    pair: Pair, noun: str, old: Mapping[str, Operation], new: Mapping[str, Operation]
) -> None:
    """Compare webhooks or callbacks, whose requests the client receives, and whose responses it sends.

    Args:
        noun: `webhook` or `callback`.
        old: Name for people → request, for the requests of the old document.
        new: The same of the new document.
    """
    for key, request in new.items():
        if key in old:
            _compare_received_request(pair, old[key], request)
        else:
            pair.add_change(f"{noun}-added", request.place, None, key)
    for key, request in old.items():
        if key not in new:
            pair.add_change(f"{noun}-removed", request.place, key, None, rule="webhook-gone")


def _compare_received_request(pair: Pair, old: Operation, new: Operation) -> None:
    is_same = pair.comparison.unchanged.is_same
    if is_same(old.place.node, new.place.node) and is_same(old.item.node, new.item.node):
        return
    compare_deprecation(pair, old.place, new.place)
    compare_texts(pair, old.place, new.place, ("summary", "description"))
    _compare_messages(pair, old.place, new.place, RESPONSE)
