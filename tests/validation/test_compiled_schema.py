"""Compiled schemas are the only evaluator: a table of schemas and values, large values, and the limits of values."""

import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from dynacli.openapi.model.patterns import Patterns
from dynacli.openapi.schema.evaluation.compiled_schema import LIMIT, MAX_LEVELS, is_plain
from dynacli.validation import read_body
from dynacli.validation.finding import ValidationResult
from dynacli.validation.validator import Validator
from tests.documents import document, operation
from tests.sampling import examples
from tests.validation.in_process_validator import JSON, compact, responded, sent, validate_value, validator_of

_TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("evaluations.json").read_text(encoding="utf-8"))
_GOLDEN = Path(__file__).parents[1] / "golden" / "evaluations.json"
_VERSIONS = ("3.0.4", "3.1.1", "3.2.0")
_REF = "#/components/schemas/"


def _validator(schema: Any, version: str) -> Validator:
    """Return the validator of an operation that takes and gives a schema."""
    content = {JSON: {"schema": schema}}
    described = operation("a", responses={"200": {"description": "", "content": content}})
    paths = {"/a": {"post": {**described, "requestBody": {"content": content}}}}
    components = {"schemas": _TABLE["components"]}
    return validator_of(document(paths, None, version=version, components=components), is_fixed=False)


def _mark(validation: ValidationResult) -> str:
    """Return what a result says in a character."""
    if validation.findings:
        return "x"
    return "~" if validation.tolerated else "?" if validation.not_validated or validation.failures else "."


def _evaluated(name: str, version: str) -> list[str]:
    """Return what is reported of all values by a schema, as the body of a response and of a request."""
    validator = _validator(_TABLE["schemas"][name], version)
    bodies = [text.encode() for text in _TABLE["values"]]
    return [
        "".join(_mark(validator.response(responded(body))) for body in bodies),
        "".join(_mark(validator.request(sent(media_type=JSON, body=body))) for body in bodies),
    ]


@cache
def _golden() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = json.loads(_GOLDEN.read_text(encoding="utf-8"))
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("name", _TABLE["schemas"])
def test_each_value_of_the_table(name: str, version: str) -> None:
    """`x` has findings, `~` only tolerated ones, `?` was not evaluated in part, and `.` is valid."""
    assert _golden()[name][version] == _evaluated(name, version)


def _write() -> None:
    """Write the golden file again: `python -m tests.validation.test_compiled_schema`."""
    golden = {
        name: {version: _evaluated(name, version) for version in _VERSIONS} for name in _TABLE["schemas"]
    }
    _GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


_SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab", "b"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
_TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
_LEAVES = st.one_of(
    st.booleans(),
    st.fixed_dictionaries({"type": _TYPES | st.lists(_TYPES, min_size=1, unique=True)}),
    st.fixed_dictionaries({"enum": st.lists(_SCALARS, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": _VALUES}),
    st.fixed_dictionaries({"minimum": st.integers(-2, 2)}, optional={"maxLength": st.integers(0, 2)}),
    st.fixed_dictionaries({"required": st.lists(st.sampled_from("abc"), unique=True)}),
    st.fixed_dictionaries({"maxItems": st.integers(0, 2)}, optional={"uniqueItems": st.booleans()}),
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=2)
    return st.one_of(
        *(
            st.fixed_dictionaries({keyword: several})
            for keyword in ("allOf", "anyOf", "oneOf", "prefixItems")
        ),
        *(
            st.fixed_dictionaries({keyword: inner})
            for keyword in ("not", "items", "contains", "propertyNames")
        ),
        st.fixed_dictionaries({"properties": named}, optional={"additionalProperties": inner}),
        st.fixed_dictionaries({"patternProperties": named, "additionalProperties": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
        st.fixed_dictionaries({"dependentSchemas": named}),
        st.fixed_dictionaries({"anyOf": several, "unevaluatedProperties": inner}),
        st.fixed_dictionaries({"allOf": several, "unevaluatedItems": inner}),
    )


@settings(max_examples=examples(150), deadline=None)
@given(schema=st.recursive(_LEAVES, _around, max_leaves=8), value=_VALUES)
def test_a_value_is_valid_if_another_implementation_says_so(schema: Any, value: Any) -> None:
    """jsonschema, which is written in Python, agrees about the keywords that both know; findings say why."""
    validation = validate_value(schema, value)
    assert Draft202012Validator(schema).is_valid(value) == (not validation.findings), compact(validation)
    assert all(finding.message and finding.schema_pointer for finding in validation.findings)


_ISSUES: dict[str, Any] = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"$ref": f"{_REF}Item"}}},
}
_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"enum": ["open", "closed"]},
        "name": {"type": "string", "pattern": "^[a-z]+$", "nullable": True},
        "price": {"type": "number", "multipleOf": 0.01},
        "misused": {"type": "integer", "multipleOf": 0},
        "of": {"oneOf": [{"$ref": f"{_REF}A"}, {"$ref": f"{_REF}B"}]},
    },
}


