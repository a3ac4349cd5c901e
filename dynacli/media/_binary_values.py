"""Converts CBOR (RFC 8949) and MessagePack (https://msgpack.org) to JSON values, and JSON values to them.

The packages of the extra `formats` do the work. Values that JSON lacks are converted as RFC 8949, section 6.1, advises:

| in the body | in the value |
|---|---|
| bytes | base64, like `format: byte` of OpenAPI |
| a tag | the tagged value; a decimal fraction or a bigfloat becomes a number with all its digits |
| infinity, not-a-number, undefined, another simple value | null |
| a key that is a number, a boolean or null | its JSON text |
| a timestamp of MessagePack | a string of RFC 3339 |

The number of values, the depth and the digits are limited before the values take memory. Shared values are refused,
because a few bytes of them could become gigabytes or a circle.
"""

import math
from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from dynacli.environment import how_to_install
from dynacli.text.exact_json import exact_number
from dynacli.text.json_budget import MAX_VALUES

_MOST_LEVELS: Final = 200
_MOST_BITS: Final = 14_000
"""Maximum number of bits of an integer, for at most 4,300 digits, which is Python's limit."""
_LARGEST_EXPONENT: Final = 1100
"""Maximum binary exponent of a bigfloat. Above the range of a double, it would have thousands of digits."""
_PLAIN_KEYS: Final = 64 * 1024
"""Size of a body from which keys must be strings. With chosen numbers, a server could slow down a `dict` for hours."""
_DECIMAL, _BIGFLOAT = 4, 5
_IGNORED_TAGS: Final = (0, 1, 30, 35, 36, 37, 52, 54, 100, 258, 260, 261, 1004, 43000, 55799)
_SHARING_TAGS: Final = (25, 28, 29, 256)
_WIDTHS: Final = {
    # first byte → (bytes of the length, further bytes)
    0xC4: (1, 0),
    0xC5: (2, 0),
    0xC6: (4, 0),
    0xC7: (1, 1),
    0xC8: (2, 1),
    0xC9: (4, 1),
    0xCA: (0, 4),
    0xCB: (0, 8),
    0xCC: (0, 1),
    0xCD: (0, 2),
    0xCE: (0, 4),
    0xCF: (0, 8),
    0xD0: (0, 1),
    0xD1: (0, 2),
    0xD2: (0, 4),
    0xD3: (0, 8),
    0xD4: (0, 2),
    0xD5: (0, 3),
    0xD6: (0, 5),
    0xD7: (0, 9),
    0xD8: (0, 17),
    0xD9: (1, 0),
    0xDA: (2, 0),
    0xDB: (4, 0),
    0xDC: (0, 2),
    0xDD: (0, 4),
    0xDE: (0, 2),
    0xDF: (0, 4),
}
"""https://github.com/msgpack/msgpack/blob/master/spec.md#formats"""


class BinaryError(ValueError):
    """A body cannot be read or written; the message has the reason.

    Attributes:
        hint: A hint for the user; empty for none.
    """

    hint = ""


def _cbor2() -> Any:
    try:
        import cbor2
    except ImportError:
        missing = BinaryError("it is CBOR, and the package `cbor2` is not installed")
        missing.hint = f"Install it: {how_to_install('formats')}"
        raise missing from None
    return cbor2


def _msgpack() -> Any:
    try:
        import msgpack  # type: ignore[import-untyped]
    except ImportError:
        missing = BinaryError("it is MessagePack, and the package `msgpack` is not installed")
        missing.hint = f"Install it: {how_to_install('formats')}"
        raise missing from None
    return msgpack


def read_cbor(content: bytes) -> Any:
    """Return the value of a CBOR data item.

    Raises:
        BinaryError: The body is not CBOR, exceeds a limit, or `cbor2` is not installed.
    """
    cbor2 = _cbor2()
    _check_count(_cbor_items(content), len(content))
    decoders: dict[int, Any] = dict.fromkeys(_IGNORED_TAGS, _ignored)
    decoders |= {**dict.fromkeys(_SHARING_TAGS, _refuse_sharing), _DECIMAL: _decimal, _BIGFLOAT: _bigfloat}
    try:
        found = cbor2.loads(
            content,
            semantic_decoders=decoders,
            tag_hook=lambda tag, _: tag.value,
            max_depth=_MOST_LEVELS,
            strict_hashable_types=len(content) > _PLAIN_KEYS,
        )
    except cbor2.CBORDecodeError as error:
        cause = error.__cause__
        raise cause if isinstance(cause, BinaryError) else _unreadable_body("CBOR", str(error)) from error
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        raise error if isinstance(error, BinaryError) else _unreadable_body("CBOR", "") from error
    return _Plain().of(found, 0)


def _ignored(value: Any, _: bool) -> Any:
    return value


def _refuse_sharing(_: Any, __: bool) -> Any:
    raise BinaryError("it has shared values, which are never read")


def _decimal(value: Any, _: bool) -> Any:
    """Return a decimal fraction (RFC 8949, section 3.4.4): `[exponent of ten, mantissa]`."""
    exponent, mantissa = _pair(value)
    digits = tuple(map(int, str(abs(mantissa))))
    return exact_number(str(Decimal((int(mantissa < 0), digits, exponent))))


