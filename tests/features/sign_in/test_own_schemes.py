"""A document that declares no security scheme gets one of the person's own, and a key the word that a server wants."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, document, get, operation, serve, swagger
from tests.dry_runs import dry_run
from tests.harness import RecordedRequest, Recorder, Response, Result, assert_ended, run_cli

_STORE = ("--with-token", "--store", "file")
_ITEMS = {"/items": {"get": operation("list-items")}}


def _locks(server: Recorder, name: str, value: str, challenge: str = "") -> None:
    """Let the operation respond with 401 unless a header has a value."""

    def response(request: RecordedRequest) -> Response:
        if request.headers.get(name) == [value]:
            return Response()
        return Response(401, b"{}", {"WWW-Authenticate": challenge} if challenge else {})

    server.responses["/items"] = response


def _call(*words: str) -> Result:
    return run_cli("shop", "list-items", "--error-format", "json", *words)


def _line_in(result: Result) -> tuple[str, ...]:
    """Return the first command line that a hint names, without the program."""
    return tuple(
        shlex.split(result.error["hint"].split("`")[1 if "Add one" in result.error["hint"] else 3])[1:]
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("challenge", "header", "value", "secret", "kind"),
    [
        ("Bearer", "authorization", "Bearer s3cret", "s3cret", "bearer"),
        ("", "authorization", "Bearer s3cret", "s3cret", "bearer"),
        ('Basic realm="x"', "authorization", "Basic YW5uOnMzY3JldA==", "ann:s3cret", "basic"),
        ('ApiKey header="X-Shop"', "x-shop", "s3cret", "s3cret", "apikey"),
        ("APIKey", "x-api-key", "s3cret", "s3cret", "apikey"),
        ("X-Auth-Token", "x-auth-token", "s3cret", "s3cret", "apikey"),
    ],
)
@pytest.mark.parametrize("made", ["openapi", "undefined", "swagger"])
def test_a_401_leads_to_a_scheme_of_your_own(
    made: str, challenge: str, header: str, value: str, secret: str, kind: str, server: Recorder
) -> None:
    """The line that the hint names signs in as it stands, and calls, help and `auth` know the scheme at once."""
    paths: dict[str, Any] = _ITEMS
    if made == "undefined":
        paths = {"/items": {"get": operation("list-items", security=[{"nowhere": []}])}}
    url = serve(server, swagger(paths) if made == "swagger" else document(paths, None))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    _locks(server, header, value, challenge)
    refused = _call()
    assert (4, True) == (refused.exit_code, refused.error["hint"].startswith("The document declares no way"))
    line = _line_in(refused)
    assert ("auth", "login", "shop", "--scheme", kind) == line[:5]
    assert 0 == run_cli(*line, *_STORE, stdin=secret.encode()).exit_code
    assert 0 == _call().exit_code
    assert "stored credential" in run_cli("shop").stdout
    assert "from the stored credential" in run_cli("auth", "explain", "shop", "list-items").stdout
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    assert 0 == _call("--refresh").exit_code
    assert 0 == run_cli("auth", "logout", "shop").exit_code
    assert "`dynacli auth login shop`" in _call().error["hint"]


def test_the_scheme_is_bound_to_the_origin_and_only_yours(
    server: Recorder, other_server: Recorder, home: Path, canary: str
) -> None:
    """Another server gets no credential, and no scheme of that name in a later document changes where it goes."""
    serve(server, document(_ITEMS, None))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    login = ("auth", "login", "shop", "--scheme", "apikey", "--name", "X-Shop", *_STORE)
    assert 0 == run_cli(*login, stdin=canary.encode()).exit_code
    assert 11 == _call("--server", other_server.origin).exit_code
    assert [] == other_server.requests
    later = document(_ITEMS, None, schemes={"apikey": {"type": "apiKey", "in": "query", "name": "leak"}})
    serve(server, later)
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    server.responses["/items"] = Response()
    assert 0 == _call().exit_code
    assert [canary] == server.last.headers["x-shop"]
    assert "leak" not in server.last.target
    assert canary not in (home / "config" / "overlays" / "shop-sign-in.json").read_text()


def test_a_scheme_of_your_own_can_be_changed(server: Recorder, canary: str) -> None:
    """Another header, or another kind, takes the place of the first."""
    serve(server, document(_ITEMS, None))
    server.responses["/items"] = Response()
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    for words in (("apikey", "--name", "X-One"), ("apikey", "--name", "X-Two")):
        result = run_cli("auth", "login", "shop", "--scheme", *words, *_STORE, stdin=canary.encode())
        assert_ended(result, 0, without=["Warning"])
    assert 0 == _call().exit_code
    assert [canary] == server.last.headers["x-two"]
    assert "x-one" not in server.last.headers
    assert 0 == run_cli("auth", "login", "shop", "--scheme", "bearer", *_STORE, stdin=b"t0ken").exit_code
    assert 0 == _call().exit_code
    assert ["Bearer t0ken"] == server.last.headers["authorization"]
    assert "x-two" not in server.last.headers


def test_a_held_revision_is_not_left_for_a_scheme(server: Recorder) -> None:
    """A pin stays: the held revision was compiled without the scheme."""
    serve(server, document(_ITEMS, None))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    assert 0 == run_cli("api", "pin", "shop").exit_code
    result = run_cli("auth", "login", "shop", "--scheme", "bearer", *_STORE, stdin=b"x")
    assert_ended(result, 2, "`dynacli api unpin shop`")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--scheme", "bearer", "--name", "X-Key"), "`--name` is the header of an API key"),
        (("--scheme", "apikey", "--name", "Host"), "is not a header for a key"),
        (("--scheme", "apikey", "--name", "a b\r\nc"), "is not a header for a key"),
        (("--name", "X-Key"), "`--name` is only for documents"),
        (("--scheme", "other"), "has no security scheme"),
    ],
)
def test_what_is_no_scheme_is_told(
    words: tuple[str, ...], message: str, server: Recorder, home: Path
) -> None:
    """Nothing is written for a scheme that cannot be."""
    serve(server, document(_ITEMS, None))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    result = run_cli("auth", "login", "shop", *words, *_STORE, stdin=b"x")
    assert_ended(result, 2, message)
    assert not (home / "config" / "overlays").exists()


def test_a_document_with_schemes_keeps_them(server: Recorder) -> None:
    """A scheme of your own never stands beside those of a document."""
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    serve(server, document(_ITEMS, None, schemes=schemes))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    result = run_cli("auth", "login", "shop", "--scheme", "bearer", *_STORE, stdin=b"x")
    assert_ended(result, 2, "`shop` has no security scheme")


_KEY = {"token auth": {"type": "apiKey", "in": "header", "name": "Authorization"}}
_KEYED = {"/items": {"get": operation("list-items", security=[{"token auth": []}])}}


@pytest.mark.parametrize(("challenge", "word"), [("Token", "Token"), ("", "Bearer"), ("Bearer", "Bearer")])
def test_a_bare_key_in_authorization_leads_to_its_word(
    challenge: str, word: str, server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that the hint names sets `prefix`, which calls, dry runs and masks then have."""
    serve(server, document(_KEYED, None, schemes=_KEY))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_KEY", canary)
    _locks(server, "authorization", f"{word} {canary}", challenge)
    refused = _call()
    assert "without a prefix" in refused.error["hint"]
    line = _line_in(refused)
    assert ("api", "set", "shop", f'auth."token auth".prefix={word}') == line
    assert 0 == run_cli(*line).exit_code
    assert 0 == _call().exit_code
    assert ["Authorization", f"{word} ***"] in dry_run("shop", "list-items").json["headers"]
    monkeypatch.setenv("DYNACLI_SHOP_KEY", f"{word.lower()} {canary}")
    # The key has its word, which stays as it is.
    assert "Check the credential" in _call().error["hint"]
    assert [f"{word.lower()} {canary}"] == server.last.headers["authorization"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Authorization header must have a type, as in 'Bearer SECRET' or 'Apikey SECRET'",
            ["Apikey", "Bearer"],
        ),
        ("Authorization: Token <key> expected", ["Token"]),
        ("The authorization has no type", ["Bearer", "Token"]),
        ("The size is too large", []),
    ],
)
def test_a_400_that_names_authorization_leads_to_its_word(
    said: str, words: list[str], server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines have the words that the server shows before a secret."""
    schemes = {"Apikey": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    paths = {"/items": {"get": operation("list-items", security=[{"Apikey": []}])}}
    serve(server, document(paths, None, schemes=schemes))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "s3cret")
    server.responses["/items"] = Response(400, json.dumps({"detail": said}).encode())
    assert words == re.findall(r"auth\.Apikey\.prefix=(\w+)", _call().error["hint"])


def test_a_prefix_is_a_word(server: Recorder, home: Path) -> None:
    """What is not a word before a key is refused."""
    serve(server, document(_KEYED, None, schemes=_KEY))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    result = run_cli("api", "set", "shop", "auth.key.prefix=a b")
    assert (True, home.exists()) == (result.exit_code != 0, True)


@pytest.mark.parametrize("vary", ["", "Accept, Cookie"])
def test_a_document_that_depends_on_who_asks(
    vary: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The overview says that more may appear, and its commands fetch the document with the key after its word."""
    security: list[dict[str, list[str]]] = [{"token auth": []}] if vary else []
    small = api_of(get("/items", "list-items", security=security), server=None, schemes=_KEY)
    if not vary:
        small["paths"]["/items"]["get"]["security"] = [{"token auth": []}, {}]
    large = api_of(_KEYED, get("/more", "list-more"), server=None, schemes=_KEY)
    headers = {"Vary": vary} if vary else {}

    def response(request: RecordedRequest) -> Response:
        is_known = request.headers.get("authorization") == ["Token s3cret"]
        return Response(body=json.dumps(large if is_known else small).encode(), headers=headers)

    server.responses["/openapi.json"] = response
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    page = " ".join(run_cli("shop").stdout.split())
    assert "operations may appear after signing in" in page
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "s3cret")
    assert (
        0
        == run_cli("api", "set", "shop", 'auth."token auth".prefix=Token', "document_login=always").exit_code
    )
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    page = run_cli("shop").stdout
    assert "list-more" in page
    assert "may appear" not in page


