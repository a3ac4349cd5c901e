"""What a Python program learns of its calls while they are made: which events, in which order, without secrets."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.client.api_client import Api
from dynacli.client.call import CallEvent
from dynacli.errors import MismatchError, NetworkError, UsageError
from tests.documents import api_of, get, operation, parameter, put, serve
from tests.harness import RecordedRequest, Recorder, Response, json_response

_INTEGER = {"type": "integer"}
_PET = {"type": "object", "properties": {"id": _INTEGER}}
_PETS = {"type": "array", "items": _PET}
_SECRET = "Bearer tok-canary-1"
_STEPS = ["request_built", "sending", "response_head", "response", "findings"]
_PLAIN = [*_STEPS, "recorded"]


def _json(schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"200": {"description": "", "content": {media_type: {"schema": schema}}}}


def _document(origin: str) -> dict[str, Any]:
    upload = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    pet = operation("getPet", parameter("id", {**_INTEGER, "minimum": 1}, "path"), responses=_json(_PET))
    return api_of(
        {"/pets/{id}": {"get": {**pet, "security": [{"token": []}]}}},
        get("/pets", "listPets", parameter("page", _INTEGER), responses=_json(_PETS)),
        get("/lines", "watchPets", responses=_json(_PET, "application/x-ndjson")),
        put("/photos", "putPhoto", requestBody=upload, responses=_json(_PET)),
        server=origin,
        components={"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    )


class _Noted(list[Any]):
    """The events that were reported."""

    @property
    def names(self) -> list[str]:
        return [event.name for event in self]


@pytest.fixture
def reported() -> _Noted:
    """What is reported."""
    return _Noted()


@pytest.fixture
def api(server: Recorder, reported: _Noted) -> Iterator[Api]:
    """An API that tells of all calls."""
    server.responses["/pets/1"] = json_response({"id": 1})
    source = serve(server, _document(server.origin))
    with dynacli.open_api(source, on_event=reported.append, headers={"Authorization": _SECRET}) as opened:
        server.requests.clear()
        yield opened


def _in_turn(*responses: Response) -> Callable[[RecordedRequest], Response]:
    left = iter(responses)
    return lambda _: next(left)


def test_a_call_tells_of_its_steps(api: Api, reported: _Noted) -> None:
    """Each once, in the order in which they happen; the last one has what the response holds."""
    api.call("get-pet", id=1)
    assert _PLAIN == reported.names
    assert {"get-pet"} == {event.operation for event in reported}
    assert (200, []) == (reported[3].response.status, [*reported[4].findings])


def test_a_call_can_have_a_listener_of_its_own(api: Api, reported: _Noted) -> None:
    """Then that of all calls is told nothing of it."""
    own = _Noted()
    api.call("get-pet", id=1, on_event=own.append)
    assert (_PLAIN, []) == (own.names, reported.names)


def test_what_the_document_does_not_allow_is_told_and_not_sent(
    api: Api, reported: _Noted, server: Recorder
) -> None:
    """With the error in which the call ends, once."""
    with pytest.raises(UsageError) as raised:
        api.call("get-pet", id=0)
    assert ["request_built", "request_invalid"] == reported.names
    assert raised.value is reported[-1].error
    assert [] == server.requests


def test_findings_are_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """As the response has them."""
    server.responses["/pets/1"] = json_response({"id": "one"})
    response = api.call("get-pet", id=1)
    assert response.findings == reported[-2].findings != ()


def test_tries_are_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """Why the call waits, for how long, and which try follows."""
    server.responses["/pets/1"] = _in_turn(Response(503, b"", {"Retry-After": "0"}), json_response({"id": 1}))
    api.call("get-pet", id=1)
    assert [*_PLAIN[:2], "retrying", *_PLAIN[1:]] == reported.names
    assert [1, 2] == [event.tries for event in reported if event.name == "sending"]
    pause = reported[2].pause
    assert "503" in pause.reason
    assert pause.seconds >= 0


def test_a_failure_is_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """With the error that the call raises."""
    server.responses["/pets/1"] = Response(200, b"{", {"Content-Encoding": "gzip"})
    with pytest.raises(NetworkError) as raised:
        api.call("get-pet", id=1)
    assert ["request_built", "sending", "response_head", "failed", "recorded"] == reported.names
    assert raised.value is reported[-2].error


def test_pages_are_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """Each after the steps of its call, with how many items came so far."""

    def page(request: RecordedRequest) -> Response:
        number = 2 if "page=2" in request.target else 1
        link = {} if number == 2 else {"Link": '</pets?page=2>; rel="next"'}
        return json_response([{"id": 2 * number}, {"id": 2 * number + 1}], **link)

    server.responses["/pets"] = page
    assert [2, 3, 4, 5] == [item["id"] for item in api.items("list-pets")]
    assert [*_STEPS, "page", *_STEPS, "page", "recorded"] == reported.names
    assert [(1, 2), (2, 4)] == [
        (event.page.number, event.count) for event in reported if event.name == "page"
    ]


def test_the_parts_of_a_stream_are_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """Before its items are taken; all of them together are the body."""
    body = b'{"id":1}\n{"id":2}\n'
    server.responses["/lines"] = Response(200, body, {"Content-Type": "application/x-ndjson"})
    with api.stream("watch-pets") as response:
        assert [{"id": 1}, {"id": 2}] == list(response)
    parts = [event for event in reported if event.name == "response_part"]
    assert body == b"".join(event.content for event in parts)
    assert len(body) == parts[-1].size
    assert reported[2].is_stream
    assert [*_PLAIN[:3], *(["response_part"] * len(parts)), *_PLAIN[3:]] == reported.names


def test_a_wait_tells_what_it_waits_for(api: Api, reported: _Noted, server: Recorder) -> None:
    """Each call by its steps, and the time between two as that before a further try."""
    server.responses["/pets/1"] = _in_turn(json_response({"id": 1}), json_response({"id": 2}))
    api.wait("get-pet", "id == `2`", id=1, wait_interval=0.01)
    assert [*_STEPS, "retrying", *_PLAIN] == reported.names
    assert "is not true" in reported[5].pause.reason


def test_the_rows_of_a_batch_are_told(api: Api, reported: _Noted, server: Recorder) -> None:
    """Those that could not be sent as well, without a call."""
    server.responses["/pets/2"] = json_response({"id": "two"})
    results = list(api.batch([{"id": 1}, {"id": 2}], "get-pet"))
    rows = [event for event in reported if event.name == "row"]
    assert results == sorted((event.result for event in rows), key=lambda result: result.row)
    assert "findings" not in reported.names
    assert [0, 1] == sorted(len(event.result.findings) for event in rows)


def test_how_far_an_upload_is_is_told(api: Api, reported: _Noted, server: Recorder, tmp_path: Path) -> None:
    """From nothing to all of it."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(bytes(200_000))
    server.responses["/photos"] = json_response({"id": 1})
    api.call("put-photo", body=photo)
    progress = [(event.sent, event.total) for event in reported if event.name == "progress"]
    assert ((0, 200_000), (200_000, 200_000)) == (progress[0], progress[-1])
    assert sorted(progress) == progress


