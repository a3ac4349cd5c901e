"""Examples of numbers and texts: values that fit bounds, formats and patterns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from math import ceil, floor, isfinite
from typing import Any

from dynacli.openapi.model.patterns import (
    Patterns,
    PatternTimeoutError,
    UnsupportedPatternError,
    strict_spelling,
)
from dynacli.openapi.schema.read_schema import is_number

__all__ = ["matches_pattern", "numbers_for", "string_value"]

_MOST_CHARACTERS = 10_000
_MOST_PATTERN_CHARACTERS = 4_096

# A value per format: the formats of JSON Schema 2020-12 ("Validation", section 7.3) and of the
# OpenAPI Format Registry. Names, hosts and addresses are reserved for examples (RFC 2606, 5737, 3849).
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
# Format → where the value can be made longer, and the text to repeat there.
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


def matches_pattern(text: str, pattern: str) -> bool | None:
    """Whether a pattern matches in a text, as validation reads it; None where that cannot be decided."""
    try:
        return Patterns().is_found(pattern, text)
    except (UnsupportedPatternError, PatternTimeoutError):
        return None


def string_value(keywords: Mapping[str, Any]) -> str | None:
    """Return a string that matches `format`, `contentEncoding`, `pattern`, `minLength` and `maxLength`.

    Args:
        keywords: The keywords of a schema, lengths in characters.

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
        return next(_of_length(candidates, shortest, longest), None)
    generated = _from_pattern(pattern, shortest)
    for text in _of_length(candidates, shortest, longest):
        is_match = matches_pattern(text, pattern)
        if is_match:
            return text
        if is_match is None:
            # Where the pattern cannot be decided, a text generated from it is the best guess.
            return next(_of_length(generated, shortest, longest), text)
    fitting = _of_length(generated, shortest, longest)
    return next((text for text in fitting if matches_pattern(text, pattern)), None)


def _of_length(texts: Iterable[str], shortest: int, longest: int) -> Iterator[str]:
    return (text for text in texts if shortest <= len(text) <= longest)


def _candidates(keywords: Mapping[str, Any], shortest: int, longest: int) -> Iterator[str]:
    name = keywords.get("format")
    if keywords.get("contentEncoding") in ("base64", "base64url"):  # no set: the value may be a list
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
    """Yield texts generated from a pattern: with its first alternatives and fewest repetitions, then with more."""
    readable = _in_python(pattern)
    width = _width(readable)
    if width is None or width > _MOST_CHARACTERS:
        return
    import rstr

    counts = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256]
    for extra in [count for count in counts if count <= max(shortest, 8)] + [shortest]:
        for palette in ("a0A", "aA0!", "0a", "A0"):
            try:
                with _no_warnings():
                    text = rstr.Rstr(_FixedChoices(extra, palette)).xeger(readable)  # type: ignore[arg-type]
            except (KeyError, IndexError, _TooLongError):
                return  # rstr does not know a part of the pattern, a set is empty, or the text is endless
            yield text
            if len(text) < shortest:  # a pattern that is not anchored allows any text before or behind
                yield text + palette[0] * (shortest - len(text))
                yield palette[0] * (shortest - len(text)) + text


class _TooLongError(ValueError):
    pass


class _FixedChoices:
    """Replaces the random numbers in rstr, so that its texts are short, plain and the same every time.

    Args:
        extra: How many more repetitions of a part to make than the pattern demands.
        palette: The characters to take in turns where a pattern allows them.
    """

    def __init__(self, extra: int, palette: str) -> None:
        self.extra = extra
        self.palette = cycle(palette)
        self.choices = 0

    def randint(self, fewest: int, most: int) -> int:
        # rstr stops a repetition at 100, even where the pattern demands more.
        return min(fewest + self.extra, max(fewest, most))

    def choice(self, members: Sequence[Any]) -> Any:
        self.choices += 1
        if self.choices > _MOST_CHARACTERS:  # repetitions inside repetitions
            raise _TooLongError
        if not isinstance(members[0], str):
            return members[0]  # the first alternative of `a|b`
        # The members of a negated set come in another order each time.
        known = set(members)
        preferred = next(self.palette)
        return next((char for char in (preferred, *_PLAIN) if char in known), None) or min(known)

    def shuffle(self, members: list[Any]) -> None:
        """Keep the order."""


