"""Any file of the cache can be deleted, cut or overwritten at any time: the next run heals it, or says why not."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dynacli.openapi.catalog.catalog_file import Catalog
from tests.documents import PETS, pets, save
from tests.dry_runs import dry_run
from tests.harness import Recorder, Result, json_response, run_cli

SEED = 20_240_611


@pytest.fixture
def compiled(home: Path) -> Path:
    """A small document that was compiled a while ago; the folder of its cache."""
    os.utime(save(pets()), (1, 1))
    assert (0, "") == (dry_run().exit_code, dry_run().stderr)
    (directory,) = (home / "cache" / "documents").iterdir()
    return directory


def _file(directory: Path, kind: str) -> Path:
    return next(path for path in directory.iterdir() if path.name.endswith(kind))


def _runs() -> Iterator[Result]:
    yield dry_run("./api.json", "get-pet", "1")
    yield run_cli("operations", "./api.json", "-o", "json")
    yield run_cli("./api.json", "create-pet", "--name", "x", "--dry-run")
    yield run_cli("describe", "./api.json", "create-pet", "-o", "json")
    yield run_cli("./api.json", "--help")
    yield run_cli("api", "show", "./api.json", "-o", "json")
    yield run_cli("document", "./api.json")


def _all_works() -> None:
    for result in _runs():
        assert (0, "") == (result.exit_code, result.stderr)
    assert PETS == [row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json]
    assert "http://127.0.0.1:9/pets/1" == dry_run("./api.json", "get-pet", "1").json["url"]


def _noise(size: int, seed: int = SEED) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - the same on every run


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _fill_with_noise(path: Path) -> None:
    path.write_bytes(_noise(path.stat().st_size))


def _make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("of somebody")


def _make_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere/at/all")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", [".sqlite", ".document", "current.json", "lock"])
@pytest.mark.parametrize(
    "damage",
    [_delete, _empty, _fill_with_noise, _make_directory, _make_dangling_link],
    ids=lambda function: function.__name__,
)
def test_each_file_may_be_damaged_in_any_way(
    kind: str, damage: Callable[[Path], None], compiled: Path
) -> None:
    """Whatever happens to one file, every run works."""
    damage(_file(compiled, kind))
    _all_works()


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_link_to_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", [".sqlite", ".document", "current.json", "lock"])
@pytest.mark.parametrize(
    "damage", [_make_pipe, _make_link_to_a_device], ids=lambda function: function.__name__
)
def test_what_is_no_file_holds_nothing_up(kind: str, damage: Callable[[Path], None], compiled: Path) -> None:
    """A pipe, which waits for its other end, or a device, which never ends, is neither opened nor read."""
    damage(_file(compiled, kind))
    for run in (6, 0, 4):
        result = _only(run)
        assert (0, "") == (result.exit_code, result.stderr)


@pytest.mark.parametrize("name", ["history.sqlite", "history.sqlite-journal"])
def test_a_pipe_in_the_place_of_the_history_holds_nothing_up(name: str, home: Path, server: Recorder) -> None:
    """The call is made, and a history is begun again."""
    api = save(pets("1", server.origin))
    run_cli(api, "get-pet", "1")
    (history,) = home.rglob("history.sqlite")
    path = history.with_name(name)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    for _ in range(2):
        assert 4 == run_cli(api, "get-pet", "1").exit_code  # the server has no such path
    assert 0 == run_cli("history").exit_code


@pytest.mark.sampled(2)
@pytest.mark.parametrize("tenth", range(10))
def test_a_catalog_may_be_cut_anywhere(tenth: int, compiled: Path) -> None:
    """A catalog that was cut is noticed, wherever that was, and compiled again."""
    path = _file(compiled, ".sqlite")
    whole = path.read_bytes()
    for run in range(7):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        result = _only(run)
        assert (0, "") == (result.exit_code, result.stderr)
    _all_works()


def _only(run: int) -> Result:
    calls: list[Callable[[], Result]] = [
        lambda: dry_run("./api.json", "get-pet", "1"),
        lambda: run_cli("operations", "./api.json", "-o", "json"),
        lambda: run_cli("./api.json", "create-pet", "--name", "x", "--dry-run"),
        lambda: run_cli("describe", "./api.json", "create-pet", "-o", "json"),
        lambda: run_cli("./api.json", "--help"),
        lambda: run_cli("api", "show", "./api.json", "-o", "json"),
        lambda: run_cli("__complete", "bash", "./api.json", "get"),
    ]
    return calls[run]()


def test_a_page_may_be_overwritten(compiled: Path) -> None:
    """Noise in any page of the catalog never gives a request that the document does not describe."""
    path = _file(compiled, ".sqlite")
    whole = path.read_bytes()
    for start in range(0, len(whole), 1024):
        path.write_bytes(whole[:start] + _noise(200, start) + whole[start + 200 :])
        result = dry_run("./api.json", "get-pet", "1")
        assert result.exit_code in {0, 2, 12}, (start, result.stderr)
        if result.exit_code == 0:
            assert "http://127.0.0.1:9/pets/1" == result.json["url"]
        path.write_bytes(whole)


def test_a_changed_letter_is_noticed(compiled: Path) -> None:
    """What a request is made of has a checksum: a catalog that was altered does not send it elsewhere."""
    path = _file(compiled, ".sqlite")
    whole = path.read_bytes()
    assert b"/pets/{petId}" in whole
    path.write_bytes(whole.replace(b"/pets/{petId}", b"/cats/{petId}"))
    assert "http://127.0.0.1:9/pets/1" == dry_run("./api.json", "get-pet", "1").json["url"]
    path.write_bytes(whole.replace(b"127.0.0.1:9", b"127.0.0.1:7"))
    assert "http://127.0.0.1:9/pets/1" == dry_run("./api.json", "get-pet", "1").json["url"]


FOREIGN = [
    "null",
    "5",
    '"text"',
    "[]",
    "{}",
    "[" * 100_000,
    '{"location": 1}',
    '{"a": NaN}',
    "\ufeff{}",
    "{",
    "\x00",
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_a_pointer_may_hold_anything(content: str, compiled: Path) -> None:
    """A pointer that is not a pointer counts as absent."""
    (compiled / "current.json").write_text(content)
    _all_works()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "key",
    [
        "location",
        "revision",
        "uri",
        "source",
        "fetched_at",
        "checked_ns",
        "size",
        "mtime_ns",
        "ctime_ns",
        "etag",
        "root",
        "parts",
        "allow_refs",
    ],
)
def test_a_pointer_may_have_foreign_values(key: str, compiled: Path) -> None:
    """Each value of the pointer is looked at before it is used."""
    path = compiled / "current.json"
    pointer = json.loads(path.read_text())
    values: list[object] = [
        None,
        True,
        -1,
        1e400,
        float("nan"),
        10**30,
        "",
        "x" * 5000,
        "../../x",
        "\ud800",
        [],
        {"a": 1},
    ]
    for value in values:
        path.write_text(json.dumps({**pointer, key: value}))
        for words in (("api", "show", "./api.json", "-o", "json"), ("document", "./api.json", "--bundled")):
            result = run_cli(*words)
            assert (0, "") == (result.exit_code, result.stderr), value
        assert "http://127.0.0.1:9/pets" == dry_run().json["url"], value


def test_a_pointer_may_lead_to_another_catalog(compiled: Path) -> None:
    """A catalog of another program, or of nothing, under the right name is not believed."""
    path = _file(compiled, ".sqlite")
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    db.execute("INSERT INTO meta VALUES ('openapi', '\"3.0.3\"')")
    db.commit()
    db.close()
    _all_works()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("table", ["meta", "operations", "details", "names", "components", "tags", "lock"])
def test_a_table_may_be_missing(table: str, compiled: Path) -> None:
    """A catalog that lacks one of its tables is compiled again when that is noticed."""
    path = _file(compiled, ".sqlite")
    db = sqlite3.connect(path)
    db.execute(f"DROP TABLE {table}")
    db.commit()
    db.close()
    # Noticed in the midst of validating, it is too late for this result, and that is reported.
    healing = run_cli("./api.json", "create-pet", "--name", "x", "--dry-run")
    assert 0 == healing.exit_code
    assert "components" == table or "" == healing.stderr
    _all_works()


def test_the_cache_of_a_url_heals_without_the_server(server: Recorder, home: Path) -> None:
    """A damaged catalog of a URL is compiled from the document that was kept; else it is fetched again."""
    server.responses["/d"] = json_response(pets())
    url = f"{server.origin}/d"
    dry_run(url)
    (directory,) = (home / "cache" / "documents").iterdir()
    path = _file(directory, ".sqlite")
    path.write_bytes(path.read_bytes()[:9000])
    assert "http://127.0.0.1:9/pets" == dry_run(url).json["url"]
    assert 1 == len(server.requests)
    for file in directory.iterdir():
        file.write_bytes(b"")
    assert "http://127.0.0.1:9/pets" == dry_run(url).json["url"]
    assert 2 == len(server.requests)


def test_a_registered_api_survives_the_loss_of_source_and_catalog(home: Path) -> None:
    """The document that was kept is enough, when its source is gone and the catalog is damaged."""
    path = Path(save(pets()))
    run_cli("api", "add", "shop", "./api.json")
    path.unlink()
    (directory,) = (home / "cache" / "documents").iterdir()
    _file(directory, ".sqlite").unlink()
    result = dry_run("shop")
    assert (0, "http://127.0.0.1:9/pets") == (result.exit_code, result.json["url"])


def test_the_whole_cache_may_be_deleted(home: Path) -> None:
    """Without its cache a registered API is read again."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    for path in sorted((home / "cache").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (home / "cache").rmdir()
    assert (0, "") == (dry_run("shop").exit_code, dry_run("shop").stderr)