def _many(count: int, **changes: dict[str, Any]) -> dict[str, Any]:
    made: list[Any] = [
        {"id": number, "state": "open", "name": "abc", "price": 4.02, "of": {"a": 1}}
        for number in range(count)
    ]
    for place, change in changes.items():
        made[int(place[1:])].update(change)
    return {"items": made}


def _validated(value: Any, version: str = "3.1.0") -> ValidationResult:
    return validate_value(_ISSUES, value, version, Item=_ITEM, **_TABLE["components"])


_WRONG: dict[str, dict[str, Any]] = {
    "_7": {"state": "ajar"},
    "_400": {"name": "ABC", "price": 4.025},
    "_401": {"of": {"a": "x"}},
    "_499": {"misused": 3},
}


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_all_of_a_large_body_is_evaluated(version: str) -> None:
    """A long list is explained a part at a time, and no item is lost by that."""
    value = _many(500, **_WRONG)
    found = _validated(value, version)
    assert [
        "/items/400/name pattern",
        "/items/400/price multipleOf",
        "/items/401/of/a type",
        "/items/7/state enum",
        "? the document's `multipleOf` cannot be used: `0`",
    ] == compact(found)


def test_all_of_a_large_map_is_evaluated() -> None:
    """Members that no property describes are evaluated like others."""
    schema = {"properties": {"name5": {"type": "string"}}, "additionalProperties": {"$ref": f"{_REF}Item"}}
    value = {f"name{number}": item for number, item in enumerate(_many(500, **_WRONG)["items"])}
    found = compact(validate_value(schema, value, Item=_ITEM, **_TABLE["components"]))
    assert {"/name5 type", "/name400/price multipleOf", "/name401/of/a type"} <= set(found)


@pytest.mark.exhaustive
def test_of_a_large_body_that_is_wrong_throughout_a_thousand_findings_are_enough() -> None:
    """The list ends after a thousand findings, with a note that there may be more."""
    value = _many(3_000, **{f"_{number}": {"state": "ajar"} for number in range(3_000)})
    validation = _validated(value)
    assert len(validation.findings) == 1_000
    assert ["the rest of an array that has over 1,000 errors"] == validation.not_validated


@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 30, "9223372036854775808", "1e30"])
def test_numbers_beyond_64_bits_keep_every_digit(number: str) -> None:
    """jsonschema-rs takes an infinite number as one of no type, and orjson reads large whole ones as fractions."""
    body = f"[{'1,' * 40_000}{number}]".encode()
    found = validate_value({"items": {"maximum": 10, "minimum": -10}}, body)
    assert ["maximum" if not number.startswith("-") else "minimum"] == [
        finding.rule for finding in found.findings
    ]
    assert "/40000" == found.findings[0].pointer


def test_a_pattern_of_a_large_body_has_the_time_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that ran out of time does not pass."""
    monkeypatch.setattr(Patterns.__init__, "__defaults__", (0.0,))
    validation = validate_value({"items": {"pattern": "^a"}}, ["a"] * 300)
    assert {"it takes too long to tell whether the text matches the pattern `^a`"} == {
        finding.message for finding in validation.findings
    }


def test_a_text_that_is_too_long_for_a_pattern_is_noted_in_a_large_body() -> None:
    """A large body has the same note as a small one."""
    value = ["a"] * 3_000 + ["a" * 60_000]
    validation = validate_value({"items": {"pattern": "^a"}}, value)
    assert ["? a text of 60000 characters is too long for `^a`"] == compact(validation)


_DEEP = """
import threading
from tests.validation.in_process_validator import compact, validate_value

names = [f"N{number}" for number in range(40)]
schemas = {name: {KEYWORD: [{"$ref": "#/components/schemas/" + after}, OTHER]} for name, after in zip(names, names[1:])}
schemas["N39"] = {"additionalProperties": {"$ref": "#/components/schemas/N0"}}
value = {}
for _ in range(99):
    value = {"a": value}

def run():
    print(compact(validate_value({"$ref": "#/components/schemas/N0"}, value, **schemas)))

