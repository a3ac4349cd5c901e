"""A batch that runs: the order of its result, its failures, what ends it early, and how it goes on."""

import json
import os
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.client.shards import Shard
from dynacli.errors import FileError, UsageError
from dynacli.features.batch.batch_run import BatchRun, RowCalls, RunSettings, check_rows
from dynacli.features.batch.rows import rows_of
from dynacli.http.rate_limit import RateLimit
from dynacli.output import standard_output
from tests.documents import api_of, get, operation, parameter, save
from tests.features.batch.small_api import API, SmallApi, lines, ndjson
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


def _pets(*numbers: int) -> str:
    return ndjson(*({"pet-id": number} for number in numbers))


def test_a_line_says_what_came_of_a_row(api: SmallApi) -> None:
    """Status, exit code, value and findings; the exit code of the run is that of the first row that failed."""
    api.server.responses["/pets/2"] = Response(body=b"[1.10]")
    api.server.responses["/pets/3"] = Response(503, b"")
    api.server.responses["/pets/4"] = Response(body=b"\xff\0", headers={"Content-Type": "image/png"})
    api.server.responses["/pets/5"] = Response(body=b"{", headers={"Content-Type": "application/json"})
    result = api.run("get-pet", _pets(1, 2, 3, 4, 5), "--retries", "0")
    assert 5 == result.exit_code
    first, second, third, fourth, fifth = lines(result)
    assert {"row": 1, "status": 200, "exit_code": 0, "data": {"pet": "1"}, "findings": []} == first
    assert ["type"] == [finding["rule"] for finding in second["findings"]]
    assert '"data":[1.10]' in result.stdout
    assert (503, 5, None) == (third["status"], third["exit_code"], third["data"])
    assert {"base64": "/wA="} == fourth["data"]
    assert "{" == fifth["data"]
    assert "1 of 5 rows failed" in result.stderr
    assert "Row 3" in result.stderr


def test_the_end_says_how_many_rows_succeeded(api: SmallApi) -> None:
    """On standard error: whoever sends the lines elsewhere sees it, too."""
    assert "2 of 2 rows succeeded\n" == api.run("get-pet", _pets(1, 2)).stderr
    assert "succeeded" not in api.run("get-pet", _pets(1, 2), "--dry-run").stderr


def test_findings_fail_a_row_where_the_level_says_so(api: SmallApi) -> None:
    """At `strict` a row whose response does not match the document ends with 9; `--no-fail` ignores it."""
    api.server.responses["/pets/2"] = Response(body=b"[]")
    result = api.run("get-pet", _pets(1, 2), "--validate", "strict")
    assert (9, [0, 9]) == (result.exit_code, [line["exit_code"] for line in lines(result)])
    assert 0 == api.run("get-pet", _pets(1, 2, 99), "--validate", "strict", "--no-fail").exit_code
    assert 0 == api.run("get-pet", _pets(1, 2), "--validate", "off").exit_code


@pytest.mark.parametrize(("form", "lost"), [("ndjson", "2"), ("csv", "all 3")])
def test_rows_whose_results_cannot_be_written_are_told(
    api: SmallApi, monkeypatch: pytest.MonkeyPatch, form: str, lost: str
) -> None:
    """Whoever goes on knows what was done; no further row is begun, if results are written as they come."""
    written: list[bytes] = []

    def write(_: Any, data: bytes) -> None:
        if len(written) == (form == "ndjson"):
            raise FileError("Standard output cannot be written")
        written.append(data)

    monkeypatch.setattr(standard_output, "write_bytes", write)
    result = api.run("get-pet", _pets(1, 2, 3), "-o", form)
    assert (12, int(lost[-1])) == (result.exit_code, len(api.served))
    assert (
        f"warning: The results of rows that were sent are lost, and `--resume` would send them again: {lost}\n"
        in (result.stderr)
    )


def test_a_row_without_a_response_has_an_error(api: SmallApi) -> None:
    """A lost connection is an error of its row alone."""
    result = api.run("get-pet", _pets(1), "--server", "http://127.0.0.1:9", "--retries", "0")
    (line,) = lines(result)
    assert (6, None, 6) == (result.exit_code, line["status"], line["exit_code"])
    assert "network" == line["error"]["kind"]


def test_the_result_is_in_the_order_of_the_rows(api: SmallApi) -> None:
    """Rows that end before an earlier one wait for it."""
    others = threading.Semaphore(0)

    def hold_the_first(request: RecordedRequest) -> None:
        if request.target == "/pets/1":
            for _ in range(3):
                others.acquire()
        else:
            others.release()

    api.before = hold_the_first
    result = api.run("get-pet", _pets(1, 2, 3, 4), "--parallel", "2")
    assert ["1", "2", "3", "4"] == [line["data"]["pet"] for line in lines(result)]
    assert "GET /pets/1" in api.served[:3]


