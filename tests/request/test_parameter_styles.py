"""Parameters are written as "Style Examples" of OpenAPI 3.2.0, 3.1.1 and 3.0.4 show, or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.errors import UsageError
from dynacli.http.built_request import Pair
from dynacli.request.parameter_serialization import (
    is_undefined,
    serialize_cookie,
    serialize_header,
    serialize_path,
    serialize_query,
)
from tests.harness import run_cli

ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}

# The rows of the tables of 3.0.4, 3.1.1 and 3.2.0, which are the same but for the row `cookie`, new in 3.2.0,
# and for `deepObject`, whose `explode` 3.2.0 says has no effect: style, explode, then the cells; None if it is
# refused. The first cell is the empty string; the column `undefined` has a test of its own.
QUERY_TABLE = [
    ("form", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("form", True, "color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
    (
        "spaceDelimited",
        False,
        "color=",  # n/a, as a single value: the pair that it can only be
        "color=blue",
        "color=blue%20black%20brown",
        "color=R%20100%20G%20200%20B%20150",
    ),
    (
        "spaceDelimited",
        True,  # n/a: pairs of their own leave nothing to delimit, as Prism and Swagger's documentation have it
        "color=",
        "color=blue",
        "color=blue&color=black&color=brown",
        "R=100&G=200&B=150",
    ),
    (
        "pipeDelimited",
        False,
        "color=",
        "color=blue",
        "color=blue%7Cblack%7Cbrown",
        "color=R%7C100%7CG%7C200%7CB%7C150",
    ),
    (
        "pipeDelimited",
        True,
        "color=",
        "color=blue",
        "color=blue&color=black&color=brown",
        "R=100&G=200&B=150",
    ),
    *(
        (
            "deepObject",
            explode,
            "color=",
            "color=blue",
            # n/a: Stripe's `expand` and many filters are such arrays
            "color%5B0%5D=blue&color%5B1%5D=black&color%5B2%5D=brown",
            "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150",
        )
        for explode in (False, True)
    ),
    # Not for a query ("Style Values").
    ("simple", False, None, None, None, None),
    ("label", False, None, None, None, None),
    ("matrix", True, None, None, None, None),
    ("cookie", True, None, None, None, None),
]
# The empty cells of a path are refused by dynacli: an empty segment is another resource.
PATH_TABLE = [
    ("simple", False, None, "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("simple", True, None, "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("label", False, None, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
    ("label", True, None, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
    ("matrix", False, None, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
    ("matrix", True, None, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ("form", False, None, None, None, None),
    ("deepObject", True, None, None, None, None),
]
HEADER_TABLE = [
    ("simple", False, "", "blue", "blue,black,brown", "R,100,G,200,B,150"),
    ("simple", True, "", "blue", "blue,black,brown", "R=100,G=200,B=150"),
    ("form", True, None, None, None, None),
]
COOKIE_TABLE = [
    ("form", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    # The tables have `color=blue&color=black`, and their Appendix D says that `&` is not a separator of cookies.
    ("form", True, "color=", "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
    ("cookie", False, "color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
    ("cookie", True, "color=", "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
    ("simple", False, None, None, None, None),
]


def cells(table: Any) -> list[Any]:
    """Return a test case per cell of a table, with an id that names it."""
    return [
        pytest.param(style, explode, value, expected, id=f"{style}-{'explode' if explode else 'flat'}-{kind}")
        for style, explode, *row in table
        for kind, value, expected in zip(
            ["empty", "string", "array", "object"], ["", "blue", ARRAY, OBJECT], row, strict=True
        )
    ]


def write_query(name: str, value: Any, **options: Any) -> str:
    """Return the whole query string of one parameter."""
    return "&".join(pair.encoded for pair in serialize_query(name, value, **options))


def write_cookie(name: str, value: Any, **options: Any) -> str:
    """Return the whole text of the cookie field of one parameter."""
    return "; ".join(pair.encoded for pair in serialize_cookie(name, value, **options))


def check_cell(
    write: Callable[..., str], style: str, explode: bool, value: Any, expected: str | None
) -> None:
    """Assert that a cell is written as expected, or refused if nothing is expected."""
    if expected is None:
        with pytest.raises(UsageError):
            write("color", value, style=style, explode=explode)
    else:
        assert expected == write("color", value, style=style, explode=explode)


@pytest.mark.parametrize(("style", "explode", "value", "expected"), cells(QUERY_TABLE))
def test_query_follows_the_table(style: str, explode: bool, value: Any, expected: str | None) -> None:
    """Each cell of the table for `in: query` is written as it stands there; n/a is refused."""
    check_cell(write_query, style, explode, value, expected)


@pytest.mark.parametrize(("style", "explode", "value", "expected"), cells(PATH_TABLE))
def test_path_follows_the_table(style: str, explode: bool, value: Any, expected: str | None) -> None:
    """Each cell of the table for `in: path` is written as it stands there; empty and n/a are refused."""
    check_cell(serialize_path, style, explode, value, expected)


@pytest.mark.parametrize(("style", "explode", "value", "expected"), cells(HEADER_TABLE))
def test_header_follows_the_table(style: str, explode: bool, value: Any, expected: str | None) -> None:
    """Each cell of the table for `in: header` is written as it stands there; n/a is refused."""
    check_cell(serialize_header, style, explode, value, expected)


@pytest.mark.parametrize(("style", "explode", "value", "expected"), cells(COOKIE_TABLE))
def test_cookie_follows_the_table(style: str, explode: bool, value: Any, expected: str | None) -> None:
    """Each cell of the table for `in: cookie` is written as it stands there; n/a is refused."""
    check_cell(write_cookie, style, explode, value, expected)


SCALARS = [
    pytest.param(True, "true", id="true"),
    pytest.param(False, "false", id="false"),
    pytest.param(0, "0", id="zero"),
    pytest.param(-7, "-7", id="negative"),
    pytest.param(2**70, "1180591620717411303424", id="big-integer"),
    pytest.param(0.1, "0.1", id="fraction"),
    pytest.param(1e22, "10000000000000000000000", id="large-number-without-exponent"),
    pytest.param(1.5e-9, "0.0000000015", id="small-number-without-exponent"),
]


@pytest.mark.parametrize(("value", "expected"), SCALARS)
def test_scalars_have_one_text_everywhere(value: Any, expected: str) -> None:
    """Booleans are `true` and `false`, numbers are digits, in every location."""
    written = [
        *(pair.value for pair in serialize_query("x", value)),
        serialize_path("x", value),
        serialize_header("x", value),
        *(pair.value for pair in serialize_cookie("x", value)),
    ]
    assert [expected] * 4 == written


@pytest.mark.parametrize("value", [None, [], {}, [None], {"a": None}], ids=repr)
@pytest.mark.parametrize("explode", [False, True])
def test_undefined_values_are_not_sent(value: Any, explode: bool) -> None:
    """An undefined value (RFC 6570, section 2.3) gives no pair and no text, and is refused in a path.

    The column `undefined` shows `color=` for `form` and `cookie`; that is what the empty string is written as.
    """
    assert is_undefined(value)
    for style in ("form", "spaceDelimited", "pipeDelimited", "deepObject"):
        assert () == serialize_query("x", value, style=style, explode=explode)
    for style in ("form", "cookie"):
        assert () == serialize_cookie("x", value, style=style, explode=explode)
    assert "" == serialize_header("x", value, explode=explode)
    for style in ("simple", "label", "matrix"):
        with pytest.raises(UsageError):
            serialize_path("x", value, style=style, explode=explode)


@pytest.mark.parametrize("value", ["", 0, False, [""], {"a": ""}, [None, 0]], ids=repr)
def test_what_is_merely_empty_is_defined(value: Any) -> None:
    """The empty string, zero and false are values."""
    assert not is_undefined(value)
    assert serialize_query("x", value)


def test_undefined_members_are_left_out() -> None:
    """A null member of an array or object is ignored, an empty string is a member."""
    assert write_query("x", ["a", None, ""]) == "x=a&x="
    assert write_query("x", {"a": None, "b": ""}) == "b="
    assert serialize_path("x", ["a", None, "b"]) == "a,b"


ENCODED = [
    pytest.param("a b", {}, "x=a%20b", id="space"),
    pytest.param("a,b", {}, "x=a%2Cb", id="comma-in-a-value"),
    pytest.param(["a,b", "c"], {"explode": False}, "x=a%2Cb,c", id="comma-in-a-member"),
    pytest.param("a+b&c=d#e", {}, "x=a%2Bb%26c%3Dd%23e", id="signs-of-a-query"),
    pytest.param("100%", {}, "x=100%25", id="percent"),
    pytest.param("%2F", {}, "x=%252F", id="triplet-is-data"),
    pytest.param("é\n", {}, "x=%C3%A9%0A", id="utf-8-and-control"),
    pytest.param("-._~", {}, "x=-._~", id="unreserved"),
    pytest.param("/?:@!$'()*,;=", {"allow_reserved": True}, "x=/?:@!$'()*,;=", id="reserved-kept"),
    pytest.param(
        "#[]&+ ", {"allow_reserved": True}, "x=%23%5B%5D%26%2B%20", id="reserved-but-not-in-a-query"
    ),
    pytest.param("%2F%zz%", {"allow_reserved": True}, "x=%2F%25zz%25", id="triplet-kept"),
    pytest.param(
        ["a,b", "/"],
        {"allow_reserved": True, "explode": False},
        "x=a%2Cb,/",
        id="reserved-delimiter-in-a-member",
    ),
    pytest.param(
        ["a|b", "c"], {"style": "spaceDelimited", "explode": False}, "x=a%7Cb%20c", id="other-delimiter"
    ),
    pytest.param({"k&=": "v"}, {"style": "deepObject"}, "x%5Bk%26%3D%5D=v", id="deep-key"),
    pytest.param(
        {"a": {"b": 1, "c": {"d": True}}, "none": None, "empty": []},
        {"style": "deepObject"},
        "x%5Ba%5D%5Bb%5D=1&x%5Ba%5D%5Bc%5D%5Bd%5D=true",
        id="deep-nested",
    ),
    pytest.param(
        {"tags": ["a", "b"], "by": [{"id": 1, "n": "x"}, {"id": 2}]},
        {"style": "deepObject"},
        "x%5Btags%5D%5B0%5D=a&x%5Btags%5D%5B1%5D=b"
        "&x%5Bby%5D%5B0%5D%5Bid%5D=1&x%5Bby%5D%5B0%5D%5Bn%5D=x&x%5Bby%5D%5B1%5D%5Bid%5D=2",
        id="deep-arrays",
    ),
    pytest.param(
        [{"a": 1}, {"b": "c,d"}], {}, "x=%7B%22a%22%3A1%7D&x=%7B%22b%22%3A%22c%2Cd%22%7D", id="nested"
    ),
    pytest.param({"a": [1, {}]}, {"explode": False}, "x=a,%5B1%2C%7B%7D%5D", id="nested-flat"),
    pytest.param("a|b", {"style": "pipeDelimited", "explode": False}, "x=a%7Cb", id="single-with-delimiter"),
]


@pytest.mark.parametrize(("value", "options", "expected"), ENCODED)
def test_query_values_stay_in_their_pair(value: Any, options: Any, expected: str) -> None:
    """No character of a value can end its pair, its name or the query."""
    assert expected == write_query("x", value, **options)


def test_query_names_are_encoded() -> None:
    """The signs of a query are encoded in names also if reserved characters are kept in values."""
    assert write_query("a=b&[c]", "/", allow_reserved=True) == "a%3Db%26%5Bc%5D=/"


def test_a_pair_holds_what_the_server_reads() -> None:
    """The decoded name and value of a pair are those that a query parser finds in its encoded form."""
    assert (Pair("x[a b]", "1+1", "x%5Ba%20b%5D=1%2B1"),) == serialize_query(
        "x", {"a b": "1+1"}, style="deepObject"
    )


RESERVED_PATHS = [
    pytest.param("src/main.py", {}, "src/main.py", id="slashes-stay"),
    pytest.param("a:b@c;d=e,f", {}, "a:b@c;d=e,f", id="other-reserved-stay"),
    pytest.param("a?b#c[d] e", {}, "a%3Fb%23c%5Bd%5D%20e", id="what-would-end-a-path-is-encoded"),
    pytest.param("100%/%2F", {}, "100%25/%2F", id="triplets-stay"),
    pytest.param(["a/b,c", "d"], {}, "a/b%2Cc,d", id="delimiter-in-a-member"),
    pytest.param("a;b", {"style": "matrix"}, ";x=a%3Bb", id="delimiter-of-the-style"),
]


@pytest.mark.parametrize(("value", "options", "expected"), RESERVED_PATHS)
def test_a_path_value_may_hold_slashes_where_the_document_says_so(
    value: Any, options: Any, expected: str
) -> None:
    """With `allowReserved` a value may hold a path, but neither ends the path nor delimits."""
    assert expected == serialize_path("x", value, allow_reserved=True, **options)


@pytest.mark.parametrize("value", ["a/../b", "../a", "a/.", "a//b", "/a", "a/", "a/%2e%2e/b", "a\\b"])
def test_a_path_in_a_path_cannot_climb(value: Any) -> None:
    """Slashes that stay make dots and empty segments no more harmless."""
    with pytest.raises(UsageError, match="path parameter `x`"):
        serialize_path("x", value, allow_reserved=True)


def test_members_cannot_hold_the_dot_that_separates_them() -> None:
    """A `.` is never percent-encoded, so that `style: label` has no form for a member with one."""
    assert ".1.5" == serialize_path("x", 1.5, style="label", explode=True)
    assert ".a,1.5" == serialize_path("x", {"a": 1.5}, style="label")
    with pytest.raises(UsageError):
        serialize_path("x", {"a": 1.5}, style="label", explode=True)


@pytest.mark.parametrize(
    ("write", "value", "options", "expected"),
    [
        (write_query, ["a b", "c"], {"style": "spaceDelimited"}, "x=a%20b%20c"),
        (write_query, ["a|b", "c"], {"style": "pipeDelimited"}, "x=a%7Cb%7Cc"),
        (write_query, ["a\tb", "c"], {"style": "tsv"}, "x=a%09b%09c"),
        (serialize_path, ["a|b", "c"], {"style": "pipes"}, "a%7Cb%7Cc"),
        (serialize_path, ["a.b", "c"], {"style": "label", "explode": True}, ".a.b.c"),
        (serialize_path, ["", "a", ""], {}, ",a,"),
        (serialize_header, ["a,b", "c"], {}, "a,b,c"),
        (serialize_header, ["a b", "c"], {"style": "ssv"}, "a b c"),
    ],
)
def test_what_reads_back_as_another_list_is_refused_unless_nothing_is_validated(
    write: Callable[..., str], value: Any, options: dict[str, Any], expected: str
) -> None:
    """A member that holds its delimiter, or an empty one in a path, is refused with the way to send it."""
    options = {"explode": False, **options}
    with pytest.raises(UsageError) as caught:
        write("x", value, **options)
    assert "`--validate off` sends it anyway" == caught.value.hint
    assert expected == write("x", value, **options, is_strict=False)


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("", {}, ""),
        ([""], {}, ""),
        ("", {"allow_reserved": True}, ""),
        ("", {"style": "matrix"}, ";x"),
        ([""], {"style": "matrix", "explode": True}, ";x"),
    ],
)
def test_an_empty_value_of_a_path_is_sent_if_nothing_is_validated(
    value: Any, options: dict[str, Any], expected: str
) -> None:
    """The error names the way to send it."""
    with pytest.raises(UsageError) as caught:
        serialize_path("x", value, **options)
    assert "`--validate off` sends it anyway" == caught.value.hint
    assert expected == serialize_path("x", value, **options, is_strict=False)


@pytest.mark.parametrize(
    ("value", "style"), [("", "label"), (["", ""], "label"), (None, "simple"), ([], "simple"), ({}, "matrix")]
)
def test_no_level_sends_dots_alone_or_a_path_without_its_value(value: Any, style: str) -> None:
    """Such a path is another one."""
    with pytest.raises(UsageError) as caught:
        serialize_path("x", value, style=style, explode=True, is_strict=False)
    assert "" == caught.value.hint


REFUSED_PATHS = [
    pytest.param("", id="empty"),
    pytest.param(".", id="dot"),
    pytest.param("..", id="dot-dot"),
    pytest.param("%2e%2E", id="encoded-dot-dot"),
    pytest.param("%252e%252e", id="twice-encoded-dot-dot"),
    pytest.param("../keys", id="dot-dot-before-a-slash"),
    pytest.param("a/..", id="dot-dot-after-a-slash"),
    pytest.param("a%2f..%2fb", id="dot-dot-between-encoded-slashes"),
    pytest.param("a\\b", id="backslash"),
    pytest.param("a%5Cb", id="encoded-backslash"),
    pytest.param("a\x00b", id="nul"),
    pytest.param("a%0d%0ab", id="encoded-line-break"),
    pytest.param("a\x9fb", id="c1-control"),
    pytest.param("a\udc80b", id="lone-surrogate"),
    pytest.param(["a", ""], id="empty-member"),
    pytest.param(["a", ".."], id="dot-dot-member"),
    pytest.param({"..": "a"}, id="dot-dot-key"),
    pytest.param({"": "a"}, id="empty-key"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
@pytest.mark.parametrize("value", REFUSED_PATHS)
def test_path_values_cannot_change_the_path(value: Any, style: str) -> None:
    """A value that a server may resolve away, or decode into another path, is refused in every style."""
    with pytest.raises(UsageError, match="path parameter `id`"):
        serialize_path("id", value, style=style)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("refs/heads/main", "refs%2Fheads%2Fmain"),
        ("a?b#c;d=e", "a%3Fb%23c%3Bd%3De"),
        ("...", "..."),
        ("v1.2", "v1.2"),
        ("50%", "50%25"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
    ],
    ids=["slashes", "signs-of-a-url", "three-dots", "dot-inside", "percent", "not-ascii"],
)
def test_path_values_are_quoted_with_nothing_safe(value: Any, expected: str) -> None:
    """A path value is one segment: all but the unreserved characters are encoded."""
    assert expected == serialize_path("id", value)


REFUSED_HEADERS = [
    pytest.param("secret\r\nX-Evil: 1", id="crlf"),
    pytest.param("secret\n", id="lf"),
    pytest.param("secret\x00", id="nul"),
    pytest.param("\x1b[2Jsecret", id="escape"),
    pytest.param("secret\x7f", id="del"),
    pytest.param("secret\x85", id="c1-control"),
    pytest.param("secret日", id="not-latin-1"),
    pytest.param(" secret", id="leading-space"),
    pytest.param("secret\t", id="trailing-tab"),
    pytest.param("secret\ud800", id="lone-surrogate"),
    pytest.param(["secret,", "b"], id="comma-in-a-member"),
    pytest.param({"a": {"b": "secret", "c": 1}}, id="nested-with-a-comma"),
]


@pytest.mark.parametrize("value", REFUSED_HEADERS)
def test_header_refusals_name_the_header_and_never_the_value(value: Any) -> None:
    """A value that cannot be a field value is refused, and is not a part of the message."""
    with pytest.raises(UsageError) as caught:
        serialize_header("X-Token", value)
    error = caught.value
    assert error.message == "The header parameter `X-Token` cannot be sent"
    assert "secret" not in str(error.as_json())


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\nY", "É"], ids=repr)
def test_header_names_are_tokens(name: str) -> None:
    """A name that is not a token (RFC 9110, section 5.6.2) is refused."""
    with pytest.raises(UsageError):
        serialize_header(name, "a")


def test_header_values_pass_unchanged() -> None:
    """Nothing in a header is percent-encoded, and a single value may have commas, tabs and Latin-1."""
    assert serialize_header("x", 'a, "b"\t%20é=1;q=0.5') == 'a, "b"\t%20é=1;q=0.5'
    assert '{"a":"\\u65e5"}' == serialize_header("x", [{"a": "日"}])


def test_an_exploded_header_key_cannot_hold_the_separator() -> None:
    """A key with `=` is refused if `=` separates keys from values, and passes if it does not."""
    assert serialize_header("x", {"a=": 1}) == "a=,1"
    with pytest.raises(UsageError):
        serialize_header("x", {"a=": 1}, explode=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc/DEF+1==", "abc/DEF+1=="),
        ("a;b,c", "a%3Bb%2Cc"),
        ('a "b"\\', "a%20%22b%22%5C"),
        ("a\r\nb", "a%0D%0Ab"),
        ("50%3B", "50%253B"),
        ("é", "%C3%A9"),
    ],
    ids=["token", "separators", "quotes", "controls", "percent", "not-ascii"],
)
def test_cookie_values_are_encoded_only_where_a_cookie_needs_it(value: Any, expected: str) -> None:
    """Characters that a cookie cannot hold are encoded, with `%`; usual tokens pass unchanged."""
    assert (Pair("session", unquote(expected), f"session={expected}"),) == serialize_cookie("session", value)


def test_cookie_triplets_stay_where_the_document_says_so() -> None:
    """With `allowReserved` percent-encoded triplets are not encoded again."""
    assert "x=a%20b%25" == write_cookie("x", "a%20b%", allow_reserved=True)


@pytest.mark.parametrize("value", ["abc/DEF+1==", "a%20b", '"quoted"', "", "{}"])
def test_the_style_of_cookies_encodes_nothing(value: Any) -> None:
    """`style: cookie` (OpenAPI 3.2) passes a value on as it is."""
    assert (Pair("x", value, f"x={value}"),) == serialize_cookie("x", value, style="cookie")


@pytest.mark.parametrize("value", ["a b", "a;b", "a,b", 'a"b', "a\\b", "é", "a\r\nb", '"', ["a;b"]], ids=repr)
def test_what_a_cookie_cannot_hold_is_refused_where_nothing_is_encoded(value: Any) -> None:
    """`style: cookie` has no way to write it (RFC 6265, section 4.1.1)."""
    with pytest.raises(UsageError, match="cookie parameter `x`"):
        serialize_cookie("x", value, style="cookie")


@pytest.mark.parametrize("name", ["", "a;b", "a=b", "a b", "a,b", "a\r\n", "é"], ids=repr)
def test_cookie_names_cannot_hold_separators(name: str) -> None:
    """A name that would be read as something else is refused."""
    for value in ("a", {name: "a"}):
        with pytest.raises(UsageError):
            serialize_cookie("x" if isinstance(value, dict) else name, value)


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ([[float("nan")]], {}),
        ([["\udc80"]], {}),
        ({"a": {"\udc80": 1}}, {"style": "deepObject"}),
        (["a b"], {"style": "spaceDelimited", "explode": False}),
        (["a|b"], {"style": "pipeDelimited", "explode": False}),
        (float("nan"), {}),
        (float("inf"), {}),
        ("\udc80", {}),
        ({"\udc80": 1}, {}),
    ],
    ids=repr,
)
def test_what_no_server_could_read_back_is_refused(value: Any, options: Any) -> None:
    """Delimiters in members, numbers that are none and broken text have no form."""
    with pytest.raises(UsageError):
        serialize_query("x", value, **options)


def test_a_refused_style_is_explained() -> None:
    """The message names the location, the parameter and the style."""
    with pytest.raises(UsageError) as caught:
        serialize_query("filter", "a", style="matrix")
    error = caught.value
    assert (
        "The query parameter `filter` cannot be sent",
        "OpenAPI does not have `style: matrix` for a query",
    ) == (
        error.message,
        error.reason,
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# Empty members are left out of the flat forms: an array of one empty text reads as an empty text.
LISTS = st.lists(TEXT, min_size=1)
OBJECTS = st.dictionaries(TEXT.filter(bool), TEXT, min_size=1)


def read(query: str) -> list[tuple[str, str]]:
    """Return the pairs of a query, as a server's parser does."""
    return parse_qsl(query, keep_blank_values=True, strict_parsing=True)


