"""The demo API's document is valid, complete, honest about its evidence, and its examples hold."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from openapi_spec_validator import validate

from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import document_path

_OPERATIONS = {
    "GET /org": "getOrg",
    "GET /mcp-servers": "listMcpServers",
    "POST /mcp-servers": "createMcpServer",
    "GET /mcp-servers/{id}": "getMcpServer",
    "GET /workflows": "listWorkflows",
    "POST /workflows": "createWorkflow",
    "GET /workflows/{id}": "getWorkflow",
    "PATCH /workflows/{id}": "updateWorkflow",
    "DELETE /workflows/{id}": "archiveWorkflow",
    "POST /workflows/{id}/runs": "dispatchWorkflowRun",
    "GET /runs": "searchRuns",
    "GET /runs/{id}": "getRun",
    "GET /runs/{id}/trace": "getRunTrace",
    "GET /runs/{id}/evaluation": "getRunEvaluation",
    "GET /runs/{id}/tool-calls": "listRunToolCalls",
    "GET /insights/overview": "getInsightsOverview",
    "GET /insights/topics": "listInsightTopics",
    "GET /insights/topics/{id}": "getInsightTopic",
    "PATCH /insights/topics/{id}": "updateInsightTopic",
    "GET /insights/searches": "listInsightSearches",
    "GET /insights/searches/{id}": "getInsightSearch",
    "GET /insights/sessions": "listInsightSessions",
    "GET /insights/sessions/{id}/trace": "getInsightSessionTrace",
}

DOCUMENT: dict[str, Any] = json.loads(Path(document_path()).read_bytes())


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method.upper()} {path}", operation


def test_it_is_valid_openapi() -> None:
    """The shipped document passes openapi-spec-validator."""
    assert DOCUMENT["openapi"] == "3.0.3"
    validate(DOCUMENT)


def test_it_has_the_23_operations() -> None:
    """The document has exactly the known operations, on 18 paths."""
    assert {place: operation["operationId"] for place, operation in _operations(DOCUMENT)} == _OPERATIONS
    assert len(DOCUMENT["paths"]) == 18


def test_it_is_pretty_printed() -> None:
    """The file is JSON indented by two spaces, with a newline at its end, so that a change reads well."""
    expected = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    assert expected == Path(document_path()).read_text(encoding="utf-8")


def test_it_says_that_it_is_unofficial() -> None:
    """The document calls itself an unofficial demo API whose schemas are partly inferred."""
    description = DOCUMENT["info"]["description"].lower()
    assert "unofficial demo api" in description
    assert "partly inferred" in description


def test_everything_says_what_it_rests_on() -> None:
    """Every operation and every schema carries its evidence."""
    marked = [operation for _, operation in _operations(DOCUMENT)]
    marked += DOCUMENT["components"]["schemas"].values()
    assert {"documented", "observed", "inferred"} == {entry.get("x-evidence") for entry in marked}


def test_every_operation_documents_the_refusals() -> None:
    """Every operation documents 401 and 403, and 404 if its path has an id."""
    for place, operation in _operations(DOCUMENT):
        expected = {"401", "403"} | ({"404"} if "{id}" in place else set())
        assert expected == expected & set(operation["responses"]), place


def _examples(node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yields each example with its schema, from parameters, media types and schemas alike."""
    if isinstance(node, list):
        for item in node:
            yield from _examples(item)
    elif isinstance(node, dict):
        schema = node.get("schema", node)
        if "example" in node:
            yield schema, node["example"]
        for example in node["examples"].values() if "examples" in node else ():
            yield schema, example["value"]
        for name, value in node.items():
            if name not in {"example", "examples"}:
                yield from _examples(value)


def test_every_example_fits_its_schema() -> None:
    """No example anywhere in the document breaks the schema that it stands beside."""
    found = list(_examples(DOCUMENT))
    assert len(found) > 50
    for schema, example in found:
        whole = {"allOf": [schema], "components": DOCUMENT["components"]}
        errors = OAS30Validator(whole, format_checker=oas30_format_checker).iter_errors(example)
        assert [error.message for error in errors] == [], example


def test_it_is_served_byte_for_byte() -> None:
    """The server gives the shipped bytes, as JSON, to anyone."""
    with running() as server:
        response = httpx.get(server.document_url)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert Path(document_path()).read_bytes() == response.content


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("condition", "expected"),
    [("{etag}", 304), ("W/{etag}", 304), ('"other", {etag}', 304), ("*", 304), ('"other"', 200), ("", 200)],
    ids=["same", "weak", "listed", "any", "other", "empty"],
)
def test_it_is_sent_only_when_it_changed(condition: str, expected: int) -> None:
    """A request that names the current entity tag is responded with 304, with the tag and without a body."""
    with running() as server:
        etag = httpx.get(server.document_url).headers["etag"]
        response = httpx.get(server.document_url, headers={"If-None-Match": condition.format(etag=etag)})
    assert expected == response.status_code
    assert etag == response.headers["etag"]
    assert (expected == 304) == (response.content == b"")


@pytest.mark.exhaustive
def test_the_next_revision_has_one_operation_more() -> None:
    """`with_next` adds `listWorkflowVersions` to a document that stays valid and else the same."""
    with running() as now, running(with_next=True) as later:
        etags = [httpx.get(server.document_url).headers["etag"] for server in (now, later)]
        document = httpx.get(later.document_url).json()
    validate(document)
    added = {"GET /workflows/{id}/versions": "listWorkflowVersions"}
    found = {place: operation["operationId"] for place, operation in _operations(document)}
    assert _OPERATIONS | added == found
    del (
        document["paths"]["/workflows/{id}/versions"],
        document["components"]["schemas"]["WorkflowVersionList"],
    )
    assert document == DOCUMENT
    assert etags[0] != etags[1]
