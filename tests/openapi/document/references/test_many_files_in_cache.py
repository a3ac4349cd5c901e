"""A document of many files is kept whole, and a change in any of them is noticed."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.catalog.catalog_file import FORMAT
from dynacli.registry.revisions.revisions import are_referenced_files_unchanged, facts_of, write_file_list
from tests.documents import operation, pets
from tests.harness import RecordedRequest, Recorder, Response, Result, assert_ended, run_cli

SCHEMAS = {"Toy": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}


def _toys(**more: Any) -> dict[str, Any]:
    """Return a path item that refers to a schema in another file."""
    schema = {"$ref": "../schemas.json#/Toy"}
    body = {"content": {"application/json": {"schema": schema}}}
    return {"get": operation("listToys"), "post": operation("createToy", requestBody=body), **more}


def _root(ref: str = "paths/toys.json") -> dict[str, Any]:
    return pets(**{"/toys": {"$ref": ref}})


def _spread(folder: Path) -> Path:
    """Write a document of three files that were changed a while ago, and return the one that is named."""
    (folder / "paths").mkdir(parents=True, exist_ok=True)
    files = {"api.json": _root(), "paths/toys.json": _toys(), "schemas.json": SCHEMAS}
    for name, content in files.items():
        _put(folder / name, content)
    return folder / "api.json"


def _put(path: Path, content: Any, seconds: int = 60) -> None:
    """Write a file that looks as if it was written so many seconds ago."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    before = time.time_ns() - seconds * 1_000_000_000
    os.utime(path, ns=(before, before))


def _call(api: str, *words: str) -> Result:
    return run_cli(api, *words, "--dry-run", "json")


def _directory(home: Path) -> Path:
    (directory,) = (home / "cache" / "documents").iterdir()
    return directory


def _only(home: Path, ending: str) -> Path:
    (path,) = _directory(home).glob(f"*{ending}")
    return path


def _pointer(home: Path) -> dict[str, Any]:
    pointer: dict[str, Any] = json.loads((_directory(home) / "current.json").read_text())
    return pointer


@pytest.fixture
def spread() -> Path:
    """A document of three files that was compiled."""
    path = _spread(Path.cwd())
    result = _call("./api.json", "create-toy", "--name", "ball")
    assert (0, "") == (result.exit_code, result.stderr)
    return path


# What a change in one of the files does.


def test_an_edit_of_any_file_is_noticed(spread: Path, home: Path) -> None:
    """A path item and a schema that stand in files of their own are read again when they have changed."""
    _put(spread.parent / "paths" / "toys.json", _toys(put=operation("putToys")), 30)
    assert "http://127.0.0.1:9/toys" == _call("./api.json", "put-toys").json["url"]
    _put(spread.parent / "schemas.json", {"Toy": {"properties": {"colour": {"type": "string"}}}}, 20)
    result = _call("./api.json", "create-toy", "--colour", "red")
    assert (0, {"colour": "red"}) == (result.exit_code, json.loads(result.json["body"]))
    assert 3 == len(list(_directory(home).glob("*.sqlite")))


def test_nothing_is_compiled_again_while_nothing_changes(spread: Path, home: Path) -> None:
    """Later runs, and runs after a file was touched or copied over itself, use the same catalog."""
    catalog = _only(home, ".sqlite")
    before = catalog.stat().st_ino, catalog.stat().st_mtime_ns
    toys = spread.parent / "paths" / "toys.json"
    changes: list[Callable[[], object]] = [lambda: None, toys.touch]
    changes.append(lambda: os.replace(shutil.copy(toys, "copy"), toys))
    for change in changes:
        change()
        for _ in range(2):
            assert (0, "") == (_call("./api.json", "list-toys").exit_code, _call("./api.json").stderr[:0])
        assert before == (catalog.stat().st_ino, catalog.stat().st_mtime_ns)


_LISTENING_RUN = """
import os, sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from dynacli.__main__ import run
try:
    run()
finally:
    print(*opened, sep="\\n", file=sys.stderr)
"""
"""A run of the program that lists each file that it opened; an audit hook stays for as long as the process."""


def test_a_warm_run_reads_no_file_of_the_document(spread: Path) -> None:
    """If nothing has changed the files are only looked at: one that cannot be read any more is not a trouble."""
    words = [sys.executable, "-c", _LISTENING_RUN, "./api.json", "list-toys", "--dry-run", "json"]
    ended = subprocess.run(words, capture_output=True, check=True, text=True)
    opened = ended.stderr.splitlines()
    assert any("/cache/documents/" in path for path in opened), opened
    assert [] == [path for path in opened if os.path.abspath(path).startswith(str(spread.parent) + os.sep)]


