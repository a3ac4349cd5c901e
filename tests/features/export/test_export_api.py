"""`dynacli export`: the operations of an API with examples, for other programs."""

import json
import os
import re
import time
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from dynacli.features.demo.demo_server import served_document
from dynacli.features.export.collection import EXPORT_FORMATS
from tests.documents import API_KEY, BASIC, BEARER, JSON, api_of, document, get, operation, parameter, save
from tests.harness import Recorder, json_response, run_cli

_SERVERS = ["https://api.example.com/v1", "https://test.example.com"]


def _body(schema: Any, media_type: str = JSON) -> dict[str, Any]:
    return {"required": True, "content": {media_type: {"schema": schema}}}


def _api() -> dict[str, Any]:
    """Return a document with a bit of everything that an export has to carry over."""
    pet = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "example": "Rex"}},
    }
    paths: dict[str, Any] = {
        "/pets/{id}": {
            "get": operation("getPet", parameter("id", {"type": "string", "example": "a b/ü"}, "path"))
            | {
                "tags": ["pets"],
                "summary": "Show it",
                "description": "All of *one* pet.",
                "security": [{"bearer": []}],
            },
        },
        "/pets": {
            "post": operation("addPet")
            | {
                "tags": ["pets"],
                "summary": "show it",
                "requestBody": _body(pet),
                "security": [{"basic": []}],
            },
            "get": operation("listPets", parameter("q", {"type": "string", "example": "a&b"}, required=True))
            | {"tags": ["pets"], "security": [{"key": []}], "deprecated": True},
        },
        "/never": {
            "get": operation("never", parameter("x", {"enum": []}, required=True)),
        },
    }
    made = document(paths, _SERVERS)
    made["components"] = {"securitySchemes": {"bearer": BEARER, "basic": BASIC, "key": API_KEY}}
    made["tags"] = [{"name": "pets", "description": "Cats and dogs."}]
    return made


def _export(form: str, *words: str) -> Any:
    result = run_cli("export", save(_api()), "--to", form, *words)
    assert 0 == result.exit_code, result.stderr
    return json.loads(result.stdout)


def _items(made: Any) -> dict[str, Any]:
    listed = [member for item in made["item"] for member in item.get("item", [item])]
    return {item["name"]: item["request"] for item in listed}


def test_a_postman_collection() -> None:
    """Folders are tags, credentials are variables without a value, and no name is there twice."""
    made = _export("postman")
    assert ["pets", "never"] == [item["name"] for item in made["item"]]
    assert "Cats and dogs." == made["item"][0]["description"]
    assert {
        "baseUrl": "https://api.example.com/v1",
        "api_json_bearer": "",
        "api_json_basic_username": "",
        "api_json_basic_password": "",
        "api_json_key": "",
    } == {item["key"]: item["value"] for item in made["variable"]}
    items = _items(made)
    assert ["Show it", "show it (add-pet)", "list-pets", "never"] == list(items)
    shown = items["Show it"]
    assert "All of *one* pet." == shown["description"]
    assert [{"key": "id", "value": "a%20b%2F%C3%BC"}] == shown["url"]["variable"]
    assert "{{baseUrl}}/pets/:id" == shown["url"]["raw"]
    assert "{{api_json_bearer}}" == shown["auth"]["bearer"][0]["value"]
    assert {"name": "Rex"} == json.loads(items["show it (add-pet)"]["body"]["raw"])
    assert ["basic", "apikey"] == [items[name]["auth"]["type"] for name in ("show it (add-pet)", "list-pets")]
    assert [{"key": "q", "value": "a%26b"}] == items["list-pets"]["url"]["query"]
    assert items["list-pets"]["description"].startswith("**Deprecated.**")


def test_an_operation_without_an_example_is_kept_and_said() -> None:
    """It stands there without values, and standard error names it."""
    result = run_cli("export", save(_api()), "--to", "postman")
    assert "never has no example: " in result.stderr
    assert "No example could be made" in _items(json.loads(result.stdout))["never"]["description"]


def test_a_har_has_no_credential_and_no_time() -> None:
    """It has the whole URL, `***` instead of credentials, and no response."""
    entries = _export("har", "--only", "pets", "--server", "1")["log"]["entries"]
    assert ["get-pet", "add-pet", "list-pets"] == [entry["comment"] for entry in entries]
    assert "https://test.example.com/pets/a%20b%2F%C3%BC" == entries[0]["request"]["url"]
    assert {"name": "Authorization", "value": "Bearer ***"} in entries[0]["request"]["headers"]
    assert {"name": "X-Api-Key", "value": "***"} in entries[2]["request"]["headers"]
    assert {"1970-01-01T00:00:00.000Z"} == {entry["startedDateTime"] for entry in entries}


