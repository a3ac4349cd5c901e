"""A search of a slow server: places are asked side by side, and the result does not depend on which responds first."""

import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.features.apis.discovery import search_origin
from dynacli.features.apis.discovery._leads import BELOW, CATALOG, FIRST, SECOND
from dynacli.features.apis.discovery._probes import SLOW_CONNECTIONS
from dynacli.features.apis.discovery.discovered import Way
from dynacli.features.apis.discovery.search_origin import MAX_REQUESTS, discover
from tests.documents import api_of, get
from tests.harness import Recorder, Response, json_response, run_cli

HTML = {"Content-Type": "text/html"}
PATIENCE = 10.0
"""Seconds after which a test fails that waits for a request which never comes."""


def _titled(title: str) -> Response:
    made = api_of(get(f"/{title}", title), info={"title": title, "version": "1"})
    return json_response(made)


def _once(event: threading.Event, response: Response) -> Callable[[Any], Response]:
    """Return what responses when something has happened."""

    def wait(_: Any) -> Response:
        assert event.wait(PATIENCE)
        return response

    return wait


def _reporting(event: threading.Event, response: Response) -> Callable[[Any], Response]:
    """Return what responses, and says that it was asked."""

    def announce(_: Any) -> Response:
        event.set()
        return response

    return announce


class _Clock:
    """The clock of the search, which a test puts forward.

    Attributes:
        ahead: So many seconds.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(search_origin, "time", self)

    def monotonic(self) -> float:
        """Return the seconds of the clock."""
        return time.monotonic() + self.ahead

    def end_after_others(self, server: Recorder) -> None:
        """End the time of the search when it asks for nothing else any more."""
        asked = -1
        while asked != len(server.requests):
            asked = len(server.requests)
            time.sleep(0.6)
        self.ahead = 100.0


@pytest.fixture(autouse=True)
def _soon_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search go ahead of what is slow almost at once."""
    monkeypatch.setattr(search_origin, "_AHEAD_SECONDS", 0.01)
    monkeypatch.setattr(search_origin, "SEARCH_SECONDS", 2 * PATIENCE)
    monkeypatch.setattr(search_origin, "_SETTLING_SECONDS", PATIENCE)


def test_a_slow_place_holds_nothing_up(server: Recorder) -> None:
    """While one of the first places keeps its response back, the last ones are asked; its response still counts."""
    asked = threading.Event()
    page = Response(200, b"<html>nothing</html>", HTML)
    server.responses |= {
        f"/{FIRST[9]}": _once(asked, page),
        f"/{SECOND[-5]}": _reporting(asked, Response(404)),
    }
    with pytest.raises(DocumentError) as caught:
        discover(server.origin, seconds=2 * PATIENCE)
    results = {entry["url"]: entry["result"] for entry in caught.value.details["tried"]}
    assert "not a document: an HTML page" == results[f"{server.origin}/{FIRST[9]}"]
    assert {"404", "not a document: an HTML page"} == set(results.values())


def test_a_better_place_is_waited_for(server: Recorder) -> None:
    """A document at a place that is asked for ahead counts only if the better places have none."""
    found_worse = threading.Event()
    server.responses |= {
        "/api/v1/openapi.json": _once(found_worse, _titled("better")),
        "/openapi.json": _reporting(found_worse, _titled("worse")),
    }
    found = discover(f"{server.origin}/api/v1", seconds=2 * PATIENCE)
    assert ["better"] == [document.title for document in found.documents]
    assert f"{server.origin}/openapi.json" in [
        f"{server.origin}{request.target}" for request in server.requests
    ]
    assert f"{server.origin}/openapi.json" not in [tried.url for tried in found.tried]


def test_a_better_place_without_a_document_leaves_the_worse_one(server: Recorder) -> None:
    """The document that was found ahead is the result if nothing better comes of the wait."""
    found_worse = threading.Event()
    server.responses |= {
        "/api/v1/openapi.json": _once(found_worse, Response(404)),
        "/openapi.json": _reporting(found_worse, _titled("worse")),
    }
    found = discover(f"{server.origin}/api/v1", seconds=2 * PATIENCE)
    assert [f"{server.origin}/openapi.json"] == [document.url for document in found.documents]


def test_what_leads_to_a_document_found_ahead_makes_it_better(server: Recorder) -> None:
    """A slow page that names a document, which a guess has found meanwhile, has the first claim to it."""
    found = threading.Event()
    page = Response(200, b'<html>swagger-ui {url: "/openapi.json"}</html>', HTML)
    server.responses |= {
        "/api/v1/docs": _once(found, page),
        "/openapi.json": _reporting(found, _titled("one")),
        "/swagger.json": _titled("other"),
    }
    result = discover(f"{server.origin}/api/v1", seconds=2 * PATIENCE)
    assert ["one"] == [document.title for document in result.documents]
    assert f"{server.origin}/openapi.json" in [tried.url for tried in result.tried]


