"""With `--offline`, and with the server gone, all works but calls; an old document is used with one warning."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents import operation, pets
from tests.harness import Recorder, recording, run_cli
from tests.served_document import DAY, Served, age

COMMANDS: dict[str, tuple[str, ...]] = {
    "help": ("shop", "--help"),
    "help of a tag": ("shop", "pets", "--help"),
    "help of an operation": ("shop", "list-pets", "--help"),
    "operations": ("operations", "shop"),
    "describe": ("describe", "shop", "create-pet"),
    "dry run": ("shop", "get-pet", "7", "--dry-run", "json"),
    "changes": ("changes", "shop"),
    "document": ("document", "shop"),
    "document, resolved": ("document", "shop", "--resolved"),
    "show": ("api", "show", "shop"),
}
"""What needs the document, and no server."""
SILENT: dict[str, tuple[str, ...]] = {
    "list": ("api", "list"),
    "history": ("api", "history", "shop"),
    "cache": ("cache", "info"),
    "completion of names": ("__complete", "bash", ""),
    "completion of operations": ("__complete", "zsh", "shop", "list"),
    "completion of options": ("__complete", "fish", "shop", "list-pets", "--"),
    "version": ("--version",),
    "help of the program": ("--help",),
    "page": ("help", "errors"),
}
"""What needs neither."""


@pytest.fixture
def stale(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """An API with two revisions, a document four days old and a server that is gone; counts what that was asked."""
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    with recording() as server:
        served = Served(server, pets("1"))
        run_cli("api", "add", "shop", served.url)
        age(home, 2 * DAY)
        served.has(pets("2", **{"/new": {"get": operation("newOne")}}))
        run_cli("operations", "shop")
        age(home, 4 * DAY)
    monkeypatch.setenv("DYNACLI_REFRESH", "background")
    return lambda: len(served.asked)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_offline_all_works_with_one_warning(
    words: tuple[str, ...], stale: Callable[[], int], home: Path
) -> None:
    """`--offline` fetches nothing, and says once how old the document is."""
    result = run_cli("--offline", *words)
    expected = "warning: shop: the document is 4 days old, and nothing is fetched (--offline)\n"
    assert (0, expected) == (result.exit_code, result.stderr)
    assert result.stdout
    assert (2, []) == (stale(), list((home / "cache").rglob("refresh.claim")))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("mode", ["background", "blocking", "never"])
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_with_the_server_gone_all_works(
    words: tuple[str, ...], mode: str, stale: Callable[[], int], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the server the document is used as it was; a person is told once, when it is known."""
    monkeypatch.setenv("DYNACLI_REFRESH", mode)
    monkeypatch.delattr("os.nice")
    if mode == "background":
        run_cli("__refresh", "shop")  # what an earlier run began
        (pointer,) = (home / "cache").rglob("current.json")
        pointer.with_name("refresh.claim").touch()
    result = run_cli(*words)
    assert (0, 1) == (result.exit_code, result.stderr.count("warning: "))
    assert "4 days old" in result.stderr
    assert result.stdout
    assert 2 == stale()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("words", SILENT.values(), ids=SILENT)
def test_what_needs_no_document_is_silent(words: tuple[str, ...], stale: Callable[[], int]) -> None:
    """Lists, completion and help of the program itself neither ask nor warn."""
    result = run_cli(*words)
    assert (0, "", 2) == (result.exit_code, result.stderr, stale())
    assert result.stdout


@pytest.mark.usefixtures("stale")
def test_only_the_call_fails() -> None:
    """A call offline ends with 6, after the one warning."""
    result = run_cli("shop", "list-pets", "--offline")
    assert (6, 1) == (result.exit_code, result.stderr.count("warning: "))


def test_a_fresh_document_has_no_warning(server: Recorder) -> None:
    """Offline is not reason to warn of a document that is not due."""
    served = Served(server, pets())
    run_cli("api", "add", "shop", served.url)
    for words in COMMANDS.values():
        if words[0] != "changes":
            assert (0, "") == (run_cli("--offline", *words).exit_code, run_cli("--offline", *words).stderr)
    assert 1 == len(served.asked)


def test_what_was_never_fetched_says_what_to_do(server: Recorder) -> None:
    """Offline, a document that is not at hand ends with 8 and the way out."""
    url = f"{server.origin}/openapi.json"
    result = run_cli("operations", url, "--offline", "--error-format", "json")
    assert (8, f"`{url}` is not in the cache", "Run it once without `--offline` to fetch it") == (
        result.exit_code,
        result.error["message"],
        result.error["hint"],
    )
    assert [] == server.requests


def test_the_verbs_that_fetch_say_that_they_do_not(server: Recorder) -> None:
    """`api add --offline` takes what the cache has; `api refresh --offline` cannot do what it is for."""
    served = Served(server, pets())
    assert 8 == run_cli("api", "add", "shop", served.url, "--offline").exit_code
    run_cli("operations", served.url)
    assert 0 == run_cli("api", "add", "shop", served.url, "--offline").exit_code
    result = run_cli("api", "refresh", "shop", "--offline", "--error-format", "json")
    assert (2, "`shop` cannot be refreshed offline", 1) == (
        result.exit_code,
        result.error["message"],
        len(served.asked),
    )


def test_warnings_are_json_where_errors_are(stale: Callable[[], int]) -> None:
    """With `--error-format json` the warning is one line of JSON."""
    result = run_cli("operations", "shop", "--offline", "--error-format", "json")
    message = "shop: the document is 4 days old, and nothing is fetched (--offline)"
    assert {"warning": {"message": message}} == json.loads(result.stderr)
    assert 2 == stale()
