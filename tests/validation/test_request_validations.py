"""A request that does not match the document is refused before it is sent, and one that does never is."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Recorder, Result, run_cli
from tests.real_documents import own_and_real
from tests.validation.in_process_validator import JSON, compact, sent, validator_of

VERSIONS = ["3.0.3", "3.1.0", "3.2.0"]


def _document(
    operation: dict[str, Any], version: str = "3.1.0", path: str = "/a", **schemas: Any
) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "http://127.0.0.1:9"}],
        "paths": {path: {"post": {"operationId": "a", "responses": {}, **operation}}},
        "components": {"schemas": schemas},
    }


def _dry_run(document: dict[str, Any], *words: str) -> Result:
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    return run_cli("./document.json", "a", *words, "--dry-run", "json", "--error-format", "json")


def _parameter(schema: Any, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": "p", "in": place, "required": True, "schema": schema, **more}


_OBJECT = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}}
_ARRAY = {"type": "array", "items": {"type": "integer"}}
_RIGHT: list[tuple[Any, list[str]]] = [
    (_parameter({"type": "string"}), ["--p", "a b&c=d"]),
    (_parameter({"type": "string"}), ["--p", ""]),
    (_parameter({"type": "string"}, allowEmptyValue=True), ["--p", ""]),
    (_parameter({"type": "string"}), ["--p", "true"]),
    (_parameter({"type": "integer"}), ["--p", "-5"]),
    (_parameter({"type": "number"}), ["--p", "1e3"]),
    (_parameter({"type": "boolean"}), ["--p", "false"]),
    (_parameter({"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["all"]}]}), ["--p", "all"]),
    (_parameter({"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["all"]}]}), ["--p", "5"]),
    (
        _parameter({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
        ["--p", "a"],
    ),
    (_parameter({}), ["--p", "anything"]),
    # A default that contradicts its schema is the document's fault, and not sent.
    ({**_parameter({"type": "integer", "default": "many"}), "required": False}, []),
    ({**_parameter({"type": "integer", "default": "many"}, "header"), "required": False}, []),
    (_parameter({"type": "string", "format": "date-time"}), ["--p", "2026-01-01T00:00:00+01:00"]),
    (_parameter({"type": "string", "format": "byte"}), ["--p", "YQ=="]),
    (_parameter(_ARRAY), ["--p", "1", "--p", "2"]),
    (_parameter(_ARRAY, explode=False), ["--p", "1", "--p", "2"]),
    (_parameter(_ARRAY, style="spaceDelimited", explode=False), ["--p", "1", "--p", "2"]),
    (_parameter(_ARRAY, style="pipeDelimited", explode=False), ["--p", "1", "--p", "2"]),
    (_parameter({"type": "array", "items": {"type": "string"}}), ["--p", "a,b", "--p", "c"]),
    (_parameter(_OBJECT), ["--p.x", "5", "--p.y", "a"]),
    (_parameter(_OBJECT, explode=False), ["--p.x", "5", "--p.y", "a"]),
    (_parameter(_OBJECT, style="deepObject", explode=True), ["--p.x", "5", "--p.y", "a"]),
    # openapi-core reads objects alone in this style, and refuses the rest also if it did not come.
    ({**_parameter(_ARRAY, style="deepObject"), "required": False}, []),
    ({**_parameter({"anyOf": [_OBJECT, {"type": "integer"}]}, style="deepObject"), "required": False}, []),
    ({**_parameter({"anyOf": [_OBJECT, {"type": "integer"}]}, style="deepObject")}, ["--p", '{"x": 5}']),
    (_parameter({"type": "array", "items": {"type": "integer"}}, "header"), ["--p", "1", "--p", "2"]),
    (_parameter(_OBJECT, "header", explode=True), ["--p.x", "5"]),
    (_parameter({"type": "integer"}, "header"), ["--p", "5"]),
    (_parameter({"type": "integer"}, "cookie"), ["--p", "5"]),
    (_parameter({"type": "string"}, "path"), ["a/b"]),
    (_parameter({"type": "string"}, "path"), ["100%"]),
    (_parameter({"type": "integer"}, "path", style="label"), ["5"]),
    (_parameter({"type": "integer"}, "path", style="matrix"), ["5"]),
    (_parameter(_ARRAY, "path"), ["--p", "1", "--p", "2"]),
    (_parameter({"type": "string", "pattern": "^[a-z]+$"}), ["--p", "abc"]),
    (_parameter({"type": "string", "readOnly": True}), ["--p", "abc"]),
    (
        {"name": "p", "in": "query", "required": True, "content": {JSON: {"schema": _OBJECT}}},
        ["--p", '{"x": 5}'],
    ),
    (
        {"name": "p", "in": "query", "required": True, "content": {JSON: {"schema": {"type": "string"}}}},
        ["--p", "a"],
    ),
]


def _id(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else json.dumps(value)[:60]


@pytest.mark.sampled(12)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("parameter", "words"), _RIGHT, ids=_id)
def test_a_right_parameter_is_never_refused(parameter: Any, words: list[str], version: str) -> None:
    """A value that fits its schema passes in every place, style and type, the empty value included."""
    path = "/a/{p}" if parameter["in"] == "path" else "/a"
    result = _dry_run(_document({"parameters": [parameter]}, version, path), *words)
    assert (0, "") == (result.exit_code, result.stderr)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("parameter", "text", "value", "expected"),
    [
        (_parameter({"type": "string", "pattern": "^[a-z]+$"}), "A", "A", ["query/p pattern"]),
        (_parameter({"type": "string", "minLength": 1}), "", "", ["query/p minLength"]),
        (_parameter({"type": "integer", "maximum": 5}), "6", 6, ["query/p maximum"]),
        (_parameter({"type": "integer"}), "x", "x", ["query/p type"]),
        (
            _parameter({"type": "array", "items": {"maximum": 5, "type": "integer"}}),
            "7",
            [7],
            ["query/p/0 maximum"],
        ),
        (_parameter({"type": "string", "format": "date"}), "x", "x", ["query/p format"]),
        (_parameter({"anyOf": [{"type": "integer"}, {"enum": ["all"]}]}), "some", "some", ["query/p enum"]),
        (_parameter({"type": "integer", "minimum": 5}, "header"), "1", 1, ["header/p minimum"]),
        (_parameter({"type": "integer", "minimum": 5}, "cookie"), "1", 1, ["cookie/p minimum"]),
        (_parameter({"type": "integer", "minimum": 5}, "path"), "1", 1, ["path/p minimum"]),
    ],
    ids=_id,
)
def test_a_wrong_parameter_is_a_finding(
    parameter: Any, text: str, value: Any, expected: list[str], version: str
) -> None:
    """A value that breaks its schema is found at the parameter's place and name."""
    place = parameter["in"]
    places: dict[str, Any] = {
        "query": {"query": [("p", text)]},
        "header": {"headers": {"P": text}},
        "cookie": {"cookies": [("p", text)]},
        "path": {"path": {"p": text}},
    }
    given = places[place]
    validator = validator_of(
        _document({"parameters": [parameter]}, version, "/a/{p}" if place == "path" else "/a")
    )
    assert expected == compact(validator.request(sent(**given, values={(place, "p"): value})))


