"""The cases of a private cache against a real server, with a clock of the test: `cache_cases.yaml` lists them.

The facts are those of the public suite https://github.com/http-tests/cache-tests that concern a private cache: what a
server sends, and what a cache does then. `is` says what dynacli does, `suite` what the suite expects if it is not that.
"""

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

import dynacli
from dynacli.errors import NetworkError
from dynacli.features.cache import stored_responses
from tests.documents import operation, save_api
from tests.harness import serving

CASES: dict[str, Any] = yaml.load(
    Path(__file__).with_name("cache_cases.yaml").read_text(encoding="utf-8"),
    Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader),  # noqa: S506  - each is a safe one
)
NOW = 1_800_000_000.0
_TAKES = 0.2
"""Seconds between two calls."""
_METHODS = ("get", "head", "post", "put", "delete", "patch")


class Clock:
    """The clock of a test, in seconds since 1970."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def text(self, value: str | int) -> str:
        """Return the value of a header: a number stands for the date so many seconds from now."""
        return value if isinstance(value, str) else formatdate(self.now + value, usegmt=True)


@contextmanager
def scripted(clock: Clock) -> Iterator[SimpleNamespace]:
    """Run a server that responds to each request as `step` says, and notes the requests' headers in `seen`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.seen.append(self.headers)
            reply, status = script.step.get("reply", []), script.step.get("status", 200)
            if reply == "disconnect":
                self.close_connection = True
                return
            is_asked = bool(self.headers.get("If-None-Match") or self.headers.get("If-Modified-Since"))
            if is_asked and script.step.get("is") in {"etag", "modified"}:
                status = 304
            self.send_response_only(status)
            if "Date" not in dict(reply):
                self.send_header("Date", clock.text(0))
            for name, value in reply:
                self.send_header(name, clock.text(value))
            body = b"" if status in {204, 304} or self.command == "HEAD" else b"[]"
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("do_"):
                raise AttributeError(name)
            return self.respond

    script = SimpleNamespace(step={}, seen=[])
    with serving(Handler) as script.origin:
        yield script


@pytest.fixture(scope="module", name="script")
def _script() -> Iterator[tuple[Clock, SimpleNamespace]]:
    """A clock, and a server that keeps to it."""
    clock = Clock()
    with scripted(clock) as running:
        yield clock, running


@pytest.fixture
def api(script: tuple[Clock, SimpleNamespace], monkeypatch: pytest.MonkeyPatch) -> str:
    """The document of the server."""
    clock, running = script
    monkeypatch.setattr(stored_responses, "wall_clock", clock)
    paths = {
        path: {method: operation(f"{method}{name}") for method in _METHODS}
        for path, name in (("/thing", ""), ("/location_target", "L"), ("/content_location_target", "C"))
    }
    return save_api(paths, server=running.origin)


