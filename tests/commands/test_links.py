"""`describe` shows what comes after a response: links with the next command, callbacks, and webhooks."""

import shlex
from typing import Any

import pytest

from dynacli.openapi.model.runtime_expressions import Expression, parse_expression, split_template
from tests.documents import document, get, operation, parameter, save, save_api
from tests.dry_runs import request_of
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}


@pytest.mark.parametrize(
    ("text", "expected", "placeholder"),
    [
        ("$url", ("", "url", "", ()), "{url}"),
        ("$statusCode", ("", "statusCode", "", ()), "{statusCode}"),
        ("$request.path.id", ("request", "path", "id", ()), "{id}"),
        ("$request.query.page[size]", ("request", "query", "page[size]", ()), "{page[size]}"),
        ("$response.header.Location", ("response", "header", "Location", ()), "{Location}"),
        ("$response.body", ("response", "body", "", ()), "{body}"),
        ("$response.body#/", ("response", "body", "", ("",)), "{}"),
        ("$response.body#/data/0/id", ("response", "body", "", ("data", "0", "id")), "{id}"),
        ("$response.body#/0", ("response", "body", "", ("0",)), "{body}"),
        ("$request.body#/a~1b/m~0n", ("request", "body", "", ("a/b", "m~n")), "{m~n}"),
        ("$response.body.user.id", ("response", "body", "", ("user", "id")), "{id}"),
    ],
)
def test_a_runtime_expression_is_read(text: str, expected: tuple[Any, ...], placeholder: str) -> None:
    """Each form of "Runtime Expressions" says which side, which place, and the way to the value."""
    found = parse_expression(text)
    assert Expression(text, *expected) == found
    assert found is not None
    assert placeholder == found.placeholder


@pytest.mark.parametrize(
    "text", ["", "id", "$", "$other", "request.path.id", "{$url}", 7, None, "$response.cookie.x"]
)
def test_what_is_no_expression_is_a_constant(text: object) -> None:
    """Only what the specification lists is evaluated."""
    assert parse_expression(text) is None


def test_expressions_stand_in_braces_within_a_text() -> None:
    """A text may have several; braces around anything else are text."""
    pieces = split_template("{$request.path.id}/x/{$statusCode}{y}{$nope}")
    assert ["$request.path.id", "/x/", "$statusCode", "{y}", "{$nope}"] == [
        piece if isinstance(piece, str) else piece.text for piece in pieces
    ]


USER = {
    "type": "object",
    "properties": {
        "name": {**STRING, "example": "ada"},
        "id": INTEGER,
        "repos": {"type": "array", "items": {"$ref": "#/components/schemas/Repo"}},
    },
}
REPO = {"allOf": [{"type": "object", "properties": {"slug": STRING}}], "example": {"slug": "engine"}}


def link_document(link: dict[str, Any], **response: Any) -> str:
    """Write a document in which `getUser` has a link, and return the word that names it."""
    get_user = operation("getUser", parameter("user", STRING, "path"), parameter("team", STRING))
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}
    get_user["responses"] = {
        "200": {"description": "It", "content": content, "links": {"next": link}, **response}
    }
    repo = operation(
        "getRepo",
        parameter("owner", STRING, "path"),
        parameter("slug", STRING, "path"),
        parameter("depth", INTEGER),
        parameter("page", INTEGER, required=True),
    )
    rename = operation(
        "rename",
        parameter("id", INTEGER, "path"),
        body={"type": "object", "properties": {"name": STRING}},
    )
    return save_api(
        {
            "/users/{user}": {"get": get_user},
            "/repos/{owner}/{slug}": {"get": repo},
            "/users/{id}/name": {"put": rename},
        },
        schemas={"User": USER, "Repo": REPO},
    )


def next_words(api: str) -> list[str]:
    """Return the words after the name of the API in the command of the link."""
    line = run_cli("describe", api, "get-user", "-o", "json").json["links"]["next"]["example"]
    words = shlex.split(line)
    assert ["dynacli", api] == words[:2]
    return words[2:]


