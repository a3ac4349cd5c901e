"""The shapes of JSON values: what values at one location have in common, and the schema that says so.

A shape takes values one at a time and stores counts instead of values, so that its size does not depend on their
number. The order of the values does not matter. Every schema that dynacli infers comes from here: the schemas of
`learn`, and those that `--learn` adds to a document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

from dynacli.openapi.references import reference_to
from dynacli.openapi.schema.read_schema import json_type
from dynacli.record import record
from dynacli.secrets import is_secret_name

SchemaDialect = Literal["2.0", "3.0", "3.1", "3.2"]

MAX_NAMES = 100
"""An object with more names may be a map, whose names are data."""
_MAX_DEPTH = 20
_MOST_NAMES = 1_000
"""Maximum number of names to store of the objects at one location. With more, the object is a map."""
_MOST_WORDS = 10
"""Maximum number of values of an enumeration."""
_FEWEST_OF_WORD = 3
"""Minimum number of samples of each value of an enumeration."""
_FEWEST_VARIANTS = 2
"""Minimum number of kinds of objects in a list, and of objects of each kind."""
_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?\d*(?:Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PCHARS = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"  # RFC 3986, section 3.3, with `/` and `?`
_URI = re.compile(rf"https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?(?:[/?]{_PCHARS})?(?:#{_PCHARS})?")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@{_LABEL}(?:\.{_LABEL})+")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{7,}|[0-9a-f]{16,}", re.IGNORECASE)
_OPAQUE = re.compile(r"(?:[A-Za-z]{1,12}[_-])?(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{10,}")
"""A prefix such as `cus_`, and a text of mixed letters and digits."""
_MIXED = re.compile(r"\d[A-Za-z]|[A-Za-z]\d")
_FEWEST_CHANGES = 3
"""Minimum number of changes between letters and digits in an opaque id. `oauth2` and `version20261231` have one."""
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_.~+=-]{20,}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.:/+-]{0,29}")
_KINDS = ("type", "kind", "object", "event", "__typename", "@type", "_type", "resourceType", "resource_type")
"""The names of properties that may tell the objects of one list apart, the preferred one first."""


def identifier_kind(text: str) -> str:
    """Return the kind of an identifier by its text alone; empty if the text may be a name.

    Returns:
        `integer`, `uuid`, `ulid`, `hash`, `date`, `date-time`, `email`, or empty.
    """
    if text.isascii() and text.isdigit():
        return "integer"
    if _is_uuid(text):
        return "uuid"
    if _ULID.fullmatch(text) and _MIXED.search(text):
        return "ulid"
    if _is_date(text):
        return "date"
    if _is_date_time(text):
        return "date-time"
    if _is_email(text):
        return "email"
    if _HEX.fullmatch(text):
        return "hash"
    is_opaque = _OPAQUE.fullmatch(text) or _TOKEN.fullmatch(text)
    return "hash" if is_opaque and len(_MIXED.findall(text)) >= _FEWEST_CHANGES else ""


def _is_uuid(text: str) -> bool:
    """Return whether a text is a UUID."""
    return _UUID.fullmatch(text) is not None


def _is_date_time(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return False
    return text.endswith("Z") or (text[-5:-3] < "24" and text[-2:] < "60")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _is_email(text: str) -> bool:
    return len(text) <= 254 and text.find("@") <= 64 and _EMAIL.fullmatch(text) is not None


STRING_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date-time": _is_date_time,
    "date": _is_date,
    "uuid": _is_uuid,
    "uri": _is_uri,
    "email": _is_email,
}
"""Format → whether a text has it. A text has at most one."""


def json_types(values: Iterable[Any]) -> list[str]:
    """Return the types of values in a fixed order; `number` includes `integer`."""
    return _ordered({json_type(value) for value in values})


def _ordered(types: Iterable[str]) -> list[str]:
    found = set(types)
    if "number" in found:
        found.discard("integer")
    return [name for name in _TYPES if name in found]


class ObservedShape:
    """What the values at one location have in common.

    Attributes:
        types: Type → number of values, without the values in `variants`.
        format: The format of all strings; empty for none, None if there are no strings.
        words: Short name → number of strings; None if some strings are no short names, or there are too many.
        properties: Name → shape of the members of the objects.
        items: The shape of the items of the arrays; None if there are no items.
        members: The shape of all members, if the objects have too many names to store; else None.
        variants: (property, value) → shape of the objects of one list that have this value; None if there are too many.
    """

    __slots__ = ("format", "items", "members", "properties", "types", "variants", "words")

    def __init__(self) -> None:
        self.types: Counter[str] = Counter()
        self.format: str | None = None
        self.words: dict[str, int] | None = {}
        self.properties: dict[str, ObservedShape] = {}
        self.items: ObservedShape | None = None
        self.members: ObservedShape | None = None
        self.variants: dict[tuple[str, str], ObservedShape] | None = {}

    @property
    def count(self) -> int:
        """Number of values."""
        return self.types.total() + sum(variant.count for variant in (self.variants or {}).values())

    def add(self, value: Any, depth: int = 0) -> None:
        """Take a value into account."""
        if isinstance(value, str):
            self._add_text(value)
            return
        kind = json_type(value)
        self.types[kind] += 1
        if depth > _MAX_DEPTH:
            return
        if kind == "object":
            self._add_object(value, depth)
        elif kind == "array" and value:
            if self.items is None:
                self.items = ObservedShape()
            for item in value:
                self.items.add_item(item, depth + 1)

    def _add_text(self, text: str) -> None:
        self.types["string"] += 1
        if self.format is None:
            self.format = next((name for name, fits in STRING_FORMATS.items() if fits(text)), "")
        elif self.format and not STRING_FORMATS[self.format](text):
            self.format = ""
        if self.words is None:
            return
        if text in self.words:
            self.words[text] += 1
        elif len(self.words) < _MOST_WORDS and _WORD.fullmatch(text) and not identifier_kind(text):
            self.words[text] = 1
        else:
            self.words = None

    def _add_object(self, value: Mapping[str, Any], depth: int) -> None:
        if self.members is not None:
            for member in value.values():
                self.members.add(member, depth + 1)
            return
        for name, member in value.items():
            shape = self.properties.get(name)
            if shape is None:
                shape = self.properties[name] = ObservedShape()
            shape.add(member, depth + 1)
        self._limit_names()

    def add_item(self, value: Any, depth: int) -> None:
        """Take an item of a list into account. The objects of a list may be of several kinds."""
        kind = _kind_of(value) if self.variants is not None else None
        if kind is None or self.variants is None:
            self.add(value, depth)
            return
        variant = self.variants.get(kind)
        if variant is None:
            variant = self.variants[kind] = ObservedShape()
        variant.add(value, depth)
        if len(self.variants) > _MOST_WORDS:
            self._join_variants()

    def _limit_names(self) -> None:
        if len(self.properties) > _MOST_NAMES:
            self.members = joined_shape(self.properties.values())
            self.properties = {}

    def _join_variants(self) -> None:
        variants, self.variants = self.variants or {}, None
        for variant in variants.values():
            self.join(variant)

    def join(self, other: ObservedShape) -> None:
        """Take all values of another shape into account."""
        self.types.update(other.types)
        if self.format is None or other.format is None:
            self.format = other.format if self.format is None else self.format
        elif self.format != other.format:
            self.format = ""
        if self.words is not None and other.words is not None:
            words = Counter(self.words) + Counter(other.words)
            self.words = dict(words) if len(words) <= _MOST_WORDS else None
        else:
            self.words = None
        self._join_names(other)
        if other.items is not None:
            self.items = joined_shape(filter(None, (self.items, other.items)))
        if other.variants is None or self.variants is None:
            self._join_variants()
        for kind, variant in (other.variants or {}).items():
            if self.variants is None:
                self.join(variant)
            else:
                self.variants[kind] = joined_shape(filter(None, (self.variants.get(kind), variant)))
        if self.variants is not None and len(self.variants) > _MOST_WORDS:
            self._join_variants()

    def _join_names(self, other: ObservedShape) -> None:
        if self.members is None and other.members is None:
            for name, shape in other.properties.items():
                self.properties[name] = joined_shape(filter(None, (self.properties.get(name), shape)))
            self._limit_names()
            return
        shapes = [shape.members for shape in (self, other) if shape.members is not None]
        self.members = joined_shape([*shapes, *self.properties.values(), *other.properties.values()])
        self.properties = {}

    def settle(self, *, has_alternatives: bool) -> ObservedShape:
        """Decide for each list whether its objects are of several kinds, and return the shape.

        Args:
            has_alternatives: Whether objects of one list may be described as alternatives.
        """
        if self.variants and not (has_alternatives and self._tells_apart(self.variants)):
            self._join_variants()
        for shape in self.parts():
            shape.settle(has_alternatives=has_alternatives)
        return self

    def _tells_apart(self, variants: Mapping[tuple[str, str], ObservedShape]) -> bool:
        """Return whether one property has a value for each kind of object, and each kind has a property of its own."""
        shapes = list(variants.values())
        if (
            len(shapes) < _FEWEST_VARIANTS
            or set(self.types) - {"null"}
            or len({name for name, _ in variants}) > 1
        ):
            return False
        for shape in shapes:
            others = [other for other in shapes if other is not shape]
            own = (
                name
                for name, member in shape.properties.items()
                if member.count == shape.count and not any(name in other.properties for other in others)
            )
            if shape.count < _FEWEST_VARIANTS or next(own, None) is None:
                return False
        return True

    def parts(self) -> Iterator[ObservedShape]:
        """Yield the shapes directly inside this one."""
        yield from self.properties.values()
        yield from (self.variants or {}).values()
        yield from filter(None, (self.items, self.members))

    @property
    def has_names_of_data(self) -> bool:
        """Whether the names of the objects are data, such as ids and dates, so that the object is a map."""
        return self.members is not None or (
            bool(self.properties) and all(map(identifier_kind, self.properties))
        )


def _kind_of(value: Any) -> tuple[str, str] | None:
    """Return the property that may tell an object apart from others of its list, and its value."""
    if not isinstance(value, Mapping):
        return None
    name = next((name for name in _KINDS if name in value), "")
    word = value.get(name)
    is_word = isinstance(word, str) and _WORD.fullmatch(word) and not identifier_kind(word)
    return (name, str(word)) if is_word else None


def joined_shape(shapes: Iterable[ObservedShape]) -> ObservedShape:
    """Return one shape for the values of several ones, which stay as they are."""
    joined = ObservedShape()
    for shape in shapes:
        joined.join(shape)
    return joined


@record
class InferenceRules:
    """How much a schema says about its values.

    Args:
        required_from: Minimum number of objects to require the properties that all of them have; 0 for never.
        format_from: Minimum number of strings for a format.
        enum_from: Minimum number of strings for an enumeration; 0 for never.
        is_sorted: Whether properties are sorted by name, so that the order of the values does not matter.
        has_null_alone: Whether null is the type of a value that was always null.
        fewest_of_value: Minimum number of samples of each value of an enumeration.
        has_components: Whether schemas refer to components. A component says what several places have in common, which
            is less than what one of them has.
    """

    required_from: int
    format_from: int
    enum_from: int
    is_sorted: bool
    has_null_alone: bool
    fewest_of_value: int = _FEWEST_OF_WORD
    has_components: bool = True


NARROW_RULES = InferenceRules(0, 1, 0, is_sorted=False, has_null_alone=True)
"""For a few values: other values may lack properties or have new values."""
DOCUMENT_RULES = InferenceRules(2, 3, 50, is_sorted=True, has_null_alone=False)
"""For a new document."""
COMMON_RULES = InferenceRules(
    1, 1, 1, is_sorted=True, has_null_alone=True, fewest_of_value=1, has_components=False
)
"""For all that the values have in common, to widen a schema by it."""


class SchemaWriter:
    """Writes the schemas of shapes.

    Args:
        rules: The rules.
        dialect: The version of OpenAPI.
        components: `id` of a shape → the reference to its component.
    """

    def __init__(
        self, rules: InferenceRules, dialect: SchemaDialect, components: Mapping[int, str] | None = None
    ) -> None:
        self._rules, self._dialect, self._components = rules, dialect, components or {}

    def schema(self, shape: ObservedShape, name: str = "") -> dict[str, Any]:
        """Return the schema of a shape that is settled; an empty schema if it has no values.

        Args:
            shape: The shape.
            name: The name of the property that has the values; empty for none.
        """
        return self._schema(shape, name, 0)

    def component(self, shape: ObservedShape) -> dict[str, Any]:
        """Return the schema of a shape, even if the shape is a component."""
        return {"type": "object", **self._objects(shape, 0)}

    def _schema(self, shape: ObservedShape, name: str, depth: int) -> dict[str, Any]:
        if shape.variants:
            branches = [
                self._variant(variant, *kind, depth) for kind, variant in sorted(shape.variants.items())
            ]
            return {"anyOf": [*branches, *([{"type": "null"}] if shape.types else [])]}
        types = _ordered(shape.types)
        if not types or depth > _MAX_DEPTH or (types == ["null"] and not self._rules.has_null_alone):
            return {}
        if id(shape) in self._components:
            reference = reference_to(self._components[id(shape)])
            others = [{"type": other} for other in types if other != "object"]
            return {"anyOf": [reference, *others]} if others else reference
        keywords = {of: self._keywords(of, shape, name, depth) for of in types if of != "null"}
        if self._dialect >= "3.1":
            schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
            for of_type in keywords.values():
                schema.update(of_type)
            return schema
        # Before 3.1, a schema has a single type, and another keyword to allow null.
        nullable = {"x-nullable" if self._dialect == "2.0" else "nullable": True} if "null" in types else {}
        if not keywords:
            return nullable
        branches = [{"type": of, **of_type, **nullable} for of, of_type in keywords.items()]
        if len(branches) == 1:
            return branches[0]
        return {} if self._dialect == "2.0" else {"anyOf": branches}

    def _variant(self, shape: ObservedShape, name: str, value: str, depth: int) -> dict[str, Any]:
        """Return the schema of one kind of object in a list."""
        schema = self._schema(shape, "", depth)
        if "properties" not in schema:
            return schema  # a component, or an object that is nested too deeply
        return {**schema, "properties": {**schema["properties"], name: {"type": "string", "const": value}}}

    def _keywords(self, of: str, shape: ObservedShape, name: str, depth: int) -> dict[str, Any]:
        """Return the keywords beside `type` that describe the values of a type."""
        match of:
            case "string":
                return self._of_strings(shape, name)
            case "array":
                return {"items": self._schema(shape.items or ObservedShape(), "", depth + 1)}
            case "object":
                return self._objects(shape, depth)
        return {}

    def _of_strings(self, shape: ObservedShape, name: str) -> dict[str, Any]:
        count, rules = shape.types["string"], self._rules
        if shape.format and count >= rules.format_from:
            return {"format": shape.format}
        if not name or not 0 < rules.enum_from <= count or not shape.words or is_secret_name(name):
            return {}
        if set(shape.types) != {"string"} and not rules.has_null_alone:
            return {}
        if min(shape.words.values()) < rules.fewest_of_value:
            return {}
        return {"enum": sorted(shape.words)}

    def _objects(self, shape: ObservedShape, depth: int) -> dict[str, Any]:
        if not shape.properties and shape.members is None:
            return {}
        if self._is_map(shape):
            member = shape.members or joined_shape(shape.properties.values())
            member.settle(has_alternatives=False)
            return {"additionalProperties": self._schema(member, "", depth + 1)}
        rules, names = self._rules, list(shape.properties)
        if rules.is_sorted:
            names.sort()
        schema: dict[str, Any] = {
            "properties": {name: self._schema(shape.properties[name], name, depth + 1) for name in names}
        }
        count = shape.types["object"]
        required = [name for name in names if shape.properties[name].count == count]
        if 0 < rules.required_from <= count and required:
            return {"required": required, **schema}
        return schema

    def _is_map(self, shape: ObservedShape) -> bool:
        if shape.has_names_of_data:
            return True
        if len(shape.properties) <= MAX_NAMES:
            return False
        members = sum(member.count for member in shape.properties.values())
        # Of a few objects, the number of names decides. Of many, the names of a map differ.
        return not self._rules.required_from or 2 * members < len(shape.properties) * shape.types["object"]