def test_an_export_into_a_directory() -> None:
    """Each server is an environment there; a second export is the same."""
    source = save(_api())
    words = ("export", source, "--to", "postman", "--out", "made/")
    assert 0 == run_cli(*words).exit_code
    first = {path.name: path.read_bytes() for path in Path("made").iterdir()}
    assert 3 == len(first)
    urls = [
        json.loads(content)["values"][0]["value"]
        for name, content in sorted(first.items())
        if name.endswith(".postman_environment.json")
    ]
    assert _SERVERS == urls
    assert 0 == run_cli(*words).exit_code
    assert first == {path.name: path.read_bytes() for path in Path("made").iterdir()}


def _added_lines(before: dict[Path, str], directory: Path) -> str:
    """Return the lines that files of a directory have and had not; nothing else may have changed in them."""
    added: list[str] = []
    for path in directory.rglob("*"):
        old = before.get(path, "").splitlines()
        new = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        assert {"equal", "insert"} >= {kind for kind, *_ in changes}
        added += [line for kind, _, _, start, end in changes if kind == "insert" for line in new[start:end]]
    return "\n".join(added)


def _texts_in(directory: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in directory.rglob("*") if path.is_file()}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", EXPORT_FORMATS)
def test_a_new_operation_adds_nothing_else(form: str) -> None:
    """What was exported before stays as it is, line by line and file by file, in its order."""
    api = _api()
    words = ("export", save(api), "--to", form, "--out", "made/")
    assert 0 == run_cli(*words).exit_code
    before = _texts_in(Path("made"))
    # It is called like one that is there already.
    api["paths"]["/pets"]["delete"] = operation("removePets") | {"tags": ["pets"], "summary": "Show it"}
    save(api)
    assert 0 == run_cli(*words).exit_code
    added = _added_lines(before, Path("made"))
    assert "remove-pets" in added or "removePets" in added
    assert not any(item in added for item in ("get-pet", "add-pet", "list-pets"))


