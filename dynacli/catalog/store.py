"""One SQLite file per revision: written aside, moved into place, opened read-only and immutable.

Readers never lock. A crash never leaves half a catalog. Damage is found when it is read and is a
`DamagedCatalogError`, which the caller answers by compiling again. What a request is made of is sealed with
a checksum, because SQLite notices a page that is gone but not a letter that has changed.
"""

import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.catalog.model import Operation, OperationSummary
from dynacli.catalog.rows import operation_from_row, operation_row

if TYPE_CHECKING:
    from dynacli.catalog.compiler import Compiled
    from dynacli.document.report import Problem

__all__ = ["FORMAT", "Catalog", "DamagedCatalogError", "catalog_in_memory", "write_catalog"]

FORMAT = 4
"""Part of a catalog's file name: versions of dynacli with different formats live side by side."""

_TABLES = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE operations (
        id INTEGER PRIMARY KEY, name TEXT, operation_id TEXT, method TEXT, path TEXT,
        tags TEXT, summary TEXT, is_deprecated INTEGER, is_hidden INTEGER
    );
    CREATE TABLE details (id INTEGER PRIMARY KEY, operation TEXT, part TEXT);
    CREATE TABLE options (id INTEGER PRIMARY KEY, value TEXT);
    CREATE TABLE names (key TEXT, rank INTEGER, id INTEGER, PRIMARY KEY (key, rank)) WITHOUT ROWID;
    CREATE TABLE tags (key TEXT PRIMARY KEY, name TEXT, description TEXT) WITHOUT ROWID;
    CREATE TABLE lock (method TEXT, path TEXT, name TEXT, PRIMARY KEY (method, path)) WITHOUT ROWID;
    CREATE TABLE components (pointer TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE files (id INTEGER PRIMARY KEY, uri TEXT, name TEXT);
    CREATE TABLE origins (pointer TEXT PRIMARY KEY, file INTEGER, origin TEXT) WITHOUT ROWID;
    CREATE TABLE warnings (message TEXT, pointer TEXT, line INTEGER, column INTEGER, file INTEGER);
    CREATE TABLE problems (message TEXT, pointer TEXT, file INTEGER);
"""

_META = frozenset(
    {
        "openapi",
        "dialect",
        "title",
        "version",
        "description",
        "uri",
        "json_schema_dialect",
        "servers",
        "operations",
    }
)

_SEAL = 8
"""The length of a checksum in front of a value."""

# How an operation may be called, the surest first.
_BY_NAME, _BY_ALIAS, _BY_ID, _BY_ID_IN_ANY_CASE = range(4)


class DamagedCatalogError(Exception):
    """A catalog's file is cut, overwritten or foreign.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Catalog:
    """A compiled document, open for reading.

    Args:
        path: The SQLite file.
        db: A catalog that is open already, in memory; `path` is then only its name.

    Raises:
        DamagedCatalogError: From any method, when the file is not a whole catalog.
    """

    def __init__(self, path: str, db: sqlite3.Connection | None = None) -> None:
        self.path = path
        self._db = db or _open(path)
        self._meta: dict[str, Any] | None = None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def check(self, *, whole: bool = False) -> None:
        """Look at what every run needs, or at every page of the file, which takes its time.

        Raises:
            DamagedCatalogError: This is not a whole catalog.
        """
        if not _META.issubset(self.meta):
            raise DamagedCatalogError(self.path)
        if whole and self._rows("PRAGMA quick_check(1)") != [("ok",)]:
            raise DamagedCatalogError(self.path)

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            raise DamagedCatalogError(self.path) from error

    def _texts(self, rows: list[Any], columns: int) -> list[Any]:
        """Return rows whose first columns are text, as they were written."""
        if any(type(value) is not str for row in rows for value in row[:columns]):
            raise DamagedCatalogError(self.path)
        return rows

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedCatalogError(self.path) from error

    def _sealed_json(self, text: Any) -> Any:
        if type(text) is not str or text[:_SEAL] != _seal_of(text[_SEAL:]):
            raise DamagedCatalogError(self.path)
        return self._json(text[_SEAL:])

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of the document as a whole: title, version, servers, ..."""
        if self._meta is None:
            rows = self._rows("SELECT key, value FROM meta")
            self._meta = {key: self._sealed_json(value) for key, value in rows}
        return self._meta

    def find(self, word: str, tag: str = "") -> str | None:
        """Return the name of the operation that a word means, or None.

        Args:
            word: Its name, an alias, or its operationId in any case.
            tag: The kebab form of a tag that the operation must have;
                the word may then leave out the tag at the front of the name.
        """
        words = [word, f"{tag}-{word}"] if tag else [word]
        for candidate in words:
            rows = self._rows(
                "SELECT operations.name, operations.tags FROM names JOIN operations USING (id)"
                " WHERE (key = ? AND rank < ?) OR (key = ? AND rank = ?) ORDER BY rank",
                candidate,
                _BY_ID_IN_ANY_CASE,
                candidate.casefold(),
                _BY_ID_IN_ANY_CASE,
            )
            for name, tags in self._texts(rows, 2):
                if not tag or tag in self._tag_keys(tags):
                    return str(name)
        return self._find_among(word, tag) if tag else None

    def _find_among(self, word: str, tag: str) -> str | None:
        """Return the one operation of a tag whose operationId a word is, where another tag has the name."""
        from dynacli.catalog.names import kebab

        plain = kebab(word)
        if not plain or self.find(plain) is None:  # a name that nobody has any more is nobody's
            return None
        found = [one.name for one in self.summaries(tag) if kebab(one.operation_id) == plain]
        return found[0] if len(found) == 1 else None

    def _tag_keys(self, tags: str) -> list[str]:
        from dynacli.catalog.names import kebab

        return [kebab(one) for one in self._tags(tags)]

    def _tags(self, text: str) -> tuple[str, ...]:
        tags = self._json(text)
        if not isinstance(tags, list) or not all(isinstance(one, str) for one in tags):
            raise DamagedCatalogError(self.path)
        return tuple(tags)

    def operation(self, name: str) -> Operation:
        """Return the operation of that very name."""
        row = self._sealed_json(self._detail(name, "operation"))
        try:
            return operation_from_row(row, self._options)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedCatalogError(self.path) from error

    def _options(self, number: int) -> Any:
        """Return the options that several media types share."""
        rows = self._rows("SELECT value FROM options WHERE id = ?", number)
        if not rows:
            raise DamagedCatalogError(self.path)
        return self._sealed_json(rows[0][0])

    def part(self, name: str) -> dict[str, Any]:
        """Return the operation's part of the document: `path_item` and `operation`, with their references."""
        part: dict[str, Any] = self._sealed_json(self._detail(name, "part"))
        return part

    def _detail(self, name: str, column: str) -> str:
        rows = self._rows(
            f"SELECT details.{column} FROM operations JOIN details USING (id) WHERE name = ?",  # noqa: S608
            name,
        )
        if not rows:
            raise DamagedCatalogError(self.path)
        return str(rows[0][0])

    def summaries(self, tag: str = "") -> list[OperationSummary]:
        """Return all operations in document order, or those of a tag (its name or kebab form)."""
        rows = self._rows(
            "SELECT name, operation_id, method, path, tags, summary, is_deprecated, is_hidden"
            " FROM operations ORDER BY id"
        )
        found = [
            OperationSummary(
                name,
                operation_id,
                method,
                path,
                self._tags(tags),
                summary,
                bool(deprecated),
                bool(hidden),
            )
            for name, operation_id, method, path, tags, summary, deprecated, hidden in self._texts(rows, 6)
        ]
        if not tag:
            return found
        from dynacli.catalog.names import kebab

        return [one for one in found if tag in one.tags or tag in {kebab(name) for name in one.tags}]

    def names(self, prefix: str = "") -> list[tuple[str, str]]:
        """Return (name, summary) of the operations that are not hidden and whose name has the prefix."""
        # U+10FFFF sorts behind every name: an index range instead of LIKE with its wildcards.
        rows = self._rows(
            "SELECT name, summary FROM operations WHERE name >= ? AND name < ? AND NOT is_hidden ORDER BY name",
            prefix,
            prefix + "\U0010ffff",
        )
        return [(name, summary) for name, summary in self._texts(rows, 2)]

    def tags(self) -> dict[str, tuple[str, str]]:
        """Return kebab form → (name, description) of the tags that operations have."""
        rows = self._texts(self._rows("SELECT * FROM tags"), 3)
        return {key: (name, description) for key, name, description in rows}

    def resolve(self, ref: str) -> Any:
        """Return the target of an internal reference.

        Raises:
            LookupError: There is none.
        """
        if not ref.startswith("#/"):
            raise LookupError(ref)
        pointer = ref[1:]
        if "%" in pointer:
            from urllib.parse import unquote

            pointer = unquote(pointer)
        steps = pointer.split("/")
        stored = 4 if steps[1] == "components" else len(steps)
        found, value = self.component("/".join(steps[:stored]))
        if not found:
            raise LookupError(ref)
        for step in steps[stored:]:
            try:
                key = step.replace("~1", "/").replace("~0", "~")
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise LookupError(ref) from error
        return value

    def component(self, pointer: str) -> tuple[bool, Any]:
        """Return whether a component is stored under a JSON pointer, and its value."""
        rows = self._rows("SELECT value FROM components WHERE pointer = ?", pointer)
        return (True, self._sealed_json(rows[0][0])) if rows else (False, None)

    def has_below(self, pointer: str) -> bool:
        """Return whether any component is stored below a JSON pointer."""
        rows = self._rows(
            "SELECT 1 FROM components WHERE pointer >= ? AND pointer < ? LIMIT 1",
            pointer + "/",
            pointer + "0",
        )
        return bool(rows)

    def lock(self) -> dict[tuple[str, str], str]:
        """Return the names that were given: (method, path) → name."""
        rows = self._texts(self._rows("SELECT * FROM lock"), 3)
        return {(method, path): name for method, path, name in rows}

    def warnings(self) -> list[dict[str, Any]]:
        """Return what of the document could not be used as it stands, and where in which file."""
        rows = self._rows(
            "SELECT message, warnings.pointer, name, line, column"
            " FROM warnings LEFT JOIN files ON files.id = warnings.file ORDER BY warnings.rowid"
        )
        return [
            {"message": message, "file": file, "line": line, "column": column, "pointer": pointer}
            for message, pointer, file, line, column in self._texts(rows, 3)
        ]

    def files(self) -> list[tuple[str, str]]:
        """Return the files that the document was read from, the one that was named first: URI and name."""
        return [
            (uri, name) for uri, name in self._texts(self._rows("SELECT uri, name FROM files ORDER BY id"), 2)
        ]

    def place(self, pointer: str) -> tuple[int, str]:
        """Return which file a place of the document stands in, and its JSON pointer there."""
        start = pointer
        while True:
            rows = self._rows("SELECT origin, file FROM origins WHERE pointer = ?", start)
            if rows:
                origin, file = self._texts(rows, 1)[0]
                return int(file), origin + pointer[len(start) :]
            if not start:
                return 0, pointer
            start = start.rpartition("/")[0]

    def problems(self) -> list[tuple[str, int, str]]:
        """Return what is not valid OpenAPI: a message, which of the files it is about, and the pointer there."""
        rows = self._texts(self._rows("SELECT message, pointer, file FROM problems"), 2)
        return [(message, int(file), pointer) for message, pointer, file in rows]


def write_catalog(path: str, compiled: "Compiled", problems: "Iterable[Problem]") -> None:
    """Write a catalog, complete or not at all.

    Args:
        path: Where it shall stand; its directory exists.
        problems: Where the document is not valid OpenAPI.

    Raises:
        OSError: It cannot be written.
        sqlite3.Error: The same, found by SQLite (a full disk).
    """
    from dynacli.catalog.files import aside, move_into_place

    temporary = aside(path)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(temporary, isolation_level=None)
        try:
            _fill(db, compiled, problems)
        finally:
            db.close()
        _sync(temporary)
        move_into_place(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def catalog_in_memory(compiled: "Compiled", problems: "Iterable[Problem]") -> Catalog:
    """Return a catalog that is on no disk, for where none can be written."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _fill(db, compiled, problems)
    return Catalog(":memory:", db)


def _open(path: str) -> sqlite3.Connection:
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        # Verdicts are made in a thread of their own; only one thread reads at a time.
        return sqlite3.connect(f"file://{quoted}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise DamagedCatalogError(path) from error


def _seal_of(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"


def _fill(db: sqlite3.Connection, compiled: "Compiled", problems: "Iterable[Problem]") -> None:
    import orjson

    from dynacli.catalog.names import kebab

    def dump(value: Any) -> str:
        try:
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:  # integers beyond 64 bits, lone surrogates
            return json.dumps(value, default=_plain)

    def sealed(value: Any) -> str:
        text = dump(value)
        return _seal_of(text) + text

    # The file is nobody else's until it is moved into place: no journal, one sync at the end.
    # Each row leaves half a page empty, and there are two for each operation: small pages.
    db.executescript(
        "PRAGMA page_size = 2048; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES
    )
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO meta VALUES (?, ?)", [(key, sealed(value)) for key, value in compiled.meta.items()]
    )
    names: dict[tuple[str, int], int] = {}
    options: dict[str, int] = {}
    given = set(compiled.lock.values())
    used_tags: dict[str, str] = {}
    for number, entry in enumerate(compiled.operations):
        one = entry.operation
        db.execute(
            "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                one.name,
                one.operation_id,
                one.method,
                one.path,
                dump(one.tags),
                one.summary,
                one.is_deprecated,
                one.is_hidden,
            ),
        )
        row = operation_row(one, lambda value: options.setdefault(sealed(value), len(options)))
        db.execute("INSERT INTO details VALUES (?, ?, ?)", (number, sealed(row), sealed(entry.part)))
        names[(one.name, _BY_NAME)] = number
        for alias in one.aliases:
            names.setdefault((alias, _BY_ALIAS), number)
        # What was once the name of another operation never comes to mean this one.
        if one.operation_id and (one.operation_id == one.name or one.operation_id not in given):
            names.setdefault((one.operation_id, _BY_ID), number)
        folded = one.operation_id.casefold()
        if folded and (folded == one.name or folded not in given):
            names.setdefault((folded, _BY_ID_IN_ANY_CASE), number)
        for tag in one.tags:
            used_tags.setdefault(kebab(tag), tag)
    db.executemany("INSERT INTO options VALUES (?, ?)", [(id_, value) for value, id_ in options.items()])
    db.executemany(
        "INSERT INTO names VALUES (?, ?, ?)", [(key, rank, id_) for (key, rank), id_ in names.items()]
    )
    db.executemany(
        "INSERT INTO tags VALUES (?, ?, ?)",
        [(key, name, compiled.tags.get(name, "")) for key, name in used_tags.items() if key],
    )
    db.executemany("INSERT INTO lock VALUES (?, ?, ?)", _lock_rows(compiled.lock))
    db.executemany(
        "INSERT OR IGNORE INTO components VALUES (?, ?)",
        ((pointer, sealed(value)) for pointer, value in compiled.components.items()),
    )
    db.executemany(
        "INSERT INTO warnings VALUES (?, ?, ?, ?, ?)",
        [(one.message, one.pointer, one.line, one.column, one.file) for one in compiled.warnings],
    )
    db.executemany(
        "INSERT INTO files VALUES (?, ?, ?)",
        ((number, uri, name) for number, (uri, name) in enumerate(compiled.files)),
    )
    db.executemany(
        "INSERT INTO origins VALUES (?, ?, ?)",
        ((move.pointer, move.file, move.origin) for move in compiled.origins),
    )
    db.executemany(
        "INSERT INTO problems VALUES (?, ?, ?)", ((one.message, one.pointer, one.file) for one in problems)
    )
    db.execute("CREATE INDEX by_name ON operations (name)")
    db.execute("COMMIT")


def _lock_rows(lock: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str, str]]:
    return ((method, path, name) for (method, path), name in lock.items())


def _plain(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)  # a YAML document's date or set: shown as it was written


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
