"""The words of a command line are read once: what looks like an option and is a value of another is a value."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from dynacli.commands import read_line
from tests.harness import Recorder, Response, run_cli


def _document(origin: str, *more: str) -> bytes:
    text = {"schema": {"type": "string"}, "in": "query"}
    flag = {"name": "draft", "in": "query", "schema": {"type": "boolean"}}
    own = {"name": "refresh", "in": "query", "schema": {"type": "string"}}
    string = {"type": "string"}
    properties = {"text": string, "labels": {"type": "object", "additionalProperties": string}}
    content = {"application/json": {"schema": {"type": "object", "properties": properties}}}
    paths: dict[str, Any] = {
        "/a": {"get": {"operationId": "find", "parameters": [{"name": "search", **text}, flag]}},
        "/b": {"get": {"operationId": "own", "parameters": [own]}},
        "/c": {"post": {"operationId": "send", "requestBody": {"content": content}}},
        **{f"/{name}": {"get": {"operationId": name}} for name in more},
    }
    for item in paths.values():
        for operation in item.values():
            operation["responses"] = {"200": {"description": ""}}
    info = {"title": "t", "version": "1"}
    return json.dumps(
        {"openapi": "3.0.3", "info": info, "servers": [{"url": origin}], "paths": paths}
    ).encode()


@pytest.fixture
def url(server: Recorder) -> str:
    """The URL of a document that is in the cache."""
    server.responses["/openapi.json"] = Response(body=_document(server.origin))
    for path in ("/a", "/b", "/c"):
        server.responses[path] = Response()
    url = f"{server.origin}/openapi.json"
    assert 0 == run_cli("operations", url).exit_code
    server.requests.clear()
    return url


def _targets(server: Recorder) -> list[str]:
    return [request.target for request in server.requests]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "word", ["--offline", "--refresh", "--profile", "--debug", "--error-format=json", "--help", "-h", "--"]
)
def test_a_value_that_looks_like_an_option_is_a_value(url: str, server: Recorder, word: str) -> None:
    """It goes into the request, and means nothing else: no document is fetched, and no page shown."""
    result = run_cli(url, "find", "--search", word)
    assert 0 == result.exit_code, result.stderr
    assert [f"/a?search={word.replace('=', '%3D')}"] == _targets(server)


def test_behind_a_boolean_it_is_an_option(url: str, server: Recorder) -> None:
    """`--draft` stands alone, so what follows is not a value of it."""
    server.responses["/openapi.json"] = Response(body=_document(server.origin, "new"))
    assert 0 == run_cli(url, "find", "--draft", "--refresh").exit_code
    assert ["/openapi.json", "/a?draft=true"] == _targets(server)


def test_each_word_after_an_operation_is_read_by_its_table_alone(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No option there says how the document is opened, so nothing reads the words before the operation is known."""
    read: list[str] = []

    def noted(flag: str, *values: Any) -> read_line.Word:
        read.append(flag)
        return word(flag, *values)

    word = read_line.Word
    monkeypatch.setattr(read_line, "Word", noted)
    assert 0 == run_cli(url, "find", "--search", "x", "--dry-run", "--no-pager").exit_code
    assert ["--search", "--dry-run", "--no-pager"] == read


def test_an_option_of_the_operation_is_not_dynaclis(url: str, server: Recorder) -> None:
    """The operation's own `--refresh` is an input; dynacli's stands before the API then."""
    assert 0 == run_cli(url, "own", "--refresh", "yes").exit_code
    assert ["/b?refresh=yes"] == _targets(server)
    assert 0 == run_cli("--refresh", url, "own").exit_code
    assert ["/b?refresh=yes", "/openapi.json", "/b"] == _targets(server)


def test_offline_holds_wherever_it_stands(url: str, server: Recorder) -> None:
    """Before the API, after it, and after the operation: no document is fetched."""
    other = url.replace("openapi.json", "other.json")
    server.responses["/other.json"] = Response(body=_document(server.origin))
    for words in (("--offline", other, "find"), (other, "--offline", "find"), (other, "find", "--offline")):
        assert 8 == run_cli(*words).exit_code
    assert [] == server.requests


