"""Signing in to servers that only set a cookie: `auth login --operation OPERATION [--cookie NAME]`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

import dynacli
from tests.documents import BEARER, document, operation, save, save_api, serve
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response, Result, assert_ended, recording, run_cli

FORM = {
    "type": "object",
    "required": ["username"],
    "properties": {"username": {"type": "string"}, "password": {"type": "string", "format": "password"}},
}
BODY = {"required": True, "content": {"application/json": {"schema": FORM}}}
SESSION = {"type": "apiKey", "in": "cookie", "name": "sid"}
SIGNED: list[Any] = [{"session": []}]


def paths(security: list[Any] | None = None) -> dict[str, Any]:
    """Return the paths of a shop, whose operations need what `security` says."""
    needs: dict[str, Any] = {} if security is None else {"security": security}
    return {
        "/v1/login": {"post": operation("log-in", requestBody=BODY)},
        "/v1/start": {"get": operation("start")},
        "/v1/items": {"get": operation("list-items", **needs), "post": operation("add-item", **needs)},
        "/other": {"get": operation("get-other", **needs)},
    }


def register(server: Recorder, made: dict[str, Any]) -> None:
    """Register the document as `shop`."""
    url = serve(server, made)
    if server.origin.startswith("unix:"):
        url = url.replace(".sock/", ".sock:/")
    result = run_cli("api", "add", "shop", url)
    assert 0 == result.exit_code, result.stderr
    server.responses["/v1/items"] = server.responses["/other"] = Response()


@pytest.fixture
def shop(server: Recorder) -> Recorder:
    """A server whose document has a scheme for the cookie `sid`."""
    register(server, document(paths(SIGNED), None, schemes={"session": SESSION}))
    return server


def sets(*cookies: str, status: int = 204, body: bytes = b"", location: str = "") -> Response:
    """Return a response that sets up to two cookies."""
    headers = dict(zip(("Set-Cookie", "set-cookie"), cookies, strict=False))
    headers |= {"Location": location} if location else {}
    return Response(status, body, {"Content-Type": "application/json", **headers})


def login(*options: str, operation: str = "log-in") -> Result:
    """Sign in."""
    words = ["--username", "ada", "--password", "pw"] if operation == "log-in" else []
    return run_cli(
        "auth", "login", "shop", "--store", "file", "--operation", operation, *options, "--", *words
    )


def sent_cookie(server: Recorder) -> list[str] | None:
    """Return the headers `Cookie` of the last request; None if it has none."""
    return server.last.headers.get("cookie")


def stored(home: Path) -> list[dict[str, Any]]:
    """Return the stored credentials."""
    path = home / "state" / "credentials" / "credentials.json"
    found: list[dict[str, Any]] = json.loads(path.read_text())["credentials"] if path.exists() else []
    return found


@pytest.mark.parametrize(("status", "location"), [(200, ""), (204, ""), (302, "/v1/items"), (303, "")])
def test_the_cookie_of_a_scheme_is_stored(shop: Recorder, canary: str, status: int, location: str) -> None:
    """A success or a redirect that sets the cookie of a scheme signs in, and every call of the scheme carries it."""
    shop.responses["/v1/login"] = sets(
        "other=1", f"sid={canary}; HttpOnly; Path=/", status=status, location=location
    )
    result = login()
    assert 0 == result.exit_code, result.stderr
    assert 0 == run_cli("shop", "list-items", "-v").exit_code
    assert [f"sid={canary}"] == sent_cookie(shop)
    assert "the stored credential" in run_cli("auth", "explain", "shop", "list-items").stdout
    assert "session" in run_cli("auth", "status").stdout


@pytest.mark.parametrize("value", ["a=b", '"quoted value, with; no"', "caf\u00e9", "%22"])
def test_the_value_goes_back_as_it_came(shop: Recorder, value: str) -> None:
    """A server gets back each character of its cookie, up to the first `;`."""
    shop.responses["/v1/login"] = sets(f"sid={value}; Path=/")
    assert 0 == login().exit_code
    run_cli("shop", "list-items")
    assert [f"sid={value.partition(';')[0]}"] == sent_cookie(shop)


def test_all_ways_to_call_carry_it(shop: Recorder) -> None:
    """Batch, replay and Python send the cookie as the command line does."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/")
    login()
    save({}, "rows.ndjson")
    assert 0 == run_cli("batch", "shop", "list-items", "rows.ndjson").exit_code
    assert ["sid=1"] == sent_cookie(shop)
    run_cli("shop", "list-items")
    assert 0 == run_cli("replay", "1").exit_code
    assert ["sid=1"] == sent_cookie(shop)
    with dynacli.open_api("shop") as client:
        assert 200 == client.call("list-items").status
    assert ["sid=1"] == sent_cookie(shop)


