"""Multipart bodies: a part for each property, files from where they lie, and names that cannot break out."""

import json
import shutil
import subprocess
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.request.form_body import Multipart, Part
from dynacli.validation.read_body import split_parts
from tests.documents import SERVER, api_of, operation, post, save, save_api
from tests.dry_runs import request_of
from tests.harness import RecordedRequest, Recorder, Response, Result, examples_of, run_cli

FORM_DATA = "multipart/form-data"
STRING: dict[str, Any] = {"type": "string"}
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
PAIR = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "array", "items": STRING}}}
PROPERTIES: dict[str, Any] = {
    "photo": FILE,
    "photos": {"type": "array", "items": FILE},
    "title": STRING,
    "count": {"type": "integer"},
    "ok": {"type": "boolean"},
    "note": {"type": "string", "nullable": True},
    "tags": {"type": "array", "items": STRING},
    "meta": PAIR,
    "pairs": {"type": "array", "items": PAIR},
}


def _write(
    properties: dict[str, Any],
    encoding: dict[str, Any] | None = None,
    *,
    required: tuple[str, ...] = (),
    version: str = "3.0.3",
    media_type: str = FORM_DATA,
) -> None:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    raw = operation("a", body=schema if required else {**schema, "required": []}, media_type=media_type)
    if not required:
        del raw["requestBody"]["content"][media_type]["schema"]["required"]
    if encoding:
        raw["requestBody"]["content"][media_type]["encoding"] = encoding
    save_api({"/a": {"post": raw}}, version=version)


def _shown(*words: str, **more: Any) -> list[list[str]]:
    """The parts of a dry run: name, file name or None, media type, content."""
    request = request_of("a", *words, **more)
    content_type = dict(request["headers"])["Content-Type"]
    return _parts(content_type, request["body"].encode())


def _parts(content_type: str, body: bytes) -> list[Any]:
    """Take a body apart by the standard library, which is someone else's reading of the standards."""
    whole = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts: list[Any] = []
    assert isinstance(whole, EmailMessage)
    for part in whole.iter_parts():
        name = part.get_param("name", header="content-disposition")
        declared = part["Content-Type"]
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        parts.append([name, part.get_filename(), str(declared) if declared else None, content.decode()])
    return parts


@pytest.fixture
def files() -> None:
    """Files of several kinds."""
    Path("a.txt").write_text("hello")
    Path("b.png").write_text("png")
    Path("c").write_text("c")
    Path("d.tar.gz").write_text("packed")


