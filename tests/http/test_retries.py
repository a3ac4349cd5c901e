"""A call is made again after a failure that may pass, if it does no harm, and no sooner than the server wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.errors import NetworkError, TimedOutError, UsageError
from dynacli.http import retrying
from dynacli.http.built_request import Request, RequestParts
from dynacli.http.exchange import PASSING, Budget, Retries
from dynacli.http.exchange import WireResponse as SentResponse
from dynacli.http.retrying import pause_after, seconds_asked
from dynacli.http.send import send
from tests.documents import delete, get, operation, parameter, save_api
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, run_cli

_NOW = 1_800_000_000
_UPLOAD: dict[str, Any] = {"requestBody": {"content": {"application/octet-stream": {"schema": {}}}}}
_KEY = parameter("Idempotency-Key", {"type": "string"}, "header")


@pytest.fixture
def api(server: Recorder) -> str:
    """A document with a few methods of one path, called at the recording server."""
    methods = {
        "get": operation("get-a"),
        "put": operation("put-a", **_UPLOAD),
        "post": operation("post-a", _KEY),
        "delete": operation("delete-a"),
    }
    return save_api({"/a": methods}, server=server)


def _failing(*responses: Response) -> Callable[[RecordedRequest], Response]:
    """Return what responses in turn, and then with a success."""
    waiting = iter(responses)
    return lambda _: next(waiting, Response(200, b'"good"'))


def _busy(status: int = 503, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, b'"later"', {"Content-Type": "application/json", **named})


@pytest.mark.sampled(6)
@pytest.mark.parametrize("status", [400, 401, 404, 408, 409, 413, 425, 429, 500, 501, 502, 503, 504, 507])
def test_a_read_is_made_again_after_a_status_that_may_pass(api: str, server: Recorder, status: int) -> None:
    """Of the response that was not final nothing is written, and it is not validated."""
    server.responses["/a"] = _failing(_busy(status), _busy(status))
    result = run_cli(api, "get-a", "--validate", "off")
    is_passing = status in {408, 425, 429, 502, 503, 504}
    assert (3 if is_passing else 1) == len(server.requests)
    assert (0 if is_passing else status // 100) == result.exit_code
    assert ('"good"' if is_passing else '"later"') == result.stdout
    assert is_passing == (status in PASSING)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "tries"),
    [
        (("get-a",), 3),
        (("get-a", "--retries", "0"), 1),
        (("get-a", "--retries", "4"), 5),
        (("delete-a",), 1),
        (("delete-a", "--retry-unsafe"), 3),
        (("delete-a", "--retry-unsafe", "--retries", "1"), 2),
        (("post-a",), 3),
        (("put-a",), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_how_often_a_call_is_made(api: str, server: Recorder, words: tuple[str, ...], tries: int) -> None:
    """A call that changes something is repeated if it has a key, or the person says so; the last response counts."""
    server.responses["/a"] = _busy()
    result = run_cli(api, *words, "--error-format", "json")
    assert (5, '"later"', tries) == (result.exit_code, result.stdout, len(server.requests))
    assert (tries if tries > 1 else None) == result.error.get("tries")
    assert (tries > 1) == (f"tried {tries} times" in result.error["reason"]), result.error["reason"]


@pytest.mark.parametrize(
    "word", ["-1", "x", "", "1.5", "101", "9" * 5000], ids=lambda word: word[:5] or "empty"
)
def test_a_number_of_retries_is_a_small_number(api: str, server: Recorder, word: str) -> None:
    """Anything else is refused before something is sent."""
    result = run_cli(api, "get-a", f"--retries={word}")
    assert (2, []) == (result.exit_code, server.requests)
    assert "is not a number of retries" in result.stderr


def test_the_configuration_says_how_often(api: str, server: Recorder) -> None:
    """The entry of an API says it, a profile wins over that, and an option over both."""
    server.responses["/a"] = _busy()
    assert 0 == run_cli("api", "add", "pets", api, "--retries", "1", "--rate", "1000/s").exit_code
    assert 0 == run_cli("api", "add", "pets", api, "--profile", "often", "--retries", "3").exit_code
    for words, tries in (((), 2), (("--profile", "often"), 4), (("--profile", "often", "--retries", "0"), 1)):
        server.requests.clear()
        assert 5 == run_cli("pets", "get-a", *words).exit_code
        assert tries == len(server.requests)


@pytest.mark.parametrize(
    "line", ['retries = "2"', "retries = true", "retries = -1", "rate = 5", 'rate = "fast"']
)
def test_a_mistake_in_the_configuration_is_named(api: str, server: Recorder, home: Path, line: str) -> None:
    """A call ends before anything is sent."""
    assert 0 == run_cli("api", "add", "pets", api).exit_code
    path = home / "config" / "config.toml"
    path.write_text(f"{path.read_text()}\n{line}\n")
    result = run_cli("pets", "get-a")
    assert result.exit_code in {2, 12}
    assert [] == server.requests
    assert line.split(maxsplit=1)[0] in result.stderr


def _asked(**headers: str) -> float | None:
    return seconds_asked([(name.replace("_", "-"), value) for name, value in headers.items()], _NOW)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "7"}, 7),
        ({"retry_after": " 0 "}, 0),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": formatdate(_NOW + 12, usegmt=True)}, 12),
        ({"Retry_After": str(_NOW + 13)}, 13),
        ({"Retry_After": "31536000"}, 31536000),
        ({"Retry_After": formatdate(_NOW - 12, usegmt=True)}, None),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": ""}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "9" * 400}, None),
        ({"Retry_After": "٣"}, None),
        ({"Retry_After": "Thu, 99 Foo 2026 99:99:99 GMT"}, None),
        ({"Retry_After": "Thu, 01 Jan 99999999999 00:00:00 GMT"}, None),
        ({"Date": formatdate(_NOW + 100), "Retry_After": formatdate(_NOW + 104)}, 4),
        ({"Date": "never", "Retry_After": formatdate(_NOW + 4)}, 4),
        ({"RateLimit": '"default";r=0;t=30'}, 30),
        ({"RateLimit": '"a, b;r=9";r=0;t=30, "daily";r=0;t=40, "hourly";r=5;t=3600'}, 40),
        ({"RateLimit": '"default";r=3;t=30'}, None),
        ({"RateLimit": '"default";r=0'}, None),
        ({"RateLimit": "limit=100, remaining=0, reset=31"}, 31),
        ({"RateLimit": "limit=100, remaining=1, reset=31"}, None),
        ({"RateLimit": "\x00;;;,,"}, None),
        ({"RateLimit_Limit": "9", "RateLimit_Remaining": "0", "RateLimit_Reset": "8"}, 8),
        ({"RateLimit_Remaining": "2", "RateLimit_Reset": "8"}, None),
        ({"RateLimit_Reset": "8"}, 8),
        ({"X_RateLimit_Reset": str(_NOW + 9)}, 9),
        ({"X_RateLimit_Reset": "1000000000"}, 1_000_000_000),
        ({"X_RateLimit_Reset": "1000000001"}, None),
        ({"X_RateLimit_Reset": f"{_NOW + 9}000"}, None),
        ({"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "20"}, 20),
        ({"X_RateLimit_Remaining": "4999", "X_RateLimit_Reset": str(_NOW + 9)}, None),
        ({"X_Rate_Limit_Reset": "20"}, 20),
        ({"Retry_After": "3", "X_RateLimit_Reset": "20"}, 3),
        ({"Retry_After": "nonsense", "X_RateLimit_Reset": "20"}, 20),
    ],
    ids=str,
)
def test_when_a_server_wants_to_be_asked_again(headers: dict[str, str], seconds: float | None) -> None:
    """`Retry-After` decides, then what is left of a limit; what makes no sense is as good as nothing."""
    assert seconds == _asked(**headers)


def _request(body: Any = None) -> Request:
    return Request("GET", "http://127.0.0.1:9/a", (), body, RequestParts({}, (), {}, ()))


@pytest.mark.parametrize(
    ("asked", "tries", "left", "least", "most"),
    [
        ("", 1, None, 0.25, 0.5),
        ("", 2, None, 0.5, 1),
        ("", 3, 100.0, 1, 2),
        ("", 9, None, None, None),
        ("30", 1, None, 30, 30),
        ("30.1", 1, None, None, None),
        ("0", 1, None, 0.25, 0.5),
        ("20", 1, 20.1, 20, 20),
        ("20", 1, 20.0, None, None),
        ("", 1, 0.2, None, None),
    ],
)
def test_how_long_a_pause_is(
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    tries: int,
    left: float | None,
    least: float | None,
    most: float | None,
) -> None:
    """Pauses double, within a spread; a server is obeyed up to 30 s, and never beyond the time of the call."""
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.5)
    headers = (("Retry-After", asked),) if asked else ()
    response = SentResponse(429, "Too Many", "HTTP/1.1", "http://127.0.0.1:9/a", headers, b"", 0.1)
    pause = pause_after(response, _request(), Retries(9), tries, left)
    if least is None or most is None:
        assert pause is None
    else:
        assert pause is not None
        assert least <= pause.seconds <= most
        assert (
            f"429 Too Many; try {tries + 1} of 10 in {pause.seconds:.{0 if pause.seconds >= 10 else 1}f} s"
            == str(pause)
        )


def test_what_a_server_asks_for_is_waited_for(server: Recorder) -> None:
    """Each pause is as long as the response before it says, and what waits is told."""
    server.responses["/a"] = _failing(_busy(429, Retry_After="7"), _busy(503, X_RateLimit_Reset="3"))
    waits: list[float] = []
    request = _request()._replace(url=f"{server.origin}/a")
    response = send(request, Budget(), lambda: None, retries=Retries(2, wait=waits.append))
    assert (200, 3, [7, 3]) == (response.status, response.tries, waits)


@pytest.mark.parametrize(
    ("headers", "hint", "seconds"),
    [
        ({"Retry_After": "31"}, "Try again in 31 s", 31),
        ({"Retry_After": "31536000"}, "Try again in 365 days", 31536000),
        ({"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "3599.5"}, "Try again in 60 minutes", 3600),
        ({"RateLimit": '"default";r=0;t=7201'}, "Try again in 3 hours", 7201),
        ({"Retry_After": "nonsense"}, "Wait, then try again", None),
    ],
    ids=["seconds", "a year", "minutes", "hours", "nonsense"],
)
def test_a_call_ends_at_once_where_the_pause_would_be_long(
    api: str, server: Recorder, headers: dict[str, str], hint: str, seconds: int | None
) -> None:
    """It says when to come back; if the server's wish makes no sense, the call is tried as without it."""
    server.responses["/a"] = _busy(429, **headers)
    result = run_cli(api, "get-a", "--error-format", "json")
    assert (4, 1 if seconds else 3) == (result.exit_code, len(server.requests))
    assert (hint, seconds) == (result.error["hint"], result.error.get("retry_after"))


