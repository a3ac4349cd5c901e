"""Bodies of YAML, XML, CBOR and MessagePack: built from options, from JSON, and from examples."""

import json
import sys
from pathlib import Path
from typing import Any

import cbor2
import msgpack  # type: ignore[import-untyped]
import pytest
import yaml

import dynacli
from dynacli.media.body_value import body_value
from dynacli.media.text_values import BodySchema
from tests.documents import operation, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli

_PET: dict[str, Any] = {
    "type": "object",
    "xml": {"name": "pet"},
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "name": {"type": "string"},
        "price": {"type": "number"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "xml": {"name": "tag"}},
            "xml": {"wrapped": True},
        },
        "owner": {"type": "object", "properties": {"login": {"type": "string"}}},
        "secret": {"type": "string", "format": "password"},
        "extra": {},
    },
}
_WORDS = (
    "--name",
    "Rex & <Co>",
    "--id",
    "7",
    "--price",
    "1.5",
    "--tags",
    "a",
    "--tags",
    "b",
    "--owner.login",
    "ann",
)
_VALUE = {"name": "Rex & <Co>", "id": 7, "price": 1.5, "tags": ["a", "b"], "owner": {"login": "ann"}}
_TYPES = (
    "application/xml",
    "text/xml",
    "application/yaml",
    "application/cbor",
    "application/vnd.msgpack",
    "a/b+cbor",
)


def _resolve(reference: str) -> Any:
    raise LookupError(reference)


def _read(content: bytes, media_type: str) -> Any:
    """Return the value by the libraries themselves, and XML by our own reader."""
    if "yaml" in media_type:
        return yaml.safe_load(content)
    if "xml" in media_type:
        return body_value(content, media_type, lambda: BodySchema(_PET, _resolve))
    return cbor2.loads(content) if "cbor" in media_type else msgpack.unpackb(content)


def _api(server: Recorder, *media_types: str, schema: Any = None) -> str:
    body = {"required": True, "content": {name: {"schema": schema or _PET} for name in media_types}}
    posted = {**operation("addPet", responses={"204": {"description": ""}}), "requestBody": body}
    server.responses["/pets"] = Response(204, b"")
    return save_api({"/pets": {"post": posted}}, server=server)


@pytest.mark.parametrize("media_type", _TYPES)
def test_options_build_the_body(server: Recorder, media_type: str) -> None:
    """The server gets the value in its media type; help and dry runs know the options, too."""
    word = _api(server, media_type)
    result = run_cli(word, "add-pet", *_WORDS, "--validate", "strict")
    assert (0, "") == (result.exit_code, result.stderr)
    assert _VALUE == _read(server.last.body, media_type)
    assert [media_type] == server.last.headers["content-type"]
    assert "--owner.login" in run_cli(word, "add-pet", "--help").stdout


@pytest.mark.parametrize("media_type", _TYPES)
def test_json_and_a_value_of_the_library_build_it_too(server: Recorder, media_type: str) -> None:
    """`--body` with JSON is written in the media type, and options override it; so is an object in Python."""
    word = _api(server, media_type)
    assert 0 == run_cli(word, "add-pet", "--body", json.dumps(_VALUE), "--name", "Tom").exit_code
    assert {**_VALUE, "name": "Tom"} == _read(server.last.body, media_type)
    with dynacli.open_api(word) as api:
        api.call("add-pet", {"body": _VALUE})
    assert _VALUE == _read(server.last.body, media_type)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/xml", b"<?xml version='1.0'?><pet><name>Rex</name></pet>"),
        ("application/yaml", b"# a comment\nname: Rex\n"),
        ("application/yaml", b'{"name": "Rex"}'),
        ("application/yaml", b"{name: Rex}"),
        ("application/cbor", cbor2.dumps({"name": "Rex"})),
        ("application/vnd.msgpack", msgpack.packb({"name": "Rex"})),
    ],
)
def test_a_body_in_the_media_type_is_sent_as_it_is(server: Recorder, media_type: str, content: bytes) -> None:
    """Byte for byte, from a file."""
    word = _api(server, media_type)
    Path("body").write_bytes(content)
    assert 0 == run_cli(word, "add-pet", "--body", "@body").exit_code
    assert content == server.last.body


