"""A check as a person reads it: each defect once, labels that say what was seen, hints if all responses are alike."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents import save_api
from tests.harness import (
    RecordedRequest,
    Recorder,
    Response,
    Result,
    assert_ended,
    json_response,
    run_cli,
    silent_server,
)

_PET: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "age": {"type": "integer"}, "name": {"type": "string"}},
}
_COMPONENTS = {"schemas": {"Pet": _PET}}
_REF = {"$ref": "#/components/schemas/Pet"}
_NONE = {"description": "None"}


def _good(schema: Any) -> dict[str, Any]:
    return {"description": "Good", "content": {"application/json": {"schema": schema}}}


def _get(schema: Any = _REF, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    responses = {key.removeprefix("s"): value for key, value in more.items()} or {"200": _good(schema)}
    return {"get": {"parameters": list(parameters), "responses": responses}}


def _id(**more: Any) -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, **more}


def _document(server: Recorder, paths: dict[str, Any], base: str = "") -> str:
    return save_api(paths, server=server.origin + base, version="3.1.0", components=_COMPONENTS)


def _text(server: Recorder, paths: dict[str, Any], *words: str, base: str = "") -> str:
    return run_cli("check", _document(server, paths, base), "-o", "text", *words).stdout


def _words(text: str) -> str:
    """The text in one line, however it was wrapped."""
    return " ".join(text.split())


_LIST = {"type": "object", "properties": {"data": {"type": "array", "items": _REF}, "top": _REF}}


def test_a_defect_of_many_items_is_shown_once(server: Recorder) -> None:
    """One is shown with its place and what is around it, the others are counted; the data has them all."""
    server.responses["/pets"] = json_response({"data": [{"id": number} for number in range(42)]})
    result = run_cli("check", _document(server, {"/pets": _get(_LIST)}), "-o", "text")
    assert 1 == result.stdout.count("expected string, got")
    assert "/data/0/id: expected string, got" in result.stdout
    assert "and 41 more like it, at `/data/*/id`" in result.stdout
    assert "42 findings, 1 different" in _words(result.stdout)
    data = run_cli("check", _document(server, {"/pets": _get(_LIST)}), "-o", "json")
    assert 42 == len(data.json[0]["findings"])


def test_a_defect_in_several_places_names_them(server: Recorder) -> None:
    """It is one place of the document."""
    server.responses["/pets"] = json_response({"data": [{"id": 1}, {"id": 2}], "top": {"id": 3}})
    text = _text(server, {"/pets": _get(_LIST)})
    assert 1 == text.count("expected string, got")
    assert "and 2 more like it, at" in text
    assert "`/data/*/id`" in text
    assert "`/top/id`" in text


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        pytest.param([{}, {}], ["`id` is missing"], id="the-same-is-missing"),
        pytest.param(
            [{"id": "a", "x": 1, "y": 1}, {"id": "b", "y": 2}],
            ["does not mention `x`", "does not mention `y`"],
            id="two-undocumented-properties",
        ),
        pytest.param(
            [{"id": 1, "age": "x"}, {"id": 2}],
            ["/data/0/id: expected string", "/data/0/age: expected integer"],
            id="two-properties-of-a-wrong-type",
        ),
        pytest.param([{"id": "a"}, {"id": "b", "age": 1.5}], ["/data/1/age"], id="one-alone"),
    ],
)
def test_different_defects_are_shown_each(server: Recorder, items: Any, shown: list[str]) -> None:
    """What is missing or not documented is told apart by its name, other things by their place in the document."""
    server.responses["/pets"] = json_response({"data": items})
    text = _text(server, {"/pets": _get(_LIST)})
    assert len(shown) == sum(
        "[" in line and "]" in line and line.startswith("    /") for line in text.splitlines()
    )
    for passage in shown:
        assert 1 == text.count(passage)


def test_a_defect_of_several_operations_is_shown_once(server: Recorder) -> None:
    """The operations that share the schema are named, and have no heading of their own."""
    server.responses.update({f"/p{number}": json_response({"id": 1}) for number in range(4)})
    text = _text(server, {f"/p{number}": _get() for number in range(4)})
    assert 1 == text.count("expected string, got")
    assert "and the same in 3 more operations: get-p1, get-p2, get-p3" in text
    assert ["get-p0"] == [line.split()[0] for line in text.splitlines() if " responded with 200" in line]
    assert 4 == text.count("1 finding\n")
    assert "4 findings, 1 different" in _words(text)


def test_a_defect_of_schemas_that_say_the_same_is_shown_once(server: Recorder) -> None:
    """Operations that repeat an envelope in their own part of the document have its defect at places of their own."""
    server.responses.update({f"/p{number}": json_response({"data": None}) for number in range(4)})
    schemas = [
        {"type": "object", "properties": {"data": {"type": "object", "required": [f"f{number}"]}}}
        for number in range(4)
    ]
    text = _text(server, {f"/p{number}": _get(schema) for number, schema in enumerate(schemas)})
    assert 1 == text.count("/data: expected object, got null")
    assert "and the same in 3 more operations: get-p1, get-p2, get-p3" in text
    assert "4 findings, 1 different" in _words(text)


def test_what_is_tolerated_has_a_section_of_its_own(server: Recorder) -> None:
    """Below `exact` it is not a finding, and is told once for all items of a list."""
    schema = {"properties": {"data": {"items": {"type": "string", "format": "duration"}}}}
    server.responses["/pets"] = json_response({"data": ["PT1.5S", "PT2.5S"]})
    paths = {"/pets": _get(schema)}
    text = _words(_text(server, paths, "--validate", "warn"))
    assert "Tolerated get-pets: /data/* [format]" in text
    assert "1 finding" not in text
    assert "2 findings" in _words(_text(server, paths))


def test_a_defect_names_five_other_operations(server: Recorder) -> None:
    """The others are counted; the table above lists them all."""
    server.responses.update({f"/p{number}": json_response({"id": 1}) for number in range(9)})
    text = _words(_text(server, {f"/p{number}": _get() for number in range(9)}))
    assert "and the same in 8 more operations: get-p1, get-p2, get-p3, get-p4, get-p5 and 3 more" in text


@pytest.mark.parametrize(
    ("responses", "shown"),
    [
        pytest.param({"200": _NONE}, "the document describes no body for this response", id="no-body"),
        pytest.param({"201": _NONE}, "the document has no response with status 200", id="status"),
    ],
)
def test_what_is_said_of_each_description_is_shown_once(
    server: Recorder, responses: dict[str, Any], shown: str
) -> None:
    """The same words about several operations are one defect to fix."""
    server.responses.update({"/a": json_response({}), "/b": json_response({})})
    path = {"get": {"responses": responses}}
    text = _words(_text(server, {"/a": path, "/b": path}))
    assert (1, 1) == (text.count(shown), text.count("and the same in get-b"))


def test_different_statuses_are_different_defects(server: Recorder) -> None:
    """They stand in the same place of the document."""
    responses = iter([json_response({"id": "a"}, 418), json_response({"id": "a"}, 451)])
    server.responses["/a"] = lambda _: next(responses)
    query = {"name": "q", "in": "query", "schema": {"type": "string"}, "example": "x"}
    text = _words(_text(server, {"/a": _get(_REF, query)}, "--parallel", "1"))
    assert (1, 1) == (text.count("no response with status 418"), text.count("no response with status 451"))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("status", "count", "base", "hint"),
    [
        pytest.param(
            404, 4, "/v2", "All 4 responses are 404: is `{}/v2` the right server? (`--server`)", id="404"
        ),
        pytest.param(410, 3, "", "All 3 responses are 410: is `{}` the right server?", id="410"),
        pytest.param(401, 3, "", "All 3 responses are 401: how to give credentials", id="401"),
        pytest.param(403, 3, "/v2", "`dynacli help auth`", id="403"),
        pytest.param(500, 4, "", "", id="500"),
        pytest.param(404, 2, "", "", id="too-few"),
    ],
)
def test_a_hint_where_all_responses_are_alike(
    server: Recorder, status: int, count: int, base: str, hint: str
) -> None:
    """It stands before the summary."""
    server.responses.update({f"{base}/p{number}": json_response({}, status) for number in range(count)})
    text = _words(_text(server, {f"/p{number}": _get() for number in range(count)}, base=base))
    reported = hint.format(server.origin)
    assert reported in text
    assert bool(hint) is ("responses are" in text)
    assert not reported or text.index(reported) < text.index("operations called with")


def test_a_hint_where_nearly_all_responses_are_alike(server: Recorder) -> None:
    """One that is found in ten does not say that the server is right; three do."""
    paths = {f"/p{number}": _get() for number in range(10)}
    server.responses["/p0"] = json_response({"id": "a"})
    assert "9 of 10 responses are 404" in _text(server, paths)
    server.responses.update({"/p1": json_response({"id": "a"}), "/p2": json_response({"id": "a"})})
    assert "responses are" not in _text(server, paths)


@pytest.mark.exhaustive
def test_a_hint_if_the_server_breaks_during_the_check(server: Recorder) -> None:
    """The first call from which on nearly all responses are 5xx is named; if they always are, there is none."""
    paths = {f"/p{number:02}": _get() for number in range(16)}
    server.responses.update({path: json_response({}, 500 if path >= "/p09" else 200) for path in paths})
    server.responses["/p12"] = json_response({"id": "a"})
    text = _words(_text(server, paths, "--parallel", "1"))
    assert (
        "6 of 16 responses are 500, nearly all since call 10, `get-p09`: does the server still work?"
        not in text
    )
    server.responses["/p12"] = json_response({}, 502)
    text = _words(_text(server, paths, "--parallel", "1"))
    assert (
        "7 of 16 responses are 500 or 502, nearly all since call 10, `get-p09`: does the server still work?"
        in text
    )
    server.responses.update(dict.fromkeys(paths, json_response({}, 500)))
    assert "nearly all since" not in _text(server, paths)


@pytest.mark.parametrize("name", ["versionExpression", "version", "versionId", "versionRef"])
def test_an_item_has_the_field_that_its_collection_is_called_by(server: Recorder, name: str) -> None:
    """Whatever the parameter says after this name: `version` of the items of `/versions` is what it takes."""
    items = {"type": "object", "properties": {"versions": {"type": "array", "items": {"type": "object"}}}}
    picked = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    server.responses["/versions"] = json_response({"versions": [{"version": "1.4", "owner": "x"}]})
    server.responses["/versions/1.4"] = json_response({"id": "a"})
    _text(server, {"/versions": _get(items), f"/versions/{{{name}}}": _get(_REF, picked)})
    assert "/versions/1.4" in [request.target for request in server.requests]


def test_no_hint_where_all_ids_are_made_up(server: Recorder) -> None:
    """Nothing is known of a server that does not have them."""
    paths = {f"/p{number}/{{id}}": _get(_REF, _id()) for number in range(4)}
    assert "responses are" not in _text(server, paths)


def _row(text: str, name: str = "get-a") -> str:
    return next(line for line in text.splitlines() if line.split()[:1] == [name])


@pytest.mark.parametrize(
    ("status", "responses", "validation"),
    [
        pytest.param(200, {"s200": _good(_REF)}, "1/1 ok", id="ok"),
        pytest.param(404, {"s200": _good(_REF), "s404": _good(_REF)}, "1/2 only 4xx", id="4xx"),
        pytest.param(503, {"s200": _good(_REF), "s5XX": _good(_REF)}, "1/2 only 5xx", id="5xx"),
        pytest.param(200, {"s200": _good(True)}, "1/1 ok", id="anything"),
        pytest.param(
            200,
            {"s200": {"description": "", "content": {"application/json": {}}}},
            "1/1 ok, not all validated",
            id="no-schema",
        ),
        pytest.param(429, {"s200": _good(_REF)}, "0/1 not validated", id="too-many"),
        pytest.param(200, {"s200": {"$ref": "https://elsewhere.test/x"}}, "- not validated", id="nowhere"),
    ],
)
def test_the_labels(server: Recorder, status: int, responses: dict[str, Any], validation: str) -> None:
    """They say what was seen and validated, and nothing more."""
    server.responses["/a"] = json_response({"id": "a"}, status)
    words = _row(_text(server, {"/a": _get(**responses)})).split()
    assert validation == " ".join(words[4:5] + [word for word in words[5:] if word != "ms"][1:])


def test_responses_of_two_kinds_of_errors(server: Recorder) -> None:
    """Both are said."""
    responses = iter([json_response({"id": "a"}, 404), json_response({"id": "a"}, 500)])
    server.responses["/a"] = lambda _: next(responses)
    query = {"name": "q", "in": "query", "schema": {"type": "string"}, "example": "x"}
    path = _get(_REF, query, sdefault=_good(_REF))
    assert _row(_text(server, {"/a": path})).endswith("only 4xx and 5xx")


def test_a_redirect_that_was_followed_was_seen(server: Recorder) -> None:
    """The 302 is documented, and what it leads to is not, or has an operation of its own."""
    server.responses["/a"] = Response(302, b"", {"Location": "/b"})
    server.responses["/b"] = json_response({})
    both = _get(s302=_NONE, s200=_good(True))
    text = _row(_text(server, {"/a": both}))
    assert ("1/2", True) == (text.split()[4], text.endswith("ok"))
    inside = {"/a": _get(s302=_NONE), "/b": _get()}
    text = _row(_text(server, inside))
    assert ("1/1", True) == (text.split()[4], text.endswith("not validated"))
    assert "2/2" == _row(_text(server, {**inside, "/a": both})).split()[4]


def test_how_much_was_seen_is_counted_by_status(server: Recorder) -> None:
    """One media type of two that a response may have is that response."""
    content = {"application/json": {"schema": _REF}, "text/csv": {"schema": {"type": "string"}}}
    server.responses["/a"] = json_response({"id": "a"})
    path = _get(s200={"description": "", "content": content}, s404=_NONE)
    result = run_cli("check", _document(server, {"/a": path}), "-o", "json")
    assert (["200", "404"], ["200"]) == (result.json[0]["documented"], result.json[0]["seen"])


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("response", "reported"),
    [
        pytest.param(
            Response(200, b"x", {"Content-Encoding": "compress"}),
            "The response cannot be read: it has a",
            id="unknown-encoding",
        ),
        pytest.param(
            Response(200, b"{", {"Content-Length": "9"}), "did not respond within 1 s: The", id="late"
        ),
    ],
)
def test_why_there_is_no_response_is_a_sentence(server: Recorder, response: Response, reported: str) -> None:
    """It is reported once of all operations, so that no URL stands in it."""
    server.responses.update({"/a": response, "/b": response})
    text = _words(_text(server, {"/a": _get(), "/b": _get()}, "--timeout", "1"))
    assert f"No response get-a, get-b {reported}" in text


@pytest.fixture
def silence() -> Iterator[str]:
    """The URL of a server that takes connections and says nothing."""
    with silent_server() as origin:
        yield origin


@pytest.mark.exhaustive
def test_a_server_that_hangs_is_given_up(server: Recorder, silence: str) -> None:
    """A few calls are waited for, the others are not made; the code is that of time."""
    path = _document(server, {f"/p{number}": _get() for number in range(40)})
    words = ("--timeout", "0.5", "--server", silence, "-o", "json")
    result = run_cli("check", path, *words)
    assert 7 == result.exit_code
    assert sum(bool(row["calls"]) for row in result.json) < 10
    reasons = {row["skipped"]["reason"] for row in result.json if row["skipped"]}
    assert {"the server stopped responding in time"} == reasons


@pytest.mark.exhaustive
def test_some_calls_that_hang_do_not_end_a_check(server: Recorder) -> None:
    """Others got a response."""
    slow = threading.Event()

    def hanging(_: RecordedRequest) -> Response:
        slow.wait()
        return json_response({"id": "a"})

    names = [f"/p{number}" for number in range(12)]
    server.responses.update(dict.fromkeys(names, json_response({"id": "a"})))
    server.responses.update(dict.fromkeys(names[2:7], hanging))
    try:
        result = run_cli(
            "check", _document(server, {name: _get() for name in names}), "-o", "json", "--timeout", "0.8"
        )
    finally:
        slow.set()
    assert (7, []) == (result.exit_code, [row["operation"] for row in result.json if row["skipped"]])


def test_nothing_to_check(server: Recorder) -> None:
    """A document without operations, and one whose operations all change something, end as wrong usage."""
    result = run_cli("check", _document(server, {}))
    assert_ended(result, 2, "There is nothing to check")
    result = run_cli("check", _document(server, {"/a": {"post": {"responses": {"200": _NONE}}}}))
    assert_ended(result, 2, "no read-only operation")


@pytest.mark.parametrize("width", [40, 60, 200])
def test_any_width(server: Recorder, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are whole, and no other line is longer than the terminal."""
    monkeypatch.setenv("COLUMNS", str(width))
    server.responses.update(
        {"/a": json_response({"id": 1}), "/a-longer-name-than-others": json_response({"age": "x"})}
    )
    monkeypatch.setenv("NO_COLOR", "1")
    api = _document(server, {"/a": _get(), "/a-longer-name-than-others": _get()})
    text = run_cli("check", api, terminal=("stdout",)).stdout
    assert "get-a-longer-name-than-others" in text
    long = [line for line in text.splitlines() if len(line) > width]
    assert [] == [line for line in long if " responded " not in line and "document line " not in line]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "piped"),
    [pytest.param(lambda path: [path], False, id="file"), pytest.param(lambda _: ["-"], True, id="stdin")],
)
@pytest.mark.parametrize("output", ["json", "yaml", "raw", "text", "@out.json"])
def test_sources_and_forms(server: Recorder, words: Any, piped: bool, output: str) -> None:
    """A document is taken from a file or from standard input, and each form is written."""
    server.responses["/a"] = json_response({"id": "a"})
    path = _document(server, {"/a": _get()})
    stdin = Path(path).read_bytes() if piped else b""
    result = run_cli("check", *words(path), "-o", output, stdin=stdin)
    written = Path("out.json").read_text() if output == "@out.json" else result.stdout
    assert 0 == result.exit_code
    assert "get-a" in written


