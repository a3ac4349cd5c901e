"""What a call and a check say of findings: the alternative, one block for many fields, statuses, places."""

from typing import Any

import pytest

from tests.documents import BEARER, JSON, api_of, get, parameter, ref, save, save_api
from tests.harness import Recorder, Response, json_response, run_cli
from tests.validation.in_process_validator import validate_value

_STRING = {"type": "string"}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


_CAT = _object("kind", kind={"const": "cat"}, name=_STRING)
_DOG = _object("kind", "breed", kind=_STRING, breed=_STRING, size={"type": "integer"})


def _api(server: Recorder, schema: Any, value: Any, **components: Any) -> str:
    responses = {"200": {"description": "", "content": {JSON: {"schema": schema}}}}
    server.responses["/a"] = json_response(value)
    made = api_of(get("/a", "get-a", responses=responses), server=server, version="3.1.0")
    return save({**made, "components": {"schemas": components}})


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_an_undocumented_property_of_another_alternative_says_why_that_does_not_apply(
    server: Recorder, keyword: str
) -> None:
    """The alternative that was taken is named, and what the value lacks for the one that has the property."""
    api = _api(server, {keyword: [ref("Cat"), ref("Dog")]}, {"kind": "cat", "size": 3}, Cat=_CAT, Dog=_DOG)
    said = " ".join(run_cli(api, "get-a", "--validate", "exact").stderr.split())
    assert (
        "/size: the document does not mention `size` in `Cat` of 2 alternatives, which the value fits; `Dog` of 2"
        " alternatives does, but `breed` is missing, and the document requires it [undocumented-property]"
    ) in said


def test_an_alternative_that_the_discriminator_leaves_out_is_named(server: Recorder) -> None:
    """It may fit, and does not count."""
    schema = {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
        },
    }
    value = {"kind": "cat", "breed": "b", "size": 3}
    api = _api(server, schema, value, Cat=_CAT, Dog=_DOG)
    said = " ".join(run_cli(api, "get-a", "--validate", "exact").stderr.split())
    assert "`Dog` of 2 alternatives does, but the discriminator names another one" in said


def test_a_property_that_no_alternative_has_is_just_not_mentioned(server: Recorder) -> None:
    """There is nothing to explain."""
    api = _api(server, {"oneOf": [ref("Cat"), ref("Dog")]}, {"kind": "cat", "x": 3}, Cat=_CAT, Dog=_DOG)
    assert (
        "does not mention `x` [undocumented-property]" in run_cli(api, "get-a", "--validate", "exact").stderr
    )


_FIELDS = [f"f{number}" for number in range(11)]


@pytest.mark.parametrize("rule", ["type", "required", "undocumented-property"])
def test_many_fields_with_the_same_defect_are_one_block(server: Recorder, rule: str) -> None:
    """In a check and in a call, with the places of all of them."""
    schema = _object(*(_FIELDS if rule == "required" else ()), **dict.fromkeys(_FIELDS, _STRING))
    value: Any = {} if rule == "required" else dict.fromkeys(_FIELDS, 1)
    if rule == "undocumented-property":
        schema = _object(id=_STRING)
    api = _api(server, schema, value)
    reported = run_cli(api, "get-a", "--validate", "exact").stderr
    checked = run_cli("check", api, "--validate", "exact", "-o", "text").stdout
    for text in (reported, checked):
        assert 1 == text.count(f"[{rule}]")
        flat = " ".join(text.split())
        assert "and 10 more like it, at" in flat
        assert all(field in flat for field in _FIELDS)


def test_few_fields_with_the_same_defect_are_told_one_by_one(server: Recorder) -> None:
    """Each has its own part of the message."""
    api = _api(server, _object(**dict.fromkeys(_FIELDS, _STRING)), dict.fromkeys(_FIELDS[:3], 1))
    assert 3 == run_cli(api, "get-a", "--validate", "strict").stderr.count("[type]")
    assert 3 == run_cli("check", api, "-o", "text").stdout.count("[type]")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("status", "is_secured", "is_finding"),
    [
        (404, False, True),
        (500, False, True),
        (201, False, True),
        (401, False, True),
        (401, True, False),
        (429, True, False),
    ],
)
def test_an_undocumented_status_counts_the_same_in_a_call_and_in_a_check(
    server: Recorder, status: int, is_secured: bool, is_finding: bool
) -> None:
    """At their defaults it is a finding, unless it only speaks of the credential or of too many calls."""
    secured: dict[str, Any] = {"schemes": {"b": BEARER}, "security": [{"b": []}]} if is_secured else {}
    api = save_api(
        get("/a/{id}", "get-a", parameter("id", {"type": "integer"}, "path")), server=server, **secured
    )
    server.responses["/a/1"] = Response(status, b"{}")
    called = run_cli(api, "get-a", "1", "--retries", "0")
    rows = run_cli("check", api, "--set", "get-a.id=1", "-o", "json", "--retries", "0").json
    rules = [finding["rule"] for finding in rows[0]["findings"]]
    assert is_finding == ("[undocumented-status]" in called.stderr), called.stderr
    assert (["undocumented-status"] if is_finding else []) == rules


