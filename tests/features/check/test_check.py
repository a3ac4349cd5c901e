"""`dynacli check`: what it reports, how it ends, how fast it goes, and what it never shows."""

import json
import threading
import time
from _thread import interrupt_main
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.documents import save, save_api, serve
from tests.harness import (
    RecordedRequest,
    Recorder,
    Response,
    Result,
    assert_ended,
    json_response,
    run_cli,
    serving,
)

_PET = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "age": {"type": "integer"}},
}
_JSON = {"content": {"application/json": {"schema": _PET}}}
_GOOD = {"description": "Good", **_JSON}
_NONE = {"description": "None"}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def _api(server: Recorder, paths: dict[str, Any], **more: Any) -> str:
    return save_api(paths, server=server, version="3.1.0", **more)


def _operation(name: str, *parameters: dict[str, Any], **responses: Any) -> dict[str, Any]:
    described = {key.removeprefix("s"): value for key, value in responses.items()} or {"200": _GOOD}
    return {"operationId": name, "parameters": list(parameters), "responses": described}


def _single(server: Recorder, **responses: Any) -> str:
    """A document with one operation, `getPet`, that needs nothing."""
    return _api(server, {"/pet": {"get": _operation("getPet", **responses)}})


def _row(result: Result, name: str = "get-pet") -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in result.json if row["operation"] == name)
    return row


def _rules(result: Result) -> list[str]:
    return [finding["rule"] for row in result.json for finding in row["findings"]]


def _pet(status: int = 200, **fields: Any) -> Response:
    return Response(status, json.dumps({"id": "p1", **fields}).encode())


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("response", "level", "rules"),
    [
        pytest.param(_pet(), "exact", [], id="good"),
        pytest.param(_pet(age="old"), "strict", ["type"], id="wrong-type"),
        pytest.param(_pet(hidden=1), "strict", [], id="undocumented-strict"),
        pytest.param(_pet(hidden=1), "exact", ["undocumented-property"], id="undocumented-exact"),
        pytest.param(_pet(404), "exact", [], id="documented-404"),
        pytest.param(_pet(404, age="old"), "strict", ["type"], id="documented-404-that-breaks-its-schema"),
        pytest.param(_pet(503), "strict", [], id="documented-range"),
        pytest.param(_pet(418), "strict", ["undocumented-status"], id="undocumented-4xx"),
        pytest.param(_pet(401), "strict", ["undocumented-status"], id="401-without-security"),
        pytest.param(_pet(429), "exact", [], id="too-many"),
        pytest.param(_pet(203), "strict", ["undocumented-status"], id="undocumented-2xx"),
        pytest.param(_pet(age="old", hidden=1), "off", [], id="nothing-judged"),
    ],
)
def test_the_validation_on_a_response(
    server: Recorder, response: Response, level: str, rules: list[str]
) -> None:
    """Any documented status is validated by its own schema; one that is not documented is a finding at every level."""
    server.responses["/pet"] = response
    words = _single(server, s200=_GOOD, s404=_GOOD, s5XX=_GOOD)
    result = run_cli("check", words, "-o", "json", "--validate", level)
    assert (9 if rules else 0, rules) == (result.exit_code, _rules(result))
    assert [response.status] == _row(result)["statuses"]


def test_exact_is_the_level_of_a_check(server: Recorder) -> None:
    """Without a word about it, what the document does not mention is a finding."""
    server.responses["/pet"] = _pet(hidden=1)
    assert ["undocumented-property"] == _rules(run_cli("check", _single(server), "-o", "json"))


@pytest.mark.parametrize(
    ("parameter", "words", "rules"),
    [
        pytest.param(_ID, (), [], id="invented"),
        pytest.param({**_ID, "example": "x"}, (), [], id="example"),
        pytest.param(_ID, ("--set", "id=mine"), ["undocumented-status"], id="given"),
    ],
)
def test_a_404_for_a_value_that_was_made_up_is_no_finding(
    server: Recorder, parameter: Any, words: tuple[str, ...], rules: list[str]
) -> None:
    """No one said that there is something of that name; of the person's own value someone did."""
    path = _api(server, {"/pets/{id}": {"get": _operation("getPet", parameter)}})
    result = run_cli("check", path, "-o", "json", *words)
    assert (9 if rules else 0, rules) == (result.exit_code, _rules(result))
    assert bool(rules) is not any("made-up" in reason for reason in _row(result)["not_validated"])