@pytest.mark.sampled(6)
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([["title", None, None, "x"]], ("--title", "x")),
        ([["title", None, None, "@a.txt"]], ("--title", "@a.txt")),
        ([["count", None, None, "5"], ["ok", None, None, "false"]], ("--no-ok", "--count", "5")),
        ([["tags", None, None, "x"], ["tags", None, None, "y"]], ("--tags", "x", "--tags", "y")),
        ([["meta", None, "application/json", '{"a":1,"b":["x"]}']], ("--meta.a", "1", "--meta.b", "x")),
        (
            [["pairs", None, "application/json", '{"a":1}'], ["pairs", None, "application/json", '{"a":2}']],
            ("--pairs", '[{"a": 1}, {"a": 2}]'),
        ),
        ([["title", None, None, "x"]], ("--title", "x", "--set", "note=null")),
        ([["photo", "a.txt", "text/plain", "hello"]], ("--photo", "@a.txt")),
        ([["photo", "b.png", "image/png", "png"]], ("--photo", "@b.png")),
        ([["photo", "c", "application/octet-stream", "c"]], ("--photo", "@c")),
        ([["photo", "d.tar.gz", "application/gzip", "packed"]], ("--photo", "@d.tar.gz")),
        ([["photo", "a.txt", "text/plain", "hello"]], ("--photo", "@../here/a.txt")),
        (
            [["photos", "a.txt", "text/plain", "hello"], ["photos", "b.png", "image/png", "png"]],
            ("--photos", "@a.txt", "--photos", "@b.png"),
        ),
        ([["photos", "a.txt", "text/plain", "hello"]], ("--photos", "@a.txt")),
        ([["photo", "photo", "application/octet-stream", "raw"]], ("--body", '{"photo": "raw"}')),
        ([["photo", "photo", "application/octet-stream", "@a.txt"]], ("--set", 'photo="@a.txt"')),
        (
            [["title", None, None, "x"], ["photo", "a.txt", "text/plain", "hello"]],
            ("--body", '{"photo": "raw", "title": "x"}', "--photo", "@a.txt"),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_property_is_a_part(parts: list[Any], words: tuple[str, ...]) -> None:
    """Plain values are text, objects JSON, an array a part for each item, `@FILE` a file under its base name."""
    _write(PROPERTIES)
    assert parts == _shown(*words)


@pytest.mark.sampled(5)
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("media_type", "declared", "word"),
    [
        ("image/png", "image/png", "@a.txt"),
        ("image/png", "image/jpeg, image/png", "@b.png"),
        ("image/jpeg", "image/jpeg, image/gif", "@b.png"),
        ("image/png", "image/*", "@b.png"),
        ("text/plain", "image/*", "@a.txt"),
        ('text/csv; charset="utf-8"', "text/csv; charset=utf-8", "@a.txt"),
        ("text/plain", "text/x\r\nX-Evil: 1", "@a.txt"),
        ("text/plain", 'text/x; a="\r\n"', "@a.txt"),
        ("text/plain", "nonsense", "@a.txt"),
        ("image/gif", "nonsense, image/gif", "@a.txt"),
    ],
)
def test_the_content_type_of_a_part_is_the_documents(media_type: str, declared: str, word: str) -> None:
    """The one that the file seems to be, if it is listed, else the first; a malformed one is as if it were absent."""
    _write({"photo": FILE}, {"photo": {"contentType": declared}})
    assert [media_type] == [part[2] for part in _shown("--photo", word)]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("schema", "version"),
    [
        ({"type": "string", "format": "binary"}, "3.0.3"),
        ({"type": "string", "format": "binary"}, "3.1.0"),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, "3.1.0"),
        ({"type": "string", "contentMediaType": "text/csv"}, "3.1.0"),
        ({"type": "string", "contentEncoding": "binary"}, "3.1.0"),
        ({"type": ["string", "null"], "format": "binary"}, "3.1.0"),
        ({"anyOf": [{"type": "string", "format": "binary"}, {"type": "null"}]}, "3.1.0"),
        ({"oneOf": [{"type": "string", "format": "binary"}, {"type": "string"}]}, "3.0.3"),
        ({"allOf": [{"type": "string", "format": "binary"}]}, "3.0.3"),
        ({"contentMediaType": "image/png"}, "3.1.0"),
        ({}, "3.1.0"),
    ],
    ids=json.dumps,
)
@pytest.mark.usefixtures("files")
def test_every_way_to_say_file(schema: dict[str, Any], version: str) -> None:
    """3.0 and 3.1 say it differently, and so do the tools that write documents."""
    _write({"photo": schema}, version=version)
    assert [["photo", "a.txt", "text/plain", "hello"]] == _shown("--photo", "@a.txt")


@pytest.mark.usefixtures("files")
def test_a_property_that_may_be_text_takes_both() -> None:
    """`@FILE` is the file and everything else the text; `@@` begins one with `@`."""
    _write({"photo": {"anyOf": [FILE, STRING]}})
    assert [["photo", None, None, "text"]] == _shown("--photo", "text")
    assert [["photo", None, None, "@a.txt"]] == _shown("--photo", "@@a.txt")


def test_standard_input_is_a_file() -> None:
    """`@-` is what is piped in; its size is known only at its end."""
    _write(PROPERTIES)
    assert [["photo", "stdin", "application/octet-stream", "piped"]] == _shown(
        "--photo", "@-", stdin=b"piped"
    )


