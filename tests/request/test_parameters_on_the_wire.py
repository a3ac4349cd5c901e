"""Parameters from the command line to the server: templates, media types, null, the empty string, odd declarations."""

from typing import Any

import pytest

from tests.documents import api_of, get, parameter, save, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
STRINGS: dict[str, Any] = {"type": "array", "items": STRING}
NUMBERS: dict[str, Any] = {"type": "object", "properties": {"R": INTEGER, "G": INTEGER}}


def one(path: str, *parameters: dict[str, Any], **more: Any) -> None:
    """Write a document whose one operation, `a`, has this path and these parameters."""
    save_api(get(path, "a", *parameters, **more))


ID, OTHER = parameter("id", STRING, "path"), parameter("other", STRING, "path")
TEMPLATES = [
    pytest.param("/a/{id}.json", (ID,), ("1",), "/a/1.json", id="in-the-middle-of-a-segment"),
    pytest.param("/a/{id}{other}", (OTHER, ID), ("1", "2"), "/a/12", id="side-by-side"),
    pytest.param("/a/{id}...{other}", (ID, OTHER), ("v1", "v2"), "/a/v1...v2", id="with-dots-between"),
    pytest.param("/a/{id}/b/{id}", (ID,), ("1",), "/a/1/b/1", id="twice"),
    pytest.param("/a/{id}", (), ("1",), "/a/1", id="undeclared"),
    pytest.param("/a b/ü/{id}", (ID,), ("1",), "/a%20b/%C3%BC/1", id="odd-characters"),
    pytest.param("a/{id}", (ID,), ("1",), "/a/1", id="no-slash"),
    pytest.param("/a#second", (), (), "/a", id="fragment"),
    pytest.param("/a?type=b", (), (), "/a?type=b", id="query"),
    pytest.param("/a?type=b&flag#second", (), (), "/a?type=b&flag", id="query-and-fragment"),
    pytest.param("/a?t=b c&u=%20", (), (), "/a?t=b%20c&u=%20", id="query-with-odd-characters"),
    pytest.param("/a?id={id}", (), ("1",), "/a?id=1", id="undeclared-in-the-query"),
    pytest.param(
        "/a?x-{id}=1&id={id}", (ID,), ("a/b",), "/a?x-%7Bid%7D=1&id=a%2Fb", id="path-parameter-in-the-query"
    ),
    pytest.param("/a?q={q}&r=1", (parameter("q", STRING),), (), "/a?r=1", id="optional-in-the-query"),
    pytest.param(
        "/a?q={q}&r=1", (parameter("q", STRING),), ("--q", "x"), "/a?r=1&q=x", id="given-in-the-query"
    ),
    pytest.param(
        "/a?type=b",
        (parameter("type", STRING, required=True),),
        (),
        "/a?type=b",
        id="required-and-in-the-path",
    ),
    pytest.param(
        "/a?type=b&x=1",
        (parameter("type", STRING),),
        ("--type", "c"),
        "/a?x=1&type=c",
        id="given-replaces-the-path",
    ),
    pytest.param("/a?x=1", (parameter("y", INTEGER),), ("--y", "2"), "/a?x=1&y=2", id="merged"),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("path", "parameters", "words", "expected"), TEMPLATES)
def test_a_path_is_filled_and_its_query_is_merged(
    path: str, parameters: tuple[dict[str, Any], ...], words: tuple[str, ...], expected: str
) -> None:
    """Templates stand anywhere in a path; its query is sent with what was given, its fragment never."""
    one(path, *parameters)
    result = run_cli("./api.json", "a", *words, "--dry-run", "json")
    assert (0, expected) == (result.exit_code, result.json["url"].removeprefix("http://127.0.0.1:9"))


def test_operations_that_differ_in_fragment_or_query_stay_apart() -> None:
    """Each has its name, and its own request."""
    paths = ["/a", "/a#one", "/a#two", "/a?x=1", "/a?x=2#two"]
    save_api(*(get(path, "") for path in paths))
    names = [row["name"] for row in run_cli("operations", "./api.json", "-o", "json").json]
    assert 5 == len(set(names))
    assert ["/a", "/a", "/a", "/a?x=1", "/a?x=2"] == [request_of(name)["target"] for name in names]


