"""The overview of a document: its number of operations by tag, its ways to sign in, and a call to start with."""

from collections.abc import Mapping
from typing import Any

from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import record

OVERVIEW = "/x-dynacli-overview"
"""Key of the overview; it is stored among the components, so that it is read only on demand."""

MOST_TAGS = 40
"""Maximum number of tags in an overview."""


@record
class TagCount:
    """A tag with the number of its operations.

    Args:
        word: The tag as users type it, in kebab case; unchanged if it has no letter or digit.
        operations: Number of operations with the tag, without hidden ones.
        about: First sentence of its description on one line; else its name, if it differs from `word`.
    """

    word: str
    operations: int
    about: str = ""


@record
class SignIn:
    """A way to sign in: security schemes that are used together, without the scopes of operations.

    Args:
        schemes: The schemes, at least one.
        operations: Number of operations that accept it.
    """

    schemes: tuple[SecurityScheme, ...]
    operations: int


@record
class SharedError:
    """An error that many operations declare with the same description.

    Args:
        status: The status as the document spells it: `404`, `4XX` or `default`.
        description: First sentence of its description, as plain text.
        schema_name: As in `DocumentedResponse`.
    """

    status: str
    description: str = ""
    schema_name: str = ""


@record
class Overview:
    """A document as a whole, without hidden operations except in `sign_ins` and `anonymous`.

    Args:
        operations: Number of operations.
        untagged: Number of operations without a tag.
        webhooks: Number of webhooks.
        tags: Number of tags.
        largest_tags: The tags with most operations, at most `MOST_TAGS`; equal ones in the order of the document.
        about: First sentence of the document's description, on one line.
        sign_ins: The ways to sign in, the most used first.
        anonymous: Number of operations, including hidden ones, that need no credential.
        first_look: Operation with the simplest read-only call; empty for none.
        first_anonymous_look: The same among the operations that need no credential.
        shared_errors: The errors that many operations have in common, by status.
        error_fields: Fields of the most common error, as a line of text; empty if the document does not describe them.
        first_change: An operation that takes a body, else one other than `first_look`.
        wish: A task for `first_change` or `first_look`, such as `create a project`; empty if neither a summary nor a
            path describes it.
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
