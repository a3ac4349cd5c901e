"""`dynacli bake`: a command line of its own for one API, which shares nothing with dynacli and other such tools."""

import io
import json
import os
import re
import runpy
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import keyring
import pytest

from dynacli.environment import Environment
from dynacli.features.bake.baked import main
from dynacli.guide.pages import page
from tests.auth.fake_keyring import Keyring
from tests.auth.tls_server import Certificates
from tests.documents import serve
from tests.harness import Recorder, Response, json_response, run_cli

_RESPONSE = {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}


def _document(origin: str) -> dict[str, Any]:
    timeout = {"name": "timeout", "in": "query", "schema": {"type": "integer"}}
    operation = {"operationId": "listPets", "parameters": [timeout], "responses": {"200": _RESPONSE}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "2.1"},
        "servers": [{"url": origin}],
        "security": [{"bearer": []}],
        "paths": {"/pets": {"get": operation}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


@pytest.fixture
def bake(server: Recorder, tmp_path: Path) -> Callable[..., Path]:
    """Return what bakes a tool of a name, for an API that wants a token."""
    server.responses["/pets"] = Response(body=b'"of dynacli"')
    serve(server, _document(server.origin))
    document = f"{server.origin}/openapi.json"

    def baked(name: str, *words: str) -> Path:
        file = tmp_path / name
        result = run_cli("bake", name, "--api", document, "--out", str(file), *words)
        assert (0, f"Written: {file}") == (result.exit_code, result.stderr.splitlines()[0])
        return file

    return baked


def _run(file: Path, *words: str, stdin: str = "", **variables: str) -> tuple[int, str, str]:
    """Run a baked tool in this process, in a home of its own beside it."""
    raw = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(stream, encoding="utf-8") for stream in raw]
    places = {
        f"XDG_{kind.upper()}_HOME": str(file.parent / f".{kind}") for kind in ("cache", "config", "state")
    }
    home = {**places, "NO_PROXY": "*", **variables}
    env = Environment(stdin=io.StringIO(stdin), stdout=streams[0], stderr=streams[1], variables=home)
    tool = runpy.run_path(str(file))["TOOL"]
    inside = file.with_name("document.zip") if file.name == "__init__.py" else file
    code = main({**tool, "inside": str(inside)}, list(words), env)
    for stream in streams:
        stream.flush()
    return code, raw[0].getvalue().decode(), raw[1].getvalue().decode()


def test_tools_and_dynacli_share_no_secret(bake: Callable[..., Path], server: Recorder) -> None:
    """A tool sends the token of its own variable and store alone, whatever the others have."""
    tool, other = bake("petshop"), bake("pet-shop")
    tokens = {"PETSHOP_TOKEN": "first", "DYNACLI_PETSHOP_TOKEN": "x", "DYNACLI_PET_SHOP_TOKEN": "y"}
    assert (0, '"of dynacli"', "") == _run(tool, "list-pets", **tokens)
    assert ["Bearer first"] == server.last.headers["authorization"]
    stored = {"XDG_STATE_HOME": str(tool.parent / "store")}
    words = ("auth", "login", "--with-token", "--store", "file", "--accept-origin", server.origin)
    assert 0 == _run(tool, *words, stdin="stored\n", **stored)[0]
    assert 0 == _run(tool, "list-pets", **stored)[0]
    assert ["Bearer stored"] == server.last.headers["authorization"]
    code, stdout, stderr = _run(other, "list-pets", **tokens, **stored)
    assert (10, "") == (code, stdout)
    assert "set `PET_SHOP_TOKEN`" in stderr
    assert "pet-shop auth login" in stderr
    assert "dynacli" not in stderr.lower()
    assert ["/pets"] * 2 == [
        request.target for request in server.requests if "authorization" in request.headers
    ]


