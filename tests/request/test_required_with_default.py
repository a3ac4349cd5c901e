"""What is required and has a default need not be given: the document says what is sent then."""

import json
from typing import Any

import pytest

from tests.documents import JSON, get, parameter, patch, post, route, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import run_cli

STRING: dict[str, Any] = {"type": "string"}
VERSION = {"type": "string", "default": "2022-06-28"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [("2022-06-28", ()), ("2025-01-01", ("--api-version", "2025-01-01")), ("2022-06-28", ("--example",))],
)
def test_a_required_header_has_its_default(sent: str, words: tuple[str, ...]) -> None:
    """The default of a required header is sent, help has the header among the optional inputs, and the example runs."""
    api = save_api(get("/a", "a", parameter("Api-Version", VERSION, "header", required=True)))
    assert sent == dict(request_of("a", *words)["headers"])["Api-Version"]
    page = run_cli(api, "a", "--help").stdout
    assert "[default 2022-06-28]" in page
    assert "Required" not in page


@pytest.mark.parametrize("default", [None, [], {}], ids=repr)
def test_a_default_that_cannot_be_written_is_none(default: Any) -> None:
    """Null and empty defaults cannot be sent in a query, so that the parameter stays required."""
    save_api(get("/a", "a", parameter("x", {"default": default}, required=True)))
    assert "`a` needs --x" in refusal_of("a").stderr
    assert "\nRequired inputs\n  --x " in run_cli("./api.json", "a", "--help").stdout


BODY: dict[str, Any] = {
    "type": "object",
    "required": ["model", "options"],
    "properties": {
        "model": {"type": "string", "default": "m1"},
        "options": {
            "type": "object",
            "required": ["n"],
            "properties": {"n": {"type": "integer", "default": 3}, "x": STRING},
        },
        "note": {"type": "string", "default": "optional"},
    },
}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "m1", "options": {"n": 3}}, ()),
        ({"model": "m2", "options": {"n": 3}}, ("--model", "m2")),
        ({"model": "m1", "options": {"n": 3, "x": "y"}}, ("--options.x", "y")),
        ({"model": "m1", "options": {"n": 3}, "note": "z"}, ("--note", "z")),
    ],
)
def test_a_required_property_has_its_default(body: dict[str, Any], words: tuple[str, ...]) -> None:
    """A body made from options has the defaults of required properties at any depth, and of no others."""
    save_api(post("/a", body=BODY))
    assert body == request_of("a", *words)["json"]


def test_a_body_that_is_given_whole_gets_no_defaults() -> None:
    """A missing property of a whole body is reported, and no default fills it in."""
    save_api(post("/a", body=BODY))
    assert "`model` is missing" in refusal_of("a", "--body", '{"note":"z"}').stderr


def test_a_form_beside_a_file_has_its_defaults() -> None:
    """The default is a part like any other."""
    schema = {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"type": "string", "default": "k"},
            "file": {"type": "string", "format": "binary"},
        },
    }
    save_api(post("/a", body=schema, media_type="multipart/form-data"))
    body = request_of("a", "--file", "@-", stdin=b"bytes")["body"]
    assert 'name="kind"\r\n\r\nk\r\n' in body
    assert "bytes" in body


MERGE_PATCH = "application/merge-patch+json"


@pytest.mark.parametrize(
    ("method", "media_type", "is_patch"),
    [("post", JSON, False), ("put", JSON, False), ("patch", JSON, True), ("post", MERGE_PATCH, True)],
)
def test_a_patch_has_no_defaults(method: str, media_type: str, *, is_patch: bool) -> None:
    """They are what a server takes for a new object; what is left out of a patch stays as it is."""
    schema = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "colour": {"type": "string", "default": "red"},
            "size": {"type": "integer", "default": 3},
            "kind": {"type": "string", "enum": ["hat"], "default": "hat"},
        },
    }
    save_api(route(method, "/a", body=schema, media_type=media_type))
    page = run_cli("./api.json", "a", "--help").stdout
    assert is_patch is not ("default red" in page)
    assert is_patch is not ("default 3" in page)
    assert "default hat" in page
    described = run_cli("-o", "text", "describe", "./api.json", "a").stdout
    assert is_patch is ("what this body leaves out stays as it is" in described)
    if is_patch:
        assert "`a` needs --size" in refusal_of("a").stderr
        assert {"size": 3} == json.loads(request_of("a", "--size", "3")["body"])
    else:
        assert {"size": 3} == request_of("a")["json"]


def test_the_query_of_a_patch_has_its_defaults() -> None:
    """A parameter is about the call."""
    raw = parameter("notify", {"type": "boolean", "default": True})
    save_api(patch("/a", "a", raw, body={"type": "object"}))
    assert "default true" in run_cli("./api.json", "a", "--help").stdout
