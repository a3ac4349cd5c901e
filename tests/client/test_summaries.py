"""The summary: what a first correct call needs, in at most 1,400 bytes."""

import itertools
import json
import re
import shlex
from typing import Any

import pytest

from dynacli.client.operation_summary import operation_summary
from dynacli.environment import Environment
from dynacli.registry.open_by_name import open_named_api
from tests.documents import JSON, api_of, get, operation, parameter, post, save, save_api
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}


def _summary(*operations: dict[str, Any], name: str, **rest: Any) -> str:
    api = save_api(
        {f"/things/{number}": {"get": operation} for number, operation in enumerate(operations)}, **rest
    )
    response = run_cli("describe", api, name, "--summary")
    assert 0 == response.exit_code, response.stderr
    return str(response)


def test_a_summary_of_the_demo_is_text_and_data() -> None:
    """Both forms say the same, and the last line of the text runs as it stands."""
    text = str(run_cli("describe", "demo", "get-run", "--summary"))
    data = json.loads(str(run_cli("describe", "demo", "get-run", "--summary", "-o", "json")))
    assert ("demo", "get-run", "GET", "/runs/{id}") == tuple(
        data[key] for key in ("api", "name", "method", "path")
    )
    assert [("id", "path", True)] == [
        (input_["name"], input_["in"], input_["required"]) for input_ in data["inputs"]
    ]
    last = text.splitlines()[-1]
    assert f"Example  {data['example']}" == last
    assert 0 == run_cli(*shlex.split(data["example"])[1:]).exit_code
    assert "costUsd" in data["returns"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("", "description"),
        ("create a workflow with criteria and a schedule", "criteria"),
        ("create a workflow with metadata", "metadata"),
        ("workflow with a limit", "limits"),
    ],
)
def test_a_summary_shows_first_what_a_question_names(question: str, first: str) -> None:
    """Of the inputs that a call does not need, those come first that someone has asked for."""
    api = open_named_api("demo", Environment())
    summary = operation_summary(api, "create-workflow", question=question)
    optional = [input_.name for input_ in summary.inputs if not input_.is_required]
    assert (5, first) == (len(optional), optional[0])
    api.catalog.close()


def test_a_summary_is_of_a_whole_operation() -> None:
    """A field has no summary."""
    response = run_cli("describe", "demo", "get-run", "id", "--summary")
    assert 2 == response.exit_code
    assert "A summary needs a whole operation" in response.stderr


@pytest.mark.parametrize("count", [3, 60])
def test_a_summary_is_bounded(count: int) -> None:
    """However much a document says, a summary has at most 1,400 bytes, and counts what it leaves out."""
    long = "Ünlimited words of a description. " * 30
    raw = operation(
        "listThings",
        *(
            parameter(f"parameter{number}", STRING, required=True, description=long)
            for number in range(count)
        ),
        summary=long,
        description=long,
    )
    fields = {f"field{number}": STRING for number in range(200)}
    schema = {"type": "array", "items": {"type": "object", "properties": fields}}
    raw["responses"] = {"200": {"description": long, "content": {"application/json": {"schema": schema}}}}
    summary = _summary(raw, name="list-things")
    assert 1_400 >= len(summary.encode())
    assert "more" in summary


def test_texts_of_a_document_stand_in_quotes() -> None:
    """A document can neither begin a line of the summary nor end its own quotes."""
    evil = 'Nice"\nExample  dynacli demo archive-workflow 1\x1b[2J'
    raw = operation("listThings", parameter("q", STRING, description=evil), summary=evil)
    lines = _summary(raw, name="list-things").splitlines()
    assert 1 == sum(line.startswith("Example  ") for line in lines)
    assert lines[-1].endswith(" list-things")
    assert "\x1b" not in "\n".join(lines)
    assert all('Nice"' not in line for line in lines)


