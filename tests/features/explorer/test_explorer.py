"""The explorer from its start to the response, as a person uses it: by keys."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from textual.events import Paste
from textual.widgets import Input

from dynacli.features.explorer._request_form import FieldRow, RequestForm
from dynacli.features.explorer.drafts import Checked
from dynacli.features.explorer.explorer_app import ExplorerApp
from dynacli.options.standard_options import Options
from tests.documents import delete, get, parameter, post, save_api
from tests.features.explorer.exploring import explored, exploring
from tests.harness import RecordedRequest, Recorder, Response, json_response, recording, run_cli

_TOY = {"type": "object", "properties": {"label": {"type": "string"}, "price": {"type": "number"}}}
_PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer"},
        "owner": {"type": "object", "properties": {"email": {"type": "string"}}},
        "toys": {"type": "array", "items": _TOY},
    },
}


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server of pets."""
    with recording() as recorder:
        recorder.responses["/pets"] = json_response([{"name": "Rex", "age": 3}])
        yield recorder


def _pets(server: Recorder) -> str:
    return save_api(
        get(
            "/pets",
            "listPets",
            parameter("limit", {"type": "integer", "maximum": 9}),
            parameter("state", {"type": "string", "enum": ["free", "sold"]}),
        ),
        post("/pets", "addPet", body=_PET),
        server=server,
    )


@pytest.mark.exhaustive
def test_a_call_is_found_filled_in_and_sent_and_its_command_line_makes_the_same(server: Recorder) -> None:
    """From the search to the response without a mouse; what is copied makes the same request."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("list-pets")
            await explorer.type("12")
            await explorer.checked()
            assert "^ `12` is more than the maximum of `9`" in explorer.screen
            await explorer.press("backspace", "tab", "right")
            await explorer.checked()
            assert "Valid" in explorer.screen
            await explorer.press("f9", "f5")
            await explorer.responded()
            assert "200 OK" in explorer.screen
            assert '"name": "Rex"' in explorer.screen
            [line] = explorer.app.copied
        assert "/pets?limit=1&state=free" == server.last.target
        assert 0 == run_cli(*shlex.split(line)[1:]).exit_code
        assert server.requests[-1].target == server.requests[-2].target

    explored(work())


@pytest.mark.exhaustive
def test_typed_letters_are_a_search_from_the_start(server: Recorder) -> None:
    """The arrows move in the list meanwhile, Enter opens, and Esc empties the box before it goes to the list."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.type("quite")
            await explorer.press("escape")
            assert "" == explorer.app.query_one("#search", Input).value
            await explorer.type("pets")
            await explorer.until(lambda: "found (2)" in explorer.screen)
            await explorer.press("down", "enter")
            await explorer.until(lambda: explorer.is_showing("add-pet"))

    explored(work())


