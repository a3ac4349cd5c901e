"""The catalog: what is written reads back equal, whole or not at all, whoever writes at the same time."""

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory, write_catalog
from dynacli.openapi.catalog.compiler.compile_document import Compiled, compile_document
from dynacli.openapi.document.load import Document, load
from tests.documents import PETS, api_of, catalog_of, pets, post, save
from tests.dry_runs import dry_run
from tests.real_documents import own_and_real

OWN_DOCUMENTS = ["bookshop.yaml", "observatory.json", "ferries.yaml", "warehouse.json"]
DOCUMENTS = [
    "museum.yaml",
    "petstore3.yaml",
    "scalar-galaxy-3.1.yaml",
    "chromadb.json",
    "meilisearch.json",
    "qdrant.json",
    "figma.yaml",
    "discord.json",
    "xero-accounting.yaml",
]

_COUNTED = "SELECT count(*), count(DISTINCT pointer) FROM components WHERE pointer LIKE '/components/%'"


def _compiled(content: bytes, name: str) -> tuple[Document, Compiled]:
    document = load(content, name)
    return document, compile_document(document)


def _as_json(value: Any) -> Any:
    return json.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


@pytest.mark.sampled(0)
@pytest.mark.parametrize("path", own_and_real(OWN_DOCUMENTS, DOCUMENTS))
def test_what_is_written_reads_back_equal(path: Path, tmp_path: Path) -> None:
    """Every row of a whole document's catalog is what the compiler made."""
    document, compiled = _compiled(path.read_bytes(), path.name)
    written = str(tmp_path / "catalog.sqlite")
    write_catalog(written, compiled, document.problems)
    catalog = Catalog(written)
    catalog.check(whole=True)
    assert dict(compiled.meta) == catalog.meta
    assert [row.operation.name for row in compiled.operations] == [
        summary.name for summary in catalog.summaries()
    ]
    for entry in compiled.operations:
        operation = catalog.operation(entry.operation.name)
        assert _as_json(entry.operation) == _as_json(operation)
        assert _as_json(entry.part) == catalog.part(entry.operation.name)
        assert entry.operation.name == catalog.find(entry.operation.name)
        if entry.operation.operation_id:
            assert catalog.find(entry.operation.operation_id) is not None
    for pointer, value in compiled.components.items():
        assert (True, _as_json(value)) == catalog.component(pointer)
        assert _as_json(value) == catalog.resolve(f"#{pointer}".replace("%", "%25"))
    assert dict(compiled.given_names) == catalog.given_names()
    assert [
        {
            "message": warning.message,
            "file": compiled.files[warning.file][1],
            "line": warning.line,
            "column": warning.column,
            "pointer": warning.pointer,
        }
        for warning in compiled.warnings
    ] == catalog.warnings()
    assert [
        (problem.message, problem.file, problem.pointer) for problem in document.problems
    ] == catalog.problems()
    catalog.close()


@pytest.mark.parametrize("path", own_and_real(OWN_DOCUMENTS, ["museum.yaml"]))
def test_a_catalog_in_memory_is_the_same(path: Path, tmp_path: Path) -> None:
    """If nothing can be written, the catalog in memory responses as the one on disk does."""
    document, compiled = _compiled(path.read_bytes(), path.name)
    write_catalog(str(tmp_path / "c"), compiled, document.problems)
    on_disk, in_memory = Catalog(str(tmp_path / "c")), catalog_in_memory(compiled, document.problems)
    assert on_disk.meta == in_memory.meta
    assert _as_json(on_disk.summaries()) == _as_json(in_memory.summaries())
    for summary in on_disk.summaries():
        assert _as_json(on_disk.operation(summary.name)) == _as_json(in_memory.operation(summary.name))
    on_disk.close()
    in_memory.close()


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["netlify.yml", "qdrant.json", "figma.yaml"])
def test_a_catalog_is_not_much_bigger_than_its_document(name: str, corpus: Path, tmp_path: Path) -> None:
    """Also of one that is written tersely, in YAML, or is converted, so that each part has come from elsewhere."""
    content = (corpus / name).read_bytes()
    document, compiled = _compiled(content, name)
    path = tmp_path / "catalog.sqlite"
    write_catalog(str(path), compiled, document.problems)
    assert path.stat().st_size <= 2.5 * len(content)


@pytest.mark.corpus
def test_a_large_document_is_stored_once(corpus: Path, tmp_path: Path) -> None:
    """Components are stored once: the catalog is not twice the size of its document, 13 MB and 1,223 operations."""
    content = (corpus / "github.json").read_bytes()
    document, compiled = _compiled(content, "github.json")
    path = tmp_path / "github.sqlite"
    write_catalog(str(path), compiled, document.problems)
    assert path.stat().st_size <= 2 * len(content)
    catalog = Catalog(str(path))
    assert 1223 == len(catalog.summaries())
    schema = document.tree["components"]["schemas"]["full-repository"]
    found, stored = catalog.component("/components/schemas/full-repository")
    assert (True, list(schema), len(schema["properties"])) == (found, list(stored), len(stored["properties"]))
    db = sqlite3.connect(path)
    rows = db.execute(_COUNTED).fetchone()
    db.close()
    assert rows[0] == rows[1]
    catalog.close()


