"""Overlays: changes to a document that are kept beside it (Overlay Specification 1.0.0)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.errors import DocumentError

__all__ = ["apply_overlay", "path_of"]

_VERSION = re.compile(r"1\.\d+\.\d+")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_MAX_DEPTH = 10_000
"""Levels that `..` goes down; documents have 200 at most, and what an overlay adds is as deep as it is."""


def apply_overlay(document: Mapping[str, Any], overlay: Any, name: str = "the overlay") -> dict[str, Any]:
    """Return a document with an overlay applied to it; neither of the two is changed.

    The actions are carried out in order (section 4.4.3). An `update` is merged into each object that the `target`
    finds: objects recursively, a list is appended to one that is there, all else takes the place of what is there;
    of an array that the `target` finds it becomes the last item. What `remove` finds is taken out. A target that
    finds nothing changes nothing.
    Version 1.1 is read too, as far as it differs by what it allows: `remove` may find plain values.

    Args:
        document: An OpenAPI document, plain JSON values.
        overlay: The overlay, plain JSON values.
        name: What messages call it.

    Raises:
        DocumentError: It is not an overlay, or an action of it cannot be carried out on this document.
    """
    root = {"$": copied(document)}
    for number, action in enumerate(_actions(overlay, name), 1):
        _apply(root, action, f"Action {number} of {name}")
    result: dict[str, Any] = root["$"]
    return result


def path_of(steps: Iterable[str | int]) -> str:
    """Return the JSONPath that finds one place, nearly a normalized one (RFC 9535, section 2.7).

    A name with a single quote stands in double ones: not all that read overlays know how to escape one.
    """
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"[{_quoted(step)}]" for step in steps)


def _quoted(step: str) -> str:
    quote = '"' if "'" in step and '"' not in step else "'"
    escapes = {**_ESCAPES, quote: f"\\{quote}"}
    return (
        quote
        + "".join(escapes.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in step)
        + quote
    )


def _actions(overlay: Any, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(overlay, Mapping) or not isinstance(overlay.get("overlay"), str):
        raise DocumentError(
            f"{_capital(name)} is not an OpenAPI overlay",
            why="It is no object with a member `overlay`, the version of the specification",
            hint="An overlay begins with `overlay: 1.0.0`",
        )
    if not _VERSION.fullmatch(overlay["overlay"]):
        raise DocumentError(
            f"{_capital(name)} is of version `{overlay['overlay'][:20]}`, which is not known", hint="1.0.0 is"
        )
    actions = overlay.get("actions")
    if not isinstance(actions, list):
        raise DocumentError(f"{_capital(name)} has no list of `actions`")
    for number, action in enumerate(actions, 1):
        if not isinstance(action, Mapping) or not isinstance(action.get("target"), str):
            raise DocumentError(
                f"Action {number} of {name} has no `target`", hint="Give a JSONPath, such as `$.info`"
            )
        if "copy" in action:
            raise DocumentError(
                f"Action {number} of {name} has a `copy`, which cannot be done",
                why="It is of version 1.1 of the specification",
                hint="Write what is to be copied as an `update`",
            )
    return actions


def _apply(root: dict[str, Any], action: Mapping[str, Any], called: str) -> None:
    target = action["target"]
    places = _found(root["$"], target, called)
    if action.get("remove") is True:
        # The last items of a list first, so that the others keep their place.
        for steps in sorted(places, key=_position, reverse=True):
            parent = _at(root, ("$", *steps[:-1])) if steps else None
            if parent is None:
                raise DocumentError(f"{called} removes the whole document", hint=f"Its target is `{target}`")
            del parent[steps[-1]]
        return
    if "update" not in action:
        return
    for steps in places:
        here = _at(root, ("$", *steps))
        if isinstance(here, list):
            here.append(copied(action["update"]))
        elif isinstance(here, dict) and isinstance(action["update"], Mapping):
            _merge(here, action["update"])
        else:
            is_object = isinstance(here, dict)
            raise DocumentError(
                f"{called} cannot be carried out at `{path_of(steps)}`",
                why="Into an object only an object can be merged" if is_object else "It finds a plain value",
                hint="" if is_object else "Let the target be the object around it",
            )


def _found(document: Any, target: str, called: str) -> list[tuple[str | int, ...]]:
    """Return the steps to each place that a JSONPath finds, each once."""
    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    class Paths(JSONPathEnvironment):
        max_recursion_depth = _MAX_DEPTH

    try:
        found = [node.location for node in Paths().find(target, document)]
    except (JSONPathError, RecursionError) as error:
        raise DocumentError(
            f"{called} has a `target` that is no JSONPath: `{target[:200]}`",
            why=str(error).partition("\n")[0],
            hint="RFC 9535 says how one is written, for example `$.paths['/pets'].get`",
        ) from error
    return list(dict.fromkeys(found))


def _position(steps: tuple[str | int, ...]) -> tuple[tuple[int, str | int], ...]:
    return tuple((1, step) if isinstance(step, str) else (0, step) for step in steps)


def _at(node: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        node = node[step]
    return node


def _merge(into: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        here = into.get(key)
        if isinstance(here, dict) and isinstance(value, Mapping):
            _merge(here, value)
        elif isinstance(here, list) and isinstance(value, list):
            here.extend(copied(value))
        else:
            into[key] = copied(value)


def copied(value: Any) -> Any:
    """Return a JSON value whose objects and lists are new."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
