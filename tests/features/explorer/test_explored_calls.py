"""Calls that are made in the explorer: asked about, refused, failing, cancelled, streaming, validated."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from queue import Empty, Queue
from typing import Any

import pytest

from dynacli.client.call import ResponseHead, ResponsePart
from dynacli.client.call_settings import settings_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Consent, Environment
from dynacli.features.explorer._response_views import status_line
from dynacli.features.explorer._running_call import Ended, Event, RunningCall
from dynacli.features.explorer.drafts import Draft
from dynacli.options.standard_options import CallTerms, Options
from dynacli.registry.open_by_name import open_named_api
from tests.documents import API_KEY, get, operation, parameter, post, save_api
from tests.features.explorer.exploring import Explorer, explored, exploring
from tests.harness import Recorder, Response, free_port, json_response, recording, run_cli

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Run a server."""
    with recording() as recorder:
        yield recorder


def _response_of(explorer: Explorer) -> str:
    """Return the text of the response's pane, without the frame."""
    lines = explorer.screen.split("\n")[4:-2]
    return "\n".join(line.strip("│").rstrip() for line in lines).rstrip()


def _shown(api: str, name: str, *options: str) -> str:
    """Return what the command line says of the same call."""
    result = run_cli(*options, api, name)
    # After what could not be validated, which is told in the result, and before the line that fixes the command line.
    return _words(result.stderr[result.stderr.index("error:") :].partition("\n  try:")[0])


def _words(text: str) -> str:
    """Return a text without its lines, which are as long as the pane is wide."""
    return " ".join(text.split())


def test_what_may_change_something_is_asked_about(server: Recorder) -> None:
    """Unless a person has agreed before; a no sends nothing."""
    server.responses["/pets/1"] = Response(204, b"", {})
    removing = operation("removePet", parameter("id", {"type": "integer"}, "path"))
    api = save_api({"/pets/{id}": {"delete": removing}}, server=server)

    async def work() -> None:
        async with exploring(api) as explorer:
            await explorer.open("remove-pet")
            await explorer.type("1")
            await explorer.press("f5")
            assert f"Send DELETE /pets/{{id}} to {server.origin}?" in explorer.screen
            assert f"$ dynacli {api} remove-pet 1" in explorer.screen
            await explorer.press("enter")
            assert [] == server.requests
            assert not explorer.app.is_calling
            await explorer.press(
                "f5", "f5", "f2", "y"
            )  # the keys of what is after the question are not heard
            await explorer.responded()
            assert "204 No Content" in explorer.screen
            assert "Send DELETE" not in explorer.screen
        assert 1 == len(server.requests)
        async with exploring(
            api, options=Options(terms=CallTerms(consent=Consent(is_given=True)))
        ) as explorer:
            await explorer.open("remove-pet")
            await explorer.type("1")
            await explorer.press("f5")
            await explorer.responded()
        assert 2 == len(server.requests)

    explored(work())


