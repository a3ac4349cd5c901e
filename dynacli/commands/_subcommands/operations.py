"""`dynacli operations`: lists the operations of an API, as they are read."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from dynacli.commands._help.operation_list import operation_lines
from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import DynacliError, UsageError
from dynacli.openapi.model.operation import OperationSummary
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible

if TYPE_CHECKING:
    from dynacli.client.links.describe_links import OperationEdge

__all__ = ["list_operations", "operation_row"]


def operation_row(api: str, operation: OperationSummary) -> dict[str, Any]:
    """Return the entry of an operation.

    Args:
        api: The name of the API.
    """
    return {
        "api": api,
        "name": operation.name,
        "operation_id": operation.operation_id or None,
        "method": operation.method,
        "path": operation.path,
        "tags": list(operation.tags),
        "summary": operation.summary,
        "deprecated": operation.is_deprecated,
    }


_UNLIMITED = 1 << 16


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
        _write_graph(run, words[0], _chosen(run, words[0], tag, method), language)
        return
    from dynacli.output.render import write_rows

    found = _found(run, words, tag, method)
    if api is not None and (tag or method):
        first = list(islice(found, 1))
        if not first:
            raise _nothing(run.api(api), tag, method)
        found = chain(first, found)

    def lines(paint: Painter, width: int) -> Iterator[str]:
        run.note_quotes()
        if not run.env.stdout_is_terminal:
            width = _UNLIMITED  # what reads a pipe is not to miss the end of a line
        for word, group in groupby(found, key=itemgetter(0)):
            catalog = run.api(word).catalog
            if len(words) > 1:
                yield paint.bold(visible(word, keep=""))
            named = ((operation.name, operation) for _, operation in group)
            yield from operation_lines(named, catalog.longest(tag), catalog.has_name, width, paint)

    rows = (operation_row(run.api(word).name, operation) for word, operation in found)
    write_rows(run.env, rows, run.data_form, lines)


def _found(run: Run, words: Iterable[str], tag: str, method: str) -> Iterator[tuple[str, OperationSummary]]:
    """Yield the operations of some APIs; of several, one whose document cannot be had is reported and left out."""
    words = list(words)
    for word in words:
        try:
            run.api(word)
        except DynacliError as error:
            if len(words) == 1:
                raise
            run.warn(f"{word} is left out: {error.message}")
            continue
        for operation in _chosen(run, word, tag, method):
            yield word, operation


def _chosen(run: Run, api: str, tag: str, method: str) -> Iterator[OperationSummary]:
    operations = _each_operation(run, api, tag)
    return (each for each in operations if each.method == method) if method else operations


def _nothing(api: OpenedApi, tag: str, method: str) -> UsageError:
    """Return the error for what no operation has."""
    if tag and not any(True for _ in api.catalog.each_summary(tag)):
        from dynacli.client.search_operations import unknown_tag

        return unknown_tag(api, tag)
    methods = sorted({operation.method for operation in api.catalog.each_summary(tag)})
    return UsageError(
        f"No operation has the method `{method}`",
        reason=f"The methods are {', '.join(f'`{each}`' for each in methods)}" if methods else "",
    )


def _write_graph(run: Run, word: str, operations: Iterable[OperationSummary], language: str) -> None:
    from dynacli.client.links.describe_links import graph_text, is_drawn, operation_edges
    from dynacli.output.output_form import OutputForm
    from dynacli.output.standard_output import written_text

    if run.data_form != OutputForm(may_page=run.data_form.may_page):
        raise UsageError("A graph has no other format", hint="Leave out `-o`, `-f` and `--columns`")
    shown = list(operations)
    edges = list(operation_edges(run.api(word), shown))
    lines = list(graph_text(shown, edges, language))
    if language == "mermaid" and not is_drawn(lines):
        lines = _smaller_graph(run, shown, edges)
    with written_text(run.env, run.data_form) as write:
        for line in lines:
            write(f"{line}\n")


def _smaller_graph(run: Run, shown: list[OperationSummary], edges: "list[OperationEdge]") -> list[str]:
    """Return the lines of the graph of the tags of operations which are too many for Mermaid.

    Raises:
        UsageError: The tags are too many, or there is only one.
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
    """Yield the operations; if the catalog turns out to be damaged, go on from there with one that is made again.

    The whole run cannot begin again once a part of the list is written.
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
