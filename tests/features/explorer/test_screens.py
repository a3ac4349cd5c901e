"""Screens of the explorer as text, held against golden files.

`DYNACLI_REWRITE_GOLDEN=1` writes them again. What differs from run to run, the port of a server and times, is replaced.
"""

import os
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents import get, parameter, post, save_api
from tests.features.explorer.exploring import Explorer, explored, exploring
from tests.harness import Recorder, Response, recording

pytestmark = pytest.mark.exhaustive

_GOLDEN = Path(__file__).parents[2] / "golden" / "explorer"
_REWRITES = bool(os.environ.get("DYNACLI_REWRITE_GOLDEN"))
_HOSTILE = "\x1b]0;owned\x07 [red]loud[/red] [/foo] \u202egnp.exe"

_RUN = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "integer"},
        "status": {"enum": ["done", "failed"]},
        "cost": {"type": "number"},
    },
}


def _document(server: Recorder) -> str:
    runs = {
        "200": {
            "description": "",
            "content": {"application/json": {"schema": {"type": "array", "items": _RUN}}},
        }
    }
    filters = [
        parameter(
            "status", {"type": "string", "enum": ["done", "failed"]}, description="Keeps runs of a status"
        ),
        parameter("limit", {"type": "integer", "minimum": 1, "maximum": 50, "default": 20}),
        parameter("X-Trace", {"type": "string"}, "header"),
    ]
    step = {
        "type": "object",
        "required": ["tool"],
        "properties": {"tool": {"type": "string"}, "retries": {"type": "integer"}},
    }
    body = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "minLength": 3, "description": "What the run is called"},
            "password": {"type": "string", "format": "password"},
            "schedule": {
                "type": "object",
                "properties": {"cron": {"type": "string"}, "isOn": {"type": "boolean"}},
            },
            "steps": {"type": "array", "items": step},
        },
    }
    return save_api(
        get("/runs", "listRuns", *filters, tags=["runs"], summary="List runs", responses=runs),
        post("/runs", "createRun", tags=["runs"], summary="Create a run", body=body),
        get(
            "/odd",
            "odd",
            parameter("x[y]", {"type": "string", "enum": [_HOSTILE, "b"]}, description=_HOSTILE),
            tags=[_HOSTILE],
            summary=_HOSTILE,
        ),
        server=server,
    )


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server whose second run is wrong."""
    with recording() as recorder:
        body = b'[{"id": 1, "status": "done", "cost": 0.25}, {"id": 2, "status": "lost"}]'
        recorder.responses["/runs"] = Response(200, body)
        recorder.responses["/odd"] = Response(200, b'"[red]\\u001b[31m[/foo]"')
        yield recorder


def _stable(screen: str, server: Recorder) -> str:
    """Return a screen without what differs from run to run, its columns as before."""
    port = server.origin.rpartition(":")[2]
    screen = screen.replace(port, "9" * len(port)) if len(port) == 5 else screen
    screen = re.sub(r"\d{2}:\d{2}:\d{2}", "12:00:00", screen)
    return re.sub(
        r"[\d,]+ ms([^│┃\n]*)(?=[│┃])", lambda found: f"N ms{found[1].rstrip()}".ljust(len(found[0])), screen
    )


async def _start(explorer: Explorer) -> None:
    await explorer.press("down", "down")


async def _form(explorer: Explorer) -> None:
    await explorer.open("create-run")
    await explorer.type("ab")
    await explorer.press("tab")
    await explorer.type("hunter22")
    await explorer.press("tab", "tab", "right")
    await explorer.checked()


async def _text(explorer: Explorer) -> None:
    await explorer.open("create-run")
    await explorer.press("f7", "f6")
    await explorer.checked()


async def _question(explorer: Explorer) -> None:
    await _text(explorer)
    await explorer.press("f6", "f5")


async def _choice(explorer: Explorer) -> None:
    await explorer.open("list-runs")
    await explorer.press("enter", "f")


async def _response(explorer: Explorer) -> None:
    await explorer.open("list-runs")
    await explorer.press("f5")
    await explorer.responded()


async def _table(explorer: Explorer) -> None:
    await _response(explorer)
    await explorer.press("t")


async def _validation(explorer: Explorer) -> None:
    await _response(explorer)
    await explorer.press("v")


async def _history(explorer: Explorer) -> None:
    await _response(explorer)
    await explorer.press("y")


async def _foreign(explorer: Explorer) -> None:
    await explorer.open("odd")
    await explorer.press("right")
    await explorer.checked()


async def _keys(explorer: Explorer) -> None:
    await explorer.press("f1")


async def _wide(explorer: Explorer) -> None:
    await _validation(explorer)


_SCREENS: dict[str, tuple[Callable[[Explorer], Coroutine[Any, Any, None]], tuple[int, int]]] = {
    "start": (_start, (80, 24)),
    "form": (_form, (80, 24)),
    "text": (_text, (80, 24)),
    "question": (_question, (80, 24)),
    "choice": (_choice, (80, 24)),
    "table": (_table, (80, 24)),
    "validation": (_validation, (80, 24)),
    "history": (_history, (80, 24)),
    "foreign": (_foreign, (80, 24)),
    "keys": (_keys, (80, 24)),
    "wide": (_wide, (120, 20)),
    "three": (_wide, (150, 20)),
}


@pytest.mark.parametrize("name", _SCREENS)
def test_a_screen_is_as_it_was(name: str, server: Recorder) -> None:
    """Its text, with each pane in its place."""
    act, size = _SCREENS[name]
    found = ""

    async def work() -> None:
        nonlocal found
        async with exploring(_document(server), size=size) as explorer:
            await act(explorer)
            found = _stable(explorer.screen, server)

    explored(work())
    golden = _GOLDEN / f"{name}.txt"
    if _REWRITES:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(f"{found}\n", encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == f"{found}\n"
