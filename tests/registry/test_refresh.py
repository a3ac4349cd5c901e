"""`api refresh` and `--refresh` read or fetch the document again: after it, the new command is there."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dynacli.features.demo.demo_server import running
from tests.documents import operation, pets, save, serve
from tests.dry_runs import dry_run
from tests.harness import RecordedRequest, Recorder, Response, run_cli

WORKFLOW = "wf_list-overdue-invoices"
NEW = {"/new": {"get": operation("newOne")}}


def _tagged(content: bytes, **headers: str) -> Callable[[RecordedRequest], Response]:
    """Response 304 to whoever names the ETag or the time of the document."""
    tags = {name.replace("_", "-"): value for name, value in headers.items()}

    def response(request: RecordedRequest) -> Response:
        asked = [*request.headers.get("if-none-match", []), *request.headers.get("if-modified-since", [])]
        if asked and set(asked) <= set(tags.values()):
            return Response(304, b"", tags)
        return Response(200, content, {"Content-Type": "application/json", **tags})

    return response


@pytest.mark.exhaustive
def test_after_a_refresh_the_new_command_is_there() -> None:
    """The promise of this tool: the API gains an operation, `api refresh` says so, and it can be called."""
    with running() as first:
        port = int(first.origin.rpartition(":")[2])
        assert 0 == run_cli("api", "add", "armature", first.document_url).exit_code
        assert 2 == run_cli("armature", "list-workflow-versions", WORKFLOW).exit_code
    with running(port=port, with_next=True) as second:
        assert 2 == run_cli("armature", "list-workflow-versions", WORKFLOW).exit_code
        result = run_cli("api", "refresh", "armature")
        assert (0, "") == (result.exit_code, result.stdout)
        revision = run_cli("api", "list", "-o", "json").json[0]["revision"]
        expected = f"armature: 24 operations, revision {revision}\n  new: list-workflow-versions\n"
        assert expected == result.stderr
        key = second.api_keys["viewer"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DYNACLI_ARMATURE_TOKEN", key)
            called = run_cli("armature", "list-workflow-versions", WORKFLOW)
        assert (0, "") == (called.exit_code, called.stderr)
        assert 1 <= len(called.json["rows"])
    with running(port=port):
        gone = run_cli("api", "refresh", "armature")
        assert gone.stderr.endswith("\n  gone: list-workflow-versions\n")
        assert 2 == run_cli("armature", "list-workflow-versions", WORKFLOW).exit_code


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"ETag": '"one"'}, {"if-none-match": ['"one"']}),
        (
            {"Last_Modified": "Wed, 01 Jan 2025 00:00:00 GMT"},
            {"if-modified-since": ["Wed, 01 Jan 2025 00:00:00 GMT"]},
        ),
        ({}, {}),
    ],
    ids=["etag", "last-modified", "neither"],
)
def test_an_unchanged_document_is_asked_for_by_its_tag(
    headers: dict[str, str], asked: dict[str, list[str]], server: Recorder
) -> None:
    """The server learns what is at hand, and nothing changes when it has nothing newer."""
    url = f"{server.origin}/openapi.json"
    server.responses["/openapi.json"] = _tagged(json.dumps(pets()).encode(), **headers)
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    before = run_cli("api", "list", "-o", "json").json[0]
    result = run_cli("api", "refresh", "shop")
    assert f"shop: 3 operations, revision {before['revision']}, unchanged\n" == result.stderr
    sent = {name: values for name, values in server.last.headers.items() if name.startswith("if-")}
    assert asked == sent
    assert 0 == dry_run("shop").exit_code
    assert 2 == len(server.requests)


def test_a_changed_document_is_fetched_with_its_new_tag(server: Recorder) -> None:
    """After a change the next question is asked with the new tag."""
    url = f"{server.origin}/openapi.json"
    server.responses["/openapi.json"] = _tagged(json.dumps(pets()).encode(), ETag='"one"')
    run_cli("api", "add", "shop", url)
    server.responses["/openapi.json"] = _tagged(json.dumps(pets(**NEW)).encode(), ETag='"two"')
    assert 0 == run_cli("--refresh", "shop", "new-one", "--dry-run", "json").exit_code
    run_cli("api", "refresh", "shop")
    tags = [request.headers.get("if-none-match") for request in server.requests]
    assert [None, ['"one"'], ['"two"']] == tags


def test_a_refresh_may_be_asked_for_behind_the_operation(server: Recorder) -> None:
    """`--refresh` fetches the document again before the operation is looked for, wherever it stands."""
    url = f"{server.origin}/openapi.json"
    serve(server, pets())
    dry_run(url)
    serve(server, pets(**NEW))
    assert 0 == dry_run(url, "new-one", "--refresh").exit_code
    assert 0 == dry_run(url, "new-one", "--offline", "--refresh").exit_code
    assert 2 == len(server.requests)


def test_a_lost_document_is_fetched_whole(server: Recorder, home: Path) -> None:
    """If something of the revision was lost, the server is not asked whether it has changed."""
    url = f"{server.origin}/openapi.json"
    server.responses["/openapi.json"] = _tagged(json.dumps(pets()).encode(), ETag='"one"')
    run_cli("api", "add", "shop", url)
    next((home / "cache").rglob("*.document")).unlink()
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert None is server.last.headers.get("if-none-match")
    assert json.dumps(pets()) == run_cli("document", "shop").stdout


def test_a_refresh_that_fails_says_so_and_changes_nothing(server: Recorder) -> None:
    """Who asks for a refresh hears that there was none; the API works as before."""
    url = f"{server.origin}/openapi.json"
    serve(server, pets())
    run_cli("api", "add", "shop", url)
    server.responses["/openapi.json"] = Response(503, b"later")
    result = run_cli("api", "refresh", "shop", "--error-format", "json")
    assert (8, "document") == (result.exit_code, result.error["kind"])
    after = dry_run("shop")
    assert (0, "") == (after.exit_code, after.stderr)


def test_a_refresh_of_a_file_finds_what_it_gained_and_lost() -> None:
    """Each operation that is new or gone is named, at most ten of a kind."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    many = {f"/n{number}": {"get": operation(f"n{number:02}")} for number in range(12)}
    document = pets(**many)
    del document["paths"]["/pets/{petId}"]
    save(document)
    lines = run_cli("api", "refresh", "shop").stderr.splitlines()
    listed = ", ".join(f"n{number:02}" for number in range(10))
    assert ["shop: 14 operations", f"  new: {listed} and 2 more", "  gone: get-pet"] == [
        lines[0].partition(", revision")[0],
        *lines[1:],
    ]


