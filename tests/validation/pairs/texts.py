r"""Lengths and patterns."""

from tests.validation.pairs.model import value

PAIRS = [
    value("a text that is long enough", {"minLength": 2}, "ab"),
    value("a text that is too short", {"minLength": 2}, "a", "- minLength"),
    value("a text that is too long", {"maxLength": 2}, "abc", "- maxLength"),
    value(
        "an emoji is one character",
        {"maxLength": 1},
        "😀",
        source="JSON Schema Validation 2020-12, 6.3.1: characters as RFC 8259 defines them, not UTF-16 units",
    ),
    value("an emoji is not two", {"minLength": 2}, "😀", "- minLength"),
    value("an accent of its own is a character of its own", {"maxLength": 1}, "e\u0301", "- maxLength"),
    value("an escape is one character", {"maxLength": 1}, b'"\\u00e9"'),
    value("a pair of surrogates in escapes is one character", {"maxLength": 1}, b'"\\ud83d\\ude00"'),
    value("a length is about texts", {"minLength": 3}, 1),
    value("an empty text has no character", {"minLength": 1}, "", "- minLength"),
    value("a pattern that is found inside", {"pattern": "b"}, "abc"),
    value("a pattern with anchors", {"pattern": "^b$"}, "abc", "- pattern"),
    value("a pattern is about texts", {"pattern": "^a$"}, 5),
    value(
        "a digit is one of ASCII",
        {"pattern": r"^\d$"},
        "٣",
        "- pattern",
        source="ECMA-262, CharacterClassEscape",
    ),
    value(
        "a word is one of ASCII", {"pattern": r"^\w+$"}, "é", "- pattern", source="ECMA-262, WordCharacters"
    ),
    value("white space is that of Unicode", {"pattern": r"^\s$"}, "\u2003", source="ECMA-262, WhiteSpace"),
    value(
        "an end is not before a line break",
        {"pattern": "^a$"},
        "a\n",
        "- pattern",
        source="ECMA-262, Assertion: `$` without the flag m is the end of the input alone",
    ),
    value("letters by property", {"pattern": r"^\p{L}+$"}, "äöü"),
    value("no letter by property", {"pattern": r"^\p{L}+$"}, "a1", "- pattern"),
    value("a script by property", {"pattern": r"^\p{Script=Greek}+$"}, "αβγ"),
    value("a look ahead", {"pattern": r"^(?=.*\d)(?=.*[a-z]).{4,}$"}, "abc1"),
    value("a look ahead that fails", {"pattern": r"^(?=.*\d)(?=.*[a-z]).{4,}$"}, "abcd", "- pattern"),
    value("a negative look ahead", {"pattern": "^(?!admin)"}, "administrator", "- pattern"),
    value("a look behind", {"pattern": r"(?<=\$)\d+"}, "$42"),
    value("a back reference", {"pattern": r"^(['\"]).*\1$"}, "'a'"),
    value("a named group", {"pattern": r"^(?<year>\d{4})-\d\d$"}, "2026-07"),
    value("a slash that is escaped", {"pattern": r"^https?:\/\/"}, "http://x"),
    value("a code point that is escaped", {"pattern": r"^\u00e9$"}, "é"),
    value("a control character", {"pattern": r"^\cA$"}, "\u0001"),
    value(
        "a dot is an emoji",
        {"pattern": "^.$"},
        "😀",
        source="JSON Schema Core 2020-12, 6.4: as with the flag u",
    ),
    value("a hyphen beside a class", {"pattern": r"^[\w-]+$"}, "a-b"),
    value("a quantifier", {"pattern": "^a{2,3}$"}, "aaaa", "- pattern"),
    value("a long text and a long quantifier", {"pattern": "^.{1,2048}$"}, "x" * 300),
]
