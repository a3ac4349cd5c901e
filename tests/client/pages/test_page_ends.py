"""How a list ends: circles, other servers, broken pages, limits; what came before is never lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.pages.listed_api import ITEMS, SIZE, ListedApi, array, integer, record, string
from tests.documents import API_KEY, JSON, save
from tests.harness import Recorder, Response, run_cli


def _pages(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    page = int(query.get("page", 1))
    return {"data": ITEMS[(page - 1) * SIZE : page * SIZE], "total": len(ITEMS)}, {}


_NUMBERED = ListedApi(_pages, record(data=array, total=integer), {"page": integer, "limit": integer})


def _breaking(server: Recorder, at: int, broken: Response, api: ListedApi = _NUMBERED) -> str:
    """Let a server serve one page otherwise; return the word that names the document."""
    return api.start_otherwise(server, at, lambda: broken)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("broken", "code", "reported"),
    [
        pytest.param(Response(400, b'{"error":"no"}'), 4, "responded with 400", id="refused"),
        pytest.param(
            Response(200, b"<html>busy</html>", {"Content-Type": "text/html"}),
            6,
            "Page 3 of `list-things` cannot be read\n  reason: It is not JSON but `text/html`, 17 bytes",
            id="html",
        ),
        pytest.param(
            Response(200, b'{"data":[{"id":', {"Content-Type": JSON}),
            6,
            "Its media type is JSON, but its 15 bytes are not valid JSON",
            id="cut-json",
        ),
        pytest.param(
            Response(
                200, b'{"data":[', {"Content-Type": JSON, "Content-Length": "200", "Connection": "close"}
            ),
            6,
            "broke",
            id="cut-body",
        ),
        pytest.param(Response(200, b"", {"Content-Type": JSON}), 6, "It is empty", id="empty"),
        pytest.param(Response(302, b"", {"Location": "/things?page=9"}), 0, "", id="redirected"),
    ],
)
def test_pages_before_a_broken_one_are_written(
    server: Recorder, broken: Response, code: int, reported: str
) -> None:
    """They are a whole result, the exit code is that of the failure, and a command goes on from there."""
    word = _breaking(server, 3, broken)
    result = run_cli(word, "list-things", "--page=1", "--all", "--retries", "0")
    assert code == result.exit_code
    assert {"data": ITEMS[:6], "total": 7} == result.json
    if code:
        assert reported in result.stderr
        line = f"dynacli {word} list-things --all --retries 0 --page 3"
        assert f"6 items came before that; go on with: {line}" in result.stderr
        rest = run_cli(*line.split()[1:])
        assert (0, ITEMS[6:]) == (rest.exit_code, rest.json["data"])


def test_a_program_is_told_how_to_go_on(server: Recorder) -> None:
    """The error has the command and the number of items."""
    word = _breaking(server, 2, Response(404))
    error = run_cli(word, "list-things", "--all", "--max-items", "5", "--error-format", "json").error
    assert (4, 3) == (error["exit_code"], error["items"])
    assert f"dynacli {word} list-things --all --error-format json --page 2 --max-items 2" == error["go_on"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({"c": 1}, "`next_cursor` is an object, not a cursor", id="object"),
        pytest.param([1], "`next_cursor` is a list", id="list"),
        pytest.param(True, "`next_cursor` is true", id="true"),
    ],
)
def test_a_cursor_that_is_none_is_an_error(server: Recorder, value: Any, reason: str) -> None:
    """The page that has it is written."""
    api = ListedApi(
        lambda _: ({"data": ITEMS[:2], "next_cursor": value}, {}),
        record(data=array, next_cursor={}),
        {"cursor": string},
    )
    result = run_cli(api.start(server), "list-things", "--all", "--validate", "off")
    assert (6, ITEMS[:2]) == (result.exit_code, result.json["data"])
    assert reason in result.stderr


def _same_cursor(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    start = 2 if query else 0
    return {"data": ITEMS[start : start + 2], "next_cursor": "c"}, {}


def _same_url(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
    start = 2 if query else 0
    return {"data": ITEMS[start : start + 2], "next": "/things?secret=hush"}, {}


_CIRCLES = {
    "cursor": (_same_cursor, {"cursor": string}, 4, "a response repeats a cursor"),
    "url": (_same_url, {}, 4, "/things` of an earlier response"),
    "first-item": (lambda _: ({"data": ITEMS[:2]}, {}), {"page": integer}, 2, "`--page` had no effect"),
    "same-list": (lambda _: (["a", "b"], {}), {"page": integer}, 2, "`--page` had no effect"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("reply", "inputs", "count", "reason"), _CIRCLES.values(), ids=_CIRCLES)
def test_pages_that_go_round_in_circles_end(
    server: Recorder, reply: Any, inputs: dict[str, Any], count: int, reason: str
) -> None:
    """What came once is written once, and no secret of a URL is told."""
    api = ListedApi(reply, {}, inputs)
    result = run_cli(api.start(server), "list-things", "--all")
    found = result.json
    assert (6, count) == (result.exit_code, len(found["data"] if isinstance(found, dict) else found))
    assert "The pages of `list-things` repeat" in result.stderr
    assert reason.lower() in result.stderr.lower()
    assert "go on with" not in result.stderr
    assert "hush" not in result.stderr


def test_a_page_on_another_server_is_not_fetched(server: Recorder, other_server: Recorder) -> None:
    """Exit code 11, nothing is sent there, and the earlier page is written."""
    api = ListedApi(lambda _: ({"data": ITEMS[:2], "next": f"{other_server.origin}/x?token=hush"}, {}), {})
    result = run_cli(api.start(server), "list-things", "--all")
    assert (11, ITEMS[:2]) == (result.exit_code, result.json["data"])
    assert f"Its URL is on `{other_server.origin}`" in result.stderr
    assert "hush" not in result.stderr
    assert [] == other_server.requests


@pytest.mark.parametrize(
    ("target", "code", "reason"),
    [
        ("http://user:pw@{host}/things?c=1", 11, "Its URL contains credentials"),
        ("http://[::1/things", 6, "has a URL that cannot be read"),
        ("ftp://{host}/things", 11, "Its URL is on `ftp://"),
    ],
)
def test_a_url_that_cannot_be_called_is_refused(
    server: Recorder, target: str, code: int, reason: str
) -> None:
    """Also with credentials, and if it is none."""
    url = target.replace("{host}", server.origin.partition("//")[2])
    api = ListedApi(lambda _: ({"data": ITEMS[:2], "nextLink": url}, {}), {})
    result = run_cli(api.start(server), "list-things", "--all")
    assert (code, ITEMS[:2]) == (result.exit_code, result.json["data"])
    assert reason in result.stderr


def test_a_negative_total_says_nothing(server: Recorder) -> None:
    """The pages end if one is empty."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        return {**_pages(query)[0], "total": -1}, {}

    api = ListedApi(reply, record(data=array, total=integer), {"page": integer})
    result = run_cli(api.start(server), "list-things", "--all")
    assert (0, {"data": ITEMS, "total": -1}) == (result.exit_code, result.json)


