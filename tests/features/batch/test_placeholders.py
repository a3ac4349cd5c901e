"""Rows that use the responses of earlier ones."""

from typing import Any

import pytest

from dynacli.errors import UsageError
from dynacli.features.batch.rows import fill_placeholders, placeholders_in
from tests.features.batch.small_api import SmallApi, lines, ndjson

_RESPONSE = {"id": 7, "name": "Rex", "list": [{"a-b": None}, 2.5], "true": True}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("{{w.id}}", 7, id="keeps-its-type"),
        pytest.param("{{ w }}", _RESPONSE, id="whole-response"),
        pytest.param("{{w.list.0.a-b}}", None, id="null"),
        pytest.param("{{w.list[1]}}", 2.5, id="index"),
        pytest.param("a {{w.name}}, {{w.list}}!", 'a Rex, [{"a-b":null},2.5]!', id="within-a-text"),
        pytest.param("{{w.id}}{{w.true}}", "7true", id="two"),
        pytest.param("{{w.list | length(@)}}", 2, id="jmespath"),
        pytest.param("{{w.{a: id}}}", {"a": 7}, id="jmespath-with-braces"),
        pytest.param(r"\{{w.id}} {{w.id}}", "{{w.id}} 7", id="plain-text"),
        pytest.param(r"\{{x}}", "{{x}}", id="plain-text-alone"),
        pytest.param({"a": ["{{w.id}}", 1, "{b}"]}, {"a": [7, 1, "{b}"]}, id="nested"),
    ],
)
def test_a_placeholder_is_a_part_of_a_response(value: Any, expected: Any) -> None:
    """A text that is nothing else becomes the part; in a longer text it is written."""
    assert expected == fill_placeholders(value, {"w": _RESPONSE}.__getitem__)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("{{w.no}}", "there is no `no` beside `id`", id="no-member"),
        pytest.param("{{w.list.9}}", "there is no `9` in it", id="no-item"),
        pytest.param("{{w.id.x}}", "there is no `x` in it", id="no-object"),
        pytest.param("{{w.nope | [0]}}", "finds nothing", id="jmespath-finds-nothing"),
        pytest.param("{{w.id | length(@)}}", "invalid type", id="jmespath-fails"),
    ],
)
def test_a_part_that_is_not_there_is_an_error(value: str, said: str) -> None:
    """What is missing, and what is there."""
    with pytest.raises(UsageError) as error:
        fill_placeholders(value, {"w": _RESPONSE}.__getitem__)
    assert said in error.value.reason


@pytest.mark.parametrize("value", ["{{1}}", "{{w.[}}", "{{w ? }}"])
def test_what_is_no_placeholder_is_refused(value: str) -> None:
    """A path, or JMESPath, after a name."""
    with pytest.raises(UsageError):
        list(placeholders_in([{"a": value}]))


def _row(operation: str, name: str = "", /, **inputs: Any) -> dict[str, Any]:
    return {"operation": operation, "inputs": inputs} | ({"as": name} if name else {})


@pytest.mark.parametrize("parallel", ["1", "4"])
def test_rows_use_responses_of_earlier_rows(api: SmallApi, parallel: str) -> None:
    """A row waits for the responses that it uses; one whose response failed is not sent, and says so."""
    rows = ndjson(
        _row("create-pet", "w", name="Rex"),
        _row("put-pet", petId="{{w.id}}", name="{{w.sent.name}} II", age="{{w.id}}"),
        _row("get-pet", "f", petId=99),
        _row("get-pet", petId="{{f.id}}"),
        _row("get-pet", petId="{{w.nope}}"),
        _row("put-pet", petId=5, body={"name": "{{w.sent.name}}!"}),
    )
    result = api.run(rows, "--parallel", parallel)
    assert 4 == result.exit_code  # of row 3
    assert [0, 0, 4, 4, 13, 0] == [line["exit_code"] for line in lines(result)]
    assert {"POST /pets", "PUT /pets/1", "GET /pets/99", "PUT /pets/5"} == set(api.served)
    assert {"name": "Rex II", "age": 1} in api.bodies
    assert {"name": "Rex!"} in api.bodies
    assert "row 3, which failed" in lines(result)[3]["error"]["message"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        pytest.param([_row("get-pet", petId="{{v.id}}")], "No row is called `v`", id="unknown-name"),
        pytest.param(
            [_row("get-pet", petId="{{w.id}}"), _row("create-pet", "w", name="Rex")],
            "row 2, which comes later",
            id="later-row",
        ),
        pytest.param([_row("get-pet", "w", petId="{{w.id}}")], "the row itself", id="itself"),
        pytest.param(
            [_row("create-pet", "w", name="Rex"), _row("create-pet", "w", name="Rex")],
            "Row 1 is called `w`, too",
            id="same-name",
        ),
        *(
            pytest.param([_row("create-pet", "w", name="Rex"), row], said, id=name)
            for name, row, said in (
                ("unknown-input", _row("get-pet", petId=1, nope="{{w.id}}"), "no option `--nope`"),
                ("missing", _row("put-pet", name="{{w.id}}"), "needs PET_ID"),
                ("missing-in-the-body", _row("put-pet", petId=1, age="{{w.id}}"), "needs --name"),
                ("known-body", _row("put-pet", petId="{{w.id}}", name="R"), "minLength"),
                ("known-type", _row("put-pet", petId=1, name="{{w.id}}", age="x"), "`x` is not a value"),
                ("known-parameter", _row("get-pet", petId="{{w.id}}", **{"page-size": 11}), "maximum"),
                ("no-path", _row("get-pet", petId="{{w.[}}"), "neither a path nor JMESPath"),
            )
        ),
    ],
)
def test_rows_that_use_responses_are_checked_as_far_as_they_can_be(
    api: SmallApi, rows: list[Any], said: str
) -> None:
    """Names, inputs, and the values that are known; nothing is sent if one is wrong."""
    result = api.run(ndjson(*rows))
    assert (2, []) == (result.exit_code, api.served)
    assert said in result.stderr


def test_braces_are_plain_text_where_all_rows_call_one_operation(api: SmallApi) -> None:
    """Rows that have no name cannot be meant."""
    assert 0 == api.run("create-pet", ndjson({"name": "{{w.id}}"})).exit_code
    assert [{"name": "{{w.id}}"}] == api.bodies
