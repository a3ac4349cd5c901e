"""Writes the catalog of a compiled document: complete or not at all."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.openapi.catalog._index_operations import search_index
from dynacli.openapi.catalog.catalog_file import (
    BY_ALIAS,
    BY_ID,
    BY_ID_IN_ANY_CASE,
    BY_NAME,
    Catalog,
    OperationRows,
    pack,
)
from dynacli.openapi.catalog.vocabulary import stem_rows
from dynacli.openapi.model.overview import OVERVIEW

if TYPE_CHECKING:
    from dynacli.openapi.catalog.compiler.compile_document import Compiled
    from dynacli.openapi.document.references.place_origins import Move
    from dynacli.openapi.document.specification_report import Problem

__all__ = ["catalog_in_memory", "write_catalog"]

_TABLES = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
    CREATE TABLE operations (
        id INTEGER PRIMARY KEY, name TEXT, operation_id TEXT, method TEXT, path TEXT,
        tags TEXT, summary TEXT, is_deprecated INTEGER, is_hidden INTEGER, words TEXT
    );
    CREATE TABLE stems (stem TEXT PRIMARY KEY, operations INTEGER, matches TEXT) WITHOUT ROWID;
    CREATE TABLE details (id INTEGER PRIMARY KEY, operation BLOB, part BLOB);
    CREATE TABLE shared (id INTEGER PRIMARY KEY, value BLOB);
    CREATE TABLE names (key TEXT, rank INTEGER, id INTEGER, PRIMARY KEY (key, rank)) WITHOUT ROWID;
    CREATE TABLE tags (key TEXT PRIMARY KEY, name TEXT, description TEXT) WITHOUT ROWID;
    CREATE TABLE lock (method TEXT, path TEXT, name TEXT, PRIMARY KEY (method, path)) WITHOUT ROWID;
    CREATE TABLE components (pointer TEXT PRIMARY KEY, value BLOB);
    CREATE TABLE files (id INTEGER PRIMARY KEY, uri TEXT, name TEXT);
    CREATE TABLE origins (first TEXT PRIMARY KEY, places BLOB) WITHOUT ROWID;
    CREATE TABLE warnings (message TEXT, pointer TEXT, line INTEGER, column INTEGER, file INTEGER);
    CREATE TABLE problems (message TEXT, pointer TEXT, file INTEGER);
"""

_ORIGINS = 200
"""How many origins are packed as one value; a converted document has thousands, and much alike."""


def write_catalog(path: str, compiled: "Compiled", problems: "Iterable[Problem]", revision: str = "") -> None:
    """Write a catalog, complete or not at all.

    Args:
        path: Its directory exists.
        problems: Where the document is not valid OpenAPI.
        revision: The name of the document's content, which tells the catalog from that of another revision.

    Raises:
        OSError: It cannot be written.
        sqlite3.error: The same, found by SQLite (a full disk).
    """
    from dynacli.files import replace_file

    with replace_file(path) as file:
        db = sqlite3.connect(file.name, isolation_level=None)
        try:
            _fill(db, compiled, problems, {"revision": revision} if revision else {})
        finally:
            db.close()


