"""Of documents that disagree the better comes first: the server is asked for a safe operation or two of each."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dynacli.features.apis.discovery import search_origin
from dynacli.features.apis.discovery._leads import BELOW as BELOW_IT
from dynacli.features.apis.discovery._leads import FIRST
from dynacli.features.apis.discovery._probes import MAX_CALLS, calls_of
from dynacli.features.apis.discovery.discovered import FoundDocument
from dynacli.features.apis.discovery.search_origin import discover
from dynacli.http.connections import Peers
from dynacli.openapi.document.fetched import DocumentLogin
from tests.documents import document, operation, parameter
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

URI = "http://api.example.com/v1/openapi.json"
READS = {"/health": {"get": operation("health")}, "/flows": {"get": operation("listFlows")}}
BELOW = {"servers": ["/api"]}


def _document(paths: Any = READS, **more: Any) -> Response:
    return json_response(document(paths, **{"servers": [], **more}))


def _is_trial(request: RecordedRequest) -> bool:
    return request.target.endswith(("/health", "/flows"))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("at_root", "expected"),
    [
        (Response(404), "/api/openapi.json"),
        (Response(405), "/api/openapi.json"),
        (Response(200, b"<html></html>", {"Content-Type": "text/html"}), "/api/openapi.json"),
        (Response(200), "/openapi.json"),
        (Response(401), "/openapi.json"),
        (Response(500), "/openapi.json"),
    ],
    ids=["unknown", "other method", "a page", "known", "locked", "broken"],
)
def test_the_document_whose_servers_response_is_taken(
    server: Recorder, at_root: Response, expected: str
) -> None:
    """The same operations at two places: the document at whose servers there are none comes last."""
    server.responses |= {
        "/openapi.json": _document(),
        "/api/openapi.json": _document(**BELOW),
        **dict.fromkeys(("/health", "/flows"), at_root),
        **dict.fromkeys(("/api/health", "/api/flows"), Response()),
    }
    found = discover(server.origin)
    assert f"{server.origin}{expected}" == found.documents[0].url
    assert 2 == len(found.documents)
    calls = [request for request in server.requests if _is_trial(request)]
    assert ["/api/flows", "/api/health", "/flows", "/health"] == sorted(call.target for call in calls)
    assert {"GET"} == {call.method for call in calls}
    assert not [call for call in calls if {"authorization", "cookie"} & set(call.headers)]


def test_what_was_tried_and_why_is_told(server: Recorder) -> None:
    """`api add` says which document it takes and why, and names the other with the command that takes it."""
    server.responses |= {
        "/openapi.json": _document(),
        "/api/openapi.json": _document(**BELOW),
        "/api/health": Response(),
    }
    result = run_cli("api", "add", "shop", server.origin)
    lines = [line.strip() for line in result.stderr.splitlines()]
    start = lines.index(
        "There are several documents, and the first is taken: the server knows no operation of the other:"
    )
    assert lines[start + 1].startswith(f"{server.origin}/api/openapi.json")
    assert lines[start + 1].endswith("GET /health responses 200, GET /flows responses 404")
    assert lines[start + 2].startswith(f"{server.origin}/openapi.json")
    assert lines[start + 2].endswith("GET /health responses 404, GET /flows responses 404")
    assert f"To take the other: dynacli api add shop {server.origin}/openapi.json" == lines[start + 3]
    assert 0 == run_cli("shop", "health").exit_code
    assert "/api/health" == server.last.target


class _Clock:
    """A clock that a test puts forward; the search has 1000 seconds, of which 200 are left for trials."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        self.is_forward = threading.Event()
        self.looks = 0
        self.is_noticed = threading.Event()
        self.is_over = threading.Event()
        monkeypatch.setattr(search_origin, "_AHEAD_SECONDS", 0.01)
        monkeypatch.setattr(search_origin, "RIVAL_SECONDS", 5000.0)
        monkeypatch.setattr(search_origin, "time", self)
        monkeypatch.setattr(search_origin, "time", self)

    def monotonic(self) -> float:
        if self.ahead:
            self.looks += 1
            if self.looks > 4:
                self.is_noticed.set()
        return time.monotonic() + self.ahead

    def late(self, ahead: float, response: Response, event: threading.Event) -> Callable[[Any], Response]:
        """Return what puts the clock forward when it is asked, and responses when something has happened."""

        def wait(_: Any) -> Response:
            self.ahead = max(self.ahead, ahead)
            self.is_forward.set()
            event.wait(10)
            return response

        return wait

    def discover(self, server: Recorder) -> list[FoundDocument]:
        try:
            return [*discover(server.origin, seconds=1000).documents]
        finally:
            self.is_over.set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    """The clock of the search."""
    return _Clock(monkeypatch)


