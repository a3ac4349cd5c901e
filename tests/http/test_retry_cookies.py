"""The cookies that a response sets which is not final: the next try of the same call sends them, nothing else does."""

import pytest

from dynacli.http.built_request import Request, RequestParts
from dynacli.http.cookies import RetryCookies
from tests.documents import API_KEY, api_of, get, register, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli

_SET_AT = "https://api.example/v1/items/7"


def _sent(url: str, *values: str, at: str = _SET_AT, headers: tuple[tuple[str, str], ...] = ()) -> str | None:
    """Return the header `Cookie` of a request to a URL after a response has set cookies."""
    cookies = RetryCookies()
    cookies.keep(at, [("Set-Cookie", value) for value in values])
    request = cookies.added(Request("GET", url, headers, None, RequestParts({}, (), {}, ())))
    found = [value for name, value in request.headers if name == "Cookie"]
    assert len(found) <= 1, "a request has one header `Cookie`"
    return found[0] if found else None


_COOKIES: dict[str, tuple[str, tuple[str, ...], str | None]] = {
    "same URL": (_SET_AT, ("a=1; HttpOnly; SameSite=Lax",), "a=1"),
    "default path": ("https://api.example/v1/items", ("a=1",), "a=1"),
    "above the default path": ("https://api.example/v1", ("a=1",), None),
    "beside the path": ("https://api.example/v1/items7", ("a=1; Path=/v1/items",), None),
    "path": ("https://api.example/v2", ("a=1; path=/",), "a=1"),
    "path that is none": ("https://api.example/v2", ("a=1; path=v2",), None),
    "other host": ("https://www.api.example/v1/items/7", ("a=1; Domain=api.example",), None),
    "other port": ("https://api.example:444/v1/items/7", ("a=1",), None),
    "other scheme": ("http://api.example/v1/items/7", ("a=1",), None),
    "own domain": (_SET_AT, ("a=1; Domain=.API.example",), "a=1"),
    "domain above": ("https://api.shop.example/", ("a=1; Domain=shop.example; Path=/",), None),
    "top-level domain": (_SET_AT, ("a=1; Domain=example",), None),
    "domain of others": (_SET_AT, ("a=1; Domain=evil.example",), None),
    "domain that ends alike": (_SET_AT, ("a=1; Domain=pi.example",), None),
    "secure": (_SET_AT, ("a=1; secure",), "a=1"),
    "several": (_SET_AT, ("a=1; Path=/", "b=2", "a=3; Path=/"), "b=2; a=3"),
    "one in a header": (_SET_AT, ("a=1, b=2",), "a=1, b=2"),
    "ended by age": (_SET_AT, ("a=1", "a=; Max-Age=0"), None),
    "age before expiry": (_SET_AT, ("a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT",), "a=1"),
    "ended by expiry": (_SET_AT, ("a=1", "a=2; Expires=Thu, 01-Jan-1970 00:00:00 GMT"), None),
    "expiry that is none": (_SET_AT, ("a=1; Expires=soon",), "a=1"),
    "value with an equals sign": (_SET_AT, ("a=b=c",), "a=b=c"),
    "without a value": (_SET_AT, ("a",), None),
    "without a name": (_SET_AT, ("=1",), None),
    "control character": (_SET_AT, ("a=1\x01",), None),
    "too long": (_SET_AT, ("a=" + "x" * 5000,), None),
    "host prefix": (_SET_AT, ("__Host-a=1; Secure; Path=/",), "__Host-a=1"),
    "host prefix with a domain": (_SET_AT, ("__host-a=1; Secure; Path=/; Domain=api.example",), None),
    "host prefix without a path": (_SET_AT, ("__Host-a=1; Secure",), None),
    "secure prefix": (_SET_AT, ("__Secure-a=1",), None),
}


@pytest.mark.parametrize(("url", "values", "expected"), _COOKIES.values(), ids=_COOKIES)
def test_a_cookie_is_for_its_origin_and_path(url: str, values: tuple[str, ...], expected: str | None) -> None:
    """`Secure`, `Path`, `Domain` and the two ways to end it are obeyed; `Domain` never makes it go further."""
    assert expected == _sent(url, *values)


