"""An agent uses the files below the directory of `mcp --files`, and no others."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from tests.documents import get, operation, save_api
from tests.features.mcp.clients import converse
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


def _api(server: Recorder) -> None:
    form = {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}, "note": {"type": "string"}},
    }
    bodies = {"/form": ("multipart/form-data", form), "/raw": ("application/octet-stream", {})}
    paths = {
        path: {"post": operation(f"send-{path[1:]}", requestBody={"content": {name: {"schema": schema}}})}
        for path, (name, schema) in bodies.items()
    }
    paths |= get("/report", "getReport")
    server.responses.update({"/form": Response(), "/raw": Response()})
    server.responses["/report"] = Response(
        body=b"%PDF\x00\xff" * 1000, headers={"Content-Type": "application/pdf"}
    )
    save_api(paths, server=server)


def _calls(words: list[str], *calls: dict[str, Any]) -> list[CallToolResult]:
    async def act(client: Client) -> list[CallToolResult]:
        return [await client.call_tool("call", arguments) for arguments in calls]

    return converse(["./api.json", *words], act)


@pytest.fixture
def shared(home: Path) -> Path:  # noqa: ARG001
    """Return a directory with a file, and links that lead out of it."""
    Path("secret.txt").write_text("what-is-in-it")
    directory = Path("shared")
    (directory / "inside").mkdir(parents=True)
    (directory / "inside" / "a.bin").write_bytes(b"\x00content")
    (directory / ".hidden").write_text("what-is-in-it")
    (directory / "link.txt").symlink_to(Path("secret.txt").absolute())
    (directory / "up").symlink_to(Path().absolute(), target_is_directory=True)
    os.mkfifo(directory / "pipe")
    return directory


def test_files_are_sent_and_written(server: Recorder, shared: Path) -> None:
    """A form and a whole body take the name of a file, and `save` writes a new one."""
    _api(server)
    calls: list[dict[str, Any]] = [
        {"operation": "send-form", "inputs": {"file": "inside/a.bin", "note": "@inside/a.bin"}},
        {"operation": "send-raw", "inputs": {"body": "inside/a.bin"}},
        {"operation": "get-report", "save": "inside/report.pdf"},
        {"operation": "get-report", "save": "inside/report.pdf"},
    ]
    form, raw, saved, again = _calls(["--write", "--files", "shared"], *calls)
    assert not form.is_error, form
    assert not raw.is_error, raw
    bodies = [request.body for request in server.requests]
    assert b'filename="a.bin"' in bodies[0]
    assert b"\x00content" in bodies[0]
    assert b"@inside/a.bin" in bodies[0]
    assert b"\x00content" == bodies[1]
    assert {"bytes": 6000, "media_type": "application/pdf"} == saved.structured_content["saved"]
    assert b"%PDF\x00\xff" * 1000 == (shared / "inside" / "report.pdf").read_bytes()
    assert ("file", 3) == (again.structured_content["error"]["kind"], len(server.requests))
    assert [] == list((Path(os.environ["DYNACLI_STATE_DIR"])).glob("mcp-*/*"))


def test_a_plan_has_the_content_of_files(server: Recorder, shared: Path) -> None:
    """A file that changes after the plan changes nothing, and a plan has no response to save."""
    _api(server)
    plan = {"operation": "send-raw", "inputs": {"body": "inside/a.bin"}, "plan": True}
    linked = {**plan, "inputs": {"body": "link.txt"}}
    planned, *wrong = _calls(["--files", "shared"], plan, linked, {**plan, "save": "new.bin"})
    assert [(True, 12), (True, 2)] == [
        (result.is_error, result.structured_content["error"]["exit_code"]) for result in wrong
    ]
    assert [] == server.requests
    (shared / "inside" / "a.bin").write_bytes(b"changed")
    assert 0 == run_cli("plan", "apply", planned.structured_content["plan"], "--yes").exit_code
    assert [b"\x00content"] == [request.body for request in server.requests]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "name",
    [
        *(
            "../secret.txt",
            "inside/../../secret.txt",
            "/etc/passwd",
            "link.txt",
            "up/secret.txt",
            "./inside/a.bin",
        ),
        *(
            ".hidden",
            "inside/",
            "",
            "inside",
            "pipe",
            "no-such",
            "inside\\a.bin",
            "C:a",
            "a\0b",
            "a\nb",
            "x" * 10_000,
        ),
        *("a/" * 30 + "b", "~/secret.txt", "file:secret.txt"),
    ],
)
def test_nothing_leads_out_of_the_directory(
    server: Recorder,
    shared: Path,  # noqa: ARG001
    name: str,
) -> None:
    """A name that is no plain path below it is refused for reading and writing, and nothing is sent."""
    _api(server)
    upload: dict[str, Any] = {"operation": "send-raw", "inputs": {"body": name}}
    (sent,) = _calls(["--write", "--files", "shared"], upload)
    assert sent.is_error
    assert [] == server.requests
    assert "what-is-in-it" not in sent.model_dump_json()
    if name and name not in {"no-such", "file:secret.txt"}:
        (saved,) = _calls(["--write", "--files", "shared"], {"operation": "get-report", "save": name})
        assert saved.is_error
        assert [] == server.requests
    assert "what-is-in-it" == Path("secret.txt").read_text()


def test_a_failed_call_writes_nothing(server: Recorder, shared: Path) -> None:
    """The response of an error is returned; arguments for data do not go with `save`."""
    _api(server)
    server.responses["/report"] = Response(404, b'{"why": "gone"}', {"Content-Type": "application/json"})
    save = {"operation": "get-report", "save": "new.pdf"}
    failed, wrong = _calls(["--files", "shared"], save, {**save, "filter": "a"})
    assert (True, {"why": "gone"}) == (failed.is_error, failed.structured_content["data"])
    assert wrong.is_error
    assert not (shared / "new.pdf").exists()


def test_without_the_option_there_are_no_files(server: Recorder, shared: Path) -> None:
    """`save` is not an argument then, and the option needs a directory."""
    _api(server)
    assert _calls([], {"operation": "get-report", "save": "new.pdf"})[0].is_error
    assert not (shared / "new.pdf").exists()
    assert 12 == run_cli("mcp", "./api.json", "--files", "nothing").exit_code


@pytest.mark.exhaustive
def test_a_call_waits(server: Recorder) -> None:
    """It is repeated until the expression is true, with progress; an operation that changes data cannot wait."""
    save_api(get("/job", "getJob") | {"/new": {"post": operation("make-job")}}, server=server)
    count = 0

    def job(_request: RecordedRequest) -> Response:
        nonlocal count
        count += 1
        response = json_response({"state": "done" if count > 1 else "running"})
        return Response(response.status, response.body, {**response.headers, "Retry-After": "1"})

    server.responses["/job"] = job
    reported: list[str | None] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        reported.append(message)

    async def act(client: Client) -> list[CallToolResult]:
        asked: list[dict[str, Any]] = [
            {"operation": "get-job", "wait": "state == 'done'"},
            {"operation": "make-job", "wait": "state == 'done'"},
            {"operation": "get-job", "wait": "state =="},
            {"operation": "get-job", "wait": "state", "max_items": 3},
        ]
        return [await client.call_tool("call", arguments, progress_callback=note) for arguments in asked]

    done, *wrong = converse(["./api.json", "--write"], act)
    assert not done.is_error, done
    assert ({"state": "done"}, 2) == tuple(done.structured_content[name] for name in ("data", "calls"))
    assert "1 call, the last status is 200" in reported
    assert [True] * 3 == [result.is_error for result in wrong]
    assert 2 == len(server.requests)


@pytest.mark.exhaustive
def test_a_cancelled_wait_makes_no_more_calls(server: Recorder) -> None:
    """The server goes on with other calls of the client."""
    save_api(get("/job", "getJob"), server=server)
    asked = threading.Event()

    def job(_request: RecordedRequest) -> Response:
        asked.set()
        return json_response({"state": "running"})

    server.responses["/job"] = job

    async def act(client: Client) -> CallToolResult:
        waiting = {"operation": "get-job", "wait": "state == 'done'"}
        task = asyncio.create_task(client.call_tool("call", waiting))
        assert await asyncio.to_thread(asked.wait, 20)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(4)
        return await client.call_tool("call", {"operation": "get-job"})

    assert {"state": "running"} == converse(["./api.json"], act).structured_content["data"]
    assert 2 == len(server.requests)