CONTENT = [
    pytest.param(
        "query", "application/json", NUMBERS, '{"R":1}', "x=%7B%22R%22%3A1%7D", id="json-in-a-query"
    ),
    pytest.param("query", "application/json", STRING, "a", "x=%22a%22", id="json-string"),
    pytest.param(
        "query", "application/vnd.a+json", STRINGS, '["a","b"]', "x=%5B%22a%22%2C%22b%22%5D", id="suffix"
    ),
    pytest.param("query", "text/plain", INTEGER, "1", "x=1", id="text-in-a-query"),
    pytest.param(
        "query", "application/x-www-form-urlencoded", NUMBERS, '{"R":1,"G":2}', "x=R%3D1%26G%3D2", id="form"
    ),
    pytest.param("query", "application/xml", NUMBERS, "<a/>", "x=%3Ca%2F%3E", id="given-in-its-media-type"),
    pytest.param("path", "application/json", NUMBERS, '{"R":1}', "/a/%7B%22R%22%3A1%7D", id="json-in-a-path"),
    pytest.param("path", "text/plain", STRING, "a/b", "/a/a%2Fb", id="text-in-a-path"),
    pytest.param(
        "header", "application/json", STRINGS, '["ü","日"]', '["\\u00fc","\\u65e5"]', id="json-in-a-header"
    ),
    pytest.param("header", "text/plain", STRING, 'a; b="c"', 'a; b="c"', id="text-in-a-header"),
    pytest.param("cookie", "application/json", NUMBERS, '{"R":1}', "x={%22R%22:1}", id="json-in-a-cookie"),
    pytest.param("cookie", "text/plain", STRING, "a%20b=", "x=a%20b=", id="text-in-a-cookie"),
]


@pytest.mark.parametrize(("location", "media_type", "schema", "word", "expected"), CONTENT)
def test_a_parameter_with_content_is_written_in_its_media_type(
    location: str, media_type: str, schema: dict[str, Any], word: str, expected: str
) -> None:
    """JSON, forms and text are written from values, in any place; others are given as they are."""
    described = {"name": "x", "in": location, "content": {media_type: {"schema": schema}}}
    one("/a/{x}" if location == "path" else "/a", {**described, "required": location == "path"})
    result = run_cli("./api.json", "a", "--x", word, "--dry-run", "json")
    assert 0 == result.exit_code, result.stderr
    headers = dict(result.json["headers"])
    got = {"header": headers.get("x"), "cookie": headers.get("Cookie")}.get(location)
    got = got or result.json["url"].removeprefix("http://127.0.0.1:9").removeprefix("/a?")
    assert expected == got


@pytest.mark.parametrize(
    ("location", "media_type", "word", "phrase"),
    [
        ("query", "text/plain", '{"R":1}', "`text/plain` cannot hold such a value"),
        ("query", "application/x-www-form-urlencoded", "[1]", "cannot hold such a value"),
        ("cookie", "text/plain", "a;b", "characters that a cookie cannot have"),
        ("header", "text/plain", "a\nb", "line breaks"),
    ],
)
def test_what_a_media_type_or_place_cannot_hold_is_refused(
    location: str, media_type: str, word: str, phrase: str
) -> None:
    """The message names the parameter and the reason."""
    schema = {} if word[0] in "{[" else STRING
    one("/a", {"name": "x", "in": location, "content": {media_type: {"schema": schema}}})
    result = run_cli("--error-format", "json", "./api.json", "a", "--x", word, "--dry-run")
    assert (2, "", f"The {location} parameter `x` cannot be sent") == (
        result.exit_code,
        result.stdout,
        result.error["message"],
    )
    assert phrase in result.error["reason"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("location", ["query", "header", "cookie"])
@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({**INTEGER, "nullable": True}, "null"),
        ({**STRINGS, "nullable": True}, "null"),
        (STRINGS, "[]"),
        (NUMBERS, "{}"),
    ],
    ids=["null", "null-array", "empty-array", "empty-object"],
)
def test_null_and_empty_collections_are_left_out_or_refused(
    location: str, schema: dict[str, Any], word: str
) -> None:
    """Null and empty collections are not written (RFC 6570), so a required parameter refuses them."""
    one("/a", parameter("x", schema, location))
    request = request_of("a", "--x", word)
    assert ("/a", {"Accept"}) == (request["target"], {name for name, _ in request["headers"]})
    one("/a", parameter("x", schema, location, required=True))
    assert f"The {location} parameter `x` needs a value" in refusal_of("a", "--x", word).stderr


@pytest.mark.parametrize(
    "schema", [STRING, INTEGER, {**STRING, "enum": ["a"]}, {**STRING, "minLength": 1}, STRINGS]
)
def test_an_empty_value_is_sent_where_the_document_allows_it(schema: dict[str, Any]) -> None:
    """`allowEmptyValue` lets the empty string stand for the parameter being unused, whatever its type."""
    one("/a", parameter("x", schema, allowEmptyValue=True))
    assert "/a?x=" == request_of("a", "--x", "")["target"]
    if schema not in (STRING, STRINGS):
        one("/a", parameter("x", schema))
        refusal_of("a", "--x", "")