run()
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.mark.sampled(0, 1)
@pytest.mark.parametrize(("keyword", "other"), [("anyOf", False), ("oneOf", False), ("allOf", True)])
def test_the_deepest_value_on_the_longest_way_does_not_use_up_the_stack(keyword: str, other: bool) -> None:
    """Neither on the main thread nor on another."""
    code = _DEEP.replace("KEYWORD", repr(keyword)).replace("OTHER", repr(other))
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=checkout, timeout=60, check=False
    )
    assert (0, "[]\n[]\n", "") == (done.returncode, done.stdout, done.stderr)


def test_what_is_worked_around_in_jsonschema_rs_is_still_there() -> None:
    """If this fails, `keyword_translations.NAMELESS` or the formats that stand for patterns can go."""

    class Refusing:
        def __init__(self, *_: Any) -> None:
            pass

        def validate(self, _: Any) -> None:
            raise ValueError

    schema = {"$defs": {"a": {"own": True}}, "properties": {"": {"type": "null"}, "b": {"$ref": "#/$defs/a"}}}
    validator = jsonschema_rs.Draft202012Validator(schema, keywords={"own": Refusing})
    nameless, own = validator.iter_errors({"": 1, "b": 1})
    assert ([], ["properties", "type"]) == (nameless.instance_path, nameless.evaluation_path)
    assert ["$defs", "a", "own"] == own.evaluation_path  # and not `properties/b/$ref/own`


def test_a_value_is_plain_up_to_its_limits() -> None:
    """What is beyond them is read by Python, and evaluated as a copy."""
    nested: Any = 1
    for _ in range(MAX_LEVELS):
        nested = [nested]
    assert is_plain(nested)
    assert not is_plain([nested])
    assert not is_plain([[[[[[[[[[[[[[[[[[LIMIT + 1]]]]]]]]]]]]]]]]]])
    assert is_plain({"a": [LIMIT, -LIMIT, float(LIMIT), None, True, "x", 0.5]})
    for number in (LIMIT + 1, -LIMIT - 1, float("inf"), float("-inf"), float("nan"), 10**999, 1e19):
        assert not is_plain({"a": [number]})


_TEXTS = [
    *(
        "1",
        "-0",
        "-0.0",
        "1.0",
        "1E5",
        "0.1e1",
        "1e-400",
        "5e-324",
        "2.2250738585072011e-308",
        "0.1",
        "1e22",
        "1e23",
    ),
    *(
        "9007199254740993",
        "9007199254740993.0",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
    ),
    *(
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1e400",
        "-1e400",
        "1" * 400,
    ),
    *(
        "1" * 1_001,
        "NaN",
        "-Infinity",
        "Infinity",
        "01",
        "1.",
        ".5",
        "+1",
        "0x1",
        "1_0",
        "--1",
        "1e",
        "tru",
        "nul",
    ),
    *(
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\\udc00\\ud800"',
        '"\\u0000"',
        '"\x7f"',
        '"\t"',
        '"\\x"',
        '"',
        "'a'",
        '"\\"',
    ),
    *(
        '{"a":1,"b":2,"a":3}',
        "{a:1}",
        '{"a"}',
        '{"a":1,}',
        "[1,]",
        "[1 2]",
        "[",
        "]",
        "",
        "\x0b1",
        "\u00a01",
        "\ufeff1",
    ),
    *(
        "/**/1",
        "1 2",
        "null x",
        "[" * 120 + "]" * 120,
        "[" * 600 + "]" * 600,
        "[" * 20_000 + "]" * 20_000,
        "<html>",
    ),
    *(
        '{"a":{"b":[1,2.5,"x",null,true,false]}}',
        '"\u00e9\U0001f600\u2028"',
        '{"\\u0061":1,"a":2}',
        "[[]]",
        "{}",
    ),
]


def _read(body: bytes) -> str:
    """What is read, told apart by type and order, or why it is not."""
    try:
        return repr(read_body.read_json_body(body))
    except (read_body.NotValidatedError, read_body.UnreadableError) as error:
        return f"{type(error).__name__} {error}"