@pytest.mark.parametrize(("status", "is_retryable"), [(500, False), (502, True)])
def test_a_later_try_is_advised_if_it_can_help(
    api: str, server: Recorder, status: int, is_retryable: bool
) -> None:
    """The hint and `retryable` say the same."""
    server.responses["/a"] = _busy(status)
    error = run_cli(api, "get-a", "--error-format", "json", "--retries", "0").error
    assert (is_retryable, is_retryable) == (error["retryable"], error["hint"].startswith("Try again later"))


def test_a_pause_beyond_the_time_limit_is_not_begun(api: str, server: Recorder) -> None:
    """The response that is there is given at once, within `--timeout`."""
    server.responses["/a"] = _busy(429, Retry_After="20")
    result = run_cli(api, "get-a", "--timeout", "15")
    assert_ended(result, 4, "Try again in 20 s")
    assert 1 == len(server.requests)


def test_what_is_waited_for_is_told(api: str, server: Recorder) -> None:
    """`-v` has a line for each failed try, and the heads of the request once; a terminal has a line for each pause."""
    server.responses["/a"] = _failing(_busy(502), _busy(429))
    result = run_cli(api, "get-a", "-v")
    assert ["* 502 Bad Gateway; try 2 of 3 in 0.0 s", "* 429 Too Many Requests; try 3 of 3 in 0.0 s"] == [
        line for line in result.stderr.splitlines() if "; try" in line
    ]
    assert 1 == result.stderr.count("> GET ")
    server.responses["/a"] = _failing(_busy(502))
    reported = run_cli(api, "get-a", terminal=("stderr",)).stderr
    assert reported.startswith("\r502 Bad Gateway; try 2 of 3 in 0.0 s\r")


