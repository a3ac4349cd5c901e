"""A schema as options see it: a single level, with everything that a value there may have."""

from itertools import chain
from typing import Any, NamedTuple

from dynacli.model.operation import ANY
from dynacli.schema.discriminators import Discriminator

__all__ = ["BranchGroup", "FlatSchema", "any_of"]


class BranchGroup(NamedTuple):
    """The branches of a `oneOf` or `anyOf`, or those that a discriminator's mapping names.

    Args:
        keyword: `oneOf`, `anyOf`, or `discriminator` where the mapping alone names the branches.
        branches: The schemas as written, without a schema that allows null alone.
        names: The names of the branches in messages.
        flat_branches: The same schemas, flattened.
        discriminator: The property that picks a branch; None where only the rest of the value tells.
        tags: For each branch the values of that property which pick it, the one to send first.
    """

    keyword: str
    branches: tuple[Any, ...]
    names: tuple[str, ...]
    flat_branches: tuple["FlatSchema", ...]
    discriminator: Discriminator | None
    tags: tuple[tuple[str, ...], ...]

    @property
    def tag_name(self) -> str:
        """The name of the discriminating property; empty where there is none."""
        return self.discriminator.property if self.discriminator is not None else ""

    def united(self) -> "FlatSchema":
        """Return the schema of everything that any of the branches takes."""
        united = FlatSchema()
        branches = self.flat_branches
        if not branches:
            return united
        united.is_nullable = any(branch.is_nullable for branch in branches)
        united.is_read_only = all(branch.is_read_only for branch in branches)
        united.is_deprecated = all(branch.is_deprecated for branch in branches)
        types = {branch.type for branch in branches}
        if len(types) == 1 and not any(branch.is_union for branch in branches):
            united.type = types.pop()
        elif types == {"integer", "number"}:
            united.type = "number"
        united.is_union = united.type == ANY
        if all(branch.enum for branch in branches):
            united.enum = tuple(
                dict.fromkeys(value for branch in branches for value in branch.enum if _is_scalar(value))
            )
        formats = {branch.format for branch in branches}
        united.format = formats.pop() if len(formats) == 1 else ""
        united.required = frozenset.intersection(*(branch.required for branch in branches))
        variants: dict[str, list[Any]] = {}
        items: list[Any] = []
        additional: list[Any] = []
        holders: dict[str, list[tuple[str, ...]]] = {}
        optional: set[str] = set()
        for branch, branch_name in zip(branches, self.names, strict=True):
            for name, schema in branch.properties.items():
                if not any(schema is known for known in variants.setdefault(name, [])):
                    variants[name].append(schema)
                holders.setdefault(name, []).append(branch.branches.get(name) or (branch_name,))
                if name not in branch.required and name not in branch.required_in_branches:
                    optional.add(name)
            # An heir without properties of its own is as open as the schema that it inherits from.
            is_heir = self.keyword == "discriminator"
            is_anything = not branch.properties and branch.type in {"object", ANY} and not is_heir
            united.is_open |= branch.is_open or is_anything
            if branch.items is not None:
                items.append(branch.items)
            if branch.additional is not None:
                additional.append(branch.additional)
            united.patterns.update(branch.patterns)
            united.refs |= branch.refs
        united.properties = {name: any_of(schemas) for name, schemas in variants.items()}
        united.items = any_of(items) if items else None
        allowed = [schema for schema in additional if schema is not False]
        if allowed:
            united.additional = any_of(allowed)
        else:
            united.additional = False if len(additional) == len(branches) else None
        for name, named in holders.items():
            if len(named) < len(branches) or any(name in branch.branches for branch in branches):
                united.branches[name] = tuple(dict.fromkeys(chain.from_iterable(named)))
        united.required_in_branches = frozenset(holders) - optional - united.required
        united.groups = (self,) if len(branches) > 1 or self.keyword == "discriminator" else ()
        return united


_NO_NAMES: frozenset[str] = frozenset()
"""One for all: since Python 3.10 each `frozenset()` is another, and a large document has tens of thousands."""