def make(
    api: str, clock: Clock, running: SimpleNamespace, step: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """Make the call of a step, and return what the cache did and the headers of the response."""
    running.step, running.seen = step, []
    sent: dict[str, str] = {}
    for name, value in step.get("send", ()):
        sent[name] = clock.text(value)
    name = step.get("method", "GET").lower() + {"/location_target": "L", "/content_location_target": "C"}.get(
        step.get("path", ""), ""
    )
    query = dict([step["query"].split("=")]) if "query" in step else {}
    with dynacli.open_api(
        api,
        validate="off",
        cache="auto",
        server=running.origin,
        headers=sent,
        retries=0,
        query=query,
        yes=True,
    ) as opened:
        try:
            response = opened.call(name)
        except NetworkError:
            return "failed", {}
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not running.seen:
        return "cached", headers
    asked = running.seen[0]
    if asked.get("If-None-Match"):
        return "etag", headers
    return "modified" if asked.get("If-Modified-Since") else "new", headers


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", CASES)
def test_the_cache_does_what_a_private_cache_does(
    api: str, script: tuple[Clock, SimpleNamespace], name: str
) -> None:
    """Each response is a new one, a stored one, or one that the server confirms; its headers are as RFC 9111 says."""
    clock, running = script
    came: dict[str, str] = {}
    for step in CASES[name]["steps"]:
        did, headers = make(api, clock, running, step)
        assert step.get("is", did) == did, step
        for header, value in step.get("has", ()):
            # A date is that of the response that is stored.
            expected = clock.text(value) if isinstance(value, str) else came[header]
            assert expected == headers.get(header.lower()), header
        for header, least in step.get("above", ()):
            assert float(headers[header.lower()]) > least, header
        assert not {header.lower() for header in step.get("lacks", ())} & headers.keys()
        for header, value in step.get("sends", ()):
            assert clock.text(value) == running.seen[0][header]
        if isinstance(step.get("reply"), list) and did != "cached":
            came |= {header: clock.text(value) for header, value in step["reply"]}
        clock.now += _TAKES + step.get("pause", 0)


def test_only_what_the_contract_says_differs_from_the_suite() -> None:
    """A case that the suite requires, or calls optimal, and in which dynacli differs, says why."""
    unexplained = [
        name
        for name, case in CASES.items()
        if case["kind"] != "check" and any("suite" in step for step in case["steps"]) and "why" not in case
    ]
    assert [] == unexplained


def _second_opinion(hishel: Any, clock: Clock, steps: list[dict[str, Any]]) -> list[str]:
    """Return what hishel's state machine of RFC 9111, which is made for servers in between, does in each step."""
    options = hishel.CacheOptions(shared=False, supported_methods=["GET", "HEAD"], allow_stale=False)
    entries: list[Any] = []
    did = []
    for step in steps:
        given = [(name, clock.text(value)) for name, value in step.get("send", ())]
        request = hishel.Request(
            step.get("method", "GET"), "http://a.test/thing", hishel.Headers(_joined(given))
        )
        state = hishel.IdleClient(options).next(request, entries)
        if isinstance(state, hishel.FromCache):
            did.append("cached")
        else:
            reply = [(name, clock.text(value)) for name, value in step.get("reply", ())]
            headers = {"date": [clock.text(0)], **_joined(reply)}
            response = hishel.Response(step.get("status", 200), hishel.Headers(headers))
            asked = state.request.headers if isinstance(state, hishel.NeedRevalidation) else {}
            did.append(
                "etag" if "if-none-match" in asked else "modified" if "if-modified-since" in asked else "new"
            )
            if isinstance(state, hishel.NeedRevalidation):
                return did
            while state is not None and not isinstance(state, hishel.StoreAndUse):
                state = state.next(response) if isinstance(state, hishel.CacheMiss) else state.next()
            if state is not None:
                entries.append(hishel.Entry(uuid.uuid4(), request, response))
        clock.now += _TAKES + step.get("pause", 0)
    return did


def _joined(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    joined: dict[str, list[str]] = {}
    for name, value in pairs:
        joined.setdefault(name.lower(), []).append(value)
    return joined


LEAST_AGREEMENTS = 170
"""Cases in which hishel and dynacli do the same."""


@pytest.mark.exhaustive
def test_another_cache_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library hishel has the same opinion on most cases of two GETs; `-rP` prints the others."""
    hishel = pytest.importorskip("hishel")
    clock, agreed, differs = Clock(), 0, []
    monkeypatch.setattr("hishel._core._spec.time.time", clock)
    for name, case in CASES.items():
        steps = case["steps"]
        if len(steps) != 2 or any("disconnect" in step.values() or "method" in step for step in steps):
            continue
        if any("is" not in step for step in steps[1:]) or any(
            "query" in step or "path" in step for step in steps
        ):
            continue
        mine, its = steps[1]["is"], _second_opinion(hishel, clock, steps)[-1]
        if mine == its:
            agreed += 1
        else:
            differs.append(f"{name}: dynacli {mine}, hishel {its}")
    sys.stdout.write("\n".join((f"{agreed} of {agreed + len(differs)} cases agree", *differs)))
    assert agreed >= LEAST_AGREEMENTS
