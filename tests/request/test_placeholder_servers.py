"""Servers that stand for one to fill in: the API is likely where its document came from."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.model.operation import Server
from dynacli.request.choose_server import server_at_document
from tests.documents import API_KEY, api_of, get
from tests.harness import Recorder, assert_ended, json_response, run_cli

_FAR = "https://api.acme.io/spec/openapi.json"
_NEAR = "http://127.0.0.1:8055/openapi.json"


def _server(url: str, **defaults: str | None) -> Server:
    return Server(url, variables={name: {"default": value} for name, value in defaults.items()})


_PLACEHOLDERS: dict[str, tuple[Server, str, str]] = {
    "local port": (_server("http://localhost:5000/api/v1/"), _NEAR, "http://127.0.0.1:8055/api/v1"),
    "local far away": (_server("http://127.0.0.1:3000"), _FAR, "https://api.acme.io"),
    "any address": (_server("http://0.0.0.0:8080/v2"), _FAR, "https://api.acme.io/v2"),
    "domain": (_server("https://yourdomain.com/api"), _FAR, "https://api.acme.io/api"),
    "domain in words": (_server("https://your-instance.acme.io/api"), _FAR, "https://api.acme.io/api"),
    "reserved": (_server("https://api.example.com/v1"), _FAR, "https://api.acme.io/v1"),
    "name of a container": (_server("http://backend:8080/v1"), _FAR, "https://api.acme.io/v1"),
    "real, of a local document": (_server("https://api.acme.io/v1"), _NEAR, "http://127.0.0.1:8055/v1"),
    "variables without values": (_server("{protocol}://{host}/api/v1"), _FAR, "https://api.acme.io/api/v1"),
    "variables with values": (
        _server("{protocol}://{host}{path}", protocol="https", host="yourdomain.com", path="/rest"),
        _FAR,
        "https://api.acme.io/rest",
    ),
    "path without a value": (_server("https://{host}/api/{tenant}/v1"), _FAR, "https://api.acme.io/api"),
    "variable that is a placeholder": (
        _server("https://{h}/v1", h="<your-host>"),
        _FAR,
        "https://api.acme.io/v1",
    ),
    "dots": (_server("http://localhost/a/../b"), _FAR, "https://api.acme.io/a"),
    "relative with a scheme left out": (_server("//localhost:1/v1"), _FAR, "https://api.acme.io/v1"),
}


@pytest.mark.parametrize(("server", "uri", "expected"), _PLACEHOLDERS.values(), ids=_PLACEHOLDERS)
def test_a_placeholder_stands_for_the_origin_of_the_document(server: Server, uri: str, expected: str) -> None:
    """With the path of the server, as far as it is known."""
    assert expected == server_at_document([server], uri)


@pytest.mark.parametrize(
    ("servers", "uri"),
    [
        ([], _FAR),
        ([_server("/v1")], _FAR),
        ([_server("https://api.acme.io/v1")], _FAR),
        ([_server("https://eu.acme.io/v1")], _FAR),
        ([_server("https://gateway-api.ai")], _FAR),
        ([_server("https://10.1.2.3")], _FAR),
        ([_server("https://{region}.acme.io", region="eu")], _FAR),
        ([_server("http://localhost:5000")], "/home/ada/openapi.json"),
        ([_server("http://localhost:5000")], "file:///openapi.json"),
        ([_server("https://eu.acme.io"), _server("http://localhost")], _FAR),
    ],
)
def test_any_other_server_is_meant(servers: list[Server], uri: str) -> None:
    """As is the only one that a document from a file has."""
    assert "" == server_at_document(servers, uri)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credential of the API."""
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "k")


def _elsewhere(server: Recorder, url: str = "http://localhost:9/api", **variables: Any) -> str:
    """Let a server have an API whose document names another server; return the URL of the document."""
    made = api_of(get("/pets", "listPets", security=[{"key": []}]), server=url)
    made["servers"] = [{"url": url, "variables": variables}] if variables else [{"url": url}]
    made["components"] = {"securitySchemes": {"key": API_KEY}}
    server.responses = {"/openapi.json": json_response(made), "/api/pets": json_response([{"id": 1}])}
    return f"{server.origin}/openapi.json"


def test_adding_such_an_api_says_so_and_names_the_server(server: Recorder, home: Path) -> None:
    """Without a terminal it is printed; the command that is printed lets calls go there."""
    url = _elsewhere(server)
    result = run_cli("api", "add", "shop", url)
    assert (
        f'The document came from {server.origin}, and its first server is "http://localhost:9/api"\n'
        f"To call it there: dynacli api set shop server={server.origin}/api, "
        f"or --server {server.origin}/api with a call"
    ) in result.stderr
    assert 0 == run_cli("api", "set", "shop", f"server={server.origin}/api").exit_code
    assert f'server = "{server.origin}/api"' in (home / "config" / "config.toml").read_text()
    called = run_cli("shop", "list-pets")
    assert (0, [{"id": 1}]) == (called.exit_code, called.json)
    assert "The document came from" not in run_cli("api", "add", "shop", url).stderr  # it is known by now


