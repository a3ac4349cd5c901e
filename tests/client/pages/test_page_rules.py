"""Each rule of pages, held against a small API that can be paged by that rule alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.pages.page_rule import EXTENSIONS, NAMES
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.find_items import Items, find_items
from dynacli.openapi.schema.response_fields import ResponseField, fields_of_value, item_field
from tests.client.pages.listed_api import ITEMS, SIZE, ListedApi, array, integer, record, string
from tests.documents import save
from tests.harness import Recorder, Response, assert_ended, run_cli

_URL = {"type": "string", "format": "uri"}
_BOOLEAN = {"type": "boolean"}


def _part(start: int, size: int = SIZE) -> list[dict[str, str]]:
    return ITEMS[start : start + size]


def _from(cursor: str) -> int:
    return int(cursor.removeprefix("c") or 0)


def _has_next(start: int, size: int = SIZE) -> bool:
    return start + size < len(ITEMS)


def _bare(reply: Callable[[int], dict[str, str]], name: str = "c") -> Any:
    """Return what responds with a bare array, and with headers."""

    def response(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        start = _from(query.get(name, ""))
        return _part(start), reply(start) if _has_next(start) else {}

    return response


def _wrapped(member: Callable[[int], Any], *, name: str = "c", end: Any = None, items: str = "data") -> Any:
    """Return what responds with an object, which says what comes next.

    Args:
        member: The number of items before the next page → the members that lead there.
        name: The input that has the cursor.
        end: The members of the last page.
    """

    def response(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        start = _from(str(query.get(name, "")))
        following = member(start + SIZE) if _has_next(start) else (end or {})
        return {items: _part(start), **following}, {}

    return response


def _numbered(
    name: str = "page", first: int = 1, size: str = "", items: str = "", **more: Callable[[int], Any]
) -> Any:
    """Return what responds with the page of a number."""

    def response(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        page, count = int(query.get(name, first)), int(query.get(size, SIZE)) if size else SIZE
        part = _part((page - first) * count, count)
        members = {key: value(page) for key, value in more.items()}
        return ({items: part, **members} if items else part), {}

    return response


def _skipping(name: str = "offset", first: int = 0, **more: Any) -> Any:
    def response(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        part = _part(int(query.get(name, first)) - first)
        return ({"data": part, **more} if more else part), {}

    return response


def _after(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    start = int(query.get("starting_after", "i0")[1:])
    return {"data": _part(start), "has_more": _has_next(start)}, {}


def _newest_first(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    before = int(query.get("before", "8"))
    numbers = [number for number in range(7, 0, -1) if number < before][: int(query.get("limit", SIZE))]
    return [{"id": str(number)} for number in numbers], {}


def _shown(start: int) -> dict[str, str]:
    return {"Link": f'<{{origin}}/things?c={start + SIZE}>; rel="next", </things>; rel="first"'}


_LINK_TO_ITSELF = {
    "next": {"operationId": "listThings", "parameters": {"c": "$response.body#/meta/upNext"}},
    "prev": {"operationId": "listThings", "parameters": {"c": "$response.body#/meta/before"}},
}
_PAGE = {"page": integer}
_ITSELF = {"rel": "self", "href": "/things"}
_ENDED = {"links": [_ITSELF]}
_CASES = {
    "header": ("link", ListedApi(_bare(_shown), array, {"c": string}, headers={"Link": string})),
    "header-undocumented": ("link", ListedApi(_bare(_shown), array)),
    "links.next": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"links": {"next": f"/things?c={start}"}}, end={"links": {"next": None}}),
            record(data=array, links=record(next=_URL)),
        ),
    ),
    "links.next.href": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"_links": {"next": {"href": f"?c={start}"}}}),
            record(data=array, _links=record(next=record(href=string))),
        ),
    ),
    "odata": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"@odata.nextLink": f"{{origin}}/things?c={start}"}, items="value"),
            record(value=array, **{"@odata.nextLink": string}),
        ),
    ),
    "next_page_uri": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"next_page_uri": f"/things?c={start}"}, items="things"),
            record(things=array, next_page_uri=string),
        ),
    ),
    "paging.next": (
        "url",
        ListedApi(_wrapped(lambda start: {"paging": {"next": f"{{origin}}/things?c={start}"}}), {}),
    ),
    "next-url-undocumented": (
        "url",
        ListedApi(_wrapped(lambda start: {"next": f"{{origin}}/things?c={start}", "count": 7}), {}),
    ),
    "next-page-header": (
        "url",
        ListedApi(_bare(lambda start: {"Next-Page": f"{{origin}}/things?c={start + SIZE}"}), array),
    ),
    "links-with-rel": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"links": [_ITSELF, {"rel": "next", "href": f"?c={start}"}]}, end=_ENDED),
            record(data=array, links={"type": "array", "items": record(rel=string, href=string)}),
            {"limit": integer},
        ),
    ),
    "links-with-rel-undocumented": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"links": [_ITSELF, {"rel": "next", "href": f"?c={start}"}]}, end=_ENDED),
            {},
        ),
    ),
    "links-with-several-relations": (
        "url",
        ListedApi(
            _wrapped(
                lambda start: {
                    "links": [
                        {"rel": ["nextish"], "href": "/"},
                        {"rel": ["x", "next"], "href": f"?c={start}"},
                    ]
                },
                items="entities",
                end=_ENDED,
            ),
            record(entities=array, links={"type": "array", "items": record(rel=array, href=string)}),
            {"limit": integer},
        ),
    ),
    "link-with-relation": (
        "url",
        ListedApi(
            _wrapped(
                lambda start: {"link": [{"relation": "next", "url": f"{{origin}}/things?c={start}"}]},
                items="entry",
            ),
            {},
        ),
    ),
    "links-with-bodies": (
        "cursor",
        ListedApi(
            _wrapped(
                lambda start: {
                    "links": [{"rel": "next", "href": "/things", "body": {"token": f"c{start}"}}],
                    "next_token": f"c{start}",
                },
                name="token",
            ),
            record(data=array, next_token=string),
            body=record(token=string, text=string),
        ),
    ),
    "next_page_token": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"next_page_token": f"c{start}"}, name="page_token"),
            record(data=array, next_page_token=string),
            {"page_token": string},
        ),
    ),
    "end-cursor": (
        "cursor",
        ListedApi(
            _wrapped(
                lambda start: {"pageInfo": {"endCursor": f"c{start}", "hasNextPage": True}},
                name="after",
                end={"pageInfo": {"endCursor": "c7", "hasNextPage": False}},
            ),
            record(data=array, pageInfo=record(endCursor=string, hasNextPage=_BOOLEAN)),
            {"after": string},
        ),
    ),
    "numeric-next": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"next": start}, name="offset", end={"next": None}),
            record(data=array, next=integer),
            {"offset": integer},
        ),
    ),
    "next-page-of-meta": (
        "cursor",
        ListedApi(
            _numbered(items="data", meta=lambda page: {"next_page": page + 1 if page < 3 else None}),
            record(data=array, meta=record(next_page={"type": "integer", "nullable": True})),
            _PAGE,
        ),
    ),
    "cursor-in-body": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"result": {"next_page_offset": start}}, name="offset"),
            record(data=array, result=record(next_page_offset=integer)),
            body=record(offset=integer, text=string),
        ),
    ),
    "cursor-undocumented": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"next_cursor": f"c{start}"}, name="cursor"), {}, {"cursor": string}
        ),
    ),
    "last-id": (
        "last-id",
        ListedApi(_after, record(data=array, has_more=_BOOLEAN), {"starting_after": string}),
    ),
    "page-until-empty": ("page", ListedApi(_numbered(), array, _PAGE)),
    "page-from-zero": (
        "page",
        ListedApi(_numbered("pageIndex", 0), array, {"pageIndex": {"type": "integer", "default": 0}}),
    ),
    "page-echoed-from-zero": (
        "page",
        ListedApi(
            _numbered(first=0, items="data", page=lambda page: page),
            record(data=array, page=integer),
            {"page": {"type": "integer", "minimum": 0}},
        ),
    ),
    "page-until-total": (
        "page",
        ListedApi(_numbered(items="data", total=lambda _: 7), record(data=array, total=integer), _PAGE),
    ),
    "page-until-last": (
        "page",
        ListedApi(
            _numbered(items="data", total_pages=lambda _: 3),
            record(data=array, total_pages=integer),
            _PAGE,
        ),
    ),
    "page-with-size": (
        "page",
        ListedApi(
            _numbered(size="per_page"),
            array,
            {**_PAGE, "per_page": {"type": "integer", "maximum": 2, "default": 1}},
        ),
    ),
    "page-of-brackets": (
        "page",
        ListedApi(_numbered("page[number]"), array, {"page[number]": integer, "page[size]": integer}),
    ),
    "page-in-body": (
        "page",
        ListedApi(_numbered(items="data"), record(data=array), body=record(page=integer, text=string)),
    ),
    "offset": ("offset", ListedApi(_skipping(), array, {"offset": integer})),
    "skip": (
        "offset",
        ListedApi(_skipping("skip", total=7), record(data=array, total=integer), {"skip": integer}),
    ),
    "start-index": (
        "offset",
        ListedApi(
            _skipping("startIndex", 1),
            array,
            {"startIndex": {"type": "integer", "default": 1}, "count": integer},
        ),
    ),
    "link-to-itself": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"meta": {"upNext": f"c{start}"}}),
            record(data=array),
            {"c": string},
            links=_LINK_TO_ITSELF,
        ),
    ),
    "x-speakeasy-cursor": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"deep": {"follow": f"c{start}"}}),
            record(data=array),
            {"c": string},
            more={
                "x-speakeasy-pagination": {
                    "type": "cursor",
                    "inputs": [{"name": "c", "in": "parameters", "type": "cursor"}],
                    "outputs": {"nextCursor": "$.deep.follow", "results": "$.data"},
                }
            },
        ),
    ),
    "x-speakeasy-page": (
        "page",
        ListedApi(
            _numbered("p", items="data", sheets=lambda _: 3),
            record(data=array),
            {"p": integer},
            more={
                "x-speakeasy-pagination": {
                    "type": "offsetLimit",
                    "inputs": [{"name": "p", "in": "parameters", "type": "page"}],
                    "outputs": {"numPages": "$.sheets"},
                }
            },
        ),
    ),
    "x-speakeasy-url": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"onward": f"/things?c={start}"}),
            record(data=array),
            more={"x-speakeasy-pagination": {"type": "url", "outputs": {"nextUrl": "$['onward']"}}},
        ),
    ),
    "x-fern-cursor": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"onward": f"c{start}"}),
            record(data=array),
            {"c": string},
            more={
                "x-fern-pagination": {
                    "cursor": "$request.c",
                    "next_cursor": "$response.onward",
                    "results": "$response.data",
                }
            },
        ),
    ),
    "x-fern-offset": (
        "offset",
        ListedApi(
            _skipping("at"),
            array,
            {"at": integer, "most": integer},
            more={"x-fern-pagination": {"offset": "$request.at", "step": "$request.most"}},
        ),
    ),
    "x-fern-offset without a step": (
        "offset",
        ListedApi(
            _skipping("at"),
            array,
            {"at": integer},
            more={"x-fern-pagination": {"offset": "$request.at", "results": "$response"}},
        ),
    ),
    "x-fern-offset of a page number": (
        "page",
        ListedApi(
            _numbered("page_number"),
            array,
            {"page_number": integer},
            more={"x-fern-pagination": {"offset": "$request.page_number", "results": "$response"}},
        ),
    ),
    "x-fern-uri": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"onward": f"/things?c={start}"}),
            record(data=array),
            more={"x-fern-pagination": {"next_uri": "$response.onward", "results": "$response.data"}},
        ),
    ),
    "x-ms-pageable": (
        "url",
        ListedApi(
            _wrapped(lambda start: {"onward": f"{{origin}}/things?c={start}"}, items="values"),
            record(values=array, others=array),
            more={"x-ms-pageable": {"nextLinkName": "onward", "itemName": "values"}},
        ),
    ),
    "x-pagination-page": (
        "page",
        ListedApi(
            _numbered("p", 0, items="data"),
            record(data=array),
            {"p": integer},
            more={"x-pagination": {"pageParam": "p", "pageStart": 0, "resultsPath": "data"}},
        ),
    ),
    "x-pagination-cursor": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"meta": {"page": {"onward": f"c{start}"}}}),
            record(data=array),
            {"c": string},
            more={"x-pagination": {"cursorParam": "c", "cursorPath": "meta.page.onward"}},
        ),
    ),
    "x-redoclyPagination": (
        "cursor",
        ListedApi(
            _wrapped(lambda start: {"meta": {"onward": f"c{start}"}}),
            record(data=array),
            {"c": string},
            more={
                "x-redoclyPagination": {
                    "style": "cursor",
                    "cursorParam": "c",
                    "nextCursor": "/meta/onward",
                    "items": "/data",
                }
            },
        ),
    ),
    "x-redocly-pagination": (
        "offset",
        ListedApi(
            _skipping("at"),
            array,
            {"at": integer},
            more={"x-redocly-pagination": {"style": "offset", "offsetParam": "at", "items": ""}},
        ),
    ),
    "x-redocly-link": (
        "link",
        ListedApi(_bare(_shown), array, more={"x-redoclyPagination": {"style": "link"}}),
    ),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("api", [api for _, api in _CASES.values()], ids=_CASES)
def test_all_items_of_all_pages(api: ListedApi, server: Recorder) -> None:
    """`--all` has each item once, in order, in the shape of the first page."""
    word = api.start(server)
    result = run_cli(word, api.command, "--all", *(["--text", "x"] if api.body else []))
    assert 0 == result.exit_code, result.stderr
    found = result.json
    if isinstance(found, dict):
        found = found[next(name for name in found if isinstance(found[name], list))]
    assert ITEMS == found
    assert all(request.method == ("POST" if api.body else "GET") for request in server.requests)


def test_names_of_pages_are_plain() -> None:
    """Fields are looked up by their plain names, so that a name in another spelling would never be found."""
    for table in NAMES.values():
        for key, names in table.items():
            assert [plain_name(name) for name in names] == names, key
            assert len(set(names)) == len(names), key
    assert all(plain_name(field) == field for field in (*NAMES["cursors"], *NAMES["cursors_about_pages"]))


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_each_way_of_an_extension_is_a_known_kind(extension: str) -> None:
    """A way that takes a cursor or a number says which input that is, and one with a URL where the URL is."""
    table = EXTENSIONS[extension]
    assert table.keys() <= {
        *("also", "prefix", "by", "ways", "default_items", "items", "more", "last", "size", "first")
    }
    needs = {
        "link": set(),
        "none": {"null"},
        "url": {"next"},
        "cursor": {"input", "next"},
        "page": {"input"},
        "offset": {"input"},
    }
    for way in table["ways"]:
        assert needs[way["kind"]] == way.keys() - {"kind", "when", "has", "named"}
        assert ("when" in way) == ("by" in table)


_SAID_BY_THE_RESPONSE = {
    *(
        "header-undocumented",
        "next-page-header",
        "paging.next",
        "next-url-undocumented",
        "cursor-undocumented",
    ),
    *("links-with-rel-undocumented", "link-with-relation"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("kind", "api"),
    [pytest.param(*case, id=name) for name, case in _CASES.items() if name not in _SAID_BY_THE_RESPONSE],
)
def test_describe_names_the_rule(kind: str, api: ListedApi, server: Recorder) -> None:
    """The document decides it, before anything is sent."""
    word = api.start(server)
    described = run_cli("describe", word, api.command, "-o", "json")
    assert kind == described.json["pages"]["kind"]
    reason = described.json["pages"]["reason"]
    assert all(f"`{extension}`" in reason for extension in api.more)
    assert reason in run_cli("describe", word, api.command, "-o", "text").stdout
    assert [] == server.requests


def test_ids_of_a_page_are_asked_for_by_name_alone(server: Recorder) -> None:
    """A key set is used with `--all=keyset`; without that it is one page, and the run says so."""
    word = ListedApi(
        _newest_first, array, {"before": string, "after": string, "limit": {"type": "integer", "maximum": 2}}
    ).start(server)
    plain = run_cli(word, "list-things", "--all")
    assert (0, 2) == (plain.exit_code, len(plain.json))
    assert "This is one page: the document does not say how to request another page" in plain.stderr
    whole = run_cli(word, "list-things", "--all=keyset")
    assert (0, [str(number) for number in range(7, 0, -1)]) == (
        whole.exit_code,
        [item["id"] for item in whole.json],
    ), whole.stderr
    assert "/things?before=2&limit=2" == server.last.target


_CONFIGURED = {
    "next": 'next = "deep.onward[0]"',
    "cursor": 'cursor = "deep.token"\nparameter = "c"',
    "page": 'page = "p"',
    "offset": 'offset = "at"',
    "items": 'items = "first"',
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("key", ["next", "cursor", "page", "offset"])
@pytest.mark.parametrize("operation", ["list-things", "listThings", '"*"'])
def test_the_configuration_comes_first(key: str, operation: str, server: Recorder, home: Path) -> None:
    """A rule of the person's own holds, whatever the document says."""
    replies = {
        "next": _wrapped(lambda start: {"deep": {"onward": [f"/things?c={start}"]}}),
        "cursor": _wrapped(lambda start: {"deep": {"token": f"c{start}"}}),
        "page": _numbered("p", items="data"),
        "offset": _skipping("at", x=1),
    }
    api = ListedApi(
        replies[key],
        record(data=array, errors=array, next_cursor=string),
        {"c": string, "p": integer, "at": integer, "cursor": string},
    )
    assert 0 == run_cli("api", "add", "things", api.start(server)).exit_code
    with (home / "config" / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[apis.things.pages.{operation}]\nitems = "data"\n{_CONFIGURED[key]}\n')
    result = run_cli("things", "list-things", "--all")
    assert (0, ITEMS) == (result.exit_code, result.json.get("data")), result.stderr
    pages = run_cli("describe", "things", "list-things", "-o", "json").json["pages"]
    assert f"the configuration says so in `pages.{operation.strip(chr(34))}`" == pages["reason"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        (
            'nxt = "a"',
            "`nxt` is not a known key. Known keys: `items`, `next`, `cursor`, `page`, `offset`, `parameter`",
        ),
        ("page = 1", "`page` must be a string"),
        ('page = "p"\noffset = "at"', "`page` and `offset` exclude each other"),
        ('cursor = "a"', "must be given together"),
        ('parameter = "a"', "it must have one of `items`, `next`, `cursor`, `page`, `offset`"),
        ('next = "a["', "`next` is not a JMESPath expression"),
        ('page = "no"', "`list-things` has no input `no`"),
        ("", "it must have one of"),
    ],
)
def test_a_wrong_rule_in_the_configuration_is_an_error(
    table: str, wrong: str, server: Recorder, home: Path
) -> None:
    """It names the key, and nothing is sent."""
    api = ListedApi(_numbered(), array, {"p": integer})
    run_cli("api", "add", "things", api.start(server))
    server.requests.clear()
    with (home / "config" / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[apis.things.pages.list-things]\n{table}\n")
    result = run_cli("things", "list-things", "--all")
    assert 12 == result.exit_code
    assert wrong in result.stderr
    assert [] == server.requests
    assert 12 == run_cli("describe", "things", "list-things").exit_code
    assert 0 == run_cli("things", "list-things").exit_code


def test_a_search_goes_on_by_get_where_no_post_is(server: Recorder) -> None:
    """The URL of its next page is all that the server needs; the body is not sent there."""
    api = ListedApi(
        lambda _: ({"data": ITEMS[:3], "next_page": "{origin}/things/next?token=a"}, {}),
        record(data=array, next_page=_URL),
        body=record(text=string),
    )
    word = api.start(server)
    server.responses["/things/next"] = Response(
        body=json.dumps({"data": ITEMS[3:], "next_page": None}).encode()
    )
    result = run_cli(word, "search-things", "--text", "x", "--all")
    assert (0, ITEMS) == (result.exit_code, result.json["data"]), result.stderr
    assert ["POST", "GET"] == [request.method for request in server.requests]
    assert (b"", None) == (server.last.body, server.last.headers.get("content-type"))


def test_a_link_to_itself_may_name_a_path_and_a_header(server: Recorder) -> None:
    """By `operationRef`; links to other operations, and those that lead back, are none."""
    links = {
        "other": {"operationId": "getThing", "parameters": {"c": "$response.body#/id"}},
        "broken": 1,
        "constant": {"operationId": "listThings", "parameters": {"c": "x", "no": "$response.body#/x"}},
        "onward": {"operationRef": "#/paths/~1things/get", "parameters": {"c": "$response.header.X-Onward"}},
    }
    reply = _bare(lambda start: {"X-Onward": f"c{start + SIZE}"})
    word = ListedApi(reply, array, {"c": string}, links=links).start(server)
    assert ITEMS == run_cli(word, "list-things", "--all").json
    pages = run_cli("describe", word, "list-things", "-o", "json").json["pages"]
    assert ("cursor", "header X-Onward") == (pages["kind"], pages["next"])


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ("pages = 3", "they must be tables, each `[apis.things.pages.OPERATION]`"),
        ("pages = {list-things = 3}", "it must be a table"),
    ],
)
def test_rules_in_the_configuration_are_tables(server: Recorder, home: Path, lines: str, wrong: str) -> None:
    """Anything else is an error that says how they are written."""
    run_cli("api", "add", "things", ListedApi(_numbered(), array, {"p": integer}).start(server))
    path = home / "config" / "config.toml"
    text = path.read_text(encoding="utf-8").replace("[apis.things]", f"[apis.things]\n{lines}")
    path.write_text(text, encoding="utf-8")
    result = run_cli("things", "list-things", "--all")
    assert_ended(result, 12, wrong)


