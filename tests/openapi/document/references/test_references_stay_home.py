"""References lead only to where the person allowed: nothing else is read, asked or run, and the rest works."""

import itertools
import json
import os
import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dynacli.errors import DocumentError, RefusedError
from dynacli.openapi.document import fetch
from dynacli.openapi.document import load as bundle
from dynacli.openapi.document.fetch import allowed_files
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.load import Document, load
from dynacli.openapi.document.source import parse_source
from dynacli.urls import origin_of
from tests.documents import document, load_file, operation, save_files
from tests.harness import Recorder, Response, json_response, recording, run_cli

PET = {"type": "object", "properties": {"name": {"type": "string"}}}


def _two_operations(ref: str, server: str = "http://127.0.0.1:9") -> dict[str, Any]:
    """Return a document with one operation whose body is elsewhere, and one that refers to nothing."""
    paths = {
        "/good": {"get": operation("good")},
        "/bad": {"get": operation("bad", requestBody={"$ref": ref})},
    }
    return document(paths, [server])


def _make_links(folder: Path) -> None:
    (folder / "secret.yaml").write_text("name: secret\n")
    here = Path("api")
    here.mkdir()
    (here / "link.yaml").symlink_to(folder / "secret.yaml")
    (here / "folder").mkdir()
    (here / "up").symlink_to(folder)
    os.mkfifo(here / "pipe.yaml")
    (here / "large.yaml").touch()
    os.truncate(here / "large.yaml", 60 * 1024 * 1024)
    (here / "cut.json").write_text('{"name":')
    (here / "page.yaml").write_text("<!doctype html><html></html>")
    (here / "image.json").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    (here / "empty.yaml").touch()
    (here / "circle.yaml").write_text("$ref: round.yaml")
    (here / "round.yaml").write_text("$ref: circle.yaml")
    (here / "part.yaml").write_text("a: {name: b}")
    (here / ".hidden").mkdir()
    (here / ".hidden" / "part.yaml").write_text("name: SECRET")
    (here / "to-hidden").symlink_to(".hidden")
    (here / "to-hidden.yaml").symlink_to(".hidden/part.yaml")
    (here / "list.yaml").write_text("- SECRET")
    (here / "key").write_text("-----BEGIN PRIVATE KEY-----\nSECRET\n")
    (here / "cut.yaml").write_text('name: "b\nSECRET: c"d\n')


