"""What an overlay has to do so that one document becomes another (Overlay Specification 1.0.0).

By that version a target is an object or a list and never a plain value, and of the items of a list none can be
replaced alone. So a list that differs is removed and put in anew, and so is an object that loses a plain value.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.document.json_values import is_same_json
from dynacli.document.overlays.overlay import path_of
from dynacli.errors import InternalError

__all__ = ["actions_between"]

_Steps = tuple[str | int, ...]
_Action = tuple[_Steps, dict[str, Any]]


class _AnewError(Exception):
    """What stands here has to be put in anew as a whole, by what is around it."""


def actions_between(
    old: Mapping[str, Any], new: Mapping[str, Any], notes: Mapping[tuple[str, ...], list[str]]
) -> list[dict[str, Any]]:
    """Return the actions that make one document of another, at most one update for each object.

    Args:
        old: The document as it is.
        new: As it should be.
        notes: Steps to a place → what was changed there, in a few words each; they become descriptions.

    Raises:
        InternalError: The document as a whole would have to be put in anew.
    """
    try:
        found = list(_between(old, new, ()))
    except _AnewError:
        raise InternalError("an overlay cannot take a plain value from the document itself") from None
    updates = [steps for steps, action in found if "update" in action]
    told: dict[_Steps, dict[str, None]] = {}
    for place, sentences in notes.items():
        steps = _nearest(place, updates)
        inside = "/".join(place[len(steps) :])
        lines = (f"{inside}: {one}" if inside else one for one in sentences)
        told.setdefault(steps, {}).update(dict.fromkeys(lines))
    return [
        {"target": path_of(steps), **_description(told.get(steps)), **action}
        if "update" in action
        else {"target": path_of(steps), **action}
        for steps, action in found
    ]


def _description(sentences: Mapping[str, None] | None) -> dict[str, str]:
    return {"description": "; ".join(sentences)} if sentences else {}


def _nearest(place: tuple[str, ...], updates: list[_Steps]) -> _Steps:
    """Return the update that carries out what is said of a place: one below it, else the nearest around it."""
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
            raise _AnewError
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
            except _AnewError:
                pass_on = value
        elif isinstance(before, Mapping | list):
            pass_on = value
        elif isinstance(value, Mapping | list):
            raise _AnewError
        else:
            update[key] = value
            continue
        removed.append((*here, key))
        update[key] = pass_on
    yield from ((steps, {"remove": True}) for steps in removed)
    if update:
        yield here, {"update": update}
    yield from below
