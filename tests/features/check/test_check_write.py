"""`check --write` creates, reads, changes and removes things if the document makes plain how, and cleans up."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dynacli.features.check._call_planner import ResponseValues
from dynacli.features.check.resource_chains import ResourceChain, find_chains
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.path_templates import parameter_names
from dynacli.record import replace
from tests.documents import catalog_of, document, parameter
from tests.harness import RecordedRequest, Recorder, Response, Result, json_response, recording, run_cli

JSON = "application/json"


def _catalog(words: Sequence[str], linked: Mapping[str, Sequence[str]]) -> Catalog:
    """Compile a document whose operations have the names `POST /a`, with links that pass an id on."""

    def responses(word: str) -> dict[str, Any]:
        links = {
            f"link{number}": {
                "operationId": target,
                "parameters": dict.fromkeys(parameter_names(target)[-1:], "$response.body#/id"),
            }
            for number, target in enumerate(linked.get(word, ()))
        }
        return {"200": {"description": "", "links": links}}

    made = [(word, *word.split(" ")) for word in words]
    paths: dict[str, Any] = {}
    for word, method, path in made:
        parameters = [parameter(name, {"type": "string"}, "path") for name in parameter_names(path)]
        operation = {"operationId": word, "parameters": parameters, "responses": responses(word)}
        paths.setdefault(path, {})[method.lower()] = operation
    return catalog_of(document(paths))


@pytest.mark.parametrize(
    ("words", "linked", "expected"),
    [
        pytest.param(
            ["GET /a", "POST /a", "GET /a/{id}", "PATCH /a/{x}", "PUT /a/{id}", "DELETE /a/{id}"],
            {},
            [
                ResourceChain(
                    "POST /a", "/a/{}", "GET /a/{id}", ("PATCH /a/{x}", "PUT /a/{id}"), "DELETE /a/{id}"
                )
            ],
            id="whole",
        ),
        pytest.param(
            ["POST /a", "GET /a/{id}"],
            {},
            [ResourceChain("POST /a", "/a/{}", "GET /a/{id}")],
            id="read-alone",
        ),
        pytest.param(["POST /a"], {}, [], id="nothing-below"),
        pytest.param(["POST /a", "GET /a/{id}/b"], {}, [], id="not-one-of-it"),
        pytest.param(["POST /a/{id}", "GET /a/{id}"], {}, [], id="no-collection"),
        pytest.param(
            ["POST /a/", "GET /a/{id}/"], {}, [ResourceChain("POST /a/", "/a/{}", "GET /a/{id}/")], id="slash"
        ),
        pytest.param(
            ["POST /a", "POST /a/{id}/archive", "POST /a/{id}/run"],
            {},
            [ResourceChain("POST /a", "/a/{}", delete="POST /a/{id}/archive")],
            id="archive",
        ),
        pytest.param(
            ["POST /a", "DELETE /a/{id}", "POST /a/{id}/b", "GET /a/{a}/b/{b}", "DELETE /a/{a}/b/{b}"],
            {},
            [
                ResourceChain("POST /a", "/a/{}", delete="DELETE /a/{id}"),
                ResourceChain(
                    "POST /a/{id}/b", "/a/{}/b/{}", "GET /a/{a}/b/{b}", (), "DELETE /a/{a}/b/{b}", "/a/{}"
                ),
            ],
            id="one-inside-of-another",
        ),
        pytest.param(
            ["POST /start", "GET /jobs/{id}", "DELETE /jobs/{id}"],
            {"POST /start": ["GET /jobs/{id}"]},
            [ResourceChain("POST /start", "/jobs/{}", "GET /jobs/{id}", (), "DELETE /jobs/{id}")],
            id="by-a-link",
        ),
        pytest.param(
            ["POST /a", "DELETE /a/{id}", "POST /a/{id}/b", "GET /b/{id}", "DELETE /b/{id}"],
            {},
            [
                ResourceChain("POST /a", "/a/{}", delete="DELETE /a/{id}"),
                ResourceChain("POST /a/{id}/b", "/b/{}", "GET /b/{id}", (), "DELETE /b/{id}", "/a/{}"),
            ],
            id="in-another-and-at-its-own-path",
        ),
        pytest.param(["POST /a/{id}/b", "GET /b/{id}"], {}, [], id="at-its-own-path-for-good"),
        pytest.param(
            ["POST /a/{id}/a", "GET /a/{id}", "DELETE /a/{id}"],
            {},
            [ResourceChain("POST /a/{id}/a", "/a/{}", "GET /a/{id}", (), "DELETE /a/{id}")],
            id="in-another-of-its-kind",
        ),
        pytest.param(
            ["POST /jobs", "POST /start", "GET /jobs/{id}"],
            {"POST /start": ["GET /jobs/{id}"]},
            [
                ResourceChain("POST /jobs", "/jobs/{}", "GET /jobs/{id}"),
                ResourceChain("POST /start", "/jobs/{}", "GET /jobs/{id}"),
            ],
            id="two-that-create",
        ),
        pytest.param(
            ["POST /start", "GET /jobs/{id}"], {"POST /start": ["gone"]}, [], id="a-link-to-nothing"
        ),
        pytest.param(
            ["PUT /a/{id}", "GET /a/{id}", "DELETE /a/{id}"],
            {},
            [
                ResourceChain(
                    "PUT /a/{id}", "/a/{}", "GET /a/{id}", (), "DELETE /a/{id}", is_created_by_put=True
                )
            ],
            id="put",
        ),
        pytest.param(["PUT /a/{id}", "GET /a/{id}"], {}, [], id="put-without-removal"),
        pytest.param(["PUT /a/{id}", "DELETE /a/{id}"], {}, [], id="put-without-reading"),
    ],
)
def test_what_belongs_together(
    words: list[str], linked: dict[str, list[str]], expected: list[ResourceChain]
) -> None:
    """A chain is what the paths, or links, make plain, and nothing else."""
    catalog = _catalog(words, linked)
    names = {summary.name: f"{summary.method} {summary.path}" for summary in catalog.summaries()}

    def named(chain: ResourceChain) -> ResourceChain:
        create, read, delete = (names.get(name, "") for name in (chain.create, chain.read, chain.delete))
        updates = tuple(map(names.__getitem__, chain.updates))
        return replace(chain, create=create, read=read, updates=updates, delete=delete)

    assert expected == [named(chain) for chain in find_chains(catalog.resources(), catalog.summaries())]


_THING: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}


class _Store:
    """A server that keeps things, at `/things`."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.things: dict[int, Any] = {}
        self.responses: dict[str, Callable[[RecordedRequest], Response]] = {}
        self.location = False
        self.made = 0
        recorder.responses["/things"] = self.collection
        for number in range(1, 9):
            recorder.responses[f"/things/{number}"] = self.item

    def collection(self, request: RecordedRequest) -> Response:
        if request.method in self.responses:
            return self.responses[request.method](request)
        if request.method == "GET":
            return json_response([*self.things.values()])
        number = self.made = max(len(self.things), self.made) + 1
        self.things[number] = {"id": number, **json.loads(request.body)}
        if self.location:
            headers = {"Location": f"/things/{number}", "Content-Type": JSON}
            return Response(201, b"{}", headers)
        return Response(201, json.dumps(self.things[number]).encode())

    def item(self, request: RecordedRequest) -> Response:
        number = int(request.target.rpartition("/")[2])
        key = f"{request.method} item"
        if key in self.responses:
            return self.responses[key](request)
        if number not in self.things:
            return Response(404, b"", {})
        if request.method == "DELETE":
            del self.things[number]
            return Response(204, b"", {})
        if request.method == "PATCH":
            self.things[number].update(json.loads(request.body))
        return json_response(self.things[number])

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.recorder.requests]


