"""The document that travels with dynacli: used if nothing newer is at hand, and replaced by the first that comes."""

import re
from pathlib import Path

import pytest

from dynacli.registry import demo_facts
from dynacli.registry.demo_facts import document_path
from tests.documents import pets
from tests.harness import Recorder, assert_ended, json_response, run_cli
from tests.served_document import DAY, Served, age, state_of

URL = "https://acme.armature.app/api/armature/v1/openapi"
SHOWN = "the document that came with dynacli is used"


@pytest.fixture
def nearby(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A server of this machine whose document is the live one of what travels with dynacli; it is down at first."""
    served = Served(server)
    served.has(b"", 503)
    monkeypatch.setattr(demo_facts, "_LIVE_URL", re.compile(re.escape(served.url)))
    return served


def test_the_shipped_document_works_offline_at_once() -> None:
    """A fresh machine without a network has the API, its help and its operations, with one warning each."""
    added = run_cli("api", "add", "armature", URL, "--offline")
    assert 0 == added.exit_code
    assert added.stderr.splitlines()[0].startswith("armature: ")
    for words in (
        ("armature", "--help"),
        ("operations", "armature"),
        ("describe", "armature", "search-runs"),
    ):
        result = run_cli("--offline", *words)
        assert (0, f"warning: armature: {SHOWN}, as long as there is no other\n") == (
            result.exit_code,
            result.stderr,
        )
    dry = run_cli("--offline", "armature", "search-runs", "--dry-run", "json")
    assert 0 == dry.exit_code
    assert dry.json["url"].startswith("https://acme.armature.app/")


def test_offline_a_url_is_enough() -> None:
    """Nothing has to be registered."""
    result = run_cli("--offline", "operations", URL)
    assert (0, 1) == (result.exit_code, result.stderr.count(SHOWN))


@pytest.mark.parametrize(
    "url",
    [
        "https://armature.app.evil.example/api/armature/v1/openapi",
        "https://acme.armature.app/api/armature/v1/openapi/x",
        "http://acme.armature.app/api/armature/v1/openapi",
        "https://acme.armature.app:8443/api/armature/v1/openapi",
    ],
)
def test_other_urls_have_no_shipped_document(url: str) -> None:
    """A URL that looks alike has no document."""
    assert 8 == run_cli("--offline", "operations", url).exit_code


def test_a_server_that_cannot_be_reached_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--offline` and without the server it works as well, with one warning that says what failed."""
    url = "http://127.0.0.1:9/openapi.json"
    monkeypatch.setattr(demo_facts, "_LIVE_URL", re.compile(re.escape(url)))
    added = run_cli("api", "add", "armature", url)
    expected = f"warning: `127.0.0.1:9` refuses the connection; {SHOWN} instead\n"
    assert_ended(added, 0, expected)
    assert 1 == added.stderr.count(SHOWN)


def test_an_error_of_the_server_is_not_covered_up(nearby: Served) -> None:
    """If a server responds and has no document, the shipped document is not used."""
    for status in (404, 503, 401):
        nearby.has(b"", status)
        assert 8 == run_cli("api", "add", "armature", nearby.url, "--no-discovery").exit_code


def test_the_first_fetched_document_replaces_the_shipped_one(
    nearby: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document of the server counts as newer than the shipped one, whatever it has."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    assert 0 == run_cli("api", "add", "armature", nearby.url, "--offline").exit_code
    moved = {**pets(), "servers": [{"url": "https://elsewhere.example"}]}
    nearby.has(moved)
    result = run_cli("armature", "list-pets", "--dry-run", "json")
    assert (0, "", "https://elsewhere.example/pets") == (result.exit_code, result.stderr, result.json["url"])
    assert () == state_of(home).held
    # From now on it is a document like any other.
    age(home, 2 * DAY)
    nearby.has(pets())
    assert "held back" in run_cli("armature", "list-pets", "--dry-run", "json").stderr


def test_fetching_the_same_content_ends_the_warning(
    nearby: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the server has the content of the shipped document, there is no warning any more."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    run_cli("api", "add", "armature", nearby.url, "--offline")
    nearby.has(Path(document_path()).read_bytes())
    assert SHOWN in run_cli("--offline", "operations", "armature").stderr
    assert (0, "") == (run_cli("operations", "armature").exit_code, run_cli("operations", "armature").stderr)
    assert "" == run_cli("--offline", "operations", "armature").stderr
    assert 1 == len(nearby.asked)
    assert not state_of(home).pointer.get("is_shipped")


@pytest.mark.parametrize("words", [("armature", "--help"), ("operations", "armature")], ids=" ".join)
def test_a_server_that_is_down_is_warned_of_in_each_run(
    words: tuple[str, ...], nearby: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the real one does not come, the one at hand works and each run says so once."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    run_cli("api", "add", "armature", nearby.url, "--offline")
    for _ in range(2):
        result = run_cli(*words)
        assert_ended(result, 0, SHOWN)
        assert 1 == result.stderr.count("warning: ")


def test_the_shipped_file_is_never_written(nearby: Served) -> None:
    """The file of the package stays as it is, whatever is fetched in its place."""
    path = Path(document_path())
    before = path.read_bytes(), path.stat().st_mtime_ns
    run_cli("api", "add", "armature", nearby.url, "--offline")
    nearby.responses(json_response(pets()))
    assert 0 == run_cli("api", "refresh", "armature").exit_code
    assert before == (path.read_bytes(), path.stat().st_mtime_ns)
