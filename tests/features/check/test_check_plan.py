"""What a check calls, in which order and with which values: from `--set`, links, responses, examples, the schema."""

import json
from typing import Any

import pytest

from dynacli.features.check._call_planner import ResponseValues
from dynacli.features.check.check_records import InputValue
from dynacli.openapi.model.path_templates import collection_template, path_template
from tests.documents import save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

_OK: dict[str, Any] = {"200": {"description": "Good"}}
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}


def _api(server: Recorder, paths: dict[str, Any], **more: Any) -> str:
    return save_api(paths, server=server, version="3.1.0", **more)


def _path(name: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema or _TEXT, **more}


def _query(name: str, schema: Any = None, *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema or _TEXT, **more}


def _get(*parameters: dict[str, Any], responses: Any = None, **more: Any) -> dict[str, Any]:
    return {"get": {"parameters": list(parameters), "responses": responses or _OK, **more}}


def _checked(server: Recorder, paths: dict[str, Any], *words: str) -> dict[str, dict[str, Any]]:
    """Operation → its row; whatever has no response of its own gets an empty object."""
    result = run_cli("check", _api(server, paths), "-o", "json", "--validate", "strict", *words)
    return {row["operation"]: row for row in result.json}


def _values(row: dict[str, Any], number: int = 0) -> dict[str, tuple[Any, str]]:
    """Name → value and origin of one call."""
    return {value["name"]: (value["value"], value["origin"]) for value in row["calls"][number]["values"]}


@pytest.mark.parametrize(
    ("path", "index", "expected"),
    [
        pytest.param("/runs/{id}", 0, "/runs", id="item"),
        pytest.param("/runs/{id}/trace", 0, "/runs", id="below-an-item"),
        pytest.param("/orgs/{org}/runs/{id}", 1, "/orgs/{}/runs", id="second"),
        pytest.param("/orgs/{org}/runs/{id}", 0, "/orgs", id="first-of-two"),
        pytest.param("/runs/{id}:stop", 0, "/runs", id="verb-behind"),
        pytest.param("/runs/{id}", 5, "", id="no-such-parameter"),
    ],
)
def test_the_collection_of_a_parameter(path: str, index: int, expected: str) -> None:
    """It is what stands before the parameter, whatever other parameters are called."""
    assert expected == collection_template(path, index)


def test_templates_are_the_same_whatever_parameters_are_called() -> None:
    """`{org}` of one path is `{orgId}` of another."""
    assert path_template("/orgs/{org}/runs?x={y}") == path_template("/orgs/{orgId}/runs#second")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("body", "parameter", "expected"),
    [
        pytest.param([{"id": "r1"}], "id", "r1", id="array"),
        pytest.param([{"id": "r1"}], "runId", "r1", id="noun-and-id"),
        pytest.param([{"runId": "r1", "id": "other"}], "runId", "r1", id="own-name-first"),
        pytest.param([{"run_id": "r1"}], "runId", "r1", id="spelled-otherwise"),
        pytest.param([{"run_id": "r1", "n": 1}], "id", "r1", id="noun-before-id"),
        pytest.param([{"name": "main", "id": 7}], "runName", "main", id="name"),
        pytest.param([{"slug": "main"}], "run-slug", "main", id="slug"),
        pytest.param([{"id": 7}], "run", "7", id="number-as-text"),
        pytest.param(["r1", "r2"], "id", "r1", id="plain-items"),
        pytest.param({"total": 1, "runs": [{"id": "r1"}]}, "id", "r1", id="member-of-the-same-name"),
        pytest.param({"tags": ["x"], "runs": [{"id": "r1"}]}, "id", "r1", id="not-the-first-array"),
        pytest.param({"data": {"items": [{"id": "r1"}]}}, "id", "r1", id="one-level-down"),
        pytest.param([{"id": ""}, {"id": None}, {"id": "r3"}], "id", "r3", id="first-that-has-one"),
        pytest.param([{"id": "r1", "name": "x"}], "owner", None, id="not-about-the-item"),
        pytest.param([], "id", None, id="empty"),
        pytest.param("text", "id", None, id="no-list"),
    ],
)
def test_an_item_of_a_collection_feeds_its_path(
    server: Recorder, body: Any, parameter: str, expected: Any
) -> None:
    """The item's own field is found by the parameter's name, or by what items of that collection are called."""
    server.responses["/runs"] = json_response(body)
    rows = _checked(
        server, {"/runs": _get(), f"/runs/{{{parameter}}}": _get(_path(parameter), operationId="getRun")}
    )
    value, origin = _values(rows["get-run"])[parameter]
    assert (expected, "response") == (value, origin) if expected is not None else origin == "invented"


