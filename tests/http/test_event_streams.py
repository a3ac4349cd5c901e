"""Streams of events, lines and records: gone on with if the connection is lost, and ended after as many items."""

import json
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from dynacli.errors import NetworkError
from dynacli.http import event_stream
from dynacli.http.built_request import Request, RequestParts
from dynacli.http.event_stream import EventPieces, _first_items
from dynacli.http.exchange import Budget, Retries
from dynacli.http.send import Pieces, send
from tests.documents import operation, save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

_EVENTS = "text/event-stream"
_LINES = "application/x-ndjson"
_RECORDS = "application/json-seq"


def _api(server: Recorder, media_type: str = _EVENTS) -> str:
    responses = {"200": {"description": "", "content": {media_type: {"schema": {}}}}}
    methods = {method: operation(f"{method}-a", responses=responses) for method in ("get", "post")}
    return save_api({"/a": methods}, server=server, version="3.1.0")


def _breaking(body: bytes, media_type: str = _EVENTS) -> Response:
    """Return a response that breaks off after its body."""
    headers = {"Content-Type": media_type, "Content-Length": "99999", "Connection": "close"}
    return Response(200, body, headers)


def _whole(body: bytes, status: int = 200, media_type: str = _EVENTS) -> Response:
    return Response(status, body, {"Content-Type": media_type})


_NO_HTTP = Response(200, b"", {"Content-Length": "nonsense"})


def _in_turn(*responses: Response) -> Callable[[RecordedRequest], Response]:
    left: Iterator[Response] = iter(responses)
    return lambda _: next(left)


def _asked(server: Recorder) -> list[str]:
    return ["".join(request.headers.get("last-event-id", [])) for request in server.requests]


def test_events_go_on_where_they_were(server: Recorder) -> None:
    """An event of which only a part came is asked for again, and none is written twice."""
    server.responses["/a"] = _in_turn(
        _breaking(b"id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: th"),
        _breaking(b"id: 3\r\ndata: three\r\n\r\n: nothing\n"),
        _whole(b"data: four\n\ndata: the end"),
    )
    result = run_cli(_api(server), "get-a", "-o", "raw", "--validate", "off")
    assert 0 == result.exit_code
    assert (
        "id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\r\ndata: three\r\n\r\ndata: four\n\ndata: the end"
        == result.stdout
    )
    assert ["", "2", "3"] == _asked(server)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("output", ["raw", "ndjson", "lines", "json", "csv", "auto"])
def test_events_are_written_and_validated_across_connections(server: Recorder, output: str) -> None:
    """Each format has all of them."""
    server.responses["/a"] = _in_turn(
        _breaking(b'id: 1\ndata: {"n": 1}\n\n'), _whole(b'id: 2\ndata: {"n": 2}\n\n')
    )
    result = run_cli(_api(server), "get-a", "-o", output)
    assert (0, ["", "1"]) == (result.exit_code, _asked(server))
    assert 2 == result.stdout.count("n")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "body", "requests"),
    [
        (("get-a",), b"data: one\n\n", 1),
        (("get-a",), b"id: 1\n", 1),
        (("get-a",), b"id\ndata: one\n\n", 1),
        (("get-a",), b"id: 1\0\ndata: one\n\n", 1),
        (("get-a", "--retries", "0"), b"id: 1\ndata: one\n\n", 1),
        (("post-a",), b"id: 1\ndata: one\n\n", 1),
        (("post-a", "--retry-unsafe"), b"id: 1\ndata: one\n\n", 4),
    ],
    ids=["no id", "no event", "empty id", "no text", "no retries", "unsafe", "unsafe all the same"],
)
def test_events_that_cannot_be_gone_on_with(
    server: Recorder, words: tuple[str, ...], body: bytes, requests: int
) -> None:
    """Without an id no one knows what comes next: exit 6, with what came whole."""
    server.responses["/a"] = lambda request: _breaking(
        b"" if "last-event-id" in request.headers and len(server.requests) > 2 else body
    )
    result = run_cli(_api(server), *words, "-o", "raw", "--validate", "off")
    assert (6, requests) == (result.exit_code, len(server.requests))
    assert ("data: one" in result.stdout) == (b"data: one" in body)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("responses", "exit_code", "stdout"),
    [
        ([_whole(b"", 204)], 0, "id: 1\ndata: one\n\n"),
        ([_whole(b"", 503), _whole(b"data: two\n\n")], 0, "id: 1\ndata: one\n\ndata: two\n\n"),
        ([_breaking(b""), _whole(b"data: two\n\n")], 0, "id: 1\ndata: one\n\ndata: two\n\n"),
        ([_NO_HTTP, _whole(b"data: two\n\n")], 0, "id: 1\ndata: one\n\ndata: two\n\n"),
        ([_NO_HTTP, _NO_HTTP], 6, "id: 1\ndata: one\n\n"),
        ([_breaking(b""), _breaking(b"")], 6, "id: 1\ndata: one\n\n"),
        ([_whole(b"", 503), _whole(b"", 503)], 6, "id: 1\ndata: one\n\n"),
        ([_whole(b"", 404)], 6, "id: 1\ndata: one\n\n"),
        ([_whole(b"<html>", 200, "text/html")], 6, "id: 1\ndata: one\n\n"),
    ],
    ids=[
        "no more",
        "busy",
        "lost again",
        "no response",
        "no response at all",
        "lost for good",
        "busy for good",
        "gone",
        "a page",
    ],
)
def test_what_the_server_says_to_being_asked_again(
    server: Recorder, responses: list[Response], exit_code: int, stdout: str
) -> None:
    """204 means that there is no more; a failure that may pass counts as one more loss."""
    server.responses["/a"] = _in_turn(_breaking(b"id: 1\ndata: one\n\n"), *responses)
    result = run_cli(_api(server), "get-a", "-o", "raw", "--validate", "off")
    assert (exit_code, stdout) == (result.exit_code, result.stdout)


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("retry: 1500", 1.5),
        ("retry: 0", 0),
        ("retry: 99999999999", 30),
        ("retry: -1", None),
        ("retry: soon", None),
    ],
)
def test_the_pause_is_the_servers(server: Recorder, field: str, seconds: float | None) -> None:
    """`retry:` is obeyed up to 30 seconds, and nonsense is not."""
    server.responses["/a"] = _in_turn(
        _breaking(f"id: 1\n{field}\ndata: one\n\n".encode()), _whole(b"data: two\n\n")
    )
    waits: list[float] = []
    request = Request("GET", f"{server.origin}/a", (), None, RequestParts({}, (), {}, ()))
    response = send(
        request,
        Budget(),
        lambda: None,
        lambda _, pieces: b"".join(EventPieces(pieces)),
        retries=Retries(2, wait=waits.append),
    )
    assert b"data: two\n\n" == response.body[-11:]
    assert [0.0 if seconds is None else seconds] == waits
    assert len(response.body) == response.size


