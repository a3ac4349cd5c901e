"""One of the two compared documents: its locations, the targets of its references, and its schemas.

A schema is compared after references are followed and `allOf` is merged. Even in the normal form, the same schema has
several spellings: an `enum` of one value and `const`, or `format: byte` and `contentEncoding: base64`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

from dynacli.import_orjson import orjson
from dynacli.openapi.document.json_trees import escaped, follow, from_fragment, join
from dynacli.openapi.document.references.scan import Locator, sites_of
from dynacli.openapi.references import DanglingReferenceError, last_of_references, reference_of, references_of
from dynacli.openapi.schema.normal_form import normal_tree
from dynacli.openapi.schema.read_schema import common_types, is_only_null, json_type, list_of, types_of

_MOST_MEMBERS = 20
_DEEPEST = 3
_LONGEST = 300
_CUT = "…"
_MOST_PARTS = 500
_ONLY_NULL = frozenset(("null",))
_DEEPEST_SCHEMA = 3
_KEYWORDS_OF_A_VALUE = frozenset(("type", "enum", "const", "title", "description", "deprecated", "example"))
_ANNOTATIONS = frozenset(
    {"title", "description", "example", "examples", "externalDocs", "deprecated", "xml", "default"}
    | {"readOnly", "writeOnly", "nullable", "$comment", "$schema", "$id", "$anchor", "$dynamicAnchor"}
    | {"allOf", "$defs"}
)


class Place(NamedTuple):
    """A location in a document and its value.

    Args:
        node: The value; None if there is none.
        pointer: The JSON pointer to the value.
        subject: The name of the value in reports.
    """

    node: Any
    pointer: str
    subject: str


class ComparedDocument:
    """One of the two documents.

    Args:
        tree: The loaded document, in OpenAPI 3.

    Attributes:
        tree: The document with its schemas in the normal form, which is the same for all versions of OpenAPI.
        schemas: Pointers and subject → schema; the cache of `compared_schema`.
    """

    def __init__(self, tree: Any) -> None:
        written = tree if isinstance(tree, dict) else {}
        self.tree = normal_tree(written, str(written.get("openapi", ""))[:3])
        self.schemas: dict[tuple[str, ...], Any] = {}
        self._targets: dict[str, Place | None] = {}
        self._plain = Locator(self.tree, "", [])
        self._whole: Locator | None = None

    def target(self, ref: str) -> Place | None:
        """Return the target of a reference; None if the reference is broken."""
        if ref not in self._targets:
            self._targets[ref] = self._find_target(ref)
        return self._targets[ref]

    def _find_target(self, ref: str) -> Place | None:
        steps = from_fragment(ref)
        located = None if steps is None else self._plain.walk(steps)
        if located is None and not ref.startswith("#/"):
            # Searching the whole document for anchors and identifiers is slow, so it waits until a reference needs one.
            if self._whole is None:
                self._whole = Locator(self.tree, "", list(sites_of(self.tree)))
            located = self._whole.locate_ref(ref)
        if located is None:
            return None
        return Place(follow(self.tree, located), join(located), located[-1] if located else "document")

    def resolve(self, place: Place) -> Place:
        """Return the end of a chain of references; its value is None if the chain is broken or circular."""
        end = last_of_references(place, self.existing_target, attrgetter("node"))
        return end if reference_of(end.node) is None else end._replace(node=None)

    def existing_target(self, ref: str) -> Place:
        """Return the target of a reference.

        Raises:
            DanglingReferenceError: The reference is broken.
        """
        target = self.target(ref)
        if target is None:
            raise DanglingReferenceError(ref)
        return target

    def at(self, *steps: str) -> Place:
        """Return the location at a path of keys; its value is None if it does not exist."""
        node: Any = self.tree
        for step in steps:
            node = node.get(step) if isinstance(node, dict) else None
        return Place(node, join(steps), steps[-1] if steps else "document")


def empty_schema(counterpart: Place) -> Place:
    """Return a schema that allows everything, for comparison with a schema that has no counterpart.

    Args:
        counterpart: The schema that it is compared with.
    """
    # All empty schemas share a pointer, so that comparing below two of them makes no new pairs.
    return Place(node=True, pointer="", subject=counterpart.subject)


def child(place: Place, key: str | int, subject: str = "") -> Place:
    """Return the location below a key; its value is None if it does not exist."""
    node = place.node
    if isinstance(node, dict):
        node = node.get(key)
    elif isinstance(node, list) and isinstance(key, int) and key < len(node):
        node = node[key]
    else:
        node = None
    return Place(node, f"{place.pointer}/{escaped(str(key))}", subject or place.subject)


def child_of_either(old: Place, new: Place, key: str) -> Place:
    """Return the location below a key of the new object, or of the old object if the new one lacks the key."""
    return child(new, key) if key in new.node else child(old, key)


def present(old: Place, new: Place) -> Place:
    """Return the new location, or the old one if the new one has no value."""
    return new if new.node is not None else old


def members(place: Place) -> Iterator[tuple[str, Place]]:
    """Yield key and location of each member of an object, except specification extensions (`x-`)."""
    if isinstance(place.node, dict):
        for key, value in place.node.items():
            name = str(key)
            if not name.startswith("x-"):
                yield name, Place(value, f"{place.pointer}/{escaped(name)}", name)


def shortened_for_report(value: Any, depth: int = _DEEPEST) -> Any:
    """Shorten the long texts, large objects and arrays, and deep nesting of a value for a report.

    `…` replaces every omitted part. In an object, the value of the key `…` is the number of further members.
    """
    if isinstance(value, str):
        # Other programs cannot read a lone surrogate in JSON, so it is replaced.
        text = value if len(value) <= _LONGEST else value[:_LONGEST] + _CUT
        return text.encode("utf-8", "replace").decode() if not text.isascii() else text
    if isinstance(value, dict):
        if depth == 0 and value:
            return _CUT
        kept = {
            shortened_for_report(str(key)): shortened_for_report(member, depth - 1)
            for key, member in list(value.items())[:_MOST_MEMBERS]
        }
        if len(value) > _MOST_MEMBERS:
            kept[_CUT] = len(value) - _MOST_MEMBERS
        return kept
    if isinstance(value, list):
        if depth == 0 and value:
            return _CUT
        kept_items = [shortened_for_report(item, depth - 1) for item in value[:_MOST_MEMBERS]]
        return [*kept_items, _CUT] if len(value) > _MOST_MEMBERS else kept_items
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return float(value) if abs(value) < 2**1000 else str(value)[:_LONGEST]
    return value


def index_by_value(values: list[Any]) -> dict[bytes, int]:
    """Return canonical form → index of each distinct value. In JSON, 1 equals 1.0 but not true."""
    found: dict[bytes, int] = {}
    for index, value in enumerate(values):
        found.setdefault(canonical(value), index)
    return found


def canonical(value: Any) -> bytes:
    """Return bytes that are the same for two JSON values only if they are equal, in any order of keys."""
    plain = _with_integers(value)
    try:
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # orjson refuses integers of many digits and lone surrogates, but the standard library accepts them.
        import json

        return json.dumps(plain, sort_keys=True).encode()


def canonical_without(value: Any, key: str) -> bytes:
    """Return the canonical form of an object, except one member and specification extensions (`x-`)."""
    if not isinstance(value, dict):
        return canonical(value)
    return canonical(
        {name: member for name, member in value.items() if name != key and not str(name).startswith("x-")}
    )


def _with_integers(value: Any) -> Any:
    """Return a value in which whole numbers are integers: 1.0 becomes 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _with_integers(member) for key, member in value.items()}
    return [_with_integers(item) for item in value] if isinstance(value, list) else value