def test_a_server_that_caps_pages_is_asked_until_the_total(server: Recorder) -> None:
    """A page that is shorter than what was asked for ends nothing if a total is known, and no one said a size."""
    api = ListedApi(_pages, record(data=array, total=integer), {"page": integer, "limit": integer})
    result = run_cli(api.start(server), "list-things", "--all", "--limit", "100")
    assert (0, ITEMS) == (result.exit_code, result.json["data"])
    assert 3 == len(server.requests)


def test_max_items_ends_as_soon_as_there_are_so_many(server: Recorder) -> None:
    """No page is fetched that is not needed, and the last one is cut."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--max-items", "4")
    assert (0, {"data": ITEMS[:4], "total": 7}) == (result.exit_code, result.json)
    assert ["/things", "/things?page=2"] == [request.target for request in server.requests]


@pytest.mark.parametrize(
    ("words", "noted"),
    [
        ((), "7 of 1,000 items were received; the server returns no more: the page is empty\n"),
        (("--page", "2"), ""),
        (("--max-items", "4"), ""),
    ],
    ids=["all", "from the second page", "some"],
)
def test_items_that_the_server_counts_and_does_not_give_are_told(
    server: Recorder, words: tuple[str, ...], noted: str
) -> None:
    """A server that stops before its own total, as searches do, leaves no one in the belief that this is all."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        return {**_pages(query)[0], "total": 1_000}, {}

    word = ListedApi(reply, record(data=array, total=integer), {"page": integer}).start(server)
    result = run_cli(word, "list-things", "--all", *words)
    assert (0, noted) == (result.exit_code, result.stderr)