def test_a_registered_name_a_url_and_a_profile(server: Recorder, other_server: Recorder, home: Path) -> None:
    """Each leads to the same operations, at the server that it says."""
    paths = {"/a": {"get": {**_get()["get"], "tags": ["Things"]}}, "/b": _get()}
    document = Path(_document(server, paths)).read_bytes()
    for served in (server, other_server):
        served.responses.update(
            {
                "/openapi.json": Response(200, document),
                "/a": json_response({"id": "a"}),
                "/b": json_response({"id": "b"}),
            }
        )
    url = f"{server.origin}/openapi.json"
    run_cli("api", "add", "things", url)
    file = home / "config" / "config.toml"
    file.write_text(file.read_text() + f'\n[apis.things.profiles.other]\nserver = "{other_server.origin}"\n')
    for words, asked in (
        (["things"], server),
        ([url], server),
        (["things", "--profile", "other"], other_server),
        (["things", "--tag", "things"], server),
    ):
        server.requests.clear()
        other_server.requests.clear()
        assert 0 == run_cli("check", *words).exit_code
        wanted = ["/a"] if "--tag" in words else ["/a", "/b"]
        assert wanted == sorted(
            request.target for request in asked.requests if request.target != "/openapi.json"
        )


def test_no_colour(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_COLOR` is honoured on a terminal."""
    server.responses["/a"] = json_response({"id": 1})
    path = _document(server, {"/a": _get()})
    assert "\x1b[" in run_cli("check", path, terminal=("stdout",)).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    result = run_cli("check", path, terminal=("stdout",))
    assert "\x1b[" not in result.stdout
    assert "expected string" in result.stdout


def test_a_file_for_the_result_in_no_directory(server: Recorder) -> None:
    """It is reported before anything is sent, as of all files."""
    path = _document(server, {"/a": _get()})
    for words in (("-o", "@nowhere/x.json"), ("--report", "junit=nowhere/x.xml")):
        assert (12, []) == (run_cli("check", path, *words).exit_code, server.requests)


def _help() -> Result:
    return run_cli("check", "--help")


def test_help_is_about_checks() -> None:
    """Standard options say what they mean here, and those that mean the same as elsewhere are only named."""
    text = _words(_help().stdout)
    for reported in ("each call [default: 30]", "[default: exact]", "Add a header to every request"):
        assert reported in text
    assert "http|json|curl" not in text
    assert (
        text.index("--timeout SECONDS")
        < text.index("Also: -f, --jq, --sql, --columns")
        < text.index("--debug")
    )


@pytest.fixture
def closing() -> Iterator[str]:
    """The URL of a server that reads a request and closes the connection."""

    def close(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = listening.accept()[0]
                connection.recv(65536)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=close, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_closes_the_connection_is_found(server: Recorder, closing: str) -> None:
    """It fails on a request that the document allows: a finding of that operation, with the command that shows it."""
    path = _document(server, {"/pets": _get(), "/pets/{id}": _get(_REF, _id(example="a"))})
    words = ("check", path, "--server", closing)
    result = run_cli(*words, "-o", "text")
    assert 9 == result.exit_code
    assert f"GET {closing}/pets broke off\n    curl {closing}/pets -H " in result.stdout
    assert f"\n    curl {closing}/pets/a -H " in result.stdout
    reported = "status: the server closed the connection without a complete response [no-response]"
    assert 2 == _words(result.stdout).count(reported)
    assert "No response" not in result.stdout
    row = run_cli(*words, "-o", "json").json[0]
    assert ("no-response", False) == (row["findings"][0]["rule"], row["valid"])
    assert "/paths/~1pets/get/responses" == row["findings"][0]["schema_pointer"]
    assert row["calls"][0]["curl"].startswith(f"curl {closing}/pets")
    assert 6 == run_cli(*words, "--validate", "off").exit_code
    assert 6 == run_cli(*words, "--server", "http://127.0.0.1:9").exit_code
