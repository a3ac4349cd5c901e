"""A provider made of Authlib's server, whose person always agrees; started with the port to listen on.

Authlib and Flask are installed apart from the tests, so nothing is known of their types.
"""
# mypy: ignore-errors

import os
import sys
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask


class _Client(ClientMixin):
    """A client; it may do what its name says."""

    def __init__(self, name: str, secret: str, method: str) -> None:
        self.client_id, self._secret, self._method = name, secret, method

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(word for word in (scope or "").split() if word in {"read", "write"})

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith("http://127.0.0.1:")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self._secret

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == self._method

    def check_response_type(self, response_type: str) -> bool:
        return response_type in {"code", "token"}

    def check_grant_type(self, _: str) -> bool:
        return True


class _Code:
    def __init__(self, request, code: str) -> None:
        payload = request.payload
        self.code, self.client_id, self.user = code, request.client.client_id, request.user
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code, request):
        _codes[code] = _Code(request, code)

    def query_authorization_code(self, code, client):
        found = _codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code):
        del _codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class _RefreshToken:
    def __init__(self, client_id: str, user: str, scope: str) -> None:
        self.client_id, self.user, self.scope = client_id, user, scope

    def check_client(self, client) -> bool:
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        return self.scope


class _RefreshGrant(grants.RefreshTokenGrant):
    INCLUDE_NEW_REFRESH_TOKEN = True
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def authenticate_refresh_token(self, refresh_token):
        return _refresh_tokens.pop(refresh_token, None)

    def authenticate_user(self, refresh_token):
        return refresh_token.user

    def revoke_old_credential(self, refresh_token):
        """It is good no more already."""


class _PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def authenticate_user(self, username, password):
        return username if password == "of ann & co." else None


class _ClientGrant(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


_codes: dict = {}
_refresh_tokens: dict = {}
_clients = {
    client.client_id: client
    for client in (
        _Client("cli", "", "none"),
        _Client("basic", "a:b c+d%", "client_secret_basic"),
        _Client("post", "a:b c+d%", "client_secret_post"),
    )
}


def _save(token, request) -> None:
    if "refresh_token" in token:
        kept = _RefreshToken(request.client.client_id, request.user, token.get("scope", ""))
        _refresh_tokens[token["refresh_token"]] = kept


os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
app = Flask("provider")
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
_server = AuthorizationServer(app, query_client=_clients.get, save_token=_save)
_server.register_grant(_CodeGrant, [CodeChallenge(required=True)])
for _grant in (_RefreshGrant, _PasswordGrant, _ClientGrant, grants.ImplicitGrant):
    _server.register_grant(_grant)


@app.get("/")
def root():
    """Report that the server runs."""
    return {"since": time.time()}


@app.get("/authorize")
def authorize():
    """Send the browser back with a code."""
    return _server.create_authorization_response(grant_user="ann")


@app.post("/token")
def token():
    """Give a token."""
    return _server.create_token_response()


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
