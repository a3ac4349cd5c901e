"""What comes after a page, by each rule: the next one, or the end and whether the response says so."""

from typing import Any

import pytest

from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.next_page import End, NextPage, ReceivedPage, id_of, next_page, number_in
from dynacli.client.pages.page_rule import ABSENT, InputPlace, PageRule, ResponsePlace, place_at
from dynacli.openapi.model.operation import ValueType
from dynacli.record import replace
from tests.client.pages.listed_api import ListedApi, array, integer, record, string
from tests.harness import Recorder, run_cli

_ORIGIN = "http://a.example"
_INTEGER = ValueType("integer")


def _input(
    name: str, value: ValueType = _INTEGER, location: str = "query", path: tuple[str, ...] = ()
) -> InputPlace:
    return InputPlace(location, "" if location == "body" else name, path, name, value)


def _page(
    value: Any, items: list[Any] | None = None, *, number: int = 1, count: int = 0, **given: Any
) -> ReceivedPage:
    """Return a page that was asked for with parameters; a body is the JSON of the whole body."""
    body = given.pop("body", None)
    headers = given.pop("headers", ())
    parameters = {("query", name): text for name, text in given.items()}
    return ReceivedPage(
        CallInputs(parameters, body=body), f"{_ORIGIN}/x?a=1", _ORIGIN, headers, value, items, number, count
    )


_CURSOR = PageRule("cursor", "", input=_input("c", ValueType("string")), next=place_at("next"))
_NUMBERED = PageRule("page", "", input=_input("page"), size=_input("size"), most=3, first=1)
_OFFSET = PageRule("offset", "", input=_input("offset"), total=place_at("total"), first=0)
_KEYSET = PageRule("keyset", "", input=_input("before"), other=_input("after"), size=_input("size"), most=2)
_IN_BODY = PageRule("page", "", input=_input("page", location="body", path=("page",)), first=1)

_NEXT = {
    "cursor": (_CURSOR, _page({"next": "b"}, [1]), '"b"'),
    "cursor that is a number": (_CURSOR, _page({"next": 7}, [1]), '"7"'),
    "number that is a text": (
        PageRule("cursor", "", input=_input("c"), next=place_at("next")),
        _page({"next": "7"}, [1]),
        "7",
    ),
    "page": (_NUMBERED, _page({}, [1, 2, 3], size=3), "2"),
    "page that was given": (_NUMBERED, _page({}, [1, 2, 3], page=4, size="3"), "5"),
    "page in a body": (_IN_BODY, _page({}, [1], body=b'{"page": 6}'), "7"),
    "page beside a body that is no JSON": (_IN_BODY, _page({}, [1], body=b"{"), "2"),
    "page with a total": (
        PageRule("page", "", input=_input("page"), size=_input("size"), total=place_at("total"), first=1),
        _page({"total": 9}, [1, 2], page=2, size=3),
        "3",
    ),
    "page of more": (
        PageRule("page", "", input=_input("page"), more=place_at("more"), first=1),
        _page({"more": True}, [1]),
        "2",
    ),
    "total in a header": (_NUMBERED, _page({}, [1], headers=(("X-Total-Count", "5"),), size=3), "2"),
    "pages in a header": (_NUMBERED, _page({}, [1], headers=(("X-Total-Pages", "2"),), size=3), "2"),
    "size above the largest": (_NUMBERED, _page({}, [1], size=100), "2"),
    "count of this page": (
        PageRule("page", "", input=_input("page"), total=place_at("count"), first=1),
        _page({"count": 1}, [1]),
        "2",
    ),
    "offset": (_OFFSET, _page({"total": 9}, [1, 2], offset=2), "4"),
    "ids that grow": (_KEYSET, _page(None, [{"id": 1}, {"id": 2}], size=2), "2"),
    "ids that shrink": (_KEYSET, _page(None, ["b", "a"], size=2), "a"),
    "header": (
        PageRule("cursor", "", input=_input("c"), next=ResponsePlace("header N", (), "N")),
        _page({}, [1], headers=(("n", "5"),)),
        "5",
    ),
    "URL beside a count of the page": (
        PageRule("url", "", next=place_at("next"), total=place_at("count")),
        _page({"next": "/y", "count": 1}, [1]),
        f"{_ORIGIN}/y",
    ),
    "URL beside a total of the page": (
        PageRule("url", "", next=place_at("next"), total=place_at("total")),
        _page({"next": "/y", "total": 1}, [1], number=3, count=2),
        f"{_ORIGIN}/y",
    ),
    "URL beside other fields that are empty": (
        PageRule("url", "", next=place_at("next")),
        _page({"next": "/y", "next_cursor": None}, [1]),
        f"{_ORIGIN}/y",
    ),
    "cursor beside an empty URL": (
        PageRule("cursor", "", input=_input("c", ValueType("string")), next=place_at("next_cursor")),
        _page({"next_url": None, "next_cursor": "b"}, [1]),
        "b",
    ),
    "cursor of the configuration": (
        replace(_CURSOR, next=place_at("onward"), is_declared=True, is_configured=True),
        _page({"next": None, "onward": "b"}, [1]),
        "b",
    ),
    "page beside a `next` of an item": (_NUMBERED, _page({"best": {"next": None}}, [1, 2, 3], size=3), "2"),
    "URL of an object": (
        PageRule("url", "", next=place_at("next")),
        _page({"next": {"url": "/y"}}),
        f"{_ORIGIN}/y",
    ),
}