class KeywordValue(NamedTuple):
    """The value of a keyword, and its location in the document."""

    value: Any
    place: Place


class Alternatives(NamedTuple):
    """A `oneOf` or `anyOf` of several schemas, except a schema that allows only null."""

    keyword: str
    place: Place
    branches: tuple[Place, ...]


Types = tuple[frozenset[str] | None, KeywordValue | None]


class AllowedValues(NamedTuple):
    """The only values that a schema allows.

    Args:
        values: The values, in the order of the document.
        places: The location of each value.
        place: The list, or the `oneOf` or `anyOf` that contains the values one by one.
        is_constant: Whether `const` names the single value.
    """

    values: list[Any]
    places: list[Place]
    place: Place
    is_constant: bool = False


@dataclass(slots=True, eq=False)
class ComparedSchema:
    """The keywords of schemas that apply together.

    Attributes:
        places: The schemas.
        parts: These schemas, and all schemas in their `$ref` and `allOf`, the outermost first.
        keywords: The keywords of all parts.
        alternatives: The `oneOf` and `anyOf` of all parts.
        enumerations: Each `oneOf` and `anyOf` whose schemas only list values, like an `enum` with descriptions.
        only_null: The alternative that allows only null.
        is_never: Whether no value matches.
        broken_refs: References without a target.
    """

    document: ComparedDocument
    places: tuple[Place, ...]
    parts: list[Place] = field(default_factory=list)
    keywords: set[str] = field(default_factory=set)
    alternatives: list[Alternatives] = field(default_factory=list)
    enumerations: list[AllowedValues] = field(default_factory=list)
    only_null: Place | None = None
    is_never: bool = False
    broken_refs: list[str] = field(default_factory=list)
    _types: Types | None = None

    @property
    def outermost(self) -> Place:
        """The outermost schema."""
        return self.parts[0] if self.parts else self.places[0]

    @property
    def allows_anything(self) -> bool:
        """Whether the schema allows every value."""
        return not (
            self.keywords - _ANNOTATIONS
            or self.alternatives
            or self.enumerations
            or self.is_never
            or self.broken_refs
        )

    def every(self, keyword: str) -> Iterator[KeywordValue]:
        """Yield the value of a keyword in each part that has it."""
        if keyword in self.keywords:
            for part in self.parts:
                if keyword in part.node:
                    value = part.node[keyword]
                    yield KeywordValue(value, Place(value, f"{part.pointer}/{keyword}", part.subject))

    def first(self, keyword: str) -> KeywordValue | None:
        """Return the value of a keyword in the outermost part that has it."""
        # Most schemas lack most keywords, so the test saves the cost of a generator.
        return next(self.every(keyword), None) if keyword in self.keywords else None

    def flag(self, keyword: str) -> KeywordValue | None:
        """Return the first location with true for a keyword; None if no part has it."""
        if keyword not in self.keywords:
            return None
        return next((found for found in self.every(keyword) if found.value is True), None)

    def types(self, depth: int = 0) -> Types:
        """Return the types except null, and their keyword; the types are None if any type is allowed.

        If null is the only type, it counts. Without a `type`, the alternatives or the allowed values decide; then the
        `value` of the keyword is None.
        """
        if self._types is None:
            self._types = self._read_types(depth)
        return self._types

    def _read_types(self, depth: int) -> Types:
        if self.is_never:
            return frozenset(), None
        types: frozenset[str] | None = None
        where = None
        for found in self.every("type"):
            named = frozenset(types_of({"type": found.value}))
            if not named:
                continue
            named = named - _ONLY_NULL or named
            where = where or found
            types = named if types is None else frozenset(common_types(types, named))
        if types is None and (allowed := self.allowed_values()) is not None and allowed.values:
            named = frozenset(map(json_type, _with_integers(list(allowed.values)))) - _ONLY_NULL or _ONLY_NULL
            return named, KeywordValue(None, allowed.place)
        if types is None and depth < _DEEPEST_SCHEMA:
            for alternatives in self.alternatives:
                branch_types = [
                    compared_schema(self.document, [branch]).types(depth + 1)[0]
                    for branch in alternatives.branches
                ]
                named = frozenset().union(
                    *(branch_types for branch_types in branch_types if branch_types is not None)
                )
                if None not in branch_types and named:
                    return named, KeywordValue(None, alternatives.place)
        return types, where

    def null(self) -> KeywordValue | None:
        """Return the keyword that allows null in addition to the types; None if there is none."""
        for found in self.every("type"):
            if isinstance(found.value, list) and "null" in found.value and len(found.value) > 1:
                return found
        # `nullable` without `type` has no effect by the specification, but its author means it.
        nullable = self.flag("nullable")
        if nullable is None and self.only_null is not None:
            nullable = KeywordValue(self.only_null.node, self.only_null)
        return nullable

    def allowed_values(self) -> AllowedValues | None:
        """Return the only values that the schema allows; None if it lists none."""
        lists = list(self.enumerations)
        for found in self.every("enum"):
            if isinstance(found.value, list):
                places = [child(found.place, index) for index in range(len(found.value))]
                lists.append(AllowedValues(found.value, places, found.place))
        lists.extend(
            AllowedValues([found.value], [found.place], found.place, is_constant=True)
            for found in self.every("const")
        )
        if not lists:
            return None
        allowed = lists[0]
        for other in lists[1:]:
            kept = [index for index, value in enumerate(allowed.values) if value in other.values]
            allowed = allowed._replace(
                values=[allowed.values[index] for index in kept],
                places=[allowed.places[index] for index in kept],
            )
        return allowed

    def format(self) -> KeywordValue | None:
        """Return the format; `contentEncoding` and `contentMediaType` count as the formats that they replace."""
        found = self.first("format")
        if found is not None:
            return found
        for keyword, value, format_name in (
            ("contentEncoding", "base64", "byte"),
            ("contentMediaType", "application/octet-stream", "binary"),
        ):
            content = self.first(keyword)
            if content is not None and content.value == value:
                return KeywordValue(format_name, content.place)
        return None

    def properties(self) -> dict[str, list[Place]]:
        """Return property → its schemas, one for each part that describes it."""
        properties: dict[str, list[Place]] = {}
        for found in self.every("properties"):
            for name, schema in found.value.items() if isinstance(found.value, dict) else ():
                pointer = f"{found.place.pointer}/{escaped(str(name))}"
                place = Place(schema, pointer, f"{found.place.subject}.{name}")
                properties.setdefault(str(name), []).append(place)
        return properties

    def required(self) -> dict[str, Place]:
        """Return required property → location of its name."""
        required: dict[str, Place] = {}
        for found in self.every("required"):
            for index, name in enumerate(found.value) if isinstance(found.value, list) else ():
                if isinstance(name, str) and name not in required:
                    required[name] = child(found.place, index, f"{found.place.subject}.{name}")
        return required

    def closed(self) -> KeywordValue | None:
        """Return the keyword that refuses undescribed properties; None if they are allowed."""
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            for found in self.every(keyword):
                if found.value is False:
                    return found
        return None

    def under(self, keyword: str, suffix: str = "") -> list[Place]:
        """Return the schemas below a keyword, one for each part that has it."""
        return [
            found.place._replace(subject=found.place.subject + suffix)
            for found in self.every(keyword)
            if isinstance(found.value, dict | bool)
        ]


