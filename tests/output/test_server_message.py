"""What a server says of an error stands in the error's own message."""

import json
from typing import Any

import pytest

from dynacli.http.semantics import ReceivedBody
from dynacli.media.body_value import error_value
from dynacli.text.body_text import server_message
from tests.documents import get, save_api
from tests.harness import Recorder, Response, run_cli

_JSON = "application/json"

SAID: dict[str, tuple[Any, str]] = {
    "message": ({"message": "Not Found", "documentation_url": "https://x"}, "Not Found"),
    "error": ({"error": "no such pet"}, "no such pet"),
    "error as an object": ({"error": {"code": 3, "message": "no such pet", "type": "x"}}, "no such pet"),
    "problem details": (
        {"type": "about:blank", "title": "Bad input", "detail": "`age` is missing", "status": 400},
        "Bad input; `age` is missing",
    ),
    "OAuth": (
        {"error": "invalid_token", "error_description": "it has expired"},
        "it has expired; invalid_token",
    ),
    "FastAPI": (
        {"detail": [{"loc": ["body", "items", 0], "msg": "Field required", "type": "missing"}]},
        "body.items.0: Field required",
    ),
    "a list of errors": (
        {"errors": [{"message": "one"}, {"detail": "two"}, "three", "four"]},
        "one; two; three",
    ),
    "errors with codes alone": (
        {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}]},
        "Validation Failed; title: missing_field",
    ),
    "Django": (
        {"name": ["This field is required."], "tags": ["a", "b"]},
        "name: This field is required; tags: a; tags: b",
    ),
    "Django of no field": ({"__all__": ["The name must be unique."]}, "The name must be unique."),
    "Django in a list": ([{}, {}, {}, {"name": ["blank"]}], "name: blank"),
    "Django with codes": (
        {"name": [{"message": "This field is required.", "code": "required"}]},
        "name: This field is required.",
    ),
    "Django, nested": (
        {"location": {"name": ["Too long."]}, "non_field_errors": ["No such location."]},
        "location.name: Too long; No such location.",
    ),
    "ASP.NET": (
        {
            "title": "One or more errors.",
            "status": 400,
            "errors": {"Name": ["It is required."], "": ["No body."]},
        },
        "One or more errors; Name: It is required; No body.",
    ),
    "Rails": ({"errors": {"name": ["can't be blank"], "base": ["Full."]}}, "name: can't be blank; Full."),
    "fields with one text each": ({"errors": {"name": "is required"}}, "name: is required"),
    "a text beside fields": ({"message": "Invalid", "name": ["is too long"]}, "Invalid; name: is too long"),
    "a field named like a text": ({"title": ["is too long"]}, "title: is too long"),
    "a violation": (
        {"violations": [{"field": "age", "message": "must be a number"}]},
        "age: must be a number",
    ),
    "a text alone": ("gone", "gone"),
    "the same twice": ({"message": "gone", "error": "gone"}, "gone"),
    "the title again in the detail": (
        {
            "title": "No artifact `x`",
            "detail": "NotFoundException: no artifact `x`.",
            "name": "NotFoundException",
        },
        "NotFoundException: no artifact `x`.",
    ),
    "a part of another word": ({"title": "no", "detail": "nothing"}, "no; nothing"),
    "lines and controls": ({"message": "a\n b\u001b[2J\u202ec"}, "a b\\x1b[2J\\u202ec"),
    "long": ({"message": "x" * 5000}, "x" * 300 + "..."),
    "nothing": ({"status": 400, "message": None, "error": True}, ""),
    "data that is no error": ({"id": "7", "tags": [], "owner": {"id": 7}, "at": "2026-01-01"}, ""),
    "an empty text": ({"message": " "}, ""),
    "a list of numbers": ([1, 2], ""),
    "deep": ({"error": {"error": {"error": {"error": {"error": {"message": "deep"}}}}}}, ""),
}


@pytest.mark.parametrize(("body", "said"), SAID.values(), ids=SAID)
def test_what_a_server_says(body: Any, said: str) -> None:
    """One line, which a terminal can show."""
    assert said == server_message(body)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", _JSON),
        (b'{"message"', _JSON),
        (b"<h1>message</h1>", "text/html"),
        (b"\xff\xfe", _JSON),
        (b"[" * 99_999, _JSON),
    ],
    ids=["nothing", "cut", "HTML", "no text", "too deep"],
)
def test_what_has_no_message(body: bytes, media_type: str) -> None:
    """What is not JSON says nothing."""
    assert error_value(ReceivedBody(body, media_type)) is None


@pytest.mark.parametrize("words", [(), ("--validate", "off")], ids=["validated", "unjudged"])
def test_an_error_quotes_the_server(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The reason of the error is what the server says; a secret in it is masked also if it is cut."""
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    api = save_api(get("/pet", "getPet", security=[{"key": []}]), server=server, schemes={"key": scheme})
    monkeypatch.setenv("DYNACLI_KEY", canary)
    text = f"no pet for {canary}, {'x' * 262}{canary}"
    server.responses["/pet"] = Response(404, json.dumps({"message": text}).encode(), {"Content-Type": _JSON})
    result = run_cli(api, "get-pet", "--accept-origin", server.origin, "-o", "@/dev/null", *words)
    assert 4 == result.exit_code
    assert 'reason: The server says: "no pet for ***, xxx' in result.stderr
    assert canary[:6] not in result.stderr