@pytest.mark.exhaustive
def test_the_next_revision_of_the_stand_in_adds_its_new_operation_alone() -> None:
    """The export of an API that has changed its document gains one request, in each form."""
    for directory, with_next in (("old", False), ("new", True)):
        Path("api.json").write_bytes(served_document(with_next=with_next).content)
        for form in EXPORT_FORMATS:
            words = ("--to", form, "--server", "https://api.example.com", "--out", f"{directory}/{form}/")
            assert 0 == run_cli("export", "./api.json", *words).exit_code
    before = {Path("new", *path.parts[1:]): text for path, text in _texts_in(Path("old")).items()}
    for form in EXPORT_FORMATS:
        added = _added_lines(before, Path("new", form))
        assert "List a workflow" in added or "list-workflow-versions" in added, form
        # Pages show the path of the document above its example.
        shown = 2 if form in {"markdown", "html"} else 1
        assert ["/versions"] * shown == re.findall(r"/workflows/[^/\s]+(/\w+)", added), form


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--to", "nonsense"], 2, "nonsense"),
        ([], 2, "--to"),
        (["--to", "har", "--only", "nothing"], 2, "has no operation `nothing`"),
        (["--to", "har", "--server", "nowhere"], 2, "There is no server `nowhere`"),
        (["--to", "har", "--out", "none/x.har"], 12, "none/x.har"),
    ],
)
def test_what_cannot_be_exported(words: list[str], code: int, message: str) -> None:
    """The error says what is wrong; nothing is printed."""
    result = run_cli("export", save(_api()), *words)
    assert (code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_a_har_without_a_server() -> None:
    """A document that names none makes no HAR, and a collection with an empty variable."""
    api = _api()
    del api["servers"]
    assert 2 == run_cli("export", save(api), "--to", "har").exit_code
    result = run_cli("export", save(api), "--to", "postman")
    assert "names no server: set the variable" in result.stderr
    made = json.loads(result.stdout)
    assert {"key": "baseUrl", "value": ""} == made["variable"][0]


def test_a_secret_header_of_a_profile_is_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its value nor that of the environment is written."""
    run_cli("api", "add", "pets", save(_api()))
    with Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").open("a", encoding="utf-8") as file:
        file.write('[apis.pets.profiles.p.headers]\nX-Auth-Token = "hidden-header"\nX-Tenant = "acme"\n')
    monkeypatch.setenv("DYNACLI_PETS_TOKEN", "hidden-token")
    result = run_cli("export", "pets", "--to", "postman", "--profile", "p")
    assert "hidden" not in result.stdout + result.stderr
    headers = _items(json.loads(result.stdout))["list-pets"]["header"]
    assert {"key": "X-Auth-Token", "value": "{{X_Auth_Token}}"} in headers
    assert {"key": "X-Tenant", "value": "acme"} in headers


@pytest.mark.parametrize("form", ["postman", "insomnia", "har", "hurl", "markdown", "html"])
def test_texts_that_utf_8_cannot_hold(form: str) -> None:
    """A lone surrogate of a document, which JSON can have, ends nothing."""
    api = document({"/a": {"get": operation("odd") | {"summary": "a\ud800b", "tags": ["\ud801"]}}}, _SERVERS)
    api["info"]["title"] = "\ud802"
    Path("odd.json").write_text(json.dumps(api), encoding="utf-8")
    result = run_cli("export", "./odd.json", "--to", form)
    assert (0, True) == (result.exit_code, bool(result.stdout)), result.stderr


def test_a_password_beside_a_key_is_the_authorization() -> None:
    """The target's own kind takes the user name and the password, and the key is a header."""
    api = _api()
    api["paths"]["/pets"]["get"]["security"] = [{"key": [], "basic": []}]
    request = _items(json.loads(run_cli("export", save(api), "--to", "postman").stdout))["list-pets"]
    assert "basic" == request["auth"]["type"]
    assert {"key": "X-Api-Key", "value": "{{api_json_key}}"} in request["header"]


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_many_servers_of_one_name_are_exported_in_time_that_grows_with_them() -> None:
    """Ten thousand servers that a document calls alike get distinct names, and none is compared with all others."""
    servers = [{"url": f"https://s{number}.example.com", "description": "one"} for number in range(10_000)]
    start = time.process_time()
    made = api_of(get("/", "ping")) | {"servers": servers}
    result = run_cli("export", save(made), "--to", "html")
    assert 0 == result.exit_code
    assert "one (10000)" in result.stdout
    assert time.process_time() - start < 5


def test_no_document_chooses_the_variable_of_another_api(server: Recorder) -> None:
    """The variable of a credential begins with what a person calls the API, or with the whole URL of its document."""
    made = api_of(get("/a", security=[{"github_token": []}]), server=server)
    made["components"] = {"securitySchemes": {"github_token": BEARER}}
    server.responses["/github.json"] = json_response(made)
    assert 0 == run_cli("api", "add", "shop", save(made)).exit_code
    url = f"{server.origin}/github.json?key=hidden-key"
    for word, name in (("shop", "shop"), (save(made), "api_json"), (url, "_127_0_0_1_github_json")):
        exported = run_cli("export", word, "--to", "postman").stdout
        assert {"baseUrl", f"{name}_github_token"} == set(re.findall(r"\{\{(.*?)\}\}", exported))
        assert "hidden-key" not in exported


@pytest.mark.parametrize("words", [("-o", "@pets.out"), ("--out", "pets.out")])
@pytest.mark.parametrize("form", ["postman", "hurl"])
def test_an_export_goes_to_the_file_of_either_option(form: str, words: tuple[str, ...]) -> None:
    """`-o @FILE` names a file here as it does for a response."""
    api = save(_api())
    shown = run_cli("export", api, "--to", form).stdout
    result = run_cli("export", api, "--to", form, *words)
    assert (0, "", shown) == (result.exit_code, result.stdout, Path("pets.out").read_text(encoding="utf-8"))


def test_a_directory_is_named_by_either_option() -> None:
    """A format of many files writes them there."""
    assert 0 == run_cli("export", save(_api()), "--to", "bruno", "-o", "@pets").exit_code
    assert list(Path("pets").iterdir())


@pytest.mark.parametrize("words", [("-o", "csv"), ("-o", "json@a"), ("-o", "@a", "--out", "b")])
def test_an_export_has_one_format_and_one_file(words: tuple[str, ...]) -> None:
    """Nothing that was asked for is forgotten."""
    result = run_cli("export", save(_api()), "--to", "har", *words)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "hint: Give either `--out FILE` or `-o @FILE`" in result.stderr
    assert not Path("a").exists()
