"""The plugin of pytest: results fail tests, documents become tests, and the session tells what was called."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dynacli.guide.pages import page
from tests.harness import Recorder, Response

pytest_plugins = ["pytester"]

_Run = Callable[..., pytest.RunResult]
_PLUGIN = ("-p", "dynacli.features.pytest_plugin.plugin", "-p", "no:cacheprovider", "-p", "no:dynacli")


def _document(origin: str) -> dict[str, Any]:
    response = {
        "description": "",
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
            }
        },
    }
    parameter = {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}
    responses = {"200": response, "404": {"description": ""}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": origin}],
        "paths": {
            "/pets/{petId}": {
                "get": {"operationId": "getPet", "parameters": [parameter], "responses": responses},
                "delete": {"operationId": "deletePet", "parameters": [parameter], "responses": responses},
            },
            "/owner": {"get": {"operationId": "getOwner", "responses": {"200": response}}},
        },
    }


@pytest.fixture
def pets(server: Recorder, pytester: pytest.Pytester) -> Recorder:
    """Return the server of an API, whose document is `pets.json` in the directory of the run."""
    (pytester.path / "pets.json").write_text(json.dumps(_document(server.origin)), encoding="utf-8")
    server.responses["/pets/1"] = Response(body=b'{"id": 1}')
    server.responses["/pets/2"] = Response(body=b'{"id": "two"}')
    server.responses["/owner"] = Response(body=b"{}")
    return server


class _Modules:
    """A plugin that notes the modules that a run has loaded."""

    def __init__(self) -> None:
        self.loaded: dict[str, Any] = {}

    def pytest_unconfigure(self) -> None:
        self.loaded |= sys.modules


@pytest.fixture(autouse=True)
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Modules]:
    """Keep the modules that a run in this process imports; pytester forgets them at the end of a test.

    httpx would get a second httpcore, and not know its exceptions: it takes their classes from the first one, when it
    sends its first request.
    """
    modules = _Modules()
    yield modules
    written_by_tests = str(tmp_path_factory.getbasetemp())
    for name, module in modules.loaded.items():
        if not (getattr(module, "__file__", None) or "").startswith(written_by_tests):
            sys.modules.setdefault(name, module)


@pytest.fixture
def run(pytester: pytest.Pytester, modules: _Modules) -> _Run:
    """Return a function that runs pytest with the plugin in this process."""
    return partial(pytester.runpytest_inprocess, *_PLUGIN, plugins=[modules])


_TESTS = """
import pytest

@pytest.fixture(scope="module")
def api(dynacli_api):
    return dynacli_api()

@pytest.mark.dynacli(operation="getPet")
def test_right(api):
    assert {"id": 1} == api.call("get-pet", pet_id=1).data

def test_wrong(api):
    api.call("get-pet", pet_id=2)

def test_wrong_row(api):
    for result in api.batch([{"pet_id": 1}, {"pet_id": 2}], "get-pet"):
        assert 200 == result.status

def test_refused(api):
    api.call("get-pet", pet="x")

@pytest.mark.dynacli(operation="get-owner")
def test_calls_another(api):
    api.call("get-pet", pet_id=1)

@pytest.mark.dynacli(operation="get-owner")
def test_fails_by_itself(api):
    raise ValueError("mine")

@pytest.mark.dynacli(operation="get-pets")
def test_is_of_no_operation(api):
    pass
