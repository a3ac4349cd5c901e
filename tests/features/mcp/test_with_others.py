"""`dynacli mcp` between programs of others: the MCP inspector asks, and servers from package registries response."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from tests.features.mcp.clients import converse
from tests.harness import run_cli
from tests.npm_programs import program
from tests.validation.real_servers import BY_BASE_URL, serving


def _inspect(*words: str, home: Path) -> dict[str, Any]:
    """Return what the inspector's command line got."""
    kept = [name for name in os.environ if name.startswith("DYNACLI_")]
    variables = [word for name in kept for word in ("-e", f"{name}={os.environ[name]}")]
    server = [sys.executable, "-m", "dynacli", "mcp", "demo"]
    command = [program("mcp-inspector"), "--cli", *variables, *words, "--", *server]
    result = subprocess.run(
        command, capture_output=True, timeout=90, check=False, env={**os.environ, "HOME": str(home)}
    )
    assert 0 == result.returncode, (result.stdout + result.stderr).decode()
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.long
@pytest.mark.outside
def test_the_inspector_finds_nothing_wrong(home: Path) -> None:
    """Its strict look at the tools passes, and it searches, describes, calls and reads."""
    listed = _inspect("--method", "tools/list", "--strict", home=home)
    assert ["search", "describe", "call", "result"] == [tool["name"] for tool in listed["tools"]]
    use = ("--method", "tools/call", "--tool-name")
    found = _inspect(*use, "search", "--tool-arg", "query=list failed runs", home=home)
    assert "search-runs" == found["structuredContent"]["best"]["name"]
    described = _inspect(*use, "describe", "--tool-arg", "operation=search-runs", home=home)
    assert "workflowName" in described["content"][0]["text"]
    arguments = ("operation=search-runs", 'inputs={"range":"7d","status":"fail"}', "max_items=2")
    words = [word for argument in arguments for word in ("--tool-arg", argument)]
    called = _inspect(*use, "call", *words, home=home)
    assert ["fail", "fail"] == [row["status"] for row in called["structuredContent"]["data"]]
    page = _inspect("--method", "resources/read", "--uri", "dynacli://demo", home=home)
    assert "search-runs" in page["contents"][0]["text"]


CALLS: dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]] = {
    "chroma": (
        "create a collection",
        [
            (
                "create-collection",
                {"tenant": "default_tenant", "database": "default_database", "name": "docs"},
            ),
            ("list-collections", {"tenant": "default_tenant", "database": "default_database"}),
        ],
    ),
    "prefect": ("create a flow", [("create-flow", {"name": "daily"}), ("read-flows", {"limit": 5})]),
}
"""Server → a wish that its first call fulfils, and calls."""


@pytest.mark.servers
@pytest.mark.parametrize("name", CALLS)
def test_an_agent_works_with_a_real_server(
    name: str, tmp_path: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the operation, creates something and finds it in a list; no credential comes back."""
    wish, calls = CALLS[name]
    for variable in ("KEY", "TOKEN"):
        monkeypatch.setenv(f"DYNACLI_{name.upper()}_{variable}", canary)

    async def act(client: Client) -> list[CallToolResult]:
        results = [await client.call_tool("search", {"query": wish})]
        results += [await client.call_tool("describe", {"operation": operation}) for operation, _ in calls]
        for operation, inputs in calls:
            results.append(await client.call_tool("call", {"operation": operation, "inputs": inputs}))
        return results

    with serving(BY_BASE_URL[name], tmp_path) as origin:
        assert 0 == run_cli("api", "add", name, origin).exit_code
        results = converse([name, "--write"], act)
    assert all(canary not in result.model_dump_json() for result in results)
    assert not any(result.is_error for result in results), [result.structured_content for result in results]
    found, created, listed = results[0], results[-2].structured_content, results[-1].structured_content
    names = [
        other["name"] for other in (found.structured_content["best"], *found.structured_content["others"])
    ]
    assert calls[0][0] in names
    assert created["data"]["name"] == calls[0][1]["name"]
    assert created["data"]["id"] in [item["id"] for item in listed["data"]]
    # Prefect's document lacks statuses that it responds with.
    assert {"undocumented-status"} >= {finding["rule"] for finding in created["findings"]}
    assert listed["valid"]
