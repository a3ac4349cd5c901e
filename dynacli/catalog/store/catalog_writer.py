"""Writes a catalog: aside, complete, then moved into place."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.catalog.store.catalog_file import BY_ALIAS, BY_ID, BY_ID_IN_ANY_CASE, BY_NAME, Catalog
from dynacli.catalog.store.operation_rows import OperationRows
from dynacli.catalog.store.packed_values import pack

if TYPE_CHECKING:
    from dynacli.catalog.compiler.compile_document import Compiled
    from dynacli.document.mending.specification_report import Problem
    from dynacli.document.references.place_origins import Move

__all__ = ["catalog_in_memory", "write_catalog"]

_TABLES = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE operations (
        id INTEGER PRIMARY KEY, name TEXT, operation_id TEXT, method TEXT, path TEXT,
        tags TEXT, summary TEXT, is_deprecated INTEGER, is_hidden INTEGER
    );
    CREATE TABLE details (id INTEGER PRIMARY KEY, operation TEXT, part TEXT);
    CREATE TABLE shared (id INTEGER PRIMARY KEY, value TEXT);
    CREATE TABLE names (key TEXT, rank INTEGER, id INTEGER, PRIMARY KEY (key, rank)) WITHOUT ROWID;
    CREATE TABLE tags (key TEXT PRIMARY KEY, name TEXT, description TEXT) WITHOUT ROWID;
    CREATE TABLE lock (method TEXT, path TEXT, name TEXT, PRIMARY KEY (method, path)) WITHOUT ROWID;
    CREATE TABLE components (pointer TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
    CREATE TABLE files (id INTEGER PRIMARY KEY, uri TEXT, name TEXT);
    CREATE TABLE origins (first TEXT PRIMARY KEY, places TEXT) WITHOUT ROWID;
    CREATE TABLE warnings (message TEXT, pointer TEXT, line INTEGER, column INTEGER, file INTEGER);
    CREATE TABLE problems (message TEXT, pointer TEXT, file INTEGER);
"""

_ORIGINS = 200
"""How many origins are kept as one value; of a converted document they are thousands, and much alike."""


def write_catalog(path: str, compiled: "Compiled", problems: "Iterable[Problem]", revision: str = "") -> None:
    """Write a catalog, complete or not at all.

    Args:
        path: Where it shall stand; its directory exists.
        problems: Where the document is not valid OpenAPI.
        revision: The name of the document's content, by which a reader tells it from another's.

    Raises:
        OSError: It cannot be written.
        sqlite3.Error: The same, found by SQLite (a full disk).
    """
    from dynacli.files import replace_file

    with replace_file(path) as file:
        db = sqlite3.connect(file.name, isolation_level=None)
        try:
            _fill(db, compiled, problems, {"revision": revision} if revision else {})
        finally:
            db.close()


def catalog_in_memory(compiled: "Compiled", problems: "Iterable[Problem]") -> Catalog:
    """Return a catalog that is on no disk, for where none can be written."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _fill(db, compiled, problems, {})
    return Catalog(":memory:", db)


def _fill(
    db: sqlite3.Connection, compiled: "Compiled", problems: "Iterable[Problem]", more: Mapping[str, str]
) -> None:
    import orjson

    from dynacli.model.kebab_names import kebab

    def dump(value: Any) -> str:
        try:
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:  # integers beyond 64 bits, lone surrogates
            return json.dumps(value, default=_plain)

    def sealed(value: Any) -> str | bytes:
        return pack(dump(value))

    # The file is nobody else's until it is moved into place: no journal, one sync at the end.
    # Each row leaves half a page empty, and there are two for each operation: small pages.
    db.executescript(
        "PRAGMA page_size = 2048; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES
    )
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [(key, sealed(value)) for key, value in (*compiled.meta.items(), *more.items())],
    )
    names: dict[tuple[str, int], int] = {}
    shared: dict[str, int] = {}
    rows = OperationRows(lambda value: shared.setdefault(dump(value), len(shared)))
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
        db.execute(
            "INSERT INTO details VALUES (?, ?, ?)",
            (number, sealed(rows.operation(one)), sealed(rows.part(entry.part))),
        )
        names[(one.name, BY_NAME)] = number
        for alias in one.aliases:
            names.setdefault((alias, BY_ALIAS), number)
        # What was once the name of another operation never comes to mean this one.
        if one.operation_id and (one.operation_id == one.name or one.operation_id not in given):
            names.setdefault((one.operation_id, BY_ID), number)
        folded = one.operation_id.casefold()
        if folded and (folded == one.name or folded not in given):
            names.setdefault((folded, BY_ID_IN_ANY_CASE), number)
        for tag in one.tags:
            used_tags.setdefault(kebab(tag), tag)
    db.executemany("INSERT INTO shared VALUES (?, ?)", ((id_, pack(text)) for text, id_ in shared.items()))
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
        "INSERT INTO origins VALUES (?, ?)",
        ((block[0][0], sealed(block)) for block in _blocks(compiled.origins)),
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


def _blocks(origins: "Iterable[Move]") -> Iterator[list[tuple[str, int, str]]]:
    moves = sorted((move.pointer, move.file, move.origin) for move in origins)
    for start in range(0, len(moves), _ORIGINS):
        yield moves[start : start + _ORIGINS]