@pytest.mark.parametrize(("rule", "page", "mark"), _NEXT.values(), ids=_NEXT)
def test_a_page_that_comes_next(rule: PageRule, page: ReceivedPage, mark: str) -> None:
    """It is told by the URL, or by the value of the input that changes."""
    step = next_page(rule, page)
    assert isinstance(step, NextPage)
    assert mark == step.mark.strip('"') or mark == step.mark


_ENDS = {
    "no rule": (PageRule("none", "reason"), _page({}), "reason", True),
    "no header": (PageRule("link", ""), _page({}), "no header `Link`", False),
    "no next link": (
        PageRule("link", ""),
        _page({}, headers=(("Link", '</>; rel="prev"'),)),
        "names no next page",
        True,
    ),
    "no URL": (PageRule("url", "", next=place_at("next")), _page({}), "has no `next`", False),
    "empty URL": (PageRule("url", "", next=place_at("next")), _page({"next": ""}), "`next` is empty", True),
    "text that is no URL": (
        PageRule("url", "", next=place_at("next")),
        _page({"next": "abc"}),
        "is not a URL",
        False,
    ),
    "no cursor": (_CURSOR, _page({}), "has no `next`", False),
    "null": (_CURSOR, _page({"next": None}), "`next` is empty", True),
    "zero": (_CURSOR, _page({"next": 0}), "`next` is empty", True),
    "negative": (_CURSOR, _page({"next": -1}), "`next` is empty", True),
    "number behind nothing": (_CURSOR, _page({"next": 8}, []), "the page is empty", True),
    "no more": (
        PageRule("cursor", "", input=_input("c"), next=place_at("next"), more=place_at("more")),
        _page({"more": False, "next": "b"}, [1]),
        "`more` is false",
        True,
    ),
    "unknown more": (
        PageRule("last-id", "", input=_input("c"), more=place_at("more")),
        _page({}, [1]),
        "has no `more`",
        False,
    ),
    "last id, no more": (
        PageRule("last-id", "", input=_input("c"), more=place_at("more")),
        _page({"more": False}, [1]),
        "is false",
        True,
    ),
    "no last id": (
        PageRule("last-id", "", input=_input("c"), more=place_at("more")),
        _page({"more": True}, [{}]),
        "no item with an id",
        False,
    ),
    "empty page": (_NUMBERED, _page({}, []), "the page is empty", True),
    "no items": (_NUMBERED, _page({}), "has no items", False),
    "short page": (_NUMBERED, _page({}, [1], size=3), "the page is not full", True),
    "last page": (
        PageRule("page", "", input=_input("page"), last=place_at("pages"), first=0),
        _page({"pages": 2}, [1], page=1),
        "there are 2 pages",
        True,
    ),
    "all came": (_OFFSET, _page({"total": 3}, [1, 2], offset=1), "all 3 items came", True),
    "all came, by a cursor": (
        replace(_CURSOR, total=place_at("total")),
        _page({"next": "b", "total": 5}, [1, 2], number=2, count=3),
        "all 5 items came",
        True,
    ),
    "all came, by URLs": (
        PageRule("url", "", next=place_at("next")),
        _page({"next": "/y"}, [1, 2], number=2, count=3, headers=(("X-Total-Count", "5"),)),
        "all 5 items came",
        True,
    ),
    "all came, by ids": (
        replace(_KEYSET, total=place_at("total")),
        _page({"total": 2}, ["a", "b"]),
        "all 2 items came",
        True,
    ),
    "no next page of numbers": (_NUMBERED, _page({"next": None}, [1, 2, 3], size=3), "`next` is empty", True),
    "no next page of an offset": (
        _OFFSET,
        _page({"total": 9, "links": {"next": None}}, [1, 2]),
        "`links.next` is empty",
        True,
    ),
    "no next page of an object": (
        _NUMBERED,
        _page({"_links": {"next": {"href": None}}}, [1, 2, 3], size=3),
        "`_links.next.href` is empty",
        True,
    ),
    "no next cursor of a wrapper": (
        _OFFSET,
        _page({"data": {"nextCursor": ""}}, [1, 2]),
        "`data.nextCursor` is empty",
        True,
    ),
    "no next page of ids": (_KEYSET, _page({"nextPage": False}, ["a", "b"]), "`nextPage` is empty", True),
    "empty key set": (_KEYSET, _page(None, []), "the page is empty", True),
    "short key set": (_KEYSET, _page(None, [1], size=2), "the page is not full", True),
    "key set without ids": (_KEYSET, _page(None, [{}, {}]), "have no id", False),
}