def _document(origin: str, *, created: Any = _THING, **more: Any) -> dict[str, Any]:
    def responses(status: str, schema: Any = _THING) -> dict[str, Any]:
        return {
            status: {"description": "", "content": {JSON: {"schema": schema}}},
            "404": {"description": ""},
        }

    body = {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string", "example": "n"}},
                    "required": ["name"],
                }
            }
        },
    }
    parameter = {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    paths = {
        "/things": {
            "get": {"operationId": "list", "responses": responses("200", {"type": "array", "items": _THING})},
            "post": {"operationId": "create", "requestBody": body, "responses": responses("201", created)},
        },
        "/things/{thing_id}": {
            "parameters": [parameter],
            "get": {"operationId": "read", "responses": responses("200")},
            "patch": {"operationId": "change", "requestBody": body, "responses": responses("200")},
            "delete": {"operationId": "remove", "responses": {"204": {"description": ""}}},
        },
        **more,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": origin}],
        "paths": paths,
    }


@pytest.fixture
def store() -> Iterator[_Store]:
    """Return a server that keeps things."""
    with recording() as recorder:
        yield _Store(recorder)


def _check(tmp_path: Path, document: dict[str, Any], *words: str, **settings: Any) -> Result:
    file = tmp_path / "document.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return run_cli("check", str(file), "-o", "json", "--write", *words, **settings)


def _rows(result: Result) -> dict[str, dict[str, Any]]:
    return {row["operation"]: row for row in result.json if "operation" in row}


_CHAIN = [
    "POST /things",
    "GET /things/1",
    "PATCH /things/1",
    "GET /things/1",
    "DELETE /things/1",
]


@pytest.mark.parametrize("location", [False, True], ids=["id-in-the-body", "location"])
def test_a_whole_life(tmp_path: Path, store: _Store, location: bool) -> None:
    """What is created is read, changed, read again and removed, by the id that the server gave it."""
    store.location = location
    created = {"type": "object"} if location else _THING
    result = _check(tmp_path, _document(store.recorder.origin, created=created), "--yes")
    assert (0, "") == (result.exit_code, result.stderr)
    assert _CHAIN == store.calls[-5:]
    assert {} == store.things
    assert all(
        value["skipped"] is None and value["valid"]
        for value in _rows(result).values()
        if value["operation"] != "read"
    )
    assert [200, 200] == [call["status"] for call in _rows(result)["read"]["calls"]][-2:]


@pytest.mark.parametrize(
    ("body", "schema"),
    [
        pytest.param({"thing": {"id": 1, "name": "n"}}, {"type": "object"}, id="in-what-is-called-like-it"),
        pytest.param({"data": {"thing_id": 1}}, {"type": "object"}, id="in-an-envelope"),
        pytest.param({"thingId": 1, "id": "x"}, {"type": "object"}, id="by-the-name-of-the-parameter"),
        pytest.param(1, {"type": "integer"}, id="the-id-alone"),
    ],
)
def test_where_the_id_may_stand(tmp_path: Path, store: _Store, body: Any, schema: Any) -> None:
    """A response says in many ways what was created."""

    def create(_: RecordedRequest) -> Response:
        store.things[1] = {"id": 1, "name": "n"}
        return Response(201, json.dumps(body).encode())

    store.responses["POST"] = create
    result = _check(tmp_path, _document(store.recorder.origin, created=schema), "--yes")
    assert (0, "") == (result.exit_code, result.stderr)
    assert (_CHAIN, {}) == (store.calls[-5:], store.things)


def test_what_a_link_says(tmp_path: Path, store: _Store) -> None:
    """A link of the response to the creation comes before all guesses."""

    def create(_: RecordedRequest) -> Response:
        store.things[2] = {"id": 2, "name": "n"}
        return Response(201, b'{"id":1,"name":"n","self":2}')

    store.responses["POST"] = create
    created = {**_THING, "properties": {**_THING["properties"], "self": {"type": "integer"}}}
    document = _document(store.recorder.origin, created=created)
    document["paths"]["/things"]["post"]["responses"]["201"]["links"] = {
        "it": {"operationId": "read", "parameters": {"thing_id": "$response.body#/self"}}
    }
    result = _check(tmp_path, document, "--yes")
    assert (0, "") == (result.exit_code, result.stderr)
    assert "DELETE /things/2" == store.calls[-1]


def test_findings_do_not_end_it(tmp_path: Path, store: _Store) -> None:
    """A response that does not match the document is found; the rest of the chain is called, the removal last."""
    store.responses["PATCH item"] = lambda _: Response(200, b'{"id":"x"}')
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    assert 9 == result.exit_code
    rules = {finding["rule"] for finding in _rows(result)["change"]["findings"]}
    assert {"type", "required"} == rules
    assert ("DELETE /things/1", {}) == (store.calls[-1], store.things)


def test_what_cannot_be_removed_is_said(tmp_path: Path, store: _Store) -> None:
    """If it is, too."""
    store.responses["DELETE item"] = lambda _: Response(500, b"")
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    where = f"{store.recorder.origin}/things/1"
    assert f"warning: `create` created {where}, and `remove` responded with 500" in result.stderr


def test_without_a_removal(tmp_path: Path, store: _Store) -> None:
    """It is created anyway, and said to stay."""
    document = _document(store.recorder.origin)
    del document["paths"]["/things/{thing_id}"]["delete"]
    result = _check(tmp_path, document, "--yes")
    assert 0 == result.exit_code
    where = f"{store.recorder.origin}/things/1"
    assert f"`create` created {where}, and the document has nothing that removes it" in result.stderr


def test_nothing_was_created(tmp_path: Path, store: _Store) -> None:
    """Then there is nothing to change and to remove, and it is reported why."""
    store.responses["POST"] = lambda _: Response(404, b"", {})
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    rows = _rows(result)
    assert ["POST /things"] == [call for call in store.calls if not call.startswith("GET")]
    assert "`create` created nothing that it could be called for" == rows["remove"]["skipped"]["reason"]


def test_nobody_knows_what_was_created(tmp_path: Path, store: _Store) -> None:
    """A response without any id leaves something after that cannot be named."""
    store.responses["POST"] = lambda _: Response(201, b'{"name":"n"}')
    result = _check(tmp_path, _document(store.recorder.origin, created={"type": "object"}), "--yes")
    assert f"`create` created something at {store.recorder.origin}/things" in result.stderr
    assert ["POST /things"] == [call for call in store.calls if not call.startswith("GET")]


def test_a_part_of_something(tmp_path: Path, store: _Store) -> None:
    """A chain below another one is run in what that one made, and is removed before it."""
    parameter = {"in": "path", "required": True, "schema": {"type": "integer"}}
    response = {"description": "", "content": {JSON: {"schema": {"type": "object"}}}}
    parts = {
        "/things/{id}/parts": {
            "parameters": [{**parameter, "name": "id"}],
            "post": {"operationId": "create-part", "responses": {"201": response}},
        },
        "/things/{id}/parts/{part}": {
            "parameters": [{**parameter, "name": "id"}, {**parameter, "name": "part"}],
            "delete": {"operationId": "remove-part", "responses": {"204": {"description": ""}}},
        },
    }
    store.recorder.responses["/things/1/parts"] = Response(201, b'{"part":7}')
    store.recorder.responses["/things/1/parts/7"] = Response(204, b"", {})
    result = _check(tmp_path, _document(store.recorder.origin, **parts), "--yes")
    assert (0, "") == (result.exit_code, result.stderr)
    assert [*_CHAIN[:-1], "POST /things/1/parts", "DELETE /things/1/parts/7", _CHAIN[-1]] == store.calls[-7:]


class _Everywhere(dict[str, Any]):
    """Responses of paths, and one for all others."""

    def __init__(self, known: dict[str, Any], others: Callable[[RecordedRequest], Response]) -> None:
        super().__init__(known)
        self._others = others

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ARG002
        return super().get(key, self._others)


def _named(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The document with PUT instead of POST."""
    paths = document["paths"]
    item = paths["/things/{thing_id}"]
    item["put"] = {**paths["/things"].pop("post"), "operationId": "put"}
    item["parameters"] = [{"name": "thing_id", "in": "path", "required": True, "schema": schema}]
    del item["patch"]
    return document


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "string"}, id="text"),
        pytest.param({"type": "string", "format": "uuid"}, id="uuid"),
        pytest.param({"type": "integer"}, id="number"),
    ],
)
def test_a_name_of_our_own(tmp_path: Path, schema: dict[str, Any]) -> None:
    """PUT creates if reading says that nothing has that name, and what it made is removed."""
    things: dict[str, bytes] = {}

    def item(request: RecordedRequest) -> Response:
        body = things.get(request.target)
        if request.method == "PUT":
            things[request.target] = b'{"id":1,"name":"n"}'
            return Response(201, things[request.target])
        if request.method == "DELETE":
            things.pop(request.target)
            return Response(204, b"", {})
        return Response(200, body) if body else Response(404, b"", {})

    with recording() as recorder:
        recorder.responses["/things"] = Response(200, b"[]")
        recorder.responses = _Everywhere(recorder.responses, item)
        result = _check(tmp_path, _named(_document(recorder.origin), schema), "--yes")
        calls = [asked.method for asked in recorder.requests if asked.target != "/things"][-4:]
    assert (0, "", {}) == (result.exit_code, result.stderr, things)
    assert ["GET", "PUT", "GET", "DELETE"] == calls


def test_a_number_is_only_made_up_for_an_id(tmp_path: Path) -> None:
    """`/delay/{delay}` takes an amount: a large one would make the server wait as long."""
    with recording() as recorder:
        document = _named(_document(recorder.origin), {"type": "integer"})
        document["paths"] = {"/delay/{delay}": document["paths"]["/things/{thing_id}"]}
        item = document["paths"]["/delay/{delay}"]
        item["parameters"][0].update(name="delay", example=1)
        result = _check(tmp_path, document, "--yes")
        assert ["GET /delay/1"] == [f"{request.method} {request.target}" for request in recorder.requests]
    assert "no name for a new resource can be made up" == _rows(result)["put"]["skipped"]["reason"]


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    """Nothing is written if reading does not say that a name is free."""
    taken = Response(200, b'{"id":1,"name":"n"}')
    with recording() as recorder:
        recorder.responses["/things"] = Response(200, b"[]")
        recorder.responses = _Everywhere(recorder.responses, lambda _: taken)
        result = _check(tmp_path, _named(_document(recorder.origin), {"type": "string"}), "--yes")
        assert {"GET"} == {request.method for request in recorder.requests}
    assert "`read` does not say that a name is free" == _rows(result)["put"]["skipped"]["reason"]


def test_what_was_there_before_stays(tmp_path: Path, store: _Store) -> None:
    """A creation that responds with a thing of before has made nothing that may be changed or removed."""
    store.things[1] = {"id": 1, "name": "old"}
    store.responses["POST"] = lambda _: Response(201, b'{"id":1,"name":"old"}')
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    assert {1: {"id": 1, "name": "old"}} == store.things
    assert {"GET", "POST"} == {request.method for request in store.recorder.requests}
    reason = "the response of `create` names `1`, which was there before"
    assert reason == _rows(result)["remove"]["skipped"]["reason"]
    assert "or it was there before" not in result.stderr


def test_what_may_have_been_there_before_is_told(tmp_path: Path, store: _Store) -> None:
    """A server that knows any id shows nothing: what the creation names stays, and it is reported that it does."""
    store.responses["GET item"] = lambda _: Response(200, b'{"id":1,"name":"n"}')
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    assert {"GET", "POST"} == {request.method for request in store.recorder.requests}
    said = f"`create` created {store.recorder.origin}/things/1, or it was there before"
    assert said in " ".join(result.stderr.split())


def test_what_is_in_no_chain_is_not_called(tmp_path: Path, store: _Store) -> None:
    """Unless the person names it."""
    more = {"/reset": {"post": {"operationId": "reset", "responses": {"204": {"description": ""}}}}}
    store.recorder.responses["/reset"] = Response(204, b"", {})
    document = _document(store.recorder.origin, **more)
    skipped = _rows(_check(tmp_path, document, "--yes"))["reset"]["skipped"]
    assert "unsafe" == skipped["kind"]
    assert "is not about what is created here" in skipped["reason"]
    assert "POST /reset" not in store.calls
    assert 0 == _check(tmp_path, document, "--yes", "--operation", "reset").exit_code
    assert "POST /reset" in store.calls


def test_nothing_is_plain(tmp_path: Path, store: _Store) -> None:
    """Then it is reported that nothing is written, no one is asked, and what reads is called."""
    document = _document(store.recorder.origin)
    del document["paths"]["/things/{thing_id}"]
    result = _check(tmp_path, document)
    assert (0, ["GET /things"]) == (result.exit_code, store.calls)
    assert "does not show how to create and remove resources, so nothing is written" in result.stderr


def test_where_location_and_the_body_differ(tmp_path: Path, store: _Store) -> None:
    """`Location` is the word of HTTP for what was created."""

    def create(_: RecordedRequest) -> Response:
        store.things[2] = {"id": 2, "name": "n"}
        return Response(201, b'{"id":1}', {"Location": "/things/2", "Content-Type": JSON})

    store.responses["POST"] = create
    result = _check(tmp_path, _document(store.recorder.origin, created={"type": "object"}), "--yes")
    assert (0, "", {}) == (result.exit_code, result.stderr, store.things)


def test_one_operation_brings_those_that_it_needs(tmp_path: Path, store: _Store) -> None:
    """To change something it has to be created, and to be removed afterwards."""
    _check(tmp_path, _document(store.recorder.origin), "--yes", "--only", "change")
    assert ["POST /things", "PATCH /things/1", "DELETE /things/1"] == store.calls


def test_the_person_gives_values(tmp_path: Path, store: _Store) -> None:
    """`--set` reaches the bodies of what is written."""
    _check(tmp_path, _document(store.recorder.origin), "--yes", "--set", "create.name=mine")
    assert b'{"name":"mine"}' == next(
        request.body for request in store.recorder.requests if request.method == "POST"
    )


def test_a_thing_at_its_own_path_is_created_in_another(tmp_path: Path, store: _Store) -> None:
    """The id of what it is created in is not a part of its path."""
    document = _document(store.recorder.origin)
    for path in ("/things", "/things/{thing_id}"):
        document["paths"][path].pop("post", None)
    teams = {"get": {"operationId": "teams", "responses": {"200": {"description": ""}}}}
    create = _document("")["paths"]["/things"]["post"]
    team = {"name": "team_id", "in": "path", "required": True, "schema": {"type": "string"}}
    document["paths"] |= {"/teams": teams, "/teams/{team_id}/things": {"parameters": [team], "post": create}}
    store.recorder.responses |= {
        "/teams": Response(200, b'[{"id": "x"}]'),
        "/teams/x/things": store.collection,
    }
    result = _check(tmp_path, document, "--yes", "--validate", "off")
    assert ("", {}) == (result.stderr, store.things)
    assert ["POST /teams/x/things", *_CHAIN[1:]] == store.calls[-5:]


def test_what_is_below_a_new_thing_is_read(tmp_path: Path, store: _Store) -> None:
    """A read that there was nothing for is called while the check's own thing is there."""

    def history(_: RecordedRequest) -> Response:
        return Response(200 if store.things else 404, b"{}")

    document = _document(store.recorder.origin)
    parameters = document["paths"]["/things/{thing_id}"]["parameters"]
    responses = {"200": {"description": ""}, "404": {"description": ""}}
    for name in ("history", "reset"):
        read: dict[str, Any] = {"operationId": name, "responses": responses}
        document["paths"][f"/things/{{thing_id}}/{name}"] = {"parameters": parameters, "get": read}
    read = {"operationId": "by_key", "parameters": [{**parameters[0], "name": "key"}], "responses": responses}
    document["paths"]["/things/{key}/latest"] = {"get": read}
    for number in range(9):
        store.recorder.responses[f"/things/{number}/history"] = history
    result = _check(tmp_path, document, "--yes", "--validate", "off")
    assert {} == store.things
    assert [404, 200] == _rows(result)["history"]["statuses"]
    assert ["GET /things/1/history", "DELETE /things/1"] == store.calls[-2:]
    assert "reset" not in " ".join(store.calls)
    assert [404] == _rows(result)["by-key"]["statuses"]


_BOTH = ("stdin", "stderr")


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        pytest.param([], {}, id="no-terminal"),
        pytest.param(["--no-input"], {"terminal": _BOTH}, id="no-input"),
        pytest.param([], {"terminal": _BOTH, "stdin": b"n\n"}, id="no"),
        pytest.param([], {"terminal": _BOTH, "stdin": b""}, id="end-of-input"),
    ],
)
def test_nobody_agrees(tmp_path: Path, store: _Store, words: list[str], settings: dict[str, Any]) -> None:
    """Then nothing at all is sent."""
    result = _check(tmp_path, _document(store.recorder.origin), *words, **settings)
    assert (2, []) == (result.exit_code, store.calls)