FILLED = [
    pytest.param(
        {
            "operationId": "getRepo",
            "parameters": {"owner": "$response.body#/name", "slug": "$response.body#/repos/0/slug"},
        },
        ["get-repo", "ada", "engine", "--page", "1"],
        id="examples-of-schemas",
    ),
    pytest.param(
        {
            "operationId": "getRepo",
            "parameters": {"path.owner": "$response.body#/id", "slug": "$request.query.team"},
        },
        ["get-repo", "{id}", "{team}", "--page", "1"],
        id="unknown-values-are-placeholders",
    ),
    pytest.param(
        {
            "operationId": "getRepo",
            "parameters": {"owner": "$request.path.user", "query.depth": 2, "slug": "x y"},
        },
        ["get-repo", "user", "x y", "--depth", "2", "--page", "1"],
        id="constants-and-the-first-call",
    ),
    pytest.param(
        {
            "operationId": "getRepo",
            "parameters": {"owner": "o-{$statusCode}-{$method}", "slug": "-s", "page": 3},
        },
        ["get-repo", "--owner", "o-200-GET", "--slug=-s", "--page", "3"],
        id="embedded-and-like-an-option",
    ),
    pytest.param(
        {"operationId": "getRepo", "server": {"url": "https://other.example"}},
        ["get-repo", "owner", "slug", "--page", "1", "--server", "https://other.example"],
        id="nothing-filled-and-a-server",
    ),
    pytest.param(
        {"operationRef": "#/paths/~1users~1%7Bid%7D~1name/put", "parameters": {"id": "$response.body#/id"}},
        ["rename", "{id}", "--example"],
        id="reference-and-a-body",
    ),
    pytest.param(
        {"operationId": "rename", "parameters": {"id": 4}, "requestBody": {"name": "b"}},
        ["rename", "4", "--body", '{"name": "b"}'],
        id="constant-body",
    ),
    pytest.param(
        {"operationId": "rename", "parameters": {"id": 4}, "requestBody": "$response.body"},
        ["rename", "4", "--body", "{body}"],
        id="body-from-the-response",
    ),
    pytest.param(
        {
            "operationId": "rename",
            "parameters": {"id": "$response.header.X-Id"},
            "requestBody": "$response.body#/repos/0",
        },
        ["rename", "7", "--body", '{"slug": "engine"}'],
        id="header-and-a-part-of-the-response",
    ),
]


@pytest.mark.parametrize(("link", "expected"), FILLED)
def test_a_link_shows_the_command_of_the_next_call(link: dict[str, Any], expected: list[str]) -> None:
    """What the link fills is there: with the value that the document has an example of, else as a placeholder."""
    api = link_document(link, headers={"x-id": {"schema": {**INTEGER, "example": 7}}})
    words = next_words(api)
    assert expected == words
    if not any("{" in word and ":" not in word for word in words):
        assert request_of(*words)["target"].startswith(("/repos/", "/users/")) or "--server" in words


def test_the_example_of_a_response_goes_before_those_of_schemas() -> None:
    """The media type's own example is about the whole response, so that its values belong together."""
    link = {
        "operationId": "getRepo",
        "parameters": {"owner": "$response.body#/name", "slug": "$response.body#/id"},
    }
    media = {
        "schema": {"$ref": "#/components/schemas/User"},
        "examples": {"one": {"value": {"name": "bob", "id": 5}}},
    }
    assert ["get-repo", "bob", "5", "--page", "1"] == next_words(
        link_document(link, content={"application/json": media})
    )


def test_the_data_of_a_link_says_what_goes_where() -> None:
    """Programs get the Link Object, the operation's name, and each filling with its option and value."""
    link = {
        "operationId": "getRepo",
        "description": "The first one",
        "parameters": {"owner": "$response.body#/name", "slug": "$response.body#/id"},
    }
    api = link_document(link)
    assert {
        **link,
        "status": "200",
        "operation": "get-repo",
        "fills": [
            {
                "name": "owner",
                "in": "path",
                "option": "--owner",
                "from": "$response.body#/name",
                "value": "ada",
                "placeholder": "{name}",
            },
            {
                "name": "slug",
                "in": "path",
                "option": "--slug",
                "from": "$response.body#/id",
                "value": None,
                "placeholder": "{id}",
            },
        ],
        "example": f"dynacli {api} get-repo ada {{id}} --page 1",
    } == run_cli("describe", api, "get-user", "-o", "json").json["links"]["next"]
    page = run_cli("-o", "text", "describe", api, "get-user").stdout
    assert (
        "Links\n  next  200 -> get-repo\n      > The first one\n      --owner  from $response.body#/name\n"
        f"      --slug  from $response.body#/id\n      dynacli {api} get-repo ada {{id}} --page 1\n"
    ) in page


