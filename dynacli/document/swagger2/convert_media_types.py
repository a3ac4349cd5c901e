"""`consumes` and `produces` of Swagger 2.0, and the content of bodies and responses that they become."""

from typing import Any, NamedTuple

from dynacli.document.pointer import join
from dynacli.document.swagger2.conversion_ledger import Ledger
from dynacli.document.swagger2.convert_schemas import convert_schema
from dynacli.document.swagger2.converted_places import ConvertedPlace

__all__ = ["MediaTypes", "convert_content", "read_media_types"]


_MOST = 1000
"""How many media types of one list are used: each is written into every operation."""


class MediaTypes(NamedTuple):
    """The media types that apply at a place.

    Args:
        names: In document order, each once.
        places: Where each is named, JSON pointers in the Swagger document; nothing for what goes without saying.
        old: Where the list is; empty where there is none.
    """

    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    old: str = ""

    def only(self, names: list[str]) -> "MediaTypes":
        """Return some of these."""
        return MediaTypes(
            tuple(names), tuple(self.places[self.names.index(name)] for name in names), self.old
        )

    def or_else(self, name: str) -> "MediaTypes":
        """Return these, or a media type that is taken where there are none."""
        return self if self.names else MediaTypes((name,), ("",))


def read_media_types(
    holder: dict[str, Any], key: str, spot: ConvertedPlace, ledger: Ledger
) -> MediaTypes | None:
    """Return the media types that a document or an operation names; None where it says nothing of them.

    Args:
        holder: The document or the operation.
        key: `consumes` or `produces`.
        spot: Where the holder is.
        ledger: Takes warnings.
    """
    if key not in holder:
        return None
    given, old = holder[key], spot.below(key).old
    if isinstance(given, str):
        return MediaTypes((given,), (old,), old)
    if not isinstance(given, list):
        ledger.warn(f"`{key}` is a list of media types; this is ignored", spot.below(key))
        return None
    places: dict[str, str] = {}
    for index, name in enumerate(given):
        if isinstance(name, str) and name.strip():
            places.setdefault(name.strip(), old + join((index,)))
        else:
            ledger.warn("This is no media type and is ignored", spot.below(key, index))
    if len(places) > _MOST:
        ledger.warn(f"Only the first {_MOST} media types are used", spot.below(key))
    return MediaTypes(tuple(places)[:_MOST], tuple(places.values())[:_MOST], old)


def convert_content(
    schema: Any, types: MediaTypes, holder: ConvertedPlace, schema_at: tuple[str, ...], ledger: Ledger
) -> dict[str, dict[str, Any]]:
    """Return `content`: the schema under each media type.

    Args:
        schema: The schema of 2.0, None where there is none.
        types: At least one.
        holder: The body or the response, which has the `content`.
        schema_at: Where the schema is below the holder in the Swagger document.
        ledger: Takes references, and what moved.
    """
    ledger.made({}, holder.below("content"), types.old or holder.old)
    content: dict[str, dict[str, Any]] = {}
    for name, place in zip(types.names, types.places, strict=True):
        if content and not ledger.affords(name, schema, spot=holder):
            break
        ledger.made({}, holder.below("content", name), place or holder.old)
        content[name] = {}
        if schema is not None:
            at = holder.moved(schema_at, ("content", name, "schema"))
            if schema_at:
                ledger.moved(at)
            else:
                ledger.came(at)
            content[name]["schema"] = convert_schema(schema, at, ledger)
    return content
