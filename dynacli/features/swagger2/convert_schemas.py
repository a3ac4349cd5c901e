"""Schemas of Swagger 2.0 → Schema Objects of OpenAPI 3.0.

Both are JSON Schema draft 4 with a few more keywords, so nearly all stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from dynacli.features.swagger2.conversion_ledger import ConvertedPlace
from dynacli.openapi.document.json_trees import join
from dynacli.openapi.document.workarounds import meant_media_type, shown_typo

_SCHEMA, _MAP, _LIST, _ITEMS = range(4)
_HOLD_SCHEMAS = {
    **dict.fromkeys(("additionalProperties", "not"), _SCHEMA),
    # Swagger 2.0 does not allow these, but documents have them.
    **dict.fromkeys(("contains", "propertyNames", "if", "then", "else"), _SCHEMA),
    **dict.fromkeys(("properties", "patternProperties", "definitions", "$defs", "dependencies"), _MAP),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _LIST),
    "items": _ITEMS,
}
"""Keyword with schemas → the structure of its value; the values of all other keywords are data."""

_DESCRIBE = frozenset(
    {"title", "description", "default", "example", "externalDocs", "readOnly", "deprecated", "xml"}
)
"""Keywords that describe a value without restricting it."""
_MAX_MEDIA_TYPES = 1000
"""Maximum number of media types of a list, because each is written into every operation."""
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")  # OpenAPI 3.0.4, "Components Object"
_SAFE = "/~!$&'()*+,;=:@-._?"  # RFC 3986, section 3.5


def convert_schema(schema: Any, place: ConvertedPlace) -> Any:
    """Return a schema in OpenAPI 3.0; a value that is not an object is returned unchanged.

    - `discriminator: NAME` becomes `discriminator: {propertyName: NAME}`. In both versions a value of it is the name of
      a schema.
    - `x-nullable: true`, and `null` among several types, become `nullable: true`.
    - Several types, or several `items`, become `anyOf`.
    - `type: file` becomes a binary string.
    - `id` and `$schema` are left out: Swagger 2.0 has neither, and in JSON Schema they change what references mean.
    """
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-nullable") is True and "type" not in schema:
        return _or_null(schema, place)
    converted: dict[str, Any] = {}
    for key, value in schema.items():
        holds = _HOLD_SCHEMAS.get(key)
        if holds is None or not isinstance(value, (dict, list)):
            converted[key] = value
        elif holds == _MAP:
            converted[key] = _map(value, place.below(key))
        elif holds == _ITEMS and isinstance(value, list):
            converted[key] = _schema_of_all_items(value, place.below(key))
        else:
            converted[key] = _schema_or_list(value, place.below(key))
    for key in ("id", "$schema"):
        if isinstance(converted.get(key), str):
            del converted[key]
    # `additionalItems` is for the items after the last of several `items`, and means nothing beside a single schema.
    converted.pop("additionalItems", None)
    place.ledger.note_reference(converted, "schemas")
    if "type" in converted:
        _type(converted, place)
    if "discriminator" in converted:
        below = place.below("discriminator")
        converted["discriminator"] = _discriminator(converted["discriminator"], below)
    if isinstance(converted.get("x-nullable"), bool) and converted.pop("x-nullable"):
        _allow_null(converted, place)
    return converted


def _map(schemas: Any, place: ConvertedPlace) -> Any:
    if not isinstance(schemas, dict):
        return schemas
    converted = {name: convert_schema(schema, place.below(name)) for name, schema in schemas.items()}
    # No version allows a reference here, but documents that are split into files have them.
    place.ledger.note_reference(converted, "")
    return converted


def _schema_or_list(value: Any, place: ConvertedPlace) -> Any:
    if isinstance(value, list):
        return [convert_schema(schema, place.below(index)) for index, schema in enumerate(value)]
    return convert_schema(value, place)


def _schema_of_all_items(value: list[Any], place: ConvertedPlace) -> Any:
    """Combine a list of schemas, one for each index, into one schema for all items, because 3.0 has no such list."""
    if not value:
        return {}
    if len(value) == 1:
        first = place.relocated((0,), ())
        first.note_move()
        return convert_schema(value[0], first)
    place.warn("Schemas for single items of a list cannot be converted; each item may match any of them")
    choices = place.relocated((), ("anyOf",))
    choices.note_move()
    return {"anyOf": _schema_or_list(value, choices)}


def _type(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Replace types that 3.0 does not have: lists of types, `null` and `file`."""
    kinds = [converted["type"]]
    if isinstance(converted["type"], list):
        kinds = [kind for kind in converted["type"] if isinstance(kind, str)]
    if len(kinds) == 1 and kinds[0] not in ("null", "file"):
        converted["type"] = kinds[0]
        return
    old = place.below("type").old
    real = [kind for kind in kinds if kind != "null"]
    del converted["type"]
    if len(real) > 1:
        _any_type(real, len(real) < len(kinds), converted, place)
        return
    if len(real) < len(kinds):
        converted["nullable"] = place.below("nullable").note_made(True, old)
    if real:
        converted["type"] = real[0]
    elif kinds:
        converted["enum"] = place.below("enum").note_made([None], old)
    if real == ["file"]:
        converted["type"] = "string"
        if "format" not in converted:
            converted["format"] = place.below("format").note_made("binary", old)


