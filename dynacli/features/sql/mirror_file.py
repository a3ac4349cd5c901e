"""The file of a mirror: a SQLite database with a table for each resource, its feeds, and their passes.

| table | content |
|---|---|
| `NAME_all` | the rows of a resource: a column for each field, `_json`, `_synced_at`, `_deleted_at` |
| `NAME` | a view of the rows that were not deleted |
| `_feeds` | the remembered calls |
| `_passes` | the runs of each feed, with the next page of a run that was interrupted |
| `_seen` | the rows of each feed, and the pass that saw them last |

A page is stored in one transaction with the position of the next one. A process may end at any moment, and no row is
lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from dynacli.errors import FileError, FormatError, UsageError
from dynacli.features.sql.feed import Feed, Pass
from dynacli.features.sql.tables import OWN_COLUMNS, RESERVED, sql_name, table_columns
from dynacli.openapi.catalog.catalog_file import sqlite_uri
from dynacli.record import replace

_VERSION = 1
_WAIT = 10.0
"""Seconds that SQLite waits for another process."""
_LOG_PAGES = 2_000
"""Number of pages of the log, 32 MiB, after which SQLite waits for the disk."""
_AT_ONCE = 500
"""Number of rows that are looked up in one query."""
_TABLES = """
    CREATE TABLE _mirror (version INTEGER, api TEXT);
    CREATE TABLE _feeds (
        id INTEGER PRIMARY KEY, of INTEGER, operation TEXT, inputs TEXT, "table" TEXT, facts TEXT
    );
    CREATE UNIQUE INDEX _feeds_of_calls ON _feeds (coalesce(of, 0), operation, inputs, "table");
    CREATE TABLE _passes (
        id INTEGER PRIMARY KEY, feed INTEGER, kind TEXT, since TEXT, began_at TEXT, ended_at TEXT, position TEXT,
        greatest TEXT, requests INTEGER, received INTEGER, added INTEGER, changed INTEGER, deleted INTEGER,
        is_complete INTEGER, parent TEXT, reason TEXT
    );
    CREATE INDEX _passes_of_feed ON _passes (feed, id);
    CREATE TABLE _seen (feed INTEGER, row INTEGER, pass INTEGER, PRIMARY KEY (feed, row)) WITHOUT ROWID;
"""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def utc_text(moment: datetime) -> str:
    """Return a time in UTC, to the second, as RFC 3339 writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> str:
    return utc_text(datetime.now(UTC))


class Parent(NamedTuple):
    """A row that fills the inputs of a call.

    Args:
        inputs: Input → value.
        content: A digest of the item, which changes with it.
    """

    inputs: Mapping[str, Any]
    content: str


class _EarlierRow(NamedTuple):
    """A row of a table before a page is stored.

    Args:
        number: Its number in the table.
        text: Its item as JSON.
        deleted_at: The time of its deletion; None if it was not deleted.
        seen_in: The number of the pass of the feed that saw it last; None if none did.
    """

    number: int
    text: str
    deleted_at: str | None
    seen_in: int | None