def test_the_question(tmp_path: Path, store: _Store) -> None:
    """It says how many operations, which, and at which server."""
    settings: dict[str, Any] = {"terminal": _BOTH, "stdin": b"y\n"}
    result = _check(tmp_path, _document(store.recorder.origin), **settings)
    assert 0 == result.exit_code
    origin = store.recorder.origin
    asked = (
        f"3 operations change something at {origin}:\n  create -> read -> change -> remove\nCall them? [y/N] "
    )
    assert asked in result.stderr
    assert _CHAIN == store.calls[-5:]


def test_the_question_says_what_may_be_attached(tmp_path: Path, store: _Store) -> None:
    """What is created may belong to something that is there: the inputs that say to what are named."""
    document = _document(store.recorder.origin)
    body = {
        "type": "object",
        "required": ["thing_id", "name"],
        "properties": {"thing_id": {"type": "integer"}, "name": {"type": "string"}},
    }
    for path, name in (("/parts", "part"), ("/things/{thing_id}/notes", "note")):
        document["paths"][path] = {
            "post": {
                "operationId": f"add_{name}",
                "requestBody": {"content": {JSON: {"schema": body}}},
                "responses": {"201": {"description": ""}},
            },
            "parameters": document["paths"]["/things/{thing_id}"]["parameters"] * (name == "note"),
        }
        document["paths"][f"{path}/{{id}}"] = {
            "get": {"operationId": f"read_{name}", "responses": {"200": {"description": ""}}}
        }
    result = _check(tmp_path, document)
    assert (2, []) == (result.exit_code, store.calls)
    said = "What is created may become part of what is there, by `add-part.thing-id`, `add-note.thing_id`,"
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("fails", "expected"),
    [
        pytest.param("", [*_CHAIN, "POST /import", "GET /things/2", "DELETE /things/2"], id="neither"),
        pytest.param("/things", ["POST /things", "POST /import", *_CHAIN[1:]], id="the-first"),
        pytest.param("/import", [*_CHAIN, "POST /import"], id="the-second"),
    ],
)
def test_two_operations_create_the_same(
    tmp_path: Path, store: _Store, fails: str, expected: list[str]
) -> None:
    """Each is tried and cleaned up; what changes a thing is called once, on the first that could be created."""

    def response(request: RecordedRequest) -> Response:
        is_refused = request.method == "POST" and request.target == fails
        return Response(422, b"{}") if is_refused else store.collection(request)

    store.recorder.responses |= {"/things": response, "/import": response}
    document = _document(store.recorder.origin)
    create = document["paths"]["/things"]["post"]
    link = {"operationId": "read", "parameters": {"thing_id": "$response.body#/id"}}
    responses = {"201": {**create["responses"]["201"], "links": {"it": link}}}
    document["paths"]["/import"] = {"post": {**create, "operationId": "import", "responses": responses}}
    result = _check(tmp_path, document, "--yes", "--validate", "off")
    assert (0, {}) == (result.exit_code, store.things)
    assert expected == store.calls[-len(expected) :]
    assert 1 == store.calls.count("PATCH /things/1")


