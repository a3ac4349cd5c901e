"""Bodies that are not JSON: text, bytes, forms, parts, sequences."""

from typing import Any

from tests.validation.in_process_judge import answered
from tests.validation.pairs.model import V31, V32, answer, body

_INT = {"type": "integer"}
_TEXT = {"type": "string"}
_BYTES = "application/octet-stream"
_FORM = "application/x-www-form-urlencoded"
_PARTS = "multipart/form-data"
_LINES = "application/x-ndjson"
_RECORDS = "application/json-seq"
_EVENTS = "text/event-stream"
_ARRAY = {"type": "array", "items": _INT}
_EVENT = {"type": "object", "required": ["data"], "properties": {"data": _TEXT, "id": _TEXT}}
_FIELDS = {"type": "object", "required": ["a"], "properties": {"a": _INT, "b": _TEXT}}


def _items(media_type: str, schema: Any) -> dict[str, Any]:
    return {"200": {"description": "", "content": {media_type: {"itemSchema": schema}}}}


def _parts(*parts: tuple[str, str, bytes]) -> bytes:
    made = [
        b"--X\r\nContent-Disposition: form-data; %b\r\n%b\r\n%b\r\n"
        % (head.encode(), f"Content-Type: {kind}\r\n".encode() if kind else b"", content)
        for head, kind, content in parts
    ]
    return b"".join(made) + b"--X--\r\n"