class MirrorFile:
    """An open mirror, which one process writes.

    Args:
        path: The path of the file, which is made if it does not exist.
        name: The name of the API and the profile.

    Raises:
        FileError: The file cannot be opened, is damaged, or is of another version or another API.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._lock = threading.RLock()
        is_new = not os.path.exists(path)
        with self._explaining():
            if is_new:
                # SQLite makes its files beside it with the mode of the file.
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            self._db = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(name)
            except BaseException:
                self._db.close()
                raise
        self._columns: dict[str, dict[str, str]] = {}

    def _prepare(self, name: str) -> None:
        """Check that the file is empty or a mirror, before anything of it is changed.

        Raises:
            FileError: The file is a database of another program, or a mirror of another version or another API.
        """
        tables = {table for (table,) in self._db.execute("SELECT name FROM sqlite_master")}
        if tables and "_mirror" not in tables:
            raise FileError(
                f"`{self._path}` is not a mirror",
                reason="It is a database of another program",
                hint="Name another file: `--into FILE`",
            )
        # With a write-ahead log, a page is one write; a power loss loses the last pages at most, and is noticed.
        self._db.execute("PRAGMA page_size = 16384")  # of a new file: most rows have more than 1 KB
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if not tables:
            with self._transaction():
                for statement in _TABLES.split(";"):
                    self._db.execute(statement)
                self._db.execute("INSERT INTO _mirror VALUES (?, ?)", (_VERSION, name))
        ((version, stored),) = self._db.execute("SELECT version, api FROM _mirror").fetchall()
        if version != _VERSION:
            raise FileError(
                f"`{self._path}` cannot be written",
                reason=f"It has the version {version}, and this dynacli writes version {_VERSION}",
                hint="Update dynacli, or name another file: `--into FILE`",
            )
        if stored != name:
            # The rows of another user or another server would be taken for deleted ones.
            raise FileError(
                f"`{self._path}` is the mirror of `{stored}`",
                reason=f"A mirror has one API and one profile, and this run is for `{name}`",
                hint="Name another file: `--into FILE`",
            )

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file, as one file without a log beside it if no other process reads it."""
        with suppress(sqlite3.Error):
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into errors for users.

        Raises:
            FileError: The file cannot be read or written.
        """
        try:
            with self.explaining():
                yield
        except OSError as error:
            raise FileError(
                f"The mirror `{self._path}` cannot be opened", reason=error.strerror or str(error)
            ) from error

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn errors of SQLite into errors for users; a damaged file is moved aside.

        Raises:
            FileError: The file cannot be read or written.
        """
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise self._moved_aside(error) from error
            if _code_of(error) == sqlite3.SQLITE_FULL:
                reason = "The disk is full; all pages before this one are stored"
            else:
                reason = str(error)
            raise FileError(f"The mirror `{self._path}` cannot be written", reason=reason) from error

    def _moved_aside(self, error: sqlite3.DatabaseError) -> FileError:
        if not _is_database(self._path):  # a file of another kind stays where it is
            return FileError(
                f"`{self._path}` is not a mirror",
                reason="It is not a SQLite database",
                hint="Name another file: `--into FILE`",
            )
        with suppress(AttributeError):
            self._db.close()
        number = 1
        while os.path.exists(aside := f"{self._path}.damaged-{number}"):
            number += 1
        try:
            for ending in ("", "-wal"):
                if os.path.exists(self._path + ending):
                    os.rename(self._path + ending, aside + ending)
        except OSError:
            aside = self._path
        return FileError(
            f"The mirror `{self._path}` is damaged",
            reason=f"SQLite says: {error}; it is kept as `{aside}`",
            hint="Repeat the command to fetch everything again",
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Enter a transaction. Threads that fetch for different parents take turns."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    # Feeds.

    def feeds(self, table: str = "") -> list[Feed]:
        """Return the feeds, or the feeds of one table, in the order in which they were added."""
        return feeds_in(self._db, table)

    def keep(self, feed: Feed, of: Feed | None = None) -> Feed:
        """Store a feed, or replace one with the same operation and inputs, and return it with its number.

        Args:
            of: The feed with parents whose call for one parent this is; None for a feed of its own.
        """
        inputs = json.dumps(feed.inputs, sort_keys=True)
        facts = json.dumps(
            {
                "columns": feed.columns,
                "key": feed.key,
                "key_reason": feed.key_reason,
                "changed_at": feed.changed_at,
                "since": feed.since,
                "parents": feed.parents,
                "filled": feed.filled,
            }
        )
        found = (None if of is None else of.number, feed.operation, inputs, feed.table)
        same = 'coalesce(of, 0) = coalesce(?, 0) AND operation = ? AND inputs = ? AND "table" = ?'
        with self._explaining():
            row = self._db.execute(f"SELECT id, facts FROM _feeds WHERE {same}", found).fetchone()
            if row is not None and row[1] == facts:
                return replace(feed, number=int(row[0]))
            with self._transaction():
                if row is None:
                    insert = (
                        'INSERT INTO _feeds (of, operation, inputs, "table", facts) VALUES (?, ?, ?, ?, ?)'
                    )
                    number = int(self._db.execute(insert, (*found, facts)).lastrowid or 0)
                else:
                    number = int(row[0])
                    self._db.execute("UPDATE _feeds SET facts = ? WHERE id = ?", (facts, number))
                self._make_table(feed)
        return replace(feed, number=number)

    def drop(self, table: str) -> None:
        """Remove a table with its feeds and their passes."""
        feeds = '(SELECT id FROM _feeds WHERE "table" = ?)'
        with self._explaining(), self._transaction():
            self._db.execute(f"DELETE FROM _seen WHERE feed IN {feeds}", (table,))
            self._db.execute(f"DELETE FROM _passes WHERE feed IN {feeds}", (table,))
            self._db.execute('DELETE FROM _feeds WHERE "table" = ?', (table,))
            self._db.execute(f"DROP VIEW IF EXISTS {sql_name(table)}")
            self._db.execute(f"DROP TABLE IF EXISTS {sql_name(table + '_all')}")
        self._columns.pop(table, None)

    # Tables.

    def _make_table(self, feed: Feed) -> None:
        table = sql_name(feed.table + "_all")
        # Columns have no type, so that SQLite keeps each value as it is given.
        columns = ", ".join(
            sql_name(name) for name in dict.fromkeys((*feed.columns, *feed.key, *OWN_COLUMNS))
        )
        unique = f", UNIQUE ({', '.join(map(sql_name, feed.key))})" if feed.key else ""
        self._db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}{unique})")
        self._db.execute(
            f"CREATE VIEW IF NOT EXISTS {sql_name(feed.table)} AS SELECT * FROM {table} WHERE _deleted_at IS NULL"
        )
        self._add_columns(feed.table, [*feed.columns, *feed.key])

    def _columns_of(self, table: str) -> dict[str, str]:
        """Return lower case → name of the columns of a table."""
        if table not in self._columns:
            rows = self._db.execute(f"PRAGMA table_info({sql_name(table + '_all')})")
            self._columns[table] = {row[1].lower(): row[1] for row in rows}
        return self._columns[table]

    def _add_columns(self, table: str, names: Sequence[str]) -> None:
        """Add the columns that a table lacks. A name that differs in case alone, or that is too much, is left out."""
        known = self._columns_of(table)
        for name in table_columns(names, known):
            self._db.execute(f"ALTER TABLE {sql_name(table + '_all')} ADD COLUMN {sql_name(name)}")
            known[name.lower()] = name

    # Passes.

    def unfinished_pass(self, feed: Feed) -> Pass | None:
        """Return the latest pass of a feed if it was interrupted."""
        row = self._db.execute(
            "SELECT id, kind, since, position, greatest, requests, received, added, changed, deleted, ended_at"
            " FROM _passes WHERE feed = ? ORDER BY id DESC LIMIT 1",
            (feed.number,),
        ).fetchone()
        if row is None or row[-1] is not None:
            return None
        number, kind, since, position, greatest, *counts = row[:-1]
        return Pass(
            number,
            kind,
            since,
            json.loads(position) if position else None,
            greatest,
            *counts,
        )

    def latest_changes(self, feed: Feed) -> list[str]:
        """Return the greatest value of `changed_at` in each finished pass of a feed."""
        rows = self._db.execute(
            "SELECT DISTINCT greatest FROM _passes WHERE feed = ? AND is_complete", (feed.number,)
        )
        return [greatest for (greatest,) in rows if greatest]

    def parents(self, feed: Feed) -> list[Parent]:
        """Return the rows that the calls of a feed are filled from, in the order in which they came."""
        names = list(feed.filled.values())
        # SQLite takes an unknown name in quotes for text, unless its table is before it.
        listed = "".join(f", parents.{sql_name(name)}" for name in names)
        try:
            rows = self._db.execute(
                f"SELECT _json{listed} FROM {sql_name(feed.parents)} AS parents ORDER BY _rowid_"
            ).fetchall()
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"`{feed.name}` cannot be fetched",
                reason=f"SQLite says: {error}",
                hint=f"Fetch `{feed.parents}` first, or name the columns: `--set INPUT=COLUMN`",
            ) from error
        return [
            Parent(
                dict(zip(feed.filled, values, strict=True)), hashlib.sha256(text.encode()).hexdigest()[:16]
            )
            for text, *values in rows
        ]

    def parent_of_last_pass(self, feed: Feed) -> str:
        """Return the content of the parent in the latest complete pass, as `Parent.content` has it."""
        row = self._db.execute(
            "SELECT parent FROM _passes WHERE feed = ? AND is_complete ORDER BY id DESC LIMIT 1",
            (feed.number,),
        ).fetchone()
        return (row and row[0]) or ""

    def begin_pass(self, feed: Feed, kind: str, since: str = "", parent: str = "") -> Pass:
        """Store that a pass begins; an earlier one that was interrupted ends."""
        with self._explaining(), self._transaction():
            self._db.execute(
                "UPDATE _passes SET ended_at = ?, reason = 'a later pass began'"
                " WHERE feed = ? AND ended_at IS NULL",
                (_now(), feed.number),
            )
            cursor = self._db.execute(
                "INSERT INTO _passes (feed, kind, since, began_at, greatest, requests, received, added, changed,"
                " deleted, is_complete, parent) VALUES (?, ?, ?, ?, '', 0, 0, 0, 0, 0, 0, ?)",
                (feed.number, kind, since, _now(), parent),
            )
            return Pass(int(cursor.lastrowid or 0), kind, since)

    def store_page(
        self,
        feed: Feed,
        current: Pass,
        rows: Sequence[Mapping[str, Any]],
        texts: Sequence[str],
        position: Mapping[str, Any] | None,
        greatest: str = "",
        documented: Sequence[str] = (),
    ) -> Pass:
        """Store the rows of a page, and the position of the next one, in one transaction.

        Args:
            rows: Column → value of each item, with the columns of the key.
            texts: The JSON of each item.
            position: The position of the next page; None if the list would begin again.
            greatest: The greatest value of `changed_at` in the pass.
            documented: The columns that the document describes, which the table has even if no row has them.

        Returns:
            The pass with its new counts.

        Raises:
            FormatError: The rows contradict the key. Nothing of the page is stored.
            FileError: The file cannot be written.
        """
        keys = _checked_keys(feed, rows)
        with self._explaining(), self._transaction():
            names: dict[str, None] = {}
            for row in rows:
                if not row.keys() <= names.keys():
                    names.update(dict.fromkeys(row))
            self._add_columns(feed.table, [*feed.columns, *documented, *names])
            known = self._columns_of(feed.table)
            columns = [name for name in names if known.get(name.lower()) == name and name not in RESERVED]
            at = _now()
            values = [[*map(row.get, columns), text, at, None] for row, text in zip(rows, texts, strict=True)]
            earlier = self._earlier_rows(feed, keys)
            new, changed, seen, conflicts = [], [], [], 0
            number = self._last_row(feed)
            for key, text, made in zip(keys, texts, values, strict=True):
                found = earlier.get(key) if feed.key else None
                if found is None:
                    number += 1
                    new.append([number, *made])
                    seen.append((feed.number, number, current.number))
                    continue
                seen.append((feed.number, found.number, current.number))
                if found.text != text or found.deleted_at is not None:
                    changed.append([*made, found.number])
                    conflicts += found.seen_in == current.number
            self._write_rows(feed, [*columns, *OWN_COLUMNS], new, changed)
            self._db.executemany("INSERT OR REPLACE INTO _seen VALUES (?, ?, ?)", seen)
            current = replace(
                current,
                position=position,
                greatest=greatest,
                requests=current.requests + 1,
                received=current.received + len(rows),
                added=current.added + len(new),
                changed=current.changed + len(changed) - conflicts,
                conflicts=current.conflicts + conflicts,
            )
            self._db.execute(
                "UPDATE _passes SET position = ?, greatest = ?, requests = ?, received = ?, added = ?, changed = ?"
                " WHERE id = ?",
                (
                    None if position is None else json.dumps(position),
                    *(current.greatest, current.requests, current.received, current.added, current.changed),
                    current.number,
                ),
            )
        return current

    def _earlier_rows(
        self, feed: Feed, keys: Sequence[tuple[Any, ...]]
    ) -> dict[tuple[Any, ...], _EarlierRow]:
        """Return key → row that the table has, for the keys of a page."""
        found: dict[tuple[Any, ...], _EarlierRow] = {}
        if not feed.key:
            return found
        key = ", ".join(f"kept.{sql_name(name)}" for name in feed.key)
        one = f"({', '.join('?' * len(feed.key))})"
        for begin in range(0, len(keys), _AT_ONCE):
            asked = keys[begin : begin + _AT_ONCE]
            listed = ", ".join([one] * len(asked))
            query = (
                f"SELECT kept._rowid_, kept._json, kept._deleted_at, _seen.pass, {key}"
                f" FROM {sql_name(feed.table + '_all')} AS kept"
                " LEFT JOIN _seen ON _seen.feed = ? AND _seen.row = kept._rowid_"
                f" WHERE ({key}) IN (VALUES {listed})"
            )
            for number, text, deleted_at, seen_in, *values in self._db.execute(
                query, [feed.number, *(value for key in asked for value in key)]
            ):
                found[tuple(values)] = _EarlierRow(number, text, deleted_at, seen_in)
        return found

    def _last_row(self, feed: Feed) -> int:
        query = f"SELECT coalesce(max(_rowid_), 0) FROM {sql_name(feed.table + '_all')}"
        return int(self._db.execute(query).fetchone()[0])

    def _write_rows(
        self,
        feed: Feed,
        columns: Sequence[str],
        new: Sequence[Sequence[Any]],
        changed: Sequence[Sequence[Any]],
    ) -> None:
        table, named = sql_name(feed.table + "_all"), [sql_name(name) for name in columns]
        if new:
            marks = ", ".join("?" * (len(named) + 1))
            self._db.executemany(f"INSERT INTO {table} (_rowid_, {', '.join(named)}) VALUES ({marks})", new)
        if changed:
            # Columns that the page lacks become null.
            others = [sql_name(name) for name in self._columns_of(feed.table).values() if name not in columns]
            sets = ", ".join([*(f"{name} = ?" for name in named), *(f"{name} = NULL" for name in others)])
            self._db.executemany(f"UPDATE {table} SET {sets} WHERE _rowid_ = ?", changed)

    def fail_pass(self, current: Pass, reason: str) -> None:
        """Store why a pass stopped; it stays open, so that the next run goes on."""
        with suppress(sqlite3.Error):
            self._db.execute("UPDATE _passes SET reason = ? WHERE id = ?", (reason, current.number))

    def vanished(self, feed: Feed, current: Pass) -> tuple[int, int]:
        """Return the number of rows of a feed that a pass did not see, and the number of its rows before the pass."""
        row = self._db.execute(
            "SELECT count(*) FILTER (WHERE pass <> ?), count(*) FROM _seen"
            f" JOIN {sql_name(feed.table + '_all')} AS kept ON kept._rowid_ = _seen.row"
            " WHERE feed = ? AND kept._deleted_at IS NULL",
            (current.number, feed.number),
        ).fetchone()
        gone, all_rows = row
        return gone, all_rows - current.added

    def end_pass(self, feed: Feed, current: Pass, *, is_complete: bool, deletes: bool) -> Pass:
        """Store that a pass has ended.

        Args:
            is_complete: Whether it had all items. Only then the next pass may ask for changes alone.
            deletes: Whether the rows that the pass did not see, and that no other feed has, are deleted.

        Returns:
            The pass with the number of deleted rows.
        """
        deleted = 0
        with self._explaining(), self._transaction():
            if deletes:
                self._db.execute(
                    "DELETE FROM _seen WHERE feed = ? AND pass <> ?", (feed.number, current.number)
                )
                feeds = 'SELECT id FROM _feeds WHERE "table" = ?'
                deleted = self._db.execute(
                    f"UPDATE {sql_name(feed.table + '_all')} SET _deleted_at = ? WHERE _deleted_at IS NULL"
                    f" AND _rowid_ NOT IN (SELECT row FROM _seen WHERE feed IN ({feeds}))",
                    (_now(), feed.table),
                ).rowcount
            self._db.execute(
                "UPDATE _passes SET ended_at = ?, position = NULL, deleted = ?, is_complete = ?,"
                " reason = NULL WHERE id = ?",
                (_now(), deleted, is_complete, current.number),
            )
        return replace(current, deleted=deleted)