class _Paced(dict[str, Any]):
    """Responses that each take a time of their own, the same for the same seed."""

    def __init__(self, responses: dict[str, Any], seed: int) -> None:
        super().__init__(responses)
        self.seed = seed

    def get(self, target: str, *_: Any) -> Any:
        delay = random.Random(f"{self.seed} {target}").random() * 0.004  # noqa: S311 - the same on every run

        def response(_request: Any) -> Response:
            threading.Event().wait(delay)
            found: Response = self[target] if target in self else Response(404)
            return found

        return response


SERVERS: dict[str, dict[str, Response]] = {
    "nothing": {},
    "several documents": {
        "/openapi.json": _titled("json"),
        "/swagger.json": _titled("swagger"),
        "/docs": Response(200, b'<html>swagger-ui {url: "/of-docs"} {url: "/swagger.json"}</html>', HTML),
        "/of-docs": _titled("docs"),
        "/api/openapi.json": _titled("second"),
    },
    "a catalog": {
        f"/{CATALOG}": Response(
            200,
            json.dumps({"linkset": [{"service-desc": [{"href": f"/{n}"} for n in range(4)]}]}).encode(),
            {"Content-Type": "application/linkset+json"},
        ),
        **{f"/{number}": _titled(f"number{number}") for number in range(4)},
        "/openapi.json": _titled("json"),
    },
    "the last resort": {
        "/redoc": Response(200, b"<html>/x/openapi.json</html>", HTML),
        "/x/openapi.json": _titled("x"),
    },
}


@pytest.fixture(params=SERVERS)
def responses(request: pytest.FixtureRequest) -> dict[str, Response]:
    """What one of the servers has."""
    return SERVERS[request.param]


def _outcome(url: str) -> Any:
    try:
        found = discover(url, seconds=2 * PATIENCE)
    except DocumentError as error:
        return error.reason, error.details
    return [(document.url, document.title, document.way) for document in found.documents], found.tried


@pytest.mark.sampled(2)
def test_the_result_does_not_depend_on_who_responds_first(
    server: Recorder, responses: dict[str, Response]
) -> None:
    """However the responses of a server are paced, the documents and what is reported of the search are the same."""
    outcomes = []
    for seed in range(2):
        server.responses = _Paced(responses, seed)
        outcomes.append(_outcome(f"{server.origin}/api/v1"))
    assert outcomes[0] == outcomes[1]


