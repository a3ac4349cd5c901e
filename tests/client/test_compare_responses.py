"""Two responses are compared by what their values mean, not by how they are written."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynacli.client.responses import compare_responses as compare_responses_module
from dynacli.client.responses.compare_calls import is_changing_header, time_places
from dynacli.client.responses.compare_responses import (
    ComparedResponse,
    ComparisonRules,
    Difference,
    ResponseComparison,
    compare_responses,
    ignored_place,
)
from dynacli.errors import FormatError, UsageError
from dynacli.media.text_values import BodySchema
from dynacli.text.exact_json import read_json

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("compared_responses.yaml").read_text())


def _compare(left: Any, right: Any, ignored: list[str] = [], **more: Any) -> ResponseComparison:  # noqa: B006
    return compare_responses(
        ComparedResponse(200, {}, left),
        ComparedResponse(200, {}, right),
        rules=ComparisonRules(tuple(map(ignored_place, ignored))),
        is_changing=lambda _: False,
        **more,
    )


def _shown(difference: Difference) -> list[str]:
    reported = [difference.pointer, difference.kind]
    return [*reported, difference.item] if difference.item else reported


@pytest.mark.parametrize("name", CASES)
def test_bodies_are_compared_by_their_values(name: str) -> None:
    """Items are aligned by what identifies them, else from one equal item to the next, and each place is named once."""
    case = CASES[name]
    found = _compare(case["left"], case["right"], case.get("ignored", [])).differences
    assert case["found"] == [_shown(difference) for difference in found]


@pytest.mark.parametrize(
    ("left", "right", "count"),
    [
        ("1e400", "1e401", 1),
        ("1" * 5_000, "2" * 5_000, 1),
        ("12345678901234567890.1", "12345678901234567890.2", 1),
        ("1e99999999999999999999", "2e99999999999999999999", 1),
        ("1e400", "10e399", 0),
        ("1.10", "1.1", 0),
        ("1.0", "1", 0),
    ],
    ids=lambda value: str(value)[:20],
)
def test_numbers_are_compared_as_they_came(left: str, right: str, count: int) -> None:
    """Whatever Python can represent: no two numbers are equal because both are too large for it."""
    for form in ("%s", "[%s]", '{"a": [%s]}', '[{"id": 1, "n": %s}]'):
        found = _compare(read_json(form % left), read_json(form % right))
        assert count == len(found.differences)


@pytest.mark.parametrize("name", [name for name in CASES if "ignored" not in name])
def test_the_other_way_round_the_same_places_differ(name: str) -> None:
    """What one side lacks is removed from the left and added on the right."""
    case = CASES[name]
    there, back = (
        _compare(case[left], case[right]).differences
        for left, right in (("left", "right"), ("right", "left"))
    )
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}

    expected = [json.dumps([difference.kind, difference.left, difference.right]) for difference in there]
    found = [json.dumps([swapped[difference.kind], difference.right, difference.left]) for difference in back]
    assert sorted(expected) == sorted(found)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (["a", "b", "c"], ["b", "c", "a"], [("/body/0", "removed"), ("/body/2", "added")]),
        (
            [{"id": 1}, {"id": 2}],
            [{"id": 2}, {"id": 1}],
            [("/body/0/id", "changed"), ("/body/1/id", "changed")],
        ),
        ([{"id": 1, "n": 1}, {"id": 2}], [{"id": 0}, {"id": 1, "n": 2}], None),
    ],
)
def test_order_can_count(left: Any, right: Any, expected: list[tuple[str, str]] | None) -> None:
    """Then items in another order differ; items in the same order are aligned as usual."""
    sides = (ComparedResponse(200, {}, value) for value in (left, right))
    rules = ComparisonRules(order_counts=True)
    found = compare_responses(*sides, rules=rules, is_changing=lambda _: False).differences
    if expected is None:
        assert _compare(left, right).differences == found
    else:
        assert expected == [(difference.pointer, difference.kind) for difference in found]
        assert [] == _compare(left, right).differences


def test_status_and_headers_are_compared() -> None:
    """They have pointers of their own, and the name of a header is ignored in any case."""
    left = ComparedResponse(200, {"X-Count": "1", "Link": "<a>"})
    right = ComparedResponse(404, {"X-Count": "2"}, {"error": 1})
    found = compare_responses(left, right, rules=ComparisonRules(), is_changing=lambda _: False)
    expected = [
        {"pointer": "/status", "kind": "changed", "left": 200, "right": 404},
        {"pointer": "/headers/X-Count", "kind": "changed", "left": "1", "right": "2"},
        {"pointer": "/headers/Link", "kind": "removed", "left": "<a>", "right": None},
        {"pointer": "/body", "kind": "added", "left": None, "right": {"error": 1}},
    ]
    assert expected == [difference.as_json() for difference in found.differences]
    places = tuple(map(ignored_place, ("/headers/x-COUNT", "/headers/link", "/status")))
    found = compare_responses(left, right, rules=ComparisonRules(places), is_changing=lambda _: False)
    assert ["/body"] == [difference.pointer for difference in found.differences]


def test_a_masked_value_differs_from_nothing() -> None:
    """Of a stored response only what was stored can be compared; the rest is counted."""
    found = _compare({"a": "x", "b": "y"}, {"a": "***", "b": "z"}, is_masked=True)
    assert (["/body/b"], 1) == ([difference.pointer for difference in found.differences], found.masked)
    assert 2 == len(_compare({"a": "x", "b": "y"}, {"a": "***", "b": "z"}).differences)


@pytest.mark.parametrize("pointer", ["", "body", "/", "/rows", "status", "/bodies/a"])
def test_an_ignored_place_is_in_a_response(pointer: str) -> None:
    """Any other pointer would leave out nothing, and no one would notice."""
    with pytest.raises(UsageError, match="--ignore"):
        ignored_place(pointer)


@pytest.mark.parametrize(
    ("name", "schema", "is_changing"),
    [
        ("Date", None, True),
        ("Last-Modified", None, True),
        ("X-RateLimit-Reset", None, True),
        ("X-Request-Id", None, True),
        ("x-amzn-RequestId", None, True),
        ("X-GitHub-Request-Id", None, True),
        ("traceparent", None, True),
        ("Set-Cookie", None, True),
        ("X-Auth-Token", None, True),
        ("X-Built", {"type": "string", "format": "date-time"}, True),
        ("X-Total-Count", {"type": "integer"}, False),
        ("ETag", None, True),
        ("Link", None, False),
        ("X-Update-Policy", None, False),
    ],
)
def test_some_headers_change_with_every_response(name: str, schema: Any, is_changing: bool) -> None:
    """They are times, ids of requests and tokens."""
    assert is_changing == is_changing_header(name, schema)


def test_the_document_tells_which_values_are_times() -> None:
    """References, branches, lists and maps are followed, and a schema that contains itself ends."""
    when = {"type": "string", "format": "date-time"}
    run = {
        "allOf": [{"properties": {"at": {"$ref": "#/components/schemas/When"}}}],
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Run"},
            "seen": {"type": "object", "additionalProperties": when},
            "steps": {
                "type": "array",
                "items": {"oneOf": [{"properties": {"ended": when}}, {"type": "string"}]},
            },
        },
    }
    schemas = {"#/components/schemas/When": when, "#/components/schemas/Run": run}
    is_time = time_places(BodySchema({"$ref": "#/components/schemas/Run"}, schemas.__getitem__))
    times = [("at",), ("parent", "parent", "at"), ("seen", "anyone"), ("steps", 7, "ended")]
    others = [(), ("name",), ("seen",), ("steps", 7), ("steps", 7, "begun"), ("parent",) * 2_000]
    assert all(map(is_time, times))
    assert not any(map(is_time, others))
    assert not time_places(BodySchema())(("at",))


@pytest.mark.exhaustive
def test_nesting_has_no_limit() -> None:
    """A body may be deeper than Python's stack."""
    left: Any = 1
    right: Any = 2
    for _ in range(5_000):
        left, right = [left], [right]
    (found,) = _compare(left, right).differences
    assert (1, 2) == (found.left, found.right)


