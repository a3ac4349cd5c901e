"""A person signs in with a browser or on another device; responses to nothing that was asked are refused."""

import socket
from collections.abc import Callable
from threading import Event
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from dynacli.auth.oauth_flows import CODE, DEVICE, IMPLICIT, OAuthFlow
from dynacli.errors import AuthError, DynacliError, RefusedError, UsageError
from dynacli.features.sign_in.interactive_grants import listening, sign_in_by_code, sign_in_by_device
from dynacli.features.sign_in.oauth import OAuthClient, SignInContext, Token, discover_flows, refresh
from dynacli.record import replace
from tests.auth.oauth_provider import Browser, OAuthProvider, fetch, parameters
from tests.harness import RecordedRequest, Recorder, Response, json_response

_CLIENT = OAuthClient("cli", None, ("read",))


@pytest.fixture
def provider(server: Recorder) -> OAuthProvider:
    """A provider with a public client."""
    return OAuthProvider(server)


def _flow(provider: OAuthProvider, kind: str = CODE) -> OAuthFlow:
    found = {flow.kind: flow for flow in discover_flows(provider.server.origin, SignInContext())}
    return found[kind] if kind in found else replace(found[CODE], kind=kind)


def _sign_in(provider: OAuthProvider, browser: Browser, **more: Any) -> Token:
    return sign_in_by_code(_flow(provider), _CLIENT, SignInContext(open_browser=browser.open, **more))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_browser_signs_in(provider: OAuthProvider, host: str) -> None:
    """The address is shown before it is opened; a code that comes twice counts once."""
    reported: list[str] = []
    browser = Browser(times=2)
    token = _sign_in(provider, browser, announce=reported.append, callback_host=host)
    assert token.access_token.reveal() in provider.given
    assert ("read",) == token.scopes
    assert [200, 410] == browser.pages
    assert reported == [f"Sign in in the browser: {reported[0].partition(': ')[2]}"]
    assert host == urlsplit(browser.callback).hostname
    assert ("code", "cli") == tuple(
        parameters(urlsplit(reported[0].partition(": ")[2]).query)[name]
        for name in ("response_type", "client_id")
    )


def test_each_sign_in_has_a_state_and_a_port_of_its_own(provider: OAuthProvider) -> None:
    """Nothing that was used once is good again."""
    first, second = Browser(), Browser()
    _sign_in(provider, first)
    _sign_in(provider, second)
    states = {parameters(urlsplit(browser.callback).query)["state"] for browser in (first, second)}
    assert 2 == len(states)


def test_no_browser_opens(provider: OAuthProvider) -> None:
    """If no browser opens, the person is told, and opens the address by hand."""
    reported: list[str] = []
    browser = Browser()

    def announce(line: str) -> None:
        reported.append(line)
        if "Could not open a browser" in line:
            browser.open(reported[0].partition(": ")[2])

    context = SignInContext(open_browser=lambda _: False, announce=announce)
    assert sign_in_by_code(_flow(provider), _CLIENT, context).refresh_token


def _with(**more: str) -> Callable[[str], str]:
    def change(url: str) -> str:
        parts = urlsplit(url)
        given = parameters(parts.query) | more
        return parts._replace(query=urlencode({name: text for name, text in given.items() if text})).geturl()

    return change


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_with(state="wrong"), "belongs to another sign-in"),
        (_with(state=""), "belongs to another sign-in"),
        (lambda url: f"{url}&code=another", "belongs to another sign-in"),
        (_with(code="", error="access_denied", error_description="a\x1b[2J"), "refuses: access_denied"),
        (_with(code="", error="server_error"), "refuses: server_error"),
        (_with(code="", error="<b>"), "refuses: without a code"),
        (_with(code=""), "holds no `code`"),
        (_with(code="wrong"), "refuses: invalid_grant"),
        (_with(iss="https://evil.example"), "comes from another provider"),
    ],
    ids=["wrong", "none", "twice", "denied", "error", "markup", "no-code", "wrong-code", "mix-up"],
)
def test_wrong_responses(provider: OAuthProvider, change: Callable[[str], str], text: str) -> None:
    """A sign-in with a response that refuses, or that alone was not asked for, ends with 10."""
    with pytest.raises(AuthError) as caught:
        # One for another sign-in is ignored, and this one waits until its time is over.
        _sign_in(provider, Browser(change), seconds=0.5 if "another sign-in" in text else 30.0)
    assert text in caught.value.message
    assert "\x1b" not in caught.value.reason