def _any_type(kinds: list[Any], is_nullable: bool, converted: dict[str, Any], place: ConvertedPlace) -> None:
    choices: list[Any] = [{"type": kind} for kind in kinds]
    if is_nullable:
        choices[0]["nullable"] = True
    old = place.below("type").old
    if "anyOf" not in converted:
        converted["anyOf"] = place.below("anyOf").note_made(choices, old)
        return
    all_of = converted.get("allOf")
    all_of = all_of if isinstance(all_of, list) else []
    added = place.below("allOf", len(all_of)).note_made({"anyOf": choices}, old)
    converted["allOf"] = [*all_of, added]


def _discriminator(value: Any, place: ConvertedPlace) -> Any:
    if isinstance(value, str):
        return place.note_made({"propertyName": value}, place.old)
    if not isinstance(value, dict):
        return value
    converted = dict(value)
    if isinstance(converted.get("mapping"), dict):
        # The mapping is as in OpenAPI 3.0, but its references point into the Swagger document.
        converted["mapping"] = dict(converted["mapping"])
        for name, ref in converted["mapping"].items():
            if isinstance(ref, str) and ref.startswith("#"):
                place.ledger.add_referrer(converted["mapping"], name, "schemas")
    return converted


def _allow_null(converted: dict[str, Any], place: ConvertedPlace) -> None:
    """Make a schema accept null with `nullable`, and with null in its `enum`."""
    old = place.below("x-nullable").old
    converted["nullable"] = place.below("nullable").note_made(True, old)
    choices = converted.get("enum")
    if isinstance(choices, list) and None not in choices:
        place.below("enum", len(choices)).note_made(None, old)
        converted["enum"] = [*choices, None]


def _or_null(schema: Mapping[str, Any], place: ConvertedPlace) -> dict[str, Any]:
    """Return a schema that accepts null in addition to the values of a schema without `type`.

    `nullable` has an effect only next to `type` (OpenAPI 3.0.4, "Schema Object"), and no keyword has one next to
    `$ref` ("Reference Object").
    """
    old = place.below("x-nullable").old
    outer = {key: value for key, value in schema.items() if key in _DESCRIBE or key.startswith("x-")}
    del outer["x-nullable"]
    inner = {key: value for key, value in schema.items() if key not in outer and key != "x-nullable"}
    if not inner:  # it accepts any value, null included
        return outer
    place.below("anyOf").note_made([{}, {}], old)
    first = place.relocated((), ("anyOf", 0))
    first.note_origin()
    for key in inner:
        first.below(key).note_move()
    null = place.below("anyOf", 1).note_made({"nullable": True, "enum": [None]}, old)
    return {**outer, "anyOf": [convert_schema(inner, first), null]}


