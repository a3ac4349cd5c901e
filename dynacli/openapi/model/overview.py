"""What a document comes to as a whole: how many operations it has under which tags, how to sign in, where to start."""

from collections.abc import Mapping
from typing import Any

from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import record

OVERVIEW = "/x-dynacli-overview"
"""The key of a catalog's overview, which is stored among the components, so that it is read only on demand."""

MOST_TAGS = 40
"""How many tags an overview keeps: as many as a overview has lines."""


@record
class TagCount:
    """A tag with the number of its operations.

    Args:
        word: The tag as a command line names it; as written if it has no letter or digit.
        operations: How many operations have it, without the hidden ones.
        about: The first sentence of its description on one line; else its name, if that differs from the word.
    """

    word: str
    operations: int
    about: str = ""


@record
class SignIn:
    """A way to sign in: security schemes that are used together, without the scopes that operations ask for.

    Args:
        schemes: At least one.
        operations: How many operations it is good for.
    """

    schemes: tuple[SecurityScheme, ...]
    operations: int


@record
class SharedError:
    """An error that many operations respond with in the same words.

    Args:
        status: As the document spells it: `404`, `4XX` or `default`.
        description: The first sentence of its description, as plain text.
        schema_name: As in `Response`.
    """

    status: str
    description: str = ""
    schema_name: str = ""


@record
class Overview:
    """A document as a whole. Hidden operations do not count, except for how to sign in.

    Args:
        operations: The number of operations.
        untagged: How many of them have no tag.
        webhooks: How many requests the server sends.
        tags: The number of tags.
        largest_tags: The tags with most operations, at most `MOST_TAGS`; as in the document if they have as many.
        about: The first sentence of the document's description, on one line.
        sign_ins: The ways to sign in, the most used first.
        anonymous: How many operations, hidden ones among them, can be called without signing in.
        first_look: The operation of the simplest call that changes nothing; empty for none.
        first_anonymous_look: The same among the operations that can be called without signing in.
        shared_errors: The errors that many operations have in common, by their status.
        error_fields: What the most common of them holds, as a line of text; empty if the document does not say it.
        first_change: An operation that takes a body, else one other than `first_look`.
        wish: What that one does in plain words, such as `create a project`, else what `first_look` does; empty if
            neither the summary nor the path says it.
    """

    operations: int
    untagged: int = 0
    webhooks: int = 0
    tags: int = 0
    largest_tags: tuple[TagCount, ...] = ()
    about: str = ""
    sign_ins: tuple[SignIn, ...] = ()
    anonymous: int = 0
    first_look: str = ""
    first_anonymous_look: str = ""
    first_change: str = ""
    wish: str = ""
    shared_errors: tuple[SharedError, ...] = ()
    error_fields: str = ""


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
        first_look=row["first_look"],
        first_anonymous_look=row["first_anonymous_look"],
        first_change=row["first_change"],
        wish=row["wish"],
        shared_errors=tuple(SharedError(**error) for error in row["shared_errors"]),
        error_fields=row["error_fields"],
    )


def _scheme(item: Mapping[str, Any]) -> SecurityScheme:
    return SecurityScheme(**{**item, "scopes": ()})