@pytest.mark.parametrize("schemes", [None, _KEY], ids=["no scheme", "a scheme that no operation names"])
def test_a_document_without_credentials_may_depend_on_who_asks(
    schemes: Any, server: Recorder, canary: str
) -> None:
    """The overview does not say that no one signs in, and its commands fetch the whole document."""
    small = document(_ITEMS, None, schemes=schemes)
    large = api_of(_ITEMS, get("/more", "list-more"), server=None, schemes=schemes)

    def response(request: RecordedRequest) -> Response:
        is_known = any(canary in "".join(values) for values in request.headers.values())
        body = json.dumps(large if is_known else small).encode()
        return Response(body=body, headers={"Vary": "Authorization"})

    server.responses["/openapi.json"] = response
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    page = " ".join(run_cli("shop").stdout.split())
    assert "declares no credentials, and the server says that it depends on who asks" in page
    lines = re.findall(r"dynacli ((?:auth|api) [^;]*?)(?=;| [A-Z])", page.partition("may appear")[2])
    assert ["auth login", "api set", "api refresh"] == [" ".join(line.split()[:2]) for line in lines]
    for line in lines:
        more = _STORE if line.startswith("auth") else ()
        assert 0 == run_cli(*line.split(), *more, stdin=canary.encode()).exit_code
    assert "list-more" in run_cli("shop").stdout


