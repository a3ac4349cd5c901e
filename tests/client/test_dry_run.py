"""`--dry-run` shows the very request that would be sent, sends nothing and shows no secret."""

import shlex
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.documents import (
    API_KEY,
    BASIC,
    BEARER,
    api_of,
    get,
    operation,
    parameter,
    post,
    save,
    save_api,
)
from tests.harness import Recorder, Response, assert_ended, run_cli

SCHEMES: dict[str, Any] = {
    "bearer": BEARER,
    "basic": BASIC,
    "header": API_KEY,
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
}
BODY = {
    "content": {
        "application/json": {"schema": {"type": "object", "properties": {"a": {}}}},
        "image/png": {},
    }
}


def _api(origin: str, security: list[Any] | None = None, body: dict[str, Any] | None = None) -> str:
    more: dict[str, Any] = {} if security is None else {"security": security}
    parameters = [{"name": "q", "in": "query", "schema": {"type": "string"}}]
    return save_api(
        get("/a", "get-a", parameters=parameters, **more),
        post("/a", "post-a", requestBody=body or BODY, **more),
        server=origin,
        schemes=SCHEMES,
    )


def test_http_is_the_request_on_the_wire() -> None:
    """`--dry-run` alone prints head and body as HTTP/1.1 has them."""
    result = run_cli(_api("http://api.example.com/v1"), "post-a", "--a", "1", "--dry-run")
    expected = """\
POST /v1/a HTTP/1.1
Host: api.example.com
Accept: application/json, */*;q=0.1
Content-Type: application/json
Content-Length: 7

{"a":1}
"""
    assert (0, expected, "") == (result.exit_code, result.stdout, result.stderr)


def test_json_is_the_request_for_programs() -> None:
    """`--dry-run json` prints one object."""
    result = run_cli(_api("http://api.example.com"), "post-a", "--a", "\xe9", "--dry-run", "json")
    expected = {
        "method": "POST",
        "url": "http://api.example.com/a",
        "headers": [["Accept", "application/json, */*;q=0.1"], ["Content-Type", "application/json"]],
        "body": '{"a":"\xe9"}',
        "body_base64": None,
    }
    assert (0, expected, "") == (result.exit_code, result.json, result.stderr)


ACCEPTED = {
    "JSON first": ({"200": ["text/csv", "application/json"]}, "application/json, text/csv, */*;q=0.1"),
    "no JSON": ({"200": ["image/png"], "404": ["application/json"]}, "image/png, */*;q=0.1"),
    "how errors look is not asked for": (
        {"200": ["image/png"], "default": ["application/problem+json"]},
        "image/png, */*;q=0.1",
    ),
    "an error alone has content": ({"204": [], "default": ["text/html"]}, "text/html, */*;q=0.1"),
    "of several successes": ({"200": ["a/b"], "2XX": ["c/d"]}, "a/b, c/d, */*;q=0.1"),
    "a range": ({"200": ["image/*"]}, "image/*, */*;q=0.1"),
    "anything": ({"200": ["*/*"]}, "application/json, */*;q=0.1"),
    "no media type": ({"200": ["", "json", "a/b, c/d"]}, "application/json, */*;q=0.1"),
    "nothing": ({"200": []}, "application/json, */*;q=0.1"),
}


