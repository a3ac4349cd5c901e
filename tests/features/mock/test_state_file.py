"""The state of a mock in a file, and over its control routes."""

import errno
import json
import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.documents import save
from tests.features.mock.mocked import mocked
from tests.features.mock.test_state import pets
from tests.features.proxy.through_proxy import until_interrupted
from tests.harness import run_cli

_STATE = "/_dynacli/state"
_RESET = "/_dynacli/reset"


def _state(*names: str, resource: str = "pet") -> dict[str, Any]:
    items = [
        {"id": str(number), "in": {}, "value": {"id": number, "name": name}}
        for number, name in enumerate(names, 1)
    ]
    return {"dynacli_mock_state": 1, "items": {resource: items}}


def _pets_with_examples() -> dict[str, Any]:
    document = pets()
    listed = document["paths"]["/pets"]["get"]["responses"]["200"]["content"]["application/json"]
    listed["example"] = [{"id": 7, "name": "Example"}]
    return document


def _names(port: int) -> list[str]:
    return [
        pet["name"] for pet in httpx.get(f"http://127.0.0.1:{port}/pets", trust_env=False, timeout=60).json()
    ]


def _add(port: int, name: str) -> httpx.Response:
    url = f"http://127.0.0.1:{port}/pets"
    response = httpx.post(url, json={"name": name}, trust_env=False, timeout=60)
    assert 201 == response.status_code
    return response


def test_examples_are_there_at_the_beginning() -> None:
    """Ids that are made do not collide with them; `--empty` leaves them out, and a reset brings them back."""
    with mocked(_pets_with_examples(), is_stateful=True) as running:
        assert ["Example"] == [pet["name"] for pet in running.ask("/pets").json()]
        assert 204 == running.ask("/pets/7", "DELETE").status_code
        assert [] == running.ask("/pets").json()
        assert 204 == running.ask(_RESET, "POST").status_code
        assert "Example" == running.ask("/pets/7").json()["name"]
    with mocked(_pets_with_examples(), is_stateful=True, is_empty=True) as running:
        assert [] == running.ask("/pets").json()


def test_a_file_follows_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is private and whole, and the next run begins with it instead of the examples."""
    monkeypatch.setattr("dynacli.features.mock._state_file._SECONDS", 0.02)
    source, file = save(_pets_with_examples()), Path("state.json")

    def first(port: int) -> None:
        _add(port, "Rex")
        _until(lambda: file.exists() and "Rex" in file.read_text(encoding="utf-8"))
        httpx.delete(f"http://127.0.0.1:{port}/pets/7", trust_env=False, timeout=60)

    assert 130 == until_interrupted(first, "mock", source, "--state", "state.json").exit_code
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert ["Rex"] == [
        row["value"]["name"] for row in json.loads(file.read_text(encoding="utf-8"))["items"]["pet"]
    ]
    found: list[str] = []
    until_interrupted(lambda port: found.extend(_names(port)), "mock", source, "--state=state.json")
    assert ["Rex"] == found


def test_a_seed_is_not_written() -> None:
    """A mock begins with it, and with nothing else."""
    source, file = save(_pets_with_examples()), Path("seed.json")
    content = json.dumps(_state("Rex"))
    file.write_text(content, encoding="utf-8")
    found: list[str] = []

    def client(port: int) -> None:
        _add(port, "Max")
        found.extend(_names(port))

    until_interrupted(client, "mock", source, "--seed", "seed.json")
    assert (["Rex", "Max"], content) == (found, file.read_text(encoding="utf-8"))


def test_what_fits_of_another_revision_is_taken() -> None:
    """The rest is reported."""
    source = save(pets())
    whole = _state("Rex")
    whole["items"]["dragon"] = [{"id": "1", "value": {}}]
    Path("state.json").write_text(json.dumps(whole), encoding="utf-8")
    found: list[str] = []
    result = until_interrupted(
        lambda port: found.extend(_names(port)), "mock", source, "--state", "state.json"
    )
    assert ["Rex"] == found
    assert "The document has no resource `dragon`: 1 objects are left out" in result.stderr


def test_a_full_disk_does_not_stop_the_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, responses say that their change is not saved, and it is saved as soon as that works."""
    monkeypatch.setattr("dynacli.features.mock._state_file._SECONDS", 0.01)
    file, fsync = Path("state.json"), os.fsync
    file.write_text(json.dumps(_state("Rex")), encoding="utf-8")
    is_full, tries = True, 0

    def write(number: int) -> None:
        nonlocal tries
        tries += 1
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(number)

    def client(port: int) -> None:
        nonlocal is_full
        before = file.read_text(encoding="utf-8")
        _until(lambda: tries > 1)
        assert "not saved: no space is left on the disk" == _add(port, "Max").headers["dynacli-state"]
        missing = httpx.delete(f"http://127.0.0.1:{port}/pets/9", trust_env=False, timeout=60)
        assert (404, False) == (missing.status_code, "dynacli-state" in missing.headers)
        assert ["Rex", "Max"] == _names(port)
        assert before == file.read_text(encoding="utf-8")
        is_full = False
        _until(lambda: "Max" in file.read_text(encoding="utf-8"))
        _until(lambda: "dynacli-state" not in _add(port, "Tom").headers)
        is_full = True
        _add(port, "Lost")

    monkeypatch.setattr(os, "fsync", write)
    result = until_interrupted(client, "mock", save(pets()), "--state", "state.json")
    assert "warning: `state.json` cannot be written: no space is left on the disk" in result.stderr
    assert "state; not saved\n" in result.stdout
    assert 12 == result.exit_code
    assert "Max" in file.read_text(encoding="utf-8")


