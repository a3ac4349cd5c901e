"""`dynacli operations`: lists the operations of an API, as they are read."""

from collections.abc import Iterator
from itertools import chain, islice

import click

from dynacli.commands.command_groups import Verb
from dynacli.commands.help.operation_list import operation_lines
from dynacli.commands.operation_json import operation_row
from dynacli.commands.run import Run
from dynacli.commands.verbs.verb_options import LISTING_OF_DOCUMENT
from dynacli.model.operation import OperationSummary
from dynacli.text.terminal import Painter

__all__ = ["command"]

_UNLIMITED = 1 << 16


def _operations(run: Run, api: str, tag: str | None) -> None:
    from dynacli.output.write_rows import write_rows

    opened, operations = run.api(api), _each_operation(run, api, tag or "")
    first = list(islice(operations, 1))
    if tag and not first:
        from dynacli.errors import UsageError

        tags = ", ".join(f"`{key}`" for key in list(opened.catalog.tags())[:20])
        raise UsageError(
            f"No operation has the tag `{tag}`", why=f"The tags are {tags}" if tags else "There are no tags"
        )
    listed = chain(first, operations)

    def has_name(name: str) -> bool:
        return run.api(api).catalog.has_name(name)

    def lines(paint: Painter, width: int) -> Iterator[str]:
        if not run.env.stdout_is_terminal:
            width = _UNLIMITED  # what reads a pipe is not to miss the end of a line
        named = ((operation.name, operation) for operation in listed)
        return operation_lines(named, opened.catalog.longest(tag or ""), has_name, width, paint)

    rows = (operation_row(opened.name, operation) for operation in listed)
    write_rows(run.env, rows, run.options.output_form, lines)


def _each_operation(run: Run, api: str, tag: str) -> Iterator[OperationSummary]:
    """Yield the operations; where the catalog turns out to be damaged, go on from there with one that is made anew.

    The whole run cannot begin anew once a part of the list is written.
    """
    from dynacli.catalog.store.catalog_file import DamagedCatalogError

    count = 0
    try:
        for operation in run.api(api).catalog.each_summary(tag):
            yield operation
            count += 1
    except DamagedCatalogError as damage:
        if not count:
            raise
        yield from islice(run.api_made_anew(api, damage).catalog.each_summary(tag), count, None)


command = Verb(
    "operations",
    params=[
        click.Argument(["api"]),
        click.Option(["--tag"], metavar="TAG", help="only those with this tag"),
    ],
    options=LISTING_OF_DOCUMENT,
    callback=click.pass_obj(_operations),
    help="List every operation of API, a line each.",
)