def test_a_value_that_the_document_does_not_allow_is_passed_over(server: Recorder) -> None:
    """An id that does not have the parameter's type is not an id of it."""
    server.responses["/runs"] = json_response([{"id": "not a number"}, {"id": 12}])
    rows = _checked(server, {"/runs": _get(), "/runs/{id}": _get(_path("id", _NUMBER), operationId="getRun")})
    assert {"id": (12, "response")} == _values(rows["get-run"])


def test_values_of_a_path_belong_together(server: Recorder) -> None:
    """An item is asked for below the parent under which it was listed."""
    server.responses["/orgs"] = json_response([{"id": "one"}])
    server.responses["/orgs/one/runs"] = json_response([{"id": "r1"}])
    server.responses["/orgs/one/runs/r1/log"] = json_response({})
    org = _path("org", example="example-org")
    _checked(
        server,
        {
            "/orgs/{org}/runs/{id}/log": _get(org, _path("id")),
            "/orgs/{org}/runs": _get(org),
            "/orgs": _get(),
        },
    )
    assert ["/orgs", "/orgs/one/runs", "/orgs/one/runs/r1/log"] == [
        request.target for request in server.requests
    ]


def test_a_search_beside_the_collection_feeds_it_too(server: Recorder) -> None:
    """`/pets/findByStatus` lists what `/pets/{petId}` is about."""
    server.responses["/pets/findByStatus"] = json_response([{"id": 3}])
    rows = _checked(
        server,
        {"/pets/findByStatus": _get(), "/pets/{petId}": _get(_path("petId", _NUMBER), operationId="getPet")},
    )
    assert {"petId": (3, "response")} == _values(rows["get-pet"])


@pytest.mark.parametrize(
    ("path", "is_fed"),
    [("/pets/findByStatus", True), ("/pets/search", True), ("/pets/latest", True), ("/pets/tags", False)],
)
def test_another_collection_below_does_not_feed_it(server: Recorder, path: str, is_fed: bool) -> None:
    """An id of a tag is none of a pet."""
    server.responses[path] = json_response([{"id": 3}])
    rows = _checked(
        server, {path: _get(), "/pets/{petId}": _get(_path("petId", _NUMBER), operationId="getPet")}
    )
    assert is_fed is (_values(rows["get-pet"]) == {"petId": (3, "response")})


def test_a_field_of_that_name_feeds_a_parameter_anywhere(server: Recorder) -> None:
    """`workflowId` is a field of a response, or the `id` of a `workflow` in it."""
    server.responses["/status"] = json_response({"last": {"workflow_id": "w1"}, "owner": {"id": "o1"}})
    rows = _checked(
        server,
        {
            "/status": _get(),
            "/graph": _get(_query("workflowId", required=True), _query("ownerId", required=True)),
        },
    )
    assert {"workflowId": ("w1", "response"), "ownerId": ("o1", "response")} == _values(rows["get-graph"])


@pytest.mark.parametrize(
    ("response", "parameter", "expected"),
    [
        pytest.param({"workflowId": 7}, ("workflowId", _NUMBER), 7, id="number-of-an-id"),
        pytest.param({"delay": 90}, ("delay", _NUMBER), None, id="an-amount"),
        pytest.param({"delay": 90}, ("delay", _TEXT), None, id="an-amount-as-text"),
        pytest.param({"city": "Bern"}, ("city", _TEXT), "Bern", id="a-word"),
        pytest.param({"url": "https://a.test"}, ("url", _TEXT), None, id="a-word-for-anything"),
        pytest.param({"limit": 5}, ("limit", _NUMBER), None, id="a-page"),
        pytest.param({"delayId": 7}, ("delay", _NUMBER), None, id="another-name"),
    ],
)
def test_a_field_feeds_what_is_plausibly_the_same_thing(
    server: Recorder, response: Any, parameter: tuple[str, Any], expected: Any
) -> None:
    """Ids are numbers or words; any other number is an amount of who knows what, and general names name nothing."""
    server.responses["/status"] = json_response(response)
    name, schema = parameter
    rows = _checked(server, {"/status": _get(), "/find": _get(_query(name, schema, required=True))})
    value, origin = _values(rows["get-find"])[name]
    assert (expected, "response") == (value, origin) if expected is not None else origin == "invented"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "schema", "is_fed"),
    [
        ("project", _NUMBER, True),
        ("project", {"type": "string", "format": "uuid"}, True),
        ("project", _TEXT, False),
        ("projects", _NUMBER, False),
        ("page", _NUMBER, False),
        ("level", _NUMBER, False),
    ],
)
def test_the_id_of_an_item_feeds_what_is_called_like_it_anywhere(
    server: Recorder, name: str, schema: Any, is_fed: bool
) -> None:
    """`?project=7` is the id of one of `/projects`, if it takes a number or a UUID: a text may be its name."""
    listed = "018f3c6e-0000-7000-8000-000000000000" if "format" in schema else 7
    server.responses |= dict.fromkeys(("/projects", "/pages"), json_response([{"id": listed, "level": 7}]))
    paths = {
        "/columns": _get(_query(name, schema, required=True)),
        "/projects": _get(),
        "/pages": _get(),
    }
    value, origin = _values(_checked(server, paths)["get-columns"])[name]
    assert (is_fed, is_fed) == (value == listed, origin == "response")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("collection", "parameter", "is_fed"),
    [
        pytest.param("/nodes", "n", False, id="a-letter"),
        pytest.param("/nodes", "node", True, id="its-noun"),
        pytest.param("/repositories", "repo", True, id="an-abbreviation"),
        pytest.param("/runs", "runtime", False, id="a-word-that-begins-so"),
        pytest.param("/runs", "runNumber", True, id="noun-and-number"),
        pytest.param("/delay", "seconds", False, id="an-amount"),
    ],
)
def test_an_item_feeds_what_is_called_like_it(
    server: Recorder, collection: str, parameter: str, is_fed: bool
) -> None:
    """An id goes into a path if the parameter's name says that it is one, or what the items are."""
    server.responses[collection] = json_response([{"id": 71, "other": 1}])
    paths = {
        collection: _get(),
        f"{collection}/{{{parameter}}}": _get(_path(parameter, _NUMBER), operationId="one"),
    }
    value, origin = _values(_checked(server, paths)["one"])[parameter]
    assert ((71, "response") == (value, origin)) is is_fed


