"""The conformance table: each case runs against a server that gives the listed responses."""

import importlib.util
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import Recorder, Response, Result, run_cli

FOLDER = Path(__file__).parent / "conformance"
HEADER = yaml.safe_load((FOLDER / "header.yaml").read_text())
_OF_WORKFLOW = ("steps", "outputs", "parameters", "successActions", "failureActions")
_ENDS = {"success": 0, "failure": 9, "limit": 7, "invalid": 8}


def _criterion_case(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case whose first step has one criterion."""
    criterion = {key: case[key] for key in ("context", "type", "condition") if key in case}
    response = {"body": case["body"], **({"type": case["media"]} if "media" in case else {})}
    is_met = case["met"]
    return {
        **case,
        "steps": [
            {"stepId": "one", "operationId": "getA", "successCriteria": [criterion]},
            {"stepId": "two", "operationId": "getB"},
        ],
        "responses": [response],
        "course": [] if case.get("end") == "invalid" else ["GET /a", "GET /b"] if is_met else ["GET /a"],
        "end": case.get("end", "success" if is_met else "failure"),
    }


def _expression_case(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case whose first step has one output."""
    parameters = [
        {"name": "q", "in": "query", "value": "in"},
        {"name": "X-Head", "in": "header", "value": "head"},
    ]
    step = {"stepId": "one", "operationId": case.get("operation", "getA"), "parameters": parameters}
    if "payload" in case:
        step["requestBody"] = {"payload": case["payload"]}
    has_value = case.get("has_value", case.get("result") is not None)
    method = "POST" if "payload" in case else "GET"
    return {
        **case,
        "steps": [{**step, "outputs": {"v": case["value"]}}],
        "outputs": {"v": "$steps.one.outputs.v"},
        "course": [] if case.get("end") == "invalid" else [f"{method} /a?q=in"],
        "result": {"v": case["result"]} if has_value else {},
    }


def _cases() -> list[Any]:
    made = []
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == "header.yaml":
            continue
        for case in yaml.safe_load(path.read_text()):
            whole = case
            if path.stem == "criteria":
                whole = _criterion_case(case)
            elif path.stem == "expressions":
                whole = _expression_case(case)
            made.append(pytest.param(whole, id=f"{path.stem}: {case['name']}"))
    return made


CASES = _cases()


def _service(origin: str) -> dict[str, Any]:
    """Return the OpenAPI document of the source `api`."""
    content: dict[str, Any] = {
        "application/json": {"schema": {}},
        "application/xml": {"schema": {}},
        "text/plain": {"schema": {}},
    }
    responses = {"default": {"description": "", "content": content}}
    query = {"name": "q", "in": "query", "schema": {}}
    header = {"name": "X-Head", "in": "header", "schema": {"type": "string"}}
    cookie = {"name": "session", "in": "cookie", "schema": {"type": "string"}}
    paths: dict[str, Any] = {}
    for name in "abcd":
        common = {"parameters": [query, header, cookie], "responses": responses}
        body: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
        paths[f"/{name}"] = {
            "get": {"operationId": f"get{name.upper()}", **common},
            "post": {"operationId": f"post{name.upper()}", **common, "requestBody": body},
        }
    by_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/items/{id}"] = {"get": {"operationId": "getItem", "parameters": [by_id], "responses": responses}}
    info = {"title": "Service", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "servers": [{"url": origin}], "paths": paths}


def _document(case: dict[str, Any]) -> dict[str, Any]:
    workflow = {"workflowId": "main", **{key: case[key] for key in _OF_WORKFLOW if key in case}}
    if "inputs_schema" in case:
        workflow["inputs"] = case["inputs_schema"]
    elif "inputs" in case:
        workflow["inputs"] = {"type": "object", "properties": {name: {} for name in case["inputs"]}}
    return {**HEADER, "workflows": [workflow], **case.get("document", {})}


def _run(case: dict[str, Any], server: Recorder) -> Result:
    given = iter(case.get("responses", ()))

    def respond(_: Any) -> Response:
        response: dict[str, Any] = next(given, {})
        time.sleep(response.get("delay", 0))
        body = response.get("body", {})
        is_text = isinstance(body, str)
        media_type = response.get("type", "text/plain" if is_text else "application/json")
        content = body.encode() if is_text else json.dumps(body).encode()
        status = response.get("status", 200)
        return Response(
            status,
            b"" if status == 204 else content,
            {"Content-Type": media_type, **response.get("headers", {})},
        )

    server.responses = {f"/{name}": respond for name in "abcd"}
    server.responses["/items/a%2Fb"] = respond
    Path("openapi.json").write_text(json.dumps(_service(server.origin)))
    Path("case.arazzo.yaml").write_text(yaml.safe_dump(_document(case)))
    for name, content in case.get("files", {}).items():
        Path(name).write_text(yaml.safe_dump(content))
    inputs = ("--inputs", json.dumps(case["inputs"])) if "inputs" in case else ()
    named = (case["run"],) if "run" in case else ()
    options = [word.replace("{origin}", server.origin) for word in case.get("options", ())]
    return run_cli("workflow", "run", "case.arazzo.yaml", *named, *inputs, *options)


@pytest.mark.sampled(3, 200)
@pytest.mark.parametrize("case", CASES)
def test_a_case_takes_its_course(case: dict[str, Any], server: Recorder) -> None:
    """The requests, the outputs and the end are the expected ones."""
    if "extra" in case and importlib.util.find_spec("elementpath") is None:
        pytest.skip("the extra is not installed")
    result = _run(case, server)
    course = [f"{request.method} {request.target}" for request in server.requests]
    seen = f"{result.stdout}\n{result.stderr}"
    assert case["course"] == course, seen
    code = case.get("exit", _ENDS[case.get("end", "success")])
    assert code == result.exit_code, seen
    if "result_ends" in case:
        assert result.json["v"].endswith(case["result_ends"])
    elif "result" in case and code == 0:
        assert case["result"] == result.json, seen
    bodies = [json.loads(request.body) for request in server.requests if request.body]
    if "bodies" in case:
        assert case["bodies"] == bodies, seen
    for wanted, request in zip(case.get("headers", ()), server.requests, strict=False):
        for name, value in wanted.items():
            assert [value] == request.headers.get(name), seen


def test_the_table_names_a_section_and_a_rule() -> None:
    """Each case has a name of its own, a section of the specification and a rule."""
    cases = [param.values[0] for param in CASES]
    assert 150 <= len(cases)
    assert all(case["section"] and case["rule"].endswith(".") for case in cases)
