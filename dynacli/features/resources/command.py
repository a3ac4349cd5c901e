"""`dynacli resources`: lists the resources of an API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from dynacli.commands.run import Run
from dynacli.openapi.model.resources import Resource
from dynacli.output.render import write_rows
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines

_COLUMNS: Sequence[str] = ("resource", "list", "read", "create", "change", "delete", "id", "in")


@click.pass_obj
def show_resources(run: Run, api: str) -> None:
    """Run `resources`."""
    opened = run.api(api)
    resources = opened.catalog.resources()
    if not resources:
        run.note("The document shows no resources: no operation lists, reads or changes objects of one kind")

    def lines(paint: Painter, width: int) -> Iterable[str]:
        return _table(resources, paint, width)

    write_rows(run.env, (resource.row() for resource in resources), run.data_format, lines)


def _table(resources: Sequence[Resource], paint: Painter, width: int) -> list[str]:
    """Return the lines of the table, without the columns that no resource has."""
    rows = [_COLUMNS, *map(_cells, resources)]
    used = [column for column in range(len(_COLUMNS)) if any(row[column] for row in rows[1:])]
    shown = [[row[column] for column in used] for row in rows]
    return table_lines(shown, width, paint_header=paint.bold) if used else []


def _cells(resource: Resource) -> Sequence[str]:
    """Return the cells of a resource. Several operations of one kind are named once, the others counted."""
    identity, parent = resource.identity, resource.parent
    cells = [
        resource.name,
        resource.main_list.operation if resource.main_list is not None else "",
        resource.read or "",
        _first(resource.create),
        _first(resource.change),
        resource.delete or "",
        identity.field.removeprefix("/") if identity is not None else "",
        parent.resource if parent is not None else "",
    ]
    return [visible(cell, keep="") for cell in cells]


def _first(names: tuple[str, ...]) -> str:
    more = f" (+{len(names) - 1})" if len(names) > 1 else ""
    return f"{names[0]}{more}" if names else ""
