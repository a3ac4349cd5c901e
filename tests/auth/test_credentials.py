"""Credentials come from the environment, as the operation's security requirement asks for them."""

from base64 import b64encode
from typing import Any

import pytest

from dynacli.auth.credentials import Variables
from dynacli.secrets import Masker, Secret
from tests.auth.shop import Shop
from tests.documents import API_KEY, BASIC, BEARER, api_of, document, get, operation, save_api, serve
from tests.harness import Recorder, Response, assert_ended, run_cli

QUERY_KEY = {"type": "apiKey", "in": "query", "name": "api key"}
COOKIE_KEY = {"type": "apiKey", "in": "cookie", "name": "sid"}


def test_a_bearer_token_is_sent(shop: Shop, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`http` `bearer`, `oauth2` and `openIdConnect` take `DYNACLI_<API>_TOKEN`."""
    for scheme in (BEARER, {"type": "http", "scheme": "Bearer"}, {"type": "oauth2", "flows": {}}):
        shop.register({"auth": scheme}, [{"auth": []}])
        monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
        assert 0 == shop.call("-v").exit_code
        assert [f"Bearer {canary}"] == shop.server.last.headers["authorization"]
        run_cli("api", "remove", "shop")


def test_a_user_and_a_password_are_sent(shop: Shop, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`http` `basic` takes `DYNACLI_<API>_USERNAME` and `_PASSWORD`, in UTF-8 (RFC 7617)."""
    shop.register({"auth": BASIC}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "zo\xeb")
    monkeypatch.setenv("DYNACLI_SHOP_PASSWORD", f"{canary}:\u20ac")
    result = shop.call("-v")
    encoded = b64encode(f"zo\xeb:{canary}:\u20ac".encode()).decode()
    assert (0, [f"Basic {encoded}"]) == (result.exit_code, shop.server.last.headers["authorization"])
    assert encoded not in result.stderr


@pytest.mark.parametrize(
    ("scheme", "header", "target"),
    [
        (API_KEY, ("x-api-key", "{}"), "/items?limit=1"),
        (QUERY_KEY, ("x-api-key", None), "/items?limit=1&api%20key={}"),
        (COOKIE_KEY, ("cookie", "a=b; sid={}"), "/items?limit=1"),
        ({**API_KEY, "name": "Authorization"}, ("authorization", "{}"), "/items?limit=1"),
    ],
    ids=["header", "query", "cookie", "header Authorization"],
)
def test_a_key_is_sent(
    shop: Shop,
    canary: str,
    monkeypatch: pytest.MonkeyPatch,
    scheme: dict[str, str],
    header: tuple[str, str | None],
    target: str,
) -> None:
    """`apiKey` takes `DYNACLI_<API>_KEY` and stands where the document puts it, beside what is there."""
    parameters = [
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
        {"name": "a", "in": "cookie", "schema": {"type": "string"}},
    ]
    shop.register({"auth": scheme}, [{"auth": []}], parameters=parameters)
    monkeypatch.setenv("DYNACLI_SHOP_KEY", canary)
    words = ("--limit", "1", "-v", *(("--a", "b") if scheme is COOKIE_KEY else ()))
    assert 0 == shop.call(*words).exit_code
    assert target.format(canary) == shop.server.last.target
    name, value = header
    assert (None if value is None else [value.format(canary)]) == shop.server.last.headers.get(name)


def test_a_key_in_the_query_is_encoded_and_masked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key with reserved characters arrives whole, and none of its forms is shown."""
    shop.register({"auth": {**QUERY_KEY, "name": "key"}}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "a&b=c d+e*")
    result = shop.call("-v")
    assert "/items?key=a%26b%3Dc%20d%2Be*" == shop.server.last.target
    assert f"> GET {shop.server.origin}/items?key=***" == result.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TOKEN": "t"}, {"authorization": ["Bearer t"]}),
        ({"KEY": "k"}, {"x-api-key": ["k"]}),
        ({"TOKEN": "t", "KEY": "k"}, {"authorization": ["Bearer t"]}),
    ],
)
def test_the_first_complete_alternative_is_taken(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    expected: dict[str, list[str]],
) -> None:
    """The first alternative that has all its credentials is used, alone."""
    shop.register({"token": BEARER, "apiKey": API_KEY}, [{"token": []}, {"apiKey": []}])
    for name, value in variables.items():
        monkeypatch.setenv(f"DYNACLI_SHOP_{name}", value)
    assert 0 == shop.call().exit_code
    sent = shop.server.last.headers
    assert expected == {name: sent[name] for name in ("authorization", "x-api-key") if name in sent}


def test_all_schemes_of_an_alternative_go_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alternative of two schemes needs both, and half of it is not sent."""
    shop.register({"token": BEARER, "apiKey": API_KEY}, [{"token": [], "apiKey": []}])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "t")
    result = shop.call("--error-format", "json")
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert f"{_SIGN_IN}`DYNACLI_SHOP_TOKEN` and `DYNACLI_SHOP_KEY`{_NO_CREDENTIAL}" == result.error["hint"]
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "k")
    assert 0 == shop.call().exit_code
    sent = shop.server.last.headers
    assert (["Bearer t"], ["k"]) == (sent["authorization"], sent["x-api-key"])


