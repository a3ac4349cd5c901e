"""CBOR and MessagePack: their values in JSON, with every digit, and nothing that attacks by them."""

import base64
import json
import sys
import time
from typing import Any

import cbor2
import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.media.body_value import NoValueError, body_value
from dynacli.text.exact_json import compact_json
from tests.documents import get, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli

CBOR, MSGPACK = "application/cbor", "application/vnd.msgpack"
_NAMES = (
    *(CBOR, "application/vnd.a+cbor"),
    *(MSGPACK, "application/msgpack", "application/x-msgpack", "x/y+msgpack"),
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_TREES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXTS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_TEXTS, below, max_size=4),
    max_leaves=20,
)


@given(_TREES)
def test_values_of_json_are_what_they_were(value: Any) -> None:
    """What JSON can say is read as it was written, in both formats."""
    assert value == body_value(cbor2.dumps(value), CBOR)
    assert value == body_value(msgpack.packb(value), MSGPACK)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("c4822119 6ab3", "273.15"),  # RFC 8949, section 3.4.4
        ("c48220 186e", "11.0"),
        ("c4821a7fffffff01", "1E+2147483647"),
        ("c5822003", "1.5"),  # RFC 8949, section 3.4.4
        ("c582390400 01", "2.7813423231340017288627908966655050802740199755779147881916592711090055"),
        ("c249010000000000000000", "18446744073709551616"),
        ("c349010000000000000000", "-18446744073709551617"),
        ("1bffffffffffffffff", "18446744073709551615"),
        ("fb3ff199999999999a", "1.1"),
        ("f97e00", "null"),
        ("f97c00", "null"),
        ("fbfff0000000000000", "null"),
        ("f7", "null"),
        ("e0", "null"),
        ("c074323031332d30332d32315432303a30343a30305a", '"2013-03-21T20:04:00Z"'),
        ("c11a514b67b0", "1363896240"),
        ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", '"http://www.example.com"'),
        ("d9ffff01", "1"),
        ("d9d9f701", "1"),
        ("d823672861 2b292b24 62", '"(a+)+$b"'),
        ("d825500123456789abcdef0123456789abcdef", '"ASNFZ4mrze8BI0VniavN7w=="'),
        ("d90102 83010203", "[1,2,3]"),
        ("d81e820103", "[1,3]"),
        ("42ff00", '"/wA="'),
        ("5f41ff4100ff", '"/wA="'),
        ("9f01820203ff", "[1,[2,3]]"),
        ("a4010220031863f4f6f6", '{"1":2,"-1":3,"99":false,"null":null}'),
        ("a141ff01", '{"/w==":1}'),
    ],
)
def test_what_only_cbor_has(content: str, text: str) -> None:
    """Numbers keep their digits, tags give way to what they stand for, bytes are base64, and keys are texts."""
    found = body_value(bytes.fromhex(content.replace(" ", "")), CBOR)
    assert compact_json(found).startswith(text)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (msgpack.packb({2: 2, None: 3, True: 4, b"\xff": 5}), {"2": 2, "null": 3, "true": 4, "/w==": 5}),
        (msgpack.packb(msgpack.Timestamp(1363896240, 500_000_000)), "2013-03-21T20:04:00.5Z"),
        (msgpack.packb(msgpack.Timestamp(0)), "1970-01-01T00:00:00Z"),
        (msgpack.packb(msgpack.Timestamp(-1)), "1969-12-31T23:59:59Z"),
        (msgpack.packb(msgpack.ExtType(5, b"\xff\x00")), "/wA="),
        (msgpack.packb([float("nan"), float("-inf"), b"\xff"]), [None, None, "/w=="]),
        (msgpack.packb(2**64 - 1), 2**64 - 1),
    ],
)
def test_what_only_messagepack_has(content: bytes, value: Any) -> None:
    """Timestamps are texts of RFC 3339, other extensions and bytes base64, and keys are texts."""
    assert value == body_value(content, MSGPACK)


_MANY = 2_100_000
_BIG_KEYS = (
    b"\xb9"
    + (7999).to_bytes(2, "big")
    + b"".join(cbor2.dumps((2**61 - 1) * n) + b"\0" for n in range(1, 8000))
)
"""A map whose keys all have one hash; to make it of a `dict` takes as long as an attack does."""


