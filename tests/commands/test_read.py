"""`dynacli read`: a prefix that a script or an agent can be allowed, since its calls change nothing."""

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.documents import (
    BEARER,
    api_of,
    document,
    get,
    operation,
    register,
    register_api,
    route,
    save,
    save_api,
    serve,
)
from tests.harness import Recorder, Response, run_cli

METHODS = ("get", "head", "options", "trace", "post", "put", "patch", "delete")
SAFE = ("get", "head", "options", "trace")


@pytest.fixture
def things(server: Recorder) -> str:
    """A document that has an operation of each method."""
    paths = {"/things": {method: operation(f"{method}Thing", tags=["things"]) for method in METHODS}}
    server.responses["/things"] = Response(body=b"{}")
    return register_api("things-api", paths, server=server)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("method", METHODS)
def test_what_may_change_something_is_refused(method: str, things: str, server: Recorder) -> None:
    """Only safe methods are called; the others are refused before anything else is looked at."""
    words = ["read", things, f"{method}-thing", *([] if method in SAFE else ["--no-such-option"])]
    result = run_cli(*words)
    assert (0 if method in SAFE else 11, int(method in SAFE)) == (result.exit_code, len(server.requests))
    if method not in SAFE:
        assert "may change data" in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["things", "get-thing"], 0, id="by-tag"),
        pytest.param(["things", "post-thing"], 11, id="by-tag-refused"),
        pytest.param(["GET", "/things"], 0, id="by-path"),
        pytest.param(["POST", "/things"], 11, id="by-path-refused"),
        pytest.param(["post-thing", "--dry-run"], 11, id="not-even-shown"),
        pytest.param(["post-thing", "--help"], 0, id="its-help"),
    ],
)
def test_an_operation_is_named_as_without_it(words: list[str], code: int, things: str) -> None:
    """Everything after `read` is what stands after `dynacli`."""
    assert code == run_cli("read", things, *words).exit_code


def test_the_stand_in_can_be_read() -> None:
    """`demo` is an API here, whose server no one can keep running by it."""
    assert 0 == run_cli("read", "demo", "list-workflows").exit_code
    assert 11 == run_cli("read", "demo", "create-workflow", "--name", "x").exit_code
    assert 2 == run_cli("read", "demo", "serve").exit_code


def test_no_verb_is_read() -> None:
    """A verb after `read` is an API that there is not."""
    result = run_cli("read", "cache", "clear")
    assert 2 == result.exit_code
    assert "prefix" in run_cli("read", "--help").stdout


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "x-method-override", "X-HTTP-Method"])
def test_a_header_makes_no_other_method_of_it(header: str, server: Recorder) -> None:
    """A GET with such a header, from an option or an input of the document, is refused: servers may delete."""
    declared = [{"name": header, "in": "header", "schema": {"type": "string"}}]
    api = register_api(
        "api-of-headers", get("/a", "getA"), get("/b", "getB", parameters=declared), server=server
    )
    server.responses["/a"] = server.responses["/b"] = Response()
    by_option = run_cli("read", api, "get-a", "-H", f"{header}: DELETE")
    by_input = run_cli("read", api, "get-b", f"--{header.lower()}", "delete")
    assert (11, 11, 0) == (by_option.exit_code, by_input.exit_code, len(server.requests))
    assert "A header asks for DELETE, which may change data" in by_option.stderr
    assert 0 == run_cli("read", api, "get-b", f"--{header.lower()}", "GET").exit_code


def test_it_chooses_no_origin_for_a_credential(server: Recorder) -> None:
    """Another server gets the request without the credential, and no option of the call accepts its origin."""
    server.responses["/a"] = Response()
    api = register_api("elsewhere", get("/a", "getA"), server="https://api.example.com")
    words = (api, "get-a", "--server", server.origin, "--accept-origin", server.origin)
    result = run_cli("read", *words)
    assert (11, 0) == (result.exit_code, len(server.requests))
    assert server.origin in result.stderr
    assert (0, 0) == (run_cli(*words).exit_code, run_cli("read", *words[:4]).exit_code)


def _shop() -> dict[str, Any]:
    paths = {"/a": {"get": operation("getA", security=[{"auth": []}])}}
    return document(paths, None, {"auth": BEARER})