@pytest.mark.exhaustive
def test_an_agent_calls_with_it_and_never_sees_it(shop: Recorder) -> None:
    """Over MCP the cookie is sent, also one that a response renews, and is in no response of a tool."""
    shop.responses["/v1/login"] = sets("sid=hush-hush-1; Path=/")
    login()
    shop.responses["/v1/items"] = lambda request: sets(
        "sid=hush-hush-2; Path=/", status=200, body=json.dumps(request.headers["cookie"]).encode()
    )

    async def act(client: Client) -> list[CallToolResult]:
        asked = {"operation": "list-items", "inputs": {}, "include": True}
        return [await client.call_tool("call", asked) for _ in range(2)]

    results = converse(["shop"], act)
    assert [["sid=hush-hush-1"], ["sid=hush-hush-2"]] == [
        request.headers.get("cookie") for request in shop.requests[-2:]
    ]
    assert not any(result.is_error for result in results)
    assert "hush-hush" not in str(results)


@pytest.mark.parametrize(("path", "is_sent"), [("/", True), ("/v1", False)])
def test_a_document_is_fetched_with_it(
    shop: Recorder, other_server: Recorder, path: str, *, is_sent: bool
) -> None:
    """If the configuration says that the document needs a credential: at its origin, and below the cookie's path."""
    shop.responses["/v1/login"] = sets(f"sid=1; Path={path}")
    login()
    run_cli("api", "set", "shop", "document_login=always")
    before = len(shop.requests)
    result = run_cli("api", "refresh", "shop")
    sent = [request.headers.get("cookie") for request in shop.requests[before:]]
    assert ([["sid=1"]] if is_sent else []) == sent, result.stderr
    assert (0 if is_sent else 10) == result.exit_code
    [place] = {request.target for request in shop.requests if request.target.endswith(".json")}
    shop.responses[place] = Response(302, b"", {"Location": f"{other_server.origin}/openapi.json"})
    run_cli("api", "refresh", "shop")
    assert not any("cookie" in request.headers for request in other_server.requests)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "made",
    [
        document(paths(), None),
        document(paths([{"token": []}]), None, schemes={"token": BEARER}),
        {**document(paths(), None, schemes={"token": BEARER}), "security": [{"token": []}]},
        document(paths([]), None, schemes={"token": BEARER}),
    ],
    ids=["no scheme", "another one", "another one for all", "none needed"],
)
def test_a_scheme_is_created_for_a_cookie(server: Recorder, home: Path, made: dict[str, Any]) -> None:
    """`--cookie NAME` creates the scheme, and every call of the API carries the cookie from then on."""
    register(server, made)
    server.responses["/v1/login"] = sets("sid=1; Path=/")
    result = login("--cookie", "sid")
    assert_ended(result, 0, without=["warning"])
    for name in ("list-items", "get-other", "add-item"):
        assert 0 == run_cli("shop", name).exit_code
        assert ["sid=1"] == sent_cookie(server)
    assert 0 == run_cli("auth", "logout", "shop").exit_code
    was_needed = made.get("security") or made["paths"]["/other"]["get"].get("security")
    assert (10 if was_needed else 0) == run_cli("shop", "get-other").exit_code
    server.responses["/v1/login"] = sets("sid=2; Path=/")
    assert 0 == login("--cookie", "sid").exit_code
    assert 1 == len(list((home / "config" / "overlays").iterdir()))


def test_a_failed_sign_in_creates_nothing(server: Recorder, home: Path) -> None:
    """Without the cookie, nothing is stored and the configuration stays as it is."""
    register(server, document(paths(), None))
    server.responses["/v1/login"] = sets("csrf=1", status=200)
    before = (home / "config" / "config.toml").read_text()
    result = login("--cookie", "sid")
    assert_ended(result, 10, "does not set the cookie")
    assert "It sets `csrf`" in result.stderr
    assert ([], before) == (stored(home), (home / "config" / "config.toml").read_text())


