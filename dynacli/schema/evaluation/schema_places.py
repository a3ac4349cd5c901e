"""The place in the document of an error of jsonschema-rs, found along the path on which the schemas were evaluated."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dynacli.schema.evaluation.keyword_translations import NAMELESS, PATTERN, Origin
from dynacli.schema.evaluation.translation import PlainSchema

__all__ = ["Place", "place_of"]

_ALIASES = {
    "$ref": "$dynamicRef",
    "prefixItems": "items",
    "items": "additionalItems",
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
}
"""Keyword of the plain form → the keyword that the document may have instead."""

_SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_OF_MEMBERS = frozenset({"items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"})
_RANK, _PASSED = -1, -2
"""Positions that stand for a step to a member of the value: by the member's own position, or by that of its schema."""
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_BY_INDEX = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})


class Place(NamedTuple):
    """The place of an error in the document.

    Args:
        steps: The steps from the root schema to the keyword, with `$ref` for each reference.
        order: The position of each step among its neighbours. -1 and -2 stand for a step to a member of the value;
            -1 says that the position of the member counts.
        schema: The schema that has the keyword, as the document has it.
        same_value: That schema, and those around it that describe the same value.
        tags: (property, branches, index) of the discriminators that chose a branch on the way.
        keywords: Those of the steps that are keywords, and not names or indexes.
    """

    steps: tuple[str | int, ...]
    order: tuple[int, ...]
    schema: Any
    same_value: tuple[Any, ...]
    tags: tuple[tuple[str, list[Any], int], ...]
    keywords: frozenset[str]


def place_of(plain: PlainSchema, path: Sequence[str | int]) -> Place:
    """Return the place in the document of an error.

    Args:
        plain: The schema that was evaluated.
        path: The evaluation path of the error: keywords, names and indexes, with `$ref` for each reference.
    """
    walk = _Walk(plain, path)
    while walk.goes_on():
        pass
    return Place(
        tuple(walk.steps),
        tuple(walk.order),
        walk.schema,
        tuple(walk.same_value),
        tuple(walk.tags),
        frozenset(walk.keywords),
    )


class _Walk:
    """The way through the plain form and the document at once."""

    def __init__(self, plain: PlainSchema, path: Sequence[str | int]) -> None:
        self._plain, self._path, self._index = plain, path, 0
        self._node: Any = None
        self.steps: list[str | int] = []
        self.order: list[int] = []
        self.schema: Any = None
        self.same_value: list[Any] = []
        self.tags: list[tuple[str, list[Any], int]] = []
        self.keywords: set[str] = set()
        self._enter(plain.root)

    def goes_on(self) -> bool:
        """Go one keyword further, and return whether there may be more."""
        if self._index == len(self._path):
            return False
        key, node = str(self._path[self._index]), self._node
        self._index += 1
        origin = self._plain.origins.get(id(node), Origin())
        if origin.keyword:
            self._keyword(self._written_key(origin.keyword))
            return False
        if key == "$ref":
            number = node["$ref"].rpartition("/")[2]
            if number not in self._plain.inline and not origin.is_inline:
                self._keyword(self._written_key("$ref"))
            self._enter(self._plain.definitions[number])
            return True
        if origin.is_condition:
            self._enter_added(node[key])
            return True
        is_pattern = key == "format" and str(node[key]).startswith(PATTERN)
        written = "pattern" if is_pattern else self._written_key(key)
        if self._index == len(self._path):
            self._keyword(written)
            return False
        if key in _BY_NAME or key in _BY_INDEX:
            self._go_to_member(key, written, node)
        else:
            self._keyword(written)
            self._enter(node[key], is_same=key in _SAME_VALUE)
            self.order.extend([_RANK] if key in _OF_MEMBERS else [])
        return True

    def _go_to_member(self, key: str, written: str, node: Any) -> None:
        """Go to one of the schemas of a keyword that has several."""
        members, name = node[key], self._path[self._index]
        self._index += 1
        if key == "allOf" and id(members[name]) in self._plain.origins:
            self.order.append(len(node))
            self._enter_added(members[name])
            return
        self._keyword(written)
        if key == "patternProperties":
            self._step(self._plain.spellings.get(str(name), name), _RANK)
        else:
            position = list(members).index(name) if isinstance(members, dict) else int(name)
            self._step("" if name == NAMELESS else name, position)
            self.order.extend([_PASSED] if key not in _SAME_VALUE else [])
        self._enter(members[name], is_same=key in _SAME_VALUE)

    def _enter_added(self, node: Any) -> None:
        """Enter a part that the document does not have, and take the steps that it stands for."""
        self._enter(node)
        origin = self._plain.origins.get(id(node))
        if origin is not None:
            for step in origin.steps:
                self._step(step, step if isinstance(step, int) else 0)
            self.tags.extend([origin.tag] if origin.tag else [])

    def _step(self, step: str | int, position: int) -> None:
        self.steps.append(step)
        self.order.append(position)

    def _keyword(self, keyword: str) -> None:
        written = self.schema if isinstance(self.schema, dict) else {}
        self._step(keyword, list(written).index(keyword) if keyword in written else len(written))
        self.keywords.add(keyword)

    def _enter(self, node: Any, *, is_same: bool = True) -> None:
        self._node = node
        if not is_same:
            self.same_value.clear()
            self.schema = None
        if id(node) in self._plain.written:
            self.schema = self._plain.written[id(node)]
            self.same_value.append(self.schema)

    def _written_key(self, key: str) -> str:
        """Return the keyword of the document that a keyword of the plain form stands for."""
        written, alias = self.schema, _ALIASES.get(key)
        if alias is None or not isinstance(written, dict) or alias not in written:
            return key
        is_older = key == "items" and isinstance(written.get(key), list)
        return alias if is_older or key not in written else key
