"""Lists within lists of Swagger 2.0, each written by its own `collectionFormat` (2.0, "Items Object")."""

import json
from typing import Any

import pytest

from tests.documents import save, swagger
from tests.dry_runs import refusal_of, request_of

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
OUTER = "A list within the list contains {}, which separates these lists, too"
INNER = "A member of a list within the list contains {}, which "
FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"


def _lists(items: Any, *formats: str) -> dict[str, Any]:
    """Return lists within each other, with their formats from the outermost on; an empty one is not named."""
    for collection_format in reversed(formats):
        named = {"collectionFormat": collection_format} if collection_format else {}
        items = {"type": "array", "items": items, **named}
    return dict(items)


def _write(lists: dict[str, Any], location: str = "query", consumes: str = FORM) -> None:
    named = {"name": "x", "in": location, "required": location == "path", **lists}
    operation = {"operationId": "a", "parameters": [named], "responses": {"200": {"description": "fine"}}}
    paths = {"/a/{x}" if location == "path" else "/a": {"post": {**operation, "consumes": [consumes]}}}
    save(swagger(paths, host="127.0.0.1:9", schemes=["http"]))


@pytest.mark.parametrize(
    ("location", "formats", "value", "expected"),
    [
        ("query", ("pipes", "csv"), [[1, 2], [3]], "/a?x=1,2%7C3"),
        ("query", ("pipes", ""), [[1, 2], [3]], "/a?x=1,2%7C3"),
        ("query", ("", "pipes"), [[1, 2], [3]], "/a?x=1%7C2,3"),
        ("query", ("multi", "ssv"), [[1, 2], [3]], "/a?x=1%202&x=3"),
        ("query", ("multi", "csv"), [[1, 2], [], [3]], "/a?x=1,2&x=3"),
        ("query", ("csv", "csv"), [[1], [2]], "/a?x=1,2"),
        ("query", ("pipes", "tsv", "csv"), [[[1, 2], [3]], [[4]]], "/a?x=1,2%093%7C4"),
        ("query", ("pipes", "csv"), [[]], "/a"),
        ("path", ("pipes", "csv"), [[1, 2], [3]], "/a/1,2%7C3"),
        ("path", ("csv", "pipes"), [[1, 2], [3]], "/a/1%7C2,3"),
        ("header", ("ssv", "csv"), [[1, 2], [3]], "1,2 3"),
        ("header", ("csv", "ssv"), [[1, 2], [3]], "1 2,3"),
    ],
)
def test_each_list_is_joined_by_its_own_format(
    location: str, formats: tuple[str, ...], value: Any, expected: str
) -> None:
    """The items of the inner one first; commas is what joins if none is named."""
    _write(_lists(NUMBER, *formats), location)
    request = request_of("a", "--x", json.dumps(value))
    sent = dict(request["headers"])["x"] if location == "header" else request["url"].partition(":9")[2]
    assert expected == sent


@pytest.mark.parametrize(
    ("formats", "consumes", "expected"),
    [
        (("multi", "csv"), FORM, ["x=1,2&x=3"]),
        (("csv", "pipes"), FORM, ["x=1%7C2,3"]),
        (("multi", "csv"), PARTS, ["\r\n\r\n1,2\r\n", "\r\n\r\n3\r\n"]),
        (("csv", "pipes"), PARTS, ["\r\n\r\n1|2,3\r\n"]),
    ],
)
def test_forms_have_them_too(formats: tuple[str, ...], consumes: str, expected: list[str]) -> None:
    """In the field of a form, and in the parts of a multipart body."""
    _write(_lists(NUMBER, *formats), "formData", consumes)
    body = request_of("a", "--x", "[[1, 2], [3]]")["body"]
    assert [] == [text for text in expected if text not in body]


@pytest.mark.parametrize(
    ("location", "formats", "value", "reason"),
    [
        ("query", ("csv", "csv"), [["a", "b"]], OUTER.format("a comma")),
        ("query", ("", ""), [["a", "b"]], OUTER.format("a comma")),
        ("query", ("pipes", "pipes"), [["a", "b"]], OUTER.format("a `|`")),
        ("path", ("csv", "csv"), [["a", "b"]], OUTER.format("a comma")),
        ("header", ("ssv", "csv"), [["a b"]], OUTER.format("a space")),
        ("query", ("multi", "ssv"), [["a b"]], INNER.format("a space")),
        ("formData", ("multi", "csv"), [["a,b"]], INNER.format("a comma")),
    ],
)
def test_what_would_be_read_as_other_lists_is_refused(
    location: str, formats: tuple[str, ...], value: Any, reason: str
) -> None:
    """`--validate off` sends it anyway."""
    _write(_lists(TEXT, *formats), location)
    assert reason in refusal_of("a", "--x", json.dumps(value)).stderr
    assert "POST" == request_of("a", "--x", json.dumps(value), "--validate", "off")["method"]


def test_a_wrong_item_of_an_inner_list_is_refused() -> None:
    """What is validated is the value, with the place of the item."""
    _write(_lists(NUMBER, "pipes", "csv"))
    assert "query `x` /1/0: expected integer" in refusal_of("a", "--x", '[[1], ["b"]]').stderr
