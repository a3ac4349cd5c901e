"""Servers that others wrote are registered by their base URL alone, called, checked, and left as they were."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.client.pages.paged_servers import LISTS
from tests.harness import run_cli
from tests.validation.real_servers import BY_BASE_URL, RealServer, serving, visit

pytestmark = pytest.mark.servers

_KEPT = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Expected:
    """What a server has, and what was found of it and looked at by hand.

    Args:
        operations: How many operations it has.
        calls: Calls that a user would make, which succeed; `<NAME>` is what an earlier call named.
        keep: Name → number of the call, and the steps to the value in its response.
        check: Further words of a check.
        reads: How many of its reading operations respond with 2xx at least, when they are checked.
        found: Operation → its defects, as `RULE POINTER`.
        left: The operations whose traces stay after a check that writes, which says so.
        variables: Its credentials.
        may_say: Statuses that any of its operations that writes may have, which its document does not say.
    """

    operations: int
    calls: tuple[tuple[str, ...], ...]
    reads: int
    found: Mapping[str, set[str]]
    keep: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    check: tuple[str, ...] = ()
    left: frozenset[str] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
    may_say: frozenset[int] = frozenset()


_RULE = "undocumented-status"
_STATUS = f"{_RULE} status"
_TYPE = "undocumented-media-type header/Content-Type"
_COLLECTION = ("default_tenant", "default_database")

EXPECTED = {
    "chroma": Expected(
        35,
        (
            ("heartbeat",),
            ("create-collection", *_COLLECTION, "--name", "docs"),
            ("list-collections", *_COLLECTION),
            ("get-collection", *_COLLECTION, "docs"),
            ("collection-count", *_COLLECTION, "<id>"),
        ),
        keep={"id": (1, ("id",))},
        reads=12,
        found={
            "get-collection-by-crn": {"no-response status"},
            "healthcheck": {"type "},
            "list-databases": {"required /*"},
            "fork-count": {_STATUS},
            "update-collection": {_STATUS},  # wants an id if the others take the name, and responds with 400
            "get-attached-function": {_STATUS},
            "indexing-status": {_STATUS},  # likewise
            "version": {_TYPE},
        },
        left=frozenset({"create-tenant"}),
        variables={"DYNACLI_CHROMA_KEY": "any"},
    ),
    "prefect": Expected(
        188,
        (
            ("create-flow", "--name", "daily"),
            ("create-flow-run", "--flow-id", "<flow>", "--name", "first"),
            ("create-deployment", "--name", "nightly", "--flow-id", "<flow>"),
            ("read-flows", "--limit", "2"),
            ("read-flow-by-name", "daily"),
        ),
        keep={"flow": (0, ("id",))},
        check=("--operation", "read-*", "--operation", "paginate-*"),
        reads=24,
        found={
            "download-logs": {_TYPE},
            "read-flow-run-input": {_TYPE},
            "read-latest-artifact": {_STATUS},  # wants the key of an artifact, and the created one has none
            "create-csrf-token": {"type /detail"},
            "read-account-events-page": {_STATUS},
            "read-dashboard-task-run-counts": {"type /detail"},
            "create-flow": {_STATUS},
            "create-flow-run": {_STATUS},
            "create-task-run": {_STATUS},
            "create-deployment": {_STATUS},
            "create-work-queue-work-queues-post": {_STATUS},
            "create-concurrency-limit": {_STATUS},
            "create-block-document": {
                "undocumented-property /exception_detail",
                "undocumented-property /exception_message",
                "undocumented-property /request_body",
            },
            "create-artifact": {_STATUS},
            "create-block-schema": {_STATUS},
            "update-automation": {_STATUS},
            "delete-automation": {_STATUS},
        },
        left=frozenset({"create-automation"}),
        # Of all routes (`prefect/server/api/server.py`): two wrote the same, or a part of what is gone; and SQLite was
        # busy with what others wrote, often on a busy machine.
        may_say=frozenset({409, 503}),
    ),
    "phoenix": Expected(
        114,
        (
            ("create-project", "--name", "shop"),
            ("upload-dataset", "--sync", "true", "--name", "questions", "--inputs", '{"q": "a"}'),
            ("get-dataset", "<dataset>"),
            ("get-projects",),
            ("create-dataset-label", "--name", "good", "--color", "#00ff00"),
        ),
        keep={"dataset": (1, ("data", "dataset_id"))},
        reads=25,
        found={
            "get-experiment": {_TYPE},
            "get-experiment-json": {_TYPE},
            "get-experiment-csv": {_TYPE, _STATUS},  # 404 for an experiment without runs
            "post-prompt-version": {_TYPE},
            "create-user": {_STATUS},
        },
    ),
}


@pytest.fixture(scope="module", params=list(BY_BASE_URL.values()), ids=list(BY_BASE_URL))
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RealServer, str, Path]]:
    """A server that runs, its origin, and its directory."""
    server: RealServer = request.param
    directory = tmp_path_factory.mktemp(server.name)
    with serving(server, directory) as origin:
        yield server, origin, directory


def test_a_server_is_known_by_its_base_url(
    started: tuple[RealServer, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its document is found, calls succeed, a check finds nothing new, and all pages are what the server holds."""
    server, origin, directory = started
    expected = EXPECTED[server.name]
    for name, value in expected.variables.items():
        monkeypatch.setenv(name, value)
    visit(server, origin)
    added = run_cli("api", "add", server.name, origin)
    assert 0 == added.exit_code, added.stderr
    assert f", {expected.operations} operations\n" in added.stderr
    _call(server.name, expected)
    checked = run_cli("check", server.name, "-o", "json", *expected.check)
    assert {} == _unknown(checked.json, expected)
    reads = [row for row in checked.json if row["method"] == "GET"]
    responded = [row["operation"] for row in reads if any(200 <= status < 300 for status in row["statuses"])]
    assert expected.reads <= len(responded), responded
    written = run_cli("check", server.name, "--write", "--yes", "-o", "json")
    assert {} == _unknown(written.json, expected)
    assert expected.left >= _left(written.stderr, expected)
    LISTS[server.name].compare(server.name, origin, directory)


