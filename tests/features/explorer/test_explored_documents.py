"""Documents and responses that are large, deep, or have nothing to go by."""

import ast
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Input, Static

import dynacli.features.explorer
from tests.documents import get, parameter, post, save_api
from tests.features.explorer.exploring import explored, exploring
from tests.harness import Recorder, Response, json_response, recording, run_cli
from tests.real_documents import FOLDER


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server."""
    with recording() as recorder:
        yield recorder


def test_no_private_attribute_of_ours_has_the_name_of_one_of_textual_s() -> None:
    """Its classes have hundreds of them, and a second use of one breaks both."""
    bases: dict[str, Any] = {
        base.__name__: base
        for base in (App, ModalScreen, ScrollView, Static, Vertical, Horizontal, Input, Widget)
    }
    clashes = set()
    for path in Path(next(iter(dynacli.features.explorer.__path__))).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = (
                ast.unparse(node.bases[0]).partition("[")[0]
                if isinstance(node, ast.ClassDef) and node.bases
                else ""
            )
            if not isinstance(node, ast.ClassDef) or name not in bases:
                continue
            own = {
                statement.name
                for statement in node.body
                if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
            attributes = [item for item in ast.walk(node) if isinstance(item, ast.Attribute)]
            own |= {attribute.attr for attribute in attributes if isinstance(attribute.ctx, ast.Store)}
            made = bases[name]()
            theirs = {*dir(made), *vars(made)}
            clashes |= {(node.name, name) for name in own & theirs if name.startswith(("_", "action_"))}
    own_init = {(name, item) for name, item in clashes if item == "__init__"}
    assert {("ExplorerApp", "_handle_exception")} == clashes - own_init


@pytest.mark.exhaustive
def test_a_body_that_holds_itself_and_its_arrays_can_be_filled_in(server: Recorder) -> None:
    """An item more, a place by its name, and the body as text and back."""
    node: dict[str, Any] = {
        "type": "object",
        "properties": {
            "label": {"type": "string"},
            "child": {"$ref": "#/components/schemas/Node"},
            "parts": {
                "type": "array",
                "items": {"type": "object", "properties": {"size": {"type": "integer"}}},
            },
        },
    }
    server.responses["/nodes"] = Response(200)
    api = save_api(
        post("/nodes", "addNode", body={"$ref": "#/components/schemas/Node"}),
        server=server,
        schemas={"Node": node},
    )

    async def work() -> None:
        async with exploring(api, size=(80, 40)) as explorer:
            await explorer.open("add-node")
            await explorer.type("root")
            for option, word in (("parts.0.size", "1"), ("child.child.child.label", "deep")):
                explorer.app.set_focus(explorer.app.query_one("#add"))
                await explorer.type(option)
                await explorer.press("enter")
                await explorer.type(word)
            explorer.app.query("ActionLine").first().focus()
            await explorer.press("enter")
            await explorer.type("2")
            await explorer.checked()
            before = explorer.screen
            assert "parts.1.size" in before
            await explorer.press("f6")
            await explorer.checked()
            assert '"size": 2' in explorer.screen, explorer.screen
            await explorer.press("f6")
            await explorer.checked()
            assert "parts.1.size" in explorer.screen
            await explorer.press("f5", "y")
            await explorer.responded()
        expected = {
            "label": "root",
            "child": {"child": {"child": {"label": "deep"}}},
            "parts": [{"size": 1}, {"size": 2}],
        }
        assert expected == json.loads(server.last.body)

    explored(work())


@pytest.mark.exhaustive
def test_a_long_enumeration_and_a_large_form_are_shown_in_part(server: Recorder) -> None:
    """Words are found by typing; rows beyond the first are one key away."""
    parameters = [parameter(f"p{number}", {"type": "string"}) for number in range(70)]
    words = [f"word-{number}" for number in range(5_000)]
    parameters.insert(0, parameter("word", {"type": "string", "enum": words}))
    server.responses["/all"] = Response(200)
    api = save_api(get("/all", "all", *parameters), server=server)

    async def work() -> None:
        async with exploring(api, size=(80, 90)) as explorer:
            await explorer.open("all")
            assert "31 more inputs ..." in explorer.screen
            await explorer.press("enter")
            await explorer.type("4321")
            await explorer.press("enter")
            await explorer.checked()
            assert f"$ dynacli {api} all --word word-4321" in explorer.screen, explorer.screen
            explorer.app.set_focus(explorer.app.query("ActionLine").last())
            await explorer.press("enter")
            assert "p69" in explorer.screen
            assert "more inputs" not in explorer.screen

    explored(work())


@pytest.mark.exhaustive
@pytest.mark.no_cover
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
def test_the_first_screen_of_a_large_document_takes_less_than_a_second() -> None:
    """Of the processor's time; no form was made yet."""
    path = str(FOLDER / "github.json")
    assert 0 == run_cli("operations", path).exit_code  # compiled before
    begun = time.process_time()

    async def work() -> None:
        async with exploring(path) as explorer:
            assert time.process_time() - begun < 1
            assert "▶ actions (" in explorer.screen
            await explorer.open("issues-list-for-repo")
            assert "GET /repos/{owner}/{repo}/issues" in explorer.screen

    explored(work())


@pytest.mark.exhaustive
def test_a_large_response_is_laid_out_beside_the_screen(server: Recorder) -> None:
    """Keys are heard meanwhile; lines that are too long for the pane are scrolled to."""
    items = [{"id": number, "text": "x" * 300} for number in range(4_000)]
    server.responses["/items"] = json_response(items)
    api = save_api(get("/items"), server=server)

    async def work() -> None:
        async with exploring(api) as explorer:
            await explorer.open("items")
            await explorer.press("f5")
            await explorer.responded()
            await explorer.until(lambda: '"id": 0' in explorer.screen)
            await explorer.press("end")
            assert '"id": 3999' in explorer.screen
            await explorer.press("t")
            await explorer.until(lambda: "  id  text" in explorer.screen)

    explored(work())