def test_an_edit_within_the_same_tick_is_noticed(spread: Path) -> None:
    """A part that was written just before it was read is looked at again, whatever its size and time say."""
    toys = spread.parent / "paths" / "toys.json"
    toys.write_text(json.dumps(_toys(put=operation("aaaa"))))
    times = toys.stat().st_atime_ns, toys.stat().st_mtime_ns
    assert 0 == _call("./api.json", "aaaa").exit_code
    toys.write_text(toys.read_text().replace("aaaa", "bbbb"))
    os.utime(toys, ns=times)
    assert 0 == _call("./api.json", "bbbb").exit_code


def test_a_part_that_goes_and_comes_back_is_noticed(spread: Path) -> None:
    """A document works without one of its files, and with it again as soon as it is there."""
    toys = spread.parent / "paths" / "toys.json"
    content = toys.read_text()
    toys.unlink()
    result = run_cli("operations", "./api.json", "-o", "json")
    assert ["list-pets", "create-pet", "get-pet"] == [row["name"] for row in result.json]
    assert "toys.json" in run_cli("api", "show", "./api.json").stdout
    assert 0 == _call("./api.json", "list-pets").exit_code
    toys.write_text(content)
    assert "http://127.0.0.1:9/toys" == _call("./api.json", "list-toys").json["url"]


def test_a_new_reference_brings_its_file_under_watch(spread: Path) -> None:
    """A file that the document refers to since yesterday counts as the others do."""
    _put(spread, _root("paths/new.json"), 30)
    _put(spread.parent / "paths" / "new.json", {"get": operation("one")}, 30)
    assert 0 == _call("./api.json", "one").exit_code
    _put(spread.parent / "paths" / "new.json", {"get": operation("two")}, 20)
    assert 0 == _call("./api.json", "two").exit_code


# What a revision is.


def test_the_revision_covers_all_files(spread: Path, home: Path) -> None:
    """It changes with each part, comes back with the content, and does not depend on the folder's name."""
    first = _pointer(home)["revision"]
    toys = spread.parent / "paths" / "toys.json"
    _put(toys, _toys(put=operation("putToys")), 30)
    _call("./api.json", "put-toys")
    assert first != _pointer(home)["revision"]
    _put(toys, _toys(), 20)
    _call("./api.json", "list-toys")
    assert first == _pointer(home)["revision"]
    shutil.copytree(spread.parent, "elsewhere", ignore=shutil.ignore_patterns("elsewhere"))
    shown = run_cli("api", "show", "./elsewhere/api.json", "-o", "json").json
    assert (first, 3) == (shown["revision"], shown["files"])


def test_equal_roots_with_different_parts_are_two(home: Path) -> None:
    """Two documents whose named files have the same bytes are told apart by their parts."""
    for name, word in (("one", "oneToy"), ("two", "twoToys")):
        root = _spread(Path(name))
        _put(root.parent / "paths" / "toys.json", _toys(put=operation(word)))
    assert Path("one/api.json").read_bytes() == Path("two/api.json").read_bytes()
    for _ in range(2):
        assert 0 == _call("./one/api.json", "one-toy").exit_code
        assert 0 == _call("./two/api.json", "two-toys").exit_code
        assert 2 == _call("./one/api.json", "two-toys").exit_code
    revisions = {json.loads(path.read_text())["revision"] for path in (home / "cache").rglob("current.json")}
    assert 2 == len(revisions)


def test_a_document_of_one_file_has_no_list_of_parts(home: Path) -> None:
    """What only documents of several files need is neither kept nor looked for in others."""
    Path("pets.json").write_text(json.dumps(pets()))
    assert 0 == _call("./pets.json", "list-pets").exit_code
    kept = sorted(path.name.partition(".")[2] for path in _directory(home).iterdir() if path.name != "lock")
    assert [f"{FORMAT}.sqlite", "document", "json", "json"] == [name for name in kept if name]
    assert not {"root", "parts", "allow_refs"} & set(_pointer(home))


