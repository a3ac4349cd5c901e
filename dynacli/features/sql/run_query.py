"""One SELECT of SQLite over a response, or over mirrors: checked before, restricted and limited while it runs.

SQLite compiles the query. An authorizer refuses everything except reading, so that a query changes nothing, opens no
file and loads no extension. A handler ends a query that takes too long or too much memory.
"""

from __future__ import annotations

import re
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from math import isinf
from typing import TYPE_CHECKING, Any, NoReturn

from dynacli.environment import invocation
from dynacli.errors import FormatError, UsageError
from dynacli.features.sql.tables import (
    documented_columns,
    item_columns,
    item_text,
    sql_name,
    table_columns,
    without_objects,
)
from dynacli.openapi.model.find_items import Items, KnownItems, find_items
from dynacli.openapi.model.wording import did_you_mean, near_names
from dynacli.system import largest_memory
from dynacli.text.filter_value import SqlRows
from dynacli.text.json_budget import MAX_VALUES

if TYPE_CHECKING:
    from dynacli.http.semantics import ReceivedBody
    from dynacli.media.text_values import BodySchema

MOST_SECONDS = 30
_MOST_MEMORY = 1024**3
"""Bytes by which the memory of the process may grow."""
_LONGEST_VALUE = 64 * 1024 * 1024
_LONGEST_PATTERN = 1_000
"""Maximum number of characters of the pattern of LIKE and GLOB, which compare it at each position."""
_JSON_TABLES = ("json_each", "json_tree")
_STEPS_BETWEEN_LOOKS = 20_000
_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<word>[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_REFUSED = re.compile(
    r"pragma_.*|load_extension|readfile|writefile|edit|fts3_tokenizer|lsdir|fsdir", re.IGNORECASE
)
"""Functions that open files, load code or show settings. Most installations of SQLite lack most of them."""
_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_UNKNOWN = re.compile(r"no such (column|table|function): (.*)")
_OF_NAMES = re.compile(
    "no such (?:table|column)|ambiguous|number of result columns|returns [0-9]+ columns|cannot join using"
    "|out of range|already exists|unknown database"
)
"""The errors that depend on the tables and columns of a response."""
_MOST_MADE = 100
_MOST_LISTED = 20
_VERBS = frozenset({"SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"})
_NOTHING = KnownItems()


def check_query(text: str, name: str = "The query") -> None:
    """Check, before anything is sent, that a text is one SELECT without a syntax error.

    Args:
        name: The name of the query in messages.

    Raises:
        UsageError: The text is something else.
    """
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "space"]
    words = [match.group().upper() if match.lastgroup == "word" else "" for match in tokens]
    ends = [index for index, match in enumerate(tokens) if match.group() == ";"]
    if _verb(tokens, words) != "SELECT" or (ends and ends[0] < len(tokens) - 1):
        raise UsageError(
            f"{name} is not one SELECT of SQLite",
            reason="It must begin with `SELECT` or `WITH`, and contain a single statement",
            hint=f"For example: `--sql 'select count(*) from rows'`; see `{invocation('help sql')}`",
        )
    for match in tokens:
        plain = match.group().strip('"`[]')
        if match.lastgroup in {"word", "name"} and _REFUSED.fullmatch(plain):
            _refuse(name, f"`{plain}` does more than reading rows")
    try:
        _compile(_strict(text))
    except (UnicodeEncodeError, ValueError, sqlite3.ProgrammingError) as error:
        reason = "It has a character or a parameter that is not allowed"
        raise UsageError(f"{name} has a syntax error", reason=reason, hint=_help()) from error
    except sqlite3.Error as error:
        if _is_refused(error):
            _refuse(name, "it does more than reading rows")
        unknown = _UNKNOWN.fullmatch(str(error))
        if unknown is not None and unknown[1] == "function":
            near = near_names(unknown[2], _functions())
            raise UsageError(
                f"{name} has an unknown function `{unknown[2]}`", hint=did_you_mean(near, _help()), near=near
            ) from error
        if not _OF_NAMES.search(str(error)):
            raise UsageError(
                f"{name} has a syntax error", reason=f"SQLite says: {error}", hint=_help()
            ) from error