_FILTER = {
    "type": "object",
    "properties": {
        "limit": _NUMBER,
        "fields": {"type": "array", "items": _TEXT},
        "where": {"type": "object", "properties": {"title": _TEXT}},
    },
}
_AS_JSON = {"name": "filter", "in": "query", "content": {"application/json": {"schema": _FILTER}}}
_AS_OBJECT = {"name": "filter", "in": "query", "style": "deepObject", "explode": True, "schema": _FILTER}


@pytest.mark.parametrize(
    ("parameter", "words", "expected"),
    [
        pytest.param(_AS_JSON, ["filter.limit=1"], {"limit": 1}, id="one"),
        pytest.param(_AS_OBJECT, ["filter.limit=1"], {"limit": 1}, id="deep-object"),
        pytest.param(
            _AS_JSON,
            ["filter.limit=1", "filter.where.title=x"],
            {"limit": 1, "where": {"title": "x"}},
            id="two-are-one-object",
        ),
        pytest.param(
            _AS_JSON, ["filter.fields=a", "filter.fields=b"], {"fields": ["a", "b"]}, id="items-by-repetition"
        ),
        pytest.param(
            _AS_JSON,
            ['filter={"limit":5,"fields":[]}', "filter.limit=1"],
            {"limit": 1, "fields": []},
            id="laid-over",
        ),
        pytest.param(
            _AS_JSON, ["get-runs.filter.limit=2", "filter.limit=1"], {"limit": 2}, id="for-one-operation-wins"
        ),
    ],
)
def test_a_property_of_an_object_is_given(
    server: Recorder, parameter: dict[str, Any], words: list[str], expected: Any
) -> None:
    """As with the options of a call; all that is given of one object is one value, and one call."""
    given = [item for word in words for item in ("--set", word)]
    row = _checked(server, {"/runs": _get(parameter)}, *given)["get-runs"]
    assert [{"filter": (expected, "set")}] == [_values(row, number) for number in range(len(row["calls"]))]


def test_a_property_that_there_is_not(server: Recorder) -> None:
    """It is wrong usage, as is a value that does not fit."""
    path = _api(server, {"/runs": _get(_AS_JSON)})
    for word in ("filter.nothing.more=1", "filter.limit=x"):
        assert (2, []) == (run_cli("check", path, "--set", word).exit_code, server.requests)


def test_a_field_deep_in_a_body_is_given(server: Recorder) -> None:
    """After the name of its operation, after `body`, or alone."""
    item = {"type": "object", "properties": {"cron": _TEXT, "zone": _TEXT}}
    schema = {"type": "object", "properties": {"at": item, "list": {"type": "array", "items": item}}}
    body = {"content": {"application/json": {"schema": schema}}}
    paths = {"/runs": {"post": {"operationId": "start", "requestBody": body, "responses": _OK}}}
    words = ("--set", "at.cron=1", "--set", "body.list[0].zone=2", "--set", "start.at.zone=3")
    _checked(server, paths, "--operation", "start", *words)
    assert {"at": {"cron": "1", "zone": "3"}, "list": [{"zone": "2"}]} == json.loads(server.last.body)