@pytest.mark.parametrize(("rule", "page", "reason", "is_said"), _ENDS.values(), ids=_ENDS)
def test_a_page_that_is_the_last_one(rule: PageRule, page: ReceivedPage, reason: str, is_said: bool) -> None:
    """It is reported why, and whether the response says so."""
    step = next_page(rule, page)
    assert isinstance(step, End)
    assert reason in step.reason
    assert is_said is step.is_said


def test_places_in_a_response() -> None:
    """By names, by indexes from either end, and by expressions; what is not there is absent."""
    value = {"a": [{"b": 1}, {"b": 2}], "c.d": None}
    assert [1, 2, None] == [
        place.value_in(value) for place in (place_at("a", 0, "b"), place_at("a", -1, "b"), place_at("c.d"))
    ]
    assert ["a[-1].b", '"c.d"', "@"] == [place_at("a", -1, "b").text, place_at("c.d").text, place_at().text]
    assert 2 == ResponsePlace("a[?b==`2`] | [0].b").value_in(value)
    absent = [place_at("x"), place_at("a", 9), place_at("a", "b"), place_at("c.d", "e"), ResponsePlace("x.y")]
    assert all(ABSENT is place.value_in(value) for place in absent)


def test_numbers_and_ids() -> None:
    """A text of digits is a number, a boolean is none; an id is a text or a number."""
    assert [1, -2, None, None, None] == [number_in(value) for value in (1, "-2", True, "x", 1.5)]
    assert ["a", 3, "x", None, None] == [
        id_of(item) for item in ({"id": "a"}, {"uuid": 3}, "x", {"id": True}, [1])
    ]


@pytest.mark.parametrize(
    "extension",
    [
        {"x-speakeasy-pagination": {"type": "cursor", "inputs": ["c"], "outputs": {"nextCursor": "$..x"}}},
        {"x-speakeasy-pagination": {"type": "other"}},
        {"x-fern-pagination": {"cursor": "c", "next_cursor": "$response.x"}},
        {"x-ms-pageable": {"itemName": "data"}},
        {"x-pagination": {"pageParam": "no"}},
        {"x-redoclyPagination": {"style": "cursor", "cursorParam": "no", "nextCursor": "/x"}},
        {"x-redoclyPagination": "cursor"},
        {"x-redoclyPagination": {"style": "other"}},
    ],
    ids=str,
)
def test_an_extension_that_does_not_fit_is_passed_over(server: Recorder, extension: dict[str, Any]) -> None:
    """The rule that the rest of the document shows holds then."""
    api = ListedApi(lambda _: ([], {}), record(data=array), {"page": integer, "c": string}, more=extension)
    assert "page" == run_cli("describe", api.start(server), "list-things", "-o", "json").json["pages"]["kind"]


def test_a_list_that_is_declared_to_be_one_page_is_one(server: Recorder) -> None:
    """Whatever else the document has."""
    more = {"x-ms-pageable": {"nextLinkName": None, "itemName": "data"}}
    api = ListedApi(lambda _: ({"data": [1]}, {}), record(data=array), {"page": integer}, more=more)
    word = api.start(server)
    result = run_cli(word, "list-things", "--all")
    assert (0, [1], 1) == (result.exit_code, result.json["data"], len(server.requests))
    assert "the document says so in `x-ms-pageable`" in result.stderr
