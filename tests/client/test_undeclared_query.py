"""`--query`, the query of a path, and `query` in the configuration: what the document does not declare is sent, too."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dynacli import open_api
from dynacli.errors import RefusedError, UsageError
from tests.documents import BEARER, api_of, get, operation, parameter, post, save, save_api, swagger
from tests.harness import Recorder, Response, Result, json_response, run_cli

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
STRINGS = {"type": "array", "items": STRING}
OBJECT = {
    "type": "object",
    "properties": {"status": STRING, "by": {"type": "object", "properties": {"id": INTEGER}}},
}
FILTER = parameter("filter", OBJECT, style="deepObject", explode=True)
PATHS = {
    "/items": {
        "get": operation(
            "listItems",
            parameter("range", STRING),
            parameter("pageSize", INTEGER),
            parameter("tag", STRINGS),
            parameter("ids", STRINGS, explode=False),
            FILTER,
        )
    },
    "/search": {
        "get": operation("searchItems", parameter("query", STRING), parameter("trace", {"enum": ["a", "b"]}))
    },
    "/spread": {"get": operation("listSpread", parameter("by", OBJECT))},
    "/free": {
        "get": operation("listFree", parameter("by", {"type": "object", "additionalProperties": STRING}))
    },
    "/needed": {"get": operation("getNeeded", parameter("range", STRING, required=True))},
    "/fixed?action=list": {"get": operation("listFixed")},
    "/made": {"post": operation("makeItem", body={"type": "object", "properties": {"query": STRING}})},
}
NOTE = "is not in the OpenAPI document"


@pytest.fixture
def api(server: Recorder) -> str:
    """Save the document of a server that accepts everything, and return its path."""
    for path in PATHS:
        server.responses[path.partition("?")[0]] = json_response([{"id": 1}])
    return save_api(PATHS, server=server)


def _notes(result: Result) -> list[str]:
    return [line for line in result.stderr.splitlines() if NOTE in line]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/items?trace=1", ("list-items", "--query", "trace=1")),
        ("/items?trace=1", ("list-items", "-Q", "trace=1")),
        ("/items?trace=1", ("list-items", "-Qtrace=1")),
        ("/items?trace=", ("list-items", "--query", "trace=")),
        ("/items?a=b%3Dc%26d&a=e%20f", ("list-items", "--query", "a=b=c&d", "--query", "a=e f")),
        ("/items?a%5Bb%5D=%C3%A9", ("list-items", "--query", "a[b]=é")),
        ("/items?range=7d&trace=1", ("list-items", "--query", "trace=1", "--range", "7d")),
        ("/items?pageSize=3", ("list-items", "--query", "pageSize=3")),
        ("/items?tag=a&tag=b", ("list-items", "--query", "tag=a", "--query", "tag=b")),
        ("/items?ids=a,b", ("list-items", "--query", "ids=a", "--query", "ids=b")),
        ("/items?filter%5Bstatus%5D=x", ("list-items", "--query", "filter[status]=x")),
        ("/items?filter%5Bby%5D%5Bid%5D=7", ("list-items", "--query", "filter[by][id]=7")),
        ("/items?filter%5Bstatus%5D=x&filter%5Bno%5D=y", ("GET", "/items?filter[status]=x&filter[no]=y")),
        ("/items?pageSize=3&trace=1", ("GET", "/items?trace=1&pageSize=3")),
        ("/search?query=q&other=1", ("--query", "other=1", "search-items", "--query", "q")),
        ("/search?query=q&other=1", ("search-items", "--query", "q", "-Q", "other=1")),
        ("/search?query=q&other=1", ("GET", "/search?query=q&other=1")),
        ("/spread?status=x", ("list-spread", "--query", "status=x")),
        ("/spread?status=x", ("GET", "/spread?status=x")),
        ("/needed?range=7d", ("--query", "range=7d", "get-needed")),
        ("/unknown?a=1&b=2", ("GET", "/unknown?a=1", "--query", "b=2")),
        ("/fixed?action=list&a=1", ("list-fixed", "--query", "a=1")),
    ],
)
def test_a_pair_is_sent_as_its_name_says(target: str, words: tuple[str, ...]) -> None:
    """What the document declares is written as the document says, and everything else as it is."""
    save_api(PATHS)
    before = words[:2] if words[0] == "--query" else ()
    result = run_cli(*before, "./api.json", *words[len(before) :], "--dry-run", "json")
    assert (0, target) == (result.exit_code, result.json["url"].removeprefix("http://127.0.0.1:9")), (
        result.stderr
    )


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("words", "notes"),
    [
        (("list-items", "--query", "trace=1"), [f"`trace` {NOTE}"]),
        (("list-items", "--query", "trace=1", "--validate", "strict"), [f"`trace` {NOTE}"]),
        (("list-items", "--query", "trace=1", "--validate", "off"), []),
        (
            ("list-items", "--query", "a=1", "--query", "a=2", "--query", "b=1"),
            [f"`a` {NOTE}", f"`b` {NOTE}"],
        ),
        (("GET", "/items?rnage=7d"), [f"`rnage` {NOTE}. Did you mean `range`?"]),
        (("list-items", "--query", "pagesize=7"), [f"`pagesize` {NOTE}. Did you mean `pageSize`?"]),
        (("list-items", "--query", "tags=7"), [f"`tags` {NOTE}. Did you mean `tag`?"]),
        (("list-items", "--query", "page_size=7"), [f"`page_size` {NOTE}"]),
        (("list-items", "--query", "range=7d"), []),
        (("list-items", "--query", "filter[other]=x"), []),
        (("list-free", "--query", "anything=x"), []),
        (("list-fixed", "--query", "b=1"), [f"`b` {NOTE}"]),
        (("list-items", "--query", "trace=1", "--all"), [f"`trace` {NOTE}"]),
    ],
)
def test_an_undeclared_pair_is_sent_with_a_note(
    words: tuple[str, ...], notes: list[str], api: str, server: Recorder
) -> None:
    """Each name is noted once; no one wants to know it at `off`."""
    result = run_cli(api, *words)
    assert (0, 1) == (result.exit_code, len(server.requests)), result.stderr
    assert notes == _notes(result)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("list-items", "--query", "trace=1", "--validate", "exact"),
            "query `trace`: `trace` is not in the OpenAPI",
        ),
        (("GET", "/items?rnge=1", "--validate", "exact"), "Did you mean `range`?"),
        (("list-items", "--query", "trace"), "A value of --query has no `=`"),
        (("list-items", "--query", "=1"), "A value of --query has no name"),
        (("GET", "/items?=1"), "A value of --query has no name"),
        (
            ("list-items", "--query", "range=1d", "--range", "7d"),
            "`--query range` and `--range` are the same input",
        ),
        (
            ("GET", "/items?range=1d", "--query", "range=7d"),
            "`--query range` and `--range` are the same input",
        ),
        (
            ("list-items", "--query", "filter[status]=a", "--filter.status", "b"),
            "`--filter.status` are the same",
        ),
        (("list-items", "--query", "pageSize=x"), "`x` is not a value for --page-size"),
        (("search-items", "-Q", "trace=c"), "it takes one of `a`, `b`"),
        (("list-fixed", "--query", "action=delete"), "It is a fixed part of `/fixed?action=list`"),
        (("list-items", "--query.trace", "1"), "There is no option `--query.trace`"),
    ],
)
def test_nothing_is_sent_of_a_wrong_pair(
    words: tuple[str, ...], message: str, api: str, server: Recorder
) -> None:
    """The exit code is 2, the error says what is wrong, and the server gets nothing."""
    result = run_cli(api, *words)
    assert (2, []) == (result.exit_code, server.requests)
    assert message in result.stderr


def test_the_corrected_command_leaves_the_pair_out(api: str) -> None:
    """An input that is given twice is given once, and other pairs stay."""
    result = run_cli(api, "list-items", "--query", "a=1", "--query", "range=1d", "--range", "7d")
    assert "try: dynacli ./api.json list-items --query a=1 --range 7d" in result.stderr


class _Shop:
    def __init__(self, server: Recorder) -> None:
        self.server = server
        assert 0 == run_cli("api", "add", "shop", save_api(PATHS, server=server)).exit_code
        self._file = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
        self._text = self._file.read_text()

    def has(self, text: str) -> None:
        self._file.write_text(f"{self._text}\n{text}\n")


@pytest.fixture
def shop(api: str, server: Recorder) -> _Shop:  # noqa: ARG001  - it lets the server respond
    """A registered API."""
    return _Shop(server)


_DEFAULTS = """[apis.shop.query]
locale = "en"
range = "7d"
[apis.shop.headers]
X-Team = "core"
X-From = "api"
[apis.shop.profiles.de]
query = {locale = "de"}
headers = {x-team = "berlin"}
"""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "target", "headers"),
    [
        (("list-items",), "/items?range=7d&locale=en", ("core", "api")),
        (("list-items", "--profile", "de"), "/items?range=7d&locale=de", ("berlin", "api")),
        (
            ("list-items", "--range", "1d", "--query", "locale=fr"),
            "/items?range=1d&locale=fr",
            ("core", "api"),
        ),
        (("list-items", "--query", "range=1d"), "/items?range=1d&locale=en", ("core", "api")),
        (
            ("list-items", "-H", "x-from: me", "--profile", "de"),
            "/items?range=7d&locale=de",
            ("berlin", "me"),
        ),
        (("list-items", "--validate", "exact"), "/items?range=7d&locale=en", ("core", "api")),
        (("GET", "/items?locale=fr"), "/items?range=7d&locale=fr", ("core", "api")),
        (("get-needed",), "/needed?range=7d&locale=en", ("core", "api")),
        (("GET", "/made"), "/made?locale=en&range=7d", ("core", "api")),
    ],
)
def test_the_configuration_has_a_query_and_headers(
    words: tuple[str, ...], target: str, headers: tuple[str, str], shop: _Shop
) -> None:
    """They are sent with every call, without a note; a profile wins over its API, and the command line over both."""
    shop.has(_DEFAULTS)
    result = run_cli("shop", *words)
    last = shop.server.last
    assert (0, target) == (result.exit_code, last.target), result.stderr
    assert headers == (last.headers["x-team"][0], last.headers["x-from"][0])
    assert [] == [note for note in _notes(result) if "locale" not in words[-1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[apis.shop]\nquery = 1", "`query` must be a table of strings"),
        (
            "[apis.shop.query]\nlimit = 1\nids = [1]",
            ": `ids` of `query` must be a string, a number, `true` or `false`",
        ),
        (
            "[apis.shop.profiles.p]\nheaders.X-Day = 2026-01-01",
            ": `X-Day` of `headers` must be a string, a number, `true` or `false`",
        ),
        ('[apis.shop.query]\napi_key = "x"', "`api_key` is a secret"),
        ('[apis.shop.headers]\nAuthorization = "x"', "`Authorization` is a secret"),
        ('[apis.shop.profiles.p.query]\ntoken = "x"', "`token` is a secret"),
    ],
)
def test_a_wrong_default_is_not_sent(text: str, message: str, shop: _Shop) -> None:
    """The exit code is 12, and nothing is sent."""
    text = text.removeprefix("[apis.shop]\n") if text.startswith("[apis.shop]\n") else text
    shop.has(text)
    result = run_cli("shop", "list-items", *(("--profile", "p") if "profiles" in text else ()))
    assert (12, []) == (result.exit_code, shop.server.requests)
    assert message in result.stderr
    assert "line " in result.stderr


@pytest.mark.parametrize("has_project", [False, True], ids=["own", "project"])
@pytest.mark.parametrize("profile", [(), ("--profile", "p")], ids=["api", "profile"])
def test_numbers_of_the_configuration_are_sent_as_their_text(
    has_project: bool, profile: tuple[str, ...], shop: _Shop, server: Recorder
) -> None:
    """A number, `true` or `false` of `query`, `headers` and `server_vars` needs no quotes."""
    start = "profiles.p." if profile else ""
    keys = (
        "query = {limit = 5, share = 0.5, all = true}",
        "headers = {X-Team = 7}",
        f'server = "{server.origin}"',
    )
    text = "".join(f"{start}{key}\n" for key in keys)
    if has_project:
        Path(".dynacli.toml").write_text(f'[apis.own]\nsource = "api.json"\n{text}')
        assert 0 == run_cli("config", "trust", "--yes").exit_code
    else:
        shop.has(text)
    result = run_cli("own" if has_project else "shop", "list-items", *profile)
    assert 0 == result.exit_code, result.stderr
    assert "/items?limit=5&share=0.5&all=true" == server.last.target
    assert ["7"] == server.last.headers["x-team"]


def test_the_configuration_is_set_by_words(shop: _Shop) -> None:
    """`api set` writes both tables, and takes no secret."""
    assert 0 == run_cli("api", "set", "shop", "query.locale=en", "headers.X-Team=core").exit_code
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ("/items?locale=en", ["core"]) == (shop.server.last.target, shop.server.last.headers["x-team"])
    for key in ("query.api_key", "headers.X-Auth-Token"):
        result = run_cli("api", "set", "shop", f"{key}=hidden-value")
        assert 2 == result.exit_code
        assert "hidden-value" not in result.stderr


KEYED = {"key": {"type": "apiKey", "in": "query", "name": "k"}, "auth": BEARER}
SECRET = "s3cr3t-0f-s0meb0dy"


def _keyed(server: Recorder) -> str:
    server.responses["/items"] = Response()
    return save_api(
        get("/items", "listItems", security=[{"key": []}]),
        post("/items", "addItem", security=[{"auth": []}]),
        server=server,
        schemes=KEYED,
    )


@pytest.mark.parametrize("pair", [f"k={SECRET}", f"api_key={SECRET}"])
def test_a_key_that_is_given_by_hand_is_a_secret(pair: str, server: Recorder, home: Path) -> None:
    """It is sent, and shown nowhere: not by `--dry-run`, `-v`, an error, the history or a corrected command."""
    api, where = _keyed(server), ("--server", server.origin, "--auth", "none")
    call = run_cli(api, "list-items", "--query", pair, "-v", *where)
    assert (0, f"/items?{pair}") == (call.exit_code, server.last.target), call.stderr
    results = [call, run_cli("history"), run_cli("history", "show", "1")]
    results += [
        run_cli(api, "list-items", "-Q", pair, "--dry-run", form, *where) for form in ("http", "curl", "json")
    ]
    results.append(run_cli(api, "list-items", "--query", pair, "--limit", "3", *where))
    assert [0, 0, 0, 0, 0, 0, 2] == [result.exit_code for result in results]
    assert not any(SECRET in f"{result.stdout}{result.stderr}" for result in results)
    assert not any(SECRET.encode() in file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert SECRET in run_cli(api, "list-items", "-Q", pair, "--dry-run", "--show-secrets", *where).stdout


def test_a_key_that_is_given_by_hand_is_the_credential(server: Recorder) -> None:
    """It goes only to an origin that a person accepted, as one of `-H` does, and no other is looked for."""
    api = _keyed(server)
    refused = run_cli(api, "list-items", "--query", f"k={SECRET}")
    assert (11, []) == (refused.exit_code, server.requests)
    assert SECRET not in refused.stderr
    result = run_cli(api, "list-items", "--query", f"k={SECRET}", "--server", server.origin)
    assert (0, f"/items?k={SECRET}", []) == (result.exit_code, server.last.target, _notes(result))


def test_a_key_that_is_given_by_hand_goes_with_each_page(server: Recorder) -> None:
    """The server leaves it out of the URL of the next page, as it should, and an undeclared pair is in it."""
    following = {"Link": f"<{server.origin}/items?page=2&trace=1>; rel=next"}
    pages = iter([json_response([{"id": 1}], **following), json_response([{"id": 2}])])
    server.responses["/items"] = lambda _: next(pages)
    items = {"type": "array", "items": {"type": "object", "properties": {"id": INTEGER}}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": items}}}}
    api = save_api(
        get("/items", "listItems", security=[{"key": []}], responses=responses), server=server, schemes=KEYED
    )
    where = ("--server", server.origin)
    result = run_cli(api, "list-items", "--query", f"k={SECRET}", "--query", "trace=1", "--all", *where)
    targets = [f"/items?k={SECRET}&trace=1", f"/items?page=2&trace=1&k={SECRET}"]
    assert (0, targets) == (result.exit_code, [request.target for request in server.requests]), result.stderr


@pytest.mark.parametrize("words", [("--query", "_method=DELETE"), ("GET", "/items?_method=DELETE")])
def test_a_pair_is_no_way_around_read(words: tuple[str, ...], api: str, server: Recorder) -> None:
    """A server may take the request for another method."""
    words = words if words[0] == "GET" else ("list-items", *words)
    assert 0 == run_cli("api", "add", "items", api).exit_code
    result = run_cli("read", "items", *words)
    assert (11, []) == (result.exit_code, server.requests)
    assert "`_method` asks for DELETE" in result.stderr


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[apis.shop.policy]\ndeny = ["DELETE"]', id="deny"),
        pytest.param("[apis.shop.policy]\nread_only = true", id="read-only"),
        pytest.param('[apis.shop.policy]\nallow = ["list-items"]', id="allow"),
    ],
)
@pytest.mark.parametrize("way", ["option", "path", "configuration", "library"])
def test_a_pair_is_no_way_around_a_policy(way: str, text: str, shop: _Shop) -> None:
    """However a method is asked for, the policy decides on it."""
    query = '\n[apis.shop.query]\n_method = "DELETE"' if way == "configuration" else ""
    shop.has(text + query)
    if way == "library":
        with open_api("shop") as api, pytest.raises(RefusedError):
            api.call("list-items", query={"_method": "DELETE"})
    else:
        words = {
            "option": ("list-items", "--query", "_method=DELETE"),
            "path": ("GET", "/items?_method=DELETE"),
        }
        assert 11 == run_cli("shop", *words.get(way, ("list-items",))).exit_code
    assert [] == shop.server.requests


def test_another_operation_of_the_path_cannot_be_meant(server: Recorder) -> None:
    """A pair that a document tells operations apart by is one that a policy decides on."""
    server.responses["/do"] = Response()
    shop = _Shop(server)
    save_api(get("/do?action=list", "listIt"), get("/do?action=drop", "dropIt"), server=server)
    assert 0 == run_cli("api", "refresh", "shop", "--yes").exit_code
    shop.has('[apis.shop.policy]\ndeny = ["drop-it"]')
    assert 2 == run_cli("shop", "list-it", "--query", "action=drop").exit_code
    assert 11 == run_cli("shop", "list-it", "--query", "Action=drop").exit_code
    assert [] == server.requests


def test_python_gives_pairs_by_their_names(api: str, server: Recorder) -> None:
    """`query` has pairs; declared names take the normal way, and the rest is in `notes` of the response."""
    with open_api(api, query={"lang": "en"}) as opened:
        response = opened.call(
            "list-items", query={"trace": True, "pageSize": 3, "a": ["b", "c"]}, range="7d"
        )
        assert "/items?range=7d&pageSize=3&lang=en&trace=true&a=b&a=c" == server.last.target
        assert (f"`lang` {NOTE}", f"`trace` {NOTE}", f"`a` {NOTE}") == response.notes
        opened.call("search-items", {"query": "q"})
        assert "/search?query=q&lang=en" == server.last.target
        opened.call("search-items", {"query.query": "q", "query": {"other": 1}})
        assert "/search?query=q&lang=en&other=1" == server.last.target
        with pytest.raises(UsageError, match="are the same input"):
            opened.call("list-items", query={"range": "1d"}, range="7d")
        with pytest.raises(UsageError, match="must not be an object"):
            opened.call("list-items", query={"other": {"a": 1}})
    assert 3 == len(server.requests)


def test_rows_give_pairs(api: str, server: Recorder) -> None:
    """Each row its own, and `--query` those of all rows; each name is noted once."""
    rows = [{"range": "1d", "query": {"trace": "1"}}, {"query": {"trace": "2", "range": "2d"}}]
    stdin = "\n".join(map(json.dumps, rows)).encode()
    result = run_cli("batch", api, "list-items", "-", "--query", "lang=en", stdin=stdin)
    targets = sorted(request.target for request in server.requests)
    assert (0, ["/items?range=1d&lang=en&trace=1", "/items?range=2d&lang=en&trace=2"]) == (
        result.exit_code,
        targets,
    )
    assert [f"`lang` {NOTE}", f"`trace` {NOTE}"] == _notes(result)
    wrong = run_cli("batch", api, "list-items", "-", stdin=b'{"query": {"a": {}}}')
    assert (2, 2) == (wrong.exit_code, len(server.requests))


@pytest.mark.parametrize(
    ("words", "options", "target"),
    [
        (("list-items", "--query", "trace=1"), ("--query", "trace=2"), "/items?trace=2"),
        (("list-items", "-Q", "trace=1"), ("--query", "trace=2"), "/items?trace=2"),
        (("GET", "/items?trace=1&a=b"), ("-Q", "trace=2"), "/items?a=b&trace=2"),
        (("list-items", "--query", "range=1d"), ("--range", "7d"), "/items?range=7d"),
        (("GET", "/items?range=1d"), ("--query", "range=7d"), "/items?range=7d"),
        (("list-items", "--query", "a=1", "--query", "a=2"), ("--range", "7d"), "/items?range=7d&a=1&a=2"),
    ],
)
def test_a_pair_of_a_replay_wins(
    words: tuple[str, ...], options: tuple[str, ...], target: str, api: str, server: Recorder
) -> None:
    """It takes the place of the pair of its name, however that was given."""
    assert 0 == run_cli(api, *words).exit_code
    assert 0 == run_cli("replay", "1", *options).exit_code
    assert target == server.last.target


def test_a_pair_before_the_api_is_replaced_by_a_replay(api: str, server: Recorder) -> None:
    """Wherever it stood."""
    assert 0 == run_cli("--query", "trace=1", "--query", "a=b", api, "list-items").exit_code
    assert 0 == run_cli("replay", "1", "--query", "trace=2").exit_code
    assert "/items?a=b&trace=2" == server.last.target


def test_a_followed_link_has_the_pairs_of_all_calls(server: Recorder) -> None:
    """As it has the headers; what the link fills wins."""
    links = {"next": {"operationId": "getItem", "parameters": {"id": "$response.body#/id"}}}
    content: Any = {"application/json": {"schema": {}}}
    first = operation("first", responses={"200": {"description": "", "content": content, "links": links}})
    server.responses["/first"] = server.responses["/item"] = json_response({"id": 7})
    api = save_api(
        {"/first": {"get": first}}, get("/item", "getItem", parameter("id", INTEGER)), server=server
    )
    assert 0 == run_cli(api, "first", "--query", "id=1", "--query", "a=b", "--follow", "next").exit_code
    assert ["/first?id=1&a=b", "/item?id=7&a=b"] == [request.target for request in server.requests]


@pytest.mark.parametrize("version", ["3.0.3", "2.0"])
def test_a_check_learns_what_was_sent_and_accepted(version: str, server: Recorder, home: Path) -> None:  # noqa: ARG001
    """The overlay declares it, and nothing of it is a secret or was refused."""
    server.responses["/ok"] = json_response({})
    server.responses["/no"] = json_response({}, 400)
    refused = operation("getNo")
    refused["responses"]["400"] = refused["responses"]["200"]
    tree = api_of(get("/ok", "getOk", parameter("a", STRING)), {"/no": {"get": refused}}, server=server)
    if version == "2.0":
        plain = {"200": {"description": ""}, "400": {"description": ""}}
        paths = {"/ok": {"get": {"operationId": "getOk", "responses": plain}}}
        host = server.origin.removeprefix("http://")
        tree = swagger(paths, host=host, schemes=["http"], produces=["application/json"])
    api = save(tree)
    words = ("--query", "trace=1", "--query", "trace=22", "--query", "api_key=abcdefgh", "--query", "b=x")
    result = run_cli("check", api, *words, "--learn", "learned.json", "--accept-origin", server.origin)
    assert Path("learned.json").exists(), result.stderr
    actions = json.loads(Path("learned.json").read_text())["actions"]
    text = json.dumps(actions)
    assert "/no" not in text
    assert "abcdefgh" not in text
    learned = [
        parameter for action in actions for parameter in action.get("update", {}).get("parameters", [])
    ]
    assert ["b", "trace"] == sorted(item["name"] for item in learned)
    trace = next(item for item in learned if item["name"] == "trace")
    assert "integer" in json.dumps(trace)
    assert 0 == run_cli("api", "add", "learned", api, "--overlay", "learned.json").exit_code
    before = len(server.requests)
    call = run_cli("learned", "get-ok", "--trace", "1", "--trace", "2", "--b", "y", "--validate", "exact")
    assert (0, 1) == (call.exit_code, len(server.requests) - before), call.stderr


def test_recorded_traffic_teaches_pairs(home: Path) -> None:  # noqa: ARG001
    """Each name that a request with a success had, also if all else in it is equal."""
    origin = "https://api.example.com"
    api = save_api(get("/ok", "getOk"), server=origin)
    content = {"size": 2, "mimeType": "application/json", "text": "{}"}
    headers = [{"name": "content-type", "value": "application/json"}]
    entries = [
        {
            "request": {"method": "GET", "url": f"{origin}/ok?{query}", "headers": []},
            "response": {"status": 200, "statusText": "OK", "headers": headers, "content": content},
        }
        for query in ("a=1", "b=x", "b=y", "")
    ]
    har = json.dumps({"log": {"version": "1.2", "pages": [], "entries": entries}}).encode()
    result = run_cli("validate", api, "-", "--learn", "learned.json", stdin=har)
    assert 0 == result.exit_code, result.stderr
    (action,) = json.loads(Path("learned.json").read_text())["actions"]
    assert [("a", "integer"), ("b", "string")] == [
        (parameter["name"], parameter["schema"]["type"]) for parameter in action["update"]["parameters"]
    ]
    exact = run_cli("validate", api, "-", "--validate", "exact", stdin=har)
    assert 9 == exact.exit_code
    assert "undocumented-parameter" in exact.stdout