def test_nobody_comes_back(provider: OAuthProvider) -> None:
    """Signing in is given up after its time."""
    with pytest.raises(AuthError, match="There was no sign-in within 0 s"):
        sign_in_by_code(_flow(provider), _CLIENT, SignInContext(open_browser=lambda _: True, seconds=0.0))


def test_what_else_asks_the_listener() -> None:
    """Other paths, names of this machine and sites take up no sign-in."""
    with listening("127.0.0.1", 0, "mine") as listener:
        origin = listener.url.removesuffix("/callback")
        assert 404 == fetch(f"{origin}/favicon.ico")[0]
        assert 404 == fetch(f"{listener.url}?code=a&state=b", Host="evil.example")[0]
        assert 404 == fetch(listener.url, "POST", "access_token=a", Origin="https://evil.example")[0]
        assert 404 == fetch(listener.url, "POST", "x" * 70_000, Origin=origin)[0]
        assert 200 == fetch(listener.url)[0]
        for query in (
            "code=a",
            "code=a&state=x",
            "state=mine&state=x&code=a",
            "error=access_denied",
            "state=%ff",
        ):
            assert 400 == fetch(f"{listener.url}?{query}")[0]
            assert 400 == fetch(listener.url, "POST", query, Origin=origin)[0]
        assert 200 == fetch(f"{listener.url}?code=right&state=mine")[0]
        assert {"code": "right", "state": "mine"} == listener.wait(0)


def test_a_port_in_use(provider: OAuthProvider) -> None:
    """A port that another program listens on ends in 10, with the way out."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(AuthError) as caught:
            _sign_in(provider, Browser(), callback_port=other.getsockname()[1])
    assert "--callback-port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("0.0.0.0", 0), ("example.com", 80), ("127.0.0.1", 65536)])
def test_callbacks_to_other_machines(provider: OAuthProvider, host: str, port: int) -> None:
    """The provider's response does not leave this machine."""
    with pytest.raises(UsageError):
        _sign_in(provider, Browser(), callback_host=host, callback_port=port)


def _paste(provider: OAuthProvider, change: Callable[[str], str], kind: str = CODE, **more: Any) -> Token:
    """Sign in without a browser: the person pastes a part of the address that they are sent to."""
    reported: list[str] = []

    def ask(_: str) -> str:
        return change(fetch(reported[0].partition(": ")[2])[1])

    return sign_in_by_code(
        _flow(provider, kind), _CLIENT, SignInContext(ask=ask, announce=reported.append, **more)
    )


@pytest.mark.parametrize(
    "change",
    [str, lambda url: f" {urlsplit(url).query}\n", lambda url: parameters(urlsplit(url).query)["code"]],
    ids=["address", "query", "code"],
)
def test_pasted_responses(provider: OAuthProvider, change: Callable[[str], str]) -> None:
    """Without a browser the person pastes the address, its query, or the code alone."""
    assert _paste(provider, change).access_token.reveal() in provider.given


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda _: "", "another sign-in"),
        (_with(state="x"), "another sign-in"),
        (lambda _: "nonsense", "refuses"),
    ],
)
def test_wrong_pasted_responses(provider: OAuthProvider, change: Callable[[str], str], text: str) -> None:
    """A pasted response is checked like that of a browser."""
    with pytest.raises(AuthError, match=text):
        _paste(provider, change)


def test_a_pasted_response_that_comes_too_late(provider: OAuthProvider) -> None:
    """Five minutes hold for a person who pastes, too."""
    clock = iter([0.0, 0.0, 301.0])
    with pytest.raises(AuthError, match="too late"):
        _paste(provider, str, clock=lambda: next(clock))


def test_nobody_to_paste(provider: OAuthProvider) -> None:
    """Without a browser and a person nothing is waited for."""
    with pytest.raises(AuthError, match="needs a browser"):
        sign_in_by_code(_flow(provider), _CLIENT, SignInContext())