@pytest.mark.sampled(0)
@pytest.mark.parametrize("where", ["a file", "below a file", "nowhere that can be"])
def test_without_a_cache_everything_works(
    where: str, home: Path, monkeypatch: pytest.MonkeyPatch, server: Recorder
) -> None:
    """If the cache cannot be written, each run compiles for itself: data on standard output as ever."""
    (home / "file").write_text("mine")
    directory = {
        "a file": home / "file",
        "below a file": home / "file" / "x",
        "nowhere that can be": "/proc/none",
    }
    monkeypatch.setenv("DYNACLI_CACHE_DIR", str(directory[where]))
    save(pets())
    server.responses["/d"] = json_response(pets())
    for word in ("./api.json", f"{server.origin}/d"):
        for result in (
            dry_run(word, "get-pet", "1"),
            run_cli("operations", word, "-o", "json"),
            run_cli("document", word),
            run_cli(word, "--help"),
            run_cli("api", "show", word, "-o", "json"),
        ):
            assert 0 == result.exit_code, result.stderr
    assert "http://127.0.0.1:9/pets" == dry_run("-", stdin=json.dumps(pets()).encode()).json["url"]
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    assert 0 == dry_run("shop").exit_code
    assert 0 == run_cli("demo", "search-runs", "--page-size", "1").exit_code
    assert "mine" == (home / "file").read_text()