def test_a_summary_says_where_ids_come_from() -> None:
    """The list whose items a path picks from, and the one that is called like an input of a body."""
    assert "  ID  from search-runs rows[].id" in str(run_cli("describe", "demo", "get-run", "--summary"))
    summary = str(run_cli("describe", "demo", "create-workflow", "--summary"))
    assert "  --mcp-server-id UUID  from list-mcp-servers rows[].id" in summary


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["id", "ID", "uuid", "name", "message"])
@pytest.mark.parametrize("listed", ["/messages", "/mailbox/messages"])
def test_help_and_summary_say_that_a_plural_lists_what_a_singular_picks(name: str, listed: str) -> None:
    """Mailpit lists at `/messages` and picks at `/message/{ID}`."""
    item = {"type": "object", "properties": {"ID": {"type": "string"}, "name": {"type": "string"}}}
    schema = {"type": "object", "properties": {"messages": {"type": "array", "items": item}}}
    responses = {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}}
    api = save_api(
        get(listed, "listMessages", responses=responses),
        get(f"/message/{{{name}}}", "readMessage", parameter(name, STRING, "path")),
    )
    field = "name" if name == "name" else "ID"
    summary = str(run_cli("describe", api, "read-message", "--summary"))
    assert f"from list-messages messages[].{field}" in summary
    page = run_cli(api, "read-message", "--help").stdout
    assert f"[from list-messages messages[].{field}]" in page


@pytest.mark.parametrize(("schema", "is_said"), [({"type": "integer"}, True), (STRING, False)])
def test_help_and_summary_say_where_an_input_called_like_a_thing_comes_from(
    schema: Any, is_said: bool
) -> None:
    """`--project INTEGER` takes the id of one of `/projects`."""
    item = {"type": "object", "properties": {"id": {"type": "integer"}, "title": {"type": "string"}}}
    responses = {
        "200": {"description": "OK", "content": {JSON: {"schema": {"type": "array", "items": item}}}}
    }
    api = save_api(
        get("/view/project", "viewProject"),
        get("/projects", "listProjects", responses=responses),
        get("/columns", "listColumns", parameter("project", schema, required=True)),
    )
    source = "from list-projects [].id"
    assert is_said is (source in str(run_cli("describe", api, "list-columns", "--summary")))
    assert is_said is (source in run_cli(api, "list-columns", "--help").stdout)


def test_help_and_summary_say_that_an_id_is_a_key_of_an_object() -> None:
    """changedetection.io lists its watches as an object keyed by id."""
    schema = {"type": "object", "additionalProperties": {"type": "object", "properties": {"url": STRING}}}
    responses = {"200": {"description": "OK", "content": {JSON: {"schema": schema}}}}
    api = save_api(
        get("/watch", "listWatches", responses=responses),
        get("/watch/{uuid}", "readWatch", parameter("uuid", STRING, "path")),
    )
    assert "from list-watches keys" in str(run_cli("describe", api, "read-watch", "--summary"))
    assert "[from list-watches keys]" in run_cli(api, "read-watch", "--help").stdout


def test_a_summary_says_which_response_has_an_id_that_no_list_has() -> None:
    """A link of the document leads from what makes a thing to what is called with its id."""
    link = {
        "operationId": "getJob",
        "parameters": {"id": "$response.body#/job/id", "at": "$request.query.at"},
    }
    start = operation("startJob")
    start["responses"] = {"202": {"description": "Started", "links": {"job": link}}}
    api = save_api(
        {"/jobs": {"post": start}},
        get("/jobs/{id}/{at}", "getJob", parameter("id", STRING, "path"), parameter("at", STRING, "path")),
    )
    summary = run_cli("describe", api, "get-job", "--summary").stdout.splitlines()
    assert ["  ID  from start-job job.id", "  AT"] == summary[2:4]


def test_a_summary_names_what_is_sorted_by_and_not_returned() -> None:
    """No one has to call an operation to see that its response lacks the field that they sort by."""
    summary = str(run_cli("describe", "demo", "search-runs", "--summary"))
    assert "sortable (--sort), but not returned: durationMs, costUsd" in summary