def test_implicit(provider: OAuthProvider) -> None:
    """A page of the listener hands on the token that only the browser sees."""

    def open_browser(url: str) -> bool:
        back, _, fragment = fetch(url)[1].partition("#")
        assert "location.hash" in fetch(back)[2]
        assert 200 == fetch(back, "POST", fragment, Origin=back.removesuffix("/callback"))[0]
        return True

    flow = _flow(provider, IMPLICIT)
    token = sign_in_by_code(flow, _CLIENT, SignInContext(clock=lambda: 5.0, open_browser=open_browser))
    assert (provider.given[-1], 3605.0) == (token.access_token.reveal(), token.expires_at)
    pasted = _paste(provider, str, IMPLICIT).access_token
    assert (2, provider.given[-1]) == (len(set(provider.given)), pasted.reveal())


def test_a_query_of_the_endpoints_own(provider: OAuthProvider) -> None:
    """An authorization endpoint keeps its query."""
    flow = _flow(provider)
    flow = replace(flow, authorization_url=f"{flow.authorization_url}?tenant=t#x")
    sign_in_by_code(flow, _CLIENT, SignInContext(open_browser=Browser().open))
    asked = next(request for request in provider.server.requests if request.target.startswith("/authorize"))
    assert asked.target.startswith("/authorize?tenant=t&response_type=code&")


def test_a_refresh_token_is_good_once(provider: OAuthProvider) -> None:
    """A provider that rotates refresh tokens refuses one that was used."""
    token = _sign_in(provider, Browser())
    assert token.refresh_token is not None
    again = refresh(_flow(provider), _CLIENT, token.refresh_token, SignInContext())
    assert again.access_token.reveal() == provider.given[-2]
    with pytest.raises(AuthError, match="invalid_grant"):
        refresh(_flow(provider), _CLIENT, token.refresh_token, SignInContext())


def _device(provider: OAuthProvider, waited: list[float], **more: Any) -> tuple[Token, list[str]]:
    reported: list[str] = []
    surroundings = {"clock": lambda: sum(waited), "wait": waited.append, "announce": reported.append, **more}
    context = SignInContext(**surroundings)
    return sign_in_by_device(_flow(provider, DEVICE), _CLIENT, context), reported


def test_another_device_signs_in(provider: OAuthProvider) -> None:
    """The person is told where to enter which code; the provider says how often it is asked."""
    provider.pending = ["authorization_pending", "slow_down", "authorization_pending"]
    waited: list[float] = []
    token, reported = _device(provider, waited)
    assert provider.given[-2] == token.access_token.reveal()
    assert [2, 2, 7, 7] == waited
    assert [f"Open {provider.server.origin}/code on any device", "and enter the code WDJB-MJHT"] == reported


@pytest.mark.parametrize(
    ("pending", "text"),
    [
        (["authorization_pending"] * 3, "The code expired before you signed in"),
        (["expired_token"], "The code expired before you signed in"),
        (["access_denied"], "refuses: access_denied"),
    ],
    ids=["late", "expired", "denied"],
)
def test_nobody_signs_in_on_another_device(provider: OAuthProvider, pending: list[str], text: str) -> None:
    """A code that ends, or a person who refuses, ends in 10."""
    provider.pending = pending
    waited: list[float] = []
    with pytest.raises(AuthError, match=text):
        _device(provider, waited, wait=lambda _: waited.append(300.0))


@pytest.mark.exhaustive
def test_a_slow_provider_is_asked_less_often(provider: OAuthProvider) -> None:
    """A question that is not responded in time doubles the time to the next one (RFC 8628, section 3.5)."""
    waited: list[float] = []
    responded, is_slow = Event(), [False, True]
    response = provider.server.responses["/token"]
    assert callable(response)

    def slowly(request: RecordedRequest) -> Response:
        if is_slow.pop():
            responded.wait()
        return response(request)

    provider.server.responses["/token"] = slowly
    try:
        _device(provider, waited, timeout=5.0)
    finally:
        responded.set()
    assert [2, 4] == waited


_DEVICE = {"device_code": "d", "user_code": "U", "verification_uri": "https://a.example/"}


