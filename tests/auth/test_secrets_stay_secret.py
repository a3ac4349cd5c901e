"""A canary over all schemes, ways to sign in, and verbs, failing ones too: the store and the right origin have it."""

import getpass
import json
import re
import subprocess
import webbrowser
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest

from tests.auth.fake_keyring import Keyring
from tests.auth.oauth_provider import Browser, OAuthProvider
from tests.auth.shop import Shop
from tests.auth.stored_file import credentials_file
from tests.auth.test_scheme_table import SCHEMES, guard
from tests.documents import BEARER, document, operation, serve
from tests.harness import RecordedRequest, Recorder, Response, Result, json_response, recording, run_cli


class Stage:
    """An API, its provider, and what was seen of secrets.

    Attributes:
        canary: What the person, or the client, signs in with.
        secrets: What no one may see.
        started: The words of the processes that were started.
        leaked: Where someone saw it.
    """

    def __init__(self, shop: Shop, provider: OAuthProvider, home: Path) -> None:
        self.shop, self.provider, self.home = shop, provider, home
        self.canary = f"canary-{token_hex(12)}"
        self.secrets = [self.canary]
        self.started: list[str] = []
        self.leaked: list[str] = []

    def run(self, *words: str, stdin: str = "", terminal: bool = False, may_print: bool = False) -> Result:
        """Run the program, and look for secrets in what it says.

        Args:
            may_print: Whether standard output is for secrets.
        """
        streams = ("stdin", "stderr") if terminal else ()
        result = run_cli(*words, stdin=stdin.encode(), terminal=streams)
        assert result.exit_code != 1, result.stderr
        self.look(f"{words} said", result.stderr + ("" if may_print else result.stdout))
        return result

    def look(self, where: str, text: str) -> None:
        """Note that a text has a secret in it, in whatever form."""
        for secret in (*self.secrets, *self.provider.given):
            pairs = (b64encode(f"{user}:{secret}".encode()).decode() for user in ("me", "cli"))
            for form in {secret, quote(secret, safe=""), quote_plus(secret), *pairs}:
                if form in text:
                    self.leaked.append(f"{where}: {text}")

    def look_everywhere(self, other: Recorder) -> None:
        """Look into all files, requests and processes."""
        for path in self.home.parent.rglob("*"):
            is_store = path.name == "credentials.json" and path.stat().st_mode & 0o777 == 0o600
            if path.is_file() and not is_store:
                self.look(str(path), path.read_bytes().decode(errors="replace"))
        self.look("children", "\n".join(self.started))
        self.look("another origin", repr(other.requests))
        access = {token for token in self.provider.given if token.startswith("access-")}
        for request in self.shop.server.requests:
            text = f"{request.target} {request.headers} {request.body!r}"
            assert not [token for token in self.provider.given if token not in access and token in text]
        for request in self.provider.server.requests:
            assert not [token for token in access if token in f"{request.headers} {request.body!r}"]


@pytest.fixture
def stage(shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch, ring: Keyring) -> Iterator[Stage]:
    """A shop whose provider is at another origin; the person agrees to everything."""
    assert not ring.kept
    with recording() as elsewhere:
        made = Stage(shop, OAuthProvider(elsewhere), home)
        start = subprocess.Popen.__init__

        def noting(process: Any, words: Any, *args: Any, **options: Any) -> None:
            made.started.append(repr(words))
            start(process, words, *args, **options)

        monkeypatch.setattr(subprocess.Popen, "__init__", noting)
        monkeypatch.setenv("DISPLAY", ":0")
        monkeypatch.setattr(webbrowser, "open", Browser().open)
        monkeypatch.setattr(getpass, "getpass", lambda *_, **__: made.canary)
        yield made