def test_two_of_a_kind_have_variables_of_their_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """When two keys go together, each is named by its scheme; `_KEY` would say nothing."""
    second = {"type": "apiKey", "in": "header", "name": "X-App"}
    shop.register({"user-key": API_KEY, "appKey": second}, [{"user-key": [], "appKey": []}])
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "k")
    result = shop.call("--error-format", "json")
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert (
        f"{_SIGN_IN}`DYNACLI_SHOP_USER_KEY` and `DYNACLI_SHOP_APPKEY`{_NO_CREDENTIAL}" == result.error["hint"]
    )
    monkeypatch.setenv("DYNACLI_SHOP_USER_KEY", "u")
    monkeypatch.setenv("DYNACLI_SHOP_APPKEY", "a")
    assert 0 == shop.call().exit_code
    sent = shop.server.last.headers
    assert (["u"], ["a"]) == (sent["x-api-key"], sent["x-app"])


@pytest.mark.parametrize("name", ["TOKEN", "CODE", "IMPLICIT"])
def test_of_several_tokens_that_go_together_one_is_enough(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A request has one `Authorization`, so that a token for one of the schemes does for all."""
    flow = {"authorizationUrl": "https://a.example", "scopes": {}}
    implicit = {"type": "oauth2", "flows": {"implicit": flow}}
    code = {"type": "oauth2", "flows": {"authorizationCode": {**flow, "tokenUrl": "https://a.example/t"}}}
    schemes = {"implicit": implicit, "code": code, "apiKey": API_KEY}
    shop.register(schemes, [{"implicit": [], "code": [], "apiKey": []}])
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "k")
    result = shop.call("--error-format", "json")
    assert f"{_SIGN_IN}`DYNACLI_SHOP_TOKEN` and `DYNACLI_SHOP_KEY`{_NO_CREDENTIAL}" == result.error["hint"]
    monkeypatch.setenv(f"DYNACLI_SHOP_{name}", "t")
    assert 0 == shop.call().exit_code
    sent = shop.server.last.headers
    assert (["Bearer t"], ["k"]) == (sent["authorization"], sent["x-api-key"])


@pytest.mark.parametrize("security", [[], [{}], [{"auth": []}, {}], [{}, {"auth": []}]], ids=repr)
def test_anonymous_calls_are_made_without(shop: Shop, security: list[Any]) -> None:
    """`security: []` and an empty alternative need nothing."""
    shop.register({"auth": BEARER}, security)
    assert 0 == shop.call().exit_code
    assert "authorization" not in shop.server.last.headers


def test_an_empty_requirement_takes_no_credential(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`security: []` overrides the document's: a token at hand is not sent if none is asked for."""
    shop.register({"auth": BEARER}, [])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "t")
    assert 0 == shop.call().exit_code
    assert "authorization" not in shop.server.last.headers


