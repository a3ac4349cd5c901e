"""`dynacli resources`: what a document is about."""

from typing import Any

import pytest

from tests.documents import delete, get, parameter, patch, post, save_api
from tests.harness import assert_ended, run_cli

_ISSUE = {
    "type": "object",
    "properties": {"number": {"type": "integer"}, "updated_at": {"type": "string", "format": "date-time"}},
}


def _responds(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def _api(**of_list: Any) -> str:
    number = parameter("number", {"type": "integer"}, "path")
    since = parameter("updated_since", {"type": "string"})
    listed = _responds({"type": "object", "properties": {"data": {"type": "array", "items": _ISSUE}}})
    return save_api(
        get("/issues", "listIssues", since, responses=listed, **of_list),
        post("/issues", "createIssue", body=_ISSUE),
        get("/issues/{number}", "getIssue", number, responses=_responds(_ISSUE)),
        patch("/issues/{number}", "changeIssue", number),
        delete("/issues/{number}", "deleteIssue", number),
        get("/status", "getStatus", responses=_responds({"type": "object"})),
    )


def test_a_resource_has_its_operations_and_the_evidence() -> None:
    """As JSON; an operation that fits no resource stays out."""
    (issue,) = run_cli("resources", _api(), "-o", "json").json
    because = issue.pop("because")
    assert {
        "name": "issue",
        "path": "/issues/{number}",
        "list": {"operation": "list-issues", "items": "/data"},
        "lists": [],
        "read": "get-issue",
        "create": ["create-issue"],
        "change": ["change-issue"],
        "delete": "delete-issue",
        "id": {"field": "/number", "parameter": "number"},
        "parent": None,
        "changed_at": {"field": "/updated_at", "since": "updated_since"},
    } == issue
    assert {"id", "parent", "changed_at"} == because.keys()
    assert all(because.values())


def test_people_get_a_table() -> None:
    """Without the columns that no resource has."""
    lines = run_cli("resources", _api()).stdout.splitlines()
    assert ["resource", "list", "read", "create", "change", "delete", "id"] == lines[0].split()
    assert ["issue", "list-issues", "get-issue"] == lines[2].split()[:3]


def test_a_document_without_resources_is_no_error() -> None:
    """A note says so."""
    api = save_api(get("/status", "getStatus", responses=_responds({"type": "object"})))
    assert_ended(run_cli("resources", api), 0, "The document shows no resources")
    assert [] == run_cli("resources", api, "-o", "json").json


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "ticket", "id": "/key", "items": "/rows"}, ("ticket", "/key", "/rows", "/updated_at")),
        (
            {"name": 7, "id": "key", "items": [], "parent": "nobody"},
            ("issue", "/number", "/data", "/updated_at"),
        ),
        ({"changed-at": "/modified", "since": "nothing"}, ("issue", "/number", "/data", "/modified")),
        ("text", ("issue", "/number", "/data", "/updated_at")),
    ],
)
def test_a_document_corrects_what_is_derived(given: Any, expected: tuple[str, ...]) -> None:
    """With an extension of the operation that lists or reads; a wrong value does not count."""
    (issue,) = run_cli("resources", _api(**{"x-dynacli-resource": given}), "-o", "json").json
    found = (issue["name"], issue["id"]["field"], issue["list"]["items"], issue["changed_at"]["field"])
    assert expected == found
