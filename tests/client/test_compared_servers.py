"""`Api.diff`: two servers, or then and now, compared by a Python program."""

from collections.abc import Iterator

import pytest

import dynacli
from dynacli.errors import FormatError, NetworkError, RefusedError, UsageError
from tests.documents import BEARER, document, operation, parameter, register
from tests.harness import Recorder, Response, free_port, json_response

_PATHS = {
    "/runs": {"get": operation("listRuns", parameters=[parameter("page", {"type": "integer"})])},
    "/me": {"get": operation("getMe", security=[{"token": []}]), "put": operation("putMe")},
}


@pytest.fixture
def api(server: Recorder, other_server: Recorder) -> Iterator[dynacli.Api]:
    """An API with a profile for the server on the right."""
    register("runs", document(_PATHS, [server.origin], {"token": BEARER}), staging=other_server.origin)
    with dynacli.open_api("runs", retries=0) as opened:
        yield opened


def test_two_servers_are_compared(api: dynacli.Api, server: Recorder, other_server: Recorder) -> None:
    """A profile or a URL names the other one; both get the same inputs, and the listener learns of both calls."""
    server.responses["/runs"] = json_response([{"id": 1, "n": 1, "m": 1}])
    other_server.responses["/runs"] = json_response([{"id": 1, "n": 2, "m": 2}])
    urls: list[str] = []

    def note(event: dynacli.CallEvent) -> None:
        if event.name == "sending" and event.request is not None:
            urls.append(event.request.url)

    for against in ("staging", other_server.origin):
        found = api.diff(
            "list-runs",
            page=3,
            against=against,
            ignore=["/body/*/m"],
            on_event=note,
        )
        (difference,) = found.differences
        assert ("/body/0/n", "changed", 1, 2) == (
            difference.pointer,
            difference.kind,
            difference.left,
            difference.right,
        )
    assert [f"{server.origin}/runs?page=3", f"{other_server.origin}/runs?page=3"] * 2 == urls


def test_an_earlier_response_is_compared(api: dynacli.Api, server: Recorder) -> None:
    """It is the right side, and nothing else is sent."""
    server.responses["/runs"] = json_response([1])
    before = api.call("list-runs")
    assert [] == api.diff("list-runs", against=before).differences
    server.responses["/runs"] = json_response([2])
    assert [(2, 1)] == [
        (found.left, found.right) for found in api.diff("list-runs", against=before).differences
    ]
    with pytest.raises(UsageError, match="`against` is a response to `list-runs`, not to `get-me`"):
        api.diff("get-me", against=before)
    assert 3 == len(server.requests)


def test_secrets_are_masked(
    server: Recorder, other_server: Recorder, api: dynacli.Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each server gets the credential only if it may have it, and what it repeats of it is in no difference."""
    monkeypatch.setenv("DYNACLI_RUNS_TOKEN", "s3cret-of-mine")
    server.responses["/me"] = json_response({"you": "s3cret-of-mine", "n": 1, "password": "pa55-one"})
    other_server.responses["/me"] = json_response({"you": "nobody", "n": 1, "password": "pa55-two"})
    with pytest.raises(RefusedError):
        api.diff("get-me", against="staging")
    assert [] == server.requests + other_server.requests
    with dynacli.open_api("runs", server=server.origin) as trusting:
        found = trusting.diff("get-me", against="staging").differences
    assert ["Bearer s3cret-of-mine"] == other_server.last.headers["authorization"]
    assert ["/body/you", "/body/password"] == [difference.pointer for difference in found]
    assert not any(secret in str(found) for secret in ("s3cret", "pa55"))


@pytest.mark.parametrize(
    ("name", "words", "error", "message"),
    [
        ("put-me", {"against": "staging"}, RefusedError, "`diff` does not call"),
        ("list-runs", {"against": "prod"}, UsageError, "has no profile `prod`"),
        ("list-runs", {"against": "staging", "ignore": ["/rows"]}, UsageError, "`/rows` is an invalid value"),
        ("list-runs", {"against": "staging", "page": "x"}, UsageError, "page"),
    ],
)
def test_wrong_arguments_send_nothing(
    name: str,
    words: dict[str, str],
    error: type[Exception],
    message: str,
    api: dynacli.Api,
    server: Recorder,
    other_server: Recorder,
) -> None:
    """Both calls are ready before one is made."""
    with pytest.raises(error, match=message):
        api.diff(name, **words)  # type: ignore[arg-type]
    assert [] == server.requests + other_server.requests


def test_a_side_that_cannot_be_compared(api: dynacli.Api, server: Recorder) -> None:
    """A server that is not there is a network error; a stream has no end."""
    server.responses["/runs"] = json_response([])
    with pytest.raises(NetworkError):
        api.diff("list-runs", against=f"http://127.0.0.1:{free_port()}")
    server.responses["/runs"] = Response(200, b"data: 1\n\n", {"Content-Type": "text/event-stream"})
    with pytest.raises(FormatError, match="cannot be compared"):
        api.diff("list-runs", against="staging")