def test_findings_of_all_pages_are_told_once(server: Recorder) -> None:
    """With their number, at the place that the item has in the result."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        value, headers = _pages(query)
        return {
            **value,
            "data": [{"id": 1} if item["id"] == "i5" else item for item in value["data"]],
        }, headers

    api = ListedApi(reply, record(data=array, total=integer), {"page": integer})
    word = api.start(server)
    result = run_cli(word, "list-things", "--all", "--validate", "strict", "--error-format", "json")
    assert (9, ["/data/4/id"]) == (
        result.exit_code,
        [finding["pointer"] for finding in result.error["findings"]],
    )
    warned = run_cli(word, "list-things", "--all")
    assert 1 == warned.stderr.count("The response does not match the document")
    assert 0 == warned.exit_code


def test_a_response_with_several_lists_is_refused_before_it_is_sent(server: Recorder) -> None:
    """With their names, if the document has them; nothing is sent."""
    api = ListedApi(lambda _: ({"a": [], "b": []}, {}), record(a=array, b=array), {"page": integer})
    word = api.start(server)
    result = run_cli(word, "list-things", "--all")
    assert (2, []) == (result.exit_code, server.requests)
    assert "several lists: `a` and `b`" in result.stderr
    assert f"`dynacli api add NAME {word}`" in result.stderr
    run_cli("api", "add", "things", word)
    refused = run_cli("things", "list-things", "--all", "--error-format", "json")
    assert "`dynacli api set things pages.list-things.items=a`" in refused.error["hint"]
    pages = run_cli("describe", word, "list-things", "-o", "text").stdout
    assert "one page: the response has several lists, `a` and `b`, so `--all` is refused" in pages
    assert "items: not clear from the document" in pages


@pytest.mark.parametrize("is_columns", [False, True])
def test_a_post_is_paged_by_its_body(is_columns: bool, server: Recorder) -> None:
    """A body with a limit and an offset pages a list, whatever the operation is called; several lists are one page."""

    def reply(given: dict[str, Any]) -> tuple[Any, dict[str, str]]:
        start = int(given.get("offset", 0))
        came = ITEMS[start : start + int(given.get("limit", 2))]
        return {"rows": came, **({"names": ["x"] * len(came)} if is_columns else {})}, {}

    body = record(limit=integer, offset=integer)
    made = {"rows": array, **({"names": {"type": "array", "items": string}} if is_columns else {})}
    word = ListedApi(reply, record(**made), body=body, more={"operationId": "getRows"}).start(server)
    result = run_cli(word, "get-rows", "--limit", "2", "--all")
    assert (0, 2 if is_columns else len(ITEMS)) == (result.exit_code, len(result.json["rows"]))
    reason = "several lists cannot be merged; `--limit` and `--offset` request another page"
    assert (reason in result.stderr) is is_columns


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ({"a": [1], "b": [2]}, "its response has several lists: `a` and `b`"),
        ({"a": 1}, "its response is not a list"),
        ("text", "its response is not a list"),
    ],
)
def test_a_response_that_is_no_list_is_one_page(server: Recorder, value: Any, reported: str) -> None:
    """If only the response shows it, it is written as it is, and the run says why."""
    api = ListedApi(lambda _: (value, {}), {}, {"page": integer})
    result = run_cli(api.start(server), "list-things", "--all")
    assert (0, value) == (result.exit_code, json.loads(result.stdout))
    assert reported in result.stderr


def test_a_first_page_that_is_no_json_is_written_as_it_is(server: Recorder) -> None:
    """It is one page, and the run says that it is not a list."""
    word = _breaking(server, 1, Response(200, b"<html>", {"Content-Type": "text/html"}))
    result = run_cli(word, "list-things", "--all")
    assert (0, "<html>") == (result.exit_code, result.stdout)
    assert "its response is not a list" in result.stderr


def test_a_first_page_that_fails_is_a_response_like_any_other(server: Recorder) -> None:
    """Its body is written, and its status is the exit code."""
    word = _breaking(server, 1, Response(404, b'{"error":"no"}'))
    result = run_cli(word, "list-things", "--all")
    assert (4, {"error": "no"}) == (result.exit_code, result.json)
    assert "came before that" not in result.stderr


def test_the_largest_page_is_asked_for_unless_a_size_was_given(server: Recorder) -> None:
    """By the document's maximum, or the one that the description says."""
    words = {
        "--size": {"type": "integer", "maximum": 50},
        "--per-page": {"type": "integer"},
    }
    api = ListedApi(lambda _: (ITEMS, {}), array, {"page": integer, "size": words["--size"]})
    word = api.start(server)
    run_cli(word, "list-things", "--all")
    assert "/things?size=50" == server.last.target
    run_cli(word, "list-things", "--all", "--size", "10")
    assert "/things?size=10" == server.last.target
    run_cli(word, "list-things", "--max-items", "2")
    assert "/things?size=2" == server.last.target
    run_cli(word, "list-things")
    assert "/things" == server.last.target
    shown = run_cli(word, "list-things", "--all", "--dry-run")
    assert "GET /things?size=50 HTTP/1.1" in shown.stdout