class MediaTypes(NamedTuple):
    """The media types of a document or an operation.

    Args:
        names: The media types in document order, each once.
        pointers: The JSON pointer of each in the Swagger document; empty for a default.
        old: The JSON pointer of the list; empty if there is none.
    """

    names: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    old: str = ""

    def only(self, names: list[str]) -> MediaTypes:
        """Return some of these media types."""
        pointers = tuple(self.pointers[self.names.index(name)] for name in names)
        return MediaTypes(tuple(names), pointers, self.old)

    def or_else(self, name: str) -> MediaTypes:
        """Return these media types, or a default if there are none."""
        return self if self.names else MediaTypes((name,), ("",))


def read_media_types(holder: dict[str, Any], key: str, place: ConvertedPlace) -> MediaTypes | None:
    """Return the media types in `consumes` or `produces` of a document or an operation; None if it has none."""
    if key not in holder:
        return None
    value, old = holder[key], place.below(key).old
    if isinstance(value, str):
        return MediaTypes((_meant(value, place.below(key)),), (old,), old)
    if not isinstance(value, list):
        place.below(key).warn(f"`{key}` must be a list of media types; it is ignored")
        return None
    pointers: dict[str, str] = {}
    for index, name in enumerate(value):
        if isinstance(name, str) and name.strip():
            pointers.setdefault(_meant(name.strip(), place.below(key, index)), old + join((index,)))
        else:
            place.below(key, index).warn("This is not a media type and is ignored")
    if len(pointers) > _MAX_MEDIA_TYPES:
        place.below(key).warn(f"Only the first {_MAX_MEDIA_TYPES} media types are used")
    return MediaTypes(tuple(pointers)[:_MAX_MEDIA_TYPES], tuple(pointers.values())[:_MAX_MEDIA_TYPES], old)


def _meant(name: str, place: ConvertedPlace) -> str:
    """Return a media type with its typo corrected; this is needed to recognize forms."""
    meant = meant_media_type(name)
    if meant != name:
        place.warn(shown_typo(name, meant))
    return meant


def convert_content(
    schema: Any, types: MediaTypes, holder: ConvertedPlace, schema_at: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return the `content` of a body or a response: the schema under each media type.

    Args:
        schema: The schema of 2.0; None if there is none.
        types: At least one media type.
        holder: The place of the body or the response.
        schema_at: The steps from the holder to the schema in the Swagger document.
    """
    holder.below("content").note_made({}, types.old or holder.old)
    content: dict[str, dict[str, Any]] = {}
    for name, pointer in zip(types.names, types.pointers, strict=True):
        if content and not holder.may_copy(name, schema):
            break
        holder.below("content", name).note_made({}, pointer or holder.old)
        content[name] = {}
        if schema is not None:
            schema_place = holder.relocated(schema_at, ("content", name, "schema"))
            (schema_place.note_move if schema_at else schema_place.note_origin)()
            content[name]["schema"] = convert_schema(schema, schema_place)
    return content


class ConvertedNames:
    """The names of the components.

    Attributes:
        assigned: Section of `components` and JSON pointer in the Swagger document → name.
    """

    def __init__(self) -> None:
        self.assigned: dict[tuple[str, str], str] = {}
        self._taken: dict[str, set[str]] = {}

    def reserve(self, kind: str, names: Iterable[str]) -> None:
        """Reserve allowed names for the components that have them in the Swagger document."""
        self._taken.setdefault(kind, set()).update(name for name in names if not _OTHER.search(name) and name)

    def assign(self, kind: str, old: str, wanted: str, *, is_reserved: bool = False) -> str:
        """Assign a unique name to a component, and return it.

        Args:
            kind: The section of `components`.
            old: The JSON pointer of the part in the Swagger document.
            wanted: Its name there.
            is_reserved: Whether that name, if it is allowed, was reserved for the part.
        """
        base = _OTHER.sub("_", wanted).strip("_") if _OTHER.search(wanted) else wanted
        base = base or kind.removesuffix("s")
        taken_names = self._taken.setdefault(kind, set())
        name, number = base, 2
        if not (is_reserved and base == wanted):
            while name in taken_names:
                name, number = f"{base}_{number}", number + 1
        taken_names.add(name)
        self.assigned[kind, old] = name
        return name


def to_fragment(pointer: str) -> str:
    """Return a reference to a JSON pointer in the same document (RFC 6901, section 6)."""
    return "#" + quote(pointer, safe=_SAFE)