def test_only_a_registered_api_is_refreshed() -> None:
    """A name that is not registered is an error that names those that are."""
    save(pets())
    result = run_cli("api", "refresh", "shop", "--error-format", "json")
    assert (2, "No API is registered yet") == (result.exit_code, result.error["reason"])
    run_cli("api", "add", "shop", "./api.json")
    for name in ("shopp", "demo", "./api.json"):
        result = run_cli("api", "refresh", name, "--error-format", "json")
        assert (2, "Registered APIs: `shop`") == (result.exit_code, result.error["reason"])


@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_serve_ends_by_the_signal_that_came(number: signal.Signals) -> None:
    """`demo serve` responds until a signal comes, then ends cleanly, and the shell learns of the signal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dynacli", "demo", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        second = process.stderr.readline()
        assert first.startswith("The demo API runs on http://127.0.0.1:")
        assert 0 == run_cli("operations", second.split()[1]).exit_code
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (-number, "") == (process.returncode, out)
    assert "Traceback" not in err


def test_demo_serve_says_when_the_port_is_taken() -> None:
    """A port that another program has is an error of usage with a hint."""
    with running() as server:
        port = server.origin.rpartition(":")[2]
        result = run_cli("demo", "serve", "--port", port)
    assert 2 == result.exit_code
    assert f"Cannot listen on port {port} of 127.0.0.1" in result.stderr


@pytest.mark.exhaustive
def test_the_next_revision_of_the_demo_is_there_without_a_server() -> None:
    """`demo --next` lists, explains and calls the operation that the next revision has."""
    assert "list-workflow-versions" not in run_cli("demo", "--help").stdout
    assert "list-workflow-versions" in run_cli("demo", "--next", "--help").stdout
    page = run_cli("demo", "--next", "list-workflow-versions", "--help").stdout
    assert page.startswith("Usage: dynacli demo list-workflow-versions ID [OPTIONS]\n")
    assert "\n  > List a workflow's versions\n" in page
    result = run_cli("demo", "--next", "list-workflow-versions", WORKFLOW)
    assert (0, "") == (result.exit_code, result.stderr)
    assert 2 == run_cli("demo", "list-workflow-versions", WORKFLOW).exit_code


@pytest.mark.parametrize(("role", "code"), [("viewer", 4), ("editor", 0), ("admin", 0), ("owner", 0)])
def test_the_demo_signs_in_as_it_is_told(role: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--role` decides who calls, even if a variable holds the key of someone else."""
    from dynacli.registry.demo_facts import API_KEYS

    monkeypatch.setenv("DYNACLI_DEMO_TOKEN", API_KEYS["viewer"])
    words = ("update-workflow", WORKFLOW, "--name", "Another name")
    assert code == run_cli("demo", "--role", role, *words).exit_code
    assert 4 == run_cli("demo", *words).exit_code


def test_the_demo_is_a_fresh_one_each_time() -> None:
    """What a call changes is gone with the demo API, and each response is the same again."""
    words = ("demo", "get-workflow", WORKFLOW)
    before = run_cli(*words)
    assert 0 == run_cli("demo", "update-workflow", *words[2:], "--name", "Another name").exit_code
    after = run_cli(*words)
    assert (0, before.stdout_bytes) == (after.exit_code, after.stdout_bytes)


def test_an_unknown_misbehaviour_is_an_error_of_usage() -> None:
    """A misbehaviour is OPERATION=KIND; anything else is named before a call is made."""
    for word in ("searchRuns", "nobody=wrong-type", "searchRuns=nothing"):
        result = run_cli("demo", "--misbehave", word, "search-runs", "--range", "7d")
        assert (2, "") == (result.exit_code, result.stdout)


@pytest.mark.parametrize("name", ["search-runs", "searchRuns"])
def test_an_operation_misbehaves_by_either_name(name: str) -> None:
    """The operation that shall misbehave is given as everywhere: by its name or its operationId."""
    words = ("search-runs", "--page-size", "1", "--validate", "strict")
    assert 9 == run_cli("demo", "--misbehave", f"{name}=wrong-type", *words).exit_code
    assert 0 == run_cli("demo", *words).exit_code


def test_time_is_read_in_utc() -> None:
    """`fetched_at` is a time of day in UTC, as RFC 3339 writes it."""
    save(pets())
    run_cli("api", "add", "shop", "./api.json")
    fetched_at = run_cli("api", "list", "-o", "json").json[0]["fetched_at"]
    assert abs(time.time() - _seconds(fetched_at)) < 100


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