def _reporting(event: threading.Event, response: Response) -> Callable[[Any], Response]:
    """Return what responses, and says that it was asked."""

    def announce(_: Any) -> Response:
        event.set()
        return response

    return announce


def _after(event: threading.Event, response: Response) -> Callable[[Any], Response]:
    """Return what responses when something has happened."""

    def wait(_: Any) -> Response:
        event.wait(10)
        return response

    return wait


_KNOWN_BELOW = {
    "/openapi.json": _document(),
    "/api/openapi.json": _document(**BELOW),
    "/health": Response(404),
    "/flows": Response(404),
    "/api/health": Response(),
    "/api/flows": Response(404),
}


@pytest.mark.parametrize(
    ("slow", "asked", "ahead"),
    [
        ("/health", "/api/flows", 0),
        ("/api/health", "/api/flows", 0),
        ("/api/openapi.json", "/flows", 850),
        ("/openapi.json", None, 850),
    ],
    ids=["a call", "a call below", "the document below", "the document at the root"],
)
def test_slowness_decides_nothing(
    server: Recorder, clock: _Clock, slow: str, asked: str | None, ahead: float
) -> None:
    """A document may come when the time of the search is over, or a call of it be slow: the same one is taken.

    The document at the root, whose operations the server does not know, is not waited for where the other is there.
    """
    is_asked = threading.Event()
    server.responses |= _KNOWN_BELOW
    if asked is not None:
        server.responses[asked] = _reporting(is_asked, _KNOWN_BELOW[asked])
    server.responses[slow] = clock.late(
        ahead, _KNOWN_BELOW[slow], is_asked if asked is not None else clock.is_over
    )
    expected = ["/api/openapi.json"] if asked is None else ["/api/openapi.json", "/openapi.json"]
    assert [f"{server.origin}{place}" for place in expected] == [
        document.url for document in clock.discover(server)
    ]


