"""The history of calls: its file made, fixed, swept and read, and the ids that earlier responses had."""

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple

from dynacli.environment import Environment, invocation, program
from dynacli.errors import FileError, UsageError
from dynacli.files import (
    hold_lock,
    make_directory,
    regular_file,
    write_file,
)
from dynacli.openapi.model.field_names import owner_name, plain_name, singular
from dynacli.openapi.model.find_items import item_values, items_of
from dynacli.openapi.model.operation import Operation, Parameter
from dynacli.openapi.model.path_templates import (
    collection_template,
    item_templates,
    listed_collections,
    parameter_names,
)
from dynacli.record import replace
from dynacli.registry.record_call import (
    MOST_REMEMBERED,
    VERSION,
    ReceivedPath,
    RecordedCall,
    UnusualHistoryError,
    column_values,
    history_mode,
    history_path,
    open_history,
    write_call,
)
from dynacli.secrets import with_masked_query

_DAYS = 30
_MOST_CALLS = 20_000
_MOST_WITH_MESSAGES = 1_000
_MOST_WAITING = 1_000
_MENDING_SECONDS = 0.5
_TABLES = """
    CREATE TABLE calls (
        n INTEGER PRIMARY KEY, at REAL, words TEXT, api TEXT, source TEXT, operation TEXT, method TEXT, url TEXT,
        status INTEGER, seconds REAL, bytes INTEGER, findings INTEGER, exit_code INTEGER, messages TEXT,
        cache TEXT
    );
    CREATE TABLE responses (
        n INTEGER PRIMARY KEY, at REAL, source TEXT, template TEXT, path_values TEXT, query TEXT, items INTEGER,
        body TEXT, UNIQUE (source, template, path_values, query)
    )
"""
_SINCE_VERSION_1 = "ALTER TABLE calls ADD COLUMN cache TEXT"
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""Errors of SQLite for a file that is not a database, is damaged, or has other tables."""


_OF_DAMAGED_CALLS = (ValueError, TypeError, LookupError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
_LATEST = 2_000
"""Calls of all APIs that are looked at."""
_NAMES = ("name", "title", "displayname", "label", "fullname", "summary")
"""Plain names of the fields that say what an item is called, the likeliest first."""


Values = dict[str, str]
"""Value → name of the object that it identifies, as users know it; empty if unknown."""


class HistoryRow(NamedTuple):
    """A call of the history.

    Args:
        number: Its number, counted back from the latest, which is 1.
        call: The call.
    """

    number: int
    call: RecordedCall

    @property
    def words(self) -> list[str]:
        """The command line after the program's name."""
        words: list[str] = json.loads(self.call.words)
        return words

    def as_json(self) -> dict[str, Any]:
        """Return the call as `history -o json` lists it."""
        from datetime import UTC, datetime
        from shlex import join

        call = self.call
        at = datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds")
        return {
            "n": self.number,
            "at": at.replace("+00:00", "Z"),
            "api": call.api,
            "operation": call.operation,
            "command": join([program().name, *self.words]),
            "method": call.method,
            "url": call.url,
            "status": call.status,
            "seconds": round(call.seconds, 6),
            "bytes": call.size,
            "findings": call.findings,
            "exit_code": call.exit_code,
            "cache": call.cache,
        }


def record_with_care(
    env: Environment, call: RecordedCall, responded: Sequence[ReceivedPath], unusual: UnusualHistoryError
) -> str:
    """Write a call into a history that is missing, damaged or busy, or that has calls waiting beside it.

    Args:
        unusual: The error of the usual way to write it.

    Returns:
        A note for the user; empty for none.

    Raises:
        OSError: The history cannot be written.
        FileError: The history has no directory.
    """
    path, error, note = history_path(env), unusual.__cause__, ""
    for attempt in range(3):
        if isinstance(error, sqlite3.Error):
            code = _code_of(error)
            if code in _BUSY:
                _let_wait(path, call, responded)
                return note
            if code in _DAMAGE:
                note = _set_aside(path) or note
            elif code != sqlite3.SQLITE_CANTOPEN or attempt:
                return note  # the disk is full, or nothing may be written here
        try:
            _make_file(path)
            _write_with_waiting(path, call, responded)
        except sqlite3.Error as another:
            error = another
        else:
            return note
    return note


