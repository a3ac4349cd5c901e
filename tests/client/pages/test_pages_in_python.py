"""The pages and items of a list in a Python program."""

import itertools
from pathlib import Path
from typing import Any

import pytest

import dynacli
from dynacli.errors import HttpError, NetworkError, RefusedError, UsageError
from tests.client.pages.listed_api import ITEMS, SIZE, ListedApi, array, integer, record, string
from tests.harness import Recorder, Response, run_cli


def _pages(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    page = int(query.get("page", 1))
    return {"data": ITEMS[(page - 1) * SIZE : page * SIZE], "total": len(ITEMS)}, {}


_NUMBERED = ListedApi(
    _pages,
    record(data=array, total=integer),
    {"page": integer, "q": string, "limit": {**integer, "maximum": 3}},
)


def test_items_come_from_pages_as_they_are_needed(server: Recorder) -> None:
    """A page is called when the items of the one before are used up."""
    with dynacli.open_api(_NUMBERED.start(server)) as api:
        assert ITEMS[:2] == list(itertools.islice(api.items("list-things", q="x"), 2))
        assert ["/things?q=x&limit=3"] == [request.target for request in server.requests]
        assert ITEMS == list(api.items("listThings", {"q": "y"}))


def test_pages_are_responses(server: Recorder) -> None:
    """Each has what the response of a call has."""
    with dynacli.open_api(_NUMBERED.start(server)) as api:
        responses = list(api.pages("list-things", limit=3))
    assert [3, 3, 1] == [len(response.data["data"]) for response in responses]
    assert [200] * 3 == [response.status for response in responses]
    assert f"{server.origin}/things?page=3&limit=3" == responses[-1].request.url
    assert all(response.findings == () for response in responses)


def test_no_more_pages_are_fetched_than_are_wanted(server: Recorder) -> None:
    """A page asks for no more items than are left, and has those that are wanted as `items`."""
    with dynacli.open_api(_NUMBERED.start(server)) as api:
        responses = list(api.pages("list-things", max_items=2))
        assert ["/things?limit=2"] == [request.target for request in server.requests]
        assert [ITEMS[:2]] == [response.items for response in responses]
        assert None is api.call("list-things").items


def _linked(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    return ITEMS[:SIZE], {"Link": f'<{{origin}}/things?q=x&token={query.get("token", "")}b>; rel="next"'}


@pytest.mark.parametrize(
    ("listed", "total", "inputs"),
    [
        pytest.param(_NUMBERED, 7, {"page": 2}, id="number"),
        pytest.param(
            ListedApi(_linked, array, {"q": string, "token": string}), None, {"token": "b"}, id="link"
        ),
        pytest.param(ListedApi(_linked, array, {"q": string}), None, None, id="link-of-more-than-inputs"),
    ],
)
def test_a_response_tells_what_follows_it(
    listed: ListedApi, total: int | None, inputs: dict[str, Any] | None, server: Recorder
) -> None:
    """The next page is named by the inputs that change; None if only a URL says it."""
    with dynacli.open_api(listed.start(server)) as api:
        following = api.call("list-things", q="x").following
        assert following is not None
        assert (SIZE, total, inputs) == (following.items, following.total, following.next_inputs)
        if inputs == {"page": 2}:
            assert None is api.call("list-things", page=3).following


def test_what_the_responses_break_is_found(server: Recorder) -> None:
    """Each response is validated."""
    api = ListedApi(
        lambda query: (_pages(query)[0] | {"total": "7"}, {}), _NUMBERED.schema, {"page": integer}
    )
    with dynacli.open_api(api.start(server)) as opened:
        found = [[finding.pointer for finding in page.findings] for page in opened.pages("list-things")]
    assert [["/total"]] * len(found) == found


def test_a_response_that_is_no_success_ends_the_pages(server: Recorder) -> None:
    """`pages` yields it, as `call` returns it; `items` raises."""
    word = _NUMBERED.start(server)
    whole = server.responses["/things"]
    assert callable(whole)
    server.responses["/things"] = lambda request: (
        Response(410) if "page=2" in request.target else whole(request)
    )
    with dynacli.open_api(word) as api:
        assert [200, 410] == [response.status for response in api.pages("list-things")]
        items = api.items("list-things")
        assert ITEMS[:3] == list(itertools.islice(items, 3))
        with pytest.raises(HttpError):
            next(items)


@pytest.mark.parametrize(
    ("value", "error", "reported"),
    [
        ({"a": 1}, UsageError, "Its response is not a list"),
        ({"a": [{"id": 1}], "b": [{"id": 2}]}, UsageError, "Its response has several lists"),
        ({"data": [1], "next": "http://x.example/"}, RefusedError, "is not fetched"),
        ({"data": [1], "next_cursor": {}}, NetworkError, "no usable value for the next page"),
    ],
)
def test_what_no_list_can_be_made_of_raises(
    server: Recorder, value: Any, error: type[Exception], reported: str
) -> None:
    """With what the command line would say."""
    api = ListedApi(lambda _: (value, {}), record(next_cursor={}), {"cursor": string})
    with dynacli.open_api(api.start(server)) as opened, pytest.raises(error, match=reported):
        list(opened.items("list-things"))


def test_ids_of_a_page_are_asked_for_by_name(server: Recorder) -> None:
    """As `--all=keyset` does; ids that grow are asked for with `after`."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        start = int(query.get("after", 0))
        return [{"id": number} for number in range(start + 1, min(start + 4, 8))], {}

    api = ListedApi(reply, {"type": "array"}, {"after": integer, "before": integer, "limit": integer})
    with dynacli.open_api(api.start(server)) as opened:
        assert 3 == len(list(opened.items("list-things")))
        assert list(range(1, 8)) == [item["id"] for item in opened.items("list-things", keyset=True)]


def test_a_search_is_paged_by_its_body(server: Recorder) -> None:
    """The whole body that was given stays, and what leads to the next page overrides it."""
    api = ListedApi(_pages, record(data=array, total=integer), body=record(page=integer, text=string))
    with dynacli.open_api(api.start(server)) as opened:
        assert ITEMS == list(opened.items("search-things", body={"text": "x"}))
        assert ITEMS[3:] == list(opened.items("search-things", body={"text": "x", "page": 2}))
    assert b'"text"' in server.last.body


def test_the_configuration_holds_here_too(server: Recorder, home: Path) -> None:
    """A rule of the person's own is that of the command line."""
    api = ListedApi(lambda query: _pages({"page": query.get("p", "1")}), {}, {"p": integer})
    assert 0 == run_cli("api", "add", "things", api.start(server)).exit_code
    with (home / "config" / "config.toml").open("a", encoding="utf-8") as file:
        file.write('\n[apis.things.pages.list-things]\npage = "p"\n')
    with dynacli.open_api("things") as opened:
        assert ITEMS == list(opened.items("list-things"))
