"""Results for a person: each finding with the part of the message that is wrong, marked, and who says so."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.client.responses.validation_text import ExcerptTarget, json_excerpts, marked
from dynacli.secrets import Masker, Secret
from dynacli.text.terminal import cell_width
from tests.documents import api_of, get, put, save, save_api
from tests.harness import Recorder, Response, Result, json_response, run_cli

PET = {
    "id": "p-1",
    "name": "Rex",
    "age": "seven",
    "tags": ["a", "b", {"deep": {"er": [1, 2, 3]}}],
    "owner": {},
}


def _lines(pointer: str, text: str | None = None, **more: bool) -> list[str]:
    wanted = ExcerptTarget(pointer, **more)
    return json_excerpts(json.dumps(PET) if text is None else text, [wanted]).get(wanted, [])


EXCERPTS: dict[str, tuple[str, str, dict[str, bool], list[str]]] = {
    "a scalar among others": (
        "/age",
        json.dumps(PET),
        {},
        [
            "{",
            '  "id": "p-1",',
            '  "name": "Rex",',
            '  "age": "seven",',
            "         ^^^^^^^",
            '  "tags": [...],',
            "  ...",
        ],
    ),
    "the first": ("/id", '{"id": 1, "b": 2}', {}, ["{", '  "id": 1,', "        ^", '  "b": 2']),
    "the last": ("/b", '{"id": 1, "b": 2}', {}, ["{", '  "id": 1,', '  "b": 2', "       ^"]),
    "the whole": ("", "[1, {}, []]", {}, ["[1, {}, []]", "^^^^^^^^^^^"]),
    "a scalar alone": ("", ' "x" ', {}, ['"x"', "^^^"]),
    "an empty object": ("/a", '{"a":{ }}', {}, ["{", '  "a": {}', "       ^^"]),
    "an item far behind": (
        "/3/a",
        '[1,{"a":1},[2],{"b":[0],"a":true},5]',
        {},
        ["[", "  ...", "  {", '    "b": [...],', '    "a": true', "         ^^^^"],
    ),
    "a property's name": ("/b", '{"a":1,"b":2}', {"is_name": True}, ["{", '  "a": 1,', '  "b": 2', "  ^^^"]),
    "the names alone": (
        "/a",
        '{"a":{"x":1,"y":[]}}',
        {"is_about_names": True},
        ["{", '  "a": {"x", "y"}', "       ^^^^^^^^^^"],
    ),
    "the last of two of a name": (
        "/a/x",
        '{"a":{"x":1},"a":{"x":2}}',
        {},
        ["{", "  ...", '  "a": {', '    "x": 2', "         ^"],
    ),
    "gone with the last of two of a name": ("/a/x", '{"a":{"x":1},"a":2}', {}, []),
    "numbers as they came": (
        "/1",
        "[1.10, 1e400, 12345678901234567890]",
        {},
        ["[", "  1.10,", "  1e400,", "  ^^^^^", "  12345678901234567890"],
    ),
    "names with slashes and tildes": ("/a~1b~0c", '{"a/b~c":1}', {}, ["{", '  "a/b~c": 1', "           ^"]),
    "a name in escapes": ("/é", '{"\\u00e9":1}', {}, ["{", '  "\\u00e9": 1', "            ^"]),
    "wide characters": ("/日本", '{"日本":"語"}', {}, ["{", '  "日本": "語"', "          ^^^^"]),
    "control characters": (
        "/a",
        '{"a":"x\u202e\x7f"}',
        {},
        ["{", '  "a": "x\\u202e\\u007f"', "       ^^^^^^^^^^^^^^^"],
    ),
    "a place that is not there": ("/nope/x", json.dumps(PET), {}, []),
    "a place inside of a scalar": ("/id/x", json.dumps(PET), {}, []),
    "no JSON": ("/a", '{"a": 1', {}, []),
    "no JSON at all": ("/a", "<html>", {}, []),
    "nothing": ("", "", {}, []),
    "deeper than anybody goes": ("/a", '{"a":' + "[" * 100_000 + "]" * 100_000 + "}", {}, []),
}


@pytest.mark.parametrize(("pointer", "text", "more", "lines"), EXCERPTS.values(), ids=EXCERPTS)
def test_an_excerpt(pointer: str, text: str, more: dict[str, bool], lines: list[str]) -> None:
    """A few lines around the value, which is marked; what is long or far is left out."""
    assert lines == _lines(pointer, text, **more)


_SCALARS = st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=8)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


def _pointers(value: Any, here: str = "") -> Iterator[tuple[str, Any]]:
    yield here, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inside:
        yield from _pointers(child, f"{here}/{str(step).replace('~', '~0').replace('/', '~1')}")


@given(value=_VALUES, indent=st.sampled_from([None, 1]), is_ascii=st.booleans())
def test_the_marker_is_under_the_value(value: Any, indent: int | None, *, is_ascii: bool) -> None:
    """Every value of any JSON can be shown, and what is marked is that value, if it is short enough."""
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    wanted = {ExcerptTarget(pointer): spot for pointer, spot in _pointers(value)}
    found = json_excerpts(text, wanted)
    assert wanted.keys() == found.keys()
    for place, expected_value in wanted.items():
        lines = found[place]
        [number] = [index for index, line in enumerate(lines) if line.strip() and not line.strip(" ^")]
        above, marker = lines[number - 1], lines[number]
        start = len(marker) - len(marker.lstrip())
        shown = above
        while cell_width(above) - cell_width(shown) < start:
            shown = shown[1:]
        if not isinstance(expected_value, dict | list) and len(json.dumps(expected_value)) < 50:
            assert expected_value == json.loads(shown.rstrip().removesuffix(","))
        assert cell_width(marker) == cell_width(above.removesuffix(","))


@given(value=_VALUES, data=st.data())
def test_a_broken_text_breaks_nothing(value: Any, data: st.DataObject) -> None:
    """Cut or changed at any place, a text has excerpts or has none."""
    text = json.dumps([value], ensure_ascii=False)
    at = data.draw(st.integers(0, len(text)))
    broken = (
        text[:at]
        + data.draw(st.sampled_from(["", "}", "]", '"', ",", ":", "\\", "\x00", "1"]))
        + text[at + 1 :]
    )
    for broken_text in (text[:at], broken):
        json_excerpts(broken_text, [ExcerptTarget(pointer) for pointer, _ in _pointers([value])])


def test_a_text_with_a_comma_too_many_has_no_excerpts() -> None:
    """A text that is not JSON has no excerpts, whichever values are asked for."""
    assert {} == json_excerpts('[{"a": 1,}]', [ExcerptTarget(pointer) for pointer in ("", "/0", "/0/a")])


def test_ancestors_far_above_are_left_out() -> None:
    """The excerpt of a deep value shows its nearest levels."""
    value: Any = 1
    for name in "jihgfedcba":
        value = {name: value}
    lines = _lines("/a/b/c/d/e/f/g/h/i/j", json.dumps(value))
    assert ["...", '"e": {', '  "f": {'] == lines[:3]
    assert ['          "j": 1', "               ^"] == lines[-2:]


@pytest.mark.parametrize(
    "value", ["x" * 5000, "日" * 500, {f"name{n}": "v" * 99 for n in range(99)}, list(range(999))]
)
def test_a_long_value_is_cut(value: Any) -> None:
    """No line is wider than a page, and the marker is as wide as what is shown."""
    lines = _lines("/a", json.dumps({"b" * 300: 1, "a": value, "c": value}, ensure_ascii=False))
    assert max(map(cell_width, lines)) <= 80
    shown = next(line for line in lines if line.startswith('  "a": '))
    assert "..." in shown
    assert cell_width(shown.removesuffix(",")) == cell_width(lines[lines.index(shown) + 1])


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("part", "seconds"),
    [pytest.param(1, 8, id="the whole", marks=pytest.mark.exhaustive), pytest.param(100, 1, id="1 %")],
)
@pytest.mark.parametrize(
    ("before", "repeated", "count", "after", "pointer"),
    [
        ('{"data":[', '{"id":1,"u":{"x":[1,2,3]}},', 700_000, "0]}", "/data/%d/u/x/2"),
        ("[", "[],", 20_000_000, "1]", "/%d"),
    ],
    ids=["20 MB of records", "60 MB of nothing"],
)
def test_a_huge_body_takes_little_time(
    before: str, repeated: str, count: int, after: str, pointer: str, part: int, seconds: int
) -> None:
    """A huge body is read once, in a few seconds at most, whatever is in it."""
    text = before + repeated * (count // part) + after
    last = pointer % (count // part - ("data" in before))
    began = time.process_time()
    json_excerpts(text, [ExcerptTarget(last), ExcerptTarget(last, is_name=True)])
    assert time.process_time() - began < seconds


def test_a_line_of_a_head() -> None:
    """Its value is marked, and what could drive a terminal is visible."""
    assert ["ETag: a\\x1b[2J\\nb", "      ^^^^^^^^^^^"] == marked("ETag: ", "a\x1b[2J\nb")
    line, marker = marked("X: ", "v" * 500)
    assert ("...", len(line)) == (line[-3:], len(marker))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a secret-of-mine b", "a *** b"),
        ("got `secret-of-m...`", "got `***...`"),
        ("got `secr...`", "got `***...`"),
        ("sec... and secret-... both", "sec... and ***... both"),
        ("secsecret...", "sec***..."),
        ("no secret here", "no secret here"),
    ],
)
def test_the_beginning_of_a_secret_is_masked_where_it_is_cut(text: str, masked: str) -> None:
    """Messages show long values shortened; four characters of a secret are never among them."""
    assert masked == Masker([Secret("secret-of-mine")]).mask(text)


SCHEMAS = {
    "Pet": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer"},
            "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
        },
        "additionalProperties": False,
    },
    "Tag": {"type": "string", "maxLength": 3},
}


@pytest.fixture
def api(server: Recorder) -> str:
    """An API whose response and inputs are described."""
    response = {
        "description": "It",
        "headers": {"X-Rate": {"schema": {"type": "integer"}}},
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
            "application/jsonl": {"schema": {"$ref": "#/components/schemas/Pet"}},
        },
    }
    parameters = [
        {"name": "petId", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 3}},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 5}},
        {
            "name": "ids",
            "in": "query",
            "schema": {"type": "array", "items": {"type": "string", "maxLength": 2}},
        },
        {"name": "X-Trace", "in": "header", "schema": {"type": "string", "maxLength": 2}},
        {"name": "sid", "in": "cookie", "schema": {"type": "string", "maxLength": 2}},
    ]
    body = {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"maximum": 3}}}}}
    }
    made = api_of(
        put("/pets/{petId}", "putPet", parameters=parameters, responses={"200": response}, requestBody=body),
        server=server,
    )
    made["components"] = {"schemas": SCHEMAS}
    server.responses["/pets/1"] = Response(body=b'{"id": 1}')
    return save(made)


def _call(api: str, *words: str, **more: Any) -> Result:
    return run_cli(api, "put-pet", *(words or ("1",)), **more)


def test_a_finding_shows_what_is_wrong_and_who_says_so(api: str, server: Recorder) -> None:
    """The headline, the excerpt, the line of the document, and the references that led there."""
    server.responses["/pets/1"] = Response(body=b'{"id": "x", "tags": ["a", "long", "b"]}')
    result = _call(api, "1", "--validate", "strict", "-o", "@/dev/null")
    assert 9 == result.exit_code
    lines = result.stderr.splitlines()
    assert "  reason: /id: expected integer, got string `x` [type]" == lines[1]
    assert [
        "              | {",
        '              |   "id": "x",',
        "              |         ^^^",
        '              |   "tags": [...]',
    ] == lines[2:6]
    text = Path("api.json").read_text()  # all of it in one line, in which a column is needed

    def line_of(key: str, before: str = "") -> str:
        return f"(document line 1, column {text.index(before + key) + len(before) + 1})"

    line = line_of('"type": "integer"', '"id": {')
    assert f"              /components/schemas/Pet/properties/id/type {line}" == lines[6]
    schema = "/paths/~1pets~1{petId}/put/responses/200/content/application~1json/schema/$ref"
    line = line_of('"$ref": "#/components/schemas/Pet"')
    assert f"                via {schema} {line}" == lines[7]
    assert '              |     "long",' in lines
    line = line_of('"$ref": "#/components/schemas/Tag"')
    assert f"                via /components/schemas/Pet/properties/tags/items/$ref {line}" in lines


@pytest.mark.parametrize(
    ("words", "headline", "shown"),
    [
        (("1", "--limit", "9"), "query `limit`", "?limit=9\n              |        ^"),
        (("1", "--ids", "a", "--ids", "abc"), "query `ids` /1", "?ids=abc\n              |      ^^^"),
        (("1", "--x-trace", "abc"), "header `X-Trace`", "X-Trace: abc\n              |          ^^^"),
        (("1", "--sid", "abc"), "cookie `sid`", "Cookie: sid=abc\n              |             ^^^"),
        (("abcd",), "path `petId`", "PUT /pets/abcd\n              |           ^^^^"),
        (("1", "--a", "7"), "/a: ", '  "a": 7\n              |        ^'),
    ],
    ids=["query", "item of a query", "header", "cookie", "path", "body"],
)
def test_a_refused_request_shows_what_is_wrong(
    api: str, words: tuple[str, ...], headline: str, shown: str
) -> None:
    """Wherever in the request it stands; the option's own check may come first and is as good."""
    result = _call(api, *words)
    assert 2 == result.exit_code
    if "does not allow this request" in result.stderr:
        assert headline in result.stderr
        assert f"| {shown}" in result.stderr
    else:
        assert "is not a value for" in result.stderr


