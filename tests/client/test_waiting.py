"""`--wait` and `Api.wait`: a call is made again until an expression is true of its response."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

import dynacli
from dynacli.client.engine import series
from dynacli.errors import FormatError, UsageError
from tests.documents import get, operation, parameter, post, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli

_JSON = {"Content-Type": "application/json"}


class Clock:
    """A clock that sleeping moves on, and nothing else.

    Attributes:
        now: What it shows.
        pauses: How long each sleep was.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of all waits of the test."""
    clock = Clock()
    monkeypatch.setattr(series, "clock", clock.time)
    monkeypatch.setattr(series, "sleep", clock.sleep)
    return clock


def job(state: Any, status: int = 200, **headers: str) -> Response:
    """A response about a job."""
    return Response(
        status,
        json.dumps({"state": state}).encode(),
        _JSON | {k.replace("_", "-"): v for k, v in headers.items()},
    )


def _api(server: Recorder, *responses: Response) -> str:
    """Save a document whose `get-job` has these responses, the last one again and again; return its word."""
    left = list(responses)

    def response(request: RecordedRequest) -> Response:  # noqa: ARG001
        return left.pop(0) if len(left) > 1 else left[0]

    server.responses["/job"] = response
    state = {"type": ["string", "integer", "array", "null"]}
    schema = {"type": "object", "properties": {"state": state, "later": {}}}
    described = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    return save_api(
        get("/job", "getJob", parameter("q", {"type": "string"}), responses=described),
        post("/job", "startJob"),
        server=server,
        version="3.1.0",
    )


def test_a_call_is_made_until_its_response_is_wanted(server: Recorder, clock: Clock) -> None:
    """Only the last response is written, and the pauses grow."""
    api = _api(server, job("new"), job("runs"), job("runs"), job("done"))
    result = run_cli(api, "get-job", "--q", "x", "--wait", "state == 'done'")
    assert (0, '{"state": "done"}') == (result.exit_code, result.stdout)
    assert "" == result.stderr
    assert [2, 3, 4.5] == clock.pauses
    assert ["/job?q=x"] * 4 == [request.target for request in server.requests]


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("responses", "options", "pauses"),
    [
        pytest.param([], [], [2, 3, 4.5, 6.75, 10.125, 15.188, 22.781, 30, 30], id="up-to-30-s"),
        pytest.param([], ["--wait-interval", "7"], [7] * 9, id="an-interval-of-ones-own"),
        pytest.param(
            [job(0, Retry_After="9")] * 2, [], [9, 9, 4.5, 6.75, 10.125, 15.188, 22.781, 30, 30], id="asked"
        ),
        pytest.param(
            [job(0, RateLimit_Reset="90"), job(0, 429, RateLimit_Reset="90")],
            [],
            [2, 90, 4.5, 6.75, 10.125, 15.188, 22.781, 30, 30],
            id="limits",
        ),
        pytest.param([job(0, Retry_After="1")], ["--wait-interval", "3"], [3] * 9, id="asked-for-less"),
        pytest.param([job(0, Retry_After="8")], ["--wait-interval", "3"], [8, *[3] * 8], id="asked-for-more"),
        pytest.param(
            [job(0, 503, Retry_After="5")], [], [5, 3, 4.5, 6.75, 10.125, 15.188, 22.781, 30, 30], id="busy"
        ),
        pytest.param([job(0, 429)] * 9, [], [2, 3, 4.5, 6.75, 10.125, 15.188, 22.781, 30, 30], id="too-many"),
    ],
)
def test_how_long_the_pauses_are(
    server: Recorder, clock: Clock, responses: list[Response], options: list[str], pauses: list[float]
) -> None:
    """A status that may pass is waited over, and `Retry-After` is obeyed."""
    waiting = [*responses, *[job([])] * (9 - len(responses)), job("done")]
    result = run_cli(_api(server, *waiting), "get-job", "--wait", "state == 'done'", *options)
    assert (0, pauses) == (result.exit_code, clock.pauses)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("expression", "is_true"),
    [
        ("state", True),
        ("state == `0`", True),
        ("later", False),
        ("state == 'done'", False),
        ("''", False),
        ("`[]`", False),
        ("`{}`", False),
        ("`0`", True),
    ],
)
def test_what_is_true(server: Recorder, clock: Clock, expression: str, is_true: bool) -> None:
    """By the rules of JMESPath, by which 0 is."""
    result = run_cli(_api(server, job(0)), "get-job", "--wait", expression, "--wait-timeout", "1")
    assert (0 if is_true else 7) == result.exit_code
    assert is_true is not bool(clock.pauses)


def test_the_last_response_is_written_when_the_time_is_over(server: Recorder, clock: Clock) -> None:
    """A last call is made at the end, and the exit code is 7."""
    api = _api(server, job("new"), job("runs"), job(["last"]))
    words = ["get-job", "--wait", "state == 'done'", "--wait-timeout", "6", "--error-format", "json"]
    result = run_cli(api, *words, "-f", "[status, body.state[0]]", "-o", "lines", "-i")
    assert (7, "200\nlast\n") == (result.exit_code, result.stdout)
    assert [2, 3, 1] == clock.pauses
    assert ("timeout", 4) == (result.error["kind"], result.error["calls"])
    assert "`state == 'done'` was not true within 6 s" == result.error["message"]
    assert "4 calls made; the last response: 200 OK" in result.error["reason"]


def test_a_field_that_looks_like_a_slip_ends_the_wait(server: Recorder, clock: Clock) -> None:
    """Neither the response nor the document has it: no call would make the expression true."""
    api = _api(server, job("new"))
    words = ["get-job", "--wait", "stat == 'done'"]
    result = run_cli(api, *words)
    assert (13, '{"state": "new"}', []) == (result.exit_code, result.stdout, clock.pauses)
    assert f"  try: dynacli {api} get-job --wait \"state == 'done'\"" == result.stderr.splitlines()[-1]
    assert 7 == run_cli(api, *words, "--validate", "off", "--wait-timeout", "3").exit_code


_STATE: dict[str, Any] = {"state": {"type": ["string", "null"]}}
_NEVER = {
    "no field": ("zzz", {"properties": _STATE}),
    "a path": ("zzz.done", {"properties": _STATE}),
    "one of both": ("zzz == 'x' && state", {"properties": _STATE}),
    "all of them": ("zzz || yyy", {"properties": _STATE}),
    "within another": ("job.zzz", {"properties": {**_STATE, "job": {"properties": _STATE}}}),
    "of an item": ("jobs[0].zzz", {"properties": {**_STATE, "jobs": {"items": {"properties": _STATE}}}}),
    "beside anything": ("zzz", {"properties": {**_STATE, "more": {"type": "object"}}}),
    "a slip where nothing is said": ("sttae", {}),
}
_LATER = {
    "of the document": ("end", {"properties": {**_STATE, "end": {"type": "string"}}}),
    "of a branch": ("end", {"oneOf": [{"properties": _STATE}, {"properties": {"end": {}}}]}),
    "of an object that is null": ("last.zzz", {"properties": {**_STATE, "last": {"properties": _STATE}}}),
    "a further one": ("zzz", {"properties": _STATE, "additionalProperties": True}),
    "where nothing is said": ("zzz", {}),
    "within anything": ("more.zzz", {"properties": {**_STATE, "more": {"type": "object"}}}),
    "not needed": ("zzz || state == 'done'", {"properties": _STATE}),
    "not wanted": ("zzz != 'x' && state == 'done'", {"properties": _STATE}),
    "of no item yet": ("none[0].zzz", {"properties": {**_STATE, "none": {"items": {"properties": _STATE}}}}),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("expression", "schema", "code"),
    [
        pytest.param(*case, code, id=name)
        for cases, code in ((_NEVER, 13), (_LATER, 7))
        for name, case in cases.items()
    ],
)
def test_a_field_that_cannot_come_ends_the_wait(
    server: Recorder, clock: Clock, expression: str, schema: dict[str, Any], code: int
) -> None:
    """Nothing is waited for if the expression needs a field that neither the response nor the document has."""
    value = {
        "state": "",
        "job": {"state": "s"},
        "jobs": [{"state": "s"}],
        "more": {},
        "last": None,
        "none": [],
    }
    server.responses["/job"] = Response(200, json.dumps(value).encode(), _JSON)
    content = {"application/json": {"schema": schema}}
    api = save_api(
        get("/job", "getJob", responses={"200": {"description": "", "content": content}}),
        server=server,
        version="3.1.0",
    )
    result = run_cli(api, "get-job", "--wait", expression, "--wait-timeout", "3", "--error-format", "json")
    assert (code, code == 7) == (result.exit_code, bool(clock.pauses)), result.stderr
    assert (code == 13) == ("`state`" in result.error["reason"]), result.error["reason"]


def test_a_field_of_the_document_may_appear_later(server: Recorder, clock: Clock) -> None:
    """The responses before it do not have it."""
    other = Response(200, b'{"stats": 1}', _JSON)
    result = run_cli(_api(server, other, job("done")), "get-job", "--wait", "state == 'done'")
    assert (0, 1) == (result.exit_code, len(clock.pauses)), result.stderr


def test_a_server_that_wants_to_be_asked_later_ends_it(server: Recorder, clock: Clock) -> None:
    """Nothing is waited for that comes too late."""
    result = run_cli(_api(server, job("new", Retry_After="400")), "get-job", "--wait", "state == 'done'")
    assert (7, '{"state": "new"}', []) == (result.exit_code, result.stdout, clock.pauses)
    assert "allows the next call in 400 s" in result.stderr


@pytest.mark.parametrize(("status", "code"), [(404, 4), (500, 5), (304, 3), (410, 4)])
def test_a_status_that_stays_ends_it(server: Recorder, clock: Clock, status: int, code: int) -> None:
    """Whatever the expression says of the response."""
    result = run_cli(_api(server, job("new"), job("done", status)), "get-job", "--wait", "state == 'none'")
    assert (code, [2]) == (result.exit_code, clock.pauses)
    assert '{"state": "done"}' == result.stdout or status == 304


@pytest.mark.parametrize(
    ("response", "reason", "written"),
    [
        (Response(200, b"<p>", {"Content-Type": "text/html"}), "it is `text/html`, and is not JSON", "<p>"),
        (Response(200, b"<p>", {}), "it has no media type, and is not JSON", "<p>"),
        (Response(200, b"\x00", {"Content-Type": "image/png"}), "it is binary: `image/png`, 1 bytes", "\x00"),
        (Response(200, b'{"a', _JSON), "it is called JSON, and is not", '{"a'),
        (job(None), "In function length()", '{"state": null}'),
    ],
    ids=["html", "no-type", "binary", "broken", "of-null"],
)
def test_a_response_that_cannot_be_looked_at_ends_it(
    server: Recorder, clock: Clock, response: Response, reason: str, written: str
) -> None:
    """Exit 13, and the response is written as it came."""
    result = run_cli(_api(server, response), "get-job", "--wait", "length(state)", "--validate", "off")
    assert (13, written, []) == (result.exit_code, result.stdout, clock.pauses)
    assert reason in result.stderr
    assert "`--wait`" in result.stderr


def test_a_response_without_a_body_is_null(server: Recorder, clock: Clock) -> None:
    """As a server may say that there is nothing yet."""
    api = _api(server, Response(204, b"", {}), job("done"))
    assert (0, [2]) == (run_cli(api, "get-job", "--wait", "state").exit_code, clock.pauses)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["get-job", "--wait", "state =="], "`--wait` is not a JMESPath expression"),
        (["get-job", "--wait", ""], "it is empty"),
        (["get-job", "--wait", "foo(state)"], "`--wait` is wrong"),
        (["start-job", "--wait", "state"], "each POST request may change data"),
        (["get-job", "--wait", "state", "--all"], "`--wait` and `--all` cannot be combined"),
        (["get-job", "--wait", "state", "--max-items", "3"], "cannot be combined"),
        (["get-job", "--wait", "state", "-O"], "`--wait` and `-O` cannot be combined"),
        (["get-job", "--wait-timeout", "3"], "`--wait` is missing"),
        (["get-job", "--wait-interval", "3"], "`--wait` is missing"),
        (
            ["get-job", "--wait", "state", "--wait-timeout", "x"],
            "Invalid value `x` for `--wait-timeout`",
        ),
        (["get-job", "--wait", "state", "--wait-interval", "0"], "--wait-interval SECONDS"),
        (["get-job", "--wait", "state", "--wait-interval", "nan"], "Invalid value `nan`"),
    ],
)
def test_what_cannot_be_waited_for_is_said_before_anything_is_sent(
    server: Recorder, words: list[str], said: str
) -> None:
    """Exit 2."""
    result = run_cli(_api(server, job("done")), *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert said in result.stderr


def test_the_request_is_shown_without_waiting(server: Recorder) -> None:
    """`--dry-run` shows the call that would be made again and again."""
    result = run_cli(_api(server, job("new")), "get-job", "--wait", "state == 'done'", "--dry-run")
    assert 0 == result.exit_code
    assert [] == server.requests
    assert "GET /job" in result.stdout


def test_the_last_response_is_validated(server: Recorder, clock: Clock) -> None:  # noqa: ARG001
    """What does not match the document in the responses before it is not told."""
    api = _api(server, job(1.5), job({"a": 1}), job({"a": 1}, 503), job(True))
    result = run_cli(
        api, "get-job", "--wait", "state == `true`", "--validate", "strict", "--report", "json=out.json"
    )
    assert (9, '{"state": true}') == (result.exit_code, result.stdout)
    with open("out.json") as file:
        assert ["/state"] == [finding["pointer"] for finding in json.load(file)["findings"]]
    late = run_cli(api, "get-job", "--wait", "state == 'x'", "--validate", "strict", "--wait-timeout", "1")
    assert 7 == late.exit_code
    assert "does not match the document" in late.stderr


def _lost(server: Recorder, after: int) -> None:
    """Let the server respond to so many requests, and then break connections three times."""
    whole = server.responses["/job"]
    assert callable(whole)

    def response(request: RecordedRequest) -> Response:
        if after < len(server.requests) <= after + 3:
            return Response(200, b"{", {**_JSON, "Content-Length": "9", "Connection": "close"})
        return whole(request)

    server.responses["/job"] = response


def test_a_connection_that_is_lost_later_is_waited_over(server: Recorder, clock: Clock) -> None:
    """A server that responded before may come back; one that never did is as good as absent after a few tries."""
    api = _api(server, job("new"), job("done"))
    _lost(server, 1)
    assert (0, 4) == (run_cli(api, "get-job", "--wait", "state == 'done'").exit_code, len(clock.pauses))
    server.requests.clear()
    _lost(server, 0)
    result = run_cli(api, "get-job", "--wait", "state == 'done'", "--retries", "1")
    assert (6, "", 2) == (result.exit_code, result.stdout, len(server.requests))


def test_waiting_is_told(server: Recorder, clock: Clock) -> None:  # noqa: ARG001
    """By `-v` for each pause; the requests and the responses are shown, too."""
    api = _api(server, job("new"), job("runs", 503), job("done"))
    result = run_cli(api, "get-job", "--wait", "state == 'done'", "-v")
    assert "* `state == 'done'` is not true after 1 call; again in 2.0 s\n" in result.stderr
    assert "* 503 Service Unavailable after 2 calls; again in 3.0 s\n" in result.stderr
    assert 3 == result.stderr.count("> GET ")


def test_an_interruption_ends_it(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a signal does: nothing is written."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(series, "sleep", interrupt)
    result = run_cli(_api(server, job("new")), "get-job", "--wait", "state == 'done'")
    assert (130, "") == (result.exit_code, result.stdout)


@pytest.fixture
def jobs(server: Recorder) -> Iterator[dynacli.Api]:
    """An API whose job is done at the third call."""
    with dynacli.open_api(_api(server, job("new"), job("runs"), job("done"))) as api:
        yield api


def test_a_program_waits(jobs: dynacli.Api, clock: Clock) -> None:
    """`Api.wait` returns the response, and raises with the last one when the time is over."""
    with pytest.raises(series.NeverTrueError, match="was not true within 1 s") as caught:
        jobs.wait("get-job", "state == 'done'", {"q": "a"}, wait_timeout=1, wait_interval=1)
    assert caught.value.response is not None
    assert ({"state": "runs"}, "") == (caught.value.response.data, caught.value.hint)
    assert "done" == jobs.wait("get-job", "state == 'done'", q="b").data["state"]
    assert [1] == clock.pauses


def test_a_program_is_told_what_cannot_be_waited_for(jobs: dynacli.Api, server: Recorder) -> None:
    """As the command line is."""
    with pytest.raises(UsageError, match="`until` is not a JMESPath expression"):
        jobs.wait("get-job", "state ==")
    with pytest.raises(UsageError, match="cannot be repeated"):
        jobs.wait("start-job", "state")
    assert [] == server.requests
    with pytest.raises(FormatError, match="`until` fails"):
        jobs.wait("get-job", "sum(state)")


@pytest.mark.parametrize("words", [["--wait", "a"], ["--all"]], ids=["wait", "all"])
def test_a_secret_that_the_document_does_not_allow_is_not_shown(
    server: Recorder, canary: str, words: list[str]
) -> None:
    """Nor in the error of a Python program."""
    scheme = {"key": {"type": "apiKey", "in": "query", "name": "key"}}
    api = save_api(
        get("/job", "getJob", parameter("key", {"type": "string", "maxLength": 3}), security=[{"key": []}]),
        server=server,
        schemes=scheme,
    )
    result = run_cli(api, "get-job", "--key", canary, "--server", server.origin, *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert "?key=***" in result.stderr
    with dynacli.open_api(api, server=server.origin) as opened, pytest.raises(UsageError) as caught:
        opened.call("get-job", key=canary)
    assert canary not in str(caught.value.reason)


def test_what_cannot_be_written_is_said_besides_the_time(server: Recorder, clock: Clock) -> None:  # noqa: ARG001
    """The exit code is that of the time, and an error has a form of its own."""
    api = _api(server, job("new"))
    words = (api, "get-job", "--wait", "state == 'x'", "--wait-timeout", "1", "-o", "table")
    failing = run_cli(*words, "-f", "sum(state)")
    assert (7, {"state": "new"}) == (failing.exit_code, failing.json)
    assert "The filter fails on this response" in failing.stderr
    over = run_cli(api, "get-job", "--wait", "state == 'new'", "-f", "sum(state)")
    assert 13 == over.exit_code
    api = _api(server, job("busy", 503))
    busy = run_cli(*words)
    assert (7, {"state": "busy"}) == (busy.exit_code, busy.json)


def test_what_the_request_holds_besides_is_said_once(server: Recorder, clock: Clock) -> None:  # noqa: ARG001
    """At the level `exact`, of the first of all calls."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    query = {"query": operation("ask", body=schema)}
    server.responses["/ask"] = job("done")
    api = save_api({"/ask": query}, server=server, version="3.2.0")
    result = run_cli(api, "ask", "--body", '{"b": 1}', "--wait", "state", "--validate", "exact")
    assert 1 == result.stderr.count("The request has values that the document does not mention")
