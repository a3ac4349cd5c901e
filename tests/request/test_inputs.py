"""Parameters: what a word becomes, and how it is written into the request, byte for byte."""

import json
import shlex
from typing import Any

import pytest

from dynacli.options.standard_options import GUARDED_OPTIONS
from tests.documents import get, parameter, post, put, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, Response, examples_of, run_cli

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
LIST: dict[str, Any] = {"type": "array", "items": STRING}
OBJECT: dict[str, Any] = {"type": "object", "properties": {"status": STRING, "count": INTEGER}}


def _query(schema: dict[str, Any], *words: str, **more: Any) -> str:
    save_api(get("/a", "a", parameter("x", schema, **more)))
    target: str = request_of("a", *words)["target"]
    return target


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("query", "schema", "words"),
    [
        ("?x=a", STRING, ("--x", "a")),
        ("?x=007", STRING, ("--x", "007")),
        ("?x=true", STRING, ("--x", "true")),
        ("?x=b", STRING, ("--x", "a", "--x", "b")),
        ("?x=7", INTEGER, ("--x", "7")),
        ("?x=7", INTEGER, ("--x", "+7")),
        ("?x=-7", INTEGER, ("--x", "-7")),
        ("?x=0.5", {"type": "number"}, ("--x", ".5")),
        ("?x=1500.5", {"type": "number"}, ("--x", "1.5005e3")),
        ("?x=9007199254740993", INTEGER, ("--x", "9007199254740993")),
        ("?x=open", {"type": "string", "enum": ["open", "closed"]}, ("--x", "open")),
        ("?x=2", {"type": "integer", "enum": [1, 2]}, ("--x", "2")),
        ("?x=1.0", {"type": "number", "enum": [0.5, 1.0]}, ("--x", "1")),
        ("?x=2024-02-29", {"type": "string", "format": "date"}, ("--x", "2024-02-29")),
        ("", {"type": "integer", "nullable": True}, ("--x", "null")),
        ("?x=null", {"type": "string", "nullable": True}, ("--x", "null")),
        ("?x=a&x=b", LIST, ("--x", "a", "--x", "b")),
        ("?x=a&x=b", LIST, ("--x", '["a","b"]')),
        ("?x=a%2Cb", LIST, ("--x", "a,b")),
        ("?x=1&x=-2", {"type": "array", "items": INTEGER}, ("--x", "1", "--x", "-2")),
        ("?x=3", {}, ("--x", "3")),
    ],
)
def test_a_word_becomes_the_value_that_the_document_describes(
    query: str, schema: dict[str, Any], words: tuple[str, ...]
) -> None:
    """Strings stay as they are; numbers, booleans, arrays and null are read by their schema."""
    assert f"/a{query}" == _query(schema, *words)


@pytest.mark.parametrize(
    ("message", "reason", "schema", "word"),
    [
        ("`x1` is not a value for --x", "it takes an integer", INTEGER, "x1"),
        ("`1.5` is not a value for --x", "it takes an integer", INTEGER, "1.5"),
        ("`nan` is not a value for --x", "it takes a number", {"type": "number"}, "nan"),
        (
            "`opn` is not a value for --x",
            "it takes one of `open`, `closed`",
            {"type": "string", "enum": ["open", "closed"]},
            "opn",
        ),
        (
            "`z` is not a value for --x",
            "it takes one of `a`, `b`",
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            "z",
        ),
        ("`5` is not a value for --x", "it takes a JSON object", OBJECT, "5"),
    ],
)
def test_a_word_that_does_not_fit_is_refused_with_what_would(
    message: str, reason: str, schema: dict[str, Any], word: str
) -> None:
    """The message names the option, the word, and what the document takes."""
    save_api(get("/a", "a", parameter("x", schema)))
    refused = refusal_of("a", "--x", word, before=("--error-format", "json")).error
    assert (message, reason) == (refused["message"], refused["reason"])