@pytest.fixture
def shop(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registered API that is called with a token, which calls of no registered API have, too."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.responses["/a"] = Response()
    url = serve(server, _shop())
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    return url


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "words",
    [
        ["read", "shop", "get-a", "--server", "{other}"],
        ["--server", "{other}", "read", "shop", "get-a"],
        ["read", "--server", "{other}", "shop", "GET", "/a"],
        ["read", "shop", "GET", "/b", "--server", "{other}", "-H", "Authorization: Bearer mine"],
        ["read", "shop", "get-a", "--server", "http://{{h}}", "--server-var", "h={other_host}"],
        ["read", "shop", "get-a", "--profile", "template", "--server-var", "h={other_host}"],
        ["read", "{other}/openapi.json", "get-a"],
        ["read", "{other}/openapi.json", "get-a", "--server", "{other}"],
        ["read", "./same.json", "get-a", "--server", "{other}"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("shop")
def test_nothing_that_the_call_says_accepts_an_origin(
    words: list[str], server: Recorder, other_server: Recorder
) -> None:
    """Neither `--server`, nor its variables, nor the URL of a document lets a credential go anywhere."""
    serve(other_server, _shop())
    register("same", _shop())
    run_cli("api", "set", "shop", "profiles.template.server=http://{h}")
    run_cli("api", "set", "shop", f"profiles.template.server_vars.h={server.origin.partition('//')[2]}")
    names = {"other": other_server.origin, "other_host": other_server.origin.partition("//")[2]}
    result = run_cli(*(word.format(**names) for word in words), "--error-format", "json")
    assert (11, "refused") == (result.exit_code, result.error["kind"])
    assert {"/openapi.json"} >= {request.target for request in other_server.requests}
    assert "--accept-origin" not in result.error["hint"]


def test_what_a_person_accepted_before_is_called_with_the_credential(
    shop: str, server: Recorder, other_server: Recorder, canary: str
) -> None:
    """The document's own origin, `origins` and servers of the configuration count, also with `--server`."""
    other_server.responses["/a"] = Response()
    other = ("--server", other_server.origin)
    assert 0 == run_cli("read", "shop", "get-a", "--server", server.origin).exit_code
    run_cli("api", "set", "shop", f"profiles.p.server={other_server.origin}")
    assert (0, 11) == tuple(
        run_cli("read", "shop", "get-a", *w).exit_code for w in (("--profile", "p"), other)
    )
    run_cli("api", "add", "shop", shop, "--accept-origin", other_server.origin)
    assert 0 == run_cli("read", "shop", "get-a", *other).exit_code
    sent = [request.headers.get("authorization") for request in other_server.requests]
    assert [[f"Bearer {canary}"]] * 2 == sent


def test_the_document_of_a_call_gets_no_credential(
    other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants a login for the document of a `read` gets none, as anybody may have named its URL."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    other_server.responses["/openapi.json"] = Response(401, headers={"WWW-Authenticate": "Bearer"})
    url = f"{other_server.origin}/openapi.json"
    assert 0 != run_cli("read", url, "get-a").exit_code
    assert [None] == [request.headers.get("authorization") for request in other_server.requests]
    assert 0 != run_cli(url, "get-a").exit_code
    assert [f"Bearer {canary}"] == other_server.last.headers["authorization"]


@pytest.fixture
def files(server: Recorder) -> str:
    """A document with a response to save, and with bodies of each kind, of an operation that reads."""
    server.responses["/a"] = Response(body=b'{"new": 1}')
    server.responses["/q"] = Response()
    kinds: dict[str, Any] = {
        "json": ("application/json", {"type": "object", "properties": {"a": {}}}),
        "text": ("text/plain", {"type": "string"}),
        "raw": ("application/octet-stream", {}),
        "form": ("application/x-www-form-urlencoded", {"type": "object", "properties": {"a": {}}}),
        "parts": (
            "multipart/form-data",
            {"type": "object", "properties": {"up": {"type": "string", "format": "binary"}}},
        ),
        "free": ("multipart/form-data", {"type": "object"}),
    }
    paths: dict[str, Any] = {"/a": {"get": operation("getA")}}
    for name, (media_type, schema) in kinds.items():
        paths[f"/q#{name}"] = {"query": operation(f"q-{name}", body=schema, media_type=media_type)}
    return register_api("files", paths, server=server, version="3.2.0")


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "@out"],
        ["-o", "@sub/../out"],
        ["-o", "@sub/out"],
        ["-O"],
        ["--report", "json=out"],
    ],
    ids=" ".join,
)
def test_a_new_file_below_the_directory_is_written_once(words: list[str], files: str) -> None:
    """Output goes into new files below the working directory; the second time there is one, and it stays."""
    Path("sub").mkdir()
    known = set(Path().rglob("*"))
    assert 0 == run_cli("read", files, "get-a", *words).exit_code
    (written,) = set(Path().rglob("*")) - known
    written.write_text("mine")
    result = run_cli("read", files, "get-a", *words)
    assert (12 if words == ["-O"] else 11, "mine") == (result.exit_code, written.read_text())


@pytest.mark.sampled(3)
@pytest.mark.parametrize("words", [["-o", "@{}"], ["-o@{}"], ["--report", "json={}"]], ids=" ".join)
@pytest.mark.parametrize(
    "path",
    ["{home}/out", "../out", "link/out", "link", "dangling", "{cwd}/out", "sub/../../out", "/dev/null"],
)
def test_no_other_file_is_written(
    path: str, words: list[str], files: str, server: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Neither an absolute path, nor `..`, nor a link leads out of the working directory; nothing is sent."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    work = elsewhere / "work"
    (work / "sub").mkdir(parents=True)
    (work / "link").symlink_to(elsewhere)
    (work / "dangling").symlink_to(elsewhere / "out")
    with contextlib.chdir(work):
        name = path.format(home=elsewhere, cwd=work)
        result = run_cli("read", files, "get-a", *(word.format(name) for word in words))
    assert (11, []) == (result.exit_code, server.requests)
    assert ["work"] == [path.name for path in elsewhere.iterdir()]
    assert {"sub", "link", "dangling"} == {path.name for path in work.iterdir()}


def test_no_download_is_resumed(files: str, server: Recorder) -> None:
    """A file that exists may be changed by nobody who may only read."""
    Path("out.part").write_text("mine")
    Path("out.part.json").write_text("{}")
    result = run_cli("read", files, "get-a", "-o", "@out", "--resume")
    assert (11, []) == (result.exit_code, server.requests)
    assert "resumes no download" in result.stderr
    assert 0 == run_cli(files, "get-a", "-o", "@out", "--resume").exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize("option", ["-o=@{}", "--report=json={}", "--plan={}"])
@pytest.mark.parametrize(
    "path", [".env", "./.env", "sub/.env", ".git/hooks/post-merge", "sub/../.env", "to-hidden/out", "to-env"]
)
def test_no_hidden_file_is_written(path: str, option: str, files: str, server: Recorder) -> None:
    """No part of the path begins with a dot, before or after symbolic links are resolved."""
    Path(".git", "hooks").mkdir(parents=True)
    Path("sub").mkdir()
    Path("to-hidden").symlink_to(".git")
    Path("to-env").symlink_to(".env")
    known = set(Path().rglob("*"))
    result = run_cli("read", files, "get-a", *option.format(path).split("=", 1))
    assert (11, known, []) == (result.exit_code, set(Path().rglob("*")), server.requests)
    assert "begins with a dot" in result.stderr


@pytest.mark.parametrize("kind", ["CONFIG", "STATE", "CACHE"])
def test_nothing_of_dynacli_itself_is_written(
    kind: str, files: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in its directories, wherever variables or links have them, nor by the server's name for a file."""
    own = Path("own").absolute()
    (own / "projects").mkdir(parents=True)
    Path("link").symlink_to(own)
    shutil.copy(Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml"), own)
    for folder in (own, Path("link").absolute()):
        monkeypatch.setenv(f"DYNACLI_{kind}_DIR", str(folder))
        for path in ("own/x", "own/projects/x", "link/x", "own/projects/../x"):
            result = run_cli("read", files, "get-a", "-o", f"@{path}")
            assert (11, []) == (result.exit_code, server.requests), result.stderr
        assert "stores its own files there" in result.stderr
        monkeypatch.chdir(own)
        result = run_cli("read", files, "get-a", "-O")
        assert (11, []) == (result.exit_code, server.requests), result.stderr
        monkeypatch.chdir("..")


def _register_reference(name: str, to: str, server: Recorder) -> None:
    """Register the API `refers`, whose document has a reference to a file that may not exist."""
    responses = {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": to}}}}}
    made = api_of(get("/a", "getA", responses=responses), server=server)
    assert 0 == run_cli("api", "add", "refers", save(made, name)).exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("schema.json", ["-o", "@schema.json"]),
        ("schema.json#/a", ["-o", "@./sub/../schema.json"]),
        ("sub/schema.json", ["-o", "@sub/schema.json"]),
        ("sub/schema.json", ["-o", "@link/schema.json"]),
        ("link/schema.json", ["-o", "@sub/schema.json"]),
        ("schema.json", ["-o", "@Schema.JSON"]),
        ("schema.json", ["--report", "json=schema.json"]),
        ("a", ["-O"]),
    ],
    ids=str,
)
def test_no_file_is_written_that_a_document_refers_to(
    reference: str, words: list[str], files: str, server: Recorder
) -> None:
    """The document would be read with it from then on; other names are written."""
    Path("sub").mkdir()
    Path("link").symlink_to("sub")
    _register_reference("refers.json", reference, server)
    server.requests.clear()
    known = set(Path().rglob("*"))
    result = run_cli("read", files, "get-a", *words)
    assert (11, known, []) == (result.exit_code, set(Path().rglob("*")), server.requests), result.stderr
    assert "The document of `refers` is read from it" in result.stderr
    assert 0 == run_cli("read", files, "get-a", "-o", "@other.json").exit_code


@pytest.mark.parametrize("gone", ["refers.json", "over.json"])
def test_a_removed_document_is_not_written(gone: str, files: str, server: Recorder) -> None:
    """Neither the document of an API itself, nor an overlay of it."""
    save_api(get("/a", "getA"), server=server, file="refers.json")
    overlay = {"overlay": "1.0.0", "info": {"title": "o", "version": "1"}}
    Path("over.json").write_text(
        json.dumps({**overlay, "actions": [{"target": "$.info", "update": {"x-a": 1}}]})
    )
    assert 0 == run_cli("api", "add", "refers", "refers.json", "--overlay", "over.json").exit_code
    Path(gone).unlink()
    result = run_cli("read", files, "get-a", "-o", f"@{gone}")
    assert (11, False) == (result.exit_code, Path(gone).exists()), result.stderr


def test_no_file_is_written_beside_a_changed_document(files: str, server: Recorder) -> None:
    """What it refers to is not known until it is read again; files elsewhere are written."""
    Path("docs").mkdir()
    _register_reference("docs/refers.json", "old.json", server)
    Path("docs", "refers.json").write_text(Path("docs", "refers.json").read_text().replace("old", "fresh"))
    result = run_cli("read", files, "get-a", "-o", "@docs/fresh.json")
    assert 11 == result.exit_code
    assert "The document of `refers` has changed" in result.stderr
    assert 0 == run_cli("read", files, "get-a", "-o", "@fresh.json").exit_code
    run_cli("operations", "refers")
    assert 11 == run_cli("read", files, "get-a", "-o", "@docs/fresh.json").exit_code
    assert 0 == run_cli("read", files, "get-a", "-o", "@docs/other.json").exit_code


@pytest.mark.parametrize(
    "name", ["config.json", "./config.yaml", "sub/../config.json", "file://{cwd}/config.json"]
)
@pytest.mark.parametrize("is_document", [True, False])
def test_only_files_of_registered_apis_are_opened(name: str, is_document: bool, server: Recorder) -> None:
    """A path and a `file:` URL open the document of a registered API, and nothing is said of any other file."""
    Path("sub").mkdir()
    name = name.format(cwd=Path.cwd())
    made = json.dumps(api_of(get("/a", "getA"), server=server))
    server.responses["/a"] = Response()
    Path(Path(name).name).write_text(made if is_document else "- SECRET: [")
    for words in (
        ("read", name, "get-a"),
        ("read", name, "GET", "/a"),
        ("read", name),
        ("read", name, "--help"),
    ):
        result = run_cli(*words)
        assert (11, "") == (result.exit_code, result.stdout), words
        assert "api add" in result.stderr
        assert "SECRET" not in result.stderr
    assert [] == server.requests
    if is_document:
        assert 0 == run_cli("api", "add", "mine", f"./{Path(name).name}").exit_code
        assert 0 == run_cli("read", name, "get-a").exit_code


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "words",
    [
        ["q-json", "--body", "@secret"],
        ["q-json", "--body=@./secret", "--dry-run"],
        ["q-text", "--body", "@secret"],
        ["q-raw", "--body", "@secret"],
        ["q-form", "--body", "@secret"],
        ["q-parts", "--body", "@secret"],
        ["q-parts", "--up", "@secret"],
        ["q-parts", "--up", "@/dev/stdin"],
        ["q-free", "--file", "a=@secret"],
        ["q-json", "--editor"],
        ["get-a", "--allow-ref", "."],
    ],
    ids=" ".join,
)
def test_no_file_is_an_input(
    words: list[str], files: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `@FILE` and similar ones name is not read, unless `--allow-files` is given, which an agent cannot give."""
    Path("secret").write_text('{"a": "SECRET"}')
    refused = run_cli("read", files, *words)
    assert (11, []) == (refused.exit_code, server.requests)
    assert "--allow-files" in refused.stderr
    assert "SECRET" not in refused.stdout + refused.stderr
    assert 11 != run_cli("read", files, *words, "--allow-files").exit_code
    assert 11 != run_cli(files, *words).exit_code
    monkeypatch.setenv("CLAUDECODE", "1")
    assert 11 == run_cli("read", "--allow-files", files, *words).exit_code


def test_standard_input_is_an_input(files: str, server: Recorder) -> None:
    """`-` and `@-` are what the caller has already."""
    assert 0 == run_cli("read", files, "q-json", "--body", "-", stdin=b'{"a": 1}').exit_code
    assert 0 == run_cli("read", files, "q-parts", "--up", "@-", stdin=b"piped").exit_code
    assert b"piped" in server.last.body


def test_no_secret_is_shown(shop: str) -> None:  # noqa: ARG001
    """`--show-secrets` would give the credential to whoever may only read."""
    for words in (("read", "shop", "get-a"), ("--show-secrets", "read", "shop", "get-a")):
        assert (
            11 == run_cli(*words, "--dry-run", *(() if words[0] != "read" else ("--show-secrets",))).exit_code
        )


def test_an_earlier_call_has_its_limits_again(files: str) -> None:
    """`replay` makes a call of `read` by the same rules, and takes `--allow-files` as any other option."""
    Path("secret").write_text('{"a": 1}')
    words = ("read", files, "q-json", "--body")
    assert 0 == run_cli(*words, "@secret", "--allow-files").exit_code
    assert 0 == run_cli("replay", "1").exit_code
    assert 0 == run_cli(*words, "{}").exit_code
    assert 11 == run_cli("replay", "1", "--body", "@secret").exit_code
    assert 0 == run_cli("replay", "1", "--body", "@secret", "--allow-files").exit_code


@pytest.mark.parametrize("words", [("trace-thing",), ("TRACE", "/things")], ids=" ".join)
def test_no_response_shows_the_credential_of_its_request(
    words: tuple[str, ...], server: Recorder, home: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TRACE request carries no credential, as the response repeats it; one of a profile is refused."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/things"] = Response()
    made = api_of(route("trace", "/things", "traceThing", security=[{"auth": []}]), server=None)
    made["components"] = {"securitySchemes": {"auth": BEARER}}
    run_cli("api", "add", "shop", serve(server, made))
    for prefix in ((), ("read",)):
        assert 0 == run_cli(*prefix, "shop", *words).exit_code
        assert canary not in repr(server.last)
    with (home / "config" / "config.toml").open("a") as file:
        file.write('[apis.shop.profiles.p]\nheaders = {X-Api-Key = "key-of-p"}\n')
    count = len(server.requests)
    assert (11, count) == (
        run_cli("read", "shop", *words, "--profile", "p").exit_code,
        len(server.requests),
    )