def test_a_redirect_is_followed_anew(server: Recorder, api: str) -> None:
    """A try begins where the call began, and not where a redirect led."""
    server.responses["/a"] = Response(302, b"", {"Location": "/b"})
    server.responses["/b"] = _failing(_busy())
    result = run_cli(api, "get-a")
    assert (0, '"good"') == (result.exit_code, result.stdout)
    assert ["/a", "/b", "/a", "/b"] == [request.target for request in server.requests]


@contextmanager
def _losing(count: int, *, before_reading: bool) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that closes so many connections without a response; yields its origin and what it read."""
    read: list[bytes] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if before_reading and len(read) < count:
                    read.append(b"")
                    continue
                read.append(connection.recv(65536))
                if len(read) > count:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", read
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("before_reading", [True, False], ids=["before it was read", "after it was read"])
@pytest.mark.parametrize(("count", "exit_code"), [(2, 0), (3, 6)])
def test_a_lost_connection_is_made_again(before_reading: bool, count: int, exit_code: int) -> None:
    """A connection that breaks before the response is a failure that may pass."""
    with _losing(count, before_reading=before_reading) as (origin, read):
        api = save_api(get("/a", "get-a"), server=origin)
        result = run_cli(api, "get-a", "--validate", "off")
    assert (exit_code, 3) == (result.exit_code, len(read))
    assert (exit_code == 6) == ("tried 3 times" in result.stderr), result.stderr


def test_a_call_that_changes_something_is_made_once_where_the_connection_is_lost() -> None:
    """The server may have done what it was asked for."""
    with _losing(1, before_reading=False) as (origin, read):
        api = save_api(delete("/a", "delete-a"), server=origin)
        assert (6, 1) == (run_cli(api, "delete-a").exit_code, len(read))


@pytest.mark.parametrize(
    ("url", "is_repeated"),
    [
        ("http://127.0.0.1:{closed}/a", True),
        ("http://nowhere.invalid/a", False),
        ("https://127.0.0.1:{plain}/a", False),
    ],
    ids=["refused", "no such host", "no TLS"],
)
def test_what_stays_wrong_is_not_tried_again(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, url: str, is_repeated: bool
) -> None:
    """A refused connection may be accepted soon; a name that no one knows and a server without TLS stay so."""

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    if "nowhere" in url:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    request = _request()._replace(url=url.format(closed=closed, plain=server.origin.rpartition(":")[2]))
    waits: list[float] = []
    with pytest.raises(NetworkError) as caught:
        send(request, Budget(), lambda: None, retries=Retries(1, wait=waits.append))
    assert is_repeated == bool(waits) == ("tried 2 times" in caught.value.reason)
    waits.clear()
    with pytest.raises(NetworkError):
        send(
            request,
            Budget(),
            lambda: None,
            retries=Retries(1, after_lost_connections=False, wait=waits.append),
        )
    assert [] == waits


def test_a_request_that_is_refused_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with it is reported before any pause, even if no one listens."""
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 29.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    number = parameter("number", {"type": "integer", "maximum": 3})
    api = save_api(get("/a", "get-a", number), server=origin)
    result = run_cli(api, "get-a", "--number", "4")
    assert_ended(result, 2, "does not allow this request")