_REFERENCE: dict[str, Any] = {"type": "object", "properties": {"object_type": STRING, "url": STRING}}
_OWNER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "tags", "kind"],
    "properties": {"note": STRING, "id": INTEGER, "tags": LIST, "kind": {"type": "string", "enum": ["a"]}},
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("example", "words"),
    [
        ({"status": "...", "count": 1}, ["--state", "x"]),
        ({"object_type": "...", "url": "..."}, ["--reference", "x"]),
        ({"id": 1, "tags": [], "kind": "a"}, ["--owner", "x"]),
        ({"object_type": "...", "url": "...", "inner": {}}, ["--list", "x"]),
        ({"object_type": "...", "url": "..."}, ["--list.1.inner", "x"]),
        ({"inner": {}}, ["--outer", "x"]),
        ({"name": "value"}, ["--free", "x"]),
    ],
)
def test_the_example_of_an_object_has_its_own_properties(example: dict[str, Any], words: list[str]) -> None:
    """The error for a text shows the required properties, or the first ones, as the document spells them."""
    item = {"type": "object", "properties": {**_REFERENCE["properties"], "inner": _REFERENCE}}
    body = {
        "type": "object",
        "properties": {
            "reference": _REFERENCE,
            "owner": _OWNER,
            "list": {"type": "array", "items": item},
            "outer": {"type": "object", "properties": {"inner": _REFERENCE}},
            "free": {"type": "object"},
        },
    }
    save_api(post("/a", "a", parameter("state", OBJECT), body=body))
    hint = refusal_of("a", *words, before=("--error-format", "json")).error["hint"]
    assert example == json.loads(shlex.split(hint)[2])
    whole = ("--inputs", json.dumps({words[0].removeprefix("--"): "x"}))
    assert hint == refusal_of("a", *whole, before=("--error-format", "json")).error["hint"]


def test_a_wrong_enumeration_value_gets_the_near_one() -> None:
    """A typing error in a value gets the value that was meant."""
    save_api(get("/a", "a", parameter("state", {"type": "string", "enum": ["open", "closed"]})))
    refused = refusal_of("a", "--state", "close", before=("--error-format", "json")).error
    assert refused["try"].endswith(" a --state closed")


def test_a_wrong_boolean_is_refused() -> None:
    """A switch takes `true` and `false`, nothing else."""
    save_api(get("/a", "a", parameter("x", {"type": "boolean"})))
    refused = refusal_of("a", "--x=yes", before=("--error-format", "json")).error
    assert "`yes` is not a value for --x" == refused["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?x[status]=open&x[count]=4", ("--x.status", "open", "--x.count", "4")),
        ("?x[status]=open", ("--x", '{"status": "open"}')),
        ("?x[status]=open&x[count]=4", ("--x", '{"status": "old", "count": 4}', "--x.status", "open")),
    ],
)
def test_an_object_parameter_is_given_by_its_properties_or_as_json(
    query: str, words: tuple[str, ...]
) -> None:
    """Properties override the JSON."""
    target = _query(OBJECT, *words, style="deepObject", explode=True)
    assert f"/a{query}" == target.replace("%5B", "[").replace("%5D", "]")


def test_a_map_parameter_takes_keys_that_the_document_does_not_name() -> None:
    """`--labels.KEY VALUE` gives one entry of a map."""
    save_api(
        get(
            "/a",
            "a",
            parameter(
                "labels",
                {"type": "object", "additionalProperties": INTEGER},
                style="deepObject",
                explode=True,
            ),
        )
    )
    assert "/a?labels%5BA_b%5D=1" == request_of("a", "--labels.A_b", "1")["target"]
    assert "`q` is not a value for --labels.A_b" in refusal_of("a", "--labels.A_b", "q").stderr


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("page[cursor]", ("--page-cursor", "--page[cursor]")),
        ("fields[x]", ("--fields-x", "--fields[x]")),
        ("$filter", ("--filter", "--$filter")),
        ("DateCreated<", ("--date-created", "--DateCreated<")),
        ("user.name", ("--user-name", "--user.name")),
        ("X_Y", ("--x-y", "--X_Y")),
        ("日本", ("--日本",)),
    ],
)
def test_every_spelling_of_a_name_is_reachable(name: str, options: tuple[str, ...]) -> None:
    """Kebab case, and the document's own spelling; the name on the wire is the document's."""
    save_api(get("/a", "a", parameter(name, STRING)))
    for option in options:
        target = request_of("a", option, "v")["target"]
        from urllib.parse import unquote

        assert f"/a?{name}=v" == unquote(target)


