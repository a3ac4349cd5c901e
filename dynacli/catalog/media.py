"""Media types that a body can be built for, and which one is taken where the document offers several."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynacli.catalog.model import MediaType

__all__ = ["is_form", "is_json", "preferred"]


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON: `application/json`, `text/json` or a `+json` suffix (RFC 6839)."""
    name = media_type.partition(";")[0].strip().lower()
    return name.endswith(("/json", "+json"))


def is_form(media_type: str) -> bool:
    """Return whether a media type is the form that a URL's query looks like."""
    return media_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded"


def preferred(content: Sequence["MediaType"]) -> "MediaType":
    """Return the media type that a body is sent as unless the person says otherwise: JSON, else a form."""
    for fits in (is_json, is_form):
        for one in content:
            if fits(one.name):
                return one
    return content[0]