@pytest.mark.exhaustive
def test_the_wait_for_a_document_ends(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that keeps silent is told, and the document beside it is taken."""
    monkeypatch.setattr(search_origin, "RIVAL_SECONDS", 0.5)
    is_over = threading.Event()

    def hang(_: Any) -> Response:
        is_over.wait(10)
        return Response(404)

    server.responses |= {"/openapi.json": _document(), "/api/openapi.json": hang}
    found = discover(server.origin, seconds=0.5)
    is_over.set()
    assert [f"{server.origin}/openapi.json"] == [document.url for document in found.documents]
    assert (f"{server.origin}/api/openapi.json", "timed out") in found.tried


def test_calls_end_with_the_search(server: Recorder, clock: _Clock) -> None:
    """Calls have what is left of the time of the search, and what has responded is not asked again."""
    responses = search_origin.TrialResponses(Peers(), DocumentLogin())
    known, late, other = (f"{server.origin}/{name}" for name in ("known", "late", "other"))
    server.responses |= {"/known": Response(), "/late": clock.late(2000, Response(), clock.is_over)}
    server.responses["/other"] = _after(clock.is_forward, Response())
    end = clock.monotonic() + 1000
    assert [known] == [*responses.ask([known], end, end + 4000)]
    assert [known, other] == [*responses.ask([known, late, other], end, end + 4000)]
    assert [known, other] == [*responses.ask([known, late], end, end + 4000)]
    clock.is_over.set()
    assert ["/known", "/late", "/other"] == sorted(request.target for request in server.requests)


def test_a_call_without_a_response_tells_nothing(server: Recorder, clock: _Clock) -> None:
    """A document whose calls do not end in time keeps its place."""
    late = clock.late(6000, Response(404), clock.is_over)
    server.responses |= _KNOWN_BELOW | {"/health": late, "/flows": late}
    server.responses |= dict.fromkeys(("/api/health", "/api/flows"), _after(clock.is_forward, Response()))
    found = clock.discover(server)[0]
    assert (f"{server.origin}/openapi.json", "GET /health has no response, GET /flows has no response") == (
        found.url,
        found.trial,
    )


def test_a_server_that_answers_no_call_is_waited_for(server: Recorder, clock: _Clock) -> None:
    """If nothing has responded when the time is over, the server is slow, and its calls count anyway."""
    is_asked = threading.Event()
    late = clock.late(2000, Response(404), is_asked)
    server.responses |= _KNOWN_BELOW | {
        "/health": late,
        "/flows": late,
        "/api/health": _after(is_asked, Response()),
    }
    server.responses["/api/flows"] = _reporting(is_asked, Response(404))
    assert f"{server.origin}/api/openapi.json" == clock.discover(server)[0].url


@pytest.mark.parametrize(
    "other",
    [
        {"/openapi.yaml": _document()},
        {"/api/openapi.json": Response(404)},
        {"/api/openapi.json": _document(servers=["http://other.example"])},
    ],
    ids=["the same again", "alone", "elsewhere, the same path"],
)
def test_documents_that_agree_are_not_tried(server: Recorder, other: dict[str, Response]) -> None:
    """If there is nothing to decide, no operation is called."""
    server.responses |= {"/openapi.json": _document(), **other}
    assert 1 == len(discover(server.origin).documents)
    assert not [request for request in server.requests if _is_trial(request)]


def test_a_server_of_another_origin_is_not_asked(server: Recorder, other_server: Recorder) -> None:
    """A document cannot send a trial elsewhere; untried, it keeps its place."""
    server.responses |= {
        "/openapi.json": _document(servers=[f"{other_server.origin}/x"]),
        "/api/openapi.json": _document(**BELOW),
    }
    found = discover(server.origin).documents
    assert ([], "", f"{server.origin}/openapi.json") == (other_server.requests, found[0].trial, found[0].url)


def test_a_server_that_is_silent_about_all_likely_places_is_waited_for(
    server: Recorder, clock: _Clock
) -> None:
    """A server that makes its document when it is first asked responses nothing else meanwhile."""
    silent = clock.late(0, Response(404), clock.is_over)
    server.responses |= {
        "/": Response(404),
        "/health": Response(),
        **dict.fromkeys((f"/{place}" for place in (*FIRST, *BELOW_IT)), silent),
    }
    server.responses["/openapi.json"] = clock.late(2000, _document(), clock.is_noticed)
    assert [f"{server.origin}/openapi.json"] == [document.url for document in clock.discover(server)]


REQUIRED = parameter("q", "query", required=True)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (
            {"/b": {"get": operation("b")}, "/a/x": {"get": operation("x")}, "/a": {"get": operation("a")}},
            ["/a", "/b"],
        ),
        ({"/a": {"get": operation("a")}, "/z/health": {"get": operation("z")}}, ["/z/health", "/a"]),
        ({"/a/{id}": {"get": operation("a")}}, []),
        ({"/a": {"post": operation("a"), "delete": operation("b")}}, []),
        ({"/a": {"get": operation("a", REQUIRED)}}, []),
        ({"/a": {"parameters": [REQUIRED], "get": operation("a")}}, []),
        ({"/a": {"get": operation("a", {"$ref": "#/components/parameters/Q"})}}, []),
        ({"/a": {"get": operation("a", {"$ref": "other.json#/Q"})}}, []),
        ({"/a": {"get": operation("a", parameter("q", "query"))}}, ["/a"]),
        ({"/a": {"get": operation("a"), "servers": [{"url": "/x"}]}}, []),
        ({"/logout": {"get": operation("a")}, "/b": {"get": operation("restartServer")}}, []),
        ({"/x/delete-all": {"get": operation("a")}, "/reset": {"get": operation("b")}}, []),
        ({"/a": {"get": {"responses": {"200": {"content": {"text/event-stream": {}}}}}}}, []),
        ({"/a": 7, "b": {"get": operation("b")}}, []),
    ],
    ids=[
        *("the plainest", "health first", "path parameter", "no GET", "required", "required of the path"),
        *(
            "required by reference",
            "reference elsewhere",
            "optional",
            "own server",
            "names",
            "paths",
            "stream",
        ),
        "broken",
    ],
)
def test_only_harmless_reads_without_inputs_are_called(paths: Any, expected: list[str]) -> None:
    """At most two operations of a document are called, and only those that need nothing and sound harmless."""
    made = document(paths, servers=[], components={"parameters": {"Q": REQUIRED}})
    calls = calls_of(made, URI)
    assert expected == [call.path for call in calls]
    assert len(calls) <= MAX_CALLS
    assert [f"http://api.example.com{path}" for path in expected] == [call.url for call in calls]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"openapi": "3.1.0"}, "http://api.example.com/a"),
        ({"openapi": "3.1.0", "servers": [{"url": "x"}]}, "http://api.example.com/v1/x/a"),
        (
            {"openapi": "3.1.0", "servers": [{"url": "/{v}/", "variables": {"v": {"default": "v2"}}}]},
            "http://api.example.com/v2/a",
        ),
        ({"swagger": "2.0", "basePath": "/base"}, "http://api.example.com/base/a"),
        ({"swagger": "2.0", "host": "h:8", "schemes": ["https"]}, "https://h:8/a"),
        ({"openapi": "3.1.0", "servers": [7]}, None),
        ({"openapi": "3.1.0", "servers": [{"url": "http://[::1"}]}, None),
    ],
    ids=["none", "relative", "variable", "base path", "host", "no server", "malformed"],
)
def test_a_call_goes_where_the_document_says(more: dict[str, Any], expected: str | None) -> None:
    """The first server counts, as for the calls of a person."""
    calls = calls_of({**more, "paths": {"/a": {"get": operation("a")}}}, URI)
    assert [expected] * (expected is not None) == [call.url for call in calls]