def compared_schema(document: ComparedDocument, places: Sequence[Place]) -> ComparedSchema:
    """Combine schemas that apply together.

    Args:
        document: The document that contains them.
        places: The schemas, at least one.
    """
    key = *(place.pointer for place in places), places[0].subject
    known = document.schemas.get(key)
    if known is None:
        known = document.schemas[key] = _read_schemas(document, places)
    return known


def _read_schemas(document: ComparedDocument, places: Sequence[Place]) -> ComparedSchema:
    schema = ComparedSchema(document, tuple(places))
    stack = list(reversed(places))
    seen: set[str] = set()
    while stack and len(seen) < _MOST_PARTS:
        place = stack.pop()
        node = place.node
        if place.pointer in seen:
            continue
        seen.add(place.pointer)
        if node is False:
            schema.is_never = True
        if not isinstance(node, dict):
            continue
        inner = list(_targets(schema, node))
        schema.parts.append(place)
        schema.keywords.update(map(str, node))
        if "allOf" in node:
            inner.extend(_subschemas(place, "allOf"))
        for keyword in ("oneOf", "anyOf"):
            if keyword in node:
                inner.extend(_read_alternatives(schema, place, keyword))
        stack.extend(reversed(inner))
    return schema


def _targets(schema: ComparedSchema, node: dict[str, Any]) -> Iterator[Place]:
    """Yield the targets of the references of a schema; record the broken references."""
    for ref in references_of(node):
        target = schema.document.target(ref)
        if target is None:
            schema.broken_refs.append(ref)
        else:
            yield target


