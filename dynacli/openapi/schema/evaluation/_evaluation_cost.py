"""Count the steps of an evaluation by jsonschema-rs before it starts, because nothing can interrupt it.

If each schema refers twice to the next schema, a document of a few kilobytes has a tree of a thousand million schemas.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from dynacli.openapi.schema.evaluation._keyword_translations import CONTAINER, INTEGER_3_0, UNEVALUATED, Plain

_LISTS = ("allOf", "anyOf", "oneOf")
_CONDITIONS = ("if", "then", "else")
_OF_ALL_MEMBERS = ("additionalProperties", "propertyNames", "items", "contains", *UNEVALUATED)
_ALL: Any = object()
"""Key for the steps that every member of a value takes."""


class _Load(NamedTuple):
    """The steps to evaluate a schema.

    Args:
        value: The steps for the value itself.
        members: Name or index → the additional steps for that member; `_ALL` → the steps for every member.
    """

    value: int = 1
    members: Mapping[Any, int] = {}

    @property
    def most(self) -> int:
        """Maximum number of steps for the value, or for one of its members."""
        of_one = max((steps for name, steps in self.members.items() if name is not _ALL), default=0)
        return max(self.value, self.members.get(_ALL, 0) + max(of_one, 0))


class EvaluationCost:
    """Counts the steps of an evaluation.

    Args:
        definitions: Number → the target of a reference.
        counted: The numbers of definitions that count their entries, so that each is a single step.
        with_members: Whether to count the members of a value, too.
    """

    def __init__(
        self, definitions: Mapping[str, Any], counted: Collection[int] = (), *, with_members: bool = True
    ) -> None:
        self._definitions, self._counted = definitions, frozenset(map(str, counted))
        self._with_members = with_members
        self._known: dict[tuple[int, bool], _Load] = {}

    def most(self, schema: Any) -> int:
        """Return the maximum number of steps for one part of any value, between two counted entries."""
        return self._load(schema).most

    def walk(self, schema: Plain) -> int:
        """Return the steps for `UNEVALUATED` keywords to search the schemas beside them."""
        return self._load(schema, is_walk=True).value

    def _load(self, schema: Any, *, is_walk: bool = False) -> _Load:
        if not isinstance(schema, dict):
            return _Load()
        key = id(schema), is_walk
        if key not in self._known:
            self._known[key] = self._walked(schema) if is_walk else self._evaluated(schema)
        return self._known[key]

    def _evaluated(self, schema: Plain) -> _Load:
        loads = [self._load(part) for name in _LISTS for part in schema.get(name, ())]
        loads += [self._load(schema[name]) for name in (*_CONDITIONS, "not") if name in schema]
        loads += map(self._load, schema.get("dependentSchemas", {}).values())
        loads += self._referred(schema, is_walk=False)
        # These come in addition to the steps of the keywords beside them.
        loads += [self._load(schema, is_walk=True) for name in UNEVALUATED if name in schema]
        own = 1 + sum(len(value) for value in schema.values() if isinstance(value, list | dict))
        constants = [*schema.get("enum", ()), schema.get("const")]
        own += CONTAINER * sum(isinstance(value, list | dict) for value in constants)
        return _sum(_Load(own, self._members(schema) if self._with_members else {}), loads)

    def _walked(self, schema: Plain) -> _Load:
        """Return the steps to find the members that a schema evaluates, for which its branches are evaluated again."""
        loads = self._referred(schema, is_walk=True)
        for name in (*_LISTS, "if"):
            for part in [schema[name]] if name == "if" and name in schema else schema.get(name, ()):
                loads += [self._load(part), self._load(part, is_walk=True)]
        for part in (schema.get("then"), schema.get("else"), *schema.get("dependentSchemas", {}).values()):
            loads.append(self._load(part, is_walk=True))
        members: dict[Any, int] = {}
        if self._with_members:
            evaluated = [self.most(schema[name]) for name in ("contains", *UNEVALUATED) if name in schema]
            members[_ALL] = sum(evaluated)
        return _sum(_Load(1, members), loads)

    def _referred(self, schema: Plain, *, is_walk: bool) -> list[_Load]:
        reference = schema.get("$ref", INTEGER_3_0)
        number = reference.rpartition("/")[2]
        if reference == INTEGER_3_0 or number in self._counted:
            return []
        return [self._load(self._definitions[number], is_walk=is_walk)]

    def _members(self, schema: Plain) -> dict[Any, int]:
        others = {name: self.most(schema[name]) for name in _OF_ALL_MEMBERS if name in schema}
        members = {_ALL: sum(others.values())}
        members[_ALL] += sum(map(self.most, schema.get("patternProperties", {}).values()))
        for name, part in schema.get("properties", {}).items():
            members[name] = self.most(part) - others.get("additionalProperties", 0)
        for index, part in enumerate(schema.get("prefixItems", ())):
            members[index] = self.most(part) - others.get("items", 0)
        return members


def _sum(own: _Load, loads: list[_Load]) -> _Load:
    members = dict(own.members)
    for load in loads:
        for name, steps in load.members.items():
            members[name] = members.get(name, 0) + steps
    return _Load(own.value + sum(load.value for load in loads), members)
