"""Whatever comes is validated in bounded time, with a bounded number of findings, and says what was left out."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.call import Call
from dynacli.http.exchange import WireResponse
from dynacli.openapi.schema.evaluation import compiled_schema
from dynacli.openapi.schema.evaluation.translation import PlainSchema
from dynacli.validation import _body_hooks, _undocumented_values
from dynacli.validation.finding import ValidationResult
from tests.documents import api_of, operation, post, ref, save, save_api
from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import (
    JSON,
    compact,
    responded,
    response_document,
    validate_value,
    validator_of,
)

_ITEM = {"type": "object", "required": ["name"]}
_REST_OF_OBJECT = "the rest of an object that has over 1,000 errors"
_REST_OF_ARRAY = "the rest of an array that has over 1,000 errors"
_MANY: dict[str, Any] = {f"k{number}": {} for number in range(3_000)}


def _at_depth(levels: int, asked: Callable[[], Any]) -> Any:
    return _at_depth(levels - 1, asked) if levels else asked()


@pytest.mark.exhaustive
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("schema", "value", "rest"),
    [
        ({"additionalProperties": _ITEM}, _MANY, _REST_OF_OBJECT),
        ({"patternProperties": {"^k": _ITEM}}, _MANY, _REST_OF_OBJECT),
        ({"propertyNames": {"pattern": "^z"}}, _MANY, _REST_OF_OBJECT),
        ({"properties": {"a": {}}, "additionalProperties": False}, _MANY, _REST_OF_OBJECT),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, _MANY, _REST_OF_OBJECT),
        ({"unevaluatedProperties": _ITEM}, _MANY, _REST_OF_OBJECT),
        ({"prefixItems": [{}], "unevaluatedItems": False}, list(range(3_000)), _REST_OF_ARRAY),
    ],
    ids=["others", "patterns", "names", "unexpected", "unevaluated", "others unevaluated", "items"],
)
def test_a_thousand_findings_are_enough_for_one_object(schema: Any, value: Any, rest: str) -> None:
    """The rest of it is noted as not validated; a value with just as many is validated whole."""
    validation = validate_value(schema, value)
    assert (1_000, [rest]) == (len(validation.findings), validation.not_validated)
    first = value[:1_000] if isinstance(value, list) else dict(list(value.items())[:1_000])
    assert [] == validate_value(schema, first).not_validated


_TEXTS: dict[str, Any] = {"additionalProperties": {"type": "string"}}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (_TEXTS, {f"k{number}": number for number in range(20_000)}),
        ({"additionalProperties": _TEXTS}, {"x" * 1_000: {f"k{number}": number for number in range(3_000)}}),
        ({"required": [f"r{number}" for number in range(200)]}, {"a": "z" * 2_000_000}),
        ({"oneOf": [{"type": "string"}, _TEXTS]}, {f"k{number}": number for number in range(20_000)}),
    ],
    ids=["members", "name", "text", "alternatives"],
)
def test_of_a_large_wrong_value_the_first_finding_is_enough(schema: Any, value: Any) -> None:
    """Each error has a copy of its value and of the names above it: all of them would take gigabytes."""
    start = time.process_time()
    validation = validate_value(schema, value)
    rest = "the rest of a value that may have too many errors, after the first"
    assert (1, [rest]) == (len(validation.findings), validation.not_validated)
    assert time.process_time() - start < 3
    assert [] == validate_value({}, value).not_validated


_FIELDS = {"type": "object", "properties": {f"a{number}": {"type": "string"} for number in range(200)}}
_WRONG_FIELDS = {f"a{number}": number for number in range(200)}
_FIRST_ALONE = "the rest of a value that may have too many errors, after the first"
_NONE = "a value that does not match, because it may have too many errors"
_TOO_LONG = "it takes too long to validate all of the value"


def _linked(count: int, made: Callable[[Any], Any], last: Any) -> dict[str, Any]:
    """Return schemas each of which is made of a reference to the next one."""
    return {f"S{number}": made(ref(f"S{number + 1}")) for number in range(count)} | {f"S{count}": last}


def _nested(levels: int, value: Any = 1) -> Any:
    return {"a": _nested(levels - 1, value)} if levels else value


@pytest.mark.no_cover
@pytest.mark.sampled(0, 4)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
@pytest.mark.parametrize("count", [8, 40])
def test_errors_of_schemas_that_multiply_are_limited(keyword: str, count: int, version: str) -> None:
    """Two hundred errors of a schema that is reached on 2, 4, 8 ... paths are not made on each of them."""
    start = time.process_time()
    schemas = _linked(count, lambda following: {keyword: [following, following]}, _FIELDS)
    validation = validate_value(ref("S0"), _WRONG_FIELDS, version=version, **schemas)
    assert {_FIRST_ALONE, _TOO_LONG, _NONE}.intersection(validation.not_validated)
    assert time.process_time() - start < 5


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"required": [f"r{number}" for number in range(20_000)]}, {}),
        ({"required": [f"r{number}" for number in range(2_000)]}, _MANY),
        ({"additionalProperties": {"required": [f"r{number}" for number in range(2_000)]}}, _MANY),
        ({"dependentRequired": {"a": [f"r{number}" for number in range(20_000)]}}, {"a": 1}),
        (
            {"additionalProperties": {"additionalProperties": {"type": "string"}}},
            {f"k{number}": dict.fromkeys(list(_MANY)[:300], 1) for number in range(300)},
        ),
        ({"additionalProperties": {"enum": [f"value {number}" for number in range(500)]}}, _MANY),
    ],
    ids=["names", "copies", "members", "dependent names", "levels", "values"],
)
def test_of_a_value_with_too_many_errors_the_first_is_listed(schema: Any, value: Any) -> None:
    """Errors are counted before they are made: names that are missing, members, and the copies of the value in them."""
    start = time.process_time()
    assert [_FIRST_ALONE] == validate_value(schema, value).not_validated
    assert time.process_time() - start < 3


def _twice(keyword: str) -> Callable[[Any], Any]:
    return lambda following: {"allOf": [{keyword: following}] * 2}


_DIAMONDS = {
    name: {"allOf": [ref(part) for part in parts]}
    for number in range(20)
    for name, parts in {
        f"S{number}": (f"A{number}", f"B{number}"),
        f"A{number}": (f"S{number + 1}",),
        f"B{number}": (f"S{number + 1}",),
    }.items()
}


@pytest.mark.sampled(3)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("schemas", "value"),
    [
        (_linked(40, lambda following: {"allOf": [following] * 2}, {}), 1),
        (_linked(40, lambda following: {"not": {"allOf": [following] * 2}}, {}), 1),
        (_linked(40, lambda following: {"$ref": following["$ref"], "allOf": [following]}, {}), 1),
        (
            _linked(40, lambda following: {"dependentSchemas": {"a": following, "b": following}}, {}),
            {"a": 1, "b": 1},
        ),
        (_DIAMONDS | {"S20": {}}, 1),
        (_linked(40, lambda following: {"allOf": [{"properties": {"a": following}}] * 2}, {}), _nested(40)),
        (_linked(40, _twice("additionalProperties"), {}), _nested(40)),
        (
            _linked(
                40,
                lambda following: {"properties": {"a": following}, "patternProperties": {"^a": following}},
                {},
            ),
            _nested(40),
        ),
        (
            _linked(
                30,
                lambda following: {
                    "properties": {f"f{number}": {} for number in range(320)},
                    "allOf": [{"properties": {"a": following}}] * 2,
                },
                {},
            ),
            _nested(30),
        ),
    ],
    ids=["branches", "not", "beside", "dependent", "diamonds", "members", "others", "patterns", "late"],
)
def test_schemas_that_multiply_do_not_hold_up_a_valid_value(schemas: dict[str, Any], value: Any) -> None:
    """The steps of an evaluation are limited, however a schema leads to the next one on two paths."""
    start = time.process_time()
    assert ([], [_TOO_LONG]) == (
        (validation := validate_value(ref("S0"), value, **schemas)).findings,
        validation.not_validated,
    )
    assert time.process_time() - start < 10


def _within(count: int) -> Any:
    return (
        {"allOf": [_within(count - 1)], "unevaluatedProperties": False}
        if count
        else {"properties": {"a": {}}}
    )


@pytest.mark.sampled(0)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("keyword", "schemas"),
    [
        (
            keyword,
            {
                f"S{number}": {**made(ref(f"S{number + 1}")), keyword: False} if number < 30 else {}
                for number in range(31)
            },
        )
        for keyword in ("unevaluatedProperties", "unevaluatedItems")
        for made in (
            lambda following: {"allOf": [following] * 3},
            lambda following: {"anyOf": [following]},
            lambda following: {"if": following, "then": following},
        )
    ]
    + [("unevaluatedProperties", {"S0": _within(40)})],
)
def test_unevaluated_members_that_depend_on_too_many_schemas_are_not_validated(
    keyword: str, schemas: dict[str, Any]
) -> None:
    """Each level looks at all branches below it again, even to compile them."""
    start = time.process_time()
    value: Any = {"a": 1} if keyword == "unevaluatedProperties" else [1]
    validation = validate_value(ref("S0"), value, **schemas)
    assert [] == validation.findings
    assert f"`{keyword}`, because it depends on too many schemas" in validation.not_validated
    assert time.process_time() - start < 5


def test_members_of_unevaluated_schemas_that_multiply_end() -> None:
    """A schema of unevaluated members evaluates them twice at each level of the value."""
    schemas = _linked(
        40,
        lambda following: {"allOf": [{"unevaluatedProperties": following}], "unevaluatedProperties": False},
        {},
    )
    start = time.process_time()
    assert [_TOO_LONG] == validate_value(ref("S0"), _nested(40), **schemas).not_validated
    assert time.process_time() - start < 5


@pytest.mark.exhaustive
def test_a_large_value_and_a_large_schema_are_counted_before_they_meet() -> None:
    """Each of 20,000 objects is compared with each of 20,000 objects, which nothing could interrupt."""
    schema = {"items": {"enum": [{"a": number} for number in range(20_000)]}}
    assert [_TOO_LONG] == validate_value(schema, [{"a": 19_999}] * 20_000).not_validated
    assert [] == validate_value(schema, [{"a": 19_999}] * 10).not_validated


def test_a_thousand_properties_that_are_not_documented_are_enough() -> None:
    """`--validate exact` says that there are more."""
    validation = validate_value({"properties": {"a": {}}}, _MANY, is_exact=True)
    assert 1_000 == len(validation.findings)
    assert [
        "properties that the document does not mention, after the first 1,000"
    ] == validation.not_validated


@pytest.mark.exhaustive
def test_alternatives_that_lead_to_themselves_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each level of the value doubles the work; findings about other parts of the value are kept."""
    monkeypatch.setattr(compiled_schema, "_MAX_ENTRIES", 2_000)
    branches = [
        {"type": "object", "properties": {"c": ref("T")}, "required": [name]} for name in ("a", "b", "c")
    ]
    tree: Any = 1
    for _ in range(40):
        tree = {"c": tree, "a": 1, "b": 1}
    schema = {"properties": {"a": {"type": "integer"}}, "allOf": [{"properties": {"t": ref("T")}}]}
    validation = validate_value(schema, {"a": "x", "t": tree}, T={"anyOf": branches})
    assert ["/a type", "? it takes too long to validate all of the value"] == compact(validation)