@pytest.mark.exhaustive
def test_tools_and_dynacli_have_places_of_their_own_in_the_keyring(
    bake: Callable[..., Path], server: Recorder
) -> None:
    """Each stores under its own name, sends what it has stored, and forgets that alone."""
    before, ring = keyring.get_keyring(), Keyring()
    keyring.set_keyring(ring)
    try:
        tools = {name: bake(name) for name in ("petshop", "pet-shop")}
        login = ("auth", "login", "--with-token", "--store", "keyring", "--accept-origin", server.origin)
        for name, tool in tools.items():
            assert 0 == _run(tool, *login, stdin=f"of {name}\n")[0]
        run_cli("api", "add", "petshop", f"{server.origin}/openapi.json", "--no-discovery")
        assert 0 == run_cli(*login[:2], "petshop", *login[2:], stdin=b"of dynacli\n").exit_code
        assert {"dynacli", "pet-shop", "petshop"} == {key.split()[0] for key in ring.kept}
        assert 0 == run_cli("petshop", "list-pets").exit_code
        assert ["Bearer of dynacli"] == server.last.headers["authorization"]
        assert 0 == _run(tools["petshop"], "auth", "logout")[0]
        assert {"dynacli", "pet-shop"} == {key.split()[0] for key in ring.kept}
        assert 0 == _run(tools["pet-shop"], "list-pets")[0]
        assert ["Bearer of pet-shop"] == server.last.headers["authorization"]
        assert 10 == _run(tools["petshop"], "list-pets")[0]
    finally:
        keyring.set_keyring(before)


_SHOWN: tuple[tuple[list[str], str], ...] = (
    (["--version"], "petshop 2.1"),
    ([], "Usage: petshop OPERATION"),
    (["--help"], "Usage: petshop "),
    (["--help"], "Operations"),
    (["-h"], "list-pets"),
    (["--offline", "--help"], "list-pets"),
    (["describe", "--help"], "Usage: petshop describe [OPTIONS] OPERATION"),
    (["read", "--help"], "Usage: petshop read OPERATION"),
    (["help", "auth"], "petshop auth login"),
    (["help", "environment"], "`PETSHOP_CACHE_DIR`"),
    (["help", "names"], "$ petshop GET '/runs?range=7d'"),
    (["help", "batch"], "petshop batch issues-create rows.csv"),
    (["api", "show"], '"Pets 2.1"'),
    (["list-pets", "--help"], "Usage: petshop list-pets [OPTIONS]"),
    (["describe", "list-pets"], "petshop list-pets"),
    (["__complete", "bash", "list-p"], "list-pets"),
    (["__complete", "bash", "desc"], "describe"),
    (["__complete", "bash", "list-pets", "--validate", "ex"], "exact"),
    (["completion", "bash"], "complete -o default -F _petshop_complete petshop"),
    (["completion", "zsh"], "#compdef petshop"),
    (["completion", "fish"], "complete -c petshop -f -a '(__petshop_complete)'"),
)
"""The words after the name of the tool, and how a line of what they print begins."""


def test_the_help_page_of_a_tool_lists_what_its_api_has(tmp_path: Path) -> None:
    """All operations if they are few, else the largest tags, without a request; a lost document is not an error."""
    paths = {f"/x{n}": {"get": {"tags": [f"tag{n % 60}"], "operationId": f"read{n}"}} for n in range(90)}
    info = {"openapi": "3.1.0", "info": {"title": "Many", "version": "1"}}
    few = {path: item for path, item in paths.items() if len(path) == 3}
    for name, chosen, expected in (
        ("few", few, "  read7"),
        ("many", paths, " more tags: many operations"),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps({**info, "paths": chosen}))
        tool = tmp_path / name
        assert (
            0 == run_cli("bake", name, "--api", str(tmp_path / f"{name}.json"), "--out", str(tool)).exit_code
        )
        (tmp_path / f"{name}.json").unlink()
        code, stdout, stderr = _run(tool, "--help")
        assert (0, "") == (code, stderr)
        assert expected in stdout
        assert stdout.index(expected) < stdout.index("\nFind\n")
    shutil.rmtree(tmp_path / ".cache")
    lost = tmp_path / "lost"
    with ZipFile(tool) as whole, ZipFile(lost, "w") as archive:
        archive.writestr("__main__.py", whole.read("__main__.py"))
    code, stdout, _ = _run(lost, "--help")
    assert 0 == code
    assert "\nFind\n" in stdout


