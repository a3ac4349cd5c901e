"""Strings that satisfy a schema: its `format`, `pattern` and lengths.

A `pattern` is a regular expression of ECMA-262; here it is read by Python's `re`, which agrees on what
documents use. Patterns are text of strangers, and `re` has no time limit, so a pattern only
ever runs where its worst case is known to be small.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from typing import Any

__all__ = ["has_format", "matches_pattern", "string_value"]

_MOST_PATTERN_CHARACTERS = 512
_MOST_MATCHING_STEPS = 1_000_000
_MOST_CHARACTERS = 10_000

# One value per format: the formats of JSON Schema 2020-12 ("Validation", section 7.3) and of the
# OpenAPI Format Registry. Names, hosts and addresses are those reserved for examples (RFC 2606, 5737, 3849).
_VALUES = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/path",
    "iri-reference": "/path",
    "uri-template": "/path/{id}",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "c3RyaW5n",
    "base64url": "c3RyaW5n",
    "password": "password",
    "regex": "^a$",
    "json-pointer": "/path",
    "relative-json-pointer": "0",
}
# What may be repeated to make a value of a format longer: where, and the text.
_LONGER = {
    "email": ("before", "u"),
    "idn-email": ("before", "u"),
    "uri": ("after", "a"),
    "url": ("after", "a"),
    "iri": ("after", "a"),
    "uri-reference": ("after", "h"),
    "hostname": ("before", "w."),
    "byte": ("after", "c3Ry"),
    "password": ("after", "password"),
    "json-pointer": ("after", "h"),
}
# Coarse on purpose: they tell a mistaken example from a plausible one.
_FORMATS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
    "email": re.compile(r"[^@\s]+@[^@\s]+"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*"),
    "ipv4": re.compile(r"\d{1,3}(\.\d{1,3}){3}"),
    "ipv6": re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*"),
    "byte": re.compile(r"[A-Za-z0-9+/\s]*={0,2}"),
}


def has_format(text: str, name: str) -> bool:
    """Whether a text looks like a value of a format; true for formats that are not known here."""
    known = _FORMATS.get(name)
    return known is None or known.fullmatch(text) is not None


def matches_pattern(text: str, pattern: str) -> bool | None:
    """Whether a pattern is found in a text; None where that cannot be said safely.

    That is so for a pattern that `re` does not understand or that is longer than 512 characters,
    and where backtracking could take more than about a million steps.
    """
    tree = _parsed(pattern)
    if tree is None or _worst_case(tree, len(text) + 1) > _MOST_MATCHING_STEPS:
        return None
    return _compiled(pattern).search(text) is not None


def string_value(keywords: Mapping[str, Any]) -> str | None:
    """Return a string that fits `format`, `contentEncoding`, `pattern`, `minLength` and `maxLength`.

    Args:
        keywords: The keywords of one schema, lengths in characters.

    Returns:
        The same string for the same keywords, or None where none is found.
    """
    shortest, longest = keywords.get("minLength"), keywords.get("maxLength")
    shortest = shortest if isinstance(shortest, int) else 0
    longest = longest if isinstance(longest, int) else _MOST_CHARACTERS
    if not 0 <= shortest <= min(longest, _MOST_CHARACTERS):
        return None
    pattern = keywords.get("pattern")
    candidates = _candidates(keywords, shortest, longest)
    if not isinstance(pattern, str):
        return next((text for text in candidates if shortest <= len(text) <= longest), None)
    for text in _chain(candidates, lambda: _from_pattern(pattern, shortest)):
        if shortest <= len(text) <= longest and matches_pattern(text, pattern):
            return text
    return None


def _chain(first: Iterable[str], then: Any) -> Iterator[str]:
    yield from first
    yield from then()


def _candidates(keywords: Mapping[str, Any], shortest: int, longest: int) -> Iterator[str]:
    name = keywords.get("format")
    if keywords.get("contentEncoding") in ("base64", "base64url"):  # no set: it may be a list
        name = "byte"
    value = _VALUES.get(name) if isinstance(name, str) else None
    if value is not None and isinstance(name, str):
        where, more = _LONGER.get(name, ("", ""))
        if more:
            missing = max(0, shortest - len(value))
            more *= -(-missing // len(more))
        yield more + value if where == "before" else value + more
    plain = "string"
    yield (plain * (-(-shortest // len(plain)) or 1))[: max(shortest, min(longest, len(plain)))]


def _from_pattern(pattern: str, shortest: int) -> Iterator[str]:
    """Make texts along a pattern: its first branches and fewest repetitions first, then more."""
    tree = _parsed(pattern)
    if tree is None:
        return
    counts = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256]
    for extra in [count for count in counts if count <= max(shortest, 8)] + [shortest]:
        for palette in ("a0A", "aA0!", "0a", "A0"):
            writer = _Writer(extra, palette)
            text = writer.write(tree)
            if text is None:
                return
            yield text
            if len(text) < shortest:  # where the pattern leaves an end open, anything may follow or precede
                yield text + palette[0] * (shortest - len(text))
                yield palette[0] * (shortest - len(text)) + text


class _Writer:
    """Writes one text along a parsed pattern."""

    def __init__(self, extra: int, palette: str) -> None:
        self.extra = extra
        self.palette = cycle(palette)
        self.groups: dict[int, str] = {}

    def write(self, tree: Any) -> str | None:
        """Return the text; None where the pattern has something that this does not know, or is too long."""
        written = ""
        for operation, argument in tree:
            part = self._part(str(operation), argument)
            if part is None or len(written) + len(part) > _MOST_CHARACTERS:
                return None
            written += part
        return written

    def _part(self, operation: str, argument: Any) -> str | None:
        match operation:
            case "LITERAL":
                return chr(argument)
            case "NOT_LITERAL":
                return self._one_of([("NEGATE", None), ("LITERAL", argument)])
            case "ANY":
                return next(self.palette)
            case "IN":
                return self._one_of([(str(kind), value) for kind, value in argument])
            case "BRANCH":
                return self.write(argument[1][0])
            case "SUBPATTERN":
                number, _, _, inside = argument
                text = self.write(inside)
                if number is not None and text is not None:
                    self.groups[number] = text
                return text
            case "ATOMIC_GROUP":
                return self.write(argument)
            case "GROUPREF":
                return self.groups.get(argument)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(*argument)
            case "AT" | "ASSERT" | "ASSERT_NOT":
                # Anchors and look-around add no text; whether they hold is seen when the whole is matched.
                return ""
            case _:
                return None

    def _repeat(self, fewest: int, most: int, inside: Any) -> str | None:
        count = min(int(most), fewest + self.extra)
        written = ""
        for _ in range(count):
            part = self.write(inside)
            if part is None or len(written) + len(part) > _MOST_CHARACTERS:
                return None
            written += part
            if not part:
                break
        return written

    def _one_of(self, members: list[tuple[str, Any]]) -> str | None:
        is_negated = bool(members) and members[0][0] == "NEGATE"
        preferred = next(self.palette)
        printable = (chr(code) for code in [*range(97, 123), *range(48, 58), *range(65, 91), *range(32, 127)])
        for character in _chain(preferred, lambda: printable):
            if any(_includes(member, character) for member in members) != is_negated:
                return character
        if is_negated:
            return None
        return next((_first(member) for member in members if member[0] in {"LITERAL", "RANGE"}), None)


def _first(member: tuple[str, Any]) -> str:
    kind, argument = member
    return chr(argument if kind == "LITERAL" else argument[0])


def _includes(member: tuple[str, Any], character: str) -> bool:
    kind, argument = member
    code = ord(character)
    match kind:
        case "LITERAL":
            return code == int(argument)
        case "RANGE":
            return bool(argument[0] <= code <= argument[1])
        case "CATEGORY":
            category = str(argument).removeprefix("CATEGORY_")
            name = category.removeprefix("NOT_")
            is_in = {
                "DIGIT": character.isdigit(),
                "SPACE": character.isspace(),
                "WORD": character.isalnum() or character == "_",
            }[name]
            return is_in != category.startswith("NOT_")
        case _:
            return False


def _in_python(pattern: str) -> str:
    """Return a pattern with ECMA's spelling of named groups in Python's."""
    return re.sub(r"\\k<(\w+)>", r"(?P=\1)", re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern))


def _parsed(pattern: str) -> Any | None:
    """Return the parsed pattern; None for one that `re` does not know or that is too long."""
    if len(pattern) > _MOST_PATTERN_CHARACTERS:
        return None
    import warnings
    from re import _parser  # type: ignore[attr-defined]

    try:
        # `re` warns of patterns that a later version may read differently.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parser.parse(_in_python(pattern))
    except (re.error, OverflowError, RecursionError):
        return None


def _compiled(pattern: str) -> re.Pattern[str]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(_in_python(pattern))


def _worst_case(tree: Any, length: int) -> float:
    """Return roughly how many ways backtracking can try a parsed pattern on a text of a length.

    A choice between branches multiplies by their number, a repetition by how often it may happen,
    a repetition of something that itself has a choice by two for each character.
    Look-around and atomic groups are never entered again, so what they cost is added, not multiplied.
    """
    ways: float = length  # where the search may begin
    closed: float = 1
    for operation, argument in tree:
        if str(operation) in {"ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"}:
            closed += (
                _worst_case(argument if str(operation) == "ATOMIC_GROUP" else argument[1], length) / length
            )
        else:
            ways *= _ways(str(operation), argument, length)
    return ways * closed


def _ways(operation: str, argument: Any, length: int) -> float:
    match operation:
        case "BRANCH":
            return sum(_worst_case(branch, length) / length for branch in argument[1])
        case "SUBPATTERN":
            return _worst_case(argument[3], length) / length
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            fewest, most, inside = argument
            choices = _worst_case(inside, length) / length
            happens = min(int(most), length)
            if choices > 1:
                return float(min(choices, 2) ** min(happens if int(most) > 1 else 1, 1000)) * choices
            return 1 if fewest == int(most) else max(happens - fewest, 1) + 1
        case _:
            return 1
