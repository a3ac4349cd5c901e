"""Bad input of every kind: an exit code, a message that says what, why and what to do, and nothing lost."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.documents import BEARER, api_of, document, get, operation, post, save, save_api, serve
from tests.harness import Recorder, Response, free_port, run_cli

PATHS: dict[str, Any] = {
    "/a": {
        "get": operation(
            "get-a",
            parameters=[{"name": "state", "in": "query", "schema": {"type": "string", "enum": ["open"]}}],
        ),
        "post": operation(
            "post-a",
            requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        ),
    },
    "/a/{id}": {
        "get": operation(
            "get-one",
            parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        )
    },
}

DOCUMENTS = {
    "not a document": ("a.json", b'{"a": 1}', "is not an OpenAPI document"),
    "another kind of list": ("a.json", b"[1]", "is a list, not an OpenAPI document"),
    "plain text": ("a.json", b"hello world", "is plain text"),
    "binary": ("a.json", b"\x00\x01\xfe\xff\x00", "is "),
    "an HTML page": ("a.json", b"<!doctype html><html><body>API</body></html>", "is an HTML page"),
    "an empty file": ("a.json", b"", "is empty"),
    "a truncated JSON": ("a.json", b'{"openapi": "3.0.3", "info": {', "cannot be read at line 1, column"),
    "a YAML with a tab": ("a.yaml", b"openapi: 3.0.3\ninfo:\n\ttitle: x\n", "cannot be read at line 3"),
    "another version": ("a.json", b'{"swagger": "1.2"}', "Swagger 1.2 documents are not supported"),
}


def _check(stderr: str, error: dict[str, Any], text: str) -> None:
    """Check that both forms of a message say the same, in three parts if there are three."""
    assert 1 == len(stderr.splitlines())
    assert text.startswith(f"error: {error['message'].splitlines()[0]}")
    assert "\n  hint: " in text or "\n  try: " in text
    assert error["hint"].partition("\n")[0] in text
    assert ("\n  try: " in text) is (error["try"] is not None)
    assert ("\n  reason: " in text) is bool(error["reason"])
    for form in (stderr, text):
        assert "Traceback" not in form
        assert "hunter2" not in form


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_document_from_a_file(name: str) -> None:
    """A file that is not an usable document is exit 8, says so in text and JSON, and prints nothing else."""
    file, content, phrase = DOCUMENTS[name]
    Path(file).write_bytes(content)
    as_json = run_cli(f"./{file}", "get-a", "--error-format", "json")
    as_text = run_cli(f"./{file}", "get-a")
    assert [(8, "")] * 2 == [(result.exit_code, result.stdout) for result in (as_json, as_text)]
    assert ("document", 8) == (as_json.error["kind"], as_json.error["exit_code"])
    assert phrase in as_json.error["message"]
    _check(as_json.stderr, as_json.error, as_text.stderr)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_document_does_not_replace_a_good_one(server: Recorder, name: str) -> None:
    """A registered API whose document has become unusable goes on with the one that it had."""
    server.responses["/a"] = Response()
    url = serve(server, document(PATHS, None))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    server.responses["/openapi.json"] = Response(body=DOCUMENTS[name][1])
    result = run_cli("api", "refresh", "shop", "--error-format", "json")
    assert (8, "document") == (result.exit_code, result.error["kind"])
    server.requests.clear()
    again = run_cli("shop", "get-a")
    assert (0, "{}", ["/a"]) == (
        again.exit_code,
        again.stdout,
        [request.target for request in server.requests],
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_bad_file_does_not_replace_a_good_one(server: Recorder, name: str) -> None:
    """A registered file that was spoiled is warned of, and the document that it held before is used."""
    server.responses["/a"] = Response()
    made = document(PATHS, [server.origin])
    assert 0 == run_cli("api", "add", "shop", save(made, DOCUMENTS[name][0])).exit_code
    Path(DOCUMENTS[name][0]).write_bytes(DOCUMENTS[name][1])
    result = run_cli("shop", "get-a")
    assert (0, "{}") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("warning: ")
    assert "is used instead" in result.stderr


@pytest.mark.parametrize("made", [{}, {"paths": {}}], ids=["no paths", "empty paths"])
def test_a_document_without_paths_has_no_operations(made: dict[str, Any]) -> None:
    """A document without paths can be read and has no operations; naming one is exit 2."""
    word = save({"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, **made})
    result = run_cli(word, "get-a", "--error-format", "json")
    assert (2, "", "usage") == (result.exit_code, result.stdout, result.error["kind"])
    assert f"`{word}` has no operations" == result.error["message"]
    _check(result.stderr, result.error, run_cli(word, "get-a").stderr)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "phrase", "reason", "hint"),
    [
        (["get-b"], "has no operation `get-b`", "", "Did you mean `get-a` or `get-one`?"),
        (["get-one"], "needs ID", "", ""),
        (["get-a", "--state", "ajar"], "`ajar` is not a value for --state", "it takes one of `open`", ""),
        (["post-a"], "needs a body", "", ""),
        (["post-a", "--body", "{"], "--body is not JSON", "line 1, column 2", "quotes"),
        (["post-a", "--body", "hunter2"], "--body is not JSON", "line 1, column 1", "quotes"),
        (["post-a", "--body", "[]"], "does not allow this request", "[type]", "`--validate off`"),
        (["get-a", "--stat", "open"], "no option `--stat`", "", ""),
        (
            ["--offline"],
            "Missing subcommand after `dynacli ./api.json`",
            "",
            "Give the options after the subcommand",
        ),
        (["get-a", "--state"], "`--state` needs a value", "", "--help"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_bad_command_line(server: Recorder, words: list[str], phrase: str, reason: str, hint: str) -> None:
    """A wrong command line is exit 2: said in text and JSON, nothing sent, and the compiled document stays."""
    server.responses["/a"] = Response()
    api = save_api(PATHS, server=server)
    as_json = run_cli("--error-format", "json", api, *words)
    as_text = run_cli(api, *words)
    assert [(2, "")] * 2 == [(result.exit_code, result.stdout) for result in (as_json, as_text)]
    assert [] == server.requests
    assert phrase in as_json.error["message"]
    assert reason in as_json.error["reason"]
    assert hint in as_json.error["hint"]
    _check(as_json.stderr, as_json.error, as_text.stderr)
    assert 0 == run_cli(api, "get-a").exit_code


def test_an_unreachable_host(canary: str) -> None:
    """A server that no one runs is exit 6 and names the host, without the query."""
    host = f"127.0.0.1:{free_port()}"
    api = save_api(PATHS, server=f"http://{host}")
    as_json = run_cli(api, "get-a", "--error-format", "json")
    assert (6, "", f"`{host}` refuses the connection") == (
        as_json.exit_code,
        as_json.stdout,
        as_json.error["message"],
    )
    assert "Nothing listens on that port; tried 3 times" == as_json.error["reason"]
    _check(as_json.stderr, as_json.error, run_cli(api, "get-a").stderr)
    source = run_cli(f"http://{host}/openapi.json?key={canary}", "get-a", "--error-format", "json")
    assert (6, f"`{host}` refuses the connection") == (source.exit_code, source.error["message"])


def test_a_404_with_an_html_body(server: Recorder) -> None:
    """A 404 is exit 4, its page is printed as it came, and the message names method, URL and status."""
    page = b"<!doctype html>\n<h1>Not Found</h1>\r\n"
    server.responses["/a"] = Response(404, page, {"Content-Type": "text/html"})
    api = save_api(PATHS, server=server)
    words = (api, "get-a", "--validate", "off")
    as_json = run_cli(*words, "--error-format", "json")
    assert (4, page) == (as_json.exit_code, as_json.stdout_bytes)
    assert f"`GET {server.origin}/a` responded with 404 Not Found" == as_json.error["message"]
    assert "on standard output" in as_json.error["reason"]
    _check(as_json.stderr, as_json.error, run_cli(*words).stderr)


def test_a_404_instead_of_a_document(server: Recorder) -> None:
    """A document that is not there is exit 8 with the status, and its page is not printed."""
    server.responses["/openapi.json"] = Response(404, b"<h1>hunter2</h1>", {"Content-Type": "text/html"})
    url = f"{server.origin}/openapi.json"
    as_json = run_cli(url, "get-a", "--error-format", "json")
    assert (8, "", 404) == (as_json.exit_code, as_json.stdout, as_json.error["status"])
    _check(as_json.stderr, as_json.error, run_cli(url, "get-a").stderr)


@pytest.mark.exhaustive
def test_a_server_that_hangs() -> None:
    """A server that never responds is exit 7 within the time that was given."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api = save_api(PATHS, server=origin)
        as_json = run_cli(api, "get-a", "--timeout", "0.3", "--error-format", "json")
        as_text = run_cli(api, "get-a", "--timeout", "0.3")
    assert (7, "") == (as_json.exit_code, as_json.stdout)
    assert f"`{origin}/a` did not respond within 0.3 s" == as_json.error["message"]
    assert "The response was incomplete when the time was over" == as_json.error["reason"]
    _check(as_json.stderr, as_json.error, as_text.stderr)