def test_a_media_type_that_looks_like_an_option_is_a_value(url: str, server: Recorder) -> None:
    """`--content-type` after an option of the body is the text that was meant."""
    assert 0 == run_cli(url, "send", "--text", "--content-type").exit_code
    assert {"text": "--content-type"} == json.loads(server.last.body)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words",
    [
        ("nothing", "find", "--error-format", "json"),
        ("--error-format", "json", "nothing"),
        ("URL", "nothing", "--error-format=json"),
        ("URL", "find", "--nothing", "--error-format", "json"),
        ("URL", "find", "--error-format", "json", "--search"),
        ("URL", "--nothing", "--error-format", "json", "find"),
        ("operations", "--error-format", "json"),
        ("operations", "URL", "--nothing", "--error-format", "json"),
        ("api", "nothing", "--error-format", "json"),
        ("demo", "nothing", "--error-format", "json"),
    ],
)
def test_an_error_in_the_words_is_json_where_that_is_asked_for(url: str, words: tuple[str, ...]) -> None:
    """Also if the words go wrong before the option."""
    result = run_cli(*(url if word == "URL" else word for word in words))
    assert 2 == result.exit_code
    assert "usage" == json.loads(result.stderr)["error"]["kind"]


def test_parsing_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo API starts for a call, and neither for words that are wrong nor for a help page."""
    monkeypatch.setattr("dynacli.features.demo.demo_server.running", None)
    assert 2 == run_cli("demo", "search-runs", "--nothing").exit_code
    assert 0 == run_cli("demo", "search-runs", "--help").exit_code


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "words",
    [
        ("demo", "search-runs"),
        ("demo", "search-runs", "--all"),
        ("demo", "--next", "--role", "viewer", "list-workflow-versions", "wf_search-issues"),
        ("demo", "--misbehave", "search-runs=hang", "search-runs"),
        ("read", "demo", "get-org"),
        ("request", "demo", "GET", "/org"),
        ("check", "demo", "--only", "get-org"),
        ("batch", "demo", "get-run", "runs.csv"),
    ],
)
def test_a_dry_run_starts_nothing(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No demo API runs for a request that is only shown, and its data is not made."""
    monkeypatch.chdir(tmp_path)
    Path("runs.csv").write_text("id\n289157f4-669f-5f8d-adfd-efbb41003e69\n")
    monkeypatch.setattr("dynacli.features.demo.demo_server.running", None)
    monkeypatch.setattr("dynacli.features.demo.demo_server.Store", None)
    result = run_cli(*words, "--dry-run")
    assert 0 == result.exit_code, result.stderr


def test_a_dry_run_shows_the_origin_of_demo_serve() -> None:
    """The command for curl works as soon as `demo serve` runs."""
    result = run_cli("demo", "get-org", "--dry-run", "curl")
    assert result.stdout.startswith("curl http://127.0.0.1:8642/api/armature/v1/org ")
    assert "[default: 8642" in run_cli("demo", "serve", "--help").stdout


def test_a_dry_run_checks_what_is_to_misbehave() -> None:
    """`--misbehave` with an unknown kind is an error, also if nothing is sent."""
    result = run_cli("demo", "--misbehave", "search-runs=nothing", "search-runs", "--dry-run")
    assert 2 == result.exit_code
    assert "cannot misbehave by `nothing`" in result.stderr


def test_edit_reads_in_a_dry_run() -> None:
    """The demo API runs for `edit`, which reads the resource before it asks for an editor."""
    result = run_cli("edit", "demo", "get-workflow", "wf_search-issues", "--dry-run")
    assert result.stderr.startswith("error: `dynacli edit` needs a terminal")


def test_opening_writes_nothing(url: str, home: Path) -> None:
    """A help page of an API that is in the cache changes no file of it."""

    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}

    before = files()
    assert 0 == run_cli(url, "find", "--help").exit_code
    assert before == files()


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_many_options_take_linear_time(url: str, server: Recorder) -> None:
    """Each is made, found among the words and laid into the body without a look at all others."""
    pairs = [word for number in range(15_000) for word in (f"--labels.k{number}", "x")]
    start = time.process_time()
    result = run_cli(url, "send", *pairs)
    assert 0 == result.exit_code, result.stderr
    assert 15_000 == len(json.loads(server.requests[-1].body)["labels"])
    assert time.process_time() - start < 7