def read_flat(text: str, delimiter: str = ",") -> list[str]:
    """Return the members of a delimited text, each decoded after the split."""
    return [unquote(part) for part in text.split(delimiter)]


def in_pairs(flat: list[str]) -> dict[str, str]:
    """Return the object whose keys and texts take turns in a list."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


@given(TEXT.filter(bool), TEXT, st.booleans())
def test_single_values_read_back_from_a_query(name: str, value: str, allow_reserved: bool) -> None:
    """A server reads the very name and value, and the pair says the same."""
    if allow_reserved:
        value = value.replace("%", "")  # a triplet is meant to be decoded, see "triplet-kept"
    pairs = serialize_query(name, value, allow_reserved=allow_reserved)
    assert [(name, value)] == read(pairs[0].encoded)
    assert [(name, value)] == [(pair.name, pair.value) for pair in pairs]


@given(LISTS, OBJECTS)
def test_members_read_back_from_an_exploded_query(array: list[str], item: dict[str, str]) -> None:
    """Members of arrays and objects read back, in order, from `form` and `deepObject`."""
    assert [("x", text) for text in array] == read(write_query("x", array))
    assert list(item.items()) == read(write_query("x", item))
    assert [(f"x[{key}]", text) for key, text in item.items()] == read(
        write_query("x", item, style="deepObject")
    )


@given(LISTS, OBJECTS)
def test_members_read_back_from_a_flat_query(array: list[str], item: dict[str, str]) -> None:
    """Members with commas inside read back when a server splits before it decodes."""
    assert array == read_flat(write_query("x", array, explode=False).removeprefix("x="))
    assert item == in_pairs(read_flat(write_query("x", item, explode=False).removeprefix("x=")))


@given(st.lists(TEXT.map(lambda text: text.replace(" ", "").replace("|", "")), min_size=1))
def test_members_read_back_from_delimited_queries(array: list[str]) -> None:
    """Members read back from the delimited styles when a server splits what it decoded."""
    for style, delimiter in (("spaceDelimited", " "), ("pipeDelimited", "|")):
        ((_, value),) = read(write_query("x", array, style=style, explode=False))
        assert array == value.split(delimiter)


SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\%./"), min_size=1)


@given(st.lists(SEGMENTS, min_size=1), st.dictionaries(SEGMENTS, SEGMENTS, min_size=1))
def test_path_values_read_back(array: list[str], item: dict[str, str]) -> None:
    """Members read back from every style of a path, and never add a segment."""
    simple, label = serialize_path("x", array), serialize_path("x", array, style="label", explode=True)
    matrix = serialize_path("x", item, style="matrix", explode=True)
    assert not set("/?#") & set(simple + label + matrix)
    assert array == read_flat(simple)
    assert array == read_flat(label.removeprefix("."), ".")
    pairs = [part.split("=") for part in matrix.removeprefix(";").split(";")]
    assert item == {unquote(key): unquote(text) for key, text in pairs}


@given(TEXT)
def test_cookies_read_back(value: str) -> None:
    """A cookie is printable ASCII without separators, and a server that decodes it reads the value."""
    ((_, decoded, written),) = serialize_cookie("x", value)
    text = written.removeprefix("x=")
    assert text.isascii()
    assert not set(text) & set(' ",;\\')
    assert text == "" or text.isprintable()
    assert value == unquote(text) == decoded


LEAVES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.integers() | st.booleans()
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="[]"), min_size=1)
NESTED = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(KEYS.filter(lambda key: not key.isdecimal()), inner, min_size=1, max_size=3)
        ),
        max_leaves=6,
    ),
    min_size=1,
    max_size=3,
)


def read_deep(query: str) -> dict[str, Any]:
    """Return what a parser of nested queries makes of one: brackets are steps, `0`, `1`, ... items of an array."""
    root: dict[str, Any] = {}
    for name, text in read(query):
        head, *steps = name.split("[")
        holder = root.setdefault(head, {})
        path = [step.removesuffix("]") for step in steps]
        for step in path[:-1]:
            holder = holder.setdefault(step, {})
        holder[path[-1]] = text
    return root


def as_texts(value: Any) -> Any:
    """Return a nested value as it is read back: leaves as text, arrays by their indexes."""
    if isinstance(value, dict):
        return {key: as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return {str(index): as_texts(item) for index, item in enumerate(value)}
    return value if isinstance(value, str) else json.dumps(value)


@given(NESTED)
def test_nested_values_read_back_from_deep_objects(value: Any) -> None:
    """Every leaf of a nested value is found where it was, whatever its keys are made of."""
    assert {"x": as_texts(value)} == read_deep(write_query("x", value, style="deepObject"))


@pytest.mark.parametrize(
    ("collection_format", "location", "expected"),
    [
        ("csv", "query", "/a?x=b,c"),
        ("ssv", "query", "/a?x=b%20c"),
        ("tsv", "query", "/a?x=b%09c"),
        ("pipes", "query", "/a?x=b%7Cc"),
        ("multi", "query", "/a?x=b&x=c"),
        ("", "query", "/a?x=b,c"),
        ("csv", "path", "/a/b,c"),
        ("ssv", "path", "/a/b%20c"),
        ("tsv", "path", "/a/b%09c"),
        ("csv", "header", "b,c"),
        ("pipes", "header", "b|c"),
        ("tsv", "header", "b\tc"),
    ],
)
def test_swagger_2_collections_are_written_as_they_say(
    tmp_path: Path, collection_format: str, location: str, expected: str
) -> None:
    """`collectionFormat` of Swagger 2.0 is the style of its time ("Parameter Object"); `csv` is the default."""
    parameter: dict[str, Any] = {"name": "x", "in": location, "type": "array", "items": {"type": "string"}}
    if collection_format:
        parameter["collectionFormat"] = collection_format
    if location == "path":
        parameter["required"] = True
    path = "/a/{x}" if location == "path" else "/a"
    document = {
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "127.0.0.1:9",
        "schemes": ["http"],
        "paths": {
            path: {
                "get": {
                    "operationId": "a",
                    "parameters": [parameter],
                    "responses": {"200": {"description": "fine"}},
                }
            }
        },
    }
    (tmp_path / "two.json").write_text(json.dumps(document))
    result = run_cli(str(tmp_path / "two.json"), "a", "--x", "b", "--x", "c", "--dry-run", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    request = result.json
    got = dict(request["headers"]).get("x") if location == "header" else request["url"].partition(":9")[2]
    assert expected == got
