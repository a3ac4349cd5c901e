"""A mirror is whole with every kind of paging, and a list that ends in an unusual way is no loss without a word."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.documents import api_of, get, parameter, save
from tests.features.sql.test_sync import FILE, rows_of
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, json_response, run_cli

_SIZE = 10
_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_ITEM = {"type": "object", "required": ["id"], "properties": {"id": _NUMBER, "name": _TEXT}}
_LIST = {"type": "array", "items": _ITEM}
_URL = {"type": "string", "nullable": True}
_Query = Mapping[str, str]


def _object(**properties: Any) -> Any:
    return {"type": "object", "properties": properties}


class _Server(NamedTuple):
    """A way of paging: the parameters, the schema, and (query, ids, URL of the list) → the body, or the response."""

    parameters: tuple[str, ...]
    schema: Any
    respond: Callable[[_Query, list[int], str], Any]


def _items(ids: list[int]) -> list[dict[str, Any]]:
    return [{"id": number, "name": f"n{number}"} for number in ids]


def _number(query: _Query, name: str, default: int) -> int:
    return int(query.get(name, default))


def _by_page(query: _Query, ids: list[int], name: str = "page") -> tuple[list[dict[str, Any]], int, bool]:
    """Return the items of a page, the number of the next one, and whether that exists."""
    page = _number(query, name, 1)
    return _items(ids[(page - 1) * _SIZE : page * _SIZE]), page + 1, page * _SIZE < len(ids)


def _by_link(query: _Query, ids: list[int], url: str) -> Any:
    items, following, is_there = _by_page(query, ids)
    return json_response(items, **({"Link": f'<{url}?page={following}>; rel="next"'} if is_there else {}))


def _by_offset(query: _Query, ids: list[int], _: str) -> Any:
    begin, size = _number(query, "offset", 0), min(_number(query, "limit", _SIZE), _SIZE)
    return {"data": _items(ids[begin : begin + size]), "total": len(ids)}


def _by_cursor(query: _Query, ids: list[int], _: str) -> Any:
    begin = _number(query, "cursor", 0)
    more = begin + _SIZE < len(ids)
    return {
        "items": _items(ids[begin : begin + _SIZE]),
        "next_cursor": str(begin + _SIZE) if more else "",
    }


def _by_url(query: _Query, ids: list[int], url: str) -> Any:
    items, following, is_there = _by_page(query, ids)
    return {"results": items, "count": len(ids), "next": f"{url}?page={following}" if is_there else None}


def _by_last_id(query: _Query, ids: list[int], _: str) -> Any:
    left = [number for number in ids if number > _number(query, "starting_after", 0)]
    return {"data": _items(left[:_SIZE]), "has_more": len(left) > _SIZE}


def _in_wrappers(query: _Query, ids: list[int], _: str) -> Any:
    items, following, _is_there = _by_page(query, ids)
    return {"response": {"things": items, "meta": {"page": following - 1, "pages": -(-len(ids) // _SIZE)}}}


def _by_links(query: _Query, ids: list[int], url: str) -> Any:
    items, following, is_there = _by_page(query, ids, "page[number]")
    word = urlencode({"page[number]": following})
    return {"data": items, "links": {"next": f"{url}?{word}" if is_there else None}}


def _by_token(query: _Query, ids: list[int], _: str) -> Any:
    begin = _number(query, "pageToken", 0)
    more = {"nextPageToken": str(begin + _SIZE)} if begin + _SIZE < len(ids) else {}
    return {"things": _items(ids[begin : begin + _SIZE]), **more}


_SERVERS = {
    "link": _Server(("page",), _LIST, _by_link),
    "page": _Server(("page",), _LIST, lambda query, ids, _: _by_page(query, ids)[0]),
    "page and total": _Server(
        ("page",),
        _object(rows=_LIST, total=_NUMBER),
        lambda query, ids, _: {"rows": _by_page(query, ids)[0], "total": len(ids)},
    ),
    "offset": _Server(("offset", "limit"), _object(data=_LIST, total=_NUMBER), _by_offset),
    "cursor": _Server(("cursor",), _object(items=_LIST, next_cursor=_TEXT), _by_cursor),
    "URL": _Server(("page",), _object(results=_LIST, next=_URL, count=_NUMBER), _by_url),
    "last id": _Server(("starting_after",), _object(data=_LIST, has_more={"type": "boolean"}), _by_last_id),
    "wrappers": _Server(
        ("page",),
        _object(response=_object(things=_LIST, meta=_object(page=_NUMBER, pages=_NUMBER))),
        _in_wrappers,
    ),
    "links": _Server(("page[number]",), _object(data=_LIST, links=_object(next=_URL)), _by_links),
    "token": _Server(("pageToken",), _object(things=_LIST, nextPageToken=_TEXT), _by_token),
    "one page": _Server((), _LIST, lambda _query, ids, _url: _items(ids)),
}


def _start(server: Recorder, paging: _Server, ids: list[int]) -> str:
    """Let a server respond with a list, and return the word that names its document."""

    def respond(request: RecordedRequest) -> Response:
        query = dict(parse_qsl(urlsplit(request.target).query))
        found = paging.respond(query, ids, f"{server.origin}/things")
        return found if isinstance(found, Response) else json_response(found)

    def responses(schema: Any) -> Any:
        return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}

    texts = {"cursor", "pageToken"}
    inputs = [parameter(name, _TEXT if name in texts else _NUMBER) for name in paging.parameters]
    server.responses["/things"] = respond
    return save(
        api_of(
            get("/things", "listThings", *inputs, responses=responses(paging.schema)),
            get("/things/{id}", "getThing", parameter("id", _NUMBER, "path"), responses=responses(_ITEM)),
            server=server,
        )
    )


@pytest.mark.sampled(0)
@pytest.mark.parametrize("name", _SERVERS)
def test_a_mirror_is_whole_with_every_kind_of_paging(server: Recorder, name: str) -> None:
    """After the first pass, and after rows have come and gone."""
    ids = list(range(1, 58))
    api = _start(server, _SERVERS[name], ids)
    assert_ended(run_cli("sync", api, "list-things", "--into", FILE), 0, "57 new")
    assert [(number,) for number in ids] == rows_of("SELECT id FROM things ORDER BY 1")
    ids[:] = [number for number in ids if number not in {3, 33}] + [70]
    assert_ended(run_cli("sync", api, "--into", FILE), 0, "1 new, 2 deleted")
    assert [(number,) for number in ids] == rows_of("SELECT id FROM things ORDER BY 1")


def _on_second(other: Any) -> Callable[[_Query, list[int], str], Any]:
    """Return a server by page number with another response for the second page."""
    return lambda query, ids, _: (
        other if query.get("page") == "2" else {"rows": _by_page(query, ids)[0], "total": len(ids)}
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("parameters", "schema", "respond", "code", "said", "stored"),
    [
        (("page",), _LIST, lambda _q, ids, _u: _items(ids[:_SIZE]), 6, "`--page` had no effect", 10),
        (
            ("page",),
            _object(results=_LIST, next=_URL),
            lambda _q, ids, _u: {"results": _items(ids[:_SIZE]), "next": "http://127.0.0.2:1/x"},
            11,
            "Its URL is on `http://127.0.0.2:1`",
            10,
        ),
        (
            ("page",),
            _LIST,
            lambda _q, ids, _u: [*_items(ids[:3]), 7],
            13,
            "Item 4 of page 1 is not an object",
            0,
        ),
        (
            ("page",),
            _object(rows=_LIST, total=_NUMBER),
            _on_second({"message": "oops"}),
            13,
            "Page 2 has no items",
            10,
        ),
        (
            ("page",),
            _object(rows=_LIST, total=_NUMBER),
            _on_second(Response(200, b"<html>", {"Content-Type": "application/json"})),
            6,
            "are not valid JSON",
            10,
        ),
        (
            ("page",),
            _object(rows=_LIST, total=_NUMBER),
            _on_second({"rows": [{"name": "x"}], "total": 57}),
            13,
            "`id` of item 1 is null or absent; nothing of this page is stored",
            10,
        ),
        (
            ("page",),
            _object(rows=_LIST, total=_NUMBER),
            _on_second({"rows": [], "total": 57}),
            0,
            "10 of 57 items were received, so nothing is deleted",
            10,
        ),
    ],
)
def test_a_list_that_ends_in_an_unusual_way_is_reported(
    server: Recorder,
    parameters: tuple[str, ...],
    schema: Any,
    respond: Any,
    code: int,
    said: str,
    stored: int,
) -> None:
    """With an error or a warning; the pages before it are stored, and no row is deleted."""
    api = _start(server, _Server(parameters, schema, respond), list(range(1, 58)))
    words = ("sync", api, "list-things", "--into", FILE, "--validate", "off")
    assert_ended(run_cli(*words), code, said)
    assert [(stored,)] == rows_of("SELECT count(*) FROM things")


@pytest.mark.exhaustive
def test_wide_and_deep_items_are_whole_in_json(server: Recorder) -> None:
    """Above the limit of SQLite's columns, `_json` has everything."""
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    wide = {"id": 1, "deep": deep, **{f"f{number}": number for number in range(2_500)}}
    paging = _Server((), _LIST, lambda _q, _ids, _u: [wide, {"id": 2, "last": "x"}])
    api = _start(server, paging, [1])
    assert_ended(run_cli("sync", api, "list-things", "--into", FILE, "--validate", "off"), 0, "2 new")
    (text,), (other,) = rows_of("SELECT _json FROM things ORDER BY id")
    assert (wide, {"id": 2, "last": "x"}) == (json.loads(text), json.loads(other))
    assert [(1, 0, 1_800)] == rows_of("SELECT id, f0, f1800 FROM things WHERE id = 1")


def test_a_page_that_is_too_deep_is_not_stored(server: Recorder) -> None:
    """The reason says that it cannot be read."""
    body = b'[{"id": 1, "deep": ' + b"[" * 300 + b"]" * 300 + b"}]"
    paging = _Server(
        (), _LIST, lambda _q, _ids, _u: Response(200, body, {"Content-Type": "application/json"})
    )
    result = run_cli("sync", _start(server, paging, [1]), "list-things", "--into", FILE, "--validate", "off")
    assert_ended(result, 13, "It is not JSON, or is nested too deeply")