@pytest.mark.parametrize("server_url", ["https://[::1", "//[", "http://a b/", "https://{host}"], ids=repr)
def test_a_document_with_a_bad_server(server_url: str) -> None:
    """A server that is not an URL is exit 2 and says how to name another one."""
    result = run_cli(save_api(PATHS, server=server_url), "get-a", "--error-format", "json")
    assert (2, "usage") == (result.exit_code, result.error["kind"])
    assert "--server" in result.error["hint"] + str(result.error["try"])


def test_messages_are_json_lines(server: Recorder) -> None:
    """With `--error-format json` every line on standard error is JSON, warnings too."""
    made = api_of(get("/a", "get-a"), server=server)
    made["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"] = {
        "schema": {"type": "array"}
    }
    server.responses["/a"] = Response()
    result = run_cli(save(made), "get-a", "--error-format", "json")
    assert 0 == result.exit_code
    assert [["warning"]] == [list(json.loads(line)) for line in result.stderr.splitlines()]


def _branch(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name],
        "properties": {name: {"type": "string"}},
        "additionalProperties": False,
    }


def _takes(body: Any, media_type: str = "application/json") -> dict[str, Any]:
    return operation("call", requestBody={"required": True, "content": {media_type: {"schema": body}}})


CLOSED = {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False}
FILE_PART = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
HEADER = {"name": "X-Note", "in": "header", "schema": {"type": "string"}}
ITEM = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}