def _in_a_large_body(body: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    with monkeypatch.context() as context:
        context.setattr("dynacli.is_own_process", True)
        context.setattr(read_body, "_LARGE", 0)
        fast = _read(body)
        context.setattr(read_body, "_LARGE", float("inf"))
        return fast, _read(body)


@pytest.mark.parametrize("text", _TEXTS, ids=lambda text: ascii(text)[1:30])
def test_a_large_body_is_read_as_a_small_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same value with the same types in the same order, or the same refusal."""
    fast, slow = _in_a_large_body(text.encode("utf-8", "surrogatepass"), monkeypatch)
    assert slow == fast


@pytest.mark.parametrize(
    "body", [b'"\xff"', b"\xef\xbb\xbf1", "1".encode("utf-16"), b'"\xed\xa0\x80"', b"\xc0\x80"]
)
def test_a_large_body_that_is_not_utf_8_is_refused_like_a_small_one(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong UTF-8 is refused at every size, and a byte order mark is read at every size."""
    fast, slow = _in_a_large_body(body, monkeypatch)
    assert slow == fast


class _Written:
    """A JSON text as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_NUMBER = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@settings(max_examples=examples(300), deadline=None)
@given(value=_JSON | _NUMBER.map(_Written))
def test_any_body_is_read_alike(value: Any) -> None:
    """Numbers of any length among them."""
    text = value.text if isinstance(value, _Written) else json.dumps(value)
    with pytest.MonkeyPatch.context() as monkeypatch:
        fast, slow = _in_a_large_body(text.encode(), monkeypatch)
    assert slow == fast


if __name__ == "__main__":
    _write()


_TEXT: dict[str, Any] = {"type": "string"}


@pytest.mark.parametrize(
    ("expected", "schema", "value"),
    [
        (
            ["/k/0 additionalProperties"],
            {"additionalProperties": {"additionalProperties": False}},
            {"k": {"0": 1}},
        ),
        (["/+7 type", "/007 type", "/7 type"], {"additionalProperties": _TEXT}, {"007": 1, "7": 2, "+7": 3}),
        (
            ["/007 type", "/7 minimum"],
            {"properties": {"007": _TEXT, "7": {"minimum": 9}}},
            {"007": 1, "7": 2},
        ),
        (["/00 type", "/007 type"], {"patternProperties": {"0": _TEXT}}, {"00": 1, "007": 2}),
        (["- required"], {"dependentSchemas": {"0": {"required": ["1"]}}}, {"0": 1}),
        (["- dependentRequired"], {"dependentRequired": {"0": ["1"]}}, {"0": 1}),
        (["- maxLength"], {"propertyNames": {"maxLength": 1}}, {"00": 1}),
        (
            ["/3/00 unevaluatedProperties"],
            {"properties": {"3": {"unevaluatedProperties": False}}},
            {"3": {"00": 1}},
        ),
        (["/3/00 type"], {"properties": {"3": {"unevaluatedProperties": _TEXT}}}, {"3": {"00": 1}}),
        (
            ["/3/4 type"],
            {"properties": {"3": {"anyOf": [_TEXT, {"properties": {"4": _TEXT}}]}}},
            {"3": {"4": 1}},
        ),
        (["/3 not"], {"properties": {"3": {"not": {"required": ["4"]}}}}, {"3": {"4": 1}}),
        (["/3/0 type"], {"properties": {"3": {"prefixItems": [_TEXT]}}}, {"3": [1]}),
        (["/3 contains"], {"properties": {"3": {"contains": _TEXT}}}, {"3": [1]}),
        (
            ["/3/1 unevaluatedItems"],
            {"properties": {"3": {"prefixItems": [{}], "unevaluatedItems": False}}},
            {"3": [1, 2]},
        ),
        (["/3 uniqueItems"], {"properties": {"3": {"uniqueItems": True}}}, {"3": [1, 1]}),
        (
            ["/3/4 type"],
            {"properties": {"3": {"if": True, "then": {"properties": {"4": _TEXT}}}}},
            {"3": {"4": 1}},
        ),
        (
            [f"/3/{index}/4 type" for index in (0, 1, 25, 29)],
            {"properties": {"3": {"items": {"properties": {"4": _TEXT}}}}},
            {"3": [{"4": 1 if index in {0, 1, 25, 29} else ""} for index in range(30)]},
        ),
    ],
)
def test_names_of_digits(expected: list[str], schema: Any, value: Any) -> None:
    """A member whose name is digits, in any spelling, has its own finding, with any keyword on the way."""
    assert expected == compact(validate_value(schema, value))


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_many_names_of_digits() -> None:
    """Finding the names of thousands of such members takes no more time than finding other names."""
    value = {"k": {str(number): 1 for number in range(9_000)}}
    start = time.perf_counter()
    found = validate_value({"properties": {"k": {"additionalProperties": _TEXT}}}, value)
    assert len(found.findings) >= 900
    assert time.perf_counter() - start < 4
