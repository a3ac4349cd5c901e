"""A token that an operation of the API gave is refreshed by another of its operations."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.stored_file import age_credential, credentials_file, stored_credential
from tests.documents import API_KEY, BEARER, document, operation, serve
from tests.harness import (
    RecordedRequest,
    Recorder,
    Response,
    Result,
    assert_ended,
    json_response,
    recording,
    run_cli,
)

_TEXT = {"type": "string"}
_NAMES = {"user": _TEXT, "password": {"type": "string", "format": "password"}, "mode": _TEXT}


def _body(properties: dict[str, Any], media_type: str = "application/json", *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def _refresh(**more: Any) -> dict[str, Any]:
    taken = {"refresh_token": _TEXT, "mode": _TEXT, "password": _TEXT}
    return operation("refresh", **{**_body(taken, "application/json", "refresh_token"), **more})


class Directory:
    """A server that gives tokens that are used once, as Directus does.

    Attributes:
        good: The refresh tokens, or where there are none the tokens, that are good.
        life: Seconds.
        status: What the refresh responses; 200 for a token.
    """

    def __init__(self, server: Recorder) -> None:
        self.server, self.good, self.life, self.status = server, set[str](), 3600.0, 200
        self.taken: Callable[[RecordedRequest], str] = lambda request: json.loads(request.body)[
            "refresh_token"
        ]
        self.shown: Callable[[str, str], Any] = lambda token, refresh: {
            "data": {"access_token": token, "expires": self.life * 1000, "refresh_token": refresh}
        }
        self.number, self.current = 0, ""
        server.responses |= {"/auth/login": self._login, "/items": self.items}
        server.responses |= dict.fromkeys(("/auth/refresh", "/auth/renewal"), self._renew)

    def _made(self) -> Response:
        self.number += 1
        refresh = f"refresh+{self.number}/="
        self.current = f"token-{self.number}"
        self.good |= {refresh, self.current}
        return json_response(self.shown(self.current, refresh))

    def _login(self, request: RecordedRequest) -> Response:
        assert "password-of-mine" in request.body.decode()
        return self._made()

    def _renew(self, request: RecordedRequest) -> Response:
        given = self.taken(request)
        if self.status != 200:
            return Response(self.status, f'{{"message":"{given} is no good"}}'.encode())
        if given not in self.good:
            return Response(401, b'{"errors":[{"message":"Invalid user credentials."}]}')
        self.good -= {given}
        return self._made()

    def items(self, request: RecordedRequest) -> Response:
        sent = request.headers.get("authorization", request.headers.get("x-api-key", ["nothing"]))[0]
        return Response(200 if sent.endswith(self.current) else 401)

    def register(self, refresh: dict[str, Any] | None, scheme: dict[str, Any] = BEARER, **more: Any) -> None:
        """Register a document with a sign-in, an operation that wants a token, and one that refreshes it."""
        paths = {
            "/items": {
                "get": operation("list-items", security=[{"auth": []}]),
                "post": operation("make-item", security=[{"auth": []}]),
            },
            "/auth/login": {"post": operation("login", **_body(_NAMES, "application/json", "password"))},
            "/auth/logout": {
                "post": operation(
                    "logout-refresh-token", **_body({"refresh_token": _TEXT}, "application/json")
                )
            },
            **({"/auth/refresh": {"post": refresh}} if refresh else {}),
            **more,
        }
        url = serve(self.server, document(paths, None, schemes={"auth": scheme, "refresh-jwt": BEARER}))
        assert 0 == run_cli("api", "add", "shop", url).exit_code
        self.server.requests.clear()

    def sign_in(self, *options: str, store: str = "file") -> Result:
        """Sign in by the operation."""
        words = ("--user", "me", "--password", "password-of-mine", "--mode", "json")
        asked = ("--scheme", "auth", "--store", store, "--operation", "login", *options)
        return run_cli("auth", "login", "shop", *asked, "--", *words)

    def refreshes(self) -> list[RecordedRequest]:
        """Return the requests that refreshed a token, or tried to."""
        return [request for request in self.server.requests if "/auth/re" in request.target]


@pytest.fixture
def directory(server: Recorder) -> Directory:
    """A server that gives tokens."""
    return Directory(server)


def test_each_refresh_token_is_used_once(directory: Directory, home: Path) -> None:
    """Call after call: the one that the last refresh gave is sent, with what the sign-in was given besides secrets."""
    directory.register(_refresh())
    result = directory.sign_in()
    assert 0 == result.exit_code
    assert "refreshed by `refresh`" in result.stderr
    assert json.loads(run_cli("auth", "status", "-o", "json").stdout)[0]["refreshable"]
    for _ in range(3):
        assert 0 == run_cli("shop", "list-items").exit_code
        age_credential(home, directory.life)
        assert 0 == run_cli("shop", "list-items").exit_code
    sent = [json.loads(refresh.body) for refresh in directory.refreshes()]
    assert [{"refresh_token": f"refresh+{number}/=", "mode": "json"} for number in (1, 2, 3)] == sent
    kept = credentials_file(home).read_text()
    assert "password-of-mine" not in kept
    assert "token-4" in kept


def test_a_401_refreshes_once(directory: Directory) -> None:
    """A safe call is made again, one that changes something is not, and its error says what to do."""
    directory.register(_refresh())
    directory.sign_in()
    directory.current = "another"
    assert 0 == run_cli("shop", "list-items").exit_code
    directory.current = "another"
    result = run_cli("shop", "make-item")
    assert 4 == result.exit_code
    assert "make the call again" in result.stderr
    assert 2 == len(directory.refreshes())


@pytest.mark.parametrize(
    ("status", "code", "is_kept"),
    [(200, 10, False), (403, 10, True), (500, 10, True), (302, 11, True)],
    ids=["refused", "forbidden", "broken", "redirected"],
)
def test_a_refresh_that_fails(
    directory: Directory, home: Path, status: int, code: int, *, is_kept: bool
) -> None:
    """The token stays, what it is refreshed with only if it was not refused; no text shows it."""
    directory.register(_refresh())
    directory.sign_in()
    directory.status, directory.good = status, set()
    directory.current = "another"
    # After a 401 the server's response counts, and the error says why the token was not refreshed.
    result = run_cli("shop", "list-items")
    assert 4 == result.exit_code
    assert ("no longer valid" if status == 200 else "refresh") in result.stderr
    assert "refresh+1" not in result.stderr
    assert 1 == len([request for request in directory.server.requests if request.target == "/items"])
    assert is_kept is ("refresh+1" in credentials_file(home).read_text())
    age_credential(home, directory.life)
    result = run_cli("shop", "list-items")
    assert_ended(result, code, without=["refresh+1"])
    if not is_kept:
        assert "`dynacli auth login shop --scheme auth --store file --operation login`" in result.stderr
        assert "password-of-mine" not in result.stderr
    assert ("has expired" in result.stderr) is not is_kept


_COOKIE = {"name": "refresh_token", "in": "cookie", "required": True, "schema": _TEXT}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("refresh", "taken"),
    [
        (
            operation("refresh", **_body({"refreshToken": _TEXT}, "application/x-www-form-urlencoded")),
            lambda request: parse_qs(request.body.decode())["refreshToken"][0],
        ),
        (
            operation("refresh", parameters=[{"name": "refresh", "in": "query", "schema": _TEXT}]),
            lambda request: parse_qs(request.target.partition("?")[2])["refresh"][0],
        ),
        (
            operation("refresh", parameters=[{"name": "X-Refresh-Token", "in": "header", "schema": _TEXT}]),
            lambda request: request.headers["x-refresh-token"][0],
        ),
        (
            operation("refresh", security=[{"refresh-jwt": []}]),
            lambda request: request.headers["authorization"][0].removeprefix("Bearer "),
        ),
        (
            _refresh(
                **_body(
                    {"refresh_token": _TEXT, "grant_type": _TEXT},
                    "application/json",
                    "grant_type",
                )
            ),
            lambda request: json.loads(request.body)[json.loads(request.body)["grant_type"]],
        ),
    ],
    ids=["a form", "the query", "a header", "as a credential", "a grant"],
)
def test_where_the_refresh_token_goes(
    directory: Directory, home: Path, refresh: dict[str, Any], taken: Callable[[RecordedRequest], str]
) -> None:
    """The document says it by the name of an input; an operation beside the sign-in without one takes it as bearer."""
    directory.register(refresh)
    directory.taken = taken
    assert "refreshed by `refresh`" in directory.sign_in().stderr
    for _ in range(2):
        age_credential(home, directory.life)
        assert 0 == run_cli("shop", "list-items").exit_code
    assert 2 == len(directory.refreshes())


@pytest.mark.parametrize("at", [(), ("--token-at", "access", "--refresh-token-at", "refresh")])
def test_a_response_that_is_unlike_that_of_the_sign_in(
    directory: Directory, home: Path, at: tuple[str, ...]
) -> None:
    """A refresh may give a new token alone, and in another place; the refresh token is then good for the next, too."""
    directory.register(_refresh())
    directory.shown = lambda token, refresh: {"access": token, "refresh": refresh, "expires_in": 3600}
    directory.sign_in(*at)
    directory.good.add("refresh+1/=")
    names = iter(("access", "token"))
    directory.shown = lambda token, _: {next(names): token, "expires_in": 3600}
    for _ in range(2):
        age_credential(home, directory.life)
        assert 0 == run_cli("shop", "list-items").exit_code
        directory.good.add("refresh+1/=")
    assert {"refresh+1/="} == {json.loads(refresh.body)["refresh_token"] for refresh in directory.refreshes()}


def test_a_key_that_is_the_header_of_tokens(directory: Directory, home: Path) -> None:
    """A document that calls `Authorization` a key leaves out the word before it, which servers want."""
    directory.register(_refresh(), {"type": "apiKey", "in": "header", "name": "Authorization"})
    directory.sign_in()
    directory.server.responses["/items"] = Response(403, b'{"message":"token-1 may not"}')
    assert 'The server says: "*** may not"' in run_cli("shop", "list-items").stderr
    directory.server.responses["/items"] = directory.items
    for number in (1, 2):
        assert 0 == run_cli("shop", "list-items").exit_code
        assert [f"Bearer token-{number}"] == directory.server.last.headers["authorization"]
        age_credential(home, directory.life)


@pytest.mark.parametrize("scheme", [BEARER, API_KEY], ids=["bearer", "key"])
def test_a_token_that_refreshes_itself(directory: Directory, home: Path, scheme: dict[str, Any]) -> None:
    """It is refreshed in the second half of its life, as it is good for nothing when it has ended."""
    directory.register(operation("refresh", security=[{"auth": []}]), scheme)
    header = "x-api-key" if scheme is API_KEY else "authorization"
    directory.taken = lambda request: request.headers[header][0].removeprefix("Bearer ")
    directory.shown = lambda token, _: {"token": token, "expires_in": directory.life}
    assert "refreshed by `refresh`" in directory.sign_in().stderr
    age_credential(home, 0.4 * directory.life)
    assert 0 == run_cli("shop", "list-items").exit_code
    assert [] == directory.refreshes()
    for _ in range(2):
        age_credential(home, 0.6 * directory.life)
        assert 0 == run_cli("shop", "list-items").exit_code
    assert 2 == len(directory.refreshes())


def test_another_program_was_faster(directory: Directory, home: Path) -> None:
    """A token that refreshes itself is not forgotten if another program without our lock has changed it."""
    directory.register(operation("refresh", security=[{"auth": []}]))
    directory.shown = lambda token, _: {"token": token, "expires_in": directory.life}
    directory.sign_in()
    path = credentials_file(home)

    def taken(_: RecordedRequest) -> str:
        path.write_text(path.read_text().replace("token-1", "theirs"))
        return "nothing that is good"

    directory.taken, directory.current = taken, "theirs"
    assert 0 == run_cli("shop", "list-items").exit_code
    assert ["Bearer theirs"] == directory.server.last.headers["authorization"]
    assert json.loads(run_cli("auth", "status", "-o", "json").stdout)[0]["refreshable"]


_THEIRS = ("auth", "login", "shop", "--scheme", "auth", "--with-token", "--store", "file")


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("store", ["file", "keyring"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("auth", "logout", "shop"), None),
        (("api", "remove", "shop"), None),
        (_THEIRS, "theirs"),
        (("api", "rename", "shop", "club"), "token-2"),
    ],
    ids=["logout", "remove", "login", "rename"],
)
@pytest.mark.parametrize("status", [200, 401])
def test_what_a_person_does_during_a_refresh_counts(
    directory: Directory, home: Path, store: str, words: tuple[str, ...], found: str | None, status: int
) -> None:
    """A refresh on its way brings no one back who signed out, nor an older sign-in; a new name it follows."""
    directory.register(_refresh())
    directory.sign_in(store=store)
    age_credential(home, directory.life)
    directory.status = status
    ended = []

    def taken(request: RecordedRequest) -> str:
        ended.append(run_cli(*words, stdin=b"theirs").exit_code)
        return str(json.loads(request.body)["refresh_token"])

    directory.taken = taken
    run_cli("shop", "list-items")
    assert [0] == ended
    kept = [entry["api"] for entry in json.loads(run_cli("auth", "status", "-o", "json").stdout)]
    name = "club" if words[1] == "rename" else "shop"
    assert ([name] if found else []) == kept
    if found and (status == 200 or found == "theirs"):
        directory.status = 403  # it is not to be refreshed again
        assert found == run_cli("auth", "token", name).stdout.strip().removeprefix("Bearer ")
    assert found is not None or "token-2" not in credentials_file(home).read_text()


def test_a_refresh_takes_no_sign_in_for_another_origin(
    directory: Directory, home: Path, other_server: Recorder
) -> None:
    """What was stored meanwhile for another server is not sent to the one that the call is for."""
    directory.register(_refresh())
    directory.sign_in()
    age_credential(home, directory.life)

    def taken(request: RecordedRequest) -> str:
        run_cli(*_THEIRS, "--server", other_server.origin, stdin=b"for-the-other")
        return str(json.loads(request.body)["refresh_token"])

    directory.taken = taken
    result = run_cli("shop", "list-items")
    assert 10 == result.exit_code
    assert "for-the-other" not in str(directory.server.requests)


def test_an_operation_that_is_named(directory: Directory, home: Path) -> None:
    """What the document does not make plain, a person says; a mistake is told before anything is sent."""
    directory.register(
        None, **{"/auth/renewal": {"post": operation("next", **_body({"refresh_token": _TEXT}))}}
    )
    directory.shown = lambda token, refresh: {
        "pair": [{"now": token, "expires_in": 3600}, {"later": refresh}]
    }
    at = ("--token-at", "pair[0].now", "--refresh-token-at")
    assert 2 == directory.sign_in(*at, "pair[1].later", "--refresh-operation", "nxt").exit_code
    assert [] == directory.server.requests
    result = directory.sign_in(*at, "pair[1].other", "--refresh-operation", "next")
    assert_ended(result, 10, "no refresh token at `pair[1].other`")
    result = directory.sign_in(*at, "pair[1].later", "--refresh-operation", "next")
    assert_ended(result, 0, "refreshed by `next`")
    for _ in range(2):
        age_credential(home, 3600)
        assert 0 == run_cli("shop", "list-items").exit_code
    assert 2 == len(directory.refreshes())


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("refresh", "more"),
    [
        (None, {}),
        (
            _refresh(**_body({"refresh_token": _TEXT, "client_id": _TEXT}, "application/json", "client_id")),
            {},
        ),
        (_refresh(), {"/auth/renew": {"post": operation("renew", **_body({"refresh_token": _TEXT}))}}),
        (_refresh(servers=[{"url": "https://elsewhere.example"}]), {}),
        (operation("refresh", security=[{"auth": []}], **_body({"name": _TEXT})), {}),
        (
            operation(
                "refresh", parameters=[{"name": "refresh", "in": "query", "schema": {"enum": ["now"]}}]
            ),
            {},
        ),
    ],
    ids=["none", "it needs more", "two", "elsewhere", "another body", "no token"],
)
def test_what_is_not_plain_is_not_guessed(
    directory: Directory, refresh: dict[str, Any] | None, more: dict[str, Any]
) -> None:
    """The token is kept, and not refreshed."""
    directory.register(refresh, **more)
    result = directory.sign_in()
    assert_ended(result, 0, without=["refreshed by"])


def test_a_password_goes_to_no_origin_that_only_the_document_names(directory: Directory) -> None:
    """An operation may have servers of its own, whether it signs in or refreshes; `--accept-origin` lets it."""
    with recording() as other:
        elsewhere = [{"url": other.origin}]
        login = operation("login", servers=elsewhere, **_body(_NAMES))
        directory.register(_refresh(servers=elsewhere), **{"/auth/login": {"post": login}})
        result = directory.sign_in()
        assert (11, []) == (result.exit_code, other.requests)
        assert f"--accept-origin {other.origin}" in result.stderr
        directory.register(_refresh(servers=elsewhere))
        result = directory.sign_in("--refresh-operation", "refresh")
        assert (11, [], []) == (result.exit_code, other.requests, directory.server.requests)


def test_auth_token_refreshes_what_has_ended(directory: Directory, home: Path, ring: Keyring) -> None:
    """Another program gets a token that is good; what cannot be refreshed is an error."""
    directory.register(_refresh())
    directory.sign_in(store="keyring")
    assert "token-1\n" == run_cli("auth", "token", "shop").stdout
    age_credential(home, directory.life)
    assert "token-2\n" == run_cli("auth", "token", "shop").stdout
    assert "token-2\n" == run_cli("auth", "token", "shop").stdout
    assert 1 == len(directory.refreshes())
    assert not [text for text in ring.kept.values() if "token-1" in text]
    directory.good = set()
    age_credential(home, directory.life)
    result = run_cli("auth", "token", "shop")
    assert (10, "") == (result.exit_code, result.stdout)
    assert "Invalid user credentials" in result.stderr


def _jwt(end: float) -> str:
    claims = urlsafe_b64encode(json.dumps({"exp": end}).encode()).decode().rstrip("=")
    return f"e30.{claims}.sig"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"expires_in": 60}, 60),
        ({"expires_in": "60"}, 60),
        ({"expires_in": "soon"}, None),
        ({"expires_in": -5}, None),
        ({"expires_in": 315_360_000}, None),
        ({"expires": 900_000}, 900),
        ({"expires": 900}, 900),
        ({"expires_at": 90}, 90),
        ({"expires_in": None, "expiresIn": 60}, 60),
        ({"token": 500}, 500),
        ({"token": 500, "expires_in": 60}, 60),
    ],
    ids=[
        *("seconds", "a text", "no number", "negative", "ten years", "milliseconds", "small", "a moment"),
        *("another name", "a JWT", "a JWT and seconds"),
    ],
)
@pytest.mark.sampled(4)
def test_when_a_token_ends(
    directory: Directory, home: Path, said: dict[str, Any], seconds: int | None
) -> None:
    """What the response says in any usual way is believed; what no token can live is not."""
    directory.register(None)
    life = said.get("token")
    directory.shown = lambda token, _: {**said, "token": _jwt(time.time() + life) if life else token}
    assert 0 == directory.sign_in().exit_code
    kept = stored_credential(home)
    if seconds is None:
        assert kept["expires_at"] is None
    else:
        assert abs(kept["expires_at"] - time.time() - seconds) < 30


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (lambda at: at, 700),
        (lambda at: at * 1000, 700),
        (lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)), 700),
    ],
    ids=["seconds", "milliseconds", "text"],
)
def test_a_moment(directory: Directory, home: Path, moment: Callable[[float], Any], seconds: int) -> None:
    """A date is one in seconds or milliseconds since the epoch, or a text of RFC 3339."""
    said = {"expiresAt": moment(time.time() + seconds)}
    test_when_a_token_ends(directory, home, said, seconds)


def test_a_token_that_cannot_be_sent(directory: Directory, home: Path) -> None:
    """A refresh whose response has a token with a line break leaves the old one."""
    directory.register(_refresh())
    directory.sign_in()
    age_credential(home, directory.life)
    directory.shown = lambda _, refresh: {"access_token": "a\nb", "refresh_token": refresh}
    result = run_cli("shop", "list-items")
    assert_ended(result, 10, "a character that no token has")
    assert "token-1" in credentials_file(home).read_text()
