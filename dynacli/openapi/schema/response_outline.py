"""The outline of a response: the names of its fields, two levels deep."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dynacli.http.semantics import essence, is_json, is_sequence, is_text_type
from dynacli.openapi.model.field_names import GENERAL_NAMES, plain_name, words_of_name
from dynacli.openapi.model.find_items import ID_NAMES, WRAPPERS
from dynacli.openapi.model.media_types import body_schema, is_as_good_as_json, is_binary
from dynacli.openapi.model.operation import Field, Parameter
from dynacli.openapi.model.wording import counted
from dynacli.openapi.schema.read_schema import (
    Resolve,
    following,
    is_marked,
    mapping_of,
    other_properties,
    possible_schemas,
    properties_of,
    value_types_of,
)
from dynacli.record import record
from dynacli.text.terminal import visible
from dynacli.text.wrapping import short_sentence, word_or_quoted

_ANY_NAME = "<any name>"
"""The name for fields whose names the document does not list."""
_MOST_LISTS = 5
"""Maximum depth of nested lists."""
_MOST_WRAPPERS = 3
_MOST_BESIDE = 3
"""Maximum number of plain fields in an object that only wraps a list."""
_MOST_ABOUT_A_LIST = 8
"""Maximum number of plain fields beside the list in a response about a list."""
_WRAPPERS = frozenset((*WRAPPERS, "result", "response", "payload", "_embedded"))
_MOST_NAMES = 200
_LONGEST_NAME = 60
_USELESS = ("url", "href", "links", "node_id")
"""Endings of names that are left out first if there is no room for all names."""
_SORTS = frozenset(
    ("sort", "sortby", "sortfield", "sortkey", "sortcolumn", "sorton", "orderby", "order", "ordering")
)
_NO_KEYS = frozenset(
    ("asc", "ascending", "desc", "descending", "true", "false", "relevance", "bestmatch", "random", "score")
)
"""Values of inputs that sort other than names of fields, as plain names."""
_BY = r"(?i:\bfilter(?:s|ed|ing)?\b[^.]{0,40}\bby\b)"
_NO_FIELDS = frozenset(
    (
        *(
            "before",
            "after",
            "since",
            "until",
            "from",
            "to",
            "min",
            "max",
            "where",
            "not",
            "only",
            "include",
            "q",
        ),
        *("expression", "filter", "filters", "query"),
    )
)
"""Parts of the names of inputs that filter by a range, or by an expression."""
_FEWEST_KEYS = 2
_MOST_CHARACTERS = 100
# `re` compiles these on first use: few operations sort or filter, but every help page imports this module.
_KEY = r"(?i:[-+]?([a-z_][\w.]*)(?:[ :,]+(?:asc|desc)\w*)?)"
_LITERAL = r"`([^`\s]+)`"


@record
class OutlineLine:
    """The fields of one object of a response.

    Args:
        place: The location of the object, such as `rows[]` for each item of the list `rows`; empty for the response.
        names: The names of its fields, as the document spells them; a list ends in `[]`, an object in `{}`.
            For a value without fields, its type.
        is_type: Whether `names` has a type.
    """

    place: str
    names: tuple[str, ...]
    is_type: bool = False

    def text(self, most_names: int) -> str:
        """Return the line, cleaned for a terminal, with the number of names that are left out."""
        names, more = self.names, ""
        if len(names) > most_names:
            little = [name for name in names if name.rstrip("{}[]").lower().endswith(_USELESS)]
            kept = frozenset([*(name for name in names if name not in little), *little][:most_names])
            more = f"{len(names) - len(kept)} more"
            names = (*(name for name in names if name in kept), more)
        is_own = self.is_type
        text = ", ".join(name if is_own or name is more else _shortened_name(name) for name in names)
        return f"{_shortened_name(self.place)}: {text}" if self.place else text


def _shortened_name(name: str) -> str:
    cut = short_sentence(name, _LONGEST_NAME)
    return cut if word_or_quoted(plain := cut.replace(_ANY_NAME, "x")) == plain else word_or_quoted(cut)


@record
class ResponseOutline:
    """The outline of a response.

    Args:
        kind: The kind of a response that is not a single JSON value: `nothing`, `text (text/plain)`, `a stream`;
            else empty.
        lines: The objects with fields, the most important first.
        others: The other possible media types.
    """

    kind: str = ""
    lines: tuple[OutlineLine, ...] = ()
    others: tuple[str, ...] = ()

    def text_lines(self, most_names: int = 30, most_lines: int = 8) -> list[str]:
        """Return the outline as lines of text, cleaned for a terminal, with counts of names and objects left out.

        Args:
            most_names: Maximum number of names on a line.
            most_lines: Maximum number of lines.
        """
        texts = [self.kind] if self.kind else []
        texts += [line.text(most_names) for line in self.lines[:most_lines]]
        if len(self.lines) > most_lines:
            texts.append(f"and {counted(len(self.lines) - most_lines, 'more object')}")
        if self.others:
            texts.append(f"or {short_sentence(' or '.join(self.others), _LONGEST_NAME)}")
        return texts


def response_outline(response: Mapping[str, Any], resolve: Resolve) -> ResponseOutline:
    """Return the outline of a response.

    Args:
        response: A Response Object in the normal form; empty if the document has none.
        resolve: Returns the target of a reference; raises LookupError if there is none.
    """
    content = mapping_of(response, "content")
    if not content:
        return ResponseOutline("nothing" if response else "not described")
    kinds = (is_json, is_as_good_as_json, is_sequence, lambda _: True)
    name = next(str(item) for is_kind in kinds for item in content if is_kind(str(item)))
    media = content[name]
    if isinstance(media, Mapping) and isinstance(media.get("$ref"), str):
        media = following(resolve)(media["$ref"])[0]
    others = tuple(str(item) for item in content if item != name)
    outline = _Outline(resolve)
    shape = outline.shape(body_schema(media) if isinstance(media, Mapping) else None)
    if any(map(is_binary, shape.schemas)):
        return ResponseOutline(f"bytes ({essence(name)})", (), others)
    is_value = is_json(name) or is_as_good_as_json(name) or is_sequence(name) or shape.has_fields
    if not is_value:
        word = "text" if is_text_type(name) or essence(name).endswith(("/xml", "+xml")) else "bytes"
        return ResponseOutline(f"{word} ({essence(name)})", (), others)
    if not shape.schemas:
        return ResponseOutline(f"not described ({essence(name)})", (), others)
    if is_sequence(name) and shape.items is not None:
        shape = outline.shape(shape.items)  # the schema describes the stream as an array (OpenAPI 3.2)
    kind = "a stream, each item of it:" if is_sequence(name) else ""
    return ResponseOutline(kind, tuple(outline.lines(shape)), others)


class _Shape:
    """The types, fields and items of a value, from its schemas."""

    def __init__(self, schemas: Sequence[Mapping[str, Any]], resolve: Resolve) -> None:
        self.schemas = [schema for schema in schemas if schema.keys() - {"description", "title"}]
        self.types = value_types_of(self.schemas)
        follow = following(resolve)
        properties = list(properties_of(self.schemas).items())[:_MOST_NAMES]
        self.fields = {name: below for name, below in properties if not is_marked(below, "writeOnly", follow)}
        others = (other for schema in self.schemas for other in other_properties(schema))
        entries = [other for other in others if isinstance(other, Mapping) and other]
        # The values of an object that lists no names are its fields.
        if entries and not (self.fields and self.types == ["array"]):
            self.fields[_ANY_NAME] = entries[0]
        self.items = next((schema["items"] for schema in self.schemas if "items" in schema), None)
        if "object" in self.types or self.fields:
            self.items = None

    @property
    def has_fields(self) -> bool:
        return bool(self.fields)

    @property
    def words(self) -> str:
        """The types and the format of a value without fields, as text."""
        name = next(
            (schema["format"] for schema in self.schemas if isinstance(schema.get("format"), str)), ""
        )
        return (" or ".join(self.types) or "any value") + (f" ({word_or_quoted(name)})" if name else "")


class _Outline:
    """The outline of a response while it is made."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        # Store the schemas, too, so that no other object gets their ids.
        self._known: dict[int, tuple[Any, _Shape]] = {}

    def shape(self, schema: Any) -> _Shape:
        """Return the shape of the values of a schema."""
        if id(schema) not in self._known:
            shape = _Shape(list(possible_schemas(schema, self._resolve)), self._resolve)
            self._known[id(schema)] = schema, shape
        return self._known[id(schema)][1]

    def lines(self, shape: _Shape) -> list[OutlineLine]:
        """Return the lines of a response; objects that only wrap another value do not count as a level."""
        place, shape = self._within_lists(shape)
        beside: list[OutlineLine] = []
        for _ in range(_MOST_WRAPPERS):
            wrapped = self._wrapped(shape)
            if wrapped is None:
                break
            names = [field for field in self._fields(shape) if field[0] != wrapped[0]]
            if names:
                beside.insert(0, OutlineLine(place, tuple(name + mark for name, mark, _ in names)))
            place = _joined_place(place, wrapped[0]) + wrapped[1]
            shape = wrapped[2]
        return [*self._two_levels(place, shape), *beside]

    def _two_levels(self, place: str, shape: _Shape) -> list[OutlineLine]:
        if not shape.has_fields:
            return [OutlineLine(place, (shape.words,), is_type=True)]
        plain: list[str] = []
        lists: list[OutlineLine] = []
        wrapped: list[OutlineLine] = []
        objects: list[OutlineLine] = []
        for name, mark, inner in self._fields(shape):
            names = tuple(item + below for item, below, _ in self._fields(inner))
            if not names:
                plain.append(name + mark)
                continue
            line = OutlineLine(_joined_place(place, name) + mark.replace("{}", ""), names)
            (lists if mark.startswith("[") else wrapped if name.lower() in _WRAPPERS else objects).append(
                line
            )
        own = [OutlineLine(place, tuple(plain))] if plain else []
        has_name = any(name.lower() in {*ID_NAMES, "name"} for name in plain)
        if place or has_name or len(plain) > _MOST_ABOUT_A_LIST:
            return [*own, *wrapped, *lists, *objects]
        lists.sort(key=lambda line: ID_NAMES.isdisjoint(map(str.lower, line.names)))
        return [*lists, *wrapped, *own, *objects]

    def _fields(self, shape: _Shape) -> Iterator[tuple[str, str, _Shape]]:
        """Yield the fields of an object: the name, `[]` or `{}` for a list or an object, and the shape inside."""
        for name, schema in shape.fields.items():
            mark, inner = self._within_lists(self.shape(schema))
            is_object = inner.has_fields or inner.types == ["object"]
            yield name, mark or ("{}" if is_object else ""), inner

    def _within_lists(self, shape: _Shape) -> tuple[str, _Shape]:
        """Return `[]` for each list around a value, and the shape of the innermost items."""
        mark = ""
        for _ in range(_MOST_LISTS):
            if shape.items is None:
                break
            mark, shape = f"{mark}[]", self.shape(shape.items)
        return mark + ("[]" if shape.types == ["array"] else ""), shape

    def _wrapped(self, shape: _Shape) -> tuple[str, str, _Shape] | None:
        """Return the single field that an object wraps, such as `{"data": {...}}`; None if it is not a wrapper."""
        fields = list(self._fields(shape))
        holding = [field for field in fields if field[2].has_fields and field[0] != _ANY_NAME]
        named = [field for field in holding if field[0].lower() in _WRAPPERS]
        found = named if len(named) == 1 else holding
        if len(found) != 1 or any(name.lower() in ID_NAMES for name in shape.fields):
            return None
        name, mark, inner = found[0]
        is_list, beside = mark.startswith("["), len(fields) - len(holding)
        most = _MOST_ABOUT_A_LIST if named else _MOST_BESIDE if is_list else 0
        return (name, mark if is_list else "", inner) if beside <= most else None


