"""`format` is an assertion if it is known: each by its RFC, without false alarms, the same in every validation."""

import functools
import json
from typing import Any

import pytest

from dynacli.openapi.schema.evaluation._formats import RANGES, TEXT_FORMATS
from dynacli.validation.validator import Validator
from tests.documents import swagger
from tests.validation.in_process_validator import (
    compact,
    responded,
    response_document,
    validate_value,
    validator_of,
)

_LONG_LABEL = "a" * 63
_TEXTS: dict[str, tuple[list[str], list[str]]] = {
    "date-time": (  # RFC 3339, section 5.6
        [
            "2020-01-01T00:00:00Z",
            "2020-01-01t00:00:00z",
            "2020-01-01T00:00:00+23:59",
            "2020-01-01T00:00:00-00:00",
            "2020-01-01T00:00:00.123456789012Z",
            "0000-01-01T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T15:59:60.5-08:00",
        ],
        [
            "2020-01-01T00:00:00",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00+0000",
            "2020-01-01T00:00:00+24:00",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00,5Z",
            "2020-01-01T00:00Z",
            "2020-01-01T24:00:00Z",
            "2020-02-30T00:00:00Z",
            "2016-12-31T23:58:60Z",
            "2016-12-31T23:59:61Z",
            "20200101T000000Z",
            "+2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00Z\n",
            "2020-01-01T00:00:00Z[UTC]",
            "\uff12020-01-01T00:00:00Z",
            "",
        ],
    ),
    "date": (
        ["2020-02-29", "0000-01-01", "9999-12-31"],
        ["2019-02-29", "2020-2-9", "20200229", "2020-W01-1", "2020-01-01 ", "10000-01-01", "\uff12020-01-01"],
    ),
    "time": (
        ["00:00:00Z", "00:00:00z", "00:00:00.5+01:00", "23:59:60Z", "15:59:60-08:00"],
        ["00:00:00", "24:00:00Z", "22:59:60Z", "00:00Z", "00:00:00+01", "12:00:60Z"],
    ),
    "duration": (  # RFC 3339, appendix A: no fractions, no sign, nothing left out between two units
        ["P1D", "P1Y2M3DT4H5M6S", "P1W", "PT0S", "PT36H", "P1M"],
        ["P", "PT", "P1Y1W", "PT1.5S", "P0.5D", "p1d", "P1YT", "-P1D", "PT1H1S", "P1Y1D", "1D"],
    ),
    "email": (  # RFC 5321, section 4.1.2, "Mailbox"
        [
            "a@b",
            "first.last+tag@sub.example.co.uk",
            '"a b"@c.d',
            '"joe@x"@c.d',
            '"a\\"b"@c.d',
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
        ],
        [
            "@",
            "a@",
            "@b",
            "a",
            "a@@b",
            "a b@c.d",
            "a..b@c.d",
            ".a@c.d",
            "a@-b.c",
            "a@b_c.d",
            "a@b.c.",
            "Ann <ann@example.com>",
            "<ann@example.com>",
            "\u00e9@c.d",
            "a" * 65 + "@b.c",
        ],
    ),
    "idn-email": (  # RFC 6531
        ["\u00e9@\u00e9.d", "a@b", "\u5b9e\u4f8b@\u5b9e\u4f8b.\ud14c\uc2a4\ud2b8"],
        ["a b@c", "@", "Ann <ann@example.com>"],
    ),
    "hostname": (  # RFC 1123, section 2.1; of names that begin with `xn--` RFC 5891, section 4.4
        [
            "a",
            "localhost",
            "A.B",
            "1.example",
            "127.0.0.1",
            _LONG_LABEL,
            "a--b",
            "r3---sn-4g5e6nsy.example",
            "ab--cd.example",
            "xn--4gbwdl.xn--wgbh1c",
        ],
        [
            *("", ".", ".a", "a.", "a..b", "a_b", "_dmarc.a", "-a", "a-", "a.-b", "*.a", "a b", "a:80"),
            *("\u00e9.b", "xn--X", "ab--", _LONG_LABEL + "a", ".".join(["a" * 60] * 5)),
        ],
    ),
    "idn-hostname": (
        ["\u00e9.b", "\u5b9e\u4f8b.\u6d4b\u8bd5", "\u00df.de", "A.B", "a\u3002b"],
        ["", ".", "a_b", "-\u00e9", "\u302e\ud55c\uad6d"],
    ),
    "ipv4": (
        ["1.2.3.4", "0.0.0.0"],
        ["01.2.3.4", "1.2.3", "256.1.1.1", "1.2.3.4/8", "0x1.2.3.4", "1.2.3.4 "],
    ),
    "ipv6": (
        [
            "::",
            "::1",
            "FE80::1",
            "::ffff:1.2.3.4",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "1:2:3:4:5:6:1.2.3.4",
        ],
        ["1::1%eth0", "12345::", "1::2::3", "[::1]", "::1/64", "::ffff:01.2.3.4", "00001::1", "::1 "],
    ),
    "uri": (  # RFC 3986, section 3
        [
            "http://a/b?c=d#e",
            "HTTP://A",
            "http://a:b@c:99/",
            "http://[::1]:8/",
            "http://a_b/",
            "http:///x",
            "a:",
            "mailto:a@b",
            "urn:x:y",
            "about:blank",
            "tag:x,2020:a",
            "data:text/plain;base64,SGVsbG8=",
            "http://a/%7Bb%7D",
        ],
        [
            "",
            "a",
            "//a/b",
            "/a",
            "1http://a",
            "http://a b",
            "http://a/ b",
            "http://a/\u00e9",
            "http://a/{b}",
            "http://a/|",
            "http://a/?[x]=1",
            "http://a/%zz",
            "http://[::1",
            "http://a:port",
            "http://a#b#c",
            "http://a\\b",
        ],
    ),
    "uri-reference": (
        ["", "a", "/a/b", "//a", "../x", "?q", "#f", "a:b:c", "http://a", "//[::1]"],
        ["a b", "\u00e9", "\\a", "1:a", "%zz", "{a}", "#a#b", ":"],
    ),
    "iri": (
        ["http://\u0192\u00f8\u00f8.\u00dfår/?\u2202\u00e9\u0153=\u03c0", "http://a/b", "mailto:\u00e9@b"],
        ["\u00e9", "http://a b", "http://a/{b}", "http://[::1", ""],
    ),
    "iri-reference": (["", "\u00e9", "#\u00e9", "../\u00e9"], ["a b", "\\\\a", "http://a/{b}"]),
    "uri-template": (  # RFC 6570, section 2
        ["", "http://a/{b}", "{+a}", "{a,b}", "{a:3}", "{a*}", "{/a*}{?b,c}", "{a.b}", "{%41}", "\u00e9"],
        ["http://a/{b", "}", "{}", "{a:0}", "{a:10000}", "{a-b}", "a b", "<a>", "%zz"],
    ),
    "uuid": (
        [
            "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ],
        [
            "2eb8aa08aa9811eab4aa73b441d16380",
            "{2eb8aa08-aa98-11ea-b4aa-73b441d16380}",
            "urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
            "\uff12eb8aa08-aa98-11ea-b4aa-73b441d16380",
            "2eb8aa08-aa98-11ea-b4aa-73b441d16380\n",
        ],
    ),
    "json-pointer": (["", "/", "/a//b", "/~0~1", "/a b", "/\u00e9"], ["a", "#/a", "/~", "/~2"]),
    "relative-json-pointer": (
        ["0", "0#", "1/a", "10/x", "0+1", "2-1/a"],
        ["", "#", "01", "-1", "+1", "1a", "0##", "1#/a", "0/~", "0+01"],
    ),
    "regex": (
        ["a", "^(?!x)", "(?<=a)b", "\\p{L}", "a{", "[\\d-\\w]"],
        ["(", "[", "(?<n"],
    ),
    "byte": (
        ["", "aGVsbG8=", "aGVsbG9v", "+/8="],
        ["aGVsbG8", "a-_=", "====", "aGVs\nbG8=", "a GVs", "\u00e9"],
    ),
    "base64url": (["", "aGVsbG8", "aGVsbG8=", "a-_8"], ["a+/8", "aGVsb", "aGVs\nbG8", "="]),
}
_NUMBERS: dict[str, tuple[list[float], list[float]]] = {
    "int8": ([-128, 0, 127], [-129, 128]),
    "int16": ([-32768, 32767], [-32769, 32768]),
    "int32": ([-(2**31), 2**31 - 1, 5.0], [-(2**31) - 1, 2**31, 1e10]),
    "int64": ([-(2**63), 2**63 - 1, 2**53 + 1], [-(2**63) - 1, 2**63, 1e30]),
    "uint8": ([0, 255], [-1, 256]),
    "uint16": ([0, 65535], [-1, 65536]),
    "uint32": ([0, 2**32 - 1], [-1, 2**32]),
    "uint64": ([0, 2**64 - 1], [-1, 2**64]),
    "double-int": ([-(2**53) + 1, 2**53 - 1], [2**53, -(2**53)]),
    "float": ([1, 0.1, -3.4028234663852886e38, 3.4028235677973365e38, 1e-50], [3.5e38, -1e39]),
    "double": ([1, 0.1, 1.7976931348623157e308, 2**60 + 1], [10**309]),
}
_ANNOTATIONS = ("password", "binary", "phone", "char", "decimal", "markdown", "int128", "")


_EXAMPLES: dict[str, tuple[list[Any], list[Any]]] = {**_TEXTS, **_NUMBERS}


@functools.cache
def _validator(version: str) -> Validator:
    """The validator of a response in which each property has the format that it is called by."""
    properties = {name: {"format": name} for name in (*_EXAMPLES, *_ANNOTATIONS)}
    content = {"application/json": {"schema": {"properties": properties}}}
    return validator_of(response_document({"200": {"description": "", "content": content}}, version))


def _found(name: str, value: Any, version: str = "3.1.1", *, is_exact: bool = False) -> list[str]:
    """What is found where a value stands that shall have a format."""
    return compact(
        _validator(version).response(responded(json.dumps({name: value}).encode()), is_exact=is_exact)
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _EXAMPLES)
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_what_is_of_a_format_is_no_finding(name: str, version: str) -> None:
    """No false alarm, in both dialects."""
    assert [] == [value for value in _EXAMPLES[name][0] if _found(name, value, version)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _EXAMPLES)
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_what_is_not_of_a_format_is_a_finding(name: str, version: str) -> None:
    """No miss, in both dialects."""
    expected = [f"/{name} format"]
    missed = [
        value for value in _EXAMPLES[name][1] if _found(name, value, version, is_exact=True) != expected
    ]
    assert [] == missed


@pytest.mark.parametrize("text", ["P1DT2H3M4.5S", "PT1.5S", "-P1D", "PT1H1S", "P1Y1W", "P0,5D"])
def test_a_duration_of_iso_8601_is_a_note(text: str) -> None:
    """RFC 3339 is stricter, which is a finding at `exact` alone; nonsense is one at each level."""
    validation = validate_value({"format": "duration"}, text)
    assert ["~ - format"] == compact(validation)
    assert validation.tolerated[0].message.endswith("of ISO 8601, but not of RFC 3339, which is stricter")
    assert ["- format"] == compact(validate_value({"format": "duration"}, text, is_exact=True))


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "1D", "P1S", "PT1D", "P-1D", "P1.D", "PT1S\n", "90 min"]
)
def test_nonsense_is_no_duration(text: str) -> None:
    """However like one it looks."""
    assert ["- format"] == compact(validate_value({"format": "duration"}, text))