def _given(scheme: str, source: str) -> Callable[[Stage, pytest.MonkeyPatch], Result]:
    """Return what gives a credential of a scheme by a source."""

    def sign_in(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Result:
        has_password = scheme in {"basic", "digest"}
        word = "password" if has_password else "key" if scheme in {"header", "query", "cookie"} else "token"
        stage.shop.register({"auth": SCHEMES[scheme]}, [{"auth": []}])
        stage.shop.server.responses["/items"] = guard(scheme, stage.canary)
        if source in {"file", "keyring"}:
            text = f"me:{stage.canary}" if has_password else stage.canary
            words = ("auth", "login", "shop", "--with-token", "--store", source)
            return stage.run(*words, stdin=text)
        if source == "prompt":
            return stage.run("auth", "login", "shop", "--store", "file", stdin="me\n", terminal=True)
        if source == "variable":
            monkeypatch.setenv(f"DYNACLI_SHOP_{word.upper()}", stage.canary)
            monkeypatch.setenv("DYNACLI_SHOP_USERNAME", "me")
        else:
            monkeypatch.setenv("OF_SHOP", stage.canary)
            reference = {"reference": "env:OF_SHOP", "command": "command:printenv OF_SHOP"}[source]
            lines = ["[apis.shop.auth.auth]", f'{word} = "{reference}"']
            if has_password:
                monkeypatch.setenv("USER_OF_SHOP", "me")
                lines.append('username = "env:USER_OF_SHOP"')
            stage.shop.configure(stage.home, "\n".join(lines))
        return stage.run("auth", "explain", "shop", "list-items")

    return sign_in


def _oauth(kind: str, *options: str) -> Callable[[Stage, pytest.MonkeyPatch], Result]:
    """Return what signs in by a flow."""

    def sign_in(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Result:
        origin = stage.provider.server.origin
        flow = {
            "authorizationUrl": f"{origin}/authorize",
            "deviceAuthorizationUrl": f"{origin}/device",
            "tokenUrl": f"{origin}/token",
            "scopes": {"read": ""},
        }
        stage.shop.register({"auth": {"type": "oauth2", "flows": {kind: flow}}}, [{"auth": []}])
        stage.shop.server.responses["/items"] = lambda request: Response(
            200 if request.headers["authorization"][0].rpartition(" ")[2] in stage.provider.given else 401
        )
        if kind in {"clientCredentials", "authorizationCode"}:
            monkeypatch.setenv("OF_CLIENT", stage.canary)
            stage.shop.configure(stage.home, '[apis.shop.auth.auth]\nclient_secret = "env:OF_CLIENT"')
            stage.provider.client_secret = stage.canary
        words = ("auth", "login", "shop", "--client-id", "cli", "--accept-origin", origin, "--store", "file")
        return stage.run(*words, *options, stdin="me\n", terminal=kind != "clientCredentials")

    return sign_in


def _operation(stage: Stage, _: pytest.MonkeyPatch) -> Result:
    fields = {"username": {"type": "string"}, "password": {"type": "string", "format": "password"}}
    schema = {"type": "object", "required": [*fields], "properties": fields}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    paths = {
        "/items": {"get": operation("list-items", security=[{"auth": []}])},
        "/login": {"post": operation("login", requestBody=body)},
    }
    server = stage.shop.server
    url = serve(server, document(paths, None, schemes={"auth": BEARER}))
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    server.responses["/items"] = guard("bearer", f"access-{stage.canary}")
    server.responses["/login"] = lambda _: json_response({"token": stage.provider.given[0]})
    stage.provider.given.append(f"access-{stage.canary}")
    words = ("auth", "login", "shop", "--store", "file", "--operation", "login", "--", "--username", "me")
    return stage.run(*words, terminal=True)


_SOURCES = ("file", "variable", "command", "keyring", "prompt", "reference")
WAYS = {
    # Each scheme and each source, but not each scheme by each source.
    **{
        f"{scheme} by {source}": _given(scheme, source)
        for scheme, source in zip(SCHEMES, cycle(_SOURCES), strict=False)
    },
    "a browser": _oauth("authorizationCode"),
    "a device": _oauth("deviceAuthorization", "--device"),
    "a client": _oauth("clientCredentials"),
    "a person's password": _oauth("password"),
    "an operation": _operation,
}
VERBS = """
auth status
auth status -o json
auth explain shop list-items
auth explain shop list-items -o json
shop
shop list-items -v
shop list-items --debug --error-format json
shop list-items --validate exact --report json=report.json
shop list-items --report sarif
shop list-items --dry-run http
shop list-items --dry-run json
shop list-items --dry-run curl
shop list-items --dry-run python
shop list-items --dry-run har
check shop --har check.har --report junit=check.xml
check shop --probe -o json
history -o json
history show 1
replay 1 -v
""".strip().splitlines()


def _echo(request: RecordedRequest) -> Response:
    """Return the refusal of a provider that says all that it was reported."""
    sent = {name: values[0] for name, values in request.headers.items()}
    reported = f"{request.body.decode()} {urlencode(sent)} {sent.get('authorization')}"
    return json_response({"error": "invalid_grant", "error_description": reported}, 400)


FAILURES: dict[str, Any] = {
    "echo": _echo,
    "page": lambda request: Response(500, request.body, {"Content-Type": "text/html"}),
    "text": lambda request: Response(400, request.body, {"Content-Type": "text/plain"}),
    "nonsense": lambda request: json_response({"access_token": f"a\n{request.body.decode()}"}),
    "redirect": lambda request: Response(307, b"", {"Location": f"/again?{request.body.decode()}"}),
}


def _report_again(status: int, elsewhere: str) -> Callable[[RecordedRequest], Response]:
    """Return a response of an API that says all that it was reported."""

    def response(request: RecordedRequest) -> Response:
        names = ("authorization", "cookie", "x-api-key")
        reported = " ".join(
            [request.target, *(text for name in names for text in request.headers.get(name, ()))]
        )
        more = {"Location": f"{elsewhere}/"} if status == 302 else {}
        body = json.dumps({"message": reported}).encode()
        return Response(
            status, body, {"X-Told": reported, "WWW-Authenticate": f'Bearer error="{reported}"', **more}
        )

    return response


@pytest.mark.sampled(1)
@pytest.mark.parametrize("way", WAYS)
def test_no_verb_shows_a_secret(
    stage: Stage, way: str, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a file, a process or another origin see it: neither while all is well nor when everything fails."""
    assert 0 == WAYS[way](stage, monkeypatch).exit_code
    codes = {line: stage.run(*line.split()).exit_code for line in VERBS}
    assert {} == {line: code for line, code in codes.items() if code}
    for status in (401, 403, 500, 302):
        stage.shop.server.responses["/items"] = _report_again(status, other_server.origin)
        stage.run("shop", "list-items", "-v", "--debug", "--error-format", "json", "-o", "@answer")
        Path("response").unlink(missing_ok=True)  # what an API says is kept as it comes
    path = credentials_file(stage.home)
    if path.exists():
        assert 0 == stage.run("auth", "token", "shop", may_print=True).exit_code
        content = json.loads(path.read_text())
        content["credentials"][0]["expires_at"] = 1.0
        path.write_text(json.dumps(content))
    for response in (_echo, Response(500, b"<html>"), FAILURES["page"]):
        stage.provider.server.responses["/token"] = response
        stage.run("shop", "list-items", "-v", "--debug")
    stage.run("auth", "logout", "shop")
    stage.look_everywhere(other_server)
    assert [] == stage.leaked


@pytest.mark.sampled(1)
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith("a ")])
def test_no_failing_sign_in_shows_a_secret(
    stage: Stage, way: str, failure: str, other_server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider may say again whatever it was reported; who is not signed in has nothing in the store."""
    stage.provider.server.responses["/token"] = FAILURES[failure]
    assert WAYS[way](stage, monkeypatch).exit_code in {10, 11}
    said = [request.body.decode() for request in stage.provider.server.requests]
    found = re.findall(r"(?:code|code_verifier|device_code|password)=([^&]+)", " ".join(said))
    stage.secrets.extend(found)
    stage.look_everywhere(other_server)
    assert [] == stage.run("auth", "status", "-o", "json").json
    assert [] == stage.leaked