@pytest.mark.parametrize("is_yaml", [False, True], ids=["json", "yaml"])
def test_what_many_operations_refer_to_is_stored_once(is_yaml: bool, tmp_path: Path) -> None:
    """Two hundred operations on one large schema make a catalog that is not twice as big as the document."""
    properties = {f"p{number}": {"type": "string", "description": "x" * 200} for number in range(200)}
    body = {"$ref": "#/components/schemas/Large"}
    tree = api_of(
        *(post(f"/{number}", f"post{number}", body=body) for number in range(200)),
        schemas={"Large": {"type": "object", "properties": properties}},
    )
    content = (yaml.safe_dump(tree) if is_yaml else json.dumps(tree)).encode()
    loaded, compiled = _compiled(content, "api.yaml" if is_yaml else "api.json")
    path = tmp_path / "catalog.sqlite"
    write_catalog(str(path), compiled, loaded.problems)
    assert path.stat().st_size <= 2 * len(content)
    with contextlib.closing(sqlite3.connect(path)) as db:
        rows = db.execute(_COUNTED).fetchone()
    assert (1, 1) == rows


def test_odd_values_read_back() -> None:
    """Numbers beyond 64 bits, very small ones, odd keys and other scripts are stored as they are."""
    tree = pets()
    odd = {"enum": [2**70, -(2**70), 1e-300, "\u2028", "猫", ""], "x-a/b~c %25": {"": [None, True]}}
    tree["components"]["schemas"]["Odd/~ %"] = odd
    catalog = catalog_of(tree)
    assert odd == catalog.resolve("#/components/schemas/Odd~1~0%20%25")
    catalog.close()


@pytest.mark.parametrize(
    "ref", ["#/components/schemas/None", "#/paths/x", "#", "", "other.json", "#/components"]
)
def test_what_is_not_stored_is_not_found(ref: str) -> None:
    """A reference to nothing, or out of the document, is a `LookupError`."""
    catalog = catalog_of(pets())
    with pytest.raises(LookupError):
        catalog.resolve(ref)
    catalog.close()


@pytest.mark.parametrize("name", ["a%41b", "a?b#c", "ünï cödé", "a'b\"c", "a\nb"])
def test_a_catalog_may_stand_anywhere(name: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """The directory of the cache may have any name."""
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(home / name))
    save(pets())
    for _ in range(2):
        assert (0, "") == (dry_run().exit_code, dry_run().stderr)
    assert 1 == len(list((home / name).rglob("*.sqlite")))


