"""`application/x-www-form-urlencoded`: what each property becomes, by its type and by the document's encoding."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.documents import operation, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, Response, run_cli

FORM = "application/x-www-form-urlencoded"
STRING: dict[str, Any] = {"type": "string"}
PROPERTIES: dict[str, Any] = {
    "text": STRING,
    "count": {"type": "integer"},
    "ok": {"type": "boolean"},
    "note": {"type": "string", "nullable": True},
    "list": {"type": "array", "items": STRING},
    "object": {"type": "object", "properties": {"a": STRING, "b": {"type": "integer"}}},
    "objects": {"type": "array", "items": {"type": "object", "properties": {"a": STRING}}},
    "deep": {
        "type": "object",
        "properties": {
            "x": {"type": "object", "properties": {"y": {"type": "integer"}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"z": STRING}}},
        },
    },
    "xml": {},
}


def _write(encoding: dict[str, Any] | None = None, version: str = "3.0.3", **properties: Any) -> None:
    schema = {"type": "object", "properties": properties or PROPERTIES}
    raw = operation("a", body=schema, media_type=FORM)
    if encoding:
        raw["requestBody"]["content"][FORM]["encoding"] = encoding
    save_api({"/a": {"post": raw}}, version=version)


def _form(*words: str, **more: Any) -> list[tuple[str, str]]:
    """The pairs of a dry run, as a server reads them."""
    request = request_of("a", *words, **more)
    assert FORM == dict(request["headers"])["Content-Type"]
    return parse_qsl(request["body"], keep_blank_values=True, strict_parsing=bool(request["body"]))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("text", "a b&c=d+é")], ("--text", "a b&c=d+é")),
        ([("text", "@file")], ("--text", "@file")),
        ([("text", "")], ("--text", "")),
        ([("count", "5"), ("ok", "false")], ("--count", "5", "--no-ok")),
        ([("list", "a"), ("list", "b")], ("--list", "a", "--list", "b")),
        ([("object", '{"a":"é","b":1}')], ("--object.a", "é", "--object.b", "1")),
        (
            [("objects", '{"a":"1"}'), ("objects", '{"a":"2"}')],
            ("--objects[0].a", "1", "--objects[1].a", "2"),
        ),
        ([("text", "x")], ("--text", "x", "--set", "note=null")),
        ([("text", "x")], ("--body", '{"text": "x", "note": null}')),
        ([("text", "y"), ("count", "1")], ("--body", '{"text": "x", "count": 1}', "--text", "y")),
        ([("other", "1")], ("--body", '{"other": 1}')),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_what_a_property_is_without_an_encoding(
    version: str, pairs: list[tuple[str, str]], words: tuple[str, ...]
) -> None:
    """Plain values are text, an array a pair for each item, an object JSON; null is left out."""
    _write(version=version)
    assert pairs == _form(*words)


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("pairs", "encoding", "words"),
    [
        ([("list", "a,b")], {"style": "form", "explode": False}, ("--list", "a", "--list", "b")),
        ([("list", "a"), ("list", "b")], {"style": "form"}, ("--list", "a", "--list", "b")),
        ([("list", "a"), ("list", "b")], {"explode": True}, ("--list", "a", "--list", "b")),
        ([("list", "a,b")], {"explode": False}, ("--list", "a", "--list", "b")),
        ([("list", "a|b")], {"style": "pipeDelimited"}, ("--list", "a", "--list", "b")),
        ([("list", "a b")], {"style": "spaceDelimited"}, ("--list", "a", "--list", "b")),
        (
            [("list[0]", "a"), ("list[1]", "b")],
            {"style": "deepObject", "explode": True},
            ("--list", "a", "--list", "b"),
        ),
        ([("list", '["a","b"]')], {"contentType": "application/json"}, ("--list", "a", "--list", "b")),
        (
            [("object[a]", "x"), ("object[b]", "1")],
            {"style": "deepObject"},
            ("--object.a", "x", "--object.b", "1"),
        ),
        ([("a", "x"), ("b", "1")], {"style": "form"}, ("--object.a", "x", "--object.b", "1")),
        ([("object", "a,x,b,1")], {"explode": False}, ("--object.a", "x", "--object.b", "1")),
        ([("deep[x][y]", "1")], {"style": "deepObject", "explode": True}, ("--deep.x.y", "1")),
        ([("deep[list][0][z]", "q")], {"style": "deepObject", "explode": True}, ("--deep.list[0].z", "q")),
        ([("objects[0][a]", "1")], {"style": "deepObject", "explode": True}, ("--objects[0].a", "1")),
        ([("text", "x")], {"style": "deepObject", "explode": True}, ("--text", "x")),
        ([("text", "x")], {"style": "pipeDelimited"}, ("--text", "x")),
        ([("text", '"x"')], {"contentType": "application/json"}, ("--text", "x")),
        ([("xml", "<x/>")], {"contentType": "application/xml"}, ("--xml", "<x/>")),
        ([("text", "x")], {"headers": {"X-A": {"required": True}}}, ("--text", "x")),
    ],
)
def test_the_encoding_says_how_a_property_is_written(
    pairs: list[tuple[str, str]], encoding: dict[str, Any], words: tuple[str, ...]
) -> None:
    """A style makes it look like a query parameter, nested as servers read it; else `contentType` decides."""
    _write(dict.fromkeys(PROPERTIES, encoding))
    assert pairs == _form(*words)


def test_reserved_characters_stay_where_the_document_says_so() -> None:
    """`allowReserved` leaves what has no meaning in a form as it is."""
    _write({"text": {"allowReserved": True}})
    assert "text=/a?b:c%26d%2Be" == request_of("a", "--text", "/a?b:c&d+e")["body"]
    _write({"text": {"allowReserved": False}})
    assert "text=%2Fa%3Fb%3Ac" == request_of("a", "--text", "/a?b:c")["body"]


@pytest.mark.parametrize("text", ["text=raw&x=%20&&y", "", "text", "a+b=%zz"])
def test_the_text_of_a_form_is_sent_as_it_is(server: Recorder, text: str) -> None:
    """`--body` with anything but a JSON value is the form itself, byte for byte."""
    _write()
    server.responses["/a"] = Response(200)
    Path("form").write_text(text)
    for word, stdin in ((text, b""), ("@form", b""), ("-", text.encode())):
        words = ("./api.json", "a", "--body", word, "--server", server.origin, "--validate", "off")
        assert 0 == run_cli(*words, stdin=stdin).exit_code
        assert (text.encode(), [FORM]) == (server.last.body, server.last.headers["content-type"])


@pytest.mark.parametrize(
    ("message", "encoding", "words"),
    [
        (
            "The property `object` of the form cannot be sent",
            {"contentType": "text/csv"},
            ("--object.a", "1"),
        ),
        (
            "The property `list` of the body cannot be sent",
            {"style": "pipeDelimited"},
            ("--list", "a|b", "--list", "c"),
        ),
        ("The property `list` of the body cannot be sent", {"style": "matrix"}, ("--list", "a")),
    ],
)
def test_what_a_form_cannot_hold_is_refused(
    message: str, encoding: dict[str, Any], words: tuple[str, ...]
) -> None:
    """A value that the document's encoding has no form for ends the call, and its property is named."""
    _write(dict.fromkeys(PROPERTIES, encoding))
    assert message in refusal_of("a", *words).stderr


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("/count", ("--body", '{"count": "x"}')),
        ("/object/b", ("--object", '{"b": "x"}')),
        ("/deep/x/y", ("--deep", '{"x": {"y": "z"}}')),
        ("", ("--deep.x.y", "5", "--objects[0].a", "1", "--count", "5", "--list", "1")),
    ],
)
@pytest.mark.parametrize("encoding", [None, {"style": "deepObject", "explode": True}], ids=["none", "deep"])
def test_a_form_is_validated_as_what_it_is_made_of(
    encoding: dict[str, Any] | None, finding: str, words: tuple[str, ...]
) -> None:
    """A form is validated by the values that it was written from, so that no encoding makes a right value wrong."""
    _write(dict.fromkeys(PROPERTIES, encoding) if encoding else None)
    if finding:
        assert finding in refusal_of("a", *words).stderr
    else:
        assert _form(*words)