_LINKED = {
    "/runs/latest": {
        "get": {
            "operationId": "latest",
            "responses": {
                "200": {
                    "description": "Good",
                    "links": {
                        "flow": {"operationId": "getFlow", "parameters": {"id": "$response.body#/flow/key"}},
                        "page": {
                            "operationId": "getPage",
                            "parameters": {"query.cursor": "$response.header.X-Next", "size": 3},
                        },
                    },
                },
                "404": {
                    "description": "None",
                    "links": {"flow": {"operationId": "getFlow", "parameters": {"id": "wrong"}}},
                },
            },
        }
    },
    "/flows/{id}": _get(_path("id", example="example"), operationId="getFlow"),
    "/pages": _get(_query("cursor", required=True), _query("size", _NUMBER), operationId="getPage"),
}


def test_links_are_followed_with_what_really_came(server: Recorder) -> None:
    """A runtime expression is evaluated on the response, and only the links of its own status count."""
    server.responses["/runs/latest"] = json_response({"flow": {"key": "f7"}}, **{"X-Next": "abc"})
    rows = _checked(server, _LINKED)
    assert {"id": ("f7", "link")} == _values(rows["get-flow"])
    assert {"cursor": ("abc", "link")} == _values(rows["get-page"])


def test_a_link_without_a_value_gives_way_to_the_example(server: Recorder) -> None:
    """What the expression names is not in the response."""
    server.responses["/runs/latest"] = json_response({"flow": {}})
    rows = _checked(server, _LINKED)
    assert {"id": ("example", "example")} == _values(rows["get-flow"])


def test_what_the_person_gives_wins_over_all(server: Recorder) -> None:
    """`--set` for one operation wins over `--set` for all, and that over responses."""
    server.responses["/runs"] = json_response([{"id": "r1"}])
    paths = {
        "/runs": _get(),
        "/runs/{id}": _get(_path("id"), operationId="getRun"),
        "/runs/{id}/log": _get(_path("id"), operationId="getLog"),
    }
    rows = _checked(server, paths, "--set", "id=mine", "--set", "get-log.id=its own")
    assert {"id": ("mine", "set")} == _values(rows["get-run"])
    assert {"id": ("its own", "set")} == _values(rows["get-log"])
    assert "/runs/its%20own/log" in [request.target for request in server.requests]


def test_each_value_that_is_given_is_a_call(server: Recorder) -> None:
    """The same name twice is two calls; an option that may be left out is sent with every call."""
    paths = {"/runs/{id}": _get(_path("id", _NUMBER), _query("full", {"type": "boolean"}))}
    _checked(server, paths, "--set", "id=1", "--set", "id=2", "--set", "full=true")
    assert {"/runs/1?full=true", "/runs/2?full=true"} == {request.target for request in server.requests}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        pytest.param("id", "A value of --set has no `=`", id="no-equals"),
        pytest.param("ids=3", "No operation that is called has an input `ids`", id="unknown"),
        pytest.param("id=x", "`x` is not a value for --set id", id="does-not-fit"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_before_anything_is_sent(
    server: Recorder, word: str, message: str
) -> None:
    """It is wrong usage."""
    result = run_cli("check", _api(server, {"/runs/{id}": _get(_path("id", _NUMBER))}), "--set", word)
    assert (2, []) == (result.exit_code, server.requests)
    assert message in result.stderr


def test_every_example_is_a_call(server: Recorder) -> None:
    """What is required has a call for each of its examples; what is not is sent in a call of its own."""
    examples = {"examples": {"a": {"value": "one"}, "b": {"value": "two"}}}
    paths = {
        "/runs": _get(
            _query("range", required=True, **examples),
            _query("state", example="failed"),
            _query("page", {"type": "integer", "examples": [2]}),
            _query("never"),
        )
    }
    _checked(server, paths)
    assert {
        "/runs?range=one",
        "/runs?range=two",
        "/runs?range=one&state=failed",
        "/runs?range=one&page=2",
    } == {request.target for request in server.requests}


def test_examples_that_the_schema_does_not_allow_are_passed_over(server: Recorder) -> None:
    """A wrong example is the document's, and makes no call that would be refused."""
    _checked(server, {"/runs": _get(_query("page", _NUMBER, example="first"))})
    assert ["/runs"] == [request.target for request in server.requests]


def test_the_most_calls_of_an_operation(server: Recorder) -> None:
    """`--most` ends the examples; five is the most without it."""
    examples = {str(number): {"value": str(number)} for number in range(9)}
    paths = {"/runs": _get(_query("q", required=True, examples=examples))}
    _checked(server, paths)
    assert 5 == len(server.requests)
    server.requests.clear()
    _checked(server, paths, "--most", "2")
    assert 2 == len(server.requests)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({"type": "string", "default": "d"}, ("d", "default"), id="default"),
        pytest.param({"enum": ["a", "b"]}, ("a", "default"), id="enum"),
        pytest.param(
            {"type": "array", "items": {"enum": ["a"]}}, (["a"], "default"), id="array-of-listed-words"
        ),
        pytest.param({"type": "integer", "minimum": 5}, (5, "invented"), id="made-from-the-schema"),
    ],
)
def test_where_a_value_is_from_when_nothing_was_seen(
    server: Recorder, schema: Any, expected: tuple[Any, str]
) -> None:
    """The schema's own words come before what is made from it, and only the latter is invented."""
    rows = _checked(server, {"/runs": _get(_query("q", schema, required=True))})
    assert {"q": expected} == _values(rows["get-runs"])