@pytest.mark.exhaustive
def test_the_footer_has_keys_that_work_now(server: Recorder) -> None:
    """While a text is typed, these are keys that write no letter."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.until(lambda: "^S Send  ^Y Copy  ? Keys  ^Q Quit" == explorer.footer)
            await explorer.press("question_mark")
            assert "pretty, table, raw, headers, validation" in explorer.screen
            await explorer.press("x", "x")
            await explorer.until(lambda: "^S Send  ^Y Copy  F1 Keys  ^Q Quit" == explorer.footer)
            await explorer.press("escape", "escape")
            await explorer.until(lambda: "/ Search  ^S Send  ^Y Copy  ? Keys  q Quit" == explorer.footer)
            await explorer.open("list-pets")
            await explorer.until(lambda: "F2 Search  ^S Send  ^Y Copy  F1 Keys  ^Q Quit" == explorer.footer)
            await explorer.press("f4")
            await explorer.until(
                lambda: "/ Find  f Filter  z Zoom  ^S Send  ^Y Copy  ? Keys  q Quit" == explorer.footer
            )
            await explorer.press("q")
            await explorer.until(lambda: not explorer.app.is_running)

    explored(work())


@pytest.mark.exhaustive
def test_a_response_goes_if_another_operation_is_opened_or_a_call_is_sent(server: Recorder) -> None:
    """The pane names the operation whose response it shows."""

    async def work() -> None:
        async with exploring(_pets(server), size=(140, 30)) as explorer:
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.responded()
            assert "F4 Response: list-pets" in explorer.screen
            await explorer.open("list-pets")
            assert '"name": "Rex"' in explorer.screen
            await explorer.open("add-pet")
            assert "F4 Response: add-pet" in explorer.screen
            assert "^S sends the request." in explorer.screen
            assert '"name": "Rex"' not in explorer.screen
            assert "200 OK" not in explorer.screen
            await explorer.open("list-pets")
            may_end = Event()

            def respond(_: RecordedRequest) -> Response:
                may_end.wait(20)
                return Response()

            server.responses["/pets"] = respond
            await explorer.press("f5")
            await explorer.until(lambda: "Under way" in explorer.screen)
            await explorer.open("add-pet")
            may_end.set()
            await explorer.responded()
            assert "F4 Response: list-pets" in explorer.screen  # the call that ended meanwhile

    explored(work())


@pytest.mark.exhaustive
def test_the_response_has_half_the_width_and_a_pane_can_be_zoomed(server: Recorder) -> None:
    """Three panes need 140 columns, the request beside the response 100; z shows one pane alone."""
    alone = {80: 80, 110: 55, 160: 80}

    async def work(width: int) -> None:
        async with exploring(_pets(server), size=(width, 30)) as explorer:
            assert "operations" in explorer.panes
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.responded()
            panes = explorer.panes
            assert alone[width] == panes["response"]
            assert {80: 1, 110: 2, 160: 3}[width] == len(panes)
            await explorer.press("z")
            assert {"response": width} == explorer.panes
            await explorer.press("escape")
            assert panes == explorer.panes
            await explorer.press("z", "f2")
            assert {"operations": 30 if width == 160 else 46}.items() <= explorer.panes.items()
            assert len(explorer.panes) > 1
            await explorer.pilot.resize_terminal(60, 24)
            await explorer.until(lambda: {"operations": 60} == explorer.panes)

    for width in alone:
        explored(work(width))


@pytest.mark.exhaustive
def test_methods_and_statuses_have_colours(server: Recorder) -> None:
    """A method that reads has the colour of success; one that changes and one that deletes have others."""
    kinds = (get("/pets", "listPets"), post("/pets", "addPet"), delete("/pets", "removePets"))
    path = save_api(*kinds, server=server)

    async def work() -> None:
        async with exploring(path, size=(140, 30)) as explorer:
            colours = [explorer.colour_of(method) for method in ("GET", "POST", "DELETE")]
            assert 3 == len(set(colours))
            seen = []
            for status in (200, 404, 500):
                server.responses["/pets"] = Response(status, b"[]")
                await explorer.open("list-pets")
                await explorer.press("f5")
                await explorer.responded()
                seen.append(explorer.colour_of(f"{status} "))
            assert colours == seen
            assert colours[0] == explorer.colour_of("GET")

    explored(work())


@pytest.mark.exhaustive
def test_a_missing_input_is_an_error_after_the_focus_left_it_or_the_request_was_sent(
    server: Recorder,
) -> None:
    """Until then, the form says which inputs are still needed."""
    path = save_api(
        get(
            "/pets",
            "listPets",
            *(parameter(name, {"type": "string"}, required=True) for name in ("kind", "sex")),
        ),
        server=server,
    )

    async def work() -> None:
        async with exploring(path, size=(100, 30)) as explorer:
            await explorer.open("list-pets")
            assert "Still needed: kind, sex" in explorer.screen
            assert "is missing" not in explorer.screen
            await explorer.press("tab")
            await explorer.until(lambda: 1 == explorer.screen.count("^ is missing"))
            await explorer.press("f5")
            await explorer.responded()
            await explorer.until(lambda: 2 == explorer.screen.count("^ is missing"))
            await explorer.open("list-pets")
            assert "is missing" not in explorer.screen.partition("F4 Response")[0]
        assert [] == server.requests

    explored(work())


@pytest.mark.exhaustive
def test_fields_are_indented_below_their_object_and_names_are_whole(server: Recorder) -> None:
    """An object and each item of an array is a heading; a name that is too long has its own line."""
    deep = {"type": "object", "properties": {"street": {"type": "string"}}}
    item = {"type": "object", "properties": {"label": {"type": "string"}, "home": deep}}
    long = "a-name-that-needs-more-columns-than-there-are"
    body = {
        "type": "object",
        "properties": {
            "owner": {"type": "object", "properties": {"email": {"type": "string"}, "home": deep}},
            "toys": {"type": "array", "items": item},
            long: {"type": "string"},
        },
    }
    path = save_api(post("/pets", "addPet", body=body), server=server)

    async def work() -> None:
        async with exploring(path, size=(80, 40)) as explorer:
            await explorer.open("add-pet")
            lines = [line.split("┃")[1] for line in explorer.screen.splitlines() if "┃" in line]
            first = next(number for number, line in enumerate(lines) if line.startswith("Body"))
            shown = [line.replace("\xa0", " ").rstrip() for line in lines[first + 1 : first + 14]]
            assert [
                "owner",
                "  email     TEXT",
                "  home",
                "    street  TEXT",
                "toys        JSON, or a JSON array",
                "toys.0",
                "  label     TEXT",
                "  home",
                "    street  TEXT",
                "+ another item of toys",
                long,
                "    TEXT",
                "another input by its name, such as a.b.0.c",
            ] == shown

    explored(work())


@pytest.mark.exhaustive
def test_the_first_line_names_the_profile_and_the_server(server: Recorder) -> None:
    """Also of a profile that is chosen in the form; a server without a profile is named alone."""
    run_cli("api", "add", "shop", _pets(server))
    run_cli("config", "set", "apis.shop.profiles.staging.server", "https://staging.example/v2")

    async def work(options: Options, *expected: str) -> None:
        async with exploring("shop", size=(80, 24), options=options) as explorer:
            await explorer.until(lambda: explorer.screen.splitlines()[0].endswith(expected[0]))
            await explorer.open("list-pets")
            await explorer.until(lambda: explorer.screen.splitlines()[0].endswith(expected[1]))

    staging = "profile staging  https://staging.example/v2"
    explored(work(Options(profile="staging"), staging, staging))
    explored(work(Options(), "Small 1", server.origin))


@pytest.mark.exhaustive
def test_the_palette_has_the_commands_and_the_themes(server: Recorder) -> None:
    """Ctrl-P opens it also while you type."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("list-pets")
            await explorer.press("ctrl+p")
            await explorer.type("zoom")
            await explorer.until(lambda: "Show the pane alone" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: {"request": 80} == explorer.panes)
            await explorer.press("ctrl+p")
            await explorer.type("theme")
            await explorer.until(lambda: "Choose other colors" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: "Search for themes" in explorer.screen)
            await explorer.type("nord")
            await explorer.pilot.pause(0.5)
            await explorer.press("enter")
            await explorer.until(lambda: "nord" == explorer.app.theme)

    explored(work())