def test_a_slow_response_is_not_asked_for_again() -> None:
    """Only a connection that cannot be made in time is tried again; the time of the call is over once."""
    error = TimedOutError("`host` stopped sending")
    assert pause_after(error, _request(), Retries(2), 1, None) is None


@pytest.mark.exhaustive
def test_a_call_that_is_ended_waits_no_longer(server: Recorder) -> None:
    """The time limit ends a pause, too, and nothing is sent after it."""
    server.responses["/a"] = _busy()
    request = _request()._replace(url=f"{server.origin}/a")
    over = threading.Event()
    with pytest.raises(TimedOutError):
        send(request, Budget(0.3), lambda: None, retries=Retries(2, wait=lambda _: over.wait(30)))
    over.set()
    assert len(server.requests) <= 1


@pytest.mark.parametrize("word", ["@file", "@-", "-"])
def test_a_file_is_sent_again(api: str, server: Recorder, word: str) -> None:
    """A file is read again, even if it is standard input."""
    Path("file").write_bytes(b"content" * 10_000)
    server.responses["/a"] = _failing(_busy())
    result = run_cli(api, "put-a", "--body", word, "--retry-unsafe", stdin=b"content" * 10_000)
    assert (0, [b"content" * 10_000] * 2) == (result.exit_code, [request.body for request in server.requests])


class _Pipe:
    """A stream that can be read once."""

    def __init__(self) -> None:
        self._rest = b"content"

    def read(self, size: int) -> bytes:  # noqa: ARG002
        content, self._rest = self._rest, b""
        return content