def test_a_token_in_the_body_wins(shop: Recorder) -> None:
    """A token is taken before a cookie, unless `--cookie` names the cookie."""
    body = b'{"access_token": "tok"}'
    shop.responses["/v1/login"] = sets("sid=1; Path=/", status=200, body=body)
    login()
    run_cli("shop", "list-items")
    assert ["sid=tok"] == sent_cookie(shop)
    login("--cookie", "sid")
    run_cli("shop", "list-items")
    assert ["sid=1"] == sent_cookie(shop)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "cookie",
    [
        "sid=1; Domain=evil.example",
        "sid=1; Max-Age=0",
        "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "sid=",
        "=1",
        "sid",
        "sid=a\x01b",
        "sid=" + "x" * 5000,
        "__Host-sid=1; Path=/",
    ],
)
def test_a_cookie_that_cannot_be_kept(shop: Recorder, home: Path, cookie: str) -> None:
    """A cookie for others, without a name, that has ended, or that breaks a rule does not sign in (10)."""
    shop.responses["/v1/login"] = sets(cookie)
    assert (10, []) == (login().exit_code, stored(home))


def test_a_refused_sign_in(shop: Recorder, home: Path) -> None:
    """A response with an error does not sign in, even if it sets the cookie."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/", status=401)
    assert (10, []) == (login().exit_code, stored(home))


def test_it_never_goes_to_another_origin(
    shop: Recorder, other_server: Recorder, home: Path, canary: str
) -> None:
    """Another port is another origin, `Domain` or not: the call is refused (11), and nothing is sent."""
    shop.responses["/v1/login"] = sets(f"sid={canary}; Path=/; Domain=127.0.0.1")
    assert 0 == login().exit_code
    assert [[shop.origin]] == [entry["origins"] for entry in stored(home)]
    assert 11 == run_cli("shop", "list-items", "--server", other_server.origin).exit_code
    assert 11 == run_cli("read", "shop", "list-items", "--server", other_server.origin).exit_code
    assert [] == other_server.requests


def test_no_redirect_takes_it_along(shop: Recorder, other_server: Recorder, canary: str) -> None:
    """A redirect to another origin has no cookie, and one within the origin only if it is for that path."""
    shop.responses["/v1/login"] = sets(f"sid={canary}")
    assert 0 == login().exit_code
    shop.responses["/v1/items"] = Response(302, b"", {"Location": "/v1/more"})
    shop.responses["/v1/more"] = Response(302, b"", {"Location": "/other"})
    shop.responses["/other"] = Response(302, b"", {"Location": f"{other_server.origin}/x"})
    run_cli("shop", "list-items", "--validate", "off")
    seen = [(request.target, "cookie" in request.headers) for request in shop.requests[-3:]]
    assert [("/v1/items", True), ("/v1/more", True), ("/other", False)] == seen
    assert ["/x"] == [request.target for request in other_server.requests]
    assert "cookie" not in other_server.last.headers


def test_it_stays_below_its_path(shop: Recorder) -> None:
    """The path, by default that of the sign-in, decides which operations carry the cookie."""
    shop.responses["/v1/login"] = sets("sid=1")
    login()
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ["sid=1"] == sent_cookie(shop)
    count = len(shop.requests)
    result = run_cli("shop", "get-other")
    assert_ended(result, 10, "limits it to the path `/v1`")
    assert count == len(shop.requests)


def test_a_later_response_renews_it(shop: Recorder, home: Path, canary: str) -> None:
    """The same cookie in a later response takes the place of the stored one; other cookies are never stored."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/; Max-Age=60")
    login()
    shop.responses["/v1/items"] = sets(f"sid={canary}; Path=/; Max-Age=3600", "other=2; Path=/", status=200)
    before = stored(home)[0]["expires_at"]
    run_cli("shop", "list-items")
    run_cli("shop", "list-items")
    assert [f"sid={canary}"] == sent_cookie(shop)
    assert stored(home)[0]["expires_at"] > before + 3000
    shop.responses["/v1/items"] = sets("sid=3; Path=/v1", "sid=4; Path=/; Domain=evil.example", status=200)
    run_cli("shop", "list-items")
    run_cli("shop", "list-items")
    assert [f"sid={canary}"] == sent_cookie(shop)


@pytest.mark.parametrize("cookie", ["sid=; Path=/", "sid=x; Path=/; Max-Age=0"])
def test_the_server_can_end_it(shop: Recorder, cookie: str) -> None:
    """After a response that takes the cookie back, the next call says that it has ended (10)."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/")
    login()
    shop.responses["/v1/items"] = sets(cookie, status=200)
    assert 0 == run_cli("shop", "list-items").exit_code
    result = run_cli("shop", "list-items")
    assert_ended(result, 10, "--operation log-in")


def test_an_unchanged_cookie_is_not_written_again(shop: Recorder, home: Path) -> None:
    """Many servers set the same cookie with each response, which changes nothing in the store."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/; Max-Age=3600")
    login()
    before = stored(home)
    shop.responses["/v1/items"] = sets("sid=1; Path=/; Max-Age=3600", status=200)
    run_cli("shop", "list-items")
    assert before == stored(home)