# What is kept heals.


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * (path.stat().st_size // 256 + 1))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def _replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("of somebody")


DAMAGES = [Path.unlink, _noise, _cut, _flip, lambda path: path.write_bytes(b""), _replace_by_directory]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "ending", [".parts.zip", "current.parts.json", ".document", ".sqlite", "current.json"]
)
@pytest.mark.parametrize("damage", DAMAGES, ids=["deleted", "noise", "cut", "flipped", "empty", "directory"])
def test_each_file_of_the_cache_may_be_damaged(
    ending: str, damage: Callable[[Path], None], spread: Path, home: Path
) -> None:
    """Whatever happens to one file, every command works and is right, and a change is still noticed."""
    damage(_only(home, ending))
    for words in (("api", "show", "./api.json"), ("document", "./api.json", "--bundled")):
        result = run_cli(*words)
        assert (0, "") == (result.exit_code, result.stderr)
    document = run_cli("document", "./api.json")
    assert spread.read_bytes() == document.stdout_bytes
    assert {"name": "x"} == json.loads(_call("./api.json", "create-toy", "--name", "x").json["body"])
    _put(spread.parent / "paths" / "toys.json", _toys(put=operation("putToys")), 10)
    assert 0 == _call("./api.json", "put-toys").exit_code


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "content",
    ["null", "5", "[]", "{}", '{"paths": 1}', '{"paths": ["/x"], "facts": []}', "[" * 100_000, "\x00"],
)
def test_a_list_of_parts_may_hold_anything(content: str, spread: Path, home: Path) -> None:
    """A list that is not a list counts as absent, even under the seal of the pointer."""
    import zlib

    path = _directory(home) / "current.parts.json"
    path.write_text(content)
    pointer = {**_pointer(home), "parts": f"{zlib.crc32(content.encode()):08x}"}
    (_directory(home) / "current.json").write_text(json.dumps(pointer))
    assert 0 == _call("./api.json", "list-toys").exit_code
    assert str(spread.parent / "schemas.json") in json.loads(path.read_text())["paths"]


def test_a_lost_catalog_is_compiled_from_what_was_kept(home: Path) -> None:
    """A registered document that is gone altogether, parts and all, goes on working without its catalog."""
    _spread(Path("shop"))
    assert 0 == run_cli("api", "add", "shop", "./shop/api.json").exit_code
    shutil.rmtree("shop")
    _only(home, ".sqlite").unlink()
    for _ in range(2):
        result = _call("shop", "create-toy", "--name", "x")
        assert (0, {"name": "x"}) == (result.exit_code, json.loads(result.json["body"]))
        assert "is used instead" in result.stderr
    bundled = run_cli("document", "shop", "--bundled", "--offline").json
    assert ["name"] == list(bundled["components"]["schemas"]["Toy"]["properties"])


def test_without_a_cache_all_files_are_at_hand(spread: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """If nothing can be kept, one run still has what it read: the bundle, and the lines of findings."""
    monkeypatch.setenv("DYNACLI_CACHE_DIR", "/proc/none")
    assert "Toy" in run_cli("document", "./api.json", "--bundled").json["components"]["schemas"]
    result = run_cli("./api.json", "create-toy", "--set", "name=1", "--dry-run")
    assert 2 == result.exit_code
    assert "schemas.json line 1: /Toy/properties/name" in result.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("processes", [2, pytest.param(5, marks=pytest.mark.exhaustive)])
def test_many_may_compile_at_once(processes: int, home: Path) -> None:
    """Processes that meet on a document of several files all work, and leave it compiled once."""
    _spread(Path.cwd())
    command = [sys.executable, "-m", "dynacli", "./api.json", "list-toys", "--dry-run", "json"]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(processes)
    ]
    for process in running:
        stdout, stderr = process.communicate()
        assert (0, b"") == (process.returncode, stderr)
        assert "http://127.0.0.1:9/toys" == json.loads(stdout)["url"]
    assert 1 == len(list(_directory(home).glob("*.sqlite")))
    assert are_referenced_files_unchanged(str(_directory(home)), _pointer(home))


# Documents of the network.


def _serve(server: Recorder, name: str, content: Any, etag: str = "") -> None:
    """Let a server have a file, and response 304 to who has it already."""
    body = json.dumps(content).encode()

    def response(request: RecordedRequest) -> Response:
        if etag and request.headers.get("if-none-match") == [etag]:
            return Response(304, b"", {"ETag": etag})
        return Response(200, body, {"Content-Type": "application/json", **({"ETag": etag} if etag else {})})

    server.responses[name] = response