def test_a_tool_has_a_name_of_its_own(bake: Callable[..., Path], server: Recorder) -> None:
    """Its help, version, completion, corrections and imported lines have its name, and never dynacli's."""
    tool = bake("petshop")
    for words, line in _SHOWN:
        code, stdout, _ = _run(tool, *words)
        assert 0 == code
        assert any(shown.strip().startswith(line) for shown in stdout.splitlines()), (words, stdout)
        assert "dynacli" not in stdout.lower(), words
    code, _, stderr = _run(tool, "list-pets", "--valid", "exact")
    assert 2 == code
    assert "try: petshop list-pets --validate exact" in stderr
    assert "dynacli" not in stderr
    line = f"curl -m 5 '{server.origin}/pets?timeout=9'"
    imported = "petshop --timeout=5 list-pets --timeout 9\n"
    assert (0, imported) == _run(tool, "import", "curl", line)[:2]


@pytest.mark.parametrize("name", ["check", "Pets", "a/b", "../x", ""])
def test_a_name_that_no_tool_can_have_is_refused(name: str, tmp_path: Path) -> None:
    """It would be no command, no variable and no directory."""
    result = run_cli("bake", name, "--api", "demo", "--out", str(tmp_path / "tool"))
    assert 2 == result.exit_code
    assert not (tmp_path / "tool").exists()


def test_a_program_for_a_registered_api_needs_no_option(server: Recorder, tmp_path: Path) -> None:
    """The API has the name of the program; for any other name the error says that `--api` is missing."""
    assert 0 == run_cli("api", "add", "petshop", serve(server, _document(server.origin))).exit_code
    assert 0 == run_cli("bake", "petshop", "--out", str(tmp_path / "petshop")).exit_code
    assert (tmp_path / "petshop").exists()
    for words in (("bake", "pet"), ("bake", "zoo", "--package"), ("bake", "zoo", "--api", "")):
        result = run_cli(*words, "--out", str(tmp_path / "other"))
        assert (2, False) == (result.exit_code, (tmp_path / "other").exists())
        assert "error: `--api` is missing" in result.stderr
        assert f"`dynacli bake {words[1]} --api API`" in result.stderr


def test_a_secret_of_the_source_is_not_written(server: Recorder, tmp_path: Path) -> None:
    """The file of a tool may be passed on."""
    serve(server, _document(server.origin))
    url = f"{server.origin}/openapi.json?key=s3cret"
    result = run_cli("bake", "petshop", "--api", url, "--out", str(tmp_path / "petshop"))
    assert 2 == result.exit_code
    assert "s3cret" not in result.stderr
    assert not (tmp_path / "petshop").exists()


def test_the_file_runs_by_itself(bake: Callable[..., Path], server: Recorder, tmp_path: Path) -> None:
    """It is a program, which tells servers its own name, and keeps what it knows in directories of its own."""
    file = bake("petshop")
    before = len(server.requests)
    variables: Mapping[str, str] = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PETSHOP_TOKEN": "t"}
    run = subprocess.run([file, "list-pets"], capture_output=True, text=True, check=False, env=variables)
    assert (0, '"of dynacli"', "") == (run.returncode, run.stdout, run.stderr)
    (agent,) = server.last.headers["user-agent"]
    assert agent.startswith("petshop/2.1 dynacli/")
    assert (tmp_path / ".cache" / "petshop").is_dir()
    assert not list(tmp_path.glob(".*/dynacli"))
    assert ["/pets"] == [request.target for request in server.requests[before:]]  # the document came with it


