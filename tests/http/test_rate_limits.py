"""Requests are spaced by `--rate`, whichever thread sends them."""

import threading

import pytest

from dynacli.http.built_request import Request, RequestParts
from dynacli.http.exchange import Budget, Retries
from dynacli.http.rate_limit import RateLimit, rate_of
from dynacli.http.send import send
from tests.documents import get, save_api
from tests.harness import Recorder, Response, run_cli


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 6))
        self.now += seconds


def test_requests_are_spaced_evenly() -> None:
    """A request waits until the one before it is long enough ago; what was not used is not made up for."""
    clock = _Clock()
    rate = RateLimit(5, lambda: clock.now, clock.sleep)
    for _ in range(3):
        rate.wait()
    assert [0.2, 0.2] == clock.waits
    clock.now += 60
    assert (0.0, 0.2) == (rate.take(), round(rate.take(), 6))


def test_threads_share_a_rate() -> None:
    """Each thread gets a turn of its own."""
    rate, turns = RateLimit(1, lambda: 0.0), list[float]()
    threads = [threading.Thread(target=lambda: turns.append(rate.take())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [float(number) for number in range(8)] == sorted(turns)


@pytest.mark.parametrize(
    ("text", "per_second"),
    [
        ("5/s", 5),
        ("5", 5),
        (" 0.5 / sec", 0.5),
        ("120/M", 2),
        ("60/minute", 1),
        ("7200/h", 2),
        ("3600/hour", 1),
    ],
)
def test_a_rate_is_a_number_in_a_time(text: str, per_second: float) -> None:
    """A number alone is one a second."""
    assert per_second == rate_of(text)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "text", ["0/s", "-1/s", "5/d", "5/", "/s", "fast", "nan", "1e9", "9999999/s", "5//s"]
)
def test_what_is_no_rate_is_refused(server: Recorder, text: str) -> None:
    """Nothing is sent."""
    api = save_api(get("/a", "get-a"), server=server)
    result = run_cli(api, "get-a", f"--rate={text}")
    assert (2, []) == (result.exit_code, server.requests)
    assert "is not a rate" in result.stderr


def test_each_try_keeps_to_the_rate(server: Recorder) -> None:
    """The first request of a call waits for its turn, and so does each further try."""
    busy = iter((503, 503))
    server.responses["/a"] = lambda _: Response(next(busy, 200))
    clock = _Clock()
    rate = RateLimit(0.5, lambda: clock.now, clock.sleep)
    rate.take()
    request = Request("GET", f"{server.origin}/a", (), None, RequestParts({}, (), {}, ()))
    send(request, Budget(), lambda: None, retries=Retries(2, wait=clock.sleep, rate=rate))
    assert [2.0, 2.0, 2.0] == [seconds for seconds in clock.waits if seconds]
