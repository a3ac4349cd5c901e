"""The resources of a document: the kinds of objects that an API lists, reads, creates, changes or deletes.

The compiler derives them, see `dynacli/openapi/catalog/compiler/_compile_resources.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dynacli.openapi.model.path_templates import item_template
from dynacli.record import record

OVERRIDE = "x-dynacli-resource"
"""Extension of the operation that lists or reads a resource. It overrides derived facts."""
OVERRIDES = ("changed-at", "id", "items", "name", "parent", "since")
"""Facts that the extension or the configuration may override."""
_POINTERS = ("changed-at", "id", "items")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def what_is_wrong_with_override(key: Any, value: Any) -> str:
    """Return what is wrong with a fact that overrides a derived one, as a clause; empty if nothing is."""
    if key not in OVERRIDES:
        return f"`{key}` is not a known key ({', '.join(OVERRIDES)})"
    if not isinstance(value, str):
        return f"`{key}` must be a string"
    if key in _POINTERS:
        is_pointer = value.startswith("/") or (key == "items" and not value)
        is_valid = is_pointer and _BAD_ESCAPE.search(value) is None
        return "" if is_valid else f"`{key}` must be a JSON pointer such as `/data`"
    if key == "name":
        from dynacli.openapi.model.kebab_names import kebab  # help does not need it

        return "" if kebab(value) else "`name` must have a letter or a digit"
    return "" if value else f"`{key}` is empty"


@record
class ResourceList:
    """An operation that lists a resource.

    Args:
        operation: Its name.
        items: JSON pointer to the items in its response; empty if the response is the list, None if unknown.
    """

    operation: str
    items: str | None = None


@record
class ResourceId:
    """The field that identifies an item.

    Args:
        field: JSON pointer into an item.
        parameter: The last parameter of the item path; None if no path selects an item.
    """

    field: str
    parameter: str | None = None


@record
class ResourceParent:
    """The resource that contains another one.

    Args:
        resource: Its name.
        parameter: The path parameter that takes its id.
        field: JSON pointer into an item of the contained resource, to the id of its parent; None if unknown.
    """

    resource: str
    parameter: str | None
    field: str | None = None


@record
class ChangeTime:
    """The field with the time of the last change.

    Args:
        field: JSON pointer into an item.
        since: The query parameter that selects items changed after a time; None if the list has none.
    """

    field: str
    since: str | None = None


@record
class Resource:
    """A kind of object, with the names of the operations on it.

    Args:
        name: Its unique name in kebab case, in the singular.
        path: The path of an item; if no path selects an item, the path of the list.
        main_list: The operation that lists it; None if there is none.
        more_lists: Further operations that list it.
        read: The operation that returns one item.
        create: The operations that create an item.
        change: The operations that change an item.
        delete: The operation that deletes an item.
        because: `id`, `parent` and `changed_at` → a sentence with the evidence.
    """

    name: str
    path: str
    main_list: ResourceList | None = None
    more_lists: tuple[ResourceList, ...] = ()
    read: str | None = None
    create: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    delete: str | None = None
    identity: ResourceId | None = None
    parent: ResourceParent | None = None
    changed_at: ChangeTime | None = None
    because: Mapping[str, str] | None = None

    @property
    def lists(self) -> tuple[ResourceList, ...]:
        """All operations that list it, the main one first."""
        return (*(() if self.main_list is None else (self.main_list,)), *self.more_lists)

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of all its operations, each once."""
        lists = [entry.operation for entry in self.lists]
        names = (*lists, self.read, *self.create, *self.change, self.delete)
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def template(self) -> str:
        """Its path without the names of parameters."""
        return item_template(self.path)

    def row(self) -> dict[str, Any]:
        """Return the resource as JSON."""
        return {
            "name": self.name,
            "path": self.path,
            "list": _as_json(self.main_list),
            "lists": [_as_json(entry) for entry in self.more_lists],
            "read": self.read,
            "create": list(self.create),
            "change": list(self.change),
            "delete": self.delete,
            "id": _as_json(self.identity),
            "parent": _as_json(self.parent),
            "changed_at": _as_json(self.changed_at),
            "because": dict(self.because or {}),
        }


def _as_json(value: Any) -> dict[str, Any] | None:
    return None if value is None else {name: getattr(value, name) for name in value.__match_args__}


def resource_of_row(row: Mapping[str, Any]) -> Resource:
    """Return the resource of its row.

    Raises:
        KeyError, TypeError: The row is damaged.
    """

    def made(kind: type[Any], value: Mapping[str, Any] | None) -> Any:
        return None if value is None else kind(**value)

    return Resource(
        name=row["name"],
        path=row["path"],
        main_list=made(ResourceList, row["list"]),
        more_lists=tuple(ResourceList(**entry) for entry in row["lists"]),
        read=row["read"],
        create=tuple(row["create"]),
        change=tuple(row["change"]),
        delete=row["delete"],
        identity=made(ResourceId, row["id"]),
        parent=made(ResourceParent, row["parent"]),
        changed_at=made(ChangeTime, row["changed_at"]),
        because=row["because"],
    )
