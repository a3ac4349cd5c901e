"""Sequential media types: each line, record, event or part is validated (OpenAPI 3.2.0, "Sequential Media Types")."""

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from dynacli.openapi.model import patterns
from dynacli.openapi.model.patterns import Patterns
from dynacli.openapi.schema.evaluation.compiled_schema import ValidationNotes
from dynacli.validation._validate_items import PlacedSchema, sequence_errors
from dynacli.validation.streamed_body import Item, read_items, streamed_items
from tests.documents import save
from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import (
    compact,
    responded,
    response_document,
    sent,
    validate_response,
    validator_of,
)

_ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
_EVENT = {
    "type": "object",
    "required": ["event"],
    "properties": {
        "event": {"enum": ["added", "removed"]},
        "data": {"type": "string", "maxLength": 11},
        "retry": {"type": "integer", "minimum": 10},
    },
}


_MIXED = (
    b"before\r\n--x\r\nContent-Type: application/json\r\n\r\n1\r\n--x\r\n\r\na\r\n"
    b"--x\r\nContent-Type: application/vnd.a+json; charset=utf-8\r\n\r\n[null]\r\n--x--\r\n"
)


def _validation(
    media_type: str, media: dict[str, Any], body: bytes, version: str = "3.2.0", **more: Any
) -> list[str]:
    name = media_type.partition(";")[0]
    responses = {"200": {"description": "", "content": {name: media}}}
    response = responded(body, media_type=media_type)
    return compact(validate_response(responses, response, version=version, **more))


# Reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: a\n\n", [{"data": "a"}]),
        ("data: a\ndata: b\n\n", [{"data": "a\nb"}]),
        ("data:a\ndata:  b\n\n", [{"data": "a\n b"}]),
        ("data\n\n", [{"data": ""}]),
        ("event: x\nid: 1\nretry: 50\ndata: {}\n\n", [{"event": "x", "id": "1", "retry": 50, "data": "{}"}]),
        ("event: x\n\ndata: a\n\n", [{"data": "a"}]),
        (": a comment\n\ndata: a\n\n", [{"data": "a"}]),
        ("retry: soon\nid: \0\nother: x\ndata: a\n\n", [{"data": "a"}]),
        ("data: a\r\n\r\ndata: b\r\rdata: c", [{"data": "a"}, {"data": "b"}, {"data": "c"}]),
        ("\ufeffdata: a\n\n", [{"data": "a"}]),
        ("", []),
    ],
    ids=[
        "one",
        "lines-of-data",
        "one-space-is-taken-off",
        "no-colon",
        "all-fields",
        "no-data-no-event",
        "comment",
        "ignored",
        "line-ends",
        "byte-order-mark",
        "nothing",
    ],
)
def test_events_are_read_by_the_rules_of_html(text: str, expected: list[Any]) -> None:
    """Lines become events as in a browser; the field `retry` is a number, all others are text."""
    assert expected == read_items("text/event-stream", {}, text.encode())


