"""How `Set-Cookie` is read (RFC 6265, section 5; prefixes and sizes: RFC 6265bis)."""

import pytest

from dynacli.http.cookies import goes_to, read_cookie

NOW = 1_700_000_000.0
URL = "https://api.shop.example/v1/session/new"

ACCEPTED: dict[str, tuple[str, str, tuple[str, str, str, bool, float | None]]] = {
    "plain": (URL, "sid=1", ("sid", "1", "/v1/session", False, None)),
    "path": (URL, "sid=1; Path=/", ("sid", "1", "/", False, None)),
    "path that is relative": (URL, "sid=1; Path=v1", ("sid", "1", "/v1/session", False, None)),
    "path of the root": ("https://a.example", "sid=1", ("sid", "1", "/", False, None)),
    "the last path counts": (URL, "sid=1; Path=/a; path=/b", ("sid", "1", "/b", False, None)),
    "white space around": (URL, "  sid=1 ; Secure ", ("sid", "1", "/v1/session", True, None)),
    "secure": (URL, "sid=1; secure; HttpOnly", ("sid", "1", "/v1/session", True, None)),
    "secure on this machine": (
        "http://127.0.0.1:8000/login",
        "sid=1; Secure",
        ("sid", "1", "/", True, None),
    ),
    "secure on a socket": ("unix:/run/app.sock:/login", "sid=1; Secure", ("sid", "1", "/", True, None)),
    "quotes stay": (URL, 'sid="a b,c"', ("sid", '"a b,c"', "/v1/session", False, None)),
    "equals sign in the value": (URL, "sid=a=b==", ("sid", "a=b==", "/v1/session", False, None)),
    "empty value": (URL, "sid=", ("sid", "", "/v1/session", False, None)),
    "age": (URL, "sid=1; Max-Age=60", ("sid", "1", "/v1/session", False, NOW + 60)),
    "age before expiry": (
        URL,
        "sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
        ("sid", "1", "/v1/session", False, NOW + 60),
    ),
    "huge age": (URL, f"sid=1; Max-Age={'9' * 18}", ("sid", "1", "/v1/session", False, 253_402_300_799)),
    "age that is no number": (URL, "sid=1; Max-Age=1e9", ("sid", "1", "/v1/session", False, None)),
    "ended by age": (URL, "sid=1; Max-Age=0", ("sid", "1", "/v1/session", False, NOW)),
    "ended by negative age": (URL, "sid=1; Max-Age=-5", ("sid", "1", "/v1/session", False, NOW)),
    "expiry": (
        URL,
        "sid=1; Expires=Wed, 15 Nov 2023 22:13:20 GMT",
        ("sid", "1", "/v1/session", False, NOW + 86_400),
    ),
    "expiry with dashes": (
        URL,
        "sid=1; Expires=Wed, 15-Nov-2023 22:13:20 GMT",
        ("sid", "1", "/v1/session", False, NOW + 86_400),
    ),
    "expiry that is none": (URL, "sid=1; Expires=tomorrow", ("sid", "1", "/v1/session", False, None)),
    "own domain": (URL, "sid=1; Domain=api.shop.example", ("sid", "1", "/v1/session", False, None)),
    "domain above": (URL, "sid=1; Domain=.SHOP.example", ("sid", "1", "/v1/session", False, None)),
    "host prefix": (URL, "__Host-sid=1; Secure; Path=/", ("__Host-sid", "1", "/", True, None)),
    "secure prefix": (URL, "__Secure-sid=1; Secure", ("__Secure-sid", "1", "/v1/session", True, None)),
    "unknown attribute": (URL, "sid=1; SameParty; Priority=High", ("sid", "1", "/v1/session", False, None)),
}

REFUSED = {
    "no name": (URL, "=1"),
    "no equals sign": (URL, "sid"),
    "nothing": (URL, ""),
    "another domain": (URL, "sid=1; Domain=evil.example"),
    "a domain below": (URL, "sid=1; Domain=x.api.shop.example"),
    "a domain that ends alike": (URL, "sid=1; Domain=hop.example"),
    "a top-level domain": (URL, "sid=1; Domain=example"),
    "a domain of an address": ("https://10.0.0.1/", "sid=1; Domain=0.0.1"),
    "secure over plain HTTP": ("http://api.shop.example/", "sid=1; Secure"),
    "control character in the value": (URL, "sid=a\x01b"),
    "line break in the value": (URL, "sid=a\r\nX: y"),
    "control character in an attribute": (URL, "sid=1; Path=/\x00"),
    "white space in the name": (URL, "s id=1"),
    "quote in the name": (URL, '"sid"=1'),
    "huge": (URL, "sid=" + "x" * 4096),
    "host prefix without Secure": (URL, "__Host-sid=1; Path=/"),
    "host prefix below the root": (URL, "__Host-sid=1; Secure; Path=/v1"),
    "host prefix with a domain": (URL, "__host-sid=1; Secure; Path=/; Domain=api.shop.example"),
    "secure prefix without Secure": (URL, "__secure-sid=1"),
}


@pytest.mark.parametrize(("url", "text", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_cookie_that_a_response_may_set(
    url: str, text: str, expected: tuple[str, str, str, bool, float | None]
) -> None:
    """Name, value, path, `Secure` and end are read as user agents read them."""
    cookie = read_cookie(url, text, NOW)
    assert cookie is not None
    assert expected == (cookie.name, cookie.value, cookie.path, cookie.is_secure, cookie.expires_at)


@pytest.mark.parametrize(("url", "text"), REFUSED.values(), ids=REFUSED)
def test_a_cookie_that_is_refused(url: str, text: str) -> None:
    """A cookie for others, without a name, with control characters or against its prefix is not read."""
    assert read_cookie(url, text, NOW) is None


@pytest.mark.parametrize(
    ("path", "url", "expected"),
    [
        ("/", "https://a.example", True),
        ("/", "https://a.example/x/y", True),
        ("/x", "https://a.example/x", True),
        ("/x", "https://a.example/x/", True),
        ("/x", "https://a.example/x/y?z", True),
        ("/x/", "https://a.example/x/y", True),
        ("/x/", "https://a.example/x", False),
        ("/x", "https://a.example/xy", False),
        ("/x", "https://a.example/X", False),
        ("/x", "https://a.example/", False),
        ("/x", "unix:/x/app.sock:/y", False),
        ("/y", "unix:/x/app.sock:/y", True),
    ],
)
def test_path_match(path: str, url: str, expected: bool) -> None:
    """A cookie goes to its path and to what is below it, by whole segments (section 5.1.4)."""
    assert expected is goes_to(url, path, is_secure=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/", True),
        ("http://a.example/", False),
        ("http://127.0.0.1/", True),
        ("http://localhost:8000/", True),
        ("unix:/run/app.sock:/", True),
    ],
)
def test_secure(url: str, expected: bool) -> None:
    """A cookie with `Secure` goes over encrypted connections, and to this machine."""
    assert expected is goes_to(url, "/", is_secure=True)
