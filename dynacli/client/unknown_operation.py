"""The error for a word that names no operation of an API."""

from dynacli.errors import DocumentError, DynacliError, UsageError
from dynacli.library.opened_api import OpenedApi

__all__ = ["unknown_operation"]


def unknown_operation(api: OpenedApi, word: str, tag: str = "") -> DynacliError:
    """Return the error for a word that is no operation, with the names that come near.

    An operation that the catalog leaves out is an error of the document, with the reason.
    """
    from difflib import get_close_matches

    from dynacli.model.kebab_names import kebab

    wanted = kebab(word) or word
    for row in api.catalog.meta.get("left_out", ()):
        if wanted in row["names"]:
            return DocumentError(
                f"`{api.name}` cannot call `{word}`",
                why=row["why"],
                hint=f"See what is known of the document: `dynacli api show {api.name}`",
            )
    gone = next((key for key, name in api.catalog.given_names().items() if name == wanted), None)
    if gone is not None and not tag and api.catalog.find(wanted) is None:
        # The name is kept for it: it may come back, and no other operation is to be called by mistake.
        return UsageError(
            f"`{api.name}` has no operation `{word}` any more",
            why=f"It was the name of `{' '.join(gone)}`, which the document does not have now",
            hint=f"See them all: `dynacli operations {api.name}`",
            near=[],
        )
    names = [summary.name for summary in api.catalog.summaries(tag) if not summary.is_hidden]
    where = f"`{api.name}`" + (f", tag `{tag}`," if tag else "")
    if not names:
        return UsageError(
            f"{where} has no operations",
            why="Its document describes none that can be called",
            hint=f"See what is known of the document: `dynacli api show {api.name}`",
        )
    near = get_close_matches(wanted, names, 3, 0.6)
    if not near:
        parts = set(wanted.split("-"))
        near = [name for name in names if parts <= set(name.split("-"))][:3]
    return UsageError(
        f"{where} has no operation `{word}`",
        why="It is no name, no operationId and no tag of the document",
        hint=f"Did you mean {' or '.join(f'`{name}`' for name in near)}?"
        if near
        else f"See them all: `dynacli operations {api.name}`",
        near=near,
    )
