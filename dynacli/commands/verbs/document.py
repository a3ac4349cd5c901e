"""`dynacli document`: the document of an API as it was fetched, in one file, or without references."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.read_options import click_options
from dynacli.commands.run import Run
from dynacli.commands.standard_options import STANDARD_OPTIONS
from dynacli.errors import DocumentError, UsageError
from dynacli.library.open_by_name import open_api
from dynacli.library.opened_api import OpenedApi

if TYPE_CHECKING:
    from dynacli.document.load import Document

__all__ = ["command"]

_T = TypeVar("_T")

_MAX_VALUES = 20_000_000
_MAX_NAMED = 5
"""References that a warning names, before it only counts the rest."""


def _document(ctx: click.Context, api: str, *, bundled: bool, resolved: bool) -> None:
    run: Run = ctx.obj
    if bundled and resolved:
        raise UsageError(
            "`--bundled` and `--resolved` exclude each other",
            why="What is resolved is in one file already",
        )
    from dynacli.output.render import write_body, write_data

    opened = run.api(api)
    if bundled or resolved:
        document = _kept(run, opened, api, lambda found: found.document())
        if resolved:
            _check_size(document.resolved, opened.name)
        tree = document.resolved if resolved else _bundled(run, document)
        write_data(run.env, tree, run.options.output, None)
        return
    content = _kept(run, opened, api, lambda found: found.content())
    is_json = content.lstrip()[:1] in {b"{", b"["}
    write_body(
        run.env, content, "application/json" if is_json else "text/yaml; charset=utf-8", run.options.output
    )


def _bundled(run: Run, document: "Document") -> dict[str, Any]:
    """Return the document as one file, and say what in it still leads elsewhere, or did."""
    from dynacli.document.references.portable import make_portable

    made = make_portable(document.tree)
    if made.left_out:
        count, names = sum(made.left_out.values()), ", ".join(f"`{name}`" for name in made.left_out)
        run.warn(
            f"{count:,} `$ref` in {names} {'is' if count == 1 else 'are'} left out:"
            " by OpenAPI no references, and from another folder they would lead nowhere"
        )
    for ref, why in list(document.unread.items())[:_MAX_NAMED]:
        run.warn(f"`{ref}` stays as it is: {why}")
    if len(document.unread) > _MAX_NAMED:
        run.warn(f"and {len(document.unread) - _MAX_NAMED} more references stay")
    return made.tree


def _kept(run: Run, opened: OpenedApi, word: str, take: Callable[[OpenedApi], _T | None]) -> _T:
    """Return what is kept of the document, read or fetched again where the cache has lost it."""
    found = take(opened)
    if found is None and not run.options.offline:
        again = open_api(word, run.env, refresh=True, allow_refs=run.options.allow_ref)
        again.catalog.close()
        found = take(again)
    if found is None:
        raise DocumentError(
            "The document's text is not in the cache any more",
            hint="Leave out `--offline` once, so that it is fetched",
        )
    return found


def _check_size(resolved: Any, name: str) -> None:
    """Refuse to write out a document whose parts contain each other so often that it would never end.

    Raises:
        DocumentError: It is one.
    """
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if not isinstance(node, dict | list):
            return 1
        # The same parts stand in many places; each is counted once.
        if id(node) not in sizes:
            sizes[id(node)] = 1 + sum(map(size, node.values() if isinstance(node, dict) else node))
        return sizes[id(node)]

    try:
        count = size(resolved)
    except RecursionError:
        raise DocumentError(
            f"`{name}` without references is nested too deeply to be written out",
            hint="Leave out `--resolved`; `dynacli describe` shows one operation in full",
        ) from None
    if count > _MAX_VALUES:
        raise DocumentError(
            f"`{name}` without references would have {count:,} values",
            why=f"Written out are {_MAX_VALUES:,} at most; its parts contain each other many times",
            hint="Leave out `--resolved`; `dynacli describe` shows one operation in full",
        )


command = Verb(
    "document",
    params=[
        click.Argument(["api"]),
        click.Option(
            ["--bundled"],
            is_flag=True,
            help="in one file, in OpenAPI 3, as dynacli works with it; its references lead nowhere else",
        ),
        click.Option(
            ["--resolved"],
            is_flag=True,
            help="with references replaced by what they lead to; recursive ones stay",
        ),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_document),
    help="Print the document of API: as it was fetched, in one file, or with its references replaced.",
)