def _code_of(error: sqlite3.Error) -> int:
    """Return the primary result code of an error.

    Source: https://www.sqlite.org/rescode.html
    """
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _make_file(path: str) -> None:
    """Make an empty file, which only its owner can read, if there is none."""
    make_directory(os.path.dirname(path))
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _write_with_waiting(path: str, call: RecordedCall | None, responded: Sequence[ReceivedPath]) -> None:
    """Write the calls that wait, and then another; a history of a later version stays as it is."""
    with hold_lock(f"{path}.lock", 0, is_needed=False) as is_alone:
        # Another process that writes what waits has not removed it yet.
        waiting = _waiting(path) if is_alone else []
        with closing(open_history(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                return
            if version < VERSION:
                for statement in (_TABLES if version == 0 else _SINCE_VERSION_1).split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            for name in waiting:
                with suppress(OSError, *_OF_DAMAGED_CALLS):
                    write_call(db, *_read_waiting(name))
            if call is not None:
                write_call(db, call, responded)
            db.execute("COMMIT")
        for name in waiting:
            with suppress(FileNotFoundError):
                os.unlink(name)
        with suppress(OSError):
            os.rmdir(f"{path}.waiting")  # another call may have come to wait


def _read_waiting(name: str) -> tuple[RecordedCall, list[ReceivedPath]]:
    with open(name, "rb", opener=regular_file) as file:
        call, responded = json.load(file)
    return RecordedCall(*call), [ReceivedPath(*item) for item in responded]


def _waiting(path: str) -> list[str]:
    """Return the files of calls that wait, the earliest first."""
    directory = f"{path}.waiting"
    try:
        return [
            os.path.join(directory, name) for name in sorted(os.listdir(directory)) if name.endswith(".json")
        ]
    except FileNotFoundError:
        return []


def _let_wait(path: str, call: RecordedCall, responded: Sequence[ReceivedPath]) -> None:
    """Write a call beside the history, into which the next call writes it."""
    if len(_waiting(path)) >= _MOST_WAITING:
        return  # another process holds the history and does not release it
    name = os.path.join(f"{path}.waiting", f"{time.time_ns():020}-{os.getpid()}.json")
    content = json.dumps([column_values(call), [column_values(path) for path in responded]]).encode()
    for _ in range(3):
        make_directory(os.path.dirname(name))
        with suppress(FileNotFoundError):  # another process has just removed the directory, which was empty
            write_file(name, content, is_lasting=False)
            return


def _set_aside(path: str) -> str:
    """Move a damaged history aside, unless another process has done it; return what to tell of it."""
    aside = f"{path}.damaged"
    with hold_lock(f"{path}.lock", _MENDING_SECONDS, is_needed=False) as is_alone:
        if not is_alone or not _is_damaged(path):
            return ""
        with suppress(FileNotFoundError):
            os.unlink(f"{path}-journal")  # it belongs to the damaged file
        os.replace(path, aside)
    return f"The history was damaged, so dynacli started a new one; the damaged file is `{aside}`"


def _is_damaged(path: str) -> bool:
    try:
        with closing(open_history(path)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != VERSION:
                return False
            db.execute("SELECT n, at, words, messages FROM calls LIMIT 1").fetchone()
            db.execute("SELECT n, body FROM responses LIMIT 1").fetchone()
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.Error as error:
        return _code_of(error) in _DAMAGE


def sweep_history(env: Environment) -> None:
    """Remove calls and ids that are too old or too many; a history that cannot be written stays as it is."""
    oldest = time.time() - _DAYS * 86_400
    with suppress(sqlite3.Error), closing(open_history(history_path(env))) as db:
        db.execute("BEGIN IMMEDIATE")
        latest = db.execute("SELECT max(n) FROM calls").fetchone()[0] or 0
        db.execute("DELETE FROM calls WHERE n <= ? OR at < ?", (latest - _MOST_CALLS, oldest))
        db.execute("UPDATE calls SET messages = NULL WHERE n <= ?", (latest - _MOST_WITH_MESSAGES,))
        db.execute("DELETE FROM responses WHERE at < ?", (oldest,))
        db.execute("COMMIT")


def read_calls(env: Environment, *, with_messages: bool = False, first: int = 1) -> Iterator[HistoryRow]:
    """Yield the calls of the history, the latest first.

    Args:
        with_messages: Whether their messages are read, too.
        first: The number of the first.

    Raises:
        FileError: The history cannot be read.
    """
    path = history_path(env)
    if os.path.exists(f"{path}.waiting"):
        with suppress(OSError, sqlite3.Error):
            _make_file(path)
            _write_with_waiting(path, None, ())
    if not os.path.exists(path):
        return
    messages = "messages" if with_messages else "NULL"
    try:
        with closing(open_history(path)) as db:
            cache = "cache" if _checked_version(db, path) == VERSION else "NULL"
            rows = db.execute(
                "SELECT at, words, api, source, operation, method, url, status, seconds, bytes, findings,"  # noqa: S608
                f" exit_code, {messages}, {cache} FROM calls WHERE at >= ? ORDER BY n DESC LIMIT ? OFFSET ?",
                (time.time() - _DAYS * 86_400, _MOST_CALLS, first - 1),
            )
            for number, row in enumerate(rows, first):
                # An older version may have stored a secret.
                yield HistoryRow(number, RecordedCall(*column_values(RecordedCall(*row))))
    except sqlite3.Error as error:
        raise _unreadable_history(path, error) from error


def _checked_version(db: sqlite3.Connection, path: str) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise FileError(
            f"The history `{path}` cannot be read",
            reason=f"A later version of {program().name} has made it",
            hint=f"Use that version, or start a new history: `{invocation('history clear')}`",
        )
    return version


def _unreadable_history(path: str, error: sqlite3.Error) -> FileError:
    if _code_of(error) in _BUSY:
        return FileError(
            f"The history `{path}` cannot be read", reason="Another program is writing it", hint="Try again"
        )
    is_damaged = _code_of(error) in _DAMAGE
    return FileError(
        f"The history `{path}` cannot be read",
        reason="It is damaged" if is_damaged else str(error),
        hint=f"Start a new one: `{invocation('history clear')}`" if is_damaged else "Check its permissions",
    )


def _remembered_rows(env: Environment, source: str) -> list[ReceivedPath]:
    """Return the ids in the responses of an API, the latest response first.

    Args:
        source: The document, as `api_key` tells.

    Raises:
        sqlite3.error: The history cannot be read.
        FileError: The history has no directory.
    """
    path = history_path(env)
    if not os.path.exists(path):
        return []
    with closing(open_history(path)) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            return []
        rows = db.execute(
            "SELECT at, source, template, path_values, query, items, body FROM responses WHERE source = ?"
            " ORDER BY n DESC",
            (source,),
        )
        return [ReceivedPath(*row) for row in rows]


def clear_history(env: Environment) -> None:
    """Remove the history with its remembered ids and the files beside it.

    Raises:
        OSError: The history cannot be removed.
        FileError: The history has no directory.
    """
    import shutil

    path = history_path(env)
    shutil.rmtree(f"{path}.waiting", ignore_errors=True)
    for ending in ("", "-journal", ".damaged", ".lock"):
        with suppress(FileNotFoundError):
            os.unlink(path + ending)


def called_operations(env: Environment, source: str, names: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return name of an operation → number of its calls among the latest, and the position of its last one.

    A greater position is later. Operations without a call are left out. The result is empty if there is no readable
    history.

    Args:
        source: The document, as `api_key` tells.
        names: The operations that are of interest.
    """
    marks = ",".join("?" * len(names))
    try:
        if history_mode(env) == "off":
            return {}
        with closing(open_history(history_path(env))) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                return {}
            rows = db.execute(
                "SELECT operation, count(*), max(n) FROM calls WHERE n > (SELECT max(n) FROM calls) - ?"  # noqa: S608
                f" AND source = ? AND operation IN ({marks}) GROUP BY operation",
                (_LATEST, source, *names),
            )
            return {str(name): (count, last) for name, count, last in rows}
    except (sqlite3.Error, FileError):
        return {}


def remembered_values(
    env: Environment, source: str, operation: Operation, parameter: Parameter, given: Mapping[str, str]
) -> Values:
    """Return the values that an input may have, by what earlier responses listed; the latest come first.

    Args:
        source: The document, as `api_key` tells.
        parameter: Any input whose values may be ids; for a field of the body, what it would be as a parameter.
        given: Path parameter → its value, of those that are given.
    """
    try:
        rows = _remembered_rows(env, source)
    except (sqlite3.Error, FileError, OSError):
        return {}
    seen = _Seen(parameter)
    responses = list(_read_responses(rows))
    names = parameter_names(operation.path)
    if parameter.location == "path" and parameter.name in names:
        index = names.index(parameter.name)
        before = [given.get(name) for name in names[:index]]
        item, collection = item_templates(operation.path)[index], collection_template(operation.path, index)
        for response in responses:
            if _agree(before, response.values):
                seen.add_response(item, collection, response)
    if not seen.values:
        for response in responses:
            seen.add_namesakes(response)
    return seen.values


class _Response(NamedTuple):
    """The ids in a response, as in `ReceivedPath`.

    Args:
        body: The reduced response; None if it has no ids.
        is_creation: True if the request may have created one item.
        is_gone: True if the last item of the path no longer exists.
    """

    template: str
    values: list[str]
    body: Any
    is_creation: bool
    is_gone: bool


def _read_responses(rows: list[ReceivedPath]) -> Iterator[_Response]:
    for row in rows:
        try:
            body = json.loads(row.body) if row.body else None
            is_creation = row.query.startswith("POST ")
            yield _Response(row.template, json.loads(row.path_values), body, is_creation, row.body is None)
        except ValueError:
            continue


def _agree(before: list[str | None], values: list[str]) -> bool:
    """Return whether the values of a path are those that are given, as far as they are."""
    return all(wanted in (None, value) for wanted, value in zip(before, values, strict=False))


class _Seen:
    """The values that were found so far, the latest first."""

    def __init__(self, parameter: Parameter) -> None:
        self.values: Values = {}
        if parameter.value.type == "array":  # each of its values is one id
            parameter = replace(parameter, name=singular(parameter.name))
        self._parameter = parameter
        self._owner = owner_name(parameter.name)
        self._gone: set[str] = set()

    def add_response(self, item: str, collection: str, response: _Response) -> None:
        """Add what a response tells of the items of a collection.

        Args:
            item: The template of one item.
            collection: The template of the collection.
        """
        template, values = response.template, response.values
        index = item.count("{}") - 1
        if template == item:
            self._add_item(response)
        elif template.startswith(f"{item}/"):
            self._add(values[index], "")
        listed = listed_collections(template)
        if len(values) == index and collection in (listed.collection, listed.nearby):
            segment = listed.segment if collection == listed.collection else collection.rpartition("/")[2]
            self._add_list(response, listed.segment, singular(segment))

    def add_namesakes(self, response: _Response) -> None:
        """Add the ids of a response for the resource in the name of the input: `workflow` for `workflowId`."""
        template = response.template
        if not self._owner:
            return
        if template.endswith("}"):
            if (
                singular(collection_template(template, len(response.values) - 1).rpartition("/")[2])
                == self._owner
            ):
                self._add_item(response)
            return
        segment = listed_collections(template).segment
        if singular(segment) == self._owner:
            self._add_list(response, segment, self._owner)

    def _add_item(self, response: _Response) -> None:
        value = response.values[-1]
        if not response.is_gone:
            self._add(value, _item_name(response.body, value))
        elif value not in self.values:  # it was not made again later
            self._gone.add(value)

    def _add_list(self, response: _Response, segment: str, noun: str) -> None:
        body = response.body
        if response.is_creation and self._add_items([body], noun):
            return
        self._add_items(items_of(body, plain_name(segment)), noun)

    def _add_items(self, items: list[Any], noun: str) -> bool:
        """Add the values of items; return whether there were any."""
        found = False
        for item in items:
            value = next(item_values(item, self._parameter, noun, _takes_type), None)
            if value is not None:
                found = True
                self._add(str(value), _item_name(item, str(value)))
        return found

    def _add(self, value: str, name: str) -> None:
        if value in self._gone or (value not in self.values and len(self.values) >= MOST_REMEMBERED):
            return
        self.values[value] = self.values.get(value) or name


def _takes_type(parameter: Parameter, value: Any) -> bool:
    kind = (parameter.value.items or parameter.value).type
    return isinstance(value, int if kind == "integer" else str) or kind not in {"integer", "string"}


def _item_name(item: Any, value: str) -> str:
    """Return what an item is called, by the likeliest of its fields; empty if none says more than its id."""
    if not isinstance(item, Mapping):
        return ""
    fields = {plain_name(str(key)): member for key, member in item.items() if isinstance(member, str)}
    named = (key for key in fields if key.endswith(_NAMES))
    found = next((key for key in (*_NAMES, *named) if fields.get(key)), "")
    return fields[found] if found and fields[found] != value else ""


def earlier_call(env: Environment, number: int, *, with_messages: bool = False) -> HistoryRow:
    """Return a call of the history.

    Args:
        number: Counted back from the latest, which is 1.

    Raises:
        UsageError: The history has no call with this number.
        FileError: The history cannot be read.
    """
    row = next(iter(read_calls(env, with_messages=with_messages, first=number)), None)
    if row is None:
        raise UsageError(
            f"The history has no call {number}",
            hint=f"`{invocation('history')}` lists the calls; the latest is 1",
        )
    return row


def filtered_calls(
    env: Environment, api: str | None, *, failed: bool, since: str | None, with_messages: bool = False
) -> Iterator[HistoryRow]:
    """Return the calls that are asked for, the latest first.

    Raises:
        UsageError: The time is none.
    """
    oldest = time.time() - _seconds_of_duration(since) if since else 0.0
    wanted = with_masked_query(api) if api else ""

    def rows() -> Iterator[HistoryRow]:
        for row in read_calls(env, with_messages=with_messages):
            if row.call.at < oldest:
                return
            if wanted in ("", row.call.api) and not (failed and row.call.exit_code == 0):
                yield row

    return rows()


def _seconds_of_duration(text: str) -> float:
    from dynacli.registry.revisions.revisions import duration_of

    seconds = duration_of(text)
    if seconds is None:
        raise UsageError(f"`{text}` is an invalid duration", hint="For example: `--since 2h`, `30m` or `7d`")
    return seconds