def test_names_that_clash_in_kebab_case_are_both_reachable() -> None:
    """`pageSize`, `page_size` and `page-size` in one query keep apart by their spelling."""
    save_api(get("/a", "a", *(parameter(name, STRING) for name in ("pageSize", "page_size", "x"))))
    assert "/a?pageSize=1&page_size=2" == request_of("a", "--page-size", "1", "--page_size", "2")["target"]
    assert "/a?page_size=2" == request_of("a", "--query.page-size", "2")["target"]


def test_one_name_in_several_places() -> None:
    """The first of path, query, header, cookie, body has the plain option, the others their place in front."""
    body = {"type": "object", "properties": {"id": STRING}}
    parameters = [parameter("id", STRING, where) for where in ("cookie", "header", "query", "path")]
    save_api(put("/a/{id}", "a", *parameters, body=body))
    request = request_of(
        "a", "P", "--query.id", "Q", "--header.id", "H", "--cookie.id", "C", "--body.id", "B"
    )
    headers = dict(request["headers"])
    assert ("/a/P?id=Q", "H", "id=C", {"id": "B"}) == (
        request["target"],
        headers["id"],
        headers["Cookie"],
        request["json"],
    )
    assert "/a/P" == request_of("a", "--id", "P", "--set", "id=1", before=("--validate", "off"))["target"]
    assert "/a/P" == request_of("a", "--path.id", "P", "--body.id", "B")["target"]


TAKEN = ("output", "body", "validate", "dry-run", "set", "example", "editor", "server", "header", "debug")


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", TAKEN)
def test_one_name_everywhere_and_among_the_standard_options(server: Recorder, name: str) -> None:
    """Every input of the document has an option, and dynacli's own is there before the API."""
    places = [parameter(name, STRING, place) for place in ("path", "query", "header", "cookie")]
    body = {"type": "object", "properties": {name: STRING}}
    path = f"/{{{name}}}"
    save_api(post(path, "a", *places, body=body))
    words = [f"--{'path.' if name in GUARDED_OPTIONS else ''}{name}", "P"]
    for place in ("query", "header", "cookie", "body"):
        words.extend((f"--{place}.{name}", place[0].upper()))
    server.responses["/P"] = Response()
    before = ("--server", server.origin, "--validate", "strict", "--no-fail")
    assert 0 == run_cli(*before, "./api.json", "a", *words).exit_code
    request = server.last
    assert f"/P?{name}=Q" == request.target
    assert (["H"], [f"{name}=C"]) == (request.headers[name], request.headers["cookie"])
    assert {name: "B"} == json.loads(request.body)


def test_a_word_too_many_beside_an_option_of_the_path_is_explained() -> None:
    """A person who means dynacli's `--validate` and hits the path parameter of that name sees why."""
    save_api(get("/{validate}", "a", parameter("validate", STRING, "path")))
    assert "VALIDATE is given by `--validate`" in refusal_of("a", "P", "--validate", "off").stderr


def test_the_empty_word_is_a_value_where_the_document_allows_it() -> None:
    """An empty word is a value of a boolean, too; the option alone is true."""
    flag = {"type": "boolean"}
    assert "/a?x=" == _query(flag, "--x", "", allowEmptyValue=True)
    assert "/a?x=true" == _query(flag, "--x", allowEmptyValue=True)
    assert "/a?x=false" == _query(flag, "--no-x", allowEmptyValue=True)


def test_an_object_in_the_path_has_options_and_an_example() -> None:
    """Help lists its properties; the example is a value that can be sent."""
    described = {
        "name": "x",
        "in": "path",
        "required": True,
        "content": {"application/json": {"schema": OBJECT}},
    }
    api = save_api(get("/{x}", "a", described))
    page = run_cli(api, "a", "--help").stdout
    assert "--x.status TEXT" in page
    assert [["dynacli", api, "a", "{}"]] == examples_of(page)
    assert "/%7B%7D" == request_of("a", "--example")["target"]
    assert "/%7B%22status%22%3A%22open%22%7D" == request_of("a", "--x.status", "open")["target"]


def test_a_required_parameter_with_a_default_need_not_be_given() -> None:
    """The document says what is meant; what is given wins."""
    save_api(get("/a", "a", parameter("v", {**STRING, "default": "2024"}, required=True)))
    assert ("/a?v=2024", "/a?v=1") == (request_of("a")["target"], request_of("a", "--v", "1")["target"])


def test_an_optional_default_is_not_sent() -> None:
    """An optional parameter that is not given is not sent: the server has its default itself."""
    assert "/a" == _query({"type": "integer", "default": 3})


