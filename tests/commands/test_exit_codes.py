"""The exit codes, each with what it says about the request and about the body."""

import json
from pathlib import Path

import pytest

from dynacli import errors
from tests.documents import BEARER, get, post, put, save_api
from tests.harness import Recorder, Response, free_port, run_cli, silent_server

RESPONSE = {
    "description": "fine",
    "content": {"application/json": {"schema": {"type": "object", "required": ["id"]}}},
}


@pytest.fixture
def api(server: Recorder) -> str:
    """A document whose one path responds with `{"id": 1}`, and whose other operations fail in their ways."""
    server.responses["/a"] = Response(body=b'{"id": 1}')
    state = {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["open", "shut"]}}
    count = {"name": "count", "in": "query", "schema": {"type": "integer", "maximum": 5}}
    return save_api(
        get("/a", "get-a", parameters=[state, count], responses={"200": RESPONSE}),
        post("/a", "post-a", responses={"200": RESPONSE}),
        put("/a", "put-a", security=[{"auth": []}], responses={"200": RESPONSE}),
        get(
            "/a/{id}",
            "get-one",
            parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        ),
        server=server,
        schemes={"auth": BEARER},
    )


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("words", "response", "code", "kind"),
    [
        (["get-a"], Response(200, b'{"id": 1}'), 0, ""),
        (["get-a"], Response(299, b'{"id": 1}'), 0, ""),
        (["post-a"], Response(302, b"moved", {"Location": "/b"}), 3, "http"),
        (["get-a"], Response(404, b"<h1>gone</h1>", {"Content-Type": "text/html"}), 4, "http"),
        (["get-a", "--retries", "0"], Response(429, b"slow down"), 4, "http"),
        (["get-a"], Response(500, b"oh"), 5, "http"),
        (["get-a", "--retries", "0", "--validate", "strict"], Response(503, b"oh"), 5, "http"),
        (["get-a", "--validate", "strict"], Response(200, b'{"x": 1}'), 9, "mismatch"),
        (["get-a", "--validate", "strict"], Response(200, b"{"), 9, "mismatch"),
        (["get-a", "--no-fail", "--validate", "strict"], Response(200, b'{"x": 1}'), 0, ""),
        (["get-a", "--no-fail"], Response(404, b"gone"), 0, ""),
        (["get-a", "--no-fail"], Response(500, b"oh"), 0, ""),
        (["post-a", "--no-fail"], Response(302, b"moved", {"Location": "/b"}), 0, ""),
        (["get-a", "--no-fail", "-o", "json"], Response(404, b"{"), 0, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(getattr(value, "status", value)),
)
def test_a_final_response_is_printed(
    api: str, server: Recorder, words: list[str], response: Response, code: int, kind: str
) -> None:
    """Codes 0, 3, 4, 5 and 9: one request was sent, and the body is printed whatever the code."""
    server.responses["/a"] = response
    result = run_cli(api, *words, "--error-format", "json")
    assert (code, 1, response.body) == (result.exit_code, len(server.requests), result.stdout_bytes)
    if kind:
        assert (kind, code) == (result.error["kind"], result.error["exit_code"])
        assert kind != "http" or response.status == result.error["status"]
    else:
        assert '"error"' not in result.stderr


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["nothing", "get-a"], 2, "usage"),
        (["API", "get-b"], 2, "usage"),
        (["API", "get-a", "--nothing"], 2, "usage"),
        (["API", "get-a", "too", "many"], 2, "usage"),
        (["API", "get-one"], 2, "usage"),
        (["API", "get-one", ".."], 2, "usage"),
        (["API", "get-a", "--state", "ajar"], 2, "usage"),
        (["API", "get-a", "--count", "many"], 2, "usage"),
        (["API", "get-a", "--count", "6"], 2, "usage"),
        (["API", "get-a", "-o", "xml"], 2, "usage"),
        (["API", "get-a", "--validate", "maybe"], 2, "usage"),
        (["API", "get-a", "--server", "7"], 2, "usage"),
        (["API", "get-a", "-H", "nothing"], 2, "usage"),
        (["API", "get-a", "--timeout", "never"], 2, "usage"),
        (["./missing.json", "get-a"], 8, "document"),
        (["./broken.json", "get-a"], 8, "document"),
        (["API", "put-a"], 10, "auth"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_nothing_was_sent(api: str, server: Recorder, words: list[str], code: int, kind: str) -> None:
    """Codes 2, 8 and 10 mean that nothing reached the API, and nothing is on standard output."""
    Path("broken.json").write_text("{")
    result = run_cli(*[api if word == "API" else word for word in words], "--error-format", "json")
    assert (code, [], b"") == (result.exit_code, server.requests, result.stdout_bytes)
    assert (kind, code) == (result.error["kind"], result.error["exit_code"])


def test_refused_is_11(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch, canary: str) -> None:
    """Code 11: a line of trust would be crossed; nothing was sent, and it beats every other cause."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    result = run_cli(api, "put-a", "--error-format", "json")
    assert (11, [], b"") == (result.exit_code, server.requests, result.stdout_bytes)
    assert "refused" == result.error["kind"]


def test_no_network_is_6(api: str) -> None:
    """Code 6: refused, and no host; nothing on standard output."""
    port = free_port()
    result = run_cli(api, "get-a", "--server", f"http://127.0.0.1:{port}", "--error-format", "json")
    assert (6, b"", "network") == (result.exit_code, result.stdout_bytes, result.error["kind"])
    assert f"`127.0.0.1:{port}` refuses the connection" == result.error["message"]


def test_no_response_is_7(api: str) -> None:
    """Code 7: a time limit."""
    with silent_server() as origin:
        result = run_cli(api, "get-a", "--server", origin, "--timeout", "0.3", "--error-format", "json")
    assert (7, b"", "timeout") == (result.exit_code, result.stdout_bytes, result.error["kind"])


def test_a_wrong_request_is_2_whatever_the_network_does(api: str) -> None:
    """What is wrong with the request is said first, though the server cannot be reached either."""
    port = free_port()
    assert 2 == run_cli(api, "get-a", "--count", "6", "--server", f"http://127.0.0.1:{port}").exit_code


def test_a_file_that_cannot_be_written_is_12(api: str, server: Recorder) -> None:
    """Code 12: the file cannot be written; the request was sent."""
    result = run_cli(api, "get-a", "-o", "@missing/answer.json", "--error-format", "json")
    assert (12, b"", 1) == (result.exit_code, result.stdout_bytes, len(server.requests))
    assert "file" == result.error["kind"]


def test_an_unreadable_configuration_is_12(home: Path) -> None:
    """Code 12: the configuration is not TOML; its text stays as it is."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("[apis")
    result = run_cli("shop", "get-a", "--error-format", "json")
    assert (12, "file") == (result.exit_code, result.error["kind"])
    assert "[apis" == (home / "config" / "config.toml").read_text()


def test_a_defect_is_1(api: str, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code 1: a defect is one line with its place; a traceback comes with `--debug` alone, without secrets."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"oh {canary} {canary.encode().hex()}")

    monkeypatch.setattr("dynacli.client.call.build_request", broken)
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    result = run_cli(api, "get-a", "--error-format", "json")
    assert (1, b"", "internal") == (result.exit_code, result.stdout_bytes, result.error["kind"])
    assert 1 == len(result.stderr.splitlines())
    assert result.error["reason"].startswith("RuntimeError at test_exit_codes.py:")
    debugged = run_cli(api, "get-a", "--debug")
    assert "Traceback" in debugged.stderr
    assert "RuntimeError: oh ***" in debugged.stderr


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], [], ["API", "--help"], ["API", "get-a", "--help"]]
)
def test_help_and_version_are_0(api: str, server: Recorder, words: list[str]) -> None:
    """Help and version are data, and send nothing."""
    result = run_cli(*[api if word == "API" else word for word in words])
    assert (0, "", []) == (result.exit_code, result.stderr, server.requests)
    assert result.stdout.endswith("\n")


