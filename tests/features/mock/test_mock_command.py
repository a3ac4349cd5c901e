"""`dynacli mock` says where it runs, tells each exchange, ends at Ctrl-C, and is what `check` finds nothing in."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from dynacli.features.mock.mock_server import MockRoutes
from dynacli.traffic.recorded_request import MatchedOperation
from tests.documents import API_KEY, document, operation, parameter, save_api
from tests.features.mock.mocked import mocked
from tests.features.proxy.through_proxy import until_interrupted
from tests.harness import free_port, run_cli
from tests.real_documents import own_and_real

_PET = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def _document() -> str:
    get = operation("getPet", parameter("id", {"type": "integer"}, "path"), security=[{"key": []}])
    several = parameter("ids", {"type": "array", "items": {"type": "integer"}}, "path")
    paths = {
        "/pets/{id}": {"get": get},
        "/some/{ids}": {"get": operation("some", several)},
        "/pets": {"post": operation("addPet", body=_PET)},
    }
    return save_api(paths, server="https://api.example.com/v1", schemes={"key": API_KEY})


def _asking(*requests: tuple[str, str, dict[str, str], str]) -> Callable[[int], None]:
    def client(port: int) -> None:
        for method, target, headers, body in requests:
            httpx.request(
                method,
                f"http://127.0.0.1:{port}{target}",
                headers=headers,
                content=body,
                trust_env=False,
                timeout=60,
            )

    return client


def test_exchanges_are_told(canary: str) -> None:
    """A line for each, with its operation and without secrets, and the findings below it."""
    client = _asking(
        ("GET", f"/v1/pets/7?token={canary}", {"X-Api-Key": canary}, ""),
        (
            "POST",
            "/pets",
            {"Content-Type": "application/json"},
            json.dumps({"id": "one", "password": canary}),
        ),
        ("GET", "/pets/7", {}, ""),
        ("GET", "/nowhere", {}, ""),
    )
    source = _document()
    result = until_interrupted(client, "mock", source)
    lines = re.sub(r"\d\d:\d\d:\d\d|\d+ ms", "*", result.stdout)
    assert 130 == result.exit_code
    assert (
        "*  GET  /v1/pets/7?token=***  200  get-pet  *  schema\n"
        "*  POST  /pets  422  add-pet  *  The document does not allow this request, and has no response that says so\n"
        "    /id: expected integer, got string `one` [type]\n"
        "*  GET  /pets/7  401  get-pet  *  The document does not allow this request, and has no response that says so\n"
        "    security: the document requires credentials for `key`, and the request has none [missing-security]\n"
        "*  GET  /nowhere  404  not in the document  *  The document has no such path\n"
    ) == lines
    reported = re.sub(r"127.0.0.1:\d+", "HOST", result.stderr)
    assert f"The mock of {source} runs on http://HOST/v1; Ctrl-C stops it\n" in reported
    assert f"Try: DYNACLI_KEY=mock dynacli {source} get-pet 1 --server http://HOST/v1\n" in reported


def test_exchanges_as_data() -> None:
    """`-o json` writes an object a line."""
    client = _asking(("GET", "/pets/7", {}, ""), ("OPTIONS", "/pets", {}, ""))
    rows = [
        json.loads(line)
        for line in until_interrupted(client, "mock", _document(), "-o", "json").stdout.splitlines()
    ]
    assert [("get-pet", "GET", "/pets/7", 401, False), (None, "OPTIONS", "/pets", 204, None)] == [
        tuple(row[name] for name in ("operation", "method", "path", "status", "valid")) for row in rows
    ]
    assert ["missing-security"] == [finding["rule"] for finding in rows[0]["findings"]]


def test_exchanges_on_which_the_filter_fails_are_left_out() -> None:
    """What a client sends does not end the mock; a warning comes with the first, and exit code 13 at the end."""
    words = (_document(), "-o", "json", "-f", "abs(status) && length(operation)")
    client = _asking(("GET", "/nowhere", {}, ""), ("GET", "/nowhere", {}, ""), ("GET", "/pets/7", {}, ""))
    result = until_interrupted(client, "mock", *words)
    assert (13, "7\n") == (result.exit_code, result.stdout)
    assert 1 == result.stderr.count("such exchanges are left out")
    assert "Traceback" not in result.stderr


_REAL = (
    *("adyen-checkout-v71.json", "adyen-management-v3.yaml", "chromadb.json", "figma.yaml", "httpbin.json"),
    *("meilisearch.json", "museum.yaml", "netlify.yml", "petstore3.yaml", "qdrant.json"),
    *("redocly-cafe-3.2.yaml", "scalar-galaxy-3.1.yaml", "readme-oas-examples/circular.yaml"),
    *(
        "learn-openapis/v2.0/json/uber.json",
        "learn-openapis/v3.0/uspto.json",
        "learn-openapis/v3.1/tictactoe.yaml",
    ),
    *(
        f"readme-oas-examples/{name}.yaml"
        for name in ("response-schemas", "schema-validation", "security", "readme")
    ),
)
"""Documents whose examples do not contradict them."""


@pytest.mark.parametrize("path", [*own_and_real(["ferries-2.yaml"], ())])
def test_a_check_finds_nothing_in_a_mock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation that only reads gets a response as the document wants it, and what ought to be refused is."""
    for name in ("TOKEN", "KEY", "USERNAME", "PASSWORD"):
        monkeypatch.setenv(f"DYNACLI_{name}", "any")
    with mocked(str(path)) as running:
        base = f"http://127.0.0.1:{running.port}"
        words = (
            "--server",
            base + running.base_path,
            "--accept-origin",
            base,
            "--validate",
            "strict",
            "--probe",
        )
        result = run_cli("check", str(path), *words, "-o", "json", "--parallel", "1")
    rows = result.json
    assert [] == [(row["operation"], finding["message"]) for row in rows for finding in row["findings"]]
    assert 0 == result.exit_code, result.stderr
    assert any(row["statuses"] for row in rows)
    assert {status for row in rows for status in row["statuses"]} <= {*range(200, 400)}


