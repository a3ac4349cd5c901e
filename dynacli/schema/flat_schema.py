"""A schema as options see it: one level, with everything that a value at that place may have."""

from typing import Any

from dynacli.model.operation import ANY
from dynacli.schema.branches import Discriminator

__all__ = ["BranchGroup", "FlatSchema", "any_of"]


class BranchGroup:
    """Branches of which one holds, as one keyword of a schema has them.

    Args:
        keyword: `oneOf`, `anyOf`, or `discriminator` where the mapping alone names the branches.
        branches: The schemas as they stand; one that allows null alone is not among them.
        names: What messages call them.
        flat_branches: The same schemas, flattened.
        discriminator: The property that picks one; None where nothing does but the value's shape.
        tags: For each branch the values of that property which pick it, the one to send first.
    """

    __slots__ = ("branches", "discriminator", "flat_branches", "keyword", "names", "tags")

    def __init__(
        self,
        keyword: str,
        branches: tuple[Any, ...],
        names: tuple[str, ...],
        flat_branches: tuple["FlatSchema", ...],
        discriminator: Discriminator | None,
        tags: tuple[tuple[str, ...], ...],
    ) -> None:
        self.keyword = keyword
        self.branches = branches
        self.names = names
        self.flat_branches = flat_branches
        self.discriminator = discriminator
        self.tags = tags

    def united(self) -> "FlatSchema":
        """Return everything that any of the branches takes."""
        united = FlatSchema()
        real = self.flat_branches
        if not real:
            return united
        united.is_nullable = any(one.is_nullable for one in real)
        united.is_read_only = all(one.is_read_only for one in real)
        united.is_deprecated = all(one.is_deprecated for one in real)
        types = {one.type for one in real}
        if len(types) == 1 and not any(one.is_union for one in real):
            united.type = types.pop()
        elif types == {"integer", "number"}:
            united.type = "number"
        united.is_union = united.type == ANY
        if all(one.enum for one in real):
            united.enum = tuple(
                dict.fromkeys(value for one in real for value in one.enum if _is_plain(value))
            )
        formats = {one.format for one in real}
        united.format = formats.pop() if len(formats) == 1 else ""
        united.required = frozenset.intersection(*(one.required for one in real))
        variants: dict[str, list[Any]] = {}
        items: list[Any] = []
        additional: list[Any] = []
        holders: dict[str, list[tuple[str, ...]]] = {}
        lacking: set[str] = set()
        for one, branch in zip(real, self.names, strict=True):
            for name, schema in one.properties.items():
                if not any(schema is known for known in variants.setdefault(name, [])):
                    variants[name].append(schema)
                holders.setdefault(name, []).append(one.branches.get(name) or (branch,))
                if name not in one.required and name not in one.required_where_had:
                    lacking.add(name)
            united.is_open |= one.is_open or (not one.properties and one.type in {"object", ANY})
            if one.items is not None:
                items.append(one.items)
            if one.additional is not None:
                additional.append(one.additional)
            united.patterns.update(one.patterns)
            united.refs |= one.refs
        united.properties = {name: any_of(schemas) for name, schemas in variants.items()}
        united.items = any_of(items) if items else None
        schemas = [one for one in additional if one is not False]
        united.additional = any_of(schemas) if schemas else (False if len(additional) == len(real) else None)
        for name, several in holders.items():
            if len(several) < len(real) or any(name in one.branches for one in real):
                united.branches[name] = tuple(dict.fromkeys(each for one in several for each in one))
        united.required_where_had = frozenset(holders) - lacking - united.required
        united.groups = (self,) if len(real) > 1 or self.keyword == "discriminator" else ()
        return united


class FlatSchema:
    """A schema with its references, `allOf` and branches merged into one level.

    Attributes:
        type: One of the JSON types, or `any`.
        properties: Name → schema; a property of several branches is an `anyOf` of theirs.
        own: The names of the properties that stand outside all branches.
        required: The properties that every value must have.
        required_where_had: The properties that every branch which has them requires.
        branches: Property → the names of the branches that have it, for those that not all have.
        groups: The branches that are to be chosen from, in the order of the schema.
        patterns: The `patternProperties`.
        is_open: Whether the schema says itself that other properties may be there.
        refs: The references that were followed to get here.
        entries: Those of them that lead to this schema as a whole and not to a part of it; they tell a recursion.
        branch_entries: Those that lead to its branches.
    """

    __slots__ = (
        "additional",
        "branch_entries",
        "branches",
        "default",
        "description",
        "discriminator",
        "entries",
        "enum",
        "format",
        "groups",
        "has_default",
        "is_deprecated",
        "is_nullable",
        "is_open",
        "is_read_only",
        "is_union",
        "items",
        "limits",
        "own",
        "patterns",
        "properties",
        "refs",
        "required",
        "required_where_had",
        "type",
    )

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
        self.own: frozenset[str] = frozenset()
        self.patterns: dict[str, Any] = {}
        self.required: frozenset[str] = frozenset()
        self.required_where_had: frozenset[str] = frozenset()
        self.branches: dict[str, tuple[str, ...]] = {}
        self.groups: tuple[BranchGroup, ...] = ()
        self.discriminator: Discriminator | None = None
        self.items: Any = None
        self.additional: Any = None
        self.refs: frozenset[str] = frozenset()
        self.entries: frozenset[str] = frozenset()
        self.branch_entries: frozenset[str] = frozenset()

    def add(self, other: "FlatSchema") -> None:
        """Merge what must hold as well; what this one says itself comes first."""
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
        for name in other.own:
            self.branches.pop(name, None)
        for name, schema in other.properties.items():
            mine = self.properties.get(name)
            self.properties[name] = schema if mine is None or mine is schema else {"allOf": [mine, schema]}
        self.patterns = {**other.patterns, **self.patterns}
        self.own |= other.own
        self.required |= other.required
        self.required_where_had |= other.required_where_had
        self.groups += other.groups
        self.discriminator = self.discriminator or other.discriminator
        self.branch_entries |= other.branch_entries
        if self.items is None:
            self.items = other.items
        if self.additional is None:
            self.additional = other.additional
        self.refs |= other.refs


def any_of(schemas: list[Any]) -> Any:
    """Return a schema that holds where any of several does."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)