OUTSIDE = "It is outside of the document's directory"
HIDDEN = "A part of its path begins with a dot"


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("file:///etc/passwd", OUTSIDE),
        ("/etc/passwd", OUTSIDE),
        ("../secret.yaml", OUTSIDE),
        ("..%2Fsecret.yaml", OUTSIDE),
        ("folder/../../secret.yaml#/name", OUTSIDE),
        ("link.yaml", OUTSIDE),
        ("up/secret.yaml", OUTSIDE),
        ("file://example.com/etc/passwd", "It is not a file of this machine"),
        ("//example.com/pets.yaml", "It is not a file of this machine"),
        ("part.yaml?a", "It is not a file of this machine"),
        ("ORIGIN/pets.yaml", "is not the origin of the document"),
        ("http://169.254.169.254/latest", "is not the origin of the document"),
        ("http://[::1/a", "it is malformed"),
        ("http://example.com:port/a", "The URL of a reference is malformed"),
        ("python://os/path.yaml", "dynacli cannot read over `python:`"),
        ("data:application/json,%7B%7D", "dynacli cannot read over `data:`"),
        ("ftp://example.com/a.yaml", "dynacli cannot read over `ftp:`"),
        ("urn:example:pet", "dynacli cannot read over `urn:`"),
        ("folder", "is a directory"),
        ("pipe.yaml", "is not a regular file"),
        ("large.yaml", "is larger than 50 MiB"),
        ("missing.yaml", "There is no file"),
        ("part.yaml%00", "is not a valid file name"),
        ("cut.json", "cannot be read at line 1"),
        ("cut.yaml", "cannot be read at line 2"),
        (".hidden/part.yaml", HIDDEN),
        ("%2Ehidden/part.yaml#/name", HIDDEN),
        ("folder/../.hidden/part.yaml", HIDDEN),
        ("to-hidden/part.yaml", HIDDEN),
        ("to-hidden.yaml", HIDDEN),
        ("list.yaml", "is not a JSON or YAML object"),
        ("key", "is not a JSON or YAML object"),
        ("page.yaml", "is an HTML page"),
        ("image.json", "is a PNG image"),
        ("empty.yaml", "is empty"),
        ("circle.yaml", "it is part of a cycle of references"),
        ("part.yaml#/nowhere", "there is nothing at `#/nowhere`"),
        ("part.yaml#anchor", "there is nothing at `#anchor`"),
        ("", "leads nowhere"),
    ],
)
def test_a_body_that_may_not_be_followed_costs_its_operation_alone(ref: str, reason: str) -> None:
    """It is reported with its reason and place, calling the operation ends with 8, and all others work."""
    with recording() as server:
        _make_links(Path.cwd())
        ref = ref.replace("ORIGIN", server.origin)
        save_files({"api.json": _two_operations(ref, server.origin)}, "api")
        server.responses["/good"] = Response()
        assert 0 == run_cli("./api/api.json", "good").exit_code
        listed = run_cli("operations", "./api/api.json", "-o", "json")
        called = run_cli("./api/api.json", "bad", "--error-format", "json")
        shown = run_cli("api", "show", "./api/api.json", "-o", "json")
        assert ["/good"] == [request.target for request in server.requests]
    assert ["good"] == [row["name"] for row in listed.json]
    assert 8 == called.exit_code
    assert "SECRET" not in called.stderr + shown.stdout + shown.stderr
    assert reason in called.error["reason"]
    assert [f"{ref}` "] != [warning["message"] for warning in shown.json["warnings"]]
    reported = [warning for warning in shown.json["warnings"] if reason in warning["message"]]
    assert any(warning["pointer"].startswith("/paths/~1bad") and warning["line"] for warning in reported)


@pytest.mark.parametrize("ref", ["https://elsewhere.example/parts.yaml#/id", "#/components/parameters/Gone"])
def test_a_parameter_or_a_response_that_may_not_be_followed_costs_itself_alone(ref: str) -> None:
    """The operation is called without it, but a parameter that the path names is always there; `doctor` has both."""
    with recording() as server:
        other = {"name": "size", "in": "query", "schema": {"type": "integer"}}
        responses = {"200": {"$ref": ref}, "404": {"description": "none"}}
        get = operation("getIt", parameters=[{"$ref": ref}, other], responses=responses)
        save_files({"api.json": document({"/it/{id}": {"get": get}}, [server.origin])})
        server.responses["/it/5"] = Response(body=b"1")
        assert (0, 1) == ((called := run_cli("./api.json", "get-it", "5")).exit_code, called.json)
        assert 0 == run_cli("./api.json", "get-it", "5", "--size", "2").exit_code
        assert ["/it/5", "/it/5?size=2"] == [request.target for request in server.requests]
    reported = run_cli("doctor", "./api.json").stdout
    assert f"the parameter `{ref}` is ignored" in reported
    assert "left out" not in reported


