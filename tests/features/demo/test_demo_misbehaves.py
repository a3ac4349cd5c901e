"""Whatever the demo API does wrong is found by the program, and when it behaves nothing is."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.registry.demo_facts import document_path
from tests.harness import Result, run_cli

LEVELS = ("off", "warn", "strict", "exact")
_OPERATIONS = [
    operation["operationId"]
    for item in json.loads(Path(document_path()).read_bytes())["paths"].values()
    for method, operation in item.items()
    if method != "parameters"
]

# A read, a list, a search by POST, a change, a creation: the property that each gets wrong, and its type.
_TARGETS = {
    "getRun": ("/modelId", "string"),
    "listWorkflows": ("/rows/0/categories", "array"),
    "getRunTrace": ("/spans/0/durationMs", "integer"),
    "updateInsightTopic": ("/archived", "boolean"),
    "createWorkflow": ("/currentVersion/version", "integer"),
}
each_operation = pytest.mark.parametrize("operation", _TARGETS)


def _call(operation: str, level: str, kind: str = "", *words: str) -> Result:
    misbehave = ("--misbehave", f"{operation}={kind}") if kind else ()
    return run_cli("demo", *misbehave, operation, "--example", "--validate", level, *words)


def _findings(operation: str, level: str, kind: str) -> tuple[int, list[tuple[str, str]]]:
    result = _call(operation, level, kind, "--error-format", "json")
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith('{"error"')]
    found: list[dict[str, Any]] = lines[-1]["error"]["findings"] if lines else []
    return result.exit_code, [(finding["rule"], finding["pointer"]) for finding in found]


def test_all_operations_are_there() -> None:
    """The demo API's document has 23 operations."""
    assert 23 == len(_OPERATIONS)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("level", ["strict", "exact"])
@pytest.mark.parametrize("operation", _OPERATIONS)
def test_good_behaviour_is_clean(operation: str, level: str) -> None:
    """Every operation's own example gets a response without a finding, and without anything that was not validated."""
    result = _call(operation, level)
    assert (0, "") == (result.exit_code, result.stderr)
    assert result.json is not None


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_a_wrong_type(operation: str, level: str) -> None:
    """A wrong type is found with its pointer, ends a strict call with 9, and the body is printed at every level."""
    pointer, kind = _TARGETS[operation]
    result = _call(operation, level, "wrong-type")
    is_failing = level in {"strict", "exact"}
    assert (9 if is_failing else 0) == result.exit_code
    assert isinstance(result.json, dict)
    assert (level != "off") is (f"{pointer}: expected {kind}, got " in result.stderr)
    assert is_failing is ("document line " in result.stderr)  # at `warn` a finding is a line
    if is_failing:
        assert (9, [("type", pointer)]) == _findings(operation, level, "wrong-type")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_a_missing_field(operation: str, level: str) -> None:
    """A missing field is found at its object, by its name."""
    parent, _, name = _TARGETS[operation][0].rpartition("/")
    result = _call(operation, level, "missing-field")
    is_failing = level in {"strict", "exact"}
    assert (9 if is_failing else 0) == result.exit_code
    line = f"{parent or 'body'}: `{name}` is missing, and the document requires it [required]"
    assert (level != "off") is (line in result.stderr)
    if is_failing:
        assert (9, [("required", parent)]) == _findings(operation, level, "missing-field")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_an_undocumented_field(operation: str, level: str) -> None:
    """An undocumented field is a finding at `exact` alone."""
    parent = _TARGETS[operation][0].rpartition("/")[0]
    expected = (9, [("undocumented-property", f"{parent}/internalNote")]) if level == "exact" else (0, [])
    assert expected == _findings(operation, level, "undocumented-field")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_an_undocumented_status(operation: str, level: str) -> None:
    """If the document says how success looks, another success breaks it."""
    result = _call(operation, level, "undocumented-status")
    is_failing = level in {"strict", "exact"}
    assert (9 if is_failing else 0) == result.exit_code
    assert (level != "off") is ("the document has no response with status 203, only `20" in result.stderr)
    if is_failing:
        assert (9, [("undocumented-status", "status")]) == _findings(operation, level, "undocumented-status")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_a_wrong_media_type(operation: str, level: str) -> None:
    """An HTML page is found by its media type, and is printed as it came."""
    result = _call(operation, level, "wrong-media-type", "-o", "raw")
    is_failing = level in {"strict", "exact"}
    assert (9 if is_failing else 0) == result.exit_code
    assert "<p>Please sign in.</p>" in result.stdout
    text = "header `Content-Type`: the media type is `text/html`, and the document has `application/json`"
    assert (level != "off") is (text in result.stderr)
    if is_failing:
        found = _findings(operation, level, "wrong-media-type")
        assert (9, [("undocumented-media-type", "header/Content-Type")]) == found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
@each_operation
def test_truncated_json(operation: str, level: str) -> None:
    """Half a body is found as unreadable, and is printed as far as it came."""
    result = _call(operation, level, "truncated-json", "-o", "raw")
    is_failing = level in {"strict", "exact"}
    assert (9 if is_failing else 0) == result.exit_code
    assert result.stdout.startswith("{")
    assert (level != "off") is ("body: the body is not JSON: " in result.stderr)
    if is_failing:
        assert (9, [("unreadable-body", "")]) == _findings(operation, level, "truncated-json")


@pytest.mark.sampled(0)
@each_operation
def test_hanging(operation: str) -> None:
    """A response that never comes is a timeout, not a result."""
    result = _call(operation, "strict", "hang", "--timeout", "0.5")
    assert (7, "") == (result.exit_code, result.stdout)
    assert "does not match the document" not in result.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["wrong-type", "missing-field", "undocumented-field", "undocumented-status"])
def test_findings_do_not_hide_a_forgiven_call(kind: str) -> None:
    """`--no-fail` gives 0, and what was found is still said."""
    result = _call("getRun", "exact", kind, "--no-fail")
    assert 0 == result.exit_code
    assert "The response does not match the document" in result.stderr
