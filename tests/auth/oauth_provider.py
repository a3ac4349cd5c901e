"""An OAuth provider on loopback: it keeps to the RFCs, and notes what clients do wrong."""

import secrets
import webbrowser
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import pytest

from tests.auth.shop import Shop
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli


def parameters(text: str) -> dict[str, str]:
    """Return the parameters of a query or a form."""
    return dict(parse_qsl(text, keep_blank_values=True))


@dataclass
class OAuthProvider:
    """A provider whose person always agrees.

    Attributes:
        client_secret: The secret of the client `cli`; empty for a public client.
        takes: How the client may authenticate: `basic`, `post`.
        grants: A valid code or refresh token → what it was given for.
        pending: What the device code responses before its token.
        used: The refresh tokens that were used, none of which is good any more.
    """

    server: Recorder
    client_secret: str = ""
    takes: tuple[str, ...] = ("basic", "post")
    grants: dict[str, Mapping[str, str]] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    given: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.responses |= {
            "/authorize": self._authorize,
            "/token": self._token,
            "/device": self._device,
            "/.well-known/openid-configuration": lambda _: json_response(self.metadata),
        }

    @property
    def metadata(self) -> dict[str, Any]:
        """The provider's metadata."""
        origin = self.server.origin
        return {
            "issuer": origin,
            "authorization_endpoint": f"{origin}/authorize",
            "token_endpoint": f"{origin}/token",
            "device_authorization_endpoint": f"{origin}/device",
            "scopes_supported": ["read", "write", "offline_access"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, request: RecordedRequest) -> Response:
        asked = parameters(request.target.partition("?")[2])
        back = asked["redirect_uri"]
        assert urlsplit(back).hostname in {"127.0.0.1", "localhost", "::1"}
        if asked["response_type"] == "token":
            given = self._made_token({"scope": asked.get("scope", "")})
            return Response(
                302, headers={"Location": f"{back}#{urlencode({**given, 'state': asked['state']})}"}
            )
        assert "S256" == asked["code_challenge_method"]
        assert 43 <= len(asked["state"])  # 32 bytes
        code = self._remembered(asked)
        query = urlencode({"code": code, "state": asked["state"], "iss": self.server.origin})
        return Response(302, headers={"Location": f"{back}?{query}"})

    def _device(self, request: RecordedRequest) -> Response:
        asked = parameters(request.body.decode())
        if not self._knows_client(request, asked):
            return json_response({"error": "invalid_client"}, 401)
        uri = f"{self.server.origin}/code"
        return json_response(
            {
                "device_code": self._remembered(asked),
                "user_code": "WDJB-MJHT",
                "verification_uri": uri,
                "expires_in": 900,
                "interval": 2,
            }
        )

    def _token(self, request: RecordedRequest) -> Response:
        form = parameters(request.body.decode())
        if not self._knows_client(request, form):
            return json_response({"error": "invalid_client"}, 401)
        match form["grant_type"]:
            case "authorization_code":
                granted = self.grants.pop(form["code"], None)
                digest = sha256(form["code_verifier"].encode()).digest()
                challenge = urlsafe_b64encode(digest).decode().rstrip("=")
                if granted is None or granted["code_challenge"] != challenge:
                    return json_response({"error": "invalid_grant"}, 400)
                assert granted["redirect_uri"] == form["redirect_uri"]
            case "refresh_token":
                self.used.add(form["refresh_token"])
                granted = self.grants.pop(form["refresh_token"], None)
            case "urn:ietf:params:oauth:grant-type:device_code":
                if self.pending:
                    return json_response({"error": self.pending.pop(0)}, 400)
                granted = self.grants.pop(form["device_code"], None)
            case _:
                granted = form
        if granted is None:
            return json_response({"error": "invalid_grant", "error_description": "it was used"}, 400)
        made = self._made_token(granted)
        if form["grant_type"] != "client_credentials":
            made["refresh_token"] = self._remembered(granted)
        return json_response(made)

    def _made_token(self, granted: Mapping[str, str]) -> dict[str, Any]:
        self.given.append(f"access-{secrets.token_urlsafe(9)}")
        made: dict[str, Any] = {"access_token": self.given[-1], "token_type": "bearer", "expires_in": 3600}
        return made | ({"scope": granted["scope"]} if granted.get("scope") else {})

    def _remembered(self, granted: Mapping[str, str]) -> str:
        name = f"grant-{secrets.token_urlsafe(9)}"
        self.grants[name] = granted
        self.given.append(name)
        return name

    def _knows_client(self, request: RecordedRequest, form: Mapping[str, str]) -> bool:
        header = request.headers.get("authorization", [])
        if header:
            pair = b64decode(header[0].removeprefix("Basic ")).decode().split(":")
            name, secret, way = *map(unquote_plus, pair), "basic"
        else:
            name, secret, way = form.get("client_id", ""), form.get("client_secret", ""), "post"
        return (
            name == "cli" and secret == self.client_secret and (not self.client_secret or way in self.takes)
        )


def fetch(url: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Return the status, `Location` and page of a URL."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, path, body, {"Connection": "close", **headers})
        response = connection.getresponse()
        return response.status, response.headers.get("Location", ""), response.read().decode()
    finally:
        connection.close()


class Browser:
    """Signs the person in at once; what it is sent back to can be changed on the way.

    Attributes:
        pages: The status of each page after the provider's.
    """

    def __init__(self, change: Callable[[str], str] = str, times: int = 1) -> None:
        self.pages: list[int] = []
        self.callback = ""
        self._change, self._times = change, times

    def open(self, url: str) -> bool:
        self.callback = self._change(fetch(url)[1])
        self.pages = [fetch(self.callback)[0] for _ in range(self._times)]
        return True


def signed_in(server: Recorder, provider: Recorder, monkeypatch: pytest.MonkeyPatch) -> OAuthProvider:
    """Let a person sign in to the shop of one server at the provider of another, and return the provider."""
    made, origin = OAuthProvider(provider), provider.origin
    flow = {"authorizationUrl": f"{origin}/authorize", "tokenUrl": f"{origin}/token", "scopes": {}}
    Shop(server).register({"auth": {"type": "oauth2", "flows": {"authorizationCode": flow}}}, [{"auth": []}])
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", Browser().open)
    words = ("auth", "login", "shop", "--client-id", "cli", "--accept-origin", origin, "--store", "file")
    assert 0 == run_cli(*words).exit_code
    return made