def test_a_header_of_a_response(api: str, server: Recorder) -> None:
    """Its line is shown, in the server's own spelling."""
    server.responses["/pets/1"] = Response(
        200, b'{"id": 1}', {"Content-Type": "application/json", "x-RATE": "many"}
    )
    result = _call(api, "1", "-v")
    assert "| x-RATE: many\n" in result.stderr
    assert "|         ^^^^\n" in result.stderr


def test_an_item_of_a_sequence(api: str, server: Recorder) -> None:
    """Of JSON lines it is the line that is shown."""
    server.responses["/pets/1"] = Response(
        200, b'{"id": 1}\n\n{"id": "x"}\n', {"Content-Type": "application/jsonl"}
    )
    result = _call(api)
    assert "/1/id: expected integer" in result.stderr
    # A stream is not kept, and then there is nothing to show.
    assert '"id": 1' not in result.stderr


@pytest.mark.parametrize(
    ("body", "headline", "marked_text"),
    [
        (
            b'{"id": 1, "who": true}',
            "/who: `who` is not in the document",
            '  "who": true\n                   |   ^^^^^',
        ),
        (b'{"tags": []}', "body: `id` is missing", '{"tags"}\n                   | ^^^^^^^^'),
    ],
    ids=["a property too many", "a property too few"],
)
def test_names_are_marked_where_they_are_wrong(
    api: str, server: Recorder, body: bytes, headline: str, marked_text: str
) -> None:
    """The excerpt marks the name of an unexpected property, and all names of an object that lacks one."""
    server.responses["/pets/1"] = Response(body=body)
    result = _call(api, "1", "-v")
    assert headline in result.stderr
    assert marked_text.replace("                   |", "             |") in result.stderr


