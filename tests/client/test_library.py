"""dynacli in a Python program: calls with plain values, and the errors that the command line would show."""

import datetime as dt
import enum
import io
import json
import pickle
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest

import dynacli
from dynacli.errors import (
    AuthError,
    DynacliError,
    FileError,
    HttpError,
    MismatchError,
    NetworkError,
    RefusedError,
    UsageError,
)
from dynacli.guide.pages import page
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


class _Name(enum.Enum):
    REX = "Rex"


_STRING: dict[str, Any] = {"type": "string"}
_INTEGER: dict[str, Any] = {"type": "integer"}
_PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _STRING,
        "bornOn": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": _STRING},
        "owner": {"type": "object", "properties": {"name": _STRING, "id": _INTEGER}},
        "age": {"type": "integer", "nullable": True},
        "anything": {},
        "path": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
    },
}


def _parameter(name: str, location: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "required": location == "path", "schema": schema, **more}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _document(origin: str, **more: Any) -> dict[str, Any]:
    upload = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}, "note": _STRING},
    }
    responses = {"200": {"description": "", **_json({"type": "object", "properties": {"id": _INTEGER}})}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {
            "/pets/{petId}": {
                "get": {
                    "operationId": "getPet",
                    "parameters": [
                        _parameter("petId", "path", _STRING),
                        _parameter("limit", "query", {"type": "integer", "maximum": 10}),
                        _parameter("page-size", "query", _INTEGER),
                        _parameter("ids", "query", {"type": "array", "items": _INTEGER}),
                        _parameter("filter", "query", {"type": "object"}, style="deepObject"),
                        _parameter("status", "query", {"type": "string", "enum": ["new", "sold"]}),
                        _parameter("X-Trace", "header", _STRING),
                        _parameter("session", "cookie", _STRING),
                    ],
                    "responses": responses,
                }
            },
            "/pets": {
                "post": {
                    "operationId": "createPet",
                    "requestBody": {"required": True, **_json(_PET)},
                    "responses": responses,
                }
            },
            "/files": {
                "post": {
                    "operationId": "upload",
                    "requestBody": {"content": {"multipart/form-data": {"schema": upload}}},
                    "responses": responses,
                }
            },
            "/parts": {
                "post": {
                    "operationId": "parts",
                    "requestBody": {"content": {"multipart/form-data": {"schema": {}}}},
                    "responses": responses,
                }
            },
            "/notes": {
                "post": {
                    "operationId": "note",
                    "requestBody": {"content": {"text/plain": {"schema": _STRING}, **_json(_PET)["content"]}},
                    "responses": responses,
                }
            },
            "/safe": {
                "get": {
                    "operationId": "safe",
                    "security": [{"token": []}],
                    "responses": responses,
                }
            },
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        **more,
    }


@pytest.fixture
def pets(server: Recorder) -> Iterator[dynacli.Api]:
    """An API that is open, whose server responds with `{"id": 1}` everywhere."""
    for path in ("/pets/1", "/pets", "/files", "/parts", "/notes", "/safe"):
        server.responses[path] = Response(200, b'{"id": 1}')
    Path("pets.json").write_text(json.dumps(_document(server.origin)))
    with dynacli.open_api("./pets.json") as api:
        yield api


def test_importing_dynacli_costs_nothing() -> None:
    """The library is imported when it is asked for, and a wrong name is an AttributeError."""
    program = (
        "import sys; before = set(sys.modules); import dynacli\n"
        "print(sorted(set(sys.modules) - before))\n"
        "print(hasattr(dynacli, 'nothing'), dynacli.open_api.__name__, dynacli.Api.__name__, dynacli.Response.__name__)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ["['dynacli']", "False open_api Api Response"] == ended.stdout.splitlines()


def test_the_public_names_are_these() -> None:
    """What a program can rely on is in `__all__`, importable, and on the page about Python."""
    assert ["Api", "CallEvent", "Response", "__version__", "errors", "open_api"] == sorted(dynacli.__all__)
    assert dynacli.errors.DynacliError is DynacliError
    assert [] == [name for name in dynacli.__all__ if getattr(dynacli, name, None) is None]
    text = page("python") or ""
    assert [] == [name for name in dynacli.__all__ if not name.startswith("__") and name not in text]


def test_operations_are_listed_and_described(pets: dynacli.Api) -> None:
    """All operations in the order of the document, and each by its name or its operationId."""
    assert ["get-pet", "create-pet", "upload", "parts", "note", "safe"] == [
        operation.name for operation in pets.operations
    ]
    assert pets.operation("getPet") == pets.operation("get-pet")
    assert "petId" == pets.operation("get-pet").parameters[0].name


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("inputs", "target"),
    [
        ({"pet_id": "1"}, "/pets/1"),
        ({"petId": 1}, "/pets/1"),
        ({"pet_id": "1", "page_size": 5}, "/pets/1?page-size=5"),
        ({"pet_id": "1", "page-size": "5"}, "/pets/1?page-size=5"),
        ({"pet_id": "1", "ids": [1, 2]}, "/pets/1?ids=1&ids=2"),
        ({"pet_id": "1", "ids": (3,)}, "/pets/1?ids=3"),
        ({"pet_id": "1", "filter": {"a": 1, "b": "x"}}, "/pets/1?filter%5Ba%5D=1&filter%5Bb%5D=x"),
        ({"pet_id": "1", "limit": None}, "/pets/1"),
        ({"path.petId": "1", "query.limit": 3}, "/pets/1?limit=3"),
    ],
)
def test_parameters_are_plain_values(
    pets: dynacli.Api, server: Recorder, inputs: dict[str, Any], target: str
) -> None:
    """By the option's name with `_`, or the document's own, in keywords and in `inputs` alike."""
    assert 200 == pets.call("get-pet", inputs).status
    assert target == server.last.target
    assert 200 == pets.call("getPet", **inputs).status
    assert target == server.last.target


def test_headers_and_cookies_are_inputs(pets: dynacli.Api, server: Recorder) -> None:
    """An input goes where the document says."""
    pets.call("get-pet", pet_id="1", x_trace="abc", session="s")
    assert (["abc"], ["session=s"]) == (server.last.headers["x-trace"], server.last.headers["cookie"])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        ({"name": "Rex", "tags": ["a", "b"]}, {"name": "Rex", "tags": ["a", "b"]}),
        ({"name": "Rex", "born_on": dt.date(2020, 1, 2)}, {"name": "Rex", "bornOn": "2020-01-02"}),
        ({"name": "5", "anything": "5"}, {"name": "5", "anything": "5"}),
        ({"name": "Rex", "anything": [1, {"a": None}]}, {"name": "Rex", "anything": [1, {"a": None}]}),
        ({"name": "Rex", "age": None}, {"name": "Rex", "age": None}),
        ({"name": "Rex", "owner": {"id": 1}}, {"name": "Rex", "owner": {"id": 1}}),
        ({"name": "Rex", "owner.name": "Ann"}, {"name": "Rex", "owner": {"name": "Ann"}}),
        ({"name": "Rex", "path": [0.5, 1]}, {"name": "Rex", "path": [[0.5, 1]]}),
        ({"name": "Rex", "path": [[0.5], [1]]}, {"name": "Rex", "path": [[0.5], [1]]}),
        ({"body": {"name": "Rex"}}, {"name": "Rex"}),
        ({"body": {"name": "Rex"}, "age": 3}, {"name": "Rex", "age": 3}),
        ({"body": b'{"name":"Rex"}'}, {"name": "Rex"}),
        ({"name": _Name.REX}, {"name": "Rex"}),
        ({"name": uuid.UUID(int=1)}, {"name": "00000000-0000-0000-0000-000000000001"}),
        ({"name": Path("a") / "b"}, {"name": "a/b"}),
        ({"name": "Rex", "age": Decimal("3.0")}, {"name": "Rex", "age": 3}),
        ({"name": "Rex", "path": [Decimal("0.5")]}, {"name": "Rex", "path": [[0.5]]}),
    ],
)
def test_bodies_are_plain_values(
    pets: dynacli.Api, server: Recorder, inputs: dict[str, Any], body: dict[str, Any]
) -> None:
    """Properties are inputs, and `body` is the whole of it, over which they are laid."""
    pets.call("create-pet", inputs)
    assert body == json.loads(server.last.body)