def test_credentials_go_with_each_page_and_no_key_is_sent_twice(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that the server repeats in the URL of the next page is sent once, and never told."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        start = int(query.get("c", 0))
        following = f"/things?key={canary}&c={start + 3}" if start < 6 else None
        return {"data": ITEMS[start : start + 3], "next": following}, {}

    api = ListedApi(reply, {}, more={"security": [{"key": []}]})
    made = api.document(server.origin)
    made["components"] = {"securitySchemes": {"key": {**API_KEY, "in": "query", "name": "key"}}}
    api.start(server)
    monkeypatch.setenv("DYNACLI_KEY", canary)
    result = run_cli(save(made, "keyed.json"), "list-things", "--all", "--accept-origin", server.origin, "-v")
    assert (0, ITEMS) == (result.exit_code, result.json["data"]), result.stderr
    assert [1, 1, 1] == [request.target.count("key=") for request in server.requests]
    assert "next" in result.json


@pytest.mark.parametrize("word", ["0", "-1", "x", "1.5", "9" * 20])
def test_a_number_of_items_is_a_whole_number_from_one_on(server: Recorder, word: str) -> None:
    """Anything else is an error of the command line."""
    result = run_cli(_NUMBERED.start(server), "list-things", f"--max-items={word}")
    assert (2, []) == (result.exit_code, server.requests)
    assert f"`{word}` is an invalid number of items" in result.stderr


def test_a_url_with_what_the_document_does_not_have_goes_on_by_a_request(server: Recorder) -> None:
    """The command has the path and the query that the server named."""

    def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        start = int(query.get("c", 0))
        return {"data": ITEMS[start : start + 3], "nextLink": f"/things?c={start + 3}"}, {}

    word = _breaking(server, 2, Response(410), ListedApi(reply, record(data=array), {}))
    result = run_cli(word, "list-things", "--max-items", "5", "-o", "json")
    assert (4, ITEMS[:3]) == (result.exit_code, result.json["data"])
    assert f"go on with: dynacli request {word} GET '/things?c=3' -o json --max-items 2" in result.stderr


def test_the_file_of_a_list_is_whole(server: Recorder) -> None:
    """All pages are in it."""
    result = run_cli(_NUMBERED.start(server), "list-things", "--all", "-o", "@all.json")
    assert (0, "") == (result.exit_code, result.stdout)
    assert {"data": ITEMS, "total": 7} == json.loads(Path("all.json").read_text(encoding="utf-8"))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("header", "value", "count", "said"),
    [
        ("X-Total-Count", "7", 3, "3 of 7; --all for the rest"),
        ("X-Total-Pages", "3", 3, "3 items; --all for the rest"),
        ("X-Pagination", '{"total": 7, "total_pages": 3}', 3, "3 of 7; --all for the rest"),
        ("X-Pagination", '{"TotalCount": 7, "PageSize": 3}', 3, "3 of 7; --all for the rest"),
        ("X-Pagination", '{"last": 3}', 4, ""),
        ("X-Pagination", '{"total": ', 4, ""),
        ("X-Pagination", "7", 4, ""),
    ],
)
def test_a_header_counts_the_items_or_the_pages(
    header: str, value: str, count: int, said: str, server: Recorder
) -> None:
    """No page is then asked for that there is not, and a terminal learns how many items there are."""
    word = ListedApi(
        lambda query: (_pages(query)[0]["data"], {header: value}), array, {"page": integer}
    ).start(server)
    result = run_cli(word, "list-things", "--all")
    assert (ITEMS, count) == (result.json, len(server.requests)), result.stderr
    reported = run_cli(word, "list-things", terminal=("stdout", "stderr")).stderr
    assert said in reported