@pytest.mark.parametrize(
    ("response", "kind", "text"),
    [
        (json_response({"error": "invalid_scope"}, 400), AuthError, "invalid_scope"),
        (Response(404, b"no"), AuthError, "responded with 404"),
        (json_response([]), AuthError, "cannot be used"),
        (json_response({**_DEVICE, "user_code": 5}), AuthError, "cannot be used"),
        (Response(200, b'{"device_code": "\\ud800", "user_code": "U"}'), AuthError, "cannot be used"),
        (json_response({**_DEVICE, "device_code": "\ud800"}), AuthError, "cannot be used"),
        (json_response({**_DEVICE, "user_code": "U" * 300}), AuthError, "cannot be used"),
        (json_response({**_DEVICE, "verification_uri": "javascript:x"}), RefusedError, "page for codes"),
        (
            json_response({**_DEVICE, "verification_uri": "https://a.example\n/"}),
            RefusedError,
            "page for codes",
        ),
        (
            json_response({**_DEVICE, "verification_uri": "https://b.example@a.example/"}),
            RefusedError,
            "page for",
        ),
        (
            json_response({**_DEVICE, "verification_uri": "https://\u202ea.example/"}),
            RefusedError,
            "page for",
        ),
    ],
    ids=[
        *(
            "error",
            "404",
            "nonsense",
            "incomplete",
            "surrogate-and-incomplete",
            "surrogate",
            "long-user-code",
        ),
        *("page", "page-line-break", "page-user", "page-bidi"),
    ],
)
def test_no_device_code(
    provider: OAuthProvider, response: Response, kind: type[DynacliError], text: str
) -> None:
    """What is not a device code is not reason to wait."""
    provider.server.responses["/device"] = response
    with pytest.raises(kind, match=text):
        _device(provider, [])


@pytest.mark.parametrize(
    ("interval", "used"),
    [("x", 5.0), (-1, 5.0), (0, 5.0), (1e-9, 1.0), (float("nan"), 5.0), (float("inf"), 5.0), (86400, 60.0)],
)
def test_odd_times_of_a_device_code(provider: OAuthProvider, interval: object, used: float) -> None:
    """The provider is asked each second to each minute, for half an hour at most."""
    odd = {"verification_url": "https://a.example/", "interval": interval, "expires_in": 10**9}
    provider.server.responses["/device"] = json_response({"device_code": "d", "user_code": "U", **odd})
    provider.pending = ["authorization_pending"] * 3
    waited: list[float] = []
    asked: list[float] = []

    def wait(seconds: float) -> None:
        asked.append(seconds)
        waited.append(800.0)

    with pytest.raises(AuthError, match=r"no sign-in|The code expired"):
        _device(provider, waited, wait=wait)
    assert [used] * 3 == asked


def test_flows_of_metadata(provider: OAuthProvider) -> None:
    """A provider's metadata gives the flows that it has endpoints for."""
    context = SignInContext()
    flows = discover_flows(f"{provider.server.origin}/.well-known/openid-configuration", context)
    assert [CODE, DEVICE, "clientCredentials"] == [flow.kind for flow in flows]
    assert ("read", "write", "offline_access") == flows[0].scopes
    provider.server.responses["/oauth"] = json_response({})
    for found, kinds in (
        ({"token_endpoint": "https://a.example/t"}, ["clientCredentials"]),
        ({"token_endpoint": "https://a.example/t", "grant_types_supported": ["authorization_code"]}, []),
    ):
        provider.server.responses["/.well-known/oauth-authorization-server"] = json_response(found)
        url = f"{provider.server.origin}/.well-known/oauth-authorization-server"
        assert kinds == [flow.kind for flow in discover_flows(url, context)]


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Response(404), AuthError),
        (Response(200, b"<html>"), AuthError),
        (json_response({"token_endpoint": 5}), AuthError),
        (json_response({"token_endpoint": "http://a.example/t"}), RefusedError),
        (
            json_response({"token_endpoint": "https://a.example/", "authorization_endpoint": "file:///x"}),
            RefusedError,
        ),
        (Response(302, headers={"Location": "/elsewhere"}), RefusedError),
    ],
    ids=["404", "html", "number", "http", "file", "redirect"],
)
def test_no_metadata(server: Recorder, response: Response, kind: type[DynacliError]) -> None:
    """Metadata that leads to no safe token endpoint is refused."""
    server.responses["/tenant/.well-known/openid-configuration"] = response
    with pytest.raises(kind):
        discover_flows(f"{server.origin}/tenant/", SignInContext())