def test_a_parameter_with_a_read_only_schema_is_sent() -> None:
    """`readOnly` is about properties of bodies ("Schema Object"); a parameter only ever goes one way."""
    one(
        "/a/{x}",
        parameter("x", {**INTEGER, "readOnly": True}, "path"),
        parameter("y", {**STRING, "readOnly": True}),
    )
    assert "/a/1?y=z" == request_of("a", "1", "--y", "z")["target"]


@pytest.mark.parametrize(
    ("location", "style", "expected"),
    [
        ("query", "simple", "/a?x=1&x=2"),
        ("query", "cookie", "/a?x=1&x=2"),
        ("query", ["form"], "/a?x=1&x=2"),
        ("path", "form", "/a/1,2"),
    ],
)
def test_a_style_that_is_none_for_the_place_is_replaced(location: str, style: Any, expected: str) -> None:
    """The default of the place is used, and the document's warning says so, and where."""
    one(
        "/a/{x}" if location == "path" else "/a",
        parameter("x", {**STRINGS, "items": INTEGER}, location, style=style),
    )
    result = run_cli("./api.json", "a", "--x", "1", "--x", "2", "--dry-run", "json", "--validate", "off")
    assert (0, expected) == (result.exit_code, result.json["url"].removeprefix("http://127.0.0.1:9"))
    warnings = run_cli("api", "show", "./api.json", "-o", "json").json["warnings"]
    assert [f"/paths/~1a{'~1{x}' if location == 'path' else ''}/get/parameters/0/style"] == [
        warning["pointer"] for warning in warnings
    ]


def test_cookies_of_every_style_share_one_header(server: Recorder) -> None:
    """Members with `explode` are cookies of their own; a header named Cookie is sent with them."""
    parameters = [
        parameter("ids", STRINGS, "cookie"),
        parameter("flat", STRINGS, "cookie", explode=False),
        parameter("rgb", NUMBERS, "cookie", style="cookie"),
        parameter("Cookie", STRING, "header"),
    ]
    made = api_of(get("/a", parameters=parameters), server=server)
    api = save({**made, "openapi": "3.2.0"})
    result = run_cli(
        api,
        "a",
        "--ids",
        "1",
        "--ids",
        "a b",
        "--flat",
        "2",
        "--flat",
        "3",
        "--rgb",
        '{"R":4,"G":5}',
        "--cookie",
        "z=0",
    )
    assert 4 == result.exit_code, result.stderr
    assert ["z=0; ids=1; ids=a%20b; flat=2,3; R=4; G=5"] == server.last.headers["cookie"]


BAD = [
    pytest.param(parameter("x", NUMBERS), "[1]", id="array-where-an-object-belongs"),
    pytest.param(parameter("x", NUMBERS), "a", id="text-where-an-object-belongs"),
    pytest.param(
        parameter("x", {"type": "array", "items": INTEGER}), '{"a":1}', id="object-where-an-array-belongs"
    ),
    pytest.param(parameter("x", INTEGER), "[1]", id="array-where-a-number-belongs"),
    pytest.param(parameter("x", STRING, "header"), "a\r\nX-Evil: 1", id="line-break-in-a-header"),
    pytest.param(parameter("x", STRING, "cookie", style="cookie"), "a; b=c", id="separator-in-a-cookie"),
    pytest.param(parameter("x", STRINGS, style="pipeDelimited"), '["a|b"]', id="delimiter-in-a-member"),
    pytest.param(parameter("x", STRING, "path"), "..", id="dots-in-a-path"),
    pytest.param(parameter("x", STRING, "path"), "%2e%2e/x", id="encoded-dots-in-a-path"),
    pytest.param(parameter("x", STRING, "path"), "", id="empty-in-a-path"),
    pytest.param(parameter("x", STRING, "path"), "a\nb", id="line-break-in-a-path"),
]


@pytest.mark.parametrize(("described", "word"), BAD)
def test_a_bad_value_is_refused_and_nothing_is_sent(
    server: Recorder, described: dict[str, Any], word: str
) -> None:
    """Exit 2, three parts that name the parameter, and no request."""
    path = "/a/{x}" if described["in"] == "path" else "/a"
    made = api_of(get(path, "a", parameters=[described]), server=server)
    result = run_cli("--error-format", "json", save({**made, "openapi": "3.2.0"}), "a", "--x", word)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "x" in result.error["message"].replace("--x", "`x`")
    assert result.error["reason"]
    assert [] == server.requests