LIMITED = """
import resource, sys
sys.dont_write_bytecode = True  # see tests/registry/surroundings.py
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from dynacli.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.sampled(0)
@pytest.mark.parametrize("size", [0, 1000, 20_000])
def test_a_full_disk_costs_the_cache_alone(size: int, home: Path) -> None:
    """If a file cannot grow, the run works from memory and leaves nothing half-made after."""
    save(pets())
    command = [sys.executable, "-c", LIMITED, str(size), "operations", "./api.json", "-o", "json"]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, check=False)
        assert 0 == done.returncode, done.stderr
        assert PETS == [row["name"] for row in json.loads(done.stdout)]
    assert [] == list((home / "cache").rglob("*.part"))
    _all_works()


def test_what_was_left_behind_is_cleared_away(compiled: Path) -> None:
    """Half-made files of a run that was killed go with the next compilation."""
    left = compiled / ".0123.2.sqlite.99-abcd.part"
    left.write_bytes(b"half")
    save(pets("2"))
    assert 0 == dry_run().exit_code
    assert not left.exists()


def test_a_damaged_catalog_gives_no_names_away(compiled: Path) -> None:
    """If the current catalog is damaged when its document changes, the names of an earlier one hold."""
    first = _file(compiled, ".sqlite")
    save(pets("2"))
    dry_run()
    second = next(path for path in compiled.glob("*.sqlite") if path != first)
    second.write_bytes(b"")
    document = pets("3")
    document["paths"] = {"/first": document["paths"]["/pets"], **pets()["paths"]}
    save(document)
    assert "http://127.0.0.1:9/pets" == dry_run().json["url"]
    catalog = Catalog(str(first))
    catalog.check()
    catalog.close()
