"""Times a thousand validated calls of one process, through the library, and as many of httpx's own client.

`python -m tests.bench.thousand_calls ORIGIN ROUNDS` writes the medians in seconds, and the median of the ratios.
"""

import sys
import time

import httpx

import dynacli
from tests.bench.process import compared

__all__: list[str] = []

_CALLS = 1_000
_PATH = "/repos/octocat/hello-world/issues/1"


def _by_httpx(origin: str) -> float:
    with httpx.Client(base_url=origin) as client:
        began = time.perf_counter()
        for _ in range(_CALLS):
            client.get(_PATH).raise_for_status().json()
        return time.perf_counter() - began


def _by_dynacli(origin: str) -> float:
    with dynacli.open_api("github", server=origin) as api:
        began = time.perf_counter()
        for _ in range(_CALLS):
            response = api.call("issues-get", owner="octocat", repo="hello-world", issue_number=1)
            response.raise_for_findings()
        return time.perf_counter() - began


if __name__ == "__main__":
    origin, rounds = sys.argv[1], int(sys.argv[2])
    pairs = [(_by_httpx(origin), _by_dynacli(origin)) for _ in range(rounds + 1)][1:]
    found = compared(*zip(*pairs, strict=True))
    sys.stdout.write(f"{found.base_ms / 1000} {found.run_ms / 1000} {found.ratio}\n")
