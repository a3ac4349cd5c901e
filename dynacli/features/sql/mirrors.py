"""The mirrors of this user: their files, `sync list`, `sync show` and `sync drop`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import click

from dynacli.commands.run import Run
from dynacli.environment import Environment, invocation
from dynacli.errors import DynacliError, FileError, RefusedError, UsageError
from dynacli.features.sql.feed import Feed
from dynacli.features.sql.mirror_file import MirrorFile, feeds_in, last_passes, read_only
from dynacli.features.sql.tables import sql_name
from dynacli.files import hold_lock, looks_like_source, make_own_directory, remove_file
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.output.render import write_data
from dynacli.registry.configuration import DEMO, Configuration
from dynacli.registry.open_by_name import find_revisions
from dynacli.text.terminal import Painter, visible

_ENDING = ".sqlite"
_WAIT = 10.0
"""Seconds that a second run waits for the first one."""


def mirror_path(env: Environment, api: str, profile: str) -> str:
    """Return the path of the mirror of an API and a profile.

    Args:
        api: The name of a registered API, or the source of a document.

    Raises:
        UsageError: No API has this name.
        FileError: The state directory is unknown.
    """
    path = os.path.join(_directory(env), _mirror_name(env, api, profile) + _ENDING)
    if api != DEMO and not os.path.exists(path):
        find_revisions(
            api, env
        )  # it says that there is no such API; the mirror of a removed one stays readable
    return path


def mirrors_of(env: Environment, words: Mapping[str, str], profile: str) -> dict[str, str]:
    """Return name → path of the mirrors that exist and have a feed.

    Args:
        words: Name of an API → the argument that opens it.
    """
    found = {}
    for name, word in words.items():
        with suppress(DynacliError):
            path = mirror_path(env, word, profile)
            if os.path.exists(path):
                with reading(path, name) as db:
                    if feeds_in(db):
                        found[name] = path
    return found


def _mirror_name(env: Environment, api: str, profile: str) -> str:
    """Return the name of the mirror of an API and a profile, which is also in the file."""
    name = os.path.basename(find_revisions(api, env)[1].directory) if looks_like_source(api) else api
    return f"{name}@{profile}" if profile else name


def _directory(env: Environment) -> str:
    return os.path.join(env.state_dir, "mirrors")


@contextmanager
def open_mirror(run: Run, api: str, into: str | None) -> Iterator[MirrorFile]:
    """Open the mirror of an API for writing; no other run writes it until the end of the block.

    Raises:
        RefusedError: Another run writes it.
        FileError: The file cannot be opened.
    """
    profile = run.options.in_force("profile", run.env)
    path = into or mirror_path(run.env, api, profile)
    if not into:
        make_own_directory(os.path.dirname(path))
    name = _mirror_name(run.env, api, profile)
    with _locked(path, api), MirrorFile(path, name) as mirror, mirror.explaining():
        yield mirror


@contextmanager
def _locked(path: str, api: str) -> Iterator[str]:
    """Let no other run write a mirror during the block, and yield the path of the lock file.

    Raises:
        RefusedError: Another run writes it.
    """
    lock = f"{path}.lock"
    with hold_lock(lock, _WAIT) as is_held:
        if not is_held:
            raise RefusedError(
                f"The mirror of `{api}` is in use",
                reason="Another run writes it",
                hint="Repeat the command when that has ended",
            )
        yield lock


def api_and_table(env: Environment, word: str) -> tuple[str, str]:
    """Return the API and the table of an argument such as `github/issues`; the table is empty if none is named."""
    name, _, table = word.partition("/")
    if table and (name == DEMO or Configuration(env).registered(name) is not None):
        return name, table
    source, _, table = word.rpartition("/")
    if table and not os.path.exists(word) and os.path.isfile(source):
        return source, table
    return word, ""


def of_api(mirror: MirrorFile, api: str, table: str) -> list[Feed]:
    """Return the feeds of an API, or of one of its tables.

    Raises:
        UsageError: The mirror has no such feed.
    """
    feeds = mirror.feeds(table)
    if feeds:
        return feeds
    known = {feed.table for feed in mirror.feeds()}
    if not known:
        raise _no_mirror(api)
    raise _no_table(api, table, known)


def _no_table(api: str, table: str, known: Iterable[str]) -> UsageError:
    near = near_names(table, sorted(known))
    return UsageError(
        f"The mirror of `{api}` has no table `{table}`",
        reason=f"It has {', '.join(f'`{name}`' for name in sorted(known))}",
        hint=did_you_mean(near) if near else "",
        near=near,
    )


def _no_mirror(api: str) -> UsageError:
    return UsageError(
        f"`{api}` has no mirror", hint=f"Begin with a list: `{invocation('sync', api)} OPERATION [INPUTS]`"
    )


@contextmanager
def reading(path: str, api: str) -> Iterator[sqlite3.Connection]:
    """Open a mirror that can only be read.

    Args:
        api: The name of its API; empty if the user named the file.

    Raises:
        UsageError: The file does not exist.
        FileError: The file is damaged, or another program's.
    """
    if not os.path.exists(path):
        raise _no_mirror(api) if api else UsageError(f"There is no file `{path}`")
    try:
        with read_only(path) as db:
            db.execute("SELECT version FROM _mirror").fetchone()
            yield db
    except sqlite3.DatabaseError as error:
        raise FileError(f"The mirror `{path}` cannot be read", reason=f"SQLite says: {error}") from error


@click.pass_obj
def list_mirrors(run: Run) -> None:
    """Run `sync list`."""
    directory = _directory(run.env)
    names = sorted(name for name in _names_in(directory) if name.endswith(_ENDING))
    rows: list[dict[str, Any]] = []
    for name in names:
        path = os.path.join(directory, name)
        with reading(path, name) as db:
            api, _, profile = name.removesuffix(_ENDING).partition("@")
            tables = sorted({feed.table for feed in feeds_in(db)})
            rows.append(
                {
                    "api": api,
                    "profile": profile or None,
                    "tables": tables,
                    "bytes": os.path.getsize(path),
                    "synced_at": max(
                        (latest["began_at"] for latest in last_passes(db).values()), default=None
                    ),
                }
            )

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        if not rows:
            return f"There is no mirror; `{invocation('sync')} API OPERATION` makes one"
        return "\n".join(
            f"{visible(row['api'])}  {', '.join(map(visible, row['tables']))}  "
            + paint.dim(f"last synced {row['synced_at'] or 'never'}")
            for row in rows
        )

    write_data(run.env, rows, run.data_format, text)


def _names_in(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


@click.pass_obj
def show_mirror(run: Run, api: str, into: str | None) -> None:
    """Run `sync show`."""
    path = into or mirror_path(run.env, api, run.options.in_force("profile", run.env))
    with reading(path, api) as db:
        passes = last_passes(db)
        feeds = [_feed_row(db, feed, passes.get(feed.number)) for feed in feeds_in(db)]

    def text(paint: Painter, width: int) -> str:  # noqa: ARG001
        lines = [path]
        for row in feeds:
            lines += [
                "",
                paint.bold(visible(row["feed"])),
                f"  {row['rows']:,} rows; key: {', '.join(row['key'])}",
            ]
            lines.append(f"  {row['rule']}")
            if latest := row["last"]:
                state = (
                    "complete" if latest["complete"] else f"not complete: {latest['reason'] or 'interrupted'}"
                )
                lines.append(paint.dim(f"  last pass {latest['began_at']}: {state}"))
        return "\n".join(lines)

    write_data(run.env, {"file": path, "feeds": feeds}, run.data_format, text)


def _feed_row(db: sqlite3.Connection, feed: Feed, latest: Any) -> dict[str, Any]:
    ((rows,),) = db.execute(f"SELECT count(*) FROM {sql_name(feed.table)}").fetchall()
    rule = f"asks by `{feed.since}` for changes of `{feed.changed_at}`" if feed.since else "fetches all items"
    return {
        "feed": feed.name,
        "operation": feed.operation,
        "inputs": feed.inputs,
        "table": feed.table,
        "rows": rows,
        "key": list(feed.key),
        "because": feed.key_reason,
        "rule": rule,
        "last": latest,
    }


@click.pass_obj
def drop_mirror(run: Run, api: str, into: str | None) -> None:
    """Run `sync drop`."""
    name, table = api_and_table(run.env, api)
    profile = run.options.in_force("profile", run.env)
    path = into or mirror_path(run.env, name, profile)
    with reading(path, name) as db:
        known = {feed.table for feed in feeds_in(db)}
    if table and table not in known:
        raise _no_table(name, table, known)
    what = f"the table `{table}` of the mirror of `{name}`" if table else f"the mirror of `{name}`"
    run.confirm(
        f"Remove {what}?",
        RefusedError(
            "Nothing was removed", reason=f"You did not confirm to remove {what}", hint="Add `--yes`"
        ),
    )
    if table:
        with open_mirror(run, name, into) as mirror:
            mirror.drop(table)
    else:
        with _locked(path, name) as lock:
            with MirrorFile(path, _mirror_name(run.env, name, profile)):
                pass  # when it is closed, no log is left beside it
            remove_file(path)
            with suppress(OSError):  # Windows removes no file that is open
                os.unlink(lock)
    run.note(f"Removed {what}")