def test_a_schema_of_many_wrong_members_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that nothing evaluates is explained by its schema alone, compiled for the first of them."""
    compiled: list[Any] = []
    whole = PlainSchema.whole

    def counted(plain: PlainSchema, schema: Any) -> PlainSchema:
        compiled.append(schema)
        return whole(plain, schema)

    monkeypatch.setattr(PlainSchema, "whole", counted)
    validation = validate_value({"unevaluatedProperties": _ITEM}, dict(list(_MANY.items())[:100]))
    assert (100, [_ITEM]) == (len(validation.findings), compiled)


@pytest.mark.exhaustive
def test_a_validator_of_many_messages_compiles_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other messages have needed is not taken from what one may need."""
    monkeypatch.setattr(_body_hooks, "_MAX_IN_ALL", 9_000)
    monkeypatch.setattr(compiled_schema, "_MAX_SCHEMAS", 3_000)
    linked: Any = {
        f"S{number}": {
            "properties": {name: ref(f"S{(number * 7 + step) % 400}") for step, name in enumerate("abc")}
        }
        for number in range(400)
    }
    schema = {"properties": {f"p{number}": ref(f"S{number}") for number in range(400)}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    validator = validator_of(response_document(responses, **linked))
    for number in range(380, 400):
        assert [] == compact(validator.response(responded(f'{{"p{number}": {{"a": {{}}}}}}'.encode())))


def test_the_stack_ends_in_python(capfd: pytest.CaptureFixture[str]) -> None:
    """Wherever it ends, it is a note: the registry of references would panic, with a backtrace of its own."""
    validator = validator_of(
        response_document(
            {"200": {"description": "", "content": {"application/json": {"schema": ref("A")}}}},
            A={"not": ref("A")},
        )
    )
    for levels in range(60):
        validation = _at_depth(levels, lambda: validator.response(responded(b"1")))
        assert ["? the value or its schema is nested too deeply"] == compact(validation)
    assert "" == capfd.readouterr().err


_FORM_OF_ALTERNATIVES = """
from tests.validation.in_process_validator import response_document, responded, compact, validator_of
form = "application/x-www-form-urlencoded"
schema = {"oneOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}]}
content = {form: {"schema": schema, "encoding": {"a": {"style": "form"}}}}
validator = validator_of(response_document({"200": {"description": "", "content": content}}))
print(compact(validator.response(responded(b"a=five", media_type=form))))
"""


@pytest.mark.exhaustive
def test_nothing_but_the_validation_is_said_of_alternatives() -> None:
    """openapi-core logs that none fits, which Python writes to the terminal where no one takes it; pytest does."""
    command = [sys.executable, "-c", _FORM_OF_ALTERNATIVES]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    assert ("", True) == (done.stderr, "required" in done.stdout or "type" in done.stdout)


def test_a_media_type_is_found_as_it_is_written() -> None:
    """`simple` is not a parameter, and tells two media types of a real document apart anyway."""
    content = {
        "application/json": {"schema": {"type": "array"}},
        "application/json;simple": {"schema": {"type": "object"}},
    }
    validator = validator_of(response_document({"200": {"description": "", "content": content}}))
    assert [] == compact(validator.response(responded(b"{}", media_type="application/json;simple")))
    assert [] == compact(validator.response(responded(b"{}", media_type="Application/JSON; simple")))
    assert [] == compact(validator.response(responded(b"[]")))
    assert ["- type"] == compact(validator.response(responded(b"{}")))


@pytest.mark.exhaustive
@pytest.mark.parametrize("level", ["warn", "exact"])
@pytest.mark.parametrize("keyword", ["anyOf", "if"])
def test_ways_between_schemas_end(keyword: str, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of forty schemas that each refer twice to the next, the last is reached on more ways than can be gone."""
    monkeypatch.setattr(compiled_schema, "_MAX_ENTRIES", 2_000)
    schemas: dict[str, Any] = {"S40": {"type": "string"}}
    for number in range(40):
        following = ref(f"S{number + 1}")
        schemas[f"S{number}"] = (
            {"if": following, "then": following, "else": following}
            if keyword == "if"
            else {keyword: [following, following]}
        )
    made = api_of(post("/things", "addThing", body=ref("S0")), version="3.1.0", schemas=schemas)
    result = run_cli(save(made), "add-thing", "--body", '{"a": 1}', "--validate", level, "--dry-run")
    assert "takes too long to validate" in result.stderr


@pytest.mark.parametrize(("condition", "rule"), [(True, "type"), (False, None)])
def test_a_condition_may_be_a_boolean(condition: bool, rule: str | None) -> None:
    """The errors of `then` are counted for `if: true` as for a schema."""
    schema = {"if": condition, "then": {"type": "string"}}
    assert ([rule] if rule else []) == [finding.rule for finding in validate_value(schema, 1).findings]


_SLOW = {"items": {"enum": [{"a": number} for number in range(200)]}}
"""A schema that compares each item with many objects."""


@pytest.mark.exhaustive
@pytest.mark.no_cover
@pytest.mark.parametrize("words", [(), ("--validate", "strict")])
def test_no_validation_outlives_the_call(words: tuple[str, ...], server: Recorder) -> None:
    """What may take longer than is left of `--timeout` is not validated, neither in the request nor in the response."""
    content = {"application/json": {"schema": _SLOW}}
    described = operation("a", responses={"200": {"description": "", "content": content}})
    save_api({"/a": {"post": {**described, "requestBody": {"content": content}}}}, server=server)
    body = json.dumps([{"a": -1}] * 30_000)
    Path("body.json").write_text(body, encoding="utf-8")
    server.responses["/a"] = Response(200, body.encode(), {"Content-Type": "application/json"})
    call = ("./api.json", "a", "--body", "@body.json", "-o", "@out.json", *words)
    run_cli("./api.json", "a", "--body", "[]", *words)  # what is imported once is no part of the time
    start = time.perf_counter()
    result = run_cli(*call, "--timeout", "0.5")
    assert (0, f"Not validated: {_TOO_LONG}\n") == (result.exit_code, result.stderr)
    assert time.perf_counter() - start < 3


def test_time_that_is_over_is_over_for_everything() -> None:
    """After the end of the time, patterns, formats and alternatives say nothing of a message; the next has its own."""
    schema = {
        "type": "object",
        "properties": {"a": {"pattern": "^b"}, "b": {"anyOf": [{"type": "string"}, {"const": 1}]}},
    }
    validator = validator_of(
        response_document({"200": {"description": "", "content": {JSON: {"schema": schema}}}})
    )
    wrong = responded(b'{"a":"c","b":2}')
    late = validator.response(wrong._replace(end=time.perf_counter()))
    assert ([], [_TOO_LONG]) == (late.findings, late.not_validated)
    in_time = validator.response(wrong._replace(end=time.perf_counter() + 60))
    assert (["/a pattern", "/b const"], []) == (compact(in_time), in_time.not_validated)
    more = responded(b'{"c":1}')
    late = validator.response(more._replace(end=time.perf_counter()), is_exact=True)
    assert ([], [_TOO_LONG]) == (late.findings, late.not_validated)
    in_time = validator.response(more._replace(end=time.perf_counter() + 60), is_exact=True)
    assert ["/c undocumented-property"] == compact(in_time)


def test_alternatives_are_looked_at_for_few_undocumented_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many properties that no alternative mentions cost no more comparisons with all of them than a few do."""
    asked: list[int] = []
    choices = _undocumented_values._SchemaSelector.choices

    def counted(*given: Any) -> Any:
        asked.append(1)
        return choices(*given)

    monkeypatch.setattr(_undocumented_values._SchemaSelector, "choices", counted)
    alternatives = [{"required": [f"x{number}"], "properties": {f"x{number}": {}}} for number in range(5)]
    value = [{f"a{number}": number for number in range(40)}] * 10
    findings = validate_value({"items": {"anyOf": alternatives}}, value, is_exact=True).findings
    assert (400, 20) == (sum(found.rule == "undocumented-property" for found in findings), len(asked))


def test_a_small_response_at_the_last_moment_is_validated(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response that took the whole time is validated all the same if a tenth of a second is enough."""
    content = {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    described = operation("a", responses={"200": {"description": "", "content": content}})
    save_api({"/a": {"get": described}}, server=server)
    server.responses["/a"] = Response(200, b'{"a":1}', {"Content-Type": "application/json"})
    validate = Call.validate_response

    def validate_late(call: Call, response: WireResponse, body: bytes) -> ValidationResult | None:
        return validate(call, replace(response, seconds=20.0), body)

    monkeypatch.setattr(Call, "validate_response", validate_late)
    assert "/a: expected string" in run_cli("./api.json", "a", "--timeout", "20").stderr