PAIRS = [
    body("a text", "text/plain", _TEXT, b"hello"),
    body(
        "a plain text that is too long",
        "text/plain",
        {"type": "string", "maxLength": 2},
        b"hello",
        "- maxLength",
    ),
    body("a text of digits", "text/plain", {"type": "string", "pattern": r"^\d$"}, b"5"),
    body("a number as text", "text/plain", _INT, b"5"),
    body("no number as text", "text/plain", _INT, b"five", "- type"),
    body("a text in Latin 1", "text/plain", {"maxLength": 1}, b"\xe9", came="text/plain; charset=iso-8859-1"),
    body("a text that is not UTF-8", "text/plain", _TEXT, b"\xe9", "- unreadable-body"),
    body("bytes", _BYTES, {"type": "string", "format": "binary"}, b"\0\xff"),
    body("bytes of any schema", _BYTES, {}, b"\0\xff"),
    body("too many bytes without a type", _BYTES, {"maxLength": 1}, b"\0\xff", "- maxLength"),
    body("bytes of a schema for objects", _BYTES, {"type": "object"}, b"\0\xff", "? cannot be judged"),
    body(
        "too many bytes",
        _BYTES,
        {"type": "string", "format": "binary", "maxLength": 1},
        b"\0\xff",
        "- maxLength",
    ),
    body("an image", "image/*", {"type": "string", "format": "binary"}, b"\x89PNG", came="image/png"),
    body("bytes without a schema", _BYTES, None, b"\0", "? no schema"),
    body("XML", "application/xml", {"type": "object"}, b"<a/>", "? cannot be judged"),
    body("a form", _FORM, _FIELDS, b"a=5&b=x+y"),
    body("a field of a form", _FORM, _FIELDS, b"a=five", "/a type"),
    body("a field that is missing", _FORM, _FIELDS, b"b=x", "- required"),
    body("a form of several schemas", _FORM, {"allOf": [_FIELDS, {"required": ["b"]}]}, b"a=5&b=x"),
    body("a field of several schemas", _FORM, {"allOf": [_FIELDS]}, b"a=five", "/a type"),
    body("a form of alternatives", _FORM, {"anyOf": [_FIELDS, {"required": ["c"]}]}, b"a=5"),
    body(
        "a field of alternatives",
        _FORM,
        {"oneOf": [{"properties": {"a": _INT}}, _TEXT]},
        b"a=five",
        "/a type",
    ),
    body("a field that is a number or text", _FORM, {"properties": {"a": {"anyOf": [_INT, _TEXT]}}}, b"a=5"),
    body("a field that may be several", _FORM, {"properties": {"a": {"anyOf": [_ARRAY, _INT]}}}, b"a=5"),
    body("several values of a field", _FORM, {"properties": {"a": {"anyOf": [_ARRAY]}}}, b"a=5&a=6"),
    body("a field of constants", _FORM, {"properties": {"a": {"enum": [5, 6]}}}, b"a=5"),
    body("a field without a name", _FORM, {"additionalProperties": _INT}, b"z=5"),
    body("a form of any schema", _FORM, True, b"a=5", versions=V31),
    body(
        "parts of several schemas",
        _PARTS,
        {"allOf": [_FIELDS]},
        _parts(('name="a"', "", b"5")),
        came=f"{_PARTS}; boundary=X",
    ),
    body(
        "parts",
        _PARTS,
        _FIELDS,
        _parts(('name="a"', "", b"5"), ('name="b"', "", b"x")),
        came=f"{_PARTS}; boundary=X",
    ),
    body(
        "a part", _PARTS, _FIELDS, _parts(('name="a"', "", b"five")), "/a type", came=f"{_PARTS}; boundary=X"
    ),
    body(
        "a part that is missing",
        _PARTS,
        _FIELDS,
        _parts(('name="b"', "", b"")),
        "- required",
        came=f"{_PARTS}; boundary=X",
    ),
    body(
        "a part that is JSON",
        _PARTS,
        {"type": "object", "properties": {"o": {"type": "object", "required": ["a"]}}},
        _parts(('name="o"', "application/json", b"{}")),
        "/o required",
        came=f"{_PARTS}; boundary=X",
    ),
    body(
        "a part that is a file",
        _PARTS,
        {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}},
        _parts(('name="f"; filename="x"', "image/png", b"\xff\0")),
        came=f"{_PARTS}; boundary=X",
    ),
    body("parts without a boundary", _PARTS, _FIELDS, b"--X--", "- unreadable-body"),
    body(
        "parts without an end",
        _PARTS,
        _FIELDS,
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n5',
        "- unreadable-body",
        came=f"{_PARTS}; boundary=X",
    ),
    body("a line as it is", _LINES, _INT, b"1\n2\n"),
    body("a line as it is, of another type", _LINES, _INT, b'1\n"x"\n', "/1 type"),
    body("lines as an array before 3.2", _LINES, {"type": "array", "items": _INT}, b'1\n"x"\n', "/1 type"),
    body("lines as an array", _LINES, {"type": "array", "items": _INT}, b"1\n2\n", versions=V32),
    body(
        "a line of an array", _LINES, {"type": "array", "items": _INT}, b'1\n"x"\n', "/1 type", versions=V32
    ),
    body(
        "a line that is not JSON",
        _LINES,
        {"type": "array", "items": _INT},
        b"1\n{\n",
        "/1 unreadable-body",
        versions=V32,
    ),
    body(
        "too few lines",
        _LINES,
        {"type": "array", "items": _INT, "minItems": 3},
        b"1\n2\n",
        "- minItems",
        versions=V32,
    ),
    answer(
        "lines by their own schema",
        _items(_LINES, _INT),
        answered(b'1\n"x"', media_type=_LINES),
        "/1 type",
        versions=V32,
    ),
    answer(
        "events", _items(_EVENTS, _EVENT), answered(b"data: 1\nid: 5\n\n", media_type=_EVENTS), versions=V32
    ),
    answer(
        "an event without what is required",
        _items(_EVENTS, {**_EVENT, "required": ["data", "id"]}),
        answered(b"data: 1\nid: 5\n\ndata: 2\n\n", media_type=_EVENTS),
        "/1 required",
        versions=V32,
        source="OpenAPI 3.2.0, Server-Sent Event Streams",
    ),
    answer(
        "a text for a number in an event",
        _items(_EVENTS, {"properties": {"data": {"maxLength": 2}}}),
        answered(b": comment\n\nevent: a\ndata: one\ndata: two\n\n", media_type=_EVENTS),
        "/0/data maxLength",
        versions=V32,
    ),
    body("JSON after record separators", _RECORDS, _ARRAY, b'\x1e1\n\x1e"x"\n', "/1 type", versions=V32),
]