def test_a_finding_is_in_every_form_of_the_result(server: Recorder, tmp_path: Path) -> None:
    """The table, the data, JUnit, SARIF and the annotations name the same finding."""
    server.responses["/pet"] = _pet(age="old")
    path = _single(server)
    files = {name: tmp_path / name for name in ("json", "junit", "sarif", "github")}
    words = [word for name, file in files.items() for word in ("--report", f"{name}={file}")]
    result = run_cli("check", path, "-o", "text", *words)
    assert 9 == result.exit_code
    assert "/age: expected integer, got" in result.stdout
    assert "document line " in result.stdout
    assert '| "age": "old"' in " ".join(result.stdout.split())
    assert "1 finding" in result.stdout
    assert ["type"] == [finding["rule"] for finding in json.loads(files["json"].read_text())["findings"]]
    assert 1 == len(ET.parse(files["junit"]).getroot().findall(".//failure"))  # noqa: S314 - our own file
    assert "type" in [
        outcome["ruleId"] for outcome in json.loads(files["sarif"].read_text())["runs"][0]["results"]
    ]
    assert "/age" in files["github"].read_text()
    assert "The responses of `get-pet` do not match the document" in result.stderr


def test_reports_are_there_when_nothing_is_found(server: Recorder, tmp_path: Path) -> None:
    """A machine that waits for a report gets one."""
    server.responses["/pet"] = _pet()
    assert 0 == run_cli("check", _single(server), "--report", f"junit={tmp_path / 'j.xml'}").exit_code
    assert "getPet" not in (tmp_path / "j.xml").read_text()
    assert "get-pet" in (tmp_path / "j.xml").read_text()


def test_a_report_that_there_is_not_is_refused_before_anything_is_sent(server: Recorder) -> None:
    """It is wrong usage."""
    result = run_cli("check", _single(server), "--report", "pdf")
    assert (2, []) == (result.exit_code, server.requests)


def test_the_same_finding_of_several_calls_is_shown_once(server: Recorder) -> None:
    """The table says what is wrong, not how often; the data has it for each call."""
    server.responses["/pet"] = _pet(age="old")
    query = {"name": "q", "in": "query", "schema": {"type": "string"}, "example": "x"}
    path = _api(server, {"/pet": {"get": _operation("getPet", query)}})
    assert 1 == run_cli("check", path, "-o", "text").stdout.count("/age: ")
    assert [0, 1] == [finding["call"] for finding in _row(run_cli("check", path, "-o", "json"))["findings"]]


def test_no_fail_reports_and_succeeds(server: Recorder) -> None:
    """What was found is there, and the exit code is 0."""
    server.responses["/pet"] = _pet(age="old")
    result = run_cli("check", _single(server), "-o", "json", "--no-fail")
    assert (0, ["type"]) == (result.exit_code, _rules(result))