def test_swagger_2_does_not_define_the_formats_that_came_later() -> None:
    """There `duration` and `time` are names that a document gives to any text."""
    for name in ("duration", "time", "date"):
        schema = {"type": "string", "format": name}
        get = {"responses": {"200": {"description": "d", "schema": schema}}, "produces": ["application/json"]}
        validation = validator_of(swagger({"/a": {"get": get}})).response(responded(b'"90 min"'))
        assert ["- format"] * (name == "date") == compact(validation)


def test_an_infinite_number_is_no_double() -> None:
    """`1e400` is JSON and lies beyond what `double` holds."""
    assert ["- format"] == compact(validate_value({"format": "double"}, b"1e400"))


@pytest.mark.parametrize("name", _ANNOTATIONS)
def test_a_format_that_nobody_knows_asserts_nothing(name: str) -> None:
    """An unknown format is an annotation."""
    assert [] == [value for value in ("", "\0 any", 10**30) if _found(name, value)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _EXAMPLES)
def test_a_format_says_nothing_of_other_types(name: str) -> None:
    """Formats of texts are about texts, formats of numbers about numbers."""
    values: list[Any] = [None, True, [], {}, ["a"]]
    assert [] == [value for value in values if _found(name, value)]


@pytest.mark.parametrize("name", _TEXTS)
def test_a_lone_surrogate_is_validated_and_not_raised(name: str) -> None:
    """JSON may hold a lone surrogate, and only formats of any text accept it."""
    expected = [] if name in {"json-pointer", "regex", "uri-template"} else [f"/{name} format"]
    assert expected == _found(name, "/\ud800")


def test_the_table_has_every_format_that_is_known() -> None:
    """No format can be added without examples."""
    assert {*TEXT_FORMATS, *RANGES} == {*_TEXTS, *_NUMBERS}