@pytest.mark.parametrize("kind", ["path", "file", "bytes"])
def test_files_are_paths_file_objects_or_bytes(pets: dynacli.Api, server: Recorder, kind: str) -> None:
    """If the document takes a file, and as a whole body."""
    path = Path("photo.png")
    path.write_bytes(b"\x89PNG")
    values: dict[str, Any] = {"path": path, "file": io.BytesIO(b"\x89PNG"), "bytes": b"\x89PNG"}
    pets.call("upload", file=values[kind], note="hello")
    assert b"\x89PNG" in server.last.body
    assert b"hello" in server.last.body
    pets.call("parts", scan=values[kind])
    assert b'name="scan"; filename=' in server.last.body
    text: dict[str, Any] = {"path": path, "file": io.BytesIO(b"text"), "bytes": b"text"}
    path.write_bytes(b"text")
    pets.call("note", body=text[kind], content_type="text/plain")
    assert (b"text", ["text/plain"]) == (server.last.body, server.last.headers["content-type"])


def test_a_response_says_everything(pets: dynacli.Api, server: Recorder) -> None:
    """Status, headers in any case, data, bytes, the request, and what the validator found."""
    server.responses["/pets/1"] = Response(
        200, b'{"id": "x"}', {"Content-Type": "application/json", "X-A": "1"}
    )
    response = pets.call("get-pet", pet_id="1", limit=3)
    assert (200, {"id": "x"}, b'{"id": "x"}', "1") == (
        response.status,
        response.data,
        response.content,
        response.headers["x-a"],
    )
    assert f"{server.origin}/pets/1?limit=3" == response.request.url
    assert ["/id"] == [finding.pointer for finding in response.findings]
    assert response is response.raise_for_status()
    with pytest.raises(MismatchError) as raised:
        response.raise_for_findings()
    reported = run_cli(
        "./pets.json", "get-pet", "1", "--limit", "3", "--validate", "strict", "--error-format", "json"
    )
    assert (reported.error["message"], reported.error["reason"]) == (
        raised.value.message,
        raised.value.reason,
    )
    assert reported.error["findings"] == raised.value.details["findings"]