def test_what_a_server_does_not_know_is_asked_for_once_more(server: Recorder) -> None:
    """After a 404 the document's example and the next items are tried, until something is there."""
    server.responses["/runs"] = json_response([{"id": "r1"}, {"id": "r2"}, {"id": "r3"}])
    server.responses["/runs/r2"] = json_response({})
    paths = {
        "/runs": _get(),
        "/runs/{id}": _get(
            _path("id", example="e"), operationId="getRun", responses={**_OK, "404": {"description": "None"}}
        ),
    }
    rows = _checked(server, paths)
    assert ["/runs", "/runs/r1", "/runs/e", "/runs/r2"] == [request.target for request in server.requests]
    assert ([404, 200], True) == (rows["get-run"]["statuses"], rows["get-run"]["valid"])


def test_operations_that_change_something_come_last_and_one_by_one(server: Recorder) -> None:
    """They are called in the order of the document, each when the one before has its response."""
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": {"name": _TEXT}}}}}
    paths = {
        "/runs": {
            "post": {"operationId": "start", "requestBody": {**body, "required": True}, "responses": _OK},
            **_get(),
        },
        "/runs/{id}": {
            "delete": {"operationId": "drop", "parameters": [_path("id")], "responses": _OK},
            **_get(_path("id")),
        },
    }
    server.responses["/runs"] = lambda asked: json_response([{"id": "r1"}] if asked.method == "GET" else {})
    words = ("--operation", "start", "--operation", "drop", "--set", "start.name=new", "--set", "drop.id=r1")
    _checked(server, paths, *words)
    sent = [(request.method, request.target) for request in server.requests]
    assert [("GET", "/runs"), ("GET", "/runs/r1"), ("POST", "/runs"), ("DELETE", "/runs/r1")] == sent
    assert b'{"name":"new"}' == server.requests[2].body.replace(b" ", b"")


def test_links_in_a_circle_come_to_an_end(server: Recorder) -> None:
    """Operations that link to each other are called once each."""

    def linked(name: str, target: str) -> dict[str, Any]:
        link = {"operationId": target, "parameters": {"id": "$response.body#/next"}}
        return _get(
            _path("id"), operationId=name, responses={"200": {"description": "Good", "links": {"on": link}}}
        )

    response = json_response({"next": "n"})
    server.responses.update({"/a/n": response, "/b/n": response, "/a/id": response, "/b/id": response})
    rows = _checked(server, {"/a/{id}": linked("a", "b"), "/b/{id}": linked("b", "a")})
    assert [1, 1] == [len(value["calls"]) for value in rows.values()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param((), ["get-runs", "get-flows"], id="all"),
        pytest.param(("--only", "get-runs"), ["get-runs"], id="only"),
        pytest.param(("--tag", "flows"), ["get-flows"], id="tag"),
        pytest.param(("--tag", "flows", "--tag", "Runs"), ["get-runs", "get-flows"], id="tags"),
        pytest.param(("--only", "get-runs", "--operation", "start"), ["start", "get-runs"], id="added"),
    ],
)
def test_which_operations_are_looked_at(
    server: Recorder, words: tuple[str, ...], expected: list[str]
) -> None:
    """`--only` and `--tag` leave others out; `--operation` adds one that may change something."""
    start = {"operationId": "start", "tags": ["Runs"], "responses": _OK}
    paths = {"/runs": {"post": start, **_get(tags=["Runs"])}, "/flows": _get(tags=["flows"])}
    server.responses.update({"/runs": Response(), "/flows": Response()})
    rows = _checked(server, paths, *words)
    assert expected == [name for name, row in rows.items() if row["skipped"] is None]


