"""`dynacli operations` lists the operations of an API, and `dynacli search` finds operations for a task."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands.help_pages.operation_list import by_tag, operation_lines, operation_row
from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, UsageError
from dynacli.files import looks_like_source
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.tag_tree import tag_tree
from dynacli.openapi.model.wording import telling
from dynacli.options.standard_options import Options
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import folded, foreign, foreign_within, word_or_quoted

if TYPE_CHECKING:
    from dynacli.client.links.describe_links import OperationEdge
    from dynacli.client.search_operations import Hit


_UNLIMITED = 1 << 16
_WAITING = re.compile(r"wait(s|ing)?|until|finish(es|ed)?|completed?s?|poll(s|ing)?", re.IGNORECASE)
"""A word of a task that needs more than one call."""
_RUNNERS_UP = 2
"""Maximum number of further hits in the text. Data contains all hits."""
_NARROWEST = 24
"""Minimum columns of the summary of a further hit. With less space it gets a line."""
_HANGING = 6
"""Indent of the further lines of a hit."""


@click.pass_obj
def list_operations(run: Run, /, api: str | None, **params: Any) -> None:
    """Run `operations`."""
    tag, method, language = params["tag"] or "", (params["method"] or "").upper(), params["graph"]
    if language and api is None:
        raise UsageError(
            "A graph shows one API", hint=f"Name it: `{invocation('operations', 'API')} --graph mermaid`"
        )
    words = [api] if api is not None else sorted(Configuration(run.env).apis())
    if not words:
        raise UsageError(
            "No API is registered yet",
            hint=f"Name one, `{invocation('operations', 'API')}`, or register it: `{invocation('api add')} "
            "NAME SOURCE`",
        )
    if language:
        _write_graph(run, words[0], _operations_by_method(run, words[0], tag, method), language)
        return
    from dynacli.output.render import write_rows

    found = _found_summaries(run, words, tag, method)
    if api is not None and (tag or method):
        first = list(islice(found, 1))
        if not first:
            raise _nothing_found(run.api(api), tag, method)
        found = chain(first, found)

    def lines(paint: Painter, width: int) -> Iterator[str]:
        run.note_quotes()
        is_shown = run.env.stdout_is_terminal
        if not is_shown:
            width = _UNLIMITED  # a program that reads a pipe needs whole lines
        for word, group in groupby(found, key=itemgetter(0)):
            catalog = run.api(word).catalog
            if len(words) > 1:
                yield paint.heading(visible(word, keep=""))
            listed = (operation for _, operation in group)
            tags = tag_tree(catalog.meta)
            for title, operations in by_tag(listed, tags) if tags.order and is_shown else [("", listed)]:
                if title:
                    yield paint.heading(visible(title, keep=""))
                named = ((operation.name, operation) for operation in operations)
                yield from operation_lines(named, catalog.longest(tag), catalog.has_name, width, paint)

    rows = (operation_row(run.api(word).name, operation) for word, operation in found)
    write_rows(run.env, rows, run.data_format, lines)


def _found_summaries(
    run: Run, words: Iterable[str], tag: str, method: str
) -> Iterator[tuple[str, OperationSummary]]:
    """Yield the operations of some APIs. If there are several, skip one that cannot be opened, with a warning."""
    words = list(words)
    for word in words:
        try:
            run.api(word)
        except DynacliError as error:
            if len(words) == 1:
                raise
            run.warn(f"{word} is left out: {error.message}")
            continue
        for operation in _operations_by_method(run, word, tag, method):
            yield word, operation


def _operations_by_method(run: Run, api: str, tag: str, method: str) -> Iterator[OperationSummary]:
    operations = _each_operation(run, api, tag)
    return (operation for operation in operations if operation.method == method) if method else operations


def _nothing_found(api: OpenedApi, tag: str, method: str) -> UsageError:
    """Return the error for a tag or method without operations."""
    if tag and not any(True for _ in api.catalog.each_summary(tag)):
        from dynacli.client.search_operations import unknown_tag

        return unknown_tag(api, tag)
    methods = sorted({operation.method for operation in api.catalog.each_summary(tag)})
    return UsageError(
        f"No operation has the method `{method}`",
        reason=f"The methods are {', '.join(f'`{method}`' for method in methods)}" if methods else "",
    )


def _write_graph(run: Run, word: str, operations: Iterable[OperationSummary], language: str) -> None:
    from dynacli.client.links.describe_links import graph_text, is_drawn, operation_edges
    from dynacli.output.output_format import OutputFormat
    from dynacli.output.standard_output import written_text

    if run.data_format != OutputFormat(may_page=run.data_format.may_page):
        raise UsageError("A graph has no other format", hint="Leave out `-o`, `-f` and `--columns`")
    shown = list(operations)
    edges = list(operation_edges(run.api(word), shown))
    lines = list(graph_text(shown, edges, language))
    if language == "mermaid" and not is_drawn(lines):
        lines = _smaller_graph(run, shown, edges)
    with written_text(run.env, run.data_format) as write:
        for line in lines:
            write(f"{line}\n")


def _smaller_graph(run: Run, shown: list[OperationSummary], edges: list[OperationEdge]) -> list[str]:
    """Return the lines of a graph of tags, because the graph of operations is too large for Mermaid.

    Raises:
        UsageError: The operations have too many tags, or only one.
    """
    from dynacli.client.links.describe_links import MOST_CHARACTERS, MOST_EDGES, is_drawn, tag_text

    reason = (
        f"Mermaid draws at most {MOST_EDGES} steps and {MOST_CHARACTERS:,} characters, "
        f"and these {len(shown):,} operations have {len(edges):,} steps"
    )
    lines = list(tag_text(shown, edges))
    if all(operation.tags[:1] == shown[0].tags[:1] for operation in shown) or not is_drawn(lines):
        raise UsageError(
            "The graph is too large for Mermaid",
            reason=reason,
            hint="Filter with `--tag TAG` or `--method METHOD`, or use Graphviz: `--graph dot`",
        )
    run.note(f"{reason}, so the graph shows the tags; `--tag TAG` shows the operations of one")
    return lines


def _each_operation(run: Run, api: str, tag: str) -> Iterator[OperationSummary]:
    """Yield the operations. If the catalog is damaged, compile it again and continue.

    The whole run cannot start again once a part of the list is printed.
    """
    from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

    count = 0
    try:
        for operation in run.api(api).catalog.each_summary(tag):
            yield operation
            count += 1
    except DamagedCatalogError as damage:
        if not count:
            raise
        yield from islice(run.api_made_anew(api, damage).catalog.each_summary(tag), count, None)


@click.pass_obj
def search(run: Run, words: tuple[str, ...], api: str | None) -> None:
    """Run `search`."""
    from dynacli.client.search_operations import search_operations
    from dynacli.output.render import is_for_people, write_data

    name, question = (api, words) if api else _named_api(run.env, words)
    opened = {
        opened_api.name: opened_api
        for opened_api in ([run.api(name, is_search=True)] if name else _registered(run))
    }
    hits = search_operations(opened.values(), " ".join(question))
    if run.options.verbose:
        for hit in hits:
            run.note(hit.explanation())
    is_fitting = bool(hits) and hits[0].is_fitting
    if not is_fitting:
        listed = f"`{invocation('operations', name)}`" if name else f"`{invocation('operations', 'API')}`"
        nothing = "matches the query; these are the nearest" if hits else "matches the query or its synonyms"
        run.note(f"No operation {nothing}; list all operations: {listed}")
    best = _summary_of_hit(run.env, run.options, opened, hits[0], " ".join(question)) if is_fitting else None
    if hits and any(map(_WAITING.fullmatch, question)):
        how = f"such as `status == 'done'`; see `{invocation('help waiting')}`"
        run.note(f"`--wait EXPR` repeats a read-only call until EXPR is true, {how}")
    others = hits[1:] if is_fitting else hits

    def text(paint: Painter, _width: int) -> str:
        run.note_quotes()
        shown = best[1].splitlines() if best else []
        # The line of the best hit has the URL or path of a document already.
        named = {hit.api for hit in others if not best or opened[hit.api].is_registered or hit.api == DEMO}
        return "\n".join([*shown, *_hit_lines(run.env, named, others, paint)])

    data = {"best": best[0] if best else None, "others": [_hit_row(hit) for hit in others]}
    form = run.data_format
    if hits or not is_for_people(form):
        write_data(run.env, data, form, text)


def _named_api(env: Environment, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the API that the first argument names, or an empty string, and the arguments of the query."""
    first = words[0]
    if len(words) > 1 and (looks_like_source(first) or first == DEMO or Configuration(env).registered(first)):
        return first, words[1:]
    return "", words