_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# The Unicode properties of ECMA-262 (flag `u`), which Python does not know, with a few members of each.
# Some, such as `Alnum`, are Java's, and common all the same.
_PROPERTIES = {
    **dict.fromkeys(("L", "Letter", "Alpha", "Alphabetic"), "A-Za-z"),
    **dict.fromkeys(("Lu", "Upper"), "A-Z"),
    **dict.fromkeys(("Ll", "Lower"), "a-z"),
    **dict.fromkeys(("N", "Nd", "Digit"), "0-9"),
    **dict.fromkeys(("Z", "Zs"), " "),
    **dict.fromkeys(("P", "Punct"), "!-/"),
    "Alnum": "A-Za-z0-9",
    "XDigit": "0-9A-Fa-f",
    "M": "\u0300-\u036f",
    "S": "$+<=>",
}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")


def _in_python(pattern: str) -> str:
    """Return a pattern in Python's syntax; texts generated from it are checked against the original afterwards."""
    pieces = []
    is_in_class = False
    for piece in re.split(r"(\\p\{\w+\}|\\.|\[|\])", strict_spelling(pattern), flags=re.DOTALL):
        written = piece
        if piece in {"[", "]"}:
            is_in_class = piece == "["
        elif piece == r"\z":
            written = r"\Z"
        elif (found := _PROPERTY.fullmatch(piece)) and found[1] in _PROPERTIES:
            members = _PROPERTIES[found[1]]
            written = members if is_in_class else f"[{members}]"
        pieces.append(written)
    # Python spells named groups differently.
    return re.sub(r"\\k<(\w+)>", r"(?P=\1)", re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", "".join(pieces)))


def _width(pattern: str) -> int | None:
    """Return the length of the shortest text that a pattern matches; None where Python cannot read the pattern."""
    if len(pattern) > _MOST_PATTERN_CHARACTERS:
        return None
    from re import _parser

    try:
        with _no_warnings():
            return int(_parser.parse(pattern).getwidth()[0])
    except (re.error, OverflowError, RecursionError):
        return None


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Silence the warnings of `re` about sets such as `[[a]`, which a later version may read differently."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def numbers_for(keywords: Mapping[str, Any], *, is_integer: bool) -> Iterator[float]:
    """Yield numbers near 1 and near the bounds of a schema, the plainest first; they need not match it.

    Args:
        keywords: The keywords of a schema in the normal form.
        is_integer: Whether the numbers must be integers.
    """
    with suppress(
        OverflowError
    ):  # a number of the schema, or one calculated from it, is beyond those of floats
        for number in _number_candidates(keywords):
            if isinstance(number, float) and not isfinite(number):
                continue
            if number == int(number):
                yield int(number)
            elif not is_integer:
                yield number


def _number_candidates(keywords: Mapping[str, Any]) -> Iterator[float]:
    yield from (1, 0)
    names = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
    bounds = [keywords[name] for name in names if is_number(keywords.get(name))]
    step = keywords.get("multipleOf")
    step = step if is_number(step) and step > 0 else None
    if step is not None:
        yield step
    for bound in bounds:
        unit = 1 if step is None else step
        yield bound
        for nearest in (floor(bound / unit), ceil(bound / unit)):
            for count in (nearest, nearest + 1, nearest - 1):
                yield _times(count, unit)
    if bounds:
        yield sum(bounds) / len(bounds)
        yield from (bound + change for bound in bounds for change in (0.5, -0.5, 0.01, -0.01))


def _times(count: int, unit: float) -> float:
    # 3 * 0.1 is 0.30000000000000004; rounded, it is 0.3.
    return count * unit if isinstance(unit, int) else round(float(count) * unit, 12)
