"""Changes of a JSON value: a merge patch (RFC 7396) and a JSON Patch (RFC 6902)."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from dynacli.openapi.document.json_trees import MISSING, follow, is_same_json, split, step_into

_MEMBERS = {
    "add": "value",
    "replace": "value",
    "test": "value",
    "move": "from",
    "copy": "from",
    "remove": "path",
}
"""Operation of a JSON Patch → the member that it needs beside `path`."""
_MOST_OPERATIONS = 10_000
_MOST_COPIED = 4 * 1024 * 1024
"""Maximum of JSON, in characters, that the operations of a patch copy together."""


class PatchError(ValueError):
    """A JSON Patch cannot be applied; the message has the reason.

    Attributes:
        is_conflict: Whether the patch is well-formed, but does not fit the item.
    """

    def __init__(self, message: str, *, is_conflict: bool = False) -> None:
        super().__init__(message)
        self.is_conflict = is_conflict


def merged(value: Any, patch: Any, keeps_null: Callable[[str], bool] | None = None) -> Any:
    """Return a value with a merge patch applied (RFC 7396).

    Args:
        keeps_null: Returns whether null is a value of a member of the outermost object, and does not remove it.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is not None:
            result[name] = merged(result.get(name), member)
        elif keeps_null is not None and keeps_null(name):
            result[name] = None
        else:
            result.pop(name, None)
    return result


def json_patched(value: Any, patch: Any) -> Any:
    """Return a value with the operations of a JSON Patch applied, all or none (RFC 6902).

    Raises:
        PatchError: The patch is malformed, or does not fit the value.
    """
    if not isinstance(patch, list) or len(patch) > _MOST_OPERATIONS:
        raise PatchError("A JSON Patch is an array of operations")
    result, copied = deepcopy(value), 0
    for number, operation in enumerate(patch):
        if (
            isinstance(operation, dict)
            and operation.get("op") == "copy"
            and _is_pointer(operation.get("from"))
        ):
            found = follow(result, split(operation["from"]))
            copied += 0 if found is MISSING else len(json.dumps(found))
            if copied > _MOST_COPIED:  # each copy of the whole item would double it
                raise PatchError("The patch copies too much", is_conflict=True)
        result = _applied(result, operation, number)
    return result


def _applied(value: Any, operation: Any, number: int) -> Any:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _MEMBERS:
        raise PatchError(f"Operation {number} of the patch has no valid `op`")
    for member in ("path", _MEMBERS[name]):
        if member not in operation or (member != "value" and not _is_pointer(operation[member])):
            raise PatchError(f"Operation {number} of the patch has no valid `{member}`")
    steps = split(operation["path"])
    match name:
        case "test":
            found = follow(value, steps)
            if found is MISSING or not is_same_json(found, operation["value"]):
                raise PatchError(f"`{operation['path']}` has another value", is_conflict=True)
            return value
        case "remove":
            return _removed(value, steps)[0]
        case "replace":
            if follow(value, steps) is MISSING:
                raise PatchError(f"The item has no `{operation['path']}`", is_conflict=True)
            return _added(_removed(value, steps)[0] if steps else value, steps, operation["value"])
    source = split(operation["from"])
    if name == "copy":
        found = follow(value, source)
        if found is MISSING:
            raise PatchError(f"The item has no `{operation['from']}`", is_conflict=True)
        return _added(value, steps, deepcopy(found))
    if steps[: len(source)] == source and len(steps) > len(source):
        raise PatchError("A value cannot move into itself", is_conflict=True)
    value, found = _removed(value, source)
    return _added(value, steps, found)


def _is_pointer(text: Any) -> bool:
    return isinstance(text, str) and (not text or text.startswith("/"))


def _removed(value: Any, steps: tuple[str, ...]) -> tuple[Any, Any]:
    """Return a value without the member at the steps, and the member."""
    if not steps:
        return None, value
    holder = follow(value, steps[:-1])
    found = MISSING if holder is MISSING else step_into(holder, steps[-1])
    if found is MISSING:
        raise PatchError(f"The item has no `/{'/'.join(steps)}`", is_conflict=True)
    if isinstance(holder, list):
        del holder[int(steps[-1])]
    else:
        del holder[steps[-1]]
    return value, found


def _added(value: Any, steps: tuple[str, ...], member: Any) -> Any:
    if not steps:
        return member
    holder, last = follow(value, steps[:-1]), steps[-1]
    if isinstance(holder, dict):
        holder[last] = member
    elif isinstance(holder, list) and (last == "-" or last == str(len(holder))):
        holder.append(member)
    elif isinstance(holder, list) and step_into(holder, last) is not MISSING:
        holder.insert(int(last), member)
    else:
        raise PatchError(f"The item has no `/{'/'.join(steps[:-1])}` to add to", is_conflict=True)
    return value
