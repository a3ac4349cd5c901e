"""The actions of an overlay that turns one document into another (Overlay Specification 1.0.0).

In that version a target is an object or a list, never a plain value, and no item of a list can be replaced by itself.
So a list that differs is removed and added again, and so is an object that loses a plain value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.document.json_trees import is_same_json
from dynacli.document.overlays.overlay import path_of
from dynacli.errors import InternalError

__all__ = ["actions_between"]

_Steps = tuple[str | int, ...]
_Action = tuple[_Steps, dict[str, Any]]


class _ReplaceWholeError(Exception):
    """An object cannot be updated: the object around it has to remove it and add it again."""


def actions_between(
    old: Mapping[str, Any], new: Mapping[str, Any], notes: Mapping[tuple[str, ...], list[str]]
) -> list[dict[str, Any]]:
    """Return the actions that turn one document into another, at most one update for each object.

    Args:
        old: The document as it is.
        new: The document as it should be.
        notes: Steps to a place → what was changed there, in a few words each; they become descriptions.

    Raises:
        InternalError: The document as a whole would have to be replaced.
    """
    try:
        actions = list(_between(old, new, ()))
    except _ReplaceWholeError:
        raise InternalError("an overlay cannot take a plain value from the document itself") from None
    updates = [steps for steps, action in actions if "update" in action]
    descriptions: dict[_Steps, dict[str, None]] = {}
    for place, sentences in notes.items():
        steps = _nearest(place, updates)
        inside = "/".join(place[len(steps) :])
        lines = (f"{inside}: {sentence}" if inside else sentence for sentence in sentences)
        descriptions.setdefault(steps, {}).update(dict.fromkeys(lines))
    described = {steps: {"description": "; ".join(lines)} for steps, lines in descriptions.items() if lines}
    return [{"target": path_of(steps), **described.get(steps, {}), **action} for steps, action in actions]


def _nearest(place: tuple[str, ...], updates: list[_Steps]) -> _Steps:
    """Return the target of the update that changes a place: the highest one below it, or the nearest around it."""
    below = [steps for steps in updates if _texts(steps)[: len(place)] == place]
    around = [steps for steps in updates if place[: len(steps)] == _texts(steps)]
    return min(below, key=len) if below else max(around, key=len, default=())


def _texts(steps: _Steps) -> tuple[str, ...]:
    return tuple(map(str, steps))


def _between(old: Mapping[str, Any], new: Mapping[str, Any], here: _Steps) -> Iterator[_Action]:
    removed: list[_Steps] = []
    update: dict[str, Any] = {}
    below: list[_Action] = []
    for key, value in old.items():
        if key in new:
            continue
        if not isinstance(value, Mapping | list):
            raise _ReplaceWholeError
        removed.append((*here, key))
    for key, value in new.items():
        if key not in old:
            update[key] = value
            continue
        before = old[key]
        if is_same_json(before, value):
            continue
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            try:
                below.extend(_between(before, value, (*here, key)))
                continue
            except _ReplaceWholeError:
                pass  # the whole object is removed and added again
        if isinstance(before, Mapping | list):
            removed.append((*here, key))
        elif isinstance(value, Mapping | list):
            raise _ReplaceWholeError
        update[key] = value
    yield from ((steps, {"remove": True}) for steps in removed)
    if update:
        yield here, {"update": update}
    yield from below