@pytest.mark.sampled(0)
@pytest.mark.parametrize("path", own_and_real(["bookshop.yaml", "observatory.json"], _REAL))
def test_a_check_finds_nothing_in_mocks_of_real_documents(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds for documents of others."""
    test_a_check_finds_nothing_in_a_mock(path, monkeypatch)


def test_a_list_in_a_path_is_checked() -> None:
    """A path whose parameter has several values is called, and `check` goes on."""
    source = _document()
    with mocked(source) as running:
        words = ("--only", "some", "--server", f"http://127.0.0.1:{running.port}")
        assert 0 == run_cli("check", source, *words).exit_code


def test_a_defect_ends_one_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no one has foreseen gets 500 and told on one line, and the mock goes on."""
    defects = [1]

    def find(routes: MockRoutes, method: str, url: str) -> list[MatchedOperation]:
        return usual(routes, method, url) if not defects else [defects.pop() // 0]  # type: ignore[list-item]

    usual = MockRoutes.find
    monkeypatch.setattr(MockRoutes, "find", find)
    client = _asking(("GET", "/pets/7", {}, ""), ("GET", "/pets/7", {}, ""))
    lines = until_interrupted(client, "mock", _document()).stdout.splitlines()
    assert ["500", "401"] == [line.split("  ")[3] for line in lines if "/pets/7" in line]
    assert "ZeroDivisionError" in lines[0]


@pytest.mark.no_cover
@pytest.mark.parametrize("target", ["/" + "a/" * 30_000, "/" + "a.b" * 20_000])
def test_a_long_path_does_not_hold_up_the_mock(target: str) -> None:
    """The time that a path takes grows as its length: neither its steps nor its characters are tried in pairs."""
    paths = {f"/{name}/{{a}}.{{b}}.{{c}}": {"get": operation(name)} for name in "ab"}
    paths |= {"/{a}.{b}.{c}.{d}z": {"get": operation("c")}}
    with mocked(document(paths)) as running:
        start = time.monotonic()
        assert 404 == running.ask(target).status_code
        assert time.monotonic() - start < 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_is_answered() -> None:
    """A client that is not ours gets the body of a preferred response, the head of HEAD, and its upload validated."""
    with mocked(_document()) as running:

        def curl(*words: str) -> str:
            url = f"http://127.0.0.1:{running.port}"
            line = ["curl", "-sS", "--max-time", "20", *(word.replace("URL", url) for word in words)]
            return subprocess.run(line, capture_output=True, text=True, check=True).stdout

        assert "{}" == curl("URL/pets/7", "-H", "X-Api-Key: k", "-H", "Prefer: code=200").strip()
        assert curl("-I", "URL/pets/7").startswith("HTTP/1.1 401 Unauthorized\n")
        large = json.dumps({"id": 1, "text": "x" * 2_000_000})
        Path("large.json").write_text(large, encoding="utf-8")
        chunked = ("-H", "Transfer-Encoding: chunked", "-o", os.devnull, "-w", "%{http_code}")
        assert "200" == curl("URL/pets", "--json", "@large.json", *chunked)


@pytest.mark.exhaustive
def test_a_mock_ends_with_its_reader() -> None:
    """As if a signal ended it: that a request could not be told is not a defect."""
    port = free_port()
    command = [sys.executable, "-m", "dynacli", "mock", _document(), "--port", str(port)]
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.readline() + process.stderr.readline()
        _asking(("GET", "/pets/7", {}, ""))(port)
        said += process.communicate(timeout=30)[1]
    assert (-signal.SIGPIPE, 2) == (process.returncode, said.count(b"\n"))


@pytest.mark.parametrize(
    ("words", "code", "reported"),
    [
        pytest.param(("./api.json", "--port", "BUSY"), 2, "Cannot listen on port", id="a port in use"),
        pytest.param(("./api.json", "--port", "65536"), 2, "--port", id="no port"),
        pytest.param(
            ("./api.json", "--port", "0", "--host", "no.such.host.invalid"), 2, "Cannot listen", id="no host"
        ),
        pytest.param(("nobody", "--port", "0"), 2, "nobody", id="an unknown API"),
        pytest.param(("./missing.json", "--port", "0"), 8, "missing.json", id="no file"),
        pytest.param(("./none.json", "--port", "0"), 8, "none.json", id="no document"),
        pytest.param(("./api.json", "--port", "0", "--validate", "much"), 2, "much", id="no level"),
        pytest.param(("./api.json", "--port", "0", "--server", "x"), 2, "--server", id="an option of calls"),
    ],
)
def test_what_keeps_a_mock_from_running(words: tuple[str, ...], code: int, reported: str) -> None:
    """Nothing runs, and the error says why."""
    _document()
    Path("none.json").write_text("{}", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        result = run_cli("mock", *(word.replace("BUSY", str(busy.getsockname()[1])) for word in words))
    assert code == result.exit_code
    assert reported in result.stderr
    assert "Traceback" not in result.stderr