def test_the_events_of_the_specification() -> None:
    """The stream that 3.2.0 shows is the array that it shows beside it."""
    text = (
        "event: addString\ndata: This data is formatted\ndata: across two lines\nretry: 5\n\n"
        "event: addNumber\ndata: 1234.5678\nunknownField: this is ignored\n\n"
        ': This is a comment\nevent: addJSON\ndata: {"foo": 42}\n'
    )
    assert [
        {"event": "addString", "data": "This data is formatted\nacross two lines", "retry": 5},
        {"event": "addNumber", "data": "1234.5678"},
        {"event": "addJSON", "data": '{"foo": 42}'},
    ] == read_items("text/event-stream", {}, text.encode())


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("application/jsonl", b'1\n\n"a"\r\n[null]'),
        ("application/x-ndjson", b'1\n"a"\n[null]\n'),
        ("application/stream+json", b'1\n"a"\n[null]\n'),
        ("application/json-seq", b'\x1e1\n\x1e"a"\n\x1e\x1e[null]\n'),
        ("application/geo+json-seq", b'\x1e1\n\x1e"a"\n\x1e[\nnull]\n'),
        (
            "multipart/mixed",
            _MIXED,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_items_are_read(name: str, body: bytes) -> None:
    """A sequence is the array of its items, whatever it is written as."""
    expected = [1, "a", [None]]
    assert expected == read_items(name, {"boundary": "x"}, body)


@pytest.mark.parametrize(
    ("name", "parameters", "body"),
    [
        ("application/jsonl", {}, '\ufeff{"a":"ü"}\r\n\n[1]\n"€"'.encode()),
        ("application/jsonl", {"charset": "utf-16"}, '{"a":"ü"}\n[1]\n'.encode("utf-16")),
        ("application/x-ndjson", {"charset": "latin-1"}, '{"a":"ü"}\n[1]\n'.encode("latin-1")),
        ("application/json-seq", {}, '\ufeff\x1e{"a":"ü"}\n\x1e\x1e[1]\n\x1etrue\n'.encode()),
        (
            "text/event-stream",
            {},
            "\ufeff: ü\r\ndata: a\rdata: ü\r\n\r\nid: 1\ndata\n\nevent: x\rdata: b".encode(),
        ),
        ("text/event-stream", {}, b"data: a\r\rdata: b\r"),
        ("application/jsonl", {}, b'1\n\xff\n{"\n2\n'),
    ],
    ids=[
        "lines",
        "utf-16",
        "latin-1",
        "records",
        "events",
        "event-at-the-end",
        "wrong-items",
    ],
)
def test_a_body_is_the_same_however_it_is_cut(name: str, parameters: dict[str, str], body: bytes) -> None:
    """Byte by byte, in two pieces cut anywhere, or at once."""

    def items(*pieces: bytes) -> list[tuple[Any, str]]:
        return [(item.value, str(item.error or "")) for item in streamed_items(name, parameters, pieces)]

    whole = items(body)
    assert len(whole) >= 2
    assert whole == items(*(body[index : index + 1] for index in range(len(body))))
    for place in range(len(body)):
        assert whole == items(body[:place], body[place:])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b"\x1e1\n\x1e12",
            [(1, ""), (None, "record 2 of the body may be cut off: no line feed ends it (RFC 7464)")],
        ),
        (b"\x1etrue", [(None, "record 1 of the body may be cut off: no line feed ends it (RFC 7464)")]),
        (b'\x1e"a"\x1e[1]\x1e{}', [("a", ""), ([1], ""), ({}, "")]),
    ],
    ids=["number", "literal", "closed-by-itself"],
)
def test_a_record_that_may_be_cut_off_is_told(body: bytes, expected: list[Any]) -> None:
    """A number without a line feed after it may be half of one (RFC 7464, section 2.4)."""
    found = [
        (item.value, str(item.error or "")) for item in streamed_items("application/json-seq", {}, (body,))
    ]
    assert expected == found


def test_an_item_that_cannot_be_read_hides_no_other() -> None:
    """The items around an unreadable item are read, and each wrong item is a finding with its index."""
    body = b'{"id":1}\n{"id":\n{"id":"a"}\n\xff\n{"id":2}\n'
    expected = ["/1 unreadable-body", "/2/id type", "/3 unreadable-body"]
    assert expected == _validation("application/jsonl", {"itemSchema": _ITEM}, body)


def _matched(seconds: float, count: int) -> list[str]:
    """The notes about texts that a pattern had no time for."""
    notes = ValidationNotes()
    notes.patterns = Patterns(seconds)

    def errors(value: str) -> list[Any]:
        assert notes.patterns.is_found("^(a|b|ab)*c$", value)
        return []

    place = PlacedSchema(("itemSchema",), {}, {}, errors)
    found = sequence_errors((Item("ababc", 0) for _ in range(count)), [place], None, notes, [])
    assert [] == found
    return list(notes.not_validated)