@pytest.mark.parametrize(("level", "code"), [("warn", 0), ("strict", 9)])
def test_the_level_of_the_environment(
    server: Recorder, level: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At `warn` findings are shown and are no failure."""
    monkeypatch.setenv("DYNACLI_VALIDATE", level)
    server.responses["/pet"] = _pet(age="old")
    result = run_cli("check", _single(server), "-o", "json")
    assert (code, ["type"]) == (result.exit_code, _rules(result))


def test_a_finding_that_the_configuration_switches_off(server: Recorder, home: Path) -> None:
    """It is not a failure, and the reason stands with it."""
    server.responses["/pet"] = _pet(age="old")
    run_cli("api", "add", "pets", _single(server))
    file = home / "config" / "config.toml"
    entry = '\n[[apis.pets.ignore]]\nrule = "type"\nreason = "known for long"\n'
    file.write_text(file.read_text() + entry)
    result = run_cli("check", "pets", "-o", "json")
    assert (0, []) == (result.exit_code, _rules(result))
    assert ["known for long"] == [suppression["reason"] for suppression in _row(result)["suppressed"]]
    assert "known for long" in run_cli("check", "pets", "-o", "text").stdout


def _answering(seconds: float, response: Response | None = None) -> Any:
    def responded(_: RecordedRequest) -> Response:
        time.sleep(seconds)
        return response or _pet()

    return responded


def _many(server: Recorder, count: int) -> str:
    return _api(server, {f"/p{number}": {"get": _operation(f"get{number}")} for number in range(count)})


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_calls_at_once_than_asked_for(server: Recorder, parallel: int) -> None:
    """The server never has more requests under way, and has that many at some time."""
    lock, now, most, together = threading.Lock(), 0, 0, threading.Barrier(parallel)

    def responded(_: RecordedRequest) -> Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(60)
        time.sleep(0.01)
        with lock:
            now -= 1
        return _pet()

    server.responses.update({f"/p{number}": responded for number in range(9)})
    assert 0 == run_cli("check", _many(server, 9), "--parallel", str(parallel)).exit_code
    assert (9, parallel) == (len(server.requests), most)


@pytest.mark.exhaustive
def test_no_more_calls_in_a_second_than_asked_for(server: Recorder) -> None:
    """Ten a second leaves a tenth of a second between the beginnings of two calls."""
    server.responses.update({f"/p{number}": _pet() for number in range(5)})
    began = time.monotonic()
    assert 0 == run_cli("check", _many(server, 5), "--rate", "10").exit_code
    assert 5 == len(server.requests)
    assert time.monotonic() - began > 0.35


@pytest.mark.parametrize("word", ["0", "-1", "fast"])
def test_a_rate_that_is_none(server: Recorder, word: str) -> None:
    """It is wrong usage, and nothing is sent."""
    assert (2, []) == (run_cli("check", _many(server, 1), "--rate", word).exit_code, server.requests)


@pytest.mark.exhaustive
def test_a_response_that_never_ends(server: Recorder) -> None:
    """The time limit ends it; with nothing else wrong the exit code is that of time."""
    is_over = threading.Event()

    def hanging(_: RecordedRequest) -> Response:
        is_over.wait()
        return _pet()

    server.responses.update({"/p0": hanging, "/p1": _pet()})
    try:
        result = run_cli("check", _many(server, 2), "-o", "json", "--timeout", "1")
    finally:
        is_over.set()
    assert 7 == result.exit_code
    assert "did not respond within 1 s" in _row(result, "get0")["calls"][0]["error"]
    assert (False, True) == (_row(result, "get0")["valid"], _row(result, "get1")["valid"])


def test_no_responses_at_all(server: Recorder) -> None:
    """If nothing listens, the network is what failed."""
    result = run_cli("check", _many(server, 3), "--server", "http://127.0.0.1:9", "-o", "text")
    assert 6 == result.exit_code
    assert "No response" in result.stdout
    assert "and 2 more calls failed in the same way" in result.stderr


def test_a_call_without_a_response_beside_a_break(server: Recorder) -> None:
    """The document is broken, whatever the network did besides."""
    cut = Response(200, b"{", {"Content-Length": "100", "Connection": "close"})
    server.responses.update({"/p0": cut, "/p1": _pet(age="old")})
    assert 9 == run_cli("check", _many(server, 2)).exit_code


def test_ctrl_c_shows_what_was_seen(server: Recorder) -> None:
    """The table has what got a response, says what was not called, and the code is that of the signal."""

    def interrupted(_: RecordedRequest) -> Response:
        interrupt_main()
        time.sleep(0.5)
        return _pet()

    server.responses.update({"/p0": _pet(age="old"), "/p1": interrupted})
    result = run_cli("check", _many(server, 5), "-o", "json", "--parallel", "1")
    assert 130 == result.exit_code
    assert (["type"], 2) == (_rules(result), len(server.requests))
    assert ["interrupted"] * 4 == [row["skipped"]["kind"] for row in result.json if row["skipped"]]


def test_ctrl_c_is_said_in_the_table(server: Recorder) -> None:
    """A person sees that this is not all."""

    def interrupted(_: RecordedRequest) -> Response:
        interrupt_main()
        time.sleep(0.5)
        return _pet()

    server.responses["/p0"] = interrupted
    result = run_cli("check", _many(server, 2), "-o", "text", "--parallel", "1")
    assert 130 == result.exit_code
    assert "Interrupted: 0 of 2 operations called" in result.stdout


_SECURED = {
    "components": {
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "query", "name": "key"},
        }
    }
}


def _secured(server: Recorder, *, open_too: bool = False, scheme: str = "token") -> str:
    paths = {"/pet": {"get": {**_operation("getPet"), "security": [{scheme: []}]}}}
    if open_too:
        paths["/open"] = {"get": _operation("getOpen")}
    return _api(server, paths, **_SECURED)


def test_nothing_can_be_called_without_credentials(server: Recorder) -> None:
    """The exit code is that of credentials, and nothing was sent."""
    result = run_cli("check", _secured(server), "-o", "json")
    assert (10, []) == (result.exit_code, server.requests)
    assert "auth" == _row(result)["skipped"]["kind"]
    assert "DYNACLI_TOKEN" in _row(result)["skipped"]["reason"]


def test_an_operation_without_its_credential_is_left_out(server: Recorder) -> None:
    """The others are called, and the check is a success."""
    server.responses["/open"] = _pet()
    result = run_cli("check", _secured(server, open_too=True), "-o", "json")
    assert 0 == result.exit_code
    assert ["/open"] == [request.target for request in server.requests]
    assert "auth" == _row(result)["skipped"]["kind"]


def test_a_credential_for_another_origin_is_not_sent(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document's server may not choose where it goes, and no one is asked in a check."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    document = json.loads(Path(_secured(server)).read_text())
    serve(other_server, document)
    url = f"{other_server.origin}/openapi.json"
    result = run_cli("check", url, "-o", "json", terminal=("stdin", "stderr"))
    assert (11, []) == (result.exit_code, server.requests)
    assert "refused" == _row(result)["skipped"]["kind"]
    server.responses["/pet"] = _pet()
    assert 0 == run_cli("check", url, "--accept-origin", server.origin).exit_code
    assert [f"Bearer {canary}"] == server.last.headers["authorization"]


@pytest.mark.parametrize("scheme", ["token", "key"])
def test_a_secret_is_shown_nowhere(
    server: Recorder, tmp_path: Path, scheme: str, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not though the server sends it back in a value, a header and a URL, in no form of the result."""
    monkeypatch.setenv("DYNACLI_TOKEN" if scheme == "token" else "DYNACLI_KEY", canary)
    server.responses["/pet"] = _pet(age=canary, hidden=canary, **{canary: 1})
    path = _secured(server, scheme=scheme)
    for words in (("-o", "text"), ("-o", "json"), ("-o", "yaml"), ("-v", "--error-format", "json")):
        assert 9 == run_cli("check", path, "--server", server.origin, *words).exit_code
    for name in ("json", "junit", "sarif", "github"):
        file = tmp_path / name
        reports = ("--report", f"{name}={file}", "--report", name)
        assert 9 == run_cli("check", path, "--server", server.origin, *reports).exit_code
        assert canary not in file.read_text()
    sent = server.last.target if scheme == "key" else server.last.headers["authorization"][0]
    assert canary in sent


def test_a_secret_that_is_given_as_a_value_is_masked(server: Recorder, canary: str) -> None:
    """A parameter that is also an API key is shown in no plan and in no result."""
    key = {"name": "key", "in": "query", "required": True, "schema": {"type": "string", "maxLength": 99}}
    paths = {"/pet": {"get": {**_operation("getPet", key), "security": [{"key": []}]}}}
    server.responses["/pet"] = _pet()
    path = _api(server, paths, **_SECURED)
    for words in (("--dry-run", "-o", "text"), ("--dry-run", "-o", "json"), ("-o", "json"), ("-o", "text")):
        given = ("--set", f"key={canary}", "--server", server.origin)
        assert 0 == run_cli("check", path, *given, *words).exit_code
    assert canary in server.last.target
    assert 2 == run_cli("check", path, "--set", f"key={canary * 5}", "--server", server.origin).exit_code


def test_a_redirect_to_another_origin_takes_no_credential_along(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is followed as a call would follow it."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.responses["/pet"] = Response(302, b"", {"Location": f"{other_server.origin}/pet"})
    other_server.responses["/pet"] = _pet()
    assert 0 == run_cli("check", _secured(server), "--server", server.origin).exit_code
    assert "authorization" in server.last.headers
    assert "authorization" not in other_server.last.headers


def test_nothing_that_can_be_called(server: Recorder) -> None:
    """A document without operations that only read is nothing to check, which is said."""
    path = _api(server, {"/pet": {"post": _operation("addPet")}})
    result = run_cli("check", path, "-o", "text")
    assert (2, []) == (result.exit_code, server.requests)
    assert "There is no read-only operation" in result.stderr
    assert "1 operation that may change something is not called" in result.stdout


def test_a_value_that_cannot_be_had(server: Recorder) -> None:
    """The operation is not called, the reason names the input, and with nothing else that is wrong usage."""
    none = {**_ID, "schema": {"type": "string", "pattern": "^(?!x)x$"}}
    result = run_cli("check", _api(server, {"/pets/{id}": {"get": _operation("getPet", none)}}), "-o", "json")
    assert (2, []) == (result.exit_code, server.requests)
    assert {"kind": "values", "reason": "no value is known for `id`: give one with `--set`"} == _row(result)[
        "skipped"
    ]


def test_how_much_of_the_document_was_seen(server: Recorder) -> None:
    """Ranges and `default` count as seen when a status of theirs came."""
    server.responses.update({"/p0": _pet(), "/p1": _pet(502), "/p2": _pet(404)})
    paths = {
        "/p0": {"get": _operation("get0", s200=_GOOD, s404=_GOOD)},
        "/p1": {"get": _operation("get1", s200=_GOOD, s5XX=_GOOD, sdefault=_GOOD)},
        "/p2": {"get": _operation("get2", s200=_GOOD, sdefault=_GOOD)},
    }
    result = run_cli("check", _api(server, paths), "-o", "json")
    assert [["200"], ["5XX"], ["default"]] == [row["seen"] for row in result.json]
    text = run_cli("check", _api(server, paths), "-o", "text").stdout
    assert "3 of 7 documented responses seen" in " ".join(text.split())


def test_head_is_called_and_has_no_body(server: Recorder) -> None:
    """Its response is validated without one."""
    server.responses["/pet"] = _pet()
    path = _api(server, {"/pet": {"head": _operation("hasPet")}})
    result = run_cli("check", path, "-o", "json")
    assert (0, ["HEAD"]) == (result.exit_code, [request.method for request in server.requests])


def test_nothing_drives_the_terminal(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, values and messages that hold control characters are shown as escapes."""
    monkeypatch.setenv("NO_COLOR", "1")
    server.responses["/pet"] = Response(200, b'{"id": "p", "age": "\\u001b]0;x\\u0007", "\\u001b[2J": 1}')
    result = run_cli("check", _single(server), terminal=("stdout", "stderr"))
    assert 9 == result.exit_code
    assert "\x9b" not in result.stdout
    assert "\x07" not in result.stdout + result.stderr
    assert "\\x1b[2J" in result.stdout


@pytest.mark.exhaustive
def test_progress_is_shown_on_a_terminal_alone(server: Recorder) -> None:
    """The line says how far the check is, and is gone when it is over; a pipe has nothing of it."""
    server.responses.update({f"/p{number}": _answering(0.15) for number in range(4)})
    path = _many(server, 4)
    shown = run_cli("check", path, "--parallel", "1", terminal=("stderr",)).stderr
    assert "of 4 calls done" in shown
    assert shown.endswith("\r")
    assert "" == run_cli("check", path).stderr


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_table_fits_the_terminal(server: Recorder, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line but those of URLs and of names that are longer than that is within its width."""
    monkeypatch.setenv("COLUMNS", str(columns))
    server.responses.update({"/p0": _pet(age="old"), "/p1": _pet()})
    name = "a-name-that-is-much-longer-than-the-column-that-it-stands-in"
    paths = {"/p0": {"get": _operation("get0")}, "/p1": {"get": _operation(name)}}
    monkeypatch.setenv("NO_COLOR", "1")
    lines = run_cli("check", _api(server, paths), terminal=("stdout",)).stdout.splitlines()
    assert [] == [
        line
        for line in lines
        if len(line) > columns and "http" not in line and "line " not in line and name not in line
    ]
    assert any(line.endswith("1 finding") for line in lines)


def test_colour_is_for_terminals_alone(server: Recorder) -> None:
    """A finding is red if a person looks, and plain elsewhere."""
    server.responses["/pet"] = _pet(age="old")
    path = _single(server)
    assert "\x1b[31m" in run_cli("check", path, terminal=("stdout",)).stdout
    assert "\x9b" not in run_cli("check", path, "-o", "text").stdout


def test_the_error_of_a_program(server: Recorder) -> None:
    """`--error-format json` has the findings with their operations."""
    server.responses["/pet"] = _pet(age="old")
    error = run_cli("check", _single(server), "--error-format", "json").error
    assert ("mismatch", 9) == (error["kind"], error["exit_code"])
    assert [("get-pet", "type", "/age")] == [
        (finding["operation"], finding["rule"], finding["pointer"]) for finding in error["findings"]
    ]


def test_what_was_called_is_said_when_asked_for(server: Recorder) -> None:
    """`-v` has a line for each call."""
    server.responses["/pet"] = _pet()
    assert f"* get-pet: GET {server.origin}/pet: 200 (" in run_cli("check", _single(server), "-v").stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(Response(200, b"<html>", {"Content-Type": "application/json"}), id="html-as-json"),
        pytest.param(Response(200, b'{"id": "\xff"}'), id="not-utf-8"),
        pytest.param(Response(200, b'{"id": NaN}'), id="nan"),
        pytest.param(Response(200, b"[" * 20_000), id="deep"),
        pytest.param(Response(200, b'{"id": ' + b"9" * 5_000 + b"}"), id="many-digits"),
        pytest.param(Response(200, b'{"id": "\\ud800"}'), id="lone-surrogate"),
        pytest.param(Response(200, b"{}", {}), id="no-media-type"),
        pytest.param(Response(200, b"\x00\x01", {"Content-Type": "application/octet-stream"}), id="binary"),
    ],
)
def test_responses_that_are_not_what_they_say(server: Recorder, response: Response) -> None:
    """Each ends in findings or in what was not validated, in all forms, and never in a defect."""
    server.responses["/pet"] = response
    for words in (("-o", "text"), ("-o", "json"), ("-o", "yaml"), ("--report", "sarif")):
        result = run_cli("check", _single(server), *words)
        assert result.exit_code in {0, 9}, result.stderr
        assert "defect" not in result.stderr
    row = _row(run_cli("check", _single(server), "-o", "json"))
    assert row["findings"] or row["not_validated"] or response.body == b'{"id": "\\ud800"}'


_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string", "maxLength": 5}, "id": {"type": "string"}},
}


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("media_type", "first", "then", "rules"),
    [
        pytest.param("text/event-stream", b"data: a\n\ndata: b\n\nda", b"", [], id="events"),
        pytest.param(
            "text/event-stream", b"data: a\n\ndata: too long\n\nda", b"", ["maxLength"], id="a-bad-event"
        ),
        pytest.param("text/event-stream", b"", b"", [], id="silence"),
        pytest.param("text/event-stream", b"", b"data: a\r\n\r\n", [], id="one-by-one"),
        pytest.param("application/x-ndjson", b'{"data": "a"}\n{"da', b"", [], id="lines"),
        pytest.param("application/x-ndjson", b'{"data": 1}\n{"da', b"", ["type"], id="a-bad-line"),
        pytest.param("application/json-seq", b'\x1e{"data": "a"}\n\x1e{"da', b"", [], id="records"),
    ],
)
def test_a_stream_without_an_end_is_validated_as_far_as_it_comes(
    server: Recorder, media_type: str, first: bytes, then: bytes, rules: list[str]
) -> None:
    """Whole items are validated, what was cut is not, it is reported, and a stream is not a call without a response."""
    good = {"description": "Good", "content": {media_type: {"itemSchema": _EVENT}}}
    document = json.loads(Path(_single(server, s200=good)).read_text())
    path = save({**document, "openapi": "3.2.0"})

    class Stream(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(first)
            for _ in range(100):  # until no one listens
                time.sleep(0.1)
                self.wfile.write(then)

    with serving(Stream) as url:
        result = run_cli("check", path, "--server", url, "-o", "json", "--timeout", "0.5")
    assert (9 if rules else 0, rules) == (result.exit_code, _rules(result)), result.stderr
    assert any("the stream went on after" in reason for reason in _row(result)["not_validated"])


def test_what_can_be_written_is_asked_for(server: Recorder) -> None:
    """`--write` needs a person's word, and without one nothing is sent, not even what only reads."""
    path = _api(server, _WRITTEN)
    result = run_cli("check", path, "--write")
    assert (2, []) == (result.exit_code, server.requests)
    assert "add-pet -> get-pet -> drop-pet" in result.stderr
    declined = run_cli("check", path, "--write", stdin=b"no\n", terminal=("stdin", "stderr"))
    assert (2, []) == (declined.exit_code, server.requests)


_WRITTEN = {
    "/pets": {"post": {**_operation("addPet", s201=_GOOD), "requestBody": {**_JSON, "required": True}}},
    "/pets/{id}": {"get": _operation("getPet", _ID), "delete": _operation("dropPet", _ID, s204=_NONE)},
}


def test_what_was_created_is_read_and_removed(server: Recorder) -> None:
    """The chain is made when it is agreed to, and the calls of it are validated like any other."""
    server.responses["/pets"] = _pet(201)
    server.responses["/pets/p1"] = lambda asked: (
        _pet(age="old") if asked.method == "GET" else Response(204, b"", {})
    )
    words = ("check", _api(server, _WRITTEN), "--write", "-o", "json")
    result = run_cli(*words, stdin=b"y\n", terminal=("stdin", "stderr"))
    sent = [(request.method, request.target) for request in server.requests]
    assert [("GET", "/pets/id"), ("POST", "/pets"), ("GET", "/pets/p1"), ("DELETE", "/pets/p1")] == sent
    assert 9 == result.exit_code
    assert {"type"} <= set(_rules(result))
    assert 9 == run_cli(*words, "--yes").exit_code


def test_what_was_sent_and_came_is_written_without_secrets(
    server: Recorder, tmp_path: Path, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive has an entry for each call, and no one else may read it."""
    monkeypatch.setenv("DYNACLI_KEY", canary)
    server.responses["/pet"] = _pet(hidden=canary)
    file = tmp_path / "calls.har"
    path = _secured(server, scheme="key")
    run_cli("check", path, "--server", server.origin, "--har", str(file))
    assert [200] == [entry["response"]["status"] for entry in json.loads(file.read_text())["log"]["entries"]]
    assert canary not in file.read_text()
    assert 0o600 == file.stat().st_mode & 0o777


def test_what_was_learned_is_written(server: Recorder, tmp_path: Path) -> None:
    """The overlay names what the document lacks; if it lacks nothing there is none."""
    file = tmp_path / "overlay.json"
    server.responses["/pet"] = _pet()
    assert 0 == run_cli("check", _single(server), "--learn", str(file)).exit_code
    assert not file.exists()
    server.responses["/pet"] = _pet(hidden=1)
    assert 9 == run_cli("check", _single(server), "--learn", str(file)).exit_code
    assert "hidden" in file.read_text()
    assert "1.0.0" == json.loads(file.read_text())["overlay"]


def test_two_things_cannot_go_to_one_file(server: Recorder) -> None:
    """It is reported before anything is sent."""
    result = run_cli("check", _single(server), "--har", "x.json", "--report", "json=./x.json")
    assert (2, []) == (result.exit_code, server.requests)


def test_a_file_that_cannot_be_written_does_not_hide_what_was_found(server: Recorder) -> None:
    """The first cause decides the exit code, and the table is there; with nothing found the file does."""
    server.responses["/pet"] = _pet(age="old")
    result = run_cli("check", _single(server), "-o", "text", "--har", "/dev/full")
    assert_ended(result, 9, "/dev/full")
    assert "/age" in result.stdout
    server.responses["/pet"] = _pet()
    assert 12 == run_cli("check", _single(server), "--har", "/dev/full").exit_code


def test_a_file_in_a_directory_that_there_is_not(server: Recorder) -> None:
    """It is reported before anything is sent: a check may take long."""
    result = run_cli("check", _single(server), "--har", "nowhere/x.har")
    assert (12, []) == (result.exit_code, server.requests)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("schema", "words", "status", "is_excused"),
    [
        pytest.param({"runId": {"type": "string"}}, (), 404, True, id="an-id"),
        pytest.param({"runId": {"type": "string"}}, (), 422, True, id="it-cannot-be-processed"),
        pytest.param({"runId": {"type": "string"}}, (), 400, False, id="another-status"),
        pytest.param({"runId": {"type": "string"}}, ("--set", "runId=a"), 404, False, id="a-given-id"),
        pytest.param({"paid": {"type": "integer"}}, (), 404, False, id="no-id"),
        pytest.param({"name": {"type": "string"}}, (), 404, False, id="a-name-of-its-own"),
        pytest.param({"start_name": {"type": "string"}}, (), 404, True, id="a-name-of-a-thing"),
        pytest.param({"first_name": {"type": "string"}}, (), 422, False, id="a-name-of-nothing"),
        pytest.param(
            {
                "runs": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"run_id": {"type": "string", "example": "a"}}},
                    "example": [{"run_id": "a"}],
                }
            },
            (),
            404,
            True,
            id="deep",
        ),
        pytest.param(
            {"ids": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}, (), 404, True, id="ids"
        ),
    ],
)
def test_a_response_to_an_id_that_was_made_up_for_a_body(
    server: Recorder, schema: Any, words: tuple[str, ...], status: int, is_excused: bool
) -> None:
    """It is excused as one in a path is, and only there."""
    body = {"type": "object", "properties": schema, "required": list(schema)}
    operation = {
        "operationId": "start",
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": {"description": "Good"}},
    }
    server.responses["/start"] = Response(status, b"", {})
    path = save_api({"/start": {"post": operation}}, server=server, version="3.1.0")
    row = run_cli("check", path, "--operation", "start", "-o", "json", *words).json[0]
    assert ([] if is_excused else ["undocumented-status"]) == [finding["rule"] for finding in row["findings"]]
    assert is_excused == any("made-up id in the body" in item for item in row["not_validated"])


def test_an_operation_that_the_server_is_going_to_end_is_a_remark(server: Recorder) -> None:
    """In text, data and the page, without a secret that the server sends back, and never as a finding."""
    key = "k-8c1f0e7ab2"
    server.responses["/pet"] = json_response(
        {"id": "p1"}, Deprecation="@1767225600", Link=f'</end?key={key}&x=\x9b31m>; rel="deprecation"'
    )
    words = ("check", _single(server), "--accept-origin", server.origin, "-H", f"X-Api-Key: {key}", "-o")
    shown = {form: run_cli(*words, form) for form in ("json", "text", "html")}
    said = f"is deprecated since 2026-01-01; see {server.origin}/end?key=***&x="
    assert _row(shown["json"])["deprecated"][0].startswith(said)
    assert "Deprecated by the server" in shown["text"].stdout
    for result in shown.values():
        assert 0 == result.exit_code
        assert "is deprecated since 2026-01-01" in result.stdout
        assert key not in result.stdout
        assert "\x9b" not in result.stdout
