"""Which HTTP library is imported: httpx, or httpx2 if the environment says so or httpx is missing."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from dynacli.http.import_httpx import httpx
from tests.harness import run_cli

_needs_httpx2 = pytest.mark.skipif(
    importlib.util.find_spec("httpx2") is None, reason="httpx2 is not installed"
)

# Runs the program if some libraries are not installed, and tells which one it has imported.
_PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))  # None makes the import of a module fail
sys.argv = ["dynacli", "doctor", "--output", "json"]
from dynacli.__main__ import run
run()
"""


def _doctor(named: str | None, *, missing: str = "") -> tuple[int, str]:
    """Return the exit code, and the line about the HTTP library or the error."""
    variables = {name: value for name, value in os.environ.items() if name != "DYNACLI_HTTP"}
    if named is not None:
        variables["DYNACLI_HTTP"] = named
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, missing], env=variables, capture_output=True, text=True, check=False
    )
    if ended.stderr:
        return ended.returncode, ended.stderr
    (reported,) = (
        row["message"] for row in json.loads(ended.stdout)["checks"] if row["name"] == "HTTP library"
    )
    return ended.returncode, reported


@pytest.mark.parametrize("named", [None, "", "httpx"])
def test_httpx_is_the_default(named: str | None) -> None:
    """Nothing in the environment is as good as `httpx`."""
    code, reported = _doctor(named)
    assert 0 == code, reported
    assert "httpx 0." in reported


@_needs_httpx2
def test_httpx2_can_be_chosen() -> None:
    """`DYNACLI_HTTP=httpx2` is obeyed if both are installed."""
    code, reported = _doctor("httpx2")
    assert 0 == code, reported
    assert "httpx2 2." in reported


@_needs_httpx2
def test_httpx2_alone_is_used() -> None:
    """If httpx is missing, nothing needs to report."""
    code, reported = _doctor(None, missing="httpx")
    assert 0 == code, reported
    assert "httpx2 2." in reported


def test_another_name_is_a_usage_error() -> None:
    """A typing error does not end in another library than the one that was meant."""
    code, reported = _doctor("htpx2")
    assert 2 == code
    assert "`DYNACLI_HTTP`" in reported
    assert "Set it to `httpx` or `httpx2`" in reported


@pytest.mark.exhaustive
@pytest.mark.parametrize("named", ["httpx", "httpx2"])
def test_a_library_that_is_not_installed_is_a_usage_error(named: str) -> None:
    """The other library does not step in for one that was asked for by its name."""
    code, reported = _doctor(named, missing=named)
    assert 2 == code
    assert f"`{named}` is not installed" in reported
    assert f"`pip install {named}`" in reported


def test_no_library_at_all_is_a_usage_error() -> None:
    """The message says how to get one."""
    code, reported = _doctor(None, missing="httpx httpx2")
    assert 2 == code
    assert "No HTTP library is installed" in reported
    assert "`pip install httpx`" in reported


def test_the_suite_runs_with_the_library_that_it_was_started_with() -> None:
    """`DYNACLI_HTTP` of the environment reaches the program in this process."""
    named = os.environ.get("DYNACLI_HTTP") or "httpx"
    assert named == httpx.__name__
    reported = {row["name"]: row["message"] for row in run_cli("doctor", "-o", "json").json["checks"]}
    assert named == reported["HTTP library"].split()[0]
