"""`format` as an assertion: one engine validates each format, for keywords and for compiled schemas.

| format | who decides | by |
|---|---|---|
| `date`, `date-time`, `time`, `duration` | jsonschema-rs | RFC 3339, leap seconds among them |
| `email`, `idn-email` | jsonschema-rs, without a name before the address | RFC 5321, section 4.1.2; RFC 6531 |
| `hostname`, `idn-hostname` | jsonschema-rs, see `_is_hostname` | RFC 1123, section 2.1; RFC 5890 |
| `ipv4`, `ipv6` | jsonschema-rs | RFC 2673, section 3.2; RFC 4291, section 2.2 |
| `uri`, `uri-reference`, `iri`, `iri-reference` | jsonschema-rs | RFC 3986; RFC 3987 |
| `uri-template` | jsonschema-rs | RFC 6570 |
| `uuid` | jsonschema-rs | RFC 4122 |
| `json-pointer` | jsonschema-rs | RFC 6901 |
| `relative-json-pointer` | jsonschema-rs, see `_is_relative_pointer` | draft-bhutton-relative-json-pointer-00 |
| `regex` | `dynacli.openapi.model.patterns` | ECMA-262 |
| `byte`, `base64url` | the standard library | RFC 4648, sections 4 and 5 |
| `int8` to `int64`, `uint8` to `uint64`, `double-int`, `float`, `double` | the range | OpenAPI Format Registry |

All other formats are annotations: `password` and `binary` restrict no text, and `phone` is not defined anywhere.
https://spec.openapis.org/registry/format/
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from dynacli.openapi.model.patterns import is_pattern

_BY_ENGINE = frozenset(
    {"date", "date-time", "time", "duration", "email", "idn-email", "idn-hostname", "ipv4", "ipv6"}
    | {"uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer"}
)

_MAX_FLOAT = 2.0**128 - 2.0**103
"""Numbers up to this round to the largest float of 32 bits (IEEE 754, section 4.3.1)."""
_MAX_DOUBLE = 1.7976931348623157e308

RANGES: dict[str, tuple[float, float]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "double-int": (1 - 2**53, 2**53 - 1),
    "float": (-_MAX_FLOAT, _MAX_FLOAT),
    "double": (-_MAX_DOUBLE, _MAX_DOUBLE),
}
"""Format → its smallest and its largest number; `type` decides whether it is an integer."""

# Few documents use these formats, so `re` compiles a pattern on first use.
# RFC 5890, section 2.3.1, reserves hyphens as third and fourth characters, but host names may have them, such as
# `r3---sn-4g5e6nsy.example`. The engine treats all such names as invalid Punycode:
# https://github.com/Stranger6667/jsonschema-rs/blob/main/crates/jsonschema/src/keywords/format.rs
_RESERVED = r"(?ia:(?:(?<=\.)|^)((?!xn)[a-z0-9][a-z0-9-])--(?=[^.]))"
# The engine refuses relative JSON pointers with an index manipulation after the first number: `1-1/name`.
_INDEX_MANIPULATION = r"^(0|[1-9][0-9]*)[+-](?:0|[1-9][0-9]*)(?=/|#?$)"
_BASE64URL = r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(?:==)?|[A-Za-z0-9_-]{3}=?)?"


# RFC 3339 (appendix A) lacks fractions, signs, and durations that skip a unit between two others.
_NUMBER = r"[0-9]{1,20}(?:[.,][0-9]{1,20})?"
_ISO_DURATION = (
    rf"[+-]?P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)


def is_iso_duration(text: str) -> bool:
    """Return whether a text is a duration of ISO 8601 (section 5.5.2), such as `P1DT2H3M4.5S`."""
    return re.fullmatch(_ISO_DURATION, text) is not None


@lru_cache
def _engine(name: str) -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator({"format": name}, validate_formats=True)


def _is_by_engine(name: str, text: str) -> bool:
    if not text.isascii():
        # The engine refuses lone surrogates. The replacement character is equally invalid in all formats.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return bool(_engine(name).is_valid(text))


def _is_hostname(text: str) -> bool:
    return _is_by_engine("hostname", re.sub(_RESERVED, r"\1aa", text))


def _is_relative_pointer(text: str) -> bool:
    return _is_by_engine("relative-json-pointer", re.sub(_INDEX_MANIPULATION, r"\1", text))


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_base64url(text: str) -> bool:
    return re.fullmatch(_BASE64URL, text) is not None


OWN_FORMATS: dict[str, Callable[[str], bool]] = {
    "hostname": _is_hostname,
    "relative-json-pointer": _is_relative_pointer,
    "byte": _is_base64,
    "base64url": _is_base64url,
    "regex": is_pattern,
}
"""Format → a check of a text, for formats that jsonschema-rs lacks or validates wrongly."""

TEXT_FORMATS = frozenset({*_BY_ENGINE, *OWN_FORMATS})
"""The formats of texts that are validated."""
