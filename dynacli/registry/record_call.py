"""The end of a call: it is written into the history, with the ids and names that its response holds.

It is one short transaction, and waits for no one: what is out of the ordinary is left to `call_history`.
"""

import json
import os
import re
import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import filterfalse, repeat
from typing import Any
from urllib.parse import unquote

from dynacli.environment import Environment
from dynacli.openapi.catalog.catalog_file import Catalog, sqlite_uri
from dynacli.record import record, replace
from dynacli.registry.configuration import Configuration
from dynacli.secrets import MAY_HOLD_SECRET, is_secret_name, mask_url

VERSION = 2
"""The version of the tables, as `PRAGMA user_version` says it."""
HISTORY_MODES = ("off", "headers", "full")
LARGEST_REMEMBERED = 1 << 20
"""The size in bytes of the largest body whose ids are remembered."""
MOST_REMEMBERED = 200
"""Most items of one kind that are remembered."""

_WAIT = 0.05
"""Seconds that another process which is writing is waited for."""
_CALLS_BETWEEN_SWEEPS = 200
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ID_ENDINGS = ("id", "uuid", "identifier", "key", "slug", "name", "number", "code", "title", "label")
_NAMES = ("name", "title", "label")
_AMBIGUOUS = frozenset({"key", "code"})
"""Names of ids that are names of secrets if the items are secrets."""
_OF_SECRETS = ("key", "token", "secret", "credential", "password", "otp", "invit", "voucher", "coupon")
_LONGEST = 100
_DEEPEST = 3
_is_secret_in_path = partial(is_secret_name, in_path=True)
_SYMBOLS = str.maketrans("", "", "_-. $@")

_INSERT_CALL = (
    "INSERT INTO calls (at, words, api, source, operation, method, url, status, seconds, bytes, findings,"
    " exit_code, messages, cache) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_RESPONSE = (
    "responses (at, source, template, path_values, query, items, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FORGET = (
    "DELETE FROM responses WHERE n IN (SELECT n FROM (SELECT n, items, sum(items) OVER (ORDER BY n DESC) AS total"
    " FROM responses WHERE source = ? AND template = ?) WHERE total - items >= ?)"
)


@record
class RecordedCall:
    """A call, without secrets.

    Args:
        at: The time of sending, in seconds since 1970.
        words: The command line after the program's name, as a JSON array.
        api: What the API is called.
        source: Which document that is, as `api_key` tells.
        status: The response's; None if none came.
        seconds: From sending to the last byte, or to the failure.
        size: The bytes of the response's body; None if none came whole.
        findings: How many findings there are; None if nothing was validated.
        messages: The request and the response as JSON; None if they are not kept.
        cache: What the response cache did: `hit`, `revalidated` or `miss`; None if it was not asked.
    """

    at: float
    words: str
    api: str
    source: str
    operation: str
    method: str
    url: str
    status: int | None
    seconds: float
    size: int | None
    findings: int | None
    exit_code: int
    messages: str | None = None
    cache: str | None = None


@record
class AskedPath:
    """The path of a request.

    Args:
        at: The time of sending, in seconds since 1970.
        source: As in `RecordedCall`.
        path: The operation's, as the document has it.
        parts: Path parameter → its percent-encoded text.
        query: The query of the URL.
    """

    at: float
    source: str
    method: str
    path: str
    parts: Mapping[str, str]
    query: str


@record
class ReceivedPath:
    """The ids of a response: in its path, which the server knows, and in the items of its body.

    Args:
        at: The time, in seconds since 1970.
        source: As in `RecordedCall`.
        template: The path with its parameters unnamed: `/repos/{}/{}/issues`.
        path_values: The values of its parameters, as a JSON array.
        query: What tells responses of one path apart: the query, or the method and the time.
        items: How many items there are.
        body: The response as JSON, reduced to what may identify its items; empty if it says nothing, and None if
            the last item of the path is gone.
    """

    at: float
    source: str
    template: str
    path_values: str
    query: str
    items: int
    body: str | None


class UnusualHistoryError(Exception):
    """The history cannot be written as usual: its cause, an error of SQLite, says why.

    Without a cause the file is of another version, or calls wait beside it.
    """


def history_path(env: Environment) -> str:
    """Return the path of the history.

    Raises:
        FileError: The history has no directory.
    """
    return os.path.join(env.state_dir, "history.sqlite")


def history_mode(env: Environment) -> str:
    """Return the setting of the history: one of `HISTORY_MODES`, or an invalid text.

    Raises:
        FileError: The configuration cannot be read.
    """
    return str(env.setting("HISTORY") or Configuration(env).setting("history") or "headers")


