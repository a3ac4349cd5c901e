"""Which names of parameters, headers and fields tell that their values are secrets."""

import pytest

from dynacli.secrets import MAY_HOLD_SECRET, is_secret_name, is_secret_setting, mask_header, mask_url

_SECRET = (
    "password passwd pwd passphrase client_secret clientSecret token accessToken access_token X-Auth-Token apiKey"
    " api_key X-API-Key key private-key Ocp-Apim-Subscription-Key credential signature sig jwt Authorization"
    " oldPassword"
)
_PLAIN = (
    "issueKey issue-id-or-key idempotency-key sort_key page_token nextToken continuationToken token_type tokenId"
    " credential_id secretName auth-method keyword monkey tokens authors name id"
)


@pytest.mark.parametrize(("names", "expected"), [(_SECRET, True), (_PLAIN, False)], ids=["secret", "plain"])
def test_a_name_tells_whether_its_value_is_a_secret(names: str, *, expected: bool) -> None:
    """Words such as `token` make a secret, unless another word says that it is of a page, or only about a secret."""
    assert {} == {name: not expected for name in names.split() if is_secret_name(name) is not expected}


def test_no_name_of_a_secret_is_overlooked() -> None:
    """Texts are looked at more closely if they may hold a secret; each name of one counts for that."""
    names = [
        *_SECRET.lower().split(),
        "cookie",
        "set-cookie",
        "proxy-authorization",
        "x-session-id",
        "%74oken",
    ]
    assert [] == [name for name in names if not MAY_HOLD_SECRET.search(name)]


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://a.example/b", "https://a.example/b"),
        ("https://a.example/b?page=2&api_key=x&sig=", "https://a.example/b?page=2&api_key=***&sig="),
        ("/users?access%5Ftoken=x&pin=1&z", "/users?access%5Ftoken=***&pin=***&z"),
        ("/users?a=1#id_token=x", "/users?a=1#id_token=***"),
        ("/users?a=1;token=x/y;z&b=2", "/users?a=1;token=***&b=2"),
        ("/users;token=x/pets?b=2", "/users;token=***/pets?b=2"),
        ("/token=x/pets", "/token=***/pets"),
    ],
)
def test_the_secrets_in_a_url_are_masked(url: str, masked: str) -> None:
    """The values of parameters with such names are, and all else stays as it is written."""
    assert masked == mask_url(url, {"pin"})


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Accept", "text/plain", "text/plain"),
        ("Authorization", "Bearer x", "Bearer ***"),
        ("authorization", "x", "***"),
        ("X-Api-Key", "x y", "***"),
        ("X-Session-Id", "x***", "***"),
        ("X-Own", "x", "***"),
    ],
)
def test_the_value_of_a_secret_header_is_masked(name: str, value: str, shown: str) -> None:
    """Its scheme stays, and a value that has a mask in it is no exception."""
    assert shown == mask_header(name, value, {"x-own"})


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("apis.shop.headers.Cookie", True),
        ("apis.shop.profiles.p.headers.X-Session-Id", True),
        ("apis.shop.query.api_key", True),
        ("apis.shop.server_vars.token", True),
        ("apis.shop.query.page", False),
        ("apis.shop.token", False),
    ],
)
def test_one_rule_holds_for_all_pairs_of_the_configuration(key: str, *, expected: bool) -> None:
    """Headers, pairs of the query and variables of the server have the names of secrets in common."""
    assert expected is is_secret_setting(key.split("."))


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/a?sid=x&code=1&page=2", "/a?sid=***&code=***&page=2"),
        ("/a?state=open&state=x1", "/a?state=open&state=***"),
        ("/a?download&versionId&X9", "/a?download&versionId&***"),
        ("/a?country_code=DE&login_code=1", "/a?country_code=DE&login_code=***"),
        ("/a?s=abc&s=abc123def456g", "/a?s=abc&s=***"),
        ("/a?next=/b?sid=x&r=%2Fb%3Fsid%3Dx", "/a?next=/b?sid=***&r=***"),
        ("/tokens/abc123def456g/b9", "/tokens/***/b9"),
    ],
)
def test_a_url_that_no_document_describes_may_hold_more(url: str, masked: str) -> None:
    """Short names and texts alone count as secrets, and words and numbers do not."""
    assert masked == mask_url(url, is_documented=False)
    assert url == mask_url(url)