@pytest.mark.parametrize(
    "words",
    [("--only", "nothing"), ("--operation", "nothing"), ("--tag", "nothing")],
    ids=lambda words: words[0],
)
def test_a_name_that_nothing_has_is_wrong_usage(server: Recorder, words: tuple[str, str]) -> None:
    """Nothing is sent, and the name is said."""
    result = run_cli("check", _api(server, {"/runs": _get()}), *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert "`nothing`" in result.stderr


def test_the_plan_names_values_and_their_origins(server: Recorder) -> None:
    """`--dry-run` gives every call that is known beforehand, and sends none."""
    paths = {"/runs": _get(_query("q", example="x")), "/runs/{id}": _get(_path("id"), operationId="getRun")}
    result = run_cli("check", _api(server, paths), "--dry-run", "-o", "json")
    rows = {row["operation"]: row for row in result.json}
    assert (0, []) == (result.exit_code, server.requests)
    assert [[], [{"in": "query", "name": "q", "value": "x", "origin": "example", "from": None}]] == [
        call["values"] for call in rows["get-runs"]["calls"]
    ]
    assert ["get-runs"] == rows["get-run"]["fed_by"]
    assert ["invented"] == [value["origin"] for value in rows["get-run"]["calls"][0]["values"]]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"id": ', id="truncated"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_response_that_cannot_be_read_gives_nothing(server: Recorder, body: bytes) -> None:
    """What is called JSON and is not has no values, and the check goes on."""
    server.responses["/runs"] = Response(body=body)
    rows = _checked(server, {"/runs": _get(), "/runs/{id}": _get(_path("id"), operationId="getRun")})
    assert "invented" == _values(rows["get-run"])["id"][1]


def test_an_error_gives_no_values(server: Recorder) -> None:
    """The id of an error is not an id of a run."""
    server.responses["/runs"] = json_response([{"id": "of the error"}], 500)
    rows = _checked(server, {"/runs": _get(), "/runs/{id}": _get(_path("id"), operationId="getRun")})
    assert "invented" == _values(rows["get-run"])["id"][1]


def test_what_responses_give_is_bounded() -> None:
    """However many responses come and however large they are, only some of each is kept."""
    assert ResponseValues().from_links("x") == []
    responses = ResponseValues()
    for number in range(100):
        responses.add_link("x", (InputValue("path", "id", number, "link", "y"),))
    assert 5 == len(responses.from_links("x"))


def test_values_that_were_sent_are_kept_with_the_call(server: Recorder) -> None:
    """What is in the results is what was on the wire."""

    def echo(request: RecordedRequest) -> Response:
        return json_response({"target": request.target})

    server.responses["/runs"] = echo
    rows = _checked(server, {"/runs": _get(_query("q", required=True, example="a b"))})
    assert [f"{server.origin}/runs?q=a%20b"] == [call["url"] for call in rows["get-runs"]["calls"]]
    assert {"q": ("a b", "example")} == _values(rows["get-runs"])


_ADMIN = {
    "/runs": _get(tags=["Runs"], operationId="listRuns"),
    "/runs/{id}": _get(_path("id", example="a"), tags=["Runs"], operationId="readRun"),
    "/admin/jobs": _get(tags=["Admin"], operationId="jobs"),
    "/admin/users": _get(tags=["Admin"], operationId="users"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(("jobs",), ["list-runs", "read-run", "users"], id="name"),
        pytest.param(("listRuns",), ["read-run", "jobs", "users"], id="operation-id"),
        pytest.param(("admin",), ["list-runs", "read-run"], id="tag"),
        pytest.param(("*-run*",), ["jobs", "users"], id="pattern-of-names"),
        pytest.param(("/admin/*",), ["list-runs", "read-run"], id="pattern-of-paths"),
        pytest.param(("GET /runs*",), ["jobs", "users"], id="method-and-path"),
        pytest.param(("jobs", "users"), ["list-runs", "read-run"], id="several"),
        pytest.param(("jobs", "--operation", "jobs"), ["list-runs", "read-run", "users"], id="it-wins"),
    ],
)
def test_what_is_skipped_is_not_called(server: Recorder, words: tuple[str, ...], expected: list[str]) -> None:
    """`--skip` takes an operation, a tag or a pattern, and each row says which word left it out."""
    server.responses.update(
        dict.fromkeys(("/runs", "/runs/a", "/admin/jobs", "/admin/users"), json_response([]))
    )
    given: list[str] = []
    for word in words:
        given.extend([word] if word.startswith("--") or given[-1:] == ["--operation"] else ["--skip", word])
    rows = _checked(server, _ADMIN, *given)
    assert expected == [name for name, row in rows.items() if row["skipped"] is None]
    skipped = [row["skipped"] for row in rows.values() if row["skipped"]]
    assert {"skipped"} == {item["kind"] for item in skipped}
    assert all(item["reason"] in {f"`--skip {word}` leaves it out" for word in words} for item in skipped)


@pytest.mark.parametrize("word", ["nothing", "nothing-*", "/nothing/*"])
def test_a_word_of_skip_that_matches_nothing_is_wrong_usage(server: Recorder, word: str) -> None:
    """A misspelled word would let the operation be called."""
    result = run_cli("check", _api(server, _ADMIN), "--skip", word)
    assert (2, []) == (result.exit_code, server.requests)
    assert f"`{word}`" in result.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("path", "operation_id", "word"),
    [
        pytest.param("/restart", "", "restart", id="path"),
        pytest.param("/cache/resetAll", "", "reset", id="camel-case"),
        pytest.param("/server", "shutDownServer", "shut-down", id="two-words"),
        pytest.param("/sessions/sign-out", "", "sign-out", id="hyphen"),
        pytest.param("/x", "DELETEThing", "delete", id="capitals"),
        pytest.param("/v1/logout2", "", "logout", id="digit"),
        pytest.param("/irc/stop", "", "stop", id="a-command"),
        pytest.param("/testemail", "", "test", id="two-words-in-one"),
        pytest.param("/sync/status", "", "", id="a-fact"),
        pytest.param("/deleted-runs", "listDeleted", "", id="an-adjective"),
        pytest.param("/runs/{delete}", "readRun", "", id="a-parameter"),
        pytest.param("/presets", "listPresets", "", id="a-part-of-a-word"),
    ],
)
def test_a_read_that_sounds_dangerous_is_left_out(
    server: Recorder, path: str, operation_id: str, word: str
) -> None:
    """It is reported in the data, in the table and in the plan; naming it calls it."""
    read = _get(
        *([_path("delete")] if "{" in path else []), **({"operationId": operation_id} if operation_id else {})
    )
    paths = {path: read, "/plain": _get(operationId="plain")}
    called = path.replace("{delete}", "a")
    server.responses.update({called: json_response({}), "/plain": json_response({})})
    rows = _checked(server, paths)
    name = next(name for name in rows if name != "plain")
    skipped = rows[name]["skipped"]
    assert (word != "") == (skipped is not None)
    if not word:
        return
    reason = f"its name suggests that it may change something (`{word}`); `--operation NAME` calls it anyway"
    assert {"kind": "dangerous", "reason": reason} == skipped
    api = _api(server, paths)
    for words in ((), ("--dry-run",)):
        reported = " ".join(run_cli("check", api, "-o", "text", *words).stdout.split())
        assert "its name suggests that it may change something" in reported
    assert called not in [request.target for request in server.requests]
    for option in ("--operation", "--only"):
        rows = _checked(server, paths, option, name)
        assert [200] == rows[name]["statuses"]