def test_nobody_is_told_to_open_the_directory_of_a_system_file() -> None:
    """The hint to allow a directory is given for what may be a document, and for nothing else."""
    save_files({"api.json": _two_operations("file:///etc/passwd")}, "api")
    reported = run_cli("api/api.json", "bad").stderr
    assert OUTSIDE in reported
    assert "--allow-ref /etc" not in reported


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "ref", ["ORIGIN/pets.yaml", "ORIGIN/pets.yaml#/a", "file:///etc/passwd", "gone.yaml"]
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_the_validator_follows_nothing_either(ref: str, keyword: str, version: str) -> None:
    """A response whose schema is elsewhere is printed, and no one is asked for the schema."""
    with recording() as other, recording() as server:
        schema = {"type": "object", "properties": {"pet": {keyword: ref.replace("ORIGIN", other.origin)}}}
        response = {"description": "fine", "content": {"application/json": {"schema": schema}}}
        paths = {"/pets": {"post": operation("addPet", responses={"200": response}, requestBody=response)}}
        save_files({"api.json": document(paths, [server.origin], version=version)})
        server.responses["/pets"] = Response(body=b'{"pet": 1}')
        result = run_cli("./api.json", "add-pet", "--body", '{"pet": 2}')
        assert [] == other.requests
        assert ["/pets"] == [request.target for request in server.requests]
    assert 0 == result.exit_code, result.stderr
    assert {"pet": 1} == result.json
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("paths", "code"),
    [({"$ref": "../paths.yaml"}, 8), ({"$ref": "missing.yaml"}, 8), ({"/a": {"$ref": "../a.yaml"}}, 0)],
    ids=["refused", "missing", "one path"],
)
def test_a_document_without_its_paths_is_refused(paths: Any, code: int) -> None:
    """If all operations are elsewhere and cannot be had, the document cannot be used."""
    save_files({"api/api.json": document(paths, None)})
    result = run_cli("operations", "./api/api.json")
    assert code == result.exit_code
    assert str(paths.get("$ref", "../a.yaml")) in result.stderr


