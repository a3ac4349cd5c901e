"""Streams of a Python program: items as they come, validated, gone on with, and left in the middle."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import dynacli
from dynacli.client.api_client import Api
from dynacli.errors import FormatError, HttpError, NetworkError, UsageError
from dynacli.http import item_reader
from tests.documents import operation, save_api
from tests.harness import RecordedRequest, Recorder, Response

_TYPES = {
    "events": "text/event-stream",
    "lines": "application/x-ndjson",
    "records": "application/json-seq",
}


def _document(server: Recorder) -> str:
    """Save the document of an API with a stream of each kind, in which no number is over 2."""
    number: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 2}}}
    paths = {
        f"/{name}": {
            "get": operation(
                f"get-{name}",
                responses={"200": {"description": "", "content": {media_type: {"itemSchema": number}}}},
            )
        }
        for name, media_type in _TYPES.items()
    }
    return save_api(paths, server=server, version="3.2.0")


@pytest.fixture
def api(server: Recorder) -> Iterator[Api]:
    """That API."""
    with dynacli.open_api(_document(server), retries=1) as opened:
        yield opened


def _came(name: str, body: bytes, **headers: str) -> Response:
    return Response(200, body, {"Content-Type": _TYPES[name], **headers})


def _unending(name: str, body: bytes) -> Response:
    return _came(name, body, **{"Content-Length": "99999"})


def _in_turn(*responses: Response) -> Callable[[RecordedRequest], Response]:
    left = iter(responses)
    return lambda _: next(left)


@pytest.mark.parametrize("level", ["warn", "off"])
@pytest.mark.parametrize(
    ("name", "body", "items"),
    [
        (
            "events",
            b'event: made\nid: 1\ndata: {"n": 1}\n\n: nothing\n\ndata: b\ndata: c\n\n',
            [{"event": "made", "id": "1", "data": {"n": 1}}, {"data": "b\nc"}],
        ),
        ("lines", b'{"n": 1}\n\n[1.10]\n{"n": 3}', [{"n": 1}, [1.1], {"n": 3}]),
        ("records", b'\x1e{"n": 1}\n\x1e{"n": 3}\n', [{"n": 1}, {"n": 3}]),
    ],
    ids=_TYPES,
)
def test_items_are_yielded_and_validated(
    server: Recorder, name: str, body: bytes, items: list[Any], level: str
) -> None:
    """The findings are there when the last item was read; nothing is kept."""
    server.responses[f"/{name}"] = _came(name, body)
    with (
        dynacli.open_api(_document(server), validate=level) as api,
        api.stream(f"get-{name}") as response,
    ):
        assert (200, ()) == (response.status, response.findings)
        assert items == list(response)
        is_wrong = level == "warn" and b'"n": 3' in body
        assert is_wrong == ("maximum" in [finding.rule for finding in response.findings])
        assert (b"", 0) == (response.content, response.unread)
        with pytest.raises(UsageError, match="read only once"):
            iter(response)


def test_a_stream_is_left_in_the_middle(api: Api, server: Recorder) -> None:
    """An item is there before the next one comes, and the end of the block does not wait for that."""
    server.responses["/lines"] = _unending("lines", b'{"n": 1}\n')
    with api.stream("get-lines") as response:
        assert {"n": 1} == next(iter(response))
    response.close()
    with pytest.raises(UsageError, match="read only once"):
        iter(response)


def test_a_stream_is_closed_while_an_item_is_waited_for(api: Api, server: Recorder) -> None:
    """Whoever takes the next item then gets an error."""
    server.responses["/events"] = _unending("events", b"data: 1\n\n")
    response = api.stream("get-events")
    items = iter(response)
    assert {"data": 1} == next(items)
    response.close()
    with pytest.raises(UsageError, match="closed"):
        next(items)


def test_an_api_is_called_while_a_stream_is_open(api: Api, server: Recorder) -> None:
    """A stream that goes on for ever keeps no one from calling and validating."""
    server.responses["/lines"] = _unending("lines", b'{"n": 1}\n')
    server.responses["/events"] = _came("events", b"data: 1\n\n")
    with api.stream("get-lines") as response:
        items = iter(response)
        next(items)
        assert b"data: 1\n\n" == api.call("get-events").content


def test_events_go_on_after_a_lost_connection(api: Api, server: Recorder) -> None:
    """They are asked for from where they were, and come as one stream."""
    broken = _came(
        "events", b"retry: 0\nid: 1\ndata: 1\n\n", **{"Content-Length": "999", "Connection": "close"}
    )
    server.responses["/events"] = _in_turn(broken, _came("events", b"data: 2\n\n"))
    with api.stream("get-events") as response:
        assert [1, 2] == [event["data"] for event in response]
    assert ["1"] == server.last.headers["last-event-id"]


def test_a_stream_that_breaks_off_raises_behind_its_items(api: Api, server: Recorder) -> None:
    """What came whole is yielded first."""
    server.responses["/lines"] = _came(
        "lines", b'{"n": 1}\n{"n"', **{"Content-Length": "999", "Connection": "close"}
    )
    with api.stream("get-lines") as response:
        items = iter(response)
        assert {"n": 1} == next(items)
        with pytest.raises(NetworkError):
            next(items)


def test_items_that_cannot_be_read_are_counted(
    api: Api, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are left out."""
    monkeypatch.setattr(item_reader, "_MAX_ITEM", 20)
    server.responses["/lines"] = _came("lines", b'{"n"\n{"n": 1}\n' + b"1" * 30)
    with api.stream("get-lines") as response:
        assert ([{"n": 1}], 2) == (list(response), response.unread)


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [(404, HttpError, "responded with 404"), (200, FormatError, "not a stream")],
)
def test_a_response_that_is_no_stream_is_whole(
    api: Api, server: Recorder, status: int, error: type[Exception], message: str
) -> None:
    """Its value is there, and it has no items."""
    server.responses["/lines"] = Response(status, b'{"id": 1}')
    with api.stream("get-lines") as response:
        assert (status, {"id": 1}) == (response.status, response.data)
        with pytest.raises(error, match=message):
            iter(response)


def test_what_keeps_a_stream_from_beginning_is_raised_at_once(api: Api, server: Recorder) -> None:
    """A wrong input and a server that does not respond are those of any call."""
    with pytest.raises(UsageError):
        api.stream("get-lines", nothing=1)
    assert [] == server.requests
    server.responses["/lines"] = Response(200, b"", {"Content-Length": "nonsense"})
    with pytest.raises(NetworkError):
        api.stream("get-lines")
