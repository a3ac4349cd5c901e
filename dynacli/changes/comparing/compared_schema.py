"""A schema as it is compared: references followed, `allOf` taken together, both dialects told alike.

OpenAPI 3.0 and 3.1 write the same in different words: `nullable` and a type of null, flags and numbers under
`exclusiveMinimum`, `enum` of one value and `const`, `format: byte` and `contentEncoding: base64`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dynacli.changes.comparing.compared_document import Place, Side, below, escaped

__all__ = ["Found", "Group", "Values", "View", "view"]

_MOST_PARTS = 500
_ONLY_NULL = frozenset(("null",))
_DEEPEST = 3
_OF_A_VALUE = frozenset(("type", "enum", "const", "title", "description", "deprecated", "example"))


class Found(NamedTuple):
    """What a keyword says, and where it stands."""

    value: Any
    place: Place


class Group(NamedTuple):
    """A `oneOf` or `anyOf` of several schemas, one of only null left out."""

    keyword: str
    place: Place
    branches: tuple[Place, ...]


Types = tuple[frozenset[str] | None, Found | None]


class Values(NamedTuple):
    """The only values that may stand.

    Args:
        values: In the order of the document.
        places: Where each is listed.
        place: Of the list; in a choice of values, of the choice.
        is_constant: Whether it is one, by `const`.
    """

    values: list[Any]
    places: list[Place]
    place: Place
    is_constant: bool = False


class View:
    """What schemas that hold together say.

    Attributes:
        places: The schemas.
        parts: Those, and what they refer to and take in, with keywords of their own, the outermost first.
        words: The keywords of all of them.
        groups: The choices among them.
        listed: Choices of values: `oneOf` of schemas that each list theirs is a list with words beside each value.
        only_null: The alternative that is null and nothing else.
        is_never: Whether no value fits.
        unread: References that lead nowhere.
    """

    __slots__ = (
        "_types",
        "groups",
        "is_never",
        "listed",
        "only_null",
        "parts",
        "places",
        "side",
        "unread",
        "words",
    )

    def __init__(self, side: Side, places: Sequence[Place]) -> None:
        self.side = side
        self._types: Types | None = None
        self.places = tuple(places)
        self.parts: list[Place] = []
        self.words: set[str] = set()
        self.groups: list[Group] = []
        self.listed: list[Values] = []
        self.only_null: Place | None = None
        self.is_never = False
        self.unread: list[str] = []

    @property
    def home(self) -> Place:
        """The outermost schema."""
        return self.parts[0] if self.parts else self.places[0]

    @property
    def is_silent(self) -> bool:
        """Whether it says nothing of what a value is."""
        return not (self.words - _ANNOTATIONS or self.groups or self.listed or self.is_never or self.unread)

    def every(self, word: str) -> Iterator[Found]:
        """Yield what a keyword says in each part that has it."""
        if word in self.words:
            for part in self.parts:
                if word in part.node:
                    value = part.node[word]
                    yield Found(value, Place(value, f"{part.pointer}/{word}", part.subject))

    def first(self, word: str) -> Found | None:
        """Return what the outermost part with a keyword says."""
        # This is asked for every keyword of every schema.
        return next(self.every(word), None) if word in self.words else None

    def flag(self, word: str) -> Found | None:
        """Return where a keyword is true; None where it is so nowhere."""
        if word not in self.words:
            return None
        return next((one for one in self.every(word) if one.value is True), None)

    def types(self, depth: int = 0) -> Types:
        """Return the types without null, None for any, and where they stand; null alone is a type of its own.

        Where no type is named, they are those of the alternatives or of the listed values;
        what is found there is None then.
        """
        if self._types is None:
            self._types = self._read_types(depth)
        return self._types

    def _read_types(self, depth: int) -> Types:
        if self.is_never:
            return frozenset(), None
        types: frozenset[str] | None = None
        where = None
        for one in self.every("type"):
            names = one.value if isinstance(one.value, list) else [one.value]
            named = frozenset(name for name in names if isinstance(name, str))
            if not named:
                continue
            named = named - _ONLY_NULL or named
            where = where or one
            types = named if types is None else _both(types, named)
        if types is None and (values := self.values()) is not None and values.values:
            return frozenset(map(_type_of, values.values)) - _ONLY_NULL or _ONLY_NULL, Found(
                None, values.place
            )
        if types is None and depth < _DEEPEST:
            for group in self.groups:
                each = [view(self.side, [one]).types(depth + 1)[0] for one in group.branches]
                named = frozenset().union(*(one for one in each if one is not None))
                if None not in each and named:
                    return named, Found(None, group.place)
        return types, where

    def null(self) -> Found | None:
        """Return where null is allowed beside the types; None where nothing says so."""
        for one in self.every("type"):
            if isinstance(one.value, list) and "null" in one.value and len(one.value) > 1:
                return one
        # OpenAPI 3.1 does without the word; documents that came from 3.0 still mean it.
        found = self.flag("nullable")
        if found is None and self.only_null is not None:
            found = Found(self.only_null.node, self.only_null)
        return found

    def values(self) -> Values | None:
        """Return the only values that may stand; None where none are listed."""
        found = list(self.listed)
        for one in self.every("enum"):
            if isinstance(one.value, list):
                places = [below(one.place, index) for index in range(len(one.value))]
                found.append(Values(one.value, places, one.place))
        if not self.side.is_3_0:
            found.extend(
                Values([one.value], [one.place], one.place, is_constant=True) for one in self.every("const")
            )
        if not found:
            return None
        kept = found[0]
        for other in found[1:]:
            both = [index for index, value in enumerate(kept.values) if value in other.values]
            kept = kept._replace(
                values=[kept.values[index] for index in both], places=[kept.places[index] for index in both]
            )
        return kept

    def format(self) -> Found | None:
        """Return the format, `contentEncoding` and `contentMediaType` read as the formats that they stand for."""
        found = self.first("format")
        if found is not None or self.side.is_3_0:
            return found
        for word, says, means in (
            ("contentEncoding", "base64", "byte"),
            ("contentMediaType", "application/octet-stream", "binary"),
        ):
            other = self.first(word)
            if other is not None and other.value == says:
                return Found(means, other.place)
        return None

    def properties(self) -> dict[str, list[Place]]:
        """Return what each property is, a schema from each part that has it."""
        found: dict[str, list[Place]] = {}
        for one in self.every("properties"):
            for name, schema in one.value.items() if isinstance(one.value, dict) else ():
                pointer = f"{one.place.pointer}/{escaped(str(name))}"
                place = Place(schema, pointer, f"{one.place.subject}.{name}")
                found.setdefault(str(name), []).append(place)
        return found

    def required(self) -> dict[str, Place]:
        """Return the names of the properties that must be there, and where it says so."""
        found: dict[str, Place] = {}
        for one in self.every("required"):
            for index, name in enumerate(one.value) if isinstance(one.value, list) else ():
                if isinstance(name, str) and name not in found:
                    found[name] = below(one.place, index, f"{one.place.subject}.{name}")
        return found

    def closed(self) -> Found | None:
        """Return where properties that are not described are refused; None where they may come."""
        for word in ("additionalProperties", "unevaluatedProperties"):
            for one in self.every(word):
                if one.value is False:
                    return one
        return None

    def under(self, word: str, suffix: str = "") -> list[Place]:
        """Return the schemas under a keyword, one from each part that has it."""
        return [
            one.place._replace(subject=one.place.subject + suffix)
            for one in self.every(word)
            if isinstance(one.value, dict | bool)
        ]


_ANNOTATIONS = {
    *(
        "title",
        "description",
        "example",
        "examples",
        "externalDocs",
        "deprecated",
        "xml",
        "default",
        "$comment",
    ),
    *("readOnly", "writeOnly", "nullable", "$schema", "$id", "$anchor", "$dynamicAnchor", "allOf", "$defs"),
}


def view(side: Side, places: Sequence[Place]) -> View:
    """Return what schemas that hold together say.

    Args:
        side: The document that they are of.
        places: They; at least one.
    """
    key = *(one.pointer for one in places), places[0].subject
    known = side.views.get(key)
    if known is None:
        known = side.views[key] = _read(side, places)
    return known


def _read(side: Side, places: Sequence[Place]) -> View:
    seen_view = View(side, places)
    stack = list(reversed(places))
    seen: set[str] = set()
    while stack and len(seen) < _MOST_PARTS:
        place = stack.pop()
        node = place.node
        if place.pointer in seen:
            continue
        seen.add(place.pointer)
        if node is False:
            seen_view.is_never = True
        if not isinstance(node, dict):
            continue
        inner = list(_references(side, seen_view, node))
        if "$ref" not in node or not isinstance(node["$ref"], str) or not side.is_3_0:
            seen_view.parts.append(place)
            seen_view.words.update(map(str, node))
            if "allOf" in node:
                inner.extend(_listed(place, "allOf"))
            for keyword in ("oneOf", "anyOf"):
                if keyword in node:
                    inner.extend(_choice(side, seen_view, place, keyword))
        stack.extend(reversed(inner))
    return seen_view


def _references(side: Side, seen_view: View, node: dict[str, Any]) -> Iterator[Place]:
    for word in ("$ref", "$dynamicRef"):
        if isinstance(ref := node.get(word), str):
            target = side.target(ref)
            if target is None:
                seen_view.unread.append(ref)
            else:
                yield target


def _listed(place: Place, keyword: str) -> list[Place]:
    node = place.node[keyword]
    if not isinstance(node, list):
        return []
    return [
        Place(one, f"{place.pointer}/{keyword}/{index}", place.subject)
        for index, one in enumerate(node)
        if isinstance(one, dict | bool)
    ]


def _choice(side: Side, seen_view: View, place: Place, keyword: str) -> list[Place]:
    """Return the one schema of a choice that has no more; otherwise keep the choice as a group."""
    listed = _listed(place, keyword)
    branches = [one for one in listed if not _is_only_null(one.node)]
    if len(branches) < len(listed):
        seen_view.only_null = next(one for one in listed if _is_only_null(one.node))
    if len(branches) < 2:
        return branches
    values = _values(side, place, keyword, branches)
    if values is not None:
        seen_view.listed.append(values)
        return []
    named = tuple(
        one._replace(subject=_name(side, one) or f"{place.subject}({index + 1})")
        for index, one in enumerate(branches)
    )
    seen_view.groups.append(Group(keyword, below(place, keyword), named))
    return []


def _values(side: Side, place: Place, keyword: str, branches: Sequence[Place]) -> Values | None:
    """Return the values of a choice of values; None where one of its schemas says more."""
    values: list[Any] = []
    places: list[Place] = []
    for one in branches:
        node = side.followed(one).node
        if not isinstance(node, dict) or node.keys() - _OF_A_VALUE:
            return None
        listed = node.get("enum", [node["const"]] if "const" in node and not side.is_3_0 else None)
        if not isinstance(listed, list):
            return None
        values.extend(listed)
        places.extend([one._replace(subject=place.subject)] * len(listed))
    return Values(values, places, below(place, keyword))


def _name(side: Side, branch: Place) -> str:
    ref = branch.node.get("$ref") if isinstance(branch.node, dict) else None
    target = side.target(ref) if isinstance(ref, str) else None
    return target.subject if target is not None else ""


def _is_only_null(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    words = node.keys() - {"description", "title"}
    if words == {"type"}:
        return node["type"] in ("null", ["null"])
    if words in ({"enum"}, {"enum", "nullable"}):
        return bool(node["enum"] == [None])
    if words == {"const"}:
        return node["const"] is None
    return words == {"nullable"} and node["nullable"] is True


def _both(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    both = one & other
    if "integer" in one | other and "number" in one | other:
        both |= {"integer"}
    return both


def _type_of(value: Any) -> str:
    """Return the type of a value in the words of JSON Schema."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    names = {int: "integer", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "string")
