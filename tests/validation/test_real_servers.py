"""Servers that others wrote are validated by the documents that they publish: every finding is a defect of theirs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import run_cli
from tests.validation.real_calls import CALLS, DOCUMENTS, THEIRS, Call
from tests.validation.real_servers import SERVERS, TOKEN, RealServer, serving, visit

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", params=list(SERVERS.values()), ids=list(SERVERS))
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RealServer, str]]:
    """A server that runs, and its origin."""
    server: RealServer = request.param
    with serving(server, tmp_path_factory.mktemp(server.name)) as origin:
        yield server, origin


@pytest.fixture
def running(started: tuple[RealServer, str]) -> tuple[RealServer, tuple[str, ...]]:
    """A server that is registered, and the standard options that it needs."""
    server, origin = started
    # A URL with a secret is refused; a header is as good.
    document = server.document.replace(f"?token={TOKEN}", "")
    added = run_cli("api", "add", server.name, f"{origin}{document}", *server.options(origin))
    assert 0 == added.exit_code, added.stderr
    visit(server, origin)
    return server, server.options(origin)


@pytest.mark.sampled(0)
def test_every_finding_is_the_servers(running: tuple[RealServer, tuple[str, ...]]) -> None:
    """Operations that are called give the findings that were looked at by hand, and no others."""
    server, options = running
    listed = run_cli("operations", server.name, "-o", "json").json
    reads = {row["name"] for row in listed if row["method"] == "GET"}
    calls = CALLS[server.name]
    missing = reads - {call.operation for call in calls}
    calls += tuple(Call(name, ("--example",)) for name in sorted(missing))
    kept: dict[str, str] = {}
    wrong = []
    for call in calls:
        for level in ("strict", "exact") if call.operation in reads else ("exact",):
            difference = _difference(server.name, call, level, options, kept)
            wrong += (
                [f"{call.operation} {' '.join(call.words)} ({level}): {difference}"] if difference else []
            )
    assert not wrong, "\n".join(wrong)


def test_the_document_is_read(running: tuple[RealServer, tuple[str, ...]]) -> None:
    """Every operation is there but those that need what is elsewhere, and what is wrong with the document is told."""
    server, _ = running
    listed = run_cli("operations", server.name, "-o", "json").json
    looked = run_cli("doctor", server.name, "-o", "json")
    assert 0 == looked.exit_code, looked.stderr
    (document,) = looked.json["documents"]
    numbers = (len(listed), len(document["warnings"]), len(document["problems"]))
    assert DOCUMENTS[server.name] == numbers


def test_a_check_finds_nothing_else(running: tuple[RealServer, tuple[str, ...]]) -> None:
    """A check calls all reads that sound harmless, and finds no more than what was looked at by hand."""
    server, options = running
    result = run_cli("check", server.name, "-o", "json", *options)
    assert result.exit_code in {0, 9}, result.stderr
    rows = result.json
    skipped = [row for row in rows if row["method"] == "GET" and row["skipped"]]
    assert [] == [row["operation"] for row in skipped if row["skipped"]["kind"] != "dangerous"]
    assert {} == _unknown(server.name, rows)
    assert (9 if any(row["findings"] for row in rows) else 0) == result.exit_code, result.stderr


@pytest.mark.parametrize("started", [SERVERS[name] for name in THEIRS], indirect=True, ids=list(THEIRS))
def test_a_check_that_writes_leaves_what_was_there(running: tuple[RealServer, tuple[str, ...]]) -> None:
    """A writing check finds nothing that was not looked at by hand, and removes only its own resources."""
    server, options = running
    makes, lists = THEIRS[server.name]
    for words in makes:
        made = run_cli(*options, server.name, *words)
        assert 0 == made.exit_code, made.stderr
    before = [run_cli(*options, server.name, *words).stdout for words in lists]
    result = run_cli("check", server.name, "--write", "--yes", "-o", "json", *options)
    assert result.exit_code in {0, 9}, result.stderr
    assert {call["status"] for row in result.json for call in row["calls"] if row["method"] == "DELETE"} <= {
        200,
        204,
    }
    assert {} == _unknown(server.name, result.json)
    assert before == [run_cli(*options, server.name, *words).stdout for words in lists]


def _unknown(api: str, rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return what a check found that was not looked at by hand, by operation."""
    known: dict[str, set[str]] = {}
    for call in CALLS[api]:
        known.setdefault(call.operation, set()).update(call.found)
    found = {row["operation"]: set(_compact(row["findings"])) for row in rows}
    return {name: more for name, ones in found.items() if (more := ones - known.get(name, set()))}


def _difference(api: str, call: Call, level: str, options: tuple[str, ...], kept: dict[str, str]) -> str:
    """Make a call; return what is not as it should be."""
    path = Path("report.json")
    path.unlink(missing_ok=True)
    words = [re.sub(r"<(\w+)>", lambda name: kept.get(name[1], name[0]), word) for word in call.words]
    standard = ("--validate", level, "-o", "json", "--report", f"json={path}", *options)
    result = run_cli(*standard, api, call.operation, *words)
    if not path.exists():
        return f"exit {result.exit_code}: {result.stderr}"
    report = json.loads(path.read_bytes())
    found = _compact(report["findings"])
    expected = call.expected(level)
    got = (report["status"], found, result.exit_code)
    if got != (call.status, expected, call.expected_exit(expected)):
        return f"{got}\n    {result.stderr}"
    not_validated = " ".join(report["not_validated"])
    if level == "exact" and (
        call.not_validated not in not_validated or bool(call.not_validated) != bool(not_validated)
    ):
        return f"not validated: {not_validated}"
    for name, way in call.keep.items():
        value = result.json
        for step in way:
            value = value[step]
        kept[name] = str(value)
    return ""


def _compact(findings: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return findings as `RULE POINTER`, each once, in order."""
    pairs = {(finding["rule"], re.sub(r"/\d+(?=/|$)", "/*", finding["pointer"])) for finding in findings}
    return tuple(sorted(f"{rule} {pointer}".strip() for rule, pointer in pairs))