def _joined_place(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


@record
class UnreturnedFields:
    """Fields that an input uses to sort or filter, but that the response does not have.

    Args:
        option: The option of the input, without dashes.
        names: The fields, as the description of the input spells them.
        verb: The use of the fields: `sorts` or `filters`.
    """

    option: str
    names: tuple[str, ...]
    verb: str = "sorts"

    @property
    def text(self) -> str:
        """A note about the fields, cleaned for a terminal."""
        names = short_sentence(", ".join(self.names), _MOST_CHARACTERS)
        use = "sortable" if self.verb == "sorts" else "filterable"
        return f"{use} (--{visible(self.option, keep='')}), but not returned: {names}"


def unreturned_fields(
    inputs: Iterable[Parameter | Field], outline: ResponseOutline
) -> tuple[UnreturnedFields, ...]:
    """Return the fields that an operation sorts or filters by, but that its response does not have.

    The result is empty if the response may have fields that the outline does not list.
    """
    known = {plain_name(word) for line in outline.lines for word in (*line.place.split("."), *line.names)}
    if not outline.lines or any(_ANY_NAME in line.names for line in outline.lines):
        return ()
    found = []
    for input_ in inputs:
        name = plain_name(input_.option.rpartition(".")[2])
        if isinstance(input_, Parameter) and _filters(input_) and not _is_among(input_.name, known):
            found.append(UnreturnedFields(input_.option, (input_.name,), "filters"))
        if name not in _SORTS:
            continue
        keys = list(_keys(input_))
        unknown = tuple(key for key in keys if not _is_among(key, known))
        # If the response has none of the keys, they are probably not names of fields.
        if unknown and len(keys) >= _FEWEST_KEYS and len(unknown) < len(keys):
            found.append(UnreturnedFields(input_.option, unknown))
    return tuple(found)


def _filters(parameter: Parameter) -> bool:
    """Return whether an input filters by a field with its name, as its description says."""
    words = words_of_name(parameter.name)
    is_field = plain_name(parameter.name) not in GENERAL_NAMES and _NO_FIELDS.isdisjoint(words)
    is_one_value = parameter.value.type in ("string", "integer", "number") and parameter.location == "query"
    is_shown = "filter" in parameter.description.lower()  # a quick check before the regular expression
    return is_field and is_one_value and is_shown and re.search(_BY, parameter.description) is not None


def _keys(input_: Parameter | Field) -> Iterator[str]:
    """Yield the fields in the enumeration of an input that sorts, or in backticks in its description."""
    value = input_.value.items if input_.value.items is not None else input_.value
    words: Sequence[object] = value.enum or re.findall(_LITERAL, input_.description)
    matches = (re.fullmatch(_KEY, word) for word in words if isinstance(word, str))
    keys = dict.fromkeys(match[1] for match in matches if match)
    yield from (key for key in keys if plain_name(key) not in {*_NO_KEYS, *_SORTS})


def _is_among(key: str, known: set[str]) -> bool:
    """Return whether a response has a field with a name, or with a similar one: `created` for `created_at`."""
    plain = plain_name(key.rpartition(".")[2])
    return (
        any(plain in name or (name and name in plain) for name in known)
        or plain_name(key.partition(".")[0]) in known
    )