def test_a_second_signal_does_not_lose_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that start others send Ctrl-C to them, as the terminal does."""
    fsync, added = os.fsync, list[httpx.Response]()

    def write(number: int) -> None:
        if added and threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        fsync(number)

    monkeypatch.setattr(os, "fsync", write)
    until_interrupted(
        lambda port: added.append(_add(port, "Rex")), "mock", save(pets()), "--state", "state.json"
    )
    assert "Rex" in Path("state.json").read_text(encoding="utf-8")


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_document_after_state_is_no_file() -> None:
    """The error has a command that works, and the document stays as it is."""
    source = save(pets())
    before = Path(source).read_text(encoding="utf-8")
    result = run_cli("mock", "--port", "0", "--state", source, "--no-cors")
    assert (2, True) == (
        result.exit_code,
        f"`dynacli mock {source} --port=0 --state --no-cors`" in result.stderr,
    )
    result = run_cli("mock", source, "--port", "0", "--state", source)
    assert (12, True) == (result.exit_code, "it is an OpenAPI document" in result.stderr)
    assert f"`dynacli mock {source} --state`" in result.stderr
    assert before == Path(source).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "reported"),
    [
        (("--seed", "missing.json"), 12, "missing.json"),
        (("--seed", "cut.json"), 12, "not complete JSON"),
        (("--state", "cut.json"), 12, "not complete JSON"),
        (("--state", "foreign.json"), 12, "dynacli_mock_state"),
        (("--state", "dangling.json"), 12, "dangling.json"),
        (("--state", "no/such/state.json"), 12, "its directory does not exist"),
        (("--state", "."), 12, "`.`"),
        (("--state=",), 12, "the name is empty"),
        (("--state", os.devnull), 12, "it is a device or a pipe"),
        (("--empty", "--seed", "foreign.json"), 2, "exclude each other"),
    ],
)
def test_wrong_files_are_refused(words: tuple[str, ...], code: int, reported: str) -> None:
    """Nothing runs, and the file stays."""
    source = save(pets())
    Path("cut.json").write_text('{"dynacli_mock_state": 1, "items": {"pet": [', encoding="utf-8")
    Path("foreign.json").write_text("{}", encoding="utf-8")
    Path("dangling.json").symlink_to("nowhere.json")
    result = run_cli("mock", source, "--port", "0", *words)
    assert (code, True, False) == (result.exit_code, reported in result.stderr, "Traceback" in result.stderr)
    assert "{}" == Path("foreign.json").read_text(encoding="utf-8")


def test_the_state_is_read_and_replaced() -> None:
    """What `GET` returns, `PUT` accepts; garbage changes nothing."""
    with mocked(pets(), is_stateful=True) as running:
        running.ask("/pets", "POST", json={"name": "Rex"})
        whole = running.ask(_STATE).json()
        assert ["Rex"] == [row["value"]["name"] for row in whole["items"]["pet"]]
        huge = json.dumps(_state("Rex")).replace('"Rex"', "1e999").encode()
        for garbage in (b"", b"{", b"[]", b"{}", huge, json.dumps({**whole, "items": [1]}).encode()):
            assert 400 == running.ask(_STATE, "PUT", content=garbage).status_code
        assert ["Rex"] == [pet["name"] for pet in running.ask("/pets").json()]
        assert {"left_out": []} == running.ask(_STATE, "PUT", json=_state("Max", "Tom")).json()
        assert ["Max", "Tom"] == [pet["name"] for pet in running.ask("/pets").json()]
        assert [405, 405, 404] == [
            running.ask(*asked).status_code
            for asked in ((_STATE, "POST"), (_RESET, "GET"), ("/_dynacli/x", "GET"))
        ]
        running.ask(_RESET, "POST")
        assert [] == running.ask("/pets").json()


def test_the_state_has_every_text() -> None:
    """Also one that UTF-8 does not have."""
    with mocked(pets(), is_stateful=True) as running:
        headers = {"content-type": "application/json"}
        made = running.ask("/pets", "POST", content=rb'{"name": "\ud800 \u00e9"}', headers=headers)
        whole = running.ask(_STATE)
        assert 200 == running.ask(_STATE, "PUT", content=whole.content).status_code
        assert made.content == running.ask("/pets/1").content


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", _STATE), ("PUT", _STATE), ("POST", _RESET), ("OPTIONS", _STATE)]
)
def test_pages_do_not_reach_the_control_routes(headers: dict[str, str], method: str, path: str) -> None:
    """Neither by another origin nor by DNS rebinding, and no CORS header opens them."""
    with mocked(pets(), is_stateful=True) as running:
        response = running.ask(path, method, headers=headers, json=_state("Rex"))
        assert 403 == response.status_code
        assert not any(name.startswith("access-control") for name in response.headers)
        assert [] == running.ask("/pets").json()


def test_control_routes_can_be_off() -> None:
    """They are also missing without a state."""
    with mocked(pets(), is_stateful=True, has_control=False) as running:
        assert 404 == running.ask(_STATE).status_code
    with mocked(pets()) as running:
        assert 404 == running.ask(_STATE).status_code


def test_full_states_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit gets 507, and what is there stays."""
    monkeypatch.setattr("dynacli.features.mock._kept_items._MOST_ITEMS", 2)
    with mocked(pets(), is_stateful=True) as running:
        statuses = [running.ask("/pets", "POST", json={"name": "x"}).status_code for _ in range(3)]
        assert [201, 201, 507] == statuses
        assert 2 == len(running.ask("/pets").json())
        monkeypatch.setattr("dynacli.features.mock._kept_items._MOST_BYTES", 1_000)
        running.ask("/pets/1", "DELETE")
        assert 507 == running.ask("/pets", "POST", json={"name": "x" * 1_000}).status_code