def test_in_a_document_without_line_breaks_the_pointer_comes_first(server: Recorder) -> None:
    """A column in the thousands tells no one where to look."""
    reported = run_cli(
        _api(server, _object(**dict.fromkeys(_FIELDS, _STRING)), {"f9": 1}), "get-a", "--validate", "strict"
    )
    place = "/paths/~1a/get/responses/200/content/application~1json/schema/properties/f9/type (document line 1, column "
    assert place in reported.stderr


@pytest.mark.parametrize(("bound", "said"), [("minimum", "not more than"), ("maximum", "not less than")])
def test_a_flag_beside_a_bound_is_said_with_it(bound: str, said: str) -> None:
    """OpenAPI 3.0 has a flag if later versions have a limit of its own."""
    flag = f"exclusive{bound.capitalize()}"
    found = validate_value({bound: 3, flag: True}, 3, "3.0.3").findings
    assert [f"`3` is {said} `3`"] == [finding.message for finding in found]
    assert [] == validate_value({bound: 3, flag: False}, 3, "3.0.3").findings


_DRAFT = "http://json-schema.org/draft-0{}/schema#"
_OF_DRAFTS: list[tuple[int, Any, list[Any], list[Any]]] = [
    (
        7,
        {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
        [{"a": 1, "b": 1, "c": 1, "d": 1}, {}],
        [{"a": 1}, {"c": 1}],
    ),
    (7, {"allOf": [{"$ref": "#/components/schemas/X", "maxLength": 1}]}, ["abc"], [1]),
    (7, {"items": [_STRING], "additionalItems": {"type": "integer"}}, [["a", 1]], [["a", "b"], [1]]),
    (4, {"maximum": 3, "exclusiveMaximum": True}, [2], [3]),
    (3, {"divisibleBy": 3}, [6], [4]),
]


@pytest.mark.parametrize(("draft", "schema", "fitting", "wrong"), _OF_DRAFTS)
def test_a_schema_means_what_its_draft_says(
    draft: int, schema: Any, fitting: list[Any], wrong: list[Any]
) -> None:
    """`$schema` names the draft (JSON Schema 2020-12, section 8.1.1), and findings name its keywords."""
    schema = {"$schema": _DRAFT.format(draft), **schema}
    for value in fitting:
        assert [] == validate_value(schema, value, "3.1.0", X=_STRING).findings, value
    for value in wrong:
        (finding,) = validate_value(schema, value, "3.1.0", X=_STRING).findings
        assert finding.rule in {*schema, "required", "type"}
        assert "`null`" not in finding.message


_HUGE = 10**400  # no float holds it
_ODD: list[tuple[Any, list[Any], dict[Any, str]]] = [
    ({"type": []}, [], {1: "the document allows nothing here"}),
    ({"maximum": _HUGE}, [1], {}),
    ({"minimum": -_HUGE}, [1], {}),
    ({"minimum": _HUGE}, ["a"], {1: "`1` is less than the minimum of `1.7976931348623157e+308`"}),
    ({"maxLength": -1}, [1], {"a": "the text has 1 character, and may have at most -1"}),
    ({"minLength": -1}, ["", 1], {}),
    ({"maxItems": -1}, [1], {}),
    ({"maxLength": 2.5}, ["ab"], {"abc": "the text has 3 characters, and may have at most 2.5"}),
    ({"contains": _STRING, "minContains": -1}, [[]], {}),
    ({"contains": _STRING, "minContains": 1.5}, [[]], {}),
    ({"type": "object", "required": True}, [{}], {}),
    ({"required": ["a", 5]}, [{}], {}),
    ({"format": 5}, ["a"], {}),
    ({"prefixItems": 5, "items": _STRING}, [[1]], {}),
    ({"properties": {"a": 5}}, [{"a": 1}], {}),
    ({"additionalProperties": 5}, [{"a": 1}], {}),
    ({"oneOf": [False]}, [], {1: "the document allows nothing here"}),
]


@pytest.mark.parametrize(("schema", "fitting", "wrong"), _ODD, ids=[str(schema)[:60] for schema, *_ in _ODD])
def test_an_odd_keyword_means_what_it_says_or_nothing(
    schema: Any, fitting: list[Any], wrong: dict[Any, str]
) -> None:
    """A limit that no value reaches holds; a keyword without a meaning is left out, and the others count."""
    schema = {"title": "odd", **schema}
    for value in fitting:
        assert [] == validate_value(schema, value, "3.1.0").findings, value
    for value, said in wrong.items():
        assert [said] == [finding.message for finding in validate_value(schema, value, "3.1.0").findings]


def test_names_that_a_pattern_allows_are_not_additional_in_3_0() -> None:
    """`patternProperties` is from 3.1, and documents of 3.0 have it, too."""
    schema = {"patternProperties": {"^x": _STRING}, "additionalProperties": False}
    found = validate_value(schema, {"x1": 1, "y": 2}, "3.0.3").findings
    assert [("/y", "additionalProperties")] == [(finding.pointer, finding.rule) for finding in found]
