"""A mock with state under load: clients at once, large bodies, many items, and ids that look like paths."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.documents import save
from tests.features.mock.mocked import Mocked, mocked
from tests.features.mock.test_state import pets, tasks
from tests.harness import free_port

_MIB = 1 << 20
_IDS = (
    "..%2f",
    "../x",
    "a/b",
    "/",
    "...",
    "?",
    "#x",
    "%",
    "%2F",
    "%252e",
    " ",
    "é",
    "\0",
    "\n",
    '"',
    "a" * 3_000,
)


def test_clients_at_once_lose_nothing() -> None:
    """Each id is there once, each client reads what it wrote, and what it deleted is gone."""

    def client(running: Mocked, number: int) -> list[int]:
        ids = []
        with httpx.Client(base_url=running.client.base_url, trust_env=False, timeout=60) as own:
            for turn in range(6):
                name = f"{number}-{turn}"
                made = own.post("/pets", json={"name": name}).json()
                assert name == own.get(f"/pets/{made['id']}").json()["name"]
                assert made["id"] in [pet["id"] for pet in own.get("/pets").json()]
                if turn % 3:
                    ids.append(made["id"])
                else:
                    assert 204 == own.delete(f"/pets/{made['id']}").status_code
                    assert 404 == own.get(f"/pets/{made['id']}").status_code
        return ids

    with mocked(pets(), is_stateful=True) as running:
        with ThreadPoolExecutor(4) as pool:
            kept = [id_ for ids in pool.map(lambda number: client(running, number), range(4)) for id_ in ids]
        assert sorted(set(kept)) == sorted(kept)
        assert sorted(kept) == [pet["id"] for pet in running.ask("/pets").json()]
        assert {"id": 25}.items() <= running.ask("/pets", "POST", json={"name": "x"}).json().items()


def test_ids_that_look_like_paths() -> None:
    """An id is any text. It selects one item of its parent, and no other path."""
    with mocked(tasks(), is_stateful=True) as running:
        for project in ("a", "..", "b/tasks"):
            running.ask("/projects", "POST", json={"name": project})
        for id_ in _IDS:
            made = running.ask("/projects/a/tasks", "POST", json={"title": "T", "id": id_})
            assert (201, id_) == (made.status_code, made.json()["id"])
            path = f"/projects/a/tasks/{quote(id_, safe='')}"
            assert made.headers["location"].endswith(path)
            assert made.json() == running.ask(path).json()
        assert 404 == running.ask("/projects/b%2Ftasks/tasks/a%2Fb").status_code
        for target in ("/projects/a/tasks/a/b", "/projects/b/tasks/tasks", "/projects/a/tasks/..%2f..%2fa"):
            assert b" 404 " in _first_line(running, f"DELETE {target}"), target
        assert b" 204 " in _first_line(running, "DELETE /projects/%2e%2e")
        assert b" 204 " in _first_line(running, "DELETE /projects/a/tasks/a%2fb")
        assert len(_IDS) - 1 == len(running.ask("/projects/a/tasks").json())


def test_an_empty_id_is_made() -> None:
    """No path selects an item with it."""
    with mocked(tasks(), is_stateful=True) as running:
        running.ask("/projects", "POST", json={"name": "a"})
        made = running.ask("/projects/a/tasks", "POST", json={"title": "T", "id": ""}).json()
        assert "task-1" == made["id"]
        assert made == running.ask("/projects/a/tasks/task-1").json()


def _first_line(running: Mocked, line: str) -> bytes:
    """Return the status line of the response to a request that no client library has normalized."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as sock:
        sock.sendall(f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return sock.makefile("rb").readline()


@pytest.mark.long
def test_ten_thousand_items() -> None:
    """They have the ids 1 to 10,000, and reading one takes as long as before."""
    with mocked(pets(), is_stateful=True) as running:
        for number in range(1, 10_001):
            assert number == running.ask("/pets", "POST", json={"name": f"n{number}"}).json()["id"]
        assert [*range(1, 10_001)] == [pet["id"] for pet in running.ask("/pets").json()]
        assert "n9999" == running.ask("/pets/9999").json()["name"]
        seconds = [exchange.recorded.seconds or 0 for exchange in running.reported[-21:-2]]
        assert sorted(seconds)[10] < 0.2
        whole = running.ask("/_dynacli/state").json()
        assert 10_000 == len(whole["items"]["pet"])
        assert 200 == running.ask("/_dynacli/state", "PUT", json=whole).status_code
        assert 10_001 == running.ask("/pets", "POST", json={"name": "x"}).json()["id"]


def test_a_body_that_cannot_be_read_is_not_forgotten_silently() -> None:
    """It has more values than dynacli reads, so it is refused instead of answered as if it were there."""
    body = b'{"name": "Rex", "more": [' + b"0," * 2_000_000 + b"0]}"
    with mocked(pets(), is_stateful=True) as running:
        headers = {"content-type": "application/json"}
        response = running.ask("/pets", "POST", content=body, headers=headers)
        assert (413, True) == (response.status_code, "2,000,000 values" in response.json()["detail"])
        deep = b'{"name": "Rex", "more": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
        response = running.ask("/pets", "POST", content=deep, headers=headers)
        assert (422, True) == (response.status_code, "nested too deeply" in response.json()["detail"])
        response = running.ask("/pets", "POST", content=b'{"name": "Rex", "more": 1e999}', headers=headers)
        assert (422, "A number is too large to remember") == (
            response.status_code,
            response.json()["detail"],
        )
        assert [] == running.ask("/pets").json()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_large_bodies_take_bounded_memory() -> None:
    """64 MiB are remembered, a byte more is refused, and the state ends at 256 MiB. The mock goes on."""
    with _own_process() as (client, process):
        before = _peak(process)

        def status(size: int) -> int:
            content = b'{"name":"' + b"x" * (size - 11) + b'"}'
            response = client.post("/pets", content=content, headers={"content-type": "application/json"})
            return response.status_code

        assert 413 == status(64 * _MIB + 1)
        assert _peak(process) - before < 160 * _MIB
        assert 201 == status(64 * _MIB)
        assert _peak(process) - before < 480 * _MIB
        assert [201, 201, 507, 507, 413] == [
            *(status(64 * _MIB) for _ in range(4)),
            status(65 * _MIB),
        ]
        assert 201 == client.post("/pets", json={"name": "Rex"}).status_code
        assert _peak(process) - before < 1_024 * _MIB


@contextmanager
def _own_process() -> Iterator[tuple[httpx.Client, int]]:
    """Run a mock in its own process, whose memory is measured, and yield a client and the number of the process."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "dynacli",
        "mock",
        save(json.dumps(pets())),
        "--state",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            assert b"runs on" in process.stderr.readline()
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, trust_env=False, timeout=120) as client:
                yield client, process.pid
        finally:
            process.kill()


def _peak(process: int) -> int:
    """Return the most memory that a process has had, in bytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