def test_a_traceback_shows_what_the_command_line_does(pets: dynacli.Api, server: Recorder) -> None:
    """The message has the first finding, and reason and hint are notes, nothing of which can drive a terminal."""
    server.responses["/pets/1"] = Response(200, b'{"id": "x"}')
    with pytest.raises(
        MismatchError, match="The response does not match the document: /id: expected integer, got string `x`"
    ):
        pets.call("get-pet", pet_id="1").raise_for_findings()
    with pytest.raises(UsageError, match="The document does not allow this request: /name: ") as raised:
        pets.call("create-pet", body={"name": 1})
    assert "Fix it, or send it anyway with `--validate off`" == format_exception(raised.value)[-1].strip()
    server.responses["/pets/1"] = Response(404, b'{"message": "no \\u001b[31mpet"}')
    with pytest.raises(HttpError) as responded:
        pets.call("get-pet", pet_id="1").raise_for_status()
    shown = format_exception(responded.value)
    assert [f"{item}\n" for item in (responded.value.reason, responded.value.hint)] == shown[-2:]
    assert "\x1b" not in "".join(shown)
    odd = UsageError("a\x1b[31m", reason="b\u202e\nc", hint="d")
    odd.add_note("of a person")
    assert ("a\\x1b[31m", ["b\\u202e\nc", "d", "of a person"]) == (str(odd), odd.__notes__)
    again = pickle.loads(pickle.dumps(odd))  # noqa: S301  - our own
    assert (str(odd), odd.__notes__) == (str(again), again.__notes__)