def test_a_stream_is_sent_once(api: str, server: Recorder) -> None:
    """What can be read only once is not sent again, and the response to it counts."""
    server.responses["/a"] = _busy()
    with dynacli.open_api(api, retry_unsafe=True) as opened:
        assert 503 == opened.call("put-a", body=_Pipe()).status
        assert [b"content"] == [request.body for request in server.requests]
        server.responses["/a"] = _failing(_busy())
        with Path("file").open("w+b") as file:
            file.write(b"head content")
            file.seek(5)
            assert 200 == opened.call("put-a", body=file).status
    assert [b"content"] * 3 == [request.body for request in server.requests]


def test_a_library_call_is_tried_again_as_it_says(api: str, server: Recorder) -> None:
    """`retries` and `rate` are arguments of `open_api`."""
    server.responses["/a"] = _busy()
    with dynacli.open_api(api, retries=1, rate="1000/s") as opened:
        assert 503 == opened.call("get-a").status
    assert 2 == len(server.requests)
    for wrong in ({"retries": -1}, {"rate": "fast"}):
        with pytest.raises(UsageError):
            dynacli.open_api(api, **wrong)


def _server_error(**headers: str) -> Response:
    return _busy(500, **headers)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "failure", "tries"),
    [
        (("get-a",), _server_error(), 1),
        (("get-a",), _server_error(Retry_After="0"), 3),
        (("get-a",), _server_error(Retry_After="3600"), 1),
        (("get-a",), _server_error(X_RateLimit_Reset="0"), 1),
        (("get-a", "--retries", "0"), _server_error(Retry_After="0"), 1),
        (("post-a",), _server_error(Retry_After="0"), 1),
        (("delete-a", "--retry-unsafe"), _server_error(Retry_After="0"), 1),
        (("get-a", "--retry-status", "500"), _server_error(), 3),
        (("get-a", "--retry-status", "501", "--retry-status=404"), _busy(404), 3),
        (("get-a", "--retry-status", "501"), _server_error(), 1),
        (("get-a", "--retry-status", "500"), _busy(503), 3),
        (("delete-a", "--retry-unsafe", "--retry-status", "500"), _server_error(), 1),
        (("post-a", "--retry-status", "500"), _server_error(), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_further_statuses_after_which_a_call_that_only_reads_is_made_again(
    api: str, server: Recorder, words: tuple[str, ...], failure: Response, tries: int
) -> None:
    """A 500 that names a time, and those that were given; a call that changes something may have done so."""
    server.responses["/a"] = failure
    result = run_cli(api, *words, "--validate", "off", "--error-format", "json")
    assert (failure.status // 100, tries) == (result.exit_code, len(server.requests))
    is_given = f"--retry-status {failure.status}" in " ".join(words).replace("=", " ")
    may_pass = failure.status == 503 or (
        words[0] == "get-a" and (is_given or "Retry-After" in failure.headers)
    )
    assert may_pass == result.error["retryable"]


@pytest.mark.parametrize("word", ["200", "302", "x", "", "99", "600", "5000", "-500"])
def test_a_status_to_retry_is_that_of_an_error(api: str, server: Recorder, word: str) -> None:
    """Anything else is refused before something is sent."""
    result = run_cli(api, "get-a", f"--retry-status={word}")
    assert (2, []) == (result.exit_code, server.requests)
    assert "is not a status to retry" in result.stderr


def test_every_way_in_takes_a_status_to_retry(api: str, server: Recorder) -> None:
    """A program, a batch, a wait and a repeated call."""
    server.responses["/a"] = lambda _: next(responses)
    responses = iter([_busy(500), Response(200, b"{}")] * 5)
    with dynacli.open_api(api, retry_status=[500]) as opened:
        assert 200 == opened.call("get-a").status
    with pytest.raises(UsageError):
        dynacli.open_api(api, retry_status=[200])
    rows = b"{}\n"
    assert 0 == run_cli("batch", api, "get-a", "-", "--retry-status", "500", stdin=rows).exit_code
    wait = ("--wait", "@", "--wait-interval", "0.01", "--wait-timeout", "5")
    responses = iter([_busy(500), Response(200, b'{"a": 1}')])
    assert 0 == run_cli(api, "get-a", "--retry-status", "500", *wait).exit_code
    responses = iter([_busy(500), Response(200, b"{}")] * 2)
    assert 0 == run_cli("api", "add", "busy", api).exit_code
    assert 0 == run_cli("read", api, "get-a", "--retry-status", "500").exit_code
    assert 0 == run_cli("replay", "1").exit_code
    server.requests.clear()
    responses = iter([_busy(500)])
    assert 5 == run_cli("replay", "1", "--retries", "0").exit_code