def test_an_empty_text_is_given_where_the_person_says_so(server: Recorder) -> None:
    """A row that is empty is not given, and given with F8: in the request, and on the command line."""
    schema = {"type": "object", "properties": {"note": {"type": "string"}, "name": {"type": "string"}}}
    adding = operation("addPet", parameter("q", {"type": "string"}))
    adding["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    api = save_api({"/pets": {"post": adding}}, server=server)

    async def work() -> None:
        async with exploring(
            api, size=(170, 30), options=Options(terms=CallTerms(consent=Consent(is_given=True)))
        ) as explorer:
            await explorer.open("add-pet")
            await explorer.press("f8", "tab", "f8", "f8", "tab", "f8")
            assert 2 == explorer.screen.replace("\xa0", " ").count("sent as an empty string")
            await explorer.checked()
            assert "add-pet --q '' --name ''" in explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            await explorer.press("f3", "f8", "x", "f8")
            assert 1 == explorer.screen.replace("\xa0", " ").count("sent as an empty string")

    explored(work())
    assert [("/pets?q=", b'{"name":""}')] == [(request.target, request.body) for request in server.requests]


def test_what_the_policy_denies_is_refused(server: Recorder) -> None:
    """As on the command line, and already the form says so."""
    api = save_api(get("/pets", "listPets"), server=server)
    assert 0 == run_cli("api", "add", "pets", api).exit_code
    assert 0 == run_cli("config", "set", "apis.pets.policy.deny", '["GET"]').exit_code

    async def work() -> None:
        async with exploring("pets", size=(140, 30)) as explorer:
            await explorer.open("list-pets")
            assert "the policy denies it" in explorer.screen
            await explorer.press("f5")
            await explorer.responded()
            assert _shown("pets", "list-pets") == _words(explorer.response_text)
        assert [] == server.requests

    explored(work())


@pytest.mark.parametrize("failure", ["network", "status", "auth", "usage"])
def test_an_error_is_that_of_the_command_line(server: Recorder, failure: str) -> None:
    """Word for word: what failed, why, what to do."""
    origin = server.origin
    security: dict[str, Any] = {}
    if failure == "network":
        origin = f"http://127.0.0.1:{free_port()}"
    if failure == "auth":
        security = {"schemes": {"key": API_KEY}, "security": [{"key": []}]}
    limit = parameter("limit", {"type": "integer"}, required=failure == "usage")
    api = save_api(get("/pets", "listPets", limit), server=origin, **security)

    async def work() -> None:
        async with exploring(api, options=Options(retries=0), size=(160, 30)) as explorer:
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.responded()
            reported = _shown(api, "list-pets", "--retries=0")
            assert reported
            assert reported in _words(
                explorer.response_text
            )  # which has a hint if the command line has `try`

    explored(work())


def test_a_wrong_response_is_told_with_the_place_that_is_wrong(server: Recorder) -> None:
    """The result marks it, and says where the document says so."""
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    server.responses["/pets"] = Response(200, b'{"age": "three"}')
    api = save_api(get("/pets", "getPet", responses=responses), server=server)

    async def work() -> None:
        async with exploring(api) as explorer:
            await explorer.open("get-pet")
            await explorer.press("f5")
            await explorer.responded()
            assert "1 finding" in explorer.screen
            await explorer.press("v")
            text = _response_of(explorer)
            assert '| {"age": "three"}' in text or '"age": "three"' in text
            assert "^^^^^^^" in text
            assert "[type]" in text
            assert "document line" in text

    explored(work())


@contextmanager
def _silent_server() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """Run a server that never responds; yield its origin, and whether it was asked and left again."""
    asked, was_left = threading.Event(), threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            with closing(listening.accept()[0]) as connection:
                connection.recv(65536)
                asked.set()
                while connection.recv(65536):
                    pass
                was_left.set()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked, was_left


def test_a_call_that_waits_is_cancelled_for_the_server_too() -> None:
    """Esc cuts the connection at once, and the explorer goes on."""
    with _silent_server() as (origin, asked, was_left):
        api = save_api(get("/pets", "listPets"), server=origin)

        async def work() -> None:
            async with exploring(api) as explorer:
                await explorer.open("list-pets")
                await explorer.press("f5")
                await explorer.until(asked.is_set)
                assert "Under way" in explorer.screen
                assert "Esc Cancel" in explorer.screen
                await explorer.press("f5")
                assert "A call is under way" in explorer.screen
                await explorer.press("escape")
                await explorer.responded()
                assert "Cancelled: the request may have reached the server" in explorer.screen
                assert "Esc Cancel" not in explorer.screen

        explored(work())
        assert was_left.wait(5)


def test_leaving_ends_the_call_that_is_under_way() -> None:
    """The server is not left waiting for someone who has gone."""
    with _silent_server() as (origin, asked, was_left):
        api = save_api(get("/pets", "listPets"), server=origin)

        async def work() -> None:
            async with exploring(api) as explorer:
                await explorer.open("list-pets")
                await explorer.press("f5")
                await explorer.until(asked.is_set)
                await explorer.press("f10")

        explored(work())
        assert was_left.wait(5)


@pytest.mark.parametrize(
    ("media_type", "pieces"),
    [
        ("application/x-ndjson", [b'{"n": 1}\n', b'{"n": 2}\n']),
        ("text/event-stream", [b'data: {"n": 1}\n\n', b'data: {"n": 2}\n\n']),
    ],
)
@pytest.mark.parametrize("is_cancelled", [False, True], ids=["whole", "cancelled"])
def test_the_items_of_a_stream_appear_as_they_come(
    media_type: str, pieces: list[bytes], is_cancelled: bool
) -> None:
    """The first is there while the server has not sent the second, and stays when the call is cancelled."""
    go_on = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            with closing(listening.accept()[0]) as connection:
                connection.recv(65536)
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nConnection: close\r\n\r\n"
                connection.sendall(head.encode() + pieces[0])
                go_on.wait(20)
                if not is_cancelled:
                    connection.sendall(pieces[1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        content: dict[str, Any] = {media_type: {"itemSchema": {"type": "object"}}}
        watching = operation("watch", responses={"200": {"description": "", "content": content}})
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        api = save_api({"/watch": {"get": watching}}, server=origin, version="3.2.0")

        async def work() -> None:
            async with exploring(api) as explorer:
                await explorer.open("watch")
                await explorer.press("f5")
                await explorer.until(lambda: '{"n": 1}' in explorer.screen)
                assert '{"n": 2}' not in explorer.screen
                await explorer.press("h")
                assert "The stream continues" in explorer.screen
                await explorer.press("p")
                assert '{"n": 1}' in explorer.screen
                if is_cancelled:
                    await explorer.press("escape")
                go_on.set()
                await explorer.responded()
                assert '{"n": 1}' in explorer.screen
                assert is_cancelled == ('{"n": 2}' not in explorer.screen), explorer.screen
                assert ("cancelled" if is_cancelled else "valid") in explorer.screen
                await explorer.press("r")
                assert '{"n": 1}' in explorer.screen

        explored(work())
        thread.join(5)


def test_a_stream_comes_no_faster_than_it_is_shown() -> None:
    """A server that never stops waits until a piece was shown, and a call that waits for that is cancelled."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def serve() -> None:
            with closing(listening.accept()[0]) as connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
                connection.sendall(head)
                with suppress(OSError):
                    while True:
                        connection.sendall(b'{"n": 1}\n' * 10_000)

        threading.Thread(target=serve, daemon=True).start()
        content: dict[str, Any] = {"application/x-ndjson": {}}
        watching = operation("watch", responses={"200": {"description": "", "content": content}})
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        word, env = save_api({"/watch": {"get": watching}}, server=origin), Environment()
        api = open_named_api(word, env)
        pieces: Queue[Event] = Queue()
        with closing(api.catalog):
            draft = Draft(DescribedOperation(api, api.catalog.operation("watch")).sending(""), (), {})
            settings = settings_of(env, api, Options())
            call = RunningCall(env, draft, settings, lambda _: False, lambda _, event: pieces.put(event))
            call.start()
            assert isinstance(pieces.get(timeout=20), ResponseHead)
            first = [pieces.get(timeout=20) for _ in range(8)]
            assert {ResponsePart} == {type(event) for event in first}
            with pytest.raises(Empty):
                pieces.get(timeout=0.3)
            call.take_piece()
            assert isinstance(pieces.get(timeout=20), ResponsePart)
            call.cancel()
            while isinstance(event := pieces.get(timeout=20), ResponsePart):
                pass
            assert isinstance(event, Ended)
            assert event.was_cancelled


def test_a_stored_response_says_so(server: Recorder) -> None:
    """The line of a response says where it came from, and the history has the call, although nothing was sent."""
    server.responses["/pets"] = Response()
    word, env = save_api(get("/pets", "listPets"), server=server), Environment()
    api = open_named_api(word, env)
    with closing(api.catalog):
        draft = Draft(DescribedOperation(api, api.catalog.operation("list-pets")).sending(""), (), {})
        settings = settings_of(env, api, Options(cache="1h"))
        events: Queue[Event] = Queue()
        for did in ("miss", "hit"):
            call = RunningCall(env, draft, settings, lambda _: False, lambda _, event: events.put(event))
            call.start()
            while not isinstance(event := events.get(timeout=20), Ended):
                pass
            assert f"cache: {did}" in status_line(event).plain
            call.record([word, "list-pets"], event)
    assert 1 == len(server.requests)
    assert ["hit", "miss"] == [row["cache"] for row in run_cli("history", "-o", "json").json]


def test_a_call_of_the_history_is_shown_again_with_its_form(server: Recorder) -> None:
    """The latest first; its response is kept, and its form can be changed and sent again."""
    server.responses["/pets"] = lambda request: json_response(request.target)
    limit = parameter("limit", {"type": "integer"})
    api = save_api(get("/pets", "listPets", limit), server=server)

    async def work() -> None:
        async with exploring(api) as explorer:
            await explorer.open("list-pets")
            for digit in "12":
                await explorer.type(digit)
                await explorer.press("f5")
                await explorer.responded()
                await explorer.press("f3")
            await explorer.press("f4", "y", "down", "enter")
            assert '"/pets?limit=1"' in explorer.screen, explorer.screen
            await explorer.press("f3")
            assert f"$ dynacli {api} list-pets --limit 1" in explorer.screen

    explored(work())


def test_a_value_that_an_earlier_response_had_is_chosen(server: Recorder) -> None:
    """With what it is called, and all that the document says of the input and of the operation."""
    server.responses["/pets"] = Response(200, b'[{"id": 7, "name": "Rex"}, {"id": 8, "name": "Mimi"}]')
    item = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    schema = {"type": "array", "items": item}
    listed = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    number = parameter("petId", {"type": "integer"}, "path", description="Which pet \u202eit is")
    getting = operation("getPet", number, description="Tells *all* of a pet.")
    paths = {
        "/pets": {"get": operation("listPets", responses=listed)},
        "/pets/{petId}": {"get": getting},
    }
    api = save_api(paths, server=server)

    async def work() -> None:
        async with exploring(api) as explorer:
            await explorer.open("list-pets")
            await explorer.press("f5")
            await explorer.responded()
            await explorer.until(lambda: bool(run_cli("history", "-o", "json").json))
            await explorer.open("get-pet")
            await explorer.press("f12")
            assert "Its values come from list-pets [].id" in explorer.screen, explorer.screen
            assert "Which pet \\u202eit is" in explorer.screen
            assert "8 Mimi" in explorer.screen
            await explorer.press("down", "enter")
            await explorer.checked()
            assert f"$ dynacli {api} get-pet 8" in explorer.screen, explorer.screen
            await explorer.press("f2", "f12")
            assert "Tells all of a pet." in explorer.screen

    explored(work())


def test_what_was_sent_is_in_the_history_without_its_secrets(server: Recorder) -> None:
    """As the command line that makes it again."""
    server.responses["/logins"] = Response(201, b'{"id": 7}')
    body = {
        "type": "object",
        "properties": {
            "user": {"type": "string"},
            "password": {"type": "string"},
            "more": {"type": "object"},
        },
    }
    api = save_api(post("/logins", "logIn", parameter("n", {"type": "integer"}), body=body), server=server)
    options = Options(
        terms=CallTerms(consent=Consent(is_given=True)), header=("X-Team:blue", "Cookie:hush-hush-1")
    )

    async def work() -> None:
        async with exploring(api, options=options) as explorer:
            await explorer.open("log-in")
            for word in ("1", "ann", "hush-hush-2"):
                await explorer.type(word)
                await explorer.press("tab")
            await explorer.type('{"token":"hush-hush-3"}')
            await explorer.checked()
            await explorer.press("f5")
            await explorer.until(lambda: "Send the credential to" in explorer.screen)
            await explorer.press("y")
            await explorer.responded()
            await explorer.until(lambda: bool(run_cli("history", "-o", "json").json))

    explored(work())
    listed = run_cli("history", "-o", "json")
    [row] = listed.json
    assert ("log-in", 201, 0) == (row["operation"], row["status"], row["exit_code"])
    assert "--n 1" in row["command"]
    assert "--user ann" in row["command"]
    assert b"hush-hush-3" in server.last.body
    assert "hush-hush" not in str(listed)


def test_a_call_that_cannot_connect_is_left_to_itself_when_it_is_cancelled() -> None:
    """No one waits until the time limit for connecting is reached."""
    with closing(socket.socket()) as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        # The queue of connections that no one accepts is full after these, so that the next one has to wait.
        waiting = [socket.socket() for _ in range(3)]
        for item in waiting:
            item.setblocking(False)
            item.connect_ex(address)
        api = save_api(get("/pets", "listPets"), server=f"http://127.0.0.1:{address[1]}")

        async def work() -> None:
            async with exploring(api, options=Options(retries=0)) as explorer:
                await explorer.open("list-pets")
                begun = time.monotonic()
                await explorer.press("f5", "escape")
                await explorer.responded()
                assert "Cancelled: nothing was sent" in explorer.screen
                assert time.monotonic() - begun < 8

        explored(work())
        for member in waiting:
            member.close()


def test_pairs_of_the_query_are_sent_and_in_the_command(server: Recorder) -> None:
    """Those that `explore` was given, without the values in what is shown."""
    server.responses["/a"] = Response()
    api = save_api(get("/a", "getA", parameter("limit", {"type": "integer"})), server=server)

    async def work() -> None:
        options = Options(query=("trace=1", "limit=2"))
        async with exploring(api, options=options) as explorer:
            await explorer.open("get-a")
            await explorer.press("ctrl+s")
            await explorer.responded()

    explored(work())
    assert ["/a?limit=2&trace=1"] == [request.target for request in server.requests]