def test_only_what_sounds_dangerous(server: Recorder) -> None:
    """The error says what is left out, and how it is called."""
    result = run_cli("check", _api(server, {"/restart": _get(operationId="again")}))
    assert (2, []) == (result.exit_code, server.requests)
    assert "All read-only operations are left out" in result.stderr
    assert "`again`: its name suggests" in result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("path", "body", "target", "parameter", "expected"),
    [
        pytest.param("/runs", {"a": {"n": 1}, "b": {"n": 2}}, "/runs/{id}", "id", "a", id="keyed-by-id"),
        pytest.param("/runs", {"runs": {"a": {"n": 1}}}, "/runs/{id}", "id", "a", id="keyed-in-a-member"),
        pytest.param(
            "/runs", {"data": {"n": 1}, "meta": {"n": 1}}, "/runs/{id}", "id", None, id="an-envelope"
        ),
        pytest.param(
            "/runs", {"owner": {"n": 1}, "team": {"m": 1}}, "/runs/{id}", "id", None, id="not-of-one-kind"
        ),
        pytest.param(
            "/runs", [{"identifier": "r"}], "/runs/{run_identifier}", "run_identifier", "r", id="identifier"
        ),
        pytest.param(
            "/runs", [{"id": "r"}], "/runs/{run_identifier}", "run_identifier", "r", id="id-as-identifier"
        ),
        pytest.param("/runs", [{"id": "r", "name": "n"}], "/runs/name/{name}", "name", "n", id="by-name"),
        pytest.param("/runs", [{"id": "r", "name": "n"}], "/runs/by-id/{run_id}", "run_id", "r", id="by-id"),
        pytest.param(
            "/runs", [{"id": "r", "tag": "t"}], "/runs/tag/{tag}", "tag", "t", id="by-what-it-is-called"
        ),
        pytest.param(
            "/messages", {"messages": [{"ID": "m"}]}, "/message/{ID}", "ID", "m", id="singular-path"
        ),
        pytest.param("/messages", [{"uuid": "m"}], "/message/{uuid}", "uuid", "m", id="singular-path-uuid"),
        pytest.param("/messages", [{"name": "m"}], "/message/{name}", "name", "m", id="singular-path-name"),
        pytest.param("/messages", [{"id": "m"}], "/message/{id}/raw", "id", "m", id="below-a-singular-path"),
        pytest.param(
            "/messages", {"messages": [{"ID": "m"}]}, "/message/{message}", "message", "m", id="the-noun"
        ),
        pytest.param("/list/messages", [{"ID": "m"}], "/message/{ID}", "ID", "m", id="singular-elsewhere"),
        pytest.param("/messages", [{"ID": "m"}], "/folder/{ID}", "ID", None, id="another-thing"),
        pytest.param(
            "/me", {"tenant": "t"}, "/tenants/{tenant_name}", "tenant_name", "t", id="the-thing-itself"
        ),
        pytest.param("/me", {"teams": ["t"]}, "/x/{team}", "team", "t", id="an-item-of-a-list-of-names"),
        pytest.param("/x", {"data": {"id": "r"}}, "/y/{x_id}", "x_id", "r", id="behind-an-envelope"),
    ],
)
def test_where_else_an_id_may_be_listed(
    server: Recorder, path: str, body: Any, target: str, parameter: str, expected: str | None
) -> None:
    """The keys of an object, a member that does not say what it holds, the collection that a path searches by name."""
    server.responses[path] = json_response(body)
    paths = {path: _get(operationId="list"), target: _get(_path(parameter), operationId="one")}
    value, origin = _values(_checked(server, paths)["one"])[parameter]
    assert ((expected, "response") == (value, origin)) if expected is not None else (origin == "invented")