def test_a_terminal_is_told_that_there_is_more(server: Recorder) -> None:
    """If the response shows it; a page of no list and the last page do not, and the bytes in a pipe are all."""
    both = ("stdout", "stderr")
    word = _NUMBERED.start(server)
    assert "3 of 7; --all for the rest" in run_cli(word, "list-things", terminal=both).stderr
    assert "--all" not in run_cli(word, "list-things", "--page", "3", terminal=both).stderr
    assert "" == run_cli(word, "list-things").stderr
    assert "\x1b[2m7 items, 3 pages\x1b[22m\n" == run_cli(word, "list-things", "--all", terminal=both).stderr
    assert "" == run_cli(word, "list-things", "--all").stderr
    single = ListedApi(
        lambda _: ({"data": ITEMS, "total": 7}, {}), record(data=array), {"page": integer}
    ).start(server)
    assert "" == run_cli(single, "list-things", "--all", terminal=both).stderr
    linked = ListedApi(lambda _: (ITEMS[:1], {"Link": '</x>; rel="next"'}), array).start(server)
    assert "1 item; --all for the rest" in run_cli(linked, "list-things").stderr
    refused = ListedApi(lambda _: ({"data": ITEMS, "next": "http://x.example/"}, {}), {}).start(server)
    assert "--all" not in run_cli(refused, "list-things", terminal=both).stderr


@pytest.mark.parametrize("output", ["csv", "lines", "json", "@list.json", "csv@list.csv"])
def test_a_pipe_gets_a_note_that_a_list_is_cut(output: str, server: Recorder) -> None:
    """A report of the first page alone is wrong, and nobody sees it: the note is on standard error."""
    result = run_cli(_NUMBERED.start(server), "list-things", "-o", output)
    assert (0, "3 of 7; --all for the rest\n") == (result.exit_code, result.stderr)
    assert "--all" not in result.stdout


@pytest.mark.parametrize(("filter_", "is_noted"), [("length(data)", True), ("total", False), ("@", True)])
def test_a_filter_without_the_items_gets_no_note(filter_: str, is_noted: bool, server: Recorder) -> None:
    """A total is the same for all pages."""
    result = run_cli(_NUMBERED.start(server), "list-things", "-f", filter_)
    assert is_noted == ("--all for the rest" in result.stderr), result.stderr