def test_an_event_without_an_end_is_not_held_back(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory."""
    monkeypatch.setattr(event_stream, "MAX_EVENT", 1000)
    server.responses["/a"] = _whole(b"data: " + b"x" * 2000)
    result = run_cli(_api(server), "get-a", "-o", "raw", "--validate", "off")
    assert (0, 2006) == (result.exit_code, len(result.stdout))


def test_a_call_that_is_over_is_not_gone_on_with(server: Recorder) -> None:
    """A cut connection is not a lost one."""
    server.responses["/a"] = _breaking(b"id: 1\ndata: one\n\n")
    request = Request("GET", f"{server.origin}/a", (), None, RequestParts({}, (), {}, ()))

    def receive(_: object, pieces: Pieces) -> bytes:
        for _piece in EventPieces(pieces):
            pieces.cut()
        return b""

    with pytest.raises(NetworkError):
        send(request, Budget(), lambda: None, receive, retries=Retries(2))
    assert 1 == len(server.requests)


_BODIES = {
    _LINES: (b'{"n":1}\n\n  \n{"n":2}\r\n{"n":3}\n', [0, 8, 21, 29]),
    _RECORDS: (b'\x1e{"n":1}\n\x1e\x1e{"n":2}\n\x1e{"n":3}\n', [0, 9, 19, 28]),
    _EVENTS: (b": hello\n\ndata: 1\n\nid: x\n\ndata\r\n\r\ndata: 3\n\n", [0, 18, 33, 42]),
}


@pytest.mark.parametrize("media_type", _BODIES)
def test_the_first_items_are_the_beginning_of_the_body(media_type: str) -> None:
    """However the bytes come; comments, empty lines and empty records count for nothing."""
    body, ends = _BODIES[media_type]
    for size, count in product([1, 2, 7, 1000], [1, 2, 3, 4]):
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        found = b"".join(_first_items(pieces, media_type, count))
        # Of a line end of two bytes the second may come too late.
        expected = body[: ends[count] if count < len(ends) else None].rstrip()
        assert expected == found.rstrip(), (size, count)


def test_a_long_item_counts_without_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without an end takes no memory."""
    from dynacli.http import event_stream as module

    monkeypatch.setattr(module, "MAX_EVENT", 8)
    pieces = [b"x" * 10, b" " * 10, b"\n", b"2\n", b"3\n"]
    assert b"x" * 10 + b" " * 10 + b"\n2\n" == b"".join(_first_items(pieces, _LINES, 2))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("output", ["raw", "ndjson", "json", "lines"])
@pytest.mark.parametrize("words", [("--max-items", "2"), ("--max-items", "2", "--validate", "off")], ids=len)
@pytest.mark.parametrize("media_type", _BODIES)
def test_a_stream_ends_after_as_many_items(
    server: Recorder, media_type: str, words: tuple[str, ...], output: str
) -> None:
    """The rest is not waited for, even if it never comes."""
    body = _BODIES[media_type][0]
    headers = {"Content-Type": media_type, "Content-Length": str(len(body) + 100)}
    server.responses["/a"] = Response(200, body, headers)
    result = run_cli(_api(server, media_type), "get-a", "-o", output, *words)
    assert (0, 1) == (result.exit_code, len(server.requests))
    if output in {"ndjson", "json"}:
        items = json.loads(result.stdout) if output == "json" else result.stdout.splitlines()
        assert (2 if media_type != _EVENTS else 1) <= len(items) <= 2


def test_a_response_says_whether_it_is_a_stream(server: Recorder) -> None:
    """A document that promises a stream has no rule of pages, and `--all` follows a list that comes instead."""
    described = operation(
        "getA",
        *(
            {"name": name, "in": "query", "schema": {"type": "integer", "maximum": 9}}
            for name in ("page", "limit")
        ),
        responses={"200": {"description": "", "content": {_LINES: {"schema": {"type": "object"}}}}},
    )
    word = save_api({"/a": {"get": described}}, server=server)
    link = f'<{server.origin}/a?page=2>; rel="next"'
    server.responses["/a"] = _in_turn(
        json_response([{"id": 1}], Link=link),
        json_response([{"id": 2}]),
        _whole(b"1\n2\n", media_type=_LINES),
    )
    assert '[{"id":1},{"id":2}]\n' == run_cli(word, "get-a", "--all", "--validate", "off").stdout
    assert "1\n2\n" == run_cli(word, "get-a", "--all", "--validate", "off").stdout
    assert ["/a", "/a?page=2", "/a"] == [request.target for request in server.requests]
    assert "--all" not in run_cli("describe", word, "get-a").stdout