@pytest.mark.exhaustive
def test_a_window_bounds_what_waits_for_an_earlier_row(api: SmallApi) -> None:
    """A row that hangs lets only so many others begin, so that memory stays constant."""
    begun, release = threading.Semaphore(0), threading.Event()

    def hold_the_first(request: RecordedRequest) -> None:
        if request.target == "/pets/1":
            for _ in range(31):  # sixteen for each of two that run
                begun.acquire()
            release.set()
        else:
            begun.release()

    api.before = hold_the_first
    result = api.run("get-pet", _pets(1, *([2] * 60)), "--parallel", "2")
    assert release.is_set()
    assert list(range(1, 62)) == [line["row"] for line in lines(result)]


def test_a_row_that_fails_stops_the_others_where_that_is_asked_for(api: SmallApi) -> None:
    """`--stop-on-error` begins no further row, and the line that goes on is told."""
    result = api.run("get-pet", _pets(1, 99, 2), "--stop-on-error")
    assert (4, [1, 2]) == (result.exit_code, [line["row"] for line in lines(result)])
    assert ["GET /pets/1", "GET /pets/99"] == api.served
    line = f"dynacli batch {API} get-pet rows.ndjson --stop-on-error --resume RESULT"
    assert f"2 of 3 rows are done; resume with: {line}" in result.stderr
    assert [1, 2, 3] == [line["row"] for line in lines(api.run("get-pet", _pets(1, 99, 2)))]


def test_rows_that_went_well_are_taken_from_an_earlier_result(api: SmallApi) -> None:
    """`--resume` sends the other rows, repeats the lines of those, and knows their responses; a cut line is none."""
    rows = ndjson(
        {"operation": "create-pet", "inputs": {"name": "Rex"}, "as": "w"},
        {"operation": "get-pet", "inputs": {"pet-id": "{{w.id}}"}},
        {"operation": "get-pet", "inputs": {"pet-id": 3}},
    )
    done = {"row": 1, "status": 200, "exit_code": 0, "data": {"id": 42, "x": 1}, "findings": []}
    failed: dict[str, Any] = {"row": 2, "status": None, "exit_code": 6, "data": None, "findings": []}
    Path("result").write_text(f'{json.dumps(done)}\n\n{json.dumps(failed)}\n{{"row": 3, "stat')
    result = api.run(rows, "--resume", "result", "-o", "@result")
    assert 0 == result.exit_code, result.stderr
    assert ["GET /pets/42", "GET /pets/3"] == api.served
    written = [json.loads(line) for line in Path("result").read_text().splitlines()]
    assert ([1, 2, 3], done) == ([line["row"] for line in written], written[0])
    assert 0 == api.run(rows, "--resume=result").exit_code
    assert 2 == len(api.served)


def test_ctrl_c_finishes_what_is_under_way(api: SmallApi) -> None:
    """No further row is begun, the results are written, and the line that goes on is told without secrets."""

    def interrupt(request: RecordedRequest) -> None:
        if request.target == "/pets/2":
            signal.raise_signal(signal.SIGINT)

    api.before = interrupt
    Path("old").touch()
    words = ("get-pet", _pets(1, 2, 3), "-H", "Authorization: Bearer canary-1", "-o", "@result")
    result = api.run(*words, "--accept-origin", api.server.origin, "--resume", "old")
    assert 130 == result.exit_code
    assert ["GET /pets/1", "GET /pets/2"] == api.served
    assert [1, 2] == [json.loads(line)["row"] for line in Path("result").read_text().splitlines()]
    assert "1 row under way" in result.stderr
    assert "2 of 3 rows are done; resume with: dynacli batch" in result.stderr
    assert "--resume result" in result.stderr
    assert "canary-1" not in result.stderr