@pytest.mark.parametrize(("typed", "is_kept"), [(b"y\n", True), (b"\n", False)])
def test_a_person_is_asked_whether_calls_go_there(
    server: Recorder, home: Path, typed: bytes, is_kept: bool
) -> None:
    """On a terminal; a no leaves the document as it is."""
    result = run_cli("api", "add", "shop", _elsewhere(server), stdin=typed, terminal=("stdin", "stderr"))
    assert 0 == result.exit_code
    assert f"Send the calls to {server.origin}/api? [y/N] " in result.stderr
    configuration = (home / "config" / "config.toml").read_text()
    assert is_kept == (f'server = "{server.origin}/api"' in configuration), configuration
    assert is_kept != ("To call it there" in result.stderr)


@pytest.mark.parametrize("option", ["--no-input", "--yes", "--server=https://api.acme.io", "--profile=x"])
def test_nobody_is_asked_who_does_not_want_to_be(server: Recorder, option: str) -> None:
    """Nor whoever has named a server."""
    more = ("--server", "https://api.acme.io") if "profile" in option else ()
    result = run_cli("api", "add", "shop", _elsewhere(server), option, *more, terminal=("stdin", "stderr"))
    assert_ended(result, 0, without=["[y/N]"])


def test_the_refusal_names_the_server_before_the_origin(server: Recorder) -> None:
    """It is the likelier of the two remedies."""
    assert 0 == run_cli("api", "add", "shop", _elsewhere(server)).exit_code
    result = run_cli("shop", "list-pets")
    assert 11 == result.exit_code
    reported = result.stderr
    there = (
        f"`--server {server.origin}/api`, or for all calls `dynacli api set shop server={server.origin}/api`"
    )
    assert f"If the API is at the origin of its document: {there}. " in reported
    assert "If you trust `http://localhost:9`: `--accept-origin http://localhost:9`" in reported
    given = run_cli("shop", "list-pets", "--server", f"{server.origin}/api")
    assert 0 == given.exit_code


def test_a_sign_in_names_the_server_before_the_origin(server: Recorder, canary: str) -> None:
    """A credential is not led to a placeholder, and the first command of the hint binds it to the right origin."""
    assert 0 == run_cli("api", "add", "shop", _elsewhere(server)).exit_code
    login = ("auth", "login", "shop", "--with-token", "--store", "file")
    refused = run_cli(*login, stdin=canary.encode())
    assert (11, 0) == (refused.exit_code, len(server.requests) - 1)
    there = f"`--server {server.origin}/api`, or for all calls `dynacli api set shop"
    assert f"If the API is at the origin of its document: {there}" in refused.stderr
    assert "If you trust `http://localhost:9`: add `--accept-origin http://localhost:9` to" in refused.stderr
    explained = run_cli("auth", "explain", "shop", "list-pets")
    assert f"If the API is at the origin of its document: {there}" in explained.stdout.replace("\n", " ")
    for line in re.findall("`dynacli (api set .*?)`", refused.stderr):
        assert 0 == run_cli(*shlex.split(line)).exit_code
    signed = run_cli(*login, stdin=canary.encode())
    assert_ended(signed, 0, f"at {server.origin};")


def test_a_sign_in_names_the_server_for_a_variable_without_a_value(server: Recorder, canary: str) -> None:
    """There is no origin to accept then, and the error names the origin of the document."""
    url = _elsewhere(server, "https://{host}/api", host={})
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    refused = run_cli("auth", "login", "shop", "--with-token", "--store", "file", stdin=canary.encode())
    assert 2 == refused.exit_code
    assert f"If the API is at the origin of its document: `--server {server.origin}/api`" in refused.stderr


def test_a_refused_connection_names_the_server(server: Recorder) -> None:
    """Nothing runs at the placeholder."""
    result = run_cli(_elsewhere(server), "list-pets", "--auth", "none", "--retries", "0")
    assert_ended(result, 6, f"`--server {server.origin}/api`")


def test_a_variable_without_a_value_names_the_server(server: Recorder) -> None:
    """No one has filled in the placeholder."""
    url = _elsewhere(server, "{protocol}://{host}/api", protocol={}, host={})
    result = run_cli(url, "list-pets", "--auth", "none")
    assert_ended(result, 2, f"`--server {server.origin}/api`. Give one:")


def test_the_path_of_a_document_is_no_command(server: Recorder) -> None:
    """What it has in its server stays one word of what is printed, on one line."""
    result = run_cli("api", "add", "shop", _elsewhere(server, "http://localhost:9/$(id);'x'\n/`y`"))
    assert 0 == result.exit_code
    for line in result.stderr.splitlines():
        if line.startswith("To call it there: "):
            words = shlex.split(line.partition(": ")[2].partition(", or ")[0])
            assert ["dynacli", "api", "set", "shop"] == words[:4]
            assert 5 == len(words)
            assert words[4].startswith(f"server={server.origin}")
            break
    else:
        pytest.fail("the server is not named")