def feeds_in(db: sqlite3.Connection, table: str = "") -> list[Feed]:
    """Return the feeds of a mirror, or of one of its tables, in the order in which they were added."""
    rows = db.execute('SELECT id, operation, inputs, "table", facts FROM _feeds WHERE of IS NULL ORDER BY id')
    found = [
        Feed(number, operation, json.loads(inputs), name, **_facts_of(facts))
        for number, operation, inputs, name, facts in rows
    ]
    return [feed for feed in found if table in ("", feed.table)]


def last_passes(db: sqlite3.Connection) -> dict[int, dict[str, Any]]:
    """Return the number of a feed → its latest pass, as `sync show` prints it."""
    rows = db.execute(
        "SELECT feed, kind, began_at, ended_at, requests, added, changed, deleted, is_complete, reason"
        " FROM _passes ORDER BY id"
    )
    names = ("kind", "began_at", "ended_at", "requests", "new", "changed", "deleted", "complete", "reason")
    found = {feed: dict(zip(names, values, strict=True)) for feed, *values in rows}
    for latest in found.values():
        latest["complete"] = bool(latest["complete"])
    return found


def _is_database(path: str) -> bool:
    """Return whether a file begins as SQLite's files do (https://www.sqlite.org/fileformat.html)."""
    try:
        with open(path, "rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that a file is damaged."""
    return _code_of(error) in _DAMAGE


def _code_of(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _facts_of(text: str) -> dict[str, Any]:
    facts = json.loads(text)
    return {**facts, "key": tuple(facts["key"])}


def _checked_keys(feed: Feed, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the key of each row of a page, which identifies it; empty tuples if rows are appended.

    Raises:
        FormatError: A part of the key is missing, or two rows have the same key.
    """
    keys = [tuple(map(row.get, feed.key)) for row in rows]
    if not feed.key:
        return keys
    seen: set[tuple[Any, ...]] = set()
    for number, key in enumerate(keys, 1):
        problem = ""
        if None in key:
            problem = f"`{feed.key[key.index(None)]}` of item {number} is null or absent"
        elif key in seen:
            problem = f"item {number} has the same key as an earlier one: {', '.join(map(str, key))}"
        if problem:
            raise FormatError(
                f"`{', '.join(feed.key)}` does not identify the rows of `{feed.table}`",
                reason=f"In the response, {problem}; nothing of this page is stored",
                hint="Name the fields that identify an item: `--key FIELD,FIELD`; or `--append`",
            )
        seen.add(key)
    return keys


def read_only(path: str) -> closing[sqlite3.Connection]:
    """Return a context with a connection that can only read a file.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    return closing(sqlite3.connect(sqlite_uri(path, "mode=ro"), uri=True, timeout=_WAIT))