def _compile(query: str) -> None:
    """Compile a query over tables that have all columns that it names, because a response may have them.

    Otherwise an unknown name would hide an error that has nothing to do with names.

    Raises:
        sqlite3.Error: SQLite cannot compile the query.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _prepare(db)
        for table in ("rows", "response"):
            db.execute(f"CREATE TABLE {table} (_json)")
        made: set[str] = set()
        while len(made) < _MOST_MADE:
            db.set_authorizer(_authorize)
            try:
                db.execute(f"EXPLAIN {query}").close()
            except sqlite3.OperationalError as error:
                found = _UNKNOWN.fullmatch(str(error))
                if found is None or found[1] == "function" or found[0] in made:
                    raise
                made.add(found[0])
                db.set_authorizer(None)
                if found[1] == "table":
                    db.execute(f"CREATE TABLE {sql_name(found[2].rpartition('.')[2])} (_json)")
                else:
                    tables = ("rows", "response") if "." in found[2] else ("rows",)
                    for table in tables:
                        with suppress(sqlite3.Error):  # the table has the column
                            db.execute(
                                f"ALTER TABLE {table} ADD COLUMN {sql_name(found[2].rpartition('.')[2])}"
                            )
            else:
                return


def _functions() -> list[str]:
    """Return the names of the functions of SQLite."""
    with closing(sqlite3.connect(":memory:")) as db:
        rows = db.execute("SELECT DISTINCT name FROM pragma_function_list ORDER BY 1").fetchall()
    return [name for (name,) in rows if name.isidentifier() and not _REFUSED.fullmatch(name)]


def _help() -> str:
    return f"`{invocation('help sql')}`"


def _prepare(db: sqlite3.Connection) -> None:
    """Make a connection ready for queries of users, before it is restricted."""
    db.text_factory = lambda content: content.decode("utf-8", "replace")
    db.execute("PRAGMA temp_store = memory")  # sorting writes no file
    for name in _JSON_TABLES:
        with suppress(sqlite3.Error):  # an old SQLite has no JSON functions
            # The first use makes a virtual table, which the authorizer refuses.
            db.execute(f"SELECT 1 FROM {name}('[]')").close()
    # These take hours inside SQLite for long text, where nothing can end them.
    db.create_function("instr", 2, _position, deterministic=True)
    db.create_function("replace", 3, _replaced, deterministic=True)
    for name, sides in (("trim", "lr"), ("ltrim", "l"), ("rtrim", "r")):
        for count in (1, 2):
            db.create_function(name, count, partial(_trimmed, sides), deterministic=True)
    db.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)


def _position(value: Any, part: Any) -> int | None:
    """Return the position of the first occurrence, from 1; 0 if there is none (https://sqlite.org/lang_corefunc.html)."""
    if value is None or part is None:
        return None
    if isinstance(value, bytes) and isinstance(part, bytes):
        return value.find(part) + 1
    return _text(value).find(_text(part)) + 1


def _replaced(value: Any, part: Any, by: Any) -> str | None:
    """Return text with a part replaced; the same text if the part is empty."""
    if value is None or part is None or by is None:
        return None
    text, old, new = _text(value), _text(part), _text(by)
    if not old:
        return text
    if len(text) + text.count(old) * len(new) > _LONGEST_VALUE:
        raise MemoryError
    return text.replace(old, new)


def _trimmed(sides: str, value: Any, characters: Any = " ") -> str | None:
    """Return text without characters at its beginning (`l`) and its end (`r`)."""
    if value is None or characters is None:
        return None
    text, removed = _text(value), frozenset(_text(characters))
    begin, end = 0, len(text)
    while "l" in sides and begin < end and text[begin] in removed:
        begin += 1
    while "r" in sides and begin < end and text[end - 1] in removed:
        end -= 1
    return text[begin:end]


def _text(value: Any) -> str:
    """Return an argument of a function as SQLite's text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _verb(tokens: Sequence[re.Match[str]], words: Sequence[str]) -> str:
    """Return the verb of a statement: its first word, or after `WITH` the first verb outside parentheses.

    Args:
        words: The tokens in capitals; empty for a token that is not a word.
    """
    if words[:1] != ["WITH"]:
        return words[0] if words else ""
    depth = 0
    for match, word in zip(tokens, words, strict=True):
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        if not depth and word in _VERBS:
            return word
    return ""


def _refuse(name: str, reason: str) -> NoReturn:
    raise UsageError(
        f"{name} is refused",
        reason=reason,
        hint="Read the tables alone; PRAGMA, files and extensions are not allowed",
    )


def _strict(text: str) -> str:
    """Return a query in which a name in double quotes is never text.

    SQLite reads `"name"` as text if there is no such column
    (https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted). In backticks, it is an error.
    """
    return "".join(_in_backticks(match) for match in _TOKEN.finditer(text))


def _in_backticks(match: re.Match[str]) -> str:
    token = match.group()
    if match.lastgroup != "name" or token[0] != '"':
        return token
    name = token[1:-1].replace('""', '"').replace("`", "``")
    return f"`{name}`"


def _authorize(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _is_refused(error: sqlite3.Error) -> bool:
    return "not authorized" in str(error) or "prohibited" in str(error)


def query_result(value: Any, query: str, body: ReceivedBody | None) -> SqlRows:
    """Return the rows of a query over a response.

    Args:
        value: A value of `dynacli.text.exact_json`.
        query: The checked query.
        body: The body of the value, if the document may describe it.

    Raises:
        FormatError: A name is unknown, or the query fails, takes too long or too much memory.
        UsageError: The query does more than reading.
    """
    known = body.known() if body is not None and body.known is not None else None
    schema = body.schema() if body is not None and body.schema is not None else None
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for name, items, names in _tables(value, known or _NOTHING, schema):
            _fill(db, name, items, names, has_json=name != "response")
        try:
            return rows_of_query(db, query, MOST_SECONDS)
        except UnknownNameError as error:
            raise FormatError(
                f"The response has no {error.kind} `{error.name}`",
                reason=f"It has {error.listed}",
                hint=error.hint("The response is printed as JSON"),
                near=error.near,
            ) from error


class UnknownNameError(Exception):
    """A query names a table, a column or a function that does not exist.

    Args:
        kind: `table` or `column`.
        name: The unknown name.
        known: The names of this kind that exist.
        is_quoted: Whether the query has the name in double quotes, in which other databases may have a text.
    """

    def __init__(self, kind: str, name: str, known: list[str], *, is_quoted: bool = False) -> None:
        super().__init__(f"no such {kind}: {name}")
        self.kind, self.name, self.known, self.is_quoted = kind, name, known, is_quoted

    @property
    def listed(self) -> str:
        """The first of the known names, for messages; empty if there are none."""
        return ", ".join(f"`{name}`" for name in self.known[:_MOST_LISTED])

    @property
    def near(self) -> list[str]:
        """Known names that are similar."""
        return near_names(self.name.rpartition(".")[2] if self.kind == "column" else self.name, self.known)

    def hint(self, otherwise: str) -> str:
        """Return the advice for the user: similar names, or how to write a text; else the given one."""
        if self.is_quoted:
            otherwise = f"If `{self.name}` is a text, put it in single quotes: `'{self.name}'`"
        return did_you_mean(self.near, otherwise)


def rows_of_query(db: sqlite3.Connection, query: str, seconds: float) -> SqlRows:
    """Return the rows of a query.

    Args:
        db: The database. If it is foreign, `trusted_schema` must be off.
        seconds: The time limit.

    Raises:
        UnknownNameError: A name is unknown.
        FormatError: The query fails, takes too long or too much memory.
        UsageError: The query does more than reading.
    """
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    _prepare(db)
    reason: list[str] = []
    try:
        with _restricted(db, seconds, reason):
            cursor = db.execute(_strict(query))
            columns = _distinct(_shown(str(column[0]), query) for column in cursor.description)
            left = MAX_VALUES
            rows: list[dict[str, Any]] = []
            for row in cursor:
                left -= len(row) + 1
                if left < 0:
                    raise _failed("its result is too large")
                rows.append({name: _json_value(cell) for name, cell in zip(columns, row, strict=True)})
            return SqlRows(rows, columns)
    except MemoryError:
        raise _failed("it takes too much memory") from None
    except sqlite3.Error as error:
        found = _UNKNOWN.match(str(error))
        if found is not None:
            kind, name = found[1], found[2]
            is_quoted = f'"{name}"' in query
            raise UnknownNameError(kind, name, _names(db).get(kind, []), is_quoted=is_quoted) from error
        if _is_refused(error):
            _refuse("The query", "it does more than reading rows")
        if str(error) == "interrupted" and not reason:  # the handler only ends a query with a reason
            raise KeyboardInterrupt from None
        raise _failed("; ".join(reason) or f"SQLite says: {error}") from error


def _failed(reason: str) -> FormatError:
    return FormatError("The query fails", reason=reason, hint=f"`{invocation('help sql')}` has examples")


@contextmanager
def _restricted(db: sqlite3.Connection, seconds: float, reason: list[str]) -> Iterator[None]:
    """Let a connection only read, for a time, and with a limit of memory.

    Args:
        reason: Receives the limit that ended a query.
    """
    end, most = time.monotonic() + seconds, largest_memory() + _MOST_MEMORY

    def look() -> int:
        if time.monotonic() > end:
            reason.append(f"it takes more than {seconds:g} seconds")
        elif largest_memory() > most:
            reason.append(f"it takes more than {_MOST_MEMORY // 1024**2:,} MiB of memory")
        return len(reason)

    db.set_authorizer(_authorize)
    db.set_progress_handler(look, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        db.set_progress_handler(None, 0)
        db.set_authorizer(None)


def _names(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the names that a database has: `table` and `column` → names."""
    tables = [
        (schema, name)
        for _, schema, _ in db.execute("PRAGMA database_list").fetchall()
        for (name,) in db.execute(
            f"SELECT name FROM {sql_name(schema)}.sqlite_master WHERE type IN ('table', 'view')"
        )
        if not name.startswith(("_", "sqlite_"))
    ]
    columns: list[str] = []
    for schema, name in tables:
        with suppress(sqlite3.Error):  # a view of a foreign file may be wrong
            rows = db.execute(f"PRAGMA {sql_name(schema)}.table_info({sql_name(name)})").fetchall()
            columns += [row[1] for row in rows]
    return {"table": [name for _, name in tables], "column": list(dict.fromkeys(columns))}


def _shown(name: str, query: str) -> str:
    """Return the name of a column of a result as the user wrote it."""
    return name if "`" in query else name.replace("`", '"')


def _distinct(names: Iterable[str]) -> list[str]:
    """Return names for the columns of a result; a repeated one gets a number."""
    found: list[str] = []
    for name in names:
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found


def _json_value(cell: Any) -> Any:
    """Return a value of SQLite as JSON: infinity is null, and bytes are base64."""
    if isinstance(cell, float) and isinf(cell):
        return None
    return b64encode(cell).decode() if isinstance(cell, bytes) else cell


def _tables(
    value: Any, known: KnownItems, schema: BodySchema | None
) -> Iterator[tuple[str, list[Any], tuple[str, ...]]]:
    """Yield (name, items, documented columns) of the tables of a response."""
    found = find_items(value, known)
    if isinstance(found, Items):
        names = documented_columns(schema, found.steps) if schema is not None and not found.is_keyed else ()
        yield "rows", found.values, names or known.names
    members = value if isinstance(value, dict) and not (isinstance(found, Items) and not found.steps) else {}
    plain = _scalars(members, 1) if isinstance(value, dict | list) else {"value": value}
    yield "response", [plain], () if schema is None else documented_columns(schema)
    taken = {"rows", "response"}
    for name, member in members.items():
        is_table = isinstance(member, list) and member and all(isinstance(item, dict) for item in member)
        if is_table and name.lower() not in taken:
            taken.add(name.lower())
            yield name, member, ()


def _scalars(members: dict[str, Any], levels: int) -> dict[str, Any]:
    """Return an object without its lists, with the same of the objects in it up to a number of levels."""
    return {
        name: _scalars(item, levels - 1) if isinstance(item, dict) else item
        for name, item in members.items()
        if not isinstance(item, list) and (levels or not isinstance(item, dict))
    }


def _fill(
    db: sqlite3.Connection, table: str, items: list[Any], names: tuple[str, ...], *, has_json: bool
) -> None:
    """Make a table of items.

    Args:
        names: The documented columns, which come first.
        has_json: Whether the table has the column `_json`.
    """
    if "\0" in table:
        return
    rows = [item_columns(item if isinstance(item, dict) else {"value": item}) for item in items]
    columns = table_columns(
        dict.fromkeys((*without_objects(names, rows), *(name for row in rows for name in row)))
    )
    listed = [*columns, *(("_json",) if has_json else ())] or ["value"]  # a table has a column
    db.execute(f"CREATE TABLE {sql_name(table)} ({', '.join(map(sql_name, listed))})")
    marks = ", ".join("?" * len(listed))
    values = (
        [*map(row.get, listed[: len(columns)]), *((item_text(item),) if has_json else ())] or [None]
        for row, item in zip(rows, items, strict=True)
    )
    db.execute("BEGIN")
    db.executemany(f"INSERT INTO {sql_name(table)} VALUES ({marks})", values)
    db.execute("COMMIT")
