"""How much later responses come through `dynacli proxy` than from the server itself.

`python -m tests.bench.proxy_latency SECONDS` is that server: it takes so long for each response.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import urlsplit

from tests.bench.setting import CHECKOUT, Setting

_REQUESTS = 2_000
_PATH = "/repos/octocat/hello-world/issues/1"
_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def added_milliseconds(
    setting: Setting, pairs: int, at_once: int, seconds: float
) -> tuple[float, float, float]:
    """Return the median time of a request to a server, of one through the proxy, and of their differences.

    Args:
        pairs: How often both are measured, one after the other.
        at_once: Clients, each of which sends its next request when its last gets a response.
        seconds: How long the server takes for a response.
    """
    direct, passed = [], []
    with _server(seconds) as upstream, _proxy(setting, upstream) as origin:
        for _ in range(pairs + 1):
            direct.append(_milliseconds(upstream, at_once))
            passed.append(_milliseconds(origin, at_once))
    differences = [late - soon for soon, late in zip(direct, passed, strict=True)]
    return median(direct[1:]), median(passed[1:]), median(differences[1:])


@contextmanager
def _server(seconds: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.proxy_latency", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        if process.stdout is None:
            raise RuntimeError("the server has no standard output")
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


class _Answering(asyncio.Protocol):
    seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  - it is only asked by GET, one request at a time
        assert isinstance(self.transport, asyncio.Transport)
        asyncio.get_running_loop().call_later(self.seconds, self.transport.write, _RESPONSE)


async def _serve(seconds: float) -> None:
    _Answering.seconds = seconds
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def _proxy(setting: Setting, upstream: str) -> Iterator[str]:
    """Run the proxy, which validates nothing on the way nor later, and yield its origin."""
    command = setting.call("proxy", "small", "--upstream", upstream, "--port", "0", "--validate", "off")
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env=setting.variables,
    ) as process:
        if process.stderr is None:
            raise RuntimeError("the proxy has no standard error")
        try:
            yield process.stderr.readline().split()[0]
        finally:
            process.terminate()


def _milliseconds(origin: str, at_once: int) -> float:
    return median(asyncio.run(_times(origin, at_once))) * 1000


async def _times(origin: str, at_once: int) -> list[float]:
    """Return how long each request took, in seconds."""
    parts = urlsplit(origin)
    request = f"GET {_PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: */*\r\n\r\n".encode()
    times: list[float] = []
    left = list(range(_REQUESTS))

    async def send() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while left:
            left.pop()
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(size)
            times.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(send() for _ in range(at_once)))
    return times


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