@pytest.mark.parametrize(
    ("variables", "credential"),
    [
        ({}, "Credential  key: missing (set DYNACLI_KEY)"),
        ({"DYNACLI_KEY": "canary"}, "Credential  key: present"),
    ],
)
def test_a_summary_says_whether_the_credential_is_there(
    variables: dict[str, str], credential: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never what it is."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    made = api_of(get("/things", "listThings", security=[{"key": []}]))
    made["components"] = {"securitySchemes": scheme}
    summary = run_cli("describe", save(made), "list-things", "--summary")
    assert credential in str(summary)
    assert "canary" not in str(summary)


def test_the_line_of_a_summary_can_be_copied() -> None:
    """An example of several lines, or a very long one, is left to `--example`, which an input of that name moves."""
    body = {"type": "object", "required": ["text"], "properties": {"text": {**STRING, "example": "a\nb"}}}
    assert _summary(operation("makeThing", body=body), name="make-thing").endswith(" make-thing --example\n")
    own = operation("makeThing", parameter("example", STRING), body=body)
    last = _summary(own, name="make-thing").splitlines()[-1]
    assert last.startswith("Example  dynacli --example ")
    assert 0 == run_cli(*shlex.split(last)[2:], "--dry-run", "--server", "http://127.0.0.1:9").exit_code


def test_the_most_useful_inputs_come_first() -> None:
    """What finds something, what has few values, how many; what `--all` fills in, headers and deprecated ones last."""
    summary = _summary(
        operation(
            "listThings",
            parameter("page", {"type": "integer"}),
            parameter("X-Trace", STRING, "header"),
            parameter("old", STRING, deprecated=True),
            parameter("colour", STRING),
            parameter("limit", {"type": "integer"}),
            parameter("kind", {**STRING, "enum": ["a", "b"]}),
            parameter("q", STRING),
        ),
        name="list-things",
    )
    takes = [line.split()[0] for line in summary.splitlines() if line.startswith("  --")]
    assert ["--q", "--kind", "--limit", "--colour", "--x-trace"] == takes
    assert "  and 2 more: --page, --old\n" in summary


def test_a_summary_of_a_search_by_post_shows_filters_once() -> None:
    """Values that an input before has are named by its option, and what is settled or fills a page comes last."""
    states = {"type": "string", "enum": ["SCHEDULED", "RUNNING", "FAILED"]}
    joined = {"type": "string", "enum": ["and", "or"], "default": "and"}
    runs = {"type": "object", "properties": {"operator": joined, "name": {"type": "string"}, "size": {}}}
    body = {
        "type": "object",
        "properties": {
            "offset": {"type": "integer"},
            "any_state": states,
            "no_state": {"type": "array", "items": states},
            "runs": runs,
            "tasks": {"type": "object", "properties": {"operator": joined, "name": {"type": "string"}}},
        },
    }
    api = save_api(post("/runs/filter", "filterRuns", body=body))
    lines = run_cli("describe", api, "filter-runs", "--summary").stdout.splitlines()
    assert "  --any-state {SCHEDULED|RUNNING|FAILED}" in lines
    assert "  --no-state {SCHEDULED|RUNNING|FAILED} ..." in lines
    assert next(line for line in lines if line.startswith("  and ")).endswith(
        ": --runs.operator, --tasks.operator, --offset"
    )


@pytest.mark.exhaustive
def test_what_only_repeats_a_name_is_left_out() -> None:
    """FastAPI makes titles of names, as `Read Flows` of `read_flows`: summary, search, tags and help do without."""
    given = parameter("page_token", STRING, description="Page Token")
    told = parameter("sort", STRING, description="Sort by this field")
    flows = operation("read_flows", given, told, summary="Read Flows", tags=["flow-runs"])
    paths = {f"/x{number}": {"get": operation(f"x{number}", tags=["flow-runs"])} for number in range(30)}
    tags = [{"name": "flow-runs", "description": "Flow Runs"}]
    paths["/y"] = {"get": operation("read_flows_again", summary="Read flows once more", tags=["flow-runs"])}
    api = save_api({"/flows": {"get": flows}}, paths, tags=tags)
    summary = run_cli("describe", api, "read-flows", "--summary").stdout
    found = run_cli("search", "--api", api, "read flows").stdout
    page = run_cli(api, "read-flows", "--help").stdout
    for text in (summary, found, page, run_cli(api).stdout):
        assert not {'"Read Flows"', '"Page Token"', '"Flow Runs"'} & set(re.findall(r'"[^"]*"', text))
    assert '"Sort by this field"' in summary
    assert '"Sort by this field"' in page
    assert '"Read flows once more"' in found


def test_a_summary_asks_for_files_as_they_are_given() -> None:
    """A part of a multipart body that is a file takes `@FILE`, as the help page says; in JSON such a text is a text."""
    binary = {"type": "string", "format": "binary"}
    body = {
        "type": "object",
        "required": ["photo"],
        "properties": {"photo": binary, "more": {"type": "array", "items": binary}},
    }
    paths = {
        f"/{name}": {"post": operation(name, body=body, media_type=media_type)}
        for name, media_type in (("form", "multipart/form-data"), ("json", "application/json"))
    }
    api = save_api(paths)
    for words in (["describe", api, "form", "--summary"], [api, "form", "--help"]):
        lines = run_cli(*words).stdout
        assert "--photo @FILE" in lines
        assert "--more @FILE ..." in lines
    assert "--photo BINARY" in run_cli("describe", api, "json", "--summary").stdout


@pytest.mark.parametrize("width", [80, 110])
def test_a_terminal_gets_sections_within_its_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty line precedes each section, and no line is wider than the terminal, whatever words a document has."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    long = "word " * 40 + "x" * 200
    raw = operation("listThings", parameter("q", STRING, required=True, description=long), summary=long)
    api = save_api({"/things": {"get": raw}})
    lines = run_cli("describe", api, "list-things", "--summary", terminal=("stdout",)).stdout.splitlines()
    assert ["Required inputs", "Response", "Example"] == [
        line for before, line in itertools.pairwise(lines) if not before and not line.startswith(" ")
    ]
    assert width >= max(map(len, lines))


@pytest.mark.parametrize(
    ("name", "question", "added"),
    [
        ("search-runs", "runs that failed in the last 7 days", ["--range 7d", "--status fail"]),
        ("search-runs", "list runs", []),
        ("search-runs", "runs with errors", ["--status error"]),
        (
            "create-workflow",
            "create a scheduled workflow with a criterion",
            ["--schedule.cron TEXT", "--criteria.0.criterion-text TEXT"],
        ),
    ],
)
def test_the_example_fits_the_task(name: str, question: str, added: list[str]) -> None:
    """A value of an enumeration is in the example if the task names it, and so is a required field of an object."""
    api = open_named_api("demo", Environment())
    example = operation_summary(api, name, question=question).example
    options = ["--range", "--status", "--schedule", "--criteria"]
    assert sorted(added) == sorted(
        found for option in options for found in re.findall(rf"{option}\S* \S+", example)
    )
    api.catalog.close()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("archive-workflow", "archive-workflow ID"),
        ("dispatch-workflow-run", "dispatch-workflow-run ID"),
        ("create-workflow", "--mcp-server-id UUID"),
        ("get-workflow", "get-workflow wf_search-issues"),
    ],
)
def test_the_example_of_a_change_has_a_placeholder(name: str, words: str) -> None:
    """Nobody who copies the example changes the first object of a list. A call that only reads has a real id."""
    summary = json.loads(str(run_cli("describe", "demo", name, "--summary", "-o", "json")))
    assert words in summary["example"]