def api_key(directory: str) -> str:
    """Return the key under which the history knows an API, whatever it is called.

    Args:
        directory: That of its document in the cache.
    """
    return directory[-8:]  # its checksum; what stands before it may hold a secret of a URL


def open_history(path: str) -> sqlite3.Connection:
    """Open the history, which is there; a transaction that a process died in is undone.

    Raises:
        sqlite3.error: It cannot be opened; with most failures reading or writing is the first to tell.
    """
    # SQLite waits for the other end of a pipe, also for that of one instead of a file beside the history.
    # A directory it refuses.
    for name in (path, f"{path}-journal", f"{path}-wal"):
        if os.path.exists(name) and not os.path.isfile(name) and not os.path.isdir(name):
            error = sqlite3.DatabaseError(f"{name} is not a file")
            error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
            raise error
    db = sqlite3.connect(sqlite_uri(path, "mode=rw"), uri=True, timeout=_WAIT, isolation_level=None)
    try:
        # A loss of power may destroy the history. That is better than a wait for the disk in each call.
        db.execute("PRAGMA synchronous=OFF")
    except sqlite3.Error:
        db.close()  # Windows neither moves nor removes a file that is open
        raise
    return db


def record_call(env: Environment, call: RecordedCall, responded: Sequence[ReceivedPath]) -> bool:
    """Write a call into the history, and remember the ids of its responses; return whether it is time to sweep.

    Raises:
        UnusualHistoryError: The history is not as it usually is: `record_with_care` knows what to do.
        FileError: The history has no directory.
    """
    path = history_path(env)
    if os.path.exists(f"{path}.waiting"):
        raise UnusualHistoryError
    try:
        with closing(open_history(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                raise UnusualHistoryError
            number = write_call(db, call, responded)
            db.execute("COMMIT")
    except sqlite3.Error as error:
        raise UnusualHistoryError from error
    return number % _CALLS_BETWEEN_SWEEPS == 0


def column_values(row: RecordedCall | ReceivedPath) -> list[Any]:
    """Return the values of a row as they are stored and shown, in the order of its columns.

    Values that are secrets by their names or URLs are masked. The caller masks all other known secrets, such as the
    credentials of the call.
    """
    if isinstance(row, ReceivedPath):
        if MAY_HOLD_SECRET.search(row.query.lower()):
            row = replace(row, query=mask_url(f"?{row.query}", is_documented=False)[1:])
    elif (
        row.messages is not None
        or " " in row.operation  # a method and a path
        or "?" in row.words
        or MAY_HOLD_SECRET.search(f"{row.words}{row.url}".lower())
    ):
        from dynacli.registry._masked_row import masked_texts  # a plain call has nothing to mask

        texts = masked_texts(row.words, row.api, row.operation, row.url, row.messages)
        row = replace(row, **texts)
    return list(row.__dict__.values())


def write_call(db: sqlite3.Connection, call: RecordedCall, responded: Sequence[ReceivedPath]) -> int:
    """Write a call and the ids of its responses, within a transaction; return the number of the call.

    Raises:
        sqlite3.error: They cannot be written.
    """
    number = db.execute(_INSERT_CALL, column_values(call)).lastrowid or 0
    for response in responded:
        # What says nothing of items does not replace what does.
        kind = "INSERT OR IGNORE INTO " if response.body == "" else "INSERT OR REPLACE INTO "
        db.execute(kind + _INSERT_RESPONSE, column_values(response))
        db.execute(_FORGET, (response.source, response.template, MOST_REMEMBERED))
    return number


def received_path(
    asked: AskedPath,
    status: int,
    read: Callable[[], Any] | None,
    catalog: Catalog,
    mask: Callable[[str], str],
) -> ReceivedPath | None:
    """Return what a response tells of ids; None if it tells nothing.

    Args:
        status: The response's.
        read: Reads the value of its body, or raises ValueError; None if that is not JSON.
        mask: Takes secrets out of a text.
    """
    path = asked.path.partition("#")[0].partition("?")[0].rstrip("/")
    names = _PLACEHOLDER.findall(path)
    values = json.dumps(list(map(unquote, map(asked.parts.get, names, repeat("")))))
    if mask(values) != values or any(map(_is_secret_in_path, names)):
        return None
    template = _PLACEHOLDER.sub("{}", path)
    is_item, is_success = path.endswith("}"), 200 <= status < 300
    found = ReceivedPath(asked.at, asked.source, mask(template), values, "", 1, "")
    if is_item and (status in (404, 410) or (is_success and asked.method == "DELETE")):
        return replace(found, body=None)
    if not is_success:
        return None
    wanted = names[-1:] if is_item else _parameters_below(catalog, path)
    if not wanted:  # the response lists nothing that a path could name
        last = template.rfind("}") + 1
        return replace(found, template=mask(template[:last])) if last else None
    segment = path[: path.rfind("/")].rpartition("/")[2] if is_item else path.rpartition("/")[2]
    kept = None
    if read is not None:
        with suppress(ValueError, RecursionError):  # it is not JSON after all
            kept = _identifying(read(), _Wanted(wanted, path, segment), is_item=is_item)
    if not kept:
        return found if names else None
    items = 1 if is_item else _count_items(kept)
    # Responses to creations are stored one by one.
    query = "" if is_item else asked.query if asked.method == "GET" else f"{asked.method} {asked.at}"
    text = mask(json.dumps(kept, separators=(",", ":")))
    return replace(found, query=mask(query), items=items, body=text)


def _parameters_below(catalog: Catalog, path: str) -> list[str]:
    """Return the names of the parameters directly below a path, or below its parent: `/runs/search`."""
    above = path.rpartition("/")[0]
    found = catalog.parameters_behind(path)
    return found + catalog.parameters_behind(above) if above and not above.endswith("}") else found


class _Wanted(dict[str, bool]):
    """Name of a member of a response → whether it may identify an item; each name is looked at once.

    Args:
        parameters: The names of the parameters that name such an item in a path.
        path: The path that was asked for.
        segment: The segment of it that says what the items are.
    """

    def __init__(self, parameters: list[str], path: str, segment: str) -> None:
        super().__init__()
        self._parameters = set(map(_without_symbols, filterfalse(_is_secret_in_path, parameters)))
        self._beginning = _without_symbols(segment)[:3]
        is_of_secrets = any(map(path.lower().__contains__, _OF_SECRETS))
        self._left_out: Container[str] = _AMBIGUOUS if is_of_secrets else ()

    def __missing__(self, name: str) -> bool:
        plain = _without_symbols(name)
        if plain in _ID_ENDINGS:
            found = plain in self._parameters or plain not in self._left_out
        else:
            is_of_item = bool(self._beginning) and plain.startswith(self._beginning)
            endings = _ID_ENDINGS if is_of_item else _NAMES
            found = plain in self._parameters or (plain.endswith(endings) and not is_secret_name(name))
        self[name] = found
        return found


def _without_symbols(name: str) -> str:
    return name.lower().translate(_SYMBOLS)


def _identifying(value: Any, wanted: _Wanted, depth: int = 0, *, is_item: bool = False) -> Any:
    """Return a JSON value, reduced to what may identify the items in it.

    Args:
        is_item: Whether the value is itself an item, perhaps as the only member of an object.
    """
    if is_item:
        while type(value) is dict and len(value) == 1 and type(next(iter(value.values()))) is dict:
            value = next(iter(value.values()))
        depth = _DEEPEST
    if type(value) is list:
        items = value[:MOST_REMEMBERED]
        return [
            _identifying(item, wanted, _DEEPEST) if type(item) is dict else item
            for item in items
            if type(item) is dict or _is_short(item)
        ]
    if type(value) is not dict:
        return None
    if depth < _DEEPEST and _has_ids_as_keys(value):
        return [key for key in value if len(key) <= _LONGEST][:MOST_REMEMBERED]
    kept = {key: member for key, member in value.items() if wanted[key] and _is_short(member)}
    for key, member in value.items() if depth < _DEEPEST else ():
        within = _identifying(member, wanted, depth + 1) if type(member) in (dict, list) else None
        if within:
            kept[key] = within
    return kept


def _is_short(value: Any) -> bool:
    return type(value) is int or (type(value) is str and 0 < len(value) <= _LONGEST)


def _has_ids_as_keys(value: dict[str, Any]) -> bool:
    """Return whether the members of an object are objects of one kind, so that its keys are their ids."""
    members = list(value.values())
    if len(members) < 2 or set(map(type, members)) != {dict}:
        return False
    has_lists = any(type(item) is list for member in members for item in member.values())
    return not has_lists and bool(set(members[0]).intersection(*members[1:]))


def _count_items(kept: Any) -> int:
    """Return how many items the longest list has, at least 1."""
    if type(kept) is list:
        return max(1, len(kept))
    return max(map(_count_items, kept.values()), default=1) if type(kept) is dict else 1