def test_required_parameters_are_named_all_at_once() -> None:
    """One error names every missing parameter."""
    save_api(
        get(
            "/a/{id}",
            "a",
            parameter("id", STRING, "path"),
            parameter("q", STRING, required=True),
            parameter("X-Key", STRING, "header", required=True),
        )
    )
    refused = refusal_of("a", before=("--error-format", "json")).error
    assert ("`a` needs ID, --q and --x-key", ["ID", "--q", "--x-key"]) == (
        refused["message"],
        refused["missing"],
    )


def test_example_fills_only_what_is_missing() -> None:
    """`--example` leaves what was given, and leaves out what is optional."""
    save_api(
        get(
            "/a/{id}",
            "a",
            parameter("id", INTEGER, "path", example=42),
            parameter("q", {"type": "string", "enum": ["one", "two"]}, required=True),
            parameter("r", STRING, required=True),
            parameter("s", STRING),
        )
    )
    assert "/a/42?q=one&r=string" == request_of("a", "--example")["target"]
    assert "/a/5?q=two&r=string" == request_of("a", "5", "--q", "two", "--example")["target"]
    assert "/a/42?q=one&r=string&s=x" == request_of("a", "--s", "x", "--example")["target"]


def test_parameters_of_the_path_are_shared_and_overridden() -> None:
    """A path's parameters belong to each of its operations, unless the operation describes them again."""
    save_api(
        {"/a/{id}": {"parameters": [parameter("id", STRING, "path"), parameter("q", STRING)]}},
        get("/a/{id}", "a", parameter("q", INTEGER)),
    )
    assert "/a/x?q=1" == request_of("a", "x", "--q", "1")["target"]
    assert "`z` is not a value for --q" in refusal_of("a", "x", "--q", "z").stderr


@pytest.mark.parametrize("name", ["Accept", "Content-Type", "Authorization", "Host", "Content-Length"])
def test_headers_that_a_document_may_not_define_are_no_options(name: str) -> None:
    """Headers of media types, credentials and the connection have no options."""
    save_api(get("/a", "a", parameter(name, STRING, "header")))
    refused = refusal_of("a", f"--{name.lower()}", "x").stderr
    if name == "Content-Type":  # that of a body, which a GET has not
        assert "`a` takes no body" in refused
    else:
        assert f"There is no option `--{name.lower()}`" in refused


MEDIA_HEADERS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "the only value": ("Accept", {"enum": ["application/vnd.a+json"]}, "application/vnd.a+json"),
    "a default": ("accept", {"enum": ["text/a", "text/b"], "default": "text/b"}, "text/b"),
    "an example": ("ACCEPT", {"example": "text/a; q=1"}, "text/a; q=1"),
    "a choice": ("Accept", {"enum": ["text/a", "text/b"]}, None),
    "no media type": ("Accept", {"default": "a\r\nX-Evil: 1"}, None),
    "a type of the body": ("Content-Type", {"default": "application/vnd.a+json"}, "application/vnd.a+json"),
    "another kind of body": ("Content-Type", {"default": "text/csv"}, "application/json"),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", MEDIA_HEADERS)
@pytest.mark.parametrize("is_required", [True, False])
def test_a_required_header_of_media_types_is_sent_with_the_value_of_the_document(
    name: str, *, is_required: bool
) -> None:
    """If the document leaves no choice; it is not an option, and `-H` overrides it."""
    header, schema, expected = MEDIA_HEADERS[name]
    described = parameter(header, {"type": "string", **schema}, "header", required=is_required)
    save_api(post("/a", "a", described, body=STRING))
    words = ("a", "--body", '"b"')
    usual = dict(request_of(*words)["headers"])[header.title()]
    if not is_required or expected is None:
        assert usual.startswith("application/json")
    else:
        assert expected == usual
    given = request_of(*words, "-H", f"{header}: text/x")
    assert "text/x" == {key.title(): value for key, value in given["headers"]}[header.title()]