def test_files_are_sent_as_parts_where_json_is_documented_first() -> None:
    """JSON has no way to carry a file; without one it comes first, as always."""
    for format_, sent in {"binary": "multipart/form-data", "date": "application/json"}.items():
        schema = {"type": "object", "properties": {"f": {"type": "string", "format": format_}}}
        raw = operation("a", body=schema)
        raw["requestBody"]["content"][FORM_DATA] = {"schema": schema}
        save_api({"/a": {"post": raw}})
        Path("f.txt").write_text("x")
        headers = dict(request_of("a", "--f", "@f.txt" if format_ == "binary" else "2026-01-01")["headers"])
        assert sent == headers["Content-Type"].partition(";")[0]


def test_it_is_sent_as_it_is_shown(server: Recorder) -> None:
    """Parts are sent as they are given, under a new boundary each time; a dry run shows a fixed one."""
    _write(PROPERTIES)
    Path("a.bin").write_bytes(bytes(range(256)))
    server.responses["/a"] = Response(200)
    words = ("./api.json", "a", "--title", "é", "--photo", "@a.bin", "--server", server.origin)
    boundaries = set()
    for _ in range(2):
        assert 0 == run_cli(*words).exit_code
        content_type = server.last.headers["content-type"][0]
        boundary = content_type.partition("boundary=")[2]
        boundaries.add(boundary)
        assert [str(len(server.last.body))] == server.last.headers["content-length"]
        title, photo = split_parts(server.last.body, {"boundary": boundary})
        assert ("title", "é".encode()) == (title.name, title.content)
        assert ("photo", bytes(range(256))) == (photo.name, photo.content)
    assert 2 == len(boundaries)
    shown = [run_cli(*words, "--dry-run", "json").stdout for _ in range(2)]
    assert shown[0] == shown[1]


def test_files_come_last_and_the_rest_in_the_documents_order(server: Recorder) -> None:
    """A server that reads the body as it comes knows what a file is before it gets it."""
    assert server
    _write(PROPERTIES)
    Path("a").write_text("")
    words = ("--tags", "t", "--photo", "@a", "--meta.a", "1", "--count", "1", "--title", "x")
    assert ["title", "count", "tags", "meta", "photo"] == [part[0] for part in _shown(*words)]


NAMELESS: dict[str, Any] = {
    "a file": FILE,
    "a file by reference": {"$ref": "#/components/schemas/File"},
    "files": {"type": "array", "items": FILE},
    "nothing": {},
    "an object": {"type": "object"},
    "an object of files": {"type": "object", "additionalProperties": FILE},
    "a file that is called an object": {"type": "object", "format": "binary"},
}


@pytest.mark.sampled(6)
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("schema", NAMELESS.values(), ids=NAMELESS)
def test_parts_that_the_document_does_not_name_are_files_under_names_of_ones_own(
    server: Recorder, schema: Any, version: str
) -> None:
    """`--file NAME=@FILE` gives them; `--example` and the example of the help page run."""
    made = api_of(post("/a", body=schema, media_type=FORM_DATA), server=server, version=version)
    made["components"] = {"schemas": {"File": FILE}}
    save(made)
    given = _shown("--file", "x=@a.txt", "--file", "y=@b.png")
    assert [["x", "a.txt", "text/plain", "hello"], ["y", "b.png", "image/png", "png"]] == given
    server.responses["/a"] = Response()
    page = run_cli("./api.json", "a", "--help").stdout
    assert "--file NAME=@FILE" in page
    (words,) = examples_of(page)
    assert ["dynacli", "./api.json", "a"] == words[:3]
    sent = run_cli(*words[1:])
    assert (0, "") == (sent.exit_code, sent.stderr.replace("Not validated", ""))
    (part,) = split_parts(
        server.last.body, {"boundary": server.last.headers["content-type"][0].partition("=")[2]}
    )
    assert "file" == part.name