def _subschemas(place: Place, keyword: str) -> list[Place]:
    return [
        Place(subschema, f"{place.pointer}/{keyword}/{index}", place.subject)
        for index, subschema in enumerate(list_of(place.node, keyword))
        if isinstance(subschema, dict | bool)
    ]


def _read_alternatives(schema: ComparedSchema, place: Place, keyword: str) -> list[Place]:
    """Return the only schema of a `oneOf` or `anyOf`; add several ones to the alternatives or enumerations."""
    subschemas = _subschemas(place, keyword)
    branches = [branch for branch in subschemas if not is_only_null(branch.node)]
    if len(branches) < len(subschemas):
        schema.only_null = next(branch for branch in subschemas if is_only_null(branch.node))
    if len(branches) < 2:
        return branches
    enumeration = _enumeration(schema.document, place, keyword, branches)
    if enumeration is not None:
        schema.enumerations.append(enumeration)
        return []
    named = tuple(
        branch._replace(subject=_target_name(schema.document, branch) or f"{place.subject}({index + 1})")
        for index, branch in enumerate(branches)
    )
    schema.alternatives.append(Alternatives(keyword, child(place, keyword), named))
    return []


def _enumeration(
    document: ComparedDocument, place: Place, keyword: str, branches: Sequence[Place]
) -> AllowedValues | None:
    """Return the values of schemas that only list values; None if one of them has other keywords."""
    values: list[Any] = []
    places: list[Place] = []
    for branch in branches:
        node = document.resolve(branch).node
        if not isinstance(node, dict) or node.keys() - _KEYWORDS_OF_A_VALUE:
            return None
        constant = [node["const"]] if "const" in node else None
        listed = node.get("enum", constant)
        if not isinstance(listed, list):
            return None
        values.extend(listed)
        places.extend([branch._replace(subject=place.subject)] * len(listed))
    return AllowedValues(values, places, child(place, keyword))


def _target_name(document: ComparedDocument, branch: Place) -> str:
    """Return the name of the component to which a schema refers; empty if it refers to none."""
    ref = reference_of(branch.node)
    target = document.target(ref) if ref is not None else None
    return target.subject if target is not None else ""