def test_every_error_class_has_its_code() -> None:
    """The code stands on the class, as the tree in `dynacli.errors` draws it."""
    codes = {
        "InternalError": 1,
        "UsageError": 2,
        "NetworkError": 6,
        "UnreachableError": 6,
        "BrokenResponseError": 6,
        "TimedOutError": 7,
        "DocumentError": 8,
        "MismatchError": 9,
        "AuthError": 10,
        "RefusedError": 11,
        "FileError": 12,
        "FormatError": 13,
    }
    assert codes == {name: getattr(errors, name)("").exit_code for name in codes}
    assert [3, 4, 5] == [errors.HttpError(status, "").exit_code for status in (304, 418, 599)]
    assert 9 == errors.FailedRowsError(9, "").exit_code
    assert {*codes, "HttpError", "FailedRowsError", "DynacliError"} == set(errors.__all__)


def test_an_error_has_one_shape(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--error-format json`, before or after the API, and `DYNACLI_ERROR_FORMAT` give the same line of JSON."""
    runs = [
        run_cli(api, "get-b", "--error-format", "json"),
        run_cli("--error-format=json", api, "get-b"),
        run_cli(api, "get-b", "--error-format=json"),
    ]
    monkeypatch.setenv("DYNACLI_ERROR_FORMAT", "json")
    runs.append(run_cli(api, "get-b"))
    assert 1 == len({run.stderr for run in runs})
    error = json.loads(runs[0].stderr)["error"]
    assert {"kind", "message", "reason", "hint", "exit_code"} <= set(error)
