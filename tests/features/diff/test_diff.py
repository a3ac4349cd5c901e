"""`dynacli diff`: one read-only call, two servers, and what differs between their responses."""

import json
from typing import Any

import pytest

from tests.documents import BEARER, document, get, operation, parameter, register, save_api
from tests.harness import (
    RecordedRequest,
    Recorder,
    Response,
    Result,
    free_port,
    json_response,
    run_cli,
)

_WHEN = {"type": "string", "format": "date-time"}
_RUN = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "state": {"type": "string"}, "updated": _WHEN},
}
_HEADERS = {name: {"schema": {"type": "string"}} for name in ("X-Total", "X-Request-Id")}
_LISTED = {
    "200": {
        "description": "OK",
        "headers": _HEADERS,
        "content": {"application/json": {"schema": {"type": "array", "items": _RUN}}},
    }
}
_ID = parameter("id", {"type": "string"}, "path")
_PAGE = [parameter(name, {"type": "integer"}) for name in ("page", "limit")]
_ROWS = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": _RUN}, "total": {"type": "integer"}},
}
_PATHS = {
    "/pages": {
        "get": operation(
            "listPages",
            parameters=_PAGE,
            responses={"200": {"description": "OK", "content": {"application/json": {"schema": _ROWS}}}},
        )
    },
    "/runs": {"get": operation("listRuns", responses=_LISTED), "post": operation("createRun", body={})},
    "/runs/{id}": {"get": operation("getRun", _ID, security=[{"token": []}])},
}
_RUNS = [
    {"id": "a", "state": "done", "updated": "2026-01-01T00:00:00Z"},
    {"id": "b", "state": "done", "updated": "2026-01-02T00:00:00Z"},
]


@pytest.fixture
def api(server: Recorder, other_server: Recorder) -> str:
    """Register an API with a profile for the server on the right."""
    register("runs", document(_PATHS, [server.origin], {"token": BEARER}), staging=other_server.origin)
    return "runs"


def _runs(**changes: Any) -> Response:
    runs = [_RUNS[0], {**_RUNS[1], **changes}]
    return json_response(runs)


def _diff(api: str, *words: str) -> Result:
    return run_cli("diff", api, "list-runs", *words)


def test_two_servers_are_compared(api: str, server: Recorder, other_server: Recorder) -> None:
    """Both get the same request; the text shows each place with both values, and the exit code is 9."""
    server.responses["/runs"] = _runs()
    other_server.responses["/runs"] = json_response([{**_RUNS[1], "state": "failed"}, _RUNS[0], {"id": "c"}])
    result = _diff(api, "--against", "staging")
    expected = f"""\
--- {server.origin}/runs
+++ {other_server.origin}/runs
@@ /body/1/state @@ id: b
-"done"
+"failed"
@@ /body/2 @@ id: c
+{{
+  "id": "c"
+}}
"""
    assert (9, expected) == (result.exit_code, result.stdout)
    assert "2 differences, the first at `/body/1/state`" in result.stderr
    assert [("GET", "/runs")] * 2 == [
        (recorded_request.method, recorded_request.target)
        for recorded_request in (server.last, other_server.last)
    ]
    assert server.last.headers.keys() == other_server.last.headers.keys()