def test_nothing_else_stores_a_cookie(shop: Recorder, home: Path) -> None:
    """A call without a stored cookie takes none from its response."""
    shop.responses["/v1/start"] = sets("sid=1; Path=/")
    run_cli("shop", "start")
    assert (10, []) == (run_cli("shop", "list-items").exit_code, stored(home))


def test_a_redirect_of_a_get_sets_it(shop: Recorder, other_server: Recorder, home: Path) -> None:
    """A redirect within the origin can set the cookie; one of another origin cannot."""
    shop.responses["/v1/start"] = sets("sid=1; Path=/", status=302, location="/other")
    assert 0 == login(operation="start").exit_code
    assert ["1"] == [entry["secrets"]["credential"] for entry in stored(home)]
    run_cli("auth", "logout", "shop")
    shop.responses["/v1/start"] = Response(302, b"", {"Location": f"{other_server.origin}/x"})
    other_server.responses["/x"] = sets("sid=2; Path=/", status=200)
    assert (10, []) == (login(operation="start").exit_code, stored(home))


@pytest.fixture
def on_socket(tmp_path: Path) -> Iterator[Recorder]:
    """A recording server on a socket."""
    with recording(str(tmp_path / "shop.sock")) as recorder:
        yield recorder


def test_a_cookie_of_a_socket(on_socket: Recorder, server: Recorder, home: Path) -> None:
    """A cookie of a server on a socket, `Secure` or not, is bound to the socket."""
    register(on_socket, document(paths(SIGNED), None, schemes={"session": SESSION}))
    on_socket.responses["/v1/login"] = sets("sid=1; Path=/; Secure")
    assert 0 == login().exit_code
    assert [[on_socket.origin]] == [entry["origins"] for entry in stored(home)]
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ["sid=1"] == sent_cookie(on_socket)
    assert 11 == run_cli("shop", "list-items", "--server", server.origin).exit_code
    assert [] == server.requests


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cookie", "sid"), "`--operation` is missing"),
        (("--operation", "log-in", "--cookie", "sid", "--token-at", "a"), "cannot be combined"),
        (("--operation", "log-in", "--cookie", "sid", "--scheme", "session"), "cannot be combined"),
        (("--operation", "log-in", "--cookie", "s id"), "is not the name of a cookie"),
        (("--operation", "log-in", "--cookie", "sid\n"), "is not the name of a cookie"),
        (("--operation", "log-in", "--cookie", "sid=S3CRET"), "is not the name of a cookie"),
    ],
)
def test_wrong_options(shop: Recorder, words: tuple[str, ...], said: str) -> None:
    """A usage error (2) says what is wrong, and nothing is sent."""
    shop.requests.clear()
    result = run_cli("auth", "login", "shop", "--store", "file", *words)
    assert_ended(result, 2, said)
    assert [] == shop.requests
    assert "S3CRET" not in result.stderr


def test_a_document_that_is_not_registered(server: Recorder) -> None:
    """Only a registered API can get a scheme of its own, and nothing is sent before that is known."""
    api = save_api(paths(), server=server)
    words = ("--operation", "log-in", "--cookie", "sid", "--", "--username", "ada", "--password", "pw")
    result = run_cli("auth", "login", api, "--store", "file", *words)
    assert_ended(result, 2, "Register it")
    assert [] == server.requests


def test_the_double_submit_of_django(shop: Recorder) -> None:
    """A cookie for CSRF, given with its header, is sent beside the stored one; both are masked."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/")
    login()
    token = "a" * 32
    headers = ("-H", f"Cookie: csrftoken={token}", "-H", f"X-CSRFToken: {token}")
    assert 0 == run_cli("shop", "add-item", *headers).exit_code
    assert [f"csrftoken={token}; sid=1"] == sent_cookie(shop)
    assert [token] == shop.last.headers["x-csrftoken"]


def test_a_damaged_place_in_the_store(shop: Recorder, home: Path) -> None:
    """A store whose cookie has no sound path is reported, and nothing is sent."""
    shop.responses["/v1/login"] = sets("sid=1; Path=/")
    login()
    path = home / "state" / "credentials" / "credentials.json"
    path.write_text(path.read_text().replace('"path": "/"', '"path": 7'))
    count = len(shop.requests)
    assert (10, count) == (run_cli("shop", "list-items").exit_code, len(shop.requests))