@pytest.mark.parametrize(
    ("description", "known", "expected"),
    [
        pytest.param("Database name", "main", ["main"], id="as-described"),
        pytest.param("The database", "main", ["d1", "main"], id="what-the-server-knows"),
        pytest.param("The database", "d1", ["d1"], id="id-first"),
    ],
)
def test_an_item_is_named_by_its_id_or_its_name(
    server: Recorder, description: str, known: str, expected: list[str]
) -> None:
    """What the server does not know gives way to the other, and what it knows is used from then on."""
    server.responses["/databases"] = json_response([{"id": "d1", "name": "main"}])
    server.responses.update(
        {f"/databases/{known}": json_response({}), f"/databases/{known}/tables": json_response([])}
    )
    database = _path("database", description=description)
    paths = {
        "/databases": _get(),
        "/databases/{database}": _get(database, operationId="one"),
        "/databases/{database}/tables/{table}": _get(
            database, _path("table", example="t"), operationId="table"
        ),
        "/databases/{database}/tables": _get(database, operationId="tables"),
    }
    rows = _checked(server, paths)
    assert expected == [
        _values(rows["one"], number)["database"][0] for number in range(len(rows["one"]["calls"]))
    ]
    assert known == _values(rows["table"])["database"][0]


def test_a_search_by_post_that_is_named_gives_ids(server: Recorder) -> None:
    """It is called first, and only if it is named; a pattern names several."""
    server.responses.update({"/runs/filter": json_response([{"id": "r1"}]), "/runs/r1": json_response({})})
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    search = {"operationId": "search", "requestBody": body, "responses": _OK}
    start = {"operationId": "start", "requestBody": body, "responses": _OK}
    paths = {
        "/runs/{id}": _get(_path("id"), operationId="getRun"),
        "/runs/filter": {"post": search},
        "/runs": {"post": start},
    }
    assert "invented" == _values(_checked(server, paths)["get-run"])["id"][1]
    server.requests.clear()
    rows = _checked(server, paths, "--operation", "POST */filter")
    assert ("r1", "response") == _values(rows["get-run"])["id"]
    assert ["POST /runs/filter", "GET /runs/r1"] == [
        f"{request.method} {request.target}" for request in server.requests
    ]
    assert "unsafe" == rows["start"]["skipped"]["kind"]


def test_a_list_elsewhere_is_called_before_what_needs_its_ids(server: Recorder) -> None:
    """`/projects/{}/runs` lists what `/runs/{run_id}` asks for, if there is no `/runs`."""
    server.responses.update(
        {
            "/projects": json_response([{"id": "p"}]),
            "/projects/p/runs": json_response({"data": [{"id": "r"}]}),
        }
    )
    paths = {
        "/runs/{run_id}": _get(_path("run_id"), operationId="getRun"),
        "/project_runs/{project_run_id}": _get(_path("project_run_id"), operationId="getProjectRun"),
        "/projects/{project_id}/runs": _get(_path("project_id"), operationId="runs"),
        "/projects": _get(),
    }
    rows = _checked(server, paths)
    assert {"run_id": ("r", "response")} == _values(rows["get-run"])
    assert {"project_run_id": ("r", "response")} == _values(rows["get-project-run"])


def test_a_name_in_a_path_belongs_to_what_it_names(server: Recorder) -> None:
    """`{flow_name}` below `/deployments/name` is not a name of a deployment."""
    server.responses.update(
        {"/deployments": json_response([{"name": "d"}]), "/flows": json_response([{"flow_name": "f"}])}
    )
    name = "/deployments/name/{flow_name}/{deployment_name}"
    paths = {
        "/deployments": _get(),
        "/flows": _get(),
        name: _get(_path("flow_name"), _path("deployment_name"), operationId="byName"),
    }
    values = _values(_checked(server, paths)["by-name"])
    assert {"flow_name": ("f", "response"), "deployment_name": ("d", "response")} == values
