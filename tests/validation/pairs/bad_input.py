"""Bodies that are not what they say."""

from tests.validation.in_process_judge import JSON
from tests.validation.pairs.model import value

_OBJECT = {"type": "object"}
_ANY: dict[str, object] = {}

PAIRS = [
    value("HTML as JSON", _OBJECT, b"<!DOCTYPE html><p>no", "- unreadable-body"),
    value("JSON that is cut", _OBJECT, b'{"a": [1, ', "- unreadable-body"),
    value("nothing but white space", _OBJECT, b" \n", "- unreadable-body"),
    value("two values", _ANY, b"{}{}", "- unreadable-body"),
    value("a comma too many", _ANY, b"[1,]", "- unreadable-body", source="RFC 8259, 5"),
    value("a text in single quotes", _ANY, b"{'a': 1}", "- unreadable-body"),
    value("a comment", _ANY, b"/* a */ 1", "- unreadable-body"),
    value("a zero in front", _ANY, b"01", "- unreadable-body", source="RFC 8259, 6"),
    value("a control character in a text", _ANY, b'"a\nb"', "- unreadable-body", source="RFC 8259, 7"),
    value("NaN", {"type": "number"}, b"NaN", "- unreadable-body", source="RFC 8259, 6"),
    value("infinity inside", _ANY, b'{"a": [Infinity]}', "- unreadable-body", source="RFC 8259, 6"),
    value("what is not UTF-8", _ANY, b'"\xff\xfe"', "- unreadable-body", source="RFC 8259, 8.1"),
    value("a UTF-8 of surrogates", _ANY, b'"\xed\xa0\x80"', "- unreadable-body", source="RFC 3629, 3"),
    value("a byte order mark", {"type": "integer"}, b"\xef\xbb\xbf1", source="RFC 8259, 8.1: may be ignored"),
    value("20,000 levels", _ANY, b"[" * 20_000 + b"]" * 20_000, "? nested too deeply"),
    value("a number of 5,000 digits", {"type": "integer"}, b"1" * 5_000, "? digits"),
    value("a lone surrogate", {"type": "string", "maxLength": 1}, b'"\\ud800"', source="RFC 8259, 8.2"),
    value("a lone surrogate of another type", {"type": "integer"}, b'"\\ud800"', "- type"),
    value("a lone surrogate and a pattern", {"pattern": "^a$"}, b'"\\ud800"', "- pattern"),
    value("a charset that is none", _ANY, b"1", "? klingon", came=f"{JSON}; charset=klingon"),
    value("a charset that turns bytes into bytes", _ANY, b"1", "? hex", came=f"{JSON}; charset=hex"),
    value("a charset in quotes", {"type": "integer"}, b"1", came=f'{JSON}; charset="utf-8"'),
    value(
        "a charset that it is not in",
        _ANY,
        b'"\xc3\xa9"',
        "- unreadable-body",
        came=f"{JSON}; charset=us-ascii",
    ),
    value("a text of Latin 1", {"maxLength": 1}, b'"\xe9"', came=f"{JSON}; charset=latin-1"),
    value(
        "one of 100,000 items",
        {"type": "array", "items": {"type": "integer"}},
        b"[" + b"1," * 99_999 + b'"x"]',
        "/99999 type",
    ),
]
