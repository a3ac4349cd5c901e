"""`format` as an assertion: each format by one engine, whichever judge asks.

| format | who decides | by |
|---|---|---|
| `date`, `date-time`, `time`, `duration` | jsonschema-rs | RFC 3339, leap seconds among them |
| `email`, `idn-email` | jsonschema-rs, without names before the address | RFC 5321, section 4.1.2; RFC 6531 |
| `hostname`, `idn-hostname` | jsonschema-rs, see `_is_hostname` | RFC 1123, section 2.1; RFC 5890 |
| `ipv4`, `ipv6` | jsonschema-rs | RFC 2673, section 3.2; RFC 4291, section 2.2 |
| `uri`, `uri-reference`, `iri`, `iri-reference` | jsonschema-rs | RFC 3986; RFC 3987 |
| `uri-template` | jsonschema-rs | RFC 6570 |
| `uuid` | jsonschema-rs | RFC 4122 |
| `json-pointer` | jsonschema-rs | RFC 6901 |
| `relative-json-pointer` | jsonschema-rs, see `_is_relative_pointer` | draft-bhutton-relative-json-pointer-00 |
| `regex` | `dynacli.model.patterns` | ECMA-262 |
| `byte`, `base64url` | the standard library | RFC 4648, sections 4 and 5 |
| `int8` to `int64`, `uint8` to `uint64`, `double-int`, `float`, `double` | the range | OpenAPI Format Registry |

All others are annotations: `password` and `binary` say nothing of the text, and nobody here knows `phone`.
https://spec.openapis.org/registry/format/
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from jsonschema import FormatChecker  # type: ignore[import-untyped]

from dynacli.validation.judging_session import Session

__all__ = ["RANGES", "Formats", "Judged", "engine_options"]

Judged = Callable[[str], bool]
"""Whether a text is of a format."""

_BY_ENGINE = frozenset(
    {"date", "date-time", "time", "duration", "email", "idn-email", "idn-hostname", "ipv4", "ipv6"}
    | {"uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer"}
)

_MOST_FLOAT = 2.0**128 - 2.0**103
"""What lies between this and the greatest number of 32 bits is rounded down to it (IEEE 754, section 4.3.1)."""
_MOST_DOUBLE = 1.7976931348623157e308

RANGES: dict[str, tuple[float, float]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "double-int": (1 - 2**53, 2**53 - 1),
    "float": (-_MOST_FLOAT, _MOST_FLOAT),
    "double": (-_MOST_DOUBLE, _MOST_DOUBLE),
}
"""The least and the greatest number of a format; whether it is whole is what `type` says."""

# RFC 5890, section 2.3.1: two hyphens there are kept for other kinds of names, and none is forbidden in a host's
# name by that; `r3---sn-4g5e6nsy.example` is one of those that exist. The engine takes each for a broken Punycode:
# https://github.com/Stranger6667/jsonschema-rs/blob/main/crates/jsonschema/src/keywords/format.rs
_RESERVED = re.compile(r"(?:(?<=\.)|^)((?!xn)[a-z0-9][a-z0-9-])--(?=[^.])", re.IGNORECASE | re.ASCII)
# The one that 2020-12 names may step aside from the place that it starts at, by a number: `1-1/name`.
_STEP_ASIDE = re.compile(r"^(0|[1-9][0-9]*)[+-](?:0|[1-9][0-9]*)(?=/|#?$)", re.ASCII)
_BASE64URL = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?")


def engine_options() -> dict[str, Any]:
    """Return what jsonschema-rs is made with, so that its formats are the same everywhere."""
    from jsonschema_rs import EmailOptions

    # RFC 5321's "Mailbox" has no name before the address, `Ann <ann@example.com>` is of RFC 5322.
    return {"validate_formats": True, "email_options": EmailOptions(allow_display_text=False)}


@lru_cache
def _engine(name: str) -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator({"format": name}, **engine_options())


def _is_by_engine(name: str, text: str) -> bool:
    if not text.isascii():
        # A lone surrogate is nothing that the engine can be given; where that is no text, this is none either.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return bool(_engine(name).is_valid(text))


def _is_hostname(text: str) -> bool:
    return _is_by_engine("hostname", _RESERVED.sub(r"\1aa", text))


def _is_relative_pointer(text: str) -> bool:
    return _is_by_engine("relative-json-pointer", _STEP_ASIDE.sub(r"\1", text))


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_base64url(text: str) -> bool:
    return _BASE64URL.fullmatch(text) is not None


def _is_in_range(least: float, most: float, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    # A float was rounded when it was read, as the limit is here.
    return (float(least) <= value <= float(most)) if isinstance(value, float) else least <= value <= most


_TEXTS: dict[str, Judged] = {
    **{name: partial(_is_by_engine, name) for name in _BY_ENGINE},
    "hostname": _is_hostname,
    "relative-json-pointer": _is_relative_pointer,
    "byte": _is_base64,
    "base64url": _is_base64url,
}
_NUMBERS: dict[str, Any] = {name: partial(_is_in_range, *limits) for name, limits in RANGES.items()}


class Formats(FormatChecker):  # type: ignore[misc]
    """Checks formats, and carries the session.

    It is the one object that jsonschema hands on from each validator to the next.

    Attributes:
        texts: Those of texts, by their names.
        acceptance: Accepts large values of the same message.
    """

    acceptance: Any

    def __init__(self, session: Session) -> None:
        super().__init__(())
        self.session = session
        self.texts: dict[str, Judged] = {**_TEXTS, "regex": session.patterns.is_pattern}
        self.checkers = {
            **{name: (check, ()) for name, check in _NUMBERS.items()},
            **{name: (partial(_if_text, is_one), ()) for name, is_one in self.texts.items()},
        }

    @staticmethod
    def is_by_engine(name: str) -> bool:
        """Return whether jsonschema-rs decides alone, so that a validator of its own can name the format."""
        return name in _BY_ENGINE


def _if_text(is_one: Judged, value: object) -> bool:
    return not isinstance(value, str) or is_one(value)