def test_a_second_ctrl_c_does_not_wait(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows under way are given up; those that are done and waited for an earlier one are written."""
    first_is_heard, second_is_done, release = threading.Event(), threading.Event(), threading.Event()

    def end(run: BatchRun) -> None:
        run._end.set()
        first_is_heard.set()

    def interrupt(request: RecordedRequest) -> None:
        if request.target == "/pets/1":
            second_is_done.wait(30)
            signal.raise_signal(signal.SIGINT)
            first_is_heard.wait(30)
            signal.raise_signal(signal.SIGINT)
            release.wait(30)
        elif request.target == "/pets/3":
            second_is_done.set()

    monkeypatch.setattr(BatchRun, "end", end)
    api.before = interrupt
    try:
        result = api.run("get-pet", _pets(1, 2, 3), "--parallel", "2")
    finally:
        release.set()
    rows = [line["row"] for line in lines(result)]
    assert 130 == result.exit_code
    assert 2 in rows
    assert 1 not in rows


def test_rows_that_wait_for_their_turn_are_not_sent_after_ctrl_c(
    api: SmallApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under `--rate` a row that has not begun is not under way."""
    pauses = iter([0.0])
    monkeypatch.setattr(RateLimit, "take", lambda _: next(pauses, 3600.0))
    api.before = lambda request: signal.raise_signal(signal.SIGINT)  # noqa: ARG005
    result = api.run("get-pet", _pets(1, 2, 3, 4), "--rate", "1/h", "--parallel", "2")
    assert (130, 1, 1) == (result.exit_code, len(lines(result)), len(api.served))


def test_a_shard_of_the_rows_is_called(api: SmallApi) -> None:
    """Every N-th row, under its number in the file; a row of another shard is neither called nor validated."""
    rows = _pets(1, 0, 3, 0, 5)
    result = api.run("get-pet", rows, "--shard", "1/2")
    assert (0, [1, 3, 5]) == (result.exit_code, [line["row"] for line in lines(result)])
    linked = ndjson(
        {"operation": "create-pet", "inputs": {"name": "Rex"}, "as": "w"},
        {"operation": "get-pet", "inputs": {"pet-id": "{{w.id}}"}},
    )
    result = api.run(linked, "--shard", "2/2")
    assert 2 == result.exit_code
    assert "row 1 (`w`), which is of another shard" in result.stderr


def test_the_result_has_any_format(api: SmallApi) -> None:
    """A table of the rows, filtered; what is not a list of values is refused."""
    result = api.run("get-pet", _pets(1, 2), "-o", "csv", "-f", "{row: row, pet: data.pet}")
    assert "row,pet\r\n1,1\r\n2,2\r\n" == result.stdout


def test_a_filter_that_fails_on_a_result_does_not_end_the_batch(api: SmallApi) -> None:
    """The line is written whole, the other rows are sent, and the run ends with 13."""
    api.server.responses["/pets/1"] = Response(204, b"")
    result = api.run("get-pet", _pets(1, 2), "-f", "keys(data)")
    assert (13, [True, False]) == (result.exit_code, ["exit_code" in line for line in lines(result)])


@pytest.mark.parametrize(
    ("words", "stdin", "code"),
    [
        pytest.param((), b"y\n", 0, id="agreed"),
        pytest.param((), b"\n", 11, id="not-agreed"),
        pytest.param(("--yes",), b"", 0, id="yes"),
        pytest.param(("--no-input",), b"", 11, id="nobody-may-be-asked"),
    ],
)
def test_removals_are_asked_about_once_on_a_terminal(
    api: SmallApi, words: tuple[str, ...], stdin: bytes, code: int
) -> None:
    """For the batch as a whole; nothing is sent if no one agreed."""
    terminal = ("stdin", "stderr")
    result = api.run("remove-pet", _pets(1, 2), *words, stdin=stdin, terminal=terminal)
    assert (code, 2 if code == 0 else 0) == (result.exit_code, len(api.served))
    assert bool(stdin) == ("Send the batch? [y/N]" in result.stderr), result.stderr
    assert (code == 11) == (
        "Nothing was sent: you answered no" in result.stderr
        or "2 rows remove something at http://127.0.0.1" in result.stderr.partition("error")[2]
    )


def test_removals_are_sent_where_there_is_no_terminal(api: SmallApi) -> None:
    """So scripts work."""
    assert 0 == api.run("remove-pet", _pets(1)).exit_code


def test_progress_is_shown_on_a_terminal(api: SmallApi) -> None:
    """A bar with how many failed; with `-v` a line for each row. No secret is in them."""
    rows = _pets(1, 99)
    shown = api.run("get-pet", rows, terminal=("stdout", "stderr")).stderr
    assert " 50 % [############............] 1 of 2 rows" in shown
    assert "%" not in api.run("get-pet", rows, "--progress", "off", terminal=("stderr",)).stderr
    reported = api.run("get-pet", rows, "-v").stderr
    assert f"* row 2: GET {api.server.origin}/pets/99: 404 (" in reported


def test_secrets_are_in_no_result(api: SmallApi, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends the credential back does not bring it into the result, nor do rows without a response."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    api.server.responses["/safe"] = json_response([{canary: f"x {canary}"}])
    rows = ndjson({"operation": "safe"})
    result = api.run(rows, "-v", "--accept-origin", api.server.origin)
    assert 0 == result.exit_code, result.stderr
    assert [{"***": "x ***"}] == lines(result)[0]["data"]
    assert ["type"] == [finding["rule"] for finding in lines(result)[0]["findings"]]


def test_the_stand_in_can_be_called(home: Path) -> None:  # noqa: ARG001
    """`demo` is an API here, too."""
    rows = ndjson(
        {"operation": "list-workflows", "as": "all"},
        {"operation": "get-workflow", "inputs": {"id": "{{all.rows[0].id}}"}},
    )
    result = run_cli("batch", "demo", rows)
    assert (0, 2) == (result.exit_code, len(lines(result)))


def test_a_python_program_makes_a_batch(api: SmallApi) -> None:
    """`Api.batch` takes rows with plain values, checks them first, and yields results in order."""
    with dynacli.open_api(API) as opened:
        results = opened.batch(({"petId": number} for number in (1, 99)), "get-pet", parallel=2)
        assert [(1, 200, 0), (2, 404, 4)] == [
            (result.row, result.status, result.exit_code) for result in results
        ]
        linked = [
            {"operation": "create-pet", "inputs": {"name": "Rex"}, "as": "w"},
            {"operation": "get-pet", "inputs": {"pet-id": "{{w.id}}"}},
        ]
        assert [{"pet": "1"}] == [result.data for result in opened.batch(linked)][1:]
        sent = len(api.served)
        with pytest.raises(UsageError, match="2 of 2 rows are wrong"):
            opened.batch([{"petId": 0}, 7], "get-pet")  # type: ignore[list-item]
        assert sent == len(api.served)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(["x", 1], [2, 0], id="another-wrong-row"),
        pytest.param([{"operation": "get-pet", "inputs": {"petId": "{{v.id}}"}}], [2], id="another-name"),
    ],
)
def test_rows_that_change_after_they_were_checked_fail(
    api: SmallApi, later: list[Any], expected: list[int]
) -> None:
    """Each row is validated again when it is sent; what was right and is wrong now fails its row alone."""
    rows = [{"operation": "get-pet", "inputs": {"petId": number}} for number in (1, 2)]
    changed = [item if not isinstance(item, int) else rows[0] for item in later]
    with dynacli.open_api(API) as opened:
        calls = RowCalls(opened._engine, opened._opened)
        plan = check_rows(rows_of(rows, ""), calls, Shard(), ())
        run = BatchRun(rows_of(changed, ""), plan, calls, RunSettings())
        assert expected == [result.exit_code for result in run]
    assert len([code for code in expected if code == 0]) == len(api.served)