def test_items_are_aligned_by_the_id_of_the_resource(server: Recorder, other_server: Recorder) -> None:
    """The path of an item names its id; another field that each server makes itself does not count."""
    fields = {name: {"type": "string"} for name in ("uuid", "reference", "state")}
    listed = {"type": "array", "items": {"type": "object", "properties": fields}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": listed}}}}
    paths = {
        "/orders": {"get": operation("listOrders", responses=responses)},
        "/orders/{reference}": {
            "get": operation("getOrder", parameter("reference", {"type": "string"}, "path"))
        },
    }
    register("orders", document(paths, [server.origin]), staging=other_server.origin)
    server.responses["/orders"] = json_response([{"uuid": "1", "reference": "a", "state": "new"}])
    other_server.responses["/orders"] = json_response([{"uuid": "2", "reference": "a", "state": "old"}])
    found = run_cli("diff", "orders", "list-orders", "--against", "staging", "-o", "json").json
    assert [("changed", "/body/0/uuid"), ("changed", "/body/0/state")] == [
        (difference["kind"], difference["pointer"]) for difference in found["differences"]
    ]


def test_the_result_for_programs(api: str, server: Recorder, other_server: Recorder) -> None:
    """It is one object, also if nothing differs; a URL names the other server as a profile does."""
    server.responses["/runs"] = _runs()
    other_server.responses["/runs"] = _runs(state="failed")
    result = _diff(api, "--against", other_server.origin, "-o", "json")
    difference = {"pointer": "/body/1/state", "kind": "changed", "left": "done", "right": "failed"}
    assert (9, {"equal": False, "differences": [difference]}) == (result.exit_code, result.json)
    assert 0 == _diff(api, "--against", other_server.origin, "--no-fail").exit_code
    other_server.responses["/runs"] = _runs()
    result = _diff(api, "--against", other_server.origin, "-o", "json")
    assert (0, {"equal": True, "differences": []}) == (result.exit_code, result.json)
    result = _diff(api, "--against", other_server.origin)
    assert (0, "", "The responses are equal\n") == (result.exit_code, result.stdout, result.stderr)


def test_values_that_always_change_are_left_out(api: str, server: Recorder, other_server: Recorder) -> None:
    """Dates of the document and ids of requests count only if you ask for them, undeclared headers never."""
    for side, day in ((server, "02"), (other_server, "03")):
        body = _runs(updated=f"2026-01-{day}T00:00:00Z").body
        headers = {"Content-Type": "application/json", "X-Request-Id": day, "X-Other": day, "X-Total": "2"}
        side.responses["/runs"] = Response(200, body, headers)
    result = _diff(api, "--against", "staging")
    assert 0 == result.exit_code
    assert "Not compared: 2 values" in result.stderr
    result = _diff(api, "--against", "staging", "--all-values", "-o", "json")
    pointers = ["/headers/X-Request-Id", "/body/1/updated"]
    assert (9, pointers) == (
        result.exit_code,
        [difference["pointer"] for difference in result.json["differences"]],
    )
    ignoring = ("--ignore", "/body/*/updated", "--ignore", "/headers/x-request-id")
    assert 0 == _diff(api, "--against", "staging", "--all-values", *ignoring).exit_code


def test_urls_of_each_server_are_left_out(api: str, server: Recorder, other_server: Recorder) -> None:
    """A text that differs only by the base URL of its own server is no difference; another server's URL is."""
    for side, base in ((server, "/v1"), (other_server, "/api/v1")):
        origin = f"{side.origin}{base}"
        run = {
            "self": f"{origin}/runs/1",
            "host": side.origin[7:],
            "links": f"<{origin}/runs?page=2>; rel=next",
        }
        side.responses[f"{base}/runs"] = json_response([run])
    words = ("--server", f"{server.origin}/v1", "--against", f"{other_server.origin}/api/v1")
    result = _diff(api, *words)
    assert (0, "") == (result.exit_code, result.stdout), result.stderr
    assert "Not compared: 3 values" in result.stderr
    assert 3 == len(_diff(api, *words, "--all-values", "-o", "json").json["differences"])
    for url in (
        f"{server.origin}/api/v1/runs/1",
        f"{other_server.origin}0/api/v1/runs/1",
        f"{other_server.origin}/api/v10/runs/1",
    ):
        other_server.responses["/api/v1/runs"] = json_response([{"self": url}])
        assert "/body/0/self" in _diff(api, *words).stdout, url


def test_times_are_left_out(api: str, server: Recorder, other_server: Recorder) -> None:
    """The document need not say that they are: texts look so, and numbers are large and have such a name."""
    left: dict[str, Any] = {"at": "2026-01-01T00:00:00Z", "on": "2026-01-01", "by": "2026-01-01 10:00:00"}
    right: dict[str, Any] = {"at": "2027-01-01T00:00:00.5+01:00", "on": "2026-01-02", "by": "now"}
    left |= {"last_modified": 1796021485649, "seenAt": [1796021485.5], "size": 1796021485, "tookTime": 7}
    right |= {"last_modified": 1796021485795, "seenAt": [1796021485.7], "size": 1796021486, "tookTime": 8}
    server.responses["/runs"], other_server.responses["/runs"] = json_response([left]), json_response([right])
    result = _diff(api, "--against", "staging", "-o", "json")
    expected = ["/body/0/on", "/body/0/by", "/body/0/size", "/body/0/tookTime"]
    assert expected == [difference["pointer"] for difference in result.json["differences"]]


def test_headers_status_and_media_type_are_compared(
    api: str, server: Recorder, other_server: Recorder
) -> None:
    """A declared header counts, and so does a body of another kind; two equal errors are equal."""
    server.responses["/runs"] = Response(200, b"[]", {"Content-Type": "application/json", "X-Total": "0"})
    other_server.responses["/runs"] = Response(
        503, b"<p>Down</p>", {"Content-Type": "text/html", "X-Total": "1"}
    )
    result = _diff(api, "--against", "staging", "--retries", "0", "-o", "json")
    found = {
        difference["pointer"]: (difference["left"], difference["right"])
        for difference in result.json["differences"]
    }
    expected = {
        "/status": (200, 503),
        "/headers/Content-Type": ("application/json", "text/html"),
        "/headers/X-Total": ("0", "1"),
        "/body": ([], "<p>Down</p>"),
    }
    assert (9, expected) == (result.exit_code, found)
    for side in (server, other_server):
        del side.responses["/runs"]
    assert 0 == _diff(api, "--against", "staging").exit_code


@pytest.mark.parametrize(
    ("left", "right", "kinds"),
    [
        (b"a\nb", b"a\nc", ["changed"]),
        (b"\x00\x01", b"\x00\x02", ["changed", "changed"]),
        (b"", b"x", ["added"]),
    ],
    ids=["text", "bytes", "nothing"],
)
def test_bodies_that_are_not_json(
    left: bytes, right: bytes, kinds: list[str], api: str, server: Recorder, other_server: Recorder
) -> None:
    """Text is compared as text, and bytes by their number and digest."""
    media_type = "text/plain" if b"\x00" not in left else "application/octet-stream"
    for side, body in ((server, left), (other_server, right)):
        side.responses["/runs"] = Response(200, body, {"Content-Type": media_type})
    result = _diff(api, "--against", "staging", "-o", "json")
    found = [
        difference
        for difference in result.json["differences"]
        if difference["pointer"] != "/headers/Content-Type"
    ]
    assert 9 == result.exit_code
    assert kinds[-1:] == sorted({item["kind"] for item in found})


def _paged(names: str) -> Any:
    """Return a server's list of runs with these ids, two on a page."""
    rows = [{"id": name, "state": "done"} for name in names]

    def page(request: RecordedRequest) -> Response:
        number = int(request.target.partition("page=")[2].partition("&")[0] or 1)
        return json_response({"rows": rows[number * 2 - 2 : number * 2], "total": len(rows)})

    return page


@pytest.mark.exhaustive
def test_all_pages_are_compared(api: str, server: Recorder, other_server: Recorder) -> None:
    """With `--all`, an item counts as the same on whatever page it is; `--max-items` ends both lists."""
    server.responses["/pages"], other_server.responses["/pages"] = _paged("abcde"), _paged("edcbx")
    words = ("diff", api, "list-pages", "--against", "staging", "-o", "json")
    result = run_cli(*words, "--all")
    found = [(difference["pointer"], difference["kind"]) for difference in result.json["differences"]]
    assert (9, [("/body/rows/0", "removed"), ("/body/rows/4", "added")]) == (result.exit_code, found)
    assert (3, 3) == (len(server.requests), len(other_server.requests))
    other_server.responses["/pages"] = _paged("abcx")
    assert 0 == run_cli(*words, "--max-items", "3", "--ignore", "/body/total").exit_code
    assert 9 == run_cli(*words, "--max-items", "4", "--ignore", "/body/total").exit_code


def test_a_page_that_fails_is_a_difference(api: str, server: Recorder, other_server: Recorder) -> None:
    """The response is then the one of that page; if both lists fail alike, they are equal."""
    server.responses["/pages"] = _paged("abcd")
    good = _paged("abcd")

    def failing(request: RecordedRequest) -> Response:
        return Response(400, b"") if "page=2" in request.target else good(request)

    other_server.responses["/pages"] = failing
    words = ("diff", api, "list-pages", "--against", "staging", "--all", "-o", "json")
    result = run_cli(*words)
    assert ("/status", 200, 400) == tuple(
        result.json["differences"][0][name] for name in ("pointer", "left", "right")
    )
    server.responses["/pages"] = failing
    assert 0 == run_cli(*words).exit_code


def test_one_page_is_compared_if_there_are_no_others(
    api: str, server: Recorder, other_server: Recorder
) -> None:
    """A note says so, once for both sides."""
    server.responses["/runs"], other_server.responses["/runs"] = _runs(), _runs()
    result = _diff(api, "--against", "staging", "--all")
    assert (0, 1) == (result.exit_code, result.stderr.count("This is one page")), result.stderr


def test_pages_that_are_too_large_together(
    api: str, server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server cannot fill the memory by many pages."""
    monkeypatch.setattr("dynacli.client.responses.compare_calls.RENDER_LIMIT", 300)
    server.responses["/pages"] = other_server.responses["/pages"] = _paged("abcdefghijklmnop")
    result = run_cli("diff", api, "list-pages", "--against", "staging", "--all")
    assert 6 == result.exit_code
    assert "Compare fewer items: `--max-items N`" in result.stderr
    assert [] == other_server.requests


def test_equal_differences_of_many_items_are_shown_once(
    api: str, server: Recorder, other_server: Recorder
) -> None:
    """The text counts them; for programs each is there."""
    server.responses["/runs"] = json_response([{"id": name, "n": 1} for name in "abc"])
    other_server.responses["/runs"] = json_response(
        [{"id": name, "n": 3 if name == "b" else 2} for name in "abc"]
    )
    result = _diff(api, "--against", "staging")
    lines = [line for line in result.stdout.splitlines() if line.startswith("@@")]
    assert [
        "@@ /body/0/n @@ id: a (and 1 more with the same values at /body/*/n)",
        "@@ /body/1/n @@ id: b",
    ] == lines
    assert "3 differences" in result.stderr
    assert 3 == len(_diff(api, "--against", "staging", "-o", "json").json["differences"])


WRONG = {
    "no-other-side": ((), 2, "`--against` is missing"),
    "unknown-profile": (("--against", "prod"), 2, "has no profile `prod`"),
    "no-call": (("--against", "history:9"), 2, "The history has no call 9"),
    "no-number": (("--against", "history:first"), 2, "`first` is not the number of a call"),
    "unknown-revision": (("--against", "rev:ffff"), 2, "has no revision `ffff`"),
    "place": (("--against", "staging", "--ignore", "/rows"), 2, "`/rows` is an invalid value"),
    "further-calls": (("--against", "staging", "--follow", "next"), 2, "`diff` does not accept `--follow`"),
    "pages-of-one-response": (("--against", "history:1", "--all"), 2, "`--all` cannot be combined"),
    "some-items-of-one-response": (("--against", "rev:1", "--max-items", "3"), 2, "`--max-items` cannot"),
    "dry-run": (("--against", "staging", "--dry-run"), 2, "`diff` does not accept `--dry-run`"),
    "empty": (("--against", ""), 2, "`--against` needs a value"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_line_sends_nothing(name: str, api: str, server: Recorder, other_server: Recorder) -> None:
    """The error says what is wrong, before any server is asked."""
    words, exit_code, message = WRONG[name]
    result = _diff(api, *words)
    assert exit_code == result.exit_code
    assert message in result.stderr
    assert [] == server.requests + other_server.requests


def test_the_error_is_about_the_other_server(api: str, server: Recorder) -> None:
    """The URL of `--against` is wrong, not the one of `--server`."""
    result = _diff(api, "--server", server.origin, "--against", "ftp://x")
    assert 2 == result.exit_code
    assert f"try: dynacli diff runs list-runs --server {server.origin} --against PROFILE" in result.stderr


def test_only_what_reads_is_compared(api: str, server: Recorder, other_server: Recorder) -> None:
    """An operation that may change something is refused, also if a header asks for its method."""
    result = run_cli("diff", api, "create-run", "--body", "{}", "--against", "staging")
    assert 11 == result.exit_code
    assert "`dynacli diff` does not call" in result.stderr
    header = ("-H", "X-HTTP-Method-Override: DELETE")
    assert 11 == _diff(api, "--against", "staging", *header).exit_code
    assert [] == server.requests + other_server.requests


def test_a_server_that_fails(api: str, server: Recorder) -> None:
    """The exit code is that of the failure, and a note tells what the left side responded with."""
    server.responses["/runs"] = _runs()
    result = _diff(api, "--against", f"http://127.0.0.1:{free_port()}", "--retries", "0")
    assert (6, "") == (result.exit_code, result.stdout)
    assert f"The left side responded with 200: {server.origin}/runs" in result.stderr


def test_a_stream_is_not_compared(api: str, server: Recorder, other_server: Recorder) -> None:
    """It may have no end."""
    server.responses["/runs"] = Response(200, b"data: 1\n\n", {"Content-Type": "text/event-stream"})
    result = _diff(api, "--against", "staging")
    assert (13, []) == (result.exit_code, other_server.requests)


def test_a_credential_goes_where_you_wrote_a_url(
    api: str, server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The URL of `--against` counts as that of `--server`; what a server repeats of the credential is masked."""
    monkeypatch.setenv("DYNACLI_RUNS_TOKEN", "s3cret-of-mine")
    for side, name in ((server, "one"), (other_server, "two")):
        side.responses["/runs/7"] = json_response(
            {"you": f"Bearer s3cret-of-mine {name}", "token": f"t0ken-{name}", "n": name}
        )
    words = ("diff", api, "get-run", "7", "--against", other_server.origin, "-o", "json")
    assert 11 == run_cli(*words).exit_code  # no one has accepted the server of the document
    assert [] == server.requests + other_server.requests
    result = run_cli(*words, "--accept-origin", server.origin)
    assert ["Bearer s3cret-of-mine"] == other_server.last.headers["authorization"]
    found = {
        difference["pointer"]: (difference["left"], difference["right"])
        for difference in result.json["differences"]
    }
    expected = {
        "/body/you": ("Bearer *** one", "Bearer *** two"),
        "/body/token": ("***", "***"),
        "/body/n": ("one", "two"),
    }
    assert (9, expected) == (result.exit_code, found)
    assert "s3cret" not in result.stderr


def test_a_server_does_not_drive_the_terminal(api: str, server: Recorder, other_server: Recorder) -> None:
    """Values, names and ids from the servers are shown as text."""
    server.responses["/runs"] = json_response([{"id": "\x1b[2J", "state\x1b[1m": 1}])
    other_server.responses["/runs"] = json_response([{"id": "\x1b[2J", "state\x1b[1m": "\x1b]0;x\x07"}])
    result = run_cli("diff", api, "list-runs", "--against", "staging", terminal=("stdout", "stderr"))
    assert 9 == result.exit_code
    for sequence in ("\x1b[2J", "\x1b]0", "state\x1b[1m"):
        assert sequence not in result.stdout + result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", ["auto", "json", "yaml"])
@pytest.mark.parametrize("depth", [99, 101, 199, 900])  # JSON of more than 200 levels is not read
def test_a_deep_body_is_no_defect(
    depth: int, form: str, api: str, server: Recorder, other_server: Recorder
) -> None:
    """A value that is nested too deeply is named instead of shown."""
    server.responses["/runs"] = json_response({})
    other_server.responses["/runs"] = Response(body=b'{"a":' * depth + b"1" + b"}" * depth)
    result = _diff(api, "--against", "staging", "-o", form)
    assert 9 == result.exit_code, result.stderr
    assert (101 <= depth <= 199) == ("nested more than 100 levels deep" in result.stdout), result.stdout


def test_then_and_now(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored response is compared without its masked secrets; `diff` itself is no call of the history."""
    run = {"id": "a", "token": "t0ken-1", "state": "done"}
    server.responses["/runs"] = json_response([run])
    assert 0 == run_cli(api, "list-runs").exit_code
    result = _diff(api, "--against", "history:1")
    assert 2 == result.exit_code
    assert "was not stored" in result.stderr
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    assert 0 == run_cli(api, "list-runs").exit_code
    server.responses["/runs"] = json_response([{**run, "token": "t0ken-2"}])
    result = _diff(api, "--against", "history:1")
    assert 0 == result.exit_code, result.stdout
    assert "Not compared: 1 value: secrets" in result.stderr
    server.responses["/runs"] = json_response([{**run, "state": "failed"}])
    result = _diff(api, "--against", "history:1", "-o", "json")
    difference = {"pointer": "/body/0/state", "kind": "changed", "left": "failed", "right": "done"}
    assert (9, [difference]) == (result.exit_code, result.json["differences"])
    assert 2 == len(run_cli("history", "-o", "json").json)
    result = run_cli("diff", api, "get-run", "7", "--against", "history:1")
    assert 2 == result.exit_code
    assert "is not a call of `get-run`" in result.stderr


def test_a_body_that_is_too_large_for_the_history(
    api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its response cannot be compared, and the error says why."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    server.responses["/runs"] = json_response(["x" * 300_000])
    assert 0 == run_cli(api, "list-runs").exit_code
    result = _diff(api, "--against", "history:1")
    assert 2 == result.exit_code
    assert "too large" in result.stderr


def test_another_revision_of_the_document(api: str, server: Recorder) -> None:
    """The response is validated against both, and the findings of only one of them are the differences."""
    server.responses["/runs"] = _runs(state=7)
    before = run_cli("api", "history", api, "-o", "json").json[0]["revision"]
    run = {**_RUN, "properties": {**_RUN["properties"], "state": {"type": "integer"}}}  # type: ignore[dict-item]
    listed = json.loads(json.dumps(_LISTED))
    listed["200"]["content"]["application/json"]["schema"]["items"] = run
    paths = {**_PATHS, "/runs": {"get": operation("listRuns", responses=listed)}}
    save_api(paths, server=server, schemes={"token": BEARER}, file="runs.json")
    assert 0 == run_cli("api", "refresh", api, "--accept").exit_code
    result = _diff(api, "--against", f"rev:{before[:8]}", "-o", "json")
    found = [(difference["pointer"], difference["kind"]) for difference in result.json["differences"]]
    assert (9, [("/body/0/state", "removed"), ("/body/1/state", "added")]) == (result.exit_code, found)
    assert 1 == len(server.requests)
    assert 0 == _diff(api, "--against", f"rev:{before[:8]}", "--ignore", "/body/*/state").exit_code


def test_an_input_of_the_same_name_wins(server: Recorder, other_server: Recorder) -> None:
    """After the operation `--against` is then its own input; before the API it is that of `diff`."""
    team = parameter("against", {"type": "string"})
    api = save_api(get("/games", "listGames", team), server=server)
    for side in (server, other_server):
        side.responses["/games"] = json_response([])
    result = run_cli("diff", "--against", other_server.origin, api, "list-games", "--against", "rovers")
    assert 0 == result.exit_code, result.stderr
    assert ["/games?against=rovers"] * 2 == [
        recorded_request.target for recorded_request in (server.last, other_server.last)
    ]
    assert 2 == run_cli("diff", api, "list-games", "--against", "rovers").exit_code


def test_completion_offers_the_other_sides(api: str, server: Recorder) -> None:
    """They are profiles, earlier calls and revisions; the options are offered after `diff` alone."""
    server.responses["/runs"] = _runs()
    assert 0 == run_cli(api, "list-runs").exit_code

    def offered(*words: str) -> list[str]:
        return run_cli("__complete", "bash", *words).stdout.split()

    sides = offered("diff", api, "list-runs", "--against", "")
    assert ["staging", "history:1"] == sides[:2]
    assert sides[2].startswith("rev:")
    assert ["--against=staging"] == offered("diff", api, "list-runs", "--against=st")
    assert ["--against"] == offered("diff", api, "list-runs", "--all-values", "--ag")
    assert sides == offered("diff", api, "list-runs", "--ignore", "--against", "--against", "")
    assert [] == offered("diff", api, "list-runs", "--", "--against", "")
    assert [] == offered("diff", api, "list-runs", "--", "--against=st")
    assert [] == offered("diff", api, "list-runs", "--ignore", "--against", "st")
    assert [] == offered("diff", api, "list-runs", "--server", "--against", "st")
    assert [] == offered(api, "list-runs", "--against", "st")
    assert ["list-runs"] == offered("diff", api, "list-r")
    assert [] == offered(api, "list-runs", "--ag")