@pytest.mark.parametrize("place", ["query", "header", "cookie"])
def test_a_missing_parameter_is_a_finding(place: str) -> None:
    """Only required parameters can be missing; an operation's parameter wins over that of its path."""
    operation = {
        "parameters": [
            _parameter({"type": "string"}, place),
            {**_parameter({}, place), "name": "q", "required": False},
        ]
    }
    document = _document(operation)
    assert [f"{place}/p missing-parameter"] == compact(validator_of(document).request(sent()))
    document["paths"]["/a"]["parameters"] = [_parameter({}, place)]
    operation["parameters"][0]["required"] = False
    document["paths"]["/a"]["post"]["parameters"] = operation["parameters"]
    assert [] == compact(validator_of(document).request(sent()))


@pytest.mark.parametrize(
    "other", [{"type": "string"}, {"type": "string", "default": 5}], ids=["plain", "default"]
)
def test_a_header_that_is_not_sent_hides_no_finding(other: dict[str, Any]) -> None:
    """An optional header that is left out costs the rest of the request no judgement."""
    parameters = [
        {"name": "X-Other", "in": "header", "schema": other},
        _parameter({"type": "integer"}, "header"),
    ]
    validation = validator_of(_document({"parameters": parameters})).request(
        sent(headers={"p": "five"}, values={("header", "p"): "five"})
    )
    assert ["header/p type"] == compact(validation)


def _body(schema: Any, media_type: str = JSON, **more: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": schema}}, **more}}


_THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
    },
}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("schema", "body", "expected"),
    [
        (_THING, b'{"name": "n", "password": "p"}', []),
        (_THING, b"{}", ["- required"]),
        (_THING, b'{"name": 5}', ["/name type"]),
        (_THING, b"[]", ["- type"]),
        (_THING, b'{"name": ', ["- unreadable-body"]),
        ({"type": "array", "items": _THING}, b'[{"name": "n"}, {}]', ["/1 required"]),
        ({}, b"null", []),
        ({"type": "integer"}, b"0", []),
        ({"multipleOf": 0.1}, b"0.3", []),
    ],
    ids=_id,
)
def test_bodies_are_validated(schema: Any, body: bytes, expected: list[str], version: str) -> None:
    """Read-only properties are not missed in a request, write-only ones may be there."""
    validator = validator_of(_document(_body(schema), version))
    assert expected == compact(validator.request(sent(media_type=JSON, body=body)))