def test_what_was_left_out_is_told(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of a silent server ends in time, and says what did not respond and what was not tried."""
    monkeypatch.setattr(search_origin, "RIVAL_SECONDS", 2.5)
    is_over, clock = threading.Event(), _Clock(monkeypatch)
    hanging: list[int] = []

    def hang(_: Any) -> Response:
        hanging.append(1)
        if len(hanging) == SLOW_CONNECTIONS:
            clock.ahead = 100.0
        assert is_over.wait(PATIENCE)
        return Response(404)

    places = {f"/{place}": hang for place in (CATALOG, *FIRST, *BELOW, *SECOND)}
    server.responses = {"/": Response(200, b"{}"), **places}
    try:
        with pytest.raises(DocumentError) as caught:
            discover(server.origin, seconds=2.5)
    finally:
        is_over.set()
    results = [entry["result"] for entry in caught.value.details["tried"]]
    silent, late = results.count("timed out"), results.count("not tried, the time was over")
    assert (1 + silent + late, SLOW_CONNECTIONS) == (len(results), silent)
    reported = f"{silent} did not respond in time; {late} more were not tried, because the 2.5 s of a search were over"
    assert reported in caught.value.reason
    assert len(results) <= MAX_REQUESTS


def test_a_limit_of_requests_ends_the_guessing(server: Recorder) -> None:
    """After a 429 only those get a response that were under way already."""
    limited = threading.Event()
    later = {f"/{place}": _once(limited, Response(404)) for place in (*FIRST[1:], *BELOW, *SECOND)}
    server.responses |= {f"/{FIRST[0]}": _reporting(limited, Response(429)), **later}
    with pytest.raises(DocumentError, match="No OpenAPI document") as caught:
        discover(server.origin, seconds=2 * PATIENCE)
    assert "limits how often it is asked" in caught.value.reason
    # The given URL, the catalog, and twice as many as there are connections: some responses come before the 429.
    assert len(server.requests) <= 2 + 2 * SLOW_CONNECTIONS


def test_the_likeliest_places_are_asked_at_once_while_the_given_url_is_slow(server: Recorder) -> None:
    """A server that needs seconds for each response gives all of these at the same time, and they come in time."""
    likely = ("", CATALOG, FIRST[0], *BELOW, *FIRST[1:10])
    barrier = threading.Barrier(SLOW_CONNECTIONS)

    def responded(response: Response) -> Callable[[Any], Response]:
        def wait(_: Any) -> Response:
            barrier.wait(PATIENCE)  # until all of them are asked for
            return response

        return wait

    assert SLOW_CONNECTIONS == len(likely)
    server.responses |= {f"/{place}": responded(Response(404)) for place in likely}
    server.responses[f"/{FIRST[2]}"] = responded(_titled("one"))
    found = discover(server.origin, seconds=2 * PATIENCE)
    assert [f"{server.origin}/{FIRST[2]}"] == [document.url for document in found.documents]


@pytest.mark.parametrize(
    ("response", "way"),
    [
        (_titled("given"), Way.GIVEN),
        (Response(200, b"{}", {"Link": '</stated>; rel="service-desc"'}), Way.STATED),
        (Response(404, b'{"docs": {"openapi": "/stated"}}'), Way.NAMED),
    ],
    ids=["a document", "a link", "an error that names it"],
)
def test_what_the_given_url_leads_to_comes_first_though_it_is_slow(
    server: Recorder, response: Response, way: Way
) -> None:
    """What was found meanwhile counts only if the given URL leads nowhere."""
    asked = threading.Event()
    server.responses |= {
        "/": _once(asked, response),
        "/openapi.json": _reporting(asked, _titled("guessed")),
        "/stated": _titled("stated"),
    }
    found = discover(server.origin, seconds=2 * PATIENCE)
    assert [way] == [document.way for document in found.documents]


@pytest.mark.exhaustive
def test_a_place_that_stays_silent_is_given_up_and_named(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that responds others is not waited for beyond the limit; the error says what to do about the place."""
    is_over, clock = threading.Event(), _Clock(monkeypatch)

    def hang(_: Any) -> Response:
        clock.end_after_others(server)
        assert is_over.wait(PATIENCE)
        return _titled("late")

    server.responses["/api/openapi.json"] = hang
    with pytest.raises(DocumentError) as caught:
        discover(server.origin, seconds=2 * PATIENCE)
    is_over.set()
    assert f"If the document is at `{server.origin}/api/openapi.json`, give that URL" in caught.value.hint
    tried = {entry["url"]: entry["result"] for entry in caught.value.details["tried"]}
    assert "timed out" == tried[f"{server.origin}/api/openapi.json"]


_VIEWER = Response(200, b'<html>swagger-ui <script>SwaggerUIBundle({url: "/made"})</script></html>', HTML)
_NAMING: dict[str, dict[str, Response]] = {
    "header": {"/": Response(404, b"", {"Link": '</made>; rel="service-desc"'})},
    "link of the root page": {"/": Response(200, b'<link rel="service-desc" href="/made"><p>Hello', HTML)},
    "root": {"/": Response(200, b'{"documentation": "/made/openapi.json"}')},
    "viewer": {"/": _VIEWER},
    "configuration": {
        "/": Response(200, b'<html>swagger-ui {configUrl: "/config"}</html>', HTML),
        "/config": Response(200, b'{"urls": [{"name": "one", "url": "/made"}]}'),
    },
    "guessed configuration": {"/v3/api-docs/swagger-config": Response(200, b'{"url": "/made"}')},
    "guessed page": {"/docs": _VIEWER},
    "guessed page of a guess": {
        "/docs": Response(200, b'<html>swagger-ui {url: "/openapi.json"}</html>', HTML)
    },
}
"""How a server names the place where it makes its document when it is first asked for it."""


@pytest.mark.sampled(0)
@pytest.mark.parametrize("responses", _NAMING.values(), ids=_NAMING)
def test_a_named_place_gets_as_long_as_a_given_one(server: Recorder, responses: dict[str, Response]) -> None:
    """The document comes long after the search is over for what is only guessed."""

    def made(_: Any) -> Response:
        time.sleep(2.5)
        return _titled("made")

    server.responses = {**responses, "/made": made, "/made/openapi.json": made, "/openapi.json": made}
    if responses.get("/docs", _VIEWER) is _VIEWER:
        del server.responses["/openapi.json"]
    found = discover(server.origin, seconds=1.5)
    assert ["made"] == [document.title for document in found.documents]


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", ["/", "/anything"])
def test_a_given_place_gets_its_time(server: Recorder, path: str) -> None:
    """It may be the document itself, or name it."""

    def slow(response: Response) -> Callable[[Any], Response]:
        def wait(_: Any) -> Response:
            time.sleep(0.7)
            return response

        return wait

    server.responses = {path: slow(_titled("given"))}
    assert ["given"] == [
        document.title for document in discover(f"{server.origin}{path}", seconds=0.3).documents
    ]
    server.responses = {path: slow(_VIEWER), "/made": slow(_titled("made"))}
    assert ["made"] == [
        document.title for document in discover(f"{server.origin}{path}", seconds=0.3).documents
    ]


@pytest.mark.exhaustive
def test_a_guess_is_cut_short(server: Recorder) -> None:
    """A server that responds to others is not waited for beyond the limit."""
    is_over = threading.Event()
    server.responses = {"/swagger.json": _once(is_over, _titled("late"))}
    try:
        with pytest.raises(DocumentError):
            discover(server.origin, seconds=0.5)
    finally:
        is_over.set()


@pytest.mark.exhaustive
def test_the_error_names_the_place_that_the_server_named(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the one that matters, whatever else was silent or locked."""
    monkeypatch.setattr(search_origin, "NAMED_SECONDS", 2.5)
    is_over = threading.Event()
    hang = _once(is_over, Response(404))
    server.responses = {"/": _VIEWER, "/made": hang, "/openapi.json": hang, "/swagger.json": Response(401)}
    try:
        with pytest.raises(DocumentError) as caught:
            discover(server.origin, seconds=1.5)
    finally:
        is_over.set()
    place = f"{server.origin}/made"
    assert f"the server names `{place}`, which did not respond in time" in caught.value.reason
    assert (
        f"Try again when the server is ready; it may still be making the document at `{place}`"
        == caught.value.hint
    )
    assert "timed out" == {entry["url"]: entry["result"] for entry in caught.value.details["tried"]}[place]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "hanging", ["/swagger.json", "/api/openapi.json", "/api/v1/swagger.json", "/v1/docs"]
)
def test_a_document_that_has_come_does_not_wait_for_guesses(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, hanging: str
) -> None:
    """A place that hangs is left, if the server knows an operation of the document."""
    monkeypatch.setattr(search_origin, "_SETTLING_SECONDS", 0.05)
    is_over = threading.Event()
    server.responses = {
        hanging: _once(is_over, _titled("late")),
        "/openapi.json": _titled("one"),
        "/one": Response(200, b"{}"),
    }
    started = time.monotonic()
    try:
        found = discover(f"{server.origin}/v1", seconds=2 * PATIENCE)
    finally:
        is_over.set()
    assert ["one"] == [document.title for document in found.documents]
    assert time.monotonic() - started < PATIENCE


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    "place",
    [
        "api/v1/swagger.json",
        "api/v1/swagger.yaml",
        "api/v1/openapi.yaml",
        "api/v2/swagger.json",
        "v1/swagger.json",
        "api/v1/_openapi",
        "openapi/openapi.json",
        "apidoc/openapi.json",
        "_openapi.json",
    ],
)
def test_further_places_below_the_root(server: Recorder, place: str) -> None:
    """They are looked at from the root, too."""
    server.responses = {f"/{place}": _titled("below")}
    assert [f"{server.origin}/{place}"] == [document.url for document in discover(server.origin).documents]


@pytest.mark.exhaustive
@pytest.mark.parametrize("others", [Response(404), Response(403)], ids=["unknown", "locked"])
def test_api_add_waits_for_the_only_silent_place(
    others: Response, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that responds to all other places makes its document there: it is asked for as a URL that was given."""
    clock, is_asked_again, is_slow = _Clock(monkeypatch), threading.Event(), iter([True])

    def made(_: Any) -> Response:
        if next(is_slow, False):
            clock.end_after_others(server)
            assert is_asked_again.wait(PATIENCE)
        is_asked_again.set()
        return _titled("made")

    server.responses = {"/api/swagger.json": made, "/openapi.json": others}
    added = run_cli("api", "add", "shop", server.origin, "-H", "Authorization: Token abc")
    assert 0 == added.exit_code, added.stderr
    assert "made" in added.stderr
    assert "/api/swagger.json" == server.last.target


@pytest.mark.exhaustive
def test_the_error_names_a_silent_place_although_others_are_locked(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hint to sign in would lead away from the place that matters."""
    is_over, clock = threading.Event(), _Clock(monkeypatch)

    def hang(_: Any) -> Response:
        clock.end_after_others(server)
        assert is_over.wait(PATIENCE)
        return Response(404)

    server.responses = {"/api/swagger.json": hang, "/openapi.json": Response(403)}
    try:
        with pytest.raises(DocumentError) as caught:
            discover(server.origin, seconds=2 * PATIENCE)
    finally:
        is_over.set()
    assert f"If the document is at `{server.origin}/api/swagger.json`, give that URL" in caught.value.hint