def test_an_agent_gets_a_note_that_a_list_is_cut(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also beside the bytes of a response; the format `agent` has it in its first line."""
    word = _NUMBERED.start(server)
    monkeypatch.setenv("AI_AGENT", "1")
    assert "3 of 7; --all for the rest" in run_cli(word, "list-things").stderr
    assert "" == run_cli(word, "list-things", "-o", "agent").stderr


def test_after_very_many_pages_it_is_said_that_there_are_more(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came is written, and the command goes on."""
    monkeypatch.setattr("dynacli.client.pages.page_loop._MOST_PAGES", 2)
    word = _NUMBERED.start(server)
    result = run_cli(word, "list-things", "--all")
    assert (6, ITEMS[:6]) == (result.exit_code, result.json["data"])
    assert (
        "Not all pages of `list-things` were fetched\n  reason: dynacli stops after 2 pages" in result.stderr
    )
    assert f"go on with: dynacli {word} list-things --all --page 3" in result.stderr


def test_a_command_that_goes_on_keeps_the_words_that_it_had(server: Recorder) -> None:
    """A value that looks like an option is joined to its own, and what stands after `--` stays there."""
    page = {"data": ITEMS[:2], "next_cursor": "-a b"}
    schema = record(data=array, next_cursor=string)
    api = ListedApi(lambda _: (page, {}), schema, {"cursor": string, "q": string})
    word = _breaking(server, 2, Response(404), api)
    result = run_cli(word, "list-things", "--query.cursor", "x", "--q=y", "--all", "--")
    assert 4 == result.exit_code
    assert f"go on with: dynacli {word} list-things --q=y --all '--cursor=-a b' --" in result.stderr


def test_a_request_that_holds_more_than_the_document_is_told_of_once(server: Recorder) -> None:
    """Not for each page."""
    api = ListedApi(
        lambda _: ({"data": ITEMS}, {}),
        record(data=array),
        body={**record(page=integer, text=string), "additionalProperties": True},
    )
    words = ("search-things", "--body", '{"more": 1}', "--all", "--validate", "exact")
    result = run_cli(api.start(server), *words)
    assert 1 >= result.stderr.count("The request has values that the document does not mention")


def _by_extension(extension: dict[str, Any], **inputs: Any) -> Callable[[Any, str], ListedApi]:
    """Return an API whose pages are counted as an extension says, with what its only page has besides."""

    def listed(besides: Any, header: str) -> ListedApi:
        def reply(query: dict[str, str]) -> tuple[Any, dict[str, str]]:
            assert not query.keys() & {"offset", "page", "cursor"}, "a second page is asked for"
            return {"data": ITEMS, **besides}, {"X-Total-Count": header} if header else {}

        return ListedApi(reply, record(data=array), inputs, more=extension)

    return listed


_EXTENSIONS = {
    "fern offset": _by_extension(
        {"x-fern-pagination": {"offset": "$request.offset", "results": "$response.data"}}, offset=integer
    ),
    "fern cursor": _by_extension(
        {
            "x-fern-pagination": {
                "cursor": "$request.cursor",
                "next_cursor": "$response.cursor",
                "results": "$response.data",
            }
        },
        cursor=string,
    ),
    "speakeasy": _by_extension(
        {
            "x-speakeasy-pagination": {
                "type": "offsetLimit",
                "inputs": [{"name": "page", "in": "parameters", "type": "page"}],
                "outputs": {"results": "$.data"},
            }
        },
        page=integer,
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("besides", "header"),
    [({"next": None}, ""), ({"count": 7, "next": None, "previous": None}, ""), ({"total": 7}, ""), ({}, "7")],
    ids=["next", "django", "total", "header"],
)
@pytest.mark.parametrize("api", _EXTENSIONS.values(), ids=_EXTENSIONS)
def test_a_list_that_says_it_is_whole_is_whole(
    server: Recorder, api: Callable[[Any, str], ListedApi], besides: Any, header: str
) -> None:
    """An empty `next` or a total that is reached ends it, whatever rule an extension has declared."""
    word = api({"cursor": "c", **besides}, header).start(server)
    result = run_cli(word, "list-things", "--all", "--validate", "off")
    assert (0, ITEMS, 1) == (result.exit_code, result.json["data"], len(server.requests))


_TRIED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "page": ({"page": integer}, ()),
    "offset": ({"offset": integer, "limit": integer}, ()),
    "keyset": ({"before": string, "limit": integer}, ("--all=keyset",)),
}


@pytest.mark.parametrize(("inputs", "options"), _TRIED.values(), ids=_TRIED)
def test_a_page_that_was_only_tried_may_be_missing(
    server: Recorder, inputs: dict[str, Any], options: tuple[str, ...]
) -> None:
    """A 404 ends the list then, and is not a failure; other statuses are."""
    api = ListedApi(lambda _: (ITEMS, {}), array, inputs)
    arguments = (_breaking(server, 2, Response(404), api), "list-things", *(options or ("--all",)))
    result = run_cli(*arguments)
    assert (0, ITEMS, 2, "") == (result.exit_code, result.json, len(server.requests), result.stderr)
    server.requests.clear()
    other = run_cli(_breaking(server, 2, Response(400), api), *arguments[1:])
    assert (4, ITEMS) == (other.exit_code, other.json)


def test_a_page_that_the_server_spoke_of_must_be_there(server: Recorder) -> None:
    """A 404 is an error if the response before it says that there is more."""
    result = run_cli(_breaking(server, 2, Response(404)), "list-things", "--all")
    assert (4, ITEMS[:3]) == (result.exit_code, result.json["data"])


def test_a_first_page_that_is_missing_is_an_error(server: Recorder) -> None:
    """It is what the person has asked for."""
    api = ListedApi(lambda _: (ITEMS, {}), array, {"page": integer})
    assert 4 == run_cli(_breaking(server, 1, Response(404), api), "list-things", "--all").exit_code