def test_a_read_only_property_in_a_request() -> None:
    """3.0 says that they should not be sent, which is a finding at `exact` alone; in 3.1 the mark is an annotation."""
    request = sent(media_type=JSON, body=b'{"id": 1, "name": "n"}')
    validator = validator_of(_document(_body(_THING), "3.0.3"))
    validation, exact = validator.request(request), validator.request(request, is_exact=True)
    assert ([], []) == (validation.findings, exact.tolerated)
    reported = [("/id", "the document marks this as read-only, so it should not be sent")]
    for found in (validation.tolerated, exact.findings):
        assert reported == [(finding.pointer, finding.message) for finding in found]
    assert [] == compact(validator_of(_document(_body(_THING))).request(request))


def test_missing_and_other_bodies() -> None:
    """A required body is missed, another is not; a media type that is not in the document is a finding."""
    assert ["- missing-body"] == compact(validator_of(_document(_body({}, required=True))).request(sent()))
    assert [] == compact(validator_of(_document(_body({}))).request(sent()))
    other = sent(media_type="text/csv", body=b"a,b")
    assert ["header/Content-Type undocumented-media-type"] == compact(
        validator_of(_document(_body({}))).request(other)
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"n=5&tags=a&tags=b&on=true", []),
        (b"n=x", ["/n type"]),
        (b"tags=a", ["- required"]),
    ],
    ids=["right", "type", "missing"],
)
def test_forms_are_validated(body: bytes, expected: list[str], version: str) -> None:
    """The fields of a form are read as their schemas say."""
    schema = {
        "type": "object",
        "required": ["n"],
        "properties": {
            "n": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "on": {"type": "boolean"},
        },
    }
    name = "application/x-www-form-urlencoded"
    validator = validator_of(_document(_body(schema, name), version))
    assert expected == compact(validator.request(sent(media_type=name, body=body)))


def test_a_form_may_be_described_as_its_text() -> None:
    """If the schema of a form is that of a string, the text of the form is validated."""
    name = "application/x-www-form-urlencoded"
    validator = validator_of(_document(_body({"type": "string", "maxLength": 7}, name)))
    assert [] == compact(validator.request(sent(media_type=name, body=b"a=1&b=2")))
    assert ["- maxLength"] == compact(validator.request(sent(media_type=name, body=b"a=1&b=23")))


@pytest.mark.parametrize(
    ("name", "body", "wrong"),
    [
        ("application/xml", b"<a><n>1</n></a>", b"<a><n>x</n></a>"),
        ("text/xml", b"<a><n>1</n></a>", b"<a><n/></a>"),
        ("application/vnd.a+xml", b"<a><n>1</n></a>", b"<a><n>1</n><n>2</n></a>"),
        ("application/yaml", b"n: 1", b"n: '1'"),
        ("text/x-yaml", b"{n: 1}", b"{n: x}"),
        ("application/vnd.a+yaml", b"n: 0x10", b"n: [1]"),
    ],
)
def test_bodies_that_are_not_json_are_validated(name: str, body: bytes, wrong: bytes) -> None:
    """YAML and XML are read into their values, which the schema is about."""
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    validator = validator_of(_document(_body(schema, name)))
    assert [] == compact(validator.request(sent(media_type=name, body=body)))
    assert ["/n type"] == compact(validator.request(sent(media_type=name, body=wrong)))


def test_other_bodies_are_noted() -> None:
    """A body that cannot be validated passes with a note."""
    validator = validator_of(_document(_body({"type": "object"}, "application/x-protobuf")))
    assert ["? a body of `application/x-protobuf` cannot be validated yet"] == compact(
        validator.request(sent(media_type="application/x-protobuf", body=b"<a/>"))
    )


def test_a_refused_request_reaches_nobody(server: Recorder) -> None:
    """Exit code 2, a message with place and rule, and no connection; `--validate off` sends it."""
    document = _document(_body({"type": "object", "additionalProperties": {"type": "integer"}}))
    document["servers"] = [{"url": server.origin}]
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    result = run_cli("./document.json", "a", "--body", '{"x": "y"}')
    assert (2, "", []) == (result.exit_code, result.stdout, server.requests)
    assert "The document does not allow this request" in result.stderr
    assert "/x: expected integer, got string `y` [type]" in result.stderr
    place = "/paths/~1a/post/requestBody/content/application~1json/schema"
    assert re.search(rf"{re.escape(place)}\S* \(document line 1, column [0-9]+\)", result.stderr)
    run_cli("./document.json", "a", "--body", '{"x": "y"}', "--validate", "off")
    assert [b'{"x":"y"}'] == [request.body.replace(b" ", b"") for request in server.requests]


