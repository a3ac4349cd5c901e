"""`dynacli document`: prints the document of an API as it was fetched, in one file, or without references."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import DocumentError, UsageError
from dynacli.registry.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.openapi.document.load import Document

_T = TypeVar("_T")

_MAX_VALUES = 20_000_000
"""Maximum number of values in a document without references, whose parts may repeat many times."""
_MAX_NAMED = 5
"""Maximum number of references with a warning each; the others are only counted."""


@click.pass_obj
def write_document(run: Run, api: str, *, bundled: bool, resolved: bool, only: tuple[str, ...]) -> None:
    """Run `document`."""
    if bundled and resolved:
        raise UsageError(
            "`--bundled` and `--resolved` exclude each other",
            reason="A resolved document is already one file",
        )
    from dynacli.openapi.document.references.resolve import resolve
    from dynacli.output.render import write_content, write_data

    opened = run.api(api)
    if bundled or resolved or only:
        document = _read_cached(run, opened, api, lambda cached: cached.document())
        tree = _bundled(run, document) if only or not resolved else document.tree
        if only:
            tree = _cut_document(opened, tree, only)
        if resolved:
            tree = resolve(tree, uri=document.uri) if only else document.resolved
            _check_size(tree, opened.name)
        write_data(run.env, tree, run.data_format, None)
        return
    content = _read_cached(run, opened, api, lambda cached: cached.content())
    is_json = content.lstrip()[:1] in {b"{", b"["}
    media_type = "application/json" if is_json else "text/yaml; charset=utf-8"
    write_content(run.env, content, media_type, run.output_format())


def _cut_document(opened: OpenedApi, tree: dict[str, Any], words: tuple[str, ...]) -> dict[str, Any]:
    """Return the part of a document that the given operations and tags need.

    Raises:
        UsageError: An argument names no operation and no tag.
    """
    from dynacli.client.search_operations import chosen_operations
    from dynacli.openapi.document.references.cut_document import cut_to_operations

    places = {(operation.path, operation.method) for operation in chosen_operations(opened, words)}
    return cut_to_operations(tree, places)


def _bundled(run: Run, document: Document) -> dict[str, Any]:
    """Return the document as one file, and warn of references that are left out or unchanged."""
    from dynacli.openapi.document.references.cut_document import make_portable

    portable = make_portable(document.tree)
    if portable.left_out:
        count, names = sum(portable.left_out.values()), ", ".join(f"`{name}`" for name in portable.left_out)
        run.warn(
            f"{count:,} `$ref` in {names} {'is' if count == 1 else 'are'} left out:"
            " OpenAPI does not treat them as references, and they would break in another folder"
        )
    for reference, reason in list(document.unread.items())[:_MAX_NAMED]:
        run.warn(f"`{reference}` is unchanged: {reason}")
    if len(document.unread) > _MAX_NAMED:
        run.warn(f"and {len(document.unread) - _MAX_NAMED} more references are unchanged")
    return portable.tree


def _read_cached(run: Run, opened: OpenedApi, word: str, read: Callable[[OpenedApi], _T | None]) -> _T:
    """Return the result of a function that reads the cached document. If the cache has lost it, fetch it again.

    Raises:
        DocumentError: The cache has lost the document, and `--offline` forbids fetching it.
    """
    content = read(opened)
    if content is None and not run.options.offline:
        refreshed = run.open_apart(word, refresh=True)
        refreshed.catalog.close()
        content = read(refreshed)
    if content is None:
        raise DocumentError(
            "The document's text was removed from the cache",
            hint="Run once without `--offline`, to fetch it",
        )
    return content


def _check_size(resolved: Any, name: str) -> None:
    """Check that a document without references is small enough to print.

    Raises:
        DocumentError: The document has too many values, or is nested too deeply.
    """
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if not isinstance(node, dict | list):
            return 1
        # A part has the same size at each location, so its size is computed once.
        if id(node) not in sizes:
            sizes[id(node)] = 1 + sum(map(size, node.values() if isinstance(node, dict) else node))
        return sizes[id(node)]

    try:
        count = size(resolved)
    except RecursionError:
        raise DocumentError(
            f"`{name}` without references is nested too deeply to print",
            hint=f"Leave out `--resolved`; `{invocation('describe')}` shows one complete operation",
        ) from None
    if count > _MAX_VALUES:
        raise DocumentError(
            f"`{name}` without references would have {count:,} values",
            reason=f"Written out are {_MAX_VALUES:,} at most; its parts contain each other many times",
            hint=f"Leave out `--resolved`; `{invocation('describe')}` shows one complete operation",
        )
