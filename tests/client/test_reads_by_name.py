"""A GET whose name, path or summary says that it changes something: nothing that only reads calls it."""

import os
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.documents import get, operation, save_api
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response, run_cli

_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "example": "a"}}
_PATHS = {
    "/pads": {"get": operation("listPads")},
    "/pads/{id}": {"get": operation("getPad", parameters=[_ID])},
    "/pads/dropAll": {"get": operation("destroyPads")},
    "/createGroup": {
        "get": operation("createGroup", summary="creates a new group"),
        "head": operation("headIt"),
    },
    "/yeetPad": {"get": operation("yeetPad")},
}
_ACTING = ("create-group", "yeet-pad", "destroy-pads")


@pytest.fixture
def pads(server: Recorder) -> str:
    """A registered API that has actions as GETs."""
    for path in ("/pads", "/pads/a", "/createGroup", "/yeetPad", "/pads/dropAll"):
        server.responses[path] = Response(body=b"{}")
    save_api(_PATHS, server=server, file="pads.json")
    assert 0 == run_cli("api", "add", "pads", "pads.json").exit_code
    return "pads"


def _configure(text: str) -> None:
    with Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").open("a") as file:
        file.write(text)


def _targets(server: Recorder) -> list[str]:
    return [request.target for request in server.requests]


@pytest.mark.parametrize("name", _ACTING)
def test_read_refuses_it(name: str, pads: str, server: Recorder) -> None:
    """The error names the word, and how a person says that the operation only reads."""
    result = run_cli("read", pads, name)
    assert 11 == result.exit_code, result.stderr
    assert f"Its method is GET, but `{name.partition('-')[0]}` says that it may change data" in result.stderr
    assert f"`dynacli api set pads policy.reads={name}`" in result.stderr
    assert 0 == run_cli("read", pads, "list-pads").exit_code
    assert ["/pads"] == _targets(server)
    assert 0 == run_cli(pads, name).exit_code


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("GET", "/createGroup"), id="by-its-path"),
        pytest.param(("HEAD", "/createGroup"), id="as-a-head"),
        pytest.param(("GET", "/creategroup"), id="in-other-letters"),
        pytest.param(("GET", "/%63reateGroup"), id="encoded"),
        pytest.param(("GET", "/deletePad"), id="undocumented"),
        pytest.param(("get-pad", "dropAll"), id="by-a-value"),
        pytest.param(("list-pads", "--query", "verb=delete"), id="by-a-verb-in-the-query"),
        pytest.param(("list-pads", "--query", "X-HTTP-Method=PUT"), id="by-a-method-in-the-query"),
    ],
)
def test_read_refuses_its_other_spellings(words: tuple[str, ...], pads: str, server: Recorder) -> None:
    """What a server may take for it is refused as well."""
    result = run_cli("read", pads, *words)
    assert 11 == result.exit_code, result.stderr
    assert [] == server.requests


@pytest.mark.parametrize(
    "words",
    [("GET", "/pads"), ("GET", "/colours"), ("list-pads", "--query", "method=fast"), ("get-pad", "a")],
)
def test_read_calls_what_reads(words: tuple[str, ...], pads: str, server: Recorder) -> None:
    """An undocumented path whose words are no known verbs is called, and a value that names no method is sent."""
    run_cli("read", pads, *words)
    assert 1 == len(server.requests)


def test_a_person_lists_it_in_reads(pads: str, server: Recorder) -> None:
    """`reads` lets it be called by `read`, under `read_only` and by a check, and no other."""
    _configure('[apis.pads.policy]\nread_only = true\nreads = ["create-group"]\n')
    assert 0 == run_cli("read", pads, "create-group").exit_code
    assert 0 == run_cli(pads, "create-group").exit_code
    assert 11 == run_cli("read", pads, "yeet-pad").exit_code
    assert 11 == run_cli(pads, "yeet-pad").exit_code
    server.requests.clear()
    run_cli("check", pads)
    assert "/createGroup" in _targets(server)
    assert "/yeetPad" not in _targets(server)


def test_a_policy_that_only_reads_denies_it(pads: str, server: Recorder) -> None:
    """`read_only` holds for each way to call it."""
    _configure("[apis.pads.policy]\nread_only = true\n")
    for words in (("create-group",), ("GET", "/yeetPad"), ("request", pads, "GET", "/createGroup")):
        result = run_cli(*(words if words[0] == "request" else (pads, *words)))
        assert 11 == result.exit_code, result.stderr
    assert [] == server.requests


def test_a_check_leaves_it_out(pads: str, server: Recorder) -> None:
    """It is called only if a person names it."""
    run_cli("check", pads)
    assert {"/pads", "/pads/a"} == set(_targets(server))
    run_cli("check", pads, "--operation", "yeet-pad")
    assert "/yeetPad" in _targets(server)


@pytest.mark.parametrize(("words", "is_safe"), [(["pads"], True), (["pads", "--write"], False)])
def test_an_agent_cannot_call_it_without_write(
    words: list[str],
    is_safe: bool,
    pads: str,  # noqa: ARG001
    server: Recorder,
) -> None:
    """Without `--write` it is refused; with it, the tool is not said to only read, though all methods are GET."""

    async def act(client: Client) -> tuple[bool, Any]:
        called = await client.call_tool("call", {"operation": "create-group"})
        listed = await client.list_tools()
        return called.is_error, listed.tools[2].annotations

    is_refused, hints = converse(words, act)
    assert (is_safe, is_safe) == (is_refused, hints.read_only_hint)
    assert ([] if is_safe else ["/createGroup"]) == _targets(server)


def test_the_overview_does_not_suggest_it(server: Recorder) -> None:
    """The next command is one that reads, though the other is shorter."""
    api = save_api(get("/a", "add"), get("/things", "listThings"), server=server)
    assert " list-things" in run_cli(api).stdout.partition("Next")[2]
    assert f"{api} add" not in run_cli(api).stdout.partition("Next")[2]