def _registered(run: Run) -> Iterator[OpenedApi]:
    """Yield the registered APIs. An API that cannot be opened causes a warning.

    Raises:
        UsageError: No API is registered.
    """
    configuration = Configuration(run.env)
    names = configuration.apis()
    if not names:
        hint = f"Name a document, or `demo`: `{invocation('search', 'demo')} list runs`"
        reason, hint = configuration.why_missing("No API is registered", hint)
        raise UsageError("Nothing to search", reason=reason, hint=hint)
    for name in names:
        try:
            yield run.api(name, is_search=True)
        except DynacliError as error:
            run.warn(f"`{name}` is not searched: {error.message}")


def _summary_of_hit(
    env: Environment, options: Options, opened: dict[str, OpenedApi], hit: Hit, question: str
) -> tuple[Any, str]:
    """Return the summary of an operation as data and as text."""
    from dynacli.client.operation_summary import operation_summary, summary_text

    summary = operation_summary(opened[hit.api], hit.name, profile=options.profile, question=question)
    width = terminal_width(env, env.stdout) if env.stdout_is_terminal else 0
    return summary.as_json(), summary_text(summary, Painter.for_stdout(env), width)


def _hit_row(hit: Hit) -> dict[str, Any]:
    return {
        "api": hit.api,
        "name": hit.name,
        "method": hit.method,
        "path": hit.path,
        "summary": hit.summary,
    }


def _hit_lines(env: Environment, named: Collection[str], hits: list[Hit], paint: Painter) -> Iterator[str]:
    """Yield the lines of hits other than the best one.

    Args:
        named: The APIs whose name a line must include.
    """
    if env.stdout_is_terminal and hits:
        yield from ("", paint.heading("Or"))
    for hit in hits[:_RUNNERS_UP]:
        command = visible(f"{invocation(api=hit.api)} {hit.name}" if hit.api in named else hit.name, keep="")
        path, summary = word_or_quoted(hit.path), telling(hit.summary, hit.name)
        if not env.stdout_is_terminal:  # a program that reads a pipe needs whole lines
            yield f"Or   {command}  {hit.method} {path}  {foreign(summary, paint)}".rstrip()
            continue
        width = terminal_width(env, env.stdout)
        method = visible(hit.method, keep="")
        room = width - cell_width(f"  {command}  {method} {path}") - 2
        lines = folded(f"  {paint.command(command)}  {paint.method(method)} {path}", width, _HANGING - 2)
        if room >= min(_NARROWEST, cell_width(summary)):
            lines[-1] += f"  {foreign_within(summary, room, paint)}"
        elif summary:
            lines.append(" " * _HANGING + foreign_within(summary, width - _HANGING, paint))
        yield from (line.rstrip() for line in lines)