def _serve_all(server: Recorder, etag: str = '"1"') -> str:
    _serve(server, "/api.json", _root(), etag)
    _serve(server, "/paths/toys.json", _toys(), etag)
    _serve(server, "/schemas.json", SCHEMAS, etag)
    return f"{server.origin}/api.json"


def test_a_warm_run_asks_the_network_for_nothing(server: Recorder) -> None:
    """A document of the network is fetched with its parts once; help, completion and calls work from the cache."""
    url = _serve_all(server)
    assert 0 == _call(url, "list-toys").exit_code
    assert ["/api.json", "/paths/toys.json", "/schemas.json"] == [
        request.target for request in server.requests
    ]
    server.requests.clear()
    for words in ((url, "--help"), (url, "create-toy", "--help"), ("document", url, "--bundled")):
        assert 0 == run_cli(*words).exit_code
        assert 0 == run_cli("--offline", *words).exit_code
    assert [] == server.requests


def test_a_refresh_asks_for_each_part_whether_it_has_changed(server: Recorder, home: Path) -> None:
    """With an ETag each file is asked for conditionally; a change of one part alone is a new revision."""
    url = _serve_all(server)
    run_cli("api", "add", "shop", url)
    first = _only(home, ".sqlite")
    server.requests.clear()
    assert ", unchanged" in run_cli("api", "refresh", "shop").stderr
    assert 3 == len(server.requests)
    assert [['"1"']] * 3 == [request.headers.get("if-none-match") for request in server.requests]
    assert [first] == list(_directory(home).glob("*.sqlite"))
    _serve(server, "/paths/toys.json", _toys(put=operation("putToys")), '"2"')
    assert "new: put-toys" in run_cli("api", "refresh", "shop").stderr
    assert 0 == _call("shop", "put-toys").exit_code


@pytest.mark.parametrize("response", [Response(503, b"busy"), Response(500)], ids=["503", "500"])
def test_a_refresh_that_loses_a_part_changes_nothing(response: Response, server: Recorder) -> None:
    """A part that its server fails to give is not reason to do without what it gave before."""
    url = _serve_all(server, "")
    run_cli("api", "add", "shop", url)
    server.responses["/schemas.json"] = response
    result = run_cli("api", "refresh", "shop")
    assert_ended(result, 8, "schemas.json")
    assert {"name": "x"} == json.loads(_call("shop", "create-toy", "--name", "x").json["body"])


def test_the_cache_of_a_url_heals_its_parts(server: Recorder, home: Path) -> None:
    """With the archive of the parts whole nothing is fetched; without it everything is, once."""
    url = _serve_all(server)
    _call(url, "list-toys")
    server.requests.clear()
    _only(home, ".sqlite").unlink()
    assert 0 == _call(url, "list-toys").exit_code
    assert [] == server.requests
    _only(home, ".sqlite").unlink()
    _cut(_only(home, ".parts.zip"))
    assert 0 == _call(url, "list-toys").exit_code
    assert 3 == len(server.requests)
    assert all("if-none-match" not in request.headers for request in server.requests)


# More origins.


def _two_servers(server: Recorder, other: Recorder) -> str:
    _serve(server, "/api.json", _root(f"{other.origin}/shared/toys.json"))
    _serve(other, "/shared/toys.json", _toys())
    _serve(other, "/schemas.json", SCHEMAS)
    return f"{server.origin}/api.json"


def test_another_origin_is_asked_only_when_it_is_allowed(server: Recorder, other_server: Recorder) -> None:
    """Without `--allow-ref` the operation is missing and no request goes there; with it, it works."""
    url = _two_servers(server, other_server)
    assert 0 == _call(url, "list-pets").exit_code
    assert 2 == _call(url, "no-such-toys").exit_code
    assert [] == other_server.requests
    result = _call(url, "create-toy", "--name", "x", "--allow-ref", other_server.origin)
    assert (0, {"name": "x"}) == (result.exit_code, json.loads(result.json["body"]))
    assert ["/shared/toys.json", "/schemas.json"] == [request.target for request in other_server.requests]
    assert 1 == len([request for request in server.requests if request.target == "/api.json"])


