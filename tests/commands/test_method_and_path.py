"""`dynacli API METHOD PATH`: an operation is named by its method and path."""

import pytest

from tests.documents import get, operation, parameter, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, Response, run_cli

STRING = {"type": "string"}
OWNER = parameter("owner", STRING, "path")
REPO = parameter("repo", STRING, "path")
PATHS = {
    "/repos/{owner}/{repo}": {
        "get": operation("getRepo", OWNER, REPO, parameter("page[size]", {"type": "integer"})),
        "patch": operation("changeRepo", OWNER, REPO, body={"type": "object"}),
    },
    "/repos/{owner}/all": {"get": operation("listRepos", OWNER)},
    "/repos/{owner}/{repo}#shared": {"get": operation("getShared", OWNER, REPO, parameter("share", STRING))},
    "/files/{name}.json": {"get": operation("getFile", parameter("name", STRING, "path"))},
    "/sets/{ids}": {
        "get": operation("getSets", parameter("ids", {"type": "array", "items": STRING}, "path"))
    },
}


@pytest.fixture(autouse=True)
def api() -> str:
    """Save the document that all tests call."""
    return save_api(PATHS)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/repos/octo/hello", ("GET", "/repos/octo/hello")),
        ("/repos/octo/hello", ("get", "/repos/octo/hello")),
        ("/repos/octo/hello", ("GET", "/repos/{owner}/{repo}", "octo", "hello")),
        ("/repos/octo/hello", ("GET", "/repos/{owner}/hello", "octo")),
        ("/repos/octo/hello", ("GET", "/repos/{owner}/hello", "--owner", "octo")),
        ("/repos/a%20b/hello", ("GET", "/repos/a%20b/hello")),
        ("/repos/-1/hello", ("GET", "/repos/-1/hello")),
        ("/repos/octo/hello?page%5Bsize%5D=3", ("GET", "/repos/octo/hello?page[size]=3")),
        (
            "/repos/octo/hello?page%5Bsize%5D=3&a=b%20c",
            ("GET", "/repos/octo/hello?a=b+c&page[size]=3", "--validate", "off"),
        ),
        ("/repos/octo/hello?page%5Bsize%5D=3", ("GET", "/repos/octo/hello", "--page-size", "3")),
        ("/repos/octo/hello?share=x", ("GET", "/repos/octo/hello#shared", "--share", "x")),
        ("/repos/octo/all", ("GET", "/repos/octo/all")),
        ("/files/a.json", ("GET", "/files/a.json")),
        ("/sets/a,b", ("GET", "/sets/a,b")),
    ],
)
def test_values_stand_in_the_path_or_behind_it(target: str, words: tuple[str, ...]) -> None:
    """Of several paths the one that says most is meant."""
    assert target == request_of(*words)["target"]


def test_a_body_is_given_behind_the_path() -> None:
    """Whatever an operation takes, it takes here, too."""
    assert {"a": 1} == request_of("PATCH", "/repos/octo/hello", "--body.a", "1")["json"]
    assert "GET /repos/{owner}/{repo}" in run_cli("./api.json", "GET", "/repos/octo/hello", "--help").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("GET", "/repo/{owner}/{repo}"), "Did you mean `/repos/{owner}/{repo}`"),
        (("GET", "/repos/../hello"), "The path parameter `owner` cannot be sent"),
    ],
)
def test_what_the_document_does_not_have_is_refused(words: tuple[str, ...], message: str) -> None:
    """The error says what the document has instead."""
    assert message in refusal_of(*words).stderr


def test_an_operation_that_is_called_like_a_method_keeps_its_name() -> None:
    """`get /x` is its argument; in upper case it is the method."""
    save_api(get("/kv/{key}", "get", parameter("key", STRING, "path")), get("/x", "getX"))
    assert "/kv/%2Fx" == request_of("get", "/x")["target"]
    assert "/x" == request_of("GET", "/x")["target"]


def test_options_are_completed_behind_a_method_and_a_path() -> None:
    """As after the name of the operation."""
    run_cli("operations", "./api.json")
    assert "--page-size" in run_cli("__complete", "bash", "./api.json", "GET", "/repos/a/b", "--pa").stdout


@pytest.mark.sampled(3)
@pytest.mark.parametrize("verb", [[], ["request"]], ids=["without-a-verb", "request"])
@pytest.mark.parametrize(
    ("method", "path", "note"),
    [
        ("DELETE", "/repos/octo/hello", "This path has GET and PATCH"),
        ("GET", "/repos/octo?page=2&q=a%20b", "The document has no such path"),
        ("PURGE", "/", "The document has no such path"),
        ("GET", "/repo/octo/all", "Did you mean `/repos/{owner}/all`?"),
    ],
)
def test_a_path_that_the_document_does_not_have_is_called_unvalidated(
    verb: list[str], method: str, path: str, note: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server and the credentials are the API's; a note says that nothing is validated."""
    schemes = {"key": {"type": "http", "scheme": "bearer"}}
    documented = operation("getA", security=[{"key": []}])
    save_api({"/a": {"get": documented}}, PATHS, server=server, components={"securitySchemes": schemes})
    server.responses[path.partition("?")[0]] = Response(body=b"[1]")
    monkeypatch.setenv("DYNACLI_TOKEN", "abc")
    result = run_cli(*verb, "./api.json", method, path, "--accept-origin", server.origin)
    assert (0, b"[1]") == (result.exit_code, result.stdout_bytes)
    assert [(method, path, ["Bearer abc"])] == [
        (request.method, request.target, request.headers["authorization"]) for request in server.requests
    ]
    assert (
        f"Not validated: `./api.json` has no operation `{method} {path.partition('?')[0]}`" in result.stderr
    )
    assert note in result.stderr


@pytest.mark.parametrize(
    ("words", "media_type", "body"),
    [
        (["--body", '{"a": 1}'], "application/json", b'{"a": 1}'),
        (["--body.a", "1"], "application/json", b'{"a":1}'),
        (["--body", "a,b", "--content-type", "text/csv"], "text/csv", b"a,b"),
    ],
)
def test_any_body_is_sent_to_such_a_path(
    words: list[str], media_type: str, body: bytes, server: Recorder
) -> None:
    """JSON by default, else what `--content-type` says."""
    save_api(PATHS, server=server)
    server.responses["/new"] = Response(body=b"{}")
    assert 0 == run_cli("request", "./api.json", "POST", "/new", *words).exit_code
    assert [([media_type], body)] == [(sent.headers["content-type"], sent.body) for sent in server.requests]


@pytest.mark.parametrize(
    "words", [["demo"], ["demo", "GET"], ["demo", "GET", "workflows"], ["demo", "list-workflows"]]
)
def test_a_request_needs_a_method_and_a_path(words: list[str]) -> None:
    """The error has an example that runs."""
    result = run_cli("request", *words)
    assert 2 == result.exit_code
    assert "dynacli request demo GET /workflows" in result.stderr
    assert 0 == run_cli("request", "demo", "GET", "/workflows").exit_code