def test_a_plan_asks_nobody(tmp_path: Path, store: _Store) -> None:
    """`--dry-run` shows the chain and sends nothing."""
    result = _check(tmp_path, _document(store.recorder.origin), "--dry-run")
    assert (0, []) == (result.exit_code, store.calls)
    assert {"create", "change", "remove"} < set(_rows(result))


@pytest.mark.parametrize("when", ["POST", "PATCH item"])
def test_ctrl_c_cleans_up(tmp_path: Path, store: _Store, when: str) -> None:
    """What was created is removed, even if Ctrl-C comes while no one knows yet what it is called."""
    original = {"POST": store.collection, "PATCH item": store.item}[when]

    def response(request: RecordedRequest) -> Response:
        del store.responses[when]
        signal.raise_signal(signal.SIGINT)
        return original(request)

    store.responses[when] = response
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    assert 130 == result.exit_code
    assert ("DELETE /things/1", {}) == (store.calls[-1], store.things)


@pytest.mark.exhaustive
def test_sigterm_cleans_up(tmp_path: Path, store: _Store) -> None:
    """A program that is told to end removes what it has created on its way out."""
    running: list[subprocess.Popen[bytes]] = []

    def response(request: RecordedRequest) -> Response:
        del store.responses["PATCH item"]
        running[0].terminate()
        threading.Event().wait(0.5)
        return store.item(request)

    store.responses["PATCH item"] = response
    file = tmp_path / "document.json"
    file.write_text(json.dumps(_document(store.recorder.origin)), encoding="utf-8")
    words = [sys.executable, "-m", "dynacli", "check", str(file), "--write", "--yes"]
    running.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert -signal.SIGTERM == running[0].wait(60)
    assert ("DELETE /things/1", {}) == (store.calls[-1], store.things)