def test_an_example_of_a_form_is_accepted() -> None:
    """Nested, by style or by JSON: `--example` makes it. An example that is a form's text is that text."""
    schema = {"type": "object", "properties": PROPERTIES, "required": ["text", "list", "deep", "count"]}
    raw = operation("a", body=schema, media_type=FORM)
    media = raw["requestBody"]["content"][FORM]
    for encoding in ({}, {name: {"style": "deepObject", "explode": True} for name in PROPERTIES}):
        media["encoding"] = encoding
        save_api({"/a": {"post": raw}})
        assert {"text", "count"} <= {name for name, _ in _form("--example")}
    media["example"] = "text=a&count=1&list=x&deep=%7B%7D"
    media["schema"] = {"type": ["object", "string"]}
    save_api({"/a": {"post": raw}}, version="3.1.0")
    assert media["example"] == request_of("a", "--example", before=("--validate", "off"))["body"]


def test_a_form_comes_before_one_of_parts_unless_there_are_files() -> None:
    """A plain form is preferred to a multipart one, which only a file needs."""
    for schema, media_type in ((STRING, FORM), ({**STRING, "format": "binary"}, "multipart/form-data")):
        body = {"type": "object", "properties": {"x": schema}}
        raw = operation("a", body=body, media_type=FORM)
        raw["requestBody"]["content"]["multipart/form-data"] = {"schema": body}
        save_api({"/a": {"post": raw}})
        content_type = dict(request_of("a", "--set", 'x="1"')["headers"])["Content-Type"]
        assert media_type == content_type.partition(";")[0]
    assert json.loads(Path("api.json").read_text())
