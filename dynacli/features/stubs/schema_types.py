"""Python types for the schemas of a document: `TypedDict` classes and aliases, named as its components.

A name or value from the document becomes a Python identifier or a string literal. No other text of it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from keyword import iskeyword
from typing import Any, NamedTuple

from dynacli.openapi.document.workarounds import each_schema
from dynacli.openapi.model.kebab_names import kebab
from dynacli.openapi.model.operation import ANY
from dynacli.openapi.references import reference_of, references_of
from dynacli.openapi.schema.flatten_schema import BranchGroup, FlatSchema, FlatSchemas
from dynacli.openapi.schema.read_schema import (
    LEFT_OUT,
    Direction,
    applied_schemas,
    following,
    is_marked,
    reference_name,
    value_types_of,
)

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_IMPORTED = frozenset(
    {"Any", "Api", "IO", "Literal", "Mapping", "NotRequired", "PathLike", "Response", "Sequence"}
    | {"TypeAlias", "TypedDict", "True", "False", "None"}
)
_BUILT_IN = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"})
_LONGEST_NAME = 60
_MOST_LEVELS = 20
_MOST_HOPS = 40
_ANY = "Any"


class _Class(NamedTuple):
    """A `TypedDict`: its fields as (name, type, whether every value has it)."""

    name: str
    fields: list[tuple[str, str, bool]]
    tags: dict[str, list[str]]


class SchemaTypes:
    """The types that a module defines.

    Args:
        resolve: Returns the target of a reference in the document.
        reserved: Names that no type may get.
    """

    def __init__(self, resolve: Callable[[str], Any], reserved: Iterable[str]) -> None:
        self._known: dict[str, Any] = {}
        self._looked: dict[str, tuple[bool, set[str]]] = {}
        self._source = resolve
        self._flat_schemas = FlatSchemas(self.resolve)
        self._taken = {*_IMPORTED, *reserved}
        self._named: dict[tuple[str, Direction], str] = {}
        self._tags: dict[tuple[str, Direction], dict[str, list[str]]] = {}
        self._definitions: dict[str, _Class | str] = {}
        self._waiting: list[Callable[[], None]] = []

    def resolve(self, ref: str) -> Any:
        """Return the target of a reference, the same object each time.

        Raises:
            LookupError: The target does not exist.
        """
        if ref not in self._known:
            self._known[ref] = self._source(ref)
        return self._known[ref]

    def flat(self, schema: Any) -> FlatSchema:
        """Return a schema with its references and branches merged."""
        return self._flat_schemas(schema)

    def type_of(self, schema: Any, direction: Direction, hint: str) -> str:
        """Return the type of the values of a schema.

        Args:
            hint: Name for a class, if the schema has no name.
        """
        found = self._type_of(schema, direction, hint, (), 0)
        while self._waiting:
            self._waiting.pop()()
        return found

    def definitions(self) -> list[str]:
        """Return the statements that define the types, sorted by name."""
        return [
            f"{name}: TypeAlias = {found}\n" if isinstance(found, str) else self._class_text(found)
            for name, found in sorted(self._definitions.items())
        ]

    def _name(self, wanted: str) -> str:
        plain = class_name(wanted)
        name, number = plain, 2
        while name in self._taken:
            name, number = f"{plain}{number}", number + 1
        self._taken.add(name)
        return name

    def _type_of(
        self, schema: Any, direction: Direction, hint: str, within: tuple[str, ...] | None, level: int
    ) -> str:
        """Return the type of a schema.

        Args:
            within: The aliases that are this type or a part of its union; None inside a list, map or class.
        """
        if not isinstance(schema, dict) or level > _MOST_LEVELS:
            return _ANY
        ref = reference_of(schema)
        if ref is not None:
            return self._named_type(ref, direction, within)
        flat = self.flat(schema)
        found = self._plain_type(schema, flat, direction, hint, within, level)
        return _union([found, "None"]) if flat.is_nullable else found

    def _named_type(self, ref: str, direction: Direction, within: tuple[str, ...] | None) -> str:
        """Return the name of the type of a component, and define it."""
        try:
            schema = self.resolve(ref)
        except LookupError:
            return _ANY
        if not isinstance(schema, dict) or (
            within is not None and (ref in within or len(within) > _MOST_HOPS)
        ):
            return _ANY
        flat = self.flat(schema)
        key = (ref, self._direction(ref, direction))
        is_class = self._is_class(flat)
        nullable = [*(["None"] if is_class and flat.is_nullable else [])]
        if key not in self._named:
            suffix = "-input" if key[1] != "response" else ""
            name = self._named[key] = self._name(reference_name(ref) + suffix)
            if is_class:
                self._add_class(name, flat, key[1], self._tags.setdefault(key, {}))
            elif within is None:
                self._waiting.append(lambda: self._define_alias(name, ref, schema, key[1], ()))
            else:
                self._define_alias(name, ref, schema, key[1], within)
        return _union([self._named[key], *nullable])

    def _define_alias(
        self, name: str, ref: str, schema: Any, direction: Direction, within: tuple[str, ...]
    ) -> None:
        self._definitions[name] = self._type_of(schema, direction, name, (*within, ref), 0)

    def _direction(self, ref: str, direction: Direction) -> Direction:
        """Return `response` for a component that has the same properties in requests, at any depth."""
        return direction if direction == "response" or self._is_split(ref) else "response"

    def _is_split(self, ref: str) -> bool:
        waiting, seen = [ref], {ref}
        while waiting:
            is_marked_here, below = self._look(waiting.pop())
            if is_marked_here:
                return True
            waiting += below - seen
            seen |= below
        return False

    def _look(self, ref: str) -> tuple[bool, set[str]]:
        """Return whether only requests or only responses have a part of a component, and the references in it."""
        if ref not in self._looked:
            found, below = False, set()
            with suppress(LookupError):
                for schema, _ in each_schema(self.resolve(ref)):
                    found = found or any(schema.get(mark) is True for mark in LEFT_OUT.values())
                    below.update(references_of(schema))
            self._looked[ref] = found, below
        return self._looked[ref]

    def _is_class(self, flat: FlatSchema) -> bool:
        return bool(flat.type == "object" and flat.properties and self._branches(flat) is None)

    def _branches(self, flat: FlatSchema) -> BranchGroup | None:
        """Return the branches of a union; None if a schema has none that differ in type or properties."""
        for group in flat.groups:
            if any(branch.properties or branch.type not in {ANY, "object"} for branch in group.flat_branches):
                return group
        return None

    def _plain_type(
        self,
        schema: dict[str, Any],
        flat: FlatSchema,
        direction: Direction,
        hint: str,
        within: tuple[str, ...] | None,
        level: int,
    ) -> str:
        if flat.enum:
            return _literal(flat.enum)
        group = self._branches(flat)
        if group is not None:
            return self._union_of(flat, group, direction, hint, within, level)
        if flat.type in _SCALARS:
            return _SCALARS[flat.type]
        if flat.type == "array":
            items = self._type_of(flat.items, direction, f"{hint}-item", None, level + 1)
            return f"list[{items}]"
        if flat.type == "object":
            if not flat.properties:
                others = self._type_of(flat.additional, direction, f"{hint}-value", None, level + 1)
                return f"dict[str, {others}]"
            name = self._name(hint)
            self._add_class(name, flat, direction, {})
            return name
        named = value_types_of(applied_schemas(schema, following(self.resolve))) if flat.is_union else []
        return (
            _union(
                _SCALARS.get(kind) or ("list[Any]" if kind == "array" else "dict[str, Any]") for kind in named
            )
            if named
            else _ANY
        )

    def _union_of(
        self,
        flat: FlatSchema,
        group: BranchGroup,
        direction: Direction,
        hint: str,
        within: tuple[str, ...] | None,
        level: int,
    ) -> str:
        found = []
        for written, name, branch, tags in zip(
            group.branches, group.names, group.flat_branches, group.tags, strict=True
        ):
            own = flat.outside_branches - set(branch.properties)
            ref = reference_of(written)
            if isinstance(ref, str) and within and ref in within and group.keyword != "discriminator":
                continue  # a union with itself adds no type
            is_itself = within is not None and ref in within[-1:]
            if (own and branch.properties) or is_itself:
                merged = FlatSchema()
                merged.properties = {
                    **{key: value for key, value in flat.properties.items() if key in flat.outside_branches},
                    **branch.properties,
                }
                merged.required = flat.required | branch.required
                class_ = self._name(f"{hint}-{name}")
                self._add_class(class_, merged, direction, {group.tag_name: list(tags)})
                found.append(class_)
                continue
            if isinstance(ref, str) and group.tag_name and tags and self._is_class(branch):
                key = (ref, self._direction(ref, direction))
                known = self._tags.setdefault(key, {}).setdefault(group.tag_name, [])
                known += [value for value in tags if value not in known]
            found.append(self._type_of(written, direction, f"{hint}-{name}", within, level + 1))
        return _union(found)

    def _add_class(
        self, name: str, flat: FlatSchema, direction: Direction, tags: dict[str, list[str]]
    ) -> None:
        fields: list[tuple[str, str, bool]] = []
        self._definitions[name] = _Class(name, fields, tags)

        def add_fields() -> None:
            follow = following(self.resolve)
            for key, schema in flat.properties.items():
                if not is_marked(schema, LEFT_OUT[direction], follow):
                    found = self._type_of(schema, direction, f"{name}-{key}", None, 0)
                    fields.append((key, found, key in flat.required))

        self._waiting.append(add_fields)

    def _class_text(self, class_: _Class) -> str:
        fields = [
            (key, _literal(class_.tags[key]) if found == "str" and class_.tags.get(key) else found, is_needed)
            for key, found, is_needed in class_.fields
        ]
        shown = [(key, found if is_needed else f"NotRequired[{found}]") for key, found, is_needed in fields]
        used = _BUILT_IN | self._taken
        if all(is_identifier(key) and not key.startswith("__") and key not in used for key, _ in shown):
            lines = [f"    {key}: {found}\n" for key, found in shown] or ["    pass\n"]
            return f"class {class_.name}(TypedDict):\n{''.join(lines)}"
        pairs = "".join(f"        {key!r}: {found},\n" for key, found in shown)
        return f'{class_.name} = TypedDict(\n    "{class_.name}",\n    {{\n{pairs}    }},\n)\n'


def class_name(text: str) -> str:
    """Return a name in camel case for a class: `payment_intent` → `PaymentIntent`."""
    words = kebab(text[: 10 * _LONGEST_NAME]).split("-")
    name = "".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST_NAME]
    return name if name[:1].isalpha() else f"Type{name}"


def is_identifier(name: str) -> bool:
    """Return whether Python accepts a name as it is."""
    return name.isascii() and name.isidentifier() and not iskeyword(name)


def _literal(values: Iterable[Any]) -> str:
    """Return the type of some values; numbers with a fraction and structures have no literal type."""
    listed = list(
        dict.fromkeys((type(value), value) for value in values if isinstance(value, str | int | None))
    )
    others = any(not isinstance(value, str | int | None) for value in values)
    if others or not listed:
        return _ANY
    return f"Literal[{', '.join(repr(value) for _, value in listed)}]"


def _union(types: Iterable[str]) -> str:
    parts = list(dict.fromkeys(types))
    return _ANY if _ANY in parts or not parts else " | ".join(parts)