@pytest.mark.exhaustive
def test_the_stand_in() -> None:
    """Its workflows live a whole life; what no operation removes is said to stay."""
    result = run_cli("check", "demo", "--write", "--yes", "-o", "json")
    assert 0 == result.exit_code
    rows = _rows(result)
    for name in ("create-workflow", "update-workflow", "archive-workflow", "create-mcp-server"):
        assert (None, True) == (rows[name]["skipped"], rows[name]["valid"])
    assert 1 == result.stderr.count("warning: ")
    assert "`create-mcp-server` created http://127.0.0.1:" in result.stderr


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        pytest.param("wrong-type", "create-workflow", id="create"),
        pytest.param("missing-field", "update-workflow", id="update"),
        pytest.param("undocumented-field", "archive-workflow", id="remove"),
        pytest.param("truncated-json", "update-workflow", id="truncated"),
    ],
)
def test_the_stand_in_misbehaves(kind: str, operation: str) -> None:
    """Whatever it does wrong if it writes is found."""
    result = run_cli("check", "demo", "--write", "--yes", "-o", "json", "--misbehave", f"{operation}={kind}")
    assert 9 == result.exit_code
    assert [operation] == [name for name, row in _rows(result).items() if row["findings"]]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "location",
    [
        "/things/1",
        "things/1",
        "./things/1",
        "1",
        "./1",
        "../things/1/",
        "http://elsewhere.test/things/1?x=1#y",
        "//elsewhere.test/api/things/1",
        "/behind/a/proxy/things/1",
    ],
)
def test_a_location_in_all_its_forms(tmp_path: Path, store: _Store, location: str) -> None:
    """It is relative to the request, or to the collection, or absolute; only its end counts."""

    def create(_: RecordedRequest) -> Response:
        store.things[1] = {"id": 1, "name": "n"}
        return Response(201, b"{}", {"Location": location, "Content-Type": JSON})

    store.responses["POST"] = create
    result = _check(tmp_path, _document(store.recorder.origin, created={"type": "object"}), "--yes")
    assert 0 == result.exit_code
    assert (_CHAIN, {}) == (store.calls[-5:], store.things)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"data": {"id": 1}}, id="one-level"),
        pytest.param({"id": 99, "data": {"id": 1}}, id="before-that-of-the-request"),
        pytest.param({"result": {"data": [{"id": 1}]}}, id="deep"),
        pytest.param([{"id": 1}], id="a-list-of-one"),
    ],
)
def test_an_id_behind_an_envelope(tmp_path: Path, store: _Store, body: Any) -> None:
    """What holds the resource is looked into."""

    def create(_: RecordedRequest) -> Response:
        store.things[1] = {"id": 1, "name": "n"}
        return Response(201, json.dumps(body).encode())

    store.responses["POST"] = create
    _check(tmp_path, _document(store.recorder.origin, created={}), "--yes")
    assert (_CHAIN, {}) == (store.calls[-5:], store.things)