def test_a_secure_cookie_over_plain_http_is_for_this_machine_alone() -> None:
    """Elsewhere anybody on the way could have set it."""
    assert "a=1" == _sent("http://127.0.0.1:1/x", "a=1; Secure", at="http://127.0.0.1:1/x")
    assert None is _sent("http://api.example/x", "a=1; Secure", at="http://api.example/x")


def test_what_a_call_sends_itself_wins() -> None:
    """A server does not replace a credential or an input by a cookie of the same name."""
    headers = (("cookie", "b=own; c=3"), ("Accept", "*/*"))
    assert "b=own; c=3; a=1" == _sent(_SET_AT, "a=1", "b=2", headers=headers)
    assert None is _sent(_SET_AT, "b=2", headers=headers)  # the header stays as it was written


def test_cookies_are_few() -> None:
    """Of very many, the first ones are kept."""
    assert 50 == len((_sent(_SET_AT, *(f"a{number}=1" for number in range(99))) or "").split("; "))


def _cookie_of(request: RecordedRequest) -> str:
    return ", ".join(request.headers.get("cookie", ()))


def _sticky(request: RecordedRequest) -> Response:
    """Respond as a load balancer does that wants its cookie back."""
    if "node=7" in _cookie_of(request):
        return Response(200, b"{}", {"Content-Type": "application/json"})
    return Response(503, b"", {"Set-Cookie": "node=7; Path=/; HttpOnly", "Retry-After": "0"})


def test_a_retry_sends_the_cookie_and_the_next_call_does_not(server: Recorder) -> None:
    """It is forgotten when the call ends."""
    server.responses["/a"] = _sticky
    api = save_api(get("/a", "get-a"), server=server)
    for _ in range(2):
        server.requests.clear()
        assert 0 == run_cli(api, "get-a").exit_code
        assert ["", "node=7"] == [_cookie_of(request) for request in server.requests]


def test_each_page_is_a_call_of_its_own(server: Recorder) -> None:
    """The cookie of one page's retry is not sent with the next page."""
    server.responses["/a"] = lambda request: (
        Response(200, b'[{"id": 1}]', {"Link": '</a?p=2>; rel="next"'})
        if "node=7" in _cookie_of(request) and "p=2" not in request.target
        else _sticky(request)
    )
    api = save_api(get("/a", "list-a"), server=server)
    run_cli(api, "list-a", "--all")
    assert ["", "node=7", "", "node=7"] == [_cookie_of(request) for request in server.requests]


def test_a_retry_that_is_redirected_elsewhere_takes_no_cookie_along(
    server: Recorder, other_server: Recorder
) -> None:
    """It goes to the origin that has set it alone, in either direction."""
    seen = iter(range(9))
    server.responses["/a"] = lambda request: (
        Response(302, b"", {"Location": f"{other_server.origin}/b"})
        if _cookie_of(request) or next(seen)
        else _sticky(request)
    )
    again = iter(range(9))
    other_server.responses["/b"] = lambda _: (
        Response(200, b"{}") if next(again) else Response(503, b"", {"Set-Cookie": "there=1; Path=/"})
    )
    api = save_api(get("/a", "get-a"), server=server)
    assert 0 == run_cli(api, "get-a", "--validate", "off", "--retries", "5").exit_code
    assert ["", "node=7", "node=7"] == [_cookie_of(request) for request in server.requests]
    assert ["", "there=1"] == [_cookie_of(request) for request in other_server.requests]


def test_a_credential_in_a_cookie_stays(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cookie of the retry stands after it."""
    server.responses["/a"] = _sticky
    made = api_of(get("/a", "get-a", security=[{"key": []}]), server=server)
    made["components"] = {"securitySchemes": {"key": {**API_KEY, "in": "cookie", "name": "session"}}}
    register("shop", made)
    monkeypatch.setenv("DYNACLI_SHOP_KEY", "s3cret")
    assert 0 == run_cli("shop", "get-a", "--accept-origin", server.origin).exit_code
    assert ["session=s3cret", "session=s3cret; node=7"] == [
        _cookie_of(request) for request in server.requests
    ]