@pytest.mark.usefixtures("files")
def test_a_part_needs_a_name_and_a_file() -> None:
    """`--file` without either is refused, and so is a file if the document names its parts."""
    save_api(post("/a", body=FILE, media_type=FORM_DATA))
    assert ["a.txt", "c"] == [part[1] for part in _shown("--file", "x=@a.txt", "--file", "x=@c")]
    for word in ("@a.txt", "=@a.txt", "x=a.txt", "x"):
        reported = run_cli("./api.json", "a", "--file", word).stderr
        assert f"`--file {word}` is not `NAME=@FILE`" in reported
        assert reported.endswith("  try: dynacli ./api.json a --file NAME=@FILE\n")
    _write(PROPERTIES)
    assert "There is no option `--file`" in run_cli("./api.json", "a", "--file", "x=@a.txt").stderr


@pytest.mark.usefixtures("files")
def test_a_property_that_calls_a_file_an_object_is_a_file() -> None:
    """`type: object, format: file` has no properties, and is bytes."""
    _write({"photo": {"type": "object", "format": "file"}})
    assert [["photo", "a.txt", "text/plain", "hello"]] == _shown("--photo", "@a.txt")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("media_type", ["text/csv", "image/png", "application/octet-stream"])
@pytest.mark.parametrize(
    "schema", [{"type": "object", "format": "binary"}, {"type": "object", "format": "file"}]
)
def test_a_body_that_calls_a_file_an_object_is_bytes(server: Recorder, schema: Any, media_type: str) -> None:
    """In requests, if `--example` has some too, and in responses."""
    raw = operation("a", body=schema, media_type=media_type)
    raw["responses"]["200"]["content"] = {media_type: {"schema": schema}}
    save_api({"/a": {"post": raw}}, server=server)
    server.responses["/a"] = Response(body=b"1,2", headers={"Content-Type": media_type})
    for words in (("--body", "@a.txt"), ("--example",)):
        result = run_cli("./api.json", "a", *words, "--validate", "strict")
        assert (0, "") == (result.exit_code, result.stderr)
    assert b"" != server.last.body