def _call(name: str, expected: Expected) -> None:
    """Make the calls that a user would make."""
    kept: dict[str, str] = {}
    for number, words in enumerate(expected.calls):
        made = run_cli(name, *(_KEPT.sub(lambda found: kept[found[1]], word) for word in words))
        assert 0 == made.exit_code, made.stderr
        for key, (of_call, steps) in expected.keep.items():
            if of_call == number:
                value = json.loads(made.stdout)
                for step in steps:
                    value = value[step]
                kept[key] = value


def _left(reported: str, expected: Expected) -> set[str]:
    """Return the operations whose traces stay, but for what the server might have removed at another moment."""
    left = re.findall(r"^warning: `([\w-]+)` created (.*)$", reported, re.MULTILINE)
    busy = tuple(f" responded with {status}" for status in expected.may_say)
    return {operation for operation, rest in left if not (busy and rest.endswith(busy))}


def _unknown(rows: list[dict[str, object]], expected: Expected) -> dict[str, set[str]]:
    """Return what a check found that was not looked at by hand, by operation."""
    unknown = {}
    for row in rows:
        findings: list[dict[str, Any]] = row["findings"]  # type: ignore[assignment]
        if row["method"] != "GET":
            findings = [
                finding
                for finding in findings
                if finding["got"] not in expected.may_say or finding["rule"] != _RULE
            ]
        found = {
            f"{finding['rule']} {re.sub(r'/[0-9]+(?=/|$)', '/*', finding['pointer'])}" for finding in findings
        }
        more = found - expected.found.get(str(row["operation"]), set())
        if more:
            unknown[str(row["operation"])] = more
    return unknown
