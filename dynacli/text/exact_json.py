"""Reads JSON into Python's values and writes it again, without changing a digit of any number.

`json` reads `1.10` as 1.1, `1e400` as infinity and `-0` as 0, and refuses integers of more than 4,300 digits. Here such
numbers keep their text, and behave like Python's numbers in comparisons and calculations.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from dynacli.text.json_budget import check_levels, check_values, may_be_deep, refuse_constant

_MOST_DIGITS: Final = 4300
"""Maximum number of digits of integers that Python reads and writes."""
_FREE_NUMBER: Final = re.compile(r"([-+]?)([0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_SAMPLES: Final = 10
_LONG: Final = re.compile(f"[0-9]{{{_SAMPLES}}}")
_MINUS_ZERO: Final = re.compile("-0(?![0-9.eE])")


_remembering: Final[set[bool]] = set()
"""Not empty after a number has kept its text. Before that, `json` writes all numbers correctly, ten times as fast."""
_quoted: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


class ExactNumber(float):
    """A number that keeps its JSON text, because Python would write it differently.

    Attributes:
        text: The JSON text of the number.
    """

    __slots__ = ("text",)

    text: str

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


# JMESPath decides the type of a value by the name of its class.
ExactNumber.__name__ = "float"


def read_json(text: str | bytes) -> Any:
    """Return the value of JSON text.

    Raises:
        TooManyValuesError: The text has too many values.
        ValueError: The text is not JSON (RFC 8259).
        RecursionError: The text is nested too deeply.
    """
    check_values(text)
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if text.startswith("\ufeff"):
        raise ValueError("JSON text has no byte order mark")
    value = (_exact if _may_be_odd(text) else _usual).decode(text)
    return check_levels(value) if may_be_deep(text) else value


def exact_number(text: str) -> float:
    """Return a decimal number in the looser syntax of formats other than JSON: `+1`, `.5`, `1.`, `007`.

    Args:
        text: Digits with an optional sign, point and exponent.
    """
    sign, whole, fraction, exponent = _FREE_NUMBER.fullmatch(text).groups("")  # type: ignore[union-attr]
    whole = whole.lstrip("0") or "0"
    plain = f"{'-' if sign == '-' else ''}{whole}{fraction if fraction != '.' else '.0'}{exponent}"
    return _float(plain) if fraction or exponent else _integer(plain)


def compact_json(value: Any) -> str:
    """Return a value of `read_json` as JSON on one line, without white space.

    Raises:
        ValueError: A number is infinite or not a number.
        RecursionError: The value is nested too deeply.
    """
    if not _remembering:
        return _plain(value)
    write = _WRITERS.get(type(value))
    return write(value) if write is not None else _plain(value)


def _number_text(number: float) -> str:
    """Return a number of `read_json` as JSON text.

    Raises:
        ValueError: The number is infinite or not a number.
    """
    if isinstance(number, ExactNumber):
        return number.text
    text = repr(number)
    return text if text[-1].isdigit() else refuse_constant(text)


def _float(text: str) -> float:
    value = float(text)
    # Other writers of JSON than Python's write an exponent in another way.
    return value if repr(value) == text and "e" not in text else _remembered(value, text)


def _integer(text: str) -> float:
    return _remembered(float(text), text) if len(text) > _MOST_DIGITS or text == "-0" else int(text)


def _remembered(value: float, text: str) -> ExactNumber:
    number = ExactNumber(value)
    number.text = text
    _remembering.add(True)
    return number


def _may_be_odd(text: str) -> bool:
    """Return whether a text may have an integer that Python cannot read, or would write differently."""
    if _MINUS_ZERO.search(text):
        return True
    # A longer row of digits contains several of these samples. Checking each character would take as long as parsing.
    return len(text) > _MOST_DIGITS and _LONG.search(text[:: _MOST_DIGITS // _SAMPLES]) is not None


_usual: Final = json.JSONDecoder(parse_float=_float, parse_constant=refuse_constant)
_exact: Final = json.JSONDecoder(parse_float=_float, parse_int=_integer, parse_constant=refuse_constant)


def _plain_writer() -> Callable[[Any], str]:
    """Return a fast function that writes values without any `ExactNumber`.

    `json.JSONEncoder` makes a new C encoder for each value, which takes longer than writing a small value.
    """
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # this Python has no C encoder
        return encoder.encode
    pieces = make(None, encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False)
    return lambda value: "".join(pieces(value, 0))


_plain: Final = _plain_writer()


def _object(value: dict[str, Any]) -> str:
    return "{" + ",".join([f"{_quoted(key)}:{compact_json(child)}" for key, child in value.items()]) + "}"


def _array(value: list[Any]) -> str:
    return "[" + ",".join(map(compact_json, value)) + "]"


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _quoted,
    int: _number_text,
    float: _number_text,
    ExactNumber: _number_text,
    dict: _object,
    list: _array,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
}