@pytest.mark.parametrize("place", ["before", "behind", "equals"])
def test_allow_ref_stands_wherever_a_standard_option_does(
    place: str, server: Recorder, other_server: Recorder
) -> None:
    """Before the API, after the operation, and with an equals sign."""
    url, origin = _two_servers(server, other_server), other_server.origin
    words = {
        "before": ("--allow-ref", origin, url, "list-toys"),
        "behind": (url, "list-toys", "--allow-ref", origin),
        "equals": (url, "list-toys", f"--allow-ref={origin}"),
    }[place]
    assert 0 == run_cli(*words, "--dry-run", "json").exit_code


def test_other_allowed_origins_make_a_document_stale(server: Recorder, other_server: Recorder) -> None:
    """What was read from an origin is not used by a run that does not allow it, and is not asked for again."""
    url = _two_servers(server, other_server)
    allowed = ("--allow-ref", other_server.origin)
    assert 0 == _call(url, "list-toys", *allowed).exit_code
    assert 0 != _call(url, "list-toys").exit_code
    assert "other_server" not in run_cli("operations", url).stdout
    before = len(other_server.requests)
    assert 0 == _call(url, "list-pets").exit_code
    assert before == len(other_server.requests)
    assert 0 == _call(url, "list-toys", *allowed).exit_code


def test_a_registered_api_remembers_what_is_allowed(server: Recorder, other_server: Recorder) -> None:
    """`api add --allow-ref` and `api refresh --allow-ref` write it into the configuration, comments and all kept."""
    url, origin = _two_servers(server, other_server), other_server.origin
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    assert 0 != _call("shop", "list-toys").exit_code
    assert "new: list-toys, create-toy" in run_cli("api", "refresh", "shop", "--allow-ref", origin).stderr
    assert 0 == _call("shop", "list-toys").exit_code
    shown = run_cli("api", "show", "shop", "-o", "json").json
    assert ([origin], 3) == (shown["allow_refs"], shown["files"])
    assert 0 == run_cli("api", "remove", "shop").exit_code
    assert 0 == run_cli("api", "add", "shop", url, "--allow-ref", f"{origin}/").exit_code
    assert 0 == _call("shop", "list-toys").exit_code
    assert 0 == run_cli("api", "rename", "shop", "store").exit_code
    assert 0 == _call("store", "list-toys").exit_code


def test_an_allowed_origin_of_a_local_document_is_kept(other_server: Recorder) -> None:
    """An edit of a file asks the network for nothing, `--offline` needs none, `--refresh` asks again."""
    _serve(other_server, "/shared/toys.json", _toys(), '"1"')
    _serve(other_server, "/schemas.json", SCHEMAS, '"1"')
    allowed = ("--allow-ref", other_server.origin)
    _put(Path("api.json"), _root(f"{other_server.origin}/shared/toys.json"))
    assert 0 == _call("./api.json", "list-toys", *allowed).exit_code
    assert 2 == len(other_server.requests)
    changed = _root(f"{other_server.origin}/shared/toys.json")
    _put(Path("api.json"), {**changed, "info": {"title": "Changed", "version": "2"}}, 30)
    assert 0 == _call("./api.json", "list-toys", *allowed).exit_code
    assert 0 == _call("./api.json", "list-toys", *allowed, "--offline").exit_code
    assert 2 == len(other_server.requests)
    assert 0 == _call("./api.json", "list-toys", *allowed, "--refresh").exit_code
    assert [['"1"']] * 2 == [request.headers.get("if-none-match") for request in other_server.requests[2:]]


def test_offline_says_which_part_is_missing(other_server: Recorder) -> None:
    """A part that was never fetched is left out, without a request."""
    _put(Path("api.json"), _root(f"{other_server.origin}/shared/toys.json"))
    words = ("--allow-ref", other_server.origin, "--offline")
    assert 0 == _call("./api.json", "list-pets", *words).exit_code
    assert 0 != _call("./api.json", "list-toys", *words).exit_code
    assert "is not in the cache" in run_cli("api", "show", "./api.json", *words).stdout
    assert [] == other_server.requests


@pytest.mark.parametrize(
    "value", ["ftp://example.com", "http://a@b.example", "file:///", "http://", "https://[::1"]
)
def test_an_allowed_origin_must_be_one(value: str) -> None:
    """A URL that is not an origin of HTTP is an error of usage, before anything is read."""
    Path("pets.json").write_text(json.dumps(pets()))
    for words in (
        ("--allow-ref", value, "./pets.json", "list-pets"),
        ("./pets.json", "list-pets", "--allow-ref", value),
    ):
        result = run_cli(*words, "--dry-run", "json")
        assert (2, "") == (result.exit_code, result.stdout)
        assert "The value of `--allow-ref` is not an origin" in result.stderr