def test_bytes_under_json_are_any_json(server: Recorder) -> None:
    """`format: binary` says nothing about the value that the bytes are."""
    raw = operation("a", body={"type": "string", "format": "binary"})
    raw["responses"]["200"]["content"] = raw["requestBody"]["content"]
    save_api({"/a": {"post": raw}}, server=server)
    server.responses["/a"] = Response(body=b'{"a": 1}')
    result = run_cli("./api.json", "a", "--body", '{"b": 2}', "--validate", "strict")
    assert (0, {"a": 1}) == (result.exit_code, result.json)
    assert b'{"b": 2}' == server.last.body


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (12, "The file `nope` cannot be read", ("--photo", "@nope")),
        (12, "The file `.` cannot be read", ("--photo", "@.")),
        (12, "The file `locked/x` cannot be read", ("--photo", "@locked/x")),
        (12, "The file `` cannot be read", ("--photo", "@")),
        (12, "The file `nope` cannot be read", ("--photos", "@a.txt", "--photos", "@nope")),
        (2, "--photo takes a file", ("--photo", "a.txt")),
        (2, "--meta.scan cannot be a file", ("--meta.scan", "@a.txt")),
        (2, "--photo cannot be a file if `--editor` is given", ("--photo", "@a.txt", "--editor")),
        (
            2,
            "names the part `nope`, which the body does not have",
            ("--title", "x", "--part-header", "nope:X-A:1"),
        ),
        (2, "Invalid value of --part-header", ("--title", "x", "--part-header", "title")),
        (2, "A multipart body must consist of named values", ("--body", "[1]")),
        (2, "needs the boundary between its parts", ("--body", "raw")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.usefixtures("files")
def test_what_cannot_be_sent_is_not(
    server: Recorder, code: int, message: str, words: tuple[str, ...]
) -> None:
    """A file that is not there or none, a word that names none: a code, a message with the name, no request."""
    meta = {"type": "object", "properties": {"scan": FILE}}
    _write({**PROPERTIES, "meta": meta})
    result = run_cli("./api.json", "a", *words, "--server", server.origin)
    assert (code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr
    assert [] == server.requests


def test_standard_input_is_used_once() -> None:
    """Two files, or the body and a file, cannot both be what is piped in."""
    _write(PROPERTIES)
    words = ("./api.json", "a", "--photo", "@-", "--body", "-", "--dry-run")
    result = run_cli(*words, stdin=b'{"title": "x"}')
    assert 2 == result.exit_code
    assert "Standard input cannot be the content of --photo and the body at once" in result.stderr


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('a"; filename="x', "a%22; filename=%22x"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1"),
        ("a\nb", "a%0Ab"),
        ("tab\tesc\x1b", "tab%09esc%1B"),
        ("ä☺", "ä☺"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_names_stay_within_their_quotes(name: str, shown: str) -> None:
    """Names and file names are escaped as the HTML standard has it, so that neither ends a header or begins one."""
    made = Multipart([Part(name, b"x", "", name)], FORM_DATA, "B")
    head = f'--B\r\nContent-Disposition: form-data; name="{shown}"; filename="{shown}"\r\n\r\nx'
    assert f"{head}\r\n--B--\r\n".encode() == b"".join(made)


def test_a_file_name_that_is_no_text_loses_its_bytes_and_not_the_call() -> None:
    """A name on disk may be any bytes; a part's is UTF-8."""
    assert b'filename="a?b"' in b"".join(Multipart([Part("x", b"", "", "a\udcffb")], FORM_DATA, "B"))


def test_a_boundary_is_in_no_part() -> None:
    """A boundary that occurs in a part is made longer."""
    made = Multipart([Part("x", b"--B"), Part("y", b"--B-1")], FORM_DATA, "B")
    assert ("B-2", "multipart/form-data; boundary=B-2") == (made.boundary, made.media_type)
    assert 'boundary="a b/c"' in Multipart([], FORM_DATA, "a b/c").media_type


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters='"\\', exclude_categories=["C", "Z"]), min_size=1),
            st.binary(),
        )
    )
)
def test_what_is_written_is_read_back(parts: list[tuple[str, bytes]]) -> None:
    """Parts of any content, texts like boundaries included, are read back as they were written."""
    made = Multipart([Part(name, content) for name, content in parts], FORM_DATA, "\r\n--B".strip("\r\n-"))
    whole = b"".join(made)
    assert made.length == len(whole)
    assert parts == [(part.name, part.content) for part in split_parts(whole, {"boundary": made.boundary})]


@pytest.mark.parametrize(
    ("expected", "version", "encoding", "words"),
    [
        ([["tags", None, None, "a,b"]], "3.1.0", {"tags": {"style": "form", "explode": False}}, "tags"),
        ([["tags", None, None, "a|b"]], "3.1.0", {"tags": {"style": "pipeDelimited"}}, "tags"),
        (
            [["tags", None, None, "a"], ["tags", None, None, "b"]],
            "3.1.0",
            {"tags": {"style": "form"}},
            "tags",
        ),
        ([["meta[a]", None, None, "1"]], "3.1.0", {"meta": {"style": "deepObject", "explode": True}}, "meta"),
        ([["meta", None, "application/json", '{"a":1}']], "3.0.3", {"meta": {"style": "deepObject"}}, "meta"),
        ([["title", None, "text/x-y", "x y/&"]], "3.1.0", {"title": {"contentType": "text/x-y"}}, "title"),
        (
            [["title", None, "application/json", '"x y/&"']],
            "3.0.3",
            {"title": {"contentType": "application/json"}},
            "title",
        ),
        ([["title", None, None, "x y/&"]], "3.1.0", {"title": {"style": "form"}}, "title"),
        (
            [["meta", None, "application/vnd.x+json", '{"a":1}']],
            "3.0.3",
            {"meta": {"contentType": "application/vnd.x+json"}},
            "meta",
        ),
    ],
)
def test_the_encoding_says_how_a_part_is_written(
    expected: list[Any], version: str, encoding: dict[str, Any], words: str
) -> None:
    """`style` makes parts of what would be pairs of a query, since 3.1; else `contentType` decides."""
    given = {"tags": ("--tags", "a", "--tags", "b"), "meta": ("--meta.a", "1"), "title": ("--title", "x y/&")}
    _write({name: PROPERTIES[name] for name in ("title", "tags", "meta")}, encoding, version=version)
    assert expected == _shown(*given[words])