@pytest.mark.parametrize(("responses", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_document_describes_is_asked_for(responses: dict[str, list[str]], expected: str) -> None:
    """`Accept` has the media types of a success, JSON first, and anything else with less weight."""
    described = {
        status: {"description": "", "content": {name: {} for name in names}}
        for status, names in responses.items()
    }
    made = api_of(get("/a", "get-a", responses=described), server="http://api.example.com")
    result = run_cli(save(made), "get-a", "--dry-run", "json")
    assert (0, expected) == (result.exit_code, dict(result.json["headers"])["Accept"])


def test_curl_is_a_command() -> None:
    """`--dry-run curl` prints one command, quoted for the shell."""
    result = run_cli(_api("http://api.example.com"), "get-a", "--q", "it's [1]", "--dry-run", "curl")
    expected = "curl 'http://api.example.com/a?q=it%27s%20%5B1%5D' -H 'Accept: application/json, */*;q=0.1'\n"
    assert (0, expected) == (result.exit_code, result.stdout)


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["get-a", "--q", "a b&c'd\"e$f`g"], b""),
        (["get-a", "-H", "X-Empty:", "-H", "X-Quote: it's"], b""),
        (["post-a", "--a", "it's $HOME `x`"], b'{"a":"it\'s $HOME `x`"}'),
        (["post-a", "--content-type", "image/png", "--body", "@body.png"], b"\x89PNG\xff\x00"),
        (["post-a", "--body", '{"a":\n"@x"}'], b'{"a":\n"@x"}'),
    ],
    ids=["query", "headers", "shell words", "binary", "line break"],
)
def test_the_curl_command_makes_the_same_request(server: Recorder, words: list[str], body: bytes) -> None:
    """What `--dry-run curl` prints sends, in a real shell, what dynacli itself sends."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    Path("body.png").write_bytes(b"\x89PNG\xff\x00")
    server.responses["/a"] = Response()
    api = _api(server.origin)
    command = run_cli(api, *words, "--dry-run", "curl").stdout
    assert [] == server.requests
    subprocess.run(["sh", "-c", f"{command.strip()} --silent --noproxy '*'"], check=True, capture_output=True)
    run_cli(api, *words)
    by_curl, by_dynacli = server.requests
    assert (by_dynacli.method, by_dynacli.target, body) == (by_curl.method, by_curl.target, by_curl.body)
    assert body == by_dynacli.body
    for name in ("accept", "content-type", "x-empty", "x-quote"):
        assert by_dynacli.headers.get(name) == by_curl.headers.get(name)


def test_json_is_what_is_sent(server: Recorder) -> None:
    """Method, URL, headers and body of `--dry-run json` are those that the server then gets."""
    server.responses["/a"] = Response()
    api = _api(server.origin)
    words = ("post-a", "--a", "\xe9", "-H", "X-A: b")
    shown = run_cli(api, *words, "--dry-run", "json").json
    assert [] == server.requests
    run_cli(api, *words)
    sent = server.last
    assert (shown["method"], shown["url"]) == (sent.method, server.origin + sent.target)
    assert shown["body"].encode() == sent.body
    assert {name.lower(): [value] for name, value in shown["headers"]}.items() <= sent.headers.items()


def test_a_body_that_is_no_text_is_in_base64() -> None:
    """JSON cannot hold every byte, so there is `body_base64`; the HTTP form says how many there are."""
    Path("body.bin").write_bytes(b"\xff\x00")
    api = _api("http://api.example.com", body={"content": {"application/octet-stream": {}}})
    shown = run_cli(api, "post-a", "--body", "@body.bin", "--dry-run", "json").json
    assert (None, "/wA=") == (shown["body"], shown["body_base64"])
    shown = run_cli(api, "post-a", "--body", "@body.bin", "--dry-run").stdout
    assert shown.endswith("\n\n[contents of body.bin, 2 bytes]\n")


@pytest.mark.sampled(6)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("form", ["http", "json", "curl"])
def test_secrets_are_masked(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, scheme: str, form: str
) -> None:
    """A credential is shown as `***`, also a short one, even if it stands in the URL."""
    api = _api(server.origin, [{scheme: []}])
    for secret in (canary, "7z"):
        for name in ("TOKEN", "KEY", "USERNAME", "PASSWORD"):
            monkeypatch.setenv(f"DYNACLI_{name}", secret)
        result = run_cli(api, "get-a", "--dry-run", form, "--accept-origin", server.origin)
        assert (0, "", []) == (result.exit_code, result.stderr, server.requests)
        assert 1 == result.stdout.count("***")
        assert secret not in result.stdout
        assert b64encode(f"{secret}:{secret}".encode()).decode() not in result.stdout


def test_parameters_and_headers_that_are_called_like_secrets_are_masked(server: Recorder) -> None:
    """`token` is masked if no security scheme names it, too, in a dry run and under `-v`; it is sent as it is."""
    secret = "hunter2"
    parameters = [parameter("token", {"type": "string"}, "header"), parameter("api_key", {"type": "string"})]
    api = save_api(get("/a", "get-a", *parameters), server=server)
    given = ("--token", secret, "--api-key", secret, "-H", f"X-Auth-Token: {secret}")
    words = (api, "get-a", *given, "--accept-origin", server.origin)
    shown = run_cli(*words, "--dry-run").stdout
    assert ("***", 3) == (shown.partition("api_key=")[2][:3], shown.count("***"))
    assert secret not in shown
    assert secret in run_cli(*words, "--dry-run", "--show-secrets").stdout
    assert secret not in run_cli(*words, "-v").stderr
    assert [secret] == server.last.headers["token"]


@pytest.mark.parametrize("form", ["http", "json", "curl"])
def test_secrets_are_shown_on_request(server: Recorder, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """`--show-secrets` shows them, for a command that can be pasted."""
    monkeypatch.setenv("DYNACLI_TOKEN", "hunter2")
    api = _api(server.origin, [{"bearer": []}])
    words = ("--dry-run", form, "--show-secrets", "--accept-origin", server.origin)
    assert "Bearer hunter2" in run_cli(api, "get-a", *words).stdout


@pytest.mark.parametrize("has_token", [True, False], ids=["origin not accepted", "no credential"])
def test_a_missing_credential_is_a_warning(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, has_token: bool
) -> None:
    """A request can be looked at without the credential that sending it would need."""
    if has_token:
        monkeypatch.setenv("DYNACLI_TOKEN", canary)
    result = run_cli(_api(server.origin, [{"bearer": []}]), "get-a", "--dry-run")
    assert 0 == result.exit_code
    assert "Authorization" not in result.stdout
    assert result.stderr.startswith("warning: The ")
    warning, advice = result.stderr.splitlines()
    assert warning.endswith("; the request is shown without it")
    assert ("--accept-origin" if has_token else "DYNACLI_TOKEN") in advice


def test_a_request_that_is_not_allowed_is_not_shown(server: Recorder) -> None:
    """The request is validated before it is shown, unless validation is off."""
    api = _api(server.origin)
    assert (2, "") == (
        (result := run_cli(api, "post-a", "--body", "[]", "--dry-run")).exit_code,
        result.stdout,
    )
    result = run_cli(api, "post-a", "--body", "[]", "--dry-run", "json", "--validate", "off")
    assert (0, "[]", []) == (result.exit_code, result.json["body"], server.requests)


@pytest.mark.parametrize("form", ["http", "json", "curl"])
def test_the_request_can_go_into_a_file(form: str) -> None:
    """`-o @FILE` takes what would have been on standard output."""
    api = _api("http://api.example.com")
    shown = run_cli(api, "get-a", "--dry-run", form)
    result = run_cli(api, "get-a", "--dry-run", form, "-o", "@request.txt")
    assert (0, "") == (result.exit_code, result.stdout)
    assert shown.stdout_bytes == Path("request.txt").read_bytes()


def test_nothing_foreign_drives_the_terminal() -> None:
    """Control characters of a value are made visible on a terminal, and are exact in a pipe."""
    api = _api("http://api.example.com")
    words = ("post-a", "--body", '{"a": "\x9b31m"}', "--dry-run", "--validate", "off")
    assert "\x9b31m" in run_cli(api, *words).stdout
    assert "\x9b31m" not in run_cli(api, *words, terminal=("stdout",)).stdout
    assert "\x1b" not in shlex.join(run_cli(api, *words).stdout.split())


_PASSWORD = {"type": "string", "format": "password"}
_DEEP = {
    "type": "object",
    "properties": {
        "pin": _PASSWORD,
        "pins": {"type": "array", "items": _PASSWORD},
        "next": {"$ref": "#/components/schemas/Deep"},
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/Deep"}},
        "either": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"code": _PASSWORD}}]},
    },
}
_FILE = {"type": "object", "properties": {"pin": _PASSWORD, "file": {"type": "string", "format": "binary"}}}


def _with_passwords(server: str) -> str:
    def body(media_type: str, schema: Any) -> dict[str, Any]:
        return {"content": {media_type: {"schema": schema}}}

    deep = {"$ref": "#/components/schemas/Deep"}
    bodies = {
        "json": body("application/json", deep),
        "form": body("application/x-www-form-urlencoded", deep),
        "parts": body("multipart/form-data", _FILE),
        "xml": body("application/xml", deep),
        "whole": body("application/json", _PASSWORD),
    }
    parameters = [
        parameter("pin", _PASSWORD, "path"),
        parameter("pq", _PASSWORD),
        parameter("X-Pin", _PASSWORD, "header"),
        parameter("ck", _PASSWORD, "cookie"),
        parameter(
            "spread", {"type": "object", "properties": {"pin": _PASSWORD}}, style="deepObject", explode=True
        ),
        parameter("ids", {"type": "array", "items": _PASSWORD}, explode=False),
        {
            "name": "j",
            "in": "query",
            "content": {"application/json": {"schema": {"type": "object", "properties": {"pin": _PASSWORD}}}},
        },
    ]
    paths: dict[str, Any] = {
        f"/{name}": {"post": operation(name, requestBody=body)} for name, body in bodies.items()
    }
    paths["/p/{pin}"] = {"get": operation("params", *parameters)}
    return save_api(paths, server=server, schemas={"Deep": _DEEP})


WITH_PASSWORDS = [
    ["json", "--pin", "SECRET"],
    ["json", "--pin", "pw"],
    ["json", "--pins", "SECRET"],
    ["json", "--next.next.pin", "SECRET"],
    ["json", "--set", 'list=[{"pin":"SECRET"}]'],
    ["json", "--body", '{"next":{"next":{"next":{"next":{"list":[{"pin":"SECRET"}]}}}}}'],
    ["json", "--body", '{"either":{"code":"SECRET"}}'],
    ["json", "--body", "@body.json"],
    ["form", "--pin", "SECRET"],
    ["form", "--body", "pin=SECRET", "--validate", "off"],
    ["parts", "--pin", "SECRET"],
    ["parts", "--pin", "SECRET", "--file", "@body.bin"],
    ["xml", "--body", "<Deep><pin>SECRET</pin></Deep>", "--validate", "off"],
    ["whole", "--body", '"SECRET"'],
    ["params", "SECRET"],
    ["params", "x", "--pq", "SECRET"],
    ["params", "x", "--x-pin", "SECRET"],
    ["params", "x", "--ck", "SECRET"],
    ["params", "x", "--spread.pin", "SECRET"],
    ["params", "x", "--ids", "SECRET"],
    ["params", "x", "--j.pin", "SECRET"],
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize("form", ["http", "json", "curl", "python", "har"])
@pytest.mark.parametrize("words", WITH_PASSWORDS, ids=" ".join)
def test_no_password_is_shown(words: list[str], form: str) -> None:
    """Whatever the document calls a password is masked, wherever it stands, unless `--show-secrets` asks for it."""
    Path("body.json").write_text('{"pin": "hunter-22"}')
    Path("body.bin").write_bytes(b"\0\1")
    name = _with_passwords("http://api.example.com")
    typed = [word.replace("SECRET", "hunter-22") for word in words]
    hidden = run_cli(name, *typed, "--dry-run", form)
    secret = "pw" if "pw" in typed else "hunter-22"
    is_masked = "***" in hidden.stdout or "@body.bin" in typed  # of which JSON has the Base64
    assert 0 == hidden.exit_code
    assert is_masked
    assert secret not in hidden.stdout
    shown = run_cli(name, *typed, "--dry-run", form, "--show-secrets")
    assert form == "har" or "***" not in shown.stdout


def test_passwords_in_parameters_are_not_told(server: Recorder) -> None:
    """`-v` and the history mask them as the dry run does."""
    server.responses["/p/hunter-22"] = Response()
    name = _with_passwords(server.origin)
    result = run_cli(name, "params", "hunter-22", "--pq", "hunter-23", "--x-pin", "hunter-24", "-v")
    reported = result.stderr + run_cli("history", "-o", "json").stdout
    assert_ended(result, 0, "pq=***")
    assert "hunter-2" not in reported
