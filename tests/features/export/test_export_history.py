"""`dynacli history export`: the calls that were made, for other programs."""

import json

import pytest

from dynacli.registry.demo_facts import API_KEYS
from tests.documents import BEARER, document, operation, parameter, register
from tests.harness import Recorder, Response, run_cli


def _make_calls(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    secured = operation(
        "listPets", parameter("q", {"type": "string"}), parameter("api_key", {"type": "string"})
    )
    made = document({"/pets": {"get": {**secured, "security": [{"bearer": []}]}}}, [server.origin])
    made["components"] = {"securitySchemes": {"bearer": BEARER}}
    server.responses["/pets"] = Response(404, b"{}")
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    monkeypatch.setenv("DYNACLI_PETS_TOKEN", API_KEYS["owner"])
    register("pets", made)
    for word in ("a", "b"):
        words = ("pets", "list-pets", "--q", word, "--api-key", "hidden", "--accept-origin", server.origin)
        assert 4 == run_cli(*words).exit_code


def test_the_calls_for_hurl_and_postman(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest comes first, what is masked is a variable, and hurl asserts the status that came."""
    _make_calls(server, monkeypatch)
    made = run_cli("history", "export", "--as", "hurl").stdout
    first, second = made.index("/pets?q=a&api_key={{pets_api_key}}\n"), made.index("/pets?q=b&")
    assert first < second
    assert 2 == made.count("\nAuthorization: Bearer {{pets_Authorization}}\n")
    assert 2 == made.count("\nHTTP 404\n")
    items = json.loads(run_cli("history", "export", "pets", "--as", "postman").stdout)["item"]
    assert [["list-pets", "list-pets (2)"]] == [[member["name"] for member in item["item"]] for item in items]


def test_the_calls_as_har(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests and responses are in it, and no secret."""
    _make_calls(server, monkeypatch)
    result = run_cli("history", "export", "--as", "har")
    assert "hidden" not in result.stdout
    assert [404, 404] == [
        entry["response"]["status"] for entry in json.loads(result.stdout)["log"]["entries"]
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--as"),
        (["--as", "har"], "no such call"),
        (["--as", "x"], "x"),
        (["--as", "har", "--since", "y"], "`y`"),
    ],
)
def test_what_cannot_be_exported(words: list[str], message: str) -> None:
    """The error says what is wrong."""
    result = run_cli("history", "export", *words)
    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_completion_offers_the_command_and_the_apis() -> None:
    """The group `history` has the command as long as the export formats are installed."""
    assert "export" in run_cli("__complete", "bash", "history", "").stdout.split()
    assert "demo" in run_cli("__complete", "bash", "history", "export", "").stdout.split()