@pytest.mark.parametrize(
    ("link", "note"),
    [
        ({"operationId": "getRepos"}, "the document has no operation `getRepos`"),
        ({"operationRef": "#/paths/~1none/get"}, "`#/paths/~1none/get` refers to no operation"),
        ({"operationRef": "#/components"}, "`#/components` refers to no operation"),
        (
            {"operationRef": "https://other.example/api.json#/paths/~1a/get"},
            "`https://other.example/api.json#/paths/~1a/get` refers to another document",
        ),
        ({}, "the link names no operation"),
        ({"operationId": 7, "parameters": []}, "the link names no operation"),
    ],
    ids=["no-such-id", "no-such-path", "no-path", "another-document", "nothing", "wrong-types"],
)
def test_a_link_that_leads_nowhere_is_a_note(link: dict[str, Any], note: str) -> None:
    """The operation is described anyway."""
    api = link_document(link)
    described = run_cli("describe", api, "get-user", "-o", "json").json["links"]["next"]
    assert (None, None, note) == (described["operation"], described["example"], described["note"])
    assert f"      {note}\n" in run_cli("-o", "text", "describe", api, "get-user").stdout


def test_a_parameter_that_the_linked_operation_lacks_is_a_note() -> None:
    """The rest of the link is used."""
    api = link_document({"operationId": "rename", "parameters": {"id": 1, "query.what": 2}})
    described = run_cli("describe", api, "get-user", "-o", "json").json["links"]["next"]
    assert ("`rename` has no parameter `query.what`", f"dynacli {api} rename 1 --example") == (
        described["note"],
        described["example"],
    )


def test_links_of_several_responses_are_all_there() -> None:
    """Links of one name in two responses are told apart by the status; a component is followed."""
    link = {"operationId": "getUser"}
    get_user = operation("getUser")
    get_user["responses"] = {
        "200": {"description": "", "links": {"self": {"$ref": "#/components/links/Again"}}},
        "404": {"description": "", "links": {"self": link, "other": link}},
    }
    api = save_api({"/user": {"get": get_user}}, components={"links": {"Again": link}})
    links = run_cli("describe", api, "get-user", "-o", "json").json["links"]
    assert [("self", "200"), ("404.self", "404"), ("other", "404")] == [
        (name, body["status"]) for name, body in links.items()
    ]


def test_the_links_of_a_response_may_be_a_reference() -> None:
    """The map itself, too, which documents with many responses alike write once."""
    get_user = operation("getUser")
    get_user["responses"] = {"200": {"description": "", "links": {"$ref": "#/components/links"}}}
    api = save_api({"/user": {"get": get_user}}, components={"links": {"again": {"operationId": "getUser"}}})
    described = run_cli("describe", api, "get-user", "-o", "json").json
    assert [("again", "200")] == [(name, body["status"]) for name, body in described["links"].items()]


EVENT = {
    "post": {
        "summary": "Something happened",
        "description": "At **once**.",
        "parameters": [{"name": "X-Sign", "in": "header", "required": True, "schema": STRING}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}},
        },
        "responses": {"204": {"description": "Taken"}, 410: {"description": "Stop"}},
    },
    "parameters": [{"$ref": "#/components/parameters/Nowhere"}],
}
EXPECTED_EVENT = {
    "operation_id": None,
    "summary": "Something happened",
    "description": "At **once**.",
    "deprecated": False,
    "parameters": [
        {"name": "X-Sign", "in": "header", "required": True, "schema": STRING, "description": ""},
    ],
    "body": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}},
    },
    "responses": {
        "204": {"description": "Taken", "content": {}},
        "410": {"description": "Stop", "content": {}},
    },
}
EVENT_LINES = [
    "  > At once.",
    "  X-Sign  header, required",
    "  Body (application/json, required)",
    "    name  string",
    '  You respond with 204  "Taken"',
    '  You respond with 410  "Stop"',
]


def test_callbacks_are_shown_by_name_and_expression() -> None:
    """What the server will send, where to, and what it wants to hear; callbacks may be components."""
    subscribe = operation(
        "subscribe",
        callbacks={
            "onEvent": {"{$request.body#/url}/event": EVENT, "x-note": 1},
            "other": {"$ref": "#/components/callbacks/Other"},
        },
    )
    other: dict[str, Any] = {"Other": {"$request.query.url": {"put": {"responses": {}}}}}
    api = save_api(
        {"/subscribe": {"post": subscribe}},
        components={"schemas": {"User": USER, "Repo": REPO}, "callbacks": other},
    )
    callbacks = run_cli("describe", api, "subscribe", "-o", "json").json["callbacks"]
    assert EXPECTED_EVENT == callbacks["onEvent"]["{$request.body#/url}/event"]["POST"]
    assert ["$request.query.url"] == list(callbacks["other"])
    assert {"PUT": None} == {
        method: callback["body"] for method, callback in callbacks["other"]["$request.query.url"].items()
    }
    page = run_cli("-o", "text", "describe", api, "subscribe").stdout.splitlines()
    start = page.index('  onEvent  POST {$request.body#/url}/event  "Something happened"')
    shown = page[start + 1 : start + 20]
    assert [f"  {line}" for line in EVENT_LINES if line[:5] != "    n"] == [
        line for line in shown if line.strip() and line[:6] != " " * 6
    ][:5]
    assert "  other  PUT $request.query.url" in page