"""


@pytest.mark.exhaustive
def test_a_response_that_breaks_the_document_fails_its_test(
    pets: Recorder, pytester: pytest.Pytester, run: _Run
) -> None:
    """The test shows what the command line says, at the line that made the call, and the report has every call."""
    pytester.makepyfile(_TESTS)
    result = run("--dynacli-api", "pets.json", "--dynacli-report=json=r.json")
    result.assert_outcomes(passed=1, failed=6)
    result.stdout.fnmatch_lines(
        [
            '>       api.call("get-pet", pet_id=2)',
            "E       dynacli.errors.MismatchError: The response does not match the document: /id: expected integer, *",
            "E       /id: expected integer, got string `two` [[]type]",
            '*"id": "two"*',
            "*^^^^^*",
            "E       dynacli.errors.MismatchError: The response to row 2 does not match the *: *expected integer*",
            "E       dynacli.errors.UsageError: There is no option `--pet`",
            "E       *--pet-id*",
            "The test is marked with the operation `get-owner`, and did not call it",
            "E       ValueError: mine",
            "*_ test_is_of_no_operation _*",
            "`pets.json` has no operation `get-pets`",
            "It is not a name, an operationId or a tag of the document",
            "pets.json: 1 of 3 operations called, 1 of 5 responses seen",
        ]
    )
    assert "api_client.py" not in result.stdout.str()
    report = json.loads((pytester.path / "r.json").read_bytes())
    assert not report["valid"]
    assert [True, False, True, False, True] == [call["valid"] for call in report["calls"]]
    assert report["calls"][1]["test"].endswith("::test_wrong")
    assert {"pets.json": {"called": 1, "operations": 3, "seen": 1, "responses": 5}} == report["coverage"]
    assert 5 == len(pets.requests)


def test_each_operation_that_only_reads_becomes_a_test(pets: Recorder, run: _Run) -> None:
    """A test calls its operation by the plan of `check`, and shows its findings; none changes anything."""
    result = run("-v", "--dynacli-check", "pets.json", "--dynacli-report=junit")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*collected 2 items",
            "*::get-owner FAILED*",
            "*::get-pet PASSED*",
            "The responses of `get-owner` do not match the document",
            "*`id` is missing, *[[]required]",
            "pets.json: 2 of 3 operations called, 2 of 5 responses seen",
        ]
    )
    assert {"GET"} == {request.method for request in pets.requests}
    suite = ET.fromstring(result.stderr.str())  # noqa: S314  - our own
    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))


def test_a_run_that_does_not_use_the_plugin_imports_nothing_of_it(tmp_path: Path) -> None:
    """Every run of pytest loads the hooks; the rest of dynacli stays out."""
    code = (
        "import sys, pytest; pytest.main(['-q', '-p', sys.argv[2], '--co', sys.argv[1]]); "
        "print(sorted(name for name in sys.modules if name.startswith('dynacli')))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), _PLUGIN[1]]
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plugins take a second
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    package = "dynacli.features.pytest_plugin"
    expected = ["dynacli", "dynacli.features", package, f"{package}.plugin"]
    assert str(expected) == run.stdout.splitlines()[-1], run.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ("--dynacli-report=junit=nowhere/r.json",),
            "*--dynacli-report: `nowhere/r.json` cannot be written*",
        ),
        (
            ("--dynacli-report=xml=r.xml",),
            "*--dynacli-report: `xml` must be `json` or `junit`*",
        ),
        (("--dynacli-check", "nothing.json"), "*There is no file `*nothing.json`*"),
    ],
    ids=["report", "form", "check"],
)
def test_what_cannot_be_used_is_told(words: tuple[str, ...], text: str, run: _Run) -> None:
    """A wrong option ends the run with a message of a line or two."""
    result = run(*words)
    assert result.ret
    (result.stdout if "check" in words[0] else result.stderr).fnmatch_lines([text])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


@pytest.mark.exhaustive
@pytest.mark.usefixtures("pets")
def test_workers_tell_what_they_have_seen(pytester: pytest.Pytester) -> None:
    """With pytest-xdist the report and the coverage are those of all workers."""
    pytester.makepyfile(_TESTS)
    words = ("-n", "2", "--dynacli-api", "pets.json", "--dynacli-check", "pets.json")
    result = pytester.runpytest_subprocess(*_PLUGIN[2:4], *words, "--dynacli-report=r.json")
    result.assert_outcomes(passed=2, failed=7)
    result.stdout.fnmatch_lines(["pets.json: 2 of 3 operations called, 2 of 5 responses seen"])
    assert 7 <= len(json.loads((pytester.path / "r.json").read_bytes())["calls"])


@pytest.mark.exhaustive
def test_the_example_of_the_manual_passes(pytester: pytest.Pytester, run: _Run) -> None:
    """The block of `help pytest` is a file of tests as it stands."""
    (block,) = re.findall(r"```python\n(.*?)```", page("pytest") or "", re.DOTALL)
    pytester.makepyfile(block)
    result = run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["demo: 1 of 23 operations called, 1 of * responses seen"])