def test_fields_of_schemas_that_apply_together_count(server: Recorder) -> None:
    """Those of `allOf`, of each branch, and of a schema without a type."""
    meta = {"allOf": [{"properties": {"next_cursor": {"type": ["string", "null"], "examples": ["a"]}}}]}
    schema = {"oneOf": [{"properties": {"meta": meta}}, record(data={"items": record(id=string)})]}
    api = ListedApi(
        _wrapped(lambda start: {"meta": {"next_cursor": f"c{start}"}}, name="cursor"),
        schema,
        {"cursor": string},
    )
    word = api.start(server)
    pages = run_cli("describe", word, "list-things", "-o", "json").json["pages"]
    assert ("cursor", "meta.next_cursor", "data") == (pages["kind"], pages["next"], pages["items"])
    assert ITEMS == run_cli(word, "list-things", "--all", "--validate", "off").json["data"]


@pytest.mark.parametrize("name", ["response_metadata", "metadata", "paging", "messages"])
def test_a_list_of_what_is_about_the_response_holds_no_items(name: str) -> None:
    """Beside another list of objects, one that is called so does not leave the items in doubt."""
    found = find_items({name: [{"next": "c"}], "members": [{"x": 1}]}, is_list=True)
    assert isinstance(found, Items)
    assert ("members",) == found.steps