def _loaded(server: Recorder, document: Any, *allowed: str) -> Document:
    source = parse_source(f"{server.origin}/v1/openapi.json", Path.cwd())
    fetched = Fetched(json.dumps(document).encode(), uri=source.uri)
    return load(fetched, "pets", opener=allowed_files(source, allowed))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a?b#c", "https://example.com"),
        ("HTTPS://Example.COM:443/a", "https://example.com"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:443", "http://example.com:443"),
        ("http://me:secret@example.com:8080/", "http://example.com:8080"),
        ("http://[::1]:8080/a", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    """The default port is the same as none, and who asks does not count (RFC 6454)."""
    assert expected == origin_of(url)


def _refers_to(*refs: str) -> dict[str, Any]:
    return document({}, None, components={"schemas": {"A": {"anyOf": [{"$ref": ref} for ref in refs]}}})


@pytest.mark.parametrize(
    ("ref", "reason"),
    [
        ("file:///etc/passwd", "a remote document must not refer to local files"),
        ("OTHER/pets.json", "is not the origin of the document"),
        ("SAME@/pets.json", "holds a user name or a password"),
        ("elsewhere.json", "redirects to another origin"),
        ("missing.json", "responded with 404"),
        ("large.json", "is larger than"),
    ],
)
def test_a_remote_document_stays_at_its_origin(
    ref: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads no file of this machine and asks no other host, not by a redirect either."""
    monkeypatch.setattr("dynacli.openapi.document.download.MAX_BYTES", 1000)
    with recording() as other, recording() as server:
        server.responses["/v1/elsewhere.json"] = Response(302, b"", {"Location": f"{other.origin}/pets.json"})
        server.responses["/v1/large.json"] = Response(body=b" " * 2000)
        ref = ref.replace("OTHER", other.origin).replace("SAME@", server.origin.replace("//", "//me:secret@"))
        loaded = _loaded(server, _refers_to(ref))
        assert [] == other.requests
    assert reason in loaded.warnings[0][0]
    assert "/components/schemas/A/anyOf/0" == loaded.warnings[0][1].pointer
    assert ref == loaded.tree["components"]["schemas"]["A"]["anyOf"][0]["$ref"]
    assert ("responded" in reason or "larger" in reason or "redirects" in reason) == bool(
        loaded.missing or "redirects" in reason
    )


def test_an_origin_that_the_person_allows_is_read() -> None:
    """From there, relative references stay there; none leads back to files of this machine."""
    with recording() as other:
        folder = Path.cwd() / "api"
        other.responses["/s/pets.json"] = Response(
            body=json.dumps(
                {"Pet": {"anyOf": [{"$ref": "more.json"}, {"$ref": f"{folder.as_uri()}/own.json"}]}}
            ).encode()
        )
        other.responses["/s/more.json"] = json_response(PET)
        path = save_files(
            {
                "api.json": _refers_to(f"{other.origin}/s/pets.json#/Pet", "own.json"),
                "own.json": {"title": "own"},
            },
            folder,
        )
        loaded = load_file(path, other.origin)
        assert ["/s/pets.json", "/s/more.json"] == [request.target for request in other.requests]
    own = f"{folder.as_uri()}/own.json"
    reason = "a remote document must not refer to local files"
    assert [f"`{own}` cannot be followed: {reason}"] == [message for message, _ in loaded.warnings]
    schemas = loaded.tree["components"]["schemas"]
    assert (PET, {"title": "own"}) == (schemas["more"], schemas["own"])
    assert [{"$ref": "#/components/schemas/more"}, {"$ref": "own.json"}] == schemas["Pet"]["anyOf"]


def test_standard_input_has_no_directory() -> None:
    """What is relative in a piped document is refused, with the reason."""
    content = json.dumps(_two_operations("part.yaml")).encode()
    Path("part.yaml").write_text("name: secret")
    result = run_cli("-", "bad", "--error-format", "json", stdin=content)
    assert 8 == result.exit_code
    assert "A document on standard input has no directory" in result.error["reason"]


def test_a_long_chain_of_files_is_followed() -> None:
    """A hundred files that each only name the next one are one step."""
    parts = {f"{number}.json": {"$ref": f"{number + 1}.json"} for number in range(100)}
    loaded = load_file(save_files({"api.json": _refers_to("0.json"), **parts, "100.json": PET}))
    assert () == loaded.warnings
    assert [{"$ref": "#/components/schemas/100"}] == loaded.tree["components"]["schemas"]["A"]["anyOf"]


def test_files_that_replace_references_are_nested_to_a_limit() -> None:
    """A reference beyond the limit of nesting stays a reference, with a warning."""
    parts: dict[str, Any] = {
        f"{number}.yaml": {"info": {"$ref": f"{number + 1}.yaml"}} for number in range(200)
    }
    loaded = load_file(
        save_files({"api.json": {**document({}, None), "info": {"$ref": "0.yaml"}}, **parts, "200.yaml": {}})
    )
    assert "are nested in each other here" in loaded.warnings[0][0]
    assert isinstance(loaded.tree["info"]["info"]["info"], dict)


def test_files_together_may_be_no_larger_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is nested too deep only once it is put together is refused as if it were one file."""
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"x": deep}
    path = save_files(
        {
            "api.json": {
                **document({}, None),
                "info": deep | {"contact": {"description": {"$ref": "a.json"}}},
            },
            "a.json": {"a": deep},
        }
    )
    load_file(path)
    save_files(
        {
            "a.json": {"license": {"title": {"$ref": "b.json"}}},
            "b.json": {"a": {"a": {"title": {"$ref": "c.json"}}}},
            "c.json": {"x": {"x": deep}},
        }
    )
    monkeypatch.setattr("dynacli.openapi.document.plain_json.MAX_DEPTH", 155)
    with pytest.raises(DocumentError, match="is nested deeper than 155 levels"):
        load_file(path)


def test_a_path_item_in_its_own_callbacks_stays_a_reference() -> None:
    """A file that would contain itself is referred to instead."""
    loaded = load_file(
        save_files(
            {
                "api.json": document({"/a": {"$ref": "a.json"}}, None),
                "a.json": {"post": operation("a", callbacks={"done": {"{$url}": {"$ref": "a.json"}}})},
            }
        )
    )
    post = loaded.tree["paths"]["/a"]["post"]
    assert {"$ref": "#/paths/~1a"} == post["callbacks"]["done"]["{$url}"]
    assert ((), ()) == (loaded.scan.external, loaded.scan.dangling)


@pytest.mark.no_cover
def test_copies_of_files_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that each contain the next one twice would grow without end; beyond the limit, references stay."""
    monkeypatch.setattr(bundle, "_MAX_COPIED", 20_000)
    monkeypatch.setattr(bundle, "_MAX_PLACES", 2_000)
    parts: dict[str, Any] = {
        f"{number}.yaml": {"tags": {"$ref": f"{number + 1}.yaml"}, "servers": {"$ref": f"{number + 1}.yaml"}}
        for number in range(40)
    }
    path = save_files(
        {"api.json": {**document({}, None), "info": {"$ref": "0.yaml"}}, **parts, "40.yaml": {}}
    )
    began = time.process_time()
    loaded = load_file(path)
    assert "values would be copies of others" in loaded.warnings[0][0]
    assert len(json.dumps(loaded.tree)) < 5_000_000
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MAX_FILES", 3, "The document has more than 3 files"),
        ("MAX_BYTES", 100, "All files of the document together are larger than"),
    ],
)
def test_all_files_together_are_limited(
    limit: str, value: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small files are no way around the limits of one."""
    monkeypatch.setattr(fetch, limit, value)
    parts = {f"{number}.json": {"title": "t" * 30} for number in range(5)}
    loaded = load_file(save_files({"api.json": _refers_to(*parts), **parts}))
    read = len(loaded.files) - 1
    assert read in {2, 3}
    assert 5 - read == len([message for message, _ in loaded.warnings if reason in message])


def test_all_files_together_have_one_budget_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that responds each time just within the limit does not make the whole take for ever."""
    parts = [f"{number}.json" for number in range(20)]
    clock = itertools.count(step=60)
    monkeypatch.setattr(fetch, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with recording() as server:
        server.responses = {f"/v1/{name}": Response(body=b"{}") for name in parts}
        source = parse_source(f"{server.origin}/v1/openapi.json", Path.cwd())
        fetched = Fetched(json.dumps(_refers_to(*parts)).encode(), uri=source.uri)
        loaded = load(fetched, "pets", opener=allowed_files(source))
    assert (5, 6) == (len(server.requests), len(loaded.files))
    assert any("took too long" in message for message, _ in loaded.warnings)


@pytest.mark.exhaustive
def test_one_connection_serves_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of a thousand files does not connect a thousand times; one that was closed is opened again."""
    connect, connected = socket.socket.connect, []

    def counted(self: socket.socket, address: Any) -> None:
        connected.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", counted)
    parts = [f"{number}.json" for number in range(20)]
    with recording() as server:
        server.responses = {f"/v1/{name}": Response(body=b"{}") for name in parts}
        server.responses["/v1/7.json"] = Response(
            body=b"{}", headers={"Content-Type": "application/json", "Connection": "close"}
        )
        loaded = _loaded(server, _refers_to(*parts))
    assert () == loaded.warnings
    assert 21 == len(loaded.files)
    assert 2 == len(connected)


def test_a_missing_file_is_told_apart_from_a_refused_one() -> None:
    """Only the URI of a file that may be read and cannot be is listed as missing."""
    loaded = load_file(
        save_files({"api/api.json": _refers_to("gone.json", "../secret.json", "gone.json#/a")})
    )
    assert [Path("api/gone.json").absolute().as_uri()] == list(loaded.missing)
    assert {"gone.json", "../secret.json", "gone.json#/a"} == set(loaded.unread)


def test_a_file_that_cannot_be_parsed_is_one_of_the_files() -> None:
    """A malformed file counts as a file of the document, so that its correction is noticed."""
    loaded = load_file(save_files({"api.json": _refers_to("cut.json"), "cut.json": "{"}))
    assert ["api.json", "cut.json"] == [file.uri.rpartition("/")[2] for file in loaded.files]


def test_a_document_is_loaded_without_an_opener() -> None:
    """Without a function that opens files, references to other files lead nowhere."""
    loaded = load(json.dumps(_refers_to("a.json")).encode(), "pets", "file:///nowhere/api.json")
    assert "Other files are not followed here" in loaded.warnings[0][0]


@pytest.mark.exhaustive
def test_bundling_is_linear() -> None:
    """Ten times the files take ten times as long, not a hundred times."""

    def seconds(count: int) -> float:
        parts = {f"{n}.json": {"items": {"$ref": f"{(n * 7 + 1) % count}.json"}, **PET} for n in range(count)}
        path = save_files({"api.json": _refers_to(*parts), **parts}, f"of-{count}")
        began = time.process_time()
        loaded = load_file(path)
        assert count + 1 == len(loaded.files)
        return time.process_time() - began

    seconds(20)
    few = min(seconds(100) for _ in range(3))
    assert min(seconds(1000) for _ in range(2)) < 40 * few


@pytest.mark.skipif(os.name != "nt", reason="only Windows has names of files on other machines")
@pytest.mark.parametrize(
    "path", ["///127.0.0.1/share/a.yaml", "/%5C%5C127.0.0.1%5Cshare%5Ca.yaml", "/Q:/a.yaml"]
)
def test_no_file_of_another_machine_is_looked_for(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows would connect to the machine, and sign in there, to follow symbolic links."""
    looked_for: list[str] = []

    def look(_: fetch.AllowedFiles, path: str) -> str:
        looked_for.append(path)
        return path

    monkeypatch.setattr(fetch.AllowedFiles, "resolve", look)
    save_files({"api.json": _two_operations(f"file://{path}")})
    source = parse_source("api.json", Path.cwd())
    with pytest.raises((DocumentError, RefusedError)):
        allowed_files(source)(f"file://{path}")
    assert [] == [path for path in looked_for if not path.lower().startswith(str(Path.cwd()).lower())]


def test_an_agent_follows_references_of_registered_documents_to_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It could write a document that refers to any file beside it. A person names such a document on purpose."""
    body = {"content": {"application/json": {"schema": {"$ref": "settings.json"}}}}
    paths = {"/a": {"post": operation("makeIt", requestBody=body)}}
    save_files(
        {"api.json": document(paths), "settings.json": {"type": "object", "default": {"name": "SECRET"}}}
    )
    example = ("make-it", "--example", "--dry-run", "--yes")
    word = "./api.json"
    assert "SECRET" in run_cli(word, *example).stdout
    monkeypatch.setenv("CLAUDECODE", "1")
    for name in (word, f"file://{Path.cwd()}/api.json"):
        for words in (
            (name, *example),
            ("document", name, "--bundled"),
            ("describe", name, "make-it", "--all"),
        ):
            result = run_cli(*words)
            assert "SECRET" not in result.stdout + result.stderr
    shown = run_cli("api", "show", word, "-o", "json")
    assert "Only a registered document is read with other files" in shown.json["warnings"][0]["message"]
    assert "SECRET" in run_cli(word, *example, "--allow-ref", ".").stdout
    assert "SECRET" not in run_cli(word, *example).stdout
    assert 0 == run_cli("api", "add", "mine", word).exit_code
    assert ["SECRET" in run_cli(name, *example).stdout for name in ("mine", word)] == [True, True]


def test_an_allowed_hidden_directory_is_read() -> None:
    """Only the path below a directory that a person allows counts."""
    files = {".parts/pet.json": {"title": "Pet"}, ".parts/.own/pet.json": {"title": "Own"}}
    schemas = {"A": {"$ref": ".parts/pet.json"}, "B": {"$ref": ".parts/.own/pet.json"}}
    save_files({"api.json": document({}, None, components={"schemas": schemas}), **files})
    loaded = load_file("api.json", str(Path(".parts").absolute()))
    assert [HIDDEN in message for message, _ in loaded.warnings] == [True]
    assert "Own" not in json.dumps(loaded.tree)
    assert "Pet" in json.dumps(loaded.tree)
