"""`--quiet`: no notes on standard error."""

import pytest

from tests.documents import get, post, save_api
from tests.harness import Recorder, assert_ended, json_response, run_cli

_ERROR = ("stderr",)


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (["get-workflow", "wf_search-issues", "-f", "criteria"], "currentVersion.criteria"),
        (["search-runs", "--range", "7d", "-o", "csv"], "--all for the rest"),
        (["search-runs", "--range", "7d", "--all", "--page-size", "50"], "230 items, 5 pages"),
    ],
)
def test_notes_are_left_out(words: list[str], note: str) -> None:
    """Before the API and after the operation; the response stays the same."""
    loud = run_cli("demo", *words, terminal=_ERROR)
    assert note in loud.stderr
    for quiet in (
        run_cli("demo", *words, "-q", terminal=_ERROR),
        run_cli("--quiet", "demo", *words, terminal=_ERROR),
    ):
        assert (loud.stdout, "") == (quiet.stdout, quiet.stderr)


def test_the_next_command_is_a_note(server: Recorder) -> None:
    """After the creation of a resource."""
    api = save_api(post("/pets", "addPet"), get("/pets/{id}", "getPet"), server=server)
    server.responses["/pets"] = json_response({"id": "rex"}, 201)
    assert "next: " in run_cli(api, "add-pet", terminal=_ERROR).stderr
    assert "next: " not in run_cli(api, "add-pet", "-q", terminal=_ERROR).stderr


def test_warnings_and_errors_stay(server: Recorder) -> None:
    """They need an action."""
    responses = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}}
    api = save_api(get("/pets", "listPets", responses=responses), server=server)
    server.responses["/pets"] = json_response([])
    assert_ended(run_cli(api, "list-pets", "-q"), 0, "warning: ")
    assert_ended(run_cli(api, "list-pet", "-q"), 2, "error: ")


def test_a_quiet_call_does_not_use_up_the_note_of_the_day(server: Recorder) -> None:
    """An operation is deprecated: the first call that may say so does."""
    api = save_api(get("/pets", "listPets"), server=server)
    server.responses["/pets"] = json_response([], Deprecation="@1767225600")
    assert "deprecated" not in run_cli(api, "list-pets", "-q").stderr
    assert "is deprecated since 2026-01-01" in run_cli(api, "list-pets").stderr