@pytest.mark.parametrize(
    "body", [b"<html></html>", b"{", b"\xff\xfe", b""], ids=["HTML", "cut", "no text", "nothing"]
)
def test_what_is_no_json_has_no_excerpt(api: str, server: Recorder, body: bytes) -> None:
    """The finding is there, and the run goes on."""
    server.responses["/pets/1"] = Response(body=body)
    result = _call(api)
    assert 0 == result.exit_code
    assert "warning: The response does not match the document" in result.stderr
    assert "^" not in result.stderr


def test_three_findings_are_a_line_each(api: str, server: Recorder) -> None:
    """At `warn` a call tells three findings and the number of the others; `-v` shows all of each."""
    server.responses["/pets/1"] = Response(
        body=json.dumps({"id": "x", "a": 1, "b": 1, "c": 1, "d": 1}).encode()
    )
    result = _call(api)
    assert [
        "warning: The response does not match the document",
        "         /id: expected integer, got string `x` [type]",
        (
            "         /a: `a` is not in the document, which allows no others [additionalProperties]"
            " (and 3 more like it, at /b, /c and /d)"
        ),
    ] == result.stderr.splitlines()
    shown = _call(api, "1", "-v").stderr
    assert 4 == shown.count("[additionalProperties]")
    assert '"id": "x"' in shown
    assert "document line" in shown