class FlatSchema:
    """A schema with its references, `allOf` and branches merged into a single level.

    Attributes:
        type: A JSON type, or `any`.
        is_union: Whether `type` is `any` because several types are named.
        properties: Name → schema; where several branches have a property, an `anyOf` of their schemas.
        outside_branches: The names of the properties that stand outside all branches.
        required: The properties that every value must have.
        required_in_branches: The properties that each branch which has them requires, but not every branch has.
        branches: Property → names of the branches that have it, for properties that not all branches have.
        groups: The groups of branches to choose from, in the order of the schema.
        patterns: The `patternProperties`.
        additional: The `additionalProperties`, None where there are none.
        is_open: Whether the schema explicitly allows other properties.
        refs: The references that were followed to get here.
        entries: The references among them that lead to this schema as a whole; by them a recursion is noticed.
        branch_entries: The references that lead to its branches as a whole.
    """

    __slots__ = (
        "additional", "branch_entries", "branches", "default", "description", "discriminator", "entries", "enum",
        "format", "groups", "has_default", "is_deprecated", "is_nullable", "is_open", "is_read_only", "is_union",
        "items", "limits", "outside_branches", "patterns", "properties", "refs", "required",
        "required_in_branches", "type",
    )  # fmt: skip

    def __init__(self) -> None:
        self.type = ANY
        self.format = ""
        self.enum: tuple[Any, ...] = ()
        self.has_default = False
        self.default: Any = None
        self.limits: dict[str, Any] = {}
        self.is_nullable = False
        self.is_read_only = False
        self.is_open = False
        self.is_deprecated = False
        self.is_union = False
        self.description = ""
        self.properties: dict[str, Any] = {}
        self.outside_branches = _NO_NAMES
        self.patterns: dict[str, Any] = {}
        self.required = _NO_NAMES
        self.required_in_branches = _NO_NAMES
        self.branches: dict[str, tuple[str, ...]] = {}
        self.groups: tuple[BranchGroup, ...] = ()
        self.discriminator: Discriminator | None = None
        self.items: Any = None
        self.additional: Any = None
        self.refs = _NO_NAMES
        self.entries = _NO_NAMES
        self.branch_entries = _NO_NAMES

    def add(self, other: "FlatSchema") -> None:
        """Merge a schema that applies as well; where both name a value, that of this schema stays."""
        if self.type == ANY and not self.is_union:
            self.type = other.type
            self.is_union = other.is_union
        elif self.is_union and other.type != ANY:
            self.type, self.is_union = other.type, False
        elif self.type == "number" and other.type == "integer":
            self.type = "integer"
        self.format = self.format or other.format
        self.enum = self.enum or other.enum
        if other.has_default and not self.has_default:
            self.has_default, self.default = True, other.default
        self.limits = {**other.limits, **self.limits}
        self.is_nullable = self.is_nullable or other.is_nullable
        self.is_read_only = self.is_read_only or other.is_read_only
        self.is_open = self.is_open or other.is_open
        self.is_deprecated = self.is_deprecated or other.is_deprecated
        self.description = self.description or other.description
        for name, names in other.branches.items():
            if name not in self.properties:
                self.branches[name] = names
        for name in other.outside_branches:
            self.branches.pop(name, None)
        for name, schema in other.properties.items():
            own = self.properties.get(name)
            self.properties[name] = schema if own is None or own is schema else {"allOf": [own, schema]}
        self.patterns = {**other.patterns, **self.patterns}
        # A union is another set, even of nothing.
        for sets in ("outside_branches", "required", "required_in_branches", "branch_entries", "refs"):
            if getattr(other, sets):
                setattr(self, sets, getattr(self, sets) | getattr(other, sets))
        self.groups += other.groups
        self.discriminator = self.discriminator or other.discriminator
        if self.items is None:
            self.items = other.items
        if self.additional is None:
            self.additional = other.additional


def any_of(schemas: list[Any]) -> Any:
    """Return a schema that matches where any of several schemas does."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
