"""`dynacli search`: finds the operations that do what a person says in plain words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.options.standard_options import Options
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import foreign, shortened, word_or_quoted

if TYPE_CHECKING:
    from dynacli.client.search_operations import Hit

__all__ = ["search"]

_RUNNERS_UP = 2
"""Hits after the best one that people are shown; programs get all."""
_LINE = 100
"""Columns of the line of a runner-up."""


@click.pass_obj
def search(run: Run, words: tuple[str, ...], api: str | None) -> None:
    """Run `search`."""
    from dynacli.client.search_operations import search_operations
    from dynacli.output.render import is_for_people, write_data

    name, question = (api, words) if api else _named_api(run.env, words)
    opened = {each.name: each for each in ([run.api(name)] if name else _registered(run))}
    hits = search_operations(opened.values(), " ".join(question))
    if run.options.verbose:
        for hit in hits:
            run.note(hit.explanation())
    if not hits:
        listed = f"`{invocation('operations', name)}`" if name else f"`{invocation('operations', 'API')}`"
        run.note(f"No operation matches these words or their synonyms; list all operations: {listed}")
    best = _summary(run.env, run.options, opened, hits[0], " ".join(question)) if hits else None

    def text(paint: Painter, _width: int) -> str:
        run.note_quotes()
        shown = best[1].splitlines() if best else []
        return "\n".join([*shown, *_lines(run.env, hits[1:], paint)])

    data = {"best": best[0] if best else None, "others": [_row(hit) for hit in hits[1:]]}
    form = run.data_form
    if best or not is_for_people(form):
        write_data(run.env, data, form, text)


def _named_api(env: Environment, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the API that the first word names, empty if it names none, and the words of the question."""
    from dynacli.registry.configuration import DEMO, Configuration

    first = words[0]
    is_source = first == "-" or "/" in first or first.lower().endswith((".json", ".yaml", ".yml"))
    if len(words) > 1 and (is_source or first == DEMO or first in Configuration(env).apis()):
        return first, words[1:]
    return "", words


def _registered(run: Run) -> Iterator[OpenedApi]:
    """Yield the registered APIs; one that cannot be opened is a warning.

    Raises:
        UsageError: None is registered.
    """
    from dynacli.errors import DynacliError, UsageError
    from dynacli.registry.configuration import Configuration

    names = Configuration(run.env).apis()
    if not names:
        raise UsageError(
            "Nothing to search",
            reason="No API is registered",
            hint=f"Name a document, or `demo`: `{invocation('search', 'demo')} list runs`",
        )
    for name in names:
        try:
            yield run.api(name)
        except DynacliError as error:
            run.warn(f"`{name}` is not searched: {error.message}")


def _summary(
    env: Environment, options: Options, opened: dict[str, OpenedApi], hit: "Hit", question: str
) -> tuple[Any, str]:
    """Return the summary of a hit as data and as text."""
    from dynacli.client.operation_summary import operation_summary, summary_text

    summary = operation_summary(opened[hit.api], hit.name, profile=options.profile, question=question)
    return summary.as_json(), summary_text(summary, Painter.for_stdout(env))


def _row(hit: "Hit") -> dict[str, Any]:
    return {
        "api": hit.api,
        "name": hit.name,
        "method": hit.method,
        "path": hit.path,
        "summary": hit.summary,
    }


def _lines(env: Environment, hits: "list[Hit]", paint: Painter) -> Iterator[str]:
    for hit in hits[:_RUNNERS_UP]:
        line = visible(f"Or   {invocation(api=hit.api)} {hit.name}", keep="")
        place = f"  {hit.method} {word_or_quoted(hit.path)}"
        summary = visible(hit.summary, keep="")
        if env.stdout_is_terminal:  # what reads a pipe is not to miss the end of a line
            summary = shortened(summary, max(_LINE - len(line) - len(place) - 4, 20))
        yield line + paint.dim(f"{place}  {foreign(summary, paint)}".rstrip())
