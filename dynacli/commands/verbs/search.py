"""`dynacli search`: finds the operations that fit a question."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import LISTING_OF_DOCUMENT
from dynacli.library.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.client.search_operations import Hit

__all__ = ["command"]


def _search(run: Run, words: tuple[str, ...], api: str | None) -> None:
    from dynacli.client.search_operations import search_operations
    from dynacli.output.render import write_data

    name, question = (api, words) if api else _named_api(run, words)
    opened = [run.api(name)] if name else list(_registered(run))
    hits = search_operations(opened, " ".join(question))

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        return "\n".join(_lines(hits, paint)) or f"No operation has any of the words: {' '.join(question)}"

    rows = [_row(hit) for hit in hits]
    write_data(
        run.env, {"best": rows[0] if rows else None, "others": rows[1:]}, run.options.output_form, text
    )


def _named_api(run: Run, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the API that the first word names, empty where it names none, and the words of the question."""
    from dynacli.library.configuration.configuration import DEMO, Configuration

    first = words[0]
    is_source = first == "-" or "/" in first or first.lower().endswith((".json", ".yaml", ".yml"))
    if len(words) > 1 and (is_source or first == DEMO or first in Configuration(run.env).apis()):
        return first, words[1:]
    return "", words


def _registered(run: Run) -> Iterator[OpenedApi]:
    """Yield the registered APIs; one that cannot be opened is a warning.

    Raises:
        UsageError: None is registered.
    """
    from dynacli.errors import DynacliError, UsageError
    from dynacli.library.configuration.configuration import Configuration

    names = Configuration(run.env).apis()
    if not names:
        raise UsageError(
            "There is nothing to search",
            why="No API is registered",
            hint="Name a document, or `demo`: `dynacli search demo list runs`",
        )
    for name in names:
        try:
            yield run.api(name)
        except DynacliError as error:
            run.warn(f"`{name}` is not searched: {error.message}")


def _row(hit: "Hit") -> dict[str, Any]:
    return {
        "api": hit.api,
        "name": hit.name,
        "method": hit.method,
        "path": hit.path,
        "summary": hit.summary,
    }


def _lines(hits: "list[Hit]", paint: Painter) -> Iterator[str]:
    for hit in hits[:3]:
        call = paint.dim(f"{hit.method} {visible(hit.path, keep='')}")
        yield f"dynacli {hit.api} {hit.name}  {call}  {visible(hit.summary, keep='')}".rstrip()


command = Verb(
    "search",
    params=[
        click.Argument(["words"], nargs=-1, required=True, metavar="[API] WORDS..."),
        click.Option(
            ["--api"], metavar="API", help="the one API to search, where its name is not the first word"
        ),
    ],
    options=LISTING_OF_DOCUMENT,
    callback=click.pass_obj(_search),
    help="Find the operations that fit a question in plain words, of one API or of all that are registered.",
)