def test_a_credential_goes_where_it_is_optional(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """If anonymous calls are allowed beside a scheme, a token at hand is used."""
    shop.register({"auth": BEARER}, [{}, {"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "t")
    assert 0 == shop.call().exit_code
    assert ["Bearer t"] == shop.server.last.headers["authorization"]


def test_the_documents_requirement_is_the_default(shop: Shop) -> None:
    """An operation without `security` has the document's."""
    paths = {"/items": {"get": operation("list-items")}}
    url = serve(shop.server, document(paths, None, schemes={"auth": BEARER}, security=[{"auth": []}]))
    run_cli("api", "add", "shop", url)
    assert 10 == shop.call().exit_code


_NO_CREDENTIAL = "; if the server needs none: `--auth none`, always: `dynacli api set shop auth=never`"
_SIGN_IN = "Sign in with `dynacli auth login shop`, or set "


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("scheme", "hint"),
    [
        (BEARER, f"{_SIGN_IN}`DYNACLI_SHOP_TOKEN`"),
        (BASIC, f"{_SIGN_IN}`DYNACLI_SHOP_USERNAME` and `DYNACLI_SHOP_PASSWORD`"),
        (API_KEY, f"{_SIGN_IN}`DYNACLI_SHOP_KEY`"),
        ({"type": "http", "scheme": "hoba"}, "Give the header that it needs with `-H 'NAME: VALUE'`"),
        (
            {"type": "mutualTLS"},
            "Name the files of a certificate in the configuration: `cert` and `cert_key` in `[apis.shop.auth.auth]`",
        ),
        ({**API_KEY, "name": "Content-Length"}, "Give the header that it needs with `-H 'NAME: VALUE'`"),
        ({**API_KEY, "name": "X\r\nY"}, "Give the header that it needs with `-H 'NAME: VALUE'`"),
        ({**COOKIE_KEY, "name": "a=b; c"}, "Give the header that it needs with `-H 'NAME: VALUE'`"),
    ],
    ids=["bearer", "basic", "key", "hoba", "mutualTLS", "managed header", "line break", "cookie"],
)
def test_a_missing_credential_names_its_variables(shop: Shop, scheme: dict[str, str], hint: str) -> None:
    """Without a credential nothing is sent: exit 10, with the variables to set."""
    shop.register({"auth": scheme}, [{"auth": []}])
    result = shop.call("--error-format", "json")
    assert (10, "", []) == (result.exit_code, result.stdout, shop.server.requests)
    assert ("auth", f"{hint}{_NO_CREDENTIAL}") == (result.error["kind"], result.error["hint"])


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("scheme", "variable", "value"),
    [
        (BEARER, "TOKEN", "hunter2\r\nX-B: c"),
        (BEARER, "TOKEN", "hunter2\x1b"),
        (BEARER, "TOKEN", "hunter2\u20ac"),
        (BEARER, "TOKEN", "hunter2\udcff"),
        (BASIC, "USERNAME", "hunter2:x"),
        (BASIC, "PASSWORD", "hunter2\nx"),
        (BASIC, "PASSWORD", "hunter2\udcff"),
        (API_KEY, "KEY", "hunter2\nx"),
        (COOKIE_KEY, "KEY", "hunter2; admin=1"),
        (COOKIE_KEY, "KEY", 'hunter2"'),
    ],
    ids=repr,
)
def test_a_value_that_cannot_be_sent_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, scheme: dict[str, str], variable: str, value: str
) -> None:
    """A value with characters that would change the request is exit 10, names its variable, and stays hidden."""
    shop.register({"auth": scheme}, [{"auth": []}])
    monkeypatch.setenv(f"DYNACLI_SHOP_{variable}", value)
    result = shop.call()
    assert (10, []) == (result.exit_code, shop.server.requests)
    assert f"`DYNACLI_SHOP_{variable}`" in result.stderr
    assert "hunter2" not in result.stderr


def test_white_space_around_a_token_is_not_meant(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line break at the end, as from a file, is left out."""
    shop.register({"auth": BEARER}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", " abc\r\n")
    assert 0 == shop.call().exit_code
    assert ["Bearer abc"] == shop.server.last.headers["authorization"]


@pytest.mark.parametrize(
    ("scheme", "header"),
    [
        (BEARER, "Authorization: Token {}"),
        ({"type": "http", "scheme": "digest"}, "authorization: Digest {}"),
        (API_KEY, "x-api-key: {}"),
        (COOKIE_KEY, "Cookie: a=b; sid={}"),
    ],
    ids=["bearer", "digest", "key", "cookie"],
)
def test_a_header_stands_in_for_a_credential(
    shop: Shop, canary: str, monkeypatch: pytest.MonkeyPatch, scheme: dict[str, str], header: str
) -> None:
    """A header given with `-H` is used as it is instead of a variable, and is masked in what is shown."""
    shop.register({"auth": scheme}, [{"auth": []}])
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "other")
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "other")
    word = header.format(canary)
    for more in (("-v",), ("--dry-run",), ("--dry-run", "json"), ("--dry-run", "curl")):
        assert 0 == shop.call("-H", word, *more).exit_code
    name, _, value = word.partition(": ")
    (request,) = shop.server.requests
    assert [value] == request.headers[name.lower()]


@pytest.mark.parametrize(
    ("location", "name", "option"),
    [("query", "key", "--key"), ("header", "X-Key", "--x-key"), ("cookie", "sid", "--sid")],
)
def test_an_option_stands_in_for_a_key(
    shop: Shop, canary: str, location: str, name: str, option: str
) -> None:
    """A key that the document also has as a parameter may be given as that parameter, and is masked."""
    parameters = [{"name": name, "in": location, "schema": {"type": "string"}}]
    scheme = {"type": "apiKey", "in": location, "name": name}
    shop.register({"auth": scheme}, [{"auth": []}], parameters=parameters)
    for more in (("-v",), ("--dry-run",), ("--dry-run", "json"), ("--dry-run", "curl")):
        assert 0 == shop.call(option, canary, *more).exit_code
    (request,) = shop.server.requests
    assert 1 == repr(request).count(canary)


def test_a_document_without_a_name_has_plain_variables(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that is not registered takes `DYNACLI_TOKEN` and its like."""
    server.responses["/items"] = Response()
    paths = {"/items": {"get": operation("list-items", security=[{"auth": []}])}}
    url = serve(server, document(paths, None, schemes={"auth": BEARER}))
    assert "Set `DYNACLI_TOKEN`" in run_cli(url, "list-items").stderr
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    assert 0 == run_cli(url, "list-items").exit_code
    assert [f"Bearer {canary}"] == server.last.headers["authorization"]


@pytest.mark.parametrize(
    ("prefix", "scheme", "expected"),
    [
        ("DYNACLI_SHOP", "api_key", "DYNACLI_SHOP_API_KEY"),
        ("DYNACLI_SHOP", "My Scheme!", "DYNACLI_SHOP_MY_SCHEME"),
        ("DYNACLI_SHOP", "password", "DYNACLI_SHOP__PASSWORD"),
        ("DYNACLI_SHOP", "\xe9", "DYNACLI_SHOP__"),
        ("DYNACLI_GIT", "hub_token", "DYNACLI_GIT__HUB_TOKEN"),
        ("DYNACLI_GIT_HUB", "foo", "DYNACLI_GIT_HUB_FOO"),
        ("DYNACLI", "appKey", "DYNACLI_APPKEY"),
        ("DYNACLI", "git_hub_token", "DYNACLI__GIT_HUB_TOKEN"),
        ("DYNACLI", "other_token", "DYNACLI__OTHER_TOKEN"),
        ("DYNACLI", "git_foo", "DYNACLI__GIT_FOO"),
        ("DYNACLI", "config dir", "DYNACLI__CONFIG_DIR"),
    ],
)
def test_a_scheme_cannot_have_anothers_variable(prefix: str, scheme: str, expected: str) -> None:
    """A document names its schemes, and never gets another API's variable or a setting by that."""
    variables = Variables(prefix, {}, ["DYNACLI_GIT", "DYNACLI_GIT_HUB", "DYNACLI_SHOP"])
    assert expected == variables.own(scheme)


def test_a_document_cannot_ask_for_anothers_credential(
    server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document whose schemes are called like the variables of another API gets none of them."""
    monkeypatch.setenv("DYNACLI_GITHUB_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_GITHUB_KEY", canary)
    schemes = {"github_token": BEARER, "github_key": API_KEY, "Github-Token": {**API_KEY, "name": "X-B"}}
    security: list[dict[str, list[str]]] = [{name: []} for name in schemes]
    security += [{"github_key": [], "Github-Token": []}, {}]
    server.responses["/items"] = Response()
    url = serve(server, api_of(get("/items", "take", security=security), server=None, schemes=schemes))
    assert 0 == run_cli(url, "take").exit_code
    assert canary not in repr(server.requests)


def test_secrets_never_show_themselves() -> None:
    """A secret's `str` and `repr` are masked, and a masker finds all forms in which it travels."""
    secret = Secret('a/b c"\xeb')
    assert "***" == str(secret)
    assert "Secret(***)" == repr(secret)
    forms = ['a/b c"\xeb', "a%2Fb%20c%22%C3%AB", "a/b%20c%22%C3%AB", 'a/b c\\"\\u00eb', 'a/b c\\"\xeb']
    assert ["***"] * 5 == [Masker([secret]).mask(form) for form in forms]


def test_the_longest_secret_is_masked_first() -> None:
    """A secret that is a part of another one does not leave the rest of it readable."""
    assert "x ***" == Masker([Secret("abcd"), Secret("abcdef")]).mask("x abcdef")


def test_what_auth_says_of_the_stand_in() -> None:
    """`explain` tells the credential that each call has; no one signs in or out, and `explain` is named for that."""
    explained = run_cli("auth", "explain", "demo", "get-org", "-o", "json")
    ((scheme,),) = [alternative["schemes"] for alternative in explained.json["alternatives"]]
    reported = scheme["source"], scheme["state"], scheme["allowed"], scheme["origin"].rpartition(":")[0]
    assert ("DYNACLI_DEMO_TOKEN", "present", True, "http://127.0.0.1") == reported
    assert (0, 0) == (explained.exit_code, run_cli("auth", "status", "demo").exit_code)
    for word in ("login", "logout", "token"):
        result = run_cli("auth", word, "demo")
        assert_ended(result, 2, "`dynacli auth explain demo OPERATION`")


def test_a_path_in_a_suggested_command_is_one_word() -> None:
    """The document of an API may be called anything."""
    name = save_api(file="my api; x.json")
    assert f"`dynacli auth login '{name}'`" in run_cli("auth", "token", name).stderr


@pytest.mark.parametrize("word", ["none", "never"])
def test_no_credential_is_wanted_if_none_is_ever_sent(shop: Shop, word: str) -> None:
    """`api set auth=none` writes `never`: calls are sent without a credential, and no page says that one is missing."""
    shop.register({"auth": API_KEY}, [{"auth": []}])
    assert 0 == run_cli("api", "set", "shop", f"auth={word}").exit_code
    assert 0 == shop.call().exit_code
    assert "x-api-key" not in shop.server.last.headers
    summary = run_cli("describe", "shop", "list-items", "--summary", "-o", "json").json
    assert summary["credential"] is None
    assert "no call carries a credential" in run_cli("shop").stdout