def test_an_object_is_not_written_in_a_media_type_that_is_not_known(server: Recorder) -> None:
    """If the document wants XML, only the person can write it."""
    _write({"meta": PAIR, "title": STRING}, {"meta": {"contentType": "application/xml"}})
    result = run_cli("./api.json", "a", "--meta.a", "1", "--server", server.origin)
    assert (2, []) == (result.exit_code, server.requests)
    assert "The part `meta` cannot be sent" in result.stderr
    shown = run_cli("./api.json", "a", "--set", 'meta="<x/>"', "--validate", "off", "--dry-run", "json").json
    assert "Content-Type: application/xml\r\n\r\n<x/>" in shown["body"]


def test_a_part_has_the_headers_of_its_encoding(server: Recorder) -> None:
    """A part has its fixed headers, asks for its required ones, lets given ones win, and lets no value break out."""
    headers: dict[str, Any] = {
        "X-Fixed": {"schema": {"type": "string", "enum": ["one"]}},
        "X-Free": {"schema": STRING},
        "Content-Type": {"required": True, "schema": STRING},
    }
    _write({"photo": FILE, "title": STRING}, {"photo": {"headers": headers}})
    Path("a").write_text("x")
    common = ("./api.json", "a", "--photo", "@a", "--dry-run", "json")
    assert "X-Fixed: one\r\n\r\nx" in run_cli(*common).json["body"]
    given = run_cli(*common, "--part-header", "photo:x-fixed: two", "--part-header", "photo:X-Free:a:b")
    assert "X-Fixed: two\r\nX-Free: a:b\r\n\r\nx" in given.json["body"]
    evil = run_cli(*common, "--part-header", "photo:X-Free:a\r\nX-Evil: 1")
    assert (2, "") == (evil.exit_code, evil.stdout)
    headers["X-Free"]["required"] = True
    _write({"photo": FILE, "title": STRING}, {"photo": {"headers": headers}})
    missing = run_cli(*common[:-2], "--server", server.origin)
    assert (2, []) == (missing.exit_code, server.requests)
    assert "`--part-header photo:X-Free:VALUE`" in missing.stderr


def test_an_example_has_the_headers_that_its_parts_need() -> None:
    """An example's part header is the document's value or fits its schema; `--part-header` wins."""
    headers = {
        "X-Rate": {"required": True, "schema": {"type": "integer", "minimum": 5}},
        "X-Mark": {"required": True, "schema": STRING, "example": "m"},
        "X-Other": {"schema": STRING},
    }
    _write({"photo": FILE}, {"photo": {"headers": headers}}, required=("photo",))
    body = request_of("a", "--example")["body"]
    assert "X-Rate: 5\r\nX-Mark: m\r\n" in body
    assert "X-Other" not in body
    assert (
        "X-Rate: 9\r\nX-Mark: m\r\n"
        in request_of("a", "--example", "--part-header", "photo:X-Rate:9")["body"]
    )


def test_other_types_of_parts() -> None:
    """`multipart/mixed` of an object names its parts too; of an array they have only their order (3.2)."""
    _write({"title": STRING, "meta": PAIR}, media_type="multipart/mixed")
    request = request_of("a", "--title", "x", "--meta.a", "1")
    assert "multipart/mixed; boundary=dynacli-boundary" == dict(request["headers"])["Content-Type"]
    assert 'form-data; name="title"\r\n\r\nx\r\n' in request["body"]
    raw = operation(
        "a", body={"type": "array", "prefixItems": [PAIR, STRING]}, media_type="multipart/related"
    )
    raw["requestBody"]["content"]["multipart/related"]["prefixEncoding"] = [{}, {"contentType": "text/csv"}]
    save_api({"/a": {"post": raw}}, version="3.2.0")
    assert (
        '--dynacli-boundary\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n'
        "--dynacli-boundary\r\nContent-Type: text/csv\r\n\r\nx,y\r\n--dynacli-boundary--\r\n"
    ) == request_of("a", "--body", '[{"a": 1}, "x,y"]')["body"]


