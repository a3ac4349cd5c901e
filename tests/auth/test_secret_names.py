"""Which names of parameters, headers and fields tell that their values are secrets."""

import pytest

from dynacli.secrets import is_secret_name, with_masked_secrets

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
    assert masked == with_masked_secrets(url, {"pin"})