def test_a_required_content_type_is_sent_where_there_is_no_body() -> None:
    """Some servers ask for it in every request."""
    described = parameter("Content-Type", {"type": "string", "default": "text/a"}, "header", required=True)
    save_api(get("/a", "a", described))
    assert "text/a" == dict(request_of("a")["headers"])["Content-Type"]


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("/a/a%2Fb/x", "a/b"),
        ("/a/a%252Fb/x", "a%2Fb"),
        ("/a/a%20b%2B%3F%23/x", "a b+?#"),
        ("/a/%C3%BC%E6%97%A5/x", "ü日"),
        ("/a/a%2Cb%3Bc%3Dd%40e%3Af/x", "a,b;c=d@e:f"),
        ("/a/~a.b_c-d/x", "~a.b_c-d"),
        ("/a/%7B%7D%7C%5B%5D/x", "{}|[]"),
    ],
)
def test_a_path_value_reaches_the_server_as_it_was_encoded(server: Recorder, target: str, value: str) -> None:
    """A value never adds a segment, a query or a fragment, and the client changes no byte of the URL."""
    save_api(get("/a/{v}/x", "a", parameter("v", STRING, "path")))
    assert target == request_of("a", "--", value)["target"]
    run_cli("--server", server.origin, "--no-fail", "./api.json", "a", "--", value)
    assert target == server.last.target


@pytest.mark.parametrize("value", ["..", ".", "", "%2e%2e", "a/../b", "a\\b", "a\nb"])
def test_a_path_value_that_leads_elsewhere_is_refused(server: Recorder, value: str) -> None:
    """Nothing is sent for a value that a client or server would resolve to another path."""
    save_api(get("/a/{v}/x", "a", parameter("v", STRING, "path")))
    result = run_cli("--server", server.origin, "./api.json", "a", "--", value)
    assert ((2, 11)[result.exit_code == 11], "") == (result.exit_code, result.stdout)
    assert [] == server.requests


@pytest.mark.parametrize(
    ("query", "words", "more"),
    [
        ("x=a,b", ("--x", "a", "--x", "b"), {"explode": False}),
        ("x=a%2Cb,c%20d", ("--x", "a,b", "--x", "c d"), {"explode": False}),
        ("x=a%7Cb", ("--x", "a", "--x", "b"), {"explode": False, "style": "pipeDelimited"}),
        ("x=a%20b", ("--x", "a", "--x", "b"), {"explode": False, "style": "spaceDelimited"}),
        ("x=%5Ba%5D%7C%2B%26%20%252C%C3%BC", ("--x", "[a]|+& %2Cü"), {}),
        ("x=a/b?c=d%20&x=e%2Bf%23", ("--x", "a/b?c=d%20", "--x", "e+f#"), {"allowReserved": True}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_query_reaches_the_server_as_it_was_built(
    server: Recorder, query: str, words: tuple[str, ...], more: dict[str, Any]
) -> None:
    """Literal commas, `%2C`, `%7C`, `%20`, `%2B`, brackets and unicode: the client changes no byte."""
    save_api(get("/a", "a", parameter("x", LIST, **more)))
    assert f"/a?{query}" == request_of("a", *words)["target"]
    run_cli("--server", server.origin, "--no-fail", "./api.json", "a", *words)
    assert f"/a?{query}" == server.last.target


def test_headers_and_cookies_reach_the_server(server: Recorder) -> None:
    """Arrays in a header are joined by commas; a cookie is written once."""
    save_api(
        get(
            "/a",
            "a",
            parameter("X-Ids", {"type": "array", "items": INTEGER}, "header"),
            parameter("session", STRING, "cookie"),
        )
    )
    words = ("--x-ids", "1", "--x-ids", "2", "--session", "abc")
    run_cli("--server", server.origin, "--no-fail", "./api.json", "a", *words)
    assert (["1,2"], ["session=abc"]) == (server.last.headers["x-ids"], server.last.headers["cookie"])


def test_a_parameter_with_content_is_sent_as_json() -> None:
    """`content` instead of `schema`: the value is one JSON text."""
    raw = {"name": "f", "in": "query", "content": {"application/json": {"schema": OBJECT}}}
    save_api(get("/a", "a", raw))
    assert "/a?f=%7B%22status%22%3A%22x%22%7D" == request_of("a", "--f.status", "x")["target"]


def test_validation_can_be_switched_off() -> None:
    """`--validate off` sends what the document does not allow, for servers that know better."""
    save_api(get("/a", "a", parameter("x", INTEGER), parameter("y", STRING, required=True)))
    assert "/a?x=seven" == request_of("a", "--x", "seven", before=("--validate", "off"))["target"]
