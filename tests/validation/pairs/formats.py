"""Formats, which are judged (OpenAPI 3.1.1, "Data Type Format"; JSON Schema Validation 2020-12, section 7)."""

from tests.validation.pairs.model import Pair, value


def _text(name: str, format_name: str, text: str, *expected: str, source: str = "") -> Pair:
    return value(name, {"type": "string", "format": format_name}, text, *expected, source=source)


_I32 = {"type": "integer", "format": "int32"}
_I64 = {"type": "integer", "format": "int64"}

PAIRS = [
    value("the largest int32", _I32, 2**31 - 1),
    value("over int32", _I32, 2**31, "- format"),
    value("the smallest int32", _I32, -(2**31)),
    value("under int32", _I32, -(2**31) - 1, "- format"),
    value("the largest int64", _I64, 2**63 - 1),
    value("over int64", _I64, 2**63, "- format"),
    value("a double", {"type": "number", "format": "double"}, 1.5),
    value("a float that is an integer", {"type": "number", "format": "float"}, 3),
    value("an unknown format", {"type": "string", "format": "flux-capacitor"}, "x"),
    value("a format is about its type", {"format": "date"}, 5),
    value("a password is any text", {"type": "string", "format": "password"}, ""),
    value("binary in JSON is any text", {"type": "string", "format": "binary"}, "\u0001é"),
    _text("a date", "date", "2024-02-29"),
    _text("a date that is not in the calendar", "date", "2026-02-29", "- format"),
    _text("a date without zeros", "date", "2026-1-5", "- format"),
    _text("a date without hyphens", "date", "20260105", "- format", source="RFC 3339, 5.6: full-date"),
    _text("a week date", "date", "2026-W01-1", "- format", source="RFC 3339, 5.6: full-date"),
    _text("a date in other digits", "date", "٢٠٢٦-01-05", "- format"),
    _text("a time of a date", "date-time", "2026-07-01T12:00:00Z"),
    _text("with a fraction", "date-time", "2026-07-01T12:00:00.123456789Z"),
    _text("with an offset", "date-time", "2026-07-01T12:00:00-08:00"),
    _text(
        "in small letters",
        "date-time",
        "2026-07-01t12:00:00z",
        source="RFC 3339, 5.6: T and Z in either case",
    ),
    _text("a date-time without an offset", "date-time", "2026-07-01T12:00:00", "- format"),
    _text("with a space", "date-time", "2026-07-01 12:00:00Z", "- format", source="RFC 3339, 5.6: date-time"),
    _text("an hour of 24", "date-time", "2026-07-01T24:00:00Z", "- format"),
    _text("an offset of 25 hours", "date-time", "2026-07-01T12:00:00+25:00", "- format"),
    _text("a leap second", "date-time", "2016-12-31T23:59:60Z", source="RFC 3339, 5.7"),
    _text("a leap second at noon", "date-time", "2016-12-31T12:00:60Z", "- format", source="RFC 3339, 5.7"),
    _text("a time", "time", "10:00:00Z"),
    _text("a time without an offset", "time", "10:00:00", "- format", source="RFC 3339, 5.6: full-time"),
    _text("a UUID", "uuid", "98FDFBB9-72f3-5398-ba5c-56a30a50eba7"),
    _text("a UUID without hyphens", "uuid", "98fdfbb972f35398ba5c56a30a50eba7", "- format"),
    _text("a UUID in braces", "uuid", "{98fdfbb9-72f3-5398-ba5c-56a30a50eba7}", "- format"),
    _text("an e-mail address", "email", "a.b+c@example.com"),
    _text("no e-mail address", "email", "nobody", "- format"),
    _text("an IPv4 address", "ipv4", "192.0.2.1"),
    _text("an IPv4 address over 255", "ipv4", "192.0.2.256", "- format"),
    _text(
        "an IPv4 address with zeros",
        "ipv4",
        "192.0.02.1",
        "- format",
        source="RFC 2673, 3.2; RFC 6943, 3.1.1",
    ),
    _text("an IPv6 address", "ipv6", "2001:db8::1"),
    _text("no IPv6 address", "ipv6", "2001:db8::1::2", "- format"),
    _text("an IPv6 address with a zone", "ipv6", "fe80::1%eth0", "- format", source="RFC 4291, 2.2 has none"),
    _text("base64", "byte", "aGk="),
    _text("a regular expression", "regex", r"^(?<a>\d)$"),
    _text("no regular expression", "regex", "^(a", "- format"),
    _text("no URI", "uri", "//example.com/a", "- format", source="RFC 3986, 3: a URI begins with its scheme"),
    _text("a URI with a space", "uri", "https://example.com/a b", "- format", source="RFC 3986, 2"),
    _text("no reference", "uri-reference", "\\\\host\\share", "- format", source="RFC 3986, 2"),
    _text("an IRI", "iri", "https://exämple.com/ä"),
    _text("no URI in other letters", "uri", "https://exämple.com/", "- format", source="RFC 3986, 2"),
    _text(
        "a name that begins with a hyphen", "hostname", "-a.example.com", "- format", source="RFC 1123, 2.1"
    ),
    _text(
        "a name of 64 letters", "hostname", "a" * 64, "- format", source="RFC 1034, 3.1: labels of 63 octets"
    ),
    _text("an empty duration", "duration", "P", "- format", source="RFC 3339, appendix A"),
    _text("a duration in the wrong order", "duration", "PT1S1H", "- format", source="RFC 3339, appendix A"),
    _text("no JSON pointer", "json-pointer", "a/b", "- format", source="RFC 6901, 3"),
    _text("a JSON pointer with a lone tilde", "json-pointer", "/a~2", "- format", source="RFC 6901, 3"),
    _text("a template", "uri-template", "/pets/{id}{?page*}", source="RFC 6570"),
    _text("a template that is not closed", "uri-template", "/pets/{id", "- format", source="RFC 6570, 2"),
    _text("a URI", "uri", "https://example.com/a?b=c#d"),
    _text("a reference", "uri-reference", "/a?b"),
    _text("a name of a host", "hostname", "a-1.example.com"),
    _text("a duration", "duration", "P3DT4H"),
    _text("a JSON pointer", "json-pointer", "/a~1b/0"),
]
