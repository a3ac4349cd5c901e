"""`dynacli sql`: reads mirrors by one SELECT, or lists their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import click

from dynacli.commands.run import Run
from dynacli.environment import invocation
from dynacli.errors import FileError, FormatError, UsageError
from dynacli.features.sql.mirror_file import feeds_in, is_damage, last_passes
from dynacli.features.sql.mirrors import mirror_path, reading
from dynacli.features.sql.run_query import UnknownNameError, check_query, rows_of_query
from dynacli.features.sql.tables import sql_name
from dynacli.openapi.catalog.catalog_file import sqlite_uri
from dynacli.output.render import write_data
from dynacli.output.written_items import write_rows_of_query
from dynacli.text.filter_value import SqlRows
from dynacli.text.terminal import Painter, visible

_SECONDS = 60
_OF_FILE = "mirror"
"""The name of the mirror that `--file` names, before its tables."""
_MOST_ATTACHED = 10
"""The limit of SQLite (https://www.sqlite.org/limits.html)."""


@click.pass_obj
def run_sql(run: Run, api: str | None, query: str | None, file: str | None) -> None:
    """Run `sql`."""
    if not (api or file):
        raise UsageError(
            "Name the API whose mirror you want to read",
            hint=f"`{invocation('sync list')}` lists the mirrors",
        )
    if file and query is None:
        api, query = None, api  # with `--file`, the API may be left out
    names = [name for name in (api or "").split(",") if name]
    paths = {name: mirror_path(run.env, name, run.options.in_force("profile", run.env)) for name in names}
    if file:
        paths = {**paths, _OF_FILE: file}
    if query is None:
        _list_tables(run, paths)
        return
    write_rows_of_query(run.env, rows_of_mirrors(paths, query), run.data_format)


def rows_of_mirrors(paths: Mapping[str, str], query: str) -> SqlRows:
    """Return the rows of a query over mirrors.

    Args:
        paths: Name of an API → path of its mirror.

    Raises:
        UsageError: The query is not one SELECT, names what no mirror has, or a mirror does not exist.
        FormatError: The query fails, takes too long or too much memory.
        FileError: A mirror is damaged.
    """
    check_query(query)
    with _attached(paths) as db:
        try:
            return rows_of_query(db, query, _SECONDS)
        except UnknownNameError as error:
            raise UsageError(
                f"No mirror of `{', '.join(paths)}` has the {error.kind} `{error.name}`",
                reason=f"There are {error.listed}" if error.known else "",
                hint=error.hint(f"`{invocation('sql', 'API')}` lists the tables and columns"),
                near=error.near,
            ) from error
        except FormatError as error:
            if isinstance(error.__cause__, sqlite3.Error) and is_damage(error.__cause__):
                raise FileError(
                    f"The mirror of `{', '.join(paths)}` is damaged",
                    reason=error.reason,
                    hint=f"`{invocation('sync', 'API')}` moves the file aside; then fetch everything again",
                ) from error
            raise


@contextmanager
def _attached(paths: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Open mirrors for reading, each under the name of its API. The tables of the first one need no name before them.

    Raises:
        UsageError: A mirror does not exist, or there are too many.
        FileError: A mirror cannot be read.
    """
    if len(paths) > _MOST_ATTACHED:
        raise UsageError(f"A query can read {_MOST_ATTACHED} mirrors at most, and {len(paths)} are named")
    for name, path in paths.items():
        with reading(path, "" if name == _OF_FILE else name):
            pass
    with closing(sqlite3.connect(":memory:", uri=True, isolation_level=None)) as db:
        # A file may come from others: its views must not call functions that do more than reading.
        db.execute("PRAGMA trusted_schema = OFF")
        for name, path in paths.items():
            try:
                db.execute(f"ATTACH ? AS {sql_name(name)}", (sqlite_uri(path, "mode=ro"),))
            except sqlite3.Error as error:
                raise FileError(
                    f"The mirror `{path}` cannot be read", reason=f"SQLite says: {error}"
                ) from error
        yield db


def _list_tables(run: Run, paths: dict[str, str]) -> None:
    """Write the tables of mirrors, with their columns, the number of their rows and their age."""
    rows = tables_of_mirrors(paths)

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        lines = []
        for row in rows:
            age = f"{row['rows']:,} rows, synced {row['synced_at'] or 'never'}"
            lines.append(f"{paint.bold(visible(row['table']))}  {paint.dim(age)}")
            lines.append(f"  {', '.join(map(visible, row['columns']))}")
        return "\n".join(lines)

    write_data(run.env, rows, run.data_format, text)


def tables_of_mirrors(paths: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the tables of mirrors, as `sql` lists them.

    Raises:
        UsageError: A mirror does not exist.
        FileError: A mirror is damaged.
    """
    rows: list[dict[str, Any]] = []
    for name, path in paths.items():
        with reading(path, "" if name == _OF_FILE else name) as db:
            rows += _tables_of(db, name)
    return rows


def _tables_of(db: sqlite3.Connection, api: str) -> Iterable[dict[str, Any]]:
    passes = last_passes(db)
    ages: dict[str, str] = {}
    for feed in feeds_in(db):
        began = passes.get(feed.number, {}).get("began_at") or ""
        ages[feed.table] = max(ages.get(feed.table, ""), began)
    for table, synced_at in ages.items():
        ((count,),) = db.execute(f"SELECT count(*) FROM {sql_name(table)}").fetchall()
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({sql_name(table)})")]
        yield {
            "api": api,
            "table": table,
            "columns": columns,
            "rows": count,
            "synced_at": synced_at or None,
        }