@pytest.mark.parametrize(
    ("beside", "steps"),
    [
        ({"marks": [1]}, ("messages",)),
        ({"links": [{"x": 1}]}, ("messages",)),
        ({"data": ["a"]}, ("data",)),
        ({"marks": [1], "errors": []}, ("marks",)),
        ({"content": {"marks": [1]}}, ("content", "marks")),
    ],
    ids=["of-numbers", "of-links", "called-as-items", "next-to-errors", "further-out"],
)
def test_messages_may_be_what_is_listed(beside: dict[str, Any], steps: tuple[str, ...]) -> None:
    """They are where all else is plain values, and in the schema of a response as in a response that came."""
    response = {**beside, "messages": [{"text": "Hi"}]}
    found = find_items(response, is_list=True)
    assert isinstance(found, Items)
    assert steps == found.steps
    described = item_field(fields_of_value(response), "/history")
    assert isinstance(described, ResponseField)
    assert steps == described.steps


_SIZES = {
    "maximum": ({"type": "integer", "maximum": 40}, 40),
    "exclusive": ({"type": "integer", "maximum": 41, "exclusiveMaximum": True}, 40),
    "enum": ({"type": "integer", "enum": [10, 40, 20]}, 40),
    "described": ({"type": "integer"}, 40),
    "absurd": ({"type": "integer", "maximum": 2147483647}, None),
}


@pytest.mark.parametrize(("schema", "largest"), _SIZES.values(), ids=_SIZES)
def test_the_largest_page_is_what_the_document_allows(
    server: Recorder, schema: dict[str, Any], largest: int | None
) -> None:
    """By the schema, or by what the description says; a number that no one means is none."""
    api = ListedApi(_numbered(), array, {"page": integer, "per_page": schema})
    made = api.document(server.origin)
    if "maximum" not in schema and "enum" not in schema:
        made["paths"]["/things"]["get"]["parameters"][1]["description"] = (
            "Items of a page (max 40), 10 by default"
        )
    pages = run_cli("describe", save(made), "list-things", "-o", "json").json["pages"]
    assert largest == pages["largest"]