@pytest.mark.exhaustive
def test_long_lists_are_compared_in_linear_time() -> None:
    """Ten times as many items take about ten times as long, whatever their order is."""

    def seconds(count: int) -> float:
        left = [{"id": index, "name": f"n{index}", "tags": [{"key": "a"}]} for index in range(count)]
        right = [{**entry, "tags": [{"key": "a"}]} for entry in reversed(left)]
        start = time.process_time()
        assert [] == _compare(left, right).differences
        return time.process_time() - start

    assert min(seconds(10_000) for _ in range(3)) < 40 * min(seconds(1_000) for _ in range(3))


def test_a_list_in_many_lists_is_compared_in_linear_time() -> None:
    """A server cannot make each of many levels cost as much as all that is below it."""
    left: Any = "x" * 1_000_000
    right: Any = "y" * 1_000_000
    for level in range(1, 501):
        left, right = [level, left], [-level, right]
    start = time.process_time()
    assert 501 == len(_compare(left, right).differences)
    assert time.process_time() - start < 2


def test_a_long_id_is_cut_where_differences_name_it() -> None:
    """A server cannot make each difference of an item as long as its id."""
    left, right = ([{"id": "x" * 1_000_000, **dict.fromkeys("abc", value)}] for value in (1, 2))
    assert ["id: " + "x" * 93 + "..."] * 3 == [found.item for found in _compare(left, right).differences]


def test_names_that_are_too_long_for_pointers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server cannot make each pointer as long as a name above many differences."""
    monkeypatch.setattr(compare_responses_module, "_MOST_STEPS", 1_000)
    left, right = ({"x" * 100: {f"{number}": value for number in range(20)}} for value in (1, 2))
    with pytest.raises(FormatError, match="cannot be compared"):
        _compare(left, right)
    assert [] == _compare(left, right, ["/body"]).differences
