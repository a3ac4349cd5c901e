"""The overview of a document, read from the JSON that the writer made of it."""

from collections.abc import Mapping
from typing import Any

from dynacli.model.operation import SecurityScheme
from dynacli.model.overview import Overview, SharedError, SignIn, Start, TagCount

__all__ = ["overview_from_row"]


def overview_from_row(row: Mapping[str, Any]) -> Overview:
    """Return the overview.

    Raises:
        KeyError, TypeError: The row is damaged.
    """
    return Overview(
        operations=row["operations"],
        untagged=row["untagged"],
        webhooks=row["webhooks"],
        tags=row["tags"],
        largest_tags=tuple(TagCount(**tag) for tag in row["largest_tags"]),
        about=row["about"],
        sign_ins=tuple(
            SignIn(tuple(_scheme(scheme) for scheme in item["schemes"]), item["operations"])
            for item in row["sign_ins"]
        ),
        anonymous=row["anonymous"],
        first_look=_start(row["first_look"]),
        first_anonymous_look=_start(row["first_anonymous_look"]),
        first_change=_start(row["first_change"]),
        wish=row["wish"],
        shared_errors=tuple(SharedError(**error) for error in row["shared_errors"]),
        error_fields=row["error_fields"],
    )


def _scheme(item: Mapping[str, Any]) -> SecurityScheme:
    return SecurityScheme(**{**item, "scopes": ()})


def _start(item: Mapping[str, Any] | None) -> Start | None:
    return None if item is None else Start(item["operation"], tuple(item["words"]))
