"""The error for a word that names no operation of an API."""

from typing import TYPE_CHECKING

from dynacli.environment import invocation
from dynacli.errors import DocumentError, DynacliError, UsageError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.kebab_names import kebab
from dynacli.text.quoting import quoted, word_or_quoted

if TYPE_CHECKING:
    from dynacli.client.search_operations import Hit

__all__ = ["unknown_operation"]

_MOST_FOUND = 3
_SLIP = 0.85
"""How alike, as `difflib` measures it, a mistyped name and the name that was meant are."""


def unknown_operation(api: OpenedApi, word: str, tag: str = "") -> DynacliError:
    """Return the error for a word that is no operation, with the names that come near.

    An operation that the catalog leaves out is an error of the document, with the reason.
    """
    from difflib import get_close_matches

    wanted = kebab(word) or word
    for row in api.catalog.meta.get("left_out", ()):
        if wanted in row["names"]:
            return DocumentError(
                f"`{api.name}` cannot call `{word}`",
                why=row["why"],
                hint=f"See what is known of the document: `{invocation('api show', api.name)}`",
            )
    gone = next((key for key, name in api.catalog.given_names().items() if name == wanted), None)
    if gone is not None and not tag and api.catalog.find(wanted) is None:
        # The name is kept for it: it may come back, and no other operation is to be called by mistake.
        return UsageError(
            f"`{api.name}` has no operation `{word}` any more",
            why=f"It was the name of `{' '.join(gone)}`, which the document does not have now",
            hint=f"See them all: `{invocation('operations', api.name)}`",
            near=[],
        )
    names = [summary.name for summary in api.catalog.summaries(tag) if not summary.is_hidden]
    where = f"`{api.name}`" + (f", tag `{tag}`," if tag else "")
    if not names:
        return UsageError(
            f"{where} has no operations",
            why="Its document describes none that can be called",
            hint=f"See what is known of the document: `{invocation('api show', api.name)}`",
        )
    near = get_close_matches(wanted, names, 3, 0.6)
    parts = set(wanted.split("-"))
    near = near or [name for name in names if parts <= set(name.split("-"))][:3]
    # What is no slip of the finger is a name that somebody made up of words.
    hits = [] if get_close_matches(wanted, names, 1, _SLIP) else _found(api, word)
    if hits:
        near = [hit.name for hit in hits]
        lines = [
            f"{hit.name}  {hit.method} {word_or_quoted(hit.path)}  {quoted(hit.summary)}" for hit in hits
        ]
        hint = "\n".join(["These come nearest:", *(line.rstrip() for line in lines)])
    elif near:
        hint = f"Did you mean {' or '.join(f'`{name}`' for name in near)}?"
    else:
        hint = f"See them all: `{invocation('operations', api.name)}`"
    return UsageError(
        f"{where} has no operation `{word}`",
        why="It is no name, no operationId and no tag of the document",
        hint=hint,
        near=near,
    )


def _found(api: OpenedApi, word: str) -> "list[Hit]":
    """Return the operations that a search for the words of a name finds."""
    from dynacli.client.search_operations import search_operations

    try:
        return search_operations([api], kebab(word).replace("-", " ") or word, _MOST_FOUND)
    except UsageError:  # there is nothing in it that can be searched for
        return []