def test_a_traceback_shows_no_secret(canary: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the message nor in a note, whatever the server says."""
    monkeypatch.setenv("DYNACLI_PETS_TOKEN", canary)
    Path("pets.json").write_text(json.dumps(_document(server.origin)))
    assert 0 == run_cli("api", "add", "pets", "./pets.json").exit_code
    assert 0 == run_cli("api", "set", "pets", f"server={server.origin}").exit_code
    said = json.dumps({"id": f"x{canary}", "message": f"not {canary}"}).encode()
    for status in (200, 401, 500):
        server.responses["/safe"] = Response(status, said)
        with dynacli.open_api("pets", retries=0) as api, pytest.raises((HttpError, MismatchError)) as raised:
            api.call("safe").raise_for_status().raise_for_findings()
        assert "***" in "".join(format_exception(raised.value))
        assert canary not in "".join(format_exception(raised.value))
    assert 3 == len(server.requests)


@pytest.mark.parametrize(
    ("content_type", "content", "data"),
    [
        ("application/json", b"", None),
        ("application/json", b"[1", "[1"),
        ("application/x-ndjson", b'{"a":1}\n\n2\n', [{"a": 1}, 2]),
        ("text/plain; charset=latin-1", b"\xe4", "ä"),
        ("image/png", b"\x89PNG", b"\x89PNG"),
    ],
)
def test_data_is_what_the_media_type_says(
    pets: dynacli.Api, server: Recorder, content_type: str, content: bytes, data: Any
) -> None:
    """JSON becomes its value, sequences a list, text a text; all else stays bytes."""
    server.responses["/pets/1"] = Response(200, content, {"Content-Type": content_type})
    assert data == pets.call("get-pet", pet_id="1").data


def test_a_status_is_no_error_until_it_is_asked_for(pets: dynacli.Api, server: Recorder) -> None:
    """`raise_for_status` raises what the command line ends with."""
    server.responses["/pets/1"] = Response(404, b"{}")
    response = pets.call("get-pet", pet_id="1")
    with pytest.raises(HttpError) as raised:
        response.raise_for_status()
    reported = run_cli("./pets.json", "get-pet", "1", "--error-format", "json").error
    assert (404, 4, reported["message"], reported["hint"]) == (
        response.status,
        raised.value.exit_code,
        raised.value.message,
        raised.value.hint,
    )


_BAD: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "unknown operation": ("get-pett", {}, ["get-pett"]),
    "missing path parameter": ("get-pet", {}, ["get-pet"]),
    "missing property": ("create-pet", {"age": 3}, ["create-pet", "--age", "3"]),
    "missing body": ("create-pet", {}, ["create-pet"]),
    "surplus input": ("get-pet", {"pet_id": "1", "limmit": 3}, ["get-pet", "1", "--limmit", "3"]),
    "wrong type": ("get-pet", {"pet_id": "1", "limit": "many"}, ["get-pet", "1", "--limit", "many"]),
    "wrong type of an item": (
        "get-pet",
        {"pet_id": "1", "ids": [1, "b"]},
        ["get-pet", "1", "--ids=1", "--ids=b"],
    ),
    "none of the values": ("get-pet", {"pet_id": "1", "status": "old"}, ["get-pet", "1", "--status", "old"]),
    "more than allowed": ("get-pet", {"pet_id": "1", "limit": 11}, ["get-pet", "1", "--limit", "11"]),
    "wrong property": ("create-pet", {"name": "a", "age": "x"}, ["create-pet", "--name", "a", "--age", "x"]),
    "path that leads elsewhere": ("get-pet", {"pet_id": ".."}, ["get-pet", ".."]),
    "missing credential": ("safe", {}, ["safe"]),
    "no such media type": (
        "note",
        {"content_type": "image/png", "body": "x"},
        ["note", "--content-type", "image/png", "--body", "x"],
    ),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", _BAD)
def test_bad_input_raises_what_the_command_line_shows(pets: dynacli.Api, server: Recorder, name: str) -> None:
    """Each with the same text and exit code, and the same hint or a corrected line, and nothing is sent."""
    operation, inputs, words = _BAD[name]
    reported = run_cli("./pets.json", *words, "--error-format", "json").error
    with pytest.raises(DynacliError) as raised:
        pets.call(operation, inputs)
    error = raised.value
    assert (reported["message"], reported["reason"], reported["exit_code"]) == (
        error.message,
        error.reason,
        error.exit_code,
    )
    assert reported["try"] or reported["hint"] == (
        error.hint or "Run the command with `--help` for its usage`"
    )
    assert [] == server.requests


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"limit": object()}, "JSON has no such type"),
        ({"limit": 2.5}, "it takes an integer"),
        ({"limit": {"a": 1}}, "it takes an integer"),
        ({"status": ["new"]}, "it takes a string"),
    ],
)
def test_a_value_that_json_does_not_have(pets: dynacli.Api, inputs: dict[str, Any], reason: str) -> None:
    """What no option could say is refused by the name of its type, or of the one that is wanted."""
    with pytest.raises(UsageError) as raised:
        pets.call("get-pet", pet_id="1", **inputs)
    assert reason == raised.value.reason


def test_a_body_that_is_not_made_of_values_is_sent_as_it_is(pets: dynacli.Api, server: Recorder) -> None:
    """A text, bytes and a stream are the same; for a file and for such a body nothing else will do."""
    for body in ("a\u00e9", b"a\xc3\xa9", io.BytesIO(b"a\xc3\xa9")):
        pets.call("note", body=body, content_type="text/plain")
        assert b"a\xc3\xa9" == server.last.body
    with pytest.raises(UsageError, match="body of `text/plain` cannot be built"):
        pets.call("note", body=5, content_type="text/plain")
    with pytest.raises(UsageError, match="must be a file"):
        pets.call("upload", file=[b"x", 5])
    assert 3 == len(server.requests)


def test_a_file_that_is_not_there(pets: dynacli.Api) -> None:
    """Before anything is sent."""
    with pytest.raises(FileError, match=r"nothing\.png"):
        pets.call("upload", file=Path("nothing.png"))


def test_no_such_api() -> None:
    """The errors of opening are those of the command line, too."""
    for word, kind in (("nothing", UsageError), ("./nothing.json", DynacliError)):
        reported = run_cli(word, "x", "--error-format", "json").error
        with pytest.raises(kind) as raised:
            dynacli.open_api(word)
        assert (reported["message"], reported["reason"]) == (raised.value.message, raised.value.reason)
    with pytest.raises(UsageError, match="level of validation"):
        dynacli.open_api("demo", validate="sometimes")


def test_a_closed_api_is_not_called(pets: dynacli.Api) -> None:
    """It says so, whatever is asked of it; closing it twice is fine."""
    pets.close()
    pets.close()
    for ask in (
        lambda: pets.call("get-pet", pet_id="1"),
        lambda: pets.operations,
        lambda: pets.operation("x"),
    ):
        with pytest.raises(UsageError, match=r"`\./pets\.json` is closed"):
            ask()
    assert "(closed)" in repr(pets)


def test_the_network_raises(pets: dynacli.Api, server: Recorder) -> None:  # noqa: ARG001
    """A server that does not respond is a NetworkError."""
    with (
        dynacli.open_api("./pets.json", server="http://127.0.0.1:1", validate="off") as api,
        pytest.raises(NetworkError),
    ):
        api.call("get-pet", pet_id="1")
    assert [] == server.requests


def test_what_is_said_once_holds_for_all_calls(server: Recorder) -> None:
    """The server, headers and the level are those of `open_api`; at `off` nothing is refused."""
    server.responses["/v2/pets/1"] = Response(200, b'{"id": "x"}')
    Path("pets.json").write_text(json.dumps(_document("http://127.0.0.1:1")))
    with dynacli.open_api(
        Path("pets.json"), server=f"{server.origin}/v2", headers={"X-One": "1"}, validate="off", timeout=5
    ) as api:
        response = api.call("get-pet", pet_id="1", limit=99)
    assert ("/v2/pets/1?limit=99", ["1"]) == (server.last.target, server.last.headers["x-one"])
    assert () == response.findings


def test_a_profile_is_that_of_the_configuration(server: Recorder, home: Path) -> None:
    """Its headers and its server count."""
    server.responses["/pets/1"] = Response(200, b'{"id": 1}')
    Path("pets.json").write_text(json.dumps(_document("http://127.0.0.1:1")))
    assert 0 == run_cli("api", "add", "pets", "pets.json").exit_code
    with (home / "config" / "config.toml").open("a") as file:
        file.write(f'[apis.pets.profiles.p]\nserver = "{server.origin}"\nheaders = {{X-P = "1"}}\n')
    with dynacli.open_api("pets", profile="p") as api:
        api.call("get-pet", pet_id="1")
    assert ["1"] == server.last.headers["x-p"]
    with pytest.raises(UsageError, match="has no profile `q`"):
        dynacli.open_api("pets", profile="q")


def test_a_credential_comes_from_the_environment_and_is_not_shown(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, canary: str
) -> None:
    """As for the command line; the request of a response has it masked."""
    server.responses["/safe"] = Response(200, b'{"id": 1}')
    Path("pets.json").write_text(json.dumps(_document(server.origin)))
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    with dynacli.open_api("./pets.json", server=server.origin) as api:
        response = api.call("safe")
    assert [f"Bearer {canary}"] == server.last.headers["authorization"]
    assert canary not in repr(response.request)
    with dynacli.open_api("./pets.json") as api, pytest.raises(RefusedError):
        api.call("safe")
    monkeypatch.delenv("DYNACLI_TOKEN")
    with dynacli.open_api("./pets.json") as api, pytest.raises(AuthError):
        api.call("safe")


def test_connections_and_the_validator_are_kept(
    pets: dynacli.Api, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call makes no new connection and no new validate, and sends no cookie of the first response."""
    import socket

    from dynacli.validation import validator

    headers = {"Content-Type": "application/json", "Set-Cookie": "a=b"}
    server.responses["/pets/1"] = Response(200, b'{"id": 1}', headers)
    assert 200 == pets.call("get-pet", pet_id="1").status
    monkeypatch.setattr(validator, "operation_document", None)
    monkeypatch.setattr(socket.socket, "connect", None)
    assert 200 == pets.call("get-pet", pet_id="1").status
    assert "cookie" not in server.last.headers


def test_many_threads_call_at_once(pets: dynacli.Api, server: Recorder) -> None:
    """Each gets its own response and its own findings."""

    def echo(request: RecordedRequest) -> Response:
        number = request.target.rpartition("=")[2]
        return json_response({"id": int(number) if int(number) % 2 else number})

    server.responses["/pets/1"] = echo
    results: dict[int, tuple[Any, int]] = {}

    def work(number: int) -> None:
        response = pets.call("get-pet", pet_id="1", page_size=number)
        results[number] = (response.data["id"], len(response.findings))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: (n, 0) if n % 2 else (str(n), 1) for n in range(1, 17)} == results


