"""Overlays: changes to a document that are kept beside it (Overlay Specification 1.0.0)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dynacli.document.json_trees import copy_json, count_values
from dynacli.document.limits import MAX_NODES
from dynacli.document.overlays.tracked_origins import Steps, TrackedOrigins
from dynacli.errors import DocumentError

__all__ = ["apply_overlay", "apply_tracked", "path_of"]

_VERSION = re.compile(r"1\.\d+\.\d+")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_MAX_DEPTH = 10_000
"""How many levels `..` goes down; a document has at most 200, and an overlay may add to them."""


def apply_overlay(document: Mapping[str, Any], overlay: Any, name: str = "the overlay") -> dict[str, Any]:
    """Return a document with an overlay applied to it; neither of the two is changed.

    The actions are carried out in order (section 4.4.3). An `update` is merged into each object that the `target`
    finds: objects recursively, lists are appended to lists, any other value replaces what is there. To each array that
    the `target` finds, the `update` is appended as an item. With `remove`, all that the `target` finds is removed.
    A target that finds nothing changes nothing.
    Version 1.1 is accepted where it only allows more: `remove` may find plain values.

    Args:
        document: An OpenAPI document, plain JSON values.
        overlay: The overlay, plain JSON values.
        name: The name of the overlay in messages.

    Raises:
        DocumentError: It is not an overlay, or an action of it cannot be carried out on this document.
    """
    result: dict[str, Any] = copy_json(document)
    apply_tracked(result, overlay, name, TrackedOrigins())
    return result


def apply_tracked(
    document: dict[str, Any], overlay: Any, name: str, origins: TrackedOrigins, file: int = 1
) -> list[tuple[int, str]]:
    """Apply an overlay to a document in place.

    Args:
        document: An OpenAPI document, plain JSON values.
        overlay: The overlay, plain JSON values.
        name: The name of the overlay in messages.
        origins: Gets the origins of the values that the overlay adds.
        file: The number of the overlay in `origins`.

    Returns:
        The number, from 1, of each action that changes nothing, and why.

    Raises:
        DocumentError: As for `apply_overlay`.
    """
    work = _Application(document, origins, file)
    idle = []
    for number, action in enumerate(_actions(overlay, name), 1):
        why = work.carry_out(action, number, f"Action {number} of {name}")
        if why:
            idle.append((number, why))
    return idle


def path_of(steps: Iterable[str | int]) -> str:
    """Return the JSONPath of a place, nearly a normalized one (RFC 9535, section 2.7).

    A name with a single quote stands in double quotes, because not all readers of overlays can unescape a quote.
    """
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"[{_quoted(step)}]" for step in steps)


def _quoted(step: str) -> str:
    quote = '"' if "'" in step and '"' not in step else "'"
    escapes = {**_ESCAPES, quote: f"\\{quote}"}
    escaped = (escapes.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in step)
    return quote + "".join(escaped) + quote


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


class _Application:
    """The changes of an overlay to a document.

    Args:
        file: The number of the overlay in `origins`.
    """

    def __init__(self, document: dict[str, Any], origins: TrackedOrigins, file: int) -> None:
        self._document = document
        self._origins = origins
        self._file = file
        self._left = MAX_NODES

    def carry_out(self, action: Mapping[str, Any], number: int, action_name: str) -> str:
        """Carry out an action; return why it changes nothing, or empty."""
        target = action["target"]
        places = _find(self._document, target, action_name)
        if action.get("remove") is True:
            if () in places:
                raise DocumentError(
                    f"{action_name} removes the whole document", hint=f"Its target is `{target}`"
                )
            self._remove(places)
        elif "update" not in action:
            return "it has neither `update` nor `remove`"
        else:
            self._left -= len(places) * count_values(action["update"])
            if self._left < 0:
                raise DocumentError(
                    f"{action_name} would add too much to the document",
                    why=f"What an overlay adds has at most {MAX_NODES:,} values",
                )
            for steps, node in [(steps, _at(self._document, steps)) for steps in places]:
                # The update of a node around it may have replaced this one.
                if _is_at(self._document, steps, node):
                    self._update(
                        steps, node, action["update"], ("actions", number - 1, "update"), action_name
                    )
        return "" if places else f"its target `{target[:200]}` finds nothing"

    def _remove(self, places: Iterable[Steps]) -> None:
        removed: dict[Steps, list[str | int]] = {}
        for steps in places:
            removed.setdefault(steps[:-1], []).append(steps[-1])
        # From the end and the inside, so that the steps to the other places stay what they are.
        for steps in sorted(removed, key=_sort_key, reverse=True):
            parent = _at(self._document, steps)
            if isinstance(parent, list):
                indexes = set(removed[steps])
                self._origins.take(steps, removed[steps], len(parent))
                parent[:] = [item for index, item in enumerate(parent) if index not in indexes]
            else:
                self._origins.take(steps, removed[steps])
                for key in removed[steps]:
                    del parent[key]

    def _update(self, steps: Steps, here: Any, update: Any, origin: Steps, action_name: str) -> None:
        if isinstance(here, list):
            self._origins.put((*steps, len(here)), self._file, origin)
            here.append(copy_json(update))
        elif isinstance(here, dict) and isinstance(update, Mapping):
            self._merge(here, update, steps, origin)
        else:
            is_object = isinstance(here, dict)
            raise DocumentError(
                f"{action_name} cannot be carried out at `{path_of(steps)}`",
                why="Into an object only an object can be merged" if is_object else "It finds a plain value",
                hint="" if is_object else "Let the target be the object around it",
            )

    def _merge(self, into: dict[str, Any], update: Mapping[str, Any], steps: Steps, origin: Steps) -> None:
        for key, value in update.items():
            here, inner = into.get(key), (*steps, key)
            if isinstance(here, dict) and isinstance(value, Mapping):
                self._merge(here, value, inner, (*origin, key))
            elif isinstance(here, list) and isinstance(value, list):
                for index, item in enumerate(value):
                    self._origins.put((*inner, len(here)), self._file, (*origin, key, index))
                    here.append(copy_json(item))
            else:
                self._origins.put(inner, self._file, (*origin, key))
                into[key] = copy_json(value)


def _find(document: Any, target: str, action_name: str) -> list[Steps]:
    """Return the steps to each place that a JSONPath finds, each place once."""
    from itertools import islice

    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

    class Paths(JSONPathEnvironment):
        max_recursion_depth = _MAX_DEPTH

    try:
        places = [node.location for node in islice(Paths().finditer(target, document), MAX_NODES + 1)]
    except (JSONPathError, RecursionError) as error:
        raise DocumentError(
            f"{action_name} has a `target` that is no JSONPath: `{target[:200]}`",
            why=str(error).partition("\n")[0],
            hint="RFC 9535 says how one is written, for example `$.paths['/pets'].get`",
        ) from error
    if len(places) > MAX_NODES:
        # Here a place counts as often as it is found: with `$..*..*` once for each place around it.
        raise DocumentError(f"{action_name} has a `target` that finds too much: `{target[:200]}`")
    return list(dict.fromkeys(places))


def _sort_key(steps: Steps) -> tuple[tuple[int, str | int], ...]:
    return tuple((1, step) if isinstance(step, str) else (0, step) for step in steps)


def _at(node: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        node = node[step]
    return node


def _is_at(root: Any, steps: Iterable[str | int], node: Any) -> bool:
    try:
        return _at(root, steps) is node
    except (LookupError, TypeError):
        return False


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
