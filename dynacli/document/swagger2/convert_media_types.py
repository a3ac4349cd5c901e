"""`consumes` and `produces` of Swagger 2.0, and the content of bodies and responses that they become."""

from typing import Any, NamedTuple

from dynacli.document.mending.mend_media_type import meant_media_type, told_typo
from dynacli.document.pointer import join
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["MediaTypes", "convert_content", "read_media_types"]


_MAX_MEDIA_TYPES = 1000
"""How many media types of a list are used; each of them is written into every operation."""


class MediaTypes(NamedTuple):
    """The media types that apply at a place.

    Args:
        names: The media types in document order, each once.
        pointers: The JSON pointer of each in the Swagger document; empty for a default.
        old: The JSON pointer of the list; empty where there is none.
    """

    names: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    old: str = ""

    def only(self, names: list[str]) -> "MediaTypes":
        """Return some of these media types."""
        pointers = tuple(self.pointers[self.names.index(name)] for name in names)
        return MediaTypes(tuple(names), pointers, self.old)

    def or_else(self, name: str) -> "MediaTypes":
        """Return these media types, or a default where there are none."""
        return self if self.names else MediaTypes((name,), ("",))


def read_media_types(holder: dict[str, Any], key: str, place: ConvertedPlace) -> MediaTypes | None:
    """Return the media types in `consumes` or `produces` of a document or an operation; None where it has none."""
    if key not in holder:
        return None
    value, old = holder[key], place.below(key).old
    if isinstance(value, str):
        return MediaTypes((_meant(value, place.below(key)),), (old,), old)
    if not isinstance(value, list):
        place.below(key).warn(f"`{key}` is a list of media types; this is ignored")
        return None
    pointers: dict[str, str] = {}
    for index, name in enumerate(value):
        if isinstance(name, str) and name.strip():
            pointers.setdefault(_meant(name.strip(), place.below(key, index)), old + join((index,)))
        else:
            place.below(key, index).warn("This is no media type and is ignored")
    if len(pointers) > _MAX_MEDIA_TYPES:
        place.below(key).warn(f"Only the first {_MAX_MEDIA_TYPES} media types are used")
    return MediaTypes(tuple(pointers)[:_MAX_MEDIA_TYPES], tuple(pointers.values())[:_MAX_MEDIA_TYPES], old)


def _meant(name: str, place: ConvertedPlace) -> str:
    """Return a media type without its typo: here already, because it decides which forms there are."""
    meant = meant_media_type(name)
    if meant != name:
        place.warn(told_typo(name, meant))
    return meant


def convert_content(
    schema: Any, types: MediaTypes, holder: ConvertedPlace, schema_at: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Return the `content` of a body or a response: the schema under each media type.

    Args:
        schema: The schema of 2.0; None where there is none.
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