def test_a_document_that_changes_under_an_open_api(pets: dynacli.Api, server: Recorder) -> None:
    """An open API goes on with the document that it was opened with; the next one has the new one."""
    changed = _document(server.origin)
    changed["paths"]["/new"] = {
        "get": {**changed["paths"]["/safe"]["get"], "operationId": "new", "security": []}
    }
    Path("pets.json").write_text(json.dumps(changed))
    assert 200 == pets.call("get-pet", pet_id="1").status
    server.responses["/new"] = Response(200, b'{"id": 1}')
    with dynacli.open_api("./pets.json") as api:
        api.call("new")
    assert "/new" == server.last.target
    with pytest.raises(UsageError):
        pets.call("new")
    assert 200 == pets.call("get-pet", pet_id="1").status


def test_a_damaged_catalog_is_made_again(pets: dynacli.Api, home: Path) -> None:
    """As by the command line: a call begins again with a new catalog."""
    for catalog in home.rglob("*.sqlite"):
        content = bytearray(catalog.read_bytes())
        content[len(content) // 3 :] = bytes(len(content) - len(content) // 3)
        catalog.write_bytes(content)
    assert 200 == pets.call("get-pet", pet_id="1").status


def test_the_demo_is_an_api() -> None:
    """The demo API runs for as long as it is open."""
    with dynacli.open_api("demo") as api:
        assert 25 == api.call("search-runs", range="7d", status="fail").raise_for_status().data["total"]
        assert 23 == len(api.operations)
