"""A server that responds with 400 unless all is written to the letter reads every value that dynacli was given.

The server's reading of the specifications, `strict_reader`, has nothing in common with the code that writes.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents import get, parameter, post, save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, recording, run_cli
from tests.request.strict_reader import (
    BrokenError,
    Described,
    FilePart,
    read_cookies,
    read_form,
    read_header,
    read_json,
    read_multipart,
    read_path,
    read_query,
)
from tests.sampling import examples

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
SCHEMAS: dict[str, Any] = {
    "string": STRING,
    "integer": INTEGER,
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "array": {"type": "array", "items": {"type": ["string", "null"]}},
    "integers": {"type": "array", "items": INTEGER},
    "object": {
        "type": "object",
        "properties": {"R": INTEGER, "G": {"type": ["integer", "null"]}, "B": STRING},
    },
}
STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
}
VALUES: dict[str, list[Any]] = {
    "string": [
        *("blue", "100%", "a b", "\u00e9", "\u65e5\U0001f600", ":/?#[]@!$&'()*+,;=", "a.b-c_d~e", "<>^`{|}"),
        *('a"b', "1e3", "true", "", " ", "a|b"),
    ],
    "integer": [0, -7, 2**70],
    "number": [0.1, -1.5, 100, 1e22, 1.5e-9],
    "boolean": [True, False],
    "array": [
        *(["blue", "black", "brown"], ["blue"], ["\u00e9", "%", "&=#+"], ["a", None, "b"], [], ["", ""]),
        *(["a b", "c"], ["a|b", "c"], ["a,b", "c"], ["a.b", "c"], ["a;b", "c=d"], ["\u65e5", "b"]),
    ],
    "integers": [[1, -2, 3], [0], [2**70, 1]],
    "object": [
        *({"R": 100, "G": 200, "B": "150"}, {"B": "\u00e9&=#+%"}, {"R": -1, "G": None}, {}, {"B": ""}),
        *({"B": "a b", "R": 1}, {"B": "a|b"}, {"B": "a,b"}, {"B": "a.b", "G": 2}, {"B": "a;b=c"}),
    ],
}
_FOR_MANY = ("spaceDelimited", "pipeDelimited", "deepObject")
"""The styles that are defined for arrays and objects alone ("Style Values")."""


def _descriptions() -> Iterator[Any]:
    """Yield a test case for each location, style, `explode` and kind of value that the tables define."""
    for location, styles in STYLES.items():
        for style in styles:
            kinds = ("array", "integers", "object") if style in _FOR_MANY else tuple(SCHEMAS)
            for kind in ("object",) if style == "deepObject" else kinds:
                for explode in (False, True):
                    described = Described("color", kind, style, explode)
                    word = "explode" if explode else "flat"
                    yield pytest.param(location, described, id=f"{location}-{style}-{word}-{kind}")


class _Everything(dict[str, Any]):
    """The responses of a server that responds to every path in the same way."""

    def __init__(self, read: Callable[[RecordedRequest], Any]) -> None:
        super().__init__()
        self._read = read

    def get(self, _: str, __: Any = None) -> Any:
        return answering(self._read)


def answering(read: Callable[[RecordedRequest], Any]) -> Any:
    """Return a response: 200 with what was read, or 400 with what is wrong."""

    def response(request: RecordedRequest) -> Response:
        try:
            return json_response({"read": read(request)})
        except BrokenError as error:
            return Response(400, json.dumps({"error": str(error)}).encode())

    return response


def _save(
    server: Recorder, location: str, described: Described, version: str = "3.1.1", name: str = "api.json"
) -> str:
    """Write the document of a server whose one operation has one parameter, and return its name."""
    field: dict[str, Any] = {"style": described.style, "explode": described.explode}
    if described.is_reserved_allowed:
        field["allowReserved"] = True
    made = parameter("color", SCHEMAS[described.kind], location, **field)
    if described.media_type:
        content = {described.media_type: {"schema": SCHEMAS[described.kind]}}
        made = {"name": "color", "in": location, "content": content, "required": location == "path"}
    path = "/a/{color}" if location == "path" else "/a"
    server.responses = _Everything(lambda request: _parameter_of(request, location, described))
    return save_api(get(path, "a", made), server=server, version=version, file=name)


def _parameter_of(request: RecordedRequest, location: str, described: Described) -> Any:
    """Return the parameter of a request; what else the request has must be right, too."""
    path, mark, query = request.target.partition("?")
    places = {
        "path": path.removeprefix("/a").removeprefix("/"),
        "query": query,
        "header": request.headers.get("color", []),
        "cookie": request.headers.get("cookie", []),
    }
    if not path.startswith("/a") or (mark and not query):
        raise BrokenError(f"{request.target!r} is no target of the operation")
    for place, content in places.items():
        if content and place != location:
            raise BrokenError(f"the {place} has {content!r}")
    # RFC 9110, sections 7.2, 8.3 and 8.6; RFC 9112, section 6.
    if len(request.headers.get("host", ())) != 1:
        raise BrokenError("`Host` is missing, or comes twice")
    accept = request.headers.get("accept", [])
    if len(accept) != 1 or accept[0].partition(",")[0] != "application/json":
        raise BrokenError(f"`Accept` is {accept}, and the response is JSON")
    if request.body or not request.headers.keys().isdisjoint({"content-type", "transfer-encoding"}):
        raise BrokenError("a request without a body has one, or says so")
    readers: dict[str, Any] = {
        "path": read_path,
        "query": read_query,
        "header": read_header,
        "cookie": read_cookies,
    }
    return readers[location](places[location], described)


def _texts(value: Any) -> list[str]:
    """Return the texts of a value and its members, undefined ones left out (RFC 6570, section 2.3)."""
    if isinstance(value, dict):
        return [text for key, item in value.items() if item is not None for text in (key, *_texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [] if value is None else [value if isinstance(value, str) else json.dumps(value)]


def _is_beyond(value: Any, location: str, described: Described) -> bool:
    """Return whether a place and style cannot hold a value, so that it has to be refused."""
    texts = _texts(value)
    is_many = isinstance(value, list | dict) and not described.media_type
    match location, described.style:
        case "path", style:
            # An empty segment is another resource; a dot inside a member would separate two.
            has_dot = (
                style == "label" and described.explode and is_many and any("." in text for text in texts)
            )
            return not texts or "" in texts or has_dot
        case "query", "spaceDelimited" if not described.explode:
            return any(" " in text for text in texts)
        case "query", "pipeDelimited" if not described.explode:
            return any("|" in text for text in texts)
        case "header", _:
            # RFC 9110, sections 5.5 and 5.6.1: Latin-1, white space around a value is not a part of it.
            is_split = is_many and any("," in text for text in texts)
            return is_split or any(
                text != text.strip() or not re.fullmatch("[ -~\u00a0-\u00ff]*", text) for text in texts
            )
        case "cookie", "cookie":
            return any(not re.fullmatch(r"[!#-+\--:<-\[\]-~]*", text) for text in texts)  # RFC 6265, 4.1.1
    return False


def _expected(value: Any) -> Any:
    """Return what a server reads of a value: what is undefined is left out."""
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if item is not None}
    elif isinstance(value, list):
        value = [item for item in value if item is not None]
    return None if value in ([], {}) else value


def _check(server: Recorder, api: str, location: str, described: Described, value: Any) -> None:
    """Assert that the server reads a value as it was given, or that it is refused if it cannot be written."""
    server.requests.clear()
    word = value if isinstance(value, str) else json.dumps(value)
    result = run_cli(api, "a", f"--color={word}")
    if _is_beyond(value, location, described):
        assert (2, []) == (result.exit_code, server.requests), (value, result.stderr)
        return
    assert 0 == result.exit_code, (value, result.stdout, result.stderr)
    assert _expected(value) == result.json["read"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("location", "described"), list(_descriptions()))
def test_parameters_are_written_to_the_letter(server: Recorder, location: str, described: Described) -> None:
    """Each kind of value in each style of each place is read back, or cannot be written and is refused."""
    api = _save(server, location, described, "3.2.0" if described.style == "cookie" else "3.1.1")
    for value in VALUES[described.kind]:
        _check(server, api, location, described, value)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("style", ["form", "spaceDelimited", "pipeDelimited", "deepObject"])
@pytest.mark.parametrize("explode", [False, True])
def test_reserved_characters_stay_where_the_document_allows_them(
    server: Recorder, style: str, explode: bool
) -> None:
    """`allowReserved` leaves them as they are, but for those that mean something else in a query (Appendix C)."""
    kind = "object" if style == "deepObject" else "array"
    described = Described("color", kind, style, explode, is_reserved_allowed=True)
    api = _save(server, "query", described)
    text = ":/?#[]@!$&'()*+;= \u00e9%".replace(" " if style == "spaceDelimited" else "\0", "")
    for value in ({"B": text}, {"R": 1, "B": "a,b"}) if kind == "object" else ([text, "a"], ["a,b", "c"]):
        _check(server, api, "query", described, value)


@pytest.mark.parametrize("location", ["path", "query", "header", "cookie"])
def test_json_in_a_parameter_is_written_to_the_letter(server: Recorder, location: str) -> None:
    """A parameter with `content` is its JSON text, encoded as its place asks for."""
    described = Described("color", "object", "form", explode=True, media_type="application/json")
    api = _save(server, location, described)
    for value in ({"R": 1, "G": 2}, {"B": "a b"}, {"B": "\u00e9&=#+%,;"}):
        _check(server, api, location, described, value)


@pytest.mark.long
@settings(max_examples=examples(200), deadline=None)
@given(text=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20))
def test_any_text_is_written_to_the_letter(text: str) -> None:
    """Whatever the characters, what the server reads is what was given."""
    if text[0] in "@-" or text in {".", ".."} or "\\" in text or "%" in text:
        return  # a file, standard input; what may be refused in a path
    for location, style in (("path", "simple"), ("query", "form"), ("cookie", "form")):
        with recording() as server:
            described = Described("color", "string", style, explode=False)
            api = _save(server, location, described, name=f"{location}.json")
            _check(server, api, location, described, text)


FORM = "application/x-www-form-urlencoded"
ENCODINGS: dict[str, tuple[dict[str, Any], Described]] = {
    "as-it-is": ({}, Described("p", "array", "form", explode=True)),
    "object-as-it-is": ({}, Described("p", "object", "", explode=False, media_type="application/json")),
    "json": (
        {"contentType": "application/json"},
        Described("p", "array", "", explode=False, media_type="application/json"),
    ),
    **{
        f"{style}-{'explode' if explode else 'flat'}-{kind}": (
            {"style": style, "explode": explode},
            Described("p", kind, style, explode),
        )
        for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject")
        for explode in (False, True)
        for kind in ("array", "object")
        if style != "deepObject" or kind == "object"
    },
    "reserved": (
        {"style": "form", "explode": False, "allowReserved": True},
        Described("p", "array", "form", explode=False, is_reserved_allowed=True),
    ),
}
"""Name → an Encoding Object, and how the property is then written."""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ENCODINGS)
def test_forms_are_written_to_the_letter(server: Recorder, name: str) -> None:
    """Each property is written by its encoding; without one, an array is a pair for each item, an object is JSON."""
    encoding, described = ENCODINGS[name]
    properties = {"p": SCHEMAS[described.kind], "text": STRING, "count": INTEGER, "ok": {"type": "boolean"}}
    readers = {
        "p": described,
        **{
            key: Described(key, schema["type"], "form", explode=True)
            for key, schema in properties.items()
            if key != "p"
        },
    }
    media = {
        "schema": {"type": "object", "properties": properties},
        "encoding": {"p": encoding} if encoding else {},
    }
    api = _save_body(server, {FORM: media}, FORM, lambda request: read_form(request.body, readers))
    rest = {"text": "a b&c=d+\u00e9%", "count": -7, "ok": False}
    for value in VALUES[described.kind]:
        server.requests.clear()
        body = {**rest, "p": value}
        result = run_cli(api, "a", "--body", json.dumps(body))
        if _is_beyond(value, "query", described) and not described.media_type:
            assert (2, []) == (result.exit_code, server.requests), (value, result.stderr)
            continue
        assert 0 == result.exit_code, (value, result.stdout, result.stderr)
        wanted = value if described.media_type else _expected(value)
        assert {**rest, **({} if wanted is None else {"p": wanted})} == result.json["read"]


def _save_body(
    server: Recorder,
    content: dict[str, Any],
    media_type: str,
    read: Callable[[RecordedRequest], Any],
    version: str = "3.1.1",
) -> str:
    """Write the document of a server whose one operation has a body, and return its name.

    Args:
        media_type: What the request must say of its body; empty if `read` looks at it.
        read: Reads the body of a request.
    """

    def checked(request: RecordedRequest) -> Any:
        headers = request.headers
        if media_type and headers.get("content-type") != [media_type]:
            raise BrokenError(f"the media type is {headers.get('content-type')}")
        # RFC 9112, section 6.2: one of them, and once.
        length, chunks = headers.get("content-length", []), headers.get("transfer-encoding", [])
        if [length, chunks] not in ([[str(len(request.body))], []], [[], ["chunked"]]):
            raise BrokenError(f"the length is {length}, {chunks}")
        if request.target != "/a" or "cookie" in headers:
            raise BrokenError("more than a body was sent")
        return read(request)

    server.responses = _Everything(checked)
    body = {"required": True, "content": content}
    return save_api(post("/a", requestBody=body), server=server, version=version)


JSON_VALUES: list[Any] = [
    *({}, [], None, True, 0, -1.5, 2**70, "", "\u00e9\u65e5\U0001f600\u2028", "null", 'a"b\\c\n\t\x01'),
    *([None, [], {}], {"a": {"b": [1, {"c": None}]}, "": "", "\u00e9": "/"}),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("value", JSON_VALUES, ids=repr)
def test_json_bodies_are_written_to_the_letter(server: Recorder, value: Any) -> None:
    """Any value of JSON is one JSON text in UTF-8, whether it was given whole or field by field."""
    api = _save_body(
        server,
        {"application/json": {"schema": {}}},
        "application/json",
        lambda request: read_json(request.body),
    )
    for words in (("--body", json.dumps(value)), ("--set", f"a={json.dumps(value)}")):
        result = run_cli(api, "a", *words)
        assert 0 == result.exit_code, (result.stdout, result.stderr)
        assert (value if words[0] == "--body" else {"a": value}) == result.json["read"]


def test_texts_and_bytes_are_sent_as_they_are(server: Recorder) -> None:
    """Nothing is added, decoded or left out, whatever the bytes are; their number is told."""
    Path("bytes").write_bytes(bytes(range(256)) + b"\r\n")
    Path("text").write_bytes("\ufeff\u65e5\r\n\0".encode())
    for media_type, word, expected in (
        ("text/plain", "\u00e9 \r\n", "\u00e9 \r\n".encode()),
        ("text/plain", "@text", "\ufeff\u65e5\r\n\0".encode()),
        ("application/octet-stream", "@bytes", bytes(range(256)) + b"\r\n"),
        ("application/octet-stream", "@/dev/null", b""),
    ):
        schema = STRING if media_type == "text/plain" else {"type": "string", "format": "binary"}
        content = {media_type: {"schema": schema}}
        api = _save_body(server, content, media_type, lambda request: request.body.hex(), version="3.0.3")
        result = run_cli(api, "a", "--body", word)
        assert 0 == result.exit_code, (media_type, word, result.stdout, result.stderr)
        assert expected.hex() == result.json["read"]


PARTS: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({}, "text/plain"),
    "count": ({}, "text/plain"),
    "list": ({}, "text/plain"),
    "meta": ({}, "application/json"),
    "metas": ({}, "application/json"),
    "file": ({}, "application/octet-stream"),
    "image": ({"contentType": "image/png, image/jpeg"}, "image/png"),
    "note": ({"contentType": "text/markdown"}, "text/markdown"),
    "json": (
        {"contentType": "application/json", "headers": {"X-Id": {"schema": STRING}}},
        "application/json",
    ),
}
"""Property → its Encoding Object, and the media type of its parts (3.1.1, "Encoding Object": `contentType`)."""


@pytest.mark.parametrize("version", ["3.0.3", "3.1.1"])
def test_multipart_bodies_are_written_to_the_letter(server: Recorder, version: str) -> None:
    """Each property is a part, each item of an array too, with the media type that its type or its encoding says."""
    Path("a b.bin").write_bytes(b"\r\n--\x00\xff")
    Path("c.png").write_bytes(b"\x89PNG")
    binary = {"type": "string", "format": "binary"}
    properties = {
        "text": STRING,
        "count": INTEGER,
        "list": SCHEMAS["array"],
        "meta": SCHEMAS["object"],
        "metas": {"type": "array", "items": SCHEMAS["object"]},
        "file": binary,
        "image": binary,
        "note": STRING,
        "json": SCHEMAS["array"] | {"type": "object", "items": {}},
    }
    encoding = {name: encoding for name, (encoding, _) in PARTS.items() if encoding}
    media = {"schema": {"type": "object", "properties": properties}, "encoding": encoding}

    def read(request: RecordedRequest) -> Any:
        (media_type,) = request.headers["content-type"]
        kinds = {name: kind for name, (_, kind) in PARTS.items()}
        parts = read_multipart(media_type, request.body, kinds)
        return [[name, fields, _shown(value)] for name, fields, value in parts]

    api = _save_body(server, {"multipart/form-data": media}, "", read, version=version)
    given = {
        "text": "\u00e9\r\n--",
        "count": -7,
        "list": ["a", ""],
        "meta": {"R": 1},
        "metas": [{"R": 1}, {}],
    }
    words = [
        "--body",
        json.dumps({**given, "note": "# a", "json": {"a": None}}),
        "--part-header",
        "json:X-Id:7",
    ]
    result = run_cli(api, "a", *words, "--file", "@a b.bin", "--image", "@c.png")
    assert 0 == result.exit_code, (result.stdout, result.stderr)
    read_parts = result.json["read"]
    assert [
        ["text", {}, "\u00e9\r\n--"],
        ["count", {}, "-7"],
        *(["list", {}, "a"], ["list", {}, ""]),
        ["meta", {}, {"R": 1}],
        *(["metas", {}, {"R": 1}], ["metas", {}, {}]),
        ["note", {}, "# a"],
        ["json", {"x-id": "7"}, {"a": None}],
        ["file", {}, ["a b.bin", "application/octet-stream", b"\r\n--\x00\xff".hex()]],
        ["image", {}, ["c.png", "image/png", b"\x89PNG".hex()]],
    ] == read_parts


def _shown(value: Any) -> Any:
    return [value.file_name, value.media_type, value.content.hex()] if isinstance(value, FilePart) else value


BROKEN: list[tuple[Callable[[], Any], str]] = [
    (lambda: read_path("a%2fb", Described("c", "string", "simple", explode=False)), "capitals"),
    (lambda: read_path("%61", Described("c", "string", "simple", explode=False)), "stands for itself"),
    (lambda: read_path(",a", Described("c", "array", "label", explode=False)), "does not begin"),
    (lambda: read_path(";d=a", Described("c", "string", "matrix", explode=False)), "name the parameter"),
    (lambda: read_query("c=a b", Described("c", "string", "form", explode=True)), "must be encoded"),
    (lambda: read_query("c=a&c=b", Described("c", "array", "form", explode=False)), "several pairs"),
    (lambda: read_query("c[R]=1", Described("c", "object", "deepObject", explode=True)), "encoded brackets"),
    (lambda: read_query("c=a|b", Described("c", "array", "pipeDelimited", explode=False)), "must be encoded"),
    (lambda: read_query("c=1.0e1", Described("c", "number", "form", explode=True)), "is written"),
    (lambda: read_header(["R=1,G"], Described("c", "object", "simple", explode=True)), "has no `=`"),
    (
        lambda: read_cookies(["c=a;c=b"], Described("c", "array", "form", explode=True)),
        "a cookie cannot have",
    ),
    (lambda: read_json(b'{"a":1,"a":2}'), "twice"),
    (lambda: list(read_multipart("multipart/form-data; boundary=b", b"--b\n--b--", {})), "boundary"),
]


@pytest.mark.parametrize(("read", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_the_strict_reader_is_strict(read: Callable[[], Any], reason: str) -> None:
    """A text that is nearly right is broken: otherwise the tests above would prove nothing."""
    with pytest.raises(BrokenError, match=re.escape(reason)):
        read()