def test_each_item_has_its_time_for_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long stream does not use it up; an item that does ends the validating, which is said."""
    # By this clock every match takes a second.
    monkeypatch.setattr(patterns, "time", SimpleNamespace(perf_counter=itertools.count().__next__))
    assert [] == _matched(1.5, 5)
    assert ["item 1 and those after it: it takes too long to match the patterns"] == _matched(0.5, 5)


# Responses


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/jsonl", b'{"id":1}\n{"id":"a"}\n\n{}\n'),
        ("application/x-ndjson; charset=utf-8", b'{"id":1}\n{"id":"a"}\n{}'),
        ("application/json-seq", b'\x1e{"id":1}\n\x1e{"id":"a"}\n\x1e{}\n'),
        (
            "multipart/mixed; boundary=x",
            b"".join(
                b"--x\r\nContent-Type: application/json\r\n\r\n%s\r\n" % part
                for part in (b'{"id":1}', b'{"id":"a"}', b"{}")
            )
            + b"--x--\r\n",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_item_is_validated(media_type: str, body: bytes) -> None:
    """`itemSchema` is asked for each item, and a finding names the item by its index."""
    assert ["/1/id type", "/2 required"] == _validation(media_type, {"itemSchema": _ITEM}, body)


def test_events_are_validated_as_objects() -> None:
    """An event is the object of its fields."""
    body = b": hi\n\nevent: added\ndata: short\nretry: 5\n\nevent: lost\ndata: far\ndata: too long\n\n"
    expected = ["/0/retry minimum", "/1/data maxLength", "/1/event enum"]
    assert expected == _validation("text/event-stream", {"itemSchema": _EVENT}, body)


def test_a_finding_names_the_place_in_the_document() -> None:
    """Through references, to the keyword below `itemSchema` or in the component."""
    reference = {"$ref": "#/components/schemas/Item"}
    responses = {"200": {"description": "", "content": {"application/jsonl": {"itemSchema": reference}}}}
    response = responded(b'{"id":1}\n{"id":"a"}', media_type="application/jsonl")
    validation = validate_response(responses, response, version="3.2.0", Item=_ITEM)
    assert ["/components/schemas/Item/properties/id/type"] == [
        finding.schema_pointer for finding in validation.findings
    ]
    responses["200"]["content"] = {"application/jsonl": {"itemSchema": _ITEM}}
    validation = validate_response(responses, response, version="3.2.0")
    place = "/paths/~1a/get/responses/200/content/application~1jsonl/itemSchema/properties/id/type"
    assert [place] == [finding.schema_pointer for finding in validation.findings]


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"schema": {"type": "array", "items": _ITEM}}, ["/1/id type"]),
        ({"schema": {"type": "array", "maxItems": 1}, "itemSchema": _ITEM}, ["- maxItems", "/1/id type"]),
        ({"schema": {"type": ["object", "array"], "maxItems": 1}}, ["- maxItems"]),
        ({"schema": _ITEM}, ["/1/id type"]),
        ({"schema": {"oneOf": [_ITEM, {"type": "string"}]}}, ["/1/id type"]),
        ({"schema": {"anyOf": [{"type": "string"}, {"minItems": 9}]}}, ["- minItems"]),
        ({"schema": True}, []),
    ],
    ids=["array", "both", "array too", "no array", "alternatives", "one may be an array", "anything"],
)
def test_a_schema_is_about_all_items(media: dict[str, Any], expected: list[str]) -> None:
    """`schema` sees the whole sequence as an array, unless no array fits it: then it is that of each item."""
    assert expected == _validation("application/jsonl", media, b'{"id":1}\n{"id":"a"}\n')


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_a_schema_that_says_text_gets_the_text(version: str) -> None:
    """Many documents have a stream of events as the text that it is."""
    media = {"schema": {"type": "string", "maxLength": 3}}
    assert ["- maxLength"] == _validation("text/event-stream", media, b"data: a\n\n", version)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (_ITEM, ["/0/id type", "/1 required"]),
        ({"type": "array", "items": _ITEM, "minItems": 9}, ["/0/id type", "/1 required"]),
        ({"type": "array"}, ["? the document gives no schema for the items of `application/x-ndjson`"]),
        ({}, []),
    ],
    ids=["item", "array", "array-of-anything", "anything"],
)
def test_before_3_2_a_schema_is_read_as_it_is_meant(schema: Any, expected: list[str], version: str) -> None:
    """Before 3.2 a schema describes the array of all lines, or each single line."""
    assert expected == _validation("application/x-ndjson", {"schema": schema}, b'{"id":"a"}\n{}', version)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_before_3_2_nobody_can_say_what_an_event_is(version: str) -> None:
    """A schema that may be about the event or about its data gives a note, never a finding."""
    short = version.rpartition(".")[0]
    text = f"? OpenAPI {short} does not say what the schema of `text/event-stream` is about"
    assert [text] == _validation("text/event-stream", {"schema": _ITEM}, b"data: {}\n\n", version)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("is_array", [True, False], ids=["array", "event"])
def test_before_3_2_a_schema_of_events_is_validated_by(is_array: bool, version: str) -> None:
    """A schema that has the properties of an event, and no others, can only be about events."""
    event = {"type": "object", "properties": {"data": {"maxLength": 1}, "event": {"enum": ["a"]}}}
    schema = {"type": "array", "items": event} if is_array else event
    body = b"data: x\n\nevent: b\ndata: long\n\n"
    assert ["/1/data maxLength", "/1/event enum"] == _validation(
        "text/event-stream", {"schema": schema}, body, version
    )


@pytest.mark.parametrize(
    ("media_type", "body", "message"),
    [
        (
            "application/jsonl",
            b'{"id":1}\n{"id":',
            "line 2 of the body is not JSON: it ends too early, at column 7",
        ),
        ("application/json-seq", b'{"id":1}\n', "the body does not begin with a record separator (RFC 7464)"),
        (
            "application/json-seq",
            b'\x1e{"id":1}\n\x1e{"i',
            "record 2 of the body is not JSON: unterminated string, at column 2",
        ),
        ("text/event-stream", b"data: \xff\n\n", "event 1 of the body is not text in utf-8"),
        ("multipart/mixed", b"--x\r\n\r\n1\r\n--x--", "the media type names no `boundary` between the parts"),
        ("multipart/mixed; boundary=y", b"nothing", "the body does not end with the boundary of its parts"),
    ],
    ids=["line", "no-separator", "record", "charset", "no-boundary", "no-parts"],
)
def test_what_is_no_sequence_is_a_finding(media_type: str, body: bytes, message: str) -> None:
    """A body that is not what its media type says is named, with the line or the record."""
    name = media_type.partition(";")[0]
    responses = {"200": {"description": "", "content": {name: {"itemSchema": _ITEM}}}}
    validation = validate_response(responses, responded(body, media_type=media_type), version="3.2.0")
    assert [("unreadable-body", message)] == [
        (finding.rule, finding.message) for finding in validation.findings
    ]


def test_parts_of_bytes_are_noted() -> None:
    """A part that is neither JSON nor text is not validated, and the others are."""
    body = (
        b"--x\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n"
        b'--x\r\nContent-Type: application/json\r\n\r\n{"id":"a"}\r\n--x--\r\n'
    )
    expected = ["/1/id type", "? parts that are neither JSON nor text cannot be validated"]
    assert expected == _validation("multipart/mixed; boundary=x", {"itemSchema": _ITEM}, body)


def test_a_sequence_full_of_errors_is_counted() -> None:
    """A thousand findings are listed, of the rest their number is said."""
    found = _validation("application/jsonl", {"itemSchema": _ITEM}, b'{"id":"a"}\n' * 1_005)
    assert 1_000 == len(found[:-1])
    text = "only the first 1,000 findings of the items are listed: 5 more items do not match the document"
    assert f"? {text}" == found[-1]


def test_exact_looks_into_the_items() -> None:
    """`exact` finds undocumented properties in each item."""
    found = _validation(
        "application/jsonl", {"itemSchema": _ITEM}, b'{"id":1,"x":2}\n{"id":2}', is_exact=True
    )
    assert ["/0/x undocumented-property"] == found


# Requests


def test_a_body_of_items_is_validated() -> None:
    """A request's items are validated like those of a response."""
    document = response_document({"200": {"description": ""}}, "3.2.0")
    document["paths"]["/a"]["get"]["requestBody"] = {"content": {"application/jsonl": {"itemSchema": _ITEM}}}
    validator = validator_of(document)
    request = sent(media_type="application/jsonl", body=b'{"id":1}\n{"id":"a"}\n')
    assert ["/1/id type"] == compact(validator.request(request))


def test_a_stream_is_validated_in_a_call(server: Recorder) -> None:
    """The whole way: an event that does not match the document ends a strict call with 9, the body still written."""
    document = response_document({"200": {"content": {"text/event-stream": {"itemSchema": _EVENT}}}}, "3.2.0")
    document["servers"] = [{"url": server.origin}]
    save(document, "events.json")
    body = b"event: added\ndata: a\n\nevent: lost\ndata: b\n\n"
    server.responses["/a"] = Response(200, body, {"Content-Type": "text/event-stream"})
    result = run_cli("./events.json", "a", "--validate", "strict", "-o", "raw", "--error-format", "json")
    assert (9, body) == (result.exit_code, result.stdout_bytes)
    assert ["/1/event"] == [finding["pointer"] for finding in result.error["findings"]]