REFUSED: dict[str, tuple[str, dict[str, Any], tuple[str, ...], int, str]] = {
    "a branch that fits nothing": (
        "/a",
        _takes({"oneOf": [_branch("cat"), _branch("dog")]}),
        ("--body", '{"fish": "x"}'),
        2,
        "does not allow this request",
    ),
    "two branches at once": (
        "/a",
        _takes({"oneOf": [_branch("cat"), _branch("dog")]}),
        ("--cat", "x", "--dog", "y"),
        2,
        "--dog",
    ),
    "an array where an object belongs": ("/a", _takes(CLOSED), ("--body", "[1]"), 2, "does not allow"),
    "an object where an array belongs": (
        "/a",
        _takes({"type": "array"}),
        ("--body", '{"a": 1}'),
        2,
        "does not allow",
    ),
    "a file part that does not exist": (
        "/a",
        _takes(FILE_PART, "multipart/form-data"),
        ("--file", "@gone.png"),
        12,
        "gone.png",
    ),
    "a file part that is a directory": (
        "/a",
        _takes(FILE_PART, "multipart/form-data"),
        ("--file", "@."),
        12,
        "",
    ),
    "a path value that would climb": ("/a/{id}", operation("call", parameters=[ITEM]), ("..",), 2, ".."),
    "an encoded path value that would climb": (
        "/a/{id}",
        operation("call", parameters=[ITEM]),
        ("%2e%2e",),
        2,
        "would change the path",
    ),
    "a header value with a line break": (
        "/a",
        operation("call", parameters=[HEADER]),
        ("--x-note", "a\r\nX-Evil: 1"),
        2,
        "x-note",
    ),
    "a header of one's own with a line break": ("/a", operation("call"), ("-H", "X-Note: a\nb"), 2, "X-Note"),
    "a set path that does not exist": ("/a", _takes(CLOSED), ("--set", "nmae=1"), 2, "nmae"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sent_is_not(server: Recorder, name: str) -> None:
    """Exit code, a message that names it, in text and JSON; the server hears nothing."""
    path, made, words, exit_code, phrase = REFUSED[name]
    api = save_api({path: {"post": made}}, server=server)
    as_json = run_cli("--error-format", "json", api, "call", *words)
    as_text = run_cli(api, "call", *words)
    assert [(exit_code, "")] * 2 == [(result.exit_code, result.stdout) for result in (as_json, as_text)]
    assert [] == server.requests
    error = as_json.error
    assert exit_code == error["exit_code"]
    assert phrase.lower() in f"{error['message']} {error['reason']} {error['hint']}".lower()
    for form in (as_json.stderr, as_text.stderr):
        assert "Traceback" not in form
        assert "X-Evil: 1" not in form


def _nowhere() -> str:
    return "#/components/requestBodies/Gone"


def _outside() -> str:
    (Path.cwd().parent / "outside.yaml").write_text("content: {}\n")
    return "../outside.yaml"


def _circle() -> str:
    Path("one.yaml").write_text("$ref: two.yaml\n")
    Path("two.yaml").write_text("$ref: one.yaml\n")
    return "one.yaml"


def _directory() -> str:
    Path("folder").mkdir(exist_ok=True)
    return "folder"


def _huge() -> str:
    with Path("huge.yaml").open("wb") as file:
        file.truncate(60 << 20)
    return "huge.yaml"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "make",
    [_nowhere, _outside, _circle, _directory, _huge],
    ids=["nowhere", "outside", "circle", "directory", "60 MB"],
)
def test_a_reference_that_cannot_be_followed_costs_its_operation(server: Recorder, make: Any) -> None:
    """The call of it is exit 8 with the reference in the reason and nothing is sent; all others work."""
    ref = make()
    server.responses["/good"] = Response()
    made = api_of(get("/good"), post("/bad", requestBody={"$ref": ref}), server=server)
    api = save(made)
    assert 0 == run_cli(api, "good").exit_code
    assert ["/good"] == [request.target for request in server.requests]
    refused = run_cli(api, "bad", "--body", "{}", "--error-format", "json")
    assert (8, "", 1) == (refused.exit_code, refused.stdout, len(server.requests))
    assert ref.rpartition("/")[2] in refused.error["reason"]
    (found,) = run_cli("doctor", api, "-o", "json").json["documents"]
    assert any(" is left out: " in row["message"] and row["line"] == 1 for row in found["warnings"])


@pytest.mark.parametrize(
    "option", ["--server", "--profile", "--auth", "--columns", "--accept-origin", "--content-type"]
)
def test_an_empty_value_is_refused(option: str, server: Recorder) -> None:
    """A variable of the shell that is not set lets nothing be called that was not meant."""
    api = save_api(PATHS, server=server)
    result = run_cli(option, "", api, "get-a")
    assert (2, []) == (result.exit_code, server.requests)
    assert f"error: `{option}` needs a value" in result.stderr


def test_a_token_is_no_option() -> None:
    """Whoever gives a secret as an option learns what to do instead, and no option that is spelled alike."""
    save_api(get("/a", "getA"))
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    for words, hint in (
        (("--token", "x", "shop", "get-a"), "run `dynacli auth login API`, or set `DYNACLI_<API>_TOKEN`"),
        (("shop", "get-a", "--token", "x"), "run `dynacli auth login shop`, or set `DYNACLI_SHOP_TOKEN`"),
        (("./api.json", "get-a", "--api-key", "x"), "set `DYNACLI_TOKEN`"),
    ):
        result = run_cli("--error-format", "json", *words)
        assert (2, f"No option takes a secret: {hint}") == (result.exit_code, result.error["hint"])


def test_a_token_as_an_option_leads_to_signing_in(server: Recorder) -> None:
    """The command to try signs in, if the API has credentials; the demo API needs none."""
    save_api(get("/a", "getA"), schemes={"bearer": BEARER}, security=[{"bearer": []}], server=server)
    assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
    shop = run_cli("--error-format", "json", "shop", "get-a", "--token", "x")
    assert (2, "dynacli auth login shop", []) == (shop.exit_code, shop.error["try"], server.requests)
    demo = run_cli("--error-format", "json", "demo", "get-org", "--token", "x")
    assert "No option takes a secret, and the demo API signs in by itself" == demo.error["hint"]


@pytest.mark.parametrize(
    "words", ["demo create-workflow", "demo get-run", "demo update-workflow wf_search-issues"]
)
def test_a_hint_and_a_corrected_command_are_not_the_same(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that works stands in `try`; the hint names none of the same operation."""
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "json")
    error = run_cli(*words.split()).error
    assert error["try"].startswith(f"dynacli {words}")
    assert "dynacli demo" not in error["hint"]