def webhook_document(version: str = "3.1.0", key: str = "webhooks") -> str:
    """Write a document with one operation and three webhooks."""
    api = save_api(get("/a", "newPet"), schemas={"User": USER, "Repo": REPO}, version=version)
    import json
    from pathlib import Path

    made = json.loads(Path("api.json").read_text())
    made[key] = {
        "somethingHappened": EVENT,
        "newPet": {"post": {}},
        "shared": {"$ref": "#/components/pathItems/Shared"},
    }
    made["components"]["pathItems"] = {
        "Shared": {"put": {"operationId": "sharedEvent", "summary": "A shared one"}}
    }
    Path("api.json").write_text(json.dumps(made))
    return api


@pytest.mark.parametrize(
    ("version", "key"), [("3.1.0", "webhooks"), ("3.2.0", "webhooks"), ("3.0.3", "x-webhooks")]
)
def test_webhooks_are_described_by_their_name(version: str, key: str) -> None:
    """They are marked as sent by the server, and cannot be called."""
    api = webhook_document(version, key)
    for word in ("somethingHappened", "something-happened", "webhooks.somethingHappened"):
        assert {
            "api": api,
            "webhook": "somethingHappened",
            "sent_by": "server",
            "requests": {"POST": EXPECTED_EVENT},
        } == run_cli("describe", api, word, "-o", "json").json
    page = run_cli("-o", "text", "describe", api, "something-happened").stdout.splitlines()
    assert [
        "somethingHappened  a webhook: the server sends it to you, it cannot be called",
        "",
        'POST  "Something happened"',
    ] == page[:3]
    assert [line for line in EVENT_LINES if line in page] == EVENT_LINES
    assert (
        "sharedEvent"
        == run_cli("describe", api, "shared", "-o", "json").json["requests"]["PUT"]["operation_id"]
    )
    assert 2 == run_cli(api, "something-happened").exit_code


def test_a_webhook_never_hides_an_operation() -> None:
    """If both have one name, the operation has it, and the webhook is `webhooks.NAME`."""
    api = webhook_document()
    assert "new-pet" == run_cli("describe", api, "newPet", "-o", "json").json["name"]
    assert "newPet" == run_cli("describe", api, "webhooks.newPet", "-o", "json").json["webhook"]


def test_the_overview_counts_the_webhooks() -> None:
    """They are no operations; the page says how many there are, and the command that lists them."""
    api = webhook_document()
    reported = f"Webhooks   3, which the server sends: dynacli describe {api} webhooks\n"
    assert reported in run_cli(api).stdout


def test_all_webhooks_are_listed() -> None:
    """`describe API webhooks` lists them, each with its methods and its summary."""
    paths = {"/a": {"get": operation("a")}}
    made = document(
        paths,
        None,
        webhooks={f"event{number}": {"post": {"summary": f"Number {number}"}} for number in range(15)},
    )
    api = save({**made, "openapi": "3.1.0"})
    rows = run_cli("describe", api, "webhooks", "-o", "json").json
    assert (15, {"name": "event14", "methods": ["POST"], "summary": "Number 14"}) == (len(rows), rows[14])
    lines = run_cli("-o", "text", "describe", api, "webhooks").stdout.splitlines()
    assert (15, '  event14  "Number 14"') == (len(lines), lines[14])


@pytest.mark.parametrize("word", ["somethingHappene", "webhooks.", "webhooks.x"])
def test_what_there_is_not_is_said(word: str) -> None:
    """A name of nothing is exit 2, and so is a field of a webhook."""
    api = webhook_document()
    assert 2 == run_cli("describe", api, word).exit_code
    result = run_cli("--error-format", "json", "describe", api, "shared", "x")
    assert (2, "`x` is an unexpected argument") == (result.exit_code, result.error["message"])
