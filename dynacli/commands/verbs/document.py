"""`dynacli document`: the document of an API as it was fetched."""

from typing import Any

import click

from dynacli.catalog.apis import Api, open_api
from dynacli.commands.options import STANDARD_OPTIONS, click_options
from dynacli.commands.run import Run
from dynacli.commands.verb import Verb
from dynacli.errors import DocumentError

__all__ = ["command"]

_MAX_VALUES = 20_000_000


def _document(ctx: click.Context, api: str, *, resolved: bool) -> None:
    run: Run = ctx.obj
    from dynacli.output.render import check_format, write_body, write_data

    check_format(run.output_format)
    opened = run.api(api)
    content = _content(run, opened, api)
    if resolved:
        from dynacli.document.fetch import Fetched
        from dynacli.document.load import load

        document = load(Fetched(content, uri=opened.uri), opened.name)
        _check_size(document.resolved, opened.name)
        write_data(run.env, document.resolved, run.output_format, None)
        return
    is_json = content.lstrip()[:1] in {b"{", b"["}
    write_body(
        run.env, content, "application/json" if is_json else "text/yaml; charset=utf-8", run.output_format
    )


def _content(run: Run, opened: Api, word: str) -> bytes:
    """Return the bytes of the document, read or fetched again where the cache has lost them."""
    content = opened.content()
    if content is None and not run.option("offline"):
        again = open_api(word, run.env, refresh=True)
        again.catalog.close()
        content = again.content()
    if content is None:
        raise DocumentError(
            "The document's text is not in the cache any more",
            hint="Leave out `--offline` once, so that it is fetched",
        )
    return content


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
            ["--resolved"],
            is_flag=True,
            help="with references replaced by what they lead to; recursive ones stay",
        ),
        *click_options(STANDARD_OPTIONS),
    ],
    callback=click.pass_context(_document),
    help="Print the document of API as it was fetched.",
)