@pytest.mark.exhaustive
def test_a_search_lists_near_hits_alone() -> None:
    """The name of an operation finds that operation alone."""

    async def work() -> None:
        async with exploring("demo", size=(110, 30)) as explorer:
            await explorer.type("create-workflow")
            await explorer.until(lambda: "found (1)" in explorer.screen)
            await explorer.type("zzz")
            await explorer.until(lambda: "No operation found" in explorer.screen)
            await explorer.press("enter", "f2", "escape")
            await explorer.type("failed runs")
            await explorer.until(lambda: "found (5)" in explorer.screen)
            await explorer.press("enter")
            await explorer.until(lambda: explorer.is_showing("search-runs"))

    explored(work())


@pytest.mark.exhaustive
def test_what_arrives_after_a_person_left_is_not_shown(server: Recorder) -> None:
    """A check that ends while the screen is removed is no failure."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("list-pets")
            draft = explorer.app.query_one(RequestForm).draft
            assert draft is not None
            await explorer.app.screen.remove_children()
            explorer.app.post_message(ExplorerApp._Checked(draft, Checked({}, "")))
            await explorer.pilot.pause()

    explored(work())


@pytest.mark.exhaustive
def test_everything_can_be_done_with_the_mouse(server: Recorder) -> None:
    """An operation, a choice, the key of the footer, a view, and a call of the history."""

    async def work() -> None:
        async with exploring(_pets(server), size=(160, 30)) as explorer:
            pilot = explorer.pilot
            await pilot.click("#list", offset=(8, 1))
            await explorer.until(lambda: explorer.is_showing("list-pets"))
            await pilot.click("#rows ChoiceBox")
            await pilot.pause()
            await pilot.click("ChoiceDialog OptionList", offset=(3, 2))
            await explorer.checked()
            assert "list-pets --state sold" in explorer.screen
            [send] = [key for key in explorer.app.query(".key") if "Send" in str(key.render())]
            await pilot.click(send)
            await explorer.responded()
            assert "200 OK" in explorer.screen
            await pilot.click("#tab-table")
            await pilot.pause()
            assert "Rex" in explorer.screen
            await pilot.click("#tab-history")
            await pilot.pause()
            await pilot.click("#made", offset=(3, 0))
            await pilot.pause()
            assert '"name": "Rex"' in explorer.screen
        assert ["/pets?state=sold"] == [request.target for request in server.requests]

    explored(work())


@pytest.mark.exhaustive
def test_the_body_is_text_or_rows_and_rows_only_where_they_give_the_same(server: Recorder) -> None:
    """What no row can give stays a text."""

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("add-pet")
            await explorer.type("Rex")
            await explorer.press("f6")
            await explorer.checked()
            assert '"name": "Rex"' in explorer.screen
            await explorer.press("down", "down", "end", "backspace", "backspace")
            await explorer.checked()
            assert "Valid" not in explorer.screen
            await explorer.type(', "nickname": "R"}')
            await explorer.checked()
            await explorer.press("f6")
            assert "No rows give exactly this body" in explorer.screen

    explored(work())


@pytest.mark.exhaustive
def test_a_form_tells_all_that_is_wrong_and_an_example_leaves_the_person_where_they_are(
    server: Recorder,
) -> None:
    """Values that are none and values that are not allowed at once; what is pasted is one line."""

    async def work() -> None:
        async with exploring(_pets(server), size=(160, 40)) as explorer:
            await explorer.open("add-pet")
            await explorer.type("R")
            await explorer.press("tab")
            await explorer.type("old")
            await explorer.checked()
            assert "^ the text has 1 character, and must have at" in explorer.screen, explorer.screen
            assert "^ it takes an integer" in explorer.screen, explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            assert "Send POST" not in explorer.screen  # what is wrong is not asked about
            await explorer.press("f3")
            await explorer.press(*["backspace"] * 3, "f7")
            await explorer.type("4")
            await explorer.checked()
            assert "add-pet --name R --age 4" in explorer.screen, explorer.screen
            await explorer.press("f6", "f6")
            await explorer.checked()
            assert "add-pet --name R --age 4" in explorer.screen, explorer.screen
            toys = next(row for row in explorer.app.query(FieldRow) if "toys" == row.row.option)
            toys.focus_box()
            await explorer.pilot.pause()
            explorer.app.post_message(Paste('[\n {"label": "a b"},\n {"price": 1.50}\n]'))
            await explorer.checked()
            await explorer.until(lambda: """'[{"label":"a b"},{"price":1.50}]'""" in explorer.screen)
        assert [] == server.requests

    explored(work())


@pytest.mark.exhaustive
def test_a_text_is_found_in_a_response_and_the_response_is_saved(server: Recorder) -> None:
    """Forwards, backwards and round; a file that is there is replaced only when the person says so twice."""
    body = json.dumps([{"name": f"pet {number}"} for number in range(300)]).encode()
    server.responses["/pets"] = Response(200, body)
    path = Path("pets")
    path.write_bytes(b"kept")
    saved = path.read_bytes

    async def work() -> None:
        async with exploring(_pets(server)) as explorer:
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.responded()
            await explorer.press("/")
            await explorer.type("PET 29")
            await explorer.press("enter")
            assert '"pet 29"' in explorer.screen
            await explorer.press("n")
            assert '"pet 290"' in explorer.screen
            await explorer.press("N", "N")
            assert '"pet 299"' in explorer.screen
            await explorer.press("escape", "s")
            assert "Save the response in" in explorer.screen
            await explorer.press("enter")
            assert "Enter again replaces it" in explorer.screen
            assert b"kept" == saved()
            await explorer.press("enter")
            assert body == saved()

    explored(work())