class _Tenants:
    """A server whose tenants are called by name in paths, and whose tables have an id, too."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.refuses_tenants = False
        recorder.responses["/tenants"] = self.create
        self.recorder.responses["/me"] = Response(200, b'{"tenant":"given"}')

    def create(self, request: RecordedRequest) -> Response:
        name = json.loads(request.body)["name"]
        if self.refuses_tenants:
            return Response(409, b"{}")
        self._serve("/tenants", name, b"{}")
        self.recorder.responses[f"/tenants/{name}/tables"] = self.create_table
        return Response(200, b"{}")

    def create_table(self, request: RecordedRequest) -> Response:
        name = json.loads(request.body)["name"]
        body = json.dumps({"id": "u-1", "name": name}).encode()
        self._serve(request.target, name, body)
        return Response(200, body)

    def _serve(self, collection: str, name: str, body: bytes) -> None:
        path = f"{collection}/{name}"

        def item(request: RecordedRequest) -> Response:
            if request.method == "DELETE":
                del self.recorder.responses[path]
            return Response(200, body)

        self.recorder.responses[path] = item

    @property
    def calls(self) -> list[str]:
        return [
            re.sub(r"dynacli-check-\w+", "*", f"{request.method} {request.target}")
            for request in self.recorder.requests
        ]


def _tenants_document(origin: str) -> dict[str, Any]:
    response = {"200": {"description": ""}, "404": {"description": ""}, "409": {"description": ""}}
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "example": "n"}},
    }
    body = {"required": True, "content": {JSON: {"schema": schema}}}

    def at(*names: str, **operations: Any) -> dict[str, Any]:
        parameters = [
            {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
        ]
        return {"parameters": parameters, **operations}

    def does(name: str, **more: Any) -> dict[str, Any]:
        return {"operationId": name, "responses": response, **more}

    paths = {
        "/me": {"get": does("me")},
        "/tenants": {"post": does("create-tenant", requestBody=body)},
        "/tenants/{tenant_name}": at("tenant_name", get=does("tenant"), delete=does("remove-tenant")),
        "/tenants/{tenant}/tables": at("tenant", post=does("create-table", requestBody=body)),
        "/tenants/{tenant}/tables/{table}": at(
            "tenant", "table", get=does("table"), delete=does("remove-table")
        ),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": origin}],
        "paths": paths,
    }


def test_what_is_called_by_the_name_that_was_sent(tmp_path: Path) -> None:
    """The name is one of the check's own, and if the server knows no id, it is asked for the name."""
    with recording() as recorder:
        tenants = _Tenants(recorder)
        result = _check(tmp_path, _tenants_document(recorder.origin), "--validate", "strict", "--yes")
        expected = [
            "POST /tenants",
            "GET /tenants/*",
            "POST /tenants/*/tables",
            "GET /tenants/*/tables/u-1",
            "GET /tenants/*/tables/*",
            "DELETE /tenants/*/tables/*",
            "DELETE /tenants/*",
        ]
        assert (0, "", expected) == (result.exit_code, result.stderr, tenants.calls[-7:])


