"""What an edit is, and how a row of a file becomes one."""

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from dynacli.features.changes.change_records import Changes
from dynacli.features.changes.compare import compare
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.document.load import load
from tests.features.changes.edits import base

GONE: Any = object()
"""The value of a place that an edit removes."""


@dataclass(frozen=True)
class Of:
    """What stands at another place of the document before the edit, as the value of a place."""

    pointer: str


Expected = tuple[str, str, Any, Any, bool | None]


@dataclass(frozen=True)
class Edit:
    """A document, what is done to it, and what is to be reported of that.

    Args:
        name: What tests call it.
        base: The document to begin with.
        places: Pointer → new value; `GONE` takes it away. They are done in their order.
        expected: Kind, pointer, old value, new value and result of each change, in any order;
            what several operations see is there once.
        before: What is done to the document before.
        added: Operations that come, as `METHOD path`.
        removed: Operations that go.
        oasdiff: What the program oasdiff says of the same: `ID LEVEL` of each rule.
        why: Where its result is another one, why ours is right.
    """

    name: str
    base: Mapping[str, Any]
    places: Mapping[str, Any]
    expected: tuple[Expected, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    oasdiff: tuple[str, ...] = ()
    why: str = ""

    @cached_property
    def changes(self) -> Changes:
        """What the comparison of both documents says."""
        return compare(*self.trees)

    @property
    def documents(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document before and after."""
        old = _done(self.base, self.before)
        return old, _done(old, self.places)

    @property
    def trees(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The document before and after, loaded."""
        old, new = self.documents
        return loaded(old), loaded(new)


def edit(
    name: str, base: Mapping[str, Any], places: Mapping[str, Any], *expected: Expected, **more: Any
) -> Edit:
    """Return an edit.

    Args:
        more: What else `Edit` has.
    """
    return Edit(name, base, places, expected, **more)


def _done(document: Mapping[str, Any], places: Mapping[str, Any]) -> dict[str, Any]:
    tree: Any = copy.deepcopy(dict(document))
    for pointer, given in places.items():
        value = _at(document, split(given.pointer)) if isinstance(given, Of) else given
        *steps, last = split(pointer)
        node = tree
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if isinstance(node, list):
            index = int(last)
            node[index : index + 1] = [] if value is GONE else [copy.deepcopy(value)]
        elif value is GONE:
            del node[last]
        else:
            node[last] = copy.deepcopy(value)
    return dict(tree)


def _at(node: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def loaded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree of a document."""
    return load(json.dumps(document).encode(), "document").tree


class _Loader(yaml.CSafeLoader):
    """Reads the tags of edits, too."""


_Loader.add_constructor("!gone", lambda _loader, _node: GONE)
_Loader.add_constructor("!of", lambda _loader, node: Of(str(node.value)))


def edits_of(path: Path) -> list[Edit]:
    """Return the edits of a file."""
    rows = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - a safe loader with two tags more
    return [Edit(**{name: _given(name, value) for name, value in row.items()}) for row in rows]


def _given(name: str, value: Any) -> Any:
    if name == "base":
        return getattr(base, value)
    if name == "expected":
        return tuple(tuple(row) for row in value)
    return tuple(value) if isinstance(value, list) else value


def found(changes: Changes) -> list[Expected]:
    """Return all changes as edits expect them, each once."""
    rows = {
        json.dumps(row): row
        for change in changes
        for row in [(change.kind, change.pointer, change.from_, change.to, change.breaking)]
    }
    return [rows[key] for key in sorted(rows)]


def severity(changes: Changes) -> bool | None:
    """Return the worst that is reported of changes: True breaks, then None, then False."""
    severities = {change.breaking for change in changes} | {True for _ in changes.removed}
    return True if True in severities else None if None in severities else False