def _bigfloat(value: Any, _: bool) -> Any:
    """Return a bigfloat (RFC 8949, section 3.4.4): `[exponent of two, mantissa]`, with all its decimal digits."""
    exponent, mantissa = _pair(value)
    if abs(exponent) > _LARGEST_EXPONENT:
        raise BinaryError("it has a number whose digits are too many")
    if exponent >= 0:
        return mantissa << exponent
    return _decimal([exponent, mantissa * 5**-exponent], False)


def _pair(value: Any) -> tuple[int, int]:
    if not (isinstance(value, list | tuple) and len(value) == 2 and all(type(part) is int for part in value)):
        raise BinaryError("it has a number whose parts are not two integers")
    exponent, mantissa = value
    if abs(exponent) >= 1 << 31 or mantissa.bit_length() > _MOST_BITS:
        raise BinaryError("it has a number whose digits are too many")
    return exponent, mantissa


def _cbor_items(content: bytes) -> Iterator[int]:
    """Yield the position of each data item. The items of a container follow its first bytes."""
    at, end = 0, len(content)
    while at < end:
        yield at
        kind, detail = content[at] >> 5, content[at] & 31
        size = 1 << (detail - 24) if 24 <= detail <= 27 else 0
        length = int.from_bytes(content[at + 1 : at + 1 + size], "big") if size else detail
        at += 1 + size + (length if kind in {2, 3} and detail < 28 else 0)


def read_msgpack(content: bytes) -> Any:
    """Return the value of a MessagePack object.

    Raises:
        BinaryError: The body is not MessagePack, exceeds a limit, or `msgpack` is not installed.
    """
    msgpack = _msgpack()
    _check_count(_msgpack_items(content), len(content))
    try:
        found = msgpack.unpackb(
            content,
            strict_map_key=len(content) > _PLAIN_KEYS,
            ext_hook=lambda _, data: bytes(data),
            timestamp=0,
        )
    except (ValueError, TypeError, RecursionError, OverflowError) as error:  # including exceptions of msgpack
        raise _unreadable_body("MessagePack", "") from error
    return _Plain().of(found, 0)


def _msgpack_items(content: bytes) -> Iterator[int]:
    """Yield the position of each object."""
    at, end = 0, len(content)
    while at < end:
        yield at
        first = content[at]
        if 0xA0 <= first <= 0xBF:
            at += 1 + (first & 31)
            continue
        width, more = _WIDTHS.get(first, (0, 0))
        at += 1 + width + more + int.from_bytes(content[at + 1 : at + 1 + width], "big")


def _check_count(items: Iterator[int], size: int) -> None:
    """Check that a body does not have too many values, before they take memory."""
    if size > MAX_VALUES and any(number >= MAX_VALUES for number, _ in enumerate(items)):
        raise BinaryError(f"it has more than {MAX_VALUES:,} values")


def _unreadable_body(kind: str, said: str) -> BinaryError:
    if "depth" in said:
        return BinaryError("it is nested too deeply")
    return BinaryError(f"it is not {kind}, as its media type says")


class _Plain:
    """Converts the values of the packages to JSON values."""

    def of(self, value: Any, level: int) -> Any:
        if level > _MOST_LEVELS:
            raise BinaryError("it is nested too deeply")
        if isinstance(value, dict):
            return {self._key(key): self.of(below, level + 1) for key, below in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.of(item, level + 1) for item in value]
        if isinstance(value, bool | str | None):
            return value
        if isinstance(value, int):
            if value.bit_length() > _MOST_BITS:
                raise BinaryError("it has a number whose digits are too many")
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) or type(value) is not float else None
        if isinstance(value, bytes):
            return b64encode(value).decode()
        return _timestamp(value)

    def _key(self, key: Any) -> str:
        made = self.of(key, 0)
        if isinstance(made, dict | list):
            raise BinaryError("it has a key that is a list or an object")
        if isinstance(made, str):
            return made
        return (
            {True: "true", False: "false", None: "null"}[made]
            if made is None or type(made) is bool
            else str(made)
        )


def _timestamp(value: Any) -> str | None:
    """Return a timestamp of MessagePack in RFC 3339 format; None for other objects."""
    seconds, nanoseconds = getattr(value, "seconds", None), getattr(value, "nanoseconds", 0)
    if seconds is None:
        return None
    from datetime import UTC, datetime, timedelta

    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise BinaryError("it has a time that no calendar has") from None
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def write_cbor(value: Any) -> bytes:
    """Return a value of JSON as a CBOR data item.

    Raises:
        BinaryError: CBOR cannot express a value, or `cbor2` is not installed.
    """
    cbor2 = _cbor2()
    return _encoded(cbor2.dumps, value, "CBOR")


def write_msgpack(value: Any) -> bytes:
    """Return a value of JSON as a MessagePack object.

    Raises:
        BinaryError: MessagePack cannot express a value, or `msgpack` is not installed.
    """
    msgpack = _msgpack()
    return _encoded(msgpack.packb, value, "MessagePack")


def _encoded(write: Any, value: Any, kind: str) -> bytes:
    try:
        return bytes(write(value))
    except UnicodeEncodeError:
        raise BinaryError(f"{kind} cannot have a lone surrogate") from None
    except OverflowError:
        raise BinaryError(f"{kind} has only integers of up to 64 bits") from None
    except (TypeError, ValueError, RecursionError):
        raise BinaryError("it is nested too deeply") from None