def test_the_document_inside_is_refreshed(
    bake: Callable[..., Path], server: Recorder, tmp_path: Path
) -> None:
    """It is what the first run has, whatever became of the server, and a newer one takes its place."""
    tool = bake("petshop")
    document = _document(server.origin)
    operation = document["paths"]["/pets"]["get"]
    document["paths"]["/toys"] = {"get": {**operation, "operationId": "listToys"}}
    serve(server, document)
    asked = len(server.requests)
    assert (0, "list-pets\n") == _run(tool, "__complete", "bash", "list-")[:2]
    assert 0 == _run(tool, "operations", "--offline")[0]
    nowhere = {"XDG_CACHE_HOME": str(tool / "of a file")}  # nothing can be written there
    assert (0, 1) == (_run(tool, "operations", "--offline", **nowhere)[0], len(list(tmp_path.glob(".cache"))))
    assert asked == len(server.requests)
    assert "list-toys" in _run(tool, "operations", "--refresh")[1]
    assert (0, "list-pets\nlist-toys\n") == _run(tool, "__complete", "bash", "list-")[:2]
    server.responses["/openapi.json"] = Response(500)
    shutil.rmtree(tmp_path / ".cache")
    assert "list-toys" not in _run(tool, "operations", PETSHOP_REFRESH="never")[1]