def test_a_body_that_is_multipart_already_is_sent_as_it_is(server: Recorder) -> None:
    """`--body @FILE` with a boundary in `--content-type` is sent byte for byte, and validated by its parts."""
    _write(PROPERTIES, required=("title",))
    server.responses["/a"] = Response(200)
    good = b'--q\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--q--\r\n'
    words = ("./api.json", "a", "--content-type", f"{FORM_DATA}; boundary=q", "--server", server.origin)
    Path("good").write_bytes(good)
    assert 0 == run_cli(*words, "--body", "@good").exit_code
    assert good == server.last.body
    refused = run_cli(*words, "--body", good.replace(b'"title"', b'"count"').decode())
    assert (2, 1) == (refused.exit_code, len(server.requests))
    assert "title" in refused.stderr


@pytest.mark.sampled(4)
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("", ("--title", "x", "--photo", "@a.txt", "--count", "5", "--meta.a", "1", "--tags", "a")),
        ("`a` needs --title", ("--photo", "@a.txt")),
        ("`title`", ("--body", '{"photo": "x"}')),
        ("/meta/a", ("--title", "x", "--meta", '{"a": "x"}')),
        ("/photo", ("--title", "x", "--body", '{"photo": 5}')),
        ("/small", ("--title", "x", "--small", "@a.txt")),
        ("/large", ("--title", "x", "--large", "@a.txt")),
        ("", ("--title", "x", "--fits", "@a.txt")),
        ("/more", ("--title", "x", "--body", '{"more": 1}')),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_validator_reads_the_parts(finding: str, words: tuple[str, ...]) -> None:
    """Values are validated as what they are, files by their number of bytes, and none is read for it."""
    properties = {
        **PROPERTIES,
        "small": {**FILE, "maxLength": 4},
        "large": {**FILE, "minLength": 6},
        "fits": {**FILE, "minLength": 5, "maxLength": 5, "pattern": "^not looked at$"},
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": ["title"],
        "additionalProperties": False,
    }
    save_api(post("/a", body=schema, media_type=FORM_DATA))
    result = run_cli("./api.json", "a", *words, "--dry-run", "json")
    assert (2 if finding else 0) == result.exit_code
    assert finding in result.stderr
    reported = [
        line
        for line in result.stderr.splitlines()
        if not line.startswith("Not validated: the bytes of a file")
    ]
    assert bool(finding) == bool(reported)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_an_example_is_accepted(version: str) -> None:
    """`--example` fills what is required, a file with a small content, and the same each time."""
    names = ("photo", "photos", "title", "count", "meta")
    _write({name: PROPERTIES[name] for name in names}, required=names, version=version)
    parts = _shown("--example")
    assert set(names) == {part[0] for part in parts}
    assert [("photo", "photo"), ("photos", "photos")] == [(part[0], part[1]) for part in parts if part[1]]
    assert parts == _shown("--example")
    Path("a.png").write_text("mine")
    assert ["photo", "a.png", "image/png", "mine"] in _shown("--example", "--photo", "@a.png")


def test_a_document_names_no_file_of_ours() -> None:
    """`@FILE` is expanded in words of the command line alone: in an example or a default it is a text."""
    Path("secret").write_text("secret")
    _write(
        {"photo": {**FILE, "example": "@secret"}, "title": {"type": "string", "default": "@secret"}},
        required=("photo", "title"),
    )
    assert [
        ["title", None, None, "@secret"],
        ["photo", "photo", "application/octet-stream", "@secret"],
    ] == _shown("--example")


