"""A document that has changed is noticed, one that has not is not read again, and a bad one replaces nothing."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.documents import operation, pets, save, serve
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, run_cli

NEW = {"/new": {"get": operation("newOne")}}
BROKEN = "{ this is no document"


def _pointer(home: Path) -> dict[str, Any]:
    (path,) = (home / "cache").rglob("current.json")
    pointer: dict[str, Any] = json.loads(path.read_text())
    return pointer


def _settle(path: str | Path, seconds: int = 60) -> None:
    """Let the file be one that was written a while ago."""
    before = time.time_ns() - seconds * 1_000_000_000
    os.utime(path, ns=(before, before))


def _words(api: str) -> tuple[str, ...]:
    return api, "list-pets", "--dry-run", "json"


def _catalogs(home: Path) -> list[Path]:
    return sorted((home / "cache").rglob("*.sqlite"))


def test_an_edited_file_is_read_again(home: Path) -> None:
    """A new operation is there on the next run; the revision before is kept."""
    _settle(save(pets()))
    assert 2 == dry_run("./api.json", "new-one").exit_code
    _settle(save(pets(**NEW)), 30)
    assert "http://127.0.0.1:9/new" == dry_run("./api.json", "new-one").json["url"]
    assert 2 == len(_catalogs(home))


def test_a_touched_file_is_not_compiled_again(home: Path) -> None:
    """Another time with the same content is remembered, and nothing else happens."""
    path = Path(save(pets()))
    _settle(path)
    dry_run()
    (catalog,) = _catalogs(home)
    before = catalog.stat().st_mtime_ns, catalog.stat().st_ino
    _settle(path, 30)
    assert 0 == dry_run().exit_code
    assert before == (catalog.stat().st_mtime_ns, catalog.stat().st_ino)
    assert path.stat().st_mtime_ns == _pointer(home)["mtime_ns"]


def test_a_copy_with_the_same_content_is_not_compiled_again(home: Path) -> None:
    """What counts in the end is the content: replacing a file by its copy is not a change."""
    path = Path(save(pets()))
    dry_run()
    inode = _catalogs(home)[0].stat().st_ino
    other = Path(save(pets(), "copy.json"))
    os.replace(other, path)
    assert 0 == dry_run().exit_code
    assert inode == _catalogs(home)[0].stat().st_ino


def test_an_edit_within_the_same_tick_and_size_is_noticed() -> None:
    """A file that was read as soon as it was written is looked at again, whatever its size and time say."""
    path = Path(save({"x": 1} | pets(**{"/aaa": {"get": operation("aaa")}})))
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    assert 0 == dry_run("./api.json", "aaa").exit_code
    path.write_text(path.read_text().replace("aaa", "bbb"))
    os.utime(path, ns=times)
    assert "http://127.0.0.1:9/bbb" == dry_run("./api.json", "bbb").json["url"]


def test_an_edit_that_hides_its_time_is_noticed() -> None:
    """A tool that sets the time back after an edit of the same size does not deceive."""
    path = Path(save(pets(**{"/aaa": {"get": operation("aaa")}})))
    _settle(path)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    assert 0 == dry_run("./api.json", "aaa").exit_code
    path.write_text(path.read_text().replace("aaa", "bbb"))
    os.utime(path, ns=times)
    assert "http://127.0.0.1:9/bbb" == dry_run("./api.json", "bbb").json["url"]


def test_a_time_in_the_future_is_no_reason_to_trust() -> None:
    """A file from a machine whose clock is ahead is looked at on every run."""
    path = Path(save(pets(**{"/aaa": {"get": operation("aaa")}})))
    _settle(path, -3600)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    assert 0 == dry_run("./api.json", "aaa").exit_code
    path.write_text(path.read_text().replace("aaa", "bbb"))
    os.utime(path, ns=times)
    assert 0 == dry_run("./api.json", "bbb").exit_code


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        (BROKEN, "cannot be read"),
        ("", "is empty"),
        (json.dumps({**pets(), "openapi": "4.0.0"}), "OpenAPI 4.0.0 documents are not supported"),
        ("<html><body>Not found</body></html>", "is an HTML page"),
        (None, "There is no file"),
    ],
    ids=["cut", "empty", "other-version", "html", "deleted"],
)
def test_an_ad_hoc_document_that_breaks_ends_with_8(content: str | None, phrase: str, home: Path) -> None:
    """A file that was named is the one that is meant; what was compiled before survives anyway."""
    path = Path(save(pets()))
    whole = path.read_text()
    dry_run()
    before = {found: found.read_bytes() for found in (home / "cache").rglob("*") if found.is_file()}
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    result = dry_run()
    assert (8, "") == (result.exit_code, result.stdout)
    assert phrase in result.stderr
    assert before == {found: found.read_bytes() for found in (home / "cache").rglob("*") if found.is_file()}
    path.write_text(whole)
    assert (0, "") == (dry_run().exit_code, dry_run().stderr)


@pytest.mark.parametrize("content", [BROKEN, "", None], ids=["cut", "empty", "deleted"])
def test_a_registered_document_that_breaks_is_used_as_it_was(content: str | None) -> None:
    """A registered API goes on with its last good revision, and a warning says so on every run."""
    path = Path(save(pets()))
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    for _ in range(2):
        result = dry_run("shop")
        assert (0, "http://127.0.0.1:9/pets") == (result.exit_code, result.json["url"])
        assert result.stderr.startswith("warning: ")
        assert (
            f"; the revision of {time.strftime('%Y-%m-%d', time.gmtime())} is used instead\n" in result.stderr
        )
    save(pets(**NEW))
    after = dry_run("shop", "new-one")
    assert (0, "") == (after.exit_code, after.stderr)


@pytest.mark.parametrize(
    "response",
    [Response(500, b"oops"), Response(200, BROKEN.encode()), Response(404), Response(200, b"<html></html>")],
    ids=["500", "cut", "404", "html"],
)
def test_a_server_that_went_bad_changes_nothing(response: Response, server: Recorder) -> None:
    """The document of a URL stays as it was when the server has nothing good; asking for it again fails."""
    serve(server, pets())
    url = f"{server.origin}/openapi.json"
    assert 0 == dry_run(url).exit_code
    server.responses["/openapi.json"] = response
    assert 8 == run_cli("--refresh", *_words(url)).exit_code
    result = dry_run(url)
    assert (0, "") == (result.exit_code, result.stderr)


def test_offline_takes_what_is_there(server: Recorder) -> None:
    """`--offline` fetches nothing: what is in the cache works, what is not says so."""
    url = f"{server.origin}/openapi.json"
    serve(server, pets())
    result = run_cli("--offline", *_words(url))
    assert (8, []) == (result.exit_code, server.requests)
    assert f"`{url}` is not in the cache" in result.stderr
    dry_run(url)
    assert 0 == run_cli("--offline", *_words(url)).exit_code
    assert 0 == run_cli("--offline", "--refresh", *_words(url)).exit_code
    assert 1 == len(server.requests)


def test_offline_needs_no_catalog_where_the_document_was_kept(server: Recorder, home: Path) -> None:
    """A lost catalog is compiled again from the document that was kept beside it."""
    url = f"{server.origin}/openapi.json"
    serve(server, pets())
    dry_run(url)
    _catalogs(home)[0].unlink()
    assert 0 == run_cli("--offline", *_words(url)).exit_code
    assert 0 == dry_run(url).exit_code
    assert 1 == len(server.requests)


def test_a_name_that_was_given_never_moves() -> None:
    """A name stays with its method and path, even if another operation takes over its operationId."""
    save(pets())
    dry_run()
    document = pets()
    document["paths"]["/pets"]["get"]["operationId"] = "somethingElse"
    document["paths"] = {"/first": {"get": operation("listPets")}, **document["paths"]}
    save(document)
    assert "http://127.0.0.1:9/pets" == dry_run().json["url"]
    # Back and forth: what the revision between gave is not forgotten.
    save(pets())
    assert "http://127.0.0.1:9/pets" == dry_run().json["url"]
    save(document)
    rows = run_cli("operations", "./api.json", "-o", "json").json
    assert "list-pets" == next(
        row["name"] for row in rows if row["path"] == "/pets" and row["method"] == "GET"
    )


def test_a_name_survives_the_loss_of_the_pointer(home: Path) -> None:
    """If the pointer to the current revision is lost, the names of the latest one still hold."""
    save(pets())
    dry_run()
    next((home / "cache").rglob("current.json")).unlink()
    document = pets()
    document["paths"] = {"/first": {"get": operation("listPets")}, **document["paths"]}
    save(document)
    assert "http://127.0.0.1:9/pets" == dry_run().json["url"]
