"""`check` finds whatever the demo API can be made to do wrong, in every operation that only reads, and nothing else."""

import json
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.model.kebab_names import kebab
from dynacli.registry.demo_facts import MISBEHAVIOURS, document_path
from tests.harness import Result, run_cli

_PATHS = json.loads(Path(document_path()).read_bytes())["paths"]
_SAFE = {
    operation["operationId"]: operation
    for item in _PATHS.values()
    for method, operation in item.items()
    if method in {"get", "head"}
}
_UNSAFE = {
    operation["operationId"]
    for item in _PATHS.values()
    for method, operation in item.items()
    if method in {"post", "put", "patch", "delete"}
}
# What each kind is called when it is found; a call that hangs has no response to find anything in.
_RULES = {
    "wrong-type": {"type"},
    "missing-field": {"required"},
    "undocumented-field": {"undocumented-property", "additionalProperties", "unevaluatedProperties"},
    "undocumented-status": {"undocumented-status"},
    "wrong-media-type": {"undocumented-media-type"},
    "truncated-json": {"unreadable-body"},
}


def _check(*words: str) -> Result:
    return run_cli("check", "demo", "-o", "json", "--parallel", "16", *words)


def _called(result: Result) -> dict[str, dict[str, Any]]:
    """The operations that were called, by their names."""
    return {row["operation"]: row for row in result.json if row["skipped"] is None}


@pytest.mark.exhaustive
def test_nothing_is_found_when_the_stand_in_behaves() -> None:
    """All operations that only read are called, all responses fit, and the run is a success."""
    result = _check()
    called = _called(result)
    assert (0, "") == (result.exit_code, result.stderr)
    assert len(_SAFE) == len(called)
    assert [] == [
        name for name, row in called.items() if row["findings"] or row["not_validated"] or not row["valid"]
    ]
    assert all(200 in value["statuses"] for value in called.values())


@pytest.mark.exhaustive
def test_what_may_change_something_is_listed_and_not_called() -> None:
    """The others are named with the reason, and nothing of them was sent."""
    left = [row for row in _check().json if row["skipped"] is not None]
    assert len(_UNSAFE) == len(left)
    assert {"unsafe"} == {row["skipped"]["kind"] for row in left}
    assert all([] == row["calls"] for row in left)


@pytest.mark.sampled(0)
@pytest.mark.parametrize("kind", _RULES)
def test_a_misbehaviour_is_found_in_every_operation(kind: str) -> None:
    """Each operation that misbehaves has a finding by the rule that is about it, and the run ends with 9."""
    words = [word for name in _SAFE for word in ("--misbehave", f"{name}={kind}")]
    result = _check(*words)
    found = {name: {finding["rule"] for finding in row["findings"]} for name, row in _called(result).items()}
    assert 9 == result.exit_code
    assert len(_SAFE) == len(found)
    assert {} == {name: rules for name, rules in found.items() if not rules or not rules <= _RULES[kind]}


_ALL = (
    "--write",
    "--yes",
    *("--operation", "dispatch-workflow-run", "--set", "dispatch-workflow-run.id=wf_search-issues"),
    *("--operation", "update-insight-topic", "--set", "update-insight-topic.id=topic_releases"),
)
"""What makes a check call all operations."""


@pytest.mark.sampled(0)
@pytest.mark.parametrize(("name", "kind"), [*zip(sorted(_UNSAFE), cycle(_RULES), strict=False)])
def test_a_misbehaviour_is_found_where_something_changes(name: str, kind: str) -> None:
    """An operation that changes something is found out as one that only reads is, and no other is blamed."""
    result = _check(*_ALL, "--misbehave", f"{name}={kind}")
    found = {
        value["operation"]: {finding["rule"] for finding in value["findings"]}
        for value in _called(result).values()
        if value["findings"]
    }
    assert 9 == result.exit_code
    assert [kebab(name)] == list(found)
    assert found[kebab(name)] & _RULES[kind]


@pytest.mark.exhaustive
def test_a_response_that_never_comes_is_found_in_every_operation() -> None:
    """A call that hangs is ended by the time limit and said to have no response; alone it is exit code 7."""
    words = [word for name in _SAFE for word in ("--misbehave", f"{name}=hang")]
    result = _check(*words, "--timeout", "0.4", "--most", "1", "--parallel", "64")
    called = _called(result)
    assert 7 == result.exit_code
    assert len(_SAFE) == len(called)
    assert all(
        "did not respond within 0.4 s" in call["error"]
        for value in called.values()
        for call in value["calls"]
    )
    assert not any(value["valid"] for value in called.values())


def test_every_kind_of_misbehaviour_is_tried() -> None:
    """A kind that the demo API gains has to be found here, too."""
    assert {*MISBEHAVIOURS} == {*_RULES, "hang"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["undocumented-field"])
def test_one_operation_misbehaves_and_no_other_is_blamed(kind: str) -> None:
    """The finding stands with the operation that it is about alone."""
    result = _check("--misbehave", f"get-run={kind}")
    broken = [name for name, row in _called(result).items() if row["findings"]]
    assert (9, ["get-run"]) == (result.exit_code, broken)


@pytest.mark.exhaustive
def test_a_break_wins_over_a_call_without_a_response() -> None:
    """Of a response that does not match the document and one that never comes, the first decides the exit code."""
    words = ("--misbehave", "get-run=hang", "--misbehave", "get-org=wrong-type", "--timeout", "0.4")
    assert 9 == _check(*words).exit_code


def test_operations_that_are_named_are_called_although_they_change_something() -> None:
    """They come last, on what the person names, with a body from the document's example."""
    workflow = _check("--only", "list-workflows", "--only", "get-workflow").json[1]["calls"][0]["values"][0]
    words = ("--set", f"dispatch-workflow-run.id={workflow['value']}")
    result = _check("--operation", "dispatch-workflow-run", "--only", "list-workflows", *words)
    called = _called(result)
    assert 0 == result.exit_code
    assert ["list-workflows", "dispatch-workflow-run"] == list(called)
    assert [202] == called["dispatch-workflow-run"]["statuses"]


def test_a_later_revision_of_the_stand_in_can_be_checked() -> None:
    """`--next` serves one operation more, which is then called as well."""
    result = _check("--next", "--only", "list-workflow-versions", "--only", "list-workflows")
    assert (0, 2) == (result.exit_code, len(_called(result)))


def test_what_is_for_the_stand_in_is_refused_elsewhere() -> None:
    """Another API cannot be told to misbehave."""
    result = run_cli("check", document_path(), "--misbehave", "get-run=hang")
    assert 2 == result.exit_code
    assert "`--misbehave` is for the demo API only" in result.stderr


def test_the_plan_is_shown_and_nothing_is_sent() -> None:
    """`--dry-run` says which values would be sent, and where better ones would come from."""
    result = run_cli("check", "demo", "--dry-run", "-o", "text")
    assert 0 == result.exit_code
    assert "get-run  GET /runs/{id}\n  values from responses of search-runs" in result.stdout
    assert "nothing was sent" in result.stdout