def test_responses_in_parts_are_validated(server: Recorder) -> None:
    """A response of `multipart/form-data` is read by its parts, too."""
    schema = {"type": "object", "properties": {"count": {"type": "integer"}, "file": FILE}}
    responses = {"200": {"description": "", "content": {FORM_DATA: {"schema": schema}}}}
    save_api({"/a": {"get": {"operationId": "a", "responses": responses}}})

    def response(count: str) -> Response:
        body = Multipart([Part("count", count.encode()), Part("file", b"\xff\0", "", "f")], FORM_DATA, "B")
        return Response(200, b"".join(body), {"Content-Type": body.media_type})

    for count, code in (("5", 0), ("x", 9)):
        server.responses["/a"] = response(count)
        result = run_cli("./api.json", "a", "--validate", "strict", "--server", server.origin, "-o", "raw")
        assert code == result.exit_code
        assert (code == 9) == ("count" in result.stderr), result.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.usefixtures("files")
def test_curl_sends_the_same_parts(server: Recorder) -> None:
    """`--dry-run curl` prints a command that lets curl read the files, with names and contents of any kind."""
    headers = {"X-A": {"schema": {"type": "string", "default": 'q";b'}}}
    _write(PROPERTIES, {"photo": {"headers": headers}, "note": {"contentType": "text/x-y"}})
    Path('we"ird;n,\\ä.png').write_text("weird")
    server.responses["/a"] = Response(200)
    words = (
        *("--title", '@it\'s; "<x>"', "--note", '@a;type=b"\\', "--meta", '{"b": ["a;b\\"c"]}'),
        *("--photo", '@we"ird;n,\\ä.png', "--photos", "@a.txt", "--photos", "@c", "--server", server.origin),
    )
    command = run_cli("./api.json", "a", *words, "--dry-run", "curl").stdout
    assert 0 == run_cli("./api.json", "a", *words).exit_code
    subprocess.run(["bash", "-c", command.replace("curl", "curl -s", 1)], check=True, capture_output=True)
    ours, curls = (_sorted_parts(request) for request in server.requests)
    assert ours == curls


def test_a_body_without_parts_is_no_get_for_curl() -> None:
    """Its end is sent as it is, since curl sends a GET if it has nothing to send."""
    _write(PROPERTIES)
    command = run_cli("./api.json", "a", "--example", "--dry-run", "curl").stdout
    assert command.endswith("--data-raw '--dynacli-boundary--\r\n'\n")


def _sorted_parts(request: RecordedRequest) -> list[Any]:
    content_type = request.headers["content-type"][0]
    parts = split_parts(request.body, {"boundary": content_type.partition("boundary=")[2]})
    return sorted(parts)


def test_help_says_which_option_is_a_file() -> None:
    """The page shows `@FILE` where a file goes, and how a part gets a header."""
    _write(PROPERTIES)
    page = run_cli("./api.json", "a", "--help").stdout
    assert "  --photo @FILE\n" in page
    assert "  --photos @FILE ...  " in page
    assert "  --part-header PART:NAME:VALUE  " in page
    _write(PROPERTIES, media_type="application/json")
    page = run_cli("./api.json", "a", "--help").stdout
    assert "--photo BINARY" in page
    assert "--part-header" not in page


def _large(*words: str) -> Result:
    with Path("large").open("wb") as file:
        file.truncate(2 * 1024 * 1024)
    return run_cli("./api.json", "a", "--photo", "@large", "--dry-run", *words)


def test_a_large_file_is_named_and_not_shown() -> None:
    """Over a megabyte the dry run names the file instead of printing it, and says so."""
    _write(PROPERTIES)
    result = _large("json")
    assert "[contents of large, 2097152 bytes]" in result.json["body"]
    assert "its files are named instead of read" in result.stderr
    assert SERVER in result.json["url"]
    assert (0, "") == (_large("http").exit_code, _large("curl").stderr)
