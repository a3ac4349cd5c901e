"""`dynacli changes` as a gate: the changes that it fails on, and the documents that it compares."""

import json
from typing import Any

import pytest

from dynacli.features.changes import comparison
from tests.documents import operation, parameter, save_api
from tests.harness import assert_ended, run_cli

_LIMIT = parameter("limit", {"type": "integer", "maximum": 100})
_ID = parameter("id", {"type": "string"}, "path")
_LIST = operation("listPets", _LIMIT, summary="List pets")
_GET = operation("getPet", _ID)
_OLD = {"/pets": {"get": _LIST}, "/pets/{id}": {"get": _GET}}


def _saved(name: str, paths: dict[str, Any], **more: Any) -> str:
    return save_api(paths, **more, file=name)


def _list_with(**fields: Any) -> dict[str, Any]:
    return {**_OLD, "/pets": {"get": {**_LIST, **fields}}}


_TIGHTER = _list_with(parameters=[parameter("limit", {"type": "integer", "maximum": 50})])
_LOOSER = _list_with(parameters=[parameter("limit", {"type": "integer", "maximum": 500})])
_TEXTS = _list_with(
    summary="All pets", description="Of the shop", tags=["pets"], parameters=[{**_LIMIT, "example": 3}]
)
_NEXT = {"info": {"title": "Small", "version": "2"}}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("paths", "more", "breaking", "any_"),
    [
        pytest.param(_OLD, {}, "", "", id="nothing"),
        pytest.param(_TEXTS, {}, "", "", id="texts"),
        pytest.param(_TIGHTER, {}, "1 operation changed: `list-pets`", "1 operation changed", id="tighter"),
        pytest.param(_LOOSER, {}, "", "1 operation changed: `list-pets`", id="looser"),
        pytest.param(
            {"/pets": _OLD["/pets"]},
            {},
            "1 operation removed: `get-pet`",
            "1 operation removed",
            id="removed",
        ),
        pytest.param(
            {**_OLD, "/owners": {"get": operation("listOwners")}},
            {},
            "",
            "1 new operation: `list-owners`",
            id="added",
        ),
        pytest.param(_OLD, _NEXT, "", "no operation changed, but what is common", id="version"),
        pytest.param(
            {**_list_with(parameters=_TIGHTER["/pets"]["get"]["parameters"], summary="All"), "/x": {}},
            _NEXT,
            "1 operation changed: `list-pets`",
            "1 operation changed: `list-pets`",
            id="several",
        ),
    ],
)
def test_the_gate_fails_on_the_changes_that_it_is_set_to(
    paths: dict[str, Any], more: dict[str, Any], breaking: str, any_: str
) -> None:
    """It exits with 9, says which operations, and prints the same report as without it."""
    old, new = _saved("old.json", _OLD), _saved("new.json", paths, **more)
    plain = run_cli("changes", new, "--since", old, "-o", "json")
    for fail_on, reason in (("breaking", breaking), ("any", any_)):
        result = run_cli("changes", new, "--since", old, "-o", "json", "--fail-on", fail_on)
        assert (9 if reason else 0) == result.exit_code
        assert plain.stdout == result.stdout
        assert f"reason: {reason}" in result.stderr if reason else not result.stderr


def test_the_gate_counts_changes_that_are_not_shown() -> None:
    """`--breaking` hides a harmless change, and `--fail-on any` fails on it."""
    old, new = _saved("old.json", _OLD), _saved("new.json", _LOOSER)
    result = run_cli("changes", new, "--since", old, "--breaking", "--fail-on", "any")
    assert (9, "nothing changed\n") == (result.exit_code, result.stdout)
    assert "1 operation changed: `list-pets`" in result.stderr


def test_the_gate_reports_its_failure_as_json() -> None:
    """A program gets the kind and the exit code of a mismatch."""
    old, new = _saved("old.json", _OLD), _saved("new.json", _TIGHTER)
    words = ("--fail-on", "breaking", "-o", "json", "--error-format", "json")
    error = json.loads(run_cli("changes", new, "--since", old, *words).stderr)["error"]
    assert ("mismatch", 9) == (error["kind"], error["exit_code"])
    assert "`dynacli help changes` has the rules" in error["hint"]


@pytest.mark.parametrize("fail_on", ["breaking", "any"])
def test_the_gate_fails_if_the_documents_are_too_large_to_compare(
    fail_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comparison that was cut finds nothing, which is no proof that nothing changed."""
    old, new = _saved("old.json", _OLD), _saved("new.json", _TIGHTER)
    monkeypatch.setattr(comparison, "_MOST_PAIRS", 0)
    result = run_cli("changes", new, "--since", old, "--fail-on", fail_on)
    assert 9 == result.exit_code
    assert "`./new.json` was not compared whole" in result.stderr


def test_a_first_revision_passes_the_gate() -> None:
    """Without an earlier revision there is nothing to compare, and a note says so."""
    result = run_cli("changes", _saved("new.json", _OLD), "--fail-on", "any")
    assert (0, "") == (result.exit_code, result.stdout)
    assert "has only one revision" in result.stderr


@pytest.mark.parametrize("form", ["json", "markdown"])
def test_data_about_a_first_revision_say_that_nothing_changed(form: str) -> None:
    """A program that reads them gets the format that it asked for, with no change in it."""
    result = run_cli("changes", _saved("new.json", _OLD), "-o", form)
    assert_ended(result, 0, "has only one revision")
    assert [] == result.json["changed"] if form == "json" else result.stdout