@pytest.mark.parametrize("level", ["warn", "strict"])
def test_the_items_of_a_list_share_a_finding(api: str, server: Recorder, level: str) -> None:
    """What is wrong with each item in the same way is told once, at every level."""
    tags = ["long", *["longer"] * 24]
    server.responses["/pets/1"] = json_response({"id": 1, "tags": tags})
    result = _call(api, "1", "--validate", level)
    assert (
        "/tags/0: the text has 4 characters, and may have at most 3 [maxLength] (and 24 more like it)"
        in " ".join(result.stderr.split())
    )
    assert 1 == result.stderr.count("[maxLength]")


def test_many_fields_that_break_one_rule_are_one_finding(api: str, server: Recorder) -> None:
    """Fields that break the same rule are one finding, in a response and in a request; `-v` shows all of them."""
    body = {"id": 1, **{f"name{number}": 1 for number in range(25)}}
    server.responses["/pets/1"] = json_response(body)
    result = _call(api, "1", "--validate", "strict")
    assert 1 == result.stderr.count("[additionalProperties]")
    assert "(and 24 more like it, at /name1, /name2," in " ".join(result.stderr.split())
    assert 25 == _call(api, "1", "--validate", "strict", "-v").stderr.count("[additionalProperties]")
    words = ("1", "--validate", "exact", "--dry-run", "--body", json.dumps({**body, "id": {}}))
    assert "(and 25 more like it, at /name0," in " ".join(_call(api, *words).stderr.split())
    assert 26 == _call(api, *words, "-v").stderr.count("[undocumented-property]")