def test_options_override_yaml(server: Recorder) -> None:
    """YAML is read, and written again with the options."""
    word = _api(server, "application/yaml")
    assert 0 == run_cli(word, "add-pet", "--body", "name: Rex\nid: 1", "--id", "2").exit_code
    assert {"name": "Rex", "id": 2} == yaml.safe_load(server.last.body)
    wrong = run_cli(word, "add-pet", "--body", "name: [", "--id", "2")
    assert_ended(wrong, 2, "The value of --body is not YAML")


@pytest.mark.parametrize("media_type", _TYPES)
def test_a_value_that_does_not_fit_is_refused(server: Recorder, media_type: str) -> None:
    """Nothing is sent, and the finding names the place."""
    word = _api(server, media_type)
    result = run_cli(word, "add-pet", "--name", "x", "--set", "owner.login=5")
    assert_ended(result, 2, "/owner/login")
    assert [] == server.requests
    missing = run_cli(word, "add-pet", "--id", "1")
    assert_ended(missing, 2, "--name")
    assert [] == server.requests


@pytest.mark.parametrize("media_type", _TYPES)
def test_an_example_is_written(server: Recorder, media_type: str) -> None:
    """`--example` fills in what is required."""
    word = _api(server, media_type)
    assert 0 == run_cli(word, "add-pet", "--example").exit_code
    assert {"name": "string"} == _read(server.last.body, media_type)


@pytest.mark.parametrize("media_type", _TYPES)
def test_a_password_is_masked(server: Recorder, media_type: str) -> None:
    """Whatever the format makes of it: a dry run shows a body of its media type without the password."""
    word = _api(server, media_type)
    shown = run_cli(word, "add-pet", "--name", "Rex", "--secret", "a&b'\"<c", "--dry-run", "json").json
    content = (shown["body"] or "").encode()
    if shown["body"] is None:
        import base64

        content = base64.b64decode(shown["body_base64"])
    assert {"name": "Rex", "secret": "***"} == _read(content, media_type)


def test_json_comes_first(server: Recorder) -> None:
    """Of several media types, JSON is sent unless another one is asked for."""
    word = _api(server, "application/xml", "application/cbor", "application/json")
    run_cli(word, "add-pet", "--name", "Rex")
    assert b'{"name":"Rex"}' == server.last.body
    run_cli(word, "add-pet", "--name", "Rex", "--content-type", "cbor")
    assert {"name": "Rex"} == cbor2.loads(server.last.body)


@pytest.mark.parametrize(
    ("media_type", "words", "said"),
    [
        ("application/xml", ("--name", "a\x01b"), "XML cannot have the character U+0001"),
        (
            "application/vnd.msgpack",
            ("--name", "x", "--set", f"extra={2**70}"),
            "only integers of up to 64 bits",
        ),
        ("application/cbor", ("--name", "x", "--set", 'extra="\\ud800"'), "a lone surrogate"),
        ("application/vnd.msgpack", ("--name", "x", "--set", 'extra="\\ud800"'), "a lone surrogate"),
        ("application/xml", ("--name", "x", "--set", 'extra="\\ud800"'), "U+D800"),
    ],
)
def test_what_has_no_form_is_refused(
    server: Recorder, media_type: str, words: tuple[str, ...], said: str
) -> None:
    """Exit code 2, the reason, and nothing sent."""
    result = run_cli(_api(server, media_type), "add-pet", *words)
    assert_ended(result, 2, said)
    assert [] == server.requests


@pytest.mark.parametrize(
    ("media_type", "package"), [("application/cbor", "cbor2"), ("application/msgpack", "msgpack")]
)
def test_the_package_that_is_missing_is_named(
    server: Recorder, media_type: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the error says how to install it, and nothing is sent; a whole body is sent anyway."""
    monkeypatch.setitem(sys.modules, package, None)
    word = _api(server, media_type)
    result = run_cli("--error-format", "json", word, "add-pet", "--name", "Rex")
    assert (2, []) == (result.exit_code, server.requests)
    assert "pip install '.[formats]'" in result.error["hint"]
    Path("body").write_bytes(b"\xa0")
    assert 0 == run_cli(word, "add-pet", "--body", "@body").exit_code


def test_the_components_name_the_elements(server: Recorder) -> None:
    """A body of XML has the names of its schemas, and arrays at the root an element around them."""
    word = _api(server, "application/xml", schema={"type": "array", "xml": {"name": "pets"}, "items": _PET})
    run_cli(word, "add-pet", "--body", '[{"name": "a"}, {"name": "b"}]')
    assert b"<pets><pet><name>a</name></pet><pet><name>b</name></pet></pets>" == server.last.body