@pytest.mark.parametrize(
    ("media_type", "content", "said"),
    [
        (CBOR, b"\x81" * 100_000, "nested too deeply"),
        (MSGPACK, b"\x91" * 100_000, "not MessagePack"),
        (MSGPACK, b"\x91" * 300 + b"\x01", "nested too deeply"),
        pytest.param(
            CBOR,
            b"\x9a" + (_MANY).to_bytes(4, "big") + b"\x80" * _MANY,
            "more than 2,000,000 values",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            MSGPACK,
            b"\xdd" + (_MANY).to_bytes(4, "big") + b"\x90" * _MANY,
            "more than 2,000,000 values",
            marks=pytest.mark.exhaustive,
        ),
        (CBOR, b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff", "not CBOR"),
        (CBOR, b"\x5b\x00\x00\x00\xff\xff\xff\xff\xff", "not CBOR"),
        (MSGPACK, b"\xdd\xff\xff\xff\xff", "not MessagePack"),
        (MSGPACK, b"\xdb\xff\xff\xff\xff", "not MessagePack"),
        (CBOR, b"\xd8\x1c\x81\xd8\x1d\x00", "shared values"),
        (CBOR, b"\xd9\x01\x00\x82\x63aaa\xd8\x19\x00", "shared values"),
        (CBOR, b"\xc2\x59\x10\x00" + b"\xff" * 4096, "digits are too many"),
        (CBOR, b"\xc4\x82\x00\xc2\x59\x10\x00" + b"\xff" * 4096, "digits are too many"),
        (CBOR, b"\xc5\x82\x1a\x7f\xff\xff\xff\x01", "digits are too many"),
        (CBOR, b"\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "digits are too many"),
        (CBOR, b"\xc4\x01", "not two integers"),
        (CBOR, b"\xa1\x81\x01\x02", "a key that is a list"),
        (CBOR, _BIG_KEYS, "not CBOR"),
        (MSGPACK, msgpack.packb(dict.fromkeys(range(2**60, 2**60 + 8000), 0)), "not MessagePack"),
        (CBOR, b"\x62\xff\xff", "not CBOR"),
        (MSGPACK, b"\xa2\xff\xff", "not MessagePack"),
        (MSGPACK, b"\xc1", "not MessagePack"),
        (MSGPACK, b"\x01\x02", "not MessagePack"),
        (MSGPACK, msgpack.packb(msgpack.Timestamp(2**62)), "no calendar"),
        (CBOR, b"{}x", "not CBOR"),
    ],
)
def test_hostile_bodies_are_refused(media_type: str, content: bytes, said: str) -> None:
    """Limits of depth, number and digits hold before memory is taken, and sharing is never followed."""
    started = time.monotonic()
    with pytest.raises(NoValueError, match=said):
        body_value(content, media_type)
    assert 20 > time.monotonic() - started


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("terminal", [(), ("stdout",)])
def test_a_response_has_its_value(server: Recorder, name: str, terminal: tuple[str, ...]) -> None:
    """Filters, formats, validation and a terminal work on the value; a pipe gets the bytes."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    responses = {"200": {"description": "", "content": {name: {"schema": schema}}}}
    word = save_api(get("/pet", "getPet", responses=responses), server=server)
    write = cbor2.dumps if "cbor" in name else msgpack.packb
    server.responses["/pet"] = Response(200, write({"id": 7}), {"Content-Type": name})
    assert "7\n" == run_cli(word, "get-pet", "--validate", "strict", "-f", "id").stdout
    assert '{\n  "id": 7\n}\n' == run_cli(word, "get-pet", "-o", "json").stdout
    plain = run_cli(word, "get-pet", terminal=terminal).stdout_bytes
    assert write({"id": 7}) == plain or (terminal and b'"id"' in plain and plain.endswith(b"7\x1b[39m\n}\n"))
    server.responses["/pet"] = Response(200, write({"id": "x"}), {"Content-Type": name})
    wrong = run_cli(word, "get-pet", "--validate", "strict")
    assert_ended(wrong, 9, "/id: expected integer")
    server.responses["/pet"] = Response(200, b"\xc1\xff\xff", {"Content-Type": name})
    broken = run_cli(word, "get-pet", "--validate", "off", "-f", "id")
    assert (13, b"\xc1\xff\xff") == (broken.exit_code, broken.stdout_bytes)


@pytest.mark.parametrize(("name", "package"), [(CBOR, "cbor2"), (MSGPACK, "msgpack")])
def test_the_package_that_is_missing_is_named(
    server: Recorder, name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the response is printed as it came, the error says how to install it, and nothing is wrong."""
    monkeypatch.setitem(sys.modules, package, None)
    responses = {"200": {"description": "", "content": {name: {"schema": {"type": "object"}}}}}
    word = save_api(get("/pet", "getPet", responses=responses), server=server)
    server.responses["/pet"] = Response(200, b"\xa0", {"Content-Type": name})
    result = run_cli(word, "get-pet", "-f", "id", "--validate", "strict", "--error-format", "json")
    assert (13, b"\xa0") == (result.exit_code, result.stdout_bytes)
    assert "pip install '.[formats]'" in result.error["hint"]
    assert f"the package `{package}` is not installed" in result.error["reason"]
    shown = run_cli(word, "get-pet", terminal=("stdout",))
    assert_ended(shown, 0, "'.[formats]'")
    whole = run_cli(word, "get-pet", "-i", "-f", "body").json
    assert {"base64": base64.b64encode(b"\xa0").decode()} == json.loads(json.dumps(whole))