def test_a_damaged_document_inside_is_made_anew(bake: Callable[..., Path], server: Recorder) -> None:
    """The catalog is compiled from the document; without that it is fetched, and offline the error says so."""
    tool = bake("petshop")
    whole = tool.read_bytes()
    for part, is_lost in ((".sqlite", False), (".document", True), ("current.json", True)):
        shutil.rmtree(tool.parent / ".cache", ignore_errors=True)
        tool.write_bytes(whole)
        with ZipFile(tool) as archive:
            damaged = next(member for member in archive.infolist() if member.filename.endswith(part))
        content = bytearray(whole)
        content[damaged.header_offset + 30 + len(damaged.filename) + damaged.compress_size // 2] ^= 0xFF
        tool.write_bytes(content)
        asked = len(server.requests)
        code, _, stderr = _run(tool, "operations", "--offline")
        assert (8 if is_lost else 0) == code
        assert is_lost == ("is not in the cache" in stderr), stderr
        assert 0 == _run(tool, "operations")[0]
        assert is_lost == (asked < len(server.requests))


def _large(origin: str) -> dict[str, Any]:
    """Return a document with tags, one of whose operations has the name of a verb."""
    names = {"/cats": ("cats", "cats_feed"), "/dogs": ("dogs", "dogs_feed"), "/walks": ("dogs", "dogs_walk")}
    names |= {"/look": ("dogs", "search"), "/bill": ("money", "money_pay")}
    document = _document(origin)
    document["paths"] = {
        path: {"get": {"operationId": name, "tags": [tag], "responses": {"200": _RESPONSE}}}
        for path, (tag, name) in names.items()
    }
    return document


def test_a_tool_has_the_operations_that_were_chosen(server: Recorder, tmp_path: Path) -> None:
    """Tags and operations may be chosen and left out, names lose their tag, and a later document follows that."""
    file, url = tmp_path / "zoo", f"{server.origin}/openapi.json"
    document = _large(server.origin)
    serve(server, document)
    words = ("--only", "dogs", "--only", "cats-feed", "--except", "dogs_walk", "--name-style", "short")
    result = run_cli("bake", "zoo", "--api", url, "--out", str(file), *words)
    assert 0 == result.exit_code
    assert "`zoo search` is the command of that name; the operation is `zoo GET /look`" in result.stderr

    def names(*options: str) -> list[str]:
        return [entry["name"] for entry in json.loads(_run(file, "operations", "-o", "json", *options)[1])]

    assert ["cats-feed", "dogs-feed", "search"] == names()
    for path, operation in (("/comb", "dogs_comb"), ("/fines", "money_fine")):
        responses = document["paths"]["/bill"]["get"]["responses"]
        tags = [operation.partition("_")[0]]
        document["paths"][path] = {"get": {"operationId": operation, "tags": tags, "responses": responses}}
    serve(server, document)
    assert ["cats-feed", "dogs-feed", "search", "comb"] == names("--refresh")
    server.responses["/look"] = Response(body=b'"found"')
    for line in (["GET", "/look"], ["zoo", "search"], ["dogs", "search"]):
        assert (0, '"found"') == _run(file, *line, ZOO_TOKEN="t")[:2]
    for wrong in (["--only", "birds"], ["--except", "cats", "--only", "cats"], ["--before", "x y"]):
        assert 2 == run_cli("bake", "zoo", "--api", url, "--out", str(file), *wrong).exit_code


def test_a_page_of_the_manual_about_other_apis_is_not_offered(bake: Callable[..., Path]) -> None:
    """Nor is a verb of that kind, while settings of the API itself are kept like those of dynacli."""
    tool = bake("petshop")
    assert 2 == _run(tool, "help", "bake")[0]
    code, _, stderr = _run(tool, "api", "add", "x", "y")
    assert 2 == code
    assert "`api add` is for several APIs" in stderr
    assert 2 == _run(tool, "bake", "x", "--api", "petshop")[0]
    assert 0 == _run(tool, "api", "set", "timeout=5")[0]
    assert 0 == _run(tool, "config", "set", "apis.petshop.retries=1")[0]
    text = (tool.parent / ".config" / "petshop" / "config.toml").read_text()
    assert "[apis.petshop]\ntimeout = 5\nretries = 1\n" == text


def _examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_the_extensions_of_the_manual_work(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command of another package stands beside the operations, and hooks are called around each call."""
    text = page("bake")
    assert text is not None
    commands, hooks = _examples(text)
    package, metadata = tmp_path / "armature_more", tmp_path / "armature_more-1.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "__init__.py").write_text("")
    (package / "commands.py").write_text(commands)
    (package / "hooks.py").write_text(hooks)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: armature-more\nVersion: 1\n")
    point = re.search(r'\[project.entry-points."dynacli.commands"\]\n(.*?)\n```', text, re.DOTALL)
    assert point is not None
    (metadata / "entry_points.txt").write_text("[dynacli.commands]\n" + point[1].replace('"', "") + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    runs = {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
    document, url = _document(server.origin), f"{server.origin}/openapi.json"
    document["paths"]["/runs"] = {"get": {"operationId": "searchRuns", "responses": {"200": runs}}}
    serve(server, document)
    server.responses["/runs"] = Response(body=b'{"total": 3}')
    file = tmp_path / "armature"
    words = ("--before", "armature_more.hooks:before", "--after", "armature_more.hooks:after")
    assert 0 == run_cli("bake", "armature", "--api", url, "--out", str(file), *words).exit_code
    environment = {"ARMATURE_TOKEN": "t", "CHANGE": "42"}
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (0, '{"total": 3}', "") == _run(file, "search-runs", **environment)
    assert "search-runs: 200\n" == capsys.readouterr().err
    assert ["42"] == server.last.headers["x-change"]
    assert "failures" in _run(file, "--help")[1]
    assert (0, "failures\n") == _run(file, "__complete", "bash", "fail")[:2]
    assert "failures\n" == run_cli("__complete", "bash", "fail").stdout
    with redirect_stdout(io.StringIO()) as printed:
        assert 0 == _run(file, "failures", "--days", "3", **environment)[0]
    assert "3 runs failed\n" == printed.getvalue()
    monkeypatch.delenv("CHANGE")
    code, _, stderr = _run(file, "search-runs", ARMATURE_TOKEN="t")
    assert 2 == code
    assert "Set CHANGE" in stderr
    (package / "hooks.py").unlink()
    sys.modules.pop("armature_more.hooks")
    code, _, stderr = _run(file, "search-runs", ARMATURE_TOKEN="t")
    assert 2 == code
    assert "The hook `before` (armature_more.hooks:before) cannot be imported" in stderr


_OVERLAY = """
overlay: 1.0.0
info: {title: Ours, version: "1"}
actions: [{target: "$.paths['/pets'].get", update: {summary: of the overlay}}]
"""


@pytest.mark.exhaustive
def test_a_package_takes_along_what_its_api_is_made_of(server: Recorder, tmp_path: Path) -> None:
    """It has the overlays, further documents and authorities of the machine that it was made on, but no key."""
    home = Path(os.environ["DYNACLI_CONFIG_DIR"])
    document = _document("https://pets.example")
    toys = {
        **document,
        "paths": {"/toys": {"get": {"operationId": "listToys", "responses": {"200": _RESPONSE}}}},
    }
    files = {"pets.json": json.dumps(document), "toys.json": json.dumps(toys), "ours.yaml": _OVERLAY}
    Certificates(tmp_path)
    certificate = (tmp_path / "ca.pem").read_text()
    files["ca.pem"] = (tmp_path / "ca.key").read_text() + certificate
    server.responses["/toys.json"] = json_response(toys)
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(
        f"""[apis.pets]
source = "pets.json"
more = ["toys.json", "{server.origin}/toys.json"]
overlays = ["ours.yaml"]
ca = "ca.pem"
"""
    )

    def bake() -> None:
        for name, text in files.items():
            (home / name).write_text(text)
        result = run_cli("bake", "zoo", "--api", "pets", "--package", "--out", str(tmp_path / "zoo"))
        assert 0 == result.exit_code, result.stderr
        for name in files:
            (home / name).unlink()

    bake()
    package = tmp_path / "zoo" / "zoo_cli"
    tool, asked = package / "__init__.py", len(server.requests)
    assert str(home) not in tool.read_text()
    code, stdout, _ = _run(tool, "operations", "--offline")
    assert (0, asked) == (code, len(server.requests))
    assert ["list-pets", "list-toys"] == [line.split()[0] for line in stdout.splitlines()[:2]]
    assert "of the overlay" in stdout
    assert f"--cacert {package / 'ca.pem'}" in _run(tool, "list-pets", "--dry-run", "curl", ZOO_TOKEN="t")[1]
    assert certificate == (package / "ca.pem").read_text()
    files["ours.yaml"] = _OVERLAY.replace("overlay}", "newer overlay}")
    bake()
    assert "of the newer overlay" in _run(tool, "operations", "--offline")[1]
    del document["paths"]["/pets"]["get"]["parameters"]
    files["pets.json"] = json.dumps({**document, "info": {"title": "Pets", "version": "3"}})
    bake()
    assert "Pets 3" in _run(tool, "api", "show")[1]
    reference = {"$ref": "pets.json#/components/schemas/Pet"}
    files["toys.json"] = json.dumps({**toys, "components": {"schemas": {"Pet": reference}}})
    for name, text in files.items():
        (home / name).write_text(text)
    result = run_cli("bake", "zoo", "--api", "pets", "--package", "--out", str(tmp_path / "zoo"))
    assert 2 == result.exit_code
    assert "One of them is" in result.stderr


def test_a_package_is_the_same_each_time_and_names_no_place(tmp_path: Path) -> None:
    """It has neither the time at which it was made nor a path of the machine, so that anyone can make it again."""
    source = tmp_path / "ours" / "pets.json"
    source.parent.mkdir()
    source.write_text(json.dumps(_document("https://pets.example")))
    made = []
    for number in ("1", "2"):
        out = tmp_path / number
        words = ("bake", "petshop", "--api", str(source), "--package", "--out", str(out))
        assert 0 == run_cli(*words).exit_code
        made.append({path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    assert made[0] == made[1]
    with ZipFile(tmp_path / "1" / "petshop_cli" / "document.zip") as archive:
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in archive.infolist()}
        contents = {str(path): data for path, data in made[0].items()}
        contents |= {entry.filename: archive.read(entry) for entry in archive.infolist()}
        (catalog,) = (entry.filename for entry in archive.infolist() if entry.filename.endswith(".sqlite"))
        archive.extract(catalog, tmp_path)
    with closing(sqlite3.connect(tmp_path / catalog)) as connection:
        assert [("file:///pets.json", "/pets.json")] == connection.execute(
            "SELECT uri, name FROM files"
        ).fetchall()
    places = [str(tmp_path), str(Path.cwd()), str(Path.home())]
    assert set() == {name for name, data in contents.items() for place in places if place.encode() in data}


def test_dynacli_is_put_into_packages_alone() -> None:
    """An executable runs with the dynacli that is installed."""
    result = run_cli("bake", "shop", "--api", "demo", "--vendor")
    assert (2, False) == (result.exit_code, Path("shop").exists())
    assert "Add `--package`" in result.stderr


def test_a_package_that_needs_another_project_is_warned_of(bake: Callable[..., Path]) -> None:
    """A `pyproject.toml` is kept, so one of an earlier version, which named `dynacli`, would go on to install that."""
    pyproject = bake("petshop", "--package") / "pyproject.toml"
    again = ("bake", "petshop", "--api", "demo", "--package", "--out", str(pyproject.parent))
    assert "another project" not in run_cli(*again).stderr
    pyproject.write_text(pyproject.read_text().replace("dynacli-openapi~=", "dynacli~="))
    warning = f"`{pyproject}` depends on `dynacli`, which is another project: write `dynacli-openapi` instead"
    assert warning in run_cli(*again).stderr


def test_a_tool_without_dynacli_says_what_to_install(bake: Callable[..., Path]) -> None:
    """If the Python of a tool has no dynacli, or another project of that name, it tells so in three lines."""
    words = [sys.executable, "-I", "-S", str(bake("petshop")), "list-pets"]
    run = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (2, "") == (run.returncode, run.stdout)
    assert (
        "error: petshop needs dynacli, which is not installed for this Python" == run.stderr.splitlines()[0]
    )
    assert run.stderr.endswith("-m pip install . (in its checkout)\n")


@pytest.mark.exhaustive
@pytest.mark.parametrize("vendored", [(), ("--vendor",)])
def test_a_package_is_installed_and_runs(
    vendored: tuple[str, ...], bake: Callable[..., Path], server: Recorder, tmp_path: Path
) -> None:
    """Pip installs the directory into a fresh environment; a file that people change is kept when it is baked again.

    A tool with a dynacli of its own runs that, even if another one is installed.
    """
    project = bake("petshop", "--package", *vendored)
    pyproject = project / "pyproject.toml"
    pyproject.write_text(f"{pyproject.read_text()}# of a person\n")
    bake("petshop", "--package", "--only", "list-pets", *vendored)
    assert pyproject.read_text().endswith("# of a person\n")
    needed = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    assert bool(vendored) == ("dynacli-openapi" not in " ".join(needed)), " ".join(needed)
    version = "0.1.0+inside" if vendored else "0.1.0"
    if vendored:
        module = project / "petshop_cli" / "_vendored" / "dynacli" / "__init__.py"
        module.write_text(module.read_text().replace('"0.1.0"', f'"{version}"'))
    fresh = tmp_path / "fresh"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", fresh], check=True)
    (site,) = fresh.glob("lib/python*/site-packages")
    (site / "of_the_tests.pth").write_text("\n".join(item for item in sys.path if item))
    flags = ("--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "--python", fresh / "bin" / "python")
    subprocess.run([*pip, "install", *flags, project], check=True)
    server.responses["/openapi.json"] = Response(500)
    variables = {"HOME": str(tmp_path), "PETSHOP_TOKEN": "t", "PATH": ""}
    for words, expected in ((["--version"], "petshop 2.1\n"), (["list-pets"], '"of dynacli"')):
        run = subprocess.run(
            [fresh / "bin" / "petshop", *words], capture_output=True, text=True, env=variables, check=False
        )
        assert (0, expected, "") == (run.returncode, run.stdout, run.stderr)
    assert [f"petshop/2.1 dynacli/{version}"] == server.last.headers["user-agent"]


@pytest.mark.exhaustive
def test_a_dynacli_of_an_earlier_bake_is_named(bake: Callable[..., Path]) -> None:
    """A package that is baked again without `--vendor` leaves the folder, and says that it has no use any more."""
    project = bake("petshop", "--package")
    (project / "petshop_cli" / "_vendored").mkdir()
    words = ("bake", "petshop", "--api", "demo", "--package", "--out", str(project))
    assert "remove it, or add `--vendor`" in run_cli(*words).stderr
    assert "remove it" not in run_cli(*words, "--vendor").stderr


_ID = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]


def _shop(origin: str, name: str, at: str = "/things/{id}") -> str:
    """Save a document whose operation to remove a thing has a name, and return its file."""
    operation = {"parameters": _ID, "responses": {"200": _RESPONSE}}
    paths = {
        at: {"get": {**operation, "operationId": "getThing"}, "delete": {**operation, "operationId": name}},
        "/secret": {"get": {"operationId": "secret", "responses": {"200": _RESPONSE}}},
    }
    document = _document(origin) | {"paths": paths}
    del document["security"]
    Path(f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return f"./{name}.json"


_CALLS = {"remove": ("DELETE", "/things/1"), "get": ("GET", "/things/1"), "secret": ("GET", "/secret")}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("policy", "denied"),
    [
        ('[apis.shop.policy]\ndeny = ["DELETE"]', {"remove"}),
        ('[apis.shop.policy]\ndeny = ["remove-*", "secret"]', {"remove", "secret"}),
        ('[apis.shop.policy]\nallow = ["get-thing"]', {"remove", "secret"}),
        ("[apis.shop.policy]\nread_only = true", {"remove"}),
        ('[apis.shop.profiles.p.policy]\ndeny = ["DELETE"]', {"remove"}),
        (
            '[apis.shop.policy]\ndeny = ["secret"]\n[apis.shop.profiles.p.policy]\ndeny = ["DELETE"]',
            {"remove", "secret"},
        ),
        ('[apis.shop.policy]\nallow = ["GET"]\n[apis.shop.profiles.p.policy]\nallow = ["DELETE"]', {*_CALLS}),
    ],
)
@pytest.mark.parametrize(
    "source",
    ["shop", "same document", "same server", "below a path", "by another address", "registered copy"],
)
def test_a_tool_takes_along_all_policies(
    policy: str, denied: set[str], source: str, server: Recorder, tmp_path: Path
) -> None:
    """Those of its API and of the profile, and of another API with its document or its server."""
    server.responses |= {path: Response(body=b'"x"') for _, path in _CALLS.values()}
    assert 0 == run_cli("api", "add", "shop", _shop(server.origin, "removeThing")).exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    origin = server.origin
    match source:
        case "below a path":
            word = _shop(f"{origin}/things", "harmless", "/{id}")
        case "by another address":
            word = _shop(origin.replace("127.0.0.1", "localhost"), "harmless")
        case "same server":
            word = _shop(origin, "harmless")
        case "registered copy":
            word = "copy"
            assert 0 == run_cli("api", "add", "copy", _shop(origin, "harmless")).exit_code
        case _:
            word = "./removeThing.json" if source == "same document" else "shop"
    with configuration.open("a", encoding="utf-8") as opened:
        opened.write(f"\n{policy}\n")
        if word == "copy":
            opened.write("[apis.copy.profiles.p]\ntimeout = 20\n")
    profile = ["--profile", "p"] if "profiles" in policy else []
    if profile and word not in {"shop", "copy"}:
        return  # only registered APIs have profiles
    file = tmp_path / "tool"
    result = run_cli("bake", "tool", "--api", word, "--out", str(file), *profile)
    assert 0 == result.exit_code, result.stderr
    found = set()
    for name, (method, path) in _CALLS.items():
        below = path.removeprefix("/things") if source == "below a path" else path
        if (source, name) == ("below a path", "secret"):
            continue
        code, _, errors = _run(file, "request", method, below, "--yes", "--validate", "off")
        assert code in {0, 11}, errors
        found |= {name} if code else set()
    assert (denied - {"secret"} if source == "below a path" else denied) == found
    assert (int("remove" in denied) * 11) == _run(
        file, "harmless" if "harmless" in word or word == "copy" else "remove-thing", "1", "--yes"
    )[0]