def test_no_event_shows_a_credential(api: Api, reported: _Noted, server: Recorder) -> None:
    """Neither the request that it names, nor its own text."""
    api.call("get-pet", id=1)
    assert [_SECRET] == server.requests[-1].headers["authorization"]
    requests = [event.request for event in reported]
    assert all(request is not None and "/pets/1" in request.url for request in requests)
    assert "canary" not in f"{requests} {reported}"


def test_what_a_listener_raises_ends_the_call(api: Api, server: Recorder) -> None:
    """Before the request is sent, nothing reaches the server; after it, the caller still hears of it."""

    def refuse(event: CallEvent) -> None:
        if event.name == "sending":
            raise UsageError("Not now")

    with pytest.raises(UsageError, match="Not now"):
        api.call("get-pet", id=1, on_event=refuse)
    assert [] == server.requests

    def fail(event: CallEvent) -> None:
        if event.name == "findings":
            raise MismatchError("Not so")

    with pytest.raises(MismatchError, match="Not so"):
        api.call("get-pet", id=1, on_event=fail)
    assert 1 == len(server.requests)


def test_listeners_of_several_threads_hear_of_their_own_calls(api: Api, server: Recorder) -> None:
    """Each call tells its own listener alone."""
    heard: dict[int, set[str]] = {number: set() for number in range(1, 9)}

    def call(number: int) -> None:
        server.responses[f"/pets/{number}"] = json_response({"id": number})

        def hear(event: CallEvent) -> None:
            if event.request is not None:
                heard[number].add(event.request.url.rpartition("/")[2])

        api.call("get-pet", id=number, on_event=hear)

    threads = [threading.Thread(target=call, args=(number,)) for number in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: {str(number)} for number in heard}