def test_a_creation_that_fails_does_not_silence_those_below_it(tmp_path: Path) -> None:
    """They are run in what was there before, which is neither changed nor removed."""
    with recording() as recorder:
        tenants = _Tenants(recorder)
        tenants.refuses_tenants = True
        recorder.responses["/tenants/given"] = Response(200, b"{}")
        recorder.responses["/tenants/given/tables"] = tenants.create_table
        _check(tmp_path, _tenants_document(recorder.origin), "--validate", "strict", "--yes")
        expected = ["POST /tenants", "POST /tenants/given/tables", "GET /tenants/given/tables/u-1"]
        expected += [f"{method} /tenants/given/tables/*" for method in ("GET", "DELETE")]
        assert expected == tenants.calls[-5:]


def test_a_name_that_was_sent_is_not_removed_where_nothing_confirms_it(tmp_path: Path, store: _Store) -> None:
    """The document's own name may be that of something that was there before."""
    document = _document(store.recorder.origin, created={"type": "object"})
    item = document["paths"].pop("/things/{thing_id}")
    item["parameters"] = [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}]
    del item["get"]
    document["paths"]["/things/{code}"] = item
    code = {"type": "string", "enum": ["taken"]}
    schema = {"type": "object", "properties": {"code": code}, "required": ["code"]}
    document["paths"]["/things"]["post"]["requestBody"]["content"][JSON]["schema"] = schema
    store.responses["POST"] = lambda _: Response(201, b"{}")
    result = _check(tmp_path, document, "--yes")
    assert "`create` created something at" in result.stderr
    assert not [call for call in store.calls if call.startswith(("PATCH", "DELETE"))]


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_fails_may_have_created_something(tmp_path: Path, store: _Store, status: int) -> None:
    """It is reported."""
    store.responses["POST"] = lambda _: Response(status, b"", {})
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    where = f"{store.recorder.origin}/things"
    assert f"`create` responded with {status} and may have created something at {where}" in result.stderr


def test_a_removal_is_tried_again_where_the_server_is_busy(tmp_path: Path, store: _Store) -> None:
    """Nothing is left over for a moment's trouble."""

    def busy(_: RecordedRequest) -> Response:
        del store.responses["DELETE item"]
        return Response(503, b"", {})

    store.responses["DELETE item"] = busy
    result = _check(tmp_path, _document(store.recorder.origin), "--yes")
    assert ("", {}) == ("".join(re.findall("Warning.*", result.stderr)), store.things)