def test_the_place_of_a_parameter_reads_well() -> None:
    """The line starts with where the parameter goes and its name."""
    document = _document(
        {"parameters": [_parameter({"type": "array", "items": {"type": "string", "pattern": "^a"}})]}
    )
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    result = run_cli("./document.json", "a", "--p", "b")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "query `p` /0: `b` does not match the pattern `^a` [pattern]" in result.stderr


_KEY = {"type": "string", "pattern": "^ssh-"}
_KEYS = {"type": "object", "properties": {"keys": {"type": "array", "items": _KEY}}}
_REFERENCE = {"$ref": "#/components/examples/lost"}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("holder", "schema"),
    [
        ({"example": {"keys": ["ssh-a", "2Sg8"]}}, _KEYS),
        ({"examples": {"lost": _REFERENCE, "one": {"value": {"keys": ["", "2Sg8"]}}}}, _KEYS),
        ({}, {"properties": {"keys": {"items": {**_KEY, "example": "2Sg8"}}}}),
        ({}, {"properties": {"keys": {"items": {**_KEY, "default": "2Sg8"}}}}),
        ({}, {"properties": {"keys": {"items": {**_KEY, "examples": ["ssh-a", "2Sg8"]}}}}),
    ],
    ids=["example", "examples", "of-the-schema", "default", "several-of-the-schema"],
)
def test_an_example_of_the_document_may_break_its_pattern(holder: Any, schema: Any, version: str) -> None:
    """It has a note below `exact`; another value that breaks the pattern is refused, and so is that one elsewhere."""
    content = {"application/json": {**holder, "schema": schema}}
    validator = validator_of(_document({"requestBody": {"content": content}}, version))

    def validation(*keys: str, is_exact: bool = False) -> list[str]:
        request = sent(body=json.dumps({"keys": keys}).encode(), media_type="application/json")
        return compact(validator.request(request, is_exact=is_exact))

    assert ["~ /keys/1 pattern"] == validation("ssh-b", "2Sg8")
    assert ["/keys/1 pattern"] == validation("ssh-b", "2Sg8", is_exact=True)
    assert ["/keys/1 pattern"] == validation("ssh-b", "3Sg8")


def test_the_note_of_an_example_says_that_it_is_one() -> None:
    """Of a parameter as well, and of any limit; a wrong type stays one."""
    schema = {"type": "integer", "format": "int32", "maximum": 9}
    document = _document({"parameters": [_parameter(schema, example=10)]})
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    result = run_cli("./document.json", "a", "--p", "10", "--dry-run", "json")
    assert 0 == result.exit_code
    assert "Tolerated: query `p`: " in result.stderr
    assert "; the document itself gives it as an example [maximum]" in result.stderr
    assert 2 == run_cli("./document.json", "a", "--p", "11", "--dry-run", "json").exit_code
    document = _document({"parameters": [_parameter({"type": "string", "format": "date"}, example="now")]})
    Path("document.json").write_text(json.dumps(document), encoding="utf-8")
    result = run_cli("./document.json", "a", "--p", "now", "--dry-run", "json")
    assert "`now` is not a valid date; the document itself gives it as an example [format]" in result.stderr


# What cannot be made into an example has its reason; anything else that is refused is a defect.
_REFUSED: dict[str, dict[str, int]] = {}
_DOCUMENTS = [
    "adyen-checkout-v71.json",
    "box.json",
    "chromadb.json",
    "datadog-v1.yaml",
    "discord.json",
    "figma.yaml",
    "hcloud.json",
    "klaviyo.json",
    "meilisearch.json",
    "qdrant.json",
]


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    "path", own_and_real(["bookshop.yaml", "observatory.json", "ferries.yaml", "warehouse.json"], _DOCUMENTS)
)
def test_examples_of_whole_documents_are_accepted(path: Path) -> None:
    """The request made from an operation's examples is accepted, for every operation of a document."""
    api = str(path)
    refused: Counter[str] = Counter()
    server = ("--server", "http://127.0.0.1:9")
    for operation in run_cli("operations", api, "-o", "json").json:
        # Before the API the option is dynacli's own, whatever the operation calls its inputs.
        words = (*server, api, operation["name"], "--example", "--dry-run", "json", "--error-format", "json")
        result = run_cli(*words)
        if result.exit_code:
            refused[result.error["message"]] += 1
    assert _REFUSED.get(path.name, {}) == refused