def test_a_document_for_everyone_promises_nothing(server: Recorder) -> None:
    """A document with operations that want a credential is taken for the whole."""
    serve(server, document(_KEYED, None, schemes=_KEY))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/openapi.json").exit_code
    assert "may appear" not in run_cli("shop").stdout


_OWN_KEY = ("auth", "login", "shop", "--scheme", "apikey", "--name", "Authorization", "--store", "file")


def _register_behind_a_login(server: Recorder, canary: str) -> Result:
    """Register a document without schemes that its server sends only with a header."""
    body = json.dumps(document(_ITEMS, None)).encode()

    def response(request: RecordedRequest) -> Response:
        return Response(body=body) if request.headers.get("authorization") == [canary] else Response(401)

    server.responses["/d.json"] = response
    _locks(server, "authorization", canary)
    return run_cli("api", "add", "shop", f"{server.origin}/d.json", "-H", f"Authorization: {canary}")


def test_a_new_scheme_needs_no_new_document(server: Recorder, canary: str, home: Path) -> None:
    """A sign-in compiles the document at hand again, and gives the document the header from then on."""
    added = _register_behind_a_login(server, canary)
    line = "auth login shop --scheme apikey --name Authorization"
    assert_ended(added, 0, f"To sign calls: dynacli {line}\n")
    asked = len(server.requests)
    assert 0 == run_cli(*_OWN_KEY, "--with-token", stdin=canary.encode()).exit_code
    assert (asked, 0, 0) == (len(server.requests), _call().exit_code, _call("--refresh").exit_code)
    shutil.rmtree(home / "cache")
    assert (0, [canary]) == (_call().exit_code, server.last.headers["authorization"])


@pytest.mark.parametrize("words", [(), ("--with-token",)])
def test_a_sign_in_that_fails_changes_nothing(
    words: tuple[str, ...], server: Recorder, canary: str, home: Path
) -> None:
    """Without a credential to store, the configuration is as it was before, and calls work as before."""
    _register_behind_a_login(server, canary)
    before = (home / "config" / "config.toml").read_bytes()
    assert 0 != run_cli(*_OWN_KEY, *words).exit_code
    assert before == (home / "config" / "config.toml").read_bytes()
    assert [] == list((home / "config" / "overlays").iterdir())
    assert 0 == _call("-H", f"Authorization: {canary}").exit_code


def test_the_way_out_of_a_lost_document_works(server: Recorder, canary: str, home: Path) -> None:
    """If the document is lost, the hint names the command that fetches it with a header, not the sign-in."""
    _register_behind_a_login(server, canary)
    shutil.rmtree(home / "cache")
    refused = _call()
    assert 10 == refused.exit_code
    assert "auth login" not in refused.error["hint"]
    assert "`dynacli api refresh shop -H NAME:VALUE`" in refused.error["hint"]
    assert 0 == run_cli("api", "refresh", "shop", "-H", f"Authorization: {canary}").exit_code
    assert 0 == _call("-H", f"Authorization: {canary}").exit_code