def test_rows_whose_responses_never_come_end_the_run(api: SmallApi) -> None:
    """If rows were changed so that one waits for a row that is not there any more, nothing hangs."""
    rows = [
        {"operation": "create-pet", "inputs": {"name": "Rex"}, "as": "w"},
        {"operation": "get-pet", "inputs": {"petId": "{{w.id}}"}},
    ]
    with dynacli.open_api(API) as opened:
        calls = RowCalls(opened._engine, opened._opened)
        plan = check_rows(rows_of(rows, ""), calls, Shard(), ())
        run = BatchRun(rows_of(rows[::-1][:1], ""), plan, calls, RunSettings())
        with pytest.raises(FileError, match="were changed"):
            list(run)
    assert [] == api.served


@pytest.mark.parametrize("is_stdin", [True, False], ids=["stdin", "pipe"])
def test_rows_are_not_lost_when_the_catalog_is_made_again(api: SmallApi, home: Path, is_stdin: bool) -> None:
    """What can be read only once is kept if the damage is found after it; all rows are sent, each once."""
    assert 0 == api.run("get-pet", _pets(1)).exit_code  # compiled
    (path,) = home.rglob("*.sqlite")
    with closing(sqlite3.connect(path)) as catalog:
        catalog.execute("UPDATE details SET operation = 'damaged'")
        catalog.commit()
    content = b'{"petId": 2}\n{"petId": 3}\n'
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        result = api.run("get-pet", "-" if is_stdin else f"/dev/fd/{reading}", stdin=content)
    finally:
        os.close(reading)
    assert (0, [1, 2]) == (result.exit_code, [line["row"] for line in lines(result)])
    assert [f"GET /pets/{number}" for number in (1, 2, 3)] == api.served


def test_a_response_does_not_make_a_path_shorter(server: Recorder) -> None:
    """At `off`, an empty value of the path is sent if the row itself has it, and not if it comes from a response."""
    server.responses |= {"/made": json_response({"id": ""}), "/things/": json_response([])}
    thing = {"get": operation("getThing", parameter("id", {"type": "string"}, "path"))}
    made = api_of(get("/made", "getMade"), {"/things/{id}": thing}, server=server)
    word = save(made, "things.json")
    rows = ndjson(
        {"operation": "get-made", "as": "w"}, {"operation": "get-thing", "inputs": {"id": "{{w.id}}"}}
    )
    result = run_cli("batch", word, rows, "--validate", "off")
    assert 0 != result.exit_code
    assert (13, ["/made"]) == (result.exit_code, [request.target for request in server.requests])
    assert "It is empty in the response that it comes from" in result.stdout + result.stderr
    rows = ndjson({"operation": "get-thing", "inputs": {"id": ""}})
    assert 0 == run_cli("batch", word, rows, "--validate", "off").exit_code