@pytest.mark.parametrize("value", ["[5]", "5", '["http://[::1"]', '["*"]', '["https://example.com"]'])
def test_a_configuration_may_allow_anything(value: str, home: Path, other_server: Recorder) -> None:
    """What is not an origin there allows nothing, and is told if it would be needed."""
    _put(Path("api.json"), _root(f"{other_server.origin}/shared/toys.json"))
    (home / "config").mkdir()
    source = json.dumps(str(Path("api.json").resolve()))
    (home / "config" / "config.toml").write_text(f"[apis.shop]\nsource = {source}\nallow_refs = {value}\n")
    result = _call("shop", "list-pets")
    assert [] == other_server.requests
    assert (result.exit_code == 12) == ("[::1" in value), value
    assert result.exit_code in {0, 12}


def test_standard_input_may_refer_to_what_is_allowed(other_server: Recorder) -> None:
    """A document without a place refers to nothing relative, but to an origin that is allowed."""
    _serve(other_server, "/shared/toys.json", _toys())
    _serve(other_server, "/schemas.json", SCHEMAS)
    document = json.dumps(_root(f"{other_server.origin}/shared/toys.json")).encode()
    words = ("-", "create-toy", "--name", "x", "--dry-run", "json")
    assert 0 != run_cli(*words, stdin=document).exit_code
    for _ in range(2):
        result = run_cli(*words, "--allow-ref", other_server.origin, stdin=document)
        assert (0, {"name": "x"}) == (result.exit_code, json.loads(result.json["body"]))
    assert 2 == len(other_server.requests)
    relative = json.dumps(_root()).encode()
    assert 0 == run_cli("-", "list-pets", "--dry-run", "json", stdin=relative).exit_code
    assert "standard input" in run_cli("api", "show", "-", stdin=relative).stdout


# Where a message leads.


def test_findings_name_the_file_and_the_line_in_it(spread: Path) -> None:
    """A result on a request leads to the place in the file that asks for it, for people and for programs."""
    (spread.parent / "schemas.json").write_text(json.dumps(SCHEMAS, indent=1))
    result = run_cli("./api.json", "create-toy", "--set", "name=1", "--dry-run")
    assert 2 == result.exit_code
    assert "schemas.json line 9: /Toy/properties/name/type" in result.stderr
    error = run_cli(
        "./api.json", "create-toy", "--set", "name=1", "--dry-run", "--error-format", "json"
    ).error
    assert {
        "file": str(spread.parent / "schemas.json"),
        "line": 9,
        "column": 5,
        "pointer": "/Toy/properties/name/type",
    } == error["findings"][0]["document"]


def test_warnings_name_the_file_and_the_place_in_it(spread: Path) -> None:
    """What of a part cannot be used is listed with that file's name, line and column."""
    toys = json.dumps(_toys(put=5), indent=1)
    (spread.parent / "paths" / "toys.json").write_text(toys)
    (row,) = run_cli("api", "show", "./api.json", "-o", "json").json["warnings"]
    line = toys[: toys.index('"put"')].count("\n") + 1
    assert (str(spread.parent / "paths" / "toys.json"), line, 2, "/put") == (
        row["file"],
        row["line"],
        row["column"],
        row["pointer"],
    )
    shown = run_cli("api", "show", "./api.json", "-o", "text").stdout
    assert f"(paths/toys.json:{line}:2, /put)" in shown


# It costs little.


@pytest.mark.no_cover
def test_looking_at_many_files_takes_milliseconds(tmp_path: Path) -> None:
    """A document of 3,000 files is found unchanged without reading any of them, within the budget of a start."""
    paths = [tmp_path / f"part-{number}.yaml" for number in range(3000)]
    for path in paths:
        _put(path, "")
    pointer: dict[str, Any] = {
        "parts": write_file_list(str(tmp_path), {str(path): facts_of(str(path)) for path in paths}),
        "checked_ns": time.time_ns(),
    }
    times = []
    for _ in range(5):
        start = time.process_time()
        assert are_referenced_files_unchanged(str(tmp_path), pointer)
        times.append(time.process_time() - start)
    assert min(times) < 0.1
    paths[1234].unlink()
    assert not are_referenced_files_unchanged(str(tmp_path), pointer)
