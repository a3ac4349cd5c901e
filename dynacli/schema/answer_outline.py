"""What an answer holds, in few words: the names of its fields, two levels deep."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.model.media_types import (
    body_schema,
    essence,
    is_as_good_as_json,
    is_built,
    is_sequence,
    is_text_type,
)
from dynacli.record import record
from dynacli.schema.flatten_schema import FlatSchema, FlatSchemas, Resolve
from dynacli.schema.read_schema import following, is_marked
from dynacli.text.text_blocks import short_sentence

__all__ = ["AnswerOutline", "OutlineLine", "answer_outline"]

ANY_NAME = "<any name>"
_MOST_LISTS = 5
"""How many lists may stand within each other."""
_MOST_WRAPPERS = 3
_MOST_BESIDE = 3
"""How many plain fields an object may have that only wraps another one."""
_MOST_NAMES = 200
_LONGEST_NAME = 60


@record
class OutlineLine:
    """The fields of one object of an answer.

    Args:
        place: Where the object is, `rows[]` for each item of the list `rows`; empty for the answer itself.
        names: The names of its fields, as the document spells them; a list ends in `[]`, an object in `{}`.
            Of something without fields, its type.
    """

    place: str
    names: tuple[str, ...]


@record
class AnswerOutline:
    """What an answer holds.

    Args:
        kind: What the answer is where that is no single JSON value: `nothing`, `text`, `bytes (image/png)`, `a stream`;
            else empty.
        lines: Its objects that have fields, the most telling first.
        others: The media types that it may have instead.
    """

    kind: str = ""
    lines: tuple[OutlineLine, ...] = ()
    others: tuple[str, ...] = ()

    def text(self, most_names: int = 30, most_lines: int = 8) -> str:
        """Return the outline as lines of text, cleaned for a terminal; what is left out is counted.

        Args:
            most_names: The most names on a line.
            most_lines: The most lines.
        """
        texts = [self.kind] if self.kind else []
        for line in self.lines[:most_lines]:
            names = [short_sentence(name, _LONGEST_NAME) for name in line.names]
            shown = [*names[:most_names], *_more(len(names) - most_names)]
            place = f"{short_sentence(line.place, _LONGEST_NAME)}: " if line.place else ""
            texts.append(place + ", ".join(shown))
        if len(self.lines) > most_lines:
            texts.append(f"and {len(self.lines) - most_lines} more objects")
        if self.others:
            texts.append(f"or {short_sentence(' or '.join(self.others), _LONGEST_NAME)}")
        return "\n".join(texts)


def _more(count: int) -> list[str]:
    return [f"{count} more"] if count > 0 else []


def answer_outline(response: Mapping[str, Any], resolve: Resolve) -> AnswerOutline:
    """Return what an answer holds.

    Args:
        response: A Response Object; empty where the document has none.
        resolve: Follows references.
    """
    content = response.get("content")
    media = {str(name): each for name, each in content.items()} if isinstance(content, Mapping) else {}
    if not media:
        return AnswerOutline("nothing" if response else "")
    follow = following(resolve)
    name = next((each for each in media if is_as_good_as_json(each) or is_built(each)), next(iter(media)))
    raw: Any = media[name]
    if isinstance(raw, Mapping) and isinstance(raw.get("$ref"), str):
        raw = follow(raw["$ref"])[0]
    schema = body_schema(raw) if isinstance(raw, Mapping) else None
    others = tuple(each for each in media if each != name)
    flat_schemas = FlatSchemas(resolve)
    flat = flat_schemas(schema)
    is_value = is_built(name) or is_as_good_as_json(name) or flat.properties
    if flat.format == "binary" or not is_value:
        word = "text" if is_text_type(name) else "bytes"
        return AnswerOutline(f"{word} ({essence(name)})", (), others)
    if is_sequence(name) and flat.type == "array":
        schema = flat.items  # OpenAPI 3.2: the schema of each item stands in that of an array
    kind = "a stream" if is_sequence(name) else ""
    lines = tuple(_Outline(flat_schemas).lines("", schema))
    return AnswerOutline(kind, lines, others)


class _Outline:
    """The outline of a schema while it is made."""

    def __init__(self, flat_schemas: FlatSchemas) -> None:
        self._flat_schemas = flat_schemas

    def lines(self, place: str, schema: Any) -> list[OutlineLine]:
        """Return the lines of an answer, of its lists first where it is no single thing with lists among its fields."""
        suffix, flat = self._without_lists(schema)
        place += suffix
        wrappers = 0
        while (inner := self._wrapped(flat)) and wrappers < _MOST_WRAPPERS:
            wrappers += 1
            name, schema = inner
            beside = tuple(self._marked(each, below) for each, below in self._fields(flat) if each != name)
            suffix, inside = self._without_lists(schema)
            below_place = _joined(place, name) + suffix
            if self._wrapped(inside) is None or wrappers == _MOST_WRAPPERS:
                lines = self._two_levels(below_place, inside)
                return [*lines, *([OutlineLine(place, beside)] if beside else [])]
            flat, place = inside, below_place
        return self._two_levels(place, flat)

    def _two_levels(self, place: str, flat: FlatSchema) -> list[OutlineLine]:
        if not _has_fields(flat):
            return [OutlineLine(place, (_type_words(flat),))]
        plain: list[str] = []
        lists: list[OutlineLine] = []
        objects: list[OutlineLine] = []
        for name, schema in self._fields(flat):
            suffix, inner = self._without_lists(schema)
            names = tuple(self._marked(each, below) for each, below in self._fields(inner))
            if not names:
                plain.append(name + suffix)
            else:
                (lists if suffix else objects).append(OutlineLine(_joined(place, name) + suffix, names))
        own = [OutlineLine(place, tuple(plain))] if plain else []
        is_thing = bool(place) or any(name.lower() in {"id", "uuid", "name"} for name in plain)
        return [*own, *lists, *objects] if is_thing else [*lists, *own, *objects]

    def _fields(self, flat: FlatSchema) -> Iterator[tuple[str, Any]]:
        """Yield the fields of an object with their schemas; those of any name last."""
        follow = following(self._flat_schemas.resolve)
        for name in list(flat.properties)[:_MOST_NAMES]:
            if not is_marked(flat.properties[name], "writeOnly", follow):
                yield name, flat.properties[name]
        if isinstance(flat.additional, Mapping) and flat.additional:
            yield ANY_NAME, flat.additional

    def _marked(self, name: str, schema: Any) -> str:
        suffix, flat = self._without_lists(schema)
        return name + (suffix or ("{}" if _has_fields(flat) else ""))

    def _without_lists(self, schema: Any) -> tuple[str, FlatSchema]:
        """Return `[]` for each list around a schema, and what is in the innermost."""
        suffix, flat = "", self._flat_schemas(schema)
        while flat.type == "array" and flat.items is not None and len(suffix) < 2 * _MOST_LISTS:
            suffix, flat = f"{suffix}[]", self._flat_schemas(flat.items)
        return suffix + ("[]" if flat.type == "array" else ""), flat

    def _wrapped(self, flat: FlatSchema) -> tuple[str, Any] | None:
        """Return the only field of an object that has fields itself, where little is beside it: `{"data": {...}}`."""
        fields = list(self._fields(flat))
        if len(fields) > _MOST_BESIDE + 1 or any(name.lower() == "id" for name, _ in fields):
            return None
        holding = [field for field in fields if _has_fields(self._without_lists(field[1])[1])]
        return holding[0] if len(holding) == 1 and holding[0][0] != ANY_NAME else None


def _has_fields(flat: FlatSchema) -> bool:
    return bool(flat.properties) or (isinstance(flat.additional, Mapping) and bool(flat.additional))


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _type_words(flat: FlatSchema) -> str:
    return f"{flat.type} ({flat.format})" if flat.format else flat.type
