"""`dynacli resources`: what a document is about."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, catalog_of, delete, get, parameter, patch, post, register, save, save_api
from tests.harness import Recorder, assert_ended, json_response, run_cli

_ISSUE = {
    "type": "object",
    "properties": {"number": {"type": "integer"}, "updated_at": {"type": "string", "format": "date-time"}},
}


def _responds(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def _document(**of_list: Any) -> Any:
    number = parameter("number", {"type": "integer"}, "path")
    since = parameter("updated_since", {"type": "string"})
    listed = _responds(
        {
            "type": "object",
            "properties": {"data": {"type": "array", "items": _ISSUE}, "total": {"type": "integer"}},
        }
    )
    return api_of(
        get("/issues", "listIssues", since, responses=listed, **of_list),
        post("/issues", "createIssue", body=_ISSUE),
        get("/issues/{number}", "getIssue", number, responses=_responds(_ISSUE)),
        patch("/issues/{number}", "changeIssue", number),
        delete("/issues/{number}", "deleteIssue", number),
        get("/status", "getStatus", responses=_responds({"type": "object"})),
    )


def _api(**of_list: Any) -> str:
    return save(_document(**of_list))


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
    assert expected == _facts(_api(**{"x-dynacli-resource": given}))


def _facts(api: str) -> tuple[str, ...]:
    (issue,) = run_cli("resources", api, "-o", "json").json
    return (issue["name"], issue["id"]["field"], issue["list"]["items"], issue["changed_at"]["field"])


def _configure(name: str, text: str) -> None:
    with Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"[apis.{name}.resources.{text}")


def test_the_configuration_corrects_what_the_document_gives() -> None:
    """It counts before the extension, at once, and `doctor` knows its keys."""
    name = register("shop", _document(**{"x-dynacli-resource": {"id": "/key", "items": "/rows"}}))
    assert ("issue", "/key", "/rows", "/updated_at") == _facts(name)
    _configure(name, 'issue]\nname = "ticket"\nid = "/code"\nchanged-at = "/touched"\n')
    assert ("ticket", "/code", "/rows", "/touched") == _facts(name)
    assert "known key" not in run_cli("doctor", name).stdout


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('issue]\nid = "number"', "`id` must be a JSON pointer"),
        ('issue]\nid = "/number~2"', "`id` must be a JSON pointer"),
        ("issue]\nname = 7", "`name` must be a string"),
        ('issue]\ncolour = "red"', "`colour` is not a known key"),
        ('issue]\nsince = "nothing"', "no list has the query parameter `nothing`"),
        ('issue]\nparent = "nobody"', "there is no resource `nobody`"),
        ('issue]\nparent = "issue"', "`issue` is not above `issue`"),
        ('issue]\nitems = "/total"', "`list-issues` has no list at `/total`"),
        ('nobody]\nname = "x"', "there is no such resource"),
    ],
)
def test_a_wrong_value_is_a_warning(line: str, reason: str) -> None:
    """Of the configuration or of the extension; the fact is derived."""
    name = register("shop", _document())
    _configure(name, f"{line}\n")
    assert ("issue", "/number", "/data", "/updated_at") == _facts(name)
    assert reason in run_cli("doctor", name, "-o", "json").stdout.replace("\\", "")


def test_given_items_count_before_the_id_is_derived() -> None:
    """The document does not show which of two arrays has the items."""
    key = {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}}
    two = {
        "type": "object",
        "properties": {"these": {"type": "array", "items": key}, "those": {"type": "array"}},
    }
    listed = get(
        "/things", "listThings", responses=_responds(two), **{"x-dynacli-resource": {"items": "/these"}}
    )
    one = get("/things/{thing}", "getThing", parameter("thing", {"type": "string"}, "path"))
    (thing,) = run_cli("resources", save_api(listed, one), "-o", "json").json
    assert {"operation": "list-things", "items": "/these"} == thing["list"]
    assert {"field": "/key", "parameter": "thing"} == thing["id"]


def test_a_given_parent_has_its_own_parameter_and_field() -> None:
    """They are those of the given parent, not those of the derived one."""
    text = {"type": "string"}
    item = {"type": "object", "properties": {"id": text, "teamId": text, "projectId": text}}
    rows = _responds({"type": "array", "items": item})
    team, project, task = (parameter(name, text, "path") for name in ("team", "project", "task"))
    base = "/teams/{team}/projects/{project}"
    api = save_api(
        get("/teams/{team}", "getTeam", team),
        get(base, "getProject", team, project),
        get(
            f"{base}/tasks",
            "listTasks",
            team,
            project,
            responses=rows,
            **{"x-dynacli-resource": {"parent": "team"}},
        ),
        get(f"{base}/tasks/{{task}}", "getTask", team, project, task),
    )
    found = {
        resource["name"]: resource["parent"] for resource in run_cli("resources", api, "-o", "json").json
    }
    assert {"resource": "team", "parameter": "team", "field": "/teamId"} == found["task"]


def test_links_show_what_belongs_together_and_the_id() -> None:
    """A POST elsewhere creates the items that it links to, and the expression names the id."""
    link = {"operationId": "getOrder", "parameters": {"order": "$response.body#/reference"}}
    order = {"type": "object", "required": ["id"], "properties": {"id": {}, "reference": {"type": "string"}}}
    created = _responds(order)
    created["200"]["links"] = {"order": link}
    api = save_api(
        post("/checkout", "checkOut", body={"type": "object"}, responses=created),
        get(
            "/orders/{order}",
            "getOrder",
            parameter("order", {"type": "string"}, "path"),
            responses=_responds(order),
        ),
    )
    (found,) = run_cli("resources", api, "-o", "json").json
    assert ["check-out"] == found["create"]
    assert {"field": "/reference", "parameter": "order"} == found["id"]
    assert "A link of `check-out` passes `reference` to `get-order`" == found["because"]["id"]


def test_a_list_that_is_a_part_of_an_item_is_no_resource() -> None:
    """`GET /runs/{id}/trace` returns an array, and its entries have no ids."""
    steps = {"type": "array", "items": {"type": "object", "properties": {"step": {"type": "string"}}}}
    run = parameter("id", {"type": "string"}, "path")
    api = save_api(
        get("/runs/{id}", "getRun", run), get("/runs/{id}/trace", "getTrace", run, responses=_responds(steps))
    )
    assert ["run"] == [found["name"] for found in run_cli("resources", api, "-o", "json").json]


def test_an_operation_and_a_path_have_their_resource() -> None:
    """One row is read; the names of parameters do not count."""
    catalog = catalog_of(_document())
    assert ["issue"] == [resource.name for resource in catalog.resources_of("change-issue")]
    assert () == catalog.resources_of("get-status")
    found = catalog.resource_at("/issues/{anything}/")
    assert found == catalog.resources()[0]
    assert catalog.resource_at("/issues") is None


def test_help_names_the_list_and_the_id_of_the_resource() -> None:
    """Also if the list has another array before its items; a parameter with the name of a field takes that field."""
    text = {"type": "string"}
    item = {"type": "object", "properties": {"login": text, "id": {"type": "integer"}, "badge": text}}
    rows = {"warnings": {"type": "array", "items": text}, "users": {"type": "array", "items": item}}
    user, badge = parameter("login", text, "path"), parameter("badge", text, "path")
    api = save_api(
        get("/users", "listUsers", responses=_responds({"type": "object", "properties": rows})),
        get("/users/{login}", "getUser", user),
        get("/users/{badge}/pets", "listPetsOfUser", badge),
    )
    assert "list-users users[].login" in run_cli(api, "get-user", "--help").stdout
    assert "list-users users[].badge" in run_cli(api, "list-pets-of-user", "--help").stdout


def test_a_table_begins_with_the_id_of_the_resource(server: Recorder) -> None:
    """Not with the first field that looks like an id; and a given list is the list, also for pages and tables."""
    text = {"type": "string"}
    invoice = {"type": "object", "properties": {"accountId": text, "note": text, "invoiceId": text}}
    two = {"these": {"type": "array", "items": invoice}, "those": {"type": "array", "items": invoice}}
    responses = _responds({"type": "object", "properties": two})
    given = {"x-dynacli-resource": {"items": "/those"}}
    api = save_api(
        get("/invoices", "listInvoices", responses=responses, **given),
        get("/invoices/{invoiceId}", "getInvoice", parameter("invoiceId", text, "path")),
        server=server,
    )
    row = {"accountId": "a", "note": "n", "invoiceId": "i"}
    server.responses["/invoices"] = json_response({"these": [{**row, "note": "no"}], "those": [row]})
    lines = run_cli(api, "list-invoices", "-o", "table").stdout.splitlines()
    assert ["invoiceId", "i"] == [lines[0].split()[0], lines[-1].split()[0]]
    assert "no" not in lines[-1].split()


def test_a_fact_that_a_resource_cannot_have_is_a_warning() -> None:
    """A single object has no list and no id, and no parameter selects by a time that it lacks."""
    given = {"x-dynacli-resource": {"id": "/name", "items": "/rows", "since": "after"}}
    described = _responds({"type": "object", "properties": {"name": {"type": "string"}}})
    name = register(
        "one", api_of(get("/org", "getOrg", responses=described, **given), patch("/org", "changeOrg"))
    )
    found = run_cli("doctor", name, "-o", "json").stdout
    for reason in ("there is only one", "no operation lists it", "items have no time of a change"):
        assert reason in found