def catalog_in_memory(compiled: "Compiled", problems: "Iterable[Problem]") -> Catalog:
    """Return a catalog in memory, for where no file can be written."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _fill(db, compiled, problems, {})
    return Catalog(":memory:", db)


def _fill(
    db: sqlite3.Connection, compiled: "Compiled", problems: "Iterable[Problem]", more: Mapping[str, str]
) -> None:
    from dataclasses import asdict

    # No other process knows the file until it is moved into place: no journal, one sync at the end.
    # Each row leaves half a page empty, and each operation has two rows: the smallest pages that cost no time. A table
    # without row ids keeps a quarter of a page of a row, and the rest on pages of its own, which would waste a sixth
    # of the file for components (https://www.sqlite.org/withoutrowid.html).
    db.executescript(
        "PRAGMA page_size = 1024; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES
    )
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [(key, _packed(value)) for key, value in (*compiled.meta.items(), *more.items())],
    )
    _write_operations(db, compiled)
    db.executemany(
        "INSERT INTO lock VALUES (?, ?, ?)",
        ((method, path, name) for (method, path), name in compiled.given_names.items()),
    )
    db.executemany(
        "INSERT OR IGNORE INTO components VALUES (?, ?)",
        ((pointer, _packed(value)) for pointer, value in compiled.components.items()),
    )
    db.execute("INSERT INTO components VALUES (?, ?)", (OVERVIEW, _packed(asdict(compiled.overview))))
    db.executemany(
        "INSERT INTO warnings VALUES (?, ?, ?, ?, ?)",
        (
            (warning.message, warning.pointer, warning.line, warning.column, warning.file)
            for warning in compiled.warnings
        ),
    )
    db.executemany(
        "INSERT INTO files VALUES (?, ?, ?)",
        ((number, uri, name) for number, (uri, name) in enumerate(compiled.files)),
    )
    db.executemany(
        "INSERT INTO origins VALUES (?, ?)",
        ((block[0][0], _packed(block)) for block in _blocks(compiled.origins)),
    )
    db.executemany(
        "INSERT INTO problems VALUES (?, ?, ?)",
        ((problem.message, problem.pointer, problem.file) for problem in problems),
    )
    db.execute("CREATE INDEX by_name ON operations (name)")
    db.execute("COMMIT")


def _write_operations(db: sqlite3.Connection, compiled: "Compiled") -> None:
    from dynacli.openapi.model.kebab_names import kebab

    names: dict[tuple[str, int], int] = {}
    shared: dict[bytes, int] = {}

    def keep(value: Any) -> int:
        """Write a shared value, keep only its digest in memory, and return its number."""
        text = _json(value)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if digest not in shared:
            shared[digest] = len(shared)
            db.execute("INSERT INTO shared VALUES (?, ?)", (shared[digest], pack(text)))
        return shared[digest]

    rows = OperationRows(keep)
    given = set(compiled.given_names.values())
    tags: dict[str, str] = {}
    stems, words = search_index(compiled)
    for number, entry in enumerate(compiled.operations):
        operation = entry.operation
        db.execute(
            "INSERT INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                operation.name,
                operation.operation_id,
                operation.method,
                operation.path,
                _json(operation.tags),
                operation.summary,
                operation.is_deprecated,
                operation.is_hidden,
                words[number],
            ),
        )
        db.execute(
            "INSERT INTO details VALUES (?, ?, ?)",
            (number, _packed(rows.operation(operation)), _packed(rows.part(entry.part))),
        )
        names[(operation.name, BY_NAME)] = number
        for alias in operation.aliases:
            names.setdefault((alias, BY_ALIAS), number)
        # A word that was once the name of another operation never comes to mean this one.
        operation_id, folded = operation.operation_id, operation.operation_id.casefold()
        if operation_id and (operation_id == operation.name or operation_id not in given):
            names.setdefault((operation_id, BY_ID), number)
        if folded and (folded == operation.name or folded not in given):
            names.setdefault((folded, BY_ID_IN_ANY_CASE), number)
        for tag in operation.tags:
            tags.setdefault(kebab(tag), tag)
    db.executemany(
        "INSERT INTO names VALUES (?, ?, ?)", ((key, rank, number) for (key, rank), number in names.items())
    )
    db.executemany("INSERT INTO stems VALUES (?, ?, ?)", stem_rows(stems))
    db.executemany(
        "INSERT INTO tags VALUES (?, ?, ?)",
        ((key, tag, compiled.tags.get(tag, "")) for key, tag in tags.items() if key),
    )


def _packed(value: Any) -> bytes:
    return pack(_json(value))


def _json(value: Any) -> str:
    from dynacli.import_orjson import orjson

    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(value, default=_plain)


def _plain(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)  # a YAML document's date or set: shown as it was written


def _blocks(origins: "Iterable[Move]") -> Iterator[list[tuple[str, int, str]]]:
    moves = sorted((move.pointer, move.file, move.origin) for move in origins)
    for start in range(0, len(moves), _ORIGINS):
        yield moves[start : start + _ORIGINS]