def test_a_body_gets_the_ids_that_are_known(tmp_path: Path, store: _Store) -> None:
    """Those of other things alone; the person's word comes before them."""
    document = _document(store.recorder.origin, created={})
    post = document["paths"]["/things"]["post"]
    fields = {
        item: {"type": "string"}
        for item in ("owner_id", "thing_id", "id", "ownerName", "phone_number", "name")
    }
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    post["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    document["paths"]["/owners"] = {
        "get": {"operationId": "owners", "responses": {"200": {"description": ""}}}
    }
    known = [{"id": "o1", "thing_id": "t1", "owner_name": "Ann", "name": "no", "phone_number": "1"}]
    store.recorder.responses["/owners"] = json_response(known)
    store.responses["POST"] = lambda _: Response(404, b"", {})
    _check(tmp_path, document, "--yes", "--validate", "strict")
    body = json.loads(next(request.body for request in store.recorder.requests if request.method == "POST"))
    assert ("o1", "Ann") == (body["owner_id"], body["ownerName"])
    assert "t1" != body["thing_id"]
    assert "1" != body["phone_number"]
    assert body["name"].startswith("dynacli-check-")
    store.recorder.requests.clear()
    _check(tmp_path, document, "--yes", "--set", "create.owner_id=mine", "--set", "create.name=own")
    body = json.loads(next(request.body for request in store.recorder.requests if request.method == "POST"))
    assert ("mine", "own") == (body["owner_id"], body["name"])


class _Flows:
    """A server with flows, and runs of flows that are there."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder, self.flows = recorder, dict[str, str]()
        recorder.responses |= {"/flows": self.create_flow, "/runs": self.create_run, "/flows/f-1": self.flow}
        recorder.responses["/runs/r-1"] = lambda request: (
            Response(204, b"", {}) if request.method == "DELETE" else Response(200, b'{"id":"r-1"}')
        )

    def create_flow(self, request: RecordedRequest) -> Response:
        self.flows["f-1"] = name = json.loads(request.body)["name"]
        self.recorder.responses[f"/flows/name/{name}"] = self.flow
        return Response(201, json.dumps({"id": "f-1", "name": name}).encode())

    def flow(self, request: RecordedRequest) -> Response:
        if "f-1" not in self.flows:
            return Response(404, b"", {})
        name = self.flows.pop("f-1") if request.method == "DELETE" else self.flows["f-1"]
        return json_response({"id": "f-1", "name": name})

    def create_run(self, request: RecordedRequest) -> Response:
        is_known = json.loads(request.body)["flow_id"] in self.flows
        return Response(201, b'{"id":"r-1"}') if is_known else Response(409, b"", {})


def _flows_document(origin: str) -> dict[str, Any]:
    responses = {
        **{
            key: {"description": "", "content": {JSON: {"schema": {"type": "object"}}}}
            for key in ("200", "201")
        },
        **{key: {"description": ""} for key in ("204", "404", "409")},
    }

    def does(name: str, *fields: str) -> dict[str, Any]:
        schema = {
            "type": "object",
            "properties": {key: {"type": "string"} for key in fields},
            "required": [*fields],
        }
        body = {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}} if fields else {}
        return {"operationId": name, "responses": responses, **body}

    def at(name: str, **operations: Any) -> dict[str, Any]:
        return {
            "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}],
            **operations,
        }

    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {
            "/runs": {"post": does("create-run", "flow_id")},
            "/runs/{id}": at("id", get=does("run"), delete=does("remove-run")),
            "/flows": {"post": does("create-flow", "name")},
            "/flows/{id}": at("id", get=does("flow"), delete=does("remove-flow")),
            "/flows/name/{name}": at("name", get=does("flow-by-name")),
        },
    }


def test_what_wants_the_id_of_a_thing_is_created_while_that_is_there(tmp_path: Path) -> None:
    """Reads of the thing at other paths are called then, too, with what its creation responded."""
    with recording() as recorder:
        flows = _Flows(recorder)
        result = _check(tmp_path, _flows_document(recorder.origin), "--validate", "strict", "--yes")
        calls = [f"{request.method} {request.target}" for request in recorder.requests]
    name = calls[-2].removeprefix("GET /flows/name/")
    assert ({}, True) == (flows.flows, name.startswith("dynacli-check-"))
    assert [
        "POST /flows",
        "GET /flows/f-1",
        "POST /runs",
        "GET /runs/r-1",
        "DELETE /runs/r-1",
        f"GET /flows/name/{name}",
        "DELETE /flows/f-1",
    ] == calls[-7:]
    assert (1, "") == (calls.count("POST /runs"), result.stderr)


def test_ids_of_what_is_gone_are_forgotten() -> None:
    """What a check created and removed is not a value for later calls, and other values stay."""
    responses = ResponseValues()
    forget = responses.add_created("create", "/flows/{}", ("f-1",), {"data": {"id": "f-1", "name": "n"}})
    kept = responses.add_created("create-again", "/flows/{}", ("f-2",), None)
    assert [("f-2", "create-again"), ("f-1", "create")] == [*responses.fields_called("flowid")]
    forget()
    assert [("f-2", "create-again")] == [*responses.fields_called("flowid")]
    kept()
    assert [] == [*responses.fields_called("flowid")]
