"""The operation that writes a resource back which another one reads, and the body that changes what was changed."""

from collections.abc import Iterator
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import essence, is_json
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.schema.read_schema import applied_schemas, following

__all__ = ["body_of_update", "known_properties", "update_of"]

_JSON_PATCH = "application/json-patch+json"  # RFC 6902
_UPDATES = ("PATCH", "PUT")
"""The methods that change a resource, the one first whose body says the least."""


def update_of(described: DescribedOperation) -> DescribedOperation:
    """Return the operation that changes what an operation reads: a PATCH or a PUT of the same path, with JSON.

    Raises:
        UsageError: There is none.
    """
    operation, catalog = described.operation, described.api.catalog
    siblings = {
        summary.method: summary.name
        for summary in catalog.each_summary()
        if summary.path == operation.path and summary.method in _UPDATES
    }
    for method in _UPDATES if operation.method == "GET" else ():
        if method in siblings:
            update = catalog.operation(siblings[method])
            name = _media_type(update)
            if name:
                return DescribedOperation(described.api, update).sending(name)
    raise UsageError(
        f"What `{operation.name}` gives cannot be edited",
        reason=f"The document has no PATCH and no PUT of `{operation.path}` that takes JSON"
        if operation.method == "GET"
        else f"Its method is {operation.method}, and what is edited is first read by a GET",
        hint=f"Name the operation that reads a single thing, as in `{invocation('edit', 'demo')} "
        "get-workflow WORKFLOW_ID`",
    )


def _media_type(operation: Operation) -> str:
    names = [media_type.name for media_type in operation.body.content] if operation.body is not None else []
    # A plain or a merge patch is easier to read than the operations of a JSON Patch.
    names.sort(key=lambda name: essence(name) == _JSON_PATCH)
    return next((name for name in names if is_json(name)), "")


def known_properties(update: DescribedOperation) -> frozenset[str] | None:
    """Return the properties that the body of an update may have; None where it may have any."""
    applied = list(applied_schemas(update.body_schema(), following(update.resolve)))
    if not any(schema.get("additionalProperties") is False for schema in applied):
        return None
    properties = [schema.get("properties") for schema in applied]
    return frozenset(name for each in properties if isinstance(each, dict) for name in each)


def body_of_update(update: DescribedOperation, before: Any, after: Any) -> Any:
    """Return the JSON body that turns one value into another.

    Args:
        before: The value as it was read.
        after: The value as it shall be.

    Returns:
        For a PUT the whole value; for a PATCH the members that differ, with null for those that are gone (RFC 7396),
        or the steps of a JSON Patch (RFC 6902).
    """
    name = essence(update.media_type.name) if update.media_type is not None else ""
    if update.operation.method == "PUT":
        return after
    if name == _JSON_PATCH:
        return list(_steps(before, after, ""))
    return _merge_patch(before, after, is_deep=name == "application/merge-patch+json")


def _merge_patch(before: Any, after: Any, *, is_deep: bool) -> Any:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    if is_deep:
        changed = {
            name: _merge_patch(before.get(name), value, is_deep=True) for name, value in changed.items()
        }
    return {**changed, **dict.fromkeys(name for name in before if name not in after)}


def _steps(before: Any, after: Any, pointer: str) -> Iterator[dict[str, Any]]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        yield {"op": "replace", "path": pointer, "value": after}
        return
    for name in (*before, *(name for name in after if name not in before)):
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in after:
            yield {"op": "remove", "path": place}
        elif name not in before:
            yield {"op": "add", "path": place, "value": after[name]}
        elif before[name] != after[name]:
            yield from _steps(before[name], after[name], place)
