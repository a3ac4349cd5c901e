"""A document is read from a file, a URL, standard input, under a registered name, or is the demo's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dynacli.openapi.document.source import parse_source
from dynacli.registry.demo_facts import document_path
from dynacli.urls import origin_of
from tests.documents import PETS, pets, save, serve
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, run_cli

URL = "http://127.0.0.1:9/pets"


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "path",
    [
        "api.json",
        "./api.json",
        "below/api.json",
        "below/../api.json",
        "./no-ending",
        "with space.json",
        "100%41.json",
        "a#b?c=d&e.json",
        "ünïcödé-猫.json",
        "'quoted' \"twice\".json",
        "-leading/dash.json",
        "[brackets]*.JSON",
        "new\nline.json",
    ],
)
def test_any_file_name_can_be_a_source(path: str) -> None:
    """A path is taken as it is written, on the first run and on later ones."""
    Path("below").mkdir()
    Path("-leading").mkdir()
    save(pets(), path)
    for _ in range(2):
        result = dry_run("./" + path if path.startswith("-") else path)
        assert (0, "", URL) == (result.exit_code, result.stderr, result.json["url"])


def test_an_absolute_path_and_a_file_url_are_the_same_document(home: Path) -> None:
    """A file is compiled once, however its place is written."""
    path = Path(save(pets(), "a b%.json")).absolute()
    for word in (str(path), path.as_uri(), f"../{path.parent.name}/{path.name}"):
        assert 0 == dry_run(word).exit_code
    assert 1 == len(list((home / "cache" / "documents").iterdir()))


def test_a_file_name_need_not_be_text() -> None:
    """A name that is not UTF-8 is a name anyway."""
    name = os.fsdecode(b"pets-\xff.json")
    save(pets(), name)
    assert URL == dry_run(name).json["url"]
    assert "pets-\\udcff.json" in run_cli("api", "show", f"./{name}", "-o", "text").stdout


def test_a_link_is_followed() -> None:
    """A symbolic link leads to the document that it points at now."""
    save(pets(), "one.json")
    save(pets(), "two.json")
    document = json.loads(Path("two.json").read_text())
    document["paths"]["/more"] = {"get": {"operationId": "more", "responses": {}}}
    save(document, "two.json")
    link = Path("link.json")
    link.symlink_to("one.json")
    assert 2 == dry_run("./link.json", "more").exit_code
    link.unlink()
    link.symlink_to("two.json")
    assert "http://127.0.0.1:9/more" == dry_run("./link.json", "more").json["url"]


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("./absent.json", "There is no file `{cwd}/absent.json`", ""),
        (
            "api.example.com/openapi.json",
            "There is no file `{cwd}/api.example.com/openapi.json`",
            "If it is a URL, write `https://api.example.com/openapi.json`",
        ),
        ("./folder.json", "`{cwd}/folder.json` is a directory", "Give the path of the document in it"),
        ("./pipe.json", "`{cwd}/pipe.json` is not a regular file", "Pipe the document in and give `-`"),
    ],
)
def test_a_path_without_a_document_is_explained(word: str, message: str, hint: str) -> None:
    """A path that leads to no document ends with 8 and says what is there instead."""
    Path("folder.json").mkdir()
    os.mkfifo("pipe.json")
    result = run_cli(word, "list-pets", "--error-format", "json")
    error = result.error
    assert (8, message.format(cwd=os.getcwd())) == (result.exit_code, error["message"])
    assert hint in error["hint"]


def test_a_url_is_fetched_once(server: Recorder) -> None:
    """The document of a URL is fetched on its first use and comes from the cache afterwards."""
    serve(server, pets())
    for _ in range(3):
        assert URL == dry_run(f"{server.origin}/openapi.json").json["url"]
    assert ["/openapi.json"] == [request.target for request in server.requests]


def test_a_relative_server_starts_from_the_url(server: Recorder) -> None:
    """A server that is a path is on the host that the document came from, on a later run too."""
    server.responses["/v3/openapi.json"] = Response(
        body=json.dumps({**pets(), "servers": [{"url": "../api"}]}).encode()
    )
    for _ in range(2):
        assert f"{server.origin}/api/pets" == dry_run(f"{server.origin}/v3/openapi.json").json["url"]


@pytest.mark.parametrize(
    "url",
    [
        "http://Host.Example/a?b#c",
        "https://host.example:443/a",
        "HTTP://host.example:80",
        "http://host.example:8080/a",
        "https://[::1]:8443/a",
        "http://[::1]/",
    ],
)
def test_the_origin_of_a_source_is_that_of_its_url(url: str) -> None:
    """The origin that a document comes from is the same thing as the origin that a request goes to."""
    assert origin_of(url) == parse_source(url, Path("/")).origin


def test_the_demo_is_the_document_that_its_server_serves() -> None:
    """The shipped document has one place, in a checkout and in an installation."""
    assert Path(document_path()).read_bytes() == run_cli("document", "demo").stdout_bytes


def test_two_urls_that_differ_in_their_query_are_two_documents(server: Recorder) -> None:
    """The query belongs to the address of a document."""
    two = pets("2", **{"/two": {"get": {"operationId": "two", "responses": {}}}})
    server.responses["/d"] = lambda request: Response(
        body=json.dumps(two if request.target.endswith("2") else pets()).encode()
    )
    assert 2 == dry_run(f"{server.origin}/d?v=1", "two").exit_code
    assert 0 == dry_run(f"{server.origin}/d?v=2", "two").exit_code
    assert 2 == len(server.requests)


def test_standard_input_is_compiled_once(home: Path) -> None:
    """The same document on standard input is compiled once; another one does not take its place."""
    for version in ("1", "2", "1"):
        result = dry_run("-", stdin=json.dumps(pets(version)).encode())
        assert (0, URL) == (result.exit_code, result.json["url"])
    assert 2 == len(list((home / "cache").rglob("*.sqlite")))


def test_standard_input_of_a_terminal_is_not_waited_for() -> None:
    """No one types a document: `-` on a terminal says how it is meant."""
    result = run_cli("-", "list-pets", terminal=("stdin",))
    assert 2 == result.exit_code
    assert "Standard input has no document" in result.stderr


def test_damage_is_mended_though_standard_input_is_read_once(home: Path) -> None:
    """A damaged catalog of standard input is found before its document is let go."""
    content = json.dumps(pets()).encode()
    dry_run("-", stdin=content)
    path = next((home / "cache").rglob("*.sqlite"))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert URL == dry_run("-", stdin=content).json["url"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("verb", ["operations", "describe", "document", "show"])
@pytest.mark.parametrize("kind", ["file", "url", "stdin", "name"])
def test_every_verb_takes_every_source(verb: str, kind: str, server: Recorder) -> None:
    """A verb that takes an API takes all that can be one."""
    content = json.dumps(pets()).encode()
    server.responses["/openapi.json"] = Response(body=content)
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    word = {"file": "./api.json", "url": f"{server.origin}/openapi.json", "stdin": "-", "name": "shop"}[kind]
    verbs = {
        "operations": ("operations", word, "-o", "json"),
        "describe": ("describe", word, "list-pets", "-o", "json"),
        "document": ("document", word),
        "show": ("api", "show", word, "-o", "json"),
    }
    result = run_cli(*verbs[verb], stdin=content if kind == "stdin" else b"")
    assert (0, "") == (result.exit_code, result.stderr)
    match verb:
        case "operations":
            assert PETS == [row["name"] for row in result.json]
        case "describe":
            assert ("GET", "/pets") == (result.json["method"], result.json["path"])
        case "document":
            assert content == result.stdout_bytes
        case "show":
            assert ("Pets", "1", 3) == tuple(result.json[key] for key in ("title", "version", "operations"))


WARM = """
import sys
REFUSED = ("dynacli.openapi.document.parse", "dynacli.openapi.document.load",
           "dynacli.openapi.catalog.compiler.compile_document", "orjson", "yaml_rs",
           "yaml", "prance", "jsonschema_rs")

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in REFUSED or name.split(".")[0] in REFUSED:
            raise ImportError(f"{name} must not be imported")
        return None

if sys.argv[1] == "warm":
    sys.meta_path.insert(0, Refuse())
from dynacli.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.sampled(0)
@pytest.mark.parametrize("kind", ["json", "yaml", "url", "stdin", "demo"])
def test_the_second_run_parses_nothing(kind: str, server: Recorder) -> None:
    """On an unchanged document everything works although no parser and no compiler can be imported."""
    content = json.dumps(pets()).encode()
    save(pets())
    save(pets(), "pets.yaml")
    server.responses["/openapi.json"] = Response(body=content)
    word = {
        "json": "./api.json",
        "yaml": "pets.yaml",
        "url": f"{server.origin}/openapi.json",
        "stdin": "-",
        "demo": "demo",
    }[kind]
    for how in ("cold", "warm"):
        done = subprocess.run(
            [sys.executable, "-c", WARM, how, "operations", word],
            input=content,
            capture_output=True,
            check=False,
        )
        assert (0, b"") == (done.returncode, done.stderr), how


def test_without_home_the_directories_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `HOME`, the XDG variables say where the cache is."""
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("DYNACLI_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    save(pets())
    assert 0 == dry_run().exit_code
    assert 1 == len(list((tmp_path / "xdg" / "dynacli").rglob("*.sqlite")))