def test_a_relative_cache_directory_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative directory starts from the working directory."""
    monkeypatch.setenv("DYNACLI_CACHE_DIR", "here")
    save(pets())
    assert (0, "") == (dry_run().exit_code, dry_run().stderr)
    assert Path("here/documents").is_dir()


def test_only_the_owner_can_look_into_the_cache(home: Path) -> None:
    """Whatever the umask, directories are made with 0700 and files with 0600."""
    save(pets())
    before = os.umask(0)
    try:
        dry_run()
    finally:
        os.umask(before)
    modes = {
        (path.is_dir(), oct(stat.S_IMODE(path.stat().st_mode)))
        for path in (home / "cache", *(home / "cache").rglob("*"))
    }
    assert {(True, "0o700"), (False, "0o600")} == modes


def test_readers_change_nothing(home: Path) -> None:
    """A warm run opens the catalog read-only and leaves no file of SQLite's beside it."""
    save(pets())
    os.utime("api.json", (1, 1))
    dry_run()
    files = {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*")}
    for path in files:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert (0, "") == (dry_run().exit_code, dry_run().stderr)
        assert files == {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*")}
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            Catalog(str(next(iter(home.rglob("*.sqlite")))))._db.execute("DELETE FROM operations")
    finally:
        for path in files:
            path.chmod(0o700 if path.is_dir() else 0o600)


def test_a_file_that_is_no_catalog_is_damaged(tmp_path: Path) -> None:
    """A file of another kind is never taken for a catalog."""
    path = tmp_path / "c.sqlite"
    for content in (b"", b"SQLite format 3\0", b"x" * 5000):
        path.write_bytes(content)
        with pytest.raises(DamagedCatalogError):
            Catalog(str(path)).check()
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    db.commit()
    db.close()
    with pytest.raises(DamagedCatalogError):
        Catalog(str(path)).check()


@pytest.mark.parametrize("processes", [2, pytest.param(8, marks=pytest.mark.exhaustive)])
def test_processes_at_once_all_succeed(processes: int, home: Path) -> None:
    """Processes that meet a new document at the same time all do their work, and one whole catalog is left."""
    save(pets())
    command = [sys.executable, "-m", "dynacli", "operations", "./api.json", "-o", "json"]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(processes)
    ]
    for process in running:
        out, err = process.communicate(timeout=60)
        assert (0, b"") == (process.returncode, err)
        assert PETS == [row["name"] for row in json.loads(out)]
    (path,) = (home / "cache").rglob("*.sqlite")
    catalog = Catalog(str(path))
    catalog.check(whole=True)
    catalog.close()
    assert [] == list((home / "cache").rglob("*.part"))


STEPS = ("mkdir", "open", "replace", "rename", "fsync", "unlink", "stat", "scandir")


def _failing_at(step: int, monkeypatch: pytest.MonkeyPatch, home: Path) -> list[str]:
    """Let the given step of those that touch the cache fail, and return the steps that were made."""
    made: list[str] = []

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def wrapped(*args: Any, **more: Any) -> Any:
            in_cache = args and isinstance(args[0], str) and args[0].startswith(str(home / "cache"))
            if name == "fsync" or in_cache:
                made.append(name)
                if len(made) == step:
                    raise OSError(28, os.strerror(28))
            return original(*args, **more)

        monkeypatch.setattr(os, name, wrapped)

    for name in STEPS:
        wrap(name)
    return made


@pytest.mark.exhaustive
def test_any_step_of_writing_may_fail(home: Path) -> None:
    """Whichever step fails on a full disk, this run and the next one work, and nothing half-made is used."""
    save(pets())
    for step in range(1, 200, 2):
        with pytest.MonkeyPatch.context() as patch:
            made = _failing_at(step, patch, home)
            result = dry_run()
        assert (0, "http://127.0.0.1:9/pets") == (result.exit_code, result.json["url"]), (step, made)
        after = dry_run()
        assert (0, "") == (after.exit_code, after.stderr), (step, made)
        assert [] == list((home / "cache").rglob("*.part")) or made[step - 1 :][:1] == ["unlink"]
        for path in sorted((home / "cache").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (home / "cache").rmdir()
        if len(made) < step:
            break
    assert 10 < step < 200


KILLED = """
import os, sys
from dynacli.__main__ import main

def run(words):
    out = os.open(os.devnull, os.O_WRONLY)
    os.dup2(out, 1)
    return main(words)

step, path, words = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
seen = 0

def hook(event, args):
    # Everything that opens, makes, moves, locks or removes something in the cache.
    global seen
    if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.scandir", "fcntl.flock", "sqlite3.connect"}:
        if event == "fcntl.flock" or path in str(args[0]):
            seen += 1
            if seen == step:
                os._exit(99)

import dynacli.openapi.catalog.compiler.compile_document, dynacli.openapi.document.load, orjson, sqlite3, fcntl
for step in range(1, 100):
    child = os.fork()
    if child == 0:
        sys.addaudithook(hook)
        os._exit(run(words))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    child = os.fork()
    if child == 0:
        os._exit(run(words))
    after = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = [name for _, _, names in os.walk(path) for name in names if name.endswith(".part")]
    print(step, code, after, len(left))
    for directory, _, names in os.walk(path, topdown=False):
        for name in names:
            os.unlink(os.path.join(directory, name))
        os.rmdir(directory)
    if code == 0:
        break
"""


@pytest.mark.long
def test_a_run_may_die_at_any_step(home: Path) -> None:
    """Wherever a run is killed while it writes, the next one succeeds and clears away what was left."""
    save(pets())
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "0", str(home / "cache"), "operations", "./api.json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [] == [row for row in rows if row[2:] != ["0", "0"]]
    assert ["99"] * (len(rows) - 1) + ["0"] == [row[1] for row in rows]
    assert 10 < len(rows) < 100


def test_a_catalog_is_closed_when_nothing_is_read_from_it_any_more() -> None:
    """A validator may still read in a thread of its own when a call that failed closes the catalog."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    catalog = Catalog("memory", db)
    is_reading, is_closing, was_read = threading.Event(), threading.Event(), threading.Event()

    def wait_for_close() -> int:
        is_reading.set()
        if is_closing.wait(10) and not was_read.wait(0.05):
            was_read.set()
        return 0

    db.set_progress_handler(wait_for_close, 1)
    reading = threading.Thread(target=catalog.rows, args=("SELECT 1",))
    reading.start()
    assert is_reading.wait(10)
    is_closing.set()
    catalog.close()
    assert was_read.is_set()
    reading.join(10)
    with pytest.raises(DamagedCatalogError):
        catalog.rows("SELECT 1")