def test_colours_are_on_a_terminal_alone(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marker is red, what stands around the value is dimmed; foreign text is visible and paints nothing."""
    server.responses["/pets/1"] = Response(
        body='{"a\u001b[31m": 1, "id": "\u202e"}'.replace("\x1b", "\\u001b").encode()
    )
    result = _call(api, "1", "-v", terminal=("stderr",))
    assert "\x1b[31m        ^^^^^^^^\x1b[39m" in result.stderr
    assert '\x1b[2m  "a\\u001b[31m": 1,\x1b[22m' in result.stderr
    assert '  "id": "\\u202e"\n' in result.stderr
    assert "\u202e" not in result.stderr
    assert "\x1b[2m" not in _call(api).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _call(api, terminal=("stderr",)).stderr


@pytest.mark.parametrize("level", ["strict", "warn"])
def test_errors_and_warnings_for_programs_have_the_whole_validation(
    api: str, server: Recorder, level: str
) -> None:
    """`--error-format json`: findings, what was not validated, and what does not count."""
    server.responses["/pets/1"] = Response(body=b'{"id": "x"}')
    result = _call(api, "1", "--validate", level, "--error-format", "json")
    line = json.loads(result.stderr.splitlines()[-1])
    reported = line["error"] if level == "strict" else line["warning"]
    assert (["/id"], [], []) == (
        [finding["pointer"] for finding in reported["findings"]],
        reported["not_validated"],
        reported["suppressed"],
    )


@pytest.mark.parametrize("level", ["warn", "strict", "exact", "off"])
def test_what_is_not_validated_is_said(server: Recorder, level: str) -> None:
    """At every level but `off` the reasons are shown without being asked for."""
    response = {"description": "fine", "content": {"application/json": {}}}
    name = save_api(get("/a", responses={"200": response}), server=server)
    server.responses["/a"] = Response(body=b"{}")
    result = run_cli(name, "a", "--validate", level)
    note = "Not validated: the document gives no schema for `application/json`\n"
    assert (0, "" if level == "off" else note) == (result.exit_code, result.stderr)
    reported = run_cli(name, "a", "--validate", level, "--error-format", "json").stderr
    assert ("" if level == "off" else note.strip()) == (
        json.loads(reported)["warning"]["message"] if reported else ""
    )


def test_a_secret_that_comes_back_is_masked(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret is masked even if an excerpt or a message cuts it."""
    schema = {"type": "object", "properties": {name: {"type": "integer"} for name in "ab"}}
    response = {"description": "It", "content": {"application/json": {"schema": schema}}}
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    name = save_api(
        get("/pet", "getPet", security=[{"key": []}], responses={"200": response}),
        server=server,
        schemes={"key": scheme},
    )
    server.responses["/pet"] = json_response({"a": canary, "b": "x" * 40 + canary})
    monkeypatch.setenv("DYNACLI_KEY", canary)
    result = run_cli(name, "get-pet", "--accept-origin", server.origin, "-o", "@/dev/null", "-v")
    assert 0 == result.exit_code
    assert '"a": "***"' in result.stderr
    assert f"{'x' * 40}***" in result.stderr
    assert canary[:8] not in result.stderr
